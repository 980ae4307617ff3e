//! The trail's tree on disk: what it takes to extend it, to prove an entry, and to check all of it.
//!
//! Leaf hashes stand beside their lines; of the tree above them only every eighth level is stored. A path over ten
//! million entries then reads three short runs of hashes, and an act writes one extra row in 256.

use super::StoreError;
use crate::sealing::bytes::Hash;
use crate::sealing::tree::{self, Frontier};
use crate::sealing::{line, tree::node_hash};
use rusqlite::{Connection, OptionalExtension};

/// Leaves, or nodes, under one stored node.
const FAN: u64 = 256;
const STORED_LEVELS: [u32; 3] = [8, 16, 24];

/// The head of the trail: its size, its right edge, and the unfinished stored nodes.
#[derive(Debug, Clone)]
pub struct Trail {
    edge: Frontier,
    /// The edge as it was before the last group: where the group's paths begin.
    before_group: Frontier,
    /// For each stored level, the nodes of the level below that are not yet 256.
    unfinished: [Frontier; 3],
}

/// Where a trail does not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailFault {
    /// The entry at which it was seen.
    pub entry: u64,
    /// What is wrong there.
    pub what: &'static str,
}

impl Trail {
    /// Reads the head of a stored trail. Trusts the stored nodes: [`check`] does not.
    pub(super) fn load(connection: &Connection) -> Result<Self, StoreError> {
        Self::load_at(connection, size(connection)?)
    }

    /// The head as it was, or is to be, at so many entries.
    pub(super) fn load_at(connection: &Connection, size: u64) -> Result<Self, StoreError> {
        let mut node = |level, idx| read_node(connection, level, idx);
        let edge = tree::frontier_with(size, &mut node)?;
        let mut unfinished = [Frontier::empty(), Frontier::empty(), Frontier::empty()];
        for (k, open) in unfinished.iter_mut().enumerate() {
            let below = size / FAN.pow(k as u32);
            for idx in (below - below % FAN)..below {
                open.push(node(8 * k as u32, idx)?);
            }
        }
        Ok(Self { before_group: edge.clone(), edge, unfinished })
    }

    /// How many entries.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The root over all entries.
    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    /// Takes in a group's leaves, and stores the nodes they complete.
    pub(super) fn extend(
        &mut self,
        connection: &Connection,
        leaves: &[Hash],
    ) -> Result<(), StoreError> {
        self.before_group = self.edge.clone();
        for leaf in leaves {
            self.edge.push(*leaf);
            let mut rising = *leaf;
            for (k, open) in self.unfinished.iter_mut().enumerate() {
                open.push(rising);
                if open.size() < FAN {
                    break;
                }
                rising = open.root();
                *open = Frontier::empty();
                let level = STORED_LEVELS[k];
                let idx = (self.edge.size() >> level) - 1;
                connection
                    .prepare_cached("INSERT INTO nodes (level, idx, hash) VALUES (?1, ?2, ?3)")?
                    .execute((level, idx as i64, &rising[..]))?;
            }
        }
        Ok(())
    }

    /// The proofs of the last group's entries, from memory alone.
    pub(super) fn paths_of_group(&self, leaves: &[Hash]) -> Vec<Vec<Hash>> {
        self.before_group.paths_for_new(leaves)
    }

    /// Line and proof of an older entry.
    pub(super) fn receipt(
        &self,
        connection: &Connection,
        seq: u64,
    ) -> Result<(u64, String, Vec<Hash>), StoreError> {
        let line = connection
            .prepare_cached("SELECT line FROM entries WHERE seq = ?1")?
            .query_row([seq as i64], |row| row.get(0))?;
        Ok((seq, line, path(connection, self.size(), seq)?))
    }
}

/// How many entries a stored trail has.
pub(super) fn size(connection: &Connection) -> Result<u64, StoreError> {
    let last: Option<i64> =
        connection.query_row("SELECT max(seq) FROM entries", [], |row| row.get(0))?;
    Ok(last.map_or(0, |seq| seq as u64 + 1))
}

/// The inclusion proof of `seq` in the tree of the first `size` entries.
pub(super) fn path(connection: &Connection, size: u64, seq: u64) -> Result<Vec<Hash>, StoreError> {
    tree::path_with(size, seq, &mut |level, idx| read_node(connection, level, idx))
}

