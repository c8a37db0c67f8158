//! Property tests: kubeconfigs as people leave them behind, torn in every direction. The release build aborts on a panic,
//! so none may happen; and an edit that is made must have changed one value, as `serde_yaml::Value` sees it.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use rekindle::kubernetes::Kubeconfig;

use crate::promises::{authentication, contexts, kubeconfig::check_edit, manifest, web_token};

const BLOCK: &str = "\
# comment
apiVersion: v1
kind: Config
contexts:
- name: other
  context: {cluster: k, user: robot}
- context:
    cluster: k
    user: \"me\" # us
  name: here
current-context: here
clusters: [{name: k, cluster: {server: 'https://192.0.2.10:6443'}}]
users:
- name: robot
  user:
    exec: {command: aws, args: ['*']}
- name: 'me'
  user:
    client-certificate-data: {certificate}
    client-key-data: S0VZ # key
- name: last
  user: {token: hunter2}
";

const FLOW: &str = r#"{"kind": "Config", "current-context": "here", "users": [
	{"name": "robot", "user": {"token": "hunter2"}},
	{"name": "me", "user": {"client-certificate-data": "T0xET0xE", "client-key-data": "S0VZ"}}
], "contexts": [{"name": "here", "context": {"user": "me"}}]}"#;

const CONFIGURATION: &str = "\
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions:
  - path: /livez
jwt:
- issuer:
    url: https://a.test
    discoveryURL: https://b.test
    audiences: [a, b]
    audienceMatchPolicy: MatchAny
    certificateAuthority: |
      PEM
  claimMappings:
    username: {claim: sub, prefix: ''}
    groups:
      expression: claims.groups
";

const TOKENS: &str = "hunter2,me,1,\"a,b\"\n\"hun\"\"ter\",you,2\n\n,nobody,3\n";

/// Every style that the value may have.
const STYLES: [&str; 10] = [
    "T0xET0xE",
    "T0xET0xE   # comment",
    "\"T0xET0xE\"",
    "'T0xE\n      T0xE'",
    "\"T0xE\\\n      T0xE\"",
    "\n      T0xE\n      T0xE",
    "|\n      T0xE\n      T0xE",
    ">-  # comment\n     T0xE\n\n     T0xE\n\n  # comment",
    "|2+\n        T0xE\n",
    "!!str T0xET0xE",
];

/// What means something in YAML, in a kubeconfig, or to one of two YAML libraries.
const PIECES: [&str; 52] = [
    "*",
    "&",
    "!",
    "- ",
    "? ",
    ": ",
    ":",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "|",
    ">",
    "|2\n",
    ">-\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\t",
    "#",
    " #",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "<<: ",
    "~",
    "\\",
    "\\\n",
    "\0",
    "@",
    "`",
    "=",
    "1",
    "é",
    "\u{85}",
    "\u{2028}",
    "\u{FEFF}",
    "\u{1F600}",
    "&a ",
    "*a",
    "!!binary ",
    "users:\n",
    "user:\n",
    "- name: me\n",
    "client-certificate-data: ",
    "kind: Config\n",
    "token: x\n",
];

/// Headers and claims, good and odd.
const TOKEN_PARTS: [&str; 12] = [
    "{}",
    r#"{"alg":"ES256","kid":"x"}"#,
    r#"{"alg":"none"}"#,
    r#"{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:a:b"}"#,
    r#"{"iss":"i","aud":["a","b"],"exp":1e400,"nbf":-1,"iat":1.5}"#,
    r#"{"iss":"i","aud":"a","exp":9223372036854775808}"#,
    r#"{"aud":{},"kubernetes.io":[]}"#,
    r#"{"kubernetes.io":{"pod":null,"warnafter":0,"serviceaccount":{"name":"n"}}}"#,
    "[[[[[[[[[[[[[[[[",
    "null",
    "\"\"",
    "",
];

