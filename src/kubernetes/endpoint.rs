//! Host and port of a server as kubeconfigs and flags name it. Pure.

use std::net::Ipv6Addr;

/// The host, an IPv6 address without brackets, and the port of `server`, which is a URL or just its host and port
/// (`DefaultServerURL` in `k8s.io/client-go/rest`, with TLS). `None` for what is neither.
pub fn endpoint(server: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = server.split_once("://").unwrap_or(("https", server));
    let default = match scheme.to_ascii_lowercase().as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let (host, port) = host_and_port(rest.split(['/', '?', '#']).next()?)?;
    Some((host, port.unwrap_or(default)))
}

/// The host, an IPv6 address without brackets, and the port, where there is one; `None` where there is anything else.
pub(super) fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        (host, port)
    } else {
        let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (!host.is_empty() && host.bytes().all(fits)).then_some((host, port))?
    };
    let Some(port) = port.strip_prefix(':') else {
        return port.is_empty().then_some((host, None));
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.then(|| port.parse().ok()).flatten()?;
    (port != 0).then_some((host, Some(port)))
}

/// A URL to be shown: without what stands before the `@`, and without what stands behind a `?` or `#`, which may be a password or a key.
pub fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match scheme {
        "" => format!("{host}{path}"),
        scheme => format!("{scheme}://{host}{path}"),
    }
}

/// The hosts of a list of URLs, such as etcd's `--advertise-client-urls`.
pub fn hosts(urls: &str) -> impl Iterator<Item = &str> {
    let endpoints = urls.split(',').filter_map(|url| endpoint(url.trim()));
    endpoints.map(|(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_url_shows_a_password() {
        let shown = without_password;
        assert_eq!(shown("https://me:hunter2@a:1/b@c?d#e"), "https://a:1/b@c");
        assert_eq!(shown("https://a?token=hunter2@b"), "https://a");
        assert_eq!(shown("me:hunter2@a/b"), "a/b");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn host_and_port_are_read_as_client_go_reads_them() {
        for (server, expected) in [
            ("https://api.example.test:6443", ("api.example.test", 6443)),
            ("https://192.0.2.10:6443/", ("192.0.2.10", 6443)),
            ("HTTPS://[2001:db8::1]:6443/k8s?a=b", ("2001:db8::1", 6443)),
            ("https://[::1]", ("::1", 443)),
            (
                "https://api.example.test/k8s/clusters/c-1",
                ("api.example.test", 443),
            ),
            ("http://localhost", ("localhost", 80)),
            ("192.0.2.10:6443", ("192.0.2.10", 6443)),
            ("api_1.example.test", ("api_1.example.test", 443)),
        ] {
            assert_eq!(endpoint(server), Some(expected), "{server}");
        }
        for odd in [
            "",
            "https://",
            "https://:6443",
            "ftp://a",
            "https://a:b@c:1",
            "https://a:",
            "https://a:0",
            "https://a:65536",
            "https://a:+1",
            "https://::1:6443",
            "https://[::1",
            "https://[a]:1",
            "https://[::1]6443",
            "https://a b:1",
            "https://a:1:2",
            "unix:///a",
        ] {
            assert_eq!(endpoint(odd), None, "{odd}");
        }
    }

    #[test]
    fn of_a_list_of_urls_each_host_counts_and_nonsense_does_not() {
        let found: Vec<&str> = hosts("https://a:1,::, https://[::1]:2").collect();
        assert_eq!(found, ["a", "::1"]);
    }
}
