//! The house's configuration, `klero.toml`: where the service lives and how it is reached (screens F5). The trial's own
//! file is another one.
//!
//! A value is looked for in this order: flag, `KLERO_…` variable, file, default; `klero config show` names where each
//! came from. A key that is not known is refused with its line: a slip must not silently switch anything off. No value
//! is ever a secret: those are files of their own, named by keys that end in `_file`.

mod outside;
mod value;

pub use outside::{Hosts, Protection};
pub use value::{Filter, Operations, Retention, Site, Value};

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use toml::de::DeTable;

/// The file is no larger, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024;

/// Declares the sections, each key with its type, its default and what it means; everything else follows from that:
/// the struct, the file's keys, the variables, what `config show` prints.
macro_rules! settings {
    ($( $(#[doc = $what:literal])* $section:ident: $Section:ident {
        $( $(#[doc = $about:literal])* $key:ident: $type:ty = $default:expr; )*
    } )*) => {
        $( $(#[doc = $what])*
        #[derive(Debug, Clone)]
        pub struct $Section { $( $(#[doc = $about])* pub $key: $type, )* } )*

        /// The whole house, as it is settled.
        #[derive(Debug, Clone)]
        pub struct Config { $( $(#[doc = $what])* pub $section: $Section, )* }

        /// Every key that there is.
        pub const SETTINGS: &[Setting] = &[$($( Setting {
            section: stringify!($section),
            key: stringify!($key),
            about: &[$($about),*],
        }, )*)*];

        impl Config {
            fn settle(found: &mut Finder<'_>) -> Self {
                Self { $( $section: $Section {
                    $( $key: found.value(stringify!($section), stringify!($key), || $default), )*
                }, )* }
            }
        }
    };
}

settings! {
    /// Where the service lives, and how it is reached.
    service: Service {
        /// The data folder: the database, and whatever is not named elsewhere. Whoever may write here may destroy the
        /// trial's memory; nobody but the service's own account needs to read it.
        data: Option<PathBuf> = None;
        /// Where it listens, plain HTTP. Beyond loopback, passwords travel readable unless a proxy that speaks TLS
        /// stands between.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8787));
        /// Where health and figures are asked for, or `off`. Keep it on loopback or on a network of the operators: it
        /// needs no sign-in.
        operations: Operations = Operations::At(SocketAddr::from(([127, 0, 0, 1], 8788)));
        /// The certificate in PEM, with those that vouch for it: then the service speaks TLS itself, without a proxy.
        tls_cert: Option<PathBuf> = None;
        /// The file with the certificate's key in PEM, mode 0600.
        tls_key_file: Option<PathBuf> = None;
        /// What is logged: error, warn, info, debug, or a filter of `tracing`. Below info the libraries' lines come too.
        log: Filter = Filter::default();
        /// The address that people type, such as `https://klero.example.org`. Without it no link can be written into a
        /// letter or a message.
        public_url: Option<Site> = None;
        /// Is the public address https? Then browsers are told never to use http again: do not set it for a trial run
        /// under plain http.
        https: bool = false;
        /// The proxies in front, by address. Whoever stands here is believed about who is calling: name no network that
        /// others can speak from.
        trusted_proxies: Vec<IpAddr> = vec![];
        /// The checkpoint store. On the same disk as the data it is lost with the data, and an old backup then cannot
        /// be told from a new one: put it on another disk or host. Not set: `checkpoint` in the data folder.
        checkpoint: Option<PathBuf> = None;
        /// The file with the server secret, mode 0600. In the data folder a copy of the folder is the whole house: a
        /// systemd credential, or another disk, is better. Not set: the credential `server-secret`, else the file
        /// `server-secret` in the data folder. Without it no slot is ever released again: keep a sealed copy.
        server_secret_file: Option<PathBuf> = None;
    }
    /// Copies of the database, and how long they are kept.
    backup: Backup {
        /// Where backups are written. On the data's own disk they are lost with it.
        folder: Option<PathBuf> = None;
        /// How many are kept: the newest of so many days, weeks and months. What is not kept is deleted; the newest
        /// that was verified never is.
        keep: Retention = Retention { daily: 14, weekly: 8, monthly: 24 };
    }
    /// How notices go by mail. A notice says that something happened, never what. Nothing set: they are read on pages.
    mail: Mail {
        /// The mail server's host. It learns who is told of what, and participants' numbers: the hospital's own, please.
        server: Option<String> = None;
        /// Its port.
        port: u32 = 587;
        /// `starttls` or `tls`. `none` is taken for this very machine alone: participants' numbers would travel readable.
        protection: Protection = Protection::StartTls;
        /// Who is said to write.
        from: Option<String> = None;
        /// How the service signs in to the mail server, if it must.
        account: Option<String> = None;
        /// The file with that password, readable for the service's own account alone.
        password_file: Option<PathBuf> = None;
        /// A hospital's own authority, as PEM, if the machine does not know it. Whoever holds its key reads the mail.
        authority_file: Option<PathBuf> = None;
        /// Instead of a server: a folder that mail is written into. For training; nobody is sent anything.
        folder: Option<PathBuf> = None;
    }
    /// Passkeys, in the place of a second factor's code and always beside the password. Not set: there are none.
    passkeys: Passkeys {
        /// The address at which browsers reach the service, such as `https://klero.example.org`. Passkeys are made for this
        /// name and are worth nothing at another: when it changes, everybody adds them again, by password and code.
        origin: Option<Site> = None;
    }
    /// Which programs may be told. An administrator adds webhooks; only to these hosts.
    webhooks: Webhooks {
        /// Hosts anywhere, over https. One whose name leads into the house's own network is not spoken to.
        hosts: Hosts = Hosts(vec![]);
        /// Hosts in the house's own network, where plain http is taken too. Whoever stands at such an address is
        /// spoken to: name no host that you do not run.
        own_hosts: Hosts = Hosts(vec![]);
    }
    /// The hospital's own sign-on, by OpenID Connect: it takes the password's place at the door, for whoever links an account
    /// there. Nothing is ever signed by it. Nothing set: there is none.
    sign_on: SignOn {
        /// The hospital's server, exactly as it names itself. Its host must stand in webhooks.hosts, or in webhooks.own_hosts
        /// when it is in the house's own network. Whoever runs it can enter as everybody who has linked an account there.
        issuer: Option<String> = None;
        /// This service's name at that server, where `public_url` with `/sign-in/hospital/back` is to be entered as the
        /// address to come back to.
        client_id: Option<String> = None;
        /// The file with what this service shows there to be that, mode 0600.
        client_secret_file: Option<PathBuf> = None;
        /// What the button calls it: "Sign in with …".
        name: Option<String> = None;
        /// A value of `amr` or `acr` by which that server says that it asked for a second step: then Klero does not ask for
        /// its own. Not set: Klero always does. Set, the hospital decides how well the door is guarded.
        second_step: Option<String> = None;
        /// A hospital's own authority, as PEM, if the machine does not know it.
        authority_file: Option<PathBuf> = None;
    }
}

/// A key, and what it means.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The table it stands in.
    pub section: &'static str,
    /// Its name there.
    pub key: &'static str,
    /// Its meaning and its danger, line by line.
    pub about: &'static [&'static str],
}

impl Setting {
    /// The variable of the environment that stands above the file: `KLERO_LISTEN`, `KLERO_BACKUP_KEEP`.
    pub fn variable(&self) -> String {
        variable(self.section, self.key)
    }
}

fn variable(section: &str, key: &str) -> String {
    let key = key.to_uppercase();
    match section {
        "service" => format!("KLERO_{key}"),
        _ => format!("KLERO_{}_{key}", section.to_uppercase()),
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(String),
    /// The file, at this line.
    File(usize),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => f.write_str(flag),
            Origin::Variable(name) => f.write_str(name),
            Origin::File(line) => write!(f, "file, line {line}"),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A value as it is shown, with its origin.
#[derive(Debug, Clone)]
pub struct Shown {
    /// `service.listen`.
    pub name: String,
    /// What is settled. Never a secret: those are named by their files.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line of the file, where it is one of the file.
    pub line: Option<usize>,
    /// What is wrong. It repeats no value: a secret may have been typed where none belongs.
    pub what: String,
    /// What to do.
    pub next: String,
}

/// A flag that was given: the setting it stands above, the flag, the value.
pub type Given = (&'static str, &'static str, OsString);

/// Where values are looked for.
pub struct Sources<'s> {
    /// The flags of the command.
    pub flags: Vec<Given>,
    /// The environment.
    pub variable: &'s dyn Fn(&str) -> Option<OsString>,
    /// The text of the file; empty when there is none.
    pub file: &'s str,
}

/// The configuration, with the origin of every value.
#[derive(Debug, Clone)]
pub struct Settled {
    /// What holds.
    pub config: Config,
    /// The same, value by value.
    pub shown: Vec<Shown>,
}

/// Reads all sources.
///
/// # Errors
/// Everything that is wrong, all of it at once.
pub fn settle(sources: &Sources<'_>) -> Result<Settled, Vec<Mistake>> {
    let table = match DeTable::parse(sources.file) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map(|span| line_of(sources.file, span.start));
            let next = "write it as `key = value` below its [section]";
            let what = format!("this is not TOML: {}", error.message());
            return Err(vec![Mistake { line, what, next: next.into() }]);
        }
    };
    let mut found = Finder { sources, table: table.get_ref(), mistakes: vec![], shown: Vec::new() };
    found.refuse_unknown();
    let config = Config::settle(&mut found);
    let Service { listen, operations, .. } = &config.service;
    if *operations == Operations::At(*listen) && listen.port() != 0 {
        found.wrong(None, "service.operations is the address of service.listen", "give it its own");
    }
    if config.passkeys.origin.as_ref().is_some_and(|site| !site.takes_passkeys()) {
        let what = "passkeys.origin is no address for which browsers make passkeys";
        found.wrong(None, what, "write it with https and a name: \"https://klero.example.org\"");
    }
    let Finder { mut mistakes, shown, .. } = found;
    mistakes.sort_by_key(|mistake| mistake.line);
    if mistakes.is_empty() { Ok(Settled { config, shown }) } else { Err(mistakes) }
}

/// The line of a byte, counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

struct Finder<'s> {
    sources: &'s Sources<'s>,
    table: &'s DeTable<'s>,
    mistakes: Vec<Mistake>,
    shown: Vec<Shown>,
}

impl Finder<'_> {
    fn wrong(&mut self, line: Option<usize>, what: impl Into<String>, next: impl Into<String>) {
        self.mistakes.push(Mistake { line, what: what.into(), next: next.into() });
    }

    fn refuse_unknown(&mut self) {
        let text = self.sources.file;
        let mut wrong = vec![];
        for (section, value) in self.table {
            let (name, line) = (section.get_ref(), line_of(text, section.span().start));
            let known: Vec<&str> =
                SETTINGS.iter().filter(|s| s.section == *name).map(|s| s.key).collect();
            let Some(keys) = value.get_ref().as_table() else {
                wrong.push((
                    line,
                    format!("`{name}` stands in no section"),
                    "put it below [service]",
                ));
                continue;
            };
            if known.is_empty() {
                wrong.push((
                    line,
                    format!("unknown section [{name}]"),
                    "look at deploy/klero.toml",
                ));
            }
            for (key, _) in keys.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref()))
            {
                let line = line_of(text, key.span().start);
                let file = format!("{}_file", key.get_ref());
                let next = match known.contains(&file.as_str()) {
                    true => "a secret is never written here: name its file with `…_file`",
                    false => "look at deploy/klero.toml for the keys that there are",
                };
                wrong.push((line, format!("unknown key `{}` in [{name}]", key.get_ref()), next));
            }
        }
        wrong.into_iter().for_each(|(line, what, next)| self.wrong(Some(line), what, next));
    }

    /// Flag, variable, file, default: the first that says something.
    fn value<T: Value>(&mut self, section: &str, key: &str, default: impl Fn() -> T) -> T {
        let name = format!("{section}.{key}");
        let (found, origin) = match self.look(section, key, &name) {
            Some((found, origin)) => (found, origin),
            None => (Some(default()), Origin::Default),
        };
        let value = found.unwrap_or_else(|| {
            let (line, place) = match &origin {
                Origin::File(line) => (Some(*line), format!("`{key}` in [{section}]")),
                other => (None, other.to_string()),
            };
            self.wrong(line, format!("{place} is not {}", T::KIND), T::EXAMPLE);
            default()
        });
        self.shown.push(Shown { name, value: value.show(), origin });
        value
    }

    fn look<T: Value>(&self, section: &str, key: &str, name: &str) -> Option<(Option<T>, Origin)> {
        let flag = self.sources.flags.iter().find(|(setting, ..)| *setting == name);
        if let Some((_, flag, text)) = flag {
            return Some((T::read(text), Origin::Flag(flag)));
        }
        let variable = variable(section, key);
        if let Some(text) = (self.sources.variable)(&variable) {
            return Some((T::read(&text), Origin::Variable(variable)));
        }
        let value = self.table.get(section)?.get_ref().as_table()?.get(key)?;
        let line = line_of(self.sources.file, value.span().start);
        Some((T::from_toml(value.get_ref()), Origin::File(line)))
    }
}

impl Config {
    /// What is allowed and should not stay so: each with its remedy.
    pub fn warnings(&self) -> Vec<Mistake> {
        let mut found = vec![];
        let mut say = |what: &str, next: &str| {
            found.push(Mistake { line: None, what: what.into(), next: next.into() });
        };
        let service = &self.service;
        let own = service.tls_cert.is_some();
        let tls = own || service.https || !service.trusted_proxies.is_empty();
        if !service.listen.ip().is_loopback() && !tls {
            let next = "set service.listen to 127.0.0.1, or name the proxy that speaks TLS in \
                        service.trusted_proxies";
            say(
                "service.listen is not loopback, and no proxy is named: passwords travel readable",
                next,
            );
        }
        if matches!(service.operations, Operations::At(at) if !at.ip().is_loopback()) {
            let next = "keep it on loopback unless the network is the operators' own";
            say("service.operations is not loopback, and asks for no sign-in", next);
        }
        match &service.public_url {
            None => {
                say("service.public_url is not set", "set it to the https address that people type")
            }
            Some(site) if !site.is_https() => {
                say(
                    "service.public_url is not https",
                    "put a proxy that speaks TLS in front, then change it",
                );
            }
            Some(_) if !service.https && !own => {
                say(
                    "service.https is not set though service.public_url is https",
                    "set service.https = true",
                );
            }
            Some(_) => {}
        }
        let typed = self.passkeys.origin.as_ref().zip(service.public_url.as_ref());
        if typed.is_some_and(|(made_for, typed)| made_for != typed) {
            say(
                "passkeys.origin is not service.public_url: where people work, no passkey is taken",
                "write the same address in both",
            );
        }
        let inside = |path: &Option<PathBuf>| match (path, &service.data) {
            (Some(path), Some(data)) => path.starts_with(data),
            (path, _) => path.is_none(),
        };
        if inside(&service.checkpoint) {
            say(
                "the checkpoint store lies in the data folder",
                "put service.checkpoint on another disk",
            );
        }
        if self.backup.folder.is_none() {
            say("backup.folder is not set", "name a folder on another disk");
        } else if inside(&self.backup.folder) {
            say("backup.folder lies in the data folder", "name a folder on another disk");
        }
        found
    }
}

#[cfg(test)]
mod tests;
