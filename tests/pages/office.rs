//! The pages of monitor, statistician, sponsor and administrator: the trail in words, the list's approval, decisions about
//! recruitment, invitations, health.

use crate::browser::{Browser, HERE, between, plain};
use crate::frame::{Service, stage, stage_unopened};
use klero::cli::stage::{password, signature};
use klero::dice::FixedDice;
use klero::sealing::bytes::hex;
use klero::sealing::package::Package;
use klero::store::Folder;
use klero::store::shelf::Done;
use klero::text::{self, Language};
use serde_json::json;
use std::fs;
use std::path::Path;

fn text_of(html: &str, open: &str, close: &str) -> String {
    plain(between(html, open, close).unwrap_or_else(|| panic!("{open} in {html}")))
}

fn entries(stage: &Service) -> u64 {
    stage.house().health().expect("the store can be read").entries
}

// The commitment ------------------------------------------------------------------------------------------------------

// shows: SG-10 (whoever compares a root on a new device finds each one printed)
#[test]
fn the_root_of_each_segment_is_public_once_that_segment_may_issue() {
    let stage = stage();
    let drills = Package::read(&stage.drill_package(0, 1)).unwrap();
    let dice = FixedDice::new(9);
    let next = stage.study.next_segment(8, &drills, &stage.identities, 2, &dice);
    let root = hex(&next.manifest.manifest.root);
    let root = root.as_bytes().chunks(4).map(|four| str::from_utf8(four).unwrap());
    let root = root.collect::<Vec<_>>().join(" ");
    let mut anybody = Browser::new(&stage, "en");
    stage.house().import_list(&next.package).unwrap();
    assert!(!anybody.get("/commitment").html.contains(&root), "nothing opens by it yet");
    let body = json!({"signature": signature("mon-1", "review-list")});
    assert_eq!(stage.act("mon-1", "POST", "/v1/lists/1/review", body).status, 200);
    let page = anybody.get("/commitment").html;
    let after = between(&page, "Root of the list, segment 1", "</dd>").unwrap();
    assert!(after.contains(&root), "{after}");
}

// The trail -----------------------------------------------------------------------------------------------------------

// shows: AT-5
#[test]
fn the_trail_tells_each_act_in_a_sentence_of_the_readers_language() {
    let stage = stage();
    let reference = stage.screen_eligible(0, 1, true);
    let code = stage.randomise(0, &reference).text_at("code").to_owned();
    let code = format!("{} {} {}", &code[..3], &code[3..6], &code[6..]);
    let english = Browser::signed_in(&stage, "en", "mon-1").get("/trail").html;
    for said in [
        "Demo c-rjs screened RJS-001 at Renji Hospital, South Campus".to_owned(),
        "Demo i-rjs signed that RJS-001 at Renji Hospital, South Campus is eligible".to_owned(),
        format!("Demo c-rjs randomised RJS-001 at Renji Hospital, South Campus: code {code}"),
        "Demo spon-1 opened recruitment for the whole trial".to_owned(),
    ] {
        assert!(plain(&english).contains(&said), "{said}");
    }
    let chinese = Browser::signed_in(&stage, "zh-CN", "mon-1").get("/trail").html;
    assert!(chinese.contains("筛选了 RJS-001") && !chinese.contains("screened"));
    // A statistician may not read who is who.
    let other = Browser::signed_in(&stage, "en", "stat-1").get("/trail").html;
    assert!(other.contains("c-rjs screened RJS-001") && !other.contains("Demo c-rjs"));
}

