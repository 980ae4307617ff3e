//! Names of things: each is parsed once, at the edge, or refused. Inside, a name is always well formed.

use std::fmt;

/// A name was not well formed. It never repeats what was typed: that could be somebody's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdError(pub &'static str);

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a well-formed {}", self.0)
    }
}

impl std::error::Error for IdError {}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $word:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` when it is well formed.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let fits: fn(&str) -> bool = $fits;
                if fits(text) { Ok(Self(text.to_owned())) } else { Err(IdError($word)) }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_slug(text: &str, longest: usize) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=longest).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_printable_ascii(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

text_id!(
    /// A trial's registry number, such as `NCT04515719`: 1 to 40 printable ASCII characters.
    TrialId, "trial id", |t| is_printable_ascii(t, 40)
);
text_id!(
    /// A study centre, such as `huashan`: lower-case letters, digits and inner hyphens, at most 40.
    CentreId, "centre id", |t| is_slug(t, 40)
);
text_id!(
    /// A stratum, such as `huashan/lldas`: 1 to 100 bytes, no control characters. Other languages are welcome.
    StratumId, "stratum id", |t| (1..=100).contains(&t.len()) && !t.chars().any(char::is_control)
);
text_id!(
    /// A person with an account, such as `p-hs-1`. Given once and never to anybody else (AT-11); `service` is nobody's,
    /// since entries say so when the service itself acts.
    PersonId, "person id", |t| is_slug(t, 40) && t != "service"
);
text_id!(
    /// A field of the screening form, such as `sledai`.
    FieldId, "field id", |t| {
        (1..=40).contains(&t.len())
            && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }
);
text_id!(
    /// A scheduled visit, such as `V3`.
    VisitId, "visit id", |t| {
        (1..=12).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    }
);
text_id!(
    /// The number a centre gives a participant at screening, such as `HSH-007`.
    EnrolmentNumber, "enrolment number", |t| {
        t.split_once('-').is_some_and(|(prefix, digits)| {
            (2..=4).contains(&prefix.len())
                && prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                && digits.len() == 3
                && digits.bytes().all(|b| b.is_ascii_digit())
        })
    }
);

impl EnrolmentNumber {
    /// The centre's prefix, such as `HSH`.
    pub fn prefix(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

/// The alphabet of references: Crockford's base 32, without the letters that are misread.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A random name of a record, such as `K7Q2-9MXT`: 40 bits that say nothing about order or person.
/// Paths hold these alone, so that no identity is ever in an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(String);

impl Reference {
    /// Eight characters from five random bytes.
    pub fn from_bytes(bytes: [u8; 5]) -> Self {
        let [a, b, c, d, e] = bytes;
        let bits = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
        let letters = (0..8).map(|i| char::from(CROCKFORD[(bits >> (35 - 5 * i)) as usize & 31]));
        Self(letters.collect())
    }

    /// Reads eight characters, with or without the hyphen in the middle.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let plain = text.replacen('-', "", 1);
        let fits = plain.len() == 8 && plain.bytes().all(|b| CROCKFORD.contains(&b));
        if fits { Ok(Self(plain)) } else { Err(IdError("reference")) }
    }

    /// Eight characters without the hyphen: the form that is stored and travels.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", &self.0[..4], &self.0[4..])
    }
}

/// Damm's quasigroup of order 10: the check digit that finds every single slip and every swap of two neighbours.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// A treatment code: six digits and a Damm check digit, spoken digit by digit. It says nothing about arm or order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code([u8; 7]);

impl Code {
    /// Completes six digits (each 0 to 9, the first not 0) with their check digit.
    pub fn from_digits(digits: [u8; 6]) -> Result<Self, IdError> {
        if digits[0] == 0 || digits.iter().any(|d| *d > 9) {
            return Err(IdError("treatment code"));
        }
        let mut all = [0; 7];
        all[..6].copy_from_slice(&digits);
        all[6] = check_digit(&digits);
        Ok(Self(all))
    }

    /// Reads seven digits; spaces between them are allowed, a check digit that does not fit is refused.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let mut digits = [0; 7];
        let mut count = 0;
        for c in text.chars().filter(|c| *c != ' ') {
            let digit = c.to_digit(10).ok_or(IdError("treatment code"))?;
            *digits.get_mut(count).ok_or(IdError("treatment code"))? = digit as u8;
            count += 1;
        }
        if count != 7 || digits[0] == 0 || check_digit(&digits) != 0 {
            return Err(IdError("treatment code"));
        }
        Ok(Self(digits))
    }

    /// Codes that begin with 9 belong to training lists and to nobody.
    pub fn is_training(&self) -> bool {
        self.0[0] == 9
    }

    /// `742 913 3`: groups of three, as it is printed and read aloud.
    pub fn grouped(&self) -> String {
        let plain = self.to_string();
        format!("{} {} {}", &plain[..3], &plain[3..6], &plain[6..])
    }
}

/// Zero exactly when the last digit is the check digit of those before it.
fn check_digit(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |row, digit| DAMM[usize::from(row)][usize::from(*digit)])
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // shows: AL-6 (a code read back wrongly is refused)
    #[test]
    fn a_code_with_a_wrong_check_digit_or_two_swapped_digits_is_refused() {
        assert_eq!(Code::parse("742 913 3").map(|c| c.grouped()), Ok("742 913 3".to_owned()));
        assert!(Code::parse("742 913 6").is_err());
        let digits = *b"7429133";
        for i in 0..7 {
            for other in b'0'..=b'9' {
                let mut slip = digits;
                slip[i] = other;
                let text = String::from_utf8_lossy(&slip).into_owned();
                assert_eq!(Code::parse(&text).is_ok(), other == digits[i], "{text}");
            }
            if i < 6 && digits[i] != digits[i + 1] {
                let mut swapped = digits;
                swapped.swap(i, i + 1);
                assert!(Code::parse(&String::from_utf8_lossy(&swapped)).is_err());
            }
        }
        for wrong in ["", "742913", "74291333", "7４29133", "-429133", "0000000"] {
            assert!(Code::parse(wrong).is_err(), "{wrong}");
        }
    }

    // shows: AL-6 (training codes are told by their first digit)
    #[test]
    fn six_digits_make_a_code_and_a_nine_in_front_makes_it_nobodys() {
        let made =
            |digits| Code::from_digits(digits).map(|code| (code.to_string(), code.is_training()));
        assert_eq!(made([7, 4, 2, 9, 1, 3]), Ok(("7429133".to_owned(), false)));
        assert_eq!(made([9, 9, 9, 9, 9, 9]).map(|(_, training)| training), Ok(true));
        assert!(made([0, 1, 2, 3, 4, 5]).is_err() && made([1, 2, 3, 4, 5, 10]).is_err());
    }

    #[test]
    fn a_reference_reads_back_from_both_its_forms() {
        let reference = Reference::from_bytes([0xff, 0, 0x12, 0x34, 0x56]);
        assert_eq!(reference.to_string(), "ZW01-4D2P");
        assert_eq!(Reference::parse(&reference.to_string()), Ok(reference.clone()));
        assert_eq!(Reference::parse(reference.as_str()), Ok(reference));
        assert!(Reference::parse("ILOU-0000").is_err());
    }

    #[test]
    fn names_have_limits_and_each_is_tested_at_the_limit_and_one_past_it() {
        assert!(CentreId::parse(&"a".repeat(40)).is_ok());
        assert!(CentreId::parse(&"a".repeat(41)).is_err());
        assert!(StratumId::parse(&"s".repeat(100)).is_ok());
        assert!(StratumId::parse(&"s".repeat(101)).is_err());
        assert!(TrialId::parse(&"N".repeat(40)).is_ok());
        assert!(TrialId::parse(&"N".repeat(41)).is_err());
        assert!(TrialId::parse("NCT 04515719").is_err() && TrialId::parse("").is_err());
        assert!(CentreId::parse("renji-2").is_ok());
        for wrong in ["Huashan", "hua shan", "hua_shan", "-huashan", "huashan-", "-", ""] {
            let refused = CentreId::parse(wrong).map_err(|error| error.to_string());
            assert_eq!(refused, Err("not a well-formed centre id".to_owned()), "{wrong}");
        }
        for wrong in ["HSH-07", "HSH-0007", "hsh-007", "HSH007", "HSHXX-007", "华山-007"] {
            assert!(EnrolmentNumber::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            EnrolmentNumber::parse("HSH-007").map(|n| n.prefix().to_owned()),
            Ok("HSH".into())
        );
    }
}
