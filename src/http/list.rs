//! The list's life after it was imported: void codes.

use super::answer::Answer;
use super::caller::{Who, bytes, named, once, signature};
use super::extract::{Body, IdempotencyKey};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::{acts, list};
use crate::domain::access::{Disclose, ReadStrata, VoidCode};
use crate::domain::ids::Code as TreatmentCode;
use crate::domain::time::Date;
use crate::refusal::{Code, FieldCode};
use crate::service::House;
use crate::service::disclosures::Stage;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/lists/strata", strata)
            .act(ReadStrata)
            .says("How much of each stratum is issued, void and left, and until when it lasts; reading it is an entry")
            .gives::<list::StrataBody>(200, "In manifest order"),
        Route::post("/v1/codes/void", void)
            .act(VoidCode)
            .says("Voids an unissued code that became known: it is never issued")
            .takes::<list::VoidBody>()
            .gives::<acts::Done>(200, "Void")
            .refuses(&[Code::NoSuchRecord, Code::SignatureNeeded, Code::WrongState])
            .idempotent(),
        Route::post("/v1/disclosures", disclose)
            .act(Disclose)
            .says("Records that something of the list was published: the stage and the file's hash, never the file")
            .takes::<list::DisclosureBody>()
            .gives::<acts::Done>(201, "Recorded")
            .refuses(&[Code::SignatureNeeded, Code::WrongState])
            .idempotent(),
    ]
}

async fn strata(house: Data<House>, who: Who) -> Result<Answer<list::StrataBody>, Problem> {
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    let strata = house.read_strata(&who.caller).await?.into_iter().map(|one| list::StratumBody {
        stratum: one.gauge.stratum.to_string(),
        slots: one.gauge.slots,
        issued: one.gauge.issued,
        voided: one.gauge.voided,
        left: one.gauge.left(),
        low: one.gauge.is_low(),
        used_up: one.gauge.used_up.map(|at| at.to_string()),
        runs_out: one.runs_out.map(|told| list::RunsOutBody {
            counted: told.counted,
            days: told.days.unsigned_abs(),
            likely: day(told.likely),
            earliest: day(told.earliest),
            latest: day(told.latest),
        }),
    });
    Ok(Answer::ok(list::StrataBody { strata: strata.collect() }))
}

async fn void(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<list::VoidBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "void-code", &body.raw);
    let said = body.said;
    let code = named("/code", FieldCode::CodeCheck, TreatmentCode::parse(&said.code))?;
    let signature = signature(&key, &body.raw, said.signature)?;
    let voided = house.void_code(&who.caller, code, said.reason, &signature, once);
    Ok(Answer::ok(done(voided.await?)))
}

async fn disclose(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<list::DisclosureBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "disclose", &body.raw);
    let said = body.said;
    let stage = named("/stage", FieldCode::ChoiceUnknown, Stage::parse(&said.stage).ok_or(()))?;
    let file = bytes("/file", &said.file)?;
    let signature = signature(&key, &body.raw, said.signature)?;
    let disclosed = house.disclose(&who.caller, stage, file, &signature, once);
    Ok(Answer::created(done(disclosed.await?)))
}
