//! `tickets policy`: the answers that Postfix gets at RCPT time.

use crate::bench::{Bench, Ran, finish};
use crate::deliver::mail;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// One question as Postfix asks it, with some of what it says besides.
fn question(recipient: &str) -> String {
    format!(
        "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n\
         client_address=192.0.2.1\nsender=alice@example.net\nrecipient={recipient}\n\
         recipient_count=0\nsize=1234\nccert_subject=\n\n"
    )
}

fn ask(bench: &Bench, questions: &str) -> Ran {
    bench.run(&["policy"], questions.as_bytes())
}

/// Ticket 1 is open, ticket 2 is closed.
fn desk(config: &str) -> Bench {
    let bench = Bench::with(config);
    for n in ["1", "2"] {
        bench.file("submit", mail(n, "", "x"));
    }
    bench.works("close 2");
    assert_eq!(bench.names(), ["1", "archived/2"]);
    bench
}

const DEFER: &str = "DEFER_IF_PERMIT 4.3.0 Cannot look this address up now; please try again";

fn no_ticket(address: &str) -> String {
    format!(
        "550 5.1.1 There is no ticket {address}: please write to submit@example.org to open a \
         new one."
    )
}

#[test]
fn one_process_answers_many_questions() {
    // B1 to B3, B8
    let bench = desk("");
    let dunno = || "DUNNO".to_owned();
    let table = [
        ("submit@example.org", dunno()),
        ("ticket-1@example.org", dunno()),
        ("Ticket-1-DONE@Example.Org", dunno()),
        ("ticket-2@example.org", dunno()),
        ("ticket-3@example.org", no_ticket("ticket-3@example.org")),
        (
            "ticket-3-quiet@example.org",
            no_ticket("ticket-3-quiet@example.org"),
        ),
        ("ticket-01@example.org", no_ticket("ticket-01@example.org")),
        (
            "ticket-9999999999@example.org",
            no_ticket("ticket-9999999999@example.org"),
        ),
        // None of ours: Postfix knows better.
        ("tic\u{212a}et-3@example.org", dunno()),
        ("ticket-3@\u{ff45}xample.org", dunno()),
        ("ticket-3@example.com", dunno()),
        ("ticket-1-gone@example.org", dunno()),
        ("steve@example.org", dunno()),
        ("", dunno()),
    ];
    let questions: String = table.iter().map(|(address, _)| question(address)).collect();
    let answers: String = table
        .iter()
        .map(|(_, action)| format!("action={action}\n\n"))
        .collect();
    ask(&bench, &questions).is(0, &answers, "");
}

#[test]
fn each_answer_comes_before_the_next_question() {
    let bench = desk("");
    let mut child = bench
        .command(&["policy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ask = |recipient: &str| {
        input.write_all(question(recipient).as_bytes()).unwrap();
        let answer = output.next().unwrap().unwrap();
        assert_eq!(output.next().unwrap().unwrap(), "");
        answer
    };
    assert!(ask("ticket-3@example.org").starts_with("action=550 5.1.1 "));
    // What has changed meanwhile is seen: tickets, and the configuration.
    std::fs::write(bench.ticket("3"), "").unwrap();
    assert_eq!(ask("ticket-3@example.org"), "action=DUNNO");
    bench.configure("unknown_ticket = \"open\"\n");
    assert_eq!(ask("ticket-4@example.org"), "action=DUNNO");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_is_no_question_about_a_recipient_is_left_to_postfix() {
    let bench = desk("");
    let at_data = question("ticket-3@example.org").replace("RCPT", "DATA");
    for (case, input, want) in [
        ("nothing", "", ""),
        ("an empty line", "\n", "action=DUNNO\n\n"),
        (
            "cut off",
            "protocol_state=RCPT\nrecipient=ticket-3@example.org\n",
            "",
        ),
        (
            "no recipient",
            "protocol_state=RCPT\n\n",
            "action=DUNNO\n\n",
        ),
        ("no such lines", "hello\n=\n\u{0}\n\n", "action=DUNNO\n\n"),
        ("another state", &at_data, "action=DUNNO\n\n"),
    ] {
        let ran = ask(&bench, input);
        assert_eq!(
            (ran.status, &*ran.stdout, &*ran.stderr),
            (0, want, ""),
            "{case}"
        );
    }
    let junk = vec![0xff; 3 << 20];
    bench.run(&["policy"], &junk).is(0, "", "");
}

/// What cannot be told now is never a refusal, and the next question gets an answer.
#[test]
fn postfix_shall_ask_again_when_the_desk_cannot_tell() {
    let bench = desk("");
    let questions = question("ticket-1@example.org").repeat(2);
    let answers = format!("action={DEFER}\n\n").repeat(2);
    bench.configure("domian = \"example.org\"\n");
    let ran = ask(&bench, &questions);
    assert_eq!((ran.status, &ran.stdout), (0, &answers));
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "one line each: {lines:?}");
    assert!(
        lines[0].contains("config.toml") && lines[0].contains("domian"),
        "{lines:?}"
    );

    bench.configure("");
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(bench.ticket(""), mode(0)).unwrap();
    let ran = ask(&bench, &questions);
    std::fs::set_permissions(bench.ticket(""), mode(0o700)).unwrap();
    assert_eq!((ran.status, &ran.stdout), (0, &answers));
    assert!(
        ran.stderr.starts_with("tickets: cannot look at "),
        "{}",
        ran.stderr
    );
}

/// Under Postfix standard error is the connection, too.
#[test]
fn nothing_but_answers_goes_over_the_connection() {
    let bench = desk("");
    bench.configure("domian = \"example.org\"\n");
    let mut command = Command::new("sh");
    bench.as_ordinary_user(&mut command);
    let program = crate::bench::binary().display().to_string();
    command.args(["-c", "exec \"$0\" policy 2>&1", &program]);
    let ran = finish(command, question("ticket-1@example.org").as_bytes());
    ran.is(0, &format!("action={DEFER}\n\n"), "");
}

/// No domain is configured: only the one that would be guessed is ours.
#[test]
fn other_domains_are_left_alone() {
    let bench = desk("");
    let config = bench.path("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("domain"))
        .map(|line| format!("{line}\n"))
        .collect();
    bench.put("config.toml", text.as_bytes());
    ask(&bench, &question("ticket-3@never-guessed.example")).is(0, "action=DUNNO\n\n", "");
}

/// E8: what Postfix's table holds for the desk's and the desk does not is deferred, with a line for the log.
#[test]
fn what_postfix_holds_for_ours_is_no_refusal() {
    let bench = desk("");
    let table = [
        ("submit@example.org", "DUNNO".to_owned()),
        ("ticket-1-done@example.org", "DUNNO".into()),
        ("ticket-3@example.org", no_ticket("ticket-3@example.org")),
        ("submit@example.com", DEFER.into()),
        ("case-1@example.org", DEFER.into()),
    ];
    let questions: String = table.iter().map(|(address, _)| question(address)).collect();
    let answers: String = table
        .iter()
        .map(|(_, action)| format!("action={action}\n\n"))
        .collect();
    let ran = bench.run(&["policy", "--routed"], questions.as_bytes());
    assert_eq!((ran.status, &ran.stdout), (0, &answers));
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, address) in lines
        .iter()
        .zip(["submit@example.com", "case-1@example.org"])
    {
        let start =
            format!("tickets: the mail server brings mail for {address}, which is no address");
        assert!(
            line.starts_with(&start) && line.ends_with(" init --postfix | sudo sh`"),
            "{line}"
        );
    }
}
