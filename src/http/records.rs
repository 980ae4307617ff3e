//! Signed records of a participant's way: one route a kind, one handler for all.

use super::answer::Answer;
use super::caller::{Who, once, receipt, signature};
use super::extract::{Body, IdempotencyKey, InPath};
use super::participants::{raw, version};
use super::people::done;
use super::problem::Problem;
use super::routes::{Route, Undecided};
use super::wire::acts;
use super::wire::records::{
    CorrectedBody, CorrectionBody, FormBody, FormsBody, QuestionBody, RecordBody, ToldBody,
    VisitDayBody, WayBody,
};
use crate::domain::access::{Act, Correct, ReadParticipants};
use crate::domain::follow_up::{BreakRecord, Closure, SafetyPlan};
use crate::domain::ids::Reference;
use crate::domain::record::{
    Accident, Asked, Infusion, Kind, Leave, MissedDose, Mistake, Move, Question, Resumption, Stop,
};
use crate::domain::time::Date;
use crate::refusal::Code;
use crate::service::House;
use crate::service::correct::Correction;
use crate::service::way::{Told, VisitDay};
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        of::<Infusion>(
            "/v1/participants/{reference}/infusions",
            "Records an infusion as those who gave it saw it; a late end is kept as a deviation",
        ),
        of::<MissedDose>(
            "/v1/participants/{reference}/missed-doses",
            "Records that a visit's dose was not given",
        ),
        of::<Stop>(
            "/v1/participants/{reference}/stops",
            "Ends treatment for a reason of the configuration: nothing is prepared any more",
        ),
        of::<Resumption>(
            "/v1/participants/{reference}/resumptions",
            "Lifts the standing stops, if the configuration lets an investigator lift them",
        ),
        of::<Leave>(
            "/v1/participants/{reference}/end",
            "Ends the participation: completed, withdrawn, lost or died",
        ),
        of::<Move>(
            "/v1/participants/{reference}/transfers",
            "Moves a participant to another centre; stratum and code stay",
        ),
        of::<Mistake>(
            "/v1/participants/{reference}/mistakes",
            "Records a mistake; nothing is undone, and no code returns to the list",
        ),
        Route::post("/v1/participants/{reference}/corrections", correct)
            .act(Correct)
            .says("Corrects the answers of a randomised participant; both strata are kept, the code stays")
            .takes::<CorrectionBody>()
            .gives::<acts::Made>(200, "The participant's reference")
            .refuses(&[Code::SignatureNeeded, Code::WrongState, Code::ChangedSinceRead])
            .idempotent(),
        signed::<Accident>(
            Route::post("/v1/accidents", accident),
            "Records that somebody learned by accident what they should not know; never what",
        )
        .refuses(&[Code::SignatureNeeded, Code::NoSuchRecord]),
        Route::get("/v1/participants/{reference}/records", way)
            .act(ReadParticipants)
            .says("A participant's way so far: state, visits, signed records")
            .gives::<WayBody>(200, "The way"),
        Route::get("/v1/records/forms", forms)
            .signed_in()
            .says("What each kind of record asks")
            .gives::<FormsBody>(200, "Every kind"),
    ]
}

fn of<K: Kind>(path: &'static str, says: &'static str) -> Route {
    signed::<K>(Route::post(path, record::<K>), says).refuses(&[
        Code::SignatureNeeded,
        Code::WrongState,
        Code::NotPrepared,
    ])
}

/// What every route has that takes a signed record of this kind.
pub(super) fn signed<K: Kind>(route: Undecided, says: &'static str) -> Route {
    let route = route.act(K::RIGHT).says(says).takes::<RecordBody>();
    route.gives::<acts::Done>(200, "Recorded").idempotent()
}

async fn record<K: Kind>(
    house: Data<House>,
    who: Who,
    at: InPath<Reference>,
    key: IdempotencyKey,
    body: Body<RecordBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let reference = at.0;
    let about = format!("{} {}", K::ENTRY, reference.as_str());
    let once = once(&key, &about, &body.raw);
    let signature = signature(&key, &body.raw, body.said.signature)?;
    let answers = body.said.answers;
    let answered = house.record::<K>(&who.caller, reference, answers, &signature, once).await?;
    Ok(Answer::ok(done(answered)))
}

