//! What is masked before two worlds are compared, place by place, and why. A masked value still shows its form and its
//! length; a value of another form than its place promises is not masked at all.

use crate::Record;
use klero::sealing::bytes::hex;
use serde_json::{Value, json};

/// What stands at a masked place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Bytes in lower-case hexadecimal.
    Hex,
    /// The same in groups of four, as people compare it.
    Groups,
    /// The value of a named line of the manifest's file, in hexadecimal.
    ManifestLine(&'static str),
    /// The root, and the signature, of a checkpoint's note.
    Note,
    /// The machine's own time: a date, or a duration.
    Time,
}

impl Holds {
    /// Not of the list: it may be the same in both worlds by chance, and may have another length.
    pub fn is_of_the_machine(self) -> bool {
        self == Holds::Time
    }
}

/// A masked place.
pub struct Place {
    /// In which document.
    pub document: &'static str,
    /// Where in it; `*` is every member of a list.
    pub at: &'static str,
    /// What stands there.
    pub holds: Holds,
    /// Why it cannot be the same in both worlds.
    pub because: &'static str,
}

const fn place(
    document: &'static str,
    at: &'static str,
    holds: Holds,
    because: &'static str,
) -> Place {
    Place { document, at, holds, because }
}

const SEALED: &str = "the sealed arm itself";
const RECORD: &str = "a sealed pharmacy record, which tells the arm";
const HASHED: &str = "hashed from a sealed pharmacy record";
const LEAVES: &str = "hashed from the leaves, which hold arm and salt";
const MANIFEST: &str = "a hash over the manifest, whose root is hashed from the leaves";
const CHAIN: &str = "hashed over the entries, the first of which holds the manifest's hash";
const TOOK: &str = "how long the machine took this time";
const TOGETHER: &str =
    "whether a session's last-seen minute went into the group of the act after it";
const LATE: &str = "whether the last session's last-seen minute was kept before they were asked";
const RANDOM: &str = "ECDSA is randomised, over what is hashed from the entries or the leaves";

