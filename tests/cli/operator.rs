//! The operator's commands on a real folder: found, import, serve, verify, back up; and every reason not to start.

use crate::desk::{Desk, TRIAL};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

const INIT: &str = "--manifest manifest.txt --admin admin-1 --admin-name Demo";

/// Keys, a training list, and its package.
fn sealed_list(desk: &Desk, purpose: &str) {
    let everywhere =
        "--centre renji-south --centre renji-west --centre huashan --centre sixth-people";
    desk.data("key new --person stat-1 --role statistician --words-file w1");
    desk.data(&format!("key new --person p-1 --role pharmacist {everywhere} --words-file w2"));
    let sign = "--identity stat-1.key.json --words-file w1";
    desk.data(&format!(
        "list secret --trial {TRIAL} --purpose {purpose} --to stat-1.pub.json -o secret.json"
    ));
    desk.data(&format!(
        "list generate --trial {TRIAL} --secret secret.json {sign} --slots 4 -o manifest.txt"
    ));
    desk.data(&format!(
        "list seal --trial {TRIAL} --manifest manifest.txt --secret secret.json {sign} \
         -o package.json --to p-1.pub.json"
    ));
}

/// The running service, ended with the test.
struct Service(Child, String);

impl Service {
    fn start(desk: &Desk) -> Self {
        let mut child = desk
            .command("serve --data data --listen 127.0.0.1:0 --operations off")
            .spawn()
            .expect("the service starts");
        let err = child.stderr.take().expect("stderr is piped");
        let mut line = String::new();
        // Nobody reads its log after this line; the service must not mind.
        BufReader::new(err).read_line(&mut line).expect("it says where it listens");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next());
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self(child, address)
    }

    fn get(&self, path: &str) -> String {
        let mut line = TcpStream::connect(&self.1).expect("it listens");
        let host = &self.1;
        write!(line, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            .expect("it reads");
        let mut answer = String::new();
        line.read_to_string(&mut answer).expect("it answers");
        answer
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// shows: I7, SG-8
#[test]
fn a_folder_is_founded_filled_served_backed_up_and_verified() {
    let desk = Desk::new("operator");
    sealed_list(&desk, "training");
    desk.refused(10, "no-store", "list import --data data package.json");
    let init = format!("init --data data --trial {TRIAL} {INIT}");
    let data = desk.data(&init);
    assert_eq!(data["token"].as_str().map(str::len), Some(40));
    assert_eq!((desk.mode("data"), desk.mode("data/server-secret")), (0o700, 0o600));
    let secret = desk.path("data/server-secret");
    let before = std::fs::read(&secret).expect("the secret is there");
    desk.refused(17, "store-exists", &init);
    assert_eq!(std::fs::read(&secret).expect("the secret is there"), before);
    desk.data("list import --data data package.json");
    desk.refused(17, "list-already-imported", "list import --data data package.json");
    assert_eq!(desk.data("schema status --data data")["trial"], "NCT04515719");
    assert_eq!(desk.data("schema status")["known"], 5);

    let service = Service::start(&desk);
    let commitment = service.get("/v1/commitment");
    assert!(commitment.starts_with("HTTP/1.1 200"), "{commitment}");
    assert!(commitment.contains("klero manifest v1"), "{commitment}");
    let healthy = format!("health http://{}/v1/version", service.1);
    assert_eq!(desk.data(&healthy)["status"], 200);
    desk.refused(14, "not-ready", &healthy.replace("version", "no-such-thing"));
    // Whoever only reads may; whoever writes may not.
    let checked = desk.data("trail verify --data data --tables");
    assert_eq!(checked["entries"], checked["compared"]);
    let backup = desk.data("backup create --data data copy.db");
    assert_eq!((&backup["entries"], desk.mode("copy.db")), (&checked["entries"], 0o600));
    desk.refused(17, "store-exists", "backup create --data data copy.db");
    desk.refused(11, "folder-in-use", "trail export --data data -o export");
    desk.refused(11, "folder-in-use", "serve --data data --listen 127.0.0.1:0 --operations off");
    drop(service);
    desk.data("trail export --data data -o export");
    assert_eq!(desk.read("export/manifest.txt"), desk.read("manifest.txt"));
    desk.data("trail verify export");
    let description = desk.data("openapi");
    assert!(description["paths"]["/v1/commitment"].is_object());
}

// shows: I7
#[test]
fn a_folder_that_is_old_altered_open_or_without_its_checkpoint_does_not_start() {
    let desk = Desk::new("operator-refused");
    sealed_list(&desk, "training");
    let begun = desk.done(&format!("init --data data --trial {TRIAL} {INIT}"));
    assert!(begun.err.contains("klero serve --data data"), "the same folder: {}", begun.err);
    desk.data("backup create --data data old.db");
    desk.data("list import --data data package.json");
    let export = "trail export --data data -o export";
    let file = |name: &str| desk.path(&format!("data/{name}"));
    let moved = |from: &str, to: &str| std::fs::rename(file(from), file(to)).expect("it moves");

    moved("klero.db", "new.db");
    std::fs::copy(desk.path("old.db"), file("klero.db")).expect("the old backup is restored");
    let ran = desk.refused(22, "behind-checkpoint-store", export);
    assert!(ran.err.contains("the same codes again"), "{}", ran.err);
    moved("new.db", "klero.db");

    moved("checkpoint", "elsewhere");
    desk.refused(10, "checkpoint-missing", export);
    desk.data(&format!("{export} --checkpoint data/elsewhere"));
    moved("elsewhere", "checkpoint");

    let export = "trail export --data data -o export2";
    desk.write("data/open-secret", "0123456789abcdef0123456789abcdef");
    desk.refused(18, "file-open-to-others", &format!("{export} --server-secret data/open-secret"));
    desk.write_secret("data/own-secret", "0123456789abcdef0123456789abcdef");
    let ran = desk.run(&format!("{export} --server-secret data/own-secret"));
    assert_ne!(ran.code, 0, "another secret signs nothing of this trail");

    let mut bytes = std::fs::read(file("klero.db")).expect("the database");
    let mark = b"\"seq\":1,\"at\":\"2";
    let at = bytes.windows(mark.len()).position(|w| w == mark).expect("the second line is in it");
    bytes[at + mark.len() - 1] = b'3';
    std::fs::write(file("klero.db"), bytes).expect("the disk takes it");
    let ran = desk.refused(20, "trail-damaged", "trail verify --data data");
    assert!(ran.err.contains("entry 1 "), "{}", ran.err);
    desk.refused(20, "trail-damaged", export);
    desk.refused(20, "trail-damaged", "backup create --data data bad.db");
    assert!(!desk.path("bad.db").exists() && !desk.path("bad.db.part").exists());
    desk.refused(10, "no-store", "backup create --data nowhere bad.db");
    desk.refused(10, "no-store", "trail verify --data nowhere");
}

// shows: SG-8
#[test]
fn a_live_list_waits_for_signed_decisions_and_a_strange_manifest_founds_nothing() {
    let desk = Desk::new("operator-live");
    sealed_list(&desk, "live");
    desk.data(&format!("init --data data --trial {TRIAL} {INIT}"));
    desk.refused(18, "decisions-open", "list import --data data package.json");
    desk.refused(15, "package-unreadable", "list import --data data manifest.txt");
    let text = std::fs::read_to_string(TRIAL).expect("the trial file is there");
    desk.write("other.toml", &format!("{text}\n# another configuration\n"));
    let other = format!("init --data other --trial other.toml {INIT}");
    desk.refused(20, "other-configuration", &other);
    desk.write("altered.txt", &desk.read("manifest.txt").replace("live", "training"));
    let altered =
        format!("init --data other --trial {TRIAL} {INIT}").replace("manifest.txt", "altered.txt");
    desk.refused(25, "manifest-altered", &altered);
    assert!(!desk.path("other").exists(), "nothing was founded");
}
