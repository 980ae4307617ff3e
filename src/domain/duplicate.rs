//! Might two participants be one person? A trial knows four letters, a birth date and the sex; one slip of the pen in one of
//! them must not hide that somebody is here twice (AL-7).

use super::time::Date;

/// What a trial knows of a person. An erased value matches nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Particulars<'p> {
    /// Four letters.
    pub initials: Option<&'p str>,
    /// `1988-01-01`.
    pub birth_date: Option<&'p str>,
    /// A choice's id.
    pub sex: Option<&'p str>,
}

/// Are these the same particulars, or the same but for one slip?
///
/// One slip is: another sex; one letter of the initials, or two that changed places; in the birth date one of year, month
/// and day, or month and day exchanged.
pub fn might_be_one(one: &Particulars<'_>, other: &Particulars<'_>) -> bool {
    let known = |text: Option<&str>| text.is_some();
    if !known(one.initials) || !known(one.birth_date) || !known(one.sex) {
        return false;
    }
    let initials = one.initials == other.initials;
    let birth = one.birth_date == other.birth_date;
    let sex = one.sex == other.sex;
    match (initials, birth, sex) {
        (true, true, _) => true,
        (true, false, true) => near_date(one.birth_date, other.birth_date),
        (false, true, true) => near_letters(one.initials, other.initials),
        _ => false,
    }
}

fn near_date(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one.and_then(Date::parse), other.and_then(Date::parse)) else {
        return false;
    };
    let ([y1, m1, d1], [y2, m2, d2]) = (one.parts(), other.parts());
    let exchanged = y1 == y2 && m1 == d2 && d1 == m2;
    let slips = usize::from(y1 != y2) + usize::from(m1 != m2) + usize::from(d1 != d2);
    exchanged || slips == 1
}

fn near_letters(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    if one.len() != other.len() {
        return false;
    }
    let pairs = one.bytes().zip(other.bytes());
    let differ: Vec<(u8, u8)> = pairs.filter(|(a, b)| a != b).collect();
    match differ.as_slice() {
        [_] => true,
        [(a, b), (c, d)] => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person<'p>(initials: &'p str, birth_date: &'p str, sex: &'p str) -> Particulars<'p> {
        Particulars { initials: Some(initials), birth_date: Some(birth_date), sex: Some(sex) }
    }

    const HER: (&str, &str, &str) = ("ZXME", "1988-03-11", "female");

    fn like(initials: &str, birth_date: &str, sex: &str) -> bool {
        let her = person(HER.0, HER.1, HER.2);
        let other = person(initials, birth_date, sex);
        let both = might_be_one(&her, &other);
        assert_eq!(both, might_be_one(&other, &her), "either way round");
        both
    }

    // shows: AL-7
    #[test]
    fn the_same_person_is_found_behind_one_slip_of_any_kind() {
        for (initials, birth_date, sex) in [
            HER,
            ("ZXME", "1988-03-11", "male"),
            ("ZXMF", "1988-03-11", "female"),
            ("XZME", "1988-03-11", "female"),
            ("ZXME", "1989-03-11", "female"),
            ("ZXME", "1988-04-11", "female"),
            ("ZXME", "1988-03-21", "female"),
            ("ZXME", "1988-11-03", "female"),
        ] {
            assert!(like(initials, birth_date, sex), "{initials} {birth_date} {sex}");
        }
    }

    // shows: AL-7
    #[test]
    fn two_slips_are_another_person() {
        for (initials, birth_date, sex) in [
            ("ZXMF", "1988-03-12", "female"),
            ("ZXMF", "1988-03-11", "male"),
            ("ZXME", "1988-03-12", "male"),
            ("ZXME", "1989-04-11", "female"),
            ("ZXAB", "1988-03-11", "female"),
            ("ZMXQ", "1988-03-11", "female"),
            ("QZME", "1988-03-11", "female"),
            ("ZXMEE", "1988-03-11", "female"),
            ("ZXME", "1988-05-03", "female"),
            ("ZXME", "1988-11-05", "female"),
            ("ZXME", "1989-11-03", "female"),
        ] {
            assert!(!like(initials, birth_date, sex), "{initials} {birth_date} {sex}");
        }
        let erased = Particulars { initials: None, birth_date: None, sex: None };
        assert!(!might_be_one(&erased, &erased), "nothing is known of either");
        let her = person(HER.0, HER.1, HER.2);
        for partly in [
            Particulars { initials: None, ..her },
            Particulars { birth_date: None, ..her },
            Particulars { sex: None, ..her },
        ] {
            assert!(!might_be_one(&partly, &partly), "an erased value matches nothing: {partly:?}");
        }
    }
}
