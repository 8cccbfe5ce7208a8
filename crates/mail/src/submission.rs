//! Whether a message was handed to sendmail(8) on this machine, and by which user.
//!
//! For a program that an MTA starts. The MTA writes a Received field above whatever it takes, so
//! nobody else can write the topmost one. For mail that came through sendmail(8), Exim and Postfix
//! name the unix user there.
//!
//! ```
//! use tickets_mail::message::Message;
//! use tickets_mail::submission::{LocalUser, Submission};
//!
//! let message = Message::new(
//!     b"Received: by mail.example.org (Postfix, from userid 1000)\n\tid 4F1C2D; \
//!       Sun, 22 Nov 2026 10:00:00 +0000\nFrom: ann@example.org\n\nHello.\n",
//! );
//! assert_eq!(Submission::of(&message), Submission::Local(LocalUser::Uid(1000)));
//! ```

use crate::message::Message;

/// A unix user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalUser {
    /// By name, as Exim writes it.
    Login(String),
    /// By number, as Postfix writes it.
    Uid(u32),
}

/// Where a message entered the mail system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// It came by SMTP, or nothing is known.
    Network,
    /// The user handed it to sendmail(8) on this machine.
    Local(LocalUser),
    /// It was handed to sendmail(8) on this machine, but another server had it before: somebody's
    /// filter sent it on, so the user is not its author.
    Forwarded,
}

impl Submission {
    /// Reads the topmost Received field of `message`, and whether there are others.
    pub fn of(message: &Message) -> Submission {
        let mut received = message.all("Received");
        let Some(topmost) = received.next() else {
            return Submission::Network;
        };
        let text = String::from_utf8_lossy(topmost.value);
        match local_user(&text) {
            None => Submission::Network,
            Some(who) if received.next().is_none() => Submission::Local(who),
            Some(_) => Submission::Forwarded,
        }
    }
}

/// The user in a Received field of mail that came through sendmail(8). A field of mail that came by
/// SMTP differs: a host after `from`, more in parentheses, another protocol after `with`.
fn local_user(received: &str) -> Option<LocalUser> {
    let words: Vec<&str> = received.split_ascii_whitespace().take(7).collect();
    if let ["from", login, "by", _, "with", "local", "(Exim"] = words[..] {
        return Some(LocalUser::Login(login.to_owned()));
    }
    if words.first() != Some(&"by") {
        return None;
    }
    let (_, comment) = received.split_once('(')?;
    let (comment, _) = comment.split_once(')')?;
    let (_, uid) = comment.rsplit_once(", from userid ")?;
    uid.parse().ok().map(LocalUser::Uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn received_names_the_user() {
        let steve = || Submission::Local(LocalUser::Login("steve".into()));
        for (case, header, want) in [
            (
                "Exim",
                "Received: from steve by mail.example.org with local (Exim 4.96)\n\t\
                 (envelope-from <ticket-1@example.org>)\n\tid 1vMf8T-0000bX-0a\n\tfor \
                 ann@example.net;\n\tSun, 22 Nov 2026 10:00:00 +0000\n",
                steve(),
            ),
            (
                "Postfix",
                "Received: by mail.example.org (Postfix, from userid 1000)\n\tid 4F1C2D; Sun, \
                 22 Nov 2026 10:00:00 +0000 (UTC)\n",
                Submission::Local(LocalUser::Uid(1000)),
            ),
            (
                "Exim, by SMTP",
                "Received: from [192.0.2.1] (helo=mx.example.net)\n\tby mail.example.org with \
                 esmtp (Exim 4.96)\n\tid 1; x\n",
                Submission::Network,
            ),
            (
                "Exim, a host called so",
                "Received: from steve ([192.0.2.1] helo=x)\n\tby mail.example.org with esmtp \
                 (Exim 4.96)\n\tid 1; x\n",
                Submission::Network,
            ),
            (
                "Exim, by SMTP from this machine",
                "Received: from steve by mail.example.org with local-esmtp (Exim 4.96)\n\tid 1\n",
                Submission::Network,
            ),
            (
                "Postfix, by SMTP",
                "Received: from mx.example.net (mx.example.net [192.0.2.1])\n\tby \
                 mail.example.org (Postfix) with ESMTP id 1\n\tfor <submit@example.org>; x\n",
                Submission::Network,
            ),
            (
                "Postfix, a host called so",
                "Received: from by (x, from userid 1000 [192.0.2.1])\n\tby mail.example.org \
                 (Postfix) with ESMTP id 1; x\n",
                Submission::Network,
            ),
            (
                "Postfix, its own",
                "Received: by mail.example.org (Postfix)\n\tid 1; x\n",
                Submission::Network,
            ),
            (
                "a number that is none",
                "Received: by mail.example.org (Postfix, from userid -1)\n\tid 1; x\n",
                Submission::Network,
            ),
            ("nobody", "Subject: x\n", Submission::Network),
            ("nothing in it", "Received:\n", Submission::Network),
        ] {
            let mail = format!("{header}From: steve@example.org\n\nx\n");
            assert_eq!(
                Submission::of(&Message::new(mail.as_bytes())),
                want,
                "{case}"
            );
            let later = format!("Received: from a by b with SMTP; x\n{mail}");
            let got = Submission::of(&Message::new(later.as_bytes()));
            assert_eq!(got, Submission::Network, "{case}, and on from there");
            let resent = mail.replace("From:", "Received: by x; x\nFrom:");
            let want = match want {
                Submission::Local(_) => Submission::Forwarded,
                other => other,
            };
            assert_eq!(
                Submission::of(&Message::new(resent.as_bytes())),
                want,
                "{case}"
            );
        }
    }
}
