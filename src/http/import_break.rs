//! Codes that were opened without the service, taken in afterwards.

use super::answer::Answer;
use super::caller::{Who, once, receipt, signature};
use super::extract::{Body, IdempotencyKey};
use super::problem::Problem;
use super::routes::Route;
use super::wire::offline::{ImportBody, ImportedBody, LetterBody};
use crate::domain::access::ImportBreak;
use crate::domain::time::Moment;
use crate::refusal::{Code, FieldCode, FieldError};
use crate::service::House;
use crate::service::import_break::{Letter, Outside, TakenIn};
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/breaks/import", import)
            .act(ImportBreak)
            .says("Takes in that a code was opened without the service: a kit's signed record, or a letter; once each")
            .takes::<ImportBody>()
            .gives::<ImportedBody>(201, "Taken in: a code break, or an incident about a code of nobody")
            .gives::<ImportedBody>(200, "Taken in before")
            .refuses(&[
                Code::NoSuchRecord,
                Code::SignatureNeeded,
                Code::SignatureDoesNotVerify,
                Code::NotGrantedYet,
                Code::WrongState,
            ])
            .idempotent(),
    ]
}

async fn import(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<ImportBody>,
) -> Result<Answer<ImportedBody>, Problem> {
    let once = once(&key, "import-break", &body.raw);
    let said = body.said;
    let outside = match (said.record, said.letter) {
        (Some(record), None) => Outside::record(&record)?,
        (None, Some(said)) => {
            let LetterBody { serial, code, by, at, why } = said;
            Outside::Letter(Letter::read([&serial, &code, &by], Moment::parse(&at), &why)?)
        }
        (None, None) => {
            return Err(Problem::malformed(FieldError::new("/record", FieldCode::Required)));
        }
        (Some(_), Some(_)) => {
            return Err(Problem::malformed(FieldError::new("/letter", FieldCode::Doubled)));
        }
    };
    let signature = signature(&key, &body.raw, said.signature)?;
    let taken = house.import_break(&who.caller, outside, said.category, &signature, once).await?;
    let TakenIn { broken, told } = taken.value;
    let (reference, number) = broken.unzip();
    let body = ImportedBody {
        incident: reference.is_none(),
        reference: reference.map(|reference| reference.as_str().to_owned()),
        participant: number.map(|number| number.to_string()),
        told: told.iter().map(ToString::to_string).collect(),
        repeated: taken.repeated,
        receipt: receipt(taken.receipt),
    };
    Ok(if body.repeated { Answer::ok(body) } else { Answer::created(body) })
}
