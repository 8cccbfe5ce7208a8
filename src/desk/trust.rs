//! Who wrote a message, if the configuration asks for a proof.

use super::Desk;
use super::delivery::Bearer;
use super::parcel::Parcel;
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::identity::Identity;
use crate::ticket::staff::Staff;
use crate::ticket::trust::{Proof, Verifier};
use anyhow::Result;
use mail::message::Message;
use mail::submission::{LocalUser, Submission};
use nix::unistd::{Group, Uid, User, geteuid};

impl Desk {
    /// Who works here.
    pub fn staff(&self) -> Staff<'_> {
        Staff {
            people: &self.config.people,
            addresses: &self.config.addresses,
        }
    }

    /// What proves that the author of a message is who From says. Nothing is looked at unless the
    /// configuration names a server whose word counts.
    pub(super) fn proof(&self, message: &Message, bearer: Bearer) -> Result<Proof> {
        if matches!(bearer, Bearer::Operator { .. }) {
            return Ok(Proof::LoggedIn);
        }
        let Some(server) = &self.config.authserv_id else {
            return Ok(Proof::NotRequired);
        };
        Ok(match Submission::of(message) {
            // A user of this machine wrote that field, and no server has looked at it.
            Submission::Forwarded => Proof::Missing,
            Submission::Local(who) => match self.may_use_the_store(&who)? {
                true => Proof::LoggedIn,
                false => Proof::Missing,
            },
            Submission::Network => {
                let verifier = Verifier {
                    server,
                    addresses: &self.config.addresses,
                    people: &self.config.people,
                };
                verifier.proof(message)
            }
        })
    }

    /// True for anyone who could run `tickets close` anyway: the user we run as, and the group's members.
    fn may_use_the_store(&self, who: &LocalUser) -> Result<bool> {
        if *who == LocalUser::Uid(geteuid().as_raw()) {
            return Ok(true);
        }
        let user = match who {
            LocalUser::Login(name) => User::from_name(name)?,
            LocalUser::Uid(uid) => User::from_uid(Uid::from_raw(*uid))?,
        };
        let Some(user) = user else { return Ok(false) };
        if user.uid == geteuid() {
            return Ok(true);
        }
        let group = self.config.group.as_deref().map(Group::from_name);
        let group = group.transpose()?.flatten();
        Ok(group.is_some_and(|group| user.gid == group.gid || group.mem.contains(&user.name)))
    }

    /// True if the message does nothing in a ticket because that holds the message, or a copy of it, already. With
    /// `authserv_id`, an entry that nothing proves does not count against a message that is proven: otherwise anybody
    /// could silence it by sending one like it first.
    pub(super) fn is_silenced(
        &self,
        parcel: &Parcel,
        id: TicketId,
        asked: Option<Verb>,
    ) -> Result<bool> {
        let counts = self.config.authserv_id.is_some() && !parcel.by_operator;
        if !counts || !parcel.is_believed(self, asked.map(|verb| (id, verb))) {
            return Ok(true);
        }
        let message = parcel.incoming.message;
        let header = &message.raw()[..message.raw().len() - message.body().len()];
        // Without a Message-ID or a Date all of the header is compared, the proof too.
        if origin(header) != parcel.summary.origin {
            return Ok(true);
        }
        let Some(ticket) = self.conversation(id)? else {
            return Ok(true);
        };
        let mut proven = false;
        ticket.each(|filed| {
            let header = filed.header();
            proven |= origin(header.raw()) == parcel.summary.origin
                && self.proof(&header, Bearer::Mta)? != Proof::Missing;
            Ok(())
        })?;
        Ok(proven)
    }

    /// What is said of a message without a proof.
    pub(super) fn unproven(&self) -> String {
        let server = self.config.authserv_id.as_deref().unwrap_or_default();
        format!("the Authentication-Results of {server} do not prove who wrote it")
    }
}

/// The origin of the message with this header, as far as the header tells.
fn origin(header: &[u8]) -> i64 {
    Identity::and_origin(&Message::new(header)).1
}
