//! A ticket's messages one after the other, for `tickets show`.

use super::wrap::{hang, wrap};
use super::{Width, cut, mark_after, person, size};
use anstyle::Style;
use mail::decode::{Mailbox, clean, clean_block};
use mail::render::Attachment;

/// How the lines begin that stand between messages and below them.
const OURS: [&str; 2] = ["\u{2500}\u{2500} ", "[attachment "];

/// Longer lines are hard to read, however wide the terminal is.
const READABLE: usize = 100;

/// A message as it is shown.
#[derive(Clone, Debug, Default)]
pub struct ShownMessage {
    /// Its place in the ticket, from 1.
    pub number: usize,
    /// Who wrote it.
    pub author: String,
    /// When it was written, as it is to be shown.
    pub date: String,
    /// What it did to the ticket (`opened`, `closed`), and that it was not passed on; empty if nothing is to be said.
    pub event: String,
    /// Its Subject, if that is worth a line; else empty.
    pub subject: String,
    /// To whom it was written.
    pub to: Vec<Mailbox>,
    /// Who got a copy.
    pub cc: Vec<Mailbox>,
    /// What modules said of it.
    pub modules: Vec<String>,
    /// Its text.
    pub text: String,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// The title of a conversation, in as many lines as it takes on a terminal of `width` columns.
pub(crate) fn title(text: &str, width: Option<usize>) -> String {
    let bold = Style::new().bold();
    let lines = match width {
        Some(width) => wrap(text, width.min(READABLE)),
        None => vec![text.to_owned()],
    };
    let styled = |line: String| format!("{bold}{line}{bold:#}\n");
    lines.into_iter().map(styled).collect()
}

/// The messages of ticket `ticket`, in the order given.
///
/// `program` is the command that gets what is attached, up to its subcommand: `tickets`. To and Cc are shown if they name an address that is not `usual`, such as the desk's own. On a terminal
/// (`width` is known) long lines are wrapped between words; elsewhere they stay as they are. What
/// strangers wrote is made harmless.
pub fn conversation(
    program: &str,
    ticket: u64,
    messages: &[ShownMessage],
    usual: &dyn Fn(&str) -> bool,
    width: Option<usize>,
) -> String {
    let columns = width.map(|width| width.min(READABLE));
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let show = format!("{program} show {ticket}");
    let mut out = String::new();
    let mut put = |style: Style, lines: Vec<String>| {
        for line in lines {
            out.push_str(&format!("{style}{line}{style:#}\n"));
        }
    };
    for (at, message) in messages.iter().enumerate() {
        if at > 0 {
            put(Style::new(), vec![String::new()]);
        }
        put(bold, vec![rule(message, columns)]);
        for (name, mailboxes) in [("To", &message.to), ("Cc", &message.cc)] {
            if mailboxes.iter().any(|mailbox| !usual(&mailbox.address)) {
                put(dim, people(&format!("{name}: "), mailboxes, columns));
            }
        }
        let subject = clean(&message.subject);
        if !subject.is_empty() {
            put(dim, wrapped(&format!("Subject: {subject}"), columns));
        }
        for said in &message.modules {
            put(dim, wrapped(&format!("Module: {}", clean(said)), columns));
        }
        // Who closes a ticket without a word has said all.
        if message.text.trim().is_empty() && message.attachments.is_empty() {
            put(dim, vec!["(no text)".to_owned()]);
            continue;
        }
        put(Style::new(), vec![String::new()]);
        for line in clean_block(&message.text).lines() {
            let style = if line.trim_start().starts_with('>') {
                dim
            } else {
                Style::new()
            };
            // Nobody may write a line that looks like one of ours.
            let line = match OURS.iter().any(|ours| line.starts_with(ours)) {
                true => format!(" {line}"),
                false => line.to_owned(),
            };
            put(style, wrapped(&line, columns));
        }
        if !message.text.is_empty() && !message.attachments.is_empty() {
            put(Style::new(), vec![String::new()]);
        }
        put(dim, offers(&show, message, columns));
    }
    out
}

fn wrapped(line: &str, columns: Option<usize>) -> Vec<String> {
    match columns {
        Some(columns) => wrap(line, columns),
        None => vec![line.to_owned()],
    }
}

fn people(head: &str, mailboxes: &[Mailbox], columns: Option<usize>) -> Vec<String> {
    let last = mailboxes.len().saturating_sub(1);
    let comma = |at| if at < last { ", " } else { "" };
    let all = mailboxes.iter().enumerate();
    let all: Vec<String> = all.map(|(at, m)| person(m) + comma(at)).collect();
    match columns {
        Some(columns) => hang(head, all.iter().map(String::as_str), columns),
        None => vec![head.to_owned() + &all.concat()],
    }
}

/// `── 3 ── Alice <alice@example.net> ── 2025-07-01 12:00 ── closed ─────`
fn rule(message: &ShownMessage, columns: Option<usize>) -> String {
    let mark = columns.map_or("", |_| mark_after(&message.author));
    let counted = columns.is_some();
    let columns = columns.unwrap_or(80);
    let tail = [&message.date, &message.event];
    let tail: String = tail
        .iter()
        .filter(|s| !s.is_empty())
        .map(|s| format!(" ── {}", clean(s)))
        .collect();
    let head = format!("── {} ── ", message.number);
    let room = columns
        .saturating_sub(head.width() + tail.width() + 3)
        .max(10);
    let author = clean(&message.author);
    let author = match counted {
        true => cut(&author, room),
        false => author,
    };
    let line = format!("{head}{author}{mark}{tail} ");
    let fill = columns.saturating_sub(line.width());
    let line = line + &"─".repeat(fill);
    match counted {
        true => cut(&line, columns),
        false => line,
    }
}

/// What is attached, and the commands that get it: on one line if all such lines fit, else below.
fn offers(show: &str, message: &ShownMessage, columns: Option<usize>) -> Vec<String> {
    let all = message.attachments.iter();
    let all: Vec<_> = all.map(|it| offer(show, message.number, it)).collect();
    let beside = |(what, command): &(String, String)| format!("[{what}: {command}]");
    let lines: Vec<String> = all.iter().map(beside).collect();
    match columns {
        Some(columns) if lines.iter().any(|line| line.width() > columns) => {
            let below = |(what, command): &(String, String)| {
                // A command that is cut or wrapped cannot be copied.
                let command = format!("  {command}");
                let mut lines = wrap(&format!("[{what}]"), columns);
                lines.push(command);
                lines
            };
            all.iter().flat_map(below).collect()
        }
        _ => lines,
    }
}

fn offer(show: &str, message: usize, attachment: &Attachment) -> (String, String) {
    let part = format!("{message}.{}", attachment.number);
    let (mime, bytes) = (clean(&attachment.mime), size(attachment.size));
    let name = attachment
        .name
        .as_deref()
        .map(clean)
        .filter(|name| !name.is_empty());
    let what = name
        .as_ref()
        .map(|name| format!("{name}, "))
        .unwrap_or_default();
    let file = quoted(&name.unwrap_or_else(|| format!("part-{part}")));
    (
        format!("attachment {part}: {what}{mime}, {bytes}"),
        format!("{show} --part {part} > {file}"),
    )
}

/// `name` as one word for sh, naming a file in the current directory.
fn quoted(name: &str) -> String {
    let name = if name.starts_with(['-', '~']) {
        format!("./{name}")
    } else {
        name.to_owned()
    };
    match name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._-+/".contains(&b))
    {
        true => name,
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(name: &str, address: &str) -> Mailbox {
        Mailbox {
            name: name.into(),
            address: address.into(),
        }
    }

    fn messages() -> Vec<ShownMessage> {
        let attachment = |number, name: &str| Attachment {
            number,
            name: (!name.is_empty()).then(|| name.to_owned()),
            mime: "application/pdf".into(),
            size: 48_000,
        };
        vec![
            ShownMessage {
                number: 1,
                author: "Alice Example <alice@example.net>".into(),
                date: "2025-07-01 12:00".into(),
                event: "opened".into(),
                to: vec![mailbox("", "submit@example.org")],
                text: "Hello,\n\nthe printer is on fire, and the coffee machine next to it begins to look very worried.\n\u{1b}[2J".into(),
                attachments: vec![attachment(2, "invoice.pdf"), attachment(3, "it's; rm -rf $HOME"), attachment(4, "")],
                ..ShownMessage::default()
            },
            ShownMessage {
                number: 2,
                author: "山田太郎 <yamada@example.jp>".into(),
                date: "2025-07-01 12:30".into(),
                subject: "Water\r\n, please".into(),
                to: vec![mailbox("Alice Example", "alice@example.net"), mailbox("", "ticket-12@example.org")],
                cc: vec![mailbox("", "ticket-12@example.org")],
                text: "> the printer is on fire, and the coffee machine next to it begins to look very worried.\n\nWater!".into(),
                ..ShownMessage::default()
            },
        ]
    }

    fn plain(width: Option<usize>) -> String {
        let usual = |address: &str| address.ends_with("@example.org");
        anstream::adapter::strip_str(&conversation("tickets", 12, &messages(), &usual, width))
            .to_string()
    }

    // E2
    #[test]
    fn messages_follow_each_other() {
        let want = "\
── 1 ── Alice Example <alice@example.net> ── 2025-07-01 12:00 ── opened ───────

Hello,

the printer is on fire, and the coffee machine next to it begins to look very
worried.
[2J

[attachment 1.2: invoice.pdf, application/pdf, 48 kB]
  tickets show 12 --part 1.2 > invoice.pdf
[attachment 1.3: it's; rm -rf $HOME, application/pdf, 48 kB]
  tickets show 12 --part 1.3 > 'it'\\''s; rm -rf $HOME'
[attachment 1.4: application/pdf, 48 kB]
  tickets show 12 --part 1.4 > part-1.4

── 2 ── 山田太郎 <yamada@example.jp> ── 2025-07-01 12:30 ──────────────────────
To: Alice Example <alice@example.net>, ticket-12@example.org
Subject: Water , please

> the printer is on fire, and the coffee machine next to it begins to look very
> worried.

Water!
";
        assert_eq!(plain(Some(79)), want);
    }

    #[test]
    fn pipes_get_lines_as_they_are() {
        assert!(plain(None).contains("begins to look very worried.\n"));
        assert!(!plain(None).contains('\u{1b}'));
    }

    #[test]
    fn many_marks_of_quotation_are_not_repeated_on_every_line() {
        // E2: half a megabyte of them would stand on each of many thousand lines.
        let line = format!("{}{}", ">".repeat(30_000), " a".repeat(15_000));
        let message = ShownMessage {
            text: line.clone(),
            ..ShownMessage::default()
        };
        for width in [1, 10, 80, 200] {
            let out = conversation(
                "tickets",
                12,
                std::slice::from_ref(&message),
                &|_| true,
                Some(width),
            );
            assert!(out.len() < 40 * line.len(), "{width}: {} bytes", out.len());
        }
    }

    #[test]
    fn file_names_are_one_harmless_word() {
        let table = [
            ("plain", "a.pdf", "a.pdf"),
            ("blank", "a b", "'a b'"),
            ("quote", "a'b", r"'a'\''b'"),
            ("command", "$(x)`y`", "'$(x)`y`'"),
            ("option", "-rf", "./-rf"),
            ("home", "~x", "'./~x'"),
            ("letters", "ä", "'ä'"),
        ];
        for (case, name, want) in table {
            assert_eq!(quoted(name), want, "{case}");
        }
    }
}