#[derive(Debug, Clone)]
enum Mutation {
    Byte(Index, u8),
    Remove(Index, usize),
    Insert(Index, &'static str),
    InsertAtToken(Index, &'static str),
    MoveLine(Index, Index),
    RepeatLine(Index, Index),
    Indent(Index),
    Outdent(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let piece = || select(&PIECES[..]);
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        (any::<Index>(), 1..9_usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
        (any::<Index>(), piece()).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (any::<Index>(), piece()).prop_map(|(at, piece)| Mutation::InsertAtToken(at, piece)),
        any::<(Index, Index)>().prop_map(|(from, to)| Mutation::MoveLine(from, to)),
        any::<(Index, Index)>().prop_map(|(from, to)| Mutation::RepeatLine(from, to)),
        any::<Index>().prop_map(Mutation::Indent),
        any::<Index>().prop_map(Mutation::Outdent),
    ]
}

fn kubeconfig() -> impl Strategy<Value = Vec<u8>> {
    let block = select(&STYLES[..]).prop_map(|style| BLOCK.replace("{certificate}", style));
    (
        prop_oneof![4 => block, 1 => Just(FLOW.to_owned())],
        any::<bool>(),
    )
        .prop_map(|(text, crlf)| {
            let text = if crlf {
                text.replace('\n', "\r\n")
            } else {
                text
            };
            text.into_bytes()
        })
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    let mut lines: Vec<Vec<u8>> = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    match mutation {
        Mutation::Byte(at, byte) => *at.get_mut(bytes) = *byte,
        Mutation::Remove(at, count) => {
            let start = at.index(bytes.len());
            bytes.drain(start..bytes.len().min(start + count));
        }
        Mutation::Insert(at, piece) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, piece.bytes());
        }
        Mutation::InsertAtToken(at, piece) => {
            let tokens: Vec<_> = (1..bytes.len())
                .filter(|at| {
                    bytes[at - 1].is_ascii_whitespace() && !bytes[*at].is_ascii_whitespace()
                })
                .collect();
            if !tokens.is_empty() {
                let at = *at.get(&tokens);
                bytes.splice(at..at, piece.bytes());
            }
        }
        Mutation::MoveLine(from, to) => {
            let line = lines.remove(from.index(lines.len()));
            lines.insert(to.index(lines.len() + 1), line);
            *bytes = lines.concat();
        }
        Mutation::RepeatLine(from, to) => {
            let line = from.get(&lines).clone();
            lines.insert(to.index(lines.len() + 1), line);
            *bytes = lines.concat();
        }
        Mutation::Indent(at) => {
            at.get_mut(&mut lines).insert(0, b' ');
            *bytes = lines.concat();
        }
        Mutation::Outdent(at) => {
            let line = at.get_mut(&mut lines);
            if line.first() == Some(&b' ') {
                line.remove(0);
            }
            *bytes = lines.concat();
        }
    }
}

/// Every parser of documents; whether an edit was made.
fn check(bytes: &[u8]) -> bool {
    manifest::check(bytes);
    contexts::check(bytes);
    authentication::check(bytes);
    Kubeconfig::parse(bytes).is_ok_and(|kubeconfig| check_edit(bytes, &kubeconfig))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_torn_kubeconfig_never_panics_and_an_edit_changes_one_value(
        mut bytes in kubeconfig(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        check(&bytes);
    }

    #[test]
    fn what_people_are_known_by_never_panics_when_torn(
        text in select(&[CONFIGURATION, TOKENS][..]),
        mutations in prop::collection::vec(mutation(), 0..6),
    ) {
        let mut bytes = text.as_bytes().to_vec();
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        let accepted = authentication::check(&bytes);
        prop_assert!(accepted || !mutations.is_empty());
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes);
    }

    /// Tokens whose parts are whole, and JSON of every kind; then torn as kubeconfigs are.
    #[test]
    fn a_torn_token_never_panics_and_is_never_valid(
        header in select(&TOKEN_PARTS[..]),
        claims in select(&TOKEN_PARTS[..]),
        signature in prop::collection::vec(any::<u8>(), 0..80),
        mutations in prop::collection::vec(mutation(), 0..4),
    ) {
        use base64::Engine;
        let encode = |part: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(part);
        let parts = [header.as_bytes(), claims.as_bytes(), &signature].map(encode);
        let mut bytes = parts.join(".").into_bytes();
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        web_token::check(&bytes);
    }
}

#[test]
fn what_is_torn_is_whole_before() {
    assert!(contexts::check(FLOW.as_bytes()));
    let token = "e30.eyJpc3MiOiJhIn0.c2lnbmF0dXJl";
    assert!(web_token::check(token.as_bytes()));
}

#[test]
fn every_style_but_the_tagged_one_is_edited() {
    for style in STYLES {
        let edited = check(BLOCK.replace("{certificate}", style).as_bytes());
        assert_eq!(edited, !style.starts_with('!'), "{style}");
    }
    assert!(check(FLOW.as_bytes()));
}
