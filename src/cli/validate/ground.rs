//! Where operation is qualified: a service of its own in a temporary folder, with the user's trial file, a list drawn for
//! the occasion, and invented people at every centre.

use super::given::Cases;
use super::script::{Asked, Kept, Sent};
use crate::cli::failure::{Exit, Failure};
use crate::cli::stage::{Play, Reply, Stage, signature};
use crate::clock::FixedClock;
use crate::dice::{FixedDice, SystemDice, roll};
use crate::domain::people::Role;
use crate::sealing::manifest::ListPurpose;
use crate::sealing::password::Cost;
use crate::service::pace::Pace;
use crate::store::faults::NoFaults;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Slots a stratum: what every test of operation takes together, and some over.
const SLOTS: u32 = 48;

/// A raised service with what is played on it.
pub struct Ground {
    /// The service and its people.
    pub stage: Stage,
    /// What the user expects of the trial file.
    pub cases: Cases,
    /// The temporary folder, removed at the end.
    pub folder: PathBuf,
    numbers: u32,
}

impl Ground {
    /// Raises it.
    ///
    /// # Errors
    /// When the temporary folder cannot be made.
    pub fn raise(trial: &str, cases: Cases) -> Result<Self, Failure> {
        let name = u64::from_be_bytes(roll(&SystemDice::default()));
        let folder = std::env::temp_dir().join(format!("klero-validate-{name:016x}"));
        std::fs::create_dir(&folder).map_err(|error| {
            let what = "no temporary folder could be made";
            let next = "look whether there is room on the disk, and set TMPDIR to a folder that may be written";
            Failure::new(Exit::Failed, "file-unwritten", what, next).because(error)
        })?;
        let play = Play {
            folder: folder.join("service"),
            port: 0,
            clock: Arc::new(FixedClock::at(cases.now)),
            dice: Arc::new(FixedDice::new(name)),
            cost: Cost::CHEAP,
            faults: Box::new(NoFaults),
            trial: trial.to_owned(),
            slots: SLOTS,
            mirrored: false,
            seed: name,
            purpose: ListPurpose::Training,
            pace: Pace::Any,
        };
        Ok(Self { stage: Stage::raise(play), cases, folder, numbers: 0 })
    }

    /// The account of somebody at a centre: `c` for its coordinator, `i`, `p`.
    pub fn at(&self, role: char, centre: usize) -> String {
        format!("{role}-{}", self.stage.centres[centre].1)
    }

    /// Somebody in this role, at the first centre where the role has one.
    pub fn account(&self, role: Role) -> String {
        match role {
            Role::Coordinator => self.at('c', 0),
            Role::Investigator => self.at('i', 0),
            Role::Pharmacist => self.at('p', 0),
            Role::Hotline => "hot-1".to_owned(),
            Role::Statistician => "stat-1".to_owned(),
            Role::Monitor => "mon-1".to_owned(),
            Role::Sponsor => "spon-1".to_owned(),
            Role::Admin => "admin-1".to_owned(),
        }
    }

    /// An account by its own name or by its role.
    fn named(&self, who: &str) -> Result<String, String> {
        let who = Role::parse(who).map_or_else(|| who.to_owned(), |role| self.account(role));
        if self.stage.knows(&who) { Ok(who) } else { Err(format!("nobody is called {who}")) }
    }

    /// What the promises of the interface are given: a centre, and two people who are new.
    pub fn given(&mut self) -> Kept {
        let (id, letters) = &self.stage.centres[0];
        let mut kept: Kept = [("centre".to_owned(), json!(id.as_str()))].into();
        for at in 1..=2 {
            self.numbers += 1;
            let number = format!("{}-{:03}", letters.to_uppercase(), self.numbers);
            let answers = self.cases.answers(&number, &Map::new());
            kept.insert(format!("answers-{at}"), answers);
            kept.insert(format!("number-{at}"), number.into());
        }
        kept
    }

