//! The host of a URL as it stands in flags and kubeconfigs. Pure.

/// The host of `https://HOST:PORT/…` (RFC 3986 section 3.2.2), an IPv6 address without its brackets; `None` where there is none.
pub fn url_host(url: &str) -> Option<&str> {
    let (_, rest) = url.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let server = authority.rsplit_once('@').map_or(authority, |(_, it)| it);
    let host = match server.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        None => server.split_once(':').map_or(server, |(host, _)| host),
    };
    (!host.is_empty()).then_some(host)
}

/// The hosts of a list of URLs, such as etcd's `--advertise-client-urls`.
pub fn url_hosts(urls: &str) -> impl Iterator<Item = &str> {
    urls.split(',').filter_map(url_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_stands_between_scheme_and_port() {
        for (url, host) in [
            ("https://192.0.2.10:6443", Some("192.0.2.10")),
            (" https://lb.example:6443/path?a=b", Some("lb.example")),
            ("https://[2001:db8::1]:2379", Some("2001:db8::1")),
            ("https://user:word@cp-1", Some("cp-1")),
            ("https://cp-1?x=:1/", Some("cp-1")),
            ("https://[2001:db8::1", None),
            ("https://:6443", None),
            ("192.0.2.10:6443", None),
            ("", None),
        ] {
            assert_eq!(url_host(url), host, "{url}");
        }
        let hosts: Vec<&str> = url_hosts("https://a:1,nonsense, https://b").collect();
        assert_eq!(hosts, ["a", "b"]);
    }
}
