//! What stands beside the pages and never changes while the program runs. The address holds a hash of it all, so that a
//! browser may keep it for ever, and modules may name each other by their plain names.

use crate::sealing::bytes::{hex, sha256, sha256_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

/// One file.
#[derive(Debug, Clone)]
pub struct Static {
    /// Its name.
    pub name: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The modules that a script imports: they name each other by their plain names.
fn imports(bytes: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let after = text.split(" from './").skip(1);
    after.filter_map(|rest| rest.split('\'').next()).collect()
}

/// All of them.
#[derive(Debug)]
pub struct Statics {
    /// Each with what a page says of its bytes: worked out once, since a page with keys names every script.
    files: Vec<(Static, String)>,
    hash: String,
}

impl Statics {
    /// These files, under one hash.
    pub fn new(files: Vec<Static>) -> Self {
        let parts: Vec<&[u8]> =
            files.iter().flat_map(|file| [file.name.as_bytes(), &file.bytes]).collect();
        let hash = hex(&sha256_of(&parts)[..8]);
        let sealed = |file: Static| {
            let integrity = format!("sha256-{}", STANDARD.encode(sha256(&file.bytes)));
            (file, integrity)
        };
        Self { files: files.into_iter().map(sealed).collect(), hash }
    }

    /// The address of a file.
    pub fn address(&self, name: &str) -> String {
        format!("/static/{}/{name}", self.hash)
    }

    /// What a page says of a script, so that the browser runs these very bytes and no others.
    ///
    /// # Panics
    /// When there is no such file: names stand in our own templates.
    pub fn integrity(&self, name: &str) -> &str {
        let (_, integrity) = self.find(name).expect("pages name files that are there");
        integrity
    }

    /// The scripts that a page runs when it runs these: with all that they import, in the order of the table.
    pub fn scripts(&self, run: &[&str]) -> Vec<&'static str> {
        let mut wanted: Vec<&str> = run.to_vec();
        let mut found: BTreeSet<&'static str> = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            let Some((file, _)) = self.find(name) else { continue };
            if found.insert(file.name) {
                wanted.extend(imports(&file.bytes));
            }
        }
        let order = self.files.iter().map(|(file, _)| file.name);
        order.filter(|name| found.contains(name)).collect()
    }

    /// The file at an address, if hash and name fit.
    pub(super) fn at(&self, hash: &str, name: &str) -> Option<&Static> {
        self.find(name).filter(|_| hash == self.hash).map(|(file, _)| file)
    }

    fn find(&self, name: &str) -> Option<&(Static, String)> {
        self.files.iter().find(|(file, _)| file.name == name)
    }
}
