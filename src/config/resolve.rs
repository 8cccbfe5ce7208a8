//! From the keys of the file to the values in force.

use super::alerts;
use super::explain::wrong;
use super::jobs::{JOBS, run_the_digest};
use super::keys::{Config, Keys, Overrides};
use super::modules;
use super::people;
use super::secret;
use super::user::{User, expand};
use super::value::{ByteSize, OneOrMore, TimeSpan};
use crate::error::Fault;
use crate::files::read_text;
use crate::log::LogTo;
use crate::ticket::TicketId;
use crate::ticket::address::{Addresses, BadForm};
use crate::ticket::tag;
use anyhow::{Context, Result};
use mail::automatic::SpamSign;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Fills in what `keys` leave out.
///
/// # Errors
/// Status 78 for a value that cannot be used.
pub(super) fn resolve(
    keys: Keys,
    over: &Overrides,
    file: Option<PathBuf>,
    me: &User,
) -> Result<Config> {
    let dir = store(&keys, over, me)?;
    let dir_named = keys.dir.is_some() || over.dir.is_some() || over.config.is_some();
    let domain_known = keys.domain.is_some();
    // A configuration that several users read means the same to each of them.
    let owner = (keys.group.is_some()).then(|| User::owner(&dir)).flatten();
    let home = owner.as_ref().unwrap_or(me);
    let address_secret = keys.address_secret.as_deref();
    let address_secret = address_secret.map(|f| expand(f, home)).transpose()?;
    let addresses = addresses(&keys, address_secret.as_deref())?;
    let authserv_id = keys.authserv_id;
    if let Some(odd) = authserv_id.iter().find(|id| !is_plausible_domain(id)) {
        let why = format!("{odd:?} is not the name of a mail server");
        return Err(wrong("authserv_id", &why).into());
    }
    let log = log_to(keys.log, &dir, home)?;
    let (modules, modules_off) = modules::switched(words(keys.modules), keys.module);
    let modules_path = words(keys.modules_path).map(|path| modules::path(&path, home));
    let name = keys.name.unwrap_or_else(|| "Support".into());
    let ping_token_file = keys.ping_token_file.as_deref();
    let ping_token_file = ping_token_file.map(|file| expand(file, home));
    let (alerts, bad_alerts) = alerts::all(
        keys.alert,
        file.as_deref(),
        &addresses,
        domain_known,
        &modules,
        home,
    );
    let has_people = !keys.person.is_empty();
    let admins = admins(keys.admins, has_people, &addresses, domain_known, me)?;
    let mut people = people::all(keys.person, &admins, &addresses, domain_known, &name, home)?;
    let parts_off = words(keys.parts.off).unwrap_or_default();
    let wants_digest = people.iter().any(|person| person.digest);
    let are_jobs_off = parts_off.iter().any(|part| part == JOBS);
    if wants_digest && (are_jobs_off || !run_the_digest(keys.job.as_ref())) {
        // Nobody would tell them anything.
        people.iter_mut().for_each(|person| person.digest = false);
    }
    Ok(Config {
        file,
        overrides: over.clone(),
        dir,
        dir_named,
        address_secret,
        plain_until: keys.plain_until,
        domain_known,
        people,
        name,
        admins,
        notify: keys.notify,
        ack: keys.ack,
        close_by: keys.close_by,
        authserv_id,
        unknown_ticket: keys.unknown_ticket,
        catch_all: keys.catch_all,
        subject_tags: subject_tags(keys.subject_tags)?,
        ack_limit: keys.ack_limit.unwrap_or(5),
        ack_total: keys.ack_total.unwrap_or(100),
        reply_to: keys.reply_to,
        notify_line: keys.notify_line,
        spam_header: spam_header(keys.spam_header)?,
        max_size: keys.max_size.map_or(64 << 20, |ByteSize(bytes)| bytes),
        keep_recent: span_or(keys.keep_recent, 14 * 86_400),
        sendmail: sendmail(keys.sendmail)?,
        sendmail_timeout: span_or(keys.sendmail_timeout, 60),
        templates: keys.templates.map(|dir| expand(&dir, home)).transpose()?,
        group: keys.group,
        shared_store: keys.shared_store.is_some(),
        log,
        parts_off,
        modules,
        modules_off,
        jobs: keys.job,
        wants_digest,
        ping_token_file: ping_token_file.transpose()?,
        alerts,
        bad_alerts,
        modules_path: modules_path.transpose()?,
        addresses,
    })
}

