//! `klero pharmacy report`: a centre's sealed records are opened on their holder's own machine, added up by lot, and
//! reconciled: received = used + returned + destroyed + damaged + lost + moved + on hand (DI-10).

use super::failure::{Done, Exit, Failure, ending};
use super::files::read_text;
use super::held::key_of;
use super::release::WrapText;
use super::trial;
use super::words::Key;
use crate::clock::{Clock, SystemClock};
use crate::domain::ids::{CentreId, Reference, TrialId};
use crate::domain::stock::{Event, Imbalance, Lot, Standing, Stock};
use crate::domain::time::Date;
use crate::sealing::bytes::unhex;
use crate::sealing::centre_key::CentreKey;
use crate::sealing::identity::Identity;
use crate::sealing::sealed_record::{RecordKind, RecordPlace, SealedRecord, open_record};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The longest file of records: some ten thousand of them.
const RECORDS_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Open a centre's sealed pharmacy records, and reconcile the stock by lot
///
/// The records come from the page of the stock ("Save the sealed records"), or page by page from
/// GET /v1/pharmacy-records/CENTRE. They are opened here, and what they say goes to standard output alone.
#[derive(Args)]
#[command(after_help = ending([
    "klero pharmacy report huashan.pharmacy.json --identity p-hs-1.key.json",
    "klero pharmacy report huashan.pharmacy.json --identity p-hs-1.key.json --trial trial.toml",
    "klero pharmacy report a.json b.json --identity stat-1.key.json --trial trial.toml --unprepared 4",
], &[Exit::NotThere, Exit::WrongWords, Exit::OtherKey, Exit::Unreadable, Exit::NotVerified,
     Exit::DoesNotFit]))]
pub struct Report {
    /// Files of sealed records, of one centre or several
    #[arg(required = true, value_name = "RECORDS")]
    records: Vec<PathBuf>,
    #[command(flatten)]
    key: Key,
    /// The trial file: projects the units that are needed for the infusions still to come
    #[arg(long, value_name = "FILE")]
    trial: Option<PathBuf>,
    /// How many participants have a code and no recorded preparation yet: each counts for every product
    #[arg(long, value_name = "N", default_value_t = 0, requires = "trial")]
    unprepared: u32,
    /// The day on which lots are judged   [default: today]
    #[arg(long, value_name = "DAY")]
    day: Option<String>,
}

/// What the service answered, one page or all of them.
#[derive(Deserialize)]
struct RecordsText {
    trial: String,
    centre: String,
    records: Vec<RecordText>,
    wraps: Vec<WrapText>,
    /// Absent in the file that a page saves: it is whole.
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
struct RecordText {
    record: String,
    kind: String,
    epoch: u32,
    entry: u64,
    sealed: String,
}

/// The sealed part of a preparation. It may say more than is added up.
#[derive(Deserialize)]
struct PreparationText {
    participant: String,
    visit: String,
    arm: String,
    lines: Vec<LineText>,
}

#[derive(Deserialize)]
struct LineText {
    lot: String,
    units: u32,
}

/// A sealed event of the stock.
#[derive(Deserialize)]
struct EventText {
    event: String,
    product: String,
    lot: String,
    expiry: String,
    units: u32,
}

/// Everything that was opened of one centre.
#[derive(Default)]
struct Books {
    stock: Stock,
    /// By participant: the product, and the visits that were prepared.
    prepared: BTreeMap<String, (String, BTreeSet<String>)>,
    /// The most units of a product that one preparation took.
    most: BTreeMap<String, u32>,
    records: usize,
    /// Sealed under a key that was never wrapped to this person.
    closed: usize,
}

/// What is needed of one product, at most.
struct Need {
    product: String,
    needed: i64,
    usable: i64,
}

impl Report {
    /// Opens, adds up, and names what does not balance.
    pub fn run(self) -> Result<Done, Failure> {
        let today = self.today()?;
        let infusions = match &self.trial {
            Some(file) => Some(trial::read(file)?.1.infusions()),
            None => None,
        };
        let files = self.records.iter().map(|file| Ok((file.as_path(), read(file)?)));
        let files = files.collect::<Result<Vec<_>, Failure>>()?;
        whole(&files)?;
        let identity = self.key.unlock()?;
        let mut centres: BTreeMap<String, Vec<(&RecordsText, &RecordText)>> = BTreeMap::new();
        for (_, text) in &files {
            let records = text.records.iter().map(|record| (text, record));
            centres.entry(text.centre.clone()).or_default().extend(records);
        }
        let mut told = Told::default();
        for (centre, mut records) in centres {
            records.sort_by_key(|(_, record)| record.entry);
            records.dedup_by_key(|(_, record)| record.entry);
            let keys = keys(&files, &centre, &identity)?;
            let books = Books::open(&records, &keys)?;
            let needs = infusions.map(|count| books.needs(count, self.unprepared, &today));
            told.centre(&centre, &books, &today, &needs.unwrap_or_default());
        }
        told.end()
    }

