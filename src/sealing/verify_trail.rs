//! Check 3 of `klero verify`: chain, tree and checkpoints of an exported trail (design 7), and what the checks after it
//! need of its entries.

use super::bytes::{Hash, hex, same};
use super::checkpoint::{Checkpoint, TrailKey};
use super::line::{self, Line};
use super::manifest::SignedManifest;
use super::tree::{Frontier, leaf_hash};
use crate::domain::entry::{Fact, Facts, fact};

/// What the export says and what it is held against.
pub struct TrailEvidence<'e> {
    /// The signed note over exactly the lines of the export.
    pub checkpoint: &'e str,
    /// The key it is signed with.
    pub key: &'e str,
    /// Checkpoints that others kept along the way.
    pub kept: &'e [String],
}

/// A trail whose every line was checked.
pub struct Told {
    /// How many lines it has.
    pub size: u64,
    /// Those of them that later checks look at, in their order.
    pub lines: Vec<Line>,
}

/// The acts that the later checks look at; all others are checked as lines and let go.
const TOLD: [&str; 19] = [
    "founded",
    "person-invited",
    "account-activated",
    "person-disabled",
    "list-imported",
    "key-granted",
    "grant-removed",
    "key-rotated",
    "participant-transferred",
    "slot-key-passed",
    "code-voided",
    "recruitment-closed",
    "randomised",
    "release-for-preparation",
    "release-for-break",
    "break-imported",
    "unissued-opened",
    "release-redelivered",
    "drill",
];

/// (3) Chain, tree, checkpoints; and that the trail began with this commitment.
pub fn check_trail<'l>(
    evidence: &TrailEvidence<'_>,
    manifests: &[SignedManifest],
    lines: impl Iterator<Item = &'l str>,
) -> Result<Told, String> {
    let key = TrailKey::parse(evidence.key).map_err(|error| error.to_string())?;
    let read = |note| key.check(note).map_err(|error| error.to_string());
    let last = read(evidence.checkpoint)?;
    let kept = evidence.kept.iter().map(|note| read(note)).collect::<Result<Vec<_>, _>>()?;
    let (mut tree, mut prev, mut told) = (Frontier::empty(), [0; 32], vec![]);
    check_kept(&kept, &tree)?;
    for (seq, text) in (0..).zip(lines) {
        let (line, leaf) = check_line(seq, text, &prev)?;
        tree.push(leaf);
        prev = leaf;
        check_kept(&kept, &tree)?;
        if TOLD.contains(&line.entry.act.as_str()) {
            told.push(line);
        }
    }
    let size = tree.size();
    demand(last.size == size, || {
        format!("the checkpoint is over {} entries, the trail has {size}", last.size)
    })?;
    demand(same(&last.root, &tree.root()), || {
        // Every line but the last is held by the one after it; so it is the last, or the whole chain is another.
        format!(
            "entry {}: altered, or the whole trail is another than the checkpoint's",
            size.saturating_sub(1)
        )
    })?;
    let beyond = kept.iter().find(|note| note.size > size);
    demand(beyond.is_none(), || {
        format!(
            "the trail was cut: a kept checkpoint is over {} entries",
            beyond.map_or(0, |k| k.size)
        )
    })?;
    check_founded(manifests, &told)?;
    Ok(Told { size, lines: told })
}

fn check_line(seq: u64, text: &str, prev: &Hash) -> Result<(Line, Hash), String> {
    let text = text
        .strip_suffix('\n')
        .ok_or_else(|| format!("entry {seq}: cut, its line does not end"))?;
    let line = line::parse(text).map_err(|error| format!("entry {seq}: {error}"))?;
    demand(line.seq == seq, || format!("entry {seq}: is numbered {}", line.seq))?;
    demand(same(&line.prev, prev), || format!("entry {seq}: prev does not chain"))?;
    Ok((line, leaf_hash(text.as_bytes())))
}

fn check_kept(kept: &[Checkpoint], tree: &Frontier) -> Result<(), String> {
    let mut here = kept.iter().filter(|note| note.size == tree.size());
    demand(here.all(|note| same(&note.root, &tree.root())), || {
        format!("a kept checkpoint over {} entries does not fit the trail", tree.size())
    })
}

