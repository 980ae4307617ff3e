//! What stands around every page: the trial, who is signed in, the other language, help in the same place.

use crate::domain::ids::CentreId;
use crate::domain::people::Role;
use crate::domain::trial::Words;
use crate::http::pages::{Paper, Visit};
use crate::refusal::{Code, FieldError, Refusal};
use crate::text::{Arg, Language};
use askama::Template;

/// The frame of one page. Templates ask it for words, addresses and what the visit knows.
pub struct Frame<'v> {
    /// The visit.
    pub visit: &'v Visit,
    /// The page's name, without anybody's number, initials or code: it stands in the browser's history.
    pub title: String,
    /// Where "back" leads; none on a home page.
    pub back: Option<String>,
    /// Has the page a form with the id `main`? Then changing the language keeps what was typed.
    pub form: bool,
    /// Is an arm shown on it? Only pages with keys, and the papers for a sealed file.
    pub unblinded: bool,
    /// The scripts it runs; none unless keys are made or opened on it.
    pub scripts: Vec<&'static str>,
    /// What its fields are called, by their ids: the summary of what was wrong names them.
    pub labels: Vec<(String, String)>,
}

impl<'v> Frame<'v> {
    /// A page whose name is the words of `key`.
    pub fn of(visit: &'v Visit, key: &str) -> Self {
        let title = visit.say(key);
        Self {
            visit,
            title,
            back: None,
            form: false,
            unblinded: false,
            scripts: vec![],
            labels: vec![],
        }
    }

    /// Where "back" leads.
    #[must_use]
    pub fn back(mut self, there: impl Into<String>) -> Self {
        self.back = Some(there.into());
        self
    }

    /// The page has a form with the id `main`.
    #[must_use]
    pub fn with_form(mut self) -> Self {
        self.form = true;
        self
    }

    /// The page runs this script, and those that it imports.
    #[must_use]
    pub fn with_script(mut self, script: &'static str) -> Self {
        self.scripts.push(script);
        self
    }

    /// The words of a key.
    pub fn say(&self, key: &str) -> String {
        self.visit.say(key)
    }

    /// The words of a key that wants one argument, which is shown as it is.
    pub fn with(&self, key: &str, name: &'static str, arg: impl ToString) -> String {
        self.visit.say_with(key, &[(name, Arg::Text(arg.to_string()))])
    }

    /// The words before and after the place where a script puts what only it knows: `$name` in the sentence.
    pub fn around(&self, key: &str, name: &'static str) -> (String, String) {
        let words = self.with(key, name, '\u{0}');
        let (before, after) = words.split_once('\u{0}').unwrap_or((&words, ""));
        (before.to_owned(), after.to_owned())
    }

    /// Words of the trial's configuration.
    pub fn words<'w>(&self, words: &'w Words) -> &'w str {
        in_language(words, self.visit.language)
    }

    /// This language's tag.
    pub fn lang(&self) -> &'static str {
        self.visit.language.tag()
    }

    /// The other language's tag.
    pub fn other(&self) -> &'static str {
        match self.visit.language {
            Language::En => Language::ZhCn.tag(),
            Language::ZhCn => Language::En.tag(),
        }
    }

    /// The other language's own name: the one word on a page that is not in the page's language.
    pub fn other_name(&self) -> &'static str {
        match self.visit.language {
            Language::En => "中文",
            Language::ZhCn => "English",
        }
    }

    /// The trial's registry number.
    pub fn trial(&self) -> &str {
        self.visit.house.trial.id.as_str()
    }

    /// The trial's title.
    pub fn trial_title(&self) -> &str {
        self.words(&self.visit.house.trial.title)
    }

    /// Who is signed in: role, centres, name.
    pub fn signed_in(&self) -> Option<SignedIn> {
        let person = &self.visit.caller.as_ref()?.person;
        let centres = person.centres.iter().filter_map(|id| self.visit.house.trial.centre(id));
        let centres: Vec<_> = centres.map(|centre| self.words(&centre.name)).collect();
        Some(SignedIn {
            role: self.role(person.role),
            centres: centres.join(" · "),
            name: person.name.clone(),
        })
    }

    /// The account that is signed in, for the password manager that fills in a signature.
    pub fn account(&self) -> String {
        self.visit.caller.as_ref().map(|caller| caller.person.id.to_string()).unwrap_or_default()
    }

    /// A centre's name.
    pub fn centre(&self, id: &CentreId) -> String {
        let centre = self.visit.house.trial.centre(id);
        centre.map_or_else(|| id.to_string(), |centre| self.words(&centre.name).to_owned())
    }

    /// A role in words.
    pub fn role(&self, role: Role) -> String {
        self.say(&format!("role.{role}"))
    }

    /// The hotline's number, and the second holder's.
    pub fn phones(&self) -> (&str, &str) {
        let emergency = &self.visit.house.trial.emergency;
        (&emergency.phone, &emergency.second_phone)
    }

    /// What was wrong, each with the id of the field it is about.
    pub fn errors(&self) -> Vec<(String, String)> {
        let language = self.visit.language;
        let told = |error: &FieldError| {
            let (field, words) = (field_of(&error.pointer), error.words(language));
            let label = self.labels.iter().find(|(id, _)| *id == field).map(|(_, label)| label);
            // Words that name their field need no name before them.
            match label.filter(|label| !words.contains(label.as_str())) {
                Some(label) => (field, say_of(language, label, &words)),
                None => (field, words),
            }
        };
        self.visit.errors.iter().map(told).collect()
    }
}

/// Who is signed in, in words.
pub struct SignedIn {
    /// The role.
    pub role: String,
    /// The centres; empty for a role that works for the whole trial.
    pub centres: String,
    /// The printed name.
    pub name: String,
}

/// What is said of a field, with its name before it.
fn say_of(language: Language, label: &str, words: &str) -> String {
    let label = label.trim_end_matches(['?', '？']);
    match language {
        Language::En => format!("{label}: {words}"),
        Language::ZhCn => format!("{label}：{words}"),
    }
}

/// Words in a language.
pub fn in_language(words: &Words, language: Language) -> &str {
    match language {
        Language::En => &words.en,
        Language::ZhCn => &words.zh,
    }
}

/// The field that a pointer is about: its last name. `/answers/initials` is about `initials`.
pub fn field_of(pointer: &str) -> String {
    pointer.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Writes a page.
///
/// # Errors
/// `internal`, when a template fails: ours have nothing in them that could.
pub fn paper(page: &impl Template) -> Result<Paper, Refusal> {
    match page.render() {
        Ok(html) => Ok(Paper { html }),
        Err(_) => Err(Refusal::new(Code::Internal)),
    }
}
