//! What the acts take and answer. Answers are made from domain values by hand; no struct here has a place for an arm, a
//! position, a block or what remains in a stratum, except the one release answer that the seal itself needs.

use super::passkeys::PasskeyAnswerBody;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use zeroize::Zeroizing;

/// Signs an act: the sign-in password once more or the caller's key, and the meaning's exact words in either language.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureBody {
    /// The sign-in password, typed for this act. This or `key`, never both.
    #[schema(value_type = Option<String>, max_length = 256)]
    pub password: Option<Zeroizing<String>>,
    /// 64 bytes, hexadecimal: by the caller's registered card, purpose `act`, over the compact JSON
    /// `{"act","once","body","meaning"}`: the act's word, the Idempotency-Key as it is sent, the SHA-256 of the compact
    /// JSON body without its `signature`, the meaning. Breaking a code takes it.
    #[schema(max_length = 128)]
    pub key: Option<String>,
    /// The exact words, as `GET /v1/trial` lists them.
    #[schema(max_length = 500)]
    pub meaning: String,
}

/// What proves that an entry stands in the trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptBody {
    /// The line, byte for byte.
    pub entry: String,
    /// Its number.
    pub index: u64,
    /// Inclusion proof (RFC 6962), hexadecimal, lowest node first.
    pub proof: Vec<String>,
    /// The signed head: a C2SP checkpoint.
    pub checkpoint: String,
}

/// An act was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// It was done before, under the same key or for the same participant; this is the first answer.
    pub repeated: bool,
    /// Its proof.
    pub receipt: ReceiptBody,
}

/// An act was done, and what it made has a reference.
#[derive(Debug, Serialize, ToSchema)]
pub struct Made {
    /// The new record's reference, eight characters.
    pub reference: String,
    /// It was done before; this is the first answer.
    pub repeated: bool,
    /// Its proof.
    pub receipt: ReceiptBody,
}

/// Asks for a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's id.
    #[schema(max_length = 80)]
    pub name: String,
    /// The sign-in password.
    #[schema(value_type = String, max_length = 256)]
    pub password: Zeroizing<String>,
    /// Six digits or a recovery code, where a second factor is set up.
    #[schema(max_length = 40)]
    pub code: Option<String>,
    /// The token of one's own device, in the place of a code.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub device: Option<Zeroizing<String>>,
    /// Is this one's own device, to be known for thirty days?
    #[serde(default, rename = "keepDevice")]
    pub keep_device: bool,
    /// What a passkey answered, in the place of a code.
    pub passkey: Option<PasskeyAnswerBody>,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionBody {
    /// The bearer token, at sign-in only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The account's id.
    pub person: String,
    /// The printed name.
    pub name: String,
    /// The one role.
    pub role: String,
    /// Where; empty for the whole trial.
    pub centres: Vec<String>,
    /// The absolute end, at sign-in only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The token of one's own device, when it was to be known from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// Takes up an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The token that was handed over.
    #[schema(value_type = String, max_length = 64)]
    pub token: Zeroizing<String>,
    /// The new password: at least twelve characters.
    #[schema(value_type = String, min_length = 12, max_length = 256)]
    pub password: Zeroizing<String>,
}

/// The account that an invitation was for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// The account's id.
    pub person: String,
}

/// Invites a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationBody {
    /// The account's id, for ever: lower-case letters, digits, hyphens.
    #[schema(max_length = 40)]
    pub person: String,
    /// The printed name.
    #[schema(max_length = 80)]
    pub name: String,
    /// One of the eight roles.
    pub role: String,
    /// Where: required for coordinators, investigators and pharmacists, empty for the others.
    #[serde(default)]
    pub centres: Vec<String>,
    /// A former account of the same person.
    pub formerly: Option<String>,
    /// It is another person of the same name: how that is known.
    #[serde(rename = "anotherPerson")]
    #[schema(max_length = 500)]
    pub another_person: Option<String>,
    /// Principal investigator of those centres, for an investigator: closes code breaks there.
    #[serde(default)]
    pub principal: bool,
}

/// An invitation to hand over.
#[derive(Serialize, ToSchema)]
pub struct InvitedBody {
    /// The account's id.
    pub person: String,
    /// The token, shown this once, good for 72 hours.
    #[schema(value_type = String)]
    pub token: Zeroizing<String>,
    /// The invitation had been written before; the old token has ended.
    pub repeated: bool,
    /// Its proof.
    pub receipt: ReceiptBody,
}

