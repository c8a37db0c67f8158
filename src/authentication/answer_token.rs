//! What the API server makes of a bearer token: its authenticators in their order (`Config.New` in
//! `k8s.io/kubernetes/pkg/kubeapiserver/authenticator`).

use time::OffsetDateTime;

use super::answer::{Answer, Cause, Identity, Means, Unauthorized, does_not_start};
use super::{ApiServerAuthentication, Claims, JsonWebToken, TokenError};
use crate::evidence::moment;
use crate::kubernetes::without_password;

/// The group of those who join nodes (`k8s.io/cluster-bootstrap/token/api`).
const BOOTSTRAPPERS: &str = "system:bootstrappers";

impl ApiServerAuthentication {
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
        if let Some(file) = &self.static_tokens {
            match &file.content {
                Ok(tokens) => {
                    if let Some(token) = tokens.find(text.as_bytes()) {
                        let uid = Some(token.uid.clone()).filter(|uid| !uid.is_empty());
                        let (user, groups) = (token.user.clone(), token.groups.clone());
                        let by = Means::StaticToken;
                        return Answer::Known(Identity::authenticated(user, uid, groups, by));
                    }
                }
                Err(error) => return does_not_start(error),
            }
        }
        let parsed = JsonWebToken::parse(text);
        if let Ok(token) = &parsed
            && self.service_accounts.takes(token)
        {
            let answer = self.service_accounts.answer(token, now);
            return self.or_the_webhook(answer);
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
                    Means::Token,
                )
            });
        }
        if let Ok(token) = &parsed
            && let Some(audiences) = self.audiences_of(&token.claims.issuer)
        {
            return self.or_the_webhook(of_issuer(&token.claims, audiences, now));
        }
        let unauthorized = match parsed {
            Err(error @ (TokenError::Header | TokenError::Claims)) => {
                Unauthorized::new(Cause::Malformed, error.to_string())
            }
            Ok(token) => {
                let issuer = without_password(&token.claims.issuer);
                let evidence = format!(
                    "no authenticator of this API server takes tokens of the issuer {issuer:?}"
                );
                Unauthorized::new(Cause::UnknownToken, evidence)
            }
            Err(TokenError::NotAToken) => of_another_form(text),
        };
        self.or_the_webhook(Answer::Unauthorized(vec![unauthorized]))
    }

    /// Of whom all others have refused the webhook is asked, where there is one: an error of one authenticator does not end the row
    /// (`tokenunion.New`).
    fn or_the_webhook(&self, answer: Answer) -> Answer {
        match answer {
            Answer::Unauthorized(refused) if self.webhook.is_some() => {
                let causes: Vec<String> = refused.iter().map(|it| it.cause.to_string()).collect();
                Answer::Open {
                    on: format!(
                        "what the webhook says of it (--authentication-token-webhook-config-file); to all others it is: {}",
                        causes.join(", ")
                    ),
                }
            }
            other => other,
        }
    }

    /// For whom tokens of that issuer must be, where it is one of `OpenID` Connect here.
    fn audiences_of(&self, issuer: &str) -> Option<&[String]> {
        if let Some(oidc) = &self.oidc
            && oidc.issuer.as_deref() == Some(issuer)
        {
            return Some(oidc.client.as_slice());
        }
        let configuration = self.authentication_config.as_ref()?.content.as_ref().ok()?;
        let configured = configuration.jwt.iter().find(|it| it.url == issuer)?;
        Some(&configured.audiences)
    }
}

/// What was most likely meant by a word that is no token of any kind.
fn of_another_form(text: &str) -> Unauthorized {
    // `{"` in base64, and that in base64 once more.
    let (cause, evidence) = if text.starts_with("ZXlK") {
        (
            Cause::Malformed,
            "it is base64 of a token, as a Secret's data have it: decode it first (base64 --decode)",
        )
    } else if text.starts_with("Bearer ") {
        (
            Cause::Malformed,
            "it begins with `Bearer `, which clients put before it themselves",
        )
    } else if text.starts_with("eyJ") {
        (
            Cause::Malformed,
            "it begins as a JSON Web Token does, and is not whole: cut short, or with something in it that does not belong there",
        )
    } else {
        (
            Cause::UnknownToken,
            "no authenticator of this API server takes tokens like that",
        )
    };
    Unauthorized::new(cause, evidence)
}

/// What `k8s.io/apiserver/plugin/pkg/authenticator/token/oidc` can say without the issuer's keys: a token without an end counts as ended,
/// and clocks may not differ.
fn of_issuer(claims: &Claims, audiences: &[String], now: OffsetDateTime) -> Answer {
    let refused = |cause, evidence| Answer::Unauthorized(vec![Unauthorized::new(cause, evidence)]);
    match claims.expiry() {
        None => {
            return refused(
                Cause::Expired,
                "it has no end, which counts as ended".to_owned(),
            );
        }
        Some(end) if end < now => {
            return refused(Cause::Expired, format!("it ended at {}", moment(end)));
        }
        Some(_) => {}
    }
    let is_for_us = |audience: &String| audiences.contains(audience);
    if !claims.audience.all().iter().any(is_for_us) {
        let evidence = format!(
            "it is for {}; here it must be for {}",
            claims.audience.all().join(", "),
            audiences.join(", ")
        );
        return refused(Cause::WrongAudience, evidence);
    }
    Answer::Open {
        on: format!(
            "the keys of {}, which the API server fetches from there",
            without_password(&claims.issuer)
        ),
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
