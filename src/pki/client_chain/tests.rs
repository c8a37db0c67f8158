use time::Duration;

use super::*;
use crate::pki::openssl::OpenSsl;

/// What becomes of a leaf with these extensions, by an authority with those.
fn judge(authority: &str, leaf: &str, sign: &str) -> Result<usize, ChainError> {
    let openssl = OpenSsl::new();
    openssl.run(&format!(
        "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=ca -keyout ca.key -out ca.crt{authority}"
    ));
    openssl.run("req -newkey ed25519 -nodes -subj /O=a/CN=leaf -keyout leaf.key -out leaf.csr");
    openssl.write("extensions", leaf);
    openssl.run(&format!(
        "x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 20 -extfile extensions -out leaf.crt{sign}"
    ));
    let leaf = openssl.certificate("leaf.crt");
    let root = openssl.certificate("ca.crt");
    verify_client(&leaf, &[], &[root], leaf.not_before()).map(|chain| chain.len())
}

#[test]
fn usages_and_extensions_decide_as_in_go() {
    let plain = "basicConstraints=CA:FALSE";
    let good = [
        plain,
        "extendedKeyUsage=clientAuth",
        "extendedKeyUsage=serverAuth,clientAuth",
        "extendedKeyUsage=critical,anyExtendedKeyUsage",
        "keyUsage=critical,digitalSignature",
    ];
    for extensions in good {
        assert_eq!(judge("", extensions, ""), Ok(2), "{extensions}");
    }
    for usages in ["serverAuth", "codeSigning", "1.2.3.4"] {
        let found = judge("", &format!("extendedKeyUsage={usages}"), "");
        let usages = vec![usages.to_owned()];
        assert_eq!(found, Err(ChainError::WrongUsage { usages }));
    }
    let found = judge("", "1.2.3.4=critical,ASN1:NULL", "");
    assert!(matches!(found, Err(ChainError::CriticalExtension { oid, .. }) if oid == "1.2.3.4"));
    let found = judge("", plain, " -sha1");
    assert_eq!(
        found,
        Err(ChainError::InsecureSignature { algorithm: "SHA-1" })
    );
    let servers = " -addext extendedKeyUsage=serverAuth";
    let found = judge(servers, plain, "");
    assert!(
        matches!(found, Err(ChainError::WrongUsage { .. })),
        "{found:?}"
    );
    for no_authority in [
        " -addext basicConstraints=critical,CA:FALSE",
        " -addext keyUsage=digitalSignature",
    ] {
        let found = judge(no_authority, plain, "");
        assert!(
            matches!(found, Err(ChainError::NotAllowedToSign { .. })),
            "{found:?}"
        );
    }
}

#[test]
fn dates_of_leaf_and_authority_count_to_the_second() {
    let openssl = OpenSsl::new();
    let authority = openssl.authority("ca", "/CN=ca");
    let root = authority.certificate().clone();
    let leaf = openssl.leaf("ca", "basicConstraints=CA:FALSE");
    let judge = |now| verify_client(&leaf, &[], std::slice::from_ref(&root), now);
    assert!(judge(leaf.not_after()).is_ok());
    let second = Duration::SECOND;
    assert!(matches!(
        judge(leaf.not_after() + second),
        Err(ChainError::Expired {
            is_authority: false,
            ..
        })
    ));
    assert!(matches!(
        judge(leaf.not_before() - second),
        Err(ChainError::NotYetValid {
            is_authority: false,
            ..
        })
    ));
}

#[test]
fn another_authority_of_the_same_name_is_told_apart_from_a_stranger() {
    let openssl = OpenSsl::new();
    let strangers = ["/CN=ca", "/CN=other"].map(|name| openssl.authority("x", name));
    openssl.authority("ca", "/CN=ca");
    let leaf = openssl.leaf("ca", "basicConstraints=CA:FALSE");
    for (stranger, expected) in strangers.iter().zip([true, false]) {
        let roots = [stranger.certificate().clone()];
        let found = verify_client(&leaf, &[], &roots, leaf.not_before());
        assert!(
            matches!(found, Err(ChainError::UnknownAuthority { same_name, .. }) if same_name == expected)
        );
    }
}

#[test]
fn intermediates_lead_up_as_far_as_the_authority_lets_them() {
    let openssl = OpenSsl::new();
    for (path_length, ok) in [("", true), (",pathlen:1", true), (",pathlen:0", false)] {
        openssl.run(&format!(
            "req -x509 -newkey rsa:2048 -nodes -subj /CN=root -keyout root.key -out root.crt -addext basicConstraints=critical,CA:TRUE{path_length}"
        ));
        openssl.run("req -newkey rsa:2048 -nodes -subj /CN=middle -keyout ca.key -out ca.csr");
        openssl.write("extensions", "basicConstraints=critical,CA:TRUE");
        openssl.run("x509 -req -in ca.csr -CA root.crt -CAkey root.key -CAcreateserial -extfile extensions -out ca.crt");
        let leaf = openssl.leaf("ca", "extendedKeyUsage=clientAuth");
        let middle = [openssl.certificate("ca.crt")];
        let root = [openssl.certificate("root.crt")];
        let now = leaf.not_before();
        let found = verify_client(&leaf, &middle, &root, now);
        assert_eq!(found.is_ok(), ok, "{path_length}: {found:?}");
        assert!(verify_client(&leaf, &[], &root, now).is_err());
        // Trusted itself, it is the end of the chain.
        assert!(verify_client(&leaf, &[], &middle, now).is_ok());
    }
}
