//! What is due when, and what is not released.

use super::{TRIAL, date};
use klero::domain::ids::VisitId;
use klero::domain::time::Date;
use klero::domain::visit::{Course, Due, VisitRefusal, due_today, may_prepare, window};

fn visit(id: &str) -> VisitId {
    VisitId::parse(id).unwrap()
}

/// Infusion 1 on 21 November 2026.
fn zero() -> Date {
    date("2026-11-21")
}

fn on(day: i32) -> Date {
    zero().plus_days(day)
}

fn course(released: &[(VisitId, Date)]) -> Course<'_> {
    let first_infusion = (!released.is_empty()).then(zero);
    Course { randomised_on: zero(), first_infusion, released, missed: &[], stopped: false }
}

fn releases(days: &[(&str, i32)]) -> Vec<(VisitId, Date)> {
    days.iter().map(|(id, day)| (visit(id), on(*day))).collect()
}

fn prepare(
    id: &str,
    released: &[(&str, i32)],
    day: i32,
    reason: bool,
) -> Result<Due, VisitRefusal> {
    may_prepare(&TRIAL, &visit(id), &course(&releases(released)), on(day), reason)
}

fn due(released: &[(&str, i32)], day: i32) -> Option<&'static str> {
    let released = releases(released);
    due_today(&TRIAL, &course(&released), on(day)).map(|visit| visit.id.as_str())
}

// shows: DI-8
#[test]
fn the_calendar_of_the_first_trial_is_kept() {
    let planned = [0, 14, 28, 56, 84, 112, 140, 168, 196, 224, 252, 280, 308, 336];
    let infusions: Vec<_> = TRIAL.visits.iter().filter(|visit| visit.infusion).collect();
    assert_eq!(TRIAL.infusions(), 14);
    for (number, (visit, day)) in infusions.iter().zip(planned).enumerate() {
        assert_eq!(visit.id.as_str(), format!("V{}", number + 1));
        assert_eq!((visit.day, visit.week * 7), (day, day));
        let width = match number {
            0 => 0,
            1 | 2 => 3,
            _ => 7,
        };
        assert_eq!((visit.early, visit.late), (width, width));
    }
    let others: Vec<(&str, i32)> = TRIAL
        .visits
        .iter()
        .filter(|visit| !visit.infusion)
        .map(|visit| (visit.id.as_str(), visit.day))
        .collect();
    assert_eq!(others, [("screening", 0), ("V15", 364)]);
    assert_eq!(TRIAL.least_days, 10);
}

// shows: DI-8
#[test]
fn each_infusion_is_due_inside_its_window_and_a_day_outside_needs_a_reason() {
    let mut given: Vec<(&str, i32)> = vec![];
    for infusion in TRIAL.visits.iter().filter(|visit| visit.infusion) {
        let id = infusion.id.as_str();
        let first = infusion.day - infusion.early.cast_signed();
        let last = infusion.day + infusion.late.cast_signed();
        for day in [first, infusion.day, last] {
            assert_eq!(due(&given, day), Some(id), "{id} on day {day}");
            let due = prepare(id, &given, day, false).unwrap();
            assert!(!due.deviation && !due.again, "{id} on day {day}");
        }
        for day in [first - 1, last + 1] {
            assert_eq!(due(&given, day), None, "{id} on day {day}");
            let refused = prepare(id, &given, day, false);
            assert!(matches!(refused, Err(VisitRefusal::NotDue { window: Some(_), .. })), "{id}");
            assert!(prepare(id, &given, day, true).unwrap().deviation);
        }
        given.push((id, infusion.day));
    }
    assert_eq!(due(&given, 364), None, "nothing is infused at the last visit");
}

// shows: DI-8
#[test]
fn days_count_from_the_actual_first_infusion_and_a_late_visit_moves_no_other() {
    let released = [(visit("V1"), on(2))];
    let late = Course {
        randomised_on: zero(),
        first_infusion: Some(on(2)),
        released: &released,
        missed: &[],
        stopped: false,
    };
    let v2 = TRIAL.visit(&visit("V2")).unwrap();
    assert_eq!(window(&TRIAL, v2, &late).map(|window| window.planned), Some(on(16)));
    let v4 = TRIAL.visit(&visit("V4")).unwrap();
    let after_late_v3 = releases(&[("V1", 0), ("V2", 14), ("V3", 40)]);
    let planned = window(&TRIAL, v4, &course(&after_late_v3)).map(|window| window.planned);
    assert_eq!(planned, Some(on(56)));
}

