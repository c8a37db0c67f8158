//! A request, as it is sent.

use super::ProbeError;

/// An HTTP request.
///
/// It is sent as HTTP/1.0 (RFC 1945), so that a server neither keeps the connection nor answers in chunks, with the `Host` of
/// RFC 9112.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    method: &'static str,
    path: String,
    accept: Option<&'static str>,
    body: Option<Body>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Body {
    content_type: &'static str,
    bytes: Vec<u8>,
}

impl HttpRequest {
    /// Asks for `path`, with its query where it has one: `/readyz?verbose`.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: "GET",
            path: path.into(),
            accept: None,
            body: None,
        }
    }

    /// The same, answered in that form alone (RFC 9110 section 12.5.1), such as `application/json`.
    #[must_use]
    pub fn accepting(self, form: &'static str) -> Self {
        Self {
            accept: Some(form),
            ..self
        }
    }

    /// Sends `body` to `path`.
    pub fn post(path: impl Into<String>, content_type: &'static str, body: Vec<u8>) -> Self {
        Self::with_body("POST", path.into(), content_type, body)
    }

    /// Changes what is at `path` by `body` (RFC 5789), such as `application/merge-patch+json`.
    pub fn patch(path: impl Into<String>, content_type: &'static str, body: Vec<u8>) -> Self {
        Self::with_body("PATCH", path.into(), content_type, body)
    }

    fn with_body(
        method: &'static str,
        path: String,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> Self {
        let body = Some(Body {
            content_type,
            bytes,
        });
        Self {
            method,
            path,
            accept: None,
            body,
        }
    }

    /// For `host`, a name or address with its port.
    pub(super) fn encode(&self, host: &str) -> Result<Vec<u8>, ProbeError> {
        // A space or a line break would end the path, and begin what is not ours to say.
        if !self.path.starts_with('/') || !self.path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ProbeError::Unaskable {
                what: self.path.clone(),
                reason: "it is not a path of a URL",
            });
        }
        let (method, path) = (self.method, &self.path);
        let accept = self.accept.map(|form| format!("Accept: {form}\r\n"));
        let about_body = self.body.as_ref().map(|body| {
            let (content_type, length) = (body.content_type, body.bytes.len());
            format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n")
        });
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: rekindle\r\nConnection: close\r\n{}{}\r\n",
            accept.unwrap_or_default(),
            about_body.unwrap_or_default()
        );
        let body = self.body.as_ref().map(|body| body.bytes.as_slice());
        Ok([head.as_bytes(), body.unwrap_or_default()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(request: &HttpRequest) -> String {
        String::from_utf8(request.encode("127.0.0.1:6443").unwrap()).unwrap()
    }

    #[test]
    fn a_request_asks_for_one_answer_and_the_end() {
        assert_eq!(
            encoded(&HttpRequest::get("/readyz?verbose")),
            "GET /readyz?verbose HTTP/1.0\r\nHost: 127.0.0.1:6443\r\nUser-Agent: rekindle\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn a_form_is_asked_for_where_one_is_wanted() {
        let request = encoded(&HttpRequest::get("/a").accepting("application/json"));
        assert!(
            request.ends_with("\r\nAccept: application/json\r\n\r\n"),
            "{request}"
        );
    }

    #[test]
    fn a_body_is_sent_with_its_kind_and_length() {
        let kind = "application/merge-patch+json";
        let patch = encoded(&HttpRequest::patch("/a", kind, b"{\"b\":1}".to_vec()));
        assert!(patch.starts_with("PATCH /a HTTP/1.0\r\n"), "{patch}");
        let end =
            "\r\nContent-Type: application/merge-patch+json\r\nContent-Length: 7\r\n\r\n{\"b\":1}";
        assert!(patch.ends_with(end), "{patch}");
        assert!(encoded(&HttpRequest::post("/a", kind, Vec::new())).starts_with("POST /a "));
    }

    #[test]
    fn a_path_cannot_smuggle_in_anything() {
        for path in ["", "readyz", "/a b", "/a\r\nHost: b", "/ä", "/\0"] {
            let refused = HttpRequest::get(path).encode("a:1");
            assert!(
                matches!(refused, Err(ProbeError::Unaskable { .. })),
                "{path:?}"
            );
        }
    }
}
