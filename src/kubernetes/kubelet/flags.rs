//! The environment files with the kubelet's flags. Pure.

use crate::kubernetes::flags::Flags;

/// The flags in `/var/lib/kubelet/kubeadm-flags.env`, or in the file for a person's own, which systemd reads as an `EnvironmentFile` and splits into
/// words (systemd.exec(5), systemd.service(5)); such as `hostname-override`, `cert-dir`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeletFlags(Flags);

/// Why bytes are not an environment file with the kubelet's flags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubeletFlagsError {
    /// It is not UTF-8.
    #[error("it is not UTF-8: the byte at offset {offset} belongs to no character")]
    NotUtf8 {
        /// How many bytes before it are good.
        offset: usize,
    },
    /// It begins with a byte order mark, which hides the name of the first variable.
    #[error("it begins with a byte order mark")]
    ByteOrderMark,
    /// A quote is opened and not closed.
    #[error("line {line}: the quote {quote} is not closed")]
    OpenQuote {
        /// The line of the assignment, counted from one.
        line: usize,
        /// The quote.
        quote: char,
    },
}

/// The variable that kubeadm writes and its drop-in for systemd hands to the kubelet.
const VARIABLE: &str = "KUBELET_KUBEADM_ARGS";
/// The variable that is left to a person; that drop-in puts it last, so that its flags win.
const OWN_VARIABLE: &str = "KUBELET_EXTRA_ARGS";

impl KubeletFlags {
    /// Reads the environment file of kubeadm; one without the variable holds no flags.
    pub fn parse(bytes: &[u8]) -> Result<Self, KubeletFlagsError> {
        Self::parse_variable(bytes, VARIABLE)
    }

    /// Reads the environment file in which a person sets further flags.
    pub fn parse_own(bytes: &[u8]) -> Result<Self, KubeletFlagsError> {
        Self::parse_variable(bytes, OWN_VARIABLE)
    }

    fn parse_variable(bytes: &[u8], variable: &str) -> Result<Self, KubeletFlagsError> {
        let text = std::str::from_utf8(bytes).map_err(|error| KubeletFlagsError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        if text.starts_with('\u{FEFF}') {
            return Err(KubeletFlagsError::ByteOrderMark);
        }
        let mut flags = Flags::default();
        for (index, line) in text.lines().enumerate() {
            let Some((name, value)) = line.trim().split_once('=') else {
                continue;
            };
            if name != variable {
                continue;
            }
            let open = |quote| KubeletFlagsError::OpenQuote {
                line: index + 1,
                quote,
            };
            let value = split(value, |_| false).map_err(open)?.concat();
            let words = split(&value, char::is_whitespace).map_err(open)?;
            flags = Flags::parse(words.iter().map(String::as_str));
        }
        Ok(Self(flags))
    }

    /// The value of a flag, the last one where it is repeated, as pflag has it.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.0.value(name)
    }
}

/// Splits at separators outside quotes and takes the quotes and escapes away; fails with a quote that stays open.
fn split(text: &str, is_separator: impl Fn(char) -> bool) -> Result<Vec<String>, char> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut open = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, open) {
            ('"' | '\'', None) => {
                open = Some(character);
                word.get_or_insert_default();
            }
            (_, Some(quote)) if character == quote => open = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(characters.next()),
            (_, None) if is_separator(character) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    open.map_or(Ok(words), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_those_of_the_last_assignment() {
        let flags = KubeletFlags::parse(
            b"# KUBELET_KUBEADM_ARGS=\"--cert-dir=/commented\"\r
KUBELET_KUBEADM_ARGS=--cert-dir=/first\r
OTHER=\"--cert-dir=/other\"\r
KUBELET_KUBEADM_ARGS=\"--hostname-override=cp-1 --cert-dir /srv/pki --node-labels='a b' --register-with-taints=\\\"c d\\\"\"\r
",
        )
        .unwrap();
        assert_eq!(flags.flag("hostname-override"), Some("cp-1"));
        assert_eq!(flags.flag("cert-dir"), Some("/srv/pki"));
        assert_eq!(flags.flag("node-labels"), Some("a b"));
        assert_eq!(flags.flag("register-with-taints"), Some("c d"));
    }

    #[test]
    fn a_persons_own_flags_are_in_a_variable_of_their_own() {
        let text = b"KUBELET_EXTRA_ARGS='--hostname-override=cp-2'\nKUBELET_KUBEADM_ARGS=--v=4\n";
        let own = KubeletFlags::parse_own(text).unwrap();
        assert_eq!(own.flag("hostname-override"), Some("cp-2"));
        assert_eq!(own.flag("v"), None);
    }

    #[test]
    fn no_assignment_is_no_flags_and_an_open_quote_is_an_error() {
        let none = KubeletFlags::parse(b"").unwrap();
        assert_eq!(none.flag("cert-dir"), None);
        assert_eq!(
            KubeletFlags::parse(b"\nKUBELET_KUBEADM_ARGS=\"--a=b\n"),
            Err(KubeletFlagsError::OpenQuote {
                line: 2,
                quote: '"'
            })
        );
        assert_eq!(
            KubeletFlags::parse(b"\xEF\xBB\xBFKUBELET_KUBEADM_ARGS="),
            Err(KubeletFlagsError::ByteOrderMark)
        );
        assert_eq!(
            KubeletFlags::parse(b"a\xFF"),
            Err(KubeletFlagsError::NotUtf8 { offset: 1 })
        );
    }
}
