//! The end of the simulated trial: recruitment is closed, the list disclosed, and everything compared.

use super::{Ended, Whole, pharmacy};
use crate::cli::stage::{TRIAL, signature};
use crate::cli::study::data_set;
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::data_set::read_data_set;
use crate::sealing::report::Looked;
use crate::sealing::report::reconcile::{
    Pharmacy, Reconciled, Sources, Stands, Statement, reconcile,
};
use crate::sealing::verify::{Evidence, verify};
use crate::trial_file;
use serde_json::json;

/// What a simulation cannot have: papers and people outside the service. A real trial hands in signed statements.
const STATED: [(usize, &str); 9] = [
    (4, "the second program is run by the tests, on trails like this one"),
    (5, "the simulated people consented the day before they came"),
    (6, "a simulation has no paper forms"),
    (9, "every simulated break was asked for by one invented physician"),
    (11, "the simulated clock ran without a fault"),
    (12, "the simulated rights were looked at"),
    (13, "the simulated data were locked before the disclosure"),
    (14, "the simulated exports were handed over"),
    (15, "the simulated archive was verified where it stood"),
];

/// Closes the trial and reconciles it.
pub fn end(mut whole: Whole, days: i32) -> Ended {
    let body = json!({"reason": "all visits are done",
                      "signature": signature("spon-1", "decide-recruitment")});
    whole.done("spon-1", "/v1/recruitment/close", body);
    let body = json!({"stage": "list", "file": "00".repeat(32),
                      "signature": signature("stat-1", "disclose")});
    whole.done("stat-1", "/v1/disclosures", body);
    let body = json!({"signature": signature("mon-1", "review-access")});
    whole.done("mon-1", "/v1/rights/reviews", body);
    let (records, balance) = pharmacy::reconciled(&mut whole);
    let tables = whole.stage.folder.verify(true);
    let entries = tables.as_ref().map_or(0, |checked| checked.entries);
    let mut lines = vec![("tables follow from the trail".to_owned(), tables.is_ok())];
    let counted = |what: &str| whole.counts.get(what).copied().unwrap_or_default();
    let opened = counted("preparations opened and recorded");
    let given = counted("infusions") == opened;
    lines.push((format!("{opened} preparations, each of them infused and recorded"), given));
    let opens = format!("{records} sealed records of the pharmacies open");
    lines.push((opens, balance.is_ok()));
    let closed = counted("codes broken") == counted("code breaks closed");
    lines.push(("every code break has its record and is closed".to_owned(), closed));
    let grown = format!("{} codes came of the list's second segment", whole.of_extension());
    lines.push((grown, whole.studies().len() == 2));
    match fifteen(&whole, balance.unwrap_or(1)) {
        Ok(fifteen) => lines.extend(fifteen),
        Err(why) => lines.push((format!("the fifteen lines: {why}"), false)),
    }
    Ended { counts: whole.counts, entries, days, lines }
}

/// The fifteen lines of the reconciliation, as `klero report reconcile` computes them.
fn fifteen(whole: &Whole, unbalanced: usize) -> Result<Vec<(String, bool)>, String> {
    let mut trail = String::new();
    let checkpoint = whole.stage.house().export_trail(|line| {
        trail.push_str(line);
        trail.push('\n');
        Ok(())
    });
    let checkpoint = checkpoint.map_err(|_| "the trail is not exported".to_owned())?;
    let study = &whole.stage.study;
    let data = data_set(&whole.arms, trail.lines());
    let data = read_data_set(&data).map_err(|_| "no data set".to_owned())?;
    let studies = whole.studies();
    let disclosures: Vec<_> = studies.iter().map(|study| study.disclosure()).collect();
    let manifests: Vec<_> = studies.iter().map(|study| study.manifest.to_file_text()).collect();
    let evidence = Evidence {
        manifests: &manifests,
        disclosures: &disclosures,
        checkpoint: &checkpoint,
        trail_key: &whole.stage.house().store.signer().vkey(),
        kept: &whole.kept,
        data: &data,
    };
    let verdict = verify(&evidence, trail.split_inclusive('\n'));
    let looked = Looked::at(&evidence, &trail)?;
    let statements =
        STATED.map(|(line, says)| Statement { line, says: says.to_owned(), document_fits: true });
    let vials = trial_file::arm_vials(TRIAL);
    let vial_arm = vials.iter().position(|vials| *vials > 0);
    let arm = vial_arm.and_then(|at| study.manifest.manifest.arms.get(at));
    let used = arm.and_then(|arm| whole.used.get(arm)).copied().unwrap_or_default();
    let lines = reconcile(&Sources {
        looked: &looked,
        verdict: &verdict,
        with_data: true,
        infusions: whole.stage.house().trial.infusions(),
        vial_arm,
        kept: whole.kept.len(),
        records: 0,
        counts: &[],
        pharmacy: Some(Pharmacy {
            discordant: Some(whole.discordant),
            unbalanced: Some(vec!["a lot".to_owned(); unbalanced]),
            vials: Some((used, 0)),
        }),
        statements: &statements,
        trail_hash: hex(&sha256(trail.as_bytes())),
    });
    let told = lines.into_iter().map(|line| {
        let Reconciled { number, asks, stands, evidence } = line;
        let evidence: String = evidence.chars().take(100).collect();
        (format!("{number:>2}  {asks}: {evidence}"), stands == Stands::Pass)
    });
    Ok(told.collect())
}
