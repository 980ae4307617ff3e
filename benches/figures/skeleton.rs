//! The least program that does the same I/O: actix, one writer that groups, SQLite in WAL mode with
//! `synchronous=FULL`, rows of the sizes of a randomisation. No rights, no rules, no hashes, no proofs.

use super::load::{Times, in_parallel, post};
use actix_web::{App, HttpResponse, HttpServer, web};
use rusqlite::Connection;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;
use tokio::sync::oneshot;

type Job = (u64, oneshot::Sender<()>);

/// A running skeleton.
pub struct Skeleton {
    /// Where it listens.
    pub bare: String,
    queue: SyncSender<Job>,
    file: std::path::PathBuf,
}

const BODY: usize = 1_900;

fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).expect("a database");
    connection.pragma_update(None, "journal_mode", "WAL").expect("WAL");
    connection.pragma_update(None, "synchronous", "FULL").expect("FULL");
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, leaf BLOB, line TEXT);
             CREATE TABLE IF NOT EXISTS allocations (participant TEXT PRIMARY KEY, reference TEXT UNIQUE,
               stratum TEXT, position INTEGER, code TEXT UNIQUE, at INTEGER, entry INTEGER,
               UNIQUE (stratum, position)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS repeats (person TEXT, key BLOB, body BLOB, answer TEXT, seq INTEGER,
               PRIMARY KEY (person, key)) WITHOUT ROWID;",
        )
        .expect("tables");
    connection
}

/// A number that is spread as a hash is.
fn spread(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn insert(connection: &Connection, n: u64) {
    let line = "x".repeat(760);
    let far = spread(n);
    let name = format!("{far:016x}");
    let hash = [&far.to_be_bytes()[..], &[7; 24]].concat();
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql).and_then(|mut s| s.execute(values)).expect("a row");
    };
    run("INSERT INTO entries VALUES (?1, ?2, ?3)", &[&(n as i64), &hash, &line]);
    run(
        "INSERT INTO allocations VALUES (?1, ?2, 'renji-south/non-lldas', ?3, ?4, ?3, ?3)",
        &[&&name[..8], &&name[2..10], &(n as i64), &name],
    );
    run("INSERT INTO repeats VALUES ('c-rjs', ?1, ?1, ?2, ?3)", &[&hash, &&name[..8], &(n as i64)]);
}

impl Skeleton {
    /// Starts it in a folder.
    pub fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let file = folder.join("skeleton.db");
        let (queue, jobs) = sync_channel::<Job>(1024);
        let connection = open(&file);
        std::thread::spawn(move || {
            while let Ok(first) = jobs.recv() {
                let group: Vec<Job> =
                    std::iter::once(first).chain(jobs.try_iter().take(255)).collect();
                connection.execute_batch("BEGIN IMMEDIATE").expect("begun");
                group.iter().for_each(|(n, _)| insert(&connection, *n));
                connection.execute_batch("COMMIT").expect("committed");
                group.into_iter().for_each(|(_, answer)| answer.send(()).expect("somebody waits"));
            }
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let bare = format!("http://{}", listener.local_addr().expect("an address"));
        let writer = queue.clone();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(web::Data::new(writer.clone()))
                        .route("/bare", web::post().to(nothing))
                        .route("/write", web::post().to(write))
                };
                let server = HttpServer::new(app).workers(2).listen(listener).expect("listens");
                server.run().await.expect("runs");
            });
        });
        Self { bare, queue, file }
    }

    /// As many requests of a randomisation's size.
    pub fn requests(&self, count: usize, path: &str) -> Vec<Vec<u8>> {
        let headers = format!(
            "Authorization: Bearer {}\r\nIdempotency-Key: {}\r\n",
            "a".repeat(64),
            "k".repeat(21)
        );
        let body = |n: usize| {
            let n = next(n);
            serde_json::json!({"signature": {"password": "p".repeat(22), "meaning": "m".repeat(60), "n": n}})
        };
        (0..count).map(|n| post(path, &headers, &body(n).to_string())).collect()
    }

    /// The writer without HTTP.
    pub fn writer_alone(&self, callers: usize, count: usize) -> Times {
        let numbers: Vec<u64> = (0..count).map(next).collect();
        in_parallel(callers, &numbers, |n| {
            let (answer, done) = oneshot::channel();
            self.queue.send((*n, answer)).expect("queued");
            done.blocking_recv().expect("written");
        })
    }

    /// How many a second when every act is a commit of its own.
    pub fn one_commit_an_act(&self, count: u64) -> f64 {
        let connection = open(&self.file.with_extension("single.db"));
        let begun = Instant::now();
        for n in 0..count {
            connection.execute_batch("BEGIN IMMEDIATE").expect("begun");
            insert(&connection, n);
            connection.execute_batch("COMMIT").expect("committed");
        }
        count as f64 / begun.elapsed().as_secs_f64()
    }
}

/// A number that no row has yet.
fn next(_: usize) -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(1_000_000);
    LAST.fetch_add(1, Ordering::SeqCst)
}

async fn nothing(_: web::Json<serde_json::Value>) -> HttpResponse {
    HttpResponse::Created().content_type("application/json").body("x".repeat(BODY))
}

async fn write(
    body: web::Json<serde_json::Value>,
    queue: web::Data<SyncSender<Job>>,
) -> HttpResponse {
    let (answer, done) = oneshot::channel();
    let n = body["signature"]["n"].as_u64().expect("a number");
    queue.send((n, answer)).expect("queued");
    done.await.expect("written");
    HttpResponse::Created().content_type("application/json").body("x".repeat(BODY))
}
