//! A made-up trial, counted by hand beside the report.

mod lines;

use super::Looked;
use super::closed::{Judged, Table, balance, standing, tables};
use super::leak::{Shown, collateral, exposure, leak, shown};
use crate::domain::entry::Entry;
use crate::domain::time::Moment;
use crate::sealing::tale::Tale;
use crate::sealing::verify::Evidence;

fn look(tale: &Tale) -> Looked {
    let lines = tale.lines();
    let note = tale.note(&lines);
    let vkey = tale.signer.vkey();
    let evidence = Evidence {
        manifests: &tale.manifests,
        disclosures: &tale.disclosures,
        checkpoint: &note,
        trail_key: &vkey,
        kept: &[],
        data: &[],
    };
    Looked::at(&evidence, &lines.concat()).unwrap()
}

/// Which arm a row of the list has.
fn arm(tale: &Tale, row: usize) -> usize {
    usize::from(tale.story.list.rows()[row].arm.index())
}

/// Counts by arm of these rows, by hand.
fn counts(tale: &Tale, rows: &[usize]) -> Vec<u64> {
    let of = |which: usize| rows.iter().filter(|row| arm(tale, **row) == which).count() as u64;
    vec![of(0), of(1)]
}

fn row<'t>(tables: &'t [Table], id: &str, label: &str) -> Option<&'t Vec<u64>> {
    let table = tables.iter().find(|table| table.id == id).unwrap();
    table.rows.iter().find(|(known, _)| known == label).map(|(_, counts)| counts)
}

fn about(act: &str, participant: &str) -> Entry {
    Entry::new(act).on("participant", participant).on("reference", "M3TT00R1")
}

/// Everybody of the first two blocks at `east/mild` randomised: rows 0 and 1 were already.
fn filled() -> Tale {
    let mut tale = Tale::honest();
    for row in 2..8 {
        let entry = tale.randomised(row, &format!("ES-{:03}", row + 10));
        tale.told.push(("co-e", "coordinator", entry));
    }
    tale
}

fn break_row(tale: &mut Tale, row: usize, participant: &str) {
    let entry = tale.release("release-for-break", row, participant).with("category", "pregnancy");
    tale.told.push(("hot-1", "hotline", entry));
}

// shows: RP-3
#[test]
fn what_happened_is_counted_by_the_arms_of_the_list_and_named_by_their_names() {
    let mut tale = filled();
    break_row(&mut tale, 2, "ES-012");
    for (by, role, entry) in [
        (
            "inv-e",
            "investigator",
            about("follow-up-recorded", "ES-012").with("related-before", "possible"),
        ),
        ("co-e", "coordinator", about("treatment-ended", "ES-012").with("reason", "severe-flare")),
        ("co-e", "coordinator", about("treatment-ended", "ES-013").with("reason", "severe-flare")),
        ("co-e", "coordinator", about("treatment-ended", "ES-001").with("reason", "lost")),
        ("co-e", "coordinator", about("participation-ended", "ES-001").with("how", "lost")),
    ] {
        tale.told.push((by, role, entry));
    }
    let looked = look(&tale);
    assert_eq!(looked.arms, ["active", "placebo"]);
    let all = tables(&looked, &Judged::new());
    let everybody: Vec<usize> = [0, 8, 1, 16].into_iter().chain(2..8).collect();
    assert_eq!(row(&all, "randomised", "all"), Some(&counts(&tale, &everybody)));
    assert_eq!(row(&all, "randomised-by-centre", "west"), Some(&counts(&tale, &[16])));
    assert_eq!(row(&all, "randomised-by-level", "severe"), Some(&counts(&tale, &[8])));
    assert_eq!(row(&all, "randomised-by-stratum", "east/mild"), Some(&vec![4, 4]), "two blocks");
    // Rows 16 and 1 were broken in the tale, without a category.
    assert_eq!(row(&all, "breaks", "code breaks"), Some(&counts(&tale, &[16, 1, 2])));
    assert_eq!(row(&all, "breaks-by-category", "pregnancy"), Some(&counts(&tale, &[2])));
    assert_eq!(row(&all, "breaks-by-category", "not said"), Some(&counts(&tale, &[16, 1])));
    // All releases of the tale carry one reference, so the follow-up is of all three.
    let related = row(&all, "breaks-by-relatedness", "possible");
    assert_eq!(related, Some(&counts(&tale, &[16, 1, 2])));
    assert_eq!(row(&all, "stops-before-break", "severe-flare"), Some(&counts(&tale, &[3])));
    assert_eq!(row(&all, "stops-after-break", "severe-flare"), Some(&counts(&tale, &[2])));
    assert_eq!(row(&all, "stops-before-break", "lost"), Some(&counts(&tale, &[0])));
    assert_eq!(row(&all, "ends", "lost"), Some(&counts(&tale, &[0])));
    assert_eq!(balance(&looked), all[..4], "the balance is the first part of it");
}

