//! One way in, and what is to be known of it. Pure.

use std::fmt;

use time::OffsetDateTime;

use super::NamedFile;
use crate::evidence::{moment, with_causes};
use crate::inventory::ObservationError;
use crate::kubernetes::AuthenticationConfigurationError;
use crate::pki::{Certificate, Validity};

/// A way of a server to know who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticator {
    /// Which one.
    pub name: AuthenticatorName,
    /// Whether it lets anybody in.
    pub state: AuthenticatorState,
    /// What says so: flags, fields, files with their ends.
    pub evidence: Vec<Evidence>,
    /// What is wrong with it; something, where it is broken.
    pub faults: Vec<String>,
    /// How many tokens it knows, where they are in a file.
    pub tokens: Option<usize>,
    /// When the first thing that it rests on ends, or ended where all did; none where nothing has an end.
    pub ends: Option<OffsetDateTime>,
    /// What becomes of it when certificates expire.
    pub when_certificates_expire: String,
    /// What is dangerous about it.
    pub risk: String,
    /// What is better.
    pub better_practice: String,
}

/// The authenticators, in the order in which they are asked (`Config.New` in
/// `k8s.io/kubernetes/pkg/kubeapiserver/authenticator`), then those of the kubelet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticatorName {
    /// None, but what all of the API server need: its own certificates.
    OwnCertificates,
    /// `--requestheader-client-ca-file`.
    FrontProxy,
    /// `--client-ca-file`.
    ClientCertificates,
    /// `--token-auth-file`.
    StaticTokens,
    /// `--service-account-key-file`, `--service-account-issuer`.
    ServiceAccountTokens,
    /// `--enable-bootstrap-token-auth`.
    BootstrapTokens,
    /// `--oidc-issuer-url`, or `jwt` in what `--authentication-config` names.
    Jwt,
    /// `--authentication-token-webhook-config-file`.
    Webhook,
    /// `--anonymous-auth`, or `anonymous` in what `--authentication-config` names.
    Anonymous,
    /// `authentication.x509.clientCAFile` of the kubelet.
    KubeletClientCertificates,
    /// `authentication.webhook.enabled` of the kubelet.
    KubeletTokens,
    /// `authentication.anonymous.enabled` of the kubelet.
    KubeletAnonymous,
}

/// Whether an authenticator lets anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticatorState {
    /// It is switched on, and what it needs on this node is there and has not ended.
    On,
    /// It is not switched on.
    Off,
    /// It is switched on, and what it needs cannot be read, would not be taken, or has ended.
    Broken,
}

/// A setting that an authenticator follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// A flag with its dashes, or the path of a field.
    pub setting: String,
    /// Its value; never a secret.
    pub value: String,
    /// When the certificate that it names ends; of several the last.
    pub ends: Option<OffsetDateTime>,
}

impl AuthenticatorName {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::OwnCertificates,
        Self::FrontProxy,
        Self::ClientCertificates,
        Self::StaticTokens,
        Self::ServiceAccountTokens,
        Self::BootstrapTokens,
        Self::Jwt,
        Self::Webhook,
        Self::Anonymous,
        Self::KubeletClientCertificates,
        Self::KubeletTokens,
        Self::KubeletAnonymous,
    ];

    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnCertificates => "API server itself",
            Self::FrontProxy => "front proxy",
            Self::ClientCertificates => "client certificates",
            Self::StaticTokens => "static tokens",
            Self::ServiceAccountTokens => "service account tokens",
            Self::BootstrapTokens => "bootstrap tokens",
            Self::Jwt => "OIDC / JWT",
            Self::Webhook => "webhook",
            Self::Anonymous => "anonymous",
            Self::KubeletClientCertificates => "kubelet: certificates",
            Self::KubeletTokens => "kubelet: tokens",
            Self::KubeletAnonymous => "kubelet: anonymous",
        }
    }

    /// As programs read it.
    pub fn identifier(self) -> &'static str {
        match self {
            Self::OwnCertificates => "own-certificates",
            Self::FrontProxy => "front-proxy",
            Self::ClientCertificates => "client-certificates",
            Self::StaticTokens => "static-tokens",
            Self::ServiceAccountTokens => "service-account-tokens",
            Self::BootstrapTokens => "bootstrap-tokens",
            Self::Jwt => "jwt",
            Self::Webhook => "webhook",
            Self::Anonymous => "anonymous",
            Self::KubeletClientCertificates => "kubelet-client-certificates",
            Self::KubeletTokens => "kubelet-tokens",
            Self::KubeletAnonymous => "kubelet-anonymous",
        }
    }
}

impl AuthenticatorState {
    /// `on`, `off` or `broken`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Broken => "broken",
        }
    }
}

