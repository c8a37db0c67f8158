//! Cuts short what may be a private key where a path, a name or a label belongs: an easy slip (`client-key` for
//! `client-key-data`) makes a path of it, and paths are printed, written into tickets and recorded. Pure.

use std::borrow::Cow;
use std::fmt::Write as _;

/// How much of such a word is shown: enough to find the place in the file, and little of the 43 digits that a key of 256
/// bits has in base64.
const SHOWN: usize = 12;
/// No name in a folder is longer (`NAME_MAX`), in bytes.
const LONGEST_NAME: usize = 255;
/// From so many letters on, lower, upper and digits without anything between them are taken for base64.
const LONG: usize = 24;
/// The same for letters of both cases without a digit: no compound of a Kubernetes kind is so long.
const VERY_LONG: usize = 40;
/// The digits of a SHA-256; a longer row of hexadecimal digits is no digest that is told here.
const LONGEST_DIGEST: usize = 64;
/// How PEM and the DER of a private key begin in base64: PEM; RSA; EC and Ed25519, alone and in PKCS#8.
const BEGINNINGS: [&str; 8] = [
    "LS0tLS1CRUdJ",
    "MIIE",
    "MIIJ",
    "MHcCAQEE",
    "MIGkAgEB",
    "MIGHAgEA",
    "MIG2AgEA",
    "MC4CAQAw",
];

/// The same text, with each word cut short in which there may be a key, or that no path could have; its length is told
/// instead. Of several such words only the first shows its beginning.
pub fn elide(text: &str) -> Cow<'_, str> {
    let mut elided = String::new();
    let mut done = 0;
    for (start, end) in words(text) {
        let word = text.get(start..end).unwrap_or_default();
        let Some(cut) = suspicious(word) else {
            continue;
        };
        elided.push_str(text.get(done..start).unwrap_or_default());
        let shown = if done == 0 { SHOWN } else { 0 };
        let (before, rest) = word.split_at(cut);
        elided.push_str(before);
        elided.extend(rest.chars().take(shown));
        // A `String` takes everything.
        let _ = write!(elided, "… ({} characters)", word.chars().count());
        let punctuation = word.trim_end_matches([':', ';', ',', '.', ')']).len();
        elided.push_str(word.get(punctuation..).unwrap_or_default());
        done = end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    elided.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(elided)
}

/// Where the words of a text are: what stands between blanks and quotes.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    pieces(text, |letter| {
        !letter.is_whitespace() && !['\'', '"', '`'].contains(&letter)
    })
}

/// Where the pieces of a text are that have only such letters.
fn pieces(text: &str, belongs: impl Fn(char) -> bool) -> impl Iterator<Item = (usize, usize)> {
    let mut letters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while letters.next_if(|(_, letter)| !belongs(*letter)).is_some() {}
        let (start, _) = *letters.peek()?;
        let mut end = start;
        while let Some((at, letter)) = letters.next_if(|(_, letter)| belongs(*letter)) {
            end = at + letter.len_utf8();
        }
        Some((start, end))
    })
}

