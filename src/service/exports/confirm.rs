//! A centre's own copy: an investigator who has checked the file that was downloaded says so under a signature (CN-5).

use super::Kind;
use crate::domain::access::{Act, Caller, ConfirmExport};
use crate::domain::entry::{Entry, Fact, fact};
use crate::domain::time::Moment;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{Hash, hex};
use crate::sealing::line::Line;
use crate::service::confirmation::read_line;
use crate::service::{Answered, House, Signature, first_answer};
use crate::store::queries::View;
use crate::store::repeats::OnceKey;

/// A centre's copy, as its investigator finds it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its entry.
    pub entry: u64,
    /// When it was downloaded.
    pub at: Moment,
    /// In which form.
    pub format: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Was it confirmed?
    pub confirmed: bool,
}

impl House {
    /// The copies that this person downloaded and may confirm, newest first.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn own_copies(&self, caller: &Caller) -> Result<Vec<Exported>, Refusal> {
        self.may_somewhere::<ConfirmExport>(caller).await?;
        self.store.read(|view| {
            let copies = view.copies(&caller.person.id)?.into_iter();
            copies.map(|copy| Ok(told(&read_line(view, copy.0)?, copy.1))).collect()
        })
    }

    /// Confirms a copy that this person downloaded.
    ///
    /// # Errors
    /// `no-such-record` for an entry that is no copy of this person's; `invalid-fields` for another file's hash;
    /// `wrong-state` when it is confirmed already; `signature-needed`.
    pub async fn confirm_export(
        &self,
        caller: &Caller,
        entry: u64,
        sha256: Hash,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<ConfirmExport>(caller).await?;
        let signed = self.check_signature(caller, ConfirmExport::NAME, signature).await?;
        let person = caller.person.id.clone();
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let view = tx.view();
            let copy = view.copies(&person)?.into_iter().find(|copy| copy.0 == entry);
            let (_, confirmed) = copy.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            let line = own_line(&view, entry)?;
            if told(&line, confirmed).sha256 != hex(&sha256) {
                return Err(Refusal::fields(vec![FieldError::new(
                    "/sha256",
                    FieldCode::BytesForm,
                )]));
            }
            if confirmed {
                return Err(Refusal::new(Why::WrongState));
            }
            let said = Entry::new("export-confirmed")
                .on("export", entry)
                .with("kind", Kind::Records.as_str())
                .with("sha256", hex(&sha256));
            let said = match fact(&line.entry.data, "centres") {
                Some(Fact::List(centres)) => said.with("centres", centres.clone()),
                _ => said,
            };
            let seq = tx.append(signed.on(said))?;
            tx.remember(&once, "export-confirmed", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

fn own_line(view: &View<'_>, entry: u64) -> Result<Line, Refusal> {
    Ok(read_line(view, entry)?)
}

fn told(line: &Line, confirmed: bool) -> Exported {
    let text = |name: &str| match fact(&line.entry.data, name) {
        Some(Fact::Text(text)) => text.clone(),
        _ => String::new(),
    };
    Exported {
        entry: line.seq,
        at: line.at,
        format: text("format"),
        sha256: text("sha256"),
        confirmed,
    }
}
