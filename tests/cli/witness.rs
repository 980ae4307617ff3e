//! Witnesses and watchers: real processes over a real service, a forked twin of it, and the trail as tiles.

use crate::desk::Desk;
use klero::cli::stage::{Play, Stage, password};
use klero::sealing::checkpoint::{TrailKey, TrailSigner};
use klero::sealing::tree::{consistency, leaf_hash, root};
use klero::sealing::witness::{Submission, WitnessKey};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

/// A process that listens, ended with the test.
struct Listening(Child, String);

impl Listening {
    fn start(desk: &Desk, line: &str) -> Self {
        let mut child = desk.command(line).spawn().expect("it starts");
        let err = child.stderr.take().expect("stderr is piped");
        let mut line = String::new();
        BufReader::new(err).read_line(&mut line).expect("it says where it listens");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next());
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self(child, address)
    }

    /// Status and body of a submission, over a bare line.
    fn add(&self, body: &str) -> (u16, String) {
        let mut line = TcpStream::connect(&self.1).expect("it listens");
        let length = body.len();
        write!(
            line,
            "POST /add-checkpoint HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}",
            self.1
        )
        .expect("it reads");
        let mut answer = String::new();
        line.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let sized = head.to_lowercase().contains("content-type: text/x.tlog.size");
        assert_eq!(sized, status == 409 && body.trim().parse::<u64>().is_ok(), "{head}");
        (status, body.to_owned())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signer() -> TrailSigner {
    TrailSigner::from_seed("klero/TEST-0001", [3; 32])
}

/// The trail of so many entries; from `fork` on it tells another story.
fn submission(old: u64, size: u8, fork: u8) -> String {
    let other = |n: u8| if n >= fork { [n, 1] } else { [n, 0] };
    let leaves: Vec<_> = (0..size).map(|n| leaf_hash(&other(n))).collect();
    let note = signer().sign(u64::from(size), &root(&leaves));
    Submission { old, proof: consistency(&leaves, old), note }.to_text()
}

// shows: AT-14, I7
#[test]
fn a_witness_answers_as_the_specification_says_and_never_goes_back() {
    let desk = Desk::new("witness");
    desk.write("trail-key.txt", &format!("{}\n", signer().vkey()));
    let made = desk.data("witness new --name witness.example/dsmb -o dsmb.witness.json");
    assert_eq!(desk.mode("dsmb.witness.json"), 0o600);
    desk.refused(17, "file-exists", "witness new --name witness.example/dsmb -o dsmb.witness.json");
    desk.refused(2, "name-unusable", "witness new --name a+b -o other.json");
    let key = WitnessKey::parse(made["key"].as_str().expect("a text")).expect("a witness's key");
    let serve = "witness serve --key dsmb.witness.json --trail-key trail-key.txt --state seen \
                 --listen 127.0.0.1:0";
    let none = u8::MAX;
    let witness = Listening::start(&desk, serve);
    let first = submission(0, 5, none);
    let (status, line) = witness.add(&first);
    assert_eq!(status, 200, "{line}");
    let note = Submission::parse(&first).expect("it reads").note;
    assert!(key.cosigned(&format!("{note}{line}")).is_some());
    assert_eq!(witness.add(&first), (409, "5\n".to_owned()), "the old size is not what it was");
    assert_eq!(witness.add(&submission(5, 12, none)).0, 200);
    assert_eq!(witness.add(&submission(5, 13, none)), (409, "12\n".to_owned()));
    assert_eq!(witness.add(&submission(12, 13, 3)).0, 422, "a fork");
    assert_eq!(witness.add(&submission(12, 12, 3)).0, 409, "a fork of the same size");
    assert_eq!(witness.add("nonsense").0, 400);
    assert_eq!(witness.add(&submission(12, 13, none).replace("TEST-0001", "OTHER")).0, 404);
    assert_eq!(witness.add(&submission(12, 13, none).replacen("\n13\n", "\n14\n", 1)).0, 403);
    // Killed and started again it knows what it knew; as a command on a file too.
    drop(witness);
    let witness = Listening::start(&desk, serve);
    assert_eq!(witness.add(&submission(5, 13, none)), (409, "12\n".to_owned()));
    drop(witness);
    desk.write("submission.txt", &submission(12, 13, none));
    let cosign = "witness cosign submission.txt --key dsmb.witness.json --trail-key trail-key.txt --state seen";
    let said = desk.data(cosign);
    assert!(said["cosignature"].as_str().expect("a line").starts_with("— witness.example/dsmb "));
    desk.refused(20, "not-cosigned", cosign);
    // What is remembered and cannot be read stops it: forgetting would be going back.
    for (name, _) in desk.files().iter().filter(|(name, _)| name.ends_with(".checkpoint")) {
        std::fs::write(name, "torn").expect("it can be torn");
    }
    desk.write("submission.txt", &submission(0, 5, none));
    desk.refused(1, "state-unwritten", cosign);
}

// shows: AT-14, I7
#[test]
fn a_watcher_keeps_what_the_service_said_collects_cosignatures_and_alarms_on_a_fork() {
    let desk = Desk::new("watch");
    let (play, _) = Play::quick(desk.path("service"), 9);
    let stage = Stage::raise(play);
    desk.write("trail-key.txt", &format!("{}\n", stage.house().store.signer().vkey()));
    desk.write_secret("password", &password("mon-1"));
    let made = desk.data("witness new --name witness.example/dsmb -o dsmb.witness.json");
    desk.write("dsmb.txt", made["key"].as_str().expect("a text"));
    let witness = Listening::start(
        &desk,
        "witness serve --key dsmb.witness.json --trail-key trail-key.txt --state seen --listen 127.0.0.1:0",
    );
    let watch = format!(
        "trail watch --server {} --name mon-1 --password-file password --trail-key trail-key.txt \
         --keep service/cosigned --witness http://{}=dsmb.txt --older-than 5",
        stage.base, witness.1
    );
    let first = desk.data(&watch);
    assert_eq!(first["cosigned-by"][0], "witness.example/dsmb");
    let second = desk.data(&watch);
    assert_eq!(second["before"], first["entries"]);
    assert!(second["entries"].as_u64() > first["entries"].as_u64(), "its own sign-in is an entry");
    // The service shows what was collected, with its own latest checkpoint.
    let latest = stage.get("mon-1", "/v1/checkpoints/latest").body;
    let cosigned = latest["cosigned"].as_str().expect("a note").to_owned();
    let key = WitnessKey::parse(&desk.read("dsmb.txt")).expect("a key");
    assert!(key.cosigned(&cosigned).is_some() && cosigned.matches("witness.example").count() == 1);
    let trail = TrailKey::parse(desk.read("trail-key.txt").trim_end()).expect("a key");
    assert!(trail.check(&cosigned).is_ok());
    std::fs::write(desk.path("service/cosigned"), cosigned.replace('\n', "\n ")).expect("altered");
    assert!(stage.get("mon-1", "/v1/checkpoints/latest").body["cosigned"].is_null());
    desk.write("service/cosigned", &cosigned);
    desk.write("kept.txt", &cosigned);

    // A twin that forked: the same secret and the same beginning, another story, and longer.
    forked_twin(&desk, stage);
    let alarm = "trail watch --folder forked --trail-key trail-key.txt --keep kept.txt";
    let ran = desk.refused(20, "trail-forked", alarm);
    assert!(ran.err.contains("ALARM") && ran.err.contains("警报"), "{}", ran.err);
    let evidence = desk.files().into_iter().find(|(name, _)| name.contains("kept.txt.fork-"));
    let (_, evidence) = evidence.expect("both notes are kept");
    assert!(String::from_utf8_lossy(&evidence).contains(&cosigned));
    assert_eq!(desk.read("kept.txt"), cosigned, "what was kept stays");
    honest_again(&desk, &cosigned);
}

/// An export of the real trail, and one whose last entries were told anew under the trail's own key.
fn forked_twin(desk: &Desk, stage: Stage) {
    let size = desk.read("kept.txt").lines().nth(1).and_then(|n| n.parse::<usize>().ok());
    desk.keep(stage);
    desk.data("trail export --data kept -o export --tiles tiles");
    let lines = desk.read("export/trail.jsonl");
    let at = size.expect("a size") - 1;
    let mut prev = [0; 32];
    let mut leaves = vec![];
    let mut text = String::new();
    for (seq, line) in lines.lines().enumerate() {
        let mut told: serde_json::Value = serde_json::from_str(line).expect("a line");
        if seq >= at {
            told["prev"] = klero::sealing::bytes::hex(&prev).into();
            if seq == at {
                told["by"] = "somebody".into();
            }
        }
        let line = told.to_string();
        prev = leaf_hash(line.as_bytes());
        leaves.push(prev);
        text.push_str(&format!("{line}\n"));
    }
    let secret = std::fs::read(desk.path("kept/server-secret")).expect("the secret is there");
    let secret = secret.try_into().expect("32 bytes");
    let secret = klero::sealing::lock::ServerSecret::from_bytes(secret);
    let key = TrailKey::parse(desk.read("trail-key.txt").trim_end()).expect("a key");
    let signer = TrailSigner::new(key.origin(), &secret);
    std::fs::create_dir(desk.path("forked")).expect("a new folder");
    desk.write("forked/trail.jsonl", &text);
    desk.write("forked/checkpoint.txt", &signer.sign(leaves.len() as u64, &root(&leaves)));
    desk.write("forked/trail-key.txt", &desk.read("trail-key.txt"));
}

/// The real trail continues what was kept, as an export and as tiles; an old one is said to be old.
fn honest_again(desk: &Desk, cosigned: &str) {
    for folder in ["export", "tiles"] {
        desk.write("kept.txt", cosigned);
        let line =
            format!("trail watch --folder {folder} --trail-key trail-key.txt --keep kept.txt");
        let data = desk.data(&line);
        assert!(data["entries"].as_u64() > data["before"].as_u64(), "{data}");
        assert_eq!(desk.data(&line)["entries"], data["entries"], "looked at again nothing changed");
    }
    let hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    let kept =
        std::fs::File::options().write(true).open(desk.path("kept.txt")).expect("it is there");
    kept.set_modified(hours_ago).expect("its time can be set");
    let old =
        "trail watch --folder tiles --trail-key trail-key.txt --keep kept.txt --older-than 60";
    let ran = desk.run(old);
    assert!(ran.code == 20 && ran.err.contains("minutes old"), "{}", ran.err);
    assert_eq!(
        desk.data("trail verify tiles")["entries"],
        desk.data("trail verify export")["entries"]
    );
    let first = desk.path("tiles/tile/entries/000.p");
    let first = if first.exists() {
        std::fs::read_dir(first).expect("a folder").flatten().next()
    } else {
        None
    };
    let file = first.map_or_else(|| desk.path("tiles/tile/entries/000"), |entry| entry.path());
    let honest = std::fs::read(&file).expect("a bundle");
    let mut altered = honest.clone();
    let last = altered.len() - 10;
    altered[last] ^= 1;
    std::fs::write(&file, altered).expect("altered");
    desk.refused(20, "trail-damaged", "trail verify tiles");
    std::fs::write(&file, honest).expect("put back");
    desk.data("trail verify tiles");
}
