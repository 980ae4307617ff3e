//! What a design of blocks and strata costs: how uneven the arms become, and how often somebody can tell the next one.
//! Participants are invented, come to centres by given shares, and are allocated a thousand times over.
//!
//! No dice of its own: two draws are handed in, one for who comes and one for the arms, so that all designs meet the
//! same participants.

mod measure;
mod watcher;

use measure::Imbalances;
pub use measure::{Spread, power_kept};
use watcher::Watcher;

/// Gives a number from 0 to `n − 1`, each equally likely, for `1 ≤ n ≤ 256`.
pub type Draw<'d> = &'d mut dyn FnMut(usize) -> usize;

/// The most arms a design may have: those of a manifest.
pub const ARMS_MAX: usize = 16;

/// The trial that is imagined.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many of each arm.
    pub ratio: Vec<u32>,
    /// What part of the participants comes to each centre; need not add up to 1.
    pub centres: Vec<f64>,
    /// What part falls on each level of the factors; likewise.
    pub levels: Vec<f64>,
    /// How many participants a run has.
    pub participants: usize,
    /// How many runs.
    pub runs: usize,
}

/// How arms are drawn within a stratum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// Permuted blocks; each size as likely as it is often named.
    Blocks(Vec<u32>),
    /// Every allocation by itself.
    Complete,
}

/// What has a list of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strata {
    /// Each level of the factors at each centre.
    CentreAndFactors,
    /// Each centre.
    Centre,
    /// Each level of the factors, over all centres.
    Factors,
    /// The trial as a whole.
    None,
}

/// One way to make the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    /// Blocks or none.
    pub method: Method,
    /// What is stratified by.
    pub strata: Strata,
}

/// Why nothing was simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanError {
    /// Fewer than two arms, too many, or an arm with no part.
    Ratio,
    /// No share, or one that is no number above 0.
    Shares,
    /// No participants or no runs.
    Nothing,
    /// A block size that is not a multiple of the ratio's sum, or larger than 256.
    Sizes,
}

/// What came of all runs of one design. Shares are of all allocations.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Certain to somebody who knows the design and every earlier allocation of the stratum.
    pub certain: f64,
    /// The same person's best guess is right.
    pub best: f64,
    /// Guessing the arm with fewer so far in the stratum is right.
    pub fewer: f64,
    /// The same by somebody who sees only the own centre.
    pub own: f64,
    /// How far the arms of the whole trial are apart, at the end and at any time.
    pub trial: [Spread; 2],
    /// The same of the worst centre of a run.
    pub centre: [Spread; 2],
    /// The same of the worst level at the worst centre of a run: the same groups for every design.
    pub stratum: [Spread; 2],
    /// How many participants' worth of information an analysis by stratum loses (Atkinson's loss).
    pub loss: Spread,
}

impl Strata {
    fn count(self, plan: &Plan) -> usize {
        let (centres, levels) = (plan.centres.len(), plan.levels.len());
        match self {
            Self::CentreAndFactors => centres * levels,
            Self::Centre => centres,
            Self::Factors => levels,
            Self::None => 1,
        }
    }

    fn of(self, centre: usize, level: usize, levels: usize) -> usize {
        match self {
            Self::CentreAndFactors => centre * levels + level,
            Self::Centre => centre,
            Self::Factors => level,
            Self::None => 0,
        }
    }
}

/// Runs one design through the plan.
///
/// # Errors
/// A [`PlanError`] for what cannot be simulated.
pub fn simulate(
    plan: &Plan,
    design: &Design,
    come: Draw<'_>,
    arms: Draw<'_>,
) -> Result<Figures, PlanError> {
    check(plan, design)?;
    let mut guesses = Guesses::default();
    let mut imbalances = Imbalances::default();
    for _ in 0..plan.runs {
        run(plan, design, come, arms, &mut guesses, &mut imbalances);
    }
    let all = (plan.runs * plan.participants) as f64;
    let [trial, centre, stratum] = imbalances.groups.map(|both| both.map(Spread::of));
    Ok(Figures {
        certain: guesses.certain / all,
        best: guesses.best / all,
        fewer: guesses.fewer / all,
        own: guesses.own / all,
        trial,
        centre,
        stratum,
        loss: Spread::of(imbalances.losses),
    })
}

fn check(plan: &Plan, design: &Design) -> Result<(), PlanError> {
    let arms = plan.ratio.len();
    // Infinite or no number, one share or all together: the sum is no number to draw below.
    let positive = |all: &[f64]| !all.is_empty() && all.iter().all(|share| *share > 0.0);
    let shares = |all: &[f64]| positive(all) && all.iter().sum::<f64>().is_finite();
    let sum: u64 = plan.ratio.iter().copied().map(u64::from).sum();
    let fits = |size: &u32| (1..=256).contains(size) && u64::from(*size).is_multiple_of(sum);
    let sizes = match &design.method {
        Method::Blocks(sizes) => (1..=256).contains(&sizes.len()) && sizes.iter().all(fits),
        Method::Complete => sum <= 256,
    };
    match () {
        () if !(2..=ARMS_MAX).contains(&arms) || plan.ratio.contains(&0) => Err(PlanError::Ratio),
        () if !shares(&plan.centres) || !shares(&plan.levels) => Err(PlanError::Shares),
        () if plan.participants == 0 || plan.runs == 0 => Err(PlanError::Nothing),
        () if !sizes => Err(PlanError::Sizes),
        () => Ok(()),
    }
}

