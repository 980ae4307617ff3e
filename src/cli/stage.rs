//! A whole trial on loopback with made-up people: a real service on a real port, a real SQLite file, real keys. The
//! demonstration plays on it, and so do the tests. It opens nothing.

mod server;

pub use super::cast::{CENTRES, answers, cast, password, printed_name, signature};
use super::cast::{cast_at, centres_of};
use crate::clock::{Clock, FixedClock};
use crate::dice::{Dice, FixedDice};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::Role;
use crate::domain::time::Moment;
use crate::sealing::bytes::sha256;
use crate::sealing::card::Card;
use crate::sealing::ceremony::ListSecret;
use crate::sealing::identity::Identity;
use crate::sealing::list::{Design, List};
use crate::sealing::manifest::{ListPurpose, SignedManifest};
use crate::sealing::password::Cost;
use crate::sealing::seal::seal_package;
use crate::sealing::totp::{TotpSecret, step_at};
use crate::service::House;
use crate::service::founding::{Means, found};
use crate::service::pace::Pace;
use crate::service::people::Invitation;
use crate::service::refuse::Noted;
use crate::store::faults::{Faults, NoFaults};
use crate::store::{Folder, Stamp};
use crate::trial_file;
use serde_json::{Value, json};
use server::Server;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first trial's configuration, as it is shipped.
pub const TRIAL: &str = include_str!("../../deploy/nct04515719.toml");

/// What a stage is raised with.
pub struct Play {
    /// Where the service keeps its files.
    pub folder: PathBuf,
    /// Whose port: 0 takes a free one.
    pub port: u16,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The service's randomness.
    pub dice: Arc<dyn Dice>,
    /// How dear a password guess is.
    pub cost: Cost,
    /// What may fail.
    pub faults: Box<dyn Faults>,
    /// How fast an account may ask.
    pub pace: Pace,
    /// The trial file.
    pub trial: String,
    /// Slots of each stratum.
    pub slots: u32,
    /// Draw the list with every arm flipped: the other of two worlds.
    pub mirrored: bool,
    /// The seed of list and keys.
    pub seed: u64,
    /// For participants, or for training, which every play is but those that ask what a live trial is held to.
    pub purpose: ListPurpose,
}

/// The day before today, where the trial is: on it the demonstration's participant was screened.
pub fn day_before() -> String {
    let trial = trial_file::read(TRIAL).expect("the shipped trial file has no mistake");
    let yesterday = crate::clock::SystemClock.now().plus_seconds(-24 * 60 * 60);
    trial.zone.day(yesterday).to_string()
}

/// The moment at which demonstration and tests begin.
pub fn opening_day() -> Moment {
    Moment::parse("2026-11-21T01:00:00Z").expect("a moment written above")
}

impl Play {
    /// A small play with a clock that stands still, cheap passwords and a seed.
    pub fn quick(folder: PathBuf, seed: u64) -> (Self, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at(opening_day()));
        let play = Self {
            folder,
            port: 0,
            clock: clock.clone(),
            dice: Arc::new(FixedDice::new(seed)),
            cost: Cost::CHEAP,
            faults: Box::new(NoFaults),
            pace: Pace::Any,
            trial: TRIAL.to_owned(),
            slots: 12,
            mirrored: false,
            seed,
            purpose: ListPurpose::Training,
        };
        (play, clock)
    }
}

/// What the statistician has at home; nothing of it ever reaches the service.
pub struct Study {
    /// The list secret.
    pub secret: ListSecret,
    /// The drawn list.
    pub list: List,
    /// The public beacon.
    pub beacon: Vec<u8>,
    /// The signed commitment.
    pub manifest: SignedManifest,
    /// The package for the service.
    pub package: String,
}

/// A raised stage: the service is up, everybody is signed in, the list is approved, every centre is open.
pub struct Stage {
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// The same of the port of operations.
    pub operations: String,
    /// The service's files.
    pub folder: Folder,
    /// The statistician's own machine.
    pub study: Study,
    /// Everybody's identity; on a real day each is on its holder's own device.
    pub identities: BTreeMap<String, Identity>,
    /// The trial's centres, with the initials of their staff's accounts.
    pub centres: Vec<(CentreId, String)>,
    tokens: BTreeMap<String, String>,
    keys: AtomicU64,
    agent: ureq::Agent,
    server: Option<Server>,
}

/// An answer as it came over the line.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub text: String,
    /// The body as JSON; null when it is not.
    pub body: Value,
}

