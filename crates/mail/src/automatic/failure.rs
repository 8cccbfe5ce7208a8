//! Whether a mail says that another did not arrive (RFC 3464).

use super::keyword;
use crate::message::Message;

/// True if a mail server says in `message` that another mail did not reach somebody, and will not: a delivery status
/// notification with an `Action: failed`, or what Exim writes without one. Linear in the message.
#[must_use]
pub fn reports_failure(message: &Message) -> bool {
    if message.first("X-Failed-Recipients").is_some() {
        return true;
    }
    let kind = message.first("Content-Type");
    if kind.and_then(|field| keyword(field.value)).as_deref() != Some("multipart/report") {
        return false;
    }
    let mut in_status = false;
    for line in message.body().split(|&b| b == b'\n') {
        let line = line.trim_ascii();
        let has_name = |name: &str| {
            let head = line.get(..name.len()).unwrap_or_default();
            head.eq_ignore_ascii_case(name.as_bytes())
        };
        if line.starts_with(b"--") {
            in_status = false;
        } else if has_name("Content-Type:") {
            let kind = keyword(&line["Content-Type:".len()..]);
            in_status |= kind.is_some_and(|it| it.ends_with("delivery-status"));
        } else if in_status && has_name("Action:") {
            let action = keyword(&line["Action:".len()..]);
            if action.as_deref() == Some("failed") {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_failed_for_good_is_a_failure() {
        let report = |kind: &str, status: &str, action: &str| {
            format!(
                "Content-Type: {kind}; boundary=b\n\n--b\n\nAction: failed\n--b\nContent-Type: {status}\n\nAction: {action}\n--b\n\nAction: failed\n"
            )
        };
        let dsn = "message/delivery-status";
        for (mail, want) in [
            (report("multipart/report", dsn, "failed"), true),
            (
                report(
                    "Multipart/Report",
                    "message/global-delivery-status; x=y",
                    "Failed (no such user)",
                ),
                true,
            ),
            (report("multipart/report", dsn, "delayed"), false),
            (report("multipart/report", dsn, "delivered"), false),
            (report("multipart/report", "text/plain", "failed"), false),
            (report("multipart/mixed", dsn, "failed"), false),
            ("X-Failed-Recipients: a@b\n\n".to_owned(), true),
            ("Content-Type: multipart/report".to_owned(), false),
        ] {
            assert_eq!(
                reports_failure(&Message::new(mail.as_bytes())),
                want,
                "{mail}"
            );
        }
    }
}