/// Sums over all allocations; a guess between several arms counts for its part.
#[derive(Default)]
struct Guesses {
    certain: f64,
    best: f64,
    fewer: f64,
    own: f64,
}

fn run(
    plan: &Plan,
    design: &Design,
    come: Draw<'_>,
    arms: Draw<'_>,
    guesses: &mut Guesses,
    imbalances: &mut Imbalances,
) {
    let (levels, lists) = (plan.levels.len(), design.strata.count(plan));
    let none = vec![0u32; plan.ratio.len()];
    let mut dealers = vec![Dealer::default(); lists];
    let mut watchers = vec![Watcher::new(&plan.ratio, &design.method); lists];
    let mut seen = vec![none.clone(); lists];
    // What the staff of each centre have seen of each list.
    let mut seen_at = vec![none.clone(); lists * plan.centres.len()];
    let mut tally = measure::Tally::new(plan);
    for _ in 0..plan.participants {
        let (centre, level) = (pick(&plan.centres, come), pick(&plan.levels, come));
        let list = design.strata.of(centre, level, levels);
        let arm = dealers[list].next(&plan.ratio, &design.method, arms);
        let here = &mut seen_at[centre * lists + list];
        guesses.certain += f64::from(u8::from(watchers[list].is_certain()));
        guesses.best += watchers[list].best_guess(arm);
        guesses.fewer += fewer_guess(&seen[list], &plan.ratio, arm);
        guesses.own += fewer_guess(here, &plan.ratio, arm);
        here[arm] += 1;
        seen[list][arm] += 1;
        watchers[list].sees(arm);
        tally.add(centre, level, arm);
    }
    imbalances.add(&tally);
}

/// A number by these shares, of 24 bits. The last share takes what the others leave.
fn pick(shares: &[f64], draw: Draw<'_>) -> usize {
    let Some((_, others)) = shares.split_last().filter(|(_, others)| !others.is_empty()) else {
        return 0;
    };
    let number = (0..3).fold(0usize, |number, _| number << 8 | draw(256)) as f64;
    let mut left = number / f64::from(1 << 24) * shares.iter().sum::<f64>();
    for (at, share) in others.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return at;
        }
    }
    others.len()
}

/// How right it is to guess the arm with fewest so far, by its part of the ratio; one of several at random.
fn fewer_guess(seen: &[u32], ratio: &[u32], arm: usize) -> f64 {
    // a/b < c/d compared as a·d < c·b: no rounding.
    let weighed = |at: usize, other: usize| u64::from(seen[at]) * u64::from(ratio[other]);
    let fewest =
        |at: &usize| (0..seen.len()).all(|other| weighed(*at, other) <= weighed(other, *at));
    if !fewest(&arm) {
        return 0.0;
    }
    1.0 / (0..seen.len()).filter(fewest).count() as f64
}

/// Deals the arms of one list.
#[derive(Clone, Default)]
struct Dealer(Vec<usize>);

impl Dealer {
    fn next(&mut self, ratio: &[u32], method: &Method, draw: Draw<'_>) -> usize {
        if self.0.is_empty() {
            self.0 = match method {
                Method::Blocks(sizes) => block(sizes, ratio, draw),
                Method::Complete => vec![one(ratio, draw)],
            };
            self.0.reverse();
        }
        self.0.pop().expect("a block has members")
    }
}

/// One permuted block, drawn as a list draws it (design 5): a test of `sealing` compares the two.
pub fn block(sizes: &[u32], ratio: &[u32], draw: Draw<'_>) -> Vec<usize> {
    let share = sizes[draw(sizes.len())] / ratio.iter().sum::<u32>();
    let of = |(arm, weight): (usize, &u32)| vec![arm; (weight * share) as usize];
    let mut block: Vec<usize> = ratio.iter().enumerate().flat_map(of).collect();
    for i in (1..block.len()).rev() {
        let j = draw(i + 1);
        block.swap(i, j);
    }
    block
}

/// One arm by itself.
fn one(ratio: &[u32], draw: Draw<'_>) -> usize {
    let mut left = draw(ratio.iter().sum::<u32>() as usize);
    for (arm, weight) in ratio.iter().enumerate() {
        match left.checked_sub(*weight as usize) {
            Some(rest) => left = rest,
            None => return arm,
        }
    }
    unreachable!("the number is below the ratio's sum")
}

/// What part of one block is certain to somebody who knows all earlier ones of it: the expected length of the run of
/// one arm at its end, by the block's length. Exact; `ratio` and `size` are a checked design's.
pub fn certain_in_block(size: u32, ratio: &[u32]) -> f64 {
    let share = size / ratio.iter().sum::<u32>();
    let mut expected = 0.0;
    for weight in ratio {
        // A block read backwards is as likely: so the run at its beginning, arm by arm.
        let mut all_of_this = 1.0;
        for i in 0..weight * share {
            all_of_this *= f64::from(weight * share - i) / f64::from(size - i);
            expected += all_of_this;
        }
    }
    expected / f64::from(size)
}

#[cfg(test)]
mod tests;
