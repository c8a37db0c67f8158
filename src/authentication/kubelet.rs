//! Whom the kubelet of this node knows: who asks at its own port, for logs, for a shell in a container.

use time::OffsetDateTime;

use super::NamedFile;
use super::authenticator::{Authenticator, AuthenticatorName};
use crate::inventory::Layout;
use crate::kubernetes::KubeletConfig;
use crate::node::Root;
use crate::pki::Certificate;

/// `KubeletAuthentication` and the authorization beside it (`k8s.io/kubelet/config/v1beta1`).
#[derive(Debug)]
pub struct KubeletAuthentication {
    /// `authentication.x509.clientCAFile`.
    pub client_authorities: Option<NamedFile<Vec<Certificate>>>,
    /// `authentication.webhook.enabled`: tokens are asked about at the API server.
    pub webhook: bool,
    /// `authentication.anonymous.enabled`.
    pub anonymous: bool,
    /// `authorization.mode` is `AlwaysAllow`: whoever is known may everything.
    pub allows_everything: bool,
}

impl KubeletAuthentication {
    /// What the kubelet's configuration says; `None` where there is none. Flags of the kubelet, which are deprecated, are not looked at.
    pub fn observe(root: &Root, layout: &Layout) -> Option<Self> {
        let config: &KubeletConfig = layout.kubelet.as_ref()?;
        let read = |path| NamedFile::certificates(root, path);
        Some(Self {
            client_authorities: config.client_ca_file().map(read),
            webhook: config.webhook(),
            anonymous: config.anonymous(),
            allows_everything: config.authorization_mode() == "AlwaysAllow",
        })
    }

    /// Its authenticators.
    pub fn authenticators(&self, now: OffsetDateTime) -> Vec<Authenticator> {
        let mut all = vec![self.certificates(now), self.tokens(), self.anonymous()];
        if self.allows_everything {
            for one in &mut all {
                one.set("authorization.mode", "AlwaysAllow");
                one.risk.push_str(
                    ". authorization.mode is AlwaysAllow: whoever is known may run commands in every container here",
                );
            }
        }
        all
    }

    fn certificates(&self, now: OffsetDateTime) -> Authenticator {
        let file = self.client_authorities.as_ref();
        let name = AuthenticatorName::KubeletClientCertificates;
        let mut authenticator = Authenticator::new(name, file.is_some()).with_advice(
            "apiserver-kubelet-client.crt or the CA ended: kubectl logs, exec and port-forward answer an error; pods run on. The CA file \
             is read again without a restart",
            "who has a client certificate of that CA is known here too; RBAC decides by way of the API server",
            "one CA file for both, as kubeadm has it; authorization.mode Webhook",
        );
        if let Some(file) = file {
            const FIELD: &str = "authentication.x509.clientCAFile";
            authenticator.rest_on_file(FIELD, file, "the kubelet", now);
        }
        authenticator
    }

    fn tokens(&self) -> Authenticator {
        let name = AuthenticatorName::KubeletTokens;
        let mut authenticator = Authenticator::new(name, self.webhook).with_advice(
            "the kubelet asks the API server about each token, with its own client certificate: with that ended, or the API down, \
             no token is known here (401)",
            "none of its own: who is known is the API server's word, and who may what is RBAC's",
            "leave it on, and authentication by tokens to bound ones",
        );
        let value = self.webhook.to_string();
        authenticator.set("authentication.webhook.enabled", value);
        authenticator
    }

    fn anonymous(&self) -> Authenticator {
        let name = AuthenticatorName::KubeletAnonymous;
        let mut authenticator = Authenticator::new(name, self.anonymous).with_advice(
            "no effect",
            "whoever reaches port 10250 is system:anonymous; RBAC alone stands between",
            "authentication.anonymous.enabled: false, as kubeadm has it",
        );
        let value = self.anonymous.to_string();
        authenticator.set("authentication.anonymous.enabled", value);
        authenticator
    }
}
