//! A person's client credential, and the kubeconfig that carries it: made for once, with an end.

use std::fmt;

use zeroize::Zeroizing;

use super::IssuanceError;
use super::certify::certify;
use crate::kubernetes::{Composition, KeySource, Kubeconfig, KubeconfigCredential};
use crate::pki::{
    Attribute, Authority, Certificate, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, PrivateKey,
    Specification, Validity, encode_certificate, generate,
};

/// What the errors call it.
const NAME: &str = "the credential";

/// Key and certificate of a person, which belong together.
pub struct UserCredential {
    /// The certificate.
    pub certificate: Certificate,
    /// The user, who is its CN.
    user: String,
    /// The key in PEM.
    key: Zeroizing<String>,
}

/// Where a credential leads.
#[derive(Debug, Clone, Copy)]
pub struct UserCluster<'a> {
    /// The cluster's name in the kubeconfig.
    pub name: &'a str,
    /// The URL of its API server.
    pub server: &'a str,
    /// Its authorities, from which the API server is believed.
    pub authorities: &'a [Certificate],
}

/// What the API server reads of a client certificate (`CommonNameUserConversion` in `k8s.io/apiserver`,
/// `pkg/authentication/request/x509`): the CN is the user, each O a group. For TLS clients and nothing else, and without other names.
fn user_client(user: &str, groups: &[String]) -> Specification {
    // Go writes the organisations first, all of them as one set.
    let organizations = groups
        .iter()
        .map(|group| (Attribute::Organization, group.clone()));
    let user = (Attribute::CommonName, user.to_owned());
    Specification {
        subject: organizations.chain([user]).collect(),
        key_usages: vec![KeyUsage::DigitalSignature],
        extended_key_usages: vec![ExtendedKeyUsage::ClientAuth],
        ..Specification::default()
    }
}

impl UserCredential {
    /// Makes a key, and has its certificate for `user` in `groups` signed and verified.
    pub fn issue(
        user: &str,
        groups: &[String],
        algorithm: KeyAlgorithm,
        authority: &Authority,
        validity: &Validity,
    ) -> Result<Self, IssuanceError> {
        let key =
            generate(algorithm).map_err(|source| IssuanceError::Key { name: NAME, source })?;
        let specification = user_client(user, groups);
        let public_key = key.private_key.public_key_der();
        let certificate = certify(NAME, &specification, public_key, authority, validity)?;
        Ok(Self {
            certificate,
            user: user.to_owned(),
            key: key.pem,
        })
    }

    /// The kubeconfig, as kubeadm writes one, read back and held against what it was made of.
    pub fn kubeconfig(
        &self,
        cluster: &UserCluster<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let authorities: String = cluster.authorities.iter().map(encode_certificate).collect();
        let bytes = Kubeconfig::compose(&Composition {
            cluster: cluster.name,
            server: cluster.server,
            certificate_authority: authorities.as_bytes(),
            user: &self.user,
            credential: KubeconfigCredential::Embedded {
                certificate: encode_certificate(&self.certificate).as_bytes(),
                key: self.key.as_bytes(),
            },
        });
        self.check(cluster, &bytes)?;
        Ok(bytes)
    }

    fn check(&self, cluster: &UserCluster<'_>, bytes: &[u8]) -> Result<(), IssuanceError> {
        let kubeconfig = Kubeconfig::parse(bytes)
            .map_err(|source| IssuanceError::Kubeconfig { name: NAME, source })?;
        let clusters = kubeconfig
            .clusters()
            .map_err(|source| IssuanceError::Kubeconfig { name: NAME, source })?;
        let server = clusters.current().ok().and_then(|found| found.server());
        let fits = match kubeconfig.client_key() {
            KeySource::Embedded(pem) => {
                PrivateKey::from_pem(pem, None).is_ok_and(|key| key.fits(&self.certificate))
            }
            KeySource::File(_) => false,
        };
        if fits && server == Some(cluster.server) && kubeconfig.user_name() == self.user {
            Ok(())
        } else {
            Err(IssuanceError::NotReadBack { name: NAME })
        }
    }
}

impl fmt::Debug for UserCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UserCredential")
            .field("certificate", &self.certificate)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
