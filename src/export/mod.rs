//! What leaves the service as a file: tables and documents in the formats of the field (requirements 6). Pure: what is
//! said comes in as values, bytes go out. A column for an arm is there from the beginning and empty; it is filled after
//! the disclosure, on the statistician's machine, and nothing else of a file changes then.

pub mod adsl;
pub mod comma;
pub mod dataset_json;
pub mod fhir;
#[cfg(feature = "offline")]
pub mod fill;
pub mod odm;
pub mod odm2;
pub mod sdtm;
pub mod subject;
pub mod tables;
#[cfg(feature = "server")]
pub mod xlsx;
mod xml;

use crate::domain::time::Moment;

/// One value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// None, or none yet.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i64),
}

impl Cell {
    /// Its text; empty when there is none.
    pub fn text(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Whole(number) => number.to_string(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    }
}

impl From<Moment> for Cell {
    fn from(at: Moment) -> Self {
        Cell::Text(at.to_string())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Cell::Empty, Cell::Whole)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        (number as u64).into()
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Cell::Whole(i64::from(number))
    }
}

impl From<bool> for Cell {
    fn from(yes: bool) -> Self {
        Cell::Text((if yes { "yes" } else { "no" }).to_owned())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Empty, Into::into)
    }
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// A treatment code.
    Code,
    /// Whole numbers.
    Whole,
    /// A day, year-month-day.
    Day,
    /// A moment in UTC.
    Moment,
    /// What only the disclosure tells: empty until it is filled.
    Disclosed,
}

/// Who sees a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// Whoever may have the table at all.
    All,
    /// Whoever may read participants' records: identity, free text, the level of a factor.
    Records,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// How programs call it.
    pub id: String,
    /// What it is.
    pub label: String,
    /// What its values are.
    pub holds: Holds,
    /// Who sees it.
    pub eyes: Eyes,
}

impl Column {
    /// A column for everybody who may have the table.
    pub fn new(id: impl Into<String>, label: impl Into<String>, holds: Holds) -> Self {
        Self { id: id.into(), label: label.into(), holds, eyes: Eyes::All }
    }

    /// The same, for readers of participants' records alone.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.eyes = Eyes::Records;
        self
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its word, or its name in a standard.
    pub id: &'static str,
    /// What it holds.
    pub label: &'static str,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a value for every column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(id: &'static str, label: &'static str, columns: Vec<Column>) -> Self {
        Self { id, label, columns, rows: vec![] }
    }

    /// One more row.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "{}: a value for every column", self.id);
        self.rows.push(row);
    }

    /// The table without the columns that these eyes may not see.
    #[must_use]
    pub fn for_eyes(self, eyes: Eyes) -> Self {
        if eyes == Eyes::Records {
            return self;
        }
        let seen: Vec<bool> = self.columns.iter().map(|column| column.eyes == Eyes::All).collect();
        let kept = |row: Vec<Cell>| {
            row.into_iter().zip(&seen).filter_map(|(cell, seen)| seen.then_some(cell)).collect()
        };
        let columns = self.columns.iter().zip(&seen).filter(|(_, seen)| **seen);
        Self {
            columns: columns.map(|(column, _)| column.clone()).collect(),
            rows: self.rows.into_iter().map(kept).collect(),
            ..self
        }
    }
}

/// What every file says about where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The trial's registry number.
    pub trial: String,
    /// Its title.
    pub title: String,
    /// The configuration's hash, in hexadecimal.
    pub configuration: String,
    /// How many entries of the trail it was made from.
    pub entries: u64,
    /// When it was made.
    pub at: Moment,
    /// By which version of this program.
    pub version: &'static str,
}
