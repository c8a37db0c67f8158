//! Bootstrap tokens, by which new nodes join.

use super::ApiServerAuthentication;
use super::authenticator::{Authenticator, AuthenticatorName};

const FLAG: &str = "--enable-bootstrap-token-auth";

pub(super) fn authenticator(server: &ApiServerAuthentication) -> Authenticator {
    let flag = &server.bootstrap_tokens;
    let mut authenticator = Authenticator::new(AuthenticatorName::BootstrapTokens, flag.value)
        .with_advice(
            "no effect: they are Secrets of the namespace kube-system, with an end of their own or none; a way in that survives, for nodes \
             that must get a new certificate",
            "who has one may ask for a certificate of a node, and whoever may read Secrets of kube-system has them all; one without an \
             expiration is good for ever",
            "short ones, made when a node joins: kubeadm token create --ttl 1h; look with kubeadm token list, and delete",
        );
    flag.show(FLAG, &mut authenticator);
    authenticator
}
