//! The demonstration, word for word as the README shows it.

use std::process::Command;

// shows: I1, I3, I5, I7, I10, SG-7
#[test]
fn the_demonstration_says_what_the_readme_shows() {
    let ran = Command::new(env!("CARGO_BIN_EXE_klero")).arg("demo").output();
    let ran = ran.expect("the program runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let readme = include_str!("../../README.md");
    let from = readme.find("Demonstration of").expect("the README shows it");
    let shown = readme[from..].split("```").next().unwrap_or_default();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), shown);
}

// shows: AL-11, DI-10, SG-5, RP-5
#[test]
fn a_small_whole_trial_is_reconciled_line_by_line_and_tells_the_same_twice() {
    let simulate = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klero"));
        command.args(["demo", "--whole-trial", "--participants", "6", "--seed", "11"]);
        let ran = command.output().expect("the program runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    let said = simulate();
    assert!(said.contains("20 of 20 passed"), "{said}");
    assert!(said.contains("      6  randomised"), "{said}");
    assert!(said.contains("refused: the target was reached"), "{said}");
    for once in ["moved to another centre, the key", "centre keys rotated", "segments added"] {
        assert!(said.contains(&format!("      1  {once}")), "{once}: {said}");
    }
    // What happened follows from the seed; hashes do not, since signatures are rolled anew.
    let story = |said: &str| said.split("Reconciliation").next().map(str::to_owned);
    assert_eq!(story(&simulate()), story(&said));
}
