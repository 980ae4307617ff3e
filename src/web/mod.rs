//! Pages for people: what each shows, in English and Chinese, and which use case its form asks. This room knows no HTTP
//! and no SQL: it is handed a `Visit` and gives back a page. A page handler calls the same use case as the route of the
//! interface beside it; neither calls the other. `GUIDE.md` beside this file says how to write one.

mod account;
mod breaks;
mod changes;
mod corrected;
mod curve;
mod disclose;
mod drill;
mod eligibility;
mod exports;
mod follow_up;
mod form;
mod frame;
mod health;
mod home;
mod import;
mod keys;
mod list;
mod notices;
mod offline;
mod opening;
mod participants;
mod passkeys;
mod people;
mod pharmacy;
mod principal;
mod public;
mod qr;
mod randomise;
mod record;
mod records;
mod recruitment;
mod reports;
mod review;
mod rights;
mod safety;
mod screening;
mod sealed_part;
mod sentence;
mod sheets;
mod sign_on;
mod standing;
mod start;
mod tokens;
mod trail;
mod verify;
mod void;

use crate::http::pages::{Page, Pages, Static, Statics};
use diceware_wordlists::EFF_LONG_WORDLIST;

/// Every page of the service.
pub fn pages() -> Pages {
    let all: Vec<Vec<Page>> = vec![
        home::pages(),
        public::pages(),
        screening::pages(),
        participants::pages(),
        records::pages(),
        eligibility::pages(),
        randomise::pages(),
        sheets::pages(),
        keys::pages(),
        changes::pages(),
        opening::pages(),
        drill::pages(),
        pharmacy::pages(),
        trail::pages(),
        verify::pages(),
        review::pages(),
        list::pages(),
        void::pages(),
        disclose::pages(),
        breaks::pages(),
        follow_up::pages(),
        sealed_part::pages(),
        safety::pages(),
        offline::pages(),
        recruitment::pages(),
        reports::pages(),
        exports::pages(),
        people::pages(),
        rights::pages(),
        import::pages(),
        principal::pages(),
        account::pages(),
        passkeys::pages(),
        sign_on::pages(),
        tokens::pages(),
        start::pages(),
        health::pages(),
        notices::pages(),
    ];
    Pages {
        all: all.concat(),
        statics: Statics::new(files()),
        refused: standing::refused,
        sign_in: standing::sign_in,
    }
}

/// A file of `static/`, compiled in.
macro_rules! file {
    ($name:literal, $kind:literal) => {
        Static {
            name: $name,
            kind: $kind,
            bytes: without_remarks(include_str!(concat!("static/", $name))).into_bytes(),
        }
    };
}

/// A script as it is sent: remarks on lines of their own are for whoever reads the source, not for a phone at night.
fn without_remarks(text: &str) -> String {
    let sent = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    sent.flat_map(|line| [line, "\n"]).collect()
}

fn files() -> Vec<Static> {
    let style = concat!(
        include_str!("css/base.css"),
        include_str!("css/screening.css"),
        include_str!("css/keys.css"),
        include_str!("css/office.css"),
        include_str!("css/reports.css"),
        include_str!("css/follow.css"),
        include_str!("css/pharmacy.css"),
        include_str!("css/list.css"),
        include_str!("css/drill.css"),
        include_str!("css/print.css"),
    );
    vec![
        Static { name: "klero.css", kind: "text/css", bytes: style.as_bytes().to_vec() },
        file!("klero.svg", "image/svg+xml"),
        // Browsers draw the six words from it, and look a word up before they try it.
        Static {
            name: "words.txt",
            kind: "text/plain",
            bytes: EFF_LONG_WORDLIST.join("\n").into_bytes(),
        },
        file!("arms.js", "text/javascript"),
        file!("break_record.js", "text/javascript"),
        file!("bytes.js", "text/javascript"),
        file!("card.js", "text/javascript"),
        file!("drill.js", "text/javascript"),
        file!("ed25519.js", "text/javascript"),
        file!("emergency.js", "text/javascript"),
        file!("grant.js", "text/javascript"),
        file!("grants.js", "text/javascript"),
        file!("hpke.js", "text/javascript"),
        file!("identity.js", "text/javascript"),
        file!("key.js", "text/javascript"),
        file!("ledger.js", "text/javascript"),
        file!("manifest.js", "text/javascript"),
        file!("open.js", "text/javascript"),
        file!("page.js", "text/javascript"),
        file!("pass_on.js", "text/javascript"),
        file!("passkey.js", "text/javascript"),
        file!("pharmacy.js", "text/javascript"),
        file!("pharmacy_record.js", "text/javascript"),
        file!("proof.js", "text/javascript"),
        file!("record.js", "text/javascript"),
        file!("rotate.js", "text/javascript"),
        file!("scanned.js", "text/javascript"),
        file!("shown.js", "text/javascript"),
        file!("sealed_part.js", "text/javascript"),
        file!("signature.js", "text/javascript"),
        file!("stock.js", "text/javascript"),
        file!("stockroom.js", "text/javascript"),
        file!("words.js", "text/javascript"),
    ]
}
