//! The second factor at sign-in: RFC 6238 over a secret that one phone and this service know, and which the service keeps
//! sealed. Also what goes with it: recovery codes, and the proof that a password was right a moment ago.
//!
//! ```text
//! step     = floor(seconds since 1970 / 30)
//! code     = six digits of HMAC-SHA1(secret, u64(step)), dynamically truncated (RFC 4226, 5.3)
//! totp key = HKDF(salt empty, ikm server secret, info "klero/v1/totp", 32)
//! sealed   = nonce 12 ‖ AES-256-GCM(totp key, nonce, aad = "klero/v1/totp" ‖ 00 ‖ LP(person), secret 20)
//! recovery = HKDF(salt empty, ikm HKDF(…, "klero/v1/recovery", 32), info "klero/v1/recovery" ‖ 00 ‖ LP(person) ‖ LP(code), 32)
//! ```
//! SHA-1 is what authenticator programs know; as an HMAC it holds. It is `ring`'s, so that no second cipher library comes
//! in for thirty lines.

use super::bytes::{Hash, hex, hkdf, label, lp, same};
use super::lock::ServerSecret;
use crate::domain::ids::PersonId;
use crate::domain::time::Moment;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use std::fmt::Write;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// How long a code is shown, in seconds.
pub const STEP_SECONDS: i64 = 30;
/// The length of a sealed secret.
pub const SEALED: usize = 12 + 20 + 16;
/// How many digits of Crockford's a recovery code has: fifty bits.
const RECOVERY: usize = 10;
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What phone and service share.
#[derive(ZeroizeOnDrop)]
pub struct TotpSecret([u8; 20]);

/// The step of a moment.
pub fn step_at(now: Moment) -> u64 {
    u64::try_from(now.millis() / 1000 / STEP_SECONDS).unwrap_or_default()
}

impl TotpSecret {
    /// Takes a secret as it is.
    pub fn from_bytes(mut bytes: [u8; 20]) -> Self {
        let secret = Self(bytes);
        bytes.zeroize();
        secret
    }

    /// The six digits of a step.
    pub fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[tag.len() - 1] & 15);
        let number = tag[at..at + 4].iter().fold(0u32, |number, b| number << 8 | u32::from(*b));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// Which step near `now` the digits are of: this one, or the one before or after it.
    pub fn step_of(&self, code: &str, now: Moment) -> Option<u64> {
        let here = step_at(now);
        let near = [here, here.saturating_sub(1), here + 1];
        near.into_iter().find(|step| same(self.code(*step).as_bytes(), code.as_bytes()))
    }

    /// For typing into a phone: 32 letters and digits (RFC 4648).
    pub fn base32(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(32));
        for five in self.0.chunks(5) {
            let bits = five.iter().fold(0u64, |bits, b| bits << 8 | u64::from(*b));
            (0..8)
                .rev()
                .for_each(|n| text.push(char::from(BASE32[(bits >> (5 * n) & 31) as usize])));
        }
        text
    }

    /// Reads what [`TotpSecret::base32`] wrote: for a client that plays the phone.
    pub fn from_base32(text: &str) -> Option<Self> {
        let mut bytes = vec![];
        for eight in text.as_bytes().chunks(8) {
            let digit = |b: &u8| BASE32.iter().position(|known| known == b).map(|n| n as u64);
            let digits: Option<Vec<u64>> = eight.iter().map(digit).collect();
            let bits = digits?.into_iter().fold(0u64, |bits, n| bits << 5 | n);
            bytes.extend_from_slice(&bits.to_be_bytes()[3..]);
        }
        bytes.try_into().ok().map(Self::from_bytes)
    }

    /// For scanning: the address that authenticator programs read.
    pub fn link(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account) = (percent(issuer), percent(account));
        let secret = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
            secret.as_str()
        ))
    }
}

