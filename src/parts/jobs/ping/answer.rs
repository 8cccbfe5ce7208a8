//! What is answered to a request (RFC 9110, RFC 9112). Pure.

use httparse::{EMPTY_HEADER, Request};
use sha2::{Digest, Sha256};

/// The longest request line and header, in bytes.
pub(super) const LONGEST_HEAD: usize = 8 << 10;

/// The most fields in it.
const MOST_FIELDS: usize = 64;

/// What is said to whoever asks in another way, or does not know the secret.
const WITH_POST: &str = "ask with POST: curl -X POST";
const SECRET: &str = "the secret is wrong or missing: Authorization: Bearer SECRET";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A tick is asked for.
    Tick,
    /// This is said, and nothing done.
    Said(String),
}

impl Answer {
    /// What is said of a tick.
    pub(super) fn said(tick: &str) -> String {
        match tick {
            "failed" => response("503 Service Unavailable", "", "{\"tick\":\"failed\"}\n"),
            _ => response("202 Accepted", "", &format!("{{\"tick\":\"{tick}\"}}\n")),
        }
    }
}

/// The answer to what has come so far; `None` if more has to come. `token` is what who asks has to know.
pub(super) fn answer(head: &[u8], token: Option<&str>) -> Option<Answer> {
    let refuse = |status: &str, field: &str, why: &str| {
        // To HEAD no answer has a body (RFC 9110 9.3.2).
        let body = match head.starts_with(b"HEAD ") {
            true => String::new(),
            false => format!("{{\"error\":\"{why}\"}}\n"),
        };
        Some(Answer::Said(response(status, field, &body)))
    };
    let too_large = || {
        refuse(
            "431 Request Header Fields Too Large",
            "",
            "the header is too long",
        )
    };
    if head.len() > LONGEST_HEAD {
        return too_large();
    }
    let mut fields = [EMPTY_HEADER; MOST_FIELDS];
    let mut request = Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return None,
        Err(httparse::Error::TooManyHeaders) => return too_large(),
        Err(_) => return refuse("400 Bad Request", "", "this is no request of HTTP/1.1"),
    }
    if request.path.map(path) != Some("/ping") {
        return refuse("404 Not Found", "", "there is only /ping");
    }
    // What crawlers and browsers fetch by themselves starts nothing.
    if request.method != Some("POST") {
        return refuse("405 Method Not Allowed", "Allow: POST\r\n", WITH_POST);
    }
    let given = || {
        let is_it = |field: &&httparse::Header| field.name.eq_ignore_ascii_case("Authorization");
        let field = request.headers.iter().find(is_it)?;
        let (scheme, token) = str::from_utf8(field.value).ok()?.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("Bearer");
        is_bearer.then(|| token.trim())
    };
    // Digests take as long to compare wherever they differ.
    let is_it = |token: &str| given().is_some_and(|it| Sha256::digest(it) == Sha256::digest(token));
    match token.is_none_or(is_it) {
        true => Some(Answer::Tick),
        false => refuse("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", SECRET),
    }
}

/// The path of what is asked for, which may be a whole address (RFC 9112 3.2.2). Whose it is does not matter.
fn path(target: &str) -> &str {
    let address = target.split_once("://").filter(|(scheme, _)| {
        ["http", "https"]
            .iter()
            .any(|it| scheme.eq_ignore_ascii_case(it))
    });
    match address {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    }
}

fn response(status: &str, field: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{field}Content-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n\
         {body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str, token: Option<&str>) -> String {
        match answer(head.as_bytes(), token) {
            None => "more".to_owned(),
            Some(Answer::Tick) => "tick".to_owned(),
            Some(Answer::Said(text)) => text.split(' ').nth(1).unwrap().to_owned(),
        }
    }

    // I2
    #[test]
    fn only_a_post_to_ping_is_a_ping() {
        let host = "Host: x\r\n\r\n";
        let secret = Some("s3cret");
        let long = format!("POST /ping HTTP/1.1\r\nX: {}", "x".repeat(LONGEST_HEAD));
        let many = format!(
            "POST /ping HTTP/1.1\r\n{}",
            "X: y\r\n".repeat(MOST_FIELDS + 1)
        );
        for (head, token, want) in [
            (format!("POST /ping HTTP/1.1\r\n{host}"), None, "tick"),
            ("POST /ping HTTP/1.0\r\n\r\n".to_owned(), None, "tick"),
            (format!("POST /ping HTTP/1.1\r\n{host}body"), None, "tick"),
            (format!("GET /ping HTTP/1.1\r\n{host}"), None, "405"),
            (format!("HEAD /ping HTTP/1.1\r\n{host}"), None, "405"),
            (format!("PUT /ping HTTP/1.1\r\n{host}"), None, "405"),
            (format!("post /ping HTTP/1.1\r\n{host}"), None, "405"),
            // RFC 9112 3.2.2
            (
                format!("POST http://x/ping HTTP/1.1\r\n{host}"),
                None,
                "tick",
            ),
            (
                format!("POST HTTPS://x:1/ping HTTP/1.1\r\n{host}"),
                None,
                "tick",
            ),
            (format!("POST http://x HTTP/1.1\r\n{host}"), None, "404"),
            (format!("POST http://ping HTTP/1.1\r\n{host}"), None, "404"),
            (format!("POST ftp://x/ping HTTP/1.1\r\n{host}"), None, "404"),
            (
                format!("POST /http://x/ping HTTP/1.1\r\n{host}"),
                None,
                "404",
            ),
            (format!("POST / HTTP/1.1\r\n{host}"), None, "404"),
            (format!("POST /ping/ HTTP/1.1\r\n{host}"), None, "404"),
            (format!("POST /ping?x HTTP/1.1\r\n{host}"), None, "404"),
            (format!("GET /etc/passwd HTTP/1.1\r\n{host}"), None, "404"),
            (
                "POST /ping HTTP/1.1\r\nHost: x\r\n".to_owned(),
                None,
                "more",
            ),
            (String::new(), None, "more"),
            ("\u{16}\u{3}\u{1}".to_owned(), None, "400"),
            (
                "POST /ping HTTP/1.1\r\nno field\r\n\r\n".to_owned(),
                None,
                "400",
            ),
            (long, None, "431"),
            (many, None, "431"),
            (format!("POST /ping HTTP/1.1\r\n{host}"), secret, "401"),
            (
                format!("POST /ping HTTP/1.1\r\nAuthorization: Bearer s3cret\r\n{host}"),
                secret,
                "tick",
            ),
            (
                format!("POST /ping HTTP/1.1\r\nauthorization: bearer s3cret\r\n{host}"),
                secret,
                "tick",
            ),
            (
                format!("POST /ping HTTP/1.1\r\nAuthorization: Bearer s3cre\r\n{host}"),
                secret,
                "401",
            ),
            (
                format!("POST /ping HTTP/1.1\r\nAuthorization: Basic s3cret\r\n{host}"),
                secret,
                "401",
            ),
            (
                format!("POST /ping HTTP/1.1\r\nAuthorization: Bearer \r\n{host}"),
                secret,
                "401",
            ),
            // Without a token nothing is asked for.
            (format!("GET /ping HTTP/1.1\r\n{host}"), secret, "405"),
        ] {
            assert_eq!(status(&head, token), want, "{head:.60}");
        }
    }

    #[test]
    fn an_answer_is_a_whole_one() {
        assert_eq!(
            Answer::said("started"),
            "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\
             Cache-Control: no-store\r\nConnection: close\r\n\r\n{\"tick\":\"started\"}\n"
        );
    }
}
