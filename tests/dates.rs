//! Days on which dates go wrong: a recovery planned and signed as of then, read by openssl. The machine's own clock stays as it is.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests start programs, and write in folders of their own"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration as Lifetime;

use rekindle::diagnosis::{State, diagnose};
use rekindle::drill::{NodeSpecification, lay_out};
use rekindle::inventory::Inventory;
use rekindle::issuance::{Content, issue};
use rekindle::kubernetes::CATALOG;
use rekindle::node::{Root, ScratchFolder, now};
use rekindle::pki::KeyAlgorithm;
use rekindle::plan::{Request, plan};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// The authorities end in 2055.
const END: OffsetDateTime = datetime!(2055-12-31 23:59:59 UTC);

#[test]
fn a_leap_day() {
    recovered_at(datetime!(2028-02-29 12:00 UTC)).ends(
        datetime!(2028-02-29 11:55 UTC),
        datetime!(2029-02-28 12:00 UTC),
        ["UTCTIME", "UTCTIME"],
    );
    // A year from here is two years from there.
    recovered_at(datetime!(2027-02-28 23:59:59 UTC)).ends(
        datetime!(2027-02-28 23:54:59 UTC),
        datetime!(2028-02-28 23:59:59 UTC),
        ["UTCTIME", "UTCTIME"],
    );
}

/// One second after what a signed number of 32 bits can count to.
#[test]
fn the_year_2038() {
    recovered_at(datetime!(2038-01-19 03:14:08 UTC)).ends(
        datetime!(2038-01-19 03:09:08 UTC),
        datetime!(2039-01-19 03:14:08 UTC),
        ["UTCTIME", "UTCTIME"],
    );
}

/// RFC 5280, 4.1.2.5: `UTCTime` through 2049, `GeneralizedTime` from 2050 on.
#[test]
fn the_year_2050() {
    recovered_at(datetime!(2048-12-31 23:59:59 UTC)).ends(
        datetime!(2048-12-31 23:54:59 UTC),
        datetime!(2049-12-31 23:59:59 UTC),
        ["UTCTIME", "UTCTIME"],
    );
    recovered_at(datetime!(2049-12-31 00:00 UTC)).ends(
        datetime!(2049-12-30 23:55 UTC),
        datetime!(2050-12-31 00:00 UTC),
        ["UTCTIME", "GENERALIZEDTIME"],
    );
    recovered_at(datetime!(2050-01-01 00:04 UTC)).ends(
        datetime!(2049-12-31 23:59 UTC),
        datetime!(2051-01-01 00:04 UTC),
        ["UTCTIME", "GENERALIZEDTIME"],
    );
    recovered_at(datetime!(2050-01-01 00:05 UTC)).ends(
        datetime!(2050-01-01 00:00 UTC),
        datetime!(2051-01-01 00:05 UTC),
        ["GENERALIZEDTIME", "GENERALIZEDTIME"],
    );
}

#[test]
fn the_last_year_of_an_authority() {
    recovered_at(datetime!(2055-06-01 00:00 UTC)).ends(
        datetime!(2055-05-31 23:55 UTC),
        END,
        ["GENERALIZEDTIME", "GENERALIZEDTIME"],
    );
}

struct Recovered {
    folder: ScratchFolder,
    at: OffsetDateTime,
}

/// A node with authorities until 2055, recovered as of that moment.
fn recovered_at(at: OffsetDateTime) -> Recovered {
    let mut folder = ScratchFolder::create_temporary().unwrap();
    let specification = NodeSpecification {
        algorithm: KeyAlgorithm::EcdsaP256,
        ..NodeSpecification::default()
    };
    lay_out(&mut folder, &specification, now()).unwrap();
    let pki = folder.path().join("etc/kubernetes/pki");
    for (stem, subject) in [
        ("ca", "/CN=kubernetes"),
        ("front-proxy-ca", "/CN=front-proxy-ca"),
        ("etcd/ca", "/CN=etcd-ca"),
    ] {
        prolong(&pki.join(stem), subject);
    }
    let root = Root::open(folder.path()).unwrap();
    let request = Request {
        within: Lifetime::ZERO,
        validity: Lifetime::from_hours(365 * 24),
        ..Request::default()
    };
    let planned = plan(&Inventory::observe(&root), at, &request);
    assert_eq!(planned.refusals, []);
    assert_eq!(planned.re_signed().count(), CATALOG.len());
    let issuance = issue(Inventory::observe(&root), &planned, at).unwrap();
    for change in &issuance.changes {
        let target = root.outside(&change.target);
        match &change.after {
            Content::File(bytes) => {
                fs::write(&target, bytes).unwrap();
                let model = fs::metadata(root.outside(change.model.as_ref().unwrap())).unwrap();
                fs::set_permissions(&target, model.permissions()).unwrap();
            }
            Content::Link(destination) => {
                fs::remove_file(&target).unwrap();
                std::os::unix::fs::symlink(destination, &target).unwrap();
            }
        }
    }
    Recovered { folder, at }
}

