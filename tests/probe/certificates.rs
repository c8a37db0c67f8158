//! Authorities and what they sign, by the program's own `pki`.

use std::time::Duration;

use rekindle::node::{ClientCredential, Trust};
use rekindle::pki::{
    Attribute, Authority, Certificate, ExtendedKeyUsage, GeneratedKey, KeyAlgorithm, KeyUsage,
    SerialNumber, Specification, Validity, encode_certificate, generate, issue, issue_authority,
};
use time::OffsetDateTime;

use crate::NOW;

/// A cluster's authority; kubeadm names all of them alike.
pub struct Cluster(Authority);

/// A certificate and its key.
pub struct Pair {
    pub certificate: Certificate,
    /// As kubeadm writes it.
    pub key: String,
}

/// What a certificate is to be, besides its key.
pub struct Wish {
    pub names: &'static [&'static str],
    pub validity: Validity,
    pub purpose: ExtendedKeyUsage,
}

pub const LOOPBACK: &str = "127.0.0.1";

impl Cluster {
    pub fn new() -> Self {
        let key = generate(KeyAlgorithm::EcdsaP256).unwrap().private_key;
        let specification = Specification {
            subject: vec![(Attribute::CommonName, "kubernetes".to_owned())],
            key_usages: vec![KeyUsage::DigitalSignature, KeyUsage::CertificateSign],
            ..Specification::default()
        };
        let validity = Validity::starting_at(NOW, Duration::from_hours(24), None);
        let serial = SerialNumber::random().unwrap();
        let certificate = issue_authority(&specification, &key, &validity, &serial).unwrap();
        Self(Authority::new(&[certificate], key, NOW).unwrap())
    }

    pub fn trust(&self) -> Trust {
        Trust::Authorities(vec![self.0.certificate().der().to_vec()])
    }

    pub fn pem(&self) -> String {
        encode_certificate(self.0.certificate())
    }

    /// A valid server on the loopback address.
    pub fn server(&self) -> Pair {
        self.issue(&Wish::server())
    }

    pub fn issue(&self, wish: &Wish) -> Pair {
        self.certify(wish, generate(KeyAlgorithm::EcdsaP256).unwrap())
    }

    pub fn certify(&self, wish: &Wish, key: GeneratedKey) -> Pair {
        let (ips, dns): (Vec<&str>, Vec<&str>) = wish
            .names
            .iter()
            .partition(|name| name.parse::<std::net::IpAddr>().is_ok());
        let specification = Specification {
            subject: vec![(Attribute::CommonName, "probed".to_owned())],
            dns_names: dns.into_iter().map(str::to_owned).collect(),
            ip_addresses: ips.into_iter().map(|ip| ip.parse().unwrap()).collect(),
            key_usages: vec![KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment],
            extended_key_usages: vec![wish.purpose],
            ..Specification::default()
        };
        let GeneratedKey { private_key, pem } = key;
        let serial = SerialNumber::random().unwrap();
        let public_key = private_key.public_key_der();
        Pair {
            certificate: issue(&specification, public_key, &self.0, &wish.validity, &serial)
                .unwrap(),
            key: pem.to_string(),
        }
    }
}

impl Wish {
    pub fn server() -> Self {
        Self {
            names: &[LOOPBACK, "cp-1"],
            validity: around(NOW),
            purpose: ExtendedKeyUsage::ServerAuth,
        }
    }

    pub fn client() -> Self {
        Self {
            names: &[],
            purpose: ExtendedKeyUsage::ClientAuth,
            ..Self::server()
        }
    }

    pub fn valid(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }
}

impl Pair {
    pub fn pem(&self) -> String {
        encode_certificate(&self.certificate)
    }

    pub fn credential(&self) -> ClientCredential {
        ClientCredential::from_pem(self.pem().as_bytes(), self.key.as_bytes()).unwrap()
    }
}

/// Two hours, with `moment` in their middle.
pub fn around(moment: OffsetDateTime) -> Validity {
    Validity {
        not_before: moment - Duration::from_hours(1),
        not_after: moment + Duration::from_hours(1),
    }
}

/// Over for a day.
pub fn expired() -> Validity {
    around(NOW - Duration::from_hours(25))
}

/// Not begun for a day.
pub fn not_yet_valid() -> Validity {
    around(NOW + Duration::from_hours(25))
}