// shows: RP-3, EU-9
#[test]
fn relatedness_is_counted_by_arm_as_judged_before_and_once_the_arm_was_known() {
    let mut tale = filled();
    break_row(&mut tale, 2, "ES-012");
    for entry in [
        about("follow-up-recorded", "ES-012").with("related-before", "possible"),
        about("sealed-part-kept", "ES-012").with("record", "K7Q29MXT"),
    ] {
        tale.told.push(("inv-e", "investigator", entry));
    }
    // All releases of the tale carry one reference.
    let (rows, looked) = ([16, 1, 2], look(&tale));
    let sealed = tables(&looked, &Judged::new());
    let there = row(&sealed, "breaks-by-relatedness-after", "sealed, not opened here");
    assert_eq!(there, Some(&counts(&tale, &rows)));
    let judged = Judged::from([("M3TT00R1".to_owned(), "definite".to_owned())]);
    let opened = tables(&looked, &judged);
    for (table, label) in [
        ("breaks-by-relatedness", "possible"),
        ("breaks-by-relatedness-after", "definite"),
        ("breaks-by-relatedness-both", "possible, then definite"),
    ] {
        assert_eq!(row(&opened, table, label), Some(&counts(&tale, &rows)), "{table}");
    }
    let closed = about("break-closed", "ES-012").with("unconfirmed", true);
    tale.told.retain(|(.., entry)| entry.act != "sealed-part-kept");
    let bare = tables(&look(&tale), &Judged::new());
    let none = row(&bare, "breaks-by-relatedness-after", "not recorded yet");
    assert_eq!(none, Some(&counts(&tale, &rows)));
    tale.told.push(("inv-e", "investigator", closed));
    let without = tables(&look(&tale), &Judged::new());
    let none = row(&without, "breaks-by-relatedness-after", "closed without it");
    assert_eq!(none, Some(&counts(&tale, &rows)));
}

// shows: RP-5
#[test]
fn a_planted_error_of_randomisation_of_stratum_and_of_product_each_appear_by_arm() {
    let mut tale = filled();
    let corrected = |participant, stratum: &str, outcome: &str| {
        about("answers-corrected", participant)
            .with("outcome", outcome)
            .with("stratum", stratum)
            .with("randomised-stratum", "east/mild")
    };
    for entry in [
        about("mistake-recorded", "ES-013").with("mistake", "randomised-in-error"),
        about("mistake-recorded", "ES-014").with("mistake", "wrong-product"),
        about("mistake-recorded", "ES-014").with("mistake", "wrong-product"),
        corrected("ES-015", "east/severe", "eligible"),
        corrected("ES-016", "east/severe", "eligible"),
        corrected("ES-016", "east/mild", "eligible"),
        corrected("ES-017", "east/mild", "not-eligible"),
    ] {
        tale.told.push(("co-e", "coordinator", entry));
    }
    let all = tables(&look(&tale), &Judged::new());
    assert_eq!(row(&all, "mistakes", "randomised-in-error"), Some(&counts(&tale, &[3])));
    assert_eq!(row(&all, "mistakes", "wrong-product"), Some(&counts(&tale, &[4])), "once each");
    let wrong = "east/mild, should be east/severe";
    assert_eq!(row(&all, "corrected", wrong), Some(&counts(&tale, &[5])), "the last word counts");
    let not = "not eligible by the corrected answers";
    assert_eq!(row(&all, "corrected", not), Some(&counts(&tale, &[7])));
}

