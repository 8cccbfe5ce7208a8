//! E7: whose desk it is, and that root does nothing as root where somebody else has a hand in it.

use crate::bench::{Bench, Ran, binary, finish, ordinary_user};
use crate::crash::strace_is_here;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;
use std::process::Command;

const MAIL: &[u8] = b"From: alice@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n";

/// The user `daemon`, of whom no desk is.
const OTHER: u32 = 1;

/// A machine with `roots/` (root's), `home/` (the desk's user's), `other/` and `tmp/`; nothing of a desk yet.
fn machine() -> Option<(Bench, u32)> {
    let Some((uid, _)) = ordinary_user() else {
        eprintln!("SKIPPED: only root can work as root");
        return None;
    };
    let b = Bench::new();
    own(&b.path(""), 0, 0o755);
    for (name, owner, mode) in [
        ("roots", 0, 0o755),
        ("home", uid, 0o755),
        ("other", OTHER, 0o755),
        ("tmp", 0, 0o1777),
    ] {
        fs::create_dir(b.path(name)).unwrap();
        own(&b.path(name), owner, mode);
    }
    Some((b, uid))
}

fn own(path: &Path, uid: u32, mode: u32) {
    lchown(path, Some(uid), Some(uid)).unwrap();
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// A configuration at `at`, for the store `dir`.
fn configure(b: &Bench, at: &str, uid: u32, dir: &str) {
    let text = format!(
        "domain = \"example.org\"\nadmins = \"steve@example.org\"\nsendmail = \"/bin/true\"\ndir = {:?}\n",
        b.path(dir)
    );
    fs::write(b.path(at), text).unwrap();
    own(&b.path(at), uid, 0o644);
}

fn as_root(b: &Bench, args: &[&str], stdin: &[u8]) -> Ran {
    let mut command = Command::new(binary());
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin");
    command.current_dir(b.path(""));
    let mut ran = finish(command, stdin);
    ran.stderr = ran.stderr.replace(b.path("").to_str().unwrap(), "ROOT/");
    ran
}

/// Every path below `dir`, with its owner, but for those of `uid`.
fn not_of(uid: u32, dir: &Path) -> Vec<(std::path::PathBuf, u32)> {
    let (mut found, mut dirs) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            if meta.uid() != uid {
                found.push((path.clone(), meta.uid()));
            }
            if meta.is_dir() {
                dirs.push(path);
            }
        }
    }
    found
}

const SUBMIT: [&str; 3] = ["deliver", "-r", "submit@example.org"];

