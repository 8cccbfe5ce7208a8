mod quiet;

use super::*;
use crate::error;
use crate::ticket::policy::{Acknowledge, CatchAll, CloseBy, Notify, UnknownTicket};
use crate::ticket::tag;

pub(super) fn load(text: &str) -> Result<Config> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    let config = Config::load(&Overrides {
        config: Some(file),
        dir: Some(PathBuf::from("/srv/desk")),
    })?;
    // As every command but those that mail servers start.
    config.expect_alerts().map(|()| config)
}

/// The error's line with the temporary path taken out, and its hint.
pub(super) fn complaint(text: &str) -> (Status, String, Option<String>) {
    let e = load(text).expect_err("it must be refused");
    let line = error::line(&e);
    let from = line.find("config.toml").expect("the file is named");
    (error::status(&e), line[from..].to_owned(), error::hint(&e))
}

#[test]
fn defaults_are_those_of_the_contract() {
    let c = load("domain = \"example.org\"\nadmins = \"steve@example.org\"").unwrap();
    assert_eq!(c.dir, PathBuf::from("/srv/desk"));
    assert_eq!(c.addresses.submit(), "submit@example.org");
    assert_eq!(c.name, "Support");
    assert_eq!(c.admins, ["steve@example.org"]);
    assert_eq!(
        (c.notify, c.close_by),
        (Notify::Copy, CloseBy::Participants)
    );
    assert_eq!(c.unknown_ticket, UnknownTicket::Reject);
    assert_eq!(c.catch_all, CatchAll::Reject);
    assert_eq!(c.ack, Acknowledge::Except(vec![]));
    assert_eq!(c.subject_tags, [tag::DEFAULT]);
    assert_eq!((c.ack_limit, c.max_size), (5, 64 << 20));
    assert_eq!(c.keep_recent.as_secs(), 14 * 86_400);
    assert_eq!(c.sendmail, ["/usr/sbin/sendmail"]);
}

#[test]
fn every_key_is_read() {
    let c = load(concat!(
        "dir = \"/elsewhere\"\ndomain = [\"example.org\", \"example.net\"]\n",
        "submit = [\"help\", \"sales@shop.example\"]\nticket = \"help+{n}\"\nname = \"Hilfe\"\n",
        "admins = [\"steve\", \"ann@example.com\"]\nnotify = \"note\"\nack = [\"no*@x\"]\n",
        "close_by = \"admins\"\nunknown_ticket = \"open\"\ncatch_all = \"submit\"\n",
        "subject_tags = ['\\[bug(\\d+)\\]']\nack_limit = 9\nmax_size = \"1 MiB\"\n",
        "keep_recent = \"2 days\"\nsendmail = \"/opt/sendmail -oem -N never\"\n",
        "sendmail_timeout = 5\ntemplates = \"/etc/tickets\"\ngroup = \"staff\"\n",
        "authserv_id = \"mx.example.org\"\n",
        "[parts]\noff = \"stats\"\n",
    ))
    .unwrap();
    assert_eq!(c.dir, PathBuf::from("/srv/desk"), "--dir wins");
    assert_eq!(c.admins, ["steve@example.org", "ann@example.com"]);
    assert_eq!(c.sendmail, ["/opt/sendmail", "-oem", "-N", "never"]);
    assert_eq!(c.addresses.submit(), "help@example.org");
    assert_eq!((c.notify, c.close_by), (Notify::Note, CloseBy::Admins));
    assert!(!c.ack.allows("Noreply@x") && c.ack.allows("yes@x"));
    assert_eq!((c.max_size, c.ack_limit), (1 << 20, 9));
    assert_eq!(c.templates, Some(PathBuf::from("/etc/tickets")));
    assert_eq!(c.group.as_deref(), Some("staff"));
    assert_eq!(c.authserv_id.as_deref(), Some("mx.example.org"));
    assert_eq!(c.parts_off, ["stats"]);
}

