//! Tokens of machines (screens E1): what one may ask for stands in its entry, the token itself is shown once, and only
//! its hash is kept. A machine signs nothing. It may ask for an allocation when the trial's file lets machines do so and
//! a coordinator has signed for that participant (`randomise.rs`).

use super::refuse::Noted;
use super::{Answered, House, first_answer};
use crate::dice::roll;
use crate::domain::access::{Act, Caller, MACHINES, ManageTokens, Randomise, Reach, ReadTokens};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::network::Network;
use crate::domain::people::{Person, Role};
use crate::limits::{NAME, NETWORKS_MAX, TOKEN_DAYS_MAX};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::manifest::ListPurpose;
use crate::store::repeats::OnceKey;
use crate::store::tokens::Token;
use crate::store::{Stamp, Tx};
use std::collections::BTreeSet;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// A token that is wanted.
pub struct NewToken {
    /// Its id, by which entries name it, for ever; no person's and no other token's.
    pub id: PersonId,
    /// What it is for, in one line.
    pub what: String,
    /// The acts it may ask for, of [`MACHINES`].
    pub verbs: Vec<String>,
    /// At which centres.
    pub centres: Vec<CentreId>,
    /// From where it may call; empty is anywhere.
    pub networks: Vec<Network>,
    /// For how many days.
    pub days: u32,
}

/// A token as it is shown, once.
pub struct MadeToken {
    /// Its id.
    pub id: PersonId,
    /// `klero_live_…` or `klero_training_…`.
    pub token: Zeroizing<String>,
}

/// What every token begins with, so that one that leaked is known for what it is.
const BEGINS: &str = "klero_";

/// Is this the token of a machine, and not of a person's session?
pub fn is_token(text: &str) -> bool {
    text.starts_with(BEGINS)
}

impl House {
    /// The beginning of this service's tokens. A token of a training service does not fit a live one, even by mistake.
    fn token_prefix(&self) -> String {
        let purpose = match self.purpose() {
            ListPurpose::Live => "live",
            ListPurpose::Training => "training",
        };
        format!("{BEGINS}{purpose}_")
    }

    /// Makes a token. Asked again with the same key, a new one is given under the same id and the old one ends: a token
    /// is never kept, so it cannot be shown twice.
    ///
    /// # Errors
    /// `invalid-fields`; `wrong-state` when the id is taken.
    pub async fn make_token(
        &self,
        caller: &Caller,
        wanted: NewToken,
        once: OnceKey,
    ) -> Result<Answered<MadeToken>, Refusal> {
        let may = self.may_somewhere::<ManageTokens>(caller).await?;
        self.check_token(&wanted)?;
        let rolled = hex(&roll::<20>(self.dice.as_ref()));
        let token = Zeroizing::new(format!("{}{rolled}", self.token_prefix()));
        let hash = sha256(token.as_bytes());
        let done = self.act(&may, move |tx| {
            let id = wanted.id.clone();
            let known = tx.view().token(&id)?;
            if let Some(first) = first_answer(tx, &once)? {
                if known.is_none_or(|token| token.ended) {
                    return Err(Refusal::new(Why::WrongState));
                }
                tx.append(Entry::new("token-renewed").on("token", id.as_str()))?;
                tx.keep_token(&hash, &id)?;
                tx.receipt_about(first.seq);
                return Ok((id, true));
            }
            if known.is_some() || tx.view().account(&id)?.is_some() {
                return Err(Refusal::new(Why::WrongState));
            }
            let seq = tx.append(entry(&wanted, tx))?;
            tx.keep_token(&hash, &id)?;
            tx.remember(&once, id.as_str(), seq)?;
            Ok((id, false))
        });
        Ok(Answered::from(done.await?).map(|id| MadeToken { id, token }))
    }

