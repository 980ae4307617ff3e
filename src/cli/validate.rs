//! `klero validate`: installation and operational qualification on the user's own machine, with the user's own trial file
//! and the user's own cases and scripts, into one report that a tester signs (VA-1 to VA-3). What is qualified is this very
//! program: a real service on loopback, a real database on this disk, real keys. Nothing of it touches a trial's folder.

pub mod conform;
mod ending;
mod given;
mod ground;
mod installation;
mod operation;
mod papers;
mod script;
mod trace;

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, must_be_new, read_text, write_new};
use super::stage::TRIAL;
use super::trial::wrong;
use super::words::unlock;
use crate::clock::{Clock, SystemClock};
use crate::sealing::bytes::hex;
use crate::sealing::signature::Purpose;
use crate::trial_file;
use clap::Args;
use given::{Cases, SCRIPT_BYTES_MAX, Script};
use ground::Ground;
use papers::Paper;
use script::Kept;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The shipped cases of the first trial: `trial.md`'s boundaries, as anybody may add to them.
const CASES: &str = include_str!("../../deploy/validation/nct04515719.cases.json");

/// Qualify this program on this machine, and write a report to sign
///
/// Installation (IQ), operation against your trial file (OQ), and your own acceptance scripts (AQ): each with what was
/// expected, what came, and the requirements that it shows. Needs no network; nothing but the report is kept.
#[derive(Args)]
#[command(after_help = ending([
    "klero validate --tester Printed-Name -o validation",
    "klero validate --trial mine.toml --cases mine.cases.json --tester Printed-Name -o validation",
    "klero validate --script acceptance-1.json --identity stat-1.key.json --tester Printed-Name -o validation",
], &[Exit::NotThere, Exit::WrongWords, Exit::Unreadable, Exit::Exists, Exit::NotVerified]))]
pub struct Validate {
    /// The trial file; without it the first trial's, as shipped
    #[arg(long, value_name = "FILE", requires = "cases")]
    trial: Option<PathBuf>,
    /// Screening answers with the verdict and stratum you expect; without it the first trial's, as shipped
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// An acceptance script of your own: requests, and the answers you expect
    #[arg(long, value_name = "FILE", num_args = 1..)]
    script: Vec<PathBuf>,
    /// Who runs this, as printed on the report
    #[arg(long, value_name = "NAME")]
    tester: String,
    /// A sealed identity file: its holder's key signs the report
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// A file of mode 0600 with the six words, or - for standard input; otherwise they are asked for
    #[arg(long, value_name = "FILE", requires = "identity")]
    words_file: Option<PathBuf>,
    /// The new folder of the report: validation.json, validation.html, and validation.sig with a key
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// One test of the report: what it does, what it expects, and what came.
pub struct Tested {
    /// `OQ-05`.
    pub id: String,
    /// The requirements that it shows.
    pub shows: Vec<String>,
    /// What was done.
    pub does: String,
    /// What should come of it.
    pub expects: String,
    /// What came, and whether that is what should.
    pub came: Came,
}

/// What came of a test, as evidence; `Err` when it is not what was expected.
pub type Came = Result<String, String>;

impl Validate {
    /// Tests, writes, signs.
    ///
    /// # Errors
    /// 20 when a test fails: the report is written all the same.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let trial = match &self.trial {
            Some(file) => read_text(file, trial_file::FILE_BYTES_MAX)?,
            None => TRIAL.to_owned(),
        };
        let name = self.trial.clone().unwrap_or_else(|| PathBuf::from("the shipped trial file"));
        trial_file::read(&trial).map_err(|findings| wrong(&name, &findings))?;
        let cases = self.cases()?;
        let scripts =
            self.script.iter().map(|file| read_script(file)).collect::<Result<Vec<_>, _>>()?;
        let identity = match &self.identity {
            Some(file) => Some(unlock(file, self.words_file.as_deref())?),
            None => None,
        };
        let started = SystemClock.now();
        say!("installation ...");
        let mut tested = installation::tests(&trial);
        say!("operation, on a service of its own ...");
        let mut ground = Ground::raise(&trial, cases)?;
        tested.extend(operation::tests(&mut ground));
        let given = ground.given();
        tested.extend(conform::tests(&ground, given, &ground.stage.study.manifest.manifest.arms));
        tested.extend((1..).zip(&scripts).map(|(number, script)| {
            script::run(&ground, format!("AQ-{number:02}"), script, &mut Kept::new())
        }));
        tested.extend(ending::last(ground));
        let paper = Paper {
            trial: &trial,
            tester: &self.tester,
            started,
            ended: SystemClock.now(),
            tested,
        };
        let report = paper.json().to_string();
        std::fs::create_dir_all(&self.output).map_err(|error| not_made(&self.output, &error))?;
        write_new(&self.output.join("validation.json"), Eyes::All, &report)?;
        if let Some(identity) = &identity {
            let signature = hex(&identity.sign(Purpose::Report, report.as_bytes()));
            let card = identity.card();
            let text = json!({"person": card.person.as_str(), "fingerprint": hex(&card.fingerprint()),
                              "signature": signature});
            write_new(&self.output.join("validation.sig"), Eyes::All, &format!("{text}\n"))?;
        }
        write_new(
            &self.output.join("validation.html"),
            Eyes::All,
            &paper.html(identity.as_ref().map(|i| i.card())),
        )?;
        self.told(&paper)
    }

    fn cases(&self) -> Result<Cases, Failure> {
        let (name, text) = match &self.cases {
            Some(file) => (file.clone(), read_text(file, SCRIPT_BYTES_MAX)?),
            None => (PathBuf::from("the shipped cases"), CASES.to_owned()),
        };
        Cases::read(&text).map_err(|why| unreadable(&name, "cases", &why))
    }

    fn told(&self, paper: &Paper<'_>) -> Result<Done, Failure> {
        let failed: Vec<&Tested> = paper.tested.iter().filter(|test| test.came.is_err()).collect();
        let all = paper.tested.len();
        let mut text: String =
            failed.iter().map(|test| format!("FAIL  {}  {}\n", test.id, test.does)).collect();
        text.push_str(&format!(
            "{} of {all} tests passed; written to {}",
            all - failed.len(),
            self.output.display()
        ));
        let done = Done::new(
            text,
            json!({"tests": all, "passed": all - failed.len(),
            "failed": failed.iter().map(|test| test.id.as_str()).collect::<Vec<_>>(),
            "report": self.output.display().to_string()}),
        );
        if failed.is_empty() {
            return Ok(done);
        }
        let what = format!("{} of {all} tests did not come out as expected", failed.len());
        let next = "read validation.html; do not begin a trial with this installation before each is explained";
        Err(Failure::new(Exit::NotVerified, "not-qualified", what, next).having_found(done))
    }
}

fn read_script(file: &Path) -> Result<Script, Failure> {
    let text = read_text(file, SCRIPT_BYTES_MAX)?;
    Script::read(&text).map_err(|why| unreadable(file, "acceptance script", &why))
}

fn unreadable(file: &Path, kind: &str, why: &str) -> Failure {
    let what = format!("{} is no file of {kind} that can be used", file.display());
    let next = "compare its form with deploy/validation/README.md";
    Failure::new(Exit::Unreadable, "validation-input-unreadable", what, next).because(why)
}

fn not_made(folder: &Path, error: &std::io::Error) -> Failure {
    let what = format!("{} could not be made", folder.display());
    let next = "check that the folder above it is there and may be written";
    Failure::new(Exit::Failed, "file-unwritten", what, next).because(error)
}
