//! What stands on the command line before anything else is known.

use crate::bench::{Bench, binary, finish};
use std::fs;
use std::process::Command;

const MAIL: &[u8] = b"From: alice@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n";

// A3: a wrong option makes mail wait, wherever it stands.
#[test]
fn a_line_that_may_be_a_delivery_never_bounces_mail() {
    let b = Bench::new();
    for line in [
        "--dir deliver -r submit@example.org",
        "--config deliver -r submit@example.org",
        "--config config.toml --dir deliver -f a@x.net -r submit@example.org",
        "-f list deliver -r submit@example.org",
        "-f stats deliver -r submit@example.org",
        "--sender list --recipient submit@example.org deliver",
        "--log check deliver",
        "foo deliver",
        "--foo deliver",
        "--dir= deliver",
        "deliver --foo",
    ] {
        let ran = b.run(&line.split(' ').collect::<Vec<_>>(), MAIL);
        assert_eq!((ran.status, ran.stdout.as_str()), (75, ""), "{line}");
        assert!(ran.stderr.starts_with("tickets: "), "{line}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{line}: {ran:?}");
    }
    assert!(!b.ticket("").exists());
    assert_eq!(b.take_sent_in_short(), [""; 0]);
}

// E4
#[test]
fn another_command_is_none() {
    let b = Bench::new();
    b.run(&["search", "deliver", "--bogus"], b"").is(
        64,
        "",
        "tickets: unexpected argument '--bogus' found\n\
         hint: to pass '--bogus' as a value, use '-- --bogus'\n",
    );
    b.run(&["--dir", "x", "close", "deliver"], b"").is(
        64,
        "",
        "tickets: invalid value 'deliver' for '<TICKET>...': a ticket is a number from 1 to \
         999999999, without leading zeros\nhint: `tickets close --help` shows its options\n",
    );
}

// E3, G2: what is read twice from a pipe is empty the second time, and another desk is meant.
#[test]
fn a_configuration_that_can_be_read_once_is_read_once() {
    let b = Bench::new();
    b.file(
        "submit",
        "From: alice@example.net\nSubject: Printer\n\nHelp\n",
    );
    let config = fs::read(b.path("config.toml")).unwrap();
    let made = Command::new("mkfifo").arg(b.path("pipe")).status();
    assert!(made.unwrap().success());
    let pipe = b.path("pipe");
    // Whoever opens it a second time would wait for ever.
    let run = |config: &[u8], line: &str| {
        let mut command = Command::new("timeout");
        command.arg("60").arg(binary()).args(["--config", "pipe"]);
        command.args(line.split(' '));
        b.as_ordinary_user(&mut command);
        let (pipe, config) = (pipe.clone(), config.to_owned());
        let writer = std::thread::spawn(move || fs::write(pipe, config));
        let ran = finish(command, b"");
        writer.join().unwrap().unwrap();
        ran
    };
    let from_a_pipe = |line: &str| run(&config, line);
    from_a_pipe("list -q").is(0, "1\n", "");
    from_a_pipe("verify ticket-1@example.org").is(0, "", "");
    from_a_pipe("close 1").is(0, "closed 1  Printer\n", "");
    assert_eq!(b.names(), ["archived/1"]);
    let off = [&config[..], b"[parts]\noff = [\"stats\"]\n"].concat();
    let pipe = b.path("pipe").display().to_string();
    run(&off, "stats").is(
        64,
        "",
        &format!(
            "tickets: unrecognized subcommand 'stats'\n\
             hint: the part stats is switched off: `tickets --config {pipe} modules`\n"
        ),
    );
    // Nobody writes to it now, and nobody has to.
    b.works("--config pipe --help");
    b.works("--config pipe --version");
}

// E4
#[test]
fn help_is_a_word_too() {
    let b = Bench::new();
    let said = |line: &str| b.run(&line.split(' ').collect::<Vec<_>>(), b"");
    for (words, option) in [
        ("help", "--help"),
        ("help close", "close --help"),
        ("--dir nowhere help close", "close --help"),
        // No mail waits for it.
        ("help deliver", "deliver --help"),
        ("help close 12", "close --help"),
    ] {
        let (words, option) = (said(words), said(option));
        assert_eq!((option.status, &*option.stderr), (0, ""));
        assert_eq!(words, option);
    }
    said("help nonsense").is(
        64,
        "",
        "tickets: unrecognized subcommand 'nonsense'\nhint: `tickets --help` shows the commands\n",
    );
}

