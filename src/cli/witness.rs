//! `klero witness`: centres, sponsor or safety board hold the trail to what it said before (AT-14, C2SP tlog-witness).

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, must_be_new, read_secret, read_text, write_new};
use crate::clock::{Clock, SystemClock};
use crate::dice::{SystemDice, roll};
use crate::http::block_on;
use crate::http::witness::{Said, serve_witness};
use crate::sealing::bytes::{hex, sha256, unhex_array};
use crate::sealing::checkpoint::{Checkpoint, NOTE_BYTES_MAX, TrailKey, is_origin};
use crate::sealing::witness::{Cosigner, NotCosigned, SUBMISSION_BYTES_MAX, Submission, judge};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    New(New),
    Cosign(Cosign),
    Serve(Serve),
}

impl Verb {
    /// Runs it.
    pub fn run(self) -> Result<Done, Failure> {
        match self {
            Verb::New(new) => new.run(),
            Verb::Cosign(cosign) => cosign.run(),
            Verb::Serve(serve) => serve.run(),
        }
    }
}

/// Make a witness's key
///
/// The file is not sealed, because a witness works unattended: mode 0600, on a machine of the witness's own.
#[derive(Args)]
#[command(after_help = ending([
    "klero witness new --name witness.example/dsmb -o dsmb.witness.json",
    "klero witness new --name hospital.example/huashan -o huashan.witness.json",
    "klero witness new --name witness.example/dsmb -o dsmb.witness.json --json",
], &[Exit::Exists]))]
pub struct New {
    /// The witness's name: an address without a scheme, which need not lead anywhere
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The key file, which must be new
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Which key cosigns which trails, and what is remembered of them.
#[derive(Args)]
struct Witness {
    /// The witness's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The trails that are watched: their keys, as they were printed or exported
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    trail_key: Vec<PathBuf>,
    /// The folder in which the last checkpoint of each trail is remembered; it never goes back
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
}

/// Cosign one submission, from a file or standard input
///
/// A submission is what tlog-witness sends to add-checkpoint: the old size, the consistency proof, the checkpoint.
#[derive(Args)]
#[command(after_help = ending([
    "klero witness cosign submission.txt --key dsmb.witness.json --trail-key trail-key.txt \
     --state seen",
    "klero witness cosign - --key dsmb.witness.json --trail-key trail-key.txt --state seen",
    "klero witness cosign submission.txt --key dsmb.witness.json --trail-key trail-key.txt \
     --state seen --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotAllowed, Exit::NotVerified]))]
pub struct Cosign {
    /// The submission, or - for standard input
    submission: PathBuf,
    #[command(flatten)]
    witness: Witness,
}

/// Answer POST /add-checkpoint of C2SP tlog-witness until asked to end
#[derive(Args)]
#[command(after_help = ending([
    "klero witness serve --key dsmb.witness.json --trail-key trail-key.txt --state seen",
    "klero witness serve --key dsmb.witness.json --trail-key trail-key.txt --state seen \
     --listen 127.0.0.1:8790",
    "klero witness serve --key dsmb.witness.json --trail-key a.txt b.txt --state seen",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotAllowed]))]
pub struct Serve {
    #[command(flatten)]
    witness: Witness,
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8790")]
    listen: SocketAddr,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyText {
    klero: String,
    name: String,
    seed: String,
}

const WITNESS_V1: &str = "witness/v1";

impl New {
    /// Rolls a seed and writes it.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        if !is_origin(&self.name) {
            let what = format!("{} cannot be a witness's name", self.name);
            let next = "use letters, digits, dots and strokes: witness.example/dsmb";
            return Err(Failure::new(Exit::Usage, "name-unusable", what, next));
        }
        let seed: [u8; 32] = roll(&SystemDice::default());
        let witness =
            Cosigner::from_seed(&self.name, seed).ok_or_else(|| unusable(&self.output))?;
        let text = KeyText { klero: WITNESS_V1.into(), name: self.name, seed: hex(&seed) };
        let text = serde_json::to_string(&text).expect("three texts");
        write_new(&self.output, Eyes::Owner, &format!("{text}\n"))?;
        let vkey = witness.key().to_string();
        say!("Hand this key to everybody who is to believe the witness.");
        Ok(Done::new(vkey.clone(), json!({"key": vkey, "file": self.output.display().to_string()})))
    }
}

fn unusable(file: &Path) -> Failure {
    let what = format!("{} is not the key of a witness", file.display());
    Failure::new(Exit::Unreadable, "witness-unreadable", what, "make one:  klero witness new")
}

/// A witness at work.
struct Working {
    cosigner: Cosigner,
    logs: Vec<TrailKey>,
    state: PathBuf,
}

impl Witness {
    fn open(&self) -> Result<Working, Failure> {
        let read: Option<KeyText> =
            serde_json::from_str(&read_secret(&self.key, NOTE_BYTES_MAX)?).ok();
        let seed = read
            .filter(|text| text.klero == WITNESS_V1)
            .and_then(|text| Some((text.name, unhex_array(&text.seed)?)));
        let (name, seed) = seed.ok_or_else(|| unusable(&self.key))?;
        let cosigner = Cosigner::from_seed(&name, seed).ok_or_else(|| unusable(&self.key))?;
        let logs = self.trail_key.iter().map(|file| read_trail_key(file));
        let logs = logs.collect::<Result<Vec<_>, _>>()?;
        fs::create_dir_all(&self.state).map_err(|error| {
            let what = format!("{} cannot be written", self.state.display());
            Failure::new(Exit::Failed, "folder-unwritten", what, "name another --state")
                .because(error)
        })?;
        Ok(Working { cosigner, logs, state: self.state.clone() })
    }
}

