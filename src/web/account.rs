//! The own account: password, second factor, recovery codes, sessions, signatures.

use super::form::{Field, Kind, Line};
use super::frame::{Frame, paper};
use super::qr::{self, Spare};
use super::sentence::Teller;
use crate::domain::entry::{Fact, fact};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::limits::PASSWORD_MIN;
use crate::refusal::{Code, Refusal};
use crate::sealing::line::Line as TrailLine;
use crate::service::second_factor::Standing;
use askama::Template;
use zeroize::Zeroizing;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::signed_in("/account", account).acts(end_session),
        Page::signed_in("/account/password", password_form).acts(change_password),
        Page::signed_in("/account/second-factor", second_factor).acts(enrol),
        Page::signed_in("/account/recovery-codes", codes_form).acts(new_codes),
        Page::signed_in("/account/signatures", signatures).acts(older),
    ]
}

/// A session or a device, as its owner sees it.
struct Shown {
    id: String,
    words: String,
    until: String,
    /// Is it this session?
    mine: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'v> {
    f: Frame<'v>,
    id: String,
    name: String,
    role: String,
    standing: Standing,
    sessions: Vec<Shown>,
    /// Has the hospital a sign-on that this account may be linked to?
    hospital: bool,
}

async fn account(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let standing = visit.house.second_factor(caller)?;
    let (mut all, own) = visit.house.own_sessions(caller, visit.session())?;
    // This one first: the others are those that might have to be ended.
    all.sort_by_key(|session| session.id != own);
    let f = Frame::of(&visit, "account.title").back("/");
    let sessions = all.into_iter().map(|session| {
        let key = if session.device { "account.device" } else { "account.session" };
        Shown {
            words: f.with(key, "at", visit.minute(session.seen)),
            until: f.with("account.until", "at", visit.minute(session.expires)),
            mine: session.id == own,
            id: session.id,
        }
    });
    let page = Account {
        id: caller.person.id.to_string(),
        name: caller.person.name.clone(),
        role: f.role(caller.person.role),
        standing,
        sessions: sessions.collect(),
        hospital: visit.house.sign_on.name().is_some(),
        f,
    };
    paper(&page)
}

async fn end_session(visit: Visit) -> Result<Next, Refusal> {
    visit.house.end_own_session(visit.caller()?, visit.said.get("end")).await?;
    Ok(Next::To("/account".to_owned()))
}

#[derive(Template)]
#[template(path = "account_form.html")]
struct Form<'v> {
    f: Frame<'v>,
    what: String,
    fields: Vec<Field>,
    button: String,
    once: String,
}

/// The password that must be typed for it, by whoever sits there.
pub(super) fn present(visit: &Visit) -> Field {
    Field::new("password", visit.say("account.present"), Kind::Password).told(visit)
}

pub(super) fn typed(visit: &Visit) -> Zeroizing<String> {
    Zeroizing::new(visit.said.get("password").to_owned())
}

async fn password_form(visit: Visit) -> Result<Paper, Refusal> {
    let f = Frame::of(&visit, "account.change-password").back("/account").with_form();
    let hint = f.with("start-account.password-hint", "least", PASSWORD_MIN);
    let new = Field::new("_new", f.say("account.new-password"), Kind::NewPassword);
    // Its name begins like the frame's, so that it is never carried along nor hashed.
    let wrong = visit.errors.iter().find(|error| error.pointer == "/new");
    let new = Field { error: wrong.map(|error| error.words(visit.language)), ..new.hint(hint) };
    let page = Form {
        what: f.say("account.change-what"),
        fields: vec![present(&visit), new],
        button: f.say("account.change-now"),
        once: visit.act_token(),
        f,
    };
    paper(&page)
}

async fn change_password(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("change-password")?;
    let new = Zeroizing::new(visit.said.get("_new").to_owned());
    let (house, caller) = (&visit.house, visit.caller()?);
    house.change_password(caller, visit.session(), &typed(&visit), new, once).await?;
    Ok(Next::To("/account".to_owned()))
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactor<'v> {
    f: Frame<'v>,
    standing: Standing,
    secret: String,
    link: String,
    drawn: Option<qr::Drawn>,
    fields: Vec<Field>,
    once: String,
}

