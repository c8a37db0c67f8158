//! Whether anybody can log on with a kubeconfig, whether it can be read as one or not. Pure.

/// A client certificate's keys of a user (`AuthInfo` in `k8s.io/client-go/tools/clientcmd/api/v1`).
const CERTIFICATE: [&str; 4] = [
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
];
/// All others with which a user logs on.
const OTHER: [&str; 6] = [
    "token",
    "tokenFile",
    "username",
    "password",
    "exec",
    "auth-provider",
];

/// By what means the users of a kubeconfig log on, as far as its bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logins {
    /// Kubeadm's: by a client certificate.
    pub certificate: bool,
    /// Any other.
    pub other: bool,
}

impl Logins {
    /// Looks for the keys of a user wherever they stand, in block or flow style or in JSON, in whatever is left of the file. What is
    /// in doubt, such as a comment, counts.
    pub fn scan(bytes: &[u8]) -> Self {
        let has = |keys: &[&str]| keys.iter().any(|key| has_key(bytes, key.as_bytes()));
        Self {
            certificate: has(&CERTIFICATE),
            other: has(&OTHER),
        }
    }
}

/// Whether `key` stands there with a colon behind it, in quotes or not, and not as the end of another word.
fn has_key(bytes: &[u8], key: &[u8]) -> bool {
    let is_key = |(at, word): (usize, &[u8])| {
        let (before, behind) = (bytes.get(..at), bytes.get(at + key.len()..));
        let is_end = before
            .and_then(<[u8]>::last)
            .is_some_and(u8::is_ascii_alphanumeric);
        let behind = behind.unwrap_or_default().iter();
        let mut behind = behind.skip_while(|byte| b"\"' \t\r\n".contains(byte));
        word == key && !is_end && behind.next() == Some(&b':')
    };
    bytes.windows(key.len()).enumerate().any(is_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn logs_on(text: &str, certificate: bool, other: bool) {
        let found = Logins::scan(text.as_bytes());
        assert_eq!(found, Logins { certificate, other }, "{text}");
    }

    #[test]
    fn every_key_counts_in_every_style() {
        for (keys, other) in [(&CERTIFICATE[..], false), (&OTHER[..], true)] {
            for key in keys {
                for text in [
                    format!("users:\n- name: me\n  user:\n    {key}: x\n"),
                    format!("users:\n- user:\n  - {key} : x\n"),
                    format!("users: [{{name: me, user: {{{key}: x}}}}]\n"),
                    format!("{{\"users\": [{{\"user\": {{\"{key}\" : \"x\"}}}}]}}"),
                    format!("{{'{key}'\n:\t'x'"),
                    format!("? {key}\n: x\n"),
                    format!("{key}:"),
                    format!("\u{0}\u{fffd}{key}: x"),
                ] {
                    logs_on(&text, !other, other);
                }
            }
        }
    }

    #[test]
    fn what_is_no_key_does_not_count() {
        for text in [
            "",
            "token",
            "subtoken: x",
            "current-context: token\nusers: []\n",
            "contexts:\n- context: {cluster: exec, user: password}\n",
            "username-of: x",
            "tokenFile",
        ] {
            logs_on(text, false, false);
        }
    }
}
