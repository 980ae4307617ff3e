//! What a trial is to the service: centres, fields, rules, visits, words. There is **no arm** in it, nor a ratio, nor a
//! block: those stand in the trial file for the statistician, and nothing here could hold one.

use super::derived::Derived;
pub use super::field::{Condition, DateLimits, Field, FieldKind, Range};
use super::ids::{CentreId, FieldId, StratumId, TrialId, VisitId};
use super::rule::Rule;
use super::time::{Date, Zone};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: String,
    /// 简体中文.
    pub zh: String,
}

/// Who says a number: one or several of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The protocol paper.
    Paper,
    /// The registry record.
    Registry,
    /// We, for a reason that is given: a proposal until somebody decides.
    Inferred,
}

/// Where a number or a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// At least one in a file that was accepted.
    pub origins: Vec<Origin>,
    /// Why, where we inferred it.
    pub because: Option<String>,
    /// The decision that will settle it, by its id.
    pub decision: Option<String>,
}

/// The whole trial, as read from its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Its registry number.
    pub id: TrialId,
    /// Its short title. It names no arm, since every page carries it.
    pub title: Words,
    /// The zone in which its days are counted.
    pub zone: Zone,
    /// Where it runs, in manifest order.
    pub centres: Vec<Centre>,
    /// The pages of the screening form, in their order.
    pub pages: Vec<Page>,
    /// The fields of the screening form, in their order.
    pub fields: Vec<Field>,
    /// Values worked out from fields.
    pub derived: Vec<Derived>,
    /// What must be true of a participant.
    pub criteria: Vec<Criterion>,
    /// How the stratum is computed.
    pub stratification: Stratification,
    /// Combinations of answers that are asked about again, and refuse nothing.
    pub cross_checks: Vec<CrossCheck>,
    /// How old screening values may be at randomisation.
    pub freshness: Freshness,
    /// The visits, in their order.
    pub visits: Vec<Visit>,
    /// The fewest days between two infusions.
    pub least_days: u32,
    /// How many participants may be randomised: the one after the last is refused.
    pub target: u32,
    /// From which participant on a warning is shown.
    pub warn_at: u32,
    /// What the principal investigator must still answer.
    pub decisions: Vec<Decision>,
    /// Why preparing may end.
    pub stop_reasons: Vec<StopReason>,
    /// What is alike for every preparation.
    pub preparation: Preparation,
    /// Breaking a code.
    pub emergency: Emergency,
    /// May a machine ask for an allocation, once a coordinator has signed that it may?
    pub machines_randomise: bool,
    /// What the investigator's signature under an eligible participant means.
    pub eligibility_meaning: Words,
}

/// A study centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Centre {
    /// Its id.
    pub id: CentreId,
    /// What its enrolment numbers begin with.
    pub prefix: String,
    /// Its name.
    pub name: Words,
    /// The consent forms approved here.
    pub consent_versions: Vec<ConsentVersion>,
}

/// A version of the consent form and the days on which it may be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentVersion {
    /// Its number.
    pub id: String,
    /// First day.
    pub from: Date,
    /// Last day, if it was replaced.
    pub until: Option<Date>,
}

impl ConsentVersion {
    /// Was it approved on that day?
    pub fn approved_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|last| day <= last)
    }
}

/// One page of the screening form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its id, which fields name.
    pub id: String,
    /// Its heading.
    pub name: Words,
}

/// An answer out of a list, or one of several levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// How it travels and is stored.
    pub id: String,
    /// How it is shown.
    pub name: Words,
}

/// What a mismatch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Not eligible; nobody overrides.
    Block,
    /// Eligible, but the investigator's signature must acknowledge it with a reason.
    Warn,
}

/// One criterion: what must be true to be eligible, exclusions included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Its number, such as `E04a`.
    pub id: String,
    /// The rule.
    pub rule: Rule,
    /// Its words.
    pub name: Words,
    /// Who says so.
    pub source: Source,
    /// What a mismatch does.
    pub on_false: Effect,
}

/// How the stratum comes about: the centre, then a level of each factor. Nothing of it is an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stratification {
    /// The factors beside the centre, in their order.
    pub factors: Vec<Factor>,
}

/// A factor with two levels, computed from the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Words,
    /// All of them true gives the first level.
    pub items: Vec<Item>,
    /// The level when every item is true.
    pub when_all: Choice,
    /// The level when one is not.
    pub otherwise: Choice,
}

/// One component of a factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number, such as `L4`.
    pub id: String,
    /// The rule.
    pub rule: Rule,
    /// Its words.
    pub name: Words,
    /// Who says so.
    pub source: Source,
}

/// Something that is asked about again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossCheck {
    /// Its id.
    pub id: String,
    /// Asked when this is true.
    pub when: Rule,
    /// The question.
    pub ask: Words,
}

