//! Alerts: a line of text for whoever wants to be woken by what happens in tickets (L6).
//!
//! Who is told of an event is settled in a delivery, which looks into no table of parts; so the observer is the desk's
//! (`desk/alerts.rs`), and asks the configuration whether this part is on.

use crate::config::{ALERTS, Alert, Config};
use crate::desk::Desk;
use crate::files::read_text;
use crate::module::Point;
use crate::part::{Finding, Part, Registry};

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
        let text = format!("alert: the module {name} is not switched on, so nobody is alerted");
        let mend = format!("{name:?} in `modules` in {}", desk.config.file_to_edit());
        found.push(warn(text, Some(mend)));
    } else if let Some(name) = &alert.module
        && let Ok(module) = desk.config.module(name)
        && !module.manifest.has(Point::Observer)
    {
        let text = format!("alert: the module {name} is no observer, so nobody is alerted");
        found.push(warn(text, None));
    }
    if let Some(file) = &alert.holidays
        && let Err(e) = read_text(file)
    {
        let file = file.display();
        let text = format!("alert: cannot read {file}: {e}; no day is a holiday");
        found.push(warn(text, None));
    }
    found
}
