//! The desk behind a real Postfix: by pipe(8) and a policy service, and by ~/.forward.

use std::fs;

use crate::exim::{rcpt, stand_in, trial};
use crate::mail::ids;
use crate::postfix_site::{reload, start, start_with_forward};
use crate::site::{Site, mode};
use crate::smtp::Smtp;
use crate::story::{ALICE, Forms, STEVE, USUAL, newest, story, wanted};

const FORWARD: &str = include_str!("../../contrib/postfix/forward");

/// What `contrib/postfix/forward` says of the configuration, for the user that there is.
const PLUS: Forms = Forms {
    submit: "tickets",
    before: "tickets+",
};

fn desk_with_forward() -> Option<Site> {
    let config: String = FORWARD
        .lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .filter(|line| !line.starts_with("domain"))
        .map(|line| format!("{}\n", line.replace("help", "tickets")))
        .collect();
    let site = start_with_forward(FORWARD, &config)?;
    let print = ["sh", "-c", "tickets init --mutt >~/.tickets.muttrc"];
    assert!(site.as_desk(&print).status().unwrap().success());
    Some(site)
}

#[test]
fn a_tickets_whole_life_with_pipe() {
    if let Some(site) = start(&[]) {
        story(&site, &USUAL);
    }
}

#[test]
fn a_tickets_whole_life_with_forward() {
    if let Some(site) = desk_with_forward() {
        story(&site, &PLUS);
    }
}

#[test]
fn unknown_tickets_are_refused_at_rcpt_time() {
    let macros = [
        "TICKETS_SUBMIT=submit : help.desk",
        "TICKETS_PREFIX=case-|ticket-",
    ];
    let Some(site) = start(&macros) else {
        return;
    };
    let config = "submit = [\"submit\", \"help.desk\"]\nticket = [\"case-{n}\", \"ticket-{n}\"]\n";
    crate::site::configure(&site.path(""), config);
    site.make_store(&["1", "archived/2"]);
    let refused = |address: &str| {
        format!(
            "550 5.1.1 <{address}>: Recipient address rejected: There is no ticket \
             {address}: please write to submit@example.org to open a new one"
        )
    };
    let refused: [&str; 4] = [
        &refused("ticket-3@example.org"),
        &refused("Ticket-3-done@example.org"),
        &refused("ticket-01@example.org"),
        &refused("case-3@example.org"),
    ];
    let table = [
        ("to open one", "submit@example.org", "250"),
        ("a second address for it", "help.desk@example.org", "250"),
        ("any letter case", "SubMit@Example.ORG", "250"),
        ("open ticket", "ticket-1@example.org", "250"),
        ("any letter case", "Ticket-1@Example.ORG", "250"),
        ("by another template (B10)", "case-1@example.org", "250"),
        ("archived, by that", "Case-2-done@example.org", "250"),
        ("none by that", "case-3@example.org", refused[3]),
        ("no template", "cases-1@example.org", "550 5.1.1"),
        ("close it", "ticket-1-done@example.org", "250"),
        ("close it", "ticket-1-CLOSE@example.org", "250"),
        ("quietly", "ticket-1-quiet@example.org", "250"),
        ("to the submitter", "ticket-1-submitter@example.org", "250"),
        ("archived ticket", "ticket-2@example.org", "250"),
        ("no such ticket", "ticket-3@example.org", refused[0]),
        ("to close", "Ticket-3-done@example.org", refused[1]),
        ("not a number of ours", "ticket-01@example.org", refused[2]),
        ("no such form", "ticket-1-gone@example.org", "550 5.1.1"),
        ("another program's file", "ticket-1.lock@example.org", "550"),
        ("the directory", "ticket-archived@example.org", "550"),
        ("a dot is a dot", "helpxdesk@example.org", "550 5.1.1"),
        ("and in the domain", "submit@examplexorg", "454 4.7.1"),
        ("in the name of another", "submit-for@example.org", "250"),
        ("no such way to open one", "submit-fox@example.org", "550"),
        ("a person", "alice@example.net", "250"),
        ("a person at our domain", "steve@example.org", "250"),
        ("nobody", "nobody-here@example.org", "550 5.1.1"),
        ("another domain's desk", "submit@example.net", "550 5.1.1"),
        ("no relay", "submit@example.com", "454 4.7.1"),
    ];
    for (case, address, wanted) in table {
        let answer = rcpt(&site, address);
        assert!(answer.starts_with(wanted), "{case}: {address}: {answer}");
    }
}

