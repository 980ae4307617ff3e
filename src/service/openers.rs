//! Who could open at night: a centre with fewer than two people who hold its key, and a hotline with fewer than two, are
//! one illness away from nobody. And keys that whoever left once held, until they are rotated.

use super::House;
use crate::domain::access::{Caller, ReadKeys};
use crate::domain::ids::CentreId;
use crate::domain::people::Role;
use crate::domain::trial::Trial;
use crate::refusal::Refusal;
use crate::store::StoreError;
use crate::store::keyring::{KnownKey, Left};
use crate::store::queries::{Account, Holding, View};

/// How many must be able to open, so that one may be away.
const ENOUGH: usize = 2;

/// A place where too few can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thin {
    /// The centre; none: the hotline.
    pub centre: Option<CentreId>,
    /// How many can.
    pub openers: usize,
}

/// What is to be seen to.
#[derive(Debug, Clone, Default)]
pub struct KeyWarnings {
    /// Where too few can open.
    pub thin: Vec<Thin>,
    /// Keys to be rotated, and who left.
    pub left: Vec<Left>,
}

impl House {
    /// What is to be seen to with the keys.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn key_warnings(&self, caller: &Caller) -> Result<KeyWarnings, Refusal> {
        let may = self.may_somewhere::<ReadKeys>(caller).await?;
        let places = caller.places(&may);
        let within = |at: &CentreId| places.is_none_or(|own| own.contains(at));
        let left = self.store.read(|view| Ok::<_, Refusal>(view.left_holders()?))?;
        let thin = self.thin()?.into_iter();
        Ok(KeyWarnings {
            thin: thin.filter(|thin| thin.centre.as_ref().is_none_or(within)).collect(),
            left: left.into_iter().filter(|left| within(&left.centre)).collect(),
        })
    }

    /// Where too few can open: places and no names, so that an administrator may see it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn thin(&self) -> Result<Vec<Thin>, Refusal> {
        self.store.read(|view| Ok(thin_in(view, &self.trial)?))
    }
}

/// The same, from any database.
pub(super) fn thin_in(view: &View<'_>, trial: &Trial) -> Result<Vec<Thin>, StoreError> {
    let (accounts, wraps, keys) = (view.accounts()?, view.wraps()?, view.centre_keys()?);
    let mut thin = vec![];
    let mut hotline = None;
    for centre in trial.centres.iter().map(|centre| &centre.id) {
        // Before a list is there nobody has anything to open.
        let Some(epoch) = newest(&keys, centre) else { continue };
        let holds = |account: &&Account| {
            let holds = |held: &Holding| {
                held.person == account.person.id && held.centre == *centre && held.epoch == epoch
            };
            account.state == "active" && wraps.iter().any(holds)
        };
        let holders: Vec<_> = accounts.iter().filter(holds).map(|one| &one.person).collect();
        let here = |who: &&&crate::domain::people::Person| {
            who.role.works_at_centres() && who.centres.contains(centre)
        };
        let openers = holders.iter().filter(here).count();
        if openers < ENOUGH {
            thin.push(Thin { centre: Some(centre.clone()), openers });
        }
        let on_call = holders.iter().filter(|who| who.role == Role::Hotline).count();
        hotline = Some(hotline.map_or(on_call, |least: usize| least.min(on_call)));
    }
    let hotline = hotline.filter(|openers| *openers < ENOUGH);
    thin.extend(hotline.map(|openers| Thin { centre: None, openers }));
    Ok(thin)
}

/// The number of the key under which a centre issues.
fn newest(keys: &[KnownKey], centre: &CentreId) -> Option<u32> {
    let here = keys.iter().filter(|key| key.centre == *centre && !key.drill);
    here.map(|key| key.epoch).max()
}
