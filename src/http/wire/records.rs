//! Signed records of a participant's way.

use super::acts::{AnswerBody, SignatureBody};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A record: answers by question. Days as `2026-11-21`, minutes as `2026-11-21T20:35` where the trial is, yes and no as
/// `yes` and `no`, numbers as digits; `GET /v1/records/forms` lists every question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBody {
    /// The answers, by question.
    pub answers: BTreeMap<String, String>,
    /// The caller's signature.
    pub signature: SignatureBody,
}

/// Corrected answers of a randomised participant. Stratum and code stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionBody {
    /// The version of the answers that were read: the participant's, or that of the last correction.
    pub version: String,
    /// All answers, not only the corrected ones.
    pub answers: BTreeMap<String, AnswerBody>,
    /// Why they were wrong.
    #[schema(min_length = 1, max_length = 500)]
    pub why: String,
    /// The caller's signature.
    pub signature: SignatureBody,
}

/// What corrected answers come to.
#[derive(Serialize, ToSchema)]
pub struct CorrectedBody {
    /// The version for a further correction.
    pub version: String,
    /// `eligible`, `not-eligible` or `incomplete`, by the corrected answers.
    pub outcome: String,
    /// The stratum that they give, if every component is answered. The participant keeps the one of the randomisation.
    pub stratum: Option<String>,
}

/// Every kind of record.
#[derive(Serialize, ToSchema)]
pub struct FormsBody {
    /// By the word of its entry.
    pub forms: Vec<FormBody>,
}

/// What one kind of record asks.
#[derive(Serialize, ToSchema)]
pub struct FormBody {
    /// The word of its entry in the trail.
    pub entry: String,
    /// The act that its signature names.
    pub act: String,
    /// Its questions, in order.
    pub questions: Vec<QuestionBody>,
}

/// One question.
#[derive(Serialize, ToSchema)]
pub struct QuestionBody {
    /// Its name in `answers`.
    pub id: String,
    /// `choice`, `visit`, `stop-reason`, `centre`, `number`, `day`, `coming-day`, `minute`, `whole`, `yes-no` or `text`.
    pub kind: String,
    /// Must it be answered?
    pub required: bool,
    /// The words that may be chosen, where it is a choice.
    pub choices: Vec<String>,
}

/// A participant's way so far.
#[derive(Serialize, ToSchema)]
pub struct WayBody {
    /// `screened`, `failed`, `randomised`, `on-treatment`, `discontinued`, `completed`, `withdrawn`, `lost` or `died`.
    pub state: String,
    /// What the answers were corrected to, if they were.
    pub corrected: Option<CorrectedBody>,
    /// The visits of the schedule.
    pub visits: Vec<VisitDayBody>,
    /// Its signed records, oldest first.
    pub records: Vec<ToldBody>,
}

/// One visit of a participant.
#[derive(Serialize, ToSchema)]
pub struct VisitDayBody {
    /// Which.
    pub visit: String,
    /// Does it have an infusion?
    pub infusion: bool,
    /// The first day of its window; none until the first infusion gives the others their days.
    pub opens: Option<String>,
    /// The planned day.
    pub planned: Option<String>,
    /// The last day of its window.
    pub closes: Option<String>,
    /// The day of the last release for its preparation.
    pub prepared: Option<String>,
    /// The day of its infusion, once recorded.
    pub infused: Option<String>,
    /// Was its dose recorded as missed?
    pub missed: bool,
}

/// A signed record. Free text is not here: it is private, and stands on the participant's page.
#[derive(Serialize, ToSchema)]
pub struct ToldBody {
    /// Its entry's number.
    pub entry: u64,
    /// Its entry's word.
    pub act: String,
    /// When it was written.
    pub at: String,
    /// Who wrote it.
    pub by: String,
}
