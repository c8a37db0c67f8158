//! Judges a server's certificate without ending the handshake.

use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::{Distrust, Served, Trust};

/// Lets every certificate pass, and keeps it with its verdict: with an error the handshake would end here, and whatever the
/// server has to say to us afterwards would be lost. That the server holds the key is verified in earnest.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    trust: Trust,
    /// `None` where no authority can be read.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
    served: OnceLock<Served>,
}

impl RecordingVerifier {
    pub(super) fn new(trust: &Trust, provider: &Arc<CryptoProvider>) -> Self {
        let mut roots = RootCertStore::empty();
        if let Trust::Authorities(authorities) = trust {
            let authorities = authorities.iter().map(|der| CertificateDer::from(&**der));
            roots.add_parsable_certificates(authorities);
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
        Self {
            trust: trust.clone(),
            authorities: verifier.build().ok(),
            algorithms: provider.signature_verification_algorithms,
            served: OnceLock::new(),
        }
    }

    /// What the server presented, if it came to that.
    pub(super) fn served(&self) -> Option<&Served> {
        self.served.get()
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Distrust> {
        match (&self.trust, &self.authorities) {
            (Trust::Exactly(expected), _) if **expected == **leaf => Ok(()),
            (Trust::Exactly(_), _) => Err(Distrust::AnotherCertificate),
            (Trust::Authorities(_), None) => Err(Distrust::UnknownIssuer),
            (Trust::Authorities(_), Some(authorities)) => authorities
                .verify_server_cert(leaf, intermediates, server_name, &[], now)
                .map(drop)
                .map_err(|error| Distrust::from_tls(error, leaf)),
        }
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(intermediates);
        let served = Served {
            chain: chain.map(|certificate| certificate.to_vec()).collect(),
            trust: self.judge(leaf, intermediates, server_name, now),
        };
        // A connection has one handshake: there is nothing yet that this would not replace.
        let _ = self.served.set(served);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, leaf, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
