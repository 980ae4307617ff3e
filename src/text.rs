//! Every word that a person reads, in both languages, by key. The words stand in `text/*.ftl`, which a translator can
//! read; code names only keys. Room-neutral: pages, bodies, commands and refusals take their words from here.
//!
//! A key is a message (`required`) or a part of one (`no-consent.title`).

use fluent::concurrent::FluentBundle;
use fluent::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;

/// A language of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    En,
    /// 简体中文.
    ZhCn,
}

impl Language {
    /// Both, in the order of every table.
    pub const ALL: [Language; 2] = [Language::En, Language::ZhCn];

    /// The language tag (BCP 47), as in `lang` and `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::ZhCn => "zh-CN",
        }
    }

    /// The language that an `Accept-Language` header likes best; English when it likes neither or cannot be read.
    /// Any Chinese is answered in ours: it is nearer than English.
    pub fn from_accept(header: &str) -> Language {
        let mut best = (0, Language::En);
        for wish in header.split(',').take(20) {
            let mut parts = wish.split(';').map(str::trim);
            let language = match parts.next().map(primary).as_deref() {
                Some("zh") => Language::ZhCn,
                Some("en" | "*") => Language::En,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// `zh-Hans-CN` is `zh`.
fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

/// A quality value (RFC 9110, 12.4.2) in thousandths; an unreadable one counts as none.
fn thousandths(quality: &str) -> u32 {
    let (whole, decimals) = quality.split_once('.').unwrap_or((quality, ""));
    let digits = format!("{decimals:0<3}");
    match (whole, digits.parse::<u32>()) {
        ("0", Ok(part)) if digits.len() == 3 => part,
        ("1", Ok(0)) if digits.len() == 3 => 1000,
        _ => 0,
    }
}

/// Something that is put into a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// Text that is the same in every language: a code, a date, an exact decimal.
    Text(String),
    /// A whole number.
    Number(u64),
    /// Words that the trial's configuration gives in both languages, such as a field's label.
    Words {
        /// In English.
        en: String,
        /// In Chinese.
        zh_cn: String,
    },
}

impl Arg {
    fn value(&self, language: Language) -> FluentValue<'_> {
        match (self, language) {
            (Arg::Text(text), _) => FluentValue::from(text.as_str()),
            (Arg::Number(number), _) => FluentValue::from(*number),
            (Arg::Words { en, .. }, Language::En) => FluentValue::from(en.as_str()),
            (Arg::Words { zh_cn, .. }, Language::ZhCn) => FluentValue::from(zh_cn.as_str()),
        }
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Arg::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Arg::Text(text)
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Arg::Number(number)
    }
}

/// What is put into a sentence, by name.
pub type Args = [(&'static str, Arg)];

/// The words of `key`. An argument that the sentence does not want is left aside. A key that does not exist is a
/// mistake of ours: tests stop at it, and in earnest the key itself is said, which is better than silence.
pub fn say(language: Language, key: &str, args: &Args) -> String {
    find(language, key, args).unwrap_or_else(|| {
        debug_assert!(false, "{key} has no words, or lacks an argument");
        key.to_owned()
    })
}

/// The words of `key`, if it has words and every argument they want is given.
pub fn find(language: Language, key: &str, args: &Args) -> Option<String> {
    let bundle = &WORDS[language as usize];
    let (message, part) = key.split_once('.').map_or((key, None), |(m, part)| (m, Some(part)));
    let message = bundle.get_message(message)?;
    let pattern = match part {
        None => message.value()?,
        Some(part) => message.get_attribute(part)?.value(),
    };
    let mut given = FluentArgs::new();
    for (name, arg) in args {
        given.set(*name, arg.value(language));
    }
    let mut missing = vec![];
    let words = bundle.format_pattern(pattern, Some(&given), &mut missing).into_owned();
    missing.is_empty().then_some(words)
}

/// The words of `key` in both languages, to be put into another sentence.
pub fn both(key: &str) -> Arg {
    Arg::Words { en: say(Language::En, key, &[]), zh_cn: say(Language::ZhCn, key, &[]) }
}

/// What signing this act means (21 CFR 11.50): the exact words that are shown, signed and kept. `act` is the word of
/// the table of rights, or `check`, `follow-up`, `correct`, `review-trail`, `send-back`.
pub fn meaning(act: &str, language: Language) -> String {
    say(language, &format!("meaning.{act}"), &[])
}

/// The files, compiled in, in the order of [`Language`]: problems and signatures, then what the pages say.
const FILES: [&[&str]; 2] = [
    &[
        include_str!("text/en.ftl"),
        include_str!("text/pages/en/frame.ftl"),
        include_str!("text/pages/en/screening.ftl"),
        include_str!("text/pages/en/keys.ftl"),
        include_str!("text/pages/en/office.ftl"),
        include_str!("text/pages/en/pharmacy.ftl"),
        include_str!("text/pages/en/life.ftl"),
        include_str!("text/pages/en/follow.ftl"),
        include_str!("text/pages/en/offline.ftl"),
        include_str!("text/pages/en/drill.ftl"),
        include_str!("text/pages/en/sealed.ftl"),
        include_str!("text/pages/en/changes.ftl"),
        include_str!("text/pages/en/reports.ftl"),
        include_str!("text/pages/en/accounts.ftl"),
        include_str!("text/pages/en/passkey.ftl"),
        include_str!("text/pages/en/notices.ftl"),
        include_str!("text/pages/en/operation.ftl"),
        include_str!("text/pages/en/exports.ftl"),
        include_str!("text/pages/en/backups.ftl"),
        include_str!("text/pages/en/review.ftl"),
        include_str!("text/pages/en/disclose.ftl"),
        include_str!("text/pages/en/principal.ftl"),
        include_str!("text/pages/en/sign-on.ftl"),
    ],
    &[
        include_str!("text/zh-CN.ftl"),
        include_str!("text/pages/zh-CN/frame.ftl"),
        include_str!("text/pages/zh-CN/screening.ftl"),
        include_str!("text/pages/zh-CN/keys.ftl"),
        include_str!("text/pages/zh-CN/office.ftl"),
        include_str!("text/pages/zh-CN/pharmacy.ftl"),
        include_str!("text/pages/zh-CN/life.ftl"),
        include_str!("text/pages/zh-CN/follow.ftl"),
        include_str!("text/pages/zh-CN/offline.ftl"),
        include_str!("text/pages/zh-CN/drill.ftl"),
        include_str!("text/pages/zh-CN/sealed.ftl"),
        include_str!("text/pages/zh-CN/changes.ftl"),
        include_str!("text/pages/zh-CN/reports.ftl"),
        include_str!("text/pages/zh-CN/accounts.ftl"),
        include_str!("text/pages/zh-CN/passkey.ftl"),
        include_str!("text/pages/zh-CN/notices.ftl"),
        include_str!("text/pages/zh-CN/operation.ftl"),
        include_str!("text/pages/zh-CN/exports.ftl"),
        include_str!("text/pages/zh-CN/backups.ftl"),
        include_str!("text/pages/zh-CN/review.ftl"),
        include_str!("text/pages/zh-CN/disclose.ftl"),
        include_str!("text/pages/zh-CN/principal.ftl"),
        include_str!("text/pages/zh-CN/sign-on.ftl"),
    ],
];

static WORDS: LazyLock<[FluentBundle<FluentResource>; 2]> =
    LazyLock::new(|| Language::ALL.map(bundle));

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let tag = language.tag().parse().expect("both tags are well formed");
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Fluent would put invisible marks around each argument, and a copied code would no longer match.
    bundle.set_use_isolating(false);
    for file in FILES[language as usize] {
        let words = FluentResource::try_new((*file).to_owned());
        let words = words.expect("the words are compiled in, and a test reads them");
        bundle.add_resource(words).expect("no key stands twice, as a test shows");
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access;
    use std::collections::{BTreeMap, BTreeSet};

    /// Every key with the names of its arguments, read from the file by a few rules of our own.
    fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        let (mut message, mut last) = (String::new(), String::new());
        let args = |words: &str| -> BTreeSet<String> {
            let args = words.split("{ $").skip(1).filter_map(|rest| rest.split(' ').next());
            args.map(str::to_owned).collect()
        };
        let lines = FILES[language as usize].iter().flat_map(|file| file.lines());
        for line in lines.filter(|l| !l.starts_with('#')) {
            let Some((name, words)) = line.split_once('=') else {
                // A choice goes on over several lines.
                let known: Option<&mut BTreeSet<_>> = found.get_mut(&last);
                known.into_iter().for_each(|known| known.extend(args(line)));
                continue;
            };
            let key = match name.trim().strip_prefix('.') {
                Some(part) => format!("{message}.{part}"),
                None => {
                    name.trim().clone_into(&mut message);
                    message.clone()
                }
            };
            if !words.trim().is_empty() {
                let twice = found.insert(key.clone(), args(words));
                assert!(twice.is_none(), "{key} stands twice");
            }
            last = key;
        }
        assert!(found.len() > 150, "the test reads the file");
        found
    }

    fn said(language: Language) -> Vec<(String, String)> {
        let say_with = |(key, args): (String, BTreeSet<String>)| {
            let args: Vec<_> = args
                .into_iter()
                .map(|name| -> (&'static str, Arg) { (name.leak(), Arg::from("742 913 3")) })
                .collect();
            let words = find(language, &key, &args).expect("a key that is in the file");
            (key, words)
        };
        keys(language).into_iter().map(say_with).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_arguments() {
        assert_eq!(keys(Language::En), keys(Language::ZhCn));
    }

    #[test]
    fn no_words_are_empty_and_none_has_a_mark_that_cannot_be_seen() {
        for language in Language::ALL {
            for (key, words) in said(language) {
                assert!(!words.trim().is_empty(), "{key}");
                let unseen =
                    |c: char| matches!(c, '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}');
                assert!(!words.contains(unseen), "{key}");
                assert!(!words.contains(['{', '}']), "{key}: {words}");
            }
        }
    }

    #[test]
    fn english_is_english_and_chinese_is_chinese() {
        let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        assert!(said(Language::En).iter().all(|(_, words)| !words.contains(chinese)));
        for (key, words) in said(Language::ZhCn) {
            assert!(words.contains(chinese), "{key}: {words}");
        }
    }

    #[test]
    fn words_never_blame_and_never_ask_for_pardon() {
        for (key, words) in said(Language::En) {
            for never in ["please", "Please", "invalid", "forgot", "sorry", "Sorry", "patient"] {
                assert!(!words.contains(never), "{key}: {words}");
            }
        }
    }

    #[test]
    fn an_argument_stands_in_the_sentence_as_it_was_given() {
        let args = [("max", Arg::from(40)), ("min", "0.5".into())];
        assert_eq!(say(Language::En, "text-too-long", &args), "Enter at most 40 characters");
        let label = Arg::Words { en: "SLEDAI".into(), zh_cn: "疾病活动指数".into() };
        let args = [("field", label), ("min", "0".into()), ("max", "105".into())];
        assert_eq!(say(Language::En, "num-range", &args), "SLEDAI must be a number from 0 to 105");
        assert_eq!(say(Language::ZhCn, "num-range", &args), "疾病活动指数应为 0 至 105 的数值");
    }

    #[test]
    fn a_sentence_that_lacks_an_argument_is_not_said() {
        assert_eq!(find(Language::En, "already-prepared.more", &[]), None);
        assert_eq!(find(Language::En, "no-such-key", &[]), None);
        assert_eq!(find(Language::En, "meaning", &[]), None);
    }

    #[test]
    fn every_act_that_is_signed_has_a_meaning_in_both_languages() {
        let acts: Vec<_> = access::table().into_iter().map(|(act, _)| act).collect();
        let others = ["check", "follow-up", "correct", "send-back"];
        let keys = keys(Language::En);
        let meanings: Vec<_> = keys.keys().filter_map(|k| k.strip_prefix("meaning.")).collect();
        assert!(meanings.iter().all(|act| acts.contains(act) || others.contains(act)));
        assert_eq!(
            meaning("randomise", Language::En),
            "I ask for the allocation of this participant, once"
        );
        assert_eq!(meaning("randomise", Language::ZhCn), "本人申请对该受试者进行随机，仅此一次");
        for act in ["screen", "sign-eligibility", "break-code", "review-list", "record-preparation"]
        {
            assert!(meanings.contains(&act), "{act}");
        }
    }

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        for (header, language) in [
            ("", Language::En),
            ("fr", Language::En),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::ZhCn),
            ("en-GB,en;q=0.9,zh;q=0.8", Language::En),
            ("en;q=0.5, ZH-Hans", Language::ZhCn),
            ("zh;q=0, en;q=0.001", Language::En),
            ("de, zh-TW;q=0.3", Language::ZhCn),
            ("*;q=0.9, zh;q=0.8", Language::En),
            ("zh;q=nonsense", Language::En),
            ("zh;q=0.1234", Language::En),
        ] {
            assert_eq!(Language::from_accept(header), language, "{header}");
        }
    }
}
