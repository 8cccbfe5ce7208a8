//! Pages of a module (the point `page`): it is started as a CGI program (RFC 3875), and what it says is judged before
//! anybody sees it.

use super::failure::Failure;
use super::head::shown;
use super::manifest::Point;
use super::one::Module;
use crate::process::{End, Running};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

/// The most bytes of an answer.
const MOST: usize = 8 << 20;

/// The most bytes of its header.
const HEADER: usize = 64 << 10;

/// The fields that reach the browser. All others are the host's.
const PASSED: [&str; 6] = [
    "content-type",
    "content-disposition",
    "cache-control",
    "etag",
    "last-modified",
    "location",
];

/// What a browser asks.
#[derive(Clone, Debug, Default)]
pub struct PageRequest<'a> {
    /// `GET`, `HEAD` or `POST`; a POST has passed the host's own look at where it comes from.
    pub method: &'a str,
    /// The path below that of the module, with its slash.
    pub path: &'a str,
    /// What stands behind the question mark.
    pub query: &'a str,
    /// Where the module's pages are, such as `/m/spam`.
    pub script: &'a str,
    /// Who asks, if they had to say so.
    pub user: Option<&'a str>,
    /// The type of the body.
    pub content_type: Option<&'a str>,
    /// What is posted.
    pub body: &'a [u8],
    /// The languages that the browser prefers.
    pub languages: Option<&'a str>,
}

/// What a module answers a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAnswer {
    /// The status of HTTP.
    pub status: u16,
    /// Fields of the header, names in lower case, values without control characters.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Module {
    /// Asks it for a page.
    ///
    /// # Errors
    /// It does not answer, or not as CGI programs do: the host shows a page with status 502 then.
    pub fn page(&self, request: &PageRequest) -> Result<PageAnswer, Failure> {
        self.page_heard(request, |_, _| ())
    }

    /// The same for whoever also wants to hear the beginning of what it printed, and of what it wrote to its stderr.
    ///
    /// # Errors
    /// See [`Module::page`].
    pub fn page_heard(
        &self,
        request: &PageRequest,
        hear: impl FnOnce(&str, &str),
    ) -> Result<PageAnswer, Failure> {
        let limit = self.manifest.limit(Point::Page);
        let mut command = self.command(Point::Page)?;
        describe(&mut command, self.name(), request);
        command.env("TICKETS_SETTINGS", self.settings());
        let body = body(request.body).map_err(|e| Failure::NotReady(e.to_string()))?;
        command.stdin(body);
        let running = Running::start_to_hear(&mut command, limit, MOST, &[]);
        let mut running = running.map_err(|e| self.unstarted(e))?;
        let end = running.wait().map_err(Failure::CannotRun)?;
        hear(&shown(running.said()), &running.stderr_text());
        match end {
            End::TimedOut => Err(Failure::TimedOut(limit)),
            End::SaidTooMuch => Err(Failure::Odd(format!(
                "its page has more than {} MiB",
                MOST >> 20
            ))),
            End::Exited(status) if !status.success() => {
                let last = running.last_line();
                Err(match status.code() {
                    Some(code) => Failure::Status(code, last),
                    None => Failure::Signal(status.signal().unwrap_or_default(), last),
                })
            }
            End::Exited(_) | End::Unknown => parse(running.said()).map_err(Failure::Odd),
        }
    }

    /// Its settings as JSON, for the points that have no head.
    pub fn settings(&self) -> String {
        serde_json::to_string(&self.switched.settings).unwrap_or_else(|_| "{}".into())
    }
}

/// Sets the variables of CGI/1.1.
fn describe(command: &mut Command, module: &str, request: &PageRequest) {
    let usual = format!("/m/{module}");
    let script = match request.script {
        "" => usual.as_str(),
        script => script,
    };
    command
        .env("GATEWAY_INTERFACE", "CGI/1.1")
        .env(
            "SERVER_SOFTWARE",
            concat!("tickets/", env!("CARGO_PKG_VERSION")),
        )
        .env("SERVER_PROTOCOL", "HTTP/1.1")
        .env("SERVER_NAME", "localhost")
        .env("REQUEST_METHOD", request.method)
        .env("SCRIPT_NAME", script)
        .env("PATH_INFO", request.path)
        .env("QUERY_STRING", request.query);
    for (name, value) in [
        ("REMOTE_USER", request.user),
        ("CONTENT_TYPE", request.content_type),
        ("HTTP_ACCEPT_LANGUAGE", request.languages),
    ] {
        if let Some(value) = value.filter(|value| !value.contains('\0')) {
            command.env(name, value);
        }
    }
    if !request.body.is_empty() {
        command.env("CONTENT_LENGTH", request.body.len().to_string());
    }
}

