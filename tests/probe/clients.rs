//! What a server that wants to know its clients makes of ours.

use rekindle::node::{Alert, ClientCredential, CredentialError, ProbeError};
use rekindle::node::{Channel, HttpRequest};

use crate::certificates::{Cluster, LOOPBACK, Pair, Wish, expired};
use crate::server::Server;
use crate::{answer, question};

/// What a server that demands a client certificate of `cluster` makes of `client`: an alert, or `None` where it let us in.
/// The same comes of a handshake alone as of a request.
fn verdict(cluster: &Cluster, client: Option<&Pair>, version: &str) -> Option<Alert> {
    let server = Server::with_files(
        &cluster.server(),
        &[
            "-www",
            version,
            "-Verify",
            "1",
            "-verify_return_error",
            "-CAfile",
            "ca.crt",
        ],
        &[("ca.crt", cluster.pem().as_bytes())],
    );
    let verdicts = [None, Some(HttpRequest::get("/"))].map(|request| {
        let mut question = question(server.address, LOOPBACK, cluster.trust());
        question.request = request;
        if let Channel::Tls { client: slot, .. } = &mut question.channel {
            *slot = client.map(Pair::credential);
        }
        let answer = answer(&question);
        // Turned away or not, we have seen whom we talked to.
        assert_eq!(answer.served.unwrap().trust, Ok(()));
        match answer.outcome {
            Ok(answered) => {
                assert_eq!(answered.is_some(), question.request.is_some());
                None
            }
            Err(ProbeError::TurnedAway { alert }) => Some(alert),
            Err(error) => panic!("{error:?}"),
        }
    });
    assert_eq!(verdicts[0], verdicts[1]);
    verdicts[0]
}

#[test]
fn a_valid_client_is_let_in() {
    let cluster = Cluster::new();
    let client = cluster.issue(&Wish::client());
    for version in ["-tls1_2", "-tls1_3"] {
        assert_eq!(verdict(&cluster, Some(&client), version), None);
    }
}

#[test]
fn a_client_without_a_certificate_hears_that_one_is_wanted() {
    let cluster = Cluster::new();
    assert_eq!(
        verdict(&cluster, None, "-tls1_3"),
        Some(Alert::CertificateRequired)
    );
    assert_eq!(
        verdict(&cluster, None, "-tls1_2"),
        Some(Alert::HandshakeFailure)
    );
}

#[test]
fn an_expired_client_hears_that() {
    let cluster = Cluster::new();
    let client = cluster.issue(&Wish::client().valid(expired()));
    for version in ["-tls1_2", "-tls1_3"] {
        let alert = verdict(&cluster, Some(&client), version);
        assert_eq!(alert, Some(Alert::CertificateExpired), "{version}");
    }
}

#[test]
fn a_client_of_another_cluster_hears_that_it_is_unknown() {
    let cluster = Cluster::new();
    let client = Cluster::new().issue(&Wish::client());
    for version in ["-tls1_2", "-tls1_3"] {
        let alert = verdict(&cluster, Some(&client), version).unwrap();
        // openssl finds the authority by its name, and then says that the signature is wrong.
        let expected = [Alert::UnknownAuthority, Alert::Other(51)];
        assert!(expected.contains(&alert), "{version}: {alert}");
    }
}

#[test]
fn an_expired_server_and_an_expired_client_are_both_seen() {
    let cluster = Cluster::new();
    let server = Server::with_files(
        &cluster.issue(&Wish::server().valid(expired())),
        &["-www", "-Verify", "1", "-verify_return_error"],
        &[],
    );
    let client = cluster.issue(&Wish::client().valid(expired()));
    let mut question = question(server.address, LOOPBACK, cluster.trust());
    if let Channel::Tls { client: slot, .. } = &mut question.channel {
        *slot = Some(client.credential());
    }
    let answer = answer(&question);
    assert!(answer.served.unwrap().trust.is_err());
    assert!(matches!(answer.outcome, Err(ProbeError::TurnedAway { .. })));
}

#[test]
fn a_credential_is_a_pair_and_keeps_its_key_to_itself() {
    let cluster = Cluster::new();
    let (one, other) = (cluster.issue(&Wish::client()), cluster.server());
    let of = |certificates: &str, key: &str| {
        ClientCredential::from_pem(certificates.as_bytes(), key.as_bytes())
    };
    // The kubelet keeps both in one file, some with words in between.
    let both = format!("{}# key\n{}{}", one.pem(), one.key, cluster.pem());
    let credential = of(&both, &both).unwrap();
    assert_eq!(
        format!("{credential:?}"),
        "ClientCredential { certificates: 2, .. }"
    );
    assert!(matches!(
        of(&one.key, &one.key),
        Err(CredentialError::NoCertificate)
    ));
    assert!(matches!(
        of(&one.pem(), &one.pem()),
        Err(CredentialError::NoKey)
    ));
    assert!(matches!(
        of(&one.pem(), &other.key),
        Err(CredentialError::NotAPair)
    ));
    let torn = &one.key[..one.key.len() / 2];
    assert!(matches!(
        of(&one.pem(), torn),
        Err(CredentialError::Malformed { .. })
    ));
    let nonsense = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    assert!(matches!(
        of(&one.pem(), nonsense),
        Err(CredentialError::UnusableKey { .. })
    ));
    let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    assert!(matches!(
        of(certificate, &one.key),
        Err(CredentialError::UnreadableCertificate { .. })
    ));
}
