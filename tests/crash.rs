//! Killed, or a write failing, at each step of each act: kept or not kept, then opened again and checked (design 6).

mod staged;

use klero::cli::stage;
use klero::clock::FixedClock;
use klero::domain::entry::Entry;
use klero::domain::ids::{Code, Reference, StratumId};
use klero::refusal::Code as Why;
use klero::refusal::Refusal;
use klero::service::House;
use klero::service::refuse::Noted;
use klero::store::faults::{NoFaults, Step};
use klero::store::{Stamp, StoreError};
use staged::*;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// The three acts of design 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Randomise,
    Prepare,
    BreakCode,
}

const ACTS: [Act; 3] = [Act::Randomise, Act::Prepare, Act::BreakCode];
const KEY: &str = "the one key of the act";

impl Act {
    fn parse(word: &str) -> Act {
        let found = ACTS.into_iter().find(|act| format!("{act:?}") == word);
        found.expect("one of the three acts")
    }

    /// The word of its entry.
    fn word(self) -> &'static str {
        match self {
            Act::Randomise => "randomised",
            Act::Prepare => "release-for-preparation",
            Act::BreakCode => "release-for-break",
        }
    }

    /// Does it for the first participant who waits for it.
    fn run(self, house: &House, people: &[Reference]) -> Result<Answer, Refusal> {
        let first = || code_of(house, &people[0]).expect("the first participant has a code");
        match self {
            Act::Randomise => {
                let answered = randomise(house, LETTERS, &people[RANDOMISED], KEY)?;
                let (code, entry) = (answered.value.code, answered.receipt.seq);
                assert_eq!(entry, answered.value.entry, "the receipt is about the first entry");
                Ok(Answer { code, entry, repeated: answered.repeated })
            }
            Act::Prepare => Ok(Answer::of(prepare(house, LETTERS, &first(), None, KEY)?)),
            Act::BreakCode => Ok(Answer::of(break_code(house, &first(), KEY)?)),
        }
    }
}

/// What the caller gets to know.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    code: Code,
    entry: u64,
    repeated: bool,
}

impl Answer {
    fn of(handed: klero::service::prepare::Handed) -> Self {
        let (released, repeated) = (handed.released, handed.repeated);
        assert!(released.receipt.line.contains(released.reference.as_str()), "its own entry");
        Answer { code: released.place.code, entry: released.receipt.seq, repeated }
    }
}

/// The retry under the same key, and what must stand afterwards: the table of design 6.
fn retry_and_check(
    folder: &Path,
    house: &House,
    staged: &Staged,
    act: Act,
    before: u64,
    kept: bool,
) {
    let what = format!("{act:?}, kept: {kept}");
    let written = entries(house);
    assert_eq!(written, before + u64::from(kept), "{what}");
    let again = act.run(house, &staged.participants).expect("the retry is answered");
    assert_eq!(again.entry, before, "one entry, whenever it was written: {what}");
    assert_eq!(again.repeated, kept, "{what}");
    let expected = match (act, kept) {
        (_, false) | (Act::Randomise, true) => vec![act.word()],
        (_, true) => vec![act.word(), "release-redelivered"],
    };
    assert_eq!(acts_from(house, before), expected, "{what}");
    let after = entries(house);
    assert_eq!(
        promised(folder),
        Some(after),
        "what was answered is in the checkpoint store: {what}"
    );
    if act == Act::Randomise {
        assert_eq!(again.code, staged.codes()[RANDOMISED], "the next of the list: {what}");
        let other = randomise(house, LETTERS, &staged.participants[RANDOMISED + 1], "another key");
        let other = other.expect("the next participant is randomised").value;
        assert_eq!(other.code, staged.codes()[RANDOMISED + 1], "no gap: {what}");
    }
}

// A failing write -----------------------------------------------------------------------------------------------------

// shows: I3, I4, I5, I6, AL-3, AL-5
#[test]
fn a_failure_at_any_step_of_any_act_is_told_and_the_retry_gives_the_one_answer() {
    let staged = Staged::shared();
    for act in ACTS {
        for step in Step::ALL {
            let copy = staged.copy();
            let house = open(copy.path(), Box::new(FailOnce::armed(step))).expect("it opens");
            let before = entries(&house);
            let refused = act.run(&house, &staged.participants).map(|_| ());
            assert_eq!(refused.map_err(|r| r.code), Err(told_at(step)), "{act:?} at {step:?}");
            let promised = promised(copy.path()).expect("something was promised");
            assert!(promised <= entries(&house), "never ahead: {act:?} at {step:?}");
            retry_and_check(copy.path(), &house, &staged, act, before, is_kept(step));
            drop(house);
            verify(copy.path());
            sound(copy.path());
        }
    }
}

