//! Exports: who may have which, what is in them and what never is, and that each is an entry with its hash.

use crate::house::{House, refused};
use klero::cli::stage::{Reply, signature};
use klero::sealing::bytes::{hex, sha256};
use klero::service::exports::{Format, Kind};
use serde_json::{Value, json};

/// Two randomised at Renji South, one of them broken, and one at Huashan.
fn played() -> House {
    let house = House::raise();
    house.randomised(0, 1, true);
    house.randomised(0, 2, false);
    house.randomised(2, 1, true);
    let mut body = json!({
        "participant": "RJS-001", "identifier": "DEMO", "requester": "Demo physician", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency", "depends": false,
    });
    body["signature"] = signature("hot-1", "break-code");
    assert_eq!(house.post("hot-1", "/v1/breaks", body).status, 201);
    house.so_far();
    house
}

fn export(house: &House, who: &str, asked: &str) -> Reply {
    let reply = house.get(who, &format!("/v1/exports/{asked}"));
    assert_eq!(reply.status, 200, "{asked}: {}", reply.text);
    reply
}

/// The rows of a CSV file without quotes, the head first.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    lines.map(|line| line.split(',').collect()).collect()
}

// shows: RP-1, RP-4, AT-3, AT-5
#[test]
fn every_export_is_an_entry_with_the_hash_of_the_file_and_names_no_arm() {
    let house = played();
    for kind in Kind::ALL {
        for format in kind.formats() {
            let (word, form) = (kind.as_str(), format.as_str());
            let reply = export(&house, "mon-1", &format!("{word}?format={form}"));
            let left = house.entries();
            let act = if kind == Kind::Trail { "trail-exported" } else { "exported" };
            assert_eq!((left.len(), &left[0]["act"]), (1, &json!(act)), "{word} {form}");
            let said = &left[0]["data"];
            assert_eq!((&said["kind"], &said["format"]), (&json!(word), &json!(form)));
            let entry = reply.headers.iter().find(|(name, _)| name == "klero-entry");
            assert_eq!(entry.map(|(_, seq)| seq.clone()), Some(left[0]["seq"].to_string()));
            if *format == Format::Xlsx {
                assert!(reply.text.starts_with("PK"), "{word}");
            } else {
                assert_eq!(said["sha256"], hex(&sha256(reply.text.as_bytes())), "{word} {form}");
                assert_eq!(said["bytes"], reply.text.len());
            }
            let lower = reply.text.to_lowercase();
            assert!(!lower.contains("belimumab") && !lower.contains("placebo"), "{word} {form}");
            let file = reply.headers.iter().find(|(name, _)| name == "content-disposition");
            let file = &file.expect("a file to keep").1;
            assert!(file.contains(&format!("NCT04515719-{word}.")), "{file}");
        }
    }
}

// shows: AC-6, CN-5, AT-15
#[test]
fn an_investigator_gets_the_own_centre_and_the_sponsor_no_identity_code_or_level() {
    let house = played();
    let all = export(&house, "mon-1", "participants");
    let numbers: Vec<&str> = rows(&all.text).iter().skip(1).map(|row| row[0]).collect();
    assert_eq!(numbers, ["HSH-001", "RJS-001", "RJS-002"], "by number, not by time");
    let head = rows(&all.text)[0].clone();
    for column in ["initials", "birth_date", "sex", "consent", "lldas", "lldas_corrected"] {
        assert!(head.contains(&column), "{column}");
    }
    let own = export(&house, "i-rjs", "participants");
    assert!(own.text.contains("RJS-001") && !own.text.contains("HSH-"));
    let sponsor = export(&house, "spon-1", "participants");
    let head = rows(&sponsor.text)[0].clone();
    assert_eq!(head.len(), rows(&all.text)[0].len() - 7, "{head:?}");
    for hidden in ["DEMO", "lldas", "1988", "birth", "initials"] {
        assert!(!sponsor.text.contains(hidden), "{hidden}");
    }
    let breaks = export(&house, "spon-1", "breaks");
    assert!(breaks.text.contains("RJS-001") && breaks.text.contains("sae-management"));
    house.so_far();
    for kind in ["records", "answers", "allocations", "analysis", "dm", "adsl"] {
        refused(&house.get("spon-1", &format!("/v1/exports/{kind}")), 403, "not-your-role");
    }
    for kind in ["participants", "allocations"] {
        refused(&house.get("stat-1", &format!("/v1/exports/{kind}")), 403, "not-your-role");
    }
    export(&house, "stat-1", "trail");
    refused(&house.get("spon-1", "/v1/exports/trail"), 403, "not-your-role");
    for wrong in ["dm?format=odm", "dm?format=pdf", "dm?fromat=csv"] {
        refused(&house.get("mon-1", &format!("/v1/exports/{wrong}")), 400, "malformed-request");
    }
    refused(&house.get("mon-1", "/v1/exports/everything"), 404, "no-such-record");
    house.so_far();
}

