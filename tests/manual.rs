//! `tickets man` and `tickets completions`.

use super::bench::Bench;

#[test]
fn every_command_has_a_manual_page() {
    let b = Bench::new();
    let help = b.run(&["--help"], b"");
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    let commands = help.stdout.split("Commands:\n").nth(1).unwrap();
    let commands = commands.lines().take_while(|l| !l.is_empty());
    let mut seen = 0;
    for name in commands.filter_map(|l| l.strip_prefix("  ")?.split(' ').next()) {
        if name.is_empty() {
            continue;
        }
        let page = b.run(&["man", name], b"");
        assert_eq!((page.status, page.stderr.as_str()), (0, ""), "{name}");
        assert!(
            page.stdout.contains(&format!("\n.TH tickets-{name} 1 ")),
            "{name}: {}",
            page.stdout
        );
        seen += 1;
    }
    assert!(seen > 10, "{}", help.stdout);
    let page = b.run(&["man"], b"");
    assert_eq!((page.status, page.stderr.as_str()), (0, ""));
    assert!(page.stdout.contains("\n.TH tickets 1 "), "{}", page.stdout);
    b.run(&["man", "delivr"], b"").is(
        64,
        "",
        "tickets: no command \"delivr\"\nhint: `tickets --help` shows the commands\n",
    );
}

#[test]
fn shells_complete_the_commands() {
    let b = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = b.run(&["completions", shell], b"");
        assert_eq!((script.status, script.stderr.as_str()), (0, ""), "{shell}");
        assert!(script.stdout.contains("reopen"), "{shell}");
    }
    b.run(&["completions", "basch"], b"").is(
        64,
        "",
        "tickets: invalid value 'basch' for '<SHELL>'\nhint: one of bash, elvish, fish, powershell, zsh\n",
    );
}

#[test]
fn a_commands_own_options_come_first() {
    let help = Bench::new().run(&["list", "--help"], b"");
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    let options = help.stdout.split("Options:\n").nth(1).unwrap();
    let names = options.lines().filter_map(|l| {
        let (_, name) = l.split_at_checked(6)?;
        name.strip_prefix("--")?.split(' ').next()
    });
    assert_eq!(
        names.collect::<Vec<_>>().join(" "),
        "closed all from since waiting json quiet sort reverse config dir help"
    );
}

#[test]
fn mistyped_options_are_explained() {
    let b = Bench::new();
    let config = b.path("config.toml").display().to_string();
    for (args, want) in [
        (
            &["shwo", "1"][..],
            "unrecognized subcommand 'shwo'\nhint: a similar subcommand exists: 'show'\n",
        ),
        (
            &["--config", &config, "show"],
            "the following required arguments were not provided: <TICKET>\n\
             hint: `tickets show --help` shows its options\n",
        ),
        (
            &["show", "twelve"],
            "invalid value 'twelve' for '<TICKET>': a ticket is a number from 1 to \
             999999999, without leading zeros\n\
             hint: `tickets show --help` shows its options\n",
        ),
        (
            &["list", "--sort", "foo"],
            "invalid value 'foo' for '--sort <KEY>'\nhint: one of active, opened, number, messages, from, subject\n",
        ),
        (
            &[],
            "no command is given\nhint: `tickets --help` shows the commands\n",
        ),
        (
            &["show", "12", "--rwa"],
            "unexpected argument '--rwa' found\nhint: `tickets show --help` shows its options\n",
        ),
        (
            &["search", "--toner"],
            "unexpected argument '--toner' found\n\
             hint: to pass '--toner' as a value, use '-- --toner'\n",
        ),
        (
            &["nonsense"],
            "unrecognized subcommand 'nonsense'\nhint: `tickets --help` shows the commands\n",
        ),
    ] {
        b.run(args, b"").is(64, "", &format!("tickets: {want}"));
    }
}