/// Where in a word begins what is not to be shown.
fn suspicious(word: &str) -> Option<usize> {
    let too_long = pieces(word, |letter| letter != '/')
        .find(|(start, end)| end - start > LONGEST_NAME)
        .map(|(start, _)| start);
    // `/` and `+` are digits of base64 too: a piece before the first long one may belong to it.
    let mut run = None;
    let mut end_of_last = 0;
    let base64 = pieces(word, |letter| letter.is_ascii_alphanumeric()).find_map(|(start, end)| {
        let piece = word.get(start..end).unwrap_or_default();
        let follows = word.get(end_of_last..start).is_some_and(is_between_digits);
        let may_belong = piece.bytes().any(|byte| !byte.is_ascii_lowercase());
        run = match run {
            Some(begin) if follows && may_belong => Some(begin),
            _ => may_belong.then_some(start),
        };
        end_of_last = end;
        is_base64(piece).then(|| run.unwrap_or(start))
    });
    match (too_long, base64) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn is_between_digits(text: &str) -> bool {
    text.bytes().all(|byte| b"/+".contains(&byte))
}

fn is_mixed(piece: &str) -> bool {
    has_both_cases(piece) && piece.bytes().any(|byte| byte.is_ascii_digit())
}

fn has_both_cases(piece: &str) -> bool {
    piece.bytes().any(|byte| byte.is_ascii_lowercase())
        && piece.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Letters alone are a name: 255 times `a` is one.
fn is_hexadecimal(piece: &str) -> bool {
    let has = |is: fn(&u8) -> bool| piece.as_bytes().iter().any(is);
    piece.bytes().all(|byte| byte.is_ascii_hexdigit())
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

fn is_base64(piece: &str) -> bool {
    piece.len() >= LONG && is_mixed(piece)
        || piece.len() >= VERY_LONG && has_both_cases(piece)
        || piece.len() > LONGEST_DIGEST && is_hexadecimal(piece)
        || piece.len() >= SHOWN && BEGINNINGS.iter().any(|begin| piece.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MHcCAQEEIHt3Cqz4fOeXv4Mbm0DQF7sQb0Ux5xS1pWmJ2nE8oAoGCCqGSM49AwEHoUQDQgAE";

    #[test]
    fn what_is_no_key_stays_as_it_is() {
        let digits = "80df080adf0680df".repeat(5);
        assert!(elide(&digits).contains('…'), "{digits}");
        for text in [
            "",
            "admin.conf: /var/lib/kubelet/pki/kubelet-client-2026-05-01-12-00-00.pem does not exist",
            "sha256:80df080adf0680df080adf0680df080adf0680df080adf0680df080adf06aa10",
            "/tmp/.tmpAb3dEf/sp ace/etc/kubernetes/pki/apiserver-kubelet-client.crt: permission denied",
            "run 20261124T031245.118Z-1f5a9e of CertificateExpirationInfo, RequestHeaderClientCAFileNames",
            "signed by `O=system:masters,CN=kubernetes-admin`; the CA here is `CN=kubernetes`",
            "the file is not PEM: no line begins with `-----BEGIN `",
            "it has 4 hard links\u{fffd}\u{1b}[31m für später",
        ] {
            assert!(matches!(elide(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn a_key_is_cut_short_and_what_stands_around_it_stays() {
        assert_eq!(
            elide(&format!("/etc/kubernetes/{KEY}: file name too long")),
            "/etc/kubernetes/MHcCAQEEIHt3… (89 characters): file name too long"
        );
        assert_eq!(
            elide(&format!("namei -l '/mnt/a b/{KEY}'; again")),
            "namei -l '/mnt/a b/MHcCAQEEIHt3… (74 characters)'; again"
        );
        let long = format!("/{}/b", "a".repeat(256));
        assert_eq!(elide(&long), "/aaaaaaaaaaaa… (259 characters)");
        let allowed = format!("/{}/b", "a".repeat(255));
        assert_eq!(elide(&allowed), allowed);
    }

    #[test]
    fn of_a_key_in_several_words_the_beginning_alone_is_shown() {
        let (one, other) = KEY.split_at(36);
        let text = elide(&format!("-----BEGIN EC PRIVATE KEY-----\n{one}\n{other}\n")).into_owned();
        assert_eq!(
            text,
            "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIHt3… (36 characters)\n… (36 characters)\n"
        );
        // As an error quotes it.
        let text = format!("{:?}", format!("KEY-----\n{one}\n{other}"));
        assert_eq!(elide(&text), "\"KEY-----\\nMHcCAQEEIHt… (84 characters)\"");
    }

    #[test]
    fn a_key_is_known_whatever_slashes_are_in_it() {
        let key = "x4Fq/w9A+b7/Hj2Kd8sLq0Zt6Yv3Bn5Mw1Xe9Rc";
        assert_eq!(
            elide(&format!("/etc/pki/{key}")),
            "/etc/pki/x4Fq/w9A+b7/… (48 characters)"
        );
    }
}