/// Shows the secret as a picture and as text, and asks for the first code: what the phone does not show was not taken up.
pub async fn second_factor(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let (secret, link) = visit.house.new_second_factor(caller, visit.session())?;
    let f = Frame::of(&visit, "factor.title").back("/account").with_form();
    let (mode, width, autocomplete) = ("numeric", 8, "one-time-code");
    let code = Kind::Line(Line { value: String::new(), mode, width, autocomplete });
    let code = Field::new("_code", f.say("factor.first"), code).hint(f.say("factor.first-hint"));
    let wrong = visit.errors.iter().find(|error| error.pointer == "/code");
    let code = Field { error: wrong.map(|error| error.words(visit.language)), ..code };
    let grouped: Vec<String> = secret
        .base32()
        .as_bytes()
        .chunks(4)
        .map(|four| String::from_utf8_lossy(four).into())
        .collect();
    let page = SecondFactor {
        standing: visit.house.second_factor(caller)?,
        secret: grouped.join(" "),
        drawn: qr::draw(&link, Spare::Some),
        link: link.to_string(),
        fields: vec![code, present(&visit)],
        once: visit.act_token(),
        f,
    };
    paper(&page)
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct Codes<'v> {
    f: Frame<'v>,
    account: String,
    codes: Vec<String>,
}

fn shown_once(visit: &Visit, codes: &[Zeroizing<String>]) -> Result<Next, Refusal> {
    let page = Codes {
        f: Frame::of(visit, "factor.codes").back("/account"),
        account: visit.caller()?.person.id.to_string(),
        codes: codes.iter().map(|code| code.to_string()).collect(),
    };
    paper(&page).map(Next::Shown)
}

async fn enrol(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("enrol")?;
    let (house, caller) = (&visit.house, visit.caller()?);
    let code = visit.said.get("_code").to_owned();
    let done = house.enrol(caller, visit.session(), &code, &typed(&visit), once).await?;
    shown_once(&visit, &done.value)
}

async fn codes_form(visit: Visit) -> Result<Paper, Refusal> {
    if !visit.house.second_factor(visit.caller()?)?.enrolled {
        return Err(Refusal::new(Code::WrongState));
    }
    let f = Frame::of(&visit, "factor.codes-anew").back("/account").with_form();
    let page = Form {
        what: f.say("factor.codes-what"),
        fields: vec![present(&visit)],
        button: f.say("factor.codes-make"),
        once: visit.act_token(),
        f,
    };
    paper(&page)
}

async fn new_codes(visit: Visit) -> Result<Next, Refusal> {
    let done = visit.house.new_recovery_codes(visit.caller()?, &typed(&visit)).await?;
    shown_once(&visit, &done.value)
}

/// A signature, as its owner reads it again.
struct Signed {
    at: String,
    told: String,
    meaning: String,
    entry: u64,
}

#[derive(Template)]
#[template(path = "signatures.html")]
struct Signatures<'v> {
    f: Frame<'v>,
    signed: Vec<Signed>,
    /// What is sent on to see older ones.
    before: Option<u64>,
}

async fn signatures(visit: Visit) -> Result<Paper, Refusal> {
    signed_before(&visit, None).await
}

/// Older ones, further down the trail.
async fn older(visit: Visit) -> Result<Next, Refusal> {
    signed_before(&visit, visit.said.get("before").parse().ok()).await.map(Next::Shown)
}

async fn signed_before(visit: &Visit, before: Option<u64>) -> Result<Paper, Refusal> {
    let found = visit.house.own_signatures(visit.caller()?, before)?;
    let teller = Teller::new(visit).await?;
    let one = |line: &TrailLine| Signed {
        at: visit.minute(line.at),
        told: teller.tell(line),
        meaning: meaning(line),
        entry: line.seq,
    };
    let signed = found.signed.iter().map(one).collect();
    let f = Frame::of(visit, "account.signatures").back("/account");
    paper(&Signatures { f, signed, before: found.before })
}

/// The exact words that were shown when it was signed.
fn meaning(line: &TrailLine) -> String {
    let said = |name| match fact(&line.entry.data, name) {
        Some(Fact::Text(text)) => Some(text.clone()),
        _ => None,
    };
    said("meaning").or_else(|| said("checked")).unwrap_or_default()
}
