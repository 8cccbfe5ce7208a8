//! `tickets reply`: a draft for the customer, opened in mutt or an editor.

use super::text::{here, of_mail};
use super::{logged, mutt};
use crate::clock;
use crate::desk::{Desk, FiledMessage};
use crate::error::{Fault, Status};
use crate::log::Severity;
use crate::part::{Context, Run};
use crate::privilege;
use crate::sendmail::SendmailError;
use crate::ticket::address::{Target, Verb};
use crate::ticket::compose::letter::Letter;
use crate::ticket::numbers;
use crate::ticket::{State, TicketId};
use anyhow::{Context as _, Result};
use mail::decode::{Mailbox, clean};
use mail::message::Message;
use mail::render::{Limits, own_text};
use std::io::{IsTerminal, Seek, Write};
use std::path::Path;

/// Reply to a ticket
///
/// Writes a draft from the ticket's address to the last person who wrote, quotes their text, and
/// opens it in mutt; its Cc: to the ticket files it. Without mutt, or with --editor, the draft is
/// opened in $VISUAL or $EDITOR, and you are asked before it is sent. sudo drops both variables;
/// `sudo EDITOR=vi tickets reply 12` passes one on. With --message, TEXT is sent to the last customer
/// who wrote, at once and without a quotation; `tickets reopen 12 -m TEXT` writes to the submitter,
/// whoever wrote last. To reply and then close the ticket, use --close: a reply that is still on its way
/// when the ticket is closed opens it again.
#[derive(clap::Args)]
pub struct Reply {
    /// The ticket
    #[arg(value_name = "TICKET", value_parser = numbers::one)]
    ticket: TicketId,
    /// Use $VISUAL or $EDITOR even if mutt is installed
    #[arg(short, long)]
    editor: bool,
    /// Send this text, and ask nothing
    #[arg(short, long, value_name = "TEXT", conflicts_with = "editor",
          allow_hyphen_values = true, value_parser = of_mail)]
    message: Option<String>,
    /// Close the ticket with this reply
    #[arg(short, long)]
    close: bool,
}

impl Run for Reply {
    const NAME: &'static str = "reply";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let Draft { letter, aside } = self.draft(&desk)?;
        desk.config.expect_domain()?;
        if let Some(text) = &self.message {
            let body = text.clone();
            return self.at_once(&desk, &Letter { body, ..letter }, &aside);
        }
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            let text = format!(
                "cannot reply to ticket {}: this is not a terminal",
                self.ticket
            );
            let again = here(&desk.config.overrides);
            let hint = format!("`{again} reply {} -m TEXT` needs none", self.ticket);
            return Err(Fault::new(Status::Usage, text).hint(hint).into());
        }
        match mutt::program().filter(|_| !self.editor) {
            Some(program) => in_mutt(&program, self.ticket, &letter, &desk.config.dir),
            None => self.in_editor(&desk, letter, &aside),
        }
    }
}

/// A reply that nobody has finished, and what is said aside of it.
struct Draft {
    letter: Letter,
    aside: Aside,
}

/// What whoever replies may not expect.
struct Aside {
    /// The ticket is closed.
    is_closed: bool,
    /// The submitter, and somebody else, whom the reply answers.
    instead_of: Option<(String, String)>,
}

impl Reply {
    /// A reply to the last message by a person who does not work here, else to the last message.
    fn draft(&self, desk: &Desk) -> Result<Draft> {
        let id = self.ticket;
        let conversation = (desk.conversation(id)?).ok_or_else(|| desk.no_ticket(id))?;
        let messages = conversation.messages()?;
        let staff = desk.staff();
        let is_theirs = |message: &&FiledMessage| {
            let writer = message.writer.as_ref();
            !message.automatic && writer.is_some_and(|writer| !staff.has(&writer.address))
        };
        let theirs = messages.iter().rev().find(is_theirs);
        let answered = theirs.or(messages.last());
        let doing = || format!("cannot reply to ticket {id}: it is empty");
        let answered = answered.with_context(doing)?;
        let raw = answered.decode()?.raw;
        let original = Message::new(&raw);
        let addresses = &desk.config.addresses;
        let to = answered
            .author
            .clone()
            .filter(|m| addresses.target(&m.address).is_none())
            // Nobody looks at the draft of a text that is finished.
            .filter(|_| theirs.is_some() || self.message.is_none());
        let submitter = messages.first().filter(|it| !it.automatic);
        let submitter = submitter.and_then(|it| it.author.clone());
        let aside = Aside {
            is_closed: conversation.state == State::Closed,
            instead_of: submitter
                .map(|it| it.address)
                .filter(|it| !staff.has(it) && addresses.target(it).is_none())
                .zip(to.clone().map(|it: Mailbox| it.address))
                .filter(|(submitter, to)| !submitter.eq_ignore_ascii_case(to)),
        };
        let to = to.into_iter().collect();
        let name = desk.config.signed();
        let mailbox = |name: &str, verb| Mailbox {
            name: name.into(),
            address: addresses.ticket(id, verb),
        };
        let tag = desk.config.tag(id);
        let when = crate::screen::when(original.date().unwrap_or(desk.now()));
        let text = own_text(&raw, &Limits::default());
        let verb = if self.close { Verb::Done } else { Verb::Update };
        let letter = Letter {
            from: vec![mailbox(&name, Verb::Update)],
            to,
            cc: vec![mailbox("", verb)],
            ..Letter::answering(&original, &tag, &text, &when)
        };
        Ok(Draft { letter, aside })
    }

