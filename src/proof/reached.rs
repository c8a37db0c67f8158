//! One question to a server of this node, with what lies on the disk, and what an answer that did not come means.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::finding::State;
use crate::evidence::with_causes;
use crate::kubernetes::{KeySource, Kubeconfig, Source};
use crate::node::{
    Alert, Answer, Channel, ClientCredential, Distrust, HttpRequest, ProbeError, Question, Root,
    Secrecy, Trust, ask, is_own_address, now,
};
use crate::pki::read_certificates;

/// For one question. A server of the same machine answers within milliseconds; a busy one after a restart, in a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// Something on the disk that is needed to ask, and cannot be used. In words, with its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unusable(pub(super) String);

/// Asks, presenting itself as the address that is connected to.
///
/// Only at an address of this machine: a manifest can name any other.
pub(super) fn reach(
    address: SocketAddr,
    trust: Trust,
    client: Option<ClientCredential>,
    request: Option<HttpRequest>,
) -> Result<Answer, Unusable> {
    if !is_own_address(address.ip()) {
        return Err(Unusable(format!(
            "{address} is not an address of this machine: it is not asked"
        )));
    }
    let question = Question {
        address,
        channel: Channel::Tls {
            server_name: address.ip().to_string(),
            trust,
            client,
        },
        request,
        patience: PATIENCE,
    };
    Ok(ask(&question, now()))
}

/// The certificates in a file, DER, the leaf first.
pub(super) fn certificates(root: &Root, path: &Path) -> Result<Vec<Vec<u8>>, Unusable> {
    let file = root
        .read(path, Secrecy::Public)
        .map_err(|error| Unusable(with_causes(&error)))?;
    let certificates = read_certificates(&file.bytes)
        .map_err(|error| Unusable(format!("{}: {}", shown(root, path), with_causes(&error))))?;
    Ok(certificates
        .iter()
        .map(|certificate| certificate.der().to_vec())
        .collect())
}

/// A pair of files, to present.
pub(super) fn pair(
    root: &Root,
    certificate: &Path,
    key: &Path,
) -> Result<ClientCredential, Unusable> {
    let read = |path: &Path, secrecy| {
        root.read(path, secrecy)
            .map_err(|error| Unusable(with_causes(&error)))
    };
    let secrecy = if certificate == key {
        Secrecy::Secret
    } else {
        Secrecy::Public
    };
    let certificates = read(certificate, secrecy)?;
    let key = read(key, Secrecy::Secret)?;
    ClientCredential::from_pem(&certificates.bytes, &key.bytes)
        .map_err(|error| Unusable(format!("{}: {error}", shown(root, certificate))))
}

/// The credential of a kubeconfig's current context.
pub(super) fn kubeconfig(root: &Root, path: &Path) -> Result<ClientCredential, Unusable> {
    let file = root
        .read(path, Secrecy::Secret)
        .map_err(|error| Unusable(with_causes(&error)))?;
    let parsed = Kubeconfig::parse(&file.bytes)
        .map_err(|error| Unusable(format!("{}: {error}", shown(root, path))))?;
    let folder = path.parent().unwrap_or(path);
    let certificate = match parsed.client_certificate() {
        Source::Embedded(pem) => pem.clone(),
        Source::File(named) => read_beside(root, &folder.join(named))?,
    };
    let credential = match parsed.client_key() {
        KeySource::Embedded(key) => ClientCredential::from_pem(&certificate, key),
        KeySource::File(named) => {
            let key = root
                .read(&folder.join(named), Secrecy::Secret)
                .map_err(|error| Unusable(with_causes(&error)))?;
            ClientCredential::from_pem(&certificate, &key.bytes)
        }
    };
    credential.map_err(|error| Unusable(format!("{}: {error}", shown(root, path))))
}

/// It may hold a key beside the certificate.
fn read_beside(root: &Root, path: &Path) -> Result<Vec<u8>, Unusable> {
    let file = root
        .read(path, Secrecy::Public)
        .map_err(|error| Unusable(with_causes(&error)))?;
    Ok(file.bytes.to_vec())
}

fn shown(root: &Root, path: &Path) -> String {
    root.outside(path).display().to_string()
}

/// What it means that no answer came from `address`.
pub(super) fn silent(address: SocketAddr, error: &ProbeError) -> State {
    let evidence = format!("{address}: {}", with_causes(error));
    match error {
        ProbeError::Refused => State::open_with(
            format!("{address}: port closed: nothing listens there"),
            "its process does not run, or is still starting",
        ),
        ProbeError::TurnedAway {
            alert: Alert::CertificateExpired,
        } => State::open_with(
            format!("{evidence} (CertificateExpired)"),
            "renew it: rekindle recover",
        ),
        ProbeError::TurnedAway {
            alert: Alert::UnknownAuthority | Alert::BadCertificate,
        } => State::open_with(
            evidence,
            "it runs with another CA than the one on the disk, or was started before that was replaced: restart it",
        ),
        ProbeError::TimedOut { .. } => State::open_with(
            evidence,
            "it hangs: look at its log, and at the load of the machine and its disk",
        ),
        _ => State::open(evidence),
    }
}

/// What it means that the server is not to be trusted.
pub(super) fn distrusted(address: SocketAddr, distrust: &Distrust) -> State {
    let evidence = format!("{address}: {distrust}");
    match distrust {
        Distrust::Expired { .. } => State::open_with(evidence, "renew it: rekindle recover"),
        Distrust::NotYetValid { .. } => State::open_with(
            evidence,
            "the clock of this machine is behind: compare `date -u` with another machine's",
        ),
        Distrust::UnknownIssuer => State::open_with(
            evidence,
            "it runs with another CA than the one on the disk: restart it",
        ),
        _ => State::open(evidence),
    }
}
