//! The trial as configured, its commitment, its lists, its recruitment.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt, signature};
use super::extract::{Body, IdempotencyKey, InPath};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::acts;
use crate::domain::access::{DecideRecruitment, ReadList, ReadRecruitment, ReviewList};
use crate::domain::ids::CentreId;
use crate::domain::trial::Words;
use crate::refusal::{Code, FieldCode};
use crate::sealing::bytes::hex;
use crate::service::House;
use crate::service::recruitment::Decision;
use crate::text::{self, Language};
use actix_web::web::Data;

/// The acts that are signed, by the key of their words.
pub const SIGNED: [&str; 22] = [
    "screen",
    "sign-eligibility",
    "randomise",
    "entrust",
    "record-visit",
    "end-treatment",
    "resume-treatment",
    "transfer",
    "correct",
    "report-accident",
    "break-code",
    "import-break",
    "follow-up",
    "close-break",
    "plan-unblinding",
    "review-list",
    "review-trail",
    "void-code",
    "disclose",
    "decide-recruitment",
    "record-preparation",
    "check",
];

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let decided = "Decided";
    let refusals = [Code::SignatureNeeded, Code::WrongState];
    vec![
        Route::get("/v1/trial", trial)
            .signed_in()
            .says("What the trial asks and says, from its configuration; no arms, no block sizes")
            .gives::<acts::TrialBody>(200, "The trial"),
        Route::get("/v1/commitment", commitment)
            .public()
            .says("The signed manifest and the trail's public key: what every opener pins")
            .gives::<acts::CommitmentBody>(200, "The public commitment"),
        Route::get("/v1/lists", lists)
            .act(ReadList)
            .says("The lists' commitments and machine-made reports")
            .gives::<acts::ListsBody>(200, "By segment"),
        Route::post("/v1/lists/{segment}/review", review)
            .act(ReviewList)
            .says("Approves a list's report, so that the list may issue")
            .takes::<acts::SignedBody>()
            .gives::<acts::Done>(200, "Approved")
            .refuses(&refusals)
            .idempotent(),
        Route::get("/v1/recruitment", recruitment)
            .act(ReadRecruitment)
            .says("Recruitment figures of trial and centres; no strata")
            .gives::<acts::RecruitmentBody>(200, "The figures"),
        Route::post("/v1/recruitment/open", open)
            .act(DecideRecruitment)
            .says("Opens recruitment, of the trial or of a centre")
            .takes::<acts::RecruitmentDecision>()
            .gives::<acts::Done>(200, decided)
            .refuses(&refusals)
            .refuses(&[Code::ListNotReviewed, Code::DecisionsOpen, Code::DrillNotPassed])
            .idempotent(),
        Route::post("/v1/recruitment/pause", pause)
            .act(DecideRecruitment)
            .says("Pauses recruitment, of the trial or of a centre")
            .takes::<acts::RecruitmentDecision>()
            .gives::<acts::Done>(200, decided)
            .refuses(&refusals)
            .idempotent(),
        Route::post("/v1/recruitment/close", close)
            .act(DecideRecruitment)
            .says("Closes recruitment for ever, of the trial or of a centre")
            .takes::<acts::RecruitmentDecision>()
            .gives::<acts::Done>(200, decided)
            .refuses(&refusals)
            .idempotent(),
    ]
}

fn words(words: &Words) -> acts::WordsBody {
    acts::WordsBody { en: words.en.clone(), zh: words.zh.clone() }
}

