//! Any other authority signs the plain requests: openssl plays it.

use std::fs;

use crate::elsewhere::Elsewhere;
use crate::support::leaf::leaves;
use crate::support::openssl;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

/// Which authority signs which request, as files where the keys are.
pub fn authority(name: &str) -> &'static str {
    match name {
        name if name.contains("etcd") => "ca/etcd/ca",
        "front-proxy-client" => "ca/front-proxy-ca",
        _ => "ca/ca",
    }
}

fn is_signed_by_openssl(node: &str) {
    let place = Elsewhere::new(node);
    place.export();
    let mut operands = Vec::new();
    for entry in fs::read_dir(place.file("requests")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".csr") else {
            continue;
        };
        let authority = authority(name);
        place.shell(&format!(
            "openssl x509 -req -in requests/{file} -CA {authority}.crt -CAkey {authority}.key -copy_extensions copyall -days 90 -out {name}.crt"
        ));
        let file = place.file(&format!("{name}.crt"));
        operands.extend([
            "--certificate".to_owned(),
            format!("{name}={}", file.display()),
        ]);
    }
    assert!(operands.len() >= 16, "{operands:?}");
    let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
    place.import_with(&operands).expect(0);
    let after = Tree::read(place.node.path());
    let scratch = tempfile::tempdir().unwrap();
    for leaf in leaves(&after) {
        let Some(authority) = &leaf.authority else {
            continue;
        };
        let (path, key) = leaf.write(scratch.path());
        for purpose in leaf.purposes {
            openssl::verify(&path, &place.node.file(authority), purpose).unwrap();
        }
        assert_eq!(
            openssl::read(&path).public_key,
            openssl::public_half(&key),
            "{}",
            leaf.file
        );
    }
    rekindle(place.node.path(), &["check"]).expect(0);
}

#[test]
fn all_of_a_node() {
    is_signed_by_openssl("rsa2048-stacked");
    is_signed_by_openssl("ecdsa-p256-stacked");
    is_signed_by_openssl("joined-control-plane");
}