fn percent(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

fn aad(name: &str, person: &PersonId) -> Vec<u8> {
    let mut aad = label(name);
    lp(&mut aad, person.as_str());
    aad
}

impl ServerSecret {
    fn totp_cipher(&self) -> LessSafeKey {
        let key = self.derive("totp");
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).expect("the key has 32 bytes"))
    }

    /// Seals a person's second factor. The nonce must be random and used for nothing else.
    pub fn seal_totp(&self, secret: &TotpSecret, of: &PersonId, nonce: [u8; 12]) -> Vec<u8> {
        let mut bytes = secret.0.to_vec();
        let (cipher, aad) = (self.totp_cipher(), Aad::from(aad("totp", of)));
        cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes)
            .expect("20 bytes are far below the limit of AES-GCM");
        [&nonce, &bytes[..]].concat()
    }

    /// Opens a person's second factor; nothing when it is another person's, or was altered, or the secret is not ours.
    pub fn open_totp(&self, sealed: &[u8], of: &PersonId) -> Option<TotpSecret> {
        let (nonce, body) = sealed.split_first_chunk::<12>()?;
        let mut body = Zeroizing::new(body.to_vec());
        let (cipher, aad) = (self.totp_cipher(), Aad::from(aad("totp", of)));
        let opened =
            cipher.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, body.as_mut_slice());
        let opened: &[u8] = opened.ok()?;
        opened.try_into().ok().map(TotpSecret::from_bytes)
    }

    /// The secret that a person is shown before a phone has it: the same for as long as session and present factor are
    /// the same, so that a reloaded page shows the same picture and nothing has to be kept meanwhile.
    pub fn new_totp(&self, of: &PersonId, session: &Hash, present: &[u8]) -> TotpSecret {
        let info = [&aad("totp-new", of), &session[..], present].concat();
        let rolled = Zeroizing::new(hkdf(&[], &*self.derive("totp-new"), &info));
        TotpSecret::from_bytes(rolled[..20].try_into().expect("20 of 32 bytes"))
    }

    /// What is kept of a recovery code. Fifty bits are few for a plain hash of a stolen file; this one needs the server
    /// secret too. Hyphens, spaces and case do not count, and what a pen makes alike is alike.
    pub fn recovery_hash(&self, of: &PersonId, code: &str) -> Hash {
        let plain: String = code
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .take(4 * RECOVERY)
            .collect();
        let mut info = aad("recovery", of);
        lp(&mut info, &plain);
        hkdf(&[], &*self.derive("recovery"), &info)
    }

    /// Shows for a few minutes that the password was right, so that the second step need not ask for it again. It is
    /// bound to the person and to the stored hash, so it falls with the password.
    pub fn half_way(&self, person: &PersonId, stored: &str, until: Moment) -> Zeroizing<String> {
        let mut info = aad("half-way", person);
        lp(&mut info, stored);
        info.extend_from_slice(&until.millis().to_be_bytes());
        let mac = hkdf(&[], &*self.derive("half-way"), &info);
        Zeroizing::new(format!("{}.{}", until.millis(), hex(&mac)))
    }

    /// Is it one that [`ServerSecret::half_way`] made, and not over?
    pub fn is_half_way(&self, text: &str, person: &PersonId, stored: &str, now: Moment) -> bool {
        let until = text.split_once('.').and_then(|(until, _)| until.parse().ok());
        let Some(until) = until.map(Moment::from_millis) else { return false };
        let ours = self.half_way(person, stored, until);
        now < until && same(ours.as_bytes(), text.as_bytes())
    }
}

