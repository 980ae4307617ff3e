//! `klero list`: the ceremony, on the statistician's own machine. Nothing here needs a network or a database.

use super::design::{self, Wishes};
use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, must_be_new, read_text, write_new};
use super::package::{check, read_manifest, record as package_record};
use super::trial;
use super::words::Key;
use crate::dice::SystemDice;
use crate::domain::ids::{Code, StratumId};
use crate::domain::people::Role;
use crate::sealing::bytes::{hex, unhex};
use crate::sealing::card::{CARD_BYTES_MAX, Card};
use crate::sealing::ceremony::{Escrow, ListSecret};
use crate::sealing::identity::Identity;
use crate::sealing::list::List;
use crate::sealing::manifest::{BEACON_BYTES_MAX, ListPurpose, Manifest, SignedManifest};
use crate::sealing::seal::{SealError, seal_package};
use crate::sealing::slot::DRILL_EPOCHS;
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Make the list secret, sealed to named statisticians, and print its commitment
///
/// Publish the commitment before the beacon is known: afterwards no other secret can be tried until a pleasing list
/// comes out.
#[derive(Args)]
#[command(after_help = ending([
    "klero list secret --trial trial.toml --purpose live --to stat-1.pub.json -o secret.json",
    "klero list secret --trial trial.toml --purpose live --to stat-1.pub.json stat-2.pub.json \
     -o secret.json --beacon-name lottery-2026-12-01",
    "klero list secret --trial trial.toml --purpose training --to stat-1.pub.json -o training.json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Exists, Exit::NotAllowed]))]
pub struct Secret {
    /// The trial file
    #[arg(long, value_name = "FILE")]
    trial: PathBuf,
    /// live or training
    #[arg(long, value_parser = purpose)]
    purpose: ListPurpose,
    /// The list's extension, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    segment: u32,
    /// Public cards of the statisticians who can unseal it
    #[arg(long, value_name = "CARD", num_args = 1.., required = true)]
    to: Vec<PathBuf>,
    /// The file for the sealed secret
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The future public value that the draw will wait for, to be announced with the commitment
    #[arg(long, value_name = "TEXT")]
    beacon_name: Option<String>,
}

/// Draw the list and sign its manifest; the list itself is not written anywhere
#[derive(Args)]
#[command(after_help = ending([
    "klero list generate --trial trial.toml --secret secret.json --identity stat-1.key.json \
     -o manifest.txt",
    "klero list generate --trial trial.toml --secret secret.json --identity stat-1.key.json \
     --beacon 04172331 --beacon-description lottery-2026-12-01 -o manifest.txt",
    "klero list generate --trial trial.toml --secret secret.json --identity stat-1.key.json \
     --slots 48 --json -o manifest.txt",
], &[Exit::NotThere, Exit::WrongWords, Exit::OtherKey, Exit::Unreadable, Exit::Exists,
     Exit::NotAllowed, Exit::NotVerified]))]
pub struct Generate {
    /// The trial file
    #[arg(long, value_name = "FILE")]
    trial: PathBuf,
    /// The sealed list secret
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
    #[command(flatten)]
    key: Key,
    /// The public value that was announced with the commitment, in hex
    #[arg(long, value_name = "HEX", value_parser = beacon, requires = "beacon_description")]
    beacon: Option<Beacon>,
    /// Where the beacon comes from, in one line
    #[arg(long, value_name = "TEXT", requires = "beacon")]
    beacon_description: Option<String>,
    /// How many slots each stratum has at least   [default: as the trial file says]
    #[arg(long, value_name = "N")]
    slots: Option<u32>,
    /// The block sizes, where the trial file keeps them back
    #[arg(long, value_name = "N", value_delimiter = ',')]
    sizes: Vec<u32>,
    /// Put a commitment to the sizes into the manifest instead of the sizes
    #[arg(long)]
    hide_sizes: bool,
    #[command(flatten)]
    before: Before,
    /// The manifest
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Draw the list again, and seal every slot for the service
///
/// Each centre gets a random key, wrapped to every card that may hold it.
#[derive(Args)]
#[command(after_help = ending([
    "klero list seal --trial trial.toml --manifest manifest.txt --secret secret.json \
     --identity stat-1.key.json --to cards/p-hs-1.pub.json cards/hot-1.pub.json -o package.json",
    "klero list seal --trial trial.toml --manifest drill-manifest.txt --secret training.json --drill \
     --identity stat-1.key.json --to cards/p-hs-1.pub.json cards/hot-1.pub.json -o drill-package.json",
    "klero list seal --trial trial.toml --manifest manifest-1.txt --secret secret-1.json \
     --identity stat-1.key.json --taken package.json --to cards/p-hs-1.pub.json -o package-1.json",
], &[Exit::NotThere, Exit::WrongWords, Exit::OtherKey, Exit::Unreadable, Exit::Exists,
     Exit::NotAllowed, Exit::NotVerified, Exit::AlteredManifest]))]