/// Somebody with an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonBody {
    /// The account's id.
    pub person: String,
    /// The printed name.
    pub name: String,
    /// The one role.
    pub role: String,
    /// Where.
    pub centres: Vec<String>,
    /// `invited`, `active` or `disabled`.
    pub state: String,
    /// Principal investigator of those centres.
    pub principal: bool,
}

/// Gives or takes the mark of principal investigator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrincipalBody {
    /// Given, or taken?
    pub principal: bool,
}

/// Everybody.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeopleBody {
    /// By id.
    pub people: Vec<PersonBody>,
}

/// One answer of the screening form: text, or a list of texts. Numbers are written as text, so that they stay exact.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum AnswerBody {
    /// One value; `not-sure` counts as unanswered.
    One(String),
    /// Several choices.
    Many(Vec<String>),
}

/// A new participant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreeningBody {
    /// The centre.
    pub centre: String,
    /// By field id, as `GET /v1/trial` lists them.
    pub answers: BTreeMap<String, AnswerBody>,
    /// That the values agree with the source documents. It may be left out.
    pub signature: Option<SignatureBody>,
}

/// Corrected answers of a participant who is not randomised.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreeningChange {
    /// All answers, not only the changed ones.
    pub answers: BTreeMap<String, AnswerBody>,
    /// That the values agree with the source documents. It may be left out.
    pub signature: Option<SignatureBody>,
}

/// One criterion's result.
#[derive(Debug, Serialize, ToSchema)]
pub struct CriterionBody {
    /// Its id in the configuration.
    pub id: String,
    /// `met`, `not-met` or `unknown`.
    pub result: String,
    /// What a `not-met` does: `block`, or `warn`, which the investigator must acknowledge.
    pub on_false: String,
    /// In English.
    pub en: String,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    pub zh: String,
}

/// One item of the stratification rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemBody {
    /// Its id.
    pub id: String,
    /// `met`, `not-met` or `unknown`.
    pub result: String,
}

/// A participant's record, blinded.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParticipantBody {
    /// The name in paths.
    pub reference: String,
    /// The enrolment number.
    pub number: String,
    /// The centre.
    pub centre: String,
    /// `eligible`, `not-eligible` or `incomplete`.
    pub outcome: String,
    /// The computed stratum; none while a component is unanswered.
    pub stratum: Option<String>,
    /// The version of the answers: what `If-Match` and an eligibility signature name.
    pub version: String,
    /// The investigator's signature stands.
    pub eligibility_signed: bool,
}

/// Participants by enrolment number.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParticipantsBody {
    /// At most 200.
    pub participants: Vec<ParticipantBody>,
}

/// A participant with all that follows from the answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParticipantDetail {
    /// The record.
    #[serde(flatten)]
    pub participant: ParticipantBody,
    /// The answers as they were typed.
    pub answers: BTreeMap<String, AnswerBody>,
    /// Every criterion.
    pub criteria: Vec<CriterionBody>,
    /// The stratum, item by item.
    pub items: Vec<ItemBody>,
    /// When a code was issued.
    pub randomised_at: Option<String>,
    /// When its code was broken: that, never what.
    pub broken_at: Option<String>,
}

/// Looks a participant up by enrolment number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// The enrolment number.
    pub number: String,
}

/// The investigator's judgement: exactly one of `eligible` and `sendBack`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EligibilityBody {
    /// The version of the answers that were read.
    pub version: String,
    /// Reasons for each warning, by criterion id.
    #[serde(default)]
    pub acknowledged: BTreeMap<String, String>,
    /// Why this is another person than the one with the same initials, birth date and sex.
    pub another_person: Option<String>,
    /// Back to the coordinator, with this note.
    pub send_back: Option<String>,
    /// The signature.
    pub signature: SignatureBody,
}

/// Asks for the allocation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomiseBody {
    /// The coordinator's signature. A machine sends none: a coordinator has signed before that it may ask.
    pub signature: Option<SignatureBody>,
}

