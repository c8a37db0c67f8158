//! What the API server answers to whoever presents a credential.

use std::fmt;

use time::OffsetDateTime;

use crate::evidence::with_causes;
use crate::inventory::ObservationError;
use crate::kubernetes::is_above_rbac;

/// The group that the server adds to everybody whom it knows (`user.AllAuthenticated`).
pub const AUTHENTICATED: &str = "system:authenticated";

/// The group of nobody in particular (`user.AllUnauthenticated`), and that user: the server adds nothing to them.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
const ANONYMOUS: &str = "system:anonymous";

/// The server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It knows who that is; whether it may, RBAC decides: 200, or 403.
    Known(Identity),
    /// It takes it for nobody in particular, `system:anonymous`: mostly 403.
    Anonymous {
        /// Why it does.
        because: String,
    },
    /// It does not know who that is: 401.
    Unauthorized(Vec<Unauthorized>),
    /// There is none: the client cannot present it, or this API server does not start.
    Unusable {
        /// Why it cannot.
        because: String,
    },
    /// It depends on what is not on this node.
    Open {
        /// On what.
        on: String,
    },
}

/// Who somebody is for the API server (`user.Info`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: String,
    /// The user's UID, where the credential bears one.
    pub uid: Option<String>,
    /// The groups, in order, with [`AUTHENTICATED`].
    pub groups: Vec<String>,
    /// By what the server knows it.
    pub by: Means,
    /// What must still be in the cluster for it, which only the server sees; nothing for a certificate.
    pub as_long_as: Vec<String>,
}

/// By what somebody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A client certificate, until that moment: nothing else ends it.
    Certificate(OffsetDateTime),
    /// A token of the static token file: until that is another one, and the server was started again.
    StaticToken,
    /// Another token.
    Token,
}

/// Why one of the authenticators does not know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unauthorized {
    /// In a word.
    pub cause: Cause,
    /// What shows it.
    pub evidence: String,
}

/// A cause of 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its time has ended.
    Expired,
    /// The time of the authority above it has ended, or has not begun.
    AuthorityExpired,
    /// Its time has not begun.
    NotYetValid,
    /// None of the authorities that this server believes has signed it.
    UnknownAuthority,
    /// Its extended key usages leave none for clients.
    WrongUsage,
    /// It has no CN, and so no user.
    EmptyName,
    /// Go does not take a certificate like this one.
    UnfitCertificate,
    /// Nothing is presented, and that is not enough here.
    NothingPresented,
    /// Certificates let nobody in here.
    NoClientAuthority,
    /// The signature is not its issuer's.
    ForgedSignature,
    /// None of the keys here has signed it.
    UnknownKey,
    /// It is for somebody else.
    WrongAudience,
    /// No authenticator here takes tokens like that.
    UnknownToken,
    /// It does not say what it must.
    Malformed,
}

impl Cause {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::AuthorityExpired => "authority-expired",
            Self::NotYetValid => "not-yet-valid",
            Self::UnknownAuthority => "unknown-authority",
            Self::WrongUsage => "wrong-usage",
            Self::EmptyName => "empty-name",
            Self::UnfitCertificate => "unfit-certificate",
            Self::NothingPresented => "nothing-presented",
            Self::NoClientAuthority => "no-client-authority",
            Self::ForgedSignature => "forged-signature",
            Self::UnknownKey => "unknown-key",
            Self::WrongAudience => "wrong-audience",
            Self::UnknownToken => "unknown-token",
            Self::Malformed => "malformed",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Expired => "expired",
            Self::AuthorityExpired => "its authority expired",
            Self::NotYetValid => "not yet valid",
            Self::UnknownAuthority => "unknown authority",
            Self::WrongUsage => "wrong extended key usage",
            Self::EmptyName => "empty CN",
            Self::UnfitCertificate => "unfit certificate",
            Self::NothingPresented => "nothing presented",
            Self::NoClientAuthority => "no client CA",
            Self::ForgedSignature => "forged signature",
            Self::UnknownKey => "unknown key",
            Self::WrongAudience => "wrong audience",
            Self::UnknownToken => "unknown token",
            Self::Malformed => "malformed",
        })
    }
}

impl Unauthorized {
    pub(super) fn new(cause: Cause, evidence: impl Into<String>) -> Self {
        Self {
            cause,
            evidence: evidence.into(),
        }
    }
}

impl Identity {
    /// Whether nothing that RBAC says can stop it.
    pub fn is_above_rbac(&self) -> bool {
        is_above_rbac(&self.groups)
    }

    /// With [`AUTHENTICATED`] behind the groups, unless they say already whether it is (`AuthenticatedGroupAdder`).
    pub(super) fn authenticated(
        user: String,
        uid: Option<String>,
        mut groups: Vec<String>,
        by: Means,
    ) -> Self {
        let is_either = |group: &String| group == AUTHENTICATED || group == UNAUTHENTICATED;
        if user != ANONYMOUS && !groups.iter().any(is_either) {
            groups.push(AUTHENTICATED.to_owned());
        }
        Self {
            user,
            uid,
            groups,
            by,
            as_long_as: Vec::new(),
        }
    }
}

/// The answer of a server that lacks a file which it needs.
pub(super) fn does_not_start(error: &ObservationError) -> Answer {
    Answer::Unusable {
        because: format!("this API server does not start: {}", with_causes(error)),
    }
}
