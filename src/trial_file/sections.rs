//! The sections that hold no rules: centres, recruitment, visits, decisions, preparation, emergency.

use super::rules::{Known, Sort};
use super::table::{Placed, Table};
use super::whole::no_twins;
use crate::domain::ids::{CentreId, VisitId};
use crate::domain::time::Date;
use crate::domain::trial::{
    Answered, Category, Centre, ConsentVersion, Decision, Emergency, Freshness, Preparation,
    StopReason, Visit, Words,
};

/// Keys by which a number says where it comes from.
const SOURCE_KEYS: [&str; 3] = ["source", "because", "decision"];

/// A count with its source, in a table of its own: `{ minutes = 45, source = "inferred", because = "…" }`.
fn sourced(table: &Table<'_>, key: &str, unit: &str, least: u32, most: u32) -> Option<u32> {
    let inner = table.table(key)?;
    inner.only(&[&[unit], SOURCE_KEYS.as_slice()].concat());
    inner.source();
    inner.count(unit, least, most)
}

/// The centres, in manifest order.
pub(super) fn centres(root: &Table<'_>) -> Vec<Centre> {
    let mut centres: Vec<Centre> = vec![];
    for table in root.tables("centres", "centre") {
        table.only(&["id", "prefix", "name", "consent_versions", "source", "because", "decision"]);
        table.source();
        let (id, name) = (table.parsed("id", CentreId::parse), table.words("name"));
        let prefix = table.text("prefix").filter(|prefix| {
            let letters = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
            let fits = (2..=4).contains(&prefix.len()) && prefix.bytes().all(letters);
            if !fits {
                table.wrong("prefix", "is not taken", "write 2 to 4 capital letters or digits");
            }
            fits
        });
        let versions = table.tables("consent_versions", "consent form");
        let consent_versions = versions.iter().filter_map(consent_version).collect();
        if let (Some(id), Some(prefix), Some(name)) = (id, prefix, name) {
            centres.push(Centre { id, prefix, name, consent_versions });
        }
    }
    no_twins(root, "centres", centres.iter().map(|centre| centre.id.as_str()));
    no_twins(root, "centres", centres.iter().map(|centre| centre.prefix.as_str()));
    centres
}

fn consent_version(table: &Table<'_>) -> Option<ConsentVersion> {
    table.only(&["id", "from", "until"]);
    let (id, from) = (table.id("id"), table.date("from"));
    let until = if table.has("until") { table.date("until") } else { None };
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        table.wrong("until", "lies before `from`", "swap the two days");
    }
    Some(ConsentVersion { id: id?, from: from?, until })
}

/// Target, warning, freshness.
pub(super) fn recruitment(root: &Table<'_>, known: &Known) -> Option<(u32, u32, Freshness)> {
    let table = root.table("recruitment")?;
    table.only(&["target", "warn_at", "freshness"]);
    let target = sourced(&table, "target", "participants", 1, 100_000);
    let warn_at = sourced(&table, "warn_at", "participants", 1, 100_000);
    if target.zip(warn_at).is_some_and(|(target, warn_at)| warn_at > target) {
        table.wrong("warn_at", "is more than the target", "warn before the target is reached");
    }
    let inner = table.table("freshness")?;
    inner.only(&["days", "fields", "source", "because", "decision"]);
    inner.source();
    let days = inner.count("days", 0, 3660);
    let fields = inner.fields("fields");
    for field in &fields {
        if known.get(&field.value) != Some(&Sort::Day { or_never: false }) {
            let what = format!("`{}` is no field with a whole day", field.value);
            root.notes.error(field.line, what, "name a field of type date or moment");
        }
    }
    let fields = fields.into_iter().map(|field| field.value).collect();
    Some((target?, warn_at?, Freshness { fields, days: days? }))
}

/// The visits, in their order, each with its line.
pub(super) fn visits(root: &Table<'_>) -> Vec<Placed<Visit>> {
    let mut visits: Vec<Placed<Visit>> = vec![];
    for table in root.tables("visits", "visit") {
        if let Some(value) = visit(&table) {
            visits.push(Placed { value, line: table.line });
        }
    }
    no_twins(root, "visits", visits.iter().map(|visit| visit.value.id.as_str()));
    let infusions: Vec<_> = visits.iter().filter(|visit| visit.value.infusion).collect();
    if infusions.first().is_some_and(|first| first.value.day != 0) {
        let what = "the first infusion is not on day 0";
        root.notes.error(infusions[0].line, what, "days count from the first infusion");
    }
    for pair in infusions.windows(2) {
        let (one, next) = (&pair[0].value, &pair[1]);
        let (closes, opens) = (
            i64::from(one.day) + i64::from(one.late),
            i64::from(next.value.day) - i64::from(next.value.early),
        );
        if opens <= closes {
            let what = format!("the windows of {} and {} overlap", one.id, next.value.id);
            let next_step =
                "no day may belong to two infusions: narrow a window, or mend the order";
            root.notes.error(next.line, what, next_step);
        }
    }
    visits
}

