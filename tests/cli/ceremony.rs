//! The statistician's whole story, offline: keys, secret, list, package, kit, disclosure.

use crate::desk::{Desk, TRIAL};
use klero::sealing::bytes::{hex, sha256};
use klero::sealing::card::Card;
use klero::sealing::disclosure::Disclosure;
use klero::sealing::manifest::SignedManifest;
use klero::sealing::offline_record::SignedRecord;
use std::collections::BTreeMap;

const SIGN: &str = "--identity stat-1.key.json --words-file stat-1.words";

/// Keys of a statistician, a pharmacist of all centres, and the hotline.
fn people(desk: &Desk) {
    let everywhere =
        "--centre renji-south --centre renji-west --centre huashan --centre sixth-people";
    for (person, role) in [
        ("stat-1", "statistician".to_owned()),
        ("p-1", format!("pharmacist {everywhere}")),
        ("hot-1", "hotline".to_owned()),
    ] {
        desk.data(&format!("key new --person {person} --words-file {person}.words --role {role}"));
    }
}

fn draw(desk: &Desk) {
    let secret = format!(
        "list secret --trial {TRIAL} --purpose training --to stat-1.pub.json -o secret.json"
    );
    let data = desk.data(&format!("{secret} --beacon-name lottery"));
    let commit = data["seed-commit"].as_str().expect("a commitment").to_owned();
    assert_eq!((commit.len(), &data["beacon-name"]), (64, &"lottery".into()));
    desk.refused(17, "file-exists", &secret);
    let generate = format!(
        "list generate --trial {TRIAL} --secret secret.json {SIGN} --beacon 0badcafe \
         --beacon-description lottery --slots 6 -o manifest.txt"
    );
    let record = desk.data(&generate);
    assert_eq!((&record["slots"], &record["blocks"]), (&64.into(), &16.into()));
    assert_eq!((&record["unbalanced-blocks"], &record["duplicate-codes"]), (&0.into(), &0.into()));
    assert_eq!((&record["seed-commit"], &record["signer"]), (&commit.into(), &"stat-1".into()));
    let signed = SignedManifest::parse(&desk.read("manifest.txt")).expect("it is signed");
    assert_eq!(record["root"], hex(&signed.manifest.root));
    assert_eq!(record["manifest"], hex(&signed.hash()));
    desk.refused(17, "file-exists", &generate);
}

// shows: SG-1, SG-2, I10, EU-12, EU-3
#[test]
fn a_list_is_committed_to_drawn_sealed_opened_from_the_kit_and_disclosed() {
    let desk = Desk::new("ceremony");
    people(&desk);
    draw(&desk);
    seal(&desk);
    let data = desk.data("kit make --package package.json -o kit");
    assert_eq!((&data["slots"], desk.mode("kit")), (&64.into(), 0o700));
    desk.refused(17, "file-exists", "kit make --package package.json -o kit");
    let names = desk.files();
    let arms = ["belimumab", "placebo"].map(str::as_bytes);
    let named = |bytes: &[u8]| arms.iter().any(|arm| bytes.windows(arm.len()).any(|w| w == *arm));
    for (name, bytes) in &names {
        // The two texts that name the arms, all alike: the manifest, alone and in the package.
        let texts = ["manifest.txt", "package.json", "altered.txt", "altered.json"];
        let may = texts.iter().any(|text| name.ends_with(text));
        assert!(may || !named(bytes), "{name} names an arm");
    }
    let list = disclose(&desk);
    open_from_kit(&desk, &list);
}

fn seal(desk: &Desk) {
    let line = format!(
        "list seal --trial {TRIAL} --manifest manifest.txt --secret secret.json {SIGN} \
         -o package.json --to p-1.pub.json hot-1.pub.json"
    );
    let data = desk.data(&line);
    assert_eq!(data["holders"].as_array().map(Vec::len), Some(4), "a key a centre");
    assert_eq!(data["holders"][0]["people"].to_string(), r#"["p-1","hot-1","stat-1"]"#);
    assert_eq!(data["package"], hex(&sha256(desk.read("package.json").as_bytes())));
    assert_eq!((desk.mode("package.json"), desk.mode("secret.json")), (0o600, 0o600));
    desk.refused(17, "file-exists", &line);
    let verify =
        format!("list verify --manifest manifest.txt --package package.json --trial {TRIAL}");
    assert_eq!(desk.data(&verify)["package"], data["package"]);
    let package = desk.read("package.json");
    let sealed = package.rfind("\"leaf\":\"").expect("slots have leaves") + 8;
    let flip = if package.as_bytes()[sealed] == b'0' { "1" } else { "0" };
    let altered = format!("{}{flip}{}", &package[..sealed], &package[sealed + 1..]);
    desk.write("altered.json", &altered);
    let verify = "list verify --manifest manifest.txt --package altered.json";
    desk.refused(20, "package-does-not-verify", verify);
    desk.write("altered.txt", &desk.read("manifest.txt").replace("slots: 6", "slots: 7"));
    let verify = "list verify --manifest altered.txt --package package.json";
    desk.refused(25, "manifest-altered", verify);
}

/// Every code's arm, by the list that the disclosure gives.
fn disclose(desk: &Desk) -> BTreeMap<String, String> {
    let line = format!("list disclose --manifest manifest.txt --secret secret.json {SIGN}");
    desk.refused(17, "file-exists", &format!("{line} -o d.json --csv manifest.txt"));
    let data = desk.data(&format!("{line} -o disclosure.json --csv list.csv"));
    assert_eq!(data["slots"], 64);
    assert_eq!((desk.mode("disclosure.json"), desk.mode("list.csv")), (0o600, 0o600));
    let disclosure = Disclosure::from_json(&desk.read("disclosure.json")).expect("it reads");
    assert_eq!((disclosure.beacon, disclosure.sizes), (vec![0x0b, 0xad, 0xca, 0xfe], vec![4]));
    let list = desk.read("list.csv");
    let row = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        (fields[2].to_owned(), fields[3].to_owned())
    };
    list.lines().map(row).collect()
}