    fn check_token(&self, wanted: &NewToken) -> Result<(), Refusal> {
        let mut errors = vec![];
        let mut wrong = |field: &str, code| errors.push(FieldError::new(format!("/{field}"), code));
        if wanted.what.trim().is_empty() {
            wrong("what", FieldCode::TextEmpty);
        } else if wanted.what.chars().any(char::is_control) {
            wrong("what", FieldCode::TextControl);
        }
        let reach = |verb: &String| MACHINES.iter().find(|(name, _)| name == verb).map(|(_, r)| *r);
        let barred = |verb: &String| verb == Randomise::NAME && !self.trial.machines_randomise;
        let different: BTreeSet<_> = wanted.verbs.iter().collect();
        if wanted.verbs.is_empty() {
            wrong("verbs", FieldCode::Required);
        } else if wanted.verbs.iter().any(|verb| reach(verb).is_none() || barred(verb)) {
            wrong("verbs", FieldCode::ChoiceUnknown);
        } else if different.len() != wanted.verbs.len() {
            wrong("verbs", FieldCode::Doubled);
        }
        let somewhere = wanted.verbs.iter().any(|verb| reach(verb) == Some(Reach::Centre));
        let different: BTreeSet<_> = wanted.centres.iter().collect();
        if somewhere && wanted.centres.is_empty() {
            wrong("centres", FieldCode::Required);
        } else if wanted.centres.iter().any(|centre| self.trial.centre(centre).is_none()) {
            wrong("centres", FieldCode::ChoiceUnknown);
        } else if different.len() != wanted.centres.len() {
            wrong("centres", FieldCode::Doubled);
        }
        let most = |field: &str, code, most: usize| {
            FieldError::new(format!("/{field}"), code).with("max", most as u64)
        };
        if wanted.what.chars().count() > NAME {
            errors.push(most("what", FieldCode::TextTooLong, NAME));
        }
        if wanted.networks.len() > NETWORKS_MAX {
            errors.push(most("networks", FieldCode::TextTooLong, NETWORKS_MAX));
        }
        if wanted.days == 0 || wanted.days > TOKEN_DAYS_MAX {
            let error = most("days", FieldCode::NumRange, TOKEN_DAYS_MAX as usize);
            errors.push(error.with("min", 1).with("field", "days"));
        }
        if errors.is_empty() { Ok(()) } else { Err(Refusal::fields(errors)) }
    }

    /// Ends a token at once (AC-7).
    ///
    /// # Errors
    /// `no-such-record`; `wrong-state` when it has ended before.
    pub async fn end_token(
        &self,
        caller: &Caller,
        id: PersonId,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<ManageTokens>(caller).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let token = tx.view().token(&id)?.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            if token.ended {
                return Err(Refusal::new(Why::WrongState));
            }
            let seq = tx.append(Entry::new("token-ended").on("token", id.as_str()))?;
            tx.forget_ended_tokens()?;
            tx.remember(&once, id.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Every token there ever was, with what it may ask for and when it was last used.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<Token>, Refusal> {
        self.may_somewhere::<ReadTokens>(caller).await?;
        self.store.read(|view| Ok(view.tokens()?))
    }

    /// Which machine's request this is, as its token stands now.
    ///
    /// # Errors
    /// `sign-in-needed` for a token that is unknown, over, ended, of another kind of service, or used from elsewhere:
    /// one answer for all.
    pub fn machine(&self, token: &str, from: Option<IpAddr>) -> Result<Caller, Refusal> {
        let needed = || Refusal::new(Why::SignInNeeded);
        if !token.starts_with(&self.token_prefix()) {
            return Err(needed());
        }
        let hash = sha256(token.as_bytes());
        let now = self.clock.now();
        let found = self.store.read(|view| view.token_by_hash(&hash).map_err(Refusal::from))?;
        let from_here = |token: &Token| {
            let inside = |address| token.networks.iter().any(|network| network.contains(address));
            token.networks.is_empty() || from.is_some_and(inside)
        };
        let good = |token: &Token| !token.ended && now < token.expires && from_here(token);
        let token = found.filter(good).ok_or_else(needed)?;
        // To the minute, so that reading costs no write each time.
        if token.seen.is_none_or(|seen| now >= seen.plus_seconds(60)) {
            let stamp = Stamp::person(&token.id, crate::domain::access::MACHINE);
            drop(self.store.write(stamp, move |tx| Ok::<_, Noted>(tx.touch_token(&hash)?)));
        }
        let Token { id, what, verbs, centres, .. } = token;
        let person = Person { id, name: what, role: Role::Coordinator, centres };
        Ok(Caller { person, verbs: Some(verbs) })
    }
}

fn entry(wanted: &NewToken, tx: &Tx<'_>) -> Entry {
    let list = |texts: Vec<String>| texts.into_iter().map(Fact::from).collect::<Vec<_>>();
    let expires = tx.now().plus_seconds(i64::from(wanted.days) * 24 * 60 * 60);
    Entry::new("token-made")
        .on("token", wanted.id.as_str())
        .with("verbs", list(wanted.verbs.clone()))
        .with("centres", list(wanted.centres.iter().map(CentreId::to_string).collect()))
        .with("networks", list(wanted.networks.iter().map(Network::to_string).collect()))
        .with("expires", expires.to_string())
        .private("what", wanted.what.as_str())
}
