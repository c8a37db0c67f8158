//! An answer, as it comes.

use std::io::{ErrorKind, Read};

use super::{Phase, ProbeError};

/// How much of a head is read, in bytes; Go's servers send some 300.
const HEAD_LIMIT: usize = 16 << 10;
/// How much of a body is read, in bytes.
const BODY_LIMIT: usize = 1 << 20;
/// How many fields a head may have.
const FIELD_LIMIT: usize = 64;

/// An HTTP answer (RFC 9112), whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Such as 200, 401, 503.
    pub status: u16,
    /// At most 1 MiB.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Reads to the announced end, or to that of the connection where none is announced.
    pub(super) fn read(stream: &mut impl Read) -> Result<Self, ProbeError> {
        let mut received = Vec::new();
        let head = loop {
            if let Some(head) = Head::parse(&received)? {
                break head;
            }
            if received.len() > HEAD_LIMIT {
                return Err(ProbeError::TooLarge { limit: HEAD_LIMIT });
            }
            if !read_more(stream, &mut received)? {
                let phase = Phase::Answer;
                return Err(match received.len() {
                    0 => ProbeError::Closed { phase },
                    received => ProbeError::CutShort { received },
                });
            }
        };
        let mut body = received.split_off(head.length);
        loop {
            if body.len().max(head.body_length.unwrap_or(0)) > BODY_LIMIT {
                return Err(ProbeError::TooLarge { limit: BODY_LIMIT });
            }
            match head.body_length {
                Some(length) if body.len() >= length => {
                    body.truncate(length);
                    break;
                }
                _ if read_more(stream, &mut body)? => {}
                Some(_) => {
                    let received = body.len();
                    return Err(ProbeError::CutShort { received });
                }
                None => break,
            }
        }
        Ok(Self {
            status: head.status,
            body,
        })
    }
}

/// Whether there was more.
fn read_more(stream: &mut impl Read, received: &mut Vec<u8>) -> Result<bool, ProbeError> {
    let mut piece = [0; 8192];
    let length = match stream.read(&mut piece) {
        // Not every server ends TLS before it ends TCP.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => 0,
        other => other.map_err(|error| ProbeError::from_io(Phase::Answer, error))?,
    };
    received.extend(piece.iter().take(length));
    Ok(length > 0)
}

/// The head of an answer.
struct Head {
    status: u16,
    /// Of the body, where it is announced.
    body_length: Option<usize>,
    /// Its own.
    length: usize,
}

impl Head {
    /// `None`: there must be more of it.
    fn parse(received: &[u8]) -> Result<Option<Self>, ProbeError> {
        let not_http = |reason: &str| ProbeError::NotHttp {
            reason: reason.to_owned(),
        };
        let mut fields = [httparse::EMPTY_HEADER; FIELD_LIMIT];
        let mut head = httparse::Response::new(&mut fields);
        let parsed = head.parse(received);
        let parsed = parsed.map_err(|error| not_http(&error.to_string()))?;
        let (httparse::Status::Complete(length), Some(status)) = (parsed, head.code) else {
            return Ok(None);
        };
        let mut body_length = None;
        for field in &*head.headers {
            let value = std::str::from_utf8(field.value).map(str::trim);
            if field.name.eq_ignore_ascii_case("transfer-encoding") {
                // A server must not, for a request in HTTP/1.0 (RFC 9112 section 6.1).
                return Err(not_http("it comes in chunks"));
            } else if field.name.eq_ignore_ascii_case("content-length") {
                let announced = value.ok().and_then(|value| value.parse().ok());
                if announced.is_none() || body_length.is_some_and(|one| Some(one) != announced) {
                    return Err(not_http("its length cannot be read"));
                }
                body_length = announced;
            }
        }
        Ok(Some(Self {
            status,
            body_length,
            length,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &[u8]) -> Result<HttpResponse, ProbeError> {
        HttpResponse::read(&mut &*answer)
    }

    #[test]
    fn an_answer_ends_where_it_says_or_with_the_connection() {
        let answer = read(b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 2\r\n\r\nok..").unwrap();
        assert_eq!(answer.body, b"ok");
        let answer = read(b"HTTP/1.0 503 Service Unavailable\r\n\r\n[-]etcd failed").unwrap();
        assert_eq!(answer.status, 503);
        assert_eq!(answer.body, b"[-]etcd failed");
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().body, b"");
    }

    #[test]
    fn an_answer_that_ends_early_is_not_taken_for_a_whole_one() {
        for (answer, length) in [
            (&b"HTTP/1.1 200 OK\r\nContent-Len"[..], 28),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", 2),
        ] {
            assert!(
                matches!(read(answer), Err(ProbeError::CutShort { received }) if received == length),
                "{:?}",
                read(answer)
            );
        }
        assert!(matches!(
            read(b""),
            Err(ProbeError::Closed {
                phase: Phase::Answer
            })
        ));
    }

    #[test]
    fn what_is_not_http_is_said_to_be_none() {
        for answer in [
            &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
            b"\x15\x03\x01\x00\x02\x02\x46",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        ] {
            assert!(
                matches!(read(answer), Err(ProbeError::NotHttp { .. })),
                "{:?}",
                read(answer)
            );
        }
        let many = ["HTTP/1.1 200 OK\r\n", &"a: b\r\n".repeat(65), "\r\n"].concat();
        assert!(matches!(
            read(many.as_bytes()),
            Err(ProbeError::NotHttp { .. })
        ));
    }

    #[test]
    fn an_endless_answer_is_left() {
        let head = ["HTTP/1.1 200 OK\r\na: ", &"b".repeat(HEAD_LIMIT)].concat();
        assert!(matches!(
            read(head.as_bytes()),
            Err(ProbeError::TooLarge { limit: HEAD_LIMIT })
        ));
        let begin = "HTTP/1.1 200 OK\r\n\r\n";
        let largest = [begin, &"b".repeat(BODY_LIMIT)].concat();
        assert_eq!(read(largest.as_bytes()).unwrap().body.len(), BODY_LIMIT);
        let longer = [&*largest, "b"].concat();
        let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", usize::MAX);
        for answer in [longer, announced] {
            assert!(matches!(
                read(answer.as_bytes()),
                Err(ProbeError::TooLarge { limit: BODY_LIMIT })
            ));
        }
    }
}
