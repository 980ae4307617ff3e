//! What the statistician of a stage does at home once the trial is over: publishes the secret, joins arms to codes, has the whole
//! judged; and what comes before the end when a list runs out: its next segment.

use super::stage::Study;
use crate::dice::Dice;
use crate::domain::ids::Code;
use crate::sealing::bytes::sha256;
use crate::sealing::card::Card;
use crate::sealing::ceremony::ListSecret;
use crate::sealing::data_set::read_data_set;
use crate::sealing::disclosure::Disclosure;
use crate::sealing::identity::Identity;
use crate::sealing::list::{Design, List};
use crate::sealing::manifest::Manifest;
use crate::sealing::package::Package;
use crate::sealing::seal::seal_package;
use crate::sealing::verify::{Evidence, verify};
use crate::service::House;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Study {
    /// What is published at the end.
    pub fn disclosure(&self) -> Disclosure {
        let design = self.list.design();
        Disclosure {
            trial: design.trial.clone(),
            segment: design.segment,
            purpose: design.purpose,
            secret: ListSecret::from_bytes(*self.secret.bytes()),
            beacon: self.beacon.clone(),
            sizes: design.sizes.clone(),
        }
    }

    /// What the list says of each code.
    pub fn arms(&self) -> BTreeMap<String, &str> {
        let manifest = &self.manifest.manifest;
        let rows = self.list.rows().iter();
        rows.map(|row| (row.code.to_string(), row.arm.name(manifest))).collect()
    }

    /// The analysis data set: whom these lines of a trail randomised, with the arm the list gives.
    pub fn data_set<'l>(&self, lines: impl IntoIterator<Item = &'l str>) -> String {
        data_set(&self.arms(), lines)
    }

    /// The list's next segment: a secret of its own, no code of this one or of these others, and its own keys of the
    /// centres.
    ///
    /// # Panics
    /// When it cannot be drawn or sealed: this one was.
    pub fn next_segment(
        &self,
        slots: u32,
        others: &Package,
        identities: &BTreeMap<String, Identity>,
        epoch: u32,
        dice: &dyn Dice,
    ) -> Study {
        let before = self.list.design();
        let design = Design { segment: before.segment + 1, slots, ..before.clone() };
        let beacon = sha256(b"the drum of the next public lottery").to_vec();
        let taken: BTreeSet<Code> = self.list.rows().iter().map(|row| row.code).collect();
        let practised: BTreeSet<Code> = others.slots.iter().map(|slot| slot.code).collect();
        // In a trial that is all training, codes to practise with look like these. Verifiers leave out those of earlier
        // segments alone, so another secret is rolled until no code is on both.
        let (secret, list) = loop {
            let secret = ListSecret::roll(dice);
            let drawn = List::draw(&design, &secret, &beacon, &taken);
            let list = drawn.expect("as the one before");
            if list.rows().iter().all(|row| !practised.contains(&row.code)) {
                break (secret, list);
            }
        };
        let statistician = &identities["stat-1"];
        let manifest = list.manifest("an invented public lottery", statistician);
        let manifest = manifest.expect("the statistician may sign");
        let cards: Vec<Card> = identities.values().map(|one| one.card().clone()).collect();
        let package = seal_package(&list, &manifest, &cards, statistician, epoch, dice);
        let package = package.expect("the package is made of what was just drawn").to_json();
        Study { secret, list, beacon, manifest, package }
    }
}

/// Whom these lines of a trail randomised, each with the arm that stands here for the code.
pub fn data_set<'l>(
    arms: &BTreeMap<String, impl AsRef<str>>,
    lines: impl IntoIterator<Item = &'l str>,
) -> String {
    let mut text = "participant,code,arm\n".to_owned();
    for line in lines.into_iter().filter_map(|l| serde_json::from_str::<Value>(l).ok()) {
        if line["act"] == "randomised" {
            let on = |name: &str| line["on"][name].as_str().unwrap_or_default();
            let arm = arms.get(on("code")).map(AsRef::as_ref).unwrap_or_default();
            text.push_str(&format!("{},{},{arm}\n", on("participant"), on("code")));
        }
    }
    text
}

/// The check that failed, by its number, and why; nothing when all held.
pub type Failed = Option<(usize, String)>;

/// What anybody can verify once the secret is published.
pub struct Judged {
    /// How many entries the trail has.
    pub entries: usize,
    /// Of the data set as it is.
    pub honest: Failed,
    /// Of one in which somebody swapped the labels.
    pub swapped: Failed,
}

impl Study {
    /// Publishes the secret of an ended stage, and verifies its trail from public files alone. Nothing when the trail is not
    /// exported.
    pub fn judged(&self, house: &House) -> Option<Judged> {
        let mut lines = vec![];
        let exported = house.export_trail(|line| {
            lines.push(format!("{line}\n"));
            Ok(())
        });
        let checkpoint = exported.ok()?;
        let disclosure = self.disclosure();
        let data = self.data_set(lines.iter().map(String::as_str));
        let manifests = [self.manifest.to_file_text()];
        let trail_key = house.store.signer().vkey();
        let judge = |data: &str| {
            let rows = read_data_set(data).unwrap_or_default();
            let evidence = Evidence {
                manifests: &manifests,
                disclosures: std::slice::from_ref(&disclosure),
                checkpoint: &checkpoint,
                trail_key: &trail_key,
                kept: &[],
                data: &rows,
            };
            let verdict = verify(&evidence, lines.iter().map(String::as_str));
            verdict.failure().map(|(step, why)| (step.number, why.to_owned()))
        };
        let swapped = swap_arms(&data, &self.manifest.manifest);
        Some(Judged { entries: lines.len(), honest: judge(&data), swapped: judge(&swapped) })
    }
}

/// A data set in which somebody swapped the labels.
fn swap_arms(data: &str, manifest: &Manifest) -> String {
    let (first, second) = (&manifest.arms[0], &manifest.arms[1]);
    data.replace(first.as_str(), "\u{0}").replace(second.as_str(), first).replace('\u{0}', second)
}
