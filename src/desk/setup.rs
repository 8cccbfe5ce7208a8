//! The data of modules, brought to the version that they need (G8).

use super::Desk;
use crate::error::{Fault, Status};
use crate::log::{LogLine, Severity};
use crate::module::{Module, Upgraded};
use crate::privilege;
use anyhow::Result;

impl Desk {
    /// Brings the data of a module to the version that it needs, and notes how that went; `None` if there was nothing to
    /// do. Never in a delivery: it may take an hour.
    ///
    /// # Errors
    /// It failed; the data is as it was, and everything else goes on without that module.
    pub fn set_up(&self, module: &Module) -> Result<Option<Upgraded>> {
        let name = module.name();
        let line = || {
            let by = privilege::caller().unwrap_or_default();
            LogLine::default()
                .name("by", &by)
                .word("upgrade")
                .name("module", name)
        };
        match module.set_up() {
            Ok(None) => Ok(None),
            Ok(Some(upgraded)) => {
                line()
                    .text("data", &upgraded.to_string())
                    .write(Severity::Info);
                self.note_module(name, None, self.now());
                Ok(Some(upgraded))
            }
            Err(why) => {
                line().text("failed", &why).write(Severity::Warning);
                self.note_module(name, Some(&format!("setup: {why}")), self.now());
                let text = format!("module {name}: its data is not set up: {why}");
                Err(Fault::new(Status::TempFail, text).into())
            }
        }
    }
}
