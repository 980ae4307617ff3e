//! The running service as a service manager sees it: ready, alive, stopping; asked to end in the middle of work; speaking
//! TLS itself; and what it says on stderr.

use crate::desk::Desk;
use klero::cli::stage::{CENTRES, Play, Stage, answers, day_before, password};
use klero::clock::SystemClock;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A folder with everybody in it, as `kept`.
pub fn furnished(name: &str) -> Desk {
    let desk = Desk::new(name);
    let (mut play, _) = Play::quick(desk.path("service"), 41);
    play.clock = Arc::new(SystemClock);
    desk.keep(Stage::raise(play));
    desk
}

/// The running program, ended with the test.
pub struct Running {
    child: Child,
    pub base: String,
    operations: String,
    err: BufReader<ChildStderr>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the service starts");
        let mut err = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut after = |mark: &str| {
            let mut line = String::new();
            err.read_line(&mut line).expect("it says where it listens");
            let rest = line.split(mark).nth(1).unwrap_or_else(|| panic!("{line}"));
            rest.split([' ', '\n']).next().unwrap_or_default().to_owned()
        };
        let (base, operations) = (after("listening on "), after("operations on "));
        Self { child, base, operations, err }
    }

    pub fn of(desk: &Desk, more: &str) -> Self {
        Self::start(command(desk, more))
    }

    pub fn asked_to_end(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("a signal can be sent").success());
    }

    /// Waits for the end, and for everything that was said until then.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.err.read_to_string(&mut said).expect("stderr is text");
        (self.child.wait().expect("it ends"), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(desk: &Desk, more: &str) -> Command {
    let line = "serve --data kept --listen 127.0.0.1:0 --operations 127.0.0.1:0";
    desk.command(&format!("{line} {more}"))
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// Sends a body and gives status and answer; nothing when the service went away.
fn post(
    agent: &ureq::Agent,
    address: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Option<(u16, Value)> {
    let request = ureq::http::Request::builder().method("POST").uri(address);
    let request = request.header("content-type", "application/json");
    let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, *value));
    let mut answer = agent.run(request.body(body.to_string()).expect("a request")).ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null)))
}

fn sign_in(agent: &ureq::Agent, base: &str, who: &str) -> String {
    let body = json!({"name": who, "password": password(who)});
    let (status, answer) =
        post(agent, &format!("{base}/v1/sessions"), &[], &body).expect("it is up");
    assert_eq!(status, 201, "{answer}");
    answer["token"].as_str().unwrap_or_default().to_owned()
}

/// What the manager was told next.
fn told(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 1024];
    let length = socket.recv(&mut bytes).expect("the manager is told something");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

// shows: CN-7, CN-1
#[test]
fn the_manager_is_told_ready_after_the_check_alive_after_a_write_and_stopping_at_the_end() {
    let desk = furnished("notify");
    let socket = UnixDatagram::bind(desk.path("manager")).expect("a socket in a short path");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a time to wait");
    // A folder that does not open is never ready.
    let mut nowhere = desk.command("serve --data nowhere --operations off");
    nowhere.env("NOTIFY_SOCKET", desk.path("manager"));
    assert_eq!(nowhere.output().expect("it ends").status.code(), Some(10));
    let mut command = command(&desk, "");
    command.env("NOTIFY_SOCKET", desk.path("manager")).env("WATCHDOG_USEC", "600000");
    let running = Running::start(command);
    assert_eq!(told(&socket), "READY=1\n", "the first thing it is told");
    for _ in 0..3 {
        assert_eq!(told(&socket), "WATCHDOG=1\nSTATUS=ready\n");
    }
    let ready = agent().get(format!("{}/health/ready", running.operations)).call();
    assert_eq!(ready.expect("it answers").status(), 200);
    running.asked_to_end();
    let until_the_end = std::iter::repeat_with(|| told(&socket));
    let last = until_the_end.take(50).find(|said| !said.contains("WATCHDOG=1"));
    assert_eq!(last.as_deref(), Some("STOPPING=1\nSTATUS=finishing what runs\n"));
    let (status, said) = running.ended();
    assert!(status.success(), "{status}: {said}");
}

