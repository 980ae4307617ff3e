//! Lines of the trail (design 7): one of compact JSON an entry, hashed and kept exactly as written.
//!
//! ```text
//! {"v":1,"seq":42,"at":"2026-11-21T08:15:30.123Z","by":"p-hs-1","role":"pharmacist","act":"…","centre":"huashan",
//!  "on":{…},"data":{…},"private":"<hex 32>","salt":"<hex 16>","prev":"<hex 32>"}          (without the line break)
//! leaf    = SHA-256(00 ‖ line)        prev = leaf of the line before, 32 zero bytes in the first
//! private = SHA-256("klero/v1/private" ‖ 00 ‖ salt ‖ record)
//! ```
//! `centre`, `private` and `salt` are left out when there is none. One entry has one line: what is read must write
//! itself back byte for byte, so that nobody can say the same thing with another hash.

use super::bytes::{Hash, hex, label, sha256_of, unhex_array};
use super::tree::leaf_hash;
use crate::domain::entry::{Entry, Fact, Facts};
use crate::domain::ids::CentreId;
use crate::domain::time::Moment;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The longest line, and the longest private record, in bytes.
pub const LINE_BYTES_MAX: usize = 65_535;
/// The most named values in one group.
pub const FACTS_MAX: usize = 256;
/// How deep groups and lists may lie in one another.
pub const DEPTH_MAX: usize = 8;
/// The longest word for a person, a role or an act, in bytes.
pub const WORD_BYTES_MAX: usize = 64;

/// What the trail gives an entry: its number, time and place in the chain, and who acted.
pub struct Head<'a> {
    /// The line's number, from 0.
    pub seq: u64,
    /// When, in UTC to the millisecond.
    pub at: Moment,
    /// A person's id, or `service`.
    pub by: &'a str,
    /// The person's role, or `service`.
    pub role: &'a str,
    /// The leaf hash of the line before; 32 zero bytes for line 0.
    pub prev: Hash,
}

/// A line ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The line, without a line feed.
    pub line: String,
    /// Its leaf hash.
    pub leaf: Hash,
    /// The private record to be stored beside it, when there is one.
    pub private: Option<String>,
}

/// A line, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line's number, from 0.
    pub seq: u64,
    /// When.
    pub at: Moment,
    /// A person's id, or `service`.
    pub by: String,
    /// The person's role, or `service`.
    pub role: String,
    /// What happened. Its private part is never in the line.
    pub entry: Entry,
    /// The salted hash of the private record, when there is one.
    pub private: Option<Hash>,
    /// Its salt.
    pub salt: Option<[u8; 16]>,
    /// The leaf hash of the line before.
    pub prev: Hash,
}

/// Why a line or a record was refused. It repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineError {
    /// Longer than [`LINE_BYTES_MAX`].
    TooLong,
    /// Not the JSON of a line or record: a key is missing, unknown or of the wrong kind, or a number is not whole.
    NotALine,
    /// A person, role or act is not a word of lower-case letters, digits and hyphens, at most [`WORD_BYTES_MAX`].
    NotAWord,
    /// A name stands twice in a group, a group is larger than [`FACTS_MAX`] or lies deeper than [`DEPTH_MAX`].
    NotFacts,
    /// The same entry is written in other bytes: spaces, order, another escape.
    NotCanonical,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LineError::TooLong => "the entry is longer than a line of the trail can be",
            LineError::NotALine => "this is not a line of the trail",
            LineError::NotAWord => "a person, role or act in the line is not a word",
            LineError::NotFacts => "the entry's values are doubled, too many or too deep",
            LineError::NotCanonical => "the line is not written as the trail writes it",
        })
    }
}

impl std::error::Error for LineError {}

