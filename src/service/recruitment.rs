//! Opening, pausing and closing recruitment: the sponsor's decision, for a centre or for the trial, with a reason.

use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, DecideRecruitment, ReadRecruitment};
use crate::domain::entry::Entry;
use crate::domain::ids::CentreId;
use crate::domain::time::Date;
use crate::limits::TEXT;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::manifest::ListPurpose;
use crate::store::Tx;
use crate::store::repeats::OnceKey;

/// What the sponsor decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Participants may be randomised.
    Open,
    /// Not now.
    Pause,
    /// Not any more.
    Close,
}

impl Decision {
    fn entry(self) -> Entry {
        Entry::new(match self {
            Decision::Open => "recruitment-opened",
            Decision::Pause => "recruitment-paused",
            Decision::Close => "recruitment-closed",
        })
    }
}

/// Recruitment figures of a centre, or of the trial. No strata: block positions could be counted from them.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The centre; none is the trial.
    pub centre: Option<CentreId>,
    /// `open`, `paused`, `closed`, or none while nothing was decided.
    pub state: Option<String>,
    /// Participants screened.
    pub screened: u64,
    /// Participants randomised.
    pub randomised: u64,
}

impl House {
    /// Opens, pauses or closes recruitment at a centre, or in the trial.
    ///
    /// # Errors
    /// `reason-needed` as a field; `list-not-reviewed`, `decisions-open` and `drill-not-passed` when opening; `wrong-state` after closing.
    pub async fn decide_recruitment(
        &self,
        caller: &Caller,
        decision: Decision,
        centre: Option<CentreId>,
        reason: String,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<DecideRecruitment>(caller).await?;
        if centre.as_ref().is_some_and(|centre| self.trial.centre(centre).is_none()) {
            let error = FieldError::new("/centre", FieldCode::ChoiceUnknown);
            return Err(Refusal::fields(vec![error]));
        }
        check_reason("/reason", &reason)?;
        let signed = self.check_signature(caller, DecideRecruitment::NAME, signature).await?;
        let open = self.open_decisions();
        let live = self.purpose() == ListPurpose::Live;
        let undecided = live && !open.is_empty();
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            if decision == Decision::Open && undecided {
                return Err(Refusal::new(Why::DecisionsOpen).with("decisions", open.join(", ")));
            }
            check_state(tx, decision, centre.as_ref())?;
            // The road of an emergency holds from the first participant on, whoever proved it there (EU-2).
            if let (Decision::Open, true, Some(centre)) = (decision, live, &centre)
                && !tx.view().has_passed_drill(centre)?
            {
                return Err(Refusal::new(Why::DrillNotPassed));
            }
            let entry = signed.on(decision.entry()).private("reason", reason);
            let entry = match &centre {
                Some(centre) => entry.at(centre),
                None => entry,
            };
            let seq = tx.append(entry)?;
            tx.remember(&once, "decided", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Recruitment figures: the trial's, then each centre's.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn recruitment(&self, caller: &Caller) -> Result<Vec<Figures>, Refusal> {
        self.may_somewhere::<ReadRecruitment>(caller).await?;
        self.store.read(|view| {
            let mut all = vec![];
            let mut screened = 0;
            for centre in &self.trial.centres {
                let here = view.screened(&centre.id)?;
                screened += here;
                all.push(Figures {
                    centre: Some(centre.id.clone()),
                    state: view.recruitment(centre.id.as_str())?,
                    screened: here,
                    randomised: view.randomised(Some(&centre.id))?,
                });
            }
            let state = view.recruitment("trial")?;
            let randomised = view.randomised(None)?;
            all.insert(0, Figures { centre: None, state, screened, randomised });
            Ok(all)
        })
    }
}

impl House {
    /// How many were randomised in the trial by each day on which somebody was: day and sum, oldest first. Of the whole
    /// trial alone, so that it shows no stratum's blocks.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn recruitment_curve(&self, caller: &Caller) -> Result<Vec<(Date, u64)>, Refusal> {
        self.may_somewhere::<ReadRecruitment>(caller).await?;
        let moments = self.store.read(|view| view.randomised_at())?;
        let mut curve: Vec<(Date, u64)> = vec![];
        for (sum, moment) in (1..).zip(moments) {
            let day = self.trial.zone.day(moment);
            match curve.last_mut() {
                Some(last) if last.0 == day => last.1 = sum,
                _ => curve.push((day, sum)),
            }
        }
        Ok(curve)
    }
}

fn check_state(tx: &Tx<'_>, decision: Decision, centre: Option<&CentreId>) -> Result<(), Refusal> {
    let lists = tx.view().lists()?;
    if decision == Decision::Open && !lists.iter().any(|list| list.reviewed.is_some()) {
        return Err(Refusal::new(Why::ListNotReviewed));
    }
    let state = tx.view().recruitment(centre.map_or("trial", CentreId::as_str))?;
    let fits = matches!(
        (state.as_deref(), decision),
        (None | Some("paused"), Decision::Open)
            | (Some("open"), Decision::Pause)
            | (Some("open" | "paused"), Decision::Close)
    );
    if fits { Ok(()) } else { Err(Refusal::new(Why::WrongState)) }
}

/// A reason is a text of 1 to 500 characters.
pub(super) fn check_reason(pointer: &str, reason: &str) -> Result<(), Refusal> {
    let length = reason.trim().chars().count();
    let code = match length {
        0 => FieldCode::ReasonNeeded,
        n if n > TEXT => FieldCode::TextTooLong,
        _ => return Ok(()),
    };
    Err(Refusal::fields(vec![FieldError::new(pointer, code).with("max", TEXT as u64)]))
}
