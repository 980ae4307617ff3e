//! Operational qualification (OQ): what the service does with this trial file on this machine, request after request.

use super::ground::{Ground, refused, said};
use super::{Came, Tested};
use crate::cli::open::open_release;
use crate::cli::stage::{Reply, signature};
use crate::domain::access::{self, Reach};
use crate::domain::people::Role;
use crate::http::routes::{Door, Route, Verb};
use crate::sealing::bytes::hex;
use crate::sealing::list::List;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// A test of operation.
pub(super) struct Test {
    pub(super) shows: &'static [&'static str],
    pub(super) does: &'static str,
    pub(super) expects: &'static str,
    pub(super) run: fn(&mut Ground) -> Came,
}

pub(super) const TESTS: &[Test] = &[
    Test {
        shows: &["SG-1", "SG-7"],
        does: "the list is drawn again from secret and beacon, and compared with the published commitment",
        expects: "the same root, in the service's public answer too",
        run: redrawn,
    },
    Test {
        shows: &["SG-3"],
        does: "the arms of each stratum's list are counted, on the statistician's side",
        expects: "the ratio of the trial file, exactly, in every stratum",
        run: balanced,
    },
    Test {
        shows: &["AL-7"],
        does: "somebody with the same birth date, sex and initials is signed eligible without a word about it",
        expects: "409 possible-duplicate",
        run: twice,
    },
    Test {
        shows: &["AL-5", "AL-6", "I4", "I5"],
        does: "three participants of every centre are randomised, each asked for three times",
        expects: "one code each, in list order, and the first answer again",
        run: in_order,
    },
    Test {
        shows: &["AL-5", "I4"],
        does: "eight participants of one stratum are randomised at the same moment, each by three callers",
        expects: "the next eight codes of the list, each given to one participant",
        run: at_once,
    },
    Test {
        shows: &["AL-11", "AL-12"],
        does: "recruitment is paused at a centre, tried, and opened again",
        expects: "409 recruitment-paused, then a code",
        run: paused,
    },
    Test {
        shows: &["DI-1", "SG-7", "EU-7"],
        does: "a pharmacist releases a code and opens it on a device of their own",
        expects: "what the list says; proven against the commitment; a coordinator and another centre's pharmacist refused",
        run: prepared,
    },
    Test {
        shows: &["EU-1", "EU-4", "EU-8"],
        does: "the hotline breaks one code: first without a reason, then with one",
        expects: "refused, then opened; the sponsor reads that it happened and never what it was",
        run: broken,
    },
    Test {
        shows: &["AC-3", "AC-6", "I11"],
        does: "everybody reads everything that the table of rights keeps from their role",
        expects: "403 not-your-role, or 404 no-such-record, every time",
        run: doors,
    },
    Test {
        shows: &["CO-2", "I1", "I10"],
        does: "every file of the service is searched for the list secret, and for the salts of its leaves",
        expects: "nothing found; the search finds the public root",
        run: searched,
    },
];

/// Runs the operational tests and the user's cases.
pub fn tests(ground: &mut Ground) -> Vec<Tested> {
    let mut tested = vec![];
    for (number, test) in (1..).zip(TESTS) {
        let came = (test.run)(ground);
        tested.push(of(&format!("OQ-{number:02}"), test, came));
    }
    let cases = ground.cases.cases.clone();
    for (number, case) in (1..).zip(&cases) {
        let level = case.level.as_deref().unwrap_or("none");
        let against = if case.against.is_empty() {
            String::new()
        } else {
            format!(", against it {}", case.against.join(", "))
        };
        tested.push(Tested {
            id: format!("OQ-C{number:02}"),
            shows: case.shows.clone(),
            does: format!("screening: {}", case.name),
            expects: format!("{}{against}, level {level}", case.outcome),
            came: judged(ground, case),
        });
    }
    tested
}

pub(super) fn of(id: &str, test: &Test, came: Came) -> Tested {
    Tested {
        id: id.to_owned(),
        shows: test.shows.iter().map(|id| (*id).to_owned()).collect(),
        does: test.does.to_owned(),
        expects: test.expects.to_owned(),
        came,
    }
}

