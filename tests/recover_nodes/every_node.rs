//! Each node of `testdata/nodes`: recovered once, judged, and found to be in order by a second run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use time::{Duration, OffsetDateTime};

use crate::support::der::{Lasting, of_pem};
use crate::support::leaf::{Leaf, leaves};
use crate::support::node::{Node, names, project};
use crate::support::openssl;
use crate::support::program::{Run, rekindle};
use crate::support::tree::Tree;

/// Writes each node down once: the test of that name, and the list that must be complete.
macro_rules! nodes {
    ($($test:ident: $node:literal,)*) => {
        $(
            #[test]
            fn $test() {
                Recovery::of($node).judge();
            }
        )*

        #[test]
        fn no_node_is_forgotten() {
            assert_eq!(names(), [$($node),*]);
        }
    };
}

nodes! {
    ca_bundle: "ca-bundle",
    corporate_dn: "corporate-dn",
    ecdsa_p256_stacked: "ecdsa-p256-stacked",
    ecdsa_p384_stacked: "ecdsa-p384-stacked",
    embedded_kubelet: "embedded-kubelet",
    external_etcd_no_key: "external-etcd-no-key",
    joined_control_plane: "joined-control-plane",
    kubespray_ssl: "kubespray-ssl",
    pkcs8_keys: "pkcs8-keys",
    rsa2048_stacked: "rsa2048-stacked",
    rsa3072_external_etcd: "rsa3072-external-etcd",
    rsa4096_stacked: "rsa4096-stacked",
}

const KUBELET_LINK: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";

/// A node that was recovered, with all that is known about it.
struct Recovery {
    node: Node,
    /// Where etcd is elsewhere, one certificate is left, and the exit code says so.
    left: Option<&'static str>,
    before: Tree,
    after: Tree,
    old: Vec<Leaf>,
    new: Vec<Leaf>,
    begun: OffsetDateTime,
    run: Run,
}

impl Recovery {
    fn of(name: &str) -> Self {
        let node = Node::materialize(name);
        let left = name
            .contains("external-etcd")
            .then_some("apiserver-etcd-client");
        label(&node);
        let before = Tree::read(node.path());
        let begun = now();
        let arguments = ["recover", "--yes", "--restart", "touch", "--reason", "test"];
        let run = rekindle(node.path(), &arguments).expect(i32::from(left.is_some()));
        let after = Tree::read(node.path());
        Self {
            old: leaves(&before),
            new: leaves(&after),
            node,
            left,
            before,
            after,
            begun,
            run,
        }
    }

    fn judge(&self) {
        assert_eq!(self.run.stderr, "");
        assert_eq!(self.old.len(), self.new.len());
        let scratch = tempfile::tempdir().unwrap();
        for (old, new) in self.old.iter().zip(&self.new) {
            if self.is_left(old) {
                assert_eq!(old.certificate, new.certificate);
                continue;
            }
            self.judge_leaf(old, new, scratch.path());
            assert!(self.run.stdout.contains(&format!(" {}\n", new.file)));
        }
        self.judge_changes();
        self.judge_left();
        self.judge_journal();
        self.judge_second_run();
    }

    fn is_left(&self, leaf: &Leaf) -> bool {
        self.left
            .is_some_and(|left| leaf.file.ends_with(&format!("/{left}.crt")))
    }

    /// The same certificate, but for dates, serial number and signature; and good for what it is used for.
    fn judge_leaf(&self, old: &Leaf, new: &Leaf, scratch: &Path) {
        let file = &new.file;
        let before = openssl::read(&old.write(scratch).0);
        let (certificate, key) = new.write(scratch);
        let after = openssl::read(&certificate);
        let signs_itself = new.authority.is_none();

        assert_eq!(
            after.public_key,
            openssl::public_half(&key),
            "{file}: the key fits"
        );
        assert_eq!(before.public_key, after.public_key, "{file}: same key");
        assert_ne!(before.serial, after.serial, "{file}: new serial number");
        let (one, other) = (lasting(&old.certificate), lasting(&new.certificate));
        if !signs_itself {
            assert_eq!(before.words, after.words, "{file}: same words");
            assert_eq!(one.issuer, other.issuer, "{file}: same issuer");
            assert_eq!(one.extensions, other.extensions, "{file}: same extensions");
        }
        assert_eq!(
            one.rest, other.rest,
            "{file}: same algorithm, subject and key"
        );

        let authority = match &new.authority {
            Some(authority) => self.node.file(authority),
            None => certificate.clone(),
        };
        for purpose in new.purposes {
            let verified = openssl::verify(&certificate, &authority, purpose);
            assert_eq!(verified, Ok(()), "{file}: {purpose}");
        }
        let (not_before, not_after) = after.validity;
        let (earliest, latest) = (self.begun - Duration::seconds(1), now());
        let start = not_before + Duration::minutes(5);
        assert!(earliest <= start && start <= latest, "{file}: {not_before}");
        assert_eq!(not_after - start, Duration::days(365), "{file}");
        if !signs_itself {
            let chain = |text: &str| of_pem(text, "CERTIFICATE").unwrap().1.to_owned();
            assert_eq!(
                chain(&old.certificate),
                chain(&new.certificate),
                "{file}: what follows"
            );
        }
    }

