//! Values about the world outside: who may be spoken to, and how mail is protected.

use super::Value;
use crate::domain::target::Target;
use std::ffi::OsStr;
use toml::de::DeValue;

impl Value for String {
    const KIND: &'static str = "a text";
    const EXAMPLE: &'static str = "write it in quotes, on one line";

    fn read(text: &OsStr) -> Option<Self> {
        let text = text.to_str()?;
        (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Begun in the open, protected before anything is said.
    StartTls,
    /// Protected from the first byte.
    Tls,
    /// Not at all: to this very machine alone.
    None,
}

const PROTECTIONS: [(&str, Protection); 3] =
    [("starttls", Protection::StartTls), ("tls", Protection::Tls), ("none", Protection::None)];

impl Value for Protection {
    const KIND: &'static str = "a way to protect the connection";
    const EXAMPLE: &'static str =
        "write \"starttls\" or \"tls\"; \"none\" for this very machine alone";

    fn read(text: &OsStr) -> Option<Self> {
        let found = PROTECTIONS.iter().find(|(word, _)| OsStr::new(word) == text);
        found.map(|(_, protection)| *protection)
    }

    fn show(&self) -> String {
        let found = PROTECTIONS.iter().find(|(_, protection)| protection == self);
        found.map_or("", |(word, _)| word).to_owned()
    }
}

/// Hosts that may be spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(pub Vec<Target>);

impl Hosts {
    fn parse<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Self> {
        // A path would look as if it narrowed what may be spoken to, and does not.
        let host = |text: &str| {
            let bare = text.trim_end_matches('/');
            let path = bare.split_once("://")?.1.contains(['/', '?']);
            Target::parse(bare).filter(|_| !path)
        };
        texts.map(host).collect::<Option<Vec<_>>>().map(Self)
    }
}

impl Value for Hosts {
    const KIND: &'static str = "a list of hosts";
    const EXAMPLE: &'static str =
        "write it as [\"https://edc.example.org\"]: no path; in a variable, parted by commas";

    fn read(text: &OsStr) -> Option<Self> {
        Self::parse(text.to_str()?.split(',').map(str::trim).filter(|part| !part.is_empty()))
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        let texts = value.as_array()?.iter().map(|one| one.get_ref().as_str());
        Self::parse(texts.collect::<Option<Vec<_>>>()?.into_iter())
    }

    fn show(&self) -> String {
        match self.0.is_empty() {
            true => "none".to_owned(),
            false => self.0.iter().map(|one| one.url.as_str()).collect::<Vec<_>>().join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_without_a_path_that_would_promise_too_much() {
        let read = |text: &str| Hosts::read(OsStr::new(text)).map(|hosts| hosts.show());
        let two = "https://edc.example.org, http://10.0.0.7:8080";
        assert_eq!(read(two).as_deref(), Some(two));
        assert_eq!(read("https://edc.example.org/").as_deref(), Some("https://edc.example.org"));
        assert_eq!(read("").as_deref(), Some("none"));
        for bad in
            ["edc.example.org", "https://edc.example.org/hook", "https://a.b?c=d", "ftp://a.b"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
