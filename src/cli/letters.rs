//! `klero kit letters`: the code-break letters 应急信件, printed on the statistician's own machine and nowhere else.

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, must_be_new, read_text, write_new};
use super::kit::make_folder;
use super::list::{Again, Redrawn, Signer};
use super::package::read_manifest;
use super::sheet::Sheet;
use super::trial;
use crate::domain::ids::{CentreId, Code};
use crate::domain::offline::CopyOf;
use crate::domain::trial::Trial;
use crate::sealing::bytes::{hex, sha256, unhex_array};
use crate::sealing::kit::{KIT_FILE_BYTES_MAX, KIT_MANIFEST, kit_file_name, read_kit_slot};
use crate::sealing::letters::{Inventory, LETTERS_V1, Letter, Listed, Places, letters, proves};
use crate::trial_file::{arm_preparations, arm_words};
use clap::Args;
use page::{Arms, page};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

mod page;

/// Print the code-break letters: every code twice, with serials, an inventory and a count sheet
///
/// UNBLINDED. Each letter is one sheet of A4, folded twice so that the arm lies inside; the browser's print command makes
/// paper of each file. Fold, seal and sign the edges, give the two sets to two safes, and destroy the files.
#[derive(Args)]
#[command(after_help = ending([
    "klero kit letters --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trial trial.toml -o letters",
    "klero kit letters --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trial trial.toml --place-a hotline-safe --place-b pharmacy-safe -o letters",
    "klero kit letters --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trial trial.toml --centre huashan -o letters --json",
], &[Exit::NotThere, Exit::WrongWords, Exit::OtherKey, Exit::Unreadable, Exit::Exists,
     Exit::NotAllowed, Exit::NotVerified, Exit::AlteredManifest]))]
pub struct Letters {
    #[command(flatten)]
    again: Again,
    /// The trial file that the manifest was signed over: names of arms and centres
    #[arg(long, value_name = "FILE")]
    trial: PathBuf,
    /// One centre's letters alone
    #[arg(long, value_name = "ID", value_parser = CentreId::parse)]
    centre: Option<CentreId>,
    /// Where the first set will lie
    #[arg(long, value_name = "TEXT", default_value = "hotline")]
    place_a: String,
    /// Where the second set will lie
    #[arg(long, value_name = "TEXT", default_value = "centre")]
    place_b: String,
    /// The folder, which must be new
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// The name of the inventory's file.
pub const INVENTORY: &str = "inventory.json";

impl Letters {
    /// Draws the list again, and writes a file of letters for each centre and copy.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let (text, trial) = trial::read(&self.trial)?;
        let mut signer = Signer::of(&self.again.key);
        let Redrawn { signed, list, .. } = self.again.draw(&mut signer)?;
        let manifest = &signed.manifest;
        if sha256(text.as_bytes()) != manifest.configuration {
            let what = format!("the manifest was not signed over {}", self.trial.display());
            let next = "use the trial file of this list";
            return Err(Failure::new(Exit::NotVerified, "other-configuration", what, next));
        }
        let all = letters(&list, manifest, self.centre.as_ref()).map_err(|centre| {
            let what = format!("{centre} has more codes than letters can be numbered");
            Failure::new(Exit::NotAllowed, "too-many-letters", what, "make a new segment")
        })?;
        let arms = Arms::of(&manifest.arms, &arm_words(&text), &arm_preparations(&text));
        make_folder(&self.output)?;
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for copy in CopyOf::ALL {
            for letter in &all {
                let serial = &letter.serials[copy as usize];
                let file = files.entry(format!("{}-{}.html", serial.centre, copy.as_str()));
                let pages = file.or_insert_with(|| page::head(&trial));
                pages.push_str(&page(letter, serial, &arms, (&trial, &manifest.root)));
            }
        }
        for (name, pages) in &files {
            write_new(&self.output.join(name), Eyes::Owner, &format!("{pages}{}", page::FOOT))?;
        }
        let inventory = self.inventory(&all, &trial, &hex(&signed.hash()));
        let json = serde_json::to_string_pretty(&inventory).expect("texts and a number");
        write_new(&self.output.join(INVENTORY), Eyes::Owner, &format!("{json}\n"))?;
        let sheet = count_sheet(&inventory);
        write_new(&self.output.join("count-sheet.html"), Eyes::Owner, &sheet)?;
        say!("UNBLINDED: print, fold, seal and sign; then destroy these files.");
        let (count, folder) = (all.len(), self.output.display().to_string());
        let text = format!("letters      {count}, each twice\nwritten      {folder}");
        Ok(Done::new(text, json!({"letters": count, "copies": 2, "folder": folder})))
    }

