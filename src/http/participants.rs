//! Screening, eligibility, randomisation.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt, signature};
use super::extract::{Body, IdempotencyKey, IfMatch, InPath, Query, limit};
use super::people::done;
use super::problem::Problem;
use super::routes::{Route, Verb};
use super::wire::acts;
use crate::domain::access::{Randomise, ReadParticipants, Screen, SignEligibility};
use crate::domain::answers::Raw;
use crate::domain::ids::{CentreId, EnrolmentNumber, Reference};
use crate::domain::trial::Effect;
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::service::eligibility::Judgement;
use crate::service::screen::{Screened, truth};
use crate::service::{Answered, House, Signature};
use crate::store::queries::{Allocation, Participant};
use actix_web::web::Data;
use std::collections::BTreeMap;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    [screening_routes(), signed_routes()].concat()
}

fn screening_routes() -> Vec<Route> {
    let reference = "The participant's reference";
    vec![
        Route::post("/v1/participants", screen)
            .act(Screen)
            .says("Records a new participant's consent and screening values")
            .takes::<acts::ScreeningBody>()
            .gives::<acts::Made>(201, reference)
            .gives::<acts::Made>(200, "Recorded before, under the same key")
            .refuses(&[Code::NoSuchRecord, Code::SignatureNeeded])
            .idempotent(),
        Route::new(Verb::Patch, "/v1/participants/{reference}", change)
            .act(Screen)
            .says("Changes the answers of a participant who is not randomised; withdraws the signature")
            .takes::<acts::ScreeningChange>()
            .gives::<acts::Made>(200, reference)
            .refuses(&[Code::WrongState, Code::SignatureNeeded])
            .idempotent()
            .if_match(),
        Route::get("/v1/participants", list)
            .act(ReadParticipants)
            .says("Participants by enrolment number: of the own centre, or of the trial for a monitor")
            .asks::<acts::ListPage>()
            .gives::<acts::ParticipantsBody>(200, "At most 200")
            .refuses(&[Code::NoSuchRecord]),
        Route::get("/v1/participants/{reference}", read)
            .act(ReadParticipants)
            .says("One participant with criteria and stratum as they were computed")
            .gives::<acts::ParticipantDetail>(200, "The record"),
        Route::post("/v1/participants/search", search)
            .act(ReadParticipants)
            .says("Finds one participant by enrolment number, which never stands in an address")
            .takes::<acts::SearchBody>()
            .gives::<acts::ParticipantBody>(200, "The record")
            .refuses(&[Code::NoSuchRecord]),
    ]
}

/// The routes that sign: eligibility, and the randomisation itself.
fn signed_routes() -> Vec<Route> {
    vec![
        Route::post("/v1/participants/{reference}/eligibility", sign)
            .act(SignEligibility)
            .says("The investigator signs that a participant is eligible, or sends the record back")
            .takes::<acts::EligibilityBody>()
            .gives::<acts::Done>(200, "Signed, or sent back")
            .refuses(&[
                Code::SignatureNeeded,
                Code::NoConsent,
                Code::DatesOutOfOrder,
                Code::NotEligible,
                Code::PossibleDuplicate,
                Code::ChangedSinceRead,
                Code::WrongState,
            ])
            .idempotent(),
        Route::post("/v1/participants/{reference}/allocation", randomise)
            .act(Randomise)
            .says("Randomises a participant, once; asked again it gives the same code")
            .takes::<acts::RandomiseBody>()
            .gives::<acts::AllocatedBody>(201, "The treatment code")
            .gives::<acts::AllocatedBody>(200, "Randomised before: the first answer")
            .refuses(&[
                Code::SignatureNeeded,
                Code::NotEntrusted,
                Code::NoConsent,
                Code::DatesOutOfOrder,
                Code::NotEligible,
                Code::EligibilityNotSigned,
                Code::PossibleDuplicate,
                Code::RecruitmentPaused,
                Code::CentreNotOpen,
                Code::TargetReached,
                Code::ListNotReviewed,
                Code::NoAllocationAvailable,
                Code::WrongState,
            ])
            .idempotent(),
        Route::get("/v1/participants/{reference}/allocation", allocation)
            .act(ReadParticipants)
            .says("A participant's treatment code")
            .gives::<acts::AllocationBody>(200, "The code"),
    ]
}

