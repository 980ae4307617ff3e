//! The pharmacy: what was prepared, checked and handed over, and the sealed records of stock and use.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt, signature};
use super::extract::{Body, IdempotencyKey, InPath, Query};
use super::people::done;
use super::problem::Problem;
use super::releases::wrap_body;
use super::routes::Route;
use super::wire::{acts, pharmacy};
use crate::domain::access::{KeepStock, ReadStock, RecordPreparation};
use crate::domain::ids::{CentreId, Reference};
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{Hash, hex, unhex};
use crate::sealing::sealed_record::{RecordKind, SealedRecord};
use crate::service::preparation_record::{Masked, Prepared, SecondCheck, Times};
use crate::service::stock::Sealed;
use crate::service::{Answered, House};
use crate::store::pharmacy::Progress;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/preparations/{reference}/record", record)
            .act(RecordPreparation)
            .says("Records what was prepared under a release, and its second check")
            .takes::<pharmacy::PreparationRecordBody>()
            .gives::<pharmacy::KeptBody>(201, "Recorded")
            .gives::<pharmacy::KeptBody>(200, "The same request again")
            .refuses(&[
                Code::SignatureNeeded,
                Code::SecondCheckNeeded,
                Code::NotGrantedYet,
                Code::WrongState,
            ])
            .idempotent(),
        Route::post("/v1/preparations/{reference}/hand-over", hand_over)
            .act(RecordPreparation)
            .says("Records to whom an infusion was handed over, after the wait that is alike for all")
            .takes::<pharmacy::HandOverBody>()
            .gives::<pharmacy::KeptBody>(201, "Handed over")
            .gives::<pharmacy::KeptBody>(200, "The same request again")
            .refuses(&[Code::HandoverEarly, Code::WrongState])
            .idempotent(),
        Route::post("/v1/pharmacy-records", keep)
            .act(KeepStock)
            .says("Keeps one sealed event of a centre's stock")
            .takes::<pharmacy::StockBody>()
            .gives::<acts::Done>(201, "Kept")
            .gives::<acts::Done>(200, "The same request again")
            .refuses(&[Code::NoSuchRecord, Code::NotGrantedYet, Code::WrongState])
            .idempotent(),
        Route::get("/v1/pharmacy-records/{centre}", read)
            .act(ReadStock)
            .says("A centre's sealed records of preparations and stock, oldest first; each page is an entry")
            .asks::<pharmacy::RecordsPage>()
            .gives::<pharmacy::PharmacyRecordsBody>(200, "Sealed records, with the caller's wraps")
            .refuses(&[Code::NotGrantedYet, Code::InvalidFields, Code::ReadOnly]),
    ]
}

pub(super) fn times_body(times: Times) -> pharmacy::TimesBody {
    pharmacy::TimesBody {
        hand_over_from: times.hand_over_from.to_string(),
        use_before: times.use_before.to_string(),
    }
}

pub(super) fn released_body(house: &House, progress: &Progress) -> pharmacy::ReleasedBody {
    pharmacy::ReleasedBody {
        reference: progress.reference.as_str().to_owned(),
        visit: progress.visit.clone(),
        at: progress.at.to_string(),
        times: times_body(house.times(progress.at)),
        opened: progress.opened,
        recorded: progress.recorded,
        handed_over: progress.handed_over,
    }
}

fn kept(answered: Answered<Times>) -> Answer<pharmacy::KeptBody> {
    let Answered { value, receipt: proof, repeated } = answered;
    let body = pharmacy::KeptBody { times: times_body(value), repeated, receipt: receipt(proof) };
    if repeated { Answer::ok(body) } else { Answer::created(body) }
}

pub(super) fn sealed(kind: RecordKind, body: &pharmacy::SealedBody) -> Result<Sealed, Problem> {
    let record = named("/record/record", FieldCode::ChoiceUnknown, Reference::parse(&body.record))?;
    let bytes = unhex(&body.sealed).and_then(|bytes| SealedRecord::of(kind, &bytes));
    let bytes = named("/record/sealed", FieldCode::BytesForm, bytes.ok_or(()))?;
    Ok(Sealed { record, epoch: body.epoch, bytes })
}

