//! Commands for people at a terminal, and for their scripts (screens F): noun, then verb. What is found goes to stdout,
//! everything said beside it to stderr. The only room that names `clap`, and from which nothing else imports.

#[cfg(all(feature = "server", feature = "offline"))]
mod account;
#[cfg(feature = "server")]
mod backup;
#[cfg(all(feature = "server", feature = "offline"))]
mod break_collect;
#[cfg(all(feature = "server", feature = "offline"))]
mod break_import;
#[cfg(all(feature = "server", feature = "offline"))]
mod cast;
#[cfg(feature = "server")]
mod checkpoint;
#[cfg(all(feature = "server", feature = "offline"))]
mod client;
#[cfg(feature = "server")]
mod config;
#[cfg(feature = "server")]
mod core_dumps;
#[cfg(feature = "offline")]
mod cosigned;
#[cfg(all(feature = "server", feature = "offline"))]
mod demo;
#[cfg(feature = "offline")]
mod design;
#[cfg(feature = "offline")]
mod disclose;
#[cfg(feature = "server")]
mod doctor;
#[cfg(feature = "server")]
mod drill_notes;
mod export;
mod failure;
mod files;
#[cfg(feature = "offline")]
mod held;
#[cfg(feature = "server")]
mod house;
#[cfg(feature = "server")]
mod import;
#[cfg(feature = "server")]
mod init;
#[cfg(feature = "offline")]
mod key;
#[cfg(feature = "offline")]
mod kit;
#[cfg(feature = "offline")]
mod kit_count;
#[cfg(feature = "offline")]
mod letters;
#[cfg(feature = "offline")]
mod list;
#[cfg(feature = "server")]
mod mirror;
#[cfg(feature = "offline")]
mod open;
#[cfg(feature = "server")]
mod outside;
mod package;
#[cfg(all(feature = "server", feature = "offline"))]
mod people;
#[cfg(feature = "offline")]
mod pharmacy;
#[cfg(all(feature = "server", feature = "offline"))]
mod practice;
#[cfg(feature = "offline")]
mod release;
#[cfg(feature = "offline")]
mod report;
#[cfg(feature = "server")]
mod restore;
#[cfg(feature = "offline")]
mod rotate;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "offline")]
mod sheet;
mod shell;
#[cfg(feature = "server")]
mod sign_on;
#[cfg(feature = "offline")]
mod simulate;
#[cfg(all(feature = "server", feature = "offline"))]
pub mod stage;
#[cfg(all(feature = "server", feature = "offline"))]
mod stand;
#[cfg(all(feature = "server", feature = "offline"))]
mod study;
#[cfg(feature = "server")]
mod systemd;
mod tiles;
mod trail;
mod trail_folder;
mod trial;
#[cfg(feature = "server")]
mod user;
#[cfg(all(feature = "server", feature = "offline"))]
mod validate;
#[cfg(feature = "offline")]
mod vectors;
#[cfg(feature = "offline")]
mod verify;
#[cfg(all(feature = "server", feature = "offline"))]
mod watch;
#[cfg(all(feature = "server", feature = "offline"))]
mod webhook;
#[cfg(all(feature = "server", feature = "offline"))]
mod whole;
#[cfg(all(feature = "server", feature = "offline"))]
mod witness;
#[cfg(feature = "offline")]
mod words;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use failure::{Done, Exit, Failure, ending};
use serde_json::json;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Randomises the participants of a blinded trial, hands out sealed codes, and cannot unblind anybody
#[derive(Parser)]
#[command(name = "klero", version, arg_required_else_help = true)]
#[command(after_help = ending([
    "klero trial check deploy/nct04515719.toml",
    "klero trail verify export",
    "klero help list verify",
], Exit::ALL))]
struct Cli {
    /// Print one JSON document, and a failure as the last line of stderr
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// Opens a release on its holder's device, as `klero open` does: for measuring how long that takes.
///
/// # Errors
/// Every reason for which `klero open` shows no arm, in words.
#[cfg(all(feature = "server", feature = "offline"))]
pub fn open_on_device(
    release: &str,
    commitment: &str,
    identity: &crate::sealing::identity::Identity,
) -> Result<String, String> {
    let opened = open::open_release(release, commitment, identity);
    opened.map(|opened| opened.arm).map_err(|failure| failure.to_string())
}

/// The nouns.
#[derive(Subcommand)]
enum Command {
    /// The trial's file
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero trial check deploy/nct04515719.toml",
        "klero trial check deploy/nct04515719.toml | less",
        "klero trial check mine.toml --json",
    ], &[Exit::NotThere, Exit::Unreadable]))]
    Trial(TrialCommand),
    /// Identities and public cards, on the holder's own machine
    #[cfg(feature = "offline")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero key new --person p-hs-1 --role pharmacist --centre huashan",
        "klero key public p-hs-1.key.json",
        "klero key check p-hs-1.key.json",
    ], &[Exit::NotThere, Exit::WrongWords, Exit::Exists]))]
    Key(key::Verb),
    /// The list: drawn and sealed on the statistician's own machine, imported by the service
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero list verify --manifest manifest.txt --package package.json",
        "klero list verify --manifest manifest.txt --package package.json --trial trial.toml",
        "klero list --help",
    ], &[Exit::NotThere, Exit::Unreadable, Exit::Exists, Exit::NotVerified]))]
    List(ListCommand),
    #[cfg(feature = "offline")]
    Open(Box<open::Open>),
    /// The emergency kit, for the day when the service is down
    #[cfg(feature = "offline")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero kit make --package package.json -o kit",
        "klero kit count kit",
        "klero kit count kit --json",
    ], &[Exit::NotThere, Exit::Exists, Exit::NotVerified]))]
    Kit(kit::Verb),
    /// Code breaks: made without the service, and what was written about them once the arm was known
    #[cfg(all(feature = "server", feature = "offline"))]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero break import 7429133.offline.json --server http://127.0.0.1:8787 --name hot-1 \
         --category sae-management",
        "klero break collect --trail export --server http://127.0.0.1:8787 --name stat-1 \
         -o sealed-parts.json",
        "klero break import 7429133.offline.json --server http://127.0.0.1:8787 --name hot-1 --category sae-management --json",
    ], &[Exit::NotThere, Exit::Unreadable, Exit::NotAllowed]))]
    Break(break_import::Verb),
    /// The pharmacy's sealed records, on a holder's own machine
    #[cfg(feature = "offline")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero pharmacy report huashan.pharmacy.json --identity p-hs-1.key.json",
        "klero pharmacy report huashan.pharmacy.json --identity stat-1.key.json --json",
        "klero pharmacy report --help",
    ], &[Exit::NotThere, Exit::WrongWords, Exit::NotVerified]))]
    Pharmacy(PharmacyCommand),
    #[cfg(feature = "offline")]
    Verify(verify::Verify),
    /// Reports that name arms: on the statistician's own machine, from list and trail
    #[cfg(feature = "offline")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero report --help",
        "klero report closed --help",
        "klero report reconcile --help",
    ], report::EXITS))]
    Report(ReportCommand),
    /// Test vectors of every format
    #[cfg(feature = "offline")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero vectors check tests/vectors/sealing.json",
        "klero vectors check tests/vectors/*.json",
        "klero vectors check mine.json --json",
    ], &[Exit::NotThere, Exit::NotVerified]))]
    Vectors(vectors::Verb),
    /// The trail of everything that happened
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero trail verify export",
        "klero trail verify export --json",
        "klero trail --help",
    ], &[Exit::NotThere, Exit::NotVerified]))]
    Trail(TrailCommand),
    /// Independent people hold the trail to what it said before
    #[cfg(all(feature = "server", feature = "offline"))]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero witness new --name witness.example/dsmb -o dsmb.witness.json",
        "klero witness serve --key dsmb.witness.json --trail-key trail-key.txt --state seen",
        "klero witness --help",
    ], &[Exit::NotThere, Exit::Unreadable, Exit::NotVerified]))]
    Witness(witness::Verb),
    Export(Box<export::Export>),
    /// The house's configuration: where the service lives and how it is reached
    #[cfg(feature = "server")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero config check /etc/klero/klero.toml",
        "klero config show --config /etc/klero/klero.toml",
        "klero config show --json",
    ], &[Exit::NotThere, Exit::Unreadable]))]
    Config(config::Verb),
    #[cfg(feature = "server")]
    Init(Box<init::Init>),
    #[cfg(feature = "server")]
    Serve(serve::Serve),
    /// Copies of the database
    #[cfg(feature = "server")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero backup create --data /var/lib/klero /mnt/backup/2026-11-21.db",
        "klero backup verify klero-backup.db",
        "klero backup drill --config /etc/klero/klero.toml",
    ], &[Exit::NotThere, Exit::Exists, Exit::NotVerified, Exit::Behind]))]
    Backup(backup::Verb),
    #[cfg(feature = "server")]
    Doctor(doctor::Doctor),
    #[cfg(feature = "server")]
    Health(doctor::Health),
    /// Accounts: at a running service, and on a stopped folder when no administrator can sign in
    #[cfg(feature = "server")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending(user::EXAMPLES, &[
        Exit::NotThere, Exit::InUse, Exit::Unreadable, Exit::NotAllowed,
    ]))]
    User(user::Verb),
    /// Programs that are told of what happens
    #[cfg(all(feature = "server", feature = "offline"))]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero webhook list --server http://127.0.0.1:8787 --name admin-1",
        "klero webhook verify body.json --key whpk_… --id event-412 --timestamp 1795222530 --signature v1a,…",
        "klero webhook --help",
    ], &[Exit::NotThere, Exit::NotAllowed, Exit::NotVerified]))]
    Webhook(webhook::Verb),
    /// The database's schema
    #[cfg(feature = "server")]
    #[command(subcommand, arg_required_else_help = true, after_help = ending([
        "klero schema status --data /var/lib/klero",
        "klero schema status --data data --json",
        "klero schema status",
    ], &[Exit::NotThere, Exit::Schema]))]
    Schema(SchemaCommand),
    #[cfg(feature = "server")]
    Openapi(serve::OpenApi),
    #[cfg(all(feature = "server", feature = "offline"))]
    Demo(stand::Demo),
    Completions(shell::Completions),
    Man(shell::Manual),
    #[cfg(all(feature = "server", feature = "offline"))]
    Validate(Box<validate::Validate>),
    #[cfg(all(feature = "server", feature = "offline"))]
    Conform(validate::conform::Conform),
}

