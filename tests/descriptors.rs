//! Files that the MTA, cron or a shell left open are not for the programs that this one starts.

use crate::bench::{Bench, finish};
use crate::manager::shelf::{path_line, put, set_mode};
use std::fs;
use std::process::Command;

/// Starts a program with a secret as descriptor 9.
const WITH_SECRET: &str = "exec \"$0\" \"$@\" 9<secret";

/// The same on a terminal.
const ON_TERMINAL: &str = "import os, pty, sys\n\
    ended = pty.spawn(['/bin/sh', '-c', 'exec \"$0\" \"$@\" 9<secret'] + sys.argv[1:])\n\
    sys.exit(os.waitstatus_to_exitcode(ended))\n";

#[test]
fn no_program_gets_a_file_that_was_open_before() {
    // E7, T17
    let b = Bench::new();
    // Writes who it is, and what it can read.
    let probe = format!(
        "#!/bin/sh\n\
         {{ echo \"${{0##*/}} $1\"; cat <&9; }} >>{0}/asked.$$ 2>/dev/null\n\
         cat >/dev/null\n",
        b.path("").display()
    );
    let points = ["filter", "observer", "check", "timeline", "command", "job"];
    let more = "[[command]]\nname = \"spam\"\nsummary = \"x\"\n[[job]]\nname = \"j\"\nevery = \"1 h\"\n\
         [[timeline.filters]]\nname = \"x\"\nlabel = \"X\"\n";
    put(&b, "spam", &points, more, &probe);
    b.configure(&format!("{}modules = [\"spam\"]\n", path_line(&b)));
    b.sendmail(&probe);
    let edit = "echo It is mended. >>\"$1\"\n";
    for (name, first, then) in [("pager", "$1", ""), ("editor", "draft", edit)] {
        let script = probe.replace("$1", first).replace("cat >/dev/null\n", then);
        b.put(name, script.as_bytes());
        set_mode(&b.path(name), 0o755);
    }
    b.put("secret", b"secret\n");
    b.make_store();
    let run = |shell: &[&str], args: &[&str], stdin: &[u8]| {
        let mut command = Command::new(shell[0]);
        command
            .args(&shell[1..])
            .arg(crate::bench::binary())
            .args(args);
        b.as_ordinary_user(&mut command);
        command.env("PAGER", b.path("pager"));
        command.env("EDITOR", b.path("editor"));
        let ran = finish(command, stdin);
        assert_eq!(ran.status, 0, "{args:?}: {ran:?}");
        let mut asked = Vec::new();
        for entry in fs::read_dir(b.path("")).unwrap() {
            let file = entry.unwrap().path();
            if file.file_stem().unwrap() == "asked" {
                asked.extend(
                    fs::read_to_string(&file)
                        .unwrap()
                        .lines()
                        .map(str::to_owned),
                );
                fs::remove_file(file).unwrap();
            }
        }
        asked.sort();
        asked.join(", ")
    };
    let sh = ["/bin/sh", "-c", WITH_SECRET];
    let deliver = [
        "deliver",
        "-f",
        "alice@example.net",
        "-r",
        "submit@example.org",
    ];
    assert_eq!(
        run(
            &sh,
            &deliver,
            b"From: alice@example.net\nMessage-ID: <1@x>\nSubject: Hi\n\nx\n"
        ),
        "run filter, run observer, sendmail -i, sendmail -i"
    );
    assert_eq!(run(&sh, &["spam"], b""), "run command");
    assert_eq!(run(&sh, &["jobs", "run", "spam.j"], b""), "run job");
    assert_eq!(run(&sh, &["timeline"], b""), "run timeline");
    assert_eq!(
        run(&sh, &["modules", "run", "spam", "check"], b""),
        "run check"
    );
    let terminal = ["python3", "-c", ON_TERMINAL];
    assert_eq!(run(&terminal, &["show", "1"], b""), "pager ");
    let sent = "editor draft, sendmail -i";
    assert_eq!(run(&terminal, &["reply", "-e", "1"], b"y\n"), sent);
}

#[test]
fn a_module_has_a_lock_open_where_it_is_to_be_waited_for_and_nothing_else() {
    // E7, G8: though the program be killed, nobody begins anew what still runs.
    let b = Bench::new();
    let probe = "#!/bin/sh\ncat >/dev/null\nexec >\"$TICKETS_DATA/$1\"\nfor fd in /proc/$$/fd/*; do\n\
         case ${fd##*/} in [012]) ;; *) readlink \"$fd\" ;; esac\ndone\nexit 0\n";
    let points = ["filter", "observer", "check", "timeline", "job", "setup"];
    let more = "[[job]]\nname = \"j\"\nevery = \"1 h\"\n[[timeline.filters]]\nname = \"x\"\nlabel = \"X\"\n";
    b.configure(&format!("{}modules = [\"spam\"]\n", path_line(&b)));
    b.make_store();
    let locks = |serial: &str, serial_lock: &[&str]| {
        let more = format!("{serial}{more}");
        put(&b, "spam", &points, &more, probe);
        b.works("modules upgrade");
        b.file(
            "submit",
            format!(
                "From: alice@example.net\nMessage-ID: <{}@x>\nSubject: Hi\n\nx\n",
                more.len()
            ),
        );
        for line in ["jobs run spam.j", "timeline", "modules run spam check"] {
            b.works(line);
        }
        for point in points {
            let own = match point {
                "job" => Some("jobs/spam.j.lock"),
                "setup" => Some("modules/spam/setup.lock"),
                _ => None,
            };
            let want = own.iter().chain(serial_lock);
            let mut want: Vec<String> = want
                .map(|name| b.ticket(".tickets").join(name).display().to_string())
                .collect();
            let open = fs::read_to_string(b.ticket(".tickets/modules/spam/data").join(point));
            let open = open.unwrap_or_else(|e| panic!("{point}: {e}"));
            // The shell has its script open.
            let is_other = |line: &&str| !line.ends_with("/modules/spam/run");
            let mut open: Vec<&str> = open.lines().filter(is_other).collect();
            open.sort_unstable();
            want.sort();
            assert_eq!(open, want, "{point} {serial}");
        }
    };
    locks("", &[]);
    locks("serial = true\n", &["modules/spam/serial"]);
}
