//! The Debian package, as far as it can be tried in seconds: what it installs is there, its scripts are
//! sound, and a purge never takes mail. `tests/package` tries the whole of it on a fresh Debian.

use crate::bench::{Bench, binary};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub fn text(path: &str) -> String {
    fs::read_to_string(here(path)).unwrap()
}

/// True if `program` can be started; where all tests are required, it has to be there.
fn there_is(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    let required = std::env::var_os("TICKETS_E2E").is_some_and(|it| it == "required");
    assert!(there || !required, "no {program}; run tests/setup");
    if !there {
        eprintln!("skipped: no {program}");
    }
    there
}

#[track_caller]
fn says_nothing(out: &Output, what: &str) {
    let said = String::from_utf8_lossy(&out.stderr);
    let said = (said.as_ref(), String::from_utf8_lossy(&out.stdout));
    assert!(
        out.status.success() && said == ("", "".into()),
        "{what}: {said:?}"
    );
}

// L1
#[test]
fn what_the_package_installs_is_there() {
    let made = ["target/release/", "debian/made/"];
    let lists = ["debian/install", "debian/docs", "debian/manpages"].map(text);
    let mut seen = 0;
    for line in lists.iter().flat_map(|list| list.lines()) {
        let words: Vec<&str> = line.split(' ').collect();
        let sources = match words.len() {
            1 => &words[..],
            n => &words[..n - 1],
        };
        for source in sources {
            let is_made = made.iter().any(|dir| source.starts_with(dir));
            assert!(is_made || here(source).exists(), "{source}");
            seen += 1;
        }
    }
    assert!(seen > 10);
    // What is made is made by the commands that there are.
    let rules = text("debian/rules");
    assert!(rules.contains("man --save debian/made/man"));
    assert!(rules.contains("completions $$shell >debian/made/$$shell"));
    assert!(rules.contains("debian/made/crates.txt"));
}

// L1: whoever has the package has its modules, where the program looks for them.
#[test]
fn the_modules_of_the_package_are_found() {
    let b = Bench::new();
    let installed = text("debian/install");
    let line = (installed.lines()).find_map(|line| line.strip_prefix("contrib/modules "));
    let shelf = format!("/{}/modules", line.unwrap());
    // A module that is nowhere is looked for everywhere.
    let looked = b.run(&["modules", "check", "nowhere"], b"");
    assert!(looked.stderr.contains(&shelf), "{shelf}: {looked:?}");
    for module in fs::read_dir(here("contrib/modules")).unwrap() {
        let dir = module.unwrap().path();
        let name = dir.file_name().unwrap().to_str().unwrap().to_owned();
        let mode = |file: String| fs::metadata(dir.join(file)).unwrap().permissions().mode();
        assert_eq!(mode(format!("{name}.py")) & 0o111, 0o111, "{name}");
        assert!(
            text("docs/modules.md").contains(&format!("\n### {name}\n")),
            "{name}"
        );
    }
}

#[test]
fn the_package_has_the_programs_version() {
    let b = Bench::new();
    let version = b.run(&["--version"], b"").stdout;
    let first = text("debian/changelog").lines().next().unwrap().to_owned();
    let named = first.split(['(', ')']).nth(1).unwrap().to_owned();
    assert_eq!(version, format!("tickets {named}\n"));
    // The compiler that Debian's own tools ask for is the one that cargo asks for.
    let manifest = text("Cargo.toml");
    let needed = manifest.split("rust-version = \"").nth(1).unwrap();
    let needed = needed.split('"').next().unwrap();
    let wanted = format!("cargo-web (>= {needed}) | cargo (>= {needed})");
    assert!(text("debian/control").contains(&wanted), "{wanted}");
}

#[test]
fn the_scripts_of_the_package_are_sound() {
    let scripts = [
        "debian/build",
        "debian/postinst",
        "debian/prerm",
        "debian/postrm",
        "debian/tests/story",
        "tests/package",
        "contrib/exim4/install",
        "contrib/postfix/install",
    ];
    for script in scripts {
        let shell = match text(script).starts_with("#!/bin/bash\n") {
            true => "bash",
            false => "sh",
        };
        let out = Command::new(shell).arg("-n").arg(here(script)).output();
        says_nothing(&out.unwrap(), script);
    }
    if there_is("shellcheck") {
        let mut check = Command::new("shellcheck");
        check.arg("--severity=warning").args(scripts.map(here));
        says_nothing(&check.output().unwrap(), "shellcheck");
    }
}

