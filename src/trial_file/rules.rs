//! Criteria, factors and cross-checks: rules as data, and whether each can be met at all.

use super::table::{Placed, Table};
use crate::domain::ids::FieldId;
use crate::domain::quantity::Quantity;
use crate::domain::rule::{Months, Rule};
use crate::domain::trial::{Criterion, CrossCheck, Effect, Factor, Field, FieldKind, Item};
use std::collections::BTreeMap;

mod reach;

use reach::Reach;

/// Between which values a number can lie, where that is known.
pub(super) type Ends = (Option<Quantity>, Option<Quantity>);

/// Rules nest no deeper.
const DEPTH_MAX: usize = 6;
/// No more factors beside the centre: strata would become too small to balance anything.
const FACTORS_MAX: usize = 2;
/// A level's id is no longer, so that a stratum id always fits.
const LEVEL_CHARS_MAX: usize = 20;

/// What rules can say about a field or derived value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sort {
    /// Compared with numbers of this unit.
    Number { ends: Ends, unit: Option<String> },
    /// Must be one of these.
    OneOf(Vec<String>),
    /// Several ticks, "none" left out: can be counted.
    Several(Vec<String>),
    /// A day; looked back at where it may be *never*.
    Day { or_never: bool },
    /// Nothing.
    Silent,
}

/// Every field and derived value that a rule may name.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(BTreeMap<FieldId, Sort>);

impl Known {
    pub(super) fn of(fields: &[Placed<Field>]) -> Self {
        Self(fields.iter().map(|field| (field.value.id.clone(), sort(&field.value))).collect())
    }

    pub(super) fn add(&mut self, id: FieldId, sort: Sort) {
        self.0.insert(id, sort);
    }

    pub(super) fn get(&self, id: &FieldId) -> Option<&Sort> {
        self.0.get(id)
    }

    /// A key that must name a field with a whole day.
    pub(super) fn day(&self, table: &Table<'_>, key: &str) -> Option<FieldId> {
        let field = table.field(key)?.value;
        let fits = matches!(self.get(&field), Some(Sort::Day { or_never: false }));
        if !fits {
            table.wrong(key, "is no field with a whole day", "name one of type date or moment");
        }
        fits.then_some(field)
    }

    /// A key that must name a number, with its ends.
    pub(super) fn number(&self, table: &Table<'_>, key: &str) -> Option<(FieldId, Ends)> {
        let field = table.field(key)?.value;
        let Some(Sort::Number { ends, .. }) = self.get(&field) else {
            table.wrong(key, "is no number", "name a field of type integer or decimal");
            return None;
        };
        Some((field, *ends))
    }
}

fn sort(field: &Field) -> Sort {
    let unit = field.unit.as_ref().map(|unit| unit.en.clone());
    match &field.kind {
        FieldKind::Integer(range) | FieldKind::Decimal { range, .. } => {
            Sort::Number { ends: (Some(range.from), Some(range.to)), unit }
        }
        FieldKind::YesNo => Sort::OneOf(vec!["yes".to_owned(), "no".to_owned()]),
        FieldKind::Choice(options) => {
            Sort::OneOf(options.iter().map(|option| option.id.clone()).collect())
        }
        FieldKind::Choices { options, none } => {
            let ids = options.iter().map(|option| &option.id);
            Sort::Several(ids.filter(|id| Some(*id) != none.as_ref()).cloned().collect())
        }
        FieldKind::Date(_) | FieldKind::Moment => Sort::Day { or_never: false },
        FieldKind::DateOrNever(_) => Sort::Day { or_never: true },
        FieldKind::EnrolmentNumber
        | FieldKind::Initials
        | FieldKind::ConsentVersion
        | FieldKind::Text { .. } => Sort::Silent,
    }
}

/// A rule with the line of each of its leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Leaf(Placed<Rule>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

impl Node {
    fn rule(&self) -> Rule {
        match self {
            Node::Leaf(leaf) => leaf.value.clone(),
            Node::All(nodes) => Rule::AllOf(nodes.iter().map(Node::rule).collect()),
            Node::Any(nodes) => Rule::AnyOf(nodes.iter().map(Node::rule).collect()),
        }
    }
}

/// The forms with a number, those with a word, and those with rules inside.
const NUMBER_FORMS: [&str; 4] = ["at-least", "at-most", "more-than", "less-than"];
const FORMS: [&str; 8] =
    ["at-least", "at-most", "more-than", "less-than", "must-be", "none-within", "all-of", "any-of"];