impl Authenticator {
    /// One that is on or off, of which nothing more is known yet.
    pub(super) fn new(name: AuthenticatorName, is_on: bool) -> Self {
        Self {
            name,
            state: if is_on {
                AuthenticatorState::On
            } else {
                AuthenticatorState::Off
            },
            evidence: Vec::new(),
            faults: Vec::new(),
            tokens: None,
            ends: None,
            when_certificates_expire: String::new(),
            risk: String::new(),
            better_practice: String::new(),
        }
    }

    /// The same with what is to be known of it in general.
    pub(super) fn with_advice(
        mut self,
        when_certificates_expire: impl Into<String>,
        risk: impl Into<String>,
        better_practice: impl Into<String>,
    ) -> Self {
        self.when_certificates_expire = when_certificates_expire.into();
        self.risk = risk.into();
        self.better_practice = better_practice.into();
        self
    }

    /// Adds a setting.
    pub(super) fn set(&mut self, setting: impl Into<String>, value: impl Into<String>) {
        self.evidence.push(Evidence {
            setting: setting.into(),
            value: value.into(),
            ends: None,
        });
    }

    /// Adds a fault: it is broken.
    pub(super) fn fail(&mut self, fault: impl fmt::Display) {
        self.state = AuthenticatorState::Broken;
        self.faults.push(fault.to_string());
    }

    /// The same for a file that could not be read. What is only stricter here than at the server, such as whose a file may be, is not
    /// said of the server.
    pub(super) fn fail_to_start(&mut self, server: &str, error: &ObservationError) {
        let what = if refuses_too(error) {
            format!("{server} does not start with it")
        } else {
            "it cannot be used".to_owned()
        };
        self.fail(format_args!("{what}: {}", with_causes(error)));
    }

    /// Adds a setting that names a file of certificates, of which any one is enough: [`Self::rest_on`].
    pub(super) fn rest_on_file(
        &mut self,
        setting: &str,
        file: &NamedFile<Vec<Certificate>>,
        server: &str,
        now: OffsetDateTime,
    ) {
        self.rest_on_some(setting, file, server, usize::MAX, now);
    }

    /// The same where the first one alone counts: it is shown, and the others lead to its authority.
    pub(super) fn rest_on_first(
        &mut self,
        setting: &str,
        file: &NamedFile<Vec<Certificate>>,
        now: OffsetDateTime,
    ) {
        self.rest_on_some(setting, file, super::API_SERVER, 1, now);
    }

    fn rest_on_some(
        &mut self,
        setting: &str,
        file: &NamedFile<Vec<Certificate>>,
        server: &str,
        most: usize,
        now: OffsetDateTime,
    ) {
        let path = file.path.to_string_lossy();
        match &file.content {
            Ok(certificates) => {
                let counting = certificates.get(..most).unwrap_or(certificates);
                self.rest_on(setting, path, counting, now);
            }
            Err(error) => {
                self.set(setting, path);
                self.fail_to_start(server, error);
            }
        }
    }

    /// Adds a setting that names certificates of which any one is enough, such as authorities: it is broken when none is valid.
    pub(super) fn rest_on(
        &mut self,
        setting: impl Into<String>,
        value: impl Into<String>,
        certificates: &[Certificate],
        now: OffsetDateTime,
    ) {
        let setting = setting.into();
        let is_valid = |one: &&Certificate| Validity::of(one).contains(now);
        let last = certificates.iter().map(Certificate::not_after).max();
        let valid = certificates.iter().filter(is_valid);
        // Of a bundle the first end matters: whom that authority has signed is not let in any more.
        let first = valid.map(Certificate::not_after).min();
        if first.is_none() {
            let begins = certificates.iter().map(Certificate::not_before).min();
            match (begins, last) {
                (Some(begin), _) if begin > now => {
                    self.fail(format_args!(
                        "{setting} is not valid before {}",
                        moment(begin)
                    ));
                }
                (_, Some(end)) => {
                    self.fail(format_args!("{setting} ended at {}", moment(end)));
                }
                _ => self.fail(format_args!("{setting} names no certificate")),
            }
        }
        let end = first.or(last);
        self.ends = match (self.ends, end) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.evidence.push(Evidence {
            setting,
            value: value.into(),
            ends: last,
        });
    }
}

/// Whether the server would not take the file either.
fn refuses_too(error: &ObservationError) -> bool {
    use AuthenticationConfigurationError as Configuration;
    match error {
        ObservationError::File(_) => error.is_not_found(),
        ObservationError::Unusable { .. } => true,
        ObservationError::AuthenticationConfiguration { source, .. } => {
            !matches!(source, Configuration::Document(_))
        }
        _ => false,
    }
}
