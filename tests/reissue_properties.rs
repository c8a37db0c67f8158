//! A certificate that is issued again is the same but for serial number, dates and signature: for certificates as odd
//! as they come, judged by a DER writer of our own, by openssl, and by Go's crypto/x509.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start other programs and keep their files in a temporary folder"
)]
#![allow(clippy::unwrap_used, reason = "a test may panic, its functions too")]

mod der_writer;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rekindle::pki::{
    Authority, Certificate, PrivateKey, Revision, SerialNumber, Validity, encode_certificate,
    read_certificates, reissue, verify_reissued,
};

use der_writer::odd_certificate::{
    Body, Criticality, Extension, KeyIdentifier, Recipe, Surroundings, extension, period, recipe,
};
use der_writer::{bit_string, element, integer, object_identifier, sequence};

/// Authorities, made by openssl: name, key, subject and further options, signature algorithm.
const AUTHORITIES: [(&str, &str, &str, &str); 6] = [
    (
        "rsa2048",
        "rsa:2048",
        "/CN=kubernetes",
        "1.2.840.113549.1.1.11",
    ),
    (
        "rsa3072",
        "rsa:3072",
        "/CN=kubernetes",
        "1.2.840.113549.1.1.11",
    ),
    (
        "p256",
        "ec -pkeyopt ec_paramgen_curve:P-256",
        "/DC=test/DC=example/OU=a/OU=b/O=x+O=y/CN=ca",
        "1.2.840.10045.4.3.2",
    ),
    (
        "p384",
        "ec -pkeyopt ec_paramgen_curve:P-384",
        "/CN=kubernetes",
        "1.2.840.10045.4.3.3",
    ),
    ("ed25519", "ed25519", "/CN=kubernetes", "1.3.101.112"),
    (
        "no-key-identifier",
        "ec -pkeyopt ec_paramgen_curve:P-256",
        "/CN=etcd-ca -addext subjectKeyIdentifier=none",
        "1.2.840.10045.4.3.2",
    ),
];

/// The keys of the certificates that are issued again; most of them this program could not sign with.
const LEAF_KEYS: [&str; 9] = [
    "RSA -pkeyopt rsa_keygen_bits:2048",
    "RSA -pkeyopt rsa_keygen_bits:1024",
    "RSA-PSS -pkeyopt rsa_keygen_bits:2048",
    "EC -pkeyopt ec_paramgen_curve:P-256",
    "EC -pkeyopt ec_paramgen_curve:P-384",
    "EC -pkeyopt ec_paramgen_curve:P-521",
    "EC -pkeyopt ec_paramgen_curve:secp256k1",
    "ED25519",
    "ED448",
];

struct Issuer {
    authority: Authority,
    /// For signing models, which the program never does.
    key: PrivateKey,
    algorithm: Vec<u8>,
}

struct Material {
    issuers: Vec<Issuer>,
    public_keys: Vec<Vec<u8>>,
}

static MATERIAL: LazyLock<Material> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    Material {
        issuers: AUTHORITIES
            .iter()
            .map(|(name, key, subject, algorithm)| {
                openssl(
                    folder.path(),
                    &format!(
                        "req -x509 -newkey {key} -nodes -days 36500 -subj {subject} -keyout {name}.key -out {name}.crt"
                    ),
                );
                issuer(folder.path(), name, algorithm)
            })
            .collect(),
        public_keys: LEAF_KEYS
            .iter()
            .map(|algorithm| {
                openssl(folder.path(), &format!("genpkey -algorithm {algorithm} -out leaf.key"));
                openssl(folder.path(), "pkey -in leaf.key -pubout -outform DER -out leaf.pub");
                std::fs::read(folder.path().join("leaf.pub")).unwrap()
            })
            .collect(),
    }
});

fn issuer(folder: &Path, name: &str, algorithm: &str) -> Issuer {
    let text = std::fs::read(folder.join(format!("{name}.key"))).unwrap();
    let key = || PrivateKey::from_pem(&text, None).unwrap();
    let bundle = std::fs::read(folder.join(format!("{name}.crt"))).unwrap();
    let bundle = read_certificates(&bundle).unwrap();
    let null = if name.starts_with("rsa") {
        element(0x05, &[])
    } else {
        vec![]
    };
    Issuer {
        authority: Authority::new(&bundle, key(), bundle[0].not_before()).unwrap(),
        key: key(),
        algorithm: sequence(&[object_identifier(algorithm), null]),
    }
}

