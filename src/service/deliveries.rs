//! What is on its way out: which programs are told, how deliveries went, and asking for one again. An administrator sees
//! kinds, accounts and times; no participant and no address.

use super::refuse::Noted;
use super::{Answered, House, first_answer};
use crate::domain::access::{Caller, ManageDeliveries};
use crate::domain::entry::Entry;
use crate::domain::ids::Reference;
use crate::domain::notice::{Kind, Notice, next_try};
use crate::domain::people::Person;
use crate::domain::target::Target;
use crate::domain::time::Moment;
use crate::limits::PAGE;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::store::Stamp;
pub use crate::store::outbox::{Delivery, Due, Standing, Way, Webhook, Which};
use crate::store::repeats::OnceKey;

/// How a try went: a word of ours, never the other side's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The other side took it.
    Taken,
    /// It did not, this time: why, in a word.
    Not(&'static str),
    /// It never will: there is nowhere to send it any more.
    Never(&'static str),
}

/// What is wrong with the service itself, and who is told where.
pub type Fault = (Notice, Vec<(Person, String)>);

impl House {
    /// Has a program told of everything that leaves the house. Only hosts that the house's configuration names.
    ///
    /// # Errors
    /// `invalid-fields` for an address that is none or is not listed.
    pub async fn add_webhook(
        &self,
        caller: &Caller,
        url: String,
        once: OnceKey,
    ) -> Result<Answered<Reference>, Refusal> {
        let may = self.may_somewhere::<ManageDeliveries>(caller).await?;
        let wrong = |code| Refusal::fields(vec![FieldError::new("/url", code)]);
        let target = Target::parse(&url).ok_or_else(|| wrong(FieldCode::UrlForm))?;
        if !self.targets().allow(&target) {
            return Err(wrong(FieldCode::UrlNotListed));
        }
        let done = self.act(&may, move |tx| {
            if let Some(first) = first_answer(tx, &once)? {
                let reference = Reference::parse(&first.answer);
                return Ok((reference.map_err(|_| Refusal::new(Why::Internal))?, true));
            }
            let reference = tx.reference();
            let entry = Entry::new("webhook-added").on("reference", reference.as_str());
            let entry = entry.with("host", target.host).private("url", target.url);
            let seq = tx.append(entry)?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok((reference, false))
        });
        Ok(done.await?.into())
    }

    /// Ends a webhook: nothing goes there any more.
    ///
    /// # Errors
    /// `no-such-record`; `wrong-state` when it was ended before.
    pub async fn end_webhook(
        &self,
        caller: &Caller,
        reference: Reference,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        self.about_webhook(caller, reference, "webhook-ended", once).await
    }

    /// Sends a webhook a notice that says nothing but that it was tried out.
    ///
    /// # Errors
    /// `no-such-record`; `wrong-state` when it was ended.
    pub async fn test_webhook(
        &self,
        caller: &Caller,
        reference: Reference,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        self.about_webhook(caller, reference, "webhook-tested", once).await
    }

    async fn about_webhook(
        &self,
        caller: &Caller,
        reference: Reference,
        act: &'static str,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<ManageDeliveries>(caller).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let webhook = tx.view().webhook(&reference)?;
            let webhook = webhook.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            if !webhook.active {
                return Err(Refusal::new(Why::WrongState));
            }
            let entry = Entry::new(act).on("reference", reference.as_str());
            let seq = tx.append(entry.with("host", webhook.host))?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Every webhook, the newest first.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn webhooks(&self, caller: &Caller) -> Result<Vec<Webhook>, Refusal> {
        self.may_somewhere::<ManageDeliveries>(caller).await?;
        self.store.read(|view| Ok(view.webhooks()?))
    }

    /// The newest deliveries, with how they went.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn deliveries(&self, caller: &Caller) -> Result<Vec<Delivery>, Refusal> {
        self.may_somewhere::<ManageDeliveries>(caller).await?;
        self.store.read(|view| Ok(view.deliveries(PAGE)?))
    }

    /// Asks for a delivery again, whatever became of it. What is sent is made from the same notice, so it is the same.
    ///
    /// # Errors
    /// `no-such-record` when there is none.
    pub async fn replay(
        &self,
        caller: &Caller,
        which: Which,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<ManageDeliveries>(caller).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            if !tx.replay(&which)? {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let entry = Entry::new("delivery-replayed").with("notice", which.entry);
            let entry = entry.with("way", which.way.as_str()).with("target", which.target);
            let seq = tx.append(entry)?;
            tx.remember(&once, "replayed", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Deliveries of one kind that are due, for whoever carries them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn due(&self, way: Way, limit: u32) -> Result<Vec<Due>, Refusal> {
        self.store.read(|view| Ok(view.due(way, self.clock.now(), limit)?))
    }

    /// Notes how a try went, and when it is tried again. What nobody took for three days is told to the administrator,
    /// under an entry; anything else about deliveries is nobody's history.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_try(&self, delivery: &Delivery, tried: Tried) -> Result<Standing, Refusal> {
        let (delivery, now) = (delivery.clone(), self.clock.now());
        let next = next_try(delivery.since, delivery.tries + 1, now);
        let (standing, due, said) = match (tried, next) {
            (Tried::Taken, _) => (Standing::Sent, now, "taken"),
            (Tried::Not(said), Some(next)) => (Standing::Waiting, next, said),
            (Tried::Not(said) | Tried::Never(said), _) => (Standing::GivenUp, now, said),
        };
        let pending = self.store.write(Stamp::service(), move |tx| {
            tx.note_try(&delivery.which, standing, due, said)?;
            if standing == Standing::GivenUp {
                tx.append(given_up(&delivery, now).entry())?;
            }
            Ok::<_, Noted>(())
        });
        pending.wait().map_err(|noted| noted.refusal)?;
        Ok(standing)
    }

    /// Is the service itself unable to record what it should? Then nothing can be queued either: who is told by mail all
    /// the same, with the notice.
    ///
    /// # Errors
    /// When the store cannot even be read.
    pub fn fault(&self) -> Result<Option<Fault>, Refusal> {
        if self.health()?.is_well() {
            return Ok(None);
        }
        let kind = Kind::ServiceFault;
        let all = self.store.read(|view| Ok::<_, Refusal>(view.reachable()?))?.into_iter();
        let told = all.filter(|(person, _)| kind.is_mailed(person, None, "service")).collect();
        let at = self.clock.now();
        Ok(Some((Notice { kind, at, reference: None, centre: None, number: None }, told)))
    }

    /// How many deliveries wait, and since when the oldest does: for the page of health.
    ///
    /// # Errors
    /// When the store fails.
    pub fn waiting_deliveries(&self) -> Result<(u64, Option<Moment>), Refusal> {
        self.store.read(|view| Ok(view.waiting_deliveries()?))
    }
}

fn given_up(delivery: &Delivery, at: Moment) -> Notice {
    let reference = match delivery.which.way {
        Way::Webhook => Reference::parse(&delivery.which.target).ok(),
        Way::Mail => None,
    };
    Notice { kind: Kind::DeliveryGivenUp, at, reference, centre: None, number: None }
}
