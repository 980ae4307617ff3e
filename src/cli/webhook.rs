//! `klero webhook`: which programs are told, how deliveries went, and, for a receiver with the public key alone, whether a
//! message is genuine.

use super::account::{Account, new_key};
use super::failure::{Done, Exit, Failure, ending};
use super::files::read_bytes;
use crate::clock::{Clock, SystemClock};
use crate::domain::ids::{PersonId, Reference};
use crate::domain::time::Moment;
use crate::sealing::webhook::{fits, public_key};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The longest message that is looked at, in bytes; real ones are far shorter.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    Add(Add),
    List(List),
    Test(Test),
    End(End),
    Deliveries(Deliveries),
    Replay(Replay),
    Verify(Verify),
}

impl Verb {
    /// Runs it.
    pub fn run(self) -> Result<Done, Failure> {
        match self {
            Verb::Add(add) => add.run(),
            Verb::List(list) => list.run(),
            Verb::Test(test) => test.run(),
            Verb::End(end) => end.run(),
            Verb::Deliveries(deliveries) => deliveries.run(),
            Verb::Replay(replay) => replay.run(),
            Verb::Verify(verify) => verify.run(),
        }
    }
}

const REFUSALS: &[Exit] = &[Exit::NotThere, Exit::NotAllowed];

/// Have a program told of what happens: that, never what
///
/// The host must be one that the house's configuration names. The message is signed; the receiver needs no secret.
#[derive(Args)]
#[command(after_help = ending([
    "klero webhook add https://edc.example/klero --server http://127.0.0.1:8787 --name admin-1",
    "klero webhook add https://edc.example/klero --server http://127.0.0.1:8787 --name admin-1 \
     --password-file /run/password",
    "klero webhook add https://edc.example/klero --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct Add {
    /// Where messages go
    url: String,
    #[command(flatten)]
    account: Account,
}

impl Add {
    fn run(self) -> Result<Done, Failure> {
        let body = json!({"url": self.url});
        let made = self.account.signed_in(|it| it.act("/v1/webhooks", &new_key(), Some(&body)))?;
        let reference = made.text_at("/reference");
        let next = format!("klero webhook test {reference}");
        let text = format!("webhook      {reference}\nnext         {next}");
        Ok(Done::new(text, json!({"reference": reference})))
    }
}

/// List which programs are told, with the key that receivers check messages by
#[derive(Args)]
#[command(after_help = ending([
    "klero webhook list --server http://127.0.0.1:8787 --name admin-1",
    "klero webhook list --server http://127.0.0.1:8787 --name admin-1 --password-file /run/password",
    "klero webhook list --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct List {
    #[command(flatten)]
    account: Account,
}

impl List {
    fn run(self) -> Result<Done, Failure> {
        let all = self.account.signed_in(|it| it.get("/v1/webhooks"))?;
        let line = |one: &Value| {
            let state = if one["active"] == true { "told" } else { "ended" };
            let url = one["url"].as_str().unwrap_or("erased");
            format!("{}  {state:<5}  {url}", one["reference"].as_str().unwrap_or_default())
        };
        let mut lines: Vec<_> = rows(&all.body["webhooks"]).iter().map(line).collect();
        lines.push(format!("public key   {}", all.text_at("/publicKey")));
        Ok(Done::new(lines.join("\n"), all.body))
    }
}

/// Send a webhook a message that says nothing but that it was tried out
#[derive(Args)]
#[command(after_help = ending([
    "klero webhook test K7Q29MXT --server http://127.0.0.1:8787 --name admin-1",
    "klero webhook test K7Q29MXT --server http://127.0.0.1:8787 --name admin-1 --password-file /run/password",
    "klero webhook test K7Q29MXT --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct Test {
    #[command(flatten)]
    one: One,
}

/// End a webhook: nothing goes there any more
#[derive(Args)]
#[command(after_help = ending([
    "klero webhook end K7Q29MXT --server http://127.0.0.1:8787 --name admin-1",
    "klero webhook end K7Q29MXT --server http://127.0.0.1:8787 --name admin-1 --password-file /run/password",
    "klero webhook end K7Q29MXT --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct End {
    #[command(flatten)]
    one: One,
}

/// One webhook.
#[derive(Args)]
struct One {
    /// The webhook's reference, as klero webhook list shows it
    #[arg(value_parser = Reference::parse)]
    webhook: Reference,
    #[command(flatten)]
    account: Account,
}

impl One {
    fn act(&self, verb: &str, done: &str) -> Result<Done, Failure> {
        let reference = self.webhook.as_str();
        let path = format!("/v1/webhooks/{reference}/{verb}");
        self.account.signed_in(|it| it.act(&path, &new_key(), None))?;
        let text = format!("webhook      {reference}\n{verb:<13}{done}");
        Ok(Done::new(text, json!({"reference": reference})))
    }
}

impl Test {
    fn run(self) -> Result<Done, Failure> {
        self.one.act("test", "queued; how it went:  klero webhook deliveries")
    }
}

impl End {
    fn run(self) -> Result<Done, Failure> {
        self.one.act("end", "nothing goes there any more")
    }
}

/// List how mails and messages to programs went: kinds, accounts and times
#[derive(Args)]
#[command(after_help = ending([
    "klero webhook deliveries --server http://127.0.0.1:8787 --name admin-1",
    "klero webhook deliveries --server http://127.0.0.1:8787 --name admin-1 --password-file /run/password",
    "klero webhook deliveries --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct Deliveries {
    #[command(flatten)]
    account: Account,
}

