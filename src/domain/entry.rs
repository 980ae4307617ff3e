//! What an entry of the trail says, before it has a number, a time and a hash.

use super::ids::CentreId;

/// A value in an entry. There is no kind of value that could hold an arm: only codes, names, numbers and hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Text.
    Text(String),
    /// A whole number.
    Number(u64),
    /// Yes or no.
    Yes(bool),
    /// Several values.
    List(Vec<Fact>),
    /// Named values, in this order.
    Group(Vec<(String, Fact)>),
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Fact::Text(text.to_owned())
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Fact::Text(text)
    }
}

impl From<u64> for Fact {
    fn from(number: u64) -> Self {
        Fact::Number(number)
    }
}

impl From<u32> for Fact {
    fn from(number: u32) -> Self {
        Fact::Number(u64::from(number))
    }
}

impl From<bool> for Fact {
    fn from(yes: bool) -> Self {
        Fact::Yes(yes)
    }
}

impl From<Vec<Fact>> for Fact {
    fn from(list: Vec<Fact>) -> Self {
        Fact::List(list)
    }
}

/// Named values in a fixed order.
pub type Facts = Vec<(String, Fact)>;

/// Looks a name up.
pub fn fact<'f>(facts: &'f Facts, name: &str) -> Option<&'f Fact> {
    facts.iter().find(|(n, _)| n == name).map(|(_, fact)| fact)
}

/// One line of the trail, read or about to be written. `seq` and `prev` are the trail's to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened: a word of [`kinds`].
    pub act: String,
    /// At which centre, if at one.
    pub centre: Option<CentreId>,
    /// What it is about: participant, code, person, reference.
    pub on: Facts,
    /// What is said about it, free of personal data.
    pub data: Facts,
    /// Personal data and free text: kept beside the line, of which the line holds only a salted hash.
    pub private: Option<Facts>,
}

impl Entry {
    /// An entry that says only what happened.
    pub fn new(act: &str) -> Self {
        Self { act: act.to_owned(), centre: None, on: vec![], data: vec![], private: None }
    }

    /// At this centre.
    #[must_use]
    pub fn at(mut self, centre: &CentreId) -> Self {
        self.centre = Some(centre.clone());
        self
    }

    /// About this.
    #[must_use]
    pub fn on(mut self, name: &str, fact: impl Into<Fact>) -> Self {
        self.on.push((name.to_owned(), fact.into()));
        self
    }

    /// Saying this.
    #[must_use]
    pub fn with(mut self, name: &str, fact: impl Into<Fact>) -> Self {
        self.data.push((name.to_owned(), fact.into()));
        self
    }

    /// Keeping this out of the line.
    #[must_use]
    pub fn private(mut self, name: &str, fact: impl Into<Fact>) -> Self {
        self.private.get_or_insert_with(Vec::new).push((name.to_owned(), fact.into()));
        self
    }
}
