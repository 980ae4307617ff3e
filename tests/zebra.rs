//! The zebra test (I1): the statistician names the arms ZEBRA and OKAPI, the whole story is told, holders open at home;
//! then everything the service keeps, logs or says is searched for both words, for every centre key, the list secret
//! and every salt. And the thief's test (I10): what is stolen opens nothing until the last part of it is stolen too.

mod story;

use klero::cli::stage::{CENTRES, TRIAL};
use klero::dice::{Dice, FixedDice, roll};
use klero::domain::ids::{CentreId, Code, PersonId, StratumId};
use klero::sealing::bytes::{hex, sha256};
use klero::sealing::centre_key::CentreKey;
use klero::sealing::identity::Identity;
use klero::sealing::lock::ServerSecret;
use klero::sealing::manifest::{Manifest, SignedManifest};
use klero::sealing::open::open;
use klero::sealing::package::Package;
use klero::sealing::slot::{LeafPath, LockedArm, Place, SealedArm, Wrap, centre_of};
use klero::sealing::tree;
use klero::sealing::wrap::{WrapPlace, unwrap};
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, OpenFlags};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use story::sign_on::SUBJECT;
use story::{SEED, World, log};

/// The two words. The trial file names the arms, and so does the manifest; nothing else may.
const WORDS: [&str; 2] = ["zebra", "okapi"];

/// The arms' ids: long enough that their base64 does not come up by chance.
const ARMS: [&str; 2] = ["zebra-infusion", "okapi-infusion"];

/// The trial file with the arms renamed: ids, names, preparations.
fn zebra_trial() -> String {
    let renamed = [
        ("belimumab", "ZEBRA"),
        ("Belimumab", "Zebra"),
        ("placebo", "OKAPI"),
        ("Normal saline", "Okapi"),
        ("贝利尤单抗", "斑马 ZEBRA"),
        ("生理盐水", "霍加狓 OKAPI"),
        ("安慰剂", "OKAPI"),
    ];
    let text = renamed.iter().fold(TRIAL.to_owned(), |text, (from, to)| text.replace(from, to));
    let text = text.replace("id = \"ZEBRA\"", "id = \"zebra-infusion\"");
    text.replace("id = \"OKAPI\"", "id = \"okapi-infusion\"")
}

/// What the story left behind, and what is looked for in it.
struct Remains {
    /// Everything the service keeps, logs or says: a name, and its bytes.
    hay: Vec<(String, Vec<u8>)>,
    /// The manifest's file, that of the training list, and the trial file.
    public: [String; 3],
    /// What must not be found: a name, and its bytes.
    secrets: Vec<(String, Vec<u8>)>,
    /// Who was given a key with the list, and its wrap.
    packed: Vec<(String, Vec<u8>)>,
    /// The stolen goods.
    loot: Loot,
    /// What tells a person: enrolment numbers, codes as kept and as spoken, every text that is kept beside a line.
    persons: BTreeSet<String>,
}

/// What a thief may take.
struct Loot {
    database: Vec<Locked>,
    /// Whatever in it has a wrap's length, whether or not a table still says whose it is.
    wraps: Vec<Wrap>,
    /// Every value of 32 bytes in it.
    keys: Vec<[u8; 32]>,
    manifest: Manifest,
    secret: [u8; 32],
    identities: BTreeMap<String, Identity>,
}

struct Locked {
    place: Place,
    sealed: Vec<u8>,
    path: LeafPath,
}

fn remains() -> &'static Remains {
    static REMAINS: OnceLock<Remains> = OnceLock::new();
    REMAINS.get_or_init(|| {
        log::listen("trace,mio=off");
        Remains::of(World::raise("zebra", Some(zebra_trial()), false))
    })
}

