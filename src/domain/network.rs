//! The networks a machine may call from: an address and how many of its leading bits count (RFC 4632).

use std::fmt;
use std::net::IpAddr;

/// A network, such as `10.20.0.0/16`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

fn length(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address as a number, its first bit first, whichever its kind.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => u128::from(u32::from(four)) << 96,
        IpAddr::V6(six) => u128::from(six),
    }
}

impl Network {
    /// Reads `10.20.0.0/16`, `2001:db8::/32` or one address. Bits behind the network's part must be zero: whoever
    /// writes `10.20.0.7/16` meant something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = match bits {
            Some(bits) if bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit()) => {
                bits.parse().ok()?
            }
            Some(_) => return None,
            None => length(address),
        };
        let network = Self { address, bits };
        let whole = bits <= length(address) && number(address) & !network.mask() == 0;
        whole.then_some(network)
    }

    fn mask(&self) -> u128 {
        u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0)
    }

    /// Is the address one of it? An IPv4 address that came over an IPv6 socket is what it was.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let same_kind = address.is_ipv4() == self.address.is_ipv4();
        same_kind && number(address) & self.mask() == number(self.address)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn an_address_is_in_its_own_networks_and_in_no_other() {
        for (network, inside, outside) in [
            ("10.20.0.0/16", "10.20.255.1", "10.21.0.0"),
            ("10.20.0.7", "10.20.0.7", "10.20.0.6"),
            ("10.20.0.0/16", "::ffff:10.20.3.4", "::ffff:10.21.3.4"),
            ("2001:db8::/32", "2001:db8:1::9", "2001:db9::"),
            ("0.0.0.0/0", "198.51.100.9", "2001:db8::"),
            ("::1", "::1", "127.0.0.1"),
        ] {
            let read = Network::parse(network).unwrap_or_else(|| panic!("{network}"));
            assert!(read.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!read.contains(outside.parse().unwrap()), "{network} {outside}");
            assert_eq!(Network::parse(&read.to_string()), Some(read));
        }
    }

    #[test]
    fn what_is_no_network_is_not_read() {
        for text in
            ["", "10.20.0.7/16", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "ward"]
        {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
