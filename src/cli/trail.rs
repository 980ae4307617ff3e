//! `klero trail`: checked where it is kept, checked where it was exported to, and exported.

use super::failure::{Done, Exit, Failure, ending};
#[cfg(feature = "server")]
use super::house::Place;
use super::{tiles, trail_folder};
use clap::Args;
use std::path::PathBuf;

/// Check every entry: chain, tree, checkpoint; with --tables that the tables follow from it
#[derive(Args)]
#[command(after_help = ending(VERIFY, &[Exit::NotThere, Exit::Schema, Exit::NotVerified]))]
pub struct Verify {
    /// The folder of an export, or of its tiles
    #[cfg_attr(feature = "server", arg(value_name = "FOLDER", required_unless_present = "data"))]
    #[cfg_attr(not(feature = "server"), arg(value_name = "FOLDER", required = true))]
    folder: Option<PathBuf>,
    /// A trail key that was printed early, instead of the one in the export
    #[arg(long, value_name = "FILE", requires = "folder")]
    trail_key: Option<PathBuf>,
    /// A service's data folder, which may be in use
    #[cfg(feature = "server")]
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    data: Option<PathBuf>,
    /// Apply every entry anew beside the tables, and compare
    #[cfg(feature = "server")]
    #[arg(long, requires = "data")]
    tables: bool,
}

#[cfg(feature = "server")]
const VERIFY: [&str; 3] = [
    "klero trail verify export",
    "klero trail verify --data /var/lib/klero --tables",
    "klero trail verify export --trail-key printed.txt --json",
];
#[cfg(not(feature = "server"))]
const VERIFY: [&str; 3] = [
    "klero trail verify export",
    "klero trail verify export --json",
    "klero trail verify export --trail-key printed.txt",
];

impl Verify {
    /// Names the first entry that does not fit.
    pub fn run(self) -> Result<Done, Failure> {
        #[cfg(feature = "server")]
        if let Some(data) = &self.data {
            return stored::verify(data, self.tables);
        }
        let folder = self.folder.unwrap_or_default();
        if tiles::is_tiles(&folder) {
            return tiles::check(&folder, self.trail_key.as_deref());
        }
        trail_folder::check(&folder, self.trail_key.as_deref())
    }
}

/// Write the whole trail into a new folder, for anybody to check; leaves an entry
#[cfg(feature = "server")]
#[derive(Args)]
#[command(after_help = ending([
    "klero trail export --data /var/lib/klero -o export",
    "klero trail export --data /var/lib/klero --server-secret /run/secret -o export",
    "klero trail export --data /var/lib/klero -o export --tiles tiles",
], &[Exit::NotThere, Exit::InUse, Exit::Schema, Exit::Exists, Exit::NotVerified, Exit::Behind]))]
pub struct Export {
    #[command(flatten)]
    place: Place,
    /// The folder, which must be new
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Write it a second time, as static files of C2SP tlog-tiles, into this new folder
    #[arg(long, value_name = "FOLDER")]
    tiles: Option<PathBuf>,
}

#[cfg(feature = "server")]
mod stored {
    use super::Export;
    use crate::cli::failure::{Done, Exit, Failure};
    use crate::cli::files::{Eyes, must_be_new, write_new};
    use crate::cli::house::refused;
    use crate::cli::tiles;
    use crate::cli::trail_folder::{self, CHECKPOINT, LINES, TRAIL_KEY};
    use crate::service::House;
    use crate::store::{Folder, StoreError};
    use serde_json::json;
    use std::fs::{File, OpenOptions};
    use std::io::{BufWriter, Write};
    use std::path::Path;

    /// The trail where it is kept.
    pub fn verify(data: &Path, tables: bool) -> Result<Done, Failure> {
        let checked = Folder::at(data).verify(tables).map_err(|error| refused(&error))?;
        let mut text = format!("entries      {}\nchain and tree fit", checked.entries);
        if tables {
            text.push_str(&format!(
                "\n{} entries applied anew; every table fits",
                checked.compared
            ));
        }
        let found = json!({"entries": checked.entries, "compared": checked.compared});
        Ok(Done::new(text, found))
    }

    impl Export {
        /// Writes lines, checkpoint, key and manifests, and checks what was written.
        pub fn run(self) -> Result<Done, Failure> {
            must_be_new(&self.output)?;
            self.tiles.as_deref().map_or(Ok(()), must_be_new)?;
            let house = self.place.open()?;
            std::fs::create_dir(&self.output).map_err(|error| unwritten(&self.output, &error))?;
            let note = write_lines(&house, &self.output.join(LINES))?;
            write_new(&self.output.join(CHECKPOINT), Eyes::All, &note)?;
            let key = format!("{}\n", house.store.signer().vkey());
            write_new(&self.output.join(TRAIL_KEY), Eyes::All, &key)?;
            for (segment, text) in manifests(&house)? {
                let name = match segment {
                    0 => "manifest.txt".to_owned(),
                    n => format!("manifest-{n}.txt"),
                };
                write_new(&self.output.join(name), Eyes::All, &text)?;
            }
            let mut done = trail_folder::check(&self.output, None)?;
            done.text.push_str(&format!("\nwritten      {}", self.output.display()));
            if let Some(folder) = &self.tiles {
                tiles::write(&self.output, folder)?;
                tiles::check(folder, None)?;
                done.text.push_str(&format!("\ntiles        {}", folder.display()));
                done.data["tiles"] = json!(folder.display().to_string());
            }
            done.data["folder"] = json!(self.output.display().to_string());
            Ok(done)
        }
    }

    fn write_lines(house: &House, file: &Path) -> Result<String, Failure> {
        let failed = |error: std::io::Error| unwritten(file, &error);
        let mut options = OpenOptions::new();
        let lines: File = options.write(true).create_new(true).open(file).map_err(failed)?;
        let mut lines = BufWriter::new(lines);
        let exported = house.export_trail(|line| {
            lines.write_all(line.as_bytes()).and_then(|()| lines.write_all(b"\n"))
        });
        let note = exported.map_err(|refusal| {
            let next = refusal.next(crate::text::Language::En);
            let what = "the trail was not exported whole";
            Failure::new(Exit::Failed, refusal.code.as_str(), what, next)
                .because(refusal.detail(crate::text::Language::En))
        })?;
        let whole = lines.into_inner().map_err(|error| failed(error.into_error()))?;
        whole.sync_all().map_err(failed)?;
        Ok(note)
    }

    /// The signed manifest of every segment; before the first import, the founding one.
    fn manifests(house: &House) -> Result<Vec<(u32, String)>, Failure> {
        let lists = house.store.read(|view| {
            let mut all = vec![];
            for list in view.lists()? {
                let text = view.content(&list.file)?.unwrap_or_default();
                all.push((list.segment, String::from_utf8_lossy(&text).into_owned()));
            }
            Ok::<_, StoreError>(all)
        });
        let mut lists = lists.map_err(|error| {
            let next = "check the disk, then the folder:  klero trail verify --data DIR";
            Failure::new(Exit::Failed, "store-failed", error, next)
        })?;
        if lists.is_empty() {
            lists.push((0, house.manifest.to_file_text()));
        }
        Ok(lists)
    }

    fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
        let what = format!("{} could not be written", path.display());
        let next = "check that its folder is there, may be written, and has room";
        Failure::new(Exit::Failed, "file-unwritten", what, next).because(error)
    }
}
