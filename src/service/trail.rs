//! Reading the trail and proving it: lines byte for byte, proofs, checkpoints (design 7).

use super::House;
use crate::domain::access::{Caller, ReadTrail};
use crate::domain::entry::Entry;
use crate::domain::time::Moment;
use crate::limits::PAGE;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::{Hash, hex};
use crate::store::{Receipt, Stamp};

/// A page of the trail.
#[derive(Debug)]
pub struct Lines {
    /// The first line's number.
    pub from: u64,
    /// The lines, byte for byte.
    pub lines: Vec<String>,
    /// A signed checkpoint over the whole trail as it was read.
    pub checkpoint: String,
}

/// What verifying the trail found.
#[derive(Debug)]
pub struct Verified {
    /// How many entries were read.
    pub size: u64,
    /// The root over them; none when one of them does not fit.
    pub root: Option<Hash>,
    /// A signed checkpoint over exactly these entries; none when the trail is not what it was: nothing is signed over it.
    pub checkpoint: Option<String>,
    /// The first entry that does not fit.
    pub fault: Option<u64>,
    /// How far this person verified it the last time, and when.
    pub consistent_with: Option<(u64, Moment)>,
    /// Does it begin with what this person verified then? True the first time.
    pub consistent: bool,
}

impl House {
    /// Reads the whole trail again: every line, chain and tree, and whether it begins with what this person verified the
    /// last time. Leaves an entry that says how far, for the next time; a trail that does not fit takes no entry any more.
    ///
    /// # Errors
    /// `not-your-role`; `slow-down` while another verification runs.
    pub async fn verify_trail(&self, caller: &Caller) -> Result<Verified, Refusal> {
        let may = self.may_somewhere::<ReadTrail>(caller).await?;
        let last = self.store.read(|view| view.last_verified(&caller.person.id))?;
        let checked = self.store.check_whole(last.map(|last| (last.size, last.root))).await?;
        let (size, consistent) = (checked.size, checked.same_beginning);
        let fault = checked.root.as_ref().err().map(|fault| fault.entry);
        let root = checked.root.ok();
        let sound = root.filter(|_| consistent);
        if let Some(root) = sound {
            let done = self.act(&may, move |tx| {
                let entry = Entry::new("trail-verified").with("size", size);
                Ok(tx.append(entry.with("root", hex(&root)))?)
            });
            done.await?;
        }
        let checkpoint = sound.map(|root| self.store.signer().sign(size, &root));
        let consistent_with = last.map(|last| (last.size, last.at));
        Ok(Verified { size, root, checkpoint, fault, consistent_with, consistent })
    }

    /// Lines from a number on, at most 200. Reading the trail is not an entry: it would never end.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn read_trail(
        &self,
        caller: &Caller,
        from: u64,
        limit: u32,
    ) -> Result<Lines, Refusal> {
        self.may_somewhere::<ReadTrail>(caller).await?;
        self.store.read(|view| {
            let size = view.trail_size()?;
            let checkpoint = self.store.signer().sign(size, &view.trail_root(size)?);
            Ok(Lines { from, lines: view.lines(from, limit.min(PAGE))?, checkpoint })
        })
    }

    /// One line with its proof.
    ///
    /// # Errors
    /// `no-such-record` past the end.
    pub async fn prove(&self, caller: &Caller, seq: u64) -> Result<Receipt, Refusal> {
        self.may_somewhere::<ReadTrail>(caller).await?;
        self.store.read(|view| self.receipt_now(view, seq))
    }

    /// The latest signed checkpoint: size and root alone, for everybody who is signed in.
    ///
    /// # Errors
    /// When the store fails.
    pub fn checkpoint(&self) -> Result<String, Refusal> {
        self.store.read(|view| {
            let size = view.trail_size()?;
            Ok(self.store.signer().sign(size, &view.trail_root(size)?))
        })
    }

    /// The last checkpoint that witnesses cosigned, if there is one of this trail.
    ///
    /// # Errors
    /// When the store fails.
    pub fn cosigned(&self) -> Result<Option<String>, Refusal> {
        Ok(self.store.cosigned()?)
    }

    /// The proof that the trail of `old` entries is the beginning of the trail of `new`.
    ///
    /// # Errors
    /// `no-such-record` unless 1 ≤ old ≤ new ≤ the trail's size.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Refusal> {
        self.store.read(|view| {
            if old == 0 || old > new || new > view.trail_size()? {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            Ok(view.trail_consistency(old, new)?)
        })
    }

    /// Everything an independent verifier needs, under an entry: every line, in order, and the checkpoint over exactly
    /// those lines. `write` is given the lines one by one.
    ///
    /// # Errors
    /// When the store or `write` fails.
    pub fn export_trail(
        &self,
        mut write: impl FnMut(&str) -> std::io::Result<()>,
    ) -> Result<String, Refusal> {
        let noted = self.store.write(Stamp::service(), |tx| {
            Ok::<_, super::refuse::Noted>(tx.append(Entry::new("trail-exported"))?)
        });
        noted.wait().map_err(|noted| noted.refusal)?;
        self.store.read(|view| {
            let size = view.trail_size()?;
            let mut next = 0;
            while next < size {
                for line in view.lines(next, PAGE)? {
                    write(&line).map_err(|_| Refusal::new(Why::ReadOnly))?;
                    next += 1;
                }
            }
            Ok(self.store.signer().sign(size, &view.trail_root(size)?))
        })
    }
}
