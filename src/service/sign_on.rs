//! The hospital's sign-on: who has linked the account there may enter by it. It takes the place of the password at the door
//! and nowhere else: the second step is still asked for, nobody gets an account by it, and nothing is ever signed with it.
//!
//! Who is on the way there stands in memory, for minutes, under the token of a cookie: what comes back is taken once, from
//! the browser that went, or not at all.

use super::refuse::Noted;
use super::second_factor::{Second, noted, person_only};
use super::sign_in::{Failures, FirstStep, NotSignedIn, SignedIn};
use super::{Answered, House, first_answer};
use crate::domain::access::Caller;
use crate::domain::entry::Entry;
use crate::domain::ids::PersonId;
use crate::domain::time::Moment;
use crate::limits::{HALF_WAY_SECONDS, SIGN_ON_TALKS, SIGN_ONS};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{Hash, hex, same, sha256};
use crate::store::repeats::OnceKey;
use crate::store::{Stamp, StoreError, Tx};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// What is sent to the hospital's server with somebody. Each is 64 hex digits, rolled for this one way.
#[derive(Clone)]
pub struct Ask {
    /// Comes back with the browser.
    pub state: Zeroizing<String>,
    /// Comes back inside what the server signs.
    pub nonce: Zeroizing<String>,
    /// Shown only when the code is exchanged; its hash goes along (PKCE).
    pub verifier: Zeroizing<String>,
}

/// What came back with a browser, and what it must fit.
pub struct Back {
    /// What the browser brought, to be exchanged for the server's word.
    pub code: Zeroizing<String>,
    /// What was sent.
    pub ask: Ask,
    /// When it was sent.
    pub begun: Moment,
    /// The time.
    pub now: Moment,
}

/// The word of the hospital's server, checked.
pub struct Proof {
    /// The server's own name.
    pub issuer: String,
    /// The account there. It is hashed at once and kept nowhere.
    pub subject: Zeroizing<String>,
    /// Did it ask for a second step that counts here as well?
    pub second_step: bool,
}

/// Why there is no word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The server does not answer, or not as such a server does, or may not be spoken to.
    Away,
    /// What it said does not fit.
    Refused,
}

/// The hospital's server. Both calls may wait for the network, and are never made on a thread that serves.
pub trait Hospital: Send + Sync {
    /// What it is called on pages.
    fn name(&self) -> &str;

    /// Where a browser goes to sign in there.
    ///
    /// # Errors
    /// [`Trouble`].
    fn way_there(&self, ask: &Ask, now: Moment) -> Result<String, Trouble>;

    /// Whom it vouches for.
    ///
    /// # Errors
    /// [`Trouble`].
    fn proof(&self, back: &Back) -> Result<Proof, Trouble>;
}

/// Why nobody enters by it. The words stand in the page's address: none tells of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOn {
    /// The hospital's server is away.
    Away,
    /// Unknown, used, too old, or begun in another browser.
    Over,
    /// The server did not vouch for anybody, or not as it must.
    Refused,
    /// Nobody has linked this account, or not any more.
    Unlinked,
    /// Something else stands in the way.
    Refusal(Refusal),
}

impl NotOn {
    /// Those that have words of their own.
    pub const ALL: [NotOn; 4] = [NotOn::Away, NotOn::Over, NotOn::Refused, NotOn::Unlinked];

    /// Its word.
    pub fn as_str(&self) -> &'static str {
        match self {
            NotOn::Away => "away",
            NotOn::Over => "over",
            NotOn::Refused => "refused",
            NotOn::Unlinked => "unlinked",
            NotOn::Refusal(refusal) => refusal.code.as_str(),
        }
    }
}

impl From<Trouble> for NotOn {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Away => NotOn::Away,
            Trouble::Refused => NotOn::Refused,
        }
    }
}

impl From<Refusal> for NotOn {
    fn from(refusal: Refusal) -> Self {
        NotOn::Refusal(refusal)
    }
}

/// What follows for whoever came back.
pub enum CameBack {
    /// A session has begun.
    In(Box<SignedIn>),
    /// The second step is asked for; it stands under this token.
    SecondStep(Zeroizing<String>),
    /// The account there is to be linked; it stands under this token.
    Linking(Zeroizing<String>),
}

/// Why somebody goes there.
#[derive(Clone, PartialEq, Eq)]
enum Purpose {
    Enter,
    /// A person, in this session.
    Link(PersonId, Hash),
}

/// How far somebody is.
enum Where {
    There { ask: Ask, begun: Moment, purpose: Purpose },
    SecondStep { person: PersonId, half: Zeroizing<String> },
    Linking { person: PersonId, session: Hash, link: Hash },
}