/// The store, as an absolute path.
///
/// # Errors
/// It is in the home directory of a user who has none.
pub(super) fn store(keys: &Keys, over: &Overrides, me: &User) -> Result<PathBuf> {
    let dir = match (&over.dir, &keys.dir) {
        (Some(dir), _) => dir.clone(),
        (None, Some(dir)) => expand(dir, me)?,
        (None, None) => expand("~/tickets", me)?,
    };
    std::path::absolute(&dir).with_context(|| format!("cannot find {}", dir.display()))
}

fn words(key: Option<OneOrMore>) -> Option<Vec<String>> {
    key.map(|OneOrMore(words)| words)
}

fn span_or(key: Option<TimeSpan>, seconds: u64) -> Duration {
    key.map_or(Duration::from_secs(seconds), |TimeSpan(span)| span)
}

fn addresses(keys: &Keys, secret_file: Option<&Path>) -> Result<Addresses> {
    let domains = words(keys.domain.clone()).unwrap_or_else(|| vec![host_domain()]);
    if let Some(odd) = domains.iter().find(|domain| !is_plausible_domain(domain)) {
        return Err(wrong("domain", &format!("{odd:?} is not a domain")).into());
    }
    let submit = words(keys.submit.clone()).unwrap_or_else(|| vec!["submit".into()]);
    let is_odd = |s: &String| s.is_empty() || s.contains(char::is_whitespace);
    if submit.is_empty() || submit.iter().any(is_odd) {
        return Err(wrong("submit", "expected an address or a local-part").into());
    }
    let templates = words(keys.ticket.clone()).unwrap_or_else(|| vec!["ticket-{n}".into()]);
    let any_domain = keys.domain.is_none();
    let addresses = templates
        .iter()
        .try_fold(None, |made: Option<Addresses>, template| {
            let with = match made {
                None => Addresses::new(&domains, any_domain, &submit, template),
                Some(made) => made.and_template(template),
            };
            with.map(Some).map_err(|why| no_template(template, &why))
        });
    let Some(addresses) = addresses? else {
        return Err(wrong("ticket", "the list is empty").into());
    };
    Ok(match secret_file {
        Some(file) => {
            addresses.with_secret(secret::read(file, keys.group.is_some())?, keys.plain_until)
        }
        None => addresses,
    })
}

/// The error for a value of `ticket`.
fn no_template(template: &str, why: &BadForm) -> Fault {
    match why {
        BadForm::NoTemplate => {
            let why = format!("{template:?} is not a template of a local-part");
            let hint = "for example: ticket = \"ticket-{n}\" or ticket = \"help+{n}\"";
            wrong("ticket", &why).hint(hint)
        }
        BadForm::LooksLike(other) => {
            let why =
                format!("an address made from {template:?} can be mistaken for one of {other:?}");
            wrong("ticket", &why)
        }
    }
}

fn admins(
    key: Option<OneOrMore>,
    has_people: bool,
    addresses: &Addresses,
    domain_known: bool,
    me: &User,
) -> Result<Vec<String>> {
    let admins = match words(key) {
        Some(admins) => {
            people::are_addresses("admins", "admins", &admins)?;
            admins
        }
        // A name of the user database may be none; its owner can read all the same.
        None if has_people => Vec::new(),
        None => vec![me.get()?.name.clone()],
    };
    let admins = admins
        .into_iter()
        .map(|it| people::with_domain(it, addresses));
    let admins: Vec<String> = admins.collect();
    people::is_none_of_ours("admins", &admins, addresses, domain_known)?;
    Ok(admins)
}

