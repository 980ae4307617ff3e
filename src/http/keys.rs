//! Public cards, sealed identity files, grants.

use super::answer::Answer;
use super::caller::{Who, bytes, named, once, receipt};
use super::extract::{Body, IdempotencyKey, InPath};
use super::people::done;
use super::problem::Problem;
use super::releases::wrap_body;
use super::routes::{Route, Verb};
use super::wire::acts;
use super::wire::changes::KeyWarningBody;
use crate::domain::access::{GrantKey, ReadKeys, RegisterKey};
use crate::domain::ids::{CentreId, PersonId};
use crate::refusal::{Code, FieldCode};
use crate::sealing::slot::Wrap;
use crate::service::House;
use crate::service::keys::Grant;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Verb::Put, "/v1/keys/mine", register)
            .act(RegisterKey)
            .says("Registers the caller's public card, and keeps the sealed identity file")
            .takes::<acts::KeyBody>()
            .gives::<acts::Made>(200, "The card's fingerprint")
            .refuses(&[Code::WrongState])
            .idempotent(),
        Route::get("/v1/keys/mine", mine)
            .act(RegisterKey)
            .says("The caller's card and sealed identity file, for a new device")
            .gives::<acts::OwnKeyBody>(200, "The key, sealed")
            .refuses(&[Code::NoSuchRecord]),
        Route::get("/v1/trial/file", trial_file)
            .act(RegisterKey)
            .says("The trial file, from which a holder's device takes the words of an arm it has opened")
            .gives::<acts::TrialFileBody>(200, "The file; it names all arms alike"),
        Route::get("/v1/keys", keys)
            .act(ReadKeys)
            .says("Everybody's public cards, and who holds which centre key")
            .gives::<acts::KeysBody>(200, "Cards and grants"),
        Route::get("/v1/wraps/{centre}", wraps)
            .act(GrantKey)
            .says("The caller's own wraps of one centre's keys")
            .gives::<acts::WrapsBody>(200, "One an epoch")
            .refuses(&[Code::NotGrantedYet]),
        Route::post("/v1/grants", grant)
            .act(GrantKey)
            .says("Gives a centre key to a newcomer whose fingerprint was compared by voice")
            .takes::<acts::GrantBody>()
            .gives::<acts::Done>(201, "Granted")
            .refuses(&[
                Code::NoSuchRecord,
                Code::NotGrantedYet,
                Code::SignatureDoesNotVerify,
                Code::WrongState,
            ])
            .idempotent(),
        Route::post("/v1/grants/remove", remove)
            .act(GrantKey)
            .says("Takes a centre key away; the next release is refused")
            .takes::<acts::RemovalBody>()
            .gives::<acts::Done>(200, "Removed")
            .refuses(&[Code::NoSuchRecord])
            .idempotent(),
    ]
}

async fn register(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::KeyBody>,
) -> Result<Answer<acts::Made>, Problem> {
    let once = once(&key, "register-key", &body.raw);
    let acts::KeyBody { card, identity } = body.said;
    let answered = house.register_key(&who.caller, card, identity, once).await?;
    Ok(Answer::ok(acts::Made {
        reference: answered.value,
        repeated: answered.repeated,
        receipt: receipt(answered.receipt),
    }))
}

async fn mine(house: Data<House>, who: Who) -> Result<Answer<acts::OwnKeyBody>, Problem> {
    let (held, identity) = house.own_key(&who.caller).await?;
    let (card, fingerprint) = (held.card, held.fingerprint);
    Ok(Answer::ok(acts::OwnKeyBody { card, fingerprint, identity }))
}

async fn trial_file(house: Data<House>, who: Who) -> Result<Answer<acts::TrialFileBody>, Problem> {
    Ok(Answer::ok(acts::TrialFileBody { file: house.trial_file(&who.caller).await? }))
}

async fn keys(house: Data<House>, who: Who) -> Result<Answer<acts::KeysBody>, Problem> {
    let (cards, holdings) = house.keys(&who.caller).await?;
    let cards = cards.into_iter().map(|held| acts::CardBody {
        person: held.person.to_string(),
        fingerprint: held.fingerprint,
        card: held.card,
    });
    let holdings = holdings.into_iter().map(|held| acts::HoldingBody {
        centre: held.centre.to_string(),
        epoch: held.epoch,
        person: held.person.to_string(),
        fingerprint: held.fingerprint,
        entry: held.granted,
    });
    let warnings = house.key_warnings(&who.caller).await?;
    let thin = warnings.thin.into_iter().map(|thin| KeyWarningBody {
        warning: "few-openers".to_owned(),
        centre: thin.centre.map(|centre| centre.to_string()),
        openers: Some(thin.openers as u64),
        epoch: None,
        person: None,
    });
    let left = warnings.left.into_iter().map(|left| KeyWarningBody {
        warning: "rotation-due".to_owned(),
        centre: Some(left.centre.to_string()),
        openers: None,
        epoch: Some(left.epoch),
        person: Some(left.person.to_string()),
    });
    let warnings = thin.chain(left).collect();
    let (cards, holdings) = (cards.collect(), holdings.collect());
    Ok(Answer::ok(acts::KeysBody { cards, holdings, warnings }))
}

async fn wraps(
    house: Data<House>,
    who: Who,
    InPath(centre): InPath<CentreId>,
) -> Result<Answer<acts::WrapsBody>, Problem> {
    let wraps = house.own_wraps(&who.caller, centre).await?;
    Ok(Answer::ok(acts::WrapsBody { wraps: wraps.iter().map(wrap_body).collect() }))
}

async fn grant(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::GrantBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "grant-key", &body.raw);
    let said = body.said;
    let wrap = bytes::<{ Wrap::LENGTH }>("/wrap", &said.wrap)?;
    let wish = Grant {
        person: named("/person", FieldCode::ChoiceUnknown, PersonId::parse(&said.person))?,
        centre: named("/centre", FieldCode::ChoiceUnknown, CentreId::parse(&said.centre))?,
        epoch: said.epoch,
        fingerprint: bytes("/fingerprint", &said.fingerprint)?,
        wrap: named("/wrap", FieldCode::BytesForm, Wrap::from_bytes(&wrap).ok_or(()))?,
        signature: bytes("/signature", &said.signature)?,
    };
    Ok(Answer::created(done(house.grant_key(&who.caller, wish, once).await?)))
}

async fn remove(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::RemovalBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "remove-grant", &body.raw);
    let person = PersonId::parse(&body.said.person);
    let centre = CentreId::parse(&body.said.centre);
    let person = named("/person", FieldCode::ChoiceUnknown, person)?;
    let centre = named("/centre", FieldCode::ChoiceUnknown, centre)?;
    Ok(Answer::ok(done(house.remove_grant(&who.caller, person, centre, once).await?)))
}
