use super::*;

fn addresses() -> Addresses {
    let domains = ["d.org".into(), "alias.example".into()];
    Addresses::new(&domains, false, &["submit".into()], "ticket-{n}").unwrap()
}

fn proof(from: &str, results: &str) -> Proof {
    let verifier = Verifier {
        server: "mx.d.org",
        addresses: &addresses(),
        people: &["steve@d.org", "Eva@x.org"].map(Person::with_address),
    };
    let mail = format!("Authentication-Results: mx.d.org; {results}\nFrom: {from}\n\nx\n");
    verifier.proof(&Message::new(mail.as_bytes()))
}

#[test]
fn what_a_domain_vouches_for() {
    use Proof::{ByDomain, Missing};
    let ann = "Ann <ann@Mail.X.org>";
    for (case, from, results, want) in [
        ("DMARC", ann, "dmarc=pass header.from=mail.x.org", ByDomain),
        (
            "DMARC, in capitals",
            ann,
            "dmarc=pass header.from=MAIL.x.ORG.",
            ByDomain,
        ),
        (
            "DMARC of another",
            ann,
            "dmarc=pass header.from=x.org",
            Missing,
        ),
        ("DMARC of nobody", ann, "dmarc=pass", Missing),
        (
            "DMARC fails",
            ann,
            "dmarc=fail header.from=mail.x.org",
            Missing,
        ),
        ("DKIM", ann, "dkim=pass header.d=mail.x.org", ByDomain),
        (
            "DKIM of the domain above",
            ann,
            "dkim=pass header.d=x.org",
            ByDomain,
        ),
        (
            "DKIM of one below",
            "ann@x.org",
            "dkim=pass header.d=mail.x.org",
            Missing,
        ),
        (
            "DKIM of a top level domain",
            ann,
            "dkim=pass header.d=org",
            Missing,
        ),
        (
            "DKIM of one with the same end",
            "a@evilx.org",
            "dkim=pass header.d=x.org",
            Missing,
        ),
        (
            "DKIM of another",
            ann,
            "dkim=pass header.d=evil.example",
            Missing,
        ),
        (
            "DKIM of somebody's identity",
            ann,
            "dkim=pass header.i=@mail.x.org",
            Missing,
        ),
        (
            "DKIM of two",
            ann,
            "dkim=pass header.d=x.org header.d=y.org",
            Missing,
        ),
        ("DKIM fails", ann, "dkim=fail header.d=mail.x.org", Missing),
        (
            "DMARC fails",
            ann,
            "dkim=pass header.d=mail.x.org; dmarc=fail header.from=mail.x.org",
            Missing,
        ),
        (
            "one of many",
            ann,
            "spf=none; dkim=fail; dkim=pass header.d=x.org",
            ByDomain,
        ),
        (
            "SPF alone",
            ann,
            "spf=pass smtp.mailfrom=ann@mail.x.org",
            Missing,
        ),
        (
            "a domain in Unicode",
            "a@bücher.example",
            "dmarc=pass header.from=xn--bcher-kva.example",
            ByDomain,
        ),
        (
            "and said so",
            "a@xn--bcher-kva.example",
            "dkim=pass header.d=bücher.example",
            ByDomain,
        ),
        (
            "a foreign spelling, which is mapped to it",
            "a@b\u{dc}cher.example",
            "dmarc=pass header.from=xn--bcher-kva.example",
            Missing,
        ),
        (
            "a foreign spelling of another",
            "ann@\u{24e7}.org",
            "dmarc=pass header.from=x.org",
            Missing,
        ),
        (
            "DKIM of one",
            ann,
            "dkim=pass header.d=\u{ff58}.org",
            Missing,
        ),
        (
            "a comment in a domain",
            ann,
            "dkim=pass header.d=(.evil.example header.s=x)x.org header.a=rsa-sha256",
            Missing,
        ),
        (
            "two policies",
            ann,
            "dmarc=pass header.from=mail.x.org; dmarc=pass header.from=mail.x.org",
            Missing,
        ),
        (
            "two authors",
            "ann@x.org, bob@x.org",
            "dmarc=pass header.from=x.org",
            Missing,
        ),
        (
            "two fields",
            "ann@x.org\nFrom: ann@x.org",
            "dmarc=pass header.from=x.org",
            Missing,
        ),
        ("nobody", "", "dmarc=pass header.from=", Missing),
        ("no domain", "root", "dkim=pass header.d=x.org", Missing),
        ("nothing", ann, "none", Missing),
    ] {
        assert_eq!(proof(from, results), want, "{case}");
    }
}

#[test]
fn logins_that_prove_the_author() {
    use Proof::{LoggedIn, Missing};
    for (case, from, login, want) in [
        ("the author", "steve@d.org", "steve", LoggedIn),
        ("by address", "Steve@d.org", "steve@D.org", LoggedIn),
        (
            "at another domain of ours",
            "bob@alias.example",
            "bob",
            LoggedIn,
        ),
        ("another", "steve@d.org", "mallory", Missing),
        ("by the same name elsewhere", "eva@x.org", "eva", Missing),
        (
            "by an address elsewhere",
            "eva@x.org",
            "eva@x.org",
            LoggedIn,
        ),
        (
            "an admin, from a ticket",
            "ticket-1@d.org",
            "steve",
            LoggedIn,
        ),
        (
            "an admin by address, from a ticket",
            "ticket-1@d.org",
            "eva@x.org",
            LoggedIn,
        ),
        (
            "another, from a ticket",
            "ticket-1@d.org",
            "mallory",
            Missing,
        ),
        ("a user called so", "ticket-1@d.org", "ticket-1", Missing),
        ("nobody", "steve@d.org", "\"\"", Missing),
        // C8
        (
            "of a foreign spelling",
            "mar\u{212a}@d.org",
            "mark",
            Missing,
        ),
        ("at one", "steve@\u{24d3}.org", "steve", Missing),
        ("by address there", "eva@x.org", "eva@\u{ff58}.org", Missing),
        ("a quoted one", "steve@d.org", "\"steve\"@d.org", Missing),
        (
            "one with another address",
            "steve@d.org",
            "mallory smtp.mailfrom=steve",
            Missing,
        ),
        (
            "the own one beside another",
            "steve@d.org",
            "steve; auth=pass smtp.auth=mallory",
            Missing,
        ),
    ] {
        let results = format!("auth=pass (plain) smtp.auth={login}");
        assert_eq!(proof(from, &results), want, "{case}");
        assert_eq!(
            proof(from, &results.replace("pass", "fail")),
            Missing,
            "{case}"
        );
    }
}