async fn trial(house: Data<House>, _who: Who) -> Answer<acts::TrialBody> {
    let trial = &house.trial;
    let centre = |centre: &crate::domain::trial::Centre| acts::CentreBody {
        id: centre.id.to_string(),
        prefix: centre.prefix.clone(),
        name: words(&centre.name),
    };
    let field = |field: &crate::domain::trial::Field| acts::FieldBody {
        id: field.id.to_string(),
        kind: field.kind.word().to_owned(),
        required: !field.optional,
        words: words(&field.name),
    };
    let meaning = |act: &str| acts::WordsBody {
        en: text::meaning(act, Language::En),
        zh: text::meaning(act, Language::ZhCn),
    };
    let visits = trial.visits.iter().filter(|visit| visit.infusion);
    Answer::ok(acts::TrialBody {
        trial: trial.id.to_string(),
        title: words(&trial.title),
        purpose: house.purpose().as_str().to_owned(),
        zone: trial.zone.name().to_owned(),
        centres: trial.centres.iter().map(centre).collect(),
        fields: trial.fields.iter().map(field).collect(),
        visits: visits.map(|visit| visit.id.to_string()).collect(),
        categories: trial.emergency.categories.iter().map(|c| c.id.clone()).collect(),
        condition: words(&trial.emergency.condition),
        meanings: SIGNED.iter().map(|act| ((*act).to_owned(), meaning(act))).collect(),
    })
}

async fn commitment(house: Data<House>) -> Result<Answer<acts::CommitmentBody>, Problem> {
    Ok(Answer::ok(acts::CommitmentBody {
        manifest: house.manifest.to_file_text(),
        trail_key: house.store.signer().vkey(),
        extensions: house.extensions()?,
    }))
}

async fn lists(house: Data<House>, who: Who) -> Result<Answer<acts::ListsBody>, Problem> {
    let lists =
        house.read_lists(&who.caller).await?.into_iter().map(|(list, report)| acts::ListBody {
            segment: list.segment,
            purpose: list.purpose,
            manifest: hex(&list.manifest),
            root: hex(&list.root),
            report,
            imported: list.imported,
            reviewed: list.reviewed,
        });
    Ok(Answer::ok(acts::ListsBody { lists: lists.collect() }))
}

async fn review(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(segment): InPath<u32>,
    body: Body<acts::SignedBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("review {segment}"), &body.raw);
    let signature = signature(&key, &body.raw, body.said.signature)?;
    let answered = house.review_list(&who.caller, segment, &signature, once).await?;
    Ok(Answer::ok(acts::Done { repeated: answered.repeated, receipt: receipt(answered.receipt) }))
}

async fn recruitment(
    house: Data<House>,
    who: Who,
) -> Result<Answer<acts::RecruitmentBody>, Problem> {
    let places =
        house.recruitment(&who.caller).await?.into_iter().map(|figures| acts::FiguresBody {
            centre: figures.centre.map(|centre| centre.to_string()),
            state: figures.state,
            screened: figures.screened,
            randomised: figures.randomised,
        });
    let target = house.trial.target;
    Ok(Answer::ok(acts::RecruitmentBody { places: places.collect(), target }))
}

async fn open(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::RecruitmentDecision>,
) -> Result<Answer<acts::Done>, Problem> {
    decide(&house, who, &key, body, Decision::Open).await
}

async fn pause(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::RecruitmentDecision>,
) -> Result<Answer<acts::Done>, Problem> {
    decide(&house, who, &key, body, Decision::Pause).await
}

async fn close(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::RecruitmentDecision>,
) -> Result<Answer<acts::Done>, Problem> {
    decide(&house, who, &key, body, Decision::Close).await
}

async fn decide(
    house: &House,
    who: Who,
    key: &IdempotencyKey,
    body: Body<acts::RecruitmentDecision>,
    decision: Decision,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(key, &format!("{decision:?}"), &body.raw);
    let said = body.said;
    let centre = said.centre.as_deref().map(CentreId::parse).transpose();
    let centre = named("/centre", FieldCode::ChoiceUnknown, centre)?;
    let signature = signature(key, &body.raw, said.signature)?;
    let answered =
        house.decide_recruitment(&who.caller, decision, centre, said.reason, &signature, once);
    Ok(Answer::ok(done(answered.await?)))
}