fn check_founded(manifests: &[SignedManifest], told: &[Line]) -> Result<(), String> {
    let founded = told.first().filter(|line| line.seq == 0 && line.entry.act == "founded");
    let founded = founded.ok_or("entry 0: the trail does not begin with founded")?;
    demand(founded.by == "service" && founded.role == "service", || {
        "entry 0: founded by somebody else than the service".to_owned()
    })?;
    let again = told[1..].iter().find(|line| line.entry.act == "founded");
    demand(again.is_none(), || {
        format!("entry {}: founded again", again.map_or(0, |line| line.seq))
    })?;
    let (first, m) = (&manifests[0], &manifests[0].manifest);
    for (name, given) in [
        ("trial", m.trial.to_string()),
        ("configuration", hex(&m.configuration)),
        ("manifest", hex(&first.hash())),
        ("purpose", m.purpose.as_str().to_owned()),
    ] {
        demand(text(&founded.entry.data, name) == Some(&given), || {
            format!("entry 0: founded with another {name} than the manifest given")
        })?;
    }
    for signed in manifests {
        let data_fits = |line: &&Line| {
            let data = &line.entry.data;
            line.entry.act == "list-imported"
                && number(data, "segment") == Some(u64::from(signed.manifest.segment))
                && text(data, "manifest") == Some(&hex(&signed.hash()))
                && text(data, "root") == Some(&hex(&signed.manifest.root))
        };
        let segment = signed.manifest.segment;
        demand(told.iter().find(data_fits).is_some(), || {
            format!("no entry imported the list of segment {segment} with this manifest and root")
        })?;
    }
    Ok(())
}

impl Told {
    /// The entries of this act.
    pub fn of<'t>(&'t self, act: &'t str) -> impl Iterator<Item = &'t Line> {
        self.lines.iter().filter(move |line| line.entry.act == act)
    }
}

/// What an entry must say for a check to go on.
pub fn need<'l>(line: &'l Line, name: &str) -> Result<&'l str, String> {
    text(&line.entry.on, name)
        .or_else(|| text(&line.entry.data, name))
        .ok_or_else(|| format!("entry {}: {} does not say its {name}", line.seq, line.entry.act))
}

/// The text under this name, if there is one.
pub fn text<'f>(facts: &'f Facts, name: &str) -> Option<&'f str> {
    match fact(facts, name)? {
        Fact::Text(text) => Some(text),
        _ => None,
    }
}

/// The number under this name, if there is one.
pub fn number(facts: &Facts, name: &str) -> Option<u64> {
    match fact(facts, name)? {
        Fact::Number(number) => Some(*number),
        _ => None,
    }
}

