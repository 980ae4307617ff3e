//! Fills the arms into files that were exported blinded, once the disclosure has said them: on the statistician's machine,
//! in the same rows and the same order. Nothing else of a file changes; a file that was filled before, or whose rows do
//! not all fit what was disclosed, is refused whole.

use super::comma;
use super::odm::ARM;
use super::odm2;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// An arm, as files name it: never by a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id, as in the manifest.
    pub id: String,
    /// Its name; the id where no trial file was given.
    pub name: String,
    /// Its dose in mg, where the trial file says one.
    pub dose_mg: Option<u32>,
}

/// What the disclosure said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// The arms, in manifest order.
    pub arms: Vec<Named>,
    /// Participant, code, and which of the arms.
    pub people: BTreeMap<String, (String, usize)>,
}

/// Why a file was not filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFilled {
    /// It is no export with a place for an arm.
    NotAnExport,
    /// An arm stands in it already.
    FilledBefore,
    /// Nothing was disclosed of this participant, who has a place for an arm.
    NotDisclosed(String),
    /// The file has another code for this participant than the disclosure.
    OtherCode(String),
}

impl fmt::Display for NotFilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotFilled::NotAnExport => f.write_str("it is no export with a place for an arm"),
            NotFilled::FilledBefore => f.write_str("an arm stands in it already"),
            NotFilled::NotDisclosed(who) => write!(f, "{who}: nothing was disclosed of them"),
            NotFilled::OtherCode(who) => write!(f, "{who}: the disclosure has another code"),
        }
    }
}

impl std::error::Error for NotFilled {}

impl Disclosed {
    fn of(&self, participant: &str) -> Result<&Named, NotFilled> {
        let found = self.people.get(participant).and_then(|(_, arm)| self.arms.get(*arm));
        found.ok_or_else(|| NotFilled::NotDisclosed(participant.to_owned()))
    }
}

/// Fills a file, whatever of the exports it is. Says how many places were filled.
///
/// # Errors
/// Why it was left as it is.
pub fn fill(text: &str, disclosed: &Disclosed) -> Result<(String, usize), NotFilled> {
    let plain = text.strip_prefix(comma::MARK).unwrap_or(text);
    match plain {
        _ if plain.starts_with("<?xml") => fill_odm(text, disclosed),
        _ if plain.starts_with("{\"resourceType\"") => fill_fhir(text, disclosed),
        _ if plain.starts_with('{') => fill_dataset(text, disclosed),
        _ => fill_csv(text, disclosed),
    }
}

/// What one row needs to know of its table.
struct Rows<'d> {
    names: Vec<String>,
    count: usize,
    disclosed: &'d Disclosed,
}

impl Rows<'_> {
    fn at(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    fn cell<'r>(&self, row: &'r [String], name: &str) -> &'r str {
        self.at(name).and_then(|at| row.get(at)).map_or("", String::as_str)
    }

    /// Which cells of a row are filled, and with what.
    fn filled(&self, number: usize, row: &[String]) -> Result<Vec<(usize, String)>, NotFilled> {
        let arms = self.disclosed.arms.len();
        if self.cell(row, "DOMAIN") == "TA" {
            // As many rows for each arm, in manifest order.
            let each = (self.count / arms).max(1);
            let arm = self.disclosed.arms.get(number / each).ok_or(NotFilled::NotAnExport)?;
            return self.put(row, &[("ARMCD", code(arm)), ("ARM", arm.name.clone())]);
        }
        let own = self.at("participant").is_some();
        let participant = self.cell(row, if own { "participant" } else { "SUBJID" });
        let planned = match self.cell(row, "ARMNRS") {
            "SCREEN FAILURE" | "NOT ASSIGNED" => false,
            _ => self.cell(row, "RANDFL") != "N",
        };
        if !planned {
            return Ok(vec![]);
        }
        let arm = self.disclosed.of(participant)?;
        let digits: String = self.cell(row, "code").chars().filter(char::is_ascii_digit).collect();
        if own && self.disclosed.people.get(participant).is_some_and(|(code, _)| *code != digits) {
            return Err(NotFilled::OtherCode(participant.to_owned()));
        }
        let treated = self.cell(row, "ARMNRS").is_empty() && self.cell(row, "SAFFL") != "N";
        let mut all = vec![("arm", arm.id.clone()), ("ARMCD", code(arm))];
        all.extend(["ARM", "TRT01P"].map(|name| (name, arm.name.clone())));
        if treated {
            all.push(("ACTARMCD", code(arm)));
            all.extend(["ACTARM", "TRT01A"].map(|name| (name, arm.name.clone())));
        }
        self.put(row, &all)
    }

    fn put(
        &self,
        row: &[String],
        values: &[(&str, String)],
    ) -> Result<Vec<(usize, String)>, NotFilled> {
        let mut all = vec![];
        for (name, value) in values {
            let Some(at) = self.at(name) else { continue };
            if !row.get(at).is_none_or(String::is_empty) {
                return Err(NotFilled::FilledBefore);
            }
            all.push((at, value.clone()));
        }
        Ok(all)
    }

    fn has_place(&self) -> bool {
        ["arm", "ARM"].iter().any(|name| self.at(name).is_some())
    }
}

