//! `klero report reconcile`: the fifteen lines at the end, signed.

use super::told::PROGRAM;
use super::{EXITS, Sources};
use crate::cli::failure::{Done, Exit, Failure, ending};
use crate::cli::files::{Eyes, must_be_new, read_text, write_new};
use crate::cli::sheet::{Sheet, wrapped};
use crate::cli::trial;
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::data_set::{DATA_SET_BYTES_MAX, DataRow, read_data_set};
use crate::sealing::identity::Identity;
use crate::sealing::report::Looked;
use crate::sealing::report::reconcile::{
    Count, Pharmacy, Reconciled, Sources as Given, Stands, Statement, reconcile,
};
use crate::sealing::signature::Purpose;
use crate::sealing::verify::{Evidence, verify};
use crate::trial_file;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The longest file with statements or pharmacy figures, in bytes.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest document whose hash is looked at, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Reconcile at the end: fifteen lines, each pass, fail or not shown, in one signed report
///
/// Lines that no program can compute are shown by statements: a JSON file
/// {"statements":[{"line":6,"says":"…","by":"…","on":"2027-05-01","document":"forms.pdf","sha256":"…"}]}, in which
/// document and sha256 may be left out. The pharmacies' figures are what klero pharmacy report --json prints.
/// Ends with 20 when a line fails, and with 3 when none fails and some are not shown.
#[derive(Args)]
#[command(after_help = ending([
    "klero report reconcile --trial trial.toml --manifest manifest.txt --secret secret.json \
     --identity stat-1.key.json --trail export -o reconciliation.txt",
    "klero report reconcile --trial trial.toml --manifest manifest.txt --secret secret.json \
     --identity stat-1.key.json --trail export --data data.csv --statements statements.json \
     --kept dsmb.txt -o reconciliation.txt --html reconciliation.html",
    "klero report reconcile --trial trial.toml --manifest manifest.txt --secret secret.json \
     --identity stat-1.key.json --trail export --pharmacy pharmacy.json -o reconciliation.txt --json",
], RECONCILE_EXITS))]
pub struct Reconcile {
    #[command(flatten)]
    sources: Sources,
    /// The trial file that the manifest was signed over: how many infusions there are
    #[arg(long, value_name = "FILE")]
    trial: PathBuf,
    /// The analysis data set: CSV of participant,code,arm, with or without broken
    #[arg(long, value_name = "CSV")]
    data: Option<PathBuf>,
    /// The pharmacies' figures
    #[arg(long, value_name = "JSON")]
    pharmacy: Option<PathBuf>,
    /// What klero kit count wrote, for each segment's letters
    #[arg(long, value_name = "JSON", num_args = 1..)]
    count: Vec<PathBuf>,
    /// Statements for what nobody can compute
    #[arg(long, value_name = "JSON")]
    statements: Option<PathBuf>,
    /// The signed report: a line of JSON, and a line with its signature
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

const RECONCILE_EXITS: &[Exit] =
    &[Exit::InPart, EXITS[0], EXITS[1], EXITS[2], EXITS[3], EXITS[4], EXITS[5], EXITS[6], EXITS[7]];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementsText {
    statements: Vec<StatementText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementText {
    line: usize,
    says: String,
    by: String,
    on: String,
    document: Option<String>,
    sha256: Option<String>,
}

impl Reconcile {
    /// Computes, writes and signs.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let (text, trial) = trial::read(&self.trial)?;
        let infusions = trial.visits.iter().filter(|visit| visit.infusion).count();
        let statements = self.statements.as_deref().map_or(Ok(vec![]), read_statements)?;
        let counts =
            self.count.iter().map(|file| read_count(file)).collect::<Result<Vec<_>, _>>()?;
        let pharmacy = self.pharmacy.as_deref().map(read_pharmacy).transpose()?;
        let read = self.sources.read()?;
        let looked = read.looked()?;
        let configuration = sha256(text.as_bytes());
        if read.configuration != configuration {
            let what = format!("{} is not the trial file of the manifest", self.trial.display());
            let next = "use the file whose hash stands in the manifest";
            return Err(Failure::new(Exit::NotVerified, "trial-of-another-hash", what, next));
        }
        let rows = match &self.data {
            Some(file) => read_rows(file)?,
            None => rows_of(&looked),
        };
        let evidence = Evidence { data: &rows, ..read.evidence() };
        let verdict = verify(&evidence, read.lines.split_inclusive('\n'));
        let vials = trial_file::arm_vials(&text);
        let with_vials: Vec<usize> = (0..vials.len()).filter(|at| vials[*at] > 0).collect();
        let lines = reconcile(&Given {
            looked: &looked,
            verdict: &verdict,
            with_data: self.data.is_some(),
            infusions,
            vial_arm: if let [one] = with_vials[..] { Some(one) } else { None },
            kept: read.kept.len(),
            records: read.outside.len(),
            counts: &counts,
            pharmacy,
            statements: &statements,
            trail_hash: hex(&sha256(read.lines.as_bytes())),
        });
        self.finish(&looked, &lines, &read.identity)
    }

    fn finish(
        self,
        looked: &Looked,
        lines: &[Reconciled],
        signer: &Identity,
    ) -> Result<Done, Failure> {
        let data = data(looked, lines, signer);
        let report = data.to_string();
        let signature = hex(&signer.sign(Purpose::Report, report.as_bytes()));
        write_new(&self.output, Eyes::Owner, &format!("{report}\nsignature: {signature}\n"))?;
        let mut done = Done::new(text(looked, lines), data);
        done.data["signature"] = signature.clone().into();
        done.text.push_str(&format!(
            "\n\nsigned by {}\nwritten   {}",
            signer.card().person,
            self.output.display()
        ));
        if let Some(file) = &self.sources.html {
            write_new(file, Eyes::Owner, &page(looked, lines, signer, &signature))?;
            done.text.push_str(&format!("\nwritten   {}", file.display()));
        }
        let all = |stands: Stands| -> Vec<String> {
            let these = lines.iter().filter(|line| line.stands == stands);
            these.map(|line| line.number.to_string()).collect()
        };
        let (failed, open) = (all(Stands::Fail), all(Stands::NotShown));
        let failure = match (failed.as_slice(), open.as_slice()) {
            ([], []) => return Ok(done),
            ([], open) => Failure::new(
                Exit::InPart,
                "not-all-shown",
                format!("nothing fails; not shown: lines {}", open.join(", ")),
                "add what shows them: --data, --pharmacy, --kept, --statements",
            ),
            (failed, _) => Failure::new(
                Exit::NotVerified,
                "does-not-reconcile",
                format!("lines {} fail", failed.join(", ")),
                "keep all files as they are, and tell whoever answers for the trial",
            ),
        };
        Err(failure.having_found(done))
    }
}

fn read_statements(file: &Path) -> Result<Vec<Statement>, Failure> {
    let wrong = |why: String| {
        let what = format!("{} holds no statements that can be used", file.display());
        let next = "klero report reconcile --help shows the form";
        Failure::new(Exit::Unreadable, "statements-unreadable", what, next).because(why)
    };
    let text: StatementsText = serde_json::from_str(&read_text(file, FILE_BYTES_MAX)?)
        .map_err(|error| wrong(error.to_string()))?;
    let read = |one: StatementText| {
        if !(1..=15).contains(&one.line) {
            return Err(wrong(format!("there is no line {}", one.line)));
        }
        let (document_fits, document) = match (&one.document, &one.sha256) {
            (None, None) => (true, String::new()),
            (Some(name), Some(hash)) => {
                let path = file.parent().unwrap_or(Path::new("")).join(name);
                (hash_of(&path)? == *hash, format!(", {name} {hash}"))
            }
            _ => return Err(wrong("document and sha256 come together".to_owned())),
        };
        let says = format!("\"{}\" ({}, {}{document})", one.says, one.by, one.on);
        Ok(Statement { line: one.line, says, document_fits })
    };
    text.statements.into_iter().map(read).collect()
}

fn hash_of(path: &Path) -> Result<String, Failure> {
    let unread = |error: &dyn std::fmt::Display| {
        let what = format!("there is no {} that can be read", path.display());
        let next = "put the document beside the statements";
        Failure::new(Exit::NotThere, "document-missing", what, next).because(error)
    };
    let size = std::fs::metadata(path).map_err(|error| unread(&error))?.len();
    if size > DOCUMENT_BYTES_MAX {
        return Err(unread(&"it is too large"));
    }
    Ok(hex(&sha256(&std::fs::read(path).map_err(|error| unread(&error))?)))
}

fn read_count(file: &Path) -> Result<Count, Failure> {
    let all: Value = serde_json::from_str(&read_text(file, FILE_BYTES_MAX)?).unwrap_or_default();
    let texts = |value: &Value| -> Option<Vec<String>> {
        value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
    };
    let letters = &all["letters"];
    let read = || {
        let opened = if letters.is_null() { vec![] } else { texts(&letters["opened"])? };
        let differences = texts(&all["differences"])?;
        Some(Count { letters: letters["listed"].as_u64().unwrap_or_default(), opened, differences })
    };
    let marked = all["klero"] == "kit-count/v1";
    read().filter(|_| marked).ok_or_else(|| {
        let what = format!("{} is no count of kit and letters", file.display());
        let next = "use the file that klero kit count wrote";
        Failure::new(Exit::Unreadable, "count-unreadable", what, next)
    })
}

/// Whatever of it is there: what is not said is not shown.
fn read_pharmacy(file: &Path) -> Result<Pharmacy, Failure> {
    let text = read_text(file, FILE_BYTES_MAX)?;
    let all: Value = serde_json::from_str(&text).map_err(|error| {
        let what = format!("{} is no report of the pharmacies", file.display());
        let next = "use what klero pharmacy report --json printed";
        Failure::new(Exit::Unreadable, "pharmacy-unreadable", what, next).because(error)
    })?;
    let said = all.get("data").unwrap_or(&all);
    let discordant = match &said["discordant"] {
        Value::Array(all) => Some(all.len() as u64),
        other => other.as_u64(),
    };
    let lot = |lot: &Value| {
        let named = |name: &str| lot[name].as_str().unwrap_or_default();
        (lot["balances"] != Value::Bool(true))
            .then(|| format!("{} {}", named("centre"), named("lot")))
    };
    // `klero pharmacy report` says in one word whether every lot of its centre balances.
    let whole =
        |fits: bool| if fits { vec![] } else { vec!["see the pharmacies' report".to_owned()] };
    let lots = said["lots"].as_array().map(|lots| lots.iter().filter_map(lot).collect());
    let unbalanced = lots.or_else(|| said["balances"].as_bool().map(whole));
    let count = |name: &str| said[name].as_u64();
    let vials = count("vials-used").zip(count("vials-wasted"));
    Ok(Pharmacy { discordant, unbalanced, vials })
}

fn read_rows(file: &Path) -> Result<Vec<DataRow>, Failure> {
    read_data_set(&read_text(file, DATA_SET_BYTES_MAX)?).map_err(|error| {
        let next = "export it as CSV with these columns";
        Failure::new(Exit::Unreadable, "data-set-unreadable", error, next)
    })
}

/// Without a data set, what it would have to say, so that the other checks are made all the same.
fn rows_of(looked: &Looked) -> Vec<DataRow> {
    let row = |(line, one): (usize, &crate::sealing::report::Issued)| DataRow {
        line,
        participant: one.participant.clone(),
        code: one.code.clone(),
        arm: looked.arms[one.arm].clone(),
        broken: None,
    };
    (2..).zip(&looked.issued).map(row).collect()
}

fn data(looked: &Looked, lines: &[Reconciled], signer: &Identity) -> Value {
    let line = |one: &Reconciled| {
        json!({
            "line": one.number, "asks": one.asks, "stands": one.stands.as_str(),
            "evidence": one.evidence,
        })
    };
    json!({
        "klero": "reconciliation/v1", "trial": looked.trial, "entries": looked.size,
        "root": hex(&looked.root), "signer": signer.card().person.as_str(),
        "fingerprint": hex(&signer.card().fingerprint()), "program": PROGRAM,
        "lines": lines.iter().map(line).collect::<Vec<_>>(),
    })
}

fn text(looked: &Looked, lines: &[Reconciled]) -> String {
    let mut out = format!("Reconciliation of {}, {} entries\n", looked.trial, looked.size);
    for one in lines {
        out.push_str(&format!("\n{:>2} {:<9} {}\n", one.number, one.stands.as_str(), one.asks));
        out.push_str(&wrapped(&one.evidence, "             ", 80));
    }
    out
}

fn page(looked: &Looked, lines: &[Reconciled], signer: &Identity, signature: &str) -> String {
    let mut sheet = Sheet::new(&format!("Reconciliation: {}", looked.trial));
    sheet.paragraph(&format!(
        "{} entries under root {}. {PROGRAM}.",
        looked.size,
        hex(&looked.root)
    ));
    let row = |one: &Reconciled| {
        vec![
            one.number.to_string(),
            one.asks.to_owned(),
            one.stands.as_str().to_owned(),
            one.evidence.clone(),
        ]
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    sheet.table("", &["", "Line", "Stands", "Evidence"], 4, &rows);
    sheet.paragraph(&format!("Signed by {}: {signature}", signer.card().person));
    sheet.to_html()
}
