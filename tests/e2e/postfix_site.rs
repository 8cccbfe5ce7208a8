//! The same small mail site with Postfix, which the machine does not have.
//!
//! Debian installs one mail server at a time. `tests/setup` unpacks Postfix's package, and the
//! site lays it over the machine's /usr, /etc and /var in its mount namespace: there it is as
//! if Postfix had been installed instead of Exim, its users, /usr/sbin/sendmail and all.

use std::fs;
use std::path::Path;

use crate::site::{self, Site, USER, give, lay_out, may_run, missing, mode};

/// Where `tests/setup` unpacks the package; not in what it is laid over.
pub const UNPACKED: &str = "/opt/tickets-tests/postfix";

/// In the order in which a mail passes through them. What is deferred waits elsewhere.
const QUEUE: &[&str] = &["spool/maildrop", "spool/incoming", "spool/active"];

/// Postfix over the machine's own files, as its package sets it up: `$1` is the directory of the site, `$2` the home of the
/// desk's user, and `$unpacked` the package.
pub const PUT_OVER: &str = r#"
    mkdir over; mount -t tmpfs tickets-e2e over
    for top in etc usr var; do
        mkdir over/$top over/$top.work
        mount -t overlay tickets-e2e /$top \
            -o lowerdir=$unpacked/$top:/$top,upperdir=over/$top,workdir=over/$top.work
    done
    # Postfix asks for the host's own name again and again; a name server need not be there.
    echo "127.0.0.1 $(uname -n)" >>/etc/hosts
    groupadd --system postdrop
    useradd --system --home-dir /var/spool/postfix --shell /usr/sbin/nologin postfix
    chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
    chmod 2755 /usr/sbin/postdrop /usr/sbin/postqueue
    cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
    cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
    cp /usr/share/postfix/dynamicmaps.cf /etc/postfix/
    mkdir -p /var/spool/postfix /var/lib/postfix
    chown postfix /var/lib/postfix
    mount --bind spool /var/spool/postfix
    mount --bind log /var/log
    mount --bind bin /usr/local/bin
    mount --bind mailname /etc/mailname
    mount --bind home "$2"
"#;

/// Debian's own configuration with the site's few additions: who listens where, no relay host but one that
/// nobody has, mailboxes, and nothing leaves.
const SCRIPT: &str = r#"
    echo 'postmaster: /dev/null' >/etc/aliases
    postconf -e myhostname=mail.example.org mydestination=example.org,localhost \
        mynetworks=192.0.2.1 inet_interfaces=127.0.0.1 inet_protocols=ipv4 \
        smtpd_peername_lookup=no alias_maps=hash:/etc/aliases alias_database=hash:/etc/aliases \
        recipient_delimiter=+ mailbox_size_limit=0 maillog_file=/var/log/mail.log \
        default_transport=error:nothing-leaves relay_transport=error:nothing-leaves \
        transport_maps=inline:{steve@example.org=virtual:} \
        "local_recipient_maps=proxy:unix:passwd.byname \$alias_maps inline:{steve@example.org=x}" \
        virtual_mailbox_domains=example.net virtual_mailbox_base="$1/mail" \
        "virtual_mailbox_maps=texthash:$1/mailboxes" \
        virtual_uid_maps=static:$(id -u tickets) virtual_gid_maps=static:$(id -g tickets)
    newaliases
    postconf -MX smtp/inet
    postconf -M "$3/inet=127.0.0.1:$3 inet n - y - - smtpd"
    install=$5; shift 5
    [ $# = 0 ] || "$install" "$@"
    postfix check
    # The master ends its children by their process group, and itself with the test.
    exec setpriv --pdeathsig TERM setsid /usr/lib/postfix/sbin/master -d"#;

/// Says what is missing on this machine, or starts a site with the services, tables and
/// parameters of `contrib/postfix` and these values: `TICKETS_USER=desk`.
pub fn start(values: &[&str]) -> Option<Site> {
    // Without any, `install` would not be run.
    let values = [&["TICKETS_DOMAIN=example.org"], values].concat();
    run(&values, "")
}

/// The same without these pieces: mail to the user comes through ~/.forward, and `config` is
/// added to the desk's configuration.
pub fn start_with_forward(forward: &str, config: &str) -> Option<Site> {
    let site = run(&[], config)?;
    set_forward(&site, forward);
    Some(site)
}

/// Replaces ~/.forward of the desk's user.
pub fn set_forward(site: &Site, text: &str) {
    let path = site.path("home/.forward");
    fs::write(&path, text).unwrap();
    give(&path, USER);
    mode(&path, 0o644);
}

/// Makes Postfix read its configuration again, and waits until it has: those of its processes that
/// hold the one of before may answer once more, each.
pub fn reload(site: &Site) {
    let before = readers(site);
    let reload = site.inside(&["postfix", "reload"]).status();
    assert!(reload.unwrap().success());
    site.wait("Postfix to be reloaded", || {
        let now = readers(site);
        before.iter().all(|pid| !now.contains(pid)).then_some(())
    });
}

/// The processes of this site that decide what becomes of a recipient.
fn readers(site: &Site) -> Vec<u32> {
    let namespace = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    let ours = namespace(site.mta());
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        let decides = ["smtpd", "trivial-rewrite"].contains(&name.trim_end());
        (decides && namespace(pid) == ours).then_some(pid)
    });
    pids.collect()
}

fn run(values: &[&str], config: &str) -> Option<Site> {
    let unpacked = || {
        let there = Path::new(UNPACKED).exists();
        (!there).then(|| format!("Postfix is not in {UNPACKED}"))
    };
    if !may_run(missing(&[]).or_else(unpacked)) {
        return None;
    }
    let (root, port) = lay_out();
    site::configure(root.path(), config);
    let list = root.path().join("mailboxes");
    let people = fs::read_to_string(&list).unwrap().replace('\n', "/\n");
    fs::write(&list, people.replace(':', "")).unwrap();
    let install = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/postfix/install");
    let arguments = [&[UNPACKED, install], values].concat();
    let script = format!("\nunpacked=$4\n{PUT_OVER}{SCRIPT}");
    Some(Site::run(root, port, QUEUE, &script, &arguments))
}