/// As SDTM writes the short names of arms.
fn code(arm: &Named) -> String {
    arm.id.to_ascii_uppercase()
}

fn fill_csv(text: &str, disclosed: &Disclosed) -> Result<(String, usize), NotFilled> {
    let (mut rows, mark) = comma::read(text).ok_or(NotFilled::NotAnExport)?;
    let names = rows.first().cloned().ok_or(NotFilled::NotAnExport)?;
    let table = Rows { names, count: rows.len() - 1, disclosed };
    if !table.has_place() {
        return Err(NotFilled::NotAnExport);
    }
    let mut count = 0;
    for (number, row) in rows.iter_mut().skip(1).enumerate() {
        for (at, value) in table.filled(number, row)? {
            row[at] = value;
            count += 1;
        }
    }
    let bytes = comma::lines(rows.into_iter(), mark);
    Ok((String::from_utf8(bytes).map_err(|_| NotFilled::NotAnExport)?, count))
}

/// A Dataset-JSON file, its columns, and its rows as texts.
fn dataset(text: &str) -> Option<(Value, Vec<String>, Vec<Vec<String>>)> {
    let file: Value = serde_json::from_str(text).ok()?;
    file.get("datasetJSONVersion")?;
    let name = |column: &Value| column["name"].as_str().map(str::to_owned);
    let names = file["columns"].as_array()?.iter().map(name).collect::<Option<_>>()?;
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |row: &Value| Some(row.as_array()?.iter().map(plain).collect());
    let rows = file["rows"].as_array()?.iter().map(row).collect::<Option<_>>()?;
    Some((file, names, rows))
}

fn fill_dataset(text: &str, disclosed: &Disclosed) -> Result<(String, usize), NotFilled> {
    let (mut file, names, rows) = dataset(text).ok_or(NotFilled::NotAnExport)?;
    let table = Rows { names, count: rows.len(), disclosed };
    if !table.has_place() {
        return Err(NotFilled::NotAnExport);
    }
    let mut count = 0;
    for (number, row) in rows.iter().enumerate() {
        for (at, value) in table.filled(number, row)? {
            file["rows"][number][at] = value.into();
            count += 1;
        }
    }
    Ok((file.to_string(), count))
}

