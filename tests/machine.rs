//! E7, E8: the desk of a machine, which root sets up and works on: /etc/tickets/config.toml, else what the mail
//! server's pieces name.

use crate::bench::{Bench, Ran, binary, finish, ordinary_user};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// A machine of its own, as one command after the other sees it: its /etc, /var/lib and /root, with the users
/// `tickets`, who has the home that the package makes, and `other`.
pub struct Machine(pub Bench);

pub const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n\
    tickets:x:64991:64991::/var/lib/tickets:/usr/sbin/nologin\n\
    other:x:64992:64992::/var/lib/other:/usr/sbin/nologin\n";

/// As `USERS` has it.
const ROOTS_HOME: &str = "/root";

const PIPE: &str = "tickets_pipe:\n  driver = pipe\n";

/// `None` where none can be made.
pub fn machine() -> Option<Machine> {
    if ordinary_user().is_none() {
        eprintln!("SKIPPED: only root can work as root");
        return None;
    }
    let b = Bench::new();
    for dir in ["", "etc", "var", "root", "mta/exim4"] {
        fs::create_dir_all(b.path(dir)).unwrap();
        std::os::unix::fs::chown(b.path(dir), Some(0), Some(0)).unwrap();
        fs::set_permissions(b.path(dir), PermissionsExt::from_mode(0o755)).unwrap();
    }
    let groups: String = USERS
        .lines()
        .map(|line| line.split(':').take(3).collect::<Vec<_>>().join(":") + ":\n")
        .collect();
    let machine = Machine(b);
    machine.put("etc/passwd", USERS);
    machine.put("etc/group", &groups);
    machine.put("etc/nsswitch.conf", "passwd: files\ngroup: files\n");
    machine.put("mta/exim4/update-exim4.conf.conf", "");
    machine.put(
        "mail",
        "From: alice@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n",
    );
    if machine.run("true").status != 0 {
        eprintln!("SKIPPED: mounting is not permitted here");
        return None;
    }
    Some(machine)
}

impl Machine {
    /// Runs a script as root; `as_user NAME COMMAND` runs one as somebody else.
    pub fn run(&self, script: &str) -> Ran {
        let script = format!(
            "for dir in etc:/etc var:/var/lib root:/root; do\n\
             mount --bind \"$1/${{dir%%:*}}\" \"${{dir#*:}}\" || exit 99; done\n\
             cd \"$1\"; program=$2\n\
             tickets() {{ \"$program\" \"$@\"; }}\n\
             as_user() {{ who=$1; shift; setpriv --reuid \"$who\" --regid \"$who\" --clear-groups \"$@\"; }}\n\
             {script}"
        );
        let mut command = Command::new("unshare");
        command.args(["-m", "--propagation", "private", "sh", "-c", &script, "sh"]);
        command.arg(self.0.path("")).arg(binary());
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let mut ran = finish(command, b"");
        for text in [&mut ran.stdout, &mut ran.stderr] {
            *text = text.replace(self.0.path("").to_str().unwrap(), "ROOT/");
        }
        ran
    }

    pub fn put(&self, name: &str, text: &str) {
        let path = self.0.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.path(name)).unwrap()
    }
}

const INIT: &str = "tickets init --etc mta --domain example.org --admin steve@example.net";

/// D4: who of the desk wrote is seen without a `[person.NAME]`, too: by the full name, else the login, of whom sudo(8)
/// names, or of the user whose desk it is.
#[test]
fn who_works_on_the_shell_has_a_name() {
    let Some(machine) = machine() else { return };
    let users = format!(
        "{USERS}steve:x:64993:64993:Steve \u{d6}hm,,,:/var/lib/steve:/bin/sh\n\
         eva:x:64994:64994::/var/lib/eva:/bin/sh\n"
    );
    machine.put("etc/passwd", &users);
    machine.put(
        "etc/group",
        "tickets:x:64991:\nsteve:x:64993:\neva:x:64994:\n",
    );
    machine.put(
        "bin/mutt",
        "#!/bin/sh\nfor word; do case $word in *my_tickets_name*) echo \"<$word>\";; esac; done\n\
         tickets reopen 1 >/dev/null; tickets close 1 >/dev/null\n",
    );
    let mutt = machine.0.path("bin/mutt");
    fs::set_permissions(mutt, PermissionsExt::from_mode(0o755)).unwrap();
    let wrote = "sed -n 's/.*\"name\":\"\\([^\"]*\\)\".*/\\1/p'";
    let ran = machine.run(&format!(
        "{INIT} >out 2>&1 || exit 98\n\
         echo 'sendmail = \"/bin/true\"' >>etc/tickets/config.toml\n\
         tickets deliver -r submit@example.org <mail\n\
         for who in steve eva root tom; do export SUDO_USER=$who\n\
         tickets close 1 && tickets timeline --json --events closed | {wrote} | head -1\n\
         PATH=$PWD/bin:$PATH tickets mutt 1 && tickets timeline --json --events closed | {wrote} | head -1\n\
         tickets reopen 1 >out; done\n\
         unset SUDO_USER; as_user tickets \"$program\" close 1 -q && \
         tickets timeline --json --events closed | {wrote} | head -1"
    ));
    let closed = "closed 1  Printer\n";
    // The keys of mutt close in the same name.
    let own = |name: &str| format!("{closed}{name}\n<set my_tickets_name=\"{name}\">\n{name}\n");
    let want = format!(
        "{}{}{}{}{closed}Support\n",
        own("Steve \u{d6}hm (Support)"),
        own("eva (Support)"),
        own("Support"),
        own("Support")
    );
    ran.is(0, &want, "");

    // E1: whoever it is, it counts as the only admin's.
    let mine = "for who in steve eva root; do export SUDO_USER=$who; tickets list --mine --closed -q; done";
    machine.run(mine).is(0, "1\n1\n1\n", "");

    // One of the people who has no `sign` signs with the full name of the login, in whatever way; mail signed so is theirs.
    let people = "[person.steve]\naddress = \"steve@example.org\"\n[person.eva]\naddress = \"eva@example.org\"\n";
    machine.put("people", people);
    let ran = machine.run(&format!(
        "cat people >>etc/tickets/config.toml; tickets reopen 1 >out\n\
         for who in steve eva; do export SUDO_USER=$who\n\
         tickets close 1 && tickets timeline --json --events closed | {wrote} | head -1\n\
         PATH=$PWD/bin:$PATH tickets mutt 1 && tickets timeline --json --events closed | {wrote} | head -1\n\
         tickets reopen 1 >out; done\n\
         printf 'From: \"Steve \u{d6}hm (Support)\" <ticket-1@example.org>\nMessage-ID: <2@x>\n\nx\n' | \
         tickets deliver -r ticket-1@example.org; tickets list --by steve -q"
    ));
    let (steve, eva) = (own("Steve \u{d6}hm"), own("eva"));
    let signed = |text: &str, name: &str| {
        text.replace(&format!("\"{name}\""), &format!("\"{name} (Support)\""))
    };
    let want = format!(
        "{}{}1\n",
        signed(&steve, "Steve \u{d6}hm"),
        signed(&eva, "eva")
    );
    ran.is(0, &want, "");
    machine
        .run("sed -i '/^.person.steve/,$d' etc/tickets/config.toml")
        .is(0, "", "");

    // A desk of Steve's own, who is the only admin there.
    let ran = machine.run(&format!(
        "install -d -o steve -g steve var/steve var/steve/.config; printf '%s' '' >etc/tickets/config.toml; rm -r etc/tickets\n\
         as_user steve \"$program\" init --domain example.org --admin steve@example.org >out || exit 98\n\
         echo 'sendmail = \"/bin/true\"' >>var/steve/.config/tickets/config.toml\n\
         as_user steve \"$program\" deliver -r submit@example.org <mail\n\
         as_user steve \"$program\" list --mine; as_user steve \"$program\" close 1 -q -m Done.\n\
         as_user steve \"$program\" timeline --json --events closed | {wrote}\n\
         as_user steve \"$program\" list --mine --closed -q; as_user steve \"$program\" init --mutt | grep '^set my_tickets_name'"
    ));
    ran.is(
        0,
        "closed 1  Printer\nSteve \u{d6}hm (Support)\n1\nset my_tickets_name=\"Steve \u{d6}hm (Support)\"\n",
        "tickets: no ticket matches; `tickets list --all` shows all of them\n",
    );
}

