//! Screening: consent and values come in, eligibility and stratum are computed and kept, eligible or not (I8).

use super::randomise::{find, stored_answers};
use super::signature::Signed;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, ReadParticipants, Screen};
use crate::domain::answers::{Answers, FieldProblem, Raw};
use crate::domain::eligibility::{self, Verdict};
use crate::domain::entry::{Entry, Fact, Facts, fact};
use crate::domain::ids::{CentreId, EnrolmentNumber, FieldId, Reference};
use crate::domain::people::Role;
use crate::domain::rule::Truth;
use crate::domain::stratum::{self, StratumResult};
use crate::domain::time::Moment;
use crate::domain::trial::Trial;
use crate::limits::PAGE;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::hex;
pub use crate::store::overview::{Progress, Waiting};
use crate::store::queries::Participant;
use crate::store::repeats::OnceKey;
use crate::text::Arg;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A participant's record with what follows from it.
#[derive(Debug)]
pub struct Screened {
    /// The record.
    pub participant: Participant,
    /// Every criterion.
    pub verdict: Verdict,
    /// The stratum, item by item.
    pub stratum: StratumResult,
    /// Every answer as it was typed; empty after the private record was erased.
    pub answers: BTreeMap<String, Raw>,
    /// When a code was issued, if one was.
    pub randomised: Option<Moment>,
    /// When its code was broken: that, never what.
    pub broken: Option<Moment>,
}

/// What comes of the answers.
pub struct Judged {
    /// The answers, read.
    pub answers: Answers,
    /// Every criterion.
    pub verdict: Verdict,
    /// The stratum, item by item.
    pub stratum: StratumResult,
}

impl House {
    /// Records a new participant's screening.
    ///
    /// # Errors
    /// `invalid-fields` with every field that is wrong, `enrol-taken` among them; `signature-needed` for a wrong signature.
    /// None at all is taken: the pages always ask for one, other programs may sign elsewhere.
    pub async fn screen(
        &self,
        caller: &Caller,
        centre: CentreId,
        raw: BTreeMap<String, Raw>,
        signature: Option<&Signature>,
        once: OnceKey,
    ) -> Result<Answered<Reference>, Refusal> {
        let may = self.may::<Screen>(caller, &centre).await?;
        let judged = self.judge(&centre, &raw)?;
        let signed = self.check_if_signed(caller, Screen::NAME, signature).await?;
        let configuration = hex(&self.configuration);
        let done = self.act(&may, move |tx| {
            if let Some(first) = first_answer(tx, &once)? {
                let reference = Reference::parse(&first.answer);
                return Ok((reference.map_err(|_| Refusal::new(Why::Internal))?, true));
            }
            let number = judged.answers.identity().enrolment_number.clone();
            check_number_is_free(&tx.view(), &number, None)?;
            let reference = tx.reference();
            let entry = Entry::new("participant-screened").at(&centre);
            let entry =
                entry.on("participant", number.as_str()).on("reference", reference.as_str());
            let entry = describe(entry, &judged, &raw, &configuration);
            let seq = tx.append(maybe_signed(signed.as_ref(), entry))?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok((reference, false))
        });
        Ok(done.await?.into())
    }

