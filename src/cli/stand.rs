//! `klero demo`: plays the story, or leaves its service running with a sign-in for everybody and the lines to try.

use super::demo::play;
use super::failure::{Done, Exit, Failure, ending};
use super::stage::{self, Play, Stage, password};
use super::whole;
use crate::clock::SystemClock;
use crate::dice::{FixedDice, SystemDice};
use crate::post::mail::Mailer;
use crate::post::webhook::Programs;
use crate::post::{Postman, Rounds};
use crate::sealing::ceremony::Escrow;
use crate::sealing::identity::{ITERATIONS, passphrase};
use crate::sealing::manifest::ListPurpose;
use crate::sealing::password::Cost;
use crate::service::pace::Pace;
use crate::store::faults::NoFaults;
use clap::Args;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Play the whole story of a trial with invented people
///
/// A real service on loopback, a real database, real keys; nothing is kept. With --serve the service is left running,
/// with a sign-in for each role and the lines to try.
#[derive(Args)]
#[command(after_help = ending([
    "klero demo",
    "klero demo --whole-trial",
    "klero demo --serve --port 8787 --data demo-data",
], &[Exit::Failed, Exit::Exists]))]
pub struct Demo {
    /// Leave the service running, and say how to use it
    #[arg(long)]
    serve: bool,
    /// Simulate the whole trial to its reconciled end: 334 participants, 14 infusions each, in a few minutes
    #[arg(long, conflicts_with_all = ["serve", "port", "data"])]
    whole_trial: bool,
    /// How many participants to simulate, with --whole-trial
    #[arg(long, value_name = "N", default_value_t = 334, requires = "whole_trial",
          value_parser = clap::value_parser!(u32).range(1..=334))]
    participants: u32,
    /// The seed of list and keys: the same seed tells the same story
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where the service listens, with --serve; 0 takes a free port
    #[arg(long, default_value_t = 0, requires = "serve")]
    port: u16,
    /// A new folder for the service's files, with --serve; a temporary one when left out
    #[arg(long, value_name = "DIR", requires = "serve")]
    data: Option<PathBuf>,
}

impl Demo {
    /// Plays, or serves.
    pub fn run(self) -> Result<Done, Failure> {
        let failed = |error: std::io::Error| {
            let what = "the demonstration could not go on";
            let next = "look whether there is room on the disk and a free port on loopback";
            Failure::new(Exit::Failed, "demo-failed", what, next).because(error)
        };
        let started = std::time::Instant::now();
        if self.whole_trial {
            return self.whole().map_err(failed)?;
        }
        if !self.serve {
            let mut story = vec![];
            let fine = play(self.seed, &mut story).map_err(failed)?;
            let story = String::from_utf8_lossy(&story).trim_end().to_owned();
            eprintln!("played in {:.1} s", started.elapsed().as_secs_f64());
            if !fine {
                let next = "tell the makers; the step that differs is marked";
                let what = "not every step came out as expected";
                return Err(Failure::new(Exit::Failed, "demo-differs", what, next).because(story));
            }
            return Ok(Done::new(story.clone(), json!({"story": story, "expected": true})));
        }
        let temporary = || std::env::temp_dir().join(format!("klero-demo-{}", std::process::id()));
        let folder = self.data.unwrap_or_else(temporary);
        if folder.exists() {
            let what = format!("{} exists already", folder.display());
            let next = "name a folder that is not there yet, or leave --data out";
            return Err(Failure::new(Exit::Exists, "exists", what, next));
        }
        fs::create_dir_all(&folder).map_err(failed)?;
        serve(&folder, self.port, self.seed, &mut std::io::stdout()).map_err(failed)?;
        Ok(Done::new("", json!({"folder": folder.display().to_string()})))
    }
}

impl Demo {
    /// Simulates the whole trial.
    fn whole(&self) -> std::io::Result<Result<Done, Failure>> {
        let mut story = vec![];
        let fine = whole::play(self.seed, self.participants, &mut story)?;
        let story = String::from_utf8_lossy(&story).trim_end().to_owned();
        if fine {
            let told = json!({"story": story, "reconciled": true});
            return Ok(Ok(Done::new(story, told)));
        }
        let (what, next) = ("not every line was reconciled", "look at the lines marked FAIL");
        Ok(Err(Failure::new(Exit::Failed, "demo-differs", what, next).because(story)))
    }
}