// shows: I6
#[test]
fn acts_that_fail_together_are_all_told_and_none_of_them_is_half_done() {
    let staged = Staged::shared();
    for step in Step::ALL {
        let copy = staged.copy();
        let fault = FailOnce::default();
        // The first group passes, the second fails.
        fault.arm(step, 1);
        let house = open(copy.path(), Box::new(fault)).expect("it opens");
        let before = entries(&house);
        let hold = Hold::the_writer(&house);
        let waiting = [note(&house, "keys-read"), refuse_one(&house), note(&house, "breaks-read")];
        hold.let_go();
        for pending in waiting {
            let told = pending.wait().map(|_| ()).map_err(|noted| noted.refusal.code);
            assert_eq!(told, Err(told_at(step)), "everybody of the group is told: {step:?}");
        }
        let mut expected = vec!["trail-exported"];
        if is_kept(step) {
            expected.extend(["keys-read", "refused", "breaks-read"]);
        }
        assert_eq!(acts_from(&house, before), expected, "{step:?}");
        note(&house, "strata-read").wait().expect("the writer goes on");
        expected.push("strata-read");
        assert_eq!(acts_from(&house, before), expected, "{step:?}");
        assert_eq!(promised(copy.path()), Some(entries(&house)));
        assert_eq!(next_code(&house, &staged), staged.codes()[RANDOMISED], "no gap: {step:?}");
        drop(house);
        verify(copy.path());
    }
}

// shows: I6
#[test]
fn a_refusal_among_successes_leaves_its_own_entry_and_nothing_of_what_it_did() {
    let staged = Staged::shared();
    let copy = staged.copy();
    let house = sound(copy.path());
    let before = entries(&house);
    let hold = Hold::the_writer(&house);
    let (first, refused) = (note(&house, "keys-read"), refuse_one(&house));
    let last = note(&house, "breaks-read");
    hold.let_go();
    let (seq, receipt) = first.wait().expect("it stands").into_parts();
    assert_eq!((seq, receipt.seq), (before + 1, before + 1));
    let told = refused.wait().map(|_| ()).map_err(|noted| noted.refusal.code);
    assert_eq!(told, Err(Why::NotEligible));
    let (seq, receipt) = last.wait().expect("it stands").into_parts();
    assert_eq!((seq, receipt.seq), (before + 3, before + 3));
    assert!(receipt.line.contains("breaks-read"));
    assert_eq!(
        acts_from(&house, before),
        ["trail-exported", "keys-read", "refused", "breaks-read"]
    );
    assert_eq!(next_code(&house, &staged), staged.codes()[RANDOMISED], "and no code is lost");
    drop(house);
    verify(copy.path());
}

/// The code of the next participant who waits for one.
fn next_code(house: &House, staged: &Staged) -> Code {
    let answer = randomise(house, LETTERS, &staged.participants[RANDOMISED], "the next");
    answer.expect("everybody is eligible").value.code
}

type Waiting = klero::store::Pending<u64, Noted>;

/// One entry that changes no table.
fn note(house: &House, act: &'static str) -> Waiting {
    house.store.write(Stamp::service(), move |tx| Ok(tx.append(Entry::new(act))?))
}

/// An act that takes the next code and writes an entry, and is refused afterwards.
fn refuse_one(house: &House) -> Waiting {
    house.store.write(Stamp::service(), |tx| {
        tx.issue_next(&StratumId::parse(STRATUM).expect("well formed"))?;
        tx.append(Entry::new("signed-out"))?;
        let refusal = Refusal::new(Why::NotEligible);
        Err(Noted { refusal, wanted: Some(("randomise", None)) })
    })
}

/// Holds the writer inside an act, so that whatever is queued meanwhile makes one group.
struct Hold {
    go: mpsc::Sender<()>,
    held: Waiting,
}

