//! `klero trail watch`: keeps the trail's last checkpoint outside the service, has it proven that the trail only grew, and
//! collects the cosignatures of witnesses (AT-14).

use super::client::{Answer, Client, refused};
use super::cosigned::read_witness_key;
use super::failure::{Done, Exit, Failure, ending, say};
use super::files::read_text;
use super::trail_folder::{CHECKPOINT, LINES};
use super::witness::{read_trail_key, replace};
use super::{tiles, trail_folder};
use crate::clock::{Clock, SystemClock};
use crate::domain::ids::PersonId;
use crate::sealing::bytes::{Hash, same, unhex_array};
use crate::sealing::checkpoint::{Checkpoint, NOTE_BYTES_MAX, TrailKey};
use crate::sealing::tree::{consistency, consistent, leaf_hash};
use crate::sealing::witness::{Submission, WitnessKey, with_lines};
use clap::Args;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Watch a trail from outside: that it only grows, and that witnesses cosign it
///
/// One round: run it from a timer. A trail that shrank, or that tells another story than the checkpoint kept here, ends it
/// with 20, and both notes are kept as evidence. With --keep DIR/cosigned in the service's folder, the service shows the
/// cosignatures with its latest checkpoint.
#[derive(Args)]
#[command(after_help = ending([
    "klero trail watch --server http://127.0.0.1:8787 --name mon-1 --trail-key trail-key.txt \
     --keep kept.txt",
    "klero trail watch --folder export --trail-key trail-key.txt --keep kept.txt --older-than 1440",
    "klero trail watch --server https://klero.example.org --name mon-1 --trail-key trail-key.txt \
     --keep kept.txt --witness http://witness.example:8790=dsmb.txt",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotAllowed, Exit::NotVerified]))]
pub struct Watch {
    /// The service: https, or plain on its own host or through a tunnel
    #[arg(long, value_name = "URL", required_unless_present = "folder", requires = "name")]
    server: Option<String>,
    /// An export, or its tiles, instead of a running service
    #[arg(long, value_name = "FOLDER", conflicts_with = "server")]
    folder: Option<PathBuf>,
    /// Your account at the service
    #[arg(long, value_name = "ACCOUNT", value_parser = PersonId::parse, requires = "server")]
    name: Option<PersonId>,
    /// A file of mode 0600 with the login password; otherwise it is asked for
    #[arg(long, value_name = "FILE", requires = "server")]
    password_file: Option<PathBuf>,
    /// The trail's key, as it was printed or exported
    #[arg(long, value_name = "FILE")]
    trail_key: PathBuf,
    /// Where the last checkpoint is kept
    #[arg(long, value_name = "FILE")]
    keep: PathBuf,
    /// Witnesses to ask: address and key file
    #[arg(long, value_name = "URL=FILE", num_args = 1..)]
    witness: Vec<String>,
    /// Alarm when the trail has not grown, or a witness not cosigned, for so many minutes
    #[arg(long, value_name = "MINUTES")]
    older_than: Option<u64>,
}

/// Where checkpoints and proofs come from.
enum Source {
    Service { client: Client, bearer: Zeroizing<String> },
    Folder { note: String, leaves: Vec<Hash> },
}

impl Watch {
    /// One round.
    pub fn run(self) -> Result<Done, Failure> {
        let key = read_trail_key(&self.trail_key)?;
        let witnesses = self.witness.iter().map(|one| named(one)).collect::<Result<Vec<_>, _>>()?;
        let source = self.source()?;
        let watched = self.round(&source, &key, &witnesses);
        if let Source::Service { client, bearer } = &source {
            // The session ends by itself when this fails.
            let _ = client.delete("/v1/sessions/mine", &[("authorization", bearer)]);
        }
        watched
    }

    fn source(&self) -> Result<Source, Failure> {
        if let Some(folder) = &self.folder {
            return read_folder(folder);
        }
        let (server, name) = (self.server.clone().unwrap_or_default(), &self.name);
        let name = name.as_ref().map(PersonId::as_str).unwrap_or_default();
        let client = Client::to(&server)?;
        let (_, bearer) = client.enter(name, self.password_file.as_deref())?;
        Ok(Source::Service { client, bearer })
    }

