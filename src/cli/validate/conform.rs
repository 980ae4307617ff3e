//! `klero conform`: does a service keep what the published interface promises? One table of requests, shared with
//! `klero validate`, against a running test installation at an address; then every answer is looked through.

use super::given::{SCRIPT_BYTES_MAX, Script};
use super::ground::said;
use super::script::{self, Asked, Kept, Sent};
use super::{Came, Tested};
use crate::cli::client::Client;
use crate::cli::failure::{Done, Exit, Failure, ending};
use crate::cli::files::read_secret;
use crate::cli::stage::Reply;
use crate::dice::{SystemDice, roll};
use crate::refusal::Code;
use crate::sealing::bytes::{Hash, hex, unhex_array};
use crate::sealing::checkpoint::{Checkpoint, TrailKey};
use crate::sealing::tree::{consistent, leaf_hash, root_from_path};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// What is asked, in order, and what must come back.
const PROMISES: &str = include_str!("../../../deploy/conformance/promises.json");

/// Ask a running test installation whether it keeps the promises of the published interface
///
/// Enters two invented participants and uses up one code: a live trial is refused. The table of what is asked is
/// deploy/conformance/promises.json; the file of people is described beside it.
#[derive(Args)]
#[command(after_help = ending([
    "klero conform --server http://127.0.0.1:8787 people.json",
    "klero conform --server http://127.0.0.1:8787 people.json --json",
    "klero conform --server http://127.0.0.1:18787 people.json",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotAllowed, Exit::NotVerified]))]
pub struct Conform {
    /// The service: https, or plain on its own host or through a tunnel
    #[arg(long, value_name = "URL")]
    server: String,
    /// A file of mode 0600: accounts, two free numbers, answers of somebody eligible, words for the arms
    #[arg(value_name = "FILE")]
    people: PathBuf,
}

/// Who asks, and with what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// By role: a coordinator and an investigator of the centre, and a monitor.
    people: BTreeMap<String, Account>,
    centre: String,
    /// Enrolment numbers that are free.
    numbers: [String; 2],
    /// Answers of somebody eligible; `{number}` is put in.
    answers: Map<String, Value>,
    /// Words that no blinded answer may hold.
    arms: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    name: String,
    password: Zeroizing<String>,
}

/// A service at an address, with sessions of everybody who asks.
struct Elsewhere {
    client: Client,
    people: BTreeMap<String, (Account, Zeroizing<String>)>,
}

impl Conform {
    /// Asks, and looks through the answers.
    ///
    /// # Errors
    /// 20 when a promise was not kept; 18 for a live trial.
    pub fn run(self) -> Result<Done, Failure> {
        let written = self.read()?;
        let kept = given(&written);
        let client = Client::to(&self.server)?;
        let mut people = BTreeMap::new();
        for (role, account) in written.people {
            let bearer = client.sign_in(&account.name, &account.password)?;
            people.insert(role, (account, bearer));
        }
        let service = Elsewhere { client, people };
        let tested = service.is_for_tests().map(|()| tests(&service, kept, &written.arms));
        service.sign_out();
        told(&self.server, &tested?)
    }

    fn read(&self) -> Result<Written, Failure> {
        let text = read_secret(&self.people, SCRIPT_BYTES_MAX)?;
        let wrong = |why: &str| {
            let what = format!("{} is no file of people that can be used", self.people.display());
            let next = "compare its form with deploy/conformance/README.md";
            Failure::new(Exit::Unreadable, "people-unreadable", what, next).because(why)
        };
        let written: Written =
            serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
        for role in ["coordinator", "investigator", "monitor"] {
            if !written.people.contains_key(role) {
                return Err(wrong(&format!("it names no {role}")));
            }
        }
        Ok(written)
    }
}

/// What the table's requests are filled with.
fn given(written: &Written) -> Kept {
    let mut kept: Kept = [("centre".to_owned(), json!(written.centre))].into();
    for (at, number) in (1..).zip(&written.numbers) {
        let text = Value::Object(written.answers.clone()).to_string().replace("{number}", number);
        let answers = serde_json::from_str(&text).unwrap_or_default();
        kept.insert(format!("answers-{at}"), answers);
        kept.insert(format!("number-{at}"), json!(number));
    }
    kept
}

impl Elsewhere {
    fn of(&self, who: &str) -> Result<&(Account, Zeroizing<String>), String> {
        self.people.get(who).ok_or_else(|| format!("nobody is called {who}"))
    }

