//! Answers that turn out to be wrong after the randomisation. Both are kept: what the allocation was made by, which stays,
//! and what is true; the corrected stratum is computed from the corrected answers like any other (AL-9, I8).

use super::confirmation::read_line;
use super::randomise::find;
use super::recruitment::check_reason;
use super::screen::{describe, raw_of};
use super::way::own;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, Correct, ReadParticipants};
use crate::domain::answers::{Answers, Raw};
use crate::domain::eligibility::{self, Outcome, Verdict};
use crate::domain::entry::Entry;
use crate::domain::ids::{Reference, StratumId};
use crate::domain::stratum;
use crate::domain::trial::Trial;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::hex;
use crate::store::queries::{Participant, View};
use crate::store::repeats::OnceKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The word of a correction's entry.
const ENTRY: &str = "answers-corrected";

/// A correction as it is asked for.
pub struct Correction {
    /// The entry of the answers that were read.
    pub seen: u64,
    /// All answers, not only the corrected ones.
    pub answers: BTreeMap<String, Raw>,
    /// Why they were wrong.
    pub why: String,
}

/// A participant's answers as they were corrected last.
pub struct Corrected {
    /// The entry.
    pub entry: u64,
    /// Every answer, the wrong ones replaced.
    pub answers: BTreeMap<String, Raw>,
    /// Every criterion, by the corrected answers.
    pub verdict: Verdict,
    /// The stratum that they give; the participant keeps the one of the randomisation.
    pub stratum: Option<StratumId>,
}

impl House {
    /// Corrects the answers of a randomised participant. Neither stratum nor code moves.
    ///
    /// # Errors
    /// `wrong-state` before randomisation, where answers are simply changed; `changed-since-read` when `seen` is not
    /// the entry of the answers as they stand; `invalid-fields`; `signature-needed`.
    pub async fn correct_answers(
        &self,
        caller: &Caller,
        reference: Reference,
        correction: Correction,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<Reference>, Refusal> {
        let (participant, may) = self.may_about::<Correct>(caller, &reference).await?;
        let Correction { seen, answers: raw, why } = correction;
        check_reason("/why", &why)?;
        if self.names_treatment(&why) {
            return Err(Refusal::fields(vec![FieldError::new("/why", FieldCode::NamesTreatment)]));
        }
        let judged = self.judge(&participant.screened_at(), &raw)?;
        let signed = self.check_signature(caller, Correct::NAME, signature).await?;
        let configuration = hex(&self.configuration);
        let trial = Arc::clone(&self.trial);
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok((reference, true));
            }
            let participant = find(&tx.view(), &reference)?;
            let allocation = tx.view().allocation(&reference)?;
            let allocation = allocation.ok_or_else(|| Refusal::new(Why::WrongState))?;
            let before = corrected(&tx.view(), &trial, &participant)?;
            let before = before.map_or(participant.screening, |corrected| corrected.entry);
            if before != seen {
                return Err(Refusal::new(Why::ChangedSinceRead));
            }
            if judged.answers.identity().enrolment_number != participant.number {
                let error = FieldError::new("/answers/enrolment_number", FieldCode::EnrolTaken);
                return Err(Refusal::fields(vec![error]));
            }
            let entry = Entry::new(ENTRY)
                .at(&participant.centre)
                .on("participant", participant.number.as_str())
                .on("reference", reference.as_str())
                .with("before", before)
                .with("randomised-stratum", allocation.stratum.as_str());
            let entry = describe(entry, &judged, &raw, &configuration).private("why", why);
            // Answers that are not eligible give no stratum at all.
            let moved = judged.stratum.stratum.is_some_and(|now| now != allocation.stratum);
            let entry = match judged.verdict.outcome {
                _ if moved => entry.with("deviation", "wrong-stratum"),
                Outcome::Eligible => entry,
                _ => entry.with("deviation", "ineligible"),
            };
            let seq = tx.append(signed.on(entry))?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok((reference, false))
        });
        Ok(done.await?.into())
    }

    /// A participant's corrected answers; nothing while nothing was corrected.
    ///
    /// # Errors
    /// `no-such-record` when unknown or another centre's.
    pub async fn corrected(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<Option<Corrected>, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        self.store.read(|view| corrected(view, &self.trial, &own(view, caller, &may, reference)?))
    }
}

pub(super) fn corrected(
    view: &View<'_>,
    trial: &Trial,
    participant: &Participant,
) -> Result<Option<Corrected>, Refusal> {
    let records = view.records_of(&participant.reference)?;
    let Some(last) = records.into_iter().rev().find(|record| record.act == ENTRY) else {
        return Ok(None);
    };
    // Erased by law: that there was a correction, its line still says.
    let record = view.private_record(last.entry)?;
    let Some(answers) = raw_of(record.as_ref()) else { return Ok(None) };
    let written = read_line(view, last.entry)?.at;
    let centre = participant.screened_at();
    let read = Answers::read(trial, &centre, &answers, written);
    let read = read.map_err(|_| Refusal::new(Why::WrongState))?;
    Ok(Some(Corrected {
        entry: last.entry,
        verdict: eligibility::judge(trial, &read),
        stratum: stratum::compute(trial, &centre, &read).stratum,
        answers,
    }))
}
