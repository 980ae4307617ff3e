//! What the user gives: screening answers with the verdict they should get, and acceptance scripts. Both are JSON, closed
//! (an unknown field is a mistake), and described in `deploy/validation/README.md`.

use crate::domain::time::Moment;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The longest such file, in bytes.
pub const SCRIPT_BYTES_MAX: usize = 1024 * 1024;

/// Cases of a trial file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The moment at which all of it is played, RFC 3339: dates in the answers are around it.
    now: String,
    /// Answers of an eligible participant; `{number}` is put in.
    eligible: Map<String, Value>,
    /// The level of stratification that those answers give.
    level: String,
    /// What else is played.
    cases: Vec<Case>,
}

/// One screening form, and what should be made of it.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// The requirements that it shows.
    #[serde(default)]
    pub shows: Vec<String>,
    /// Answers that differ from the eligible ones; `null` leaves one out.
    #[serde(default)]
    pub answers: Map<String, Value>,
    /// `eligible`, `not-eligible` or `incomplete`.
    pub outcome: String,
    /// The criteria that stand against it, if any should.
    #[serde(default)]
    pub against: Vec<String>,
    /// The level it is stratified at; none where there should be none.
    #[serde(default)]
    pub level: Option<String>,
}

/// Cases that were read.
pub struct Cases {
    /// When all of it is played.
    pub now: Moment,
    /// The level of the eligible answers.
    pub level: String,
    eligible: Map<String, Value>,
    /// What else is played.
    pub cases: Vec<Case>,
}

impl Cases {
    /// Reads a file of cases.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let now = Moment::parse(&written.now).ok_or("now is no moment in RFC 3339")?;
        let Written { eligible, level, cases, .. } = written;
        Ok(Self { now, level, eligible, cases })
    }

    /// Answers of an eligible participant with this number, changed as the case says.
    pub fn answers(&self, number: &str, changes: &Map<String, Value>) -> Value {
        let mut answers = self.eligible.clone();
        for (field, answer) in changes {
            match answer {
                Value::Null => drop(answers.shift_remove(field)),
                answer => drop(answers.insert(field.clone(), answer.clone())),
            }
        }
        let numbered = |(field, answer): (String, Value)| match answer {
            Value::String(text) => (field, Value::String(text.replace("{number}", number))),
            other => (field, other),
        };
        Value::Object(answers.into_iter().map(numbered).collect())
    }

    /// An answer of the eligible participant, such as the initials that a caller is asked for.
    pub fn answer(&self, field: &str) -> &str {
        self.eligible.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

/// An acceptance script: requests one after the other, and the answers that should come.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it shows, in a sentence.
    pub name: String,
    /// The requirements that it shows, or the user's own.
    #[serde(default)]
    pub shows: Vec<String>,
    /// The requests.
    pub steps: Vec<Step>,
}

/// One request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Who asks: an account of the stage, `nobody` without one.
    #[serde(rename = "as")]
    pub who: String,
    /// The method.
    pub method: String,
    /// The address; `{name}` is what an earlier step kept.
    pub path: String,
    /// The body, with `{name}` likewise; `"sign": "act"` beside it adds a signature under the act's meaning.
    #[serde(default)]
    pub body: Option<Value>,
    /// The act that is signed with the login password.
    #[serde(default)]
    pub sign: Option<String>,
    /// The key against doing it twice, with `{name}` likewise: a new one when left out, none when empty.
    #[serde(default)]
    pub key: Option<String>,
    /// The status that should come.
    pub status: u16,
    /// Values that should stand in the answer, by JSON pointer.
    #[serde(default)]
    pub holds: BTreeMap<String, Value>,
    /// Values to keep, by JSON pointer.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    /// Words that must not stand in the answer.
    #[serde(default)]
    pub never: Vec<String>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let script: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if script.steps.is_empty() { Err("it has no steps".to_owned()) } else { Ok(script) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cases, Script};
    use serde_json::{Map, json};

    #[test]
    fn a_case_changes_answers_leaves_some_out_and_puts_the_number_in() {
        let text = json!({"now": "2026-11-21T01:00:00Z", "level": "high", "cases": [],
            "eligible": {"enrolment_number": "{number}", "sledai": "4", "pga": "1"}});
        let cases = Cases::read(&text.to_string()).unwrap();
        let changes: Map<_, _> = json!({"sledai": "5", "pga": null}).as_object().unwrap().clone();
        let answers = cases.answers("RJS-001", &changes);
        assert_eq!(answers, json!({"enrolment_number": "RJS-001", "sledai": "5"}));
    }

    #[test]
    fn what_nobody_described_is_a_mistake() {
        assert!(
            Cases::read(
                r#"{"now":"2026-11-21T01:00:00Z","level":"a","eligible":{},"cases":[],"x":1}"#
            )
            .is_err()
        );
        assert!(
            Cases::read(r#"{"now":"yesterday","level":"a","eligible":{},"cases":[]}"#).is_err()
        );
        assert!(Script::read(r#"{"name":"nothing","steps":[]}"#).is_err());
        let step = r#"{"as":"c-1","method":"GET","path":"/","status":200,"expected":1}"#;
        assert!(Script::read(&format!(r#"{{"name":"x","steps":[{step}]}}"#)).is_err());
    }
}
