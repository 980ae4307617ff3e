//! The list's life after it was imported: void codes.

use super::answer::Answer;
use super::caller::{Who, named, once, signature};
use super::extract::{Body, IdempotencyKey};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::{acts, list};
use crate::domain::access::VoidCode;
use crate::domain::ids::Code as TreatmentCode;
use crate::refusal::{Code, FieldCode};
use crate::service::House;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/codes/void", void)
            .act(VoidCode)
            .says("Voids an unissued code that became known: it is never issued")
            .takes::<list::VoidBody>()
            .gives::<acts::Done>(200, "Void")
            .refuses(&[Code::NoSuchRecord, Code::SignatureNeeded, Code::WrongState])
            .idempotent(),
    ]
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
