//! The port for those who run the machine (screens E1): is the service up, is it ready, and how does it fare. It is for
//! loopback, shows nobody's record and no count that tells a stratum, and takes no act.

use super::about::About;
use super::open_metrics::{self, Exposition, Unit};
use super::problem;
use super::routes::{Route, Table};
use super::traffic::Traffic;
use super::{Served, wire};
use crate::service::House;
use crate::store::figures::Figures;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use std::sync::Arc;

/// The routes of this port.
pub fn table() -> Table {
    Table::new(vec![
        Route::get("/health/live", live)
            .public()
            .says("The process answers; nothing is read or written for it")
            .gives::<wire::operations::Live>(200, "It does"),
        Route::get("/health/ready", ready)
            .public()
            .says("Whether everything can be done that is promised, tried by a write of its own")
            .gives::<wire::operations::Ready>(200, "It can")
            .gives::<wire::operations::Ready>(503, "It cannot, and which of the checks say so"),
        Route::get("/metrics", metrics)
            .public()
            .says("How the service fares, in numbers")
            .gives_plain(200, "OpenMetrics 1.0"),
    ])
}

/// What the port of operations serves beside the service's own, whose requests are counted in `main`.
pub fn served(house: Arc<House>, main: &Served) -> Served {
    let ids = main.ids.clone();
    let served = Served::new(table(), About::default(), move || ids());
    served.holding(house).holding(Arc::clone(&main.traffic)).quiet()
}

async fn live() -> HttpResponse {
    json(StatusCode::OK, &wire::operations::Live { live: true })
}

async fn ready(house: Data<House>) -> HttpResponse {
    let readiness = house.ready().await;
    let ready = readiness.is_ready();
    let checks = readiness.checks.iter().map(|check| wire::operations::CheckBody {
        check: check.check.to_owned(),
        state: check.state.to_owned(),
        well: check.well,
    });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = wire::operations::Ready { ready, status: status.as_u16(), checks: checks.collect() };
    json(status, &body)
}

/// What fails is a problem by its type as well (RFC 9457 lets a problem have members of its own).
fn json<T: wire::Written>(status: StatusCode, body: &T) -> HttpResponse {
    let kind = if status.is_success() { "application/json" } else { problem::MEDIA_TYPE };
    HttpResponse::build(status).insert_header((header::CONTENT_TYPE, kind)).body(wire::write(body))
}

async fn metrics(house: Data<House>, traffic: Data<Traffic>) -> HttpResponse {
    let mut text = Exposition::default();
    requests(&mut text, &traffic);
    writer(&mut text, house.store.figures());
    state(&mut text, &house);
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, open_metrics::MEDIA_TYPE))
        .body(text.end())
}

fn requests(text: &mut Exposition, traffic: &Traffic) {
    text.counters(
        "klero_requests",
        "Answered requests, by route and class of status.",
        traffic.answers().map(|answered| {
            let labels = vec![
                ("method", answered.method),
                ("route", answered.route),
                ("class", answered.class),
            ];
            (labels, answered.count)
        }),
    );
    text.spreads(
        "klero_request_seconds",
        "How long answers took, by what was asked for.",
        Unit::Millionth,
        traffic.spreads().map(|(kind, spread)| (vec![("kind", kind)], spread)),
    );
    text.counters(
        "klero_refusals",
        "Refused requests, by the reason that was given.",
        traffic.refusals().map(|(code, count)| (vec![("problem", code.as_str())], count)),
    );
}

fn writer(text: &mut Exposition, figures: &Figures) {
    text.gauge("klero_writer_waiting", "Acts that wait for the writer.", figures.waiting.get());
    text.counter("klero_writer_acts", "Acts that the writer took.", figures.groups.sum());
    text.counter(
        "klero_writer_failed_groups",
        "Groups that could not be kept.",
        figures.failed.get(),
    );
    let alone = |spread| std::iter::once((vec![], spread));
    let help = "How many acts one commit carried.";
    text.spreads("klero_writer_group_acts", help, Unit::One, alone(&figures.groups));
    let help = "How long commits took, with their sync.";
    text.spreads("klero_commit_seconds", help, Unit::Millionth, alone(&figures.commits));
    let help = "How long it took to put a checkpoint into its store, with its sync.";
    text.spreads("klero_checkpoint_put_seconds", help, Unit::Millionth, alone(&figures.puts));
}

fn state(text: &mut Exposition, house: &House) {
    let now = house.clock.now();
    let health = house.store.health();
    let flag = u8::from;
    let sizes = house.store.sizes(now);
    text.gauge("klero_database_readable", "1 while the database can be read.", flag(sizes.is_ok()));
    text.gauge(
        "klero_database_writable",
        "1 while the last acts were kept.",
        flag(health.is_writable()),
    );
    if let Ok(sizes) = sizes {
        text.gauge("klero_trail_entries", "Entries of the trail.", sizes.entries);
        text.gauge("klero_database_bytes", "Size of the database.", sizes.database);
        text.gauge("klero_sessions", "People's sessions that are open.", sizes.sessions);
    }
    let log = house.store.log_bytes();
    text.gauge("klero_write_ahead_log_bytes", "Size of the write-ahead log.", log);
    let kept = flag(health.is_checkpoint_kept());
    text.gauge("klero_checkpoint_kept", "1 while the newest checkpoint is in its store.", kept);
    if let Some(put) = house.store.figures().last_put() {
        let age = (now.millis() - put.millis()) as f64 / 1000.0;
        text.gauge("klero_checkpoint_age_seconds", "Since a checkpoint was last put.", age);
    }
    let checked = flag(health.is_fully_checked());
    text.gauge(
        "klero_trail_checked",
        "1 once the whole trail was checked since the start.",
        checked,
    );
    text.gauge(
        "klero_trail_damaged",
        "1 once damage was found in the trail.",
        flag(health.is_damaged()),
    );
    let skew = house.watch.skew();
    let seconds = skew.millis as f64 / 1000.0;
    text.gauge(
        "klero_clock_skew_seconds",
        "By how much the clock was set since the start.",
        seconds,
    );
    text.counter("klero_clock_changes", "Times that the clock was found set.", skew.changes);
}
