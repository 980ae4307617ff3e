//! What others are told: the feed, addresses for mail, webhooks, and how deliveries went.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt};
use super::extract::{Body, IdempotencyKey, InPath, Query, limit};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::notices as wire;
use super::wire::{self as bodies, acts};
use crate::domain::access::{ManageDeliveries, ReadNotices};
use crate::domain::ids::Reference;
use crate::domain::notice::Notice;
use crate::refusal::{Code, FieldCode};
use crate::sealing::webhook::WebhookSigner;
use crate::service::House;
use crate::service::deliveries::{Delivery, Way, Which};
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/events", events)
            .act(ReadNotices)
            .says("What happened since an event: that, when and about which record, never more")
            .asks::<wire::EventsPage>()
            .gives::<wire::EventsBody>(
                200,
                "At most 200, oldest first, of the kinds of one's own role",
            ),
        Route::get("/v1/notices/address", address)
            .signed_in()
            .says("Where one's own notices go by mail")
            .gives::<wire::AddressBody>(200, "The address, if one was given"),
        Route::post("/v1/notices/address", give_address)
            .signed_in()
            .says("Says where one's own notices go by mail, or that they go nowhere")
            .takes::<wire::AddressBody>()
            .gives::<acts::Done>(200, "Kept")
            .idempotent(),
        Route::get("/v1/webhooks", webhooks)
            .act(ManageDeliveries)
            .says("Which programs are told")
            .gives::<wire::WebhooksBody>(200, "The newest first"),
        Route::post("/v1/webhooks", add)
            .act(ManageDeliveries)
            .says("Has a program told of what happens, at a host that the configuration names")
            .takes::<wire::NewWebhook>()
            .gives::<acts::Made>(201, "Added")
            .gives::<acts::Made>(200, "Added before")
            .idempotent(),
        Route::get("/v1/webhooks/key", key)
            .public()
            .says("The public key that messages to programs are signed with")
            .gives::<wire::WebhookKeyBody>(200, "An Ed25519 key, as Standard Webhooks writes it"),
        Route::post("/v1/webhooks/{reference}/test", test)
            .act(ManageDeliveries)
            .says("Sends a webhook a message that says nothing but that it was tried out")
            .gives::<acts::Done>(200, "Queued")
            .refuses(&[Code::WrongState])
            .idempotent(),
        Route::post("/v1/webhooks/{reference}/end", end)
            .act(ManageDeliveries)
            .says("Ends a webhook: nothing goes there any more")
            .gives::<acts::Done>(200, "Ended")
            .refuses(&[Code::WrongState])
            .idempotent(),
        Route::get("/v1/deliveries", deliveries)
            .act(ManageDeliveries)
            .says("How mails and messages to programs went: kinds, accounts and times")
            .gives::<wire::DeliveriesBody>(200, "The newest first"),
        Route::post("/v1/deliveries/replay", replay)
            .act(ManageDeliveries)
            .says("Sends one of them again, the same as before")
            .takes::<wire::WhichBody>()
            .gives::<acts::Done>(200, "Queued")
            .refuses(&[Code::NoSuchRecord])
            .idempotent(),
    ]
}

/// What a program is sent of a notice, byte for byte.
pub fn message(notice: &Notice) -> Vec<u8> {
    bodies::write(&wire::WebhookMessage {
        kind: notice.kind.as_str().to_owned(),
        timestamp: notice.at.to_string(),
        data: data(notice),
    })
}

fn data(notice: &Notice) -> wire::EventData {
    let reference = notice.reference.as_ref().map(|reference| reference.as_str().to_owned());
    wire::EventData { reference }
}

async fn events(
    house: Data<House>,
    who: Who,
    Query(page): Query<wire::EventsPage>,
) -> Result<Answer<wire::EventsBody>, Problem> {
    let events = house.events(&who.caller, page.after, limit(page.limit)?).await?;
    let events = events.into_iter().map(|one| wire::EventBody {
        event: one.entry,
        kind: one.notice.kind.as_str().to_owned(),
        timestamp: one.notice.at.to_string(),
        data: data(&one.notice),
    });
    Ok(Answer::ok(wire::EventsBody { events: events.collect() }))
}

async fn address(house: Data<House>, who: Who) -> Result<Answer<wire::AddressBody>, Problem> {
    Ok(Answer::ok(wire::AddressBody { address: house.own_address(&who.caller)? }))
}

async fn give_address(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<wire::AddressBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "give-address", &body.raw);
    Ok(Answer::ok(done(house.give_address(&who.caller, body.said.address, once).await?)))
}

async fn webhooks(house: Data<House>, who: Who) -> Result<Answer<wire::WebhooksBody>, Problem> {
    let webhooks = house.webhooks(&who.caller).await?.into_iter().map(|one| wire::WebhookBody {
        reference: one.reference.as_str().to_owned(),
        url: one.url,
        active: one.active,
    });
    let public_key = WebhookSigner::new(&house.secret).public();
    Ok(Answer::ok(wire::WebhooksBody { webhooks: webhooks.collect(), public_key }))
}

async fn key(house: Data<House>) -> Answer<wire::WebhookKeyBody> {
    Answer::ok(wire::WebhookKeyBody { public_key: WebhookSigner::new(&house.secret).public() })
}

async fn add(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<wire::NewWebhook>,
) -> Result<Answer<acts::Made>, Problem> {
    let once = once(&key, "add-webhook", &body.raw);
    let answered = house.add_webhook(&who.caller, body.said.url, once).await?;
    let made = acts::Made {
        reference: answered.value.as_str().to_owned(),
        repeated: answered.repeated,
        receipt: receipt(answered.receipt),
    };
    Ok(if answered.repeated { Answer::ok(made) } else { Answer::created(made) })
}

async fn test(
    house: Data<House>,
    who: Who,
    InPath(reference): InPath<Reference>,
    key: IdempotencyKey,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("test-webhook {}", reference.as_str()), b"");
    Ok(Answer::ok(done(house.test_webhook(&who.caller, reference, once).await?)))
}

async fn end(
    house: Data<House>,
    who: Who,
    InPath(reference): InPath<Reference>,
    key: IdempotencyKey,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("end-webhook {}", reference.as_str()), b"");
    Ok(Answer::ok(done(house.end_webhook(&who.caller, reference, once).await?)))
}

async fn deliveries(house: Data<House>, who: Who) -> Result<Answer<wire::DeliveriesBody>, Problem> {
    let deliveries = house.deliveries(&who.caller).await?.into_iter().map(delivery).collect();
    Ok(Answer::ok(wire::DeliveriesBody { deliveries }))
}

fn delivery(one: Delivery) -> wire::DeliveryBody {
    wire::DeliveryBody {
        event: one.which.entry,
        kind: one.kind.as_str().to_owned(),
        way: one.which.way.as_str().to_owned(),
        target: one.which.target,
        state: one.standing.as_str().to_owned(),
        tries: one.tries,
        since: one.since.to_string(),
        due: one.due.to_string(),
        said: one.said,
    }
}

async fn replay(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<wire::WhichBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "replay-delivery", &body.raw);
    let wire::WhichBody { event, way, target } = body.said;
    let way = named("/way", FieldCode::ChoiceUnknown, Way::parse(&way).ok_or(()))?;
    let which = Which { entry: event, way, target };
    Ok(Answer::ok(done(house.replay(&who.caller, which, once).await?)))
}
