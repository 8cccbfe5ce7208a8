//! Checks Postfix: its parameters and tables, and how it answers another server.
//!
//! Any user may read them with `postconf` and `postmap -q`. Postfix has no talk that is only tried, so the one that
//! runs is talked to; nothing is sent.

mod lists;

use super::ask::ask;
use super::diagnosis::{Diagnosis, Level};
use super::mend::{as_root, changed, mistyped, own_command, take_over};
use super::queue;
use super::smtp::{self, Reply};
use super::way::{Doors, Look, Open, Probes, is_same_command, read};
use crate::commands::init::exim::macros;
use crate::commands::text::again;
use crate::error::{quoted, quoted_path};
use crate::files::read_text;
use crate::privilege;
use crate::ticket::TicketId;
use lists::{doors, items, words};
use std::collections::HashMap;
use std::path::Path;

/// The parameters that are looked at.
const PARAMETERS: [&str; 6] = [
    "mydestination",
    "virtual_mailbox_domains",
    "virtual_alias_domains",
    "relay_domains",
    "inet_interfaces",
    "transport_maps",
];

/// Those of domains for which Postfix takes mail.
const DOMAINS: [&str; 4] = [PARAMETERS[0], PARAMETERS[1], PARAMETERS[2], PARAMETERS[3]];

/// Checks all of it.
pub(super) fn look(look: &Look) -> Vec<Diagnosis> {
    let table = read(&look.etc.join("postfix/tickets_transport"));
    let mut rules = table.lines().filter(|line| line.starts_with('/'));
    let secret = look.desk.config.address_secret.is_some();
    let mut found = Vec::new();
    if secret && rules.any(|line| !line.contains("[0-9a-z]{8}")) {
        let text = "Postfix: its tables know nothing of digests in addresses, and refuse them";
        found.push(Diagnosis::fail(text).mend(put_in(look)));
    }
    let by = called_in(look);
    if by.is_none() {
        let text = "Postfix: neither master.cf nor aliases names tickets; nothing brings mail here";
        found.push(Diagnosis::fail(text).mend(put_in(look)));
    }
    found.extend(proven(look, by.as_deref()));
    if let (true, Some(by)) = (found.iter().all(|it| it.level < Level::Warn), by) {
        let submit = look.desk.config.addresses.submit();
        found.push(Diagnosis::ok(match look.program("postconf") {
            Some(_) => format!("Postfix: it takes mail for {submit} and the tickets"),
            None => format!("Postfix: {by} names tickets"),
        }));
    }
    found
}

fn put_in(look: &Look) -> String {
    let own = again("tickets", look.overrides);
    let own = own_command(look.desk.store.root(), &own);
    format!("{own} init --postfix | {}", as_root("sh"))
}

/// The file by which Postfix starts this program.
fn called_in(look: &Look) -> Option<String> {
    let etc = look.etc;
    let mut files = ["postfix/master.cf", "postfix/main.cf", "aliases"]
        .map(|it| etc.join(it))
        .to_vec();
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
        .ok()
        .flatten();
    files.extend(
        user.filter(|_| look.programs.is_some())
            .map(|it| it.dir.join(".forward")),
    );
    let calls = |file: &&std::path::PathBuf| {
        let text = read(file);
        text.lines()
            .any(|l| !l.trim_start().starts_with('#') && l.contains("tickets"))
    };
    files
        .iter()
        .find(calls)
        .map(|file| file.display().to_string())
}

/// What Postfix itself says.
fn proven(look: &Look, by: Option<&str>) -> Vec<Diagnosis> {
    let Some(postconf) = look.program("postconf") else {
        return Vec::new();
    };
    let args = [&["-x"], &PARAMETERS[..]].concat();
    let asked = ask(&postconf, &args, "")
        .ok()
        .filter(|it| it.status == Some(0));
    let services = ask(&postconf, &["-M"], "")
        .ok()
        .filter(|it| it.status == Some(0));
    let (Some(asked), Some(services)) = (asked, services) else {
        let text = "Postfix: its parameters cannot be read";
        return vec![Diagnosis::fail(text).mend(as_root("postfix check"))];
    };
    let values: HashMap<&str, &str> = asked
        .text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let value = |name: &str| values.get(name).copied().unwrap_or_default();
    let mut found = Vec::new();
    // An alias knows nothing of tables.
    if by.is_some_and(|by| by.ends_with(".cf")) {
        found.extend(service(look, &services.text));
        found.extend(transport(look, value("transport_maps")));
    }
    found.extend(domain(look, &postconf, &value));
    let wrong = by.is_none() || found.iter().any(|it| it.level == Level::Fail);
    found.extend(listens(
        look,
        &doors(&services.text, value("inet_interfaces")),
        !wrong,
    ));
    found
}

