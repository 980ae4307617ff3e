//! Somebody who knows the design and every earlier allocation of a stratum, and works out the next one: every way in
//! which the blocks may lie, with its probability. With mixed sizes nobody tells where a block ends.

use super::{ARMS_MAX, Method};

/// What may be left of the block: a byte an arm, and how probable that is.
#[derive(Clone, Copy)]
struct Left {
    counts: u128,
    likely: f64,
}

const _: () = assert!(ARMS_MAX * 8 == u128::BITS as usize, "a byte for each arm");

impl Left {
    fn of(self, arm: usize) -> u32 {
        (self.counts >> (8 * arm)) as u32 & 0xff
    }

    fn total(self) -> u32 {
        (0..ARMS_MAX).map(|arm| self.of(arm)).sum()
    }
}

/// One stratum, watched.
#[derive(Clone)]
pub struct Watcher {
    /// What a new block may hold. Empty when there are no blocks.
    fresh: Vec<Left>,
    /// What may be left now.
    states: Vec<Left>,
    /// The chance of each arm when nothing is learned from what was seen.
    apart: Vec<f64>,
}

impl Watcher {
    /// Before the first allocation.
    pub fn new(ratio: &[u32], method: &Method) -> Self {
        let sum: u32 = ratio.iter().sum();
        let sizes = match method {
            Method::Blocks(sizes) => sizes.as_slice(),
            Method::Complete => &[],
        };
        let whole = |size: &u32| Left {
            counts: ratio
                .iter()
                .rev()
                .fold(0, |all, weight| all << 8 | u128::from(weight * size / sum)),
            likely: 1.0 / sizes.len() as f64,
        };
        let fresh: Vec<Left> = sizes.iter().map(whole).collect();
        let apart = ratio.iter().map(|weight| f64::from(*weight) / f64::from(sum)).collect();
        let mut watcher = Self { states: fresh.clone(), fresh, apart };
        watcher.merge();
        watcher
    }

    /// The chance of each arm.
    pub fn chances(&self) -> Vec<f64> {
        if self.fresh.is_empty() {
            return self.apart.clone();
        }
        let chance = |arm: usize| -> f64 {
            let of = |s: &Left| s.likely * f64::from(s.of(arm)) / f64::from(s.total());
            self.states.iter().map(of).sum()
        };
        (0..self.apart.len()).map(chance).collect()
    }

    /// Is only one arm possible? No rounding in it: every way the blocks may lie has that arm alone left.
    pub fn is_certain(&self) -> bool {
        let possible = |arm: &usize| self.states.iter().any(|state| state.of(*arm) > 0);
        !self.fresh.is_empty() && (0..self.apart.len()).filter(possible).count() == 1
    }

    /// How right the best guess is; one of several equally good ones at random.
    pub fn best_guess(&self, arm: usize) -> f64 {
        let chances = self.chances();
        let best = chances.iter().copied().fold(0.0, f64::max);
        let as_good = |chance: &f64| *chance > best - 1e-9;
        if !as_good(&chances[arm]) {
            return 0.0;
        }
        1.0 / chances.iter().filter(|chance| as_good(chance)).count() as f64
    }

    /// Learns what it was.
    pub fn sees(&mut self, arm: usize) {
        let mut ended = 0.0;
        let mut all = 0.0;
        self.states.retain_mut(|state| {
            let (of, total) = (state.of(arm), state.total());
            state.likely *= f64::from(of) / f64::from(total);
            all += state.likely;
            if of == 0 {
                return false;
            }
            if total == 1 {
                ended += state.likely;
                return false;
            }
            state.counts -= 1 << (8 * arm);
            true
        });
        if ended > 0.0 {
            let anew = |left: &Left| Left { likely: left.likely * ended, ..*left };
            self.states.extend(self.fresh.iter().map(anew));
        }
        self.merge();
        self.states.iter_mut().for_each(|state| state.likely /= all);
    }

    /// What is left decides all that comes, so equal rests are one.
    fn merge(&mut self) {
        self.states.sort_unstable_by_key(|state| state.counts);
        self.states.dedup_by(|next, kept| {
            let same = next.counts == kept.counts;
            if same {
                kept.likely += next.likely;
            }
            same
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Method, Watcher};
    use std::collections::BTreeSet;

    // What a run costs: a size that is named two hundred times is followed once.
    #[test]
    fn equal_rests_are_followed_once_however_they_came_about() {
        for (sizes, most) in [(vec![4; 200], 1), (vec![2, 4], 2), (vec![2, 2, 4, 4, 6], 3)] {
            let mut watcher = Watcher::new(&[1, 1], &Method::Blocks(sizes.clone()));
            for seen in 0..24 {
                let rests: BTreeSet<u128> = watcher.states.iter().map(|left| left.counts).collect();
                assert_eq!(rests.len(), watcher.states.len(), "{sizes:?} after {seen}");
                assert!(rests.len() <= most, "{sizes:?} after {seen}");
                let likely: f64 = watcher.states.iter().map(|left| left.likely).sum();
                assert!((likely - 1.0).abs() < 1e-9, "{sizes:?} after {seen}: {likely}");
                // Both arms in turn: every size may end whenever both have come as often.
                watcher.sees(seen % 2);
            }
        }
    }
}
