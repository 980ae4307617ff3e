//! Moments, days and zones. The only file, beside `clock.rs`, that names the time library.

use std::fmt;

/// A moment in UTC, to the millisecond: what the trail writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, with any offset.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_millisecond()))
    }

    /// The beginning of its minute: what people write down, and what their times are compared with.
    #[must_use]
    pub fn minute(self) -> Self {
        Self(self.0 - self.0.rem_euclid(60_000))
    }

    /// The same moment some seconds later.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + seconds * 1000)
    }
}

impl fmt::Display for Moment {
    /// `2026-11-21T08:15:30.123Z`, always with three decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp =
            jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{stamp:.3}")
    }
}

/// A day of the calendar, wherever it is. It knows no hour: a [`Zone`] says on which day a moment falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// A day that exists, in the years 1 to 9999.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        let found = jiff::civil::Date::new(year, month, day).ok()?;
        (year >= 1).then_some(Self(found))
    }

    /// Reads `2026-11-21`, and nothing looser: four, two and two ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        match PartialDate::parse(text)? {
            PartialDate::Day(date) => Some(date),
            PartialDate::Month { .. } | PartialDate::Year(_) => None,
        }
    }

    /// Year, month and day.
    pub fn parts(self) -> [i16; 3] {
        [self.0.year(), i16::from(self.0.month()), i16::from(self.0.day())]
    }

    /// The same day some days later, or earlier when `days` is negative; stops at the calendar's ends.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::SignedDuration::from_hours(i64::from(days) * 24)))
    }

    /// The same day of the month some months earlier, cut to that month's last day: 31 August less
    /// six months is 28 or 29 February.
    #[must_use]
    pub fn minus_months(self, months: u32) -> Self {
        let all = i64::from(self.0.year()) * 12 + i64::from(self.0.month()) - 1;
        let all = (all - i64::from(months)).max(12);
        let first = i16::try_from(all.div_euclid(12))
            .ok()
            .and_then(|year| Self::new(year, (all.rem_euclid(12) + 1) as i8, 1))
            .expect("a month between year 1 and a day that exists");
        let day = self.0.day().min(first.0.days_in_month());
        Self::new(first.0.year(), first.0.month(), day).expect("cut to the days of the month")
    }

    /// Days from `earlier` to this day; negative when it lies before.
    pub fn days_since(self, earlier: Self) -> i32 {
        let hours = self.0.duration_since(earlier.0).as_hours();
        i32::try_from(hours / 24).expect("the calendar has fewer than 4 million days")
    }

    /// Age in full years on `day` of somebody born on this one; negative before birth. Who is born
    /// on 29 February is a year older on 1 March in a year without that day.
    pub fn full_years_at(self, day: Self) -> i32 {
        let had_birthday = (day.0.month(), day.0.day()) >= (self.0.month(), self.0.day());
        i32::from(day.0.year()) - i32::from(self.0.year()) - i32::from(!had_birthday)
    }

    fn last_of_month(self) -> Self {
        Self(self.0.last_of_month())
    }
}

impl fmt::Display for Date {
    /// `2026-11-21`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

/// A day as well as it is remembered: whole, to the month or to the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartialDate {
    /// `2026-03-14`.
    Day(Date),
    /// `2026-03`.
    Month {
        /// 1 to 9999.
        year: i16,
        /// 1 to 12.
        month: i8,
    },
    /// `2026`.
    Year(i16),
}

