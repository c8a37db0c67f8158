//! What the API server makes of a bearer token: its authenticators in their order (`Config.New` in
//! `k8s.io/kubernetes/pkg/kubeapiserver/authenticator`).

use time::OffsetDateTime;

use super::answer::{Answer, Cause, Identity, Unauthorized};
use super::{ApiServer, JsonWebToken, TokenError};
use crate::evidence::with_causes;

/// The group of those who join nodes (`k8s.io/cluster-bootstrap/token/api`).
const BOOTSTRAPPERS: &str = "system:bootstrappers";

impl ApiServer {
    /// What it answers to a request without anything that an authenticator looks at.
    pub fn answer_nothing(&self, because: &str) -> Answer {
        let configuration = self.authentication_config.as_ref();
        let access = configuration
            .and_then(|file| file.content.as_ref().ok())
            .and_then(|configuration| configuration.anonymous.as_ref());
        let is_on = access.map_or(self.anonymous.value && !self.allows_everything, |it| {
            it.enabled
        });
        if !is_on {
            let evidence = format!("{because}, and nobody is let in anonymously");
            return Answer::Unauthorized(vec![Unauthorized::new(
                Cause::NothingPresented,
                evidence,
            )]);
        }
        let because = match access.map(|access| access.paths.as_slice()) {
            None | Some([]) => because.to_owned(),
            Some(paths) => format!(
                "{because}; and that only at {}, elsewhere 401",
                paths.join(", ")
            ),
        };
        Answer::Anonymous { because }
    }

    /// What it answers to a bearer token. Whatever is wrong with one is 401, even where the same request without it would be let in.
    pub fn answer_token(&self, text: &str, now: OffsetDateTime) -> Answer {
        let mut unreadable = None;
        if let Some(file) = &self.static_tokens {
            match &file.content {
                Ok(tokens) => {
                    if let Some(token) = tokens.find(text.as_bytes()) {
                        let uid = Some(token.uid.clone()).filter(|uid| !uid.is_empty());
                        let (user, groups) = (token.user.clone(), token.groups.clone());
                        return Answer::Known(Identity::authenticated(user, uid, groups));
                    }
                }
                Err(error) => unreadable = Some(with_causes(error)),
            }
        }
        let parsed = JsonWebToken::parse(text);
        if let Ok(token) = &parsed
            && self.service_accounts.takes(token)
        {
            return self.service_accounts.answer(token, now);
        }
        if self.bootstrap_tokens.value
            && let Some(id) = bootstrap_token(text)
        {
            return Answer::Known(Identity {
                as_long_as: vec![format!(
                    "the Secret kube-system/bootstrap-token-{id} holds it, with usage-bootstrap-authentication and an expiration that has \
                     not come; auth-extra-groups there adds groups"
                )],
                ..Identity::authenticated(
                    format!("system:bootstrap:{id}"),
                    None,
                    vec![BOOTSTRAPPERS.to_owned()],
                )
            });
        }
        if let Ok(token) = &parsed
            && self.has_issuer(&token.claims.issuer)
        {
            let issuer = super::without_password(&token.claims.issuer);
            return Answer::Open {
                on: format!("the keys of {issuer}, which the API server fetches from there"),
            };
        }
        if self.webhook.is_some() {
            return Answer::Open {
                on: "what the webhook says of it (--authentication-token-webhook-config-file)"
                    .to_owned(),
            };
        }
        let unauthorized = match (parsed, unreadable) {
            (_, Some(error)) => Unauthorized::new(Cause::Unreadable, error),
            (Err(error @ (TokenError::Header | TokenError::Claims)), _) => {
                Unauthorized::new(Cause::Malformed, error.to_string())
            }
            (Ok(token), _) => {
                let issuer = super::without_password(&token.claims.issuer);
                let evidence = format!(
                    "no authenticator of this API server takes tokens of the issuer {issuer:?}"
                );
                Unauthorized::new(Cause::UnknownToken, evidence)
            }
            (Err(TokenError::NotAToken), _) => Unauthorized::new(
                Cause::UnknownToken,
                "no authenticator of this API server takes tokens like that",
            ),
        };
        Answer::Unauthorized(vec![unauthorized])
    }

    /// Whether tokens of that issuer are taken here by way of `OpenID` Connect.
    fn has_issuer(&self, issuer: &str) -> bool {
        let of_flags = self.oidc.as_ref().and_then(|oidc| oidc.issuer.as_deref());
        let configuration = self.authentication_config.as_ref();
        let configuration = configuration.and_then(|file| file.content.as_ref().ok());
        let mut configured = configuration.into_iter().flat_map(|it| &it.jwt);
        of_flags == Some(issuer) || configured.any(|it| it.url == issuer)
    }
}

/// The public part of a bootstrap token (`BootstrapTokenPattern` in `k8s.io/cluster-bootstrap/token/api`).
pub fn bootstrap_token(token: &str) -> Option<&str> {
    let (id, secret) = token.split_once('.')?;
    let of = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    (of(id, 6) && of(secret, 16)).then_some(id)
}
