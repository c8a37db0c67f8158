//! One question to a server of this node, with what lies on the disk, and what an answer that did not come means.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::finding::State;
use crate::evidence::with_causes;
use crate::kubernetes::{KeySource, Kubeconfig, Source};
use crate::node::{
    Alert, Answer, Channel, ClientCredential, Distrust, FileError, HttpRequest, HttpResponse,
    ProbeError, Question, Root, Secrecy, Trust, ask, is_own_address, now,
};
use crate::pki::read_certificates;

/// For one question. A server of the same machine answers within milliseconds; a busy one after a restart, in a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// For a page of a list, which the API server reads from etcd.
const PAGE_PATIENCE: Duration = Duration::from_secs(20);

/// Something on the disk that is needed to ask, and cannot be used. In words, with its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unusable(pub(super) String);

impl From<FileError> for Unusable {
    fn from(error: FileError) -> Self {
        Self(with_causes(&error))
    }
}

impl From<Unusable> for State {
    fn from(Unusable(why): Unusable) -> Self {
        Self::open(why)
    }
}

/// The answer of a server that speaks without TLS, whatever its status: it proves nothing of who gave it. Why there is none,
/// otherwise.
pub(super) fn plain(address: SocketAddr, request: HttpRequest) -> Result<HttpResponse, State> {
    judge(
        address,
        put(PATIENCE, address, Channel::Plain, Some(request))?,
    )
}

/// Asks, presenting itself as the address that is connected to.
pub(super) fn reach(
    address: SocketAddr,
    trust: Trust,
    client: Option<ClientCredential>,
    request: Option<HttpRequest>,
) -> Result<Answer, Unusable> {
    reach_within(PATIENCE, address, trust, client, request)
}

/// The same, for as long as `patience` allows.
fn reach_within(
    patience: Duration,
    address: SocketAddr,
    trust: Trust,
    client: Option<ClientCredential>,
    request: Option<HttpRequest>,
) -> Result<Answer, Unusable> {
    let channel = Channel::Tls {
        server_name: address.ip().to_string(),
        trust,
        client,
    };
    put(patience, address, channel, request)
}

/// Only at an address of this machine: a manifest can name any other.
fn put(
    patience: Duration,
    address: SocketAddr,
    channel: Channel,
    request: Option<HttpRequest>,
) -> Result<Answer, Unusable> {
    if !is_own_address(address.ip()) {
        return Err(Unusable(format!(
            "{address} is not an address of this machine: it is not asked"
        )));
    }
    let question = Question {
        address,
        channel,
        request,
        patience,
    };
    Ok(ask(&question, now()))
}

/// The answer of a server, if it is trusted, whatever its status. Why there is none, otherwise.
pub(super) fn answer(
    address: SocketAddr,
    trust: Trust,
    client: ClientCredential,
    request: HttpRequest,
) -> Result<HttpResponse, State> {
    judge(address, reach(address, trust, Some(client), Some(request))?)
}

/// The answer to one page of a list, which may take a server longer than a health check; nothing where it is longer than what is
/// read.
pub(super) fn page(
    address: SocketAddr,
    trust: Trust,
    client: ClientCredential,
    request: HttpRequest,
) -> Result<Option<HttpResponse>, State> {
    let answer = reach_within(PAGE_PATIENCE, address, trust, Some(client), Some(request))?;
    if matches!(answer.outcome, Err(ProbeError::TooLarge { .. })) {
        return Ok(None);
    }
    judge(address, answer).map(Some)
}

/// The answer in what came back; why there is none, otherwise.
pub(super) fn judge(address: SocketAddr, answer: Answer) -> Result<HttpResponse, State> {
    if let Some(Err(distrust)) = answer.served.as_ref().map(|served| &served.trust) {
        return Err(distrusted(address, distrust));
    }
    match answer.outcome {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(State::open(format!("{address}: no answer came"))),
        Err(error) => Err(silent(address, &error)),
    }
}

/// The certificates in a file, DER, the leaf first.
pub(super) fn certificates(root: &Root, path: &Path) -> Result<Vec<Vec<u8>>, Unusable> {
    let file = root.read(path, Secrecy::Public)?;
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
    let secrecy = if certificate == key {
        Secrecy::Secret
    } else {
        Secrecy::Public
    };
    let certificates = root.read(certificate, secrecy)?;
    let key = root.read(key, Secrecy::Secret)?;
    ClientCredential::from_pem(&certificates.bytes, &key.bytes)
        .map_err(|error| Unusable(format!("{}: {error}", shown(root, certificate))))
}

/// The credential of a kubeconfig's current context.
pub(super) fn kubeconfig(root: &Root, path: &Path) -> Result<ClientCredential, Unusable> {
    let file = root.read(path, Secrecy::Secret)?;
    let parsed = Kubeconfig::parse(&file.bytes)
        .map_err(|error| Unusable(format!("{}: {error}", shown(root, path))))?;
    let folder = path.parent().unwrap_or(path);
    let certificate = match parsed.client_certificate() {
        Source::Embedded(pem) => pem.clone(),
        // It may hold a key beside the certificate.
        Source::File(named) => {
            let file = root.read(&folder.join(named), Secrecy::Public)?;
            file.bytes.to_vec()
        }
    };
    let credential = match parsed.client_key() {
        KeySource::Embedded(key) => ClientCredential::from_pem(&certificate, key),
        KeySource::File(named) => {
            let key = root.read(&folder.join(named), Secrecy::Secret)?;
            ClientCredential::from_pem(&certificate, &key.bytes)
        }
    };
    credential.map_err(|error| Unusable(format!("{}: {error}", shown(root, path))))
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
            "it hangs: look at its log, and at the load of the machine and its disk; etcd does so while it has no quorum",
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
