//! The whole life of the trial, simulated: 334 made-up participants at four centres from the first screening to the
//! reconciled archive, on a real service with real keys, in a few minutes. The calendar moves; nothing else is pretended.

mod changes;
mod ending;
mod lives;
mod pharmacy;

use super::open::open_release;
use super::stage::{CENTRES, Play, Reply, Stage, Study, signature};
use crate::clock::{Clock, FixedClock};
use crate::dice::{FixedDice, roll};
use crate::domain::time::{Date, Moment};
use crate::sealing::centre_key::CentreKey;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Slots a stratum, at most, of the first segment: it is used up under way.
const FIRST: u32 = 24;
/// Slots a stratum of the second segment: enough even if one stratum took everybody (SG-5).
const SLOTS: u32 = 336;
/// Whoever did nothing for so many seconds signs in again: a session ends a little later.
const REST_SECONDS: i64 = 15 * 60;

/// What is to be done on one day, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    /// Somebody new comes to this centre.
    Arrives(usize),
    /// The scheduled visit, counted from 0, of a participant.
    Visits(usize, usize),
    /// A code is broken in an emergency.
    Breaks(usize),
    /// What followed a code break is written down, and the break is closed.
    Closes(usize, usize),
    /// A mistake is found.
    Errs(usize),
    /// A letter was found open: two codes that nobody has yet are known.
    Voids,
    /// A centre gets its next key.
    Rotates,
    /// Somebody goes on at another centre.
    Moves,
    /// The list gets its second segment, if it has none yet.
    Extends,
    /// Somebody saw what they should not have seen.
    Slips,
}

/// A participant of the simulation.
struct Someone {
    number: String,
    centre: usize,
    reference: String,
    code: String,
    first: Date,
    initials: String,
    gone: bool,
}

/// The simulation under way.
struct Whole {
    stage: Stage,
    clock: Arc<FixedClock>,
    dice: FixedDice,
    seen: BTreeMap<String, Moment>,
    people: Vec<Someone>,
    screened: [u32; 4],
    days: BTreeMap<Date, Vec<Task>>,
    /// Is anybody still recruited?
    open: bool,
    counts: BTreeMap<&'static str, u32>,
    commitment: String,
    /// Checkpoints that somebody outside kept along the way.
    kept: Vec<String>,
    /// What the list says of each code, to compare with what is opened.
    arms: BTreeMap<String, String>,
    /// Units used, by the arm that was opened.
    used: BTreeMap<String, u64>,
    /// Preparations whose opened arm is not the list's.
    discordant: u64,
    /// The references of code breaks.
    breaks: Vec<String>,
    /// The month in which the last drills were done.
    practised: Option<(i16, i16)>,
    /// The centres' keys with their numbers, each opened once on a pharmacist's own device.
    keys: BTreeMap<String, (u32, CentreKey)>,
    /// The highest number of any centre's key.
    epoch: u32,
    /// Codes that nobody gets.
    voided: BTreeSet<String>,
    /// The list's second segment, at the statistician's.
    extension: Option<Study>,
    seed: u64,
}

/// How a simulation ended.
pub struct Ended {
    /// How often what happened.
    pub counts: BTreeMap<&'static str, u32>,
    /// Entries in the trail.
    pub entries: u64,
    /// Days that went by.
    pub days: i32,
    /// Lines of the reconciliation: what was compared, and whether it passed.
    pub lines: Vec<(String, bool)>,
}

