//! The whole study as CDISC ODM 1.3.2: every entry about every participant with its audit record and, where somebody
//! signed, the signature. `SourceID` is the entry of the trail, which proves what stands here.

use super::Origin;
use super::dataset_json::{metadata, seconds};
use super::subject::{Event, Subject};
use crate::domain::trial::Trial;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Of every item that only the disclosure tells.
pub const ARM: &str = "IT.RANDOMISATION.ARM";
const SCREENING: &str = "SCREENING";
const RANDOMISATION: &str = "RANDOMISATION";

/// One element after the other, indented; texts are escaped on the way.
struct Xml {
    out: String,
    open: Vec<String>,
}

impl Xml {
    fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.element(name, attributes, ">");
        self.open.push(name.to_owned());
    }

    fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.line(&format!("</{name}>"));
        }
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.element(name, attributes, "/>");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.line(&format!("<{name}>{}</{name}>", escaped(text)));
    }

    fn translated(&mut self, name: &str, text: &str) {
        self.begin(name, &[]);
        self.line(&format!("<TranslatedText xml:lang=\"en\">{}</TranslatedText>", escaped(text)));
        self.end();
    }

    fn element(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) {
        let mut line = format!("<{name}");
        for (name, value) in attributes {
            let _ = write!(line, " {name}=\"{}\"", escaped(value));
        }
        line.push_str(end);
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        self.out.extend(std::iter::repeat_n(' ', self.open.len()));
        self.out.push_str(line);
        self.out.push('\n');
    }
}

/// What XML cannot hold at all is left out; every control character among it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// Writes the document.
pub fn write(origin: &Origin, trial: &Trial, subjects: &[Subject]) -> Vec<u8> {
    let mut xml =
        Xml { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: vec![] };
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
    xml.end();
    xml.end();
    xml.out.into_bytes()
}

/// The forms of recorded entries, and the items of each: an act, and what its entries say.
fn forms(subjects: &[Subject]) -> BTreeMap<String, BTreeSet<String>> {
    let mut forms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in subjects.iter().flat_map(|one| one.events.iter().chain(&one.eligible)) {
        let items = forms.entry(event.act.clone()).or_default();
        items.extend(items_of(event).map(|(name, _)| name.clone()));
    }
    forms
}

fn items_of(event: &Event) -> impl Iterator<Item = &(String, String)> {
    event.facts.iter().chain(&event.texts)
}

fn study(
    xml: &mut Xml,
    origin: &Origin,
    trial: &Trial,
    forms: &BTreeMap<String, BTreeSet<String>>,
) {
    xml.begin("Study", &[("OID", &origin.trial)]);
    xml.begin("GlobalVariables", &[]);
    xml.text("StudyName", &origin.trial);
    xml.text("StudyDescription", &origin.title);
    xml.text("ProtocolName", &origin.trial);
    xml.end();
    let name = format!("configuration {}", origin.configuration);
    xml.begin("MetaDataVersion", &[("OID", &metadata(origin)), ("Name", &name)]);
    let events = [(SCREENING, "No"), (RANDOMISATION, "No"), ("RECORD", "Yes")];
    xml.begin("Protocol", &[]);
    for (order, (event, _)) in (1..).zip(events) {
        let (id, order) = (format!("SE.{event}"), i32::to_string(&order));
        let of = [("StudyEventOID", id.as_str()), ("OrderNumber", &order), ("Mandatory", "No")];
        xml.empty("StudyEventRef", &of);
    }
    xml.end();
    for (event, repeating) in events {
        let (id, kind) =
            (format!("SE.{event}"), if repeating == "No" { "Scheduled" } else { "Common" });
        let of = [("OID", id.as_str()), ("Name", event), ("Repeating", repeating), ("Type", kind)];
        xml.begin("StudyEventDef", &of);
        let own = [event.to_owned()];
        let all: Vec<&String> =
            if event == "RECORD" { forms.keys().collect() } else { own.iter().collect() };
        for form in all {
            xml.empty("FormRef", &[("FormOID", &format!("F.{form}")), ("Mandatory", "No")]);
        }
        xml.end();
    }
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
            xml.translated("Question", question);
            xml.end();
        }
    }
    xml.end();
    xml.end();
}

type Items = Vec<(String, String)>;

