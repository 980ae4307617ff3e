//! Can these rules hold together? A rule that nobody can meet, or that everybody meets, is a slip.

use super::{Known, Node, Sort};
use crate::domain::ids::FieldId;
use crate::domain::quantity::Quantity;
use crate::domain::rule::Rule;
use crate::trial_file::table::Notes;
use std::collections::BTreeMap;

/// One end of what is left: the value, and whether it is itself still in.
type End = Option<(Quantity, bool)>;

/// What is left of the values of each field after the rules so far.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    numbers: BTreeMap<FieldId, (End, End)>,
    choices: BTreeMap<FieldId, String>,
    own: BTreeMap<FieldId, (End, End)>,
}

impl Reach {
    /// Before any rule: what the fields themselves take.
    pub(super) fn of(known: &Known) -> Self {
        let mut numbers = BTreeMap::new();
        for (id, sort) in &known.0 {
            if let Sort::Number { ends: (least, most), .. } = sort {
                let end = |value: &Option<Quantity>| value.map(|value| (value, true));
                numbers.insert(id.clone(), (end(least), end(most)));
            }
        }
        Self { own: numbers.clone(), numbers, choices: BTreeMap::new() }
    }

    /// Adds a rule that must hold beside those before, and notes each leaf that then cannot.
    pub(super) fn all_hold(&mut self, node: &Node, notes: &Notes) {
        match node {
            Node::All(nodes) => nodes.iter().for_each(|node| self.all_hold(node, notes)),
            // Each branch alone must be possible; what it says binds nobody outside it.
            Node::Any(nodes) => nodes.iter().for_each(|node| self.clone().all_hold(node, notes)),
            Node::Leaf(leaf) => {
                if !self.narrow(&leaf.value) {
                    let what = "this rule can never be met, with the range of its field and the rules \
                                before it";
                    notes.error(leaf.line, what, "look for a slip in the number or the choice");
                } else if self.is_idle(&leaf.value) {
                    let what = "this rule is always met: the field takes nothing else";
                    notes.warning(
                        leaf.line,
                        what,
                        "look for a slip in the number, or leave it out",
                    );
                }
            }
        }
    }

    /// Takes what a leaf leaves over; false when nothing is left.
    fn narrow(&mut self, leaf: &Rule) -> bool {
        match leaf {
            Rule::AtLeast(id, limit) => self.raise(id, (*limit, true)),
            Rule::MoreThan(id, limit) => self.raise(id, (*limit, false)),
            Rule::AtMost(id, limit) => self.lower(id, (*limit, true)),
            Rule::LessThan(id, limit) => self.lower(id, (*limit, false)),
            Rule::MustBe(id, choice) => {
                let before = self.choices.entry(id.clone()).or_insert_with(|| choice.clone());
                before == choice
            }
            Rule::NoneWithin(..) | Rule::AllOf(_) | Rule::AnyOf(_) => true,
        }
    }

    fn raise(&mut self, id: &FieldId, by: (Quantity, bool)) -> bool {
        let (least, most) = self.numbers.entry(id.clone()).or_default();
        // Of two ends at one value, the one that leaves it out is the tighter.
        let tighter = least.is_none_or(|now| (by.0, !by.1) > (now.0, !now.1));
        if tighter {
            *least = Some(by);
        }
        not_empty(*least, *most)
    }

    fn lower(&mut self, id: &FieldId, by: (Quantity, bool)) -> bool {
        let (least, most) = self.numbers.entry(id.clone()).or_default();
        let tighter = most.is_none_or(|now| (by.0, by.1) < (now.0, now.1));
        if tighter {
            *most = Some(by);
        }
        not_empty(*least, *most)
    }

    /// Does the field's own range already say as much?
    fn is_idle(&self, leaf: &Rule) -> bool {
        let own = |id: &FieldId| self.own.get(id).copied().unwrap_or_default();
        let value = |end: End| end.map(|(value, _)| value);
        match leaf {
            Rule::AtLeast(id, limit) => value(own(id).0).is_some_and(|least| least >= *limit),
            Rule::MoreThan(id, limit) => value(own(id).0).is_some_and(|least| least > *limit),
            Rule::AtMost(id, limit) => value(own(id).1).is_some_and(|most| most <= *limit),
            Rule::LessThan(id, limit) => value(own(id).1).is_some_and(|most| most < *limit),
            _ => false,
        }
    }
}

fn not_empty(least: End, most: End) -> bool {
    match (least, most) {
        (Some((least, from)), Some((most, to))) => least < most || (least == most && from && to),
        _ => true,
    }
}
