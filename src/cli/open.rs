//! `klero open`: one slot, on its holder's own machine. First everything is proven that can be without a key; then the
//! key is unlocked; the arm is shown last, on stdout alone, and written nowhere.

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, must_be_new, read_text, write_new};
use super::package::{altered, read_manifest};
use super::release::{Commitment, HeldWrap, Proven, RELEASE_BYTES_MAX, prove};
use super::trial;
use super::words::Key;
use crate::clock::{Clock, SystemClock};
use crate::domain::ids::{CentreId, Code};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::centre_key::CentreKey;
use crate::sealing::identity::Identity;
use crate::sealing::kit::{
    KIT_FILE_BYTES_MAX, KIT_MANIFEST, KIT_WRAPS, PortableSlot, kit_file_name, read_kit_slot,
    read_kit_wraps,
};
use crate::sealing::manifest::Manifest;
use crate::sealing::offline_record::{OFFLINE_REASON_BYTES_MAX, OfflineRecord};
use crate::sealing::open::{NotProven, open, open_with};
use crate::sealing::passed::take_key;
use crate::sealing::signature::Purpose;
use crate::sealing::slot::centre_of;
use crate::sealing::wrap::{WrapPlace, unwrap};
use crate::trial_file::{arm_preparations, arm_words};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Open one released slot, or one of the emergency kit, and show what it stands for
///
/// Everything is proven before the arm is shown: the commitment's signature, the entry under a signed checkpoint, the
/// slot's seal at its place, and its leaf against the commitment. The arm goes to standard output and nowhere else.
#[derive(Args)]
#[command(after_help = ending([
    "klero open release.json --identity p-hs-1.key.json --commitment commitment.json",
    "klero open release.json --identity hot-1.key.json --commitment commitment.json \
     --receipt opened.json",
    "klero open --kit /media/kit --code 7429133 --identity hot-1.key.json --reason anaphylaxis",
], &[Exit::NotThere, Exit::WrongWords, Exit::OtherKey, Exit::Unreadable, Exit::Exists,
     Exit::NotAllowed, Exit::NotVerified, Exit::DoesNotFit, Exit::OtherCentre,
     Exit::AlteredManifest]))]
pub struct Open {
    /// The release as the service answered it, or - for standard input
    #[arg(value_name = "RELEASE", required_unless_present = "kit", conflicts_with = "kit")]
    release: Option<PathBuf>,
    /// The public commitment, kept from before   [needed without --kit]
    #[arg(long, value_name = "FILE", required_unless_present = "kit")]
    commitment: Option<PathBuf>,
    #[command(flatten)]
    key: Key,
    /// Refuse a slot of any other centre
    #[arg(long, value_name = "ID", value_parser = CentreId::parse)]
    centre: Option<CentreId>,
    /// The trial file, for the arm's full name and preparation in both languages
    #[arg(long, value_name = "FILE")]
    trial: Option<PathBuf>,
    /// Write the signed opening receipt for the service; it says that, never what
    #[arg(long, value_name = "FILE", conflicts_with = "kit")]
    receipt: Option<PathBuf>,
    /// The emergency kit's folder: opens without the service
    #[arg(long, value_name = "DIR", requires = "code", requires = "reason")]
    kit: Option<PathBuf>,
    /// The code to open from the kit
    #[arg(long, value_parser = Code::parse, requires = "kit")]
    code: Option<Code>,
    /// Why the code is broken; it is signed and taken in later
    #[arg(long, value_name = "TEXT", requires = "kit")]
    reason: Option<String>,
    /// The signed record of the opening   [default: CODE.offline.json]
    #[arg(long, value_name = "FILE", requires = "kit")]
    record: Option<PathBuf>,
}

/// An arm that was opened and proven, with the receipt that says so: for the demonstration.
#[cfg(feature = "server")]
pub struct Opened {
    /// The arm's name in the manifest.
    pub arm: String,
    /// What goes to the service: that it opened, never what.
    pub receipt: Value,
}

/// Opens a release for its holder, whole, as the command does: for the demonstration.
///
/// # Errors
/// Every reason for which no arm may be shown.
#[cfg(feature = "server")]
pub fn open_release(
    release: &str,
    commitment: &str,
    identity: &Identity,
) -> Result<Opened, Failure> {
    let proven = prove(release, Commitment::read(commitment)?)?;
    let key = proven.unwrap_for(identity, None)?;
    let arm = proven.open(&key)?;
    let receipt = proven.receipt(identity, true);
    Ok(Opened { arm, receipt })
}

