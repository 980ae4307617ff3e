//! SDTM domains, as far as a randomisation service knows them: DM, DS, EC, DA, TA, TS. Arm variables are there and empty;
//! there is no EX while the trial is masked, and the statistician's command makes it from EC after the disclosure.

use super::subject::{Event, Subject};
use super::{Cell, Column, Holds, Origin, Table};
use crate::domain::time::Moment;
use crate::domain::trial::Trial;

/// A variable: name, label, what it holds.
type Variable = (&'static str, &'static str, Holds);

pub(super) fn domain(id: &'static str, label: &'static str, variables: &[Variable]) -> Table {
    let columns = variables.iter().map(|(id, label, holds)| Column::new(*id, *label, *holds));
    Table::new(id, label, columns.collect())
}

/// `NCT04515719-RJS-017`: unique in the world.
pub(super) fn usubjid(origin: &Origin, one: &Subject) -> Cell {
    format!("{}-{}", origin.trial, one.number).into()
}

pub(super) fn dtc(at: Option<Moment>) -> Cell {
    at.map(|at| super::dataset_json::seconds(&at.to_string())).into()
}

/// A moment as a line says it.
pub(super) fn said(event: &Event, name: &str) -> Option<Moment> {
    Moment::parse(event.fact(name))
}

pub(super) fn sex(one: &Subject) -> &'static str {
    match one.sex.as_deref() {
        Some("female") => "F",
        Some("male") => "M",
        _ => "U",
    }
}

/// When the first infusion began and the last one ended.
pub(super) fn treated(one: &Subject) -> (Option<Moment>, Option<Moment>) {
    let infusions = one.infusions();
    let first = infusions.iter().filter_map(|event| said(event, "started")).min();
    (first, infusions.iter().filter_map(|event| said(event, "ended")).max())
}

/// Demographics: everybody who was screened.
pub fn dm(origin: &Origin, subjects: &[Subject]) -> Table {
    let mut table = domain(
        "dm",
        "Demographics",
        &[
            ("STUDYID", "Study Identifier", Holds::Text),
            ("DOMAIN", "Domain Abbreviation", Holds::Text),
            ("USUBJID", "Unique Subject Identifier", Holds::Text),
            ("SUBJID", "Subject Identifier for the Study", Holds::Text),
            ("RFSTDTC", "Subject Reference Start Date/Time", Holds::Moment),
            ("RFENDTC", "Subject Reference End Date/Time", Holds::Moment),
            ("RFXSTDTC", "Date/Time of First Study Treatment", Holds::Moment),
            ("RFXENDTC", "Date/Time of Last Study Treatment", Holds::Moment),
            ("RFICDTC", "Date/Time of Informed Consent", Holds::Moment),
            ("DTHFL", "Subject Death Flag", Holds::Text),
            ("SITEID", "Study Site Identifier", Holds::Text),
            ("AGE", "Age", Holds::Whole),
            ("AGEU", "Age Units", Holds::Text),
            ("SEX", "Sex", Holds::Text),
            ("ARMCD", "Planned Arm Code", Holds::Disclosed),
            ("ARM", "Description of Planned Arm", Holds::Disclosed),
            ("ACTARMCD", "Actual Arm Code", Holds::Disclosed),
            ("ACTARM", "Description of Actual Arm", Holds::Disclosed),
            ("ARMNRS", "Reason Arm and/or Actual Arm is Null", Holds::Text),
        ],
    );
    for one in subjects {
        let (first, last) = treated(one);
        let reason = match (&one.allocation, first) {
            (Some(_), Some(_)) => "",
            (Some(_), None) => "ASSIGNED, NOT TREATED",
            (None, _) if one.outcome == "not-eligible" => "SCREEN FAILURE",
            (None, _) => "NOT ASSIGNED",
        };
        let randomised = one.allocation.as_ref().map(|(_, event)| event.at);
        table.push(vec![
            origin.trial.as_str().into(),
            "DM".into(),
            usubjid(origin, one),
            one.number.as_str().into(),
            dtc(first.or(randomised)),
            dtc(last),
            dtc(first),
            dtc(last),
            dtc(one.consent),
            if one.state == "died" { "Y".into() } else { Cell::Empty },
            one.screened_at.as_str().into(),
            one.age.into(),
            one.age.map(|_| "YEARS").into(),
            sex(one).into(),
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            reason.into(),
        ]);
    }
    table
}