impl Reply {
    /// A text in the body.
    pub fn text_at(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).expect("the cast's ids are well formed")
}

/// Draws and seals the list, as the statistician does at home.
fn study(play: &Play, identities: &BTreeMap<String, Identity>, dice: &dyn Dice) -> Study {
    let trial = trial_file::read(&play.trial).expect("the shipped trial file has no mistake");
    let written = trial_file::read_design(&play.trial).expect("it was read the line before");
    let design = Design {
        trial: trial.id.clone(),
        purpose: play.purpose,
        segment: 0,
        arms: written.arms,
        ratio: written.ratio,
        sizes: written.sizes,
        slots: play.slots,
        strata: trial.strata(),
        configuration: sha256(play.trial.as_bytes()),
        hide_sizes: false,
    };
    let secret = ListSecret::roll(dice);
    let beacon = sha256(b"the drum of a public lottery").to_vec();
    let drawn = List::draw(&design, &secret, &beacon, &BTreeSet::new());
    let mut list = drawn.expect("the shipped design can be drawn");
    if play.mirrored {
        list = list.mirrored();
    }
    let statistician = &identities["stat-1"];
    let manifest = list.manifest("an invented public lottery", statistician);
    let manifest = manifest.expect("the statistician may sign");
    let cards: Vec<Card> = identities.values().map(|identity| identity.card().clone()).collect();
    let package = seal_package(&list, &manifest, &cards, statistician, 1, dice);
    let package = package.expect("the package is made of what was just drawn").to_json();
    Study { secret, list, beacon, manifest, package }
}

impl Stage {
    /// Raises a stage. A fault on the way there is a fault of this program or of the machine.
    ///
    /// # Panics
    /// When anything of it fails: there is no play then.
    pub fn raise(play: Play) -> Self {
        let stage = Self::raise_unopened(play);
        stage.open_recruitment();
        stage
    }

    /// Raises a stage on which the list is imported and everybody is signed in, but nothing is approved or open yet.
    ///
    /// # Panics
    /// As [`Stage::raise`].
    pub fn raise_unopened(play: Play) -> Self {
        Self::raise_with(play, true)
    }

    /// Raises a stage on which everybody is signed in, and whose list was committed to but not imported.
    ///
    /// # Panics
    /// As [`Stage::raise`].
    pub fn raise_unlisted(play: Play) -> Self {
        Self::raise_with(play, false)
    }

    fn raise_with(play: Play, listed: bool) -> Self {
        let offline = FixedDice::new(play.seed ^ 0x0ff1_1e00);
        let trial = trial_file::read(&play.trial).expect("the play's trial file has no mistake");
        let centres = centres_of(&trial);
        let identity = |(id, role, centres): (String, Role, Vec<CentreId>)| {
            let made = Identity::generate(&person(&id), role, &centres, &offline);
            (id, made.expect("a holder's role may have an identity"))
        };
        let holders = cast_at(&centres).into_iter().filter(|(_, role, _)| role.holds_keys());
        let identities: BTreeMap<String, Identity> = holders.map(identity).collect();
        let study = study(&play, &identities, &offline);
        let folder = Folder::at(&play.folder);
        let admin = Invitation {
            person: person("admin-1"),
            name: printed_name("admin-1"),
            role: Role::Admin,
            centres: vec![],
            principal: false,
        };
        let means = |faults| Means {
            clock: play.clock.clone(),
            dice: play.dice.clone(),
            cost: play.cost,
            faults,
        };
        let founded =
            found(&folder, &play.trial, &study.manifest, admin, means(Box::new(NoFaults)));
        let token = founded.expect("a new folder can be founded");
        let house = House::open(&folder, means(play.faults)).expect("a new folder can be opened");
        if listed {
            house.import_list(&study.package).expect("the sealed list is the one committed to");
        }
        let server = Server::start(house.paced(play.pace), play.port);
        let mut stage = Self {
            base: format!("http://{}", server.1),
            operations: format!("http://{}", server.2),
            folder,
            study,
            identities,
            centres,
            tokens: BTreeMap::new(),
            keys: AtomicU64::new(0),
            agent: ureq::Agent::config_builder().http_status_as_error(false).build().into(),
            server: Some(server.0),
        };
        stage.admit(&token, play.clock.now());
        stage
    }

