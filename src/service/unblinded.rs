//! Who is unblinded, since when and how (AC-5). An account is one person's for ever and its role never changes; somebody
//! who comes back with a new account brings the past along: whoever was unblinded takes no blinded role.

use super::House;
use crate::domain::access::{Caller, ReadReports};
use crate::domain::entry::{Fact, fact};
use crate::domain::ids::PersonId;
use crate::domain::people::Role;
use crate::domain::time::Moment;
use crate::limits::TEXT;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::line;
use crate::store::StoreError;
use crate::store::queries::{Account, View};

/// What an invitation says about the past of the person.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// A former account of the same person.
    pub formerly: Option<PersonId>,
    /// It is another person of the same name: how that is known.
    pub another_person: Option<String>,
}

/// How somebody came to be unblinded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// By holding a centre's key.
    Key,
    /// By a code released for preparation.
    Prepared,
    /// By a code broken in an emergency.
    Broke,
}

/// Somebody in the register.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Who.
    pub account: Account,
    /// How, and since when; none: blinded.
    pub how: Vec<(How, Moment)>,
}

impl Registered {
    /// Since when, if at all.
    pub fn since(&self) -> Option<Moment> {
        self.how.iter().map(|(_, at)| *at).min()
    }
}

impl House {
    /// Who is unblinded, since when and how, and who must stay blind. No arm, no participant.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn unblinded(&self, caller: &Caller) -> Result<Vec<Registered>, Refusal> {
        self.may_somewhere::<ReadReports>(caller).await?;
        self.store.read(|view| {
            let mut all = vec![];
            for account in view.accounts()? {
                let how = how(view, &account.person.id)?;
                all.push(Registered { account, how });
            }
            Ok(all)
        })
    }

    pub(super) fn check_past(&self, past: &Past) -> Result<(), Refusal> {
        let Some(text) = &past.another_person else { return Ok(()) };
        let error = if text.trim().is_empty() {
            FieldError::new("/anotherPerson", FieldCode::ReasonNeeded)
        } else if text.chars().count() > TEXT {
            FieldError::new("/anotherPerson", FieldCode::TextTooLong).with("max", TEXT as u64)
        } else {
            return Ok(());
        };
        Err(Refusal::fields(vec![error]))
    }
}

fn how(view: &View<'_>, person: &PersonId) -> Result<Vec<(How, Moment)>, StoreError> {
    let mut all = vec![];
    for (word, entry) in view.unblinded_by(person)? {
        let text = view.line(entry)?.ok_or(StoreError::Damaged)?;
        let line = line::parse(&text).map_err(|_| StoreError::Damaged)?;
        // What was opened without the service was known before the service knew of it.
        let at = match fact(&line.entry.data, "opened-at") {
            Some(Fact::Text(opened)) => Moment::parse(opened).unwrap_or(line.at),
            _ => line.at,
        };
        let how = match word.as_str() {
            "key" => How::Key,
            "prepare" => How::Prepared,
            _ => How::Broke,
        };
        all.push((how, at));
    }
    Ok(all)
}

/// A role that must not know an arm.
pub fn stays_blind(role: Role) -> bool {
    !role.holds_keys()
}

/// Letters and digits alone count, without their case: `Li  Wei` is `li-wei`, and `阿依·古丽` is `阿依古丽`.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// May this role go to a person with this name and past?
///
/// # Errors
/// `was-unblinded`; `invalid-fields` for a former account that there never was.
pub(super) fn check_role(
    view: &View<'_>,
    name: &str,
    role: Role,
    past: &Past,
) -> Result<(), Refusal> {
    let known = match &past.formerly {
        Some(former) => Some(view.account(former)?.ok_or_else(|| {
            Refusal::fields(vec![FieldError::new("/formerly", FieldCode::ChoiceUnknown)])
        })?),
        None => None,
    };
    if !stays_blind(role) {
        return Ok(());
    }
    let knows = |account: &Account| Ok::<_, StoreError>(!how(view, &account.person.id)?.is_empty());
    if known.as_ref().map(knows).transpose()? == Some(true) {
        return Err(Refusal::new(Why::WasUnblinded));
    }
    let same = |account: &Account| plain(&account.person.name) == plain(name);
    for account in view.accounts()?.iter().filter(|account| same(account)) {
        if past.another_person.is_none() && knows(account)? {
            return Err(Refusal::new(Why::WasUnblinded));
        }
    }
    Ok(())
}