/// Disposition: consent, randomisation, stops, the end, and that a code was broken.
pub fn ds(origin: &Origin, subjects: &[Subject]) -> Table {
    let mut table = domain(
        "ds",
        "Disposition",
        &[
            ("STUDYID", "Study Identifier", Holds::Text),
            ("DOMAIN", "Domain Abbreviation", Holds::Text),
            ("USUBJID", "Unique Subject Identifier", Holds::Text),
            ("DSSEQ", "Sequence Number", Holds::Whole),
            ("DSTERM", "Reported Term for the Disposition Event", Holds::Text),
            ("DSDECOD", "Standardized Disposition Term", Holds::Text),
            ("DSCAT", "Category for Disposition Event", Holds::Text),
            ("DSSCAT", "Subcategory for Disposition Event", Holds::Text),
            ("DSSTDTC", "Start Date/Time of Disposition Event", Holds::Text),
        ],
    );
    for one in subjects {
        for (number, row) in (1u64..).zip(dispositions(one)) {
            let [term, decoded, category, part] = row.0.map(Cell::from);
            table.push(vec![
                origin.trial.as_str().into(),
                "DS".into(),
                usubjid(origin, one),
                number.into(),
                term,
                decoded,
                category,
                part,
                row.1,
            ]);
        }
    }
    table
}

const MILESTONE: &str = "PROTOCOL MILESTONE";
const DISPOSITION: &str = "DISPOSITION EVENT";

/// Term, decoded term, category, subcategory; and when.
fn dispositions(one: &Subject) -> Vec<([String; 4], Cell)> {
    let row = |[term, decoded, category, part]: [&str; 4], at: Cell| {
        ([term, decoded, category, part].map(str::to_owned), at)
    };
    let mut rows = vec![];
    if let Some(at) = one.consent {
        let consent = "INFORMED CONSENT OBTAINED";
        rows.push(row([consent, consent, MILESTONE, ""], dtc(Some(at))));
    }
    match &one.allocation {
        Some((_, event)) => {
            rows.push(row(["RANDOMIZED", "RANDOMIZED", MILESTONE, ""], dtc(Some(event.at))));
        }
        None if one.outcome == "not-eligible" => {
            let term = "SCREEN FAILURE";
            let at = dtc(Some(one.screened.at));
            rows.push(row([term, term, DISPOSITION, "STUDY PARTICIPATION"], at));
        }
        None => {}
    }
    for event in &one.events {
        match event.act.as_str() {
            "release-for-break" => {
                let term = ["TREATMENT UNBLINDED", "OTHER EVENT"];
                let said = event.fact("category");
                rows.push(row([said, term[0], term[1], ""], dtc(Some(event.at))));
            }
            "treatment-ended" => {
                let said = event.fact("reason");
                let decoded = if said == "pregnancy" { "PREGNANCY" } else { "OTHER" };
                let part = "STUDY TREATMENT";
                rows.push(row([said, decoded, DISPOSITION, part], event.fact("day").into()));
            }
            "participation-ended" => {
                let decoded = match event.fact("how") {
                    "completed" => "COMPLETED",
                    "lost" => "LOST TO FOLLOW-UP",
                    "died" => "DEATH",
                    _ => "WITHDRAWAL BY SUBJECT",
                };
                let part = "STUDY PARTICIPATION";
                let said = event.fact("how");
                rows.push(row([said, decoded, DISPOSITION, part], event.fact("day").into()));
            }
            _ => {}
        }
    }
    rows
}

