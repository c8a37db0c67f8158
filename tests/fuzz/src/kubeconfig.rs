//! A kubeconfig: an edit that is made changes one value, as `serde_yaml::Value` and as its bytes see it.

use rekindle::kubernetes::{Kubeconfig, Source};
use serde_yaml::Value;

const NEW: &[u8] = b"-----BEGIN CERTIFICATE-----\nbmV3\n-----END CERTIFICATE-----\n";

/// Reads a kubeconfig, and edits it if it can be read.
pub fn check(bytes: &[u8]) -> bool {
    let kubeconfig = Kubeconfig::parse(bytes);
    if let Ok(kubeconfig) = &kubeconfig {
        check_edit(bytes, kubeconfig);
    }
    kubeconfig.is_ok()
}

/// Whether an edit was made.
pub fn check_edit(bytes: &[u8], kubeconfig: &Kubeconfig) -> bool {
    let edited = kubeconfig.with_client_certificate(NEW);
    if let Ok(edited) = &edited {
        check_change(bytes, edited);
    }
    edited.is_ok()
}

fn check_change(bytes: &[u8], edited: &[u8]) {
    let again = Kubeconfig::parse(edited).unwrap();
    assert_eq!(again.client_certificate(), &Source::Embedded(NEW.to_vec()));
    // The two readers do not agree on which keys are equal: 0x1 and 1 are one for it and two for us.
    if let Some(before) = masked(bytes) {
        assert_eq!(Some(before), masked(edited));
    }

    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let prefix = bytes.iter().zip(edited).take_while(same).count();
    let rest = &bytes[prefix..];
    let suffix = rest
        .iter()
        .rev()
        .zip(edited.iter().rev())
        .take_while(same)
        .count();
    let cut = &rest[..rest.len() - suffix];
    assert!(
        cut.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=\\ \t\r\n".contains(byte)),
        "more than base64 was cut out: {:?}",
        String::from_utf8_lossy(cut)
    );
}

/// The file as a tree, with the certificate of the current context's user replaced by a word of our own.
fn masked(bytes: &[u8]) -> Option<Value> {
    let mut tree: Value = serde_yaml::from_slice(bytes).ok()?;
    let named = |list: &Value, name: &Value| {
        let list = list.as_sequence().unwrap();
        list.iter()
            .position(|entry| &entry["name"] == name)
            .unwrap()
    };
    let context = named(&tree["contexts"], &tree["current-context"]);
    let user = named(
        &tree["users"],
        &tree["contexts"][context]["context"]["user"],
    );
    tree["users"][user]["user"]["client-certificate-data"] = "masked".into();
    Some(tree)
}
