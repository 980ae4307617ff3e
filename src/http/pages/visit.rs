//! One visit to a page: who comes, in which language, to which address, with what typed.

use super::{Pages, Statics};
use crate::dice;
use crate::domain::access::Caller;
use crate::domain::time::Moment;
use crate::http::extract::Named;
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, sha256_of};
use crate::sealing::manifest::ListPurpose;
use crate::service::House;
use crate::service::signature::Signature;
use crate::store::repeats::OnceKey;
use crate::text::{self, Args, Language};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What was typed, in the order of the form. Names that begin with `_` belong to the frame, not to the page.
#[derive(Clone, Default)]
pub struct Said(pub Vec<(String, String)>);

impl Said {
    /// The first text under a name; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, text)| text.as_str())
    }

    /// Every text under a name.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, text)| text.as_str())
    }

    /// Was anything under this name sent, be it empty?
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// What belongs to the page and may be carried along: everything but passwords and what the frame added.
    pub fn kept(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter().filter(|(name, _)| name != "password" && (!is_of_frame(name) || name == ONCE))
    }

    /// Does anything in it belong to the page?
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(name, _)| is_of_frame(name))
    }
}

/// The name of the act's token in a form.
pub const ONCE: &str = "_once";

fn is_of_frame(name: &str) -> bool {
    name.starts_with('_')
}

/// A visit. Handlers decide nothing that is not `service`'s to decide.
#[derive(Clone)]
pub struct Visit {
    /// The house.
    pub house: Arc<House>,
    /// Who is signed in.
    pub caller: Option<Caller>,
    /// The language of the answer.
    pub language: Language,
    /// This page's address.
    pub here: String,
    /// What stands before it in the browser, `https://klero.example`: for a link that is passed on, or printed to be
    /// scanned.
    pub origin: String,
    /// What was typed; nothing when the page is only asked for.
    pub said: Said,
    /// What was wrong with it, when the page is shown again.
    pub errors: Vec<FieldError>,
    /// Every page, and what stands beside them.
    pub pages: Arc<Pages>,
    /// The request's reference.
    pub id: String,
    /// The variable parts of the address, in their order.
    pub(super) names: Vec<String>,
    pub(super) token: Option<Zeroizing<String>>,
    /// The token of the visitor's own phone.
    pub(super) phone: Option<Zeroizing<String>>,
    /// The token of a way to the hospital's sign-on.
    pub(super) way: Option<Zeroizing<String>>,
}

impl Visit {
    /// Who is signed in.
    ///
    /// # Errors
    /// `sign-in-needed`; the table of pages has asked before, so only a public page can meet it.
    pub fn caller(&self) -> Result<&Caller, Refusal> {
        self.caller.as_ref().ok_or_else(|| Refusal::new(Code::SignInNeeded))
    }

    /// A variable part of the address, by its place.
    ///
    /// # Errors
    /// `no-such-record` (or `no-such-page`) when it leads nowhere.
    pub fn name<T: Named>(&self, place: usize) -> Result<T, Refusal> {
        let name = self.names.get(place).and_then(|name| T::named(name));
        name.ok_or_else(|| Refusal::new(T::MISSING))
    }

    /// A variable part of the address as it stands.
    pub fn part(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }

    /// The words of a key.
    pub fn say(&self, key: &str) -> String {
        text::say(self.language, key, &[])
    }

    /// The words of a key with something put into them.
    pub fn say_with(&self, key: &str, args: &Args) -> String {
        text::say(self.language, key, args)
    }

    /// The words of a key, if it has any.
    pub fn find(&self, key: &str) -> Option<String> {
        text::find(self.language, key, &[])
    }

    /// A moment as the trial's zone shows it, with the zone: `2026-11-21 20:35 UTC+8`.
    pub fn minute(&self, moment: Moment) -> String {
        self.house.trial.zone.shown(moment)
    }