/// Evidence that holds only if `fine`.
pub(super) fn stands(fine: bool, evidence: String) -> Came {
    if fine { Ok(evidence) } else { Err(evidence) }
}

fn redrawn(ground: &mut Ground) -> Came {
    let study = &ground.stage.study;
    let again = List::draw(study.list.design(), &study.secret, &study.beacon, &BTreeSet::new());
    let again = again.map_err(|error| error.to_string())?;
    let root = hex(&study.list.root());
    let public = ground.stage.send("GET", "/v1/commitment", &[], None);
    stands(hex(&again.root()) == root && public.text.contains(&root), format!("root {root}"))
}

fn balanced(ground: &mut Ground) -> Came {
    let study = &ground.stage.study;
    let (arms, design) = (study.arms(), study.list.design());
    let mut counts: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for row in study.list.rows() {
        let arm = arms[&row.code.to_string()];
        *counts.entry(row.stratum.as_str()).or_default().entry(arm).or_default() += 1;
    }
    let names = &study.manifest.manifest.arms;
    let shares: Vec<(&str, u32)> =
        names.iter().map(String::as_str).zip(design.ratio.iter().copied()).collect();
    let fair = |of: &BTreeMap<&str, u32>| {
        let one = of.values().sum::<u32>() / design.ratio.iter().sum::<u32>();
        shares.iter().all(|(arm, share)| of.get(arm) == Some(&(one * share)))
    };
    let odd: Vec<_> =
        counts.iter().filter(|(_, of)| !fair(of)).map(|(stratum, _)| *stratum).collect();
    stands(odd.is_empty(), format!("{} strata, {} not in the ratio", counts.len(), odd.len()))
}

fn twice(ground: &mut Ground) -> Came {
    ground.ready(0)?;
    let (_, screened) = ground.screen(0, &Map::new());
    let reference = screened.text_at("reference").to_owned();
    refused(&ground.sign(0, &reference, None), 409, "possible-duplicate")
}

fn in_order(ground: &mut Ground) -> Came {
    for centre in 0..ground.stage.centres.len() {
        let listed = ground.listed(centre);
        let before = issued(ground, centre);
        for at in before..before + 3 {
            let (number, reference) = ground.ready(centre)?;
            let first = ground.randomise(centre, &reference);
            let again =
                [ground.randomise(centre, &reference), ground.randomise(centre, &reference)];
            let code = first.text_at("code");
            let same =
                again.iter().all(|reply| reply.status == 200 && reply.text_at("code") == code);
            if first.status != 201 || Some(code) != listed.get(at).map(String::as_str) || !same {
                return Err(format!("{number}: {}, repeated {}", said(&first), said(&again[0])));
            }
        }
    }
    Ok(format!(
        "{} participants at {} centres",
        3 * ground.stage.centres.len(),
        ground.stage.centres.len()
    ))
}

/// How many of a centre's stratum have a code.
fn issued(ground: &Ground, centre: usize) -> usize {
    let listed: BTreeSet<String> = ground.listed(centre).into_iter().collect();
    codes(ground).iter().filter(|(_, code)| listed.contains(code)).count()
}

/// Participant and code of every randomisation in the trail.
pub(super) fn codes(ground: &Ground) -> Vec<(String, String)> {
    let lines = trail(ground).unwrap_or_default();
    let read = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let on = |line: &Value, name: &str| line["on"][name].as_str().unwrap_or_default().to_owned();
    read.filter(|line| line["act"] == "randomised")
        .map(|line| (on(&line, "participant"), on(&line, "code")))
        .collect()
}