impl Remains {
    fn of(mut world: World) -> Self {
        world.play();
        world.read_everything();
        let arms: BTreeSet<&str> = world.opened.iter().map(|(_, arm)| arm.as_str()).collect();
        assert_eq!(arms, BTreeSet::from(ARMS), "both arms were opened at home");
        let mut hay = vec![];
        let mut export = String::new();
        let checkpoint = world.stage.house().export_trail(|line| {
            export.push_str(line);
            export.push('\n');
            Ok(())
        });
        hay.push(("export".to_owned(), export.into_bytes()));
        hay.push(("checkpoint of the export".to_owned(), checkpoint.expect("an export").into()));
        let backup = world.folder.join("backup.db");
        world.stage.house().store.backup_to(&backup).expect("a backup can be made");
        // While the service runs: the write-ahead log is full of what was written last.
        for file in walk(&world.folder) {
            let name = format!("file {}", file.file_name().unwrap_or_default().display());
            hay.push((name, fs::read(&file).expect("the file can be read")));
        }
        let loot = Loot::of(&world, &backup);
        let persons = persons(&backup);
        world.end();
        // What was taken away is missed neither by the trail nor by the tables that follow from it.
        world.stage.folder.verify(true).expect("trail and tables agree after the story");
        let database = fs::read(world.stage.folder.database()).expect("the database is there");
        hay.push(("the database after the end".to_owned(), database));
        let manifest = world.stage.study.manifest.to_file_text();
        let public = [manifest, drill_manifest(&world), zebra_trial()];
        for told in &world.told {
            let name = format!("{} {} {}", told.who, told.route, told.path);
            hay.push((format!("headers of {name}"), format!("{:?}", told.headers).into()));
            let body = without_public_text(told, &public);
            hay.push((format!("body of {name}"), body.into()));
        }
        hay.push(("log".to_owned(), log::heard().into_bytes()));
        let secrets = secrets(&world, &loot);
        let package = Package::read(&world.stage.study.package).expect("the package that was sent");
        let packed = package.wraps.iter().map(|packed| {
            let wrap = packed.wrap.as_bytes().to_vec();
            (packed.person.to_string(), wrap)
        });
        let packed = packed.collect();
        Self { hay, public, secrets, packed, loot, persons }
    }
}

/// The training list's manifest as holders read it: the one that was drawn, signed at home.
fn drill_manifest(world: &World) -> String {
    let told = world.told.iter().find(|told| told.route == "POST /v1/drills" && told.status == 201);
    let told = told.expect("somebody practised").body()["manifest"].as_str().map(str::to_owned);
    let told = told.expect("a drill shows its manifest");
    let read = SignedManifest::parse(&told).expect("a manifest");
    let drawn = Package::read(&world.stage.drill_package(0, 1)).expect("the list that was sent");
    assert_eq!(read.manifest, drawn.manifest.manifest, "signed anew each time, and else the same");
    assert!(read.is_genuine() && read.to_file_text() == told, "a manifest and nothing beside it");
    told
}

/// A body; of the routes that are there to show a public text, without that text. Training lists' manifests and the
/// trial file go to holders' devices alone.
fn without_public_text(told: &story::Told, [manifest, drill, trial]: &[String; 3]) -> String {
    let mut body = told.body();
    for (route, field, text) in [
        ("GET /v1/commitment", "manifest", manifest),
        ("POST /v1/drills", "manifest", drill),
        ("GET /v1/trial/file", "file", trial),
    ] {
        if told.route == route && body[field] == *text {
            body[field] = "".into();
            return body.to_string();
        }
    }
    told.text.clone()
}

/// Numbers, codes, birth dates, initials, reasons, free text: whatever of people is kept anywhere. Words that a form offers
/// are too short to be told from the program's own.
fn persons(database: &Path) -> BTreeSet<String> {
    let open = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let database = open.expect("the backup is a database");
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).expect("a query");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("texts")
    };
    let mut all = BTreeSet::from_iter(texts("SELECT number FROM participants"));
    for code in texts("SELECT code FROM slots") {
        let spoken = Code::parse(&code).expect("a code").grouped();
        all.extend([code, spoken]);
    }
    for record in texts("SELECT record FROM private_records") {
        leaves(&serde_json::from_str(&record).expect("a record"), &mut all);
    }
    all
}

fn leaves(value: &serde_json::Value, all: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) if text.len() > 7 => drop(all.insert(text.clone())),
        serde_json::Value::Array(list) => list.iter().for_each(|value| leaves(value, all)),
        serde_json::Value::Object(fields) => fields.values().for_each(|value| leaves(value, all)),
        _ => {}
    }
}

/// Every file of a folder.
fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

/// Everything that must stay on the statistician's machine, on the holders' devices, or in people's heads.
fn secrets(world: &World, loot: &Loot) -> Vec<(String, Vec<u8>)> {
    let study = &world.stage.study;
    let mut all = vec![("list secret".to_owned(), study.secret.bytes().to_vec())];
    for row in study.list.rows() {
        all.push((format!("salt of {} {}", row.stratum, row.position), row.salt.to_vec()));
    }
    let keys = centre_keys(loot);
    assert_eq!(keys.len(), 4, "the key of every centre is known here");
    all.extend(keys.into_iter().map(|(centre, key)| (format!("key of {centre}"), key.to_vec())));
    all
}