#[test]
fn a_signed_mail_must_name_the_address_it_goes_to() {
    let id = |n| TicketId::new(n).unwrap();
    for (to, verb, want) in [
        ("ticket-1-done@d.org", Some(Verb::Done), true),
        (
            "x@y.org\nCc: a@b.org, Ticket-1-Close@alias.example",
            Some(Verb::Done),
            true,
        ),
        ("ticket-1@d.org", Some(Verb::Done), false),
        ("ticket-2-done@d.org", Some(Verb::Done), false),
        ("submit@d.org", Some(Verb::Done), false),
        ("list@x.org", Some(Verb::Done), false),
        // Cc was added to a mail that had none, To to one that had another, or text to the end.
        (
            "list@x.org\nCc: ticket-1-done@d.org\nDKIM-Signature: d=x.org; h=from:to",
            Some(Verb::Done),
            false,
        ),
        (
            "ticket-1-done@d.org\nDKIM-Signature: d=x.org; h=from:to\nTo: list@x.org",
            Some(Verb::Done),
            false,
        ),
        (
            "ticket-1-done@d.org\nDKIM-Signature: d=x.org; h=from:to; l=9",
            Some(Verb::Done),
            false,
        ),
        (
            "ticket-1-done@d.org\nCc: a@x.org\nDKIM-Signature: d=x.org; h=From:To",
            Some(Verb::Done),
            true,
        ),
        ("ticket-1@d.org", Some(Verb::Update), true),
        ("ticket-1-submitter@d.org", Some(Verb::Submitter), true),
        // Perhaps it was to stay between the admin and a third party.
        ("ticket-1@d.org", Some(Verb::Submitter), false),
        ("ticket-2@d.org", Some(Verb::Update), false),
        ("submit@d.org", Some(Verb::Update), true),
        ("submit@d.org", Some(Verb::Submitter), false),
        ("list@x.org", Some(Verb::Update), false),
        ("submit@d.org", None, true),
        ("ticket-1@d.org", None, false),
    ] {
        let mail = format!("To: {to}\n\nx\n");
        let message = Message::new(mail.as_bytes());
        let asked = verb.map(|verb| Asked {
            ticket: id(1),
            verb,
            by_address: !to.contains("submit@"),
        });
        let holds = |proof: Proof| proof.covers(&message, &addresses(), asked);
        assert_eq!(holds(Proof::ByDomain), want, "{to} {verb:?}");
        assert!(holds(Proof::LoggedIn) && holds(Proof::NotRequired));
        assert!(!holds(Proof::Missing));
    }
}

/// C5, T6: whoever has a signed mail to submit@ cannot send it on to a ticket of their choice.
#[test]
fn a_signed_mail_to_submit_must_itself_lead_to_the_ticket() {
    const SIGNED: &str = "DKIM-Signature: d=x.org; h=From:To:Subject:References\n";
    for (case, header, by_address, want) in [
        ("by its Subject", "Subject: [issue1] x\n", false, true),
        (
            "to the ticket's address",
            "Subject: [issue1] x\n",
            true,
            false,
        ),
        (
            "by References",
            "References: <1@d.org>\nSubject: x\n",
            false,
            true,
        ),
        (
            "by a field that anybody can add",
            "In-Reply-To: <1@d.org>\nSubject: x\n",
            false,
            false,
        ),
        (
            "by a Subject of two",
            "Subject: [issue1] x\nSubject: x\n",
            false,
            false,
        ),
    ] {
        let mail = format!("{SIGNED}From: steve@d.org\nTo: submit@d.org\n{header}\nx\n");
        let asked = Asked {
            ticket: TicketId::new(1).unwrap(),
            verb: Verb::Update,
            by_address,
        };
        let message = Message::new(mail.as_bytes());
        let got = Proof::ByDomain.covers(&message, &addresses(), Some(asked));
        assert_eq!(got, want, "{case}");
    }
}

#[test]
fn a_signed_mail_to_submit_opens_no_ticket_for_somebody_else() {
    // B3, T6
    for (header, target, want) in [
        ("To: submit-for@d.org\n", Target::SubmitFor, true),
        ("To: submit@d.org\n", Target::SubmitFor, false),
        ("To: submit@d.org\n", Target::Submit, true),
        (
            "To: submit@d.org\nCc: submit-for@d.org\nDKIM-Signature: d=x.org; h=from:to\n",
            Target::SubmitFor,
            false,
        ),
    ] {
        let mail = format!("{header}\nx\n");
        let message = Message::new(mail.as_bytes());
        let holds = |proof: Proof| proof.covers_forwarding(&message, &addresses(), target);
        assert_eq!(holds(Proof::ByDomain), want, "{header}");
        assert!(holds(Proof::LoggedIn) && holds(Proof::NotRequired) && !holds(Proof::Missing));
    }
}
