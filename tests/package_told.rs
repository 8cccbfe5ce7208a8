//! What the Debian package tells whoever installs or removes it, and whether that is so.

use crate::package::{FAKES, can_install, elsewhere, here, text};
use std::fs;

// L1: whoever has the package finds what its README files name.
#[test]
fn what_the_package_tells_of_is_beside_it() {
    let install = text("debian/install");
    let links = text("debian/links");
    let mut beside: Vec<String> = Vec::new();
    for line in install
        .lines()
        .filter_map(|line| line.strip_suffix(" usr/share/tickets"))
    {
        beside.extend(
            line.split(' ')
                .map(|it| it.strip_prefix("contrib/").unwrap().to_owned()),
        );
    }
    // A link leads to what is installed.
    for (from, to) in links.lines().map(|line| line.split_once(' ').unwrap()) {
        let name = to.strip_prefix("usr/share/tickets/").unwrap();
        let source = format!("contrib/{name}");
        let dir = from.rsplit_once('/').unwrap().0;
        let is_installed = install.lines().any(|line| {
            let (sources, into) = line.rsplit_once(' ').unwrap();
            into == dir && sources.split(' ').any(|it| it == source)
        });
        assert!(is_installed, "{from}");
        beside.push(name.to_owned());
    }
    let table = text("contrib/README.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: Vec<&str> = rows.map(|row| row.split('`').next().unwrap()).collect();
    assert!(named.len() >= 8, "{named:?}");
    for name in named {
        let inside = |it: &String| it == name.trim_end_matches('/') || it.starts_with(name);
        assert!(beside.iter().any(inside), "{name} of {beside:?}");
    }
    for (page, place) in [
        ("README.md", "`/usr/share/tickets`"),
        ("README.md", "`/usr/share/doc/tickets`"),
        ("contrib/README.md", "`/usr/share/doc/tickets`"),
    ] {
        assert!(text(page).contains(place), "{page}: {place}");
    }
    // Of `docs/` all pages are there, and of `contrib/` all that the first page names.
    let docs = text("debian/docs");
    for entry in fs::read_dir(here("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            docs.lines().any(|it| it == format!("docs/{name}")),
            "{name}"
        );
    }
    for name in text("README.md")
        .split('`')
        .filter_map(|it| it.strip_prefix("contrib/"))
    {
        let name = name.trim_end_matches('/');
        let inside = |it: &String| {
            name.is_empty() || it == name || name.starts_with(it) || it.starts_with(name)
        };
        let is_itself = name == "README.md";
        assert!(is_itself || beside.iter().any(inside), "contrib/{name}");
    }
}

// L1: a hint of the package's program leads to the manual that the package has, which debhelper compresses.
#[test]
fn hints_name_the_manual_of_the_package() {
    let build = text("debian/build");
    let place = build
        .lines()
        .find_map(|line| line.strip_prefix("TICKETS_MANUAL="));
    assert_eq!(place, Some("/usr/share/doc/tickets/manual.md.gz"));
    assert!(build.contains("\nexport RUSTFLAGS TICKETS_MANUAL\n"));
    let docs = text("debian/docs");
    assert!(docs.lines().any(|it| it == "docs/manual.md"), "{docs}");
}

// L1: mail that is refused after a removal is no surprise.
#[test]
fn an_installation_says_that_no_mail_server_brings_mail() {
    if !can_install() {
        return;
    }
    // As a first installation, and as one after a removal.
    let out = elsewhere(
        r#"s=/var/lib/tickets; sed -i "s,^\(tickets:.*:\)[^:]*\(:[^:]*\)$,\1$s\2," /etc/passwd; rm -f /etc/aliases /etc/procmailrc /etc/maildroprc
        try() { echo "$1:"; for old in '' 0.1; do
            ./postinst configure $old | sed 's/--exim/--MTA/; s/--postfix/--MTA/'; done; }
        echo 'domain = "example.org"' >/etc/tickets/config.toml; try none
        put() { mkdir -p "$(dirname "$1")"; echo "$2" >"$1"; try "$1"; rm "$1"; }
        put /etc/exim4/conf.d/transport/30_exim4-config_tickets 'TICKETS_COMMAND = /usr/bin/tickets'
        put /etc/exim4/exim4.conf.template 'TICKETS_COMMAND = /usr/local/bin/tickets --config /etc/x'
        put /etc/postfix/master.cf '  flags=X user=tickets argv=/usr/bin/tickets deliver --routed'
        put /etc/aliases 'submit: "|/usr/bin/tickets deliver"'
        put $s/.forward '"|/usr/bin/tickets deliver"'
        put $s/.getmail/getmailrc 'path = /usr/bin/tickets'
        put /etc/postfix/main.cf 'transport_maps = regexp:/etc/postfix/tickets_transport'
        # A store elsewhere, with another owner.
        mkdir /etc/tickets/store; chown daemon /etc/tickets/store
        echo 'dir = "/etc/tickets/store"' >/etc/tickets/config.toml; put $s/.forward '|/usr/bin/tickets'"#,
    );
    let said = "tickets: a desk is set up in /etc/tickets/config.toml, but no mail server brings it mail: \
                sudo tickets init --MTA | sudo sh\n";
    let twice = said.repeat(2);
    let want = format!(
        "none:\n{twice}\
         /etc/exim4/conf.d/transport/30_exim4-config_tickets:\n\
         /etc/exim4/exim4.conf.template:\n/etc/postfix/master.cf:\n/etc/aliases:\n\
         /var/lib/tickets/.forward:\n/var/lib/tickets/.getmail/getmailrc:\n\
         /etc/postfix/main.cf:\n{twice}/var/lib/tickets/.forward:\n{twice}"
    );
    assert_eq!(out, want);
}

// L1
#[test]
fn a_removal_says_that_mail_is_refused_from_now_on() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can try a removal");
        return;
    }
    let out = elsewhere(&format!(
        r#"{FAKES}
        # The real ones are tried by `tests/package`; these take the pieces out.
        mkdir -p $made/pieces/exim4 $made/pieces/postfix
        printf '#!/bin/sh\nrm -r /etc/exim4\n' >$made/pieces/exim4/install
        printf '#!/bin/sh\nrm $made/bin/postconf\n' >$made/pieces/postfix/install
        chmod 755 $made/pieces/*/install
        sed "s,^pieces=.*,pieces=$made/pieces," prerm >$made/prerm
        fake update-exim4.conf </dev/null
        fake exim4 </dev/null
        fake postqueue </dev/null
        fake postconf <<'END'
#!/bin/sh
case $1 in
-h) echo /etc/postfix ;;
*) [ ! -e /etc/with-postfix ] || echo 'tickets unix - n n - - pipe user=tickets argv=/usr/bin/tickets deliver' ;;
esac
END
        remove() {{ sh $made/prerm "$@"; echo .; }}
        remove remove
        mkdir /etc/exim4; echo 'TICKETS_COMMAND = /usr/bin/tickets' >/etc/exim4/exim4.conf.template
        remove upgrade 0.2
        remove remove
        touch /etc/with-postfix
        remove remove"#
    ));
    let said = |server: &str| {
        format!(
            "tickets: the desk is taken out of {server}: mail to its addresses is refused from now on.\n.\n"
        )
    };
    assert_eq!(out, format!(".\n.\n{}{}", said("Exim"), said("Postfix")));
}
