//! A node that was recovered in memory is back-dated in memory; each time its files are put in place and judged again.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests write in folders of their own"
)]

use std::fs;
use std::path::Path;
use std::time::Duration as Lifetime;

use rekindle::diagnosis::{State, diagnose};
use rekindle::drill::{NodeSpecification, lay_out};
use rekindle::inventory::Inventory;
use rekindle::issuance::{Content, issue};
use rekindle::kubernetes::CATALOG;
use rekindle::node::{Root, ScratchFolder, now};
use rekindle::pki::KeyAlgorithm;
use rekindle::plan::{RecoveryPlan, RefusalCode, Request, plan, plan_expiry};
use time::{Duration, OffsetDateTime};

const YEAR: Duration = Duration::days(365);

#[test]
fn a_recovered_node_is_expired_again_by_its_own_authorities() {
    let folder = drilled();
    let root = Root::open(folder.path()).unwrap();
    let catalog: Vec<&str> = CATALOG.iter().map(|entry| entry.name).collect();
    let start = now();
    carry_out(&root, &recovery(&root, start), start);
    assert_eq!(in_state(&root, State::Valid), catalog);

    // The kubelet's file is named by the second.
    let later = start + Duration::seconds(2);
    let expiry = plan_expiry(&Inventory::observe(&root), later);
    assert_eq!(expiry.left, []);
    assert_eq!(expiry.healthy, [""; 0]);
    for step in expiry.re_signed() {
        let validity = step.validity;
        assert_eq!(
            validity.not_after - validity.not_before,
            YEAR,
            "{}",
            step.name
        );
        let ago = later - validity.not_after;
        assert!((Duration::DAY..Duration::hours(25)).contains(&ago), "{ago}");
    }
    carry_out(&root, &expiry, later);
    assert_eq!(in_state(&root, State::Expired), catalog);

    let again = later + Duration::seconds(2);
    carry_out(&root, &recovery(&root, again), again);
    assert_eq!(in_state(&root, State::Valid), catalog);
}

#[test]
fn certificates_of_a_young_authority_end_within_its_life() {
    let mut folder = ScratchFolder::create_temporary().unwrap();
    // As if the node had been made an hour ago.
    let made = now() + Duration::days(366) - Duration::HOUR;
    lay_out(&mut folder, &specification(), made).unwrap();
    let root = Root::open(folder.path()).unwrap();
    assert!(in_state(&root, State::Valid).len() == CATALOG.len());
    let inventory = Inventory::observe(&root);
    let authority = inventory.authorities[0]
        .certificate(made)
        .unwrap()
        .not_before();
    let moment = now();
    let expiry = plan_expiry(&inventory, moment);
    let (own, signed): (Vec<_>, Vec<_>) = expiry
        .re_signed()
        .partition(|step| step.authority.is_none());
    assert_eq!((own.len(), signed.len()), (1, CATALOG.len() - 1));
    for step in signed {
        assert_eq!(step.validity.not_before, authority, "{}", step.name);
        let ago = moment - step.validity.not_after;
        assert!(
            (Duration::minutes(29)..Duration::minutes(31)).contains(&ago),
            "{ago}"
        );
    }
    // What signs itself depends on nobody's life.
    assert_eq!(own[0].validity.not_after - own[0].validity.not_before, YEAR);
    carry_out(&root, &expiry, moment);
    assert_eq!(in_state(&root, State::Expired).len(), CATALOG.len());
}

#[test]
fn what_belongs_to_an_authority_elsewhere_is_left_and_the_rest_is_done() {
    let folder = drilled();
    fs::remove_file(folder.path().join("etc/kubernetes/pki/etcd/ca.key")).unwrap();
    let root = Root::open(folder.path()).unwrap();
    let expiry = plan_expiry(&Inventory::observe(&root), now());
    assert_eq!(expiry.refusals, []);
    let left: Vec<&str> = expiry.left.iter().map(|left| &*left.name).collect();
    let etcd = [
        "apiserver-etcd-client",
        "etcd-healthcheck-client",
        "etcd-peer",
        "etcd-server",
    ];
    assert_eq!(left, etcd);
    assert_eq!(expiry.steps.len() + left.len(), CATALOG.len());
}

