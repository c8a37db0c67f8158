//! The static token file: the oldest way in, without an end.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use super::ApiServerAuthentication;
use super::authenticator::{Authenticator, AuthenticatorName};
use super::csv;
use crate::digest::Sha256Digest;
use crate::kubernetes::{MASTERS_GROUP, is_above_rbac};

/// What `--token-auth-file` names, as `NewCSV` in `k8s.io/apiserver/pkg/authentication/token/tokenfile` reads it: of each token its
/// SHA-256 alone is kept.
pub struct TokenFile {
    tokens: HashMap<Sha256Digest, StaticToken>,
    /// Permission bits of the file: its tokens are in the clear.
    pub mode: u32,
}

/// Whom a static token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticToken {
    /// The second column.
    pub user: String,
    /// The third column.
    pub uid: String,
    /// The fourth column, split at its commas.
    pub groups: Vec<String>,
}

/// Why kube-apiserver would not start with the file; nothing of it is quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFileError {
    /// It is no CSV.
    #[error(transparent)]
    Csv(#[from] csv::CsvError),
    /// A record has less than three columns.
    #[error("record {record} has {columns} columns, less than token, user and uid")]
    Columns {
        /// Counted from one.
        record: usize,
        /// How many there are.
        columns: usize,
    },
}

impl TokenFile {
    /// Reads the file. A record with an empty token is passed over; of two with the same token the last one counts.
    pub fn parse(bytes: &[u8], mode: u32) -> Result<Self, TokenFileError> {
        let mut tokens = HashMap::new();
        for (index, record) in csv::records(bytes)?.into_iter().enumerate() {
            let [token, user, uid, rest @ ..] = record.as_slice() else {
                return Err(TokenFileError::Columns {
                    record: index + 1,
                    columns: record.len(),
                });
            };
            if token.is_empty() {
                continue;
            }
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let groups = rest.first().map_or_else(Vec::new, |groups| {
                text(groups).split(',').map(str::to_owned).collect()
            });
            let known = StaticToken {
                user: text(user),
                uid: text(uid),
                groups,
            };
            tokens.insert(Sha256Digest::of(token), known);
        }
        Ok(Self { tokens, mode })
    }

    /// How many tokens are good.
    pub fn count(&self) -> usize {
        self.tokens.len()
    }

    /// Whom a token stands for.
    pub fn find(&self, token: &[u8]) -> Option<&StaticToken> {
        self.tokens.get(&Sha256Digest::of(token))
    }

    /// How many of them stand for somebody above RBAC.
    fn masters(&self) -> usize {
        let tokens = self.tokens.values();
        tokens.filter(|token| is_above_rbac(&token.groups)).count()
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The digest of a token that a person made up is soon guessed.
        let Self { tokens, mode } = self;
        formatter
            .debug_struct("TokenFile")
            .field("tokens", &tokens.len())
            .field("mode", mode)
            .finish()
    }
}

pub(super) fn authenticator(server: &ApiServerAuthentication) -> Authenticator {
    let file = server.static_tokens.as_ref();
    let mut authenticator = Authenticator::new(AuthenticatorName::StaticTokens, file.is_some())
        .with_advice(
            "no effect: its tokens have no end and need no certificate of the cluster; a way in as soon as the API server serves",
            "passwords in the clear, on the disk and in every backup of it, that never end; one is taken back by a restart alone",
            "take the flag out of the manifest: OIDC for people, service accounts for programs; for an emergency: rekindle credential issue",
        );
    let Some(file) = file else {
        return authenticator;
    };
    authenticator.set("--token-auth-file", file.path.to_string_lossy());
    match &file.content {
        Ok(tokens) => {
            let count = tokens.count();
            authenticator.tokens = Some(count);
            let plural = if count == 1 { "" } else { "s" };
            let mut risk = format!("{count} token{plural} in the clear");
            // A `String` takes everything.
            let masters = tokens.masters();
            if masters > 0 {
                let group = MASTERS_GROUP;
                let _ = write!(risk, ", {masters} of them above RBAC ({group})");
            }
            let mode = tokens.mode & 0o7777;
            if mode & 0o077 != 0 {
                let _ = write!(risk, ", and others may open the file (mode {mode:04o})");
            }
            authenticator.risk = format!("{risk}; {}", authenticator.risk);
        }
        Err(error) => authenticator.fail_to_start(super::API_SERVER, error),
    }
    authenticator
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<TokenFile, TokenFileError> {
        TokenFile::parse(text.as_bytes(), 0o600)
    }

    #[test]
    fn a_token_is_found_by_itself_alone() {
        let file =
            parse("hunter2,me,1,\"a,b\"\n,nobody,2\nhunter3,you,3\nhunter2,they,4,\"\"\n").unwrap();
        assert_eq!(file.count(), 2);
        let they = file.find(b"hunter2").unwrap();
        assert_eq!((they.user.as_str(), they.uid.as_str()), ("they", "4"));
        // strings.Split of nothing is one empty group.
        assert_eq!(they.groups, [""]);
        assert!(file.find(b"hunter3").unwrap().groups.is_empty());
        assert_eq!(file.find(b""), None);
        assert!(!format!("{file:?}").contains("hunter"));
    }

    #[test]
    fn one_bad_record_spoils_the_file() {
        let error = parse("hunter2,me,1\nhunter2,me\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "record 2 has 2 columns, less than token, user and uid"
        );
        let error = parse("hunter2,me,\"1\nhunter2").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter"));
    }
}
