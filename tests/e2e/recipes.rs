//! The ways in through a user's own mail filters, as `contrib/recipes.md` writes them.

use std::fs;

use crate::exim::{stand_in, trial};
use crate::postfix_site::{set_forward, start_with_forward};
use crate::site::{Site, USER, give, mode};
use crate::smtp::Smtp;
use crate::story::{ALICE, newest, wanted};

/// Tells the filters apart: how a mail gets to each of them.
pub const FILTERS: [&str; 2] = ["procmail", "maildrop"];

/// The block of this language, for the user that there is.
fn recipe(language: &str) -> String {
    let text = include_str!("../../contrib/recipes.md");
    let (_, block) = text
        .split_once(&format!("```{language}\n"))
        .expect(language);
    let (block, _) = block.split_once("```").unwrap();
    block.replace("help", USER)
}

/// Lets a filter sort the mail of the desk's user.
pub fn set_filter(site: &Site, filter: &str) {
    let name = match filter {
        "procmail" => "home/.procmailrc",
        _ => "home/.mailfilter",
    };
    fs::write(site.path(name), recipe(filter)).unwrap();
    give(&site.path(name), USER);
    mode(&site.path(name), 0o600);
    set_forward(site, &format!("\"|/usr/bin/{filter}\"\n"));
}

/// What is in the user's mailbox, where all goes that is not the desk's.
pub fn inbox(site: &Site) -> String {
    let shown = site.inside(&["sh", "-c", "cat /var/mail/tickets"]);
    let mut shown = shown;
    String::from_utf8_lossy(&shown.output().unwrap().stdout).into_owned()
}

#[test]
fn filters_bring_the_desks_mail_to_the_desk() {
    for filter in FILTERS {
        let config = "submit = \"tickets\"\nticket = \"tickets+{n}\"\n";
        let Some(site) = start_with_forward("", config) else {
            return;
        };
        set_filter(&site, filter);
        let mail = |id: &str| trial(ALICE, id, "printer").replace("submit@", "somebody@");
        site.mail(ALICE, "tickets@example.org", &mail("a@example.net"));
        assert_eq!(site.count(), wanted(&[1], &[], 1, 1), "{filter}: opened");
        let entry = &site.ticket(1)[0];
        assert_eq!(entry.get("Return-Path"), "<alice@example.net>", "{filter}");
        site.mail("", "tickets+1@example.org", &mail("b@example.net"));
        assert_eq!(site.count(), wanted(&[1], &[], 1, 2), "{filter}: filed");
        assert_eq!(site.ticket(1)[1].get("Return-Path"), "<>", "{filter}");
        site.mail(ALICE, "tickets+1-done@example.org", &mail("c@example.net"));
        assert_eq!(site.count(), wanted(&[], &[1], 1, 3), "{filter}: closed");
        site.mail(ALICE, "tickets+9@example.org", &mail("d@example.net"));
        let bounce = newest(&site, ALICE);
        let text = bounce
            .body()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let sentence = "There is no ticket tickets+9@example.org: please write to";
        assert!(text.contains(sentence), "{filter}: {}", bounce.0);
        assert_eq!(inbox(&site), "", "{filter}");

        // The user's own mail.
        site.mail(ALICE, "tickets@localhost", &mail("e@example.net"));
        assert!(inbox(&site).contains("<e@example.net>"), "{filter}");
        assert_eq!(site.count(), wanted(&[], &[1], 2, 3), "{filter}: not ours");

        // The desk cannot take it now.
        stand_in(&site, "echo 'tickets: cannot' >&2; exit 75");
        let to = ["tickets@example.org"];
        let id = Smtp::connect(site.port).send(ALICE, &to, mail("f@example.net").as_bytes());
        let line = site.wait(filter, || {
            let log = site.log();
            let mut lines = log.lines();
            let line = lines.find(|l| l.contains(&format!("{id}: to=<tickets")))?;
            Some(line.to_owned())
        });
        assert!(line.contains("status=deferred"), "{filter}: {line}");
        assert!(!inbox(&site).contains("<f@example.net>"), "{filter}");
    }
}
