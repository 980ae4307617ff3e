//! What the storage tests share: a stage whose folder is copied for each case, callers without HTTP, faults on demand.
// Each test file uses a part of it.
#![allow(dead_code)]

use klero::cli::stage::{self, Play, Stage, Study};
use klero::clock::FixedClock;
use klero::dice::SystemDice;
use klero::domain::access::Caller;
use klero::domain::ids::{Code, PersonId, Reference, StratumId, VisitId};
use klero::domain::people::Person;
use klero::refusal::{Code as Why, Refusal};
use klero::sealing::bytes::sha256;
use klero::sealing::checkpoint::{TrailKey, TrailSigner};
use klero::sealing::password::Cost;
use klero::service::break_code::{Emergency, Named};
use klero::service::founding::{HouseError, Means, origin};
use klero::service::prepare::{Handed, Preparation};
use klero::service::{Answered, House, Signature};
use klero::store::checkpoint_store::CheckpointStore;
use klero::store::faults::{Faults, NoFaults, Step};
use klero::store::queries::Allocation;
use klero::store::repeats::OnceKey;
use klero::store::{Folder, OpenError};
use klero::text::{self, Language};
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use zeroize::Zeroizing;

// Folders -------------------------------------------------------------------------------------------------------------

/// A temporary folder that is gone with the value.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A path that nothing uses yet; the folder itself is made by whoever wants it.
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("klero-test-{}-{count}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn folder(&self) -> Folder {
        Folder::at(&self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A case that made nothing leaves nothing to remove.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Every file of a closed store, with its mode, in a folder of its own.
pub fn copy_of(folder: &Path) -> Scratch {
    let copy = Scratch::new();
    fs::create_dir_all(copy.path()).expect("the temporary folder can be written");
    for file in fs::read_dir(folder).expect("the folder is there").flatten() {
        fs::copy(file.path(), copy.path().join(file.file_name())).expect("a file can be copied");
    }
    copy
}

// The stage -----------------------------------------------------------------------------------------------------------

/// How many eligible participants the staged folder has. The first [`RANDOMISED`] of them have their codes.
pub const SCREENED: usize = 6;
pub const RANDOMISED: usize = 2;
/// The centre at which they are: its staff's initials.
pub const LETTERS: &str = "hsh";
pub const STRATUM: &str = "huashan/lldas";

/// A struck stage: people, list and a few participants, on the disk and closed.
pub struct Staged {
    stage: Stage,
    folder: Scratch,
    pub participants: Vec<Reference>,
}

impl Staged {
    /// Shared by the tests of a file that run at the same time; the last one removes the folder.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Staged>> = Mutex::new(Weak::new());
        let mut shared = locked(&SHARED);
        if let Some(staged) = shared.upgrade() {
            return staged;
        }
        let staged = Arc::new(Self::raise());
        *shared = Arc::downgrade(&staged);
        staged
    }

    fn raise() -> Self {
        let folder = Scratch::new();
        let (play, _) = Play::quick(folder.path().to_owned(), 7);
        let mut stage = Stage::raise(play);
        let screened = (1..=SCREENED as u32).map(|number| stage.screen_eligible(2, number, true));
        let texts: Vec<String> = screened.collect();
        for text in &texts[..RANDOMISED] {
            assert_eq!(stage.randomise(2, text).status, 201);
        }
        stage.strike();
        let participants = texts.iter().map(|text| Reference::parse(text).expect("a reference"));
        Self { participants: participants.collect(), stage, folder }
    }

    /// The closed folder. It is only read: whoever writes takes a copy.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A copy of the closed folder.
    pub fn copy(&self) -> Scratch {
        copy_of(self.folder.path())
    }

    /// The codes of the participants' stratum, in list order.
    pub fn codes(&self) -> Vec<Code> {
        codes_of(&self.stage.study, &StratumId::parse(STRATUM).expect("well formed"))
    }
}

/// The codes of one stratum, in list order.
pub fn codes_of(study: &Study, stratum: &StratumId) -> Vec<Code> {
    let rows = study.list.rows().iter().filter(|row| row.stratum == *stratum);
    rows.map(|row| row.code).collect()
}

/// The lock, whoever panicked while holding it.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Opens a copy at the moment at which the stage was struck.
pub fn open(folder: &Path, faults: Box<dyn Faults>) -> Result<House, HouseError> {
    open_at(folder, Arc::new(FixedClock::at(stage::opening_day())), faults)
}

/// Opens a copy with a clock of one's own. The dice are real: a reopened house must not roll old references again.
pub fn open_at(
    folder: &Path,
    clock: Arc<FixedClock>,
    faults: Box<dyn Faults>,
) -> Result<House, HouseError> {
    let dice = Arc::new(SystemDice::default());
    House::open(&Folder::at(folder), Means { clock, dice, cost: Cost::CHEAP, faults })
}

/// A house in which nothing fails.
pub fn sound(folder: &Path) -> House {
    loop {
        match open(folder, Box::new(NoFaults)) {
            Ok(house) => return house,
            // Another test is starting a process: between fork and exec it holds every lock of this one.
            Err(HouseError::Open(OpenError::InUse)) => std::thread::yield_now(),
            Err(error) => panic!("the folder opens: {error}"),
        }
    }
}

// Callers -------------------------------------------------------------------------------------------------------------

/// Waits for a future on this thread; the store and the password threads do all the work.
pub fn wait<F: Future>(work: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

pub fn person(id: &str) -> PersonId {
    PersonId::parse(id).expect("well formed")
}

/// Somebody of the cast, signed in.
pub fn caller(id: &str) -> Caller {
    let found = stage::cast().into_iter().find(|(name, ..)| name == id);
    let (_, role, centres) = found.expect("one of the cast");
    Caller::person(Person { id: person(id), name: stage::printed_name(id), role, centres })
}

pub fn signed(who: &str, act: &str) -> Signature {
    let password = Zeroizing::new(stage::password(who));
    Signature::by_password(password, text::meaning(act, Language::En))
}

/// A caller's key, and a body that goes with it.
pub fn once(key: &str) -> OnceKey {
    OnceKey { key: sha256(key.as_bytes()), body: sha256(b"the same body") }
}

pub fn randomise(
    house: &House,
    letters: &str,
    participant: &Reference,
    key: &str,
) -> Result<Answered<Allocation>, Refusal> {
    let who = format!("c-{letters}");
    let signature = signed(&who, "randomise");
    wait(house.randomise(&caller(&who), participant.clone(), Some(&signature), once(key)))
}

/// The statistician voids a code.
pub fn void(house: &House, code: &Code, key: &str) -> Result<Answered<()>, Refusal> {
    let signature = signed("stat-1", "void-code");
    let reason = "an opened letter".to_owned();
    wait(house.void_code(&caller("stat-1"), *code, reason, &signature, once(key)))
}

/// The first infusion, on the day of randomisation.
pub fn prepare(
    house: &House,
    letters: &str,
    code: &Code,
    reason: Option<&str>,
    key: &str,
) -> Result<Handed, Refusal> {
    let wish = Preparation {
        code: *code,
        identifier: "DEMO".to_owned(),
        visit: VisitId::parse("V1").expect("well formed"),
        reason: reason.map(str::to_owned),
        root: None,
    };
    wait(house.prepare(&caller(&format!("p-{letters}")), wish, once(key)))
}

pub fn break_code(house: &House, code: &Code, key: &str) -> Result<Handed, Refusal> {
    break_code_of(house, code, Some("DEMO"), key)
}

/// The same by whoever has this second identifier, or none.
pub fn break_code_of(
    house: &House,
    code: &Code,
    identifier: Option<&str>,
    key: &str,
) -> Result<Handed, Refusal> {
    let emergency = Emergency {
        named: Named::Code(*code),
        identifier: identifier.map(str::to_owned),
        requester: "Demo resident, emergency ward".to_owned(),
        call_back: "ward telephone".to_owned(),
        category: "sae-management".to_owned(),
        what_happened: "an invented event".to_owned(),
        depends: true,
        how: Some("as invented".to_owned()),
        plan: None,
        root: None,
    };
    let signature = signed("hot-1", "break-code");
    let broken = wait(house.break_code(&caller("hot-1"), emergency, &signature, once(key)));
    broken.map(|broken| broken.handed)
}

// What stands on the disk ---------------------------------------------------------------------------------------------

/// How many entries the checkpoint store remembers. Read with the key that the folder's secret gives.
pub fn promised(folder: &Path) -> Option<u64> {
    let folder = Folder::at(folder);
    let secret = folder.read_secret().expect("the secret is there");
    let signer = TrailSigner::new(&origin("NCT04515719"), &secret);
    let key = TrailKey::parse(&signer.vkey()).expect("our own key");
    let (_, checkpoint) = CheckpointStore::open(&folder.checkpoint, &key).expect("it is there");
    checkpoint.map(|checkpoint| checkpoint.size)
}

pub fn entries(house: &House) -> u64 {
    house.store.read(|view| view.trail_size()).expect("the trail can be read")
}

/// The acts of the entries from `first` on.
pub fn acts_from(house: &House, first: u64) -> Vec<String> {
    let lines = house.store.read(|view| view.lines(first, 200)).expect("the trail can be read");
    let act = |line: &String| klero::sealing::line::parse(line).expect("a line").entry.act;
    lines.iter().map(act).collect()
}

pub fn code_of(house: &House, participant: &Reference) -> Option<Code> {
    let found = house.store.read(|view| view.allocation(participant));
    found.expect("the table can be read").map(|allocation| allocation.code)
}

/// The whole check that `klero trail verify --tables` makes.
pub fn verify(folder: &Path) {
    let checked = Folder::at(folder).verify(true);
    let checked = checked.unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    assert_eq!(checked.entries, checked.compared);
}

// Faults --------------------------------------------------------------------------------------------------------------

/// Fails once, at one step, when it is armed.
#[derive(Clone, Default)]
pub struct FailOnce(Arc<Mutex<Option<(Step, u32)>>>);

impl FailOnce {
    pub fn armed(step: Step) -> Self {
        let fault = Self::default();
        fault.arm(step, 0);
        fault
    }

    /// Lets the step pass this many times before.
    pub fn arm(&self, step: Step, passes: u32) {
        *locked(&self.0) = Some((step, passes));
    }

    pub fn disarm(&self) {
        *locked(&self.0) = None;
    }
}

impl Faults for FailOnce {
    fn at(&mut self, step: Step) -> std::io::Result<()> {
        let mut armed = locked(&self.0);
        match armed.as_mut().filter(|(at, _)| *at == step) {
            None => Ok(()),
            Some((_, passes)) if *passes > 0 => {
                *passes -= 1;
                Ok(())
            }
            Some(_) => {
                *armed = None;
                Err(std::io::Error::other("a fault of the test"))
            }
        }
    }
}

/// Ends the process at one step, without any tidying up.
pub struct Die(pub Step);

impl Faults for Die {
    fn at(&mut self, step: Step) -> std::io::Result<()> {
        if self.0 == step {
            std::process::abort();
        }
        Ok(())
    }
}

/// What a caller is told when the group fails at this step.
pub fn told_at(step: Step) -> Why {
    match step {
        Step::Begun | Step::ActDone | Step::BeforeCommit => Why::ReadOnly,
        Step::AfterCommit | Step::AfterPut => Why::CheckpointStoreAway,
    }
}

/// Is the group on the disk when it failed at this step?
pub fn is_kept(step: Step) -> bool {
    matches!(step, Step::AfterCommit | Step::AfterPut)
}

/// This test program again, running one of its tests alone. That test returns at once without `variables`.
pub fn child(test: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a file"));
    command.args([test, "--exact", "--nocapture"]).envs(variables.iter().copied());
    command
}

/// The same under a limit on the size of every file it writes, in blocks of 512 bytes: a full disk, as SQLite sees it.
pub fn child_with_little_room(test: &str, blocks: u64, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.arg("-c").arg(script);
    command.arg(std::env::current_exe().expect("this program has a file"));
    command.args([test, "--exact", "--nocapture"]).envs(variables.iter().copied());
    command
}

/// A small generator with a seed, so that a failing run can be run again.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        (1..all.len()).rev().for_each(|i| all.swap(i, self.below(i + 1)));
    }
}
