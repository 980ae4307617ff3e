//! A centre's next key: what the statistician's machine made comes in.

use super::answer::Answer;
use super::caller::{Who, once};
use super::extract::{Body, IdempotencyKey};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::acts::Done;
use super::wire::changes;
use crate::domain::access::RotateKey;
use crate::limits::IMPORT;
use crate::refusal::Code;
use crate::service::House;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/rotations", rotate)
            .act(RotateKey)
            .says("Takes in a centre's next key, with the unissued slots sealed under it")
            .takes::<changes::RotationBody>()
            .gives::<Done>(201, "Taken in: what is issued from now on opens with the new key alone")
            .refuses(&[
                Code::NoSuchRecord,
                Code::NotGrantedYet,
                Code::RotationDoesNotFit,
                Code::RotationOutdated,
                Code::SignatureDoesNotVerify,
            ])
            .idempotent(),
    ]
}

async fn rotate(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<changes::RotationBody, IMPORT>,
) -> Result<Answer<Done>, Problem> {
    let once = once(&key, "rotate-key", &body.raw);
    let answered = house.rotate_key(&who.caller, &body.said.rotation, once).await?;
    Ok(Answer::created(done(answered)))
}
