//! People's own kubeconfigs: those of root and of who called `sudo`, as far as they are copies of the node's credentials of
//! administrators.

use std::path::{Path, PathBuf};

use super::{CredentialEntry, KUBERNETES_FOLDER, ObservationError};
use crate::kubernetes::{ADMINISTRATORS, Clusters, Kubeconfig, Source};
use crate::node::{self, FileSnapshot, Home, Root, Secrecy, User};
use crate::pki::{Certificate, read_certificates};

/// Where people copy their credential to, as `kubeadm init` tells them, beneath the home folder: what kubectl reads by default.
const KUBECONFIG: &str = ".kube/config";
/// Folders of the node's own, in which nobody's home is looked for.
const NO_HOMES: [&str; 3] = [KUBERNETES_FOLDER, "/var/lib/kubelet", "/var/lib/rekindle"];

/// A kubeconfig of a person, with copies of the node's credentials in it; or one that could not be read, and may have some.
#[derive(Debug)]
pub struct PersonalKubeconfig {
    /// `~alice/.kube/config`.
    pub name: String,
    /// Where it is, a node path.
    pub path: PathBuf,
    /// The home folder that it lies in, where that is not root's own.
    pub home: Option<Home>,
    /// What was found there.
    pub content: Result<Copies, ObservationError>,
}

/// A kubeconfig with copies in it.
#[derive(Debug)]
pub struct Copies {
    /// The file.
    pub file: FileSnapshot,
    /// The copies, in the order of the file's users.
    pub users: Vec<CopiedUser>,
    /// The server of its current context.
    pub server: Option<String>,
}

/// A user of a kubeconfig whose certificate is one of the node's, or was.
#[derive(Debug)]
pub struct CopiedUser {
    /// Its place among the users of the file, counted from zero.
    pub index: usize,
    /// kubeadm's name of the original.
    pub of: &'static str,
    /// The certificate.
    pub certificate: Certificate,
    /// Whether it is for the key that the original has: a renewed certificate then fits the key that lies beside the copy.
    pub has_same_key: bool,
}

/// Looks at the kubeconfigs of root and of who is said to have called `sudo`.
pub(super) fn observe(root: &Root, credentials: &[CredentialEntry]) -> Vec<PersonalKubeconfig> {
    let mut people = vec![superuser(root)];
    // A claim: what it names is looked up, and only files of that very user or of root are taken.
    if let Some(claimed) = node::operator().claimed_sudo_user
        && let Ok(Some(user)) = root.user(&claimed)
        && people.iter().all(|known| known.home != user.home)
    {
        people.push(user);
    }
    let found = people
        .iter()
        .filter_map(|user| look(root, credentials, user));
    found.collect()
}

fn superuser(root: &Root) -> User {
    let known = root.user("root").ok().flatten();
    known.unwrap_or_else(|| User {
        name: "root".to_owned(),
        uid: 0,
        home: PathBuf::from("/root"),
    })
}

fn look(root: &Root, credentials: &[CredentialEntry], user: &User) -> Option<PersonalKubeconfig> {
    let is_nodes = |folder: &&str| {
        let folder = Path::new(folder);
        folder.starts_with(&user.home) || user.home.starts_with(folder)
    };
    if user.uid != 0 && NO_HOMES.iter().any(is_nodes) {
        return None;
    }
    let (home, path) = match root.home(&user.home, user.uid) {
        Ok(None) => (None, user.home.join(KUBECONFIG)),
        Ok(Some(home)) => {
            let path = home.path.join(KUBECONFIG);
            root.admit(home.clone());
            (Some(home), path)
        }
        Err(error) if error.is_not_found() => return None,
        Err(error) => {
            return Some(PersonalKubeconfig {
                name: name(user),
                path: user.home.join(KUBECONFIG),
                home: None,
                content: Err(error.into()),
            });
        }
    };
    let content = match read(root, credentials, &path) {
        Ok(copies) if copies.users.is_empty() => return None,
        Err(error) if error.is_not_found() => return None,
        content => content,
    };
    Some(PersonalKubeconfig {
        name: name(user),
        path,
        home,
        content,
    })
}

fn name(user: &User) -> String {
    format!("~{}/{KUBECONFIG}", user.name)
}

fn read(
    root: &Root,
    credentials: &[CredentialEntry],
    path: &Path,
) -> Result<Copies, ObservationError> {
    // Many have it open to others. It is theirs: to name it, and to keep its mode, is all that is done about that.
    let file = root.read(path, Secrecy::Public)?;
    let own = credentials
        .iter()
        .filter_map(|entry| entry.content.as_ref().ok());
    let is_nodes = own
        .into_iter()
        .any(|content| content.file.path == file.path);
    // A link to the original is no copy.
    let users = if is_nodes {
        Vec::new()
    } else {
        Kubeconfig::users(&file.bytes).map_err(|source| ObservationError::Kubeconfig {
            path: root.outside(&file.path),
            source,
        })?
    };
    let users = users.iter().filter_map(|user| copied(credentials, user));
    let clusters = Clusters::parse(&file.bytes).ok();
    let server = clusters.and_then(|clusters| Some(clusters.current().ok()?.server()?.to_owned()));
    Ok(Copies {
        users: users.collect(),
        file,
        server,
    })
}

/// The original of a user's certificate: one with the same key, for a renewal keeps it; or the same certificate by its number.
fn copied(credentials: &[CredentialEntry], user: &Kubeconfig) -> Option<CopiedUser> {
    let Source::Embedded(pem) = user.client_certificate() else {
        return None;
    };
    let certificate = read_certificates(pem).ok()?.into_iter().next()?;
    let originals = credentials.iter().filter_map(|entry| {
        let name = ADMINISTRATORS
            .iter()
            .find(|name| **name == entry.catalog.name)?;
        let leaf = entry.certificate()?;
        Some((*name, leaf))
    });
    let mut found = originals.filter_map(|(of, leaf)| {
        let has_same_key = leaf.public_key_der() == certificate.public_key_der();
        let is_numbered_same =
            (leaf.serial(), leaf.issuer_der()) == (certificate.serial(), certificate.issuer_der());
        (has_same_key || is_numbered_same).then_some((of, has_same_key))
    });
    let (of, has_same_key) = found.next()?;
    Some(CopiedUser {
        index: user.user_index(),
        of,
        certificate,
        has_same_key,
    })
}
