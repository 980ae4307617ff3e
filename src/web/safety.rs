//! Planned safety unblindings: who makes plans writes one, the hotline carries it out, and nobody reads a treatment.

use super::frame::{Frame, paper};
use super::records::{Around, answers, drawn};
use crate::domain::access::{Act, PlanUnblinding, ReadSafetyPlans};
use crate::domain::follow_up::SafetyPlan;
use crate::domain::people::Role;
use crate::domain::record::Kind;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::service::safety::Planned;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/safety", ReadSafetyPlans, plans),
        Page::of("/safety/plan", PlanUnblinding, form).acts(sign),
    ]
}

/// A plan as it is read.
struct Plan {
    number: String,
    to_tell: String,
    why: String,
    due: String,
    planned: String,
    done: bool,
}

#[derive(Template)]
#[template(path = "safety.html")]
struct Plans<'v> {
    f: Frame<'v>,
    plans: Vec<Plan>,
    /// May the reader make one?
    makes: bool,
}

async fn plans(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let f = Frame::of(&visit, "safety.title").back("/");
    let makes = caller.may_somewhere::<PlanUnblinding>().is_ok();
    let erased = || "–".to_owned();
    let plan = |one: Planned| Plan {
        number: one.number.to_string(),
        to_tell: one.to_tell.unwrap_or_else(erased),
        why: one.why.unwrap_or_else(erased),
        due: one.due,
        planned: format!("{} · {}", visit.minute(one.at), one.by),
        done: one.done,
    };
    let plans = visit.house.safety_plans(caller).await?.into_iter().map(plan).collect();
    paper(&Plans { plans, makes, f })
}

async fn form(visit: Visit) -> Result<Paper, Refusal> {
    let back = "/safety".to_owned();
    let beside = vec![visit.say("follow.no-treatment")];
    drawn::<SafetyPlan>(&visit, Around { back, beside, ..Around::default() })
}

async fn sign(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once(SafetyPlan::ENTRY)?;
    let signature = visit.signature(PlanUnblinding::NAME);
    let said = answers::<SafetyPlan>(&visit);
    visit.house.plan_safety_unblinding(visit.caller()?, said, &signature, once).await?;
    Ok(Next::To("/safety".to_owned()))
}

/// The plans that wait for the hotline: whose, who is to be told by when, and where that is done.
///
/// # Errors
/// When the store fails.
pub async fn to_do(visit: &Visit) -> Result<Vec<(String, String, String)>, Refusal> {
    let told = |one: Planned| {
        let who = one.to_tell.unwrap_or_default();
        let args = [("who", who.into()), ("day", one.due.into())];
        let state = visit.say_with("safety.tell", &args);
        (one.number.to_string(), state, "/emergency".to_owned())
    };
    Ok(waiting(visit).await?.into_iter().map(told).collect())
}

/// The plans that wait, for a hotline alone; nothing for anybody else.
///
/// # Errors
/// When the store fails.
pub async fn waiting(visit: &Visit) -> Result<Vec<Planned>, Refusal> {
    let caller = visit.caller()?;
    if caller.person.role != Role::Hotline {
        return Ok(vec![]);
    }
    let plans = visit.house.safety_plans(caller).await?;
    Ok(plans.into_iter().filter(|one| !one.done).collect())
}
