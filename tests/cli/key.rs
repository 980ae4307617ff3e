//! `klero key`: identities, cards and six words.

use crate::desk::Desk;
use klero::sealing::card::Card;

fn words(desk: &Desk, name: &str) -> String {
    desk.read(name).trim_end().to_owned()
}

// shows: I10
#[test]
fn an_identity_is_made_once_for_its_owner_alone_and_its_words_change() {
    let desk = Desk::new("key");
    let made = "key new --person p-hs-1 --role pharmacist --centre huashan --words-file w";
    let data = desk.data(made);
    assert_eq!((&data["person"], &data["role"]), (&"p-hs-1".into(), &"pharmacist".into()));
    assert_eq!((desk.mode("p-hs-1.key.json"), desk.mode("w")), (0o600, 0o600));
    let card = Card::from_json(&desk.read("p-hs-1.pub.json")).expect("the card is one");
    assert_eq!(data["fingerprint"], card.fingerprint_words());
    let old = words(&desk, "w");
    assert_eq!(old.split(' ').count(), 6);
    for (name, bytes) in desk.files() {
        let shown = String::from_utf8_lossy(&bytes).contains(&old);
        assert!(!shown || name.ends_with("/w"), "the words are in {name}");
    }

    // Nothing is overwritten: neither identity, nor card, nor words.
    let before = desk.files();
    desk.refused(17, "file-exists", made);
    desk.refused(17, "file-exists", &format!("{made} -o other.key.json"));
    let card_only = "key new --person p-hs-1 --role pharmacist --centre huashan --words-file w2";
    desk.refused(17, "file-exists", &format!("{card_only} -o p-hs-1.x"));
    assert_eq!(desk.files().len(), before.len());

    // The card can be printed again without words, and the words be tried.
    assert_eq!(desk.done("key public p-hs-1.key.json").out, desk.read("p-hs-1.pub.json"));
    assert_eq!(
        desk.data("key public p-hs-1.pub.json")["fingerprint"].as_str().map(str::len),
        Some(32)
    );
    let tried = desk.data("key check p-hs-1.key.json --words-file w");
    assert_eq!((&tried["card"], &tried["fingerprint"]), (&"fits".into(), &data["fingerprint"]));

    let change = "key passwd p-hs-1.key.json --words-file w --new-words-file n";
    desk.data(change);
    assert_ne!(words(&desk, "n"), old);
    assert_eq!((desk.mode("p-hs-1.key.json"), desk.mode("n")), (0o600, 0o600));
    let wrong = desk.refused(12, "wrong-words", "key check p-hs-1.key.json --words-file w");
    assert!(wrong.err.contains("All six are words of the list"), "{}", wrong.err);
    assert_eq!(
        desk.data("key check p-hs-1.key.json --words-file n")["fingerprint"],
        data["fingerprint"]
    );
    assert_eq!(Card::from_json(&desk.done("key public p-hs-1.key.json").out), Ok(card));
}

// shows: I11
#[test]
fn who_may_not_hold_a_key_gets_none() {
    let desk = Desk::new("no-key");
    for role in ["coordinator", "monitor", "sponsor", "admin", "wizard"] {
        let line = format!("key new --person x-1 --role {role} --centre huashan --words-file w");
        desk.refused(2, "wrong-usage", &line);
    }
    let somewhere = "key new --person h-1 --role hotline --centre huashan --words-file w";
    desk.refused(2, "centres-do-not-fit", somewhere);
    desk.refused(2, "centres-do-not-fit", "key new --person p-1 --role pharmacist --words-file w");
    let twice = "key new --person p-1 --role pharmacist --centre a --centre a --words-file w";
    desk.refused(2, "centres-do-not-fit", twice);
    desk.refused(2, "wrong-usage", "key new --person Mr.X --role hotline --words-file w");
    assert!(desk.files().is_empty(), "nothing was written");
}

#[test]
fn words_are_never_left_in_a_log_nor_read_from_a_file_that_others_read() {
    let desk = Desk::new("words");
    // Stderr is no terminal here, as in a log.
    desk.refused(2, "words-need-a-place", "key new --person h-1 --role hotline");
    desk.write_secret("id.key.json", "{}");
    desk.write("open.words", "a b c d e f\n");
    let ran =
        desk.refused(18, "file-open-to-others", "key check id.key.json --words-file open.words");
    assert!(ran.err.contains("chmod 600 open.words"), "{}", ran.err);
    desk.write_secret("own.words", "a b c d e f\n");
    desk.refused(15, "identity-unreadable", "key check id.key.json --words-file own.words");
    desk.refused(15, "identity-unreadable", "key public id.key.json");
    desk.refused(10, "file-missing", "key check nobody.key.json --words-file own.words");
    desk.refused(10, "file-missing", "key public nobody.key.json");
}
