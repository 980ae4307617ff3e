//! A person signs an act: with the sign-in password typed again, or with the key that only the six words unlock (AT-8,
//! AT-10, screens A3). What is signed is shown in words, and the words are kept.

use super::{House, passwords};
use crate::domain::access::{Act, BreakCode, Caller, SealPart};
use crate::domain::entry::Entry;
use crate::domain::ids::PersonId;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::{Hash, sha256};
use crate::sealing::card::Card;
use crate::sealing::signature::{Purpose, act_text, verify};
use crate::text::{self, Language};
use zeroize::Zeroizing;

/// A signature as it was given, not checked yet.
#[derive(Clone)]
pub struct Signature {
    /// What shows that it is the caller who signs.
    pub proof: Proof,
    /// The meaning's exact words, in either language.
    pub meaning: String,
}

/// What shows who signs.
#[derive(Clone)]
pub enum Proof {
    /// The sign-in password, typed for this act.
    Password(Zeroizing<String>),
    /// A signature by the caller's registered card.
    Key(KeyProof),
}

/// A signature over exactly one request.
#[derive(Clone)]
pub struct KeyProof {
    /// The key against doing the act twice, as it was sent.
    pub once: String,
    /// SHA-256 of the request's compact JSON without its signature.
    pub body: Hash,
    /// Over [`act_text`].
    pub signature: [u8; 64],
}

/// The acts that a key may sign: those of pages on which the six words are typed anyway.
const BY_KEY: [&str; 2] = [BreakCode::NAME, SealPart::NAME];

/// A signature that was checked. An entry can say that it was signed by nothing else.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    meaning: String,
    how: &'static str,
}

impl Signature {
    /// With the sign-in password.
    pub fn by_password(password: Zeroizing<String>, meaning: String) -> Self {
        Self { proof: Proof::Password(password), meaning }
    }
}

impl Signed {
    /// The entry says what was signed, in the words that were shown, and with what.
    pub fn on(&self, entry: Entry) -> Entry {
        entry.with("meaning", self.meaning.as_str()).with("signed", self.how)
    }
}

impl House {
    /// Checks a signature: its words, then its proof.
    ///
    /// # Errors
    /// `signature-needed`, whatever of it is wrong.
    pub(super) async fn check_signature(
        &self,
        caller: &Caller,
        act: &str,
        signature: &Signature,
    ) -> Result<Signed, Refusal> {
        let words = [Language::En, Language::ZhCn].map(|language| text::meaning(act, language));
        let Signature { proof, meaning } = signature;
        let how = match proof {
            // A machine has no person's component, so whatever it sends signs nothing (AT-10).
            _ if caller.is_machine() || !words.contains(meaning) => None,
            Proof::Password(password) => {
                let own = &caller.person.id;
                self.password_fits(own, password).await?.then_some("password")
            }
            Proof::Key(key) => self.key_fits(caller, act, key, meaning)?.then_some("key"),
        };
        match how {
            Some(how) => Ok(Signed { meaning: meaning.clone(), how }),
            None => Err(self.refuse(caller, act, Why::SignatureNeeded).await),
        }
    }

    /// Checks a signature that need not be there.
    ///
    /// # Errors
    /// As [`House::check_signature`], when one is there.
    pub(super) async fn check_if_signed(
        &self,
        caller: &Caller,
        act: &str,
        signature: Option<&Signature>,
    ) -> Result<Option<Signed>, Refusal> {
        match signature {
            Some(signature) => Ok(Some(self.check_signature(caller, act, signature).await?)),
            None => Ok(None),
        }
    }

    /// What changes an account is signed with the password alone.
    ///
    /// # Errors
    /// `signature-needed` for a wrong one; the store's failures.
    pub(super) async fn own_password(
        &self,
        caller: &Caller,
        password: &Zeroizing<String>,
    ) -> Result<(), Refusal> {
        match self.password_fits(&caller.person.id, password).await? {
            true => Ok(()),
            false => Err(Refusal::new(Why::SignatureNeeded)),
        }
    }

    /// A wrong one is answered later and later: a session that was taken over must not be a faster door.
    pub(super) async fn password_fits(
        &self,
        person: &PersonId,
        password: &Zeroizing<String>,
    ) -> Result<bool, Refusal> {
        let hash = self.store.read(|view| view.password_hash(person).map_err(Refusal::from))?;
        let slips = sha256(person.as_str().as_bytes());
        let fits = self.passwords.fit(password.clone(), hash).await;
        if fits {
            self.signature_slips.succeeded(&slips);
        } else {
            passwords::rest(self.signature_slips.failed(&slips).0).await;
        }
        Ok(fits)
    }

    /// A wrong one costs no wait: it cannot be guessed.
    fn key_fits(
        &self,
        caller: &Caller,
        act: &str,
        key: &KeyProof,
        meaning: &str,
    ) -> Result<bool, Refusal> {
        let held = self.store.read(|view| view.card(&caller.person.id))?;
        let card = held.and_then(|held| Card::from_json(&held.card).ok());
        let text = act_text(act, &key.once, &key.body, meaning);
        let signed =
            |card: Card| verify(&card.signing, Purpose::Act, text.as_bytes(), &key.signature);
        Ok(BY_KEY.contains(&act) && card.is_some_and(signed))
    }
}