// shows: RP-3
#[test]
fn two_equal_breaks_in_a_block_of_four_make_the_other_two_certain_and_one_alone_nobody() {
    let mut tale = filled();
    let looked = look(&tale);
    let seen = shown(&looked, &[]);
    let before = leak(&looked, &seen);
    // The tale broke row 1, of the first block at east, and row 16, the first at west.
    assert_eq!((before[0].blocks, before[0].certain, before[1].blocks), (2, 0, 0));
    assert_eq!(before[0].afterwards, 6, "at east, after the break of row 1; at west nobody");
    let twin = [0, 2, 3].into_iter().find(|row| arm(&tale, *row) == arm(&tale, 1)).unwrap();
    let participant =
        looked.issued.iter().find(|one| one.code == tale.story.list.rows()[twin].code.to_string());
    let participant = participant.unwrap().participant.clone();
    break_row(&mut tale, twin, &participant);
    let last = tale.randomised(17, "WE-002");
    tale.told.push(("co-w", "coordinator", last));
    let looked = look(&tale);
    let seen = shown(&looked, &[]);
    let after = leak(&looked, &seen);
    assert_eq!((after[0].blocks, after[1].blocks, after[2].blocks), (1, 1, 0));
    assert_eq!((after[1].certain, after[1].certain_to_come), (2, 0));
    let each = collateral(&looked, &seen);
    assert_eq!(each.len(), 3);
    assert_eq!(each.iter().map(|one| one.follows.len()).collect::<Vec<_>>(), [0, 0, 2]);
    let other = &looked.arms[1 - arm(&tale, 1)];
    assert!(each[2].follows.iter().all(|one| one.arm == *other), "the other arm, by its name");
    let people = exposure(&looked, &seen);
    let of = |who: &str| people.iter().find(|one| one.person == who).unwrap();
    assert_eq!((of("all code breaks").shown, of("all code breaks").follows.len()), (3, 2));
    // Nobody alone was shown both: the investigator broke one, the hotline the other.
    assert!(of("inv-e").follows.is_empty() && of("hot-1").shown == 2);
}

#[test]
fn whoever_prepared_three_of_a_block_knows_the_fourth_before_it_is_made() {
    let mut tale = Tale::honest();
    let prepare = |tale: &mut Tale, row: usize, participant: &str| {
        let entry = tale.release("release-for-preparation", row, participant);
        tale.told.push(("ph-e", "pharmacist", entry));
    };
    let randomise = |tale: &mut Tale, row: usize, participant: &str| {
        let entry = tale.randomised(row, participant);
        tale.told.push(("co-e", "coordinator", entry));
    };
    prepare(&mut tale, 1, "ES-003");
    randomise(&mut tale, 2, "ES-012");
    prepare(&mut tale, 2, "ES-012");
    let looked = look(&tale);
    let people = exposure(&looked, &shown(&looked, &[]));
    let ph = people.iter().find(|one| one.person == "ph-e").unwrap();
    assert_eq!((ph.shown, ph.follows.len()), (3, 1), "the fourth is not issued yet");
    assert_eq!(ph.follows[0].participant, None);
    let two_equal = arm(&tale, 0) == arm(&tale, 1);
    assert_eq!(ph.beforehand, usize::from(two_equal), "the third only after two equal ones");
    randomise(&mut tale, 3, "ES-013");
    let looked = look(&tale);
    let people = exposure(&looked, &shown(&looked, &[]));
    let ph = people.iter().find(|one| one.person == "ph-e").unwrap();
    assert_eq!(ph.beforehand, usize::from(two_equal) + 1);
    assert_eq!(ph.follows[0].participant.as_deref(), Some("ES-013"));
}

/// The code of this row, shown to this person at this moment.
fn known(tale: &Tale, row: usize, by: &str, millis: i64) -> Shown {
    let code = tale.story.list.rows()[row].code.to_string();
    let at = Moment::from_millis(millis);
    Shown { code, at, by: by.to_owned(), role: "hotline".to_owned(), broken: true }
}

// shows: RP-3, EU-12
#[test]
fn an_opening_that_was_taken_in_and_handed_in_as_a_record_is_one() {
    let mut tale = filled();
    let opened = "2026-11-29T03:00:00.000Z";
    let entry = tale.release("break-imported", 2, "ES-012").with("opened-at", opened);
    let entry = entry.with("opener", "hot-1").with("opener-role", "hotline");
    tale.told.push(("inv-e", "investigator", entry));
    let at = Moment::parse(opened).unwrap().millis();
    let records = [
        known(&tale, 2, "hot-1", at),
        // The same code by somebody else, at another time, and another code at that time.
        known(&tale, 2, "hot-2", at),
        known(&tale, 2, "hot-1", at + 1),
        known(&tale, 3, "hot-1", at),
    ];
    let looked = look(&tale);
    let without = shown(&looked, &[]);
    let with = shown(&looked, &records);
    assert_eq!(with.len(), without.len() + 3);
    for record in &records {
        assert_eq!(with.iter().filter(|one| *one == record).count(), 1, "{record:?}");
    }
    assert!(with.windows(2).all(|two| two[0].at <= two[1].at), "oldest first");
}

