//! `klero export`: what is recorded, as files; and `klero export fill`, which puts the arms in after the disclosure, on
//! the statistician's machine. The service could not.

#[cfg(feature = "offline")]
mod fill;

use super::failure::{Done, Exit, Failure, ending};
use clap::Args;
#[cfg(feature = "offline")]
use clap::Subcommand;

/// Each half of the program knows its own.
const EXAMPLES: [&str; 3] = match (cfg!(feature = "server"), cfg!(feature = "offline")) {
    (true, true) => [RECORDS, ADSL, FILL],
    (true, false) => [RECORDS, ADSL, "klero export --help"],
    (false, _) => [FILL, "klero export fill --help", "klero export --help"],
};
const RECORDS: &str = "klero export records --data /var/lib/klero -o records.xlsx";
const ADSL: &str = "klero export adsl --format dataset-json --data /var/lib/klero -o adsl.json";
const FILL: &str =
    "klero export fill adsl.json --manifest manifest.txt --openings issued.json -o filled";

/// Write records, tables and data sets into a new file, without an arm; leaves an entry with the file's hash
///
/// The folder must not be in use: a running service gives the same files at /v1/exports and on its page. Beside the
/// file stands FILE.checkpoint, the signed head of the trail that names it.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = ending(EXAMPLES, &[
    Exit::NotThere, Exit::InUse, Exit::Unreadable, Exit::Schema, Exit::Exists, Exit::Behind,
]))]
pub struct Export {
    #[cfg(feature = "offline")]
    #[command(subcommand)]
    verb: Option<Verb>,
    #[cfg(feature = "server")]
    #[command(flatten)]
    stored: stored::Stored,
}

#[cfg(feature = "offline")]
#[derive(Subcommand)]
enum Verb {
    Fill(fill::Fill),
}

impl Export {
    /// One of the two.
    pub fn run(self) -> Result<Done, Failure> {
        #[cfg(feature = "offline")]
        if let Some(Verb::Fill(fill)) = self.verb {
            return fill.run();
        }
        #[cfg(feature = "server")]
        {
            self.stored.run()
        }
        #[cfg(not(feature = "server"))]
        {
            Err(unnamed("nothing was named to be filled"))
        }
    }
}

fn unnamed(what: &str) -> Failure {
    Failure::new(Exit::Usage, "wrong-usage", what, "klero help export")
}

#[cfg(feature = "server")]
mod stored {
    use super::unnamed;
    use crate::cli::failure::{Done, Exit, Failure};
    use crate::cli::files::{Eyes, must_be_new, write_new, write_new_bytes};
    use crate::cli::house::Place;
    use crate::refusal::Refusal;
    use crate::service::exports::{Format, Kind, Wish};
    use crate::text::Language;
    use clap::Args;
    use serde_json::json;
    use std::path::{Path, PathBuf};

    /// What the service's own folder gives.
    #[derive(Args)]
    pub struct Stored {
        /// records, participants, answers, allocations, visits, deviations, breaks, analysis, trail,
        /// dm, ds, ec, da, ta, ts, adsl
        #[arg(value_parser = kind)]
        kind: Option<Kind>,
        /// csv, xlsx, json, odm, odm2, dataset-json, fhir   [default: the kind's own]
        #[arg(long, value_parser = format)]
        format: Option<Format>,
        /// CSV for programs: no byte order mark, no groups in codes, no apostrophe before formulas
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        place: Place,
        /// The file, which must be new
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    }

    fn kind(text: &str) -> Result<Kind, &'static str> {
        Kind::parse(text).ok_or("klero help export  lists the kinds")
    }

    fn format(text: &str) -> Result<Format, &'static str> {
        Format::parse(text).ok_or("klero help export  lists the formats")
    }

    impl Stored {
        /// Makes the file, its entry, and the checkpoint beside it.
        pub fn run(self) -> Result<Done, Failure> {
            // Beside a subcommand neither can be demanded by the command line itself.
            let kind = self.kind.ok_or_else(|| unnamed("no kind of data was named"))?;
            let output = self.output.ok_or_else(|| unnamed("no file was named:  -o FILE"))?;
            let beside = beside(&output);
            must_be_new(&output)?;
            must_be_new(&beside)?;
            let wish = Wish::of(kind, self.format, self.raw).ok_or_else(|| {
                let known: Vec<&str> = kind.formats().iter().map(|f| f.as_str()).collect();
                let what = format!("{} is not made in this format", kind.as_str());
                let next = format!("ask for one of:  --format {}", known.join(", "));
                Failure::new(Exit::Usage, "wrong-format", what, next)
            })?;
            let house = self.place.open()?;
            let file = house.export_here(wish).map_err(|refusal| refused(&refusal))?;
            let note = house.checkpoint().map_err(|refusal| refused(&refusal))?;
            // Participants' records are nobody else's to read.
            write_new_bytes(&output, Eyes::Owner, &file.bytes)?;
            write_new(&beside, Eyes::All, &note)?;
            let (name, bytes) = (output.display().to_string(), file.bytes.len());
            let text = format!(
                "exported     {} as {}, {bytes} bytes\nentry        {}\nsha256       {}\nwritten      {name}",
                wish.kind.as_str(),
                wish.format.as_str(),
                file.entry,
                file.sha256
            );
            let data = json!({
                "kind": wish.kind.as_str(), "format": wish.format.as_str(), "bytes": bytes,
                "entry": file.entry, "sha256": file.sha256, "file": name,
                "checkpoint": beside.display().to_string(),
            });
            Ok(Done::new(text, data))
        }
    }

    fn beside(output: &Path) -> PathBuf {
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(".checkpoint");
        output.with_file_name(name)
    }

    fn refused(refusal: &Refusal) -> Failure {
        let next = refusal.next(Language::En);
        let what = "nothing was exported";
        Failure::new(Exit::Failed, refusal.code.as_str(), what, next)
            .because(refusal.detail(Language::En))
    }
}
