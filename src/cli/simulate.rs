//! `klero list simulate`: what each design of blocks and strata costs, before anybody decides for one.

mod told;

use super::failure::{Done, Exit, Failure, ending};
use super::files::{Eyes, must_be_new, write_new};
use super::trial;
use crate::domain::simulate::{Design, Figures, Method, Plan, PlanError, Strata, simulate};
use crate::sealing::simulate::dice;
use crate::trial_file;
use clap::Args;
use std::path::PathBuf;

/// Allocations that are simulated at most, all runs and designs together.
const ALLOCATIONS_MAX: usize = 500_000_000;

/// Compare designs of blocks and strata: how uneven the arms become, how often the next one can be told
///
/// Without --design: the trial's own design, other block sizes, fewer strata, and no blocks. Everything is invented;
/// the same seed gives the same figures everywhere.
#[derive(Args)]
#[command(after_help = ending([
    "klero list simulate --trial trial.toml",
    "klero list simulate --trial trial.toml --shares 5,3,1,1 --runs 5000 --html designs.html",
    "klero list simulate --trial trial.toml --design 4 --design 4,6,8@factors --design none@centre --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Exists]))]
pub struct Simulate {
    /// The trial file: centres, factors, ratio, sizes, target
    #[arg(long, value_name = "FILE")]
    trial: PathBuf,
    /// SIZES@STRATA: sizes as 4 or 4,6,8, or none; strata all, centre, factors or trial   [default: all]
    #[arg(long, value_name = "DESIGN", value_parser = design_of)]
    design: Vec<Design>,
    /// How many participants   [default: the trial's target]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    participants: Option<u32>,
    /// How many times the trial is run
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// Another seed gives other participants and other lists
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What part of the participants comes to each centre, in the file's order   [default: equal]
    #[arg(long, value_name = "SHARE", value_delimiter = ',')]
    shares: Vec<f64>,
    /// What part falls on each level of the factors, in the file's order   [default: equal]
    #[arg(long, value_name = "SHARE", value_delimiter = ',')]
    levels: Vec<f64>,
    /// Write a page with plots too, for the browser and the printer
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// One design with what came of it.
struct Compared {
    /// A, B, C …
    letter: String,
    design: Design,
    figures: Figures,
}

/// All of it.
struct Comparison {
    trial: String,
    plan: Plan,
    seed: u64,
    /// The trial file says these sizes; none when it keeps them back.
    own_sizes: Vec<u32>,
    designs: Vec<Compared>,
}

fn design_of(text: &str) -> Result<Design, &'static str> {
    let (sizes, strata) = text.split_once('@').unwrap_or((text, "all"));
    let strata = match strata {
        "all" => Strata::CentreAndFactors,
        "centre" => Strata::Centre,
        "factors" => Strata::Factors,
        "trial" => Strata::None,
        _ => return Err("strata are all, centre, factors or trial"),
    };
    if sizes == "none" {
        return Ok(Design { method: Method::Complete, strata });
    }
    let sizes: Result<Vec<u32>, _> = sizes.split(',').map(str::parse).collect();
    match sizes {
        Ok(sizes) => Ok(Design { method: Method::Blocks(sizes), strata }),
        Err(_) => Err("sizes are numbers, as 4 or 4,6,8, or the word none"),
    }
}

impl Simulate {
    /// Runs every design with the same participants.
    pub fn run(self) -> Result<Done, Failure> {
        self.html.as_deref().map_or(Ok(()), must_be_new)?;
        let (text, trial) = trial::read(&self.trial)?;
        let list = trial_file::read_design(&text)
            .map_err(|findings| trial::wrong(&self.trial, &findings))?;
        let centres = trial.centres.len();
        let levels = trial.strata().len() / centres.max(1);
        let plan = Plan {
            centres: shares(&self.shares, centres, "--shares", "centres")?,
            levels: shares(&self.levels, levels, "--levels", "levels")?,
            participants: self.participants.unwrap_or(trial.target) as usize,
            runs: self.runs as usize,
            ratio: list.ratio,
        };
        let designs = match &self.design[..] {
            [] => usual(&list.sizes, plan.ratio.iter().sum()),
            named => named.to_vec(),
        };
        let compared = compare(&plan, designs, self.seed)?;
        let id = trial.id.to_string();
        let own_sizes = list.sizes;
        let all = Comparison { trial: id, plan, seed: self.seed, own_sizes, designs: compared };
        let mut done = Done::new(told::text(&all), told::data(&all));
        if let Some(file) = &self.html {
            write_new(file, Eyes::All, &told::page(&all))?;
            done.text.push_str(&format!("\nwritten {}", file.display()));
            done.data["html"] = file.display().to_string().into();
        }
        Ok(done)
    }
}