fn visit(table: &Table<'_>) -> Option<Visit> {
    table.only(&["id", "name", "week", "infusion", "window", "source", "because", "decision"]);
    table.source();
    let (id, name) = (table.parsed("id", VisitId::parse), table.words("name"));
    let week = table.whole("week", -520, 520);
    let infusion = table.said("infusion");
    let window = table.table("window")?;
    window.only(&["day", "early", "late", "source", "because", "decision"]);
    if window.has("source") {
        window.source();
    }
    let day = window.whole("day", -3660, 3660);
    let (early, late) = (window.count("early", 0, 366), window.count("late", 0, 366));
    Some(Visit {
        id: id?,
        name: name?,
        week: week?,
        day: day?,
        early: early?,
        late: late?,
        infusion,
    })
}

/// The least interval; also whether the visits agree with what is said about them.
pub(super) fn schedule(root: &Table<'_>, visits: &[Placed<Visit>]) -> Option<u32> {
    let table = root.table("schedule")?;
    table.only(&["infusions", "interval"]);
    let count = sourced(&table, "infusions", "count", 1, 400);
    let least = sourced(&table, "interval", "least_days", 0, 366);
    let infusions: Vec<_> = visits.iter().filter(|visit| visit.value.infusion).collect();
    if count.is_some_and(|count| count as usize != infusions.len()) {
        let next = format!("the visits below have {} infusions", infusions.len());
        table.wrong("infusions", "is another count than that of the visits", &next);
    }
    for pair in infusions.windows(2) {
        let apart = i64::from(pair[1].value.day) - i64::from(pair[0].value.day);
        if least.is_some_and(|least| (0..i64::from(least)).contains(&apart)) {
            let what = format!("{} is planned sooner than the least interval", pair[1].value.id);
            root.notes.error(pair[1].line, what, "plan it later, or shorten the interval");
        }
    }
    least
}

/// The decisions left to the principal investigator.
pub(super) fn decisions(root: &Table<'_>) -> Vec<Decision> {
    let tables = root.maybe_tables("decisions", "decision");
    let decisions: Vec<Decision> = tables.iter().filter_map(decision).collect();
    no_twins(root, "decisions", decisions.iter().map(|decision| decision.id.as_str()));
    for named in root.notes.named_decisions.borrow().iter() {
        if !decisions.iter().any(|decision| decision.id == named.value) {
            let what = format!("there is no decision `{}`", super::table::short(&named.value));
            root.notes.error(named.line, what, "look for a slip, or add it to [[decisions]]");
        }
    }
    decisions
}

fn decision(table: &Table<'_>) -> Option<Decision> {
    table.only(&[
        "id",
        "question",
        "choices",
        "training",
        "answer",
        "answered_by",
        "answered_on",
        "document",
    ]);
    let (id, question) = (table.id("id"), table.words("question"));
    let members = table.maybe_tables("choices", "choice");
    let choices: Vec<_> = members.iter().filter_map(Table::choice).collect();
    no_twins(table, "choices", choices.iter().map(|choice| choice.id.as_str()));
    let training = table.text("training");
    let known = |value: &str| choices.is_empty() || choices.iter().any(|choice| choice.id == value);
    if training.as_ref().is_some_and(|training| !known(training)) {
        table.wrong("training", "is no choice of this decision", "name one of its choices");
    }
    let answer = answer(table, &known);
    if let (Some(training), Some(answered)) = (&training, &answer)
        && answered.answer != *training
    {
        let what = format!("{} was not answered as training assumes", table.name);
        let next = "see that rules and numbers above say what was decided";
        table.notes.warning(table.line_of("answer"), what, next);
    }
    Some(Decision { id: id?, question: question?, choices, training: training?, answer })
}