    /// A live trial's codes are for its participants.
    fn is_for_tests(&self) -> Result<(), Failure> {
        let answer = self
            .people
            .get("coordinator")
            .map(|(_, bearer)| self.client.get_as("/v1/trial", bearer));
        let purpose = answer.transpose()?.map(|answer| answer.text_at("/purpose").to_owned());
        match purpose.as_deref() {
            Some("training") => Ok(()),
            _ => {
                let what = "this service does not say that it is for training";
                let next = "ask a test installation: the kit enters people and uses up a code";
                Err(Failure::new(Exit::NotAllowed, "not-for-tests", what, next))
            }
        }
    }

    fn sign_out(&self) {
        self.people.values().for_each(|(_, bearer)| self.client.leave(bearer));
    }
}

impl Asked for Elsewhere {
    fn ask(&self, sent: &Sent<'_>) -> Result<Reply, String> {
        let bearer = match sent.who {
            "nobody" => None,
            who => Some(self.of(who)?.1.as_str()),
        };
        let new = || format!("conform-{}", hex(&roll::<16>(&SystemDice::default())));
        let key = sent.key.map_or_else(new, str::to_owned);
        let mut headers: Vec<(&str, &str)> = vec![];
        headers.extend(bearer.map(|bearer| ("authorization", bearer)));
        let answer = match sent.body {
            None => self.client.get(sent.path, &headers),
            Some(body) => {
                headers.push(("content-type", "application/json"));
                if !key.is_empty() {
                    headers.push(("idempotency-key", &key));
                }
                self.client.post(sent.path, &headers, body.to_string())
            }
        };
        let answer = answer.map_err(|failure| failure.to_string())?;
        let (status, text, body) = (answer.status, answer.text, answer.body);
        Ok(Reply { status, headers: vec![], text, body })
    }

    fn signature(&self, who: &str, act: &str) -> Result<Value, String> {
        let trial =
            self.ask(&Sent { who, method: "GET", path: "/v1/trial", key: None, body: None })?;
        let meaning = trial.body["meanings"][act]["en"].clone();
        Ok(json!({"password": self.of(who)?.0.password.as_str(), "meaning": meaning}))
    }
}

/// A service, and all that it answered.
struct Heard<'s> {
    service: &'s dyn Asked,
    replies: RefCell<Vec<Reply>>,
}

impl Asked for Heard<'_> {
    fn ask(&self, sent: &Sent<'_>) -> Result<Reply, String> {
        let reply = self.service.ask(sent)?;
        self.replies.borrow_mut().push(reply.clone());
        Ok(reply)
    }

    fn signature(&self, who: &str, act: &str) -> Result<Value, String> {
        self.service.signature(who, act)
    }
}

impl Heard<'_> {
    fn read(&self, path: &str) -> Result<Reply, String> {
        let sent = Sent { who: "monitor", method: "GET", path, key: None, body: None };
        let reply = self.ask(&sent)?;
        if reply.status == 200 { Ok(reply) } else { Err(format!("{path}: {}", said(&reply))) }
    }

    fn key(&self) -> Result<TrailKey, String> {
        let public = self.read("/v1/commitment")?;
        TrailKey::parse(public.text_at("trailKey")).map_err(|error| error.to_string())
    }

    fn latest(&self) -> Result<Checkpoint, String> {
        let note = self.read("/v1/checkpoints/latest")?;
        self.key()?.check(note.text_at("checkpoint")).map_err(|error| error.to_string())
    }
}

/// Plays the table, and looks through every answer that came.
pub fn tests(service: &dyn Asked, given: Kept, arms: &[String]) -> Vec<Tested> {
    let heard = Heard { service, replies: RefCell::default() };
    let before = heard.latest();
    let mut kept = given;
    kept.insert("run".to_owned(), json!(hex(&roll::<16>(&SystemDice::default()))));
    let scripts: Vec<Script> =
        serde_json::from_str(PROMISES).expect("the table was read by a test before it was shipped");
    let scripts = (1..).zip(&scripts);
    let mut tested: Vec<Tested> = scripts
        .map(|(number, script)| script::run(&heard, format!("PR-{number:02}"), script, &mut kept))
        .collect();
    let found = [
        (
            "I6, I7",
            "every receipt is verified offline, under the published key",
            "each entry is in the tree that its checkpoint signs",
            receipts(&heard),
        ),
        (
            "I7, AT-14",
            "the checkpoint of the end is held against that of the beginning",
            "the trail only grew",
            before.and_then(|before| grown(&heard, &before)),
        ),
        (
            "VA-3",
            "the code of every refusal is looked up",
            "in the interface's list",
            refusals(&heard),
        ),
        ("I1, I2", "every answer is searched for the arms' words", "none", unnamed(&heard, arms)),
    ];
    for (number, (shows, does, expects, came)) in (tested.len() + 1..).zip(found) {
        tested.push(Tested {
            id: format!("PR-{number:02}"),
            shows: shows.split(", ").map(str::to_owned).collect(),
            does: does.to_owned(),
            expects: expects.to_owned(),
            came,
        });
    }
    tested
}

