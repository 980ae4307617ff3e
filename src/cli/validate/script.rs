//! Acceptance scripts of the user's own (AQ): requests one after the other, and what must come back.

use super::given::{Script, Step};
use super::ground::{Ground, said};
use super::{Came, Tested};
use crate::cli::stage::{Reply, signature};
use serde_json::Value;
use std::collections::BTreeMap;

/// Plays a script. It stops at the first answer that is not as expected.
pub fn run(ground: &Ground, at: usize, script: &Script) -> Tested {
    Tested {
        id: format!("AQ-{:02}", at + 1),
        shows: script.shows.clone(),
        does: script.name.clone(),
        expects: format!("{} answers as the script says", script.steps.len()),
        came: played(ground, script),
    }
}

fn played(ground: &Ground, script: &Script) -> Came {
    let mut kept = BTreeMap::new();
    let mut told = vec![];
    for (number, step) in (1..).zip(&script.steps) {
        let reply = send(ground, step, &kept)?;
        if let Some(why) = differs(step, &reply) {
            return Err(format!("step {number}, {} {}: {why}", step.method, step.path));
        }
        for (name, pointer) in &step.keep {
            let value = reply
                .body
                .pointer(pointer)
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let value =
                value.ok_or_else(|| format!("step {number}: the answer has no {pointer}"))?;
            kept.insert(name.clone(), value);
        }
        told.push(said(&reply));
    }
    Ok(told.join(", "))
}

fn send(ground: &Ground, step: &Step, kept: &BTreeMap<String, String>) -> Result<Reply, String> {
    let path = put(&step.path, kept);
    let mut body = step.body.as_ref().map(|body| put_in(body, kept));
    if let Some(act) = &step.sign {
        let body = body.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
        body["signature"] = signature(&step.who, act);
    }
    if step.who == "nobody" {
        return Ok(ground.stage.send(&step.method, &path, &[], body.as_ref()));
    }
    if !ground.stage.knows(&step.who) {
        return Err(format!("nobody is called {}", step.who));
    }
    match body {
        Some(body) => Ok(ground.stage.act(&step.who, &step.method, &path, body)),
        None => Ok(ground.stage.get(&step.who, &path)),
    }
}

/// Kept values take the place of their names in braces.
fn put(text: &str, kept: &BTreeMap<String, String>) -> String {
    kept.iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn put_in(value: &Value, kept: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => put(text, kept).into(),
        Value::Array(all) => all.iter().map(|one| put_in(one, kept)).collect(),
        Value::Object(all) => {
            all.iter().map(|(name, one)| (name.clone(), put_in(one, kept))).collect()
        }
        other => other.clone(),
    }
}

/// Why an answer is not the expected one. Values that came are not repeated: an answer may hold persons.
fn differs(step: &Step, reply: &Reply) -> Option<String> {
    if reply.status != step.status {
        return Some(format!("{}, not {}", said(reply), step.status));
    }
    let missing =
        step.holds.iter().find(|(pointer, value)| reply.body.pointer(pointer) != Some(value));
    if let Some((pointer, value)) = missing {
        return Some(format!("{pointer} is not {value}"));
    }
    let word = step.never.iter().find(|word| reply.text.contains(word.as_str()));
    word.map(|word| format!("the answer holds {word:?}"))
}
