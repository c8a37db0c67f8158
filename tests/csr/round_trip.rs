//! There and back, for every kind of key and layout: what comes back is what was there before, with new dates.

use std::fs;

use crate::elsewhere::Elsewhere;
use crate::envelope::document;
use crate::support::leaf::leaves;
use crate::support::openssl::{self, openssl};
use crate::support::program::rekindle;
use crate::support::secrets::Secrets;
use crate::support::tree::{Content, Tree};

fn goes_there_and_back(name: &str) {
    let place = Elsewhere::new(name);
    let secrets = Secrets::of(&place.whole);
    let before = Tree::read(place.node.path());
    let mut said = Vec::new();
    let folder = place.file("requests");
    let export = rekindle(
        place.node.path(),
        &["csr", "export", "--out", folder.to_str().unwrap()],
    );
    // Where the authority of an etcd is elsewhere from the first, its certificate is asked for as well.
    let export = export.expect(0);
    let fingerprint = crate::elsewhere::fingerprint(&export);
    requests_are_in_order(name, &place);
    let (sign, answer) = place.sign(&place.requests(), &fingerprint);
    let is_whole = !name.contains("external-etcd");
    let sign = sign.expect(i32::from(!is_whole));
    let answer = answer.unwrap();
    // What could not be signed there is still left.
    let import = place.import(&answer).expect(i32::from(!is_whole));
    said.extend([export, sign, import]);

    let after = Tree::read(place.node.path());
    let scratch = tempfile::tempdir().unwrap();
    let old = leaves(&place.whole);
    let mut installed = 0;
    for leaf in leaves(&after) {
        let Some(authority) = &leaf.authority else {
            continue;
        };
        let key = place.whole.get(&authority.replace(".crt", ".key"));
        if key.is_none() {
            continue;
        }
        let (path, key) = leaf.write(scratch.path());
        for purpose in leaf.purposes {
            openssl::verify(&path, &place.node.file(authority), purpose)
                .unwrap_or_else(|error| panic!("{name} {}: {error}", leaf.file));
        }
        let now = openssl::read(&path);
        assert_eq!(
            now.public_key,
            openssl::public_half(&key),
            "{name} {}",
            leaf.file
        );
        let of_kubelet = |file: &str| file.contains("/kubelet-client-");
        let was = old
            .iter()
            .find(|one| one.file == leaf.file || of_kubelet(&one.file) && of_kubelet(&leaf.file));
        let was = was.unwrap();
        let (path, _) = was.write(scratch.path());
        let was = openssl::read(&path);
        assert_eq!(was.words, now.words, "{name} {}", leaf.file);
        assert_ne!(was.serial, now.serial, "{name} {}", leaf.file);
        installed += 1;
    }
    assert!(installed >= 7, "{name}: {installed}");
    the_journal_is_believed_by_its_key(&place);
    no_key_left_its_place(name, &place, &before, &secrets, &answer);
    for run in said {
        assert!(
            !secrets.are_in(run.stdout.as_bytes()) && !secrets.are_in(run.stderr.as_bytes()),
            "{name}: {run:?}"
        );
    }
}

/// openssl takes them for requests, signed by the keys of the certificates that they are made of.
fn requests_are_in_order(name: &str, place: &Elsewhere) {
    let requests = document(&place.requests());
    let mut count = 0;
    for one in requests["requests"].as_array().unwrap() {
        let file = place.file(&format!("requests/{}.csr", one["name"].as_str().unwrap()));
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            one["request"].as_str().unwrap()
        );
        let file = file.to_str().unwrap();
        openssl(&["req", "-in", file, "-verify", "-noout"]).unwrap();
        let model = place.file("model.crt");
        fs::write(&model, one["certificate"].as_str().unwrap()).unwrap();
        let model = model.to_str().unwrap();
        let of = |verb: &str, file: &str, what: &str| {
            openssl(&[verb, "-in", file, "-noout", what]).unwrap()
        };
        assert_eq!(
            of("req", file, "-pubkey"),
            of("x509", model, "-pubkey"),
            "{name}"
        );
        let subject = |text: String| text.trim_start_matches("subject=").to_owned();
        assert_eq!(
            subject(of("req", file, "-subject")),
            subject(of("x509", model, "-subject")),
            "{name}"
        );
        count += 1;
    }
    let _ = fs::remove_file(place.file("model.crt"));
    assert!(count >= 8, "{name}: {count}");
}

