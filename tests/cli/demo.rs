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