#[test]
fn the_timer_runs_a_command_that_there_is() {
    let service = text("contrib/systemd/tickets.service");
    let value = |key: &str| {
        let mut lines = service.lines().filter_map(|line| line.strip_prefix(key));
        let value = lines.next().unwrap().to_owned();
        assert_eq!(lines.next(), None, "{key}");
        value
    };
    let command = value("ExecStart=");
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words[0], "/usr/bin/tickets");
    // A desk on which nothing waits.
    let b = Bench::new();
    b.make_dir("tickets");
    b.run(&words[1..], b"").is(0, "", "");
    // No desk, no run.
    assert_eq!(value("ConditionPathExists="), "/etc/tickets/config.toml");
    // Either would end every mail in Exim's or Postfix's sendmail, which change their user or group.
    assert_eq!(value("NoNewPrivileges="), "no");
    let implies = ["SystemCallFilter=", "PrivateDevices=", "LockPersonality="];
    for key in implies {
        assert!(!service.lines().any(|line| line.starts_with(key)), "{key}");
    }
    let timer = text("contrib/systemd/tickets.timer");
    assert!(
        timer.contains("\nOnCalendar=*-*-* *:*:00\n")
            && timer.contains("\nWantedBy=timers.target\n")
    );
}

// L1
#[test]
fn every_page_of_the_manual_renders_without_a_warning() {
    let b = Bench::new();
    b.make_dir("pages");
    let dir = b.path("pages");
    let dir = dir.to_str().unwrap();
    b.run(&["man", "--save", dir], b"").is(0, "", "");
    let names = |section: &str| {
        let entries = fs::read_dir(b.path("pages").join(section)).unwrap();
        let mut names: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
        names.sort();
        names
    };
    let mut pages = names("man1");
    let of_commands = pages.len();
    assert!(of_commands > 20, "{pages:?}");
    pages.extend(names("man5"));
    assert_eq!(pages.len(), of_commands + 1, "{pages:?}");
    for section in [
        "ADDRESSES",
        "FILES",
        "EXIT STATUS",
        "ENVIRONMENT",
        "EXAMPLES",
    ] {
        let whole = fs::read_to_string(b.path("pages/man1/tickets.1")).unwrap();
        assert!(whole.contains(&format!("\n.SH {section}\n")), "{section}");
    }
    if there_is("man") {
        for page in &pages {
            let mut man = Command::new("man");
            man.env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8");
            man.args(["--warnings", "-E", "UTF-8", "-l"]).arg(page);
            let out = man.output().unwrap();
            let said = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success() && said.is_empty(), "{page:?}: {said}");
            assert!(out.stdout.len() > 500, "{page:?}");
        }
    }
    if Command::new("mandoc").arg("-V").output().is_ok() {
        let mut lint = Command::new("mandoc");
        lint.args(["-Tlint", "-Wwarning"]).args(&pages);
        says_nothing(&lint.output().unwrap(), "mandoc");
    }
    // The same day, the same bytes.
    let at = |seconds: &str| {
        let mut man = Command::new(binary());
        man.env_clear()
            .env("SOURCE_DATE_EPOCH", seconds)
            .args(["man", "config"]);
        String::from_utf8(man.output().unwrap().stdout).unwrap()
    };
    assert!(at("86400").starts_with(".TH tickets\\-config 5 1970-01-02 "));
    assert_eq!(at("86400"), at("86401"));
}

/// True for root where there is a user `tickets`: nobody else can try an installation, which is said.
pub fn can_install() -> bool {
    let user = nix::unistd::User::from_name("tickets").is_ok_and(|it| it.is_some());
    let can = nix::unistd::geteuid().is_root() && user;
    if !can {
        eprintln!("skipped: only root, where there is a user `tickets`, can try an installation");
    }
    can
}

/// Runs `script` as root where /etc is a copy and /var/lib is empty, and returns what it printed.
pub fn elsewhere(script: &str) -> String {
    const BEFORE: &str = "set -e; made=$(mktemp -d); trap 'umount /etc /var/lib; rm -r \"$made\"' EXIT; \
                          cp -a /etc \"$made/etc\"; mkdir \"$made/lib\"; chmod 755 \"$made\" \"$made/lib\"; \
                          mount --bind \"$made/etc\" /etc; mount --bind \"$made/lib\" /var/lib; \
                          rm -rf /etc/tickets /etc/exim4 /etc/postfix; mkdir /etc/tickets; ";
    let mut shell = Command::new("unshare");
    shell.args(["--mount", "sh", "-c", &format!("{BEFORE}{script}")]);
    let out = shell.current_dir(here("debian")).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && said.is_empty(), "{script}: {said}");
    String::from_utf8(out.stdout).unwrap()
}

