//! Alerts: who is woken by what, and in which words.
//!
//! The words are few, as a telephone shows them: no body, no link, one line.

use super::TicketId;
use super::hours::{Calendar, Hours};
use super::kind::MessageKind;
use super::occurrence::Occurrence;
use mail::decode::{clean, is_blank};

/// Letters of one SMS: those of the GSM alphabet, and any others (UCS-2).
const GSM: usize = 160;
const UCS2: usize = 70;

/// The letters of the GSM alphabet that are not ASCII, and those of ASCII that are not in it, or take two places.
const ALSO_GSM: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
const NOT_GSM: &str = "`";
const TWO_PLACES: &str = "^{}\\[~]|€";

/// Who is alerted, by what, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// What happens to a ticket; see [`MessageKind`].
    pub events: Vec<MessageKind>,
    /// When; `None` is always.
    pub when: Option<Hours>,
}

impl AlertRule {
    /// True if somebody is to be alerted of it.
    pub fn fits(&self, what: &Occurrence) -> bool {
        // A machine may answer each alert with a mail that looks like a person's (C7).
        if what.by_alerted {
            return false;
        }
        // What a machine wrote wakes nobody who did not ask for it, whatever it did.
        let is_asked = !what.automatic || self.events.contains(&MessageKind::Automatic);
        let is_quiet = what.quiet && what.kind != MessageKind::Quiet;
        is_asked && !is_quiet && self.events.contains(&what.kind)
    }

    /// True if the moment `at`, in seconds since 1970, is one for alerts.
    pub fn is_time(&self, at: i64, calendar: &Calendar) -> bool {
        self.when
            .as_ref()
            .is_none_or(|hours| hours.cover(at, calendar))
    }

    /// When the time for alerts ends in which the moment `at` lies, in seconds since 1970; `None` if it does not.
    pub fn ends(&self, at: i64, calendar: &Calendar) -> Option<i64> {
        self.when.as_ref()?.end(at, calendar)
    }
}

/// So many in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerHour(pub u32);

impl Default for PerHour {
    /// More than anybody wants to be woken by.
    fn default() -> PerHour {
        PerHour(10)
    }
}

impl std::str::FromStr for PerHour {
    type Err = String;

    fn from_str(text: &str) -> Result<PerHour, String> {
        let number = text.trim().strip_suffix("/h").unwrap_or_default();
        let number = number.trim_end().parse().ok().filter(|n| *n > 0);
        number
            .map(PerHour)
            .ok_or_else(|| format!("{text:?} is no limit such as \"5/h\""))
    }
}

/// `#12 ann@example.net: Printer on fire`
pub fn text(what: &Occurrence) -> String {
    let author = what.author.as_ref();
    let author = author.map_or("somebody", |author| &author.address);
    let subject = match is_blank(&what.subject) {
        true => "(no subject)".to_owned(),
        false => without_links(&what.subject),
    };
    let word = match what.kind {
        MessageKind::Opened => String::new(),
        kind => format!(" {}", kind.name()),
    };
    let author = short(&clean(author), 40);
    fit(&format!("#{}{word} {author}: {subject}", what.ticket))
}

/// What is said once of all that were too many.
pub fn more(count: u64, last: TicketId) -> String {
    format!("and {count} more, the last is #{last}")
}