/// Exposure, which there is none of while the trial is masked: made from exposure as collected, a row for each infusion
/// that was given, in the same order. Nothing for a file that is no EC.
///
/// # Errors
/// `NotDisclosed` for a participant who was infused and not disclosed.
pub fn exposure(text: &str, disclosed: &Disclosed) -> Result<Option<String>, NotFilled> {
    let Some((mut file, names, rows)) = dataset(text) else { return Ok(None) };
    if file["name"] != "EC" {
        return Ok(None);
    }
    let table = Rows { names, count: rows.len(), disclosed };
    let dropped = ["ECPRESP", "ECOCCUR", "ECREASOC"];
    let kept: Vec<usize> =
        (0..table.names.len()).filter(|at| !dropped.contains(&table.names[*at].as_str())).collect();
    let trial = file["studyOID"].as_str().unwrap_or_default().to_owned();
    let mut all = vec![];
    for (number, row) in rows.iter().enumerate() {
        if table.cell(row, "ECOCCUR") != "Y" {
            continue;
        }
        let whole = table.cell(row, "USUBJID");
        let own = whole.strip_prefix(&trial).and_then(|rest| rest.strip_prefix('-'));
        let arm = disclosed.of(own.unwrap_or(whole))?;
        let value = |at: &usize| match (table.names[*at].as_str(), arm.dose_mg) {
            ("DOMAIN", _) => "EX".into(),
            ("ECTRT", _) => arm.name.clone().into(),
            ("ECDOSE", Some(dose)) => dose.into(),
            ("ECDOSU", Some(_)) => "mg".into(),
            _ => file["rows"][number][*at].clone(),
        };
        all.push(kept.iter().map(value).collect::<Value>());
    }
    let columns: Vec<Value> = kept.iter().map(|at| renamed(&file["columns"][*at])).collect();
    let id = file["fileOID"].as_str().unwrap_or_default().replace("/EC/", "/EX/");
    file["fileOID"] = id.into();
    file["itemGroupOID"] = "IG.EX".into();
    file["name"] = "EX".into();
    file["label"] = "Exposure".into();
    file["records"] = all.len().into();
    file["columns"] = columns.into();
    file["rows"] = all.into();
    Ok(Some(file.to_string()))
}

/// A variable of EC as EX has it.
fn renamed(column: &Value) -> Value {
    let mut column = column.clone();
    let name = column["name"].as_str().unwrap_or_default();
    let name = name.strip_prefix("EC").map_or(name.to_owned(), |rest| format!("EX{rest}"));
    column["itemOID"] = format!("IT.EX.{name}").into();
    column["name"] = name.into();
    column
}

fn fill_odm(text: &str, disclosed: &Disclosed) -> Result<(String, usize), NotFilled> {
    let item = format!("<ItemData ItemOID=\"{ARM}\"");
    let empty = format!("{item} IsNull=\"Yes\"/>");
    // In 2.0 a value is an element; it stays on the one line, so that a filled file has the lines of an empty one.
    let second = text.contains(odm2::NAMESPACE);
    let (mut out, mut participant, mut count) = (String::with_capacity(text.len()), "", 0);
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.trim_start().strip_prefix("<SubjectData SubjectKey=\"") {
            participant = rest.split('"').next().unwrap_or_default();
        }
        if line.trim() == empty {
            let arm = disclosed.of(participant)?;
            let full = match second {
                true => format!("{item}><Value>{}</Value></ItemData>", arm.id),
                false => format!("{item} Value=\"{}\"/>", arm.id),
            };
            out.push_str(&line.replace(&empty, &full));
            count += 1;
        } else if line.trim_start().starts_with(&item) {
            return Err(NotFilled::FilledBefore);
        } else {
            out.push_str(line);
        }
    }
    Ok((out, count))
}

fn fill_fhir(text: &str, disclosed: &Disclosed) -> Result<(String, usize), NotFilled> {
    let (mut out, mut count) = (String::with_capacity(text.len()), 0);
    for line in text.lines() {
        let mut one: Value = serde_json::from_str(line).map_err(|_| NotFilled::NotAnExport)?;
        if one.get("assignedComparisonGroup").is_some() {
            return Err(NotFilled::FilledBefore);
        }
        if one.get("period").is_some() {
            let participant = one["id"].as_str().unwrap_or_default().to_owned();
            let arm = disclosed.of(&participant)?;
            let progress = one["progress"].as_array().cloned().unwrap_or_default();
            let first = json!("first infusion");
            let treated = progress.iter().any(|step| step["milestone"]["text"] == first);
            one["assignedComparisonGroup"] = arm.id.clone().into();
            if treated {
                one["actualComparisonGroup"] = arm.id.clone().into();
            }
            count += 1;
        }
        out.push_str(&one.to_string());
        out.push('\n');
    }
    Ok((out, count))
}

#[cfg(test)]
mod tests {
    use super::super::subject::{Event, Subject};
    use super::super::{Origin, adsl, dataset_json, fhir, odm, odm2, sdtm};
    use super::*;
    use crate::domain::time::Moment;
    use crate::domain::trial::Trial;

