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
                all.insert(person, held(line));
            }
            "account-activated" => {
                let held = all.get_mut(&person);
                held.into_iter().for_each(|held| held.from = held.from.or(Some(line.at)));
            }
            "person-disabled" => {
                all.get_mut(&person).into_iter().for_each(|held| held.to = Some(line.at));
            }
            _ => {}
        }
    }
    let rows = order.iter().filter_map(|id| Some(row(told, id, all.get(id)?))).collect();
    let columns = heads(&["name", "account", "role", "centres", "from", "to", "invited-by"]);
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
    Held { role, centres, by: line.by.clone(), from: None, to: None }
}

fn row(told: &Told<'_>, id: &str, held: &Held) -> Row {
    let name = |id: &str| told.names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let day = |at: Option<Moment>| {
        at.map_or_else(|| "–".to_owned(), |at| told.zone().day(at).to_string())
    };
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
    ];
    Row { labels, counts: vec![] }
}
