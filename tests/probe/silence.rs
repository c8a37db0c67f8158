//! Servers that are not there, say nothing, say it slowly, or say something else.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rekindle::node::{Alert, Phase, ProbeError, Question, Trust};
use rekindle::node::{Answer, HttpRequest};

use crate::certificates::{Cluster, LOOPBACK};
use crate::impostor::{Impostor, read_head, read_to_end};
use crate::server::Server;
use crate::{AMPLE, answer, plain, question};

/// How patient the tests are with those who never answer.
const SHORT: Duration = Duration::from_millis(200);

fn tls(address: SocketAddr, patience: Duration) -> Question {
    Question {
        patience,
        ..question(address, LOOPBACK, Trust::Authorities(Vec::new()))
    }
}

/// Asks somebody who will not come to an end; it takes as long as the patience and hardly longer.
fn timed_out(question: &Question) -> (Answer, Phase) {
    let started = Instant::now();
    let answer = answer(question);
    let took = started.elapsed();
    assert!(took >= question.patience, "{took:?}");
    // Far less than any of these servers would go on for.
    assert!(took < AMPLE / 2, "{took:?}");
    match answer.outcome {
        Err(ProbeError::TimedOut { phase }) => (answer, phase),
        other => panic!("{other:?}"),
    }
}

fn refusal(question: &Question) -> ProbeError {
    let answer = answer(question);
    assert!(answer.served.is_none());
    answer.outcome.unwrap_err()
}

#[test]
fn a_closed_port_is_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(matches!(refusal(&tls(address, AMPLE)), ProbeError::Refused));
    assert!(matches!(refusal(&plain(address, "/")), ProbeError::Refused));
}

#[test]
fn a_full_queue_is_waited_for_in_vain() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    // Nobody is taken out of the queue: sooner or later the kernel lets nobody in.
    while let Ok(stream) = TcpStream::connect_timeout(&address, SHORT) {
        waiting.push(stream);
        if waiting.len() > 900 {
            println!("skipped: the queue of a listener is longer than 900 here");
            return;
        }
    }
    let (answer, phase) = timed_out(&tls(address, SHORT));
    assert_eq!(phase, Phase::Connecting);
    assert!(answer.served.is_none());
}

#[test]
fn no_patience_is_none() {
    let (_, phase) = timed_out(&tls("127.0.0.1:6443".parse().unwrap(), Duration::ZERO));
    assert_eq!(phase, Phase::Connecting);
}

#[test]
fn a_server_that_hangs_in_the_handshake_is_left() {
    let silent = Impostor::new(|mut stream| drop(read_to_end(&mut stream)));
    let (answer, phase) = timed_out(&tls(silent.address, SHORT));
    assert_eq!(phase, Phase::Handshake);
    assert!(answer.served.is_none());
}

#[test]
fn bytes_that_drip_gain_no_time() {
    // A TLS record of 16 KiB, of a handshake, a byte at a time.
    let dripping = Impostor::new(|mut stream| {
        let mut record = [22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3].into_iter();
        while stream.write_all(&[record.next().unwrap_or(0)]).is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let (_, phase) = timed_out(&tls(dripping.address, SHORT));
    assert_eq!(phase, Phase::Handshake);
    let dripping = Impostor::new(|mut stream| {
        read_head(&mut stream);
        let mut head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".iter();
        while stream.write_all(&[*head.next().unwrap_or(&b'.')]).is_ok() {
            std::thread::sleep(Duration::from_millis(2));
        }
    });
    let question = Question {
        patience: SHORT,
        ..plain(dripping.address, "/healthz")
    };
    let (_, phase) = timed_out(&question);
    assert_eq!(phase, Phase::Answer);
}

#[test]
fn a_server_that_never_answers_has_still_been_seen() {
    let cluster = Cluster::new();
    let pair = cluster.server();
    let server = Server::start(&pair, &[]);
    let question = Question {
        patience: Duration::from_secs(1),
        request: Some(HttpRequest::get("/readyz")),
        ..question(server.address, LOOPBACK, cluster.trust())
    };
    let (answer, phase) = timed_out(&question);
    assert_eq!(phase, Phase::Answer);
    assert_eq!(answer.served.unwrap().chain, [pair.certificate.der()]);
}

#[test]
fn a_server_that_takes_nothing_in_is_left() {
    let cluster = Impostor::new(|mut stream| {
        read_head(&mut stream);
        std::thread::sleep(SHORT * 4);
    });
    // More than any buffer of the kernel holds.
    let question = Question {
        request: Some(HttpRequest::post("/", "text/plain", vec![b'a'; 64 << 20])),
        patience: SHORT,
        ..plain(cluster.address, "/")
    };
    assert_eq!(timed_out(&question).1, Phase::Answer);
}

#[test]
fn a_server_that_hangs_up_did_so_where_it_did() {
    let at_once = Impostor::new(drop);
    let error = refusal(&tls(at_once.address, AMPLE));
    assert!(
        matches!(
            error,
            ProbeError::Closed {
                phase: Phase::Handshake
            }
        ),
        "{error:?}"
    );
    let after_the_request = Impostor::new(|mut stream| drop(read_head(&mut stream)));
    let error = refusal(&plain(after_the_request.address, "/healthz"));
    assert!(
        matches!(
            error,
            ProbeError::Closed {
                phase: Phase::Answer
            }
        ),
        "{error:?}"
    );
}

#[test]
fn other_protocols_are_told_apart() {
    for greeting in [
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "\0\0\0\0\0\0\0\0",
    ] {
        let stranger = Impostor::new(|mut stream| {
            stream.write_all(greeting.as_bytes()).unwrap();
            read_to_end(&mut stream);
        });
        let error = refusal(&tls(stranger.address, AMPLE));
        assert!(
            matches!(error, ProbeError::NotTls { .. }),
            "{greeting}: {error:?}"
        );
    }
    // The other way round: a server that wants TLS, asked without.
    let server = Server::start(&Cluster::new().server(), &["-www"]);
    let error = refusal(&plain(server.address, "/healthz"));
    assert!(
        matches!(
            error,
            ProbeError::NotHttp { .. } | ProbeError::Closed { .. }
        ),
        "{error:?}"
    );
}

#[test]
fn old_tls_is_told_apart() {
    let arguments = ["-www", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"];
    let server = Server::start(&Cluster::new().server(), &arguments);
    let error = refusal(&tls(server.address, AMPLE));
    assert!(
        matches!(
            error,
            ProbeError::TurnedAway {
                alert: Alert::ProtocolVersion
            }
        ),
        "{error:?}"
    );
}
