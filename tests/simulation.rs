//! Ten thousand concurrent randomisations, and random acts of many callers against a small model of what must be true.

mod staged;

use klero::cli::stage::{self, CENTRES, Play, Stage};
use klero::clock::FixedClock;
use klero::dice::FixedDice;
use klero::domain::entry::{Entry, Fact};
use klero::domain::ids::{CentreId, Code, Reference, StratumId};
use klero::refusal::{Code as Why, Refusal};
use klero::sealing::bytes::hex;
use klero::sealing::ceremony::ListSecret;
use klero::sealing::line::facts_from_json;
use klero::sealing::list::{Design, List};
use klero::sealing::seal::seal_package;
use klero::service::House;
use klero::service::refuse::Noted;
use klero::store::Stamp;
use klero::store::faults::Step;
use staged::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const FACTORS: [&str; 2] = ["lldas", "non-lldas"];

/// Somebody who can be randomised.
#[derive(Clone)]
struct Eligible {
    reference: Reference,
    letters: &'static str,
    stratum: StratumId,
}

fn stratum(centre: usize, factor: usize) -> StratumId {
    let name = format!("{}/{}", CENTRES[centre].0, FACTORS[factor]);
    StratumId::parse(&name).expect("well formed")
}

/// The shipped trial with another target, so that as many may be randomised.
fn trial_for(participants: u32) -> String {
    let wide =
        stage::TRIAL.replace("participants = 334", &format!("participants = {participants}"));
    assert_ne!(wide, stage::TRIAL, "the shipped file says its target in these words");
    wide
}

/// Appends screening and eligibility entries as the service writes them, many in an act.
///
/// They do not go through the acts themselves: three digits of an enrolment number give a centre a thousand
/// participants, and a stratum wants 1,250. So the entry's number has a prefix of its own, while the private answers,
/// which are read and judged again at randomisation, keep one that the centre's form takes. It also spares 20,000
/// signatures that are not what is looked at here.
fn enrol(house: &House, each: usize) -> Vec<Eligible> {
    let mut all = vec![];
    for (centre, (name, letters)) in CENTRES.into_iter().enumerate() {
        let centre_id = CentreId::parse(name).expect("well formed");
        for factor in 0..2 {
            let given = stage::answers(
                &format!("{}-000", letters.to_uppercase()),
                factor == 0,
                "2026-11-20",
            );
            let stratum = stratum(centre, factor);
            let rules = hex(&house.configuration);
            for batch in (0..each).collect::<Vec<_>>().chunks(125) {
                let (batch, centre_id) = (batch.to_vec(), centre_id.clone());
                let (given, stratum_id, rules) = (given.clone(), stratum.clone(), rules.clone());
                let pending = house.store.write(Stamp::service(), move |tx| {
                    let mut made = vec![];
                    for nth in batch {
                        let reference = tx.reference();
                        let prefix = format!("{centre}{factor}{}", nth / 1000);
                        let number = format!("{prefix}-{:03}", nth % 1000);
                        let mut answers = given.clone();
                        // Birthdays apart, as far as the form allows: nobody is taken for somebody else.
                        answers["birth_date"] = format!("{}-01-01", 1960 + nth % 40).into();
                        let facts = facts_from_json(&answers.to_string()).expect("texts and lists");
                        let about = |act| {
                            let entry = Entry::new(act).at(&centre_id);
                            let entry = entry.on("participant", number.as_str());
                            entry.on("reference", reference.as_str())
                        };
                        let screened = about("participant-screened")
                            .with("outcome", "eligible")
                            .with("stratum", stratum_id.as_str())
                            .with("criteria", Vec::<Fact>::new())
                            .with("rules", rules.as_str())
                            .private("answers", Fact::Group(facts));
                        let screening = tx.append(screened)?;
                        let signed = about("eligibility-signed")
                            .with("screening", screening)
                            .with("meaning", "eligible")
                            .with("acknowledged", Vec::<Fact>::new())
                            .with("another-person", true)
                            .private("another-person", "invented particulars are few");
                        tx.append(signed)?;
                        made.push(reference);
                    }
                    Ok::<_, Noted>(made)
                });
                let made = pending.wait().map_err(|noted| noted.refusal.code).expect("they stand");
                all.extend(made.into_parts().0.into_iter().map(|reference| Eligible {
                    reference,
                    letters,
                    stratum: stratum.clone(),
                }));
            }
        }
    }
    all
}

