//! The hash tree of RFC 6962, for the list's leaves and for the trail's lines (design 5, 7).
//!
//! ```text
//! leaf = SHA-256(00 ‖ bytes)      node = SHA-256(01 ‖ left ‖ right)      root of nothing = SHA-256("")
//! ```
//! The left side of a node covers the largest power of two of leaves that is smaller than what the node covers, so a
//! complete subtree never changes as leaves are appended: whoever keeps those can prove anything without the leaves.

use super::bytes::{Hash, same, sha256, sha256_of};
use std::convert::Infallible;

/// The hash of a leaf: `SHA-256(00 ‖ bytes)`.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    sha256_of(&[&[0], bytes])
}

/// The hash of a node: `SHA-256(01 ‖ left ‖ right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut node = [1; 65];
    node[1..33].copy_from_slice(left);
    node[33..].copy_from_slice(right);
    sha256(&node)
}

/// The root over these leaf hashes; `SHA-256("")` over none.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut row = leaves.to_vec();
    while row.len() > 1 {
        row = parents(&row);
    }
    row.first().copied().unwrap_or_else(|| sha256(b""))
}

/// The row above: pairs joined, and a last one without a neighbour carried up as it is.
fn parents(row: &[Hash]) -> Vec<Hash> {
    row.chunks(2)
        .map(|pair| match pair {
            [left, right] => node_hash(left, right),
            lone => lone[0],
        })
        .collect()
}

/// The path from leaf `index` up to the root over `leaves`, lowest neighbour first. Empty when there is no such leaf.
pub fn path(leaves: &[Hash], index: u64) -> Vec<Hash> {
    let Ok(path) = path_with(leaves.len() as u64, index, &mut complete(leaves));
    path
}

/// The proof that the tree over the first `old` of these leaves grew into the tree over all of them. Empty when
/// nothing is to be proved (`old` is none or all of them) or nothing can be (`old` is more than all).
pub fn consistency(leaves: &[Hash], old: u64) -> Vec<Hash> {
    let Ok(proof) = consistency_with(old, leaves.len() as u64, &mut complete(leaves));
    proof
}

/// Computes complete subtrees from leaves at hand.
fn complete(leaves: &[Hash]) -> impl FnMut(u32, u64) -> Result<Hash, Infallible> {
    |level, index| {
        let from = (index << level) as usize;
        Ok(root(&leaves[from..from + (1 << level)]))
    }
}

