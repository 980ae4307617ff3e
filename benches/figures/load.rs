//! Load from the same machine: plain sockets, so that the client costs as little as it can.

use klero::cli::stage::{CENTRES, Stage, password, signature};
use klero::domain::access::Caller;
use klero::domain::ids::{CentreId, PersonId, Reference};
use klero::domain::people::{Person, Role};
use klero::sealing::bytes::sha256;
use klero::service::{House, Signature};
use klero::store::repeats::OnceKey;
use klero::text::{self, Language};
use serde_json::json;
use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long each took, in seconds, and all together.
pub struct Times {
    each: Vec<f64>,
    all: Duration,
}

impl Times {
    /// How many a second.
    pub fn rate(&self) -> f64 {
        self.each.len() as f64 / self.all.as_secs_f64()
    }

    /// The latency that this part of them did not exceed.
    pub fn percentile(&self, part: f64) -> f64 {
        self.each[((self.each.len() - 1) as f64 * part) as usize]
    }
}

/// Does `work` on every item, `callers` at a time.
pub fn in_parallel<T: Sync>(callers: usize, items: &[T], work: impl Fn(&T) + Sync) -> Times {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let mut each: Vec<f64> = std::thread::scope(|scope| {
        let caller = || {
            let mut took = vec![];
            while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst)) {
                let begun = Instant::now();
                work(item);
                took.push(begun.elapsed().as_secs_f64());
            }
            took
        };
        let threads: Vec<_> = (0..callers).map(|_| scope.spawn(caller)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no caller fails")).collect()
    });
    let all = begun.elapsed();
    each.sort_by(f64::total_cmp);
    Times { each, all }
}

thread_local! {
    static LINE: std::cell::RefCell<Option<TcpStream>> = const { std::cell::RefCell::new(None) };
}

/// Sends every request, `callers` at a time, each caller on one kept connection.
pub fn hammer(base: &str, callers: usize, requests: &[Vec<u8>]) -> Times {
    let address = base.trim_start_matches("http://");
    in_parallel(callers, requests, |request| {
        LINE.with_borrow_mut(|line| {
            let line = line.get_or_insert_with(|| {
                let line = TcpStream::connect(address).expect("the server listens");
                line.set_nodelay(true).expect("a socket option");
                line
            });
            line.write_all(request).expect("sent");
            let head = read_answer(line);
            assert!(head.starts_with("HTTP/1.1 20"), "{head}");
        });
    })
}

fn read_answer(line: &mut TcpStream) -> String {
    let mut bytes = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        let n = line.read(&mut bytes[length..]).expect("an answer");
        assert!(n > 0, "the server hung up");
        length += n;
        let text = String::from_utf8_lossy(&bytes[..length]);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let size = head.lines().find_map(|l| {
            let (name, value) = l.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        if length >= head.len() + 4 + size.unwrap_or(0) {
            return head.to_owned();
        }
    }
}

/// One request as bytes.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A randomisation as its coordinator sends it.
pub fn randomise(stage: &Stage, centre: usize, reference: &str) -> Vec<u8> {
    let who = format!("c-{}", CENTRES[centre].1);
    let body = json!({"signature": signature(&who, "randomise")}).to_string();
    let headers = format!(
        "Authorization: Bearer {}\r\nIdempotency-Key: {}\r\n",
        stage.token(&who),
        stage.new_key()
    );
    post(&format!("/v1/participants/{reference}/allocation"), &headers, &body)
}

/// A randomisation without HTTP.
pub async fn randomise_straight(house: &House, centre: usize, reference: &str) {
    let (place, letters) = CENTRES[centre];
    let id = format!("c-{letters}");
    let person = Person {
        id: PersonId::parse(&id).expect("an id"),
        name: id.clone(),
        role: Role::Coordinator,
        centres: vec![CentreId::parse(place).expect("a centre")],
    };
    let meaning = text::meaning("randomise", Language::En);
    let signature = Signature::by_password(Zeroizing::new(password(&id)), meaning);
    let key = sha256(reference.as_bytes());
    let once = OnceKey { key, body: key };
    let reference = Reference::parse(reference).expect("a reference");
    let caller = Caller::person(person);
    let done = house.randomise(&caller, reference, Some(&signature), once).await;
    assert!(done.is_ok_and(|answered| !answered.repeated));
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread, with nothing around it.
pub fn park<F: Future>(work: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Does anything answer there?
pub fn answers(address: &str) -> bool {
    let Ok(mut line) = TcpStream::connect(address) else { return false };
    let request =
        format!("GET /v1/version HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    line.write_all(request.as_bytes()).is_ok()
        && line.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// Resident memory of a process, in megabytes.
pub fn resident_mb(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}
