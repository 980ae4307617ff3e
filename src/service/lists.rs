//! The sealed list comes in, is locked, and is approved by a second person before it may issue (design 5).

use super::refuse::Noted;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, ReadList, ReviewList};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::PersonId;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::lock::ServerSecret;
use crate::sealing::manifest::ListPurpose;
use crate::sealing::package::{Package, PackageError, PackedWrap};
use crate::sealing::slot::DRILL_EPOCHS;
use crate::store::queries::ImportedList;
use crate::store::repeats::OnceKey;
use crate::store::{Stamp, StoreError, Tx};
use std::fmt;
use std::sync::Arc;

/// Why a package was not imported. Nothing was changed.
#[derive(Debug)]
pub enum NotImported {
    /// The package does not verify.
    Package(PackageError),
    /// Segment 0 must be the list that was committed to when the service was founded.
    NotTheCommitment,
    /// This segment has its list.
    AlreadyImported,
    /// A segment before this one is missing.
    OutOfOrder,
    /// A code of it is on an earlier list.
    CodeTaken,
    /// It is sealed under a key of a number that its centre has had.
    CentreKeyTaken,
    /// Keys of training lists beside the one that issues are numbered from 1,000,001 on, and no others.
    KeyNumber,
    /// A training list gives a key to a card that this person has not registered here.
    OtherCard(PersonId),
    /// A live list, while the trial's configuration has questions without a signed answer: their ids.
    DecisionsOpen(Vec<String>),
    /// The store.
    Store(StoreError),
}

