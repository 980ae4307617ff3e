//! The trial's file: that it is whole, and that every mistake is found, on its line, in words.

use super::{FILE, TRIAL};
use klero::domain::time::Date;
use klero::trial_file::{FILE_BYTES_MAX, Finding, Severity, check, read, render};

fn errors(text: &str) -> Vec<Finding> {
    let checked = check(text);
    let errors: Vec<Finding> =
        checked.findings.into_iter().filter(|f| f.severity == Severity::Error).collect();
    assert_eq!(checked.trial.is_none(), !errors.is_empty(), "a trial, or errors");
    errors
}

fn warnings(text: &str) -> Vec<Finding> {
    check(text).findings.into_iter().filter(|f| f.severity == Severity::Warning).collect()
}

/// The first line, counted from 1, that holds this.
fn line_of(text: &str, what: &str) -> usize {
    let at = text.find(what).unwrap_or_else(|| panic!("`{what}` is in the file"));
    text[..at].matches('\n').count() + 1
}

/// The file with one thing changed, once; it must be there.
fn changed(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "`{from}` is in the file");
    FILE.replacen(from, to, 1)
}

/// One mistake, found once, on the line of `on`, with these words.
#[track_caller]
fn mistake(text: &str, on: &str, says: &str) {
    let found = errors(text);
    let line = line_of(text, on);
    let [one] = found.as_slice() else {
        panic!("one error about {says}, not {found:#?}");
    };
    assert!(one.what.contains(says), "{} says nothing of {says}", one.what);
    assert_eq!(one.line, line, "{}", one.what);
    assert!(!one.next.is_empty());
}

// shows: AL-3
#[test]
fn the_first_trial_reads_without_an_error() {
    assert_eq!(errors(FILE), []);
    let trial = read(FILE).unwrap();
    assert_eq!(trial.id.as_str(), "NCT04515719");
    assert_eq!((trial.target, trial.warn_at, trial.freshness.days), (334, 320, 14));
    assert_eq!(trial.zone.name(), "Asia/Shanghai");
    let counts = (trial.centres.len(), trial.fields.len(), trial.criteria.len());
    assert_eq!(counts, (4, 56, 24));
    assert_eq!((trial.visits.len(), trial.strata().len(), trial.stop_reasons.len()), (16, 8, 8));
    assert_eq!(trial.preparation.use_within_hours, 8);
    assert_eq!(trial.preparation.hand_over_wait_minutes, 45);
    assert_eq!(trial.emergency.follow_up_hours, 24);
    let hotline: Vec<&str> = trial
        .emergency
        .categories
        .iter()
        .filter(|category| category.hotline_only)
        .map(|category| category.id.as_str())
        .collect();
    assert_eq!((trial.emergency.categories.len(), hotline), (5, vec!["safety-report"]));
}

// shows: SG-9
#[test]
fn the_one_small_published_block_size_is_warned_about_and_nothing_else_is() {
    let found = warnings(FILE);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].what.contains("block size of 4"));
    assert_eq!(found[0].line, line_of(FILE, "sizes = { values"));
    assert!(warnings(&changed("values = [4]", "values = [4, 6]")).is_empty());
    let hidden = changed("{ values = [4], source = \"paper\" }", "{ hidden = true }");
    assert!(warnings(&hidden).is_empty());
    assert!(errors(&hidden).is_empty());
}