/// E3: the file for mutt of whoever checks the desk is as old as its addresses.
#[test]
fn check_knows_the_file_for_mutt_of_whoever_runs_it() {
    let Some(machine) = machine() else { return };
    let steve = "steve:x:64993:64993::/var/lib/steve:/bin/sh\n";
    machine.put("etc/passwd", &format!("{USERS}{steve}"));
    machine.put("etc/group", "tickets:x:64991:\nsteve:x:64993:\n");
    let looks = "install -d -m 755 -o steve -g steve var/steve\n\
        export SUDO_USER=steve SUDO_COMMAND=\"$program check\"\n\
        looks() { tickets check --etc mta | grep '~/.mutt'; }\n";
    // Without one there is nothing to say; nor is there with a new one, whatever its comments say.
    let ran = machine.run(&format!(
        "{looks}{INIT} >out 2>&1 || exit 98\n\
         looks && exit 97; mkdir -p var/steve/.mutt\n\
         tickets init --mutt >var/steve/.mutt/tickets; looks && exit 96\n\
         echo '# mine' >>var/steve/.mutt/tickets; looks && exit 95; true"
    ));
    ran.is(0, "", "");
    let warning = "warn  mutt: ~/.mutt/tickets is not what this desk needs now, so that mail from `mutt -f` may bear \
                   another address or name\n      mend: sudo tickets init --mutt >~/.mutt/tickets\n";
    let ran = machine.run(&format!(
        "{looks}sed -i 's/^#ticket = .*/ticket = [\"case-{{n}}\", \"ticket-{{n}}\"]/' etc/tickets/config.toml\n\
         looks; unset SUDO_USER; looks && exit 97; export SUDO_USER=steve\n\
         tickets init --mutt >var/steve/.mutt/tickets; looks && exit 96\n\
         chmod 700 var/steve; echo 'set move=no' >>var/steve/.mutt/tickets; looks && exit 95; true"
    ));
    ran.is(0, warning, "");
}

/// E4: who may only look a ticket up by its name is told the command that works; the home of a desk's user holds what a
/// shell reads, which is no name to be surprised by.
#[test]
fn hints_are_for_whom_reads_them() {
    let Some(machine) = machine() else { return };
    let ran = machine.run(&format!(
        "{INIT} >out 2>&1 || exit 98\n\
         touch var/tickets/.bashrc var/tickets/.profile var/tickets/notes.txt\n\
         for command in 'show 1' 'close 1' 'reopen 1-9' 'mutt 7'; do as_user other \"$program\" $command; done\n\
         tickets check --etc mta | grep 'no.* ticket'"
    ));
    let hint = "hint: `sudo tickets list --all` shows every ticket\n";
    let no = |id| format!("tickets: no ticket {id} in /var/lib/tickets\n{hint}");
    let range = "tickets: cannot read /var/lib/tickets: Permission denied (os error 13)\n\
        hint: `sudo tickets reopen 1-9`\n";
    ran.is(
        0,
        "ok    store: 1 name that is not a ticket, left alone: notes.txt\n",
        &format!("{}{}{range}{}", no(1), no(1), no(7)),
    );
}

/// G1, I1: who may not look into the desk is told how to, and neither why a module or a job would not work nor that no
/// time passes.
#[test]
fn who_may_not_look_into_the_desk_is_told_nothing_of_modules_and_jobs() {
    let Some(machine) = machine() else { return };
    let commands = [
        "modules",
        "modules --json",
        "modules enable x",
        "modules run x filter",
        "modules upgrade",
        "jobs",
        "jobs run flush",
        "jobs log flush",
        "tick",
    ];
    let each: String = commands
        .iter()
        .map(|command| format!("as_user other \"$program\" {command}; echo $?\n"))
        .collect();
    let ran = machine.run(&format!(
        "{INIT} >out 2>&1 || exit 98\ninstall -d usr/local/lib/tickets\n{each}"
    ));
    let said: String = commands
        .iter()
        .map(|command| {
            format!(
                "tickets: cannot look into /var/lib/tickets/.tickets: Permission denied (os error 13)\n\
                 hint: `sudo tickets {command}`\n"
            )
        })
        .collect();
    ran.is(0, &"77\n".repeat(commands.len()), &said);
}

/// E3, E4: where the desk's user may not write, root is told what works.
#[test]
fn root_exports_to_where_root_may_write() {
    let Some(machine) = machine() else { return };
    let ran = machine.run(&format!(
        "{INIT} >out 2>&1 || exit 98\n\
         tickets deliver -r submit@example.org <mail\n\
         tickets export --mbox /root/night; tickets export --maildir /root/nights; ls -A /root; tickets export --mbox - | grep -c '^From '"
    ));
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "1\n"), "{ran:?}");
    let hint = "hint: `tickets export --mbox - >FILE` writes where you may; a name needs a directory where the user tickets may write\n";
    let mut lines = ran.stderr.split_inclusive('\n');
    for name in ["night", "nights"] {
        let why = format!("tickets: cannot create /root/{name}: Permission denied");
        let said = lines.next().unwrap_or_default();
        assert!(said.starts_with(&why), "{said}");
        assert_eq!(lines.next(), Some(hint));
    }
}

/// E3, E4: so too where root wants charts.
#[test]
fn root_draws_charts_where_root_may_write() {
    let Some(machine) = machine() else { return };
    let ran = machine.run(&format!(
        "{INIT} >out 2>&1 || exit 98\n\
         tickets stats --svg /root/x.svg; echo $?; ls -A /root; tickets stats --svg - | grep -c '^<svg'"
    ));
    ran.is(
        0,
        "77\n1\n",
        "tickets: cannot write /root/x.svg: Permission denied (os error 13)\n\
         hint: `tickets stats --svg - >FILE` writes where you may\n",
    );
}

