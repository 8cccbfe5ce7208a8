//! The envelope of a message that another program stored: from whom it came, and when.

use mail::decode;
use mail::envelope::Sender;
use mail::mbox;
use mail::message::Message;

/// A date that is further ahead of now than this, in seconds, is a wrong clock's.
const MAX_AHEAD: i64 = 24 * 3600;
/// This many `Received` fields are searched for a date.
const MAX_HOPS: usize = 5;

/// The envelope sender. Many programs write a From_ line of their own, so only an address is believed
/// there; `MAILER-DAEMON` stands for an unknown sender as well as for the null sender.
pub(crate) fn sender(message: &Message, from_line: &[u8]) -> Sender {
    if let Some(path) = message.first("Return-Path") {
        return Sender::parse(&path.text());
    }
    let named = mbox::sender_of(from_line).map(String::from_utf8_lossy);
    match named {
        Some(named) if named.contains('@') => Sender::parse(&named),
        Some(local) => match host_at(from_line) {
            Some(host) => Sender::parse(&format!("{local}@{host}")),
            None => Sender::Unknown,
        },
        None => Sender::Unknown,
    }
}

/// The domain in a From_ line of Mailman's archives, which hide addresses: `From ann at example.net Sun ...`
fn host_at(from_line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(from_line);
    let mut words = line.split_ascii_whitespace().skip(2);
    let host = (words.next()? == "at").then(|| words.next())??;
    host.contains('.').then(|| host.to_owned())
}

/// When a message came in, in seconds since 1970: the first believable date of its last hop, its
/// `Date` field, its From_ line and its file, else `now`. The From_ line comes late in the list since
/// it names no time zone.
pub(crate) fn received_at(
    message: &Message,
    from_line: &[u8],
    file_date: Option<i64>,
    now: i64,
) -> i64 {
    let last_hop = message.all("Received").take(MAX_HOPS).find_map(|field| {
        let date = field.value.rsplit(|&b| b == b';').next()?;
        decode::date(date)
    });
    let dates = [
        last_hop,
        message.date(),
        mbox::date_of(from_line),
        file_date,
    ];
    let mut dates = dates.into_iter().flatten();
    dates
        .find(|&at| at > 0 && at <= now + MAX_AHEAD)
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const FROM_LINE: &str = "From b@x Fri Jan 12 11:00:00 2024";

    #[test]
    fn the_most_reliable_date_is_taken() {
        let received = "Received: from a by b; Fri, 12 Jan 2024 10:08:07 +0100\n";
        let date = "Date: Fri, 12 Jan 2024 10:00:00 +0100\n";
        for (case, from_line, header, want) in [
            (
                "the last hop",
                FROM_LINE,
                format!("{received}Received: from c; Thu, 1 Jan 2004 00:00:00 +0000\n{date}"),
                1_705_050_487,
            ),
            (
                "a hop without a date",
                FROM_LINE,
                format!("Received: by x\n{received}{date}"),
                1_705_050_487,
            ),
            ("Date", FROM_LINE, date.to_owned(), 1_705_050_000),
            (
                "the From_ line",
                FROM_LINE,
                "Date: nonsense\n".into(),
                1_705_057_200,
            ),
            ("the file", "", String::new(), 77),
            (
                "not a date before there was mail",
                FROM_LINE,
                "Date: Thu, 1 Jan 1970 00:00:00 +0000\n".into(),
                1_705_057_200,
            ),
            (
                "not a date far ahead",
                FROM_LINE,
                "Date: Thu, 1 Jan 2099 00:00:00 +0000\n".into(),
                1_705_057_200,
            ),
        ] {
            let mail = format!("{header}\nx\n");
            let message = Message::new(mail.as_bytes());
            let at = received_at(&message, from_line.as_bytes(), Some(77), NOW);
            assert_eq!(at, want, "{case}");
        }
    }

    #[test]
    fn only_an_address_is_a_sender() {
        let address = |a: &str| Sender::Address(a.into());
        for (from_line, header, want) in [
            (FROM_LINE, "Return-Path: <r@x>\n", address("r@x")),
            (FROM_LINE, "Return-Path: <>\n", Sender::Null),
            (FROM_LINE, "", address("b@x")),
            ("From - Fri Jan 12 11:00:00 2024", "", Sender::Unknown),
            ("From unknown Fri Jan 12 11:00:00 2024", "", Sender::Unknown),
            // Python writes this before every message.
            (
                "From MAILER-DAEMON Fri Jan 12 11:00:00 2024",
                "",
                Sender::Unknown,
            ),
            // Mailman's archives hide addresses.
            (
                "From ann at x.org  Fri Jan 12 11:00:00 2024",
                "",
                address("ann@x.org"),
            ),
            ("From ann at Fri Jan 12 11:00:00 2024", "", Sender::Unknown),
            ("", "", Sender::Unknown),
        ] {
            let mail = format!("{header}\nx\n");
            let message = Message::new(mail.as_bytes());
            let got = sender(&message, from_line.as_bytes());
            assert_eq!(got, want, "{from_line:?} {header:?}");
        }
    }
}
