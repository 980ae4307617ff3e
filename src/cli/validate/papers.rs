//! The report: one JSON document that is signed, and the same as a page to print and sign by hand.

use super::trace::{Traced, traced};
use super::{Tested, installation};
use crate::cli::sheet::Sheet;
use crate::domain::time::Moment;
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::card::Card;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the report is made of.
pub struct Paper<'t> {
    /// The trial file.
    pub trial: &'t str,
    /// Who ran it.
    pub tester: &'t str,
    /// When it began.
    pub started: Moment,
    /// When it ended.
    pub ended: Moment,
    /// Every test, in order.
    pub tested: Vec<Tested>,
}

impl Paper<'_> {
    /// The document that is signed.
    pub fn json(&self) -> Value {
        let tests: Vec<Value> = self
            .tested
            .iter()
            .map(|test| {
                json!({
                    "id": test.id, "shows": test.shows, "does": test.does, "expects": test.expects,
                    "passed": test.came.is_ok(), "evidence": evidence(test),
                })
            })
            .collect();
        let trace = |one: Traced| json!({"requirement": one.id, "asks": one.asks, "shownHere": self.here(one.id), "tests": one.tests});
        json!({
            "klero": "validation/v1", "program": installation::version(),
            "trialFile": hex(&sha256(self.trial.as_bytes())), "tester": self.tester,
            "started": self.started.to_string(), "ended": self.ended.to_string(),
            "passed": self.passed(), "of": self.tested.len(), "tests": tests,
            "traceability": traced().into_iter().map(trace).collect::<Vec<_>>(),
        })
    }

    fn passed(&self) -> usize {
        self.tested.iter().filter(|test| test.came.is_ok()).count()
    }

    /// The tests of this very run that show a requirement.
    fn here(&self, id: &str) -> Vec<&str> {
        let shows = |test: &&Tested| test.shows.iter().any(|shown| shown == id);
        self.tested.iter().filter(shows).map(|test| test.id.as_str()).collect()
    }

    /// The page.
    pub fn html(&self, signer: Option<&Card>) -> String {
        let mut sheet = Sheet::new("Klero: report of validation");
        let rest = self.tested.len() - self.passed();
        sheet.paragraph(&format!(
            "{} of {} tests came out as expected, {rest} did not.",
            self.passed(),
            self.tested.len()
        ));
        let facts = [
            ("program", installation::version()),
            ("trial file, SHA-256", hex(&sha256(self.trial.as_bytes()))),
            ("begun", self.started.to_string()),
            ("ended", self.ended.to_string()),
            ("tester", self.tester.to_owned()),
        ];
        let rows: Vec<Vec<String>> =
            facts.into_iter().map(|(what, is)| vec![what.to_owned(), is]).collect();
        sheet.table("What was tested", &["", ""], 2, &rows);
        for (begins, title) in
            [("IQ", "Installation"), ("OQ", "Operation"), ("AQ", "Acceptance scripts of the user")]
        {
            self.kind(&mut sheet, begins, title);
        }
        self.traceability(&mut sheet);
        sheet.heading("Signatures");
        if let Some(card) = signer {
            let fingerprint = hex(&card.fingerprint());
            sheet.paragraph(&format!("validation.sig holds the signature of {} (fingerprint {fingerprint}) over validation.json.", card.person));
        }
        let line = |who: &str| {
            vec![
                who.to_owned(),
                "____________________".to_owned(),
                "____________________".to_owned(),
            ]
        };
        sheet.table(
            "Signed by hand",
            &["as", "name and signature", "date"],
            3,
            &[line("tester"), line("reviewer"), line("sponsor")],
        );
        sheet.to_html()
    }

    fn kind(&self, sheet: &mut Sheet, begins: &str, title: &str) {
        let of: Vec<&Tested> =
            self.tested.iter().filter(|test| test.id.starts_with(begins)).collect();
        if of.is_empty() {
            return;
        }
        sheet.heading(title);
        let row = |test: &&Tested| {
            let result = if test.came.is_ok() { "pass" } else { "FAIL" };
            vec![
                test.id.clone(),
                test.does.clone(),
                test.expects.clone(),
                result.to_owned(),
                evidence(test).to_owned(),
                test.shows.join(" "),
            ]
        };
        let rows: Vec<_> = of.iter().map(row).collect();
        sheet.table(
            title,
            &["test", "what was done", "expected", "result", "evidence", "shows"],
            6,
            &rows,
        );
    }

    fn traceability(&self, sheet: &mut Sheet) {
        sheet.heading("Requirement, test, result");
        sheet.paragraph("Tests of the source are run before a version is given out; tests of this run carry the ids above.");
        let result = |one: &Traced| {
            let here: BTreeSet<&str> = self.here(one.id).into_iter().collect();
            let failed = self
                .tested
                .iter()
                .any(|test| here.contains(test.id.as_str()) && test.came.is_err());
            match (here.is_empty(), failed) {
                (true, _) => "by the source's tests".to_owned(),
                (false, true) => {
                    format!("FAIL: {}", here.into_iter().collect::<Vec<_>>().join(" "))
                }
                (false, false) => {
                    format!("pass: {}", here.into_iter().collect::<Vec<_>>().join(" "))
                }
            }
        };
        let row = |one: &Traced| {
            vec![
                one.id.to_owned(),
                one.asks.to_owned(),
                result(one),
                one.tests.join(" ").replace('_', " "),
            ]
        };
        let rows: Vec<_> = traced().iter().map(row).collect();
        sheet.table(
            "Traceability",
            &["id", "requirement", "this run", "tests of the source"],
            4,
            &rows,
        );
    }
}

fn evidence(test: &Tested) -> &str {
    match &test.came {
        Ok(evidence) | Err(evidence) => evidence,
    }
}
