//! What the API server makes of a client certificate (`k8s.io/apiserver/pkg/authentication/request/x509`).

use time::OffsetDateTime;

use super::answer::{Answer, Cause, Identity, Means, Unauthorized, does_not_start};
use super::{ApiServerAuthentication, NamedFile};
use crate::pki::{Certificate, ChainError, leads_to, verify_client};

/// The attribute for groups (X.520).
const ORGANIZATION: &str = "2.5.4.10";
/// The attribute for the user's UID (`k8s.io/apimachinery/pkg/util/asn1`, `X509UID`), read since 1.33.
const USER_UID: &str = "1.3.6.1.4.1.57683.2";

impl ApiServerAuthentication {
    /// What it answers to this chain, the leaf first, when a client proves that it has the leaf's key.
    pub fn answer_certificate(&self, chain: &[Certificate], now: OffsetDateTime) -> Answer {
        if let Some(hidden) = self.hidden() {
            return hidden;
        }
        if let Some(reason) = chain.iter().find_map(Certificate::unreadable_for_go) {
            return Answer::Unusable {
                because: format!("the server's handshake fails, for Go does not read it: {reason}"),
            };
        }
        let Some((leaf, intermediates)) = chain.split_first() else {
            return self.answer_nothing("no certificate is presented");
        };
        let Some(authorities) = &self.client_authorities else {
            return self.unless_front_proxy(Unauthorized::new(
                Cause::NoClientAuthority,
                "kube-apiserver is started without --client-ca-file",
            ));
        };
        let authorities = match &authorities.content {
            Ok(authorities) => authorities,
            Err(error) => return does_not_start(error),
        };
        match verify_client(leaf, intermediates, authorities, now) {
            Ok(_) => self.answer_leaf(leaf),
            Err(ChainError::Undecided { what }) => Answer::Open { on: what },
            Err(error) => Answer::Unauthorized(vec![unauthorized(&error)]),
        }
    }

    /// Whether who shows this chain, the leaf first, may say in headers for whom it asks: any user, any group.
    pub fn is_front_proxy(&self, chain: &[Certificate], now: OffsetDateTime) -> bool {
        let (Some(proxy), Some((leaf, intermediates))) = (&self.front_proxy, chain.split_first())
        else {
            return false;
        };
        let Ok(authorities) = &proxy.authorities.content else {
            return false;
        };
        let names = &proxy.allowed_names;
        let name = leaf.common_name().unwrap_or_default();
        proxy.is_on()
            && (names.is_empty() || names.iter().any(|allowed| allowed == name))
            && verify_client(leaf, intermediates, authorities, now).is_ok()
    }

    fn answer_leaf(&self, leaf: &Certificate) -> Answer {
        let Some(user) = leaf.common_name().filter(|name| !name.is_empty()) else {
            return self.unless_front_proxy(Unauthorized::new(
                Cause::EmptyName,
                format!("the subject has no CN: {:?}", leaf.subject()),
            ));
        };
        let mut uids = leaf.subject_values(USER_UID);
        if uids.len() > 1 || uids.iter().any(String::is_empty) {
            return Answer::Unauthorized(vec![Unauthorized::new(
                Cause::UnfitCertificate,
                "its subject has several UIDs, or an empty one",
            )]);
        }
        let groups = leaf.subject_values(ORGANIZATION);
        Answer::Known(Identity::authenticated(
            user.to_owned(),
            uids.pop(),
            groups,
            Means::Certificate(leaf.not_after()),
        ))
    }

    /// Certificates that say nothing are passed over, and what is left is anonymous; but where a front proxy is configured, that one's
    /// verifier has already called any other certificate an error, and an error is 401 (`union.NewFailOnError`).
    fn unless_front_proxy(&self, unauthorized: Unauthorized) -> Answer {
        if self.front_proxy.is_some() {
            Answer::Unauthorized(vec![unauthorized])
        } else {
            self.answer_nothing(&unauthorized.evidence)
        }
    }
}

/// Whose signature a certificate leads to, whatever else is wrong with it: the authority's subject.
pub fn authority_of(
    chain: &[Certificate],
    authorities: &NamedFile<Vec<Certificate>>,
) -> Option<String> {
    let (leaf, intermediates) = chain.split_first()?;
    let roots = authorities.content.as_ref().ok()?;
    leads_to(leaf, intermediates, roots).map(Certificate::subject)
}

fn unauthorized(error: &ChainError) -> Unauthorized {
    let cause = match error {
        ChainError::Expired { is_authority, .. } | ChainError::NotYetValid { is_authority, .. }
            if *is_authority =>
        {
            Cause::AuthorityExpired
        }
        ChainError::Expired { .. } => Cause::Expired,
        ChainError::NotYetValid { .. } => Cause::NotYetValid,
        ChainError::UnknownAuthority { .. } => Cause::UnknownAuthority,
        ChainError::WrongUsage { .. } => Cause::WrongUsage,
        ChainError::CriticalExtension { .. }
        | ChainError::NotAllowedToSign { .. }
        | ChainError::InsecureSignature { .. }
        | ChainError::Undecided { .. } => Cause::UnfitCertificate,
    };
    let evidence = match error {
        ChainError::UnknownAuthority {
            issuer,
            same_name: true,
        } => format!(
            "an authority of the same name, {issuer}, with another key has signed it: that of another cluster, or an older one"
        ),
        other => other.to_string(),
    };
    Unauthorized::new(cause, evidence)
}
