//! `klero key rotate`: a centre's next key, on the statistician's own machine and from the list. Nobody else may read
//! slots in bulk.

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, must_be_new, write_new};
use super::list::{Again, Signer, cards, not_sealed};
use super::trail_folder::{self, LINES, damaged};
use crate::dice::SystemDice;
use crate::domain::entry::{Entry, Fact, Facts, fact};
use crate::domain::ids::{CentreId, Code};
use crate::sealing::bytes::hex;
use crate::sealing::card::Card;
use crate::sealing::line;
use crate::sealing::rotate::rotate;
use crate::sealing::slot::DRILL_EPOCHS;
use clap::Args;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Make a centre's next key for those who stay, and seal its unissued slots under it
///
/// Which codes are issued, and who holds which key, is read from an export of the trail. The service takes the file in
/// only while no further code is issued at the centre.
#[derive(Args)]
#[command(after_help = ending([
    "klero key rotate huashan --manifest manifest.txt --secret secret.json \
     --identity stat-1.key.json --trail export --to cards/p-hs-1.pub.json -o rotation.json",
    "klero key rotate huashan --manifest manifest.txt --secret secret.json \
     --identity stat-1.key.json --words-file - --trail export --to cards/p-hs-1.pub.json \
     -o rotation.json",
    "klero key rotate huashan --manifest manifest-1.txt --secret secret-1.json \
     --identity stat-1.key.json --taken package.json --trail export --to cards/p-hs-1.pub.json \
     -o rotation-1.json",
], &[Exit::NotThere, Exit::WrongWords, Exit::OtherKey, Exit::Unreadable, Exit::Exists,
     Exit::NotAllowed, Exit::NotVerified, Exit::AlteredManifest]))]
pub struct Rotate {
    /// The centre
    #[arg(value_parser = CentreId::parse)]
    centre: CentreId,
    #[command(flatten)]
    again: Again,
    /// The export of the trail
    #[arg(long, value_name = "FOLDER")]
    trail: PathBuf,
    /// Public cards of everybody who stays
    #[arg(long, value_name = "CARD", num_args = 1.., required = true)]
    to: Vec<PathBuf>,
    /// The file for the service
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// What the trail says of one centre's keys.
#[derive(Default)]
struct Standing {
    issued: BTreeSet<Code>,
    /// The number of the last key, whatever it seals.
    last: u32,
    /// The newest card of each person, by fingerprint.
    cards: BTreeMap<String, String>,
    /// Whose key was taken away, or whose account was ended, since it was last given.
    gone: BTreeSet<String>,
}

impl Rotate {
    /// Draws the list again, seals what is left of it, and writes the file.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let stay = cards(&self.to)?;
        let standing = Standing::read(&self.trail, &self.centre)?;
        if standing.last == 0 {
            let what = format!("the trail knows no key of {}", self.centre);
            let next = "name a centre of this trial, and the newest export";
            return Err(Failure::new(Exit::NotAllowed, "no-such-centre", what, next));
        }
        stay.iter().try_for_each(|card| standing.check(card))?;
        let mut signer = Signer::of(&self.again.key);
        let drawn = self.again.draw(&mut signer)?;
        let epoch = standing.last + 1;
        let (dice, people) = (SystemDice::default(), (&stay[..], signer.unlocked()?));
        let made = rotate(&drawn.list, &self.centre, epoch, &standing.issued, people, &dice);
        let rotation = made.map_err(|error| not_sealed(&error))?;
        write_new(&self.output, Eyes::Owner, &rotation.to_json())?;
        say!(
            "Next: the statistician's page takes the file in, before another code is issued there."
        );
        let people: Vec<_> = rotation.given.iter().map(|one| one.grant.person.as_str()).collect();
        let text = format!(
            "centre       {}\nkey          {epoch}\nslots        {}\ngiven to     {}\nwritten      {}",
            self.centre,
            rotation.slots.len(),
            people.join(", "),
            self.output.display()
        );
        let data = json!({
            "centre": self.centre.as_str(), "epoch": epoch, "slots": rotation.slots.len(),
            "given-to": people, "file": self.output.display().to_string(),
        });
        Ok(Done::new(text, data))
    }
}

fn said<'f>(facts: &'f Facts, name: &str) -> Option<&'f str> {
    match fact(facts, name)? {
        Fact::Text(text) => Some(text),
        _ => None,
    }
}

fn groups<'f>(facts: &'f Facts, name: &str) -> impl Iterator<Item = &'f Facts> {
    let list = match fact(facts, name) {
        Some(Fact::List(list)) => list.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|one| match one {
        Fact::Group(group) => Some(group),
        _ => None,
    })
}

impl Standing {
    /// Checks the export as `klero trail verify` does, and reads it.
    fn read(folder: &Path, centre: &CentreId) -> Result<Self, Failure> {
        trail_folder::check(folder, None)?;
        let file = folder.join(LINES);
        let lines = BufReader::new(File::open(&file).map_err(damaged)?).lines();
        let mut standing = Self::default();
        for text in lines {
            let line = line::parse(&text.map_err(damaged)?).map_err(damaged)?;
            standing.follow(&line.entry, centre.as_str());
        }
        Ok(standing)
    }

    fn follow(&mut self, entry: &Entry, centre: &str) {
        let (on, data) = (&entry.on, &entry.data);
        match entry.act.as_str() {
            "randomised" => {
                self.issued.extend(said(on, "code").and_then(|code| Code::parse(code).ok()));
            }
            "list-imported" | "key-rotated" => {
                for holder in groups(data, "holders") {
                    self.card(said(holder, "person"), said(holder, "fingerprint"));
                }
                for wrap in groups(data, "wraps").filter(|w| said(w, "centre") == Some(centre)) {
                    self.held(said(wrap, "person"), wrap);
                }
            }
            "key-registered" => self.card(said(on, "person"), said(data, "fingerprint")),
            "key-granted" if said(data, "centre") == Some(centre) => {
                self.held(said(on, "person"), data);
            }
            "grant-removed" if said(data, "centre") == Some(centre) => {
                self.left(said(on, "person"))
            }
            "person-disabled" => self.left(said(on, "person")),
            _ => {}
        }
    }

    fn card(&mut self, person: Option<&str>, fingerprint: Option<&str>) {
        let both = person.zip(fingerprint);
        self.cards.extend(both.map(|(person, mark)| (person.to_owned(), mark.to_owned())));
    }

    fn held(&mut self, person: Option<&str>, wrap: &Facts) {
        if let Some(Fact::Number(epoch)) = fact(wrap, "epoch") {
            let epoch = u32::try_from(*epoch).unwrap_or(u32::MAX);
            // Keys to practise with are numbered apart, and never rotated.
            self.last = self.last.max(if epoch > DRILL_EPOCHS { 0 } else { epoch });
        }
        person.map(|person| self.gone.remove(person));
    }

    fn left(&mut self, person: Option<&str>) {
        self.gone.extend(person.map(str::to_owned));
    }

    /// Is this the person's registered card, and does the person stay?
    fn check(&self, card: &Card) -> Result<(), Failure> {
        let person = card.person.as_str();
        if self.gone.contains(person) {
            let what = format!("the key was taken away from {person}");
            let next = format!("leave the card of {person} out of --to");
            return Err(Failure::new(Exit::NotAllowed, "key-taken-away", what, next));
        }
        if self.cards.get(person) == Some(&hex(&card.fingerprint())) {
            return Ok(());
        }
        let what = format!("this is not the card that {person} has registered");
        let next = "ask for the newest card, and compare the fingerprint by voice";
        Err(Failure::new(Exit::NotAllowed, "other-card", what, next))
    }
}
