//! Which names a break-glass credential may have. Pure.
//!
//! Names that begin with `system:` are Kubernetes' own (`pkg/authentication/user` in `k8s.io/apiserver`). A certificate can claim any of
//! them. A credential that is made in an emergency names a person, so that the API server's audit log does.

use std::ops::RangeInclusive;

use crate::authentication::{AUTHENTICATED, UNAUTHENTICATED};
use crate::kubernetes::MASTERS_GROUP;

/// The prefix of Kubernetes' own names.
const RESERVED: &str = "system:";
/// Whom the default binding lets read metrics and health, and nothing else: meant for people and their tools.
const MONITORING: &str = "system:monitoring";
/// How long a name may be, in bytes. RFC 5280 (appendix A.1) has 64 characters for a CN and an O. Nobody on the way asks for that:
/// not Go's crypto/x509, not openssl when it verifies, and the cluster's own `system:node:NAME` has up to 265; while names that RBAC is
/// bound to come from directories, and are what they are.
const LONGEST: usize = 256;
/// How many groups there may be: with the longest names the certificate still fits into a TLS handshake.
const MOST_GROUPS: usize = 32;

/// Why a name is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameError {
    /// There is none.
    #[error("the {what} is empty")]
    Empty { what: &'static str },
    /// It is too long.
    #[error("the {what} has {bytes} bytes, and may have {LONGEST}")]
    TooLong { what: &'static str, bytes: usize },
    /// Something in it does not print, or blanks surround it: in a log nobody would see what it is.
    #[error("the {what} has control or invisible characters in it, or blanks around it")]
    Unprintable { what: &'static str },
    /// It reads as one of Kubernetes' own, and is none.
    #[error(
        "the {what} reads as one that begins with {RESERVED}, with letters of another script in between"
    )]
    Imitation { what: &'static str },
    /// The user is one of Kubernetes' own.
    #[error(
        "{name} is one of Kubernetes' own users: the audit log would name a component where a person was"
    )]
    ReservedUser { name: String },
    /// The group is one of Kubernetes' own.
    #[error("{name} is one of Kubernetes' own groups, for its components")]
    ReservedGroup { name: String },
    /// The API server adds this one itself.
    #[error(
        "{name} is a group that the API server gives by itself, and whoever claims it gets no other"
    )]
    GivenGroup { name: String },
    /// Two groups in one word.
    #[error("{name} is one group with a comma in its name")]
    Comma { name: String },
    /// A group is there already.
    #[error("the group {name} is named twice")]
    Twice { name: String },
    /// There are too many.
    #[error("there are {count} groups, and may be {MOST_GROUPS}")]
    TooMany { count: usize },
}

impl NameError {
    /// What to do instead.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Empty { .. }
            | Self::TooLong { .. }
            | Self::Unprintable { .. }
            | Self::Imitation { .. } => {
                "name the person as they are known elsewhere, such as alice@example.com"
            }
            Self::ReservedUser { .. } => {
                "name the person, and bind what they need to that name; for a kubelet: rekindle node issue"
            }
            Self::ReservedGroup { .. } => {
                "name a group that RBAC is bound to, such as kubeadm:cluster-admins; for a kubelet: rekindle node issue"
            }
            Self::GivenGroup { .. } => {
                "leave it out: everybody who logs on is in system:authenticated"
            }
            Self::Comma { .. } => "say --group once for each",
            Self::Twice { .. } => "say each once",
            Self::TooMany { .. } => "leave out the groups to which nothing is bound that is needed",
        }
    }
}

/// Whether a credential may say that its bearer is `name`.
pub(super) fn check_user(name: &str) -> Result<(), NameError> {
    check_form("user", name)?;
    if name.starts_with(RESERVED) {
        return Err(NameError::ReservedUser {
            name: name.to_owned(),
        });
    }
    Ok(())
}

/// Whether a credential may say that its bearer is in these groups; [`MASTERS_GROUP`] is among those that it may.
pub(super) fn check_groups(names: &[String]) -> Result<(), NameError> {
    if names.len() > MOST_GROUPS {
        return Err(NameError::TooMany { count: names.len() });
    }
    for (number, name) in names.iter().enumerate() {
        check_group(name)?;
        if names.iter().take(number).any(|earlier| earlier == name) {
            return Err(NameError::Twice { name: name.clone() });
        }
    }
    Ok(())
}

fn check_group(name: &str) -> Result<(), NameError> {
    check_form("group", name)?;
    let name = || name.to_owned();
    match name().as_str() {
        // `AuthenticatedGroupAdder` in k8s.io/apiserver leaves whoever has one of them as they are.
        AUTHENTICATED | UNAUTHENTICATED => Err(NameError::GivenGroup { name: name() }),
        MASTERS_GROUP | MONITORING => Ok(()),
        reserved if reserved.starts_with(RESERVED) => {
            Err(NameError::ReservedGroup { name: name() })
        }
        several if several.contains(',') => Err(NameError::Comma { name: name() }),
        _ => Ok(()),
    }
}

