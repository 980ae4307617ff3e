//! When a stratum's list runs out at the pace so far: plain arithmetic over days, with the range that so few events leave.

use super::time::Date;

/// From so much of a stratum's slots on its statistician is warned, in hundredths.
const WARN_AT: u64 = 80;
/// The pace is that of so many days back.
const LOOK_BACK: i32 = 90;
/// Of fewer days than these nothing is said.
const LEAST_DAYS: i32 = 14;
/// Beyond so many days a forecast says no day.
pub const FARTHEST: f64 = 3650.0;

/// Is so much of a stratum gone, issued or void, that more should be prepared?
pub fn is_low(slots: u64, gone: u64) -> bool {
    gone * 100 >= slots * WARN_AT
}

/// What the last weeks say of the day on which the last slot is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunsOut {
    /// So many codes of the stratum …
    pub counted: u64,
    /// … in so many days.
    pub days: i32,
    /// The likely day; none when no code was issued in them, or beyond ten years.
    pub likely: Option<Date>,
    /// With the upper end of the pace's 95 % range.
    pub earliest: Option<Date>,
    /// With its lower end.
    pub latest: Option<Date>,
}

/// Divides what is left by the pace of the last 90 days, or of all days since the trial's first code when there are
/// fewer. None when nothing is left, or in the trial's first two weeks. `issued` are the days of the stratum's codes.
///
/// The range is that of the pace alone, taken as a Poisson count's; what chance does from now on is not in it.
pub fn runs_out(issued: &[Date], first: Date, today: Date, left: u64) -> Option<RunsOut> {
    let days = LOOK_BACK.min(today.days_since(first) + 1);
    if days < LEAST_DAYS || left == 0 {
        return None;
    }
    let counted = issued.iter().filter(|day| today.days_since(**day) < days).count() as u64;
    let (low, high) = poisson_range(counted);
    let at = |count: f64| {
        // A pace of none gives no day.
        let wait = (left as f64 * f64::from(days) / count).ceil();
        (wait <= FARTHEST).then(|| today.plus_days(wait as i32))
    };
    let (likely, earliest, latest) = (at(counted as f64), at(high), at(low));
    Some(RunsOut { counted, days, likely, earliest, latest })
}

/// The 95 % range of the mean of a Poisson count that came out as `count`, by Byar's approximation.
pub fn poisson_range(count: u64) -> (f64, f64) {
    let end = |count: f64, z: f64| {
        let root = 1.0 - 1.0 / (9.0 * count) + z / (3.0 * count.sqrt());
        count * root.max(0.0).powi(3)
    };
    let exact = count as f64;
    let low = if count == 0 { 0.0 } else { end(exact, -1.96) };
    (low, end(exact + 1.0, 1.96))
}

#[cfg(test)]
mod tests {
    use super::{RunsOut, is_low, poisson_range, runs_out};
    use crate::domain::time::Date;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    /// So many codes, one every `apart` days, the last of them on `end`.
    fn codes(count: i32, apart: i32, end: Date) -> Vec<Date> {
        (0..count).map(|n| end.plus_days((n + 1 - count) * apart)).collect()
    }

    #[test]
    fn what_is_left_is_divided_by_the_pace_of_ninety_days() {
        let (first, today) = (day("2026-01-01"), day("2026-12-01"));
        // One every third day for ever: 30 of them in the window.
        let told = runs_out(&codes(100, 3, today), first, today, 60).unwrap();
        assert_eq!((told.counted, told.days), (30, 90));
        assert_eq!(told.likely, Some(today.plus_days(180)));
        // Byar for 30: 20.24 to 42.83.
        assert_eq!(told.earliest, Some(today.plus_days(127)));
        assert_eq!(told.latest, Some(today.plus_days(267)));
    }

    #[test]
    fn a_young_trial_is_measured_since_its_first_code_wherever_that_was() {
        let today = day("2026-02-09");
        let told = runs_out(&codes(4, 2, today), day("2026-01-01"), today, 10).unwrap();
        assert_eq!((told.counted, told.days), (4, 40));
        assert_eq!(told.likely, Some(today.plus_days(100)));
        let early = |first: &str| runs_out(&codes(4, 2, today), day(first), today, 10);
        assert_eq!(early("2026-01-28"), None, "13 days");
        assert!(early("2026-01-27").is_some(), "14 days");
    }

    #[test]
    fn a_stratum_that_nobody_comes_to_has_an_earliest_day_and_no_other() {
        let today = day("2026-12-01");
        let told = runs_out(&[day("2026-01-05")], day("2026-01-01"), today, 4).unwrap();
        let earliest = Some(today.plus_days(99));
        let none = RunsOut { counted: 0, days: 90, likely: None, earliest, latest: None };
        assert_eq!(told, none);
        assert_eq!(runs_out(&[], day("2026-01-01"), today, 0), None, "nothing is left");
    }

    #[test]
    fn beyond_ten_years_no_day_is_said() {
        let today = day("2026-12-01");
        let told = runs_out(&[today], day("2026-01-01"), today, 41).unwrap();
        assert!(told.likely.is_none() && told.earliest.is_some());
        let told = runs_out(&[today], day("2026-01-01"), today, 40).unwrap();
        assert_eq!(told.likely, Some(today.plus_days(3600)));
    }

    #[test]
    fn a_range_of_a_count_is_byars_and_begins_at_none() {
        let near = |found: f64, table: f64| (found - table).abs() < 0.05;
        for (count, low, high) in [(1, 0.02, 5.57), (10, 4.79, 18.39), (56, 42.30, 72.72)] {
            let found = poisson_range(count);
            assert!(near(found.0, low) && near(found.1, high), "{count}: {found:?}");
        }
        assert_eq!(poisson_range(0).0, 0.0);
        assert!(near(poisson_range(0).1, 3.67));
    }

    #[test]
    fn a_warning_begins_at_four_fifths() {
        assert!(is_low(10, 8) && is_low(4, 4) && !is_low(10, 7) && !is_low(336, 268));
        assert!(is_low(336, 269));
    }
}
