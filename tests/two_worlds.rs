//! Two worlds (I2): one long story is told to two services whose lists differ in nothing but that every arm is flipped
//! before sealing. Whatever anybody can obtain must then be the same byte for byte, but for the places in [`MASKED`]:
//! sealed bytes and what is hashed from them, each at its exact place, and of equal length even there.

mod masks;
mod story;

use masks::{Told as Masked, mask};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use story::{Told, World, log};

/// Everything that came out of one world.
#[derive(Debug, Clone)]
pub struct Record {
    /// Every answer.
    told: Vec<Told>,
    /// Every line that was logged.
    log: Vec<String>,
    /// The exported trail.
    export: Vec<String>,
    /// The checkpoint over it.
    checkpoint: String,
    /// Every row of every table, in the order of the table.
    rows: Vec<(String, Value)>,
    /// Sizes of files, of pages, and of tables.
    sizes: Vec<(String, u64)>,
    /// What each code stands for: no reader has this.
    arms: BTreeMap<String, String>,
}

impl Record {
    /// Tells the story to a world, and takes everything out of it.
    fn of(mirrored: bool) -> Self {
        let name = if mirrored { "worlds-mirrored" } else { "worlds" };
        let mut world = World::raise(name, None, mirrored);
        world.play();
        world.read_everything();
        let mut export = vec![];
        let checkpoint = world.stage.house().export_trail(|line| {
            export.push(line.to_owned());
            Ok(())
        });
        let checkpoint = checkpoint.expect("the trail can be exported");
        let copy = world.folder.join("backup.db");
        world.stage.house().store.backup_to(&copy).expect("a backup can be made");
        let mut sizes = vec![];
        world.end();
        for file in [&copy, &world.stage.folder.database(), &world.stage.folder.checkpoint] {
            let length = std::fs::metadata(file).expect("the file is there").len();
            sizes
                .push((format!("file {}", file.file_name().unwrap_or_default().display()), length));
        }
        let rows = tables(&world.stage.folder.database(), &mut sizes);
        let log = log::heard().lines().map(str::to_owned).collect();
        let (told, arms) = (std::mem::take(&mut world.told), world.arms());
        Self { told, log, export, checkpoint, rows, sizes, arms }
    }
}

/// Every row of every table, and how many pages and rows there are.
fn tables(database: &Path, sizes: &mut Vec<(String, u64)>) -> Vec<(String, Value)> {
    let open = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let database = open.expect("the database can be read");
    for pragma in ["page_count", "page_size", "freelist_count"] {
        let count = database.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
        sizes.push((pragma.to_owned(), count.expect("a number").unsigned_abs()));
    }
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let mut names = database.prepare(names).expect("the schema can be read");
    let names = names.query_map([], |row| row.get::<_, String>(0)).expect("names");
    let names: Vec<String> = names.collect::<Result<_, _>>().expect("names are text");
    assert!(names.len() > 15, "every table: {names:?}");
    let mut all = vec![];
    for table in names {
        let mut rows = database.prepare(&format!("SELECT * FROM {table}")).expect("a table");
        let columns: Vec<String> = rows.column_names().map(str::to_owned).collect();
        let before = all.len();
        let mut rows = rows.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let cell = |(at, name): (usize, &String)| {
                (name.clone(), cell(row.get_ref(at).expect("a cell"), table == "contents"))
            };
            let row: Map<String, Value> = columns.iter().enumerate().map(cell).collect();
            all.push((table.clone(), Value::Object(row)));
        }
        sizes.push((format!("rows of {table}"), (all.len() - before) as u64));
    }
    all
}

/// A cell as JSON; bytes as hexadecimal, or as text where texts are kept as bytes.
fn cell(value: ValueRef<'_>, texts: bool) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if texts && bytes.len() > 200 => text.into(),
            _ => klero::sealing::bytes::hex(bytes).into(),
        },
    }
}

/// The two worlds, told once for all tests of this file.
fn worlds() -> &'static [Record; 2] {
    static WORLDS: OnceLock<[Record; 2]> = OnceLock::new();
    WORLDS.get_or_init(|| {
        // All that the program says itself; of the web server, whose threads start and stop in any order, what goes wrong.
        log::listen("warn,klero=trace");
        [Record::of(false), Record::of(true)]
    })
}

/// Everything in which two records differ that should not; the first of it.
fn difference(here: &Record, there: &Record) -> Option<String> {
    let (here, there) = (mask(here), mask(there));
    first_difference(&here, &there)
}

