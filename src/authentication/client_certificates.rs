//! Client certificates, of the API server and of the kubelet.

use time::OffsetDateTime;

use super::ApiServerAuthentication;
use super::authenticator::{Authenticator, AuthenticatorName};

const FLAG: &str = "--client-ca-file";

pub(super) fn authenticator(
    server: &ApiServerAuthentication,
    now: OffsetDateTime,
) -> Authenticator {
    let file = server.client_authorities.as_ref();
    let name = AuthenticatorName::ClientCertificates;
    let mut authenticator = Authenticator::new(name, file.is_some()).with_advice(
        "a certificate answers 401 from the second of its end, admin.conf and the kubelets' too, and all do when the CA ends; a new CA \
         file is taken up without a restart. Which have ended: rekindle check; new ones: rekindle recover",
        "there is no revocation: who has a copy is in until its end, and O=system:masters is above RBAC; who has ca.key can be anybody",
        "certificates for machines, short-lived; OIDC for people; ca.key off the node; for an emergency: rekindle credential issue",
    );
    if let Some(file) = file {
        authenticator.rest_on_file(FLAG, file, super::API_SERVER, now);
    }
    authenticator
}
