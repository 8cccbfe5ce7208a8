//! The timeline as a feed: RSS 2.0, and Atom (RFC 4287).
//!
//! The templates escape every value, so that what strangers wrote is text and nothing else.

use super::ids::{ItemIds, feed_id, percent};
use crate::screen::{person, plural, size, xml};
use crate::ticket::TicketId;
use crate::ticket::address::Addresses;
use crate::ticket::timeline::{Items, TimelineItem, Wanted};
use crate::ticket::when::{moment, rfc3339};
use anyhow::Result;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use std::io::Write;

/// What a feed says of itself.
pub(super) struct FeedHead<'a> {
    /// Its title.
    pub title: String,
    /// Writes the tag of a ticket as it stands in Subjects.
    pub tag: &'a dyn Fn(TicketId) -> String,
    /// The desk's addresses.
    pub addresses: &'a Addresses,
    /// Which events are asked for.
    pub wanted: &'a Wanted,
    /// The present, in seconds since 1970.
    pub now: i64,
}

/// The templates of a format.
struct Format {
    head: &'static str,
    item: &'static str,
    foot: &'static str,
}

const RSS: Format = Format {
    head: r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
 <title>{{ title }}</title>
 <link>{{ link }}</link>
 <description>What happened on the desk</description>
 <generator>tickets</generator>
 <lastBuildDate>{{ updated.rfc2822 }}</lastBuildDate>
"#,
    item: r#" <item>
  <title>{{ title }}</title>
{% if link %}
  <link>{{ link }}</link>
{% endif %}
  <guid isPermaLink="false">{{ id }}</guid>
  <pubDate>{{ at.rfc2822 }}</pubDate>
  <category>{{ kind }}</category>
{% if author %}
  <dc:creator>{{ author }}</dc:creator>
{% endif %}
  <description>{{ description_html }}</description>
 </item>
"#,
    foot: "</channel>\n</rss>\n",
};

const ATOM: Format = Format {
    head: r#"<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
 <id>{{ id }}</id>
 <title>{{ title }}</title>
 <updated>{{ updated.rfc3339 }}</updated>
 <generator>tickets</generator>
 <link rel="related" href="{{ link }}"/>
"#,
    item: r#" <entry>
  <id>{{ id }}</id>
  <title>{{ title }}</title>
  <updated>{{ at.rfc3339 }}</updated>
  <published>{{ at.rfc3339 }}</published>
  <author>
   <name>{{ author or "nobody" }}</name>
{% if email %}
   <email>{{ email }}</email>
{% endif %}
  </author>
  <category term="{{ kind }}"/>
{% if link %}
  <link rel="related" href="{{ link }}"/>
{% endif %}
  <content>{{ description }}</content>
 </entry>
"#,
    foot: "</feed>\n",
};

#[derive(Serialize)]
struct HeadValues<'a> {
    id: String,
    title: &'a str,
    link: String,
    updated: Moment,
}

#[derive(Serialize)]
struct ItemValues<'a> {
    id: String,
    title: String,
    link: Option<String>,
    at: Moment,
    kind: &'a str,
    author: Option<&'a str>,
    email: Option<&'a str>,
    description: String,
    /// RSS takes a description for HTML.
    description_html: String,
}

/// A moment in UTC.
#[derive(Serialize)]
struct Moment {
    rfc2822: String,
    rfc3339: String,
}

impl Moment {
    fn new(at: i64) -> Result<Moment> {
        Ok(Moment {
            rfc2822: rfc2822::to_string(&moment(at).to_zoned(TimeZone::UTC))?,
            rfc3339: rfc3339(at),
        })
    }
}

/// Writes an RSS 2.0 feed.
pub(super) fn rss(out: &mut dyn Write, head: &FeedHead, items: Items) -> Result<()> {
    write(out, &RSS, head, items)
}

/// Writes an Atom feed.
pub(super) fn atom(out: &mut dyn Write, head: &FeedHead, items: Items) -> Result<()> {
    write(out, &ATOM, head, items)
}

