use super::*;

fn desk(submit: &[&str], ticket: &str) -> Addresses {
    let domains = ["example.org".into(), "alias.example".into()];
    let submit: Vec<String> = submit.iter().map(|s| s.to_string()).collect();
    Addresses::new(&domains, false, &submit, ticket).expect("a sound template")
}

#[test]
fn recipients_are_recognised() {
    // B1 to B3, B6, B10
    let plain = desk(&["submit", "help@other.example"], "ticket-{n}");
    let plus = desk(&["help"], "help+{n}");
    let ticket = |n, verb| Some(Target::Ticket(TicketId::new(n).unwrap(), verb));
    for (case, desk, address, want) in [
        ("B6", &plain, "submit@example.org", Some(Target::Submit)),
        (
            "quoted",
            &plain,
            "\"submit\"@example.org",
            Some(Target::Submit),
        ),
        (
            "quoted with a blank",
            &plain,
            "\"submit \"@example.org",
            None,
        ),
        (
            "letter case",
            &plain,
            "Submit@EXAMPLE.org",
            Some(Target::Submit),
        ),
        (
            "alias domain",
            &plain,
            "submit@alias.example",
            Some(Target::Submit),
        ),
        (
            "full address",
            &plain,
            "help@other.example",
            Some(Target::Submit),
        ),
        ("foreign domain", &plain, "submit@other.example", None),
        ("no domain", &plain, "submit", Some(Target::Submit)),
        (
            "root dot",
            &plain,
            "submit@example.org.",
            Some(Target::Submit),
        ),
        (
            "B1",
            &plain,
            "Ticket-12@example.org",
            ticket(12, Verb::Update),
        ),
        (
            "B2",
            &plain,
            "ticket-12-done@example.org",
            ticket(12, Verb::Done),
        ),
        (
            "B2",
            &plain,
            "ticket-12-CLOSE@example.org",
            ticket(12, Verb::Done),
        ),
        (
            "B3",
            &plain,
            "ticket-12-quiet@example.org",
            ticket(12, Verb::Quiet),
        ),
        (
            "B3",
            &plain,
            "ticket-12-submitter@example.org",
            ticket(12, Verb::Submitter),
        ),
        (
            "leading zero",
            &plain,
            "ticket-01@example.org",
            Some(Target::Impossible),
        ),
        (
            "too long",
            &plain,
            "ticket-99999999999@example.org",
            Some(Target::Impossible),
        ),
        ("another word", &plain, "ticket-12-x@example.org", None),
        ("no number", &plain, "ticket-archived@example.org", None),
        ("a lock", &plain, "ticket-1.lock@example.org", None),
        ("somebody", &plain, "steve@example.org", None),
        ("nothing", &plain, "", None),
        ("B10", &plus, "help@example.org", Some(Target::Submit)),
        (
            "B10",
            &plus,
            "help+12@example.org",
            ticket(12, Verb::Update),
        ),
        (
            "B10",
            &plus,
            "help+12-done@example.org",
            ticket(12, Verb::Done),
        ),
    ] {
        assert_eq!(desk.target(address), want, "{case}: {address}");
    }
}

#[test]
fn a_domain_in_another_script_is_the_same_domain() {
    // B1: the MTA has the domain in ASCII, and so does every reply to our own mail.
    let domains = ["müller.example".to_owned()];
    let submit = ["submit".to_owned(), "hilfe@büro.example".to_owned()];
    let ours = Addresses::new(&domains, false, &submit, "ticket-{n}").unwrap();
    let ticket = Target::Ticket(TicketId::new(12).unwrap(), Verb::Update);
    for (address, want) in [
        ("ticket-12@müller.example", Some(ticket)),
        ("ticket-12@xn--mller-kva.example", Some(ticket)),
        ("Ticket-12@XN--MLLER-KVA.example.", Some(ticket)),
        ("ticket-12@mÜLLER.example", None),
        ("ticket-12@mu\u{308}ller.example", None),
        ("hilfe@xn--bro-hoa.example", Some(Target::Submit)),
        ("HILFE@büro.EXAMPLE", Some(Target::Submit)),
        ("hilfe@BÜRO.example", None),
        ("ticket-12@muller.example", None),
        ("hilfe@müller.example", None),
        ("@", None),
    ] {
        assert_eq!(ours.target(address), want, "{address}");
    }
    let plain = desk(&["submit"], "ticket-{n}");
    // C8
    for address in [
        "submit@ｅxample.org",
        "submit@example.org\u{ad}",
        "submit@example\u{3002}org",
        "tic\u{212a}et-1@example.org",
        "\u{17f}ubmit@example.org",
    ] {
        assert_eq!(plain.target(address), None, "{address}");
    }
}

#[test]
fn what_is_written_is_recognised() {
    let id = TicketId::new(7).unwrap();
    for template in ["ticket-{n}", "help+{n}", "t{n}x", "Bug{n}"] {
        let desk = desk(&["submit"], template);
        assert_eq!(desk.target(&desk.submit()), Some(Target::Submit));
        for verb in [Verb::Update, Verb::Done, Verb::Quiet, Verb::Submitter] {
            let address = desk.ticket(id, verb);
            assert_eq!(
                desk.target(&address),
                Some(Target::Ticket(id, verb)),
                "{address}"
            );
        }
    }
}

