//! What `whoami` predicts is what the real API server answers.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use serde_json::{Value, json};

use super::api_server::{
    Answer, ApiServer, CLIENT, Credential, NOBODY, REVIEW, REVIEWS, SERVER, bearer,
};
use super::credentials::{FOLDER, Signer, certificates};
use super::support::program::Run;
use super::support::secrets::Secrets;
use super::support::tree::Tree;

/// The issuer of kubeadm's API servers.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

const OBJECTS: &str = r"
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: default}
---
apiVersion: v1
kind: Secret
metadata: {name: robot-token, namespace: default, annotations: {kubernetes.io/service-account.name: robot}}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Secret
metadata: {name: robot-bound, namespace: default}
type: Opaque
---
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
type: bootstrap.kubernetes.io/token
stringData: {token-id: abcdef, token-secret: 0123456789abcdef, usage-bootstrap-authentication: 'true'}
";

/// Nobody listens there.
const WEBHOOK: &str = "\
clusters: [{name: w, cluster: {server: 'https://127.0.0.1:1/'}}]
contexts: [{name: w, context: {cluster: w, user: ''}}]
current-context: w
";

/// What was shown, what was predicted, what was answered.
struct Case {
    name: String,
    predicted: Value,
    answered: Answer,
}

impl Case {
    /// Why the two differ, if they do. What depends on the cluster's objects is said to: it is known, unless those are gone.
    fn difference(&self) -> Option<String> {
        let way = &self.predicted["ways"][0];
        let known = self.answered.status == 201;
        match way["answer"].as_str().unwrap() {
            "known" if known => {
                let review: Value = serde_json::from_str(&self.answered.body).unwrap();
                let user = &review["status"]["userInfo"];
                let identity = &way["identity"];
                let same = user["username"] == identity["user"]
                    && user["groups"] == identity["groups"]
                    && user.get("uid") == identity.get("uid");
                (!same).then(|| format!("another person: {user} is not {identity}"))
            }
            // Who is nobody in particular may not ask who it is.
            "known" if self.name.starts_with("as-") && self.answered.status == 403 => {
                let groups = way["identity"]["groups"].as_array().unwrap();
                let is_known = groups.iter().any(|group| group == "system:authenticated");
                is_known.then(|| format!("authenticated, and {}", self.answered.status))
            }
            // The handshake failed.
            "unusable" if self.answered.status == 0 => None,
            "known" => {
                let conditions = way["identity"]["asLongAs"].as_array().unwrap();
                let may_be_gone = self.name.ends_with("-is-gone") && !conditions.is_empty();
                (!may_be_gone).then(|| format!("known, and {}", self.answered.status))
            }
            // A webhook that nobody answers knows nobody.
            "open" | "unauthorized" if self.answered.status == 401 => None,
            "anonymous" if self.answered.status == 403 => None,
            other => Some(format!("{other}, and {}", self.answered.status)),
        }
    }
}

struct Trial<'a> {
    server: &'a ApiServer,
    secrets: Secrets,
    cases: Vec<Case>,
}

impl Trial<'_> {
    fn certificate(&mut self, name: &str) {
        let paths = ["crt", "key"].map(|kind| format!("{FOLDER}/{name}.{kind}"));
        let answered = self.server.who_is(Credential {
            certificate: Some((&paths[0], &paths[1])),
            ..NOBODY
        });
        self.case(name, &paths[0], answered);
    }

    fn kubeconfig(&mut self, path: &str) {
        let file = self.server.machine().node().file(path);
        let said = self.server.machine().shell(&format!(
            "PATH='{}':$PATH kubectl --kubeconfig '{path}' --server {SERVER} create --raw {REVIEWS} --filename - \
             <<<'{REVIEW}' 2>&1 || :",
            self.server.programs().display()
        ));
        assert!(file.exists());
        let refused = [
            "(Unauthorized)",
            "asked for the client to provide credentials",
        ];
        let status = if said.starts_with('{') {
            201
        } else if refused.iter().any(|words| said.contains(words)) {
            401
        } else {
            0
        };
        self.case(path, path, Answer { status, body: said });
    }

    fn token(&mut self, name: &str, token: &str) {
        let answered = self.server.who_is(bearer(token));
        let path = format!("{FOLDER}/{name}");
        self.server.write(&path, token);
        let said = self.case(name, &path, answered);
        let signature = token.rsplit('.').next().unwrap();
        assert!(
            signature.len() < 8 || !said.contains(signature),
            "{name}: the token shows"
        );
    }

    /// A token that was shown before, once more.
    fn kept_token(&mut self, name: &str) {
        let node = self.server.machine().node();
        let token = String::from_utf8(node.read(&format!("{FOLDER}/{name}"))).unwrap();
        self.token(name, &token);
    }

    /// Both forms of the output, and the run that said the second.
    fn said(&self, path: &str) -> (String, Run) {
        let file = self.server.machine().node().file(path);
        let file = file.to_str().unwrap();
        let runs = [&["whoami", file][..], &["whoami", file, "-o", "json"]].map(|arguments| {
            let run = self.server.rekindle(arguments);
            assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
            run
        });
        let said = runs
            .each_ref()
            .map(|run| format!("{}{}", run.stdout, run.stderr));
        let [_, json] = runs;
        (said.concat(), json)
    }

    /// What was said of it.
    fn case(&mut self, name: &str, path: &str, answered: Answer) -> String {
        let (said, run) = self.said(path);
        assert!(!self.secrets.are_in(said.as_bytes()), "{name}: a key shows");
        let predicted: Value = serde_json::from_str(&run.stdout).unwrap();
        let is_known = predicted["ways"][0]["answer"] == "known";
        assert_eq!(run.code, Some(i32::from(!is_known)), "{name}");
        self.cases.push(Case {
            name: name.to_owned(),
            predicted,
            answered,
        });
        said
    }
}

