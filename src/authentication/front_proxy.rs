//! The front proxy: who may say in headers for whom it asks. The API server itself is one, to the servers of aggregated APIs.

use time::OffsetDateTime;

use super::authenticator::{Authenticator, AuthenticatorName};
use super::{ApiServerAuthentication, NamedFile};
use crate::kubernetes::StaticPod;
use crate::node::Root;
use crate::pki::Certificate;

const FLAG: &str = "--requestheader-client-ca-file";
const OWN: &str = "--proxy-client-cert-file";

/// `RequestHeaderAuthenticationOptions` in `k8s.io/apiserver/pkg/server/options`.
#[derive(Debug)]
pub struct FrontProxy {
    /// `--requestheader-client-ca-file`: whose certificates may.
    pub authorities: NamedFile<Vec<Certificate>>,
    /// `--requestheader-allowed-names`: which common names; any where there is none.
    pub allowed_names: Vec<String>,
    /// `--requestheader-username-headers`: where the user stands. Without any nobody is known by it.
    pub username_headers: Vec<String>,
    /// `--proxy-client-cert-file`: what the API server shows to the servers of aggregated APIs.
    pub own_certificate: Option<NamedFile<Vec<Certificate>>>,
}

impl FrontProxy {
    pub(super) fn observe(root: &Root, pod: &StaticPod) -> Option<Self> {
        let read = |path| NamedFile::certificates(root, path);
        let list = |name| pod.list(name);
        Some(Self {
            authorities: read(pod.filled_flag("requestheader-client-ca-file")?),
            allowed_names: list("requestheader-allowed-names"),
            username_headers: list("requestheader-username-headers"),
            own_certificate: pod.filled_flag("proxy-client-cert-file").map(read),
        })
    }

    /// Whether a header can say anything.
    pub(super) fn is_on(&self) -> bool {
        !self.username_headers.is_empty()
    }
}

pub(super) fn authenticator(
    server: &ApiServerAuthentication,
    now: OffsetDateTime,
) -> Authenticator {
    let proxy = server.front_proxy.as_ref();
    let is_on = proxy.is_some_and(FrontProxy::is_on);
    let mut authenticator = Authenticator::new(AuthenticatorName::FrontProxy, is_on).with_advice(
        "its CA or front-proxy-client.crt ended: aggregated APIs (metrics.k8s.io and others) do not believe this server any more and \
         answer 401; logging on to the API server itself goes on. Both files are read again without a restart",
        "whoever has a certificate of that CA with an allowed name speaks for any user and group, system:masters too",
        "a CA of its own, never the one for clients; name the allowed names; its key off the node",
    );
    let Some(proxy) = proxy else {
        return authenticator;
    };
    authenticator.rest_on_file(FLAG, &proxy.authorities, super::API_SERVER, now);
    let names = &proxy.allowed_names;
    let any = || "any name".to_owned();
    let allowed = if names.is_empty() {
        any()
    } else {
        names.join(",")
    };
    authenticator.set("--requestheader-allowed-names", allowed);
    let headers = proxy.username_headers.join(",");
    authenticator.set("--requestheader-username-headers", headers);
    if names.is_empty() && shares_authority(server, proxy) {
        authenticator.fail(
            "kube-apiserver does not start with it: --client-ca-file has the same CA, so that any client could speak for anybody; \
             --requestheader-allowed-names must be set",
        );
    }
    if let Some(own) = &proxy.own_certificate {
        authenticator.rest_on_first(OWN, own, now);
    }
    authenticator
}

/// Whether the CAs for clients and for proxies have one in common (`certificatesOverlap` in
/// `k8s.io/kubernetes/pkg/kubeapiserver/options`).
fn shares_authority(server: &ApiServerAuthentication, proxy: &FrontProxy) -> bool {
    let clients = server.client_authorities.as_ref();
    let clients = clients.and_then(|file| file.content.as_ref().ok());
    let (Some(clients), Ok(proxies)) = (clients, &proxy.authorities.content) else {
        return false;
    };
    let same = |one: &Certificate| proxies.iter().any(|other| one.der() == other.der());
    clients.iter().any(same)
}
