//! One name that a certificate can be for: what a person or a configuration writes, and what a certificate bears.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::der;
use super::name::printable;

/// A subject alternative name (RFC 5280 section 4.2.1.6) of one of the two kinds that Kubernetes uses.
///
/// Read with its kind before it, `DNS:cp-1`, `IP:192.0.2.1`, or without: then an IP address is one, and all else a DNS
/// name. Shown with its kind, as [`Certificate::subject_alternative_names`](super::Certificate::subject_alternative_names)
/// shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlternativeName {
    /// A DNS name in lower case, ASCII, without a dot at its end; its first label may be `*`.
    Dns(String),
    /// An IP address; never an IPv4 address in IPv6 form, which Go writes as the IPv4 address that it is.
    Ip(IpAddr),
}

/// The text is no name that a certificate can bear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no name for a certificate: {reason}")]
pub struct InvalidAlternativeName {
    /// As written, its first 80 characters; control characters as `\1b`.
    text: String,
    reason: &'static str,
}

impl AlternativeName {
    /// The `GeneralName` as DER.
    pub(super) fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Dns(name) => der::encode(der::context_primitive(2), &[name.as_bytes()]),
            Self::Ip(IpAddr::V4(address)) => {
                der::encode(der::context_primitive(7), &[&address.octets()])
            }
            Self::Ip(IpAddr::V6(address)) => {
                der::encode(der::context_primitive(7), &[&address.octets()])
            }
        }
    }

    /// Whether this is the name that a certificate shows as `entry`: DNS names without regard to case, addresses by value.
    pub(super) fn is_entry(&self, entry: &str) -> bool {
        match self {
            Self::Dns(name) => dns_entry(entry).is_some_and(|own| own.eq_ignore_ascii_case(name)),
            Self::Ip(address) => entry
                .strip_prefix(IP)
                .and_then(|own| own.parse::<IpAddr>().ok())
                .is_some_and(|own| own.to_canonical() == address.to_canonical()),
        }
    }

    /// Whether `entry` is this name or a wildcard for it: `*.a` stands for one label before `.a`, and not for `*.a.b` or
    /// `a` (`matchHostnames` of Go's crypto/x509).
    pub(super) fn is_covered_by(&self, entry: &str) -> bool {
        let is_one_label_below = |name: &str, domain: &str| {
            name.split_once('.').is_some_and(|(label, parent)| {
                !label.is_empty() && label != "*" && parent.eq_ignore_ascii_case(domain)
            })
        };
        self.is_entry(entry)
            || matches!(self, Self::Dns(name) if dns_entry(entry)
                .and_then(|own| own.strip_prefix("*."))
                .is_some_and(|domain| !domain.is_empty() && is_one_label_below(name, domain)))
    }
}

const DNS: &str = "DNS:";
const IP: &str = "IP:";

fn dns_entry(entry: &str) -> Option<&str> {
    entry.strip_prefix(DNS)
}

impl FromStr for AlternativeName {
    type Err = InvalidAlternativeName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = if let Some(name) = text.strip_prefix(DNS) {
            dns_name(name)
        } else if let Some(address) = text.strip_prefix(IP) {
            address
                .parse()
                .map(ip_address)
                .map_err(|_| "it is not an IP address")
        } else if let Ok(address) = text.parse() {
            Ok(ip_address(address))
        } else if is_nearly_an_address(text) {
            // A node may be called so; then its kind must be written, lest a slip becomes a name that nobody asks for.
            Err(
                "it is not quite an IP address; a DNS name like this is written with `DNS:` before it",
            )
        } else {
            dns_name(text)
        };
        read.map_err(|reason| InvalidAlternativeName {
            text: printable(&text.chars().take(80).collect::<String>()),
            reason,
        })
    }
}

fn ip_address(address: IpAddr) -> AlternativeName {
    AlternativeName::Ip(address.to_canonical())
}

fn is_nearly_an_address(text: &str) -> bool {
    text.contains(':')
        || (text.contains('.')
            && text
                .bytes()
                .all(|byte| byte == b'.' || byte.is_ascii_digit()))
}

