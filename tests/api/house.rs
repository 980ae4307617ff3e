//! A raised stage with a clock to move, and what every test asks of it: which entries were left, and that every answer
//! is one the table of routes declares.

use klero::cli::stage::{Play, Reply, Stage, password};
use klero::clock::FixedClock;
use klero::http::openapi;
use klero::http::routes::{Route, Table};
use klero::refusal::Code;
use klero::sealing::arm::Arm;
use klero::sealing::bytes::{hex, unhex, unhex_array};
use klero::sealing::checkpoint::{Checkpoint, TrailKey};
use klero::sealing::identity::Identity;
use klero::sealing::manifest::{ListPurpose, Manifest};
use klero::sealing::open::{NotProven, open, open_with};
use klero::sealing::passed::take_key;
use klero::sealing::signature::Purpose;
use klero::sealing::signature::receipt_text;
use klero::sealing::slot::{LeafPath, PassedKey, Place, SealedArm, Wrap};
use klero::sealing::tree;
use klero::sealing::wrap::{WrapPlace, unwrap};
use klero::store::StoreError;
use serde_json::{Value, json};
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

static TABLE: LazyLock<Table> = LazyLock::new(klero::http::table);
static SEED: AtomicU64 = AtomicU64::new(1);

/// A stage whose entries are counted from the moment everything was ready.
pub struct House {
    pub stage: Stage,
    pub clock: Arc<FixedClock>,
    folder: PathBuf,
    /// Entries before this one were named.
    named: Cell<u64>,
}

impl House {
    pub fn raise() -> Self {
        Self::raise_with(|_| {})
    }

    /// Raises a stage on which nothing is approved or open yet.
    pub fn raise_unopened() -> Self {
        Self::raise_by(Stage::raise_unopened, |_| {})
    }

    /// Raises a live service, where nothing is approved or open yet; every decision is answered.
    pub fn raise_live() -> Self {
        Self::raise_unopened_with(|play| {
            play.purpose = ListPurpose::Live;
            play.trial = decided(&play.trial);
        })
    }

    /// Raises a live service whose trial file leaves decisions open. It has no list: none is imported before they are answered.
    pub fn raise_live_undecided() -> Self {
        Self::raise_by(Stage::raise_unlisted, |play| play.purpose = ListPurpose::Live)
    }

    /// The same as unopened, from a play that was altered.
    pub fn raise_unopened_with(alter: impl FnOnce(&mut Play)) -> Self {
        Self::raise_by(Stage::raise_unopened, alter)
    }

    /// Raises a stage from a play that was altered.
    pub fn raise_with(alter: impl FnOnce(&mut Play)) -> Self {
        Self::raise_by(Stage::raise, alter)
    }

