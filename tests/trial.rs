//! The first trial, from its file: every boundary of eligibility and stratum, and the file itself.

use klero::trial_file;

const FILE: &str = include_str!("../deploy/nct04515719.toml");

#[test]
fn the_first_trial_reads() {
    let checked = trial_file::check(FILE);
    for f in &checked.findings {
        println!("{f}");
    }
    assert!(checked.trial.is_some());
}