// shows: I6, CN-1
#[test]
fn a_service_that_is_asked_to_end_keeps_everything_that_it_answered() {
    let desk = furnished("ending");
    let running = Running::of(&desk, "");
    let base = running.base.clone();
    let (answered, next) = (Mutex::new(vec![]), AtomicU32::new(100));
    let gone = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for caller in 0..6 {
            let (centre, letters) = CENTRES[caller % CENTRES.len()];
            let (answered, next, gone, base) = (&answered, &next, &gone, &base);
            scope.spawn(move || {
                let agent = agent();
                let bearer = format!("Bearer {}", sign_in(&agent, base, &format!("c-{letters}")));
                while !gone.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let key = format!("the-key-of-number-{number}");
                    let named = format!("{}-{number}", letters.to_uppercase());
                    let body = json!({"centre": centre,
                                      "answers": answers(&named, true, &day_before())});
                    let headers = [("authorization", bearer.as_str()), ("idempotency-key", &key)];
                    let sent = post(&agent, &format!("{base}/v1/participants"), &headers, &body);
                    match sent {
                        Some((201, answer)) => {
                            let line = answer["receipt"]["entry"].as_str().unwrap_or_default();
                            answered.lock().expect("no caller panicked").push(line.to_owned());
                        }
                        Some((503 | 429, _)) => {}
                        Some((status, answer)) => panic!("{status}: {answer}"),
                        None => return,
                    }
                }
            });
        }
        // In the middle of work.
        while answered.lock().expect("no caller panicked").len() < 60 {
            std::thread::yield_now();
        }
        running.asked_to_end();
        let (status, said) = running.ended();
        gone.store(true, Ordering::SeqCst);
        assert!(status.success(), "{status}: {said}");
    });
    desk.data("trail verify --data kept --tables");
    desk.data("trail export --data kept -o export");
    let export = desk.read("export/trail.jsonl");
    let kept: BTreeSet<&str> = export.lines().collect();
    let answered = answered.into_inner().expect("no caller panicked");
    let lost: Vec<_> = answered.iter().filter(|line| !kept.contains(line.as_str())).collect();
    assert!(lost.is_empty(), "answered and not kept: {lost:?}");
    assert!(answered.len() >= 60);
}

// shows: AT-15, CN-8
#[test]
fn the_log_is_lines_of_json_with_a_severity_one_an_act_and_without_people() {
    let desk = furnished("log");
    let running = Running::of(&desk, "");
    let agent = agent();
    let bearer = format!("Bearer {}", sign_in(&agent, &running.base, "c-rjs"));
    let body = json!({"centre": CENTRES[0].0, "answers": answers("RJS-077", true, &day_before())});
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "a-key-of-its-own")];
    let path = format!("{}/v1/participants?limit=RJS-077", running.base);
    let (status, answer) = post(&agent, &path, &headers, &body).expect("it is up");
    assert_eq!(status, 201, "{answer}");
    let reference = answer["reference"].as_str().unwrap_or_default().to_owned();
    for path in [format!("/v1/participants/{reference}"), "/RJS-077?x=RJS-077".to_owned()] {
        let asked = agent.get(format!("{}{path}", running.base));
        asked.header("authorization", &bearer).call().expect("it answers");
    }
    running.asked_to_end();
    let (_, said) = running.ended();
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    for line in &lines {
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    let acts: Vec<_> = lines.iter().filter(|l| l["fields"]["message"] == "act done").collect();
    assert_eq!(acts.len(), 1, "{said}");
    let act = acts[0];
    assert_eq!((&act["fields"]["act"], &act["level"]), (&"screen".into(), &"INFO".into()));
    assert_eq!(act["fields"]["centre"], CENTRES[0].0);
    assert_eq!(act["fields"]["entry"], answer["receipt"]["index"]);
    assert_eq!(
        (&act["span"]["method"], &act["span"]["route"]),
        (&"POST".into(), &"/v1/participants".into())
    );
    let named = |l: &&Value| l["span"]["route"] == "/v1/participants/{reference}";
    assert_eq!(lines.iter().filter(named).count(), 1, "{said}");
    for never in ["RJS-077", &reference, "c-rjs", "limit", "199", &bearer[7..]] {
        let found = lines.iter().map(|l| l["fields"].to_string() + &l["span"].to_string());
        let found: Vec<_> = found.filter(|line| line.contains(never)).collect();
        assert!(found.is_empty(), "{never}: {found:?}");
    }
    let quiet = Running::of(&desk, "--log warn");
    sign_in(&agent, &quiet.base, "c-rjs");
    quiet.asked_to_end();
    assert_eq!(quiet.ended().1, "");
    desk.refused(15, "log-unknown", "serve --data kept --log klero=loud=very");
}