/// What cannot be told now is no missing ticket, and nobody else's mail waits for it.
#[test]
fn a_desk_that_is_down_stops_only_its_own_mail() {
    let Some(site) = start(&[]) else { return };
    site.make_store(&["1"]);
    let later = "450 4.3.0 <ticket-1@example.org>: Recipient address rejected: Cannot look";
    let table = |desk: &str| {
        for (address, wanted) in [
            ("ticket-1@example.org", desk),
            ("steve@example.org", "250"),
            ("alice@example.net", "250"),
        ] {
            let answer = rcpt(&site, address);
            assert!(answer.starts_with(wanted), "{address}: {answer}");
        }
    };
    table("250");
    crate::site::configure(&site.path(""), "domian = \"a typing mistake\"\n");
    table(later);
    crate::site::configure(&site.path(""), "");
    crate::site::give(&site.store(), "root");
    mode(&site.store(), 0o700);
    table(later);
    crate::site::give(&site.store(), "tickets");
    table("250");
    // The program itself is gone.
    let program = site.path("bin/tickets");
    fs::rename(&program, site.path("bin/gone")).unwrap();
    reload(&site);
    table("451 4.3.5");
    fs::rename(site.path("bin/gone"), &program).unwrap();
    table("250");
}

/// B8: what Postfix could not know at RCPT time comes as a bounce, in the program's words.
#[test]
fn an_unknown_ticket_bounces_with_a_plain_sentence() {
    let by_subject = trial(ALICE, "a@example.net", "Re: [issue99] printer");
    let by_address = trial(ALICE, "b@example.net", "printer");
    let wants = |site: &Site, recipient: &str, mail: &str, sentence: &str| {
        let before = site.mailbox(ALICE).len();
        site.mail(ALICE, recipient, mail);
        assert_eq!(site.count(), wanted(&[], &[], before + 1, 0), "{recipient}");
        let bounce = newest(site, ALICE);
        assert_eq!(bounce.get("Return-Path"), "<>");
        let text = bounce
            .body()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(text.contains(sentence), "{recipient}: {}", bounce.0);
        assert!(text.contains("Status: 5.1.1"), "{recipient}: {}", bounce.0);
    };
    if let Some(site) = start(&[]) {
        let sentence = "Your subject names ticket 99, which does not exist: please write to \
                        submit@example.org without that number to open a new one.";
        wants(&site, "submit@example.org", &by_subject, sentence);
    }
    if let Some(site) = desk_with_forward() {
        let sentence = "Your subject names ticket 99, which does not exist: please write to \
                        tickets@example.org without that number to open a new one.";
        wants(&site, "tickets@example.org", &by_subject, sentence);
        let sentence = "There is no ticket tickets+99@example.org: please write to \
                        tickets@example.org to open a new one.";
        wants(&site, "tickets+99@example.org", &by_address, sentence);
    }
}

/// C6: filed, told to the admins, and never answered.
#[test]
fn mail_from_the_null_sender_is_not_answered() {
    for (site, submit) in [
        (start(&[]), "submit@example.org"),
        (desk_with_forward(), "tickets@example.org"),
    ] {
        let Some(site) = site else { return };
        site.mail("", submit, &trial(ALICE, "a@example.net", "Undeliverable"));
        assert_eq!(site.count(), wanted(&[1], &[], 0, 1), "{submit}");
        assert_eq!(site.ticket(1)[0].get("Return-Path"), "<>", "{submit}");
        assert_eq!(newest(&site, STEVE).get("X-Tickets-Kind"), "copy");
    }
}

