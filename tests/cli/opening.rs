//! `klero open` on releases of a real service: the one that opens, and every one that must not.

use crate::desk::Desk;
use klero::cli::stage::{Play, Stage};
use klero::dice::FixedDice;
use klero::domain::ids::{CentreId, PersonId};
use klero::domain::people::Role;
use klero::sealing::identity::{ITERATIONS_MIN, Identity, passphrase};
use serde_json::{Value, json};

/// A service with one prepared participant, and a desk with what the pharmacist has.
struct Story {
    desk: Desk,
    stage: Stage,
    release: Value,
    arm: String,
}

const OPEN: &str =
    "open release.json --identity p-rjs.key.json --words-file words --commitment commitment.json";

fn keep_key(desk: &Desk, identity: &Identity, name: &str) {
    let dice = FixedDice::new(77);
    let words = passphrase(&dice);
    desk.write_secret(name, &identity.to_file(&words, ITERATIONS_MIN, &dice));
    desk.write_secret("words", &words);
}

impl Story {
    fn new(name: &str) -> Self {
        let desk = Desk::new(name);
        let (play, _) = Play::quick(desk.path("service"), 5);
        let stage = Stage::raise(play);
        let reference = stage.screen_eligible(0, 1, true);
        let code = stage.randomise(0, &reference).text_at("code").to_owned();
        let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
        let reply = stage.act("p-rjs", "POST", "/v1/preparations", body);
        assert_eq!(reply.status, 201, "{}", reply.text);
        desk.write("release.json", &reply.text);
        let commitment = stage.send("GET", "/v1/commitment", &[], None).text;
        desk.write("commitment.json", &commitment);
        keep_key(&desk, &stage.identities["p-rjs"], "p-rjs.key.json");
        let pinned = &stage.study.manifest.manifest;
        let row = stage.study.list.rows().iter().find(|row| row.code.to_string() == code);
        let arm = row.expect("the code is in the list").arm.name(pinned).to_owned();
        Self { desk, stage, release: reply.body, arm }
    }

    /// The same release with something altered in it.
    fn altered(&self, alter: impl Fn(&mut Value)) -> &Desk {
        let mut release = self.release.clone();
        alter(&mut release);
        assert_ne!(release, self.release, "something was altered");
        self.desk.write("altered.json", &release.to_string());
        &self.desk
    }

    /// Refused with this end and these words; no arm is named, not even the wrong one.
    fn refused(&self, exit: i32, code: &str, words: &str, line: &str) {
        let ran = self.desk.refused(exit, code, line);
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
        for arm in &self.stage.study.manifest.manifest.arms {
            assert!(!ran.err.contains(arm), "{}", ran.err);
        }
    }
}

fn flip(value: &mut Value) {
    let text = value.as_str().expect("a text").to_owned();
    let first = if text.starts_with('0') { "1" } else { "0" };
    *value = format!("{first}{}", &text[1..]).into();
}

// shows: SG-7, I3
#[test]
fn a_release_opens_for_its_pharmacist_and_the_service_keeps_the_receipt() {
    let story = Story::new("open");
    let ran = story.desk.done(&format!("{OPEN} --receipt opened.json"));
    assert!(ran.out.starts_with(&format!("ARM  {}\n", story.arm)), "{}", ran.out);
    assert!(ran.out.contains("RJS-001"), "{}", ran.out);
    assert!(ran.err.contains("verified: the manifest's signature, the checkpoint, entry"));
    assert!(!ran.err.contains(&story.arm), "the arm goes to stdout alone");
    for (name, bytes) in story.desk.files() {
        let release = name.ends_with("release.json") || name.ends_with("opened.json");
        assert!(!release || !String::from_utf8_lossy(&bytes).contains(&story.arm), "{name}");
    }
    let receipt: Value = serde_json::from_str(&story.desk.read("opened.json")).expect("JSON");
    let reference = receipt["reference"].as_str().expect("a reference");
    let path = format!("/v1/preparations/{reference}/opened");
    let kept = story.stage.act("p-rjs", "POST", &path, receipt.clone());
    assert_eq!((kept.status, &receipt["fits"]), (200, &json!(true)), "{}", kept.text);

    let data = story.desk.data(&format!("{OPEN} --trial {}", crate::desk::TRIAL));
    assert_eq!((&data["arm"], &data["participant"]), (&json!(story.arm), &json!("RJS-001")));
    assert_eq!(data["words"].as_array().map(Vec::len), Some(4));
    story.refused(17, "file-exists", "opened.json", &format!("{OPEN} --receipt opened.json"));
}

