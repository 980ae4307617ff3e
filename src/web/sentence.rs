//! An entry of the trail in plain words: one key of words an act. An act that nobody has given words yet is told by its
//! bare name, so that nothing is left out.

use super::frame::in_language;
use super::standing::in_fours;
use crate::domain::access::ReadPeople;
use crate::domain::entry::{Entry, Fact, Facts, fact};
use crate::domain::ids::{CentreId, Code};
use crate::domain::trial::Words;
use crate::http::pages::Visit;
use crate::refusal::{self, Refusal};
use crate::sealing::line::Line;
use crate::text::{self, Arg};
use std::collections::BTreeMap;

/// Kinds of acts, as a reader looks for them, each with its acts. What is in none of them is of the kind `other`.
pub const KINDS: &[(&str, &[&str])] = &[
    (
        "screening",
        &[
            "participant-screened",
            "screening-changed",
            "eligibility-signed",
            "eligibility-sent-back",
        ],
    ),
    ("randomisation", &["randomisation-entrusted", "randomised"]),
    (
        "preparation",
        &["release-for-preparation", "preparation-recorded", "handed-over", "stock-recorded"],
    ),
    (
        "life",
        &[
            "infusion-recorded",
            "infusion-missed",
            "treatment-ended",
            "treatment-resumed",
            "participation-ended",
            "participant-transferred",
        ],
    ),
    ("mistakes", &["answers-corrected", "mistake-recorded", "accident-recorded"]),
    (
        "breaks",
        &[
            "break-begun",
            "release-for-break",
            "break-imported",
            "unissued-opened",
            "read-back",
            "break-left",
            "break-case-opened",
            "follow-up-recorded",
            "sealed-part-kept",
            "break-closed",
            "safety-unblinding-planned",
        ],
    ),
    ("drills", &["drill", "drill-opened"]),
    ("openings", &["opened", "release-redelivered"]),
    ("keys", &["key-registered", "key-granted", "grant-removed", "key-rotated", "slot-key-passed"]),
    (
        "list",
        &[
            "founded",
            "list-imported",
            "drill-list-imported",
            "list-reviewed",
            "code-voided",
            "disclosed",
        ],
    ),
    ("recruitment", &["recruitment-opened", "recruitment-paused", "recruitment-closed"]),
    (
        "people",
        &[
            "person-invited",
            "invitation-renewed",
            "account-activated",
            "person-disabled",
            "people-imported",
            "access-reviewed",
            "principal-marked",
            "token-made",
            "token-renewed",
            "token-ended",
            "recovery-begun",
            "address-given",
        ],
    ),
    (
        "sign-in",
        &[
            "signed-in",
            "signed-out",
            "sign-in-failed",
            "second-factor-enrolled",
            "second-factor-failed",
            "recovery-code-used",
            "recovery-codes-made",
            "passkey-added",
            "passkey-removed",
            "password-changed",
            "session-ended",
            "recovery-taken",
            "sign-on-linked",
            "sign-on-unlinked",
        ],
    ),
    (
        "reading",
        &[
            "breaks-read",
            "report-read",
            "stock-read",
            "sealed-part-read",
            "strata-read",
            "own-key-read",
            "wrap-read",
            "passing-read",
            "exported",
            "export-confirmed",
            "trail-exported",
            "trail-verified",
            "trail-reviewed",
        ],
    ),
    (
        "notices",
        &["noticed", "webhook-added", "webhook-ended", "webhook-tested", "delivery-replayed"],
    ),
    ("house", &["restored", "clock-changed", "backup-drilled"]),
    ("refusals", &["refused"]),
    (OTHER, &[]),
];

/// The kind of acts that are in no other.
pub const OTHER: &str = "other";

/// The kind of an act.
pub fn kind_of(act: &str) -> &'static str {
    KINDS.iter().find(|(_, acts)| acts.contains(&act)).map_or(OTHER, |(kind, _)| kind)
}

/// Tells entries to one reader.
pub struct Teller<'v> {
    visit: &'v Visit,
    names: BTreeMap<String, String>,
}

/// What a sentence takes as the entry says it.
const PLAIN: [&str; 12] = [
    "participant",
    "token",
    "visit",
    "first",
    "slots",
    "segment",
    "trial",
    "size",
    "host",
    "seconds",
    "from",
    "lost",
];

