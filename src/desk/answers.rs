//! From a plan to mail in the outbox, and what sending it came to.

use super::Desk;
use super::delivery::{Deed, Outcome};
use super::parcel::{Incoming, PROVEN, Parcel};
use super::remarks::{in_too_many, label, reason};
use super::update::opens_again;
use super::view::View;
use crate::error;
use crate::files::read_text;
use crate::outbox::{Key, Released};
use crate::ticket::State;
use crate::ticket::address::Verb;
use crate::ticket::compose::{Composer, Did, Outgoing, own_words, signed_by, signed_for};
use crate::ticket::identity::Identity;
use crate::ticket::person::{Person, first_addresses};
use crate::ticket::plan::{Answer, Plan};
use crate::ticket::staff::Authorship;
use crate::ticket::template::{Template, Templates};
use crate::ticket::{TicketId, tag};
use anyhow::Result;
use mail::decode::Mailbox;
use mail::message::Message;
use mail::render::{self, Limits};

impl Desk {
    /// The mail that a plan asks for. `view` is the ticket before this message, `None` if the
    /// message opens it.
    pub(super) fn compose(
        &self,
        parcel: &Parcel,
        id: TicketId,
        plan: &Plan,
        view: Option<&View>,
    ) -> Vec<Outgoing> {
        if plan.answers.is_empty() {
            return Vec::new();
        }
        let message = parcel.incoming.message;
        let addresses = &self.config.addresses;
        let row = view.map(|view| &view.row);
        let filed_under = match (row, plan.filed_under) {
            (Some(_), Some(verb)) => addresses.ticket(id, verb),
            _ if matches!(parcel.forwarded, Some(Ok(_))) => addresses.submit_for(),
            _ => addresses.submit(),
        };
        let remark = plan.remark.map(|remark| self.remark(remark));
        // A ticket that it opens instead of another.
        let away = parcel.put_away.filter(|_| view.is_none());
        let away = away.and_then(|away| self.remark_put_away(away));
        let remark = [away, remark]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        let reopens = view.is_some_and(|view| opens_again(parcel, plan, view));
        let asked = view.map(|_| (id, plan.filed_under.unwrap_or(Verb::Update)));
        let is_unproven = parcel.by.is_staff && !parcel.is_believed(self, asked);
        let did = Did {
            event: match view {
                None => "opened",
                Some(_) if plan.closes => "closed",
                Some(_) if reopens => "re-opened",
                Some(_) => "filed",
            },
            label: label(plan, reopens, is_unproven),
            remark: &remark,
            filed_under: &filed_under,
        };
        let author = message.from().into_iter().next();
        let person = author.as_ref().and_then(|it| self.staff().person(it));
        // From the ticket's address mutt and the shell write for the desk, and sign with a name: another one than that of
        // whoever is alone at the desk is another's.
        let is_ticket = |it: &Mailbox| addresses.target(&it.address).is_some();
        let signed = author.as_ref().filter(|it| is_ticket(it));
        let signed = signed.and_then(|it| signed_by(&it.name, &self.config.name));
        let other = signed.filter(|name| person.is_none_or(|it| !it.signed(name)));
        let key = parcel.key(id);
        // What opened the ticket may be another mail than the one that is acknowledged.
        let opening = match view {
            Some(_) => self.opening_msg_id(id),
            None => message.message_id(),
        };
        self.with_composer(&key, parcel.now, &parcel.by, |composer| {
            let composer = &Composer {
                opening: opening.as_deref(),
                ..*composer
            };
            let compose = |answer: &Answer| match answer {
                Answer::Ack(to) => {
                    // Whoever wrote a mail that was forwarded knows that one alone.
                    let forwarded = parcel.forwarded.as_ref().and_then(|it| it.as_ref().ok());
                    let original = forwarded.and_then(|it| it.original.as_deref());
                    let original = original.map(Message::new);
                    composer.ack(original.as_ref().unwrap_or(message), to).mail
                }
                Answer::Copy(to) => composer.copy(message, to, &did),
                Answer::Note(to) => {
                    let lines = render::first_lines(message.raw(), 10, &Limits::default());
                    let state = match plan.open {
                        true => State::Open,
                        false => State::Closed,
                    };
                    let path = self.store.path(id, state).display().to_string();
                    let reason = reason(plan, reopens, &remark);
                    composer.note(message, to, &lines, &path, &reason).mail
                }
                Answer::PassOn(to) => {
                    let own = author.as_ref().filter(|it| !is_ticket(it));
                    let own = own.map(|it| it.name.as_str());
                    let sign = person.and_then(|it| it.sign.as_deref());
                    let name = other.or(sign).or(own.filter(|name| !name.is_empty()));
                    let name = name.or_else(|| person.and_then(Person::signature));
                    composer.pass_on(message, to, name.unwrap_or_default())
                }
                Answer::Closed(to) => {
                    // A stranger's words do not go out in the desk's name (C4).
                    let text = match parcel.by.is_staff {
                        true => own_words(&render::own_text(message.raw(), &Limits::default())),
                        false => String::new(),
                    };
                    let subject = row.map(|row| row.subject.as_str()).unwrap_or_default();
                    let by = other.or_else(|| person?.signature());
                    let by = by.filter(|_| parcel.by.is_staff).unwrap_or_default();
                    let name = &signed_for(by, composer.name);
                    let composer = Composer { name, ..*composer };
                    composer.closed(message, to, &text, subject).mail
                }
                Answer::Refused(to) => composer.refused(message, to, &remark).mail,
                Answer::NotPassedOn(to) => composer.not_passed_on(message, to).mail,
                Answer::Understood(to) => {
                    let submitter = match &parcel.forwarded {
                        Some(Ok(it)) => named(&it.submitter),
                        _ => "somebody".into(),
                    };
                    let text = format!(
                        "The mail that you forwarded opened ticket {id} in the name of {submitter}. \
                         A reply to this mail goes into the ticket, and on to them.\n"
                    );
                    composer.notice(to, &message.subject(), &text)
                }
            };
            plan.answers.iter().map(compose).collect()
        })
    }

