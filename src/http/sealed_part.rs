//! The sealed part of a code break's record: kept without being read, and handed back to holders.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt, signature};
use super::extract::{Body, IdempotencyKey, InPath};
use super::people::done;
use super::pharmacy::{hashes, sealed};
use super::problem::Problem;
use super::releases::wrap_body;
use super::routes::Route;
use super::wire::{acts, sealed_part};
use crate::domain::access::{ReadSealedPart, SealPart};
use crate::domain::ids::Reference;
use crate::refusal::{Code, FieldCode};
use crate::sealing::bytes::hex;
use crate::sealing::sealed_record::RecordKind;
use crate::service::House;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/sealed-parts", keep)
            .act(SealPart)
            .says("Keeps what was written about a code break once the arm was known, sealed on the writer's device")
            .takes::<sealed_part::SealedPartBody>()
            .gives::<acts::Done>(201, "Kept")
            .gives::<acts::Done>(200, "The same request again")
            .refuses(&[
                Code::SignatureNeeded,
                Code::NoSuchRecord,
                Code::NotGrantedYet,
                Code::WrongState,
            ])
            .idempotent(),
        Route::get("/v1/sealed-parts/{release}", read)
            .act(ReadSealedPart)
            .says("What was sealed about one code break, oldest first; reading is an entry")
            .gives::<sealed_part::SealedPartsBody>(200, "Sealed parts, with the caller's wraps")
            .refuses(&[Code::NoSuchRecord, Code::NotGrantedYet, Code::ReadOnly]),
    ]
}

async fn keep(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<sealed_part::SealedPartBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "sealed-part", &body.raw);
    let reference = Reference::parse(&body.said.reference);
    let reference = named("/reference", FieldCode::ChoiceUnknown, reference)?;
    let sealed = sealed(RecordKind::Break, &body.said.record)?;
    let signature = signature(&key, &body.raw, body.said.signature)?;
    let answered = house.keep_sealed_part(&who.caller, reference, sealed, &signature, once).await?;
    let repeated = answered.repeated;
    let body = done(answered);
    Ok(if repeated { Answer::ok(body) } else { Answer::created(body) })
}

async fn read(
    house: Data<House>,
    who: Who,
    InPath(reference): InPath<Reference>,
) -> Result<Answer<sealed_part::SealedPartsBody>, Problem> {
    let (lifted, centre) = house.read_sealed_part(&who.caller, reference.clone()).await?;
    let records = lifted.records.into_iter().map(|one| sealed_part::SealedPartRecordBody {
        record: one.record.place.record.as_str().to_owned(),
        centre: one.record.place.centre.to_string(),
        epoch: one.record.place.epoch,
        entry: one.record.entry,
        sealed: hex(one.record.sealed.as_bytes()),
        line: one.line,
        proof: hashes(&one.proof),
    });
    Ok(Answer::ok(sealed_part::SealedPartsBody {
        trial: house.trial.id.to_string(),
        reference: reference.as_str().to_owned(),
        centre: centre.to_string(),
        records: records.collect(),
        wraps: lifted.wraps.iter().map(wrap_body).collect(),
        receipt: receipt(lifted.receipt),
    }))
}