impl PartialDate {
    /// Reads `2026-03-14`, `2026-03` or `2026`: ASCII digits, always four, two and two.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let number = |part: &str, digits: usize| -> Option<i16> {
            let plain = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            if plain { part.parse().ok() } else { None }
        };
        let year = number(parts.first()?, 4).filter(|year| *year >= 1)?;
        let small = |part: &str| number(part, 2).and_then(|n| i8::try_from(n).ok());
        match parts.as_slice() {
            [_] => Some(Self::Year(year)),
            [_, month] => {
                let month = small(month)?;
                Date::new(year, month, 1).map(|_| Self::Month { year, month })
            }
            [_, month, day] => Date::new(year, small(month)?, small(day)?).map(Self::Day),
            _ => None,
        }
    }

    /// The first day it can mean.
    pub fn first_day(self) -> Date {
        let (year, month) = match self {
            Self::Day(date) => return date,
            Self::Month { year, month } => (year, month),
            Self::Year(year) => (year, 1),
        };
        Date::new(year, month, 1).expect("checked when it was read")
    }

    /// The last day it can mean: what the look-back rules count, since it is the stricter reading.
    pub fn last_day(self) -> Date {
        match self {
            Self::Day(date) => date,
            Self::Month { .. } => self.first_day().last_of_month(),
            Self::Year(year) => Date::new(year, 12, 31).expect("checked when it was read"),
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => date.fmt(f),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

/// A time zone by its IANA name, such as `Asia/Shanghai`. The zones are compiled in, so that every machine agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: jiff::tz::TimeZone,
}

impl Zone {
    /// Finds a zone by its full name.
    pub fn parse(name: &str) -> Option<Self> {
        let rules = jiff::tz::TimeZone::get(name).ok()?;
        // Lookups ignore case; two spellings of one zone would be two configurations.
        (rules.iana_name() == Some(name)).then(|| Self { name: name.to_owned(), rules })
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day on which `moment` falls here.
    pub fn day(&self, moment: Moment) -> Date {
        Date(self.local(moment).date())
    }

    /// `2026-11-21T20:35`: the minute in which `moment` falls here, as a form shows and sends it.
    pub fn minute(&self, moment: Moment) -> String {
        let local = self.local(moment);
        format!("{}T{:02}:{:02}", Date(local.date()), local.hour(), local.minute())
    }

    /// `2026-11-21 20:35 UTC+8`: a moment as people here read it, with the zone that it is in.
    pub fn shown(&self, moment: Moment) -> String {
        let local = self.local(moment);
        let stamp =
            jiff::Timestamp::from_millisecond(moment.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let seconds = self.rules.to_offset(stamp).seconds();
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
        let part = match minutes % 60 {
            0 => String::new(),
            part => format!(":{part:02}"),
        };
        let (day, hour, minute) = (Date(local.date()), local.hour(), local.minute());
        format!("{day} {hour:02}:{minute:02} UTC{sign}{}{part}", minutes / 60)
    }

    /// Reads `2026-11-21T20:35` as the time here. A minute that the clocks skipped is no minute; of
    /// one they ran through twice the earlier is meant.
    pub fn moment(&self, minute: &str) -> Option<Moment> {
        let (date, time) = minute.split_once('T')?;
        let (hour, minutes) = time.split_once(':')?;
        let number = |part: &str| -> Option<i8> {
            let plain = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            if plain { part.parse().ok() } else { None }
        };
        let time = jiff::civil::Time::new(number(hour)?, number(minutes)?, 0, 0).ok()?;
        let local = Date::parse(date)?.0.to_datetime(time);
        let found = self.rules.to_timestamp(local).ok()?;
        let there = self.rules.to_datetime(found) == local;
        there.then(|| Moment(found.as_millisecond()))
    }

    /// The first moment of `day` here; of a day the calendar skipped here, the moment it was skipped.
    pub fn start_of(&self, day: Date) -> Moment {
        let midnight = day.0.to_datetime(jiff::civil::Time::midnight());
        let found = self.rules.to_timestamp(midnight).unwrap_or(jiff::Timestamp::MIN);
        Moment(found.as_millisecond())
    }

    fn local(&self, moment: Moment) -> jiff::civil::DateTime {
        let stamp =
            jiff::Timestamp::from_millisecond(moment.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        self.rules.to_datetime(stamp)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn shanghai() -> Zone {
        Zone::parse("Asia/Shanghai").unwrap()
    }

    // shows: AT-7
    #[test]
    fn a_moment_is_written_with_its_milliseconds_and_shown_with_the_offset_of_its_zone() {
        let at = Moment::parse("2026-11-21T20:35:30.5+08:00").unwrap();
        assert_eq!(at.to_string(), "2026-11-21T12:35:30.500Z");
        assert_eq!((at.millis(), Moment::from_millis(at.millis())), (1_795_264_530_500, at));
        assert_eq!(at.minute().to_string(), "2026-11-21T12:35:00.000Z");
        assert_eq!(at.plus_seconds(90).to_string(), "2026-11-21T12:37:00.500Z");
        assert_eq!(Moment::from_millis(-1).minute().to_string(), "1969-12-31T23:59:00.000Z");
        for (zone, shown) in [
            ("Asia/Shanghai", "2026-11-21 20:35 UTC+8"),
            ("Asia/Kathmandu", "2026-11-21 18:20 UTC+5:45"),
            ("America/St_Johns", "2026-11-21 09:05 UTC-3:30"),
            ("Africa/Abidjan", "2026-11-21 12:35 UTC+0"),
        ] {
            let zone = Zone::parse(zone).unwrap();
            assert_eq!(zone.shown(at), shown, "{zone}");
        }
        assert_eq!(shanghai().to_string(), "Asia/Shanghai");
        assert_eq!(day("2026-11-21").parts(), [2026, 11, 21]);
    }

    // shows: AL-3
    #[test]
    fn months_back_are_cut_to_the_end_of_the_month() {
        for (from, months, to) in [
            ("2026-08-31", 6, "2026-02-28"),
            ("2024-08-31", 6, "2024-02-29"),
            ("2026-03-31", 1, "2026-02-28"),
            ("2026-05-31", 1, "2026-04-30"),
            ("2026-01-15", 1, "2025-12-15"),
            ("2026-01-31", 12, "2025-01-31"),
            ("2024-02-29", 12, "2023-02-28"),
            ("2024-02-29", 60, "2019-02-28"),
            ("2026-11-21", 0, "2026-11-21"),
            ("0001-01-31", 1200, "0001-01-31"),
        ] {
            assert_eq!(day(from).minus_months(months), day(to), "{from} less {months}");
        }
    }

    // shows: AL-3
    #[test]
    fn whoever_is_born_on_29_february_is_a_year_older_on_1_march() {
        let born = day("2008-02-29");
        assert_eq!(born.full_years_at(day("2026-02-28")), 17);
        assert_eq!(born.full_years_at(day("2026-03-01")), 18);
        assert_eq!(born.full_years_at(day("2028-02-28")), 19);
        assert_eq!(born.full_years_at(day("2028-02-29")), 20);
        assert_eq!(day("2008-03-14").full_years_at(day("2026-03-13")), 17);
        assert_eq!(day("2008-03-14").full_years_at(day("2026-03-14")), 18);
        assert_eq!(born.full_years_at(day("2007-03-01")), -1);
    }

    #[test]
    fn days_are_counted_across_months_leap_days_and_summer_time() {
        assert_eq!(day("2026-12-05").days_since(day("2026-11-21")), 14);
        assert_eq!(day("2024-03-01").days_since(day("2024-02-28")), 2);
        assert_eq!(day("2026-02-28").days_since(day("2026-03-01")), -1);
        assert_eq!(day("2026-04-01").plus_days(-1), day("2026-03-31"));
        assert_eq!(day("2026-11-21").plus_days(364), day("2027-11-20"));
        assert_eq!(day("9999-12-31").plus_days(1), day("9999-12-31"), "stops at the end");
        assert_eq!(day("9999-12-31").days_since(day("0001-01-01")), 3_652_058);
    }

    #[test]
    fn only_whole_days_in_ten_characters_are_days() {
        for wrong in [
            "",
            "2026-2-3",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "26-01-01",
            "0000-01-01",
            "2026-01-01T00:00",
            "2026-01-01 ",
            "２０26-01-01",
            "+026-01-01",
            "2026-01",
            "-2026-01-01",
        ] {
            assert!(Date::parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(day("2024-02-29").to_string(), "2024-02-29");
    }

    // shows: AL-3
    #[test]
    fn a_partly_known_day_can_mean_its_first_and_its_last() {
        for (text, first, last) in [
            ("2026-03", "2026-03-01", "2026-03-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2026", "2026-01-01", "2026-12-31"),
            ("2026-03-14", "2026-03-14", "2026-03-14"),
        ] {
            let part = PartialDate::parse(text).unwrap();
            assert_eq!((part.first_day(), part.last_day()), (day(first), day(last)));
            assert_eq!(part.to_string(), text);
        }
        for wrong in ["2026-13", "2026-3", "26", "never", "2026-", "2026-03-", "0000"] {
            assert!(PartialDate::parse(wrong).is_none(), "{wrong}");
        }
    }

    // shows: AL-1
    #[test]
    fn a_day_begins_at_midnight_where_the_centre_is() {
        let before = Moment::parse("2026-11-21T15:59:59.999Z").unwrap();
        let midnight = Moment::parse("2026-11-21T16:00:00Z").unwrap();
        assert_eq!(shanghai().day(before), day("2026-11-21"));
        assert_eq!(shanghai().day(midnight), day("2026-11-22"));
        assert_eq!(shanghai().start_of(day("2026-11-22")), midnight);
        assert_eq!(shanghai().minute(midnight), "2026-11-22T00:00");
        assert_eq!(shanghai().moment("2026-11-22T00:00"), Some(midnight));
    }

    #[test]
    fn a_minute_the_clocks_skipped_is_none_and_of_one_run_twice_the_earlier_is_meant() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(berlin.moment("2026-03-29T02:30"), None);
        let twice = berlin.moment("2026-10-25T02:30");
        assert_eq!(twice, Moment::parse("2026-10-25T00:30:00Z"));
        for wrong in
            ["2026-11-21T24:00", "2026-11-21T9:00", "2026-11-21 09:00", "2026-11-21T09:00Z", "T"]
        {
            assert_eq!(shanghai().moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_zone_has_one_spelling() {
        assert_eq!(shanghai().name(), "Asia/Shanghai");
        for wrong in ["asia/shanghai", "Shanghai", "UTC+8", "", "../etc/passwd"] {
            assert!(Zone::parse(wrong).is_none(), "{wrong}");
        }
    }
}