/// Opens a drill's slot for its holder and tries every key: what goes to the service then. What the slot stands for is
/// nobody's, and stays here.
///
/// # Errors
/// Every reason for which a drill is not passed before it is told.
#[cfg(feature = "server")]
pub fn practise(release: &str, commitment: &str, identity: &Identity) -> Result<Value, Failure> {
    let proven = prove(release, Commitment::read(commitment)?)?;
    let key = proven.unwrap_for(identity, None)?;
    let opened = proven.open(&key);
    Ok(proven.receipt(identity, opened.is_ok()))
}

impl Open {
    /// Proves, unlocks, opens, and only then shows.
    pub fn run(self) -> Result<Done, Failure> {
        match (&self.release, &self.commitment, &self.kit, &self.code) {
            (Some(release), Some(commitment), None, _) => self.run_release(release, commitment),
            (None, _, Some(kit), Some(code)) => self.run_kit(kit, code),
            _ => {
                let next = "klero help open";
                let what = "give a release with --commitment, or --kit with --code and --reason";
                Err(Failure::new(Exit::Usage, "wrong-usage", what, next))
            }
        }
    }

    fn run_release(&self, release: &Path, commitment: &Path) -> Result<Done, Failure> {
        self.receipt.as_deref().map_or(Ok(()), must_be_new)?;
        let commitment = Commitment::read(&read_text(commitment, RELEASE_BYTES_MAX)?)?;
        let words = self.arm_words(&commitment.signed.manifest)?;
        let proven = prove(&read_text(release, RELEASE_BYTES_MAX)?, commitment)?;
        let identity = self.key.unlock()?;
        let key = proven.unwrap_for(&identity, self.centre.as_ref())?;
        let opened = proven.open(&key);
        if let Some(file) = &self.receipt {
            let receipt = proven.receipt(&identity, opened.is_ok());
            write_new(file, Eyes::All, &format!("{receipt}\n"))?;
        }
        let arm = opened?;
        say!(
            "verified: the manifest's signature, the checkpoint, entry {} under it, the seal at its \
             place, and the leaf under the root",
            proven.entry
        );
        let code = proven.slot.at.code;
        let mut shown = show(&arm, &proven.pinned, &words, &code);
        if proven.is_drill() {
            shown.data["drill"] = json!(true);
            shown.data["reference"] = json!(proven.reference);
            shown.text.push_str("TRAINING     nobody's: a drill");
            return Ok(shown);
        }
        shown.data["participant"] = json!(proven.participant);
        shown.data["reference"] = json!(proven.reference);
        shown.data["entry"] = json!(proven.entry);
        shown.text.push_str(&format!("participant  {}", proven.participant));
        Ok(shown)
    }

    fn run_kit(&self, kit: &Path, code: &Code) -> Result<Done, Failure> {
        let record = self.record.clone();
        let record = record.unwrap_or_else(|| PathBuf::from(format!("{code}.offline.json")));
        must_be_new(&record)?;
        let reason = self.reason.clone().unwrap_or_default();
        check_reason(&reason)?;
        let pinned = self.kit_manifest(kit)?;
        let words = self.arm_words(&pinned)?;
        let (slot, wraps) = read_kit(kit, code)?;
        let identity = self.key.unlock()?;
        let key = kit_key(&slot, &wraps, &pinned, &identity, self.centre.as_ref())?;
        let opened = open_slot(&slot, &key, &pinned);
        let told = OfflineRecord {
            code: *code,
            at: SystemClock.now(),
            by: identity.card().person.clone(),
            reason,
            fits: opened.is_ok(),
        };
        let signed = told.sign(&identity).map_err(|error| {
            Failure::new(Exit::Usage, "reason-needed", error, "say why in --reason")
        })?;
        // Before the arm is shown: an opening without a record would be one that nobody knows of.
        write_new(&record, Eyes::All, &format!("{}\n", signed.to_json()))?;
        let arm = opened?;
        say!("verified: the manifest's signature, the seal at its place, the leaf under the root");
        say!("Keep {}: klero break import takes it in later.", record.display());
        let mut shown = show(&arm, &pinned, &words, code);
        shown.data["record"] = json!(record.display().to_string());
        shown.text.push_str(&format!("record       {}", record.display()));
        Ok(shown)
    }

