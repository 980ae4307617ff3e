//! Everything that can be read: every GET route of the table as everybody, every page of the trail, every proof.

use super::World;
use klero::http;
use klero::http::routes::Verb;
use klero::refusal::Code;
use klero::service::exports::Kind;

/// One of each role, a second coordinator from elsewhere, and somebody who is not signed in.
pub const READERS: [&str; 10] =
    ["nobody", "c-rjs", "c-hsh", "i-rjs", "p-rjs", "hot-1", "stat-1", "mon-1", "spon-1", "admin-1"];

/// Prepared and broken, broken twice, left without a code, not eligible, elsewhere, and nobody.
pub const SOME: [&str; 6] = ["RJS-001", "RJS-004", "RJS-005", "RJS-020", "HSH-001", "RJS-999"];

impl World {
    /// Reads all there is to read.
    pub fn read_everything(&mut self) {
        self.days_later(1);
        self.read_operations();
        for (path, readers) in self.addresses() {
            for who in readers {
                self.read(who, &path);
            }
        }
        self.send("mon-1", "HEAD", "/v1/trail", &[], None);
        self.send("nobody", "HEAD", "/v1/commitment", &[], None);
        self.read_trail();
        self.look_at_every_page();
        self.read_operations();
    }

    /// What whoever runs the machine sees, who is nobody to the trial.
    fn read_operations(&mut self) {
        for path in ["/health/live", "/health/ready", "/metrics"] {
            self.operate(path);
        }
    }

    fn read(&mut self, who: &str, path: &str) {
        let chinese = [("accept-language", "zh-CN")];
        // One reader reads Chinese: words are bodies too.
        let headers = if who == "c-hsh" { &chinese[..] } else { &[] };
        self.send(who, "GET", path, headers, None);
    }

    /// Every GET route with everything that can stand in its variable part.
    fn addresses(&self) -> Vec<(String, &'static [&'static str])> {
        let mut all = vec![];
        let table = http::table();
        for route in table.routes().iter().filter(|route| route.verb == Verb::Get) {
            let name = route.names().next();
            let values: Vec<String> = match name {
                None => vec![String::new()],
                Some("reference") => SOME.iter().map(|number| self.reference(number)).collect(),
                Some("release") => self.breaks.iter().take(4).cloned().collect(),
                Some("centre") => ["renji-south", "huashan", "nowhere"].map(str::to_owned).into(),
                Some("entry") => ["0", "1", "40", "999999"].map(str::to_owned).into(),
                Some("code") => Code::ALL.iter().map(|code| code.as_str().to_owned()).collect(),
                Some("kind") => Kind::ALL.map(|kind| kind.as_str().to_owned()).into(),
                Some("file:.*") => vec!["swagger-initializer.js".to_owned()],
                Some(other) => panic!("say here what can stand for {other} in {}", route.path),
            };
            // What explains a problem knows nobody.
            let readers = if name == Some("code") { &READERS[..1] } else { &READERS[..] };
            for value in values {
                let path = match name {
                    Some(name) => route.path.replace(&format!("{{{name}}}"), &value),
                    None => route.path.to_owned(),
                };
                all.push((path, readers));
            }
        }
        let first = self.reference("RJS-001");
        for path in [
            &format!("/v1/participants?limit=3&after={first}"),
            "/v1/checkpoints/consistency?from=1&to=300",
            "/v1/checkpoints/consistency?from=41&to=42",
            "/v1/trail?from=3&limit=2",
        ] {
            all.push((path.to_owned(), &READERS));
        }
        // Every file in every form, as whoever may have nearly all of them.
        for kind in Kind::ALL {
            for format in kind.formats() {
                let (kind, format) = (kind.as_str(), format.as_str());
                all.push((format!("/v1/exports/{kind}?format={format}"), &READERS[7..8]));
            }
        }
        for asked in ["allocations?raw=true", "trail?format=csv&raw=true"] {
            all.push((format!("/v1/exports/{asked}"), &READERS[7..8]));
        }
        all
    }

    /// The name of a participant in addresses; of an unknown one, nobody's.
    pub fn reference(&self, number: &str) -> String {
        self.references.get(number).cloned().unwrap_or_else(|| "K7Q29MXT".to_owned())
    }

    /// Every page and many proofs, and every participant, as the monitor.
    fn read_trail(&mut self) {
        for reference in self.references.values().cloned().collect::<Vec<_>>() {
            let path = format!("/v1/participants/{reference}");
            self.send("mon-1", "GET", &path, &[], None);
            self.send("mon-1", "GET", &format!("{path}/allocation"), &[], None);
        }
        let mut next = 0;
        loop {
            let told = self.send("mon-1", "GET", &format!("/v1/trail?from={next}"), &[], None);
            let lines = told.body()["lines"].as_array().map_or(0, Vec::len);
            if lines == 0 {
                break;
            }
            next += lines;
        }
        assert!(next > 300, "a long story has a long trail, and this one has {next} entries");
        for entry in (0..next).step_by(7) {
            self.send("mon-1", "GET", &format!("/v1/trail/{entry}/proof"), &[], None);
        }
    }
}
