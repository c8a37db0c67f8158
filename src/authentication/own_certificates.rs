//! What the API server itself has to show: no way in, but what each of them needs.

use time::OffsetDateTime;

use super::ApiServerAuthentication;
use super::authenticator::{Authenticator, AuthenticatorName};

pub(super) fn authenticator(
    server: &ApiServerAuthentication,
    now: OffsetDateTime,
) -> Authenticator {
    let mut authenticator = Authenticator::new(AuthenticatorName::OwnCertificates, true).with_advice(
        "every way in is shut: clients do not believe an API server whose own certificate ended, and etcd none whose client certificate did; \
         with that for the kubelets ended kubectl logs and exec fail alone",
        "none of its own",
        "renewed ahead of time; look each day with rekindle check, mend with rekindle recover",
    );
    let own = [
        ("--tls-cert-file", server.serving.as_ref()),
        ("--etcd-certfile", server.etcd_client.as_ref()),
        (
            "--kubelet-client-certificate",
            server.kubelet_client.as_ref(),
        ),
    ];
    for (flag, file) in own {
        if let Some(file) = file {
            authenticator.rest_on_first(flag, file, now);
        }
    }
    authenticator
}
