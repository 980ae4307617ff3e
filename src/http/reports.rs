//! Reports that the service counts from its trail. Each reading is an entry.

use super::answer::Answer;
use super::caller::Who;
use super::problem::Problem;
use super::routes::Route;
use super::wire::reports::{ReportBody, RowBody, TableBody};
use crate::domain::access::ReadReports;
use crate::service::House;
use crate::service::reports::{Kind, Label, Report, Row, Table};
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/reports/flow", flow)
            .act(ReadReports)
            .says("From screening to the end, as a CONSORT diagram counts; reading it is an entry")
            .gives::<ReportBody>(200, "By stage and centre"),
        Route::get("/v1/reports/deviations", deviations)
            .act(ReadReports)
            .says("Departures from the plan, by centre; reading it is an entry")
            .gives::<ReportBody>(200, "By centre and kind"),
        Route::get("/v1/reports/delegation", delegation)
            .act(ReadReports)
            .says("Who had which task from when to when; reading it is an entry")
            .gives::<ReportBody>(200, "By person"),
        Route::get("/v1/reports/safety", safety)
            .act(ReadReports)
            .says("The open part of the safety board's report; reading it is an entry")
            .gives::<ReportBody>(200, "Code breaks and what surrounds them, without an arm"),
    ]
}

async fn flow(house: Data<House>, who: Who) -> Result<Answer<ReportBody>, Problem> {
    read(&house, who, Kind::Flow).await
}

async fn deviations(house: Data<House>, who: Who) -> Result<Answer<ReportBody>, Problem> {
    read(&house, who, Kind::Deviations).await
}

async fn delegation(house: Data<House>, who: Who) -> Result<Answer<ReportBody>, Problem> {
    read(&house, who, Kind::Delegation).await
}

async fn safety(house: Data<House>, who: Who) -> Result<Answer<ReportBody>, Problem> {
    read(&house, who, Kind::Safety).await
}

async fn read(house: &House, who: Who, kind: Kind) -> Result<Answer<ReportBody>, Problem> {
    Ok(Answer::ok(body(house.report(&who.caller, kind).await?)))
}

fn body(report: Report) -> ReportBody {
    ReportBody {
        report: report.kind.as_str().to_owned(),
        entries: report.entries,
        at: report.at.to_string(),
        tables: report.tables.into_iter().map(table).collect(),
    }
}

fn table(table: Table) -> TableBody {
    let row = |row: Row| RowBody {
        labels: row.labels.into_iter().map(plain).collect(),
        counts: row.counts,
    };
    // `head-stage` is `stage` to a program.
    let column = |label| plain(label).trim_start_matches("head-").to_owned();
    TableBody {
        id: table.id.to_owned(),
        columns: table.columns.into_iter().map(column).collect(),
        rows: table.rows.into_iter().map(row).collect(),
    }
}

fn plain(label: Label) -> String {
    match label {
        Label::Centre(word)
        | Label::Criterion(word)
        | Label::Stop(word)
        | Label::Category(word)
        | Label::Role(word)
        | Label::Word(word)
        | Label::Told(word)
        | Label::Text(word) => word,
    }
}
