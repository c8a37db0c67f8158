//! A list, page by page (`k8s.io/apiserver`: `limit` and `continue`).

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::object::Metadata;
use super::{Api, ApiError, Reply};

/// Metadata alone (`meta/v1`, `PartialObjectMetadataList`): whatever else an object has stays at the server.
pub(super) const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// Whole objects.
pub(super) const OBJECTS: &str = "application/json";
/// More of them has no cluster that Kubernetes supports.
const MOST_PAGES: usize = 20_000;
/// How often a list is begun again: the API server forgets after five minutes where it stood (etcd's compaction).
const RESTARTS: usize = 3;
/// A page of fewer bytes leaves room for one of twice as many objects.
const ROOM: usize = 256 << 10;

/// What is listed.
pub(super) struct List<'a> {
    pub(super) path: &'a str,
    /// A selector by fields, as it stands in a URL.
    pub(super) selector: Option<&'static str>,
    pub(super) form: &'static str,
    /// How many are asked for at once, at most.
    pub(super) limit: u32,
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: ListMetadata,
    // Go writes null for none.
    items: Option<Vec<T>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListMetadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// An object of which the server gives the metadata alone.
#[derive(Deserialize)]
pub(super) struct Partial {
    pub(super) metadata: Metadata,
}

/// Shows each page, and `None` where it begins again from the start: what was shown before may have gone since. Returns the names of
/// the objects that are too large to be looked at.
pub(super) fn list<T: DeserializeOwned>(
    api: &impl Api,
    list: &List,
    mut show: impl FnMut(Option<Vec<T>>),
) -> Result<Vec<String>, ApiError> {
    let mut limit = list.limit;
    let mut next = String::new();
    let mut restarts = 0;
    let mut too_large = Vec::new();
    for _ in 0..MOST_PAGES {
        let answer = api.ask(&path(list, limit, &next)?, list.form)?;
        let (page, length) = match answer {
            Reply::TooLarge if limit > 1 => {
                limit /= 2;
                continue;
            }
            Reply::TooLarge => {
                // Who it is, and what follows.
                let answer = api.ask(&path(list, 1, &next)?, METADATA)?;
                let Reply::Whole { status: 200, body } = answer else {
                    return Err(ApiError::TooLarge);
                };
                let page: Page<Partial> = parse(&body)?;
                let names = page.items.into_iter().flatten();
                too_large.extend(names.map(|partial| partial.metadata.name));
                let nothing = Page {
                    metadata: page.metadata,
                    items: None,
                };
                (nothing, 0)
            }
            Reply::Whole { status: 200, body } => {
                let page: Page<T> = parse(&body)?;
                (page, body.len())
            }
            Reply::Whole { status: 410, .. } if restarts == RESTARTS => {
                return Err(ApiError::Expired);
            }
            Reply::Whole { status: 410, .. } => {
                restarts += 1;
                next.clear();
                too_large.clear();
                show(None);
                continue;
            }
            Reply::Whole { status, body } => return Err(ApiError::answered(status, &body)),
        };
        if length < ROOM {
            limit = limit.saturating_mul(2).min(list.limit);
        }
        show(Some(page.items.unwrap_or_default()));
        match page.metadata.next {
            Some(after) if !after.is_empty() => next = after,
            _ => return Ok(too_large),
        }
    }
    Err(ApiError::Endless)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<Page<T>, ApiError> {
    // An error of the parser may quote what it read.
    serde_json::from_slice(body).map_err(|_| ApiError::NotAList {
        reason: "it cannot be read",
    })
}

/// The path with its query. What the server gave as the place to go on from is base64 without padding, and nothing else.
fn path(list: &List, limit: u32, next: &str) -> Result<String, ApiError> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
    if !next.bytes().all(is_token) {
        return Err(ApiError::NotAList {
            reason: "where it goes on is no token",
        });
    }
    let mut path = format!("{}?limit={limit}", list.path);
    if let Some(selector) = list.selector {
        path.push_str("&fieldSelector=");
        path.push_str(selector);
    }
    if !next.is_empty() {
        path.push_str("&continue=");
        path.push_str(next);
    }
    Ok(path)
}