#[test]
fn every_act_of_the_service_has_a_sentence_and_a_kind() {
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/service");
    let names = ["by", "place", "participant", "person", "code", "fingerprint", "role", "category"];
    let more = [
        "visit", "first", "slots", "segment", "seconds", "trial", "wanted", "problem", "size",
        "report", "token", "kind", "host", "from", "lost", "opener",
    ];
    let args: Vec<_> = names.iter().chain(&more).map(|name| (*name, "x".into())).collect();
    let mut acts = vec![];
    let told = |act: &&str| text::find(Language::En, &format!("did.{act}"), &args).is_some();
    for file in fs::read_dir(service).unwrap().flatten() {
        let source = fs::read_to_string(file.path()).unwrap_or_default();
        // An act that is handed on by a name of its own; and whatever else there is a sentence for.
        acts.extend(source.split('"').filter(told).map(str::to_owned));
        for call in ["Entry::new(", "about("] {
            let written =
                source.split(call).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
            acts.extend(written.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    acts.extend(["opened", "paused", "closed"].map(|done| format!("recruitment-{done}")));
    acts.sort();
    acts.dedup();
    assert!(acts.len() > 30, "{acts:?}");
    for act in acts {
        for language in Language::ALL {
            let told = text::find(language, &format!("did.{act}"), &args);
            assert!(told.is_some(), "{act} has no sentence in {}", language.tag());
        }
        assert!(
            web_kinds().contains(&format!("\"{act}\"")),
            "{act} has no kind on the page of the trail"
        );
    }
}

fn web_kinds() -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/sentence.rs");
    let source = fs::read_to_string(source).unwrap();
    between(&source, "pub const KINDS", "];").unwrap().to_owned()
}

// shows: AT-5
#[test]
fn one_participant_is_found_by_a_form_and_the_address_stays_neutral() {
    let stage = stage();
    let (one, two) = (stage.screen_eligible(0, 1, true), stage.screen_eligible(0, 2, true));
    for reference in [&one, &two] {
        assert_eq!(stage.randomise(0, reference).status, 201);
    }
    let mut browser = Browser::signed_in(&stage, "en", "mon-1");
    let trail = browser.get("/trail");
    let found = browser.press(&trail, &[("find", "rjs-002")]);
    assert_eq!((found.status, found.path.as_str()), (200, "/trail"));
    assert_eq!(found.html.matches("class=\"when\"").count(), 3, "{}", found.html);
    assert!(!found.html.contains("RJS-001"));
    // The other language keeps what was looked for.
    let chinese = browser.press(&found, &[("_language", "zh-CN")]);
    assert!(chinese.html.contains("筛选了 RJS-002") && !chinese.html.contains("RJS-001"));
    let none = browser.press(&trail, &[("find", "  ")]);
    assert_eq!(none.status, 422);
    assert!(none.summary_says("此项必填") && none.field_says("find", "此项必填"));
}

#[test]
fn kinds_narrow_the_trail_and_pages_lead_back_to_its_beginning() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "mon-1");
    let people = browser.get("/trail/kind/people").html;
    assert!(people.contains("invited Demo c-rjs") && !people.contains("signed in"));
    assert_eq!(browser.get("/trail/kind/nothing").status, 404);
    let mut path = "/trail".to_owned();
    let mut seen = vec![];
    loop {
        let shown = browser.get(&path);
        let entries = shown.html.split("<li><a href=\"/trail/").skip(1);
        let entries = entries.filter_map(|rest| rest.split('"').next()?.parse::<u64>().ok());
        seen.extend(entries);
        match shown.links().into_iter().find(|link| link.contains("/before/")) {
            Some(older) => path = older,
            None => break,
        }
    }
    let all: Vec<u64> = (0..=seen[0]).rev().collect();
    assert_eq!(seen, all, "every entry once, newest first");
}

// shows: I6 (what a reader is given is what proves it)
#[test]
fn an_entry_is_shown_byte_for_byte_with_its_proof_and_the_checkpoint() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "mon-1");
    let shown = browser.get("/trail/12").html;
    let told = stage.get("mon-1", "/v1/trail/12/proof");
    assert_eq!(text_of(&shown, "<code class=\"line\">", "</code>"), told.text_at("entry"));
    for hash in told.body["proof"].as_array().unwrap() {
        assert!(shown.contains(&format!("<code class=\"hash\">{}</code>", hash.as_str().unwrap())));
    }
    let note = text_of(&shown, "<code class=\"checkpoint\">", "</code>");
    assert_eq!(note, told.text_at("checkpoint"));
    assert_eq!(browser.get("/trail/999999").status, 404);
    assert_eq!(browser.get("/trail/012").status, 404, "a number has one address");
}

// The list ------------------------------------------------------------------------------------------------------------

