//! The use cases, one file an act. Each takes a caller, asks the table of rights, and hands one closure to the writer;
//! whatever it answers is durable.

pub mod backups;
pub mod break_code;
pub mod breaks;
pub mod clock_watch;
mod common;
pub mod confirmation;
pub mod correct;
pub mod deliveries;
pub mod disclosures;
pub mod doctor;
pub mod drafts;
pub mod drill_lists;
pub mod drills;
pub mod eligibility;
pub mod emergency;
pub mod entrust;
pub mod exports;
mod first_step;
pub mod follow_up;
pub mod founding;
pub mod health;
pub mod import_break;
pub mod import_people;
pub mod keys;
pub mod lists;
pub mod look;
pub mod notices;
pub mod opened;
pub mod openers;
pub mod own_account;
pub mod pace;
pub mod pass_on;
pub mod passkeys;
pub mod passwords;
pub mod people;
pub mod people_table;
pub mod preparation_record;
pub mod prepare;
mod principals;
pub mod randomise;
pub mod ready;
pub mod record;
pub mod records;
pub mod recover;
pub mod recruitment;
pub mod refuse;
pub mod reports;
pub mod restore;
pub mod review;
pub mod rights;
pub mod rotations;
pub mod safety;
pub mod screen;
pub mod sealed_part;
pub mod second_factor;
pub mod sign_in;
pub mod sign_on;
pub mod signature;
pub mod stock;
pub mod strata;
pub mod tokens;
pub mod trail;
pub mod unblinded;
pub mod voids;
pub mod way;

use crate::clock::Clock;
use crate::dice::Dice;
use crate::domain::access::{Act, Caller, Granted};
use crate::domain::ids::{CentreId, Reference};
use crate::domain::target::Targets;
use crate::domain::trial::Trial;
use crate::meter::Begun;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::Hash;
use crate::sealing::lock::ServerSecret;
use crate::sealing::manifest::{ListPurpose, SignedManifest};
use crate::store::queries::{Participant, Repeat};
use crate::store::repeats::{Before, OnceKey};
use crate::store::{Durable, Receipt, Stamp, Store, Tx};
use clock_watch::ClockWatch;
use pace::Paces;
use passkeys::Passkeys;
use passwords::Passwords;
use refuse::Noted;
use second_factor::Guesses;
use sign_in::Failures;
use sign_on::SignOn;
pub use signature::{KeyProof, Proof, Signature};
use std::sync::{Arc, OnceLock};

/// Everything an act may use. Nothing in it can open a sealed arm.
pub struct House {
    /// The store.
    pub store: Store,
    /// The trial as configured. It names no arm.
    pub trial: Arc<Trial>,
    /// SHA-256 of the trial file.
    pub configuration: Hash,
    /// The public commitment: the manifest named in the trail's first entry.
    pub manifest: SignedManifest,
    /// Locks and lifts; signs checkpoints.
    pub secret: Arc<ServerSecret>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub dice: Arc<dyn Dice>,
    /// Checks sign-in passwords, two at once.
    pub passwords: Passwords,
    /// The hosts that it may speak to: none, unless the house's configuration named some.
    speaks_to: OnceLock<Targets>,
    /// Wrong passwords under signatures: who took over a session must not guess faster than at the door.
    pub signature_slips: Failures,
    /// The hospital's sign-on, where there is one, and who is on the way there.
    pub sign_on: SignOn,
    /// Wrong digits of second factors.
    pub guesses: Guesses,
    /// Where passkeys are made, if the house's configuration says so, and what they were asked.
    passkeys: Passkeys,
    /// How fast each account asks.
    pub paces: Paces,
    /// Notices when the clock is set.
    pub watch: ClockWatch,
}

/// An answer with its proof.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// What is answered.
    pub value: T,
    /// What proves it.
    pub receipt: Receipt,
    /// The act was done before, under the same key or for the same participant.
    pub repeated: bool,
}

impl<T> Answered<T> {
    /// The same with something else answered.
    fn map<U>(self, other: impl FnOnce(T) -> U) -> Answered<U> {
        Answered { value: other(self.value), receipt: self.receipt, repeated: self.repeated }
    }
}

/// What the writer says beside its answer: was it done before?
impl<T> From<Durable<(T, bool)>> for Answered<T> {
    fn from(done: Durable<(T, bool)>) -> Self {
        let ((value, repeated), receipt) = done.into_parts();
        Self { value, receipt, repeated }
    }
}

