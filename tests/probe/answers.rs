//! Real HTTP answers, over TLS and without.

use std::io::Write;

use rekindle::node::{HttpRequest, HttpResponse, ProbeError, Question};

use crate::certificates::{Cluster, LOOPBACK};
use crate::impostor::{Impostor, read_head};
use crate::server::{File, Server};
use crate::{answer, plain, question};

/// What comes of asking openssl for `/answer`.
fn answered(style: &str, answer: &[u8]) -> Result<HttpResponse, ProbeError> {
    let cluster = Cluster::new();
    let files: [File; 1] = [("answer", answer)];
    let server = Server::with_files(&cluster.server(), &[style], &files);
    let question = Question {
        request: Some(HttpRequest::get("/answer")),
        ..question(server.address, LOOPBACK, cluster.trust())
    };
    self::answer(&question)
        .outcome
        .map(|answer| answer.expect("the server is trusted"))
}

#[test]
fn an_answer_that_ends_with_the_connection_is_whole() {
    let answer = answered("-WWW", b"[+]ping ok\nreadyz check passed\n").unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, b"[+]ping ok\nreadyz check passed\n");
}

#[test]
fn a_status_is_an_answer() {
    for status in [200, 401, 403, 500, 503] {
        let text = format!("HTTP/1.1 {status} Some Words\r\nContent-Length: 2\r\n\r\nok");
        let answer = answered("-HTTP", text.as_bytes()).unwrap();
        assert_eq!((answer.status, &*answer.body), (status, &b"ok"[..]));
    }
}

#[test]
fn a_mebibyte_is_read_and_no_more() {
    let answer = answered("-WWW", &vec![b'a'; 1 << 20]).unwrap();
    assert_eq!(answer.body.len(), 1 << 20);
    let error = answered("-WWW", &vec![b'a'; 4 << 20]).unwrap_err();
    assert!(
        matches!(error, ProbeError::TooLarge { limit } if limit == 1 << 20),
        "{error:?}"
    );
}

#[test]
fn an_answer_that_is_none_is_told_apart() {
    let error = answered("-HTTP", b"hello\n").unwrap_err();
    assert!(matches!(error, ProbeError::NotHttp { .. }), "{error:?}");
    let torn = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok";
    let error = answered("-HTTP", torn).unwrap_err();
    assert!(
        matches!(error, ProbeError::CutShort { received: 2 }),
        "{error:?}"
    );
}

#[test]
fn a_health_port_is_asked_without_tls() {
    let kubelet = Impostor::new(|mut stream| {
        let head = read_head(&mut stream);
        assert!(head.starts_with("GET /healthz HTTP/1.0\r\n"), "{head}");
        let address = stream.local_addr().unwrap();
        assert!(head.contains(&format!("\r\nHost: {address}\r\n")), "{head}");
        stream
            .write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .unwrap();
    });
    let answer = answer(&plain(kubelet.address, "/healthz"));
    assert!(answer.served.is_none());
    assert_eq!(answer.outcome.unwrap().unwrap().body, b"ok");
}

#[test]
fn an_open_port_is_one() {
    let open = Impostor::new(drop);
    let question = Question {
        request: None,
        ..plain(open.address, "/")
    };
    assert!(matches!(answer(&question).outcome, Ok(None)));
}

#[test]
fn a_patch_arrives_over_tls() {
    let cluster = Cluster::new();
    let body = r#"{"spec":{"holderIdentity":""}}"#;
    let conflict = "HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}";
    let server = Server::replying(&cluster.server(), &[], (body, conflict));
    let kind = "application/merge-patch+json";
    let question = Question {
        request: Some(HttpRequest::patch(
            "/leases/kube-scheduler",
            kind,
            body.into(),
        )),
        ..question(server.address, LOOPBACK, cluster.trust())
    };
    assert_eq!(answer(&question).outcome.unwrap().unwrap().status, 409);
    let received = server.stop();
    for part in [
        "PATCH /leases/kube-scheduler HTTP/1.0",
        "Content-Type: application/merge-patch+json",
        body,
    ] {
        assert!(received.contains(part), "{received}");
    }
}

#[test]
fn a_server_that_answers_before_it_has_read_all_is_heard() {
    let hasty = Impostor::new(|mut stream| {
        read_head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
    });
    let question = Question {
        request: Some(HttpRequest::post("/", "text/plain", vec![b'a'; 16 << 20])),
        ..plain(hasty.address, "/")
    };
    assert_eq!(answer(&question).outcome.unwrap().unwrap().status, 413);
}
