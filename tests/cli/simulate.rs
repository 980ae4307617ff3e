//! `klero list simulate`: the same figures for everybody, as text, JSON and a page.

use crate::desk::{Desk, TRIAL};
use serde_json::Value;

fn line(more: &str) -> String {
    format!("list simulate --trial {TRIAL} --runs 20 {more}")
}

fn design<'d>(data: &'d Value, blocks: &str, strata: &str) -> &'d Value {
    let all = data["designs"].as_array().expect("designs");
    all.iter()
        .find(|one| one["blocks"] == blocks && one["strata"] == strata)
        .expect("it is compared")
}

// shows: SG-9
#[test]
fn the_trials_own_blocks_are_compared_with_mixed_larger_coarser_and_none() {
    let desk = Desk::new("simulate");
    let data = desk.data(&line(""));
    assert_eq!((&data["participants"], &data["seed"]), (&334.into(), &1.into()));
    let certain =
        |blocks, strata| design(&data, blocks, strata)["certain"].as_f64().expect("a share");
    // 20 runs of 334, every third certain; the last block of a stratum is cut, so a little less.
    assert!((certain("4", "centre, factors") - 0.325).abs() < 0.02);
    assert!((certain("8", "centre, factors") - 0.185).abs() < 0.02);
    assert!(certain("4/6/8", "centre, factors") < 0.05);
    assert_eq!(certain("none", "whole trial"), 0.0);
    let apart = |blocks, strata| {
        let one = design(&data, blocks, strata);
        one["apart"]["stratum"]["any-time"]["most"].as_f64().expect("a number")
    };
    assert_eq!(apart("4", "centre, factors"), 2.0, "half a block of four");
    assert_eq!(apart("8", "centre, factors"), 4.0, "half a block of eight");
    assert!(apart("4", "factors") > 4.0, "nothing holds a centre together");
    let points = data["costs"]["points"].to_string();
    assert!(points.contains("from 1/2 to 1/3 and 2/3"), "{points}");
    assert!(points.contains("whoever prepares there"), "{points}");

    let first = desk.done(&line("--html designs.html"));
    let again = desk.done(&line("--html again.html"));
    assert_eq!(first.out.replace("designs.html", "again.html"), again.out);
    assert_eq!(desk.read("designs.html"), desk.read("again.html"), "the same for everybody");
    assert!(desk.done(&line("--seed 2")).out != desk.done(&line("")).out);
    for text in first.out.lines() {
        assert!(text.chars().count() <= 80, "{text}");
    }
    assert!(first.out.contains("What the trial's own blocks cost (a fixed, published block of 4"));
}

#[test]
fn the_page_has_pictures_with_words_and_a_table_under_each_and_fetches_nothing() {
    let desk = Desk::new("simulate-page");
    desk.done(&line("--html designs.html"));
    let page = desk.read("designs.html");
    let count = |text: &str| page.matches(text).count();
    assert_eq!(count("<svg "), 5);
    assert_eq!((count("<title id="), count("<desc id="), count("<figcaption>")), (5, 5, 5));
    assert_eq!(count("<table>"), 4, "the two of predictability share one");
    assert!(!page.contains("NaN") && !page.contains("<script") && !page.contains("http"));
    desk.refused(17, "file-exists", &line("--html designs.html"));
}

#[test]
fn designs_can_be_named_and_impossible_ones_are_refused() {
    let desk = Desk::new("simulate-designs");
    let data = desk.data(&line("--design 2@factors --design none@centre --shares 5,3,1,1"));
    assert_eq!(data["designs"].as_array().map(Vec::len), Some(2));
    assert_eq!(data["centres"].to_string(), "[5.0,3.0,1.0,1.0]");
    assert!(
        (design(&data, "2", "factors")["certain"].as_f64().expect("a share") - 0.5).abs() < 0.01
    );
    for (slip, code) in [
        ("--design 3", "design-not-possible"),
        ("--design 0", "design-not-possible"),
        ("--design four", "wrong-usage"),
        ("--design 4@block", "wrong-usage"),
        ("--shares 1,2", "shares-do-not-fit"),
        ("--shares 1,1,1,-1", "shares-do-not-fit"),
        ("--shares 1,1,1,0", "shares-do-not-fit"),
        ("--levels 1,1,1", "shares-do-not-fit"),
        ("--participants 0", "wrong-usage"),
        ("--participants 100000 --runs 100000", "wrong-usage"),
        ("--participants 100000", "too-much-to-simulate"),
    ] {
        let line = match slip {
            "--participants 100000" => line(slip).replace("--runs 20", "--runs 100000"),
            _ => line(slip),
        };
        desk.refused(2, code, &line);
    }
    desk.refused(10, "file-missing", "list simulate --trial none.toml");
}
