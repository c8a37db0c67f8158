//! What is asked of whom.

use std::net::SocketAddr;
use std::time::Duration;

use super::{ClientCredential, HttpRequest, ProbeError};

/// One connection to a server of this node.
#[derive(Debug, Clone)]
pub struct Question {
    /// Where the server listens. Loopback or an address of this node: that is for the caller to see to. Here only what is
    /// no address of a single server is refused.
    pub address: SocketAddr,
    /// What is spoken.
    pub channel: Channel,
    /// What to ask once the server is trusted; `None` ends with the handshake.
    pub request: Option<HttpRequest>,
    /// For connecting, handshake and answer together. A server that hangs, or drips, cannot make it longer.
    pub patience: Duration,
}

/// What is spoken with a server.
#[derive(Debug, Clone)]
pub enum Channel {
    /// HTTP as it is: the health ports of the kubelet (10248) and of etcd (2381).
    Plain,
    /// TLS 1.2 or 1.3.
    Tls {
        /// The name or address that the server's certificate must be for. It is sent (SNI) where it is a name.
        server_name: String,
        /// What is expected of the server's certificate.
        trust: Trust,
        /// Whom we are, should the server want to know. It is shown to a server that is not trusted too: a handshake gives
        /// nobody the key, and cannot be passed on to another server.
        client: Option<ClientCredential>,
    },
}

/// What makes a server trusted.
#[derive(Debug, Clone)]
pub enum Trust {
    /// One of these certificates, DER, signed the server's, and that is valid now, for a TLS server, for the name.
    ///
    /// An authority is trusted because it is named here: its own dates are not looked at. One that cannot be read trusts
    /// nobody.
    Authorities(Vec<Vec<u8>>),
    /// The server has this certificate, DER, whatever it says: for those that nothing verifies, such as the one that a
    /// kubelet signs for itself.
    Exactly(Vec<u8>),
}

impl Question {
    /// What the request is sent as, or the reason why nothing may be asked.
    pub(super) fn encode_request(&self) -> Result<Option<Vec<u8>>, ProbeError> {
        let ip = self.address.ip().to_canonical();
        let broadcast = matches!(ip, std::net::IpAddr::V4(ip) if ip.is_broadcast());
        if ip.is_unspecified() || ip.is_multicast() || broadcast || self.address.port() == 0 {
            return Err(ProbeError::Unaskable {
                what: self.address.to_string(),
                reason: "it is not the address of one server",
            });
        }
        let port = self.address.port();
        let host = match &self.channel {
            Channel::Tls { server_name, .. } if server_name.contains(':') => {
                format!("[{server_name}]:{port}")
            }
            Channel::Tls { server_name, .. } => format!("{server_name}:{port}"),
            Channel::Plain => self.address.to_string(),
        };
        let request = self.request.as_ref();
        request.map(|request| request.encode(&host)).transpose()
    }
}
