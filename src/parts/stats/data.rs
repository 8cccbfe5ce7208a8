//! The numbers for programs: JSON, and CSV in the long form.

use super::count::{Counts, DeskStats, Period, Times, WEEKDAYS};
use crate::listing::MailboxObject;
use anyhow::Result;
use serde::Serialize;

/// The object of `--json`. The fields are a promise to its readers.
#[derive(Serialize)]
struct StatsJson<'a> {
    first: Option<String>,
    last: Option<String>,
    by: &'a str,
    automatic: bool,
    total: TotalJson,
    first_reply: TimesJson,
    closing: TimesJson,
    periods: Vec<PeriodJson>,
    hours: Vec<u64>,
    weekdays: Vec<u64>,
    week: Vec<Vec<u64>>,
    submitters: Vec<SubmitterJson<'a>>,
    largest: Vec<LargeJson<'a>>,
    undated: u64,
    future: u64,
}

#[derive(Serialize)]
struct TotalJson {
    opened: u64,
    closed: u64,
    reopened: u64,
    open: u64,
    unanswered: u64,
    tickets: u64,
    by_machines: u64,
    submitters: u64,
    messages: u64,
    mail: u64,
    replies: u64,
    automatic: u64,
    bytes: u64,
    attachments: u64,
}

#[derive(Serialize)]
struct TimesJson {
    count: u64,
    median: Option<u64>,
    p90: Option<u64>,
}

impl From<&Times> for TimesJson {
    fn from(times: &Times) -> Self {
        TimesJson {
            count: times.count,
            median: times.median,
            p90: times.ninety,
        }
    }
}

#[derive(Serialize)]
struct PeriodJson {
    period: String,
    first: String,
    opened: u64,
    closed: u64,
    reopened: u64,
    open: u64,
    mail: u64,
    replies: u64,
    automatic: u64,
    first_reply: TimesJson,
    closing: TimesJson,
}

#[derive(Serialize)]
struct SubmitterJson<'a> {
    #[serde(flatten)]
    who: MailboxObject<'a>,
    tickets: u64,
}

#[derive(Serialize)]
struct LargeJson<'a> {
    ticket: u32,
    subject: &'a str,
    messages: u64,
    bytes: u64,
}

/// The numbers as one JSON object on a line.
pub(super) fn json(stats: &DeskStats) -> Result<String> {
    let Counts {
        opened,
        closed,
        reopened,
        mail,
        replies,
        automatic: by_machines,
    } = stats.total;
    let period = |it: &Period| PeriodJson {
        period: stats.unit.label(it.start),
        first: it.start.to_string(),
        opened: it.counts.opened,
        closed: it.counts.closed,
        reopened: it.counts.reopened,
        open: it.open,
        mail: it.counts.mail,
        replies: it.counts.replies,
        automatic: it.counts.automatic,
        first_reply: (&it.first_reply).into(),
        closing: (&it.closing).into(),
    };
    let json = StatsJson {
        first: stats.days.map(|(first, _)| first.to_string()),
        last: stats.days.map(|(_, last)| last.to_string()),
        by: stats.unit.name(),
        automatic: stats.automatic,
        total: TotalJson {
            opened,
            closed,
            reopened,
            open: stats.open,
            unanswered: stats.unanswered,
            tickets: stats.tickets,
            by_machines: stats.by_machines,
            submitters: stats.submitters,
            messages: stats.total.messages(),
            mail,
            replies,
            automatic: by_machines,
            bytes: stats.bytes,
            attachments: stats.attachments,
        },
        first_reply: (&stats.first_reply).into(),
        closing: (&stats.closing).into(),
        periods: stats.periods.iter().map(period).collect(),
        hours: stats.by_hour(),
        weekdays: stats.by_weekday(),
        week: stats.hours.iter().map(|day| day.to_vec()).collect(),
        submitters: (stats.top.iter())
            .map(|it| SubmitterJson {
                who: MailboxObject::from(&it.who),
                tickets: it.tickets,
            })
            .collect(),
        largest: (stats.largest.iter())
            .map(|it| LargeJson {
                ticket: it.ticket.get(),
                subject: &it.subject,
                messages: it.messages,
                bytes: it.bytes,
            })
            .collect(),
        undated: stats.undated,
        future: stats.future,
    };
    Ok(serde_json::to_string(&json)? + "\n")
}

