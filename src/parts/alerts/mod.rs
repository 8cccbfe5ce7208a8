//! Alerts: a line of text for whoever wants to be woken by what happens in tickets (L6).
//!
//! Who is told of an event is settled in a delivery, which looks into no table of parts; so the observer is the desk's
//! (`desk/alerts.rs`), and asks the configuration whether this part is on.

use crate::config::{ALERTS, Alert, Config};
use crate::desk::{Desk, wrong_with_holidays};
use crate::error::nearest;
use crate::module::{MANIFEST, Manifest, Point, names};
use crate::part::{Finding, Part, Registry};
use crate::ticket::kind::MessageKind;

/// The part.
pub(crate) const PART: AlertsPart = AlertsPart;

/// See [`Part`].
pub(crate) struct AlertsPart;

impl Part for AlertsPart {
    fn name(&self) -> &str {
        ALERTS
    }

    fn summary(&self) -> &str {
        "wakes people with a line of text when something happens"
    }

    fn is_observer(&self) -> bool {
        true
    }

    fn is_configured(&self, config: &Config) -> bool {
        !config.alerts.is_empty()
    }

    fn findings(&self, desk: &Desk, _parts: &Registry) -> Vec<Finding> {
        let alerts = desk.config.alerts.iter();
        alerts.flat_map(|alert| obstacles(desk, alert)).collect()
    }
}

/// What keeps an alert from being given, or from knowing when.
fn obstacles(desk: &Desk, alert: &Alert) -> Vec<Finding> {
    let warn = |text: String, mend: Option<String>| Finding {
        is_well: false,
        text,
        mend,
        number: None,
    };
    let mut found = Vec::new();
    let modules = &desk.config.modules;
    if let Some(name) = &alert.module
        && !modules.iter().any(|module| module.name == *name)
    {
        let file = desk.config.file_to_edit();
        let there = names(&desk.config.modules_path());
        let there: Vec<&str> = there.iter().map(String::as_str).collect();
        let (text, mend) = match (there.contains(&name.as_str()), nearest(name, &there)) {
            (true, _) => (
                format!("alert: the module {name} is not switched on, so nobody is alerted"),
                format!("{name:?} in `modules` in {file}"),
            ),
            (false, Some(right)) => (
                format!("alert: there is no module {name}, so nobody is alerted"),
                format!("kind = \"module:{right}\" in {file}"),
            ),
            (false, None) => (
                format!("alert: there is no module {name}, so nobody is alerted"),
                format!("the name of a module; `tickets modules` shows them all, in {file}"),
            ),
        };
        found.push(warn(text, Some(mend)));
    } else if let Some(name) = &alert.module
        && let Ok(module) = desk.config.module(name)
        && !module.manifest.has(Point::Observer)
    {
        let text = format!("alert: the module {name} is no observer, so nobody is alerted");
        let mend = format!("another `kind` in {}", desk.config.file_to_edit());
        found.push(warn(text, Some(mend)));
    } else if let Some(name) = &alert.module
        && let Ok(module) = desk.config.module(name)
        && let Some(text) = unwanted(&module.manifest, &alert.rule.events)
    {
        let file = module.dir.join(MANIFEST);
        let mend = format!("`events` of this [[alert]], or of {}", file.display());
        found.push(warn(text, Some(mend)));
    }
    // A telephone number is no user of this machine.
    let is_number = |it: &&String| it.starts_with(|c: char| c.is_ascii_digit() || c == '+');
    for number in alert.short.iter().filter(is_number) {
        let domain = desk.config.addresses.domain();
        let text =
            format!("alert: to = {number:?} has no @, so that the mail goes to {number}@{domain}");
        let mend = format!(
            "the whole address, such as {number}@sms.example, in {}",
            desk.config.file_to_edit()
        );
        found.push(warn(text, Some(mend)));
    }
    let wrong = alert.holidays.as_deref().and_then(wrong_with_holidays);
    found.extend(wrong.map(|why| warn(format!("alert: {why}"), None)));
    found
}

/// That a module does not want to be told of what its alert lets through, by its manifest.
fn unwanted(manifest: &Manifest, events: &[MessageKind]) -> Option<String> {
    let name = &manifest.name;
    let is_wanted = |kind: &MessageKind| {
        let mut wanted = manifest.events.iter();
        manifest.events.is_empty() || wanted.any(|name| MessageKind::named(name) == Some(*kind))
    };
    // Beside others it only says that machines may cause those.
    let is_of_machines = |kind: &MessageKind| *kind == MessageKind::Automatic && events.len() > 1;
    let asked: Vec<&MessageKind> = events.iter().filter(|it| !is_of_machines(it)).collect();
    let odd: Vec<&str> = (asked.iter())
        .filter(|kind| !is_wanted(kind))
        .map(|kind| kind.name())
        .collect();
    let listed = odd.join(", ");
    match odd.len() {
        0 => None,
        n if n == asked.len() => Some(format!(
            "alert: the manifest of the module {name} does not want {listed}, so nobody is alerted"
        )),
        _ => Some(format!(
            "alert: the manifest of the module {name} does not want {listed}, so of that nobody is alerted"
        )),
    }
}
