//! Signed records of a participant's way: infusions, missed doses, stops, ends, moves, mistakes, accidents. One road for
//! all of them; what each asks and when it fits stands in `domain::record`.

use super::randomise::find;
use super::signature::Signed;
use super::way::life_of;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, Granted, ReadParticipants};
use crate::domain::answers::FieldProblem;
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::{EnrolmentNumber, Reference};
use crate::domain::life::Unfit;
use crate::domain::record::{self, Accident, Answer, Answers, Asked, Kind};
use crate::domain::trial::Trial;
use crate::limits::TEXT;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::store::queries::{Participant, View};
use crate::store::repeats::OnceKey;
use crate::text::{self, Arg};
use std::collections::BTreeMap;
use std::sync::Arc;

impl House {
    /// Makes a record of this kind about a participant.
    ///
    /// # Errors
    /// `invalid-fields` with every answer that cannot be taken; `wrong-state` when the participant's way does not allow
    /// it; `not-prepared`; `signature-needed`.
    pub async fn record<K: Kind>(
        &self,
        caller: &Caller,
        reference: Reference,
        raw: BTreeMap<String, String>,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let (_, may) = self.may_about::<K::Right>(caller, &reference).await?;
        let answers = self.read_record::<K>(&raw)?;
        let signed = self.check_signature(caller, K::Right::NAME, signature).await?;
        let trial = Arc::clone(&self.trial);
        let centres = caller.person.centres.clone();
        let about = move |view: &View<'_>, answers: &Answers| {
            let participant = find(view, &reference)?;
            // Moved away since the right was asked: another centre's from now on.
            if !centres.contains(&participant.centre) {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let deviation = deviation::<K>(view, &trial, &participant, answers)?;
            Ok((of_participant::<K>(&participant), deviation))
        };
        self.keep_record::<K>(&may, answers, signed, once, about).await
    }

