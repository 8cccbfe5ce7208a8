//! From a plan to mail in the outbox, and what sending it came to.

use super::{Desk, Incoming, Outcome, Parcel};
use crate::index::Overview;
use crate::outbox::{Key, Mail, Report};
use crate::ticket::State;
use crate::ticket::compose::{Outgoing, Voice};
use crate::ticket::plan::{Answer, Plan, Remark};
use crate::ticket::summary::Summary;
use crate::ticket::template::{Templates, Text};
use crate::ticket::{TicketId, tag};
use anyhow::Result;
use mail::render::{self, Limits};

impl Desk {
    /// The mail that a plan asks for. `row` is the ticket before this message, `None` if the
    /// message opens it.
    pub(super) fn compose(
        &self,
        parcel: &Parcel,
        id: TicketId,
        plan: &Plan,
        row: Option<&Overview>,
    ) -> Vec<Outgoing> {
        if plan.answers.is_empty() {
            return Vec::new();
        }
        let message = parcel.incoming.message;
        let key = super::file::key(parcel, id);
        self.speak(&key, |voice| {
            let state = if plan.open {
                State::Open
            } else {
                State::Closed
            };
            let compose = |answer: &Answer| match answer {
                Answer::Ack(to) => voice.ack(message, to).mail,
                Answer::Copy(to) => voice.copy(message, to),
                Answer::Note(to) => {
                    let lines = render::first_lines(message.raw(), 10, &Limits::default());
                    let path = self.store.path(id, state).display().to_string();
                    voice.note(message, to, &lines, &path).mail
                }
                Answer::PassOn(to) => {
                    let author = message.from().into_iter().next();
                    let own = author.filter(|a| self.config.addresses.target(&a.address).is_none());
                    let name = own.map(|a| a.name).unwrap_or_default();
                    voice.pass_on(message, to, &name)
                }
                Answer::Closed(to) => {
                    let text = render::render(message.raw(), &Limits::default()).text;
                    let subject = row.map(|row| row.subject.as_str()).unwrap_or_default();
                    voice.closed(message, to, &text, subject).mail
                }
                Answer::Refused(to) => {
                    let reason = match plan.remark {
                        Some(Remark::AckLimit) => format!(
                            "Its author has opened {} tickets within an hour. For the rest of \
                             the hour no more acknowledgements go there.",
                            self.config.ack_limit.saturating_add(1)
                        ),
                        Some(Remark::PassLimit) => format!(
                            "{} messages came into this ticket within an hour, as if machines \
                             wrote to each other. For the rest of the hour mail of admins is \
                             filed in it, but not passed on: please write to the submitter.",
                            self.policy().crowd()
                        ),
                        Some(Remark::ClosingUnproven) => format!(
                            "It asked to close the ticket, and {}. The ticket stays open.",
                            self.unproven()
                        ),
                        Some(Remark::Unproven) => format!(
                            "It bears an admin's name, or the ticket's, and {}. It was not \
                             passed on to the submitter.",
                            self.unproven()
                        ),
                        _ => "It asked to close the ticket, and its author may not do that. \
                              The ticket stays open."
                            .to_owned(),
                    };
                    voice.refused(message, to, &reason).mail
                }
            };
            plan.answers.iter().map(compose).collect()
        })
    }

    /// Lends the desk's voice about one message.
    fn speak<T>(&self, key: &Key, words: impl FnOnce(&Voice) -> T) -> T {
        let templates = self.templates();
        let first = self.config.subject_tags.first();
        let tag = first
            .and_then(|p| tag::write(p, key.ticket))
            .unwrap_or_default();
        let tagged = |subject: &str| {
            let tags = self.tags(subject).unwrap_or_default();
            tags.into_iter().find(|&id| id == key.ticket)
        };
        words(&Voice {
            name: &self.config.name,
            addresses: &self.config.addresses,
            admins: &self.config.admins,
            templates: &templates,
            ticket: key.ticket,
            tag: &tag,
            tagged: &tagged,
            digest: &key.digest,
            now: self.now,
        })
    }

