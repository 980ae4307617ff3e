//! That the statistician published something of the list: which stage, and the hash of the file. The file itself never comes
//! here: it holds arms, or groups that stand for arms, and the service must know neither.

use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, Disclose};
use crate::domain::entry::Entry;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::{Hash, hex};
use crate::store::Tx;
use crate::store::repeats::OnceKey;

/// What was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Everybody's group, A or B, and no arm.
    Groups,
    /// Which arm was A.
    Meaning,
    /// The slots that were issued, all others still sealed.
    Issued,
    /// The secret, and with it the whole list.
    List,
}

impl Stage {
    /// All of them.
    pub const ALL: [Stage; 4] = [Stage::Groups, Stage::Meaning, Stage::Issued, Stage::List];

    /// The word in the trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Groups => "groups",
            Stage::Meaning => "meaning",
            Stage::Issued => "issued",
            Stage::List => "list",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

impl House {
    /// What was published so far, for whoever may record more of it: oldest first.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn disclosed(&self, caller: &Caller) -> Result<Vec<(Stage, Hash)>, Refusal> {
        self.may_somewhere::<Disclose>(caller).await?;
        let all = self.store.read(|view| Ok::<_, Refusal>(view.disclosures()?))?.into_iter();
        Ok(all.filter_map(|(word, file)| Some((Stage::parse(&word)?, file))).collect())
    }

    /// Records that a file was published.
    ///
    /// # Errors
    /// `wrong-state` while the trial's recruitment is not closed, for a meaning without groups, and for the same file
    /// again; `signature-needed`.
    pub async fn disclose(
        &self,
        caller: &Caller,
        stage: Stage,
        file: Hash,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<Disclose>(caller).await?;
        let signed = self.check_signature(caller, Disclose::NAME, signature).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            check_state(tx, stage, &file)?;
            let entry = Entry::new("disclosed").with("stage", stage.as_str());
            let seq = tx.append(signed.on(entry.with("file", hex(&file))))?;
            tx.remember(&once, "disclosed", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

fn check_state(tx: &Tx<'_>, stage: Stage, file: &Hash) -> Result<(), Refusal> {
    let closed = tx.view().recruitment("trial")?.as_deref() == Some("closed");
    let before = tx.view().disclosures()?;
    let grouped = before.iter().any(|(word, _)| word == Stage::Groups.as_str());
    let again = before.iter().any(|(_, published)| published == file);
    if !closed || again || (stage == Stage::Meaning && !grouped) {
        return Err(Refusal::new(Why::WrongState));
    }
    Ok(())
}