fn the_journal_is_believed_by_its_key(place: &Elsewhere) {
    let told = rekindle(place.node.path(), &["journal", "verify"])
        .expect(6)
        .stdout;
    assert!(told.starts_with("NOT ANCHORED\n"), "{told}");
    let key = told
        .lines()
        .find_map(|line| line.strip_prefix("  signed by sha256:"))
        .unwrap();
    let verified = rekindle(place.node.path(), &["journal", "verify", "--key", key]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
}

fn no_key_left_its_place(
    name: &str,
    place: &Elsewhere,
    before: &Tree,
    secrets: &Secrets,
    answer: &[u8],
) {
    let after = Tree::read(place.node.path());
    for path in after.paths() {
        assert!(!path.ends_with("ca.key"), "{name}: {path}");
        let Some(Content::File(bytes)) = after.get(path).map(|entry| &entry.content) else {
            continue;
        };
        let is_public = path.starts_with("/var/lib/rekindle/csr/")
            || path.starts_with("/var/lib/rekindle/journal/");
        if is_public || (before.get(path).is_none() && !path.starts_with("/var/lib/")) {
            assert!(!secrets.are_in(bytes), "{name}: {path}");
        }
    }
    let payloads = [document(&place.requests()), document(answer)];
    for payload in payloads {
        // In JSON a line break of PEM is two characters.
        let text = payload.to_string().replace("\\n", "");
        assert!(!secrets.are_in(text.as_bytes()), "{name}");
    }
    for entry in fs::read_dir(place.file("requests")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path())
            .unwrap()
            .replace('\n', "");
        assert!(!secrets.are_in(text.as_bytes()), "{name}");
    }
}

#[test]
fn rsa_keys() {
    goes_there_and_back("rsa2048-stacked");
    goes_there_and_back("rsa4096-stacked");
}

#[test]
fn elliptic_curves() {
    goes_there_and_back("ecdsa-p256-stacked");
    goes_there_and_back("ecdsa-p384-stacked");
}

#[test]
fn an_etcd_elsewhere() {
    goes_there_and_back("rsa3072-external-etcd");
    goes_there_and_back("external-etcd-no-key");
}

#[test]
fn a_joined_control_plane_and_other_subjects() {
    goes_there_and_back("joined-control-plane");
    goes_there_and_back("corporate-dn");
}

#[test]
fn other_layouts() {
    goes_there_and_back("kubespray-ssl");
    goes_there_and_back("ca-bundle");
    goes_there_and_back("embedded-kubelet");
    goes_there_and_back("pkcs8-keys");
}

#[test]
fn what_is_shown_where_it_is_signed_names_every_certificate_and_warns_of_masters() {
    let place = Elsewhere::new("ecdsa-p256-stacked");
    let fingerprint = place.export();
    let (run, _) = place.sign(&place.requests(), &fingerprint);
    let run = run.expect(0);
    for one in document(&place.requests())["requests"].as_array().unwrap() {
        assert!(
            run.stdout.contains(one["name"].as_str().unwrap()),
            "{run:?}"
        );
    }
    assert!(run.stdout.contains(&fingerprint), "{run:?}");
    assert!(
        run.stdout.contains("super-admin.conf is of system:masters"),
        "{run:?}"
    );
    assert!(
        run.stdout.contains("apiserver for DNS:api.example.test"),
        "{run:?}"
    );
    // Once more: an answer that is there is not written over.
    let answer = fs::read(place.file("answer")).unwrap();
    let mut command = std::process::Command::new(crate::support::program::binary());
    command
        .env_clear()
        .args(["csr", "sign"])
        .arg(place.file("bundle"))
        .arg("--ca-dir")
        .arg(place.file("ca"));
    command
        .arg("--out")
        .arg(place.file("answer"))
        .args(["--yes", "--expect", &fingerprint]);
    let again = crate::support::program::Run::of(command);
    assert_ne!(again.code, Some(0));
    assert_eq!(fs::read(place.file("answer")).unwrap(), answer);
}

#[test]
fn no_certificate_lives_longer_than_either_side_says() {
    let place = Elsewhere::new("ecdsa-p256-stacked");
    let fingerprint = place.export();
    let (run, answer) = place.sign_with(
        &place.requests(),
        &["--yes", "--expect", &fingerprint, "--validity", "10d"],
    );
    run.expect(0);
    for one in document(&answer.unwrap())["certificates"]
        .as_array()
        .unwrap()
    {
        let file = place.file("one.crt");
        fs::write(&file, one["certificate"].as_str().unwrap()).unwrap();
        let left = openssl::read(&file).validity.1 - time::OffsetDateTime::now_utc();
        assert_eq!(left.whole_days(), 9, "{one}");
    }
}
