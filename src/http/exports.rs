//! Exports: files instead of JSON bodies. Each is an entry with the file's hash before it goes out.

use super::answer::Answer;
use super::caller::{Who, bytes, once, signature};
use super::extract::{Body, IdempotencyKey, InPath, Named, Query};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::{acts, exports as wire};
use crate::domain::access::{ConfirmExport, ExportOverview, ExportTrail};
use crate::refusal::Code;
use crate::service::House;
use crate::service::exports::{File, Format, Kind, Wish};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/exports/{kind}", export)
            .act(ExportOverview)
            .says("What is recorded as a file: records (xlsx, odm, odm2), participants (csv, xlsx, fhir), answers, allocations, visits, deviations, breaks, analysis (csv, xlsx), dm, ds, ec, da, ta, ts, adsl (dataset-json, csv, xlsx); without identity, codes and levels for the sponsor, who gets participants, visits, deviations and breaks. An entry holds its SHA-256")
            .asks::<wire::ExportQuery>()
            .gives_plain(200, "The file; `Klero-Entry` is the entry that holds its SHA-256"),
        Route::get("/v1/exports/trail", trail)
            .act(ExportTrail)
            .says("The trail as a file: JSON lines byte for byte, or CSV to search and sort. An entry holds its SHA-256")
            .asks::<wire::ExportQuery>()
            .gives_plain(200, "The file; `Klero-Entry` is the entry that holds its SHA-256"),
        Route::post("/v1/exports/{entry}/confirm", confirm)
            .act(ConfirmExport)
            .says("Confirms that the centre's own copy, a file of the kind records, was checked")
            .takes::<wire::ConfirmBody>()
            .gives::<acts::Done>(200, "Confirmed")
            .refuses(&[Code::SignatureNeeded, Code::WrongState])
            .idempotent(),
    ]
}

impl Named for Kind {
    fn named(name: &str) -> Option<Self> {
        Kind::parse(name)
    }
}

async fn export(
    house: Data<House>,
    who: Who,
    kind: Result<InPath<Kind>, Problem>,
    query: Result<Query<wire::ExportQuery>, Problem>,
) -> Result<HttpResponse, Problem> {
    // Whoever may not export at all is told so, whatever was named.
    house.may_somewhere::<ExportOverview>(&who.caller).await?;
    file(&house, &who, kind?.0, query?.0).await
}

async fn trail(
    house: Data<House>,
    who: Who,
    query: Result<Query<wire::ExportQuery>, Problem>,
) -> Result<HttpResponse, Problem> {
    house.may_somewhere::<ExportTrail>(&who.caller).await?;
    file(&house, &who, Kind::Trail, query?.0).await
}

async fn file(
    house: &House,
    who: &Who,
    kind: Kind,
    asked: wire::ExportQuery,
) -> Result<HttpResponse, Problem> {
    let unknown = || Problem::new(Code::MalformedRequest);
    let format = asked.format.as_deref().map(|word| Format::parse(word).ok_or_else(unknown));
    let raw = asked.raw.unwrap_or_default();
    let wish = Wish::of(kind, format.transpose()?, raw).ok_or_else(unknown)?;
    Ok(sent(house.export(&who.caller, wish).await?))
}

/// A file as it is sent: to be kept, not to be shown.
pub fn sent(file: File) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(file.media)
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", file.name),
        ))
        .insert_header(("klero-entry", file.entry.to_string()))
        .body(file.bytes)
}

async fn confirm(
    house: Data<House>,
    who: Who,
    InPath(entry): InPath<u64>,
    key: IdempotencyKey,
    body: Body<wire::ConfirmBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("confirm-export {entry}"), &body.raw);
    let said = body.said;
    let sha256 = bytes("/sha256", &said.sha256)?;
    let signature = signature(&key, &body.raw, said.signature)?;
    let confirmed = house.confirm_export(&who.caller, entry, sha256, &signature, once);
    Ok(Answer::ok(done(confirmed.await?)))
}