/// The centre keys, found again among everything the statistician's dice gave: a key is the one that opens a slot. That
/// dice gave it is no weakness here: they are fixed in tests alone.
fn centre_keys(loot: &Loot) -> BTreeMap<String, [u8; 32]> {
    let dice = FixedDice::new(SEED ^ 0x0ff1_1e00);
    let rolls: Vec<[u8; 32]> = (0..1000).map(|_| roll(&dice as &dyn Dice)).collect();
    let mut keys = BTreeMap::new();
    for slot in loot.database.iter().filter(|slot| slot.place.position == 0) {
        let sealed = loot.lifted(slot);
        let centre = centre_of(&slot.place.stratum).expect("a stratum begins with its centre");
        let fits = |key: &&[u8; 32]| loot.opens(slot, &sealed, &CentreKey::from_bytes(**key));
        keys.extend(rolls.iter().find(fits).map(|key| (centre.to_string(), *key)));
    }
    keys
}

/// Ways to write bytes: as they are, in hexadecimal small and large, in base64 of both alphabets at each of its three
/// beginnings (without the characters at the ends, into which neighbours are mixed).
fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec(), hex(bytes).into_bytes(), hex(bytes).to_uppercase().into()];
    for before in 0..3 {
        let text = base64(&[&vec![0; before][..], bytes].concat());
        let start = [0, 2, 3][before];
        let inner = text[start..].trim_end_matches('=');
        let inner = if (before + bytes.len()).is_multiple_of(3) { inner } else { cut_last(inner) };
        all.push(inner.as_bytes().to_vec());
        all.push(inner.replace('+', "-").replace('/', "_").into_bytes());
    }
    all
}

