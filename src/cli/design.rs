//! What a list is drawn from: the trial file or the manifest, the sealed secret, and the codes that are taken.

use super::failure::{Exit, Failure};
use super::files::read_text;
use super::package::read_package;
use super::trial;
use super::words::Key;
use crate::domain::ids::{Code, TrialId};
use crate::domain::people::Role;
use crate::domain::trial::Trial;
use crate::sealing::bytes::sha256;
use crate::sealing::ceremony::{Escrow, EscrowError, ListSecret};
use crate::sealing::identity::Identity;
use crate::sealing::list::{Design, ListError};
use crate::sealing::manifest::{Manifest, Sizes};
use crate::trial_file;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The longest file with a sealed list secret, in bytes.
const ESCROW_BYTES_MAX: usize = 64 * 1024;

/// What the statistician may decide beside the trial file.
pub struct Wishes<'w> {
    /// Sizes that the file keeps back.
    pub sizes: &'w [u32],
    /// Another number of slots.
    pub slots: Option<u32>,
    /// Keep the sizes out of the manifest.
    pub hide_sizes: bool,
}

/// The design that the trial file asks for.
///
/// # Errors
/// 15 when the file has mistakes, 2 when sizes are named twice or not at all.
pub fn of_trial(
    file: &Path,
    (text, trial): (&str, &Trial),
    escrow: &Escrow,
    wishes: &Wishes<'_>,
) -> Result<Design, Failure> {
    let read = trial_file::read_design(text).map_err(|findings| trial::wrong(file, &findings))?;
    let kept_back = read.sizes.is_empty();
    let sizes = named_sizes(&read.sizes, wishes.sizes, "the trial file")?;
    Ok(Design {
        trial: trial.id.clone(),
        purpose: escrow.purpose,
        segment: escrow.segment,
        arms: read.arms,
        ratio: read.ratio,
        sizes,
        hide_sizes: wishes.hide_sizes || kept_back,
        slots: wishes.slots.unwrap_or(read.slots),
        strata: trial.strata(),
        configuration: sha256(text.as_bytes()),
    })
}

/// The design that a manifest was made from.
///
/// # Errors
/// 2 when sizes are named twice or not at all.
pub fn of_manifest(manifest: &Manifest, sizes: &[u32]) -> Result<Design, Failure> {
    let (published, hide_sizes) = match &manifest.sizes {
        Sizes::Published(sizes) => (sizes.as_slice(), false),
        Sizes::Hidden(_) => (&[][..], true),
    };
    Ok(Design {
        trial: manifest.trial.clone(),
        purpose: manifest.purpose,
        segment: manifest.segment,
        arms: manifest.arms.clone(),
        ratio: manifest.ratio.clone(),
        sizes: named_sizes(published, sizes, "the manifest")?,
        hide_sizes,
        slots: manifest.slots,
        strata: manifest.strata.iter().map(|(stratum, _)| stratum.clone()).collect(),
        configuration: manifest.configuration,
    })
}

/// Sizes come from one place: published ones are not overruled, and hidden ones must be named.
fn named_sizes(published: &[u32], named: &[u32], by: &str) -> Result<Vec<u32>, Failure> {
    match (published, named) {
        ([], []) => {
            let what = format!("{by} does not say the block sizes");
            Err(Failure::new(Exit::Usage, "sizes-needed", what, "add --sizes N,N"))
        }
        (published, []) => Ok(published.to_vec()),
        ([], named) => Ok(named.to_vec()),
        _ => {
            let what = format!("{by} says the block sizes already");
            Err(Failure::new(Exit::Usage, "sizes-named-twice", what, "leave out --sizes"))
        }
    }
}

