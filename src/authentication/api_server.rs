//! The authenticators of this node's API server.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::Answer;
use super::authenticator::Authenticator;
use super::switch::Switch;
use super::{FrontProxy, NamedFile, Oidc, ServiceAccounts, TokenFile, Webhook};
use super::{
    anonymous, bootstrap_tokens, client_certificates, front_proxy, jwt, own_certificates,
    service_account_tokens, token_file, webhook,
};
use crate::inventory::{Layout, ObservationError};
use crate::kubernetes::{AuthenticationConfiguration, Component, StaticPod};
use crate::node::{FileSnapshot, Root};
use crate::pki::Certificate;

/// What this API server knows its callers by, from the flags in its manifest and the files that they name.
#[derive(Debug)]
pub struct ApiServerAuthentication {
    /// The manifest, a node path, links resolved; none where this is what kubeadm would set up.
    pub manifest: Option<PathBuf>,
    /// Why the manifest does not tell all that counts.
    pub hidden: Option<String>,
    /// Whose client certificates are believed (`--client-ca-file`); none where certificates let nobody in.
    pub client_authorities: Option<NamedFile<Vec<Certificate>>>,
    /// What it shows to its clients (`--tls-cert-file`).
    pub serving: Option<NamedFile<Vec<Certificate>>>,
    /// What it shows to etcd (`--etcd-certfile`).
    pub etcd_client: Option<NamedFile<Vec<Certificate>>>,
    /// What it shows to kubelets (`--kubelet-client-certificate`).
    pub kubelet_client: Option<NamedFile<Vec<Certificate>>>,
    /// Tokens of service accounts.
    pub service_accounts: ServiceAccounts,
    /// Who may say in headers for whom it asks (`--requestheader-…`); nobody where no CA is named.
    pub front_proxy: Option<FrontProxy>,
    /// The static token file (`--token-auth-file`).
    pub static_tokens: Option<NamedFile<TokenFile>>,
    /// Bootstrap tokens (`--enable-bootstrap-token-auth`). False unless said otherwise.
    pub bootstrap_tokens: Switch,
    /// What `--authentication-config` names.
    pub authentication_config: Option<NamedFile<AuthenticationConfiguration>>,
    /// The flags of `OpenID` Connect (`--oidc-…`), which it excludes.
    pub oidc: Option<Oidc>,
    /// The webhook that is asked about tokens.
    pub webhook: Option<Webhook>,
    /// `--anonymous-auth`. True unless said otherwise.
    pub anonymous: Switch,
    /// Whether an authorizer allows everything (`--authorization-mode` with `AlwaysAllow`, and without any): then nobody is let in
    /// anonymously.
    pub allows_everything: bool,
}

impl ApiServerAuthentication {
    /// Reads what the API server of this node is started with; `None` where it has no manifest here.
    pub fn observe(root: &Root, layout: &Layout) -> Option<Self> {
        let manifest = layout.manifest(Component::ApiServer)?;
        Some(Self {
            manifest: Some(manifest.path.clone()),
            ..Self::started_with(root, &manifest.pod)
        })
    }

    /// One as kubeadm sets it up (`kubeadm/app/phases/controlplane`): where there is no manifest to read.
    pub fn of_kubeadm(root: &Root, layout: &Layout) -> Self {
        let folder = layout.certificates.display();
        let flags = [
            "--authorization-mode=Node,RBAC".to_owned(),
            format!("--client-ca-file={folder}/ca.crt"),
            "--enable-bootstrap-token-auth=true".to_owned(),
            "--requestheader-allowed-names=front-proxy-client".to_owned(),
            format!("--requestheader-client-ca-file={folder}/front-proxy-ca.crt"),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
            "--requestheader-group-headers=X-Remote-Group".to_owned(),
            "--requestheader-username-headers=X-Remote-User".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
            format!("--service-account-key-file={folder}/sa.pub"),
            format!("--tls-cert-file={folder}/apiserver.crt"),
        ];
        let words = flags.iter().map(String::as_str);
        Self::started_with(root, &StaticPod::of_command(words))
    }

    fn started_with(root: &Root, pod: &StaticPod) -> Self {
        let certificates_of = |flag| {
            let path = pod.filled_flag(flag)?;
            Some(NamedFile::certificates(root, path))
        };
        Self {
            manifest: None,
            hidden: pod.hides_flags_of(Component::ApiServer.as_str()),
            client_authorities: certificates_of("client-ca-file"),
            serving: certificates_of("tls-cert-file"),
            etcd_client: certificates_of("etcd-certfile"),
            kubelet_client: certificates_of("kubelet-client-certificate"),
            service_accounts: ServiceAccounts::observe(root, pod),
            front_proxy: FrontProxy::observe(root, pod),
            static_tokens: pod
                .filled_flag("token-auth-file")
                .map(|path| NamedFile::read(root, path, static_tokens)),
            bootstrap_tokens: Switch::read(pod, "enable-bootstrap-token-auth", false),
            authentication_config: pod
                .filled_flag("authentication-config")
                .map(|path| NamedFile::read(root, path, configuration)),
            oidc: Oidc::observe(root, pod),
            webhook: Webhook::observe(root, pod),
            anonymous: Switch::read(pod, "anonymous-auth", true),
            allows_everything: allows_everything(pod),
        }
    }

    /// Where the manifest hides what counts, nothing can be told.
    pub(super) fn hidden(&self) -> Option<Answer> {
        let because = self.hidden.as_ref()?;
        Some(Answer::Open {
            on: format!("flags that the manifest does not show: {because}"),
        })
    }

    /// What all need, then its authenticators in the order in which they are asked.
    pub fn authenticators(&self, now: OffsetDateTime) -> Vec<Authenticator> {
        vec![
            own_certificates::authenticator(self, now),
            front_proxy::authenticator(self, now),
            client_certificates::authenticator(self, now),
            token_file::authenticator(self),
            service_account_tokens::authenticator(self),
            bootstrap_tokens::authenticator(self),
            jwt::authenticator(self, now),
            webhook::authenticator(self, now),
            anonymous::authenticator(self),
        ]
    }
}

fn static_tokens(path: &Path, file: &FileSnapshot) -> Result<TokenFile, ObservationError> {
    TokenFile::parse(&file.bytes, file.metadata.mode).map_err(|error| ObservationError::Unusable {
        path: path.to_owned(),
        reason: format!("holds no static tokens: {error}"),
    })
}

fn configuration(
    path: &Path,
    file: &FileSnapshot,
) -> Result<AuthenticationConfiguration, ObservationError> {
    AuthenticationConfiguration::parse(&file.bytes).map_err(|source| {
        ObservationError::AuthenticationConfiguration {
            path: path.to_owned(),
            source,
        }
    })
}

/// `BuiltInAuthorizationOptions.Complete` in `k8s.io/kubernetes/pkg/kubeapiserver/options`: neither modes nor a configuration is
/// `AlwaysAllow`.
fn allows_everything(pod: &StaticPod) -> bool {
    let modes = pod.list("authorization-mode");
    if modes.is_empty() {
        return pod.filled_flag("authorization-config").is_none();
    }
    modes.iter().any(|mode| mode == "AlwaysAllow")
}
