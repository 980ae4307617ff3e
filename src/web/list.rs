//! The sealed list: what was imported and approved; the machine-made report, which a monitor approves; and for the
//! statistician alone how much of it is left. No assignment is on any of these pages, nor anywhere in this service.

use super::form::{Kind, Signing};
use super::frame::{Frame, in_language, paper};
use super::standing::in_fours;
use crate::domain::access::{ReadList, ReadStrata, ReviewList};
use crate::domain::forecast::RunsOut;
use crate::domain::ids::StratumId;
use crate::domain::time::Date;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::sealing::bytes::hex;
use crate::sealing::package::Report;
use crate::service::strata::Stratum;
use crate::text::Arg;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/list", ReadList, list),
        Page::of("/list/{segment}", ReadList, report).acts(approve),
    ]
}

/// One imported part of the list.
struct Segment {
    segment: u32,
    purpose: String,
    root: String,
    imported: u64,
    reviewed: Option<u64>,
}

/// How much of a stratum is issued.
struct Gauge {
    stratum: String,
    slots: u64,
    issued: u64,
    voided: u64,
    left: u64,
    low: bool,
    /// When a code was last asked for and none was left.
    used_up: Option<String>,
    /// The picture: where the issued part and the void part end, in hundredths of the bar.
    ends: (f64, f64),
    /// The picture in words.
    drawn: String,
    /// Until when it lasts, and what that is worked out from.
    lasts: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "list.html")]
struct List<'v> {
    f: Frame<'v>,
    segments: Vec<Segment>,
    /// May this reader approve a report?
    approves: bool,
    /// For statisticians alone.
    gauges: Option<Vec<Gauge>>,
    low: bool,
    /// The steps of the ceremony: what, and the command.
    steps: Vec<(String, String)>,
}

async fn list(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let segments: Vec<_> = segments(&visit).await?.into_iter().map(|(list, _)| list).collect();
    let gauges = match caller.may_somewhere::<ReadStrata>() {
        Ok(_) => Some(gauges(&visit).await?),
        Err(_) => None,
    };
    let low = gauges.iter().flatten().any(|gauge| gauge.low);
    paper(&List {
        f: Frame::of(&visit, "list.title").back("/"),
        approves: caller.may_somewhere::<ReviewList>().is_ok(),
        steps: if gauges.is_some() { steps(&visit, segments.len()) } else { vec![] },
        segments,
        gauges,
        low,
    })
}

/// Every imported part of the list, with its report's text.
async fn segments(visit: &Visit) -> Result<Vec<(Segment, String)>, Refusal> {
    let lists = visit.house.read_lists(visit.caller()?).await?.into_iter();
    let lists = lists.map(|(list, report)| {
        let segment = Segment {
            segment: list.segment,
            purpose: visit.say(&format!("list.{}", list.purpose)),
            root: in_fours(&hex(&list.root)),
            imported: list.imported,
            reviewed: list.reviewed,
        };
        (segment, report)
    });
    Ok(lists.collect())
}

async fn gauges(visit: &Visit) -> Result<Vec<Gauge>, Refusal> {
    let strata = visit.house.read_strata(visit.caller()?).await?;
    Ok(strata.into_iter().map(|one| gauge(visit, one)).collect())
}

fn gauge(visit: &Visit, one: Stratum) -> Gauge {
    let Stratum { gauge, runs_out } = one;
    let of_all = |count: u64| 100.0 * count as f64 / gauge.slots.max(1) as f64;
    let args = [
        ("issued", Arg::Number(gauge.issued)),
        ("voided", Arg::Number(gauge.voided)),
        ("slots", Arg::Number(gauge.slots)),
    ];
    Gauge {
        stratum: stratum_words(visit, &gauge.stratum),
        slots: gauge.slots,
        issued: gauge.issued,
        voided: gauge.voided,
        left: gauge.left(),
        low: gauge.is_low(),
        used_up: gauge.used_up.map(|asked| visit.minute(asked)),
        ends: (of_all(gauge.issued), of_all(gauge.issued + gauge.voided)),
        drawn: visit.say_with("gauge.drawn", &args),
        lasts: runs_out.map(|told| lasts(visit, &told)),
    }
}

/// The month is enough: a day would pretend to know.
fn lasts(visit: &Visit, told: &RunsOut) -> (String, String) {
    let month = |day: Option<Date>| match day {
        Some(day) => day.to_string().chars().take(7).collect(),
        None => visit.say("gauge.far"),
    };
    let ends = [
        ("likely", month(told.likely).into()),
        ("earliest", month(told.earliest).into()),
        ("latest", month(told.latest).into()),
    ];
    let from = [
        ("counted", Arg::Number(told.counted)),
        ("days", Arg::Number(u64::from(told.days.unsigned_abs()))),
    ];
    let key = if told.counted == 0 { "gauge.nobody" } else { "gauge.lasts" };
    (visit.say_with(key, &ends), visit.say_with("gauge.from", &from))
}

