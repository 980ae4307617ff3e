//! What lies in safes and kits against what the trail says was opened without the service (EU-12).

use super::letters::Inventory;
use super::line;
use super::verify_trail::text;
use std::collections::{BTreeMap, BTreeSet};

/// How a letter was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Seal and signatures are whole.
    Intact,
    /// It was opened.
    Opened,
    /// It is not there.
    Missing,
}

impl State {
    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim().to_lowercase().as_str() {
            "intact" | "完好" => Some(State::Intact),
            "opened" | "已打开" => Some(State::Opened),
            "missing" | "缺失" => Some(State::Missing),
            _ => None,
        }
    }
}

/// What was seen, by serial.
pub type Seen = BTreeMap<String, State>;

/// The letters of one inventory, counted.
pub struct Counted {
    /// Which letters there are.
    pub inventory: Inventory,
    /// What was seen of them.
    pub seen: Seen,
}

/// An opening that the trail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The entry.
    pub entry: u64,
    /// The code.
    pub code: String,
    /// The letter's serial, if it was a letter.
    pub serial: Option<String>,
    /// The hash of the signed record, if it was the kit.
    pub record: Option<String>,
}

/// Every opening without the service that an exported trail holds.
///
/// # Errors
/// The line that cannot be read.
pub fn taken_in(lines: &str) -> Result<Vec<Taken>, String> {
    let mut all = vec![];
    for line in lines.lines() {
        let line = line::parse(line).map_err(|error| error.to_string())?;
        if matches!(line.entry.act.as_str(), "break-imported" | "unissued-opened") {
            let said = |name| text(&line.entry.data, name).map(str::to_owned);
            all.push(Taken {
                entry: line.seq,
                code: text(&line.entry.on, "code").unwrap_or_default().to_owned(),
                serial: said("serial"),
                record: said("record"),
            });
        }
    }
    Ok(all)
}

/// What does not agree, each in a sentence.
pub fn differences(
    counted: Option<&Counted>,
    records: &BTreeSet<String>,
    taken: &[Taken],
) -> Vec<String> {
    let mut found = vec![];
    for one in taken.iter().filter(|one| one.record.is_some()) {
        let hash = one.record.as_deref().unwrap_or_default();
        if !records.contains(hash) {
            found.push(format!(
                "entry {}: the record of code {} was not handed in",
                one.entry, one.code
            ));
        }
    }
    let known: BTreeSet<&str> = taken.iter().filter_map(|one| one.record.as_deref()).collect();
    for hash in records.iter().filter(|hash| !known.contains(hash.as_str())) {
        found.push(format!("a record ({}…) was never taken in", &hash[..8]));
    }
    if let Some(counted) = counted {
        found.extend(of_letters(counted, taken));
    }
    found
}

