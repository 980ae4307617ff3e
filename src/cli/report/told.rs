//! Reports in words of at most 80 columns, as JSON, and as a page to print. Arms by their names.

use super::MARK;
use crate::cli::sheet::{Sheet, wrapped};
use crate::sealing::bytes::hex;
use crate::sealing::report::Looked;
use crate::sealing::report::closed::{Standing, Table};
use crate::sealing::report::leak::{Collateral, Exposure, Follows, Leak};
use serde_json::{Value, json};

/// One table of a report: for people and for programs.
#[derive(Clone)]
pub struct Part {
    id: String,
    title: String,
    head: Vec<String>,
    /// How many of the first columns hold words.
    words: usize,
    rows: Vec<Vec<String>>,
    data: Value,
}

/// A report.
pub struct Report<'r> {
    /// What it is.
    pub title: &'static str,
    /// What it was counted from.
    pub looked: &'r Looked,
    /// Its tables.
    pub parts: Vec<Part>,
    /// What a reader must know beside.
    pub notes: &'static [&'static str],
}

/// What a reader of the closed part must know.
pub const CLOSED_NOTES: &[&str] = &[
    "A release counts as unblinded, whether or not its opening was confirmed.",
    "What was judged once the arm was known is sealed for holders: klero break collect fetches it, and --sealed opens it \
     here. Its narrative is counted nowhere.",
    "Blocks are taken as known, as they are to whoever counts the participants of a published design with one size; \
     with mixed or hidden sizes less follows in truth.",
    "A guess test is not collected by this program.",
];

/// What a reader of the exposure must know.
pub const EXPOSURE_NOTES: &[&str] = &[
    "Beforehand: allocations that were certain to this person before they were made, counted when each code was issued.",
    "Blocks are taken as known, as they are to whoever counts the participants of a published design with one size; \
     with mixed or hidden sizes less follows in truth.",
    "A release counts as shown, whether or not its opening was confirmed.",
];

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Counts by arm, a part a table.
pub fn by_arm(looked: &Looked, tables: &[Table]) -> Vec<Part> {
    let part = |table: &Table| {
        let row = |(label, counts): &(String, Vec<u64>)| {
            let mut cells = vec![label.clone()];
            cells.extend(counts.iter().map(u64::to_string));
            cells.push(counts.iter().sum::<u64>().to_string());
            cells
        };
        let data = |(label, counts): &(String, Vec<u64>)| -> Value {
            let arms = looked.arms.iter().cloned().zip(counts.iter().map(|n| Value::from(*n)));
            let arms: serde_json::Map<String, Value> = arms.collect();
            json!({"of": label, "arms": arms, "all": counts.iter().sum::<u64>()})
        };
        let mut head = vec![String::new()];
        head.extend(looked.arms.iter().cloned());
        head.push("all".to_owned());
        Part {
            id: table.id.to_owned(),
            title: table.title.to_owned(),
            head,
            words: 1,
            rows: table.rows.iter().map(row).collect(),
            data: table.rows.iter().map(data).collect(),
        }
    };
    tables.iter().map(part).collect()
}

/// What leaks by blocks.
pub fn leaks(leaks: &[Leak]) -> Vec<Part> {
    let row = |one: &Leak| {
        let counts = [one.blocks, one.certain, one.certain_to_come, one.afterwards];
        [vec![one.known.to_owned()], counts.map(|n| n.to_string()).to_vec()].concat()
    };
    let data = |one: &Leak| {
        json!({
            "known": one.known, "blocks": one.blocks, "certain": one.certain,
            "certain-to-come": one.certain_to_come, "afterwards": one.afterwards,
        })
    };
    vec![Part {
        id: "leak".to_owned(),
        title: "Leak by blocks: members known from code breaks and kit openings".to_owned(),
        head: texts(&["members known", "blocks", "certain", "to come", "randomised there after"]),
        words: 1,
        rows: leaks.iter().map(row).collect(),
        data: leaks.iter().map(data).collect(),
    }]
}

/// How the lists stand.
pub fn lists(all: &[Standing]) -> Vec<Part> {
    let row = |one: &Standing| {
        let counts = [one.drawn, one.issued, one.voided, one.left];
        [vec![one.stratum.clone()], counts.map(|n| n.to_string()).to_vec()].concat()
    };
    let data = |one: &Standing| {
        json!({
            "stratum": one.stratum, "drawn": one.drawn, "issued": one.issued,
            "voided": one.voided, "left": one.left,
        })
    };
    vec![Part {
        id: "lists".to_owned(),
        title: "Codes of each stratum".to_owned(),
        head: texts(&["stratum", "drawn", "issued", "voided", "left"]),
        words: 1,
        rows: all.iter().map(row).collect(),
        data: all.iter().map(data).collect(),
    }]
}