#[test]
fn a_template_must_be_unmistakable() {
    for bad in [
        "ticket", "{n}", "a{n}b{n}", "x 1{n}", "t1{n}", "t{n}1", "a@{n}", "a/{n}",
    ] {
        let made = Addresses::new(&["x".into()], false, &["s".into()], bad);
        assert_eq!(made.err(), Some(BadForm::NoTemplate), "{bad}");
    }
}

#[test]
fn without_a_configured_domain_any_is_ours() {
    let any = Addresses::new(&["vm".into()], true, &["submit".into()], "ticket-{n}").unwrap();
    assert_eq!(any.target("submit@example.org"), Some(Target::Submit));
    assert_eq!(any.submit(), "submit@vm");
}

fn with_secret(desk: Addresses, plain_until: u32) -> Addresses {
    desk.with_secret(Secret::new(b"0123456789abcdef").unwrap(), plain_until)
}

#[test]
fn with_a_secret_an_address_needs_its_digest() {
    // B1 to B3, B10
    // The digest of 12 is 22t6j7hw, that of 1 is 77ak8qyc: see digest.rs.
    let plain = desk(&["submit"], "ticket-{n}");
    let secret = with_secret(plain.clone(), 0);
    let grace = with_secret(plain.clone(), 12);
    let plus = with_secret(desk(&["help"], "help+{n}"), 0);
    let inside = with_secret(desk(&["help"], "t{n}x"), 0);
    let ticket = |n, verb| Some(Target::Ticket(TicketId::new(n).unwrap(), verb));
    let guessed = Some(Target::WrongDigest);
    for (case, desk, local, want) in [
        (
            "the right digest",
            &secret,
            "ticket-12-22t6j7hw",
            ticket(12, Verb::Update),
        ),
        (
            "in capitals",
            &secret,
            "Ticket-12-22T6J7HW",
            ticket(12, Verb::Update),
        ),
        (
            "B2",
            &secret,
            "ticket-12-22t6j7hw-done",
            ticket(12, Verb::Done),
        ),
        (
            "B2",
            &secret,
            "ticket-12-22t6j7hw-close",
            ticket(12, Verb::Done),
        ),
        (
            "B3",
            &secret,
            "ticket-12-22t6j7hw-quiet",
            ticket(12, Verb::Quiet),
        ),
        (
            "B3",
            &secret,
            "ticket-12-22t6j7hw-submitter",
            ticket(12, Verb::Submitter),
        ),
        (
            "B10",
            &plus,
            "help+12-22t6j7hw-done",
            ticket(12, Verb::Done),
        ),
        ("B10", &inside, "t12x-22t6j7hw", ticket(12, Verb::Update)),
        ("another ticket's", &secret, "ticket-12-77ak8qyc", guessed),
        ("without", &secret, "ticket-12", guessed),
        (
            "without, and a verb",
            &secret,
            "ticket-12-submitter",
            guessed,
        ),
        ("wrong", &secret, "ticket-12-22222222-done", guessed),
        ("no digest at all", &secret, "ticket-12-00000000", guessed),
        ("B10, without", &plus, "help+12", guessed),
        ("behind the verb", &secret, "ticket-12-done-22t6j7hw", None),
        ("twice", &secret, "ticket-12-22t6j7hw-22t6j7hw", None),
        ("one less", &secret, "ticket-12-k3j9x2a", None),
        (
            "in front of the template's end",
            &inside,
            "t12-22t6j7hwx",
            None,
        ),
        ("submit@", &secret, "submit", Some(Target::Submit)),
        (
            "a number that is none",
            &secret,
            "ticket-012-22t6j7hw",
            Some(Target::Impossible),
        ),
        (
            "in use before the secret",
            &grace,
            "ticket-12-done",
            ticket(12, Verb::Done),
        ),
        (
            "in use before the secret, and with a digest",
            &grace,
            "ticket-12-22t6j7hw",
            ticket(12, Verb::Update),
        ),
        ("out before, wrong", &grace, "ticket-12-22222222", guessed),
        ("not out before", &grace, "ticket-13", guessed),
        // Addresses with a digest stay in use when the secret is removed.
        (
            "no secret any more",
            &plain,
            "ticket-12-22t6j7hw-done",
            ticket(12, Verb::Done),
        ),
        (
            "no secret any more",
            &plain,
            "ticket-12-22222222",
            ticket(12, Verb::Update),
        ),
        ("no secret, no such form", &plain, "ticket-12-2222222", None),
    ] {
        assert_eq!(
            desk.target(&format!("{local}@example.org")),
            want,
            "{case}: {local}"
        );
    }
    let written = secret.ticket(TicketId::new(12).unwrap(), Verb::Done);
    assert_eq!(written, "ticket-12-22t6j7hw-done@example.org");
    for address in [
        &written,
        "ticket-12-done@example.org",
        "ticket-12-22222222-done@example.org",
    ] {
        assert_eq!(
            secret.recorded(address),
            ticket(12, Verb::Done),
            "{address}"
        );
    }
    assert_eq!(secret.recorded("steve@example.org"), None);
}