/// Leaves the service running, with a sign-in for everybody and the lines to try.
fn serve(folder: &Path, port: u16, seed: u64, out: &mut dyn Write) -> std::io::Result<()> {
    let play = Play {
        folder: folder.join("service"),
        port,
        clock: Arc::new(SystemClock),
        dice: Arc::new(SystemDice::default()),
        cost: Cost::EARNEST,
        faults: Box::new(NoFaults),
        pace: Pace::Any,
        trial: stage::TRIAL.to_owned(),
        slots: 12,
        mirrored: false,
        seed,
        purpose: ListPurpose::Training,
    };
    let stage = Stage::raise(play);
    stage.import_drills();
    // Browsers make no passkeys for a number; under this name of the same machine they do.
    stage.house().take_passkeys(&named(&stage.base));
    let day = stage::day_before();
    let reference = stage.screen_eligible_on(0, 1, true, &day);
    let words = write_keys(&stage, folder, seed)?;
    let commitment = stage.send("GET", "/v1/commitment", &[], None).text;
    fs::write(folder.join("commitment.json"), commitment)?;
    write_list(&stage, folder, seed)?;
    let rounds = tell_others(&stage, folder)?;
    // Last: whoever has read it may stop the service at any moment.
    explain(&stage, folder, &reference, &words, out)?;
    stage.run();
    drop(rounds);
    Ok(())
}

/// An address on loopback, by name.
fn named(base: &str) -> String {
    base.replace("127.0.0.1", "localhost")
}

/// Everybody wants notices; mail goes into a folder instead of being sent.
fn tell_others(stage: &Stage, folder: &Path) -> std::io::Result<Rounds> {
    let outbox = folder.join(OUTBOX);
    fs::create_dir_all(&outbox)?;
    for (id, ..) in stage::cast() {
        let body = json!({"address": format!("{id}@demo.example")});
        stage.act(&id, "POST", "/v1/notices/address", body);
    }
    let mail = Mailer::to_folder(&outbox, "klero@demo.example").map_err(std::io::Error::other)?;
    let programs = Programs::new(&stage.house().secret);
    let postman = Postman { mail: Some(mail), programs, site: Some(stage.base.clone()) };
    Rounds::begin(Arc::clone(stage.house()), postman)
}

/// Where a demonstration's mail is written.
const OUTBOX: &str = "outbox";

/// What the statistician has at home: the signed manifest, and the list secret sealed to `stat-1`.
fn write_list(stage: &Stage, folder: &Path, seed: u64) -> std::io::Result<()> {
    let (study, dice) = (&stage.study, FixedDice::new(seed ^ 0x115_7000));
    fs::write(folder.join("manifest.txt"), study.manifest.to_file_text())?;
    let design = study.list.design();
    let of = (&design.trial, design.segment, design.purpose);
    let card = stage.identities["stat-1"].card().clone();
    let sealed = Escrow::seal(&study.secret, of, &[card], &dice);
    let sealed = sealed.map_err(|_| std::io::Error::other("the statistician's card"))?;
    write_private(&folder.join("secret.json"), &sealed.to_json())
}

/// A new file for its owner's eyes alone.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// Everybody's sealed identity file, and the six words beside it: only in a demonstration.
fn write_keys(stage: &Stage, folder: &Path, seed: u64) -> std::io::Result<String> {
    let dice = FixedDice::new(seed ^ 0x0077_0052);
    let words = passphrase(&dice);
    for (id, identity) in &stage.identities {
        let sealed = identity.to_file(&words, ITERATIONS, &dice);
        write_private(&folder.join(format!("{id}.key.json")), &sealed)?;
        // The service keeps a copy, as for everybody: a browser fetches it after sign-in.
        let body = json!({"card": identity.card().to_json(), "identity": sealed});
        stage.act(id, "PUT", "/v1/keys/mine", body);
    }
    write_private(&folder.join("six-words.txt"), &format!("{}\n", words.as_str()))?;
    Ok(words.as_str().to_owned())
}

/// Where each role begins: what it comes for, the page, somebody in that role.
const PAGES: [(&str, &str, &str); 9] = [
    ("coordinator: randomise", "/screening", "c-rjs"),
    ("investigator: sign eligibility", "/participants", "i-rjs"),
    ("pharmacist: prepare", "/pharmacy", "p-rjs"),
    ("hotline: break a code", "/emergency", "hot-1"),
    ("hotline: drill", "/drill", "hot-2"),
    ("statistician: the sealed list", "/list", "stat-1"),
    ("monitor: read and verify the trail", "/trail", "mon-1"),
    ("sponsor: recruitment", "/recruitment", "spon-1"),
    ("admin: people", "/people", "admin-1"),
];

