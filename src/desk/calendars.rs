//! The calendars of the people and alerts of a desk: zones, and files of holidays (L6).

use crate::files::read_text;
use crate::ticket::hours::{Calendar, dates};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What the files of holidays say. Each is read once, however many people and alerts name it; copies share that.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendars(Arc<Mutex<HashMap<PathBuf, Arc<HashSet<Date>>>>>);

impl Calendars {
    /// Calls `ask` with the calendar of a zone, by default the machine's, in which the dates in the file `holidays` are
    /// holidays. A file that cannot be read is as one without dates: `tickets check` names it.
    pub(super) fn with<T>(
        &self,
        zone: Option<&TimeZone>,
        holidays: Option<&Path>,
        ask: impl FnOnce(&Calendar) -> T,
    ) -> T {
        let zone = zone.cloned().unwrap_or_else(TimeZone::system);
        let holidays = holidays.map(|file| self.holidays(file)).unwrap_or_default();
        ask(&Calendar {
            zone: &zone,
            is_holiday: &|date| holidays.contains(&date),
        })
    }

    fn holidays(&self, file: &Path) -> Arc<HashSet<Date>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holidays) = known.get(file) {
            return Arc::clone(holidays);
        }
        let text = read_text(file).unwrap_or_default();
        let holidays = Arc::new(dates(&text).into_iter().collect());
        known.insert(file.to_owned(), Arc::clone(&holidays));
        holidays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // L6
    #[test]
    fn a_file_of_holidays_is_read_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("holidays");
        let is_holiday = |calendars: &Calendars| {
            let christmas = jiff::civil::date(2026, 12, 25);
            calendars.with(None, Some(&file), |it| (it.is_holiday)(christmas))
        };
        let calendars = Calendars::default();
        std::fs::write(&file, "2026-12-25\n").unwrap();
        assert!(is_holiday(&calendars));
        std::fs::remove_file(&file).unwrap();
        assert!(is_holiday(&calendars.clone()));
        assert!(!is_holiday(&Calendars::default()));
    }
}
