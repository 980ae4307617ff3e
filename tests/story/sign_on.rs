//! Somebody enters by a hospital's sign-on. The hospital is invented here and asks no network: what the service makes of
//! its word is the same as with a real one.

use super::{Told, World, route};
use klero::cli::stage::password;
use klero::domain::time::Moment;
use klero::http::pages::form_token;
use klero::service::sign_on::{Ask, Back, Hospital, Proof, Trouble};
use std::sync::Arc;

/// Who somebody is at that hospital: to be found nowhere.
pub const SUBJECT: &str = "invented-staff-4711";

struct Invented;

impl Hospital for Invented {
    fn name(&self) -> &str {
        "Invented SSO"
    }

    fn way_there(&self, ask: &Ask, _: Moment) -> Result<String, Trouble> {
        Ok(format!("https://sso.invalid/authorize?state={}", *ask.state))
    }

    fn proof(&self, back: &Back) -> Result<Proof, Trouble> {
        let subject = match back.code.as_str() {
            "known" => SUBJECT,
            "unknown" => "invented-staff-0815",
            _ => return Err(Trouble::Refused),
        };
        let (issuer, subject) = ("https://sso.invalid".to_owned(), subject.to_owned().into());
        Ok(Proof { issuer, subject, second_step: false })
    }
}

impl World {
    /// One account there is linked and enters; one that nobody has linked does not, nor one that is not vouched for.
    pub fn a_hospital_vouched(&mut self) {
        self.stage.house().sign_on.is_by(Arc::new(Invented));
        let token = self.tokens["mon-1"].clone();
        let session = format!("klero={token}");
        let came = self.went("mon-1", &session, "/account/hospital/begin", "known");
        let cookies = format!("{session}; klero-way={}", way(&came));
        let form = [
            ("_form", form_token(&token)),
            ("_once", "0123456789abcdef0123456789abcdef".to_owned()),
            ("password", password("mon-1")),
        ];
        let linked = self.browse("mon-1", "/account/hospital/confirm", &cookies, Some(&form));
        assert_eq!(linked.status, 303, "{}", linked.text);
        for (code, there) in [
            ("known", "/"),
            ("unknown", "/sign-in/hospital/not/unlinked"),
            ("odd", "/sign-in/hospital/not/refused"),
        ] {
            let came = self.went("nobody", "", "/sign-in/hospital", code);
            assert_eq!(header(&came, "location"), there);
        }
    }

    /// There and back again.
    fn went(&mut self, who: &str, cookie: &str, from: &str, code: &str) -> Told {
        let gone = self.browse(who, from, cookie, None);
        let state = header(&gone, "location").split_once("state=").expect("a state").1;
        let back = format!("/sign-in/hospital/back?code={code}&state={state}");
        let came = self.browse(who, &back, &format!("{cookie}; klero-way={}", way(&gone)), None);
        assert_eq!((came.status, came.text.as_str()), (303, ""));
        came
    }

    /// Asks for a page, or sends a form, and follows nowhere.
    fn browse(
        &mut self,
        who: &str,
        path: &str,
        cookie: &str,
        form: Option<&[(&str, String)]>,
    ) -> Told {
        self.wait(1);
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent: ureq::Agent = config.build().into();
        let url = format!("{}{path}", self.stage.base);
        let mut reply = match form {
            None => agent.get(url).header("accept", "text/html").header("cookie", cookie).call(),
            Some(form) => {
                let request =
                    agent.post(url).header("accept", "text/html").header("cookie", cookie);
                request.send_form(form.iter().map(|(name, text)| (*name, text.as_str())))
            }
        }
        .expect("the service on loopback answers");
        let one = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
        };
        let headers = reply.headers().iter().map(one).filter(|(name, _)| name != "connection");
        let headers = headers.collect();
        let method = if form.is_some() { "POST" } else { "GET" };
        let told = Told {
            who: who.to_owned(),
            route: route(method, path),
            path: path.to_owned(),
            status: reply.status().as_u16(),
            headers,
            text: reply.body_mut().read_to_string().expect("text"),
        };
        self.told.push(told.clone());
        told
    }
}

fn header<'t>(told: &'t Told, name: &str) -> &'t str {
    let found = told.headers.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value.as_str())
}

/// The token of the way that an answer keeps in the browser.
fn way(told: &Told) -> String {
    let kept = told.headers.iter().filter(|(name, _)| name == "set-cookie");
    let found = kept.filter_map(|(_, cookie)| cookie.strip_prefix("klero-way="));
    found.filter_map(|rest| rest.split(';').next()).next_back().expect("a way").to_owned()
}