/// A1, A6: three recipients of one mail are three processes side by side.
#[test]
fn a_mail_to_three_tickets_is_in_each_of_them() {
    let Some(site) = start(&[]) else { return };
    for n in 1..=2 {
        let mail = trial(ALICE, &format!("{n}@example.net"), "printer");
        site.mail(ALICE, "submit@example.org", &mail);
    }
    let to = [
        "ticket-1@example.org",
        "Ticket-2-Done@example.org",
        "submit@example.org",
    ];
    let mail = trial(ALICE, "all@example.net", "all of them");
    Smtp::connect(site.port).send(ALICE, &to, mail.as_bytes());
    site.settle();
    let count = site.count();
    assert_eq!((count.open, count.archived), (vec![1, 3], vec![2]));
    let archived = crate::mail::mbox(&site.store().join("archived/2"));
    assert_eq!(
        ids(&site.ticket(1)),
        ["<1@example.net>", "<all@example.net>"]
    );
    assert_eq!(ids(&archived), ["<2@example.net>", "<all@example.net>"]);
    assert_eq!(ids(&site.ticket(3)), ["<all@example.net>"]);
}

#[test]
fn the_program_is_told_the_envelope_and_nothing_is_added_to_the_mail() {
    let Some(site) = start(&["TICKETS_COMMAND=/usr/local/bin/tickets --dir /d"]) else {
        return;
    };
    // Postfix asks first; then it delivers.
    let seen = r#"if [ "$3" = policy ]; then
        while read -r line; do [ -n "$line" ] || printf 'action=DUNNO\n\n'; done
    else
        { echo "$#:$*:$(id -un)"; cat; } >~tickets/seen
    fi"#;
    stand_in(&site, seen);
    for (case, sender, recipient, wanted) in [
        (
            "an update",
            "alice@example.net",
            "Ticket-1-Done@example.org",
            "6:--dir /d deliver --routed --sender=alice@example.net --recipient=Ticket-1-Done@example.org:tickets",
        ),
        (
            "a bounce",
            "",
            "ticket-1@example.org",
            "6:--dir /d deliver --routed --sender= --recipient=ticket-1@example.org:tickets",
        ),
        (
            "a shell's characters",
            "`id`|$HOME'@example.net",
            "submit@example.org",
            "6:--dir /d deliver --routed --sender=`id`|$HOME'@example.net --recipient=submit@example.org:tickets",
        ),
    ] {
        let mail = trial("alice@example.net", "a@example.net", case);
        site.mail(sender, recipient, &mail);
        let seen = fs::read_to_string(site.path("home/seen")).unwrap();
        let (envelope, message) = seen.split_once('\n').unwrap();
        assert_eq!(envelope, wanted, "{case}");
        assert!(message.starts_with("Received: "), "{case}: {message}");
        assert!(message.ends_with(&mail), "{case}: {message}");
    }
}