#[test]
fn mistakes_name_line_and_remedy() {
    let key = |s: &str| Some(format!("the key is `{s}`"));
    for (text, want, hint) in [
        (
            "\nadmin = \"x\"",
            "config.toml:2: unknown key `admin`",
            key("admins"),
        ),
        (
            "domian = \"x\"",
            "config.toml:1: unknown key `domian`",
            key("domain"),
        ),
        (
            "zzzzzzzzz = 1",
            "config.toml:1: unknown key `zzzzzzzzz`",
            Some("`tickets init --print-config` shows every key".into()),
        ),
        (
            "[person.a]\nmail = \"a@x\"",
            "config.toml:2: unknown key `mail`",
            Some("the keys are address, sign, login, quiet, zone, holidays, digest".into()),
        ),
        (
            "[person.a]\naddress = \"a@x\"\nlog = \"/x\"",
            "config.toml:3: unknown key `log`",
            Some(
                "`log` stands above all tables, before the first line that begins with `[`; here the keys are \
                 address, sign, login, quiet, zone, holidays, digest"
                    .into(),
            ),
        ),
        (
            "[[alert]]\numleitung = \"a@x\"",
            "config.toml:1: [[alert]] number 1: unknown key `umleitung`",
            Some("the keys are to, when, events, zone, limit, from, holidays, kind".into()),
        ),
        (
            "[parts]\nstats = false",
            "config.toml:2: unknown key `stats`",
            key("off"),
        ),
        (
            "name = \"x\"\nadmins = [\n  \"a@x\",\n]\n\n admins = []",
            "config.toml:6: duplicate key `admins`, which stands in line 2, too",
            Some("one of the two has to go".into()),
        ),
        (
            "[person.a]\nlogin = \"a\"\n[person.b]\nlogin = \"b\"\n# c\nlogin = \"c\"",
            "config.toml:6: duplicate key `login`, which stands in line 4, too",
            Some("one of the two has to go".into()),
        ),
        (
            "[person.a]\nlogin = \"a\"\n[parts]\noff = []\n [person.a] # again",
            "config.toml:5: duplicate key `person.a`, which stands in line 1, too",
            Some("one of the two has to go".into()),
        ),
        (
            "name = \"x\"\n\"name\" = \"y\"",
            "config.toml:2: duplicate key",
            None,
        ),
        (
            "# c\nack_limit = \"many\"",
            "config.toml:2: ack_limit: expected a whole number from 0 to 4294967295, not string \"many\"",
            None,
        ),
        (
            "ack_total = -1",
            "config.toml:1: ack_total: expected a whole number from 0 to 4294967295, not integer `-1`",
            None,
        ),
        (
            "notify_line = \"yes\"",
            "config.toml:1: notify_line: expected true or false, not string \"yes\"",
            None,
        ),
        (
            "reply_to = \"author\"",
            "config.toml:1: reply_to: expected `ticket` or `both`, not `author`",
            None,
        ),
        (
            "admins = [\n  7,\n]",
            "config.toml:2: expected a string, not integer `7`",
            None,
        ),
        (
            "parts = \"stats\"",
            "config.toml:1: parts: expected a table, not string \"stats\"",
            None,
        ),
        (
            "[parts]\noff = 1",
            "config.toml:2: off: expected a string or a list of strings, not integer `1`",
            None,
        ),
        (
            "max_size = lots",
            "config.toml:1: expected a value; text stands in quotes",
            None,
        ),
        (
            "max_size = \"big\"",
            "config.toml:1: \"big\" is not a size such as \"64 MiB\"",
            None,
        ),
    ] {
        let got = complaint(text);
        assert_eq!(got, (Status::Config, want.to_owned(), hint), "{text}");
    }
    let (_, line, _) = complaint("sendmail = \"sendmail\"");
    assert!(
        line.contains("sendmail: expected an absolute path"),
        "{line}"
    );
    let (_, line, _) = complaint("authserv_id = \"mx; dkim=pass\"");
    assert!(
        line.contains("authserv_id: \"mx; dkim=pass\" is not the name of a mail server"),
        "{line}"
    );
    let (_, line, _) = complaint("spam_header = [\"X-Spam-Flag\", \"X Spam\"]");
    assert!(
        line.contains("spam_header: \"X Spam\" is not the name of a header field"),
        "{line}"
    );
    let (_, line, _) = complaint("ticket = \"ticket\"");
    assert!(
        line.contains("ticket: \"ticket\" is not a template"),
        "{line}"
    );
    let (_, line, _) = complaint("domain = \"x.org\"\nadmins = \"submit@x.org\"");
    assert!(
        line.contains("admins: submit@x.org is an address of the desk"),
        "{line}"
    );
}

// F, G3: a list and tables have almost the same name
#[test]
fn whoever_mixes_up_modules_and_module_is_told_the_right_one() {
    let table = |line, name: &str| {
        format!("config.toml:{line}: the table of a module is called `[module.{name}]`")
    };
    let list = |line| format!("config.toml:{line}: the list of modules is called `modules`");
    let both = "modules = [\"route\"]\n# c\n";
    for (text, want) in [
        (format!("{both}[modules.route]\nx = 1"), table(3, "route")),
        ("[modules.route]\nx = 1".into(), table(1, "route")),
        (format!("{both}[[modules.route]]\nx = 1"), table(3, "route")),
        (format!("{both}[[module.route]]\nx = 1"), table(3, "route")),
        (format!("{both}[modules]\nx = 1"), table(3, "NAME")),
        (
            format!("{both}[[modules]]\nname = \"route\""),
            table(3, "NAME"),
        ),
        (format!("{both}[module]\nx = 1"), table(3, "NAME")),
        (format!("{both}[[module]]\nx = 1"), table(3, "NAME")),
        ("modules.route.x = 1".into(), table(1, "route")),
        (format!("{both}modules.route.x = 1"), table(3, "route")),
        ("module = [\"route\"]".into(), list(1)),
        ("\nmodule = \"route\"".into(), list(2)),
        (
            "module = [\n \"route\"\n]\n[module.route]\nx = 1".into(),
            list(1),
        ),
        // Another mistake is another mistake, and a list below a module is the module's.
        (
            format!("{both}[module.a]\nmodules = []\n[person.b]\nlog = 1"),
            "config.toml:6: unknown key `log`".into(),
        ),
    ] {
        let (status, line, _) = complaint(&text);
        assert_eq!((status, line), (Status::Config, want), "{text}");
    }
    for text in [
        "[module]\nroute = { x = 1 }",
        "module = { route = { x = 1 } }",
    ] {
        assert!(load(text).is_ok(), "{text}");
    }
}