pub(super) fn hashes(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(|hash| hex(hash)).collect()
}

/// One of the two, and not both.
fn second(
    check: Option<pharmacy::SecondCheckBody>,
    none: Option<String>,
) -> Result<SecondCheck, Problem> {
    let wrong = |code| Err(Refusal::fields(vec![FieldError::new("/secondCheck", code)]).into());
    match (check, none) {
        (Some(check), None) => Ok(SecondCheck::By {
            person: check.person,
            password: check.password,
            meaning: check.meaning,
        }),
        (None, Some(why)) => Ok(SecondCheck::None { why }),
        (None, None) => wrong(FieldCode::Required),
        (Some(_), Some(_)) => wrong(FieldCode::Doubled),
    }
}

async fn record(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(reference): InPath<Reference>,
    body: Body<pharmacy::PreparationRecordBody>,
) -> Result<Answer<pharmacy::KeptBody>, Problem> {
    let once = once(&key, &format!("record {}", reference.as_str()), &body.raw);
    let said = body.said;
    let masked = Masked::parse(&said.masked).ok_or(());
    let prepared = Prepared {
        volume: said.volume,
        masked: named("/masked", FieldCode::ChoiceUnknown, masked)?,
        appearance: said.appearance,
        prescription: said.prescription,
        second: second(said.second_check, said.no_second_check)?,
        sealed: sealed(RecordKind::Preparation, &said.record)?,
    };
    let signature = signature(&key, &body.raw, said.signature)?;
    let done = house.record_preparation(&who.caller, reference, prepared, &signature, once);
    Ok(kept(done.await?))
}

async fn hand_over(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(reference): InPath<Reference>,
    body: Body<pharmacy::HandOverBody>,
) -> Result<Answer<pharmacy::KeptBody>, Problem> {
    let once = once(&key, &format!("hand-over {}", reference.as_str()), &body.raw);
    Ok(kept(house.hand_over(&who.caller, reference, body.said.to, once).await?))
}

async fn keep(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<pharmacy::StockBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "stock", &body.raw);
    let centre = CentreId::parse(&body.said.centre);
    let centre = named("/centre", FieldCode::ChoiceUnknown, centre)?;
    let sealed = sealed(RecordKind::Stock, &body.said.record)?;
    let answered = house.keep_stock(&who.caller, centre, sealed, once).await?;
    let repeated = answered.repeated;
    let body = done(answered);
    Ok(if repeated { Answer::ok(body) } else { Answer::created(body) })
}

async fn read(
    house: Data<House>,
    who: Who,
    InPath(centre): InPath<CentreId>,
    Query(page): Query<pharmacy::RecordsPage>,
) -> Result<Answer<pharmacy::PharmacyRecordsBody>, Problem> {
    let after = page.after.map(|text| Reference::parse(&text)).transpose();
    let after = named("/after", FieldCode::ChoiceUnknown, after)?;
    let lifted = house.read_stock(&who.caller, centre.clone(), after).await?;
    let records = lifted.records.into_iter().map(|one| pharmacy::PharmacyRecordBody {
        record: one.record.place.record.as_str().to_owned(),
        kind: one.record.place.kind.as_str().to_owned(),
        epoch: one.record.place.epoch,
        release: one.record.release.map(|release| release.as_str().to_owned()),
        entry: one.record.entry,
        sealed: hex(one.record.sealed.as_bytes()),
        line: one.line,
        proof: hashes(&one.proof),
    });
    Ok(Answer::ok(pharmacy::PharmacyRecordsBody {
        trial: house.trial.id.to_string(),
        centre: centre.to_string(),
        records: records.collect(),
        wraps: lifted.wraps.iter().map(wrap_body).collect(),
        more: lifted.more,
        receipt: receipt(lifted.receipt),
    }))
}
