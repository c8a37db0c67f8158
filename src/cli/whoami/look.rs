//! Looks at a credential: its facts, and the answer of this node's API server.

use std::path::Path;

use time::OffsetDateTime;

use super::facts::{CertificateFacts, KeyFit, Part, TokenFacts, TokenKind, Way};
use super::presented::{KeyFile, Presented};
use crate::authentication::{
    Answer, ApiServerAuthentication, JsonWebToken, authority_of, bootstrap_token,
};
use crate::evidence::with_causes;
use crate::node::Root;
use crate::pki::{Certificate, KeyError, PrivateKey, Validity};

/// Who looks, and at what it is held.
pub(super) struct Look<'a> {
    pub(super) root: &'a Root,
    pub(super) server: &'a ApiServerAuthentication,
    /// Where the credential comes from, in words.
    pub(super) place: &'a str,
    /// Where relative paths of a kubeconfig begin; none for standard input.
    pub(super) folder: Option<&'a Path>,
    pub(super) now: OffsetDateTime,
}

/// What a part of a credential came to: its facts, where it can be read, and the answer to it alone.
pub(super) type Judged = (Option<Part>, Answer);

impl Look<'_> {
    /// Each way in.
    pub(super) fn ways(&self, presented: Presented) -> Vec<Way> {
        match presented {
            Presented::Kubeconfig(contexts) => contexts
                .all
                .iter()
                .map(|context| self.context(context))
                .collect(),
            Presented::Certificates { chain, key } => {
                let key = key.map(Ok);
                vec![alone(self.certificate(self.place.to_owned(), &chain, key))]
            }
            Presented::Token(token) => {
                vec![alone(self.token(self.place.to_owned(), &token))]
            }
        }
    }

    /// A certificate, and what becomes of a client that has its key, if that is one which fits.
    pub(super) fn certificate(
        &self,
        place: String,
        chain: &[Certificate],
        key: Option<Result<KeyFile, String>>,
    ) -> Judged {
        let Some(leaf) = chain.first() else {
            return (None, self.server.answer_nothing("no certificate"));
        };
        let key = fit(leaf, key);
        let answer = match &key {
            KeyFit::No(because) => Answer::Unusable {
                because: because.clone(),
            },
            KeyFit::Fits | KeyFit::Absent | KeyFit::Unchecked(_) => {
                self.server.answer_certificate(chain, self.now)
            }
        };
        let authorities = self.server.client_authorities.as_ref();
        let leads_to = authorities.and_then(|file| {
            let authority = authority_of(chain, file)?;
            Some(format!("{authority} in {}", file.path.display()))
        });
        let facts = CertificateFacts {
            place,
            subject: leaf.subject(),
            issuer: leaf.issuer(),
            serial: leaf.serial().to_string(),
            validity: Validity::of(leaf),
            usages: leaf.extended_key_usages().to_vec(),
            leads_to,
            is_front_proxy: self.server.is_front_proxy(chain, self.now),
            key,
        };
        (Some(Part::Certificate(Box::new(facts))), answer)
    }

    /// A token, whatever it is.
    pub(super) fn token(&self, place: String, token: &str) -> Judged {
        let kind = match JsonWebToken::parse(token) {
            Ok(parsed) => TokenKind::Signed {
                is_service_account: self.server.service_accounts.takes(&parsed),
                claims: Box::new(parsed.claims.clone()),
            },
            Err(_) => bootstrap_token(token)
                .map_or(TokenKind::Opaque, |id| TokenKind::Bootstrap(id.to_owned())),
        };
        let answer = self.server.answer_token(token, self.now);
        (
            Some(Part::Token(Box::new(TokenFacts { place, kind }))),
            answer,
        )
    }
}

fn alone((part, answer): Judged) -> Way {
    Way {
        context: None,
        is_current: true,
        server: None,
        parts: part.into_iter().collect(),
        impersonates: None,
        answer,
    }
}

fn fit(leaf: &Certificate, key: Option<Result<KeyFile, String>>) -> KeyFit {
    let file = match key {
        None => return KeyFit::Absent,
        Some(Err(because)) => return KeyFit::No(because),
        Some(Ok(file)) => file,
    };
    match PrivateKey::from_pem(&file.text, Some(leaf)) {
        Ok(key) if key.fits(leaf) => KeyFit::Fits,
        Ok(_) => KeyFit::No(format!(
            "the key ({}) is that of another certificate",
            file.place
        )),
        Err(KeyError::Unsupported { algorithm, .. }) => {
            KeyFit::Unchecked(format!("{algorithm}, which this program cannot check"))
        }
        Err(error) => KeyFit::No(format!("the key ({}): {}", file.place, with_causes(&error))),
    }
}
