//! `klero list disclose`: what the statistician publishes of a list. The secret at the very end; before it, or instead of it,
//! groups without arms, what they meant, or the slots that were issued and no others.

use super::design;
use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, TRAIL_BYTES_MAX, must_be_new, read_text, write_new};
use super::list::{Before, Redrawn, Signer};
use super::trail_folder::{CHECKPOINT, LINES, TRAIL_KEY, damaged};
use super::words::Key;
use crate::domain::ids::{CentreId, Code};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::checkpoint::NOTE_BYTES_MAX;
use crate::sealing::disclosure::Disclosure;
use crate::sealing::groups::{Groups, Labels, Meaning};
use crate::sealing::list::List;
use crate::sealing::manifest::{Manifest, SignedManifest};
use crate::sealing::published::Openings;
use crate::sealing::verify_trail::{Told, TrailEvidence, check_trail, need};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Publish the list: all of it by its secret, at the very end; or groups, their meaning, single slots
///
/// With --groups it publishes whom group A and group B were and no arm; with --meaning which arm was A, with every slot
/// that proves it. With --issued it opens the slots of everybody who was randomised, and with --centre those of one
/// centre; all others stay sealed. These want the exported trail, in which recruitment must be closed, and the
/// manifests and secrets of all segments.
#[derive(Args)]
#[command(after_help = ending([
    "klero list disclose --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     -o disclosure.json --csv list.csv",
    "klero list disclose --groups --manifest manifest.txt --secret secret.json \
     --identity stat-1.key.json --trail export -o groups.json",
    "klero list disclose --centre huashan --manifest manifest.txt manifest-1.txt \
     --secret secret.json secret-1.json --identity stat-1.key.json --trail export -o huashan.json",
], &[Exit::NotThere, Exit::WrongWords, Exit::OtherKey, Exit::Unreadable, Exit::Exists,
     Exit::NotAllowed, Exit::NotVerified, Exit::AlteredManifest]))]
pub struct Disclose {
    /// The signed manifest; of more than one segment, segment 0 first
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    manifest: Vec<PathBuf>,
    /// The sealed list secrets, in the same order
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    secret: Vec<PathBuf>,
    #[command(flatten)]
    key: Key,
    /// The block sizes, where the manifest holds only a commitment to them
    #[arg(long, value_name = "N", value_delimiter = ',')]
    sizes: Vec<u32>,
    #[command(flatten)]
    before: Before,
    /// First stage: everybody's group, A or B, and no arm
    #[arg(long, requires = "trail", conflicts_with_all = ["meaning", "issued", "centre", "csv"])]
    groups: bool,
    /// Second stage: which arm was A, and everybody's slot
    #[arg(long, requires = "trail", conflicts_with_all = ["issued", "centre", "csv"])]
    meaning: bool,
    /// The slots of everybody who was randomised, and no others
    #[arg(long, requires = "trail", conflicts_with = "csv")]
    issued: bool,
    /// The slots of one centre's participants, for its investigators
    #[arg(long, value_name = "CENTRE", requires = "trail", conflicts_with = "csv",
          value_parser = centre)]
    centre: Option<CentreId>,
    /// The exported trail: a folder with trail.jsonl, checkpoint.txt and trail-key.txt
    #[arg(long, value_name = "FOLDER")]
    trail: Option<PathBuf>,
    /// A trail key that was printed early, instead of the one in the export
    #[arg(long, value_name = "FILE", requires = "trail")]
    trail_key: Option<PathBuf>,
    /// The file that is published
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write the whole list too: stratum, position, code, arm, salt
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

fn centre(text: &str) -> Result<CentreId, &'static str> {
    CentreId::parse(text).map_err(|_| "a centre's id, as in the trial file")
}