/// In each stratum the codes in order of their entries are the beginning of the list, but for void ones.
fn check_order(house: &House, stage: &Stage, people: &[Eligible], void: &BTreeSet<Code>) -> usize {
    let mut issued: BTreeMap<StratumId, Vec<(u64, Code)>> = BTreeMap::new();
    for one in people {
        let found = house.store.read(|view| view.allocation(&one.reference)).expect("it reads");
        if let Some(found) = found {
            assert_eq!(found.stratum, one.stratum, "from the participant's own stratum");
            issued.entry(found.stratum).or_default().push((found.entry, found.code));
        }
    }
    let mut all = 0;
    for (stratum, mut codes) in issued {
        codes.sort_unstable_by_key(|(entry, _)| *entry);
        let codes: Vec<Code> = codes.into_iter().map(|(_, code)| code).collect();
        let mut list = codes_of(&stage.study, &stratum);
        list.retain(|code| !void.contains(code));
        assert_eq!(codes, list[..codes.len()], "{stratum}");
        all += codes.len();
    }
    all
}

// shows: I4, I5, AL-2, AL-5
#[test]
fn ten_thousand_concurrent_randomisations_follow_the_list_in_every_stratum() {
    const EACH: usize = 1_250;
    let scratch = Scratch::new();
    let (mut play, _) = Play::quick(scratch.path().to_owned(), 21);
    play.trial = trial_for(12_000);
    play.slots = 1_252;
    let mut stage = Stage::raise(play);
    stage.strike();
    let house = sound(scratch.path());
    let people = enrol(&house, EACH);
    assert_eq!(people.len(), 10_000);
    // Everybody once; three in ten a second time at once, under the same key or another.
    let mut seed = Seeded(1);
    let mut wishes: Vec<(usize, u32)> = vec![];
    for one in 0..people.len() {
        wishes.push((one, 0));
        if seed.below(10) < 3 {
            wishes.push((one, seed.below(2) as u32));
        }
    }
    // Shuffled in runs, so that a duplicate stays near its first and they meet in the queue.
    wishes.chunks_mut(160).for_each(|run| seed.shuffle(run));
    let next = AtomicUsize::new(0);
    let answers: Mutex<BTreeMap<usize, BTreeSet<(u64, String)>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                while let Some((who, variant)) = wishes.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let one = &people[*who];
                    let key = format!("{} {variant}", one.reference.as_str());
                    let answer = randomise(&house, one.letters, &one.reference, &key);
                    let answer = answer.expect("everybody is eligible and the list is long enough");
                    assert_eq!(answer.receipt.seq, answer.value.entry, "the first entry's receipt");
                    let code = (answer.value.entry, answer.value.code.to_string());
                    locked(&answers).entry(*who).or_default().insert(code);
                }
            });
        }
    });
    let answers = locked(&answers);
    assert_eq!(answers.len(), people.len());
    assert!(answers.values().all(|codes| codes.len() == 1), "one code each, however often asked");
    let codes: BTreeSet<&String> = answers.values().flatten().map(|(_, code)| code).collect();
    assert_eq!(codes.len(), people.len(), "no code twice");
    assert_eq!(check_order(&house, &stage, &people, &BTreeSet::new()), people.len());
    check_blocks(&stage, EACH);
    drop(house);
    verify(scratch.path());
    let house = sound(scratch.path());
    let one = &people[0];
    let again = randomise(&house, one.letters, &one.reference, "after the restart");
    assert!(again.expect("answered again").repeated);
}

/// The statistician's package for a later segment of the same trial, and its codes of one stratum.
fn segment(
    stage: &Stage,
    number: u32,
    taken: &BTreeSet<Code>,
    of: &StratumId,
) -> (String, Vec<Code>) {
    let dice = FixedDice::new(u64::from(number));
    let design = Design { segment: number, ..stage.study.list.design().clone() };
    let list = List::draw(&design, &ListSecret::roll(&dice), b"a beacon", taken).expect("a list");
    let statistician = &stage.identities["stat-1"];
    let manifest = list.manifest("an invented lottery", statistician).expect("a manifest");
    let cards: Vec<_> = stage.identities.values().map(|i| i.card().clone()).collect();
    let package = seal_package(&list, &manifest, &cards, statistician, 1, &dice);
    let codes = list.rows().iter().filter(|row| row.stratum == *of).map(|row| row.code);
    (package.expect("a package").to_json(), codes.collect())
}