/// Writes a feed, one item after the other: there may be very many.
fn write(out: &mut dyn Write, format: &Format, head: &FeedHead, items: Items) -> Result<()> {
    let engine = engine()?;
    let template = |source| engine.template_from_str(source);
    let (head_template, item_template) = (template(format.head)?, template(format.item)?);
    let mut items = items.peekable();
    let updated = match items.peek() {
        Some(Ok(newest)) => newest.at,
        _ => head.now,
    };
    let domain = head.addresses.domain();
    let values = HeadValues {
        id: feed_id(domain, &published_query(head)),
        title: &head.title,
        link: mailto(&head.addresses.submit()),
        updated: Moment::new(updated)?,
    };
    out.write_all(head_template.render(Serde(values))?.as_bytes())?;
    let mut ids = ItemIds::new(domain);
    for item in items {
        // Before its id is made: whoever knew all the rest could try all digests.
        let item = published(head, item?);
        let values = item_values(head, &item, ids.id(&item))?;
        out.write_all(item_template.render(Serde(values))?.as_bytes())?;
    }
    Ok(out.write_all(format.foot.as_bytes())?)
}

/// The item as anybody may read it: without the digests of ticket addresses (C8).
fn published(head: &FeedHead, mut item: TimelineItem) -> TimelineItem {
    let clean = |text: &mut String| {
        *text = match item.ticket {
            Some(id) => head.addresses.published_of(id, text),
            None => head.addresses.published(text).into_owned(),
        }
    };
    clean(&mut item.subject);
    if let Some(author) = &mut item.author {
        clean(&mut author.name);
        clean(&mut author.address);
    }
    item
}

/// What the feed was asked for, as anybody may read it.
fn published_query(head: &FeedHead) -> Wanted {
    let from = head.wanted.from.as_ref();
    Wanted {
        from: from.map(|from| head.addresses.published(from).into_owned()),
        ..head.wanted.clone()
    }
}

fn engine() -> Result<Environment<'static>> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_formatter(|out, _, value| Ok(out.write_str(&xml::escape(&value.to_string()))?));
    // A line that only holds `{% if .. %}` leaves no line behind.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    engine.set_syntax(syntax);
    Ok(engine)
}

fn item_values<'a>(head: &FeedHead, item: &'a TimelineItem, id: String) -> Result<ItemValues<'a>> {
    let address = item
        .ticket
        .and_then(|id| head.addresses.published_ticket(id));
    let link = item.url.clone().or_else(|| address.as_deref().map(mailto));
    let email = item.author.as_ref().map(|author| author.address.as_str());
    let description = description(item);
    Ok(ItemValues {
        id,
        title: title(head, item),
        link,
        at: Moment::new(item.at)?,
        kind: &item.kind,
        author: item.who(),
        email: email.filter(|address| is_address(address)),
        description_html: xml::escape(&description),
        description,
    })
}

/// `Ticket 12, opened: Printer on fire`.
fn title(head: &FeedHead, item: &TimelineItem) -> String {
    let subject = item.untagged_subject(head.tag);
    let what = match item.ticket {
        Some(id) => format!("Ticket {id}, {}", item.kind),
        None => item.kind.to_string(),
    };
    match subject.is_empty() {
        true => what,
        false => format!("{what}: {subject}"),
    }
}

fn description(item: &TimelineItem) -> String {
    let mut sentences = Vec::new();
    if let Some(author) = &item.author {
        sentences.push(format!("From {}.", person(author)));
    }
    if let (Some(id), Some(message)) = (item.ticket, &item.message) {
        let bytes = size(usize::try_from(message.size).unwrap_or(usize::MAX));
        let attachments = match message.attachments {
            0 => String::new(),
            1 => ", one attachment".to_owned(),
            many => format!(", {}", plural(many, "attachment")),
        };
        let number = message.number;
        sentences.push(format!(
            "Message {number} of ticket {id}, {bytes}{attachments}: tickets show {id} {number}"
        ));
    }
    sentences.join(" ")
}

fn mailto(address: &str) -> String {
    format!("mailto:{}", percent(address, b"@+"))
}

/// RFC 4287, 3.2.3: something on both sides of an `@`.
fn is_address(address: &str) -> bool {
    let halves = address.rsplit_once('@');
    halves.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
