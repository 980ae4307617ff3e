//! After a transfer: whose key waits to be passed on, and the key of that one slot.

use super::answer::Answer;
use super::caller::{Who, bytes, named, once};
use super::extract::{Body, IdempotencyKey};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::acts::Done;
use super::wire::changes;
use crate::domain::access::PassKey;
use crate::domain::ids::{CentreId, Reference};
use crate::refusal::{Code, FieldCode};
use crate::sealing::slot::PassedKey;
use crate::service::House;
use crate::service::pass_on::{PassOn, WaitsForKey};
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/passed-keys", waiting)
            .act(PassKey)
            .says("Participants who moved, and whose code's key waits to be passed on")
            .gives::<changes::MovedBodies>(200, "By enrolment number"),
        Route::post("/v1/passed-keys", pass)
            .act(PassKey)
            .says("Passes one code's key on to the centre where the participant is now")
            .takes::<changes::PassOnBody>()
            .gives::<Done>(201, "Passed on: that centre can prepare")
            .refuses(&[
                Code::NoSuchRecord,
                Code::NotGrantedYet,
                Code::WrongState,
                Code::SignatureDoesNotVerify,
            ])
            .idempotent(),
    ]
}

async fn waiting(house: Data<House>, who: Who) -> Result<Answer<changes::MovedBodies>, Problem> {
    let waiting = house.waiting_for_keys(&who.caller).await?.into_iter();
    let waiting = waiting.map(|WaitsForKey { moved, epoch }| changes::MovedBody {
        participant: moved.participant.as_str().to_owned(),
        number: moved.number.to_string(),
        from: moved.from.to_string(),
        to: moved.to.to_string(),
        epoch,
        slot: changes::PlaceBody {
            trial: moved.place.trial.to_string(),
            segment: moved.place.segment,
            stratum: moved.place.stratum.to_string(),
            position: moved.place.position,
            code: moved.place.code.to_string(),
            epoch: moved.place.epoch,
        },
    });
    Ok(Answer::ok(changes::MovedBodies { waiting: waiting.collect() }))
}

async fn pass(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<changes::PassOnBody>,
) -> Result<Answer<Done>, Problem> {
    let once = once(&key, "pass-key", &body.raw);
    let said = body.said;
    let sealed = bytes::<{ PassedKey::LENGTH }>("/sealed", &said.sealed)?;
    let participant = Reference::parse(&said.participant);
    let wish = PassOn {
        participant: named("/participant", FieldCode::ChoiceUnknown, participant)?,
        centre: named("/centre", FieldCode::ChoiceUnknown, CentreId::parse(&said.centre))?,
        epoch: said.epoch,
        sealed: named("/sealed", FieldCode::BytesForm, PassedKey::from_bytes(&sealed).ok_or(()))?,
        signature: bytes("/signature", &said.signature)?,
    };
    Ok(Answer::created(done(house.pass_key(&who.caller, wish, once).await?)))
}