/// A host name as Go's crypto/x509 takes it (`validHostname`), in lower case: RFC 1123's, with underscores.
fn dns_name(text: &str) -> Result<AlternativeName, &'static str> {
    let labels = text.strip_prefix("*.").unwrap_or(text);
    if text.is_empty() {
        return Err("it is empty");
    }
    if !text.is_ascii() {
        return Err("it is not ASCII; other DNS names are written in Punycode");
    }
    if text.len() > 253 {
        return Err("it is longer than 253 characters");
    }
    for label in labels.split('.') {
        if label.is_empty() {
            return Err("one of its labels is empty");
        }
        if label.len() > 63 {
            return Err("one of its labels is longer than 63 characters");
        }
        if label == "*" {
            return Err("only the first of several labels may be a `*`");
        }
        if !label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        {
            return Err("a DNS name has letters, digits, hyphens and underscores in its labels");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("one of its labels begins or ends with a hyphen");
        }
    }
    Ok(AlternativeName::Dns(text.to_ascii_lowercase()))
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(formatter, "{DNS}{name}"),
            Self::Ip(address) => write!(formatter, "{IP}{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pki::openssl::OpenSsl;

    fn name(text: &str) -> AlternativeName {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_read_with_and_without_its_kind() {
        for (text, shown) in [
            ("DNS:cp-1", "DNS:cp-1"),
            ("cp-1", "DNS:cp-1"),
            ("CP-1.Example.TEST", "DNS:cp-1.example.test"),
            ("*.example.test", "DNS:*.example.test"),
            ("under_score", "DNS:under_score"),
            ("42", "DNS:42"),
            ("DNS:192.0.2.1", "DNS:192.0.2.1"),
            ("IP:192.0.2.1", "IP:192.0.2.1"),
            ("192.0.2.1", "IP:192.0.2.1"),
            ("2001:DB8:0::1", "IP:2001:db8::1"),
            ("IP:2001:db8::1", "IP:2001:db8::1"),
            ("::ffff:192.0.2.1", "IP:192.0.2.1"),
        ] {
            assert_eq!(name(text).to_string(), shown, "{text}");
            assert_eq!(name(shown), name(text));
        }
    }

    #[test]
    fn what_no_certificate_can_bear_is_refused_with_its_reason() {
        let long_label = "a".repeat(64);
        let long_name = format!("{}a", "a.".repeat(127));
        for (text, reason) in [
            ("", "empty"),
            ("DNS:", "empty"),
            ("IP:", "not an IP address"),
            ("IP:cp-1", "not an IP address"),
            ("10.0.0.300", "`DNS:` before it"),
            ("fe80::1%eth0", "`DNS:` before it"),
            ("192.0.2.1:6443", "`DNS:` before it"),
            ("cp-1:6443", "`DNS:` before it"),
            ("cp 1", "letters"),
            (" cp-1", "letters"),
            ("cp-1\u{1b}[2J", "letters"),
            ("https//cp-1", "letters"),
            ("ünï", "Punycode"),
            ("*", "first of several"),
            ("*.*.test", "first of several"),
            ("a.*.test", "first of several"),
            ("a*.test", "letters"),
            ("*.", "empty"),
            ("cp-1.", "empty"),
            ("a..b", "empty"),
            ("-a", "hyphen"),
            ("a-.b", "hyphen"),
            (&long_label, "63"),
            (&long_name, "253"),
        ] {
            let error = text.parse::<AlternativeName>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(!error.contains('\u{1b}'), "{error}");
        }
        assert!(long_label[1..].parse::<AlternativeName>().is_ok());
        assert!(long_name[2..].parse::<AlternativeName>().is_ok());
    }

    #[test]
    fn it_is_written_and_shown_as_openssl_writes_it_and_a_certificate_shows_it() {
        let openssl = OpenSsl::new();
        openssl.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=a -keyout a.key -out a.crt -addext subjectAltName=DNS:cp-1,IP:192.0.2.1,IP:2001:db8::1,DNS:*.example.test");
        let certificate = openssl.certificate("a.crt");
        let names: Vec<AlternativeName> = certificate
            .subject_alternative_names()
            .iter()
            .map(|entry| entry.parse().unwrap())
            .collect();
        let shown: Vec<String> = names.iter().map(ToString::to_string).collect();
        assert_eq!(certificate.subject_alternative_names(), shown);
        let encodings: Vec<Vec<u8>> = names.iter().map(AlternativeName::to_der).collect();
        let encodings: Vec<&[u8]> = encodings.iter().map(Vec::as_slice).collect();
        let value = der::encode(der::SEQUENCE, &encodings);
        assert!(
            certificate
                .extensions()
                .iter()
                .any(|one| one.value == value)
        );
    }

    #[test]
    fn a_certificate_has_a_name_by_value_or_by_a_wildcard_for_one_label() {
        let openssl = OpenSsl::new();
        openssl.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=common -keyout a.key -out a.crt -addext subjectAltName=DNS:CP-1,IP:192.0.2.1,IP:2001:db8:0:0:0:0:0:1,DNS:*.Example.test,email:a@mail.test,DNS:*,DNS:10.0.0.1,IP:::ffff:192.0.2.9");
        let certificate = openssl.certificate("a.crt");
        for (text, has) in [
            ("cp-1", true),
            ("cp-2", false),
            ("common", false),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
            ("192.0.2.9", true),
            ("2001:db8::1", true),
            ("DNS:192.0.2.1", false),
            ("10.0.0.1", false),
            ("DNS:10.0.0.1", true),
            ("a.example.test", true),
            ("*.example.test", true),
            ("a.b.example.test", false),
            ("*.b.example.test", false),
            ("example.test", false),
            ("mail.test", false),
        ] {
            assert_eq!(certificate.has_alternative_name(&name(text)), has, "{text}");
        }
        for (host, has) in [
            ("cp-1", true),
            ("a.example.test", true),
            ("a.b.example.test", false),
        ] {
            let answer = openssl.run(&format!("x509 -in a.crt -noout -checkhost {host}"));
            assert_eq!(answer.contains("does match"), has, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_shown_and_read_again_as_the_same(text in "\\PC{0,20}|(DNS:|IP:)?[*.a-cA-C0-9:-]{0,20}") {
            if let Ok(read) = text.parse::<AlternativeName>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
