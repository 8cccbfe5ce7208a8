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
        _ => Sender::Unknown,
    }
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