fn at_once(ground: &mut Ground) -> Came {
    let before = issued(ground, 0);
    let next: BTreeSet<String> = ground.listed(0).into_iter().skip(before).take(8).collect();
    let ready: Result<Vec<_>, _> = (0..8).map(|_| ground.ready(0)).collect();
    let ready = ready?;
    let here = &*ground;
    let codes: Vec<Vec<String>> = std::thread::scope(|scope| {
        let ask = |(_, reference): &(String, String)| {
            let reference = reference.clone();
            let callers: Vec<_> = (0..3)
                .map(|_| {
                    let reference = reference.clone();
                    scope.spawn(move || here.randomise(0, &reference).text_at("code").to_owned())
                })
                .collect();
            callers
        };
        let asked: Vec<_> = ready.iter().map(ask).collect();
        asked
            .into_iter()
            .map(|callers| {
                callers.into_iter().map(|caller| caller.join().unwrap_or_default()).collect()
            })
            .collect()
    });
    let one_each = codes.iter().all(|of| of.iter().all(|code| *code == of[0]));
    let given: BTreeSet<String> = codes.iter().map(|of| of[0].clone()).collect();
    stands(
        one_each && given == next,
        format!("{} codes to 8 participants, {} callers", given.len(), 24),
    )
}

fn paused(ground: &mut Ground) -> Came {
    let (_, reference) = ground.ready(0)?;
    let centre = ground.stage.centres[0].0.to_string();
    let decide = |ground: &Ground, what: &str| {
        let body = json!({"centre": centre, "reason": "qualification", "signature": signature("spon-1", "decide-recruitment")});
        ground.stage.act("spon-1", "POST", &format!("/v1/recruitment/{what}"), body)
    };
    decide(ground, "pause");
    let tried = refused(&ground.randomise(0, &reference), 409, "recruitment-paused");
    decide(ground, "open");
    let then = ground.randomise(0, &reference);
    stands(then.status == 201, format!("{}, then {}", tried?, said(&then)))
}

fn prepared(ground: &mut Ground) -> Came {
    let (_, _, code) = ground.randomised(0)?;
    let visits = &ground.stage.house().trial.visits;
    let first = visits.iter().find(|visit| visit.infusion).ok_or("the trial has no infusion")?;
    let visit = first.id.to_string();
    let body = json!({"code": code, "identifier": ground.cases.answer("initials"), "visit": visit});
    let ask = |who: &str| ground.stage.act(who, "POST", "/v1/preparations", body.clone());
    let other = refused(&ask(&ground.at('c', 0)), 403, "not-your-role")?;
    if ground.stage.centres.len() > 1 {
        refused(&ask(&ground.at('p', 1)), 404, "no-such-record")?;
    }
    let pharmacist = ground.at('p', 0);
    let release = ask(&pharmacist);
    let fits = opens_as_listed(ground, &pharmacist, &code, &release)?;
    stands(fits, format!("coordinator {other}; released by {}; opened and proven", said(&release)))
}

/// Opens a release as its holder would, and compares with the list. The arm itself goes into no evidence.
fn opens_as_listed(
    ground: &Ground,
    who: &str,
    code: &str,
    release: &Reply,
) -> Result<bool, String> {
    if release.status != 201 {
        return Err(said(release));
    }
    let commitment = ground.stage.send("GET", "/v1/commitment", &[], None).text;
    let opened = open_release(&release.text, &commitment, &ground.stage.identities[who]);
    let opened = opened.map_err(|failure| failure.to_string())?;
    Ok(ground.stage.study.arms().get(code) == Some(&opened.arm.as_str()))
}

fn broken(ground: &mut Ground) -> Came {
    let (number, _, code) = ground.randomised(0)?;
    let category = ground.stage.house().trial.emergency.categories[0].id.clone();
    let mut body = json!({
        "participant": number, "identifier": ground.cases.answer("initials"), "requester": "Demo physician", "callBack": "000",
        "category": category, "whatHappened": "", "depends": true, "how": "invented",
        "signature": signature("hot-1", "break-code"),
    });
    let ask = |body: &Value| ground.stage.act("hot-1", "POST", "/v1/breaks", body.clone());
    let without = refused(&ask(&body), 422, "invalid-fields")?;
    body["whatHappened"] = "an invented emergency".into();
    let release = ask(&body);
    let fits = opens_as_listed(ground, "hot-1", &code, &release)?;
    let seen = ground.stage.get("spon-1", "/v1/breaks");
    let arms = &ground.stage.study.manifest.manifest.arms;
    let that =
        seen.text.contains(&number) && arms.iter().all(|arm| !seen.text.contains(arm.as_str()));
    stands(
        fits && that,
        format!("without a reason {without}; with one {}; told that, not what", said(&release)),
    )
}

