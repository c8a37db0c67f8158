//! Looks at a kubeconfig: what each context presents, and where.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::facts::{Part, ServerFacts, Way};
use super::look::{Judged, Look};
use super::presented::{KeyFile, LONGEST};
use crate::authentication::Answer;
use crate::evidence::with_causes;
use crate::kubernetes::{Cluster, Context, KeySource, Login, Source};
use crate::node::{Secrecy, read_operand};
use crate::pki::{Certificate, SignatureCheck, read_certificates};

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
            read_operand(&place, LONGEST)
        };
        read.map_err(|error| with_causes(&error))
    }
}

fn impersonated(login: &Login) -> Option<String> {
    let groups = login.impersonated_groups.join(", ");
    match (&login.impersonated, groups.is_empty()) {
        (Some(user), true) => Some(user.clone()),
        (Some(user), false) => Some(format!("{user}, of {groups}")),
        (None, _) => None,
    }
}
