//! `klero key`: identities and their public cards, on the holder's own machine.

use super::failure::{Done, Exit, Failure, ending};
use super::files::{Eyes, beside, must_be_new, read_text, replace, write_new};
use super::{rotate, words};
use crate::dice::SystemDice;
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::Role;
use crate::sealing::card::{CARD_BYTES_MAX, Card};
use crate::sealing::identity::{IDENTITY_BYTES_MAX, ITERATIONS, Identity, passphrase};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    New(New),
    Public(Public),
    Check(Check),
    Passwd(Passwd),
    Rotate(Box<rotate::Rotate>),
}

impl Verb {
    /// Runs it.
    pub fn run(self) -> Result<Done, Failure> {
        match self {
            Verb::New(new) => new.run(),
            Verb::Public(public) => public.run(),
            Verb::Check(check) => check.run(),
            Verb::Passwd(passwd) => passwd.run(),
            Verb::Rotate(rotate) => rotate.run(),
        }
    }
}

/// Make a key-holder's identity and public card
///
/// The identity is sealed under six words, made here and shown once. The card goes to the statistician or to whoever
/// grants the key; its fingerprint is compared by voice.
#[derive(Args)]
#[command(after_help = ending([
    "klero key new --person p-hs-1 --role pharmacist --centre huashan",
    "klero key new --person hot-1 --role hotline -o /media/stick/hot-1.key.json",
    "klero key new --person stat-1 --role statistician --words-file stat-1.words",
], &[Exit::Unreadable, Exit::Exists]))]
pub struct New {
    /// The person's id, as in the person's account
    #[arg(long, value_name = "ID", value_parser = PersonId::parse)]
    person: PersonId,
    /// pharmacist, investigator, hotline or statistician: no other role holds keys
    #[arg(long, value_parser = key_role)]
    role: Role,
    /// Where a pharmacist or investigator works; may be given several times
    #[arg(long, value_name = "ID", value_parser = CentreId::parse)]
    centre: Vec<CentreId>,
    /// The identity file; the card is written beside it   [default: PERSON.key.json]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the six words to this new file of mode 0600 instead of showing them
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
}

/// Print the public card of an identity; no words are needed
#[derive(Args)]
#[command(after_help = ending([
    "klero key public p-hs-1.key.json",
    "klero key public p-hs-1.key.json > p-hs-1.pub.json",
    "klero key public p-hs-1.pub.json --json",
], &[Exit::NotThere, Exit::Unreadable]))]
pub struct Public {
    /// An identity file or a card
    file: PathBuf,
}

/// Try the six words, and compare the card that lies beside the identity
#[derive(Args)]
#[command(after_help = ending([
    "klero key check p-hs-1.key.json",
    "klero key check p-hs-1.key.json --words-file p-hs-1.words",
    "klero key check p-hs-1.key.json --words-file - --json < p-hs-1.words",
], &[Exit::NotThere, Exit::WrongWords, Exit::Unreadable, Exit::NotAllowed, Exit::NotVerified]))]
pub struct Check {
    /// The identity file
    file: PathBuf,
    /// A file of mode 0600 that holds the six words, or - for standard input
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
}

/// Give an identity six new words; the keys and the card stay as they are
///
/// Copies of the old file still open with the old words.
#[derive(Args)]
#[command(after_help = ending([
    "klero key passwd p-hs-1.key.json",
    "klero key passwd p-hs-1.key.json --words-file old.words --new-words-file new.words",
    "klero key passwd hot-1.key.json --words-file - --new-words-file new.words < old.words",
], &[Exit::NotThere, Exit::WrongWords, Exit::Unreadable, Exit::Exists, Exit::NotAllowed]))]
pub struct Passwd {
    /// The identity file, which is replaced whole or not at all
    file: PathBuf,
    /// A file of mode 0600 that holds the old words, or - for standard input
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
    /// Write the new words to this new file of mode 0600 instead of showing them
    #[arg(long, value_name = "FILE")]
    new_words_file: Option<PathBuf>,
}

fn key_role(word: &str) -> Result<Role, &'static str> {
    Role::parse(word)
        .filter(|role| role.holds_keys())
        .ok_or("one of pharmacist, investigator, hotline, statistician")
}

