//! Exports by whoever holds the folder, and the arms that the statistician fills in: same rows, same order, and proved.

use crate::desk::Desk;
use crate::disclose::trial;
use serde_json::Value;

const DISCLOSE: &str = "list disclose --manifest manifest.txt --secret secret.json --identity \
                        stat-1.key.json --words-file stat-1.words";
const FILES: [(&str, &str); 9] = [
    ("analysis.csv", "analysis"),
    ("allocations.csv", "allocations"),
    ("dm.json", "dm"),
    ("adsl.json", "adsl"),
    ("ta.json", "ta"),
    ("adsl.csv", "adsl --format csv --raw"),
    ("records.xml", "records --format odm"),
    ("second.xml", "records --format odm2"),
    ("participants.ndjson", "participants --format fhir"),
];

fn exported(desk: &Desk) -> String {
    for (file, asked) in FILES {
        let data = desk.data(&format!("export {asked} --data kept -o {file}"));
        assert_eq!(data["sha256"].as_str().map(str::len), Some(64));
        assert!(desk.read(&format!("{file}.checkpoint")).starts_with("klero/NCT04515719\n"));
        let text = desk.read(file);
        assert!(!text.contains("belimumab") && !text.contains("placebo"), "{file}");
    }
    FILES.map(|(file, _)| file).join(" ")
}

// shows: RP-4, RP-6, RP-8, AT-13
#[test]
fn arms_are_filled_into_the_same_rows_after_the_disclosure_and_verify() {
    let desk = trial("filled", true);
    let files = exported(&desk);
    desk.data(&format!("{DISCLOSE} --trail export --issued -o issued.json"));
    let fill = format!("export fill {files} --manifest manifest.txt");
    let toml = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/nct04515719.toml");
    let data = desk.data(&format!("{fill} --openings issued.json -o filled"));
    let places: Vec<u64> = data["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| file["places"].as_u64().unwrap_or_default())
        .collect();
    // Five participants, nobody infused yet: planned arms alone; two arms of two elements.
    assert_eq!(places, [5, 5, 10, 10, 8, 10, 5, 5, 5]);
    for (file, _) in FILES {
        let (before, after) = (desk.read(file), desk.read(&format!("filled/{file}")));
        assert_eq!(before.lines().count(), after.lines().count(), "{file}: the same rows");
        assert_ne!(before, after, "{file}");
        assert_eq!(without_arms(&after), without_arms(&before), "{file}: nothing but arms");
    }
    let verified = "verify --manifest manifest.txt --trail export --openings issued.json";
    desk.done(&format!("{verified} --data filled/analysis.csv"));
    // The secret itself gives the same files; the trial file gives the arms their names.
    desk.data(&format!("{DISCLOSE} -o disclosure.json"));
    desk.data(&format!("{fill} --disclosure disclosure.json --trail export -o again"));
    for (file, _) in FILES {
        assert_eq!(desk.read(&format!("again/{file}")), desk.read(&format!("filled/{file}")));
    }
    desk.data(&format!("{fill} --openings issued.json --trial {toml} -o named"));
    let adsl: Value = serde_json::from_str(&desk.read("named/adsl.json")).expect("JSON");
    assert!(adsl.to_string().contains("Belimumab 120 mg, intravenous"));
}

/// An export with every place of an arm emptied, whatever its form.
fn without_arms(text: &str) -> String {
    let mut text = text.to_owned();
    for arm in ["belimumab", "placebo"] {
        for name in [arm.to_owned(), arm.to_uppercase()] {
            for (full, empty) in [
                (format!(",\"assignedComparisonGroup\":\"{name}\""), ""),
                (
                    format!("ItemOID=\"IT.RANDOMISATION.ARM\" Value=\"{name}\""),
                    "ItemOID=\"IT.RANDOMISATION.ARM\" IsNull=\"Yes\"",
                ),
                (
                    format!("ItemOID=\"IT.RANDOMISATION.ARM\"><Value>{name}</Value></ItemData>"),
                    "ItemOID=\"IT.RANDOMISATION.ARM\" IsNull=\"Yes\"/>",
                ),
                (name.clone(), ""),
            ] {
                text = text.replace(&full, empty);
            }
        }
    }
    text
}

// shows: RP-4, SG-7
#[test]
fn nothing_is_filled_from_openings_that_do_not_fit_or_into_what_was_filled_before() {
    let desk = trial("unfilled", true);
    exported(&desk);
    desk.data(&format!("{DISCLOSE} --trail export --issued -o issued.json"));
    let fill = |files: &str, openings: &str| {
        format!("export fill {files} --manifest manifest.txt --openings {openings} -o out")
    };
    let issued = desk.read("issued.json");
    desk.write("turned.json", &issued.replacen("\"arm\": \"placebo", "\"arm\": \"belimumab", 1));
    desk.refused(20, "does-not-verify", &fill("dm.json", "turned.json"));
    let mut fewer: Value = serde_json::from_str(&issued).expect("JSON");
    fewer["openings"].as_array_mut().expect("a list").pop();
    desk.write("fewer.json", &fewer.to_string());
    desk.refused(20, "not-filled", &fill("dm.json", "fewer.json"));
    let table = desk.read("analysis.csv");
    let code = table.split(',').nth(4).expect("a code").to_owned();
    desk.write("other.csv", &table.replacen(&code, "7429133", 1));
    desk.refused(20, "not-filled", &fill("other.csv", "issued.json"));
    desk.refused(20, "not-filled", &fill("analysis.csv other.csv", "issued.json"));
    desk.refused(20, "not-filled", &fill("manifest.txt", "issued.json"));
    assert!(!desk.path("out").exists(), "all of them or none");
    desk.data(&fill("adsl.csv records.xml", "issued.json"));
    for file in ["out/adsl.csv", "out/records.xml"] {
        let again = fill(file, "issued.json").replace("-o out", "-o twice");
        desk.refused(20, "not-filled", &again);
    }
    desk.refused(17, "file-exists", &fill("dm.json", "issued.json"));
    desk.refused(2, "wrong-format", "export dm --format odm --data kept -o x");
}