impl fmt::Display for NotImported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(error) => error.fmt(f),
            Self::NotTheCommitment => f.write_str(
                "this is not the list that was committed to when the service was founded",
            ),
            Self::AlreadyImported => f.write_str("this segment has its list already"),
            Self::OutOfOrder => f.write_str("the segment before this one has no list yet"),
            Self::CodeTaken => f.write_str("a code of this list is on an earlier one"),
            Self::CentreKeyTaken => {
                f.write_str("a centre has had a key of the number that this list is sealed under")
            }
            Self::KeyNumber => write!(
                f,
                "keys of training lists beside the live one, and no others, have numbers above {DRILL_EPOCHS}"
            ),
            Self::OtherCard(person) => {
                write!(f, "it gives a key to a card that {person} has not registered here")
            }
            Self::DecisionsOpen(ids) => {
                write!(f, "the trial's configuration has open decisions: {}", ids.join(", "))
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotImported {}

impl House {
    /// Imports the statistician's package: checks all of it, then locks and keeps every slot in one transaction.
    ///
    /// # Errors
    /// Everything that does not verify; nothing is changed then.
    pub fn import_list(&self, json: &str) -> Result<(), NotImported> {
        let package = Package::read(json).map_err(NotImported::Package)?;
        let checked = package.check(&self.trial.id, &self.configuration, self.purpose());
        checked.map_err(NotImported::Package)?;
        let manifest = &package.manifest.manifest;
        let lists = self.store.read(|view| view.lists()).map_err(NotImported::Store)?;
        if lists.iter().any(|list| list.segment == manifest.segment) {
            return Err(NotImported::AlreadyImported);
        }
        if manifest.segment as usize != lists.len() {
            return Err(NotImported::OutOfOrder);
        }
        if manifest.segment == 0 && package.manifest.hash() != self.manifest.hash() {
            return Err(NotImported::NotTheCommitment);
        }
        if package.slots.iter().any(|slot| slot.epoch > DRILL_EPOCHS) {
            return Err(NotImported::KeyNumber);
        }
        self.check_unused(&package)?;
        let open = self.open_decisions();
        if manifest.purpose == ListPurpose::Live && !open.is_empty() {
            return Err(NotImported::DecisionsOpen(open));
        }
        let hash = named(json.as_bytes());
        let secret = Arc::clone(&self.secret);
        let pending = self.store.write(Stamp::service(), move |tx| {
            import(tx, &package, &hash, &secret).map_err(Noted::from)
        });
        // The one refusal here is the store's.
        pending.wait().map(|_| ()).map_err(|_| NotImported::Store(StoreError::Failed))
    }

    /// An extension has codes and centre keys of its own: it must touch nothing that is issued (SG-10).
    pub(super) fn check_unused(&self, package: &Package) -> Result<(), NotImported> {
        let taken = self.store.read(|view| {
            for slot in &package.slots {
                if view.fate(&slot.code)?.is_some() || view.is_drill_code(&slot.code)? {
                    return Ok(Some(NotImported::CodeTaken));
                }
            }
            for wrap in &package.wraps {
                if view.has_centre_key(&wrap.centre, wrap.epoch)? {
                    return Ok(Some(NotImported::CentreKeyTaken));
                }
            }
            Ok::<_, StoreError>(None)
        });
        taken.map_err(NotImported::Store)?.map_or(Ok(()), Err)
    }

    /// The ids of the principal investigator's decisions that have no signed answer.
    pub fn open_decisions(&self) -> Vec<String> {
        self.trial.unanswered_decisions().iter().map(|d| d.id.clone()).collect()
    }

    /// A second person approves the list's machine-made report (SG-6).
    ///
    /// # Errors
    /// `no-such-record`, `wrong-state` when it was approved before or a segment before it was not, `signature-needed`.
    pub async fn review_list(
        &self,
        caller: &Caller,
        segment: u32,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<ReviewList>(caller).await?;
        let signed = self.check_signature(caller, ReviewList::NAME, signature).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let lists = tx.view().lists()?;
            let list = lists.iter().find(|list| list.segment == segment);
            let list = list.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            // A later segment before an earlier one would let codes be issued out of list order (I4).
            let first = lists.iter().all(|l| l.segment >= segment || l.reviewed.is_some());
            if list.reviewed.is_some() || !first {
                return Err(Refusal::new(Why::WrongState));
            }
            let entry = Entry::new("list-reviewed").on("segment", segment);
            let seq = tx.append(signed.on(entry.with("manifest", hex(&list.manifest))))?;
            tx.lists_changed()?;
            tx.remember(&once, "reviewed", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// The signed manifests of the list's later segments, in their order: public like the first, once they may issue.
    ///
    /// # Errors
    /// When the store fails.
    pub fn extensions(&self) -> Result<Vec<String>, Refusal> {
        self.store.read(|view| {
            let later = view.lists()?.into_iter();
            let later = later.filter(|list| list.segment > 0 && list.reviewed.is_some());
            let file = |list: ImportedList| {
                let file = view.content(&list.file)?.ok_or(StoreError::Damaged)?;
                Ok(String::from_utf8_lossy(&file).into_owned())
            };
            later.map(file).collect()
        })
    }

    /// The lists with their reports: commitments and counts, no assignment.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn read_lists(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(ImportedList, String)>, Refusal> {
        self.may_somewhere::<ReadList>(caller).await?;
        self.store.read(|view| {
            let lists = view.lists()?;
            let report = |list: ImportedList| {
                let report = view.content(&list.report)?.unwrap_or_default();
                Ok((list, String::from_utf8_lossy(&report).into_owned()))
            };
            lists.into_iter().map(report).collect()
        })
    }
}

fn import(
    tx: &mut Tx<'_>,
    package: &Package,
    hash: &str,
    secret: &ServerSecret,
) -> Result<(), StoreError> {
    let manifest = &package.manifest.manifest;
    tx.keepsakes(secret).list(package)?;
    let holders = package.cards.iter().map(|card| {
        let centres = card.centres.iter().map(|centre| Fact::from(centre.as_str())).collect();
        Fact::Group(vec![
            ("person".into(), card.person.as_str().into()),
            ("role".into(), card.role.as_str().into()),
            ("centres".into(), Fact::List(centres)),
            ("fingerprint".into(), hex(&card.fingerprint()).into()),
            ("card".into(), named(card.to_json().as_bytes()).into()),
        ])
    });
    let strata = manifest.strata.iter().map(|(stratum, slots)| {
        let stratum = ("stratum".into(), stratum.as_str().into());
        Fact::Group(vec![stratum, ("slots".into(), (*slots).into())])
    });
    let entry = Entry::new("list-imported")
        .with("segment", manifest.segment)
        .with("purpose", manifest.purpose.as_str())
        .with("manifest", hex(&package.manifest.hash()))
        .with("file", named(package.manifest.to_file_text().as_bytes()))
        .with("report", named(package.report.to_json().as_bytes()))
        .with("root", hex(&manifest.root))
        .with("package", hash)
        .with("slots", package.slots.len() as u64)
        .with("strata", strata.collect::<Vec<_>>())
        .with("holders", holders.collect::<Vec<_>>())
        .with("wraps", wraps(package)?);
    tx.append(entry)?;
    tx.lists_changed()
}

/// The name of bytes that are kept beside an entry.
pub(super) fn named(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

/// What the entry says of a package's wraps.
pub(super) fn wraps(package: &Package) -> Result<Vec<Fact>, StoreError> {
    let wrap = |packed: &PackedWrap| {
        let card = package.cards.iter().find(|card| card.person == packed.person);
        let card = card.ok_or(StoreError::Constraint)?;
        Ok(Fact::Group(vec![
            ("centre".into(), packed.centre.as_str().into()),
            ("epoch".into(), packed.epoch.into()),
            ("person".into(), packed.person.as_str().into()),
            ("fingerprint".into(), hex(&card.fingerprint()).into()),
            ("hash".into(), named(packed.wrap.as_bytes()).into()),
        ]))
    };
    package.wraps.iter().map(wrap).collect()
}
