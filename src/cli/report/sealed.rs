//! What was judged of code breaks once the arm was known: the files of `klero break collect`, each record held against the
//! entry that kept it, and opened with the key of whoever makes the report.

use crate::cli::failure::{Exit, Failure};
use crate::cli::files::read_text;
use crate::cli::held::key_of;
use crate::cli::release::WrapText;
use crate::domain::follow_up::RELATED;
use crate::domain::ids::{CentreId, Reference, TrialId};
use crate::sealing::bytes::{hex, sha256, unhex};
use crate::sealing::centre_key::CentreKey;
use crate::sealing::identity::Identity;
use crate::sealing::report::closed::{Judged, SEALED};
use crate::sealing::report::{Looked, word};
use crate::sealing::sealed_record::{RecordKind, RecordPlace, SealedRecord, open_record};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest file of sealed parts, in bytes: some thousands of them.
const PARTS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What is counted where a record does not open, or says nothing that can be counted.
const UNREAD: &str = "sealed, and not readable";

#[derive(Deserialize)]
struct FileText {
    parts: Vec<PartText>,
}

/// What the service answered about one code break. It may say more than is needed here.
#[derive(Deserialize)]
struct PartText {
    trial: String,
    reference: String,
    records: Vec<RecordText>,
    wraps: Vec<WrapText>,
}

#[derive(Deserialize)]
struct RecordText {
    record: String,
    centre: String,
    epoch: u32,
    entry: u64,
    sealed: String,
}

/// What stands in it. The narrative beside it is for its holders: nothing of it is counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SaidText {
    release: String,
    related_after: String,
}

/// Relatedness once the arm was known, by the name of the code break.
///
/// # Errors
/// 15 for what is no such file, 13 when the keys in it were not wrapped to this person, 20 when a record is not the one
/// that its entry kept.
pub fn judged(files: &[PathBuf], looked: &Looked, identity: &Identity) -> Result<Judged, Failure> {
    let last: BTreeMap<String, u64> =
        looked.acts(SEALED).filter_map(|line| Some((word(line, "reference")?, line.seq))).collect();
    let mut judged = Judged::new();
    for file in files {
        let text = read_text(file, PARTS_BYTES_MAX)?;
        let read: FileText =
            serde_json::from_str(&text).map_err(|error| unreadable(file, error.line()))?;
        for part in &read.parts {
            let keys = keys(file, part, identity)?;
            for one in &part.records {
                let sealed = kept(file, part, one, looked)?;
                // What was sealed after the export is not counted, and of several the last one counts.
                if last.get(&part.reference) != Some(&one.entry) {
                    continue;
                }
                if let Some(key) = keys.get(&(one.centre.clone(), one.epoch)) {
                    let said = said(part, one, &sealed, key);
                    let said = said.unwrap_or_else(|| UNREAD.to_owned());
                    judged.insert(part.reference.clone(), said);
                }
            }
        }
    }
    Ok(judged)
}

/// This person's keys of a part, by centre and number.
fn keys(
    file: &Path,
    part: &PartText,
    identity: &Identity,
) -> Result<BTreeMap<(String, u32), CentreKey>, Failure> {
    let trial = TrialId::parse(&part.trial).map_err(|_| unreadable(file, 1))?;
    let mut keys = BTreeMap::new();
    for held in &part.wraps {
        let held = held.read().ok_or_else(|| unreadable(file, 1))?;
        let key = key_of(&held, &trial, identity)?;
        keys.insert((held.centre.to_string(), held.epoch), key);
    }
    Ok(keys)
}

/// The record's bytes, when its entry kept these very bytes for this very break; bytes that came after the export have no
/// entry yet, and are held against nothing.
fn kept(
    file: &Path,
    part: &PartText,
    one: &RecordText,
    looked: &Looked,
) -> Result<SealedRecord, Failure> {
    let bytes = unhex(&one.sealed).ok_or_else(|| unreadable(file, 1))?;
    let sealed = SealedRecord::of(RecordKind::Break, &bytes).ok_or_else(|| unreadable(file, 1))?;
    let line = looked.acts(SEALED).find(|line| line.seq == one.entry);
    let fits = match line {
        None => one.entry >= looked.size,
        Some(line) => [
            ("reference", part.reference.clone()),
            ("record", one.record.clone()),
            ("epoch", one.epoch.to_string()),
            ("sealed", hex(&sha256(&bytes))),
        ]
        .into_iter()
        .all(|(name, value)| word(line, name) == Some(value)),
    };
    if fits && part.trial == looked.trial {
        return Ok(sealed);
    }
    let what = format!("the sealed record {} is not the one that its entry kept", one.record);
    let next = "collect again, with the newest export; if it stays so, keep both as they are";
    Err(Failure::new(Exit::NotVerified, "sealed-part-differs", what, next))
}

fn said(
    part: &PartText,
    one: &RecordText,
    sealed: &SealedRecord,
    key: &CentreKey,
) -> Option<String> {
    let at = RecordPlace {
        trial: TrialId::parse(&part.trial).ok()?,
        centre: CentreId::parse(&one.centre).ok()?,
        record: Reference::parse(&one.record).ok()?,
        epoch: one.epoch,
        kind: RecordKind::Break,
    };
    let text = open_record(key, &at, sealed)?;
    let said: SaidText = serde_json::from_str(&text).ok()?;
    let fits = said.release == part.reference && RELATED.contains(&said.related_after.as_str());
    fits.then_some(said.related_after)
}

fn unreadable(file: &Path, line: usize) -> Failure {
    let what = format!("{} holds no sealed parts that can be read", file.display());
    let next = "use the file that klero break collect wrote";
    Failure::new(Exit::Unreadable, "sealed-parts-unreadable", what, next)
        .because(format!("Its JSON ends or differs at line {line}."))
}