    fn today(&self) -> Result<String, Failure> {
        let Some(day) = &self.day else {
            return Ok(SystemClock.now().to_string().chars().take(10).collect());
        };
        match Date::parse(day) {
            Some(day) => Ok(day.to_string()),
            None => {
                let what = format!("{day} is not a day");
                Err(Failure::new(Exit::Usage, "wrong-usage", what, "write it as 2026-11-21"))
            }
        }
    }
}

fn read(file: &Path) -> Result<RecordsText, Failure> {
    let text = read_text(file, RECORDS_BYTES_MAX)?;
    serde_json::from_str(&text)
        .map_err(|error| unreadable(&file.display().to_string(), error.line()))
}

fn unreadable(what: &str, line: usize) -> Failure {
    let what = format!("{what} holds no sealed pharmacy records that can be read");
    let next = "save them again from the page of the stock";
    Failure::new(Exit::Unreadable, "records-unreadable", what, next)
        .because(format!("Its JSON ends or differs at line {line}."))
}

/// A page after which others come is no whole: sums over it would be wrong and look right.
fn whole(files: &[(&Path, RecordsText)]) -> Result<(), Failure> {
    for (file, text) in files.iter().filter(|(_, text)| text.more) {
        let last = text.records.last().map_or(0, |record| record.entry);
        let later = |(_, other): &(&Path, RecordsText)| {
            other.centre == text.centre
                && other.records.first().is_some_and(|record| record.entry > last)
        };
        if !files.iter().any(later) {
            let what = format!("{} is one page, and the next is missing", file.display());
            let next =
                "name the files of all pages, or save the records from the page of the stock";
            return Err(Failure::new(Exit::Unreadable, "records-not-whole", what, next));
        }
    }
    Ok(())
}

/// This person's keys of a centre, by epoch.
fn keys(
    files: &[(&Path, RecordsText)],
    centre: &str,
    identity: &Identity,
) -> Result<BTreeMap<u32, CentreKey>, Failure> {
    let mut keys = BTreeMap::new();
    for (file, text) in files.iter().filter(|(_, text)| text.centre == centre) {
        let bad = || unreadable(&file.display().to_string(), 1);
        let trial = TrialId::parse(&text.trial).map_err(|_| bad())?;
        for held in &text.wraps {
            let held = held.read().ok_or_else(bad)?;
            if held.centre.as_str() != centre {
                return Err(bad());
            }
            let key = key_of(&held, &trial, identity)?;
            keys.insert(held.epoch, key);
        }
    }
    Ok(keys)
}

/// How much of a centre's records does not balance: for the simulation of a whole trial.
///
/// # Errors
/// When a record cannot be read or opened.
#[cfg(feature = "server")]
pub(super) fn imbalances(pages: &[String], identity: &Identity) -> Result<usize, Failure> {
    let read =
        |text: &String| serde_json::from_str(text).map_err(|e| unreadable("a page", e.line()));
    let here = Path::new("a page");
    let files: Vec<(&Path, RecordsText)> =
        pages.iter().map(|text| Ok((here, read(text)?))).collect::<Result<_, Failure>>()?;
    whole(&files)?;
    let Some(centre) = files.first().map(|(_, text)| text.centre.clone()) else { return Ok(0) };
    let records: Vec<_> =
        files.iter().flat_map(|(_, text)| text.records.iter().map(move |r| (text, r))).collect();
    let books = Books::open(&records, &keys(&files, &centre, identity)?)?;
    let wrong = books.stock.lots.values().map(|lot| lot.imbalances().len()).sum::<usize>();
    Ok(wrong + books.closed)
}

impl Books {
    fn open(
        records: &[(&RecordsText, &RecordText)],
        keys: &BTreeMap<u32, CentreKey>,
    ) -> Result<Self, Failure> {
        let mut books = Self { records: records.len(), ..Self::default() };
        for (text, record) in records {
            let Some(key) = keys.get(&record.epoch) else {
                books.closed += 1;
                continue;
            };
            let opened = open(text, record, key).ok_or_else(|| does_not_open(&record.record))?;
            let read = match opened {
                (RecordKind::Stock, said) => {
                    serde_json::from_value(said).ok().and_then(|event| books.happened(&event))
                }
                (RecordKind::Preparation, said) => {
                    serde_json::from_value(said).ok().map(|one| books.prepared(&one))
                }
                (RecordKind::Break, _) => None,
            };
            read.ok_or_else(|| does_not_open(&record.record))?;
        }
        Ok(books)
    }