// C9, G2: a mistake about parts keeps no mail waiting.
#[test]
fn mail_goes_out_whatever_is_to_be_off() {
    let b = Bench::with("[parts]\noff = [\"bogus\"]\n");
    b.sendmail("exit 75");
    b.file(
        "submit",
        "From: alice@example.net\nSubject: Printer\n\nHelp\n",
    );
    b.mend_sendmail();
    b.says("flush", "2 sent, 0 waiting\n");
    assert_eq!(b.outbox(), [""; 0]);
}

/// What would do harm on a terminal: controls of both kinds, a change of direction, what nobody sees.
const HARM: &str = "a\u{1b}]0;x\u{7}\u{9b}31m\u{202e}b\u{feff}\r\n\u{7f}hint: `id`";

/// Looks for what HARM has done to an output.
#[track_caller]
fn is_harmless(text: &str, lines: usize) {
    let odd = |c: &char| *c != '\n' && (c.is_control() || "\u{202e}\u{feff}".contains(*c));
    assert_eq!(text.chars().find(odd), None, "{text:?}");
    assert_eq!(text.lines().count(), lines, "{text:?}");
}

// E4: errors and hints repeat what was typed, and names of files.
#[test]
fn what_was_typed_does_no_harm() {
    // T11
    let b = Bench::new();
    b.file(
        "submit",
        "From: a@example.net\nSubject: x\nMessage-ID: <1@x>\n\nx\n",
    );
    b.put(&format!("{HARM}.toml").replace('/', "_"), b"dir = 1\n");
    let file = format!("{HARM}.toml");
    let long = format!("--{HARM}");
    let table: &[(&[&str], i32)] = &[
        (&[HARM], 64),
        (&[&long], 64),
        (&["list", &long], 64),
        (&["list", "--since", HARM], 64),
        (&["search", &long], 64),
        (&["show", HARM], 64),
        (&["show", "1", "--part", HARM], 64),
        (&["man", HARM], 64),
        (&["completions", HARM], 64),
        (&["timeline", "--kind", HARM], 64),
        (&["import", HARM], 66),
        (&["export", "--mbox", &format!("{HARM}/x/y")], 64),
        (&["--config", HARM, "list"], 78),
        (&["--config", &file, "list"], 78),
        (&["--dir", HARM, "show", "1"], 66),
        (&["init", "--domain", HARM], 64),
    ];
    for (args, status) in table {
        let ran = b.run(args, b"");
        assert_eq!(ran.status, *status, "{args:?}: {ran:?}");
        is_harmless(&ran.stdout, ran.stdout.lines().count());
        let lines = 1 + usize::from(ran.stderr.contains("\nhint: "));
        is_harmless(&ran.stderr, lines);
        assert!(ran.stderr.starts_with("tickets: "), "{ran:?}");
    }
    // The log of an MTA gets one line.
    let ran = b.run(&["deliver", &long], MAIL);
    assert_eq!((ran.status, ran.stdout.as_str()), (75, ""));
    is_harmless(&ran.stderr, 1);
    // And what the other side reads in its bounce is one line (A3).
    let recipient = format!("ticket-99-{HARM}@example.org");
    for recipient in [recipient.as_str(), HARM] {
        let ran = b.run(&["deliver", "-r", recipient], MAIL);
        assert_eq!((ran.status, ran.stderr.as_str()), (67, ""), "{ran:?}");
        is_harmless(&ran.stdout, 1);
        assert!(ran.stdout.starts_with("5.1.1 "), "{ran:?}");
        let ran = b.run(&["verify", recipient], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (67, ""), "{ran:?}");
        is_harmless(&ran.stdout, 1);
    }
    // `check` shows what stands in somebody's configuration.
    let odd = "\nname = \"\u{202e}x\u{9b}31m\"\n";
    let harm = serde_json::Value::from(HARM).to_string();
    let harm = harm.replace('\u{7f}', "\\u007f");
    b.configure(&format!("{odd}templates = {harm}\n"));
    let ran = b.run(&["check"], b"");
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.contains("mend: mkdir -p 'a"), "{}", ran.stdout);
    is_harmless(&ran.stdout, ran.stdout.lines().count());
}

