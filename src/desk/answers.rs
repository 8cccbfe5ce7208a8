//! From a plan to mail in the outbox, and what sending it came to.

use super::Desk;
use super::delivery::{Filed, Incoming, Outcome, Parcel};
use crate::error;
use crate::index::Overview;
use crate::outbox::{Key, Mail, Released, Report};
use crate::ticket::State;
use crate::ticket::compose::{Composer, Outgoing};
use crate::ticket::plan::{Answer, Plan, Remark};
use crate::ticket::summary::Identity;
use crate::ticket::template::{Template, Templates};
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
        self.with_composer(&parcel.key(id), parcel.now, |composer| {
            let state = if plan.open {
                State::Open
            } else {
                State::Closed
            };
            let compose = |answer: &Answer| match answer {
                Answer::Ack(to) => composer.ack(message, to).mail,
                Answer::Copy(to) => composer.copy(message, to),
                Answer::Note(to) => {
                    let lines = render::first_lines(message.raw(), 10, &Limits::default());
                    let path = self.store.path(id, state).display().to_string();
                    composer.note(message, to, &lines, &path).mail
                }
                Answer::PassOn(to) => {
                    let author = message.from().into_iter().next();
                    let own = author.filter(|a| self.config.addresses.target(&a.address).is_none());
                    let name = own.map(|a| a.name).unwrap_or_default();
                    composer.pass_on(message, to, &name)
                }
                Answer::Closed(to) => {
                    let text = render::own_text(message.raw(), &Limits::default());
                    let subject = row.map(|row| row.subject.as_str()).unwrap_or_default();
                    composer.closed(message, to, &text, subject).mail
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
                            self.plan_rules().pass_limit()
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
                    composer.refused(message, to, &reason).mail
                }
            };
            plan.answers.iter().map(compose).collect()
        })
    }

    /// Calls `compose` with a composer for mail about one message.
    fn with_composer<T>(&self, key: &Key, now: i64, compose: impl FnOnce(&Composer) -> T) -> T {
        let templates = self.templates();
        let tag = self.config.tag(key.ticket);
        let tagged = |subject: &str| {
            let tags = tag::find(&self.config.subject_tags, subject).unwrap_or_default();
            tags.into_iter().find(|&id| id == key.ticket)
        };
        compose(&Composer {
            name: &self.config.name,
            addresses: &self.config.addresses,
            admins: &self.config.admins,
            templates: &templates,
            ticket: key.ticket,
            tag: &tag,
            tagged: &tagged,
            digest: &key.digest,
            now,
        })
    }

    /// The texts of answers: the admin's own where there are any.
    pub fn templates(&self) -> Templates {
        let mut templates = Templates::builtin();
        let Some(dir) = &self.config.templates else {
            return templates;
        };
        for text in Template::ALL {
            // `tickets check` says what cannot be read; mail goes out with the built-in text.
            if let Ok(own) = std::fs::read_to_string(dir.join(text.file_name())) {
                templates.replace(text, own);
            }
        }
        templates
    }

    /// Notifies the admins of recipients that were refused while others were not: one status for all of
    /// them cannot bounce the mail to its author.
    pub(super) fn refuse_in_part(&self, incoming: &Incoming, outcome: &mut Outcome, now: i64) {
        let submit = self.config.addresses.submit();
        let sentences: Vec<String> = (outcome.refusals.iter())
            .map(|refusal| refusal.sentence(&submit))
            .collect();
        let Some(filed) = outcome.filed.first_mut().filter(|_| !sentences.is_empty()) else {
            return;
        };
        let mut identity = Identity::of(incoming.message);
        // Not the key of the message itself, whose answers are on their way.
        identity.digest.reverse();
        let key = Key {
            ticket: filed.ticket,
            digest: identity.hex(),
        };
        let refused = self.with_composer(&key, now, |composer| {
            composer.refused(incoming.message, &self.config.admins, &sentences.join(" "))
        });
        match self.queue(&key, refused.mail, now) {
            Ok(released) => filed.released.append(released),
            Err(e) => filed.warnings.push(error::line(&e)),
        }
    }

    /// Queues a mail that depends on no message that is still to be filed.
    fn queue(&self, key: &Key, mail: Outgoing, now: i64) -> Result<Released> {
        let staged = self.outbox.stage(key, &[mail], now)?;
        self.outbox.release(staged.of_filed_message(), now)
    }

    /// Sends the answers to what was filed, and older ones that are due. What sendmail does not take
    /// waits in the outbox; returns what is to be said of it.
    pub(super) fn send(&self, filed: &mut [Filed], now: i64) -> Vec<String> {
        let mut fresh = Released::default();
        for filed in filed {
            fresh.append(std::mem::take(&mut filed.released));
        }
        match self.outbox.send(&self.sendmail(), &fresh, now) {
            Ok(report) => self.after_sending(&report, now),
            Err(e) => vec![error::line(&e)],
        }
    }

    /// What is to be said of mail that sendmail did not take. The admins are notified of what was given
    /// up (C9).
    fn after_sending(&self, report: &Report, now: i64) -> Vec<String> {
        let mut lines = Vec::new();
        for (mail, why) in &report.waiting {
            lines.push(format!("{} waits in the outbox: {why}", describe(mail)));
        }
        for (mail, why) in &report.failed {
            let line = format!("{} was given up after five days: {why}", describe(mail));
            if let Err(e) = self.notify_of_failure(mail, &line, now) {
                lines.push(error::line(&e));
            }
            lines.push(line);
        }
        lines
    }

    fn notify_of_failure(&self, mail: &Mail, line: &str, now: i64) -> Result<()> {
        let name = mail.path.file_name().unwrap_or_default().to_string_lossy();
        // There is no notice of a notice that failed, or it would go on for ever.
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
        let notice = self.with_composer(&key, now, |composer| {
            composer.notice(&self.config.admins, "Mail could not be sent", &text)
        });
        self.queue(&key, notice, now)?;
        Ok(())
    }

    /// Sends all that waits, due or not: how many were sent, and what is to be said of the rest.
    pub fn flush(&mut self) -> Result<(usize, Vec<String>)> {
        let is_filed = |id: TicketId, digest: &str| match from_hex(digest) {
            // The index may not know of it: the line in the journal, or the index itself, was lost.
            Some(digest) => Ok(self.known(id)?.is_some() && self.index()?.holds(id, &digest)?),
            None => Ok(true),
        };
        let now = self.now();
        self.outbox.recover(&is_filed, now)?;
        let report = self.outbox.flush(&self.sendmail(), now)?;
        let unsent = self.after_sending(&report, now);
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

/// The bytes of a digest in hex; `None` if this is none.
pub(super) fn from_hex(digest: &str) -> Option<Vec<u8>> {
    let pair = |i| u8::from_str_radix(digest.get(i..i + 2)?, 16).ok();
    (digest.len() == 32).then(|| (0..32).step_by(2).map(pair).collect())?
}

/// The addresses that an answer goes to.
pub fn recipients(answer: &Answer) -> String {
    match answer {
        Answer::Ack(to) | Answer::PassOn(to) | Answer::Closed(to) => to.address.clone(),
        Answer::Copy(to) | Answer::Note(to) | Answer::Refused(to) => to.join(", "),
    }
}
