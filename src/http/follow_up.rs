//! What is written about a code break afterwards, and safety unblindings that are planned.

use super::answer::Answer;
use super::caller::{Who, once, signature};
use super::extract::{Body, IdempotencyKey, InPath};
use super::people::done;
use super::problem::Problem;
use super::records::signed;
use super::routes::Route;
use super::wire::acts;
use super::wire::follow_up::{PlanBody, PlansBody};
use super::wire::records::RecordBody;
use crate::domain::access::{PlanUnblinding, ReadSafetyPlans};
use crate::domain::follow_up::{BreakRecord, Closure, SafetyPlan};
use crate::domain::ids::Reference;
use crate::domain::record::Kind;
use crate::refusal::Code;
use crate::service::House;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        of::<BreakRecord>(
            "/v1/breaks/{reference}/follow-up",
            "Writes the record of a code break; written again, the last one counts until the break is closed",
        ),
        of::<Closure>(
            "/v1/breaks/{reference}/close",
            "Signs a code break's record as principal investigator; nothing is written about it any more",
        ),
        Route::get("/v1/safety-plans", plans)
            .act(ReadSafetyPlans)
            .says("Which safety unblindings are planned: who is to be told, never what")
            .gives::<PlansBody>(200, "Oldest first"),
        Route::post("/v1/safety-plans", plan)
            .act(PlanUnblinding)
            .says("Plans that one named person is told one participant's treatment, for a safety report")
            .takes::<RecordBody>()
            .gives::<acts::Done>(200, "Planned")
            .refuses(&[Code::SignatureNeeded, Code::NoSuchRecord])
            .idempotent(),
    ]
}

fn of<K: Kind>(path: &'static str, says: &'static str) -> Route {
    signed::<K>(Route::post(path, record::<K>), says).refuses(&[
        Code::SignatureNeeded,
        Code::WrongState,
        Code::NoSuchRecord,
    ])
}

async fn record<K: Kind>(
    house: Data<House>,
    who: Who,
    InPath(reference): InPath<Reference>,
    key: IdempotencyKey,
    body: Body<RecordBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("{} {}", K::ENTRY, reference.as_str()), &body.raw);
    let signature = signature(&key, &body.raw, body.said.signature)?;
    let answers = body.said.answers;
    let answered = house.record_about_break::<K>(&who.caller, reference, answers, &signature, once);
    Ok(Answer::ok(done(answered.await?)))
}

async fn plan(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<RecordBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, SafetyPlan::ENTRY, &body.raw);
    let signature = signature(&key, &body.raw, body.said.signature)?;
    let answers = body.said.answers;
    let answered = house.plan_safety_unblinding(&who.caller, answers, &signature, once).await?;
    Ok(Answer::ok(done(answered)))
}

async fn plans(house: Data<House>, who: Who) -> Result<Answer<PlansBody>, Problem> {
    let plans = house.safety_plans(&who.caller).await?.into_iter().map(|plan| PlanBody {
        entry: plan.entry,
        participant: plan.number.to_string(),
        to_tell: plan.to_tell,
        why: plan.why,
        due: plan.due,
        at: plan.at.to_string(),
        by: plan.by,
        done: plan.done,
    });
    Ok(Answer::ok(PlansBody { plans: plans.collect() }))
}
