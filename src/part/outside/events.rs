//! The events of a module in the timeline.

use crate::desk::Desk;
use crate::module::{AnswerLines, Failure, Head, KindEntry, Module, Point, Request, clean};
use crate::screen::remark;
use crate::ticket::TicketId;
use crate::ticket::timeline::{EventKind, Items, Provider, TimelineItem, Wanted};
use crate::ticket::when::rfc3339;
use anyhow::Result;
use jiff::Timestamp;
use mail::decode::Mailbox;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// The most bytes of a string in a line.
const STRING: usize = 1 << 10;

/// The times that an event may have, in seconds since 1970: from the year 0, as four digits have to say it (RFC 3339), to
/// the last second that the program knows, in December 9999.
const TIMES: RangeInclusive<i64> = -62_167_219_200..=253_402_207_200;

/// What is said of an address that nobody can follow.
const NO_URL: &str = "is no address such as https://git.example/1";

/// So many events that are wrong are left out; then the module is at fault, and nothing more is taken from it.
const MOST_ODD: usize = 1000;

/// The events of a module. One that is wrong is left out, since a stranger's text may have made it so; if the module fails,
/// the timeline is shown without the rest of them. Either is said in a line.
pub(super) struct ModuleEvents<'a> {
    pub(super) module: &'a Module,
    pub(super) desk: &'a Desk,
    /// The present, in seconds since 1970.
    pub(super) now: i64,
}

impl Provider for ModuleEvents<'_> {
    fn kinds(&self) -> Vec<EventKind> {
        let filters = self.module.manifest.timeline.filters.iter();
        let kind = |entry: &KindEntry| EventKind {
            name: entry.name.clone().into(),
            label: entry.label.clone().into(),
        };
        filters.map(kind).collect()
    }

    fn items<'a>(&'a self, wanted: &'a Wanted) -> Result<Items<'a>> {
        let own = self.kinds();
        let is_own = |name: &String| own.iter().any(|kind| kind.name == *name);
        let kinds: Vec<String> = match &wanted.kinds {
            Some(kinds) => kinds.iter().filter(|name| is_own(name)).cloned().collect(),
            None => own.iter().map(|kind| kind.name.to_string()).collect(),
        };
        if kinds.is_empty() {
            return Ok(Box::new(std::iter::empty()));
        }
        if self.module.rests(self.now) {
            let fault = self.module.home.state().last_fault;
            self.is_missing(&format!("it rests after {}", fault.unwrap_or_default()));
            return Ok(Box::new(std::iter::empty()));
        }
        let mut lines = self
            .ask(wanted, kinds)
            .inspect_err(|why| self.fails(why))
            .ok();
        let mut last = i64::MAX;
        let mut odd = OddEvents {
            module: self.module,
            count: 0,
            urls: 0,
            first: String::new(),
        };
        Ok(Box::new(std::iter::from_fn(move || {
            let next = self.next(lines.as_mut()?, last, &mut odd);
            match next {
                Ok(Some(item)) => {
                    last = item.at;
                    return Some(Ok(item));
                }
                Ok(None) => self.note(None),
                Err(why) => self.fails(&why),
            }
            lines = None;
            None
        })))
    }
}

impl ModuleEvents<'_> {
    fn ask(&self, wanted: &Wanted, kinds: Vec<String>) -> Result<AnswerLines, Failure> {
        let head = Head::default()
            .with("since", wanted.since.map(rfc3339))
            .with("until", wanted.until.map(rfc3339))
            .with("kinds", kinds)
            .with("ticket", wanted.ticket.map(TicketId::get))
            .with("from", wanted.from.clone())
            .with("limit", wanted.limit);
        let request = Request {
            point: Point::Timeline,
            head,
            mail: None,
            limit: None,
        };
        self.module.ask_for_lines(request, |_| ())
    }

    /// Its next event that is right, which is no newer than `last`.
    fn next(
        &self,
        lines: &mut AnswerLines,
        last: i64,
        odd: &mut OddEvents,
    ) -> Result<Option<TimelineItem>, Failure> {
        while let Some(fields) = lines.next_object()? {
            match own_item(self.module, &fields) {
                Ok(item) => {
                    odd.urls += usize::from(url(&fields).is_err());
                    return in_order(item, last).map(Some).map_err(Failure::Odd);
                }
                Err(why) if odd.count == MOST_ODD => return Err(Failure::Odd(why)),
                Err(why) => odd.add(why),
            }
        }
        Ok(None)
    }

    fn fails(&self, why: &Failure) {
        let why = why.to_string();
        self.note(Some(&why));
        self.is_missing(&why);
    }

    fn is_missing(&self, why: &str) {
        let name = self.module.name();
        remark(format_args!(
            "events of the module {name} are missing: {why}"
        ));
    }

    /// Where it cannot be noted how the module fares, it is asked again next time.
    fn note(&self, fault: Option<&str>) {
        if let Ok(Some(news)) = self.module.home.note(fault, self.now) {
            self.desk.tell_of_module(self.module.name(), news, self.now);
        }
    }
}

