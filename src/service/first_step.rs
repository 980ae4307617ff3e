//! The first of the two steps at the door: the password, or the hospital's server that vouches for somebody who has linked
//! the account there. Either leads to the same second step.

use super::House;
use super::second_factor::{NotPast, Second, Way};
use super::sign_in::FirstStep;
use crate::domain::ids::PersonId;
use crate::sealing::bytes::hex;
use crate::store::{StoreError, View};
use zeroize::Zeroizing;

/// By what somebody took the first step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The password.
    Password,
    /// The hospital's sign-on; did its server ask for a second step that counts here as well?
    SignOn(bool),
}

/// What is kept of a person for the first step. Each half-way proof is made over one of them, so that it is over when that
/// is changed.
#[derive(Default)]
pub(super) struct Kept {
    password: Option<String>,
    link: Option<String>,
}

impl Kept {
    /// Of this person.
    pub fn of(view: &View<'_>, person: &PersonId) -> Result<Self, StoreError> {
        let link = view.sign_on_of(person)?.map(|(link, _)| hex(&link));
        Ok(Self { password: view.password_hash(person)?, link })
    }

    /// What a proof is made over.
    pub fn by(&self, by: By) -> Option<&String> {
        match by {
            By::Password => self.password.as_ref(),
            By::SignOn(_) => self.link.as_ref(),
        }
    }
}

impl House {
    /// By what the first step is taken; none when nothing fits. A password costs the same for an unknown name.
    pub(super) async fn first_step(
        &self,
        person: Option<&PersonId>,
        door: FirstStep,
        kept: &Kept,
    ) -> Option<By> {
        match door {
            FirstStep::Password(password) => {
                let fits = self.passwords.fit(password, kept.password.clone()).await;
                fits.then_some(By::Password)
            }
            FirstStep::HalfWay(shown) => self.half_way_by(person?, kept, &shown),
            FirstStep::SignOn(shown, whole) => {
                let proven = self.half_way_by(person?, kept, &shown);
                proven.filter(|by| *by != By::Password).map(|_| By::SignOn(whole))
            }
        }
    }

    /// By what the first step was taken for which this proof was given; none when it is over, or another's.
    pub(super) fn half_way_by(
        &self,
        person: &PersonId,
        kept: &Kept,
        shown: &Zeroizing<String>,
    ) -> Option<By> {
        let now = self.clock.now();
        let proves = |by: &By| {
            kept.by(*by).is_some_and(|kept| self.secret.is_half_way(shown, person, kept, now))
        };
        [By::Password, By::SignOn(false)].into_iter().find(proves)
    }

    /// By what this person gets past the second step. Where the hospital's own counts, it counts in the place of digits
    /// that are set up; one that was given up is given up for it too.
    pub(super) fn second_step(
        &self,
        view: &View<'_>,
        person: &PersonId,
        second: &Second,
        by: By,
    ) -> Result<Result<Way, NotPast>, StoreError> {
        let set_up = view.factor(person)?.is_some_and(|factor| factor.sealed.is_some());
        if set_up && by == By::SignOn(true) {
            return Ok(Ok(Way::Hospital));
        }
        self.past_second_step(view, person, second)
    }
}