// shows: SG-6
#[test]
fn a_monitor_reads_the_report_and_approves_it_with_a_password_once() {
    let stage = stage_unopened();
    let mut browser = Browser::signed_in(&stage, "en", "mon-1");
    let home = browser.get("/");
    assert!(home.html.contains("Report of the list, segment 0"), "it waits on the start page");
    let report = browser.get("/list/0");
    assert!(report.html.contains("I reviewed this list report"));
    let lists = stage.get("mon-1", "/v1/lists");
    let kept = lists.body["lists"][0]["report"].as_str().unwrap().to_owned();
    assert_eq!(text_of(&report.html, "<code class=\"report\">", "</code>"), kept);
    let wrong = browser.press(&report, &[("password", "not the password")]);
    assert_eq!(wrong.status, 422);
    let said = "The password is not right. Nothing has been done";
    assert!(wrong.summary_says(said) && wrong.field_says("password", said));
    assert!(!wrong.html.contains("not the password"));
    let word = password("mon-1");
    let done = browser.press(&wrong, &[("password", &word)]);
    assert_eq!((done.status, done.path.as_str()), (200, "/list/0"));
    assert!(done.html.contains("approved") && !done.html.contains("id=\"main\" class"));
    let before = entries(&stage);
    let again = browser.press(&wrong, &[("password", &word)]);
    assert_eq!((again.status, entries(&stage)), (200, before), "the same act");
    assert!(!browser.get("/").html.contains("/list/0"));
}

#[test]
fn only_the_statistician_sees_how_much_of_the_list_is_left_and_each_look_is_an_entry() {
    let stage = stage();
    for number in 1..=10 {
        let reference = stage.screen_eligible(0, number, true);
        assert_eq!(stage.randomise(0, &reference).status, 201);
    }
    let mut statistician = Browser::signed_in(&stage, "en", "stat-1");
    let before = entries(&stage);
    let shown = statistician.get("/list");
    assert_eq!(entries(&stage), before + 1);
    assert!(shown.html.contains("How much is left") && shown.html.contains("nearly used up"));
    assert!(shown.html.contains("klero list seal --trial trial.toml"));
    assert!(shown.html.contains("aria-label=\"10 issued and 0 void of 12; the line marks"));
    assert!(shown.html.contains("nothing can be said yet") && shown.html.contains("Poisson"));
    let monitor = Browser::signed_in(&stage, "en", "mon-1").get("/list");
    assert!(!monitor.html.contains("How much is left") && !monitor.html.contains("klero list"));
    let report = Browser::signed_in(&stage, "en", "stat-1").get("/list/0");
    assert!(!report.html.contains("name=\"password\""), "who made the list does not approve it");
}

// shows: I4, AL-8
#[test]
fn the_statistician_voids_a_code_on_a_page_and_slips_stand_beside_their_fields() {
    let stage = stage();
    let codes: Vec<_> = stage.study.list.rows().iter().map(|row| row.code).collect();
    let mut browser = Browser::signed_in(&stage, "en", "stat-1");
    assert!(browser.get("/list").links().contains(&"/list/void".to_owned()));
    let form = browser.get("/list/void");
    let empty = browser.press(&form, &[("code", "123"), ("password", "x")]);
    assert_eq!(empty.status, 422);
    assert!(empty.field_says("code", "The last digit does not fit"));
    assert!(empty.field_says("reason", "Say why"));
    let typed = [("code", codes[1].grouped()), ("reason", "the letter was open".to_owned())];
    let typed = |password: &str| {
        let mut all = typed.to_vec();
        all.push(("password", password.to_owned()));
        all
    };
    let wrong = typed("not the password");
    let wrong: Vec<_> = wrong.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let refused = browser.press(&form, &wrong);
    assert!(refused.field_says("password", "The password is not right"));
    let right = typed(&password("stat-1"));
    let right: Vec<_> = right.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let done = browser.press(&refused, &right);
    assert_eq!((done.status, done.path.as_str()), (200, "/list"), "{}", done.html);
    let reference = stage.screen_eligible(0, 1, true);
    assert_eq!(stage.randomise(0, &reference).text_at("code"), codes[0].to_string());
    let reference = stage.screen_eligible(0, 2, true);
    assert_eq!(stage.randomise(0, &reference).text_at("code"), codes[2].to_string());
    // Whoever reads the trail learns the code, and neither reason nor place.
    let code = codes[1].grouped();
    let said = [("en", "voided code"), ("zh-CN", "作废了未发放的药物编码")];
    for (language, words) in said {
        let trail = Browser::signed_in(&stage, language, "mon-1").get("/trail/kind/list").html;
        assert!(trail.contains(words) && trail.contains(&code), "{trail}");
        assert!(!trail.contains("the letter was open") && !trail.contains("lldas"));
    }
    for who in ["mon-1", "c-rjs", "spon-1"] {
        let mut other = Browser::signed_in(&stage, "en", who);
        assert_eq!(other.get("/list/void").status, 403, "{who}");
    }
}