    /// The kit's manifest; the one in a commitment that is given beside it must be the same.
    fn kit_manifest(&self, kit: &Path) -> Result<Manifest, Failure> {
        let file = kit.join(KIT_MANIFEST);
        let signed = read_manifest(&file)?;
        if let Some(commitment) = &self.commitment {
            let pinned = Commitment::read(&read_text(commitment, RELEASE_BYTES_MAX)?)?;
            if pinned.signed.hash() != signed.hash() {
                return Err(altered(&file, "The commitment has another manifest."));
            }
        }
        Ok(signed.manifest)
    }

    /// What each arm is called and how it is prepared, from a trial file of this very manifest.
    fn arm_words(&self, pinned: &Manifest) -> Result<Vec<(String, Vec<String>)>, Failure> {
        let Some(file) = &self.trial else { return Ok(vec![]) };
        let (text, _) = trial::read(file)?;
        if sha256(text.as_bytes()) != pinned.configuration {
            let what = format!("the manifest was not signed over {}", file.display());
            let next = "use the trial file of this list, or leave out --trial";
            return Err(Failure::new(Exit::NotVerified, "other-configuration", what, next));
        }
        let both = arm_words(&text).into_iter().zip(arm_preparations(&text));
        let lines = both.map(|(name, prepare)| vec![name.en, name.zh, prepare.en, prepare.zh]);
        Ok(pinned.arms.iter().cloned().zip(lines).collect())
    }
}

/// The arm on a line of its own, with its words, on stdout alone.
fn show(arm: &str, pinned: &Manifest, words: &[(String, Vec<String>)], code: &Code) -> Done {
    let words = words.iter().find(|(name, _)| name == arm).map(|(_, lines)| lines.as_slice());
    let mut text = format!("ARM  {arm}\n");
    for line in words.unwrap_or_default() {
        text.push_str(&format!("     {line}\n"));
    }
    text.push_str(&format!("code         {}\ntrial        {}\n", code.grouped(), pinned.trial));
    let data = json!({
        "arm": arm, "words": words, "code": code.to_string(), "trial": pinned.trial.as_str(),
    });
    Done::new(text, data)
}

impl Proven {
    /// The centre key, when the wrap is this person's, of this centre, and opens with their key.
    fn unwrap_for(
        &self,
        identity: &Identity,
        expected: Option<&CentreId>,
    ) -> Result<CentreKey, Failure> {
        let person = &identity.card().person;
        if self.wrap.person != *person {
            return Err(other_key(&format!(
                "It was released to {}, not to {person}.",
                self.wrap.person
            )));
        }
        let of_wrap = [&self.wrap.centre];
        check_centre(&self.centre, of_wrap.into_iter().chain(expected), identity)?;
        unwrap_key(&self.wrap, &self.pinned, identity)
    }

    /// Opens by the centre's key, or by the slot's own that was passed on under it.
    fn open(&self, key: &CentreKey) -> Result<String, Failure> {
        let Some(passed) = &self.passed else { return open_slot(&self.slot, key, &self.pinned) };
        let new = (key, &self.wrap.centre, self.wrap.epoch);
        let taken = take_key(passed, &self.slot.at, new);
        let own = taken.ok_or_else(|| does_not_fit(NotProven::DoesNotOpen))?;
        let opened =
            open_with(&self.slot.sealed, &self.slot.at, &own, &self.slot.path, &self.pinned);
        opened.map(|arm| arm.name(&self.pinned).to_owned()).map_err(does_not_fit)
    }

    /// The receipt for the service.
    fn receipt(&self, identity: &Identity, fits: bool) -> Value {
        let at = SystemClock.now().to_string();
        let sign = |text: &str| hex(&identity.sign(Purpose::Receipt, text.as_bytes()));
        if self.is_drill() {
            let opens = |held: &&HeldWrap| unwrap_key(held, &self.pinned, identity).is_ok();
            let opened = u32::try_from(self.keys.iter().filter(opens).count()).unwrap_or(0);
            let signature = sign(&self.drill_text(fits, opened, &at));
            return json!({"reference": self.reference, "fits": fits, "keysOpened": opened,
                          "at": at, "signature": signature});
        }
        let signature = sign(&self.receipt_text(fits, &at));
        json!({"reference": self.reference, "fits": fits, "at": at, "signature": signature})
    }
}

fn other_key(why: &str) -> Failure {
    let what = "this was not wrapped to this key";
    let next = "use the identity of the person who asked for the release";
    Failure::new(Exit::OtherKey, "not-wrapped-to-this-key", what, next).because(why)
}

