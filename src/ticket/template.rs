//! The texts of answers: templates that an admin may replace, in any language (C1).
//!
//! A broken template must not prevent an answer, so the built-in text is used instead and the caller gets a warning
//! for the admin. Only the template that is needed is compiled.

use anyhow::Result;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// The answers that are made from a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// To the author of a new ticket.
    Ack,
    /// To the admins, instead of a copy.
    Note,
    /// To the submitter of a ticket that was closed.
    Closed,
    /// To the admins, about something that was asked for but not done.
    Refused,
    /// To somebody who answered an admin's copy and is no admin.
    NotPassedOn,
}

impl Template {
    pub const ALL: [Template; 5] = [
        Template::Ack,
        Template::Note,
        Template::Closed,
        Template::Refused,
        Template::NotPassedOn,
    ];

    /// The file in the directory of templates that replaces the built-in text.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Template::Ack => "ack.txt",
            Template::Note => "note.txt",
            Template::Closed => "closed.txt",
            Template::Refused => "refused.txt",
            Template::NotPassedOn => "not-passed-on.txt",
        }
    }

    #[must_use]
    pub fn builtin(self) -> &'static str {
        match self {
            Template::Ack => include_str!("templates/ack.txt"),
            Template::Note => include_str!("templates/note.txt"),
            Template::Closed => include_str!("templates/closed.txt"),
            Template::Refused => include_str!("templates/refused.txt"),
            Template::NotPassedOn => include_str!("templates/not-passed-on.txt"),
        }
    }
}

/// The values that templates can use. All are defined; one that does not apply is empty.
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
    pub author_address: String,
    /// The desk's display name.
    pub name: String,
    /// The first lines of the mail (`note.txt`).
    pub first_lines: String,
    /// The path of the ticket's mbox (`note.txt`).
    pub path: String,
    /// The text of the closing mail (`closed.txt`).
    pub text: String,
    /// What was not done, and why (`refused.txt`, `note.txt`).
    pub reason: String,
}

/// The texts in use. `None` stands for the built-in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    ack: Option<String>,
    note: Option<String>,
    closed: Option<String>,
    refused: Option<String>,
    not_passed_on: Option<String>,
}

/// A template with its values filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerText {
    /// The template's own Subject, if it begins with one.
    pub subject: Option<String>,
    pub body: String,
}

impl Templates {
    #[must_use]
    pub fn builtin() -> Self {
        Self::default()
    }

    /// Replaces a built-in text by `source`.
    pub fn replace(&mut self, text: Template, source: String) {
        *match text {
            Template::Ack => &mut self.ack,
            Template::Note => &mut self.note,
            Template::Closed => &mut self.closed,
            Template::Refused => &mut self.refused,
            Template::NotPassedOn => &mut self.not_passed_on,
        } = Some(source);
    }

    fn own(&self, text: Template) -> Option<&str> {
        match text {
            Template::Ack => self.ack.as_deref(),
            Template::Note => self.note.as_deref(),
            Template::Closed => self.closed.as_deref(),
            Template::Refused => self.refused.as_deref(),
            Template::NotPassedOn => self.not_passed_on.as_deref(),
        }
    }

    /// Fills in `values`.
    ///
    /// # Errors
    /// If the template has a syntax error or uses an unknown value.
    pub fn render(&self, text: Template, values: &Values) -> Result<AnswerText> {
        render(text, self.own(text).unwrap_or(text.builtin()), values)
    }

    /// Fills in `values`. If the admin's template fails, the built-in text is used, and a warning says what is wrong.
    #[must_use]
    pub fn render_or_builtin(
        &self,
        text: Template,
        values: &Values,
    ) -> (AnswerText, Option<String>) {
        match self.render(text, values) {
            Ok(rendered) => (rendered, None),
            Err(error) => {
                let warning = format!(
                    "the built-in text is used instead of {}: {error:#}",
                    text.file_name()
                );
                // The built-in text always renders. Even an empty body would carry the tag and the addresses.
                (
                    render(text, text.builtin(), values).unwrap_or_default(),
                    Some(warning),
                )
            }
        }
    }
}

fn render(text: Template, source: &str, values: &Values) -> Result<AnswerText> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    // Look for a Subject in the template, not in the rendered text, which may begin with a stranger's words.
    let (subject, body) = match source.split_once('\n') {
        Some((first, rest)) if let Some(subject) = first.strip_prefix("Subject:") => {
            (Some(subject.trim()), rest.trim_start_matches(['\r', '\n']))
        }
        _ => (None, source),
    };
    let mut engine = Environment::new();
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    // A line that contains only `{% if .. %}` leaves no empty line.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    engine.set_syntax(syntax);
    let fill = |source: &str| engine.render_named_str(text.file_name(), source, Serde(values));
    Ok(AnswerText {
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

    /// C1
    #[test]
    fn the_manual_lists_every_text_and_value() {
        let manual = include_str!("../../docs/manual.md");
        let values = serde_json::to_value(Values::default()).unwrap();
        let values = values.as_object().unwrap().keys().map(String::as_str);
        for name in values.chain(Template::ALL.map(Template::file_name)) {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn the_built_in_texts_say_what_to_do() {
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
                Template::Ack,
                vec![
                    "ticket 12",
                    "brennt> &",
                    "just\nreply to this mail",
                    "ticket-12-done@example.org",
                ],
            ),
            (
                Template::Note,
                vec![
                    "Jürgen Groß wrote",
                    "Es brennt.\n\n",
                    "mutt -f /home/steve/tickets/12\nReply: ",
                ],
            ),
            (
                Template::Closed,
                vec![
                    "has been closed",
                    "\n\nNeue Patrone.\n\nIf",
                    "just reply to this mail",
                ],
            ),
            (
                Template::Refused,
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
    fn an_admin_can_replace_the_text() {
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
            templates.replace(Template::Ack, source.into());
            let got = templates.render(Template::Ack, &values()).unwrap();
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
            templates.replace(Template::Closed, source.into());
            let (got, warning) = templates.render_or_builtin(Template::Closed, &values());
            assert_eq!(
                got,
                Templates::builtin()
                    .render(Template::Closed, &values())
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
