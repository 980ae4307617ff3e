//! Mail by SMTP, over a protected connection; or into a folder, where nothing is to leave the machine.

use super::letter::Letter;
use crate::domain::notice::is_address;
use crate::domain::time::Moment;
use crate::service::deliveries::Tried;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport};
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// How long a mail server may take to answer, unless somebody says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Begun in the open and protected before anything is said; nothing is said to a server that does not.
    StartTls,
    /// Protected from the first byte.
    Tls,
    /// Not at all: only to a mail server on this very machine.
    None,
}

/// Where mail is handed in.
#[derive(Clone)]
pub struct MailServer {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub protection: Protection,
    /// Who is said to write.
    pub from: String,
    /// How the service signs in there, if it must.
    pub account: Option<(String, Zeroizing<String>)>,
    /// An authority that the machine does not know, as PEM: a hospital's own.
    pub authority: Option<Vec<u8>>,
    /// How long the server may take to answer.
    pub patience: Duration,
}

/// Why mail cannot be set up like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadServer {
    /// `from` is not an address.
    From,
    /// Unprotected mail to another machine: participants' numbers would travel readable.
    Unprotected,
    /// The authority's certificate, or the host's name, cannot be read.
    Tls,
}

impl fmt::Display for BadServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadServer::From => "the sender is not a mail address",
            BadServer::Unprotected => "mail may only go unprotected to this very machine",
            BadServer::Tls => "the mail server's name or its authority cannot be read",
        })
    }
}

impl std::error::Error for BadServer {}

/// Hands mail in.
pub struct Mailer {
    from: Mailbox,
    road: Road,
}

enum Road {
    Server(Box<SmtpTransport>),
    Folder(PathBuf),
}

impl Mailer {
    /// To a mail server.
    ///
    /// # Errors
    /// [`BadServer`].
    pub fn to_server(server: &MailServer) -> Result<Self, BadServer> {
        let tls = || {
            let mut tls = TlsParameters::builder(server.host.clone());
            if let Some(pem) = &server.authority {
                let authority = Certificate::from_pem(pem).map_err(|_| BadServer::Tls)?;
                tls = tls.add_root_certificate(authority);
            }
            tls.build_rustls().map_err(|_| BadServer::Tls)
        };
        let protected = match server.protection {
            Protection::StartTls => Tls::Required(tls()?),
            Protection::Tls => Tls::Wrapper(tls()?),
            Protection::None if is_here(&server.host) => Tls::None,
            Protection::None => return Err(BadServer::Unprotected),
        };
        let mut road = SmtpTransport::builder_dangerous(&server.host)
            .port(server.port)
            .tls(protected)
            .timeout(Some(server.patience))
            // Neither the machine's name nor its address is anybody's business.
            .hello_name(ClientId::Domain("klero.invalid".to_owned()));
        if let Some((name, password)) = &server.account {
            road = road.credentials(Credentials::new(name.clone(), password.to_string()));
        }
        Ok(Self { from: sender(&server.from)?, road: Road::Server(Box::new(road.build())) })
    }

    /// Into a folder, one file a mail: for demonstrations and training, where nothing is sent.
    ///
    /// # Errors
    /// [`BadServer::From`].
    pub fn to_folder(folder: &Path, from: &str) -> Result<Self, BadServer> {
        Ok(Self { from: sender(from)?, road: Road::Folder(folder.to_owned()) })
    }

    /// Hands one mail in. `id` is the same each time it is tried, so that a reader's program can tell a second copy.
    pub fn send(&self, letter: &Letter, to: &str, id: &str, at: Moment) -> Tried {
        let Some(message) = self.message(letter, to, id, at) else {
            return Tried::Never("refused");
        };
        match &self.road {
            Road::Server(server) => match server.send(&message) {
                Ok(_) => Tried::Taken,
                Err(error) if is_slow(&error) => Tried::Not("slow"),
                Err(error) if error.is_permanent() || error.is_transient() => Tried::Not("refused"),
                Err(error) if error.is_tls() => Tried::Not("insecure"),
                // A server that offers no STARTTLS: the client stops before it says anything.
                Err(error) if error.is_client() => Tried::Not("insecure"),
                Err(_) => Tried::Not("unreachable"),
            },
            Road::Folder(folder) => {
                let file = folder.join(format!("{id}.eml"));
                match write(&file, &message.formatted()) {
                    Ok(()) => Tried::Taken,
                    Err(_) => Tried::Not("unreachable"),
                }
            }
        }
    }

    fn message(&self, letter: &Letter, to: &str, id: &str, at: Moment) -> Option<Message> {
        let to = if is_address(to) { to.parse().ok()? } else { return None };
        let to = Mailbox::new(None, to);
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        // Always the same, whatever the words: what a mail looks like on its way tells nothing.
        let text = letter.body.clone();
        let body = Body::new_with_encoding(text, ContentTransferEncoding::Base64).ok()?;
        let date = SystemTime::UNIX_EPOCH + Duration::from_millis(at.millis().unsigned_abs());
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .date(date)
            .subject(letter.subject.clone())
            .message_id(Some(format!("<{id}@klero.invalid>")))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .ok()
    }
}

fn sender(from: &str) -> Result<Mailbox, BadServer> {
    let address = if is_address(from) { from.parse().ok() } else { None };
    address.map(|address| Mailbox::new(Some("Klero".to_owned()), address)).ok_or(BadServer::From)
}

/// Did the server let the time go by? A read that waited too long is called one or the other, by system.
fn is_slow(error: &lettre::transport::smtp::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return matches!(cause.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
        }
        source = cause.source();
    }
    false
}

/// Is this host the machine itself?
fn is_here(host: &str) -> bool {
    let address = host.parse::<IpAddr>().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// It holds somebody's address: for the service's own account alone.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    file.write_all(bytes).and_then(|()| file.sync_all())
}
