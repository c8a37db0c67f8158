//! The kubelet's configuration file and the flags that kubeadm gives it. Pure; reads, never edits.

use super::document::{DocumentError, Node};
use super::flags::Flags;

/// What a recovery needs of a `KubeletConfiguration` (`k8s.io/kubelet/config/v1beta1`), by default
/// `/var/lib/kubelet/config.yaml`. Absent and empty are the same, as they are for the kubelet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeletConfig {
    static_pod_path: Option<String>,
    client_ca_file: Option<String>,
    tls_cert_file: Option<String>,
    tls_private_key_file: Option<String>,
    container_runtime_endpoint: Option<String>,
    server_tls_bootstrap: bool,
    rotate_certificates: bool,
}

/// Why bytes are not a kubelet's configuration.
#[derive(Debug, thiserror::Error)]
pub enum KubeletConfigError {
    /// Not one plain YAML document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Some other object.
    #[error("it is not a KubeletConfiguration: its kind is {}", kind.as_deref().unwrap_or("missing"))]
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
        let x509 = config.field("authentication")?.field("x509")?;
        Ok(Self {
            static_pod_path: text("staticPodPath")?,
            client_ca_file: x509
                .field("clientCAFile")?
                .filled_text()?
                .map(str::to_owned),
            tls_cert_file: text("tlsCertFile")?,
            tls_private_key_file: text("tlsPrivateKeyFile")?,
            container_runtime_endpoint: text("containerRuntimeEndpoint")?,
            server_tls_bootstrap: config.field("serverTLSBootstrap")?.boolean()? == Some(true),
            rotate_certificates: config.field("rotateCertificates")?.boolean()? == Some(true),
        })
    }

    /// `staticPodPath`: the folder of manifests.
    pub fn static_pod_path(&self) -> Option<&str> {
        self.static_pod_path.as_deref()
    }

    /// `authentication.x509.clientCAFile`: the bundle that the kubelet's clients are checked against.
    pub fn client_ca_file(&self) -> Option<&str> {
        self.client_ca_file.as_deref()
    }

    /// `tlsCertFile`: the serving certificate; without it the kubelet makes its own, `kubelet.crt` in its `--cert-dir`.
    pub fn tls_cert_file(&self) -> Option<&str> {
        self.tls_cert_file.as_deref()
    }

    /// `tlsPrivateKeyFile`: the key of [`Self::tls_cert_file`].
    pub fn tls_private_key_file(&self) -> Option<&str> {
        self.tls_private_key_file.as_deref()
    }

    /// `containerRuntimeEndpoint`: the CRI socket, such as `unix:///run/containerd/containerd.sock`.
    pub fn container_runtime_endpoint(&self) -> Option<&str> {
        self.container_runtime_endpoint.as_deref()
    }

    /// `serverTLSBootstrap`: whether the kubelet asks the API for its serving certificate (default false).
    pub fn server_tls_bootstrap(&self) -> bool {
        self.server_tls_bootstrap
    }

    /// `rotateCertificates`: whether the kubelet asks the API for new client certificates (default false).
    pub fn rotate_certificates(&self) -> bool {
        self.rotate_certificates
    }
}

/// The flags in `/var/lib/kubelet/kubeadm-flags.env`, which systemd reads as an `EnvironmentFile` and splits into
/// words (systemd.exec(5), systemd.service(5)); such as `hostname-override`, `cert-dir`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeletFlags(Flags);

/// Why bytes are not an environment file with the kubelet's flags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubeletFlagsError {
    /// It is not UTF-8.
    #[error("it is not UTF-8: the byte at offset {offset} belongs to no character")]
    NotUtf8 {
        /// How many bytes before it are good.
        offset: usize,
    },
    /// It begins with a byte order mark, which hides the name of the first variable.
    #[error("it begins with a byte order mark")]
    ByteOrderMark,
    /// A quote is opened and not closed.
    #[error("line {line}: the quote {quote} is not closed")]
    OpenQuote {
        /// The line of the assignment, counted from one.
        line: usize,
        /// The quote.
        quote: char,
    },
}

/// The variable that kubeadm writes and its drop-in for systemd hands to the kubelet.
const VARIABLE: &str = "KUBELET_KUBEADM_ARGS";

