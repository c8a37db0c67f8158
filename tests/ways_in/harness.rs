//! That the real API server is there, and tells those whom it knows from those whom it does not.

use super::api_server::{ApiServer, CLIENT, Credential, NOBODY};

#[test]
fn a_real_api_server_tells_whom_it_knows() {
    let Some(server) = ApiServer::prepare() else {
        return;
    };
    server.set_flags(&[], &[]);
    server.start(&[NOBODY, CLIENT]);
    let secrets = "/api/v1/namespaces/kube-system/secrets";
    // Anonymous requests are known, and may nothing.
    assert_eq!(server.get(secrets, NOBODY).status, 403);
    let answer = server.who_is(CLIENT);
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(
        answer.body.contains("kube-apiserver-kubelet-client"),
        "{answer:?}"
    );
    let forged = Credential {
        token: Some("nobody.knows.it"),
        ..NOBODY
    };
    assert_eq!(server.who_is(forged).status, 401);
    assert!(
        server
            .kubectl(&["get", "namespaces"])
            .contains("kube-system")
    );
    server.stop();
    assert_eq!(server.get(secrets, NOBODY).status, 0);
}