/// E2, E4, E7: what the desk's user cannot save, or would save where nobody else gets in, is got another way.
#[test]
fn root_saves_what_is_attached_where_root_may_write() {
    let Some(machine) = machine() else { return };
    let mail = "From: bob@example.net\nSubject: Bill\nMessage-ID: <2@x>\nMIME-Version: 1.0\n\
        Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHere.\n--b\n\
        Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\n%PDF\n--b--\n";
    machine.put("bill", mail);
    let ran = machine.run(&format!(
        "{INIT} >out 2>&1 || exit 98\n\
         tickets deliver -r submit@example.org <bill\n\
         mkdir -m 755 /root/att\n\
         for by in '' '/usr/bin/tickets show'; do export SUDO_COMMAND=$by\n\
         for dir in /root/att /root/new /var/lib/tickets/saved; do tickets show 1 --save $dir; echo $?; done\n\
         rm -r /var/lib/tickets/saved; tickets show 1 | tail -1; done; ls -A /root/att"
    ));
    let saved = "1.2: /var/lib/tickets/saved/a.pdf, application/pdf, 4 B\n";
    let shown = |sudo: &str| {
        format!(
            "[attachment 1.2: a.pdf, application/pdf, 4 B: {sudo}tickets show 1 --part 1.2 > a.pdf]\n"
        )
    };
    let out = |sudo: &str| format!("77\n77\n{saved}0\n{}", shown(sudo));
    let said = |sudo: &str| {
        let way = format!("`{sudo}tickets show 1 --part 1.2 >FILE` writes where you may");
        let hint = format!("hint: {way}; DIR needs to be one in which tickets may write\n");
        format!(
            "tickets: cannot write /root/att/a.pdf: Permission denied (os error 13)\n{hint}\
             tickets: cannot save to /root/new: Permission denied (os error 13)\n{hint}\
             tickets: /var/lib/tickets/saved is open to tickets alone; {way}\n"
        )
    };
    let ran_want = [out(""), out("sudo ")].concat();
    ran.is(0, &ran_want, &[said(""), said("sudo ")].concat());
}

/// E3: what is printed for a full disk finds what fills it, and removes what the desk can spare.
#[test]
fn a_full_disk_is_emptied_as_check_says() {
    let Some(machine) = machine() else { return };
    let ran = machine.run(&format!(
        "mkdir -m 711 var/tickets; mount -t tmpfs -o size=8m,mode=711,uid=64991,gid=64991 none /var/lib/tickets || exit 99\n\
         {INIT} >out 2>&1 || exit 98\n\
         {{ cat mail; head -c 2000000 /dev/zero | tr '\\0' x | fold; }} >large\n\
         tickets deliver -f alice@example.net -r submit@example.org <large || exit 97\n\
         dd if=/dev/zero of=/var/lib/tickets/filler 2>out; tickets check --etc mta | grep -A1 full:\n\
         rm -r /var/lib/tickets/.tickets/recent; tickets check --etc mta | grep full:\n\
         sed 's/<1@x>/<2@x>/' mail >second\n\
         tickets deliver -f alice@example.net -r submit@example.org <second && ls /var/lib/tickets/.tickets/recent | wc -l"
    ));
    if ran.status == 99 {
        eprintln!("SKIPPED: mounting is not permitted here");
        return;
    }
    let full = "FAIL  store: the disk is full: /var/lib/tickets\n      \
        mend: du -xh /var/lib/tickets | sort -h | tail -n 20  # 2 MB are copies of filed mail (`keep_recent`), \
        which only `tickets restore` needs: sudo -u tickets rm -r /var/lib/tickets/.tickets/recent\n";
    ran.is(0, &format!("{full}1\n"), "");
}

/// L7: a log on a full disk is none, and `check` says so.
#[test]
fn a_log_on_a_full_disk_is_a_warning() {
    let Some(machine) = machine() else { return };
    let ran = machine.run(&format!(
        "{INIT} >out 2>&1 || exit 98\n\
         echo 'log = \"/var/lib/full/log\"' >>etc/tickets/config.toml\n\
         mkdir var/full; mount -t tmpfs -o size=64k,mode=777 none /var/lib/full || exit 99\n\
         tickets check --etc mta | grep log:\n\
         as_user tickets touch /var/lib/full/log; tickets check --etc mta | grep log:\n\
         dd if=/dev/zero of=/var/lib/full/x 2>out; tickets check --etc mta | grep -A1 log:\n\
         rm /var/lib/full/log; tickets check --etc mta | grep -A1 log:"
    ));
    if ran.status == 99 {
        eprintln!("SKIPPED: mounting is not permitted here");
        return;
    }
    let full = "warn  log: cannot write /var/lib/full/log: No space left on device (os error 28)\n      \
        mend: du -xh /var/lib/full | sort -h | tail -n 20\n";
    let well = "ok    log: /var/lib/full/log\n";
    ran.is(0, &format!("{well}{well}{full}{full}"), "");
}