/// The sealed list secret, of this trial.
///
/// # Errors
/// 15 when the file is none, 20 when it is of another trial.
pub fn read_escrow(file: &Path, trial: &TrialId) -> Result<Escrow, Failure> {
    let escrow = Escrow::from_json(&read_text(file, ESCROW_BYTES_MAX)?).map_err(|error| {
        let what = format!("{} holds no sealed list secret", file.display());
        let next = "use the file that klero list secret wrote";
        Failure::new(Exit::Unreadable, "secret-unreadable", what, next).because(error)
    })?;
    if escrow.trial == *trial {
        return Ok(escrow);
    }
    let what = format!("{} is the list secret of another trial", file.display());
    let next = "use the secret of this trial, or make one:  klero list secret";
    Err(Failure::new(Exit::NotVerified, "secret-of-another-trial", what, next))
}

/// The sealed list secret, of this very manifest.
///
/// # Errors
/// Those of [`read_escrow`], and 20 for another segment, purpose or secret.
pub fn read_escrow_of(file: &Path, manifest: &Manifest) -> Result<Escrow, Failure> {
    let escrow = read_escrow(file, &manifest.trial)?;
    let same_list = escrow.segment == manifest.segment && escrow.purpose == manifest.purpose;
    if same_list && escrow.seed_commit == manifest.seed_commit {
        return Ok(escrow);
    }
    let what = format!("{} is not the secret that the manifest commits to", file.display());
    let next = "use the secret of this segment and purpose";
    Err(Failure::new(Exit::NotVerified, "secret-of-another-list", what, next))
}

/// Unseals the list secret.
///
/// # Errors
/// 13 when it was sealed to others, 20 when it is not the one that was committed to.
pub fn unseal(escrow: &Escrow, identity: &Identity) -> Result<ListSecret, Failure> {
    escrow.unseal(identity).map_err(|error| match error {
        EscrowError::OtherSecret => {
            let next = "use the file as it was written; this one was altered";
            Failure::new(Exit::NotVerified, "secret-does-not-fit", error, next)
        }
        EscrowError::NotSealedToThisKey | EscrowError::Malformed(_) => {
            let people: Vec<_> = escrow.sealed.iter().map(|one| one.person.as_str()).collect();
            let next = "use an identity that it was sealed to";
            Failure::new(Exit::OtherKey, "secret-not-sealed-to-this-key", error, next)
                .because(format!("It was sealed to {}.", people.join(", ")))
        }
    })
}

/// The codes of the segments before this one.
///
/// # Errors
/// 2 when an extension comes without them, 20 when a package is of another trial.
pub fn taken(files: &[PathBuf], trial: &TrialId, segment: u32) -> Result<BTreeSet<Code>, Failure> {
    let mut taken = BTreeSet::new();
    let mut segments = BTreeSet::new();
    for file in files {
        let (package, _) = read_package(file)?;
        let manifest = &package.manifest.manifest;
        if manifest.trial != *trial {
            let what = format!("{} is a package of another trial", file.display());
            let next = "name the packages of this trial's earlier segments";
            return Err(Failure::new(Exit::NotVerified, "package-of-another-trial", what, next));
        }
        segments.insert(manifest.segment);
        taken.extend(package.slots.iter().map(|slot| slot.code));
    }
    if (0..segment).eq(segments) {
        return Ok(taken);
    }
    let what =
        format!("segment {segment} needs the packages of all segments before it, and no other");
    Err(Failure::new(Exit::Usage, "taken-needed", what, "--taken package.json package-1.json …")
        .because("Their codes must not be drawn a second time."))
}

/// The signer: a statistician, and nobody else.
///
/// # Errors
/// Those of unlocking, and 18 for any other role.
pub fn statistician(key: &Key) -> Result<Identity, Failure> {
    let identity = key.unlock()?;
    let card = identity.card();
    if card.role == Role::Statistician {
        return Ok(identity);
    }
    let what = format!("{} is {}, not statistician", card.person, card.role);
    let next = "the list's maker takes no other part in the trial: use that person's identity";
    Err(Failure::new(Exit::NotAllowed, "not-a-statistician", what, next))
}

/// Why a list was not drawn.
pub fn not_drawn(error: &ListError) -> Failure {
    let next = "mend arms, ratio, sizes or slots, and check the trial file";
    Failure::new(Exit::Unreadable, "list-not-drawn", error, next)
}
