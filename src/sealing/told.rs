//! What the room's errors and secrets say of themselves: people act on the words of an error, and a log may hold whatever a
//! secret prints.

use super::centre_key::{CentreKey, SlotKey};
use super::checkpoint::TrailSigner;
use super::disclosure::DisclosureError;
use super::identity::IdentityError;
use super::list::ListError;
use super::lock::{NotOurLock, ServerSecret};
use super::offline_record::RecordError;
use super::published::NotReadable;
use super::rotation::NotARotation;
use super::sealed_record::DoesNotFit;
use super::vectors::VectorsError;
use super::webhook::WebhookSigner;
use super::witness::Cosigner;
use super::wrap::{NotAPoint, NotWrappedToThisKey};
use std::fmt::{Debug, Display};

#[test]
fn an_error_says_what_is_wrong_and_with_what() {
    let told: [(&dyn Display, &[&str]); 19] = [
        (&NotOurLock, &["slot", "server secret", "moved or altered"]),
        (&DoesNotFit, &["record", "too long"]),
        (&DisclosureError("its salt"), &["disclosure", "its salt"]),
        (&IdentityError::Malformed("its salt"), &["identity file", "its salt"]),
        (&IdentityError::Iterations(12), &["identity file", "12 times", "not allowed"]),
        (&IdentityError::WrongWords, &["six words", "not right"]),
        (&IdentityError::Role, &["role holds no keys"]),
        (&ListError::Arms, &["two arms"]),
        (&ListError::Ratio, &["ratio"]),
        (&ListError::Sizes, &["block size"]),
        (&ListError::Strata, &["strata"]),
        (&ListError::Slots, &["slots"]),
        (&ListError::Codes, &["codes"]),
        (&RecordError("its reason"), &["offline record", "its reason"]),
        (&NotReadable("groups"), &["file of this kind", "groups"]),
        (&NotARotation, &["rotation"]),
        (&VectorsError::TooLong, &["vectors", "too long"]),
        (&NotAPoint, &["opening key", "not a point"]),
        (&NotWrappedToThisKey, &["not wrapped to this key"]),
    ];
    for (error, words) in told {
        let said = error.to_string();
        assert!(words.iter().all(|word| said.contains(word)), "{said} says {words:?}");
    }
    let unknown = [VectorsError::Unknown, VectorsError::Malformed("salt")].map(|e| e.to_string());
    assert!(unknown[0].contains("not a file of vectors") && unknown[1].contains("salt"));
}

// shows: I7
#[test]
fn what_holds_a_secret_prints_its_kind_or_its_public_half() {
    let seed = [0xa5; 32];
    let signer = TrailSigner::from_seed("klero/TEST-0001", seed);
    let cosigner = Cosigner::from_seed("witness.example/w", seed).unwrap();
    let secret = ServerSecret::from_bytes(seed);
    let webhook = WebhookSigner::new(&secret);
    let centre_key = CentreKey::from_bytes(seed);
    let slot_key = SlotKey::from_bytes(seed);
    let told: [(&dyn Debug, String); 6] = [
        (&signer, format!("TrailSigner({})", signer.vkey())),
        (&cosigner, format!("Cosigner({})", cosigner.key())),
        (&webhook, format!("WebhookSigner({})", webhook.public())),
        (&secret, "ServerSecret(32 bytes)".to_owned()),
        (&centre_key, "CentreKey(32 bytes)".to_owned()),
        (&slot_key, "SlotKey(32 bytes)".to_owned()),
    ];
    for (holder, printed) in told {
        let said = format!("{holder:?}");
        assert_eq!(said, printed);
        assert!(!said.contains("a5a5") && !said.contains("165"), "{said}");
    }
}
