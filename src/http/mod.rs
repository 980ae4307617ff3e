//! JSON over HTTP: the only room that knows it. A request is read within limits, a handler turns its body into domain
//! values and asks `service`, and the answer or the refusal goes out in the forms of this room. Handlers decide
//! nothing themselves.

pub mod about;
pub mod account;
pub mod answer;
pub mod caller;
pub mod drills;
pub mod emergency;
mod exports;
pub mod extract;
pub mod follow_up;
pub mod frame;
pub mod import_break;
pub mod imports;
pub mod keys;
pub mod list;
pub mod notices;
mod open_metrics;
pub mod openapi;
pub mod operations;
pub mod page;
pub mod pages;
pub mod participants;
mod pass_on;
mod passkeys;
pub mod people;
pub mod pharmacy;
pub mod problem;
pub mod records;
pub mod releases;
pub mod reports;
pub mod rights;
mod rotations;
pub mod routes;
mod sealed_part;
pub mod service;
mod tls;
pub mod tokens;
pub mod traffic;
pub mod trail;
pub mod trial;
pub mod wire;
pub mod witness;

pub use service::{served, table};
pub use tls::{Tls, TlsError};

use about::About;
use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServerHandle, ServiceRequest};
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::{App, HttpServer, web};
use frame::{Around, Ids, frame};
use openapi::Description;
use routes::Table;
use std::future::{Future, poll_fn};
use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use traffic::Traffic;

/// Threads that read and write. Acts wait for one writer anyway, and a trial's hospital server is small.
const WORKERS: usize = 2;
/// How long a client may take to send the head of a request.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// How long an idle connection is kept.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a client may take to take its leave.
const LEAVE_TIME_MAX: Duration = Duration::from_secs(5);
/// How long running acts may take to finish when the service stops, in seconds.
const STOP_SECONDS_MAX: u64 = 30;
/// How many connections a worker holds at once; more wait.
const CONNECTIONS_MAX: usize = 1024;

type Hold = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// What a port serves.
#[derive(Clone)]
pub struct Served {
    table: Table,
    description: Arc<Description>,
    about: Arc<About>,
    ids: Ids,
    https: bool,
    quiet: bool,
    traffic: Arc<Traffic>,
    holds: Vec<Hold>,
}

impl Served {
    /// The routes of `table`. `ids` gives each request its reference.
    pub fn new(
        table: Table,
        about: About,
        ids: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        let description = Arc::new(Description::of(&table));
        let (about, ids) = (Arc::new(about), Arc::new(ids));
        let (traffic, holds) = (Arc::new(Traffic::of(&table)), vec![]);
        Self { table, description, about, ids, https: false, quiet: false, traffic, holds }
    }

    /// Something that handlers ask for as `web::Data<T>`.
    #[must_use]
    pub fn holding<T: Send + Sync + 'static>(mut self, thing: Arc<T>) -> Self {
        self.holds.push(Arc::new(move |config| {
            config.app_data(web::Data::from(thing.clone()));
        }));
        self
    }

    /// The public address is https: browsers may remember that.
    #[must_use]
    pub fn behind_https(mut self) -> Self {
        self.https = true;
        self
    }

    /// Machines ask here, often: an answer is worth no line in the log.
    #[must_use]
    fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    fn around(&self) -> Around {
        let (ids, traffic) = (self.ids.clone(), Arc::clone(&self.traffic));
        Around { ids, https: self.https, traffic, quiet: self.quiet }
    }

    /// The table, for whoever tests it.
    pub fn table(&self) -> &Table {
        &self.table
    }
}

/// Puts routes and data into an application. [`serve`] adds what stands around every answer.
pub fn app_config(config: &mut web::ServiceConfig, served: &Served) {
    config.app_data(web::Data::from(served.description.clone()));
    config.app_data(web::Data::from(served.about.clone()));
    for hold in &served.holds {
        hold(config);
    }
    served.table.configure(config);
}

/// A port, and what is served on it.
pub struct Port {
    /// The bound address.
    pub listener: TcpListener,
    /// What is served.
    pub served: Served,
    /// The certificate, where this process speaks TLS itself.
    pub tls: Option<Tls>,
}

/// How an end was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Running requests finish.
    InOrder,
    /// Nobody waits: what is committed is committed.
    AtOnce,
}

/// Serves until `until` is over, or the process is asked to end (SIGTERM, SIGINT); then running requests finish.
///
/// # Errors
/// When the listener cannot be taken over.
pub async fn serve(
    listener: TcpListener,
    served: Served,
    until: impl Future<Output = ()> + 'static,
) -> io::Result<()> {
    serve_beside(Port { listener, served, tls: None }, None, until, || ()).await
}

/// The same, with the port of operations beside it for as long. `ending` is called when the end begins.
///
/// # Errors
/// When a listener cannot be taken over.
pub async fn serve_beside(
    main: Port,
    operations: Option<Port>,
    until: impl Future<Output = ()> + 'static,
    ending: impl FnOnce() + 'static,
) -> io::Result<()> {
    let server = start(main, WORKERS)?;
    let beside = operations.map(|port| start(port, 1)).transpose()?;
    let beside = beside.map(|beside| {
        let handle: ServerHandle = beside.handle();
        actix_web::rt::spawn(beside);
        handle
    });
    let asked = asked_to_end(until)?;
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        let how = asked.await;
        ending();
        handle.stop(how == Ending::InOrder).await;
    });
    let ended = server.await;
    if let Some(beside) = beside {
        beside.stop(false).await;
    }
    ended
}

fn start(port: Port, workers: usize) -> io::Result<Server> {
    let Port { listener, served, tls } = port;
    let server = HttpServer::new(move || {
        let around = served.around();
        let around =
            move |req: ServiceRequest, next: Next<BoxBody>| frame(around.clone(), req, next);
        App::new().configure(|config| app_config(config, &served)).wrap(from_fn(around))
    })
    .workers(workers)
    .disable_signals()
    .max_connections(CONNECTIONS_MAX)
    .client_request_timeout(HEAD_TIME_MAX)
    .client_disconnect_timeout(LEAVE_TIME_MAX)
    .keep_alive(IDLE_TIME_MAX)
    .shutdown_timeout(STOP_SECONDS_MAX);
    let server = match tls {
        None => server.listen(listener)?,
        Some(tls) => server.listen_rustls_0_23(listener, tls.into_config())?,
    };
    Ok(server.run())
}

/// Waits for the first of: `until`, SIGTERM, SIGINT.
fn asked_to_end(until: impl Future<Output = ()>) -> io::Result<impl Future<Output = Ending>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let mut until = pin!(until);
        poll_fn(|context| {
            if until.as_mut().poll(context).is_ready() || terminate.poll_recv(context).is_ready() {
                return Poll::Ready(Ending::InOrder);
            }
            interrupt.poll_recv(context).map(|_| Ending::AtOnce)
        })
        .await
    })
}

/// Runs [`serve`] on this thread: rooms above know no runtime.
pub fn block_on<F: Future>(work: F) -> F::Output {
    actix_web::rt::System::new().block_on(work)
}
