//! What there is to say of a credential besides the answer. No secret is among it.

use crate::authentication::{Answer, Claims};
use crate::pki::Validity;

/// One way in: a context of a kubeconfig, or the credential itself.
#[derive(Debug)]
pub(super) struct Way {
    /// The context; none where there is none.
    pub(super) context: Option<String>,
    /// Whether it is the one that counts.
    pub(super) is_current: bool,
    /// Where it leads.
    pub(super) server: Option<ServerFacts>,
    /// What is presented there, in the order in which the server looks at it.
    pub(super) parts: Vec<Part>,
    /// Whom it wants to be taken for.
    pub(super) impersonates: Option<String>,
    /// What the server says.
    pub(super) answer: Answer,
}

impl Way {
    /// Whether a client comes as far as the server, and that one knows it.
    pub(super) fn is_let_in(&self) -> bool {
        let comes_so_far = self.server.as_ref().is_none_or(|it| it.distrust.is_none());
        comes_so_far && matches!(self.answer, Answer::Known(_))
    }
}

/// The server of a context.
#[derive(Debug)]
pub(super) struct ServerFacts {
    /// `server`, as it is written.
    pub(super) url: String,
    /// Why a client would not ask this node's API server, which shows a certificate; none where it would.
    pub(super) distrust: Option<String>,
}

/// Something that is presented.
#[derive(Debug)]
pub(super) enum Part {
    /// A client certificate.
    Certificate(Box<CertificateFacts>),
    /// A bearer token.
    Token(Box<TokenFacts>),
    /// A program fetches the credential when it is asked for.
    Exec(String),
    /// A plugin of old.
    AuthProvider(String),
    /// A user's name and a password.
    Basic,
}

/// A client certificate.
#[derive(Debug)]
pub(super) struct CertificateFacts {
    /// Where it lies, in words.
    pub(super) place: String,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) serial: String,
    pub(super) validity: Validity,
    /// The extended key usages; none where everything is allowed.
    pub(super) usages: Vec<String>,
    /// The authority that it leads to, with the file where that is trusted.
    pub(super) leads_to: Option<String>,
    /// Whether its bearer may say in headers for whom it asks.
    pub(super) is_front_proxy: bool,
    /// Whether its key fits, or is not there to see.
    pub(super) key: KeyFit,
}

/// The key beside a certificate.
#[derive(Debug)]
pub(super) enum KeyFit {
    /// It fits.
    Fits,
    /// It is another's, or cannot be used: why.
    No(String),
    /// One of a kind that cannot be checked here: which.
    Unchecked(String),
    /// There is none to see.
    Absent,
}

/// A bearer token.
#[derive(Debug)]
pub(super) struct TokenFacts {
    /// Where it lies, in words.
    pub(super) place: String,
    pub(super) kind: TokenKind,
}

/// What kind of token it is.
#[derive(Debug)]
pub(super) enum TokenKind {
    /// A JSON Web Token: its claims, and whether an authenticator of service accounts takes it.
    Signed {
        claims: Box<Claims>,
        is_service_account: bool,
    },
    /// `abcdef.0123456789abcdef`: the part before the dot, which is no secret.
    Bootstrap(String),
    /// A word.
    Opaque,
}

impl TokenKind {
    /// In words.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Signed {
                claims,
                is_service_account: true,
            } if claims.is_legacy() => "service account token of a Secret",
            Self::Signed {
                is_service_account: true,
                ..
            } => "bound service account token",
            Self::Signed { .. } => "JSON Web Token of another issuer",
            Self::Bootstrap(_) => "bootstrap token",
            Self::Opaque => "opaque token",
        }
    }

    /// For programs.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Signed {
                claims,
                is_service_account: true,
            } if claims.is_legacy() => "legacy-service-account",
            Self::Signed {
                is_service_account: true,
                ..
            } => "bound-service-account",
            Self::Signed { .. } => "jwt",
            Self::Bootstrap(_) => "bootstrap",
            Self::Opaque => "opaque",
        }
    }
}
