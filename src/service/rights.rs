//! Who had which right from when to when (AC-2): read from the trail, for any day, never from a table. And the review of
//! it, which a monitor signs and which says when the next is due.

use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, MACHINE, ReadPeople, ReviewAccess};
use crate::domain::entry::{Entry, Fact, Facts, fact};
use crate::domain::time::{Date, Moment};
use crate::limits::{PAGE, REVIEW_DAYS};
use crate::refusal::Refusal;
use crate::sealing::line::{self, Line};
use crate::store::repeats::OnceKey;
use crate::store::{StoreError, View};
use std::collections::BTreeMap;

/// Somebody, or a machine, with what it might do and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// The account, or the token.
    pub id: String,
    /// The printed name, or what the token is for; the id when that was erased by law.
    pub name: String,
    /// The role, or `machine`.
    pub role: String,
    /// A machine's verbs.
    pub verbs: Vec<String>,
    /// Where; empty is the whole trial.
    pub centres: Vec<String>,
    /// When it was given: the entry, and its time.
    pub given: (u64, Moment),
    /// From when it could be used: when the account was activated.
    pub from: Option<Moment>,
    /// Until when, if it has ended or has an end.
    pub until: Option<Moment>,
}

/// What the trail says of rights.
#[derive(Debug, Clone)]
pub struct Rights {
    /// Every right there ever was, in the order in which they were given.
    pub all: Vec<Right>,
    /// The last review: when, by whom, and when the next is due.
    pub reviewed: Option<(Moment, String, Date)>,
    /// How many entries were read.
    pub entries: u64,
}

impl Rights {
    /// Those that stood at some moment between these two.
    pub fn between(&self, begin: Moment, end: Moment) -> impl Iterator<Item = &Right> {
        let stood = move |right: &&Right| {
            right.from.is_some_and(|from| from < end)
                && right.until.is_none_or(|until| until > begin)
        };
        self.all.iter().filter(stood)
    }
}

/// The acts that give or end a right.
const READ: [&str; 6] = [
    "person-invited",
    "account-activated",
    "person-disabled",
    "token-made",
    "token-ended",
    "access-reviewed",
];

impl House {
    /// Every right there ever was, from the trail.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn rights(&self, caller: &Caller) -> Result<Rights, Refusal> {
        self.may_somewhere::<ReadPeople>(caller).await?;
        self.store.read(|view| Ok(read(view)?))
    }

    /// A monitor has looked at who may do what, and signs so; the entry says when the next review is due.
    ///
    /// # Errors
    /// `not-your-role`, `signature-needed`.
    pub async fn review_access(
        &self,
        caller: &Caller,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<ReviewAccess>(caller).await?;
        let signed = self.check_signature(caller, ReviewAccess::NAME, signature).await?;
        let zone = self.trial.zone.clone();
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let due = zone.day(tx.now()).plus_days(REVIEW_DAYS);
            let until = tx.view().trail_size()?;
            let entry = Entry::new("access-reviewed").with("entries", until);
            let seq = tx.append(signed.on(entry.with("due", due.to_string())))?;
            tx.remember(&once, "reviewed", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

fn read(view: &View<'_>) -> Result<Rights, StoreError> {
    let entries = view.trail_size()?;
    let mut told = Told::default();
    let mut next = 0;
    while next < entries {
        for text in view.lines(next, PAGE)? {
            // Looking for the word costs less than reading every line whole.
            if READ.iter().any(|act| text.contains(act)) {
                let line = line::parse(&text).map_err(|_| StoreError::Damaged)?;
                told.hear(view, &line)?;
            }
        }
        next += u64::from(PAGE);
    }
    let mut all: Vec<_> = told.rights.into_values().collect();
    all.sort_by_key(|right| right.given.0);
    Ok(Rights { all, reviewed: told.reviewed, entries })
}

#[derive(Default)]
struct Told {
    rights: BTreeMap<String, Right>,
    /// Who made which token.
    makers: Vec<(String, String)>,
    reviewed: Option<(Moment, String, Date)>,
}

impl Told {
    fn hear(&mut self, view: &View<'_>, line: &Line) -> Result<(), StoreError> {
        let (person, token) = (text(&line.entry.on, "person"), text(&line.entry.on, "token"));
        match (line.entry.act.as_str(), person, token) {
            ("person-invited", Some(id), _) => {
                let role = text(&line.entry.data, "role").unwrap_or_default();
                self.given(view, line, id, "name", role)?;
            }
            ("account-activated", Some(id), _) => {
                self.change(&id, |right| right.from = right.from.or(Some(line.at)));
            }
            ("person-disabled", Some(id), _) => {
                self.end(&id, line.at);
                // A token ends with its maker's access.
                let made = self.makers.iter().filter(|(maker, _)| *maker == id);
                let made: Vec<_> = made.map(|(_, token)| token.clone()).collect();
                made.iter().for_each(|token| self.end(token, line.at));
            }
            ("token-made", _, Some(id)) => {
                self.given(view, line, id.clone(), "what", MACHINE.to_owned())?;
                let expires = text(&line.entry.data, "expires").and_then(|at| Moment::parse(&at));
                self.change(&id, |right| (right.from, right.until) = (Some(line.at), expires));
                self.makers.push((line.by.clone(), id));
            }
            ("token-ended", _, Some(id)) => self.end(&id, line.at),
            ("access-reviewed", ..) => {
                let due = text(&line.entry.data, "due").and_then(|due| Date::parse(&due));
                self.reviewed = due.map(|due| (line.at, line.by.clone(), due));
            }
            _ => {}
        }
        Ok(())
    }

    fn given(
        &mut self,
        view: &View<'_>,
        line: &Line,
        id: String,
        named: &str,
        role: String,
    ) -> Result<(), StoreError> {
        let private = view.private_record(line.seq)?.unwrap_or_default();
        let right = Right {
            name: text(&private, named).unwrap_or_else(|| id.clone()),
            role,
            verbs: texts(&line.entry.data, "verbs"),
            centres: texts(&line.entry.data, "centres"),
            given: (line.seq, line.at),
            from: None,
            until: None,
            id: id.clone(),
        };
        self.rights.entry(id).or_insert(right);
        Ok(())
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Right)) {
        if let Some(right) = self.rights.get_mut(id) {
            change(right);
        }
    }

    fn end(&mut self, id: &str, at: Moment) {
        self.change(id, |right| {
            right.until = Some(right.until.map_or(at, |until| until.min(at)));
        });
    }
}

fn text(facts: &Facts, name: &str) -> Option<String> {
    match fact(facts, name)? {
        Fact::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn texts(facts: &Facts, name: &str) -> Vec<String> {
    let Some(Fact::List(all)) = fact(facts, name) else { return vec![] };
    let one = |fact: &Fact| match fact {
        Fact::Text(text) => Some(text.clone()),
        _ => None,
    };
    all.iter().filter_map(one).collect()
}