fn doors(ground: &mut Ground) -> Came {
    let routes = crate::http::table();
    let plain = |route: &&Route| route.verb == Verb::Get && route.names().next().is_none();
    let mut asked = 0;
    for (act, reaches) in access::table() {
        let kept = Role::ALL.into_iter().zip(reaches).filter(|(_, reach)| *reach == Reach::Never);
        let kept: Vec<Role> = kept.map(|(role, _)| role).collect();
        for route in
            routes.routes().iter().filter(plain).filter(|route| route.door == Door::Act(act))
        {
            for role in &kept {
                let who = ground.account(*role);
                let reply = ground.stage.get(&who, route.path);
                asked += 1;
                if ![403, 404].contains(&reply.status) {
                    return Err(format!("{who} reads {}: {}", route.path, said(&reply)));
                }
            }
        }
    }
    stands(asked > 20, format!("{asked} reads refused"))
}

fn searched(ground: &mut Ground) -> Came {
    let study = &ground.stage.study;
    let mut words: Vec<Vec<u8>> = vec![study.secret.bytes().to_vec()];
    words.extend(study.list.rows().iter().map(|row| row.salt.to_vec()));
    let both = words.iter().flat_map(|word| [word.clone(), hex(word).into_bytes()]);
    let words: Vec<Vec<u8>> = both.collect();
    let mut bytes = vec![];
    for file in
        fs::read_dir(&ground.stage.folder.path).map_err(|error| error.to_string())?.flatten()
    {
        bytes.extend(fs::read(file.path()).unwrap_or_default());
    }
    let found = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    let root = study.list.root();
    let sees = found(&root) || found(hex(&root).as_bytes());
    // Four bytes of each are looked up first: the files are long, and the words many.
    let begun: BTreeMap<[u8; 4], &Vec<u8>> =
        words.iter().filter_map(|word| Some((word.get(..4)?.try_into().ok()?, word))).collect();
    let hit = bytes.windows(4).enumerate().any(|(at, four)| {
        let word = <[u8; 4]>::try_from(four).ok().and_then(|four| begun.get(&four));
        word.is_some_and(|word| bytes[at..].starts_with(word))
    });
    stands(sees && !hit, format!("{} values not found in {} bytes", words.len(), bytes.len()))
}

fn judged(ground: &mut Ground, case: &super::given::Case) -> Came {
    let (_, screened) = ground.screen(0, &case.answers);
    if screened.status != 201 {
        return Err(format!("{}: {}", said(&screened), screened.body["errors"]));
    }
    let read = ground.read(0, screened.text_at("reference"));
    let against = read.body["criteria"].as_array().cloned().unwrap_or_default();
    let against =
        against.iter().filter(|one| one["result"] == "not-met" && one["on_false"] == "block");
    let against: Vec<&str> = against.filter_map(|one| one["id"].as_str()).collect();
    let level = read.body["stratum"]
        .as_str()
        .and_then(|stratum| stratum.split_once('/'))
        .map(|(_, level)| level);
    let outcome = read.text_at("outcome");
    let fits = outcome == case.outcome && level == case.level.as_deref();
    let named = case.against.is_empty()
        || case.against.iter().map(String::as_str).eq(against.iter().copied());
    stands(
        fits && named,
        format!("{outcome} {}, level {}", against.join(" "), level.unwrap_or("none")),
    )
}

/// The lines of the trail.
fn trail(ground: &Ground) -> Option<Vec<String>> {
    let mut lines = vec![];
    let exported = ground.stage.house().export_trail(|line| {
        lines.push(format!("{line}\n"));
        Ok(())
    });
    exported.ok().map(|_| lines)
}