    fn raise_by(raise: impl FnOnce(Play) -> Stage, alter: impl FnOnce(&mut Play)) -> Self {
        let seed = SEED.fetch_add(1, Ordering::SeqCst);
        let name = format!("klero-api-{}-{seed}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        let (mut play, clock) = Play::quick(folder.clone(), seed);
        alter(&mut play);
        let house = Self { stage: raise(play), clock, folder, named: Cell::new(0) };
        house.so_far();
        house
    }

    fn size(&self) -> u64 {
        self.stage
            .house()
            .store
            .read(|view| Ok::<_, StoreError>(view.trail_size().unwrap()))
            .unwrap()
    }

    /// Everything up to here was arrangement: only later entries have to be named.
    pub fn so_far(&self) {
        self.named.set(self.size());
    }

    /// The entries since the last time somebody asked, as JSON.
    pub fn entries(&self) -> Vec<Value> {
        let (from, size) = (self.named.get(), self.size());
        self.named.set(size);
        let lines = self.stage.house().store.read(|view| {
            let lines = (from..size).map(|seq| view.line(seq).unwrap().unwrap());
            Ok::<_, StoreError>(lines.collect::<Vec<_>>())
        });
        lines.unwrap().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The acts of the entries that were left since the last time somebody asked, in order. A refusal is written as
    /// `refused CODE`.
    #[track_caller]
    pub fn trail_is<const N: usize>(&self, acts: [&str; N]) {
        let left: Vec<String> = self.entries().iter().map(word).collect();
        assert_eq!(left, acts);
    }

    #[track_caller]
    pub fn get(&self, who: &str, path: &str) -> Reply {
        declared("GET", path, None, self.stage.get(who, path))
    }

    /// Acts under a new key.
    #[track_caller]
    pub fn act(&self, who: &str, method: &str, path: &str, body: Value) -> Reply {
        self.act_once(who, method, path, &self.stage.new_key(), body)
    }

    #[track_caller]
    pub fn post(&self, who: &str, path: &str, body: Value) -> Reply {
        self.act(who, "POST", path, body)
    }

    #[track_caller]
    pub fn act_once(&self, who: &str, method: &str, path: &str, key: &str, body: Value) -> Reply {
        let reply = self.stage.act_once(who, method, path, key, body.clone());
        declared(method, path, Some(&body), reply)
    }

    /// Sends with these headers and no others.
    #[track_caller]
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        declared(method, path, body, self.stage.send(method, path, headers, body))
    }

    /// Sends bytes that need not be JSON.
    #[track_caller]
    pub fn send_raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let request = ureq::http::Request::builder().method(method);
        let mut request = request.uri(format!("{}{path}", self.stage.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.run(request.body(body).unwrap()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
        };
        let reply = Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().iter().map(header).collect(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        };
        declared(method, path, None, reply)
    }

    /// Acts with an idempotency key and a version of the record.
    #[track_caller]
    pub fn edit(&self, who: &str, path: &str, version: &str, body: Value) -> Reply {
        let key = self.stage.new_key();
        let bearer = format!("Bearer {}", self.stage.token(who));
        let tag = format!("\"{version}\"");
        let headers =
            [("authorization", bearer.as_str()), ("idempotency-key", &key), ("if-match", &tag)];
        self.send("PATCH", path, &headers, Some(&body))
    }

    /// Tries to sign in.
    #[track_caller]
    pub fn try_sign_in(&self, name: &str, password: &str) -> Reply {
        let body = json!({"name": name, "password": password});
        self.send("POST", "/v1/sessions", &[], Some(&body))
    }

    /// The key that every checkpoint is signed with, from the public commitment.
    pub fn trail_key(&self) -> TrailKey {
        let commitment = self.send("GET", "/v1/commitment", &[], None);
        TrailKey::parse(commitment.text_at("trailKey")).unwrap()
    }

    /// Checks line, proof and checkpoint of a receipt, and gives the line and the checkpoint.
    #[track_caller]
    pub fn check_receipt(&self, receipt: &Value) -> (Value, Checkpoint) {
        let line = receipt["entry"].as_str().unwrap();
        let checkpoint = receipt["checkpoint"].as_str().unwrap();
        let checkpoint = self.trail_key().check(checkpoint).unwrap();
        let leaf = tree::leaf_hash(line.as_bytes());
        let index = receipt["index"].as_u64().unwrap();
        let root = tree::root_from_path(&leaf, index, checkpoint.size, &hashes(&receipt["proof"]));
        assert_eq!(root, Some(checkpoint.root), "the line is not under its checkpoint");
        let said: Value = serde_json::from_str(line).unwrap();
        assert_eq!(said["seq"], index);
        (said, checkpoint)
    }

    pub fn pinned(&self) -> &Manifest {
        &self.stage.study.manifest.manifest
    }

    /// The arm that the statistician's list has for a code: what no answer of the service may tell.
    pub fn drawn(&self, code: &str) -> String {
        let list = &self.stage.study.list;
        let row = list.rows().iter().find(|row| row.code.to_string() == code).unwrap();
        row.arm.name(self.pinned()).to_owned()
    }

    /// Opens a release on the holder's device, and proves it.
    pub fn open(&self, release: &Value, identity: &Identity) -> Result<String, NotProven> {
        let slot = &release["slot"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
        let trial = self.stage.house().trial.id.clone();
        let place = Place {
            trial: trial.clone(),
            segment: number(&slot["segment"]),
            stratum: klero::domain::ids::StratumId::parse(&text(&slot["stratum"])).unwrap(),
            position: number(&slot["position"]),
            code: klero::domain::ids::Code::parse(&text(&slot["code"])).unwrap(),
            epoch: number(&slot["epoch"]),
        };
        let path = LeafPath {
            index: slot["leafPath"]["index"].as_u64().unwrap(),
            size: slot["leafPath"]["size"].as_u64().unwrap(),
            path: hashes(&slot["leafPath"]["path"]),
        };
        let wrapped = &release["wrap"];
        let at = WrapPlace {
            trial,
            centre: klero::domain::ids::CentreId::parse(&text(&wrapped["centre"])).unwrap(),
            epoch: number(&wrapped["epoch"]),
            person: identity.card().person.clone(),
        };
        assert_eq!(wrapped["person"], at.person.as_str());
        let wrap = Wrap::from_bytes(&unhex(&text(&wrapped["wrap"])).unwrap()).unwrap();
        let key = unwrap(&wrap, &at, identity.opening()).map_err(|_| NotProven::DoesNotOpen)?;
        let sealed = SealedArm::from_bytes(&unhex(&text(&slot["sealed"])).unwrap()).unwrap();
        let arm: Arm = if release["passed"].is_null() {
            open(&sealed, &place, &key, &path, self.pinned())?
        } else {
            let passed = unhex(&text(&release["passed"]["sealed"])).unwrap();
            let passed = PassedKey::from_bytes(&passed).unwrap();
            let own = take_key(&passed, &place, (&key, &at.centre, at.epoch));
            open_with(&sealed, &place, &own.ok_or(NotProven::DoesNotOpen)?, &path, self.pinned())?
        };
        Ok(arm.name(self.pinned()).to_owned())
    }

    /// What the holder's device sends back: the opening receipt, signed.
    pub fn opening_receipt(&self, release: &Value, identity: &Identity) -> Value {
        let reference = release["reference"].as_str().unwrap();
        let line = release["receipt"]["entry"].as_str().unwrap();
        let entry = hex(&tree::leaf_hash(line.as_bytes()));
        let at = "2026-11-21T01:02:03Z";
        let text = receipt_text(reference, &entry, true, at);
        let signature = hex(&identity.sign(Purpose::Receipt, text.as_bytes()));
        json!({"reference": reference, "fits": true, "at": at, "signature": signature})
    }

    /// A participant of a centre with a code, released for nothing yet: reference, enrolment number, code.
    pub fn randomised(&self, centre: usize, number: u32, lldas: bool) -> (String, String, String) {
        let reference = self.stage.screen_eligible(centre, number, lldas);
        let reply = self.stage.randomise(centre, &reference);
        assert_eq!(reply.status, 201, "{}", reply.text);
        let letters = klero::cli::stage::CENTRES[centre].1.to_uppercase();
        (reference, format!("{letters}-{number:03}"), reply.text_at("code").to_owned())
    }

    /// Invites somebody and takes up the invitation. The person can sign in afterwards.
    pub fn admit(&mut self, person: &str, role: &str, centres: &[&str]) {
        let body = json!({"person": person, "name": format!("Demo {person}"), "role": role,
                          "centres": centres});
        let invited = self.post("admin-1", "/v1/people", body);
        assert_eq!(invited.status, 201, "{}", invited.text);
        let body = json!({"token": invited.text_at("token"), "password": password(person)});
        let accepted = self.send("POST", "/v1/invitations/accept", &[], Some(&body));
        assert_eq!(accepted.status, 201, "{}", accepted.text);
        self.stage.sign_in(person);
    }
}

/// The trial file with every decision answered as training assumes it: a live list waits for that.
fn decided(trial: &str) -> String {
    let mut training = "";
    let answer = |line: &str, training: &str| match line {
        "answer = \"\"" => format!("answer = {training}"),
        "answered_by = \"\"" => "answered_by = \"Demo\"".to_owned(),
        "answered_on = \"\"" => "answered_on = \"2026-11-01\"".to_owned(),
        "document = \"\"" => "document = \"an invented letter\"".to_owned(),
        other => other.to_owned(),
    };
    let mut lines = vec![];
    for line in trial.lines() {
        training = line.strip_prefix("training = ").unwrap_or(training);
        lines.push(answer(line, training));
    }
    lines.join("\n") + "\n"
}

impl Drop for House {
    /// Every test leaves a trail that verifies, with tables that agree, and no entry that it did not name.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let unnamed: Vec<String> = self.entries().iter().map(word).collect();
            assert!(unnamed.is_empty(), "the test did not name {unnamed:?}");
            let checked = self.stage.folder.verify(true);
            assert!(checked.is_ok(), "{checked:?}");
        }
        self.stage.strike();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn word(entry: &Value) -> String {
    let act = entry["act"].as_str().unwrap();
    match entry["data"]["problem"].as_str() {
        Some(problem) => format!("{act} {problem}"),
        None => act.to_owned(),
    }
}

pub fn hashes(list: &Value) -> Vec<[u8; 32]> {
    let list = list.as_array().unwrap().iter();
    list.map(|hash| unhex_array(hash.as_str().unwrap()).unwrap()).collect()
}

/// The row of the table that answers this request.
fn route(method: &str, path: &str) -> Option<&'static Route> {
    let path = path.split('?').next().unwrap();
    let fits = |template: &str| {
        let (mut a, mut b) = (template.split('/'), path.split('/'));
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a == b || (a.starts_with('{') && !b.is_empty()) => {}
                _ => return false,
            }
        }
    };
    // A plain part of an address stands before a variable one, and an address is found before its method.
    let found = TABLE.routes().iter().find(|route| fits(route.path))?.path;
    let mut here = TABLE.routes().iter().filter(|route| route.path == found);
    here.find(|route| route.verb.as_str() == method)
}