/// E7, E8, E3
#[test]
fn root_sets_up_a_desk_of_its_own() {
    let told = "configuration  /etc/tickets/config.toml\n\
        store          /var/lib/tickets\n\
        user           tickets\n\
        mail to        submit@example.org\n\
        admins         steve@example.net\n\
        \n\
        next:\n  \
        let Exim bring the mail\n      \
        sudo tickets init --exim | sudo sh\n  \
        see what is still missing, and send a mail that must arrive\n      \
        sudo tickets check --send\n  \
        read the first ticket, and answer it, in mutt\n      \
        sudo tickets mutt 1\n";
    let made = "root:root 755 /etc/tickets\nroot:root 644 /etc/tickets/config.toml\n\
        tickets:tickets 711 /var/lib/tickets\ntickets:tickets 711 /var/lib/tickets/archived\n\
        tickets:tickets 700 /var/lib/tickets/.tickets\n";
    let look = "stat -c '%U:%G %a %n' /etc/tickets /etc/tickets/config.toml /var/lib/tickets \
        /var/lib/tickets/archived /var/lib/tickets/.tickets";
    // The store is missing, or is the home that useradd made.
    for before in [
        "",
        "install -d -o tickets -g tickets -m 700 /var/lib/tickets; ",
    ] {
        let Some(m) = machine() else { return };
        m.run(&format!("{before}{INIT}")).is(0, told, "");
        m.run(look).is(0, made, "");
        let config = m.text("etc/tickets/config.toml");
        let set: Vec<&str> = config
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let set: Vec<&str> = set.into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(
            set,
            [
                "domain = \"example.org\"",
                "admins = \"steve@example.net\"",
                "dir = \"/var/lib/tickets\""
            ]
        );
        // An MTA files as that user, and root works on what it filed.
        m.put(
            "etc/tickets/config.toml",
            &format!("{config}sendmail = \"/bin/true\"\n"),
        );
        m.run("as_user tickets \"$program\" deliver -r submit@example.org <mail")
            .is(0, "", "");
        m.run("tickets list -q; tickets close 1; stat -c '%U %n' /var/lib/tickets/archived/1")
            .is(
                0,
                "1\nclosed 1  Printer\ntickets /var/lib/tickets/archived/1\n",
                "",
            );
        // The pieces are for that user, and say what root types.
        let script = m.run("tickets init --etc mta --exim").stdout;
        for line in [
            "# Put in:    sudo tickets init --exim | sudo sh",
            "TICKETS_USER = tickets",
            "TICKETS_DIR = /var/lib/tickets",
            &format!("TICKETS_COMMAND = {}", binary().display()),
        ] {
            assert!(script.lines().any(|l| l == line), "{line} in\n{script}");
        }
        m.run("as_user other \"$program\" mutt 1").is(
            77,
            "",
            "tickets: cannot read /var/lib/tickets/archived/1: Permission denied (os error 13)\n\
             hint: `sudo tickets mutt 1`\n",
        );
        // What another user writes into their own home the desk would never run.
        m.run("install -d -o other /var/lib/other; HOME=/var/lib/other as_user other \"$program\" modules new mine; ls -A /var/lib/other")
            .is(
                0,
                "",
                "tickets: cannot write \"mine\": the desk is that of tickets\nhint: `sudo tickets modules new mine`\n",
            );
        // D8, E3: nobody can give what they have no part in, so all mail would wait.
        let config = m.text("etc/tickets/config.toml");
        m.put(
            "etc/tickets/config.toml",
            &format!("{config}group = \"other\"\n"),
        );
        let outside = "store: it belongs to tickets, who is no member of the group other, so that no mail is filed\n";
        let ran = m.run("tickets check --etc none");
        let fault = format!("FAIL  {outside}      mend: usermod -aG other tickets\n");
        assert!(ran.status == 2 && ran.stdout.contains(&fault), "{ran:?}");
        m.run("tickets check --mend").is(
            77,
            "",
            &format!("tickets: {outside}hint: `usermod -aG other tickets`\n"),
        );
        m.put("etc/tickets/config.toml", &config);
        // E3: a mend is for whoever reads it, who is not root where sudo began this.
        for (before, mend) in [
            ("", "mend: apt install "),
            (
                "SUDO_COMMAND=\"$program check\" ",
                "mend: sudo apt install ",
            ),
        ] {
            let ran = m.run(&format!("{before}tickets check --etc none"));
            assert!(ran.status == 1 && ran.stdout.contains(mend), "{ran:?}");
        }
        // The manual is the machine's, where only root may write.
        m.run("mkdir -m 755 man; tickets man --save man; stat -c %U man/man5/tickets-config.5")
            .is(0, "root\n", "");
        let ran = m.run("as_user other \"$program\" man --save /var/lib/man");
        let hint =
            "Permission denied (os error 13)\nhint: `sudo tickets man --save /var/lib/man`\n";
        assert!(ran.status == 77 && ran.stderr.ends_with(hint), "{ran:?}");
        // Root follows no link that lies there, and waits for no pipe.
        m.run("cd man; echo mine >mine; ln -sf ../mine man1/tickets.1; rm man1/tickets-list.1; mkfifo man1/tickets-list.1; cd ..
            timeout 60 \"$program\" man --save man; stat -c '%F %a' man/man1/tickets.1 man/man1/tickets-list.1; cat man/mine")
            .is(0, "regular file 644\nregular file 644\nmine\n", "");
        // Whoever prints the pieces, they are for the user to whom the store belongs.
        for (piece, user) in [
            ("--exim", "TICKETS_USER = tickets"),
            ("--postfix", "TICKETS_USER='tickets'"),
        ] {
            let ran = m.run(&format!(
                "as_user other \"$program\" init --etc mta {piece}"
            ));
            assert!(ran.status == 0 && ran.stdout.contains(user), "{ran:?}");
        }
        m.put(
            "other.toml",
            "dir = \"/var/lib/tickets\"\ndomain = \"example.org\"\nadmins = \"a@b\"\n",
        );
        m.run("as_user other \"$program\" --config other.toml init --etc mta --exim").is(
            77,
            "",
            "tickets: cannot write the pieces: the desk in /var/lib/tickets is that of tickets\n\
             hint: `sudo -u tickets tickets --config ROOT/other.toml init ...` prints them\n",
        );
        // Nor does another user get faults that are none.
        let whose = "tickets: cannot check the desk in /var/lib/tickets: it is that of tickets\n";
        m.run("as_user other \"$program\" check").is(
            77,
            "",
            &format!("{whose}hint: `sudo tickets check`\n"),
        );
        m.run("as_user other \"$program\" check -q")
            .is(77, whose, "");
        // What is there is left alone.
        let said = "tickets: cannot write /etc/tickets/config.toml: it already exists\n\
            hint: edit it, or remove it and begin anew: `rm /etc/tickets/config.toml`\n";
        m.run(INIT).is(77, "", said);
    }
}

/// E7, E8
#[test]
fn root_sets_up_a_desk_for_whom_it_names() {
    let Some(m) = machine() else { return };
    let ran = m.run(&format!(
        "SUDO_USER=steve; export SUDO_USER\n\
         {INIT} --admin a@b --user other --dir /var/lib/a/desk >/dev/null && stat -c '%U %a %n' /var/lib/a /var/lib/a/desk"
    ));
    ran.is(0, "root 755 /var/lib/a\nother 711 /var/lib/a/desk\n", "");
    assert!(
        m.text("etc/tickets/config.toml")
            .contains("\ndir = \"/var/lib/a/desk\"\n")
    );
    // Whoever called sudo is told of the mail, if nobody else is named; else root.
    for (by, admin) in [
        ("SUDO_USER=steve ", "steve"),
        ("", "root"),
        ("SUDO_USER='a b' ", "root"),
        ("SUDO_USER=-oX ", "root"),
        ("SUDO_USER=.a ", "root"),
    ] {
        let Some(m) = machine() else { return };
        let ran = m.run(&format!("{by}tickets init --etc mta --domain example.org"));
        let guess = "\nThe admin is a guess: change `admins` in /etc/tickets/config.toml if others are to be told\n";
        let told = format!("admins         {admin}@example.org\n{guess}\nnext:\n");
        assert!(ran.status == 0 && ran.stdout.contains(&told), "{ran:?}");
        let config = m.text("etc/tickets/config.toml");
        assert!(
            config.contains(&format!("\nadmins = \"{admin}\"\n")),
            "{config}"
        );
    }
}

/// E7, E4: nothing is made where it is not clear what root means.
#[test]
fn root_sets_up_no_desk_that_is_nobodys() {
    for (before, args, status, said) in [
        (
            "sed -i /^tickets:/d etc/passwd",
            "",
            66,
            "cannot set up a desk: there is no user tickets\n\
             hint: `useradd --system --create-home --home-dir /var/lib/tickets --shell /usr/sbin/nologin tickets`\n",
        ),
        (
            "true",
            "--user root",
            77,
            "cannot make /var/lib/tickets the store of user root: no mail server runs a program as root\n",
        ),
        (
            "mkdir /var/lib/tickets",
            "",
            77,
            "cannot make /var/lib/tickets the store of user tickets: it is root's\n\
             hint: `install -d -o tickets -g 64991 -m 711 /var/lib/tickets`\n",
        ),
        (
            "install -d -o other /var/lib/tickets",
            "",
            77,
            "cannot make /var/lib/tickets the store of user tickets: it is somebody else's\n\
             hint: `tickets init --user NAME`, the user to whom it belongs\n",
        ),
        (
            "true",
            "--config /etc/other.toml --user other",
            64,
            "cannot set up the desk of another user in /etc/other.toml\n\
             hint: `sudo tickets init --user NAME`, without --config\n",
        ),
        (
            "install -d -m 700 /var/lib/closed",
            "--user other --dir /var/lib/closed/desk",
            77,
            "cannot make /var/lib/closed/desk the store of user other: that user cannot use /var/lib/closed\n\
             hint: `--dir` names another place\n",
        ),
        (
            "install -d -o other /var/lib/other; as_user other ln -s /etc /var/lib/other/link",
            "--user other --dir /var/lib/other/link/desk",
            77,
            "cannot make /var/lib/other/link/desk the store of user other: that user cannot use /var/lib/other/link\n\
             hint: `--dir` names another place\n",
        ),
        (
            "install -D /dev/null root/.config/tickets/config.toml",
            "",
            77,
            "cannot set up a desk: root has one, configured in HOME/.config/tickets/config.toml\n\
             hint: `tickets list` works on it; `tickets --config /etc/tickets/config.toml init` sets up another one\n",
        ),
    ] {
        let Some(m) = machine() else { return };
        let ran = m.run(&format!("{before}\n{INIT} {args}"));
        let said = said.replace("HOME", ROOTS_HOME);
        ran.is(status, "", &format!("tickets: {said}"));
        m.run("ls /etc; find /var/lib -mindepth 2 -not -type l").is(
            0,
            "group\nnsswitch.conf\npasswd\n",
            "",
        );
    }
}