/// The root that `path` leads to from leaf `index` in a tree of `size` leaves; nothing when a path of that length
/// cannot belong there (RFC 9162, 2.1.3.2). The caller compares the root with the one it trusts.
pub fn root_from_path(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut here, mut last, mut hash) = (index, size - 1, *leaf);
    for neighbour in path {
        if last == 0 {
            return None;
        }
        if here & 1 == 1 || here == last {
            hash = node_hash(neighbour, &hash);
            // A lone last node was carried up: its neighbour stands some rows above.
            let rows = if here == 0 { 0 } else { here.trailing_zeros() };
            (here, last) = (here >> rows, last >> rows);
        } else {
            hash = node_hash(&hash, neighbour);
        }
        (here, last) = (here >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// Does `proof` show that the tree of `old_size` leaves grew into the tree of `new_size` by appending alone
/// (RFC 9162, 2.1.4.2)? The empty tree grows into every tree; a tree never shrinks.
pub fn consistent(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> bool {
    if old_size == 0 {
        let whole = new_size > 0 || same(new_root, old_root);
        return proof.is_empty() && whole && same(old_root, &sha256(b""));
    }
    if old_size >= new_size {
        return old_size == new_size && proof.is_empty() && same(old_root, new_root);
    }
    // A complete old tree is itself the first node of the proof, and is left out of it.
    let (first, rest) = match proof.split_first() {
        Some(_) if old_size.is_power_of_two() => (old_root, proof),
        Some((first, rest)) => (first, rest),
        None => return false,
    };
    let rows = (old_size - 1).trailing_ones();
    let (mut here, mut last) = ((old_size - 1) >> rows, (new_size - 1) >> rows);
    let (mut was, mut is) = (*first, *first);
    for node in rest {
        if last == 0 {
            return false;
        }
        if here & 1 == 1 || here == last {
            (was, is) = (node_hash(node, &was), node_hash(node, &is));
            let rows = if here == 0 { 0 } else { here.trailing_zeros() };
            (here, last) = (here >> rows, last >> rows);
        } else {
            is = node_hash(&is, node);
        }
        (here, last) = (here >> 1, last >> 1);
    }
    last == 0 && same(&was, old_root) && same(&is, new_root)
}

/// The complete left subtrees of a tree, largest first: all that is needed to append to it, 32 bytes for each bit
/// that is set in its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// Of the tree without leaves.
    pub fn empty() -> Self {
        Self { size: 0, nodes: vec![] }
    }

    /// From stored nodes, largest subtree first; nothing when their number is not that of `size`.
    pub fn from_nodes(size: u64, nodes: Vec<Hash>) -> Option<Self> {
        (nodes.len() == size.count_ones() as usize).then_some(Self { size, nodes })
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The complete subtrees, largest first.
    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.nodes.pop().expect("one node for each bit that is set in the size");
            node = node_hash(&left, &node);
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The root over everything appended so far.
    pub fn root(&self) -> Hash {
        let mut nodes = self.nodes.iter().rev();
        let smallest = nodes.next().copied().unwrap_or_else(|| sha256(b""));
        nodes.fold(smallest, |right, left| node_hash(left, &right))
    }

    /// The paths of the leaves `new`, appended after this frontier, in the tree of `size() + new.len()` leaves.
    /// No stored node is read, so a group of acts costs the same however long the trail has become.
    pub fn paths_for_new(&self, new: &[Hash]) -> Vec<Vec<Hash>> {
        let mut paths = vec![vec![]; new.len()];
        let mut kept = self.nodes.iter().rev();
        // One row of the tree: the nodes from number `start`, which is never right of the first new leaf.
        let (mut start, mut row) = (self.size, new.to_vec());
        let mut level = 0;
        while start > 0 || row.len() > 1 {
            if start & 1 == 1 {
                start -= 1;
                row.insert(0, *kept.next().expect("one node for each bit set in the size"));
            }
            for (leaf, path) in (self.size..).zip(&mut paths) {
                let neighbour = ((leaf >> level) ^ 1) - start;
                path.extend(usize::try_from(neighbour).ok().and_then(|n| row.get(n)));
            }
            row = parents(&row);
            start >>= 1;
            level += 1;
        }
        paths
    }
}

/// The path of leaf `index` in a tree of `size` leaves that is too large to hold: `node(level, index)` gives the hash
/// of the complete subtree number `index` of `2^level` leaves. Empty when there is no such leaf.
///
/// # Errors
/// The first error of `node`.
pub fn path_with<E>(
    size: u64,
    index: u64,
    node: &mut dyn FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut path = vec![];
    let (mut from, mut to) = (0, if index < size { size } else { 0 });
    while to - from > 1 {
        let middle = middle(from, to);
        if index < middle {
            path.push(subtree(middle, to, node)?);
            to = middle;
        } else {
            path.push(subtree(from, middle, node)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that a tree of `old` leaves grew into one of `new`, from complete subtrees as in [`path_with`]. Empty
/// when nothing is to be proved (`old` is none or all of them) or nothing can be (`old` is more than all).
///
/// # Errors
/// The first error of `node`.
pub fn consistency_with<E>(
    old: u64,
    new: u64,
    node: &mut dyn FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut proof = vec![];
    if old == 0 || old >= new {
        return Ok(proof);
    }
    let (mut from, mut to) = (0, new);
    while old != to {
        let middle = middle(from, to);
        if old <= middle {
            proof.push(subtree(middle, to, node)?);
            to = middle;
        } else {
            proof.push(subtree(from, middle, node)?);
            from = middle;
        }
    }
    // What is left is the right edge of the old tree, unless it is all of the old tree: that the verifier knows.
    if from > 0 {
        proof.push(subtree(from, to, node)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The frontier of a tree of `size` leaves, from complete subtrees as in [`path_with`].
///
/// # Errors
/// The first error of `node`.
pub fn frontier_with<E>(
    size: u64,
    node: &mut dyn FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Frontier, E> {
    let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
    // The complete subtree of a set bit begins where the larger ones end.
    let nodes = levels.map(|level| node(level, (size >> level) - 1)).collect::<Result<_, _>>()?;
    Ok(Frontier { size, nodes })
}

/// Where the node over leaves `from` to `to` divides. It covers at least two.
fn middle(from: u64, to: u64) -> u64 {
    from + (1 << (to - from - 1).ilog2())
}

/// The hash over leaves `from` to `to`, joined from complete subtrees.
fn subtree<E>(
    from: u64,
    to: u64,
    node: &mut dyn FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let width = to - from;
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        return node(level, from >> level);
    }
    let middle = middle(from, to);
    let left = subtree(from, middle, node)?;
    Ok(node_hash(&left, &subtree(middle, to, node)?))
}