// E4: a command in a hint can be pasted.
#[test]
fn a_command_in_a_hint_names_what_was_meant() {
    let b = Bench::new();
    for name in [
        "it's",
        "a b",
        "$(touch pwned)",
        "`touch pwned`",
        "x; touch pwned",
        "-x",
        "a'; touch pwned; '",
        "~",
        "\\",
        "!x",
        "*",
        "plain",
    ] {
        let config = format!("{name}/desk.toml");
        let ran = b.run(&[&format!("--config={config}"), "list"], b"");
        assert_eq!((ran.status, ran.stdout.as_str()), (78, ""), "{name}");
        let hint = ran.stderr.lines().nth(1).unwrap();
        let command = hint.strip_prefix("hint: `").unwrap();
        let command = command.strip_suffix("` writes one").unwrap();
        let mut shell = Command::new("sh");
        b.as_ordinary_user(&mut shell);
        shell.args([
            "-c",
            &format!("tickets() {{ printf '%s|' \"$@\"; }}; {command}"),
        ]);
        let want = config.replace("-x/", "./-x/");
        finish(shell, b"").is(0, &format!("--config|{want}|init|"), "");
    }
    assert!(!b.path("pwned").exists());
    // A tip that repeats a word in quotes is given only where these quote it.
    let ran = b.run(&["search", "--x'; touch pwned; '"], b"");
    let hint = "hint: `tickets search --help` shows its options";
    assert_eq!(
        (ran.status, ran.stderr.lines().nth(1)),
        (64, Some(hint)),
        "{ran:?}"
    );
}

// G3, I1: what is broken into lines in the source is not broken again
#[test]
fn no_line_of_a_help_text_is_broken_twice() {
    let b = Bench::new();
    for line in ["modules", "modules run", "jobs", "ping", "list"] {
        let words: Vec<&str> = line.split(' ').chain(["--help"]).collect();
        let help = b.run(&words, b"");
        assert_eq!((help.status, help.stderr.as_str()), (0, ""), "{help:?}");
        let (text, _) = help.stdout.split_once("\nUsage: ").unwrap();
        for paragraph in text.split("\n\n").filter(|it| !it.starts_with(' ')) {
            let lines: Vec<&str> = paragraph.lines().collect();
            for two in lines.windows(2) {
                let next = two[1].split(' ').next().unwrap_or_default();
                let room = two[0].len() + 1 + next.len();
                assert!(room > 70, "{line}: {:?} and {:?}", two[0], two[1]);
            }
        }
    }
}

// E4: the word that is wrong is mended, whatever follows it
#[test]
fn a_word_behind_a_mistyped_one_is_no_command() {
    let b = Bench::with("[parts]\noff = [\"stats\"]\n");
    let similar = |right: &str| format!("a similar subcommand exists: '{right}'");
    let commands = || "`tickets --help` shows the commands".to_owned();
    for (line, wrong, want) in [
        ("module check virus", "module", similar("modules")),
        ("job run flush", "job", similar("jobs")),
        ("quarantin show x", "quarantin", similar("quarantine")),
        ("foo check", "foo", commands()),
        ("foo modules run", "foo", commands()),
        ("foo stats", "foo", commands()),
        ("foo spam 3", "foo", commands()),
        ("--config config.toml foo check", "foo", commands()),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let said = format!("tickets: unrecognized subcommand '{wrong}'\nhint: {want}\n");
        b.run(&words, b"").is(64, "", &said);
    }
    b.run(&["--config", "check"], b"").is(
        64,
        "",
        "tickets: no command is given\nhint: `tickets --help` shows the commands\n",
    );
}

// E4: the hint leads to the command that was typed
#[test]
fn a_hint_names_the_whole_command() {
    let b = Bench::new();
    for (line, want) in [
        ("modules new", "modules new"),
        ("modules run hello", "modules run"),
        ("modules --bogus", "modules"),
        ("jobs pause", "jobs pause"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let ran = b.run(&words, b"");
        assert_eq!((ran.status, ran.stdout.as_str()), (64, ""), "{ran:?}");
        let hint = format!("\nhint: `tickets {want} --help` shows its options\n");
        assert!(ran.stderr.ends_with(&hint), "{ran:?}");
    }
    // Of commands that have commands, those are named.
    let modules = "`tickets modules` lists what there is; its commands are enable, disable, upgrade, new, run, check";
    for (line, want) in [
        ("modules list", modules),
        ("modules status", modules),
        ("modules enabel x", "is `tickets modules enable` meant?"),
        ("jobs lgo", "is `tickets jobs log` meant?"),
        (
            "jobs status",
            "`tickets jobs` lists what there is; its commands are run, pause, resume, log",
        ),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let wrong = words[1];
        let said = format!("tickets: unrecognized subcommand '{wrong}'\nhint: {want}\n");
        b.run(&words, b"").is(64, "", &said);
    }
}
