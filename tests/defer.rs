//! `tickets deliver` on a machine where something is wrong: mail waits, and none is lost.

use crate::bench::{Bench, binary, finish};
use crate::deliver::{FIRST, lose_index, mail, open};
use crate::transcript::Transcript;
use std::fs;

// A3, C9, D7
#[test]
fn manual() {
    let deliver = "tickets deliver -f alice@example.net submit@example.org <fire.eml";
    let b = Bench::with("sendmail = \"/nonexistent/sendmail -oem\"\n");
    b.put("fire.eml", FIRST.as_bytes());
    let mut t = Transcript::new(&b);
    t.step(
        "Without sendmail the mail is filed, and the answers wait in the outbox.",
        &format!("{deliver} -v\ntickets flush 2>/dev/null"),
    );
    b.configure("");
    b.put("more.eml", mail("2", "", "x").as_bytes());
    t.step(
        "The next delivery tries again what is due. What has just failed waits a minute.",
        "tickets deliver -f alice@example.net submit@example.org <more.eml",
    );

    let b = Bench::new();
    b.put("fire.eml", FIRST.as_bytes());
    t.at(&b).step(
        "A mistake of the admin never bounces mail: it is put off with 75, and one line for the log.",
        "tickets deliver --bogus <fire.eml\n\
         tickets --bogus deliver <fire.eml\n\
         tickets --config /nonexistent deliver <fire.eml\n\
         tickets --dir /proc/nonexistent deliver <fire.eml\n\
         tickets deliver </dev/null",
    );
    b.configure("subjct = 1\n");
    t.run("tickets deliver <fire.eml");
    b.configure("subject_tags = [ '\\[issue(\\d+)\\]', '(' ]\n");
    b.put("tag.eml", mail("9", "Subject: [issue 7]\n", "x").as_bytes());
    t.run("tickets deliver submit@example.org <tag.eml");

    b.configure("");
    open(&b);
    b.put("more.eml", mail("2", "", "x").as_bytes());
    let more = "tickets deliver -f alice@example.net ticket-1@example.org <more.eml";
    t.step(
        "A ticket that cannot be written defers, and is left as it was. Then the mail comes again.",
        &format!(
            "cp tickets/1 before\nchmod 400 tickets/1\n{more}\ncmp tickets/1 before\n\
             chmod 600 tickets/1\n{more}\ngrep -c '^From ' tickets/1"
        ),
    );
    insta::assert_snapshot!("defer", t);
}

// A3, F, G3
#[test]
fn mail_waits_for_whoever_mixes_up_modules_and_module() {
    let b = Bench::new();
    let config = b.path("config.toml").display().to_string();
    for (more, wrong, why) in [
        (
            "modules = [\"route\"]\n[modules.route]\nx = 1\n",
            "[modules.route]",
            "the table of a module is called `[module.route]`",
        ),
        (
            "module = [\"route\"]\n[module.route]\nx = 1\n",
            "module =",
            "the list of modules is called `modules`",
        ),
    ] {
        b.configure(more);
        let text = fs::read_to_string(b.path("config.toml")).unwrap();
        let at = text.lines().position(|it| it.starts_with(wrong)).unwrap();
        let said = format!("tickets: {config}:{}: {why}\n", at + 1);
        b.deliver("submit@example.org", FIRST).is(75, "", &said);
        b.run(&["list"], b"").is(78, "", &said);
    }
    assert!(!b.ticket("").exists());
    assert_eq!(b.take_sent_in_short(), [""; 0]);
    b.configure("[module.route]\nx = 1\n");
    b.deliver("submit@example.org", FIRST).silent();
    assert_eq!(b.names(), ["1"]);
}

// C9, E3: a full queue, one that hangs, one that is killed.
#[test]
fn answers_wait_for_a_sendmail_that_fails() {
    for script in [
        "#!/bin/sh\necho no room >&2; exit 75\n",
        "#!/bin/sh\nexec sleep 1000\n",
        "#!/bin/sh\nkill -9 $$\n",
    ] {
        let bench = Bench::with("sendmail_timeout = 1\n");
        bench.sendmail(script);
        open(&bench);
        assert_eq!(bench.names(), ["1"], "{script}");
        let waiting = bench.outbox();
        assert_eq!(waiting.len(), 2, "{script}");
        assert!(waiting.iter().all(|name| name.starts_with("new/")));
        bench.mend_sendmail();
        bench.says("flush", "2 sent, 0 waiting\n");
        let want = [
            "ack <> -- alice@example.net",
            "copy <> -- steve@example.org",
        ];
        assert_eq!(bench.take_sent_in_short(), want, "{script}");
        assert_eq!(bench.outbox(), [""; 0], "{script}");
        bench.says("flush", "0 sent, 0 waiting\n");
    }
}

#[test]
fn a_torn_entry_is_cut_and_its_message_comes_again() {
    // D7
    let bench = Bench::new();
    open(&bench);
    let whole = fs::read(bench.ticket("1")).unwrap();
    let update = mail("2", "", "the second");
    bench.file("ticket-1", &update);
    let both = fs::read(bench.ticket("1")).unwrap();
    for cut in (whole.len() + 1..both.len() - 1).step_by(7) {
        // As a kill would leave it: half an entry, and an index that knows nothing of it.
        bench.put("tickets/1", &both[..cut]);
        lose_index(&bench);
        bench.file("ticket-1", &update);
        assert_eq!(
            bench
                .mbox("1")
                .matches("\nFrom alice@example.net DATE\n")
                .count(),
            1,
            "{cut}"
        );
        assert!(bench.mbox("1").ends_with("\nthe second\n\n"), "{cut}");
        assert_eq!(
            &fs::read(bench.ticket("1")).unwrap()[..whole.len()],
            whole,
            "{cut}"
        );
    }
}

