//! What somebody is told: that something happened, when, where, and where to read more; where it goes by mail; and how
//! what went out fared. None of these pages names a participant.

use super::form::{Field, Kind, Line, typed};
use super::frame::{Frame, paper};
use super::list::stratum_words;
use crate::domain::access::{ManageDeliveries, ReadNotices, ReadStrata};
use crate::domain::ids::Reference;
use crate::domain::notice::{self, Notice};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, FieldCode, Refusal};
use crate::sealing::webhook::WebhookSigner;
use crate::service::deliveries::{Delivery, Standing, Way, Which};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/notices", ReadNotices, notices),
        Page::signed_in("/address", address).acts(give_address),
        Page::of("/deliveries", ManageDeliveries, deliveries).acts(look_after),
    ]
}

/// One notice: what, when, where, and the page that says more.
struct Told {
    what: String,
    at: String,
    centre: Option<String>,
    there: String,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct Notices<'v> {
    f: Frame<'v>,
    address: bool,
    told: Vec<Told>,
    /// Strata without a code left, and since when: for the statistician alone.
    used_up: Vec<(String, String)>,
}

async fn notices(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let f = Frame::of(&visit, "notices.title").back("/");
    let told = visit.house.notices(caller).await?.into_iter().map(|one| Told {
        what: what(&visit, one.notice.kind),
        at: visit.minute(one.notice.at),
        centre: one.notice.centre.as_ref().map(|centre| f.centre(centre)),
        there: there(&one.notice, &visit),
    });
    let told = told.collect();
    let used_up = match caller.may_somewhere::<ReadStrata>() {
        Ok(_) => visit.house.used_up(caller).await?,
        Err(_) => vec![],
    };
    let used_up = used_up.into_iter().map(|one| {
        let asked = visit.say_with("list.asked", &[("at", visit.minute(one.asked).into())]);
        (stratum_words(&visit, &one.stratum), asked)
    });
    let used_up = used_up.collect();
    let address = visit.house.own_address(caller)?.is_some();
    paper(&Notices { f, address, told, used_up })
}

fn what(visit: &Visit, kind: notice::Kind) -> String {
    visit.say(&format!("notice.{}", kind.as_str().replace('.', "-")))
}

fn there(notice: &Notice, visit: &Visit) -> String {
    match &visit.caller {
        Some(caller) => notice.place(caller.person.role),
        None => "/".to_owned(),
    }
}

#[derive(Template)]
#[template(path = "address.html")]
struct Address<'v> {
    f: Frame<'v>,
    address: Field,
    given: bool,
    once: String,
}

async fn address(visit: Visit) -> Result<Paper, Refusal> {
    let own = visit.house.own_address(visit.caller()?)?;
    let value = typed(&visit, "address", own.as_deref().unwrap_or_default());
    let line = Kind::Line(Line { value, mode: "email", width: 40, autocomplete: "email" });
    let address = Field::new("address", visit.say("address.address"), line);
    let address = address.hint(visit.say("address.address-hint")).told(&visit);
    let f = Frame::of(&visit, "address.title").back("/notices").with_form();
    paper(&Address { f, address, given: own.is_some(), once: visit.act_token() })
}

async fn give_address(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("give-address")?;
    let said = visit.said.get("address").trim().to_owned();
    let address = Some(said).filter(|address| !address.is_empty());
    visit.house.give_address(visit.caller()?, address, once).await?;
    Ok(Next::To("/notices".to_owned()))
}

/// A delivery as an administrator sees it: no participant, no address.
struct Sent {
    what: String,
    event: u64,
    way: &'static str,
    target: String,
    at: String,
    /// The key of its state's words, and is something amiss?
    state: (String, bool),
    tries: String,
    said: Option<String>,
    once: String,
}

struct Hook {
    reference: String,
    shown: String,
    url: String,
    active: bool,
    once: String,
}

#[derive(Template)]
#[template(path = "deliveries.html")]
struct Deliveries<'v> {
    f: Frame<'v>,
    sent: Vec<Sent>,
    hooks: Vec<Hook>,
    hosts: Vec<String>,
    url: Field,
    key: String,
    once: String,
}

async fn deliveries(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let f = Frame::of(&visit, "deliveries.title").back("/");
    let sent = visit.house.deliveries(caller).await?;
    let sent = sent.into_iter().map(|one| sent_of(&visit, one)).collect();
    let hooks = visit.house.webhooks(caller).await?.into_iter().map(|one| Hook {
        reference: one.reference.as_str().to_owned(),
        shown: one.reference.to_string(),
        url: one.url.unwrap_or(one.host),
        active: one.active,
        once: visit.act_token(),
    });
    let hooks = hooks.collect();
    let targets = visit.house.targets();
    let listed = targets.public.iter().chain(&targets.private);
    let line = Kind::Line(Line {
        value: typed(&visit, "url", ""),
        mode: "url",
        width: 40,
        autocomplete: "off",
    });
    let url = Field::new("url", visit.say("deliveries.url"), line).told(&visit);
    let page = Deliveries {
        sent,
        hooks,
        hosts: listed.map(|target| target.url.clone()).collect(),
        url,
        key: WebhookSigner::new(&visit.house.secret).public(),
        once: visit.act_token(),
        f,
    };
    paper(&page)
}

fn sent_of(visit: &Visit, one: Delivery) -> Sent {
    let amiss =
        one.standing == Standing::GivenUp || (one.standing == Standing::Waiting && one.tries > 0);
    Sent {
        what: what(visit, one.kind),
        event: one.which.entry,
        way: one.which.way.as_str(),
        target: one.which.target,
        at: visit.minute(one.due),
        state: (format!("deliveries.{}", one.standing.as_str()), amiss),
        tries: visit.say_with("deliveries.tries", &[("count", u64::from(one.tries).into())]),
        said: one.said.map(|word| visit.say(&format!("tried.{word}"))),
        once: visit.act_token(),
    }
}

/// One page, four small acts: each has a form of its own, which says which.
async fn look_after(visit: Visit) -> Result<Next, Refusal> {
    let caller = visit.caller()?;
    let once = visit.once("look-after-deliveries")?;
    let reference = || {
        Reference::parse(visit.said.get("webhook")).map_err(|_| Refusal::new(Code::NoSuchRecord))
    };
    match visit.said.get("do") {
        "add" => {
            let url = visit.said.get("url").trim().to_owned();
            visit.house.add_webhook(caller, url, once).await.map(|_| ())?;
        }
        "test" => drop(visit.house.test_webhook(caller, reference()?, once).await?),
        "end" => drop(visit.house.end_webhook(caller, reference()?, once).await?),
        "replay" => {
            let event = visit.said.get("event").parse();
            let way = Way::parse(visit.said.get("way"));
            let (Ok(entry), Some(way)) = (event, way) else {
                return Err(visit.wrong("event", FieldCode::ChoiceUnknown));
            };
            let target = visit.said.get("target").to_owned();
            visit.house.replay(caller, Which { entry, way, target }, once).await.map(|_| ())?;
        }
        _ => return Err(Refusal::new(Code::MalformedRequest)),
    }
    Ok(Next::To("/deliveries".to_owned()))
}
