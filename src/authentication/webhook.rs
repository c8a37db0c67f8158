//! The webhook that is asked about tokens.

use std::path::Path;

use time::OffsetDateTime;

use super::authenticator::{Authenticator, AuthenticatorName};
use super::named_file::certificates;
use super::{ApiServerAuthentication, NamedFile};
use crate::evidence::with_causes;
use crate::inventory::ObservationError;
use crate::kubernetes::{
    Clusters, Kubeconfig, KubeconfigError, Source, StaticPod, without_password,
};
use crate::node::{FileSnapshot, Root};
use crate::pki::Certificate;

/// `WebHookAuthenticationOptions` in `k8s.io/kubernetes/pkg/kubeapiserver/options`.
#[derive(Debug)]
pub struct Webhook {
    /// `--authentication-token-webhook-config-file`: a kubeconfig that says where it is.
    pub config: NamedFile<WebhookClient>,
    /// `--authentication-token-webhook-version`: `v1beta1` unless said otherwise.
    pub version: String,
    /// `--authentication-token-webhook-cache-ttl`, as it stands: two minutes unless said otherwise.
    pub cache_ttl: String,
}

/// What the API server needs to ask it.
#[derive(Debug)]
pub struct WebhookClient {
    /// Its URL, without a password.
    pub server: String,
    /// Whom it is believed from; the host's own authorities where none is named.
    pub authorities: Option<NamedFile<Vec<Certificate>>>,
    /// What the API server shows to it, where that is a certificate.
    pub client_certificate: Option<NamedFile<Vec<Certificate>>>,
    /// What else it shows: the kind of it, never the thing itself.
    pub other_credential: Option<&'static str>,
    /// `insecure-skip-tls-verify`: whoever answers is believed.
    pub skips_verification: bool,
    /// Permission bits of the kubeconfig.
    pub mode: u32,
}

const FLAG: &str = "--authentication-token-webhook-config-file";

impl Webhook {
    pub(super) fn observe(root: &Root, pod: &StaticPod) -> Option<Self> {
        let path = pod.filled_flag("authentication-token-webhook-config-file")?;
        let config = NamedFile::read(root, path, |path, file| {
            WebhookClient::read(root, path, file)
        });
        let text = |name, default: &str| pod.filled_flag(name).unwrap_or(default).to_owned();
        Some(Self {
            config,
            version: text("authentication-token-webhook-version", "v1beta1"),
            cache_ttl: text("authentication-token-webhook-cache-ttl", "2m"),
        })
    }
}

impl WebhookClient {
    fn read(root: &Root, path: &Path, file: &FileSnapshot) -> Result<Self, ObservationError> {
        // What is refused here may be good enough for client-go, which takes the last of two equal keys.
        let unusable = |error: &KubeconfigError| ObservationError::Webhook {
            path: path.to_owned(),
            reason: with_causes(error),
        };
        let clusters = Clusters::parse(&file.bytes).map_err(|error| unusable(&error))?;
        let cluster = clusters.current().map_err(unusable)?;
        let read = |source: &Source| match source {
            Source::Embedded(pem) => NamedFile {
                path: file.path.clone(),
                content: certificates(path, pem),
            },
            // A relative path starts at the kubeconfig's folder.
            Source::File(name) => {
                let place = file.path.with_file_name(name);
                let place = place.to_string_lossy();
                NamedFile::certificates(root, &place)
            }
        };
        let mut client = Self {
            server: without_password(cluster.server().unwrap_or_default()),
            authorities: cluster.certificate_authority().map(read),
            client_certificate: None,
            other_credential: None,
            skips_verification: cluster.skips_verification(),
            mode: file.metadata.mode,
        };
        match Kubeconfig::parse(&file.bytes) {
            Ok(kubeconfig) => {
                client.client_certificate = Some(read(kubeconfig.client_certificate()));
            }
            Err(KubeconfigError::NoClientCertificate { .. }) => {}
            Err(KubeconfigError::TokenUser { .. }) => client.other_credential = Some("a token"),
            Err(KubeconfigError::PasswordUser { .. }) => {
                client.other_credential = Some("a password");
            }
            Err(KubeconfigError::ExecUser { .. } | KubeconfigError::AuthProviderUser { .. }) => {
                client.other_credential = Some("what a program says");
            }
            Err(error) => return Err(unusable(&error)),
        }
        Ok(client)
    }
}

pub(super) fn authenticator(
    server: &ApiServerAuthentication,
    now: OffsetDateTime,
) -> Authenticator {
    let webhook = server.webhook.as_ref();
    let mut authenticator = Authenticator::new(AuthenticatorName::Webhook, webhook.is_some())
        .with_advice(
            "no effect with the cluster's; but its server's certificate, the CA for it or the client certificate shown to it ended: \
             each token that it would know answers 401, those in the cache a little later. The kubeconfig is read at the start alone",
            "that server decides who somebody is, system:masters too, and sees every token that no other authenticator knows",
            "OIDC, which sees no token; where it must be: TLS both ways, outside the cluster that it guards",
        );
    let Some(webhook) = webhook else {
        return authenticator;
    };
    authenticator.set(FLAG, webhook.config.path.to_string_lossy());
    match &webhook.config.content {
        Ok(client) => of_client(&mut authenticator, client, now),
        Err(error) => authenticator.fail_to_start(super::API_SERVER, error),
    }
    authenticator.set("--authentication-token-webhook-version", &webhook.version);
    if !["v1", "v1beta1"].contains(&webhook.version.as_str()) {
        authenticator.fail(
            "kube-apiserver does not start: --authentication-token-webhook-version is neither v1 nor v1beta1",
        );
    }
    let ttl = &webhook.cache_ttl;
    authenticator.set("--authentication-token-webhook-cache-ttl", ttl);
    authenticator
}

fn of_client(authenticator: &mut Authenticator, client: &WebhookClient, now: OffsetDateTime) {
    authenticator.set("server", &client.server);
    let mut rest = |setting: &str, file: &NamedFile<Vec<Certificate>>, whole: bool| {
        let path = file.path.to_string_lossy();
        match &file.content {
            Ok(certificates) => {
                let first = certificates.get(..1).unwrap_or_default();
                let counting = if whole { certificates } else { first };
                authenticator.rest_on(setting, path, counting, now);
            }
            Err(error) => {
                authenticator.set(setting, path);
                authenticator.fail_to_start(super::API_SERVER, error);
            }
        }
    };
    if let Some(file) = &client.authorities {
        rest("certificate-authority", file, true);
    }
    if let Some(file) = &client.client_certificate {
        rest("client-certificate", file, false);
    }
    if let Some(kind) = client.other_credential {
        authenticator.set("credential", kind);
    }
    if client.skips_verification {
        authenticator.set("insecure-skip-tls-verify", "true");
        authenticator.risk.push_str(
            ". It is believed without its certificate being looked at: who stands between can be anybody",
        );
    }
    if client.mode & 0o077 != 0 {
        let mode = client.mode & 0o7777;
        let exposed = format!(". Others may open its kubeconfig (mode {mode:04o})");
        authenticator.risk.push_str(&exposed);
    }
}
