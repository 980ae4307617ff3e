//! What others are told (design 6: that, never what): as a feed, on a page, and where it goes by mail.

use super::refuse::Noted;
use super::{Answered, House, first_answer};
use crate::domain::access::{Caller, Reach, ReadNotices};
use crate::domain::entry::Entry;
use crate::domain::notice::{Kind, is_address};
use crate::limits::PAGE;
use crate::refusal::{FieldCode, FieldError, Refusal};
use crate::store::Stamp;
use crate::store::outbox::Numbered;
use crate::store::repeats::OnceKey;

impl House {
    /// Notices after an entry, oldest first, of the kinds that leave the house and that the caller's role is told of. They
    /// say that something happened; reading what it was is another request, and an entry. So this is none.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn events(
        &self,
        caller: &Caller,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Numbered>, Refusal> {
        let may = self.may_somewhere::<ReadNotices>(caller).await?;
        let kinds = kinds_of(caller, Kind::leaves);
        let places = caller.places(&may);
        self.store.read(|view| Ok(view.notices_after(after, &kinds, places, limit.min(PAGE))?))
    }

    /// The newest notices of every kind that the caller's role is told of, for a page that names nobody.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn notices(&self, caller: &Caller) -> Result<Vec<Numbered>, Refusal> {
        let may = self.may_somewhere::<ReadNotices>(caller).await?;
        let kinds = kinds_of(caller, |_| true);
        let places = caller.places(&may);
        self.store.read(|view| Ok(view.newest_notices(&kinds, places, PAGE)?))
    }

    /// Where the caller wants notices by mail.
    ///
    /// # Errors
    /// When the store fails.
    pub fn own_address(&self, caller: &Caller) -> Result<Option<String>, Refusal> {
        self.store.read(|view| Ok(view.address(caller.person.id.as_str())?))
    }

    /// Says where the caller wants notices by mail; nothing: nowhere any more. The address is personal data, so the line
    /// says only that it was given.
    ///
    /// # Errors
    /// `invalid-fields`.
    pub async fn give_address(
        &self,
        caller: &Caller,
        address: Option<String>,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        if address.as_deref().is_some_and(|address| !is_address(address)) {
            return Err(Refusal::fields(vec![FieldError::new("/address", FieldCode::MailForm)]));
        }
        let person = caller.person.id.clone();
        let stamp = Stamp::person(&person, caller.person.role);
        let pending = self.store.write(stamp, move |tx| {
            if first_answer(tx, &once).map_err(plain)?.is_some() {
                return Ok(true);
            }
            let entry = Entry::new("address-given").on("person", person.as_str());
            let entry = entry.with("given", address.is_some());
            let entry = match address {
                Some(address) => entry.private("address", address),
                None => entry,
            };
            let seq = tx.append(entry)?;
            tx.remember(&once, person.as_str(), seq)?;
            Ok::<_, Noted>(false)
        });
        let done = pending.answer().await.map_err(|noted| noted.refusal)?;
        Ok(done.into())
    }
}

/// The kinds that a role is told of.
fn kinds_of(caller: &Caller, wants: impl Fn(Kind) -> bool) -> Vec<Kind> {
    let told = |kind: &Kind| kind.tells(caller.person.role).reach != Reach::Never && wants(*kind);
    Kind::ALL.iter().copied().filter(told).collect()
}

fn plain(refusal: Refusal) -> Noted {
    Noted { refusal, wanted: None }
}
