//! `tickets reply`, on a terminal that script(1) makes.

use super::bench::{Bench, Ran, binary, finish};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const MAIL: &str = "From: =?utf-8?q?J=C3=BCrgen?= <j@example.net>\nReply-To: jj@example.net\n\
                    Subject: Drucker\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\
                    Message-ID: <1@x>\nReferences: <0@x>\n\nEs brennt.\n";

fn script(b: &Bench, name: &str, text: &str) {
    b.put(name, format!("#!/bin/sh\n{text}").as_bytes());
    fs::set_permissions(b.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the program on a terminal, with these keys typed. What it says has LF, the temporary
/// names are `DRAFT`, and keys are not echoed, since nobody knows when that would be.
pub fn on_terminal(b: &Bench, args: &str, keys: &str) -> Ran {
    let program = b.command(&[]);
    let mut command = std::process::Command::new("/usr/bin/script");
    command.env_clear();
    for (name, value) in program.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let line = format!("exec {} {args}", binary().display());
    command
        .args(["-q", "-e", "-E", "never", "-c", &line, "/dev/null"])
        .env("PATH", format!("{}:/usr/bin:/bin", b.path("bin").display()))
        .env("SHELL", "/bin/sh")
        .env("TZ", "UTC")
        .env("TMPDIR", b.path("tmp"))
        .env("EDITOR", b.path("editor"))
        .current_dir(b.path(""));
    if let Some((uid, gid)) = user() {
        use std::os::unix::process::CommandExt;
        command.uid(uid).gid(gid);
    }
    let mut ran = finish(command, keys.as_bytes());
    let dir = b.path("tmp/");
    let text = ran.stdout.replace("\r\n", "\n");
    let words = text.split_inclusive(['\n', ' ']).map(|word| {
        match word.strip_prefix(dir.to_str().unwrap()) {
            Some(rest) => format!(
                "DRAFT{}",
                rest.split_once(".eml").map_or("", |(_, end)| end)
            ),
            None => word.to_owned(),
        }
    });
    ran.stdout = words.collect();
    ran
}

/// A desk with one ticket, and an empty directory for drafts.
fn desk() -> Bench {
    let b = Bench::new();
    for dir in ["tmp", "bin"] {
        fs::create_dir(b.path(dir)).unwrap();
        fs::set_permissions(b.path(dir), fs::Permissions::from_mode(0o777)).unwrap();
    }
    b.file("submit", MAIL);
    b.take_sent();
    b
}

fn drafts(b: &Bench) -> usize {
    fs::read_dir(b.path("tmp")).unwrap().count()
}

const WRITES: &str = "sed -i '/^Subject/{n;s/.*/\\nWir kommen./}' \"$1\"\n";
const ASKS: &str = "Send to jj@example.net, ticket-1@example.org? [y]es, [n]o, [e]dit: ";

#[test]
fn an_editor_writes_and_sendmail_sends() {
    // E3
    let b = desk();
    script(&b, "editor", WRITES);
    // The first key is none of those asked for.
    on_terminal(&b, "reply --editor 1", "x\ny\n").is(
        0,
        &format!("{ASKS}{ASKS}sent to jj@example.net, ticket-1@example.org\n"),
        "",
    );
    let sent = b.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].args,
        "-i -f ticket-1@example.org -- jj@example.net ticket-1@example.org"
    );
    for (name, want) in [
        ("From", "Support <ticket-1@example.org>"),
        ("To", "jj@example.net"),
        ("Cc", "ticket-1@example.org"),
        ("Subject", "[issue1] Re: Drucker"),
        ("In-Reply-To", "<1@x>"),
        ("References", "<0@x> <1@x>"),
    ] {
        assert_eq!(sent[0].field(name).as_deref(), Some(want), "{name}");
    }
    assert_eq!(
        sent[0].body(),
        "Wir kommen.\n\nOn 2026-11-20 10:00, J=C3=BCrgen wrote:\n> Es brennt.\n"
    );
    assert_eq!(drafts(&b), 0);
}

#[test]
fn nothing_written_is_nothing_sent() {
    let b = desk();
    let nothing = "nothing was written, nothing is sent\n";
    script(&b, "editor", "true\n");
    on_terminal(&b, "reply -e 1", "").is(0, nothing, "");
    // Only the quotation is left.
    script(&b, "editor", "sed -i '/^On /d' \"$1\"\n");
    on_terminal(&b, "reply -e 1", "").is(0, nothing, "");
    script(&b, "editor", ": >\"$1\"\n");
    on_terminal(&b, "reply -e 1", "").is(0, nothing, "");
    assert_eq!((b.take_sent(), drafts(&b)), (vec![], 0));
    script(&b, "editor", "exit 3\n");
    let editor = b.path("editor");
    let said = format!(
        "tickets: cannot write the reply: {} failed\n\
         hint: `EDITOR=vi tickets reply -e 1` takes another editor\n",
        editor.display()
    );
    on_terminal(&b, "reply -e 1", "").is(75, &said, "");
    assert_eq!((b.take_sent(), drafts(&b)), (vec![], 0));
}

