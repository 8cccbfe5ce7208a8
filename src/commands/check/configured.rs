//! Checks the configuration, and the files that it names.

use super::diagnosis::{Diagnosis, may};
use super::mend::{as_owner, as_root, own_command, user};
use super::owners;
use crate::config::{Config, MACHINE_FILE};
use crate::desk::Desk;
use crate::error::{quoted, quoted_path};
use crate::log::{LogTo, SYSLOG};
use crate::privilege;
use crate::ticket::person::Person;
use crate::ticket::tag;
use crate::ticket::template::{Template, Values};
use nix::unistd::{AccessFlags, User};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Checks all of it.
pub(super) fn look(desk: &Desk) -> Vec<Diagnosis> {
    let mut found = vec![config(desk)];
    found.extend(other(desk));
    found.extend(logins(desk));
    found.extend(secret(desk));
    found.extend(log(desk));
    found.extend(templates(desk));
    found
}

fn config(desk: &Desk) -> Diagnosis {
    let domain = desk.config.addresses.domain();
    // The digit makes sure that each pattern is tried.
    if let Err(e) = tag::find(&desk.config.subject_tags, "1") {
        let file = desk.config.file_to_edit();
        // regex draws its message in several lines.
        let line = crate::error::line(&e);
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let finding = Diagnosis::fail(format!("config: {line}"));
        return finding.mend(format!("correct subject_tags in {file}"));
    }
    // Root has read it, and then became the store's owner.
    if let Some(file) = &desk.config.file
        && !may(file, AccessFlags::R_OK)
    {
        let path = file.display();
        let finding = Diagnosis::fail(format!("config: the store's owner cannot read {path}"));
        return finding.mend(as_root(&format!("chmod a+r {}", quoted_path(file))));
    }
    if desk.config.domain_known {
        let domains = desk.config.addresses.domains().join(", ");
        return Diagnosis::ok(format!("config: mail for {domains}"));
    }
    let finding = Diagnosis::fail(format!(
        "config: no domain is configured, so that no mail is sent: {domain} is only a guess"
    ));
    match &desk.config.file {
        None => {
            let domain = quoted(domain);
            let init = format!("tickets init --domain {domain} --admin you@{domain}");
            finding.mend(own_command(desk.store.root(), &init))
        }
        Some(file) => finding.mend(format!("write `domain = \"...\"` into {}", file.display())),
    }
}

/// The machine's desk, for a user who has one of their own, as whoever forgot sudo does.
fn other(desk: &Desk) -> Option<Diagnosis> {
    let own = Config::own_file().ok()?;
    let is_own = desk.config.file.as_deref() == Some(&own);
    (is_own && Path::new(MACHINE_FILE).exists()).then(|| {
        let text = format!("config: this machine has another desk, configured in {MACHINE_FILE}");
        Diagnosis::note(text).mend(as_root("tickets list"))
    })
}

/// Logins that this machine does not know, so that what they do on the shell is nobody's. Without the key a login is
/// the NAME, and whoever only writes mail has none here.
fn logins(desk: &Desk) -> Vec<Diagnosis> {
    let tell = |person: &Person| {
        let (name, login) = (person.name.as_deref()?, person.login.as_deref()?);
        let is_unknown = name != login && matches!(User::from_name(login), Ok(None));
        let text = format!("person.{name}: this machine has no user {login}");
        let mend = format!("correct `login` in {}", desk.config.file_to_edit());
        is_unknown.then(|| Diagnosis::warn(text).mend(mend))
    };
    desk.config.people.iter().filter_map(tell).collect()
}

/// Where the log goes, and what keeps it from going there. A delivery says nothing of that.
fn log(desk: &Desk) -> Option<Diagnosis> {
    let to = &desk.config.log;
    let obstacle = to.obstacle();
    Some(match (to, obstacle) {
        (LogTo::Nowhere, _) => return None,
        (LogTo::Syslog, None) => Diagnosis::ok("log: syslog, facility mail"),
        // Mail is taken, filed and answered all the same.
        (LogTo::Syslog, Some(e)) => {
            let why = match crate::files::absent(&e) || e.kind() == ErrorKind::ConnectionRefused {
                true => format!("no syslog on this machine ({SYSLOG})"),
                false => format!("syslog ({SYSLOG}) takes nothing ({e})"),
            };
            let file = desk.config.file_to_edit();
            let way = format!("`log = \"/absolute/FILE\"` in {file} notes it in a file");
            Diagnosis::note(format!("log: {why}, so nothing is noted; {way}"))
        }
        (LogTo::File(path), None) => match unshared_log(desk, path) {
            Some(finding) => finding,
            None => Diagnosis::ok(format!("log: {}", path.display())),
        },
        (LogTo::File(path), Some(e)) => {
            let finding = Diagnosis::warn(format!("log: cannot write {}: {e}", path.display()));
            finding.mend(match e.kind() {
                _ if crate::files::is_no_file(&e) => format!(
                    "name another file with `log = ...` in {}",
                    desk.config.file_to_edit()
                ),
                ErrorKind::StorageFull => owners::what_fills(path.parent().unwrap_or(path)),
                _ => writable_log(desk, path),
            })
        }
    })
}

/// A log that others of the group cannot write: of what they do, it has no line.
fn unshared_log(desk: &Desk, path: &Path) -> Option<Diagnosis> {
    let group = desk.config.group.as_deref()?;
    let gid = privilege::group(group).ok()?;
    let meta = std::fs::symlink_metadata(path).ok()?;
    if meta.gid() == gid.as_raw() && meta.mode() & 0o020 != 0 {
        return None;
    }
    let shown = path.display();
    let text = format!("log: the group {group} may not write {shown}");
    Some(Diagnosis::warn(text).mend(writable_log(desk, path)))
}