    fn event(entry: u64, act: &str, facts: &[(&str, &str)]) -> Event {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Event {
            entry,
            at: Moment::parse("2026-11-21T02:00:00.123Z").unwrap(),
            by: "c-rjs".to_owned(),
            name: "Demo <c> & co".to_owned(),
            role: "coordinator".to_owned(),
            act: act.to_owned(),
            centre: "renji-south".to_owned(),
            meaning: None,
            facts: facts.iter().map(own).collect(),
            texts: vec![],
        }
    }

    fn subject(number: &str, code: Option<&str>, events: Vec<Event>) -> Subject {
        Subject {
            number: number.to_owned(),
            centre: "renji-south".to_owned(),
            screened_at: "renji-south".to_owned(),
            initials: None,
            birth_date: None,
            sex: Some("female".to_owned()),
            age: Some(38),
            consent: None,
            consent_version: None,
            outcome: (if code.is_some() { "eligible" } else { "not-eligible" }).to_owned(),
            state: "randomised",
            levels: vec!["lldas".to_owned()],
            corrected: None,
            answers: vec![],
            screened: event(1, "participant-screened", &[]),
            eligible: None,
            allocation: code.map(|code| (code.to_owned(), event(2, "randomised", &[]))),
            events,
        }
    }

    /// One infused twice and once not, one never infused, one who failed.
    fn three() -> (Origin, Trial, Vec<Subject>) {
        let text = include_str!("../../deploy/nct04515719.toml");
        let trial = crate::trial_file::read(text).unwrap();
        let infused = |entry, visit: &str, day: &str| {
            let at = [format!("{day}T01:00:00.000Z"), format!("{day}T02:00:00.000Z")];
            let facts = [
                ("visit", visit),
                ("started", at[0].as_str()),
                ("ended", &at[1]),
                ("volume", "250"),
            ];
            event(entry, "infusion-recorded", &facts)
        };
        let events = vec![
            infused(5, "V1", "2026-11-21"),
            event(6, "infusion-missed", &[("visit", "V2"), ("why", "illness")]),
            infused(7, "V3", "2026-12-19"),
        ];
        let origin = Origin {
            trial: "NCT04515719".to_owned(),
            title: "A trial".to_owned(),
            configuration: "0f".repeat(32),
            entries: 8,
            at: Moment::parse("2027-01-01T00:00:00.000Z").unwrap(),
            version: "0",
        };
        let all = vec![
            subject("RJS-001", Some("7429133"), events),
            subject("RJS-002", Some("5850826"), vec![]),
            subject("RJS-003", None, vec![]),
        ];
        (origin, trial, all)
    }