fn check_form(what: &'static str, name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty { what });
    }
    if name.len() > LONGEST {
        return Err(NameError::TooLong {
            what,
            bytes: name.len(),
        });
    }
    if name.trim() != name || name.chars().any(is_invisible) {
        return Err(NameError::Unprintable { what });
    }
    if imitates_reserved(name) {
        return Err(NameError::Imitation { what });
    }
    Ok(())
}

/// What is written as nothing where a font does not know it: `Default_Ignorable_Code_Point` of Unicode 16
/// (`DerivedCoreProperties.txt`).
const IGNORABLE: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Control characters, blanks that are no space, and what has no width or turns the direction of writing: with them one name looks
/// like another.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || (letter.is_whitespace() && letter != ' ')
        // The Braille pattern without a dot.
        || letter == '\u{2800}'
        || IGNORABLE.iter().any(|range| range.contains(&letter))
}

/// Whether a name reads as one of Kubernetes' own, with letters of other scripts in between: `ѕystem:` with a Cyrillic `ѕ`.
fn imitates_reserved(name: &str) -> bool {
    let mut letters = name.chars();
    let pairs: Vec<(char, char)> = RESERVED
        .chars()
        .filter_map(|own| Some((own, letters.next()?)))
        .collect();
    let is_same = |(own, letter): &(char, char)| own == letter;
    pairs.len() == RESERVED.len()
        && pairs.iter().all(|pair| is_same(pair) || !pair.1.is_ascii())
        && pairs.iter().any(|pair| is_same(pair) && pair.0 != ':')
        && !pairs.iter().all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_a_user_and_a_component_is_none() {
        for name in [
            "alice",
            "alice@example.com",
            "oidc:alice",
            "Åsa Ö",
            "a,b",
            "SYSTEM:x",
        ] {
            assert_eq!(check_user(name), Ok(()), "{name}");
        }
        for name in [
            "system:kube-controller-manager",
            "system:node:cp-1",
            "system:serviceaccount:default:default",
            "system:anonymous",
            "system:",
        ] {
            let error = check_user(name).unwrap_err();
            assert!(matches!(error, NameError::ReservedUser { .. }), "{error}");
        }
        assert!(matches!(check_user(""), Err(NameError::Empty { .. })));
        for name in [
            " alice",
            "alice ",
            "a\nb",
            "a\u{7f}",
            "\u{85}",
            "a\u{202e}b",
            "a\u{200b}",
            "a\u{ad}b",
            "a\u{a0}b",
            "a\u{2028}b",
            "a\u{2029}b",
            "a\u{e0041}",
            "a\u{3164}",
            "a\u{2800}b",
            "a\u{fe0f}",
        ] {
            let error = check_user(name).unwrap_err();
            assert!(matches!(error, NameError::Unprintable { .. }), "{error}");
        }
        for name in [
            "\u{455}ystem:masters",
            "system\u{ff1a}masters",
            "s\u{443}stem:x",
        ] {
            let error = check_user(name).unwrap_err();
            assert!(matches!(error, NameError::Imitation { .. }), "{error}");
        }
        assert_eq!(
            check_user("\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}:x"),
            Ok(())
        );
        assert_eq!(check_user(&"a".repeat(LONGEST)), Ok(()));
        let error = check_user(&"a".repeat(LONGEST + 1)).unwrap_err();
        assert!(matches!(error, NameError::TooLong { .. }), "{error}");
    }

    #[test]
    fn groups_are_those_that_rbac_is_bound_to() {
        let check = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            check_groups(&names)
        };
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&["oncall", "kubeadm:cluster-admins"]), Ok(()));
        assert_eq!(check(&[MASTERS_GROUP, MONITORING]), Ok(()));
        let name = |name: &str| name.to_owned();
        for group in [
            "system:nodes",
            "system:serviceaccounts:kube-system",
            "system:bootstrappers",
        ] {
            let expected = NameError::ReservedGroup { name: name(group) };
            assert_eq!(check(&["a", group]), Err(expected));
        }
        for group in ["system:authenticated", "system:unauthenticated"] {
            let expected = NameError::GivenGroup { name: name(group) };
            assert_eq!(check(&[group]), Err(expected));
        }
        assert_eq!(check(&["a,b"]), Err(NameError::Comma { name: name("a,b") }));
        assert_eq!(
            check(&["a", "b", "a"]),
            Err(NameError::Twice { name: name("a") })
        );
        assert_eq!(check(&["a", ""]), Err(NameError::Empty { what: "group" }));
        let many: Vec<String> = (0..33).map(|number| number.to_string()).collect();
        assert_eq!(check_groups(&many), Err(NameError::TooMany { count: 33 }));
        assert_eq!(check_groups(&many[1..]), Ok(()));
    }
}
