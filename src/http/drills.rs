//! Drills of the emergency road: begun, opened, told. None of them is a code break.

use super::answer::Answer;
use super::caller::{Who, bytes, once, receipt};
use super::extract::{Body, IdempotencyKey, InPath};
use super::problem::Problem;
use super::releases::{root, slot_body, wrap_body};
use super::routes::Route;
use super::wire::drills;
use crate::domain::access::{Drill, ReadDrills};
use crate::domain::ids::Reference;
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::service::House;
use crate::service::drills::{DrillReceipt, Road};
use crate::store::drills::DrillDone;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/drills", told)
            .act(ReadDrills)
            .says("When drills were done, by whom, whether they were passed and how fast; and how long ago")
            .gives::<drills::DrillsBody>(200, "Newest first"),
        Route::post("/v1/drills", begin)
            .act(Drill)
            .says("Begins a drill: releases a slot of the training list, of the centre longest undrilled")
            .takes::<drills::DrillBody>()
            .gives::<drills::PracticeBody>(201, "The sealed slot, the keys to try, and every proof")
            .gives::<drills::PracticeBody>(200, "The same request again: the same slot, under the first entry")
            .refuses(&[Code::NoDrillList, Code::NotGrantedYet])
            .idempotent(),
        Route::post("/v1/drills/{reference}/opened", opened)
            .act(Drill)
            .says("Keeps the receipt of a drill that the holder's device signed, and the seconds it took")
            .takes::<drills::DrillOpenedBody>()
            .gives::<drills::DrillResultBody>(200, "Kept")
            .refuses(&[Code::WrongState, Code::SignatureDoesNotVerify, Code::NotGrantedYet])
            .idempotent(),
    ]
}

async fn begin(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<drills::DrillBody>,
) -> Result<Answer<drills::PracticeBody>, Problem> {
    let once = once(&key, "drill", &body.raw);
    let practice = house.drill(&who.caller, root(body.said.root)?, once).await?;
    let (released, repeated) = (practice.released, practice.repeated);
    let body = drills::PracticeBody {
        reference: released.reference.as_str().to_owned(),
        purpose: "drill".to_owned(),
        centre: practice.centre.to_string(),
        slot: slot_body(&released),
        wrap: wrap_body(&released.wrap),
        keys: practice.keys.iter().map(wrap_body).collect(),
        manifest: practice.manifest,
        receipt: receipt(released.receipt),
        repeated,
    };
    Ok(if repeated { Answer::ok(body) } else { Answer::created(body) })
}

async fn opened(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(reference): InPath<Reference>,
    body: Body<drills::DrillOpenedBody>,
) -> Result<Answer<drills::DrillResultBody>, Problem> {
    let once = once(&key, &format!("drill-opened {}", reference.as_str()), &body.raw);
    let said = body.said;
    if Reference::parse(&said.reference) != Ok(reference.clone()) {
        let error = FieldError::new("/reference", FieldCode::ChoiceUnknown);
        return Err(Refusal::fields(vec![error]).into());
    }
    let signature = bytes("/signature", &said.signature)?;
    let (fits, keys_opened) = (said.fits, said.keys_opened);
    let told = DrillReceipt { fits, keys_opened, at: said.at, signature };
    let done = house.drill_opened(&who.caller, reference, told, once).await?;
    let result = done.value.result.ok_or_else(|| Problem::new(Code::Internal))?;
    Ok(Answer::ok(drills::DrillResultBody {
        passed: result.passed,
        seconds: result.seconds,
        keys: done.value.keys,
        keys_opened: result.keys_opened,
        repeated: done.repeated,
        receipt: receipt(done.receipt),
    }))
}

async fn told(house: Data<House>, who: Who) -> Result<Answer<drills::DrillsBody>, Problem> {
    let all = house.drills(&who.caller).await?;
    Ok(Answer::ok(drills::DrillsBody {
        possible: all.possible,
        roads: all.roads.iter().map(road).collect(),
        drills: all.drills.iter().map(drill).collect(),
    }))
}

fn road(road: &Road) -> drills::RoadBody {
    drills::RoadBody {
        centre: road.centre.as_ref().map(ToString::to_string),
        light: road.light.as_str().to_owned(),
        passed: road.passed.map(|at| at.to_string()),
    }
}

fn drill(drill: &DrillDone) -> drills::DrillToldBody {
    drills::DrillToldBody {
        reference: drill.reference.as_str().to_owned(),
        centre: drill.centre.to_string(),
        by: drill.person.to_string(),
        role: drill.role.to_string(),
        at: drill.at.to_string(),
        passed: drill.result.map(|result| result.passed),
        seconds: drill.result.map(|result| result.seconds),
        keys: drill.keys,
        keys_opened: drill.result.map(|result| result.keys_opened),
    }
}
