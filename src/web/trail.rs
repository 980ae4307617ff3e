//! The trail for monitors and statisticians: every entry in plain words, newest first, and each one with its bytes and its
//! proof. What is searched for travels in a form, never in an address.

use super::form::{Field, Kind, Line as Box, typed};
use super::frame::{Frame, paper};
use super::sentence::{KINDS, Teller, kind_of};
use crate::domain::access::ReadTrail;
use crate::domain::entry::Fact;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::limits::PAGE;
use crate::refusal::{Code, FieldCode, Refusal};
use crate::sealing::bytes::hex;
use crate::sealing::line::{self, Line};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/trail", ReadTrail, newest).acts(search),
        Page::of("/trail/before/{entry}", ReadTrail, before),
        Page::of("/trail/kind/{kind}", ReadTrail, kind),
        Page::of("/trail/kind/{kind}/before/{entry}", ReadTrail, kind_before),
        Page::of("/trail/{entry}", ReadTrail, entry),
    ]
}

/// How many sentences a page has.
const SENTENCES: usize = 50;
/// How many entries are looked through for one page. Whoever searches for something rare looks on from there.
const LOOKED_THROUGH: u64 = 10_000;

/// An entry in a list: its number, its moment, what happened.
struct Told {
    entry: u64,
    at: String,
    sentence: String,
}

#[derive(Template)]
#[template(path = "trail.html")]
struct List<'v> {
    f: Frame<'v>,
    /// Kinds of acts: word, name, and is it the one that is shown?
    kinds: Vec<(&'static str, String, bool)>,
    /// The one kind that is shown, and its name.
    kind: Option<(&'static str, String)>,
    find: Field,
    /// What was searched for.
    found: Option<String>,
    told: Vec<Told>,
    /// First and last entry that were looked at, when not all of them are shown.
    looked: Option<(u64, u64)>,
    /// Where to look on.
    older: Option<u64>,
}

/// What is wanted of the trail.
struct Wish {
    kind: Option<&'static str>,
    find: Option<String>,
    before: Option<u64>,
}

async fn newest(visit: Visit) -> Result<Paper, Refusal> {
    let find = wanted(&visit).filter(|_| visit.errors.is_empty());
    let before = visit.said.get("before").parse().ok().filter(|_| find.is_some());
    list(&visit, Wish { kind: None, find, before }).await
}

async fn before(visit: Visit) -> Result<Paper, Refusal> {
    let before = Some(visit.name(0)?);
    list(&visit, Wish { kind: None, find: None, before }).await
}

async fn kind(visit: Visit) -> Result<Paper, Refusal> {
    let kind = Some(kind_at(&visit)?);
    list(&visit, Wish { kind, find: None, before: None }).await
}

async fn kind_before(visit: Visit) -> Result<Paper, Refusal> {
    let (kind, before) = (Some(kind_at(&visit)?), Some(visit.name(1)?));
    list(&visit, Wish { kind, find: None, before }).await
}

fn kind_at(visit: &Visit) -> Result<&'static str, Refusal> {
    let known = KINDS.iter().find(|(kind, _)| *kind == visit.part(0));
    known.map(|(kind, _)| *kind).ok_or_else(|| Refusal::new(Code::NoSuchPage))
}

/// What was typed to be looked for, as entries write it: numbers and references in capitals, codes without spaces.
fn wanted(visit: &Visit) -> Option<String> {
    let typed: String = visit.said.get("find").split_whitespace().collect();
    (!typed.is_empty()).then_some(typed)
}

async fn search(visit: Visit) -> Result<Next, Refusal> {
    if wanted(&visit).is_none() {
        return Err(visit.wrong("find", FieldCode::Required));
    }
    newest(visit).await.map(Next::Shown)
}

