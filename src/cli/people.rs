//! `klero user` at a running service: who has an account, inviting one or a whole table, and ending an access.

use super::account::Account;
use super::client::refused;
use super::failure::{Done, Exit, Failure, ending, say};
use super::files::read_bytes;
use crate::domain::ids::{CentreId, PersonId};
use crate::limits::BODY;
use crate::sealing::bytes::{hex, sha256};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

const REFUSALS: &[Exit] = &[Exit::NotThere, Exit::NotAllowed];

/// List who has an account, in which role and where
#[derive(Args)]
#[command(after_help = ending([
    "klero user list --server http://127.0.0.1:8787 --name admin-1",
    "klero user list --server http://127.0.0.1:8787 --name mon-1 --password-file /run/password",
    "klero user list --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct List {
    #[command(flatten)]
    account: Account,
}

impl List {
    /// Asks and shows.
    pub fn run(self) -> Result<Done, Failure> {
        let all = self.account.signed_in(|it| it.get("/v1/people"))?;
        let lines: Vec<_> = rows(&all.body["people"]).iter().map(person).collect();
        Ok(Done::new(lines.join("\n"), all.body))
    }
}

/// Invite a person; the token is shown once, and is good once and for 72 hours
///
/// The same invitation again gives another token while the person has not come, and ends the one before.
#[derive(Args)]
#[command(after_help = ending([
    "klero user invite c-hsh-2 --printed \"Li Wei\" --role coordinator --centre huashan \
     --server http://127.0.0.1:8787 --name admin-1",
    "klero user invite mon-2 --printed \"Chen Jie\" --role monitor --server http://127.0.0.1:8787 --name admin-1",
    "klero user invite mon-2 --printed \"Chen Jie\" --role monitor --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct Invite {
    /// The account, for ever
    #[arg(value_parser = PersonId::parse)]
    person: PersonId,
    /// The name as it is to stand under signatures
    #[arg(long, value_name = "NAME")]
    printed: String,
    /// One of the eight roles
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// Where; for coordinators, investigators and pharmacists
    #[arg(long, value_name = "CENTRE", value_parser = CentreId::parse)]
    centre: Vec<CentreId>,
    /// Principal investigator of those centres
    #[arg(long)]
    principal: bool,
    /// A former account of the same person
    #[arg(long, value_name = "ACCOUNT", value_parser = PersonId::parse)]
    formerly: Option<PersonId>,
    /// It is another person than the one of the same name: how that is known
    #[arg(long, value_name = "TEXT")]
    another_person: Option<String>,
    #[command(flatten)]
    account: Account,
}

impl Invite {
    /// Invites, and tells the token.
    pub fn run(self) -> Result<Done, Failure> {
        let centres: Vec<_> = self.centre.iter().map(CentreId::to_string).collect();
        let body = json!({
            "person": self.person.as_str(), "name": self.printed, "role": self.role,
            "centres": centres, "principal": self.principal,
            "formerly": self.formerly.as_ref().map(PersonId::as_str),
            "anotherPerson": self.another_person,
        });
        let key = key_of("invite", body.to_string().as_bytes());
        let made = self.account.signed_in(|it| it.act("/v1/people", &key, Some(&body)))?;
        say!("The token is shown once. Next: {} opens  /start/TOKEN", self.person);
        let (person, token) = (made.text_at("/person"), made.text_at("/token"));
        let text = format!("person       {person}\ntoken        {token}");
        Ok(Done::new(text, json!({"person": person, "token": token})))
    }
}

/// End a person's access at once: sessions, password, tokens and keys
#[derive(Args)]
#[command(after_help = ending([
    "klero user disable p-hsh-2 --server http://127.0.0.1:8787 --name admin-1",
    "klero user disable p-hsh-2 --server http://127.0.0.1:8787 --name admin-1 --password-file /run/password",
    "klero user disable p-hsh-2 --server http://127.0.0.1:8787 --name admin-1 --json",
], REFUSALS))]
pub struct Disable {
    /// Whose account; it is never given to anybody again
    #[arg(value_parser = PersonId::parse)]
    person: PersonId,
    #[command(flatten)]
    account: Account,
}

