//! The page on which a holder practises a code break, how the roads of an emergency stand, and the list of drills.

use super::frame::{Frame, in_language, paper};
use super::opening::{Device, device};
use crate::domain::access::{Drill, ReadDrills};
use crate::domain::drill::days_since;
use crate::domain::ids::CentreId;
use crate::domain::people::Role;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::service::drills::{DrillDone, Road};
use crate::text::Arg;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/drill", Drill, practise).with_keys(), Page::of("/drills", ReadDrills, told)]
}

/// A road as it is shown: a colour, and the same in words.
pub struct RoadTold {
    /// The light.
    pub light: &'static str,
    /// Whose road.
    pub place: String,
    /// Colour, age and last result.
    pub words: String,
}

/// How the roads stand that this person may know of; none for everybody else.
///
/// # Errors
/// When the store fails.
pub async fn roads(visit: &Visit) -> Result<Vec<RoadTold>, Refusal> {
    let caller = visit.caller()?;
    if caller.may_somewhere::<ReadDrills>().is_err() {
        return Ok(vec![]);
    }
    let roads = visit.house.drills(caller).await?.roads;
    Ok(roads.iter().map(|road| tell(visit, road)).collect())
}

fn tell(visit: &Visit, road: &Road) -> RoadTold {
    let last = match road.passed {
        None => visit.say("drill.never"),
        Some(at) => {
            let days = days_since(at, visit.house.clock.now()).unsigned_abs();
            visit.say_with("drill.last-passed", &[("days", Arg::Number(days))])
        }
    };
    let light = road.light.as_str();
    let said =
        [("light", Arg::Text(visit.say(&format!("drill.{light}")))), ("last", Arg::Text(last))];
    let mut words = visit.say_with("drill.road", &said);
    let result = road.last.as_ref().and_then(|drill| drill.result);
    if result.is_some_and(|result| !result.passed) {
        words = format!("{words} ({})", visit.say("drill.last-failed"));
    }
    let place = match &road.centre {
        Some(centre) => centre_name(visit, centre),
        None => visit.say("drill.hotline"),
    };
    RoadTold { light, place, words }
}

fn centre_name(visit: &Visit, centre: &CentreId) -> String {
    let known = visit.house.trial.centre(centre);
    known.map_or(centre.as_str(), |known| in_language(&known.name, visit.language)).to_owned()
}

/// The worst light of a person's own road: the hotline's of the hotline, else the centres'.
///
/// # Errors
/// When the store fails.
pub async fn own_road(visit: &Visit) -> Result<Option<RoadTold>, Refusal> {
    let caller = visit.caller()?;
    if caller.may_somewhere::<Drill>().is_err() {
        return Ok(None);
    }
    let roads = visit.house.drills(caller).await?.roads;
    let hotline = caller.person.role == Role::Hotline;
    let own = roads.iter().filter(|road| road.centre.is_none() == hotline);
    Ok(own.max_by_key(|road| road.light).map(|road| tell(visit, road)))
}

#[derive(Template)]
#[template(path = "drill.html")]
struct Practice<'v> {
    f: Frame<'v>,
    on: Device,
    /// Is there a training list?
    possible: bool,
    roads: Vec<RoadTold>,
    /// Id and name of each reason that this role may give.
    categories: Vec<(String, String)>,
    /// For the certificate.
    name: String,
    role: String,
}

async fn practise(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?.clone();
    let person = &caller.person;
    let f = Frame::of(&visit, "drill.title").back("/").with_script("drill.js");
    let trial = &visit.house.trial;
    let offered = trial.emergency.categories.iter();
    let offered = offered.filter(|one| !one.hotline_only || person.role == Role::Hotline);
    let categories = offered.map(|one| (one.id.clone(), f.words(&one.name).to_owned())).collect();
    let mut on = device(&f, "", true)?;
    let names = trial.centres.iter();
    on.said.extend(names.map(|one| (format!("centre.{}", one.id), f.words(&one.name).to_owned())));
    let drills = visit.house.drills(&caller).await?;
    let page = Practice {
        on,
        possible: drills.possible,
        roads: drills.roads.iter().map(|road| tell(&visit, road)).collect(),
        categories,
        name: person.name.clone(),
        role: visit.say(&format!("role.{}", person.role)),
        f,
    };
    paper(&page)
}

/// A drill as it is listed.
struct Line {
    when: String,
    place: String,
    by: String,
    result: String,
    keys: String,
}

#[derive(Template)]
#[template(path = "drills.html")]
struct Told<'v> {
    f: Frame<'v>,
    roads: Vec<RoadTold>,
    drills: Vec<Line>,
}

async fn told(visit: Visit) -> Result<Paper, Refusal> {
    let all = visit.house.drills(visit.caller()?).await?;
    let line = |drill: &DrillDone| {
        let (result, opened) = match drill.result {
            None => (visit.say("drill.unfinished"), "–".to_owned()),
            Some(result) => {
                let key = if result.passed { "drill.passed-in" } else { "drill.failed-in" };
                let seconds = Arg::Text(result.seconds.to_string());
                (visit.say_with(key, &[("seconds", seconds)]), result.keys_opened.to_string())
            }
        };
        Line {
            when: visit.minute(drill.at),
            place: centre_name(&visit, &drill.centre),
            by: drill.person.to_string(),
            result,
            keys: format!("{opened}/{}", drill.keys),
        }
    };
    let drills = all.drills.iter().map(line).collect();
    let roads = all.roads.iter().map(|road| tell(&visit, road)).collect();
    paper(&Told { f: Frame::of(&visit, "drill.roads").back("/"), roads, drills })
}
