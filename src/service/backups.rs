//! What is known of the backups. They are made, verified and tried by commands beside the service, which note it in the
//! data folder; a drill becomes an entry of the trail when the service sees its note.

use super::refuse::Noted;
use super::{House, first_answer};
use crate::domain::entry::Entry;
use crate::refusal::Refusal;
use crate::sealing::bytes::{sha256, sha256_of};
use crate::store::repeats::OnceKey;
pub use crate::store::shelf::{Done, Shelf};
use crate::store::{Folder, Stamp};

impl House {
    /// What was copied, verified and tried last.
    pub fn shelf(&self) -> Shelf {
        self.folder().shelf()
    }

    fn folder(&self) -> Folder {
        Folder::at(self.store.folder())
    }

    /// Takes the last drill into the trail, once, however often it is looked at. Returns its entry, if there is a drill.
    ///
    /// # Errors
    /// When the store fails.
    pub fn take_in_drill(&self) -> Result<Option<u64>, Refusal> {
        let Some(drill) = self.shelf().drilled else { return Ok(None) };
        let Done { at, file, entries, lost } = drill;
        let name = at.to_string();
        let body = sha256_of(&[file.as_bytes(), &entries.to_be_bytes(), &lost.to_be_bytes()]);
        let once = OnceKey { key: sha256(format!("backup-drilled {name}").as_bytes()), body };
        let pending = self.store.write(Stamp::service(), move |tx| {
            let before = first_answer(tx, &once);
            let before = before.map_err(|refusal| Noted { refusal, wanted: None })?;
            if let Some(first) = before {
                return Ok(first.seq);
            }
            let entry = Entry::new("backup-drilled").with("at", name).with("size", entries);
            let seq = tx.append(entry.with("lost", lost))?;
            tx.remember(&once, "backup-drilled", seq)?;
            Ok::<_, Noted>(seq)
        });
        let (seq, _) = pending.wait().map_err(|noted| noted.refusal)?.into_parts();
        Ok(Some(seq))
    }
}