fn first_difference(here: &Masked, there: &Masked) -> Option<String> {
    for (one, other) in here.pages.iter().zip(&there.pages) {
        if one != other {
            let at = one.1.bytes().zip(other.1.bytes()).take_while(|(a, b)| a == b).count();
            let near = |text: &str| {
                let bytes = text.as_bytes();
                let end = bytes.len().min(at + 120);
                String::from_utf8_lossy(&bytes[at.saturating_sub(120).min(end)..end]).into_owned()
            };
            return Some(format!(
                "{} | {}\nhere  … {}\nthere … {}",
                one.0,
                other.0,
                near(&one.1),
                near(&other.1)
            ));
        }
    }
    let (one, other) = (here.pages.len(), there.pages.len());
    (one != other).then(|| format!("{one} pages here, {other} there"))
}

// shows: I2, I9, AT-4, CO-3, CO-5, RP-4
#[test]
fn two_worlds_that_differ_in_every_arm_look_the_same_to_every_reader() {
    let [here, there] = worlds();
    assert_eq!(difference(here, there), None);
}

// shows: I2
#[test]
fn the_two_worlds_do_differ_in_every_arm_and_the_story_opens_both_arms() {
    let [here, there] = worlds();
    assert_eq!(here.arms.len(), there.arms.len());
    for (code, arm) in &here.arms {
        assert_ne!(arm, &there.arms[code], "code {code}");
    }
    let mut released = BTreeMap::new();
    for told in &here.told {
        if let Some(arm) = here.arm_of(&told.body()) {
            *released.entry((told.route.clone(), arm)).or_insert(0) += 1;
        }
    }
    assert_eq!(released.len(), 4, "prepared and broken, one arm and the other: {released:?}");
    assert!(released.values().all(|count| *count > 2), "{released:?}");
}

// shows: I2
#[test]
fn nothing_is_masked_that_was_not_met_or_that_is_the_same_in_both_worlds() {
    let (here, there) = (mask(&worlds()[0]), mask(&worlds()[1]));
    let mut needless = vec![];
    for (at, place) in masks::MASKED.iter().enumerate() {
        let (one, other) = (&here.hidden[at], &there.hidden[at]);
        let why = match () {
            () if one.is_empty() => "never met",
            () if one == other && !place.holds.is_of_the_machine() => "the same in both worlds",
            () if place.because.is_empty() => "without a reason",
            () => continue,
        };
        needless.push(format!("{} {}: {why}", place.document, place.at));
    }
    assert_eq!(needless, <[String; 0]>::default());
}

impl Record {
    /// The arm of a released slot, which only the statistician's machine knows.
    fn arm_of(&self, body: &Value) -> Option<String> {
        let code = body["slot"]["code"].as_str()?;
        self.arms.get(code).cloned()
    }

    /// The metrics as they were read first.
    fn metrics(&mut self) -> &mut Told {
        let metrics = self.told.iter_mut().find(|told| told.route == "GET /metrics");
        metrics.expect("the metrics were read")
    }

    /// Changes one of the numbers in them.
    fn in_metrics(&mut self, name: &str, change: impl Fn(u64) -> u64) {
        let told = self.metrics();
        let start = told.text.find(name).unwrap_or_else(|| panic!("no {name}")) + name.len();
        let end = start + told.text[start..].find('\n').expect("a line ends");
        let number: u64 = told.text[start..end].parse().expect("a count");
        told.text.replace_range(start..end, &change(number).to_string());
    }

    /// The first answer about a released slot of the first arm.
    fn first_active(&mut self) -> &mut Told {
        let arms = self.arms.clone();
        let active = |told: &&mut Told| {
            let body = told.body();
            let code = body["slot"]["code"].as_str().unwrap_or_default();
            arms.get(code).is_some_and(|arm| arm == "belimumab")
        };
        self.told.iter_mut().find(active).expect("a release of the first arm")
    }
}

