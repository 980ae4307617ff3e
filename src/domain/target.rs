//! Where the service may speak to: only hosts that the house's configuration names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A web address that a notice could be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Over TLS?
    pub https: bool,
    /// The host, in small letters.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The whole address as it was given.
    pub url: String,
}

/// The longest address of a target, in characters.
pub const URL_MAX: usize = 500;

impl Target {
    /// Reads `https://host[:port][/path]`: no name or password in it, no fragment, no blank, plain ASCII.
    pub fn parse(url: &str) -> Option<Self> {
        if url.len() > URL_MAX || !url.bytes().all(|b| b.is_ascii_graphic()) || url.contains('#') {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = rest.split(['/', '?']).next()?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
            None => (authority, if https { 443 } else { 80 }),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let fits = !host.is_empty() && host.len() <= 253 && host.chars().all(plain);
        fits.then(|| Self { https, host: host.to_ascii_lowercase(), port, url: url.to_owned() })
    }

    fn is_at(&self, other: &Target) -> bool {
        (self.https, &self.host, self.port) == (other.https, &other.host, other.port)
    }
}

/// The hosts that may be spoken to. By default none.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    /// Anywhere in the world, over TLS.
    pub public: Vec<Target>,
    /// In the house's own network as well, where plain HTTP is taken too.
    pub private: Vec<Target>,
}

impl Targets {
    /// May this address be spoken to at all?
    pub fn allow(&self, target: &Target) -> bool {
        self.may_be_private(target) || (target.https && self.public.iter().any(|t| t.is_at(target)))
    }

    /// May its host be in the house's own network?
    pub fn may_be_private(&self, target: &Target) -> bool {
        self.private.iter().any(|listed| listed.is_at(target))
    }
}

/// Is this the address of a host that anybody in the world may reach? What is not is a machine of the house, the house
/// itself, or nobody.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation()
        || v4.is_multicast()
        || a == 0
        || a >= 240
        // Shared by a carrier's customers; protocol assignments; benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    // Global unicast is 2000::/3; of it not documentation, nor what carries IPv4 inside (6to4, Teredo).
    first & 0xe000 == 0x2000
        && !(first == 0x2001 && (second == 0x0db8 || second == 0))
        && first != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    // shows: AC-8
    #[test]
    fn only_what_is_listed_may_be_spoken_to_and_only_over_tls_outside_the_house() {
        let targets = Targets {
            public: vec![target("https://edc.example.org"), target("http://plain.example.org")],
            private: vec![target("http://127.0.0.1:9000")],
        };
        for (url, may, private) in [
            ("https://edc.example.org/hook/7?x=y", true, false),
            ("https://EDC.example.org:443/hook", true, false),
            ("https://edc.example.org:8443/hook", false, false),
            ("http://edc.example.org/hook", false, false),
            ("https://edc.example.org.evil.net/hook", false, false),
            ("http://plain.example.org/", false, false),
            ("http://127.0.0.1:9000/hook", true, true),
            ("http://127.0.0.1:9001/hook", false, false),
            ("https://edc-1.example.org/hook", false, false),
        ] {
            let target = target(url);
            assert_eq!((targets.allow(&target), targets.may_be_private(&target)), (may, private));
        }
        assert!(!Targets::default().allow(&target("https://edc.example.org")));
        for odd in [
            "ftp://a.b",
            "https://",
            "https://u:p@a.b/",
            "https://a.b#x",
            "https://a.b/#x",
            "https://a b",
            "https://a.b/ x",
            "a.b",
            "https://[::1]/",
            "https://a.b:0/",
            "https://a.b:99999/",
            "https://名.cn/",
        ] {
            assert_eq!(Target::parse(odd), None, "{odd}");
        }
        for (longest, around) in [(253, ["https://", ""]), (URL_MAX - 12, ["https://a.b/", ""])] {
            let url = |length: usize| around.join(&"a".repeat(length));
            assert!(Target::parse(&url(longest)).is_some());
            assert_eq!(Target::parse(&url(longest + 1)), None);
        }
    }

    #[test]
    fn addresses_of_the_house_are_told_from_those_of_the_world() {
        for own in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "100.127.255.255",
            "198.19.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "2001:db8::1",
            "2001:0:7f00:1::",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
        ] {
            assert!(!is_public(own.parse().unwrap()), "{own}");
        }
        for other in [
            "8.8.8.8",
            "223.5.5.5",
            "100.63.255.255",
            "100.128.0.1",
            "12.100.0.1",
            "192.1.0.1",
            "192.0.1.1",
            "9.0.0.1",
            "198.17.255.255",
            "198.20.0.1",
            "5.18.0.1",
            "2400:3200::1",
            "2001:4860::1",
            "2400:db8::1",
            "2400::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(other.parse().unwrap()), "{other}");
        }
    }
}
