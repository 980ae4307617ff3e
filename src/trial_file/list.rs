//! Arms, ratio, block sizes and slots: for the statistician's commands. The service reads them only to see that the file
//! is whole, and keeps nothing of it.

use super::table::{Placed, Table};
use super::whole::no_twins;
use crate::domain::trial::Words;

/// `draw(n)` takes at most 256 (design 5), so no block is longer.
const SIZE_MAX: u32 = 256;
/// Up to here a block of one published size is easily counted off.
const SMALL_SIZE_MAX: u32 = 8;

/// The arms and the list, as the file has them.
#[derive(Debug)]
pub(super) struct ListText {
    pub(super) arms: Vec<ArmText>,
    /// Empty when the file hides them.
    pub(super) sizes: Vec<u32>,
    pub(super) slots: u32,
}

/// The words of one arm. They stand in the file for all arms alike, and say nothing about anybody.
#[derive(Debug)]
pub(super) struct ArmText {
    pub(super) id: String,
    pub(super) name: Words,
    pub(super) prepare: Words,
    pub(super) ratio: u32,
    /// Counted by the statistician's reconciliation alone.
    #[cfg_attr(not(feature = "offline"), allow(dead_code))]
    pub(super) vials: u32,
    /// For exposure data sets, which the statistician's command makes.
    #[cfg_attr(not(feature = "offline"), allow(dead_code))]
    pub(super) dose_mg: Option<u32>,
}

/// Reads both sections.
pub(super) fn read(root: &Table<'_>) -> Option<ListText> {
    let arms = arms(root);
    let table = root.table("list")?;
    table.only(&["sizes", "slots"]);
    let slots = table.table("slots").and_then(|inner| {
        inner.only(&["each", "source", "because", "decision"]);
        inner.source();
        inner.count("each", 1, 100_000)
    });
    let ratio: u32 = arms.iter().map(|arm| arm.ratio).sum();
    let sizes = table.table("sizes").map(|inner| sizes(&inner, ratio));
    Some(ListText { arms, sizes: sizes?, slots: slots? })
}

fn arms(root: &Table<'_>) -> Vec<ArmText> {
    let tables = root.tables("arms", "arm");
    if tables.len() < 2 || tables.len() > 10 {
        root.wrong("arms", "has fewer than 2 or more than 10 members", "a trial compares arms");
    }
    let mut arms = vec![];
    for table in tables {
        table.only(&[
            "id", "name", "prepare", "dose_mg", "vials", "ratio", "source", "because", "decision",
        ]);
        table.source();
        let (id, name, prepare) = (table.id("id"), table.words("name"), table.words("prepare"));
        let ratio = table.count("ratio", 1, 20);
        let count = |key, most| table.has(key).then(|| table.count(key, 0, most)).flatten();
        let dose_mg = count("dose_mg", 100_000);
        let vials = count("vials", 100).unwrap_or(0);
        if let (Some(id), Some(name), Some(prepare), Some(ratio)) = (id, name, prepare, ratio) {
            arms.push(ArmText { id, name, prepare, ratio, vials, dose_mg });
        }
    }
    no_twins(root, "arms", arms.iter().map(|arm| arm.id.as_str()));
    arms
}

/// The published sizes, or none where `hidden = true`: the statistician then names them to the command alone.
fn sizes(table: &Table<'_>, ratio: u32) -> Vec<u32> {
    if table.flag("hidden") {
        table.only(&["hidden", "source", "because", "decision"]);
        return vec![];
    }
    table.only(&["values", "hidden", "source", "because", "decision"]);
    table.source();
    let sizes = table.counts("values", 1, SIZE_MAX);
    for size in &sizes {
        if ratio > 0 && size.value % ratio != 0 {
            let what = format!(
                "block size {} is no multiple of {ratio}, the sum of the ratio",
                size.value
            );
            table.notes.error(
                size.line,
                what,
                format!("use {ratio}, {}, {} …", 2 * ratio, 3 * ratio),
            );
        }
    }
    guessable(table, &sizes);
    let words: Vec<String> = sizes.iter().map(|size| size.value.to_string()).collect();
    no_twins(table, "values", words.iter().map(String::as_str));
    sizes.into_iter().map(|size| size.value).collect()
}

/// SG-9: with strata by centre, staff who count participants know the last of each block.
fn guessable(table: &Table<'_>, sizes: &[Placed<u32>]) {
    if let [only] = sizes
        && only.value <= SMALL_SIZE_MAX
    {
        let what = format!(
            "one published block size of {} with strata by centre can be guessed: whoever counts \
             participants and learns an arm knows the end of a block",
            only.value
        );
        table.notes.warning(
            only.line,
            what,
            "mix sizes, or hide them: `sizes = { hidden = true }`",
        );
    }
}

/// What the statistician draws from.
#[cfg(feature = "offline")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDesign {
    /// The arms' ids, in manifest order.
    pub arms: Vec<String>,
    /// How often each, in a block of the sum.
    pub ratio: Vec<u32>,
    /// The published block sizes; empty where the file hides them, and then somebody must name them.
    pub sizes: Vec<u32>,
    /// Slots in each stratum.
    pub slots: u32,
}

/// Reads the list's design out of a file that is without error as a whole.
#[cfg(feature = "offline")]
pub fn read_design(text: &str) -> Result<ListDesign, Vec<super::Finding>> {
    super::read(text)?;
    let list = whole_list(text).ok_or_else(Vec::new)?;
    Ok(ListDesign {
        ratio: list.arms.iter().map(|arm| arm.ratio).collect(),
        arms: list.arms.into_iter().map(|arm| arm.id).collect(),
        sizes: list.sizes,
        slots: list.slots,
    })
}

/// How many vials each arm's preparation takes, in manifest order; empty for a file with errors.
#[cfg(feature = "offline")]
pub fn arm_vials(text: &str) -> Vec<u32> {
    let list = whole_list(text);
    list.map(|list| list.arms.iter().map(|arm| arm.vials).collect()).unwrap_or_default()
}

/// The dose of each arm in mg, where the file says one, in manifest order; empty for a file with errors.
#[cfg(feature = "offline")]
pub fn arm_doses(text: &str) -> Vec<Option<u32>> {
    let list = whole_list(text);
    list.map(|list| list.arms.iter().map(|arm| arm.dose_mg).collect()).unwrap_or_default()
}

/// What each arm is called on a holder's device, in manifest order; empty for a file with errors.
#[cfg(feature = "offline")]
pub fn arm_words(text: &str) -> Vec<Words> {
    whole_list(text)
        .map(|list| list.arms.into_iter().map(|arm| arm.name).collect())
        .unwrap_or_default()
}

/// How each arm is prepared, in manifest order; empty for a file with errors.
#[cfg(feature = "offline")]
pub fn arm_preparations(text: &str) -> Vec<Words> {
    whole_list(text)
        .map(|list| list.arms.into_iter().map(|arm| arm.prepare).collect())
        .unwrap_or_default()
}

/// The two sections of a file, unless something is wrong in them.
#[cfg(feature = "offline")]
fn whole_list(text: &str) -> Option<ListText> {
    let notes = super::table::Notes::of(text);
    let list = super::with_root(text, &notes, read).flatten();
    list.filter(|_| !notes.has_errors())
}
