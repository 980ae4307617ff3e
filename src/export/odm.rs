//! The whole study as CDISC ODM 1.3.2: every entry about every participant with its audit record and, where somebody
//! signed, the signature. `SourceID` is the entry of the trail, which proves what stands here.

use super::Origin;
use super::dataset_json::{metadata, seconds};
use super::subject::{Event, Subject};
use super::xml::Xml;
use crate::domain::trial::Trial;
use std::collections::{BTreeMap, BTreeSet};

/// Of every item that only the disclosure tells.
pub const ARM: &str = "IT.RANDOMISATION.ARM";
const SCREENING: &str = "SCREENING";
const RANDOMISATION: &str = "RANDOMISATION";
/// The events of the study, and which may come again.
pub(super) const EVENTS: [(&str, &str); 3] =
    [(SCREENING, "No"), (RANDOMISATION, "No"), ("RECORD", "Yes")];

/// Writes the document.
pub fn write(origin: &Origin, trial: &Trial, subjects: &[Subject]) -> Vec<u8> {
    let mut xml = Xml::new();
    let at = seconds(&origin.at.to_string());
    let file = format!("klero/{}/{}", origin.trial, origin.entries);
    xml.begin(
        "ODM",
        &[
            ("xmlns", "http://www.cdisc.org/ns/odm/v1.3"),
            ("FileType", "Snapshot"),
            ("FileOID", &file),
            ("CreationDateTime", &at),
            ("AsOfDateTime", &at),
            ("ODMVersion", "1.3.2"),
            ("Originator", "Klero"),
            ("SourceSystem", "Klero"),
            ("SourceSystemVersion", origin.version),
        ],
    );
    let forms = forms(subjects);
    study(&mut xml, origin, trial, &forms);
    admin(&mut xml, origin, trial, subjects);
    let version = metadata(origin);
    xml.begin("ClinicalData", &[("StudyOID", &origin.trial), ("MetaDataVersionOID", &version)]);
    for one in subjects {
        subject(&mut xml, trial, one);
    }
    xml.into_bytes()
}

/// An act, and the items that its entries say.
pub(super) type Forms = BTreeMap<String, BTreeSet<String>>;

/// The forms of an event of the study.
fn forms_of<'f>(event: &'f str, forms: &'f Forms) -> Vec<&'f str> {
    if event == "RECORD" { forms.keys().map(String::as_str).collect() } else { vec![event] }
}

/// The forms of recorded entries, and the items of each.
pub(super) fn forms(subjects: &[Subject]) -> Forms {
    let mut forms: Forms = BTreeMap::new();
    for event in subjects.iter().flat_map(|one| one.events.iter().chain(&one.eligible)) {
        let items = forms.entry(event.act.clone()).or_default();
        items.extend(items_of(event).map(|(name, _)| name.clone()));
    }
    forms
}

fn items_of(event: &Event) -> impl Iterator<Item = &(String, String)> {
    event.facts.iter().chain(&event.texts)
}

/// What is written at each kind of event, by the element and the attribute that point to a form.
pub(super) fn event_defs(xml: &mut Xml, forms: &Forms, (tag, oid): (&str, &str)) {
    for (event, repeating) in EVENTS {
        let (id, kind) =
            (format!("SE.{event}"), if repeating == "No" { "Scheduled" } else { "Common" });
        let of = [("OID", id.as_str()), ("Name", event), ("Repeating", repeating), ("Type", kind)];
        xml.begin("StudyEventDef", &of);
        for form in forms_of(event, forms) {
            xml.empty(tag, &[(oid, &format!("F.{form}")), ("Mandatory", "No")]);
        }
        xml.end();
    }
}