impl From<Durable<bool>> for Answered<()> {
    fn from(done: Durable<bool>) -> Self {
        let (repeated, receipt) = done.into_parts();
        Self { value: (), receipt, repeated }
    }
}

impl House {
    /// Says once, before it serves, which hosts it may speak to.
    pub fn speak_to(&self, targets: Targets) {
        let _ = self.speaks_to.set(targets);
    }

    /// The hosts that it may speak to.
    pub fn targets(&self) -> &Targets {
        self.speaks_to.get_or_init(Targets::default)
    }

    /// `live`, or `training`: a service has one kind of list for ever.
    pub fn purpose(&self) -> ListPurpose {
        self.manifest.manifest.purpose
    }

    /// Asks the table of rights about an act at a centre; a refusal is an entry too.
    ///
    /// # Errors
    /// `second-factor-needed`; `not-your-role`; for the right role at another centre, `no-such-record`, so that nobody learns what is elsewhere.
    pub async fn may<A: Act>(&self, caller: &Caller, at: &CentreId) -> Result<Granted<A>, Refusal> {
        self.check_second_factor::<A>(caller).await?;
        match caller.may::<A>(at) {
            Ok(granted) => Ok(granted),
            Err(refused) => {
                let why = if refused.elsewhere { Why::NoSuchRecord } else { Why::NotYourRole };
                Err(self.refuse(caller, A::NAME, why).await)
            }
        }
    }

    /// Asks the table of rights about an act that is not tied to one centre.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn may_somewhere<A: Act>(&self, caller: &Caller) -> Result<Granted<A>, Refusal> {
        self.check_second_factor::<A>(caller).await?;
        match caller.may_somewhere::<A>() {
            Ok(granted) => Ok(granted),
            Err(_) => Err(self.refuse(caller, A::NAME, Why::NotYourRole).await),
        }
    }

    /// Nothing is done for whoever must set a second factor up first (AC-9).
    async fn check_second_factor<A: Act>(&self, caller: &Caller) -> Result<(), Refusal> {
        if self.lacks_second_factor(caller)? {
            return Err(self.refuse(caller, A::NAME, Why::SecondFactorNeeded).await);
        }
        Ok(())
    }

    /// Asks the table of rights about an act on one participant's record. A record of another centre and none at all are
    /// one answer, one entry and one cost; a role without the right does not learn even that.
    ///
    /// # Errors
    /// `not-your-role`, `no-such-record`.
    async fn may_about<A: Act>(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<(Participant, Granted<A>), Refusal> {
        self.may_somewhere::<A>(caller).await?;
        let found = self.store.read(|view| Ok::<_, Refusal>(view.participant(reference)?))?;
        let Some(participant) = found else {
            return Err(self.refuse(caller, A::NAME, Why::NoSuchRecord).await);
        };
        let may = self.may::<A>(caller, &participant.centre).await?;
        Ok((participant, may))
    }

    /// Runs an act in the writer. A refusal undoes it and leaves an entry that says what was wanted.
    ///
    /// # Errors
    /// The act's refusal, or the store's failure.
    pub async fn act<A: Act, T: Send + 'static>(
        &self,
        may: &Granted<A>,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<crate::store::Durable<T>, Refusal> {
        let stamp = Stamp::person(may.by(), may.role());
        let centre = may.centre().cloned();
        let noted = move |refusal| Noted { refusal, wanted: Some((A::NAME, centre)) };
        let begun = Begun::new();
        let pending = self.store.write(stamp, |tx| act(tx).map_err(noted));
        let done = pending.answer().await.map_err(|noted: Noted| noted.refusal);
        let (act, duration_ms) = (A::NAME, begun.millis());
        let centre = may.centre().map(CentreId::as_str);
        match &done {
            Ok(done) => {
                tracing::info!(entry = done.entry(), act, centre, duration_ms, "act done");
            }
            Err(refusal) => {
                let problem = refusal.code.as_str();
                tracing::info!(act, centre, problem, duration_ms, "act refused");
            }
        }
        done
    }
}

/// Gives the first answer of a repeated act, or nothing when the act is new.
///
/// # Errors
/// `idempotency-key-reused` when the key was used for something else.
pub(crate) fn first_answer(tx: &mut Tx<'_>, once: &OnceKey) -> Result<Option<Repeat>, Refusal> {
    match tx.before(once)? {
        Before::New => Ok(None),
        Before::OtherBody => Err(Refusal::new(Why::IdempotencyKeyReused)),
        Before::Done(first) => {
            tx.receipt_about(first.seq);
            Ok(Some(first))
        }
    }
}