impl KubeletFlags {
    /// Reads the environment file; one without the variable holds no flags.
    pub fn parse(bytes: &[u8]) -> Result<Self, KubeletFlagsError> {
        let text = std::str::from_utf8(bytes).map_err(|error| KubeletFlagsError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        if text.starts_with('\u{FEFF}') {
            return Err(KubeletFlagsError::ByteOrderMark);
        }
        let mut flags = Flags::default();
        for (index, line) in text.lines().enumerate() {
            let Some((VARIABLE, value)) = line.trim().split_once('=') else {
                continue;
            };
            let open = |quote| KubeletFlagsError::OpenQuote {
                line: index + 1,
                quote,
            };
            let value = split(value, |_| false).map_err(open)?.concat();
            let words = split(&value, char::is_whitespace).map_err(open)?;
            flags = Flags::parse(words.iter().map(String::as_str));
        }
        Ok(Self(flags))
    }

    /// The value of a flag: [`Flags::value`].
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.0.value(name)
    }
}

/// Splits at separators outside quotes and takes the quotes and escapes away; fails with a quote that stays open.
fn split(text: &str, is_separator: impl Fn(char) -> bool) -> Result<Vec<String>, char> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut open = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, open) {
            ('"' | '\'', None) => {
                open = Some(character);
                word.get_or_insert_default();
            }
            (_, Some(quote)) if character == quote => open = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(characters.next()),
            (_, None) if is_separator(character) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    open.map_or(Ok(words), Err)
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
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
rotateCertificates: true
staticPodPath: /etc/kubernetes/manifests
tlsCertFile: ''
",
        )
        .unwrap();
        assert_eq!(config.client_ca_file(), Some("/etc/kubernetes/pki/ca.crt"));
        assert_eq!(config.static_pod_path(), Some("/etc/kubernetes/manifests"));
        assert_eq!(
            config.container_runtime_endpoint(),
            Some("unix:///run/containerd/containerd.sock")
        );
        assert_eq!(config.tls_cert_file(), None);
        assert_eq!(config.tls_private_key_file(), None);
        assert!(config.rotate_certificates());
        assert!(!config.server_tls_bootstrap());
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
            error("{kind: KubeletConfiguration, rotateCertificates: 'true'}"),
            "`rotateCertificates` is text, not a boolean"
        );
        assert_eq!(
            error("{kind: KubeletConfiguration, authentication: {x509: []}}"),
            "`authentication.x509` is a list, not a mapping"
        );
    }

    #[test]
    fn the_flags_are_those_of_the_last_assignment() {
        let flags = KubeletFlags::parse(
            b"# KUBELET_KUBEADM_ARGS=\"--cert-dir=/commented\"\r
KUBELET_KUBEADM_ARGS=--cert-dir=/first\r
OTHER=\"--cert-dir=/other\"\r
KUBELET_KUBEADM_ARGS=\"--hostname-override=cp-1 --cert-dir /srv/pki --node-labels='a b' --register-with-taints=\\\"c d\\\"\"\r
",
        )
        .unwrap();
        assert_eq!(flags.flag("hostname-override"), Some("cp-1"));
        assert_eq!(flags.flag("cert-dir"), Some("/srv/pki"));
        assert_eq!(flags.flag("node-labels"), Some("a b"));
        assert_eq!(flags.flag("register-with-taints"), Some("c d"));
    }

    #[test]
    fn no_assignment_is_no_flags_and_an_open_quote_is_an_error() {
        let none = KubeletFlags::parse(b"").unwrap();
        assert_eq!(none.flag("cert-dir"), None);
        assert_eq!(
            KubeletFlags::parse(b"\nKUBELET_KUBEADM_ARGS=\"--a=b\n"),
            Err(KubeletFlagsError::OpenQuote {
                line: 2,
                quote: '"'
            })
        );
        assert_eq!(
            KubeletFlags::parse(b"\xEF\xBB\xBFKUBELET_KUBEADM_ARGS="),
            Err(KubeletFlagsError::ByteOrderMark)
        );
        assert_eq!(
            KubeletFlags::parse(b"a\xFF"),
            Err(KubeletFlagsError::NotUtf8 { offset: 1 })
        );
    }
}
