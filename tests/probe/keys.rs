//! Every kind of key that kubeadm makes, on both sides, in both versions of TLS; and how long it takes.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rekindle::node::{Channel, ClientCredential, HttpRequest, Question};
use rekindle::pki::{KeyAlgorithm, generate};

use crate::certificates::{Cluster, LOOPBACK, Pair, Wish};
use crate::server::Server;
use crate::{answer, question};

/// How often each is asked; the middle one is reported.
const TIMES: usize = 9;

#[test]
fn every_key_of_kubeadm_serves_and_logs_on() {
    let cluster = Cluster::new();
    for algorithm in [
        KeyAlgorithm::Rsa2048,
        KeyAlgorithm::Rsa3072,
        KeyAlgorithm::Rsa4096,
        KeyAlgorithm::EcdsaP256,
        KeyAlgorithm::EcdsaP384,
    ] {
        let server = cluster.certify(&Wish::server(), generate(algorithm).unwrap());
        let client = cluster.certify(&Wish::client(), generate(algorithm).unwrap());
        for version in ["-tls1_2", "-tls1_3"] {
            let took = median(&cluster, &server, &client, version);
            println!("{algorithm} {version}: {took:?}");
        }
    }
}

fn median(cluster: &Cluster, server: &Pair, client: &Pair, version: &str) -> Duration {
    let server = Server::with_files(
        server,
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
    let mut question = Question {
        request: Some(HttpRequest::get("/")),
        ..question(server.address, LOOPBACK, cluster.trust())
    };
    if let Channel::Tls { client: slot, .. } = &mut question.channel {
        *slot = Some(client.credential());
    }
    let mut times = [(); TIMES].map(|()| {
        let started = Instant::now();
        let answer = answer(&question);
        let took = started.elapsed();
        assert_eq!(answer.served.unwrap().trust, Ok(()));
        assert_eq!(answer.outcome.unwrap().unwrap().status, 200);
        took
    });
    times.sort();
    times[TIMES / 2]
}

#[test]
fn a_key_is_read_in_every_form() {
    let cluster = Cluster::new();
    for (algorithm, label) in [
        (KeyAlgorithm::Rsa2048, "RSA PRIVATE KEY"),
        (KeyAlgorithm::EcdsaP384, "EC PRIVATE KEY"),
    ] {
        let client = cluster.certify(&Wish::client(), generate(algorithm).unwrap());
        assert!(client.key.contains(label));
        client.credential();
        let pkcs8 = openssl(&["pkcs8", "-topk8", "-nocrypt"], &client.key);
        assert!(pkcs8.contains("BEGIN PRIVATE KEY"));
        let credential = ClientCredential::from_pem(client.pem().as_bytes(), pkcs8.as_bytes());
        credential.unwrap();
    }
    let client = cluster.issue(&Wish::client());
    let with_parameters = openssl(&["ecparam", "-name", "prime256v1"], "") + &client.key;
    assert!(with_parameters.contains("EC PARAMETERS"));
    let (certificate, key) = (client.pem(), with_parameters);
    ClientCredential::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
}

fn openssl(arguments: &[&str], input: &str) -> String {
    let mut process = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    // One that does not read its input may be gone by now.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
