//! JSON over HTTP: the only room that knows it. A request is read within limits, a handler turns its body into domain
//! values and asks `service`, and the answer or the refusal goes out in the forms of this room. Handlers decide
//! nothing themselves.

pub mod about;
pub mod account;
pub mod answer;
pub mod caller;
pub mod emergency;
pub mod extract;
pub mod follow_up;
pub mod frame;
pub mod imports;
pub mod keys;
pub mod list;
pub mod openapi;
pub mod page;
pub mod pages;
pub mod participants;
mod pass_on;
pub mod people;
pub mod pharmacy;
pub mod problem;
pub mod records;
pub mod releases;
pub mod reports;
pub mod rights;
mod rotations;
pub mod routes;
pub mod service;
pub mod tokens;
pub mod trail;
pub mod trial;
pub mod wire;

pub use service::{served, table};

use about::About;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpServer, web};
use frame::{Ids, frame};
use openapi::Description;
use routes::Table;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

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
        Self { table, description, about, ids, https: false, holds: vec![] }
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

/// Serves until `until` is over, or the process is asked to end (SIGTERM, SIGINT); then running requests finish.
///
/// # Errors
/// When the listener cannot be taken over.
pub async fn serve(
    listener: TcpListener,
    served: Served,
    until: impl Future<Output = ()> + 'static,
) -> io::Result<()> {
    let server = HttpServer::new(move || {
        let (ids, https) = (served.ids.clone(), served.https);
        let around =
            move |req: ServiceRequest, next: Next<BoxBody>| frame(ids.clone(), https, req, next);
        App::new().configure(|config| app_config(config, &served)).wrap(from_fn(around))
    })
    .workers(WORKERS)
    .max_connections(CONNECTIONS_MAX)
    .client_request_timeout(HEAD_TIME_MAX)
    .client_disconnect_timeout(LEAVE_TIME_MAX)
    .keep_alive(IDLE_TIME_MAX)
    .shutdown_timeout(STOP_SECONDS_MAX)
    .listen(listener)?
    .run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        until.await;
        handle.stop(true).await;
    });
    server.await
}

/// Runs [`serve`] on this thread: rooms above know no runtime.
pub fn block_on<F: Future>(work: F) -> F::Output {
    actix_web::rt::System::new().block_on(work)
}
