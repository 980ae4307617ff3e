//! Against values known exactly, and against an enumeration of every possible list.

use super::watcher::Watcher;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// SplitMix64: as good as needed here, and not what a list is drawn from.
fn dice(mut state: u64) -> impl FnMut(usize) -> usize {
    move |n| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

fn blocks(sizes: &[u32], strata: Strata) -> Design {
    Design { method: Method::Blocks(sizes.to_vec()), strata }
}

/// One list of so many allocations, so many times.
fn one_list(participants: usize, runs: usize) -> Plan {
    Plan { ratio: vec![1, 1], centres: vec![1.0], levels: vec![1.0], participants, runs }
}

fn four_centres(runs: usize) -> Plan {
    let centres = vec![0.25; 4];
    Plan { ratio: vec![1, 1], centres, levels: vec![0.5; 2], participants: 334, runs }
}

fn run(plan: &Plan, design: &Design, seed: u64) -> Figures {
    simulate(plan, design, &mut dice(seed), &mut dice(!seed)).unwrap()
}

/// Every order of one block, each once.
fn orders(left: &[u32]) -> Vec<Vec<usize>> {
    if left.iter().all(|count| *count == 0) {
        return vec![vec![]];
    }
    let mut all = vec![];
    for arm in (0..left.len()).filter(|arm| left[*arm] > 0) {
        let mut rest = left.to_vec();
        rest[arm] -= 1;
        all.extend(orders(&rest).into_iter().map(|order| [vec![arm], order].concat()));
    }
    all
}

/// Every beginning of a list of `length` allocations with its probability: blocks laid end to end in every way, no word
/// of what is left of them.
fn beginnings(sizes: &[u32], length: usize) -> BTreeMap<Vec<usize>, f64> {
    let mut all: BTreeMap<Vec<usize>, f64> = BTreeMap::new();
    lay(sizes, length, &[], 1.0, &mut all);
    all
}

fn lay(
    sizes: &[u32],
    length: usize,
    so_far: &[usize],
    p: f64,
    all: &mut BTreeMap<Vec<usize>, f64>,
) {
    if so_far.len() >= length {
        for end in 0..=length {
            *all.entry(so_far[..end].to_vec()).or_insert(0.0) += p;
        }
        return;
    }
    for size in sizes {
        let every = orders(&[size / 2, size / 2]);
        let each = p / sizes.len() as f64 / every.len() as f64;
        for order in every {
            lay(sizes, length, &[so_far, &order].concat(), each, all);
        }
    }
}

/// What an observer of one list can do, by enumeration: certain, best guess, fewer so far.
fn by_enumeration(sizes: &[u32], length: usize) -> [f64; 3] {
    let all = beginnings(sizes, length);
    let mut sums = [0.0; 3];
    for (seen, p) in all.iter().filter(|(seen, _)| seen.len() < length) {
        let next =
            [0, 1].map(|arm| all.get(&[seen.as_slice(), &[arm]].concat()).copied().unwrap_or(0.0));
        sums[0] += if next.contains(&0.0) { *p } else { 0.0 };
        sums[1] += next[0].max(next[1]);
        let ones = seen.iter().filter(|arm| **arm == 1).count();
        sums[2] += match (seen.len() - ones).cmp(&ones) {
            std::cmp::Ordering::Less => next[0],
            std::cmp::Ordering::Greater => next[1],
            std::cmp::Ordering::Equal => (next[0] + next[1]) / 2.0,
        };
    }
    sums.map(|sum| sum / length as f64)
}

// shows: SG-9
#[test]
fn a_half_a_third_a_quarter_a_fifth_of_allocations_are_certain_in_blocks_of_2_4_6_8() {
    for (size, share) in [(2, 0.5), (4, 1.0 / 3.0), (6, 0.25), (8, 0.2)] {
        assert!((certain_in_block(size, &[1, 1]) - share).abs() < 1e-12, "{size}");
        let [certain, ..] = by_enumeration(&[size], size as usize);
        assert!((certain - share).abs() < 1e-12, "{size} by enumeration: {certain}");
        // 2,000 lists of ten blocks. A block's certain ones stand together at its end, so the block is what varies:
        // its share lies between 0 and 1 with this mean, at most binomial. Five of its standard errors.
        let figures = run(&one_list(10 * size as usize, 2_000), &blocks(&[size], Strata::None), 7);
        let error = (share * (1.0 - share) / 20_000.0).sqrt();
        assert!((figures.certain - share).abs() < 5.0 * error, "{size}: {}", figures.certain);
    }
    for size in [3, 6, 9, 12] {
        let exact = exact_three(size);
        assert!((certain_in_block(size, &[2, 1]) - exact).abs() < 1e-12, "{size}: {exact}");
    }
}

/// 2 : 1 in one block, counted over all orders.
fn exact_three(size: u32) -> f64 {
    let all = orders(&[size / 3 * 2, size / 3]);
    let run = |order: &Vec<usize>| {
        order.iter().rev().take_while(|arm| **arm == order[order.len() - 1]).count()
    };
    all.iter().map(run).sum::<usize>() as f64 / all.len() as f64 / f64::from(size)
}

// m + (4^m / C(2m, m) − 1) / 2 right guesses in a block of m + m (Blackwell and Hodges, 1957).
#[test]
fn guessing_the_arm_with_fewer_is_right_as_often_as_blackwell_and_hodges_say() {
    let choose = |m: u32| (1..=m).map(|i| f64::from(m + i) / f64::from(i)).product::<f64>();
    for m in 1..=4u32 {
        let right = f64::from(m) + (4f64.powi(m as i32) / choose(m) - 1.0) / 2.0;
        let share = right / f64::from(2 * m);
        let [_, best, fewer] = by_enumeration(&[2 * m], 2 * m as usize);
        assert!((fewer - share).abs() < 1e-12 && (best - share).abs() < 1e-12, "{m}: {fewer}");
        let size = 2 * m;
        let figures = run(&one_list(10 * size as usize, 2_000), &blocks(&[size], Strata::None), 8);
        let error = (share * (1.0 - share) / 20_000.0).sqrt();
        assert!((figures.fewer - share).abs() < 5.0 * error, "{m}: {}", figures.fewer);
        assert!((figures.best - share).abs() < 5.0 * error, "{m}: {}", figures.best);
    }
}

#[test]
fn the_watcher_knows_exactly_what_an_enumeration_of_all_lists_knows() {
    for sizes in [&[4][..], &[2, 4], &[2, 2, 6], &[4, 6]] {
        let all = beginnings(sizes, 7);
        for (seen, p) in all.iter().filter(|(seen, _)| seen.len() < 7) {
            let mut watcher = Watcher::new(&[1, 1], &Method::Blocks(sizes.to_vec()));
            seen.iter().for_each(|arm| watcher.sees(*arm));
            let chances = watcher.chances();
            for arm in [0, 1] {
                let next = all.get(&[seen.as_slice(), &[arm]].concat()).unwrap_or(&0.0) / p;
                assert!((chances[arm] - next).abs() < 1e-9, "{sizes:?} {seen:?}: {chances:?}");
                let known = (next - 0.5).abs() > 0.5 - 1e-9;
                assert_eq!(watcher.is_certain(), known, "{sizes:?} {seen:?}");
            }
        }
    }
}

// shows: SG-9
#[test]
fn mixed_sizes_come_out_of_a_simulation_as_of_the_enumeration() {
    for sizes in [&[2, 4][..], &[4, 6]] {
        let [certain, best, fewer] = by_enumeration(sizes, 8);
        let figures = run(&one_list(8, 30_000), &blocks(sizes, Strata::None), 9);
        for (found, share) in
            [(figures.certain, certain), (figures.best, best), (figures.fewer, fewer)]
        {
            let error = (share * (1.0 - share) / 30_000.0).sqrt();
            assert!((found - share).abs() < 5.0 * error, "{sizes:?}: {found} for {share}");
        }
    }
}

#[test]
fn without_blocks_nothing_is_certain_and_every_guess_is_a_coin() {
    let complete = Design { method: Method::Complete, strata: Strata::None };
    let figures = run(&one_list(334, 500), &complete, 10);
    assert_eq!(figures.certain, 0.0);
    let error = (0.25f64 / (334.0 * 500.0)).sqrt();
    for found in [figures.best, figures.fewer, figures.own] {
        assert!((found - 0.5).abs() < 5.0 * error, "{found}");
    }
    // E|D| of n coins is √(2n/π).
    let mean = (2.0 * 334.0 / std::f64::consts::PI).sqrt();
    assert!((figures.trial[0].mean - mean).abs() < 3.0, "{:?}", figures.trial);
    // One participant's worth for each group the analysis compares within: here one.
    assert!((figures.loss.mean - 1.0).abs() < 0.3, "{:?}", figures.loss);
}

#[test]
fn fewer_strata_balance_the_trial_better_and_hide_more_from_a_single_centre() {
    let fine = run(&four_centres(200), &blocks(&[4], Strata::CentreAndFactors), 11);
    let coarse = run(&four_centres(200), &blocks(&[4], Strata::Factors), 11);
    assert!((fine.own - fine.fewer).abs() < 1e-12, "a list of the own centre is all one needs");
    assert!(coarse.own < coarse.fewer - 0.1, "{} {}", coarse.own, coarse.fewer);
    assert!(fine.stratum[1].most <= 2.0, "half a block: {:?}", fine.stratum);
    assert!(coarse.stratum[0].mean > fine.stratum[0].mean);
    assert!(coarse.trial[1].most <= 4.0 && fine.trial[1].most <= 16.0);
    assert!(coarse.loss.mean > fine.loss.mean);
}

#[test]
fn accrual_follows_the_shares_that_were_given() {
    let shares = [6.0, 3.0, 1.0];
    let mut draw = dice(12);
    let mut counts = [0.0; 3];
    (0..100_000).for_each(|_| counts[pick(&shares, &mut draw)] += 1.0);
    for (count, share) in counts.iter().zip(shares) {
        let p = share / 10.0;
        let error = (p * (1.0 - p) * 100_000.0f64).sqrt();
        assert!((count - p * 100_000.0f64).abs() < 5.0 * error, "{counts:?}");
    }
}

#[test]
fn each_share_has_exactly_its_part_of_all_numbers() {
    // 2²⁴ numbers: of two halves the second begins at 2²³, of 1 : 3 at 2²².
    for (shares, last, first) in
        [([1.0, 1.0], 0x7f_ffff, 0x80_0000), ([1.0, 3.0], 0x3f_ffff, 0x40_0000)]
    {
        for (number, picked) in [(0, 0), (last, 0), (first, 1), (0xff_ffff, 1)] {
            let mut bytes = [16, 8, 0].map(|shift| number >> shift & 0xff).into_iter();
            let found = pick(&shares, &mut |_| bytes.next().unwrap());
            assert_eq!(found, picked, "{number:#x} by {shares:?}");
        }
    }
}

#[test]
fn whoever_sees_only_the_own_centre_learns_nothing_from_another_centre_of_the_same_list() {
    // Two people of the first level, each at a centre of its own, in one block of two.
    let shares = vec![0.5; 2];
    let (centres, levels) = (shares.clone(), shares);
    let plan = Plan { ratio: vec![1, 1], centres, levels, participants: 2, runs: 1 };
    let mut bytes = [[0; 3], [0; 3], [255; 3], [0; 3]].into_iter().flatten();
    let design = blocks(&[2], Strata::Factors);
    let figures = simulate(&plan, &design, &mut |_| bytes.next().unwrap(), &mut dice(13)).unwrap();
    assert_eq!(figures.fewer, 0.75, "a coin, then the arm that is left");
    assert_eq!(figures.own, 0.5, "a coin at each centre");
}

#[test]
fn the_arm_with_fewer_is_the_one_with_fewer_by_its_part_of_the_ratio() {
    let right = |seen: &[u32], ratio: &[u32]| {
        (0..seen.len()).map(|arm| fewer_guess(seen, ratio, arm)).collect::<Vec<f64>>()
    };
    assert_eq!(right(&[4, 2], &[2, 1]), [0.5, 0.5], "as the ratio says");
    assert_eq!(right(&[5, 2], &[2, 1]), [0.0, 1.0], "2½ parts and 2");
    assert_eq!(right(&[3, 2], &[2, 1]), [1.0, 0.0], "1½ parts and 2");
    assert_eq!(right(&[3, 1, 2], &[3, 1, 1]), [0.5, 0.5, 0.0], "one part, one, and 2");
}

#[test]
fn what_cannot_be_simulated_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut Plan, &mut Design)| {
        let (mut plan, mut design) = (four_centres(1), blocks(&[4], Strata::None));
        change(&mut plan, &mut design);
        simulate(&plan, &design, &mut dice(1), &mut dice(2)).err()
    };
    assert_eq!(refused(&|_, _| ()), None);
    assert_eq!(refused(&|plan, _| plan.ratio = vec![1]), Some(PlanError::Ratio));
    assert_eq!(refused(&|plan, _| plan.ratio = vec![1, 0]), Some(PlanError::Ratio));
    assert_eq!(refused(&|plan, _| plan.ratio = vec![1; 17]), Some(PlanError::Ratio));
    assert_eq!(refused(&|plan, _| plan.centres = vec![]), Some(PlanError::Shares));
    assert_eq!(refused(&|plan, _| plan.levels = vec![1.0, 0.0]), Some(PlanError::Shares));
    for odd in [vec![f64::NAN], vec![f64::INFINITY], vec![1e308, 1e308], vec![1.0, -1.0]] {
        assert_eq!(refused(&|plan, _| plan.centres = odd.clone()), Some(PlanError::Shares));
    }
    assert_eq!(refused(&|plan, _| plan.participants = 0), Some(PlanError::Nothing));
    assert_eq!(refused(&|plan, _| plan.runs = 0), Some(PlanError::Nothing));
    for sizes in [&[][..], &[3], &[4, 0], &[258]] {
        let change = |_: &mut Plan, design: &mut Design| *design = blocks(sizes, Strata::None);
        assert_eq!(refused(&change), Some(PlanError::Sizes), "{sizes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_watcher_of_any_list_has_chances_that_add_up_and_is_never_surprised(
        seed: u64, one in 1u32..4, other in 1u32..4, times in prop::collection::vec(1u32..4, 1..4),
    ) {
        let ratio = [one, other];
        let sizes: Vec<u32> = times.iter().map(|times| times * (one + other)).collect();
        let method = Method::Blocks(sizes.clone());
        let (mut draw, mut dealer) = (dice(seed), Dealer::default());
        let mut watcher = Watcher::new(&ratio, &method);
        for _ in 0..60 {
            let chances = watcher.chances();
            prop_assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let arm = dealer.next(&ratio, &method, &mut draw);
            prop_assert!(chances[arm] > 0.0);
            prop_assert!(!watcher.is_certain() || watcher.best_guess(arm) == 1.0);
            watcher.sees(arm);
        }
    }

    #[test]
    fn the_same_dice_give_the_same_figures_and_a_watcher_guesses_no_worse_than_a_counter(seed: u64) {
        let plan = Plan { participants: 80, ..four_centres(40) };
        for design in [blocks(&[4], Strata::Centre), blocks(&[2, 4, 6], Strata::Factors)] {
            let figures = run(&plan, &design, seed);
            prop_assert_eq!(format!("{figures:?}"), format!("{:?}", run(&plan, &design, seed)));
            prop_assert!(figures.certain <= figures.best && figures.best > figures.fewer - 0.03);
            for [end, ever] in [figures.trial, figures.centre, figures.stratum] {
                prop_assert!(end.mean <= ever.mean && end.most <= ever.most);
                prop_assert!(ever.mean <= ever.most && ever.p95 <= ever.most);
            }
        }
    }
}