/// A participant's code. No field for an arm exists.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocationBody {
    /// The allocation's own reference.
    pub reference: String,
    /// The treatment code: seven digits, without spaces.
    #[schema(example = "7429133")]
    pub code: String,
    /// The participant's stratum.
    pub stratum: String,
    /// When it was issued, UTC.
    pub at: String,
    /// The trial's time zone.
    pub zone: String,
}

/// A randomisation's answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocatedBody {
    /// The code.
    #[serde(flatten)]
    pub allocation: AllocationBody,
    /// The participant was randomised before; this is the first answer.
    pub repeated: bool,
    /// Its proof.
    pub receipt: ReceiptBody,
}

/// Asks for one slot to prepare.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreparationBody {
    /// The treatment code on the prescription.
    pub code: String,
    /// Initials or birth date.
    pub identifier: String,
    /// The visit.
    pub visit: String,
    /// Why, outside the window or a second time.
    pub reason: Option<String>,
    /// How the device knows the root it proves against: `known`, `compared` or `not-compared`.
    pub root: Option<String>,
}

/// A participant with a code, and what is due.
#[derive(Debug, Serialize, ToSchema)]
pub struct DueBody {
    /// The participant.
    pub participant: String,
    /// The enrolment number.
    pub number: String,
    /// The treatment code.
    pub code: String,
    /// The visit whose infusion is due today, if one is.
    pub visit: Option<String>,
    /// What was released for preparation and may still be used, oldest first.
    pub released: Vec<super::pharmacy::ReleasedBody>,
}

/// What a pharmacist has to prepare.
#[derive(Debug, Serialize, ToSchema)]
pub struct DuesBody {
    /// By enrolment number.
    pub preparations: Vec<DueBody>,
}

/// From the leaf to the manifest's root.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeafPathBody {
    /// The leaf's number.
    pub index: u64,
    /// How many leaves.
    pub size: u64,
    /// Hexadecimal, lowest node first.
    pub path: Vec<String>,
}

/// The sealed slot, with what its seal is bound to. Pages use the position and never show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotBody {
    /// The trial.
    pub trial: String,
    /// The list's segment.
    pub segment: u32,
    /// The stratum.
    pub stratum: String,
    /// The place in the stratum's list: the seal is bound to it.
    pub position: u32,
    /// The treatment code.
    pub code: String,
    /// Which centre key seals it.
    pub epoch: u32,
    /// 92 bytes, hexadecimal.
    pub sealed: String,
    /// Its proof in the public commitment.
    pub leaf_path: LeafPathBody,
}

/// A centre key, wrapped to one holder.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrapBody {
    /// The centre.
    pub centre: String,
    /// The key's number.
    pub epoch: u32,
    /// The holder.
    pub person: String,
    /// 113 bytes, hexadecimal.
    pub wrap: String,
}

/// One released slot: what `klero open` and the pages open on the holder's device.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseBody {
    /// The release.
    pub reference: String,
    /// `prepare` or `break`.
    pub purpose: String,
    /// The enrolment number.
    pub participant: String,
    /// The sealed slot.
    pub slot: SlotBody,
    /// The caller's wrap.
    pub wrap: WrapBody,
    /// After a participant moved: the slot's own key, under the key in the wrap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<super::changes::PassedBody>,
    /// The entry that had to be durable first.
    pub receipt: ReceiptBody,
    /// The same request was answered before.
    pub repeated: bool,
    /// For a code break: who was told that, never what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Vec<String>>,
    /// For a preparation: not to be handed over before, and not to be given after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<super::pharmacy::TimesBody>,
}

/// Breaks one code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BreakBody {
    /// Treatment code, enrolment number, or the reference that a participant's card holds.
    pub participant: String,
    /// Initials or birth date; left out when the caller cannot give it, which is flagged and never refused.
    pub identifier: Option<String>,
    /// Who asks: name, role, institution.
    #[schema(max_length = 500)]
    pub requester: String,
    /// How to call back.
    #[schema(max_length = 500)]
    pub call_back: String,
    /// A category of the configuration.
    pub category: String,
    /// What happened.
    #[schema(max_length = 500)]
    pub what_happened: String,
    /// Does management depend on the allocation? A no is flagged and never refused.
    pub depends: bool,
    /// How.
    pub how: Option<String>,
    /// The planned safety unblinding that this is, by its entry: only with a category of the hotline's own.
    pub plan: Option<u64>,
    /// How the device knows the root it proves against: `known`, `compared` or `not-compared`.
    pub root: Option<String>,
    /// The signature.
    pub signature: SignatureBody,
}

