//! A file or folder is not what it should be, whatever it says.

use nix::unistd::geteuid;

use super::situation::Situation;

#[test]
fn a_file_of_somebody_else() {
    if !is_root() {
        return;
    }
    Situation::by_shell("foreign-owner", "chown 4321 etc/kubernetes/admin.conf")
        .judge()
        .hint_mends();
}

#[test]
fn a_folder_of_somebody_else() {
    if !is_root() {
        return;
    }
    Situation::by_shell("foreign-owner.folder", "chown 4321 etc/kubernetes/pki/etcd").judge();
}

#[test]
fn a_link_of_somebody_else() {
    if !is_root() {
        return;
    }
    Situation::by_shell(
        "foreign-owner.link",
        "chown -h 4321 var/lib/kubelet/pki/kubelet-client-current.pem",
    )
    .judge()
    .hint_mends();
}

#[test]
fn a_second_name() {
    Situation::by_shell(
        "hard-linked",
        "ln etc/kubernetes/pki/apiserver.crt ../apiserver.crt",
    )
    .judge()
    .hint_mends();
}

#[test]
fn a_second_name_of_a_manifest() {
    Situation::by_shell(
        "hard-linked.manifest",
        "ln etc/kubernetes/manifests/etcd.yaml ../etcd.yaml",
    )
    .judge()
    .hint_mends();
}

#[test]
fn a_link_that_climbs_out() {
    Situation::by_shell(
        "link-leaves-root",
        "ln -sf ../../../../../../x etc/kubernetes/pki/apiserver.crt",
    )
    .judge();
}

#[test]
fn a_link_to_itself() {
    Situation::by_shell(
        "link-leaves-root.loop",
        "ln -sf apiserver.crt etc/kubernetes/pki/apiserver.crt",
    )
    .judge();
}

#[test]
fn a_fifo() {
    Situation::by_shell(
        "not-a-regular-file",
        "rm etc/kubernetes/admin.conf; mkfifo -m 600 etc/kubernetes/admin.conf",
    )
    .judge();
}

#[test]
fn a_folder() {
    Situation::by_shell(
        "not-a-regular-file.folder",
        "rm etc/kubernetes/pki/ca.key; mkdir etc/kubernetes/pki/ca.key",
    )
    .judge();
}

#[test]
fn a_device() {
    if !is_root() {
        return;
    }
    Situation::by_shell(
        "not-a-regular-file.device",
        "rm etc/kubernetes/pki/ca.key; mknod -m 600 etc/kubernetes/pki/ca.key c 1 5",
    )
    .judge();
}

#[test]
fn a_key_for_everybody_to_read() {
    Situation::by_shell("secret-exposed", "chmod 644 etc/kubernetes/pki/ca.key")
        .judge()
        .hint_mends();
}

#[test]
fn a_kubeconfig_for_a_group_to_read() {
    Situation::by_shell(
        "secret-exposed.kubeconfig",
        "chmod 640 etc/kubernetes/admin.conf",
    )
    .judge()
    .hint_mends();
}

#[test]
fn a_folder_for_everybody_to_write() {
    Situation::by_shell("writable-by-others", "chmod 777 etc/kubernetes/pki")
        .judge()
        .hint_mends();
}

#[test]
fn a_certificate_for_a_group_to_write() {
    Situation::by_shell(
        "writable-by-others.file",
        "chmod 664 etc/kubernetes/pki/apiserver.crt",
    )
    .judge()
    .hint_mends();
}

fn is_root() -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        println!("skipped: only root can give files away and make devices");
    }
    is_root
}
