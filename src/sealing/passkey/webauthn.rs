//! Passkeys checked by `webauthn-rs`, which is named here alone.
//!
//! Challenges are rolled by the library itself. They are asked for once, open nothing and are kept nowhere.

use super::{Added, Used};
use crate::sealing::bytes::{hex, sha256_of};
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, Url, Uuid, Webauthn, WebauthnBuilder,
};

/// The address for which passkeys are made, and what it takes to check them.
pub struct Relying {
    library: Webauthn,
    name: String,
}

/// A passkey that is being added: what was asked.
pub struct Adding(PasskeyRegistration);

/// A passkey that is asked for at the door: what was asked, and of which keys.
pub struct Asking {
    asked: PasskeyAuthentication,
    keys: Vec<Passkey>,
}

impl Relying {
    /// For the pages at `origin`, such as `https://klero.example.org`, which calls itself `name`. None for an address that
    /// browsers make no passkeys for: a number instead of a name, or plain http elsewhere than on this machine.
    pub fn of(origin: &str, name: &str) -> Option<Self> {
        let origin = Url::parse(origin).ok()?;
        let host = origin.domain()?.to_owned();
        let sealed = origin.scheme() == "https" || host == "localhost";
        let builder = WebauthnBuilder::new(&host, &origin).ok().filter(|_| sealed)?;
        let library = builder.rp_name(name).build().ok()?;
        Some(Self { library, name: name.to_owned() })
    }

    /// Begins to add one for an account that has these already: what its browser is asked, as JSON.
    pub fn begin_adding(&self, account: &str, known: &[String]) -> Option<(String, Adding)> {
        let known = read(known)?.iter().map(|key| key.cred_id().clone()).collect();
        let begun = self.library.start_passkey_registration(
            self.handle(account),
            account,
            account,
            Some(known),
        );
        let (options, state) = begun.ok()?;
        Some((serde_json::to_string(&options).ok()?, Adding(state)))
    }

    /// What a browser answered to that, if it is what was asked for.
    pub fn finish_adding(&self, answer: &str, asked: &Adding) -> Option<Added> {
        let answer = serde_json::from_str(answer).ok()?;
        let key = self.library.finish_passkey_registration(&answer, &asked.0).ok()?;
        Some(Added { id: key.cred_id().to_vec(), key: serde_json::to_string(&key).ok()? })
    }

    /// Asks for one of these: what the browser is asked, as JSON. None when there is none.
    pub fn ask(&self, known: &[String]) -> Option<(String, Asking)> {
        let keys = read(known).filter(|keys| !keys.is_empty())?;
        let (options, asked) = self.library.start_passkey_authentication(&keys).ok()?;
        Some((serde_json::to_string(&options).ok()?, Asking { asked, keys }))
    }

    /// What a browser answered to that, if one of those keys signed it here and now, after its owner had shown presence.
    pub fn check(&self, answer: &str, asking: &Asking) -> Option<Used> {
        let answer = serde_json::from_str(answer).ok()?;
        let used = self.library.finish_passkey_authentication(&answer, &asking.asked).ok()?;
        let mut key = asking.keys.iter().find(|key| key.cred_id() == used.cred_id())?.clone();
        key.update_credential(&used)?;
        let kept = serde_json::to_string(&key).ok()?;
        Some(Used { id: key.cred_id().to_vec(), key: kept, counter: used.counter() })
    }

    /// By what an authenticator keeps an account apart from others at this address. It names nobody.
    fn handle(&self, account: &str) -> Uuid {
        let parts =
            [b"klero/v1/passkey-account\0", self.name.as_bytes(), b"\0", account.as_bytes()];
        let hash = sha256_of(&parts);
        Uuid::parse_str(&hex(&hash[..16])).expect("32 hexadecimal digits are a UUID")
    }
}

fn read(kept: &[String]) -> Option<Vec<Passkey>> {
    kept.iter().map(|key| serde_json::from_str(key).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // shows: AC-9
    #[test]
    fn passkeys_are_for_an_address_with_a_name_that_browsers_trust() {
        let fits = |origin: &str| Relying::of(origin, "Klero").is_some();
        assert!(fits("https://klero.example.org") && fits("https://klero.example.org:8443"));
        assert!(fits("http://localhost:8787"));
        assert!(!fits("http://klero.example.org"), "plain http");
        assert!(!fits("https://192.0.2.1") && !fits("http://127.0.0.1:8787"), "a number");
        assert!(!fits("https://[2001:db8::1]") && !fits("klero.example.org") && !fits(""));
    }

    #[test]
    fn an_account_has_one_handle_at_a_trial_and_another_at_the_next() {
        let at = |name: &str| Relying::of("https://klero.example.org", name).unwrap();
        assert_eq!(at("Klero A").handle("mon-1"), at("Klero A").handle("mon-1"));
        assert_ne!(at("Klero A").handle("mon-1"), at("Klero A").handle("mon-2"));
        assert_ne!(at("Klero A").handle("mon-1"), at("Klero B").handle("mon-1"));
    }
}
