//! Whether a journal is one to obey: whoever can write it says by it which file becomes which.

use std::path::Path;

use super::RunFiles;
use crate::digest::Sha256Digest;
use crate::evidence::with_causes;
use crate::journal::{AnchorError, Chain, Doubt, Trust};
use crate::node::Root;
use crate::pki::Certificate;
use crate::plan::{Refusal, RefusalCode};
use crate::shell::quote;

/// Who may vouch for a journal on this node.
pub struct Vouchers<'a> {
    /// The cluster's authorities; why their certificates cannot be read, otherwise.
    pub authorities: Result<Vec<Certificate>, String>,
    /// Whether their key is here, so that a run that begins now would be certified.
    pub has_key: &'a dyn Fn() -> bool,
    /// Keys that the operator vouches for.
    pub keys: &'a [Sha256Digest],
    /// The kubelet's unit, by the operator's word: no other service is started because such a journal says so.
    pub unit: &'a str,
    /// Whether the node has a file there that a run may replace.
    pub is_place: &'a dyn Fn(&Path) -> bool,
}

/// Refuses a journal that nobody vouches for: every attempt's key must be certified by the node's own CA, or be named by the
/// operator. Where nobody could vouch for it, and nobody can now, what it says goes if it concerns nothing but the places of
/// certificates; then this gives back a warning. `verb` is what it is to be obeyed for.
pub fn demand_vouchers(
    root: &Root,
    chain: &Chain,
    vouchers: &Vouchers<'_>,
    verb: &str,
) -> Result<Option<String>, Refusal> {
    let trust = Trust {
        authorities: vouchers.authorities.as_deref().unwrap_or_default(),
        keys: vouchers.keys,
        expected: &[],
    };
    let doubts = trust.doubts(chain);
    let Some(first) = doubts.first() else {
        return Ok(None);
    };
    let excuse = match &vouchers.authorities {
        Err(error) => format!("the CA certificate that would tell cannot be used: {error}"),
        Ok(_) if could_not_be_certified(chain, &doubts) && !(vouchers.has_key)() => {
            "the CA's key, which would, is not on this node, and was not when the run began"
                .to_owned()
        }
        Ok(_) => {
            return Err(refusal(
                root,
                chain,
                &doubts,
                vouchers,
                verb,
                &with_causes(&first.reason),
            ));
        }
    };
    if let Some(stray) = stray(chain, vouchers) {
        let evidence = format!("{excuse}; and it names {stray}");
        return Err(refusal(root, chain, &doubts, vouchers, verb, &evidence));
    }
    Ok(Some(format!(
        "nobody vouches for the journal of the run {}: {excuse}. It is followed, since it concerns nothing but the places of certificates",
        chain.genesis().circumstances.run.id
    )))
}

/// Whether the journal says of itself that it was begun where the CA's key was not to be had.
fn could_not_be_certified(chain: &Chain, doubts: &[Doubt]) -> bool {
    let genesis = chain.genesis();
    genesis.authority.is_none()
        && genesis.key.certificate.is_none()
        && doubts
            .iter()
            .all(|doubt| matches!(doubt.reason, AnchorError::NoCertificate { .. }))
}

/// What the journal names, of the files to be replaced, of the copies for that, and of what is to be moved back or started, that
/// is not to be had on its word alone.
fn stray(chain: &Chain, vouchers: &Vouchers<'_>) -> Option<String> {
    if let Some((path, _)) = chain.moved_manifests().next() {
        return Some(format!("{path}, which is to be moved back"));
    }
    let mut services = chain.stopped_services();
    if let Some(service) = services.find(|service| *service != vouchers.unit) {
        return Some(format!(
            "{service}, which is to be started, and is not the kubelet"
        ));
    }
    let backup = RunFiles::of(&chain.genesis().circumstances.run.id).backup;
    let file = chain
        .changes()
        .unwrap_or_default()
        .iter()
        .find_map(|(change, _)| {
            if !(vouchers.is_place)(Path::new(&change.target)) {
                return Some(change.target.as_str());
            }
            let copy = change.backup.as_ref()?.path.as_str();
            let target = change.target.strip_prefix('/').unwrap_or(&change.target);
            (Path::new(copy) != backup.join(target)).then_some(copy)
        });
    file.map(|file| format!("{file}, where no run replaces anything"))
}

fn refusal(
    root: &Root,
    chain: &Chain,
    doubts: &[Doubt],
    vouchers: &Vouchers<'_>,
    verb: &str,
    evidence: &str,
) -> Refusal {
    let run = &chain.genesis().circumstances.run.id;
    let keys = vouchers.keys.iter();
    let keys = keys.chain(doubts.iter().map(|doubt| &doubt.key));
    let keys: Vec<String> = keys.map(|key| format!("--key {key}")).collect();
    let journal = root.outside(&RunFiles::of(run).journal);
    Refusal {
        code: RefusalCode::JournalNotAnchored,
        subject: format!("run {run}"),
        evidence: format!("nobody vouches for its journal: {evidence}"),
        remedy: format!(
            "anybody may have written it, so look at it first: {}; if it is yours: {}; if not, keep it as evidence: mv {} /root/",
            root.command(&format!("journal show {}", quote(run))),
            root.command(&format!("{verb} {}", keys.join(" "))),
            quote(journal)
        ),
    }
}