/// A trail's key from a file.
///
/// # Errors
/// 15 when it is none.
pub fn read_trail_key(file: &Path) -> Result<TrailKey, Failure> {
    let text = read_text(file, NOTE_BYTES_MAX)?;
    TrailKey::parse(text.trim_end_matches('\n')).map_err(|error| {
        let what = format!("{} holds no trail key", file.display());
        let next = "use trail-key.txt of an export, or the key on a printed sheet";
        Failure::new(Exit::Unreadable, "trail-key-unreadable", what, next).because(error)
    })
}

impl Working {
    fn file_of(&self, origin: &str) -> PathBuf {
        self.state.join(format!("{}.checkpoint", &hex(&sha256(origin.as_bytes()))[..32]))
    }

    /// Judges, remembers durably, and only then cosigns. One at a time, whoever asks from which process.
    fn answer(&self, submission: &str) -> io::Result<Result<String, NotCosigned>> {
        let mut options = fs::OpenOptions::new();
        let lock =
            options.create(true).truncate(false).write(true).open(self.state.join("lock"))?;
        lock.lock()?;
        let mut broken = None;
        let verified = judge(submission, &self.logs, |origin| {
            self.last(origin).unwrap_or_else(|error| {
                broken = Some(error);
                None
            })
        });
        if let Some(error) = broken {
            return Err(error);
        }
        let verified = match verified {
            Ok(verified) => verified,
            Err(why) => return Ok(Err(why)),
        };
        let note = Submission::parse(submission).map(|asked| asked.note).unwrap_or_default();
        replace(&self.file_of(&verified.checkpoint.origin), &note)?;
        let seconds = SystemClock.now().millis() / 1000;
        Ok(Ok(verified.cosigned_by(&self.cosigner, seconds.unsigned_abs())))
    }

    /// What is remembered of a trail. A file that cannot be read stops the witness: forgetting would be going back.
    fn last(&self, origin: &str) -> io::Result<Option<Checkpoint>> {
        let note = match fs::read_to_string(self.file_of(origin)) {
            Ok(note) => note,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let read = self.logs.iter().find_map(|log| log.check(&note).ok());
        let damaged =
            || io::Error::new(io::ErrorKind::InvalidData, "the remembered checkpoint is damaged");
        read.map(Some).ok_or_else(damaged)
    }
}

/// Writes beside it, syncs, and puts it in its place: whatever happens, one of the two is there whole.
///
/// # Errors
/// When the disk cannot keep it.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = fs::File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

impl Cosign {
    /// One line of a cosignature, or why not.
    pub fn run(self) -> Result<Done, Failure> {
        let working = self.witness.open()?;
        let text = read_text(&self.submission, SUBMISSION_BYTES_MAX)?;
        let answered = working.answer(&text).map_err(|error| {
            let what = "the witness cannot remember what it would cosign";
            let next = "mend the disk or the state folder; never empty it";
            Failure::new(Exit::Failed, "state-unwritten", what, next).because(error)
        })?;
        answered.map(|line| Done::new(line.trim_end(), json!({"cosignature": line}))).map_err(
            |why| {
                let next = "compare the trail with what was cosigned before; keep both";
                Failure::new(Exit::NotVerified, "not-cosigned", why, next)
            },
        )
    }
}

impl Serve {
    /// Answers submissions.
    pub fn run(self) -> Result<Done, Failure> {
        let working = self.witness.open()?;
        let not_listening = |error: io::Error| {
            let what = format!("{} cannot be listened on", self.listen);
            let next = "choose another --listen, or stop what listens there";
            Failure::new(Exit::Failed, "not-listening", what, next).because(error)
        };
        let listener = TcpListener::bind(self.listen).map_err(not_listening)?;
        let address = listener.local_addr().map_err(not_listening)?;
        say!("listening on http://{address} as {}", working.cosigner.key());
        let answering = Arc::new(move |body: &str| answered(&working, body));
        block_on(serve_witness(listener, answering)).map_err(not_listening)?;
        Ok(Done::new("", json!({"address": address.to_string()})))
    }
}

fn answered(working: &Working, body: &str) -> Said {
    let plain = "text/plain; charset=utf-8";
    match working.answer(body) {
        Ok(Ok(line)) => Said { status: 200, kind: plain, body: line },
        Ok(Err(NotCosigned::AtSize(size))) => {
            Said { status: 409, kind: "text/x.tlog.size", body: format!("{size}\n") }
        }
        Ok(Err(why)) => {
            if matches!(why, NotCosigned::Forked(_) | NotCosigned::NotConsistent) {
                say!("ALARM: {why}");
            }
            Said { status: why.status(), kind: plain, body: format!("{why}\n") }
        }
        Err(error) => {
            say!("the witness cannot remember what it would cosign: {error}");
            Said { status: 500, kind: plain, body: "the witness's disk fails\n".to_owned() }
        }
    }
}