pub struct Seal {
    #[command(flatten)]
    again: Again,
    /// The trial file that the manifest was signed over
    #[arg(long, value_name = "FILE")]
    trial: PathBuf,
    /// Public cards of everybody who is to hold a key
    #[arg(long, value_name = "CARD", num_args = 1.., required = true)]
    to: Vec<PathBuf>,
    /// The centre keys' number: one that these centres never had   [default: segment + 1]
    #[arg(long, value_name = "N")]
    epoch: Option<u32>,
    /// A training list to practise with, beside the list that issues: its keys are numbered apart
    #[arg(long, conflicts_with = "epoch")]
    drill: bool,
    /// The package for the service
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// A list that was drawn before, and is drawn again.
#[derive(Args)]
pub(super) struct Again {
    /// Its signed manifest
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The sealed list secret
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
    /// Who unseals it
    #[command(flatten)]
    pub(super) key: Key,
    /// The block sizes, where the manifest holds only a commitment to them
    #[arg(long, value_name = "N", value_delimiter = ',')]
    sizes: Vec<u32>,
    #[command(flatten)]
    before: Before,
}

/// What came before an extension.
#[derive(Args)]
pub(super) struct Before {
    /// Packages of the segments before this one: their codes are not drawn again
    #[arg(long, value_name = "PACKAGE", num_args = 1..)]
    pub taken: Vec<PathBuf>,
}

/// The bytes of a public value.
#[derive(Debug, Clone)]
struct Beacon(Vec<u8>);

fn purpose(word: &str) -> Result<ListPurpose, &'static str> {
    ListPurpose::parse(word).ok_or("live or training")
}

fn beacon(text: &str) -> Result<Beacon, &'static str> {
    unhex(text)
        .filter(|bytes| (1..=BEACON_BYTES_MAX).contains(&bytes.len()))
        .map(Beacon)
        .ok_or("pairs of hex digits in lower case, at most 1,024 bytes")
}

/// Reads public cards.
pub(super) fn cards(files: &[PathBuf]) -> Result<Vec<Card>, Failure> {
    let card = |file: &PathBuf| {
        Card::from_json(&read_text(file, CARD_BYTES_MAX)?).map_err(|error| {
            let what = format!("{} is not a card that can be used", file.display());
            let next = "ask its holder for NAME.pub.json, and compare the fingerprint by voice";
            Failure::new(Exit::Unreadable, "card-unreadable", what, next).because(error)
        })
    };
    files.iter().map(card).collect()
}

impl Secret {
    /// Rolls the secret and seals it.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let (_, trial) = trial::read(&self.trial)?;
        let cards = cards(&self.to)?;
        if let Some(other) = cards.iter().find(|card| card.role != Role::Statistician) {
            let what = format!("{} is not a statistician", other.person);
            let next = "seal the list secret to statisticians alone";
            return Err(Failure::new(Exit::NotAllowed, "not-a-statistician", what, next)
                .because("Whoever can unseal the list secret can read the whole list."));
        }
        let dice = SystemDice::default();
        let of = (&trial.id, self.segment, self.purpose);
        let sealed = Escrow::seal(&ListSecret::roll(&dice), of, &cards, &dice);
        let escrow = sealed.map_err(|error| {
            Failure::new(Exit::Unreadable, "card-unreadable", error, "ask for the card again")
        })?;
        write_new(&self.output, Eyes::Owner, &escrow.to_json())?;
        let people: Vec<_> = cards.iter().map(|card| card.person.as_str()).collect();
        let (commit, purpose) = (hex(&escrow.seed_commit), self.purpose.as_str());
        let named = self.beacon_name.as_deref().unwrap_or("none named");
        say!("Publish the seed commit before the beacon is known; then klero list generate.");
        let text = format!(
            "seed commit  {commit}\ntrial        {}\nsegment      {}\npurpose      {purpose}\n\
             beacon       {named}\nsealed to    {}\nwritten      {}",
            trial.id,
            self.segment,
            people.join(", "),
            self.output.display()
        );
        let data = json!({
            "seed-commit": commit, "trial": trial.id.as_str(), "segment": self.segment,
            "purpose": purpose, "beacon-name": self.beacon_name, "sealed-to": people,
            "secret": self.output.display().to_string(),
        });
        Ok(Done::new(text, data))
    }
}

