//! The screening form: pages, fields, derived values.

use super::rules::{Ends, Known, Sort};
use super::table::{Placed, Table};
use crate::domain::answers::CONFIRMED;
use crate::domain::derived::{Derived, DerivedForm};
use crate::domain::field::built_in;
use crate::domain::ids::FieldId;
use crate::domain::quantity::Quantity;
use crate::domain::trial::{Condition, DateLimits, Field, FieldKind, Page, Range};

/// Ends of what a number field may hold are no wider.
const PLACES_MAX: u32 = 4;
/// No text field takes more characters.
const LONGEST_MAX: u32 = 200;

/// The pages, in their order.
pub(super) fn pages(root: &Table<'_>) -> Vec<Page> {
    let read = |table: Table<'_>| {
        table.only(&["id", "name"]);
        let (id, name) = (table.id("id"), table.words("name"));
        Some(Page { id: id?, name: name? })
    };
    let pages: Vec<Page> = root.tables("pages", "page").into_iter().filter_map(read).collect();
    super::whole::no_twins(root, "pages", pages.iter().map(|page| page.id.as_str()));
    pages
}

/// The fields, in their order, each with its line.
pub(super) fn fields(root: &Table<'_>, pages: &[Page]) -> Vec<Placed<Field>> {
    let mut fields: Vec<Placed<Field>> = vec![];
    for table in root.tables("fields", "field") {
        let page = table.id("page");
        if page.as_ref().is_some_and(|page| !pages.iter().any(|known| known.id == *page)) {
            table.wrong("page", "is no page", "name one of [[pages]]");
        }
        if let Some(field) = field(&table, page, &fields) {
            fields.push(Placed { value: field, line: table.line });
        }
    }
    day_references(root, &fields);
    built_in_fields(root, &fields);
    super::whole::no_twins(root, "fields", fields.iter().map(|field| field.value.id.as_str()));
    fields
}

/// Keys that every field may have, beside those of its type.
const FIELD_KEYS: [&str; 11] = [
    "id",
    "page",
    "type",
    "unit",
    "optional",
    "only_when",
    "private",
    "name",
    "source",
    "because",
    "decision",
];

fn field(table: &Table<'_>, page: Option<String>, before: &[Placed<Field>]) -> Option<Field> {
    let (id, name, source) =
        (table.parsed("id", FieldId::parse), table.words("name"), table.source());
    if id.as_ref().is_some_and(|id| id.as_str() == CONFIRMED) {
        table.wrong("id", "is a reserved word", "call the field something else");
    }
    let kind = kind(table);
    let unit = table.unit("unit");
    let numeric = matches!(kind, Some(FieldKind::Integer(_) | FieldKind::Decimal { .. }));
    if kind.is_some() && numeric != unit.is_some() {
        let (what, next) = if numeric {
            ("is missing", "a number needs one: add `unit = \"…\"`")
        } else {
            ("has no meaning here", "only numbers have a unit")
        };
        table.wrong("unit", what, next);
    }
    Some(Field {
        id: id?,
        page: page?,
        kind: kind?,
        unit,
        optional: table.flag("optional"),
        only_when: table.maybe_table("only_when").and_then(|table| only_when(&table, before)),
        private: table.flag("private"),
        name: name?,
        source,
    })
}

fn kind(table: &Table<'_>) -> Option<FieldKind> {
    let word = table.text("type")?;
    let of_kind = |keys: &[&str]| table.only(&[&FIELD_KEYS, keys].concat());
    match word.as_str() {
        "enrolment-number" => {
            of_kind(&[]);
            Some(FieldKind::EnrolmentNumber)
        }
        "initials" => {
            of_kind(&[]);
            Some(FieldKind::Initials)
        }
        "date" | "date-or-never" => {
            of_kind(&["past", "years_back", "not_before", "before"]);
            let limits = date_limits(table);
            let whole = word == "date";
            Some(if whole { FieldKind::Date(limits) } else { FieldKind::DateOrNever(limits) })
        }
        "moment" => {
            of_kind(&[]);
            Some(FieldKind::Moment)
        }
        "yes-no" => {
            of_kind(&[]);
            Some(FieldKind::YesNo)
        }
        "choice" | "choices" => {
            of_kind(if word == "choice" { &["choices"] } else { &["choices", "none"] });
            choices(table, word == "choice")
        }
        "consent-version" => {
            of_kind(&[]);
            Some(FieldKind::ConsentVersion)
        }
        "integer" => {
            of_kind(&["range"]);
            Some(FieldKind::Integer(range(table)?))
        }
        "decimal" => {
            of_kind(&["range", "places"]);
            let (places, range) = (table.count("places", 1, PLACES_MAX), range(table));
            Some(FieldKind::Decimal { places: places? as usize, range: range? })
        }
        "text" => {
            of_kind(&["longest"]);
            Some(FieldKind::Text { longest: table.count("longest", 1, LONGEST_MAX)? as usize })
        }
        _ => {
            let next = "one of enrolment-number, initials, date, date-or-never, moment, yes-no, \
                        choice, choices, consent-version, integer, decimal, text";
            table.wrong("type", "is unknown", next);
            None
        }
    }
}

