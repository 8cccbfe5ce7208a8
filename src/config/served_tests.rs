use super::*;

/// `user --config FILE --dir DIR`, as far as they are there.
fn short(desk: &Served) -> String {
    desk.command()
        .replace("sudo -u ", "")
        .replacen(" tickets", "", 1)
}

// E7
#[test]
fn exims_pieces_name_a_desk() {
    let pipe = "tickets_pipe:\n  driver = pipe\n";
    for (case, text, want) in [
        ("nothing", String::new(), None),
        (
            "the macros without the transport",
            "TICKETS_USER = desk\nTICKETS_COMMAND = /bin/tickets\n".into(),
            None,
        ),
        (
            "no options",
            format!(
                ".ifndef TICKETS_USER\nTICKETS_USER = desk\n.endif\nTICKETS_COMMAND=/bin/tickets\n{pipe}"
            ),
            Some("desk"),
        ),
        (
            "options, the second user is not looked at, and comments are none",
            format!(
                "#TICKETS_USER = none\nTICKETS_USER = desk\nTICKETS_USER = other\n\
                 TICKETS_COMMAND = /bin/tickets --dir=/srv/d --config /etc/d.toml\n{pipe}"
            ),
            Some("desk --config /etc/d.toml --dir /srv/d"),
        ),
    ] {
        let found = in_exim(&text, Path::new("x"));
        assert_eq!(found.as_ref().map(short).as_deref(), want, "{case}");
    }
    let text = format!(
        "TICKETS_USER = desk\nTICKETS_COMMAND = /bin/tickets --config /srv/$domain_data.toml\n{pipe}"
    );
    assert!(in_exim(&text, Path::new("x")).unwrap().varies());
}

// E7
#[test]
fn postfixs_services_name_desks() {
    let text = "# tickets unix - n n - - pipe user=none argv=/bin/tickets deliver\n\
        smtp inet n - y - - smtpd\n\
        tickets   unix  -       n       n       -       -       pipe\n  flags=X null_sender= user=desk\n\
        \x20 argv=/usr/local/bin/tickets deliver --routed --recipient=${recipient}\n\
        ticketspolicy unix -    n       n       -       0       spawn\n  user=desk argv=/usr/local/bin/tickets policy\n\
        second unix - n n - - pipe user=other:mail argv=/opt/tickets --dir /srv/d deliver\n\
        third unix - n n - - pipe user=other argv=/opt/deliver tickets deliver\n\
        fourth unix - n n - - pipe user=none argv=\n\
        fifth unix - n n - - pipe { user = a:mail } { argv=/bin/tickets } --dir /srv/a deliver\n\
        sixth unix - n n - - pipe user = b argv = /bin/tickets {--dir=/srv/b c} { deliver }\n\
        seventh unix - n n - - pipe USER=c ARGV=/bin/tickets --dir /srv/${nexthop} deliver\n\
        eighth unix - n n - - pipe {user=none argv=/bin/tickets deliver\n";
    let found: Vec<String> = in_postfix(text, Path::new("x")).iter().map(short).collect();
    assert_eq!(
        found,
        [
            "desk",
            "other --dir /srv/d",
            "a --dir /srv/a",
            "b --dir '/srv/b c'",
            "c --dir '/srv/${nexthop}'"
        ]
    );
}
