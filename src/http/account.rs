//! The own account: second factor, password, sessions; and the administrator's links for whoever lost one of them.

use super::answer::Answer;
use super::caller::{Who, named, once, receipt};
use super::extract::{Body, IdempotencyKey, InPath, Named};
use super::people::done;
use super::problem::Problem;
use super::routes::{Route, Verb};
use super::wire::{account as wire, acts};
use crate::domain::access::ManagePeople;
use crate::domain::ids::PersonId;
use crate::domain::people::Anew;
use crate::refusal::{Code, FieldCode};
use crate::service::House;
use crate::service::second_factor::Second;
use actix_web::HttpResponse;
use actix_web::web::Data;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/second-factor", second_factor)
            .signed_in()
            .says("Where one's own second factor stands, and the secret for a new phone")
            .gives::<wire::SecondFactorBody>(200, "As it stands"),
        Route::post("/v1/second-factor", enrol)
            .signed_in()
            .says("Sets one's second factor up with the first code that the phone shows")
            .takes::<wire::EnrolBody>()
            .gives::<wire::CodesBody>(201, "Set up: recovery codes, shown this once")
            .gives::<wire::CodesBody>(200, "Set up before: other recovery codes")
            .refuses(&[Code::SignatureNeeded])
            .idempotent(),
        Route::post("/v1/second-factor/recovery-codes", recovery_codes)
            .signed_in()
            .says("Makes one's recovery codes anew; the old ones end")
            .takes::<wire::PasswordBody>()
            .gives::<wire::CodesBody>(201, "Recovery codes, shown this once")
            .refuses(&[Code::SignatureNeeded, Code::WrongState])
            .idempotent(),
        Route::post("/v1/password", change_password)
            .signed_in()
            .says("Changes one's password; one's other sessions end")
            .takes::<wire::NewPasswordBody>()
            .gives::<acts::Done>(200, "Changed")
            .refuses(&[Code::SignatureNeeded])
            .idempotent(),
        Route::get("/v1/sessions", sessions)
            .signed_in()
            .says("One's own sessions, and devices on which no code is asked for")
            .gives::<wire::SessionsBody>(200, "Those that are not over"),
        Route::new(Verb::Delete, "/v1/sessions/{session}", end_session)
            .signed_in()
            .says("Ends one of one's own sessions, or forgets a device")
            .gives_plain(204, "Ended"),
        Route::post("/v1/people/{person}/recover", recover)
            .act(ManagePeople)
            .says("Gives a link by which a person sets password or second factor up anew")
            .takes::<wire::RecoverBody>()
            .gives::<acts::InvitedBody>(201, "A token for the link")
            .gives::<acts::InvitedBody>(200, "Given before: a new token")
            .refuses(&[Code::WrongState])
            .idempotent(),
        Route::post("/v1/recoveries/accept", accept)
            .public()
            .says("Takes up such a link")
            .takes::<wire::RecoveryBody>()
            .gives::<acts::Accepted>(201, "Taken up")
            .refuses(&[Code::NoSuchRecord, Code::CredentialsWrong, Code::SecondFactorNeeded]),
    ]
}

/// A session's short name.
pub struct SessionName(pub String);

impl Named for SessionName {
    fn named(name: &str) -> Option<Self> {
        let fits = name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| Self(name.to_owned()))
    }
}

async fn second_factor(
    house: Data<House>,
    who: Who,
) -> Result<Answer<wire::SecondFactorBody>, Problem> {
    let standing = house.second_factor(&who.caller)?;
    let (secret, link) = house.new_second_factor(&who.caller, who.token.reveal())?;
    Ok(Answer::ok(wire::SecondFactorBody {
        enrolled: standing.enrolled,
        needed: standing.needed,
        recovery_codes: standing.codes,
        secret: secret.base32(),
        link,
    }))
}

async fn enrol(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<wire::EnrolBody>,
) -> Result<Answer<wire::CodesBody>, Problem> {
    let once = once(&key, "enrol", b"");
    let wire::EnrolBody { code, password } = body.said;
    let answered = house.enrol(&who.caller, who.token.reveal(), &code, &password, once).await?;
    let repeated = answered.repeated;
    let codes = codes(answered);
    Ok(if repeated { Answer::ok(codes) } else { Answer::created(codes) })
}

async fn recovery_codes(
    house: Data<House>,
    who: Who,
    _: IdempotencyKey,
    body: Body<wire::PasswordBody>,
) -> Result<Answer<wire::CodesBody>, Problem> {
    // Asked again there are other codes, since none is kept that could be shown twice; the last ones count.
    Ok(Answer::created(codes(house.new_recovery_codes(&who.caller, &body.said.password).await?)))
}

fn codes(answered: crate::service::Answered<Vec<zeroize::Zeroizing<String>>>) -> wire::CodesBody {
    wire::CodesBody {
        recovery_codes: answered.value,
        repeated: answered.repeated,
        receipt: receipt(answered.receipt),
    }
}

async fn change_password(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    body: Body<wire::NewPasswordBody>,
) -> Result<Answer<acts::Done>, Problem> {
    // Neither password is hashed into it: that would be a second, cheaper way to guess them.
    let once = once(&key, "change-password", b"");
    let wire::NewPasswordBody { password, new } = body.said;
    let token = who.token.reveal();
    Ok(Answer::ok(done(house.change_password(&who.caller, token, &password, new, once).await?)))
}

async fn sessions(house: Data<House>, who: Who) -> Result<Answer<wire::SessionsBody>, Problem> {
    let (all, own) = house.own_sessions(&who.caller, who.token.reveal())?;
    let sessions = all.into_iter().map(|session| wire::OwnSessionBody {
        mine: session.id == own,
        id: session.id,
        kind: if session.device { "device" } else { "session" }.to_owned(),
        seen: session.seen.to_string(),
        expires: session.expires.to_string(),
    });
    Ok(Answer::ok(wire::SessionsBody { sessions: sessions.collect() }))
}

async fn end_session(
    house: Data<House>,
    who: Who,
    InPath(SessionName(id)): InPath<SessionName>,
) -> Result<HttpResponse, Problem> {
    house.end_own_session(&who.caller, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn recover(
    house: Data<House>,
    who: Who,
    key: IdempotencyKey,
    InPath(person): InPath<PersonId>,
    body: Body<wire::RecoverBody>,
) -> Result<Answer<acts::InvitedBody>, Problem> {
    let once = once(&key, &format!("recover {person}"), &body.raw);
    let anew = Anew::parse(&body.said.what).ok_or(());
    let anew = named("/what", FieldCode::ChoiceUnknown, anew)?;
    let answered = house.recover(&who.caller, person, anew, once).await?;
    let invited = acts::InvitedBody {
        person: answered.value.person.to_string(),
        token: answered.value.token,
        repeated: answered.repeated,
        receipt: receipt(answered.receipt),
    };
    Ok(if answered.repeated { Answer::ok(invited) } else { Answer::created(invited) })
}

async fn accept(
    house: Data<House>,
    body: Body<wire::RecoveryBody>,
) -> Result<Answer<acts::Accepted>, Problem> {
    let wire::RecoveryBody { token, password, code } = body.said;
    let second = Second { code: code.unwrap_or_default(), ..Second::default() };
    let person = house.take_recovery(&token, password, &second).await?;
    Ok(Answer::created(acts::Accepted { person: person.id.to_string() }))
}