fn choices(table: &Table<'_>, one: bool) -> Option<FieldKind> {
    let members = table.tables("choices", "choice");
    let options: Vec<_> = members.iter().filter_map(Table::choice).collect();
    super::whole::no_twins(table, "choices", options.iter().map(|option| option.id.as_str()));
    if options.is_empty() {
        return None;
    }
    if one {
        return Some(FieldKind::Choice(options));
    }
    let none = table.maybe_text("none");
    if none.as_ref().is_some_and(|none| !options.iter().any(|option| option.id == *none)) {
        table.wrong("none", "is no choice of this field", "name one of its choices");
    }
    Some(FieldKind::Choices { options, none })
}

fn range(table: &Table<'_>) -> Option<Range> {
    let inner = table.table("range")?;
    inner.only(&["from", "to", "ask_above", "source", "because", "decision"]);
    if inner.has("source") {
        inner.source();
    }
    let (from, to) = (inner.number("from"), inner.number("to"));
    let ask_above = if inner.has("ask_above") { inner.number("ask_above") } else { None };
    let range = Range { from: from?, to: to?, ask_above };
    if range.from >= range.to {
        inner.wrong("to", "is not more than `from`", "nothing could be answered: mend the range");
    }
    if range.ask_above.is_some_and(|usual| usual < range.from || usual >= range.to) {
        inner.wrong("ask_above", "lies outside the range", "put it between `from` and `to`");
    }
    Some(range)
}

fn date_limits(table: &Table<'_>) -> DateLimits {
    let not_before = table.maybe_table("not_before").and_then(|inner| {
        inner.only(&["field", "days"]);
        let field = inner.field("field")?.value;
        let days = if inner.has("days") { inner.whole("days", -3660, 3660)? } else { 0 };
        Some((field, days))
    });
    let years = if table.has("years_back") { table.count("years_back", 1, 200) } else { None };
    let before = if table.has("before") { table.field("before") } else { None };
    DateLimits {
        not_before,
        before: before.map(|field| field.value),
        past: table.flag("past"),
        years_back: years,
    }
}

fn only_when(table: &Table<'_>, before: &[Placed<Field>]) -> Option<Condition> {
    table.only(&["field", "choice"]);
    let (field, choice) = (table.field("field")?.value, table.text("choice")?);
    let Some(other) = before.iter().find(|known| known.value.id == field) else {
        table.wrong("field", "is no field that stands before this one", "ask for that one first");
        return None;
    };
    let fits = match &other.value.kind {
        FieldKind::YesNo => choice == "yes" || choice == "no",
        FieldKind::Choice(options) | FieldKind::Choices { options, .. } => {
            options.iter().any(|option| option.id == choice)
        }
        _ => false,
    };
    if !fits {
        table.wrong("choice", "is no choice of that field", "name one of its choices");
    }
    Some(Condition { field, choice })
}

/// Days can only be counted from fields that hold a day.
fn day_references(root: &Table<'_>, fields: &[Placed<Field>]) {
    let has_day = |id: &FieldId| {
        let field = fields.iter().find(|field| field.value.id == *id);
        field.is_some_and(|f| matches!(f.value.kind, FieldKind::Date(_) | FieldKind::Moment))
    };
    for field in fields {
        let (FieldKind::Date(limits) | FieldKind::DateOrNever(limits)) = &field.value.kind else {
            continue;
        };
        let named = limits.not_before.iter().map(|(id, _)| id).chain(&limits.before);
        for id in named.filter(|id| !has_day(id)) {
            let what =
                format!("field `{}` is compared with `{id}`, no field with a day", field.value.id);
            root.notes.error(field.line, what, "name a field of type date or moment");
        }
    }
}

/// The steps of every trial need these fields.
fn built_in_fields(root: &Table<'_>, fields: &[Placed<Field>]) {
    let fits = |name: &str, kind: &FieldKind| match name {
        built_in::ENROLMENT_NUMBER => matches!(kind, FieldKind::EnrolmentNumber),
        built_in::INITIALS => matches!(kind, FieldKind::Initials),
        built_in::BIRTH_DATE | built_in::SCREENING_DATE => matches!(kind, FieldKind::Date(_)),
        built_in::SEX => matches!(kind, FieldKind::Choice(_)),
        built_in::CONSENT_GIVEN => matches!(kind, FieldKind::YesNo),
        built_in::CONSENT_SIGNED_AT => matches!(kind, FieldKind::Moment),
        _ => matches!(kind, FieldKind::ConsentVersion),
    };
    let consent = [built_in::CONSENT_GIVEN, built_in::CONSENT_SIGNED_AT, built_in::CONSENT_VERSION];
    let all = built_in::IDENTITY.into_iter().chain(consent).chain([built_in::SCREENING_DATE]);
    for name in all {
        match fields.iter().find(|field| field.value.id.as_str() == name) {
            None => {
                let what = format!("there is no field `{name}`, which every trial needs");
                root.notes.error(root.line_of("fields"), what, "add it to [[fields]]");
            }
            Some(field) if !fits(name, &field.value.kind) => {
                let what = format!("field `{name}` has another type than every trial needs");
                root.notes.error(field.line, what, "look at it in deploy/nct04515719.toml");
            }
            Some(_) => {}
        }
    }
}