    /// Changes the answers of a participant who is not randomised yet; the investigator's signature is withdrawn by it.
    ///
    /// # Errors
    /// `changed-since-read` when `seen` is not the present screening entry; `wrong-state` after randomisation;
    /// `signature-needed` for a wrong signature.
    pub async fn change_screening(
        &self,
        caller: &Caller,
        reference: Reference,
        seen: u64,
        raw: BTreeMap<String, Raw>,
        signature: Option<&Signature>,
        once: OnceKey,
    ) -> Result<Answered<Reference>, Refusal> {
        let (participant, may) = self.may_about::<Screen>(caller, &reference).await?;
        let judged = self.judge(&participant.centre, &raw)?;
        let signed = self.check_if_signed(caller, Screen::NAME, signature).await?;
        let configuration = hex(&self.configuration);
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok((reference, true));
            }
            let participant = find(&tx.view(), &reference)?;
            if participant.screening != seen {
                return Err(Refusal::new(Why::ChangedSinceRead));
            }
            if tx.view().allocation(&reference)?.is_some() {
                return Err(Refusal::new(Why::WrongState));
            }
            let number = judged.answers.identity().enrolment_number.clone();
            if number != participant.number {
                // The number is given once and kept.
                let error = FieldError::new("/answers/enrolment_number", FieldCode::EnrolTaken);
                return Err(Refusal::fields(vec![error]));
            }
            let entry = Entry::new("screening-changed").at(&participant.centre);
            let entry =
                entry.on("participant", number.as_str()).on("reference", reference.as_str());
            let entry = entry.with("before", participant.screening);
            let entry = describe(entry, &judged, &raw, &configuration);
            let seq = tx.append(maybe_signed(signed.as_ref(), entry))?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok((reference, false))
        });
        Ok(done.await?.into())
    }

    /// What answers would come to if they were recorded now. Nothing is recorded by asking.
    ///
    /// # Errors
    /// `invalid-fields` with every field that is wrong.
    pub fn judge(&self, centre: &CentreId, raw: &BTreeMap<String, Raw>) -> Result<Judged, Refusal> {
        let answers = Answers::read(&self.trial, centre, raw, self.clock.now());
        let answers = answers.map_err(|problems| {
            let errors = problems.iter().map(|problem| field_error(&self.trial, centre, problem));
            Refusal::fields(errors.collect())
        })?;
        let verdict = eligibility::judge(&self.trial, &answers);
        let stratum = stratum::compute(&self.trial, centre, &answers);
        Ok(Judged { answers, verdict, stratum })
    }

    /// One participant's record.
    ///
    /// # Errors
    /// `no-such-record` when unknown or another centre's.
    pub async fn participant(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<Screened, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        let centres = caller.places(&may);
        let trial = Arc::clone(&self.trial);
        self.store.read(|view| {
            let participant = find(view, reference)?;
            if centres.is_some_and(|own| !own.contains(&participant.centre)) {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let answers = stored_answers(view, &trial, &participant)?;
            let allocation = view.allocation(reference)?;
            let breaks = view.releases_of(reference, "break")?;
            Ok(Screened {
                verdict: eligibility::judge(&trial, &answers),
                stratum: stratum::compute(&trial, &participant.screened_at(), &answers),
                answers: answers.to_raw(),
                randomised: allocation.map(|allocation| allocation.at),
                broken: breaks.first().map(|release| release.at),
                participant,
            })
        })
    }

    /// Participants after an enrolment number, at most 200.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn participants(
        &self,
        caller: &Caller,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Participant>, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        let centres = caller.places(&may);
        self.store.read(|view| Ok(view.participants(centres, after, limit.min(PAGE))?))
    }

    /// Participants with whom something is to be done, at most 200: for an investigator those whose eligibility is to be
    /// signed; for others also the open, the ready and, after them, the randomised.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn waiting(&self, caller: &Caller) -> Result<Vec<Waiting>, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        let centres = caller.places(&may);
        let only = (caller.person.role == Role::Investigator).then_some(Progress::Unsigned);
        self.store.read(|view| Ok(view.waiting(centres, only, PAGE)?))
    }

    /// One participant by enrolment number, so that no number need stand in an address.
    ///
    /// # Errors
    /// `no-such-record` when unknown or another centre's.
    pub async fn find_participant(
        &self,
        caller: &Caller,
        number: &EnrolmentNumber,
    ) -> Result<Participant, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        let centres = caller.places(&may);
        let found = self.store.read(|view| view.participant_by_number(number))?;
        let own = found.filter(|p| centres.is_none_or(|own| own.contains(&p.centre)));
        own.ok_or_else(|| Refusal::new(Why::NoSuchRecord))
    }
}

fn check_number_is_free(
    view: &crate::store::View<'_>,
    number: &EnrolmentNumber,
    own: Option<&Reference>,
) -> Result<(), Refusal> {
    match view.participant_by_number(number)? {
        Some(other) if Some(&other.reference) != own => {
            let error = FieldError::new("/answers/enrolment_number", FieldCode::EnrolTaken);
            Err(Refusal::fields(vec![error]))
        }
        _ => Ok(()),
    }
}

fn maybe_signed(signed: Option<&Signed>, entry: Entry) -> Entry {
    match signed {
        Some(signed) => signed.on(entry),
        None => entry,
    }
}