#[test]
fn what_whoami_predicts_is_what_the_server_answers() {
    let Some(server) = ApiServer::prepare() else {
        return;
    };
    let node = server.machine().node();
    let names = certificates(node);
    server.start(&[CLIENT]);
    let mut trial = Trial {
        server: &server,
        secrets: Secrets::of(&Tree::read(node.path())),
        cases: Vec::new(),
    };
    for name in &names {
        trial.certificate(name);
    }
    for path in [
        "admin.conf",
        "super-admin.conf",
        "kubelet.conf",
        "scheduler.conf",
    ] {
        trial.kubeconfig(&format!("/etc/kubernetes/{path}"));
    }
    tokens(&mut trial);
    otherwise_configured(&mut trial);
    let mut report = String::new();
    let mut differ = Vec::new();
    for case in &trial.cases {
        let way = &case.predicted["ways"][0];
        let cause = way["causes"][0]["cause"].as_str().unwrap_or_default();
        writeln!(
            report,
            "{:40} {:13} {:20} {}",
            case.name,
            way["answer"].as_str().unwrap(),
            cause,
            case.answered.status
        )
        .unwrap();
        if let Some(difference) = case.difference() {
            differ.push(format!("{}: {difference}", case.name));
        }
    }
    println!("{report}");
    assert!(differ.is_empty(), "{differ:#?}\n{report}");
    assert_eq!(trial.cases.len(), 64);
    let causes: std::collections::BTreeSet<&str> = trial
        .cases
        .iter()
        .filter_map(|case| case.predicted["ways"][0]["causes"][0]["cause"].as_str())
        .collect();
    let expected = [
        "empty-name",
        "expired",
        "forged-signature",
        "not-yet-valid",
        "unfit-certificate",
        "unknown-authority",
        "unknown-key",
        "unknown-token",
        "wrong-audience",
        "wrong-usage",
    ];
    for cause in expected {
        assert!(causes.contains(cause), "{cause} is not among {causes:?}");
    }
}

/// Without a front proxy, who has no name is nobody in particular; and there are static tokens.
fn otherwise_configured(trial: &mut Trial<'_>) {
    let server = trial.server;
    let path = "/etc/kubernetes/tokens.csv";
    server.write(
        path,
        "hunter3hunter3hunter3,jane,u-1,\"a,system:masters\"\nhunter4hunter4hunter4,john,\n",
    );
    let flag = format!("token-auth-file={path}");
    server.set_flags(&[&flag], &["requestheader-client-ca-file"]);
    server.start(&[CLIENT]);
    for name in ["without-name", "good", "expired"] {
        trial.certificate(name);
    }
    trial.token("static", "hunter3hunter3hunter3");
    trial.token("static-of-john", "hunter4hunter4hunter4");
    trial.token("no-static-one", "hunter5hunter5hunter5");
    server.set_flags(&["anonymous-auth=false"], &["requestheader-client-ca-file"]);
    server.start(&[CLIENT]);
    trial.certificate("without-name");
    // Whom all others refuse the webhook is asked about.
    let webhook = "/etc/kubernetes/webhook.conf";
    server.write(webhook, WEBHOOK);
    let asks = format!("authentication-token-webhook-config-file={webhook}");
    server.set_flags(&[&asks], &[]);
    server.start(&[CLIENT]);
    trial.token("for-the-webhook", "hunter5hunter5hunter5");
    trial.kept_token("expired-token");
    // Tokens alone let anybody in.
    server.write(path, "hunter6hunter6hunter6,root,0,system:masters\n");
    server.set_flags(&[&flag], &["client-ca-file"]);
    server.start(&[bearer("hunter6hunter6hunter6")]);
    trial.certificate("good");
}

