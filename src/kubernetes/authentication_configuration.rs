//! The file behind `--authentication-config`. Pure.

use std::collections::BTreeSet;

use crate::kubernetes::document::{DocumentError, Field, Node};

/// An `AuthenticationConfiguration` of `apiserver.config.k8s.io` (v1alpha1, v1beta1, v1), as strictly as kube-apiserver decodes it, and
/// validated as `ValidateAuthenticationConfiguration` in `k8s.io/apiserver/pkg/apis/apiserver/validation` does: but for CEL
/// expressions, which are not compiled here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationConfiguration {
    /// `jwt`: the issuers whose tokens are believed.
    pub jwt: Vec<JwtAuthenticator>,
    /// `anonymous`: in place of `--anonymous-auth`, where it is there.
    pub anonymous: Option<AnonymousAccess>,
}

/// One issuer (`JWTAuthenticator`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtAuthenticator {
    /// `issuer.url`.
    pub url: String,
    /// `issuer.discoveryURL`, where the keys are not to be asked for at [`Self::url`].
    pub discovery_url: Option<String>,
    /// `issuer.audiences`: for whom a token must be.
    pub audiences: Vec<String>,
    /// `issuer.certificateAuthority`, PEM; the host's own authorities where there is none.
    pub certificate_authority: Option<String>,
    /// `claimMappings.username`.
    pub username: ClaimMapping,
    /// `claimMappings.groups`; none where tokens give no groups.
    pub groups: Option<ClaimMapping>,
    /// How many `claimValidationRules` and `userValidationRules` there are.
    pub rules: usize,
}

/// Where a name comes from (`PrefixedClaimOrExpression`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimMapping {
    /// A claim of the token, with a prefix before its value.
    Claim {
        /// The name of the claim.
        claim: String,
        /// What is put before it; may be empty.
        prefix: String,
    },
    /// A CEL expression.
    Expression(String),
}

/// `AnonymousAuthConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnonymousAccess {
    /// Whether anybody is let in without a credential.
    pub enabled: bool,
    /// The paths for which that is so; everywhere where none is named.
    pub paths: Vec<String>,
}

/// Why kube-apiserver would not start with these bytes.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationConfigurationError {
    /// Not one plain YAML document, or a value of another type.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Some other object, or a version that is not known.
    #[error("it is not an AuthenticationConfiguration of apiserver.config.k8s.io: it says {}", said.escape_debug())]
    AnotherKind {
        /// `apiVersion` and `kind`, as they stand.
        said: String,
    },
    /// A field that the type has not: the file is decoded strictly.
    #[error("`{}` is no field of it", path.escape_debug())]
    UnknownField {
        /// The path of the field.
        path: String,
    },
    /// A value that validation refuses.
    #[error("`{}` {reason}", path.escape_debug())]
    Invalid {
        /// The path of the value.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

type Result<T> = std::result::Result<T, AuthenticationConfigurationError>;

/// More than these are refused.
const MOST_ISSUERS: usize = 64;
const VERSIONS: [&str; 3] = ["v1alpha1", "v1beta1", "v1"];

impl AuthenticationConfiguration {
    /// Reads the file.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let document = Node::parse(bytes)?;
        let root = document.root();
        let version = root.field("apiVersion")?.text()?.unwrap_or_default();
        let kind = root.field("kind")?.text()?.unwrap_or_default();
        let is_known = VERSIONS
            .iter()
            .any(|known| version.strip_prefix("apiserver.config.k8s.io/") == Some(known));
        if !is_known || kind != "AuthenticationConfiguration" {
            let said = format!("{version} {kind}");
            return Err(AuthenticationConfigurationError::AnotherKind { said });
        }
        only(&root, &["apiVersion", "kind", "jwt", "anonymous"])?;
        let entries = root.field("jwt")?.list()?;
        if entries.len() > MOST_ISSUERS {
            return Err(invalid(&root.field("jwt")?, "has more than 64 issuers"));
        }
        let mut urls = BTreeSet::new();
        let mut discovery_urls = BTreeSet::new();
        let mut jwt = Vec::new();
        for entry in entries {
            let authenticator = JwtAuthenticator::read(&entry)?;
            let issuer = entry.field("issuer")?;
            if !urls.insert(authenticator.url.clone()) {
                return Err(invalid(&issuer.field("url")?, "is there twice"));
            }
            let discovery = authenticator.discovery_url.clone();
            if discovery.is_some_and(|url| !discovery_urls.insert(url)) {
                return Err(invalid(&issuer.field("discoveryURL")?, "is there twice"));
            }
            jwt.push(authenticator);
        }
        let anonymous = root.field("anonymous")?;
        let anonymous = anonymous
            .is_present()
            .then(|| AnonymousAccess::read(&anonymous))
            .transpose()?;
        Ok(Self { jwt, anonymous })
    }
}

