//! A small mail site: an MTA of its own, the desk's user, and mailboxes for everybody else.
//!
//! The MTA is Exim here; `postfix_site.rs` has the same site with Postfix.

use nix::sys::signal::Signal;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use crate::machine::{PATH, USER, free_port, give, may_run, missing, mode, signal, wait};
use crate::machine::{PATIENCE, home_of};
use crate::mail::{self, Mail};
use crate::smtp::Smtp;

/// The two ways in which Debian keeps Exim's configuration.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    Split,
    Unsplit,
}

/// A running site. It ends with the value: the MTA is stopped, the namespace and all files go.
pub struct Site {
    mta: Child,
    /// Directories that hold something while the MTA has something to do, in the order in which
    /// a mail passes through them.
    queue: &'static [&'static str],
    /// Where the MTA listens on 127.0.0.1. This address is no relay host there, so that the
    /// tests are treated as any stranger's server is.
    pub port: u16,
    root: tempfile::TempDir,
}

/// Says what is missing on this machine, or starts a site.
///
/// Installs the router and transport of `contrib/exim4` with `macros`, given as the reader of
/// the README gives them: `TICKETS_USER=desk`.
pub fn start(form: Form, macros: &[&str]) -> Option<Site> {
    may_run(missing(&["exim4", "update-exim4.conf"])).then(|| Site::start(form, macros))
}

/// The whole outcome of a step, as far as the tests count it.
#[derive(Debug, PartialEq)]
pub struct Count {
    pub open: Vec<u32>,
    pub archived: Vec<u32>,
    /// Mails in each mailbox that has any, by name.
    pub mailboxes: Vec<(String, usize)>,
}

impl Site {
    fn start(form: Form, macros: &[&str]) -> Site {
        let (root, port) = lay_out();
        exim_configuration(root.path(), form, port);
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let install = repository.join("contrib/exim4/install");
        let script = r#"
            mount --bind etc /etc/exim4
            mount --bind lib /var/lib/exim4
            mount --bind spool /var/spool/exim4
            mount --bind log /var/log/exim4
            mount --bind bin /usr/local/bin
            mount --bind mailname /etc/mailname
            mount -t tmpfs -o mode=1777 tickets-e2e /var/mail
            mount --bind home "$2"
            port=$3 install=$4; shift 4
            "$install" "$@"
            exec exim4 -bdf -q1m"#;
        let install = install.to_string_lossy();
        let arguments = [&[&*install], macros].concat();
        Site::run(root, port, &["spool/input"], script, &arguments)
    }