// L1: no mail is lost
#[test]
fn a_purge_removes_an_empty_store_and_never_mail() {
    let is_root = nix::unistd::geteuid().is_root();
    let user = nix::unistd::User::from_name("tickets").is_ok_and(|it| it.is_some());
    if !is_root || !user {
        eprintln!("skipped: only root, where there is a user `tickets`, can try a purge");
        return;
    }
    const KEPT: &str =
        "tickets: the mail is still in /var/lib/tickets, and belongs to the user tickets\n";
    // What lies in the store, and whether any of it may be mail.
    let table = [
        ("", false),
        (".tickets/index.db .tickets/sequence .tickets/turns", false),
        ("archived/ .tickets/outbox/new/ .tickets/recent/", false),
        ("12", true),
        ("archived/12", true),
        (".tickets/outbox/new/1.ack", true),
        (".tickets/outbox/failed/cur/1.ack", true),
        (".tickets/recent/2026-11-29/1.a", true),
        (".tickets/torn/1", true),
        ("Maildir/new/mail", true),
        (".tickets/index.db 12", true),
    ];
    for (content, is_mail) in table {
        let make: String = (content.split_whitespace())
            .map(|name| match name.strip_suffix('/') {
                Some(dir) => format!("mkdir -p $s/{dir}; "),
                None => format!("mkdir -p $(dirname $s/{name}); echo mail >$s/{name}; "),
            })
            .collect();
        let out = elsewhere(&format!(
            "s=/var/lib/tickets; ./postinst configure >/dev/null; stat -c '%U %a' $s; \
             {make} chown -R tickets: $s; echo 'dir = \"/var/lib/tickets\"' >/etc/tickets/config.toml; \
             (cd $s; find . | sort) >$made/before; ./prerm remove; ./postrm remove; \
             test -e /etc/tickets/config.toml; (cd $s; find . | sort) | cmp - $made/before; \
             ./postrm purge; ! test -e /etc/tickets || exit 1; \
             if test -e $s; then (cd $s; find . | sort) | cmp - $made/before; \
             else echo gone; fi"
        ));
        let want = if is_mail { KEPT } else { "gone\n" };
        assert_eq!(out, format!("tickets 711\n{want}"), "{content:?}");
    }
    // A secret is none of ours; the first installation says what to do, and an upgrade nothing.
    let out = elsewhere(
        "./postinst configure | sed 's/--exim/--MTA/; s/--postfix/--MTA/'; ./postinst configure 0.1; \
         touch /etc/tickets/secret; ./postrm purge; ls /etc/tickets",
    );
    assert_eq!(
        out,
        "tickets: two commands make a desk: sudo tickets init --domain example.org \
         --admin you@example.org, and then: sudo tickets init --MTA | sudo sh (for a desk that is \
         yours alone, without the sudo before tickets)\nsecret\n"
    );
}

// L1
#[test]
fn a_purge_leaves_the_configuration_of_another_desk() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can try a purge");
        return;
    }
    let out = elsewhere(
        r#"config=/etc/tickets/config.toml
        for dir in '"/home/steve/tickets"' '"/var/lib/tickets2"' "'/var/lib/tickets/'" '"/var/lib/tickets" # ours'; do
            printf 'domain = "example.org"\n  dir = %s\n[module.x]\ndir = "/var/lib/tickets"\n' "$dir" >$config
            ./postrm purge; [ -e $config ] && echo "$dir kept" || { echo "$dir removed"; mkdir /etc/tickets; }
        done
        # No mail, no word of any; mail behind a link is none of ours to remove.
        mkdir -p /var/lib/other /etc/tickets; ln -s /var/lib/other /var/lib/tickets
        ./postrm purge; echo mail >/var/lib/other/1; chown nobody /var/lib/other; ./postrm purge; cat /var/lib/other/1"#,
    );
    let kept = |dir: &str| {
        format!(
            "tickets: /etc/tickets/config.toml is kept: it is of a desk whose store is not /var/lib/tickets\n\
             \"{dir}\" kept\n"
        )
    };
    let want = [
        kept("/home/steve/tickets"),
        kept("/var/lib/tickets2"),
        "'/var/lib/tickets/' removed\n\"/var/lib/tickets\" # ours removed\n".to_owned(),
        "tickets: the mail is still in /var/lib/tickets, and belongs to the user nobody\nmail\n"
            .to_owned(),
    ];
    assert_eq!(out, want.concat());
}

// L1
#[test]
fn an_installation_says_what_is_in_the_place_of_the_store() {
    if !can_install() {
        return;
    }
    let out = elsewhere(
        r#"s=/var/lib/tickets; try() { ./postinst configure 0.1; rm -r $s; }
        ln -s /nowhere $s; try
        touch $s; try
        mkdir $s; try
        ./postinst configure 0.1; try"#,
    );
    let no_directory = "tickets: /var/lib/tickets is no directory. Move it away, and then:";
    assert_eq!(out.matches(no_directory).count(), 2, "{out}");
    assert_eq!(
        out.matches("/var/lib/tickets belongs to root.").count(),
        1,
        "{out}"
    );
    assert_eq!(out.lines().count(), 3, "{out}");
}

