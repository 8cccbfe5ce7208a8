use super::{FeedHead, atom, rss};
use crate::ticket::TicketId;
use crate::ticket::address::Addresses;
use crate::ticket::timeline::{MessageFacts, TimelineItem, Wanted};
use mail::decode::Mailbox;
use roxmltree::{Document, Node};

/// 2026-11-22 12:00 UTC.
const NOW: i64 = 1_795_348_800;
const ATOM: &str = "http://www.w3.org/2005/Atom";

fn item(at: i64, who: Option<(&str, &str)>, subject: &str) -> TimelineItem {
    TimelineItem {
        at,
        kind: "opened".into(),
        ticket: TicketId::new(12),
        author: who.map(|(name, address)| Mailbox {
            name: name.into(),
            address: address.into(),
        }),
        subject: subject.into(),
        url: None,
        message: Some(MessageFacts {
            number: 3,
            automatic: false,
            size: 1234,
            attachments: 2,
        }),
    }
}

fn feeds(items: &[TimelineItem], wanted: &Wanted) -> [String; 2] {
    let domain = ["example.org".to_owned()];
    let addresses = Addresses::new(&domain, false, &["submit".into()], "help+{n}").unwrap();
    let head = FeedHead {
        title: "Tom & Jerry's <desk>".into(),
        tag: &|id| format!("[issue{id}]"),
        addresses: &addresses,
        wanted,
        now: NOW,
    };
    [rss, atom].map(|write| {
        let mut out = Vec::new();
        let items = Box::new(items.iter().cloned().map(Ok));
        write(&mut out, &head, items).unwrap();
        String::from_utf8(out).unwrap()
    })
}

/// The texts of the children of this name, anywhere below, each in one string.
fn texts<'a>(node: Node<'a, '_>, name: &str) -> Vec<&'a str> {
    let named = node.descendants().filter(|n| n.tag_name().name() == name);
    named.map(|n| n.text().unwrap_or_default()).collect()
}

const HOSTILE: &str =
    "]]> </title><script>&amp; \"x\" 'y' \u{1}\u{b}\u{0}\u{fffe}\u{202e}\u{1f600} é <!-- & &#0;";
/// What XML has characters for.
const HARMLESS: &str = "]]> </title><script>&amp; \"x\" 'y' \u{1f600} é <!-- & &#0;";

#[test]
fn whatever_a_stranger_wrote_is_text() {
    let items = [item(NOW, Some((HOSTILE, "a<b@example.net")), HOSTILE)];
    let [rss, atom] = feeds(&items, &Wanted::default());
    let rss = Document::parse(&rss).unwrap();
    let item = rss.descendants().find(|n| n.has_tag_name("item")).unwrap();
    assert_eq!(
        texts(item, "title"),
        [format!("Ticket 12, opened: {HARMLESS}")]
    );
    assert_eq!(texts(item, "creator"), [HARMLESS]);
    // A description is HTML; one level of escaping is XML's.
    let html = texts(item, "description")[0];
    assert!(
        !html.contains('<') && html.contains("&lt;script&gt;"),
        "{html}"
    );
    let atom = Document::parse(&atom).unwrap();
    let entry = atom
        .descendants()
        .find(|n| n.has_tag_name((ATOM, "entry")))
        .unwrap();
    assert_eq!(
        texts(entry, "title"),
        [format!("Ticket 12, opened: {HARMLESS}")]
    );
    assert_eq!(texts(entry, "name"), [HARMLESS]);
    assert_eq!(texts(entry, "email"), ["a<b@example.net"]);
}

#[test]
fn rss_has_what_readers_ask_for() {
    let ann = Some(("Ann", "ann@example.net"));
    let items = [item(NOW, ann, "[issue12] Hi"), item(NOW - 86_400, None, "")];
    let [rss, _] = feeds(&items, &Wanted::default());
    assert_eq!(
        rss,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
 <title>Tom &amp; Jerry&#39;s &lt;desk&gt;</title>
 <link>mailto:submit@example.org</link>
 <description>What happened on the desk</description>
 <generator>tickets</generator>
 <lastBuildDate>Sun, 22 Nov 2026 12:00:00 +0000</lastBuildDate>
 <item>
  <title>Ticket 12, opened: Hi</title>
  <link>mailto:help+12@example.org</link>
  <guid isPermaLink="false">tag:example.org,2026-11-22:ticket-12/8abf41ba36b8560b</guid>
  <pubDate>Sun, 22 Nov 2026 12:00:00 +0000</pubDate>
  <category>opened</category>
  <dc:creator>Ann</dc:creator>
  <description>From Ann &amp;lt;ann@example.net&amp;gt;. Message 3 of ticket 12, 1.2 kB, 2 attachments: tickets show 12 3</description>
 </item>
 <item>
  <title>Ticket 12, opened</title>
  <link>mailto:help+12@example.org</link>
  <guid isPermaLink="false">tag:example.org,2026-11-21:ticket-12/3a72723a86110b5b</guid>
  <pubDate>Sat, 21 Nov 2026 12:00:00 +0000</pubDate>
  <category>opened</category>
  <description>Message 3 of ticket 12, 1.2 kB, 2 attachments: tickets show 12 3</description>
 </item>
</channel>
</rss>
"#
    );
}

