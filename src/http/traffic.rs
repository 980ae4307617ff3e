//! What is counted of requests. Every name under which something is counted is made from the table of routes and from the
//! closed list of refusals before the first request comes, so that no request, and nothing in one, can make another.

use super::routes::{Table, Verb};
use crate::meter::{Count, Spread};
use crate::refusal::Code;
use crate::store::figures::MICROS;
use std::collections::BTreeMap;

/// The classes of statuses.
pub const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What a route is for. Durations are told apart by nothing finer: how long one route took is nobody's business.
pub const KINDS: [&str; 3] = ["read", "act", "page"];

/// The name of what is not in the table.
pub const NOWHERE: &str = "-";

struct Way {
    method: &'static str,
    kind: usize,
    classes: [Count; CLASSES.len()],
}

/// The counts of a port.
pub struct Traffic {
    ways: BTreeMap<&'static str, Vec<Way>>,
    nowhere: [Count; CLASSES.len()],
    spreads: [Spread; KINDS.len()],
    refusals: Vec<(Code, Count)>,
}

/// How many requests of one kind were answered with one class of status.
pub struct Answered {
    /// The method; HEAD counts as GET.
    pub method: &'static str,
    /// The address as the table has it.
    pub route: &'static str,
    /// One of [`CLASSES`].
    pub class: &'static str,
    /// How many.
    pub count: u64,
}

impl Traffic {
    /// Nothing counted yet of anything in the table.
    pub fn of(table: &Table) -> Self {
        let mut ways: BTreeMap<&str, Vec<Way>> = BTreeMap::new();
        for route in table.routes() {
            let kind = match (route.page, route.verb) {
                (true, _) => 2,
                (false, Verb::Get) => 0,
                (false, _) => 1,
            };
            let (method, classes) = (route.verb.as_str(), Default::default());
            ways.entry(route.path).or_default().push(Way { method, kind, classes });
        }
        Self {
            ways,
            nowhere: Default::default(),
            spreads: std::array::from_fn(|_| Spread::new(MICROS)),
            refusals: Code::ALL.iter().map(|code| (*code, Count::default())).collect(),
        }
    }

    /// A request was answered.
    pub fn answered(&self, method: &str, route: &str, status: u16, micros: u64) {
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        let method = if method == "HEAD" { "GET" } else { method };
        let way = self.ways.get(route).and_then(|ways| ways.iter().find(|w| w.method == method));
        match way {
            Some(way) => {
                way.classes[class].one();
                self.spreads[way.kind].saw(micros);
            }
            None => self.nowhere[class].one(),
        }
    }

    /// Something was refused.
    pub fn refused(&self, code: Code) {
        if let Some((_, count)) = self.refusals.iter().find(|(known, _)| *known == code) {
            count.one();
        }
    }

    /// What was answered, in the table's order; what never was is left out.
    pub fn answers(&self) -> impl Iterator<Item = Answered> {
        let known = self.ways.iter().flat_map(|(route, ways)| {
            ways.iter().flat_map(|way| told(way.method, route, &way.classes))
        });
        known.chain(told(NOWHERE, NOWHERE, &self.nowhere))
    }

    /// How long answers took, in microseconds, by [`KINDS`].
    pub fn spreads(&self) -> impl Iterator<Item = (&'static str, &Spread)> {
        KINDS.into_iter().zip(&self.spreads)
    }

    /// What was refused, by the reason; what never was is left out.
    pub fn refusals(&self) -> impl Iterator<Item = (Code, u64)> {
        let counts = self.refusals.iter().map(|(code, count)| (*code, count.get()));
        counts.filter(|(_, count)| *count > 0)
    }
}

fn told(
    method: &'static str,
    route: &'static str,
    classes: &[Count; CLASSES.len()],
) -> impl Iterator<Item = Answered> {
    let each = CLASSES.into_iter().zip(classes);
    let each = each.map(move |(class, n)| Answered { method, route, class, count: n.get() });
    each.filter(|answered| answered.count > 0)
}