fn subject_tags(key: Option<OneOrMore>) -> Result<Vec<String>> {
    let patterns = words(key).unwrap_or_else(|| vec![tag::DEFAULT.into()]);
    let written = (patterns.first())
        .zip(TicketId::new(1))
        .and_then(|(first, id)| tag::write(first, id));
    if written.is_none() {
        let why = "the first pattern does not say what to write in answers";
        let hint = r"put a plain one first, such as '\[issue(\d+)\]'";
        return Err(wrong("subject_tags", why).hint(hint).into());
    }
    Ok(patterns)
}

fn spam_header(key: Option<OneOrMore>) -> Result<Vec<SpamSign>> {
    let Some(texts) = words(key) else {
        return Ok(SpamSign::defaults());
    };
    let sign = |text: &String| {
        SpamSign::parse(text).ok_or_else(|| {
            let why = format!("{text:?} is not the name of a header field");
            let hint = "for example: spam_header = [\"X-Spam-Flag\", \"X-DSPAM-Result: Spam\"]";
            wrong("spam_header", &why).hint(hint).into()
        })
    };
    texts.iter().map(sign).collect()
}

/// Program and options; a single string is split at blanks.
fn sendmail(key: Option<OneOrMore>) -> Result<Vec<String>> {
    let words = words(key).unwrap_or_else(|| vec!["/usr/sbin/sendmail".into()]);
    let words = match &words[..] {
        [command] => command.split_whitespace().map(str::to_owned).collect(),
        _ => words,
    };
    if !words
        .first()
        .is_some_and(|program| program.starts_with('/'))
    {
        let why = "expected an absolute path, since an MTA's PATH has no sbin";
        return Err(wrong("sendmail", why).into());
    }
    Ok(words)
}

/// Where the log goes: a word, or an absolute path. It is no path in the store, where a group could lead it elsewhere
/// (T16).
fn log_to(key: Option<String>, store: &Path, me: &User) -> Result<LogTo> {
    let to = match key.as_deref() {
        None | Some("syslog") => return Ok(LogTo::Syslog),
        Some("none") => return Ok(LogTo::Nowhere),
        Some(path) => expand(path, me)?,
    };
    // Either may be a link, or behind one.
    let real = |dir: &Path| std::fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    let above = to.parent().map(real);
    let is_inside = to.starts_with(store) || above.is_some_and(|dir| dir.starts_with(real(store)));
    match to.is_absolute() && to.file_name().is_some() && !is_inside {
        true => Ok(LogTo::File(to)),
        false => {
            let path = to.display().to_string();
            let why = match is_inside {
                true => format!("{path:?} is in the store"),
                false => format!("{path:?} is not an absolute path"),
            };
            let hint = "log = \"syslog\", log = \"none\" or log = \"/var/log/tickets.log\"";
            Err(wrong("log", &why).hint(hint).into())
        }
    }
}

/// Replaces a leading `~` or `~/` by the home directory in the password database: Exim's pipe sets
/// HOME to the empty string.
/// The domain of mail from this machine: that in /etc/mailname, where Debian keeps it, else the host
/// name.
fn host_domain() -> String {
    let mailname = read_text(Path::new("/etc/mailname")).unwrap_or_default();
    let mailname = mailname.trim();
    if is_host_name(mailname) {
        return mailname.to_owned();
    }
    let host = nix::unistd::gethostname().ok();
    host.and_then(|host| host.into_string().ok())
        .filter(|host| is_host_name(host))
        .unwrap_or_else(|| "localhost".into())
}

/// True for a name that may go into a command, which is where a guess ends up.
fn is_host_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
}

fn is_plausible_domain(domain: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "@<>(),;:\"\\/".contains(c);
    !domain.is_empty() && !domain.contains(is_odd)
}
