//! The trail as C2SP tlog-tiles: static files that any such reader understands.
//!
//! ```text
//! checkpoint                     the signed note
//! tile/<L>/<N>[.p/<W>]           up to 256 hashes: level 0 of leaves, level L of whole tiles of the level below
//! tile/entries/<N>[.p/<W>]       up to 256 lines, each behind its length in two bytes, big-endian
//! N = in groups of three digits, all but the last behind an x:  1234067 is x001/x234/067
//! ```

use super::bytes::Hash;
use super::tree::{leaf_hash, root};

/// So many hashes, or lines, make a whole tile.
pub const TILE: usize = 256;

/// A tile's number as a path.
fn numbered(mut index: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    index /= 1000;
    while index > 0 {
        path = format!("x{:03}/{path}", index % 1000);
        index /= 1000;
    }
    path
}

/// The path of a tile of this width below its level's folder.
fn of_width(index: u64, width: usize) -> String {
    let path = numbered(index);
    if width == TILE { path } else { format!("{path}.p/{width}") }
}

/// The path of a bundle of lines.
pub fn entries_path(index: u64, width: usize) -> String {
    format!("tile/entries/{}", of_width(index, width))
}

/// Every tile of hashes over these leaves: paths and bytes, level by level.
pub fn hash_tiles(leaves: &[Hash]) -> Vec<(String, Vec<u8>)> {
    let mut tiles = vec![];
    let (mut level, mut row) = (0, leaves.to_vec());
    while !row.is_empty() {
        for (index, tile) in (0..).zip(row.chunks(TILE)) {
            tiles.push((format!("tile/{level}/{}", of_width(index, tile.len())), tile.concat()));
        }
        // A partial tile is hashed into none above it.
        row = row.chunks_exact(TILE).map(root).collect();
        level += 1;
    }
    tiles
}

/// A bundle of lines, which end without their line feeds.
///
/// Nothing for a line of more bytes than its length can say; the trail has none.
pub fn bundle<'l>(lines: impl IntoIterator<Item = &'l str>) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    for line in lines {
        bytes.extend(u16::try_from(line.len()).ok()?.to_be_bytes());
        bytes.extend(line.as_bytes());
    }
    Some(bytes)
}

/// The lines of a bundle; nothing when it is cut or no text.
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut lines = vec![];
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_at_checked(2)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let (line, rest) = rest.split_at_checked(length)?;
        lines.push(std::str::from_utf8(line).ok()?.to_owned());
        bytes = rest;
    }
    Some(lines)
}

/// The leaves of lines.
pub fn leaves_of(lines: &[String]) -> Vec<Hash> {
    lines.iter().map(|line| leaf_hash(line.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::oracle::OtherTree;
    use std::collections::BTreeMap;

    fn lines(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("{{\"line\":{n}}}")).collect()
    }

    #[test]
    fn the_paths_are_those_of_the_specification() {
        assert_eq!(numbered(1_234_067), "x001/x234/067");
        assert_eq!((numbered(0).as_str(), numbered(999).as_str()), ("000", "999"));
        assert_eq!(entries_path(273, 112), "tile/entries/273.p/112");
        // 70,000 entries: 273 whole tiles and one of 112; one whole of the level above and one of 17; one of 1 above.
        let names: Vec<String> =
            hash_tiles(&vec![[7; 32]; 70_000]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.iter().filter(|name| name.starts_with("tile/0/")).count(), 274);
        assert_eq!(
            names[273..],
            ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
        let whole: Vec<String> =
            hash_tiles(&vec![[7; 32]; 256]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(whole, ["tile/0/000", "tile/1/000.p/1"]);
        assert!(hash_tiles(&[]).is_empty());
    }

    // shows: I7, AT-14 (recomputed by another implementation of RFC 6962)
    #[test]
    fn every_hash_of_every_tile_is_the_oracles_root_over_its_stretch() {
        for count in [1, 255, 256, 257, 1000, 65_536 + 300] {
            let lines = lines(count);
            let stored: BTreeMap<_, _> = hash_tiles(&leaves_of(&lines)).into_iter().collect();
            for (level, wide) in [(0u32, 1usize), (1, 256), (2, 65_536)] {
                let hashes: Vec<u8> = stored
                    .iter()
                    .filter(|(name, _)| name.starts_with(&format!("tile/{level}/")))
                    .flat_map(|(_, bytes)| bytes.clone())
                    .collect();
                assert_eq!(hashes.len() / 32, count / wide, "level {level} of {count}");
                for (at, hash) in hashes.chunks(32).enumerate().step_by(97) {
                    let mut tree: OtherTree<Vec<u8>> = OtherTree::new();
                    let stretch = &lines[at * wide..(at + 1) * wide];
                    stretch.iter().for_each(|line| tree.push(line.clone().into_bytes()));
                    assert_eq!(hash, &tree.root().as_bytes()[..], "level {level}, hash {at}");
                }
            }
        }
    }

    #[test]
    fn a_bundle_reads_back_and_a_cut_one_does_not() {
        let lines = lines(3);
        let bytes = bundle(lines.iter().map(String::as_str)).unwrap();
        assert_eq!(&bytes[..2], [0, 10], "the length in two bytes, the larger first");
        assert_eq!(unbundle(&bytes), Some(lines));
        assert_eq!(unbundle(&bytes[..bytes.len() - 1]), None);
        assert_eq!(unbundle(&bytes[..1]), None);
        assert!(bundle(["x".repeat(65_535).as_str()]).is_some());
        assert!(bundle(["x".repeat(65_536).as_str()]).is_none());
    }
}
