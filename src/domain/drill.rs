//! How long a passed drill vouches for the road of an emergency (EU-18): a drill a month.

use super::time::Moment;

/// Up to so many days after a passed drill the light is green.
pub const GREEN_DAYS: i64 = 28;
/// Up to so many days it is amber, and red from then on.
pub const AMBER_DAYS: i64 = 35;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What a glance should tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// A drill was passed this month.
    Green,
    /// A drill is due.
    Amber,
    /// A drill is overdue, or none was ever passed.
    Red,
}

impl Light {
    /// The light, so long after the last drill that was passed.
    pub fn since(passed: Option<Moment>, now: Moment) -> Self {
        match passed.map(|at| days_since(at, now)) {
            Some(days) if days < GREEN_DAYS => Light::Green,
            Some(days) if days < AMBER_DAYS => Light::Amber,
            _ => Light::Red,
        }
    }

    /// The word that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Light::Green => "green",
            Light::Amber => "amber",
            Light::Red => "red",
        }
    }
}

/// Whole days from one moment to another.
pub fn days_since(at: Moment, now: Moment) -> i64 {
    (now.millis() - at.millis()).max(0) / DAY_MILLIS
}

/// Did the road hold? The slot opened and fitted, every key that was handed over opened, and all of it before an opening
/// counts as unconfirmed.
pub fn passes(fits: bool, (opened, held): (u32, u32), seconds: i64, within: i64) -> bool {
    fits && held > 0 && opened == held && seconds <= within
}

#[cfg(test)]
mod tests {
    use super::*;

    // shows: EU-18
    #[test]
    fn the_light_is_green_for_28_days_amber_for_35_and_red_without_a_drill() {
        let passed = Moment::from_millis(1_000_000);
        let after = |days: i64, millis| {
            Light::since(Some(passed), Moment::from_millis(1_000_000 + days * DAY_MILLIS + millis))
        };
        assert_eq!(Light::since(None, passed), Light::Red);
        assert_eq!([after(0, 0), after(28, -1)], [Light::Green; 2]);
        assert_eq!([after(28, 0), after(35, -1)], [Light::Amber; 2]);
        assert_eq!([after(35, 0), after(4000, 0)], [Light::Red; 2]);
        // A clock that went back a moment is no reason for alarm.
        assert_eq!(after(0, -1), Light::Green);
    }

    // shows: EU-2, EU-18
    #[test]
    fn a_drill_passes_when_it_fits_every_key_opens_and_it_ends_in_time() {
        assert!(passes(true, (4, 4), 600, 600));
        assert!(!passes(false, (4, 4), 71, 600));
        assert!(!passes(true, (3, 4), 71, 600));
        assert!(!passes(true, (0, 0), 71, 600));
        assert!(!passes(true, (4, 4), 601, 600));
    }
}
