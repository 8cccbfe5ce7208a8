//! `tickets check` on a machine with a mail server on port 25 that somebody has broken (E3).
//!
//! Each machine has its own files and its own network, in which it has an address that is not the loopback's.

use crate::postfix_site::{PUT_OVER, UNPACKED};
use crate::site::{PATH, USER, lay_out, may_run, missing};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// An address of examples, by which the machine reaches itself as another machine would.
const NETWORK: &str = r#"
    ip link set lo up
    ip address add 198.51.100.7/32 dev lo
    ip route add default dev lo src 198.51.100.7
    echo nameserver 127.0.0.1 >resolv.conf
    mount --bind resolv.conf /etc/resolv.conf
"#;

/// Debian's Exim, as its package asks for a mail server on the Internet.
const EXIM: &str = r#"
    cp -a /etc/exim4 etc
    chown Debian-exim spool log
    mount --bind etc /etc/exim4
    mount --bind lib /var/lib/exim4
    mount --bind spool /var/spool/exim4
    mount --bind log /var/log/exim4
    mount --bind bin /usr/local/bin
    mount --bind mailname /etc/mailname
    mount --bind home "$2"
    echo 'root: /dev/null' >aliases
    mount --bind aliases /etc/aliases
"#;

/// `settings KIND INTERFACES SPLIT DOMAIN`, and the life of Exim.
const EXIM_COMMANDS: &str = r#"
    settings() {
        printf "dc_eximconfig_configtype='%s'\ndc_local_interfaces='%s'\ndc_use_split_config='%s'\n" "$1" "$2" "$3"
        printf "dc_other_hostnames='%s'\ndc_localdelivery='mail_spool'\n" "$4"
    } >/etc/exim4/update-exim4.conf.conf
    stop() {
        [ -s exim.pid ] || return 0
        pid=$(cat exim.pid)
        kill "$pid"
        while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
        rm -f exim.pid
    }
    start() {
        exim4 -bd -oP "$PWD/exim.pid"
        until [ -s exim.pid ]; do sleep 0.02; done
    }
    restart() { update-exim4.conf; stop; start; }
    pieces() { desk tickets init --exim | sh -s -- "$@"; }
"#;

/// Debian's Postfix, with the mailboxes of nobody else.
const POSTFIX_FILES: &str = r#"
    cp resolv.conf /etc/resolv.conf
    rm -rf /etc/exim4
    echo 'root: /dev/null' >/etc/aliases
    postconf -e myhostname=mail.example.org mydestination=example.org,localhost inet_interfaces=all \
        inet_protocols=ipv4 smtpd_peername_lookup=no alias_maps=hash:/etc/aliases \
        alias_database=hash:/etc/aliases maillog_file=/var/log/mail.log default_transport=error:nothing-leaves
    newaliases
"#;

const POSTFIX_COMMANDS: &str = r#"
    stop() { postfix stop || true; }
    start() { postfix start; }
    restart() { stop; start; }
    pieces() { desk tickets init --postfix | sh -s -- "$@"; }
"#;

/// For both: `desk` runs a command as the desk's user.
const DESK: &str = r#"
    desk() {
        setpriv --init-groups --reset-env --reuid tickets --regid tickets env PATH="$PATH" LANG=C.UTF-8 "$@"
    }
"#;

/// A machine; it ends with the value.
struct Machine {
    holder: Child,
    root: tempfile::TempDir,
    commands: &'static str,
}