impl Generate {
    /// Draws, and signs the commitment.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let (text, trial) = trial::read(&self.trial)?;
        let escrow = design::read_escrow(&self.secret, &trial.id)?;
        let taken = design::taken(&self.before.taken, &trial.id, escrow.segment)?;
        let (sizes, slots, hide_sizes) = (&self.sizes, self.slots, self.hide_sizes);
        let wishes = Wishes { sizes, slots, hide_sizes };
        let design = design::of_trial(&self.trial, (&text, &trial), &escrow, &wishes)?;
        let signer = design::statistician(&self.key)?;
        let secret = design::unseal(&escrow, &signer)?;
        let beacon = self.beacon.map(|beacon| beacon.0).unwrap_or_default();
        if beacon.is_empty() {
            say!("note: no beacon was given, and the manifest says so");
        }
        let drawn = List::draw(&design, &secret, &beacon, &taken);
        let list = drawn.map_err(|error| design::not_drawn(&error))?;
        let described = self.beacon_description.as_deref().unwrap_or("none");
        let signed = list.manifest(described, &signer).map_err(|e| design::not_drawn(&e))?;
        write_new(&self.output, Eyes::All, &signed.to_file_text())?;
        Ok(record(&list, &signed, &self.output))
    }
}

/// The generation record: everything a second person asks about a list, and no assignment.
fn record(list: &List, signed: &SignedManifest, file: &Path) -> Done {
    let (manifest, balance) = (&signed.manifest, list.balance());
    let (segment, purpose) = (manifest.segment, manifest.purpose.as_str());
    let mut text = format!(
        "trial        {}, segment {segment}, {purpose}\nslots        {} in {} strata\n",
        manifest.trial,
        manifest.total(),
        manifest.strata.len()
    );
    for (stratum, count) in &manifest.strata {
        text.push_str(&format!("{count:>18} {stratum}\n"));
    }
    let (root, hash) = (hex(&manifest.root), hex(&signed.hash()));
    let beacon = if manifest.beacon.is_empty() { "none" } else { &manifest.beacon_description };
    let (blocks, unbalanced, doubled) =
        (balance.blocks, balance.unbalanced_blocks, balance.duplicate_codes);
    text.push_str(&format!(
        "balance      {blocks} blocks, {unbalanced} unbalanced; {doubled} codes twice\n\
         beacon       {beacon}\nseed commit  {}\nroot         {root}\nmanifest     {hash}\n\
         signer       {}\nprogram      {PROGRAM}\nwritten      {}",
        hex(&manifest.seed_commit),
        manifest.signer,
        file.display()
    ));
    let stratum = |(stratum, slots): &(StratumId, u32)| -> Value {
        json!({"stratum": stratum.as_str(), "slots": slots})
    };
    let data = json!({
        "trial": manifest.trial.as_str(), "segment": segment, "purpose": purpose,
        "slots": manifest.total(), "strata": manifest.strata.iter().map(stratum).collect::<Vec<_>>(),
        "blocks": blocks, "unbalanced-blocks": unbalanced, "duplicate-codes": doubled,
        "seed-commit": hex(&manifest.seed_commit), "root": root, "manifest": hash,
        "signer": manifest.signer.as_str(), "program": PROGRAM,
        "file": file.display().to_string(),
    });
    Done::new(text, data)
}

/// What stands under a record.
const PROGRAM: &str = concat!("klero ", env!("CARGO_PKG_VERSION"));

