//! What the modules of contrib say of settings that nobody knows, and of what they cannot reach.

use super::{free_port, git, server, with_module};
use crate::bench::Bench;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_setting_that_nobody_knows_is_named_and_keeps_no_module_from_being_switched_on() {
    // G3
    let bench = Bench::new();
    bench.make_store();
    bench.make_dir("work");
    git(&bench, "work", &["init", "--quiet"]);
    let work = bench.path("work");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = server(listener, &[200]);
    for (module, settings, what, mend) in [
        (
            "git",
            format!("repository = {work:?}\nurll = \"x\""),
            "urll is no setting",
            "the settings are repository, url",
        ),
        (
            "ntfy",
            format!("url = \"http://127.0.0.1:{port}\"\ntopic = \"x\"\ntokn_file = \"/x\""),
            "tokn_file is no setting",
            "the settings are url, topic, token_file, priority",
        ),
    ] {
        with_module(&bench, module, &settings);
        let config = fs::read_to_string(bench.path("config.toml")).unwrap();
        let off = config.replace(&format!("modules = [{module:?}]"), "modules = []");
        bench.put("config.toml", off.as_bytes());
        let enabled = bench.run(&["modules", "enable", module], b"");
        assert!(
            enabled.status == 0
                && enabled.stderr == format!("tickets: module {module}: {what} ({mend})\n"),
            "{enabled:?}"
        );
    }
    served.join().unwrap();
    // Without its service, what is odd is named as well.
    let port = free_port();
    let settings = format!("port = {port}\nquarantin = 3.0\nquiet = 9.0\n");
    with_module(&bench, "spamassassin", &settings);
    let odd = [
        (
            "quarantin is no setting",
            "the settings are host, port, quarantine, quiet, max_size",
        ),
        (
            "quiet is 9.0 and quarantine 8.0, so that no mail is only quiet",
            "set quiet below quarantine",
        ),
    ];
    let checked = bench.run(&["check"], b"");
    let tried = bench.run(&["modules", "check", "spamassassin"], b"");
    for (what, mend) in odd {
        let warned = format!("module spamassassin: {what}\n");
        let remarked = format!("\n{what} ({mend})\n");
        assert!(
            checked.stdout.contains(&warned) && checked.stdout.contains(mend),
            "{checked:?}"
        );
        assert!(tried.stdout.contains(&remarked), "{tried:?}");
    }
}

#[test]
fn what_the_ntfy_server_answers_is_said() {
    // G3
    let bench = Bench::new();
    bench.make_store();
    for (status, mend) in [
        (
            &[501][..],
            "url in [module.ntfy] has to be that of an ntfy server",
        ),
        (
            &[403],
            "token_file in [module.ntfy] has to hold a token that the server knows",
        ),
    ] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let settings = format!("url = \"http://127.0.0.1:{port}\"\ntopic = \"x\"\n");
        with_module(&bench, "ntfy", &settings);
        let served = server(listener, status);
        let text = format!("module ntfy: the ntfy server answers {} x", status[0]);
        let enabled = bench.run(&["modules", "enable", "ntfy"], b"");
        enabled.is(75, "", &format!("tickets: {text}\nhint: {mend}\n"));
        served.join().unwrap();
    }
}

#[test]
fn a_git_repository_that_may_not_be_entered_is_named_and_one_without_a_remote_fetches_nothing() {
    // G3
    let bench = Bench::new();
    bench.make_store();
    bench.make_dir("work");
    git(&bench, "work", &["init", "--quiet"]);
    let work = bench.path("work");
    with_module(&bench, "git", &format!("repository = {work:?}\n"));
    let ran = bench.run(&["jobs", "run", "git.fetch"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let logged = bench.run(&["jobs", "log", "git.fetch"], b"");
    assert!(
        logged
            .stdout
            .contains("there is no remote, so nothing to fetch"),
        "{logged:?}"
    );
    for place in [&work, &work.join(".git")] {
        let mode = fs::metadata(place).unwrap().permissions();
        fs::set_permissions(place, fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!("module git: may not enter {}", place.display());
        bench.run(&["modules", "enable", "git"], b"").is(
            75,
            "",
            &format!("tickets: {text}\nhint: the desk's user has to be allowed to read it\n"),
        );
        fs::set_permissions(place, mode).unwrap();
    }
}