/// The hospital's server, and everybody who is on the way.
#[derive(Default)]
pub struct SignOn {
    hospital: OnceLock<Arc<dyn Hospital>>,
    ways: Mutex<BTreeMap<Hash, (Moment, Where)>>,
    talks: Arc<AtomicUsize>,
}

impl SignOn {
    /// Says once, before it serves, who the hospital's server is.
    pub fn is_by(&self, hospital: Arc<dyn Hospital>) {
        let _ = self.hospital.set(hospital);
    }

    /// What it is called; none where there is none.
    pub fn name(&self) -> Option<&str> {
        self.hospital.get().map(|hospital| hospital.name())
    }

    /// Keeps a way under a new token. When there are too many, the one that would be over first is forgotten.
    fn keep(&self, token: Hash, now: Moment, way: Where) {
        let Ok(mut ways) = self.ways.lock() else { return };
        ways.retain(|_, (until, _)| now < *until);
        if ways.len() >= SIGN_ONS {
            let first = ways.iter().min_by_key(|(_, (until, _))| *until).map(|(token, _)| *token);
            first.and_then(|token| ways.remove(&token));
        }
        ways.insert(token, (now.plus_seconds(HALF_WAY_SECONDS), way));
    }

    /// Takes a way up, if it is one that `fits`: whoever comes second finds nothing.
    fn take(&self, token: &str, now: Moment, fits: impl Fn(&Where) -> bool) -> Option<Where> {
        let mut ways = self.ways.lock().ok()?;
        let token = sha256(token.as_bytes());
        let (until, way) = ways.get(&token)?;
        if now >= *until || !fits(way) {
            return None;
        }
        ways.remove(&token).map(|(_, way)| way)
    }

    /// Speaks with the server on a thread of its own, a few at once: one that hangs holds up nobody else.
    async fn talk<T: Send + 'static>(
        &self,
        talk: impl FnOnce(&dyn Hospital) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let hospital = Arc::clone(self.hospital.get().ok_or(Trouble::Away)?);
        let talks = Arc::clone(&self.talks);
        if talks.fetch_add(1, Ordering::SeqCst) >= SIGN_ON_TALKS {
            talks.fetch_sub(1, Ordering::SeqCst);
            return Err(Trouble::Away);
        }
        let (answer, said) = oneshot::channel();
        let ended = Arc::clone(&talks);
        let work = move || {
            let found = talk(hospital.as_ref());
            talks.fetch_sub(1, Ordering::SeqCst);
            // The browser may have gone away meanwhile.
            let _ = answer.send(found);
        };
        if std::thread::Builder::new().name("klero-sign-on".into()).spawn(work).is_err() {
            ended.fetch_sub(1, Ordering::SeqCst);
            return Err(Trouble::Away);
        }
        said.await.unwrap_or(Err(Trouble::Away))
    }
}

impl House {
    /// Sends a browser to the hospital's server: gives the token of its cookie, and the address. A caller goes there to
    /// link an account, anybody else to enter.
    ///
    /// # Errors
    /// `Away`.
    pub async fn go_to_hospital(
        &self,
        caller: Option<(&Caller, &str)>,
    ) -> Result<(Zeroizing<String>, String), NotOn> {
        let purpose = match caller {
            Some((caller, session)) => {
                person_only(caller)?;
                Purpose::Link(caller.person.id.clone(), sha256(session.as_bytes()))
            }
            None => Purpose::Enter,
        };
        let ask = Ask { state: self.token(), nonce: self.token(), verifier: self.token() };
        let (token, begun) = (self.token(), self.clock.now());
        let sent = ask.clone();
        let there = self.sign_on.talk(move |hospital| hospital.way_there(&sent, begun)).await?;
        let way = Where::There { ask, begun, purpose };
        self.sign_on.keep(sha256(token.as_bytes()), begun, way);
        Ok((token, there))
    }

    /// A browser came back, with what it brought. It is taken once, whatever comes of it.
    ///
    /// # Errors
    /// [`NotOn`].
    pub async fn came_back(
        &self,
        failures: &Failures,
        token: &str,
        state: &str,
        code: Option<Zeroizing<String>>,
        device: Option<Zeroizing<String>>,
    ) -> Result<CameBack, NotOn> {
        let fits = |way: &Where| match way {
            Where::There { ask, .. } => same(ask.state.as_bytes(), state.as_bytes()),
            _ => false,
        };
        let way = self.sign_on.take(token, self.clock.now(), fits);
        let Some(Where::There { ask, begun, purpose }) = way else { return Err(NotOn::Over) };
        let proof = match code {
            Some(code) => {
                let back = Back { code, ask, begun, now: self.clock.now() };
                self.sign_on.talk(move |hospital| hospital.proof(&back)).await
            }
            None => Err(Trouble::Refused),
        };
        let proof = match (proof, &purpose) {
            (Ok(proof), _) => proof,
            (Err(Trouble::Refused), Purpose::Enter) => {
                self.note_failure("sign-in-failed", None, false).await;
                return Err(NotOn::Refused);
            }
            (Err(trouble), _) => return Err(trouble.into()),
        };
        let link = self.secret.sign_on_link(&proof.issuer, &proof.subject);
        match purpose {
            Purpose::Enter => self.enter_by(failures, &link, proof.second_step, device).await,
            Purpose::Link(person, session) => {
                let token = self.token();
                let way = Where::Linking { person, session, link };
                self.sign_on.keep(sha256(token.as_bytes()), self.clock.now(), way);
                Ok(CameBack::Linking(token))
            }
        }
    }