/// Whether the service for the desk is what `init` would make it.
fn service(look: &Look, services: &str) -> Vec<Diagnosis> {
    let Some(line) = services
        .lines()
        .find(|it| words(it).starts_with(&["tickets", "unix"]))
    else {
        let text = "Postfix: it has no service `tickets`, so that mail to the desk waits";
        return vec![Diagnosis::fail(text).mend(put_in(look))];
    };
    let wanted = match macros(&look.desk.config, look.overrides) {
        Ok(wanted) => wanted,
        Err(e) => {
            return vec![Diagnosis::fail(format!(
                "Postfix: {}",
                crate::error::line(&e)
            ))];
        }
    };
    let wanted = |name: &str| {
        wanted
            .iter()
            .find(|it| it.0 == name)
            .map_or("", |it| &*it.1)
    };
    let words = words(line);
    let user = words
        .iter()
        .find_map(|it| it.strip_prefix("user="))
        .unwrap_or_default();
    let argv = line.split_once("argv=").map_or("", |(_, argv)| argv);
    let command = argv
        .split_once(" deliver")
        .map_or("", |(command, _)| command);
    let command = self::words(command).join(" ");
    let mut found = Vec::new();
    let theirs = user.split(':').next().unwrap_or_default();
    let instead = || take_over(look.desk, &put_in(look), theirs);
    let (desks_user, own) = (wanted("TICKETS_USER"), wanted("TICKETS_COMMAND"));
    if theirs != desks_user {
        let text = format!(
            "Postfix: it starts the program as `{user}`, but this desk is that of `{desks_user}`"
        );
        found.push(Diagnosis::fail(text).mend(instead()));
    }
    if !is_same_command(&command, own) {
        let text = format!("Postfix: it starts `{command}`, but this desk has `{own}`");
        found.push(Diagnosis::fail(text).mend(instead()));
    }
    if found.is_empty() {
        found.extend(group(look, services, desks_user));
    }
    let pieces = include_str!("../../../contrib/postfix/master.cf");
    let arguments = pieces
        .lines()
        .find_map(|it| it.split_once(" deliver "))
        .map(|it| it.1);
    let has = argv.split_once(" deliver ").map_or("", |it| it.1);
    if found.is_empty() && arguments.is_some_and(|it| self::words(it) != self::words(has)) {
        let text = "Postfix: its pieces are not those of this version of the program";
        found.push(Diagnosis::warn(text).mend(put_in(look)));
    }
    found
}

/// Whether the program is started with the group that shares the store: Postfix gives it one, which is `user`'s own
/// unless another stands there, whatever groups the user database has them in.
fn group(look: &Look, services: &str, user: &str) -> Option<Diagnosis> {
    let own = privilege::user(user)?.gid;
    let named = look.desk.config.group.as_deref();
    let wanted = match named {
        Some(group) => privilege::group(group).ok()?,
        None => own,
    };
    let started = services.lines().filter_map(|line| {
        let words = words(line);
        let is_ours = ["tickets", "ticketspolicy"].map(|name| words.starts_with(&[name, "unix"]));
        let user = is_ours.contains(&true).then_some(words)?;
        user.into_iter().find_map(|it| it.strip_prefix("user="))
    });
    let differs = |user: &&str| match user.split_once(':') {
        Some((_, group)) => privilege::group(group).ok() != Some(wanted),
        None => own != wanted,
    };
    let theirs = { started }.find(differs)?;
    Some(match named {
        Some(group) => {
            let text = format!(
                "Postfix: it starts the program as `{theirs}`, without the desk's group `{group}`, so that it cannot use \
                 what others of the group have made, and mail waits"
            );
            Diagnosis::fail(text).mend(put_in(look))
        }
        None => {
            let text = format!(
                "Postfix: it starts the program as `{theirs}`, but this desk has no `group`"
            );
            Diagnosis::warn(text).mend(put_in(look))
        }
    })
}

/// Whether the table leads submit@ and the tickets' addresses to that service.
fn transport(look: &Look, maps: &str) -> Option<Diagnosis> {
    let addresses = &look.desk.config.addresses;
    let postmap = look.program("postmap")?;
    let table = items(maps)
        .into_iter()
        .find(|it| it.contains("tickets_transport"));
    let is_led = |address: &String| {
        let asked = table.and_then(|table| ask(&postmap, &["-q", address, table], "").ok());
        asked.is_some_and(|it| it.text.trim().starts_with("tickets:"))
    };
    let tickets = TicketId::new(1).into_iter();
    let tickets = tickets.flat_map(|id| addresses.all_of(id));
    let mut all = std::iter::once(addresses.submit()).chain(tickets);
    let lost = all.find(|address| !is_led(address))?;
    let text = format!("Postfix: its transport_maps do not lead {lost} to the desk");
    let put_in = put_in(look);
    Some(Diagnosis::fail(text).mend(match table {
        // It leads other addresses there.
        Some(_) if lost == addresses.submit() => {
            mistyped(&put_in, &look.desk.config.file_to_edit())
        }
        Some(_) => changed(&put_in, "ticket", &look.desk.config.file_to_edit()),
        None => put_in,
    }))
}

