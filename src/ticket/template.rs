//! The texts of answers: templates that an admin may replace, in any language (C1).
//!
//! A template that is broken must not keep an answer from going out, so the built-in text stands in for it and the
//! caller gets a sentence to warn the admin with. Only the template that is needed is compiled.

use anyhow::Result;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// The answers that are made from a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// To the author of a new ticket.
    Ack,
    /// To the admins, instead of a copy.
    Note,
    /// To the submitter of a ticket that was closed.
    Closed,
    /// To the admins, about something that was asked for and not done.
    Refused,
}

impl Text {
    /// All of them.
    pub const ALL: [Text; 4] = [Text::Ack, Text::Note, Text::Closed, Text::Refused];

    /// The file in the directory of templates that replaces the built-in text.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Text::Ack => "ack.txt",
            Text::Note => "note.txt",
            Text::Closed => "closed.txt",
            Text::Refused => "refused.txt",
        }
    }

    /// The text that comes with the program: a good start for an admin's own.
    #[must_use]
    pub fn builtin(self) -> &'static str {
        match self {
            Text::Ack => include_str!("templates/ack.txt"),
            Text::Note => include_str!("templates/note.txt"),
            Text::Closed => include_str!("templates/closed.txt"),
            Text::Refused => include_str!("templates/refused.txt"),
        }
    }
}

/// What a template may say; a value that does not apply is empty, none is missing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Values {
    /// The ticket's number.
    pub ticket: String,
    /// The Subject, without the tag.
    pub subject: String,
    /// The ticket's address.
    pub address: String,
    /// The address that closes the ticket.
    pub done_address: String,
    /// The address that opens tickets.
    pub submit_address: String,
    /// Display name of the author.
    pub author: String,
    /// Address of the author.
    pub author_address: String,
    /// The desk's display name.
    pub name: String,
    /// The first lines of the mail (`note.txt`).
    pub first_lines: String,
    /// The path of the ticket's mbox (`note.txt`).
    pub path: String,
    /// What the closing mail says (`closed.txt`).
    pub text: String,
    /// Why it was not done (`refused.txt`).
    pub reason: String,
}

/// The texts in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// Replaces the built-in `ack.txt`.
    pub ack: Option<String>,
    /// Replaces the built-in `note.txt`.
    pub note: Option<String>,
    /// Replaces the built-in `closed.txt`.
    pub closed: Option<String>,
    /// Replaces the built-in `refused.txt`.
    pub refused: Option<String>,
}

/// A text that is ready to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The template's own Subject, if it begins with one.
    pub subject: Option<String>,
    /// The body.
    pub body: String,
}

impl Templates {
    /// The texts that come with the program.
    #[must_use]
    pub fn builtin() -> Self {
        Self::default()
    }

    /// Puts `source` in the place of the built-in text.
    pub fn replace(&mut self, text: Text, source: String) {
        *match text {
            Text::Ack => &mut self.ack,
            Text::Note => &mut self.note,
            Text::Closed => &mut self.closed,
            Text::Refused => &mut self.refused,
        } = Some(source);
    }

    fn own(&self, text: Text) -> Option<&str> {
        match text {
            Text::Ack => self.ack.as_deref(),
            Text::Note => self.note.as_deref(),
            Text::Closed => self.closed.as_deref(),
            Text::Refused => self.refused.as_deref(),
        }
    }

    /// Fills in `values`.
    ///
    /// # Errors
    /// A template that is not one, or that names a value there is not.
    pub fn render(&self, text: Text, values: &Values) -> Result<Rendered> {
        render(text, self.own(text).unwrap_or(text.builtin()), values)
    }

    /// Fills in `values`; a template of the admin's that fails is replaced by the built-in text, and a warning says
    /// what is wrong with it.
    #[must_use]
    pub fn render_or_builtin(&self, text: Text, values: &Values) -> (Rendered, Option<String>) {
        match self.render(text, values) {
            Ok(rendered) => (rendered, None),
            Err(error) => {
                let warning = format!(
                    "the built-in text stands in for {}: {error:#}",
                    text.file_name()
                );
                // The built-in text renders; an empty body would still carry the tag and the addresses.
                (
                    render(text, text.builtin(), values).unwrap_or_default(),
                    Some(warning),
                )
            }
        }
    }
}

