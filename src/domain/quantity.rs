//! Exact numbers: what is typed as 7.5 is 75/10 and is compared as such. No binary fraction is ever near a rule.

use std::cmp::Ordering;
use std::fmt;

/// The most digits a number may have, before and after its point together. Every product below then fits.
const DIGITS_MAX: usize = 9;

/// An exact number: a whole one, a decimal or a fraction, always in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity {
    above: i128,
    below: i128,
}

impl Quantity {
    /// Nothing at all.
    pub const ZERO: Quantity = Quantity { above: 0, below: 1 };

    /// Reads `12`, `7.5` or `0.50`: ASCII digits with at most one point between them, at most nine digits,
    /// no sign, no exponent. Also says how many places stood after the point.
    pub fn parse(text: &str) -> Option<(Quantity, usize)> {
        let (whole, places) = match text.split_once('.') {
            Some((whole, places)) if !places.is_empty() => (whole, places),
            Some(_) => return None,
            None => (text, ""),
        };
        let digits = format!("{whole}{places}");
        let plain = !whole.is_empty()
            && digits.len() <= DIGITS_MAX
            && digits.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return None;
        }
        let above: i128 = digits.parse().ok()?;
        let below = 10_i128.pow(places.len() as u32);
        Some((Self::reduced(above, below), places.len()))
    }

    /// This number divided by `other`; nothing when `other` is zero.
    pub fn divided_by(self, other: Quantity) -> Option<Quantity> {
        let above = self.above.checked_mul(other.below)?;
        let below = self.below.checked_mul(other.above)?;
        match below {
            0 => None,
            1.. => Some(Self::reduced(above, below)),
            _ => Some(Self::reduced(-above, -below)),
        }
    }

    /// This number and `other` together; nothing past the largest number there is.
    pub fn plus(self, other: Quantity) -> Option<Quantity> {
        let left = self.above.checked_mul(other.below)?;
        let right = other.above.checked_mul(self.below)?;
        Some(Self::reduced(left.checked_add(right)?, self.below.checked_mul(other.below)?))
    }

    fn reduced(above: i128, below: i128) -> Self {
        let common = greatest_common(above, below);
        Self { above: above / common, below: below / common }
    }
}

/// The greatest common divisor of a number and a positive one.
fn greatest_common(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b);
    while a != 0 {
        (a, b) = (b % a, a);
    }
    b
}

impl From<i32> for Quantity {
    fn from(whole: i32) -> Self {
        Self { above: i128::from(whole), below: 1 }
    }
}

impl From<u32> for Quantity {
    fn from(whole: u32) -> Self {
        Self { above: i128::from(whole), below: 1 }
    }
}

impl Ord for Quantity {
    /// Compares whole parts, then the remainders turned upside down: exact, and no product can overflow.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (*self, *other);
        let mut turned = false;
        loop {
            let wholes =
                left.above.div_euclid(left.below).cmp(&right.above.div_euclid(right.below));
            let rest = (left.above.rem_euclid(left.below), right.above.rem_euclid(right.below));
            let found = match (wholes, rest) {
                (Ordering::Equal, (0, 0)) => Ordering::Equal,
                (Ordering::Equal, (0, _)) => Ordering::Less,
                (Ordering::Equal, (_, 0)) => Ordering::Greater,
                (Ordering::Equal, (l, r)) => {
                    left = Self { above: left.below, below: l };
                    right = Self { above: right.below, below: r };
                    turned = !turned;
                    continue;
                }
                (different, _) => different,
            };
            return if turned { found.reverse() } else { found };
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Quantity {
    /// `7.5` where a decimal of nine places can say it, else the fraction `67/33`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = (0..=DIGITS_MAX as u32).find(|n| 10_i128.pow(*n) % self.below == 0);
        let Some(places) = places else {
            return write!(f, "{}/{}", self.above, self.below);
        };
        let unit = 10_i128.pow(places);
        let digits = self.above.abs() * (unit / self.below);
        let sign = if self.above < 0 { "-" } else { "" };
        write!(f, "{sign}{}", digits / unit)?;
        if places > 0 {
            write!(f, ".{:0width$}", digits % unit, width = places as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Quantity {
        Quantity::parse(text).map(|(q, _)| q).unwrap()
    }

    // shows: AL-3 (a limit that binary fractions would miss)
    #[test]
    fn decimals_are_compared_as_they_are_written() {
        assert_eq!(number("7.5"), number("7.50"));
        assert!(number("7.6") > number("7.5"));
        assert!(number("1.01") > number("1.0"));
        assert!(number("20.01") > number("20"));
        let exactly_two = number("80").divided_by(number("40")).unwrap();
        let above_two = number("80.4").divided_by(number("40")).unwrap();
        assert_eq!(exactly_two, Quantity::from(2));
        assert!(above_two > Quantity::from(2));
        assert_eq!(number("1").divided_by(Quantity::ZERO), None);
        let halves = Quantity::from(6).divided_by(Quantity::from(-4)).unwrap();
        assert_eq!(Some(halves), Quantity::from(-3).divided_by(Quantity::from(2)));
        assert!(halves < Quantity::ZERO);
        let thirds = number("0.1").plus(number("0.2")).unwrap();
        assert_eq!(thirds, number("0.3"));
    }

    // shows: AL-3
    #[test]
    fn only_plain_decimals_of_nine_digits_are_numbers() {
        assert!(Quantity::parse("123456789").is_some());
        assert!(Quantity::parse("1234567890").is_none());
        for wrong in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1 ", "７", "0x1", "1.2.3"] {
            assert!(Quantity::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_number_is_shown_as_it_would_be_typed() {
        for (typed, shown) in [("7.50", "7.5"), ("0", "0"), ("0.05", "0.05"), ("120", "120")] {
            assert_eq!(number(typed).to_string(), shown);
        }
        let third = number("1").divided_by(number("3")).unwrap();
        assert_eq!(third.to_string(), "1/3");
        assert_eq!(Quantity::from(-31).to_string(), "-31");
    }

    proptest! {
        // shows: AL-3
        #[test]
        fn order_agrees_with_whole_number_arithmetic(
            a in -9_999_i64..9_999, b in 1_i64..9_999, c in -9_999_i64..9_999, d in 1_i64..9_999,
        ) {
            let left = Quantity::reduced(i128::from(a), i128::from(b));
            let right = Quantity::reduced(i128::from(c), i128::from(d));
            prop_assert_eq!(left.cmp(&right), (a * d).cmp(&(c * b)));
            prop_assert_eq!(left == right, a * d == c * b);
        }

        // shows: AL-3
        #[test]
        fn a_decimal_reads_back_as_it_was_shown(whole in 0_u32..99_999, places in 0_u32..9_999) {
            let typed = format!("{whole}.{places:04}");
            let shown = number(&typed).to_string();
            prop_assert_eq!(number(&shown), number(&typed));
        }
    }
}
