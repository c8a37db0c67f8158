//! What is sealed for a vault: age's own library, by those who specified the format, is the judge.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use rekindle::age::{Recipient, encrypt};

use crate::support::leaf::embedded;
use crate::support::node::project;
use crate::support::openssl::openssl;
use crate::support::program::with_input;
use crate::{Desk, mode};

/// The judge, built once for each test.
struct Judge {
    program: PathBuf,
    _folder: TempDir,
}

/// A key of the judge's making.
struct Key {
    identity: String,
    recipient: String,
}

impl Judge {
    /// Builds it; `None`, with a line that says why, where there is no Go, or no copy of the library.
    fn build() -> Option<Self> {
        if Command::new("go").arg("version").output().is_err() {
            println!("skipped: go is not on the PATH, so age could not be asked");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("agejudge");
        let output = Command::new("go")
            .args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(project().join("tests/age_judge"))
            .env("GOTOOLCHAIN", "local")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success()
            && ["dial tcp", "GOPROXY", "proxyconnect", "lookup "]
                .iter()
                .any(|word| told.contains(word))
        {
            println!("skipped: filippo.io/age is not here, and cannot be had: {told}");
            return None;
        }
        assert!(output.status.success(), "{told}");
        Some(Self {
            program,
            _folder: folder,
        })
    }

    fn generate(&self) -> Key {
        let output = Command::new(&self.program)
            .arg("generate")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (identity, recipient) = text.trim_end().split_once('\n').unwrap();
        Key {
            identity: identity.to_owned(),
            recipient: recipient.to_owned(),
        }
    }

    fn decrypt(&self, key: &Key, file: &[u8]) -> Result<Vec<u8>, String> {
        let mut program = Command::new(&self.program);
        program.args(["decrypt", &key.identity]);
        let output = with_input(&mut program, file).unwrap();
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

#[test]
fn each_recipient_can_open_it_alone_and_nobody_else() {
    let Some(judge) = Judge::build() else {
        return;
    };
    let desk = Desk::new();
    let (one, two, stranger) = (judge.generate(), judge.generate(), judge.generate());
    let recipients = ["--recipient", &one.recipient, "--recipient", &two.recipient];
    let made = desk.issue(&recipients, 0);
    let file = desk.file("alice.conf");
    assert_eq!(mode(&file), 0o600);
    let sealed = fs::read(&file).unwrap();
    assert!(sealed.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----\n"));
    let opened = judge.decrypt(&one, &sealed).unwrap();
    assert_eq!(judge.decrypt(&two, &sealed).unwrap(), opened);
    let refused = judge.decrypt(&stranger, &sealed).unwrap_err();
    assert!(refused.contains("no identity matched"), "{refused}");

    // It is the kubeconfig, and its key and certificate are a pair.
    let text = String::from_utf8(opened).unwrap();
    let part = |field: &str| {
        let path = desk.file(field);
        fs::write(&path, embedded(&text, field).unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = openssl(&["pkey", "-in", &part("client-key-data"), "-pubout"]).unwrap();
    let certificate = part("client-certificate-data");
    let of_certificate = openssl(&["x509", "-in", &certificate, "-noout", "-pubkey"]).unwrap();
    assert_eq!(key, of_certificate);

    // To whom is on the record, and shown.
    let listed = desk.run(&["credential", "list"]).expect(0);
    let shown = desk.run(&["journal", "show"]).expect(0);
    for recipient in [&one.recipient, &two.recipient] {
        for run in [&made, &listed, &shown] {
            assert!(run.stdout.contains(recipient.as_str()), "{run:?}");
        }
    }
    assert!(
        made.stdout.contains("age --decrypt --identity KEY"),
        "{made:?}"
    );
    // Both lie about then: the sealed one, and what it was decrypted to.
    let removal = format!("rm {} /dev/shm/break-glass.conf", file.display());
    assert!(made.stdout.contains(&removal), "{made:?}");
    let twice = ["--recipient", &one.recipient, "--recipient", &one.recipient];
    fs::remove_file(&file).unwrap();
    assert!(desk.issue(&twice, 2).stderr.contains("named twice"));
}

/// Around the borders of chunks, which have 64 KiB.
#[test]
fn files_of_every_size_come_back_and_changed_ones_do_not() {
    let Some(judge) = Judge::build() else {
        return;
    };
    let key = judge.generate();
    let recipients: [Recipient; 1] = [key.recipient.parse().unwrap()];
    for size in [
        0, 1, 47, 48, 49, 65_535, 65_536, 65_537, 131_072, 131_073, 200_000,
    ] {
        let content: Vec<u8> = (0..251).cycle().take(size).collect();
        let sealed = encrypt(&content, &recipients).unwrap();
        assert!(judge.decrypt(&key, &sealed).unwrap() == content, "{size}");
    }
    // Another letter anywhere, and it is not opened: so the judge looks.
    let sealed = encrypt(b"content", &recipients).unwrap();
    let body = sealed.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for place in (body..sealed.len() - 40).step_by(7) {
        let mut changed = sealed.clone();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        assert!(judge.decrypt(&key, &changed).is_err(), "{place}");
    }
}
