//! The long story of a made-up trial, told over HTTP one request after the other, with a clock that moves by the same
//! steps every time it is told. Two tests tell it: one to two worlds, one to a trial whose arms have odd names.

#![allow(dead_code, reason = "each of the two test programs uses its own part")]

mod accounts;
pub mod acts;
mod changes;
mod drills;
mod follow;
mod life;
pub mod log;
mod notices;
mod offline;
mod pages;
mod pharmacy;
pub mod read;
pub mod sign_on;

use klero::cli::stage::{Play, Stage, cast, password};
use klero::clock::FixedClock;
use klero::domain::ids::{CentreId, Code, PersonId, StratumId};
use klero::http;
use klero::sealing::bytes::{hex, unhex, unhex_array};
use klero::sealing::centre_key::CentreKey;
use klero::sealing::identity::Identity;
use klero::sealing::open::{open, open_with};
use klero::sealing::passed::take_key;
use klero::sealing::signature::Purpose;
use klero::sealing::signature::receipt_text;
use klero::sealing::slot::{LeafPath, PassedKey, Place, SealedArm, Wrap};
use klero::sealing::tree::leaf_hash;
use klero::sealing::wrap::{WrapPlace, unwrap};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// The seed of list, keys and service.
pub const SEED: u64 = 1889;

/// One request with its whole answer.
#[derive(Debug, Clone)]
pub struct Told {
    /// Who asked; `nobody` is not signed in.
    pub who: String,
    /// The method, and the address as the table of routes has it.
    pub route: String,
    /// The address.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The headers, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub text: String,
}

impl Told {
    /// The body as JSON.
    pub fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

/// A stage, what was told on it, and what its holders opened at home.
pub struct World {
    /// The service with its people.
    pub stage: Stage,
    /// Its folder, removed at the end.
    pub folder: PathBuf,
    /// Every answer, in order.
    pub told: Vec<Told>,
    /// What holders opened on their own devices: code and arm.
    pub opened: Vec<(String, String)>,
    /// References of participants by enrolment number.
    pub references: BTreeMap<String, String>,
    /// References of begun forms; one of them is nobody's.
    pub drafts: Vec<String>,
    /// The references of the code breaks.
    pub breaks: Vec<String>,
    /// Preparations that wait to be handed over: by whom, and the release.
    pub prepared: Vec<(String, String)>,
    sealed_records: u64,
    clock: Arc<FixedClock>,
    tokens: BTreeMap<String, String>,
}

impl World {
    /// Raises a stage in a folder of its own. Lists are four slots a stratum, so that one of them runs out.
    pub fn raise(name: &str, trial: Option<String>, mirrored: bool) -> Self {
        let folder = std::env::temp_dir().join(format!("klero-{name}-{}", std::process::id()));
        // Left behind by a run that was killed.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
        let (mut play, clock) = Play::quick(folder.join("service"), SEED);
        play.slots = 4;
        play.mirrored = mirrored;
        if let Some(trial) = trial {
            play.trial = trial;
        }
        let stage = Stage::raise(play);
        let tokens = cast().into_iter().map(|(id, ..)| (id.clone(), stage.token(&id).to_owned()));
        let tokens = tokens.collect();
        let (told, opened, references) = (vec![], vec![], BTreeMap::new());
        let (drafts, breaks) = (vec!["K7Q29MXT".to_owned()], vec!["K7Q29MXT".to_owned()]);
        let (prepared, sealed_records) = (vec![], 0);
        Self {
            stage,
            folder,
            told,
            opened,
            references,
            drafts,
            breaks,
            prepared,
            sealed_records,
            clock,
            tokens,
        }
    }

    /// Time goes by, here as in every world.
    pub fn wait(&self, seconds: i64) {
        self.clock.step(seconds);
    }

