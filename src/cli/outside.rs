//! How notices leave a house, as its configuration says: by mail, and to which hosts.

use super::failure::{Exit, Failure};
use super::files::read_text;
use crate::config::{self, Config};
use crate::domain::target::Targets;
use crate::post::mail::{BadServer, MailServer, Mailer, PATIENCE, Protection};
use crate::post::webhook::Programs;
use crate::post::{Postman, Rounds};
use crate::service::House;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A password or a certificate is no longer, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// Begins to carry what goes out.
///
/// # Errors
/// 15 when the configuration does not fit together, 10 when a file that it names is not there.
pub fn begin(config: &Config, house: &Arc<House>) -> Result<Rounds, Failure> {
    house.speak_to(targets(config));
    let site = config.service.public_url.as_ref().map(|site| site.as_str().to_owned());
    let postman =
        Postman { mail: mailer(&config.mail)?, programs: Programs::new(&house.secret), site };
    Rounds::begin(Arc::clone(house), postman).map_err(|error| {
        let next = "look whether the machine has threads and memory left";
        Failure::new(Exit::Failed, "not-begun", "notices cannot be carried", next).because(error)
    })
}

/// The hosts that may be spoken to.
pub(super) fn targets(config: &Config) -> Targets {
    let webhooks = &config.webhooks;
    Targets { public: webhooks.hosts.0.clone(), private: webhooks.own_hosts.0.clone() }
}

fn wrong(what: &str) -> Failure {
    let next = "mend [mail] in klero.toml; deploy/klero.toml explains every key";
    Failure::new(Exit::Unreadable, "configuration-wrong", what, next)
}

/// The road that mail takes; none where nothing is set up.
fn mailer(mail: &config::Mail) -> Result<Option<Mailer>, Failure> {
    let bad = |error: BadServer| wrong(&error.to_string());
    let from = || mail.from.clone().ok_or_else(|| wrong("mail.from is not set"));
    let mailer = match (&mail.folder, &mail.server) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(wrong("mail.server and mail.folder are both set: mail takes one road"));
        }
        (Some(folder), None) => Mailer::to_folder(folder, &from()?).map_err(bad)?,
        (None, Some(host)) => {
            let server = MailServer {
                host: host.clone(),
                port: u16::try_from(mail.port).map_err(|_| wrong("mail.port is no port"))?,
                protection: match mail.protection {
                    config::Protection::StartTls => Protection::StartTls,
                    config::Protection::Tls => Protection::Tls,
                    config::Protection::None => Protection::None,
                },
                from: from()?,
                account: account(mail)?,
                authority: match &mail.authority_file {
                    Some(file) => Some(read_text(file, FILE_BYTES_MAX)?.into_bytes()),
                    None => None,
                },
                patience: PATIENCE,
            };
            Mailer::to_server(&server).map_err(bad)?
        }
    };
    Ok(Some(mailer))
}

fn account(mail: &config::Mail) -> Result<Option<(String, Zeroizing<String>)>, Failure> {
    match (&mail.account, &mail.password_file) {
        (None, None) => Ok(None),
        (Some(name), Some(file)) => {
            let password = Zeroizing::new(read_text(file, FILE_BYTES_MAX)?);
            let password = Zeroizing::new(password.trim_end_matches(['\r', '\n']).to_owned());
            Ok(Some((name.clone(), password)))
        }
        _ => Err(wrong("mail.account and mail.password_file belong together")),
    }
}
