//! An authority that signs itself again, with openssl.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::node::Node;

const CERTIFICATE: &str = "/etc/kubernetes/pki/ca.crt";
const KEY: &str = "/etc/kubernetes/pki/ca.key";

/// What an authority of kubeadm's may.
pub const MAY_SIGN: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign";
/// Dates between which all of a test lies.
pub const VALID: (&str, &str) = ("20250101000000Z", "20360101000000Z");
/// As Go does it: a `PrintableString` wherever it can be.
pub const PRINTABLE: &str = "default";

/// Signs the cluster's certificate again, with the given dates and extensions, by its own key, with its name in such strings.
pub fn sign_itself(node: &Node, dates: (&str, &str), extensions: &str, strings: &str) {
    let folder = node.path().with_file_name("openssl");
    fs::create_dir(&folder).unwrap();
    let config = format!(
        "[ca]\ndefault_ca=it\n[it]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n\
         policy=any\nx509_extensions=extensions\nunique_subject=no\n[any]\ncommonName=supplied\n\
         [req]\ndistinguished_name=name\nstring_mask={strings}\n[name]\n[extensions]\nsubjectKeyIdentifier=hash\n{extensions}\n"
    );
    fs::write(folder.join("config"), config).unwrap();
    fs::write(folder.join("index"), "").unwrap();
    fs::write(folder.join("serial"), "4A00000000000001\n").unwrap();
    let key = node.file(KEY).display().to_string();
    openssl(
        &folder,
        &format!("req -new -config config -key {key} -subj /CN=kubernetes -out request"),
    );
    let (from, until) = dates;
    openssl(
        &folder,
        &format!(
            "ca -config config -batch -notext -preserveDN -selfsign -keyfile {key} -startdate {from} -enddate {until} \
             -in request -out certificate"
        ),
    );
    let certificate = fs::read(folder.join("certificate")).unwrap();
    node.write(CERTIFICATE, certificate);
}

/// Runs openssl in `folder`.
fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