/// A recovery code as it is printed: `7K3M9-QXW2T`.
pub fn recovery_code(rolled: [u8; RECOVERY]) -> Zeroizing<String> {
    let digits = rolled.map(|b| char::from(CROCKFORD[usize::from(b & 31)]));
    let (first, second) = digits.split_at(RECOVERY / 2);
    let text = |half: &[char]| half.iter().collect::<String>();
    Zeroizing::new(format!("{}-{}", text(first), text(second)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> PersonId {
        PersonId::parse(id).unwrap()
    }

    fn ours() -> ServerSecret {
        ServerSecret::from_bytes([7; 32])
    }

    /// RFC 6238, appendix B: the SHA-1 rows, of which six digits are the last.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::from_bytes(*b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = Moment::from_millis(seconds * 1000);
            assert_eq!(secret.code(step_at(at)), code);
            assert_eq!(secret.step_of(code, at), Some(step_at(at)));
        }
        assert_eq!(secret.base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(TotpSecret::from_base32(&secret.base32()).map(|s| s.0), Some(secret.0));
        assert!(TotpSecret::from_base32("GEZD1").is_none());
        assert_eq!(
            secret.link("Klero NCT1", "c-1").as_str(),
            "otpauth://totp/Klero%20NCT1:c-1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Klero%20NCT1"
        );
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_late_and_no_further() {
        let secret = TotpSecret::from_bytes([3; 20]);
        let now = Moment::from_millis(1_000_000 * STEP_SECONDS * 1000);
        let here = step_at(now);
        for (step, fits) in [(here - 2, false), (here - 1, true), (here, true), (here + 1, true)] {
            assert_eq!(secret.step_of(&secret.code(step), now), fits.then_some(step));
        }
        assert_eq!(secret.step_of(&secret.code(here + 2), now), None);
        for wrong in ["", "12345", "1234567", "abcdef"] {
            assert_eq!(secret.step_of(wrong, now), None);
        }
    }

    // shows: I10 (a stolen database signs nobody in, nor does one row set in another's place)
    #[test]
    fn a_sealed_factor_opens_for_its_person_and_with_its_server_secret_alone() {
        let secret = TotpSecret::from_bytes([9; 20]);
        let sealed = ours().seal_totp(&secret, &person("hot-1"), [1; 12]);
        assert_eq!(sealed.len(), SEALED);
        assert_eq!(ours().open_totp(&sealed, &person("hot-1")).map(|s| s.0), Some([9; 20]));
        assert!(ours().open_totp(&sealed, &person("hot-2")).is_none());
        let thief = ServerSecret::from_bytes([8; 32]);
        assert!(thief.open_totp(&sealed, &person("hot-1")).is_none());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(ours().open_totp(&altered, &person("hot-1")).is_none(), "byte {at}");
        }
        let code = recovery_code([5; RECOVERY]);
        let kept = ours().recovery_hash(&person("hot-1"), &code);
        assert_ne!(kept, thief.recovery_hash(&person("hot-1"), &code));
        assert_ne!(kept, ours().recovery_hash(&person("hot-2"), &code));
    }

    #[test]
    fn a_recovery_code_is_read_as_a_pen_wrote_it() {
        let hash = |code: &str| ours().recovery_hash(&person("hot-1"), code);
        assert_eq!(hash("01ABC-DEFGH"), hash(" oiabc defgh"));
        assert_eq!(hash("01ABC-DEFGH"), hash("OLABCDEFGH"));
        assert_ne!(hash("01ABC-DEFGH"), hash("01ABC-DEFGJ"));
        assert_eq!(recovery_code([0, 1, 2, 3, 4, 31, 32, 33, 10, 20]).as_str(), "01234-Z01AM");
    }

    #[test]
    fn half_of_a_sign_in_is_of_one_person_one_password_and_a_few_minutes() {
        let until = Moment::from_millis(5_000);
        let half = ours().half_way(&person("hot-1"), "$argon2id$1", until);
        let fits = |text: &str, id: &str, stored: &str, now: i64| {
            ours().is_half_way(text, &person(id), stored, Moment::from_millis(now))
        };
        assert!(fits(&half, "hot-1", "$argon2id$1", 4_999));
        assert!(!fits(&half, "hot-1", "$argon2id$1", 5_000));
        assert!(!fits(&half, "hot-2", "$argon2id$1", 1));
        assert!(!fits(&half, "hot-1", "$argon2id$2", 1));
        assert!(!fits(&half.replace("5000.", "9000."), "hot-1", "$argon2id$1", 1));
        assert!(!fits("", "hot-1", "$argon2id$1", 1) && !fits("9.00", "hot-1", "$argon2id$1", 1));
    }
}
