//! A command's way to a running service: TLS, or plain HTTP on the service's own host or through a tunnel to it.

use super::failure::{Exit, Failure, say};
use super::words::ask;
use crate::post::client::trusting;
use crate::refusal::Code;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use ureq::http::Uri;
use zeroize::{Zeroize, Zeroizing};

/// What a body is.
const JSON: (&str, &str) = ("content-type", "application/json");

const PLAIN: &str = "http://";
const SECRET: &str = "https://";

/// This host, as an address names it.
const HERE: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// How long a service may take to answer.
const ANSWER_SECONDS: u64 = 60;

/// A service that can be asked.
pub struct Client {
    base: String,
    agent: ureq::Agent,
}

/// What it answered.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, byte for byte.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Answer {
    /// A text in the body.
    pub fn text_at(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Client {
    /// For a service at `https://HOST`, or at `http://` on this very host: passwords go there.
    ///
    /// # Errors
    /// 2 for an address of another kind.
    pub fn to(server: &str) -> Result<Self, Failure> {
        let client = Self::to_anybody(server)?;
        let host = client.base.parse::<Uri>().ok().and_then(|base| Some(base.host()?.to_owned()));
        let here = host.is_some_and(|host| HERE.contains(&host.as_str()));
        if !here && client.base.starts_with(PLAIN) {
            let what = format!("{server} would hear the password in plain text");
            let next = "https://, or http://127.0.0.1:8787 on the service's host or through a tunnel (ssh -L)";
            return Err(Failure::new(Exit::Usage, "address-not-secret", what, next));
        }
        Ok(client)
    }

    /// For somebody who is told no secret, at `https://HOST` or `http://HOST`. Certificates are those that the machine
    /// trusts, or those in the file that SSL_CERT_FILE names.
    ///
    /// # Errors
    /// 2 for an address of another kind.
    pub fn to_anybody(server: &str) -> Result<Self, Failure> {
        let base = server.trim_end_matches('/').to_owned();
        let host = [PLAIN, SECRET].iter().find_map(|scheme| base.strip_prefix(scheme));
        if host.is_none_or(str::is_empty) || base.parse::<Uri>().is_err() {
            let what = format!("{server} is not an address that this command speaks to");
            let next = "https://HOST, or http://127.0.0.1:8787 on the service's host";
            return Err(Failure::new(Exit::Usage, "address-not-http", what, next));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(ANSWER_SECONDS)));
        // What is plain stays on its way: a proxy of the environment would read it.
        let trusted = if base.starts_with(SECRET) { trusting(None) } else { None };
        let config = match trusted {
            Some(tls) => config.tls_config(tls),
            None => config.proxy(None),
        };
        Ok(Self { base, agent: config.build().into() })
    }

    /// Asks for the login password, signs in, and gives both the password and what goes with each request.
    ///
    /// # Errors
    /// As [`Client::sign_in`]; 2 when there is nobody to ask.
    pub fn enter(
        &self,
        name: &str,
        password_file: Option<&Path>,
    ) -> Result<(Zeroizing<String>, Zeroizing<String>), Failure> {
        let password = ask(password_file, &format!("The login password of {name}: "))?;
        let password = Zeroizing::new(password.trim_end_matches(['\n', '\r']).to_owned());
        let bearer = self.sign_in(name, &password)?;
        Ok((password, bearer))
    }

    /// Signs in; what is given goes with each request. Where a second factor is set up, its six digits are asked for.
    ///
    /// # Errors
    /// 1 when nobody answers, 2 when there is nobody to ask for the digits, 18 for a wrong name or password.
    pub fn sign_in(&self, name: &str, password: &str) -> Result<Zeroizing<String>, Failure> {
        let mut body = json!({"name": name, "password": password});
        let mut session = self.post("/v1/sessions", &[JSON], body.to_string())?;
        if session.text_at("/code") == Code::SecondFactorNeeded.as_str() {
            body["code"] = six_digits(name)?.into();
            session = self.post("/v1/sessions", &[JSON], body.to_string())?;
        }
        // The text is a copy of the password.
        if let Some(Value::String(text)) = body.get_mut("password") {
            text.zeroize();
        }
        if session.status != 201 {
            return Err(refused(&session));
        }
        Ok(Zeroizing::new(format!("Bearer {}", session.text_at("/token"))))
    }

    /// Signs out. That it could not be done is no reason to say that what was done was not.
    pub fn leave(&self, bearer: &str) {
        if self.delete("/v1/sessions/mine", &[("authorization", bearer)]).is_err() {
            say!("The session could not be ended; it ends by itself.");
        }
    }

    /// Reads, signed in.
    ///
    /// # Errors
    /// 1 when nobody answers.
    pub fn get_as(&self, path: &str, bearer: &str) -> Result<Answer, Failure> {
        self.get(path, &[("authorization", bearer)])
    }

    /// Reads.
    ///
    /// # Errors
    /// 1 when nobody answers.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, Failure> {
        let request = self.request("GET", path, headers);
        self.answered(request.body(()).map(|request| self.agent.run(request)))
    }

    /// Acts.
    ///
    /// # Errors
    /// 1 when nobody answers.
    pub fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl ureq::AsSendBody,
    ) -> Result<Answer, Failure> {
        let request = self.request("POST", path, headers);
        self.answered(request.body(body).map(|request| self.agent.run(request)))
    }

    /// Ends something.
    ///
    /// # Errors
    /// 1 when nobody answers.
    pub fn delete(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, Failure> {
        let request = self.request("DELETE", path, headers);
        self.answered(request.body(()).map(|request| self.agent.run(request)))
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> ureq::http::request::Builder {
        let request = ureq::http::Request::builder().method(method);
        let request = request.uri(format!("{}{path}", self.base));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    fn answered(
        &self,
        sent: Result<Result<ureq::http::Response<ureq::Body>, ureq::Error>, ureq::http::Error>,
    ) -> Result<Answer, Failure> {
        let silent = |why: &dyn std::fmt::Display| {
            let what = format!("{} does not answer", self.base);
            let next = "check the address, its certificate, and that the service runs";
            Failure::new(Exit::Failed, "no-answer", what, next).because(why)
        };
        let mut answer = sent.map_err(|error| silent(&error))?.map_err(|error| silent(&error))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().map_err(|error| silent(&error))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, text, body })
    }
}

fn six_digits(name: &str) -> Result<String, Failure> {
    rpassword::prompt_password(format!("The six digits that the phone of {name} shows: ")).map_err(
        |error| {
            let what = "the six digits could not be asked for: there is no terminal";
            let next = "run the command at a terminal, with the phone beside it";
            Failure::new(Exit::Usage, "digits-needed", what, next).because(error)
        },
    )
}

/// What a service refused, in its own words.
pub fn refused(answer: &Answer) -> Failure {
    let code = answer.text_at("/code");
    let fields = answer.body["errors"].as_array().cloned().unwrap_or_default();
    let fields = fields.iter().filter_map(|one| one["words"]["en"].as_str());
    let mut why = vec![answer.text_at("/detail").to_owned()];
    why.extend(fields.map(str::to_owned));
    why.retain(|line| !line.is_empty());
    let what = format!("the service refused: {code} ({})", answer.status);
    let next = "mend what it names, and try again; nothing was changed";
    Failure::new(Exit::NotAllowed, "service-refused", what, next).because(why.join("\n"))
}