/// That a code was broken, never what it stood for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrokenBody {
    /// The release.
    pub reference: String,
    /// The enrolment number.
    pub participant: String,
    /// The centre.
    pub centre: String,
    /// Why, in a word of the configuration.
    pub category: String,
    /// By whom.
    pub by: String,
    /// When, UTC. Of an opening without the service: when it was taken in.
    pub at: String,
    /// When a kit or a letter was opened without the service, UTC, by the holder's clock; none otherwise.
    pub opened_offline: Option<String>,
    /// The serial of the letter that was opened; none otherwise.
    pub letter: Option<String>,
    /// An opening receipt came back.
    pub opened: bool,
    /// None came in ten minutes; it counts as unblinded.
    pub unconfirmed: bool,
    /// The caller read it back, correctly or not.
    pub read_back: bool,
    /// How far its record is: `due`, `overdue`, `written` or `closed`. Being late refuses nothing.
    pub follow_up: String,
    /// Was anything sealed about it once the arm was known? That, never what.
    pub sealed_part: bool,
    /// Until when the record should be written, UTC.
    pub due: String,
    /// For monitor and sponsor: within the day before there was another, by the same `person`, at the same `centre`.
    pub again: Vec<String>,
}

/// Code breaks, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreaksBody {
    /// All that the caller may know of.
    pub breaks: Vec<BrokenBody>,
    /// Reading them is an entry.
    pub receipt: ReceiptBody,
}

/// A holder's device says that it opened a release.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenedBody {
    /// The release, as in the path.
    pub reference: String,
    /// Did the leaf fit the pinned root?
    pub fits: bool,
    /// The device's time, RFC 3339.
    pub at: String,
    /// 64 bytes, hexadecimal.
    pub signature: String,
}

/// The caller read the answer back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBackBody {
    /// Correctly.
    pub correct: bool,
}

/// Registers the caller's own card.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    /// The public card's JSON, as text.
    #[schema(max_length = 8192)]
    pub card: String,
    /// The sealed identity file, as text, so that a new device can fetch it.
    #[schema(max_length = 16384)]
    pub identity: Option<String>,
}

/// The caller's own key.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnKeyBody {
    /// The public card's JSON.
    pub card: String,
    /// Sixteen bytes, hexadecimal.
    pub fingerprint: String,
    /// The sealed identity file, if a copy was left here.
    pub identity: Option<String>,
}

/// A holder's public card.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardBody {
    /// The holder.
    pub person: String,
    /// Sixteen bytes, hexadecimal.
    pub fingerprint: String,
    /// The card's JSON.
    pub card: String,
}

/// Who was given which centre key.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldingBody {
    /// The centre.
    pub centre: String,
    /// The key's number.
    pub epoch: u32,
    /// The holder.
    pub person: String,
    /// Of the card it was wrapped to.
    pub fingerprint: String,
    /// The entry of the grant.
    pub entry: u64,
}

/// Cards and grants.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeysBody {
    /// Cards by person.
    pub cards: Vec<CardBody>,
    /// Grants by centre.
    pub holdings: Vec<HoldingBody>,
    /// Where too few can open, and which keys should be rotated.
    pub warnings: Vec<super::changes::KeyWarningBody>,
}

/// The caller's own wraps of one centre's keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrapsBody {
    /// One an epoch.
    pub wraps: Vec<WrapBody>,
}

/// Gives a centre key to a newcomer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantBody {
    /// To whom.
    pub person: String,
    /// Which centre's key.
    pub centre: String,
    /// Its number.
    pub epoch: u32,
    /// Of the newcomer's card, as it was compared by voice.
    pub fingerprint: String,
    /// 113 bytes, hexadecimal.
    pub wrap: String,
    /// The granting holder's signature, 64 bytes, hexadecimal.
    pub signature: String,
}

/// Takes a centre key away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovalBody {
    /// From whom.
    pub person: String,
    /// Which centre's key.
    pub centre: String,
}

/// Signs an act that needs nothing else.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedBody {
    /// The signature.
    pub signature: SignatureBody,
}

