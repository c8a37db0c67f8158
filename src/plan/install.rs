//! Whether a certificate that somebody else signed is the one that was asked for.

use time::OffsetDateTime;

use super::draft::Draft;
use super::signer::{command, second};
use super::{RefusalCode, Request};
use crate::diagnosis::chains_to;
use crate::inventory::{AuthorityEntry, CredentialEntry, Inventory, KeyState};
use crate::pki::Certificate;

/// The extensions that whoever signs may mark as critical: key usage, names, basic constraints, extended key usage (RFC 5280
/// section 4.2.1). Any other that is critical, Kubernetes may refuse.
const KNOWN: [&str; 4] = ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"];

/// Refuses certificates of names that nothing on this node has: nobody would notice that they were not installed.
pub(super) fn refuse_strangers(draft: &mut Draft<'_>, request: &Request) {
    for (name, certificate) in &request.certificates {
        if draft.inventory.credential(name).is_none() {
            draft.refuse(
                RefusalCode::CertificateUnfit,
                name,
                format!(
                    "nothing on this node has that name; the certificate is for `{}`",
                    certificate.subject()
                ),
                &format!(
                    "name it as it is called here: {}; then: --certificate NAME=FILE",
                    command(draft.inventory, "check")
                ),
            );
        }
    }
}

/// Holds `new` against the certificate that it takes the place of: the same key, subject, names and usages, by an authority of this
/// node, valid at `now` and for longer. Otherwise why not.
pub(super) fn fitting(
    inventory: &Inventory,
    entry: &CredentialEntry,
    new: &Certificate,
    now: OffsetDateTime,
) -> Result<(), String> {
    let content = entry.content.as_ref();
    let content = content.map_err(|_| "there is nothing here that it could follow".to_owned())?;
    let (Some(old), KeyState::Fits(key)) = (content.certificate(), &content.key) else {
        return Err("there is nothing here that it could follow".to_owned());
    };
    if !key.fits(new) {
        return Err("it is for another key than the one here".to_owned());
    }
    if new.subject_der() != old.subject_der() {
        let (found, wanted) = (new.subject(), old.subject());
        return Err(if found == wanted {
            format!("its subject is `{found}` in another encoding than the one here has")
        } else {
            format!("its subject is `{found}`, and should be `{wanted}`")
        });
    }
    same(
        "names",
        new.subject_alternative_names(),
        old.subject_alternative_names(),
    )?;
    same(
        "extended key usages",
        new.extended_key_usages(),
        old.extended_key_usages(),
    )?;
    if !new.has_key_usages_of(old) {
        return Err("its key usages leave out one that the one here has".to_owned());
    }
    if new.is_authority() {
        return Err("it is the certificate of an authority".to_owned());
    }
    let odd = new
        .extensions()
        .iter()
        .find(|one| one.critical && !KNOWN.contains(&&*one.oid));
    if let Some(odd) = odd {
        return Err(format!("it has the critical extension {}", odd.oid));
    }
    let authority = entry.issuer.authority();
    let authority = authority.and_then(|name| inventory.authority(name));
    let bundle = authority.and_then(AuthorityEntry::bundle);
    if !chains_to(new, bundle.unwrap_or_default()) {
        return Err(format!(
            "it was signed by `{}`, whom this node does not trust for it",
            new.issuer()
        ));
    }
    if now < new.not_before() || new.not_after() <= now {
        return Err(format!(
            "it is valid from {} to {}; now is {}",
            second(new.not_before()),
            second(new.not_after()),
            second(now)
        ));
    }
    if new.not_after() <= old.not_after() {
        return Err(format!(
            "it ends at {}, and the one here at {}",
            second(new.not_after()),
            second(old.not_after())
        ));
    }
    Ok(())
}

fn same(what: &str, new: &[String], old: &[String]) -> Result<(), String> {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    if sorted(new) == sorted(old) {
        return Ok(());
    }
    Err(format!(
        "its {what} are {}, and should be {}",
        new.join(", "),
        old.join(", ")
    ))
}