    fn disclosed() -> Disclosed {
        let arm = |id: &str, dose| Named {
            id: id.to_owned(),
            name: format!("The {id}"),
            dose_mg: Some(dose),
        };
        let person = |who: &str, code: &str, arm| (who.to_owned(), (code.to_owned(), arm));
        Disclosed {
            arms: vec![arm("drug", 120), arm("salt", 0)],
            people: [person("RJS-001", "7429133", 0), person("RJS-002", "5850826", 1)].into(),
        }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    fn cells<'f>(file: &'f Value, name: &str) -> Vec<&'f str> {
        let names = file["columns"].as_array().unwrap();
        let at = names.iter().position(|column| column["name"] == name).unwrap();
        let rows = file["rows"].as_array().unwrap();
        rows.iter().map(|row| row[at].as_str().unwrap_or("-")).collect()
    }

    // shows: RP-4, RP-6
    #[test]
    fn the_actual_arm_is_filled_for_whoever_was_treated_and_the_planned_one_for_whoever_was_randomised()
     {
        let (origin, trial, all) = three();
        let dm = text(dataset_json::write(&origin, &sdtm::dm(&origin, &all)));
        let (full, count) = fill(&dm, &disclosed()).unwrap();
        let full: Value = serde_json::from_str(&full).unwrap();
        assert_eq!(count, 6);
        assert_eq!(cells(&full, "ARM"), ["The drug", "The salt", ""]);
        assert_eq!(cells(&full, "ACTARMCD"), ["DRUG", "", ""]);
        assert_eq!(cells(&full, "ARMNRS"), ["", "ASSIGNED, NOT TREATED", "SCREEN FAILURE"]);
        let adsl = text(dataset_json::write(&origin, &adsl::adsl(&origin, &trial, &all)));
        let full: Value = serde_json::from_str(&fill(&adsl, &disclosed()).unwrap().0).unwrap();
        assert_eq!(cells(&full, "TRT01P"), ["The drug", "The salt", ""]);
        assert_eq!(cells(&full, "TRT01A"), ["The drug", "", ""]);
        assert_eq!(fill(&full.to_string(), &disclosed()), Err(NotFilled::FilledBefore));
        let mut fewer = disclosed();
        fewer.people.remove("RJS-002");
        assert_eq!(fill(&dm, &fewer), Err(NotFilled::NotDisclosed("RJS-002".to_owned())));
    }

    // shows: RP-6
    #[test]
    fn exposure_is_made_from_what_was_collected_one_row_for_each_infusion_given() {
        let (origin, trial, all) = three();
        let ec = text(dataset_json::write(&origin, &sdtm::ec(&origin, &trial, &all)));
        let before: Value = serde_json::from_str(&ec).unwrap();
        assert_eq!(cells(&before, "ECOCCUR"), ["Y", "N", "Y"]);
        assert_eq!(cells(&before, "ECREASOC"), ["", "illness", ""]);
        let made = exposure(&ec, &disclosed()).unwrap().expect("an EC");
        let made: Value = serde_json::from_str(&made).unwrap();
        assert_eq!((&made["name"], &made["records"]), (&json!("EX"), &json!(2)));
        assert_eq!(cells(&made, "EXTRT"), ["The drug", "The drug"]);
        assert_eq!(cells(&made, "VISIT"), ["V1", "V3"]);
        assert_eq!(
            (cells(&made, "EXDOSU"), cells(&made, "DOMAIN")),
            (vec!["mg"; 2], vec!["EX"; 2])
        );
        assert_eq!(fill(&ec, &disclosed()), Err(NotFilled::NotAnExport), "EC has no arm");
        assert_eq!(exposure("participant,arm\n", &disclosed()), Ok(None));
    }

    // shows: RP-6, AT-8
    #[test]
    fn documents_are_filled_where_the_arm_stands_and_escape_what_people_typed() {
        let (origin, trial, all) = three();
        let odm = text(odm::write(&origin, &trial, &all));
        assert!(odm.contains("Demo &lt;c&gt; &amp; co") && !odm.contains("<c>"));
        assert_eq!(odm.matches("<Sub").count(), odm.matches("</Sub").count());
        let (full, count) = fill(&odm, &disclosed()).unwrap();
        assert_eq!(count, 2);
        assert!(full.contains("IT.RANDOMISATION.ARM\" Value=\"drug\"/>"));
        assert_eq!(full.lines().count(), odm.lines().count());
        let second = text(odm2::write(&origin, &trial, &all));
        assert!(second.contains("Demo &lt;c&gt; &amp; co") && !second.contains("<c>"));
        let (full, count) = fill(&second, &disclosed()).unwrap();
        assert_eq!((count, full.lines().count()), (2, second.lines().count()));
        assert!(full.contains("IT.RANDOMISATION.ARM\"><Value>drug</Value></ItemData>"));
        assert_eq!(fill(&full, &disclosed()), Err(NotFilled::FilledBefore));
        let fhir = text(fhir::write(&origin, &all));
        let (full, count) = fill(&fhir, &disclosed()).unwrap();
        assert_eq!((count, full.matches("\"actualComparisonGroup\":\"drug\"").count()), (2, 1));
        assert_eq!(full.matches("assignedComparisonGroup").count(), 2);
        assert_eq!(fill(&full, &disclosed()), Err(NotFilled::FilledBefore));
        let ta = text(dataset_json::write(&origin, &sdtm::ta(&origin, 2)));
        let full: Value = serde_json::from_str(&fill(&ta, &disclosed()).unwrap().0).unwrap();
        assert_eq!(cells(&full, "ARMCD"), ["DRUG", "DRUG", "SALT", "SALT"]);
    }
}
