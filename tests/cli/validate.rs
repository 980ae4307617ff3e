//! `klero validate`: the report says what was tested, a wrong expectation fails it, and nothing is overwritten.

use crate::desk::Desk;
use serde_json::Value;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/validation");

// shows: VA-1, VA-2, VA-3
#[test]
fn the_shipped_trial_is_qualified_with_its_cases_and_a_script_of_the_users() {
    let desk = Desk::new("validate");
    let script = format!("{SHIPPED}/example.script.json");
    desk.data(&format!("validate --script {script} --tester Demo-Tester -o report"));
    let report: Value = serde_json::from_str(&desk.read("report/validation.json")).unwrap();
    assert_eq!(report["passed"], report["of"], "{report}");
    let tests = report["tests"].as_array().unwrap();
    for begins in ["IQ-", "OQ-", "OQ-C", "AQ-"] {
        let of = tests.iter().filter(|test| test["id"].as_str().unwrap().starts_with(begins));
        assert!(of.count() > 0, "no test {begins}");
    }
    let trace = report["traceability"].as_array().unwrap();
    assert!(
        trace.len() > 100 && trace.iter().all(|one| !one["tests"].as_array().unwrap().is_empty())
    );
    let page = desk.read("report/validation.html");
    assert!(page.contains("Demo-Tester") && page.contains("OQ-05") && !page.contains("FAIL"));
    let again = desk.run("validate --tester Demo-Tester -o report");
    assert_eq!(again.code, 17);
}

// shows: VA-1, VA-3
#[test]
fn an_expectation_that_does_not_hold_fails_the_report_and_is_named_in_it() {
    let desk = Desk::new("validate-wrong");
    let cases = std::fs::read_to_string(format!("{SHIPPED}/nct04515719.cases.json")).unwrap();
    let wrong = cases.replacen(
        r#""outcome": "not-eligible", "against": ["I01"]"#,
        r#""outcome": "eligible", "level": "lldas""#,
        1,
    );
    assert_ne!(cases, wrong);
    desk.write("wrong.json", &wrong);
    let ran = desk.run("validate --cases wrong.json --tester Demo-Tester -o report");
    assert_eq!(ran.code, 20, "{}", ran.err);
    let report: Value = serde_json::from_str(&desk.read("report/validation.json")).unwrap();
    let failed: Vec<_> =
        report["tests"].as_array().unwrap().iter().filter(|test| test["passed"] == false).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["does"], "screening: 17 years old on the day of consent");
    let ran = desk.run("validate --cases nothing.json --tester Demo-Tester -o other");
    assert_eq!(ran.code, 10);
    desk.write("odd.json", r#"{"now": "2026-11-21T01:00:00Z", "odd": 1}"#);
    assert_eq!(desk.run("validate --cases odd.json --tester Demo-Tester -o other").code, 15);
}