#[test]
fn what_is_not_sent_is_kept() {
    let b = desk();
    script(&b, "editor", WRITES);
    let kept = format!("{ASKS}not sent; the draft is DRAFT\n");
    on_terminal(&b, "reply -e 1", "n\n").is(0, &kept, "");
    assert_eq!((b.take_sent(), drafts(&b)), (vec![], 1));
    b.sendmail("#!/bin/sh\necho 'the queue is full' >&2\nexit 75\n");
    let failed = format!(
        "{ASKS}tickets: cannot send the reply: sendmail exited 75: the queue is full\n\
         hint: the draft is DRAFT; `tickets check`\n"
    );
    on_terminal(&b, "reply -e 1", "y\n").is(75, &failed, "");
    assert_eq!((b.take_sent(), drafts(&b)), (vec![], 2));
}

#[test]
fn a_draft_that_lost_its_addresses_is_not_sent() {
    let b = desk();
    script(
        &b,
        "editor",
        "echo Hallo >>\"$1\"; sed -i 's/^To: .*/To: nobody/; /^Cc:/d' \"$1\"\n",
    );
    on_terminal(&b, "reply -e 1", "y\nn\n").is(
        0,
        "tickets: it cannot be sent: no address in To:\n\
         [e]dit, [n]o: [e]dit, [n]o: not sent; the draft is DRAFT\n",
        "",
    );
    script(
        &b,
        "editor",
        "echo Hallo >>\"$1\"; sed -i '/^Cc:/d' \"$1\"\n",
    );
    on_terminal(&b, "reply -e 1", "n\n").is(
        0,
        "tickets: it will not be filed in ticket 1: see Cc:\n\
         Send to jj@example.net? [y]es, [n]o, [e]dit: not sent; the draft is DRAFT\n",
        "",
    );
    assert_eq!(b.take_sent(), []);
}

#[test]
fn the_last_person_who_wrote_is_answered() {
    let b = desk();
    let from = |who: &str, id: &str| {
        format!("From: {who}\nSubject: Re: [issue1] x\nMessage-ID: <{id}@x>\n\n{id}\n")
    };
    b.file("ticket-1", from("carol@example.net", "c"));
    b.file("ticket-1", from("steve@example.org", "s"));
    b.deliver_bounce("ticket-1@example.org", from("mailer-daemon@x.example", "m"))
        .silent();
    b.take_sent();
    script(&b, "editor", WRITES);
    let asks = "Send to carol@example.net, ticket-1-done@example.org? [y]es, [n]o, [e]dit: ";
    on_terminal(&b, "reply -e --close 1", "y\n").is(
        0,
        &format!("{asks}sent to carol@example.net, ticket-1-done@example.org\n"),
        "",
    );
    let sent = b.take_sent();
    assert_eq!(sent[0].field("In-Reply-To").as_deref(), Some("<c@x>"));
    assert_eq!(sent[0].field("Subject").as_deref(), Some("[issue1] Re: x"));
}

#[test]
fn mutt_gets_the_draft() {
    // E3
    let b = desk();
    script(&b, "bin/mutt", "echo \"$1 $2 $3\"; cat \"$4\"\n");
    on_terminal(&b, "reply 1", "").is(
        0,
        "-e set resume_draft_files use_from use_envelope_from record='' -H\n\
         From: Support <ticket-1@example.org>\nTo: jj@example.net\nCc: ticket-1@example.org\n\
         Subject: [issue1] Re: Drucker\nIn-Reply-To: <1@x>\nReferences: <0@x>\n <1@x>\n\
         MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: 8bit\n\n\nOn 2026-11-20 10:00, Jürgen wrote:\n> Es brennt.\n",
        "",
    );
    assert_eq!(drafts(&b), 0);
}

#[test]
fn it_wants_a_ticket_and_a_terminal() {
    let b = desk();
    b.run(&["reply", "1"], b"y\n").is(
        64,
        "",
        "tickets: cannot reply to ticket 1: this is no terminal\n\
         hint: `tickets show 1` prints the ticket\n",
    );
    let said = format!(
        "tickets: no ticket 2 in {}\nhint: `tickets list --all` shows every ticket\n",
        b.path("tickets").display()
    );
    b.run(&["reply", "2"], b"").is(66, "", &said);
    assert_eq!(b.take_sent(), []);
}

/// Whom the bench runs the program as.
fn user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let root = nix::unistd::geteuid().is_root();
    root.then(|| {
        // It owns what the bench makes.
        let b = Bench::new();
        let meta = fs::metadata(b.path("sent")).unwrap();
        (meta.uid(), meta.gid())
    })
}