    fn round(
        &self,
        source: &Source,
        key: &TrailKey,
        witnesses: &[(Client, WitnessKey)],
    ) -> Result<Done, Failure> {
        let note = source.latest()?;
        let now = key.check(&note).map_err(trail_folder::damaged)?;
        let kept = match self.keep.exists() {
            true => Some(read_text(&self.keep, NOTE_BYTES_MAX)?),
            false => None,
        };
        let before = kept.as_deref().map(|kept| key.check(kept)).transpose();
        let before = before.map_err(trail_folder::damaged)?;
        if let (Some(before), Some(kept)) = (&before, &kept) {
            let grown = grown(source, before, &now)?;
            if !grown {
                return Err(self.forked(before, &now, (kept, &note)));
            }
        }
        let grew = before.as_ref().is_none_or(|before| before.size < now.size);
        let mut cosigned = if grew { note.clone() } else { kept.unwrap_or(note.clone()) };
        let mut by = vec![];
        for (client, witness) in witnesses {
            match submit(source, client, &note, &now)? {
                Asked::Line(line) if witness.cosigned(&format!("{note}{line}")).is_some() => {
                    cosigned = with_lines(&without(&cosigned, witness.name()), &line);
                    by.push(witness.name().to_owned());
                }
                Asked::Line(_) => say!("{} answered with another key", witness.name()),
                Asked::Not(why) => say!("{} did not cosign: {why}", witness.name()),
                Asked::Fork(why) => {
                    let why = format!("The witness {} says: {why}", witness.name());
                    return Err(alarm(why));
                }
            }
        }
        let age = self.age(grew, &cosigned, witnesses);
        if grew || !by.is_empty() {
            replace(&self.keep, &cosigned).map_err(|error| {
                let what = format!("{} could not be written", self.keep.display());
                Failure::new(Exit::Failed, "file-unwritten", what, "check the disk").because(error)
            })?;
        }
        let text = format!(
            "entries      {}\nbefore       {}\ncosigned by  {}",
            now.size,
            before.as_ref().map_or_else(|| "nothing kept yet".to_owned(), |b| b.size.to_string()),
            if by.is_empty() { "nobody asked".to_owned() } else { by.join(", ") }
        );
        let data = json!({
            "entries": now.size, "before": before.map(|b| b.size), "cosigned-by": by,
            "age-minutes": age,
        });
        let done = Done::new(text, data);
        match (self.older_than, age) {
            (Some(most), Some(age)) if age > most => {
                let what = format!("the newest checkpoint is {age} minutes old");
                let next = "ask whether the service runs, and the witness why it did not cosign";
                Err(Failure::new(Exit::NotVerified, "checkpoint-old", what, next)
                    .having_found(done))
            }
            _ => Ok(done),
        }
    }

    /// How old what is known is, in minutes: by the oldest of the asked witnesses, or since the trail grew last.
    fn age(&self, grew: bool, note: &str, witnesses: &[(Client, WitnessKey)]) -> Option<u64> {
        let now = SystemClock.now().millis() / 1000;
        let since = |seconds: i64| u64::try_from((now - seconds).max(0) / 60).unwrap_or(0);
        let oldest = witnesses.iter().map(|(_, key)| key.cosigned(note).unwrap_or(0)).min();
        match oldest {
            Some(seconds) => Some(since(i64::try_from(seconds).unwrap_or(i64::MAX))),
            None if grew => Some(0),
            None => {
                let written = fs::metadata(&self.keep).and_then(|meta| meta.modified()).ok()?;
                Some(written.elapsed().ok()?.as_secs() / 60)
            }
        }
    }

    /// Both notes are kept: two checkpoints of one key that cannot both be true are the proof.
    fn forked(&self, before: &Checkpoint, now: &Checkpoint, (kept, note): (&str, &str)) -> Failure {
        let mut evidence = self.keep.clone().into_os_string();
        evidence.push(format!(".fork-{}-{}", before.size, now.size));
        let evidence = PathBuf::from(evidence);
        let kept = format!("{kept}\n{note}");
        let written = match replace(&evidence, &kept) {
            Ok(()) => format!("Both notes are in {}.", evidence.display()),
            Err(error) => format!("The notes could not be written: {error}\n{kept}"),
        };
        alarm(format!(
            "The checkpoint kept here is over {} entries; the trail's over {} does not continue it.\n{written}",
            before.size, now.size
        ))
    }
}

fn alarm(why: String) -> Failure {
    let what =
        "ALARM: the trail forked, shrank or was written anew 警报：稽查轨迹分叉、缩短或被改写";
    let next = "keep every note and backup as it is; tell monitor, sponsor and statistician now";
    Failure::new(Exit::NotVerified, "trail-forked", what, next).because(why)
}

