//! The mails that a mail encloses: message/rfc822 parts (RFC 2046, 5.2.1).

use crate::render::parts::{Entity, walk};

/// The mails that `raw` encloses, as they are attached to it. What they enclose themselves is not
/// looked at.
///
/// ```
/// let mail = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n--b\n\
///     Content-Type: message/rfc822\n\nFrom: ann@example.net\n\nHelp!\n--b--\n";
/// assert_eq!(tickets_mail::enclosed::enclosed(mail), [b"From: ann@example.net\n\nHelp!"]);
/// ```
pub fn enclosed(raw: &[u8]) -> Vec<Vec<u8>> {
    fn collect(entity: &Entity<'_>, mails: &mut Vec<Vec<u8>>) {
        match entity {
            Entity::Leaf(part) if part.mime == "message/rfc822" => mails.push(part.decoded()),
            Entity::Leaf(_) => {}
            Entity::Multi { entities, .. } => {
                for entity in entities {
                    collect(entity, mails);
                }
            }
        }
    }
    let mut mails = Vec::new();
    collect(&walk(raw), &mut mails);
    mails
}