/// Goes on when it holds; otherwise says why not.
pub fn demand(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

#[cfg(test)]
mod tests {
    use crate::domain::entry::Entry;
    use crate::sealing::checkpoint::TrailSigner;
    use crate::sealing::tale::{Tale, failed};

    /// The verdict over lines that were changed after the checkpoint was made over the honest ones.
    fn forged(change: impl FnOnce(&mut Vec<String>)) -> (usize, String) {
        let tale = Tale::honest();
        let mut lines = tale.lines();
        let note = tale.note(&lines);
        change(&mut lines);
        failed(&tale.verdict_over(&lines, &note))
    }

    fn at_three(why: &str) -> (usize, String) {
        (3, why.to_owned())
    }

    // shows: I7
    #[test]
    fn an_edit_a_deletion_an_insertion_a_swap_and_a_truncation_are_found_and_located() {
        let edit = forged(|lines| lines[17] = lines[17].replace("ES-001", "ES-009"));
        assert_eq!(edit, at_three("entry 18: prev does not chain"));
        let deletion = forged(|lines| drop(lines.remove(18)));
        assert_eq!(deletion, at_three("entry 18: is numbered 19"));
        let insertion = forged(|lines| lines.insert(18, lines[17].clone()));
        assert_eq!(insertion, at_three("entry 18: is numbered 17"));
        let swap = forged(|lines| lines.swap(18, 19));
        assert_eq!(swap, at_three("entry 18: is numbered 19"));
        let count = Tale::honest().told.len();
        let cut = forged(|lines| drop(lines.pop()));
        let why = format!("the checkpoint is over {count} entries, the trail has {}", count - 1);
        assert_eq!(cut, at_three(&why));
        let last = forged(|lines| {
            let last = lines.len() - 1;
            lines[last] = lines[last].replace("mon-1", "mon-2");
        });
        let why = format!(
            "entry {}: altered, or the whole trail is another than the checkpoint's",
            count - 1
        );
        assert_eq!(last, at_three(&why));
        let end = forged(|lines| {
            let last = lines.len() - 1;
            lines[last].pop();
        });
        assert_eq!(end, at_three(&format!("entry {}: cut, its line does not end", count - 1)));
        let spaced = forged(|lines| lines[5] = lines[5].replace("\"v\":1", "\"v\": 1"));
        assert_eq!(spaced, at_three("entry 5: the line is not written as the trail writes it"));
    }

    // shows: I7
    #[test]
    fn any_flipped_bit_of_the_trail_is_found() {
        let tale = Tale::honest();
        let honest = tale.lines();
        let note = tale.note(&honest);
        for (seq, line) in honest.iter().enumerate() {
            for at in (seq % 13..line.len()).step_by(13) {
                let mut bytes = line.clone().into_bytes();
                bytes[at] ^= 1;
                let mut lines = honest.clone();
                lines[seq] = String::from_utf8(bytes).unwrap();
                let (number, why) = failed(&tale.verdict_over(&lines, &note));
                let near = why.contains(&format!("entry {seq}:"))
                    || why.contains(&format!("entry {}:", seq + 1));
                assert!(number == 3 && near, "entry {seq} byte {at}: {why}");
            }
        }
    }

    // shows: I7
    #[test]
    fn a_checkpoint_of_another_trail_key_or_size_is_refused() {
        let tale = Tale::honest();
        let lines = tale.lines();
        let note = tale.note(&lines);
        let other = TrailSigner::from_seed("klero/TEST-0001", [4; 32]);
        let impostor = Tale { signer: other, ..Tale::honest() };
        let (number, _) = failed(&impostor.verdict_over(&lines, &note));
        assert_eq!(number, 3);
        let altered = note.replacen(&lines.len().to_string(), "7", 1);
        let why = "the checkpoint was altered: its signature does not fit";
        assert_eq!(failed(&tale.verdict_over(&lines, &altered)), at_three(why));
    }

    // shows: I7
    #[test]
    fn a_trail_that_was_written_anew_is_found_by_a_checkpoint_that_somebody_kept() {
        let honest = Tale::honest();
        let lines = honest.lines();
        let mut forged = Tale::honest();
        forged.kept = vec![honest.note(&lines)];
        assert!(forged.verdict().fits(), "somebody kept the last one");
        forged.kept = vec![honest.note(&lines[..20]), honest.note(&lines[..30])];
        assert!(forged.verdict().fits());
        forged.told[25].0 = "ph-x";
        let why = "a kept checkpoint over 30 entries does not fit the trail";
        assert_eq!(failed(&forged.verdict()), at_three(why));
        let mut cut = Tale::honest();
        cut.kept = vec![honest.note(&lines)];
        cut.told.pop();
        let why = format!("the trail was cut: a kept checkpoint is over {} entries", lines.len());
        assert_eq!(failed(&cut.verdict()), at_three(&why));
    }

    // shows: SG-7
    #[test]
    fn the_trail_must_begin_with_this_commitment_and_import_this_list() {
        let says = |change: &dyn Fn(&mut Tale)| {
            let mut tale = Tale::honest();
            change(&mut tale);
            failed(&tale.verdict())
        };
        let set = |entry: &mut Entry, name: &str, value: &str| {
            entry.data.iter_mut().filter(|(n, _)| n == name).for_each(|(_, f)| *f = value.into());
        };
        for name in ["trial", "configuration", "manifest", "purpose"] {
            let why = format!("entry 0: founded with another {name} than the manifest given");
            assert_eq!(says(&|tale| set(&mut tale.told[0].2, name, "x")), at_three(&why));
        }
        let why = "entry 0: the trail does not begin with founded";
        assert_eq!(says(&|tale| drop(tale.told.remove(0))), at_three(why));
        assert_eq!(says(&|tale| tale.told.clear()), at_three(why));
        let why = "entry 0: founded by somebody else than the service";
        assert_eq!(says(&|tale| tale.told[0].0 = "adm-1"), at_three(why));
        let why = "entry 3: founded again";
        assert_eq!(says(&|tale| tale.told.insert(3, tale.told[0].clone())), at_three(why));
        let why = "no entry imported the list of segment 0 with this manifest and root";
        let import = Tale::honest().first("list-imported");
        assert_eq!(says(&|tale| set(&mut tale.told[import].2, "root", "x")), at_three(why));
        assert_eq!(says(&|tale| drop(tale.told.remove(import))), at_three(why));
    }
}