impl Machine {
    fn start(files: &str, commands: &'static str) -> Machine {
        let (root, _) = lay_out();
        // The machine has no mailbox for anybody else.
        let config = root.path().join("home/.config/tickets/config.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, text.replace("steve@", "root@")).unwrap();
        let log = fs::File::create(root.path().join("start.log")).unwrap();
        let home = format!("$(getent passwd {USER} | cut -d: -f6)");
        let script = format!(
            "cd \"$1\"\nset -- \"$1\" \"{home}\"\n{{ {NETWORK}\nunpacked={UNPACKED}\n{files}\n}} >&2\necho ready\nexec sleep infinity"
        );
        let mut holder = Command::new("unshare")
            .env("PATH", PATH)
            .args(["--mount", "--net", "--propagation", "private", "sh", "-euc"])
            .args([&script, "sh"])
            .arg(root.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = holder.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let machine = Machine {
            holder,
            root,
            commands,
        };
        assert_eq!(line, "ready\n", "{}", machine.log());
        machine
    }

    /// Runs a script as root.
    fn run(&self, script: &str) -> std::process::Output {
        let script = format!("cd \"$1\"\n{DESK}\n{}\n{script}", self.commands);
        let mut command = Command::new("nsenter");
        command.env("PATH", PATH);
        command
            .args(["--mount", "--net", "--target"])
            .arg(self.holder.id().to_string())
            .args(["--", "sh", "-euc", &script, "sh"])
            .arg(self.root.path());
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a script that does something to the machine. What it starts must not hold our pipes.
    fn does(&self, script: &str) {
        let log = self.root.path().join("start.log");
        let ran = self.run(&format!("{{ {script}\n}} >>{0} 2>&1", log.display()));
        assert!(ran.status.success(), "{script}: {}", self.log());
    }

    /// What `tickets check` says that is not well, and its status. What needs an administrator is left out.
    fn check(&self, options: &str) -> (Vec<String>, Option<i32>) {
        let ran = self.run(&format!("desk tickets check {options}"));
        assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        let found = text.split("\n\n").next().unwrap();
        let lines = found.lines().filter(|line| !line.starts_with("ok  "));
        let lines = lines.filter(|line| {
            *line != "      look: sudo tickets check"
                && !line.starts_with("note  Exim: its queue")
                && !line.starts_with("note  log: no syslog")
        });
        (lines.map(str::to_owned).collect(), ran.status.code())
    }

    /// Breaks the machine, and looks what `check` says: a fault, or nothing.
    #[track_caller]
    fn when(&self, broken: &str, want: &[&str]) {
        self.does(broken);
        let status = match want {
            [] => 0,
            [first, ..] if first.starts_with("warn") => 1,
            _ => 2,
        };
        let want = (
            want.iter().map(|it| (*it).to_owned()).collect(),
            Some(status),
        );
        assert_eq!(self.check(""), want, "{broken}\n{}", self.log());
    }

    fn log(&self) -> String {
        let read = |name: &str| fs::read(self.root.path().join(name)).unwrap_or_default();
        let logs = ["start.log", "log/mainlog", "log/mail.log"].map(read);
        String::from_utf8_lossy(&logs.concat()).into_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.run("stop >/dev/null 2>&1");
        // It was not waited for, so the pid is still its own.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn may_start(programs: &[&str], unpacked: Option<&str>) -> bool {
    let there = |dir: &str| (!Path::new(dir).exists()).then(|| format!("{dir} is missing"));
    let programs = [programs, &["ip"]].concat();
    may_run(missing(&programs).or_else(|| unpacked.and_then(there)))
}

/// A ticket, and a mail that must come back.
fn is_sound(machine: &Machine) {
    machine.does("printf 'From: a@b.example\\nMessage-ID: <1@x>\\n\\nx\\n' | desk tickets deliver submit@example.org");
    machine.does("desk tickets flush || true; rm -rf home/tickets/.tickets/outbox/new/*");
    machine.when("true", &[]);
    assert_eq!(
        machine.check("--send"),
        (vec![], Some(0)),
        "{}",
        machine.log()
    );
    let store = machine.root.path().join("home/tickets");
    assert_eq!(
        fs::read_dir(store.join(".tickets/check")).unwrap().count(),
        0
    );
    let names = |it: fs::DirEntry| it.file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(&store)
        .unwrap()
        .map(|it| names(it.unwrap()))
        .collect();
    names.sort();
    assert_eq!(names, [".tickets", "1", "archived"]);
}

// E3
#[test]
fn exim_that_is_broken() {
    if !may_start(&["exim4", "update-exim4.conf"], None) {
        return;
    }
    const INIT: &str = "      mend: tickets init --exim | sudo sh";
    const REMAKE: &str = "      mend: sudo update-exim4.conf && sudo service exim4 reload";
    let unknown = "FAIL  Exim: it does not know submit@example.org";
    let m = Machine::start(EXIM, EXIM_COMMANDS);
    m.does("settings internet '' false example.org; pieces; restart");
    is_sound(&m);
    let config = format!("{}/.config/tickets/config.toml", home(&m));
    m.when(
        "stop",
        &[
            "FAIL  Exim: it does not run: [::1]:25: Connection refused (os error 111)",
            "      mend: sudo service exim4 start",
        ],
    );
    m.when("pieces --undo; restart", &[unknown, INIT]);
    m.when(
        "pieces",
        &[
            "FAIL  Exim: the one that runs does not know submit@example.org yet",
            "      mend: sudo service exim4 reload",
        ],
    );
    let split = format!(
        "{unknown}: its configuration is split now, and the pieces stand in exim4.conf.template"
    );
    m.when(
        "settings internet '' true example.org; restart",
        &[&split, INIT],
    );
    m.when("pieces; restart", &[]);
    let one = format!(
        "{unknown}: its configuration is not split any more, and the pieces stand in conf.d"
    );
    m.when(
        "settings internet '' false example.org; restart",
        &[&one, INIT],
    );
    m.when("pieces; restart", &[]);
    let kind = |kind: &str, why: &str| {
        m.when(
            &format!("settings {kind} '' false example.org; restart"),
            &[
                &format!("FAIL  Exim: {why} (dc_eximconfig_configtype='{kind}')"),
                "      mend: sudo dpkg-reconfigure exim4-config",
            ],
        );
    };
    kind(
        "local",
        "it sends no mail to others, so that no answer leaves this machine",
    );
    kind(
        "satellite",
        "it sends mail to others by way of another server, but none is named in dc_smarthost",
    );
    m.when(
        "settings internet '127.0.0.1 ; ::1' false example.org; restart",
        &[
            "FAIL  Exim: it listens to this machine only (dc_local_interfaces), so that nothing comes from outside",
            "      mend: sudo sed -i \"s/^dc_local_interfaces=.*/dc_local_interfaces=''/\" \
             /etc/exim4/update-exim4.conf.conf && sudo service exim4 restart",
        ],
    );
    m.when(
        "settings internet '' false other.example; restart",
        &[
            &format!("FAIL  Exim: it accepts no mail for example.org, the `domain` in {config}"),
            &format!(
                "      mend: sudo sed -i \"s/^dc_other_hostnames='/&example.org;/\" \
                 /etc/exim4/update-exim4.conf.conf && sudo update-exim4.conf && sudo service exim4 reload  \
                 # or, if it is mistyped, correct `domain` in {config}"
            ),
        ],
    );
    // Two mistakes are told at once, though one keeps Exim from looking into the store.
    let both = m.check("").0;
    let home = home(&m);
    let closed = [
        format!("FAIL  Exim: it cannot pass through {home}, so mail to tickets waits"),
        format!("      mend: chmod o+x {home}"),
    ];
    m.when(
        &format!("chmod o-x {home}"),
        &[&closed, &*both]
            .concat()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    m.when(
        "settings internet '' false example.org; restart",
        &[&closed[0], &closed[1]],
    );
    m.when(
        &format!("chmod o+x {home}; settings internet '' false other.example; restart"),
        &both.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    m.when(
        "settings internet '' false example.org",
        &[
            "FAIL  Exim: submit@example.org does not come to the desk, by the configuration in force",
            REMAKE,
        ],
    );
    m.when("restart", &[]);
    // The commands that it names mend it. Here is neither sudo nor a service.
    m.when(
        "settings internet '' false other.example; restart
         sed -i \"s/^dc_other_hostnames='/&example.org;/\" /etc/exim4/update-exim4.conf.conf; restart",
        &[],
    );
}

/// The home of the desk's user.
fn home(m: &Machine) -> String {
    let home = String::from_utf8(m.run("getent passwd tickets | cut -d: -f6").stdout).unwrap();
    home.trim().to_owned()
}

// E3
#[test]
fn a_store_that_is_broken() {
    if !may_start(&["exim4", "update-exim4.conf"], None) {
        return;
    }
    let m = Machine::start(EXIM, EXIM_COMMANDS);
    m.does("settings internet '' false example.org; pieces; restart");
    is_sound(&m);
    let store = format!("{}/tickets", home(&m));
    m.when(
        &format!("mount --bind {store} {store}; mount -o remount,bind,ro {store}"),
        &[
            &format!("FAIL  store: {store} is on a disk that may only be read"),
            &format!("      mend: sudo mount -o remount,rw {store}"),
        ],
    );
    let disk = |size: &str| {
        format!(
            "cp -a {store}/. keep; mount -t tmpfs -o size={size},mode=711,uid=$(id -u tickets),gid=$(id -g tickets) \
             tickets-e2e {store}; cp -a keep/. {store}; rm -r keep"
        )
    };
    let du = format!("      mend: sudo du -xh {store} | sort -h | tail -n 20");
    m.when(
        &format!("umount {store}; mkdir keep; {}; head -c 9m /dev/zero >{store}/filler || chown tickets {store}/filler", disk("4m")),
        &[&format!("FAIL  store: the disk is full: {store}"), &du],
    );
    m.when(
        &format!("umount {store}; mkdir keep; {}", disk("20m")),
        &[
            &format!("warn  store: a mail of 67 MB (max_size) does not fit on the disk: {store}"),
            &du,
        ],
    );
    let chown = format!("      mend: sudo chown -R tickets {store}");
    m.when(
        &format!("umount {store}; chown root {store}/1"),
        &[
            &format!("FAIL  store: {store}/1 belongs to root, not to tickets"),
            &chown,
        ],
    );
    m.when(
        &format!("chown tickets {store}/1; chown root {store}"),
        &[
            &format!("FAIL  store: you cannot write to {store}, which belongs to root"),
            &chown,
        ],
    );
    m.when(&format!("chown -R tickets {store}"), &[]);
    let ran = m.run("desk env HOME= tickets check -q");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "tickets: ok\n");
    // What root would write is written for the reader who is root.
    let ran = m.run("stop; tickets --config $(getent passwd tickets | cut -d: -f6)/.config/tickets/config.toml check");
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        text.contains("\n      mend: service exim4 start\n"),
        "{text}"
    );
    assert_eq!(
        (ran.status.code(), text.contains("sudo")),
        (Some(2), false),
        "{text}"
    );
    // Root may look into Exim's queue, and nobody else.
    assert!(!text.contains("queue"), "{text}");
    let ran = m.run("desk tickets check");
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let note = "note  Exim: its queue was not looked at, as only an administrator may\n      look: sudo tickets check\n";
    assert!(text.contains(note), "{text}");
}

// E3
#[test]
fn postfix_that_is_broken() {
    if !may_start(&[], Some(UNPACKED)) {
        return;
    }
    const INIT: &str = "      mend: tickets init --postfix | sudo sh";
    let m = Machine::start(&format!("{PUT_OVER}{POSTFIX_FILES}"), POSTFIX_COMMANDS);
    let config = format!("{}/.config/tickets/config.toml", home(&m));
    m.does("pieces; start");
    is_sound(&m);
    m.when(
        "stop",
        &[
            "FAIL  Postfix: it does not run: 127.0.0.1:25: Connection refused (os error 111)",
            "      mend: sudo service postfix start",
        ],
    );
    m.when(
        "pieces --undo; start",
        &[
            "FAIL  Postfix: neither master.cf nor aliases names tickets; nothing brings mail here",
            INIT,
        ],
    );
    m.when("pieces; restart", &[]);
    m.when(
        "postconf -e mydestination=localhost; restart",
        &[
            "FAIL  Postfix: it takes no mail for example.org: it stands neither in mydestination nor in \
             virtual_mailbox_domains, virtual_alias_domains or relay_domains",
            &format!(
                "      mend: sudo postconf -e 'mydestination = localhost, example.org' && sudo postfix reload  \
                 # or, if it is mistyped, correct `domain` in {config}"
            ),
        ],
    );
    m.when(
        "postconf -e 'mydestination = localhost, example.org'; restart",
        &[],
    );
    m.when(
        "postconf -e inet_interfaces=loopback-only; restart",
        &[
            "FAIL  Postfix: it listens to this machine only (inet_interfaces), so that nothing comes from outside",
            "      mend: sudo postconf -e inet_interfaces=all && sudo service postfix restart",
        ],
    );
    m.when("postconf -e inet_interfaces=all; restart", &[]);
    m.when(
        "postconf -X transport_maps; restart",
        &[
            "FAIL  Postfix: its transport_maps do not lead submit@example.org to the desk",
            INIT,
        ],
    );
    m.when("pieces; restart", &[]);
    m.when(
        "sed -i 's/user=tickets/user=daemon/' /etc/postfix/master.cf; restart",
        &[
            "FAIL  Postfix: it starts the program as `daemon`, but this desk is that of `tickets`",
            "      mend: tickets init --postfix | sudo sh -s -- --instead=daemon  # takes it from daemon; else, with `group`, \
             in the configuration that all of them read, /etc/tickets/config.toml, several users work on one desk",
        ],
    );
    // As it says; here is no sudo.
    m.when("pieces --instead=daemon; restart", &[]);
}
