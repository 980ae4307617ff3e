//! The six words: asked for without showing them, shown once when they are new, and never taken from a command line or
//! an environment, where other people and logs would see them.

use super::failure::{Exit, Failure, say};
use super::files::{Eyes, is_open_to_others, must_be_new, read_secret, read_text, write_new};
use crate::sealing::identity::{
    IDENTITY_BYTES_MAX, Identity, IdentityError, canonical_words, unknown_word,
};
use clap::Args;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The longest file of words, in bytes.
const WORDS_BYTES_MAX: usize = 1024;

/// Whose key a command uses.
#[derive(Args)]
pub struct Key {
    /// The sealed identity file, NAME.key.json
    #[arg(long, alias = "key", value_name = "FILE")]
    pub identity: PathBuf,
    /// A file of mode 0600 that holds the six words, or - for standard input; otherwise they are asked for
    #[arg(long, value_name = "FILE")]
    pub words_file: Option<PathBuf>,
}

impl Key {
    /// Unlocks the identity.
    ///
    /// # Errors
    /// See [`unlock`].
    pub fn unlock(&self) -> Result<Identity, Failure> {
        unlock(&self.identity, self.words_file.as_deref())
    }
}

/// Unlocks an identity file with its six words.
///
/// # Errors
/// 12 for wrong words, 15 for what is no identity file, and those of reading.
pub fn unlock(identity: &Path, words_file: Option<&Path>) -> Result<Identity, Failure> {
    let text = read_text(identity, IDENTITY_BYTES_MAX)?;
    if is_open_to_others(identity) {
        let name = identity.display();
        say!("note: others on this machine may read {name}; chmod 600 would stop that");
    }
    let words = ask(words_file, &format!("The six words of {}: ", identity.display()))?;
    Identity::from_file(&text, &words).map_err(|error| locked(identity, error, &words))
}

fn locked(identity: &Path, error: IdentityError, words: &str) -> Failure {
    let name = identity.display();
    if error != IdentityError::WrongWords {
        let what = format!("{name} is not an identity that can be used");
        let next = "use the file that klero key new wrote, or fetch it again after sign-in";
        return Failure::new(Exit::Unreadable, "identity-unreadable", what, next).because(error);
    }
    let count = canonical_words(words).split(' ').filter(|word| !word.is_empty()).count();
    let slip = match (count, unknown_word(words)) {
        (6, Some(number)) => format!("Word {number} is not in the list of words."),
        (6, None) => "All six are words of the list, but they are not this file's.".to_owned(),
        (count, _) => format!("There are six words; {count} were given."),
    };
    let what = format!("{name} does not open with these words");
    let next = "type the six words again, in their order; capitals and spaces do not matter";
    Failure::new(Exit::WrongWords, "wrong-words", what, next)
        .because(format!("{slip}\nNothing was opened."))
}

/// The words, from a file or the terminal.
///
/// # Errors
/// 18 for a file that others may read, 2 when there is nobody to ask.
pub fn ask(file: Option<&Path>, prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if let Some(file) = file {
        return read_secret(file, WORDS_BYTES_MAX);
    }
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| {
        let what = "the six words could not be asked for: there is no terminal";
        let next = "--words-file FILE, or --words-file - to read them from a pipe";
        Failure::new(Exit::Usage, "words-needed", what, next).because(error)
    })
}

/// Can new words be told at all? Asked before anything is made.
///
/// # Errors
/// 2 when stderr is a file or a log, where the words would stay; 17 when the file exists.
pub fn can_be_told(file: Option<&Path>, flag: &str) -> Result<(), Failure> {
    match file {
        Some(file) => must_be_new(file),
        None if std::io::stderr().is_terminal() => Ok(()),
        None => {
            let what = "the six new words have nowhere to go but a file or a log";
            let next = format!("{flag} FILE writes them to a new file of mode 0600");
            Err(Failure::new(Exit::Usage, "words-need-a-place", what, next))
        }
    }
}

/// Tells new words, once: to a new file of mode 0600, or framed to the terminal.
///
/// # Errors
/// Those of writing.
pub fn tell_once(words: &str, file: Option<&Path>) -> Result<(), Failure> {
    if let Some(file) = file {
        return write_new(file, Eyes::Owner, &Zeroizing::new(format!("{words}\n")));
    }
    let line = "─".repeat(words.chars().count() + 4);
    let frame = format!("┌{line}┐\n│  {words}  │\n└{line}┘");
    let once =
        "Write these six words down now. They are shown once, and nobody can tell them again.";
    // Unlike other talk: words that were not shown are lost, and the key with them.
    writeln!(std::io::stderr(), "{frame}\n{once}").map_err(|error| {
        let what = "the six words could not be shown";
        let next =
            "take the new files away, and try again at a terminal or with a file for the words";
        Failure::new(Exit::Failed, "words-not-shown", what, next).because(error)
    })
}