/// The command that lets the desk write its log, and keeps what is in it.
fn writable_log(desk: &Desk, path: &Path) -> String {
    let owner = user(nix::unistd::geteuid());
    let group = desk.config.group.as_deref().map(quoted);
    let closed = path
        .ancestors()
        .skip(1)
        .filter(|dir| !may(dir, AccessFlags::X_OK));
    if let Some(dir) = closed.last().filter(|dir| dir.exists()) {
        return as_root(&format!("chmod o+x {}", quoted_path(dir)));
    }
    let shown = quoted_path(path);
    match std::fs::symlink_metadata(path) {
        Err(e) if crate::files::absent(&e) => {
            let more = match group {
                Some(group) => format!("-g {group} -m 660"),
                None => "-m 640".to_owned(),
            };
            as_root(&format!("install -D -o {owner} {more} /dev/null {shown}"))
        }
        _ => {
            let (give, open) = match group {
                Some(group) => (format!("chgrp {group}"), "chmod g+rw"),
                None => (format!("chown {owner}"), "chmod u+rw"),
            };
            let (give, open) = (format!("{give} {shown}"), format!("{open} {shown}"));
            format!("{} && {}", as_root(&give), as_root(&open))
        }
    }
}

/// The file with the secret, which nobody else may read.
fn secret(desk: &Desk) -> Option<Diagnosis> {
    use std::os::unix::fs::PermissionsExt;
    let file = desk.config.address_secret.as_deref()?;
    let path = file.display();
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    Some(match mode & 0o006 {
        0 => Diagnosis::ok(format!("address_secret: {path}")),
        _ => {
            let finding = Diagnosis::fail(format!("address_secret: everybody can read {path}"));
            finding.mend(as_owner(
                file,
                &format!("chmod o-rwx {}", quoted_path(file)),
            ))
        }
    })
}

/// The admin's own texts. Where one fails, answers go out with the built-in text.
/// A file among the texts that has the name of none.
fn replaces_nothing(dir: &Path) -> Option<Diagnosis> {
    let known = Template::ALL.map(Template::file_name);
    let names = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let mut odd: Vec<String> = names
        .filter(|name| name.ends_with(".txt") && !known.contains(&name.as_str()))
        .collect();
    odd.sort();
    let path = dir.join(odd.first()?);
    let text = format!("templates: {} replaces no text", path.display());
    Some(Diagnosis::warn(text).mend(format!("the names are {}", known.join(", "))))
}

/// The first word in a pair of single braces, as other programs have them.
fn in_single_braces(body: &str) -> Option<&str> {
    let mut parts = body.split('{').skip(1);
    parts.find_map(|part| {
        let (word, rest) = part.split_once('}')?;
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (is_word && !rest.starts_with('}')).then_some(word)
    })
}

/// The command that puts the built-in text there.
fn begin_anew(text: Template, file: &Path) -> String {
    let name = text.file_name().trim_end_matches(".txt");
    format!("tickets init --print-text {name} >{}", quoted_path(file))
}

fn templates(desk: &Desk) -> Vec<Diagnosis> {
    let Some(dir) = &desk.config.templates else {
        return Vec::new();
    };
    let found = std::fs::metadata(dir);
    if let Err(e) = &found
        && e.kind() == ErrorKind::PermissionDenied
    {
        let text = format!("templates: cannot look into {}: {e}", dir.display());
        let mend = "whoever works on the desk must be able to read them: `tickets check` of its owner says how";
        return vec![Diagnosis::fail(text).mend(mend)];
    }
    if !found.is_ok_and(|it| it.is_dir()) {
        let text = format!("templates: there is no directory {}", dir.display());
        let above = dir.ancestors().find(|above| above.exists());
        let mkdir = format!("mkdir -p {}", quoted_path(dir));
        return vec![Diagnosis::warn(text).mend(as_owner(above.unwrap_or(dir), &mkdir))];
    }
    let templates = desk.templates();
    let mut found = Vec::new();
    let mut own = Vec::new();
    for text in Template::ALL {
        let file = dir.join(text.file_name());
        let path = file.display();
        match crate::files::read_text(&file) {
            Err(e) if crate::files::absent(&e) => {}
            Err(e) => {
                let finding = Diagnosis::warn(format!("templates: cannot read {path}: {e}"));
                let chmod = format!("chmod a+r {}", quoted_path(&file));
                found.push(finding.mend(as_owner(&file, &chmod)));
            }
            Ok(_) => match &templates.render(text, &Values::default()) {
                Ok(it) if it.body.trim().is_empty() => {
                    let finding = Diagnosis::warn(format!(
                        "templates: {path} is empty, and so are the mails"
                    ));
                    found.push(finding.mend(begin_anew(text, &file)));
                }
                Ok(it) if let Some(word) = in_single_braces(&it.body) => {
                    let text = format!("templates: {path}: `{{{word}}}` is sent as it stands");
                    let mend = "two pairs of braces stand around a value: {{ ticket }}; see `Texts of your own` in the manual";
                    found.push(Diagnosis::warn(text).mend(mend));
                }
                Ok(_) => own.push(text.file_name()),
                Err(e) => {
                    let why = crate::error::line(e);
                    let finding = Diagnosis::warn(format!("templates: {path}: {why}"));
                    found.push(finding.mend("correct it; until then the built-in text is used"));
                }
            },
        }
    }
    found.extend(replaces_nothing(dir));
    if found.is_empty() && own.is_empty() {
        found.push(Diagnosis::ok(
            "templates: no files of your own; the built-in texts are used",
        ));
    } else if found.is_empty() {
        found.push(Diagnosis::ok(format!(
            "templates: your own {}",
            own.join(", ")
        )));
    }
    found
}