/// Simulates the whole trial and prints what became of it. True when every line of the reconciliation passed.
///
/// # Errors
/// When the output cannot be written.
pub fn play(seed: u64, target: u32, out: &mut dyn Write) -> std::io::Result<bool> {
    let folder = std::env::temp_dir().join(format!("klero-whole-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let begun = Instant::now();
    writeln!(
        out,
        "The whole trial NCT04515719, simulated with seed {seed}: {target} invented people, 14 infusions each."
    )?;
    let ended = simulate(&folder, seed, target, &bar);
    // Nothing is kept; what could not be removed is in the system's temporary folder.
    let _ = std::fs::remove_dir_all(&folder);
    let seconds = begun.elapsed().as_secs();
    for (what, count) in &ended.counts {
        writeln!(out, "{count:>7}  {what}")?;
    }
    writeln!(out, "{:>7}  entries in the trail, {} days", ended.entries, ended.days)?;
    writeln!(out, "\nReconciliation")?;
    for (what, passed) in &ended.lines {
        writeln!(out, "  {}  {what}", if *passed { "pass" } else { "FAIL" })?;
    }
    let fine = ended.lines.iter().filter(|(_, passed)| *passed).count();
    writeln!(out, "{fine} of {} passed, in {seconds} s.", ended.lines.len())?;
    Ok(fine == ended.lines.len())
}

/// A bar on a terminal, and nothing in a file.
fn bar(done: u32, all: u32) {
    use std::io::IsTerminal;
    let mut err = std::io::stderr();
    if !err.is_terminal() {
        return;
    }
    let filled = (done * 40 / all.max(1)) as usize;
    // A bar that cannot be drawn is no reason to stop.
    let _ = write!(err, "\r[{}{}] {done} of {all}", "#".repeat(filled), " ".repeat(40 - filled));
    let _ = err.flush();
    if done >= all {
        let _ = writeln!(err);
    }
}

/// Plays the trial to its end in this folder. `progress` is told how many participants came to their end, and of how
/// many.
///
/// # Panics
/// When the service refuses what it should take: there is no trial then.
pub fn simulate(folder: &Path, seed: u64, target: u32, progress: &dyn Fn(u32, u32)) -> Ended {
    let (mut play, clock) = Play::quick(folder.join("service"), seed);
    play.slots = (target / 8).clamp(4, FIRST);
    let said = format!("target = {{ participants = {target},");
    play.trial = play.trial.replace("target = { participants = 334,", &said);
    let said = format!("warn_at = {{ participants = {},", target.saturating_sub(14).max(1));
    play.trial = play.trial.replace("warn_at = { participants = 320,", &said);
    let stage = Stage::raise(play);
    stage.import_drills();
    let commitment = stage.send("GET", "/v1/commitment", &[], None).text;
    let drawn = stage.study.arms().into_iter();
    let arms = drawn.map(|(code, arm)| (code, arm.to_owned())).collect();
    let mut whole = Whole {
        stage,
        clock,
        dice: FixedDice::new(seed ^ 0x5eed),
        seen: BTreeMap::new(),
        people: vec![],
        screened: [0; 4],
        days: BTreeMap::new(),
        open: true,
        counts: BTreeMap::new(),
        commitment,
        kept: vec![],
        arms,
        used: BTreeMap::new(),
        discordant: 0,
        breaks: vec![],
        practised: None,
        keys: BTreeMap::new(),
        epoch: 1,
        voided: BTreeSet::new(),
        extension: None,
        seed,
    };
    pharmacy::stocked(&mut whole, 20 * target);
    let first = whole.today();
    (0..CENTRES.len()).for_each(|centre| whole.plan(first.plus_days(1), Task::Arrives(centre)));
    for (days, task) in [
        (2, Task::Voids),
        (5, Task::Rotates),
        (20, Task::Moves),
        (40, Task::Extends),
        (100, Task::Slips),
    ] {
        whole.plan(first.plus_days(days), task);
    }
    while let Some((day, mut tasks)) = whole.days.pop_first() {
        whole.morning(day);
        whole.keep_checkpoint(day);
        whole.practise(day);
        tasks.sort();
        if whole.extension.is_none() && (tasks.contains(&Task::Extends) || changes::is_low(&whole))
        {
            changes::extended(&mut whole);
        }
        lives::day(&mut whole, tasks);
        let gone = whole.people.iter().filter(|one| one.gone).count();
        progress(u32::try_from(gone).unwrap_or(u32::MAX), target);
    }
    let days = whole.today().days_since(first);
    ending::end(whole, days)
}

impl Whole {
    fn today(&self) -> Date {
        self.stage.house().trial.zone.day(self.clock.now())
    }

    fn plan(&mut self, day: Date, task: Task) {
        self.days.entry(day).or_default().push(task);
    }

    /// Nine o'clock of this day, where the trial is.
    fn morning(&mut self, day: Date) {
        let nine = self.stage.house().trial.zone.start_of(day).plus_seconds(9 * 60 * 60);
        self.clock.step((nine.millis() - self.clock.now().millis()) / 1000);
    }

    /// Once a month the monitor fetches a checkpoint and keeps it.
    fn keep_checkpoint(&mut self, day: Date) {
        if day.parts()[2] == 1 {
            self.wake("mon-1");
            let told = self.stage.get("mon-1", "/v1/checkpoints/latest");
            self.kept.push(told.text_at("checkpoint").to_owned());
        }
    }

    /// Once a month the hotline and every centre's investigator practise a code break.
    fn practise(&mut self, day: Date) {
        let month = (day.parts()[0], day.parts()[1]);
        if self.practised == Some(month) {
            return;
        }
        self.practised = Some(month);
        let investigators = CENTRES.map(|(_, letters)| format!("i-{letters}"));
        for who in investigators.iter().map(String::as_str).chain(["hot-1"]) {
            self.wake(who);
            if self.stage.drill(who) {
                self.count("drills passed");
            }
        }
    }

    fn minutes(&mut self, minutes: i64) {
        self.clock.step(minutes * 60);
    }

    /// What o'clock it is, as a form takes it.
    fn minute(&self, moment: Moment) -> String {
        self.stage.house().trial.zone.minute(moment)
    }

    fn draw(&self, n: u32) -> u32 {
        // Bias below one in a million: it moves no figure that anybody reads off here.
        u32::from_be_bytes(roll(&self.dice)) % n.max(1)
    }

    /// Does something come about that does in `n` of a thousand cases?
    fn by_chance(&self, n: u32) -> bool {
        self.draw(1000) < n
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Somebody signs in, if the last act was long ago.
    fn wake(&mut self, who: &str) {
        let now = self.now();
        let late = now.plus_seconds(-REST_SECONDS);
        if self.seen.insert(who.to_owned(), now).is_none_or(|last| last < late) {
            self.stage.sign_in(who);
        }
    }

    /// Acts as somebody.
    fn act(&mut self, who: &str, path: &str, body: Value) -> Reply {
        self.wake(who);
        self.stage.act(who, "POST", path, body)
    }

    /// The same, which must be taken.
    ///
    /// # Panics
    /// When it is refused.
    fn done(&mut self, who: &str, path: &str, body: Value) -> Reply {
        let reply = self.act(who, path, body);
        assert!(reply.status < 300, "{who} {path}: {}", reply.text);
        reply
    }

    /// A signed record about a participant.
    fn record(&mut self, (who, act): (&str, &str), one: usize, page: &str, answers: Value) {
        let path = format!("/v1/participants/{}/{page}", self.people[one].reference);
        let body = json!({"answers": answers, "signature": signature(who, act)});
        self.done(who, &path, body);
    }

    /// Opens a release on its holder's own device and sends the signed receipt.
    ///
    /// # Panics
    /// When it does not open, or the receipt is refused.
    fn open(&mut self, who: &str, place: &str, release: &Reply) -> String {
        let identity = &self.stage.identities[who];
        let opened = open_release(&release.text, &self.commitment, identity);
        let opened = opened.unwrap_or_else(|failure| panic!("{who} opens: {failure}"));
        let path = format!("/v1/{place}/{}/opened", release.text_at("reference"));
        self.done(who, &path, opened.receipt);
        opened.arm
    }

    fn staff(&self, one: usize, initial: &str) -> String {
        format!("{initial}-{}", CENTRES[self.people[one].centre].1)
    }
}
