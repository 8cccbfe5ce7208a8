//! `tickets check` and the mail server: what its files say, and what it says itself.

use crate::bench::Bench;
use crate::check::{MAIL, desk, finds};
use crate::transcript::Transcript;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

// E3
#[test]
fn the_mta_must_know_the_same_desk() {
    let b = desk("");
    b.file("submit", MAIL);
    let etc = |name: &str, text: &str| {
        let path = b.path("etc").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let macros = "exim4/conf.d/main/000_localmacros";
    let router = "exim4/conf.d/router/350_exim4-config_tickets";
    let template = "exim4/exim4.conf.template";
    let mut t = Transcript::new(&b);
    let dc = |domain: &str, split: bool| {
        let text = format!("dc_other_hostnames='{domain}'\ndc_use_split_config='{split}'\n");
        etc("exim4/update-exim4.conf.conf", &text);
    };
    dc("example.org", false);
    etc(template, "begin routers\nsystem_aliases:\n");
    let unknown = finds(&mut t, &b, "Exim has to bring the mail.", "");
    let both = b.run(&["init", "--exim"], b"").stdout;
    etc(template, &both);
    let sentence = "What `tickets init --exim` prints is what is wanted here.";
    let known = finds(&mut t, &b, sentence, &unknown);

    dc("example.org", true);
    let sentence = "If its configuration is split, the same text is wanted in other files.";
    finds(&mut t, &b, sentence, &known);
    etc(router, &both);
    assert_eq!(finds(&mut t, &b, "There it is.", ""), known);
    let mut lines = both.lines();
    let user = lines.find(|l| l.starts_with("TICKETS_USER = ")).unwrap();
    etc(macros, "TICKETS_DOMAIN = example.com\n");
    etc(router, &both.replace(user, "TICKETS_USER = x"));
    t.mask(user.strip_prefix("TICKETS_USER = ").unwrap(), "<user>");
    let sentence = "Macros of another desk fail; those that are defined before count.";
    finds(&mut t, &b, sentence, &known);

    fs::remove_file(b.path("etc").join(macros)).unwrap();
    etc(router, &both);
    dc("a.example", true);
    fs::set_permissions(b.path(""), Permissions::from_mode(0o700)).unwrap();
    let sentence = "Exim must take mail for the domain, and see whether a ticket exists.";
    finds(&mut t, &b, sentence, &known);

    let b = desk("");
    b.file("submit", MAIL);
    t.at(&b);
    fs::create_dir(b.path("etc/postfix")).unwrap();
    fs::write(b.path("etc/postfix/main.cf"), "# tickets\n").unwrap();
    let unknown = finds(&mut t, &b, "Postfix has to start the program.", "");
    let alias = "submit: \"|/usr/bin/tickets deliver\"\n";
    fs::write(b.path("etc/aliases"), alias).unwrap();
    finds(&mut t, &b, "An alias does.", &unknown);
    insta::assert_snapshot!("check-mta", t);
}

// E3, C3: what a stranger wrote would be a proof.
#[test]
fn exims_own_field_proves_nothing() {
    let b = desk("authserv_id = \"mx.example.org\"\n");
    b.file("submit", MAIL);
    fs::create_dir_all(b.path("etc/exim4")).unwrap();
    let etc = |name: &str, text: &str| fs::write(b.path("etc/exim4").join(name), text).unwrap();
    etc(
        "update-exim4.conf.conf",
        "dc_other_hostnames='example.org'\n",
    );
    etc(
        "exim4.conf.template",
        &b.run(&["init", "--exim"], b"").stdout,
    );
    let check = || b.run(&["check", "--etc", "etc"], b"").stdout;
    let field = "add_header = :at_start:${authresults{mx.example.org}}\n";
    let fault = "FAIL  Exim: `${authresults` copies what strangers wrote, so that anybody can prove to be an admin\n      \
        mend: `Exim` in contrib/README.md\n";
    etc("tickets_data_acl", &format!("warn\n  {field}"));
    assert!(check().contains(fault), "{}", check());
    etc("tickets_data_acl", &format!("warn\n  # {field}"));
    assert!(!check().contains("authresults"), "{}", check());
    etc("exim4.conf.localmacros", &format!("X = {field}"));
    assert!(check().contains(fault), "{}", check());
    // Nobody reads it there.
    b.configure("");
    assert!(!check().contains("authresults"), "{}", check());
}

/// A machine with fake programs: what is asked of `usr/sbin/exim4` is answered by the files `bt`, `bh` and `bP`.
fn fake_exim(b: &Bench) {
    b.make_dir("usr/sbin");
    let root = b.path("").display().to_string();
    let program = format!(
        "#!/bin/sh\ncat >/dev/null &\ncat {root}/said.${{1#-}}; rc=$?\nwait\n\
         case $* in *lost@*) exit 2;; esac\nexit $rc\n"
    );
    program_at(b, "exim4", &program);
}

fn program_at(b: &Bench, name: &str, text: &str) {
    b.make_dir("usr/sbin");
    let path = format!("usr/sbin/{name}");
    b.put(&path, text.as_bytes());
    fs::set_permissions(b.path(&path), Permissions::from_mode(0o755)).unwrap();
}

/// A server that answers each talk with these words, and where it listens.
fn server(words: &'static str) -> u16 {
    server_after(words, words)
}

/// The same, which answers the `first` talk otherwise.
fn server_after(first: &'static str, then: &'static str) -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let words = std::iter::once(first).chain(std::iter::repeat(then));
        for (stream, words) in listener.incoming().zip(words) {
            let mut stream = stream.unwrap();
            let _ = std::io::Write::write_all(&mut stream, words.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    port
}

const GOOD: &str = "220 x ESMTP Exim\r\n250 x\r\n250 ok\r\n250 ok\r\n221 x\r\n";
const OLD: &str = "220 x ESMTP Exim\r\n250 x\r\n250 ok\r\n550 unrouteable\r\n221 x\r\n";

// E3: what Exim itself says counts, and is harmless.
#[test]
fn exim_is_asked() {
    let b = desk("");
    b.file("submit", MAIL);
    fake_exim(&b);
    let etc = |name: &str, text: &str| {
        let path = b.path("etc/exim4").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let settings = "dc_eximconfig_configtype='internet'\ndc_other_hostnames='example.org'\n";
    etc("update-exim4.conf.conf", settings);
    etc(
        "exim4.conf.template",
        &b.run(&["init", "--exim"], b"").stdout,
    );
    let routed = "submit@example.org\n  router = tickets_submit, transport = tickets_pipe\n";
    let talk = |replies: &str| {
        let text = format!("**** testing\n220 x\n250-x\n250 x\n250 ok\n{replies}221 x\n");
        b.put("said.bh", text.as_bytes());
    };
    let listens = |port: u16| {
        let text = format!("local_interfaces = 0.0.0.0.{port}\ndaemon_smtp_ports = smtp\n");
        b.put("said.bP", text.as_bytes());
    };
    let sound = "250 ok\n250 ok\n550 no such ticket\n550 relay not permitted\n";
    b.put("said.bt", routed.as_bytes());
    talk(sound);
    let port = server(GOOD);
    listens(port);
    let mut t = Transcript::new(&b);
    let known = finds(
        &mut t,
        &b,
        "All is well, but for the port, which a test cannot have.",
        "",
    );
    let (old, odd) = (server(OLD), server("SSH-2.0-OpenSSH\r\n"));
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let gone = free.local_addr().unwrap().port();
    drop(free);
    for port in [gone, odd] {
        t.mask(&format!("127.0.0.1:{port}"), "<address>");
    }
    let mut says = |sentence: &str| finds(&mut t, &b, sentence, &known);

    talk("550 \u{1b}[31mno\n451 later\n550 no\n550 no\n");
    says(
        "A refusal is a fault, one that may be over soon a warning; and what a program says is harmless.",
    );
    talk("250 ok\n250 ok\n250 ok\n250 ok\n");
    says("It takes mail for tickets that do not exist, and for everybody.");
    talk("550 relay not permitted\n");
    etc(
        "update-exim4.conf.conf",
        &settings.replace("example.org", "other.example"),
    );
    says("It takes no mail for the domain.");
    etc("update-exim4.conf.conf", settings);
    b.put("said.bh", b"421 go away\n");
    says("It talks to nobody.");
    talk(sound);
    b.put("said.bt", b"submit@example.org is undeliverable\n");
    says("The pieces are there, but not in force.");
    b.put("said.bt", routed.as_bytes());
    b.make_dir("var/lib/exim4");
    b.put("var/lib/exim4/config.autogenerated", b"");
    let file = fs::File::options()
        .write(true)
        .open(b.path("var/lib/exim4/config.autogenerated"));
    file.unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    says("What was changed is not in force, and does no harm yet.");
    let split = format!("{settings}dc_use_split_config='true'\n");
    etc("update-exim4.conf.conf", &split);
    says("That would leave the pieces behind, so these are moved in the same step.");
    etc("update-exim4.conf.conf", settings);
    fs::remove_dir_all(b.path("var")).unwrap();
    for (kind, sentence) in [
        ("local", "Answers cannot leave."),
        ("satellite", "Nor can they here."),
        ("none", "Nobody has configured it."),
    ] {
        let settings = settings.replace("internet", kind);
        etc("update-exim4.conf.conf", &settings);
        says(sentence);
    }
    etc("update-exim4.conf.conf", settings);
    b.put(
        "said.bP",
        format!("local_interfaces = 127.0.0.1.{port}\n").as_bytes(),
    );
    says("It is deaf to other machines.");
    listens(old);
    says("The one that runs was started before the pieces came.");
    listens(server_after(OLD, GOOD));
    says("It is still the one of before for a moment, while it restarts.");
    listens(gone);
    says("None runs.");
    listens(odd);
    says("Another program is in its place.");
    listens(port);
    etc(
        "exim4.conf.template",
        &b.run(&["init", "--exim"], b"")
            .stdout
            .replace("  timeout_defer\n", ""),
    );
    says("The pieces are not those of today.");
    etc("exim4.conf.template", "begin routers\n");
    b.put(
        "said.bt",
        b"submit@example.org -> |/usr/bin/tickets deliver\n  transport = address_pipe\n",
    );
    says("An alias does as well.");
    fs::remove_file(b.path("said.bt")).unwrap();
    says("Without an answer, nothing is known.");
    insta::assert_snapshot!("check-exim", t);
}

// E3
#[test]
fn admins_must_be_reachable() {
    let b = desk("admins = [\"steve@example.org\", \"lost@example.org\"]\n");
    fake_exim(&b);
    b.make_dir("etc/exim4");
    b.put(
        "etc/exim4/update-exim4.conf.conf",
        b"dc_other_hostnames='example.org'\n",
    );
    b.put("said.bt", b"transport = tickets_pipe\n");
    b.put("said.bh", b"");
    b.put("said.bP", b"");
    let etc = b.path("etc").display().to_string();
    let ran = b.run(&["check", "--etc", &etc], b"");
    let lost: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|it| it.contains("admin "))
        .collect();
    assert_eq!(
        lost,
        ["warn  Exim: mail to the admin lost@example.org cannot be delivered"]
    );
}

// E3: the more waits, the louder.
#[test]
fn a_long_queue_is_counted_to_its_end() {
    let b = desk("");
    fake_exim(&b);
    b.make_dir("etc/exim4");
    b.put(
        "etc/exim4/update-exim4.conf.conf",
        b"dc_other_hostnames='example.org'\n",
    );
    b.put("said.bt", b"transport = tickets_pipe\n");
    b.put("said.bh", b"");
    b.put("said.bP", b"");
    let etc = b.path("etc").display().to_string();
    let mail = |to: &str| format!("25m  2.9K 0t5C7f-0000dT-8d <a@b.example>\n          {to}\n\n");
    let queued = |list: &str| {
        b.put("said.bp", list.as_bytes());
        let said = b.run(&["check", "--etc", &etc], b"").stdout;
        let found = said.lines().find(|it| it.contains("queue"));
        let plugin = b.run(&["check", "--nagios", "--etc", &etc], b"").stdout;
        let number = plugin.split(' ').find_map(|it| it.strip_prefix("queued="));
        (
            found.unwrap_or_default().to_owned(),
            number.unwrap().to_owned(),
        )
    };
    let many = mail("submit@example.org").repeat(5000) + &mail("x@elsewhere.example").repeat(5000);
    let want = "warn  Exim: 5000 mails to the desk wait in its queue, for up to 25 minutes";
    assert_eq!(queued(&many), (want.to_owned(), "5000;0;;0".to_owned()));
    assert_eq!(queued(""), (String::new(), "0;0;;0".to_owned()));
    // Not all was said: what was counts.
    let program = fs::read_to_string(b.path("usr/sbin/exim4")).unwrap();
    let killed = program.replace("rc=$?", "rc=$?; [ $1 != -bp ] || kill -9 $$");
    program_at(&b, "exim4", &killed);
    let want =
        "warn  Exim: at least 5000 mails to the desk wait in its queue, for up to 25 minutes";
    assert_eq!(queued(&many), (want.to_owned(), "5000;0;;0".to_owned()));
    let want = "warn  Exim: its queue was not looked at: it was killed";
    assert_eq!(queued(""), (want.to_owned(), "U;0;;0".to_owned()));
}

// E3: of two mail servers it is said which does what.
#[test]
fn two_mail_servers() {
    let b = desk("");
    program_at(&b, "exim4", "#!/bin/sh\n");
    program_at(&b, "postfix", "#!/bin/sh\n");
    for file in ["etc/exim4/update-exim4.conf.conf", "etc/postfix/main.cf"] {
        b.make_dir(Path::new(file).parent().unwrap().to_str().unwrap());
        b.put(file, b"");
    }
    let etc = b.path("etc").display().to_string();
    let ran = b.run(&["check", "--etc", &etc], b"");
    let two: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|it| it.contains(" MTA: "))
        .collect();
    let [two] = two[..] else {
        panic!("{}", ran.stdout)
    };
    // What listens on port 25 of this machine is not the test's.
    assert!(
        two.starts_with("warn  MTA: Exim and Postfix are both installed; on port 25 listens "),
        "{two}"
    );
    assert!(
        two.ends_with(", and sendmail is of neither that is known"),
        "{two}"
    );
    assert_eq!(ran.status, 2);
}