#[derive(Subcommand)]
enum TrialCommand {
    Check(trial::Check),
}

#[derive(Subcommand)]
enum ListCommand {
    #[cfg(feature = "offline")]
    Secret(list::Secret),
    #[cfg(feature = "offline")]
    Generate(Box<list::Generate>),
    #[cfg(feature = "offline")]
    Seal(Box<list::Seal>),
    Verify(package::Verify),
    #[cfg(feature = "server")]
    Import(import::Import),
    #[cfg(feature = "offline")]
    Simulate(simulate::Simulate),
    #[cfg(feature = "offline")]
    Disclose(Box<disclose::Disclose>),
}

#[cfg(feature = "offline")]
#[derive(Subcommand)]
enum ReportCommand {
    Closed(Box<report::Closed>),
    Balance(Box<report::Balance>),
    Exposure(Box<report::Exposed>),
    Reconcile(Box<report::Reconcile>),
}

#[cfg(feature = "offline")]
#[derive(Subcommand)]
enum PharmacyCommand {
    Report(pharmacy::Report),
}

#[derive(Subcommand)]
enum TrailCommand {
    Verify(trail::Verify),
    #[cfg(feature = "server")]
    Export(trail::Export),
    #[cfg(all(feature = "server", feature = "offline"))]
    Watch(Box<watch::Watch>),
    #[cfg(feature = "server")]
    Checkpoint(checkpoint::Newest),
}

