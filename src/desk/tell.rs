//! What the admins are told that is about no ticket: how modules fare (G5).

use super::Desk;
use crate::log::{LogLine, Severity};
use crate::module::{Home, News, OnFailure, Point, is_name};
use crate::outbox::Released;
use crate::ticket::compose::notice::{DeskNote, desk_note};
use crate::ticket::person::first_addresses;
use anyhow::Result;

impl Desk {
    /// Notes how a module did, at whatever point: `fault` is what went wrong, `None` that nothing did. The admins get one
    /// mail when it begins to rest, and one when it is well again; these wait in the outbox. Nothing fails because this
    /// cannot be noted.
    pub fn note_module(&self, name: &str, fault: Option<&str>, now: i64) {
        // Whatever stands in the configuration becomes a path here.
        if !is_name(name) {
            return;
        }
        match Home::new(self.store.root(), name).note(fault, now) {
            Ok(None) => {}
            Ok(Some(news)) => self.tell_of_module(name, news, now),
            Err(e) => {
                let line = LogLine::default().name("module", name);
                line.text("unnoted", &e.to_string())
                    .write(Severity::Warning);
            }
        }
    }

    /// What becomes of that for which a module is not asked, in sentences with a blank before each.
    fn without_module(&self, name: &str) -> String {
        let module = self.config.module(name).ok();
        // What cannot be read may be anything.
        let has = |point| module.as_ref().is_some_and(|it| it.manifest.has(point));
        let mut switched = self.config.modules.iter();
        let on_failure = switched.find(|on| on.name == name).map(|on| on.on_failure);
        let filter = match on_failure.unwrap_or_default() {
            OnFailure::GoOn => " Until then mail is taken without it.",
            OnFailure::Quarantine => " Until then mail goes into quarantine.",
            OnFailure::Defer => " Until then mail waits at the mail server.",
        };
        let sentences = [
            (module.is_none() || has(Point::Filter), filter),
            (
                has(Point::Observer),
                " What it was not told waits in the outbox; `tickets flush` tries it.",
            ),
            (
                has(Point::Timeline),
                " Its events are missing in the timeline.",
            ),
        ];
        let said = sentences.iter().filter(|(is_so, _)| *is_so);
        said.map(|(_, sentence)| *sentence).collect()
    }

    /// Tells the admins what is new of a module. Nothing fails because that cannot be done.
    pub(crate) fn tell_of_module(&self, name: &str, news: News, now: i64) {
        let is_bad = matches!(news, News::Rests(_));
        let (subject, text) = match news {
            News::Rests(why) => (
                format!("The module {name} fails"),
                format!(
                    "The module {name} failed three times in a row, the last time because {}.\n\n\
                     It rests for a while, and is then tried again; you will get a mail when it works.{} \
                     `tickets modules` shows how it fares.\n\n\
                     Mended? `tickets modules enable {name}` asks it again at once.\n",
                    why.trim_end_matches('.'),
                    self.without_module(name),
                ),
            ),
            News::IsWell => (
                format!("The module {name} works again"),
                format!("The module {name} does what it is asked again.\n"),
            ),
        };
        let told = self.tell_admins(&format!("module.{name}"), &subject, &text, now);
        let told = told.and_then(|()| match is_bad {
            true => Ok(Home::new(self.store.root(), name).admins_know()?),
            false => Ok(()),
        });
        if let Err(e) = told {
            let line = LogLine::default().name("module", name);
            let why = crate::error::line(&e);
            line.text("untold", &why).write(Severity::Warning);
        }
    }

    /// Writes a mail to the admins; a delivery and `tickets flush` send it at their end, and what else there is leaves it
    /// to the next of those. `about` names what it is about, in letters, digits, dots and hyphens.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn tell_admins(
        &self,
        about: &str,
        subject: &str,
        text: &str,
        now: i64,
    ) -> Result<()> {
        let admins = first_addresses(&self.config.people);
        self.tell(&admins, about, subject, text, now)
    }

    /// The same to some of them.
    pub(super) fn tell(
        &self,
        admins: &[String],
        about: &str,
        subject: &str,
        text: &str,
        now: i64,
    ) -> Result<()> {
        let mail = desk_note(&DeskNote {
            name: &self.config.name,
            addresses: &self.config.addresses,
            admins,
            about,
            subject,
            text,
            now,
        });
        let digest: String = about.chars().filter(char::is_ascii_alphanumeric).collect();
        let digest = format!("{digest}{now}");
        let queued = self.outbox.queue_notice(&digest, &mail, now)?;
        self.add_told(queued);
        Ok(())
    }

    /// Keeps what is to go out at the end.
    pub(super) fn add_told(&self, queued: Released) {
        let mut told = self.told.take();
        told.append(queued);
        self.told.set(told);
    }
}
