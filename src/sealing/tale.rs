//! A whole made-up trial, from its founding to its data set, for the tests of `klero verify`: told honestly, then
//! changed in one place.

use super::bytes::{hex, sha256};
use super::ceremony::ListSecret;
use super::checkpoint::TrailSigner;
use super::data_set::{DataRow, read_data_set};
use super::disclosure::Disclosure;
use super::fixture::{BEACON, SECRET, Story, centre, design, manifest, statistician, story, trial};
use super::line::{Head, write};
use super::list::{Design, List};
use super::manifest::ListPurpose;
use super::tree::root;
use super::verify::{Evidence, Verdict, verify};
use crate::domain::entry::{Entry, Fact};
use crate::domain::time::Moment;

/// Everything a verifier is given. All of it may be changed before [`Tale::verdict`] is asked for.
pub struct Tale {
    pub story: Story,
    /// Who, in which role, did what. Lines are written from it, so a change here is a trail that lies well.
    pub told: Vec<(&'static str, &'static str, Entry)>,
    pub manifests: Vec<String>,
    pub disclosures: Vec<Disclosure>,
    pub data: String,
    pub signer: TrailSigner,
    pub kept: Vec<String>,
}

/// The person invited and active, with this role at these centres.
pub fn joins(
    person: &'static str,
    role: &str,
    centres: &[&str],
) -> Vec<(&'static str, &'static str, Entry)> {
    let centres: Vec<Fact> = centres.iter().map(|id| Fact::from(*id)).collect();
    let invited = Entry::new("person-invited")
        .on("person", person)
        .with("role", role)
        .with("centres", centres)
        .private("name", "Made Up");
    let active = Entry::new("account-activated").on("person", person);
    vec![("adm-1", "admin", invited), (person, "service", active)]
}

impl Tale {
    /// Four participants at two centres, five releases, a newcomer who is given a key and loses it again.
    pub fn honest() -> Self {
        let story = story();
        let mut tale = Self {
            told: vec![],
            manifests: vec![story.package.manifest.to_file_text()],
            disclosures: vec![disclosure(0, SECRET)],
            data: String::new(),
            signer: TrailSigner::from_seed("klero/TEST-0001", [3; 32]),
            kept: vec![],
            story,
        };
        tale.begin();
        tale.go_on();
        tale.data = tale.data_set();
        tale
    }

    fn begin(&mut self) {
        let hash = hex(&self.story.package.manifest.hash());
        let founded = Entry::new("founded")
            .with("trial", "TEST-0001")
            .with("configuration", hex(&[9; 32]))
            .with("manifest", hash)
            .with("purpose", "live")
            .with("program", "klero 0.1.0");
        self.told.push(("service", "service", founded));
        for (person, role, centres) in [
            ("co-e", "coordinator", &["east"][..]),
            ("co-w", "coordinator", &["west"]),
            ("ph-e", "pharmacist", &["east"]),
            ("ph-w", "pharmacist", &["west"]),
            ("inv-e", "investigator", &["east"]),
            ("hot-1", "hotline", &[]),
            ("stat-1", "statistician", &[]),
        ] {
            self.told.extend(joins(person, role, centres));
        }
        self.told.push(("stat-1", "statistician", self.imported()));
        self.told.push(("mon-1", "monitor", Entry::new("list-reviewed").on("segment", 0u32)));
    }

    fn imported(&self) -> Entry {
        let package = &self.story.package;
        let wraps: Vec<Fact> = package
            .wraps
            .iter()
            .map(|wrap| {
                Fact::Group(vec![
                    ("centre".to_owned(), wrap.centre.as_str().into()),
                    ("epoch".to_owned(), wrap.epoch.into()),
                    ("person".to_owned(), wrap.person.as_str().into()),
                    ("hash".to_owned(), hex(&sha256(wrap.wrap.as_bytes())).into()),
                ])
            })
            .collect();
        Entry::new("list-imported")
            .with("segment", 0u32)
            .with("manifest", hex(&package.manifest.hash()))
            .with("root", hex(&package.manifest.manifest.root))
            .with("wraps", wraps)
    }

    fn go_on(&mut self) {
        let randomised = [(0, "ES-001"), (8, "ES-002"), (1, "ES-003")];
        for (row, participant) in randomised {
            let entry = self.randomised(row, participant);
            self.told.push(("co-e", "coordinator", entry));
        }
        let west = self.randomised(16, "WE-001");
        self.told.push(("co-w", "coordinator", west));
        let prepare = self.release("release-for-preparation", 0, "ES-001");
        self.told.push(("ph-e", "pharmacist", prepare.clone()));
        let again = Entry { act: "release-redelivered".to_owned(), ..prepare };
        self.told.push(("ph-e", "pharmacist", again));
        for (by, role, row, participant) in
            [("hot-1", "hotline", 16, "WE-001"), ("inv-e", "investigator", 1, "ES-003")]
        {
            let entry = self.release("release-for-break", row, participant);
            self.told.push((by, role, entry));
        }
        self.told.extend(joins("ph-e2", "pharmacist", &["east"]));
        let (given, removed) = (key("key-granted", "ph-e2"), key("grant-removed", "ph-e2"));
        self.told.push(("ph-e", "pharmacist", given));
        let prepare = self.release("release-for-preparation", 8, "ES-002");
        self.told.push(("ph-e2", "pharmacist", prepare));
        self.told.push(("stat-1", "statistician", removed));
        let disabled =
            Entry::new("person-disabled").on("person", "ph-e2").with("reason-id", "left");
        self.told.push(("adm-1", "admin", disabled));
        let prepare = self.release("release-for-preparation", 0, "ES-001");
        self.told.push(("ph-e", "pharmacist", prepare));
        self.told.push(("mon-1", "monitor", Entry::new("trail-exported")));
    }

