//! A comparison of designs in words, as JSON, and as a page with pictures.

use super::{Compared, Comparison};
use crate::cli::sheet::plot::{About, Dot, dots, plane};
use crate::cli::sheet::{Sheet, wrapped};
use crate::domain::simulate::{
    Design, Figures, Method, Spread, Strata, certain_in_block, power_kept,
};
use serde_json::{Value, json};

/// `4`, `4/6/8` or `none`.
fn blocks(design: &Design) -> String {
    match &design.method {
        Method::Blocks(sizes) => sizes.iter().map(u32::to_string).collect::<Vec<_>>().join("/"),
        Method::Complete => "none".to_owned(),
    }
}

fn strata(design: &Design) -> &'static str {
    match design.strata {
        Strata::CentreAndFactors => "centre, factors",
        Strata::Centre => "centre",
        Strata::Factors => "factors",
        Strata::None => "whole trial",
    }
}

/// What a design is called.
pub fn name(design: &Design) -> String {
    format!("{} by {}", blocks(design), strata(design))
}

fn percent(part: f64) -> String {
    format!("{:.1}%", part * 100.0)
}

fn power(all: &Comparison, figures: &Figures) -> f64 {
    power_kept(figures.loss.mean, all.plan.participants as f64)
}

/// The three kinds of groups whose arms are compared, with the figures of each.
fn groups(figures: &Figures) -> [(&'static str, [Spread; 2]); 3] {
    [("trial", figures.trial), ("centre", figures.centre), ("stratum", figures.stratum)]
}

const GROUPS: [&str; 3] =
    ["Whole trial", "Worst centre of a run", "Worst level at a centre of a run"];

fn head(all: &Comparison) -> String {
    let plan = &all.plan;
    let ratio: Vec<_> = plan.ratio.iter().map(u32::to_string).collect();
    let shares = |shares: &[f64]| {
        let sum: f64 = shares.iter().sum();
        let part = |share: &f64| format!("{:.0} %", share / sum * 100.0);
        shares.iter().map(part).collect::<Vec<_>>().join(", ")
    };
    format!(
        "{}: {} participants, ratio {}, {} runs, seed {}. Centres {}; levels {}.",
        all.trial,
        plan.participants,
        ratio.join(":"),
        plan.runs,
        all.seed,
        shares(&plan.centres),
        shares(&plan.levels)
    )
}

/// What the columns mean.
const MEANINGS: [&str; 6] = [
    "certain: allocations that somebody who knows the design and every earlier one of the same list can name \
     beforehand. best: how often that person's best guess is right.",
    "fewer: guessing the arm with fewer so far in the list is right. own: the same by somebody who sees only the own \
     centre. A coin is right half the time in a trial of two equal arms.",
    "loss: participants' worth of information that an analysis by centre and level loses because arms are unequal \
     (Atkinson's loss, the sum of D\u{b2}/n over all levels at all centres), mean of all runs.",
    "power: what is left of 80 % (two-sided 5 %, normal approximation) after that loss.",
    "Apart: by how many participants the arms differ; 95 % is the 95th percentile of the runs.",
    "Certainty is counted for a person who knows arms. Who is blinded learns of them only through broken codes, \
     unblinded people, or guesses; who prepares knows all of the own centre.",
];

/// For the terminal, at most 80 columns.
pub fn text(all: &Comparison) -> String {
    let mut out = wrapped(&head(all), "", 80);
    out.push_str(&format!(
        "\n\n   {:<8} {:<16}{:>9}{:>9}{:>9}{:>9}{:>8}{:>8}\n",
        "blocks", "a list for each", "certain", "best", "fewer", "own", "loss", "power"
    ));
    for one in &all.designs {
        let f = &one.figures;
        let [certain, best, fewer, own] = [f.certain, f.best, f.fewer, f.own].map(percent);
        out.push_str(&format!(
            "{:<2} {:<8} {:<16}{certain:>9}{best:>9}{fewer:>9}{own:>9}{:>8.2}{:>8}\n",
            one.letter,
            blocks(&one.design),
            strata(&one.design),
            f.loss.mean,
            percent(power(all, f))
        ));
    }
    for (at, title) in GROUPS.iter().enumerate() {
        out.push_str(&format!(
            "\n{title:<33}{:>7} {:>6} {:>6}   {:>7} {:>6} {:>6}\n{:<33}{:>7} {:>6} {:>6}   {:>7} {:>6} {:>6}\n",
            "at", "the", "end", "at", "any", "time", "   arms apart by", "mean", "95 %", "most",
            "mean", "95 %", "most"
        ));
        for one in &all.designs {
            let (_, [end, ever]) = groups(&one.figures)[at];
            out.push_str(&format!(
                "{:<2} {:<8} {:<16}     {:>7.1} {:>6.0} {:>6.0}   {:>7.1} {:>6.0} {:>6.0}\n",
                one.letter,
                blocks(&one.design),
                strata(&one.design),
                end.mean,
                end.p95,
                end.most,
                ever.mean,
                ever.p95,
                ever.most
            ));
        }
    }
    let (title, points) = costs(all);
    out.push_str(&format!("\n{}\n", wrapped(&title, "", 80)));
    for point in &points {
        out.push_str(&wrapped(point, "- ", 80));
        out.push('\n');
    }
    out.push('\n');
    out.push_str(&MEANINGS.map(|meaning| wrapped(meaning, "", 80)).join("\n"));
    out
}

/// What the first design costs, in sentences; the first is the trial's own unless others were asked for.
fn costs(all: &Comparison) -> (String, Vec<String>) {
    let Some(first) = all.designs.first() else { return (String::new(), vec![]) };
    let (f, n) = (&first.figures, all.plan.participants as f64);
    let whose = match &first.design.method {
        Method::Blocks(sizes) if *sizes == all.own_sizes => "What the trial's own blocks cost",
        _ => "What the first design costs",
    };
    let kind = match &first.design.method {
        Method::Blocks(sizes) if sizes.len() == 1 => {
            format!("a fixed, published block of {}", sizes[0])
        }
        Method::Blocks(_) => format!("mixed blocks of {}", blocks(&first.design)),
        Method::Complete => "no blocks".to_owned(),
    };
    let mut points = vec![format!(
        "{} of all allocations ({:.0} of {}) are certain before they are made, to whoever knows the earlier ones of \
         the same list{}.",
        percent(f.certain),
        f.certain * n,
        all.plan.participants,
        if first.design.strata == Strata::CentreAndFactors || first.design.strata == Strata::Centre
        {
            ": at every centre that is whoever prepares there"
        } else {
            ""
        }
    )];
    points.push(format!(
        "Guessing the arm with fewer so far is right {} of the time; somebody who sees only the own centre is right {}.",
        percent(f.fewer),
        percent(f.own)
    ));
    points.extend(of_one_size(all, &first.design));
    points.extend(others(all, first));
    (format!("{whose} ({kind}, a list for each {})", strata(&first.design)), points)
}

/// Exactly, for one size and two equal arms.
fn of_one_size(all: &Comparison, design: &Design) -> Option<String> {
    let Method::Blocks(sizes) = &design.method else { return None };
    let ([size], [1, 1]) = (sizes.as_slice(), all.plan.ratio.as_slice()) else { return None };
    let certain = percent(certain_in_block(*size, &all.plan.ratio));
    let (same, rest) = (size / 2 - 1, size - 1);
    let after = match size {
        2 => " One broken code tells the other of its block.".to_owned(),
        4 => {
            " One broken code moves the other three of its block from 1/2 to 1/3 and 2/3; a second \
              one that is equal makes the last two certain."
                .to_owned()
        }
        _ => format!(
            " One broken code moves the other {rest} of its block from 1/2 to {same}/{rest} and {}/{rest}.",
            rest - same
        ),
    };
    Some(format!("Exactly: {certain} of each block of {size} is certain, at its end.{after}"))
}

/// What else could be had, among the designs that were compared.
fn others(all: &Comparison, first: &Compared) -> Vec<String> {
    let f = &first.figures;
    let told = |other: &Compared, begin: &str| {
        let o = &other.figures;
        format!(
            "{begin} {} ({}): certain {}, best guess {}, own centre {}; loss {:.2} participants instead of {:.2}, \
             power {} instead of {}.",
            other.letter,
            name(&other.design),
            percent(o.certain),
            percent(o.best),
            percent(o.own),
            o.loss.mean,
            f.loss.mean,
            percent(power(all, o)),
            percent(power(all, f))
        )
    };
    let blocked = |one: &&Compared| matches!(one.design.method, Method::Blocks(_));
    let least = |these: &mut dyn Iterator<Item = &Compared>, by: fn(&Figures) -> f64| {
        these.min_by(|a, b| by(&a.figures).total_cmp(&by(&b.figures))).map(|one| one.letter.clone())
    };
    let find =
        |letter: Option<String>| all.designs.iter().find(|d| Some(&d.letter) == letter.as_ref());
    let rest = || all.designs.iter().skip(1).filter(blocked);
    let mut same_strata = rest().filter(|one| one.design.strata == first.design.strata);
    let certain = find(least(&mut same_strata, |figures| figures.certain));
    let mut hidden = rest().filter(|one| one.figures.own < f.own - 0.05);
    let own = find(least(&mut hidden, |figures| figures.certain));
    let mut points = vec![];
    if let Some(one) = certain.filter(|one| one.figures.certain < f.certain) {
        points.push(told(one, "Least certain in the same strata:"));
    }
    if let Some(one) = own {
        points.push(told(one, "Hard to guess from one centre too:"));
    }
    points
}

/// For programs.
pub fn data(all: &Comparison) -> Value {
    let spread = |s: &Spread| json!({"mean": s.mean, "p95": s.p95, "most": s.most});
    let one = |one: &Compared| -> Value {
        let f = &one.figures;
        let apart: serde_json::Map<String, Value> = groups(f)
            .iter()
            .map(|(kind, [end, ever])| {
                ((*kind).to_owned(), json!({"end": spread(end), "any-time": spread(ever)}))
            })
            .collect();
        json!({
            "letter": one.letter, "blocks": blocks(&one.design), "strata": strata(&one.design),
            "certain": f.certain, "best": f.best, "fewer": f.fewer, "own": f.own, "apart": apart,
            "loss": spread(&f.loss), "power": power(all, f),
        })
    };
    let (title, points) = costs(all);
    json!({
        "trial": all.trial, "participants": all.plan.participants, "runs": all.plan.runs,
        "seed": all.seed, "ratio": all.plan.ratio, "centres": all.plan.centres,
        "levels": all.plan.levels, "designs": all.designs.iter().map(one).collect::<Vec<_>>(),
        "costs": {"title": title, "points": points},
    })
}

fn label(one: &Compared) -> String {
    format!("{}  {}", one.letter, name(&one.design))
}

/// For the browser and the printer.
pub fn page(all: &Comparison) -> String {
    let title = format!("Designs compared: {}", all.trial);
    let mut sheet = Sheet::new(&title).marked("Simulated. Nobody in these figures exists.");
    sheet.paragraph(&head(all));
    let (title, points) = costs(all);
    sheet.heading(&title);
    sheet.points(&points);
    told_plot(all, &mut sheet);
    trade_plot(all, &mut sheet);
    apart_plots(all, &mut sheet);
    sheet.heading("What the words mean");
    sheet.points(&MEANINGS.map(str::to_owned));
    sheet.to_html()
}

fn told_plot(all: &Comparison, sheet: &mut Sheet) {
    sheet.heading("What can be told");
    let described = "For each design, of 100 allocations: filled, certain to somebody who knows all earlier ones of \
                     the list; open, that person's best guess is right; cross, a guess from the own centre is right.";
    let about = About {
        id: "told",
        title: "Certain and guessed allocations",
        described,
        unit: "of 100 allocations",
    };
    let row = |one: &Compared| {
        let f = &one.figures;
        (label(one), [f.certain, f.best, f.own].map(|part| part * 100.0).to_vec())
    };
    let rows: Vec<_> = all.designs.iter().map(row).collect();
    sheet.figure(&dots(&about, &[Dot::Full, Dot::Open, Dot::Cross], &rows), described);
    let row = |one: &Compared| {
        let f = &one.figures;
        let mut cells =
            vec![one.letter.clone(), blocks(&one.design), strata(&one.design).to_owned()];
        cells.extend([f.certain, f.best, f.fewer, f.own].map(percent));
        cells.extend([format!("{:.2}", f.loss.mean), percent(power(all, f))]);
        cells
    };
    let rows: Vec<_> = all.designs.iter().map(row).collect();
    let head =
        ["", "Blocks", "A list for each", "Certain", "Best", "Fewer", "Own", "Loss", "Power"];
    sheet.table("The same figures", &head, 3, &rows);
}

fn trade_plot(all: &Comparison, sheet: &mut Sheet) {
    sheet.heading("What one gives for the other");
    let described = "Each design by its loss of information (to the right is worse) and by how often the best guess \
                     of somebody who knows all earlier ones is right (up is worse). The figures are in the table above.";
    let about = About {
        id: "trade",
        title: "Predictability and loss",
        described,
        unit: "loss, in participants' worth of information",
    };
    let point = |one: &Compared| (one.letter.clone(), one.figures.loss.mean, one.figures.best);
    let points: Vec<_> = all.designs.iter().map(point).collect();
    let lowest = points.iter().map(|(_, _, y)| *y).fold(1.0, f64::min);
    let highest = points.iter().map(|(_, _, y)| *y).fold(0.0, f64::max);
    let bounds = ((lowest * 20.0 - 0.2).floor() / 20.0, (highest * 20.0 + 0.2).ceil() / 20.0);
    sheet.figure(&plane(&about, bounds, &points), described);
}

fn apart_plots(all: &Comparison, sheet: &mut Sheet) {
    for (at, title) in GROUPS.iter().enumerate() {
        sheet.heading(&format!("Arms apart: {}", title.to_lowercase()));
        let described = "For each design, by how many participants the arms differ at any time of a run: filled, \
                         the mean of all runs; open, the 95th percentile; cross, the most.";
        let id = groups(&all.designs[0].figures)[at].0;
        let about = About { id, title, described, unit: "participants" };
        let row = |one: &Compared| {
            let (_, [_, ever]) = groups(&one.figures)[at];
            (label(one), vec![ever.mean, ever.p95, ever.most])
        };
        let rows: Vec<_> = all.designs.iter().map(row).collect();
        sheet.figure(&dots(&about, &[Dot::Full, Dot::Open, Dot::Cross], &rows), described);
        let row = |one: &Compared| {
            let (_, both) = groups(&one.figures)[at];
            let mut cells = vec![label(one)];
            for s in both {
                let texts =
                    [format!("{:.1}", s.mean), format!("{:.0}", s.p95), format!("{:.0}", s.most)];
                cells.extend(texts);
            }
            cells
        };
        let rows: Vec<_> = all.designs.iter().map(row).collect();
        let head = ["Design", "Mean, end", "95 %", "Most", "Mean, any time", "95 %", "Most"];
        sheet.table("The same figures", &head, 1, &rows);
    }
}
