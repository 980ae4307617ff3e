//! The trail: lines byte for byte, proofs, checkpoints.

use super::answer::Answer;
use super::caller::{Who, once, receipt, signature};
use super::extract::{Body, IdempotencyKey, InPath, Query, limit};
use super::people::done;
use super::problem::Problem;
use super::routes::Route;
use super::wire::{acts, list};
use crate::domain::access::{ReadTrail, ReviewTrail};
use crate::refusal::Code;
use crate::sealing::bytes::hex;
use crate::service::House;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/trail", lines)
            .act(ReadTrail)
            .says("Lines of the trail, byte for byte")
            .asks::<acts::TrailPage>()
            .gives::<acts::LinesBody>(200, "At most 200, with a signed checkpoint"),
        Route::get("/v1/trail/{entry}/proof", proof)
            .act(ReadTrail)
            .says("One line with its inclusion proof")
            .gives::<acts::ReceiptBody>(200, "The line, its proof and a checkpoint"),
        Route::post("/v1/trail/review", review)
            .act(ReviewTrail)
            .says("Signs that the trail was reviewed as far as the reviewer verified it last")
            .takes::<list::ReviewTrailBody>()
            .gives::<acts::Done>(200, "Recorded")
            .refuses(&[Code::SignatureNeeded, Code::WrongState])
            .idempotent(),
        Route::get("/v1/checkpoints/latest", latest)
            .signed_in()
            .says("The latest signed checkpoint")
            .gives::<acts::CheckpointBody>(200, "A C2SP checkpoint"),
        Route::get("/v1/checkpoints/consistency", consistency)
            .signed_in()
            .says("The proof that one tree is the beginning of another")
            .asks::<acts::Sizes>()
            .gives::<acts::ConsistencyBody>(200, "An RFC 6962 consistency proof")
            .refuses(&[Code::NoSuchRecord]),
    ]
}

async fn lines(
    house: Data<House>,
    who: Who,
    Query(page): Query<acts::TrailPage>,
) -> Result<Answer<acts::LinesBody>, Problem> {
    let (from, limit) = (page.from.unwrap_or(0), limit(page.limit)?);
    let lines = house.read_trail(&who.caller, from, limit).await?;
    let (from, checkpoint) = (lines.from, lines.checkpoint);
    Ok(Answer::ok(acts::LinesBody { from, lines: lines.lines, checkpoint }))
}

async fn proof(
    house: Data<House>,
    who: Who,
    InPath(seq): InPath<u64>,
) -> Result<Answer<acts::ReceiptBody>, Problem> {
    Ok(Answer::ok(receipt(house.prove(&who.caller, seq).await?)))
}

async fn review(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<list::ReviewTrailBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, "review-trail", &body.raw);
    let said = body.said;
    let signature = signature(&key, &body.raw, said.signature)?;
    let reviewed = house.review_trail(&who.caller, said.scope, &signature, once);
    Ok(Answer::ok(done(reviewed.await?)))
}

async fn latest(house: Data<House>, _who: Who) -> Result<Answer<acts::CheckpointBody>, Problem> {
    Ok(Answer::ok(acts::CheckpointBody {
        checkpoint: house.checkpoint()?,
        cosigned: house.cosigned()?,
    }))
}

async fn consistency(
    house: Data<House>,
    _who: Who,
    Query(between): Query<acts::Sizes>,
) -> Result<Answer<acts::ConsistencyBody>, Problem> {
    let proof = house.consistency(between.from, between.to)?;
    let proof = proof.iter().map(|hash| hex(hash)).collect();
    Ok(Answer::ok(acts::ConsistencyBody { proof }))
}
