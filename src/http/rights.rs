//! Who had which right from when to when, and the review of it.

use super::answer::Answer;
use super::caller::{Who, named, once, signature};
use super::extract::{Body, IdempotencyKey, Query};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::{acts, rights as wire};
use crate::domain::access::{ReadPeople, ReviewAccess};
use crate::domain::time::Date;
use crate::refusal::{Code, FieldCode};
use crate::service::House;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/rights", rights)
            .act(ReadPeople)
            .says("Who might do what on a day, read from the trail; without a day, who ever might")
            .asks::<wire::OnDay>()
            .gives::<wire::RightsBody>(200, "The rights, in the order in which they were given")
            .refuses(&[Code::InvalidFields]),
        Route::post("/v1/rights/reviews", review)
            .act(ReviewAccess)
            .says("Signs that the rights were reviewed; says when the next review is due")
            .takes::<wire::ReviewBody>()
            .gives::<acts::Done>(200, "Signed")
            .refuses(&[Code::SignatureNeeded])
            .idempotent(),
    ]
}

async fn rights(
    house: Data<House>,
    who: Who,
    Query(asked): Query<wire::OnDay>,
) -> Result<Answer<wire::RightsBody>, Problem> {
    let day = asked.on.map(|day| Date::parse(&day).ok_or(())).transpose();
    let day = named("/on", FieldCode::DateForm, day)?;
    let found = house.rights(&who.caller).await?;
    let zone = &house.trial.zone;
    let stood: Vec<_> = match day {
        Some(day) => {
            found.between(zone.start_of(day), zone.start_of(day.plus_days(1))).cloned().collect()
        }
        None => found.all.clone(),
    };
    let rights = stood.into_iter().map(|right| wire::RightBody {
        id: right.id,
        name: right.name,
        role: right.role,
        verbs: right.verbs,
        centres: right.centres,
        given: right.given.1.to_string(),
        entry: right.given.0,
        from: right.from.map(|at| at.to_string()),
        until: right.until.map(|at| at.to_string()),
    });
    Ok(Answer::ok(wire::RightsBody {
        rights: rights.collect(),
        reviewed: found.reviewed.as_ref().map(|(at, ..)| at.to_string()),
        due: found.reviewed.map(|(.., due)| due.to_string()),
        entries: found.entries,
    }))
}

async fn review(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<wire::ReviewBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "review-access", &body.raw);
    let signature = signature(&key, &body.raw, body.said.signature)?;
    Ok(Answer::ok(done(house.review_access(&who.caller, &signature, once).await?)))
}
