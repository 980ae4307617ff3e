//! Pages for people, as this room serves them: cookies, form tokens, languages, sign-in in the way. What a page shows and
//! does is `web`'s; it is handed over as a table of [`Page`]s, so that `web` never learns of HTTP.
//!
//! A page answers GET by showing itself. It answers POST by acting, and then leads on (303); when a field is wrong it
//! shows itself again with everything that was typed. Pressing the other language, or coming back after an idle session
//! has ended, shows the page again with everything that was typed, and does nothing.

mod answer;
mod cookie;
mod sign_on;
mod statics;
mod visit;

pub(super) use answer::{routes, stop};
pub(super) use cookie::{language, session};
pub use sign_on::BACK;
pub use statics::{Static, Statics};
pub use visit::{Said, Visit, form_token};

use super::routes::Door;
use crate::domain::access::Act;
use crate::refusal::Refusal;
use crate::service::exports::File;
use crate::service::passkeys::Question;
use crate::service::sign_in::SignedIn;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A page that is ready to be sent.
#[derive(Debug)]
pub struct Paper {
    /// The whole document.
    pub html: String,
}

/// What follows an act.
pub enum Next {
    /// Another page: its address. The browser asks for it anew, so that reloading repeats nothing.
    To(String),
    /// A page that stands nowhere else: what is shown once and never again.
    Shown(Paper),
    /// A session begins, and another page is shown in it.
    Entered(SignedIn, String),
    /// A file to keep.
    File(File),
    /// The session has ended.
    SignedOut,
}

type Showing = Pin<Box<dyn Future<Output = Result<Paper, Refusal>>>>;
type Acting = Pin<Box<dyn Future<Output = Result<Next, Refusal>>>>;
type Asking = Pin<Box<dyn Future<Output = Result<(), Refusal>>>>;

/// One page of the table.
#[derive(Clone)]
pub struct Page {
    /// Its address; variable parts as `{reference}`.
    pub path: &'static str,
    /// Who may come in. The door asks the table of rights; a use case asks it again, since only that knows the centre.
    pub door: Door,
    /// Is a key made or opened here? Then the page may run our own scripts, and no other page may.
    pub keys: bool,
    may: Arc<dyn Fn(Visit) -> Asking + Send + Sync>,
    show: Arc<dyn Fn(Visit) -> Showing + Send + Sync>,
    act: Option<Arc<dyn Fn(Visit) -> Acting + Send + Sync>>,
}

impl Page {
    /// A page for those whom the table of rights lets do this act.
    pub fn of<A: Act, F>(path: &'static str, _act: A, show: fn(Visit) -> F) -> Self
    where
        F: Future<Output = Result<Paper, Refusal>> + 'static,
    {
        let may = |visit: Visit| -> Asking {
            Box::pin(
                async move { visit.house.may_somewhere::<A>(visit.caller()?).await.map(|_| ()) },
            )
        };
        Self { may: Arc::new(may), ..Self::new(path, Door::Act(A::NAME), show) }
    }

    /// A page for anybody who is signed in, about themselves.
    pub fn signed_in<F>(path: &'static str, show: fn(Visit) -> F) -> Self
    where
        F: Future<Output = Result<Paper, Refusal>> + 'static,
    {
        Self::new(path, Door::SignedIn, show)
    }

    /// A page for anybody.
    pub fn public<F>(path: &'static str, show: fn(Visit) -> F) -> Self
    where
        F: Future<Output = Result<Paper, Refusal>> + 'static,
    {
        Self::new(path, Door::Public, show)
    }

    fn new<F>(path: &'static str, door: Door, show: fn(Visit) -> F) -> Self
    where
        F: Future<Output = Result<Paper, Refusal>> + 'static,
    {
        let show = Arc::new(move |visit| -> Showing { Box::pin(show(visit)) });
        let may = Arc::new(|_| -> Asking { Box::pin(async { Ok(()) }) });
        Self { path, door, keys: false, may, show, act: None }
    }

    /// What it does when its form is sent.
    #[must_use]
    pub fn acts<F>(mut self, act: fn(Visit) -> F) -> Self
    where
        F: Future<Output = Result<Next, Refusal>> + 'static,
    {
        self.act = Some(Arc::new(move |visit| -> Acting { Box::pin(act(visit)) }));
        self
    }

    /// A key is made or opened here.
    #[must_use]
    pub fn with_keys(mut self) -> Self {
        self.keys = true;
        self
    }
}

/// Every page, what stands beside them, and the two that come in between.
pub struct Pages {
    /// The table.
    pub all: Vec<Page>,
    /// Style, pictures, scripts, word lists.
    pub statics: Statics,
    /// Says a refusal. The visit says who is told.
    pub refused: fn(&Visit, &Refusal) -> Paper,
    /// Asks for name and password, or for the second factor, in the place of the page, and carries along what was typed.
    pub sign_in: fn(&Visit, &SignInStep) -> Paper,
}

/// How far somebody is at the door.
pub enum SignInStep {
    /// Name and password; were they wrong a moment ago?
    First(bool),
    /// The second factor, with what shows that the password was right; was a code wrong a moment ago? And what a passkey is
    /// asked, where the person has one.
    Second(Zeroizing<String>, bool, Option<Question>),
}