    fn happened(&mut self, said: &EventText) -> Option<()> {
        let event = Event::parse(&said.event)?;
        self.stock.happened(event, &said.product, &said.lot, &said.expiry, said.units);
        Some(())
    }

    fn prepared(&mut self, said: &PreparationText) {
        let units = said.lines.iter().map(|line| line.units).sum::<u32>();
        for line in &said.lines {
            self.stock.used(&said.arm, &line.lot, line.units);
        }
        let most = self.most.entry(said.arm.clone()).or_default();
        *most = (*most).max(units);
        let fresh = || (said.arm.clone(), BTreeSet::new());
        let (_, visits) = self.prepared.entry(said.participant.clone()).or_insert_with(fresh);
        visits.insert(said.visit.clone());
    }

    /// At most what every infusion still to come can take: each participant who was prepared for goes on to the last
    /// visit with the product that was prepared, each of `unprepared` counts in full for every product, and every
    /// infusion takes as much as the largest preparation of that product so far. A treatment that has ended is not
    /// known here, so the need is never less than the truth.
    fn needs(&self, infusions: usize, unprepared: u32, today: &str) -> Vec<Need> {
        let each = self.most.iter().map(|(product, most)| {
            let own = self.prepared.values().filter(|(arm, _)| arm == product);
            let open = own.map(|(_, visits)| infusions.saturating_sub(visits.len()));
            let to_come = open.sum::<usize>() + infusions * unprepared as usize;
            Need {
                product: product.clone(),
                needed: i64::try_from(to_come).unwrap_or(i64::MAX).saturating_mul((*most).into()),
                usable: self.stock.usable(product, today),
            }
        });
        each.collect()
    }
}

fn open(text: &RecordsText, record: &RecordText, key: &CentreKey) -> Option<(RecordKind, Value)> {
    let kind = RecordKind::parse(&record.kind)?;
    let at = RecordPlace {
        trial: TrialId::parse(&text.trial).ok()?,
        centre: CentreId::parse(&text.centre).ok()?,
        record: Reference::parse(&record.record).ok()?,
        epoch: record.epoch,
        kind,
    };
    let sealed = SealedRecord::of(kind, &unhex(&record.sealed)?)?;
    let said = open_record(key, &at, &sealed)?;
    Some((kind, serde_json::from_str(&said).ok()?))
}

fn does_not_open(record: &str) -> Failure {
    let what = format!("the sealed record {record} does not open, or does not say what it must");
    let next = "save the records again; if it stays so, tell the statistician";
    Failure::new(Exit::DoesNotFit, "record-does-not-open", what, next)
        .because("Nothing was added up: sums without it would be wrong and look right.")
}

/// What is printed, and what was found wrong.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    centres: Vec<Value>,
    wrong: usize,
    closed: usize,
}

