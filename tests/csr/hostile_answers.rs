//! Answers that are to other requests, or that nobody sealed who may: nothing is installed.

use std::fs;

use serde_json::{Value, json};

use crate::elsewhere::Elsewhere;
use crate::envelope::{ANSWER, Sealer, document};
use crate::support::golden;

const NODE: &str = "ecdsa-p256-stacked";
/// What a journal's certificate has, as openssl writes it.
const PROFILE: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,1.3.6.1.5.5.7.3.36";

/// An answer, made again with a seal whose certificate openssl made.
struct Resealed<'a> {
    place: &'a Elsewhere,
    answer: Value,
}

impl Resealed<'_> {
    fn seal(&self, subject: &str, (authority, key): (&str, &str), extensions: &str) -> Vec<u8> {
        fs::write(self.place.file("seal.cnf"), extensions).unwrap();
        self.place.shell(&format!(
            "openssl genpkey -algorithm ed25519 -out seal.key
             openssl pkey -in seal.key -outform DER -out seal.der
             openssl req -new -key seal.key -subj '{subject}' -out seal.csr
             openssl x509 -req -in seal.csr -CA {authority} -CAkey {key} -set_serial 99 -days 1 -extfile seal.cnf -out seal.crt"
        ));
        let sealer = Sealer::of_der(&fs::read(self.place.file("seal.der")).unwrap());
        let mut answer = self.answer.clone();
        answer["seal"] = json!(fs::read_to_string(self.place.file("seal.crt")).unwrap());
        sealer.seal(ANSWER, &serde_json::to_vec(&answer).unwrap())
    }
}

/// The answer to a node's own requests, dated now: after the seals that openssl makes are valid.
fn answered(place: &Elsewhere) -> (Vec<u8>, Value) {
    let fingerprint = place.export();
    let answer = place.sign(&place.requests(), &fingerprint).1.unwrap();
    let mut document = document(&answer);
    let later = time::OffsetDateTime::now_utc() + time::Duration::minutes(5);
    let later = later.replace_nanosecond(0).unwrap();
    document["signedAt"] = json!(
        later
            .format(&time::format_description::well_known::Rfc3339)
            .unwrap()
    );
    (answer, document)
}

#[test]
fn only_a_seal_of_the_nodes_own_authority_is_one() {
    let place = Elsewhere::new(NODE);
    let (_, answer) = answered(&place);
    let resealed = Resealed {
        place: &place,
        answer,
    };
    let own = ("ca/ca.crt", "ca/ca.key");
    let client = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth";
    place.refuses_answer(
        &resealed.seal("/O=system:masters/CN=admin", own, client),
        "requests-unusable",
    );
    place.refuses_answer(
        &resealed.seal("/CN=admin", own, PROFILE),
        "requests-unusable",
    );
    place.shell("openssl ecparam -name prime256v1 -genkey -noout -out evil.key; openssl req -x509 -new -key evil.key -subj /CN=kubernetes -days 3 -out evil.crt");
    place.refuses_answer(
        &resealed.seal("/", ("evil.crt", "evil.key"), PROFILE),
        "not signed by the trusted authority",
    );
    // The control: in the same way, by the right authority.
    let good = resealed.seal("/", own, PROFILE);
    place.import(&good).expect(0);
}

#[test]
fn the_answer_to_another_nodes_requests() {
    let (place, other) = (Elsewhere::new(NODE), Elsewhere::new(NODE));
    place.export();
    let (answer, _) = answered(&other);
    let run = place.refuses_answer(&answer, "has not made");
    let node = place.node.path().to_str().unwrap();
    golden::compare(
        "tests/refusals/requests-unusable.answer.stderr",
        &run.stderr.replace(node, "[ROOT]"),
        place.away.path(),
    );
    // And to none.
    let fresh = Elsewhere::new(NODE);
    fresh.refuses_answer(&answer, "has not made");
}

#[test]
fn what_was_sealed_well_and_does_not_fit_is_not_installed_in_part() {
    let place = Elsewhere::new(NODE);
    let (_, mut answer) = answered(&place);
    let certificates = answer["certificates"].as_array_mut().unwrap();
    // Two that were exchanged for each other, among good ones.
    let (one, other) = (
        certificates[1]["certificate"].clone(),
        certificates[2]["certificate"].clone(),
    );
    certificates[1]["certificate"] = other;
    certificates[2]["certificate"] = one;
    let resealed = Resealed {
        place: &place,
        answer,
    };
    let run = place.refuses_answer(
        &resealed.seal("/", ("ca/ca.crt", "ca/ca.key"), PROFILE),
        "certificate-unfit",
    );
    assert!(run.stderr.contains("for another key"), "{run:?}");
}

#[test]
fn names_twice_and_nothing_at_all() {
    let place = Elsewhere::new(NODE);
    let (_, answer) = answered(&place);
    let own = ("ca/ca.crt", "ca/ca.key");
    let mut twice = answer.clone();
    let first = twice["certificates"][0].clone();
    twice["certificates"].as_array_mut().unwrap().push(first);
    let mut nothing = answer.clone();
    nothing["certificates"] = json!([]);
    let mut requests = answer.clone();
    requests["requests"] = json!("../../../etc/shadow");
    let mut stranger = answer;
    stranger["certificates"][0]["name"] = json!("another.conf");
    for (hostile, word) in [
        (twice, "twice"),
        (nothing, "nothing"),
        (requests, "requests-unusable"),
        (stranger, "certificate-unfit"),
    ] {
        let resealed = Resealed {
            place: &place,
            answer: hostile,
        };
        place.refuses_answer(&resealed.seal("/", own, PROFILE), word);
    }
}
