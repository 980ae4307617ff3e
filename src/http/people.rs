//! Sessions, invitations, accounts.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt};
use super::extract::{Body, IdempotencyKey, InPath};
use super::problem::Problem;
use super::routes::{Route, Verb};
use super::wire::{self, acts};
use crate::domain::access::{Caller, ManagePeople, MarkPrincipal, ReadPeople};
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::Role;
use crate::refusal::{Code, FieldCode};
use crate::service::House;
use crate::service::people::Invitation;
use crate::service::second_factor::Second;
use crate::service::sign_in::{Failures, FirstStep};
use crate::service::unblinded::Past;
use actix_web::web::Data;
use actix_web::{HttpResponse, rt::time::sleep};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/sessions", sign_in)
            .public()
            .says("Signs in, and gives a bearer token")
            .takes::<acts::SignIn>()
            .gives::<acts::SessionBody>(201, "Signed in")
            .refuses(&[Code::CredentialsWrong, Code::SecondFactorNeeded]),
        Route::get("/v1/sessions/mine", mine)
            .signed_in()
            .says("Who is signed in")
            .gives::<acts::SessionBody>(200, "The session's person"),
        Route::new(Verb::Delete, "/v1/sessions/mine", sign_out)
            .signed_in()
            .says("Ends the session")
            .gives_plain(204, "Ended"),
        Route::post("/v1/invitations/accept", accept)
            .public()
            .says("Takes up an invitation with a password of one's own")
            .takes::<acts::Acceptance>()
            .gives::<acts::Accepted>(201, "The account is active")
            .refuses(&[Code::NoSuchRecord]),
        Route::post("/v1/people", invite)
            .act(ManagePeople)
            .says("Invites a person")
            .takes::<acts::InvitationBody>()
            .gives::<acts::InvitedBody>(201, "Invited")
            .gives::<acts::InvitedBody>(200, "Invited before: a new token")
            .refuses(&[Code::WasUnblinded, Code::WrongState])
            .idempotent(),
        Route::get("/v1/people", people)
            .act(ReadPeople)
            .says("Who has which role where")
            .gives::<acts::PeopleBody>(200, "Everybody with an account"),
        Route::post("/v1/people/{person}/disable", disable)
            .act(ManagePeople)
            .says("Ends a person's access at once")
            .gives::<acts::Done>(200, "Disabled")
            .refuses(&[Code::WrongState])
            .idempotent(),
        Route::post("/v1/people/{person}/principal", principal)
            .act(MarkPrincipal)
            .says("Gives or takes the mark of principal investigator, who alone closes code breaks of those centres")
            .takes::<acts::PrincipalBody>()
            .gives::<acts::Done>(200, "Given or taken")
            .refuses(&[Code::WrongState])
            .idempotent(),
    ]
}

fn session(caller: &Caller) -> acts::SessionBody {
    let person = &caller.person;
    acts::SessionBody {
        token: None,
        person: person.id.to_string(),
        name: person.name.clone(),
        role: caller.role().to_owned(),
        centres: person.centres.iter().map(CentreId::to_string).collect(),
        expires: None,
        device: None,
    }
}

async fn sign_in(
    house: Data<House>,
    failures: Data<Failures>,
    body: Body<acts::SignIn>,
) -> Result<Answer<acts::SessionBody>, Problem> {
    let acts::SignIn { name, password, code, device, keep_device, passkey } = body.said;
    let code = code.unwrap_or_default();
    let second = Second { code, device, keep: keep_device, passkey: passkey.map(Into::into) };
    match house.sign_in_with(&failures, &name, FirstStep::Password(password), &second).await {
        Ok(signed_in) => Ok(Answer::created(acts::SessionBody {
            token: Some(signed_in.token.to_string()),
            expires: Some(signed_in.expires.to_string()),
            device: signed_in.device.map(|device| device.to_string()),
            ..session(&signed_in.caller)
        })),
        Err(not) => {
            sleep(not.wait).await;
            Err(not.refusal.into())
        }
    }
}

async fn mine(who: Who) -> Answer<acts::SessionBody> {
    Answer::ok(session(&who.caller))
}

async fn sign_out(house: Data<House>, who: Who) -> Result<HttpResponse, Problem> {
    house.sign_out(&who.caller, who.token.reveal()).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn accept(
    house: Data<House>,
    body: Body<acts::Acceptance>,
) -> Result<Answer<acts::Accepted>, Problem> {
    let acts::Acceptance { token, password } = body.said;
    let person = house.accept_invitation(&token, password).await?;
    Ok(Answer::created(acts::Accepted { person: person.to_string() }))
}

async fn invite(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<acts::InvitationBody>,
) -> Result<Answer<acts::InvitedBody>, Problem> {
    let once = once(&key, "invite", &body.raw);
    let said = body.said;
    let centres = said.centres.iter().map(|centre| CentreId::parse(centre));
    let invitation = Invitation {
        person: named("/person", FieldCode::ChoiceUnknown, PersonId::parse(&said.person))?,
        name: said.name,
        role: named("/role", FieldCode::ChoiceUnknown, Role::parse(&said.role).ok_or(()))?,
        centres: named("/centres", FieldCode::ChoiceUnknown, centres.collect::<Result<_, _>>())?,
        principal: said.principal,
    };
    let formerly = said.formerly.map(|id| PersonId::parse(&id)).transpose();
    let past = Past {
        formerly: named("/formerly", FieldCode::ChoiceUnknown, formerly)?,
        another_person: said.another_person,
    };
    let answered = house.invite(&who.caller, invitation, past, once).await?;
    let invited = acts::InvitedBody {
        person: answered.value.person.to_string(),
        token: answered.value.token,
        repeated: answered.repeated,
        receipt: receipt(answered.receipt),
    };
    Ok(if answered.repeated { Answer::ok(invited) } else { Answer::created(invited) })
}

async fn people(house: Data<House>, who: Who) -> Result<Answer<acts::PeopleBody>, Problem> {
    let people = house.people(&who.caller).await?.into_iter().map(|account| acts::PersonBody {
        person: account.person.id.to_string(),
        name: account.person.name,
        role: account.person.role.to_string(),
        centres: account.person.centres.iter().map(CentreId::to_string).collect(),
        state: account.state,
        principal: account.principal,
    });
    Ok(Answer::ok(acts::PeopleBody { people: people.collect() }))
}

async fn disable(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(person): InPath<PersonId>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("disable {person}"), b"");
    let answered = house.disable(&who.caller, person, once).await?;
    Ok(Answer::ok(done(answered)))
}

async fn principal(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(person): InPath<PersonId>,
    body: Body<acts::PrincipalBody>,
) -> Result<Answer<acts::Done>, Problem> {
    let once = once(&key, &format!("principal {person}"), &body.raw);
    let answered = house.mark_principal(&who.caller, person, body.said.principal, once).await?;
    Ok(Answer::ok(done(answered)))
}

/// An act that answers nothing but that it was done.
pub(super) fn done(answered: crate::service::Answered<()>) -> wire::acts::Done {
    acts::Done { repeated: answered.repeated, receipt: receipt(answered.receipt) }
}