/// The slot's centre must be the wrap's, the expected one, and one at which this person holds keys.
fn check_centre<'c>(
    centre: &CentreId,
    expected: impl Iterator<Item = &'c CentreId>,
    identity: &Identity,
) -> Result<(), Failure> {
    let other = expected.into_iter().find(|other| *other != centre);
    let why = match other {
        Some(other) => format!("The slot is of {centre}, not of {other}."),
        None if identity.card().may_hold(centre) => return Ok(()),
        None => format!("{} holds no key of {centre}.", identity.card().person),
    };
    let what = "the slot belongs to another centre";
    let next = "check the code, and ask for the release of the right one";
    Err(Failure::new(Exit::OtherCentre, "other-centre", what, next).because(why))
}

fn unwrap_key(
    wrap: &HeldWrap,
    pinned: &Manifest,
    identity: &Identity,
) -> Result<CentreKey, Failure> {
    let at = WrapPlace {
        trial: pinned.trial.clone(),
        centre: wrap.centre.clone(),
        epoch: wrap.epoch,
        person: wrap.person.clone(),
    };
    unwrap(&wrap.wrap, &at, identity.opening())
        .map_err(|_| other_key("The wrap does not open: it is of another key, centre or epoch."))
}

/// Opens and proves; what comes out is the arm's name in the pinned manifest.
fn open_slot(slot: &PortableSlot, key: &CentreKey, pinned: &Manifest) -> Result<String, Failure> {
    let opened = open(&slot.sealed, &slot.at, key, &slot.path, pinned);
    opened.map(|arm| arm.name(pinned).to_owned()).map_err(does_not_fit)
}

fn does_not_fit(why: NotProven) -> Failure {
    let what = "opening refused: what was released does not fit the commitment";
    let next = "give nothing; tell the monitor and the statistician, and use the second road";
    Failure::new(Exit::DoesNotFit, "does-not-fit", what, next).because(why)
}

fn check_reason(reason: &str) -> Result<(), Failure> {
    if !reason.trim().is_empty() && reason.len() <= OFFLINE_REASON_BYTES_MAX {
        return Ok(());
    }
    let what = format!("a reason is required, of at most {OFFLINE_REASON_BYTES_MAX} bytes");
    Err(Failure::new(Exit::Usage, "reason-needed", what, "say why in --reason"))
}

/// The code's slot and the hotline's wraps.
fn read_kit(kit: &Path, code: &Code) -> Result<(PortableSlot, Vec<HeldWrap>), Failure> {
    let wrong = |file: &Path, why: &str| {
        let what = format!("{} is not a file of this kit", file.display());
        let next = "open nothing from a kit that was altered; use another copy";
        Failure::new(Exit::NotVerified, "kit-altered", what, next).because(why)
    };
    let file = kit.join(kit_file_name(code));
    let text = read_text(&file, KIT_FILE_BYTES_MAX)?;
    let slot = read_kit_slot(&text).map_err(|error| wrong(&file, &error.to_string()))?;
    if slot.at.code != *code {
        return Err(wrong(&file, "It holds the slot of another code."));
    }
    let file = kit.join(KIT_WRAPS);
    let wraps = read_kit_wraps(&read_text(&file, KIT_FILE_BYTES_MAX)?)
        .map_err(|error| wrong(&file, &error.to_string()))?;
    let held = wraps.into_iter().map(|packed| HeldWrap {
        centre: packed.centre,
        epoch: packed.epoch,
        person: packed.person,
        wrap: packed.wrap,
    });
    Ok((slot, held.collect()))
}

/// The key of the slot's centre, for a hotline holder.
fn kit_key(
    slot: &PortableSlot,
    wraps: &[HeldWrap],
    pinned: &Manifest,
    identity: &Identity,
    expected: Option<&CentreId>,
) -> Result<CentreKey, Failure> {
    let person = &identity.card().person;
    if !wraps.iter().any(|wrap| wrap.person == *person) {
        return Err(other_key(&format!("The kit holds no wrap for {person}.")));
    }
    let centre = centre_of(&slot.at.stratum).ok_or_else(|| {
        let next = "open nothing from a kit that was altered; use another copy";
        Failure::new(Exit::NotVerified, "kit-altered", "the slot belongs to no centre", next)
    })?;
    check_centre(&centre, expected.into_iter(), identity)?;
    let fits = |wrap: &&HeldWrap| {
        wrap.person == *person && wrap.centre == centre && wrap.epoch == slot.at.epoch
    };
    let wrap = wraps.iter().find(fits);
    let wrap =
        wrap.ok_or_else(|| other_key("The kit holds no wrap of this slot's key for them."))?;
    unwrap_key(wrap, pinned, identity)
}