/// E7: what would be in force without a desk would be in the way of the next attempt.
#[test]
fn a_failed_init_leaves_no_configuration() {
    let refused = "cannot make /var/lib/tickets the store of user tickets:";
    let other = "hint: `--dir` names another place\n";
    let store = "install -d -o tickets -g tickets -m 700 /var/lib/tickets";
    for (before, status, said) in [
        (
            "ln -s /etc/newstore /var/lib/tickets".to_owned(),
            77,
            format!("{refused} it is a link to nothing\n{other}"),
        ),
        (
            "install -o tickets /dev/null /var/lib/tickets".into(),
            77,
            format!("{refused} it is no directory\n{other}"),
        ),
        (
            format!("{store}; ln -s /tmp /var/lib/tickets/archived"),
            78,
            "/var/lib/tickets/archived: a symbolic link stands there, no directory; a store holds its own directories\n\
             hint: `ls -ld /var/lib/tickets/archived` shows it\n"
                .into(),
        ),
        (
            format!(
                "{store}; mount -t tmpfs -o nr_inodes=1,uid=64991,mode=700 none /var/lib/tickets"
            ),
            75,
            "cannot create /var/lib/tickets/archived: No space left on device (os error 28)\n\
             hint: free some space, then try again\n"
                .into(),
        ),
        (
            "mkdir /etc/tickets; mount -t tmpfs -o size=4k,mode=755 none /etc/tickets".into(),
            75,
            "cannot write /etc/tickets/config.toml: No space left on device (os error 28)\n\
             hint: free some space, then try again\n"
                .into(),
        ),
    ] {
        let Some(m) = machine() else { return };
        let left = "status=$?; ls -A /etc/tickets 2>/dev/null; exit $status";
        let ran = m.run(&format!("{before}; {INIT}; {left}"));
        ran.is(status, "", &format!("tickets: {said}"));
        // Once that is out of the way, it is as if nothing had been tried.
        let again = format!("rm -rf /var/lib/tickets; {INIT} >/dev/null; {left}");
        m.run(&again).is(0, "config.toml\n", "");
    }
}

/// E7: nothing else than a file is waited for.
#[test]
fn init_waits_for_no_pipe() {
    let Some(m) = machine() else { return };
    m.run("rm mta/exim4/*; mkfifo mta/mailname mta/exim4/update-exim4.conf.conf")
        .is(0, "", "");
    let init = INIT.replace("tickets ", "timeout 60 \"$program\" ");
    m.run(&format!("{init} >/dev/null")).is(0, "", "");
    let ran = m.run("timeout 60 \"$program\" init --etc mta --exim");
    let state =
        "# This machine has no Exim as Debian configures it; the script is for another one.";
    assert_eq!((ran.status, &*ran.stderr), (0, ""));
    assert!(ran.stdout.lines().any(|line| line == state), "{ran:?}");
    m.run("cd mta/exim4; rm *; mkfifo exim4.conf.template; touch update-exim4.conf.conf; mkfifo ../aliases")
        .is(0, "", "");
    let ran = m.run("timeout 60 \"$program\" check --etc mta");
    let fault = "FAIL  Exim: it does not know submit@example.org\n";
    assert!(ran.status == 2 && ran.stdout.contains(fault), "{ran:?}");
}

/// E7: the hint is what helps.
#[test]
fn what_root_is_told_helps() {
    let Some(m) = machine() else { return };
    m.run(&format!("install -d -m 777 /etc/tickets; {INIT}")).is(
        77,
        "",
        "tickets: cannot work as root on /etc/tickets/config.toml: it does not exist, and others than root may write to /etc/tickets\n\
         hint: `chmod go-w /etc/tickets`, if it is root's alone; else `sudo -u USER tickets ...`, as the user whose desk it is\n",
    );
    m.run(&format!("chmod go-w /etc/tickets; {INIT} >/dev/null"))
        .is(0, "", "");
    // Nobody but root can pass through root's home.
    m.put(
        "etc/tickets/config.toml",
        "domain = \"example.org\"\nadmins = \"a@example.net\"\n",
    );
    m.run("chmod 700 /root; tickets import mail").is(
        77,
        "",
        &"tickets: cannot make the store HOME/tickets: no other user can pass through HOME\n\
         hint: write `dir = \"/var/lib/tickets\"`, or another place, into /etc/tickets/config.toml\n"
            .replace("HOME", ROOTS_HOME),
    );
    let Some(m) = machine() else { return };
    m.run(&format!(
        "install -d -m 700 /root /root/tickets; {INIT} --dir /root/tickets"
    ))
    .is(
        77,
        "",
        &"tickets: cannot make HOME/tickets the store of user tickets: that user cannot use HOME\n\
         hint: `--dir` names another place\n"
            .replace("HOME", ROOTS_HOME),
    );
}

/// E8: pieces for the mail server that is not there are told which is, and what is not in is not taken out.
#[test]
fn pieces_for_the_other_mail_server_say_so() {
    let Some(m) = machine() else { return };
    m.run(&format!(
        "{INIT} >/dev/null; rm -r /var/lib/tickets/archived"
    ))
    .is(0, "", "");
    m.run("mkdir bin; printf '#!/bin/sh\\n' >bin/postconf; chmod 755 bin/postconf")
        .is(0, "", "");
    m.run("PATH=$PWD/bin:$PATH; tickets init --exim | sh").is(
        1,
        "",
        "install: no /etc/exim4/update-exim4.conf.conf; the mail server here is Postfix\n\
         hint: sudo tickets init --postfix | sudo sh\n",
    );
    m.run("tickets init --exim | PATH=/usr/bin:/bin sh").is(
        1,
        "",
        "install: no /etc/exim4/update-exim4.conf.conf; is exim4-config installed?\n",
    );
    // A Postfix that was unpacked, and never configured.
    m.put(
        "bin/postconf",
        "#!/bin/sh\necho 'postconf: fatal: open /etc/postfix/main.cf: No such file or directory' >&2\nexit 1\n",
    );
    let bare = "install: Postfix is not configured here (postconf: fatal: open /etc/postfix/main.cf: No such file or directory)";
    let of_postfix = "chmod 755 bin/postconf; PATH=$PWD/bin:$PATH; tickets init --postfix | sh";
    m.run(of_postfix).is(
        1,
        "",
        &format!("{bare}; see: sudo dpkg-reconfigure postfix\n"),
    );
    m.put("etc/exim4/update-exim4.conf.conf", "");
    m.run(of_postfix).is(
        1,
        "",
        &format!(
            "{bare}; the mail server here is Exim\nhint: sudo tickets init --exim | sudo sh\n"
        ),
    );
    if m.run("command -v postconf /usr/sbin/postconf").status == 0 {
        return;
    }
    m.run("tickets init --postfix | sh").is(
        1,
        "",
        "install: no postconf; the mail server here is Exim\n\
         hint: sudo tickets init --exim | sudo sh\n",
    );
}

