//! Requests without any credential.

use super::ApiServerAuthentication;
use super::authenticator::{Authenticator, AuthenticatorName, AuthenticatorState};

const FLAG: &str = "--anonymous-auth";

pub(super) fn authenticator(server: &ApiServerAuthentication) -> Authenticator {
    let flag = &server.anonymous;
    // ApplyAuthorization in k8s.io/kubernetes/pkg/kubeapiserver/options: what the flag says is taken back then.
    let is_on = flag.value && !server.allows_everything;
    let mut authenticator = Authenticator::new(AuthenticatorName::Anonymous, is_on).with_advice(
        "no effect: the server's own certificate is all that it needs, and the prober of /livez does not even look at that",
        "whatever RBAC gives to system:anonymous or system:unauthenticated anybody who reaches the port has; kubeadm gives them /livez, \
         /readyz, /healthz, /version and the ConfigMap cluster-info",
        "limit it to these paths: anonymous.conditions in an AuthenticationConfiguration. Switching it off makes the probes of kubeadm's \
         manifest fail with 401, so that the kubelet restarts the API server again and again, and ends kubeadm join by token",
    );
    let file = server.authentication_config.as_ref();
    let configured = match file.map(|file| &file.content) {
        Some(Err(error)) => {
            authenticator.fail_to_start(super::API_SERVER, error);
            None
        }
        Some(Ok(configuration)) => configuration.anonymous.as_ref(),
        None => None,
    };
    let Some(access) = configured else {
        flag.show(FLAG, &mut authenticator);
        if flag.value && server.allows_everything {
            authenticator.set(
                "--authorization-mode",
                "AlwaysAllow, with which nobody is let in anonymously",
            );
        }
        return authenticator;
    };
    authenticator.state = if access.enabled {
        AuthenticatorState::On
    } else {
        AuthenticatorState::Off
    };
    if let Some(file) = file {
        authenticator.set("--authentication-config", file.path.to_string_lossy());
    }
    authenticator.set("anonymous.enabled", access.enabled.to_string());
    if !access.paths.is_empty() {
        authenticator.set("anonymous.conditions", access.paths.join(","));
        "what RBAC gives to system:unauthenticated at these paths anybody who reaches the port has; elsewhere 401"
            .clone_into(&mut authenticator.risk);
        "this is it; keep to /livez, /readyz and /healthz, and to what kubeadm join by token needs: \
         /api/v1/namespaces/kube-public/configmaps/cluster-info"
            .clone_into(&mut authenticator.better_practice);
    }
    if flag.is_set {
        authenticator.fail(
            "kube-apiserver does not start: --anonymous-auth and `anonymous` of the AuthenticationConfiguration exclude each other",
        );
    }
    authenticator
}