/// Is this answer one that the table of routes declares for the request? And a refusal in the one form they have,
/// repeating nothing that was sent?
#[track_caller]
fn declared(method: &str, path: &str, sent: Option<&Value>, reply: Reply) -> Reply {
    let route = route(method, path);
    if reply.status < 400 {
        let route = route.expect("what is answered is in the table");
        let given = route.page || route.gives.iter().any(|given| given.status == reply.status);
        assert!(given, "{method} {path} does not declare {}", reply.status);
        return reply;
    }
    let kind = reply.headers.iter().find(|(name, _)| name == "content-type");
    assert_eq!(kind.unwrap().1, "application/problem+json", "{}", reply.text);
    let code = Code::parse(reply.text_at("code")).expect("a code of ours");
    let allowed = match route {
        Some(route) => route.problems().contains(&code),
        None => matches!(code, Code::NoSuchPage | Code::MethodNotAllowed | Code::TooLarge),
    };
    assert!(allowed, "{method} {path} does not declare {}", code.as_str());
    assert_eq!(reply.body["status"], reply.status);
    for language in ["en", "zh-CN"] {
        for part in ["title", "detail", "next"] {
            assert!(reply.body["words"][language][part].as_str().is_some_and(|w| !w.is_empty()));
        }
    }
    let mut texts = vec![];
    sent.into_iter().for_each(|sent| collect(sent, &mut texts));
    for text in texts {
        assert!(!reply.text.contains(&text), "{method} {path} repeats what was sent: {text}");
    }
    reply
}

/// Every text of a body that is long enough to be told from a word of ours.
fn collect(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() > 8 && text != "not-eligible" => into.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| collect(value, into)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, into)),
        _ => {}
    }
}

/// What a refused request must look like.
#[track_caller]
pub fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.text_at("code")), (status, code), "{}", reply.text);
}

/// The fields a refusal names, as `pointer code`.
pub fn fields(reply: &Reply) -> Vec<String> {
    let errors = reply.body["errors"].as_array().unwrap().iter();
    let said = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    errors.map(|error| format!("{} {}", said(error, "pointer"), said(error, "code"))).collect()
}

/// The bytes of a refusal but for the request's own reference.
pub fn anonymous(reply: &Reply) -> String {
    reply.text.replace(reply.text_at("instance"), "REQUEST")
}

/// The description of the interface, as it is served.
pub fn description() -> String {
    openapi::Description::of(&TABLE).0
}

/// Every row of the table.
pub fn routes() -> &'static [Route] {
    TABLE.routes()
}
