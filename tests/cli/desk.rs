//! Somebody's desk: a temporary folder and the binary run in it.

use klero::cli::stage::Stage;
use klero::dice::FixedDice;
use klero::sealing::ceremony::Escrow;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The shipped trial file.
pub const TRIAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/nct04515719.toml");

/// What became of a command.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub struct Desk(PathBuf);

impl Desk {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let folder = format!("klero-cli-{name}-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the temporary folder takes it");
    }

    /// A file that only its owner may read.
    pub fn write_secret(&self, name: &str, text: &str) {
        self.write(name, text);
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(self.path(name), mode).expect("a mode can be set");
    }

    pub fn mode(&self, name: &str) -> u32 {
        let meta = fs::metadata(self.path(name)).expect("the file is there");
        meta.permissions().mode() & 0o777
    }

    /// The command before it is run. Nothing of the caller's environment, and no terminal.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klero"));
        command.args(line.split_whitespace()).current_dir(&self.0).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command line, parted at its spaces.
    pub fn run(&self, line: &str) -> Ran {
        let output = self.command(line).output().expect("the binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the binary writes text");
        let code = output.status.code().expect("the binary ends by itself, never by a signal");
        let ran = Ran { code, out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.err.contains("panicked"), "{line}: {}", ran.err);
        ran
    }

    /// Runs it and expects its result.
    pub fn done(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, 0, "{line}: {}{}", ran.out, ran.err);
        ran
    }

    /// Runs it with `--json` and gives its data.
    pub fn data(&self, line: &str) -> Value {
        let ran = self.done(&format!("{line} --json"));
        let all: Value = serde_json::from_str(&ran.out).expect("one JSON document");
        assert_eq!(ran.out.lines().count(), 1, "{line}");
        assert_eq!(all["ok"], true, "{line}");
        let verb = all["command"].as_str().expect("the command's words");
        assert!(line.starts_with(verb), "{line} is not {verb}");
        all["data"].clone()
    }

    /// Runs it and expects this end, in words and in JSON. Gives the words.
    pub fn refused(&self, exit: i32, code: &str, line: &str) -> Ran {
        let ran = self.run(&format!("{line} --json"));
        let last = ran.err.lines().last().unwrap_or_default();
        let all: Value =
            serde_json::from_str(last).unwrap_or_else(|_| panic!("{line}: {}", ran.err));
        assert_eq!((ran.code, all["code"].as_str()), (exit, Some(code)), "{line}: {}", ran.err);
        assert_eq!((&all["ok"], all["exit"].as_i64()), (&Value::Bool(false), Some(exit.into())));
        for part in ["what", "next"] {
            let words = all["words"][part].as_str().unwrap_or_default();
            assert!(!words.is_empty(), "{line} does not say {part}");
        }
        assert_eq!(ran.out, "", "{line}: a refusal shows nothing");
        assert!(ran.err.contains(&format!("(exit {exit})")), "{line}: {}", ran.err);
        ran
    }

    /// Ends the stage and keeps its service's folder as `kept`. A copy: a process that another test starts at this moment
    /// may still share the lock of the first.
    pub fn keep(&self, mut stage: Stage) {
        stage.strike();
        fs::create_dir(self.path("kept")).expect("a new folder");
        let files = fs::read_dir(self.path("service")).expect("the service's folder");
        for file in files.flatten() {
            let to = self.path("kept").join(file.file_name());
            fs::copy(file.path(), to).expect("the service's files can be copied");
        }
    }

    /// The list secret of the stage, sealed to its statistician.
    pub fn write_escrow(&self, stage: &Stage, dice: &FixedDice) {
        let (study, card) = (&stage.study, stage.identities["stat-1"].card().clone());
        let design = study.list.design();
        let of = (&design.trial, design.segment, design.purpose);
        let escrow = Escrow::seal(&study.secret, of, &[card], dice);
        self.write_secret("secret.json", &escrow.expect("a statistician's card").to_json());
    }

    /// Every file of the folder, with its name.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut all = vec![];
        walk(&self.0, &mut all);
        all
    }
}

fn walk(folder: &Path, all: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, all);
        } else {
            let bytes = fs::read(&path).expect("a file");
            all.push((path.to_string_lossy().into_owned(), bytes));
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