    async fn enter_by(
        &self,
        failures: &Failures,
        link: &Hash,
        second_step: bool,
        device: Option<Zeroizing<String>>,
    ) -> Result<CameBack, NotOn> {
        let known = self.store.read(|view| Ok::<_, Refusal>(view.signs_on(link)?))?;
        let Some(person) = known else {
            self.note_failure("sign-in-failed", None, false).await;
            return Err(NotOn::Unlinked);
        };
        let until = self.clock.now().plus_seconds(HALF_WAY_SECONDS);
        let half = self.secret.half_way(&person, &hex(link), until);
        let door = FirstStep::SignOn(half, second_step);
        let second = Second { device, ..Second::default() };
        match self.sign_in_with(failures, person.as_str(), door, &second).await {
            Ok(signed_in) => Ok(CameBack::In(Box::new(signed_in))),
            Err(NotSignedIn { half_way: Some(half), .. }) => {
                let token = self.token();
                let way = Where::SecondStep { person, half };
                self.sign_on.keep(sha256(token.as_bytes()), self.clock.now(), way);
                Ok(CameBack::SecondStep(token))
            }
            // Unlinked or disabled a moment ago: the same words as for an account that nobody has linked.
            Err(not) if not.refusal.code == Why::CredentialsWrong => Err(NotOn::Unlinked),
            Err(not) => Err(not.refusal.into()),
        }
    }

    /// Who is to take the second step, and what shows that the hospital's server vouched for them. It is given out once.
    pub fn second_step_of(&self, token: &str) -> Option<(PersonId, Zeroizing<String>)> {
        let fits = |way: &Where| matches!(way, Where::SecondStep { .. });
        match self.sign_on.take(token, self.clock.now(), fits)? {
            Where::SecondStep { person, half } => Some((person, half)),
            _ => None,
        }
    }

    /// Since when the caller's hospital account is linked.
    ///
    /// # Errors
    /// When the store fails.
    pub fn linked_since(&self, caller: &Caller) -> Result<Option<Moment>, Refusal> {
        self.store.read(|view| Ok(view.sign_on_of(&caller.person.id)?.map(|(_, at)| at)))
    }

    /// May this session's browser link what it brought?
    pub fn may_link(&self, caller: &Caller, session: &str, token: &str) -> bool {
        let Ok(ways) = self.sign_on.ways.lock() else { return false };
        let way = ways.get(&sha256(token.as_bytes()));
        way.is_some_and(|(until, way)| self.clock.now() < *until && is_own(way, caller, session))
    }

    /// Links the hospital account that this browser brought: from now on it enters as the caller.
    ///
    /// # Errors
    /// `signature-needed` for a wrong password, and nothing is used up; `wrong-state` when there is none to link, or one
    /// is linked already; `invalid-fields` when it is somebody else's.
    pub async fn link_sign_on(
        &self,
        caller: &Caller,
        session: &str,
        token: &str,
        password: &Zeroizing<String>,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        person_only(caller)?;
        self.own_password(caller, password).await?;
        let fits = |way: &Where| is_own(way, caller, session);
        let link = match self.sign_on.take(token, self.clock.now(), fits) {
            Some(Where::Linking { link, .. }) => Some(link),
            _ => None,
        };
        let person = caller.person.id.clone();
        let pending = self.store.write(Stamp::person(&person, caller.role()), move |tx| {
            if first_answer(tx, &once).map_err(noted)?.is_some() {
                return Ok::<_, Noted>(true);
            }
            let none = tx.view().sign_on_of(&person)?.is_none();
            let link = link.filter(|_| none).ok_or_else(|| noted(Refusal::new(Why::WrongState)))?;
            if !tx.keep_sign_on(&person, &link)? {
                let error = FieldError::new("/password", FieldCode::LinkedElsewhere);
                return Err(noted(Refusal::fields(vec![error])));
            }
            let seq = tx.append(Entry::new("sign-on-linked").on("person", person.as_str()))?;
            tx.remember(&once, "linked", seq)?;
            Ok(false)
        });
        let answer = pending.answer().await.map_err(|noted| noted.refusal)?;
        Ok(answer.into())
    }