impl Recovered {
    #[track_caller]
    fn ends(&self, begin: OffsetDateTime, end: OffsetDateTime, forms: [&str; 2]) {
        let root = Root::open(self.folder.path()).unwrap();
        let states = |at| {
            let diagnosis = diagnose(&Inventory::observe(&root), at, Duration::ZERO);
            let mut states: Vec<State> = diagnosis.certificates.iter().map(|it| it.state).collect();
            states.dedup();
            states
        };
        assert_eq!(states(self.at), [State::Valid]);
        // What signs itself does not end with an authority.
        assert_ne!(states(end + Duration::seconds(1)), [State::Valid]);
        let pki = self.folder.path().join("etc/kubernetes/pki");
        for (leaf, authority, purpose) in [
            ("apiserver", "ca", "sslserver"),
            ("front-proxy-client", "front-proxy-ca", "sslclient"),
            ("etcd/peer", "etcd/ca", "sslclient"),
        ] {
            let leaf = pki.join(leaf).with_extension("crt");
            let authority = pki.join(authority).with_extension("crt");
            let (leaf, authority) = (leaf.to_str().unwrap(), authority.to_str().unwrap());
            let dates = openssl(&[
                "x509", "-in", leaf, "-noout", "-dates", "-dateopt", "iso_8601",
            ]);
            let words = |moment: OffsetDateTime| {
                let (date, time) = (moment.date(), moment.time());
                format!(
                    "{date} {:02}:{:02}:{:02}Z",
                    time.hour(),
                    time.minute(),
                    time.second()
                )
            };
            let expected = format!("notBefore={}\nnotAfter={}\n", words(begin), words(end));
            assert_eq!(dates, expected, "{leaf}");
            let parsed = openssl(&["asn1parse", "-in", leaf]);
            let found: Vec<&str> = parsed
                .lines()
                .filter_map(|line| {
                    ["UTCTIME", "GENERALIZEDTIME"]
                        .into_iter()
                        .find(|form| line.contains(form))
                })
                .collect();
            assert_eq!(found, forms, "{leaf}");
            for (at, is_good) in [
                (begin - Duration::seconds(1), false),
                (begin, true),
                (self.at, true),
                // Of the very last second openssl makes another reading than RFC 5280.
                (end - Duration::seconds(1), true),
                (end + Duration::seconds(1), false),
            ] {
                let at = at.unix_timestamp().to_string();
                let verified = run(&[
                    "verify",
                    "-x509_strict",
                    "-CAfile",
                    authority,
                    "-purpose",
                    purpose,
                    "-attime",
                    &at,
                    leaf,
                ]);
                assert_eq!(verified.is_ok(), is_good, "{leaf} at {at}: {verified:?}");
            }
        }
    }
}

/// Gives an authority new dates, with openssl: the same key, and so the same key identifier.
fn prolong(authority: &Path, subject: &str) {
    let config = "[ca]\ndefault_ca = authority\n[authority]\ndatabase = index\nnew_certs_dir = .\nserial = serial\npolicy = policy\n\
        x509_extensions = extensions\n[policy]\ncommonName = supplied\n[req]\ndistinguished_name = empty\nstring_mask = MASK:0x2002\n[empty]\n[extensions]\n\
        keyUsage = critical,digitalSignature,keyEncipherment,keyCertSign\nbasicConstraints = critical,CA:TRUE\n\
        subjectKeyIdentifier = hash\n";
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("config"), config).unwrap();
    let script = "touch index; echo 4242 >serial
        openssl req -new -config config -key \"$1.key\" -subj \"$2\" -out request
        openssl ca -config config -batch -notext -preserveDN -md sha256 -startdate 20250101000000Z -enddate 20551231235959Z \\
            -selfsign -keyfile \"$1.key\" -in request -out certificate
        cat certificate >\"$1.crt\"";
    let output = Command::new("sh")
        .args(["-ec", script, "sh"])
        .arg(authority)
        .arg(subject)
        .current_dir(scratch.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

fn openssl(arguments: &[&str]) -> String {
    run(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("openssl")
        .args(arguments)
        .output()
        .expect("these tests need openssl");
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
