//! A code that was opened without the service, taken in afterwards (EU-12): the signed record of a kit opening, or what is
//! said of a letter. It counts as a code break with all that follows from one. A code that nobody had is an incident: from
//! then on it is void, so that nobody is ever given an allocation that somebody knows.

use super::break_code::told;
use super::recruitment::check_reason;
use super::signature::Signed;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, ImportBreak};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::{Code, EnrolmentNumber, PersonId, Reference};
use crate::domain::offline::Serial;
use crate::domain::people::{Person, Role};
use crate::domain::time::Moment;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::card::Card;
use crate::sealing::offline_record::SignedRecord;
use crate::store::Tx;
use crate::store::offline::item;
use crate::store::order::Fate;
use crate::store::repeats::OnceKey;

/// What is taken in.
#[derive(Debug, Clone)]
pub enum Outside {
    /// What `klero open --kit` wrote, signed by whoever opened.
    Kit(SignedRecord),
    /// A letter, opened by hand.
    Letter(Letter),
}

/// What is said of a letter that was opened.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its serial, as it is printed on it.
    pub serial: Serial,
    /// Its code.
    pub code: Code,
    /// Who opened it.
    pub by: PersonId,
    /// When.
    pub at: Moment,
    /// Why.
    pub why: String,
}

/// What came of it.
#[derive(Debug)]
pub struct TakenIn {
    /// The code break that it counts as; none: nobody had the code, which is an incident.
    pub broken: Option<(Reference, EnrolmentNumber)>,
    /// Who was told that, never what.
    pub told: Vec<PersonId>,
}

impl Letter {
    /// From what was typed or sent.
    ///
    /// # Errors
    /// `invalid-fields`, every one that cannot be read.
    pub fn read(
        [serial, code, by]: [&str; 3],
        at: Option<Moment>,
        why: &str,
    ) -> Result<Self, Refusal> {
        let mut wrong = vec![];
        let mut missing = |field: &str, code| {
            wrong.push(FieldError::new(format!("/letter/{field}"), code));
        };
        let read = (Serial::parse(serial), Code::parse(code), PersonId::parse(by.trim()), at);
        if let (Some(serial), Ok(code), Ok(by), Some(at)) = read {
            return Ok(Self { serial, code, by, at, why: why.trim().to_owned() });
        }
        let (serial, code, by, at) = read;
        serial.is_none().then(|| missing("serial", FieldCode::SerialForm));
        code.is_err().then(|| missing("code", FieldCode::CodeCheck));
        by.is_err().then(|| missing("by", FieldCode::ChoiceUnknown));
        at.is_none().then(|| missing("at", FieldCode::MomentForm));
        Err(Refusal::fields(wrong))
    }
}

impl Outside {
    /// Reads the file that `klero open --kit` wrote.
    ///
    /// # Errors
    /// `invalid-fields` for anything else.
    pub fn record(text: &str) -> Result<Self, Refusal> {
        let wrong = |_| Refusal::fields(vec![FieldError::new("/record", FieldCode::RecordForm)]);
        SignedRecord::from_json(text.trim()).map(Self::Kit).map_err(wrong)
    }

    fn code(&self) -> Code {
        match self {
            Outside::Kit(signed) => signed.record.code,
            Outside::Letter(letter) => letter.code,
        }
    }

    fn by(&self) -> &PersonId {
        match self {
            Outside::Kit(signed) => &signed.record.by,
            Outside::Letter(letter) => &letter.by,
        }
    }

    fn at(&self) -> Moment {
        match self {
            Outside::Kit(signed) => signed.record.at,
            Outside::Letter(letter) => letter.at,
        }
    }

    /// By what the same opening is known again: one record and one letter count once.
    fn item(&self) -> Option<String> {
        match self {
            Outside::Kit(signed) => item(Some(&record_hash(signed)), None),
            Outside::Letter(letter) => item(None, Some(&letter.serial.to_string())),
        }
    }

    /// The entry says how it was opened, by whom and when; why is private.
    fn on(&self, entry: Entry, opener: &Person) -> Entry {
        let entry = entry
            .with("opener", opener.id.as_str())
            .with("opener-role", opener.role.as_str())
            .with("opened-at", self.at().to_string());
        match self {
            Outside::Kit(signed) => entry
                .with("record", record_hash(signed))
                .with("record-signature", hex(&signed.signature))
                .with("fits", signed.record.fits)
                .private("reason", signed.record.reason.as_str()),
            Outside::Letter(letter) => entry
                .with("serial", letter.serial.to_string())
                .private("reason", letter.why.as_str()),
        }
    }
}

/// Of the bytes that were signed: another signature over them is the same opening.
fn record_hash(signed: &SignedRecord) -> String {
    hex(&sha256(signed.record.text().as_bytes()))
}