/// The numbers as CSV (RFC 4180, with LF): `section,key,measure,value`.
pub(super) fn csv(stats: &DeskStats) -> String {
    let mut out = String::from("section,key,measure,value\n");
    let mut row = |section: &str, key: &str, measure: &str, value: u64| {
        out.push_str(&format!("{section},{key},{measure},{value}\n"));
    };
    let counts = |c: &Counts| {
        [
            ("opened", c.opened),
            ("closed", c.closed),
            ("reopened", c.reopened),
            ("mail", c.mail),
            ("replies", c.replies),
            ("automatic", c.automatic),
        ]
    };
    // Without times there is no median, and no line for it.
    let times = |first_reply: &Times, closing: &Times| {
        let found = [
            ("first_replies", Some(first_reply.count)),
            ("first_reply_median", first_reply.median),
            ("first_reply_p90", first_reply.ninety),
            ("closings", Some(closing.count)),
            ("closing_median", closing.median),
            ("closing_p90", closing.ninety),
        ];
        let known = found.into_iter().filter_map(|(name, n)| Some((name, n?)));
        known.collect::<Vec<_>>()
    };
    let rest = [
        ("open", stats.open),
        ("unanswered", stats.unanswered),
        ("tickets", stats.tickets),
        ("by_machines", stats.by_machines),
        ("submitters", stats.submitters),
        ("messages", stats.total.messages()),
        ("bytes", stats.bytes),
        ("attachments", stats.attachments),
        ("undated", stats.undated),
        ("future", stats.future),
    ];
    let all = counts(&stats.total).into_iter().chain(rest);
    for (measure, value) in all.chain(times(&stats.first_reply, &stats.closing)) {
        row("total", "", measure, value);
    }
    for it in &stats.periods {
        let key = stats.unit.label(it.start);
        let open = [("open", it.open)];
        let all = counts(&it.counts).into_iter().chain(open);
        for (measure, value) in all.chain(times(&it.first_reply, &it.closing)) {
            row("period", &key, measure, value);
        }
    }
    for (hour, mail) in stats.by_hour().into_iter().enumerate() {
        row("hour", &hour.to_string(), "mail", mail);
    }
    for (day, mail) in WEEKDAYS.into_iter().zip(stats.by_weekday()) {
        row("weekday", day, "mail", mail);
    }
    for it in &stats.top {
        row("submitter", &cell(&it.who.address), "tickets", it.tickets);
    }
    for it in &stats.largest {
        let key = it.ticket.to_string();
        row("ticket", &key, "messages", it.messages);
        row("ticket", &key, "bytes", it.bytes);
    }
    out
}

/// A text as a cell. Strangers choose their addresses, so one that a spreadsheet would take for a formula
/// gets a quote before it. Some take the wide forms of East Asian scripts, and what follows blanks.
fn cell(text: &str) -> String {
    let begins = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let formula = text.starts_with(begins) || text.trim_start().starts_with(begins);
    let text = match formula {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        for (text, want) in [
            ("ann@example.net", "ann@example.net"),
            ("", ""),
            ("\"a,b\"@example.net", "\"\"\"a,b\"\"@example.net\""),
            ("=cmd|x@example.net", "'=cmd|x@example.net"),
            ("-1@example.net", "'-1@example.net"),
            ("@sum@x", "'@sum@x"),
            ("\t=1@x", "'\t=1@x"),
            (" =1@x", "' =1@x"),
            ("＝1@x", "'＝1@x"),
            ("\r=1@x", "\"'\r=1@x\""),
            ("+a,b@x", "\"'+a,b@x\""),
        ] {
            assert_eq!(cell(text), want, "{text}");
        }
    }
}
