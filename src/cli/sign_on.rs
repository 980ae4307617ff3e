//! The hospital's sign-on, as the house's configuration names it: for the service, and for the doctor.

use super::failure::{Exit, Failure};
use crate::config::{Config, SignOn};
use crate::domain::time::Moment;
use crate::service::House;
use crate::service::doctor::Finding;

/// The word of the doctor's check.
const CHECK: &str = "sign-on";

fn wrong(what: &str) -> Failure {
    let next = "mend [sign_on] in klero.toml; deploy/klero.toml explains every key";
    Failure::new(Exit::Unreadable, "configuration-wrong", what, next)
}

/// Is anything said of one?
fn is_named(on: &SignOn) -> bool {
    let texts = [&on.issuer, &on.client_id, &on.name, &on.second_step];
    let files = [&on.client_secret_file, &on.authority_file];
    texts.iter().any(|text| text.is_some()) || files.iter().any(|file| file.is_some())
}

/// Tells the house of the hospital's server, where one is named. Nothing is asked of it yet: the service starts without it.
///
/// # Errors
/// 15 when the configuration does not fit together, 10 and 18 when its file is not there or open to others.
pub fn begin(config: &Config, house: &House) -> Result<(), Failure> {
    if is_named(&config.sign_on) {
        house.sign_on.is_by(std::sync::Arc::new(with_oidc::server(config)?));
    }
    Ok(())
}

/// What the doctor says of it; nothing where none is named. It is the one thing that the doctor asks the network for.
pub fn examine(config: &Config, now: Moment) -> Option<Finding> {
    if !is_named(&config.sign_on) {
        return None;
    }
    let looked = with_oidc::server(config).and_then(|server| with_oidc::look(&server, now));
    Some(match looked {
        Ok(()) => {
            Finding::well(CHECK, "the hospital's server answers, and names listed hosts alone")
        }
        Err(failure) => Finding::ill(CHECK, failure.what, failure.next),
    })
}

#[cfg(feature = "oidc")]
mod with_oidc {
    use super::{Config, Exit, Failure, Moment, SignOn, wrong};
    use crate::cli::files::{read_secret, read_text};
    use crate::cli::outside::targets;
    use crate::http::pages::BACK;
    use crate::post::sign_on::{BadHospital, Server, Settings};
    use std::path::Path;
    use zeroize::Zeroizing;

    /// A secret or a certificate is no longer, in bytes.
    const FILE_BYTES_MAX: usize = 64 * 1024;

    fn secret(file: &Path) -> Result<Zeroizing<String>, Failure> {
        let text = read_secret(file, FILE_BYTES_MAX)?;
        let secret = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
        if secret.is_empty() {
            return Err(wrong("sign_on.client_secret_file is empty"));
        }
        Ok(secret)
    }

    /// The server, as it is configured.
    pub fn server(config: &Config) -> Result<Server, Failure> {
        let SignOn { issuer, client_id, client_secret_file, name, second_step, authority_file } =
            config.sign_on.clone();
        let (Some(issuer), Some(client_id), Some(file), Some(name)) =
            (issuer, client_id, client_secret_file, name)
        else {
            let what = "sign_on.issuer, client_id, client_secret_file and name belong together";
            return Err(wrong(what));
        };
        let Some(site) = &config.service.public_url else {
            return Err(wrong("service.public_url is not set: nobody could be sent back to it"));
        };
        let authority = match authority_file {
            Some(file) => Some(read_text(&file, FILE_BYTES_MAX)?.into_bytes()),
            None => None,
        };
        let settings = Settings {
            issuer,
            client_id,
            client_secret: secret(&file)?,
            name,
            back: format!("{}{BACK}", site.as_str()),
            second_step,
            authority,
            targets: targets(config),
        };
        Server::new(settings).map_err(|bad| said(&bad))
    }

    /// Asks it to describe itself.
    pub fn look(server: &Server, now: Moment) -> Result<(), Failure> {
        server.look(now).map_err(|bad| said(&bad))
    }

    fn said(bad: &BadHospital) -> Failure {
        let next = match bad {
            BadHospital::NotListed(_) => {
                "name it in webhooks.hosts; in webhooks.own_hosts when it is in the house's own network"
            }
            BadHospital::Unreachable => {
                "ask the hospital's IT: network, certificate (sign_on.authority_file), outage; \
                 passwords work meanwhile"
            }
            BadHospital::Odd => {
                "give sign_on.issuer exactly as /.well-known/openid-configuration below it says"
            }
            BadHospital::Address => "write sign_on.issuer as https://sso.hospital.example/…",
            BadHospital::Authority => "name a file of certificates in PEM",
        };
        Failure::new(Exit::Unreadable, "configuration-wrong", bad, next)
    }
}

/// A program that was built without it says so, rather than leave the hospital's button out unasked.
#[cfg(not(feature = "oidc"))]
mod with_oidc {
    use super::{Config, Failure, Moment, wrong};
    use crate::service::sign_on::{Ask, Back, Hospital, Proof, Trouble};

    /// There is none.
    pub enum Server {}

    impl Hospital for Server {
        fn name(&self) -> &str {
            match *self {}
        }

        fn way_there(&self, _: &Ask, _: Moment) -> Result<String, Trouble> {
            match *self {}
        }

        fn proof(&self, _: &Back) -> Result<Proof, Trouble> {
            match *self {}
        }
    }

    pub fn server(_: &Config) -> Result<Server, Failure> {
        Err(wrong("[sign_on] is set, and this program was built without the feature `oidc`"))
    }

    pub fn look(server: &Server, _: Moment) -> Result<(), Failure> {
        match *server {}
    }
}
