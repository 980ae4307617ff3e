//! Every command's help, and command lines that are wrong.

use crate::desk::Desk;
use std::collections::BTreeSet;

/// Every command, found as a reader finds them: from help to help.
fn commands(desk: &Desk, above: &str, all: &mut Vec<(String, String)>) {
    let help = desk.done(&format!("{above} --help")).out;
    let below: Vec<String> = help
        .split("Commands:\n")
        .nth(1)
        .map(|list| list.lines().take_while(|line| !line.is_empty()))
        .into_iter()
        .flatten()
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|word| word != "help")
        .collect();
    all.push((above.trim().to_owned(), help));
    for word in below {
        commands(desk, &format!("{above} {word}"), all);
    }
}

#[test]
fn every_help_text_ends_with_examples_and_exit_codes() {
    let desk = Desk::new("help");
    let mut all = vec![];
    commands(&desk, "", &mut all);
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "key new",
        "list generate",
        "open",
        "kit count",
        "verify",
        "vectors check",
        "trial check",
        "init",
        "list import",
        "trail export",
        "serve",
        "backup create",
    ] {
        assert!(names.contains(name), "{name}");
    }
    for (name, help) in &all {
        let end =
            help.split("Examples:\n").nth(1).unwrap_or_else(|| panic!("{name} has no examples"));
        let (examples, codes) = end.split_once("\nExit codes:\n   0 done\n").expect("exit codes");
        assert_eq!(examples.lines().count(), 3, "{name}");
        let coded = |line: &str| line[..4].trim().parse::<u8>().is_ok() && line.len() > 5;
        assert!(codes.lines().all(coded), "{name}: {codes}");
        assert!(help.lines().count() > 10 && help.is_ascii() | help.contains('…'), "{name}");
    }
}

#[test]
fn a_word_that_is_nearly_right_gets_a_suggestion() {
    let desk = Desk::new("slips");
    for (line, word) in
        [("lst verify", "list"), ("key chek x", "check"), ("key new --persn x", "--person")]
    {
        let ran = desk.refused(2, "wrong-usage", line);
        assert!(ran.err.contains(&format!("'{word}'")), "{line}: {}", ran.err);
    }
    assert_eq!(desk.run("").code, 2, "no command at all shows the help");
    assert_eq!(desk.run("--version").out, concat!("klero ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn every_command_answers_a_wrong_line_in_json_too() {
    let desk = Desk::new("json");
    let mut all = vec![];
    commands(&desk, "", &mut all);
    for (name, _) in all {
        desk.refused(2, "wrong-usage", &format!("{name} --no-such-flag"));
    }
}

// shows: SG-9
#[test]
fn a_trial_file_is_shown_in_both_languages_and_its_mistakes_by_line() {
    let desk = Desk::new("trial");
    let ran = desk.done(&format!("trial check {}", crate::desk::TRIAL));
    assert!(ran.out.contains("NCT04515719") || ran.out.contains("lupus"), "{}", ran.out);
    assert!(ran.out.contains("狼疮"));
    assert!(ran.err.contains(": warning: one published block size of 4"), "{}", ran.err);
    let data = desk.data(&format!("trial check {}", crate::desk::TRIAL));
    assert_eq!(data["trial"], "NCT04515719");
    assert_eq!(data["findings"][0]["severity"], "warning");

    let text = std::fs::read_to_string(crate::desk::TRIAL).expect("the trial file is there");
    let line =
        text.lines().position(|line| line.starts_with("zone = ")).expect("it has a zone") + 1;
    desk.write("wrong.toml", &text.replace("zone = \"Asia/Shanghai\"", "zone = \"Asia/Nowhere\""));
    let ran = desk.run("trial check wrong.toml");
    assert_eq!(ran.code, 15);
    let first = ran.out.lines().next().unwrap_or_default();
    assert!(first.starts_with(&format!("wrong.toml:{line}: error: ")), "{first}");
    assert!(first.contains(" → "), "{first}");
    let ran = desk.refused(15, "trial-file-wrong", "trial check wrong.toml");
    let last: serde_json::Value =
        serde_json::from_str(ran.err.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(last["data"]["findings"][0]["line"], line);
    desk.refused(10, "file-missing", "trial check none.toml");
}
