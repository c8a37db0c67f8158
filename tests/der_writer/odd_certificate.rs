//! Certificates as odd as they are found in the wild, or odder: the recipe, and how it becomes DER.

use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

use super::{
    arcs, bit_string, date, element, integer, object_identifier, octet_string, sequence, set,
};

/// What a certificate is made of; small enough to print when a property fails.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Sets of attributes: object identifier, string tag, bytes.
    pub subject: Vec<Vec<(&'static str, u8, Vec<u8>)>>,
    /// Picks one of the public keys.
    pub public_key: usize,
    /// Picks one of the authorities.
    pub authority: usize,
    pub serial: [u8; 8],
    /// Seconds after the beginning of the authority, and how many of them the model is valid.
    pub dates: (u32, u32),
    /// The same for the certificate that is made of it.
    pub new_dates: (u32, u32),
    pub body: Body,
}

#[derive(Debug, Clone)]
pub enum Body {
    /// Version 1.
    Bare,
    /// Version 2, with unique identifiers.
    Identified(Vec<u8>, Vec<u8>),
    /// Version 3.
    Extended(Vec<Extension>),
}

#[derive(Debug, Clone)]
pub enum Extension {
    AuthorityKeyIdentifier(KeyIdentifier),
    Other {
        oid: String,
        critical: Criticality,
        value: Vec<u8>,
    },
}