fn cut_last(text: &str) -> &str {
    &text[..text.len() - 1]
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |n: usize| u32::from(chunk.get(n).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    text
}

/// Looks for many things at once.
struct Search<'s> {
    /// By the first six bytes: the rest, and what it is.
    needles: HashMap<[u8; 6], Vec<(Vec<u8>, &'s str)>>,
    /// The first two bytes of any of them.
    begins: Vec<bool>,
}

const HEAD: usize = 6;

impl<'s> Search<'s> {
    fn new(secrets: &'s [(String, Vec<u8>)]) -> Self {
        let mut search = Self { needles: HashMap::new(), begins: vec![false; 1 << 16] };
        for (name, bytes) in secrets {
            for needle in spellings(bytes) {
                search.add(name, needle);
            }
        }
        for arm in ARMS {
            for written in [arm.to_owned(), arm.to_uppercase()] {
                // As it is, it is looked for word by word.
                for needle in spellings(written.as_bytes()).split_off(1) {
                    search.add(arm, needle);
                }
            }
        }
        for word in WORDS {
            for written in [word.to_owned(), word.to_uppercase()] {
                let plain = hex(written.as_bytes());
                search.add(word, plain.to_uppercase().into());
                search.add(word, plain.into());
            }
        }
        search
    }

    fn add(&mut self, name: &'s str, needle: Vec<u8>) {
        let head: [u8; HEAD] = needle[..HEAD].try_into().expect("a needle is long");
        self.begins[usize::from(head[0]) << 8 | usize::from(head[1])] = true;
        self.needles.entry(head).or_default().push((needle, name));
    }

    /// What is found first, and where.
    fn find(&self, hay: &[u8]) -> Option<(usize, &'s str)> {
        for (at, head) in hay.windows(HEAD).enumerate() {
            if !self.begins[usize::from(head[0]) << 8 | usize::from(head[1])] {
                continue;
            }
            let Some(needles) = self.needles.get(head) else { continue };
            let here = needles.iter().find(|(needle, _)| hay[at..].starts_with(needle));
            if let Some((_, name)) = here {
                return Some((at, name));
            }
        }
        None
    }
}

/// Where a word stands, in letters small or large. Five letters may come up inside forty or more characters of base64
/// by chance: there the arms are looked for as base64, among what [`Search`] finds.
fn find_word(hay: &[u8]) -> Option<(usize, &'static str)> {
    for (at, first) in hay.iter().enumerate() {
        let begins = |word: &&str| {
            let long = word.as_bytes();
            first.eq_ignore_ascii_case(&long[0])
                && hay[at..].get(..long.len()).is_some_and(|here| here.eq_ignore_ascii_case(long))
        };
        match WORDS.into_iter().find(begins) {
            Some(word) if !in_base64(hay, at) => return Some((at, word)),
            _ => {}
        }
    }
    None
}

fn in_base64(hay: &[u8], at: usize) -> bool {
    let sign = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let before = hay[..at].iter().rev().take_while(sign).count();
    before + hay[at..].iter().take_while(sign).count() >= 40
}

/// Cuts the public texts out of a file of the database. Its pages hold them in stretches: a stretch is cut when it
/// is as long as half a page, or reaches the text's beginning or end.
fn without_public(hay: &[u8], public: &[String]) -> Vec<u8> {
    const WINDOW: usize = 24;
    let mut cut = hay.to_vec();
    for text in public.iter().map(String::as_bytes) {
        let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (at, window) in text.windows(WINDOW).enumerate() {
            places.entry(window).or_default().push(at);
        }
        let mut at = 0;
        while at + WINDOW <= hay.len() {
            let stretch = |from: &usize| {
                let same = hay[at..].iter().zip(&text[*from..]).take_while(|(a, b)| a == b).count();
                let whole = *from == 0 || from + same == text.len();
                (same >= 2048 || whole).then_some(same)
            };
            let found = places.get(&hay[at..at + WINDOW]);
            match found.and_then(|from| from.iter().filter_map(stretch).max()) {
                Some(length) => {
                    cut[at..at + length].fill(0);
                    at += length;
                }
                None => at += 1,
            }
        }
    }
    cut
}

impl Remains {
    /// Everything that was found where it must not be.
    fn hits(&self) -> Vec<String> {
        let search = Search::new(&self.secrets);
        let mut hits = vec![];
        for (name, bytes) in &self.hay {
            if let Some((at, what)) = search.find(bytes) {
                hits.push(format!("{what} in {name} at {at}"));
            }
            let is_database = name.contains(".db") || name.contains("database");
            let cut = if is_database { without_public(bytes, &self.public) } else { bytes.clone() };
            if let Some((at, what)) = find_word(&cut) {
                let near = &cut[at.saturating_sub(60)..(at + 60).min(cut.len())];
                hits.push(format!("{what} in {name} at {at}: {}", String::from_utf8_lossy(near)));
            }
        }
        hits
    }
}

// shows: I1, CO-2
#[test]
fn neither_arms_nor_keys_nor_salts_are_anywhere_on_the_services_side() {
    let remains = remains();
    let names: Vec<&str> = remains.hay.iter().map(|(name, _)| name.as_str()).collect();
    for wanted in ["file klero.db", "file klero.db-wal", "file backup.db", "log", "export"] {
        assert!(names.contains(&wanted), "{wanted} is searched: {:?}", &names[..8]);
    }
    let large = |(_, bytes): &&(String, Vec<u8>)| bytes.len() > 10_000;
    assert!(remains.hay.iter().filter(large).count() > 10, "there is something to search");
    assert_eq!(remains.hits(), Vec::<String>::new());
}

/// Whose person is named in a text, if anybody's is.
fn names_somebody<'p>(text: &str, persons: &'p BTreeSet<String>) -> Option<&'p String> {
    persons.iter().find(|person| {
        text.match_indices(person.as_str()).any(|(at, found)| !is_by_chance(text, at, found))
    })
}

/// Seven digits inside a longer number, or behind its point, are a measured time and no code.
fn is_by_chance(text: &str, at: usize, found: &str) -> bool {
    let digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
    let (before, after) = (&text[..at], &text[at + found.len()..]);
    let whole = before.strip_suffix('.').unwrap_or(before);
    let longer = digit(whole.chars().last()) || digit(after.chars().next());
    found.bytes().all(|byte| byte.is_ascii_digit()) && longer
}

// shows: AT-15
#[test]
fn who_somebody_is_at_the_hospital_is_found_nowhere() {
    let remains = remains();
    let entered = |(_, bytes): &&(String, Vec<u8>)| {
        String::from_utf8_lossy(bytes).contains("\"way\":\"sign-on\"")
    };
    assert!(remains.hay.iter().any(|hay| entered(&hay)), "somebody entered by it");
    for (name, bytes) in &remains.hay {
        assert!(!String::from_utf8_lossy(bytes).contains(SUBJECT), "{name}");
    }
}

