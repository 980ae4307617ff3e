//! The same study as CDISC ODM 2.0: forms and their sections are item groups within each other, values are elements, and the
//! plan (criteria, visits with their windows, what is said of the trial) has a place. Identifiers are those of ODM 1.3.2.

use super::Origin;
use super::dataset_json::{metadata, seconds};
use super::odm::{
    ARM, EVENTS, Filled, Forms, audited, begin_event, described, event_defs, filled, forms,
    signature_kinds, signers,
};
use super::sdtm;
use super::subject::Subject;
use super::xml::Xml;
use crate::domain::trial::Trial;
use std::collections::BTreeMap;

/// Its namespace, by which a file of it is known.
pub const NAMESPACE: &str = "http://www.cdisc.org/ns/odm/v2.0";
/// The events that are recorded, and the visits that are planned.
const GROUPS: [(&str, &str); 2] = [("RECORDED", "What is recorded"), ("PLANNED", "Visits")];
const PLAIN: [(&str, &str); 1] = [("Type", "text/plain")];

/// Writes the document.
pub fn write(origin: &Origin, trial: &Trial, subjects: &[Subject]) -> Vec<u8> {
    let mut xml = Xml::new();
    let at = seconds(&origin.at.to_string());
    let file = format!("klero/{}/{}", origin.trial, origin.entries);
    let head = [
        ("xmlns", NAMESPACE),
        ("FileType", "Snapshot"),
        ("FileOID", &file),
        ("CreationDateTime", &at),
        ("AsOfDateTime", &at),
        ("ODMVersion", "2.0"),
        ("Originator", "Klero"),
        ("SourceSystem", "Klero"),
        ("SourceSystemVersion", origin.version),
    ];
    xml.begin("ODM", &head);
    study(&mut xml, origin, trial, subjects);
    admin(&mut xml, origin, trial, subjects);
    let version = metadata(origin);
    xml.begin("ClinicalData", &[("StudyOID", &origin.trial), ("MetaDataVersionOID", &version)]);
    for one in subjects {
        xml.begin("SubjectData", &[("SubjectKey", &one.number)]);
        xml.empty("SiteRef", &[("LocationOID", &format!("LOC.{}", one.centre))]);
        for form in filled(trial, one) {
            event(&mut xml, &form);
        }
        xml.end();
    }
    xml.into_bytes()
}

fn study(xml: &mut Xml, origin: &Origin, trial: &Trial, subjects: &[Subject]) {
    let of =
        [("OID", &origin.trial), ("StudyName", &origin.trial), ("ProtocolName", &origin.trial)];
    xml.begin("Study", &of.map(|(name, value)| (name, value.as_str())));
    xml.translated("Description", &PLAIN, &origin.title);
    let name = format!("configuration {}", origin.configuration);
    xml.begin("MetaDataVersion", &[("OID", &metadata(origin)), ("Name", &name)]);
    let forms = forms(subjects);
    protocol(xml, origin, trial, subjects);
    events(xml, trial, &forms);
    let items = described(trial, &forms);
    for (form, _) in &items {
        group(xml, &format!("F.{form}"), form, "Form");
        let section = format!("IG.{form}");
        xml.empty("ItemGroupRef", &[("ItemGroupOID", &section), ("Mandatory", "No")]);
        xml.end();
    }
    for (form, items) in &items {
        group(xml, &format!("IG.{form}"), form, "Section");
        for (item, _) in items {
            let id = format!("IT.{form}.{item}");
            xml.empty("ItemRef", &[("ItemOID", &id), ("Mandatory", "No")]);
        }
        xml.end();
    }
    for (form, items) in &items {
        for (item, question) in items {
            let id = format!("IT.{form}.{item}");
            xml.begin("ItemDef", &[("OID", &id), ("Name", item), ("DataType", "text")]);
            xml.translated("Question", &PLAIN, question);
            xml.end();
        }
    }
    for criterion in &trial.criteria {
        let id = format!("COND.{}", criterion.id);
        xml.begin("ConditionDef", &[("OID", &id), ("Name", &criterion.id)]);
        xml.translated("Description", &PLAIN, &criterion.name.en);
        xml.empty("MethodSignature", &[]);
        xml.end();
    }
    xml.end();
    xml.end();
}

fn group(xml: &mut Xml, id: &str, name: &str, kind: &str) {
    xml.begin("ItemGroupDef", &[("OID", id), ("Name", name), ("Repeating", "No"), ("Type", kind)]);
}

/// What is said of the trial, when its visits are, and who may take part. Nothing of it names an arm, a block or a ratio.
fn protocol(xml: &mut Xml, origin: &Origin, trial: &Trial, subjects: &[Subject]) {
    xml.begin("Protocol", &[]);
    xml.begin("StudySummary", &[]);
    let summary = sdtm::ts(origin, trial, subjects);
    for (order, row) in (1..).zip(&summary.rows) {
        let told: Vec<String> = row.iter().skip(3).map(super::Cell::text).collect();
        if let [short, term, value] = &told[..] {
            let id = format!("SP.{order}");
            let of = [("OID", id.as_str()), ("Term", term), ("ShortName", short)];
            xml.begin("StudyParameter", &of);
            xml.empty("ParameterValue", &[("Value", value)]);
            xml.end();
        }
    }
    xml.end();
    timings(xml, trial);
    // Every criterion is worded as what must be true, the exclusions of the protocol among them.
    if !trial.criteria.is_empty() {
        xml.begin("InclusionExclusionCriteria", &[]);
        xml.begin("InclusionCriteria", &[]);
        for criterion in &trial.criteria {
            let ids = [format!("CRIT.{}", criterion.id), format!("COND.{}", criterion.id)];
            let of = [("OID", ids[0].as_str()), ("Name", &criterion.id), ("ConditionOID", &ids[1])];
            xml.empty("Criterion", &of);
        }
        xml.end();
        xml.end();
    }
    for (order, (id, _)) in (1..).zip(GROUPS) {
        let (id, order) = (format!("SEG.{id}"), i32::to_string(&order));
        let of =
            [("StudyEventGroupOID", id.as_str()), ("OrderNumber", &order), ("Mandatory", "No")];
        xml.empty("StudyEventGroupRef", &of);
    }
    xml.end();
}