#[cfg(feature = "server")]
#[derive(Subcommand)]
enum SchemaCommand {
    Status(serve::SchemaStatus),
}

impl Command {
    fn run(self) -> Result<Done, Failure> {
        match self {
            Command::Trial(TrialCommand::Check(check)) => check.run(),
            #[cfg(feature = "offline")]
            Command::Key(verb) => verb.run(),
            Command::List(verb) => verb.run(),
            #[cfg(feature = "offline")]
            Command::Open(open) => open.run(),
            #[cfg(feature = "offline")]
            Command::Kit(verb) => verb.run(),
            #[cfg(all(feature = "server", feature = "offline"))]
            Command::Break(verb) => verb.run(),
            #[cfg(feature = "offline")]
            Command::Pharmacy(PharmacyCommand::Report(report)) => report.run(),
            #[cfg(feature = "offline")]
            Command::Verify(verify) => verify.run(),
            #[cfg(feature = "offline")]
            Command::Report(verb) => match verb {
                ReportCommand::Closed(closed) => closed.run(),
                ReportCommand::Balance(balance) => balance.run(),
                ReportCommand::Exposure(exposed) => exposed.run(),
                ReportCommand::Reconcile(reconcile) => reconcile.run(),
            },
            #[cfg(feature = "offline")]
            Command::Vectors(vectors::Verb::Check(check)) => check.run(),
            Command::Trail(TrailCommand::Verify(verify)) => verify.run(),
            #[cfg(feature = "server")]
            Command::Trail(TrailCommand::Export(export)) => export.run(),
            #[cfg(all(feature = "server", feature = "offline"))]
            Command::Trail(TrailCommand::Watch(watch)) => watch.run(),
            #[cfg(all(feature = "server", feature = "offline"))]
            Command::Witness(verb) => verb.run(),
            #[cfg(feature = "server")]
            Command::Trail(TrailCommand::Checkpoint(newest)) => newest.run(),
            Command::Export(export) => export.run(),
            #[cfg(feature = "server")]
            Command::Config(verb) => verb.run(),
            #[cfg(feature = "server")]
            Command::Init(init) => init.run(),
            #[cfg(feature = "server")]
            Command::Serve(serve) => serve.run(),
            #[cfg(feature = "server")]
            Command::Backup(verb) => verb.run(),
            #[cfg(feature = "server")]
            Command::Doctor(doctor) => doctor.run(),
            #[cfg(feature = "server")]
            Command::Health(health) => health.run(),
            #[cfg(feature = "server")]
            Command::Schema(SchemaCommand::Status(status)) => status.run(),
            #[cfg(feature = "server")]
            Command::User(verb) => verb.run(),
            #[cfg(all(feature = "server", feature = "offline"))]
            Command::Webhook(verb) => verb.run(),
            #[cfg(all(feature = "server", feature = "offline"))]
            Command::Demo(demo) => demo.run(),
            #[cfg(all(feature = "server", feature = "offline"))]
            Command::Validate(validate) => validate.run(),
            #[cfg(all(feature = "server", feature = "offline"))]
            Command::Conform(conform) => conform.run(),
            #[cfg(feature = "server")]
            Command::Openapi(openapi) => openapi.run(),
            Command::Completions(completions) => completions.run(Cli::command()),
            Command::Man(manual) => manual.run(Cli::command()),
        }
    }
}