impl Deliveries {
    fn run(self) -> Result<Done, Failure> {
        let all = self.account.signed_in(|it| it.get("/v1/deliveries"))?;
        let line = |one: &Value| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            let (tries, said) = (one["tries"].as_u64().unwrap_or_default(), text("said"));
            let to = format!("{} {}", text("way"), text("target"));
            format!(
                "{:>7}  {:<9} {:<24} {to}  {} {tries}x {said}",
                one["event"],
                text("state"),
                text("type"),
                text("due")
            )
        };
        let lines: Vec<_> = rows(&all.body["deliveries"]).iter().map(line).collect();
        let text = if lines.is_empty() { "none so far".to_owned() } else { lines.join("\n") };
        Ok(Done::new(text, all.body))
    }
}

/// Send one of them again, the same as before
#[derive(Args)]
#[command(after_help = ending([
    "klero webhook replay 412 K7Q29MXT --server http://127.0.0.1:8787 --name admin-1",
    "klero webhook replay 412 --mail mon-1 --server http://127.0.0.1:8787 --name admin-1",
    "klero webhook replay 412 K7Q29MXT --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct Replay {
    /// The event's number, as klero webhook deliveries shows it
    event: u64,
    /// The webhook's reference
    #[arg(value_parser = Reference::parse, required_unless_present = "mail", conflicts_with = "mail")]
    webhook: Option<Reference>,
    /// Instead of a webhook: the account to which the mail goes again
    #[arg(long, value_name = "ACCOUNT", value_parser = PersonId::parse)]
    mail: Option<PersonId>,
    #[command(flatten)]
    account: Account,
}

impl Replay {
    fn run(self) -> Result<Done, Failure> {
        let (way, target) = match (&self.webhook, &self.mail) {
            (Some(webhook), _) => ("webhook", webhook.as_str()),
            (None, mail) => ("mail", mail.as_ref().map_or("", PersonId::as_str)),
        };
        let body = json!({"event": self.event, "way": way, "target": target});
        let path = "/v1/deliveries/replay";
        self.account.signed_in(|it| it.act(path, &new_key(), Some(&body)))?;
        let text = format!("queued       event {} by {way} to {target}", self.event);
        Ok(Done::new(text, body))
    }
}

/// Check that a message came from this service and is unaltered: for its receiver, offline
///
/// Give the body byte for byte as it came, and the three headers of Standard Webhooks. The public key is no secret: the
/// service tells it at /v1/webhooks/key and on its page of deliveries.
#[derive(Args)]
#[command(after_help = ending([
    "klero webhook verify body.json --key whpk_… --id event-412 --timestamp 1795222530 --signature v1a,…",
    "klero webhook verify - --key whpk_… --id event-412 --timestamp 1795222530 --signature v1a,… --within 300",
    "klero webhook verify body.json --key whpk_… --id event-412 --timestamp 1795222530 --signature v1a,… --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotVerified]))]
pub struct Verify {
    /// The body as it came, or - for standard input
    body: PathBuf,
    /// The service's public key, whpk_ and base64
    #[arg(long, value_name = "KEY")]
    key: String,
    /// The header webhook-id
    #[arg(long, value_name = "ID")]
    id: String,
    /// The header webhook-timestamp, in seconds since 1970
    #[arg(long, value_name = "SECONDS")]
    timestamp: i64,
    /// The header webhook-signature
    #[arg(long, value_name = "TEXT")]
    signature: String,
    /// Refuse what was signed longer ago, or further ahead, than this: an old message sent again by somebody else
    #[arg(long, value_name = "SECONDS")]
    within: Option<u64>,
}

impl Verify {
    fn run(self) -> Result<Done, Failure> {
        if public_key(&self.key).is_none() {
            let what = "this is not a public key of a service: whpk_ and 32 bytes in base64";
            let next = "take it from /v1/webhooks/key, or from  klero webhook list";
            return Err(Failure::new(Exit::Unreadable, "key-unreadable", what, next));
        }
        let body = read_bytes(&self.body, MESSAGE_BYTES_MAX)?;
        let at = Moment::from_millis(self.timestamp.saturating_mul(1000));
        if !fits(&self.key, &self.signature, &self.id, self.timestamp, &body) {
            let what = "the signature does not fit: this is not what the service sent";
            let next = "give the body byte for byte as it came, without a line end added, and the headers of the same message";
            return Err(Failure::new(Exit::NotVerified, "signature-does-not-fit", what, next)
                .because("Do not act on it."));
        }
        let age = SystemClock.now().millis().saturating_sub(at.millis()).unsigned_abs() / 1000;
        if self.within.is_some_and(|within| age > within) {
            let what = format!("it is genuine, and {age} seconds old or ahead: signed at {at}");
            let next = "compare the clocks; if they are right, somebody sent an old message again";
            return Err(Failure::new(Exit::NotVerified, "message-old", what, next));
        }
        let said: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let kind = said["type"].as_str().unwrap_or_default();
        let text = format!("genuine      {}\nsigned       {at}\nsays         {kind}", self.id);
        let data = json!({"id": self.id, "signed": at.to_string(), "type": kind});
        Ok(Done::new(text, data))
    }
}

fn rows(all: &Value) -> &[Value] {
    all.as_array().map_or(&[], Vec::as_slice)
}