async fn list(visit: &Visit, wish: Wish) -> Result<Paper, Refusal> {
    let teller = Teller::new(visit).await?;
    let looked = look(visit, &wish).await?;
    let told = looked.lines.iter().map(|line| Told {
        entry: line.seq,
        at: visit.minute(line.at),
        sentence: teller.tell(line),
    });
    let told = told.collect();
    let word =
        Box { value: typed(visit, "find", ""), mode: "text", width: 20, autocomplete: "off" };
    let find = Field::new("find", visit.say("trail.find"), Kind::Line(word));
    let name = |kind: &str| visit.say(&format!("trail-kind.{kind}"));
    let narrowed = wish.kind.is_some() || wish.find.is_some();
    paper(&List {
        f: Frame::of(visit, "trail.title").back("/").with_form(),
        kinds: KINDS.iter().map(|(k, _)| (*k, name(k), wish.kind == Some(*k))).collect(),
        kind: wish.kind.map(|kind| (kind, name(kind))),
        find: find.hint(visit.say("trail.find-hint")).told(visit),
        found: wish.find,
        told,
        looked: looked.between.filter(|_| narrowed),
        older: looked.older,
    })
}

/// What was found, newest first.
struct Looked {
    lines: Vec<Line>,
    between: Option<(u64, u64)>,
    older: Option<u64>,
}

/// Goes back through the trail until a page is full, its beginning is reached, or enough was looked through.
async fn look(visit: &Visit, wish: &Wish) -> Result<Looked, Refusal> {
    let caller = visit.caller()?;
    let size = size(&visit.house.read_trail(caller, 0, 0).await?.checkpoint);
    let newest = wish.before.unwrap_or(size).min(size);
    let (mut end, mut lines) = (newest, vec![]);
    while end > 0 && lines.len() < SENTENCES && newest - end < LOOKED_THROUGH {
        let from = end.saturating_sub(u64::from(PAGE));
        let page = visit.house.read_trail(caller, from, (end - from) as u32).await?.lines;
        for text in page.iter().rev() {
            // A line that cannot be read is damage, which is told of the whole trail, not of one line.
            let line = line::parse(text).map_err(|_| Refusal::new(Code::TrailDamaged))?;
            end = line.seq;
            if wish.wants(&line) {
                lines.push(line);
                if lines.len() == SENTENCES {
                    break;
                }
            }
        }
    }
    let between = (newest > 0).then(|| (end, newest - 1));
    Ok(Looked { lines, between, older: (end > 0).then_some(end) })
}

impl Wish {
    fn wants(&self, line: &Line) -> bool {
        let entry = &line.entry;
        let kind = self.kind.is_none_or(|kind| kind_of(&entry.act) == kind);
        let about = |find: &String| {
            let is_it = |fact: &Fact| matches!(fact, Fact::Text(t) if t.eq_ignore_ascii_case(find));
            line.by.eq_ignore_ascii_case(find) || entry.on.iter().any(|(_, fact)| is_it(fact))
        };
        kind && self.find.as_ref().is_none_or(about)
    }
}

/// How many entries a checkpoint is signed over: its second line.
pub fn size(checkpoint: &str) -> u64 {
    checkpoint.lines().nth(1).and_then(|size| size.parse().ok()).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "trail_entry.html")]
struct One<'v> {
    f: Frame<'v>,
    entry: u64,
    sentence: String,
    at: String,
    utc: String,
    by: String,
    role: String,
    private: bool,
    line: String,
    proof: Vec<String>,
    checkpoint: String,
    earlier: Option<u64>,
    newer: Option<u64>,
}

async fn entry(visit: Visit) -> Result<Paper, Refusal> {
    let receipt = visit.house.prove(visit.caller()?, visit.name(0)?).await?;
    let line = line::parse(&receipt.line).map_err(|_| Refusal::new(Code::TrailDamaged))?;
    let teller = Teller::new(&visit).await?;
    let role = match line.role.as_str() {
        "service" => visit.say("trail.service"),
        role => visit.say(&format!("role.{role}")),
    };
    let last = receipt.seq + 1 >= size(&receipt.checkpoint);
    paper(&One {
        f: Frame::of(&visit, "trail.entry-title").back("/trail"),
        entry: receipt.seq,
        sentence: teller.tell(&line),
        at: visit.minute(line.at),
        utc: line.at.to_string(),
        by: teller.name(&line.by),
        role,
        private: line.private.is_some(),
        proof: receipt.proof.iter().map(|hash| hex(hash)).collect(),
        line: receipt.line,
        checkpoint: receipt.checkpoint,
        earlier: receipt.seq.checked_sub(1),
        newer: (!last).then_some(receipt.seq + 1),
    })
}
