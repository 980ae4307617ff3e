//! The port for those who run the machine: alive, ready, and numbers that name nobody; and the clock that is watched.

use crate::house::House;
use klero::http::traffic::CLASSES;
use klero::refusal::Code;
use klero::store::faults::{Faults, Step};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A world that fails at one step for as long as somebody wants it to.
#[derive(Clone)]
struct Failing {
    step: Step,
    on: Arc<AtomicUsize>,
}

impl Faults for Failing {
    fn at(&mut self, step: Step) -> std::io::Result<()> {
        if step == self.step && self.on.load(Ordering::SeqCst) > 0 {
            return Err(std::io::Error::other("the disk is away"));
        }
        Ok(())
    }
}

fn raise_failing(step: Step) -> (House, Arc<AtomicUsize>) {
    let on = Arc::new(AtomicUsize::new(0));
    let faults = Failing { step, on: on.clone() };
    (House::raise_with(|play| play.faults = Box::new(faults)), on)
}

/// The states of what is not well.
fn reasons(house: &House) -> Vec<String> {
    let reply = house.stage.operate("/health/ready");
    let checks = reply.body["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 5, "{}", reply.text);
    let ill = checks.iter().filter(|check| check["well"] == false);
    let ill: Vec<String> = ill.map(|check| check["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(reply.body["ready"], ill.is_empty());
    assert_eq!(reply.status, if ill.is_empty() { 200 } else { 503 });
    assert_eq!(reply.body["status"], reply.status);
    let kind = reply.headers.iter().find(|(name, _)| name == "content-type").unwrap();
    let problem = kind.1 == "application/problem+json";
    assert_eq!(problem, !ill.is_empty());
    ill
}

/// A number among the metrics.
fn metric(house: &House, name: &str) -> f64 {
    let text = house.stage.operate("/metrics").text;
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

// shows: CN-1, CN-7
#[test]
fn a_service_is_ready_when_a_write_of_its_own_is_kept_and_it_leaves_no_entry() {
    let house = House::raise();
    let puts = metric(&house, "klero_checkpoint_put_seconds_count");
    assert_eq!(reasons(&house), Vec::<String>::new());
    assert_eq!(reasons(&house), Vec::<String>::new());
    assert_eq!(metric(&house, "klero_checkpoint_put_seconds_count"), puts + 2.0, "two real puts");
    let live = house.stage.operate("/health/live");
    assert_eq!((live.status, live.text.as_str()), (200, "{\"live\":true}"));
    house.trail_is([]);
}

// shows: CN-7
#[test]
fn what_is_away_is_named_and_when_it_is_back_the_service_is_ready_again() {
    for (step, reason) in
        [(Step::BeforeCommit, "disk-failed"), (Step::AfterCommit, "checkpoint-store-away")]
    {
        let (house, on) = raise_failing(step);
        on.store(1, Ordering::SeqCst);
        assert_eq!(reasons(&house), [reason]);
        assert!(metric(&house, "klero_writer_failed_groups_total") >= 1.0);
        assert_eq!(house.stage.operate("/health/live").status, 200, "it still answers");
        on.store(0, Ordering::SeqCst);
        assert_eq!(reasons(&house), Vec::<String>::new());
        house.trail_is([]);
    }
}

// shows: CN-7
#[test]
fn a_service_without_a_list_says_so() {
    let house = House::raise_unopened();
    assert_eq!(reasons(&house), Vec::<String>::new(), "it is imported, approved or not");
}

// shows: AT-7
#[test]
fn a_clock_that_is_set_back_is_told_and_stands_in_the_trail_once_it_may() {
    let house = House::raise();
    house.clock.set_by(-600);
    let refused = house.stage.randomise(0, &house.stage_reference());
    assert_eq!((refused.status, refused.text_at("code")), (503, "clock-off"));
    assert_eq!(reasons(&house), ["clock-off"]);
    assert_eq!(metric(&house, "klero_clock_skew_seconds"), -600.0);
    assert_eq!(metric(&house, "klero_clock_changes_total"), 0.0);
    house.trail_is([]);
    // Somebody sees it and sets it right: both together are no change, and nothing was recorded meanwhile.
    house.clock.set_by(600);
    assert_eq!(reasons(&house), Vec::<String>::new());
    house.trail_is([]);
    // Set back while nobody had acted for an hour: no act is refused, and the change is an entry.
    house.clock.step(3_600);
    house.clock.set_by(-600);
    assert_eq!(reasons(&house), Vec::<String>::new());
    let entries = house.entries();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!((&entry["act"], &entry["by"]), (&"clock-changed".into(), &"service".into()));
    assert_eq!(entry["data"].to_string(), "{\"direction\":\"back\",\"seconds\":600}");
    assert_eq!(metric(&house, "klero_clock_changes_total"), 1.0);
    house.clock.set_by(7_200);
    assert_eq!(reasons(&house), Vec::<String>::new());
    assert_eq!(house.entries()[0]["data"]["direction"], "forward");
    house.clock.step(86_400);
    assert_eq!(reasons(&house), Vec::<String>::new(), "time that goes by is no change");
    house.trail_is([]);
}

impl House {
    /// A participant who could be randomised.
    fn stage_reference(&self) -> String {
        self.clock.set_by(600);
        let reference = self.stage.screen_eligible(0, 1, true);
        self.clock.set_by(-600);
        self.so_far();
        reference
    }
}

/// Every label with every value it has.
fn labels(text: &str) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((_, rest)) = line.split_once('{') else { continue };
        let (inside, _) = rest.rsplit_once("} ").unwrap();
        for pair in inside.split("\",") {
            let (name, value) = pair.split_once("=\"").unwrap();
            all.insert((name.to_owned(), value.trim_end_matches('"').to_owned()));
        }
    }
    all
}

// shows: I2, CO-3
#[test]
fn no_metric_has_a_label_or_a_value_that_a_request_could_have_made() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    for path in ["/nowhere/RJS-001", "/v1/participants/K7Q29MXT", "/v1/trail?from=RJS-001"] {
        house.get("c-rjs", path);
    }
    house.stage.send("DELETE", "/v1/version", &[], None);
    let text = house.stage.operate("/metrics").text;
    assert!(text.ends_with("# EOF\n"));
    let mut routes: BTreeSet<String> =
        klero::http::table().routes().iter().map(|route| route.path.to_owned()).collect();
    routes.extend(klero::web::pages().all.iter().map(|page| page.path.to_owned()));
    routes.extend(["-".to_owned(), "/static/{hash}/{file}".to_owned()]);
    let mut met = BTreeSet::new();
    for (label, value) in labels(&text) {
        let known = match label.as_str() {
            "route" => routes.contains(&value),
            "method" => ["GET", "POST", "PUT", "PATCH", "DELETE", "-"].contains(&value.as_str()),
            "class" => CLASSES.contains(&value.as_str()),
            "kind" => ["read", "act", "page"].contains(&value.as_str()),
            "problem" => Code::parse(&value).is_some(),
            "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
            _ => false,
        };
        assert!(known, "{label}={value}");
        met.insert(label);
    }
    assert_eq!(met.len(), 6, "each label was met: {met:?}");
    for never in [number.as_str(), code.as_str(), "renji", "huashan", "lldas", "RJS", "c-rjs"] {
        assert!(!text.contains(never), "{never} in {text}");
    }
    for path in ["/v1/participants/{reference}/allocation", "/v1/participants"] {
        let counted =
            format!("klero_requests_total{{method=\"POST\",route=\"{path}\",class=\"2xx\"}} 1\n");
        assert!(text.contains(&counted), "{counted} in {text}");
    }
    assert!(text.contains("klero_refusals_total{problem=\"no-such-record\"}"));
    house.so_far();
}

// shows: AC-8
#[test]
fn the_port_of_operations_takes_no_act_and_the_service_has_no_route_of_it() {
    let house = House::raise();
    for path in ["/v1/participants", "/v1/version", "/", "/sign-in", "/docs/"] {
        let kept = house.stage.operate(path).status;
        assert!(kept == 404, "{path}: {kept}");
    }
    for path in ["/health/ready", "/health/live", "/metrics"] {
        let reply = house.stage.send("GET", path, &[], None);
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (404, &Value::from("no-such-page")),
            "{path}"
        );
    }
    house.trail_is([]);
}

// shows: CN-7
#[test]
fn a_restart_is_asked_for_only_where_it_may_help() {
    use klero::http::block_on;
    use klero::service::ready::Pulse;
    for (step, pulse) in [(Step::BeforeCommit, Pulse::Lost), (Step::AfterCommit, Pulse::Alive)] {
        let (house, on) = raise_failing(step);
        assert_eq!(block_on(house.stage.house().ready()).pulse, Pulse::Alive);
        on.store(1, Ordering::SeqCst);
        assert_eq!(block_on(house.stage.house().ready()).pulse, pulse, "{step:?}");
        on.store(0, Ordering::SeqCst);
        assert_eq!(block_on(house.stage.house().ready()).pulse, Pulse::Alive);
        house.trail_is([]);
    }
    let house = House::raise();
    house.clock.set_by(-600);
    let readiness = block_on(house.stage.house().ready());
    assert_eq!((readiness.pulse, readiness.is_ready()), (Pulse::Alive, false));
    house.clock.set_by(600);
}
