//! Whether a client's certificate leads to an authority, as Go's `crypto/x509` judges it (`Certificate.Verify` with the key usage
//! clientAuth), which every component of Kubernetes asks.

use time::OffsetDateTime;

use super::extension::{BASIC_CONSTRAINTS, SUBJECT_ALTERNATIVE_NAME};
use super::{Certificate, SignatureCheck};
use crate::evidence::moment;

/// Go stops looking for a chain behind so many signatures (`maxChainSignatureChecks`).
const MOST_SIGNATURES: usize = 100;
/// RFC 5280 section 4.2.1.10 and 4.2.1.11: what this program does not weigh.
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
/// The extensions that Go has read and so may be critical (`processExtensions`).
const KNOWN_TO_GO: [&str; 11] = [
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.31",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.35",
    "2.5.29.36",
    "2.5.29.37",
    "2.5.29.54",
];

/// Why a certificate does not lead to an authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// An extension is critical that Go does not know.
    #[error("the extension {oid} of {subject} is critical, and no component knows it")]
    CriticalExtension {
        /// Whose.
        subject: String,
        /// Dotted.
        oid: String,
    },
    /// The validity has not begun.
    #[error("{subject} is not valid before {}", moment(*not_before))]
    NotYetValid {
        /// Whose.
        subject: String,
        /// The first second.
        not_before: OffsetDateTime,
        /// Whether it is an authority above the leaf.
        is_authority: bool,
    },
    /// The validity has ended.
    #[error("{subject} ended at {}", moment(*not_after))]
    Expired {
        /// Whose.
        subject: String,
        /// The last second.
        not_after: OffsetDateTime,
        /// Whether it is an authority above the leaf.
        is_authority: bool,
    },
    /// None of the authorities has signed it.
    #[error("none of the authorities has signed it: its issuer is {issuer}")]
    UnknownAuthority {
        /// Whom it names.
        issuer: String,
        /// One of the authorities has that name, and another key.
        same_name: bool,
    },
    /// An authority of that name is none, or may sign nothing so deep.
    #[error("{subject} may not sign it")]
    NotAllowedToSign {
        /// Whose.
        subject: String,
    },
    /// MD5 or SHA-1.
    #[error("its signature is made with {algorithm}, which Go takes no more")]
    InsecureSignature {
        /// Which.
        algorithm: &'static str,
    },
    /// The extended key usages of the chain leave none for clients.
    #[error("it is for {}, not for clients", usages.join(", "))]
    WrongUsage {
        /// Those of the certificate that rules it out.
        usages: Vec<String>,
    },
    /// This program cannot tell.
    #[error("this program cannot judge {what}")]
    Undecided {
        /// What of it.
        what: String,
    },
}

/// The chain from `leaf` to one of the `roots`, over `intermediates` where it takes some; the leaf first, the root last.
pub fn verify_client(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    now: OffsetDateTime,
) -> Result<Vec<Certificate>, ChainError> {
    check(leaf, &[], now)?;
    let mut search = Search {
        intermediates,
        roots,
        now,
        signatures: 0,
        found: Vec::new(),
        hint: None,
    };
    if roots.contains(leaf) {
        search.found.push(vec![leaf]);
    } else {
        search.extend(&[leaf]);
    }
    let mut ruled_out = search.hint;
    for chain in search.found {
        match allows_clients(&chain) {
            Ok(()) => return Ok(chain.into_iter().cloned().collect()),
            Err(error) => ruled_out = Some(error),
        }
    }
    Err(ruled_out.unwrap_or_else(|| ChainError::UnknownAuthority {
        issuer: leaf.issuer(),
        // The bytes differ: another encoding of the name is another name for Go, and the same for who reads it.
        same_name: roots.iter().any(|root| root.subject() == leaf.issuer()),
    }))
}

/// The root whose signature `leaf` leads to, over `intermediates` where it takes some: dates, usages and constraints are not looked at.
pub fn leads_to<'a>(
    leaf: &'a Certificate,
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
) -> Option<&'a Certificate> {
    let mut chain = vec![leaf];
    // Each intermediate at most once.
    for _ in 0..=intermediates.len() {
        let last = *chain.last()?;
        let signed = |candidate: &&Certificate| {
            last == *candidate || last.check_signature(candidate) == SignatureCheck::Valid
        };
        if let Some(root) = roots.iter().find(signed) {
            return Some(root);
        }
        let next = intermediates
            .iter()
            .find(|it| !chain.contains(it) && signed(it))?;
        chain.push(next);
    }
    None
}

struct Search<'a> {
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
    now: OffsetDateTime,
    signatures: usize,
    found: Vec<Vec<&'a Certificate>>,
    /// Why the first candidate that came near was none.
    hint: Option<ChainError>,
}

