//! What filters say of a message that comes in, and what follows for where it goes (G5).
//!
//! A filter is a module from outside, so what it says is read as a stranger's words are. It can send a message
//! elsewhere, quietly on, or into quarantine; it cannot close a ticket, refuse or discard a message, or change a byte.

use super::TicketId;
use super::address::Verb;
use super::route::Destination;
use mail::decode::clean;
use serde_json::{Map, Value};

/// The most characters of a reason or a note that are kept.
const LONGEST: usize = 200;

/// Where a message goes, by the word of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Go {
    /// Where its recipients, and what it answers, lead it.
    #[default]
    On,
    /// Into this ticket.
    Ticket(TicketId),
    /// Into a new ticket.
    New,
    /// Where it would go, but nobody is told.
    Quiet,
    /// Into quarantine, for this reason.
    Quarantine(String),
}

impl Go {
    /// As it stands in a trace field.
    fn word(&self) -> String {
        match self {
            Go::On => "on".into(),
            Go::Ticket(id) => format!("ticket {id}"),
            Go::New => "new".into(),
            Go::Quiet => "quiet".into(),
            Go::Quarantine(_) => "quarantine".into(),
        }
    }

    /// Where a message goes that would have gone to `destinations`. What is quarantined goes nowhere, and is not asked
    /// about here.
    pub fn reroute(&self, destinations: Vec<Destination>) -> Vec<Destination> {
        let quietly = |to| match to {
            Destination::Ticket(id, _) => Destination::Ticket(id, Verb::Quiet),
            Destination::Open => Destination::Open,
        };
        match self {
            Go::On | Go::Quarantine(_) => destinations,
            Go::Ticket(id) => vec![Destination::Ticket(*id, Verb::Update)],
            Go::New => vec![Destination::Open],
            Go::Quiet => destinations.into_iter().map(quietly).collect(),
        }
    }
}

/// What a filter said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    /// Where the message goes.
    pub go: Go,
    /// What else it had to say, in one line.
    pub note: Option<String>,
    /// A number of its own.
    pub score: Option<f64>,
}

impl Word {
    /// Reads the answer of a filter. One without `go` goes on.
    ///
    /// # Errors
    /// What it may not say, or cannot mean, in one line.
    pub fn read(answer: &Map<String, Value>) -> Result<Word, String> {
        let text = |key: &str| match answer.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(short(text))),
            Some(_) => Err(format!("{key} is no string")),
        };
        let note = text("note")?.filter(|note| !note.is_empty());
        let score = match answer.get("score") {
            None | Some(Value::Null) => None,
            Some(score) => Some(score.as_f64().ok_or("score is no number")?),
        };
        let go = match text("go")?.as_deref() {
            None | Some("on") => Go::On,
            Some("new") => Go::New,
            Some("quiet") => Go::Quiet,
            Some("ticket") => {
                let number = answer.get("ticket").and_then(Value::as_u64);
                let id = number.and_then(|number| TicketId::new(u32::try_from(number).ok()?));
                Go::Ticket(id.ok_or("ticket is no number of a ticket")?)
            }
            Some("quarantine") => {
                let reason = text("reason")?.filter(|reason| !reason.is_empty());
                Go::Quarantine(reason.unwrap_or_else(|| "it gave no reason".into()))
            }
            Some("project") => return Err("there are no projects".into()),
            Some(other) => {
                return Err(format!(
                    "go is {other:?}, and not on, ticket, new, quiet or quarantine"
                ));
            }
        };
        Ok(Word { go, note, score })
    }

    /// What the trace field of the message says of it, which would have gone to `route`; `None` if there is nothing to
    /// say.
    pub fn trace(&self, module: &str, route: &[Destination]) -> Option<String> {
        let is_silent = self.go == Go::On && self.note.is_none() && self.score.is_none();
        if is_silent {
            return None;
        }
        let mut trace = format!("{module}; go={}", self.go.word());
        if let Go::Ticket(_) | Go::New = self.go {
            trace.push_str(&format!("; instead-of={}", quoted(&in_words(route))));
        }
        if let Go::Quarantine(reason) = &self.go {
            trace.push_str(&format!("; reason={}", quoted(reason)));
        }
        if let Some(score) = self.score {
            trace.push_str(&format!("; score={score}"));
        }
        if let Some(note) = &self.note {
            trace.push_str(&format!("; note={}", quoted(note)));
        }
        Some(trace)
    }
}

