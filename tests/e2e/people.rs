//! People who write mail, and what their programs do when they press Reply.

use crate::mail::Mail;
use crate::site::Site;
use crate::smtp::Smtp;

/// Somebody with a mailbox.
#[derive(Clone, Copy)]
pub struct Person {
    pub name: &'static str,
    pub address: &'static str,
}

/// How a mail program writes the body of an answer.
#[derive(Clone, Copy)]
pub enum Body {
    /// Plain text, and what is answered below it.
    Above,
    /// Plain text, and what is answered above it.
    Below,
    /// HTML alone, as some telephones write it, and what is answered below it.
    Html,
    /// The same text twice: plain, and as HTML.
    Alternative,
}

/// A mail that somebody is writing.
pub struct Draft {
    from: Person,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    pub reply_to: Option<&'static str>,
    /// False for a program that writes In-Reply-To and nothing else.
    pub references: bool,
    answered: Option<Mail>,
    subject: String,
}

impl Person {
    /// A new mail.
    pub fn mail(self, to: &str, subject: &str) -> Draft {
        Draft {
            from: self,
            to: vec![to.to_owned()],
            cc: Vec::new(),
            reply_to: None,
            references: true,
            answered: None,
            subject: subject.to_owned(),
        }
    }

    /// Plain Reply: to Reply-To if there is one, else to From.
    pub fn reply(self, to: &Mail) -> Draft {
        let asked = match to.get("Reply-To") {
            asked if asked.is_empty() => to.get("From"),
            asked => asked,
        };
        let subject = to.get("Subject");
        let subject = match subject.starts_with("Re: ") {
            true => subject,
            false => format!("Re: {subject}"),
        };
        Draft {
            to: addresses(&asked),
            answered: Some(to.clone()),
            ..self.mail("", &subject)
        }
    }

    /// Group reply: also to everybody in To and Cc but oneself.
    pub fn group_reply(self, to: &Mail) -> Draft {
        let mut draft = self.reply(to);
        let others = [to.get("To"), to.get("Cc")];
        draft.cc = others.iter().flat_map(|list| addresses(list)).collect();
        let known = |who: &String| who == self.address || draft.to.contains(who);
        draft.cc.retain(|who| !known(who));
        draft
    }

    /// Hands a mail to the site's MTA, as its author's server does, and waits until all that it
    /// sets off is over.
    pub fn sends(self, site: &Site, draft: &Draft, id: &str, words: &str, body: Body) {
        let message = draft.written(id, words, body);
        let recipients: Vec<&str> = draft.to.iter().chain(&draft.cc).map(|a| &**a).collect();
        Smtp::connect(site.port).send(self.address, &recipients, message.as_bytes());
        site.settle();
    }
}

impl Draft {
    fn written(&self, id: &str, words: &str, body: Body) -> String {
        let Person { name, address } = self.from;
        let mut head = format!(
            "From: {name} <{address}>\nTo: {}\nSubject: {}\nMessage-ID: <{id}>\n\
             Date: Sun, 22 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n",
            self.to.join(", "),
            self.subject,
        );
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                head.push_str(&format!("{name}: {value}\n"));
            }
        };
        field("Cc", &self.cc.join(", "));
        field("Reply-To", self.reply_to.unwrap_or_default());
        if let Some(answered) = &self.answered {
            let parent = answered.get("Message-ID");
            field("In-Reply-To", &parent);
            if self.references {
                let all = format!("{} {parent}", answered.get("References"));
                field("References", all.trim());
            }
        }
        format!("{head}{}", self.body(id, words, body))
    }

    fn body(&self, id: &str, words: &str, body: Body) -> String {
        let answered = self.answered.as_ref().map_or("", Mail::body);
        let quoted: String = answered.lines().map(|line| format!("> {line}\n")).collect();
        let escaped = answered.replace('&', "&amp;").replace('<', "&lt;");
        let html = format!(
            "<html><body><div>{words}</div><br>\n<blockquote type=\"cite\">\n{escaped}</blockquote>\n\
             </body></html>\n"
        );
        match body {
            Body::Above => format!("\n{words}\n\nThey wrote:\n{quoted}"),
            Body::Below => format!("\nThey wrote:\n{quoted}\n{words}\n"),
            Body::Html => format!("Content-Type: text/html; charset=utf-8\n\n{html}"),
            Body::Alternative => format!(
                "Content-Type: multipart/alternative; boundary=\"{id}\"\n\n\
                 --{id}\nContent-Type: text/plain; charset=utf-8\n\n{words}\n\n{quoted}\n\
                 --{id}\nContent-Type: text/html; charset=utf-8\n\n{html}\n--{id}--\n"
            ),
        }
    }
}

/// The bare addresses of a list of mailboxes without a comma in a name.
fn addresses(list: &str) -> Vec<String> {
    let bare = |mailbox: &str| {
        let inner = mailbox.split(['<', '>']).nth(1).unwrap_or(mailbox);
        inner.trim().to_owned()
    };
    list.split(',')
        .map(bare)
        .filter(|a| !a.is_empty())
        .collect()
}

/// The words of mail `n` of a story.
pub fn words(n: usize) -> String {
    format!("These are the words of mail {n}.")
}

/// The numbers of the mails whose words this one says itself: what is quoted does not count.
pub fn said(mail: &Mail) -> Vec<usize> {
    let mut text = String::new();
    let mut quoted = false;
    // A part that says the same again.
    let body = mail.body().split("\nContent-Type: text/html").next();
    for line in body.unwrap_or_default().lines() {
        quoted |= line.starts_with("<blockquote");
        if !quoted && !line.starts_with('>') {
            text.push_str(line);
            text.push('\n');
        }
    }
    let found = text.split("the words of mail ").skip(1);
    let number = |rest: &str| rest.split('.').next()?.parse().ok();
    found.filter_map(number).collect()
}