// shows: I4, SG-6
#[test]
fn segments_are_approved_and_issued_in_their_order() {
    let scratch = Scratch::new();
    let (mut play, _) = Play::quick(scratch.path().to_owned(), 23);
    play.slots = 4;
    let mut stage = Stage::raise(play);
    stage.strike();
    let house = sound(scratch.path());
    let mut taken: BTreeSet<Code> = stage.study.list.rows().iter().map(|row| row.code).collect();
    let people: Vec<Eligible> = enrol(&house, 11).into_iter().take(11).collect();
    let stratum = people[0].stratum.clone();
    let mut list = codes_of(&stage.study, &stratum);
    let review = |house: &House, segment| {
        let (monitor, signature) = (caller("mon-1"), signed("mon-1", "review-list"));
        let key = once(&format!("review {segment} of {}", entries(house)));
        let reviewed = wait(house.review_list(&monitor, segment, &signature, key));
        reviewed.map(|_| ()).map_err(|refusal| refusal.code)
    };
    for number in [1, 2] {
        let (package, codes) = segment(&stage, number, &taken, &stratum);
        house.import_list(&package).expect("the next segment");
        taken.extend(&codes);
        list.extend(codes);
    }
    assert_eq!(review(&house, 2), Err(Why::WrongState), "the one before it is not approved");
    let issue = |house: &House, one: &Eligible| {
        let answer = randomise(house, one.letters, &one.reference, one.reference.as_str());
        answer.map(|answer| answer.value.code).map_err(|refusal| refusal.code)
    };
    let mut issued = vec![];
    for one in &people[..4] {
        issued.push(issue(&house, one).expect("the first segment"));
    }
    assert_eq!(issue(&house, &people[4]), Err(Why::NoAllocationAvailable), "not approved yet");
    assert_eq!((review(&house, 1), review(&house, 2)), (Ok(()), Ok(())));
    for one in &people[4..6] {
        issued.push(issue(&house, one).expect("the second segment"));
    }
    drop(house);
    let house = sound(scratch.path());
    for one in &people[6..] {
        issued.push(issue(&house, one).expect("across a restart, into the third segment"));
    }
    assert_eq!(issued, list[..issued.len()]);
    drop(house);
    verify(scratch.path());
    drop(sound(scratch.path()));
}

/// Every complete block that was issued holds both arms as often: read from the list that stays at home.
fn check_blocks(stage: &Stage, issued: usize) {
    let mut blocks = 0;
    for (centre, factor) in (0..4).flat_map(|c| [(c, 0), (c, 1)]) {
        let stratum = stratum(centre, factor);
        let rows = stage.study.list.rows().iter().filter(|row| row.stratum == stratum);
        let lines: Vec<String> = rows.map(|row| stage.study.list.csv_row(row)).collect();
        for block in lines[..issued - issued % 4].chunks(4) {
            let of = |arm: &str| block.iter().filter(|l| l.split(',').nth(3) == Some(arm)).count();
            assert_eq!((of("belimumab"), of("placebo")), (2, 2), "{stratum}");
            blocks += 1;
        }
    }
    assert_eq!(blocks, 8 * (issued / 4));
}

// Random acts against a model -----------------------------------------------------------------------------------------

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    Randomise,
    Prepare,
    Break,
}

/// One request: who is meant, what for, and the number of its key.
type Request = (usize, Wish, u32);

/// A code, and the entry that the receipt is about.
type Answer = (String, u64);

/// What must be true of the trial, kept without any of the product's code.
#[derive(Default)]
struct Model {
    /// Each participant's code, once known.
    codes: BTreeMap<usize, String>,
    /// How many codes each stratum has given.
    issued: BTreeMap<StratumId, usize>,
    /// The entry under which each request was answered first.
    answered: BTreeMap<Request, u64>,
    /// Who has had the first visit's release.
    prepared: BTreeSet<usize>,
    /// Codes that became known, with the entry that voided each.
    void: BTreeMap<Code, u64>,
}

impl Model {
    /// What the first answer to a request must be; none: it is refused for this reason.
    fn expects(&self, request: &Request) -> Result<(), Why> {
        let (who, wish, _) = request;
        match wish {
            Wish::Randomise => Ok(()),
            _ if !self.codes.contains_key(who) => Err(Why::NoSuchRecord),
            Wish::Prepare if self.answered.contains_key(request) => Ok(()),
            Wish::Prepare if self.prepared.contains(who) => Err(Why::AlreadyPrepared),
            Wish::Prepare | Wish::Break => Ok(()),
        }
    }

    /// An answer, or a refusal for a reason of the trial: as it had to be.
    fn takes(
        &mut self,
        request: Request,
        answer: Result<Answer, Refusal>,
        expected: Result<(), Why>,
        one: &Eligible,
    ) {
        let told = answer.as_ref().map(|_| ()).map_err(|refusal| refusal.code);
        assert_eq!(told, expected, "{request:?}");
        if let Ok((code, entry)) = answer {
            self.learns(request, code, entry, &one.stratum);
        }
    }