/// What the authority key identifier says.
#[derive(Debug, Clone)]
pub enum KeyIdentifier {
    /// The authority's, if it has one.
    True,
    /// The issuer and serial number of the authority's certificate.
    IssuerAndSerial,
    Foreign([u8; 20]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criticality {
    Absent,
    True,
    /// The default, written all the same: not DER, but it exists.
    False,
}

pub fn recipe() -> impl Strategy<Value = Recipe> {
    let dates = || (0..1_500_000_000_u32, 1..1_500_000_000_u32);
    (
        prop::collection::vec(prop::collection::vec(attribute(), 1..4), 0..5),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        any::<[u8; 8]>().prop_map(|mut serial| {
            serial[0] = serial[0] & 0x7f | 0x40;
            serial
        }),
        dates(),
        dates(),
        body(),
    )
        .prop_map(
            |(subject, (key, authority), serial, dates, new_dates, body)| Recipe {
                subject,
                public_key: key.index(1 << 16),
                authority: authority.index(1 << 16),
                serial,
                dates,
                new_dates,
                body,
            },
        )
}

fn attribute() -> impl Strategy<Value = (&'static str, u8, Vec<u8>)> {
    let oid = prop::sample::select(vec![
        "2.5.4.3",
        "2.5.4.10",
        "2.5.4.10",
        "2.5.4.11",
        "2.5.4.5",
        "0.9.2342.19200300.100.1.25",
        "1.2.840.113549.1.9.1",
        "2.999.7",
    ]);
    let value = prop_oneof![
        "\\PC{0,12}".prop_map(|text| (0x0c, text.into_bytes())),
        // With what PrintableString does not allow and Go lets pass.
        "[a-zA-Z0-9 '()+,./:=?*&-]{0,12}".prop_map(|text| (0x13, text.into_bytes())),
        prop::collection::vec(0x20..=0xff_u8, 0..12).prop_map(|bytes| (0x14, bytes)),
        "[ -~]{0,12}".prop_map(|text| (0x16, text.into_bytes())),
        "[a-zäöü]{0,8}".prop_map(|text| {
            (
                0x1e,
                text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            )
        }),
        "[0-9 ]{0,8}".prop_map(|text| (0x12, text.into_bytes())),
    ];
    (oid, value).prop_map(|(oid, (tag, bytes))| (oid, tag, bytes))
}

fn body() -> impl Strategy<Value = Body> {
    let identifier = || prop::collection::vec(any::<u8>(), 0..9);
    prop_oneof![
        1 => Just(Body::Bare),
        1 => (identifier(), identifier()).prop_map(|(issuer, subject)| Body::Identified(issuer, subject)),
        8 => extensions().prop_map(Body::Extended),
    ]
}

/// Some of each kind, in any order, none twice.
fn extensions() -> impl Strategy<Value = Vec<Extension>> {
    let critical = || prop_oneof![Just(Criticality::Absent), Just(Criticality::True)];
    let other = |oid: &str, critical: Criticality, value: Vec<u8>| Extension::Other {
        oid: oid.to_owned(),
        critical,
        value,
    };
    let key_usage = (critical(), 1..=0xff_u8)
        .prop_map(move |(critical, bits)| other("2.5.29.15", critical, element(3, &[0, bits])));
    let purposes = prop::sample::subsequence(
        vec![
            "1.3.6.1.5.5.7.3.1",
            "1.3.6.1.5.5.7.3.2",
            "2.5.29.37.0",
            "2.999.5",
        ],
        1..4,
    );
    let extended_key_usage = (critical(), purposes).prop_map(move |(critical, purposes)| {
        let purposes: Vec<_> = purposes.into_iter().map(object_identifier).collect();
        other("2.5.29.37", critical, sequence(&purposes))
    });
    let constraints =
        critical().prop_map(move |critical| other("2.5.29.19", critical, sequence(&[])));
    let subject_key = any::<[u8; 20]>()
        .prop_map(move |bytes| other("2.5.29.14", Criticality::Absent, octet_string(&bytes)));
    let names = (critical(), prop::collection::vec(general_name(), 1..6))
        .prop_map(move |(critical, names)| other("2.5.29.17", critical, sequence(&names)));
    let authority_key = prop_oneof![
        Just(KeyIdentifier::True),
        Just(KeyIdentifier::IssuerAndSerial),
        any::<[u8; 20]>().prop_map(KeyIdentifier::Foreign),
    ]
    .prop_map(Extension::AuthorityKeyIdentifier);
    let unknown = (
        prop_oneof![
            Just(Criticality::Absent),
            Just(Criticality::True),
            Just(Criticality::False)
        ],
        prop::collection::vec(any::<u8>(), 0..300),
    );
    let unknowns = prop::collection::btree_map(1..1_000_000_u32, unknown, 0..4).prop_map(|map| {
        map.into_iter()
            .map(|(arc, (critical, value))| Extension::Other {
                oid: format!("2.999.{arc}"),
                critical,
                value,
            })
            .collect::<Vec<_>>()
    });
    (
        prop::option::of(key_usage),
        prop::option::of(extended_key_usage),
        prop::option::of(constraints),
        prop::option::of(subject_key),
        prop::option::of(names),
        prop::option::of(authority_key),
        unknowns,
    )
        .prop_map(
            |(usage, purposes, constraints, subject_key, names, authority_key, unknowns)| {
                [
                    usage,
                    purposes,
                    constraints,
                    subject_key,
                    names,
                    authority_key,
                ]
                .into_iter()
                .flatten()
                .chain(unknowns)
                .collect::<Vec<_>>()
            },
        )
        .prop_shuffle()
}

/// Every kind of subject alternative name (RFC 5280 section 4.2.1.6) that is in use.
fn general_name() -> impl Strategy<Value = Vec<u8>> {
    let other_name = |text: String| {
        let value = element(0xa0, &element(0x0c, text.as_bytes()));
        element(0xa0, &[object_identifier("2.999.6"), value].concat())
    };
    prop_oneof![
        "[a-z0-9*-]{1,9}(\\.[a-z]{2,5}){0,2}".prop_map(|name| element(0x82, name.as_bytes())),
        "[a-z]{1,9}@[a-z]{1,9}\\.test".prop_map(|name| element(0x81, name.as_bytes())),
        "spiffe://[a-z]{1,9}/[a-z]{0,9}".prop_map(|name| element(0x86, name.as_bytes())),
        any::<[u8; 4]>().prop_map(|octets| element(0x87, &octets)),
        any::<[u8; 16]>().prop_map(|octets| element(0x87, &octets)),
        prop::collection::vec(prop::collection::vec(attribute(), 1..3), 0..3)
            .prop_map(|sets| element(0xa4, &name(&sets))),
        (0..100_000_u32).prop_map(|arc| element(0x88, &arcs(&format!("2.999.{arc}")))),
        "\\PC{0,9}".prop_map(other_name),
    ]
}

pub fn name(sets: &[Vec<(&'static str, u8, Vec<u8>)>]) -> Vec<u8> {
    let sets: Vec<_> = sets
        .iter()
        .map(|attributes| {
            let attributes: Vec<_> = attributes
                .iter()
                .map(|(oid, tag, bytes)| sequence(&[object_identifier(oid), element(*tag, bytes)]))
                .collect();
            set(&attributes)
        })
        .collect();
    sequence(&sets)
}

/// An extension as DER, its value whatever it is.
pub fn extension(oid: &str, critical: Criticality, value: &[u8]) -> Vec<u8> {
    let critical = match critical {
        Criticality::Absent => vec![],
        Criticality::True => element(0x01, &[0xff]),
        Criticality::False => element(0x01, &[0]),
    };
    sequence(&[object_identifier(oid), critical, octet_string(value)])
}

/// The fields of a certificate that the recipe leaves open.
pub struct Surroundings<'a> {
    pub serial: &'a [u8],
    pub algorithm: &'a [u8],
    pub issuer: &'a [u8],
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    pub public_key: &'a [u8],
    /// The extensions of a version 3 certificate, as DER.
    pub extensions: Option<Vec<Vec<u8>>>,
}

impl Recipe {
    /// The `TBSCertificate`.
    pub fn to_be_signed(&self, surroundings: Surroundings<'_>) -> Vec<u8> {
        let version = |number| element(0xa0, &integer(&[number]));
        let mut identifiers = vec![];
        let version = match &self.body {
            Body::Bare => vec![],
            Body::Identified(issuer, subject) => {
                let bits = |tag, bytes: &[u8]| element(tag, &bit_string(bytes)[2..]);
                identifiers = [bits(0x81, issuer), bits(0x82, subject)].concat();
                version(1)
            }
            Body::Extended(_) => version(2),
        };
        let extensions = surroundings
            .extensions
            .filter(|extensions| !extensions.is_empty())
            .map(|extensions| element(0xa3, &sequence(&extensions)));
        sequence(&[
            version,
            integer(surroundings.serial),
            surroundings.algorithm.to_vec(),
            surroundings.issuer.to_vec(),
            sequence(&[date(surroundings.not_before), date(surroundings.not_after)]),
            name(&self.subject),
            surroundings.public_key.to_vec(),
            identifiers,
            extensions.unwrap_or_default(),
        ])
    }
}

/// From `start` on, so many seconds later, for so many seconds.
pub fn period(
    start: OffsetDateTime,
    (offset, length): (u32, u32),
) -> (OffsetDateTime, OffsetDateTime) {
    let not_before = start + Duration::seconds(offset.into());
    (not_before, not_before + Duration::seconds(length.into()))
}
