//! Who is principal investigator, where that changes after the account was made: investigators come and go, and one rule
//! stays, that where anybody is marked nobody else closes code breaks (EU-10).

use super::{Answered, House, first_answer};
use crate::domain::access::{Caller, MarkPrincipal};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::PersonId;
use crate::domain::people::{Person, Role};
use crate::refusal::{Code as Why, Refusal};
use crate::store::repeats::OnceKey;

impl House {
    /// Gives somebody the mark of principal investigator of their centres, or takes it.
    ///
    /// # Errors
    /// `no-such-record`; `wrong-state` for whoever is no investigator or has left, and where nothing would change.
    pub async fn mark_principal(
        &self,
        caller: &Caller,
        person: PersonId,
        principal: bool,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<MarkPrincipal>(caller).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let account = tx.view().account(&person)?;
            let account = account.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            let may_be = account.person.role == Role::Investigator && account.state != "disabled";
            if !may_be || account.principal == principal {
                return Err(Refusal::new(Why::WrongState));
            }
            let seq = tx.append(marked(&account.person).with("principal", principal))?;
            tx.remember(&once, person.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

/// An entry at the person's centre, so that others of it are told; one that is about several centres names them.
fn marked(person: &Person) -> Entry {
    let entry = Entry::new("principal-marked").on("person", person.id.as_str());
    match person.centres.as_slice() {
        [centre] => entry.at(centre),
        centres => {
            let named = |centre: &crate::domain::ids::CentreId| Fact::from(centre.as_str());
            entry.with("centres", centres.iter().map(named).collect::<Vec<_>>())
        }
    }
}
