//! Looks at a kubeconfig: what each context presents, and where.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::facts::{Part, ServerFacts, Way};
use super::look::{Judged, Look};
use super::presented::{KeyFile, LONGEST};
use crate::authentication::Answer;
use crate::evidence::{moment, with_causes};
use crate::kubernetes::{
    Cluster, Context, KeySource, KubeconfigError, Login, Source, without_password,
};
use crate::node::{Secrecy, read_operand};
use crate::pki::{AlternativeName, Certificate, SignatureCheck, read_certificates};

impl Look<'_> {
    /// One context, or a user without one.
    pub(super) fn context(&self, context: &Context) -> Way {
        let mut way = Way {
            context: context.name.clone(),
            is_current: context.is_current,
            server: None,
            parts: Vec::new(),
            impersonates: None,
            answer: Answer::Unusable {
                because: "it names no cluster".to_owned(),
            },
        };
        match &context.cluster {
            Some(Ok(cluster)) => way.server = self.server_of(cluster),
            Some(Err(error)) => way.answer = broken(error),
            None => {}
        }
        match &context.login {
            Ok(login) => {
                let (parts, answer) = self.login(login);
                let cluster = context.cluster.as_ref();
                let cluster = cluster.and_then(|cluster| cluster.as_ref().ok());
                let fault = cluster.and_then(fault_of);
                let fault = fault.or(login.fault.map(str::to_owned));
                way.parts = parts;
                // A user without a context may be given one.
                if way.server.is_some() || context.name.is_none() {
                    way.answer = match fault {
                        Some(fault) => Answer::Unusable {
                            because: format!("client-go refuses it: {fault}"),
                        },
                        None => answer,
                    };
                }
                way.impersonates = impersonated(login);
            }
            Err(error) => way.answer = broken(error),
        }
        way
    }

    /// Everything that a user has, and what the server says to all of it together: the certificate is looked at before the token, and
    /// whoever knows the bearer has the last word (`union.New`).
    fn login(&self, login: &Login) -> (Vec<Part>, Answer) {
        let mut judged = Vec::new();
        if let Some(source) = &login.certificate {
            judged.push(self.embedded_certificate(source, login.key.as_ref()));
        }
        let token = match self.bearer_token(login) {
            Ok(token) => token,
            Err(because) => return (Vec::new(), Answer::Unusable { because }),
        };
        if login.basic {
            if token.is_some() {
                let because = "it has a password and a token, of which client-go takes but one";
                return (
                    vec![Part::Basic],
                    Answer::Unusable {
                        because: because.to_owned(),
                    },
                );
            }
            let answer = self
                .server
                .answer_nothing("no API server takes passwords since 1.19");
            judged.push((Some(Part::Basic), answer));
        }
        judged.extend(token.map(|(place, token)| self.token(place, &token)));
        judged.extend(self.fetched(login, judged.is_empty()));
        let (parts, answers): (Vec<Option<Part>>, Vec<Answer>) = judged.into_iter().unzip();
        (
            parts.into_iter().flatten().collect(),
            self.together(answers),
        )
    }

    /// The bearer token that a client sends, and where it lies; why it sends nothing at all, where that is so.
    fn bearer_token(&self, login: &Login) -> Result<Option<(String, Zeroizing<String>)>, String> {
        let embedded = |token: &Zeroizing<String>| ("embedded".to_owned(), token.clone());
        let token = match (&login.token_file, &login.token) {
            (Some(path), token) => match (self.file(path), token) {
                (Ok(text), _) if !text.trim_ascii().is_empty() => {
                    let text = String::from_utf8_lossy(&text);
                    Some((format!("in {path}"), Zeroizing::new(text.trim().to_owned())))
                }
                (Ok(_), None) => return Err(format!("{path} is empty")),
                (Ok(_) | Err(_), Some(token)) => Some(embedded(token)),
                (Err(because), None) => return Err(because),
            },
            (None, Some(token)) => Some(embedded(token)),
            (None, None) => None,
        };
        // Go sends no such header (`net/http: invalid header field value`).
        if token
            .as_ref()
            .is_some_and(|(_, token)| token.contains(char::is_control))
        {
            return Err("its token has a line break in it, or another control character, which no HTTP header may have".to_owned());
        }
        // The server takes the first word (`bearertoken` in `k8s.io/apiserver`).
        let first = |token: &str| token.split(' ').next().unwrap_or_default().to_owned();
        Ok(token.map(|(place, token)| (place, Zeroizing::new(first(&token)))))
    }

    /// What a program or a plug-in brings: nothing, where there is anything else (`UpdateTransportConfig` of client-go's
    /// `plugin/pkg/client/auth/exec`).
    fn fetched(&self, login: &Login, is_alone: bool) -> Option<Judged> {
        if let Some(command) = &login.exec {
            let on = format!("what the program {command} fetches");
            return is_alone.then(|| (Some(Part::Exec(command.clone())), Answer::Open { on }));
        }
        let provider = login.auth_provider.as_ref()?;
        if !is_alone {
            return None;
        }
        let part = Some(Part::AuthProvider(provider.clone()));
        match (provider.as_str(), &login.id_token) {
            ("oidc", Some(token)) => {
                Some(self.token("id-token of the auth-provider".to_owned(), token))
            }
            ("oidc", None) => Some((
                part,
                Answer::Open {
                    on: "the token that its issuer gives for the refresh-token".to_owned(),
                },
            )),
            _ => {
                let because = format!("the auth-provider {provider} is gone from client-go");
                Some((part, Answer::Unusable { because }))
            }
        }
    }

    fn together(&self, answers: Vec<Answer>) -> Answer {
        let mut refused = Vec::new();
        let mut last = None;
        for answer in answers {
            match answer {
                Answer::Known(_) | Answer::Unusable { .. } => return answer,
                Answer::Unauthorized(mut causes) => refused.append(&mut causes),
                Answer::Open { .. } | Answer::Anonymous { .. } => last = last.or(Some(answer)),
            }
        }
        match last {
            Some(open @ Answer::Open { .. }) => open,
            _ if !refused.is_empty() => Answer::Unauthorized(refused),
            Some(answer) => answer,
            None => self.server.answer_nothing("nothing is presented"),
        }
    }

    fn embedded_certificate(&self, source: &Source, key: Option<&KeySource>) -> Judged {
        let (place, text) = match source {
            Source::Embedded(pem) => ("embedded".to_owned(), Ok(pem.clone())),
            Source::File(path) => (
                format!("in {path}"),
                self.file(path).map(|text| text.to_vec()),
            ),
        };
        let chain = text.and_then(|text| {
            read_certificates(&text).map_err(|error| format!("{place}: {}", with_causes(&error)))
        });
        let chain = match chain {
            Ok(chain) => chain,
            Err(because) => return (None, Answer::Unusable { because }),
        };
        let key = key.map(|key| match key {
            KeySource::Embedded(text) => Ok(KeyFile {
                place: "embedded".to_owned(),
                text: text.clone(),
            }),
            KeySource::File(path) => self.file(path).map(|text| KeyFile {
                place: path.clone(),
                text,
            }),
        });
        // client-go demands both.
        let key = key.unwrap_or_else(|| Err("there is no key for its certificate".to_owned()));
        self.certificate(place, &chain, Some(key))
    }

    /// Where a context leads, and whether a client would believe this node's API server there.
    fn server_of(&self, cluster: &Cluster) -> Option<ServerFacts> {
        Some(ServerFacts {
            url: without_password(cluster.server()?),
            distrust: self.distrust(cluster).err(),
        })
    }

    /// Why a client of this kubeconfig would not ask this node's API server, by the certificate which that one shows.
    fn distrust(&self, cluster: &Cluster) -> Result<(), String> {
        let serving = self.server.serving.as_ref();
        let serving = serving.and_then(|file| file.content.as_ref().ok());
        let Some(leaf) = serving.and_then(|chain| chain.first()) else {
            return Ok(());
        };
        if cluster.skips_verification() {
            return Ok(());
        }
        let text = match cluster.certificate_authority() {
            Some(Source::Embedded(pem)) => pem.clone(),
            Some(Source::File(path)) => self.file(path)?.to_vec(),
            None => return Ok(()),
        };
        let authorities = read_certificates(&text)
            .map_err(|error| format!("its certificate authority: {}", with_causes(&error)))?;
        let believes =
            |authority: &Certificate| leaf.check_signature(authority) != SignatureCheck::Invalid;
        if !authorities.iter().any(believes) {
            return Err("the CA in this kubeconfig has not signed the certificate of this node's API server (x509: certificate signed by unknown authority)".to_owned());
        }
        if self.now < leaf.not_before() {
            let begin = moment(leaf.not_before());
            return Err(format!(
                "the API server's own certificate begins at {begin}"
            ));
        }
        if self.now > leaf.not_after() {
            let end = moment(leaf.not_after());
            return Err(format!(
                "the API server's own certificate ended at {end}: {}",
                self.root.command("recover")
            ));
        }
        let asked = cluster.asked_name();
        let name = asked.and_then(|name| name.parse::<AlternativeName>().ok());
        match (asked, name) {
            (Some(asked), Some(name)) if !leaf.has_alternative_name(&name) => Err(format!(
                "the certificate of this node's API server is not for {asked}"
            )),
            _ => Ok(()),
        }
    }

    /// A file that a kubeconfig names: absolute ones are the node's, relative ones lie beside the kubeconfig.
    fn file(&self, path: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        let named = Path::new(path);
        let read = if named.is_absolute() && !self.root.is_machine() {
            self.root
                .read(named, Secrecy::Public)
                .map(|file| file.bytes.clone())
        } else {
            let place: PathBuf = match self.folder {
                Some(folder) => folder.join(named),
                None if named.is_absolute() => named.to_owned(),
                None => {
                    return Err(format!(
                        "{path} is relative to a kubeconfig that came by standard input"
                    ));
                }
            };
            read_operand(&place, LONGEST)
        };
        read.map_err(|error| with_causes(&error))
    }
}

/// Why a client does not even connect.
fn fault_of(cluster: &Cluster) -> Option<String> {
    let is_plain = |url: &str| url.to_ascii_lowercase().starts_with("http://");
    if cluster.server().is_some_and(is_plain) {
        return Some(
            "its server is asked without TLS, and this API server answers with TLS alone"
                .to_owned(),
        );
    }
    cluster.fault().map(str::to_owned)
}

/// What is wrong with a context, whether it is the current one or not.
fn broken(error: &KubeconfigError) -> Answer {
    let because = match error {
        KubeconfigError::NoSuchUser { user, .. } => {
            format!("its user {user:?} is not among the users")
        }
        KubeconfigError::NoSuchCluster { cluster, .. } => {
            format!("its cluster {cluster:?} is not among the clusters")
        }
        KubeconfigError::ContextWithoutUser { .. } => "it names no user".to_owned(),
        other => with_causes(other),
    };
    Answer::Unusable { because }
}

fn impersonated(login: &Login) -> Option<String> {
    let groups = login.impersonated_groups.join(", ");
    match (&login.impersonated, groups.is_empty()) {
        (Some(user), true) => Some(user.clone()),
        (Some(user), false) => Some(format!("{user}, of {groups}")),
        (None, _) => None,
    }
}