/// Exposure as collected: infusions and missed doses, and nothing of what was in the bag.
pub fn ec(origin: &Origin, trial: &Trial, subjects: &[Subject]) -> Table {
    let mut table = domain(
        "ec",
        "Exposure as Collected",
        &[
            ("STUDYID", "Study Identifier", Holds::Text),
            ("DOMAIN", "Domain Abbreviation", Holds::Text),
            ("USUBJID", "Unique Subject Identifier", Holds::Text),
            ("ECSEQ", "Sequence Number", Holds::Whole),
            ("ECTRT", "Name of Treatment", Holds::Text),
            ("ECPRESP", "Pre-Specified", Holds::Text),
            ("ECOCCUR", "Occurrence", Holds::Text),
            ("ECREASOC", "Reason for Occur Value", Holds::Text),
            ("ECDOSE", "Dose", Holds::Whole),
            ("ECDOSU", "Dose Units", Holds::Text),
            ("ECROUTE", "Route of Administration", Holds::Text),
            ("VISITNUM", "Visit Number", Holds::Whole),
            ("VISIT", "Visit Name", Holds::Text),
            ("ECSTDTC", "Start Date/Time of Treatment", Holds::Moment),
            ("ECENDTC", "End Date/Time of Treatment", Holds::Moment),
        ],
    );
    for one in subjects {
        let missed = one.acts("infusion-missed");
        let given = one.infusions();
        let undone = missed.filter(|event| {
            given.iter().all(|infusion| infusion.fact("visit") != event.fact("visit"))
        });
        let mut all: Vec<&Event> = given.iter().copied().chain(undone).collect();
        all.sort_by_key(|event| visit_number(trial, event.fact("visit")));
        for (number, event) in (1u64..).zip(all) {
            let given = event.act == "infusion-recorded";
            let volume = event.fact("volume").parse::<u64>().ok();
            table.push(vec![
                origin.trial.as_str().into(),
                "EC".into(),
                usubjid(origin, one),
                number.into(),
                "BLINDED STUDY TREATMENT".into(),
                "Y".into(),
                if given { "Y".into() } else { "N".into() },
                event.fact("why").into(),
                volume.into(),
                volume.map(|_| "mL").into(),
                if given { "INTRAVENOUS".into() } else { Cell::Empty },
                visit_number(trial, event.fact("visit")).into(),
                event.fact("visit").into(),
                dtc(said(event, "started")),
                dtc(said(event, "ended")),
            ]);
        }
    }
    table
}

/// Which visit of the schedule, from 1.
fn visit_number(trial: &Trial, id: &str) -> Option<u64> {
    trial.visits.iter().zip(1u64..).find(|(visit, _)| visit.id.as_str() == id).map(|(_, at)| at)
}

/// Drug accountability as blinded people see it: a bag was handed over, whatever was in it.
pub fn da(origin: &Origin, trial: &Trial, subjects: &[Subject]) -> Table {
    let mut table = domain(
        "da",
        "Drug Accountability",
        &[
            ("STUDYID", "Study Identifier", Holds::Text),
            ("DOMAIN", "Domain Abbreviation", Holds::Text),
            ("USUBJID", "Unique Subject Identifier", Holds::Text),
            ("DASEQ", "Sequence Number", Holds::Whole),
            ("DATESTCD", "Short Name of Accountability Assessment", Holds::Text),
            ("DATEST", "Name of Accountability Assessment", Holds::Text),
            ("DACAT", "Category of Assessment", Holds::Text),
            ("DAORRES", "Assessment Result in Original Units", Holds::Text),
            ("DAORRESU", "Original Units", Holds::Text),
            ("VISITNUM", "Visit Number", Holds::Whole),
            ("VISIT", "Visit Name", Holds::Text),
            ("DADTC", "Date/Time of Accountability Assessment", Holds::Moment),
        ],
    );
    for one in subjects {
        for (number, event) in (1u64..).zip(one.acts("handed-over")) {
            table.push(vec![
                origin.trial.as_str().into(),
                "DA".into(),
                usubjid(origin, one),
                number.into(),
                "DISPAMT".into(),
                "Dispensed Amount".into(),
                "STUDY MEDICATION".into(),
                "1".into(),
                "BAG".into(),
                visit_number(trial, event.fact("visit")).into(),
                event.fact("visit").into(),
                dtc(Some(event.at)),
            ]);
        }
    }
    table
}

