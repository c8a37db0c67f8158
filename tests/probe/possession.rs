//! A server with a certificate and without its key: openssl does not start as one, so this is a server by rustls.

use std::io::Read;
use std::sync::Arc;

use rekindle::node::{HttpRequest, ProbeError, Question};
use rekindle::pki::{KeyAlgorithm, generate};
use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::certificates::{Cluster, LOOPBACK, Wish};
use crate::impostor::Impostor;
use crate::{answer, question};

/// Serves the certificate of one pair and signs with the key of another; both may be the same.
fn thief(certificate: Vec<u8>, key: &str, version: &'static SupportedProtocolVersion) -> Impostor {
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let chain = vec![CertificateDer::from(certificate)];
    let stolen = CertifiedKey::new(chain, any_supported_type(&key).unwrap());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(stolen)));
    Impostor::new(move |stream| {
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut received = Vec::new();
        let mut stream = StreamOwned::new(connection, stream);
        let _ = stream.read_to_end(&mut received);
        assert_eq!(received, b"");
    })
}

#[test]
fn a_certificate_without_its_key_is_not_believed() {
    let cluster = Cluster::new();
    for (algorithm, other) in [
        (KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP256),
        (KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384),
        (KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa2048),
        (KeyAlgorithm::Rsa2048, KeyAlgorithm::EcdsaP256),
    ] {
        let victim = cluster.certify(&Wish::server(), generate(algorithm).unwrap());
        let key = generate(other).unwrap().pem;
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let thief = thief(victim.certificate.der().to_vec(), &key, version);
            let answer = answer(&Question {
                request: Some(HttpRequest::get("/secrets")),
                ..question(thief.address, LOOPBACK, cluster.trust())
            });
            // What it showed is known, and that alone would pass.
            assert_eq!(answer.served.unwrap().trust, Ok(()));
            let error = answer.outcome.unwrap_err();
            assert!(
                matches!(error, ProbeError::Unproven { .. }),
                "{algorithm} {other} {version:?}: {error:?}"
            );
        }
    }
}

#[test]
fn the_same_server_with_its_key_is_believed() {
    let cluster = Cluster::new();
    let pair = cluster.server();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = thief(pair.certificate.der().to_vec(), &pair.key, version);
        let answer = answer(&question(server.address, LOOPBACK, cluster.trust()));
        assert!(matches!(answer.outcome, Ok(None)), "{answer:?}");
    }
}