    /// The texts in force: the admin's own where there are any.
    pub fn templates(&self) -> Templates {
        let mut templates = Templates::builtin();
        let Some(dir) = &self.config.templates else {
            return templates;
        };
        for text in Text::ALL {
            // `tickets check` says what cannot be read; mail goes out with the built-in text.
            if let Ok(own) = std::fs::read_to_string(dir.join(text.file_name())) {
                templates.replace(text, own);
            }
        }
        templates
    }

    /// Tells the admins of recipients that were refused while others were not: one status for
    /// all of them cannot bounce it to the author.
    pub fn refuse_in_part(&mut self, incoming: &Incoming, reason: &str, outcome: &mut Outcome) {
        let Some(filed) = outcome.filed.first_mut() else {
            return;
        };
        let summary = Summary::of(incoming.message, &incoming.envelope.sender, self.now);
        let hex = |byte: &u8| format!("{byte:02x}");
        let key = Key {
            ticket: filed.ticket,
            // Not the key of the message itself, whose answers are on their way.
            digest: summary.identity.digest.iter().rev().map(hex).collect(),
        };
        let admins = &self.config.admins;
        let refused = self.speak(&key, |voice| {
            voice.refused(incoming.message, admins, reason)
        });
        let staged = self.outbox.stage(&key, &[refused.mail], self.now);
        let queued = staged.and_then(|staged| self.outbox.release(staged, self.now));
        match queued {
            Ok(released) => filed.released.append(released),
            Err(e) => filed.warnings.push(crate::error::line(&e)),
        }
    }

    /// What is left to say of mail that sendmail did not take. The admins are told of what was
    /// given up (C9).
    pub(super) fn after_sending(&mut self, report: &Report) -> Vec<String> {
        let mut lines = Vec::new();
        for (mail, why) in &report.waiting {
            lines.push(format!("{} waits in the outbox: {why}", describe(mail)));
        }
        for (mail, why) in &report.failed {
            let line = format!("{} was given up after five days: {why}", describe(mail));
            if let Err(e) = self.tell_of_failure(mail, &line) {
                lines.push(crate::error::line(&e));
            }
            lines.push(line);
        }
        lines
    }

    fn tell_of_failure(&self, mail: &Mail, line: &str) -> Result<()> {
        let name = mail.path.file_name().unwrap_or_default().to_string_lossy();
        // A notice that fails itself is not told of, or there would be no end.
        let is_notice = name.contains(NOTICE);
        let Some(ticket) = mail.ticket.filter(|_| !is_notice) else {
            return Ok(());
        };
        let time: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let digest: String = format!("{NOTICE}{time}").chars().take(100).collect();
        let key = Key { ticket, digest };
        let text = format!(
            "{line}.\n\nIt lies in {}; `tickets check` says how sendmail is doing.\n",
            mail.path.display()
        );
        let notice = self.speak(&key, |voice| {
            voice.notice(&self.config.admins, "Mail could not be sent", &text)
        });
        let staged = self.outbox.stage(&key, &[notice], self.now)?;
        self.outbox.release(staged, self.now)?;
        Ok(())
    }

    /// Sends all that waits, due or not: how many were sent, and what is to be said of the rest.
    pub fn flush(&mut self) -> Result<(usize, Vec<String>)> {
        let is_filed = |id: TicketId, digest: &str| match from_hex(digest) {
            // The index may never have been told, or have forgotten.
            Some(digest) => Ok(self.known(id)?.is_some() && self.index()?.holds(id, &digest)?),
            None => Ok(true),
        };
        self.outbox.recover(&is_filed, self.now)?;
        let report = self.outbox.flush(&self.sendmail(), self.now)?;
        let unsent = self.after_sending(&report);
        Ok((report.sent.len(), unsent))
    }
}

/// Marks the outbox name of a mail about mail that could not be sent.
const NOTICE: &str = "notice";

fn describe(mail: &Mail) -> String {
    let ticket = mail
        .ticket
        .map(|id| format!(" of ticket {id}"))
        .unwrap_or_default();
    format!(
        "the {}{ticket} for {}",
        mail.kind,
        mail.recipients.join(", ")
    )
}

/// The bytes of an identity's digest; `None` if this is none.
pub(super) fn from_hex(digest: &str) -> Option<Vec<u8>> {
    let pair = |i| u8::from_str_radix(digest.get(i..i + 2)?, 16).ok();
    (digest.len() == 32).then(|| (0..32).step_by(2).map(pair).collect())?
}
