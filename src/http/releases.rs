//! Preparation, code breaks, and what comes back from the holder's device. A release answer is the one body that holds
//! a sealed arm; it cannot be opened here.

use super::answer::Answer;
use super::caller::{Who, bytes, named, once, receipt, signature};
use super::extract::{Body, IdempotencyKey, InPath};
use super::people::done;
use super::pharmacy::{released_body, times_body};
use super::problem::Problem;
use super::routes::Route;
use super::wire::acts;
use super::wire::changes::PassedBody;
use crate::domain::access::{BreakCode, Prepare, ReadBreaks, ReadPreparations, Reveals};
use crate::domain::ids::{Code as TreatmentCode, EnrolmentNumber, Reference, VisitId};
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::hex;
use crate::service::House;
use crate::service::break_code::{Emergency, Named};
use crate::service::opened::OpeningReceipt;
use crate::service::prepare::{Handed, Preparation, RootSeen};
use crate::store::release::{HeldWrap, Released};
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let released = "The sealed slot, the caller's wrap, and every proof";
    let again =
        "The same request again: the same slot, under the first entry, and an entry that says so";
    vec![
        Route::get("/v1/preparations", due)
            .act(ReadPreparations)
            .says("What the pharmacist's centres have to prepare")
            .gives::<acts::DuesBody>(200, "By enrolment number"),
        Route::post("/v1/preparations", prepare)
            .act(Prepare)
            .says("Releases one slot for one participant and one due visit")
            .takes::<acts::PreparationBody>()
            .gives::<acts::ReleaseBody>(201, released)
            .gives::<acts::ReleaseBody>(200, again)
            .refuses(&[
                Code::NoSuchRecord,
                Code::IdentifiersDoNotMatch,
                Code::VisitNotDue,
                Code::AlreadyPrepared,
                Code::TreatmentEnded,
                Code::NotGrantedYet,
                Code::KeyNotPassed,
            ])
            .idempotent(),
        Route::post("/v1/preparations/{reference}/opened", opened::<Prepare>)
            .act(Prepare)
            .says("Keeps the opening receipt that the pharmacist's device signed")
            .takes::<acts::OpenedBody>()
            .gives::<acts::Done>(200, "Kept")
            .refuses(&[Code::WrongState, Code::SignatureDoesNotVerify, Code::NotGrantedYet])
            .idempotent(),
        Route::get("/v1/breaks", breaks)
            .act(ReadBreaks)
            .says("That codes were broken, when and why; never what they stood for")
            .gives::<acts::BreaksBody>(200, "Newest first"),
        Route::post("/v1/breaks", break_code)
            .act(BreakCode)
            .says("Breaks one code in an emergency; a reason is all it asks")
            .takes::<acts::BreakBody>()
            .gives::<acts::ReleaseBody>(201, released)
            .gives::<acts::ReleaseBody>(200, again)
            .refuses(&[
                Code::NoSuchRecord,
                Code::IdentifiersDoNotMatch,
                Code::SignatureNeeded,
                Code::NotGrantedYet,
                Code::KeyNotPassed,
            ])
            .idempotent(),
        Route::post("/v1/breaks/{reference}/opened", opened::<BreakCode>)
            .act(BreakCode)
            .says("Keeps the opening receipt that the holder's device signed")
            .takes::<acts::OpenedBody>()
            .gives::<acts::Done>(200, "Kept")
            .refuses(&[Code::WrongState, Code::SignatureDoesNotVerify, Code::NotGrantedYet])
            .idempotent(),
        Route::post("/v1/breaks/{reference}/read-back", read_back)
            .act(BreakCode)
            .says("Keeps whether the caller read the answer back correctly")
            .takes::<acts::ReadBackBody>()
            .gives::<acts::Done>(200, "Kept")
            .refuses(&[Code::WrongState])
            .idempotent(),
    ]
}

async fn due(house: Data<House>, who: Who) -> Result<Answer<acts::DuesBody>, Problem> {
    let preparations =
        house.preparations(&who.caller).await?.into_iter().map(|due| acts::DueBody {
            participant: due.participant.as_str().to_owned(),
            number: due.number.to_string(),
            code: due.code.to_string(),
            visit: due.visit.map(|visit| visit.to_string()),
            released: due.released.iter().map(|one| released_body(&house, one)).collect(),
        });
    Ok(Answer::ok(acts::DuesBody { preparations: preparations.collect() }))
}

pub(super) fn wrap_body(held: &HeldWrap) -> acts::WrapBody {
    acts::WrapBody {
        centre: held.centre.to_string(),
        epoch: held.epoch,
        person: held.person.to_string(),
        wrap: hex(held.wrap.as_bytes()),
    }
}

pub(super) fn slot_body(released: &Released) -> acts::SlotBody {
    let place = &released.place;
    acts::SlotBody {
        trial: place.trial.to_string(),
        segment: place.segment,
        stratum: place.stratum.to_string(),
        position: place.position,
        code: place.code.to_string(),
        epoch: place.epoch,
        sealed: hex(released.sealed.as_bytes()),
        leaf_path: acts::LeafPathBody {
            index: released.leaf_path.index,
            size: released.leaf_path.size,
            path: released.leaf_path.path.iter().map(|hash| hex(hash)).collect(),
        },
    }
}