/// The Subject with nothing in it that a telephone would make a link of.
fn without_links(subject: &str) -> String {
    let is_link = |word: &&str| {
        let lower = word.to_ascii_lowercase();
        lower.contains("://") || lower.contains("www.")
    };
    let words = clean(subject);
    let words = words.split(' ').map(|word| match is_link(&word) {
        true => "(link)",
        false => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

fn short(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// The beginning of `text` that one SMS has room for.
fn fit(text: &str) -> String {
    let places = |c: char| match c {
        _ if TWO_PLACES.contains(c) => Some(2),
        _ if NOT_GSM.contains(c) => None,
        ' '..='~' => Some(1),
        _ if ALSO_GSM.contains(c) => Some(1),
        _ => None,
    };
    let is_gsm = text.chars().all(|c| places(c).is_some());
    let (most, place): (usize, &dyn Fn(char) -> usize) = match is_gsm {
        true => (GSM, &|c| places(c).unwrap_or(1)),
        false => (UCS2, &|c| c.len_utf16()),
    };
    if text.chars().map(place).sum::<usize>() <= most {
        return text.to_owned();
    }
    let mut left = most - 3;
    let fits = |c: &char| {
        let needed = place(*c);
        left.checked_sub(needed).map(|rest| left = rest).is_some()
    };
    let cut: String = text.chars().take_while(fits).collect();
    format!("{}...", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail::decode::Mailbox;

    fn occurrence(kind: MessageKind, subject: &str) -> Occurrence {
        Occurrence {
            id: String::new(),
            kind,
            at: 0,
            ticket: TicketId::new(12).unwrap(),
            message: 1,
            author: Some(Mailbox {
                name: "Ann".into(),
                address: "ann@example.net".into(),
            }),
            subject: subject.into(),
            automatic: false,
            quiet: false,
            by_alerted: false,
            path: String::new(),
            depth: 0,
        }
    }

    /// (L6)
    #[test]
    fn an_alert_is_one_short_line() {
        let long = "x".repeat(200);
        let wide = "ж".repeat(200);
        let braces = "{".repeat(200);
        for (subject, want) in [
            (
                "Printer on fire",
                "#12 ann@example.net: Printer on fire".to_owned(),
            ),
            ("", "#12 ann@example.net: (no subject)".to_owned()),
            (
                "a\r\nb\u{1b}[2J\0 c",
                format!("#12 ann@example.net: {}", clean("a\r\nb\u{1b}[2J\0 c")),
            ),
            (
                "pay at https://evil.example/x or WWW.evil.example now",
                "#12 ann@example.net: pay at (link) or (link) now".to_owned(),
            ),
            (
                "Füße für Ñandú",
                "#12 ann@example.net: Füße für Ñandú".to_owned(),
            ),
            (
                &long,
                format!("#12 ann@example.net: {}...", "x".repeat(160 - 24)),
            ),
            (
                &wide,
                format!("#12 ann@example.net: {}...", "ж".repeat(70 - 24)),
            ),
            (
                &braces,
                format!("#12 ann@example.net: {}...", "{".repeat((160 - 24) / 2)),
            ),
        ] {
            let text = text(&occurrence(MessageKind::Opened, subject));
            assert_eq!(text, want, "{subject:?}");
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
        let closed = text(&occurrence(MessageKind::Closed, "x"));
        assert_eq!(closed, "#12 closed ann@example.net: x");
        let nobody = Occurrence {
            author: None,
            ..occurrence(MessageKind::Opened, "x")
        };
        assert_eq!(text(&nobody), "#12 somebody: x");
        assert_eq!(more(12, nobody.ticket), "and 12 more, the last is #12");
    }

    /// (L6, C6)
    #[test]
    fn nobody_is_woken_who_did_not_ask_for_it() {
        use MessageKind::{Automatic, Closed, Mail, Opened, Quiet};
        // Each: the events asked for, what happens, by a machine, quietly, and whether somebody is alerted.
        for (events, kind, automatic, quiet, want) in [
            (&[Opened][..], Opened, false, false, true),
            (&[Opened], Mail, false, false, false),
            (&[Opened], Opened, true, false, false),
            (&[Opened, Automatic], Opened, true, false, true),
            (&[Automatic], Opened, true, false, false),
            (&[Opened, Automatic], Automatic, true, false, true),
            (&[Closed], Closed, false, true, false),
            (&[Closed, Quiet], Quiet, false, true, true),
        ] {
            let what = Occurrence {
                automatic,
                quiet,
                ..occurrence(kind, "x")
            };
            let rule = AlertRule {
                events: events.to_vec(),
                when: None,
            };
            assert_eq!(
                rule.fits(&what),
                want,
                "{events:?} {kind:?} {automatic} {quiet}"
            );
            let answer = Occurrence {
                by_alerted: true,
                ..what
            };
            assert!(!rule.fits(&answer), "{events:?} {kind:?}");
        }
    }

    /// (L6)
    #[test]
    fn a_limit_is_so_many_an_hour() {
        for (text, want) in [
            ("5/h", Some(5)),
            (" 12 /h", Some(12)),
            ("0/h", None),
            ("5", None),
            ("/h", None),
            ("5/d", None),
            ("-1/h", None),
        ] {
            assert_eq!(text.parse().ok(), want.map(PerHour), "{text}");
        }
    }
}
