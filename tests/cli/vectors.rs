//! `klero vectors check`.

use crate::desk::Desk;

const LISTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/allocation_list.json");
const SEALING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/sealing.json");

// shows: SG-1, SG-4
#[test]
fn the_published_vectors_agree_case_by_case() {
    let desk = Desk::new("vectors");
    let ran = desk.done(&format!("vectors check {LISTS} {SEALING}"));
    for case in ["rejection", "nct04515719", "slot", "wrap", "identity", "all 10 cases agree"] {
        assert!(ran.out.contains(case), "{case}: {}", ran.out);
    }
    let data = desk.data(&format!("vectors check {SEALING}"));
    assert_eq!(data["cases"].as_array().map(Vec::len), Some(4));
}

// shows: SG-1
#[test]
fn a_planted_difference_is_named_with_both_values() {
    let desk = Desk::new("planted");
    let text = std::fs::read_to_string(SEALING).expect("the vectors are there");
    let vectors: serde_json::Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let aad = vectors["slot"]["aad"].as_str().expect("the slot has its aad").to_owned();
    let planted = format!("00{}", &aad[2..]);
    desk.write("planted.json", &text.replace(&aad, &planted));
    let ran = desk.refused(20, "vector-differs", "vectors check planted.json");
    assert!(ran.err.contains("case slot: aad differs"), "{}", ran.err);
    assert!(ran.err.contains(&format!("file      {planted}")), "{}", ran.err);
    assert!(ran.err.contains(&format!("computed  {aad}")), "{}", ran.err);
    // What agreed before it is told, on stdout, when people read it.
    let ran = desk.run(&format!("vectors check {LISTS} planted.json"));
    assert_eq!(ran.code, 20);
    assert!(ran.out.contains("rejection") && !ran.out.contains("all "), "{}", ran.out);
}

#[test]
fn a_file_that_is_missing_or_holds_no_vectors_is_told_apart() {
    let desk = Desk::new("no-vectors");
    desk.refused(10, "file-missing", "vectors check nothing.json");
    desk.write("other.json", "{\"arms\": 2}");
    desk.refused(15, "vectors-unreadable", "vectors check other.json");
    desk.write("text.json", "not JSON at all");
    desk.refused(15, "vectors-unreadable", "vectors check text.json");
    desk.refused(2, "wrong-usage", "vectors check");
}
