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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::oracle::{OtherTree, Sha256};
    use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
    use proptest::prelude::*;
    use std::cell::Cell;

    fn leaves(size: u64) -> Vec<Hash> {
        (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    fn oracle(size: u64) -> OtherTree<[u8; 8]> {
        let mut tree = OtherTree::new();
        (0..size).for_each(|i| tree.push(i.to_be_bytes()));
        tree
    }

    fn oracle_root(size: u64, root: Hash) -> RootHash<Sha256> {
        RootHash::new(root.into(), size)
    }

    /// The nodes of a tree kept as a store keeps them, and how many of them were asked for.
    fn kept(leaves: &[Hash], asked: &Cell<u32>) -> impl FnMut(u32, u64) -> Result<Hash, ()> {
        move |level, index| {
            asked.set(asked.get() + 1);
            let (from, to) = ((index << level) as usize, ((index + 1) << level) as usize);
            leaves.get(from..to).map(root).ok_or(())
        }
    }

    /// The test roots of RFC 6962's own implementation, over eight leaves it names.
    #[test]
    fn the_roots_are_those_of_certificate_transparency() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves = inputs.map(leaf_hash);
        let expected = [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (size, hash) in expected {
            assert_eq!(crate::sealing::bytes::hex(&root(&leaves[..size])), hash, "{size}");
        }
    }

    // shows: I7
    #[test]
    fn every_small_tree_proves_each_of_its_leaves_and_each_tree_it_grew_from() {
        for size in 0..=66 {
            let (all, oracle) = (leaves(size), oracle(size));
            assert_eq!(&root(&all)[..], &oracle.root().as_bytes()[..], "{size}");
            for index in 0..size {
                let path = path(&all, index);
                let proof = oracle.prove_inclusion(index as usize);
                assert_eq!(path.concat(), proof.as_bytes(), "leaf {index} of {size}");
                let leaf = &all[index as usize];
                assert_eq!(root_from_path(leaf, index, size, &path), Some(root(&all)));
            }
            for old in 1..size {
                let proof = consistency(&all, old);
                let expected = oracle.prove_consistency((size - old) as usize);
                assert_eq!(proof.concat(), expected.as_bytes(), "{old} to {size}");
                let was = root(&all[..old as usize]);
                assert!(consistent(old, &was, size, &root(&all), &proof), "{old} to {size}");
            }
        }
    }

    #[test]
    fn the_empty_tree_grows_into_every_tree_and_no_tree_shrinks() {
        let (none, all) = (root(&[]), root(&leaves(5)));
        assert!(consistent(0, &none, 5, &all, &[]));
        assert!(consistent(0, &none, 0, &none, &[]));
        assert!(consistent(5, &all, 5, &all, &[]));
        assert!(!consistent(0, &all, 5, &all, &[]), "the empty tree has one root");
        assert!(!consistent(0, &none, 0, &all, &[]));
        assert!(!consistent(0, &none, 5, &all, &[all]));
        assert!(!consistent(5, &all, 5, &all, &[all]));
        assert!(!consistent(5, &all, 5, &none, &[]));
        assert!(!consistent(5, &all, 4, &root(&leaves(4)), &[]));
        assert!(!consistent(5, &all, 4, &all, &[]), "nor by another name");
        assert!(!consistent(4, &root(&leaves(4)), 5, &all, &[]));
    }

    #[test]
    fn a_proof_that_is_too_short_or_too_long_for_its_sizes_is_none() {
        let all = leaves(8);
        let good = path(&all, 3);
        assert_eq!(root_from_path(&all[3], 3, 8, &good[..2]), None);
        assert_eq!(root_from_path(&all[3], 3, 8, &[&good[..], &good[..1]].concat()), None);
        assert_eq!(root_from_path(&all[3], 3, 16, &good), None);
        let (one, two) = (root(&all[..1]), root(&all[..2]));
        let grown = consistency(&all[..2], 1);
        assert!(consistent(1, &one, 2, &two, &grown));
        assert!(!consistent(1, &one, 4, &two, &grown), "four leaves need a longer proof");
    }

    #[test]
    fn there_is_no_proof_about_a_leaf_or_a_tree_that_is_not_there() {
        let all = leaves(5);
        assert_eq!(path(&all, 5), Vec::<Hash>::new());
        assert_eq!(root_from_path(&all[4], 5, 5, &path(&all, 4)), None);
        assert_eq!(root_from_path(&all[0], 0, 0, &[]), None);
        for old in [0, 5, 6] {
            assert_eq!(consistency(&all, old), Vec::<Hash>::new());
        }
    }

    #[test]
    fn a_frontier_is_taken_only_with_one_node_for_each_bit_of_its_size() {
        let node = [1; 32];
        assert!(Frontier::from_nodes(0, vec![]).is_some());
        assert!(Frontier::from_nodes(6, vec![node, node]).is_some());
        assert!(Frontier::from_nodes(6, vec![node]).is_none());
        assert!(Frontier::from_nodes(8, vec![node, node]).is_none());
        assert!(Frontier::from_nodes(0, vec![node]).is_none());
    }

    #[test]
    fn an_error_of_the_store_is_passed_on() {
        let node = &mut |_, _| Err::<Hash, _>("gone");
        assert_eq!(path_with(9, 3, node), Err("gone"));
        assert_eq!(consistency_with(3, 9, node), Err("gone"));
        assert_eq!(frontier_with(9, node), Err("gone"));
    }

    #[test]
    fn a_path_in_a_tree_of_ten_million_asks_for_few_nodes() {
        let mut asked = 0;
        let node = &mut |level: u32, index: u64| {
            asked += 1;
            Ok::<_, ()>(sha256(format!("{level}/{index}").as_bytes()))
        };
        let size = 10_000_000;
        path_with(size, 1_234_567, node).unwrap();
        consistency_with(9_999_744, size, node).unwrap();
        frontier_with(size, node).unwrap();
        assert!(asked < 3 * 24, "{asked}");
    }

    proptest! {
        // shows: I7
        #[test]
        fn the_oracle_takes_our_proofs(size in 1u64..600, a: prop::sample::Index, b: prop::sample::Index) {
            let all = leaves(size);
            let (index, old) = (a.index(size as usize) as u64, b.index(size as usize) as u64 + 1);
            let root_now = oracle_root(size, root(&all));
            let path = InclusionProof::<Sha256>::try_from_bytes(path(&all, index).concat()).unwrap();
            prop_assert!(root_now.verify_inclusion(&index.to_be_bytes(), index, &path).is_ok());
            let was = oracle_root(old, root(&all[..old as usize]));
            let proof = consistency(&all, old).concat();
            let proof = ConsistencyProof::<Sha256>::try_from_bytes(proof).unwrap();
            prop_assert!(root_now.verify_consistency(&was, &proof).is_ok());
        }

        // shows: I7
        #[test]
        fn a_proof_with_anything_changed_proves_nothing(
            size in 2u64..300, a: prop::sample::Index, b: prop::sample::Index, bit in 0usize..256,
        ) {
            let all = leaves(size);
            let (index, old) = (a.index(size as usize) as u64, b.index(size as usize - 1) as u64 + 1);
            let flip = |hash: &Hash| {
                let mut other = *hash;
                other[bit / 8] ^= 1 << (bit % 8);
                other
            };
            let (leaf, now, was) = (all[index as usize], root(&all), root(&all[..old as usize]));
            let good = path(&all, index);
            let leads = |leaf: &Hash, index, path: &[Hash]| {
                root_from_path(leaf, index, size, path) == Some(now)
            };
            prop_assert!(leads(&leaf, index, &good));
            prop_assert!(!leads(&flip(&leaf), index, &good));
            prop_assert!(!leads(&leaf, index ^ 1, &good));
            prop_assert!(!leads(&leaf, index, &good[1..]));
            prop_assert!(!leads(&leaf, index, &[&good[..], &[now]].concat()));
            let grown = consistency(&all, old);
            prop_assert!(consistent(old, &was, size, &now, &grown));
            prop_assert!(!consistent(old, &flip(&was), size, &now, &grown));
            prop_assert!(!consistent(old, &was, size, &flip(&now), &grown));
            prop_assert!(!consistent(old, &was, size, &now, &grown[1..]));
            prop_assert!(!consistent(old, &was, size, &now, &[&grown[..], &[now]].concat()));
            for (good, is_path) in [(good, true), (grown, false)] {
                for at in 0..good.len() {
                    let mut other = good.clone();
                    other[at] = flip(&other[at]);
                    let taken = match is_path {
                        true => leads(&leaf, index, &other),
                        false => consistent(old, &was, size, &now, &other),
                    };
                    prop_assert!(!taken, "node {at}");
                }
            }
        }

        #[test]
        fn kept_nodes_give_the_same_proofs_as_all_leaves(
            size in 0u64..600, a: prop::sample::Index, b: prop::sample::Index,
        ) {
            let (all, asked) = (leaves(size), Cell::new(0));
            let index = a.index(size as usize + 1) as u64;
            let old = b.index(size as usize + 2) as u64;
            let mut node = kept(&all, &asked);
            prop_assert_eq!(path_with(size, index, &mut node), Ok(path(&all, index)));
            prop_assert_eq!(consistency_with(old, size, &mut node), Ok(consistency(&all, old)));
            let frontier = frontier_with(size, &mut node).unwrap();
            prop_assert_eq!(frontier.root(), root(&all));
            prop_assert!(asked.get() <= 5 * 10, "{}", asked.get());
        }

        #[test]
        fn a_frontier_grows_as_the_tree_does(size in 0u64..300, more in 0u64..70) {
            let all = leaves(size + more);
            let mut frontier = Frontier::empty();
            all[..size as usize].iter().for_each(|leaf| frontier.push(*leaf));
            prop_assert_eq!(frontier.size(), size);
            let asked = Cell::new(0);
            prop_assert_eq!(&Ok(frontier.clone()), &frontier_with(size, &mut kept(&all, &asked)));
            let stored = Frontier::from_nodes(size, frontier.nodes().to_vec());
            prop_assert_eq!(stored, Some(frontier.clone()));
            let paths = frontier.paths_for_new(&all[size as usize..]);
            let expected: Vec<_> = (size..size + more).map(|index| path(&all, index)).collect();
            prop_assert_eq!(paths, expected);
            all[size as usize..].iter().for_each(|leaf| frontier.push(*leaf));
            prop_assert_eq!(frontier.root(), root(&all));
        }
    }
}
