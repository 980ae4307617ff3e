//! What a shell and the manual know of the commands: made from the tree of commands itself, so that both say what it does.

use super::failure::{Done, Exit, Failure, ending};
use super::files::{Eyes, must_be_new, write_new};
use crate::text::{self, Language};
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// Print what a shell needs to complete the commands
#[derive(Args)]
#[command(after_help = ending([
    "klero completions bash > /etc/bash_completion.d/klero",
    "klero completions zsh > \"${fpath[1]}/_klero\"",
    "klero completions fish --json",
], &[]))]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

/// Write the manual's pages: one a command in English, and the first in Chinese
#[derive(Args)]
#[command(after_help = ending([
    "klero man /usr/local/share/man",
    "klero man man; man -l man/man1/klero.1",
    "klero man man --json",
], &[Exit::Exists]))]
pub struct Manual {
    /// The folder under which `man1` and `zh_CN/man1` are made
    folder: PathBuf,
}

impl Completions {
    /// Prints the script.
    pub fn run(self, mut tree: Command) -> Result<Done, Failure> {
        let mut script = vec![];
        clap_complete::generate(self.shell, &mut tree, "klero", &mut script);
        let script = String::from_utf8_lossy(&script).trim_end().to_owned();
        let data = json!({"shell": self.shell.to_string(), "script": script});
        Ok(Done::new(script, data))
    }
}

impl Manual {
    /// Writes every page, or none when one of them is there already.
    pub fn run(self, tree: Command) -> Result<Done, Failure> {
        let english = self.folder.join("man1");
        let chinese = self.folder.join("zh_CN/man1");
        let mut pages = vec![(chinese.join("klero.1"), in_chinese(&tree))];
        let mut tree = tree.disable_help_subcommand(true);
        tree.build();
        in_english(&tree, &english, &mut pages)?;
        for (page, _) in &pages {
            must_be_new(page)?;
        }
        for folder in [&english, &chinese] {
            fs::create_dir_all(folder).map_err(|error| unmade(folder, error))?;
        }
        for (page, text) in &pages {
            write_new(page, Eyes::All, text)?;
        }
        let folder = self.folder.display().to_string();
        let text = format!("written      {} pages under {folder}", pages.len());
        Ok(Done::new(text, json!({"folder": folder, "pages": pages.len()})))
    }
}

fn unmade(folder: &Path, error: std::io::Error) -> Failure {
    let what = format!("the folder {} cannot be made", folder.display());
    Failure::new(Exit::Failed, "folder-unmade", what, "check the path and its permissions")
        .because(error)
}

/// A page of each command, `klero-trail-verify.1` below `klero-trail.1`.
fn in_english(
    command: &Command,
    folder: &Path,
    pages: &mut Vec<(PathBuf, String)>,
) -> Result<(), Failure> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        in_english(below, folder, pages)?;
    }
    let man = Man::new(command.clone());
    let mut page = vec![];
    man.render(&mut page).map_err(|error| unmade(folder, error))?;
    pages.push((folder.join(man.get_filename()), String::from_utf8_lossy(&page).into_owned()));
    Ok(())
}

/// The first page in Chinese. The commands themselves speak English, so there is one page: what each is for, and where to
/// read on. A command that has no Chinese words yet is told in English rather than left out.
fn in_chinese(tree: &Command) -> String {
    let say = |key: &str| text::say(Language::ZhCn, key, &[]);
    let mut page = format!(
        ".TH klero 1 \"\" \"klero {}\"\n.SH {}\nklero \\- {}\n",
        env!("CARGO_PKG_VERSION"),
        say("manual.name"),
        roff(&say("manual.about")),
    );
    let mut section = |title: &str, text: &str| {
        page.push_str(&format!(".SH {}\n{}\n", say(title), text));
    };
    section("manual.synopsis", ".B klero\n[\\-\\-json] COMMAND …");
    section("manual.what", &roff(&say("manual.description")));
    let mut commands = String::new();
    for command in tree.get_subcommands() {
        let name = command.get_name();
        let words = text::find(Language::ZhCn, &format!("manual-command.{name}"), &[]);
        let english = || command.get_about().map(ToString::to_string).unwrap_or_default();
        let words = roff(&words.unwrap_or_else(english));
        commands.push_str(&format!(".TP\n.B klero {}\n{words}\n", roff(name)));
    }
    section("manual.commands", commands.trim_end());
    let mut exits = String::from(".TP\n.B 0\n");
    exits.push_str(&format!("{}\n", say("manual.done")));
    exits.push_str(&roff(&say("manual.exits")));
    section("manual.exit", &exits);
    section("manual.more", &roff(&say("manual.read-on")));
    page
}

/// Text as roff takes it: nothing in it is a request or an escape.
fn roff(text: &str) -> String {
    let plain = text.replace('\\', "\\e").replace('-', "\\-");
    let guarded = plain.lines().map(|line| match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line.to_owned(),
    });
    guarded.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::roff;

    #[test]
    fn nothing_in_a_text_is_taken_for_a_request() {
        assert_eq!(roff(".TH --json \\x\n'x"), "\\&.TH \\-\\-json \\ex\n\\&'x");
    }
}