impl Again {
    /// Draws it, or says why it is another.
    pub(super) fn draw(&self, signer: &mut Signer<'_>) -> Result<Redrawn, Failure> {
        let taken = |m: &Manifest| design::taken(&self.before.taken, &m.trial, m.segment);
        Redrawn::of(&self.manifest, &self.secret, &self.sizes, taken, signer)
    }
}

/// Who unseals: the six words are asked for when they are needed, and once.
pub(super) struct Signer<'k> {
    key: &'k Key,
    identity: Option<Identity>,
}

impl<'k> Signer<'k> {
    /// Nobody has been asked yet.
    pub fn of(key: &'k Key) -> Self {
        Self { key, identity: None }
    }

    /// The identity; the words are asked for the first time.
    pub fn unlocked(&mut self) -> Result<&Identity, Failure> {
        if self.identity.is_none() {
            self.identity = Some(design::statistician(self.key)?);
        }
        Ok(self.identity.as_ref().expect("it was just unlocked"))
    }
}

/// A list that was drawn again, and is the one of its manifest.
pub(super) struct Redrawn {
    /// The manifest.
    pub signed: SignedManifest,
    /// The list.
    pub list: List,
    /// The secret.
    pub secret: ListSecret,
}

impl Redrawn {
    /// Draws the list of the manifest again, or says why it is another.
    pub fn of(
        manifest: &Path,
        secret: &Path,
        sizes: &[u32],
        taken: impl FnOnce(&Manifest) -> Result<BTreeSet<Code>, Failure>,
        signer: &mut Signer<'_>,
    ) -> Result<Self, Failure> {
        let signed = read_manifest(manifest)?;
        let manifest = &signed.manifest;
        let escrow = design::read_escrow_of(secret, manifest)?;
        let taken = taken(manifest)?;
        let design = design::of_manifest(manifest, sizes)?;
        let secret = design::unseal(&escrow, signer.unlocked()?)?;
        let drawn = List::draw(&design, &secret, &manifest.beacon, &taken);
        let list = drawn.map_err(|error| design::not_drawn(&error))?;
        if list.root() != manifest.root {
            let what = "the list of this secret is not the one in the manifest";
            let next = "use the secret, sizes and --taken packages of this very manifest";
            return Err(Failure::new(Exit::NotVerified, "list-differs", what, next)
                .because(format!("root  {}\ndrawn {}", hex(&manifest.root), hex(&list.root()))));
        }
        Ok(Self { signed, list, secret })
    }
}

impl Seal {
    /// Seals, checks what came out as the service will, and writes it.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let (text, _) = trial::read(&self.trial)?;
        let cards = cards(&self.to)?;
        let mut signer = Signer::of(&self.again.key);
        let Redrawn { signed, list, .. } = self.again.draw(&mut signer)?;
        let manifest = &signed.manifest;
        let apart = if self.drill { DRILL_EPOCHS } else { 0 };
        let epoch = self.epoch.unwrap_or(apart + manifest.segment + 1);
        let dice = SystemDice::default();
        let sealed = seal_package(&list, &signed, &cards, signer.unlocked()?, epoch, &dice);
        let package = sealed.map_err(|error| not_sealed(&error))?;
        check(&package, manifest, Some(&text))?;
        let json = package.to_json();
        write_new(&self.output, Eyes::Owner, &json)?;
        say!("Keep the package apart from keys: with a hotline's key it opens every slot.");
        Ok(package_record(&package, &json, &self.output))
    }
}

/// What is said of a list that was not sealed.
pub(super) fn not_sealed(error: &SealError) -> Failure {
    let failed = |exit, code, next| Failure::new(exit, code, error, next);
    match error {
        SealError::OtherManifest => {
            let next = "use the identity that signed the manifest";
            failed(Exit::OtherKey, "manifest-of-another-signer", next)
        }
        SealError::NobodyAt(_) => {
            failed(Exit::Usage, "centre-without-holder", "add a card of that centre to --to")
        }
        SealError::TwoCards(_) => {
            failed(Exit::Usage, "two-cards", "give each person's newest card once")
        }
        SealError::NoCentre(_) | SealError::NotAPoint(_) => failed(
            Exit::Unreadable,
            "list-not-sealed",
            "mend the trial file, or ask for the card again",
        ),
    }
}