/// E8: whoever forgot sudo has two desks, and is told so.
#[test]
fn the_other_desk_of_somebody_is_named() {
    let Some(m) = machine() else { return };
    m.run("install -d -o other -g other /var/lib/other; as_user other \"$program\" init --domain example.org >/dev/null")
        .is(0, "", "");
    let ran = m.run(&format!("SUDO_USER=other {INIT}"));
    let said = "\nother has another desk, configured in /var/lib/other/.config/tickets/config.toml, \
        on which `tickets` works without sudo\n";
    assert!(ran.status == 0 && ran.stdout.contains(said), "{ran:?}");
    let ran = m.run("as_user other \"$program\" check --etc none");
    let said = "note  config: this machine has another desk, configured in /etc/tickets/config.toml\n      look: sudo tickets list\n";
    assert!(ran.stdout.contains(said), "{ran:?}");
    assert!(
        !m.run("tickets check --etc none")
            .stdout
            .contains("another desk")
    );
}

/// E8: a user's desk does not take the place of the machine's without a word.
#[test]
fn a_user_shadows_no_machines_desk() {
    let Some(m) = machine() else { return };
    m.run(&format!(
        "{INIT} >/dev/null; install -d -o other /var/lib/other"
    ))
    .is(0, "", "");
    let own = "as_user other \"$program\" init --domain example.com --admin a@b";
    let said = "tickets: cannot set up a desk: this machine has one, configured in /etc/tickets/config.toml\n\
        hint: `sudo tickets list` works on it; \
        `tickets --config /var/lib/other/.config/tickets/config.toml init` sets up another one\n";
    m.run(own).is(77, "", said);
    m.run("ls -A /var/lib/other").is(0, "", "");
    // As the hint says.
    let asked = own.replace(
        "\"$program\"",
        "\"$program\" --config /var/lib/other/.config/tickets/config.toml",
    );
    assert_eq!(m.run(&asked).status, 0);
    m.run("ls -A /var/lib/other")
        .is(0, ".config\ntickets\n", "");
}