/// Every masked place.
pub const MASKED: &[Place] = &[
    // A release: the one answer with a sealed arm.
    place("answer", "/slot/sealed", Holds::Hex, SEALED),
    place("answer", "/slot/leafPath/path/*", Holds::Hex, LEAVES),
    place("answer POST /v1/drills", "/manifest", Holds::ManifestLine("signature"), RANDOM),
    place("answer GET /v1/pharmacy-records/{centre}", "/records/*/sealed", Holds::Hex, RECORD),
    place("answer GET /v1/pharmacy-records/{centre}", "/records/*/proof/*", Holds::Hex, CHAIN),
    place("answer GET /v1/sealed-parts/{release}", "/records/*/sealed", Holds::Hex, RECORD),
    place("answer GET /v1/sealed-parts/{release}", "/records/*/proof/*", Holds::Hex, CHAIN),
    // The receipt of any act, and proofs.
    place("answer", "/receipt/proof/*", Holds::Hex, CHAIN),
    place("answer", "/receipt/checkpoint", Holds::Note, CHAIN),
    place("answer GET /v1/trail/{entry}/proof", "/proof/*", Holds::Hex, CHAIN),
    place("answer GET /v1/trail/{entry}/proof", "/checkpoint", Holds::Note, CHAIN),
    place("answer GET /v1/trail", "/checkpoint", Holds::Note, CHAIN),
    place("answer GET /v1/checkpoints/latest", "/checkpoint", Holds::Note, CHAIN),
    place("answer GET /v1/checkpoints/consistency", "/proof/*", Holds::Hex, CHAIN),
    // The public commitment and the list's report.
    place("answer GET /v1/commitment", "/manifest", Holds::ManifestLine("root"), LEAVES),
    place("answer GET /v1/commitment", "/manifest", Holds::ManifestLine("signature"), RANDOM),
    place("answer GET /v1/lists", "/lists/*/manifest", Holds::Hex, MANIFEST),
    place("answer GET /v1/lists", "/lists/*/root", Holds::Hex, LEAVES),
    place("report", "/root", Holds::Hex, LEAVES),
    place("report", "/signature", Holds::Hex, RANDOM),
    // Lines of the trail, wherever they stand.
    place("line", "/prev", Holds::Hex, CHAIN),
    place("line founded", "/data/manifest", Holds::Hex, MANIFEST),
    place("line founded", "/data/file", Holds::Hex, "a hash over the manifest's signed file"),
    place("line list-imported", "/data/manifest", Holds::Hex, MANIFEST),
    place("line list-imported", "/data/file", Holds::Hex, "a hash over the manifest's signed file"),
    place("line list-imported", "/data/report", Holds::Hex, "a hash over the signed report"),
    place("line list-imported", "/data/root", Holds::Hex, LEAVES),
    place("line list-imported", "/data/package", Holds::Hex, "a hash over all sealed arms"),
    place("line drill-list-imported", "/data/file", Holds::Hex, "a hash over a signed file"),
    place("line drill-list-imported", "/data/package", Holds::Hex, "a hash over a signed file"),
    place("line drill-opened", "/data/signature", Holds::Hex, RANDOM),
    place("line list-reviewed", "/data/manifest", Holds::Hex, MANIFEST),
    place("line opened", "/data/signature", Holds::Hex, RANDOM),
    place("line break-imported", "/data/record-signature", Holds::Hex, "ECDSA is randomised"),
    place("line key-granted", "/data/signature", Holds::Hex, "ECDSA is randomised"),
    place("line slot-key-passed", "/data/signature", Holds::Hex, "ECDSA is randomised"),
    place("line preparation-recorded", "/data/sealed", Holds::Hex, HASHED),
    place("line stock-recorded", "/data/sealed", Holds::Hex, HASHED),
    place("line sealed-part-kept", "/data/sealed", Holds::Hex, HASHED),
    place("line key-rotated", "/data/file", Holds::Hex, "a hash over a file with sealed arms"),
    place("line key-rotated", "/data/sealed", Holds::Hex, "a hash over sealed arms"),
    place("line key-rotated", "/data/wraps/*/signature", Holds::Hex, "ECDSA is randomised"),
    place("line trail-exported", "/data/sha256", Holds::Hex, CHAIN),
    // Pages: what is hashed from list or trail stands in elements of its own.
    place("page", "root", Holds::Groups, LEAVES),
    place("page", "hash", Holds::Hex, CHAIN),
    place("page", "checkpoint", Holds::Note, CHAIN),
    // The checkpoint of an export.
    place("export", "/checkpoint", Holds::Note, CHAIN),
    // Rows.
    place("row of entries", "/leaf", Holds::Hex, CHAIN),
    place("row of nodes", "/hash", Holds::Hex, CHAIN),
    place("row of slots", "/leaf", Holds::Hex, LEAVES),
    place("row of slots", "/sealed", Holds::Hex, SEALED),
    place("row of sealed_records", "/sealed", Holds::Hex, RECORD),
    place("row of sealed_break_records", "/sealed", Holds::Hex, RECORD),
    place("row of resealed", "/sealed", Holds::Hex, SEALED),
    place("row of centre_keys", "/sealed", Holds::Hex, "a hash over sealed arms"),
    place("row of lists", "/manifest", Holds::Hex, MANIFEST),
    place("row of lists", "/file", Holds::Hex, "a hash over the manifest's signed file"),
    place("row of lists", "/report", Holds::Hex, "a hash over the signed report"),
    place("row of lists", "/root", Holds::Hex, LEAVES),
    place("row of drill_lists", "/file", Holds::Hex, "a hash over a signed file"),
    place("row of contents: manifest", "/hash", Holds::Hex, "a hash over the manifest's file"),
    place("row of contents: manifest", "/bytes", Holds::ManifestLine("root"), LEAVES),
    place("row of contents: manifest", "/bytes", Holds::ManifestLine("signature"), RANDOM),
    place("row of contents: report", "/hash", Holds::Hex, "a hash over the signed report"),
    place("row of repeats: opened", "/body", Holds::Hex, "a hash over a body with a signature"),
    place(
        "row of repeats: break-imported",
        "/body",
        Holds::Hex,
        "a hash over a body with a signature",
    ),
    place(
        "row of repeats: drill-opened",
        "/body",
        Holds::Hex,
        "a hash over a body with a signature",
    ),
    place(
        "row of repeats: key-granted",
        "/body",
        Holds::Hex,
        "a hash over a body with a signature",
    ),
    place(
        "row of repeats: slot-key-passed",
        "/body",
        Holds::Hex,
        "a hash over a body with a signature",
    ),
    place("row of repeats: preparation-recorded", "/body", Holds::Hex, HASHED),
    place("row of repeats: stock-recorded", "/body", Holds::Hex, HASHED),
    place("row of repeats: sealed-part-kept", "/body", Holds::Hex, HASHED),
    place("row of repeats: key-rotated", "/body", Holds::Hex, "a hash over sealed arms"),
    // The machine's own.
    place("headers", "/date", Holds::Time, "the web server's own clock, which no list reaches"),
    place("log", "/fields/duration_ms", Holds::Time, TOOK),
    place("metrics", "klero_request_seconds_bucket", Holds::Time, TOOK),
    place("metrics", "klero_request_seconds_sum", Holds::Time, TOOK),
    place("metrics", "klero_commit_seconds_bucket", Holds::Time, TOOK),
    place("metrics", "klero_commit_seconds_sum", Holds::Time, TOOK),
    place("metrics", "klero_checkpoint_put_seconds_bucket", Holds::Time, TOOK),
    place("metrics", "klero_checkpoint_put_seconds_sum", Holds::Time, TOOK),
    place("metrics", "klero_commit_seconds_count", Holds::Time, TOGETHER),
    place("metrics", "klero_writer_group_acts_bucket", Holds::Time, TOGETHER),
    place("metrics", "klero_writer_group_acts_count", Holds::Time, TOGETHER),
    place("metrics", "klero_writer_group_acts_sum", Holds::Time, LATE),
    place("metrics", "klero_writer_acts_total", Holds::Time, LATE),
    place("metrics", "klero_writer_waiting", Holds::Time, TOGETHER),
    place("metrics", "klero_write_ahead_log_bytes", Holds::Time, TOGETHER),
];