/// The trace of a filter that gave no answer, and of what was done instead.
pub fn failed(module: &str, why: &str, go: &Go) -> String {
    let instead = match go {
        Go::Quarantine(_) => "; go=quarantine",
        _ => "",
    };
    format!("{module}; failed={}{instead}", quoted(why))
}

/// Where a filter sent a message that would have gone to `route`, by the trace of what it said: `None` if it did not. A
/// message may come once for each recipient, and each time have another route.
pub fn sent_to(trace: &str, route: &[Destination]) -> Option<Go> {
    let (go, instead_of) = moved(trace)?;
    let words = quoted(&in_words(route));
    // The recipients may come in another order.
    let sorted = |words: &str| {
        let words = words.trim_matches('"').split(", ");
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let is_of_route = instead_of.is_none_or(|said| said == words || sorted(said) == sorted(&words));
    is_of_route.then_some(go)
}

/// Where a filter sent a message, whatever recipient it came for, and instead of what.
pub fn moved(trace: &str) -> Option<(Go, Option<&str>)> {
    // What stands behind these two may be anybody's words.
    let mut words = trace.split("; ").skip(1);
    let go = words.next()?.strip_prefix("go=")?;
    let instead_of = words
        .next()
        .and_then(|word| word.strip_prefix("instead-of="));
    let go = match go.strip_prefix("ticket ") {
        Some(number) => Go::Ticket(number.parse().ok()?),
        None => (go == "new").then_some(Go::New)?,
    };
    Some((go, instead_of))
}

/// Where a message would go: `new, ticket 12-done`.
fn in_words(route: &[Destination]) -> String {
    let words = route.iter().map(|to| match to {
        Destination::Open => "new".to_owned(),
        Destination::Ticket(id, verb) => format!("ticket {id}{}", verb.suffix()),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn short(text: &str) -> String {
    clean(text).chars().take(LONGEST).collect()
}

/// `text` between quotes, in which there are no others.
fn quoted(text: &str) -> String {
    format!("\"{}\"", short(text).replace('"', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id(number: u32) -> TicketId {
        TicketId::new(number).unwrap()
    }

    #[test]
    fn answers_are_read_as_a_strangers() {
        // G5. Each line: the answer, and its trace or what is wrong with it.
        let long = "x".repeat(300);
        let cut = format!("f; go=on; note=\"{}\"", &long[..200]);
        let table = [
            (json!({}), Ok(None)),
            (json!({"go": "on"}), Ok(None)),
            (
                json!({"go": null, "note": "", "score": null, "more": [1]}),
                Ok(None),
            ),
            (json!({"note": "ham"}), Ok(Some("f; go=on; note=\"ham\""))),
            (
                json!({"go": "on", "score": 3}),
                Ok(Some("f; go=on; score=3")),
            ),
            (
                json!({"go": "quiet", "score": -0.5, "note": "a\nb\u{1b}[1m \"c\"; go=new"}),
                Ok(Some("f; go=quiet; score=-0.5; note=\"a b[1m 'c'; go=new\"")),
            ),
            (
                json!({"go": "ticket", "ticket": 12}),
                Ok(Some("f; go=ticket 12; instead-of=\"new, ticket 3-done\"")),
            ),
            (
                json!({"go": "new"}),
                Ok(Some("f; go=new; instead-of=\"new, ticket 3-done\"")),
            ),
            (
                json!({"go": "quarantine", "reason": "a virus"}),
                Ok(Some("f; go=quarantine; reason=\"a virus\"")),
            ),
            (
                json!({"go": "quarantine"}),
                Ok(Some("f; go=quarantine; reason=\"it gave no reason\"")),
            ),
            (json!({"note": long}), Ok(Some(cut.as_str()))),
            (
                json!({"go": "project", "project": "web"}),
                Err("there are no projects"),
            ),
            (
                json!({"go": "discard"}),
                Err("go is \"discard\", and not on, ticket, new, quiet or quarantine"),
            ),
            (
                json!({"go": "On"}),
                Err("go is \"On\", and not on, ticket, new, quiet or quarantine"),
            ),
            (json!({"go": true}), Err("go is no string")),
            (json!({"note": ["x"]}), Err("note is no string")),
            (
                json!({"go": "quarantine", "reason": 1}),
                Err("reason is no string"),
            ),
            (json!({"score": "5"}), Err("score is no number")),
            (
                json!({"go": "ticket"}),
                Err("ticket is no number of a ticket"),
            ),
            (
                json!({"go": "ticket", "ticket": 0}),
                Err("ticket is no number of a ticket"),
            ),
            (
                json!({"go": "ticket", "ticket": -1}),
                Err("ticket is no number of a ticket"),
            ),
            (
                json!({"go": "ticket", "ticket": "12"}),
                Err("ticket is no number of a ticket"),
            ),
            (
                json!({"go": "ticket", "ticket": 1e9}),
                Err("ticket is no number of a ticket"),
            ),
        ];
        let route = [Destination::Open, Destination::Ticket(id(3), Verb::Done)];
        for (answer, want) in table {
            let read = Word::read(answer.as_object().unwrap());
            let got = read.map(|word| word.trace("f", &route));
            let want = want.map(|trace| trace.map(str::to_owned));
            assert_eq!(got, want.map_err(str::to_owned), "{answer}");
        }
    }

    #[test]
    fn what_follows_for_a_route() {
        // G5: nothing that a filter says closes a ticket.
        use Destination::{Open, Ticket};
        let route = vec![Open, Ticket(id(3), Verb::Done), Ticket(id(4), Verb::Update)];
        let table = [
            (Go::On, route.clone()),
            (Go::New, vec![Open]),
            (Go::Ticket(id(3)), vec![Ticket(id(3), Verb::Update)]),
            (
                Go::Quiet,
                vec![Open, Ticket(id(3), Verb::Quiet), Ticket(id(4), Verb::Quiet)],
            ),
        ];
        for (go, want) in table {
            assert_eq!(go.reroute(route.clone()), want, "{go:?}");
        }
    }

    #[test]
    fn a_trace_says_where_a_filter_sent_the_message() {
        let quarantine = Go::Quarantine(String::new());
        let table = [
            (
                "f; go=ticket 12; instead-of=\"ticket 3\"".to_owned(),
                Some(Go::Ticket(id(12))),
            ),
            // Another recipient's.
            ("f; go=new; instead-of=\"ticket 3-done\"".to_owned(), None),
            // As earlier versions wrote it.
            ("f; go=ticket 12".to_owned(), Some(Go::Ticket(id(12)))),
            ("f; go=new; note=\"x\"".to_owned(), Some(Go::New)),
            ("f; go=on; note=\"a; go=new\"".to_owned(), None),
            ("f; go=ticket 012".to_owned(), None),
            (failed("f", "it said \"; go=new\"", &Go::On), None),
            (failed("f", "x", &quarantine), None),
            ("f".to_owned(), None),
            (String::new(), None),
        ];
        let route = [Destination::Ticket(id(3), Verb::Update)];
        for (trace, want) in table {
            assert_eq!(sent_to(&trace, &route), want, "{trace}");
        }
        assert_eq!(
            failed("f", "it said \"no\"\n", &quarantine),
            "f; failed=\"it said 'no'\"; go=quarantine"
        );
    }
}