    /// Sends a text that is finished.
    fn at_once(&self, desk: &Desk, draft: &Letter, aside: &Aside) -> Result<Status> {
        let id = self.ticket;
        let is_somebody = |to: &String| desk.config.addresses.target(to).is_none();
        let why = match draft.recipients().iter().any(is_somebody) {
            _ if draft.says_nothing() => "the text says nothing",
            true => {
                let again = here(&desk.config.overrides);
                let hint = |e: &anyhow::Error| match e.downcast_ref() {
                    // It was ended, perhaps after it had taken the mail.
                    Some(SendmailError::TimedOut(_) | SendmailError::Signal(..)) => format!(
                        "it may be on its way all the same: `{again} show {id}` says so once it is filed"
                    ),
                    _ => format!("nothing was sent; see `{again} check`"),
                };
                let sent = self.send(desk, draft);
                let sent = sent.map_err(|e| unsent(&e, &hint(&e)))?;
                self.tell(desk, &sent, aside)?;
                if let Some((submitter, to)) = &aside.instead_of {
                    let (submitter, to) = (clean(submitter), clean(to));
                    crate::screen::remark(format_args!(
                        "this answers {to}, who wrote last, not the submitter, {submitter}"
                    ));
                    crate::error::print(&format!(
                        "hint: `{again} reopen {id} -m TEXT` writes to the submitter"
                    ));
                }
                return Ok(Status::Ok);
            }
            false => "no customer wrote in it to whom mail can be sent",
        };
        Err(Fault::new(Status::Usage, format!("cannot reply to ticket {id}: {why}")).into())
    }

    fn in_editor(&self, desk: &Desk, mut draft: Letter, aside: &Aside) -> Result<Status> {
        let before = draft.readable();
        let (file, path) = write_draft(self.ticket, before.as_bytes())?;
        // The file stays until its author has decided, so that no mistake loses the text.
        let path = path.keep().context("cannot keep the draft")?;
        drop(file);
        loop {
            if let Err(e) = edit(&path, self.ticket) {
                if std::fs::read(&path).is_ok_and(|now| now == before.as_bytes()) {
                    let _ = std::fs::remove_file(&path);
                }
                return Err(e);
            }
            let doing = || format!("cannot read {}", path.display());
            let text = std::fs::read(&path).with_context(doing)?;
            let text = String::from_utf8_lossy(&text);
            draft.edited(&text);
            if text == before || draft.says_nothing() {
                let _ = std::fs::remove_file(&path);
                // An editor whose text was given up leaves the draft as it was.
                let why = match text == before {
                    true => "the draft was not changed",
                    false => "the draft has no text",
                };
                crate::screen::say(format_args!("not sent: {why}"))?;
                return Ok(Status::Ok);
            }
            match self.ask(desk, &draft)? {
                Choice::Edit => {}
                Choice::Drop => {
                    crate::screen::say(format_args!(
                        "not sent; the draft is kept as {}",
                        path.display()
                    ))?;
                    return Ok(Status::Ok);
                }
                Choice::Send => break,
            }
        }
        let sent = self.send(desk, &draft).map_err(|e| {
            let kept = path.display();
            let hint = format!("the draft is kept as {kept}; see `tickets check`");
            unsent(&e, &hint)
        })?;
        let _ = std::fs::remove_file(&path);
        self.tell(desk, &sent, aside)?;
        Ok(Status::Ok)
    }

    /// Says to whom the reply was sent, and what it does to the ticket beside that.
    fn tell(&self, desk: &Desk, sent: &[String], aside: &Aside) -> Result<()> {
        let line = logged::by().number("ticket", self.ticket).word("replied");
        line.number("recipients", sent.len()).write(Severity::Info);
        crate::screen::say(format_args!("sent to {}", sent.join(", ")))?;
        let id = self.ticket;
        let plain = Some(Target::Ticket(id, Verb::Update));
        let is_added = (sent.iter()).any(|it| desk.config.addresses.target(it) == plain);
        if aside.is_closed && is_added {
            crate::screen::remark(format_args!(
                "ticket {id} is closed; the reply opens it again"
            ));
        }
        Ok(())
    }