#[test]
fn locks_of_mail_programs_are_waited_for() {
    // D5: whoever holds either lock keeps us out, and gets their file unharmed.
    let bench = Bench::new();
    open(&bench);
    for kind in ["fcntl", "dotlock"] {
        let path = bench.ticket("1");
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        let dotlock = bench.ticket("1.lock");
        match kind {
            "fcntl" => {
                let whole = nix::libc::flock {
                    l_type: nix::libc::F_WRLCK as _,
                    l_whence: 0,
                    l_start: 0,
                    l_len: 0,
                    l_pid: 0,
                };
                let lock = nix::fcntl::FcntlArg::F_SETLK(&whole);
                nix::fcntl::fcntl(&file, lock).unwrap();
            }
            _ => bench.put("tickets/1.lock", b""),
        }
        let message = mail(kind, "", kind);
        let mut command = bench.command(&["deliver", "-r", "ticket-1@example.org"]);
        command
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), message.as_bytes()).unwrap();
        // It has staged its answer, so it has come as far as the lock.
        let staged = || bench.outbox().iter().any(|name| name.starts_with("tmp/"));
        while !staged() {
            assert_eq!(child.try_wait().unwrap(), None, "{kind}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!bench.mbox("1").contains(&message), "{kind}");
        drop(file);
        let _ = fs::remove_file(dotlock);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(
            (ended.status.code(), ended.stderr),
            (Some(0), vec![]),
            "{kind}"
        );
        assert!(bench.mbox("1").ends_with(&format!("{message}\n")), "{kind}");
    }
    assert_eq!(bench.names(), ["1"]);
}

#[test]
fn files_are_private_and_links_are_not_followed() {
    // D8
    use std::os::unix::fs::{MetadataExt, symlink};
    let bench = Bench::new();
    open(&bench);
    let mode = |name: &str| fs::symlink_metadata(bench.ticket(name)).unwrap().mode() & 0o7777;
    let modes = [
        mode(""),
        mode("archived"),
        mode(".tickets"),
        mode("1"),
        mode(".tickets/index.db"),
    ];
    assert_eq!(modes, [0o711, 0o711, 0o700, 0o600, 0o600]);
    let secret = bench.path("secret");
    bench.put("secret", b"");
    symlink(&secret, bench.ticket("2")).unwrap();
    // A link is no ticket; but it may hide one, and a bounce would be the store's fault, not the sender's.
    let ran = bench.deliver("ticket-2@example.org", mail("2", "", "x"));
    let path = bench.ticket("2");
    let path = path.display();
    let line = format!("tickets: cannot open {path}: a symbolic link stands there, no file\n");
    ran.is(75, "", &line);
    bench.file("submit", mail("3", "", "x"));
    assert_eq!(fs::read(secret).unwrap(), b"");
    assert_eq!(bench.names(), ["1", "2", "3"]);
}

#[test]
fn root_leaves_nothing_that_the_desk_cannot_read() {
    // D8, E7
    use std::os::unix::fs::MetadataExt;
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: only root can try what root would leave behind");
        return;
    }
    let bench = Bench::new();
    open(&bench);
    let owner = fs::metadata(bench.ticket("1")).unwrap().uid();
    assert_ne!(owner, 0);
    for args in [
        &["close", "1"][..],
        &["reopen", "1"],
        &["deliver", "-r", "submit@example.org"],
    ] {
        let mut command = std::process::Command::new(binary());
        command
            .args(args)
            .env_clear()
            .env("TICKETS_CONFIG", bench.path("config.toml"));
        assert_eq!(
            finish(command, mail("2", "", "x").as_bytes()).status,
            0,
            "{args:?}"
        );
    }
    assert_eq!(bench.names(), ["1", "2"]);
    let mut dirs = vec![bench.path("tickets")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().uid(), owner, "{:?}", entry.path());
            if entry.file_type().unwrap().is_dir() {
                dirs.push(entry.path());
            }
        }
    }
}

#[test]
fn another_user_is_told_whose_store_it_is() {
    // E4
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: only root can become two users");
        return;
    }
    use std::os::unix::process::CommandExt;
    let bench = Bench::new();
    open(&bench);
    fs::set_permissions(
        bench.path(""),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let mut command = std::process::Command::new(binary());
    command
        .args(["close", "1"])
        .env_clear()
        .env("TICKETS_CONFIG", bench.path("config.toml"));
    command.uid(1).gid(1);
    let index = bench.ticket(".tickets/index.db").display().to_string();
    let config = bench.path("config.toml").display().to_string();
    let meta = fs::metadata(bench.ticket("")).unwrap();
    let owner = nix::unistd::User::from_uid(std::os::unix::fs::MetadataExt::uid(&meta).into());
    let owner = owner.unwrap().unwrap().name;
    finish(command, b"").is(
        77,
        "",
        &format!(
            "tickets: cannot open {index}: Permission denied (os error 13)\n\
             hint: `sudo -u {owner} tickets --config {config} close 1`\n"
        ),
    );
}