/// Who can sign in, and the lines to try.
fn explain(
    stage: &Stage,
    folder: &Path,
    reference: &str,
    words: &str,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let (base, here) = (&stage.base, folder.display());
    writeln!(out, "The service runs at {base}. Everybody in it is invented.")?;
    if stage.house().has_passkeys() {
        let by_name = named(base);
        writeln!(out, "For passkeys open it as {by_name}: browsers make none for a number.")?;
    }
    writeln!(out, "Ctrl-C ends it; files stay in {here}.")?;
    writeln!(out, "Mail to these people is written to {here}/{OUTBOX}; none is sent.")?;
    writeln!(
        out,
        "\nOpen in a browser, and sign in with the account and password in the table below:\n"
    )?;
    for (what, page, who) in PAGES {
        writeln!(out, "  {what:<36}{base}{page:<14}{who}")?;
    }
    writeln!(out, "\nAPI description: {base}/docs/     Commitment: {base}/commitment\n")?;
    writeln!(out, "{:<9}{:<13}{:<13}{:<27}bearer token", "sign-in", "role", "centre", "password")?;
    for (id, role, centres) in stage::cast() {
        let centre = centres.first().map_or("all", |c| c.as_str()).to_owned();
        let (password, token) = (password(&id), stage.token(&id));
        writeln!(out, "{id:<9}{role:<13}{centre:<13}{password:<27}{token}")?;
    }
    writeln!(
        out,
        "\nA token lasts while it is used: after 20 idle minutes, POST /v1/sessions again."
    )?;
    writeln!(out, "Every key is in {here}/NAME.key.json; its six words: {words}\n")?;
    for (title, line) in lines_to_try(stage, folder, reference)? {
        writeln!(out, "{title}\n\n{line}\n")?;
    }
    out.flush()
}

/// Lines for a shell, each with what it does: they work as they stand, one after the other.
fn lines_to_try(
    stage: &Stage,
    folder: &Path,
    reference: &str,
) -> std::io::Result<[(&'static str, String); 6]> {
    let (base, here) = (&stage.base, folder.display());
    let program = std::env::current_exe()?;
    let post = |who: &str, path: &str, body: Value| {
        // In a shell's single quotes, a quote ends the text: it is closed, written, and opened again.
        let body = body.to_string().replace('\'', r"'\''").replace("$CODE", "'\"$CODE\"'");
        let (token, key) = (stage.token(who), stage.new_key());
        format!(
            "curl -s {base}{path} -H 'Authorization: Bearer {token}' \\\n  \
             -H 'Idempotency-Key: {key}' -H 'Content-Type: application/json' \\\n  -d '{body}'"
        )
    };
    let open = |file: &str, who: &str| {
        format!(
            "{} open {here}/{file} --identity {here}/{who}.key.json \\\n  \
             --words-file {here}/six-words.txt --commitment {here}/commitment.json",
            program.display()
        )
    };
    let signed = stage::signature;
    let path = format!("/v1/participants/{reference}/allocation");
    let randomise = post("c-rjs", &path, json!({"signature": signed("c-rjs", "randomise")}));
    let code = r#"sed -n 's/.*"code":"\([0-9]*\)".*/\1/p'"#;
    let prepare = json!({"code": "$CODE", "identifier": "DEMO", "visit": "V1"});
    let prepare = post("p-rjs", "/v1/preparations", prepare);
    let broken = json!({
        "participant": "RJS-001", "identifier": "1988-01-01",
        "requester": "Demo physician, Demo emergency department", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency", "depends": true,
        "how": "an antidote would be chosen by it", "signature": signed("hot-1", "break-code"),
    });
    let broken = post("hot-1", "/v1/breaks", broken);
    let trail = format!(
        "curl -s '{base}/v1/trail?from=0' -H 'Authorization: Bearer {}'",
        stage.token("mon-1")
    );
    Ok([
        (
            "# 1 Randomise RJS-001, who is screened and signed eligible",
            format!("CODE=$({randomise} | tee /dev/stderr | {code})"),
        ),
        ("# 2 Release the code for preparation", format!("{prepare} > {here}/release.json")),
        ("# 3 Open it with the pharmacist's key", open("release.json", "p-rjs")),
        ("# 4 Break the code in an emergency", format!("{broken} > {here}/broken.json")),
        ("# 5 Open it with the hotline's key", open("broken.json", "hot-1")),
        ("# 6 Read the trail as the monitor: that, never what", trail),
    ])
}