// shows: EU-10, AC-3
#[test]
fn an_administrator_gives_and_takes_the_mark_of_principal_investigator_on_a_page() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "admin-1");
    let people = browser.get("/people");
    let there = "/people/i-rjs/principal";
    assert!(people.links().contains(&there.to_owned()));
    assert!(!people.links().contains(&"/people/p-rjs/principal".to_owned()));
    let give = browser.get(there);
    assert!(plain(&give.html).contains("Mark Demo i-rjs as principal investigator?"));
    let given = browser.press(&give, &[]);
    assert_eq!((given.status, given.path.as_str()), (200, "/people"), "{}", given.html);
    assert!(plain(&given.html).contains("Take the mark of principal investigator from Demo i-rjs"));
    // The page that was left open asks for what stands already.
    assert_eq!(browser.get("/people/p-rjs/principal").status, 409);
    let mut monitor = Browser::signed_in(&stage, "zh-CN", "mon-1");
    let told = monitor.get("/people");
    assert!(plain(&told.html).contains("主要研究者") && !told.html.contains("/principal"));
    assert!(plain(&monitor.get("/notices").html).contains("主要研究者的标明已变更"));
    assert_eq!(monitor.get(there).status, 403);
    let take = browser.get(there);
    let taken = browser.press(&take, &[]);
    assert!(!plain(&taken.html).contains("Take the mark"), "{}", taken.html);
    for (language, given, taken) in [
        ("en", "marked Demo i-rjs as", "took the mark of principal investigator from Demo i-rjs"),
        ("zh-CN", "标明为主要研究者", "取消了 Demo i-rjs 的主要研究者标明"),
    ] {
        let trail =
            plain(&Browser::signed_in(&stage, language, "mon-1").get("/trail/kind/people").html);
        assert!(trail.contains(given) && trail.contains(taken), "{trail}");
    }
}

// shows: RP-7, I1
#[test]
fn the_statistician_records_a_disclosure_by_its_hash_once_recruitment_is_closed() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "stat-1");
    assert!(browser.get("/list").links().contains(&"/list/disclose".to_owned()));
    let form = browser.get("/list/disclose");
    let empty = browser.press(&form, &[("file", "abc"), ("password", "x")]);
    assert_eq!(empty.status, 422);
    assert!(empty.field_says("stage", "This is needed"));
    assert!(empty.field_says("file", "not of the expected length or form"));
    let (word, hash) = (password("stat-1"), "0a".repeat(32));
    // As the page prints it, in fours.
    let grouped = hash.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four));
    let grouped = grouped.collect::<Vec<_>>().join(" ").to_uppercase();
    let typed = |stage: &'static str| {
        [("stage", stage), ("file", grouped.as_str()), ("password", word.as_str())]
    };
    let early = browser.press(&empty, &typed("groups"));
    assert_eq!(early.status, 409, "recruitment is open");
    let close = json!({"reason": "all were recruited",
                       "signature": signature("spon-1", "decide-recruitment")});
    assert_eq!(stage.act("spon-1", "POST", "/v1/recruitment/close", close).status, 200);
    let form = browser.get("/list/disclose");
    assert_eq!(browser.press(&form, &typed("meaning")).status, 409, "no groups yet");
    let form = browser.get("/list/disclose");
    let done = browser.press(&form, &typed("groups"));
    assert_eq!((done.status, done.path.as_str()), (200, "/list/disclose"), "{}", done.html);
    assert!(plain(&done.html).contains("Recorded so far") && done.html.contains("0a0a 0a0a"));
    let again = browser.press(&done, &typed("groups"));
    assert_eq!(again.status, 409, "the same file");
    for (language, words) in [("en", "and no arm"), ("zh-CN", "未公布治疗组别")] {
        let trail = Browser::signed_in(&stage, language, "mon-1").get("/trail/kind/list").html;
        assert!(trail.contains(words), "{trail}");
    }
    for who in ["mon-1", "spon-1", "admin-1"] {
        let mut other = Browser::signed_in(&stage, "en", who);
        assert_eq!(other.get("/list/disclose").status, 403, "{who}");
    }
}

