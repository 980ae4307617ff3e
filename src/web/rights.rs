//! Who might do what on a day, read from the trail; and the monitor's signature that it was looked at.

use super::form::{Field, Kind, Signing, boxes_typed, day_of};
use super::frame::{Frame, paper};
use crate::domain::access::{Act, ReadPeople, ReviewAccess};
use crate::domain::ids::CentreId;
use crate::domain::time::Date;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{FieldCode, Refusal};
use crate::service::rights::Right;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/people/rights", ReadPeople, today).acts(on_a_day),
        Page::of("/people/rights/review", ReviewAccess, review_form).acts(review),
    ]
}

/// A right in words.
struct Shown {
    id: String,
    name: String,
    what: String,
    places: String,
    from: String,
    until: String,
    entry: u64,
}

#[derive(Template)]
#[template(path = "rights.html")]
struct Rights<'v> {
    f: Frame<'v>,
    day: String,
    field: Field,
    rights: Vec<Shown>,
    reviewed: Option<String>,
    reviews: bool,
    entries: u64,
}

async fn today(visit: Visit) -> Result<Paper, Refusal> {
    let day = visit.house.trial.zone.day(visit.house.clock.now());
    shown(&visit, day).await
}

/// Another day: what is asked for stays out of the address.
async fn on_a_day(visit: Visit) -> Result<Next, Refusal> {
    let day = boxes_typed(&visit, "day").and_then(|day| Date::parse(&day));
    let day = day.ok_or_else(|| visit.wrong("day", FieldCode::DateForm))?;
    shown(&visit, day).await.map(Next::Shown)
}

async fn shown(visit: &Visit, day: Date) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let found = visit.house.rights(caller).await?;
    let f = Frame::of(visit, "rights.title").back("/people").with_form();
    let zone = &visit.house.trial.zone;
    let (begin, end) = (zone.start_of(day), zone.start_of(day.plus_days(1)));
    let rights = found.between(begin, end).map(|right| told(&f, right)).collect();
    let reviewed = found.reviewed.as_ref().map(|(at, by, due)| {
        let args = [
            ("at", visit.minute(*at).into()),
            ("by", by.clone().into()),
            ("due", due.to_string().into()),
        ];
        visit.say_with("rights.reviewed", &args)
    });
    let day = day.to_string();
    let field = Field::new("day", f.say("rights.day"), Kind::Date(day_of(&day, false, false)));
    let page = Rights {
        field: field.told(visit),
        day,
        rights,
        reviewed,
        reviews: caller.may_somewhere::<ReviewAccess>().is_ok(),
        entries: found.entries,
        f,
    };
    paper(&page)
}

fn told(f: &Frame<'_>, right: &Right) -> Shown {
    let centres = right.centres.iter().filter_map(|id| CentreId::parse(id).ok());
    let places: Vec<_> = centres.map(|id| f.centre(&id)).collect();
    let verbs: Vec<_> = right.verbs.iter().map(|verb| f.say(&format!("wants.{verb}"))).collect();
    let what = match crate::domain::people::Role::parse(&right.role) {
        Some(role) => f.role(role),
        None => format!("{}: {}", f.say("rights.machine"), verbs.join(" · ")),
    };
    let minute = |at| f.visit.minute(at);
    Shown {
        id: right.id.clone(),
        name: right.name.clone(),
        what,
        places: if places.is_empty() { f.say("people.whole-trial") } else { places.join(" · ") },
        from: right.from.map(minute).unwrap_or_default(),
        until: right.until.map_or_else(|| f.say("rights.stands"), minute),
        entry: right.given.0,
    }
}

#[derive(Template)]
#[template(path = "rights_review.html")]
struct Review<'v> {
    f: Frame<'v>,
    signing: Signing,
}

async fn review_form(visit: Visit) -> Result<Paper, Refusal> {
    let f = Frame::of(&visit, "rights.review").back("/people/rights").with_form();
    paper(&Review { f, signing: Signing::of(&visit, ReviewAccess::NAME) })
}

async fn review(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once(ReviewAccess::NAME)?;
    let signature = visit.signature(ReviewAccess::NAME);
    visit.house.review_access(visit.caller()?, &signature, once).await?;
    Ok(Next::To("/people/rights".to_owned()))
}
