//! ADSL, the subject-level analysis data set: one row a participant, planned and actual treatment empty until the
//! disclosure, strata as randomised (`R`) and as they were found to be (`V`).

use super::sdtm::{dtc, sex, treated, usubjid};
use super::subject::Subject;
use super::{Cell, Column, Holds, Origin, Table};
use crate::domain::trial::Trial;

/// The data set.
pub fn adsl(origin: &Origin, trial: &Trial, subjects: &[Subject]) -> Table {
    let mut table = Table::new("adsl", "Subject-Level Analysis Dataset", columns(trial));
    for one in subjects {
        let (first, last) = treated(one);
        let randomised = one.allocation.as_ref().map(|(_, event)| event.at);
        let flag = |is: bool| if is { "Y" } else { "N" };
        let broken = one.acts("release-for-break").next().is_some();
        let mut row: Vec<Cell> = vec![
            origin.trial.as_str().into(),
            usubjid(origin, one),
            one.number.as_str().into(),
            one.screened_at.as_str().into(),
            one.age.into(),
            one.age.map(|_| "YEARS").into(),
            sex(one).into(),
            flag(randomised.is_some()).into(),
            flag(first.is_some()).into(),
            flag(broken).into(),
            dtc(randomised),
            dtc(first),
            dtc(last),
            end(one).into(),
        ];
        row.extend([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty]);
        let randomised = one.allocation.is_some();
        row.extend(strata(trial, one, Some(&one.levels).filter(|_| randomised)));
        row.extend(strata(
            trial,
            one,
            one.corrected.as_ref().or(Some(&one.levels)).filter(|_| randomised),
        ));
        table.push(row);
    }
    table
}

fn columns(trial: &Trial) -> Vec<Column> {
    let mut all: Vec<Column> = [
        ("STUDYID", "Study Identifier", Holds::Text),
        ("USUBJID", "Unique Subject Identifier", Holds::Text),
        ("SUBJID", "Subject Identifier for the Study", Holds::Text),
        ("SITEID", "Study Site Identifier", Holds::Text),
        ("AGE", "Age", Holds::Whole),
        ("AGEU", "Age Units", Holds::Text),
        ("SEX", "Sex", Holds::Text),
        ("RANDFL", "Randomized Population Flag", Holds::Text),
        ("SAFFL", "Safety Population Flag", Holds::Text),
        ("UNBLDFL", "Treatment Unblinded Flag", Holds::Text),
        ("RANDDTM", "Datetime of Randomization", Holds::Moment),
        ("TRTSDTM", "Datetime of First Exposure to Treatment", Holds::Moment),
        ("TRTEDTM", "Datetime of Last Exposure to Treatment", Holds::Moment),
        ("EOSSTT", "End of Study Status", Holds::Text),
        ("ARM", "Description of Planned Arm", Holds::Disclosed),
        ("ACTARM", "Description of Actual Arm", Holds::Disclosed),
        ("TRT01P", "Planned Treatment for Period 01", Holds::Disclosed),
        ("TRT01A", "Actual Treatment for Period 01", Holds::Disclosed),
    ]
    .map(|(id, label, holds)| Column::new(id, label, holds))
    .into();
    for (end, how) in [("R", "as Randomized"), ("V", "as Verified")] {
        all.push(Column::new(format!("STRATA{end}"), format!("Strata {how}"), Holds::Text));
        let names = std::iter::once("Study centre");
        let names = names.chain(trial.stratification.factors.iter().map(|f| f.name.en.as_str()));
        for (number, name) in (1..).zip(names) {
            let label = format!("{name}, {how}");
            all.push(Column::new(format!("STRAT{number}{end}"), label, Holds::Text));
        }
    }
    all
}

/// All factors in one text, then each; empty before randomisation.
fn strata(trial: &Trial, one: &Subject, levels: Option<&Vec<String>>) -> Vec<Cell> {
    let factors = trial.stratification.factors.len();
    let Some(levels) = levels else { return vec![Cell::Empty; factors + 2] };
    // Answers that no longer give a stratum leave its levels empty.
    let level = |at: usize| levels.get(at).cloned().unwrap_or_default();
    let parts: Vec<String> =
        std::iter::once(one.screened_at.clone()).chain((0..factors).map(level)).collect();
    let whole = Cell::from(parts.join(", "));
    std::iter::once(whole).chain(parts.into_iter().map(Cell::from)).collect()
}

fn end(one: &Subject) -> &'static str {
    match (one.state, &one.allocation) {
        (_, None) => "",
        ("completed", _) => "COMPLETED",
        ("withdrawn" | "lost" | "died", _) => "DISCONTINUED",
        _ => "ONGOING",
    }
}
