//! `tickets init`: a desk from nothing.

use super::bench::{Bench, Ran, finish, ordinary_user, own};
use crate::transcript::Transcript;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// A machine with these files in its /etc.
fn machine(files: &[(&str, &str)]) -> Bench {
    let b = Bench::new();
    for (name, text) in files {
        let path = b.path("etc").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    b
}

fn init(b: &Bench, args: &[&str]) -> Ran {
    let etc = b.path("etc");
    let all = [&["init", "--etc", etc.to_str().unwrap()], args].concat();
    let mut command = b.command(&all);
    command.env("TICKETS_CONFIG", b.path("new/desk.toml"));
    let mut ran = finish(command, b"");
    for text in [&mut ran.stdout, &mut ran.stderr] {
        *text = text.replace(b.path("").to_str().unwrap(), "ROOT/");
    }
    ran
}

const EXIM: (&str, &str) = (
    "exim4/update-exim4.conf.conf",
    "dc_other_hostnames='example.org'\ndc_use_split_config='true'\n",
);

// E3, E4
#[test]
fn manual() {
    let b = machine(&[("mailname", "mail.example.net\n"), EXIM]);
    let mut t = Transcript::new(&b);
    let init = "TICKETS_CONFIG=$PWD/new/desk.toml tickets init --etc etc";
    t.step(
        "Wrong values write nothing.",
        &format!(
            "{init} --domain 'exa mple.org'\n{init} --domain example.org --ticket 't{{n}}1'\nls"
        ),
    );
    t.step(
        "A configuration is written, a store is made, and what is left to do is printed.",
        &format!(
            "{init} --dir \"$PWD/desk store\" --domain example.org --admin ann@example.com \
             --admin bob@example.com\n\
             grep '^[^#]' new/desk.toml\nls -A 'desk store'"
        ),
    );
    t.step(
        "What is there is left alone.",
        &format!("cp new/desk.toml before\n{init} --domain example.com\ncmp new/desk.toml before"),
    );
    b.put("none.toml", b"admins = \"a@example.org\"\n");
    let none = b.path("none.toml").display().to_string();
    let said = b.run(&["--config", &none, "init", "--exim"], b"").stderr;
    let (_, guess) = said.split_once("configured, and ").unwrap();
    let (guess, _) = guess.split_once(" is only").unwrap();
    t.mask(&format!("and {guess} is only"), "and <host> is only");
    t.mask(&format!("domain = \"{guess}\""), "domain = \"<host>\"");
    t.step(
        "The pieces for an MTA take the domain from the configuration.",
        "tickets --config none.toml init --exim\ntickets init --exim --domain x",
    );
    insta::assert_snapshot!("init", t);
}

/// E4, E7: nothing is left where no store can be made.
#[test]
fn no_store_no_configuration() {
    let b = machine(&[]);
    b.put("file", b"");
    let store = b.path("file/store").display().to_string();
    let args = ["--domain", "example.org", "--admin", "a@example.net"];
    init(&b, &[&args[..], &["--dir", &store]].concat()).is(
        75,
        "",
        "tickets: cannot create ROOT/file/store: Not a directory (os error 20)\n",
    );
    assert_eq!(fs::read_dir(b.path("new")).unwrap().count(), 0);
    let store = b.path("store").display().to_string();
    let ran = init(&b, &[&args[..], &["--dir", &store]].concat());
    assert_eq!((ran.status, &*ran.stderr), (0, ""));
    let names = fs::read_dir(b.path("new")).unwrap();
    let names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["desk.toml"]);
}