/// As many shares as there are places; equal ones when none are given.
fn shares(given: &[f64], places: usize, flag: &str, what: &str) -> Result<Vec<f64>, Failure> {
    let fits = given.len() == places && given.iter().all(|share| share.is_finite() && *share > 0.0);
    match given {
        [] => Ok(vec![1.0; places]),
        given if fits => Ok(given.to_vec()),
        _ => {
            let what = format!("{flag} needs a number above 0 for each of the {places} {what}");
            Err(Failure::new(Exit::Usage, "shares-do-not-fit", what, format!("{flag} 2,1,1,1")))
        }
    }
}

/// What a statistician weighs: the trial's own design; mixed and larger blocks in the same strata; fewer strata; none.
fn usual(own: &[u32], sum: u32) -> Vec<Design> {
    use Strata::{CentreAndFactors, Factors};
    let of = |parts: &[u32]| parts.iter().map(|part| part * sum).collect::<Vec<u32>>();
    let own = if own.is_empty() { of(&[2]) } else { own.to_vec() };
    let mut all: Vec<Design> = vec![];
    let mut add = |sizes: &[u32], strata| {
        let design = Design { method: Method::Blocks(sizes.to_vec()), strata };
        if !all.contains(&design) {
            all.push(design);
        }
    };
    add(&own, CentreAndFactors);
    for parts in [&[2][..], &[4], &[1, 2, 3], &[2, 3, 4]] {
        add(&of(parts), CentreAndFactors);
    }
    add(&own, Factors);
    add(&of(&[2, 3, 4]), Factors);
    add(&own, Strata::None);
    all.push(Design { method: Method::Complete, strata: Strata::None });
    all
}

fn compare(plan: &Plan, designs: Vec<Design>, seed: u64) -> Result<Vec<Compared>, Failure> {
    let work = plan.participants.saturating_mul(plan.runs).saturating_mul(designs.len());
    if work > ALLOCATIONS_MAX {
        let what = format!("that would be {work} allocations; {ALLOCATIONS_MAX} are the most");
        let next = "fewer --runs or --participants";
        return Err(Failure::new(Exit::Usage, "too-much-to-simulate", what, next));
    }
    if designs.len() > 26 {
        let what = "more than 26 designs have no letters to be known by";
        return Err(Failure::new(Exit::Usage, "too-many-designs", what, "name fewer --design"));
    }
    let one = |(design, letter): (Design, char)| {
        // The same participants for every design, and lists of its own.
        let mut come = dice(seed, "participants");
        let mut arms = dice(seed, &format!("arms {}", told::name(&design)));
        let figures = simulate(plan, &design, &mut come, &mut arms)
            .map_err(|error| not_simulated(error, &design))?;
        Ok(Compared { letter: letter.to_string(), design, figures })
    };
    designs.into_iter().zip('A'..='Z').map(one).collect()
}

fn not_simulated(error: PlanError, design: &Design) -> Failure {
    let (what, next) = match error {
        PlanError::Sizes => (
            format!("the blocks of {} do not hold the trial's ratio", told::name(design)),
            "name sizes that are multiples of the ratio's sum, at most 256",
        ),
        PlanError::Ratio | PlanError::Shares | PlanError::Nothing => {
            ("the trial file's arms or centres cannot be simulated".to_owned(), "klero trial check")
        }
    };
    Failure::new(Exit::Usage, "design-not-possible", what, next)
}
