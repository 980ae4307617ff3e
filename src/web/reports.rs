//! Reports to read and to print: flow, deviations, delegation, the open part of the safety board's report. No arm, no
//! stratum, no block, no stock on any of them.

mod diagram;

use super::frame::{Frame, in_language, paper};
use crate::domain::access::ReadReports;
use crate::domain::ids::CentreId;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::service::reports::{Kind, Label, Report, Row, Table};
use askama::Template;
use diagram::Diagram;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/reports", ReadReports, index),
        Page::of("/reports/flow", ReadReports, flow),
        Page::of("/reports/deviations", ReadReports, deviations),
        Page::of("/reports/delegation", ReadReports, delegation),
        Page::of("/reports/safety", ReadReports, safety),
    ]
}

#[derive(Template)]
#[template(path = "reports.html")]
struct Index<'v> {
    f: Frame<'v>,
    /// Title, what it holds, where.
    reports: Vec<(String, String, String)>,
}

/// One table in the reader's language.
struct Shown {
    title: String,
    columns: Vec<String>,
    /// How many of the columns hold words.
    words: usize,
    /// More columns than a phone is wide.
    wide: bool,
    rows: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'v> {
    f: Frame<'v>,
    what: String,
    counted: String,
    diagram: Option<Diagram>,
    tables: Vec<Shown>,
}

async fn index(visit: Visit) -> Result<Paper, Refusal> {
    let one = |kind: Kind| {
        let word = kind.as_str();
        let title = visit.say(&format!("reports.title-{word}"));
        (title, visit.say(&format!("reports.what-{word}")), format!("/reports/{word}"))
    };
    let reports = Kind::ALL.map(one).to_vec();
    paper(&Index { f: Frame::of(&visit, "reports.title").back("/"), reports })
}

async fn flow(visit: Visit) -> Result<Paper, Refusal> {
    show(visit, Kind::Flow, "reports.title-flow").await
}

async fn deviations(visit: Visit) -> Result<Paper, Refusal> {
    show(visit, Kind::Deviations, "reports.title-deviations").await
}

async fn delegation(visit: Visit) -> Result<Paper, Refusal> {
    show(visit, Kind::Delegation, "reports.title-delegation").await
}

async fn safety(visit: Visit) -> Result<Paper, Refusal> {
    show(visit, Kind::Safety, "reports.title-safety").await
}

async fn show(visit: Visit, kind: Kind, title: &'static str) -> Result<Paper, Refusal> {
    let report: Report = visit.house.report(visit.caller()?, kind).await?;
    let f = Frame::of(&visit, title).back("/reports");
    let counted = visit.say_with(
        "reports.counted",
        &[("entries", report.entries.to_string().into()), ("at", visit.minute(report.at).into())],
    );
    let tables = report.tables.iter().map(|table| shown(&visit, table)).collect();
    let diagram = report.flow.as_ref().map(|flow| Diagram::of(&visit, flow));
    let what = visit.say(&format!("reports.what-{}", kind.as_str()));
    paper(&ReportPage { f, what, counted, diagram, tables })
}

fn shown(visit: &Visit, table: &Table) -> Shown {
    let cells = |row: &Row| -> Vec<String> {
        let words = row.labels.iter().map(|label| told(visit, label));
        words.chain(row.counts.iter().map(u64::to_string)).collect()
    };
    Shown {
        title: visit.say(&format!("reports.table-{}", table.id)),
        columns: table.columns.iter().map(|label| told(visit, label)).collect(),
        words: table.rows.first().map_or(1, |row| row.labels.len()),
        wide: table.columns.len() > 4,
        rows: table.rows.iter().map(cells).collect(),
    }
}

/// A label in the reader's language; a word that nobody has given words yet stands as it is.
fn told(visit: &Visit, label: &Label) -> String {
    let trial = &visit.house.trial;
    let words = |key: String, word: &str| visit.find(&key).unwrap_or_else(|| word.to_owned());
    let known = match label {
        Label::Centre(id) => {
            CentreId::parse(id).ok().and_then(|id| trial.centre(&id)).map(|c| &c.name)
        }
        Label::Criterion(id) => trial.criteria.iter().find(|c| c.id == *id).map(|c| &c.name),
        Label::Stop(id) => trial.stop_reason(id).map(|reason| &reason.name),
        Label::Category(id) => {
            trial.emergency.categories.iter().find(|c| c.id == *id).map(|c| &c.name)
        }
        Label::Role(word) => return words(format!("role.{word}"), word),
        Label::Word(word) => return words(format!("word.{word}"), word),
        Label::Told(word) => return words(format!("reports.{word}"), word),
        Label::Text(text) => return text.clone(),
    };
    match (known, label) {
        (Some(name), _) => in_language(name, visit.language).to_owned(),
        (
            None,
            Label::Centre(id) | Label::Criterion(id) | Label::Stop(id) | Label::Category(id),
        ) => id.clone(),
        (None, _) => String::new(),
    }
}