impl Disclose {
    /// Proves that each secret gives the list of its manifest, and writes what was asked for.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        self.csv.as_deref().map_or(Ok(()), must_be_new)?;
        let all = self.draw()?;
        match self.trail.clone() {
            Some(folder) => self.some(&folder, all),
            None => self.whole(all),
        }
    }

    fn draw(&self) -> Result<Vec<Redrawn>, Failure> {
        if self.manifest.len() != self.secret.len() {
            let what = "each --manifest needs its --secret";
            let next = "name both of every segment, in the same order";
            return Err(Failure::new(Exit::Usage, "secret-missing", what, next));
        }
        let mut all: Vec<Redrawn> = vec![];
        let mut signer = Signer::of(&self.key);
        for (manifest, secret) in self.manifest.iter().zip(&self.secret) {
            let rows = all.iter().flat_map(|one| one.list.rows());
            let earlier: BTreeSet<Code> = rows.map(|row| row.code).collect();
            let taken = |m: &Manifest| match all.len() {
                0 => design::taken(&self.before.taken, &m.trial, m.segment),
                n if n == m.segment as usize => Ok(earlier),
                _ => Err(out_of_order()),
            };
            let drawn = Redrawn::of(manifest, secret, &self.sizes, taken, &mut signer)?;
            all.push(drawn);
        }
        Ok(all)
    }

    /// The secret itself: afterwards everybody can draw the list again.
    fn whole(self, mut all: Vec<Redrawn>) -> Result<Done, Failure> {
        let (Some(Redrawn { signed, list, secret }), true) = (all.pop(), all.is_empty()) else {
            let what = "a disclosure is of one segment";
            let next = "disclose each segment into a file of its own, with --taken";
            return Err(Failure::new(Exit::Usage, "several-segments", what, next));
        };
        let manifest = &signed.manifest;
        let disclosure = Disclosure {
            trial: manifest.trial.clone(),
            segment: manifest.segment,
            purpose: manifest.purpose,
            secret,
            beacon: manifest.beacon.clone(),
            sizes: list.design().sizes.clone(),
        };
        write_new(&self.output, Eyes::Owner, &disclosure.to_json())?;
        if let Some(csv) = &self.csv {
            write_new(csv, Eyes::Owner, &list.to_csv())?;
        }
        say!("Whoever reads {} can draw the whole list.", self.output.display());
        let slots = list.rows().len();
        let text = format!(
            "disclosed    {} segment {}, {slots} slots\nroot         {}\nwritten      {}",
            manifest.trial,
            manifest.segment,
            hex(&manifest.root),
            self.output.display()
        );
        let csv = self.csv.map(|csv| csv.display().to_string());
        let data = json!({
            "trial": manifest.trial.as_str(), "segment": manifest.segment, "slots": slots,
            "root": hex(&manifest.root), "file": self.output.display().to_string(), "csv": csv,
        });
        Ok(Done::new(text, data))
    }

    /// What the trail says was issued, and nothing of any other slot.
    fn some(self, folder: &Path, all: Vec<Redrawn>) -> Result<Done, Failure> {
        let signed: Vec<SignedManifest> = all.iter().map(|one| one.signed.clone()).collect();
        if signed.first().is_none_or(|first| first.manifest.segment != 0) {
            return Err(out_of_order());
        }
        let told = read_trail(folder, self.trail_key.as_deref(), &signed)?;
        if !told.of("recruitment-closed").any(|line| line.entry.centre.is_none()) {
            let what = "recruitment is not closed in this trail";
            let next = "close it for the whole trial, and export the trail again";
            return Err(Failure::new(Exit::NotAllowed, "recruitment-not-closed", what, next));
        }
        let issued = told.of("randomised").map(|line| {
            Ok((need(line, "participant")?.to_owned(), need(line, "code")?.to_owned()))
        });
        let issued: Vec<(String, String)> =
            issued.collect::<Result<_, String>>().map_err(damaged)?;
        let (lists, mut secrets): (Vec<List>, Vec<_>) =
            all.into_iter().map(|one| (one.list, one.secret)).unzip();
        let openings = Openings::of(&lists, &issued, self.centre.as_ref()).ok_or_else(|| {
            let what = "a code was issued that is on none of these lists";
            let next = "give manifests and secrets of all segments";
            Failure::new(Exit::NotVerified, "code-of-no-list", what, next)
        })?;
        let labels = Labels::draw(&signed[0].manifest, &secrets.swap_remove(0));
        let (stage, json) = match labels {
            _ if !(self.groups || self.meaning) => ("issued", openings.to_json()),
            None => return Err(no_groups()),
            Some(labels) if self.groups => ("groups", Groups::of(&openings, &labels).to_json()),
            Some(Labels { arm_a, salt }) => {
                let meaning = Meaning { arm_a, salt, openings: openings.clone() };
                ("meaning", meaning.to_json())
            }
        };
        write_new(&self.output, Eyes::Owner, &json)?;
        let void = told.of("code-voided").filter_map(|line| need(line, "code").ok());
        let void: BTreeSet<Code> = void.filter_map(|code| Code::parse(code).ok()).collect();
        let codes: BTreeSet<Code> = openings.openings.iter().map(|one| one.place.code).collect();
        let follow: Vec<Code> = match stage {
            "groups" => vec![],
            _ => lists
                .iter()
                .flat_map(|list| list.begun(&codes))
                .filter(|code| !void.contains(code))
                .collect(),
        };
        Ok(self.record(stage, &json, openings.openings.len(), &follow))
    }

    fn record(&self, stage: &str, json: &str, people: usize, follow: &[Code]) -> Done {
        if !follow.is_empty() {
            let many = follow.len();
            say!("The arms of {many} unissued codes follow, since their blocks were begun.");
            say!("Void them before recruitment could ever open again: /list/void, or --json.");
        }
        let hash = hex(&sha256(json.as_bytes()));
        let file = self.output.display().to_string();
        let text = format!(
            "published    {stage}\nparticipants {people}\nhash         {hash}\nwritten      {file}"
        );
        let follow: Vec<Value> = follow.iter().map(|code| code.to_string().into()).collect();
        let data = json!({
            "stage": stage, "participants": people, "hash": hash, "file": file, "follow": follow,
        });
        Done::new(text, data)
    }
}

fn out_of_order() -> Failure {
    let what = "the manifests are not those of all segments, segment 0 first";
    let next = "name manifests and secrets of every segment in their order";
    Failure::new(Exit::Usage, "segments-out-of-order", what, next)
}

fn no_groups() -> Failure {
    let what = "this list cannot be released in two stages";
    let next = "publish it in one:  klero list disclose";
    Failure::new(Exit::NotAllowed, "sizes-tell-arms", what, next).because(
        "Two stages are for two arms of equal size: other sizes would tell which is which.",
    )
}

/// The trail, checked to its checkpoint before anything of it is believed.
fn read_trail(
    folder: &Path,
    key: Option<&Path>,
    manifests: &[SignedManifest],
) -> Result<Told, Failure> {
    let own = folder.join(TRAIL_KEY);
    let vkey = read_text(key.unwrap_or(&own), NOTE_BYTES_MAX)?;
    let checkpoint = read_text(&folder.join(CHECKPOINT), NOTE_BYTES_MAX)?;
    let lines = read_text(&folder.join(LINES), TRAIL_BYTES_MAX)?;
    let key = vkey.trim_end_matches('\n');
    let evidence = TrailEvidence { checkpoint: &checkpoint, key, kept: &[] };
    check_trail(&evidence, manifests, lines.split_inclusive('\n')).map_err(damaged)
}