/// A list's commitment and report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListBody {
    /// Its segment.
    pub segment: u32,
    /// `live` or `training`.
    pub purpose: String,
    /// SHA-256 of the manifest's text.
    pub manifest: String,
    /// The commitment.
    pub root: String,
    /// The statistician's signed report, as JSON text: counts and checks, no assignment.
    pub report: String,
    /// The entry of the import.
    pub imported: u64,
    /// The entry of the approval.
    pub reviewed: Option<u64>,
}

/// The lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListsBody {
    /// By segment.
    pub lists: Vec<ListBody>,
}

/// Opens, pauses or closes recruitment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecruitmentDecision {
    /// The centre; left out for the trial.
    pub centre: Option<String>,
    /// Why.
    #[schema(max_length = 500)]
    pub reason: String,
    /// The signature.
    pub signature: SignatureBody,
}

/// Recruitment figures of a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiguresBody {
    /// The centre; none is the trial.
    pub centre: Option<String>,
    /// `open`, `paused`, `closed`, or none before the first decision.
    pub state: Option<String>,
    /// Participants screened.
    pub screened: u64,
    /// Participants randomised.
    pub randomised: u64,
}

/// Recruitment figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecruitmentBody {
    /// The trial first, then its centres.
    pub places: Vec<FiguresBody>,
    /// How many participants are to be randomised.
    pub target: u32,
}

/// A page of the trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinesBody {
    /// The first line's number.
    pub from: u64,
    /// The lines, byte for byte.
    pub lines: Vec<String>,
    /// The signed head.
    pub checkpoint: String,
}

/// The signed head.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointBody {
    /// A C2SP checkpoint in a signed note.
    pub checkpoint: String,
    /// The last one that witnesses cosigned (C2SP tlog-cosignature); none while nobody collects cosignatures.
    pub cosigned: Option<String>,
}

/// That one tree is the beginning of another.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsistencyBody {
    /// Hexadecimal (RFC 6962).
    pub proof: Vec<String>,
}

/// The public commitment: what every opener pins.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitmentBody {
    /// The signed manifest, as it was published.
    pub manifest: String,
    /// The key that signs checkpoints.
    pub trail_key: String,
    /// The signed manifests of later segments of the list that were approved, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// What the trial asks and says, from its configuration. Without arms.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrialBody {
    /// The registry number.
    pub trial: String,
    /// In both languages.
    pub title: WordsBody,
    /// `live` or `training`.
    pub purpose: String,
    /// The time zone.
    pub zone: String,
    /// Where.
    pub centres: Vec<CentreBody>,
    /// The screening form.
    pub fields: Vec<FieldBody>,
    /// The visits with an infusion.
    pub visits: Vec<String>,
    /// Categories of code breaks.
    pub categories: Vec<String>,
    /// The condition for breaking a code.
    pub condition: WordsBody,
    /// The exact words of each signature, by act.
    pub meanings: BTreeMap<String, WordsBody>,
}

/// The trial file, for holders' devices. Names all arms alike.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialFileBody {
    /// The TOML, byte for byte as it was founded with: its SHA-256 stands in the manifest.
    pub file: String,
}

/// Both languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct WordsBody {
    /// English.
    pub en: String,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    pub zh: String,
}

/// A centre.
#[derive(Debug, Serialize, ToSchema)]
pub struct CentreBody {
    /// Its id.
    pub id: String,
    /// Of its enrolment numbers.
    pub prefix: String,
    /// Its name.
    pub name: WordsBody,
}

/// A field of the screening form.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldBody {
    /// Its id.
    pub id: String,
    /// What kind of answer it takes.
    pub kind: String,
    /// Must be answered before eligibility can be signed.
    pub required: bool,
    /// What it asks.
    pub words: WordsBody,
}

/// Where a page of a list begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListPage {
    /// After this participant's reference; the first page without it.
    pub after: Option<String>,
    /// At most this many; 200 when left out.
    #[param(maximum = 200)]
    pub limit: Option<u32>,
}

/// Where a page of the trail begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TrailPage {
    /// The first entry's number; 0 when left out.
    pub from: Option<u64>,
    /// At most this many; 200 when left out.
    #[param(maximum = 200)]
    pub limit: Option<u32>,
}

/// Two sizes of the trail.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// The older size.
    pub from: u64,
    /// The newer size.
    pub to: u64,
}
