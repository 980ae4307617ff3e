//! Somebody who does one thing at a running service from the command line: signs in, does it, signs out.

use super::client::{Answer, Client, refused};
use super::failure::Failure;
use crate::dice::{SystemDice, roll};
use crate::domain::ids::PersonId;
use crate::sealing::bytes::hex;
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Whose account is used, and where.
#[derive(Args)]
pub struct Account {
    /// The service: https, or plain on its own host or through a tunnel
    #[arg(long, value_name = "URL")]
    server: String,
    /// Your account
    #[arg(long, value_name = "ACCOUNT", value_parser = PersonId::parse)]
    name: PersonId,
    /// A file of mode 0600 with the login password; otherwise it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// An account that is signed in.
pub struct Session {
    client: Client,
    bearer: Zeroizing<String>,
}

/// A key under which an act is done once; another each time.
pub fn new_key() -> String {
    hex(&roll::<16>(&SystemDice::default()))
}

impl Account {
    /// Signs in, does the work, signs out, whatever came of the work.
    ///
    /// # Errors
    /// 1 when nobody answers, 18 for a wrong name or password, and those of the work.
    pub fn signed_in<T>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let client = Client::to(&self.server)?;
        let (_, bearer) = client.enter(self.name.as_str(), self.password_file.as_deref())?;
        let session = Session { client, bearer };
        let done = work(&session);
        session.client.leave(&session.bearer);
        done
    }
}

impl Session {
    /// Reads.
    ///
    /// # Errors
    /// 18 with the service's own words when it refuses.
    pub fn get(&self, path: &str) -> Result<Answer, Failure> {
        granted(self.client.get_as(path, &self.bearer)?)
    }

    /// Acts, once for one key.
    ///
    /// # Errors
    /// As [`Session::get`].
    pub fn act(&self, path: &str, key: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let own = ("authorization", self.bearer.as_str());
        let mut headers = vec![own, ("idempotency-key", key)];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        granted(self.client.post(path, &headers, body)?)
    }

    /// Sends a table as it is; what is wrong in it is for the caller to tell.
    ///
    /// # Errors
    /// 1 when nobody answers.
    pub fn send_table(&self, path: &str, key: &str, table: &[u8]) -> Result<Answer, Failure> {
        let own = ("authorization", self.bearer.as_str());
        let headers = [own, ("idempotency-key", key), ("content-type", "text/csv")];
        self.client.post(path, &headers, table)
    }
}

fn granted(answer: Answer) -> Result<Answer, Failure> {
    if matches!(answer.status, 200 | 201) { Ok(answer) } else { Err(refused(&answer)) }
}
