//! What can come between a question and its answer.

use std::fmt;
use std::io::{self, ErrorKind};

use super::Alert;

/// Why there is no answer. Which server it is about, its address and the patience, the caller knows.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The question itself is wrong; nothing was sent.
    #[error("`{what}` cannot be asked: {reason}")]
    Unaskable {
        /// The address, name or path.
        what: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nothing listens on the port.
    #[error("nothing listens there: connection refused")]
    Refused,
    /// The patience ran out.
    #[error("timed out {phase}")]
    TimedOut {
        /// In which part of the conversation.
        phase: Phase,
    },
    /// The server hung up without a word.
    #[error("the server closed the connection {phase}")]
    Closed {
        /// In which part of the conversation.
        phase: Phase,
    },
    /// The server ended the handshake with an alert, in TLS 1.3 after it was finished on our side.
    #[error("the server turned us away: {alert}")]
    TurnedAway {
        /// Its word.
        alert: Alert,
    },
    /// What came first is not TLS.
    #[error("the server does not speak TLS")]
    NotTls {
        /// What is wrong with it.
        #[source]
        source: rustls::Error,
    },
    /// The server showed a certificate and did not prove that it holds the key to it: it may be anybody's.
    #[error("the server did not prove that it holds the key of the certificate that it served")]
    Unproven {
        /// What is wrong with the proof; an algorithm that cannot be verified here is one reason.
        #[source]
        source: rustls::Error,
    },
    /// The two sides have nothing in common, or the server broke the rules of TLS.
    #[error("no TLS connection came about")]
    Tls {
        /// The reason.
        #[source]
        source: rustls::Error,
    },
    /// What was answered is not HTTP/1.
    #[error("the answer is not HTTP: {reason}")]
    NotHttp {
        /// What is wrong with it.
        reason: String,
    },
    /// The answer ended early.
    #[error("the answer ended after {received} bytes, before its end")]
    CutShort {
        /// How much of the body, or of the head, came.
        received: usize,
    },
    /// The answer is longer than any of a healthy server; the rest was not read.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// How much is read, of the head or of the body.
        limit: usize,
    },
    /// Anything else that the kernel said.
    #[error("the connection failed {phase}")]
    Io {
        /// In which part of the conversation.
        phase: Phase,
        /// The kernel's word.
        #[source]
        source: io::Error,
    },
}

/// A part of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Until the server's kernel takes the connection.
    Connecting,
    /// Until both sides have keys.
    Handshake,
    /// Sending the request, and all that comes back. Without a request: until the server closes its side.
    Answer,
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connecting => "while connecting",
            Self::Handshake => "in the TLS handshake",
            Self::Answer => "before the answer was complete",
        })
    }
}

impl ProbeError {
    pub(super) fn from_io(phase: Phase, error: io::Error) -> Self {
        let inner = error.get_ref();
        if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::from_tls(phase, tls.clone());
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::TimedOut => Self::TimedOut { phase },
            _ if is_closed(&error) => Self::Closed { phase },
            _ => Self::Io {
                phase,
                source: error,
            },
        }
    }

    fn from_tls(phase: Phase, error: rustls::Error) -> Self {
        match error {
            rustls::Error::AlertReceived(description) => Self::TurnedAway {
                alert: Alert::from_tls(description),
            },
            source @ rustls::Error::InvalidMessage(_) if phase == Phase::Handshake => {
                Self::NotTls { source }
            }
            // Our verifier accepts every certificate: what is left to be invalid is the signature over the handshake.
            source @ (rustls::Error::InvalidCertificate(_)
            | rustls::Error::PeerMisbehaved(
                rustls::PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme
                | rustls::PeerMisbehaved::SignedKxWithWrongAlgorithm,
            )) => Self::Unproven { source },
            source => Self::Tls { source },
        }
    }
}

/// Whether the other side has closed the connection, in any of the ways that this shows.
pub(super) fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
    )
}
