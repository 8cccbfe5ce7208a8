//! The values in force, written as a configuration file.

use crate::commands::text::{toml_list as words, toml_string as word, toml_templates};
use crate::config::{Alert, ByteSize, Config};
use crate::log::LogTo;
use crate::ticket::person::Person;
use crate::ticket::policy::{Acknowledge, CatchAll, CloseBy, Notify, ReplyTo, UnknownTicket};
use serde_json::Value;
use std::time::Duration;

/// Lines of a configuration file that would put the same values in force; the last has no line end.
pub fn in_force(config: &Config) -> String {
    let addresses = &config.addresses;
    let path = |p: &std::path::Path| word(&p.display().to_string());
    let mut lines = vec![match &config.file {
        Some(file) => format!("# {}", file.display()),
        None => "# no configuration file, only defaults".into(),
    }];
    let mut add = |key: &str, value: String| lines.push(format!("{key} = {value}"));
    add("dir", path(&config.dir));
    add("domain", words(addresses.domains()));
    add("submit", words(addresses.submits()));
    add("ticket", toml_templates(addresses));
    if let Some(file) = &config.address_secret {
        add("address_secret", path(file));
        add("plain_until", config.plain_until.to_string());
    }
    add("name", word(&config.name));
    add("admins", words(&config.admins));
    let notify = match config.notify {
        Notify::Copy => "copy",
        Notify::Note => "note",
        Notify::None => "none",
    };
    add("notify", word(notify));
    let reply_to = match config.reply_to {
        ReplyTo::Ticket => "ticket",
        ReplyTo::Both => "both",
    };
    add("reply_to", word(reply_to));
    add("notify_line", config.notify_line.to_string());
    let ack = match &config.ack {
        Acknowledge::Never => "false".into(),
        Acknowledge::Except(patterns) if patterns.is_empty() => "true".into(),
        Acknowledge::Except(patterns) => words(patterns),
    };
    add("ack", ack);
    add("ack_limit", config.ack_limit.to_string());
    add("ack_total", config.ack_total.to_string());
    let spam: Vec<String> = config.spam_header.iter().map(ToString::to_string).collect();
    add("spam_header", words(&spam));
    let close_by = match config.close_by {
        CloseBy::Participants => "participants",
        CloseBy::Admins => "admins",
        CloseBy::Anyone => "anyone",
    };
    add("close_by", word(close_by));
    if let Some(id) = &config.authserv_id {
        add("authserv_id", word(id));
    }
    let unknown = match config.unknown_ticket {
        UnknownTicket::Reject => "reject",
        UnknownTicket::Open => "open",
    };
    add("unknown_ticket", word(unknown));
    let catch_all = match config.catch_all {
        CatchAll::Reject => "reject",
        CatchAll::Submit => "submit",
    };
    add("catch_all", word(catch_all));
    add("subject_tags", words(&config.subject_tags));
    add("max_size", size(config.max_size));
    add("keep_recent", span(config.keep_recent));
    add("sendmail", words(&config.sendmail));
    if config.shared_store {
        add("shared_store", word("i know"));
    }
    add("sendmail_timeout", span(config.sendmail_timeout));
    if let Some(dir) = &config.templates {
        add("templates", path(dir));
    }
    if let Some(group) = &config.group {
        add("group", word(group));
    }
    let log = match &config.log {
        LogTo::Syslog => word("syslog"),
        LogTo::Nowhere => word("none"),
        LogTo::File(file) => path(file),
    };
    add("log", log);
    if !config.parts_off.is_empty() {
        lines.push("[parts]".into());
        lines.push(format!("off = {}", words(&config.parts_off)));
    }
    lines.extend(config.people.iter().filter_map(person));
    if let Some(Value::Object(jobs)) = config.job_tables() {
        lines.extend(jobs.iter().map(|(name, keys)| job(name, keys)));
    }
    lines.extend(config.alerts.iter().map(alert));
    lines.push(String::new());
    lines.join("\n")
}

/// The table of one of the people, unless only `admins` names them.
fn person(person: &Person) -> Option<String> {
    let name = person.name.as_ref()?;
    let name = match name.contains('.') {
        true => word(name),
        false => name.clone(),
    };
    let mut lines = format!("[person.{name}]\naddress = {}", words(&person.addresses));
    let quiet = person.quiet.as_ref();
    let zone = quiet.and_then(|it| it.zone.as_ref()?.iana_name());
    for (key, value) in [
        ("sign", person.sign.clone()),
        ("login", person.login.clone()),
        ("quiet", quiet.map(|it| it.hours.to_string())),
        ("zone", zone.map(str::to_owned)),
        ("holidays", quiet.and_then(|it| it.holidays.clone())),
    ] {
        if let Some(value) = value {
            lines.push_str(&format!("\n{key} = {}", word(&value)));
        }
    }
    if person.digest {
        lines.push_str("\ndigest = true");
    }
    Some(lines)
}

/// The table of a job, as it was written.
fn job(name: &str, keys: &Value) -> String {
    let mut lines = format!("[job.{name}]");
    for (key, value) in keys.as_object().into_iter().flatten() {
        let value = match value {
            Value::String(text) => word(text),
            // What else may stand there is written alike.
            other => other.to_string(),
        };
        lines.push_str(&format!("\n{key} = {value}"));
    }
    lines
}

/// The table of an alert.
fn alert(alert: &Alert) -> String {
    let kinds = alert.rule.events.iter().map(|kind| kind.name().to_owned());
    let events: Vec<String> = kinds.collect();
    let zone = alert.zone.as_ref().and_then(|zone| zone.iana_name());
    let holidays = alert.holidays.as_deref();
    let keys = [
        ("to", (!alert.to.is_empty()).then(|| words(&alert.to))),
        (
            "kind",
            (alert.module.as_ref()).map(|name| word(&format!("module:{name}"))),
        ),
        ("events", Some(words(&events))),
        (
            "when",
            (alert.rule.when.as_ref()).map(|hours| word(&hours.to_string())),
        ),
        ("zone", zone.map(word)),
        (
            "holidays",
            holidays.map(|file| word(&file.display().to_string())),
        ),
        (
            "limit",
            alert.limit.map(|limit| word(&format!("{}/h", limit.0))),
        ),
        ("from", alert.from.as_deref().map(word)),
    ];
    let lines = keys
        .into_iter()
        .filter_map(|(key, value)| Some(format!("\n{key} = {}", value?)));
    format!("[[alert]]{}", lines.collect::<String>())
}

fn size(bytes: u64) -> String {
    match ByteSize(bytes).to_string().strip_suffix(" bytes") {
        Some(number) => number.to_owned(),
        None => word(&ByteSize(bytes).to_string()),
    }
}

fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let text = match seconds {
        s if s > 0 && s % 86_400 == 0 => format!("{} days", s / 86_400),
        s => format!("{s} s"),
    };
    word(&text)
}
