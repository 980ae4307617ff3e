//! The start page, and what each role finds there: a short list of things to do.

use super::drill::RoadTold;
use super::frame::{Frame, paper};
use super::{
    account, changes, drill, follow_up, list, people, recruitment, safety, screening, standing,
};
use crate::domain::people::Role;
use crate::http::pages::{Next, Page, Paper, SignInStep, Visit};
use crate::refusal::Refusal;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::public("/", home), Page::signed_in("/sign-out", home).acts(sign_out)]
}

/// A link: the key of its words, and where it leads.
type Link = (&'static str, &'static str);

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'v> {
    f: Frame<'v>,
    /// What a role comes for; the flag marks the emergency.
    main: Vec<(&'static str, &'static str, bool)>,
    /// To practise it, with how the own road stands.
    drill: Option<RoadTold>,
    /// Records of code breaks that are not written: the words, where they lead, and is it late?
    breaks: Vec<(String, String, bool)>,
    /// What waits: whose, in which state, where.
    todo: Vec<(String, String, String)>,
    links: Vec<Link>,
}

async fn home(visit: Visit) -> Result<Paper, Refusal> {
    let Some(caller) = visit.caller.clone() else {
        return Ok(standing::sign_in(&visit, &SignInStep::First(false)));
    };
    if visit.house.lacks_second_factor(&caller)? {
        return account::second_factor(visit).await;
    }
    let role = caller.person.role;
    let page = Home {
        f: Frame::of(&visit, "home.title"),
        main: main(role),
        drill: drill::own_road(&visit).await?,
        breaks: follow_up::waiting(&visit)?,
        todo: to_do(&visit).await?,
        links: links(role),
    };
    paper(&page)
}

/// What waits, whose move it is: oldest first.
async fn to_do(visit: &Visit) -> Result<Vec<(String, String, String)>, Refusal> {
    match visit.caller()?.person.role {
        Role::Monitor => Ok([list::to_do(visit).await?, changes::to_do(visit).await?].concat()),
        Role::Statistician => changes::to_do(visit).await,
        Role::Sponsor => recruitment::to_do(visit).await,
        Role::Admin => people::to_do(visit).await,
        Role::Hotline => safety::to_do(visit).await,
        Role::Coordinator | Role::Investigator => screening::todo(visit).await,
        _ => Ok(vec![]),
    }
}

fn main(role: Role) -> Vec<(&'static str, &'static str, bool)> {
    match role {
        Role::Coordinator => vec![("home.randomise", "/screening", false)],
        Role::Investigator | Role::Hotline => vec![("home.break", "/emergency", true)],
        Role::Pharmacist => vec![("home.pharmacy", "/pharmacy", false)],
        Role::Statistician => vec![("home.list", "/list", false)],
        Role::Monitor => vec![("home.trail", "/trail", false)],
        Role::Sponsor => vec![("home.recruitment", "/recruitment", false)],
        Role::Admin => vec![("home.people", "/people", false)],
    }
}

fn links(role: Role) -> Vec<Link> {
    let (participants, breaks) =
        (("home.participants", "/participants"), ("home.breaks", "/breaks"));
    let (key, grants) = (("home.key", "/key"), ("home.grants", "/grants"));
    let holders = ("key-holders.title", "/keys");
    let register = ("unblinded.title", "/people/unblinded");
    let pass_on = ("pass-on.title", "/pass-on");
    let (trail, verify) = (("home.trail", "/trail"), ("home.verify", "/verify"));
    let (recruitment, safety) = (("home.recruitment", "/recruitment"), ("safety.title", "/safety"));
    let (reports, exports) = (("reports.title", "/reports"), ("exports.title", "/exports"));
    let (list, people) = (("home.list", "/list"), ("home.people", "/people"));
    let mut all = match role {
        Role::Coordinator => vec![participants],
        Role::Investigator => vec![participants, breaks, exports, key],
        Role::Pharmacist => vec![("home.stock", "/pharmacy/stock"), key, grants],
        Role::Statistician => vec![key, grants, holders, pass_on, trail, verify, recruitment],
        Role::Hotline => {
            vec![breaks, ("offline.title", "/breaks/import"), safety, key, grants, pass_on]
        }
        Role::Monitor => {
            vec![
                verify,
                list,
                participants,
                breaks,
                safety,
                recruitment,
                reports,
                exports,
                ("drill.roads", "/drills"),
                people,
                ("tokens.title", "/tokens"),
                holders,
                register,
            ]
        }
        Role::Sponsor => {
            vec![("home.decide", "/recruitment/decide"), breaks, safety, reports, exports]
        }
        Role::Admin => vec![
            ("tokens.title", "/tokens"),
            ("home.health", "/health"),
            ("drill.roads", "/drills"),
            ("deliveries.title", "/deliveries"),
        ],
    };
    all.push(("notices.title", "/notices"));
    all.push(("recording.accident-recorded", "/accident"));
    all.push(("account.title", "/account"));
    all
}

async fn sign_out(visit: Visit) -> Result<Next, Refusal> {
    visit.sign_out().await?;
    Ok(Next::SignedOut)
}