impl JwtAuthenticator {
    fn read(entry: &Field<'_>) -> Result<Self> {
        only(
            entry,
            &[
                "issuer",
                "claimValidationRules",
                "claimMappings",
                "userValidationRules",
            ],
        )?;
        let issuer = entry.field("issuer")?;
        only(
            &issuer,
            &[
                "url",
                "discoveryURL",
                "certificateAuthority",
                "audiences",
                "audienceMatchPolicy",
                "egressSelectorType",
            ],
        )?;
        let url = url(&issuer.field("url")?)?.ok_or_else(|| required(&issuer, "url"))?;
        let discovery_url = self::url(&issuer.field("discoveryURL")?)?;
        let is_same = |other: &String| other.trim_end_matches('/') == url.trim_end_matches('/');
        if discovery_url.as_ref().is_some_and(is_same) {
            let discovery = issuer.field("discoveryURL")?;
            return Err(invalid(&discovery, "must be another than the URL"));
        }
        let mappings = entry.field("claimMappings")?;
        only(&mappings, &["username", "groups", "uid", "extra"])?;
        let username = mappings.field("username")?;
        let rules = entry.field("claimValidationRules")?.list()?.len()
            + entry.field("userValidationRules")?.list()?.len();
        Ok(Self {
            audiences: audiences(&issuer)?,
            certificate_authority: issuer
                .field("certificateAuthority")?
                .filled_text()?
                .map(str::to_owned),
            username: ClaimMapping::read(&username)?
                .ok_or_else(|| invalid(&username, "needs a claim or an expression"))?,
            groups: ClaimMapping::read(&mappings.field("groups")?)?,
            rules,
            url,
            discovery_url,
        })
    }
}

impl ClaimMapping {
    fn read(field: &Field<'_>) -> Result<Option<Self>> {
        only(field, &["claim", "prefix", "expression"])?;
        let claim = field.field("claim")?.filled_text()?;
        let expression = field.field("expression")?.filled_text()?;
        let prefix = field.field("prefix")?;
        match (claim, expression) {
            (Some(_), Some(_)) => Err(invalid(field, "has a claim and an expression")),
            (None, None) => Ok(None),
            (None, Some(_)) if prefix.is_present() => {
                Err(invalid(&prefix, "may not be there with an expression"))
            }
            (None, Some(expression)) => Ok(Some(Self::Expression(expression.to_owned()))),
            (Some(claim), None) => match prefix.text()? {
                None => Err(invalid(&prefix, "is needed with a claim; it may be empty")),
                Some(prefix) => Ok(Some(Self::Claim {
                    claim: claim.to_owned(),
                    prefix: prefix.to_owned(),
                })),
            },
        }
    }
}

impl AnonymousAccess {
    fn read(field: &Field<'_>) -> Result<Self> {
        only(field, &["enabled", "conditions"])?;
        let enabled = field.field("enabled")?.boolean()?.unwrap_or_default();
        let conditions = field.field("conditions")?;
        let mut paths = Vec::new();
        for condition in conditions.list()? {
            only(&condition, &["path"])?;
            let path = condition.field("path")?.text()?.unwrap_or_default();
            paths.push(path.to_owned());
        }
        if !enabled && !paths.is_empty() {
            return Err(invalid(
                &conditions,
                "may not be there unless it is enabled",
            ));
        }
        Ok(Self { enabled, paths })
    }
}

/// `validateAudiences`.
fn audiences(issuer: &Field<'_>) -> Result<Vec<String>> {
    let field = issuer.field("audiences")?;
    let mut audiences: Vec<String> = Vec::new();
    for member in field.list()? {
        let Some(audience) = member.filled_text()? else {
            return Err(invalid(&member, "is empty"));
        };
        if audiences.iter().any(|known| known == audience) {
            return Err(invalid(&member, "is there twice"));
        }
        audiences.push(audience.to_owned());
    }
    if audiences.is_empty() {
        return Err(invalid(&field, "needs at least one"));
    }
    let policy = issuer.field("audienceMatchPolicy")?;
    match policy.filled_text()? {
        Some("MatchAny") => Ok(audiences),
        None if audiences.len() == 1 => Ok(audiences),
        _ => Err(invalid(&policy, "must be MatchAny")),
    }
}

/// `validateURL`: https, without user, query and fragment.
fn url(field: &Field<'_>) -> Result<Option<String>> {
    let Some(url) = field.filled_text()? else {
        return Ok(None);
    };
    let Some(rest) = url.strip_prefix("https://") else {
        return Err(invalid(field, "must begin with https://"));
    };
    let host = rest.split('/').next().unwrap_or_default();
    if host.contains('@') {
        return Err(invalid(field, "must not contain a user or a password"));
    }
    if rest.contains(['?', '#']) {
        return Err(invalid(field, "must not contain a query or a fragment"));
    }
    Ok(Some(url.to_owned()))
}

