//! The kubelet's configuration file. Pure.

use crate::kubernetes::document::{DocumentError, Node};

/// What a recovery needs of a `KubeletConfiguration` (`k8s.io/kubelet/config/v1beta1`), by default
/// `/var/lib/kubelet/config.yaml`. Absent and empty are the same, as they are for the kubelet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeletConfig {
    static_pod_path: Option<String>,
    tls_cert_file: Option<String>,
    tls_private_key_file: Option<String>,
    server_tls_bootstrap: bool,
    address: Option<String>,
    port: Option<u16>,
    container_runtime_endpoint: Option<String>,
    client_ca_file: Option<String>,
    anonymous: Option<bool>,
    webhook: Option<bool>,
    authorization_mode: Option<String>,
    cluster_domain: Option<String>,
    healthz_address: Option<String>,
    /// Zero where it is turned off.
    healthz_port: Option<u16>,
}

/// `ports.KubeletPort` in `k8s.io/kubernetes/pkg/cluster/ports`.
const DEFAULT_PORT: u16 = 10250;
/// `ports.KubeletHealthzPort`, beside it.
const DEFAULT_HEALTHZ_PORT: u16 = 10248;
/// `SetDefaults_KubeletConfiguration` in `k8s.io/kubernetes/pkg/kubelet/apis/config/v1beta1`.
const DEFAULT_HEALTHZ_ADDRESS: &str = "127.0.0.1";

/// Why bytes are not a kubelet's configuration.
#[derive(Debug, thiserror::Error)]
pub enum KubeletConfigError {
    /// Not one plain YAML document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Some other object.
    #[error("it is not a KubeletConfiguration: its kind is {}", kind.as_deref().unwrap_or("missing").escape_debug())]
    NotAKubeletConfiguration {
        /// The kind that it says it is, if any.
        kind: Option<String>,
    },
}

impl KubeletConfig {
    /// Reads the configuration file.
    pub fn parse(bytes: &[u8]) -> Result<Self, KubeletConfigError> {
        let document = Node::parse(bytes)?;
        let config = document.root();
        let kind = config.field("kind")?.text()?;
        if kind != Some("KubeletConfiguration") {
            let kind = kind.map(str::to_owned);
            return Err(KubeletConfigError::NotAKubeletConfiguration { kind });
        }
        let text = |key: &str| -> Result<Option<String>, DocumentError> {
            Ok(config.field(key)?.filled_text()?.map(str::to_owned))
        };
        let enabled = |way: &str| -> Result<Option<bool>, DocumentError> {
            let way = config.field("authentication")?.field(way)?;
            way.field("enabled")?.boolean()
        };
        Ok(Self {
            static_pod_path: text("staticPodPath")?,
            tls_cert_file: text("tlsCertFile")?,
            tls_private_key_file: text("tlsPrivateKeyFile")?,
            server_tls_bootstrap: config.field("serverTLSBootstrap")?.boolean()? == Some(true),
            address: text("address")?,
            port: config.field("port")?.port()?,
            container_runtime_endpoint: text("containerRuntimeEndpoint")?,
            client_ca_file: config
                .field("authentication")?
                .field("x509")?
                .field("clientCAFile")?
                .filled_text()?
                .map(str::to_owned),
            anonymous: enabled("anonymous")?,
            webhook: enabled("webhook")?,
            authorization_mode: config
                .field("authorization")?
                .field("mode")?
                .filled_text()?
                .map(str::to_owned),
            cluster_domain: text("clusterDomain")?,
            healthz_address: text("healthzBindAddress")?,
            healthz_port: {
                let port = config.field("healthzPort")?;
                // Absent is the default, zero is off.
                port.is_present()
                    .then(|| port.port())
                    .transpose()?
                    .map(Option::unwrap_or_default)
            },
        })
    }

    /// `staticPodPath`: the folder of manifests.
    pub fn static_pod_path(&self) -> Option<&str> {
        self.static_pod_path.as_deref()
    }

    /// `tlsCertFile`: the serving certificate; without it the kubelet makes its own, `kubelet.crt` in its `--cert-dir`.
    pub fn tls_cert_file(&self) -> Option<&str> {
        self.tls_cert_file.as_deref()
    }

    /// `tlsPrivateKeyFile`: the key of [`Self::tls_cert_file`].
    pub fn tls_private_key_file(&self) -> Option<&str> {
        self.tls_private_key_file.as_deref()
    }

