//! C1 to C4: all mail of a ticket hangs together in the mailbox of whoever gets it.

use crate::bench::{Bench, Sent};

fn written(from: &str, id: &str, to: &str, more: &str) -> String {
    format!(
        "From: {from}\nTo: {to}@example.org\nSubject: Printer\nMessage-ID: <{id}>\n{more}\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\n\nThe words of {id}.\n"
    )
}

fn from_ann(id: &str, to: &str, more: &str) -> String {
    written("Ann <ann@example.net>", id, to, more)
}

fn from_steve(id: &str, to: &str, more: &str) -> String {
    written("Steve <steve@example.org>", id, to, more)
}

/// The msg-ids in References of the mail that was sent to this address.
fn references(sent: &[Sent], to: &str) -> Vec<String> {
    let is = |mail: &&Sent| mail.in_short().ends_with(to);
    let mail = sent
        .iter()
        .find(is)
        .unwrap_or_else(|| panic!("none for {to}"));
    let field = mail.field("References").unwrap_or_default();
    field.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn answers_name_the_mail_that_opened_the_ticket() {
    // C2, C3, C4
    let bench = Bench::with("admins = [\"steve@example.org\", \"eva@example.org\"]\n");
    bench.file("submit", from_ann("first@x", "submit", ""));
    bench.take_sent();
    // A telephone that writes In-Reply-To alone, and a mail that is no reply at all.
    let reply = "In-Reply-To: <ticket-1.copy.0123@example.org>\n";
    bench.file("ticket-1", from_steve("s1@x", "ticket-1", reply));
    let sent = bench.take_sent();
    let copy = "<ticket-1.copy.0123@example.org>";
    for to in ["ann@example.net", "eva@example.org"] {
        assert_eq!(references(&sent, to), ["<first@x>", copy, "<s1@x>"], "{to}");
    }
    bench.file("ticket-1", from_ann("a2@x", "ticket-1", ""));
    let sent = bench.take_sent();
    assert_eq!(
        references(&sent, "eva@example.org"),
        ["<first@x>", "<a2@x>"]
    );
    // What names it already names it once, where it stood.
    let reply = "References: <before@x> <first@x>\n";
    bench.file("ticket-1", from_steve("s2@x", "ticket-1", reply));
    let want = ["<before@x>", "<first@x>", "<s2@x>"];
    assert_eq!(references(&bench.take_sent(), "ann@example.net"), want);
    // The notice of a closing on the shell.
    bench.works("close 1");
    let closed = references(&bench.take_sent(), "ann@example.net");
    assert_eq!((closed.len(), &*closed[0]), (2, "<first@x>"), "{closed:?}");
}

#[test]
fn the_first_mail_is_named_even_after_many_others() {
    // C2
    let bench = Bench::with("");
    bench.file("submit", from_ann("first@x", "submit", ""));
    let many: String = (0..60).map(|n| format!(" <r{n}@x>\n")).collect();
    bench.take_sent();
    let mail = from_ann("a2@x", "ticket-1", &format!("References:\n{many}"));
    bench.file("ticket-1", mail);
    let named = references(&bench.take_sent(), "steve@example.org");
    assert_eq!((&*named[0], named.len()), ("<first@x>", 40));
    assert_eq!(named[39], "<a2@x>");
}

#[test]
fn whoever_wrote_a_forwarded_mail_has_a_thread_as_well() {
    // B3, C1
    let bench = Bench::with("");
    let forwarded = "From: Steve <steve@example.org>\nTo: submit-for@example.org\nSubject: Fwd: Printer\n\
         Message-ID: <f1@x>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\n\nSee below.\n--b\nContent-Type: message/rfc822\n\n\
         From: Ann <ann@example.net>\nSubject: Printer\nMessage-ID: <a1@x>\n\nIt burns.\n--b--\n";
    bench.file("submit-for", forwarded);
    let ack = references(&bench.take_sent(), "ann@example.net");
    assert_eq!(ack, ["<f1@x>", "<a1@x>"]);
    bench.file("ticket-1", from_steve("s1@x", "ticket-1", ""));
    let passed_on = references(&bench.take_sent(), "ann@example.net");
    assert_eq!(passed_on, ["<f1@x>", "<s1@x>"]);
}