/// Whether it takes mail for the domain.
fn domain<'v>(look: &Look, postconf: &Path, value: &dyn Fn(&str) -> &'v str) -> Option<Diagnosis> {
    let domain = look.desk.config.addresses.domain();
    let postmap = look.program("postmap")?;
    let mut unknown = false;
    for name in DOMAINS {
        for item in items(value(name)) {
            match holds(&postmap, item, domain) {
                Some(true) => return None,
                Some(false) => {}
                None => unknown = true,
            }
        }
    }
    let text = format!("Postfix: it takes no mail for {domain}, as far as its tables can be read");
    if unknown {
        return Some(
            Diagnosis::note(text).mend(as_root("postconf mydestination virtual_mailbox_domains")),
        );
    }
    let now = ask(postconf, &["-h", "mydestination"], "");
    let now = now.map_or(String::new(), |it| it.text.trim().to_owned());
    let with = match now.is_empty() {
        true => domain.to_owned(),
        false => format!("{now}, {domain}"),
    };
    let set = as_root(&format!(
        "postconf -e {}",
        quoted(&format!("mydestination = {with}"))
    ));
    let text = format!(
        "Postfix: it takes no mail for {domain}: it stands neither in mydestination nor in virtual_mailbox_domains, \
         virtual_alias_domains or relay_domains"
    );
    let mend = format!("{set} && {}", as_root("postfix reload"));
    let file = look.desk.config.file_to_edit();
    Some(Diagnosis::fail(text).mend(mistyped(&mend, &file)))
}

/// True if an item of a list of domains is this one, or a table or file that holds it; `None` if it cannot be read.
fn holds(postmap: &Path, item: &str, domain: &str) -> Option<bool> {
    let table = item.strip_prefix("proxy:").unwrap_or(item);
    if let Some(file) = table.strip_prefix('/') {
        let text = read_text(Path::new(&format!("/{file}"))).ok()?;
        let names = text
            .lines()
            .filter(|it| !it.starts_with('#'))
            .flat_map(words);
        return Some(
            names
                .into_iter()
                .any(|name| name.eq_ignore_ascii_case(domain)),
        );
    }
    if !table.contains(':') {
        return Some(item.eq_ignore_ascii_case(domain));
    }
    match ask(postmap, &["-q", domain, table], "").ok()?.status? {
        0 => Some(true),
        // It says so where it cannot read a table as well.
        1 if is_readable(table) => Some(false),
        _ => None,
    }
}

/// True if this user may read the file of a table, if it is one.
fn is_readable(table: &str) -> bool {
    let Some((kind, file)) = table.split_once(':') else {
        return true;
    };
    let files = [
        file.to_owned(),
        format!("{file}.db"),
        format!("{file}.lmdb"),
    ];
    match kind {
        "inline" | "static" => true,
        _ => files.iter().any(|it| std::fs::File::open(it).is_ok()),
    }
}

/// Whether Postfix runs, and how it answers others.
fn listens(look: &Look, doors: &Doors, judges: bool) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    if doors.only_inside() && !doors.0.is_empty() {
        let text = "Postfix: it listens to this machine only (inet_interfaces), so that nothing comes from outside";
        let set = as_root("postconf -e inet_interfaces=all");
        let restart = as_root("service postfix restart");
        found.push(Diagnosis::fail(text).mend(format!("{set} && {restart}")));
    } else if !doors.is_usual() {
        let text = "Postfix: it does not listen on port 25, where mail from outside comes";
        found.push(Diagnosis::warn(text).mend(format!(
            "see {}",
            quoted_path(&look.etc.join("postfix/master.cf"))
        )));
    }
    let probes = Probes {
        // Postfix does not run without a rule against it, and takes all mail from its own machine.
        elsewhere: None,
        ..Probes::of(look.desk)
    };
    let reload = as_root("postfix reload");
    let judged = |replies: &[Reply]| match judges {
        true => probes.judge("Postfix", look.desk, replies, &reload),
        false => Vec::new(),
    };
    let as_wanted = |replies: &[Reply]| judged(replies).iter().all(|it| it.level < Level::Fail);
    match doors.talk(&smtp::commands(&probes.recipients()), as_wanted) {
        Open::No(why) => {
            let text = format!("Postfix: it does not run: {why}");
            found.push(Diagnosis::fail(text).mend(as_root("service postfix start")));
        }
        Open::Silent(why) => {
            let text = format!("Postfix: it does not answer: {why}");
            found.push(Diagnosis::fail(text).mend(as_root("service postfix restart")));
        }
        Open::Yes(replies) => {
            found.extend(judged(&replies));
            // Where it does not run, it says nothing of its queue.
            found.extend(queue::postfix(look));
        }
    }
    found
}