/// Writes an entry as a line. `salt` is used, and shown, only when the entry has a private part.
///
/// # Errors
/// Whatever [`parse`] would refuse later: an entry that is too long, a word or values that are none.
pub fn write(head: &Head<'_>, entry: &Entry, salt: [u8; 16]) -> Result<Written, LineError> {
    let private = entry.private.as_ref().map(facts_json);
    let parts = Parts {
        seq: head.seq,
        at: head.at,
        by: head.by,
        role: head.role,
        entry,
        private: private.as_ref().map(|record| (private_hash(&salt, record), salt)),
        prev: &head.prev,
    };
    parts.check()?;
    if let (Some(facts), Some(record)) = (&entry.private, &private) {
        check_facts(facts, 0)?;
        check_length(record)?;
    }
    let line = parts.to_line();
    check_length(&line)?;
    Ok(Written { leaf: leaf_hash(line.as_bytes()), line, private })
}

/// Reads a line, strictly: no key unknown, missing or out of order, and no byte other than [`write()`] would write.
///
/// # Errors
/// What does not fit, as a [`LineError`].
pub fn parse(line: &str) -> Result<Line, LineError> {
    check_length(line)?;
    let text: LineText = serde_json::from_str(line).map_err(|_| LineError::NotALine)?;
    if text.v != 1 {
        return Err(LineError::NotALine);
    }
    let private = match (&text.private, &text.salt) {
        (Some(hash), Some(salt)) => Some((read_hex(hash)?, read_hex(salt)?)),
        (None, None) => None,
        _ => return Err(LineError::NotALine),
    };
    let centre = text.centre.as_deref().map(CentreId::parse).transpose();
    let read = Line {
        seq: text.seq,
        at: Moment::parse(&text.at).ok_or(LineError::NotALine)?,
        by: text.by.into_owned(),
        role: text.role.into_owned(),
        entry: Entry {
            act: text.act.into_owned(),
            centre: centre.map_err(|_| LineError::NotALine)?,
            on: text.on.0,
            data: text.data.0,
            private: None,
        },
        private: private.map(|(hash, _)| hash),
        salt: private.map(|(_, salt)| salt),
        prev: read_hex(&text.prev)?,
    };
    let parts = Parts {
        seq: read.seq,
        at: read.at,
        by: &read.by,
        role: &read.role,
        entry: &read.entry,
        private,
        prev: &read.prev,
    };
    parts.check()?;
    if parts.to_line() == line { Ok(read) } else { Err(LineError::NotCanonical) }
}

/// Reads only a line's number and the hash it chains to, from its two ends, without looking between them: for
/// verifying a long trail, where the leaf hash vouches for the rest.
///
/// # Errors
/// [`LineError::TooLong`], or [`LineError::NotALine`] when an end is not that of a line.
pub fn links(line: &str) -> Result<(u64, Hash), LineError> {
    check_length(line)?;
    let (digits, _) = line
        .strip_prefix("{\"v\":1,\"seq\":")
        .and_then(|rest| rest.split_once(",\"at\":\""))
        .ok_or(LineError::NotALine)?;
    let plain =
        digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    let seq = digits.parse().ok().filter(|_| plain).ok_or(LineError::NotALine)?;
    let prev = line
        .strip_suffix("\"}")
        .and_then(|rest| rest.split_at_checked(rest.len().wrapping_sub(64)))
        .filter(|(rest, _)| rest.ends_with(",\"prev\":\""))
        .ok_or(LineError::NotALine)?;
    Ok((seq, read_hex(prev.1)?))
}

/// Reads a private record back.
///
/// # Errors
/// What does not fit, as a [`LineError`]. That it belongs to a line is for [`private_hash`] to show.
pub fn read_private(record: &str) -> Result<Facts, LineError> {
    facts_from_json(record)
}

/// `SHA-256("klero/v1/private" ‖ 00 ‖ salt ‖ record)`: what the line keeps of a private record. The salt keeps equal
/// records from having equal hashes. It stands in the line, so whoever can guess a whole record can still test the
/// guess after the record is erased.
pub fn private_hash(salt: &[u8; 16], record: &str) -> Hash {
    sha256_of(&[&label("private"), salt, record.as_bytes()])
}

/// Named values as a compact JSON object, in their order.
pub fn facts_json(facts: &Facts) -> String {
    let mut out = Vec::with_capacity(256);
    put_group(&mut out, facts);
    String::from_utf8(out).expect("JSON of texts is UTF-8")
}