/// How old values may be at randomisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The fields whose day counts.
    pub fields: Vec<FieldId>,
    /// At most so many days.
    pub days: u32,
}

/// A scheduled visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its id, such as `V3`.
    pub id: VisitId,
    /// Its name.
    pub name: Words,
    /// The protocol's week.
    pub week: i32,
    /// Days from the first infusion.
    pub day: i32,
    /// So many days earlier are still inside the window.
    pub early: u32,
    /// So many days later are still inside the window.
    pub late: u32,
    /// Is something infused?
    pub infusion: bool,
}

/// A question to the principal investigator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its id.
    pub id: String,
    /// The question.
    pub question: Words,
    /// What may be answered; empty when the answer is free text.
    pub choices: Vec<Choice>,
    /// On which value training and demonstration run.
    pub training: String,
    /// The signed answer, once there is one.
    pub answer: Option<Answered>,
}

/// A signed answer to a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What was decided.
    pub answer: String,
    /// By whom.
    pub by: String,
    /// When.
    pub on: Date,
    /// Which document holds the signature.
    pub document: String,
}

/// Why nothing is prepared any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopReason {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Words,
    /// What follows.
    pub effect: Words,
    /// May an investigator lift the stop?
    pub liftable: bool,
}

/// What is alike for every preparation, so that it tells nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparation {
    /// Hours from release to the end of the infusion.
    pub use_within_hours: u32,
    /// Minutes from release to the earliest hand-over.
    pub hand_over_wait_minutes: u32,
    /// Planned minutes of an infusion.
    pub infusion_minutes: u32,
    /// Volume of the carrier, in mL.
    pub diluent_ml: u32,
    /// The carrier.
    pub diluent: Words,
    /// How bag and line are masked.
    pub masking: Words,
}

/// Breaking a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// The trial's condition, shown and asked, never enforced.
    pub condition: Words,
    /// Why a code may be broken.
    pub categories: Vec<Category>,
    /// The follow-up is due so many hours later.
    pub follow_up_hours: u32,
    /// The hotline's number.
    pub phone: String,
    /// The second holder's number.
    pub second_phone: String,
}

/// A reason to break a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Words,
    /// Offered to the hotline alone?
    pub hotline_only: bool,
}

impl Stratification {
    /// Every combination of levels, first levels first; one empty combination when there is no factor.
    pub fn levels(&self) -> Vec<Vec<&Choice>> {
        self.factors.iter().fold(vec![vec![]], |all, factor| {
            let both = [&factor.when_all, &factor.otherwise];
            all.iter()
                .flat_map(|before| both.map(|level| [before.as_slice(), &[level]].concat()))
                .collect()
        })
    }
}

impl Trial {
    /// Every stratum, in manifest order: centres as listed, and in each the first level first.
    pub fn strata(&self) -> Vec<StratumId> {
        let levels = self.stratification.levels();
        let of = |centre: &Centre| {
            levels.iter().map(|level| stratum_id(&centre.id, level)).collect::<Vec<_>>()
        };
        self.centres.iter().flat_map(of).collect()
    }

    /// A centre by its id.
    pub fn centre(&self, id: &CentreId) -> Option<&Centre> {
        self.centres.iter().find(|centre| centre.id == *id)
    }

    /// A field by its id.
    pub fn field(&self, id: &FieldId) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == *id)
    }

    /// A derived value by its id.
    pub fn derived(&self, id: &FieldId) -> Option<&Derived> {
        self.derived.iter().find(|derived| derived.id == *id)
    }

    /// A criterion by its number.
    pub fn criterion(&self, id: &str) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.id == id)
    }

    /// A visit by its id.
    pub fn visit(&self, id: &VisitId) -> Option<&Visit> {
        self.visits.iter().find(|visit| visit.id == *id)
    }

    /// A stop reason by its id.
    pub fn stop_reason(&self, id: &str) -> Option<&StopReason> {
        self.stop_reasons.iter().find(|reason| reason.id == id)
    }

    /// The decisions without a signed answer: while there is one, nothing is live.
    pub fn unanswered_decisions(&self) -> Vec<&Decision> {
        self.decisions.iter().filter(|decision| decision.answer.is_none()).collect()
    }

    /// How many infusions a participant gets at most.
    pub fn infusions(&self) -> usize {
        self.visits.iter().filter(|visit| visit.infusion).count()
    }
}

/// `huashan/lldas`: the centre, then a level of each factor.
pub(super) fn stratum_id(centre: &CentreId, levels: &[&Choice]) -> StratumId {
    let levels = levels.iter().map(|level| level.id.as_str());
    let parts: Vec<&str> = std::iter::once(centre.as_str()).chain(levels).collect();
    StratumId::parse(&parts.join("/"))
        .expect("a centre of 40 characters and at most two levels of 20 keep within 100")
}
