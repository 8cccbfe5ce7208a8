//! The configuration: one TOML file, read into values; each key's doc comment is its manual.
//!
//! Section F of the contract. Nothing is looked up that the message does not need: the password
//! database, the host name and the time zone stay closed while the file answers for them.

mod explain;
mod secret;
mod value;

use crate::error::{Fault, Status};
use crate::files::absent;
use crate::ticket::address::Addresses;
use crate::ticket::policy::{Acknowledge, CatchAll, CloseBy, Notify, UnknownTicket};
use crate::ticket::{TicketId, tag};
use anyhow::{Context, Result};
use explain::explain;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
pub use value::{Size, Span, Words};

/// The file as it stands; every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// The store. Default `~/tickets`; `~` is the home directory of the user it runs as.
    pub dir: Option<String>,
    /// Domain of all addresses, or a list of them; the first is used in answers.
    /// Default: the one in /etc/mailname, else the host's name, and any domain is accepted.
    pub domain: Option<Words>,
    /// Local-parts, or full addresses, that open tickets. Default `"submit"`.
    pub submit: Option<Words>,
    /// Template of a ticket's local-part. Default `"ticket-{n}"`.
    pub ticket: Option<String>,
    /// A file with a secret, from which a digest in each ticket's address is made, so that only
    /// who was written to can write there. Default: none, anybody can.
    pub address_secret: Option<String>,
    /// With `address_secret`: the last ticket that may be written to without a digest.
    pub plain_until: u32,
    /// Display name in answers. Default `"Support"`.
    pub name: Option<String>,
    /// Who is told, and may close. Default: the user it runs as.
    pub admins: Option<Words>,
    /// What admins get of each mail: `"copy"`, `"note"` or `"none"`.
    pub notify: Notify,
    /// Whether new tickets are acknowledged, or a list of sender patterns (`"*@robots.example"`)
    /// never to answer. Default true.
    pub ack: Acknowledge,
    /// Who may close by mail: `"participants"`, `"admins"` or `"anyone"`.
    pub close_by: CloseBy,
    /// The name of the mail server in its Authentication-Results: From is believed only where that
    /// proves it. Default: From is believed.
    pub authserv_id: Option<String>,
    /// Mail to a ticket that does not exist: `"reject"` it, or `"open"` a new one.
    pub unknown_ticket: UnknownTicket,
    /// Mail to an address that is none of ours: `"reject"` it, or treat it as `"submit"`.
    pub catch_all: CatchAll,
    /// Regular expressions with one number group that find a ticket in a Subject; the first is
    /// the one written in answers.
    pub subject_tags: Option<Words>,
    /// The most answers one address gets in an hour. Default 5.
    pub ack_limit: Option<u32>,
    /// The largest message taken. Default `"64 MiB"`.
    pub max_size: Option<Size>,
    /// How long raw copies of filed mail are kept. Default `"14 days"`.
    pub keep_recent: Option<Span>,
    /// The sendmail program and its options, started without a shell.
    /// Default `/usr/sbin/sendmail`.
    pub sendmail: Option<Words>,
    /// How long sendmail may take for one mail. Default `"60 s"`.
    pub sendmail_timeout: Option<Span>,
    /// Directory whose files (ack.txt, note.txt, closed.txt, refused.txt) replace the built-in
    /// texts.
    pub templates: Option<String>,
    /// A group whose members may read and write the store. Default: none.
    pub group: Option<String>,
    /// What the desk can do without.
    pub parts: PartKeys,
}

/// The table `[parts]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PartKeys {
    /// Names of parts that are switched off; `tickets modules` lists all. Default: none.
    pub off: Option<Words>,
}

/// The values in force.
#[derive(Debug)]
pub struct Config {
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// The store, an absolute path.
    pub dir: PathBuf,
    /// The desk's addresses.
    pub addresses: Addresses,
    /// Where the secret for them lies, if there is one.
    pub address_secret: Option<PathBuf>,
    /// The last ticket that may be written to without a digest.
    pub plain_until: u32,
    /// False if no domain is configured and one had to be guessed.
    pub domain_known: bool,
    /// Display name in answers.
    pub name: String,
    /// Addresses of the admins.
    pub admins: Vec<String>,
    /// C2.
    pub notify: Notify,
    /// C1.
    pub ack: Acknowledge,
    /// C5.
    pub close_by: CloseBy,
    /// C3, C5: whose Authentication-Results tell who wrote a mail; `None` if From is believed.
    pub authserv_id: Option<String>,
    /// B8.
    pub unknown_ticket: UnknownTicket,
    /// B9.
    pub catch_all: CatchAll,
    /// B4, as written; compiled when a Subject asks for it.
    pub subject_tags: Vec<String>,
    /// C7, answers an hour.
    pub ack_limit: u32,
    /// A3, bytes.
    pub max_size: u64,
    /// D10.
    pub keep_recent: Duration,
    /// Program (absolute path) and options.
    pub sendmail: Vec<String>,
    /// How long one run of sendmail may take.
    pub sendmail_timeout: Duration,
    /// Directory of the admin's own texts.
    pub templates: Option<PathBuf>,
    /// Group of the store.
    pub group: Option<String>,
    /// Names of the parts that are off.
    pub parts_off: Vec<String>,
}

