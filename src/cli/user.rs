//! `klero user`: what a signed-in person does about accounts, and what must work when no administrator can sign in.

use super::failure::{Done, Exit, Failure, ending, say};
use super::house::Place;
#[cfg(feature = "offline")]
use super::people;
use crate::domain::ids::PersonId;
use crate::domain::people::Anew;
use crate::refusal::{Code, Refusal};
use crate::text::Language;
use clap::{Args, Subcommand};
use serde_json::json;

/// Examples of the verbs; whoever signs in from a command needs the other half of the program.
pub const EXAMPLES: [&str; 3] = if cfg!(feature = "offline") {
    [
        "klero user import people.csv --server http://127.0.0.1:8787 --name admin-1",
        "klero user list --server http://127.0.0.1:8787 --name mon-1",
        RECOVER,
    ]
} else {
    [RECOVER, "klero user recover --help", "klero user --help"]
};
const RECOVER: &str = "klero user recover admin-1 second-factor --data /var/lib/klero";

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    #[cfg(feature = "offline")]
    List(people::List),
    #[cfg(feature = "offline")]
    Invite(Box<people::Invite>),
    #[cfg(feature = "offline")]
    Import(people::Import),
    #[cfg(feature = "offline")]
    Disable(people::Disable),
    Recover(Recover),
}

impl Verb {
    /// Runs it.
    pub fn run(self) -> Result<Done, Failure> {
        match self {
            #[cfg(feature = "offline")]
            Verb::List(list) => list.run(),
            #[cfg(feature = "offline")]
            Verb::Invite(invite) => invite.run(),
            #[cfg(feature = "offline")]
            Verb::Import(import) => import.run(),
            #[cfg(feature = "offline")]
            Verb::Disable(disable) => disable.run(),
            Verb::Recover(recover) => recover.run(),
        }
    }
}

/// Let a person set password or second factor up anew, on a stopped folder
///
/// For the day when no administrator can sign in. The trail says that it was done here, and the monitor sees it. A second
/// factor is given up at once, with its recovery codes and every session. Nobody's opening key is touched.
#[derive(Args)]
#[command(after_help = ending([
    RECOVER,
    "klero user recover admin-1 password --data data",
    "klero user recover admin-1 password --data data --json",
], &[Exit::NotThere, Exit::InUse, Exit::NotAllowed, Exit::Behind]))]
pub struct Recover {
    #[command(flatten)]
    place: Place,
    /// Whose account
    #[arg(value_parser = PersonId::parse)]
    person: PersonId,
    /// What is lost
    #[arg(value_parser = ["second-factor", "password"])]
    what: String,
}

impl Recover {
    /// Writes the entry and tells the link's token.
    pub fn run(self) -> Result<Done, Failure> {
        let house = self.place.open()?;
        let anew = Anew::parse(&self.what).unwrap_or(Anew::SecondFactor);
        let given = house.recover_here(&self.person, anew).map_err(|refusal| refused(&refusal))?;
        say!("The token is shown once, and is good once and for 72 hours.");
        say!("Next: start the service; {} opens  /start/TOKEN", self.person);
        let text = format!("{:<13}{}\ntoken        {}", "person", self.person, given.as_str());
        let data = json!({"person": self.person.as_str(), "what": self.what, "token": *given});
        Ok(Done::new(text, data))
    }
}

fn refused(refusal: &Refusal) -> Failure {
    let what = match refusal.code {
        Code::NoSuchRecord => "there is no such account",
        Code::WrongState => "the account is not active",
        _ => {
            return Failure::new(
                Exit::Failed,
                "store-failed",
                refusal.title(Language::En),
                "check the disk, then the folder:  klero trail verify --data DIR",
            );
        }
    };
    let next = "look who has an account on the page of people, or in  klero trail export";
    Failure::new(Exit::NotAllowed, refusal.code.as_str(), what, next)
}