pub(super) fn raw(answers: &BTreeMap<String, acts::AnswerBody>) -> BTreeMap<String, Raw> {
    let raw = |answer: &acts::AnswerBody| match answer {
        acts::AnswerBody::One(text) => Raw::One(text.clone()),
        acts::AnswerBody::Many(list) => Raw::Many(list.clone()),
    };
    answers.iter().map(|(field, answer)| (field.clone(), raw(answer))).collect()
}

fn made(answered: Answered<Reference>) -> Answer<acts::Made> {
    let repeated = answered.repeated;
    let reference = answered.value.as_str().to_owned();
    let made = acts::Made { reference, repeated, receipt: receipt(answered.receipt) };
    if repeated { Answer::ok(made) } else { Answer::created(made) }
}

async fn screen(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::ScreeningBody>,
) -> Result<Answer<acts::Made>, Problem> {
    let once = once(&key, "screen", &body.raw);
    let centre = CentreId::parse(&body.said.centre);
    let centre = named("/centre", FieldCode::ChoiceUnknown, centre)?;
    let answers = raw(&body.said.answers);
    let signature = maybe_signature(&key, &body.raw, body.said.signature)?;
    Ok(made(house.screen(&who.caller, centre, answers, signature.as_ref(), once).await?))
}

fn maybe_signature(
    key: &IdempotencyKey,
    raw: &[u8],
    body: Option<acts::SignatureBody>,
) -> Result<Option<Signature>, Problem> {
    body.map(|body| signature(key, raw, body)).transpose()
}

/// The version of a screening record is the number of its entry.
pub(super) fn version(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::new(Code::ChangedSinceRead))
}

async fn change(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    tag: IfMatch,
    InPath(reference): InPath<Reference>,
    body: Body<acts::ScreeningChange>,
) -> Result<Answer<acts::Made>, Problem> {
    let once = once(&key, &format!("change {}", reference.as_str()), &body.raw);
    let seen = version(&tag.0)?;
    let answers = raw(&body.said.answers);
    let signature = maybe_signature(&key, &body.raw, body.said.signature)?;
    let changed =
        house.change_screening(&who.caller, reference, seen, answers, signature.as_ref(), once);
    let answered = changed.await?;
    let repeated = answered.repeated;
    let reference = answered.value.as_str().to_owned();
    Ok(Answer::ok(acts::Made { reference, repeated, receipt: receipt(answered.receipt) }))
}

fn body_of(participant: &Participant) -> acts::ParticipantBody {
    acts::ParticipantBody {
        reference: participant.reference.as_str().to_owned(),
        number: participant.number.to_string(),
        centre: participant.centre.to_string(),
        outcome: participant.outcome.clone(),
        stratum: participant.stratum.as_ref().map(ToString::to_string),
        version: participant.screening.to_string(),
        eligibility_signed: participant.eligibility.is_some(),
    }
}

async fn list(
    house: Data<House>,
    who: Who,
    Query(page): Query<acts::ListPage>,
) -> Result<Answer<acts::ParticipantsBody>, Problem> {
    let after = match page.after.as_deref() {
        None => String::new(),
        Some(text) => {
            let after = Reference::parse(text).map_err(|_| Problem::new(Code::NoSuchRecord))?;
            house.participant(&who.caller, &after).await?.participant.number.to_string()
        }
    };
    let limit = limit(page.limit)?;
    let found = house.participants(&who.caller, &after, limit).await?;
    let participants = found.iter().map(body_of).collect();
    Ok(Answer::ok(acts::ParticipantsBody { participants }))
}

async fn search(
    house: Data<House>,
    who: Who,
    body: Body<acts::SearchBody>,
) -> Result<Answer<acts::ParticipantBody>, Problem> {
    let number = EnrolmentNumber::parse(&body.said.number);
    let number = number.map_err(|_| Problem::new(Code::NoSuchRecord))?;
    let found = house.find_participant(&who.caller, &number).await?;
    Ok(Answer::ok(body_of(&found)))
}

