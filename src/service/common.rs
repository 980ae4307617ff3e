//! Passwords that everybody tries first, although they are long enough: one word with a number behind it, a row of the
//! keyboard, the same few characters again and again, the account's own name.

/// Words that stand alone, doubled or with digits and marks around them in every list of leaked passwords.
const WORDS: [&str; 22] = [
    "password",
    "passwort",
    "passwd",
    "passphrase",
    "welcome",
    "letmein",
    "changeme",
    "changeit",
    "iloveyou",
    "administrator",
    "admin",
    "qwerty",
    "hospital",
    "doctor",
    "monkey",
    "dragon",
    "football",
    "sunshine",
    "princess",
    "woaini",
    "mima",
    "klero",
];

/// What stands in a row on keys, or in an alphabet.
const ROWS: [&str; 6] = [
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "qazwsxedcrfvtgbyhnujm",
    "147258369963852741",
];

/// Different characters below which a password is but a pattern.
const DIFFERENT: usize = 5;
/// So many characters must be left beside a common word or the account's name.
const OWN: usize = 5;

/// Would somebody who guesses try this soon?
pub fn is_common(password: &str, account: &str) -> bool {
    let plain: String = password.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let mut different: Vec<char> = plain.chars().collect();
    different.sort_unstable();
    different.dedup();
    different.len() < DIFFERENT || is_row(&plain) || is_word(&plain, account)
}

/// Pieces of rows, forwards or backwards, and nothing else.
fn is_row(plain: &str) -> bool {
    let back = |row: &str| row.chars().rev().collect::<String>();
    let rows: Vec<String> = ROWS.iter().flat_map(|row| [(*row).to_owned(), back(row)]).collect();
    let mut rest = plain;
    while !rest.is_empty() {
        let fits = |length: &usize| {
            let piece = rest.get(..*length);
            piece.is_some_and(|piece| rows.iter().any(|row| row.contains(piece)))
        };
        match (3..=rest.len()).rev().find(fits) {
            Some(length) => rest = &rest[length..],
            None => return false,
        }
    }
    true
}

/// Common words and the account's name, with digits and next to nothing of its own beside them.
fn is_word(plain: &str, account: &str) -> bool {
    let account: String = account.chars().filter(|c| c.is_alphanumeric()).collect();
    let unmasked: String = plain
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' => 'i',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            other => other,
        })
        .collect();
    [plain, &unmasked].into_iter().any(|text| {
        let without = text.replace(&account, "");
        let without = WORDS.iter().fold(without, |rest, word| rest.replace(word, ""));
        without != text && without.chars().filter(|c| !c.is_ascii_digit()).count() < OWN
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_common() {
        for common in [
            "passwordpassword",
            "Password12345!",
            "P4ssw0rd-2026!",
            "123456789012",
            "qwertyuiop12",
            "aaaaaaaaaaaaaa",
            "abcabcabcabc",
            "1qaz2wsx3edc",
            "zyxwvutsrqponm",
            "administrator1",
            "c-rjs-2-c-rjs-2",
            "welcome-2026-11",
            "            ",
        ] {
            assert!(is_common(common, "c-rjs-2"), "{common}");
        }
    }

    #[test]
    fn a_sentence_of_ones_own_or_a_rolled_one_is_not() {
        for own in [
            "demo password of mon-1",
            "a word of my own",
            "correct horse battery",
            "kX9#vm2!qLr7",
            "我在医院的第一天下着大雨呢",
            "the admin likes warm tea",
        ] {
            assert!(!is_common(own, "mon-1"), "{own}");
        }
    }
}
