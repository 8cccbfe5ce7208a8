//! `address_secret` with the real servers: what they say at RCPT time, and a whole conversation.

use std::fs;

use crate::exim::{rcpt, trial};
use crate::mail::mbox;
use crate::mutt::Mutt;
use crate::postfix_site;
use crate::site::{self, Form, Site, configure, mode};
use crate::story::{ALICE, STEVE, newest};

const CONFIG: &str = "address_secret = \"~/.config/tickets/secret\"\n";

/// Makes a secret as contrib/config.toml says.
fn make_secret(site: &Site) {
    let text = include_str!("../../contrib/config.toml");
    let command = text.lines().find_map(|l| l.strip_prefix("#     ("));
    let command = format!("({}", command.unwrap());
    let run = site.as_desk(&["sh", "-euc", &command]).status();
    assert!(run.unwrap().success());
    configure(&site.path(""), CONFIG);
}

/// `tickets init` for this MTA, by the desk's user, and its script, by root.
fn init(site: &Site, mta: &str, arguments: &str) {
    let script = site.path("script");
    let script = script.display();
    let print = format!("tickets init {mta}");
    let run = site.as_desk(&["sh", "-euc", &print]).output().unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    fs::write(site.path("script"), run.stdout).unwrap();
    let run = site.inside(&["sh", "-euc", &format!("sh {script} {arguments}")]);
    let mut run = run;
    let run = run.output().unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

fn exim(form: Form) -> Option<Site> {
    let site = site::start(form, &[])?;
    make_secret(&site);
    site::restarted(&site, || init(&site, "--exim", ""));
    Some(site)
}

fn postfix() -> Option<Site> {
    let site = postfix_site::start(&[])?;
    make_secret(&site);
    init(&site, "--postfix", "");
    postfix_site::reload(&site);
    Some(site)
}

/// The address of a ticket, less the domain.
fn local(site: &Site, number: u32) -> String {
    let run = site
        .as_desk(&["tickets", "address", &number.to_string()])
        .output();
    let text = String::from_utf8(run.unwrap().stdout).unwrap();
    text.strip_suffix("@example.org\n").unwrap().to_owned()
}

#[test]
fn only_addresses_that_were_given_out_are_taken() {
    for site in [exim(Form::Split), exim(Form::Unsplit), postfix()] {
        let Some(site) = site else { return };
        site.make_store(&["1", "archived/2"]);
        let [one, two, three] = [1, 2, 3].map(|n| local(&site, n));
        let no_address = |local: &str| {
            format!("There is no address {local}@example.org. The right one is in every mail")
        };
        let no_ticket =
            |local: &str| format!("There is no ticket {local}@example.org: please write");
        let not_ones = two.replace("-2-", "-1-");
        let long = format!("ticket-1-{}", "a".repeat(40));
        for (case, local, code, sentence) in [
            ("to open one", "submit".to_owned(), "250", None),
            ("told", one.clone(), "250", None),
            ("in capitals", one.to_uppercase(), "250", None),
            ("told, to close", format!("{one}-done"), "250", None),
            (
                "told, to the submitter",
                format!("{one}-submitter"),
                "250",
                None,
            ),
            ("told, archived", format!("{two}-close"), "250", None),
            (
                "told, not there",
                three.clone(),
                "550",
                Some(no_ticket(&three)),
            ),
            (
                "plain",
                "ticket-1".into(),
                "550",
                Some(no_address("ticket-1")),
            ),
            (
                "plain, to close",
                "ticket-1-done".into(),
                "550",
                Some(no_address("ticket-1-done")),
            ),
            (
                "plain, not there",
                "ticket-3".into(),
                "550",
                Some(no_address("ticket-3")),
            ),
            (
                "wrong",
                "ticket-1-22222222".into(),
                "550",
                Some(no_address("ticket-1-22222222")),
            ),
            (
                "another's",
                not_ones.clone(),
                "550",
                Some(no_address(&not_ones)),
            ),
            ("no such form", format!("{one}-gone"), "550", None),
            ("no such form, long", long, "550", None),
            (
                "another word",
                "\"ticket-1 --config /x\"".into(),
                "550",
                None,
            ),
        ] {
            let answer = rcpt(&site, &format!("{local}@example.org"));
            assert!(answer.starts_with(code), "{case}: {local}: {answer}");
            // Exim breaks a long line where it has a colon.
            let answer = answer.replace("\n550 ", " ").replace("\n550-", " ");
            let sentence = sentence.unwrap_or_default();
            assert!(answer.contains(&sentence), "{case}: {local}: {answer}");
        }
        assert!(rcpt(&site, "steve@example.org").starts_with("250"));
        assert!(rcpt(&site, "alice@example.net").starts_with("250"));
    }
}

/// What cannot be told now is no wrong address.
#[test]
fn exim_waits_for_a_secret_it_may_not_read() {
    let Some(site) = exim(Form::Split) else {
        return;
    };
    site.make_store(&["1"]);
    let one = local(&site, 1) + "@example.org";
    let wrong = "ticket-1-22222222@example.org";
    for file in ["etc/tickets.secret", "etc/tickets.toml", "bin/tickets"] {
        let path = site.path(file);
        let before = fs::metadata(&path).unwrap().permissions();
        mode(&path, 0o600);
        for address in [one.as_str(), wrong] {
            let answer = rcpt(&site, address);
            assert!(answer.starts_with("451"), "{file}: {address}: {answer}");
        }
        fs::set_permissions(&path, before).unwrap();
        assert!(rcpt(&site, &one).starts_with("250"), "{file}");
    }
    for name in ["tickets.secret", "tickets.toml"] {
        let run = site.inside(&["stat", "-c", "%U %G %a", &format!("/etc/exim4/{name}")]);
        let mut run = run;
        let text = String::from_utf8(run.output().unwrap().stdout).unwrap();
        assert_eq!(text, "root Debian-exim 640\n", "{name}");
    }
    init(&site, "--exim", "--undo");
    for name in ["tickets.secret", "tickets.toml"] {
        assert!(!site.path("etc").join(name).exists(), "{name}");
    }
}

#[test]
fn a_ticket_lives_with_a_digest() {
    for site in [exim(Form::Split), postfix()] {
        let Some(site) = site else { return };
        let print = ["sh", "-c", "tickets init --mutt >~/.tickets.muttrc"];
        assert!(site.as_desk(&print).status().unwrap().success());
        let first = trial("Alice <alice@example.net>", "first@example.net", "printer");
        site.mail(ALICE, "submit@example.org", &first);
        let ack = newest(&site, ALICE);
        let address = ack.get("Reply-To");
        assert_eq!(address, local(&site, 1) + "@example.org");

        // She answers, and Mallory guesses, on this machine, where nobody is asked at RCPT time.
        site.mail(
            ALICE,
            &address,
            &trial(ALICE, "second@example.net", "Re: printer"),
        );
        assert_eq!(site.ticket(1).len(), 2);
        let guess = "printf 'From: mallory@example.net\\n\\nx\\n' | \
                     /usr/sbin/sendmail -i -f mallory@example.net ticket-1-done@example.org";
        assert!(
            site.inside(&["sh", "-c", guess])
                .status()
                .unwrap()
                .success()
        );
        site.wait("the bounce", || site.mailbox("mallory@example.net").pop());
        site.settle();
        let bounce = newest(&site, "mallory@example.net");
        let text = bounce
            .body()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let sentence = "There is no address ticket-1-done@example.org. The right one is in every";
        assert!(text.contains(sentence), "{}", bounce.0);
        assert_eq!((site.ticket(1).len(), site.count().open), (2, vec![1]));

        // The operator answers, and then closes, in mutt.
        let told = site.mailbox(STEVE).len();
        for (key, cc) in [
            ("r", address.clone()),
            ("C", address.replace('@', "-done@")),
        ] {
            let mutt = Mutt::open(&site, "~/tickets/1", "Water is on its way.");
            mutt.press(&["Home", key]);
            mutt.shows("q:Abort");
            match key {
                "C" => mutt.send_and_leave(),
                _ => {
                    mutt.send();
                    mutt.quit();
                }
            }
            site.settle();
            let reply = newest(&site, ALICE);
            assert_eq!(
                ["From", "Cc"].map(|name| reply.get(name)),
                [format!("Support <{address}>"), cc],
                "{}",
                reply.0
            );
        }
        assert_eq!(site.count().archived, [1]);
        assert_eq!(mbox(&site.store().join("archived/1")).len(), 4);
        assert_eq!(site.mailbox(STEVE).len(), told);

        // Her answer to what she has opens it again.
        site.mail(
            ALICE,
            &address,
            &trial(ALICE, "third@example.net", "Re: printer"),
        );
        assert_eq!((site.ticket(1).len(), site.count().open), (5, vec![1]));
    }
}