    /// Starts an MTA with a shell script that makes the site's files the machine's, in a mount
    /// namespace, and ends with `exec`. It runs in the site's root; its `$2` is the home of the
    /// desk's user, `$3` the port, `arguments` come after them.
    pub fn run(
        root: tempfile::TempDir,
        port: u16,
        queue: &'static [&'static str],
        script: &str,
        arguments: &[&str],
    ) -> Site {
        let log = fs::File::create(root.path().join("start.log")).unwrap();
        // What `exec` starts keeps the pid, so that the Child is the MTA to stop, and the
        // namespace to enter is its own.
        let mta = Command::new("unshare")
            .env("PATH", PATH)
            .args(["--mount", "--propagation", "private", "sh", "-euc"])
            .arg(format!("cd \"$1\"\n{script}"))
            .arg("sh")
            .args([root.path(), &home_of(USER), Path::new(&port.to_string())])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("start the MTA");
        let mut site = Site {
            mta,
            queue,
            port,
            root,
        };
        site.wait_for_port();
        site
    }

    /// A file or directory of the site, as the test sees it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The store, `~tickets/tickets`, as the test sees it.
    pub fn store(&self) -> PathBuf {
        self.path("home/tickets")
    }

    /// Makes the store with an empty mbox at each of these names: `1`, `archived/2`. Without
    /// it the program makes its store with the first mail.
    pub fn make_store(&self, mboxes: &[&str]) {
        for dir in [self.store(), self.store().join("archived")] {
            fs::create_dir(&dir).unwrap();
            give(&dir, USER);
            mode(&dir, 0o711);
        }
        for mbox in mboxes {
            fs::write(self.store().join(mbox), "").unwrap();
            give(&self.store().join(mbox), USER);
            mode(&self.store().join(mbox), 0o600);
        }
    }

    /// Runs a program on this site as the desk's user.
    pub fn as_desk<S: AsRef<OsStr>>(&self, program: &[S]) -> Command {
        let mut command = self.inside(&["setpriv", "--init-groups", "--reset-env"]);
        command.args(["--reuid", USER, "--regid", USER]);
        command
            .args(["env", "LANG=C.UTF-8", "TERM=screen"])
            .args(program);
        command
    }

    /// Runs a program on this site as root.
    pub fn inside<S: AsRef<OsStr>>(&self, program: &[S]) -> Command {
        let mut command = Command::new("nsenter");
        command.env("PATH", PATH);
        command
            .args(["--mount", "--target", &self.mta.id().to_string(), "--"])
            .args(program);
        command
    }

    /// Process id of the MTA.
    pub fn mta(&self) -> u32 {
        self.mta.id()
    }

    /// Sends one mail to the site's MTA and waits until everything it sets off is over.
    pub fn mail(&self, sender: &str, recipient: &str, message: &str) {
        Smtp::connect(self.port).send(sender, &[recipient], message.as_bytes());
        self.settle();
    }

    /// Waits until the MTA has nothing left to do.
    ///
    /// A mail leaves the queue when the last of its deliveries is done, and `tickets deliver`
    /// has handed its answers to that queue before it ends: an empty queue means quiet.
    pub fn settle(&self) {
        let idle = |name: &str| {
            fs::read_dir(self.path(name)).is_ok_and(|mut entries| entries.next().is_none())
        };
        // Backwards it is seen that the last delivery is over, forwards that nothing came after
        // it; and a mail that was on its way from one directory to the next is seen by one.
        self.wait("the MTA's queue to be empty", || {
            let quiet = self.queue.iter().rev().chain(self.queue).all(|q| idle(q));
            (quiet && self.queue.iter().all(|q| idle(q))).then_some(())
        });
    }

    /// Whether Exim is done with the message of this id.
    pub fn delivered(&self, id: &str) -> bool {
        !self.path("spool/input").join(format!("{id}-H")).exists()
    }

    /// Waits until Exim is done with the message of this id.
    pub fn wait_for_delivery(&self, id: &str) {
        self.wait("a mail to be delivered", || {
            self.delivered(id).then_some(())
        });
    }

    /// Polls until `probe` has an answer.
    pub fn wait<T>(&self, what: &str, probe: impl FnMut() -> Option<T>) -> T {
        wait(what, probe)
    }

    /// All that has come in for an address, oldest first.
    pub fn mailbox(&self, address: &str) -> Vec<Mail> {
        mail::maildir(&self.path("mail").join(address))
    }

    /// The entries of an open ticket.
    pub fn ticket(&self, number: u32) -> Vec<Mail> {
        mail::mbox(&self.store().join(number.to_string()))
    }

    /// What lies where, now.
    pub fn count(&self) -> Count {
        let mut mailboxes: Vec<_> = names(&self.path("mail"))
            .into_iter()
            .map(|name| (name.clone(), self.mailbox(&name).len()))
            .collect();
        mailboxes.sort();
        Count {
            open: numbers(&self.store()),
            archived: numbers(&self.store().join("archived")),
            mailboxes,
        }
    }

    /// The MTA's logs and what was printed while it started.
    pub fn log(&self) -> String {
        ["start.log", "log/mainlog", "log/paniclog", "log/mail.log"]
            .iter()
            .filter_map(|name| {
                let text = fs::read(self.path(name)).ok()?;
                Some(format!("--- {name}\n{}", String::from_utf8_lossy(&text)))
            })
            .collect()
    }

    fn wait_for_port(&mut self) {
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.mta.try_wait().unwrap();
            assert!(
                ended.is_none() && start.elapsed() < PATIENCE,
                "the MTA did not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The child was not waited for, so the pid is still its own. Exim loses a signal while it starts anew.
        while matches!(self.mta.try_wait(), Ok(None)) {
            let _ = signal(self.mta.id(), Signal::SIGTERM);
            std::thread::sleep(Duration::from_millis(20));
        }
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// Makes the files that the namespace puts over the machine's own, whichever MTA it is, and
/// finds a port for it.
pub fn lay_out() -> (tempfile::TempDir, u16) {
    let site = tempfile::Builder::new()
        .prefix("tickets-e2e")
        .tempdir_in("/tmp")
        .unwrap();
    let root = site.path();
    mode(root, 0o755);
    for dir in ["lib", "spool", "log", "bin"] {
        fs::create_dir(root.join(dir)).unwrap();
    }
    for dir in ["home", "home/.config", "home/.config/tickets", "mail"] {
        fs::create_dir(root.join(dir)).unwrap();
        give(&root.join(dir), USER);
        mode(&root.join(dir), 0o711);
    }
    fs::write(root.join("mailname"), "example.org\n").unwrap();
    // Exim runs it as another user: the build directory may be closed to that one.
    let program = root.join("bin/tickets");
    fs::copy(env!("CARGO_BIN_EXE_tickets"), &program).unwrap();
    mode(&program, 0o755);
    configure(root, "");
    let people = [
        "alice@example.net",
        "steve@example.org",
        "mallory@example.net",
    ];
    let crowd = (1..=200).map(|n| format!("author{n}@example.net"));
    let list: String = people
        .map(str::to_owned)
        .into_iter()
        .chain(crowd)
        .map(|who| format!("{who}: {who}\n"))
        .collect();
    fs::write(root.join("mailboxes"), list).unwrap();
    (site, free_port())
}

/// Writes the desk's configuration, with these lines added to the usual ones.
pub fn configure(root: &Path, more: &str) {
    let path = root.join("home/.config/tickets/config.toml");
    let usual = "domain = \"example.org\"\nadmins = [\"steve@example.org\"]\n";
    fs::write(&path, format!("{usual}{more}")).unwrap();
    give(&path, USER);
}

/// Debian's own configuration with the site's few additions: who listens where, and mailboxes.
fn exim_configuration(root: &Path, form: Form, port: u16) {
    for dir in ["spool", "log", "mail"] {
        give(&root.join(dir), "Debian-exim");
    }
    let etc = root.join("etc");
    let copied = Command::new("cp")
        .args([Path::new("-a"), Path::new("/etc/exim4"), &etc])
        .status()
        .unwrap();
    assert!(copied.success());
    let split = form == Form::Split;
    let settings = format!(
        "dc_eximconfig_configtype='local'\ndc_other_hostnames='example.org;example.net;vendor.example'\n\
         dc_local_interfaces='127.0.0.1.{port}'\ndc_use_split_config='{split}'\n\
         dc_localdelivery='mail_spool'\nCFILEMODE='644'\n"
    );
    fs::write(etc.join("update-exim4.conf.conf"), settings).unwrap();
    // No relay host but this one, which nobody has; no questions to a name server.
    let main = "MAIN_RELAY_NETS = 192.0.2.1\nMAIN_HOST_LOOKUP = :\n\
                pid_file_path = /var/spool/exim4/exim.pid\n";
    let root = root.display();
    let router = format!(
        "site_mailboxes:\n  driver = accept\n  domains = example.org : example.net : vendor.example\n  \
         condition = ${{lookup{{$local_part@$domain}}lsearch{{{root}/mailboxes}}{{yes}}{{no}}}}\n  \
         transport = site_maildir\n\n"
    );
    let transport = format!(
        "site_maildir:\n  driver = appendfile\n  maildir_format\n  create_directory\n  \
         directory = {root}/mail/${{lookup{{$local_part@$domain}}lsearch{{{root}/mailboxes}}}}\n  \
         user = Debian-exim\n  return_path_add\n  envelope_to_add\n\n"
    );
    if split {
        fs::write(etc.join("conf.d/main/000_site"), main).unwrap();
        fs::write(etc.join("conf.d/router/250_site"), router).unwrap();
        fs::write(etc.join("conf.d/transport/25_site"), transport).unwrap();
    } else {
        let template = etc.join("exim4.conf.template");
        let text = fs::read_to_string(&template).unwrap();
        let text = text.replacen(
            "\nbegin routers\n",
            &format!("\nbegin routers\n\n{router}"),
            1,
        );
        let text = text.replacen(
            "\nbegin transports\n",
            &format!("\nbegin transports\n\n{transport}"),
            1,
        );
        fs::write(&template, format!("{main}{text}")).unwrap();
    }
}

/// Waits until Exim has started again because of what is done.
pub fn restarted<T>(site: &Site, done: impl FnOnce() -> T) -> T {
    let starts = || site.log().matches(" daemon started: ").count();
    let before = starts();
    let done = done();
    site.wait("Exim to start again", || (starts() > before).then_some(()));
    done
}

/// Puts a changed configuration of Exim in force.
pub fn reload_exim(site: &Site) {
    restarted(site, || update_exim(site));
}

fn update_exim(site: &Site) {
    let run = site.inside(&["update-exim4.conf"]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    signal(site.mta(), Signal::SIGHUP).unwrap();
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).map(|entries| entries.map(|entry| entry.unwrap().file_name()));
    entries
        .into_iter()
        .flatten()
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

fn numbers(dir: &Path) -> Vec<u32> {
    let mut numbers: Vec<u32> = names(dir)
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers
}
