//! The hash tree as others built it (`ct-merkle`), which judges ours in tests. It judges the shape, not the hash: SHA-256
//! is ours there too.

use super::bytes::sha256;
use ct_merkle::digest::consts::U32;
use ct_merkle::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ct_merkle::mem_backed_tree::MemoryBackedTree;

/// A tree whose leaves are made of `T`.
pub type OtherTree<T> = MemoryBackedTree<Sha256, T>;

/// SHA-256 as that tree calls it.
#[derive(Default)]
pub struct Sha256(Vec<u8>);

impl HashMarker for Sha256 {}

impl OutputSizeUser for Sha256 {
    type OutputSize = U32;
}

impl Update for Sha256 {
    fn update(&mut self, data: &[u8]) {
        self.0.extend_from_slice(data);
    }
}

impl FixedOutput for Sha256 {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&sha256(&self.0));
    }
}
