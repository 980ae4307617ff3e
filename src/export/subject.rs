//! What is exported of one participant, gathered from record and trail. There is no arm in it, nor a position or a block.

use crate::domain::time::Moment;

/// One entry about a participant, with who signed it and what it meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The entry.
    pub entry: u64,
    /// When it was written.
    pub at: Moment,
    /// The account.
    pub by: String,
    /// The printed name.
    pub name: String,
    /// The role.
    pub role: String,
    /// What happened.
    pub act: String,
    /// The centre.
    pub centre: String,
    /// What the signature meant, in the words that were shown; none for an act without one.
    pub meaning: Option<String>,
    /// What the line says: named values that are the same whatever the arm.
    pub facts: Vec<(String, String)>,
    /// Free text from the private record.
    pub texts: Vec<(String, String)>,
}

impl Event {
    /// What the line says under this name; empty when it says nothing.
    pub fn fact(&self, name: &str) -> &str {
        self.facts.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text)
    }

    /// Free text, each with its name.
    pub fn told(&self) -> String {
        let told: Vec<String> =
            self.texts.iter().map(|(name, text)| format!("{name}: {text}")).collect();
        told.join("; ")
    }
}

/// A participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The enrolment number.
    pub number: String,
    /// The present centre.
    pub centre: String,
    /// The centre that screened, whose stratum stays after a move.
    pub screened_at: String,
    /// Personal.
    pub initials: Option<String>,
    /// Personal: the day of birth.
    pub birth_date: Option<String>,
    /// Personal.
    pub sex: Option<String>,
    /// Full years on the day of consent.
    pub age: Option<i32>,
    /// When consent was signed.
    pub consent: Option<Moment>,
    /// Which form.
    pub consent_version: Option<String>,
    /// `eligible`, `not-eligible` or `incomplete`.
    pub outcome: String,
    /// How far the participant has come.
    pub state: &'static str,
    /// The level of each factor, as randomised or as computed so far.
    pub levels: Vec<String>,
    /// The same by the corrected answers; none while nothing was corrected.
    pub corrected: Option<Vec<String>>,
    /// Every answer: field and what was said.
    pub answers: Vec<(String, String)>,
    /// The entry that holds the answers.
    pub screened: Event,
    /// The investigator's signature.
    pub eligible: Option<Event>,
    /// The code, and the entry that issued it.
    pub allocation: Option<(String, Event)>,
    /// Everything after that, oldest first.
    pub events: Vec<Event>,
}

impl Subject {
    /// The events of an act.
    pub fn acts<'s>(&'s self, act: &'s str) -> impl Iterator<Item = &'s Event> {
        self.events.iter().filter(move |event| event.act == act)
    }

    /// Infusions as they stand: of a visit that was recorded again, the last record.
    pub fn infusions(&self) -> Vec<&Event> {
        let mut last: Vec<&Event> = vec![];
        for event in self.acts("infusion-recorded") {
            last.retain(|other| other.fact("visit") != event.fact("visit"));
            last.push(event);
        }
        last.sort_by_key(|event| event.fact("started"));
        last
    }

    /// Every entry, the screening first.
    pub fn all(&self) -> impl Iterator<Item = &Event> {
        let first = std::iter::once(&self.screened).chain(&self.eligible);
        first.chain(self.allocation.iter().map(|(_, event)| event)).chain(&self.events)
    }
}