fn study(xml: &mut Xml, origin: &Origin, trial: &Trial, forms: &Forms) {
    xml.begin("Study", &[("OID", &origin.trial)]);
    xml.begin("GlobalVariables", &[]);
    xml.text("StudyName", &origin.trial);
    xml.text("StudyDescription", &origin.title);
    xml.text("ProtocolName", &origin.trial);
    xml.end();
    let name = format!("configuration {}", origin.configuration);
    xml.begin("MetaDataVersion", &[("OID", &metadata(origin)), ("Name", &name)]);
    xml.begin("Protocol", &[]);
    for (order, (event, _)) in (1..).zip(EVENTS) {
        let (id, order) = (format!("SE.{event}"), i32::to_string(&order));
        let of = [("StudyEventOID", id.as_str()), ("OrderNumber", &order), ("Mandatory", "No")];
        xml.empty("StudyEventRef", &of);
    }
    xml.end();
    event_defs(xml, forms, ("FormRef", "FormOID"));
    let items = described(trial, forms);
    for (tag, reference, prefix) in
        [("FormDef", "ItemGroupRef", "F"), ("ItemGroupDef", "ItemRef", "IG")]
    {
        for (form, items) in &items {
            let id = format!("{prefix}.{form}");
            xml.begin(tag, &[("OID", &id), ("Name", form), ("Repeating", "No")]);
            match prefix {
                "F" => {
                    let group = format!("IG.{form}");
                    xml.empty(reference, &[("ItemGroupOID", &group), ("Mandatory", "No")]);
                }
                _ => items.iter().for_each(|(item, _)| {
                    let id = format!("IT.{form}.{item}");
                    xml.empty(reference, &[("ItemOID", &id), ("Mandatory", "No")]);
                }),
            }
            xml.end();
        }
    }
    for (form, items) in &items {
        for (item, question) in items {
            let id = format!("IT.{form}.{item}");
            let of =
                [("OID", id.as_str()), ("Name", item), ("DataType", "text"), ("Length", "500")];
            xml.begin("ItemDef", &of);
            xml.translated("Question", &[], question);
            xml.end();
        }
    }
    xml.end();
    xml.end();
}

/// Items in their order, each with its question or its value.
pub(super) type Items = Vec<(String, String)>;

/// Every form with its items, each with its question.
pub(super) fn described(trial: &Trial, forms: &Forms) -> Vec<(String, Items)> {
    let own = |name: &str| (name.to_owned(), name.to_owned());
    let mut screening: Items = ["initials", "birth_date", "sex", "outcome"].map(own).into();
    let fields = trial.fields.iter().filter(|field| !is_identity(field.id.as_str()));
    screening.extend(fields.map(|field| (field.id.to_string(), field.name.en.clone())));
    let mut randomisation = vec![own("CODE")];
    let factors = trial.stratification.factors.iter();
    randomisation.extend(factors.map(|factor| (factor.id.clone(), factor.name.en.clone())));
    randomisation.push(("ARM".to_owned(), "Arm, after the disclosure".to_owned()));
    let mut all =
        vec![(SCREENING.to_owned(), screening), (RANDOMISATION.to_owned(), randomisation)];
    let recorded = |(form, items): (&String, &BTreeSet<String>)| {
        (form.clone(), items.iter().map(|item| own(item)).collect())
    };
    all.extend(forms.iter().map(recorded));
    all
}

/// Asked on the form, and exported once, as they stand now.
fn is_identity(field: &str) -> bool {
    ["enrolment_number", "initials", "birth_date", "sex"].contains(&field)
}

/// Everybody who did anything, each by an event of theirs; and what a signature under each act meant.
pub(super) fn signers(subjects: &[Subject]) -> (BTreeMap<&str, &Event>, BTreeMap<&str, &str>) {
    let (mut people, mut meanings) = (BTreeMap::new(), BTreeMap::new());
    for event in subjects.iter().flat_map(Subject::all) {
        people.entry(event.by.as_str()).or_insert(event);
        if let Some(meaning) = &event.meaning {
            meanings.entry(event.act.as_str()).or_insert(meaning.as_str());
        }
    }
    (people, meanings)
}

/// Who did anything, where, and what a signature of each kind meant.
fn admin(xml: &mut Xml, origin: &Origin, trial: &Trial, subjects: &[Subject]) {
    let (people, meanings) = signers(subjects);
    xml.begin("AdminData", &[("StudyOID", &origin.trial)]);
    for (account, event) in people {
        let kind = if event.role == "investigator" { "Investigator" } else { "Other" };
        xml.begin("User", &[("OID", &format!("USR.{account}")), ("UserType", kind)]);
        xml.text("LoginName", account);
        xml.text("DisplayName", &event.role);
        xml.text("FullName", &event.name);
        xml.end();
    }
    let from = seconds(&origin.at.to_string());
    let day = from.split('T').next().unwrap_or_default();
    for centre in &trial.centres {
        let id = format!("LOC.{}", centre.id);
        let of = [("OID", id.as_str()), ("Name", &centre.name.en), ("LocationType", "Site")];
        xml.begin("Location", &of);
        let version = metadata(origin);
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

/// What a signature of each kind meant.
pub(super) fn signature_kinds(xml: &mut Xml, meanings: &BTreeMap<&str, &str>) {
    for (act, meaning) in meanings {
        let id = format!("SIG.{act}");
        xml.begin("SignatureDef", &[("OID", &id), ("Methodology", "Electronic")]);
        xml.text("Meaning", meaning);
        xml.text("LegalReason", "Signed with a component that only the signer has");
        xml.end();
    }
}

/// One form of one participant: where it stands, the entry it was, and what it says.
pub(super) struct Filled<'s> {
    /// The event of the study.
    pub study_event: &'static str,
    /// The form.
    pub form: &'s str,
    /// The entry.
    pub event: &'s Event,
    /// What was said: nothing empty.
    pub items: Items,
}

impl Filled<'_> {
    /// Which one, of an event that may come again.
    pub(super) fn repeat(&self) -> Option<String> {
        (self.study_event == "RECORD").then(|| self.event.entry.to_string())
    }

    /// Has it the item that only the disclosure tells?
    pub(super) fn has_arm(&self) -> bool {
        self.form == RANDOMISATION
    }
}