/// Reads what [`facts_json`] wrote, and nothing else: no fraction, no null, no doubled name, no other layout.
///
/// # Errors
/// What does not fit, as a [`LineError`].
pub fn facts_from_json(text: &str) -> Result<Facts, LineError> {
    check_length(text)?;
    let Group(facts) = serde_json::from_str(text).map_err(|_| LineError::NotALine)?;
    check_facts(&facts, 0)?;
    if facts_json(&facts) == text { Ok(facts) } else { Err(LineError::NotCanonical) }
}

fn check_length(text: &str) -> Result<(), LineError> {
    if text.len() <= LINE_BYTES_MAX { Ok(()) } else { Err(LineError::TooLong) }
}

fn check_word(word: &str) -> Result<(), LineError> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = (1..=WORD_BYTES_MAX).contains(&word.len()) && word.bytes().all(letter);
    if fits { Ok(()) } else { Err(LineError::NotAWord) }
}

fn check_facts(facts: &[(String, Fact)], depth: usize) -> Result<(), LineError> {
    if facts.len() > FACTS_MAX {
        return Err(LineError::NotFacts);
    }
    for (i, (name, fact)) in facts.iter().enumerate() {
        if facts[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(LineError::NotFacts);
        }
        check_fact(fact, depth + 1)?;
    }
    Ok(())
}

fn check_fact(fact: &Fact, depth: usize) -> Result<(), LineError> {
    match fact {
        Fact::Text(_) | Fact::Number(_) | Fact::Yes(_) => Ok(()),
        Fact::List(_) | Fact::Group(_) if depth >= DEPTH_MAX => Err(LineError::NotFacts),
        Fact::List(list) => list.iter().try_for_each(|fact| check_fact(fact, depth + 1)),
        Fact::Group(facts) => check_facts(facts, depth),
    }
}

fn read_hex<const N: usize>(text: &str) -> Result<[u8; N], LineError> {
    unhex_array(text).ok_or(LineError::NotALine)
}

/// What a line says, whether it is about to be written or was just read.
struct Parts<'a> {
    seq: u64,
    at: Moment,
    by: &'a str,
    role: &'a str,
    entry: &'a Entry,
    private: Option<(Hash, [u8; 16])>,
    prev: &'a Hash,
}

impl Parts<'_> {
    fn check(&self) -> Result<(), LineError> {
        [self.by, self.role, &self.entry.act].into_iter().try_for_each(check_word)?;
        check_facts(&self.entry.on, 0)?;
        check_facts(&self.entry.data, 0)
    }

    fn to_line(&self) -> String {
        let mut out = Vec::with_capacity(1024);
        out.extend_from_slice(b"{\"v\":1,\"seq\":");
        out.extend_from_slice(self.seq.to_string().as_bytes());
        put_plain(&mut out, "at", &self.at.to_string());
        put_plain(&mut out, "by", self.by);
        put_plain(&mut out, "role", self.role);
        put_plain(&mut out, "act", &self.entry.act);
        if let Some(centre) = &self.entry.centre {
            put_plain(&mut out, "centre", centre.as_str());
        }
        out.extend_from_slice(b",\"on\":");
        put_group(&mut out, &self.entry.on);
        out.extend_from_slice(b",\"data\":");
        put_group(&mut out, &self.entry.data);
        if let Some((hash, salt)) = &self.private {
            put_plain(&mut out, "private", &hex(hash));
            put_plain(&mut out, "salt", &hex(salt));
        }
        put_plain(&mut out, "prev", &hex(self.prev));
        out.push(b'}');
        String::from_utf8(out).expect("JSON of texts is UTF-8")
    }
}

/// A text that needs no escape: words, times, hex.
fn put_plain(out: &mut Vec<u8>, name: &str, value: &str) {
    for piece in [",\"", name, "\":\"", value, "\""] {
        out.extend_from_slice(piece.as_bytes());
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Nearly every text needs no escape; those that do are written as serde_json writes them.
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        serde_json::to_writer(out, text).expect("a text is JSON, and memory takes it");
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

fn put_group(out: &mut Vec<u8>, facts: &[(String, Fact)]) {
    out.push(b'{');
    for (i, (name, fact)) in facts.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        put_text(out, name);
        out.push(b':');
        put_fact(out, fact);
    }
    out.push(b'}');
}

fn put_fact(out: &mut Vec<u8>, fact: &Fact) {
    match fact {
        Fact::Text(text) => put_text(out, text),
        Fact::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Fact::Yes(true) => out.extend_from_slice(b"true"),
        Fact::Yes(false) => out.extend_from_slice(b"false"),
        Fact::List(list) => {
            out.push(b'[');
            for (i, fact) in list.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                put_fact(out, fact);
            }
            out.push(b']');
        }
        Fact::Group(facts) => put_group(out, facts),
    }
}

