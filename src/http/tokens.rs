//! Tokens of machines, and the coordinator's signature on which one may ask for an allocation.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt, signature};
use super::extract::{Body, IdempotencyKey, InPath};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::{acts, tokens as wire};
use crate::domain::access::{Entrust, ManageTokens, ReadTokens};
use crate::domain::ids::{CentreId, PersonId, Reference};
use crate::domain::network::Network;
use crate::refusal::{Code, FieldCode};
use crate::service::House;
use crate::service::tokens::NewToken;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/tokens", make)
            .act(ManageTokens)
            .says("Makes a machine's token, shown this once")
            .takes::<wire::TokenWanted>()
            .gives::<wire::TokenMade>(201, "Made")
            .gives::<wire::TokenMade>(200, "Made before: a new token under the same id")
            .refuses(&[Code::WrongState])
            .idempotent(),
        Route::get("/v1/tokens", all)
            .act(ReadTokens)
            .says("Which machine may ask for what")
            .gives::<wire::TokensBody>(200, "Every token there ever was"),
        Route::post("/v1/tokens/{machine}/end", end)
            .act(ManageTokens)
            .says("Ends a token at once")
            .gives::<acts::Done>(200, "Ended")
            .refuses(&[Code::WrongState])
            .idempotent(),
        Route::post("/v1/participants/{reference}/entrust", entrust)
            .act(Entrust)
            .says("Signs that a machine may ask for this participant's allocation, within 72 hours")
            .takes::<wire::EntrustBody>()
            .gives::<acts::Done>(200, "Signed")
            .refuses(&[Code::SignatureNeeded, Code::EligibilityNotSigned, Code::WrongState])
            .idempotent(),
    ]
}

async fn make(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<wire::TokenWanted>,
) -> Result<Answer<wire::TokenMade>, Problem> {
    let once = once(&key, "make token", &body.raw);
    let said = body.said;
    let centres = said.centres.iter().map(|centre| CentreId::parse(centre));
    let networks = said.networks.iter().map(|network| Network::parse(network).ok_or(()));
    let wanted = NewToken {
        id: named("/id", FieldCode::AccountForm, PersonId::parse(&said.id))?,
        what: said.what,
        verbs: said.verbs,
        centres: named("/centres", FieldCode::ChoiceUnknown, centres.collect::<Result<_, _>>())?,
        networks: named("/networks", FieldCode::NetworkForm, networks.collect::<Result<_, _>>())?,
        days: said.days,
    };
    let answered = house.make_token(&who.caller, wanted, once).await?;
    let made = wire::TokenMade {
        id: answered.value.id.to_string(),
        token: answered.value.token,
        repeated: answered.repeated,
        receipt: receipt(answered.receipt),
    };
    Ok(if answered.repeated { Answer::ok(made) } else { Answer::created(made) })
}

async fn all(house: Data<House>, who: Who) -> Result<Answer<wire::TokensBody>, Problem> {
    let tokens = house.tokens(&who.caller).await?.into_iter().map(|token| wire::TokenBody {
        id: token.id.to_string(),
        what: token.what,
        verbs: token.verbs,
        centres: token.centres.iter().map(CentreId::to_string).collect(),
        networks: token.networks.iter().map(Network::to_string).collect(),
        by: token.by.to_string(),
        made: token.made.to_string(),
        expires: token.expires.to_string(),
        ended: token.ended,
        seen: token.seen.map(|at| at.minute().to_string()),
    });
    Ok(Answer::ok(wire::TokensBody { tokens: tokens.collect() }))
}

async fn end(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(id): InPath<PersonId>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("end token {id}"), b"");
    Ok(Answer::ok(done(house.end_token(&who.caller, id, once).await?)))
}

async fn entrust(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(reference): InPath<Reference>,
    body: Body<wire::EntrustBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("entrust {}", reference.as_str()), &body.raw);
    let signature = signature(&key, &body.raw, body.said.signature)?;
    Ok(Answer::ok(done(house.entrust(&who.caller, reference, &signature, once).await?)))
}
