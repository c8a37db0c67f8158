//! Looks at a credential: its facts, and the answer of this node's API server.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::facts::{CertificateFacts, KeyFit, Part, ServerFacts, TokenFacts, TokenKind, Way};
use super::presented::{KeyFile, Presented};
use crate::authentication::{Answer, ApiServer, JsonWebToken, authority_of};
use crate::evidence::with_causes;
use crate::kubernetes::{Cluster, Context, KeySource, Login, Source};
use crate::node::{Root, Secrecy, read_operand};
use crate::pki::{Certificate, PrivateKey, SignatureCheck, read_certificates};

/// Who looks, and at what it is held.
pub(super) struct Look<'a> {
    pub(super) root: &'a Root,
    pub(super) server: &'a ApiServer,
    /// Where relative paths of a kubeconfig begin; none for standard input.
    pub(super) folder: Option<&'a Path>,
    pub(super) now: OffsetDateTime,
}

/// What a part of a credential came to: its facts, where it can be read, and the answer to it alone.
type Judged = (Option<Part>, Answer);

impl Look<'_> {
    /// Each way in.
    pub(super) fn ways(&self, presented: Presented) -> Vec<Way> {
        match presented {
            Presented::Kubeconfig(contexts) => contexts
                .iter()
                .map(|context| self.context(context))
                .collect(),
            Presented::Certificates { chain, key } => {
                let key = key.map(Ok);
                vec![alone(self.certificate(
                    "in the file".to_owned(),
                    &chain,
                    key,
                ))]
            }
            Presented::Token(token) => {
                vec![alone(self.token("in the file".to_owned(), &token))]
            }
        }
    }

    fn context(&self, context: &Context) -> Way {
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
            Some(Err(error)) => {
                way.answer = Answer::Unusable {
                    because: with_causes(error),
                };
            }
            None => {}
        }
        match &context.login {
            Ok(login) => {
                let (parts, answer) = self.login(login);
                way.parts = parts;
                // A user without a context may be given one.
                if way.server.is_some() || context.name.is_none() {
                    way.answer = answer;
                }
                way.impersonates = impersonated(login);
            }
            Err(error) => {
                way.answer = Answer::Unusable {
                    because: with_causes(error),
                };
            }
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
        let token = match (&login.token_file, &login.token) {
            (Some(path), token) => match (self.file(path), token) {
                (Ok(text), _) => {
                    let text = String::from_utf8_lossy(&text);
                    Some((format!("in {path}"), Zeroizing::new(text.trim().to_owned())))
                }
                (Err(_), Some(token)) => Some(("embedded".to_owned(), token.clone())),
                (Err(because), None) => {
                    return (Vec::new(), Answer::Unusable { because });
                }
            },
            (None, Some(token)) => Some(("embedded".to_owned(), token.clone())),
            (None, None) => None,
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
        // What a program fetches comes behind what is there.
        if let Some(command) = &login.exec {
            let on = format!("what the program {command} fetches");
            judged.push((Some(Part::Exec(command.clone())), Answer::Open { on }));
        } else if let Some(provider) = &login.auth_provider {
            let because = format!("the auth-provider {provider} is gone from client-go");
            judged.push((
                Some(Part::AuthProvider(provider.clone())),
                Answer::Unusable { because },
            ));
        }
        let (parts, answers): (Vec<Option<Part>>, Vec<Answer>) = judged.into_iter().unzip();
        (
            parts.into_iter().flatten().collect(),
            self.together(answers),
        )
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

    /// A certificate, and what becomes of a client that has its key, if that is one which fits.
    fn certificate(
        &self,
        place: String,
        chain: &[Certificate],
        key: Option<Result<KeyFile, String>>,
    ) -> Judged {
        let Some(leaf) = chain.first() else {
            return (None, self.server.answer_nothing("no certificate"));
        };
        let key = fit(leaf, key);
        let answer = match &key {
            KeyFit::No(because) => Answer::Unusable {
                because: because.clone(),
            },
            KeyFit::Fits | KeyFit::Absent => self.server.answer_certificate(chain, self.now),
        };
        let authorities = self.server.client_authorities.as_ref();
        let leads_to = authorities.and_then(|file| {
            let authority = authority_of(chain, file, self.now)?;
            Some(format!("{authority} in {}", file.path.display()))
        });
        let facts = CertificateFacts {
            place,
            subject: leaf.subject(),
            issuer: leaf.issuer(),
            serial: leaf.serial().to_string(),
            not_before: leaf.not_before(),
            not_after: leaf.not_after(),
            usages: leaf.extended_key_usages().to_vec(),
            leads_to,
            key,
        };
        (Some(Part::Certificate(Box::new(facts))), answer)
    }

    fn token(&self, place: String, token: &str) -> Judged {
        let kind = match JsonWebToken::parse(token) {
            Ok(parsed) => TokenKind::Signed {
                is_service_account: self.server.service_accounts.takes(&parsed),
                claims: Box::new(parsed.claims.clone()),
            },
            Err(_) => bootstrap(token).map_or(TokenKind::Opaque, TokenKind::Bootstrap),
        };
        let answer = self.server.answer_token(token, self.now);
        (
            Some(Part::Token(Box::new(TokenFacts { place, kind }))),
            answer,
        )
    }

    /// Where a context leads, and whether a client would believe this node's API server there.
    fn server_of(&self, cluster: &Cluster) -> Option<ServerFacts> {
        Some(ServerFacts {
            url: cluster.server()?.to_owned(),
            distrust: self.distrust(cluster).err(),
        })
    }

    fn distrust(&self, cluster: &Cluster) -> Result<(), String> {
        let Some(Ok(serving)) = self
            .server
            .serving
            .as_ref()
            .map(|file| file.content.as_ref())
        else {
            return Ok(());
        };
        let Some(leaf) = serving.first() else {
            return Ok(());
        };
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
            return Err(
                "none of its authorities has signed this node's API server's certificate"
                    .to_owned(),
            );
        }
        if leaf.not_after() < self.now {
            return Err(format!(
                "the API server's own certificate ended at {}: kubectl fails before it asks",
                super::super::render::date(leaf.not_after())
            ));
        }
        Ok(())
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
            read_operand(&place).map(Zeroizing::new)
        };
        read.map_err(|error| with_causes(&error))
    }
}