// shows: RP-1, RP-6
#[test]
fn counts_of_an_export_equal_the_trail_and_a_data_set_says_how_many_rows_it_has() {
    let house = played();
    let allocations = export(&house, "mon-1", "allocations?raw=true");
    let issued = house.get("mon-1", "/v1/trail?from=0").body["lines"].as_array().unwrap().len();
    assert!(issued > 20);
    assert_eq!(rows(&allocations.text).len() - 1, 3);
    let code = rows(&allocations.text)[1][2];
    assert!(code.len() == 7 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    let grouped = export(&house, "mon-1", "allocations");
    let spaced = format!("{} {} {}", &code[..3], &code[3..6], &code[6..]);
    assert!(grouped.text.starts_with('\u{feff}') && grouped.text.contains(&spaced));
    let ds: Value = serde_json::from_str(&export(&house, "mon-1", "ds").text).unwrap();
    assert_eq!((&ds["datasetJSONVersion"], &ds["name"]), (&json!("1.1.0"), &json!("DS")));
    let all = ds["rows"].as_array().unwrap();
    assert_eq!(ds["records"], all.len());
    let term = |word: &str| all.iter().filter(|row| row[5] == word).count();
    assert_eq!((term("RANDOMIZED"), term("TREATMENT UNBLINDED")), (3, 1));
    let unblinded = all.iter().find(|row| row[5] == "TREATMENT UNBLINDED").unwrap();
    assert_eq!((&unblinded[4], &unblinded[6]), (&json!("sae-management"), &json!("OTHER EVENT")));
    let adsl: Value = serde_json::from_str(&export(&house, "mon-1", "adsl").text).unwrap();
    let names = adsl["columns"].as_array().unwrap();
    let at = |name: &str| names.iter().position(|column| column["name"] == name).unwrap();
    for row in adsl["rows"].as_array().unwrap() {
        assert_eq!((&row[at("TRT01P")], &row[at("TRT01A")]), (&json!(""), &json!("")));
        assert_eq!(row[at("STRATAR")], row[at("STRATAV")], "nothing was corrected");
    }
    let odm = export(&house, "mon-1", "records?format=odm").text;
    for (part, count) in [("<SubjectData ", 3), ("IT.RANDOMISATION.ARM\" IsNull", 3)] {
        assert_eq!(odm.matches(part).count(), count, "{part}");
    }
    let forms = odm.matches("<FormData ").count();
    assert_eq!(odm.matches("<AuditRecord>").count(), forms, "who, where, when of each");
    assert!(odm.contains("<Signature>") && odm.contains("SignatureOID=\"SIG.randomised\""));
    let second = export(&house, "mon-1", "records?format=odm2").text;
    for part in ["<SubjectData ", "<AuditRecord>", "<Signature>", "IT.RANDOMISATION.ARM\" IsNull"] {
        assert_eq!(second.matches(part).count(), odm.matches(part).count(), "{part}");
    }
    assert_eq!(second.matches("<Value>").count(), odm.matches(" Value=").count());
    let fhir = export(&house, "mon-1", "participants?format=fhir").text;
    assert_eq!(fhir.lines().count(), 3);
    assert!(!fhir.contains("ComparisonGroup"));
    house.trail_is(["exported"; 7]);
}

// shows: CN-5, AT-9
#[test]
fn a_centre_confirms_the_copy_that_it_downloaded_and_no_other() {
    let house = played();
    let entry = export(&house, "i-rjs", "records").headers;
    let entry = entry.into_iter().find(|(name, _)| name == "klero-entry").unwrap().1;
    let line = house.entries().remove(0);
    assert_eq!(line["data"]["centres"], json!(["renji-south"]));
    let hash = line["data"]["sha256"].as_str().unwrap().to_owned();
    let there = format!("/v1/exports/{entry}/confirm");
    let body =
        |hash: &str, who| json!({"sha256": hash, "signature": signature(who, "confirm-export")});
    refused(&house.post("i-rjs", &there, body(&"00".repeat(32), "i-rjs")), 422, "invalid-fields");
    refused(&house.post("i-hsh", &there, body(&hash, "i-hsh")), 404, "no-such-record");
    refused(
        &house.post(
            "i-rjs",
            &there,
            json!({"sha256": hash, "signature": signature("i-rjs", "correct")}),
        ),
        401,
        "signature-needed",
    );
    house.so_far();
    let key = house.stage.new_key();
    for repeated in [false, true] {
        let done = house.act_once("i-rjs", "POST", &there, &key, body(&hash, "i-rjs"));
        assert_eq!((done.status, &done.body["repeated"]), (200, &json!(repeated)), "{}", done.text);
    }
    house.trail_is(["export-confirmed"]);
    refused(&house.post("i-rjs", &there, body(&hash, "i-rjs")), 409, "wrong-state");
    house.trail_is(["refused wrong-state"]);
}