fn render(text: Text, source: &str, values: &Values) -> Result<Rendered> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    // Looked for in the template and not in what comes out, where a stranger's words may stand first.
    let (subject, body) = match source.split_once('\n') {
        Some((first, rest)) if let Some(subject) = first.strip_prefix("Subject:") => {
            (Some(subject.trim()), rest.trim_start_matches(['\r', '\n']))
        }
        _ => (None, source),
    };
    let mut engine = Environment::new();
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    // A line that only holds `{% if .. %}` leaves no line behind.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    engine.set_syntax(syntax);
    let fill = |source: &str| engine.render_named_str(text.file_name(), source, Serde(values));
    Ok(Rendered {
        subject: subject.map(fill).transpose()?,
        body: fill(body)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        Values {
            ticket: "12".into(),
            subject: "Drucker <brennt> & raucht".into(),
            address: "ticket-12@example.org".into(),
            done_address: "ticket-12-done@example.org".into(),
            author: "Jürgen Groß".into(),
            author_address: "j@example.net".into(),
            name: "Support".into(),
            ..Values::default()
        }
    }

    #[test]
    fn the_built_in_texts_say_what_to_do_next() {
        // C1, C4
        let full = Values {
            first_lines: "Hilfe!\nEs brennt.".into(),
            path: "/home/steve/tickets/12".into(),
            text: "Neue Patrone.".into(),
            reason: "mallory@example.com may not close it".into(),
            ..values()
        };
        let table = [
            (
                Text::Ack,
                vec![
                    "ticket 12",
                    "brennt> &",
                    "just\nanswer this mail",
                    "ticket-12-done@example.org",
                ],
            ),
            (
                Text::Note,
                vec![
                    "Jürgen Groß wrote",
                    "Es brennt.\n\n",
                    "mutt -f /home/steve/tickets/12\nAnswer:",
                ],
            ),
            (
                Text::Closed,
                vec![
                    "has been closed",
                    "\n\nNeue Patrone.\n\nIf",
                    "just answer this mail",
                ],
            ),
            (
                Text::Refused,
                vec![
                    "mallory@example.com may not",
                    "Jürgen Groß <j@example.net>\n",
                    "tickets close 12\n",
                ],
            ),
        ];
        for (text, wanted) in table {
            for values in [&full, &values()] {
                let body = Templates::builtin().render(text, values).unwrap().body;
                assert!(
                    !body.contains("\n\n\n") && !body.contains('{'),
                    "{text:?}: {body}"
                );
                assert!(
                    body.lines().all(|line| line.len() <= 76),
                    "{text:?}: {body}"
                );
            }
            let body = Templates::builtin().render(text, &full).unwrap().body;
            for words in wanted {
                assert!(body.contains(words), "{text:?} lacks {words:?}:\n{body}");
            }
        }
    }

    #[test]
    fn an_admin_writes_in_their_own_words() {
        // C1
        let table = [
            (
                "plain",
                "Grüße, {{ author }}!\n",
                None,
                "Grüße, Jürgen Groß!\n",
            ),
            (
                "with a Subject",
                "Subject: Eingang: {{ subject }}\n\nDanke\n",
                Some("Eingang: Drucker <brennt> & raucht"),
                "Danke\n",
            ),
            (
                "saved by Notepad",
                "\u{feff}Subject: Da\r\n\r\nDanke\r\n",
                Some("Da"),
                "Danke\r\n",
            ),
            (
                "no Subject of a stranger",
                "{{ subject }}\nx\n",
                None,
                "Drucker <brennt> & raucht\nx\n",
            ),
            (
                "blocks take no line",
                "a\n{% if author %}\nb\n{% endif %}\nc\n",
                None,
                "a\nb\nc\n",
            ),
            ("empty", "", None, ""),
        ];
        for (case, source, subject, body) in table {
            let mut templates = Templates::builtin();
            templates.replace(Text::Ack, source.into());
            let got = templates.render(Text::Ack, &values()).unwrap();
            assert_eq!(
                (got.subject.as_deref(), got.body.as_str()),
                (subject, body),
                "{case}"
            );
        }
    }

    #[test]
    fn a_broken_template_is_replaced() {
        let table = [
            ("unknown value", "{{ tikcet }}", "undefined value"),
            ("not closed", "Hello\n{% if author %}", "syntax error"),
            ("in the Subject", "Subject: {{ x\n\nHello", "syntax error"),
        ];
        for (case, source, reason) in table {
            let mut templates = Templates::builtin();
            templates.replace(Text::Closed, source.into());
            let (got, warning) = templates.render_or_builtin(Text::Closed, &values());
            assert_eq!(
                got,
                Templates::builtin()
                    .render(Text::Closed, &values())
                    .unwrap(),
                "{case}"
            );
            let warning = warning.unwrap();
            assert!(
                warning.contains("closed.txt") && warning.contains(reason),
                "{case}: {warning}"
            );
        }
    }
}
