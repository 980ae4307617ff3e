//! Recruitment: the curve against the target, each centre, a forecast that says what it is worked out from; and the
//! sponsor's decision to open, pause or close. No stratum stands on any of it.

use super::curve::{self, BOTTOM, Forecast, LEFT, RIGHT, Step, TOP};
use super::form::{Choice, Field, Kind, Signing, typed};
use super::frame::{Frame, in_language, paper};
use crate::domain::access::{DecideRecruitment, ReadRecruitment};
use crate::domain::ids::CentreId;
use crate::domain::time::Date;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{FieldCode, FieldError, Refusal};
use crate::service::recruitment::{Decision, Figures};
use crate::text::Arg;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/recruitment", ReadRecruitment, recruitment),
        Page::of("/recruitment/decide", DecideRecruitment, decide_form).acts(decide),
    ]
}

/// A centre, or the trial.
struct Place {
    id: String,
    name: String,
    /// The key of its state's words, and does it take participants?
    state: (&'static str, bool),
    screened: u64,
    randomised: u64,
}

/// What is drawn.
struct Picture {
    line: String,
    /// The heights of target and of today's sum.
    target: f64,
    now: f64,
    first: String,
    today: String,
    desc: String,
    /// Days to the left of their end, randomised, sum: the same figures as a table.
    steps: Vec<(String, u64, u64)>,
}

#[derive(Template)]
#[template(path = "recruitment.html")]
struct Recruitment<'v> {
    f: Frame<'v>,
    decides: bool,
    target: u64,
    trial: Place,
    centres: Vec<Place>,
    picture: Option<Picture>,
    /// What is expected, and from what it is worked out.
    forecast: Option<(String, String)>,
}

async fn recruitment(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let mut places = places(&visit).await?;
    let trial = places.remove(0);
    let curve = visit.house.recruitment_curve(caller).await?;
    let zone = &visit.house.trial.zone;
    let today = zone.day(visit.house.clock.now());
    let target = u64::from(visit.house.trial.target);
    let forecast = curve::forecast(&curve, today, target).filter(|_| trial.state.1);
    paper(&Recruitment {
        f: Frame::of(&visit, "recruitment.title").back("/"),
        decides: caller.may_somewhere::<DecideRecruitment>().is_ok(),
        target,
        picture: curve
            .first()
            .map(|(first, _)| picture(&visit, &curve::steps(&curve, today), *first, target)),
        forecast: forecast.map(|forecast| told(&visit, &forecast)),
        trial,
        centres: places,
    })
}

/// The trial first, then each centre.
async fn places(visit: &Visit) -> Result<Vec<Place>, Refusal> {
    let figures = visit.house.recruitment(visit.caller()?).await?;
    let place = |figures: Figures| {
        let centre = figures.centre.as_ref().and_then(|id| visit.house.trial.centre(id));
        let name = centre.map(|centre| in_language(&centre.name, visit.language).to_owned());
        Place {
            id: figures.centre.map_or_else(|| TRIAL.to_owned(), |id| id.to_string()),
            name: name.unwrap_or_else(|| visit.say("recruitment.trial")),
            state: match figures.state.as_deref() {
                Some("open") => ("recruitment.open", true),
                Some("paused") => ("recruitment.paused", false),
                Some("closed") => ("recruitment.closed", false),
                _ => ("recruitment.not-open", false),
            },
            screened: figures.screened,
            randomised: figures.randomised,
        }
    };
    Ok(figures.into_iter().map(place).collect())
}

fn picture(visit: &Visit, steps: &[Step], first: Date, target: u64) -> Picture {
    let (sum, today) = steps.last().map_or((0, first), |last| (last.sum, last.until));
    let highest = target.max(sum);
    let args = [
        ("sum", Arg::Number(sum)),
        ("target", Arg::Number(target)),
        ("first", first.to_string().into()),
        ("today", today.to_string().into()),
    ];
    Picture {
        line: curve::line(steps, first, highest),
        target: curve::height(target, highest),
        now: curve::height(sum, highest),
        first: first.to_string(),
        today: today.to_string(),
        desc: visit.say_with("recruitment.picture", &args),
        steps: steps.iter().map(|s| (s.until.to_string(), s.randomised, s.sum)).collect(),
    }
}

