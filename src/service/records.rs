//! Signed records of a participant's way: infusions, missed doses, stops, ends, moves, mistakes, accidents. One road for
//! all of them; what each asks and when it fits stands in `domain::record`.

use super::confirmation::read_line;
use super::randomise::find;
use super::signature::Signed;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, Granted, ReadParticipants};
use crate::domain::answers::FieldProblem;
use crate::domain::entry::{Entry, Fact, Facts, fact};
use crate::domain::ids::{EnrolmentNumber, Reference, VisitId};
use crate::domain::life::{Happened, Life, Unfit};
use crate::domain::record::{self, Accident, Answer, Answers, Asked, Kind};
use crate::domain::time::Moment;
use crate::domain::trial::Trial;
use crate::limits::TEXT;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::line::Line;
use crate::store::queries::{Participant, View};
use crate::store::repeats::OnceKey;
use crate::store::{StoreError, Tx};
use crate::text::{self, Arg};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A record as it is read.
pub struct Told {
    /// Its line.
    pub line: Line,
    /// The printed name of who signed it.
    pub by: String,
    /// Free text, as long as it was not erased.
    pub private: Option<Facts>,
}

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
    ) -> Result<Answered<u64>, Refusal> {
        let (_, may) = self.may_about::<K::Right>(caller, &reference).await?;
        let answers = self.read_record::<K>(&raw)?;
        let signed = self.check_signature(caller, K::Right::NAME, signature).await?;
        let trial = Arc::clone(&self.trial);
        let centres = caller.person.centres.clone();
        let done = self.act(&may, move |tx| {
            if let Some(first) = first_answer(tx, &once)? {
                return Ok((first.seq, true));
            }
            let participant = find(&tx.view(), &reference)?;
            // Moved away since the right was asked: another centre's from now on.
            if !centres.contains(&participant.centre) {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let life = life_of(&tx.view(), &trial, &participant)?;
            let deviation = K::fits(&trial, &life, &answers).map_err(|unfit| refusal(&unfit))?;
            let entry = Entry::new(K::ENTRY)
                .at(&participant.centre)
                .on("participant", participant.number.as_str())
                .on("reference", reference.as_str());
            append::<K>(tx, entry, &answers, deviation, &signed, &once)
        });
        let ((seq, repeated), receipt) = done.await?.into_parts();
        Ok(Answered { value: seq, receipt, repeated })
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
    ) -> Result<Answered<u64>, Refusal> {
        let may = self.may_somewhere::<<Accident as Kind>::Right>(caller).await?;
        let answers = self.read_record::<Accident>(&raw)?;
        let about = self.accident_of(caller, &may, answers.text("participant")).await?;
        let act = <Accident as Kind>::Right::NAME;
        let signed = self.check_signature(caller, act, signature).await?;
        let done = self.act(&may, move |tx| {
            if let Some(first) = first_answer(tx, &once)? {
                return Ok((first.seq, true));
            }
            let entry = Entry::new(Accident::ENTRY);
            let entry = match &about {
                Some(participant) => entry
                    .at(&participant.centre)
                    .on("participant", participant.number.as_str())
                    .on("reference", participant.reference.as_str()),
                None => entry,
            };
            append::<Accident>(tx, entry, &answers, None, &signed, &once)
        });
        let ((seq, repeated), receipt) = done.await?.into_parts();
        Ok(Answered { value: seq, receipt, repeated })
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

    /// A participant's way so far.
    ///
    /// # Errors
    /// `no-such-record` when unknown or another centre's.
    pub async fn life(&self, caller: &Caller, reference: &Reference) -> Result<Life, Refusal> {
        let participant = self.participant(caller, reference).await?.participant;
        self.store.read(|view| life_of(view, &self.trial, &participant))
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

    /// A participant's records, oldest first, with their private parts.
    ///
    /// # Errors
    /// `no-such-record` when unknown or another centre's.
    pub async fn records(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<Vec<Told>, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        self.store.read(|view| {
            let participant = find(view, reference)?;
            if caller.places(&may).is_some_and(|own| !own.contains(&participant.centre)) {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let told = view.records_of(reference)?.into_iter().map(|record| {
                let line = read_line(view, record.entry)?;
                let by = super::confirmation::printed_name(view, &line.by)?;
                Ok(Told { by, private: view.private_record(record.entry)?, line })
            });
            told.collect()
        })
    }
}

/// Appends the record's entry: free text beside the line, everything else in it.
pub(super) fn append<K: Kind>(
    tx: &mut Tx<'_>,
    entry: Entry,
    answers: &Answers,
    deviation: Option<&'static str>,
    signed: &Signed,
    once: &OnceKey,
) -> Result<(u64, bool), Refusal> {
    let told = |entry: Entry, question: &record::Question| match answers.get(question.id) {
        None => entry,
        Some(_) if question.asked == Asked::Number => entry,
        Some(answer) if question.asked == Asked::Text => entry.private(question.id, said(answer)),
        Some(answer) => entry.with(question.id, said(answer)),
    };
    let entry = K::QUESTIONS.iter().fold(entry, told);
    let entry = match deviation {
        Some(deviation) => entry.with("deviation", deviation),
        None => entry,
    };
    let seq = tx.append(signed.on(entry))?;
    tx.remember(once, &seq.to_string(), seq)?;
    Ok((seq, false))
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

/// A participant's way, folded from releases and records.
pub(super) fn life_of(
    view: &View<'_>,
    trial: &Trial,
    participant: &Participant,
) -> Result<Life, Refusal> {
    let mut happened: Vec<(u64, Happened)> = vec![];
    for release in view.releases_of(&participant.reference, "prepare")? {
        let visit = VisitId::parse(release.visit.as_deref().unwrap_or_default());
        let visit = visit.map_err(|_| StoreError::Damaged)?;
        happened.push((release.entry, Happened::Prepared(visit, release.at)));
    }
    for record in view.records_of(&participant.reference)? {
        let line = read_line(view, record.entry)?;
        happened.extend(happened_in(&line).map(|one| (record.entry, one)));
    }
    happened.sort_by_key(|(entry, _)| *entry);
    let allocation = view.allocation(&participant.reference)?;
    let randomised = allocation.map(|allocation| allocation.at);
    let eligible = participant.outcome == "eligible";
    let happened = happened.into_iter().map(|(_, one)| one);
    Ok(Life::of(participant.centre.clone(), eligible, randomised, happened, &trial.zone))
}

/// What an entry means for the participant's way; nothing when it does not change it.
pub fn happened_in(line: &Line) -> Option<Happened> {
    let text = |name: &str| match fact(&line.entry.data, name) {
        Some(Fact::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let visit = || VisitId::parse(&text("visit")?).ok();
    match line.entry.act.as_str() {
        "infusion-recorded" => Some(Happened::Infused(visit()?, Moment::parse(&text("started")?)?)),
        "infusion-missed" => Some(Happened::Missed(visit()?)),
        "treatment-ended" => Some(Happened::Stopped(text("reason")?)),
        "treatment-resumed" => Some(Happened::Resumed),
        "participation-ended" => Some(Happened::Left(text("how")?)),
        "mistake-recorded" => Some(Happened::Mistaken(text("mistake")?)),
        _ => None,
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
