//! People from a table: it is pasted, checked, and only then taken, all of it or nothing. The links are shown once.

use super::form::{Field, Kind};
use super::frame::{Frame, paper};
use crate::domain::access::ManagePeople;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, FieldError, Refusal};
use crate::service::people::Invitation;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/people/import", ManagePeople, form).acts(check_or_take)]
}

/// Somebody who is to be invited, or was.
struct Row {
    id: String,
    name: String,
    role: String,
    places: String,
    link: Option<String>,
}

#[derive(Template)]
#[template(path = "import_people.html")]
struct Import<'v> {
    f: Frame<'v>,
    /// Row, column and what is wrong there.
    wrong: Vec<String>,
    rows: Vec<Row>,
    /// Were they invited?
    done: bool,
    field: Field,
    once: String,
}

async fn form(visit: Visit) -> Result<Paper, Refusal> {
    page(&visit, vec![], vec![], false)
}

fn page(visit: &Visit, wrong: Vec<String>, rows: Vec<Row>, done: bool) -> Result<Paper, Refusal> {
    let f = Frame::of(visit, "import.title").back("/people").with_form();
    let value = visit.said.get("table").to_owned();
    let field = Field::new("table", f.say("import.table"), Kind::Area { value });
    let field = field.hint(f.say("import.table-hint"));
    paper(&Import { f, wrong, rows, done, field, once: visit.act_token() })
}

async fn check_or_take(visit: Visit) -> Result<Next, Refusal> {
    let (house, caller) = (&visit.house, visit.caller()?);
    let table = visit.said.get("table").as_bytes();
    let take = visit.said.get("_do") == "take";
    let result = if take {
        let once = visit.once("import-people")?;
        house.import_people(caller, table, once).await.map(|answered| answered.value)
    } else {
        house.check_import(caller, table).await
    };
    let f = Frame::of(&visit, "import.title");
    let shown = match result {
        Ok(imported) => {
            let link = |invitation: &Invitation| {
                let token = imported.invited.iter().find(|one| one.person == invitation.person);
                token.map(|invited| format!("{}/start/{}", visit.origin, *invited.token))
            };
            let rows = imported.people.iter().map(|one| row(&f, one, link(one))).collect();
            page(&visit, vec![], rows, take)?
        }
        Err(refusal) if refusal.code == Code::InvalidFields => {
            let wrong = refusal.errors.iter().map(|error| place(&visit, error)).collect();
            page(&visit, wrong, vec![], false)?
        }
        Err(refusal) => return Err(refusal),
    };
    Ok(Next::Shown(shown))
}

fn row(f: &Frame<'_>, invitation: &Invitation, link: Option<String>) -> Row {
    let places: Vec<_> = invitation.centres.iter().map(|centre| f.centre(centre)).collect();
    Row {
        id: invitation.person.to_string(),
        name: invitation.name.clone(),
        role: f.role(invitation.role),
        places: if places.is_empty() { f.say("people.whole-trial") } else { places.join(" · ") },
        link,
    }
}

/// A mistake with its row and column.
fn place(visit: &Visit, error: &FieldError) -> String {
    let words = error.words(visit.language);
    let mut parts = error.pointer.split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some(line), Some(column)) => {
            let args = [("line", line.into()), ("column", column.into()), ("words", words.into())];
            visit.say_with("import.wrong", &args)
        }
        (Some(line), None) => {
            visit.say_with("import.wrong-row", &[("line", line.into()), ("words", words.into())])
        }
        _ => words,
    }
}