/// E4: whoever clones a repository of the same name has a directory where the store would be.
#[test]
fn no_store_is_made_among_other_things() {
    let b = machine(&[]);
    let put = |name: &str| {
        let (above, _) = name.rsplit_once('/').unwrap();
        let dirs = above.match_indices('/').map(|(at, _)| &above[..at]);
        dirs.chain([above]).for_each(|dir| b.make_dir(dir));
        b.put(name, b"");
    };
    for name in [
        "Cargo.toml",
        "README.md",
        "src/main.rs",
        "target/x",
        ".git/HEAD",
    ] {
        put(&format!("tree/{name}"));
    }
    let names = |dir: &str| {
        let names = fs::read_dir(b.path(dir)).unwrap();
        let mut names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names("tree");
    let tree = b.path("tree").display().to_string();
    let set_up = |dir: &str| {
        let given = [
            "--domain",
            "example.org",
            "--admin",
            "a@example.net",
            "--dir",
            dir,
        ];
        init(&b, &given)
    };
    let refused = "tickets: cannot make a store in ROOT/tree: it has other things in it (Cargo.toml, README.md, src and 1 more)\n\
        hint: the same with `--dir ANOTHER`, a directory that is empty or is not there yet\n";
    set_up(&tree).is(77, "", refused);
    // Nor does an archive go there.
    let archive = b.path("archive").display().to_string();
    b.put(
        "archive",
        b"From a@b Mon Jan  1 10:00:00 2024\nSubject: x\n\nx\n",
    );
    let mut import = b.command(&["--dir", &tree, "import", &archive]);
    import.env_remove("TICKETS_CONFIG");
    let mut ran = finish(import, b"");
    ran.stderr = ran.stderr.replace(b.path("").to_str().unwrap(), "ROOT/");
    ran.is(77, "", refused);
    assert_eq!(names("tree"), before);
    assert_eq!(fs::read_dir(b.path("new")).unwrap().count(), 0);
    // A new home or disk has nothing of anybody's in it, and what is a store already is one.
    for (dir, there) in [
        ("home", &["home/.profile", "home/.config/x"][..]),
        ("disk", &["disk/lost+found/x"]),
        ("store", &["store/archived/1", "store/notes"]),
        ("mboxes", &["mboxes/12", "mboxes/notes"]),
        ("empty/er", &["empty/x"]),
    ] {
        for name in there {
            put(name);
        }
        let path = b.path(dir).display().to_string();
        let ran = set_up(&path);
        assert_eq!((ran.status, &*ran.stderr), (0, ""), "{dir}");
        assert!(b.path(dir).join(".tickets").is_dir(), "{dir}");
        fs::remove_file(b.path("new/desk.toml")).unwrap();
    }
}

/// E3, E4: there is no file yet that could be corrected.
#[test]
fn a_wrong_option_is_named() {
    let b = machine(&[("mailname", "not a name.example\n")]);
    let example = "`--domain example.org`, what stands behind the @ of your addresses";
    let addresses = "for example: `--admin you@example.org`";
    for (option, value, why, hint) in [
        ("--domain", "submit@example.org", "is not a domain", example),
        ("--domain", "exa_mple.org", "is not a domain", example),
        ("--domain", "example..org", "is not a domain", example),
        ("--domain", ".example.org", "is not a domain", example),
        ("--domain", "", "is not a domain", example),
        ("--admin", "a\"b\nc@x.org", "is not an address", addresses),
        ("--admin", "-oX", "is not an address", addresses),
    ] {
        let word = format!("{option}={value}");
        let said = format!("tickets: {option}: {value:?} {why}\nhint: {hint}\n");
        for more in [&[][..], &["--print-config"]] {
            init(&b, &[&[&*word][..], more].concat()).is(64, "", &said);
        }
    }
    init(&b, &["--domain=x.org", "--admin=submit@x.org"]).is(
        64,
        "",
        "tickets: --admin: submit@x.org is an address of the desk itself, so its mail would come back\n",
    );
    init(&b, &["--domain=x.org", "--submit=a b"]).is(
        64,
        "",
        "tickets: --submit: expected an address or a local-part\n",
    );
    assert!(!b.path("new").exists());
    // Nor does a name that is none become the guess.
    let template = include_str!("../contrib/config.toml");
    init(&b, &["--print-config"]).is(0, template, "");
}

#[test]
fn the_configuration_can_be_looked_at_first() {
    let b = machine(&[("mailname", "mail.example.net\n")]);
    let template = include_str!("../contrib/config.toml");
    let want = template.replace("#domain = \"example.org\"", "domain = \"mail.example.net\"");
    assert_ne!(want, template);
    init(&b, &["--print-config"]).is(0, &want, "");
    // A name without a dot is no domain for mail.
    let b = machine(&[("mailname", "vm\n")]);
    init(&b, &["--print-config"]).is(0, template, "");
    let args = [
        "--print-config",
        "--ticket",
        "help+{n}",
        "--submit",
        "help",
        "--name",
        "Hilfe \"x\"",
    ];
    let want = template
        .replace("#ticket = \"ticket-{n}\"", "ticket = \"help+{n}\"")
        .replace("#submit = [\"submit\"]", "submit = \"help\"")
        .replace("#name = \"Support\"", "name = \"Hilfe \\\"x\\\"\"");
    init(&b, &args).is(0, &want, "");
    assert!(!b.path("new").exists());
}

#[test]
fn pieces_are_filled_in() {
    // E3
    let b = machine(&[EXIM]);
    let store = b.path("store").display().to_string();
    let ran = init(
        &b,
        &[
            "--domain",
            "d.example",
            "--submit",
            "help",
            "--ticket",
            "help+{n}",
            "--dir",
            &store,
        ],
    );
    assert_eq!((ran.status, &*ran.stderr), (0, ""));
    let mutt = init(&b, &["--mutt"]);
    assert_eq!((mutt.status, mutt.stderr.as_str()), (0, ""));
    assert!(
        mutt.stdout.contains("alternates '^help@d[.]example$'\n"),
        "{}",
        mutt.stdout
    );
    assert!(!mutt.stdout.contains("example.org"), "{}", mutt.stdout);

    let exim = init(&b, &["--exim"]);
    assert_eq!((exim.status, exim.stderr.as_str()), (0, ""));
    for line in [
        "# Lets Exim hand mail for help@d.example and help+12@d.example to this desk.",
        "# This Exim's configuration is split: the files go to /etc/exim4/conf.d.",
        "# Put in:    tickets --config ROOT/new/desk.toml init --exim | sudo sh",
        "# Exim does not accept mail for d.example yet: add it to dc_other_hostnames in",
        "TICKETS_DOMAIN = d.example",
        "TICKETS_SUBMIT = help",
        "TICKETS_PREFIX = help[+]",
    ] {
        assert!(
            exim.stdout.lines().any(|l| l == line),
            "{line} in\n{}",
            exim.stdout
        );
    }
    let postfix = init(&b, &["--postfix"]);
    assert_eq!((postfix.status, postfix.stderr.as_str()), (0, ""));
    for line in [
        "# Lets Postfix hand mail for help@d.example and help+12@d.example to this desk.",
        "# Put in:    tickets --config ROOT/new/desk.toml init --postfix | sudo sh",
        "        TICKETS_DOMAIN='d.example' \\",
        "        TICKETS_SUBMIT='help' \\",
        "        TICKETS_PREFIX='help[+]' \\",
    ] {
        assert!(
            postfix.stdout.lines().any(|l| l == line),
            "{line} in\n{}",
            postfix.stdout
        );
    }
    assert!(!postfix.stdout.contains("TICKETS_DIR="));
    // Scripts that a shell can read.
    for script in [exim.stdout, postfix.stdout] {
        let mut shell = std::process::Command::new("sh");
        shell.arg("-n");
        finish(shell, script.as_bytes()).is(0, "", "");
    }
}

/// A script for root does all or nothing, wherever a pipe breaks.
#[test]
fn half_a_script_does_nothing() {
    // E3
    let b = Bench::new();
    // The first program that either script starts.
    b.make_dir("bin");
    b.put("bin/mktemp", b"#!/bin/sh\necho begun; exit 1\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(b.path("bin/mktemp"), mode).unwrap();
    let begun = |script: &str| {
        let mut shell = std::process::Command::new("/bin/sh");
        shell
            .env("PATH", b.path("bin"))
            .args(["-xs", "--", "--undo"]);
        let ran = finish(shell, script.as_bytes());
        // With -x the shell tells of everything that it does.
        ran.stderr.lines().any(|line| line.starts_with('+'))
    };
    for option in ["--exim", "--postfix"] {
        let script = b.run(&["init", option], b"").stdout;
        assert!(begun(&script), "{option}");
        let end = script.trim_end().len();
        let ends = script.match_indices('\n').map(|(at, _)| at);
        for cut in ends.chain([end - 1, end - 2]).filter(|&at| at < end) {
            assert!(!begun(&script[..cut]), "{option}: {}", &script[..cut]);
        }
    }
}

/// While it makes root's script, others of its user can neither read nor change it: `/proc/PID/mem` is root's then.
#[test]
fn nobody_of_the_same_user_has_a_hand_in_it() {
    // T17
    let b = Bench::new();
    let config = b.path("config.fifo");
    nix::unistd::mkfifo(&config, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    own(&config);
    for (command, owner) in [("init", 0), ("list", user())] {
        let mut command = b.command(&["--config", config.to_str().unwrap(), command]);
        let null = || std::process::Stdio::null();
        command.stdout(null()).stderr(null());
        let mut child = command.spawn().unwrap();
        // This waits until the program has begun to read.
        let pipe = fs::File::options().write(true).open(&config).unwrap();
        let memory = format!("/proc/{}/mem", child.id());
        assert_eq!(fs::metadata(memory).unwrap().uid(), owner);
        drop(pipe);
        child.wait().unwrap();
    }
}

/// The user as whom the program runs.
fn user() -> u32 {
    ordinary_user().map_or_else(|| nix::unistd::geteuid().as_raw(), |(uid, _)| uid)
}

/// What a configuration holds is not root's word, and the pieces are read by root's shell, by an MTA that
/// expands some of them as root, and by mutt, which runs backticks.
#[test]
fn nothing_in_the_configuration_becomes_a_command() {
    // E3, T17
    let b = machine(&[EXIM]);
    let good = "domain = \"example.org\"\nadmins = \"a@example.com\"\ndir = \"/srv/desk\"\n";
    let mtas = &["--exim", "--postfix"][..];
    let all = &["--exim", "--postfix", "--mutt"][..];
    for (key, value, options) in [
        ("dir", "/srv/desk\nEND_OF_FILE\nid >/pwned; exit 0 #", mtas),
        ("dir", "/srv/${run{/usr/bin/id}}", mtas),
        ("dir", "/srv/$(id)", mtas),
        ("dir", "/srv/my desk", mtas),
        ("dir", "/srv/it's", mtas),
        ("dir", "/srv/a:b", mtas),
        ("dir", "/srv/TICKETS_USER", mtas),
        ("domain", "`id`.example", all),
        ("domain", "${run{x}}.example", all),
        ("domain", "*", all),
        ("domain", "it's.example", all),
        ("domain", "+relay_from_hosts", all),
        ("submit", "`id`", all),
        ("submit", "a'b", all),
        ("submit", "a:b", all),
        ("submit", "+local", all),
        ("submit", "^.*", all),
        ("submit", "$local_part", all),
        ("ticket", "`id`{n}", all),
        ("ticket", "$x-{n}", all),
        ("ticket", "it's-{n}", all),
        ("ticket", "-n{n}", all),
        ("ticket", "a|b{n}", all),
        ("address_secret", "/srv/x; id", mtas),
    ] {
        let good: String = good
            .lines()
            .filter(|line| !line.starts_with(key))
            .map(|line| format!("{line}\n"))
            .collect();
        let quoted = format!("{value:?}");
        b.put("odd.toml", format!("{good}{key} = {quoted}\n").as_bytes());
        if key == "address_secret" {
            b.make_dir("srv");
            b.put("srv/x; id", b"0123456789012345678901234567890123456789");
            let text = format!("{good}{key} = {:?}\n", b.path("srv/x; id"));
            b.put("odd.toml", text.as_bytes());
        }
        let config = b.path("odd.toml").display().to_string();
        for option in options {
            let ran = b.run(&["--config", &config, "init", option], b"");
            let said = (ran.status, ran.stdout.as_str());
            assert_eq!(said, (78, ""), "{option} {key} {value:?}: {}", ran.stderr);
            let start = format!("tickets: cannot write the pieces: {key}: \"");
            assert!(ran.stderr.starts_with(&start), "{}", ran.stderr);
            let end = "could mean something else to a shell or a mail program";
            assert!(
                ran.stderr.lines().next().unwrap().ends_with(end),
                "{}",
                ran.stderr
            );
            assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
            assert!(
                ran.stderr
                    .lines()
                    .nth(1)
                    .unwrap()
                    .starts_with("hint: give it")
            );
        }
    }
    // What leads to the desk, too.
    b.put("my desk.toml", good.as_bytes());
    let config = b.path("my desk.toml").display().to_string();
    let ran = b.run(&["--config", &config, "init", "--exim"], b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (78, ""));
    assert!(
        ran.stderr.contains("pieces: --config: \""),
        "{}",
        ran.stderr
    );
    // A name is for people: mutt gets what is left of it.
    let name = "`id`$(id)\\\"'; # <x>";
    b.put("named.toml", format!("{good}name = {name:?}\n").as_bytes());
    let config = b.path("named.toml").display().to_string();
    let ran = b.run(&["--config", &config, "init", "--mutt"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout.contains("set my_tickets_name=\"id (id) x\"\n"),
        "{}",
        ran.stdout
    );
}

// E3: a guessed domain gets into no piece, that for mutt among them.
#[test]
fn no_piece_is_made_of_a_guess() {
    let b = Bench::new();
    b.put(
        "bare.toml",
        format!(
            "dir = {:?}\nadmins = \"a@example.net\"\n",
            b.path("tickets")
        )
        .as_bytes(),
    );
    for piece in ["--exim", "--postfix", "--mutt"] {
        let ran = b.run(&["--config", "bare.toml", "init", piece], b"");
        assert_eq!((ran.status, &*ran.stdout), (78, ""), "{piece}");
        assert!(
            ran.stderr
                .starts_with("tickets: no domain is configured, and "),
            "{ran:?}"
        );
    }
}

// C1
#[test]
fn a_text_of_ones_own_begins_with_the_built_in_one() {
    let b = Bench::new();
    b.configure(&format!("templates = {:?}\n", b.path("texts")));
    b.make_dir("texts");
    for name in ["ack", "note", "closed", "refused", "not-passed-on"] {
        let text = init(&b, &["--print-text", name]);
        text.silent_but_for_output(name);
        assert!(text.stdout.contains("{{ ticket }}"), "{name}");
        b.put(&format!("texts/{name}.txt"), text.stdout.as_bytes());
    }
    let checked = b.run(&["check", "--etc", "etc"], b"").stdout;
    let all = "templates: your own ack.txt, note.txt, closed.txt, refused.txt, not-passed-on.txt\n";
    assert!(checked.contains(all), "{checked}");
    init(&b, &["--print-text", "akc"]).is(
        64,
        "",
        "tickets: invalid value 'akc' for '--print-text <TEXT>': the texts are ack, note, closed, refused, not-passed-on\n\
         hint: `tickets init --help` shows its options\n",
    );
}
