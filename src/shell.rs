//! Words for a POSIX shell: a command in a hint must still be the same command when somebody pastes it.

use std::path::Path;

/// The word as a shell reads it back: as it is where that is plain, in single quotes otherwise (POSIX.1-2024, Shell &
/// Utilities, 2.2).
pub fn quote(word: impl AsRef<Path>) -> String {
    let word = word.as_ref().to_string_lossy();
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.into_owned();
    }
    // Within single quotes nothing is special but their end.
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What no shell takes for anything but itself, wherever in an operand it stands.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._-+,:@%=".contains(&byte)
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the test asks a shell what it reads"
)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_plain_path_stays_as_it_is() {
        for path in [
            "/",
            "/etc/kubernetes/pki/etcd/ca.crt",
            "/var/lib/rekindle/backups/20261124T031245.118Z-1f5a9e",
            "./a_b+c,d:e@f%g=h",
        ] {
            assert_eq!(quote(path), path);
        }
    }

    #[test]
    fn a_shell_reads_each_word_back() {
        for word in [
            "",
            "sp ace/no'de",
            "''",
            "a\nb",
            "~root",
            "$HOME `id` $(id)",
            "a;b|c&d>e<f",
            "*?[a]{b,c}",
            "\\\"#!",
            "Zertifikate-für-später",
        ] {
            let script = format!("printf '[%s]' {}", quote(word));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            let read = String::from_utf8(output.stdout).unwrap();
            assert_eq!(read, format!("[{word}]"), "{script}");
        }
    }
}