// shows: I1, CO-3, AC-8
#[test]
fn no_line_of_the_log_and_no_metric_names_a_person_a_code_a_birth_date_or_a_reason() {
    let remains = remains();
    for kind in ["RJS-001", "1988-01-01", "the demonstration's reason", "looked at again"] {
        let kept = remains.persons.iter().any(|person| person.contains(kind));
        assert!(kept, "{kind} is among what is looked for: {:?}", remains.persons);
    }
    let said = |name: &str| name == "log" || name.ends_with(" /metrics");
    let said = remains.hay.iter().filter(|(name, _)| said(name));
    let mut searched = 0;
    for (name, bytes) in said {
        for line in String::from_utf8_lossy(bytes).lines() {
            assert_eq!(names_somebody(line, &remains.persons), None, "{name}: {line}");
            searched += 1;
        }
    }
    assert!(searched > 3_000, "there is something to search: {searched}");
    for person in &remains.persons {
        let planted = format!("{{\"level\":\"INFO\",\"fields\":{{\"by\":\"{person}\"}}}}");
        assert!(names_somebody(&planted, &remains.persons).is_some(), "a search that sees");
    }
    let code = remains.persons.iter().find(|person| person.bytes().all(|b| b.is_ascii_digit()));
    let persons = BTreeSet::from([code.expect("a code").clone()]);
    for (around, seen) in [("code {}.", true), ("{}", true), ("3.{}s", false), ("1{}", false)] {
        let text = around.replace("{}", persons.first().expect("one"));
        assert_eq!(names_somebody(&text, &persons).is_some(), seen, "{text}");
    }
}

