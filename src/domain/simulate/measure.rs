//! How far the arms are apart, and what that costs.

use super::Plan;

/// The mean, the 95th percentile and the largest of all runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// 95 of 100 runs are at most here.
    pub p95: f64,
    /// The worst run.
    pub most: f64,
}

impl Spread {
    /// Of all runs' values; of none, nothing.
    pub(super) fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let at = (values.len() * 95).div_ceil(100).saturating_sub(1);
        Self {
            mean: values.iter().sum::<f64>() / values.len().max(1) as f64,
            p95: values.get(at).copied().unwrap_or(0.0),
            most: values.last().copied().unwrap_or(0.0),
        }
    }
}

/// `Σ |n_a − n·w_a/Σw|`: for two arms 1:1 the difference of the arms.
fn apart(counts: &[u32], ratio: &[u32]) -> f64 {
    let (n, sum) = (counts.iter().sum::<u32>(), ratio.iter().sum::<u32>());
    let due = |weight: u32| f64::from(n) * f64::from(weight) / f64::from(sum);
    counts.iter().zip(ratio).map(|(count, weight)| (f64::from(*count) - due(*weight)).abs()).sum()
}

/// `Σ (n_a − e_a)² / e_a`, `e_a = n·w_a/Σw`: for two arms 1:1 Atkinson's `D²/n`, in participants.
fn loss(counts: &[u32], ratio: &[u32]) -> f64 {
    let (n, sum) = (counts.iter().sum::<u32>(), ratio.iter().sum::<u32>());
    if n == 0 {
        return 0.0;
    }
    let due = |weight: u32| f64::from(n) * f64::from(weight) / f64::from(sum);
    let part =
        |(count, weight): (&u32, &u32)| (f64::from(*count) - due(*weight)).powi(2) / due(*weight);
    counts.iter().zip(ratio).map(part).sum()
}

/// One run's counts by arm: of the trial, of each centre, of each level at each centre; with the most each kind was
/// ever apart.
pub(super) struct Tally<'p> {
    ratio: &'p [u32],
    levels: usize,
    groups: [Vec<Vec<u32>>; 3],
    most: [f64; 3],
}

impl<'p> Tally<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let (centres, levels) = (plan.centres.len(), plan.levels.len());
        let groups = [1, centres, centres * levels].map(|n| vec![vec![0; plan.ratio.len()]; n]);
        Self { ratio: &plan.ratio, levels, groups, most: [0.0; 3] }
    }

    pub(super) fn add(&mut self, centre: usize, level: usize, arm: usize) {
        let at = [0, centre, centre * self.levels + level];
        for ((kind, at), most) in self.groups.iter_mut().zip(at).zip(&mut self.most) {
            kind[at][arm] += 1;
            *most = most.max(apart(&kind[at], self.ratio));
        }
    }
}

/// Every run's measures: `groups[trial, centre, stratum][at the end, at any time]`.
#[derive(Default)]
pub(super) struct Imbalances {
    pub(super) groups: [[Vec<f64>; 2]; 3],
    pub(super) losses: Vec<f64>,
}

impl Imbalances {
    pub(super) fn add(&mut self, tally: &Tally<'_>) {
        for ((kind, counts), most) in self.groups.iter_mut().zip(&tally.groups).zip(tally.most) {
            let worst = counts.iter().map(|counts| apart(counts, tally.ratio)).fold(0.0, f64::max);
            kind[0].push(worst);
            kind[1].push(most);
        }
        self.losses.push(tally.groups[2].iter().map(|counts| loss(counts, tally.ratio)).sum());
    }
}

/// The power that is left of 80 % (two-sided 5 %, normal approximation) when `loss` of `n` participants' information is
/// lost: `Φ(√(1 − loss/n)·(1.95996 + 0.84162) − 1.95996)`.
pub fn power_kept(loss: f64, n: f64) -> f64 {
    const ALPHA: f64 = 1.959_963_985;
    const BETA: f64 = 0.841_621_234;
    normal((1.0 - loss / n).max(0.0).sqrt() * (ALPHA + BETA) - ALPHA)
}

/// The normal distribution, by Abramowitz and Stegun 26.2.17: within 0.0000001.
fn normal(x: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - normal(-x);
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let terms = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    1.0 - (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::{Spread, apart, loss, normal, power_kept};

    #[test]
    fn imbalance_of_two_equal_arms_is_their_difference_and_loss_is_its_square_by_n() {
        assert_eq!(apart(&[7, 3], &[1, 1]), 4.0);
        assert_eq!(loss(&[7, 3], &[1, 1]), 16.0 / 10.0);
        assert_eq!((apart(&[8, 4], &[2, 1]), loss(&[8, 4], &[2, 1])), (0.0, 0.0));
        assert_eq!(apart(&[8, 1], &[2, 1]), 4.0);
        assert_eq!(loss(&[0, 0], &[1, 1]), 0.0);
    }

    #[test]
    fn the_ninety_fifth_percentile_is_the_value_that_95_of_100_do_not_pass() {
        let spread = Spread::of((1..=100).rev().map(f64::from).collect());
        assert_eq!(spread, Spread { mean: 50.5, p95: 95.0, most: 100.0 });
        assert_eq!(Spread::of(vec![]), Spread { mean: 0.0, p95: 0.0, most: 0.0 });
        assert_eq!(Spread::of(vec![3.0]).p95, 3.0);
    }

    #[test]
    fn power_is_80_percent_without_loss_and_falls_with_it() {
        assert!((normal(1.959_963_985) - 0.975).abs() < 1e-7);
        assert!((normal(-1.0) - 0.158_655_254).abs() < 1e-7);
        assert!((normal(0.0) - 0.5).abs() < 1e-7);
        assert!((power_kept(0.0, 334.0) - 0.8).abs() < 1e-6);
        // Losing a quarter: √0.75·2.80159 − 1.95996 = 0.46628.
        assert!((power_kept(83.5, 334.0) - 0.679_49).abs() < 1e-4);
    }
}
