//! A code that was opened without the service (EU-12): from the emergency kit, or from a printed letter.

use super::ids::CentreId;
use std::fmt;

/// The highest number of a letter.
pub const LETTERS_MAX: u32 = 9_999;

/// Each letter is printed twice, and the copies lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CopyOf {
    /// The first set.
    A,
    /// The second set.
    B,
}

impl CopyOf {
    /// Both.
    pub const ALL: [CopyOf; 2] = [CopyOf::A, CopyOf::B];

    /// Its letter.
    pub fn as_str(self) -> &'static str {
        match self {
            CopyOf::A => "A",
            CopyOf::B => "B",
        }
    }
}

/// What a letter is counted by: `huashan-0-0007-A`, that is centre, segment, number, copy. Numbers follow the codes'
/// own order, which is random, so that a serial tells nothing about the order of issue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial {
    /// For which centre.
    pub centre: CentreId,
    /// Of which segment of the list.
    pub segment: u32,
    /// From 1.
    pub number: u32,
    /// Which of the two.
    pub copy: CopyOf,
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { centre, segment, number, copy } = self;
        write!(f, "{centre}-{segment}-{number:04}-{}", copy.as_str())
    }
}

impl Serial {
    /// Reads a serial as it is printed; small letters of the copy are taken too.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().rsplitn(4, '-');
        let (copy, number, segment) = (parts.next()?, parts.next()?, parts.next()?);
        let centre = CentreId::parse(parts.next()?).ok()?;
        let copy = CopyOf::ALL.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(copy))?;
        let serial =
            Self { centre, segment: segment.parse().ok()?, number: number.parse().ok()?, copy };
        // Written back, so that there is one way to write it.
        let same = serial.to_string().eq_ignore_ascii_case(text.trim());
        (same && (1..=LETTERS_MAX).contains(&serial.number)).then_some(serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_reads_back_and_there_is_one_way_to_write_it() {
        for text in ["huashan-0-0007-A", "renji-south-12-9999-B"] {
            assert_eq!(Serial::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Serial::parse(" huashan-0-0007-a ").unwrap().copy, CopyOf::A);
        for wrong in [
            "",
            "huashan-0-0007",
            "huashan-0-7-A",
            "huashan-00-0007-A",
            "huashan-0-0000-A",
            "huashan-0-10000-A",
            "huashan-0-0007-C",
            "-0-0007-A",
            "hua shan-0-0007-A",
        ] {
            assert!(Serial::parse(wrong).is_none(), "{wrong}");
        }
    }
}