impl<'v> Teller<'v> {
    /// Who may read who is who reads printed names, everybody else the accounts' names as the lines have them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new(visit: &'v Visit) -> Result<Self, Refusal> {
        let caller = visit.caller()?;
        let people = match caller.may_somewhere::<ReadPeople>() {
            Ok(_) => visit.house.people(caller).await?,
            Err(_) => vec![],
        };
        let names = people.into_iter().map(|a| (a.person.id.to_string(), a.person.name));
        Ok(Self { visit, names: names.collect() })
    }

    /// What happened, in one sentence.
    pub fn tell(&self, line: &Line) -> String {
        let key = format!("did.{}", variant(&line.entry));
        let told = text::find(self.visit.language, &key, &self.args(line));
        told.unwrap_or_else(|| format!("{}: {}", self.name(&line.by), line.entry.act))
    }

    /// A person as the reader knows them.
    pub fn name(&self, person: &str) -> String {
        match self.names.get(person) {
            Some(name) => name.clone(),
            None if person == "service" => self.visit.say("trail.service"),
            None => person.to_owned(),
        }
    }

    /// Everything a sentence may want and this entry has.
    fn args(&self, line: &Line) -> Vec<(&'static str, Arg)> {
        let entry = &line.entry;
        let mut args = vec![("by", Arg::Text(self.name(&line.by))), ("place", self.place(entry))];
        for name in PLAIN {
            if let Some(text) = said(entry, name) {
                args.push((name, text.into()));
            }
        }
        for name in ["person", "opener"] {
            if let Some(person) = said(entry, name) {
                args.push((name, self.name(&person).into()));
            }
        }
        let code = said(entry, "code").and_then(|code| Code::parse(&code).ok());
        if let Some(code) = code {
            args.push(("code", code.grouped().into()));
        }
        if let Some(fingerprint) = said(entry, "fingerprint") {
            args.push(("fingerprint", in_fours(&fingerprint).into()));
        }
        if let Some(role) = said(entry, "role") {
            args.push(("role", self.words_or(&format!("role.{role}"), &role)));
        }
        if let Some(category) = said(entry, "category") {
            let all = &self.visit.house.trial.emergency.categories;
            let known = all.iter().find(|known| known.id == category);
            args.push(("category", known.map_or_else(|| category.into(), |c| both(&c.name))));
        }
        for (name, question) in [("how", "how"), ("mistake", "mistake"), ("knowledge", "knowledge")]
        {
            if let Some(word) = said(entry, question) {
                args.push((name, self.words_or(&format!("word.{word}"), &word)));
            }
        }
        if let Some(reason) = said(entry, "reason") {
            let known = self.visit.house.trial.stop_reason(&reason);
            args.push(("stop", known.map_or_else(|| reason.into(), |r| both(&r.name))));
        }
        if let Some(report) = said(entry, "report") {
            args.push(("report", self.words_or(&format!("reports.title-{report}"), &report)));
        }
        if let Some(to) = said(entry, "to") {
            args.push(("to", self.centre(&to).into()));
        }
        if let Some(wanted) = said(entry, "wanted") {
            args.push(("wanted", self.words_or(&format!("wants.{wanted}"), &wanted)));
        }
        if let Some(kind) = said(entry, "kind") {
            let notice = self.words_or(&format!("notice.{}", kind.replace('.', "-")), &kind);
            let export = text::find(self.visit.language, &format!("exports.kind-{kind}"), &[]);
            args.push(("kind", export.map_or(notice, Arg::from)));
        }
        if let Some(problem) = said(entry, "problem") {
            let known = refusal::Code::parse(&problem);
            let title = |code| Refusal::new(code).title(self.visit.language);
            args.push(("problem", known.map_or(problem, title).into()));
        }
        args
    }

    fn words_or(&self, key: &str, word: &str) -> Arg {
        text::find(self.visit.language, key, &[]).unwrap_or_else(|| word.to_owned()).into()
    }

    /// A centre's name.
    fn centre(&self, id: &str) -> String {
        let trial = &self.visit.house.trial;
        let known = CentreId::parse(id).ok().and_then(|id| trial.centre(&id));
        known.map_or(id, |centre| in_language(&centre.name, self.visit.language)).to_owned()
    }

    /// The centre of the entry, or the centres of an invitation, or the whole trial.
    fn place(&self, entry: &Entry) -> Arg {
        if let Some(centre) = &entry.centre {
            return self.centre(centre.as_str()).into();
        }
        let places: Vec<String> = match fact(&entry.data, "centres") {
            Some(Fact::List(all)) => {
                all.iter().filter_map(text_of).map(|id| self.centre(&id)).collect()
            }
            _ => vec![],
        };
        if places.is_empty() {
            self.visit.say("trail.whole-trial").into()
        } else {
            places.join(" · ").into()
        }
    }
}

/// Which sentence of its act tells this entry.
fn variant(entry: &Entry) -> String {
    let no = |facts: &Facts, name| fact(facts, name) == Some(&Fact::Yes(false));
    let ending = match entry.act.as_str() {
        "disclosed" => match said(entry, "stage").as_deref() {
            Some("meaning") => "-meaning",
            Some("issued") => "-issued",
            Some("list") => "-list",
            _ => "",
        },
        "recovery-begun" | "recovery-taken" => match said(entry, "what").as_deref() {
            Some("password") => "-password",
            _ => "",
        },
        "signed-in" if said(entry, "way").is_some() => "-sign-on",
        "sign-in-failed" if fact(&entry.on, "person").is_none() => "-unknown",
        "break-imported" if said(entry, "serial").is_some() => "-letter",
        "clock-changed" => match said(entry, "direction").as_deref() {
            Some("back") => "-back",
            _ => "-forward",
        },
        "opened" if no(&entry.data, "fits") => "-unfit",
        "drill-opened" if no(&entry.data, "passed") => "-failed",
        "answers-corrected" => match fact(&entry.data, "deviation").and_then(text_of).as_deref() {
            Some("wrong-stratum") => "-moved",
            Some(_) => "-ineligible",
            None => "",
        },
        "infusion-recorded" if fact(&entry.data, "deviation").is_some() => "-late",
        "read-back" if no(&entry.data, "correct") => "-not",
        "principal-marked" if no(&entry.data, "principal") => "-not",
        "address-given" if no(&entry.data, "given") => "-not",
        _ => "",
    };
    format!("{}{ending}", entry.act)
}

fn both(words: &Words) -> Arg {
    Arg::Words { en: words.en.clone(), zh_cn: words.zh.clone() }
}

fn said(entry: &Entry, name: &str) -> Option<String> {
    fact(&entry.on, name).or_else(|| fact(&entry.data, name)).and_then(text_of)
}

fn text_of(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Text(text) => Some(text.clone()),
        Fact::Number(number) => Some(number.to_string()),
        Fact::Yes(_) | Fact::List(_) | Fact::Group(_) => None,
    }
}