    /// The next code of a stratum goes to a participant; `row` counts through the whole list.
    pub fn randomised(&self, row: usize, participant: &str) -> Entry {
        let row = &self.story.list.rows()[row];
        Entry::new("randomised")
            .on("participant", participant)
            .on("reference", "K7Q29MXT")
            .on("code", row.code.to_string())
            .with("stratum", row.stratum.as_str())
            .with("segment", 0u32)
    }

    /// A release of one row's code.
    pub fn release(&self, act: &str, row: usize, participant: &str) -> Entry {
        let row = &self.story.list.rows()[row];
        let at = row.stratum.as_str().split('/').next().unwrap_or_default();
        Entry::new(act)
            .at(&centre(at))
            .on("participant", participant)
            .on("reference", "M3TT00R1")
            .on("code", row.code.to_string())
            .with("epoch", 1u32)
            .private("reason", "made up")
    }

    /// A second segment goes on where the first ends: eight more participants, six of them in the first. Gives its list.
    pub fn goes_on(&mut self) -> List {
        let taken = self.story.list.rows().iter().map(|row| row.code).collect();
        let (secret, design) =
            (ListSecret::from_bytes([8; 32]), Design { segment: 1, ..design(8) });
        let second = List::draw(&design, &secret, BEACON, &taken).unwrap();
        let signed = manifest(&second);
        let mut imported = self.told[self.first("list-imported")].2.clone();
        for (name, fact) in &mut imported.data {
            match name.as_str() {
                "segment" => *fact = 1u32.into(),
                "manifest" => *fact = hex(&signed.hash()).into(),
                "root" => *fact = hex(&second.root()).into(),
                _ => {}
            }
        }
        self.told.push(("stat-1", "statistician", imported));
        self.manifests.push(signed.to_file_text());
        self.disclosures.push(disclosure(1, [8; 32]));
        for n in 2..10 {
            let here = if n < 8 { &self.story.list } else { &second };
            let row = &here.rows()[n % 8];
            let who = format!("EX-{n:03}");
            let entry = Entry::new("randomised")
                .on("participant", who.as_str())
                .on("code", row.code.to_string())
                .with("stratum", "east/mild")
                .with("segment", u32::from(n >= 8));
            self.told.push(("co-e", "coordinator", entry));
            let arm = row.arm.name_among(&here.design().arms);
            self.data.push_str(&format!("{who},{},{arm},no\n", row.code));
        }
        second
    }

    fn data_set(&self) -> String {
        let mut text = String::from("participant,code,arm,broken\n");
        for (row, who, broken) in
            [(0, "ES-001", "no"), (8, "ES-002", "no"), (1, "ES-003", "yes"), (16, "WE-001", "yes")]
        {
            let row = &self.story.list.rows()[row];
            let arm = row.arm.name(&self.story.package.manifest.manifest);
            text.push_str(&format!("{who},{},{arm},{broken}\n", row.code));
        }
        text
    }

    /// Where the first entry of this act stands.
    pub fn first(&self, act: &str) -> usize {
        self.told.iter().position(|(_, _, entry)| entry.act == act).unwrap()
    }

    /// The lines of the export, each with its end.
    pub fn lines(&self) -> Vec<String> {
        let mut prev = [0; 32];
        let mut lines = vec![];
        for (seq, (by, role, entry)) in (0u64..).zip(&self.told) {
            let at = Moment::from_millis(1_795_000_000_000 + seq as i64 * 1000);
            let written = write(&Head { seq, at, by, role, prev }, entry, [seq as u8; 16]).unwrap();
            prev = written.leaf;
            lines.push(format!("{}\n", written.line));
        }
        lines
    }

    /// The note over these lines.
    pub fn note(&self, lines: &[String]) -> String {
        let leaves: Vec<_> = lines
            .iter()
            .map(|line| super::tree::leaf_hash(line.trim_end_matches('\n').as_bytes()))
            .collect();
        self.signer.sign(leaves.len() as u64, &root(&leaves))
    }

    /// The verdict over the tale as it is told now, under an honest checkpoint of it.
    pub fn verdict(&self) -> Verdict {
        let lines = self.lines();
        self.verdict_over(&lines, &self.note(&lines))
    }

    /// The verdict over other lines or another checkpoint.
    pub fn verdict_over(&self, lines: &[String], note: &str) -> Verdict {
        let data: Vec<DataRow> = read_data_set(&self.data).unwrap();
        let evidence = Evidence {
            manifests: &self.manifests,
            disclosures: &self.disclosures,
            checkpoint: note,
            trail_key: &self.signer.vkey(),
            kept: &self.kept,
            data: &data,
        };
        verify(&evidence, lines.iter().map(String::as_str))
    }
}

/// A disclosure of the fixture's list.
pub fn disclosure(segment: u32, secret: [u8; 32]) -> Disclosure {
    Disclosure {
        trial: trial(),
        segment,
        purpose: ListPurpose::Live,
        secret: ListSecret::from_bytes(secret),
        beacon: BEACON.to_vec(),
        sizes: vec![4],
    }
}

/// An entry about one person's key of the centre `east`.
pub fn key(act: &str, person: &str) -> Entry {
    Entry::new(act).on("person", person).with("centre", "east").with("epoch", 1u32)
}

/// The check that failed, and why.
pub fn failed(verdict: &Verdict) -> (usize, String) {
    let (step, why) = verdict.failure().expect("something was changed");
    (step.number, why.to_owned())
}

/// The statistician's card is at hand for those who forge a manifest.
pub fn sign_again(text: &str) -> String {
    let signature = statistician().sign(super::signature::Purpose::Manifest, text.as_bytes());
    format!("{text}\nsignature: {}\n", hex(&signature))
}