    /// Only what had to be changed was, and each in its own way.
    fn judge_changes(&self) {
        let mut expected: BTreeSet<String> = self
            .new
            .iter()
            .filter(|leaf| !self.is_left(leaf))
            .map(|leaf| leaf.file.clone())
            .collect();
        for file in &expected {
            match self.before.get(file) {
                Some(old) => self.judge_file(file, old.text()),
                None => self.judge_kubelet_pem(file),
            }
        }
        if self.before.get(KUBELET_LINK).is_some() {
            expected.insert(KUBELET_LINK.to_owned());
        }
        for path in self
            .before
            .paths()
            .filter(|path| path.contains("/manifests/"))
        {
            let (old, new) = (self.before.entry(path), self.after.entry(path));
            assert_eq!(old.content, new.content, "{path}");
            assert_eq!(old.label(), new.label(), "{path}");
            assert!(old.modified < new.modified, "{path} was not touched");
            expected.insert(path.to_owned());
        }
        let changed = self.before.differences(&self.after.without_state());
        // What a run keeps for itself, nobody else may enter.
        assert_eq!(self.after.entry("/var/lib/rekindle").mode & 0o777, 0o700);
        assert_eq!(changed, expected.into_iter().collect::<Vec<_>>());
    }

    /// A file that was exchanged: same mode, owner and attributes; of a kubeconfig, one line is new.
    fn judge_file(&self, file: &str, old: &str) {
        let new = self.after.entry(file);
        assert_eq!(self.before.entry(file).label(), new.label(), "{file}");
        if file.ends_with(".conf") {
            let pairs = old.split('\n').zip(new.text().split('\n'));
            let changed: Vec<(&str, &str)> = pairs.filter(|(one, other)| one != other).collect();
            assert_eq!(
                old.split('\n').count(),
                new.text().split('\n').count(),
                "{file}"
            );
            let [(one, other)] = changed.as_slice() else {
                panic!("{file}: {} lines changed", changed.len());
            };
            for line in [one, other] {
                assert!(
                    line.trim().starts_with("client-certificate-data: "),
                    "{file}"
                );
            }
        }
    }

    /// As the kubelet rotates: a new dated file, the link re-pointed in its own form, the old file still there.
    fn judge_kubelet_pem(&self, file: &str) {
        let (old, new) = (
            self.before.entry(KUBELET_LINK),
            self.after.entry(KUBELET_LINK),
        );
        let (old, new) = (old.destination(), new.destination());
        assert_eq!(new, Path::new(file));
        assert_eq!(old.parent(), new.parent(), "the link keeps its form");
        let dated = new.file_name().unwrap().to_str().unwrap();
        let shape: String = dated
            .chars()
            .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
            .collect();
        assert_eq!(shape, "kubelet-client-0000-00-00-00-00-00.pem");
        let old = self.before.entry(old.to_str().unwrap());
        assert_eq!(self.after.entry(file).label(), old.label());
        assert_eq!(self.after.entry(file).mode & 0o7777, 0o600);
    }

    fn judge_left(&self) {
        let stdout = &self.run.stdout;
        match self.left {
            // Expired or expiring: that depends on the day.
            Some(left) => assert!(stdout.contains(&format!("{left}: it is expir")), "{stdout}"),
            None => assert!(!stdout.contains("Left to you"), "{stdout}"),
        }
    }

    fn judge_journal(&self) {
        let run = rekindle(self.node.path(), &["journal", "verify"]).expect(0);
        assert!(run.stdout.starts_with("COMPLETE\n"), "{}", run.stdout);
        let script = project().join("scripts/verify-journal");
        // Once is enough: the script has tests of its own.
        if self.before.get("/etc/kubernetes/ssl").is_none() || !script.exists() {
            return;
        }
        let mut journals = self.after.paths().filter(|path| path.ends_with(".jsonl"));
        let output = Command::new(script)
            .arg(self.node.file(journals.next().unwrap()))
            .arg(self.node.file("/etc/kubernetes/ssl/ca.crt"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// All is in order now, and stays untouched to the last time stamp.
    fn judge_second_run(&self) {
        let exit = i32::from(self.left.is_some());
        let check = rekindle(self.node.path(), &["check"]).expect(exit);
        assert_eq!(check.stdout.contains("All is valid"), self.left.is_none());
        let again = rekindle(self.node.path(), &["recover", "--yes"]).expect(exit);
        assert_eq!(again.stderr, "");
        match self.left {
            Some(left) => assert!(again.stdout.contains(left), "{}", again.stdout),
            None => assert!(again.stdout.contains("nothing to do"), "{}", again.stdout),
        }
        assert_eq!(Tree::read(self.node.path()), self.after);
    }
}

/// Gives some files a group, a mode or an attribute that a new file would not have by itself.
fn label(node: &Node) {
    let file = [
        "/etc/kubernetes/pki/apiserver.crt",
        "/etc/kubernetes/ssl/apiserver.crt",
    ]
    .map(|path| node.file(path))
    .into_iter()
    .find(|file| fs::symlink_metadata(file).is_ok())
    .unwrap();
    node.shell(&format!("chmod 0640 {}", file.display()));
    if nix::unistd::geteuid().is_root() {
        node.shell(&format!("chgrp 4321 {}", file.display()));
        node.shell("chgrp 4321 etc/kubernetes/admin.conf");
    }
    // Not every file system keeps them.
    let _ = xattr::set(&file, "user.note", b"kept");
}

fn lasting(pem: &str) -> Lasting {
    Lasting::of(&of_pem(pem, "CERTIFICATE").unwrap().0)
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