#[test]
fn install_can_be_repeated_and_undone() {
    let Some(site) = start_with_forward("", "") else {
        return;
    };
    let install = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/postfix/install");
    let run = |arguments: &[&str]| {
        let mut run = site.inside(&[&[install], arguments].concat());
        let run = run.output().unwrap();
        let text = String::from_utf8_lossy(&run.stderr).into_owned();
        (run.status.code(), text)
    };
    let said = |words: &[&str]| {
        let run = site.inside(words).output().unwrap();
        String::from_utf8(run.stdout).unwrap()
    };
    // Every parameter that is set and every service, not how main.cf is laid out.
    let all = || {
        let files = said(&["sh", "-c", "cd /etc/postfix && ls && cat tickets_*"]);
        said(&["postconf", "-n"]) + &said(&["postconf", "-M"]) + &files
    };
    // The administrator's own, some of it looking like ours.
    let theirs = [
        "postconf",
        "-e",
        "smtpd_recipient_restrictions=permit_mynetworks, check_recipient_access regexp:/etc/postfix/tickets_policy_too",
        "smtpd_restriction_classes=theirs tickets_policy2",
        "theirs=reject",
        "local_recipient_maps=",
        "tickets_policy2=reject",
    ];
    assert!(site.inside(&theirs).status().unwrap().success());
    let bare = all();
    assert_eq!(
        run(&["TICKETS_DOMAIN=example.org"]),
        (Some(0), String::new())
    );
    let first = all();
    assert_ne!(first, bare);
    for wanted in [
        "transport_maps = regexp:/etc/postfix/tickets_transport, inline:{steve@example.org=virtual:}",
        "smtpd_recipient_restrictions = check_recipient_access regexp:/etc/postfix/tickets_policy, permit_mynetworks, ",
        "virtual_mailbox_maps = texthash:",
        "tickets_destination_recipient_limit = 1",
        "ticketspolicy_time_limit = 3600s",
    ] {
        assert!(
            first.lines().any(|l| l.starts_with(wanted)),
            "{wanted}\n{first}"
        );
    }
    assert!(
        !first.contains("relay_recipient_maps"),
        "empty, it means everybody"
    );
    assert_eq!(run(&[]), (Some(0), String::new()));
    assert_eq!(all(), first, "the same again");
    assert_eq!(run(&["--undo"]), (Some(0), String::new()));
    assert_eq!(all(), bare, "nothing stays behind");
    let none = said(&[install, "--undo"]);
    assert!(
        none.starts_with("nothing of tickets is in Postfix"),
        "{none}"
    );
    assert_eq!(all(), bare, "undone twice");
    for (wrong, why) in [
        (
            "TICKETS_DOMIAN=example.org",
            "there is no TICKETS_DOMIAN, or it is empty",
        ),
        ("TICKETS_USER=nobody-here", "there is no user nobody-here"),
        ("TICKETS_USER=root", "Postfix does not run programs as root"),
        (
            "--undoo",
            "not a value: --undoo (write TICKETS_DOMAIN=example.net, --undo or --instead=USER)",
        ),
        (
            "TICKETS_COMMAND=tickets",
            "the program must be given with its full path: TICKETS_COMMAND=tickets",
        ),
    ] {
        assert_eq!(run(&[wrong]), (Some(1), format!("install: {why}\n")));
        assert_eq!(all(), bare, "{wrong} changes nothing");
    }
    let (status, text) = run(&["TICKETS_PREFIX=ticket-("]);
    assert_eq!(status, Some(1), "{text}");
    assert!(
        text.starts_with("install: these values do not make a valid table: "),
        "{text}"
    );
    assert_eq!(all(), bare, "an expression that is none changes nothing");

    let other = [
        "TICKETS_DOMAIN=example.org : b.example",
        "TICKETS_SUBMIT=help : a.b",
        "TICKETS_PREFIX=help[+]",
        "TICKETS_USER=nobody",
        "TICKETS_COMMAND=/opt/tickets --config /etc/desk.toml",
    ];
    assert_eq!(run(&other), (Some(0), String::new()));
    // E8: whoever comes second is told whose desk is there, and changes nothing.
    let there = all();
    let said_no = |undo: bool| {
        let hint = match undo {
            true => {
                "take that out: ./install --undo TICKETS_USER=nobody 'TICKETS_COMMAND=/opt/tickets --config /etc/desk.toml'"
            }
            false => "put this one in its place: ./install --instead=nobody",
        };
        format!(
            "install: Postfix brings mail to another desk, that of user nobody; nothing is changed\nhint: to {hint}\n"
        )
    };
    let config = "TICKETS_COMMAND=/opt/tickets --config /etc/desk.toml";
    for second in [
        &[][..],
        &["TICKETS_USER=nobody"],
        &[config],
        &["--undo"],
        &["--undo", "TICKETS_USER=nobody"],
    ] {
        let undo = second.contains(&"--undo");
        assert_eq!(run(second), (Some(1), said_no(undo)), "{second:?}");
        assert_eq!(all(), there, "{second:?}");
    }
    let services = said(&["postconf", "-M", "tickets/unix", "ticketspolicy/unix"]);
    for wanted in [
        "user=nobody argv=/opt/tickets --config /etc/desk.toml deliver --routed --sender=${sender}",
        "user=nobody argv=/opt/tickets --config /etc/desk.toml policy --routed",
    ] {
        assert!(services.contains(wanted), "{services}");
    }
    for (address, wanted) in [
        ("help@example.org", "tickets:\n"),
        ("A.B@b.example", "tickets:\n"),
        ("help+12-done@b.example", "tickets:\n"),
        ("submit@example.org", ""),
        ("axb@example.org", ""),
        ("help@bxexample", ""),
        ("help+12-dance@b.example", ""),
    ] {
        let answer = said(&[
            "postmap",
            "-q",
            address,
            "regexp:/etc/postfix/tickets_transport",
        ]);
        assert_eq!(answer, wanted, "{address}");
    }
    // By its name it is taken out.
    let undo = [&["--undo"], &other[..]].concat();
    assert_eq!(run(&undo), (Some(0), String::new()));
    assert_eq!(all(), bare);
}