// shows: RP-3
#[test]
fn who_was_randomised_after_a_break_and_what_is_still_to_come_is_counted_by_block() {
    // Both blocks of east/mild are issued but for the last of the second; the tale broke rows 1 and 16.
    let mut tale = filled();
    let last = tale.told.pop().unwrap();
    let fifth =
        (4..7).find(|row| (5..8).any(|next| next > *row && arm(&tale, next) == arm(&tale, *row)));
    let fifth = fifth.unwrap();
    let twin = (fifth + 1..8).find(|row| arm(&tale, *row) == arm(&tale, fifth)).unwrap();
    for row in [fifth, twin] {
        break_row(&mut tale, row, &format!("ES-{:03}", row + 10));
    }
    let looked = look(&tale);
    let leaks = leak(&looked, &shown(&looked, &[]));
    let (issued, to_come) = if twin == 7 { (2, 0) } else { (1, 1) };
    assert_eq!((leaks[1].blocks, leaks[1].certain, leaks[1].certain_to_come), (1, issued, to_come));
    // Rows 2 to 6 came after the break of row 1; nobody came after the two of the second block.
    assert_eq!((leaks[0].afterwards, leaks[1].afterwards), (5, 0));
    tale.told.push(last);
    let looked = look(&tale);
    let leaks = leak(&looked, &shown(&looked, &[]));
    assert_eq!((leaks[1].certain, leaks[1].certain_to_come), (2, 0));
    assert_eq!((leaks[0].afterwards, leaks[1].afterwards), (6, 1));
    // Whose code was broken is named by their number, and by the code when nobody has it.
    let each = collateral(&looked, &shown(&looked, &[known(&tale, 31, "hot-1", 0)]));
    let whom: Vec<&str> = each.iter().map(|one| one.participant.as_str()).collect();
    let code = tale.story.list.rows()[31].code.to_string();
    let numbers = [fifth, twin].map(|row| format!("ES-{:03}", row + 10));
    assert_eq!(whom, [&code, "WE-001", "ES-003", &numbers[0], &numbers[1]]);
}

// shows: RP-3
#[test]
fn what_is_shown_at_the_moment_of_an_allocation_was_not_known_before_it() {
    let tale = filled();
    let looked = look(&tale);
    let issued = |row: usize| {
        let code = tale.story.list.rows()[row].code.to_string();
        looked.issued.iter().find(|one| one.code == code).unwrap().at.millis()
    };
    // Rows 2 to 7 are issued one after the other; row 0 is known as row 2 is issued.
    let leaks = leak(&looked, &[known(&tale, 0, "hot-1", issued(2))]);
    assert_eq!((leaks[0].blocks, leaks[0].afterwards), (1, 5));
    // The second block, whose last is row 7: two of different arms are known from the beginning, then the third.
    let other = [5, 6].into_iter().find(|row| arm(&tale, *row) != arm(&tale, 4)).unwrap();
    let beforehand = |third_at: i64| {
        let seen = [(4, 0), (other, 0), (11 - other, third_at)];
        let seen = seen.map(|(row, at)| known(&tale, row, "hot-9", at));
        let people = exposure(&looked, &seen);
        people.iter().find(|one| one.person == "hot-9").unwrap().beforehand
    };
    assert_eq!((beforehand(issued(7)), beforehand(issued(7) - 1)), (0, 1));
}

#[test]
fn every_drawn_code_is_issued_set_aside_or_left() {
    let mut tale = filled();
    let code = tale.story.list.rows()[9].code.to_string();
    tale.told.push(("stat-1", "statistician", Entry::new("code-voided").on("code", code)));
    let all = standing(&look(&tale));
    let of = |id: &str| {
        let one = all.iter().find(|one| one.stratum == id).unwrap();
        (one.drawn, one.issued, one.voided, one.left)
    };
    assert_eq!((of("east/mild"), of("east/severe")), ((8, 8, 0, 0), (8, 1, 1, 6)));
    assert_eq!((of("west/mild"), of("west/severe")), ((8, 1, 0, 7), (8, 0, 0, 8)));
}

#[test]
fn a_trail_that_does_not_verify_or_names_a_strange_code_is_not_counted() {
    let tale = filled();
    let lines = tale.lines();
    let note = tale.note(&lines);
    let vkey = tale.signer.vkey();
    let evidence = Evidence {
        manifests: &tale.manifests,
        disclosures: &tale.disclosures,
        checkpoint: &note,
        trail_key: &vkey,
        kept: &[],
        data: &[],
    };
    let cut = lines[..lines.len() - 1].concat();
    assert!(Looked::at(&evidence, &cut).err().unwrap().contains("the trail has"));
    let mut tale = filled();
    let at = tale.first("randomised");
    for (name, fact) in &mut tale.told[at].2.on {
        if name == "code" {
            *fact = "7429133".into();
        }
    }
    let lines = tale.lines();
    let note = tale.note(&lines);
    let evidence = Evidence { checkpoint: &note, ..evidence };
    let why = Looked::at(&evidence, &lines.concat()).err().unwrap();
    assert!(why.contains("code 7429133 is in no list"), "{why}");
}