fn body(bytes: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

/// Reads what a CGI program says: fields, an empty line, the body.
fn parse(said: &[u8]) -> Result<PageAnswer, String> {
    let (mut status, mut fields) = (None, Vec::new());
    let mut rest = said;
    loop {
        let end = memchr::memchr(b'\n', &rest[..rest.len().min(HEADER)]);
        let end = end.ok_or("its header does not end with an empty line")?;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        if said.len() - rest.len() > HEADER {
            return Err(format!("its header has more than {} KiB", HEADER >> 10));
        }
        let line = std::str::from_utf8(line).map_err(|_| "its header is no text")?;
        let (name, value) = line
            .split_once(':')
            .ok_or("a line of its header has no colon")?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if value.chars().any(char::is_control) {
            return Err(format!("its field {name:?} has control characters"));
        }
        if name == "status" {
            let code = value.split(' ').next().unwrap_or_default();
            let code = code.parse().ok().filter(|code| (200..600).contains(code));
            status = Some(code.ok_or_else(|| format!("its status is {value:?}"))?);
        } else if PASSED.contains(&name.as_str()) {
            fields.push((name, value));
        }
    }
    let value = |name: &str| {
        fields
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value)
    };
    let mut locations = fields.iter().filter(|(it, _)| it == "location");
    // A module sends nobody to another site. Browsers read `\` as `/`.
    let leads_away = |to: &str| !to.starts_with('/') || to.starts_with("//") || to.contains('\\');
    if let Some((_, to)) = locations.clone().find(|(_, to)| leads_away(to)) {
        return Err(format!(
            "it sends the browser to {to:?}, no path of this site"
        ));
    }
    let location = locations.next();
    if locations.next().is_some() {
        return Err("it sends the browser to two places".into());
    }
    if location.is_none() && value("content-type").is_none() {
        return Err("its header has neither Content-Type nor Location".into());
    }
    let usual = if location.is_some() { 303 } else { 200 };
    Ok(PageAnswer {
        status: status.unwrap_or(usual),
        fields,
        body: rest.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cgi_programs_say_is_read_or_refused() {
        let read = |said: &str| {
            parse(said.as_bytes()).map(|answer| {
                let fields = answer
                    .fields
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"));
                let fields = fields.collect::<Vec<_>>().join(" ");
                format!(
                    "{} {fields} {:?}",
                    answer.status,
                    String::from_utf8_lossy(&answer.body)
                )
            })
        };
        let long = format!("Content-Type: x\nX: {}\n\n", "x".repeat(70_000));
        let many = format!("Content-Type: x\n{}\n", "X: x\n".repeat(20_000));
        for (said, want) in [
            (
                "Content-Type: text/html\n\n<p>\n\n",
                Ok("200 content-type=text/html \"<p>\\n\\n\""),
            ),
            (
                "Status: 404 Not Found\r\ncontent-type:text/plain\r\nSet-Cookie: a=b\r\n\r\n",
                Ok("404 content-type=text/plain \"\""),
            ),
            ("Location: /m/spam/\n\n", Ok("303 location=/m/spam/ \"\"")),
            (
                "Location: https://evil.example/\n\n",
                Err("it sends the browser to \"https://evil.example/\", no path of this site"),
            ),
            (
                "Location: //evil.example/\n\n",
                Err("it sends the browser to \"//evil.example/\", no path of this site"),
            ),
            (
                "Location: /\\evil.example/\n\n",
                Err("it sends the browser to \"/\\\\evil.example/\", no path of this site"),
            ),
            (
                "Location: /m/spam/\nLocation: //evil.example/\n\n",
                Err("it sends the browser to \"//evil.example/\", no path of this site"),
            ),
            (
                "Location: /m/spam/\nLocation: /m/ham/\n\n",
                Err("it sends the browser to two places"),
            ),
            ("", Err("its header does not end with an empty line")),
            (
                "Content-Type: text/html\n",
                Err("its header does not end with an empty line"),
            ),
            (
                "\n<p>",
                Err("its header has neither Content-Type nor Location"),
            ),
            ("<p>\n\n", Err("a line of its header has no colon")),
            (
                "Content-Type: a\u{7}\n\n",
                Err("its field \"content-type\" has control characters"),
            ),
            (
                "Status: 100\nContent-Type: x\n\n",
                Err("its status is \"100\""),
            ),
            (&long, Err("its header does not end with an empty line")),
            (&many, Err("its header has more than 64 KiB")),
        ] {
            let want = want.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(read(said), want, "{said:.80}");
        }
    }
}
