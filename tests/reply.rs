//! `tickets reply`, on a terminal that script(1) makes.

use super::bench::{Bench, Ran, binary, finish, ordinary_user};
use crate::transcript::Transcript;
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
    if let Some((uid, gid)) = ordinary_user() {
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

// E3, E4
#[test]
fn manual() {
    let b = desk();
    let mut t = Transcript::new(&b);
    let reply = |t: &mut Transcript, sentence: &str, line: &str, keys: &str| {
        t.say(sentence).begin();
        let ran = on_terminal(&b, line, keys);
        t.ran(&format!("tickets {line}"), &ran);
        t.space();
    };
    script(&b, "editor", WRITES);
    // The first key is none of those asked for.
    reply(
        &mut t,
        "The editor gets a draft with the mail quoted. Any key but those asked for asks again.",
        "reply --editor 1",
        "x\ny\n",
    );
    t.mails();
    assert_eq!(drafts(&b), 0);

    script(&b, "editor", "true\n");
    let nothing = "Where nothing was written, nothing is sent.";
    reply(&mut t, nothing, "reply -e 1", "");
    script(&b, "editor", "sed -i '/^On /d' \"$1\"\n");
    reply(&mut t, "The quotation alone is nothing,", "reply -e 1", "");
    script(&b, "editor", ": >\"$1\"\n");
    reply(&mut t, "and neither is an empty file.", "reply -e 1", "");
    script(&b, "editor", "exit 3\n");
    reply(&mut t, "An editor can fail.", "reply -e 1", "");
    assert_eq!(drafts(&b), 0);

    script(&b, "editor", WRITES);
    reply(&mut t, "What is not sent is kept.", "reply -e 1", "n\n");
    assert_eq!(drafts(&b), 1);
    b.sendmail("#!/bin/sh\necho 'the queue is full' >&2\nexit 75\n");
    reply(&mut t, "So is what cannot be sent.", "reply -e 1", "y\n");
    assert_eq!(drafts(&b), 2);
    b.mend_sendmail();

    let nobody = "echo Hallo >>\"$1\"; sed -i 's/^To: .*/To: nobody/; /^Cc:/d' \"$1\"\n";
    script(&b, "editor", nobody);
    let sentence = "A draft that has lost its addresses cannot be sent,";
    reply(&mut t, sentence, "reply -e 1", "y\nn\n");
    script(
        &b,
        "editor",
        "echo Hallo >>\"$1\"; sed -i '/^Cc:/d' \"$1\"\n",
    );
    let sentence = "and of one that will not be filed it is said.";
    reply(&mut t, sentence, "reply -e 1", "n\n");

    script(&b, "bin/mutt", "echo \"$1 $2 $3\"; cat \"$4\"\n");
    let kept = drafts(&b);
    reply(
        &mut t,
        "Without `--editor` mutt gets the draft.",
        "reply 1",
        "",
    );
    assert_eq!(drafts(&b), kept);

    let from = |who: &str, id: &str| {
        format!("From: {who}\nSubject: Re: [issue1] x\nMessage-ID: <{id}@x>\n\n{id}\n")
    };
    b.file("ticket-1", from("carol@example.net", "c"));
    b.file("ticket-1", from("steve@example.org", "s"));
    let machine = from("mailer-daemon@x.example", "m");
    b.deliver_bounce("ticket-1@example.org", machine).silent();
    script(&b, "editor", WRITES);
    reply(
        &mut t,
        "The last person who wrote is answered. With `--close` the answer closes the ticket.",
        "reply -e --close 1",
        "y\n",
    );
    assert_eq!(t.sent[0].field("In-Reply-To").as_deref(), Some("<c@x>"));
    assert_eq!(
        t.sent[0].field("Subject").as_deref(),
        Some("[issue1] Re: x")
    );

    t.step(
        "It wants a ticket and a terminal,",
        "tickets reply 1\ntickets reply 2",
    );
    t.step(
        "or a text that is finished, which a script can send. It is signed, threaded and filed like any reply.",
        "tickets reply 1 -m 'We are on our way.'",
    );
    t.mails();
    t.step(
        "With `--close`, too.",
        "tickets reply 1 --close --message \"$(printf 'Mended.\\n\\nBye.\\n')\"",
    );
    t.step(
        "A text that says nothing is none.",
        "tickets reply 1 -m ''\ntickets reply 1 -m '> quoted'\ntickets reply 1 -e -m x",
    );
    let machines = "From: cron@example.net\nAuto-Submitted: auto-generated\nSubject: Disk\nMessage-ID: <r@x>\n\nFull.\n";
    b.file("submit", machines);
    b.take_sent();
    t.step(
        "Nobody is asked, so what no customer wrote is not answered.",
        "tickets reply 2 -m 'Hello?'",
    );
    b.sendmail("#!/bin/sh\necho 'the queue is full' >&2\nexit 75\n");
    t.step(
        "What cannot be sent is said.",
        "tickets reply 1 -m 'We are on our way.'",
    );
    insta::assert_snapshot!("reply", t);
}

/// E3: `-m` answers who wrote last, as the draft does, and nobody looks at its To. Who guesses a ticket's address must not
/// get what is meant for its submitter without a word of that.
#[test]
fn a_text_that_goes_to_somebody_else_than_the_submitter_is_said_to() {
    let b = desk();
    b.file(
        "ticket-1",
        "From: kim@example.com\nSubject: Me too\nMessage-ID: <k@x>\n\nMe too.\n",
    );
    b.take_sent();
    let ran = b.run(&["reply", "1", "-m", "Mended."], b"");
    ran.is(
        0,
        "sent to kim@example.com, ticket-1@example.org\n",
        "tickets: this answers kim@example.com, who wrote last, not the submitter, jj@example.net\n\
         hint: `tickets reopen 1 -m TEXT` writes to the submitter\n",
    );
    b.take_sent();
    // And it does.
    let ran = b.run(&["reopen", "1", "-m", "Mended."], b"");
    ran.is(
        0,
        "updated 1  Drucker\n",
        "tickets: ticket 1 is open already\n",
    );
    assert_eq!(
        b.take_sent()[0].args,
        "-i -f ticket-1@example.org -- jj@example.net"
    );
}

/// E3, B11
#[test]
fn a_reply_to_a_closed_ticket_says_that_it_opens_it_again() {
    let b = desk();
    b.works("close --quiet 1");
    let opens = "tickets: ticket 1 is closed; the reply opens it again\n";
    let sent = |to: &str| format!("sent to jj@example.net, {to}@example.org\n");
    let ran = b.run(&["reply", "1", "-m", "Mended."], b"");
    ran.is(0, &sent("ticket-1"), opens);
    let ran = b.run(&["reply", "1", "--close", "-m", "Mended."], b"");
    ran.is(0, &sent("ticket-1-done"), "");
}

/// E3: a text may begin with a dash, as lists do; an option in its place is a slip.
#[test]
fn a_text_may_begin_with_a_dash() {
    let b = desk();
    let list = "- paper\n- ink";
    for (command, said) in [
        ("reply", "sent to jj@example.net, ticket-1@example.org\n"),
        ("close", "closed 1  Drucker\n"),
        ("reopen", "re-opened 1  Drucker\n"),
    ] {
        b.take_sent();
        b.run(&[command, "1", "-m", list], b"").is(0, said, "");
        let sent = b.take_sent();
        assert!(
            sent.iter().any(|it| it.body().contains(list)),
            "{command} {sent:?}"
        );
        for slip in ["--quiet", "-q", "--dir"] {
            let ran = b.run(&[command, "1", "-m", slip], b"");
            let error = format!(
                "tickets: invalid value '{slip}' for '--message <TEXT>': it looks like an option\n\
                 hint: `tickets {command} --help` shows its options\n"
            );
            ran.is(64, "", &error);
        }
        assert_eq!(b.take_sent_in_short(), [""; 0], "{command}");
    }
}

/// E3: a sendmail that is ended may have taken the mail before.
#[test]
fn what_became_of_a_reply_is_not_said_where_it_is_not_known() {
    let b = Bench::with("sendmail_timeout = 1\n");
    b.file("submit", MAIL);
    b.sendmail("#!/bin/sh\ncat >/dev/null\nexec sleep 60\n");
    let ran = b.run(&["reply", "1", "-m", "Mended."], b"");
    ran.is(
        75,
        "",
        "tickets: cannot send the reply: sendmail did not exit within 1 s\n\
         hint: it may be on its way all the same: `tickets show 1` says so once it is filed\n",
    );
}
