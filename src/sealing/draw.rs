//! Blocks, strata and codes, drawn from their streams (design 5). Value-stable: nothing here may change between
//! versions of any library, or a published list could never be re-created.

use super::arm::Arm;
use super::bytes::{self, label, lp, put_u32};
use super::ceremony::{ListSecret, context};
use super::stream::Stream;
use crate::domain::ids::{Code, StratumId, TrialId};
use ring::hkdf::Prk;
use std::collections::BTreeSet;

/// The keys of one segment's list.
pub struct ListKeys {
    prk: Prk,
    context: Vec<u8>,
}

impl ListKeys {
    /// `PRK = HKDF-Extract(salt = beacon, ikm = secret)`, `ctx = LP(trial) ‖ u32(segment)`                  design 5
    pub fn new(trial: &TrialId, segment: u32, secret: &ListSecret, beacon: &[u8]) -> Self {
        Self { prk: bytes::extract(beacon, secret.bytes()), context: context(trial, segment) }
    }

    /// `K(l, rest) = HKDF-Expand(PRK, "klero/v1/" ‖ l ‖ 00 ‖ rest, 32)`                                    design 5
    fn key(&self, name: &str, rest: impl FnOnce(&mut Vec<u8>)) -> [u8; 32] {
        let mut info = label(name);
        info.extend_from_slice(&self.context);
        rest(&mut info);
        bytes::expand(&self.prk, &info)
    }

    /// `arms key = K("arms", ctx ‖ LP(stratum))`: a stream for each stratum.                                design 5
    pub fn arms(&self, stratum: &StratumId) -> Stream {
        Stream::new(self.key("arms", |out| lp(out, stratum.as_str())))
    }

    /// `codes key = K("codes", ctx)`: one stream for the segment, so that codes say nothing about arms.     design 5
    pub fn codes(&self) -> Stream {
        Stream::new(self.key("codes", |_| ()))
    }

    /// `salt = K("salt", ctx ‖ LP(stratum) ‖ u32(position))`                                               design 5
    pub fn salt(&self, stratum: &StratumId, position: u32) -> [u8; 32] {
        self.key("salt", |out| {
            lp(out, stratum.as_str());
            put_u32(out, position);
        })
    }

    /// `A = arms[draw(2)]` from the stream of `K("group-arm", ctx)`; `salt = K("group-salt", ctx)`
    ///
    /// Which arm is called A when a two-armed list is released in two stages, and what hides it. Drawn from the secret
    /// that was committed to before the draw, so that nobody chooses it, and any run gives the same letters.
    pub fn group_a(&self) -> (usize, [u8; 32]) {
        (Stream::new(self.key("group-arm", |_| ())).draw(2), self.key("group-salt", |_| ()))
    }
}

/// `size s = sizes[draw(len sizes)]; arm a repeated ratio[a]·s/Σratio times; for i = s−1 down to 1:
/// j = draw(i+1), swap block[i], block[j]`                                                                  design 5
///
/// One permuted block. `sizes` and `ratio` are a checked design's: every size a multiple of Σratio.
pub fn block(stream: &mut Stream, sizes: &[u32], ratio: &[u32]) -> Vec<Arm> {
    let size = sizes[stream.draw(sizes.len())];
    let share = size / ratio.iter().sum::<u32>();
    let mut block = Vec::with_capacity(size as usize);
    for (index, weight) in (0u8..).zip(ratio) {
        block.extend((0..weight * share).map(|_| Arm::of_index(index)));
    }
    for i in (1..block.len()).rev() {
        let j = stream.draw(i + 1);
        block.swap(i, j);
    }
    block
}

/// Blocks until there are at least `slots` positions; the last block is kept whole, so that all are balanced.  design 5
pub fn stratum(stream: &mut Stream, sizes: &[u32], ratio: &[u32], slots: u32) -> Vec<Vec<Arm>> {
    let mut blocks: Vec<Vec<Arm>> = vec![];
    let mut count = 0;
    while count < slots as usize {
        let next = block(stream, sizes, ratio);
        count += next.len();
        blocks.push(next);
    }
    blocks
}