    /// A code was to be voided, while others asked for codes: whichever came first, it is one or the other for ever.
    fn takes_void(&mut self, code: Code, answer: &Result<u64, Refusal>) {
        let issued = self.codes.values().any(|known| *known == code.to_string());
        match answer {
            Ok(entry) => {
                assert!(!issued, "{code} was issued, and voided");
                let first = *self.void.entry(code).or_insert(*entry);
                assert_eq!(first, *entry, "the same request is the same entry");
            }
            Err(refusal) => {
                assert_eq!(refusal.code, Why::WrongState, "{code}");
                assert!(issued, "{code} was neither issued nor void");
            }
        }
    }

    fn learns(&mut self, request: Request, code: String, entry: u64, stratum: &StratumId) {
        let (who, wish, _) = request;
        let known = self.codes.entry(who).or_insert_with(|| {
            assert_eq!(wish, Wish::Randomise, "a code comes from randomisation alone");
            *self.issued.entry(stratum.clone()).or_default() += 1;
            code.clone()
        });
        assert_eq!(*known, code, "one code for ever");
        let first = *self.answered.entry(request).or_insert(entry);
        assert_eq!(first, entry, "the same request is the same entry");
        if wish == Wish::Prepare {
            self.prepared.insert(who);
        }
    }
}

fn ask(house: &House, one: &Eligible, request: &Request) -> Result<Answer, Refusal> {
    let (who, wish, key) = request;
    let key = format!("{who} {wish:?} {key}");
    let code = || code_of(house, &one.reference).ok_or_else(|| Refusal::new(Why::NoSuchRecord));
    let handed = match wish {
        Wish::Randomise => {
            let answered = randomise(house, one.letters, &one.reference, &key)?;
            let code = answered.value.code.to_string();
            return Ok((code, answered.receipt.seq));
        }
        Wish::Prepare => prepare(house, one.letters, &code()?, None, &key)?,
        Wish::Break => break_code(house, &code()?, &key)?,
    };
    let seq = handed.released.receipt.seq;
    Ok((handed.released.place.code.to_string(), seq))
}

/// Voids a code; each code under a key of its own, so that asking again is the same act.
fn ask_void(house: &House, code: &Code) -> Result<u64, Refusal> {
    void(house, code, &format!("void {code}")).map(|answered| answered.receipt.seq)
}

/// What some callers ask for at once. One kind of act a participant and round, but for its duplicates: the model need
/// not guess which of two rivals came first.
fn some_requests(seed: &mut Seeded, people: usize) -> Vec<Request> {
    let mut requests: Vec<Request> = vec![];
    for _ in 0..16 {
        let who = seed.below(people);
        if requests.iter().any(|(other, ..)| *other == who) {
            continue;
        }
        let wish = [Wish::Randomise, Wish::Prepare, Wish::Break][seed.below(3)];
        let request = (who, wish, seed.below(3) as u32);
        requests.extend(std::iter::repeat_n(request, 1 + seed.below(3)));
    }
    seed.shuffle(&mut requests);
    requests
}

/// Codes near the front of any stratum that become known now, so that voids and issues meet; one twice at once.
fn some_codes(seed: &mut Seeded, stage: &Stage) -> Vec<Code> {
    let mut codes = vec![];
    for _ in 0..seed.below(3) {
        let list = codes_of(&stage.study, &stratum(seed.below(4), seed.below(2)));
        let code = list[seed.below(24)];
        codes.extend(std::iter::repeat_n(code, 1 + seed.below(2)));
    }
    codes
}

/// A request with what came of it.
type Answered = (Request, Result<Answer, Refusal>);
/// A code that was to be voided, with the entry or the refusal.
type Voided = (Code, Result<u64, Refusal>);

/// Everybody asks at once; one code is voided before the others ask, the rest after them.
fn ask_at_once(
    house: &House,
    people: &[Eligible],
    requests: &[Request],
    known: &[Code],
) -> (Vec<Answered>, Vec<Voided>) {
    std::thread::scope(|scope| {
        let void = |code: &'_ Code| {
            let code = *code;
            scope.spawn(move || (code, ask_void(house, &code)))
        };
        let mut voids: Vec<_> = known.iter().take(1).map(void).collect();
        let start = |request: &Request| {
            let request = *request;
            scope.spawn(move || (request, ask(house, &people[request.0], &request)))
        };
        let threads: Vec<_> = requests.iter().map(start).collect();
        voids.extend(known.iter().skip(1).map(void));
        let answers = threads.into_iter().map(|t| t.join().expect("no caller fails")).collect();
        (answers, voids.into_iter().map(|t| t.join().expect("no caller fails")).collect())
    })
}