    /// Everybody is invited, chooses a password and signs in.
    fn admit(&mut self, admin_token: &str, now: Moment) {
        for (id, role, centres) in cast_at(&self.centres) {
            let token = if id == "admin-1" {
                admin_token.to_owned()
            } else {
                let centres: Vec<_> = centres.iter().map(CentreId::as_str).collect();
                let name = printed_name(&id);
                let invitation = json!({"person": id, "name": name, "role": role.as_str(),
                                        "centres": centres});
                let reply = self.act("admin-1", "POST", "/v1/people", invitation);
                reply.text_at("token").to_owned()
            };
            let body = json!({"token": token, "password": password(&id)});
            let accepted = self.send("POST", "/v1/invitations/accept", &[], Some(&body));
            assert_eq!(accepted.status, 201, "{}", accepted.text);
            self.sign_in(&id);
            if self.house().needs_second_factor(role) {
                self.enrol(&id, now);
            }
        }
    }

    /// Sets somebody's second factor up, as a phone would; gives the secret and the recovery codes.
    pub fn enrol(&self, id: &str, now: Moment) -> (TotpSecret, Vec<String>) {
        let offered = self.get(id, "/v1/second-factor");
        let secret = TotpSecret::from_base32(offered.text_at("secret")).expect("base32 of ours");
        let body = json!({"code": secret.code(step_at(now)), "password": password(id)});
        let done = self.act(id, "POST", "/v1/second-factor", body);
        assert_eq!(done.status, 201, "{}", done.text);
        let codes = done.body["recoveryCodes"].as_array().cloned().unwrap_or_default();
        (secret, codes.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Signs somebody in anew.
    pub fn sign_in(&mut self, id: &str) {
        let body = json!({"name": id, "password": password(id)});
        let reply = self.send("POST", "/v1/sessions", &[], Some(&body));
        assert_eq!(reply.status, 201, "{}", reply.text);
        self.tokens.insert(id.to_owned(), reply.text_at("token").to_owned());
    }

    /// The monitor approves the list, and the sponsor opens the trial and every centre.
    ///
    /// # Panics
    /// When either is refused.
    pub fn open_recruitment(&self) {
        let body = json!({"signature": signature("mon-1", "review-list")});
        let reviewed = self.act("mon-1", "POST", "/v1/lists/0/review", body);
        assert_eq!(reviewed.status, 200, "{}", reviewed.text);
        let places = self.centres.iter().map(|(centre, _)| Some(centre.as_str()));
        for centre in std::iter::once(None).chain(places) {
            let mut body = json!({
                "reason": "the demonstration begins",
                "signature": signature("spon-1", "decide-recruitment"),
            });
            if let Some(centre) = centre {
                body["centre"] = centre.into();
            }
            let opened = self.act("spon-1", "POST", "/v1/recruitment/open", body);
            assert_eq!(opened.status, 200, "{}", opened.text);
        }
    }

    /// Somebody's bearer token.
    pub fn token(&self, who: &str) -> &str {
        &self.tokens[who]
    }

    /// Is somebody of this name signed in?
    pub fn knows(&self, who: &str) -> bool {
        self.tokens.contains_key(who)
    }

    /// The house itself, for what no route shows.
    ///
    /// # Panics
    /// After the stage was struck.
    pub fn house(&self) -> &Arc<House> {
        &self.server.as_ref().expect("the stage stands").house
    }

    /// A new key against doing an act twice: the same in every run.
    pub fn new_key(&self) -> String {
        format!("demo-key-{:012}", self.keys.fetch_add(1, Ordering::SeqCst))
    }

    /// Reads as somebody.
    pub fn get(&self, who: &str, path: &str) -> Reply {
        let bearer = format!("Bearer {}", self.tokens[who]);
        self.send("GET", path, &[("authorization", &bearer)], None)
    }

    /// Acts as somebody, under a new key.
    pub fn act(&self, who: &str, method: &str, path: &str, body: Value) -> Reply {
        self.act_once(who, method, path, &self.new_key(), body)
    }

    /// Acts as somebody, under this key.
    pub fn act_once(&self, who: &str, method: &str, path: &str, key: &str, body: Value) -> Reply {
        let bearer = format!("Bearer {}", self.tokens[who]);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.send(method, path, &headers, Some(&body))
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Panics
    /// When no answer comes.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        self.send_to(&self.base, method, path, headers, body)
    }

    /// Reads from the port of operations.
    ///
    /// # Panics
    /// When no answer comes.
    pub fn operate(&self, path: &str) -> Reply {
        self.send_to(&self.operations, "GET", path, &[], None)
    }

    fn send_to(
        &self,
        base: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        let request = ureq::http::Request::builder().method(method);
        let mut request = request.uri(format!("{base}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string()).expect("a well-formed request"))
            }
            None => self.agent.run(request.body(()).expect("a well-formed request")),
        };
        let mut answer = sent.expect("the service on loopback answers");
        // Most are text; a workbook is read as if it were one.
        let bytes = answer.body_mut().read_to_vec().expect("answers end");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().iter().map(header).collect(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// A participant from first contact to the investigator's signature, screened the day before the opening day.
    /// Returns the reference.
    ///
    /// # Panics
    /// When a step is refused.
    pub fn screen_eligible(&self, centre: usize, number: u32, lldas: bool) -> String {
        self.screen_eligible_on(centre, number, lldas, "2026-11-20")
    }

    /// The same, screened on this day.
    ///
    /// # Panics
    /// When a step is refused.
    pub fn screen_eligible_on(&self, centre: usize, number: u32, lldas: bool, day: &str) -> String {
        let (centre, letters) = CENTRES[centre];
        let answers = answers(&format!("{}-{number:03}", letters.to_uppercase()), lldas, day);
        let coordinator = format!("c-{letters}");
        let body = json!({"centre": centre, "answers": answers});
        let screened = self.act(&coordinator, "POST", "/v1/participants", body);
        assert_eq!(screened.status, 201, "{}", screened.text);
        let reference = screened.text_at("reference").to_owned();
        let investigator = format!("i-{letters}");
        let read = self.get(&investigator, &format!("/v1/participants/{reference}"));
        let body = json!({
            "version": read.text_at("version"),
            "anotherPerson": "the demonstration's people share invented particulars",
            "signature": signature(&investigator, "sign-eligibility"),
        });
        let path = format!("/v1/participants/{reference}/eligibility");
        let signed = self.act(&investigator, "POST", &path, body);
        assert_eq!(signed.status, 200, "{}", signed.text);
        reference
    }

    /// A participant who can be randomised, written straight through the store: the same two entries that the
    /// interface leaves, for measurements and simulations that need thousands. Returns the reference.
    ///
    /// # Panics
    /// When an entry is refused.
    pub fn screen_straight(&self, centre: usize, number: u32, lldas: bool, day: &str) -> String {
        let (centre, letters) = CENTRES[centre];
        let number = format!("{}-{number:03}", letters.to_uppercase());
        let Value::Object(answers) = answers(&number, lldas, day) else {
            unreachable!("an object")
        };
        let answers = answers.into_iter().map(|(field, answer)| match answer {
            Value::String(text) => (field, Fact::Text(text)),
            list => (field, Fact::List(vec![list[0].as_str().unwrap_or_default().into()])),
        });
        let answers = Fact::Group(answers.collect());
        let level = if lldas { "lldas" } else { "non-lldas" };
        let stratum = format!("{centre}/{level}");
        let centre = CentreId::parse(centre).expect("the centres above are well formed");
        let stamp = Stamp::person(&person(&format!("c-{letters}")), Role::Coordinator);
        let pending = self.house().store.write(stamp, move |tx| {
            let reference = tx.reference();
            let about = |act: &str| {
                let entry = Entry::new(act).at(&centre).on("participant", number.as_str());
                entry.on("reference", reference.as_str())
            };
            let entry = about("participant-screened").with("outcome", "eligible");
            let entry = entry.with("stratum", stratum).private("answers", answers);
            let screening = tx.append(entry)?;
            let entry = about("eligibility-signed").with("screening", screening);
            tx.append(entry.with("another-person", true))?;
            Ok::<_, Noted>(reference.as_str().to_owned())
        });
        pending.wait().expect("two ordinary entries").into_parts().0
    }

    /// Randomises a screened participant. Returns the answer.
    pub fn randomise(&self, centre: usize, reference: &str) -> Reply {
        let coordinator = format!("c-{}", CENTRES[centre].1);
        let body = json!({"signature": signature(&coordinator, "randomise")});
        self.act(&coordinator, "POST", &format!("/v1/participants/{reference}/allocation"), body)
    }

    /// Stops the service, and lets go of the folder.
    pub fn strike(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }

    /// Waits until the service is asked to end.
    pub fn run(mut self) {
        if let Some(server) = self.server.take() {
            server.run();
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.strike();
    }
}