/// A line as JSON has it. Order and layout are checked by writing it back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineText<'a> {
    v: u64,
    seq: u64,
    #[serde(borrow)]
    at: Cow<'a, str>,
    #[serde(borrow)]
    by: Cow<'a, str>,
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    act: Cow<'a, str>,
    #[serde(borrow, default)]
    centre: Option<Cow<'a, str>>,
    on: Group,
    data: Group,
    #[serde(borrow, default)]
    private: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    salt: Option<Cow<'a, str>>,
    #[serde(borrow)]
    prev: Cow<'a, str>,
}

/// Named values in their order, doubled names still doubled.
struct Group(Facts);

/// One value.
struct Value(Fact);

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match from.deserialize_map(ValueVisitor)? {
            Value(Fact::Group(facts)) => Ok(Group(facts)),
            Value(_) => Err(D::Error::custom("not a group")),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

/// Takes the five kinds of value there are; a fraction, a negative number or a null meets no method and is refused.
struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, yes or no, a list or a group")
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value(Fact::Yes(yes)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value(Fact::Number(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value(Fact::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        while let Some(Value(fact)) = items.next_element()? {
            list.push(fact);
        }
        Ok(Value(Fact::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut facts = vec![];
        while let Some((name, Value(fact))) = items.next_entry()? {
            facts.push((name, fact));
        }
        Ok(Value(Fact::Group(facts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::samples::one_bit_off;
    use proptest::prelude::*;

    const SALT: [u8; 16] = [0xab; 16];

    fn head(seq: u64) -> Head<'static> {
        let at = Moment::parse("2026-11-21T08:15:30.123Z").unwrap();
        Head { seq, at, by: "p-hs-1", role: "pharmacist", prev: [0x11; 32] }
    }

    fn entry() -> Entry {
        Entry::new("release-for-preparation")
            .at(&CentreId::parse("huashan").unwrap())
            .on("participant", "HSH-007")
            .on("code", "7429133")
            .with("visit", "V3")
            .with("epoch", 1u32)
            .with("again", false)
            .with("held", vec![Fact::Group(vec![("who".into(), "甲\"\\\n\u{1}".into())])])
            .private("reason", "the first vial broke")
    }

    fn line() -> String {
        write(&head(42), &entry(), SALT).unwrap().line
    }

    // shows: I7
    #[test]
    fn a_line_has_the_keys_and_the_order_of_the_design() {
        let written = write(&head(42), &entry(), SALT).unwrap();
        let record = r#"{"reason":"the first vial broke"}"#;
        let expected = concat!(
            r#"{"v":1,"seq":42,"at":"2026-11-21T08:15:30.123Z","by":"p-hs-1","role":"pharmacist","#,
            r#""act":"release-for-preparation","centre":"huashan","#,
            r#""on":{"participant":"HSH-007","code":"7429133"},"#,
            r#""data":{"visit":"V3","epoch":1,"again":false,"held":[{"who":"甲\"\\\n\u0001"}]},"#,
            r#""private":"PRIVATE","salt":"abababababababababababababababab","prev":"PREV"}"#
        );
        let bytes = [b"klero/v1/private\0", &SALT[..], record.as_bytes()].concat();
        let expected = expected
            .replace("PRIVATE", &hex(&crate::sealing::bytes::sha256(&bytes)))
            .replace("PREV", &"11".repeat(32));
        assert_eq!(written.line, expected);
        assert_eq!(written.private.as_deref(), Some(record));
        assert_eq!(written.leaf, leaf_hash(expected.as_bytes()));
        assert!(!written.line.contains("vial broke"));
    }

    #[test]
    fn a_line_without_centre_or_private_part_leaves_their_keys_out() {
        let written = write(&head(0), &Entry::new("founded"), SALT).unwrap();
        let expected = concat!(
            r#"{"v":1,"seq":0,"at":"2026-11-21T08:15:30.123Z","by":"p-hs-1","role":"pharmacist","#,
            r#""act":"founded","on":{},"data":{},"prev":""#
        );
        assert_eq!(written.line, format!("{expected}{}\"}}", "11".repeat(32)));
        assert_eq!(written.private, None);
        assert_eq!(parse(&written.line).map(|line| (line.private, line.salt)), Ok((None, None)));
    }

    #[test]
    fn a_line_reads_back_as_it_was_said_but_for_its_private_part() {
        let read = parse(&line()).unwrap();
        let said = Entry { private: None, ..entry() };
        let (by, role) = (read.by.as_str(), read.role.as_str());
        assert_eq!((read.seq, read.at, by, role), (42, head(0).at, "p-hs-1", "pharmacist"));
        assert_eq!((read.entry, read.prev, read.salt), (said, [0x11; 32], Some(SALT)));
        let record = write(&head(42), &entry(), SALT).unwrap().private.unwrap();
        assert_eq!(read.private, Some(private_hash(&SALT, &record)));
        assert_eq!(read_private(&record).ok(), entry().private);
    }

    // shows: I7
    #[test]
    fn a_flipped_bit_anywhere_in_a_line_changes_its_leaf_or_is_refused() {
        let leaf = leaf_hash(line().as_bytes());
        let (mut refused, mut all) = (0, 0);
        for altered in one_bit_off(&line()) {
            all += 1;
            match parse(&altered) {
                Err(_) => refused += 1,
                // What still is a line is another one: it says something else, and chain and tree both tell.
                Ok(read) => {
                    assert_ne!(leaf_hash(altered.as_bytes()), leaf);
                    assert_ne!(Ok(read), parse(&line()), "{altered}");
                }
            }
        }
        assert!(refused * 2 > all, "{refused} of {all}");
    }

    #[test]
    fn the_same_entry_in_other_bytes_is_refused() {
        let line = line();
        let other = |from: &str, to: &str| {
            assert!(line.contains(from), "{from}");
            parse(&line.replacen(from, to, 1))
        };
        let not_canonical = [
            ("\"seq\":42", "\"seq\": 42"),
            ("{\"v\":1,\"seq\":42,", "{\"seq\":42,\"v\":1,"),
            ("\"visit\":\"V3\"", "\"visit\":\"\\u00563\""),
            ("V3\"", "V3\\/\""),
            ("30.123Z", "30.1230Z"),
            ("08:15:30.123Z", "16:15:30.123+08:00"),
            ("\"centre\":\"huashan\",", "\"centre\":null,"),
            ("{\"v\":1", " {\"v\":1"),
        ];
        for (from, to) in not_canonical {
            assert_eq!(other(from, to), Err(LineError::NotCanonical), "{to}");
        }
        assert_eq!(parse(&format!("{line}\n")), Err(LineError::NotCanonical));
        assert_eq!(parse(&format!("{line}{line}")), Err(LineError::NotALine));
    }

    #[test]
    fn what_is_not_a_line_is_refused() {
        let line = line();
        let other = |from: &str, to: &str| {
            assert!(line.contains(from), "{from}");
            parse(&line.replacen(from, to, 1))
        };
        let not_a_line = [
            ("\"by\":\"p-hs-1\",", ""),
            ("\"by\":\"p-hs-1\",", "\"by\":\"p-hs-1\",\"by\":\"p-hs-1\","),
            ("\"act\"", "\"arm\":\"x\",\"act\""),
            ("\"epoch\":1", "\"epoch\":1.0"),
            ("\"epoch\":1", "\"epoch\":-1"),
            ("\"epoch\":1", "\"epoch\":null"),
            ("\"epoch\":1", "\"epoch\":18446744073709551616"),
            ("\"seq\":42", "\"seq\":\"42\""),
            ("\"on\":{", "\"on\":[{"),
            ("\"salt\":\"abab", "\"salt\":\"ABAB"),
            ("\"salt\":\"abab", "\"salt\":\"ab"),
            ("\"prev\":\"11", "\"prev\":\""),
            ("huashan", "Huashan"),
            ("2026-11-21", "2026-11-31"),
            ("{\"v\":1", "{\"v\":2"),
        ];
        for (from, to) in not_a_line {
            assert_eq!(other(from, to), Err(LineError::NotALine), "{to}");
        }
        assert_eq!(other("p-hs-1", "Li Wei"), Err(LineError::NotAWord));
        assert_eq!(other("\"code\"", "\"participant\""), Err(LineError::NotFacts));
        let salt = format!("\"salt\":\"{}\",", hex(&SALT));
        assert_eq!(other(&salt, ""), Err(LineError::NotALine));
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let refused = |head: &Head<'_>, entry: &Entry| write(head, entry, SALT).err();
        let worded = Head { by: "Li Wei", ..head(0) };
        assert_eq!(refused(&worded, &entry()), Some(LineError::NotAWord));
        assert_eq!(refused(&head(0), &Entry::new("")), Some(LineError::NotAWord));
        let longest = Entry::new(&"a".repeat(WORD_BYTES_MAX));
        assert_eq!(refused(&head(0), &longest), None);
        let over = Entry::new(&"a".repeat(WORD_BYTES_MAX + 1));
        assert_eq!(refused(&head(0), &over), Some(LineError::NotAWord));
        assert_eq!(refused(&head(0), &entry().with("visit", "V4")), Some(LineError::NotFacts));
        let doubled = entry().private("reason", "another");
        assert_eq!(refused(&head(0), &doubled), Some(LineError::NotFacts));
    }

    #[test]
    fn values_have_limits_in_number_and_depth_and_are_refused_one_past_them() {
        let many = |n: usize| (0..n).map(|i| (format!("n{i}"), Fact::Number(1))).collect::<Facts>();
        let deep = |n: usize| {
            let list = (1..n).fold(Fact::Number(1), |fact, _| Fact::List(vec![fact]));
            vec![("deep".to_owned(), list)]
        };
        let fits = |facts: Facts| {
            let entry = Entry { data: facts.clone(), ..Entry::new("act") };
            let written = write(&head(0), &entry, SALT).map(|written| parse(&written.line));
            let alone = facts_from_json(&facts_json(&facts));
            assert_eq!(written.is_ok(), alone.is_ok());
            written.is_ok_and(|read| read.is_ok_and(|line| line.entry == entry))
        };
        assert!(fits(many(FACTS_MAX)) && fits(deep(DEPTH_MAX)));
        assert!(!fits(many(FACTS_MAX + 1)) && !fits(deep(DEPTH_MAX + 1)));
    }

    #[test]
    fn a_line_and_a_record_have_a_limit_and_are_refused_one_past_it() {
        let bare = write(&head(0), &Entry::new("act").with("t", ""), SALT).unwrap().line.len();
        let long = |n: usize| write(&head(0), &Entry::new("act").with("t", "x".repeat(n)), SALT);
        let full = long(LINE_BYTES_MAX - bare).unwrap().line;
        assert_eq!(full.len(), LINE_BYTES_MAX);
        assert!(parse(&full).is_ok() && links(&full).is_ok());
        assert_eq!(long(LINE_BYTES_MAX - bare + 1), Err(LineError::TooLong));
        let over = full.replace("xx\"", "xxx\"");
        assert_eq!(parse(&over), Err(LineError::TooLong));
        assert_eq!(links(&over), Err(LineError::TooLong));
        let record = |n: usize| Entry::new("act").private("t", "x".repeat(n));
        let bare = r#"{"t":""}"#.len();
        let full = write(&head(0), &record(LINE_BYTES_MAX - bare), SALT).unwrap();
        assert!(read_private(&full.private.unwrap()).is_ok());
        let over = write(&head(0), &record(LINE_BYTES_MAX - bare + 1), SALT);
        assert_eq!(over, Err(LineError::TooLong));
    }

    // shows: I7
    #[test]
    fn the_two_ends_of_a_line_are_read_without_the_middle() {
        for seq in [0, 7, 42, u64::MAX] {
            let line = write(&head(seq), &entry(), SALT).unwrap().line;
            assert_eq!(links(&line), Ok((seq, [0x11; 32])));
        }
        let line = line();
        for wrong in [
            line.replace("\"seq\":42", "\"seq\":042"),
            line.replace("\"seq\":42", "\"seq\":+42"),
            line.replace("\"seq\":42", "\"seq\":"),
            line.replace("\"seq\":42", "\"seq\":18446744073709551616"),
            line.replace("\"prev\":\"11", "\"prev\":\""),
            line.replace("\"prev\":\"11", "\"prev\":\"é"),
            line.replace("\"prev\":\"11", "\"prev\":\"1G"),
            line.replace("\"prev\"", "\"past\""),
            format!("{line} "),
            "\"}".to_owned(),
            String::new(),
        ] {
            assert_eq!(links(&wrong), Err(LineError::NotALine), "{wrong}");
        }
    }

    #[test]
    fn a_private_record_in_other_bytes_is_refused() {
        let record = r#"{"reason":"a/b","list":[1,{"x":true}]}"#;
        assert_eq!(read_private(record).map(|facts| facts_json(&facts)), Ok(record.to_owned()));
        for (from, to) in
            [(":[", ": ["), ("a/b", "a\\/b"), ("{\"reason", " {\"reason"), ("true", "true ")]
        {
            let other = record.replacen(from, to, 1);
            assert_eq!(read_private(&other), Err(LineError::NotCanonical), "{other}");
        }
        for wrong in ["", "[]", "1", "{\"x\":null}", "{\"x\":0.5}", "{}{}"] {
            assert_eq!(read_private(wrong), Err(LineError::NotALine), "{wrong}");
        }
    }

    #[test]
    fn every_character_below_a_space_is_escaped_as_serde_json_does() {
        for c in (0..0x80u8).map(char::from) {
            let facts = vec![("t".to_owned(), Fact::Text(format!("a{c}b")))];
            let expected = serde_json::json!({ "t": format!("a{c}b") }).to_string();
            assert_eq!(facts_json(&facts), expected);
            assert_eq!(facts_from_json(&expected), Ok(facts));
        }
    }

    #[test]
    fn another_salt_or_record_gives_another_private_hash() {
        let hash = private_hash(&SALT, "{}");
        assert_ne!(hash, private_hash(&[0; 16], "{}"));
        assert_ne!(hash, private_hash(&SALT, "{\"a\":1}"));
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        let plain = prop_oneof![
            any::<String>().prop_map(Fact::Text),
            any::<u64>().prop_map(Fact::Number),
            any::<bool>().prop_map(Fact::Yes),
        ];
        plain.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Fact::List),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|named| Fact::Group(named.into_iter().collect())),
            ]
        })
    }

    fn any_facts() -> impl Strategy<Value = Facts> {
        prop::collection::btree_map(any::<String>(), any_fact(), 0..4)
            .prop_map(|named| named.into_iter().rev().collect())
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_read_back_and_escaped_as_serde_json_does(
            on in any_facts(), data in any_facts(), private in prop::option::of(any_facts()),
            seq in any::<u64>(), millis in 0..4_000_000_000_000i64,
        ) {
            let entry = Entry { act: "act".into(), centre: None, on, data, private };
            let head = Head { seq, at: Moment::from_millis(millis), ..head(0) };
            let written = write(&head, &entry, SALT).unwrap();
            let read = parse(&written.line).unwrap();
            prop_assert_eq!(links(&written.line), Ok((seq, read.prev)));
            prop_assert_eq!((&read.entry.on, &read.entry.data), (&entry.on, &entry.data));
            prop_assert_eq!((read.seq, read.at), (seq, head.at));
            let record = written.private.as_deref().map(|record| read_private(record).unwrap());
            prop_assert_eq!(record, entry.private);
            // Another writer of the same JSON, which keeps the order, agrees to the byte.
            let value: serde_json::Value = serde_json::from_str(&written.line).unwrap();
            prop_assert_eq!(value.to_string(), written.line);
        }
    }
}
