//! Who had which task, where, from when to when, and who invited them: rebuilt from the trail (AC-2).

use super::{Label, Row, Table, Told, heads, word};
use crate::domain::entry::{Fact, fact};
use crate::domain::time::Moment;
use crate::sealing::line::Line;
use std::collections::BTreeMap;

struct Held {
    role: String,
    centres: Vec<String>,
    by: String,
    from: Option<Moment>,
    to: Option<Moment>,
    /// When the mark of principal investigator was given, and when it was taken.
    principal: Vec<(Moment, Option<Moment>)>,
}

impl Held {
    fn mark(&mut self, given: bool, at: Moment) {
        match self.principal.last_mut() {
            Some((_, end @ None)) => *end = (!given).then_some(at),
            _ if given => self.principal.push((at, None)),
            _ => {}
        }
    }
}

/// One row a person, in the order of their invitations.
pub(super) fn tables(told: &Told<'_>) -> Vec<Table> {
    let mut order: Vec<String> = vec![];
    let mut all: BTreeMap<String, Held> = BTreeMap::new();
    for line in &told.lines {
        let Some(person) = word(line, "person") else { continue };
        match line.entry.act.as_str() {
            "person-invited" => {
                order.push(person.clone());
                let mut held = held(line);
                held.mark(is_principal(line), line.at);
                all.insert(person, held);
            }
            "principal-marked" => {
                let held = all.get_mut(&person);
                held.into_iter().for_each(|held| held.mark(is_principal(line), line.at));
            }
            "account-activated" => {
                let held = all.get_mut(&person);
                held.into_iter().for_each(|held| held.from = held.from.or(Some(line.at)));
            }
            "person-disabled" => {
                all.get_mut(&person).into_iter().for_each(|held| {
                    held.to = Some(line.at);
                    held.mark(false, line.at);
                });
            }
            _ => {}
        }
    }
    let rows = order.iter().filter_map(|id| Some(row(told, id, all.get(id)?))).collect();
    let columns =
        heads(&["name", "account", "role", "centres", "from", "to", "invited-by", "principal"]);
    vec![Table { id: "people", columns, rows }]
}

fn held(line: &Line) -> Held {
    let centres = match fact(&line.entry.data, "centres") {
        Some(Fact::List(all)) => {
            let id = |one: &Fact| match one {
                Fact::Text(id) => Some(id.clone()),
                _ => None,
            };
            all.iter().filter_map(id).collect()
        }
        _ => vec![],
    };
    let role = word(line, "role").unwrap_or_default();
    Held { role, centres, by: line.by.clone(), from: None, to: None, principal: vec![] }
}

fn is_principal(line: &Line) -> bool {
    fact(&line.entry.data, "principal") == Some(&Fact::Yes(true))
}

fn row(told: &Told<'_>, id: &str, held: &Held) -> Row {
    let name = |id: &str| told.names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let day = |at: Option<Moment>| {
        at.map_or_else(|| "–".to_owned(), |at| told.zone().day(at).to_string())
    };
    let marked = held.principal.iter().map(|(from, to)| match to {
        Some(_) => format!("{} – {}", day(Some(*from)), day(*to)),
        None => format!("{} –", day(Some(*from))),
    });
    let marked: Vec<String> = marked.collect();
    let centres = match held.centres.as_slice() {
        [] => Label::Told("whole-trial".to_owned()),
        [one] => Label::Centre(one.clone()),
        several => Label::Text(several.join(", ")),
    };
    let labels = vec![
        Label::Text(name(id)),
        Label::Text(id.to_owned()),
        Label::Role(held.role.clone()),
        centres,
        Label::Text(day(held.from)),
        Label::Text(day(held.to)),
        Label::Text(name(&held.by)),
        Label::Text(if held.principal.is_empty() { day(None) } else { marked.join(", ") }),
    ];
    Row { labels, counts: vec![] }
}