    /// What was signed on this page: the password that was typed, and the meaning as it was shown.
    pub fn signature(&self, act: &str) -> Signature {
        let password = Zeroizing::new(self.said.get("password").to_owned());
        Signature::by_password(password, text::meaning(act, self.language))
    }

    /// The act's token for a form: the one that was sent, so that a second press is the same act, or a new one.
    pub fn act_token(&self) -> String {
        let sent = self.said.get(ONCE);
        let fits = sent.len() == 32 && sent.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { sent.to_owned() } else { hex(&dice::roll::<16>(self.house.dice.as_ref())) }
    }

    /// What the act is done once under: the form's token, the act, and everything that was typed but the password.
    ///
    /// # Errors
    /// `idempotency-key-missing` when the form has lost its token.
    pub fn once(&self, act: &str) -> Result<OnceKey, Refusal> {
        let token = self.said.get(ONCE);
        if token.len() != 32 {
            return Err(Refusal::new(Code::IdempotencyKeyMissing));
        }
        let mut parts: Vec<&[u8]> = vec![act.as_bytes(), b"\n", self.here.as_bytes()];
        for (name, text) in self.said.0.iter().filter(|(n, _)| n != "password" && !is_of_frame(n)) {
            parts.extend([b"\n".as_slice(), name.as_bytes(), b"=", text.as_bytes()]);
        }
        let key = sha256_of(&[b"page\n", token.as_bytes()]);
        Ok(OnceKey { key, body: sha256_of(&parts) })
    }

    /// A wrong field of this form.
    pub fn wrong(&self, field: &str, code: FieldCode) -> Refusal {
        Refusal::fields(vec![FieldError::new(format!("/{field}"), code)])
    }

    /// What goes with every form of this session, so that no other site can send one.
    pub fn form_token(&self) -> String {
        self.token.as_ref().map(|token| form_token(token)).unwrap_or_default()
    }

    /// The session's token, for the few use cases that are about this very session.
    pub fn session(&self) -> &str {
        self.token.as_ref().map_or("", |token| token.as_str())
    }

    /// The token of this browser's way to the hospital's sign-on; empty when it is on none.
    pub fn way(&self) -> &str {
        self.way.as_ref().map_or("", |token| token.as_str())
    }

    /// The address of a static file.
    pub fn file(&self, name: &str) -> String {
        self.files().address(name)
    }

    /// Style, scripts and lists.
    pub fn files(&self) -> &Statics {
        &self.pages.statics
    }

    /// Is nothing here real?
    pub fn is_training(&self) -> bool {
        self.house.purpose() == ListPurpose::Training
    }

    /// Ends the session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out(&self) -> Result<(), Refusal> {
        match (&self.caller, &self.token) {
            (Some(caller), Some(token)) => self.house.sign_out(caller, token).await,
            _ => Ok(()),
        }
    }
}

/// The token of a session's forms. It follows from the session's token, which no page and no script can read, and tells
/// nothing of it.
pub fn form_token(session: &str) -> String {
    hex(&sha256_of(&[b"klero/v1/form\0", session.as_bytes()])[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Said {
        Said(pairs.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect())
    }

    #[test]
    fn a_password_and_what_the_frame_added_are_never_carried_along() {
        let said = said(&[
            ("initials", "ZXME"),
            ("password", "secret"),
            ("_password", "secret"),
            ("_once", "0123"),
            ("_form", "4567"),
        ]);
        let kept: Vec<_> = said.kept().map(|(name, _)| name.as_str()).collect();
        assert_eq!(kept, ["initials", "_once"]);
        assert!(!said.is_empty());
        assert!(Said::default().is_empty());
    }

    #[test]
    fn a_form_token_is_of_its_session_alone_and_does_not_hold_it() {
        let (one, other) = ("0f".repeat(32), "f0".repeat(32));
        assert_eq!(form_token(&one), form_token(&one));
        assert_ne!(form_token(&one), form_token(&other));
        assert_eq!(form_token(&one).len(), 32);
        assert!(!form_token(&one).contains(&one[..8]));
    }
}