/// Every form with its items, each with its question.
fn described(trial: &Trial, forms: &BTreeMap<String, BTreeSet<String>>) -> Vec<(String, Items)> {
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

/// Who did anything, where, and what a signature of each kind meant.
fn admin(xml: &mut Xml, origin: &Origin, trial: &Trial, subjects: &[Subject]) {
    let mut people: BTreeMap<&str, &Event> = BTreeMap::new();
    let mut meanings: BTreeMap<&str, &str> = BTreeMap::new();
    for event in subjects.iter().flat_map(Subject::all) {
        people.entry(&event.by).or_insert(event);
        if let Some(meaning) = &event.meaning {
            meanings.entry(&event.act).or_insert(meaning);
        }
    }
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
    for (act, meaning) in meanings {
        let of = [("OID", format!("SIG.{act}"))];
        xml.begin("SignatureDef", &[(of[0].0, &of[0].1), ("Methodology", "Electronic")]);
        xml.text("Meaning", meaning);
        xml.text("LegalReason", "Signed with a component that only the signer has");
        xml.end();
    }
    xml.end();
}

fn subject(xml: &mut Xml, trial: &Trial, one: &Subject) {
    xml.begin("SubjectData", &[("SubjectKey", &one.number)]);
    xml.empty("SiteRef", &[("LocationOID", &format!("LOC.{}", one.centre))]);
    let mut items: Items = vec![];
    let identity =
        [("initials", &one.initials), ("birth_date", &one.birth_date), ("sex", &one.sex)];
    for (name, value) in identity {
        items.extend(value.as_ref().map(|value| (name.to_owned(), value.clone())));
    }
    items.push(("outcome".to_owned(), one.outcome.clone()));
    items.extend(one.answers.iter().filter(|(field, _)| !is_identity(field)).cloned());
    event(xml, "SE.SCREENING", SCREENING, &one.screened, &items, false);
    if let Some((code, issued)) = &one.allocation {
        let mut items = vec![("CODE".to_owned(), code.clone())];
        let factors = trial.stratification.factors.iter().zip(&one.levels);
        items.extend(factors.map(|(factor, level)| (factor.id.clone(), level.clone())));
        event(xml, "SE.RANDOMISATION", RANDOMISATION, issued, &items, true);
    }
    for recorded in one.eligible.iter().chain(&one.events) {
        let items: Items = items_of(recorded).cloned().collect();
        event(xml, "SE.RECORD", &recorded.act, recorded, &items, false);
    }
    xml.end();
}

fn event(xml: &mut Xml, id: &str, form: &str, event: &Event, items: &Items, arm: bool) {
    let key = event.entry.to_string();
    let repeats = id == "SE.RECORD";
    let of = [("StudyEventOID", id), ("StudyEventRepeatKey", &key)];
    xml.begin("StudyEventData", if repeats { &of } else { &of[..1] });
    xml.begin("FormData", &[("FormOID", &format!("F.{form}"))]);
    let (user, location) = (format!("USR.{}", event.by), format!("LOC.{}", event.centre));
    let at = event.at.to_string();
    xml.begin("AuditRecord", &[]);
    xml.empty("UserRef", &[("UserOID", &user)]);
    xml.empty("LocationRef", &[("LocationOID", &location)]);
    xml.text("DateTimeStamp", &at);
    if let Some((_, why)) = event.texts.iter().find(|(name, _)| name == "why" || name == "again") {
        xml.text("ReasonForChange", why);
    }
    xml.text("SourceID", &format!("entry {key}"));
    xml.end();
    if event.meaning.is_some() {
        xml.begin("Signature", &[]);
        xml.empty("UserRef", &[("UserOID", &user)]);
        xml.empty("LocationRef", &[("LocationOID", &location)]);
        xml.empty("SignatureRef", &[("SignatureOID", &format!("SIG.{}", event.act))]);
        xml.text("DateTimeStamp", &at);
        xml.end();
    }
    xml.begin("ItemGroupData", &[("ItemGroupOID", &format!("IG.{form}"))]);
    for (name, value) in items.iter().filter(|(_, value)| !value.is_empty()) {
        xml.empty("ItemData", &[("ItemOID", &format!("IT.{form}.{name}")), ("Value", value)]);
    }
    if arm {
        xml.empty("ItemData", &[("ItemOID", ARM), ("IsNull", "Yes")]);
    }
    xml.end();
    xml.end();
    xml.end();
}