/// Programs of a mail server that say what `$made` holds, and write down what they are told.
pub const FAKES: &str = r#"
    bin=$made/bin; mkdir $bin; PATH=$bin:$PATH; made=$made; export made
    fake() { cat >$bin/$1; chmod 755 $bin/$1; }
    show() { ./prerm remove 2>&1 | grep -v 'not found'; cat $made/told; }
"#;

// L1: what waits for the desk, or may, does not bounce.
#[test]
fn a_removal_holds_what_waits_and_names_it() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can try a removal");
        return;
    }
    let out = elsewhere(&format!(
        r#"{FAKES}
        fake update-exim4.conf </dev/null
        fake exim4 <<'END'
#!/bin/sh
case $1 in
-bpu) cat $made/list ;;
-bt) case $2 in submit@*) echo '  router = tickets_submit, transport = tickets_pipe' ;; esac ;;
*) echo "$@" >>$made/told ;;
esac
END
        mkdir -p /etc/exim4
        printf 'TICKETS_COMMAND = /usr/bin/tickets\nTICKETS_USER = tickets\n' >/etc/exim4/exim4.conf.template
        cat >$made/list <<'END'
25m  2.9K 0t5C7f-0000dT-01 <a@b.example>
          submit@example.org
          submit-for@example.org

25m  2.9K 0t5C7f-0000dT-02 <a@b.example>
          someone@elsewhere.example

25m  2.9K 0t5C7f-0000dT-03 <>
          "submit"@example.org

25m  2.9K 0t5C7f-0000dT-04 <a@b.example> *** frozen ***
          submit@example.org

25m  2.9K 0t5C7f-0000dT-05 <a@b.example>
        D submit@example.org
          "two words"@example.org

25m  2.9K 0t5C7f-0000dT-06 <a@b.example>
        D submit@example.org
          x@elsewhere.example

END
        show"#
    ));
    let taken = "tickets: Exim's configuration still names this desk. To take it out, as root: \
        rm -f /etc/exim4/conf.d/*/*_exim4-config_tickets; \
        sed -i '/^### tickets: [rt]/,/^### tickets: end /d' /etc/exim4/exim4.conf.template; \
        update-exim4.conf && service exim4 reload\n";
    let ids = ["01", "03", "05"].map(|id| format!("0t5C7f-0000dT-{id}"));
    let held = format!(
        "tickets: 3 of the messages in the mail server's queue are for the desk, or may be, and held. \
         Exim bounces them after a week; with the package back in place: exim4 -M {}\n",
        ids.join(" ")
    );
    let told = ids.map(|id| format!("-Mf {id}\n")).concat();
    assert_eq!(out, format!("{taken}{held}{told}"));

    let out = elsewhere(&format!(
        r#"{FAKES}
        fake postconf <<'END'
#!/bin/sh
case $1 in
-h) echo /etc/postfix ;;
*) echo 'tickets unix - n n - - pipe flags=X user=tickets argv=/usr/bin/tickets deliver --routed' ;;
esac
END
        fake postqueue <<'END'
#!/bin/sh
cat $made/list
END
        fake postmap <<'END'
#!/bin/sh
case $2 in submit@*) echo tickets: ;; esac
END
        fake postsuper <<'END'
#!/bin/sh
echo "$@" >>$made/told
END
        cat >$made/list <<'END'
-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------
AAA1      261 Sun Nov 29 09:00:00  a@b.example
(temporary failure. Command output: tickets: no)
                                         submit@example.org

AAA2!     261 Sun Nov 29 09:00:00  a@b.example
                                         submit@example.org

AAA3*     261 Sun Nov 29 09:00:00  a@b.example
                                         x@elsewhere.example
                                         o'neil@example.org

AAA4      261 Sun Nov 29 09:00:00  a@b.example
                     (connection_refused)
                                         x@elsewhere.example

-- 1 Kbytes in 4 Requests.
END
        show"#
    ));
    let taken = "tickets: Postfix's configuration still names this desk. To take it out, as root: \
        postconf -MX tickets/unix ticketspolicy/unix; take tickets_transport and tickets_policy out of the \
        lists that `postconf -n | grep tickets` shows; postfix reload\n";
    let held = "tickets: 2 of the messages in the mail server's queue are for the desk, or may be, and held. \
        With the package back in place: for id in AAA1 AAA3; do postsuper -H $id; done\n-h AAA1\n-h AAA3\n";
    assert_eq!(out, format!("{taken}{held}"));
}