async fn read(
    house: Data<House>,
    who: Who,
    InPath(reference): InPath<Reference>,
) -> Result<Answer<acts::ParticipantDetail>, Problem> {
    let screened = house.participant(&who.caller, &reference).await?;
    let version = screened.participant.screening.to_string();
    Ok(Answer::ok(detail(&house, screened)).version(&version))
}

fn detail(house: &House, screened: Screened) -> acts::ParticipantDetail {
    let criteria = screened.verdict.criteria.iter().filter_map(|judged| {
        let criterion = house.trial.criterion(&judged.id)?;
        Some(acts::CriterionBody {
            id: judged.id.clone(),
            result: truth(judged.truth).to_owned(),
            on_false: match judged.effect {
                Effect::Block => "block".to_owned(),
                Effect::Warn => "warn".to_owned(),
            },
            en: criterion.name.en.clone(),
            zh: criterion.name.zh.clone(),
        })
    });
    let items = screened.stratum.items.iter().map(|(id, result)| {
        let result = truth(*result).to_owned();
        acts::ItemBody { id: id.clone(), result }
    });
    let answers = screened.answers.into_iter().map(|(field, raw)| {
        let answer = match raw {
            Raw::One(text) => acts::AnswerBody::One(text),
            Raw::Many(list) => acts::AnswerBody::Many(list),
        };
        (field, answer)
    });
    acts::ParticipantDetail {
        participant: body_of(&screened.participant),
        criteria: criteria.collect(),
        items: items.collect(),
        answers: answers.collect(),
        randomised_at: screened.randomised.map(|at| at.to_string()),
        broken_at: screened.broken.map(|at| at.to_string()),
    }
}

async fn sign(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(reference): InPath<Reference>,
    body: Body<acts::EligibilityBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("eligibility {}", reference.as_str()), &body.raw);
    let said = body.said;
    let seen = version(&said.version)?;
    let judgement = match said.send_back {
        Some(note) if said.acknowledged.is_empty() && said.another_person.is_none() => {
            Judgement::SentBack { note }
        }
        Some(_) => {
            let error = FieldError::new("/sendBack", FieldCode::UnknownField);
            return Err(Refusal::fields(vec![error]).into());
        }
        None => Judgement::Eligible {
            acknowledged: said.acknowledged,
            another_person: said.another_person,
        },
    };
    let signature = signature(&key, &body.raw, said.signature)?;
    let answered =
        house.sign_eligibility(&who.caller, reference, seen, judgement, &signature, once).await?;
    Ok(Answer::ok(done(answered)))
}

fn allocation_body(house: &House, allocation: &Allocation) -> acts::AllocationBody {
    acts::AllocationBody {
        reference: allocation.reference.as_str().to_owned(),
        code: allocation.code.to_string(),
        stratum: allocation.stratum.to_string(),
        at: allocation.at.to_string(),
        zone: house.trial.zone.name().to_owned(),
    }
}

async fn randomise(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(reference): InPath<Reference>,
    body: Body<acts::RandomiseBody>,
) -> Result<Answer<acts::AllocatedBody>, Problem> {
    let once = once(&key, &format!("randomise {}", reference.as_str()), &body.raw);
    let signature = body.said.signature.map(|said| signature(&key, &body.raw, said)).transpose()?;
    let answered = house.randomise(&who.caller, reference, signature.as_ref(), once).await?;
    let allocated = acts::AllocatedBody {
        allocation: allocation_body(&house, &answered.value),
        repeated: answered.repeated,
        receipt: receipt(answered.receipt),
    };
    Ok(if answered.repeated { Answer::ok(allocated) } else { Answer::created(allocated) })
}

async fn allocation(
    house: Data<House>,
    who: Who,
    InPath(reference): InPath<Reference>,
) -> Result<Answer<acts::AllocationBody>, Problem> {
    let allocation = house.allocation(&who.caller, &reference).await?;
    Ok(Answer::ok(allocation_body(&house, &allocation)))
}