/// What the command line and the environment say about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config FILE` or `$TICKETS_CONFIG`.
    pub config: Option<PathBuf>,
    /// `--dir DIR` or `$TICKETS_DIR`.
    pub dir: Option<PathBuf>,
}

impl Config {
    /// The tag of a ticket, as it is written in Subjects (B4).
    pub fn tag(&self, id: TicketId) -> String {
        let pattern = self.subject_tags.first();
        let tag = pattern.and_then(|pattern| tag::write(pattern, id));
        tag.unwrap_or_default()
    }

    /// Reads the configuration: the file named, else the user's, else the system's, else none.
    ///
    /// # Errors
    /// A named file that cannot be read, an unknown key, a wrong value: status 78, naming file,
    /// line and the nearest right key.
    pub fn load(overrides: &Overrides) -> Result<Config> {
        let me = User::default();
        let (file, text) = match &overrides.config {
            Some(file) => {
                let doing = || format!("cannot read {}", file.display());
                let text = std::fs::read_to_string(file).map_err(|e| {
                    let fault = Fault::new(Status::Config, format!("{}: {e}", doing()));
                    match absent(&e) {
                        true => fault.hint(format!(
                            "`tickets --config {} init` writes one",
                            file.display()
                        )),
                        false => fault,
                    }
                })?;
                (Some(file.clone()), text)
            }
            None => first_that_exists(&me)?,
        };
        Self::parse(&text, file, overrides, &me)
    }

    /// The values that `text` would put in force, were it in `file`.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn of(text: &str, file: &Path, overrides: &Overrides) -> Result<Config> {
        Self::parse(text, Some(file.to_owned()), overrides, &User::default())
    }

    fn parse(text: &str, file: Option<PathBuf>, over: &Overrides, me: &User) -> Result<Config> {
        let keys: Keys = toml::from_str(text).map_err(|e| explain(file.as_deref(), text, &e))?;
        let at = file.as_deref().unwrap_or(Path::new("the configuration"));
        resolve(keys, over, file.clone(), me)
            .with_context(|| format!("cannot use {}", at.display()))
    }

    /// Where the user's own configuration lies if nobody names another file.
    ///
    /// # Errors
    /// Status 78 if the user is not in the password database.
    pub fn own_file() -> Result<PathBuf> {
        Ok(User::default().get()?.dir.join(OWN_FILE))
    }
}

/// In the home directory.
const OWN_FILE: &str = ".config/tickets/config.toml";

/// The user this process runs as, asked for at most once.
#[derive(Default)]
struct User(std::cell::OnceCell<Option<nix::unistd::User>>);

impl User {
    fn get(&self) -> Result<&nix::unistd::User> {
        let uid = nix::unistd::geteuid();
        self.0
            .get_or_init(|| nix::unistd::User::from_uid(uid).ok().flatten())
            .as_ref()
            .ok_or_else(|| {
                Fault::new(
                    Status::Config,
                    format!("user {uid} is not in the password database"),
                )
                .hint("name the store with --dir or `dir = \"/...\"`")
                .into()
            })
    }
}

fn first_that_exists(me: &User) -> Result<(Option<PathBuf>, String)> {
    let own = me.get().ok().map(|u| u.dir.join(OWN_FILE));
    for file in own
        .into_iter()
        .chain([PathBuf::from("/etc/tickets/config.toml")])
    {
        match std::fs::read_to_string(&file) {
            Ok(text) => return Ok((Some(file), text)),
            Err(e) if absent(&e) => {}
            Err(e) => {
                let text = format!("cannot read {}: {e}", file.display());
                return Err(Fault::new(Status::Config, text).into());
            }
        }
    }
    Ok((None, String::new()))
}

