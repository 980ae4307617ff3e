//! The recruitment curve and the forecast: plain arithmetic over days and sums, and the places of lines in a picture.
//! Nothing here knows a stratum.

use crate::domain::forecast::{FARTHEST, poisson_range};
use crate::domain::time::Date;

/// Weeks, until a picture of them would be crowded; then four weeks at a time.
const STEPS_OF_A_WEEK: i32 = 26;
/// The forecast looks back so many days.
const LOOK_BACK: i32 = 56;
/// And wants at least so many, and so many participants.
const LEAST_DAYS: i32 = 14;
const LEAST: u64 = 5;

/// One step of the curve.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// Its last day.
    pub until: Date,
    /// Randomised in it.
    pub randomised: u64,
    /// Randomised up to its end.
    pub sum: u64,
}

/// The curve in equal steps from the first randomisation to today; the last step may be shorter.
pub fn steps(curve: &[(Date, u64)], today: Date) -> Vec<Step> {
    let Some((first, _)) = curve.first() else { return vec![] };
    let days = today.days_since(*first).max(0);
    let long = if days / 7 < STEPS_OF_A_WEEK { 7 } else { 28 };
    let mut steps: Vec<Step> = vec![];
    let mut start = 0;
    while start <= days {
        let until = first.plus_days((start + long - 1).min(days));
        let sum = sum_at(curve, until);
        let before = steps.last().map_or(0, |step| step.sum);
        steps.push(Step { until, randomised: sum - before, sum });
        start += long;
    }
    steps
}

/// How many were randomised by the end of a day.
fn sum_at(curve: &[(Date, u64)], day: Date) -> u64 {
    curve.iter().take_while(|(of, _)| *of <= day).last().map_or(0, |(_, sum)| *sum)
}

/// What the last weeks say of the day on which the target is reached.
#[derive(Debug, PartialEq, Eq)]
pub struct Forecast {
    /// So many participants …
    pub counted: u64,
    /// … in so many days.
    pub days: i32,
    /// The likely day; none beyond ten years.
    pub likely: Option<Date>,
    /// With the upper end of the rate's 95 % range.
    pub earliest: Option<Date>,
    /// With its lower end.
    pub latest: Option<Date>,
}

/// Works the forecast out of the last eight weeks, or of all days when there are fewer. None while too little has
/// happened, when nobody came lately, or when the target is reached.
pub fn forecast(curve: &[(Date, u64)], today: Date, target: u64) -> Option<Forecast> {
    let (first, now) = (curve.first()?.0, sum_at(curve, today));
    let days = LOOK_BACK.min(today.days_since(first) + 1);
    let counted = now - sum_at(curve, today.plus_days(-days));
    if now < LEAST || days < LEAST_DAYS || counted == 0 || now >= target {
        return None;
    }
    let missing = (target - now) as f64;
    let (low, high) = poisson_range(counted);
    let at = |count: f64| {
        let wait = (missing * f64::from(days) / count).ceil();
        (wait <= FARTHEST).then(|| today.plus_days(wait as i32))
    };
    let (likely, earliest, latest) = (at(counted as f64), at(high), at(low));
    Some(Forecast { counted, days, likely, earliest, latest })
}

/// Where things stand in the picture, in its own units.
pub const LEFT: f64 = 34.0;
/// The right end of the axis.
pub const RIGHT: f64 = 350.0;
/// The upper end of the axis.
pub const TOP: f64 = 18.0;
/// The lower end of the axis.
pub const BOTTOM: f64 = 200.0;

/// The corners of the line, from nobody on the first day, as an SVG path; and the height of a number.
pub fn line(steps: &[Step], first: Date, highest: u64) -> String {
    let days = steps.last().map_or(1, |last| last.until.days_since(first) + 1).max(1);
    let corner = |step: &Step| {
        let along = f64::from(step.until.days_since(first) + 1) / f64::from(days);
        format!(" L{:.1} {:.1}", LEFT + along * (RIGHT - LEFT), height(step.sum, highest))
    };
    let corners: String = steps.iter().map(corner).collect();
    format!("M{LEFT:.1} {BOTTOM:.1}{corners}")
}

/// How high a number stands.
pub fn height(number: u64, highest: u64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * number as f64 / highest.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    /// One participant every `apart` days, from 1 January 2026 on.
    fn regular(count: u64, apart: i32) -> Vec<(Date, u64)> {
        let first = day("2026-01-01");
        (1..=count).map(|n| (first.plus_days((n as i32 - 1) * apart), n)).collect()
    }

    #[test]
    fn the_steps_add_up_to_the_curve_and_end_today() {
        let curve = regular(20, 3);
        let today = day("2026-03-01");
        let steps = steps(&curve, today);
        assert_eq!(steps.iter().map(|step| step.randomised).sum::<u64>(), 20);
        assert_eq!(steps.last().unwrap().until, today);
        assert_eq!(steps[0], Step { until: day("2026-01-07"), randomised: 3, sum: 3 });
        assert!(steps.iter().all(|step| step.sum == sum_at(&curve, step.until)));
    }

    #[test]
    fn half_a_year_is_told_in_weeks_and_more_in_four_weeks() {
        let curve = regular(1, 1);
        let first = day("2026-01-01");
        assert_eq!(steps(&curve, first.plus_days(181)).len(), 26);
        assert_eq!(steps(&curve, first.plus_days(182)).len(), 7);
        assert_eq!(steps(&curve, first).len(), 1);
        assert!(steps(&[], first).is_empty());
    }

    #[test]
    fn a_forecast_divides_what_is_missing_by_the_rate_of_eight_weeks() {
        let curve = regular(100, 1);
        let today = day("2026-04-10");
        let told = forecast(&curve, today, 156).unwrap();
        assert_eq!((told.counted, told.days), (56, 56));
        assert_eq!(told.likely, Some(today.plus_days(56)));
        // Byar for 56: 42.30 to 72.72.
        assert_eq!(told.earliest, Some(today.plus_days(44)));
        assert_eq!(told.latest, Some(today.plus_days(75)));
    }

    #[test]
    fn there_is_no_forecast_from_too_little_or_when_nobody_is_missing() {
        let today = day("2026-04-10");
        assert_eq!(forecast(&regular(4, 10), day("2026-01-31"), 300), None);
        assert_eq!(forecast(&regular(9, 1), day("2026-01-13"), 300), None, "13 days");
        assert!(forecast(&regular(9, 1), day("2026-01-14"), 300).is_some(), "14 days");
        assert_eq!(forecast(&regular(100, 1), today, 100), None);
        assert_eq!(forecast(&regular(10, 1), today, 300), None, "nobody in eight weeks");
        assert_eq!(forecast(&[], today, 300), None);
    }

    #[test]
    fn what_is_farther_than_ten_years_is_not_told_as_a_day() {
        let told = forecast(&regular(5, 13), day("2026-02-25"), 300).unwrap();
        assert!(told.likely.is_some() && told.latest.is_none());
    }

    #[test]
    fn the_line_begins_with_nobody_and_ends_at_the_right_at_the_height_of_all() {
        let curve = regular(10, 2);
        let steps = steps(&curve, day("2026-01-21"));
        let path = line(&steps, curve[0].0, 20);
        assert!(path.starts_with("M34.0 200.0 L"), "{path}");
        assert!(path.ends_with(&format!("L350.0 {:.1}", (TOP + BOTTOM) / 2.0)), "{path}");
    }
}
