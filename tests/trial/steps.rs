//! The order of steps and days before a randomisation, each refusal by its name.

use super::{TRIAL, answers, at, field, noon};
use klero::domain::answers::Answers;
use klero::domain::eligibility::{Verdict, judge};
use klero::domain::recruitment::{
    EligibilitySignature, RandomiseRefusal, Recruitment, SignRefusal, Standing, Step,
    may_randomise, may_sign_eligibility, target_is_near,
};
use klero::domain::time::{Moment, Zone};

const SIGNED: &str = "2026-11-21T19:50";

fn signature(minute: &str) -> Option<EligibilitySignature> {
    Some(EligibilitySignature { at: at(minute), current: true })
}

/// A participant who may be randomised.
fn standing<'a>(answers: &'a Answers, verdict: &'a Verdict) -> Standing<'a> {
    Standing {
        trial: Recruitment::Open,
        centre: Recruitment::Open,
        randomised: 0,
        answers,
        verdict,
        signature: signature(SIGNED),
    }
}

fn randomise(
    changes: &[(&str, &str)],
    otherwise: impl Fn(&mut Standing<'_>),
    now: &str,
) -> Result<(), RandomiseRefusal> {
    let answers = answers(changes);
    let verdict = judge(&TRIAL, &answers);
    let mut standing = standing(&answers, &verdict);
    otherwise(&mut standing);
    may_randomise(&TRIAL, &standing, at(now))
}

const EVENING: &str = "2026-11-21T20:35";

fn as_it_is(_: &mut Standing<'_>) {}

// shows: AL-1
#[test]
fn consent_screening_eligible_signature_then_randomise_and_each_skipped_step_is_named() {
    assert_eq!(randomise(&[], as_it_is, EVENING), Ok(()));
    let skipped = |changes: &[(&str, &str)]| randomise(changes, as_it_is, EVENING).unwrap_err();
    assert_eq!(skipped(&[("consent_given", "no")]), RandomiseRefusal::NoConsent);
    assert_eq!(skipped(&[("consent_given", "")]), RandomiseRefusal::NoConsent);
    assert_eq!(skipped(&[("consent_signed_at", "")]), RandomiseRefusal::NoConsent);
    assert_eq!(skipped(&[("screening_date", "")]), RandomiseRefusal::NotEligible);
    assert_eq!(skipped(&[("sledai", "7")]), RandomiseRefusal::NotEligible);
    assert_eq!(skipped(&[("sledai", "not-sure")]), RandomiseRefusal::NotEligible);
    assert_eq!(skipped(&[("weight", "")]), RandomiseRefusal::NotEligible);
    let unsigned = |standing: &mut Standing<'_>| standing.signature = None;
    assert_eq!(randomise(&[], unsigned, EVENING), Err(RandomiseRefusal::EligibilityNotSigned));
}

// shows: AL-1
#[test]
fn a_signature_under_answers_that_changed_since_is_none() {
    let stale = |standing: &mut Standing<'_>| {
        standing.signature =
            signature(SIGNED).map(|s| EligibilitySignature { current: false, ..s });
    };
    assert_eq!(randomise(&[], stale, EVENING), Err(RandomiseRefusal::EligibilityNotSigned));
}

// shows: AL-1, AL-2
#[test]
fn consent_is_not_after_the_signature_nor_the_signature_after_randomisation() {
    let order = |earlier, later| Err(RandomiseRefusal::DatesOutOfOrder { earlier, later });
    let early = |standing: &mut Standing<'_>| standing.signature = signature("2026-11-20T09:09");
    assert_eq!(randomise(&[], early, EVENING), order(Step::Consent, Step::Signature));
    let same = |standing: &mut Standing<'_>| standing.signature = signature("2026-11-20T09:10");
    assert_eq!(randomise(&[], same, EVENING), Ok(()));
    assert_eq!(
        randomise(&[], as_it_is, "2026-11-21T19:49"),
        order(Step::Signature, Step::Randomisation)
    );
    assert_eq!(randomise(&[], as_it_is, SIGNED), Ok(()));
}

// shows: AL-1
#[test]
fn screening_before_the_day_of_consent_is_refused_although_reading_refuses_it_first() {
    // Half past eleven at night in Shanghai is the day after in Kiritimati: read there, it would have been refused.
    let mut east = TRIAL.clone();
    east.zone = Zone::parse("Pacific/Kiritimati").unwrap();
    let form = super::form(&[("consent_signed_at", "2026-11-21T23:30")]);
    let answers = super::read_at(&form, at("2026-11-21T23:40")).unwrap();
    let verdict = judge(&east, &answers);
    let standing =
        Standing { signature: signature("2026-11-21T23:45"), ..standing(&answers, &verdict) };
    let now = at("2026-11-21T23:50");
    assert_eq!(may_randomise(&TRIAL, &standing, now), Ok(()));
    let (earlier, later) = (Step::Consent, Step::Screening);
    let refused = may_randomise(&east, &standing, now);
    assert_eq!(refused, Err(RandomiseRefusal::DatesOutOfOrder { earlier, later }));
    let refused = may_sign_eligibility(&east, &answers, &verdict, &[], now);
    assert_eq!(refused, Err(SignRefusal::DatesOutOfOrder { earlier, later }));
}

// shows: AL-1
#[test]
fn values_are_at_most_fourteen_days_old_and_the_fifteenth_begins_at_midnight_in_shanghai() {
    assert_eq!(randomise(&[], as_it_is, "2026-12-05T23:59"), Ok(()));
    let old =
        RandomiseRefusal::ScreeningTooOld { field: field("screening_date"), days: 15, at_most: 14 };
    assert_eq!(randomise(&[], as_it_is, "2026-12-06T00:00"), Err(old));
    // Assessed a day before the rest: that day counts.
    let sooner = [("consent_signed_at", "2026-11-19T10:00"), ("screening_date", "2026-11-20")];
    let old =
        RandomiseRefusal::ScreeningTooOld { field: field("screening_date"), days: 15, at_most: 14 };
    assert_eq!(randomise(&sooner, as_it_is, "2026-12-05T08:00"), Err(old));
    let mut trial = TRIAL.clone();
    trial.freshness.fields.reverse();
    let answers = answers(&[]);
    let verdict = judge(&trial, &answers);
    let found = may_randomise(&trial, &standing(&answers, &verdict), at("2026-12-06T00:00"));
    assert!(
        matches!(found, Err(RandomiseRefusal::ScreeningTooOld { field, .. }) if field.as_str() == "activity_on")
    );
}

// shows: AL-11, AL-12
#[test]
fn only_an_open_trial_and_an_open_centre_take_participants() {
    let states =
        [Recruitment::NotOpen, Recruitment::Open, Recruitment::Paused, Recruitment::Closed];
    for trial in states {
        for centre in states {
            let found = randomise(&[], |s| (s.trial, s.centre) = (trial, centre), EVENING);
            let shut = [Recruitment::NotOpen, Recruitment::Closed];
            let expected = if shut.contains(&trial) || shut.contains(&centre) {
                Err(RandomiseRefusal::CentreNotOpen)
            } else if trial == Recruitment::Open && centre == Recruitment::Open {
                Ok(())
            } else {
                Err(RandomiseRefusal::RecruitmentPaused)
            };
            assert_eq!(found, expected, "{trial:?} {centre:?}");
        }
    }
}

// shows: AL-11
#[test]
fn the_335th_is_refused_and_the_320th_warns() {
    assert_eq!(randomise(&[], |s| s.randomised = 333, EVENING), Ok(()));
    let full = randomise(&[], |s| s.randomised = 334, EVENING);
    assert_eq!(full, Err(RandomiseRefusal::TargetReached));
    assert!(!target_is_near(&TRIAL, 319));
    assert!(target_is_near(&TRIAL, 320));
}

fn sign(changes: &[(&str, &str)], acknowledged: &[&str], now: Moment) -> Result<(), SignRefusal> {
    let answers = answers(changes);
    let verdict = judge(&TRIAL, &answers);
    let acknowledged: Vec<String> = acknowledged.iter().map(|id| (*id).to_owned()).collect();
    may_sign_eligibility(&TRIAL, &answers, &verdict, &acknowledged, now)
}

// shows: AL-1, AL-3
#[test]
fn an_investigator_signs_only_what_is_complete_eligible_and_acknowledged() {
    assert_eq!(sign(&[], &[], noon()), Ok(()));
    assert_eq!(sign(&[("consent_given", "no")], &[], noon()), Err(SignRefusal::NoConsent));
    assert_eq!(sign(&[("hiv", "yes")], &[], noon()), Err(SignRefusal::NotEligible));
    let open = SignRefusal::Incomplete(vec![field("weight"), field("tspot")]);
    assert_eq!(sign(&[("weight", ""), ("tspot", "")], &[], noon()), Err(open));
    let two = [("hcv", "positive"), ("ast", "90")];
    let silent = |ids: &[&str]| {
        Err(SignRefusal::NotAcknowledged(ids.iter().map(|id| (*id).to_owned()).collect()))
    };
    assert_eq!(sign(&two, &[], noon()), silent(&["E01-r", "E07-r"]));
    assert_eq!(sign(&two, &["E07-r"], noon()), silent(&["E01-r"]));
    assert_eq!(sign(&two, &["E07-r", "E01-r"], noon()), Ok(()));
    assert_eq!(sign(&[], &[], at("2026-11-20T09:10")), Ok(()));
    let before = sign(&[], &[], at("2026-11-20T09:09"));
    let (earlier, later) = (Step::Consent, Step::Signature);
    assert_eq!(before, Err(SignRefusal::DatesOutOfOrder { earlier, later }));
}