impl ListCommand {
    fn run(self) -> Result<Done, Failure> {
        match self {
            #[cfg(feature = "offline")]
            ListCommand::Secret(secret) => secret.run(),
            #[cfg(feature = "offline")]
            ListCommand::Generate(generate) => generate.run(),
            #[cfg(feature = "offline")]
            ListCommand::Seal(seal) => seal.run(),
            ListCommand::Verify(verify) => verify.run(),
            #[cfg(feature = "server")]
            ListCommand::Import(import) => import.run(),
            #[cfg(feature = "offline")]
            ListCommand::Simulate(simulate) => simulate.run(),
            #[cfg(feature = "offline")]
            ListCommand::Disclose(disclose) => disclose.run(),
        }
    }
}

/// Runs the command that these arguments, the program's name first, ask for.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    #[cfg(feature = "server")]
    core_dumps::forbid();
    let args: Vec<OsString> = args.into_iter().collect();
    let matches = match Cli::command().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => return misunderstood(&error, args.iter().any(|arg| arg == "--json")),
    };
    let named = verb(&matches);
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error, matches.get_flag("json")),
    };
    let json = cli.json;
    match cli.command.run().and_then(|done| print(&done, &named, json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure, json),
    }
}

/// `key new`: the words by which a command is known.
fn verb(matches: &ArgMatches) -> String {
    let (mut words, mut rest) = (vec![], matches.subcommand());
    while let Some((word, below)) = rest {
        words.push(word);
        rest = below.subcommand();
    }
    words.join(" ")
}

