//! Takes an interrupted run up again: its journal is opened behind its last whole line, for an attempt of its own.

use super::history::TORN;
use super::transaction::Transaction;
use super::{
    Failure, History, Interrupted, Live, Observer, Reason, RecoveryError, RunFiles, facts,
};
use crate::digest::Sha256Digest;
use crate::journal::{Act, Chain, Direction, Log, TakeUp, Torn};
use crate::node::{Root, Secrecy, SteadyClock};
use crate::pki::Authority;

/// How, and by whom, an interrupted run is taken up again.
pub struct TakeUpRequest<'a> {
    /// The cluster's authority, to vouch for the attempt's key; wiped before anything is changed.
    pub authority: Option<Authority>,
    /// Whether what somebody else changed meanwhile stays as it is, and the rest is done.
    pub skip_foreign: bool,
    /// What stops and starts the control plane; none where the run is about files alone.
    pub live: Option<Live>,
    /// Why.
    pub reason: &'a Reason,
}

impl<'a> Transaction<'a> {
    /// Takes an interrupted run up again.
    pub(super) fn take_up(
        root: &'a Root,
        interrupted: Interrupted,
        direction: Direction,
        request: TakeUpRequest<'_>,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, RecoveryError> {
        let clock = SteadyClock::start();
        let Interrupted { run, chain, left } = interrupted;
        let TakeUpRequest {
            authority,
            reason,
            live,
            skip_foreign: _,
        } = request;
        let files = RunFiles::of(&run);
        let warnings = perhaps_handed_out(&chain);
        let (made, all) = (chain.counts().changed, chain.changes().map(<[_]>::len));
        let open_directions = chain.open_directions();
        let reverses = chain.genesis().reverses().map(str::to_owned);
        let open = || -> Result<Log, Failure> {
            let torn = set_aside(root, &run, &chain)?;
            let whole = chain.whole_bytes() as u64;
            let storage = Box::new(root.continue_log(&files.journal, whole)?);
            let attempt = TakeUp {
                direction,
                torn,
                setting: facts::setting(reason),
            };
            let authority = authority.as_ref();
            Ok(Log::take_up(
                storage,
                chain,
                attempt,
                authority,
                clock.now(),
            )?)
        };
        let log = open().map_err(|failure| match all {
            None => RecoveryError::from(failure),
            // It is as unfinished as before.
            Some(all) => RecoveryError::Stopped {
                what: "the run could not be taken up again".to_owned(),
                run: run.clone(),
                reverses,
                made,
                all,
                open_directions,
                source: Box::new(failure),
            },
        })?;
        // The last that needs the CA's key.
        drop(authority);
        Ok(Self {
            root,
            run,
            files,
            clock,
            log,
            observer,
            left: match direction {
                Direction::Forward => left,
                // What a run could not do is of no concern when it goes back.
                Direction::Back => Vec::new(),
            },
            unexchanged: None,
            live,
            proof: None,
            warnings,
        })
    }
}

/// A file that was handed out is no change, which could be looked at: whoever takes the run up, either way, cannot know of it.
fn perhaps_handed_out(chain: &Chain) -> Vec<String> {
    let whose = match chain.act_under_way() {
        Some(Act::Credential { user, .. }) => user,
        Some(Act::Issue { node, .. }) => node,
        _ => return Vec::new(),
    };
    vec![format!(
        "the run broke off while the credential for {whose} was written: its file may be there, and then it is good; remove it"
    )]
}

/// Copies a line that was cut short to a file of its own, and tells of all such copies that no attempt has noted yet.
fn set_aside(root: &Root, run: &str, chain: &Chain) -> Result<Vec<Torn>, Failure> {
    if !chain.torn().is_empty() {
        let digest = Sha256Digest::of(chain.torn()).to_string();
        let name = format!("{run}{TORN}{}", digest.get(..16).unwrap_or(&digest));
        root.write_private(&RunFiles::journals().join(name), chain.torn())?;
    }
    let mut torn = Vec::new();
    for path in History::torn(root, run)? {
        let text = facts::text(&path);
        if chain.noted().iter().all(|noted| noted.path != text) {
            let copy = root.read(&path, Secrecy::Public)?;
            torn.push(Torn {
                path: text,
                size: copy.bytes.len() as u64,
                sha256: copy.digest,
            });
        }
    }
    Ok(torn)
}