/// The root over the first `size` entries.
pub(super) fn root(connection: &Connection, size: u64) -> Result<Hash, StoreError> {
    let frontier = tree::frontier_with(size, &mut |level, idx| read_node(connection, level, idx));
    Ok(frontier?.root())
}

/// The proof that the tree of `old` entries is the beginning of the tree of `new`.
pub(super) fn consistency(
    connection: &Connection,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, StoreError> {
    tree::consistency_with(old, new, &mut |level, idx| read_node(connection, level, idx))
}

/// The hash of the complete subtree number `idx` of 2^level entries.
fn read_node(connection: &Connection, level: u32, idx: u64) -> Result<Hash, StoreError> {
    let base = (level / 8).min(3) * 8;
    if base == level && base > 0 {
        return connection
            .prepare_cached("SELECT hash FROM nodes WHERE level = ?1 AND idx = ?2")?
            .query_row((level, idx as i64), |row| row.get(0))
            .optional()?
            .ok_or(StoreError::Damaged);
    }
    let width = 1u64 << (level - base);
    let hashes = read_row(connection, base, idx * width, width)?;
    if hashes.len() as u64 != width { Err(StoreError::Damaged) } else { Ok(fold(hashes)) }
}

fn read_row(
    connection: &Connection,
    base: u32,
    from: u64,
    width: u64,
) -> Result<Vec<Hash>, StoreError> {
    let range = (from as i64, (from + width) as i64);
    let sql = match base {
        0 => "SELECT leaf FROM entries WHERE seq >= ?1 AND seq < ?2 ORDER BY seq",
        8 => "SELECT hash FROM nodes WHERE level = 8 AND idx >= ?1 AND idx < ?2 ORDER BY idx",
        16 => "SELECT hash FROM nodes WHERE level = 16 AND idx >= ?1 AND idx < ?2 ORDER BY idx",
        _ => "SELECT hash FROM nodes WHERE level = 24 AND idx >= ?1 AND idx < ?2 ORDER BY idx",
    };
    let mut statement = connection.prepare_cached(sql)?;
    let hashes = statement.query_map(range, |row| row.get(0))?;
    Ok(hashes.collect::<Result<_, _>>()?)
}

/// The root of a complete subtree.
fn fold(mut row: Vec<Hash>) -> Hash {
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row[0]
}

/// What a check of a stretch of the trail begins with and ends with.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// The next entry to look at.
    pub next: u64,
    /// The leaf hash of the one before; zeros at the beginning.
    pub prev: Hash,
}

/// Reads entries from `walk.next` up to `end`, and recomputes leaf, chain and number of each (I7).
/// Calls `leaf` with each recomputed leaf hash.
pub(super) fn check(
    connection: &Connection,
    walk: &mut Walk,
    end: u64,
    leaf: &mut dyn FnMut(Hash),
) -> Result<Option<TrailFault>, StoreError> {
    let sql = "SELECT seq, leaf, line FROM entries WHERE seq >= ?1 AND seq < ?2 ORDER BY seq";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((walk.next as i64, end as i64))?;
    while let Some(row) = rows.next()? {
        let fault = |what| Ok(Some(TrailFault { entry: walk.next, what }));
        let seq: i64 = row.get(0)?;
        if seq as u64 != walk.next {
            return fault("is missing");
        }
        let Ok(text) = row.get_ref(2)?.as_str() else { return fault("is not text") };
        let hash = tree::leaf_hash(text.as_bytes());
        if row.get_ref(1)?.as_blob().ok() != Some(&hash[..]) {
            return fault("does not have the hash that was kept beside it");
        }
        match line::links(text) {
            Ok((number, prev)) if number == walk.next && prev == walk.prev => {}
            Ok((number, _)) if number != walk.next => return fault("carries another number"),
            Ok(_) => return fault("does not chain to the entry before it"),
            Err(_) => return fault("is not a line of this trail"),
        }
        leaf(hash);
        walk.prev = hash;
        walk.next += 1;
    }
    if walk.next < end {
        return Ok(Some(TrailFault { entry: walk.next, what: "is missing" }));
    }
    Ok(None)
}
