//! Fields of a form: what a person reads, what was typed, what was wrong with it. One template draws them all, so that
//! every form looks and speaks alike.

use super::frame::field_of;
use crate::http::pages::Visit;
use crate::text;

/// One question.
pub struct Field {
    /// Its name in the form, and its id on the page.
    pub name: String,
    /// What is asked.
    pub label: String,
    /// How to answer.
    pub hint: Option<String>,
    /// What was wrong with the answer.
    pub error: Option<String>,
    /// What is drawn.
    pub kind: Kind,
    /// Behind the box.
    pub unit: Option<String>,
    /// Before the box: what every answer begins with.
    pub before: Option<String>,
    /// Can "not sure" be answered beside the box, and was it? A list of choices has it among them.
    pub not_sure: Option<bool>,
    /// An unusual value that must be looked at again, and whether it was confirmed.
    pub confirm: Option<(String, bool)>,
}

/// What is drawn for a question.
pub enum Kind {
    /// A box for one line.
    Line(Line),
    /// A box for a few lines.
    Area {
        /// What was typed.
        value: String,
    },
    /// The login password; never shown again once sent.
    Password,
    /// A password that is chosen now.
    NewPassword,
    /// Year, month and day, as far as known, and perhaps the box "never" or a time.
    Date(Day),
    /// One of several.
    One(Vec<Choice>),
    /// Several of several.
    Many(Vec<Choice>),
}

/// A box for one line.
#[derive(Default)]
pub struct Line {
    /// What was typed.
    pub value: String,
    /// Which keys a phone offers: `text`, `numeric`, `decimal`.
    pub mode: &'static str,
    /// How wide, in characters: 4, 8, 12, 20 or 40.
    pub width: u8,
    /// What a browser may fill in; `off` for everything about a participant.
    pub autocomplete: &'static str,
}

/// A day in three boxes.
#[derive(Default)]
pub struct Day {
    /// The year as typed.
    pub year: String,
    /// The month as typed.
    pub month: String,
    /// The day as typed.
    pub day: String,
    /// The time as typed, where a minute is asked for.
    pub time: Option<String>,
    /// Can "it never happened" be said, and was it?
    pub never: Option<bool>,
}

/// Something to choose.
pub struct Choice {
    /// How it travels.
    pub value: String,
    /// How it is shown.
    pub label: String,
    /// Was it chosen?
    pub chosen: bool,
}

impl Field {
    /// A question with nothing wrong yet.
    pub fn new(name: impl Into<String>, label: impl Into<String>, kind: Kind) -> Self {
        let (name, label) = (name.into(), label.into());
        let (hint, error, unit, before) = (None, None, None, None);
        Self { name, label, hint, error, kind, unit, before, not_sure: None, confirm: None }
    }

    /// How to answer.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what was wrong about it in this visit.
    #[must_use]
    pub fn told(mut self, visit: &Visit) -> Self {
        let wrong = visit.errors.iter().find(|error| field_of(&error.pointer) == self.name);
        self.error = wrong.map(|error| error.words(visit.language));
        self
    }

    /// The ids that describe the box, for readers of the screen.
    pub fn described(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

/// The password under a signature, with the meaning it is typed for.
pub struct Signing {
    /// The exact words that are signed.
    pub meaning: String,
    /// The password's box.
    pub field: Field,
    /// What makes a second press the same act.
    pub once: String,
}

impl Signing {
    /// For this act. The page shows the meaning beside the box.
    pub fn of(visit: &Visit, act: &str) -> Self {
        let field = Field::new("password", visit.say("sign.password"), Kind::Password).told(visit);
        let meaning = text::meaning(act, visit.language);
        Self { meaning, field, once: visit.act_token() }
    }
}

/// What was typed under a name, or what stands there already.
pub fn typed(visit: &Visit, name: &str, before: &str) -> String {
    if visit.said.has(name) { visit.said.get(name).to_owned() } else { before.to_owned() }
}

/// Splits `2026-11-21T20:35`, or as much of it as there is, into the boxes of a day.
pub fn day_of(text: &str, time: bool, never: bool) -> Day {
    let (date, clock) = text.split_once('T').unwrap_or((text, ""));
    let mut parts = if date == "never" { "".split('-') } else { date.split('-') };
    let mut next = || parts.next().unwrap_or_default().to_owned();
    Day {
        year: next(),
        month: next(),
        day: next(),
        time: time.then(|| clock.to_owned()),
        never: never.then_some(date == "never"),
    }
}

/// What was typed into the boxes of a day, as one text: `2026-11-21`, `2026-11`, `2026`, with `T20:35` where a time was
/// asked, `never` when that was ticked. Nothing when nothing was typed. What makes no day stays as it was typed, joined,
/// so that whoever reads answers can refuse it.
pub fn day_typed(visit: &Visit, name: &str) -> Option<String> {
    if visit.said.get(&format!("{name}.never")) == "never" {
        return Some("never".to_owned());
    }
    boxes_typed(visit, name)
}

/// The same for the boxes alone, whether "never" was ticked beside them or not.
pub fn boxes_typed(visit: &Visit, name: &str) -> Option<String> {
    let part = |part: &str| visit.said.get(&format!("{name}.{part}")).trim().to_owned();
    let padded = |text: String| if text.len() == 1 { format!("0{text}") } else { text };
    let (year, month, day) = (part("year"), padded(part("month")), padded(part("day")));
    let time = part("time");
    // A box that was left out between two keeps its place: a day without its month must not be taken for a month.
    let date = match (month.is_empty(), day.is_empty()) {
        (true, true) if year.is_empty() && time.is_empty() => return None,
        (true, true) => year,
        (false, true) => format!("{year}-{month}"),
        (_, false) => format!("{year}-{month}-{day}"),
    };
    let time = if time.len() == 4 { format!("0{time}") } else { time };
    Some(if time.is_empty() { date } else { format!("{date}T{time}") })
}