// shows: DI-8, AL-1
#[test]
fn before_the_first_infusion_only_the_first_visit_can_be_prepared() {
    assert_eq!(due(&[], 0), Some("V1"));
    assert!(prepare("V1", &[], 3, true).unwrap().deviation);
    for reason in [false, true] {
        let refused = prepare("V2", &[], 14, reason);
        assert_eq!(refused, Err(VisitRefusal::NotDue { window: None, not_before: None }));
    }
}

// shows: DI-8
#[test]
fn a_visit_is_prepared_again_only_for_a_reason() {
    let given = [("V1", 0), ("V2", 14)];
    assert_eq!(prepare("V2", &given, 14, false), Err(VisitRefusal::AlreadyPrepared { on: on(14) }));
    let again = prepare("V2", &given, 14, true).unwrap();
    assert!(again.again && !again.deviation);
    assert_eq!(due(&given, 14), None);
}

// shows: DI-8
#[test]
fn two_infusions_are_at_least_ten_days_apart() {
    // Both inside their windows, but the second only eight days after the first.
    let given = [("V1", 0), ("V2", 17)];
    for day in [25, 26] {
        let Err(VisitRefusal::NotDue { window: Some(_), not_before }) =
            prepare("V3", &given, day, false)
        else {
            panic!("too soon");
        };
        assert_eq!(not_before, Some(on(27)));
        assert_eq!(due(&given, day), None);
        assert!(prepare("V3", &given, day, true).unwrap().deviation);
    }
    assert!(!prepare("V3", &given, 27, false).unwrap().deviation);
}

// shows: DI-8
#[test]
fn a_missed_visit_is_over_once_a_later_one_was_prepared() {
    let given = [("V1", 0), ("V3", 28)];
    for reason in [false, true] {
        let refused = prepare("V2", &given, 38, reason);
        assert_eq!(refused, Err(VisitRefusal::NotDue { window: None, not_before: None }));
    }
    assert_eq!(due(&given, 56), Some("V4"));
}

// shows: DI-8
#[test]
fn visits_without_infusion_and_unknown_ones_are_never_prepared() {
    let given = [("V1", 0)];
    for id in ["screening", "V15"] {
        let refused = prepare(id, &given, 364, true);
        assert_eq!(refused, Err(VisitRefusal::NotDue { window: None, not_before: None }));
    }
    assert_eq!(prepare("V16", &given, 14, true), Err(VisitRefusal::Unknown));
}

// shows: DI-8
#[test]
fn nothing_is_prepared_while_any_stop_reason_stands_and_only_some_can_be_lifted() {
    let reasons: Vec<(&str, bool)> =
        TRIAL.stop_reasons.iter().map(|reason| (reason.id.as_str(), reason.liftable)).collect();
    assert_eq!(
        reasons,
        [
            ("severe-flare", false),
            ("consent-withdrawn", false),
            ("pregnancy", true),
            ("serious-adverse-event", true),
            ("fatal-comorbidity", true),
            ("investigator-decision", true),
            ("lost", true),
            ("death", false),
        ]
    );
    let released = releases(&[("V1", 0)]);
    for (id, _) in reasons {
        assert!(TRIAL.stop_reason(id).is_some());
        let stopped = Course { stopped: true, ..course(&released) };
        for reason in [false, true] {
            let refused = may_prepare(&TRIAL, &visit("V2"), &stopped, on(14), reason);
            assert_eq!(refused, Err(VisitRefusal::TreatmentEnded), "{id}");
        }
        assert_eq!(due_today(&TRIAL, &stopped, on(14)), None);
    }
}

// shows: EU-14
#[test]
fn a_code_break_is_no_stop_reason() {
    assert!(TRIAL.stop_reasons.iter().all(|reason| !reason.id.contains("break")));
}