fn release(handed: Handed, purpose: &str, told: Option<Vec<String>>) -> Answer<acts::ReleaseBody> {
    let Handed { released, number, repeated, times } = handed;
    let body = acts::ReleaseBody {
        reference: released.reference.as_str().to_owned(),
        purpose: purpose.to_owned(),
        participant: number.to_string(),
        slot: slot_body(&released),
        wrap: wrap_body(&released.wrap),
        passed: released.passed.map(|passed| PassedBody {
            centre: passed.centre.to_string(),
            epoch: passed.epoch,
            sealed: hex(passed.sealed.as_bytes()),
        }),
        receipt: receipt(released.receipt),
        repeated,
        told,
        times: times.map(times_body),
    };
    if repeated { Answer::ok(body) } else { Answer::created(body) }
}

async fn prepare(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::PreparationBody>,
) -> Result<Answer<acts::ReleaseBody>, Problem> {
    let once = once(&key, "prepare", &body.raw);
    let said = body.said;
    let wish = Preparation {
        code: named("/code", FieldCode::CodeCheck, TreatmentCode::parse(&said.code))?,
        identifier: said.identifier,
        visit: named("/visit", FieldCode::ChoiceUnknown, VisitId::parse(&said.visit))?,
        reason: said.reason,
        root: root(said.root)?,
    };
    let handed = house.prepare(&who.caller, wish, once).await?;
    Ok(release(handed, "prepare", None))
}

pub(super) fn root(said: Option<String>) -> Result<Option<RootSeen>, Problem> {
    let read = |word: String| RootSeen::parse(&word).ok_or(());
    named("/root", FieldCode::ChoiceUnknown, said.map(read).transpose())
}

/// A treatment code, an enrolment number, or the reference that a card's code holds.
pub(super) fn who_is_meant(said: &str) -> Result<Named, Problem> {
    let by_code = TreatmentCode::parse(said).map(Named::Code);
    let by_number = || EnrolmentNumber::parse(said.trim()).map(Named::Number);
    let by_card = || Reference::parse(said).map(Named::Reference);
    let meant = by_code.or_else(|_| by_number()).or_else(|_| by_card());
    named("/participant", FieldCode::CodeCheck, meant)
}

async fn break_code(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::BreakBody>,
) -> Result<Answer<acts::ReleaseBody>, Problem> {
    let once = once(&key, "break", &body.raw);
    let said = body.said;
    let emergency = Emergency {
        named: who_is_meant(&said.participant)?,
        identifier: said.identifier,
        requester: said.requester,
        call_back: said.call_back,
        category: said.category,
        what_happened: said.what_happened,
        depends: said.depends,
        how: said.how,
        plan: said.plan,
        root: root(said.root)?,
    };
    let signature = signature(&key, &body.raw, said.signature)?;
    let broken = house.break_code(&who.caller, emergency, &signature, once).await?;
    let told = broken.told.iter().map(ToString::to_string).collect();
    Ok(release(broken.handed, "break", Some(told)))
}

async fn opened<A: Reveals + Send + 'static>(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(reference): InPath<Reference>,
    body: Body<acts::OpenedBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("opened {}", reference.as_str()), &body.raw);
    let said = body.said;
    if Reference::parse(&said.reference) != Ok(reference.clone()) {
        let error = FieldError::new("/reference", FieldCode::ChoiceUnknown);
        return Err(Refusal::fields(vec![error]).into());
    }
    let signature = bytes("/signature", &said.signature)?;
    let receipt = OpeningReceipt { fits: said.fits, at: said.at, signature };
    Ok(Answer::ok(done(house.opened::<A>(&who.caller, reference, receipt, once).await?)))
}

async fn read_back(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(reference): InPath<Reference>,
    body: Body<acts::ReadBackBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("read-back {}", reference.as_str()), &body.raw);
    let answered = house.read_back(&who.caller, reference, body.said.correct, once).await?;
    Ok(Answer::ok(done(answered)))
}

async fn breaks(house: Data<House>, who: Who) -> Result<Answer<acts::BreaksBody>, Problem> {
    let answered = house.breaks(&who.caller).await?;
    let breaks = answered.value.into_iter().map(|broken| acts::BrokenBody {
        reference: broken.release.reference.as_str().to_owned(),
        participant: broken.release.number.to_string(),
        centre: broken.release.centre.to_string(),
        category: broken.release.category.unwrap_or_default(),
        by: broken.release.person.to_string(),
        at: broken.release.at.to_string(),
        opened_offline: broken.release.outside.as_ref().map(|outside| outside.at.to_string()),
        letter: broken.release.outside.and_then(|outside| outside.letter),
        opened: broken.opened,
        unconfirmed: broken.unconfirmed,
        read_back: broken.release.read_back.is_some(),
        follow_up: broken.progress.as_str().to_owned(),
        sealed_part: broken.standing.sealed.is_some(),
        due: broken.due.to_string(),
        again: [("person", broken.again.person), ("centre", broken.again.centre)]
            .into_iter()
            .filter(|(_, again)| *again)
            .map(|(word, _)| word.to_owned())
            .collect(),
    });
    let breaks = breaks.collect();
    Ok(Answer::ok(acts::BreaksBody { breaks, receipt: receipt(answered.receipt) }))
}