    /// Takes somebody new in at a centre. The participant's number, and the answer.
    pub fn screen(&mut self, centre: usize, changes: &Map<String, Value>) -> (String, Reply) {
        self.numbers += 1;
        let (id, letters) = &self.stage.centres[centre];
        let number = format!("{}-{:03}", letters.to_uppercase(), self.numbers);
        let body = json!({"centre": id.as_str(), "answers": self.cases.answers(&number, changes)});
        (number, self.stage.act(&self.at('c', centre), "POST", "/v1/participants", body))
    }

    /// What the record says now.
    pub fn read(&self, centre: usize, reference: &str) -> Reply {
        self.stage.get(&self.at('i', centre), &format!("/v1/participants/{reference}"))
    }

    /// The investigator signs, and says why it is another person than whoever shares the particulars.
    pub fn sign(&self, centre: usize, reference: &str, another: Option<&str>) -> Reply {
        let who = self.at('i', centre);
        let mut body = json!({"version": self.read(centre, reference).text_at("version"),
                              "signature": signature(&who, "sign-eligibility")});
        if let Some(reason) = another {
            body["anotherPerson"] = reason.into();
        }
        self.stage.act(&who, "POST", &format!("/v1/participants/{reference}/eligibility"), body)
    }

    /// An eligible participant with the investigator's signature: number and reference.
    ///
    /// # Errors
    /// The refusal, as evidence.
    pub fn ready(&mut self, centre: usize) -> Result<(String, String), String> {
        let (number, screened) = self.screen(centre, &Map::new());
        let reference = screened.text_at("reference").to_owned();
        let signed = self.sign(centre, &reference, Some("invented people share their particulars"));
        match (screened.status, signed.status) {
            (201, 200) => Ok((number, reference)),
            (201, _) => Err(said(&signed)),
            _ => Err(said(&screened)),
        }
    }

    /// Randomises.
    pub fn randomise(&self, centre: usize, reference: &str) -> Reply {
        let who = self.at('c', centre);
        let body = json!({"signature": signature(&who, "randomise")});
        self.stage.act(&who, "POST", &format!("/v1/participants/{reference}/allocation"), body)
    }

    /// Somebody with a code: number, reference, code.
    ///
    /// # Errors
    /// The refusal, as evidence.
    pub fn randomised(&mut self, centre: usize) -> Result<(String, String, String), String> {
        let (number, reference) = self.ready(centre)?;
        let answer = self.randomise(centre, &reference);
        if answer.status != 201 {
            return Err(said(&answer));
        }
        Ok((number, reference, answer.text_at("code").to_owned()))
    }

    /// The codes of a centre's stratum in list order, as the statistician has them.
    pub fn listed(&self, centre: usize) -> Vec<String> {
        let stratum = format!("{}/{}", self.stage.centres[centre].0, self.cases.level);
        let rows = self.stage.study.list.rows().iter();
        rows.filter(|row| row.stratum.as_str() == stratum).map(|row| row.code.to_string()).collect()
    }
}

impl Asked for Ground {
    fn ask(&self, sent: &Sent<'_>) -> Result<Reply, String> {
        if sent.who == "nobody" {
            return Ok(self.stage.send(sent.method, sent.path, &[], sent.body));
        }
        let bearer = format!("Bearer {}", self.stage.token(&self.named(sent.who)?));
        let key = sent.key.map_or_else(|| self.stage.new_key(), str::to_owned);
        let mut headers = vec![("authorization", bearer.as_str())];
        if sent.body.is_some() && !key.is_empty() {
            headers.push(("idempotency-key", &key));
        }
        Ok(self.stage.send(sent.method, sent.path, &headers, sent.body))
    }

    fn signature(&self, who: &str, act: &str) -> Result<Value, String> {
        Ok(signature(&self.named(who)?, act))
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.stage.strike();
        // Nothing is kept; what could not be removed is in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// An answer as evidence: its status and, if it is a refusal, its code.
pub fn said(reply: &Reply) -> String {
    match reply.text_at("code") {
        code if reply.status >= 400 => format!("{} {code}", reply.status),
        _ => reply.status.to_string(),
    }
}

/// Evidence when a refusal is the one that should come.
pub fn refused(reply: &Reply, status: u16, code: &str) -> super::Came {
    let came = said(reply);
    if came == format!("{status} {code}") {
        Ok(came)
    } else {
        Err(format!("{came}, not {status} {code}"))
    }
}