/// What follows for whom.
pub fn exposed(people: &[Exposure], breaks: &[Collateral]) -> Vec<Part> {
    let who = |one: &Follows| match &one.participant {
        Some(participant) => format!("{participant} {}", one.arm),
        None => format!("{} (not issued) {}", one.code, one.arm),
    };
    let all = |follows: &[Follows]| {
        if follows.is_empty() {
            return "nobody".to_owned();
        }
        follows.iter().map(who).collect::<Vec<_>>().join(", ")
    };
    let follows = |follows: &[Follows]| -> Value {
        let one = |f: &Follows| json!({"participant": f.participant, "code": f.code, "arm": f.arm});
        follows.iter().map(one).collect()
    };
    let person = |one: &Exposure| {
        let counts = [one.shown, one.beforehand, one.follows.len()].map(|n| n.to_string());
        [vec![one.person.clone(), one.role.clone()], counts.to_vec()].concat()
    };
    let counted = Part {
        id: "people".to_owned(),
        title: "What each holder was shown, and how much follows from it".to_owned(),
        head: texts(&["person", "role", "shown", "beforehand", "follows"]),
        words: 2,
        rows: people.iter().map(person).collect(),
        data: people
            .iter()
            .map(|one| {
                json!({
                    "person": one.person, "role": one.role, "shown": one.shown,
                    "beforehand": one.beforehand, "follows": follows(&one.follows),
                })
            })
            .collect(),
    };
    let named = Part {
        id: "named".to_owned(),
        title: "Whose allocation follows".to_owned(),
        head: texts(&["person", "follows"]),
        words: 2,
        rows: people.iter().map(|one| vec![one.person.clone(), all(&one.follows)]).collect(),
        data: Value::Null,
    };
    let broken = |one: &Collateral| {
        vec![one.participant.clone(), one.at.to_string(), one.by.clone(), all(&one.follows)]
    };
    let collateral = Part {
        id: "collateral".to_owned(),
        title: "Code breaks, and who else became certain by each".to_owned(),
        head: texts(&["broken", "at", "by", "became certain"]),
        words: 4,
        rows: breaks.iter().map(broken).collect(),
        data: breaks
            .iter()
            .map(|one| {
                json!({
                    "participant": one.participant, "at": one.at.to_string(), "by": one.by,
                    "follows": follows(&one.follows),
                })
            })
            .collect(),
    };
    vec![counted, named, collateral]
}

impl Part {
    /// In columns of at most 80; what does not fit stands below, indented.
    fn text(&self) -> String {
        let mut out = format!("\n{}\n", self.title);
        if self.rows.is_empty() {
            out.push_str("   none\n");
            return out;
        }
        let cells = || std::iter::once(&self.head).chain(&self.rows);
        let wide = |at: usize| {
            let width = |row: &Vec<String>| row.get(at).map_or(0, |cell| cell.chars().count());
            cells().map(width).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(wide).collect();
        let fits = widths.iter().sum::<usize>() + 2 * widths.len() < 78;
        for (number, row) in cells().enumerate() {
            if fits {
                let cell = |(at, text): (usize, &String)| match at < self.words {
                    true => format!("{text:<0$}  ", widths[at]),
                    false => format!("{text:>0$}  ", widths[at]),
                };
                let line: String = row.iter().enumerate().map(cell).collect();
                out.push_str(&format!("   {}\n", line.trim_end()));
            } else if number > 0 {
                // A row a paragraph: the columns' names stand with their values.
                let (first, rest) =
                    row.split_first().map_or(("", row.as_slice()), |(f, r)| (f.as_str(), r));
                out.push_str(&format!("   {first}\n"));
                for (name, cell) in self.head[1..].iter().zip(rest) {
                    out.push_str(&wrapped(cell, &format!("      {name}: "), 80));
                    out.push('\n');
                }
            }
        }
        out
    }
}

impl Report<'_> {
    fn from(&self) -> String {
        let looked = self.looked;
        let until = looked.until.map_or_else(|| "nothing".to_owned(), |at| at.to_string());
        let manifests: Vec<_> = looked.manifests.iter().map(|hash| hex(hash)).collect();
        format!(
            "Trial {}. Counted from {} entries until {until}, root {}; manifest {}. Program {PROGRAM}.",
            looked.trial,
            looked.size,
            hex(&looked.root),
            manifests.join(", ")
        )
    }

    /// For the terminal.
    pub fn text(&self) -> String {
        let mut out = format!("{MARK}\n{}\n{}\n", self.title, wrapped(&self.from(), "", 80));
        self.parts.iter().for_each(|part| out.push_str(&part.text()));
        for note in self.notes {
            out.push('\n');
            out.push_str(&wrapped(note, "", 80));
        }
        if !self.notes.is_empty() {
            out.push('\n');
        }
        out.push_str(MARK);
        out
    }

    /// For programs.
    pub fn data(&self) -> Value {
        let looked = self.looked;
        let parts = self.parts.iter().filter(|part| !part.data.is_null());
        let parts: serde_json::Map<String, Value> =
            parts.map(|part| (part.id.clone(), part.data.clone())).collect();
        json!({
            "mark": MARK, "report": self.title, "trial": looked.trial, "entries": looked.size,
            "until": looked.until.map(|at| at.to_string()), "root": hex(&looked.root),
            "manifests": looked.manifests.iter().map(|hash| hex(hash)).collect::<Vec<_>>(),
            "program": PROGRAM, "parts": parts,
        })
    }

    /// For the printer.
    pub fn page(&self) -> String {
        let title = format!("{}: {}", self.title, self.looked.trial);
        let mut sheet = Sheet::new(&title).marked(MARK);
        sheet.paragraph(&self.from());
        for part in &self.parts {
            sheet.heading(&part.title);
            if part.rows.is_empty() {
                sheet.paragraph("None.");
                continue;
            }
            let head: Vec<&str> = part.head.iter().map(String::as_str).collect();
            sheet.table("", &head, part.words, &part.rows);
        }
        sheet.points(&texts(self.notes));
        sheet.to_html()
    }
}

/// What stands under a report.
pub const PROGRAM: &str = concat!("klero ", env!("CARGO_PKG_VERSION"));