/// All four or none: an answer without name, day and document is nobody's.
fn answer(table: &Table<'_>, known: &dyn Fn(&str) -> bool) -> Option<Answered> {
    let keys = ["answer", "answered_by", "answered_on", "document"];
    let given = keys.map(|key| table.maybe_empty(key).unwrap_or_default());
    if given.iter().all(|text| text.trim().is_empty()) {
        return None;
    }
    if let Some(at) = given.iter().position(|text| text.trim().is_empty()) {
        let next = "an answer needs answer, answered_by, answered_on and document; or none of them";
        table.wrong(keys[at], "is empty", next);
        return None;
    }
    if !known(&given[0]) {
        table.wrong("answer", "is no choice of this decision", "name one of its choices");
    }
    let on: Option<Date> = table.date("answered_on");
    let [answer, by, _, document] = given;
    Some(Answered { answer, by, on: on?, document })
}

/// Why preparing may end.
pub(super) fn stop_reasons(root: &Table<'_>) -> Vec<StopReason> {
    let mut reasons = vec![];
    for table in root.tables("stop_reasons", "stop reason") {
        table.only(&["id", "name", "effect", "liftable", "source", "because", "decision"]);
        table.source();
        let (id, name, effect) = (table.id("id"), table.words("name"), table.words("effect"));
        let liftable = table.said("liftable");
        if let (Some(id), Some(name), Some(effect)) = (id, name, effect) {
            reasons.push(StopReason { id, name, effect, liftable });
        }
    }
    no_twins(root, "stop_reasons", reasons.iter().map(|reason| reason.id.as_str()));
    reasons
}

/// What is alike for every preparation.
pub(super) fn preparation(root: &Table<'_>) -> Option<Preparation> {
    let table = root.table("preparation")?;
    let keys = [
        "diluent",
        "diluent_volume",
        "infusion_duration",
        "use_within",
        "hand_over_wait",
        "masking",
    ];
    table.only(&keys);
    let use_within_hours = sourced(&table, "use_within", "hours", 1, 72);
    let wait = sourced(&table, "hand_over_wait", "minutes", 0, 1440);
    let infusion_minutes = sourced(&table, "infusion_duration", "minutes", 1, 1440);
    let diluent_ml = sourced(&table, "diluent_volume", "ml", 1, 3000);
    let (diluent, masking) = (table.words("diluent"), table.words("masking"));
    let both = use_within_hours.zip(wait).zip(infusion_minutes);
    if both.is_some_and(|((hours, wait), infusion)| wait + infusion > hours * 60) {
        let next = "wait and infusion together must fit into `use_within`";
        table.wrong("hand_over_wait", "leaves no time for the infusion", next);
    }
    Some(Preparation {
        use_within_hours: use_within_hours?,
        hand_over_wait_minutes: wait?,
        infusion_minutes: infusion_minutes?,
        diluent_ml: diluent_ml?,
        diluent: diluent?,
        masking: masking?,
    })
}

/// Breaking a code.
pub(super) fn emergency(root: &Table<'_>) -> Option<Emergency> {
    let table = root.table("emergency")?;
    table.only(&[
        "condition",
        "phone",
        "second_phone",
        "follow_up",
        "categories",
        "source",
        "because",
        "decision",
    ]);
    table.source();
    let mut categories = vec![];
    for inner in table.tables("categories", "category") {
        inner.only(&["id", "name", "hotline_only"]);
        if let (Some(id), Some(name)) = (inner.id("id"), inner.words("name")) {
            categories.push(Category { id, name, hotline_only: inner.flag("hotline_only") });
        }
    }
    no_twins(&table, "categories", categories.iter().map(|category| category.id.as_str()));
    let condition = table.words("condition");
    let follow_up_hours = sourced(&table, "follow_up", "hours", 1, 720);
    let (phone, second_phone) = (table.text("phone"), table.text("second_phone"));
    Some(Emergency {
        condition: condition?,
        categories,
        follow_up_hours: follow_up_hours?,
        phone: phone?,
        second_phone: second_phone?,
    })
}

/// May a machine ask for an allocation? Not unless the file says so.
pub(super) fn machines_randomise(root: &Table<'_>) -> bool {
    let Some(table) = root.maybe_table("machines") else { return false };
    table.only(&["randomise", "source", "because", "decision"]);
    table.source();
    table.flag("randomise")
}

/// What the investigator's signature means.
pub(super) fn eligibility_meaning(root: &Table<'_>) -> Option<Words> {
    let table = root.table("signatures")?;
    table.only(&["eligible"]);
    table.words("eligible")
}
