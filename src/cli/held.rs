//! A person's own centre keys, unwrapped on that person's own machine.

use super::failure::{Exit, Failure};
use super::release::HeldWrap;
use crate::domain::ids::TrialId;
use crate::sealing::centre_key::CentreKey;
use crate::sealing::identity::Identity;
use crate::sealing::wrap::{WrapPlace, unwrap};

/// The centre key in a wrap, as its holder's identity opens it.
///
/// # Errors
/// 13 when it was wrapped to somebody else, or for another place.
pub fn key_of(held: &HeldWrap, trial: &TrialId, identity: &Identity) -> Result<CentreKey, Failure> {
    let at = WrapPlace {
        trial: trial.clone(),
        centre: held.centre.clone(),
        epoch: held.epoch,
        person: identity.card().person.clone(),
    };
    unwrap(&held.wrap, &at, identity.opening()).map_err(|_| {
        let what = "a centre key was not wrapped to this key";
        let next = "use the identity of the person who saved the records";
        Failure::new(Exit::OtherKey, "not-wrapped-to-this-key", what, next)
    })
}
