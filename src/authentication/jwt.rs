//! Tokens of other issuers: `OpenID` Connect, by flags or by an `AuthenticationConfiguration`.

use time::OffsetDateTime;

use super::authenticator::{Authenticator, AuthenticatorName};
use super::{ApiServerAuthentication, Oidc};
use crate::evidence::with_causes;
use crate::kubernetes::{ClaimMapping, JwtAuthenticator, without_password};
use crate::pki::read_certificates;

const FLAG: &str = "--authentication-config";
/// Said once, however many issuers have it.
const BARE: &str =
    ". Groups have no prefix: the issuer can put anybody into system:masters, above RBAC";

pub(super) fn authenticator(
    server: &ApiServerAuthentication,
    now: OffsetDateTime,
) -> Authenticator {
    let mut authenticator = Authenticator::new(AuthenticatorName::Jwt, false).with_advice(
        "no effect, as far as the cluster's go: people log on as soon as the API server serves. It needs its issuer: that \
         one's own TLS, a CA that is believed here, and the way to it; keys it has not fetched yet mean 401",
        "the issuer decides who somebody is",
        "an issuer outside the cluster that it guards; several factors; short tokens; prefixes for users and groups; a break-glass way \
         that does not need it: rekindle credential issue",
    );
    if let Some(oidc) = &server.oidc {
        of_flags(&mut authenticator, server, oidc, now);
    }
    let Some(file) = &server.authentication_config else {
        return authenticator;
    };
    let path = file.path.to_string_lossy();
    match &file.content {
        Ok(configuration) => {
            if !configuration.jwt.is_empty() && server.oidc.is_none() {
                authenticator.state = super::AuthenticatorState::On;
            }
            authenticator.set(FLAG, path);
            for (index, issuer) in configuration.jwt.iter().enumerate() {
                of_issuer(&mut authenticator, server, index, issuer, now);
            }
        }
        Err(error) => {
            authenticator.set(FLAG, path);
            authenticator.fail_to_start(super::API_SERVER, error);
        }
    }
    authenticator
}

fn of_flags(
    authenticator: &mut Authenticator,
    server: &ApiServerAuthentication,
    oidc: &Oidc,
    now: OffsetDateTime,
) {
    authenticator.state = super::AuthenticatorState::On;
    if let Some(issuer) = &oidc.issuer {
        authenticator.set("--oidc-issuer-url", without_password(issuer));
        refuse_own_issuer(authenticator, server, issuer);
    }
    if let Some(client) = &oidc.client {
        authenticator.set("--oidc-client-id", client);
    }
    set_mappings(
        authenticator,
        ["--oidc-username-claim", "--oidc-groups-claim"],
        &oidc.username,
        oidc.groups.as_ref(),
    );
    if let Some(file) = &oidc.authorities {
        authenticator.rest_on_file("--oidc-ca-file", file, super::API_SERVER, now);
    }
    if let Some(fault) = oidc.fault(server) {
        authenticator.fail(format_args!("kube-apiserver does not start: {fault}"));
    }
}

fn of_issuer(
    authenticator: &mut Authenticator,
    server: &ApiServerAuthentication,
    index: usize,
    issuer: &JwtAuthenticator,
    now: OffsetDateTime,
) {
    let place = |field: &str| format!("jwt[{index}].{field}");
    authenticator.set(place("issuer.url"), &issuer.url);
    refuse_own_issuer(authenticator, server, &issuer.url);
    if let Some(url) = &issuer.discovery_url {
        authenticator.set(place("issuer.discoveryURL"), url);
    }
    authenticator.set(place("issuer.audiences"), issuer.audiences.join(","));
    let [username, groups] = ["claimMappings.username", "claimMappings.groups"].map(place);
    set_mappings(
        authenticator,
        [&username, &groups],
        &issuer.username,
        issuer.groups.as_ref(),
    );
    if let Some(pem) = &issuer.certificate_authority {
        let setting = place("issuer.certificateAuthority");
        match read_certificates(pem.as_bytes()) {
            Ok(authorities) => {
                let count = authorities.len();
                let plural = if count == 1 { "" } else { "s" };
                let value = format!("{count} certificate{plural}");
                authenticator.rest_on(setting, value, &authorities, now);
            }
            Err(error) => authenticator.fail(format_args!(
                "kube-apiserver does not start with it: {setting}: {}",
                with_causes(&error)
            )),
        }
    }
}

/// The API server does not start with an issuer that its own service accounts have.
fn refuse_own_issuer(
    authenticator: &mut Authenticator,
    server: &ApiServerAuthentication,
    issuer: &str,
) {
    if server
        .service_accounts
        .issuers
        .iter()
        .any(|own| own == issuer)
    {
        authenticator.fail(
            "kube-apiserver does not start: the issuer is that of --service-account-issuer too",
        );
    }
}

fn set_mappings(
    authenticator: &mut Authenticator,
    [username_setting, groups_setting]: [&str; 2],
    username: &ClaimMapping,
    groups: Option<&ClaimMapping>,
) {
    authenticator.set(username_setting, shown(username));
    let Some(groups) = groups else {
        return;
    };
    authenticator.set(groups_setting, shown(groups));
    let is_bare = matches!(groups, ClaimMapping::Claim { prefix, .. } if prefix.is_empty());
    if is_bare && !authenticator.risk.ends_with(BARE) {
        authenticator.risk.push_str(BARE);
    }
}

fn shown(mapping: &ClaimMapping) -> String {
    match mapping {
        ClaimMapping::Claim { claim, prefix } if prefix.is_empty() => claim.clone(),
        ClaimMapping::Claim { claim, prefix } => {
            format!("{claim} (prefix {})", shown_prefix(prefix))
        }
        ClaimMapping::Expression(_) => "a CEL expression".to_owned(),
    }
}

/// The default is the issuer's URL with a `#` behind it.
fn shown_prefix(prefix: &str) -> String {
    match prefix.strip_suffix('#') {
        Some(url) if url.contains("://") => format!("{}#", without_password(url)),
        _ => prefix.to_owned(),
    }
}