fn openssl(folder: &Path, arguments: &str) -> String {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A model, what it became, and what the test's own writer says it must have become.
struct Outcome {
    issuer: &'static Issuer,
    model: Certificate,
    new: Certificate,
    expected_to_be_signed: Vec<u8>,
    /// The model's authority key identifier was not the authority's.
    was_foreign: bool,
}

fn carry_out(recipe: &Recipe) -> Outcome {
    let issuer = &MATERIAL.issuers[recipe.authority % MATERIAL.issuers.len()];
    let authority = issuer.authority.certificate();
    let to_be_signed = |serial: &[u8], dates, is_new| {
        let (not_before, not_after) = period(authority.not_before(), dates);
        recipe.to_be_signed(Surroundings {
            serial,
            algorithm: &issuer.algorithm,
            issuer: authority.subject_der(),
            not_before,
            not_after,
            public_key: &MATERIAL.public_keys[recipe.public_key % MATERIAL.public_keys.len()],
            extensions: extensions(&recipe.body, authority, is_new),
        })
    };
    let model = to_be_signed(&recipe.serial, recipe.dates, false);
    let signature = bit_string(&issuer.key.sign(&model).unwrap());
    let model = sequence(&[model, issuer.algorithm.clone(), signature]);
    let model = Certificate::from_der(&model).unwrap();
    let (not_before, not_after) = period(authority.not_before(), recipe.new_dates);
    let validity = Validity {
        not_before,
        not_after,
    };
    let serial = SerialNumber::random().unwrap();
    let new = reissue(
        &model,
        &issuer.authority,
        &validity,
        &serial,
        &Revision::default(),
    )
    .unwrap();
    verify_reissued(&new, &model, authority, &validity, &Revision::default()).unwrap();
    Outcome {
        issuer,
        model,
        new,
        expected_to_be_signed: to_be_signed(&serial_contents(&serial), recipe.new_dates, true),
        was_foreign: is_foreign(&recipe.body, authority),
    }
}

fn is_foreign(body: &Body, authority: &Certificate) -> bool {
    let Body::Extended(extensions) = body else {
        return false;
    };
    extensions.iter().any(|extension| match extension {
        Extension::AuthorityKeyIdentifier(KeyIdentifier::Foreign(_)) => true,
        Extension::AuthorityKeyIdentifier(KeyIdentifier::True) => {
            authority.subject_key_identifier().is_none()
        }
        _ => false,
    })
}

/// The extensions of the model, or those of the new certificate: what is foreign gives way to the authority's own key
/// identifier, or to nothing.
fn extensions(body: &Body, authority: &Certificate, is_new: bool) -> Option<Vec<Vec<u8>>> {
    let Body::Extended(extensions) = body else {
        return None;
    };
    let own = authority.subject_key_identifier();
    let encode = |one: &Extension| {
        let keyid = |bytes: &[u8]| sequence(&[element(0x80, bytes)]);
        let value = match one {
            Extension::Other {
                oid,
                critical,
                value,
            } => {
                return Some(extension(oid, *critical, value));
            }
            Extension::AuthorityKeyIdentifier(KeyIdentifier::IssuerAndSerial) => sequence(&[
                element(0xa1, &element(0xa4, authority.issuer_der())),
                element(0x82, &serial_contents(authority.serial())),
            ]),
            Extension::AuthorityKeyIdentifier(KeyIdentifier::Foreign(bytes)) if !is_new => {
                keyid(bytes)
            }
            Extension::AuthorityKeyIdentifier(_) if !is_new => keyid(own.unwrap_or(b"nobody's")),
            Extension::AuthorityKeyIdentifier(_) => keyid(own?),
        };
        Some(extension("2.5.29.35", Criticality::Absent, &value))
    };
    Some(extensions.iter().filter_map(encode).collect())
}

/// The contents of a positive INTEGER, from how the serial number is shown.
fn serial_contents(serial: &SerialNumber) -> Vec<u8> {
    let digits = serial.to_string();
    let mut bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(&digits[start..start + 2], 16).unwrap())
        .collect();
    if bytes[0] & 0x80 != 0 {
        bytes.insert(0, 0);
    }
    let whole = integer(&bytes);
    assert!(whole.len() <= 22, "RFC 5280: at most 20 octets");
    bytes
}

/// What is inside the outermost SEQUENCE.
fn inside(der: &[u8]) -> &[u8] {
    match der[1] {
        octets @ 0x81.. => &der[2 + usize::from(octets & 0x7f)..],
        _ => &der[2..],
    }
}

fn configuration() -> ProptestConfig {
    let mut configuration = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        configuration.cases = 64;
    }
    configuration
}

