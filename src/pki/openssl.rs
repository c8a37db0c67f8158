//! Tests only: openssl, the second opinion, in a temporary folder of its own.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start openssl and keep its files in a temporary folder"
)]

use std::process::Command;

use tempfile::TempDir;

use super::{Authority, Certificate, PrivateKey, read_certificates};

pub(super) struct OpenSsl(TempDir);

impl OpenSsl {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Runs openssl with these arguments, split at spaces; a failure fails the test.
    pub(super) fn run(&self, arguments: &str) -> String {
        let (succeeded, output) = self.ask(arguments);
        assert!(succeeded, "openssl {arguments}: {output}");
        output
    }

    /// The same, but "no" is an answer.
    pub(super) fn ask(&self, arguments: &str) -> (bool, String) {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
    }

    pub(super) fn certificate(&self, name: &str) -> Certificate {
        read_certificates(&self.read(name)).unwrap().remove(0)
    }

    /// A self-signed authority on P-256 with this subject, valid for ten years, in `NAME.crt` and `NAME.key`.
    pub(super) fn authority(&self, name: &str, subject: &str) -> Authority {
        self.run(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj {subject} \
             -keyout {name}.key -out {name}.crt"
        ));
        let certificate = self.certificate(&format!("{name}.crt"));
        let key = PrivateKey::from_pem(&self.read(&format!("{name}.key")), None).unwrap();
        let now = certificate.not_before();
        Authority::new(&[certificate], key, now).unwrap()
    }

    /// A leaf with a P-521 key in `leaf.key`, signed by openssl with that authority; no extensions make it version 1.
    pub(super) fn leaf(&self, authority: &str, extensions: &str) -> Certificate {
        self.run(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-521 -nodes -subj /O=a+O=b/CN=leaf \
             -keyout leaf.key -out leaf.csr",
        );
        self.sign_leaf(authority, extensions, "")
    }

    /// Signs `leaf.csr` again, with other `extensions` or `options`.
    pub(super) fn sign_leaf(
        &self,
        authority: &str,
        extensions: &str,
        options: &str,
    ) -> Certificate {
        // openssl adds key identifiers by itself unless told not to.
        let mut text = format!("subjectKeyIdentifier=none\n{extensions}\n");
        if !extensions.contains("authorityKeyIdentifier") {
            text.push_str("authorityKeyIdentifier=none\n");
        }
        self.write("extensions", text);
        let file = if extensions.is_empty() {
            ""
        } else {
            " -extfile extensions"
        };
        self.run(&format!(
            "x509 -req -in leaf.csr -CA {authority}.crt -CAkey {authority}.key -CAcreateserial \
             -days 1{file}{options} -out leaf.crt"
        ));
        self.certificate("leaf.crt")
    }
}
