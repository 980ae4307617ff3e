//! The figures of the design, section 11: ratio and limit side by side, everything compared within one run.
//!
//! `cargo bench` prints them. `KLERO_BENCH_ENTRIES=10000000 cargo bench` measures growth at ten million entries instead
//! of one million. The skeleton is the least program that does the same I/O: actix, one writer, SQLite in WAL mode with
//! `synchronous=FULL`, inserting rows of the same sizes, and nothing else. Password hashing is made next to free here,
//! because it is the same few tens of milliseconds for everybody and would hide the rest.

mod load;
mod skeleton;

use klero::cli::stage::{Play, Stage, TRIAL, signature};
use klero::clock::SystemClock;
use klero::dice::{FixedDice, SystemDice};
use klero::domain::entry::Entry;
use klero::domain::ids::PersonId;
use klero::domain::people::Role;
use klero::http::block_on;
use klero::sealing::identity::{ITERATIONS, Identity, passphrase};
use klero::sealing::list::List;
use klero::sealing::seal::seal_package;
use klero::service::House;
use klero::service::founding::Means;
use klero::service::refuse::Noted;
use klero::store::Stamp;
use load::{Times, hammer};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many are randomised at each number of callers.
const ROUND: usize = 2_000;

/// One row: what, measured, limit, and whether it is within.
fn row(what: &str, measured: &str, limit: &str, within: bool) {
    let mark = if within { "within" } else { "BEYOND" };
    println!("{what:<62} {measured:>22}   {limit:<24} {mark}");
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("klero-bench-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn stage(name: &str, slots: u32) -> Stage {
    let (mut play, _) = Play::quick(folder(name), 3);
    play.clock = Arc::new(SystemClock);
    play.slots = slots;
    play.trial = TRIAL
        .lines()
        .map(|line| match line.split('=').next().map(str::trim) {
            Some("participants") | Some("target") if line.contains("334") => {
                line.replace("334", "100000")
            }
            Some("warn_at") => line.replace("320", "99999"),
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    Stage::raise(play)
}

fn main() {
    println!("{:<62} {:>22}   {:<24}", "figure", "measured", "limit");
    drawing();
    opening();
    randomising();
    size_and_start();
    growth();
}

/// Drawing, sealing and committing 2,688 slots.
fn drawing() {
    let stage = stage("drawing", 336);
    let design = stage.study.list.design();
    let cards: Vec<_> = stage.identities.values().map(|i| i.card().clone()).collect();
    let mut best = Duration::MAX;
    for seed in 0..5 {
        let dice = FixedDice::new(seed);
        let begun = Instant::now();
        let list = List::draw(design, &stage.study.secret, &[], &BTreeSet::new()).expect("drawn");
        let statistician = &stage.identities["stat-1"];
        let manifest = list.manifest("none", statistician).expect("signed");
        let package = seal_package(&list, &manifest, &cards, statistician, 1, &dice);
        assert_eq!(package.expect("sealed").slots.len(), 2_688);
        best = best.min(begun.elapsed());
    }
    let (took, limit) = (format!("{:.1} ms", best.as_secs_f64() * 1e3), "under 50 ms");
    row("drawing, sealing, committing 2,688 slots", &took, limit, best < Duration::from_millis(50));
}

/// Hotline: request to arm, the unlocking of the key with its six words included.
fn opening() {
    let stage = stage("opening", 12);
    let reference = stage.screen_eligible_on(0, 1, true, &klero::cli::stage::day_before());
    assert_eq!(stage.randomise(0, &reference).status, 201);
    let dice = SystemDice::default();
    let words = passphrase(&dice);
    let file = stage.identities["hot-1"].to_file(&words, ITERATIONS, &dice);
    let commitment = stage.send("GET", "/v1/commitment", &[], None).text;
    let begun = Instant::now();
    let release = stage.act("hot-1", "POST", "/v1/breaks", json!({
        "participant": "RJS-001", "requester": "bench", "callBack": "0", "category": "sae-management",
        "whatHappened": "bench", "depends": true, "signature": signature("hot-1", "break-code"),
    }));
    let identity = Identity::from_file(&file, &words).expect("the words fit");
    let opened = klero::cli::open_on_device(&release.text, &commitment, &identity);
    let took = begun.elapsed();
    assert!(opened.is_ok());
    let says = format!("{:.2} s", took.as_secs_f64());
    row(
        "hotline: request to arm, unlocking included",
        &says,
        "under 1 s",
        took.as_secs_f64() < 1.0,
    );
}

/// Participants who can be randomised at once: entries written straight through the store, several thousand an act,
/// since the screening form is not what is measured.
fn ready(stage: &Stage, count: usize) -> Vec<(usize, String)> {
    let day = klero::cli::stage::day_before();
    let per_centre = count / 4;
    (0..4)
        .flat_map(|centre| {
            let day = day.clone();
            (0..per_centre).map(move |n| (centre, n as u32, day.clone()))
        })
        .map(|(centre, n, day)| (centre, stage.screen_straight(centre, n, n % 2 == 0, &day)))
        .collect()
}

fn randomising() {
    let skeleton = skeleton::Skeleton::start(&folder("skeleton"));
    let one_at_a_time = skeleton.one_commit_an_act(400);
    for callers in [1, 8, 64] {
        let stage = stage(&format!("http-{callers}"), 1_000);
        let round = if callers == 1 { ROUND / 4 } else { ROUND };
        let over_http = ready(&stage, round);
        let bare = hammer(&skeleton.bare, callers, &skeleton.requests(round, "/bare"));
        let least = hammer(&skeleton.bare, callers, &skeleton.requests(round, "/write"));
        let requests: Vec<_> =
            over_http.iter().map(|(c, r)| load::randomise(&stage, *c, r)).collect();
        let whole = hammer(&stage.base, callers, &requests);
        drop(stage);
        let alone_stage = self::stage(&format!("alone-{callers}"), 1_000);
        let people = ready(&alone_stage, round);
        let alone = writer_alone(&alone_stage, callers, &people);
        let skeleton_alone = skeleton.writer_alone(callers, round);
        compare(callers, &bare, &least, &whole, &alone, &skeleton_alone, one_at_a_time);
    }
}

fn compare(
    callers: usize,
    bare: &Times,
    least: &Times,
    whole: &Times,
    alone: &Times,
    skeleton_alone: &Times,
    one_at_a_time: f64,
) {
    let target = 0.9 / (1.0 / bare.rate() + 1.0 / alone.rate());
    let says = format!("{:.0}/s", whole.rate());
    let limit = format!("at least {target:.0}/s");
    let what = format!("durable randomisations over HTTP, {callers} callers");
    row(&what, &says, &limit, whole.rate() >= target);
    println!(
        "    bare JSON POST {:.0}/s, writer alone {:.0}/s, skeleton over HTTP {:.0}/s, its writer {:.0}/s",
        bare.rate(),
        alone.rate(),
        least.rate(),
        skeleton_alone.rate(),
    );
    if callers == 1 {
        let ratio = whole.percentile(0.5) / least.percentile(0.5);
        let says = format!("{ratio:.2} x ({:.2} ms)", whole.percentile(0.5) * 1e3);
        row("one caller's latency, p50, to the skeleton's", &says, "at most 1.5 x", ratio <= 1.5);
    }
    if callers == 64 {
        let ratio = alone.rate() / skeleton_alone.rate();
        row(
            "the writer alone, 64 callers, to the skeleton's",
            &format!("{ratio:.2}"),
            "at least 0.5",
            ratio >= 0.5,
        );
        let ratio = alone.rate() / one_at_a_time;
        row(
            "the writer alone, to one commit an act",
            &format!("{ratio:.1} x"),
            "at least 10 x",
            ratio >= 10.0,
        );
        let ratio = whole.percentile(0.99) / least.percentile(0.99);
        row(
            "p99 under 64 callers, to the skeleton's",
            &format!("{ratio:.2} x"),
            "at most 2 x",
            ratio <= 2.0,
        );
    }
}

/// The use case without HTTP: rights, rules, signature, writer, receipt, checkpoint.
fn writer_alone(stage: &Stage, callers: usize, people: &[(usize, String)]) -> Times {
    let house = stage.house();
    load::in_parallel(callers, people, |(centre, reference)| {
        block_on_light(load::randomise_straight(house, *centre, reference));
    })
}

fn block_on_light<F: std::future::Future>(work: F) -> F::Output {
    load::park(work)
}

fn size_and_start() {
    let binary = Path::new(env!("CARGO_BIN_EXE_klero"));
    let size = std::fs::metadata(binary).map_or(0, |m| m.len()) as f64 / 1e6;
    row("the binary", &format!("{size:.1} MB"), "under 30 MB", size < 30.0);
    let mut stage = stage("start", 336);
    let path = stage.folder.path.clone();
    stage.strike();
    let (first, memory) = start(binary, &path);
    let says = format!("{:.0} ms", first.as_secs_f64() * 1e3);
    row("start to first answer", &says, "under 200 ms", first < Duration::from_millis(200));
    row("resident when idle", &format!("{memory:.0} MB"), "30 MB", memory <= 30.0);
}

/// Starts the real program, waits for its first answer, reads its resident memory, ends it.
fn start(binary: &Path, path: &Path) -> (Duration, f64) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    let address = port.expect("a free port").to_string();
    let begun = Instant::now();
    let mut child = Command::new(binary)
        .args(["serve", "--data"])
        .arg(path)
        .args(["--listen", &address])
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    while !load::answers(&address) {
        assert!(begun.elapsed() < Duration::from_secs(120), "no answer");
        std::thread::sleep(Duration::from_millis(2));
    }
    let first = begun.elapsed();
    let memory = load::resident_mb(child.id());
    child.kill().expect("it was running");
    child.wait().expect("it ends");
    (first, memory)
}

/// An act, the start-up check and a whole verification with a long trail behind them.
fn growth() {
    let entries: u64 =
        std::env::var("KLERO_BENCH_ENTRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let binary = Path::new(env!("CARGO_BIN_EXE_klero"));
    let mut stage = stage("growth", 1_000);
    let people = ready(&stage, 1_000);
    let (early, late) = people.split_at(400);
    let (late, coldest) = late.split_at(300);
    let before = writer_alone(&stage, 8, early);
    let begun = Instant::now();
    fill(stage.house(), 100_000);
    let path = stage.folder.path.clone();
    stage.strike();
    let opened = Instant::now();
    let house = reopen(&path);
    let took = opened.elapsed();
    row(
        "full check of 100,000 entries at start-up",
        &format!("{:.2} s", took.as_secs_f64()),
        "under 0.5 s",
        took.as_secs_f64() < 0.5,
    );
    fill(&house, entries - 100_000);
    println!("    {entries} entries written in {:.0} s", begun.elapsed().as_secs_f64());
    let after = load::in_parallel(8, late, |(centre, reference)| {
        load::park(load::randomise_straight(&house, *centre, reference));
    });
    let ratio = before.rate() / after.rate();
    row(
        &format!("an act with {entries} entries behind it, file warm"),
        &format!("{ratio:.2} x"),
        "at most 1.3 x",
        ratio <= 1.3,
    );
    drop(house);
    cold(&path, coldest, &before);
    let begun = Instant::now();
    let folder = klero::store::Folder::at(&path);
    folder.verify(false).expect("the trail verifies");
    let rate = entries as f64 / begun.elapsed().as_secs_f64();
    row(
        "trail verification, one core",
        &format!("{rate:.0}/s"),
        "at least 500,000/s",
        rate >= 500_000.0,
    );
    let (first, memory) = start(binary, &path);
    row(
        &format!("start to first answer with {entries} entries"),
        &format!("{:.2} s", first.as_secs_f64()),
        "under 5 s",
        first.as_secs_f64() < 5.0,
    );
    row("resident then", &format!("{memory:.0} MB"), "under 256 MB", memory < 256.0);
    let _ = std::fs::remove_dir_all(path);
}

/// The same with nothing of the file in memory: it takes the right to empty the system's page cache.
fn cold(path: &Path, people: &[(usize, String)], before: &Times) {
    let what = "the same, file cold";
    let house = reopen(path);
    if std::fs::write("/proc/sys/vm/drop_caches", "3").is_err() {
        println!("{what:<62} {:>22}   at most 2.5 x", "not measured: not root");
        return;
    }
    let after = load::in_parallel(8, people, |(centre, reference)| {
        load::park(load::randomise_straight(&house, *centre, reference));
    });
    let ratio = before.rate() / after.rate();
    row(what, &format!("{ratio:.2} x"), "at most 2.5 x", ratio <= 2.5);
}

fn reopen(path: &Path) -> House {
    let mut means = Means::new(Arc::new(SystemClock), Arc::new(SystemDice::default()));
    means.cost = klero::sealing::password::Cost::CHEAP;
    House::open(&klero::store::Folder::at(path), means).expect("it opens")
}

/// Entries of the most ordinary kind, two thousand a commit.
fn fill(house: &House, count: u64) {
    let person = PersonId::parse("p-rjs").expect("an id");
    let mut left = count;
    while left > 0 {
        let now = left.min(2_000);
        let stamp = Stamp::person(&person, Role::Pharmacist);
        let pending = house.store.write(stamp, move |tx| {
            for _ in 0..now {
                tx.append(Entry::new("own-key-read").on("person", "p-rjs"))?;
            }
            Ok::<_, Noted>(())
        });
        pending.wait().expect("written");
        left -= now;
    }
    block_on(async {});
}