/// The derived values, and all that rules may name.
pub(super) fn derived(root: &Table<'_>, mut known: Known) -> (Vec<Derived>, Known) {
    let mut all = vec![];
    for table in root.maybe_tables("derived", "derived value") {
        table.only(&[
            "id", "age", "days", "ratio", "sum", "count", "unit", "name", "source", "because",
            "decision",
        ]);
        table.source();
        let (id, name) = (table.parsed("id", FieldId::parse), table.words("name"));
        let unit = table.unit("unit");
        if unit.is_none() {
            table.wrong("unit", "is missing", "a number needs one: add `unit = \"…\"`");
        }
        let (Some(id), Some(name), Some((form, ends))) = (id, name, derived_form(&table, &known))
        else {
            continue;
        };
        if known.get(&id).is_some() {
            table.wrong("id", "is taken", "call it something else than the field of that name");
        }
        let unit_word = unit.as_ref().map(|unit| unit.en.clone());
        known.add(id.clone(), Sort::Number { ends, unit: unit_word });
        all.push(Derived { id, form, unit, name });
    }
    (all, known)
}

/// The form and between which ends its values lie.
fn derived_form(table: &Table<'_>, known: &Known) -> Option<(DerivedForm, Ends)> {
    let forms = ["age", "days", "ratio", "sum", "count"];
    let given: Vec<&str> = forms.into_iter().filter(|form| table.has(form)).collect();
    let [form] = given.as_slice() else {
        table.wrong(
            "id",
            "has none or several ways to be worked out",
            "age, days, ratio, sum or count",
        );
        return None;
    };
    match *form {
        "age" => {
            let inner = table.table("age")?;
            inner.only(&["born", "at"]);
            let (born, at) = (known.day(&inner, "born"), known.day(&inner, "at"));
            Some((DerivedForm::Age { born: born?, at: at? }, (None, None)))
        }
        "days" => {
            let inner = table.table("days")?;
            inner.only(&["from", "to"]);
            let (from, to) = (known.day(&inner, "from"), known.day(&inner, "to"));
            Some((DerivedForm::Days { from: from?, to: to? }, (None, None)))
        }
        "ratio" => {
            let inner = table.table("ratio")?;
            inner.only(&["of", "to"]);
            let (of, to) = (known.number(&inner, "of"), known.number(&inner, "to"));
            let ((of, above), (to, below)) = (of?, to?);
            if below.0.is_none_or(|least| least <= Quantity::ZERO) {
                inner.wrong("to", "can be zero", "give that field a range above zero");
                return None;
            }
            let divided = |a: Option<_>, b: Option<_>| {
                a.zip(b).and_then(|(a, b): (Quantity, _)| a.divided_by(b))
            };
            let ends = (divided(above.0, below.1), divided(above.1, below.0));
            Some((DerivedForm::Ratio { of, to }, ends))
        }
        "sum" => sum(table, known),
        _ => {
            let field = table.field("count")?;
            let Some(Sort::Several(options)) = known.get(&field.value) else {
                table.wrong("count", "is no field of type choices", "only ticks can be counted");
                return None;
            };
            let most = u32::try_from(options.len()).ok()?.into();
            let ends = (Some(Quantity::ZERO), Some(most));
            Some((DerivedForm::Count(field.value), ends))
        }
    }
}

fn sum(table: &Table<'_>, known: &Known) -> Option<(DerivedForm, Ends)> {
    let parts = table.fields("sum");
    let mut ends = (Some(Quantity::ZERO), Some(Quantity::ZERO));
    for part in &parts {
        let Some(Sort::Number { ends: of, .. }) = known.get(&part.value) else {
            let what = format!("{} adds up `{}`, which is no number", table.name, part.value);
            table.notes.error(part.line, what, "name fields of type integer or decimal");
            return None;
        };
        let add = |a: Option<Quantity>, b: Option<_>| a?.plus(b?);
        ends = (add(ends.0, of.0), add(ends.1, of.1));
    }
    Some((DerivedForm::Sum(parts.into_iter().map(|part| part.value).collect()), ends))
}
