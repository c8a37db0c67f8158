//! Whom a probe trusts, and that nobody else is asked anything.

use std::time::Duration;

use rekindle::node::{Distrust, HttpRequest, ProbeError, Question, Served, Trust};
use rekindle::pki::{ExtendedKeyUsage, Validity};

use crate::certificates::{Cluster, LOOPBACK, Pair, Wish, expired, not_yet_valid};
use crate::server::Server;
use crate::{NOW, answer, question};

/// What a request would look like at the server.
const CANARY: &str = "/the-request-arrived";

/// Asks a server with `pair` and comes back with what it served, the same in both versions of TLS. Whatever that is, the
/// handshake is brought to its end; the request arrives where the server is trusted, and nowhere else.
fn served(pair: &Pair, server_name: &str, trust: &Trust) -> Served {
    let [one, other] = ["-tls1_2", "-tls1_3"].map(|version| {
        let reply = (CANARY, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
        let openssl = Server::replying(pair, &[version], reply);
        let mut question = question(openssl.address, server_name, trust.clone());
        question.request = Some(HttpRequest::get(CANARY));
        let answer = answer(&question);
        let served = answer.served.unwrap();
        let received = openssl.stop().contains(CANARY);
        match answer.outcome {
            Ok(None) => assert!(served.trust.is_err() && !received, "{version}"),
            Ok(Some(answer)) => {
                assert!(served.trust.is_ok() && received, "{version}");
                assert_eq!(answer.status, 200);
            }
            Err(error) => panic!("{version}: {error:?}"),
        }
        served
    });
    assert_eq!(one, other);
    assert_eq!(one.chain, [pair.certificate.der()]);
    one
}

fn distrust(pair: &Pair, server_name: &str, trust: &Trust) -> Distrust {
    served(pair, server_name, trust).trust.unwrap_err()
}

#[test]
fn a_valid_server_is_trusted_by_address_and_by_name() {
    let cluster = Cluster::new();
    let pair = cluster.server();
    for name in [LOOPBACK, "cp-1"] {
        assert_eq!(served(&pair, name, &cluster.trust()).trust, Ok(()));
    }
}

#[test]
fn an_expired_server_is_seen_and_not_asked() {
    let cluster = Cluster::new();
    let pair = cluster.issue(&Wish::server().valid(expired()));
    let distrust = distrust(&pair, LOOPBACK, &cluster.trust());
    let not_after = pair.certificate.not_after();
    assert_eq!(distrust, Distrust::Expired { not_after });
    assert_eq!(
        distrust.to_string(),
        "the served certificate expired at 2031-04-04T06:07:08Z"
    );
}

#[test]
fn the_last_second_is_valid_and_the_next_is_not() {
    let cluster = Cluster::new();
    for (not_after, trusted) in [(NOW, true), (NOW - Duration::from_secs(1), false)] {
        let validity = Validity {
            not_before: NOW - Duration::from_hours(1),
            not_after,
        };
        let pair = cluster.issue(&Wish::server().valid(validity));
        let served = served(&pair, LOOPBACK, &cluster.trust());
        assert_eq!(served.trust.is_ok(), trusted, "{not_after}");
    }
}

#[test]
fn a_server_of_the_future_is_seen_and_not_asked() {
    let cluster = Cluster::new();
    let pair = cluster.issue(&Wish::server().valid(not_yet_valid()));
    let not_before = pair.certificate.not_before();
    assert_eq!(
        distrust(&pair, LOOPBACK, &cluster.trust()),
        Distrust::NotYetValid { not_before }
    );
}

#[test]
fn a_server_of_another_cluster_is_seen_and_not_asked() {
    let (ours, theirs) = (Cluster::new(), Cluster::new());
    let pair = theirs.server();
    // Of the same name and another key; none that can be read; none at all; and the server's own certificate, which is none.
    for trust in [
        ours.trust(),
        Trust::Authorities(vec![b"no certificate".to_vec()]),
        Trust::Authorities(Vec::new()),
    ] {
        assert_eq!(distrust(&pair, LOOPBACK, &trust), Distrust::UnknownIssuer);
    }
    let Trust::Authorities(both) = ours.trust() else {
        unreachable!()
    };
    let Trust::Authorities(theirs) = theirs.trust() else {
        unreachable!()
    };
    let both = Trust::Authorities([both, theirs].concat());
    assert_eq!(served(&pair, LOOPBACK, &both).trust, Ok(()));
}

#[test]
fn a_server_for_other_names_is_seen_and_not_asked() {
    let cluster = Cluster::new();
    let pair = cluster.issue(&Wish {
        names: &["kubernetes", "10.96.0.1", "2001:db8::1:0:1"],
        ..Wish::server()
    });
    let distrust = distrust(&pair, LOOPBACK, &cluster.trust());
    assert_eq!(
        distrust.to_string(),
        "the served certificate is not for 127.0.0.1 but for DNS:kubernetes, IP:10.96.0.1, IP:2001:db8::1:0:1"
    );
    let nameless = cluster.issue(&Wish {
        names: &[],
        ..Wish::server()
    });
    assert_eq!(
        self::distrust(&nameless, "cp-1", &cluster.trust()).to_string(),
        "the served certificate is not for cp-1 but for no name at all"
    );
}

#[test]
fn a_certificate_for_clients_is_no_server() {
    let cluster = Cluster::new();
    let pair = cluster.issue(&Wish {
        purpose: ExtendedKeyUsage::ClientAuth,
        ..Wish::server()
    });
    let distrust = distrust(&pair, LOOPBACK, &cluster.trust());
    assert!(matches!(distrust, Distrust::Other { .. }), "{distrust}");
}

#[test]
fn a_pinned_certificate_is_trusted_whatever_it_says_and_no_other_is() {
    let cluster = Cluster::new();
    let pair = cluster.issue(&Wish {
        names: &["another"],
        ..Wish::server().valid(expired())
    });
    let pinned = Trust::Exactly(pair.certificate.der().to_vec());
    assert_eq!(served(&pair, LOOPBACK, &pinned).trust, Ok(()));
    assert_eq!(
        distrust(&cluster.server(), LOOPBACK, &pinned),
        Distrust::AnotherCertificate
    );
}

#[test]
fn a_chain_comes_back_in_its_order() {
    let cluster = Cluster::new();
    let pair = cluster.server();
    let authority = cluster.pem();
    let openssl = Server::with_files(
        &pair,
        &["-www", "-cert_chain", "chain.pem"],
        &[("chain.pem", authority.as_bytes())],
    );
    let served = answer(&question(openssl.address, LOOPBACK, cluster.trust()))
        .served
        .unwrap();
    let Trust::Authorities(authorities) = cluster.trust() else {
        unreachable!()
    };
    assert_eq!(served.chain, [pair.certificate.der(), &authorities[0]]);
    assert_eq!(served.trust, Ok(()));
}

#[test]
fn what_is_no_server_is_not_asked() {
    let trust = Trust::Authorities(Vec::new());
    let unaskable = |question: &Question| {
        let answer = answer(question);
        assert!(answer.served.is_none());
        assert!(
            matches!(answer.outcome, Err(ProbeError::Unaskable { .. })),
            "{answer:?}"
        );
    };
    for address in [
        "0.0.0.0:6443",
        "[::]:6443",
        "[::ffff:0.0.0.0]:6443",
        "224.0.0.1:6443",
        "[ff02::1]:6443",
        "255.255.255.255:6443",
        "127.0.0.1:0",
    ] {
        unaskable(&question(address.parse().unwrap(), LOOPBACK, trust.clone()));
        unaskable(&crate::plain(address.parse().unwrap(), "/healthz"));
    }
    let here = "127.0.0.1:6443".parse().unwrap();
    for name in ["", "a b", "ä", "127.0.0.1:6443", "[::1]"] {
        unaskable(&question(here, name, trust.clone()));
    }
    unaskable(&crate::plain(here, "healthz"));
}