impl Disable {
    /// Ends it.
    pub fn run(self) -> Result<Done, Failure> {
        let path = format!("/v1/people/{}/disable", self.person);
        let key = key_of("disable", self.person.as_str().as_bytes());
        self.account.signed_in(|it| it.act(&path, &key, None))?;
        let text = format!("disabled     {}", self.person);
        Ok(Done::new(text, json!({"person": self.person.as_str()})))
    }
}

/// Invite everybody in a table, or nobody: checked only, unless --apply is given
///
/// CSV with the columns person, name, role, centres, principal (or 账户名, 姓名, 角色 …), in UTF-8 with or
/// without a mark, or in GBK; several centres are parted by semicolons. It holds no password: everybody chooses an own
/// one. The same table again gives another token to whoever has not come yet.
#[derive(Args)]
#[command(after_help = ending([
    "klero user import people.csv --server http://127.0.0.1:8787 --name admin-1",
    "klero user import people.csv --apply --server http://127.0.0.1:8787 --name admin-1",
    "klero user import people.csv --server http://127.0.0.1:8787 --name admin-1 --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotAllowed]))]
pub struct Import {
    /// The table
    table: PathBuf,
    /// Invite them; the tokens are shown once
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    account: Account,
}

impl Import {
    /// Sends the table, and tells what came of it.
    pub fn run(self) -> Result<Done, Failure> {
        let table = read_bytes(&self.table, BODY)?;
        let path = match self.apply {
            true => "/v1/imports/people",
            false => "/v1/imports/people?dry_run=true",
        };
        let key = key_of("import", &table);
        let answer = self.account.signed_in(|it| it.send_table(path, &key, &table))?;
        match answer.status {
            200 | 201 => {}
            422 => return Err(self.wrong(&answer.body)),
            _ => return Err(refused(&answer)),
        }
        match self.apply {
            true => say!("Each token is shown once. Next: whoever it is for opens  /start/TOKEN"),
            false => say!("Nobody was invited. Next: the same with --apply"),
        }
        let all = rows(&answer.body["people"]);
        let line = |one: &Value| match one["token"].as_str() {
            Some(token) => format!("{}\n  token      {token}", person(one)),
            None => person(one),
        };
        let lines: Vec<_> = all.iter().map(line).collect();
        let data = json!({"people": all, "applied": self.apply});
        Ok(Done::new(lines.join("\n"), data))
    }

    /// Every mistake by row and column.
    fn wrong(&self, problem: &Value) -> Failure {
        let line = |error: &Value| {
            let mut place = error["pointer"].as_str().unwrap_or_default().split('/').skip(1);
            let words = error["words"]["en"].as_str().unwrap_or_default();
            match (place.next(), place.next()) {
                (Some(row), Some(column)) => format!("row {row}, {column}: {words}"),
                (Some(row), None) => format!("row {row}: {words}"),
                _ => words.to_owned(),
            }
        };
        let lines: Vec<_> = rows(&problem["errors"]).iter().map(line).collect();
        let what = format!("{} cannot be taken as it is", self.table.display());
        let next = "mend each row that is named, and check it again; nobody was invited";
        Failure::new(Exit::Unreadable, "table-wrong", what, next).because(lines.join("\n"))
    }
}

/// The same wish is the same act, however often it is asked for.
fn key_of(act: &str, wish: &[u8]) -> String {
    hex(&sha256(&[act.as_bytes(), b"\n", wish].concat()))
}

fn rows(all: &Value) -> &[Value] {
    all.as_array().map_or(&[], Vec::as_slice)
}

/// An account in a line.
fn person(one: &Value) -> String {
    let text = |name: &str| one[name].as_str().unwrap_or_default();
    let centres: Vec<_> = rows(&one["centres"]).iter().filter_map(Value::as_str).collect();
    let place = if centres.is_empty() { "trial".to_owned() } else { centres.join(";") };
    let line =
        format!("{:<16} {:<13} {:<24} {}", text("person"), text("role"), place, text("name"));
    match text("state") {
        "" => line,
        state => format!("{line}  ({state})"),
    }
}