/// The events of a module that are wrong, which is said when no more of them are read.
struct OddEvents<'a> {
    module: &'a Module,
    count: usize,
    /// So many have no address that anybody can follow, and are shown without.
    urls: usize,
    /// What is wrong with the first of them.
    first: String,
}

impl OddEvents<'_> {
    fn add(&mut self, why: String) {
        if self.count == 0 {
            self.first = why;
        }
        self.count += 1;
    }
}

impl Drop for OddEvents<'_> {
    fn drop(&mut self) {
        let (name, first) = (self.module.name(), &self.first);
        match self.urls {
            0 => {}
            1 => remark(format_args!(
                "the url of an event of the module {name} is left out: it {NO_URL}"
            )),
            n => remark(format_args!(
                "{n} urls of events of the module {name} are left out: each {NO_URL}"
            )),
        }
        match self.count {
            0 => {}
            1 => remark(format_args!(
                "an event of the module {name} is left out: {first}"
            )),
            n => remark(format_args!(
                "{n} events of the module {name} are left out; the first: {first}"
            )),
        }
    }
}

/// The event that a line of a module describes, which is no newer than the `last` one.
///
/// # Errors
/// What is wrong with it.
pub fn judged(
    module: &Module,
    fields: &Map<String, Value>,
    last: i64,
) -> Result<TimelineItem, String> {
    let item = in_order(own_item(module, fields)?, last)?;
    url(fields).map(|_| item)
}

/// The event that a line of a module describes.
fn own_item(module: &Module, fields: &Map<String, Value>) -> Result<TimelineItem, String> {
    let item = item(fields)?;
    let mut own = module.manifest.timeline.filters.iter();
    match own.any(|entry| entry.name == item.kind) {
        true => Ok(item),
        false => Err(format!(
            "its manifest has no [[timeline.filters]] with the name {:?}",
            item.kind
        )),
    }
}

/// An event, unless it is newer than the `last` one.
fn in_order(item: TimelineItem, last: i64) -> Result<TimelineItem, String> {
    match item.at > last {
        true => Err("its events are not in order, newest first".into()),
        false => Ok(item),
    }
}

/// The event that an object describes.
fn item(fields: &Map<String, Value>) -> Result<TimelineItem, String> {
    let text = |key: &str| {
        let value = fields.get(key)?.as_str()?;
        Some(clean(value, STRING))
    };
    let at = match fields.get("at") {
        Some(Value::String(text)) => text.parse().ok().map(Timestamp::as_second),
        Some(value) => value.as_i64(),
        None => None,
    };
    let at = at.filter(|at| TIMES.contains(at));
    let ticket = match fields.get("ticket") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            let ticket = number.and_then(TicketId::new);
            Some(ticket.ok_or_else(|| format!("ticket is {value}, no number of one"))?)
        }
    };
    let author = match fields.get("author") {
        Some(Value::Object(author)) => {
            let part = |key: &str| author.get(key).and_then(Value::as_str).unwrap_or_default();
            Some(Mailbox {
                name: clean(part("name"), STRING),
                address: clean(part("address"), STRING),
            })
        }
        Some(Value::String(name)) => Some(Mailbox {
            name: clean(name, STRING),
            address: String::new(),
        }),
        _ => None,
    };
    Ok(TimelineItem {
        at: at.ok_or("at is no time, such as 2026-11-01T12:00:00Z or seconds since 1970")?,
        kind: text("kind").ok_or("kind is missing")?.into(),
        ticket,
        author,
        subject: text("subject").unwrap_or_default(),
        url: url(fields).unwrap_or_default(),
        message: None,
    })
}