/// E7: one delivery by root for each place of configuration and store.
#[test]
fn root_works_as_the_one_whose_desk_it_is() {
    // T17
    let Some((_, uid)) = machine() else {
        return;
    };
    // The configuration and its owner, the store, and whose the filed ticket is.
    for (config, owner, store, whose) in [
        ("roots/desk.toml", 0, "roots/tickets", 0),
        ("roots/desk.toml", 0, "home/tickets", uid),
        ("roots/desk.toml", 0, "other/a/tickets", OTHER),
        ("roots/desk.toml", uid, "home/tickets", uid),
        ("home/desk.toml", uid, "home/tickets", uid),
        ("home/desk.toml", 0, "home/tickets", uid),
        ("tmp/desk.toml", uid, "home/tickets", uid),
        ("tmp/desk.toml", 0, "home/tickets", uid),
    ] {
        let (b, _) = machine().unwrap();
        configure(&b, config, owner, store);
        let args = [&["--config", config][..], &SUBMIT].concat();
        let case = format!("{config} of {owner}, {store}");
        let ran = as_root(&b, &args, MAIL);
        assert_eq!(
            (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
            (0, "", ""),
            "{case}"
        );
        assert!(b.path(store).join("1").exists(), "{case}");
        assert_eq!(not_of(whose, &b.path(store)), [], "{case}");
        assert_eq!(fs::metadata(b.path(store)).unwrap().uid(), whose, "{case}");
        // Again, in the store that is there now, and named on the command line.
        let args = ["--config", config, "--dir", store, "close", "1"];
        let ran = as_root(&b, &args, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{case}");
        assert!(b.path(store).join("archived/1").exists(), "{case}");
        assert_eq!(not_of(whose, &b.path(store)), [], "{case}");
        for (dir, owner) in [("roots", 0), ("home", uid), ("other", OTHER)] {
            let odd = not_of(owner, &b.path(dir));
            let odd = odd.iter().filter(|(path, _)| *path != b.path(config));
            assert_eq!(
                odd.collect::<Vec<_>>(),
                Vec::<&(std::path::PathBuf, u32)>::new(),
                "{case}"
            );
        }
    }
}

/// E7, E4, A3: what root refuses, or is refused as the user that it has become; nothing is made.
#[test]
fn root_refuses_where_it_cannot_tell_whose_desk_it_is() {
    // T18
    let Some((_, uid)) = machine() else {
        return;
    };
    let user = nix::unistd::User::from_uid(uid.into())
        .unwrap()
        .unwrap()
        .name;
    let asks =
        |who: &str| format!("hint: `sudo -u {who} tickets ...`, as the user whose desk it is\n");
    for (case, prepare, config, store, status, said) in [
        (
            "another user's store in the desk's directory",
            "d home/tickets 1 755",
            ("roots/desk.toml", 0),
            "home/tickets",
            77,
            format!(
                "tickets: cannot work as root on ROOT/home/tickets: ROOT/home belongs to {user}, and ROOT/home/tickets to daemon\n{}",
                asks("daemon")
            ),
        ),
        (
            "the desk's user leads to another user's",
            "l home/tickets -> other",
            ("roots/desk.toml", 0),
            "home/tickets",
            77,
            format!(
                "tickets: cannot work as root on ROOT/home/tickets: ROOT/home belongs to {user}, and ROOT/other to daemon\n{}",
                asks("daemon")
            ),
        ),
        (
            "the desk's user leads to root's: so it is the user who cannot write there",
            "l home/tickets -> roots",
            ("roots/desk.toml", 0),
            "home/tickets",
            77,
            "tickets: cannot create ROOT/home/tickets/archived: Permission denied (os error 13)\n\
             hint: root works on this desk as nobody, who may not\n"
                .into(),
        ),
        (
            "one user's configuration, another one's store",
            "",
            ("home/desk.toml", uid),
            "other/tickets",
            77,
            "tickets: cannot create ROOT/other/tickets: Permission denied (os error 13)\n\
             hint: root works on this desk as nobody, who may not\n"
                .into(),
        ),
        (
            "somebody may be quicker",
            "",
            ("roots/desk.toml", 0),
            "tmp/tickets",
            77,
            format!(
                "tickets: cannot work as root on ROOT/tmp/tickets: it does not exist, and others than root may write to ROOT/tmp\n{}",
                asks("USER")
            ),
        ),
        (
            "everybody may write the configuration",
            "d roots/open 0 777",
            ("roots/open/desk.toml", 0),
            "home/tickets",
            77,
            format!(
                "tickets: cannot work as root on ROOT/roots/open/desk.toml: others than root may write to ROOT/roots/open\n\
                 hint: `chmod go-w ROOT/roots/open`, if it is root's alone; else {}",
                asks("USER").trim_start_matches("hint: ")
            ),
        ),
    ] {
        let (b, _) = machine().unwrap();
        match prepare.split(' ').collect::<Vec<_>>()[..] {
            ["d", name, owner, mode] => {
                fs::create_dir(b.path(name)).unwrap();
                own(
                    &b.path(name),
                    owner.parse().unwrap(),
                    u32::from_str_radix(mode, 8).unwrap(),
                );
            }
            ["l", name, "->", target] => {
                symlink(b.path(target), b.path(name)).unwrap();
                lchown(b.path(name), Some(uid), None).unwrap();
            }
            _ => {}
        }
        configure(&b, config.0, config.1, store);
        let there = |dir: &str| {
            let entries = fs::read_dir(b.path(dir)).unwrap();
            let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let all = || ["roots", "home", "other", "tmp"].map(there);
        let before = all();
        let args = ["--config", config.0, "import", "/dev/null"];
        as_root(&b, &args, b"").is(status, "", &said);
        // An MTA keeps the mail, and gets one line for its log.
        let args = [&["--config", config.0][..], &SUBMIT].concat();
        let line = format!("{}\n", said.lines().next().unwrap());
        as_root(&b, &args, MAIL).is(75, "", &line);
        assert_eq!(all(), before, "{case}");
        // E3: a monitor hears that nothing is known.
        if said.contains("cannot work as root") {
            let ran = as_root(&b, &["--config", config.0, "check", "--nagios"], b"");
            let shown = ran.stdout.replace(b.path("").to_str().unwrap(), "ROOT/");
            let want = line.replacen("tickets: ", "TICKETS UNKNOWN - ", 1);
            assert_eq!((ran.status, &*shown, &*ran.stderr), (3, &*want, ""));
        }
        // What needs no desk goes on.
        assert_eq!(
            as_root(&b, &["--config", config.0, "completions", "bash"], b"").status,
            0
        );
        // A configuration is not written there either.
        if store == "tmp/tickets" {
            let said = said.replace("tickets: it", "new.toml: it");
            as_root(
                &b,
                &["--config", "tmp/new.toml", "init", "--domain", "x.example"],
                b"",
            )
            .is(77, "", &said);
            assert_eq!(all(), before, "{case}");
        }
    }
}

/// E7: what the command line names, and what `init` makes.
#[test]
fn what_root_names_belongs_to_the_user_whose_place_it_is() {
    let Some((b, uid)) = machine() else {
        return;
    };
    // The configuration is root's, so the store decides, which need not be that of the configuration.
    configure(&b, "roots/desk.toml", 0, "home/tickets");
    let args = ["--config", "roots/desk.toml", "--dir", "other/tickets"];
    as_root(&b, &[&args[..], &["import", "/dev/null"]].concat(), b"").is(
        0,
        "filed 0 messages\n",
        "",
    );
    assert_eq!(not_of(OTHER, &b.path("other")), []);
    assert!(b.path("other/tickets").exists() && !b.path("home/tickets").exists());
    // Without any configuration, too.
    let args = ["--dir", "home/bare", "import", "/dev/null"];
    as_root(&b, &args, b"").is(0, "filed 0 messages\n", "");
    assert_eq!(not_of(uid, &b.path("home")), []);
    assert!(b.path("home/bare").exists());
    for (config, of) in [("home/new/desk.toml", uid), ("roots/new/desk.toml", 0)] {
        let store = format!("{config}.tickets").replace("roots/new", "home");
        let args = [
            "--config",
            config,
            "--dir",
            &store,
            "init",
            "--domain",
            "x.example",
            "--admin",
            "a@y",
        ];
        let ran = as_root(&b, &args, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{config}");
        assert!(!ran.stdout.contains("belongs to root"), "{}", ran.stdout);
        let meta = fs::metadata(b.path(config)).unwrap();
        let mode = if of == 0 { 0o644 } else { 0o600 };
        assert_eq!((meta.uid(), meta.mode() & 0o777), (of, mode), "{config}");
        assert!(b.path(&store).join("archived").exists());
        assert_eq!(not_of(uid, &b.path("home")), []);
    }
    // What root writes for itself it writes as the desk's user: not where only root may.
    let args = [
        "--config",
        "roots/new/desk.toml",
        "export",
        "--mbox",
        "roots/out",
    ];
    let ran = as_root(&b, &args, b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (77, ""), "{ran:?}");
    let config = b.path("roots/new/desk.toml").display().to_string();
    let config = config.replace(b.path("").to_str().unwrap(), "ROOT/");
    let hint = format!(
        "hint: `tickets --config {config} export --mbox - >FILE` writes where you may; \
         a name needs a directory where the user nobody may write"
    );
    assert_eq!(ran.stderr.lines().nth(1), Some(&*hint), "{ran:?}");
    assert!(!b.path("roots/out").exists());
}

/// E7: up to the moment at which root becomes the owner it looks, and does nothing that the owner could
/// turn against it by moving the ground; afterwards it is the owner.
#[test]
fn nothing_is_opened_or_made_before_root_is_the_owner() {
    // T17
    let Some((_, uid)) = machine() else {
        return;
    };
    if !strace_is_here() {
        return;
    }
    for (config, owner) in [("roots/desk.toml", 0), ("home/desk.toml", uid)] {
        let (b, _) = machine().unwrap();
        configure(&b, config, owner, "home/tickets");
        let log = b.path("roots/log");
        let mut command = Command::new("strace");
        command
            .args(["-f", "-s", "4096", "-e", "trace=%file,%desc,%creds", "-o"])
            .arg(&log)
            .arg(binary())
            .args(["--config", config, "import", "/dev/null"])
            .current_dir(b.path(""))
            .env_clear();
        let ran = finish(command, b"");
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (0, "filed 0 messages\n"),
            "{ran:?}"
        );
        let log = fs::read_to_string(log).unwrap();
        let (before, after) = log.split_once(&format!(" setuid({uid})")).unwrap();
        let makes = |line: &&str| {
            [
                "mkdir", "rename", "link", "unlink", "symlink", "chmod", "chown", "O_CREAT",
            ]
            .iter()
            .any(|call| line.contains(call))
                && !line.contains("readlink")
        };
        assert_eq!(
            before.lines().filter(makes).collect::<Vec<_>>(),
            [""; 0],
            "{config}"
        );
        assert!(after.lines().filter(makes).count() > 3, "{config}: {after}");
        // By name it opens its own configuration, and of the owner's directory it only has a handle.
        let opened = |line: &&str| {
            (line.contains("home") || line.contains("\"tickets\"") || line.contains("desk.toml"))
                && line.contains("openat(")
                && !line.contains("O_PATH")
        };
        let opened: Vec<&str> = before.lines().filter(opened).collect();
        let own = usize::from(owner == 0);
        assert_eq!(opened.len(), own, "{config}: {opened:?}");
        assert!(
            opened
                .iter()
                .all(|line| line.contains("\"roots/desk.toml\"")),
            "{opened:?}"
        );
        let looked = before.lines().filter(|line| line.contains("O_PATH"));
        assert!(looked.count() > 3, "{config}");
        // For good: no call gives anything back.
        assert!(
            !after.contains("setuid(0)") && !after.contains("setresuid"),
            "{config}"
        );
    }
}

/// E7: somebody who is not root is who they are, and a delivery looks at nothing for that.
#[test]
fn an_ordinary_user_stays_who_they_are() {
    if !strace_is_here() {
        return;
    }
    let b = Bench::new();
    let log = b.path("log");
    let mut command = Command::new("strace");
    command.arg("-o").arg(&log).arg(binary()).args(SUBMIT);
    b.as_ordinary_user(&mut command);
    finish(command, MAIL).is(0, "", "");
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("mkdir("), "{log}");
    let looks = |line: &&str| line.contains("O_PATH") || line.contains("setuid");
    assert_eq!(log.lines().filter(looks).collect::<Vec<_>>(), [""; 0]);
    println!(
        "{:?}",
        log.lines()
            .filter(|line| line.contains("uid()"))
            .collect::<Vec<_>>()
    );
}

/// E7: what root made for the machine's own configuration, no MTA could use.
#[test]
fn root_makes_no_store_for_the_machine() {
    let Some((_, uid)) = machine() else {
        return;
    };
    // A machine with another /etc, seen by this command alone.
    let unshared = |b: &Bench, script: &str| {
        let mut command = Command::new("unshare");
        let script = format!("mount --bind \"$1/etc\" /etc && {script}");
        command.args(["-m", "sh", "-c", &script, "sh"]);
        command.arg(b.path("")).arg(binary());
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let mut ran = finish(command, b"");
        ran.stderr = ran.stderr.replace(b.path("").to_str().unwrap(), "ROOT/");
        ran
    };
    let desk = || {
        let (b, _) = machine().unwrap();
        fs::create_dir_all(b.path("etc/tickets")).unwrap();
        own(&b.path("etc"), 0, 0o755);
        for file in ["passwd", "group", "nsswitch.conf"] {
            fs::copy(Path::new("/etc").join(file), b.path("etc").join(file)).unwrap();
        }
        configure(&b, "etc/tickets/config.toml", 0, "roots/tickets");
        b
    };
    let b = desk();
    if unshared(&b, "true").status != 0 {
        eprintln!("SKIPPED: mounting is not permitted here");
        return;
    }
    let said = "tickets: cannot find the store: there is no directory ROOT/roots/tickets\n\
                hint: if the name is right, `install -d -o USER -m 711 ROOT/roots/tickets` makes it\n";
    unshared(&b, "\"$2\" import /dev/null").is(66, "", said);
    assert!(!b.path("roots/tickets").exists());
    // As the hint says.
    let user = nix::unistd::User::from_uid(uid.into())
        .unwrap()
        .unwrap()
        .name;
    let made =
        format!("install -d -o {user} -m 711 \"$1/roots/tickets\" && \"$2\" import /dev/null");
    unshared(&b, &made).is(0, "filed 0 messages\n", "");
    assert_eq!(not_of(uid, &b.path("roots/tickets")), []);
    // Where it would be the desk's user's, it is made.
    let b = desk();
    configure(&b, "etc/tickets/config.toml", 0, "home/tickets");
    unshared(&b, "\"$2\" import /dev/null").is(0, "filed 0 messages\n", "");
    assert_eq!(not_of(uid, &b.path("home")), []);
    assert!(b.path("home/tickets").exists());
    // The secret is read as the desk's user, for whom root's files are closed.
    let b = desk();
    configure(&b, "etc/tickets/config.toml", 0, "home/tickets");
    fs::write(b.path("roots/secret"), "0123456789abcdef0123456789abcdef").unwrap();
    own(&b.path("roots/secret"), 0, 0o600);
    let config = b.path("etc/tickets/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let text = format!("{text}address_secret = {:?}\n", b.path("roots/secret"));
    fs::write(config, text).unwrap();
    let said = "tickets: cannot use /etc/tickets/config.toml: address_secret: cannot read ROOT/roots/secret: \
                Permission denied (os error 13)\n\
                hint: sudo chown nobody ROOT/roots/secret\n";
    unshared(&b, "\"$2\" address 1").is(78, "", said);
}

/// T17: what runs as the desk's user, sendmail or a pager, cannot type into root's shell.
#[test]
fn nobody_types_into_roots_terminal() {
    const PROBE: &str = "#!/usr/bin/python3\n\
        import fcntl, os, sys, termios\n\
        said = []\n\
        try:\n    os.open('/dev/tty', os.O_RDWR)\n    said.append('has a terminal')\n\
        except OSError:\n    said.append('has none')\n\
        for fd in filter(os.isatty, (0, 1, 2)):\n    \
        try:\n        fcntl.ioctl(fd, termios.TIOCSTI, b'x')\n        said.append('types')\n    \
        except OSError:\n        said.append('cannot type')\n\
        print(', '.join(said), file=open(os.path.dirname(sys.argv[0]) + '/said', 'a'))\n";
    // The shell stays, and leads the session.
    const SHELL: &str = "import os, pty, sys\n\
        ended = pty.spawn(['/bin/sh', '-c', '\"$0\" close 1; \"$0\" show 1; exit $?', sys.argv[1]])\n\
        sys.exit(os.waitstatus_to_exitcode(ended))\n";
    let Some((b, uid)) = machine() else { return };
    configure(&b, "home/desk.toml", uid, "home/tickets");
    let config = b.path("home/desk.toml");
    let deliver = ["--config", config.to_str().unwrap()];
    assert_eq!(
        as_root(&b, &[&deliver[..], &SUBMIT].concat(), MAIL).status,
        0
    );
    let probe = b.path("home/probe");
    fs::write(&probe, PROBE).unwrap();
    own(&probe, uid, 0o755);
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("/bin/true", probe.to_str().unwrap())).unwrap();
    let mut command = Command::new("python3");
    command.args(["-c", SHELL]).arg(binary()).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
    command.env("TICKETS_CONFIG", &config).env("PAGER", &probe);
    let ran = finish(command, b"");
    assert_eq!(ran.status, 0, "{ran:?}");
    let said = fs::read_to_string(b.path("home/said")).unwrap();
    // sendmail, which has no open file of the terminal, then the pager.
    assert_eq!(said, "has none\nhas none, cannot type, cannot type\n");
}

/// T17: what runs as the desk's user, sendmail or a pager, an editor or mutt, gets nothing of what root has open
/// and of root's environment, neither as an heir nor by looking into the processes above.
#[test]
fn what_root_has_stays_with_root() {
    // Takes the place of each of them, and writes what it found, and what it read, beside itself: several run at once.
    const PROBE: &str = "#!/usr/bin/python3\n\
        import json, os, sys\n\
        def tried(file):\n    \
        try:\n        return open(file, errors='replace', closefd=file != 9).read()\n    \
        except OSError as e:\n        return type(e).__name__\n\
        above, pid = [], os.getppid()\n\
        while pid:\n    \
        above += ['/proc/%d/fd/9' % pid, '/proc/%d/environ' % pid]\n    \
        pid = int(tried('/proc/%d/status' % pid).split('PPid:')[1].split()[0])\n\
        # The list itself is open while it is made, and no more when each is asked for.\n\
        had = [int(fd) for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd)]\n\
        found = [[fd for fd in had if fd > 2], tried(9),\n    \
        [path for path in above if \"root's key\" in tried(path)], dict(os.environ)]\n\
        read = '' if sys.stdin.isatty() else sys.stdin.read()\n\
        json.dump([*found, read], open('%s.%d' % (sys.argv[0], os.getpid()), 'w'))\n\
        if sys.argv[0].endswith('editor'):\n    open(sys.argv[1], 'a').write('It is mended.')\n";
    const KEY: &str = "root's key";
    // A terminal for the program, which inherits what is open here.
    const SHELL: &str = "import os, pty, sys\n\
        ended = pty.spawn(['/bin/sh', '-c', '\"$0\" \"$@\" 9<roots/key; exit $?'] + sys.argv[1:])\n\
        sys.exit(os.waitstatus_to_exitcode(ended))\n";
    let Some((b, uid)) = machine() else { return };
    let user = nix::unistd::User::from_uid(uid.into()).unwrap().unwrap();
    configure(&b, "home/desk.toml", uid, "home/tickets");
    let config = b.path("home/desk.toml");
    for name in ["sendmail", "pager", "editor", "mutt"] {
        let probe = b.path("home").join(name);
        fs::write(&probe, PROBE).unwrap();
        own(&probe, uid, 0o755);
    }
    let text = fs::read_to_string(&config).unwrap();
    let sendmail = b.path("home/sendmail");
    let text = text.replace("/bin/true", sendmail.to_str().unwrap());
    fs::write(&config, text).unwrap();
    fs::write(b.path("roots/key"), KEY).unwrap();
    own(&b.path("roots/key"), 0, 0o600);
    let path = format!("{}:/usr/bin:/bin", b.path("home").display());
    let run = |args: &[&str], stdin: &[u8]| {
        let mut command = match args[0] {
            "deliver" => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", "exec \"$0\" \"$@\" 9<roots/key"]);
                shell
            }
            _ => {
                let mut python = Command::new("python3");
                python.args(["-c", SHELL]);
                python
            }
        };
        command.arg(binary()).args(args).current_dir(b.path(""));
        command.env_clear().envs([
            ("PATH", path.as_str()),
            ("TERM", "xterm"),
            ("LC_ALL", "C.UTF-8"),
            ("HOME", "/root"),
            ("USER", "root"),
            ("LOGNAME", "root"),
            ("SHELL", "/bin/bash"),
            ("MAIL", "/var/mail/root"),
            ("API_KEY", KEY),
            ("LESSOPEN", "|show %s"),
            ("SENDER", "alice@example.net"),
            ("RECIPIENT", "submit@example.org"),
        ]);
        command.env("TICKETS_CONFIG", &config);
        command.env("PAGER", b.path("home/pager"));
        command.env("EDITOR", b.path("home/editor"));
        let ran = finish(command, stdin);
        assert_eq!(ran.status, 0, "{args:?}: {ran:?}");
    };
    let got_only = |name: &str, path: &str, more: &[(&str, &Path)]| {
        let mut variables = serde_json::json!({
            "PATH": path,
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "PAGER": b.path("home/pager"),
            "EDITOR": b.path("home/editor"),
            "TICKETS_CONFIG": config,
            "HOME": user.dir,
            "USER": user.name,
            "LOGNAME": user.name,
            "SHELL": user.shell,
        });
        for (name, value) in more {
            variables[*name] = value.to_str().unwrap().into();
        }
        let mut read = Vec::new();
        for entry in fs::read_dir(b.path("home")).unwrap() {
            let file = entry.unwrap().path();
            if file.file_stem().unwrap() != name || file.extension().is_none() {
                continue;
            }
            let found = fs::read_to_string(&file).unwrap();
            assert_eq!(fs::metadata(&file).unwrap().uid(), uid, "{name}");
            // The next run is another one.
            fs::remove_file(&file).unwrap();
            let mut found: serde_json::Value = serde_json::from_str(&found).unwrap();
            // What sh adds by itself.
            for own in ["PWD", "OLDPWD", "SHLVL", "_"] {
                found[3].as_object_mut().unwrap().remove(own);
            }
            read.push(found[4].take().as_str().unwrap().to_owned());
            // Reading from 9 fails, since it is no open file.
            let nothing = serde_json::json!([[], "OSError", [], variables, null]);
            assert_eq!(found, nothing, "{name}");
        }
        read
    };
    let sent = || {
        let everywhere = "/usr/sbin:/sbin:/usr/local/bin:/usr/local/sbin";
        got_only("sendmail", &format!("{path}:{everywhere}"), &[])
    };
    let one_has = |read: &[String], what: &str| {
        assert_eq!(
            read.iter().filter(|text| text.contains(what)).count(),
            1,
            "{what}: {read:?}"
        );
    };
    run(&SUBMIT, MAIL);
    let mails = sent();
    assert_eq!(mails.len(), 2);
    one_has(&mails, "\nTo: alice@example.net\n");
    one_has(&mails, "\nTo: steve@example.org\n");
    run(&["show", "1"], b"");
    let shown = got_only(
        "pager",
        &path,
        &[
            ("LESS", Path::new("FRX")),
            ("LESSCHARSET", Path::new("utf-8")),
        ],
    );
    one_has(&shown, "Help");
    run(&["reply", "-e", "1"], b"y\n");
    assert_eq!(got_only("editor", &path, &[]).len(), 1);
    one_has(&sent(), "It is mended.");
    run(&["reply", "1"], b"");
    let by = ("TICKETS_OPERATOR", Path::new("root"));
    assert_eq!(got_only("mutt", &path, &[by]).len(), 1);
    run(&["mutt", "1"], b"");
    let path = format!("{path}:{}", binary().parent().unwrap().display());
    let store = b.path("home/tickets");
    let ran = got_only("mutt", &path, &[by, ("TICKETS_DIR", &store)]);
    assert_eq!(ran.len(), 1);
}