/// Trial arms: as many as the public manifest has, each with its elements, and without their names.
pub fn ta(origin: &Origin, arms: usize) -> Table {
    let mut table = domain(
        "ta",
        "Trial Arms",
        &[
            ("STUDYID", "Study Identifier", Holds::Text),
            ("DOMAIN", "Domain Abbreviation", Holds::Text),
            ("ARMCD", "Planned Arm Code", Holds::Disclosed),
            ("ARM", "Description of Planned Arm", Holds::Disclosed),
            ("TAETORD", "Planned Order of Element within Arm", Holds::Whole),
            ("ETCD", "Element Code", Holds::Text),
            ("ELEMENT", "Description of Element", Holds::Text),
            ("TABRANCH", "Branch", Holds::Text),
            ("EPOCH", "Epoch", Holds::Text),
        ],
    );
    for _ in 0..arms {
        for (order, code, element, branch, epoch) in [
            (1u64, "SCRN", "Screening", "Randomized", "SCREENING"),
            (2, "TRT", "Blinded treatment", "", "TREATMENT"),
        ] {
            table.push(vec![
                origin.trial.as_str().into(),
                "TA".into(),
                Cell::Empty,
                Cell::Empty,
                order.into(),
                code.into(),
                element.into(),
                branch.into(),
                epoch.into(),
            ]);
        }
    }
    table
}

/// Trial summary: what is randomised, how, and how many.
pub fn ts(origin: &Origin, trial: &Trial, subjects: &[Subject]) -> Table {
    let mut table = domain(
        "ts",
        "Trial Summary",
        &[
            ("STUDYID", "Study Identifier", Holds::Text),
            ("DOMAIN", "Domain Abbreviation", Holds::Text),
            ("TSSEQ", "Sequence Number", Holds::Whole),
            ("TSPARMCD", "Trial Summary Parameter Short Name", Holds::Text),
            ("TSPARM", "Trial Summary Parameter", Holds::Text),
            ("TSVAL", "Parameter Value", Holds::Text),
        ],
    );
    let randomised = subjects.iter().filter(|one| one.allocation.is_some()).count();
    let mut rows = vec![
        ("ACTSUB", "Actual Number of Subjects", randomised.to_string()),
        ("PLANSUB", "Planned Number of Subjects", trial.target.to_string()),
        ("RANDOM", "Trial is Randomized", "Y".to_owned()),
        ("REGID", "Registry Identifier", origin.trial.clone()),
        ("STRATFCT", "Stratification Factor", "Study centre".to_owned()),
    ];
    let factors = trial.stratification.factors.iter();
    rows.extend(factors.map(|f| ("STRATFCT", "Stratification Factor", f.name.en.clone())));
    rows.push(("TBLIND", "Trial Blinding Schema", "DOUBLE BLIND".to_owned()));
    rows.push(("TITLE", "Trial Title", origin.title.clone()));
    let mut before = ("", 0u64);
    for (code, name, value) in rows {
        before = (code, if before.0 == code { before.1 + 1 } else { 1 });
        table.push(vec![
            origin.trial.as_str().into(),
            "TS".into(),
            before.1.into(),
            code.into(),
            name.into(),
            value.into(),
        ]);
    }
    table
}
