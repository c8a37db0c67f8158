//! Whether what is served is what is on the disk.

use std::sync::Arc;

use super::conditions::Look;
use super::finding::State;
use super::reached::{self, Unusable, distrusted, reach, silent};
use crate::control_plane::Serving;
use crate::evidence::moment;
use crate::node::{ClientCredential, ProbeError, Root, Trust, now};
use crate::pki::Certificate;

/// Looks at the certificate at one port. It is seen also where the server turns us away afterwards.
pub(super) fn of(root: Arc<Root>, serving: Serving) -> Look {
    Box::new(move || look(&root, &serving).unwrap_or_else(State::from))
}

fn look(root: &Root, serving: &Serving) -> Result<State, Unusable> {
    let address = serving.address;
    let on_disk = reached::certificates(root, &serving.file)?;
    let Some(leaf) = on_disk.into_iter().next() else {
        return Ok(State::open("there is no certificate on the disk"));
    };
    let trust = match &serving.authority {
        Some(authority) => Trust::Authorities(reached::certificates(root, authority)?),
        None => Trust::Exactly(leaf.clone()),
    };
    let answer = reach(address, trust, client(root, serving), None)?;
    let Some(served) = answer.served else {
        return Ok(match &answer.outcome {
            Err(error) => silent(address, error),
            Ok(_) => State::open(format!("{address}: no certificate was served")),
        });
    };
    let file = root.outside(&serving.file);
    let file = file.display();
    if served.chain.first() != Some(&leaf) {
        let other = served
            .chain
            .first()
            .and_then(|der| Certificate::from_der(der).ok());
        let until = other.map_or_else(String::new, |other| {
            format!(", which ends at {}", moment(other.not_after()))
        });
        return Ok(State::open_with(
            format!("{address}: serves another certificate than {file}{until}"),
            "it still uses what it read before: restart it",
        ));
    }
    if let Err(distrust) = &served.trust {
        return Ok(distrusted(address, distrust));
    }
    // Anybody can show a certificate; that the server has its key is known when the handshake has come so far.
    match &answer.outcome {
        Ok(_) | Err(ProbeError::TurnedAway { .. }) => {}
        Err(error) => return Ok(silent(address, error)),
    }
    // A certificate that signs itself is trusted for what it is; its dates count all the same.
    let certificate = Certificate::from_der(&leaf);
    let dates = certificate.as_ref().ok();
    Ok(match dates {
        Some(served) if served.not_after() < now() => State::open_with(
            format!(
                "{address}: the served certificate expired at {}",
                moment(served.not_after())
            ),
            "renew it: rekindle recover",
        ),
        Some(served) => State::proven(format!(
            "{address} serves {file}, valid until {}",
            moment(served.not_after())
        )),
        None => State::open(format!("{file} cannot be read")),
    })
}

/// Best effort: a server that turns us away has shown its certificate by then.
fn client(root: &Root, serving: &Serving) -> Option<ClientCredential> {
    let (certificate, key) = serving.client.as_ref()?;
    reached::pair(root, certificate, key).ok()
}
