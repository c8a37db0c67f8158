//! Which addresses are this machine's own: the only ones that are ever connected to.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;

/// Whether a connection to `ip` stays on this machine: the loopback, or an address of one of its interfaces
/// (getifaddrs(3)), up or not.
pub fn is_own_address(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    if ip.is_loopback() {
        return true;
    }
    let Ok(interfaces) = getifaddrs() else {
        return false;
    };
    interfaces
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address
                .as_sockaddr_in()
                .map(|address| IpAddr::V4(address.ip()));
            v4.or_else(|| {
                address
                    .as_sockaddr_in6()
                    .map(|address| IpAddr::V6(address.ip()))
            })
        })
        .any(|own| own.to_canonical() == ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_own_and_a_documentation_address_is_not() {
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(is_own_address(own.parse().unwrap()), "{own}");
        }
        for other in ["203.0.113.7", "2001:db8::7", "0.0.0.0"] {
            assert!(!is_own_address(other.parse().unwrap()), "{other}");
        }
    }
}