/// E8: the domain is another one for the desk already, and not for Postfix yet.
#[test]
fn an_address_of_before_is_no_refusal() {
    let Some(site) = start(&[]) else { return };
    site.make_store(&["1"]);
    let answer = |address: &str| rcpt(&site, address);
    assert!(answer("ticket-1@example.org").starts_with("250"));
    let path = site.path("home/.config/tickets/config.toml");
    fs::write(
        &path,
        "domain = \"example.com\"\nadmins = [\"steve@example.org\"]\n",
    )
    .unwrap();
    for address in [
        "submit@example.org",
        "ticket-1@example.org",
        "ticket-9@example.org",
    ] {
        let said = answer(address);
        assert!(said.starts_with("450 4.3.0 "), "{address}: {said}");
    }
    // What does not come by SMTP waits in the queue, with the reason.
    let mail = trial(ALICE, "a@example.net", "printer");
    let path = site.path("mail.eml");
    fs::write(&path, mail).unwrap();
    let send = format!("sendmail -f {ALICE} submit@example.org <{}", path.display());
    assert!(
        site.inside(&["sh", "-c", &send])
            .status()
            .unwrap()
            .success()
    );
    let why = "is no address of this desk now; make its pieces anew: `sudo -u tickets tickets init --postfix | sudo sh`";
    site.wait("the mail to be deferred", || {
        let log = site.log();
        log.lines()
            .any(|line| line.contains("status=deferred") && line.contains(why))
            .then_some(())
    });
    assert!(site.mailbox(ALICE).is_empty());
    // Whoever changes the addresses is told what bounces.
    let run = |arguments: &[&str]| {
        let install = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/postfix/install");
        let run = site.inside(&[&[install], arguments].concat()).output();
        let run = run.unwrap();
        (run.status.code(), String::from_utf8(run.stderr).unwrap())
    };
    let kept = ["TICKETS_SUBMIT=help : submit"];
    assert_eq!(run(&kept), (Some(0), String::new()));
    let lost = "install: mail waits for addresses that are not the desk's any more, and bounces \
                (1): submit@example.org\n";
    for gone in ["TICKETS_SUBMIT=help", "--undo"] {
        assert_eq!(run(&[gone]), (Some(0), lost.to_owned()), "{gone}");
        assert_eq!(run(&[gone]), (Some(0), String::new()), "{gone}, again");
        assert_eq!(run(&kept), (Some(0), String::new()));
    }
}

/// `tickets init --postfix | sudo sh`, and out again with `--undo`.
#[test]
fn init_puts_the_pieces_in_for_this_desk() {
    let config = "submit = \"help\"\nticket = \"help+{n}\"\n";
    let Some(site) = start_with_forward("", config) else {
        return;
    };
    let script = "setpriv --reuid tickets --regid tickets --init-groups --reset-env \
                  tickets init --postfix >/tmp/script && sh /tmp/script \"$@\"";
    let script = script.replace("/tmp/", &format!("{}/", site.path("").display()));
    let run = |arguments: &[&str]| {
        let mut run = site.inside(&[&["sh", "-c", &script, "sh"], arguments].concat());
        let run = run.output().unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        // It reloads Postfix; once more, to wait for it.
        let said = String::from_utf8(run.stdout).unwrap();
        let (done, _) = said.split_once('\n').unwrap();
        assert!(done.ends_with("ed, and Postfix is reloaded"), "{said}");
        reload(&site);
    };
    let answers = |wanted: [&str; 4]| {
        let addresses = ["help@", "help+1@", "help+9-done@", "steve@"];
        for (address, wanted) in addresses.iter().zip(wanted) {
            let answer = rcpt(&site, &format!("{address}example.org"));
            assert!(answer.starts_with(wanted), "{address}: {answer}");
        }
    };
    site.make_store(&["1"]);
    run(&[]);
    let unknown = "550 5.1.1 <help+9-done@example.org>: Recipient address rejected: There is no";
    answers(["250", "250", unknown, "250"]);
    let mail = trial(ALICE, "a@example.net", "printer");
    site.mail(ALICE, "help@example.org", &mail);
    assert_eq!(site.count(), wanted(&[1, 2], &[], 1, 1));
    run(&["--undo"]);
    answers(["550", "550", "550", "250"]);
}