/// The month is enough: a day would pretend to know.
fn told(visit: &Visit, forecast: &Forecast) -> (String, String) {
    let month = |day: &Option<Date>| match day {
        Some(day) => day.to_string().chars().take(7).collect(),
        None => visit.say("recruitment.far"),
    };
    let likely = [
        ("likely", month(&forecast.likely).into()),
        ("earliest", month(&forecast.earliest).into()),
        ("latest", month(&forecast.latest).into()),
    ];
    let from = [
        ("counted", Arg::Number(forecast.counted)),
        ("days", Arg::Number(u64::from(forecast.days.unsigned_abs()))),
    ];
    let likely = visit.say_with("recruitment.likely", &likely);
    (likely, visit.say_with("recruitment.worked-out", &from))
}

/// How the trial as a whole travels in the form.
const TRIAL: &str = "trial";

#[derive(Template)]
#[template(path = "decide.html")]
struct Decide<'v> {
    f: Frame<'v>,
    fields: Vec<Field>,
    signing: Signing,
}

async fn decide_form(visit: Visit) -> Result<Paper, Refusal> {
    visit.house.may_somewhere::<DecideRecruitment>(visit.caller()?).await?;
    let places = places(&visit).await?;
    let place = |place: Place| Choice {
        label: format!("{} – {}", place.name, visit.say(place.state.0)),
        chosen: visit.said.get("place") == place.id,
        value: place.id,
    };
    let decision = |word: &str| Choice {
        value: word.to_owned(),
        label: visit.say(&format!("recruitment.to-{word}")),
        chosen: visit.said.get("decision") == word,
    };
    let field = |name: &str, kind| {
        Field::new(name, visit.say(&format!("recruitment.{name}")), kind).told(&visit)
    };
    let decisions = ["open", "pause", "close"].map(decision).into();
    let reason = Kind::Area { value: typed(&visit, "reason", "") };
    let fields = vec![
        field("place", Kind::One(places.into_iter().map(place).collect())),
        field("decision", Kind::One(decisions)),
        field("reason", reason).hint(visit.say("recruitment.reason-hint")),
    ];
    let f = Frame::of(&visit, "recruitment.decide").back("/recruitment").with_form();
    paper(&Decide { f, fields, signing: Signing::of(&visit, "decide-recruitment") })
}

async fn decide(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("decide-recruitment")?;
    let reason = visit.said.get("reason").trim().to_owned();
    let decision = match visit.said.get("decision") {
        "open" => Some(Decision::Open),
        "pause" => Some(Decision::Pause),
        "close" => Some(Decision::Close),
        _ => None,
    };
    let place = match visit.said.get("place") {
        TRIAL => Some(None),
        centre => CentreId::parse(centre).ok().map(Some),
    };
    let (Some(decision), Some(centre)) = (decision, place.clone()) else {
        // Everything that is missing is told at once.
        let missing = [
            ("/place", place.is_none(), FieldCode::Required),
            ("/decision", decision.is_none(), FieldCode::Required),
            ("/reason", reason.is_empty(), FieldCode::ReasonNeeded),
        ];
        let missing = missing.into_iter().filter(|(_, missing, _)| *missing);
        return Err(Refusal::fields(missing.map(|(at, _, c)| FieldError::new(at, c)).collect()));
    };
    let signature = visit.signature("decide-recruitment");
    let caller = visit.caller()?;
    let done = visit.house.decide_recruitment(caller, decision, centre, reason, &signature, once);
    done.await.map(|_| Next::To("/recruitment".to_owned()))
}

/// What waits for the sponsor: places where nothing was decided yet.
///
/// # Errors
/// When the store fails.
pub async fn to_do(visit: &Visit) -> Result<Vec<(String, String, String)>, Refusal> {
    let waiting = places(visit).await?.into_iter();
    let waiting = waiting.filter(|place| place.state.0 == "recruitment.not-open");
    let told = waiting
        .map(|place| (place.name, visit.say(place.state.0), "/recruitment/decide".to_owned()));
    Ok(told.collect())
}