proptest! {
    #![proptest_config(configuration())]

    #[test]
    fn all_but_serial_number_and_dates_stays_byte_for_byte(recipe in recipe()) {
        let outcome = carry_out(&recipe);
        prop_assert!(
            inside(outcome.new.der()).starts_with(&outcome.expected_to_be_signed),
            "expected {:02x?}\n   found {:02x?}", outcome.expected_to_be_signed, outcome.new.der()
        );
        prop_assert_eq!(outcome.new.subject(), outcome.model.subject());
        prop_assert_eq!(outcome.new.subject_alternative_names(), outcome.model.subject_alternative_names());
    }
}

/// As many outcomes as the configuration has cases.
fn outcomes() -> Vec<Outcome> {
    let configuration = configuration();
    let cases = configuration.cases;
    let mut runner = TestRunner::new(configuration);
    (0..cases)
        .map(|_| carry_out(&recipe().new_tree(&mut runner).unwrap().current()))
        .collect()
}

#[test]
fn openssl_accepts_them_and_shows_the_same_text() {
    let folder = tempfile::tempdir().unwrap();
    let outcomes = outcomes();
    for (number, issuer) in MATERIAL.issuers.iter().enumerate() {
        let theirs = || {
            outcomes
                .iter()
                .filter(|one| std::ptr::eq(one.issuer, issuer))
        };
        let write = |name: &str, certificates: &mut dyn Iterator<Item = &Certificate>| {
            let text: String = certificates.map(encode_certificate).collect();
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write(
            "authority",
            &mut std::iter::once(issuer.authority.certificate()),
        );
        let mut files = String::new();
        for (index, outcome) in theirs().enumerate() {
            let (model, new) = (
                format!("{number}-{index}.model"),
                format!("{number}-{index}.new"),
            );
            write(&new, &mut std::iter::once(&outcome.new));
            write!(files, " {new}").unwrap();
            // A control: what openssl would not take anyway proves nothing about us.
            if !outcome.was_foreign {
                write(&model, &mut std::iter::once(&outcome.model));
                write!(files, " {model}").unwrap();
            }
        }
        if files.is_empty() {
            continue;
        }
        openssl(
            folder.path(),
            &format!("verify -no_check_time -ignore_critical -CAfile authority{files}"),
        );
        write(
            "models",
            &mut theirs()
                .filter(|one| !one.was_foreign)
                .map(|one| &one.model),
        );
        write(
            "news",
            &mut theirs().filter(|one| !one.was_foreign).map(|one| &one.new),
        );
        let show = |file| {
            openssl(
                folder.path(),
                &format!("storeutl -noout -text -certs {file}"),
            )
        };
        let (models, news) = (show("models"), show("news"));
        assert_ne!(models, news);
        assert_eq!(
            without_what_may_differ(&models),
            without_what_may_differ(&news)
        );
    }
}

/// The text of certificates without serial numbers, dates and signatures.
fn without_what_may_differ(text: &str) -> String {
    let mut out = String::new();
    let mut below: Option<usize> = None;
    for line in text.lines() {
        let indentation = line.len() - line.trim_start().len();
        if below.is_some_and(|heading| indentation > heading) {
            continue;
        }
        below = None;
        let line = line.trim_end();
        match line.trim_start() {
            "Serial Number:" | "Signature Value:" => below = Some(indentation),
            short if short.starts_with("Serial Number: ") => {}
            date if date.starts_with("Not Before") || date.starts_with("Not After") => {}
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

#[test]
fn go_accepts_them_wherever_it_accepts_the_model() {
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reissue_judge");
    if Command::new("go").arg("version").output().is_err() {
        println!("skipped: go is not on the PATH, so crypto/x509 could not be asked");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("threes.pem");
    let outcomes = outcomes();
    let threes: String = outcomes
        .iter()
        .flat_map(|one| [one.issuer.authority.certificate(), &one.model, &one.new])
        .map(encode_certificate)
        .collect();
    std::fs::write(&file, threes).unwrap();
    let output = Command::new("go")
        .args(["run", "."])
        .arg(&file)
        .current_dir(judge)
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let verdicts = String::from_utf8(output.stdout).unwrap();
    let count = |beginning| {
        verdicts
            .lines()
            .filter(|line| line.starts_with(beginning))
            .count()
    };
    println!(
        "accepted {}, refused {} of {}",
        count("accepted"),
        count("refused"),
        outcomes.len()
    );
    assert_eq!(verdicts.lines().count(), outcomes.len());
    assert_eq!(count("WRONG"), 0, "{verdicts}");
    assert!(
        count("accepted") * 4 > outcomes.len(),
        "Go refuses too many models to judge:\n{verdicts}"
    );
}