    /// Unlinks the caller's hospital account. One that is not there stays so.
    ///
    /// # Errors
    /// `signature-needed` for a wrong password; `wrong-state` when none is linked.
    pub async fn unlink_sign_on(
        &self,
        caller: &Caller,
        password: &Zeroizing<String>,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        person_only(caller)?;
        self.own_password(caller, password).await?;
        let person = caller.person.id.clone();
        let pending = self.store.write(Stamp::person(&person, caller.role()), move |tx| {
            if first_answer(tx, &once).map_err(noted)?.is_some() {
                return Ok::<_, Noted>(true);
            }
            let gone = unlink(tx, &person)?;
            let seq = gone.ok_or_else(|| noted(Refusal::new(Why::WrongState)))?;
            tx.remember(&once, "unlinked", seq)?;
            Ok(false)
        });
        let answer = pending.answer().await.map_err(|noted| noted.refusal)?;
        Ok(answer.into())
    }
}

fn is_own(way: &Where, caller: &Caller, session: &str) -> bool {
    match way {
        Where::Linking { person, session: own, .. } => {
            *person == caller.person.id && *own == sha256(session.as_bytes())
        }
        _ => false,
    }
}

/// Unlinks a person's hospital account, and gives the entry; none when there was none.
///
/// # Errors
/// When the store fails.
pub(super) fn unlink(tx: &mut Tx<'_>, person: &PersonId) -> Result<Option<u64>, StoreError> {
    if !tx.forget_sign_on(person)? {
        return Ok(None);
    }
    tx.append(Entry::new("sign-on-unlinked").on("person", person.as_str())).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    fn way() -> Where {
        let person = PersonId::parse("hot-1").unwrap();
        Where::SecondStep { person, half: Zeroizing::new(String::new()) }
    }

    // shows: AC-1 (bounded in number and in time)
    #[test]
    fn those_who_are_on_the_way_are_bounded_in_number_and_in_time() {
        let (sign_on, now) = (SignOn::default(), Moment::from_millis(1_000_000));
        let token = |n: usize| sha256(n.to_string().as_bytes());
        for n in 0..=SIGN_ONS {
            sign_on.keep(token(n), now.plus_seconds(i64::try_from(n / 100).unwrap()), way());
        }
        assert_eq!(sign_on.ways.lock().unwrap().len(), SIGN_ONS);
        let last = SIGN_ONS.to_string();
        assert!(sign_on.take("nobody", now, |_| true).is_none());
        assert!(sign_on.take(&last, now, |_| false).is_none());
        assert!(sign_on.take(&last, now, |_| true).is_some());
        assert!(sign_on.take(&last, now, |_| true).is_none(), "taken once");
        let late = now.plus_seconds(HALF_WAY_SECONDS + 60);
        assert!(sign_on.take(&(SIGN_ONS - 1).to_string(), late, |_| true).is_none());
        sign_on.keep(token(0), late, way());
        assert_eq!(sign_on.ways.lock().unwrap().len(), 1, "those that were over are forgotten");
    }

    struct Silent;
    impl Hospital for Silent {
        fn name(&self) -> &str {
            "a made-up hospital"
        }
        fn way_there(&self, _: &Ask, _: Moment) -> Result<String, Trouble> {
            Err(Trouble::Away)
        }
        fn proof(&self, _: &Back) -> Result<Proof, Trouble> {
            Err(Trouble::Away)
        }
    }

    // shows: AC-1 (a server that hangs holds a few threads, and the next who comes is told so at once)
    #[test]
    fn few_talk_at_once_and_their_places_are_free_again() {
        let sign_on = SignOn::default();
        sign_on.is_by(Arc::new(Silent));
        let (hang_up, line) = std::sync::mpsc::channel::<()>();
        let line = Arc::new(Mutex::new(line));
        let hang = || {
            let line = Arc::clone(&line);
            // It ends when whoever holds the other end lets go.
            Box::pin(sign_on.talk(move |_| Ok(line.lock().unwrap().recv().is_err())))
        };
        let context = &mut Context::from_waker(Waker::noop());
        let mut talks: Vec<_> = (0..SIGN_ON_TALKS).map(|_| hang()).collect();
        assert!(talks.iter_mut().all(|talk| talk.as_mut().poll(context).is_pending()));
        for _ in 0..2 {
            assert_eq!(hang().as_mut().poll(context), Poll::Ready(Err(Trouble::Away)));
        }
        drop(hang_up);
        for mut talk in talks.into_iter().chain([hang()]) {
            let answer = loop {
                match talk.as_mut().poll(context) {
                    Poll::Ready(answer) => break answer,
                    Poll::Pending => std::thread::yield_now(),
                }
            };
            assert_eq!(answer, Ok(true));
        }
    }
}