/// Texts that are documents of their own: they are not masked, but looked into.
const INSIDE: &[(&str, &str, &str)] = &[
    ("answer", "/receipt/entry", "line"),
    ("answer GET /v1/trail/{entry}/proof", "/entry", "line"),
    ("answer GET /v1/trail", "/lines/*", "line"),
    ("answer GET /v1/pharmacy-records/{centre}", "/records/*/line", "line"),
    ("answer GET /v1/sealed-parts/{release}", "/records/*/line", "line"),
    ("answer GET /v1/lists", "/lists/*/report", "report"),
    ("row of entries", "/line", "line"),
    ("row of contents: report", "/bytes", "report"),
];

/// A record with everything masked.
pub struct Told {
    /// What each page is, and its text.
    pub pages: Vec<(String, String)>,
    /// What was masked, place by place.
    pub hidden: Vec<Vec<String>>,
}

/// Masks a record.
pub fn mask(record: &Record) -> Told {
    let mut masker = Masker { hidden: MASKED.iter().map(|_| vec![]).collect() };
    let mut pages = vec![];
    for told in &record.told {
        let name = format!("{} {} {}", told.who, told.route, told.path);
        let documents = ["answer".to_owned(), format!("answer {}", told.route)];
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        pages.push((format!("status of {name}"), told.status.to_string()));
        // The web server sends its headers in an order that it rolls anew each time; a name may come twice.
        let mut headers: Vec<String> = vec![];
        // Metrics are compared line by line below, their measured numbers masked; their length is that of those numbers.
        let measured = |header: &str| told.path == "/metrics" && header == "content-length";
        for (header, value) in told.headers.iter().filter(|(header, _)| !measured(header)) {
            let mut value = json!({ header: value });
            masker.visit(&["headers"], &mut value);
            headers.push(value.to_string());
        }
        headers.sort();
        pages.push((format!("headers of {name}"), headers.join("\n")));
        if told.path != "/metrics" {
            pages.push((format!("length of {name}"), told.text.len().to_string()));
        }
        pages.push((format!("body of {name}"), masker.document(&documents, &told.text)));
    }
    for (at, line) in record.log.iter().enumerate() {
        let line = without_fraction(line);
        pages.push((format!("log line {at}"), masker.document(&["log"], &line)));
    }
    for (at, line) in record.export.iter().enumerate() {
        let length = line.len();
        pages.push((format!("exported line {at} of {length}"), masker.document(&["line"], line)));
    }
    let mut end = json!({"checkpoint": record.checkpoint});
    masker.visit(&["export"], &mut end);
    pages.push(("checkpoint of the export".to_owned(), end.to_string()));
    for (at, (table, row)) in record.rows.iter().enumerate() {
        let table = format!("row of {table}");
        let kind = kind_of(record, &table, row);
        let mut row = row.clone();
        masker.visit(&[&table, &format!("{table}: {kind}")], &mut row);
        pages.push((format!("{at} {table}"), row.to_string()));
    }
    for (name, size) in &record.sizes {
        pages.push((format!("size: {name}"), size.to_string()));
    }
    Told { pages, hidden: masker.hidden }
}