/// A leak, by its name and by how it is planted: each looks at the arm and lets it show somewhere.
type Leak = (&'static str, fn(&mut Record));

const LEAKS: [Leak; 16] = [
    ("a body one character longer", |world| world.first_active().text.push(' ')),
    ("a header more", |world| {
        world.first_active().headers.push(("x-cache".to_owned(), "hit".to_owned()));
    }),
    ("another value of a header", |world| {
        let told = world.first_active();
        let header = told.headers.iter_mut().find(|(name, _)| name == "cache-control");
        header.expect("the header is always there").1.push_str(", private");
    }),
    ("another status", |world| world.first_active().status = 200),
    ("sealed bytes one byte longer", |world| {
        let told = world.first_active();
        told.text = told.text.replacen("\"sealed\":\"", "\"sealed\":\"00", 1);
    }),
    ("a word where sealed bytes stand", |world| {
        let told = world.first_active();
        let at = told.text.find("\"sealed\":\"").expect("a sealed slot") + 10;
        told.text.replace_range(at..at + 6, "ACTIVE");
    }),
    ("another index beside a masked path", |world| {
        let told = world.first_active();
        told.text = told.text.replacen("\"leafPath\":{\"index\":", "\"leafPath\":{\"index\":1", 1);
    }),
    ("breaks in the order of their arms", |world| {
        let (arms, route) = (world.arms.clone(), "GET /v1/breaks");
        let codes = world.codes_of_participants();
        for told in world.told.iter_mut().filter(|told| told.route == route && told.status == 200) {
            let mut body = told.body();
            let breaks = body["breaks"].as_array_mut().expect("a list");
            breaks.sort_by_key(|broken| {
                let number = broken["participant"].as_str().unwrap_or_default();
                arms.get(&codes[number]).cloned()
            });
            told.text = body.to_string();
        }
    }),
    ("one more entry for one of the arms", |world| {
        let last = world.export.last().cloned().expect("an exported line");
        let active = world.arms.values().next().expect("an arm") == "belimumab";
        world.export.extend(active.then_some(last));
    }),
    ("a field more in an entry of one of the arms", |world| {
        let (arms, codes) = (world.arms.clone(), "\"act\":\"release-for-preparation\"");
        for line in world.export.iter_mut().filter(|line| line.contains(codes)) {
            let body: Value = serde_json::from_str(line).expect("a line");
            let code = body["on"]["code"].as_str().unwrap_or_default();
            if arms[code] == "belimumab" {
                *line = line.replacen("\"data\":{", "\"data\":{\"vials\":1,", 1);
            }
        }
    }),
    ("a log line that names a number by arm", |world| {
        let active = world.arms.values().next().expect("an arm") == "belimumab";
        let line = world.log.iter_mut().find(|line| line.contains("\"answered\"")).expect("a line");
        *line =
            line.replacen("\"fields\":{", &format!("\"fields\":{{\"n\":{},", u8::from(active)), 1);
    }),
    ("a request more of a route in the metrics", |world| {
        let active = u64::from(world.arms.values().next().expect("an arm") == "belimumab");
        let name =
            "klero_requests_total{method=\"POST\",route=\"/v1/preparations\",class=\"2xx\"} ";
        world.in_metrics(name, |count| count + active);
    }),
    ("a slower answer in the metrics, told by its own name", |world| {
        let active = world.arms.values().next().expect("an arm") == "belimumab";
        if active {
            let told = world.metrics();
            told.text = told.text.replacen("# EOF", "klero_prepare_seconds 1\n# EOF", 1);
        }
    }),
    ("a row more in a table", |world| {
        let active = world.arms.values().next().expect("an arm") == "belimumab";
        let row = ("contents".to_owned(), json!({"hash": "00", "bytes": "00"}));
        world.rows.extend(active.then_some(row));
    }),
    ("a locked slot of another length", |world| {
        let arms = world.arms.clone();
        for (_, row) in world.rows.iter_mut().filter(|(table, _)| table == "slots") {
            if arms[row["code"].as_str().unwrap_or_default()] == "belimumab" {
                let longer = format!("{}00", row["sealed"].as_str().unwrap_or_default());
                row["sealed"] = longer.into();
            }
        }
    }),
    ("a file one page longer", |world| {
        let active = world.arms.values().next().expect("an arm") == "belimumab";
        world.sizes[1].1 += u64::from(active) * 4096;
    }),
];

impl Record {
    /// A part that holds something of every kind: each leak is looked for in all of it.
    fn abridged(&self) -> Self {
        let mut short = self.clone();
        let told = |told: &Told| {
            let route = told.route.as_str();
            told.text.contains("\"slot\"") || ["GET /v1/breaks", "GET /metrics"].contains(&route)
        };
        short.told.retain(told);
        short.log.truncate(40);
        short
    }

    /// The code of each randomised participant.
    fn codes_of_participants(&self) -> BTreeMap<String, String> {
        let lines = self.export.iter().filter(|line| line.contains("\"act\":\"randomised\""));
        let on = |line: &String| {
            let body: Value = serde_json::from_str(line).expect("a line");
            let text = |name: &str| body["on"][name].as_str().unwrap_or_default().to_owned();
            (text("participant"), text("code"))
        };
        lines.map(on).collect()
    }
}

// shows: I2
#[test]
fn every_planted_leak_turns_the_comparison_red() {
    let [here, there] = worlds().each_ref().map(Record::abridged);
    assert_eq!(difference(&here, &there), None, "nothing is planted yet");
    for (name, plant) in LEAKS {
        let (mut one, mut other) = (here.clone(), there.clone());
        plant(&mut one);
        plant(&mut other);
        assert!(difference(&one, &other).is_some(), "not found: {name}");
    }
}