// Recruitment ---------------------------------------------------------------------------------------------------------

// shows: AL-11
#[test]
fn a_sponsor_decides_with_reason_and_password_and_slips_stand_beside_their_fields() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "spon-1");
    let form = browser.get("/recruitment/decide");
    let empty = browser.press(&form, &[("password", "x")]);
    assert_eq!(empty.status, 422);
    for (field, said) in
        [("place", "This is needed"), ("decision", "This is needed"), ("reason", "Say why")]
    {
        assert!(empty.field_says(field, said) && empty.summary_says(said), "{field}");
    }
    let word = password("spon-1");
    let typed = [("place", "huashan"), ("decision", "pause"), ("password", word.as_str())];
    let unreasoned = browser.press(&form, &[&typed[..], &[("reason", " ")]].concat());
    assert!(unreasoned.field_says("reason", "Say why"));
    assert!(unreasoned.html.contains("value=\"huashan\" checked"));
    let reason = ("reason", "an invented reason & nobody's");
    let wrong = [typed[0], typed[1], reason, ("password", "not the password")];
    let wrong = browser.press(&form, &wrong);
    let said = "The password is not right. Nothing has been done";
    assert!(wrong.field_says("password", said) && wrong.summary_says(said));
    let kept = wrong.form().1;
    for (name, value) in [typed[0], typed[1], reason] {
        assert!(kept.contains(&(name.to_owned(), value.to_owned())), "{name} is kept: {kept:?}");
    }
    let before = entries(&stage);
    let done = browser.press(&wrong, &[("password", &word)]);
    assert_eq!((done.status, done.path.as_str()), (200, "/recruitment"));
    assert!(done.html.contains("paused"));
    assert_eq!(entries(&stage), before + 1);
    let again = browser.press(&wrong, &[("password", &word)]);
    assert_eq!((again.status, entries(&stage)), (200, before + 1), "the same act");
    let anew = browser.get("/recruitment/decide");
    let other = browser.press(&anew, &[&typed[..], &[reason]].concat());
    assert_eq!(other.status, 409, "paused already");
}

#[test]
fn the_curve_has_a_name_a_description_and_the_same_figures_as_a_table() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "spon-1");
    assert!(browser.get("/recruitment").html.contains("Nobody has been randomised yet"));
    for number in 1..=6 {
        let reference = stage.screen_eligible(0, number, number % 2 == 0);
        assert_eq!(stage.randomise(0, &reference).status, 201);
    }
    for who in ["spon-1", "mon-1", "stat-1"] {
        let shown = Browser::signed_in(&stage, "en", who).get("/recruitment").html;
        let svg = between(&shown, "<figure class=\"chart\">", "</svg>").expect("a picture");
        assert!(svg.contains("<title id=\"chart-title\">Randomised so far, against the target"));
        assert!(svg.contains("<desc id=\"chart-desc\">6 of 334 randomised, from 2026-11-21"));
        let table = between(&shown, "<table class=\"figures\">", "</table>").expect("a table");
        assert!(table.contains("2026-11-21") && table.contains(">6</td>"));
        assert!(!shown.contains("LLDAS"), "no stratum");
        assert!(!shown.contains("Forecast"), "one day is too little");
    }
}

// People --------------------------------------------------------------------------------------------------------------