    /// Keeps a record that was read and signed. `about` says inside the act what it is about and whether it fits, as an
    /// entry that lacks the answers, with the deviation that it is.
    pub(super) async fn keep_record<K: Kind>(
        &self,
        may: &Granted<K::Right>,
        answers: Answers,
        signed: Signed,
        once: OnceKey,
        about: impl FnOnce(&View<'_>, &Answers) -> Result<(Entry, Option<&'static str>), Refusal>
        + Send
        + 'static,
    ) -> Result<Answered<()>, Refusal> {
        let done = self.act(may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let (entry, deviation) = about(&tx.view(), &answers)?;
            let seq = tx.append(signed.on(answered::<K>(entry, &answers, deviation)))?;
            tx.remember(&once, &seq.to_string(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Records that somebody learned by accident what they should not know: that, never what (EU-11). It is about a
    /// participant of the reader's own, or about nobody in particular.
    ///
    /// # Errors
    /// `invalid-fields`, `no-such-record` for a participant of another centre, `signature-needed`.
    pub async fn report_accident(
        &self,
        caller: &Caller,
        raw: BTreeMap<String, String>,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<<Accident as Kind>::Right>(caller).await?;
        let answers = self.read_record::<Accident>(&raw)?;
        let about = self.accident_of(caller, &may, answers.text("participant")).await?;
        let act = <Accident as Kind>::Right::NAME;
        let signed = self.check_signature(caller, act, signature).await?;
        let entry = match &about {
            Some(participant) => of_participant::<Accident>(participant),
            None => Entry::new(Accident::ENTRY),
        };
        self.keep_record::<Accident>(&may, answers, signed, once, |_, _| Ok((entry, None))).await
    }

    /// An unknown number and one of another centre are one answer.
    async fn accident_of(
        &self,
        caller: &Caller,
        may: &Granted<<Accident as Kind>::Right>,
        number: &str,
    ) -> Result<Option<Participant>, Refusal> {
        let Ok(number) = EnrolmentNumber::parse(number) else { return Ok(None) };
        let found = self.store.read(|view| view.participant_by_number(&number))?;
        let own = |p: &Participant| caller.places(may).is_none_or(|own| own.contains(&p.centre));
        match found.filter(own) {
            Some(participant) => Ok(Some(participant)),
            None => {
                let act = <Accident as Kind>::Right::NAME;
                Err(self.refuse(caller, act, Why::NoSuchRecord).await)
            }
        }
    }

    pub(super) fn read_record<K: Kind>(
        &self,
        raw: &BTreeMap<String, String>,
    ) -> Result<Answers, Refusal> {
        let read = record::read::<K>(&self.trial, raw, self.clock.now(), TEXT);
        let answers =
            read.map_err(|problems| Refusal::fields(problems.iter().map(field_error).collect()))?;
        let texts = K::QUESTIONS.iter().filter(|question| question.asked == Asked::Text);
        let names = texts.filter(|question| self.names_treatment(answers.text(question.id)));
        let errors: Vec<_> = names
            .map(|q| FieldError::new(format!("/answers/{}", q.id), FieldCode::NamesTreatment))
            .collect();
        if errors.is_empty() { Ok(answers) } else { Err(Refusal::fields(errors)) }
    }

    /// Does a free text name an arm of the public manifest? Whoever is blinded reads it, so it is written without.
    pub(super) fn names_treatment(&self, text: &str) -> bool {
        // Hyphens and blanks hide no name; what is shorter than four letters would be found in every other word.
        let letters = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let text = letters(text);
        let arms = self.manifest.manifest.arms.iter().map(|arm| letters(arm));
        arms.filter(|arm| arm.chars().count() >= 4).any(|arm| text.contains(&arm))
    }

    /// Participants for whom something was prepared and nothing recorded since.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn not_recorded(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(Reference, EnrolmentNumber)>, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        let centres = caller.places(&may);
        self.store.read(|view| Ok(view.not_recorded(centres)?))
    }
}

/// The beginning of an entry about a participant, at the present centre.
pub(super) fn of_participant<K: Kind>(participant: &Participant) -> Entry {
    Entry::new(K::ENTRY)
        .at(&participant.centre)
        .on("participant", participant.number.as_str())
        .on("reference", participant.reference.as_str())
}

/// The deviation that a record is, if it is one.
///
/// # Errors
/// Why it does not fit the participant's way so far.
pub(super) fn deviation<K: Kind>(
    view: &View<'_>,
    trial: &Trial,
    participant: &Participant,
    answers: &Answers,
) -> Result<Option<&'static str>, Refusal> {
    let life = life_of(view, trial, participant)?;
    K::fits(trial, &life, answers).map_err(|unfit| refusal(&unfit))
}

/// The record's entry with its answers: free text beside the line, everything else in it.
fn answered<K: Kind>(entry: Entry, answers: &Answers, deviation: Option<&'static str>) -> Entry {
    let told = |entry: Entry, question: &record::Question| match answers.get(question.id) {
        None => entry,
        Some(_) if question.asked == Asked::Number => entry,
        Some(answer) if question.asked == Asked::Text => entry.private(question.id, said(answer)),
        Some(answer) => entry.with(question.id, said(answer)),
    };
    let entry = K::QUESTIONS.iter().fold(entry, told);
    match deviation {
        Some(deviation) => entry.with("deviation", deviation),
        None => entry,
    }
}

fn said(answer: &Answer) -> Fact {
    match answer {
        Answer::Text(text) => text.as_str().into(),
        Answer::Day(day) => day.to_string().into(),
        Answer::Moment(moment) => moment.to_string().into(),
        Answer::Whole(number) => (*number).into(),
        Answer::Yes(yes) => (*yes).into(),
    }
}

/// The words of a question, in both languages.
fn label(question: &str) -> Arg {
    text::both(&format!("ask.{question}"))
}

fn field_error(problem: &FieldProblem) -> FieldError {
    let code = FieldCode::parse(problem.code).unwrap_or(FieldCode::WrongType);
    if problem.field.is_empty() {
        return FieldError::new("/answers", code);
    }
    let error = FieldError::new(format!("/answers/{}", problem.field), code);
    let error = error.with("field", label(&problem.field));
    let given = [("min", problem.min.clone()), ("max", problem.max.clone())];
    given.into_iter().fold(error, |error, (name, value)| match value {
        Some(value) => error.with(name, value),
        None => error,
    })
}

pub(super) fn refusal(unfit: &Unfit) -> Refusal {
    let wrong = |question: &str, code| FieldError::new(format!("/answers/{question}"), code);
    match unfit {
        Unfit::State => Refusal::new(Why::WrongState),
        Unfit::NotPrepared => Refusal::new(Why::NotPrepared),
        Unfit::Choice(question) => Refusal::fields(vec![wrong(question, FieldCode::ChoiceUnknown)]),
        Unfit::Needed(question) => Refusal::fields(vec![wrong(question, FieldCode::Required)]),
        Unfit::Recorded(question) => Refusal::fields(vec![wrong(question, FieldCode::AgainWhy)]),
        Unfit::Before(question) => {
            let earlier = if *question == "ended" { "started" } else { "release" };
            let error = wrong(question, FieldCode::DateOrder);
            let error = error.with("later", label(question)).with("earlier", label(earlier));
            Refusal::fields(vec![error])
        }
    }
}
