//! A TLS connection to one server.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::sign::SingleCertAndKey;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use time::OffsetDateTime;

use super::error::is_closed;
use super::stream::TimedStream;
use super::verifier::RecordingVerifier;
use super::{ClientCredential, Phase, ProbeError, Served, Trust};

/// A connection that is to come about.
pub(super) struct Session {
    connection: ClientConnection,
    verifier: Arc<RecordingVerifier>,
}

impl Session {
    /// Sends nothing yet.
    pub(super) fn new(
        server_name: &str,
        trust: &Trust,
        client: Option<&ClientCredential>,
        now: OffsetDateTime,
    ) -> Result<Self, ProbeError> {
        let name =
            ServerName::try_from(server_name.to_owned()).map_err(|_| ProbeError::Unaskable {
                what: server_name.to_owned(),
                reason: "it is neither a DNS name nor an IP address",
            })?;
        let provider = Arc::new(default_provider());
        let verifier = Arc::new(RecordingVerifier::new(trust, &provider));
        let tls = |source| ProbeError::Tls { source };
        let builder = ClientConfig::builder_with_details(provider, Arc::new(Fixed::at(now)))
            .with_safe_default_protocol_versions()
            .map_err(tls)?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone());
        let mut config = match client {
            // Shown whatever authorities the server asks for: it is the server that shall say what is wrong with it.
            Some(client) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(
                client.certified_key(),
            ))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed handshake shows no certificate.
        config.resumption = Resumption::disabled();
        let connection = ClientConnection::new(Arc::new(config), name).map_err(tls)?;
        Ok(Self {
            connection,
            verifier,
        })
    }

    /// The handshake, and what the server presented in it, however it ended.
    pub(super) fn shake_hands(
        mut self,
        mut stream: TimedStream,
    ) -> (Option<Served>, Result<Encrypted, ProbeError>) {
        let shaken = self.connection.complete_io(&mut stream);
        let shaken = shaken.map_err(|error| ProbeError::from_io(Phase::Handshake, error));
        let served = self.verifier.served().cloned();
        let encrypted = shaken.map(|_| Encrypted(StreamOwned::new(self.connection, stream)));
        (served, encrypted)
    }
}

/// A connection after its handshake.
pub(super) struct Encrypted(pub(super) StreamOwned<ClientConnection, TimedStream>);

impl Encrypted {
    /// Ends the connection from our side, and waits for the server's end of it: in TLS 1.3 a server judges our certificate
    /// when we believe the handshake to be done, and what it says then comes now.
    pub(super) fn part(mut self) -> Result<(), ProbeError> {
        let Self(stream) = &mut self;
        stream.conn.send_close_notify();
        // A server that is gone already may have left its word.
        let _ = stream.conn.write_tls(&mut stream.sock);
        match io::copy(&mut stream.by_ref(), &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(error) if is_closed(&error) => Ok(()),
            Err(error) => Err(ProbeError::from_io(Phase::Answer, error)),
        }
    }
}

/// The moment at which certificates are judged, whatever the clock says.
#[derive(Debug)]
struct Fixed(UnixTime);

impl Fixed {
    /// Before 1970 there are no certificates.
    fn at(now: OffsetDateTime) -> Self {
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        Self(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

impl TimeProvider for Fixed {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}
