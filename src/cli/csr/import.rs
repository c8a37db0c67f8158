//! `rekindle csr import`: installs what was signed elsewhere, with all that `recover` does.

use std::collections::BTreeSet;
use std::io::Write;

use super::super::arguments::CsrImport;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::observed::look;
use super::super::recover::{Order, carry_out_order, wishes_in_effect};
use super::super::render::printable;
use super::{pending, unusable};
use crate::csr::Answer;
use crate::node::{LARGEST_OPERAND, Present, Root, read_operand};
use crate::pki::{Certificate, read_certificates};
use crate::plan::{Refusal, RefusalCode, Request};

/// Verifies and installs certificates that were signed elsewhere.
pub fn import(root: &Root, arguments: &CsrImport, out: &mut dyn Write) -> Result<Exit, Failure> {
    let recover = &arguments.recover;
    if recover.wishes.rekey || recover.wishes.fix_sans || !recover.wishes.add_san.is_empty() {
        return Err(Failure::usage(
            "what was signed elsewhere is for the keys and names that are here: --rekey, --fix-sans and --add-san need the authority's key",
        ));
    }
    let mut certificates = plain(arguments)?;
    if let Some(path) = &arguments.answer {
        certificates.extend(sealed(root, path)?);
    }
    if certificates.is_empty() {
        return Err(Failure::usage(
            "there is nothing to install: name an answer, or --certificate NAME=FILE",
        ));
    }
    let mut names = BTreeSet::new();
    if let Some((name, _)) = certificates.iter().find(|(name, _)| !names.insert(name)) {
        let name = printable(name);
        return Err(Failure::usage(format!(
            "there are two certificates for {name}: leave out the one that is not to be installed"
        )));
    }
    let mut words = wishes_in_effect("csr import", recover);
    words.extend(certificates.iter().map(|(name, certificate)| {
        format!("--certificate={name}=sha256:{}", certificate.fingerprint())
    }));
    let request = Request {
        certificates,
        ..recover.wishes.request()?
    };
    carry_out_order(
        root,
        &Order {
            request,
            recover,
            words,
            confirm: None,
        },
        out,
    )
}

/// Certificates of another authority's making, as files.
fn plain(arguments: &CsrImport) -> Result<Vec<(String, Certificate)>, Failure> {
    let read = |(name, path): &(String, std::path::PathBuf)| {
        let bytes =
            read_operand(path, LARGEST_OPERAND).map_err(|error| Failure::of_file(name, &error))?;
        let certificates = read_certificates(&bytes).map_err(|error| {
            let message = format!("{} holds no usable certificate", path.display());
            Failure::new(Exit::Refused, message).hint(error.to_string())
        })?;
        let first = certificates.into_iter().next();
        first
            .map(|certificate| (name.clone(), certificate))
            .ok_or_else(|| Failure::usage(format!("{} is empty", path.display())))
    };
    let named = arguments.certificate.iter();
    named
        .map(|one| read(&(one.name.clone(), one.path.clone())))
        .collect()
}

/// The certificates of an answer to requests that this node made.
fn sealed(root: &Root, path: &std::path::Path) -> Result<Vec<(String, Certificate)>, Failure> {
    let bytes =
        read_operand(path, LARGEST_OPERAND).map_err(|error| Failure::of_file("answer", &error))?;
    let inventory = look(root)?;
    let trusted: Vec<Certificate> = inventory
        .authorities
        .iter()
        .filter_map(|authority| authority.bundle())
        .flatten()
        .cloned()
        .collect();
    let answer = Answer::open(&bytes, &trusted).map_err(|error| {
        let remedy = "bring it again from where it was signed";
        Failure::refused(&[unusable(path, &error, remedy)])
    })?;
    let known = root.present(&pending(answer.requests));
    if !matches!(known, Ok(Present::File(_))) {
        return Err(Failure::refused(&[Refusal {
            code: RefusalCode::RequestsUnusable,
            subject: path.display().to_string(),
            evidence: format!(
                "it is the answer to requests sealed by sha256:{}, which this node has not made",
                answer.requests
            ),
            remedy: format!(
                "bring the answer to this node's own requests: {}",
                root.command("csr export --out DIR")
            ),
        }]));
    }
    let certificates = answer.certificates.into_iter();
    Ok(certificates
        .map(|one| (one.name, one.certificate))
        .collect())
}