#[test]
fn atom_has_what_its_standard_asks_for() {
    let ann = Some(("Ann", "ann@example.net"));
    let items = [item(NOW, ann, "Hi"), item(NOW - 86_400, None, "Ho")];
    let [_, atom] = feeds(&items, &Wanted::default());
    let document = Document::parse(&atom).unwrap();
    let feed = document.root_element();
    assert!(feed.has_tag_name((ATOM, "feed")));
    assert_eq!(
        texts(feed, "id")[0],
        "tag:example.org,2026:tickets/timeline"
    );
    let date = "2026-11-22T12:00:00Z";
    assert_eq!(texts(feed, "updated"), [date, date, "2026-11-21T12:00:00Z"]);
    for entry in feed.children().filter(|n| n.has_tag_name((ATOM, "entry"))) {
        for (name, most) in [
            ("id", 1),
            ("title", 1),
            ("updated", 1),
            ("author", 1),
            ("content", 1),
        ] {
            let found = entry.children().filter(|n| n.has_tag_name((ATOM, name)));
            assert_eq!(found.count(), most, "{name}");
        }
        let link = entry
            .children()
            .find(|n| n.has_tag_name((ATOM, "link")))
            .unwrap();
        assert_eq!(link.attribute("href"), Some("mailto:help+12@example.org"));
    }
    assert_eq!(texts(feed, "name"), ["Ann", "nobody"]);
}

#[test]
fn a_feed_of_nothing_is_a_feed() {
    let [rss, atom] = feeds(&[], &Wanted::default());
    let rss = Document::parse(&rss).unwrap();
    assert_eq!(texts(rss.root(), "item").len(), 0);
    assert_eq!(
        texts(rss.root(), "lastBuildDate"),
        ["Sun, 22 Nov 2026 12:00:00 +0000"]
    );
    let atom = Document::parse(&atom).unwrap();
    assert_eq!(texts(atom.root(), "updated"), ["2026-11-22T12:00:00Z"]);
}

fn ids(items: &[TimelineItem]) -> Vec<String> {
    let [_, atom] = feeds(items, &Wanted::default());
    let document = Document::parse(&atom).unwrap();
    let ids = texts(document.root(), "id");
    ids[1..].iter().map(|id| id.to_string()).collect()
}

#[test]
fn an_id_stays_and_is_no_others() {
    let ann = Some(("Ann", "ann@example.net"));
    let first = item(NOW, ann, "Hi");
    let moved = TimelineItem {
        kind: "mail".into(),
        message: Some(MessageFacts {
            number: 2,
            automatic: false,
            size: 1300,
            attachments: 2,
        }),
        ..first.clone()
    };
    // Another message of its ticket was deleted, mutt noted that this one was read.
    assert_eq!(ids(std::slice::from_ref(&first)), ids(&[moved]));
    let other = [
        first.clone(),
        first.clone(),
        item(NOW, None, "Hi"),
        item(NOW, ann, "Ho"),
        TimelineItem {
            ticket: TicketId::new(13),
            ..first.clone()
        },
        TimelineItem {
            ticket: None,
            kind: "git push".into(),
            ..first.clone()
        },
        item(NOW - 1, ann, "Hi"),
        item(-i64::MAX, ann, "Hi"),
        item(i64::MAX, ann, "Hi"),
    ];
    let mut found = ids(&other);
    assert_eq!(found[0], ids(&[first])[0]);
    assert_eq!(found[1], format!("{}-2", found[0]));
    assert!(
        found[5].starts_with("tag:example.org,2026-11-22:git%20push/"),
        "{}",
        found[5]
    );
    assert!(
        found[7].starts_with("tag:example.org,0000-01-01:"),
        "{}",
        found[7]
    );
    found.sort();
    found.dedup();
    assert_eq!(found.len(), other.len());
}

#[test]
fn a_feed_of_other_things_is_another_feed() {
    let id = |wanted: &Wanted| {
        let [_, atom] = feeds(&[], wanted);
        let document = Document::parse(&atom).unwrap();
        texts(document.root(), "id")[0].to_owned()
    };
    let wanted = Wanted {
        since: Some(7),
        ticket: TicketId::new(12),
        kinds: Some(vec!["opened".into(), "re-opened".into()]),
        from: Some("müßig & co".into()),
        until: None,
        limit: None,
    };
    assert_eq!(
        id(&wanted),
        "tag:example.org,2026:tickets/timeline?ticket=12&events=opened.re-opened\
         &from=m%C3%BC%C3%9Fig%20%26%20co"
    );
}
