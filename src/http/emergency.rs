//! The steps of an emergency that release nothing: finding the participant, opening a case, going back.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt};
use super::extract::{Body, IdempotencyKey};
use super::people::done;
use super::problem::Problem;
use super::releases::who_is_meant;
use super::routes::Route;
use super::wire::{acts, steps};
use crate::domain::access::BreakCode;
use crate::refusal::{Code, FieldCode};
use crate::service::House;
use crate::service::emergency::Calling;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/breaks/find", find)
            .act(BreakCode)
            .says("Finds the participant about whom a physician or an investigator calls; an entry, and no release")
            .takes::<steps::FindBody>()
            .gives::<steps::FoundBody>(200, "The participant, and whether the second identifier fits")
            .refuses(&[Code::NoSuchRecord, Code::IdentifiersDoNotMatch])
            .idempotent(),
        Route::post("/v1/breaks/cases", open_case)
            .act(BreakCode)
            .says("A participant or a relative called: opens a case; only a treating clinician can be told")
            .takes::<steps::CaseBody>()
            .gives::<acts::Made>(201, "The case's reference")
            .gives::<acts::Made>(200, "Opened before, under the same key")
            .refuses(&[Code::NoSuchRecord])
            .idempotent(),
        Route::post("/v1/breaks/leave", leave)
            .act(BreakCode)
            .says("The request was withdrawn: nothing is broken, and an entry says so")
            .takes::<steps::LeaveBody>()
            .gives::<acts::Done>(200, "Left")
            .refuses(&[Code::NoSuchRecord])
            .idempotent(),
    ]
}

async fn find(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<steps::FindBody>,
) -> Result<Answer<steps::FoundBody>, Problem> {
    let once = once(&key, "break-find", &body.raw);
    let said = body.said;
    let calling = Calling::parse(&said.caller).ok_or(());
    let calling = named("/caller", FieldCode::ChoiceUnknown, calling)?;
    let meant = who_is_meant(&said.participant)?;
    let found = house.begin_break(&who.caller, &meant, said.identifier, calling, once).await?;
    let (repeated, receipt) = (found.repeated, receipt(found.receipt));
    let found = found.value;
    Ok(Answer::ok(steps::FoundBody {
        participant: found.participant.number.to_string(),
        code: found.code.to_string(),
        centre: found.participant.centre.to_string(),
        identifiers: found.identifiers,
        last_preparation: found.last_preparation.map(|at| at.to_string()),
        repeated,
        receipt,
    }))
}

async fn open_case(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<steps::CaseBody>,
) -> Result<Answer<acts::Made>, Problem> {
    let once = once(&key, "break-case", &body.raw);
    let meant = who_is_meant(&body.said.participant)?;
    let opened = house.open_case(&who.caller, &meant, body.said.call_back, once).await?;
    let repeated = opened.repeated;
    let reference = opened.value.as_str().to_owned();
    let made = acts::Made { reference, repeated, receipt: receipt(opened.receipt) };
    Ok(if repeated { Answer::ok(made) } else { Answer::created(made) })
}

async fn leave(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<steps::LeaveBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "break-leave", &body.raw);
    let meant = who_is_meant(&body.said.participant)?;
    Ok(Answer::ok(done(house.leave_break(&who.caller, &meant, once).await?)))
}
