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