fn tokens(trial: &mut Trial<'_>) {
    let server = trial.server;
    server.apply(OBJECTS);
    let create = |more: &[&str]| {
        let mut arguments = vec!["create", "token", "robot"];
        arguments.extend(more);
        server.kubectl(&arguments).trim().to_owned()
    };
    trial.token("bound", &create(&[]));
    trial.token("for-another", &create(&["--audience=https://vault"]));
    let bound = create(&[
        "--bound-object-kind=Secret",
        "--bound-object-name=robot-bound",
    ]);
    trial.token("bound-to-a-secret", &bound);
    server.kubectl(&["delete", "secret", "robot-bound"]);
    trial.token("bound-to-a-secret-that-is-gone", &bound);

    let uid = server.kubectl(&[
        "get",
        "serviceaccount",
        "robot",
        "--output=jsonpath={.metadata.uid}",
    ]);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let claims = |from: i64, to: i64| {
        let moment = |offset: i64| now.cast_signed() + offset;
        json!({
            "iss": ISSUER, "aud": [ISSUER], "sub": "system:serviceaccount:default:robot",
            "iat": moment(from), "nbf": moment(from), "exp": moment(to),
            "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "robot", "uid": uid}},
        })
    };
    let signer = Signer::with(server.machine().node(), "/etc/kubernetes/pki/sa.key");
    trial.token("made-with-sa-key", &signer.sign(&claims(-60, 600)));
    trial.token("expired-token", &signer.sign(&claims(-900, -300)));
    trial.token("not-yet-valid-token", &signer.sign(&claims(300, 900)));
    // Clocks may differ by a minute.
    trial.token("just-expired-token", &signer.sign(&claims(-900, -20)));
    trial.token("begins-in-a-moment", &signer.sign(&claims(40, 900)));
    let mut other = claims(-60, 600);
    other["iss"] = json!("https://issuer.example.test");
    trial.token("of-another-issuer", &signer.sign(&other));
    let mut without = claims(-60, 600);
    without.as_object_mut().unwrap().remove("aud");
    trial.token("without-audience", &signer.sign(&without));
    let mut odd = claims(-60, 600);
    odd["exp"] = json!("tomorrow");
    trial.token("end-in-words", &signer.sign(&odd));
    trial.token("confused", &signer.confused(&claims(-60, 600)));
    trial.token("unsigned", &signer.unsigned(&claims(-60, 600)));
    let forger = Signer::with(server.machine().node(), &format!("{FOLDER}/stranger.key"));
    trial.token("by-a-stranger", &forger.sign(&claims(-60, 600)));
    let header = json!({"alg": "ES256", "kid": signer.identifier});
    trial.token(
        "by-a-stranger-in-its-name",
        &forger.sign_as(&header, &claims(-60, 600)),
    );
    trial.token(
        "without-key-identifier",
        &signer.sign_as(&json!({"alg": "ES256"}), &claims(-60, 600)),
    );
    trial.token("opaque", "hunter2hunter2hunter2");
    // As people bring them: cut, wrapped, with too much about them.
    let good = signer.sign(&claims(-60, 600));
    trial.token("cut-in-the-signature", &good[..good.len() - 12]);
    trial.token("cut-in-the-claims", &good[..good.len() / 2]);
    let wrapped = base64::engine::general_purpose::STANDARD.encode(&good);
    trial.token("base64-of-a-token", &wrapped);
    trial.token("bootstrap", "abcdef.0123456789abcdef");
    trial.token("bootstrap-that-is-gone", "fedcba.0123456789abcdef");

    // No controller-manager runs here: this is what it would write.
    let secret = |secret: &str| {
        json!({
            "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:default:robot",
            "kubernetes.io/serviceaccount/namespace": "default",
            "kubernetes.io/serviceaccount/secret.name": secret,
            "kubernetes.io/serviceaccount/service-account.name": "robot",
            "kubernetes.io/serviceaccount/service-account.uid": uid,
        })
    };
    let legacy = signer.sign(&secret("robot-token"));
    let patch = json!({"stringData": {"token": legacy}}).to_string();
    server.kubectl(&["patch", "secret", "robot-token", "--patch", &patch]);
    trial.token("legacy", &legacy);
    trial.token(
        "legacy-that-is-gone",
        &signer.sign(&secret("no-such-secret")),
    );
    let mut unlike = secret("robot-token");
    unlike["sub"] = json!("system:serviceaccount:kube-system:robot");
    trial.token("legacy-that-contradicts-itself", &signer.sign(&unlike));
}
