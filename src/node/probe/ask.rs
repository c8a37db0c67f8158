//! A conversation with one server, from its beginning to its end.

use std::io::{Read, Write};

use time::OffsetDateTime;

use super::session::Session;
use super::stream::TimedStream;
use super::{Answer, Channel, HttpResponse, Phase, ProbeError, Question, Served};

/// Asks, and waits for the answer, for as long as the question allows. Certificates are judged as of `now`.
///
/// Takes a few milliseconds on this machine's own addresses.
pub fn ask(question: &Question, now: OffsetDateTime) -> Answer {
    let mut served = None;
    let outcome = converse(question, now, &mut served);
    Answer { served, outcome }
}

fn converse(
    question: &Question,
    now: OffsetDateTime,
    served: &mut Option<Served>,
) -> Result<Option<HttpResponse>, ProbeError> {
    // All that can be wrong with the question comes before the connection.
    let request = question.encode_request()?;
    let session = match &question.channel {
        Channel::Plain => None,
        Channel::Tls {
            server_name,
            trust,
            client,
        } => Some(Session::new(server_name, trust, client.as_ref(), now)?),
    };
    let mut stream = TimedStream::connect(question.address, question.patience)
        .map_err(|error| ProbeError::from_io(Phase::Connecting, error))?;
    let Some(session) = session else {
        let answer = request.map(|request| exchange(&mut stream, &request));
        return answer.transpose();
    };
    let (presented, encrypted) = session.shake_hands(stream);
    *served = presented;
    let mut encrypted = encrypted?;
    let trusted = served.as_ref().is_some_and(|served| served.trust.is_ok());
    match request {
        Some(request) if trusted => exchange(&mut encrypted.0, &request).map(Some),
        _ => encrypted.part().map(|()| None),
    }
}

fn exchange(stream: &mut (impl Read + Write), request: &[u8]) -> Result<HttpResponse, ProbeError> {
    let sent = stream.write_all(request).and_then(|()| stream.flush());
    // Even where it could not be sent: a server that hung up may have said why, and its word is still to be read.
    match (HttpResponse::read(stream), sent) {
        (Err(ProbeError::Closed { .. }), Err(error)) => {
            Err(ProbeError::from_io(Phase::Answer, error))
        }
        (answer, _) => answer,
    }
}