    /// Sends a request and keeps the answer.
    pub fn send(
        &mut self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Told {
        let bearer = self.tokens.get(who).map(|token| format!("Bearer {token}"));
        let mut all = headers.to_vec();
        if let Some(bearer) = &bearer {
            all.push(("authorization", bearer));
        }
        self.send_as_is(who, method, path, &all, body)
    }

    /// The same with these headers alone.
    pub fn send_as_is(
        &mut self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Told {
        let mut reply = self.stage.send(method, path, headers, body);
        // Whether a connection is kept is the machine's own affair, and differs under load.
        reply.headers.retain(|(name, _)| name != "connection");
        let told = Told {
            who: who.to_owned(),
            route: route(method, path),
            path: path.to_owned(),
            status: reply.status,
            headers: reply.headers,
            text: reply.text,
        };
        self.told.push(told.clone());
        told
    }

    /// Reads from the port of operations.
    pub fn operate(&mut self, path: &str) {
        let mut reply = self.stage.operate(path);
        reply.headers.retain(|(name, _)| name != "connection");
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        self.told.push(Told {
            who: "nobody".to_owned(),
            route: format!("GET {path}"),
            path: path.to_owned(),
            status: reply.status,
            headers: reply.headers,
            text: reply.text,
        });
    }

    /// Acts under a new key, and holds the status.
    pub fn act(&mut self, who: &str, path: &str, body: Value, status: u16) -> Value {
        let key = self.stage.new_key();
        self.act_once(who, path, &key, body, status)
    }

    /// Acts under this key, and holds the status.
    pub fn act_once(
        &mut self,
        who: &str,
        path: &str,
        key: &str,
        body: Value,
        status: u16,
    ) -> Value {
        self.wait(1);
        let told = self.send(who, "POST", path, &[("idempotency-key", key)], Some(&body));
        assert_eq!(told.status, status, "{who} {path} {body}: {}", told.text);
        told.body()
    }

    /// Signs somebody in anew.
    pub fn sign_in(&mut self, who: &str) {
        let body = json!({"name": who, "password": password(who)});
        let told = self.send("nobody", "POST", "/v1/sessions", &[], Some(&body));
        assert_eq!(told.status, 201, "{}", told.text);
        let token = told.body()["token"].as_str().unwrap_or_default().to_owned();
        self.tokens.insert(who.to_owned(), token);
    }

    /// Days go by; everybody who may comes back and signs in.
    pub fn days_later(&mut self, days: i64) {
        self.hours_later(days * 24);
    }

    /// Whoever was signed in comes back.
    pub fn hours_later(&mut self, hours: i64) {
        self.wait(hours * 60 * 60);
        for who in self.tokens.keys().cloned().collect::<Vec<_>>() {
            self.sign_in(&who);
        }
    }

    /// Somebody does not come back.
    pub fn gone(&mut self, who: &str) {
        self.tokens.remove(who);
    }

    /// What opens a release on the holder's own device: the place, the sealed arm, the centre key.
    pub fn parts(&self, who: &str, release: &Value) -> (Place, SealedArm, CentreKey, LeafPath) {
        let manifest = &self.stage.study.manifest.manifest;
        let (slot, wrapped) = (&release["slot"], &release["wrap"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let number = |value: &Value| value.as_u64().unwrap_or_default() as u32;
        let bytes = |value: &Value| unhex(&text(value)).expect("bytes travel as hexadecimal");
        let place = Place {
            trial: manifest.trial.clone(),
            segment: number(&slot["segment"]),
            stratum: StratumId::parse(&text(&slot["stratum"])).expect("an id"),
            position: number(&slot["position"]),
            code: Code::parse(&text(&slot["code"])).expect("a code"),
            epoch: number(&slot["epoch"]),
        };
        let at = WrapPlace {
            trial: manifest.trial.clone(),
            centre: CentreId::parse(&text(&wrapped["centre"])).expect("an id"),
            epoch: number(&wrapped["epoch"]),
            person: PersonId::parse(&text(&wrapped["person"])).expect("an id"),
        };
        let hashes = slot["leafPath"]["path"].as_array().cloned().unwrap_or_default();
        let hash = |value: &Value| unhex_array(&text(value)).expect("a hash");
        let path = LeafPath {
            index: slot["leafPath"]["index"].as_u64().unwrap_or_default(),
            size: slot["leafPath"]["size"].as_u64().unwrap_or_default(),
            path: hashes.iter().map(hash).collect(),
        };
        let sealed = SealedArm::from_bytes(&bytes(&slot["sealed"])).expect("92 bytes");
        let wrap = Wrap::from_bytes(&bytes(&wrapped["wrap"])).expect("113 bytes");
        let key = unwrap(&wrap, &at, self.identity(who).opening()).expect("wrapped to the holder");
        (place, sealed, key, path)
    }

    /// Somebody's identity, on the holder's own device.
    pub fn identity(&self, who: &str) -> &Identity {
        &self.stage.identities[who]
    }

    /// Opens a release at home, and sends the opening receipt.
    pub fn open_and_confirm(&mut self, who: &str, release: &Value) {
        let (place, sealed, key, path) = self.parts(who, release);
        let manifest = &self.stage.study.manifest.manifest;
        let passed = &release["passed"];
        let arm = match passed["sealed"].as_str() {
            None => open(&sealed, &place, &key, &path, manifest).expect("the release opens"),
            Some(sealed_key) => {
                let bytes = unhex(sealed_key).and_then(|bytes| PassedKey::from_bytes(&bytes));
                let to = CentreId::parse(passed["centre"].as_str().unwrap_or_default());
                let epoch = passed["epoch"].as_u64().unwrap_or_default() as u32;
                let new = (&key, &to.expect("a centre"), epoch);
                let own = take_key(&bytes.expect("60 bytes"), &place, new).expect("passed on");
                open_with(&sealed, &place, &own, &path, manifest).expect("the release opens")
            }
        };
        let arm = arm.name(manifest).to_owned();
        assert_eq!(arm, self.arms()[&place.code.to_string()], "as the list has it");
        self.opened.push((place.code.to_string(), arm));
        self.confirm(who, release, who, 200);
    }

    /// Sends an opening receipt that `signer` signed.
    pub fn confirm(&mut self, who: &str, release: &Value, signer: &str, status: u16) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (reference, line) = (text(&release["reference"]), text(&release["receipt"]["entry"]));
        let (entry, at) = (hex(&leaf_hash(line.as_bytes())), "2026-11-21T02:00:00.000Z");
        let said = receipt_text(&reference, &entry, true, at);
        let signature = self.identity(signer).sign(Purpose::Receipt, said.as_bytes());
        let body = json!({"reference": reference, "fits": true, "at": at,
                          "signature": hex(&signature)});
        let place = if text(&release["purpose"]) == "break" { "breaks" } else { "preparations" };
        self.act(who, &format!("/v1/{place}/{reference}/opened"), body, status);
    }

    /// Ends the service, and waits until its log is folded into the database: only then is the file's size its own.
    pub fn end(&mut self) {
        self.stage.strike();
        let database =
            Connection::open(self.stage.folder.database()).expect("the database is there");
        database.busy_timeout(Duration::from_secs(30)).expect("a time to wait");
        let folded = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy = database.query_row(folded, [], |row| row.get::<_, i64>(0));
        assert_eq!(busy, Ok(0), "the log is folded in");
    }

    /// What the list says of every code: known on the statistician's machine alone.
    pub fn arms(&self) -> BTreeMap<String, String> {
        let study = &self.stage.study;
        let manifest = &study.manifest.manifest;
        let rows = study.list.rows().iter();
        rows.map(|row| (row.code.to_string(), row.arm.name(manifest).to_owned())).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stage.strike();
        // Nothing is kept; what could not be removed is in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The addresses of all routes, then of all pages. Worked out once: the table describes each route whole.
static PATHS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let pages = klero::web::pages().all;
    let table = http::table();
    table
        .routes()
        .iter()
        .map(|route| route.path)
        .chain(pages.iter().map(|page| page.path))
        .collect()
});

/// The method and the row of the table of routes that an address belongs to; the address itself if it has none.
pub fn route(method: &str, path: &str) -> String {
    let plain = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        let (wanted, given) = (template.split('/'), plain.split('/'));
        let alike = wanted.clone().count() == given.clone().count();
        alike && wanted.zip(given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
    };
    // A plain part of an address comes before a variable one.
    let exact = PATHS.iter().find(|path| **path == plain);
    let found = exact.or_else(|| PATHS.iter().find(|path| fits(path)));
    format!("{method} {}", found.unwrap_or(&"(none)"))
}
