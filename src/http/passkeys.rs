//! Passkeys: one's own, and the question at the door. The answer at the door goes where every sign-in goes.

use super::answer::Answer;
use super::caller::{Who, once, receipt};
use super::extract::{Body, IdempotencyKey, InPath};
use super::problem::Problem;
use super::routes::{Route, Verb};
use super::wire::account::PasswordBody;
use super::wire::passkeys as wire;
use crate::refusal::Code;
use crate::service::House;
use crate::service::sign_in::{Failures, FirstStep};
use actix_web::web::Data;
use actix_web::{HttpResponse, rt::time::sleep};

/// The routes of this file. Where the house's configuration names no address for passkeys, nothing lives at any of them.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/passkeys", passkeys)
            .signed_in()
            .says("One's own passkeys, by number")
            .gives::<wire::PasskeysBody>(200, "Those that there are")
            .refuses(&[Code::NoSuchPage]),
        Route::post("/v1/passkeys/question", question)
            .signed_in()
            .says("Begins to add a passkey: what the browser is asked, for ten minutes and this session")
            .takes::<PasswordBody>()
            .gives::<wire::PasskeyQuestionBody>(200, "What the browser is asked")
            .refuses(&[Code::NoSuchPage, Code::SignatureNeeded, Code::WrongState]),
        Route::post("/v1/passkeys", add)
            .signed_in()
            .says("Adds the passkey with which the browser answered")
            .takes::<wire::PasskeyAnswerBody>()
            .gives::<wire::PasskeyAddedBody>(201, "Added")
            .gives::<wire::PasskeyAddedBody>(200, "Added before")
            .refuses(&[Code::NoSuchPage, Code::WrongState])
            .idempotent(),
        Route::new(Verb::Delete, "/v1/passkeys/{number}", remove)
            .signed_in()
            .says("Removes one of one's own passkeys")
            .gives_plain(204, "Removed")
            .refuses(&[Code::NoSuchPage]),
        Route::post("/v1/sessions/question", ask)
            .public()
            .says("Asks for a passkey in the place of a code, of somebody who shows name and password")
            .takes::<wire::PasskeyDoorBody>()
            .gives::<wire::PasskeyQuestionBody>(200, "What the browser is asked")
            .refuses(&[Code::CredentialsWrong, Code::SecondFactorNeeded, Code::NoSuchPage]),
    ]
}

async fn passkeys(house: Data<House>, who: Who) -> Result<Answer<wire::PasskeysBody>, Problem> {
    let own = house.own_passkeys(&who.caller)?;
    let each = own
        .all
        .into_iter()
        .map(|one| wire::PasskeyBody { number: one.number, added: one.at.to_string() });
    Ok(Answer::ok(wire::PasskeysBody { may_add: own.may_add, passkeys: each.collect() }))
}

async fn question(
    house: Data<House>,
    who: Who,
    body: Body<PasswordBody>,
) -> Result<Answer<wire::PasskeyQuestionBody>, Problem> {
    let asked = house.begin_passkey(&who.caller, who.token.reveal(), &body.said.password).await?;
    Ok(Answer::ok(asked.into()))
}

async fn add(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<wire::PasskeyAnswerBody>,
) -> Result<Answer<wire::PasskeyAddedBody>, Problem> {
    let once = once(&key, "add-passkey", &body.raw);
    let shown = body.said.into();
    let added = house.add_passkey(&who.caller, who.token.reveal(), &shown, once).await?;
    let repeated = added.repeated;
    let body =
        wire::PasskeyAddedBody { number: added.value, repeated, receipt: receipt(added.receipt) };
    Ok(if repeated { Answer::ok(body) } else { Answer::created(body) })
}

async fn remove(
    house: Data<House>,
    who: Who,
    InPath(number): InPath<u64>,
) -> Result<HttpResponse, Problem> {
    house.remove_passkey(&who.caller, number).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn ask(
    house: Data<House>,
    failures: Data<Failures>,
    body: Body<wire::PasskeyDoorBody>,
) -> Result<Answer<wire::PasskeyQuestionBody>, Problem> {
    let wire::PasskeyDoorBody { name, password } = body.said;
    match house.ask_for_passkey(&failures, &name, FirstStep::Password(password)).await {
        Ok(asked) => Ok(Answer::ok(asked.into())),
        Err(not) => {
            sleep(not.wait).await;
            Err(not.refusal.into())
        }
    }
}