/// `URL=FILE`.
fn named(text: &str) -> Result<(Client, WitnessKey), Failure> {
    let Some((address, file)) = text.rsplit_once('=') else {
        let what = format!("{text} is not URL=FILE");
        let next = "--witness http://witness.example:8790=dsmb.txt";
        return Err(Failure::new(Exit::Usage, "wrong-usage", what, next));
    };
    Ok((Client::to_anybody(address)?, read_witness_key(Path::new(file))?))
}

fn read_folder(folder: &Path) -> Result<Source, Failure> {
    let (note, leaves) = if tiles::is_tiles(folder) {
        (read_text(&folder.join("checkpoint"), NOTE_BYTES_MAX)?, tiles::leaves(folder)?)
    } else {
        trail_folder::check(folder, None)?;
        let lines = read_text(&folder.join(LINES), super::files::TRAIL_BYTES_MAX)?;
        let leaves = lines.lines().map(|line| leaf_hash(line.as_bytes())).collect();
        (read_text(&folder.join(CHECKPOINT), NOTE_BYTES_MAX)?, leaves)
    };
    Ok(Source::Folder { note, leaves })
}

/// Did the trail of `before` grow into the trail of `now`?
fn grown(source: &Source, before: &Checkpoint, now: &Checkpoint) -> Result<bool, Failure> {
    if now.size <= before.size {
        return Ok(now.size == before.size && same(&now.root, &before.root));
    }
    let proof = source.consistency(before.size, now.size)?;
    Ok(consistent(before.size, &before.root, now.size, &now.root, &proof))
}

impl Source {
    fn latest(&self) -> Result<String, Failure> {
        match self {
            Source::Folder { note, .. } => Ok(note.clone()),
            Source::Service { .. } => {
                Ok(self.ask("/v1/checkpoints/latest")?.text_at("/checkpoint").to_owned())
            }
        }
    }

    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Failure> {
        if old == 0 || old == new {
            return Ok(vec![]);
        }
        match self {
            Source::Folder { leaves, .. } => Ok(consistency(leaves, old)),
            Source::Service { .. } => {
                let answer =
                    self.ask(&format!("/v1/checkpoints/consistency?from={old}&to={new}"))?;
                let hashes = answer.body["proof"].as_array().cloned().unwrap_or_default();
                let hash = |one: &serde_json::Value| one.as_str().and_then(unhex_array);
                // What cannot be read proves nothing.
                Ok(hashes.iter().map(hash).collect::<Option<_>>().unwrap_or_default())
            }
        }
    }

    fn ask(&self, path: &str) -> Result<Answer, Failure> {
        let Source::Service { client, bearer } = self else {
            return Err(trail_folder::damaged("A folder answers no questions."));
        };
        let answer = client.get_as(path, bearer)?;
        if answer.status == 200 { Ok(answer) } else { Err(refused(&answer)) }
    }
}

/// What came of asking a witness.
enum Asked {
    Line(String),
    Not(String),
    Fork(String),
}

/// Submits the checkpoint; a witness that is at another size says so, and is asked once more from there.
fn submit(
    source: &Source,
    client: &Client,
    note: &str,
    now: &Checkpoint,
) -> Result<Asked, Failure> {
    let mut old = 0;
    for _ in 0..2 {
        let proof = source.consistency(old, now.size)?;
        let body = Submission { old, proof, note: note.to_owned() }.to_text();
        let answer = match client.post("/add-checkpoint", &[], body) {
            Ok(answer) => answer,
            Err(silent) => return Ok(Asked::Not(silent.to_string())),
        };
        let at: Option<u64> = answer.text.trim().parse().ok();
        match (answer.status, at) {
            (200, _) => return Ok(Asked::Line(answer.text)),
            (409, Some(size)) if size <= now.size && size != old => old = size,
            (409, Some(size)) if size > now.size => {
                return Ok(Asked::Fork(format!(
                    "it cosigned {size} entries before, now there are {}",
                    now.size
                )));
            }
            (409 | 422, _) => return Ok(Asked::Fork(answer.text.trim().to_owned())),
            (status, _) => return Ok(Asked::Not(format!("{status} {}", answer.text.trim()))),
        }
    }
    Ok(Asked::Not("it moves while it is asked".to_owned()))
}

/// The note without this witness's earlier lines: the newest says all that they said.
fn without(note: &str, name: &str) -> String {
    let head = format!("— {name} ");
    let lines = note.lines().filter(|line| !line.starts_with(&head));
    lines.flat_map(|line| [line, "\n"]).collect()
}