#[test]
fn what_cannot_be_signed_again_is_refused_by_name() {
    let folder = drilled();
    let pki = folder.path().join("etc/kubernetes/pki");
    fs::copy(
        pki.join("apiserver.key"),
        pki.join("front-proxy-client.key"),
    )
    .unwrap();
    fs::write(pki.join("etcd/peer.crt"), "").unwrap();
    for extension in ["crt", "key"] {
        let file = |stem: &str| pki.join(stem).with_extension(extension);
        fs::copy(file("front-proxy-ca"), file("apiserver-kubelet-client")).unwrap();
    }
    let root = Root::open(folder.path()).unwrap();
    let expiry = plan_expiry(&Inventory::observe(&root), now());
    let refused: Vec<(RefusalCode, &str)> = expiry
        .refusals
        .iter()
        .map(|refusal| (refusal.code, refusal.subject.as_str()))
        .collect();
    let expected = [
        (RefusalCode::WrongIssuer, "apiserver-kubelet-client"),
        (RefusalCode::FileEmpty, "etcd-peer"),
        (RefusalCode::KeyMismatch, "front-proxy-client"),
    ];
    assert_eq!(refused, expected);
    assert_eq!(expiry.steps.len() + expected.len(), CATALOG.len());
}

#[test]
fn a_folder_without_a_node_is_refused() {
    let folder = ScratchFolder::create_temporary().unwrap();
    let root = Root::open(folder.path()).unwrap();
    let expiry = plan_expiry(&Inventory::observe(&root), now());
    let codes: Vec<RefusalCode> = expiry.refusals.iter().map(|refusal| refusal.code).collect();
    assert_eq!(codes, [RefusalCode::NoNode]);
    assert_eq!(expiry.steps, []);
}

fn specification() -> NodeSpecification {
    NodeSpecification {
        algorithm: KeyAlgorithm::EcdsaP256,
        ..NodeSpecification::default()
    }
}

fn drilled() -> ScratchFolder {
    let mut folder = ScratchFolder::create_temporary().unwrap();
    lay_out(&mut folder, &specification(), now()).unwrap();
    folder
}

fn recovery(root: &Root, now: OffsetDateTime) -> RecoveryPlan {
    let request = Request {
        within: Lifetime::ZERO,
        validity: Lifetime::from_hours(30 * 24),
        ..Request::default()
    };
    plan(&Inventory::observe(root), now, &request)
}

/// Puts the files in place without the care that a real node deserves.
fn carry_out(root: &Root, plan: &RecoveryPlan, now: OffsetDateTime) {
    assert_eq!(plan.refusals, []);
    let issuance = issue(Inventory::observe(root), plan, now).unwrap();
    for change in &issuance.changes {
        let target = root.outside(&change.target);
        match &change.after {
            Content::File(bytes) => {
                fs::write(&target, bytes).unwrap();
                let model = fs::metadata(root.outside(change.model.as_ref().unwrap())).unwrap();
                fs::set_permissions(&target, model.permissions()).unwrap();
            }
            Content::Link(destination) => link(&target, destination),
        }
    }
}

fn link(target: &Path, destination: &Path) {
    fs::remove_file(target).unwrap();
    std::os::unix::fs::symlink(destination, target).unwrap();
}

fn in_state(root: &Root, state: State) -> Vec<&'static str> {
    let diagnosis = diagnose(&Inventory::observe(root), now(), Duration::ZERO);
    let found = diagnosis.certificates.iter();
    found
        .filter(|finding| finding.state == state)
        .map(|finding| finding.name)
        .collect()
}