fn of_letters(counted: &Counted, taken: &[Taken]) -> Vec<String> {
    let mut found = vec![];
    let (listed, segment) = (counted.inventory.codes(), counted.inventory.segment);
    for serial in counted.seen.keys().filter(|serial| !listed.contains_key(serial.as_str())) {
        found.push(format!("letter {serial} is not in the inventory"));
    }
    let mut opened: BTreeMap<&str, &Taken> = BTreeMap::new();
    for one in taken {
        let Some(serial) = one.serial.as_deref() else { continue };
        let of_segment = crate::domain::offline::Serial::parse(serial).map(|s| s.segment);
        if of_segment != Some(segment) {
            continue;
        }
        opened.insert(serial, one);
        match listed.get(serial) {
            None => found.push(format!(
                "entry {}: letter {serial} is said to be opened, and is not in the inventory",
                one.entry
            )),
            Some(code) if *code != one.code => found.push(format!(
                "entry {}: letter {serial} is said to be of code {}, the inventory says {code}",
                one.entry, one.code
            )),
            Some(_) => {}
        }
    }
    for (serial, code) in &listed {
        let said = opened.get(serial);
        match (counted.seen.get(*serial), said) {
            (None, _) => found.push(format!("letter {serial} was not counted")),
            (Some(State::Missing), None) => {
                found.push(format!(
                    "letter {serial} of code {code} is missing, and no entry says why"
                ));
            }
            (Some(State::Opened), None) => {
                found.push(format!("letter {serial} of code {code} is open, and no entry says so"));
            }
            (Some(State::Intact), Some(one)) => found.push(format!(
                "letter {serial} is intact, and entry {} says that it was opened",
                one.entry
            )),
            (Some(State::Missing | State::Opened), Some(_)) | (Some(State::Intact), None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::letters::{LETTERS_V1, Listed, Places};

    fn counted(seen: &[(&str, State)]) -> Counted {
        let listed = |serial: &str, code: &str| Listed { serial: serial.into(), code: code.into() };
        let inventory = Inventory {
            klero: LETTERS_V1.into(),
            trial: "T".into(),
            segment: 0,
            manifest: "00".repeat(32),
            places: Places { a: "x".into(), b: "y".into() },
            letters: vec![
                listed("east-0-0001-A", "7429133"),
                listed("east-0-0001-B", "7429133"),
                listed("east-0-0002-A", "5850826"),
            ],
        };
        let seen = seen.iter().map(|(serial, state)| ((*serial).to_owned(), *state)).collect();
        Counted { inventory, seen }
    }

    fn letter(entry: u64, serial: &str, code: &str) -> Taken {
        Taken { entry, code: code.into(), serial: Some(serial.into()), record: None }
    }

    const ALL: [(&str, State); 3] = [
        ("east-0-0001-A", State::Intact),
        ("east-0-0001-B", State::Opened),
        ("east-0-0002-A", State::Intact),
    ];

    // shows: EU-12
    #[test]
    fn what_agrees_agrees_and_each_difference_is_named() {
        let none = BTreeSet::new();
        let says = |seen: &[(&str, State)], taken: &[Taken]| {
            differences(Some(&counted(seen)), &none, taken)
        };
        let opened = [letter(9, "east-0-0001-B", "7429133")];
        assert_eq!(says(&ALL, &opened), Vec::<String>::new());
        assert_eq!(
            says(&ALL, &[]),
            ["letter east-0-0001-B of code 7429133 is open, and no entry says so"]
        );
        let more = [&opened[..], &[letter(10, "east-0-0002-A", "5850826")]].concat();
        assert_eq!(
            says(&ALL, &more),
            ["letter east-0-0002-A is intact, and entry 10 says that it was opened"]
        );
        let other = [letter(9, "east-0-0001-B", "5850826")];
        assert!(says(&ALL, &other)[0].contains("the inventory says 7429133"));
        assert_eq!(says(&ALL[..2], &opened), ["letter east-0-0002-A was not counted"]);
        let mut gone = ALL;
        gone[0].1 = State::Missing;
        assert!(says(&gone, &opened)[0].contains("is missing"));
        let strange = [&ALL[..], &[("west-0-0001-A", State::Intact)]].concat();
        assert_eq!(says(&strange, &opened), ["letter west-0-0001-A is not in the inventory"]);
        let unknown = [&opened[..], &[letter(10, "west-0-0001-A", "7429133")]].concat();
        assert!(says(&ALL, &unknown)[0].contains("not in the inventory"));
        let another_segment = [&opened[..], &[letter(10, "east-1-0001-A", "7429133")]].concat();
        assert_eq!(says(&ALL, &another_segment), Vec::<String>::new());
    }

    // shows: EU-12
    #[test]
    fn every_record_must_have_been_taken_in_and_every_kit_entry_has_its_record() {
        let record = |hash: &str| Taken {
            entry: 7,
            code: "7429133".into(),
            serial: None,
            record: Some(hash.into()),
        };
        let hashes = |all: &[&str]| all.iter().map(|h| (*h).to_owned()).collect::<BTreeSet<_>>();
        let (one, two) = ("0123456789", "9876543210");
        assert!(differences(None, &hashes(&[one]), &[record(one)]).is_empty());
        let lost = differences(None, &hashes(&[]), &[record(one)]);
        assert_eq!(lost, ["entry 7: the record of code 7429133 was not handed in"]);
        let silent = differences(None, &hashes(&[one, two]), &[record(one)]);
        assert_eq!(silent, ["a record (98765432…) was never taken in"]);
    }
}
