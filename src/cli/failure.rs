//! How a command ends: with a result, or with a failure that says what, why and what next (screens F2, F3).

use serde_json::{Value, json};
use std::fmt;

macro_rules! exits {
    ($( $(#[$doc:meta])* $exit:ident $number:literal $words:literal; )*) => {
        /// How a process ends. Stable: scripts and run-books count on the numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Exit { $( $(#[$doc])* $exit = $number, )* }

        impl Exit {
            /// All of them, by their numbers.
            pub const ALL: &[Exit] = &[$(Exit::$exit),*];

            /// What it means, as every help text says it.
            pub fn words(self) -> &'static str {
                match self { $(Exit::$exit => $words,)* }
            }
        }
    };
}

exits! {
    /// Something that none of the others names; the message says it.
    Failed 1 "failed, see the message";
    /// The command line itself is wrong.
    Usage 2 "wrong usage";
    /// Some of it was done; the rest is named.
    InPart 3 "done in part";
    /// A folder, backup or file is not there.
    NotThere 10 "no such folder or file";
    /// Another process has the folder open.
    InUse 11 "in use by another process";
    /// The six words do not unlock the identity.
    WrongWords 12 "wrong words";
    /// Sealed or wrapped to another key.
    OtherKey 13 "not wrapped to this key";
    /// A service does not answer, or refused.
    Network 14 "network or service refused";
    /// A file cannot be read as what it should be.
    Unreadable 15 "configuration or file wrong";
    /// A schema of another version.
    Schema 16 "schema unknown";
    /// It exists already, and nothing is ever overwritten.
    Exists 17 "exists already";
    /// Not allowed, or not allowed now.
    NotAllowed 18 "not allowed now";
    /// A proof, trail or list does not hold.
    NotVerified 20 "verification failed";
    /// What was released does not open here, or does not fit the commitment.
    DoesNotFit 21 "opening refused: does not fit";
    /// The database is older than what was answered from it.
    Behind 22 "behind its checkpoint store";
    /// The doctor found something.
    Mend 23 "something must be mended";
    /// A slot of a centre that this person or wrap has nothing to do with.
    OtherCentre 24 "another centre";
    /// The commitment is not one that its signer signed.
    AlteredManifest 25 "altered manifest";
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// One word for scripts; never renamed.
    pub code: &'static str,
    /// What happened. It repeats nothing secret.
    pub what: String,
    /// Why, where there is more to say.
    pub why: Option<String>,
    /// What to do now.
    pub next: String,
    /// What was found before it failed: printed like a result.
    pub found: Option<Box<Done>>,
}

impl Failure {
    /// A failure that says what happened and what to do next.
    pub fn new(
        exit: Exit,
        code: &'static str,
        what: impl fmt::Display,
        next: impl Into<String>,
    ) -> Self {
        Self { exit, code, what: what.to_string(), why: None, next: next.into(), found: None }
    }

    /// The same, saying why.
    #[must_use]
    pub fn because(mut self, why: impl fmt::Display) -> Self {
        self.why = Some(why.to_string());
        self
    }

    /// The same, after this had been found.
    #[must_use]
    pub fn having_found(mut self, found: Done) -> Self {
        self.found = Some(Box::new(found));
        self
    }

    /// The last line of stderr under `--json`.
    pub fn to_json(&self) -> Value {
        let words = json!({"what": self.what, "why": self.why, "next": self.next});
        let mut all = json!({
            "ok": false, "exit": self.exit as u8, "code": self.code, "words": words,
        });
        if let Some(found) = &self.found {
            all["data"] = found.data.clone();
        }
        all
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.what)?;
        if let Some(why) = &self.why {
            why.lines().try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        write!(f, "  → {}   (exit {})", self.next, self.exit as u8)
    }
}

/// What a command found or made: lines for people, and the same for programs.
#[derive(Debug)]
pub struct Done {
    /// What goes to stdout, without the last line feed; nothing at all when it is empty.
    pub text: String,
    /// The `data` of `--json`.
    pub data: Value,
}

impl Done {
    /// A result in both forms.
    pub fn new(text: impl Into<String>, data: Value) -> Self {
        Self { text: text.into(), data }
    }
}

/// Says something on stderr, beside the result. When nobody can hear it, nothing else is lost: no command fails, and
/// none panics, because the other end of its talk has gone.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}
pub(crate) use say;

/// The end of every help text: three examples, and how the command can end.
pub fn ending(examples: [&str; 3], exits: &[Exit]) -> String {
    let mut text = String::from("Examples:\n");
    for example in examples {
        text.push_str(&format!("  {example}\n"));
    }
    text.push_str("\nExit codes:\n   0 done\n");
    let mut exits: Vec<Exit> = [exits, &[Exit::Failed, Exit::Usage]].concat();
    exits.sort_unstable();
    exits.dedup();
    for exit in exits {
        text.push_str(&format!("  {:>2} {}\n", exit as u8, exit.words()));
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::{Exit, Failure, ending};
    use std::collections::BTreeSet;

    #[test]
    fn a_failure_says_what_why_and_what_next_and_how_it_ends() {
        let failure =
            Failure::new(Exit::Exists, "file-exists", "list.txt exists already", "move it")
                .because("Nothing was changed.\nNothing is ever overwritten.");
        assert_eq!(
            failure.to_string(),
            "error: list.txt exists already\n  Nothing was changed.\n  Nothing is ever overwritten.\n  \
             → move it   (exit 17)"
        );
        assert_eq!(
            failure.to_json().to_string(),
            r#"{"ok":false,"exit":17,"code":"file-exists","words":{"what":"list.txt exists already","why":"Nothing was changed.\nNothing is ever overwritten.","next":"move it"}}"#
        );
    }

    #[test]
    fn no_two_ends_share_a_number_or_words() {
        let numbers: BTreeSet<u8> = Exit::ALL.iter().map(|exit| *exit as u8).collect();
        let words: BTreeSet<&str> = Exit::ALL.iter().map(|exit| exit.words()).collect();
        assert_eq!((numbers.len(), words.len()), (Exit::ALL.len(), Exit::ALL.len()));
        assert!(!numbers.contains(&0));
    }

    #[test]
    fn a_help_text_ends_with_examples_and_every_end_once() {
        let text = ending(["a", "b", "c"], &[Exit::Exists, Exit::Usage]);
        let codes = "\nExit codes:\n   0 done\n   1 failed, see the message\n   2 wrong usage\n  17 exists already";
        assert_eq!(text, format!("Examples:\n  a\n  b\n  c\n{codes}"));
    }
}