/// Reads the rule that stands under `key`.
fn rule(table: &Table<'_>, key: &str, known: &Known) -> Option<Node> {
    node(&table.table(key)?, known, DEPTH_MAX)
}

fn node(table: &Table<'_>, known: &Known, depth: usize) -> Option<Node> {
    let given: Vec<&str> = FORMS.into_iter().filter(|form| table.has(form)).collect();
    let [form] = given.as_slice() else {
        let what = format!("{} has {} forms of a rule", table.name, given.len());
        table.notes.error(table.line, what, format!("give it one of: {}", FORMS.join(", ")));
        return None;
    };
    if *form == "all-of" || *form == "any-of" {
        table.only(&[form]);
        if depth == 0 {
            table.wrong(form, "is nested too deeply", "say it more simply");
            return None;
        }
        let members = table.tables(form, &format!("{}, rule", table.name));
        let nodes: Vec<Option<Node>> =
            members.iter().map(|member| node(member, known, depth - 1)).collect();
        let nodes: Option<Vec<Node>> = nodes.into_iter().collect();
        let nodes = nodes.filter(|nodes| !nodes.is_empty())?;
        return Some(if *form == "all-of" { Node::All(nodes) } else { Node::Any(nodes) });
    }
    let field = table.field("field")?;
    let Some(sort) = known.get(&field.value) else {
        let what = format!("there is no field or derived value `{}`", field.value);
        table.notes.error(field.line, what, "look for a slip in the name");
        return None;
    };
    let rule = match *form {
        "must-be" => must_be(table, field.value, sort),
        "none-within" => none_within(table, field.value, sort, known),
        form => number_rule(table, form, field.value, sort),
    };
    rule.map(|value| Node::Leaf(Placed { value, line: table.line_of(form) }))
}

fn number_rule(table: &Table<'_>, form: &str, id: FieldId, sort: &Sort) -> Option<Rule> {
    table.only(&["field", form, "unit"]);
    let Sort::Number { unit, .. } = sort else {
        let next = format!("{} compare numbers", NUMBER_FORMS.join(", "));
        table.wrong("field", "is no number", &next);
        return None;
    };
    let given = table.unit("unit").map(|unit| unit.en);
    if given != *unit {
        let unit = unit.as_deref().unwrap_or("no unit");
        let next = format!("write `unit = \"{unit}\"`, so that nobody compares mg with g");
        table.wrong("unit", "is not the unit of that field", &next);
    }
    let limit = table.number(form)?;
    Some(match form {
        "at-least" => Rule::AtLeast(id, limit),
        "at-most" => Rule::AtMost(id, limit),
        "more-than" => Rule::MoreThan(id, limit),
        _ => Rule::LessThan(id, limit),
    })
}

fn must_be(table: &Table<'_>, id: FieldId, sort: &Sort) -> Option<Rule> {
    table.only(&["field", "must-be"]);
    let Sort::OneOf(options) = sort else {
        table.wrong("field", "has no choices", "must-be asks for a choice, or for yes or no");
        return None;
    };
    let choice = table.text("must-be")?;
    if !options.contains(&choice) {
        let next = format!("one of: {}", options.join(", "));
        table.wrong("must-be", "is no choice of that field", &next);
        return None;
    }
    Some(Rule::MustBe(id, choice))
}

fn none_within(table: &Table<'_>, id: FieldId, sort: &Sort, known: &Known) -> Option<Rule> {
    table.only(&["field", "none-within", "unit", "before"]);
    if *sort != (Sort::Day { or_never: true }) {
        table.wrong("field", "cannot be answered with never", "name one of type date-or-never");
        return None;
    }
    if table.text("unit").is_some_and(|unit| unit != "months") {
        table.wrong("unit", "is not taken", "look-backs count months: write unit = \"months\"");
    }
    let before = known.day(table, "before");
    let count = table.count("none-within", 1, 1200);
    Some(Rule::NoneWithin(id, Months { count: count?, before: before? }))
}

/// A criterion with its lines.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) criterion: Criterion,
    node: Node,
}

