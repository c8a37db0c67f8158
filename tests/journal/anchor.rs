//! Whose signature is believed: the journal key that the cluster's authority certified for just this, and no
//! other.

use rekindle::digest::Sha256Digest;
use rekindle::journal::{AnchorError, Direction, Event, Record, Trust, Verdict, verify};
use rekindle::pki::{
    Attribute, Authority, Certificate, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, PrivateKey,
    SerialNumber, Specification, Validity, generate, issue, issue_authority,
};

use crate::fixture::{
    FIXTURE, NOW, authority, believing, believing_key, client_certificate, recovery,
};
use crate::forger::{Forgery, certify, forge, journal_specification, key_facts, records};
use crate::interruption::RESUMED;

const LIFETIME: std::time::Duration = std::time::Duration::from_hours(24);

/// What the verifier says about a well-formed journal that `certificate`'s key signed.
fn judge(
    key: &PrivateKey,
    certificate: Option<&Certificate>,
    change: impl Fn(&mut Vec<Record>),
) -> Verdict {
    let mut records = records(&FIXTURE.bytes);
    change(&mut records);
    FIXTURE.verify(&forge(records, key, certificate))
}

fn refusal(verdict: Verdict) -> AnchorError {
    match verdict {
        Verdict::NotAnchored { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

/// The refusal of a journal whose key the cluster's own authority certified, but with other wishes.
fn refusal_of(change: impl Fn(&mut Specification), hours: u64) -> AnchorError {
    let key = PrivateKey::generate_ed25519().unwrap();
    let mut specification = journal_specification();
    change(&mut specification);
    let certificate = certify(&key, &specification, &FIXTURE.authority, hours);
    refusal(judge(&key, Some(&certificate), |_| {}))
}

#[test]
fn the_forger_is_good_enough_to_be_believed_with_the_right_certificate() {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    let verdict = judge(&key, Some(&certificate), |_| {});
    assert!(
        matches!(
            verdict,
            Verdict::Incomplete {
                resumable: true,
                torn_tail: false,
                ..
            }
        ),
        "{verdict:?}"
    );
}

#[test]
fn an_ordinary_client_certificate_of_the_same_authority_signs_no_journal() {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = client_certificate(&FIXTURE.authority, key.public_key_der());
    let reason = refusal(judge(&key, Some(&certificate), |_| {}));
    assert!(matches!(reason, AnchorError::Profile { .. }), "{reason:?}");
}

#[test]
fn each_single_departure_from_the_profile_is_refused() {
    let name = |specification: &mut Specification| {
        specification.subject = vec![(Attribute::CommonName, "a".to_owned())];
    };
    let alternative_name = |specification: &mut Specification| {
        specification.dns_names = vec!["a".to_owned()];
    };
    let second_usage = |specification: &mut Specification| {
        specification
            .extended_key_usages
            .push(ExtendedKeyUsage::ClientAuth);
    };
    let other_usage = |specification: &mut Specification| {
        specification.extended_key_usages = vec![ExtendedKeyUsage::ServerAuth];
    };
    let no_extended_usage = |specification: &mut Specification| {
        specification.extended_key_usages.clear();
    };
    let uncritical_usage = |specification: &mut Specification| {
        specification.extended_key_usages_critical = false;
    };
    let more_key_usages = |specification: &mut Specification| {
        specification.key_usages.push(KeyUsage::KeyEncipherment);
    };
    let no_key_usage = |specification: &mut Specification| specification.key_usages.clear();
    let refusals = [
        refusal_of(name, 24),
        refusal_of(alternative_name, 24),
        refusal_of(second_usage, 24),
        refusal_of(other_usage, 24),
        refusal_of(no_extended_usage, 24),
        refusal_of(uncritical_usage, 24),
        refusal_of(more_key_usages, 24),
        refusal_of(no_key_usage, 24),
        refusal_of(|_| {}, 25),
    ];
    for (number, reason) in refusals.iter().enumerate() {
        assert!(
            matches!(reason, AnchorError::Profile { .. }),
            "{number}: {reason:?}"
        );
    }
}

#[test]
fn another_authority_of_the_same_name_is_not_the_one() {
    let other = authority();
    let authorities = [other.certificate().clone()];
    let verdict = verify(&FIXTURE.bytes, &believing(&authorities));
    let reason = refusal(verdict);
    assert!(
        matches!(reason, AnchorError::OtherAuthority { .. }),
        "{reason:?}"
    );
}

#[test]
fn one_of_several_authorities_is_enough_and_none_is_not() {
    let authorities = [authority(), authority()].map(|other| other.certificate().clone());
    let bundle = [&authorities[..], &[FIXTURE.authority.certificate().clone()]].concat();
    let verdict = verify(&FIXTURE.bytes, &believing(&bundle));
    assert!(matches!(verdict, Verdict::Complete { .. }));
    let verdict = verify(&FIXTURE.bytes, &believing(&[]));
    assert!(matches!(verdict, Verdict::NotAnchored { .. }));
}

#[test]
fn a_leaf_with_the_authoritys_name_and_key_is_no_authority() {
    let specification = Specification {
        subject: vec![(Attribute::CommonName, "kubernetes".to_owned())],
        ..Specification::default()
    };
    let authority = FIXTURE.authority.certificate();
    let validity = Validity::starting_at(NOW, LIFETIME, Some(authority));
    let serial = SerialNumber::random().unwrap();
    let public = authority.public_key_der();
    let leaf = issue(
        &specification,
        public,
        &FIXTURE.authority,
        &validity,
        &serial,
    )
    .unwrap();
    assert_eq!(leaf.subject_der(), authority.subject_der());
    let verdict = verify(&FIXTURE.bytes, &believing(&[leaf]));
    let reason = refusal(verdict);
    assert!(
        matches!(reason, AnchorError::OtherAuthority { .. }),
        "{reason:?}"
    );
}

#[test]
fn an_authority_that_may_not_sign_certificates_is_not_believed() {
    let pair = generate(KeyAlgorithm::EcdsaP256).unwrap();
    let validity = Validity::starting_at(NOW, LIFETIME, None);
    let self_signed = |key_usages: &[KeyUsage]| {
        let specification = Specification {
            subject: vec![(Attribute::CommonName, "kubernetes".to_owned())],
            key_usages: key_usages.to_vec(),
            ..Specification::default()
        };
        let serial = SerialNumber::random().unwrap();
        issue_authority(&specification, &pair.private_key, &validity, &serial).unwrap()
    };
    let right = self_signed(&[KeyUsage::CertificateSign]);
    let powerless = self_signed(&[KeyUsage::DigitalSignature]);
    let key = PrivateKey::from_pem(pair.pem.as_bytes(), None).unwrap();
    let authority = Authority::new(std::slice::from_ref(&right), key, NOW).unwrap();
    let (bytes, _) = recovery(Some(&authority));
    let control = verify(&bytes, &believing(&[right]));
    assert!(matches!(control, Verdict::Complete { .. }), "{control:?}");
    let reason = refusal(verify(&bytes, &believing(&[powerless])));
    assert!(
        matches!(reason, AnchorError::OtherAuthority { .. }),
        "{reason:?}"
    );
}

#[test]
fn the_certificate_of_another_journal_does_not_vouch_for_this_key() {
    let (key, other) = (
        PrivateKey::generate_ed25519().unwrap(),
        PrivateKey::generate_ed25519().unwrap(),
    );
    let certificate = certify(&other, &journal_specification(), &FIXTURE.authority, 24);
    let reason = refusal(judge(&key, Some(&certificate), |_| {}));
    assert!(
        matches!(reason, AnchorError::OtherCertificate { .. }),
        "{reason:?}"
    );
}

#[test]
fn a_record_from_before_or_after_the_certificate_is_refused() {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    for minutes in [-6, 24 * 60 + 1] {
        let reason = refusal(judge(&key, Some(&certificate), |records| {
            records[9].at = NOW + time::Duration::minutes(minutes);
        }));
        assert!(
            matches!(reason, AnchorError::OutsideValidity { .. }),
            "{reason:?}"
        );
    }
}

#[test]
fn without_a_certificate_only_the_printed_key_is_an_anchor() {
    let (bytes, closed) = recovery(None);
    let verdict = FIXTURE.verify(&bytes);
    assert!(matches!(refusal(verdict), AnchorError::NoCertificate { key } if key == closed.key));
    let verdict = verify(&bytes, &believing_key(&closed.key));
    assert!(matches!(verdict, Verdict::Complete { .. }), "{verdict:?}");
    let verdict = verify(&bytes, &believing_key(&Sha256Digest::of(b"another key")));
    assert!(matches!(refusal(verdict), AnchorError::OtherKey { .. }));
}

/// What the verifier says of an attempt whose key `certificate` makes another one vouch for.
fn judge_attempt(certificate: impl Fn(&PrivateKey) -> Option<Certificate>) -> AnchorError {
    let forgery = Forgery::new();
    let mut attempt = forgery.attempt(2, Direction::Forward);
    let Event::Attempt(facts) = &mut attempt else {
        panic!("{attempt:?}");
    };
    let certificate = certificate(&forgery.keys[1]);
    facts.key = key_facts(&forgery.keys[1], certificate.as_ref());
    refusal(forgery.judge(vec![(attempt, 1)]))
}

#[test]
fn somebody_vouches_for_the_key_of_each_attempt() {
    let reason = judge_attempt(|_| None);
    assert!(
        matches!(reason, AnchorError::NoCertificate { .. }),
        "{reason:?}"
    );
    // An ordinary client certificate of the same authority.
    let reason =
        judge_attempt(|key| Some(client_certificate(&FIXTURE.authority, key.public_key_der())));
    assert!(matches!(reason, AnchorError::Profile { .. }), "{reason:?}");
    let stranger = authority();
    let reason = judge_attempt(|key| Some(certify(key, &journal_specification(), &stranger, 24)));
    assert!(
        matches!(reason, AnchorError::OtherAuthority { .. }),
        "{reason:?}"
    );
    let reason = judge_attempt(|_| {
        let other = PrivateKey::generate_ed25519().unwrap();
        Some(certify(
            &other,
            &journal_specification(),
            &FIXTURE.authority,
            24,
        ))
    });
    assert!(
        matches!(reason, AnchorError::OtherCertificate { .. }),
        "{reason:?}"
    );
    let reason = judge_attempt(|key| {
        Some(certify(
            key,
            &journal_specification(),
            &FIXTURE.authority,
            25,
        ))
    });
    assert!(matches!(reason, AnchorError::Profile { .. }), "{reason:?}");
}

#[test]
fn a_record_of_a_later_attempt_is_held_against_its_own_certificate() {
    // Its third attempt came two days after the first certificate had ended.
    let verdict = RESUMED.verify(&RESUMED.bytes);
    assert!(matches!(verdict, Verdict::Complete { .. }), "{verdict:?}");
    let forgery = Forgery::new();
    let mut first = forgery.first.clone();
    first.last_mut().unwrap().at = NOW + time::Duration::hours(25);
    let late = Forgery { first, ..forgery };
    let attempt = late.attempt(2, Direction::Forward);
    let reason = refusal(late.judge(vec![(attempt, 1)]));
    assert!(
        matches!(reason, AnchorError::OutsideValidity { .. }),
        "{reason:?}"
    );
}

#[test]
fn authorities_and_named_keys_vouch_together_and_each_key_needs_one() {
    let Verdict::Complete { summary } = RESUMED.verify(&RESUMED.bytes) else {
        panic!("{:?}", RESUMED.verify(&RESUMED.bytes));
    };
    let certified = [RESUMED.authority.certificate().clone()];
    let strangers = [authority().certificate().clone()];
    let uncertified = summary.keys[2];
    assert_eq!(RESUMED.keys, [uncertified]);
    let judge = |authorities: &[Certificate], keys: &[Sha256Digest]| {
        let trust = Trust {
            authorities,
            keys,
            expected: &[],
        };
        verify(&RESUMED.bytes, &trust)
    };
    let (first, rest) = (summary.keys[..1].to_vec(), summary.keys[1..].to_vec());
    for (authorities, keys) in [
        (&certified[..], &[uncertified][..]),
        (&certified, &summary.keys),
        (&strangers, &summary.keys),
        (&[], &summary.keys),
    ] {
        let verdict = judge(authorities, keys);
        assert!(matches!(verdict, Verdict::Complete { .. }), "{verdict:?}");
    }
    let reason = refusal(judge(&certified, &[]));
    assert!(
        matches!(reason, AnchorError::NoCertificate { key } if key == uncertified),
        "{reason:?}"
    );
    let reason = refusal(judge(&certified, &first));
    assert!(
        matches!(reason, AnchorError::NoCertificate { .. }),
        "{reason:?}"
    );
    let reason = refusal(judge(&strangers, &rest));
    assert!(
        matches!(reason, AnchorError::OtherAuthority { .. }),
        "{reason:?}"
    );
    let reason = refusal(judge(&[], &rest));
    assert!(matches!(reason, AnchorError::OtherKey { .. }), "{reason:?}");
}