/// The commands of a ceremony for the next part of the list, in their order.
fn steps(visit: &Visit, segment: usize) -> Vec<(String, String)> {
    let purpose = visit.house.purpose().as_str();
    let (secret, manifest) = (format!("secret-{segment}.json"), format!("manifest-{segment}.txt"));
    let package = format!("package-{segment}.json");
    let before = (0..segment).map(|n| format!(" package-{n}.json")).collect::<String>();
    let taken = if segment == 0 { before } else { format!(" --taken{before}") };
    [
        (
            "secret",
            format!(
                "klero list secret --trial trial.toml --purpose {purpose} --segment {segment} \
                 --to stat-1.pub.json -o {secret}"
            ),
        ),
        (
            "generate",
            format!(
                "klero list generate --trial trial.toml --secret {secret} --identity \
                 stat-1.key.json --beacon HEX --beacon-description NAME{taken} -o {manifest}"
            ),
        ),
        (
            "seal",
            format!(
                "klero list seal --trial trial.toml --manifest {manifest} --secret {secret} \
                 --identity stat-1.key.json{taken} --to cards/*.pub.json -o {package}"
            ),
        ),
        ("import", format!("klero list import --data DATA {package}")),
    ]
    .map(|(step, command)| (visit.say(&format!("list.step-{step}")), command))
    .to_vec()
}

/// A stratum as its centre and levels are called.
pub(super) fn stratum_words(visit: &Visit, stratum: &StratumId) -> String {
    let trial = &visit.house.trial;
    let levels = trial.stratification.levels();
    let named = trial.centres.iter().flat_map(|centre| {
        levels.iter().map(|level| {
            let words = level.iter().map(|choice| &choice.name);
            let words = std::iter::once(&centre.name).chain(words);
            let words: Vec<_> = words.map(|words| in_language(words, visit.language)).collect();
            words.join(" · ")
        })
    });
    let known = trial.strata().into_iter().zip(named).find(|(id, _)| id == stratum);
    known.map_or_else(|| stratum.to_string(), |(_, words)| words)
}

#[derive(Template)]
#[template(path = "list_report.html")]
struct ReportPage<'v> {
    f: Frame<'v>,
    list: Segment,
    report: Report,
    strata: Vec<(String, u32)>,
    root: String,
    total: u64,
    text: String,
    /// For who may approve it, while nobody has.
    signing: Option<Signing>,
}

async fn report(visit: Visit) -> Result<Paper, Refusal> {
    let segment: u32 = visit.name(0)?;
    let found = segments(&visit).await?.into_iter().find(|(list, _)| list.segment == segment);
    let (list, text) = found.ok_or_else(|| Refusal::new(Code::NoSuchRecord))?;
    let report = Report::read(&text).ok_or_else(|| Refusal::new(Code::TrailDamaged))?;
    let may = visit.caller()?.may_somewhere::<ReviewList>().is_ok();
    let signing = (may && list.reviewed.is_none()).then(|| Signing::of(&visit, "review-list"));
    let strata = report.strata.iter().map(|(id, slots)| (stratum_words(&visit, id), *slots));
    let f = Frame::of(&visit, "list.report").back("/list");
    paper(&ReportPage {
        f: if signing.is_some() { f.with_form() } else { f },
        strata: strata.collect(),
        root: in_fours(&hex(&report.root)),
        total: report.strata.iter().map(|(_, slots)| u64::from(*slots)).sum(),
        report,
        text,
        signing,
        list,
    })
}

async fn approve(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("review-list")?;
    let signature = visit.signature("review-list");
    visit.house.review_list(visit.caller()?, visit.name(0)?, &signature, once).await?;
    Ok(Next::To(visit.here))
}

/// What waits for a monitor: reports that nobody has approved.
///
/// # Errors
/// When the store fails.
pub async fn to_do(visit: &Visit) -> Result<Vec<(String, String, String)>, Refusal> {
    let open = segments(visit).await?.into_iter().filter(|(list, _)| list.reviewed.is_none());
    let told = open.map(|(list, _)| {
        let segment = Arg::Number(u64::from(list.segment));
        let what = visit.say_with("list.to-do", &[("segment", segment)]);
        (what, visit.say("list.waits"), format!("/list/{}", list.segment))
    });
    Ok(told.collect())
}