// F, C1: what no sendmail could be told is a mistake, and not a mail that nobody gets.
#[test]
fn an_admin_has_an_address() {
    let config = |key: &str, address: &str| {
        // Its escapes are those of TOML.
        let value = serde_json::Value::from(address);
        format!("domain = \"x.org\"\n{key} = {value}\n")
    };
    for good in [
        "steve",
        "o'neil+tag@d.example",
        "\"st eve\\\"\"@d.example",
        "a@[192.0.2.1]",
        "a@localhost",
        "_a@b_c.example",
        "j\u{fc}rg@b\u{fc}cher.example",
    ] {
        let c = load(&config("admins", good)).unwrap();
        assert!(c.admins[0].starts_with(good), "{good}");
    }
    for bad in [
        "",
        "@d.example",
        "a@",
        "a b@d.example",
        "a\"b\nc@x.org",
        "a b\nBcc: evil@x.net@y.org",
        "-oX",
        "-oX@d.example",
        ".a@d.example",
        "a.@d.example",
        "a..b",
        "a@b@d.example",
        "a@d..example",
        "a@.d.example",
        "a@-d.example",
        "a@d.example, b@d.example",
        "Ann <a@d.example>",
        "\"a@d.example",
        "\"a\"b\"@d.example",
        "a\u{202e}b@d.example",
        "a@d e.example",
        "a@[192.0.2.1",
        "a@[]",
        "a@xn--a.example",
    ] {
        let (status, line, hint) = complaint(&config("admins", bad));
        let want = format!("config.toml: admins: {bad:?} is not an address");
        assert_eq!((status, line), (Status::Config, error::harmless(&want)));
        assert_eq!(
            hint.as_deref(),
            Some("for example: admins = \"you@example.org\"")
        );
    }
    let (_, line, _) = complaint("domain = \"x.org\"\n[person.c]\naddress = [\"c\", \"a b\"]");
    assert_eq!(line, "config.toml: person.c: \"a b\" is not an address");
}

#[test]
fn the_commented_file_has_every_key_with_its_default() {
    const FILE: &str = include_str!("../../contrib/config.toml");
    let keys: Vec<&str> = FILE
        .lines()
        .filter_map(|l| l.strip_prefix('#')?.split_once(" = "))
        .map(|(key, _)| key)
        .filter(|key| !key.contains(' '))
        .collect();
    // The keys of a table stand below its name.
    let (_, below) = FILE.split_once("\n#[parts]\n").unwrap();
    let of_table = |key: &&str| below.contains(&format!("#{key} = "));
    let (below, keys): (Vec<&str>, Vec<&str>) = keys.into_iter().partition(of_table);
    let of_alerts = [
        "to", "events", "when", "zone", "holidays", "limit", "from", "kind",
    ];
    let of_jobs = [
        "run", "every", "timeout", "run", "at", "zone", "missed", "late", "jitter", "enabled",
        "run", "at",
    ];
    let wanted = [
        &[
            "off", "address", "sign", "login", "quiet", "zone", "holidays", "digest",
        ][..],
        &of_alerts,
        &["on_failure"],
        &of_jobs,
    ];
    assert_eq!(below, wanted.concat());
    let tables = vec!["alert", "job", "module", "parts", "person"];
    // serde names them all.
    let all = toml::from_str::<Keys>("x = 1").unwrap_err();
    let mut all: Vec<&str> = all.message().split('`').skip(3).step_by(2).collect();
    all.sort_unstable();
    let mut sorted = [keys.clone(), tables].concat();
    sorted.sort_unstable();
    assert_eq!(sorted, all);
    // Those without a default of their own stay comments.
    let stays = [
        "#dir",
        "#address_secret",
        "#authserv_id",
        "#templates",
        "#group",
        "#shared_store",
        "#modules_path",
        "#ping_token_file",
    ];
    let on = |line: &str| match line.strip_prefix('#') {
        Some(table @ ("[parts]" | "off = []")) => format!("{table}\n"),
        Some(rest)
            if keys.iter().any(|k| rest.starts_with(&format!("{k} = ")))
                && !stays.iter().any(|s| line.starts_with(s)) =>
        {
            format!("{rest}\n")
        }
        _ => format!("{line}\n"),
    };
    let text: String = FILE.lines().map(on).collect();
    let bare = "domain = \"example.org\"\nadmins = \"steve@example.org\"";
    // The two lie in different files.
    let show = |c: Config| {
        let (file, overrides) = (None, Overrides::default());
        format!(
            "{:?}",
            Config {
                file,
                overrides,
                ..c
            }
        )
    };
    assert_eq!(show(load(&text).unwrap()), show(load(bare).unwrap()));
}