impl Told {
    fn centre(&mut self, centre: &str, books: &Books, today: &str, needs: &[Need]) {
        self.lines.push(format!("centre {centre}, {} records", books.records));
        self.lines
            .push("  product          lot                   in  used  sent  gone  hand".to_owned());
        let mut lots = vec![];
        for ((product, number), lot) in &books.stock.lots {
            self.lines.push(line(product, number, lot));
            let state = state(lot, today);
            self.lines.extend(state.map(|state| format!("    {state}")));
            let wrong: Vec<String> = lot.imbalances().into_iter().map(words).collect();
            self.wrong += wrong.len();
            self.lines.extend(wrong.iter().map(|words| format!("    DOES NOT BALANCE: {words}")));
            lots.push(facts(product, number, lot, state, &wrong));
        }
        for need in needs {
            let short = (need.needed - need.usable).max(0);
            self.lines.push(format!(
                "  {}: at most {} units for the infusions to come, {} usable here, {short} short",
                need.product, need.needed, need.usable
            ));
        }
        if books.closed > 0 {
            self.closed += books.closed;
            let what =
                "records are sealed under a key that this person never held: they are missing here";
            self.lines.push(format!("  {} {what}", books.closed));
        }
        let needs = needs.iter().map(
            |need| json!({"product": need.product, "needed": need.needed, "usable": need.usable}),
        );
        self.centres.push(json!({
            "centre": centre, "records": books.records, "closed": books.closed, "lots": lots,
            "needs": needs.collect::<Vec<_>>(),
        }));
    }

    fn end(self) -> Result<Done, Failure> {
        let Told { mut lines, centres, wrong, closed } = self;
        let balances = wrong == 0 && closed == 0;
        if balances {
            lines.push("every lot balances".to_owned());
        }
        let done = Done::new(lines.join("\n"), json!({"balances": balances, "centres": centres}));
        if balances {
            return Ok(done);
        }
        let what = match (wrong, closed) {
            (0, _) => "the sums are not whole: some records could not be opened".to_owned(),
            (1, _) => "the stock does not balance in one place".to_owned(),
            (n, _) => format!("the stock does not balance in {n} places"),
        };
        let next = match wrong {
            0 => "let somebody report who holds the earlier key, too",
            _ => "count the lots that are named, record what explains the difference, count again",
        };
        Err(Failure::new(Exit::NotVerified, "stock-does-not-balance", what, next)
            .having_found(done))
    }
}

fn line(product: &str, number: &str, lot: &Lot) -> String {
    let came = lot.received + lot.transferred_in;
    let sent = lot.transferred_out + lot.returned;
    let gone = lot.destroyed + lot.damaged + lot.lost;
    format!(
        "  {product:<16} {number:<20} {came:>5} {:>5} {sent:>5} {gone:>5} {:>5}",
        lot.used,
        lot.on_hand()
    )
}

fn state(lot: &Lot, today: &str) -> Option<&'static str> {
    match lot.standing {
        Standing::Recalled => Some("recalled"),
        Standing::Quarantined => Some("quarantined"),
        Standing::Usable if lot.expiry.is_empty() => None,
        Standing::Usable => (lot.expiry.as_str() < today).then_some("expired"),
    }
}

fn words(imbalance: Imbalance) -> String {
    match imbalance {
        Imbalance::NeverReceived => "never received here".to_owned(),
        Imbalance::Overdrawn(units) => format!("{units} more went than came in"),
        Imbalance::CountDiffers(units) => format!("the last count differs by {units:+}"),
    }
}

fn facts(product: &str, number: &str, lot: &Lot, state: Option<&str>, wrong: &[String]) -> Value {
    json!({
        "product": product, "lot": number, "expiry": lot.expiry, "state": state,
        "received": lot.received, "transferredIn": lot.transferred_in, "used": lot.used,
        "transferredOut": lot.transferred_out, "returned": lot.returned,
        "destroyed": lot.destroyed, "damaged": lot.damaged, "lost": lot.lost,
        "onHand": lot.on_hand(), "wrong": wrong,
    })
}
