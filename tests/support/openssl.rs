//! openssl, the judge.

use std::path::Path;
use std::process::{Command, Stdio};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Runs `openssl ARGUMENTS`; the standard output, or what it complained of.
pub fn openssl(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("these tests need openssl");
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Whether `certificate` is good now for `purpose` (`sslserver`, `sslclient`) under the certificates in `authority`.
pub fn verify(certificate: &Path, authority: &Path, purpose: &str) -> Result<(), String> {
    let (certificate, authority) = (text(certificate), text(authority));
    openssl(&[
        "verify",
        "-no-CApath",
        "-no-CAstore",
        "-x509_strict",
        "-CAfile",
        authority,
        "-purpose",
        purpose,
        certificate,
    ])
    .map(drop)
}

/// What openssl reads in a certificate.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// The public key, PEM.
    pub public_key: String,
    /// First and last second.
    pub validity: (OffsetDateTime, OffsetDateTime),
    /// In hexadecimal digits.
    pub serial: String,
    /// Version, names, public key and extensions in words.
    pub words: String,
}

/// Reads the first certificate of a PEM file.
pub fn read(certificate: &Path) -> Reading {
    let output = openssl(&[
        "x509",
        "-in",
        text(certificate),
        "-noout",
        "-serial",
        "-dates",
        "-dateopt",
        "iso_8601",
        "-pubkey",
        "-text",
        "-certopt",
        "no_serial,no_validity,no_sigdump",
    ])
    .unwrap_or_else(|error| panic!("{}: {error}", certificate.display()));
    let field = |name: &str| {
        let line = output.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {output}"))
    };
    let moment = |name| {
        let text = field(name).replace(' ', "T");
        OffsetDateTime::parse(&text, &Rfc3339).unwrap()
    };
    let end = "-----END PUBLIC KEY-----\n";
    let key = output.find("-----BEGIN PUBLIC KEY-----").unwrap();
    let behind = output.find(end).unwrap() + end.len();
    Reading {
        public_key: output[key..behind].to_owned(),
        validity: (moment("notBefore="), moment("notAfter=")),
        serial: field("serial=").to_owned(),
        words: output
            .lines()
            .skip_while(|line| *line != "Certificate:")
            .take_while(|line| !line.starts_with("-----"))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

/// The public half of the private key in a PEM file, PEM.
pub fn public_half(key: &Path) -> String {
    openssl(&["pkey", "-in", text(key), "-pubout"]).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
