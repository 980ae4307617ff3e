//! Scripts: requests one after the other, and what must come back. The user's own (AQ), and the promises of the interface.

use super::given::{Script, Step};
use super::ground::said;
use super::{Came, Tested};
use crate::cli::stage::Reply;
use serde_json::Value;
use std::collections::BTreeMap;

/// What earlier answers said, by name.
pub type Kept = BTreeMap<String, Value>;

/// One request.
pub struct Sent<'s> {
    /// Who asks: an account, a role, or `nobody`.
    pub who: &'s str,
    /// The method.
    pub method: &'s str,
    /// The address.
    pub path: &'s str,
    /// The key against doing it twice: one of its own without any, none at all when it is empty.
    pub key: Option<&'s str>,
    /// The body.
    pub body: Option<&'s Value>,
}

/// A service that answers: one that was raised for the occasion, or one at an address.
pub trait Asked {
    /// Asks.
    ///
    /// # Errors
    /// When there is nobody of that name, or no answer.
    fn ask(&self, sent: &Sent<'_>) -> Result<Reply, String>;

    /// Somebody's signature under an act.
    ///
    /// # Errors
    /// When there is nobody of that name.
    fn signature(&self, who: &str, act: &str) -> Result<Value, String>;
}

/// Plays a script. It stops at the first answer that is not as expected.
pub fn run(service: &dyn Asked, id: String, script: &Script, kept: &mut Kept) -> Tested {
    Tested {
        id,
        shows: script.shows.clone(),
        does: script.name.clone(),
        expects: format!("{} answers as the script says", script.steps.len()),
        came: played(service, script, kept),
    }
}

fn played(service: &dyn Asked, script: &Script, kept: &mut Kept) -> Came {
    let mut told = vec![];
    for (number, step) in (1..).zip(&script.steps) {
        let reply = send(service, step, kept)?;
        if let Some(why) = differs(step, &reply, kept) {
            return Err(format!("step {number}, {} {}: {why}", step.method, step.path));
        }
        for (name, pointer) in &step.keep {
            let value = reply.body.pointer(pointer).cloned();
            let value =
                value.ok_or_else(|| format!("step {number}: the answer has no {pointer}"))?;
            kept.insert(name.clone(), value);
        }
        told.push(said(&reply));
    }
    Ok(told.join(", "))
}

fn send(service: &dyn Asked, step: &Step, kept: &Kept) -> Result<Reply, String> {
    let path = put(&step.path, kept);
    let key = step.key.as_ref().map(|key| put(key, kept));
    let mut body = step.body.as_ref().map(|body| put_in(body, kept));
    if let Some(act) = &step.sign {
        let body = body.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
        body["signature"] = service.signature(&step.who, act)?;
    }
    service.ask(&Sent {
        who: &step.who,
        method: &step.method,
        path: &path,
        key: key.as_deref(),
        body: body.as_ref(),
    })
}

/// Kept values take the place of their names in braces.
fn put(text: &str, kept: &Kept) -> String {
    kept.iter().fold(text.to_owned(), |text, (name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.replace(&format!("{{{name}}}"), &value)
    })
}

/// A text that is nothing but a name becomes the kept value itself, whatever that is.
fn put_in(value: &Value, kept: &Kept) -> Value {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
            let whole = name.and_then(|name| kept.get(name)).cloned();
            whole.unwrap_or_else(|| put(text, kept).into())
        }
        Value::Array(all) => all.iter().map(|one| put_in(one, kept)).collect(),
        Value::Object(all) => {
            all.iter().map(|(name, one)| (name.clone(), put_in(one, kept))).collect()
        }
        other => other.clone(),
    }
}

/// Why an answer is not the expected one. Values that came are not repeated: an answer may hold persons.
fn differs(step: &Step, reply: &Reply, kept: &Kept) -> Option<String> {
    if reply.status != step.status {
        return Some(format!("{}, not {}", said(reply), step.status));
    }
    let holds = |pointer: &str, value| reply.body.pointer(pointer) == Some(&put_in(value, kept));
    let missing = step.holds.iter().find(|(pointer, value)| !holds(pointer, value));
    if let Some((pointer, value)) = missing {
        return Some(format!("{pointer} is not {value}"));
    }
    let word = step.never.iter().find(|word| reply.text.contains(word.as_str()));
    word.map(|word| format!("the answer holds {word:?}"))
}