async fn correct(
    house: Data<House>,
    who: Who,
    at: InPath<Reference>,
    key: IdempotencyKey,
    body: Body<CorrectionBody>,
) -> Result<Answer<acts::Made>, Problem> {
    let reference = at.0;
    let once = once(&key, &format!("correct {}", reference.as_str()), &body.raw);
    let said = body.said;
    let correction =
        Correction { seen: version(&said.version)?, answers: raw(&said.answers), why: said.why };
    let signature = signature(&key, &body.raw, said.signature)?;
    let answered =
        house.correct_answers(&who.caller, reference, correction, &signature, once).await?;
    Ok(Answer::ok(acts::Made {
        reference: answered.value.as_str().to_owned(),
        repeated: answered.repeated,
        receipt: receipt(answered.receipt),
    }))
}

async fn accident(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<RecordBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, Accident::ENTRY, &body.raw);
    let signature = signature(&key, &body.raw, body.said.signature)?;
    let answered = house.report_accident(&who.caller, body.said.answers, &signature, once).await?;
    Ok(Answer::ok(done(answered)))
}

async fn way(
    house: Data<House>,
    who: Who,
    at: InPath<Reference>,
) -> Result<Answer<WayBody>, Problem> {
    let way = house.way(&who.caller, &at.0).await?;
    Ok(Answer::ok(WayBody {
        state: way.life.state().as_str().to_owned(),
        corrected: way.corrected.map(|corrected| CorrectedBody {
            version: corrected.entry.to_string(),
            outcome: corrected.verdict.outcome.as_str().to_owned(),
            stratum: corrected.stratum.map(|stratum| stratum.to_string()),
        }),
        visits: way.visits.iter().map(visit_body).collect(),
        records: way.records.iter().map(told_body).collect(),
    }))
}

fn visit_body(day: &VisitDay) -> VisitDayBody {
    let text = |day: Option<Date>| day.map(|day| day.to_string());
    VisitDayBody {
        visit: day.visit.to_string(),
        infusion: day.infusion,
        opens: text(day.window.map(|window| window.opens)),
        planned: text(day.window.map(|window| window.planned)),
        closes: text(day.window.map(|window| window.closes)),
        prepared: text(day.released),
        infused: text(day.infused),
        missed: day.missed,
    }
}

fn told_body(told: &Told) -> ToldBody {
    ToldBody {
        entry: told.line.seq,
        act: told.line.entry.act.clone(),
        at: told.line.at.to_string(),
        by: told.by.clone(),
    }
}

async fn forms(_: Who) -> Answer<FormsBody> {
    Answer::ok(FormsBody {
        forms: vec![
            form::<Infusion>(),
            form::<MissedDose>(),
            form::<Stop>(),
            form::<Resumption>(),
            form::<Leave>(),
            form::<Move>(),
            form::<Mistake>(),
            form::<Accident>(),
            form::<BreakRecord>(),
            form::<Closure>(),
            form::<SafetyPlan>(),
        ],
    })
}

fn form<K: Kind>() -> FormBody {
    FormBody {
        entry: K::ENTRY.to_owned(),
        act: K::Right::NAME.to_owned(),
        questions: K::QUESTIONS.iter().map(question).collect(),
    }
}

fn question(question: &Question) -> QuestionBody {
    let (kind, choices): (_, &[&str]) = match question.asked {
        Asked::Choice(words) => ("choice", words),
        Asked::Visit => ("visit", &[]),
        Asked::StopReason => ("stop-reason", &[]),
        Asked::Centre => ("centre", &[]),
        Asked::Number => ("number", &[]),
        Asked::Day => ("day", &[]),
        Asked::Coming => ("coming-day", &[]),
        Asked::Moment => ("minute", &[]),
        Asked::Whole { .. } => ("whole", &[]),
        Asked::YesNo => ("yes-no", &[]),
        Asked::Text => ("text", &[]),
    };
    QuestionBody {
        id: question.id.to_owned(),
        kind: kind.to_owned(),
        required: question.must,
        choices: choices.iter().map(|word| (*word).to_owned()).collect(),
    }
}
