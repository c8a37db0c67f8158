use std::cell::RefCell;
use std::fmt::Write as _;

use super::*;

/// Answers from a script; what was asked is kept. The real server is asked in `tests/token_audit`: what it does seldom, or only while
/// it is overloaded, is here.
struct Script {
    answers: RefCell<Vec<Reply>>,
    asked: RefCell<Vec<String>>,
}

impl Api for Script {
    fn ask(&self, path: &str, form: &'static str) -> Result<Reply, ApiError> {
        let form = if form == METADATA { " (metadata)" } else { "" };
        self.asked.borrow_mut().push(format!("{path}{form}"));
        let mut answers = self.answers.borrow_mut();
        if answers.is_empty() {
            return Err(ApiError::Silent {
                evidence: "nobody is there".to_owned(),
                hint: None,
            });
        }
        Ok(answers.remove(0))
    }
}

fn script(answers: Vec<Reply>) -> Script {
    Script {
        answers: RefCell::new(answers),
        asked: RefCell::default(),
    }
}

fn page(names: &[&str], next: &str) -> Reply {
    let mut items = String::new();
    for name in names {
        let comma = if items.is_empty() { "" } else { "," };
        write!(
            items,
            r#"{comma}{{"metadata":{{"name":"{name}","namespace":"ci"}}}}"#
        )
        .unwrap();
    }
    let body = format!(r#"{{"metadata":{{"continue":"{next}"}},"items":[{items}]}}"#);
    whole(200, &body)
}

fn whole(status: u16, body: &str) -> Reply {
    Reply::Whole {
        status,
        body: body.into(),
    }
}

fn names(audit: &TokenAudit) -> Vec<&str> {
    let tokens = audit.tokens.iter();
    tokens.map(|token| token.secret.as_str()).collect()
}

fn unseen(audit: &TokenAudit) -> Vec<String> {
    audit.unseen.iter().map(ToString::to_string).collect()
}

const TRACKED: &str = r#"{"data":{"since":"2026-01-05"}}"#;

#[test]
fn a_cluster_without_tokens_is_asked_once() {
    let api = script(vec![whole(200, r#"{"metadata":{},"items":null}"#)]);
    let audit = audit_api(&api).unwrap();
    assert!(audit.is_clean());
    assert_eq!(
        *api.asked.borrow(),
        [
            "/api/v1/secrets?limit=500&fieldSelector=type%3Dkubernetes.io%2Fservice-account-token (metadata)"
        ]
    );
}

#[test]
fn pages_follow_each_other_and_are_halved_where_they_are_too_large() {
    let api = script(vec![
        page(&["a"], "next_1"),
        Reply::TooLarge,
        page(&["b"], ""),
        Reply::TooLarge,
        page(&["p"], ""),
        page(&[], ""),
        whole(200, TRACKED),
    ]);
    let audit = audit_api(&api).unwrap();
    assert_eq!(names(&audit), ["a", "b"]);
    assert!(audit.unseen.is_empty(), "{audit:?}");
    assert_eq!(audit.tracked_since.as_deref(), Some("2026-01-05"));
    let asked = api.asked.borrow();
    assert!(asked[1].contains("limit=500") && asked[1].contains("&continue=next_1"));
    assert!(asked[2].contains("limit=250") && asked[2].contains("&continue=next_1"));
    assert_eq!(asked[3], "/api/v1/namespaces/ci/pods?limit=100");
    assert_eq!(asked[4], "/api/v1/namespaces/ci/pods?limit=50");
}

#[test]
fn a_list_that_the_server_forgot_begins_again() {
    let gone = || whole(410, r#"{"kind":"Status","message":"too old"}"#);
    let rest = || [page(&[], ""), page(&[], ""), whole(404, "")];
    let mut answers = vec![
        page(&["a"], "x"),
        gone(),
        page(&["b"], "x"),
        page(&["c"], ""),
    ];
    answers.extend(rest());
    let audit = audit_api(&script(answers)).unwrap();
    assert_eq!(names(&audit), ["b", "c"]);
    assert!(audit.unseen.is_empty());
    let mut answers = vec![page(&["a"], "x")];
    answers.extend([gone(), gone(), gone(), gone()]);
    answers.extend(rest());
    let error = audit_api(&script(answers)).unwrap();
    assert_eq!(error.unseen.len(), 1, "{error:?}");
}

#[test]
fn what_fails_behind_the_first_page_is_said() {
    let api = script(vec![
        page(&["a"], "x"),
        whole(503, r#"{"message":"etcdserver: no leader"}"#),
        page(&["p"], "y"),
        whole(200, "not JSON"),
    ]);
    let audit = audit_api(&api).unwrap();
    assert_eq!(names(&audit), ["a"]);
    assert_eq!(audit.tokens[0].mounted_by, None);
    assert_eq!(audit.tokens[0].is_listed, None);
    assert_eq!(
        unseen(&audit),
        [
            "Secrets: the API server answers 503: etcdserver: no leader",
            "pods in ci: the answer is no list: it cannot be read",
            "serviceaccounts in ci: nobody is there",
            "since when uses are taken down: nobody is there",
        ]
    );
}

#[test]
fn one_object_that_is_too_large_is_named_and_passed_over() {
    let mut answers = vec![page(&["a"], "")];
    answers.extend(vec![Reply::TooLarge; 7]);
    answers.extend([
        page(&["giant"], "behind"),
        page(&["p"], ""),
        page(&[], ""),
        whole(404, ""),
    ]);
    let api = script(answers);
    let audit = audit_api(&api).unwrap();
    assert_eq!(
        unseen(&audit),
        ["pods in ci: giant: it is larger than the 1 MiB that is read at once"]
    );
    let asked = api.asked.borrow();
    let named = asked
        .iter()
        .position(|path| path.contains("pods?limit=1 (metadata)"));
    assert!(asked[named.unwrap() + 1].contains("&continue=behind"));
}

#[test]
fn a_server_that_gives_nonsense_is_left() {
    for (answer, part) in [
        (whole(200, "{}}"), "cannot be read"),
        (page(&["a"], "x&limit=9"), "no token"),
        (whole(500, "<html>"), "without a reason"),
    ] {
        let api = script(vec![answer; 3]);
        let said = match audit_api(&api) {
            Ok(audit) => unseen(&audit).join("\n"),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(part), "{said}");
    }
}

/// Gives the same page for ever.
struct Endless;

impl Api for Endless {
    fn ask(&self, _: &str, _: &'static str) -> Result<Reply, ApiError> {
        Ok(page(&[], "x"))
    }
}

#[test]
fn pages_without_an_end_are_left() {
    let audit = audit_api(&Endless).unwrap();
    assert_eq!(
        unseen(&audit),
        ["Secrets: the API server gives pages without an end"]
    );
}

/// Gives a page with a token in a namespace of its own each time, for ever, and takes its time.
struct Slow {
    asked: std::cell::Cell<usize>,
}

impl Api for Slow {
    fn ask(&self, _: &str, _: &'static str) -> Result<Reply, ApiError> {
        std::thread::sleep(Duration::from_millis(10));
        let number = self.asked.replace(self.asked.get() + 1);
        let body = format!(
            r#"{{"metadata":{{"continue":"x"}},"items":[{{"metadata":{{"name":"a","namespace":"n{number}"}}}}]}}"#
        );
        Ok(whole(200, &body))
    }
}

#[test]
fn asking_has_an_end_and_what_was_not_seen_is_said() {
    let api = Slow { asked: 0.into() };
    let begun = std::time::Instant::now();
    let audit = audit_within(Duration::from_millis(100), &api).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    let found = audit.tokens.len();
    assert!((1..=10).contains(&found), "{found}");
    let unseen = unseen(&audit);
    let begins = [
        "Secrets: ",
        "pods in n0",
        "serviceaccounts in n0",
        "since when",
    ];
    assert_eq!(unseen.len(), begins.len(), "{unseen:?}");
    for (text, begin) in unseen.iter().zip(begins) {
        assert!(text.starts_with(begin), "{text}");
        assert!(text.contains("the time is up"), "{text}");
    }
    assert_eq!(audit.tokens[0].mounted_by, None);
    assert!(!audit.is_clean());
    // Not even the first page came in time.
    let nothing = audit_within(Duration::ZERO, &api);
    assert!(matches!(nothing, Err(ApiError::TimeIsUp { .. })));
}