/// Every form of a participant, in the order of the study's events.
pub(super) fn filled<'s>(trial: &Trial, one: &'s Subject) -> Vec<Filled<'s>> {
    let mut items: Items = vec![];
    let identity =
        [("initials", &one.initials), ("birth_date", &one.birth_date), ("sex", &one.sex)];
    for (name, value) in identity {
        items.extend(value.as_ref().map(|value| (name.to_owned(), value.clone())));
    }
    items.push(("outcome".to_owned(), one.outcome.clone()));
    items.extend(one.answers.iter().filter(|(field, _)| !is_identity(field)).cloned());
    let form = |study_event, form, event, mut items: Items| {
        items.retain(|(_, value)| !value.is_empty());
        Filled { study_event, form, event, items }
    };
    let mut all = vec![form(SCREENING, SCREENING, &one.screened, items)];
    if let Some((code, issued)) = &one.allocation {
        let mut items = vec![("CODE".to_owned(), code.clone())];
        let factors = trial.stratification.factors.iter().zip(&one.levels);
        items.extend(factors.map(|(factor, level)| (factor.id.clone(), level.clone())));
        all.push(form(RANDOMISATION, RANDOMISATION, issued, items));
    }
    all.extend(one.eligible.iter().chain(&one.events).map(|recorded| {
        form("RECORD", recorded.act.as_str(), recorded, items_of(recorded).cloned().collect())
    }));
    all
}

fn subject(xml: &mut Xml, trial: &Trial, one: &Subject) {
    xml.begin("SubjectData", &[("SubjectKey", &one.number)]);
    xml.empty("SiteRef", &[("LocationOID", &format!("LOC.{}", one.centre))]);
    for form in filled(trial, one) {
        event(xml, &form);
    }
    xml.end();
}

/// Where something of an event of the study begins.
pub(super) fn begin_event(xml: &mut Xml, form: &Filled<'_>) {
    let (id, key) = (format!("SE.{}", form.study_event), form.repeat());
    let mut of = vec![("StudyEventOID", id.as_str())];
    of.extend(key.as_ref().map(|key| ("StudyEventRepeatKey", key.as_str())));
    xml.begin("StudyEventData", &of);
}

/// Who, where, when, why; and the signature, where somebody signed.
pub(super) fn audited(xml: &mut Xml, event: &Event) {
    let (user, location) = (format!("USR.{}", event.by), format!("LOC.{}", event.centre));
    let at = event.at.to_string();
    xml.begin("AuditRecord", &[]);
    xml.empty("UserRef", &[("UserOID", &user)]);
    xml.empty("LocationRef", &[("LocationOID", &location)]);
    xml.text("DateTimeStamp", &at);
    if let Some((_, why)) = event.texts.iter().find(|(name, _)| name == "why" || name == "again") {
        xml.text("ReasonForChange", why);
    }
    xml.text("SourceID", &format!("entry {}", event.entry));
    xml.end();
    if event.meaning.is_some() {
        xml.begin("Signature", &[]);
        xml.empty("UserRef", &[("UserOID", &user)]);
        xml.empty("LocationRef", &[("LocationOID", &location)]);
        xml.empty("SignatureRef", &[("SignatureOID", &format!("SIG.{}", event.act))]);
        xml.text("DateTimeStamp", &at);
        xml.end();
    }
}

fn event(xml: &mut Xml, form: &Filled<'_>) {
    begin_event(xml, form);
    xml.begin("FormData", &[("FormOID", &format!("F.{}", form.form))]);
    audited(xml, form.event);
    xml.begin("ItemGroupData", &[("ItemGroupOID", &format!("IG.{}", form.form))]);
    for (name, value) in &form.items {
        let id = format!("IT.{}.{name}", form.form);
        xml.empty("ItemData", &[("ItemOID", &id), ("Value", value)]);
    }
    if form.has_arm() {
        xml.empty("ItemData", &[("ItemOID", ARM), ("IsNull", "Yes")]);
    }
    for _ in 0..3 {
        xml.end();
    }
}