fn print(done: &Done, named: &str, json: bool) -> Result<(), Failure> {
    let text = if json {
        json!({"ok": true, "command": named, "data": done.data}).to_string()
    } else if done.text.is_empty() {
        return Ok(());
    } else {
        done.text.clone()
    };
    match writeln!(io::stdout(), "{text}") {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let what = "the result could not be printed";
            let next = "check where the output goes";
            Err(Failure::new(Exit::Failed, "output-failed", what, next).because(error))
        }
        Ok(()) => Ok(()),
    }
}

fn failed(failure: &Failure, json: bool) -> ExitCode {
    if let Some(found) = failure.found.as_ref().filter(|found| !json && !found.text.is_empty()) {
        let _ = writeln!(io::stdout(), "{}", found.text);
    }
    // When stderr is gone too, the exit code alone is left to tell.
    let _ = writeln!(io::stderr(), "{failure}");
    if json {
        let _ = writeln!(io::stderr(), "{}", failure.to_json());
    }
    ExitCode::from(failure.exit as u8)
}

/// Help, version, or a command line that is wrong.
fn misunderstood(error: &clap::Error, json: bool) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let _ = error.print();
    if asked {
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(io::stderr(), "   (exit {})", Exit::Usage as u8);
    if json {
        let text = error.to_string();
        let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let failure = Failure::new(Exit::Usage, "wrong-usage", what, "klero help");
        let _ = writeln!(io::stderr(), "{}", failure.to_json());
    }
    ExitCode::from(Exit::Usage as u8)
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{Command, CommandFactory};

    fn each(command: &Command, named: &str, check: &mut dyn FnMut(&Command, &str)) {
        check(command, named);
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            each(below, &format!("{named} {}", below.get_name()), check);
        }
    }

    #[test]
    fn the_tree_of_commands_agrees_with_itself() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_ends_with_examples_of_its_own_command_and_with_exit_codes() {
        each(&Cli::command(), "klero", &mut |command, named| {
            let end = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(end.starts_with("Examples:\n"), "{named}");
            assert!(end.contains("\nExit codes:\n   0 done\n"), "{named}");
            let examples: Vec<_> =
                end.lines().skip(1).take_while(|line| !line.is_empty()).collect();
            assert_eq!(examples.len(), 3, "{named}");
            assert!(examples.iter().all(|line| line.contains(named)), "{named}: {examples:?}");
            assert!(command.get_about().is_some(), "{named} says what it does");
        });
    }

    /// As a shell takes them: what stands in quotation marks is one word.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![];
        for (at, part) in line.split('"').enumerate() {
            match at % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        words
    }

    #[test]
    fn every_example_is_a_command_line_that_is_understood() {
        each(&Cli::command(), "klero", &mut |command, named| {
            let end = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in end.lines().skip(1).take_while(|line| !line.is_empty()) {
                let line = line.split([';', '|', '<', '>']).find(|part| part.contains("klero"));
                let words = words(line.unwrap_or_default());
                let words = words.iter().skip_while(|word| *word != "klero");
                let parsed = Cli::command().try_get_matches_from(words);
                let understood = parsed.err().is_none_or(|e| !e.use_stderr());
                assert!(understood, "{named}: {line:?}");
            }
        });
    }
}
