//! What reads each format: shared by the damaged files of `cargo test` and by the coverage-guided search of `tests/fuzz`.

use klero::cli::stage::TRIAL;
use klero::config::{Sources, settle};
use klero::domain::quantity::Quantity;
use klero::domain::target::Target;
use klero::domain::time::Moment;
use klero::domain::trial::Trial;
use klero::sealing::card::Card;
use klero::sealing::ceremony::Escrow;
use klero::sealing::checkpoint::TrailKey;
use klero::sealing::data_set::read_data_set;
use klero::sealing::disclosure::Disclosure;
use klero::sealing::groups::{Groups, Meaning};
use klero::sealing::identity::Identity;
use klero::sealing::kit::{PortableSlot, read_kit_slot, read_kit_wraps};
use klero::sealing::letters::Inventory;
use klero::sealing::line;
use klero::sealing::manifest::SignedManifest;
use klero::sealing::offline_record::SignedRecord;
use klero::sealing::package::Package;
use klero::sealing::published::Openings;
use klero::sealing::rotation::Rotation;
use klero::sealing::witness::{Submission, WitnessKey};
use klero::service::people_table::read_table;
use klero::trial_file;
use std::sync::LazyLock;

/// A reader: None when it refuses; what it read, written again, where the format can be written.
pub type Reader = fn(&[u8]) -> Option<String>;

/// The words under which [`seeds`](super) seal identities, and the only ones tried.
pub const WORDS: &str = "abacus abdomen abdominal abide abiding ability";

static HERE: LazyLock<Trial> =
    LazyLock::new(|| trial_file::read(TRIAL).expect("the first trial's own file"));

/// Every format, by its name. A name is a fuzz target's too.
pub const READERS: &[(&str, Reader)] = &[
    ("configuration", |bytes| {
        let file = text(bytes)?;
        let settled = settle(&Sources { flags: vec![], variable: &|_| None, file }).ok()?;
        let warned = settled.config.warnings().len();
        Some(format!("{} {warned}", settled.shown.len()))
    }),
    ("trial", |bytes| Some(trial_file::read(text(bytes)?).ok()?.id.to_string())),
    ("people", |bytes| Some(read_table(&HERE, bytes).ok()?.len().to_string())),
    ("manifest", |bytes| Some(SignedManifest::parse(text(bytes)?).ok()?.to_file_text())),
    ("package", |bytes| Some(Package::read(text(bytes)?).ok()?.to_json())),
    ("card", |bytes| Some(Card::from_json(text(bytes)?).ok()?.to_json())),
    ("escrow", |bytes| Some(Escrow::from_json(text(bytes)?).ok()?.to_json())),
    ("disclosure", |bytes| Some(Disclosure::from_json(text(bytes)?).ok()?.to_json())),
    ("openings", |bytes| Some(Openings::from_json(text(bytes)?).ok()?.to_json())),
    ("groups", |bytes| Some(Groups::from_json(text(bytes)?).ok()?.to_json())),
    ("meaning", |bytes| Some(Meaning::from_json(text(bytes)?).ok()?.to_json())),
    ("data-set", |bytes| Some(read_data_set(text(bytes)?).ok()?.len().to_string())),
    ("line", |bytes| Some(line::parse(text(bytes)?).ok()?.seq.to_string())),
    ("private-record", |bytes| {
        let written = line::facts_json(&line::read_private(text(bytes)?).ok()?);
        // Its hash stands in the trail: no two layouts may be one record.
        assert_eq!(written.as_bytes(), bytes, "a private record has one form");
        Some(written)
    }),
    ("trail-key", |bytes| TrailKey::parse(text(bytes)?).ok().map(|_| String::new())),
    ("witness-key", |bytes| Some(WitnessKey::parse(text(bytes)?)?.to_string())),
    ("submission", |bytes| Some(Submission::parse(text(bytes)?)?.to_text())),
    ("identity", identity),
    ("kit-slot", |bytes| Some(read_kit_slot(text(bytes)?).ok()?.to_json())),
    ("kit-wraps", |bytes| Some(read_kit_wraps(text(bytes)?).ok()?.len().to_string())),
    ("released-slot", |bytes| Some(PortableSlot::from_json(text(bytes)?).ok()?.to_json())),
    ("letters", |bytes| Some(Inventory::read(text(bytes)?).ok()?.codes().len().to_string())),
    ("offline-record", |bytes| Some(SignedRecord::from_json(text(bytes)?).ok()?.to_json())),
    ("rotation", |bytes| Some(Rotation::read(text(bytes)?).ok()?.to_json())),
    ("words", words),
];

/// Those whose written form is the one form: read again, it is written the same.
pub const WRITTEN: &[&str] = &[
    "manifest",
    "package",
    "card",
    "escrow",
    "disclosure",
    "openings",
    "groups",
    "meaning",
    "witness-key",
    "submission",
    "released-slot",
    "offline-record",
    "rotation",
];

/// What must hold of any bytes: they are read or refused, and what is read is written and read again the same.
pub fn hold(name: &str, bytes: &[u8]) -> Option<String> {
    let (_, read) = READERS.iter().find(|(known, _)| *known == name).expect("a reader's name");
    let written = read(bytes)?;
    if WRITTEN.contains(&name) {
        assert_eq!(read(written.as_bytes()).as_ref(), Some(&written), "{name}: read again");
    }
    Some(written)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A file made dear is refused before any hashing; a cheap one, which only a test or a demonstration writes, is opened.
fn identity(bytes: &[u8]) -> Option<String> {
    let text = text(bytes)?;
    let file: serde_json::Value = serde_json::from_str(text).ok()?;
    let read = match file["iterations"].as_u64() {
        Some(0..=1000) => Identity::from_file_with_any_cost(text, WORDS),
        // 600,000 rounds teach a search nothing.
        Some(600_000..=10_000_000) => return None,
        _ => Identity::from_file(text, WORDS),
    };
    read.ok().map(|identity| identity.card().to_json())
}

/// The small forms that stand in fields: a moment, a value with its unit, an address that is told of notices.
fn words(bytes: &[u8]) -> Option<String> {
    let text = text(bytes)?;
    if let Some(moment) = Moment::parse(text) {
        assert_eq!(Moment::parse(&moment.to_string()), Some(moment), "a moment is read again");
        return Some(moment.to_string());
    }
    let target = Target::parse(text).map(|target| target.url);
    let quantity = Quantity::parse(text).map(|(_, decimals)| decimals.to_string());
    target.or(quantity)
}