// shows: AT-10, AT-11
#[test]
fn an_invitation_is_shown_once_used_once_and_the_password_is_the_persons_own() {
    let stage = stage();
    let mut admin = Browser::signed_in(&stage, "en", "admin-1");
    let form = admin.get("/people/invite");
    let wrong = admin.press(&form, &[("person", "Not A Name"), ("name", "")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.field_says("person", "Use small letters"));
    assert!(
        wrong.field_says("name", "Write at least one character")
            || wrong.html.contains("name-error")
    );
    assert!(wrong.field_says("role", "This is needed"));
    let fields = [
        ("person", "c-hsh-2"),
        ("name", "Demo newcomer"),
        ("role", "coordinator"),
        ("centres", "huashan"),
    ];
    let placeless = admin.press(&form, &fields[..3]);
    assert!(placeless.field_says("centres", "This is needed"));
    assert!(placeless.html.contains("value=\"coordinator\" checked"));
    let invited = admin.press(&placeless, &fields);
    assert_eq!(invited.status, 200);
    let link = text_of(&invited.html, "<pre class=\"copy\" id=\"link\">", "</pre>");
    let path = link.strip_prefix(HERE).expect("a whole address").to_owned();
    assert!(path.starts_with("/start/") && !admin.get("/people").html.contains(&path[7..]));
    assert!(admin.get("/people").html.contains("invited"));

    let mut newcomer = Browser::new(&stage, "zh-CN");
    let start = newcomer.get(&path);
    assert!(start.html.contains("Demo newcomer") && start.html.contains("c-hsh-2"));
    assert_eq!(newcomer.get(&path).status, 200, "looking uses nothing up");
    let short = newcomer.press(&start, &[("password", "short")]);
    assert_eq!(short.status, 422);
    assert!(short.field_says("password", "至少使用 12 个字符"));
    assert!(!short.html.contains("value=\"short\""));
    let common = newcomer.press(&short, &[("password", "Password12345!")]);
    assert!(common.field_says("password", "该密码过于常见"));
    let ready = newcomer.press(&short, &[("password", "a word of my own")]);
    // The second factor is offered next, and may wait where the role needs none.
    assert_eq!((ready.status, ready.path.as_str()), (200, "/account/second-factor"));
    assert!(ready.html.contains("id=\"qr\"") && ready.html.contains("id=\"secret\""));
    assert!(ready.html.contains("<a href=\"/\">"), "later");
    assert_eq!(newcomer.get(&path).status, 404, "the link is used up");
    assert_eq!(newcomer.press(&short, &[("password", "another of my own")]).status, 404);
    let mut newcomer = Browser::new(&stage, "zh-CN");
    let door = newcomer.get("/");
    let typed = [("_name", "c-hsh-2"), ("_password", "a word of my own")];
    assert_eq!(newcomer.press(&door, &typed).status, 200);
}

#[test]
fn a_second_press_invites_nobody_else_and_ends_the_first_link() {
    let stage = stage();
    let mut admin = Browser::signed_in(&stage, "en", "admin-1");
    let form = admin.get("/people/invite");
    let fields = [("person", "mon-2"), ("name", "Demo second"), ("role", "monitor")];
    let link = |html: &str| text_of(html, "<pre class=\"copy\" id=\"link\">", "</pre>");
    let first = link(&admin.press(&form, &fields).html);
    let second = link(&admin.press(&form, &fields).html);
    assert_ne!(first, second);
    let mut newcomer = Browser::new(&stage, "en");
    assert_eq!(newcomer.get(first.strip_prefix(HERE).unwrap()).status, 404);
    assert_eq!(newcomer.get(second.strip_prefix(HERE).unwrap()).status, 200);
    assert_eq!(admin.get("/people").html.matches("Demo second").count(), 2, "name and link");
}

// shows: AC-7
#[test]
fn an_administrator_disables_after_a_look_and_access_ends_at_once() {
    let stage = stage();
    let mut leaver = Browser::signed_in(&stage, "en", "c-rjs");
    let mut admin = Browser::signed_in(&stage, "en", "admin-1");
    let check = admin.get("/people/c-rjs/disable");
    assert!(check.html.contains("Disable the account of Demo c-rjs?"));
    assert_eq!(leaver.get("/health").status, 200);
    let before = entries(&stage);
    let done = admin.press(&check, &[]);
    assert_eq!((done.status, done.path.as_str()), (200, "/people"));
    assert!(done.html.contains("disabled") && !done.html.contains("/people/c-rjs/disable"));
    assert_eq!(admin.press(&check, &[]).status, 200);
    assert_eq!(entries(&stage), before + 1, "a second press is the same act");
    assert_eq!(leaver.get("/health").status, 401);
    assert_eq!(admin.get("/people/nobody-here/disable").status, 404);
    let own = admin.get("/people").html;
    assert!(!own.contains("/people/admin-1/disable"), "nobody disables themselves");
    let monitor = Browser::signed_in(&stage, "en", "mon-1").get("/people").html;
    assert!(monitor.contains("Demo p-rjs") && !monitor.contains("/disable"));
}

// Health --------------------------------------------------------------------------------------------------------------

// shows: AC-8, CN-2
#[test]
fn an_administrator_sees_how_the_service_is_and_nobody_in_it() {
    let stage = stage();
    stage.screen_eligible(0, 1, true);
    let full = Browser::signed_in(&stage, "en", "admin-1").get("/health").html;
    for said in
        ["The service works", "every entry checked", "holds the last checkpoint", "klero 0."]
    {
        assert!(full.contains(said), "{said}");
    }
    assert!(!full.contains("RJS-") && !full.contains("c-rjs"));
    assert!(full.contains("None was ever made here") && full.contains("None was ever tried"));
    let at = stage.house().clock.now();
    let drill = Done { at, file: "copy.db".into(), entries: 12, lost: 2 };
    let folder = Folder::at(stage.house().store.folder());
    folder.note(|shelf| shelf.drilled = Some(drill)).expect("the folder can be written");
    let full = Browser::signed_in(&stage, "en", "admin-1").get("/health").html;
    assert!(full.contains(", 12 entries; issued codes that did not come back: 2"));
    let short = Browser::signed_in(&stage, "en", "c-rjs").get("/health").html;
    assert!(short.contains("The service works") && !short.contains("every entry checked"));
}

// Breaks --------------------------------------------------------------------------------------------------------------

#[test]
fn a_break_is_told_without_what_was_found_and_reading_it_is_an_entry() {
    let stage = stage();
    let reference = stage.screen_eligible(0, 1, true);
    let randomised = stage.randomise(0, &reference);
    let mut sponsor = Browser::signed_in(&stage, "en", "spon-1");
    assert!(sponsor.get("/breaks").html.contains("No code has been broken"));
    let body = serde_json::json!({
        "participant": "RJS-001", "identifier": "1988-01-01", "requester": "Demo physician",
        "callBack": "000", "category": "sae-management", "whatHappened": "an invented emergency",
        "depends": false, "signature": klero::cli::stage::signature("hot-1", "break-code"),
    });
    assert_eq!(stage.act("hot-1", "POST", "/v1/breaks", body).status, 201);
    let before = entries(&stage);
    let shown = sponsor.get("/breaks").html;
    assert_eq!(entries(&stage), before + 1);
    assert!(shown.contains("RJS-001") && shown.contains("confirmation awaited"));
    for never in ["an invented emergency", "Demo physician", randomised.text_at("code")] {
        assert!(!shown.contains(never), "{never}");
    }
}

// Verifying -----------------------------------------------------------------------------------------------------------

// shows: AT-2
#[test]
fn a_monitor_has_the_trail_verified_and_the_next_visit_is_compared_with_this_one() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "mon-1");
    let ask = browser.get("/verify");
    assert!(ask.html.contains("klero trail verify export"));
    let token = text_of(&ask.html, "name=\"_form\" value=\"", "\"");
    let first = browser.post("/verify", &[("_form", &token)]);
    assert_eq!(first.status, 200);
    assert!(first.html.contains("The trail is whole") && first.html.contains("the first time"));
    stage.screen_eligible(0, 1, true);
    let second = browser.post("/verify", &[("_form", &token)]).html;
    assert!(second.contains("the trail still begins with them"), "{second}");
    let size = entries(&stage) - 1;
    assert!(second.contains(&format!("<dd>{size}</dd>")));
    let note = text_of(&second, "<code class=\"checkpoint\">", "</code>");
    assert_eq!(note.lines().nth(1), Some(size.to_string().as_str()));
    assert!(browser.get("/trail").html.contains("Demo mon-1 verified the whole trail"));
}