/// Turns the file's keys into values, filling in what is missing.
fn resolve(keys: Keys, over: &Overrides, file: Option<PathBuf>, me: &User) -> Result<Config> {
    let bad = |key: &str, why: String| Fault::new(Status::Config, format!("{key}: {why}"));
    let dir = match (&over.dir, keys.dir) {
        (Some(dir), _) => dir.clone(),
        (None, Some(dir)) => expand(&dir, me)?,
        (None, None) => expand("~/tickets", me)?,
    };
    let dir =
        std::path::absolute(&dir).with_context(|| format!("cannot find {}", dir.display()))?;

    let domain_known = keys.domain.is_some();
    let domains = match keys.domain {
        Some(words) => words.0,
        None => vec![host_domain()],
    };
    if let Some(odd) = domains.iter().find(|d| !plausible_domain(d)) {
        return Err(bad("domain", format!("{odd:?} is no domain")).into());
    }
    let submit = keys.submit.map_or_else(|| vec!["submit".into()], |w| w.0);
    if submit.is_empty()
        || submit
            .iter()
            .any(|s| s.is_empty() || s.contains(char::is_whitespace))
    {
        return Err(bad("submit", "an address or local-part is wanted".into()).into());
    }
    let template = keys.ticket.unwrap_or_else(|| "ticket-{n}".into());
    let mut addresses =
        Addresses::new(&domains, !domain_known, &submit, &template).ok_or_else(|| {
            bad(
                "ticket",
                format!("{template:?} is no template of a local-part"),
            )
            .hint("for example: ticket = \"ticket-{n}\" or ticket = \"help+{n}\"")
        })?;
    let address_secret = keys.address_secret.map(|f| expand(&f, me)).transpose()?;
    if let Some(file) = &address_secret {
        addresses = addresses.with_secret(secret::read(file)?, keys.plain_until);
    }
    let admins = match keys.admins {
        Some(words) => words.0,
        None => vec![me.get()?.name.clone()],
    };
    let with_domain = |a: String| match a.contains('@') {
        true => a,
        false => format!("{a}@{}", addresses.domain()),
    };
    let admins: Vec<String> = admins.into_iter().map(with_domain).collect();
    if let Some(own) = admins
        .iter()
        .find(|a| domain_known && addresses.target(a).is_some())
    {
        let why = format!("{own} is an address of the desk itself, its mail would come back");
        return Err(bad("admins", why).into());
    }
    let subject_tags = keys
        .subject_tags
        .map_or_else(|| vec![tag::DEFAULT.into()], |w| w.0);
    let example = TicketId::new(1);
    let plain = subject_tags
        .first()
        .zip(example)
        .and_then(|(p, id)| tag::write(p, id));
    if plain.is_none() {
        let why = "the first pattern leaves open what to write in answers".into();
        let hint = r"put a plain one first, such as '\[issue(\d+)\]'";
        return Err(bad("subject_tags", why).hint(hint).into());
    }
    if let Some(odd) = keys.authserv_id.iter().find(|id| !plausible_domain(id)) {
        let why = format!("{odd:?} is no name of a mail server");
        return Err(bad("authserv_id", why).into());
    }
    let sendmail = keys.sendmail.map_or_else(
        || vec!["/usr/sbin/sendmail".into()],
        |w| match w.0.len() {
            1 => w.0[0].split_whitespace().map(str::to_owned).collect(),
            _ => w.0,
        },
    );
    if !sendmail.first().is_some_and(|p| p.starts_with('/')) {
        let why = "an absolute path is wanted, since an MTA's PATH has no sbin".into();
        return Err(bad("sendmail", why).into());
    }
    let templates = keys.templates.map(|t| expand(&t, me)).transpose()?;
    Ok(Config {
        file,
        dir,
        addresses,
        address_secret,
        plain_until: keys.plain_until,
        domain_known,
        name: keys.name.unwrap_or_else(|| "Support".into()),
        admins,
        notify: keys.notify,
        ack: keys.ack,
        close_by: keys.close_by,
        authserv_id: keys.authserv_id,
        unknown_ticket: keys.unknown_ticket,
        catch_all: keys.catch_all,
        subject_tags,
        ack_limit: keys.ack_limit.unwrap_or(5),
        max_size: keys.max_size.map_or(64 << 20, |s| s.0),
        keep_recent: keys
            .keep_recent
            .map_or(Duration::from_secs(14 * 86_400), |s| s.0),
        sendmail,
        sendmail_timeout: keys
            .sendmail_timeout
            .map_or(Duration::from_secs(60), |s| s.0),
        templates,
        group: keys.group,
        parts_off: keys.parts.off.map_or_else(Vec::new, |words| words.0),
    })
}

/// `~` and `~/x` by the password database: Exim's pipe sets HOME to the empty string.
fn expand(path: &str, me: &User) -> Result<PathBuf> {
    Ok(match path.strip_prefix('~') {
        Some("") => me.get()?.dir.clone(),
        Some(rest) if rest.starts_with('/') => me.get()?.dir.join(&rest[1..]),
        _ => PathBuf::from(path),
    })
}

/// The domain mail from this machine carries, as Debian keeps it.
fn host_domain() -> String {
    let mailname = std::fs::read_to_string("/etc/mailname").unwrap_or_default();
    let mailname = mailname.trim();
    if plausible_domain(mailname) {
        return mailname.to_owned();
    }
    let host = nix::unistd::gethostname()
        .ok()
        .and_then(|h| h.into_string().ok());
    host.filter(|h| plausible_domain(h))
        .unwrap_or_else(|| "localhost".into())
}

fn plausible_domain(domain: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "@<>(),;:\"\\/".contains(c);
    !domain.is_empty() && !domain.contains(odd)
}

#[cfg(test)]
mod tests;