/// What the store's own failures look like to a caller.
fn is_a_failure(why: Why) -> bool {
    matches!(why, Why::ReadOnly | Why::CheckpointStoreAway | Why::ClockOff)
}

// shows: I3, I4, I5, I6, AL-3, AL-5
#[test]
fn random_acts_of_many_callers_with_faults_and_restarts_agree_with_the_model() {
    let scratch = Scratch::new();
    let (mut play, _) = Play::quick(scratch.path().to_owned(), 22);
    play.slots = 40;
    let mut stage = Stage::raise(play);
    stage.strike();
    let fault = FailOnce::default();
    let clock = Arc::new(FixedClock::at(stage::opening_day()));
    let open_house = || {
        let faults = Box::new(fault.clone());
        open_at(scratch.path(), Arc::clone(&clock), faults).expect("it opens")
    };
    let mut house = open_house();
    let people = enrol(&house, 20);
    let (mut model, mut seed) = (Model::default(), Seeded(7));
    let mut failures = 0;
    for round in 0..60 {
        // The weather of this round.
        let weather = seed.below(6);
        match weather {
            0 => fault.arm(Step::ALL[seed.below(5)], seed.below(4) as u32),
            1 => {
                drop(house);
                house = open_house();
            }
            2 => clock.step(-600),
            _ => clock.step(seed.below(3) as i64),
        }
        let requests = some_requests(&mut seed, people.len());
        let known = some_codes(&mut seed, &stage);
        let (answers, voided) = ask_at_once(&house, &people, &requests, &known);
        if weather == 2 {
            clock.step(600);
        }
        let expected: BTreeMap<Request, Result<(), Why>> =
            requests.iter().map(|r| (*r, model.expects(r))).collect();
        let mut again: BTreeSet<Request> = BTreeSet::new();
        for (request, answer) in answers {
            match answer {
                Err(refusal) if is_a_failure(refusal.code) => {
                    failures += 1;
                    again.insert(request);
                }
                answer => model.takes(request, answer, expected[&request], &people[request.0]),
            }
        }
        // Whoever was told of a failure asks again under the same key, until there is an answer.
        fault.disarm();
        for request in again {
            let answer = ask(&house, &people[request.0], &request);
            model.takes(request, answer, expected[&request], &people[request.0]);
        }
        for (code, mut answer) in voided {
            if answer.as_ref().is_err_and(|refusal| is_a_failure(refusal.code)) {
                answer = ask_void(&house, &code);
            }
            model.takes_void(code, &answer);
        }
        compare(&house, &stage, &people, &model);
        assert_eq!(promised(scratch.path()), Some(entries(&house)), "round {round}");
    }
    assert!(failures > 20, "the weather was too fair: {failures} failures");
    assert!(model.codes.len() > 60 && model.prepared.len() > 10, "too little happened");
    assert!(model.void.len() > 15, "too few codes were voided: {}", model.void.len());
    drop(house);
    verify(scratch.path());
    let house = sound(scratch.path());
    compare(&house, &stage, &people, &model);
}

/// The store says what the model says.
fn compare(house: &House, stage: &Stage, people: &[Eligible], model: &Model) {
    for (who, one) in people.iter().enumerate() {
        let stored = code_of(house, &one.reference).map(|code| code.to_string());
        assert_eq!(stored.as_ref(), model.codes.get(&who), "participant {who}");
        let releases = house.store.read(|view| view.releases_of(&one.reference, "prepare"));
        let releases = releases.expect("it reads").len();
        assert_eq!(releases, usize::from(model.prepared.contains(&who)), "participant {who}");
        let breaks = house.store.read(|view| view.releases_of(&one.reference, "break"));
        let asked = model.answered.keys().filter(|(w, wish, _)| *w == who && *wish == Wish::Break);
        assert_eq!(breaks.expect("it reads").len(), asked.count(), "participant {who}");
    }
    let void = model.void.keys().copied().collect();
    assert_eq!(check_order(house, stage, people, &void), model.issued.values().sum::<usize>());
    for (code, entry) in &model.void {
        let line = house.store.read(|view| view.line(*entry)).expect("it reads").expect("a line");
        assert!(line.contains("\"code-voided\"") && line.contains(&code.to_string()), "{line}");
    }
}