impl Hold {
    fn the_writer(house: &House) -> Self {
        let (go, wait_here) = mpsc::channel();
        let (here, arrived) = mpsc::channel();
        let held = house.store.write(Stamp::service(), move |tx| {
            here.send(()).map_err(|_| StoreError::Stopped)?;
            wait_here.recv().map_err(|_| StoreError::Stopped)?;
            Ok(tx.append(Entry::new("trail-exported"))?)
        });
        arrived.recv().expect("the writer comes to the act");
        Self { go, held }
    }

    fn let_go(self) {
        self.go.send(()).expect("the writer waits");
        self.held.wait().map(|_| ()).map_err(|n| n.refusal.code).expect("the held act stands");
    }
}

// Killed --------------------------------------------------------------------------------------------------------------

const FOLDER: &str = "KLERO_TEST_FOLDER";
const STEP: &str = "KLERO_TEST_STEP";
const ACT: &str = "KLERO_TEST_ACT";
const PEOPLE: &str = "KLERO_TEST_PEOPLE";

/// What a parent told this process; none: it was started by nobody, and has nothing to do.
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn joined(people: &[Reference]) -> String {
    people.iter().map(Reference::as_str).collect::<Vec<_>>().join(",")
}

fn parted(text: &str) -> Vec<Reference> {
    text.split(',').map(|text| Reference::parse(text).expect("a reference")).collect()
}

/// Not a test of its own: the process that dies in the middle of an act.
#[test]
fn child_that_dies_at_a_step() {
    let (Some(folder), Some(step), Some(act)) = (told(FOLDER), told(STEP), told(ACT)) else {
        return;
    };
    let step = Step::ALL.into_iter().find(|s| format!("{s:?}") == step).expect("a step");
    let people = parted(&told(PEOPLE).expect("told together"));
    let house = open(Path::new(&folder), Box::new(Die(step))).expect("it opens");
    let _ = Act::parse(&act).run(&house, &people);
    println!("answered");
}

// shows: I3, I4, I5, I6, AL-3, AL-5
#[test]
fn a_process_killed_at_any_step_of_any_act_leaves_what_the_table_of_crashes_says() {
    let staged = Staged::shared();
    let before = entries(&sound(staged.copy().path()));
    for act in ACTS {
        for step in Step::ALL {
            let copy = staged.copy();
            let (step_word, act_word) = (format!("{step:?}"), format!("{act:?}"));
            let people = joined(&staged.participants);
            let variables = [
                (FOLDER, copy.path().to_str().expect("temporary paths are text")),
                (STEP, &step_word),
                (ACT, &act_word),
                (PEOPLE, &people),
            ];
            let died = child("child_that_dies_at_a_step", &variables).output().expect("it runs");
            assert_eq!(died.status.signal(), Some(6), "{act:?} at {step:?}");
            let said = String::from_utf8_lossy(&died.stdout);
            assert!(!said.contains("answered"), "nothing is released before it is durable");
            let expected = before + u64::from(step == Step::AfterPut);
            assert_eq!(promised(copy.path()), Some(expected), "{act:?} at {step:?}");
            verify(copy.path());
            let house = sound(copy.path());
            retry_and_check(copy.path(), &house, &staged, act, before, is_kept(step));
            drop(house);
            verify(copy.path());
        }
    }
}

/// Not a test of its own: the process that is killed under load. Says each answer as soon as it has it.
#[test]
fn child_that_randomises_until_it_is_killed() {
    let (Some(folder), Some(people)) = (told(FOLDER), told(PEOPLE)) else { return };
    let people = parted(&people);
    let house = sound(Path::new(&folder));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(one) = people.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let code = randomise(&house, "sph", one, one.as_str()).expect("a code").value;
                    println!("\nanswered {} {}", one.as_str(), code.code);
                }
            });
        }
    });
}