fn alone((part, answer): Judged) -> Way {
    Way {
        context: None,
        is_current: true,
        server: None,
        parts: part.into_iter().collect(),
        impersonates: None,
        answer,
    }
}

fn fit(leaf: &Certificate, key: Option<Result<KeyFile, String>>) -> KeyFit {
    let file = match key {
        None => return KeyFit::Absent,
        Some(Err(because)) => return KeyFit::No(because),
        Some(Ok(file)) => file,
    };
    match PrivateKey::from_pem(&file.text, Some(leaf)) {
        Ok(key) if key.fits(leaf) => KeyFit::Fits,
        Ok(_) => KeyFit::No(format!(
            "the key ({}) is that of another certificate",
            file.place
        )),
        Err(error) => KeyFit::No(format!("the key ({}): {}", file.place, with_causes(&error))),
    }
}

/// The public part of a bootstrap token (`BootstrapTokenPattern` in `k8s.io/cluster-bootstrap/token/api`).
fn bootstrap(token: &str) -> Option<String> {
    let (id, secret) = token.split_once('.')?;
    let of = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    (of(id, 6) && of(secret, 16)).then(|| id.to_owned())
}

fn impersonated(login: &Login) -> Option<String> {
    let groups = login.impersonated_groups.join(", ");
    match (&login.impersonated, groups.is_empty()) {
        (Some(user), true) => Some(user.clone()),
        (Some(user), false) => Some(format!("{user}, of {groups}")),
        (None, _) => None,
    }
}