/// A site on which nobody has set up a desk.
fn start_without_desk() -> Option<Site> {
    let site = start_with_forward("", "")?;
    fs::remove_dir_all(site.path("home/.config")).unwrap();
    fs::remove_file(site.path("home/.forward")).unwrap();
    // The machine may have a desk of its own; in here that is gone.
    let (status, ..) = run(&site, "rm -rf /etc/tickets /var/lib/tickets");
    assert_eq!(status, Some(0));
    Some(site)
}

/// Runs a script on the site as root: the status, and both outputs.
fn run(site: &Site, script: &str) -> (Option<i32>, String, String) {
    let run = site.inside(&["sh", "-c", script]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (run.status.code(), text(run.stdout), text(run.stderr))
}

/// D8, E3: a desk whose `group` is set when its pieces are in already. Postfix starts the program with one group alone.
#[test]
fn operators_of_a_group_and_postfix_share_a_desk() {
    let Some(site) = start_without_desk() else {
        return;
    };
    let run = |script: &str| run(&site, script);
    let does = |script: &str| {
        let ran = run(script);
        assert_eq!((ran.0, &*ran.2), (Some(0), ""), "{script}: {ran:?}");
        ran.1
    };
    let maria = |script: &str| {
        does(&format!(
            "setpriv --reuid maria --regid maria --init-groups --reset-env {script}"
        ))
    };
    let users = || does("postconf -M tickets/unix ticketspolicy/unix | grep -o 'user=[^ ]*'");
    let of_group = || {
        let check = run("tickets check").1;
        let lines: Vec<&str> = check.lines().collect();
        let at = lines
            .iter()
            .position(|it| it.contains("Postfix: it starts the program"));
        at.map_or(String::new(), |at| lines[at..at + 2].join("\n"))
    };
    let mail = |to: &str, id: &str| {
        let text =
            format!("From: {ALICE}\nMessage-ID: <{id}@example.net>\nSubject: {id}\n\n{id}\n");
        site.mail(ALICE, &format!("{to}@example.org"), &text);
    };
    does("rm -rf /etc/exim4");
    does(
        "tickets init --domain example.org --admin steve@example.org && tickets init --postfix | sh",
    );
    assert_eq!(users(), "user=tickets\nuser=tickets\n");
    reload(&site);
    mail("submit", "one");
    does(
        "groupadd support && useradd --home-dir /nonexistent -G support maria && usermod -aG support tickets",
    );
    does("sed -i '1i group = \"support\"' /etc/tickets/config.toml && tickets check --mend");
    let mend = "      mend: tickets init --postfix | sh";
    let without = format!(
        "FAIL  Postfix: it starts the program as `tickets`, without the desk's group `support`, so that it cannot use what \
         others of the group have made, and mail waits\n{mend}"
    );
    assert_eq!(of_group(), without);
    let (list, close) = ("tickets list -q --all", "tickets close --quiet 1");
    assert_eq!(maria(list), "1\n");
    assert_eq!(maria(close), "closed 1  one\n");
    mail("submit", "two");
    let why = ".tickets/journal: Permission denied (os error 13): tickets is in the group support, but the mail server \
               starts the program without it; `sudo tickets init --postfix | sudo sh` mends that";
    assert!(site.log().contains(why), "{}", site.log());
    let note = "note  Postfix: 1 mail to the desk waits in its queue for another try\n      look: postqueue -p\n";
    assert!(run("tickets check").1.contains(note));
    assert!(run("tickets check --nagios").1.contains(" queued=1;"));
    does("tickets init --postfix | sh");
    assert_eq!(
        (&*users(), &*of_group()),
        ("user=tickets:support\nuser=tickets:support\n", "")
    );
    reload(&site);
    does("postqueue -f");
    site.wait("the mail that waited", || {
        (maria(list) == "2\n1\n").then_some(())
    });
    // Whatever an operator has made.
    assert_eq!(maria("tickets close --quiet 2"), "closed 2  two\n");
    let old = "From c@d.example Mon Jan  1 10:00:00 2024\nFrom: c@d.example\nMessage-ID: <old@x>\n\nold\n\n";
    fs::write(site.path("old.mbox"), old).unwrap();
    mode(&site.path("old.mbox"), 0o644);
    maria(&format!(
        "tickets import {}",
        site.path("old.mbox").display()
    ));
    mail("ticket-3", "three");
    mail("ticket-1", "four");
    mail("submit", "five");
    assert_eq!(
        maria("tickets show --json 3 | grep -c ."),
        "2\n",
        "{}",
        site.log()
    );
    assert_eq!(maria("tickets list -q | sort"), "1\n3\n4\n");
    assert_eq!(does("postqueue -j"), "");
    let unshared = does(
        "find /var/lib/tickets ! -group support -o -type d ! -perm -2070 -o -type f ! -perm -060",
    );
    assert_eq!(unshared, "");
    // E7: with the store lost, one command makes it again as it has to be, and a backup fills it.
    let backup = does("umask 077; tickets export --mbox - >/etc/backup && rm -r /var/lib/tickets");
    assert_eq!(backup, "");
    let make = "install -d -o tickets -g support -m 2771 /var/lib/tickets";
    let restore = "tickets import --keep-numbers - </etc/backup";
    let lost = |sudo: &str| {
        format!(
            "tickets: cannot find the store: there is no directory /var/lib/tickets\n\
             hint: if the name is right, `{sudo}{make}` makes it\n"
        )
    };
    assert_eq!(run(restore), (Some(66), String::new(), lost("")));
    let asked = run("setpriv --reuid maria --regid maria --init-groups --reset-env tickets list");
    assert_eq!(asked, (Some(66), String::new(), lost("sudo ")));
    does(&format!("{make} && {restore}"));
    assert_eq!(maria("tickets list -q | sort"), "1\n3\n4\n");
    assert!(!run("tickets check").1.contains("  store: the group"));
    // And back again.
    does("sed -i 1d /etc/tickets/config.toml");
    let with = format!(
        "warn  Postfix: it starts the program as `tickets:support`, but this desk has no `group`\n{mend}"
    );
    assert_eq!(of_group(), with);
    does("tickets init --postfix | sh");
    assert_eq!(
        (&*users(), &*of_group()),
        ("user=tickets\nuser=tickets\n", "")
    );
    does("tickets init --postfix | sh -s -- --undo");
}

/// E7, E8: root sets up a desk of its own in two commands, works on it, and takes it out again.
#[test]
fn root_sets_up_a_desk_in_two_commands() {
    let Some(site) = start_without_desk() else {
        return;
    };
    let run = |script: &str| run(&site, script);
    let nothing = run("tickets list");
    let said = "tickets: no desk is set up on this machine\nhint: `sudo tickets init --domain example.org --admin you@example.org` sets one up, with your domain\n";
    assert_eq!(nothing, (Some(66), String::new(), said.to_owned()));
    let (status, _, said) = run("tickets init --domain example.org --admin steve@example.org");
    assert_eq!((status, said.as_str()), (Some(0), ""));
    let added = "added, and Postfix is reloaded\n\
        to test it:     postmap -q submit@example.org regexp:/etc/postfix/tickets_transport    (must print tickets:)\n";
    let done = run("tickets init --postfix | sh");
    assert_eq!(done, (Some(0), added.to_owned(), String::new()));
    reload(&site);
    site.mail(
        ALICE,
        "submit@example.org",
        &trial(ALICE, "a@example.net", "printer"),
    );
    assert_eq!(newest(&site, ALICE).get("Reply-To"), "ticket-1@example.org");
    assert!(rcpt(&site, "ticket-1@example.org").starts_with("250"));
    assert!(rcpt(&site, "ticket-2@example.org").starts_with("550 5.1.1 "));
    let closed = "1\nclosed 1  printer\n";
    assert_eq!(run("tickets list -q && tickets close 1").1, closed);
    site.settle();
    assert_eq!(newest(&site, ALICE).get("X-Tickets-Kind"), "closed");
    let owner = run(
        "stat -c '%U %a' /var/lib/tickets /var/lib/tickets/archived/1 /etc/tickets/config.toml",
    )
    .1;
    assert_eq!(owner, "tickets 711\ntickets 600\nroot 644\n");
    let done = run("tickets init --postfix | sh -s -- --undo");
    let removed = "removed, and Postfix is reloaded\n";
    assert_eq!(done, (Some(0), removed.to_owned(), String::new()));
    reload(&site);
    assert!(rcpt(&site, "submit@example.org").starts_with("550"));
}
