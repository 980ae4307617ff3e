//! The kinds of value in the configuration: how each is read from a flag, a variable or the file, and how it is shown.

use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use toml::de::DeValue;

/// A kind of value.
pub trait Value: Sized {
    /// What it is, after "is not".
    const KIND: &'static str;
    /// How it is written.
    const EXAMPLE: &'static str;

    /// From a flag or a variable.
    fn read(text: &OsStr) -> Option<Self>;

    /// From the file; by default a text.
    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().and_then(|text| Self::read(OsStr::new(text)))
    }

    /// As it is shown.
    fn show(&self) -> String;
}

impl Value for PathBuf {
    const KIND: &'static str = "a path";
    const EXAMPLE: &'static str = "write it as \"/var/lib/klero\"";

    fn read(text: &OsStr) -> Option<Self> {
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Value for SocketAddr {
    const KIND: &'static str = "an address with a port";
    const EXAMPLE: &'static str = "write it as \"127.0.0.1:8787\"";

    fn read(text: &OsStr) -> Option<Self> {
        text.to_str()?.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// The port of operations, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operations {
    /// There.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

impl Value for Operations {
    const KIND: &'static str = "an address with a port, or off";
    const EXAMPLE: &'static str = "write it as \"127.0.0.1:8788\", or \"off\"";

    fn read(text: &OsStr) -> Option<Self> {
        match text.to_str()? {
            "off" => Some(Operations::Off),
            address => address.parse().ok().map(Operations::At),
        }
    }

    fn show(&self) -> String {
        match self {
            Operations::At(address) => address.to_string(),
            Operations::Off => "off".to_owned(),
        }
    }
}

/// What of the log is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl Value for Filter {
    const KIND: &'static str = "a level of the log";
    const EXAMPLE: &'static str = "write it as \"info\"";

    fn read(text: &OsStr) -> Option<Self> {
        text.to_str().filter(|text| !text.is_empty()).map(|text| Self(text.to_owned()))
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

impl Value for bool {
    const KIND: &'static str = "true or false";
    const EXAMPLE: &'static str = "write true or false, without quotes";

    fn read(text: &OsStr) -> Option<Self> {
        text.to_str()?.parse().ok()
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u32 {
    const KIND: &'static str = "a whole number";
    const EXAMPLE: &'static str = "write it as 587, without quotes";

    fn read(text: &OsStr) -> Option<Self> {
        text.to_str()?.parse().ok()
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        value.as_integer().filter(|n| n.radix() == 10)?.as_str().parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for Vec<IpAddr> {
    const KIND: &'static str = "a list of addresses";
    const EXAMPLE: &'static str =
        "write it as [\"127.0.0.1\", \"10.0.0.2\"]; in a variable, parted by commas";

    fn read(text: &OsStr) -> Option<Self> {
        let parts = text.to_str()?.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().ok()).collect()
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        value.as_array()?.iter().map(|one| one.get_ref().as_str()?.parse().ok()).collect()
    }

    fn show(&self) -> String {
        match self.is_empty() {
            true => "none".to_owned(),
            false => self.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

/// The value may be left out.
impl<T: Value> Value for Option<T> {
    const KIND: &'static str = T::KIND;
    const EXAMPLE: &'static str = T::EXAMPLE;

    fn read(text: &OsStr) -> Option<Self> {
        T::read(text).map(Some)
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        T::from_toml(value).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "not set".to_owned(), T::show)
    }
}

/// The address of a site: scheme and host. No name or password, no path, no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site(String);

impl Site {
    /// Is what travels to it sealed?
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Do browsers make passkeys for it? For a name and over https, or for this very machine.
    pub fn takes_passkeys(&self) -> bool {
        let (_, host) = self.0.split_once("://").unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        let number = name.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok();
        !number && (self.is_https() || name == "localhost")
    }

    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for Site {
    const KIND: &'static str = "the address of a site";
    const EXAMPLE: &'static str = "write it as \"https://klero.example.org\": no path, no password";

    fn read(text: &OsStr) -> Option<Self> {
        let text = text.to_str()?.trim_end_matches('/');
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        (!host.is_empty() && host.chars().all(plain)).then(|| Self(text.to_owned()))
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

/// How many backups are kept: the newest of each of so many days, weeks and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days.
    pub daily: u32,
    /// Weeks.
    pub weekly: u32,
    /// Months.
    pub monthly: u32,
}

impl Retention {
    /// Reads `daily=14,weekly=8,monthly=24`; what is left out is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found = Self { daily: 0, weekly: 0, monthly: 0 };
        let mut seen = vec![];
        for part in text.split(',').map(str::trim) {
            let (name, number) = part.split_once('=')?;
            let number: u32 = number.trim().parse().ok()?;
            let name = name.trim();
            match name {
                "daily" => found.daily = number,
                "weekly" => found.weekly = number,
                "monthly" => found.monthly = number,
                _ => return None,
            }
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
        }
        Some(found)
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { daily, weekly, monthly } = self;
        write!(f, "daily={daily},weekly={weekly},monthly={monthly}")
    }
}

impl Value for Retention {
    const KIND: &'static str = "a number of days, weeks and months";
    const EXAMPLE: &'static str = "write it as \"daily=14,weekly=8,monthly=24\"";

    fn read(text: &OsStr) -> Option<Self> {
        Self::parse(text.to_str()?)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}