    fn inventory(&self, all: &[Letter<'_>], trial: &Trial, manifest: &str) -> Inventory {
        let listed = |letter: &Letter<'_>| {
            let code = letter.at.code.to_string();
            letter
                .serials
                .clone()
                .map(|serial| Listed { serial: serial.to_string(), code: code.clone() })
        };
        Inventory {
            klero: LETTERS_V1.to_owned(),
            trial: trial.id.to_string(),
            segment: all.first().map_or(0, |letter| letter.at.segment),
            manifest: manifest.to_owned(),
            places: Places { a: self.place_a.clone(), b: self.place_b.clone() },
            letters: all.iter().flat_map(listed).collect(),
        }
    }
}

/// The sheet on which somebody who opens nothing counts: serials, and boxes to tick.
fn count_sheet(inventory: &Inventory) -> String {
    let mut sheet = Sheet::new("Letters: inventory and count 应急信件：清单与清点");
    sheet.paragraph(&format!(
        "{}, segment {}. Set A 甲套: {}. Set B 乙套: {}.",
        inventory.trial, inventory.segment, inventory.places.a, inventory.places.b
    ));
    sheet.paragraph(
        "Tick one box for each letter, without opening any. 每封勾选一格，切勿打开。 \
         Counted by 清点人 ____________________  second person 复核人 ____________________  date 日期 __________",
    );
    let row = |one: &Listed| {
        let boxes = ["☐", "☐", "☐"].map(str::to_owned);
        [vec![one.serial.clone(), one.code.clone()], boxes.into()].concat()
    };
    let rows: Vec<_> = inventory.letters.iter().map(row).collect();
    let head = ["Serial 序列号", "Code 编码", "Intact 完好", "Opened 已打开", "Missing 缺失"];
    sheet.table("", &head, 5, &rows);
    sheet.to_html()
}

/// Prove what stands inside an opened letter against the list's commitment; needs no key
#[derive(Args)]
#[command(after_help = ending([
    "klero kit prove kit --code 7429133 --arm placebo --salt 9f…",
    "klero kit prove /media/kit --code 7429133 --arm placebo --salt 9f…",
    "klero kit prove kit --code 7429133 --arm placebo --salt 9f… --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::DoesNotFit, Exit::AlteredManifest]))]
pub struct Prove {
    /// The emergency kit's folder: its file of the code says where the slot stands
    kit: PathBuf,
    /// The letter's code
    #[arg(long, value_parser = Code::parse)]
    code: Code,
    /// The arm as the letter names it
    #[arg(long, value_name = "NAME")]
    arm: String,
    /// The salt as the letter shows it
    #[arg(long, value_name = "HEX")]
    salt: String,
}

impl Prove {
    /// Fits, or does not; nothing is opened.
    pub fn run(self) -> Result<Done, Failure> {
        let signed = read_manifest(&self.kit.join(KIT_MANIFEST))?;
        let file = self.kit.join(kit_file_name(&self.code));
        let slot = read_kit_slot(&read_text(&file, KIT_FILE_BYTES_MAX)?).map_err(|error| {
            let what = format!("{} is not a file of this kit", file.display());
            Failure::new(Exit::Unreadable, "kit-altered", what, "use another copy").because(error)
        })?;
        let plain: String = self.salt.chars().filter(|c| !c.is_whitespace()).collect();
        let salt: [u8; 32] = unhex_array(&plain).ok_or_else(|| {
            let what = "the salt has 64 hexadecimal digits";
            Failure::new(Exit::Unreadable, "salt-unreadable", what, "type it once more")
        })?;
        let root = &signed.manifest.root;
        if slot.at.code == self.code && proves(&slot.at, &self.arm, &salt, &slot.path, root) {
            let text =
                format!("code         {}\nthe letter fits the commitment", self.code.grouped());
            return Ok(Done::new(text, json!({"code": self.code.to_string(), "fits": true})));
        }
        let what = "what the letter says does not fit the commitment";
        let next = "type it once more; if it stays, keep the letter and tell the monitor";
        Err(Failure::new(Exit::DoesNotFit, "does-not-fit", what, next))
    }
}