fn only(field: &Field<'_>, known: &[&str]) -> Result<()> {
    match field.unknown_key(known)? {
        None => Ok(()),
        Some(path) => Err(AuthenticationConfigurationError::UnknownField { path }),
    }
}

fn required(parent: &Field<'_>, key: &str) -> AuthenticationConfigurationError {
    AuthenticationConfigurationError::Invalid {
        path: format!("{}.{key}", parent.path()),
        reason: "is needed",
    }
}

fn invalid(field: &Field<'_>, reason: &'static str) -> AuthenticationConfigurationError {
    AuthenticationConfigurationError::Invalid {
        path: field.path().to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\n";

    fn error(rest: &str) -> String {
        let text = format!("{HEAD}{rest}");
        let error = AuthenticationConfiguration::parse(text.as_bytes()).unwrap_err();
        error.to_string()
    }

    #[test]
    fn issuers_and_anonymous_paths_are_read() {
        let text = format!(
            "{HEAD}anonymous: {{enabled: true, conditions: [{{path: /livez}}]}}
jwt:
- issuer:
    url: https://dex.example.test
    discoveryURL: https://10.0.0.1/.well-known/openid-configuration
    audiences: [kubernetes, other]
    audienceMatchPolicy: MatchAny
    certificateAuthority: |
      PEM
  claimMappings:
    username: {{claim: email, prefix: ''}}
    groups: {{expression: claims.groups}}
  userValidationRules: [{{expression: a}}]
"
        );
        let read = AuthenticationConfiguration::parse(text.as_bytes()).unwrap();
        let anonymous = read.anonymous.unwrap();
        assert!(anonymous.enabled);
        assert_eq!(anonymous.paths, ["/livez"]);
        let [issuer] = read.jwt.as_slice() else {
            panic!("{:?}", read.jwt);
        };
        assert_eq!(issuer.url, "https://dex.example.test");
        assert_eq!(issuer.audiences, ["kubernetes", "other"]);
        assert_eq!(issuer.certificate_authority.as_deref(), Some("PEM\n"));
        assert_eq!(issuer.rules, 1);
        let (claim, prefix) = ("email".to_owned(), String::new());
        assert_eq!(issuer.username, ClaimMapping::Claim { claim, prefix });
        assert_eq!(
            issuer.groups,
            Some(ClaimMapping::Expression("claims.groups".to_owned()))
        );
    }

    #[test]
    fn no_issuer_at_all_is_allowed() {
        let read = AuthenticationConfiguration::parse(HEAD.as_bytes()).unwrap();
        assert!(read.jwt.is_empty() && read.anonymous.is_none());
    }

    #[test]
    fn what_the_api_server_refuses_is_refused() {
        let issuer = |issuer: &str, mappings: &str| {
            error(&format!(
                "jwt: [{{issuer: {{{issuer}}}, claimMappings: {{{mappings}}}}}]"
            ))
        };
        let good = "url: 'https://a', audiences: [b]";
        let user = "username: {claim: sub, prefix: ''}";
        assert_eq!(error("jwts: []"), "`jwts` is no field of it");
        assert_eq!(
            issuer("audiences: [b]", user),
            "`jwt[0].issuer.url` is needed"
        );
        assert_eq!(
            issuer("url: 'http://a', audiences: [b]", user),
            "`jwt[0].issuer.url` must begin with https://"
        );
        let secret = issuer("url: 'https://hunter2:hunter2@a', audiences: [b]", user);
        assert_eq!(
            secret,
            "`jwt[0].issuer.url` must not contain a user or a password"
        );
        assert_eq!(
            issuer("url: 'https://a'", user),
            "`jwt[0].issuer.audiences` needs at least one"
        );
        assert_eq!(
            issuer("url: 'https://a', audiences: [b, c]", user),
            "`jwt[0].issuer.audienceMatchPolicy` must be MatchAny"
        );
        assert_eq!(
            issuer(good, "username: {claim: sub}"),
            "`jwt[0].claimMappings.username.prefix` is needed with a claim; it may be empty"
        );
        assert_eq!(
            issuer(good, ""),
            "`jwt[0].claimMappings.username` needs a claim or an expression"
        );
        assert_eq!(
            error("anonymous: {enabled: false, conditions: [{path: /}]}"),
            "`anonymous.conditions` may not be there unless it is enabled"
        );
        let other = AuthenticationConfiguration::parse(b"{apiVersion: v1, kind: Pod}");
        assert_eq!(
            other.unwrap_err().to_string(),
            "it is not an AuthenticationConfiguration of apiserver.config.k8s.io: it says v1 Pod"
        );
    }
}