// shows: I10, EU-3
#[test]
fn without_the_right_words_key_and_centre_nothing_opens() {
    let story = Story::new("open-keys");
    let dice = FixedDice::new(78);
    let desk = &story.desk;
    desk.write_secret("wrong", &passphrase(&dice));
    let wrong = OPEN.replace("--words-file words", "--words-file wrong");
    story.refused(12, "wrong-words", "All six are words of the list", &wrong);
    desk.write_secret("wrong", "one two three");
    story.refused(12, "wrong-words", "3 were given", &wrong);

    keep_key(desk, &story.stage.identities["p-hsh"], "p-hsh.key.json");
    let other = OPEN.replace("p-rjs.key", "p-hsh.key");
    story.refused(13, "not-wrapped-to-this-key", "released to p-rjs, not to p-hsh", &other);
    let of = |centre: &str, seed| {
        let person = PersonId::parse("p-rjs").expect("an id");
        let centre = [CentreId::parse(centre).expect("a centre")];
        Identity::generate(&person, Role::Pharmacist, &centre, &FixedDice::new(seed))
            .expect("a key")
    };
    keep_key(desk, &of("renji-south", 80), "thief.key.json");
    let thief = OPEN.replace("p-rjs.key", "thief.key");
    story.refused(13, "not-wrapped-to-this-key", "The wrap does not open", &thief);
    keep_key(desk, &of("huashan", 81), "moved.key.json");
    let moved = OPEN.replace("p-rjs.key", "moved.key");
    story.refused(24, "other-centre", "p-rjs holds no key of renji-south", &moved);
    let elsewhere = format!("{OPEN} --centre huashan");
    story.refused(24, "other-centre", "The slot is of renji-south, not of huashan", &elsewhere);
    story.altered(|release| release["wrap"]["centre"] = "huashan".into());
    let line = OPEN.replace("release.json", "altered.json");
    story.refused(24, "other-centre", "The slot is of renji-south, not of huashan", &line);
}

// shows: SG-7, I3, I7
#[test]
fn a_slot_a_proof_or_a_commitment_that_was_altered_shows_nothing() {
    let story = Story::new("open-altered");
    let line = OPEN.replace("release.json", "altered.json");
    let refused = |exit, code: &str, words: &str, alter: &dyn Fn(&mut Value)| {
        story.altered(alter);
        story.refused(exit, code, words, &line);
    };
    let moved = "does not open with this key at this place";
    refused(21, "does-not-fit", moved, &|r| r["slot"]["position"] = 1.into());
    refused(21, "does-not-fit", moved, &|r| flip(&mut r["slot"]["sealed"]));
    let other = "does not belong to the list of this manifest";
    refused(21, "does-not-fit", other, &|r| r["slot"]["segment"] = 1.into());
    let leaf = "does not fit the commitment";
    refused(21, "does-not-fit", leaf, &|r| flip(&mut r["slot"]["leafPath"]["path"][0]));

    let proof = "The entry is not under the signed checkpoint";
    refused(20, "release-not-proven", proof, &|r| flip(&mut r["receipt"]["proof"][0]));
    refused(20, "release-not-proven", proof, &|r| r["receipt"]["index"] = 3.into());
    let said = |r: &mut Value, from: &str, to: &str| {
        let entry = r["receipt"]["entry"].as_str().expect("a line").replacen(from, to, 1);
        r["receipt"]["entry"] = entry.into();
    };
    refused(20, "release-not-proven", proof, &|r| said(r, "RJS-001", "RJS-002"));
    let note = "its signature does not fit";
    refused(20, "release-not-proven", note, &|r| {
        let text = r["receipt"]["checkpoint"].as_str().expect("a note");
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines[1] = "9999".to_owned();
        r["receipt"]["checkpoint"] = format!("{}\n", lines.join("\n")).into();
    });
    refused(20, "release-not-proven", "of another participant", &|r| {
        r["participant"] = "RJS-002".into()
    });
    refused(20, "release-not-proven", "of another code", &|r| r["slot"]["code"] = "7429133".into());
    refused(20, "release-not-proven", "another person's", &|r| {
        r["wrap"]["person"] = "p-hsh".into()
    });
    refused(20, "release-not-proven", "of another release", &|r| {
        r["reference"] = "K7Q29MXT".into()
    });
    refused(20, "release-not-proven", "of another act", &|r| r["purpose"] = "break".into());
    refused(15, "release-unreadable", "sealed", &|r| r["slot"]["sealed"] = "00".into());
    refused(15, "release-unreadable", "JSON", &|r| r["receipt"]["arm"] = "x".into());
    altered_commitments(&story);
}

fn altered_commitments(story: &Story) {
    let commitment = story.desk.read("commitment.json");
    let line = OPEN.replace("commitment.json", "other.json");
    // Without the words: a commitment that does not hold is refused before anybody is asked for them.
    let line = line.replace("--words-file words", "--words-file nothing");
    for (from, to) in [("purpose: training", "purpose: live"), ("slots: 12", "slots: 13")] {
        assert!(commitment.contains(from), "{from}");
        story.desk.write("other.json", &commitment.replace(from, to));
        let words = "not one that its signer signed";
        story.refused(25, "manifest-altered", words, &line);
    }
    story.desk.write("other.json", "{}");
    story.refused(25, "manifest-altered", "not the JSON of a commitment", &line);
    let missing = OPEN.replace("commitment.json", "none.json");
    story.refused(10, "file-missing", "none.json", &missing);
    story.refused(2, "wrong-usage", "--commitment", "open release.json --identity x");
}

// shows: SG-7
#[test]
fn a_refused_opening_is_signed_as_one_that_does_not_fit() {
    let story = Story::new("open-unfit");
    story.altered(|release| flip(&mut release["slot"]["sealed"]));
    let line = OPEN.replace("release.json", "altered.json");
    story.refused(21, "does-not-fit", "opening refused", &format!("{line} --receipt opened.json"));
    let receipt: Value = serde_json::from_str(&story.desk.read("opened.json")).expect("JSON");
    assert_eq!(receipt["fits"], false);
    let reference = receipt["reference"].as_str().expect("a reference");
    let path = format!("/v1/preparations/{reference}/opened");
    let kept = story.stage.act("p-rjs", "POST", &path, receipt.clone());
    assert_eq!(kept.status, 200, "{}", kept.text);
}