/// The line says what follows from the answers; the answers themselves stay in the private record.
pub(super) fn describe(
    entry: Entry,
    judged: &Judged,
    raw: &BTreeMap<String, Raw>,
    configuration: &str,
) -> Entry {
    let criteria = judged.verdict.criteria.iter().map(|criterion| {
        let id = ("id".to_owned(), criterion.id.as_str().into());
        Fact::Group(vec![id, ("result".into(), truth(criterion.truth).into())])
    });
    let entry = entry.with("outcome", judged.verdict.outcome.as_str());
    let entry = match &judged.stratum.stratum {
        Some(stratum) => entry.with("stratum", stratum.as_str()),
        None => entry,
    };
    entry
        .with("criteria", criteria.collect::<Vec<_>>())
        .with("rules", configuration)
        .private("answers", facts_of(raw))
}

/// Answers as a private record keeps them.
pub(super) fn facts_of(raw: &BTreeMap<String, Raw>) -> Fact {
    let answers = raw.iter().map(|(field, raw)| {
        let fact = match raw {
            Raw::One(text) => Fact::from(text.as_str()),
            Raw::Many(list) => Fact::List(list.iter().map(|t| t.as_str().into()).collect()),
        };
        (field.clone(), fact)
    });
    Fact::Group(answers.collect())
}

/// The answers of a private record, as they were typed.
pub(super) fn raw_of(record: Option<&Facts>) -> Option<BTreeMap<String, Raw>> {
    let Some(Fact::Group(answers)) = fact(record?, "answers") else { return None };
    let raw = |fact: &Fact| match fact {
        Fact::Text(text) => Some(Raw::One(text.clone())),
        Fact::List(list) => {
            let texts = list.iter().map(|fact| match fact {
                Fact::Text(text) => Some(text.clone()),
                _ => None,
            });
            Some(Raw::Many(texts.collect::<Option<_>>()?))
        }
        _ => None,
    };
    answers.iter().map(|(field, fact)| Some((field.clone(), raw(fact)?))).collect()
}

/// The word of a truth.
pub fn truth(truth: Truth) -> &'static str {
    match truth {
        Truth::Yes => "met",
        Truth::No => "not-met",
        Truth::Unknown => "unknown",
    }
}

/// What the domain found wrong with an answer, in the words of this house: the question as the form asks it, never what
/// was typed, nor a name that the form does not have.
fn field_error(trial: &Trial, centre: &CentreId, problem: &FieldProblem) -> FieldError {
    // The domain speaks these very words; a test compares the two lists.
    let code = FieldCode::parse(problem.code).unwrap_or(FieldCode::WrongType);
    let label = |id: &FieldId| {
        let name = &trial.field(id)?.name;
        Some(Arg::Words { en: name.en.clone(), zh_cn: name.zh.clone() })
    };
    let asked = FieldId::parse(&problem.field).ok();
    let Some(field) = asked.as_ref().and_then(label) else {
        // A centre that is not the trial's has no field either.
        let pointer = if trial.centre(centre).is_some() { "/answers" } else { "/centre" };
        return FieldError::new(pointer, code);
    };
    let error = FieldError::new(format!("/answers/{}", problem.field), code);
    let other = problem.other.as_ref().and_then(label);
    // A most says that the other day is the later one.
    let (later, earlier) = match &problem.max {
        Some(_) => (other, Some(field.clone())),
        None => (Some(field.clone()), other),
    };
    let prefix = trial.centre(centre).map(|centre| Arg::from(centre.prefix.as_str()));
    let given = [
        ("field", Some(field)),
        ("prefix", prefix),
        ("min", problem.min.clone().map(Arg::from)),
        ("max", problem.max.clone().map(Arg::from)),
        ("later", later),
        ("earlier", earlier),
    ];
    given.into_iter().fold(error, |error, (name, value)| match value {
        Some(value) => error.with(name, value),
        None => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::answers::CODES;
    use crate::text::Language;

    // shows: AL-3 (a wrong answer is never refused by a vague word)
    #[test]
    fn every_problem_of_an_answer_has_a_word_of_its_own_with_all_it_wants() {
        let trial = crate::trial_file::read(include_str!("../../deploy/nct04515719.toml"));
        let trial = trial.expect("the shipped trial file has no mistake");
        let centre = trial.centres[0].id.clone();
        let other = FieldId::parse("consent_signed_at").ok();
        for code in CODES {
            let problem = FieldProblem {
                field: "screening_date".to_owned(),
                code,
                min: Some("1".to_owned()),
                max: Some("2".to_owned()),
                other: other.clone(),
            };
            let error = field_error(&trial, &centre, &problem);
            assert_eq!(error.code.as_str(), code);
            for language in Language::ALL {
                assert_ne!(error.words(language), error.code.as_str());
            }
        }
    }
}