    /// `address`: where the kubelet serves; everywhere by default.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// `port`: where the kubelet serves.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(DEFAULT_PORT)
    }

    /// `containerRuntimeEndpoint`: the CRI socket; a flag may name it instead.
    pub fn container_runtime_endpoint(&self) -> Option<&str> {
        self.container_runtime_endpoint.as_deref()
    }

    /// `clusterDomain`: that of the services, `networking.dnsDomain` for kubeadm.
    pub fn cluster_domain(&self) -> Option<&str> {
        self.cluster_domain.as_deref()
    }

    /// `authentication.x509.clientCAFile`: whose clients the kubelet lets in.
    pub fn client_ca_file(&self) -> Option<&str> {
        self.client_ca_file.as_deref()
    }

    /// `authentication.anonymous.enabled`: false unless said otherwise (`SetDefaults_KubeletConfiguration`).
    pub fn anonymous(&self) -> bool {
        self.anonymous.unwrap_or(false)
    }

    /// `authentication.webhook.enabled`: whether bearer tokens are asked about at the API server; true unless said otherwise.
    pub fn webhook(&self) -> bool {
        self.webhook.unwrap_or(true)
    }

    /// `authorization.mode`: who may do what; `Webhook`, which asks the API server, unless said otherwise.
    pub fn authorization_mode(&self) -> &str {
        self.authorization_mode.as_deref().unwrap_or("Webhook")
    }

    /// Where `/healthz` is served, in plain HTTP: `healthzBindAddress` and `healthzPort`; `None` where that is turned off.
    pub fn healthz(&self) -> Option<(&str, u16)> {
        let address = self.healthz_address.as_deref();
        let port = self.healthz_port.unwrap_or(DEFAULT_HEALTHZ_PORT);
        (port != 0).then_some((address.unwrap_or(DEFAULT_HEALTHZ_ADDRESS), port))
    }

    /// `serverTLSBootstrap`: whether the kubelet asks the API for its serving certificate (default false).
    pub fn server_tls_bootstrap(&self) -> bool {
        self.server_tls_bootstrap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_read_where_kubeadm_writes_it() {
        let config = KubeletConfig::parse(
            b"apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}}
serverTLSBootstrap: true
staticPodPath: /etc/kubernetes/manifests
tlsCertFile: ''
tlsPrivateKeyFile: /srv/kubelet.key
port: 20250
address: 192.0.2.10
containerRuntimeEndpoint: unix:///run/crio/crio.sock
clusterDomain: k8s.example.test
",
        )
        .unwrap();
        assert_eq!(config.static_pod_path(), Some("/etc/kubernetes/manifests"));
        assert_eq!(config.tls_cert_file(), None);
        assert_eq!(config.tls_private_key_file(), Some("/srv/kubelet.key"));
        assert!(config.server_tls_bootstrap());
        assert_eq!(
            (config.address(), config.port()),
            (Some("192.0.2.10"), 20250)
        );
        let socket = config.container_runtime_endpoint();
        assert_eq!(socket, Some("unix:///run/crio/crio.sock"));
        assert_eq!(config.cluster_domain(), Some("k8s.example.test"));

        let bare = KubeletConfig::parse(b"kind: KubeletConfiguration").unwrap();
        assert_eq!(bare.healthz(), Some(("127.0.0.1", 10248)));
        assert_eq!(bare.client_ca_file(), None);
        // SetDefaults_KubeletConfiguration.
        assert!(!bare.anonymous() && bare.webhook());
        assert_eq!(bare.authorization_mode(), "Webhook");
        let open = KubeletConfig::parse(
            b"{kind: KubeletConfiguration, authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}, authorization: {mode: AlwaysAllow}}",
        )
        .unwrap();
        assert!(open.anonymous() && !open.webhook());
        assert_eq!(open.authorization_mode(), "AlwaysAllow");
        let other = KubeletConfig::parse(
            b"{kind: KubeletConfiguration, healthzPort: 0, authentication: {x509: {clientCAFile: /ca}}}",
        )
        .unwrap();
        assert_eq!(other.healthz(), None);
        assert_eq!(other.client_ca_file(), Some("/ca"));
        assert_eq!(bare.static_pod_path(), None);
        assert_eq!(bare.cluster_domain(), None);
        assert!(!bare.server_tls_bootstrap());
        assert_eq!((bare.address(), bare.port()), (None, 10250));
    }

    #[test]
    fn other_kinds_and_types_are_errors() {
        let error = |text: &str| {
            KubeletConfig::parse(text.as_bytes())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error("kind: Pod"),
            "it is not a KubeletConfiguration: its kind is Pod"
        );
        assert_eq!(
            error("{kind: KubeletConfiguration, serverTLSBootstrap: 'true'}"),
            "`serverTLSBootstrap` is text, not a boolean"
        );
        assert_eq!(
            error("{kind: KubeletConfiguration, staticPodPath: []}"),
            "`staticPodPath` is a list, not text"
        );
        assert_eq!(
            error("{kind: KubeletConfiguration, port: 70000}"),
            "`port` is a number, not a port"
        );
    }
}