impl House {
    /// Takes in that a code was opened without the service. The same record, or the same letter, is the same break,
    /// whoever brings it and however often.
    ///
    /// # Errors
    /// `signature-does-not-verify` for a record that its holder's registered card did not sign; `no-such-record` for a
    /// code of no list; `not-granted-yet` for a record by somebody who never held the centre's key; `wrong-state` for a
    /// letter that was taken in with another code; `invalid-fields`, `signature-needed`.
    pub async fn import_break(
        &self,
        caller: &Caller,
        outside: Outside,
        category: String,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<TakenIn>, Refusal> {
        let may = self.may_somewhere::<ImportBreak>(caller).await?;
        self.check_outside(&outside, &category)?;
        let signed = self.check_signature(caller, ImportBreak::NAME, signature).await?;
        let done = self.act(&may, move |tx| {
            if let Some(first) = first_answer(tx, &once)? {
                return Ok((taken_in(tx, &outside, first.seq)?, true));
            }
            let item = outside.item().unwrap_or_default();
            if let Some(known) = tx.view().offline_break(&item)? {
                if known.code != outside.code().to_string() {
                    return Err(Refusal::new(Why::WrongState));
                }
                tx.receipt_about(known.entry);
                return Ok((taken_in(tx, &outside, known.entry)?, true));
            }
            let opener = opener(tx, &outside)?;
            let seq = match tx.view().fate(&outside.code())? {
                None => return Err(Refusal::new(Why::NoSuchRecord)),
                Some(Fate::Issued) => broken(tx, &outside, &opener, &category, &signed)?,
                Some(Fate::Waits) => incident(tx, &outside, &opener, &signed, true)?,
                Some(Fate::Void) => incident(tx, &outside, &opener, &signed, false)?,
            };
            tx.remember(&once, "taken-in", seq)?;
            tx.receipt_about(seq);
            Ok((taken_in(tx, &outside, seq)?, false))
        });
        Ok(done.await?.into())
    }

    fn check_outside(&self, outside: &Outside, category: &str) -> Result<(), Refusal> {
        let mut errors = vec![];
        if !self.trial.emergency.categories.iter().any(|known| known.id == category) {
            errors.push(FieldError::new("/category", FieldCode::ChoiceUnknown));
        }
        if let Outside::Letter(letter) = outside {
            if letter.at > self.clock.now() {
                errors.push(FieldError::new("/letter/at", FieldCode::DateFuture));
            }
            if let Err(wrong) = check_reason("/letter/why", &letter.why) {
                errors.extend(wrong.errors);
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Refusal::fields(errors)) }
    }
}

/// Who opened it. A record must be signed by the card that they registered; a letter anybody can open.
fn opener(tx: &Tx<'_>, outside: &Outside) -> Result<Person, Refusal> {
    let view = tx.view();
    let account = view.account(outside.by())?;
    let Outside::Kit(signed) = outside else {
        let unknown = || vec![FieldError::new("/letter/by", FieldCode::ChoiceUnknown)];
        return account.map(|a| a.person).ok_or_else(|| Refusal::fields(unknown()));
    };
    let card = view.card(outside.by())?.and_then(|held| Card::from_json(&held.card).ok());
    let fits = card.is_some_and(|card| signed.is_signed(&card.signing));
    let Some(account) = account.filter(|_| fits) else {
        return Err(Refusal::new(Why::SignatureDoesNotVerify));
    };
    let centre = view.centre_of_code(&outside.code())?;
    let centre = centre.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
    if !view.ever_held(outside.by(), &centre)? {
        return Err(Refusal::new(Why::NotGrantedYet));
    }
    Ok(account.person)
}

/// A code break like any other: the same people are told, the same record is due.
fn broken(
    tx: &mut Tx<'_>,
    outside: &Outside,
    opener: &Person,
    category: &str,
    signed: &Signed,
) -> Result<u64, Refusal> {
    let code = outside.code();
    let participant = tx.view().participant_by_code(&code)?;
    let participant = participant.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
    let allocation = tx.view().allocation(&participant.reference)?;
    let told = told(tx, &participant)?.into_iter();
    let told: Vec<Fact> = told.map(|person| Fact::from(person.id.as_str())).collect();
    let reference = tx.reference();
    let entry = Entry::new("break-imported")
        .at(&participant.centre)
        .on("participant", participant.number.as_str())
        .on("reference", reference.as_str())
        .on("code", code.to_string())
        .with("category", category);
    let entry = outside.on(entry, opener);
    // Opened while it was still nobody's: then somebody knew the arm beforehand.
    let early = allocation.is_some_and(|allocation| outside.at() < allocation.at);
    let entry = if early { entry.with("before-issue", true) } else { entry };
    Ok(tx.append(signed.on(entry).with("told", told))?)
}

/// A code that nobody has. Neither entry says where it stands: whoever knows where a gap is counts positions.
fn incident(
    tx: &mut Tx<'_>,
    outside: &Outside,
    opener: &Person,
    signed: &Signed,
    void: bool,
) -> Result<u64, Refusal> {
    let code = outside.code().to_string();
    let entry = Entry::new("unissued-opened").on("code", code.clone());
    let told: Vec<Fact> = told_of_incident(tx)?.iter().map(|id| Fact::from(id.as_str())).collect();
    let entry = signed.on(outside.on(entry, opener)).with("told", told);
    let seq = tx.append(entry)?;
    if void {
        tx.append(Entry::new("code-voided").on("code", code).with("incident", seq))?;
    }
    Ok(seq)
}

/// Sponsor, monitors and statisticians: the list itself was touched, and nobody's treatment.
fn told_of_incident(tx: &Tx<'_>) -> Result<Vec<PersonId>, Refusal> {
    let own = tx.stamp().by.clone();
    let concerned = |person: &Person| {
        let role = matches!(person.role, Role::Sponsor | Role::Monitor | Role::Statistician);
        role && person.id.as_str() != own
    };
    Ok(super::people::active(tx, concerned)?.into_iter().map(|person| person.id).collect())
}

/// What came of an opening that was taken in with this entry.
fn taken_in(tx: &Tx<'_>, outside: &Outside, entry: u64) -> Result<TakenIn, Refusal> {
    let known = tx.view().offline_break(&outside.item().unwrap_or_default())?;
    let release = known.filter(|known| known.entry == entry).and_then(|known| known.release);
    let Some(reference) = release else {
        return Ok(TakenIn { broken: None, told: told_of_incident(tx)? });
    };
    let participant = tx.view().participant_by_code(&outside.code())?;
    let participant = participant.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
    let told = told(tx, &participant)?.into_iter().map(|person| person.id).collect();
    Ok(TakenIn { broken: Some((reference, participant.number)), told })
}