fn receipts(heard: &Heard<'_>) -> Came {
    let key = heard.key()?;
    let replies = heard.replies.borrow();
    let all: Vec<&Value> = replies.iter().filter_map(|reply| reply.body.get("receipt")).collect();
    for receipt in &all {
        let text = |name: &str| receipt[name].as_str().unwrap_or_default();
        let index = receipt["index"].as_u64().ok_or("a receipt without a number")?;
        let head = key.check(text("checkpoint")).map_err(|error| error.to_string())?;
        let path = hashes(&receipt["proof"])?;
        let root = root_from_path(&leaf_hash(text("entry").as_bytes()), index, head.size, &path);
        if root != Some(head.root) {
            return Err(format!("the receipt of entry {index} does not verify"));
        }
    }
    if all.is_empty() {
        Err("no receipt came".to_owned())
    } else {
        Ok(format!("{} receipts", all.len()))
    }
}

fn hashes(proof: &Value) -> Result<Vec<Hash>, String> {
    let nodes = proof.as_array().cloned().unwrap_or_default();
    let node = |node: &Value| node.as_str().and_then(unhex_array).ok_or("a proof of another form");
    Ok(nodes.iter().map(node).collect::<Result<_, _>>()?)
}

fn grown(heard: &Heard<'_>, before: &Checkpoint) -> Came {
    let now = heard.latest()?;
    let path = format!("/v1/checkpoints/consistency?from={}&to={}", before.size, now.size);
    let proof = hashes(&heard.read(&path)?.body["proof"])?;
    let fits = consistent(before.size, &before.root, now.size, &now.root, &proof);
    let told = format!("{} entries, then {}", before.size, now.size);
    if fits && before.size < now.size { Ok(told) } else { Err(told) }
}

fn refusals(heard: &Heard<'_>) -> Came {
    let replies = heard.replies.borrow();
    let all: Vec<&Reply> = replies.iter().filter(|reply| reply.status >= 400).collect();
    let odd = all.iter().find(|reply| Code::parse(reply.text_at("code")).is_none());
    match odd {
        Some(odd) => Err(said(odd)),
        None => Ok(format!("{} refusals", all.len())),
    }
}

/// The public commitment names the arms, as it must; nothing else does.
fn unnamed(heard: &Heard<'_>, arms: &[String]) -> Came {
    let replies = heard.replies.borrow();
    let searched: Vec<&Reply> =
        replies.iter().filter(|reply| reply.body.get("manifest").is_none()).collect();
    let names = |reply: &&&Reply| {
        let text = reply.text.to_lowercase();
        arms.iter().any(|arm| text.contains(&arm.to_lowercase()))
    };
    match searched.iter().filter(names).count() {
        0 if arms.is_empty() => Err("no word was given to search for".to_owned()),
        0 => Ok(format!("{} answers", searched.len())),
        count => Err(format!("{count} of {} answers", searched.len())),
    }
}

fn told(server: &str, tested: &[Tested]) -> Result<Done, Failure> {
    let line = |test: &Tested| match &test.came {
        Ok(came) => format!("ok    {}  {}: {came}\n", test.id, test.does),
        Err(came) => {
            format!("FAIL  {}  {}: {came}; expected: {}\n", test.id, test.does, test.expects)
        }
    };
    let mut text: String = tested.iter().map(line).collect();
    let kept = tested.iter().filter(|test| test.came.is_ok()).count();
    text.push_str(&format!("{kept} of {} promises kept by {server}", tested.len()));
    let each = |test: &Tested| {
        let evidence = test.came.as_ref().unwrap_or_else(|why| why);
        json!({"id": test.id, "shows": test.shows, "does": test.does, "expects": test.expects,
               "kept": test.came.is_ok(), "evidence": evidence})
    };
    let all: Vec<Value> = tested.iter().map(each).collect();
    let done =
        Done::new(text, json!({"server": server, "kept": kept, "of": all.len(), "promises": all}));
    if kept == tested.len() {
        return Ok(done);
    }
    let what = format!("{} of {} promises were not kept", tested.len() - kept, tested.len());
    let next =
        "read what came instead; a client cannot rely on this service before each is explained";
    Err(Failure::new(Exit::NotVerified, "does-not-conform", what, next).having_found(done))
}

#[cfg(test)]
mod tests_of_the_table {
    use super::{PROMISES, Script};

    // shows: VA-3
    #[test]
    fn the_shipped_table_can_be_read_and_every_step_says_what_must_come() {
        let all: Vec<Script> = serde_json::from_str(PROMISES).unwrap();
        assert!(
            all.len() >= 7 && all.iter().all(|one| !one.steps.is_empty() && !one.shows.is_empty())
        );
    }
}