/// E8: who comes by sudo has to go by sudo.
#[test]
fn printed_commands_are_for_whom_reads_them() {
    let Some(m) = machine() else { return };
    m.run("install -d -o other /var/lib/other").is(0, "", "");
    let init = "init --etc mta --domain example.com --admin a@b";
    let next = |ran: Ran| {
        let lines = ran.stdout.lines().filter(|line| line.starts_with("      "));
        lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let by_sudo = format!("SUDO_COMMAND=\"$program {init}\" as_user other \"$program\" {init}");
    assert_eq!(
        next(m.run(&by_sudo)),
        [
            "sudo -u other tickets init --exim | sudo sh",
            "sudo -u other tickets check --send",
            "mkdir -p ~/.mutt && sudo -u other tickets init --mutt >~/.mutt/tickets",
        ]
    );
    let pieces =
        "SUDO_COMMAND=\"$program init\" as_user other \"$program\" init --etc mta --postfix";
    let script = m.run(pieces).stdout;
    let put_in = "# Put in:    sudo -u other tickets init --postfix | sudo sh";
    assert!(script.lines().any(|line| line == put_in), "{script}");
    // In a shell of that user's, which sudo began, nothing is needed.
    let in_shell = "rm -r /var/lib/other/.config; SUDO_COMMAND=/bin/bash as_user other";
    assert_eq!(
        next(m.run(&format!("{in_shell} \"$program\" {init}"))),
        [
            "tickets init --exim | sudo sh",
            "tickets check --send",
            "mkdir -p ~/.mutt && tickets init --mutt >~/.mutt/tickets",
        ]
    );
}

/// What `tickets init --exim` of this desk puts into a configuration that is not split.
pub fn exim(user: &str, options: &str) -> String {
    format!("TICKETS_USER = {user}\nTICKETS_COMMAND = /usr/local/bin/tickets{options}\n{PIPE}")
}

fn postfix(user: &str, options: &str) -> String {
    format!(
        "tickets unix - n n - - pipe\n  flags=X null_sender= user={user}\n  \
         argv=/usr/local/bin/tickets{options} deliver --routed --sender=${{sender}}\n"
    )
}

pub const TEMPLATE: &str = "etc/exim4/exim4.conf.template";
const MASTER: &str = "etc/postfix/master.cf";

/// E3: what a `chown` that went too far has done is mended by one back, and nobody is handed a desk by the way.
#[test]
fn a_desk_that_was_given_away_is_given_back() {
    let root = "FAIL  store: /var/lib/tickets belongs to";
    let back = "      mend: chown -R tickets /var/lib/tickets";
    let whose = |user: &str| {
        let or = match user {
            "root" => String::new(),
            user => format!(
                "  # or, if the desk is to be that of {user}, tickets init --exim | sh -s -- --instead=tickets"
            ),
        };
        format!("{root} {user}, but the mail server files in it as tickets\n{back}{or}\n")
    };
    let all_others = "chown -R other /var/lib/tickets";
    let roots = "chown root /var/lib/tickets";
    let pieces = "tickets init --exim --etc mta >>mta/exim4/exim4.conf.template";
    let none = "true";
    for (given, pieces, want) in [
        (all_others, pieces, whose("other")),
        ("chown -R root /var/lib/tickets", pieces, whose("root")),
        ("chown other /var/lib/tickets", pieces, whose("other")),
        (roots, pieces, whose("root")),
        (
            "chown other /var/lib/tickets/1",
            pieces,
            format!("FAIL  store: /var/lib/tickets/1 belongs to other, not to tickets\n{back}\n"),
        ),
        (
            "chown -R other /var/lib/tickets/archived",
            pieces,
            format!(
                "FAIL  store: you cannot write to /var/lib/tickets/archived, which belongs to other\n{back}/archived\n"
            ),
        ),
        // Nothing says whose it was; but it is not root's.
        (
            roots,
            none,
            format!(
                "FAIL  store: /var/lib/tickets/1 (and 16 more) belongs to tickets, not to root\n{back}\n"
            ),
        ),
    ] {
        let Some(m) = machine() else { return };
        let script = format!(
            "{INIT} >/dev/null && tickets deliver -f alice@example.net -r submit@example.org <mail && \
             echo 'system_aliases:' >mta/exim4/exim4.conf.template && {pieces} && {given} && \
             tickets check --etc mta | grep -A1 '^FAIL  store:'"
        );
        m.run(&script).is(0, &want, "");
    }
    // A user's own desk.
    let Some(m) = machine() else { return };
    let script = "install -d -o other /var/lib/other && cd /var/lib/other && export HOME=/var/lib/other && \
        as_user other \"$program\" init --etc ../../mta --domain example.org --admin steve@example.net >/dev/null && \
        chown -R tickets tickets && as_user other \"$program\" check --etc ../../mta";
    let want = "FAIL  store: /var/lib/other/tickets belongs to tickets, but lies in a directory of yours\n      \
        mend: sudo chown -R other /var/lib/other/tickets\n";
    m.run(script).is(2, want, "");
}

/// E7: without a configuration of its own, root works on the desk to which the mail server brings mail.
#[test]
fn root_works_on_the_desk_that_the_mail_server_serves() {
    let desk = "domain = \"example.org\"\nadmins = \"a@example.net\"\nsendmail = \"/bin/true\"\n";
    let split = "dc_use_split_config='true'\n";
    for (case, pieces, store) in [
        ("Exim", vec![(TEMPLATE, exim("other", ""))], "tickets"),
        (
            "Exim, split",
            vec![
                ("etc/exim4/update-exim4.conf.conf", split.into()),
                (
                    "etc/exim4/conf.d/main/000_a.bak",
                    "TICKETS_USER = tickets\n".into(),
                ),
                (
                    "etc/exim4/conf.d/main/000_localmacros",
                    "TICKETS_USER = other\n".into(),
                ),
                (
                    "etc/exim4/conf.d/transport/30_exim4-config_tickets",
                    exim("tickets", ""),
                ),
                // No longer in use.
                (TEMPLATE, exim("tickets", "")),
            ],
            "tickets",
        ),
        (
            "Postfix, and options",
            vec![(MASTER, postfix("other", " --dir /var/lib/other/desk"))],
            "desk",
        ),
        (
            "both, and the same desk",
            vec![
                (
                    TEMPLATE,
                    exim("other", " --config=/var/lib/other/desk.toml"),
                ),
                (
                    MASTER,
                    postfix("other", " --config /var/lib/other/desk.toml"),
                ),
            ],
            "of-config",
        ),
        ("a user by number", vec![(TEMPLATE, exim("64992", ""))], "tickets"),
        (
            "Postfix, in other spellings",
            vec![(
                MASTER,
                "tickets unix - n n - - pipe { USER = other }\n  {argv=/usr/local/bin/tickets} { --dir=/var/lib/other/desk } deliver\n"
                    .into(),
            )],
            "desk",
        ),
    ] {
        let Some(m) = machine() else { return };
        for (file, text) in pieces {
            m.put(file, &text);
        }
        m.put("var/other/.config/tickets/config.toml", desk);
        m.put(
            "var/other/desk.toml",
            &format!("{desk}dir = \"~/of-config\"\n"),
        );
        let ran =
            m.run("chown -R other:other /var/lib/other; tickets deliver submit@example.org <mail");
        assert_eq!(
            (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
            (0, "", ""),
            "{case}"
        );
        m.run("tickets list -q && tickets close 1 && tickets list -q --closed && find /root -mindepth 1").is(
            0,
            "1\nclosed 1  Printer\n1\n",
            "",
        );
        let path = format!("/var/lib/other/{store}/archived/1");
        m.run(&format!("stat -c '%U %n' {path}"))
            .is(0, &format!("other {path}\n"), "");
        // The machine's own configuration comes first.
        m.put(
            "etc/tickets/config.toml",
            &format!("{desk}dir = \"/var/lib/tickets\"\n"),
        );
        m.run("install -d -o tickets /var/lib/tickets; tickets list -q --all")
            .is(0, "", "");
    }
}

/// E3: a mail server that was removed, and has left its configuration, is the one to install again.
#[test]
fn a_mail_server_that_was_removed_is_named() {
    let text = "warn  MTA: neither Exim nor Postfix is installed; nothing brings mail here";
    let left = |file: &str, package: &str| {
        format!("{text}, though mta/{file} still names a desk\n      mend: apt install {package}\n")
    };
    let none = format!(
        "{text}\n      mend: apt install exim4-daemon-light, or see `tickets deliver --help`\n"
    );
    let master = postfix("tickets", "");
    let exim = exim("tickets", "");
    for (file, pieces, want) in [
        (
            "postfix/master.cf",
            &*master,
            left("postfix/master.cf", "postfix"),
        ),
        (
            "exim4/exim4.conf.template",
            &*exim,
            left("exim4/exim4.conf.template", "exim4-daemon-light"),
        ),
        ("postfix/master.cf", "smtp inet n - y - - smtpd\n", none),
    ] {
        let Some(m) = machine() else { return };
        m.put(&format!("mta/{file}"), pieces);
        let script = format!(
            "{INIT} >/dev/null && mkdir -p usr/sbin && tickets check --etc mta | grep -A1 MTA:"
        );
        m.run(&script).is(0, &want, "");
    }
}

/// E7, E4, A3: without a desk, or with several, root does nothing at all.
#[test]
fn root_works_on_no_desk_that_nobody_meant() {
    let none = "tickets: no desk is set up on this machine\n\
        hint: `sudo tickets init --domain example.org --admin you@example.org` sets one up, with your domain\n";
    let config = " --config /srv/o.toml";
    for (pieces, status, said) in [
        (vec![], 66, none.to_owned()),
        // Others than root may write there: it would be theirs to say whom root becomes.
        (vec![(TEMPLATE, exim("other", "") + "# 0666\n")], 66, none.to_owned()),
        // What is no file says nothing, and nobody waits for it.
        (vec![("etc/exim4/update-exim4.conf.conf", "fifo\n".into())], 66, none.to_owned()),
        // The pieces are taken out, but for values that were set by hand.
        (vec![("etc/exim4/exim4.conf.localmacros", "TICKETS_USER = other\n".into())], 66, none.to_owned()),
        (
            vec![(TEMPLATE, exim("tickets", "")), (MASTER, postfix("other", config))],
            77,
            "tickets: cannot tell which desk is meant: /etc/exim4/exim4.conf.template names that of tickets, \
             and /etc/postfix/master.cf that of other\n\
             hint: `sudo -u tickets tickets ...` or `sudo -u other tickets --config /srv/o.toml ...`\n"
                .into(),
        ),
        (
            vec![(TEMPLATE, exim("tickets", " --dir /srv/$domain_data"))],
            77,
            "tickets: cannot tell which desk is meant: /etc/exim4/exim4.conf.template names several\n\
             hint: `sudo -u tickets tickets --dir '/srv/$domain_data' ...`\n"
                .into(),
        ),
        (
            vec![(MASTER, postfix("root", ""))],
            77,
            "tickets: cannot work as user root: no mail server runs a program as root\n\
             hint: correct the user in /etc/postfix/master.cf\n"
                .into(),
        ),
        (
            vec![(MASTER, postfix("nobody-here", ""))],
            77,
            "tickets: cannot work as user nobody-here: there is no such user\n\
             hint: correct the user in /etc/postfix/master.cf\n"
                .into(),
        ),
    ] {
        let Some(m) = machine() else { return };
        for (file, text) in pieces {
            m.put(file, &text);
            if text == "fifo\n" {
                fs::remove_file(m.0.path(file)).unwrap();
                nix::unistd::mkfifo(&m.0.path(file), nix::sys::stat::Mode::S_IRWXU).unwrap();
            }
            if text.contains("0666") {
                let mode = PermissionsExt::from_mode(0o666);
                fs::set_permissions(m.0.path(file), mode).unwrap();
            }
        }
        for command in ["list", "export --mbox out", "check", "close 1", "flush", "init --exim"] {
            let ran = m.run(&format!("tickets {command}"));
            assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (status, "", said.as_str()), "{command}");
        }
        let line = format!("{}\n", said.lines().next().unwrap());
        m.run("tickets deliver submit@example.org <mail").is(75, "", &line);
        // A store that is named works as ever; and what needs no desk.
        m.run("mkdir demo && tickets --dir demo list -q && rmdir demo && tickets completions bash >/dev/null").is(0, "", "");
        m.run("find /root /var/lib -mindepth 1; ls out demo 2>/dev/null").is(2, "", "");
    }
}

/// E8: root's desk does not take the place of one to which mail is brought.
#[test]
fn a_configuration_that_is_gone_is_written_anew() {
    // E8. Meanwhile mail waits, and is in no other store.
    let Some(m) = machine() else { return };
    assert_eq!(m.run(INIT).status, 0);
    m.put(MASTER, &postfix("tickets", ""));
    m.run("rm /etc/tickets/config.toml").is(0, "", "");
    let deliver = "printf 'Subject: x\\n\\nx\\n' | as_user tickets \"$program\" deliver -f ann@example.net -r submit@example.org";
    let gone = "tickets: the configuration of the desk is gone to which the mail server brings mail; \
        `sudo tickets init --domain example.org --admin you@example.org` writes it anew, with your domain\n";
    m.run(&format!("{deliver} --routed")).is(75, "", gone);
    m.run(deliver).is(75, "", gone);
    // E4, E8: nobody is led to a second store in the first one.
    let lost = "the configuration of the desk in /var/lib/tickets is lost";
    let init = "init --domain example.org --admin you@example.org";
    let anew =
        |sudo: &str| format!("hint: `{sudo}tickets {init}` writes it anew, with your domain\n");
    let none = format!("tickets: cannot find the store: {lost}\n");
    for command in ["list", "show 1", "close 1", "export --mbox -"] {
        m.run(&format!("tickets {command}"))
            .is(66, "", &format!("{none}{}", anew("")));
        m.run(&format!("as_user tickets \"$program\" {command}"))
            .is(66, "", &format!("{none}{}", anew("sudo ")));
    }
    m.run("as_user other \"$program\" show 1").is(
        66,
        "",
        &format!(
            "tickets: cannot find the store: there is no directory /var/lib/other/tickets\nhint: {lost}: \
             `sudo tickets {init}` writes it anew, with your domain\n"
        ),
    );
    for (who, finding, sudo) in [
        ("", lost.to_owned(), ""),
        ("as_user tickets ", lost.to_owned(), "sudo "),
        (
            "as_user other ",
            format!("no desk here yet; {lost}"),
            "sudo ",
        ),
    ] {
        m.run(&format!("{who}\"$program\" check")).is(
            2,
            &format!(
                "FAIL  config: {finding}\n      mend: {sudo}tickets {init}  # with your domain\n"
            ),
            "",
        );
    }
    let refused = format!("tickets: cannot set up a desk: {lost}\n{}", anew("sudo "));
    m.run(&format!("as_user tickets \"$program\" {init}"))
        .is(77, "", &refused);
    let within = |name: &str| {
        format!(
            "tickets: cannot make a store in /var/lib/tickets/{name}: it would lie within that in /var/lib/tickets\n\
             hint: the same with `--dir ANOTHER`, a directory outside of it\n"
        )
    };
    m.run("as_user tickets \"$program\" import mail")
        .is(77, "", &within("tickets"));
    m.run(&format!(
        "as_user tickets \"$program\" --dir /var/lib/tickets/a/b {init}"
    ))
    .is(77, "", &within("a/b"));
    assert_eq!(
        m.run("find /var/lib/tickets -mindepth 1 -maxdepth 1 -not -name .config | sort; find /var/lib/tickets/.config -type f").stdout,
        "/var/lib/tickets/.tickets\n/var/lib/tickets/archived\n"
    );
    assert_eq!(m.run(INIT).status, 0);
    m.run("tickets list").is(
        0,
        "",
        "tickets: no tickets in /var/lib/tickets yet; the first mail to submit@example.org opens one\n",
    );
    // A desk of another user, in another place.
    let Some(m) = machine() else { return };
    m.run("install -d -o other -g other -m 711 /var/lib/other && as_user other \"$program\" --dir /var/lib/other init --domain example.org >out && rm /var/lib/other/.config/tickets/config.toml")
        .is(0, "", "");
    m.run("as_user other \"$program\" list").is(
        66,
        "",
        "tickets: cannot find the store: the configuration of the desk in /var/lib/other is lost\n\
         hint: `sudo tickets init --user other --dir /var/lib/other --domain example.org --admin you@example.org` \
         writes it anew, with your domain\n",
    );
}

/// E8: of a desk of which nothing is left, what stands in the mail server can be taken out, or another desk's be put in
/// its place in one step.
#[test]
fn a_desk_that_is_gone_is_in_nobodys_way() {
    let Some(m) = machine() else { return };
    m.put("etc/exim4/update-exim4.conf.conf", "");
    let pieces = |user: &str| format!("tickets_submit:\n{}", exim(user, ""));
    m.put(TEMPLATE, &pieces("other"));
    m.run("install -d -o other -g other /var/lib/other")
        .is(0, "", "");
    // It is told only where it is to be put in.
    let ran = m.run(
        "tickets init --exim | sed 's/^again=.*/echo done/' >script; sh script --undo; sh script; echo $?",
    );
    assert_eq!(ran.stdout, "done\n78\n", "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("tickets: no domain is configured, and "),
        "{ran:?}"
    );
    let ends = " is only a guess; nothing is changed\nhint: `sudo tickets init --domain DOMAIN`\n";
    assert!(
        ran.stderr.ends_with(ends) && ran.stderr.lines().count() == 2,
        "{ran:?}"
    );
    assert_eq!(m.run(INIT).status, 0);
    let ran = m.run("tickets check --etc /etc");
    let instead = "mend: tickets init --exim | sh -s -- --instead=other\n";
    assert_eq!(ran.stdout.matches("TICKETS_").count(), 1, "{ran:?}");
    assert!(
        ran.stdout
            .contains("it brings mail to another desk, that of user other: "),
        "{ran:?}"
    );
    assert!(ran.stdout.contains(instead), "{ran:?}");
    // Who has no desk is not told to take another's out.
    m.put(TEMPLATE, &pieces("tickets"));
    m.run("mv /etc/tickets/config.toml /etc/tickets/aside")
        .is(0, "", "");
    let ran = m.run("as_user other \"$program\" check --etc /etc");
    ran.is(
        2,
        "FAIL  config: no desk here yet; the configuration of the desk in /var/lib/tickets is lost\n      \
         mend: sudo tickets init --domain example.org --admin you@example.org  # with your domain\n",
        "",
    );
}

#[test]
fn root_shadows_no_desk_that_is_served() {
    let Some(m) = machine() else { return };
    m.put(MASTER, &postfix("other", ""));
    m.put(
        "var/other/.config/tickets/config.toml",
        "domain = \"example.org\"\n",
    );
    let said = "tickets: cannot set up a desk: the mail server brings mail to that of user other\n\
        hint: `sudo -u other tickets list` works on it; \
        `tickets --config /etc/tickets/config.toml init` sets up another one\n";
    m.run(INIT).is(77, "", said);
    assert!(!m.0.path("etc/tickets").exists());
    let asked = INIT.replace(
        "tickets init",
        "tickets --config /etc/tickets/config.toml init",
    );
    assert_eq!(m.run(&asked).status, 0);
    m.run("stat -c %U /var/lib/tickets /etc/tickets/config.toml")
        .is(0, "tickets\nroot\n", "");
    // One of root's is none, and of two both are named.
    let Some(m) = machine() else { return };
    m.put(MASTER, &postfix("root", ""));
    let said = "tickets: cannot set up a desk: the mail server's pieces name user root: no mail server runs a program as root\n\
        hint: correct the user in /etc/postfix/master.cf; `tickets --config /etc/tickets/config.toml init` sets up another one\n";
    m.run(INIT).is(77, "", said);
    m.put(MASTER, &postfix("other", ""));
    m.put("var/other/tickets/1", "");
    m.put(TEMPLATE, &exim("64991", ""));
    let said = "tickets: cannot set up a desk: the mail server brings mail to those of user 64991 and of user other\n\
        hint: `sudo -u '#64991' tickets list` or `sudo -u other tickets list` works on it; \
        `tickets --config /etc/tickets/config.toml init` sets up another one\n";
    m.run(INIT).is(77, "", said);
    assert!(!m.0.path("etc/tickets").exists());
}