/// The criteria, and whether all that block can hold together.
pub(super) fn criteria(root: &Table<'_>, known: &Known) -> Vec<Read> {
    let mut all = vec![];
    for table in root.tables("criteria", "criterion") {
        table.only(&["id", "name", "rule", "on_false", "source", "because", "decision"]);
        let (id, name, source) = (table.id("id"), table.words("name"), table.source());
        let on_false = match table.text("on_false").as_deref() {
            Some("block") => Some(Effect::Block),
            Some("warn") => Some(Effect::Warn),
            Some(_) => {
                table.wrong("on_false", "is unknown", "block or warn");
                None
            }
            None => None,
        };
        let node = rule(&table, "rule", known);
        let (Some(id), Some(name), Some(on_false), Some(node)) = (id, name, on_false, node) else {
            continue;
        };
        let rule = node.rule();
        all.push(Read { criterion: Criterion { id, rule, name, source, on_false }, node });
    }
    let ids = all.iter().map(|read| read.criterion.id.as_str());
    super::whole::no_twins(root, "criteria", ids);
    let mut blocking = Reach::of(known);
    for read in all.iter().filter(|read| read.criterion.on_false == Effect::Block) {
        blocking.all_hold(&read.node, root.notes);
    }
    for read in all.iter().filter(|read| read.criterion.on_false == Effect::Warn) {
        blocking.clone().all_hold(&read.node, root.notes);
    }
    all
}

/// The factors of the stratum, each item able to hold for somebody who is eligible.
pub(super) fn factors(root: &Table<'_>, known: &Known, criteria: &[Read]) -> Vec<Factor> {
    let mut eligible = Reach::of(known);
    let silent = super::table::Notes::of("");
    for read in criteria.iter().filter(|read| read.criterion.on_false == Effect::Block) {
        eligible.all_hold(&read.node, &silent);
    }
    if silent.has_errors() {
        // Criteria that contradict each other have been noted; the items shall not be blamed for them.
        eligible = Reach::of(known);
    }
    let tables = root.maybe_tables("factors", "factor");
    if tables.len() > FACTORS_MAX {
        let next = format!("strata by centre and {FACTORS_MAX} factors are as many as can balance");
        root.wrong("factors", "has too many members", &next);
    }
    let factors: Vec<Factor> =
        tables.iter().filter_map(|table| factor(table, known, eligible.clone())).collect();
    super::whole::no_twins(root, "factors", factors.iter().map(|factor| factor.id.as_str()));
    factors
}

fn factor(table: &Table<'_>, known: &Known, mut eligible: Reach) -> Option<Factor> {
    table.only(&["id", "name", "when_all", "otherwise", "items"]);
    let (id, name) = (table.id("id"), table.words("name"));
    let level = |key: &str| {
        let inner = table.table(key)?;
        let choice = inner.choice()?;
        if choice.id.len() > LEVEL_CHARS_MAX {
            inner.wrong("id", "is too long", &format!("keep to {LEVEL_CHARS_MAX} characters"));
        }
        Some(choice)
    };
    let (when_all, otherwise) = (level("when_all"), level("otherwise"));
    let mut items = vec![];
    for item in table.tables("items", "item") {
        item.only(&["id", "name", "rule", "source", "because", "decision"]);
        let (id, name, source) = (item.id("id"), item.words("name"), item.source());
        let node = rule(&item, "rule", known);
        if let (Some(id), Some(name), Some(node)) = (id, name, node) {
            eligible.all_hold(&node, table.notes);
            items.push(Item { id, rule: node.rule(), name, source });
        }
    }
    super::whole::no_twins(table, "items", items.iter().map(|item| item.id.as_str()));
    let (when_all, otherwise) = (when_all?, otherwise?);
    if when_all.id == otherwise.id {
        table.wrong("otherwise", "is the same level as `when_all`", "give it an id of its own");
    }
    Some(Factor { id: id?, name: name?, items, when_all, otherwise })
}

/// The cross-checks.
pub(super) fn cross_checks(root: &Table<'_>, known: &Known) -> Vec<CrossCheck> {
    let mut all = vec![];
    for table in root.maybe_tables("cross_checks", "cross-check") {
        table.only(&["id", "ask", "when", "source", "because", "decision"]);
        table.source();
        let (id, ask) = (table.id("id"), table.words("ask"));
        let node = rule(&table, "when", known);
        if let (Some(id), Some(ask), Some(node)) = (id, ask, node) {
            Reach::of(known).all_hold(&node, root.notes);
            all.push(CrossCheck { id, when: node.rule(), ask });
        }
    }
    super::whole::no_twins(root, "cross_checks", all.iter().map(|check| check.id.as_str()));
    all
}