// shows: AL-3
#[test]
fn every_decision_of_the_investigator_is_asked_and_none_is_answered() {
    let ids: Vec<&str> = TRIAL.decisions.iter().map(|decision| decision.id.as_str()).collect();
    let expected = "age_upper_limit ast_rule malignancy_rule hcv_rule latent_tb stable_days prednisone_zero crcl_formula \
                    pregnancy_test lldas_day lldas_new_activity_reference lldas_organ_list look_back_rules dose_basis \
                    diluent_volume infusion_duration hand_over_wait masking visit_windows missed_doses \
                    after_severe_flare centre_names initials_convention unblinded_statistician witness hotline_phone \
                    emergency_wording close_early";
    assert_eq!(ids, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!(TRIAL.unanswered_decisions().len(), 28);
}

#[test]
fn an_answer_counts_with_name_day_and_document_and_not_without() {
    let empty =
        "training = \"45\"\nanswer = \"\"\nanswered_by = \"\"\nanswered_on = \"\"\ndocument = \"\"";
    let full = "training = \"45\"\nanswer = \"45\"\nanswered_by = \"PI\"\nanswered_on = \"2026-11-02\"\ndocument = \"D-7\"";
    let answered = read(&changed(empty, full)).unwrap();
    assert_eq!(answered.unanswered_decisions().len(), 27);
    let decision = answered.decisions.iter().find(|decision| decision.id == "hand_over_wait");
    let answer = decision.and_then(|decision| decision.answer.clone()).unwrap();
    assert_eq!((answer.answer.as_str(), answer.by.as_str()), ("45", "PI"));
    assert_eq!((Some(answer.on), answer.document.as_str()), (Date::parse("2026-11-02"), "D-7"));
    for (part, without) in [
        ("answered_by = \"PI\"", "answered_by = \"\""),
        ("answered_on = \"2026-11-02\"", "answered_on = \"\""),
        ("document = \"D-7\"", "document = \" \""),
    ] {
        let text = changed(empty, &full.replace(part, without));
        let line = line_of(&text, "training = \"45\"") + 1;
        let found = errors(&text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!((line..=line + 3).contains(&found[0].line) && found[0].what.contains("is empty"));
    }
    let other = changed(empty, &full.replace("answer = \"45\"", "answer = \"60\""));
    assert!(warnings(&other).iter().any(|finding| finding.what.contains("as training assumes")));
}

#[test]
fn no_debug_print_of_the_trial_holds_an_arm() {
    let zebra = FILE
        .replace("id = \"belimumab\"", "id = \"ZEBRA\"")
        .replace("id = \"placebo\"", "id = \"OKAPI\"")
        .replace("Belimumab 120 mg", "ZEBRA 120 mg")
        .replace("贝利尤单抗", "斑马")
        .replace("Normal saline (placebo)", "OKAPI")
        .replace("安慰剂", "霍加狓");
    let text = format!("{:?}", read(&zebra).unwrap());
    for arm in ["ZEBRA", "OKAPI", "斑马", "霍加狓"] {
        assert!(zebra.contains(arm), "{arm} was planted");
        assert!(!text.contains(arm), "{arm} is in the trial");
    }
    let text = format!("{:?}", *TRIAL).to_lowercase();
    for arm in ["belimumab", "placebo", "贝利尤", "saline", "vial"] {
        assert!(FILE.to_lowercase().contains(arm), "{arm} is in the file");
        assert!(!text.contains(arm), "{arm} is in the trial");
    }
}

// shows: I1
#[test]
fn an_arm_in_words_that_blinded_people_read_is_warned_about() {
    let named = changed("Preventing flares", "Belimumab against flares");
    let found = warnings(&named);
    assert!(found.iter().any(|f| f.what.contains("names the arm `belimumab`")), "{found:#?}");
}

#[test]
fn an_unknown_key_is_an_error_on_its_line_wherever_it_stands() {
    for (from, to, key) in [
        ("zone = \"Asia", "zonee = 1\nzone = \"Asia", "zonee"),
        ("dose_mg = 120", "dose_mg = 120\ncolour = \"red\"", "colour"),
        ("prefix = \"HSH\"", "prefix = \"HSH\"\nprefixes = 2", "prefixes"),
        ("on_false = \"warn\"", "on_false = \"warn\"\non_true = \"block\"", "on_true"),
        ("liftable = true", "liftable = true\nlifted = 1", "lifted"),
        ("[signatures]", "[surprise]\nx = 1\n[signatures]", "surprise"),
        ("[signatures]", "[signatures]\nrandomise = 1", "randomise"),
    ] {
        let text = changed(from, to);
        mistake(&text, &to[to.find(key).unwrap()..], &format!("unknown key `{key}`"));
    }
    let range = changed("range = { from = 0, to = 3 }", "range = { from = 0, to = 3, step = 1 }");
    mistake(&range, "step = 1", "unknown key `step`");
    let rule = changed("must-be = \"male\" }", "must-be = \"male\", maybe = 1 }");
    mistake(&rule, "maybe = 1", "unknown key `maybe`");
}

#[test]
fn rules_that_nobody_can_meet_are_found() {
    let five = changed(
        "id = \"I03a\"",
        "id = \"X1\"\nname = { en = \"x\", zh = \"x\" }\nrule = { field = \"sledai\", at-least = 7, unit = \"points\" }\n\
         on_false = \"block\"\nsource = \"paper\"\n\n[[criteria]]\nid = \"I03a\"",
    );
    mistake(&five, "at-most = 6, unit = \"points\"", "can never be met");
    let both = "rule = { all-of = [{ field = \"sledai\", at-least = 5, unit = \"points\" },\n{ field = \"sledai\", at-most = 3, unit = \"points\" }] }";
    let text = changed("rule = { field = \"sledai\", at-most = 6, unit = \"points\" }", both);
    assert!(errors(&text).iter().any(|f| {
        f.line == line_of(&text, "at-most = 3, unit = \"points\"")
            && f.what.contains("never be met")
    }));
    let range = changed("at-most = 20, unit = \"mg/day\"", "more-than = 200, unit = \"mg/day\"");
    assert!(errors(&range).iter().any(|f| f.line == line_of(&range, "more-than = 200")));
    let sum =
        changed("field = \"slicc_total\", at-least = 4", "field = \"slicc_total\", at-least = 18");
    mistake(&sum, "at-least = 18, unit = \"criteria\"", "can never be met");
    let ratio = changed(
        "rule = { field = \"ast_ratio\", at-most = 2",
        "rule = { field = \"ast_ratio\", more-than = 1000",
    );
    mistake(&ratio, "more-than = 1000", "can never be met");
    let strict = changed(
        "rule = { field = \"pga\", at-most = 1,",
        "rule = { field = \"pga\", more-than = 3,",
    );
    mistake(&strict, "more-than = 3,", "can never be met");
    let choices = changed(
        "rule = { field = \"hiv\", must-be = \"no\" }",
        "rule = { all-of = [{ field = \"hiv\", must-be = \"no\" },\n{ field = \"hiv\", must-be = \"yes\" }] }",
    );
    mistake(&choices, "{ field = \"hiv\", must-be = \"yes\" }", "can never be met");
    let warn = changed(
        "rule = { field = \"age_years\", at-most = 70",
        "rule = { field = \"age_years\", less-than = 18",
    );
    mistake(&warn, "less-than = 18", "can never be met");
}

#[test]
fn a_rule_that_everybody_meets_is_warned_about() {
    let idle = changed("field = \"crcl\", at-least = 60", "field = \"crcl\", at-least = 0");
    let found = warnings(&idle);
    assert!(
        found
            .iter()
            .any(|f| f.what.contains("always met") && f.line == line_of(&idle, "at-least = 0,"))
    );
}

#[test]
fn rules_name_fields_choices_and_units_that_are_there() {
    let rule = "rule = { field = \"crcl\", at-least = 60, unit = \"mL/min\" }";
    for (to, says) in [
        (
            "rule = { field = \"crlc\", at-least = 60, unit = \"mL/min\" }",
            "no field or derived value `crlc`",
        ),
        ("rule = { field = \"crcl\", at-least = 60, unit = \"mL/h\" }", "not the unit"),
        ("rule = { field = \"crcl\", at-least = 60 }", "not the unit"),
        ("rule = { field = \"crcl\", at-least = \"60\", unit = \"mL/min\" }", "is not a number"),
        ("rule = { field = \"crcl\", at-least = -1, unit = \"mL/min\" }", "is not a number"),
        ("rule = { field = \"crcl\", at-least = 1e2, unit = \"mL/min\" }", "is not a number"),
        ("rule = { field = \"hiv\", at-least = 60, unit = \"mL/min\" }", "is no number"),
        ("rule = { field = \"crcl\", must-be = \"yes\" }", "has no choices"),
        ("rule = { field = \"hbsag\", must-be = \"unknown\" }", "is no choice of that field"),
        ("rule = { field = \"hiv\", must-be = \"No\" }", "is no choice of that field"),
        (
            "rule = { field = \"crcl\", at-least = 60, at-most = 90, unit = \"mL/min\" }",
            "2 forms of a rule",
        ),
        ("rule = { field = \"crcl\", about = 60, unit = \"mL/min\" }", "0 forms of a rule"),
        (
            "rule = { field = \"lab_date\", none-within = 6, unit = \"months\", before = \"screening_date\" }",
            "never",
        ),
        (
            "rule = { field = \"zoster_last\", none-within = 6, unit = \"weeks\", before = \"screening_date\" }",
            "`unit` is not taken",
        ),
        (
            "rule = { field = \"zoster_last\", none-within = 0, unit = \"months\", before = \"screening_date\" }",
            "`none-within` is not taken",
        ),
        (
            "rule = { field = \"zoster_last\", none-within = 6, unit = \"months\", before = \"sex\" }",
            "whole day",
        ),
        ("rule = { all-of = [] }", "no or too many members"),
        ("rule = \"crcl >= 60\"", "is not a table"),
    ] {
        mistake(&changed(rule, to), to, says);
    }
    let mut deep = "{ field = \"hiv\", must-be = \"no\" }".to_owned();
    for _ in 0..7 {
        deep = format!("{{ all-of = [{deep}] }}");
    }
    let deep = format!("rule = {deep}");
    mistake(&changed(rule, &deep), &deep, "nested too deeply");
}

// shows: SG-3
#[test]
fn a_block_size_is_a_multiple_of_the_sum_of_the_ratio() {
    let text = changed("values = [4]", "values = [4, 5]");
    mistake(&text, "values = [4, 5]", "block size 5 is no multiple of 2");
    let text = changed("vials = 1\nratio = 1", "vials = 1\nratio = 2");
    mistake(&text, "values = [4]", "block size 4 is no multiple of 3");
    for values in ["[0]", "[257]", "[4.0]", "[]", "[4, 4]", "4", "[258]"] {
        let text = changed("values = [4]", &format!("values = {values}"));
        assert_eq!(errors(&text).len(), 1, "{values}");
        assert_eq!(errors(&text)[0].line, line_of(&text, "sizes = {"));
    }
    assert!(errors(&changed("values = [4]", "values = [256, 2]")).is_empty());
}

#[test]
fn twins_are_found_on_the_line_of_the_second() {
    for (from, to, twin) in [
        ("id = \"huashan\"", "id = \"renji-west\"", "`renji-west`"),
        ("prefix = \"SPH\"", "prefix = \"RJS\"", "`RJS`"),
        ("id = \"placebo\"", "id = \"belimumab\"", "`belimumab`"),
        ("id = \"E07-r\"", "id = \"E07d\"", "`E07d`"),
        ("id = \"V15\"", "id = \"V2\"", "`V2`"),
        ("id = \"L5\"", "id = \"L4\"", "`L4`"),
        ("id = \"other-clinical\"", "id = \"pregnancy\"", "`pregnancy`"),
        ("id = \"lost\"", "id = \"death\"", "`death`"),
        ("id = \"close_early\"", "id = \"witness\"", "`witness`"),
        ("id = \"fever-sledai\"", "id = \"renal-sledai\"", "`renal-sledai`"),
    ] {
        let text = changed(from, to);
        let found = errors(&text);
        assert_eq!(found.len(), 1, "{from}: {found:#?}");
        let says = format!("{twin} is there twice");
        assert!(found[0].what.contains(&says), "{}", found[0].what);
        let second = text.rfind(&format!("\n{to}\n")).unwrap();
        let line = text[..second].matches('\n').count() + 2;
        assert!((line - 2..=line).contains(&found[0].line), "{from}: {} not {line}", found[0].line);
    }
    let twice = changed("id = \"creatinine\"", "id = \"crcl\"");
    assert!(errors(&twice).iter().any(|f| f.what.contains("`crcl` is there twice")));
    let choice = changed("{ id = \"male\", en", "{ id = \"female\", en");
    assert!(errors(&choice).iter().any(|f| f.what.contains("`female` is there twice")));
}

#[test]
fn both_languages_must_be_there() {
    let no_zh = "title = { en = \"x\" }";
    let text = changed(
        "title = { en = \"Preventing flares in lupus with low disease activity\", zh = \"低疾病活动度系统性红斑狼疮的复发预防\" }",
        no_zh,
    );
    mistake(&text, no_zh, "has no Chinese words");
    let text =
        changed("{ id = \"male\", en = \"male\", zh = \"男\" }", "{ id = \"male\", zh = \"男\" }");
    assert!(errors(&text).iter().any(|f| f.what.contains("has no English words")));
    let text = changed(
        "name = { en = \"Death\", zh = \"死亡\" }",
        "name = { en = \"Death\", zh = \" \" }",
    );
    mistake(&text, "name = { en = \"Death\"", "`zh` is empty");
}

// shows: AL-3
#[test]
fn a_number_without_a_source_and_an_inference_without_a_reason_are_found() {
    for (from, to, on, says) in [
        (
            "target = { participants = 334, source = [\"paper\", \"registry\"] }",
            "target = { participants = 334 }",
            "target = {",
            "does not name its source",
        ),
        (
            "at-most = 6, unit = \"points\" }\non_false = \"block\"\nsource = [\"paper\", \"registry\"]",
            "at-most = 6, unit = \"points\" }\non_false = \"block\"",
            "[[criteria]]\nid = \"I03a\"",
            "does not name its source",
        ),
        (
            "values = [4], source = \"paper\"",
            "values = [4]",
            "values = [4]",
            "does not name its source",
        ),
        (
            "hours = 8, source = \"inferred\", because = \"labelling: from reconstitution to the end of the infusion\"",
            "hours = 8, source = \"inferred\"",
            "hours = 8",
            "does not say why",
        ),
        (
            "source = [\"paper\", \"registry\"] }\nwarn_at",
            "source = [\"paper\", \"hearsay\"] }\nwarn_at",
            "hearsay",
            "`source` is unknown",
        ),
        (
            "source = [\"paper\", \"registry\"] }\nwarn_at",
            "source = [\"paper\", \"paper\"] }\nwarn_at",
            "target = {",
            "named twice",
        ),
        (
            "decision = \"ast_rule\"",
            "decision = \"ast_rules\"",
            "decision = \"ast_rules\"",
            "no decision `ast_rules`",
        ),
    ] {
        mistake(&changed(from, to), on, says);
    }
}

#[test]
fn windows_that_overlap_and_intervals_that_do_not_hold_are_found() {
    let text = changed("day = 28, early = 3", "day = 28, early = 11");
    mistake(&text, "[[visits]]\nid = \"V3\"", "the windows of V2 and V3 overlap");
    assert!(errors(&changed("day = 28, early = 3", "day = 28, early = 10")).is_empty());
    let text = changed("least_days = 10", "least_days = 15");
    let found = errors(&text);
    assert_eq!(found.len(), 2, "V2 and V3: {found:#?}");
    assert!(found.iter().all(|f| f.what.contains("sooner than the least interval")));
    let text = changed("count = 14,", "count = 13,");
    mistake(&text, "count = 13,", "another count");
    let text = changed(
        "window = { day = 0, early = 0, late = 0,",
        "window = { day = 1, early = 0, late = 0,",
    );
    mistake(&text, "[[visits]]\nid = \"V1\"", "not on day 0");
}

#[test]
fn figures_that_do_not_fit_together_are_found() {
    let text = changed("participants = 320", "participants = 335");
    mistake(&text, "participants = 335", "more than the target");
    let text = changed("minutes = 45,", "minutes = 421,");
    mistake(&text, "minutes = 421,", "no time for the infusion");
    assert!(errors(&changed("minutes = 45,", "minutes = 420,")).is_empty());
    let text = changed("each = 336", "each = 333");
    assert!(warnings(&text).iter().any(|f| f.what.contains("333 slots")));
    let text = changed("from = 0, to = 3 }", "from = 3, to = 3 }");
    assert!(errors(&text).iter().any(|f| f.what.contains("not more than `from`")));
    let text = changed("ask_above = 60", "ask_above = 200");
    mistake(&text, "ask_above = 200", "outside the range");
    let text = changed("range = { from = 5, to = 200", "range = { from = 0, to = 200");
    assert!(errors(&text).iter().any(|f| f.what.contains("can be zero")));
    let text =
        changed("from = \"2021-03-19\" }", "from = \"2021-03-19\", until = \"2021-03-18\" }");
    mistake(&text, "until = ", "lies before `from`");
}

#[test]
fn fields_refer_to_what_is_there_and_every_trial_has_those_its_steps_need() {
    let field = |from: &str, to: &str, says: &str| {
        let found = errors(&changed(from, to));
        assert!(found.iter().any(|finding| finding.what.contains(says)), "{to}: {found:#?}");
    };
    field("page = \"consent\"", "page = \"consents\"", "`page` is no page");
    field("type = \"moment\"", "type = \"minute\"", "`type` is unknown");
    field("id = \"screening_date\"", "id = \"screened_on\"", "no field `screening_date`");
    field("id = \"sex\"", "id = \"gender\"", "no field `sex`");
    field("type = \"consent-version\"", "type = \"yes-no\"", "has another type");
    field("id = \"weight\"", "id = \"confirmed\"", "reserved word");
    field("unit = \"kg\"\n", "", "`unit` is missing");
    field("choice = \"female\" }", "choice = \"woman\" }", "is no choice of that field");
    field(
        "only_when = { field = \"sex\"",
        "only_when = { field = \"pregnancy_test\"",
        "no field that stands before",
    );
    field("before = \"activity_on\"", "before = \"pga\"", "no field with a day");
    field("none = \"none\"", "none = \"nothing\"", "is no choice of this field");
    field("count = \"background\"", "count = \"sex\"", "no field of type choices");
    field("sum = [\"slicc_clinical\"", "sum = [\"sex\"", "which is no number");
    field("born = \"birth_date\"", "born = \"sex\"", "no field with a whole day");
    field("id = \"alt_ratio\"", "id = \"alt\"", "`id` is taken");
    field("fields = [\"screening_date\"", "fields = [\"zoster_last\"", "no field with a whole day");
    field("places = 2\n", "places = 9\n", "`places` is not taken");
    field("longest = 60", "longest = 201", "`longest` is not taken");
    field("zone = \"Asia/Shanghai\"", "zone = \"Asia/shanghai\"", "no IANA time zone");
    field("training = \"warn\"", "training = \"shrug\"", "is no choice of this decision");
    field("prefix = \"HSH\"", "prefix = \"hsh\"", "`prefix` is not taken");
    field("on_false = \"block\"", "on_false = \"stop\"", "`on_false` is unknown");
    field("when_all = { id = \"lldas\"", "when_all = { id = \"non-lldas\"", "same level");
    field("format = \"klero trial 1\"", "format = \"klero trial 2\"", "not one this program reads");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let text = changed("ratio = 1\nsource", "ratio = \nsource");
    assert_eq!(errors(&text)[0].line, line_of(&text, "ratio = \nsource"));
    assert!(errors(&text)[0].what.contains("not TOML"));
    let text = changed("[signatures]", "[trial]\nx = 1\n[signatures]");
    assert!(errors(&text)[0].what.contains("duplicate"));
    for nothing in ["", "\u{feff}", "[[[", "a", "\0", "trial = 1", "[trial]\n", "fields = [1]"] {
        assert!(!errors(nothing).is_empty(), "{nothing:?}");
    }
}

#[test]
fn a_file_has_a_largest_size() {
    let filled = |bytes: usize| format!("{FILE}#{}\n", "x".repeat(bytes - FILE.len() - 2));
    assert!(errors(&filled(FILE_BYTES_MAX)).is_empty());
    mistake(&filled(FILE_BYTES_MAX + 1), "# The first trial", "more than 262144");
}

#[test]
fn a_finding_reads_as_what_where_and_what_next() {
    let text = changed("on_false = \"warn\"", "on_false = \"warns\"");
    let line = line_of(&text, "on_false = \"warns\"");
    let expected =
        format!("error, line {line}: criterion `I01-r`: `on_false` is unknown\n  → block or warn");
    assert_eq!(errors(&text)[0].to_string(), expected);
}

#[test]
fn the_review_shows_everything_in_both_languages_with_its_sources() {
    let review = render(&TRIAL, FILE);
    for words in TRIAL
        .fields
        .iter()
        .map(|field| &field.name)
        .chain(TRIAL.criteria.iter().map(|criterion| &criterion.name))
        .chain(TRIAL.centres.iter().map(|centre| &centre.name))
        .chain(TRIAL.decisions.iter().map(|decision| &decision.question))
        .chain(TRIAL.visits.iter().map(|visit| &visit.name))
        .chain(TRIAL.stop_reasons.iter().map(|reason| &reason.name))
    {
        assert!(review.contains(&words.en) && review.contains(&words.zh), "{}", words.en);
    }
    for line in [
        "Participants 目标例数: 334   [P R]",
        "Block sizes 区组大小: 4   [P]",
        "Physician's global assessment (0–3) at most 1 points",
        "医师总体评估 PGA（0–3） 至多 1 分",
        "Last cyclophosphamide: never, or at least 6 months before Date of screening",
        "末次环磷酰胺：从未，或早于筛选日期至少 6 个月",
        "28 of 28 unanswered",
        "dose 剂量 mg: 120",
        "range 范围   [I: the sum of all weights of the index]",
        "stable_days = days from stable_since to screening_date   days 天   [P]",
        "renal-sledai   [I: weights of the index, not verified: so it only asks]",
        "severe-flare   final 不可解除   [P] → after_severe_flare",
        "8 sixth-people/non-lldas",
        "safety-report: Safety report to an authority 安全性报告   hotline only",
    ] {
        assert!(review.contains(line), "{line}");
    }
}

#[cfg(feature = "offline")]
#[test]
fn the_statistician_reads_arms_ratio_sizes_and_slots_from_the_same_file() {
    use klero::trial_file::{arm_preparations, arm_words, read_design};
    let design = read_design(FILE).unwrap();
    assert_eq!(design.arms, ["belimumab", "placebo"]);
    assert_eq!((design.ratio, design.sizes, design.slots), (vec![1, 1], vec![4], 336));
    let words = arm_words(FILE);
    assert_eq!(words[0].en, "Belimumab 120 mg, intravenous");
    assert_eq!(words[1].zh, "生理盐水（安慰剂），等体积，静脉输注");
    assert_eq!(arm_preparations(FILE).len(), 2);
    assert!(read_design(&changed("values = [4]", "values = [5]")).is_err());
    assert!(arm_words("").is_empty());
    let hidden = changed("{ values = [4], source = \"paper\" }", "{ hidden = true }");
    assert!(read_design(&hidden).unwrap().sizes.is_empty());
}

#[test]
fn no_text_makes_the_reader_stumble() {
    for (at, _) in FILE.char_indices().step_by(997) {
        let _ = check(&FILE[..at]);
        let _ = check(&FILE[at..]);
    }
}

// shows: AL-3
#[test]
fn each_field_says_its_kind_as_the_file_does() {
    let value = |block: &str, key: &str| {
        let line = block.lines().find(|line| line.starts_with(&format!("{key} = ")))?;
        Some(line.split('"').nth(1).unwrap().to_owned())
    };
    let written = FILE.split("[[fields]]\n").skip(1);
    let written = written.map(|block| (value(block, "id").unwrap(), value(block, "type").unwrap()));
    let read =
        TRIAL.fields.iter().map(|field| (field.id.to_string(), field.kind.word().to_owned()));
    assert_eq!(read.collect::<Vec<_>>(), written.collect::<Vec<_>>());
}
