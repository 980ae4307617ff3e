//! The words of a mail (screens I): kind, participant by number, when, a link. The subject, which stands on a locked screen,
//! holds no number. Both languages, one beneath the other. No mail ever states a treatment, because no notice knows one.

use crate::domain::notice::Notice;
use crate::domain::people::Role;
use crate::domain::trial::Trial;
use crate::sealing::manifest::ListPurpose;
use crate::text::{self, Args, Language};

/// A mail, before it has a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
}

impl Letter {
    /// What somebody in this role is sent of a notice.
    pub fn of(
        notice: &Notice,
        trial: &Trial,
        purpose: ListPurpose,
        site: Option<&str>,
        role: Role,
    ) -> Self {
        let what = |language| {
            let key = format!("notice.{}", notice.kind.as_str().replace('.', "-"));
            text::say(language, &key, &[])
        };
        let both: Vec<String> = Language::ALL.map(what).into_iter().collect();
        let training = purpose == ListPurpose::Training;
        let mark =
            if training { format!("{} · ", both_of("letter.training")) } else { String::new() };
        let subject = format!("{mark}{} · {}", trial.id, both.join(" · "));
        let parts = Language::ALL.map(|language| {
            let say = |key: &str, args: &Args| text::say(language, key, args);
            let mut lines = vec![];
            if training {
                lines.push(say("letter.training", &[]));
            }
            lines.push(what(language));
            lines.push(String::new());
            if let Some(number) = &notice.number {
                lines.push(say("letter.number", &[("number", number.as_str().into())]));
            }
            if let Some(centre) = notice.centre.as_ref().and_then(|id| trial.centre(id)) {
                let name = match language {
                    Language::En => &centre.name.en,
                    Language::ZhCn => &centre.name.zh,
                };
                lines.push(say("letter.centre", &[("centre", name.as_str().into())]));
            }
            let at = trial.zone.shown(notice.at);
            lines.push(say("letter.when", &[("at", at.into())]));
            if let Some(reference) = &notice.reference {
                let shown = reference.to_string();
                lines.push(say("letter.reference", &[("reference", shown.into())]));
            }
            lines.push(say("letter.never", &[]));
            if let Some(site) = site {
                let link = format!("{site}{}", notice.place(role));
                lines.push(say("letter.more", &[("link", link.into())]));
                let link = format!("{site}/address");
                lines.push(say("letter.end", &[("link", link.into())]));
            }
            lines.join("\n")
        });
        Self { subject, body: format!("{}\n", parts.join("\n\n--------\n\n")) }
    }
}

fn both_of(key: &str) -> String {
    Language::ALL.map(|language| text::say(language, key, &[])).join(" ")
}