// shows: I4, I5, I6, AL-3, AL-5
#[test]
fn killed_again_and_again_under_load_no_code_is_lost_skipped_or_given_twice() {
    let scratch = Scratch::new();
    let (mut play, _) = stage::Play::quick(scratch.path().to_owned(), 11);
    play.slots = 64;
    let mut stage = stage::Stage::raise(play);
    let screened = (1..=48).map(|number| stage.screen_eligible(3, number, false));
    let people: Vec<Reference> = screened.map(|r| Reference::parse(&r).expect("one")).collect();
    stage.strike();
    let stratum = StratumId::parse("sixth-people/non-lldas").expect("well formed");
    let codes = codes_of(&stage.study, &stratum);
    let mut seed = Seeded(42);
    let mut answered: Vec<(Reference, Code)> = vec![];
    while answered.len() < people.len() {
        let waiting: Vec<Reference> =
            people.iter().filter(|p| answered.iter().all(|(a, _)| a != *p)).cloned().collect();
        let last = answered.len();
        answered.extend(killed_after(seed.below(14), scratch.path(), &waiting));
        let promised = promised(scratch.path()).expect("something was promised");
        verify(scratch.path());
        let house = sound(scratch.path());
        assert!(promised <= entries(&house), "the checkpoint store is never ahead");
        for (one, code) in &answered[last..] {
            assert_eq!(code_of(&house, one), Some(*code), "what was answered stands");
            let again = randomise(&house, "sph", one, one.as_str()).expect("answered again");
            assert_eq!((again.value.code, again.repeated), (*code, true));
        }
        // One whose answer was lost, or who never got in, asks again under the same key.
        if let Some(one) = waiting.iter().find(|p| answered.iter().all(|(a, _)| a != *p)) {
            let code = randomise(&house, "sph", one, one.as_str()).expect("a code").value.code;
            answered.push((one.clone(), code));
        }
    }
    let house = sound(scratch.path());
    let mut issued: Vec<(u64, Code)> = vec![];
    for one in &people {
        let found = house.store.read(|view| view.allocation(one)).expect("read").expect("a code");
        issued.push((found.entry, found.code));
    }
    issued.sort_unstable_by_key(|(entry, _)| *entry);
    let order: Vec<Code> = issued.into_iter().map(|(_, code)| code).collect();
    assert_eq!(order, codes[..people.len()], "the order of issue is the list's");
}