/// `first digit 1 + draw(8) (training: 9, no draw), five digits draw(10), Damm check digit; a code already in the
/// trial is drawn again`                                                                                   design 5
///
/// The code is added to `taken`.
pub fn code(stream: &mut Stream, training: bool, taken: &mut BTreeSet<Code>) -> Code {
    loop {
        let mut digits = [0; 6];
        digits[0] = if training { 9 } else { 1 + digit(stream, 8) };
        for digit_at in &mut digits[1..] {
            *digit_at = digit(stream, 10);
        }
        let code = Code::from_digits(digits).expect("the first digit is 1 to 9, the others 0 to 9");
        if taken.insert(code) {
            return code;
        }
    }
}

fn digit(stream: &mut Stream, choices: usize) -> u8 {
    u8::try_from(stream.draw(choices)).expect("ten choices at most")
}

#[cfg(test)]
mod tests {
    use super::{block, code, stratum};
    use crate::sealing::stream::Stream;
    use std::collections::{BTreeMap, BTreeSet};

    fn order(block: &[super::Arm]) -> Vec<u8> {
        block.iter().map(super::Arm::index).collect()
    }

    // shows: SG-3, SG-4
    #[test]
    fn the_six_orders_of_two_and_two_are_equally_likely_in_60_000_blocks() {
        for seed in [1, 2, 3] {
            let mut stream = Stream::new([seed; 32]);
            let mut counts = BTreeMap::new();
            for _ in 0..60_000 {
                *counts.entry(order(&block(&mut stream, &[4], &[1, 1]))).or_insert(0.0) += 1.0;
            }
            assert_eq!(counts.len(), 6, "and no other order comes out");
            let chi: f64 = counts.values().map(|c: &f64| (c - 10_000.0).powi(2) / 10_000.0).sum();
            assert!(
                chi < 20.52,
                "seed {seed}: chi-square {chi} of 5 degrees passes 0.1 % at 20.52"
            );
        }
    }

    // shows: SG-3, SG-9
    #[test]
    fn mixed_sizes_are_equally_likely_and_unequal_ratios_hold_in_each_block() {
        let mut stream = Stream::new([4; 32]);
        let mut counts = BTreeMap::new();
        for _ in 0..30_000 {
            let order = order(&block(&mut stream, &[3, 6, 9], &[2, 1]));
            let second = order.iter().filter(|arm| **arm == 1).count();
            assert_eq!(second * 3, order.len());
            *counts.entry(order.len()).or_insert(0.0) += 1.0;
        }
        let chi: f64 = counts.values().map(|c: &f64| (c - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 13.82, "chi-square {chi} of 2 degrees passes 0.1 % at 13.82");
    }

    // shows: SG-5
    #[test]
    fn a_stratum_has_at_least_its_slots_and_its_last_block_is_whole() {
        for slots in 1..40 {
            let blocks = stratum(&mut Stream::new([5; 32]), &[3, 6, 9], &[2, 1], slots);
            let total: usize = blocks.iter().map(Vec::len).sum();
            let last = blocks.last().map(Vec::len).unwrap();
            assert!(total >= slots as usize && total - last < slots as usize, "{slots}");
        }
    }

    // shows: SG-8
    #[test]
    fn a_code_that_is_taken_is_drawn_again_and_training_codes_begin_with_nine() {
        let mut taken = BTreeSet::new();
        let first = code(&mut Stream::new([6; 32]), false, &mut taken);
        let second = code(&mut Stream::new([6; 32]), false, &mut taken);
        let mut stream = Stream::new([6; 32]);
        let mut fresh = BTreeSet::new();
        assert_eq!(code(&mut stream, false, &mut fresh), first);
        assert_eq!(code(&mut stream, false, &mut fresh), second, "the stream's next code instead");
        let mut stream = Stream::new([6; 32]);
        for _ in 0..10_000 {
            assert!(code(&mut stream, true, &mut taken).is_training());
            assert!(!code(&mut stream, false, &mut taken).is_training());
        }
    }
}