impl<'a> Search<'a> {
    /// Looks for whoever signed the last one of `chain`.
    fn extend(&mut self, chain: &[&'a Certificate]) {
        let (roots, intermediates) = (self.roots, self.intermediates);
        let candidates = roots
            .iter()
            .map(|it| (it, true))
            .chain(intermediates.iter().map(|it| (it, false)));
        for (candidate, is_root) in candidates {
            let Some(last) = chain.last() else { return };
            if last.issuer_der() != candidate.subject_der()
                || chain.contains(&candidate)
                || self.signatures >= MOST_SIGNATURES
            {
                continue;
            }
            self.signatures += 1;
            let fits = signed_by(last, candidate)
                .and_then(|()| check(candidate, chain, self.now))
                .and_then(|()| check_authority(candidate, chain, is_root));
            if let Err(error) = fits {
                self.hint.get_or_insert(error);
                continue;
            }
            let mut longer = chain.to_vec();
            longer.push(candidate);
            if is_root {
                self.found.push(longer);
            } else {
                self.extend(&longer);
            }
        }
    }
}

/// `CheckSignatureFrom`.
fn signed_by(certificate: &Certificate, parent: &Certificate) -> Result<(), ChainError> {
    let may_sign = if parent.extension(BASIC_CONSTRAINTS).is_some() {
        parent.is_authority()
    } else {
        !parent.is_version_3()
    };
    if !may_sign || !parent.may_sign_certificates() {
        return Err(ChainError::NotAllowedToSign {
            subject: parent.subject(),
        });
    }
    if let Some(algorithm) = certificate.insecure_signature() {
        return Err(ChainError::InsecureSignature { algorithm });
    }
    match certificate.check_signature(parent) {
        SignatureCheck::Valid => Ok(()),
        SignatureCheck::Invalid => Err(ChainError::UnknownAuthority {
            issuer: certificate.issuer(),
            same_name: true,
        }),
        SignatureCheck::Unsupported { algorithm } => Err(ChainError::Undecided {
            what: format!("a signature of {algorithm}"),
        }),
    }
}

/// `isValid`: extensions and dates. `chain` is what is below it.
fn check(
    certificate: &Certificate,
    chain: &[&Certificate],
    now: OffsetDateTime,
) -> Result<(), ChainError> {
    let subject = || certificate.subject();
    let is_authority = !chain.is_empty();
    let unknown = certificate.extensions().iter().find(|extension| {
        // A list of names with none that Go knows is as unknown to it.
        let names = certificate.subject_alternative_names();
        let is_empty = extension.oid == SUBJECT_ALTERNATIVE_NAME
            && !names.iter().any(|name| {
                ["DNS:", "IP:", "URI:", "email:"]
                    .iter()
                    .any(|kind| name.starts_with(kind))
            });
        extension.critical && (is_empty || !KNOWN_TO_GO.contains(&extension.oid.as_str()))
    });
    if let Some(extension) = unknown {
        return Err(ChainError::CriticalExtension {
            subject: subject(),
            oid: extension.oid.clone(),
        });
    }
    if now < certificate.not_before() {
        return Err(ChainError::NotYetValid {
            subject: subject(),
            not_before: certificate.not_before(),
            is_authority,
        });
    }
    if now > certificate.not_after() {
        return Err(ChainError::Expired {
            subject: subject(),
            not_after: certificate.not_after(),
            is_authority,
        });
    }
    Ok(())
}

fn check_authority(
    certificate: &Certificate,
    chain: &[&Certificate],
    is_root: bool,
) -> Result<(), ChainError> {
    let too_deep = certificate
        .longest_path()
        .is_some_and(|longest| chain.len() - 1 > longest);
    if too_deep || (!is_root && !certificate.is_authority()) {
        return Err(ChainError::NotAllowedToSign {
            subject: certificate.subject(),
        });
    }
    Ok(())
}

/// `checkChainForKeyUsage`: from the root down, each certificate that names usages must have this one. Then what only Go weighs.
fn allows_clients(chain: &[&Certificate]) -> Result<(), ChainError> {
    let is_for_clients = |usages: &[String]| {
        usages.is_empty()
            || usages
                .iter()
                .any(|usage| usage == "any" || usage == "clientAuth")
    };
    for certificate in chain.iter().rev() {
        let usages = certificate.extended_key_usages();
        if !is_for_clients(usages) {
            return Err(ChainError::WrongUsage {
                usages: usages.to_vec(),
            });
        }
    }
    let names_something =
        |certificate: &&Certificate| !certificate.subject_alternative_names().is_empty();
    for (place, certificate) in chain.iter().enumerate() {
        let below = chain.get(..place).unwrap_or_default();
        let constrains =
            certificate.extension(NAME_CONSTRAINTS).is_some() && below.iter().any(names_something);
        if constrains || certificate.extension(POLICY_CONSTRAINTS).is_some() {
            return Err(ChainError::Undecided {
                what: format!("the constraints of {}", certificate.subject()),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
