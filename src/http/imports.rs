//! People from a table.

use super::answer::Answer;
use super::caller::{Who, once, receipt};
use super::extract::{IdempotencyKey, Query, Sheet};
use super::problem::Problem;
use super::routes::Route;
use super::wire::imports as wire;
use crate::domain::access::ManagePeople;
use crate::domain::ids::CentreId;
use crate::refusal::Code;
use crate::service::House;
use crate::service::people::Invitation;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/imports/people", people)
            .act(ManagePeople)
            .says("Invites everybody in a table (text/csv, UTF-8 or GBK), or nobody; dry_run only checks it")
            .takes_table()
            .asks::<wire::DryRun>()
            .gives::<wire::ImportedPeopleBody>(201, "Invited: tokens, shown this once")
            .gives::<wire::ImportedPeopleBody>(200, "Checked only; or invited before, with new tokens")
            .refuses(&[Code::InvalidFields, Code::WrongContentType])
            .idempotent(),
    ]
}

async fn people(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    Query(asked): Query<wire::DryRun>,
    Sheet(table): Sheet,
) -> Result<Answer<wire::ImportedPeopleBody>, Problem> {
    house.may_somewhere::<ManagePeople>(&who.caller).await?;
    let table = table?;
    if asked.dry_run {
        let checked = house.check_import(&who.caller, &table).await?;
        let people = checked.people.iter().map(|row| body(row, None)).collect();
        return Ok(Answer::ok(wire::ImportedPeopleBody {
            people,
            dry_run: true,
            repeated: false,
            receipt: None,
        }));
    }
    let once = once(&key, "import people", &table);
    let answered = house.import_people(&who.caller, &table, once).await?;
    let repeated = answered.repeated;
    let mut tokens = answered.value.invited;
    let people = answered.value.people.iter().map(|row| {
        let at = tokens.iter().position(|invited| invited.person == row.person);
        body(row, at.map(|at| tokens.swap_remove(at).token))
    });
    let imported = wire::ImportedPeopleBody {
        people: people.collect(),
        dry_run: false,
        repeated,
        receipt: Some(receipt(answered.receipt)),
    };
    Ok(if repeated { Answer::ok(imported) } else { Answer::created(imported) })
}

fn body(row: &Invitation, token: Option<zeroize::Zeroizing<String>>) -> wire::ImportedPerson {
    wire::ImportedPerson {
        person: row.person.to_string(),
        name: row.name.clone(),
        role: row.role.to_string(),
        centres: row.centres.iter().map(CentreId::to_string).collect(),
        principal: row.principal,
        token,
    }
}
