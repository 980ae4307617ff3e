//! Participants as FHIR R5 `ResearchSubject`, one resource a line (NDJSON). Comparison groups are absent until the
//! disclosure; R6 reads the same fields.

use super::Origin;
use super::dataset_json::seconds;
use super::subject::Subject;
use serde_json::{Value, json};

/// Writes every participant.
pub fn write(origin: &Origin, subjects: &[Subject]) -> Vec<u8> {
    let lines = subjects.iter().map(|one| format!("{}\n", resource(origin, one)));
    lines.collect::<String>().into_bytes()
}

/// `urn:klero:NCT04515719:enrolment-number`: a system of identifiers that is this trial's own.
fn system(origin: &Origin, name: &str) -> String {
    format!("urn:klero:{}:{name}", origin.trial)
}

fn resource(origin: &Origin, one: &Subject) -> Value {
    let number = json!({"system": system(origin, "enrolment-number"), "value": one.number});
    let mut identifiers = vec![number.clone()];
    if let Some((code, _)) = &one.allocation {
        identifiers.push(json!({"system": system(origin, "treatment-code"), "value": code}));
    }
    let registry = json!({"system": "https://clinicaltrials.gov", "value": origin.trial});
    let mut all = json!({
        "resourceType": "ResearchSubject",
        "id": one.number,
        "identifier": identifiers,
        "status": "active",
        "progress": progress(one),
    });
    if let Some((_, event)) = &one.allocation {
        all["period"] = json!({"start": seconds(&event.at.to_string())});
    }
    all["study"] = json!({"identifier": registry});
    all["subject"] = json!({"identifier": number});
    all
}

/// The present state, and the milestones on the way.
fn progress(one: &Subject) -> Value {
    let state = match (one.state, &one.allocation) {
        ("completed", _) => "off-study",
        ("withdrawn", _) => "withdrawn",
        ("lost" | "died", _) => "off-study",
        ("failed", _) => "ineligible",
        ("discontinued", _) => "follow-up",
        (_, Some(_)) if one.infusions().is_empty() => "pending-on-study",
        (_, Some(_)) => "on-study",
        (_, None) if one.eligible.is_some() => "eligible",
        (_, None) => "screening",
    };
    let system = "http://terminology.hl7.org/CodeSystem/research-subject-state";
    let state = json!({"subjectState": {"coding": [{"system": system, "code": state}]}});
    let mut all = vec![state];
    let mut milestone = |word: &str, at: &str| {
        all.push(json!({"milestone": {"text": word}, "startDate": seconds(at)}));
    };
    if let Some(at) = one.consent {
        milestone("consent signed", &at.to_string());
    }
    if let Some((_, event)) = &one.allocation {
        milestone("randomised", &event.at.to_string());
    }
    if let Some(first) = one.infusions().first() {
        milestone("first infusion", first.fact("started"));
    }
    all.into()
}
