//! Every byte of a bundle that is another one, and every end that is missing: nothing is signed, and nothing installed.

use std::fs;

use proptest::prelude::*;
use rekindle::csr::{Answer, LARGEST_BUNDLE, RequestBundle};
use rekindle::pki::{Certificate, read_certificates};

use crate::elsewhere::Elsewhere;
use crate::envelope::{ANSWER, REQUESTS, Sealer, document};
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
/// Of the places of a byte, every so many in the library, and in the program.
const STEP: usize = 5;
const PROGRAM_STEP: usize = 997;

fn authorities(place: &Elsewhere) -> Vec<Certificate> {
    let files = ["ca/ca.crt", "ca/etcd/ca.crt", "ca/front-proxy-ca.crt"];
    let read = |file: &&str| read_certificates(&fs::read(place.file(file)).unwrap()).unwrap();
    files.iter().flat_map(read).collect()
}

/// Every byte at a step, each with one bit of its own.
fn flipped(bytes: &[u8], step: usize) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len()).step_by(step).map(move |at| {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 7);
        (at, flipped)
    })
}

#[test]
fn requests_with_another_byte_or_without_their_end_are_not_signed() {
    let place = Elsewhere::new(NODE);
    let fingerprint = place.export();
    let bundle = place.requests();
    let expected = Some(fingerprint.parse().unwrap());
    RequestBundle::open(&bundle, expected).unwrap();
    for (at, flipped) in flipped(&bundle, STEP) {
        assert!(RequestBundle::open(&flipped, expected).is_err(), "{at}");
    }
    for end in (0..bundle.len()).step_by(STEP) {
        assert!(
            RequestBundle::open(&bundle[..end], expected).is_err(),
            "{end}"
        );
    }
    for (_, flipped) in flipped(&bundle, PROGRAM_STEP) {
        place.refuses_to_sign(&flipped, &fingerprint, "requests-unusable");
    }
    for end in [0, 1, 500, bundle.len() - 2, bundle.len() - 1] {
        place.refuses_to_sign(&bundle[..end], &fingerprint, "refused");
    }
    let twice = [bundle.as_slice(), &bundle].concat();
    place.refuses_to_sign(&twice, &fingerprint, "requests-unusable");
    place.sign(&bundle, &fingerprint).0.expect(0);
}

#[test]
fn an_answer_with_another_byte_or_without_its_end_is_not_installed() {
    let place = Elsewhere::new(NODE);
    let fingerprint = place.export();
    let answer = place.sign(&place.requests(), &fingerprint).1.unwrap();
    let trusted = authorities(&place);
    Answer::open(&answer, &trusted).unwrap();
    for (at, flipped) in flipped(&answer, STEP) {
        assert!(Answer::open(&flipped, &trusted).is_err(), "{at}");
    }
    for end in (0..answer.len()).step_by(STEP) {
        assert!(Answer::open(&answer[..end], &trusted).is_err(), "{end}");
    }
    for (_, flipped) in flipped(&answer, PROGRAM_STEP) {
        place.refuses_answer(&flipped, "requests-unusable");
    }
    for end in [0, 1, 500, answer.len() - 2, answer.len() - 1] {
        place.refuses_answer(&answer[..end], "refused");
    }
    place.import(&answer).expect(0);
}

#[test]
fn neither_is_taken_for_the_other_nor_a_line_of_a_journal_for_one_of_them_nor_one_for_a_line() {
    let place = Elsewhere::new(NODE);
    let fingerprint = place.export();
    let answer = place.sign(&place.requests(), &fingerprint).1.unwrap();
    place.refuses_answer(&place.requests(), "requests-unusable");
    place.refuses_to_sign(&answer, &fingerprint, "requests-unusable");
    place.import(&answer).expect(0);
    let tree = Tree::read(place.node.path());
    let journal = tree.paths().find(|path| path.ends_with(".jsonl")).unwrap();
    let text = tree.entry(journal).text();
    for line in [text.lines().next().unwrap(), text.lines().last().unwrap()] {
        let line = format!("{line}\n");
        place.refuses_to_sign(line.as_bytes(), &fingerprint, "requests-unusable");
        place.refuses_answer(line.as_bytes(), "requests-unusable");
    }
    for bundle in [place.requests(), answer] {
        let longer = format!("{text}{}", String::from_utf8(bundle).unwrap());
        place.node.write(journal, longer);
        let verdict = rekindle(place.node.path(), &["journal", "verify"]).expect(6);
        assert!(!verdict.stdout.starts_with("NOT ANCHORED"), "{verdict:?}");
        place.node.write(journal, text);
    }
}

#[test]
fn one_byte_too_many_is_too_large() {
    let place = Elsewhere::new(NODE);
    let mut large = vec![b'a'; LARGEST_BUNDLE];
    large.push(b'\n');
    let fingerprint = Sealer::new().fingerprint();
    place.refuses_to_sign(&large, &fingerprint, "at most");
    place.refuses_answer(&large, "at most");
    // Far too much, sparse on the disk.
    place.shell("truncate -s 8G bundle.big");
    let path = place.file("bundle.big");
    place.refuses(&[path.to_str().unwrap()], "refused");
}

#[test]
fn json_of_any_depth_is_an_error() {
    let place = Elsewhere::new(NODE);
    let sealer = Sealer::new();
    for depth in [10, 1000, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let middle = if open == "[" { "" } else { "1" };
            if depth * (open.len() + close.len()) * 4 / 3 > LARGEST_BUNDLE - 1000 {
                continue;
            }
            let text = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
            for document in [text.clone(), format!("{{\"schema\":{text}}}")] {
                let bundle = sealer.seal(REQUESTS, document.as_bytes());
                place.refuses_to_sign(&bundle, &sealer.fingerprint(), "requests-unusable");
                let answer = sealer.seal(ANSWER, document.as_bytes());
                place.refuses_answer(&answer, "requests-unusable");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands in a field of a bundle that is sealed well: an error or a bundle, and never a panic.
    #[test]
    fn whatever_stands_in_a_field_is_no_panic(text in "\\PC{0,200}", number in any::<i64>(), which in 0..9_usize) {
        let sealer = Sealer::new();
        let mut hostile = document(sample());
        match which {
            0 => hostile["schema"] = text.into(),
            1 => hostile["createdAt"] = text.into(),
            2 => hostile["createdBy"] = text.into(),
            3 => hostile["validitySeconds"] = number.into(),
            4 => hostile["requests"][0]["name"] = text.into(),
            5 => hostile["requests"][0]["authority"] = text.into(),
            6 => hostile["requests"][0]["certificate"] = text.into(),
            7 => hostile["requests"][0]["request"] = text.into(),
            _ => hostile["requests"] = text.into(),
        }
        let (bundle, _) = sealer.requests(hostile);
        let _ = RequestBundle::open(&bundle, None);
    }

    #[test]
    fn whatever_the_bytes_it_is_no_bundle(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(RequestBundle::open(&bytes, None).is_err());
        prop_assert!(Answer::open(&bytes, &[]).is_err());
        let sealer = Sealer::new();
        prop_assert!(RequestBundle::open(&sealer.seal(REQUESTS, &bytes), None).is_err());
        prop_assert!(Answer::open(&sealer.seal(ANSWER, &bytes), &[]).is_err());
    }
}

/// Requests that were made once.
fn sample() -> &'static [u8] {
    static SAMPLE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    SAMPLE.get_or_init(|| {
        let place = Elsewhere::new(NODE);
        place.export();
        place.requests()
    })
}