/// The address of an event, if it has one.
///
/// # Errors
/// It has something else there.
fn url(fields: &Map<String, Value>) -> Result<Option<String>, String> {
    match fields.get("url") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(url)) if is_web(url) => Ok(Some(url.clone())),
        Some(_) => Err(format!("url {NO_URL}")),
    }
}

/// True for an address that a browser or a reader of feeds can follow as it is.
fn is_web(url: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c);
    let is_of_web = ["https://", "http://"]
        .iter()
        .any(|web| url.starts_with(web));
    is_of_web && url.len() <= STRING && !url.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_says_is_judged() {
        // G7: a module is a stranger, too.
        let ticket = |text: &str| {
            let fields: Map<String, Value> = serde_json::from_str(text).unwrap();
            item(&fields).map(|it| {
                let who = it.author.map(|it| format!("{}|{}", it.name, it.address));
                let ticket = it.ticket.map_or(0, TicketId::get);
                let (who, url) = (who.unwrap_or_default(), it.url.unwrap_or_default());
                format!(
                    "{} {} {ticket} {who} {:?} {url}",
                    it.at, it.kind, it.subject
                )
            })
        };
        let no_time = "at is no time, such as 2026-11-01T12:00:00Z or seconds since 1970";
        for (text, want) in [
            (r#"{"at":7,"kind":"commit"}"#, Ok("7 commit 0  \"\" ")),
            (
                r#"{"at":"2026-11-01T12:00:00Z","kind":"commit","ticket":12,"author":"Ann","subject":"a\nb\u001b[1m","url":"https://x.example/1"}"#,
                Ok("1793534400 commit 12 Ann| \"a b [1m\" https://x.example/1"),
            ),
            (
                r#"{"at":7,"kind":"x","author":{"name":"Ann","address":"ann@example.net"},"url":"javascript:alert(1)","ticket":null}"#,
                Ok("7 x 0 Ann|ann@example.net \"\" "),
            ),
            (
                r#"{"at":-62167219200,"kind":"x"}"#,
                Ok("-62167219200 x 0  \"\" "),
            ),
            (r#"{"at":-62167219201,"kind":"x"}"#, Err(no_time)),
            (r#"{"at":253402207201,"kind":"x"}"#, Err(no_time)),
            (
                r#"{"at":"-009998-01-01T00:00:00Z","kind":"x"}"#,
                Err(no_time),
            ),
            (
                r#"{"at":253402207200,"kind":"x"}"#,
                Ok("253402207200 x 0  \"\" "),
            ),
            (r#"{"at":7}"#, Err("kind is missing")),
            (r#"{"kind":"commit"}"#, Err(no_time)),
            (
                r#"{"at":9223372036854775807,"kind":"commit"}"#,
                Err(no_time),
            ),
            (r#"{"at":"yesterday","kind":"commit"}"#, Err(no_time)),
            (
                r#"{"at":7,"kind":"x","ticket":0}"#,
                Err("ticket is 0, no number of one"),
            ),
            (
                r#"{"at":7,"kind":"x","ticket":"12"}"#,
                Err("ticket is \"12\", no number of one"),
            ),
        ] {
            let want = want.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(ticket(text), want, "{text}");
        }
        for (address, is_right) in [
            (r#""https://x.example/1?a&b""#, true),
            ("null", true),
            (r#""javascript:alert(1)""#, false),
            (r#""https://x y/""#, false),
            (r#""https://x/\u0001""#, false),
            (r#""https://x/\"><b>""#, false),
            ("7", false),
        ] {
            let text = format!(r#"{{"at":7,"kind":"x","url":{address}}}"#);
            let fields: Map<String, Value> = serde_json::from_str(&text).unwrap();
            assert_eq!(url(&fields).is_ok(), is_right, "{text}");
            let has_url = item(&fields).unwrap().url.is_some();
            assert_eq!(has_url, is_right && address != "null", "{text}");
        }
    }
}
