//! Where a component serves, from the values of its flags. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address to ask at, for one that is listened on: a component that listens everywhere listens on the loopback too.
pub(super) fn reachable(listening: IpAddr) -> IpAddr {
    match listening {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    }
}

/// The socket addresses of a list of URLs such as etcd's `--listen-client-urls`, those with TLS alone. Names are passed
/// over: nothing here asks a resolver, which may need the very cluster that is down.
pub(super) fn of_urls(urls: &str) -> Vec<SocketAddr> {
    addresses(urls, "https://")
}

/// The same, those without TLS alone.
pub(super) fn of_plain_urls(urls: &str) -> Vec<SocketAddr> {
    addresses(urls, "http://")
}

fn addresses(urls: &str, scheme: &str) -> Vec<SocketAddr> {
    urls.split(',')
        .filter_map(|url| url.trim().strip_prefix(scheme))
        .filter_map(|authority| authority.trim_end_matches('/').parse::<SocketAddr>().ok())
        .map(|address| SocketAddr::new(reachable(address.ip()), address.port()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_addresses_that_can_be_asked() {
        let addresses = of_urls(
            "https://127.0.0.1:2379, https://192.0.2.10:2379/,https://[::]:2380,https://0.0.0.0:1,http://127.0.0.1:2381,https://etcd:2379,",
        );
        let expected = [
            "127.0.0.1:2379",
            "192.0.2.10:2379",
            "[::1]:2380",
            "127.0.0.1:1",
        ];
        assert_eq!(
            addresses,
            expected.map(|address| address.parse::<SocketAddr>().unwrap())
        );
        let plain = of_plain_urls("https://127.0.0.1:2379,http://127.0.0.1:2381");
        assert_eq!(plain, ["127.0.0.1:2381".parse::<SocketAddr>().unwrap()]);
    }
}