/// Which of the kept texts a row is, or of which act a remembered answer is. Told by the rows that name them.
fn kind_of(record: &Record, table: &str, row: &Value) -> String {
    let lists = |column: &str| {
        let lists =
            record.rows.iter().filter(|(table, _)| table == "lists" || table == "drill_lists");
        lists.into_iter().any(|(_, list)| list[column] == row["hash"])
    };
    match table {
        "row of contents" => {
            let kind = if lists("file") { "manifest" } else { "other" };
            (if lists("report") { "report" } else { kind }).to_owned()
        }
        "row of repeats" => {
            let seq = row["seq"].as_u64().unwrap_or(u64::MAX) as usize;
            let line = record.export.get(seq).map_or("null", String::as_str);
            let line: Value = serde_json::from_str(line).unwrap_or(Value::Null);
            line["act"].as_str().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

struct Masker {
    hidden: Vec<Vec<String>>,
}

impl Masker {
    /// Masks a text that is JSON as the service writes it. Any other text is compared as it is.
    fn document(&mut self, documents: &[&str], text: &str) -> String {
        if text.starts_with("<!doctype html>") {
            return self.page(text);
        }
        if text.starts_with("# TYPE klero_") {
            return text.lines().map(|line| self.metric(line) + "\n").collect();
        }
        if documents.contains(&"answer GET /v1/exports/trail") && !text.starts_with("{\"type\"") {
            return self.exported(text);
        }
        let Ok(mut value) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
        let written_again = value.to_string();
        if written_again != text {
            return text.to_owned();
        }
        let mut documents = documents.to_vec();
        let of_act = format!("line {}", value["act"].as_str().unwrap_or_default());
        if documents == ["line"] {
            documents.push(&of_act);
        }
        self.visit(&documents, &mut value);
        value.to_string()
    }

    /// Masks a line of metrics: the value of a sample, never its name or its labels.
    fn metric(&mut self, line: &str) -> String {
        let Some((sample, value)) = line.rsplit_once(' ').filter(|_| !line.starts_with('#')) else {
            return line.to_owned();
        };
        let name = sample.split('{').next().unwrap_or_default();
        let here = |place: &Place| place.document == "metrics" && place.at == name;
        let Some(number) = MASKED.iter().position(here) else { return line.to_owned() };
        let value = serde_json::from_str(value).unwrap_or(Value::Null);
        match hide(MASKED[number].holds, &value) {
            Some((hidden, shown)) => {
                self.hidden[number].push(hidden);
                format!("{sample} {shown}")
            }
            None => line.to_owned(),
        }
    }

    /// Masks an exported trail: line by line, or row by row of a table whose cells hold what a line says.
    fn exported(&mut self, text: &str) -> String {
        if text.starts_with("{\"v\":1,") {
            let masked: Vec<String> = text
                .lines()
                .map(|line| format!("{} bytes: {}", line.len(), self.document(&["line"], line)))
                .collect();
            return masked.join("\n");
        }
        let plain = text.trim_start_matches('\u{feff}');
        let mut rows = csv::Reader::from_reader(plain.as_bytes());
        let mut masked = vec![format!("{:?}", rows.headers().expect("a head"))];
        for row in rows.records() {
            let row = row.expect("a row");
            let data: Value = serde_json::from_str(&row[8]).expect("what is said");
            let mut line = json!({"act": &row[4], "data": data});
            self.visit(&["line", &format!("line {}", &row[4])], &mut line);
            let rest: Vec<&str> = (0..8).chain(9..row.len()).map(|at| &row[at]).collect();
            masked.push(format!("{rest:?} {line}"));
        }
        masked.join("\n")
    }

    /// Masks a page: `<code class="…">` around each value, the class being the place.
    fn page(&mut self, html: &str) -> String {
        let mut shown = html.to_owned();
        for (number, place) in MASKED.iter().enumerate().filter(|(_, p)| p.document == "page") {
            shown = elements(&shown, place.at, &mut |text| {
                let (hidden, shown) = hide(place.holds, &text.into())?;
                self.hidden[number].push(hidden);
                Some(shown)
            });
        }
        for inside in ["line", "report"] {
            shown = elements(&shown, inside, &mut |text| {
                Some(format!("{} bytes: {}", text.len(), self.document(&[inside], text)))
            });
        }
        shown
    }

    fn visit(&mut self, documents: &[&str], value: &mut Value) {
        for (document, at, inside) in INSIDE.iter().filter(|inside| documents.contains(&inside.0)) {
            let _ = document;
            each(value, at, &mut |found| {
                if let Some(text) = found.as_str() {
                    let masked = self.document(&[inside], text);
                    *found = format!("{} bytes: {masked}", text.len()).into();
                }
            });
        }
        for (number, place) in MASKED.iter().enumerate() {
            if documents.contains(&place.document) {
                each(value, place.at, &mut |found| {
                    if let Some((hidden, shown)) = hide(place.holds, found) {
                        self.hidden[number].push(hidden);
                        *found = shown.into();
                    }
                });
            }
        }
    }
}

/// A page with the texts of all its elements `<code class="…">` changed, where `change` has something better.
fn elements(html: &str, class: &str, change: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let open = format!("<code class=\"{class}\">");
    let mut parts = html.split(&open);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inside, rest) = part.split_once("</code>").unwrap_or((part, ""));
        let plain = inside.replace("&#34;", "\"").replace("&#38;", "&");
        let changed = change(&plain).unwrap_or_else(|| inside.to_owned());
        out.push_str(&format!("{open}{changed}</code>{rest}"));
    }
    out
}

/// A log line whose duration is a whole number: a fraction is not written again as it was read.
fn without_fraction(line: &str) -> String {
    let name = "\"duration_ms\":";
    let Some(start) = line.find(name).map(|at| at + name.len()) else { return line.to_owned() };
    let rest = line[start..].trim_start_matches(|c: char| c.is_ascii_digit() || ".e-".contains(c));
    format!("{}0{rest}", &line[..start])
}

/// Calls `act` on what stands at `at`, if anything does.
fn each(value: &mut Value, at: &str, act: &mut dyn FnMut(&mut Value)) {
    let Some(rest) = at.strip_prefix('/') else { return act(value) };
    let (name, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    match value {
        Value::Array(list) if name == "*" => list.iter_mut().for_each(|v| each(v, rest, act)),
        Value::Object(object) => {
            if let Some(found) = object.get_mut(name) {
                each(found, rest, act);
            }
        }
        _ => {}
    }
}

/// What is hidden, and what is shown instead; nothing when the value does not have the form of its place.
fn hide(holds: Holds, value: &Value) -> Option<(String, String)> {
    if holds == Holds::Time {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let formed = value.is_number() || text.ends_with(" GMT") && text.len() == 29;
        return formed.then_some((text, "a time".to_owned()));
    }
    let text = value.as_str()?;
    match holds {
        Holds::Hex => is_hex(text).then(|| (text.to_owned(), format!("{} hex digits", text.len()))),
        Holds::ManifestLine(name) => {
            let head = format!("\n{name}: ");
            let start = text.find(&head)? + head.len();
            let hidden = text[start..].lines().next()?;
            let shown = format!("{} hex digits", hidden.len());
            is_hex(hidden).then(|| (hidden.to_owned(), text.replacen(hidden, &shown, 1)))
        }
        Holds::Groups => {
            let plain = text.split(' ').all(|group| group.len() <= 4 && is_hex(group));
            plain.then(|| (text.to_owned(), format!("{} in groups", text.len())))
        }
        Holds::Note => note(text),
        Holds::Time => None,
    }
}

/// `origin ⏎ size ⏎ root ⏎ ⏎ — name signature ⏎`: root and signature are hidden, and their lengths shown.
fn note(text: &str) -> Option<(String, String)> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let (name, signature) = lines.get(4)?.rsplit_once(' ')?;
    let root = *lines.get(2)?;
    let base64 =
        |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    if lines.len() != 6 || !lines[5].is_empty() || !base64(root) || !base64(signature) {
        return None;
    }
    let hidden = format!("{root} {signature}");
    let shown = format!("{} of base64", root.len());
    // The first five characters name the key alone.
    let signed = format!("{name} {}, {} of base64", &signature[..5], signature.len());
    lines[2] = &shown;
    lines[4] = &signed;
    Some((hidden, lines.join("\n")))
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A row's bytes are hexadecimal exactly as here.
#[test]
fn hexadecimal_is_recognised() {
    assert!(is_hex(&hex(&[0, 171, 255])) && !is_hex("AB") && !is_hex(""));
}
