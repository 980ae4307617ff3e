//! The end of the simulated trial: recruitment is closed, the list disclosed, and everything compared.

use super::{Ended, Whole, pharmacy};
use crate::cli::stage::signature;
use crate::sealing::ceremony::ListSecret;
use crate::sealing::data_set::read_data_set;
use crate::sealing::disclosure::Disclosure;
use crate::sealing::verify::{Evidence, verify};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Closes the trial and reconciles it.
pub fn end(mut whole: Whole, _folder: &Path, days: i32) -> Ended {
    let body = json!({"reason": "all visits are done",
                      "signature": signature("spon-1", "decide-recruitment")});
    whole.done("spon-1", "/v1/recruitment/close", body);
    let (records, balance) = pharmacy::reconciled(&mut whole);
    let tables = whole.stage.folder.verify(true);
    let entries = tables.as_ref().map_or(0, |checked| checked.entries);
    let mut lines = vec![("chain, tree and tables fit the trail".to_owned(), tables.is_ok())];
    lines.extend(verified(&whole));
    let counted = |what: &str| whole.counts.get(what).copied().unwrap_or_default();
    let opened = counted("preparations opened and recorded");
    let given = counted("infusions") == opened;
    lines.push((format!("{opened} preparations, each of them infused and recorded"), given));
    let what = match &balance {
        Ok(wrong) => format!("stock of {records} sealed records: {wrong} lots do not balance"),
        Err(failure) => failure.clone(),
    };
    lines.push((what, balance == Ok(0)));
    let closed = counted("codes broken") == counted("code breaks closed");
    lines.push(("every code break has its record and is closed".to_owned(), closed));
    Ended { counts: whole.counts, entries, days, lines }
}

/// The statistician publishes, and anybody verifies.
fn verified(whole: &Whole) -> Vec<(String, bool)> {
    let mut trail = vec![];
    let checkpoint = whole.stage.house().export_trail(|line| {
        trail.push(format!("{line}\n"));
        Ok(())
    });
    let Ok(checkpoint) = checkpoint else { return vec![("the trail is exported".into(), false)] };
    let study = &whole.stage.study;
    let design = study.list.design();
    let disclosure = Disclosure {
        trial: design.trial.clone(),
        segment: design.segment,
        purpose: design.purpose,
        secret: ListSecret::from_bytes(*study.secret.bytes()),
        beacon: study.beacon.clone(),
        sizes: design.sizes.clone(),
    };
    let data = read_data_set(&data_set(whole, &trail)).unwrap_or_default();
    let manifests = [study.manifest.to_file_text()];
    let evidence = Evidence {
        manifests: &manifests,
        disclosures: std::slice::from_ref(&disclosure),
        checkpoint: &checkpoint,
        trail_key: &whole.stage.house().store.signer().vkey(),
        kept: &[],
        data: &data,
    };
    let verdict = verify(&evidence, trail.iter().map(String::as_str));
    let failed = verdict.failure().map(|(step, why)| format!("check {}: {why}", step.number));
    let what = failed.clone().unwrap_or_else(|| {
        format!("list re-created, {} allocations and every release fit", data.len())
    });
    vec![(what, failed.is_none())]
}

/// The analysis data set: whom the trail randomised, with the arm the list gives.
fn data_set(whole: &Whole, trail: &[String]) -> String {
    let list = &whole.stage.study.list;
    let manifest = &whole.stage.study.manifest.manifest;
    let arms = list.rows().iter().map(|row| (row.code.to_string(), row.arm.name(manifest)));
    let arms: BTreeMap<String, &str> = arms.collect();
    let mut text = "participant,code,arm\n".to_owned();
    for line in trail.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if line["act"] == "randomised" {
            let on = |name: &str| line["on"][name].as_str().unwrap_or_default();
            text.push_str(&format!("{},{},{}\n", on("participant"), on("code"), arms[on("code")]));
        }
    }
    text
}