    /// Calls `compose` with a composer for mail about one message.
    pub(super) fn with_composer<T>(
        &self,
        key: &Key,
        now: i64,
        by: &Authorship,
        compose: impl FnOnce(&Composer) -> T,
    ) -> T {
        let templates = self.templates();
        let tag = self.config.tag(key.ticket);
        let tagged = |subject: &str| {
            let tags = tag::find(&self.config.subject_tags, subject).unwrap_or_default();
            tags.into_iter().find(|&id| id == key.ticket)
        };
        compose(&Composer {
            name: &self.config.name,
            addresses: &self.config.addresses,
            people: &self.config.people,
            reply_to: self.config.reply_to,
            notify_line: self.config.notify_line,
            opening: None,
            by,
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
            if let Ok(own) = read_text(&dir.join(text.file_name())) {
                templates.replace(text, own);
            }
        }
        templates
    }

    /// Notifies the admins of recipients that were refused while others were not: one status for all of
    /// them cannot bounce the mail to its author. And of tickets in which a mail to many did nothing.
    pub(super) fn refuse_in_part(&self, incoming: &Incoming, outcome: &mut Outcome, now: i64) {
        // They were notified when it came for the first time (A5).
        if outcome.is_quiet || outcome.filed.iter().all(|it| it.deed == Deed::Duplicate) {
            return;
        }
        let submit = self.config.addresses.submit();
        let mut sentences: Vec<String> = (outcome.refusals.iter())
            .map(|refusal| refusal.sentence(&submit))
            .collect();
        sentences.extend(in_too_many(&outcome.quieted));
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
        let by = self.staff().authorship(incoming.message);
        let admins = first_addresses(&self.config.people);
        let refused = self.with_composer(&key, now, &by, |composer| {
            composer.refused(incoming.message, &admins, &sentences.join(" "))
        });
        let mails = vec![refused.mail];
        let mails = self.held_apart(&mails, now).unwrap_or(mails);
        match self.queue(&key, &mails, now) {
            Ok(released) => filed.released.append(released),
            Err(e) => filed.warnings.push(error::line(&e)),
        }
    }

    /// Queues mail that depends on no message that is still to be filed.
    pub(super) fn queue(&self, key: &Key, mails: &[Outgoing], now: i64) -> Result<Released> {
        let staged = self.outbox.stage(key, mails, now)?;
        self.outbox.release(staged.of_filed_message(), now)
    }
}

/// `Ann <ann@example.net>`
fn named(mailbox: &Mailbox) -> String {
    match mailbox.name.is_empty() {
        true => mailbox.address.clone(),
        false => format!("{} <{}>", mailbox.name, mailbox.address),
    }
}

/// The bytes of a digest in hex, as a key has it; `None` if this is none.
pub(super) fn from_hex(digest: &str) -> Option<Vec<u8>> {
    let digest = digest.strip_suffix(PROVEN).unwrap_or(digest);
    let pair = |i| u8::from_str_radix(digest.get(i..i + 2)?, 16).ok();
    (digest.len() == 32).then(|| (0..32).step_by(2).map(pair).collect())?
}

/// The addresses that an answer goes to.
pub fn recipients(answer: &Answer) -> String {
    match answer {
        Answer::Ack(to) | Answer::PassOn(to) | Answer::Closed(to) | Answer::NotPassedOn(to) => {
            to.address.clone()
        }
        Answer::Copy(to) | Answer::Note(to) | Answer::Refused(to) | Answer::Understood(to) => {
            to.join(", ")
        }
    }
}