// shows: I1
#[test]
fn the_search_finds_a_planted_word_and_every_planted_secret_in_every_spelling() {
    let remains = remains();
    let search = Search::new(&remains.secrets);
    let (_, log) = remains.hay.last().expect("the log is searched last");
    let inside = |planted: &[u8]| [&log[..log.len().min(5000)], planted, b"\"}\n"].concat();
    for (name, bytes) in &remains.secrets {
        for (spelling, planted) in spellings(bytes).into_iter().enumerate() {
            assert!(search.find(&inside(&planted)).is_some(), "{name}, spelling {spelling}");
        }
    }
    for word in ["zebra", "ZEBRA", "Okapi", "isZebra", "arm=zebra-infusion"] {
        assert!(find_word(&inside(word.as_bytes())).is_some(), "{word}");
    }
    for before in ["", "a", "ab"] {
        let line = base64(format!("{before}the arm is zebra-infusion, said the note").as_bytes());
        assert!(search.find(&inside(line.as_bytes())).is_some(), "in the middle of base64");
    }
    assert!(search.find(&inside(b"7a65627261")).is_some(), "in hexadecimal");
    assert_eq!(find_word(&inside(b"nothing of the kind")), None);
    assert_eq!(base64(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
}

// shows: I1
#[test]
fn the_public_texts_are_cut_out_whole_and_nothing_beside_them_is() {
    let remains = remains();
    let mut found = 0;
    for (name, bytes) in &remains.hay {
        if name == "file klero.db" || name == "file backup.db" {
            found += usize::from(find_word(bytes).is_some());
            let part = remains.public[2].find("[[arms]]").expect("the arms of the trial file");
            let part = &remains.public[2].as_bytes()[part..part + 400];
            let planted = [&bytes[..], b"\0\0", part, b"\0\0"].concat();
            assert!(find_word(&without_public(&planted, &remains.public)).is_some(), "{name}");
        }
    }
    assert_eq!(found, 2, "the public texts are in the files before they are cut out");
}

impl Loot {
    fn of(world: &World, backup: &Path) -> Self {
        let manifest = world.stage.study.manifest.manifest.clone();
        let open = Connection::open_with_flags(backup, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let stolen = open.expect("the backup is a database");
        let rows = |sql: &str| -> Vec<Vec<Cell>> {
            let mut statement = stolen.prepare(sql).expect("a query");
            let columns = statement.column_count();
            let read = |row: &rusqlite::Row<'_>| (0..columns).map(|n| row.get(n)).collect();
            let rows = statement.query_map([], read).expect("rows");
            rows.collect::<Result<_, _>>().expect("rows can be read")
        };
        let sql = "SELECT segment, stratum, position, code, epoch, leaf, sealed FROM slots";
        let slots = rows(sql);
        let leaves: Vec<[u8; 32]> =
            slots.iter().map(|row| blob(&row[5]).try_into().expect("a hash")).collect();
        let sql = "SELECT segment, stratum, position, s.code, r.epoch, s.leaf, r.sealed
                   FROM resealed r JOIN slots s USING (segment, stratum, position)";
        let anew = rows(sql);
        assert!(!anew.is_empty(), "a centre's key was rotated in the story");
        let index = |row: &Vec<Cell>| {
            let leaf = blob(&row[5]);
            leaves.iter().position(|one| one[..] == leaf[..]).expect("a leaf of the list")
        };
        let anew = anew.iter().map(|row| (index(row), row));
        let locked = |(index, row): (usize, &Vec<Cell>)| {
            let place = Place {
                trial: manifest.trial.clone(),
                segment: number(&row[0]),
                stratum: StratumId::parse(&text(&row[1])).expect("an id"),
                position: number(&row[2]),
                code: Code::parse(&text(&row[3])).expect("a code"),
                epoch: number(&row[4]),
            };
            let (path, size) = (tree::path(&leaves, index as u64), leaves.len() as u64);
            let path = LeafPath { index: index as u64, size, path };
            Locked { place, sealed: blob(&row[6]), path }
        };
        let database = slots.iter().enumerate().chain(anew).map(locked).collect();
        let wraps = rows("SELECT bytes FROM contents WHERE length(bytes) = 113");
        let wraps = wraps.iter().filter_map(|row| Wrap::from_bytes(&blob(&row[0]))).collect();
        let sql = "SELECT hash FROM contents UNION ALL SELECT leaf FROM slots UNION ALL
                   SELECT token FROM sessions UNION ALL SELECT token FROM invitations UNION ALL
                   SELECT key FROM repeats UNION ALL SELECT hash FROM nodes UNION ALL
                   SELECT root FROM lists UNION ALL SELECT manifest FROM lists";
        let keys = rows(sql).iter().filter_map(|row| blob(&row[0]).try_into().ok()).collect();
        let secret = fs::read(&world.stage.folder.server_secret).expect("the secret's file");
        let secret = secret.try_into().expect("32 bytes");
        // Made again as the stage made them, for they cannot be copied.
        let dice = FixedDice::new(SEED ^ 0x0ff1_1e00);
        let holders =
            klero::cli::stage::cast().into_iter().filter(|(_, role, _)| role.holds_keys());
        let made = holders.map(|(id, role, centres)| {
            let person = PersonId::parse(&id).expect("an id");
            let made = Identity::generate(&person, role, &centres, &dice).expect("a holder");
            assert_eq!(made.card(), world.identity(&id).card());
            (id, made)
        });
        let identities = made.collect();
        Self { database, wraps, keys, manifest, secret, identities }
    }

    /// Slots that open, by code. The thief has the database, perhaps the server secret, and some identities.
    fn robbed(&self, secret: Option<[u8; 32]>, identities: &[&str]) -> BTreeSet<String> {
        let mut keys = vec![];
        for (thief, (centre, _)) in identities.iter().flat_map(|id| CENTRES.map(|at| (id, at))) {
            let at = WrapPlace {
                trial: self.manifest.trial.clone(),
                centre: CentreId::parse(centre).expect("an id"),
                epoch: 1,
                person: PersonId::parse(thief).expect("an id"),
            };
            let opening = self.identities[*thief].opening();
            keys.extend(self.wraps.iter().filter_map(|wrap| unwrap(wrap, &at, opening).ok()));
        }
        // And whatever else is 32 bytes long, once the lock is lifted.
        for secret in secret.iter() {
            let other = self.keys.iter().chain([secret]);
            let derived = other.clone().map(|key| sha256(key)).collect::<Vec<_>>();
            keys.extend(other.chain(&derived).map(|key| CentreKey::from_bytes(*key)));
        }
        let mut opened = BTreeSet::new();
        for slot in &self.database {
            let sealed: Vec<SealedArm> = match secret {
                Some(secret) => lift(secret, slot).into_iter().collect(),
                // The lock is nonce, the sealed 92 bytes encrypted, tag: every stretch of it is tried.
                None => (0..=120 - 92)
                    .filter_map(|from| SealedArm::from_bytes(&slot.sealed[from..from + 92]))
                    .collect(),
            };
            let opens = |key: &CentreKey| sealed.iter().any(|arm| self.opens(slot, arm, key));
            if keys.iter().any(opens) {
                opened.insert(slot.place.code.to_string());
            }
        }
        opened
    }

    fn lifted(&self, slot: &Locked) -> SealedArm {
        lift(self.secret, slot).expect("the service's own lock")
    }

    fn opens(&self, slot: &Locked, sealed: &SealedArm, key: &CentreKey) -> bool {
        open(sealed, &slot.place, key, &slot.path, &self.manifest).is_ok()
    }

    /// The codes of a centre, or of all.
    fn codes_of(&self, centre: Option<&str>) -> BTreeSet<String> {
        let own = |slot: &&Locked| {
            let at = centre_of(&slot.place.stratum).expect("a stratum begins with its centre");
            centre.is_none_or(|centre| at.as_str() == centre)
        };
        self.database.iter().filter(own).map(|slot| slot.place.code.to_string()).collect()
    }
}

fn lift(secret: [u8; 32], slot: &Locked) -> Option<SealedArm> {
    let locked = LockedArm::from_bytes(&slot.sealed).expect("120 bytes");
    ServerSecret::from_bytes(secret).lift(&locked, &slot.place).ok()
}

fn text(value: &Cell) -> String {
    match value {
        Cell::Text(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    }
}

fn number(value: &Cell) -> u32 {
    match value {
        Cell::Integer(number) => u32::try_from(*number).expect("a small number"),
        other => panic!("{other:?} is no number"),
    }
}

fn blob(value: &Cell) -> Vec<u8> {
    match value {
        Cell::Blob(bytes) => bytes.clone(),
        other => panic!("{other:?} is no blob"),
    }
}

// shows: I10, CO-2
#[test]
fn a_thief_opens_nothing_without_the_server_secret_nor_with_it_alone() {
    let remains = remains();
    let loot = &remains.loot;
    for holder in ["p-rjs", "i-hsh", "hot-1", "stat-1"] {
        assert_eq!(loot.robbed(None, &[holder]), BTreeSet::new(), "database, backup and {holder}");
    }
    assert_eq!(loot.robbed(Some(loot.secret), &[]), BTreeSet::new(), "the server secret alone");
    assert_eq!(loot.robbed(Some([7; 32]), &["hot-1"]), BTreeSet::new(), "another server's secret");
    for gone in ["p-rjw", "p-sph"] {
        let opened = loot.robbed(Some(loot.secret), &[gone]);
        assert_eq!(opened, BTreeSet::new(), "{gone} was given a key, and it was taken away again");
    }
}

// shows: AC-7, I10
#[test]
fn the_wrap_of_a_removed_grant_or_a_disabled_person_is_gone_from_every_byte_of_the_database() {
    let remains = remains();
    let files = ["file backup.db", "the database after the end"];
    for (name, bytes) in remains.hay.iter().filter(|(name, _)| files.contains(&name.as_str())) {
        for (person, kept) in [("p-rjs", true), ("p-rjw", false), ("p-sph", false)] {
            let wraps: Vec<_> = remains.packed.iter().filter(|(who, _)| who == person).collect();
            assert_eq!(wraps.len(), 1, "{person} was given one key");
            let there = bytes.windows(113).any(|window| window == &wraps[0].1[..]);
            assert_eq!(there, kept, "the wrap of {person} in {name}");
        }
    }
}

// shows: I10
#[test]
fn with_the_server_secret_too_a_thief_opens_the_slots_of_the_stolen_identity_and_no_others() {
    let remains = remains();
    let loot = &remains.loot;
    for (holder, centre) in [
        ("p-rjs", Some("renji-south")),
        ("i-hsh", Some("huashan")),
        ("hot-1", None),
        ("stat-1", None),
    ] {
        let opened = loot.robbed(Some(loot.secret), &[holder]);
        assert!(!opened.is_empty(), "the attack works when it has everything");
        assert_eq!(opened, loot.codes_of(centre), "{holder}");
    }
    // Each code is there once under its first key; sealed anew it is the same code.
    let first = loot.database.iter().filter(|slot| slot.place.epoch == 1).count();
    assert_eq!(loot.codes_of(None).len(), first);
}