    /// Asks until there is an answer. At the end of input, the draft stays where it is.
    fn ask(&self, desk: &Desk, draft: &Letter) -> Result<Choice> {
        let recipients = draft.recipients();
        let files = |r: &String| {
            let target = desk.config.addresses.target(r);
            matches!(target, Some(Target::Ticket(id, _)) if id == self.ticket)
        };
        let fit = !recipients.is_empty() && !draft.from.is_empty();
        if !fit {
            let field = if draft.from.is_empty() {
                "From:"
            } else {
                "To:"
            };
            crate::screen::remark(format_args!("it cannot be sent: no address in {field}"));
        } else if !recipients.iter().any(files) {
            let id = self.ticket;
            let text = format!("it will not be filed: the address of ticket {id} is not in Cc:");
            crate::screen::remark(text);
        }
        loop {
            let question = match fit {
                true => format!("Send to {}? [y]es, [n]o, [e]dit: ", recipients.join(", ")),
                false => "[e]dit, [n]o: ".to_owned(),
            };
            let mut out = std::io::stdout();
            out.write_all(question.as_bytes())
                .and_then(|()| out.flush())?;
            let mut answer = String::new();
            if std::io::stdin().read_line(&mut answer)? == 0 {
                crate::screen::say("")?;
                return Ok(Choice::Drop);
            }
            match answer.trim().to_lowercase().as_str() {
                "y" | "yes" if fit => return Ok(Choice::Send),
                "n" | "no" | "q" => return Ok(Choice::Drop),
                "e" | "edit" => return Ok(Choice::Edit),
                _ => {}
            }
        }
    }

    /// Hands the reply to sendmail, and returns its recipients.
    fn send(&self, desk: &Desk, draft: &Letter) -> Result<Vec<String>> {
        let now = clock::now();
        let unique = format!("{:x}.{:x}", now.as_nanosecond(), std::process::id());
        let mail = draft.mail(&unique, desk.config.addresses.domain(), now.as_second());
        let mut file = tempfile::tempfile().context("cannot write the mail")?;
        file.write_all(&mail)
            .and_then(|()| file.rewind())
            .context("cannot write the mail")?;
        // Bounces go to the ticket, whatever From has been changed to.
        let sender = desk.config.addresses.ticket(self.ticket, Verb::Update);
        let recipients = draft.recipients();
        desk.sendmail()
            .start(Some(&sender), &recipients, file)?
            .wait()?;
        Ok(recipients)
    }
}

/// The error for a reply that could not be sent.
fn unsent(e: &anyhow::Error, hint: &str) -> Fault {
    let text = format!("cannot send the reply: {}", crate::error::line(e));
    Fault::new(Status::TempFail, text).hint(hint)
}

enum Choice {
    Send,
    Edit,
    Drop,
}

/// Writes a draft to a file that editors recognize as mail.
fn write_draft(id: TicketId, bytes: &[u8]) -> Result<(std::fs::File, tempfile::TempPath)> {
    let file = tempfile::Builder::new()
        .prefix(&format!("ticket-{id}-"))
        .suffix(".eml")
        .tempfile();
    let mut file = file.context("cannot write the draft")?;
    file.write_all(bytes).context("cannot write the draft")?;
    Ok(file.into_parts())
}

/// Opens the draft in mutt, as one that was postponed: mutt then keeps its From, Cc and thread, whatever
/// its hooks say.
fn in_mutt(program: &Path, id: TicketId, draft: &Letter, store: &Path) -> Result<Status> {
    let (_, path) = write_draft(id, &draft.unfinished())?;
    let settings = "set resume_draft_files use_from use_envelope_from record=''";
    let mut command = privilege::program(program);
    command.args(["-e", settings, "-H"]).arg(&path);
    mutt::settle_in(&mut command, store);
    let ended = command
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    // mutt itself says whether it sent the mail.
    Ok(if ended.success() {
        Status::Ok
    } else {
        Status::TempFail
    })
}

/// Opens `$VISUAL`, `$EDITOR` (commands for sh) or `editor` and waits for it.
fn edit(path: &Path, id: TicketId) -> Result<()> {
    let own = ["VISUAL", "EDITOR"].iter().find_map(std::env::var_os);
    let own = own
        .filter(|e| !e.is_empty())
        .unwrap_or_else(|| "editor".into());
    let mut script = own.clone();
    script.push(" \"$@\"");
    let shell = privilege::program("/bin/sh")
        .arg("-c")
        .arg(script)
        .arg(&own)
        .arg(path)
        .status()
        .context("cannot start the editor")?;
    if !shell.success() {
        let text = format!("cannot write the reply: {} failed", own.to_string_lossy());
        let hint = format!("`EDITOR=vi tickets reply -e {id}` uses another editor");
        return Err(Fault::new(Status::TempFail, text).hint(hint).into());
    }
    Ok(())
}