fn open_from_kit(desk: &Desk, list: &BTreeMap<String, String>) {
    let (code, arm) = list.first_key_value().expect("the list has rows");
    let key = "--identity hot-1.key.json --words-file hot-1.words";
    let line = format!("open --kit kit --code {code} --reason anaphylaxis {key}");
    let ran = desk.done(&line);
    assert!(ran.out.starts_with(&format!("ARM  {arm}\n")), "{}", ran.out);
    let text = desk.read(&format!("{code}.offline.json"));
    assert!(!text.contains(arm), "the record says that, never what");
    let record = SignedRecord::from_json(text.trim_end()).expect("the record reads");
    let card = Card::from_json(&desk.read("hot-1.pub.json")).expect("the card reads");
    assert!(record.is_signed(&card.signing) && record.record.fits);
    assert_eq!(record.record.reason, "anaphylaxis");
    // Each opening leaves a record; one that is there is not overwritten, and then nothing is opened.
    desk.refused(17, "file-exists", &line);
    let data = desk.data(&format!("{line} --record again.json --trial {TRIAL}"));
    assert_eq!(data["arm"], **arm);
    assert_eq!(data["words"].as_array().map(Vec::len), Some(4), "in both languages");

    let other = list.keys().nth(1).expect("the list has more rows");
    let ran = desk.refused(10, "file-missing", &line.replace(code, "7429133"));
    assert!(ran.err.contains("7429133.json"), "{}", ran.err);
    desk.refused(2, "wrong-usage", &line.replace(code, "7429134"));
    desk.refused(2, "wrong-usage", &line.replace("--reason anaphylaxis", ""));
    let pharmacist = line.replace("hot-1", "p-1").replace(code, other);
    desk.refused(13, "not-wrapped-to-this-key", &pharmacist);
    assert_eq!(desk.data("kit count kit")["missing"], 0);
    let renamed = desk.read(&format!("kit/{other}.json")).replace(other, code);
    desk.write(&format!("kit/{code}.json"), &renamed);
    let moved = desk.refused(21, "does-not-fit", &format!("{line} --record moved.json"));
    assert!(!moved.err.contains("belimumab") && !moved.err.contains("placebo"), "{}", moved.err);
    assert!(desk.read("moved.json").contains("\"fits\":false"), "a refused opening is told too");
    std::fs::remove_file(desk.path(&format!("kit/{other}.json"))).expect("it was there");
    assert_eq!(desk.data("kit count kit")["missing"], 1);
    desk.write("kit/stray.json", "{}");
    desk.refused(20, "kit-altered", "kit count kit");
}

// shows: SG-2, I10
#[test]
fn the_wrong_people_and_files_draw_and_seal_nothing() {
    let desk = Desk::new("ceremony-refused");
    people(&desk);
    let secret = |to: &str| {
        format!("list secret --trial {TRIAL} --purpose training -o secret.json --to {to}")
    };
    desk.refused(18, "not-a-statistician", &secret("hot-1.pub.json"));
    desk.refused(10, "file-missing", &secret("nobody.pub.json"));
    desk.refused(15, "card-unreadable", &secret("stat-1.key.json"));
    desk.refused(2, "wrong-usage", &secret("stat-1.pub.json").replace("training", "rehearsal"));
    desk.data(&secret("stat-1.pub.json"));
    let generate = format!("list generate --trial {TRIAL} --secret secret.json -o manifest.txt");
    let by = |who: &str| {
        format!("{generate} --slots 6 --identity {who}.key.json --words-file {who}.words")
    };
    desk.refused(18, "not-a-statistician", &by("p-1"));
    desk.data("key new --person stat-2 --role statistician --words-file stat-2.words");
    let ran = desk.refused(13, "secret-not-sealed-to-this-key", &by("stat-2"));
    assert!(ran.err.contains("sealed to stat-1"), "{}", ran.err);
    desk.refused(2, "sizes-named-twice", &format!("{} --sizes 4", by("stat-1")));
    desk.refused(2, "wrong-usage", &format!("{} --beacon 00", by("stat-1")));
    desk.refused(15, "secret-unreadable", &by("stat-1").replace("secret.json", "stat-1.pub.json"));
    assert!(!desk.path("manifest.txt").exists(), "nothing was signed");
    desk.data(&by("stat-1"));
    desk.data(&secret("stat-1.pub.json").replace("secret.json", "other.json"));
    let seal = format!(
        "list seal --trial {TRIAL} --manifest manifest.txt --secret other.json {SIGN} \
         -o package.json --to p-1.pub.json hot-1.pub.json"
    );
    desk.refused(20, "secret-of-another-list", &seal);
    let without = seal.replace("other.json", "secret.json").replace("p-1.pub.json ", "");
    desk.refused(2, "centre-without-holder", &without);
    assert!(!desk.path("package.json").exists(), "nothing was sealed");
}