impl New {
    /// Makes both files and tells the words.
    pub fn run(self) -> Result<Done, Failure> {
        if self.centre.is_empty() == self.role.works_at_centres() {
            let next =
                if self.centre.is_empty() { "add --centre ID" } else { "leave out --centre" };
            let what = format!("a {} works {}", self.role, place(self.role));
            return Err(Failure::new(Exit::Usage, "centres-do-not-fit", what, next));
        }
        let default = || PathBuf::from(format!("{}.key.json", self.person));
        let file = self.output.clone().unwrap_or_else(default);
        let card_file = beside(&file, ".key.json", ".pub.json");
        must_be_new(&file)?;
        must_be_new(&card_file)?;
        let words_file = self.words_file.as_deref();
        words::can_be_told(words_file, "--words-file")?;
        let dice = SystemDice::default();
        let made = Identity::generate(&self.person, self.role, &self.centre, &dice);
        let identity = made.map_err(|error| {
            let next = "name each centre once";
            Failure::new(Exit::Usage, "centres-do-not-fit", error, next)
        })?;
        let card = Card::from_json(&identity.card().to_json()).map_err(|error| {
            Failure::new(Exit::Usage, "centres-do-not-fit", error, "name each centre once")
        })?;
        let words = passphrase(&dice);
        write_new(&file, Eyes::Owner, &identity.to_file(&words, ITERATIONS, &dice))?;
        write_new(&card_file, Eyes::All, &format!("{}\n", card.to_json()))?;
        words::tell_once(&words, words_file)?;
        let text = format!(
            "identity     {}\ncard         {}\nfingerprint  {}",
            file.display(),
            card_file.display(),
            card.fingerprint_words()
        );
        Ok(Done::new(text, with_files(&card, &file, &card_file)))
    }
}

fn place(role: Role) -> &'static str {
    if role.works_at_centres() { "at one centre or several" } else { "for the whole trial" }
}

fn with_files(card: &Card, file: &Path, card_file: &Path) -> Value {
    let mut data = facts(card);
    data["identity"] = json!(file.display().to_string());
    data["card"] = json!(card_file.display().to_string());
    data
}

fn facts(card: &Card) -> Value {
    let centres: Vec<_> = card.centres.iter().map(CentreId::as_str).collect();
    json!({
        "person": card.person.as_str(), "role": card.role.as_str(), "centres": centres,
        "fingerprint": card.fingerprint_words(),
    })
}

impl Public {
    /// Prints the card.
    pub fn run(self) -> Result<Done, Failure> {
        let text = read_text(&self.file, IDENTITY_BYTES_MAX)?;
        let card = public_half(&text).ok_or_else(|| {
            let what = format!("{} is neither an identity nor a card", self.file.display());
            let next = "name the file that klero key new wrote";
            Failure::new(Exit::Unreadable, "identity-unreadable", what, next)
        })?;
        let json = card.to_json();
        let data = serde_json::from_str(&json).expect("a card is JSON");
        Ok(Done::new(json, data))
    }
}

/// The card of an identity file, from its public parts. They are not sealed, so only its holder's word and the
/// fingerprint, compared by voice, say that they are right.
fn public_half(text: &str) -> Option<Card> {
    if let Ok(card) = Card::from_json(text) {
        return Some(card);
    }
    let file: Value = serde_json::from_str(text).ok()?;
    if file["klero"] != "identity/v1" {
        return None;
    }
    let card = json!({
        "klero": "card/v1", "person": file["person"], "role": file["role"],
        "centres": file["centres"], "opening": file["opening"]["public"],
        "signing": file["signing"]["public"], "fingerprint": file["fingerprint"],
    });
    Card::from_json(&card.to_string()).ok()
}

impl Check {
    /// Unlocks the identity and compares the card.
    pub fn run(self) -> Result<Done, Failure> {
        let identity = words::unlock(&self.file, self.words_file.as_deref())?;
        let card = identity.card();
        let card_file = beside(&self.file, ".key.json", ".pub.json");
        let beside = match read_text(&card_file, CARD_BYTES_MAX) {
            Ok(text) if Card::from_json(&text).as_ref() == Ok(card) => "fits",
            Ok(_) => return Err(other_card(&card_file, card)),
            Err(_) => "not there",
        };
        let centres: Vec<_> = card.centres.iter().map(CentreId::as_str).collect();
        let at = if centres.is_empty() { "whole trial".to_owned() } else { centres.join(", ") };
        let text = format!(
            "person       {}\nrole         {}\ncentres      {at}\nfingerprint  {}\ncard         {beside}",
            card.person,
            card.role,
            card.fingerprint_words()
        );
        let mut data = facts(card);
        data["card"] = json!(beside);
        Ok(Done::new(text, data))
    }
}

fn other_card(card_file: &Path, card: &Card) -> Failure {
    let what = format!("{} is not the card of this identity", card_file.display());
    let next = "move it away, and write the right one with klero key public";
    Failure::new(Exit::NotVerified, "card-does-not-fit", what, next)
        .because(format!("The identity's fingerprint is {}.", card.fingerprint_words()))
}

impl Passwd {
    /// Seals the same keys under new words.
    pub fn run(self) -> Result<Done, Failure> {
        let new_words_file = self.new_words_file.as_deref();
        words::can_be_told(new_words_file, "--new-words-file")?;
        let identity = words::unlock(&self.file, self.words_file.as_deref())?;
        let dice = SystemDice::default();
        let words = passphrase(&dice);
        let text = identity.to_file(&words, ITERATIONS, &dice);
        // Told first: a file under words that nobody knows would be a lost key.
        words::tell_once(&words, new_words_file)?;
        replace(&self.file, &text)?;
        let text = format!("{} has new words", self.file.display());
        let data = json!({"identity": self.file.display().to_string()});
        Ok(Done::new(text, data))
    }
}