/// Lets a child randomise, and kills it as soon as it has answered so many. Returns what it answered.
fn killed_after(answers: usize, folder: &Path, people: &[Reference]) -> Vec<(Reference, Code)> {
    let folder = folder.to_str().expect("temporary paths are text");
    let people = joined(people);
    let mut command =
        child("child_that_randomises_until_it_is_killed", &[(FOLDER, folder), (PEOPLE, &people)]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut answered = vec![];
    let read = |line: std::io::Result<String>| {
        let line = line.ok()?;
        let (one, code) = line.strip_prefix("answered ")?.split_once(' ')?;
        // A line that the kill cut off is no answer.
        Some((Reference::parse(one).ok()?, Code::parse(code).ok()?))
    };
    while answered.len() < answers {
        match lines.next() {
            Some(line) => answered.extend(read(line)),
            None => break,
        }
    }
    child.kill().expect("it can be killed");
    // What it said before it died was answered too.
    answered.extend(lines.filter_map(read));
    child.wait().expect("it ended");
    answered
}

// shows: I7
#[test]
fn what_was_committed_before_a_crash_is_promised_before_anything_is_answered_again() {
    let staged = Staged::shared();
    let copy = staged.copy();
    let house = open(copy.path(), Box::new(FailOnce::armed(Step::AfterCommit))).expect("it opens");
    let before = entries(&house);
    let one = &staged.participants[RANDOMISED];
    let told = randomise(&house, LETTERS, one, KEY).map(|_| ()).map_err(|r| r.code);
    assert_eq!(told, Err(Why::CheckpointStoreAway));
    drop(house);
    assert_eq!(promised(copy.path()), Some(before), "it did not get there");
    // After the restart the answer is given without any new entry; its entry must be promised all the same, or an
    // older database would be taken for the present one, and would issue the same code again.
    let house = sound(copy.path());
    let again = randomise(&house, LETTERS, one, KEY).expect("answered");
    assert!(again.repeated);
    assert_eq!(promised(copy.path()), Some(before + 1));
}

// The disk, the checkpoint store, the clock, the list -----------------------------------------------------------------

/// Not a test of its own: randomises on a disk that fills up, then reads on.
#[test]
fn child_on_a_full_disk() {
    let (Some(folder), Some(people)) = (told(FOLDER), told(PEOPLE)) else { return };
    let people = parted(&people);
    let house = sound(Path::new(&folder));
    let mut known = vec![];
    // One code while there is room; then entries, large ones and small ones, until none fits any more.
    let code = randomise(&house, LETTERS, &people[0], people[0].as_str()).expect("there is room");
    known.push((people[0].clone(), code.value.code));
    let mut turn = 0u64;
    for size in [40_000, 8] {
        loop {
            turn += 1;
            assert!(turn < 1_000, "the disk never fills up");
            let bulk = turn.to_be_bytes().repeat(size / 8);
            let pending = house.store.write(Stamp::service(), move |tx| {
                tx.keep(&bulk)?;
                Ok::<_, Noted>(tx.append(Entry::new("keys-read"))?)
            });
            if let Err(noted) = pending.wait() {
                assert_eq!(noted.refusal.code, Why::ReadOnly);
                break;
            }
        }
    }
    let told = randomise(&house, LETTERS, &people[1], people[1].as_str());
    assert_eq!(told.map(|_| ()).map_err(|r| r.code), Err(Why::ReadOnly), "the caller is told");
    for (one, code) in &known {
        assert_eq!(code_of(&house, one), Some(*code), "reading goes on");
        println!("\nanswered {} {code}", one.as_str());
    }
    println!("\nread on {}", entries(&house));
}

// shows: I4, I6
#[test]
fn a_full_disk_is_told_loses_nothing_and_reading_goes_on() {
    let staged = Staged::shared();
    let copy = staged.copy();
    let people = &staged.participants[RANDOMISED..];
    let joined = joined(people);
    let folder = copy.path().to_str().expect("temporary paths are text");
    let variables = [(FOLDER, folder), (PEOPLE, &joined)];
    // 300 KB: less than a handful of acts with their bulk.
    let ended = child_with_little_room("child_on_a_full_disk", 600, &variables).output();
    let ended = ended.expect("it runs");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    assert!(said.contains("read on"), "the child did its part: {said}");
    verify(copy.path());
    let house = sound(copy.path());
    let answered: Vec<&str> = said.lines().filter_map(|l| l.strip_prefix("answered ")).collect();
    assert!(!answered.is_empty(), "something was done before the disk was full");
    for line in answered {
        let (one, code) = line.split_once(' ').expect("two words");
        let one = Reference::parse(one).expect("a reference");
        assert_eq!(code_of(&house, &one).map(|c| c.to_string()).as_deref(), Some(code));
    }
    for (place, one) in people.iter().enumerate() {
        let code = randomise(&house, LETTERS, one, one.as_str()).expect("there is room again");
        assert_eq!(code.value.code, staged.codes()[RANDOMISED + place], "no gap");
    }
}

/// Not a test of its own: an act that runs out of room in the middle takes the whole transaction with it.
#[test]
fn child_that_runs_out_of_room_inside_an_act() {
    let Some(folder) = told(FOLDER) else { return };
    let house = sound(Path::new(&folder));
    let before = entries(&house);
    let hold = Hold::the_writer(&house);
    let first = note(&house, "keys-read");
    // More than SQLite keeps in memory, so that it writes before the commit, and fails there.
    let large = house.store.write(Stamp::service(), |tx| {
        for turn in 0..40u8 {
            tx.keep(&vec![turn; 1_000_000])?;
        }
        Ok::<_, Noted>(tx.append(Entry::new("trail-exported"))?)
    });
    let last = note(&house, "breaks-read");
    hold.let_go();
    for pending in [first, large, last] {
        let told = pending.wait().map(|_| ()).map_err(|noted| noted.refusal.code);
        assert_eq!(told, Err(Why::ReadOnly), "nobody of the group is told that it stands");
    }
    assert_eq!(acts_from(&house, before), ["trail-exported"], "nothing of the group is kept");
    note(&house, "strata-read").wait().expect("there is room for a small act");
    assert_eq!(acts_from(&house, before), ["trail-exported", "strata-read"]);
    println!("\nheld together");
}

// shows: I6
#[test]
fn a_disk_that_fills_up_inside_an_act_undoes_the_whole_group() {
    let copy = Staged::shared().copy();
    let folder = copy.path().to_str().expect("temporary paths are text");
    let test = "child_that_runs_out_of_room_inside_an_act";
    let ended = child_with_little_room(test, 8_000, &[(FOLDER, folder)]).output();
    let ended = ended.expect("it runs");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(said.contains("held together"), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    verify(copy.path());
    assert_eq!(promised(copy.path()), Some(entries(&sound(copy.path()))));
}

// shows: I3, I4, I5, I7
#[test]
fn without_its_checkpoint_store_nothing_is_answered_and_the_retry_gives_the_same() {
    let staged = Staged::shared();
    for act in ACTS {
        let copy = staged.copy();
        let fault = FailOnce::default();
        let house = open(copy.path(), Box::new(fault.clone())).expect("it opens");
        let before = entries(&house);
        for turn in 0..3 {
            // Away for the first request and two retries; only the first of them writes its own entry.
            fault.arm(Step::AfterCommit, 0);
            let told = act.run(&house, &staged.participants).map(|_| ()).map_err(|r| r.code);
            assert_eq!(told, Err(Why::CheckpointStoreAway), "{act:?}, turn {turn}");
            assert_eq!(promised(copy.path()), Some(before), "{act:?}, turn {turn}");
        }
        let answer = act.run(&house, &staged.participants).expect("the store is back");
        assert_eq!((answer.entry, answer.repeated), (before, true), "{act:?}");
        let acts = acts_from(&house, before);
        assert_eq!(acts.iter().filter(|word| *word == act.word()).count(), 1, "{acts:?}");
        assert_eq!(promised(copy.path()), Some(entries(&house)), "{act:?}");
        drop(house);
        verify(copy.path());
    }
}

// shows: AT-7, I4
#[test]
fn a_clock_that_steps_back_stops_the_acts_and_the_order_is_kept() {
    let staged = Staged::shared();
    let copy = staged.copy();
    let clock = Arc::new(FixedClock::at(stage::opening_day()));
    let house = open_at(copy.path(), Arc::clone(&clock), Box::new(NoFaults)).expect("it opens");
    let before = entries(&house);
    let [one, two] = [&staged.participants[RANDOMISED], &staged.participants[RANDOMISED + 1]];
    clock.step(-600);
    for act in ACTS {
        let told = act.run(&house, &staged.participants).map(|_| ()).map_err(|r| r.code);
        assert_eq!(told, Err(Why::ClockOff), "{act:?}");
    }
    assert_eq!(entries(&house), before, "nothing is written with a wrong time");
    // Two seconds are what a clock is set back by in earnest; the trail's times do not run backwards for it.
    clock.step(598);
    let code = randomise(&house, LETTERS, one, "key").expect("two seconds are tolerated").value;
    assert_eq!(code.code, staged.codes()[RANDOMISED]);
    assert_eq!(code.at, stage::opening_day());
    clock.step(-1);
    let told = randomise(&house, LETTERS, two, "next key").map(|_| ()).map_err(|r| r.code);
    assert_eq!(told, Err(Why::ClockOff), "three are not");
    clock.step(3);
    let code = randomise(&house, LETTERS, two, "next key").expect("the clock is right").value;
    assert_eq!(code.code, staged.codes()[RANDOMISED + 1]);
    drop(house);
    verify(copy.path());
}

// shows: I4, AL-4
#[test]
fn a_list_used_up_in_one_stratum_stops_that_stratum_alone() {
    let scratch = Scratch::new();
    let (mut play, _) = stage::Play::quick(scratch.path().to_owned(), 13);
    play.slots = 4;
    let mut stage = stage::Stage::raise(play);
    let people: Vec<(Reference, bool)> = (1..=8)
        .map(|number| (stage.screen_eligible(3, number, number <= 5), number <= 5))
        .map(|(text, lldas)| (Reference::parse(&text).expect("a reference"), lldas))
        .collect();
    stage.strike();
    let house = sound(scratch.path());
    let mut issued = [vec![], vec![]];
    for turn in 0..2 {
        for (one, lldas) in &people {
            match randomise(&house, "sph", one, one.as_str()) {
                Ok(answered) if turn == 0 => issued[usize::from(*lldas)].push(answered.value.code),
                Ok(answered) => assert!(answered.repeated),
                Err(refusal) => {
                    assert_eq!(refusal.code, Why::NoAllocationAvailable);
                    assert_eq!(Some(one), people.get(4).map(|(one, _)| one), "the fifth of four");
                }
            }
        }
    }
    let list = |stratum: &str| codes_of(&stage.study, &StratumId::parse(stratum).expect("it is"));
    assert_eq!(issued[1], list("sixth-people/lldas"), "all four");
    assert_eq!(issued[0], list("sixth-people/non-lldas")[..3], "three of four");
    drop(house);
    verify(scratch.path());
    drop(sound(scratch.path()));
}