/// Visits are counted in days from the first infusion, each with its window.
fn timings(xml: &mut Xml, trial: &Trial) {
    let Some(first) = trial.visits.iter().find(|visit| visit.infusion) else { return };
    let days = |count: i64| format!("{}P{}D", if count < 0 { "-" } else { "" }, count.abs());
    xml.begin("StudyTimings", &[]);
    xml.begin("StudyTiming", &[("OID", "TIMING.VISITS"), ("Name", "Visits")]);
    for visit in trial.visits.iter().filter(|visit| visit.id != first.id) {
        let ids = [
            format!("TIMING.{}", visit.id),
            format!("SE.{}", first.id),
            format!("SE.{}", visit.id),
        ];
        let [day, early, late] =
            [i64::from(visit.day), i64::from(visit.early), i64::from(visit.late)].map(days);
        let of = [
            ("OID", ids[0].as_str()),
            ("Name", &visit.name.en),
            ("PredecessorOID", &ids[1]),
            ("SuccessorOID", &ids[2]),
            ("Type", "StartToStart"),
            ("TimepointRelativeTarget", &day),
            ("TimepointPreWindow", &early),
            ("TimepointPostWindow", &late),
        ];
        xml.empty("RelativeTimingConstraint", &of);
    }
    xml.end();
    xml.end();
}

fn events(xml: &mut Xml, trial: &Trial, forms: &Forms) {
    let recorded: Vec<String> = EVENTS.iter().map(|(event, _)| format!("SE.{event}")).collect();
    let planned: Vec<String> =
        trial.visits.iter().map(|visit| format!("SE.{}", visit.id)).collect();
    for ((id, name), of) in GROUPS.into_iter().zip([recorded, planned]) {
        xml.begin("StudyEventGroupDef", &[("OID", &format!("SEG.{id}")), ("Name", name)]);
        for (order, event) in (1..).zip(&of) {
            let order = i32::to_string(&order);
            let of =
                [("StudyEventOID", event.as_str()), ("OrderNumber", &order), ("Mandatory", "No")];
            xml.empty("StudyEventRef", &of);
        }
        xml.end();
    }
    event_defs(xml, forms, ("ItemGroupRef", "ItemGroupOID"));
    for visit in &trial.visits {
        let id = format!("SE.{}", visit.id);
        let of = [
            ("OID", id.as_str()),
            ("Name", &visit.name.en),
            ("Repeating", "No"),
            ("Type", "Scheduled"),
        ];
        xml.empty("StudyEventDef", &of);
    }
}

/// Who did anything, the centres and what a signature of each kind meant.
fn admin(xml: &mut Xml, origin: &Origin, trial: &Trial, subjects: &[Subject]) {
    let (people, meanings) = signers(subjects);
    let kinds: BTreeMap<&str, &str> = [
        ("investigator", "Investigator"),
        ("monitor", "Monitor"),
        ("sponsor", "Sponsor"),
        ("statistician", "Data analyst"),
    ]
    .into();
    xml.begin("AdminData", &[("StudyOID", &origin.trial)]);
    for (account, event) in people {
        let kind = kinds.get(event.role.as_str()).copied().unwrap_or("Other");
        xml.begin("User", &[("OID", &format!("USR.{account}")), ("UserType", kind)]);
        xml.text("UserName", account);
        xml.text("FullName", &event.name);
        xml.end();
    }
    for centre in &trial.centres {
        let id = format!("ORG.{}", centre.id);
        let of = [("OID", id.as_str()), ("Name", &centre.name.en), ("Type", "Site")];
        xml.empty("Organization", &of);
    }
    let (at, version) = (origin.at.to_string(), metadata(origin));
    let day = at.split('T').next().unwrap_or_default();
    for centre in &trial.centres {
        let ids = [format!("LOC.{}", centre.id), format!("ORG.{}", centre.id)];
        let of =
            [("OID", ids[0].as_str()), ("Name", &centre.name.en), ("OrganizationOID", &ids[1])];
        xml.begin("Location", &of);
        let of = [
            ("StudyOID", origin.trial.as_str()),
            ("MetaDataVersionOID", &version),
            ("EffectiveDate", day),
        ];
        xml.empty("MetaDataVersionRef", &of);
        xml.end();
    }
    signature_kinds(xml, &meanings);
    xml.end();
}

/// The form around its section; who, where and when stand behind what was said.
fn event(xml: &mut Xml, form: &Filled<'_>) {
    begin_event(xml, form);
    xml.begin("ItemGroupData", &[("ItemGroupOID", &format!("F.{}", form.form))]);
    xml.begin("ItemGroupData", &[("ItemGroupOID", &format!("IG.{}", form.form))]);
    for (name, value) in &form.items {
        xml.begin("ItemData", &[("ItemOID", &format!("IT.{}.{name}", form.form))]);
        xml.text("Value", value);
        xml.end();
    }
    if form.has_arm() {
        xml.empty("ItemData", &[("ItemOID", ARM), ("IsNull", "Yes")]);
    }
    xml.end();
    audited(xml, form.event);
    xml.end();
    xml.end();
}
