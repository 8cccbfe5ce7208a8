//! `tickets modules run`: asks a module once, and shows all of it.

use super::named::{asked_again, desk_to_try, named};
use super::sample::{PLAIN, has_mail, head, judge};
use super::shown::{ask, printed, show, stderr, timeline};
use crate::desk::{Desk, Incoming};
use crate::error::{Fault, Status, quoted};
use crate::module::{Failure, Module, PageRequest, Point, RawMail, Request, VerbAnswer, VerbCall};
use crate::part::Context;
use crate::part::outside::become_command;
use crate::screen::{RawOutput, say};
use anyhow::{Context as _, Result};
use mail::envelope::{Envelope, Given, Sender};
use mail::mbox;
use mail::message::Message;
use std::io::{IsTerminal, Read};
use std::time::Instant;

/// Ask a module once, and print what it is told, what it answers, and how long it takes
///
/// A filter or an observer gets the mail on standard input, or a made-up one; an
/// observer is told that it opened ticket 12, in an empty store, so that it
/// changes none of yours. The module works with its settings and its own data, no
/// copy, and TICKETS_TRIAL=1 tells it to call nobody. Nothing is filed, and a
/// fault is not counted; a right answer ends a rest.
///
///   tickets modules run spamassassin filter -f joe@example.net <mail.eml
///   tickets modules run git job fetch
///   tickets modules run spamassassin command spam 12
///   tickets modules run NAME page /list
///   tickets modules run NAME verb priority high
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RunOnce {
    /// The module
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is asked: one of the points of its manifest
    #[arg(value_name = "POINT", value_parser = point)]
    point: Point,
    /// Of a job, its name; of a command or a verb, its name and what follows it; of a page, its path
    #[arg(value_name = "WORDS", allow_hyphen_values = true)]
    words: Vec<String>,
    /// Envelope sender of the mail for a filter [default: its author]
    #[arg(short = 'f', long, value_name = "ADDRESS", allow_hyphen_values = true)]
    sender: Option<String>,
    /// Envelope recipient of the mail for a filter (can be repeated) [default: submit@]
    #[arg(
        short,
        long = "recipient",
        value_name = "ADDRESS",
        allow_hyphen_values = true
    )]
    recipients: Vec<String>,
    /// It may call whom it calls: TICKETS_TRIAL is not set, and an observer is told of a ticket that is not there, in
    /// the store of the desk
    #[arg(long)]
    for_real: bool,
}

fn point(word: &str) -> Result<Point, String> {
    Point::of(word).ok_or_else(|| {
        let words: Vec<&str> = Point::ALL.iter().map(|point| point.word()).collect();
        format!("there are {}", words.join(", "))
    })
}

impl RunOnce {
    pub(super) fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = desk_to_try(cx)?;
        desk.expect_store()?;
        desk.expect_open()?;
        let mut module = named(cx, &desk, &self.name)?;
        module.trial = !self.for_real;
        self.expect_sense(&module)?;
        // As everybody else who would ask it.
        module.expect_data().map_err(|why| {
            Fault::new(Status::Config, format!("module {}: {why}", module.name()))
        })?;
        // Whatever it does because of an event that never was, it does to no ticket of the desk's.
        let empty = (module.trial && self.point == Point::Observer).then(tempfile::tempdir);
        let empty = empty
            .transpose()
            .context("cannot make a store for the trial")?;
        if let Some(store) = &empty {
            module.work_in(store.path().to_owned());
        }
        let name = module.name();
        let begun = Instant::now();
        let asked = match self.point {
            Point::Command => {
                let (word, args) = match self.words.split_first() {
                    Some((word, args)) => (word.as_str(), args),
                    None => (
                        module.manifest.commands.first().map_or("", |it| &it.name),
                        &[][..],
                    ),
                };
                return Err(become_command(&module, word, args.iter()));
            }
            Point::Page => self.page(&module),
            Point::Verb => self.verb(&module),
            Point::Timeline => timeline(&module),
            Point::Filter => self.filter(&mut desk, &module),
            _ => self.question(&module, desk.config.max_size),
        };
        let told = asked?;
        say(format_args!("time    {} ms", begun.elapsed().as_millis()))?;
        match told {
            Ok(()) => {
                asked_again(&desk, &module)?;
                Ok(Status::Ok)
            }
            Err(why) => {
                let fault = Fault::new(Status::TempFail, format!("module {name}: {why}"));
                let is_told = matches!(why, Failure::CrLf(_));
                Err(match !is_told && module.begins_with_crlf() {
                    true => fault.hint("the first line of its program ends in CR LF"),
                    false => fault,
                }
                .into())
            }
        }
    }

    /// Says no to what it cannot be asked.
    fn expect_sense(&self, module: &Module) -> Result<()> {
        let (name, point, manifest) = (module.name(), self.point, &module.manifest);
        let refuse = |why: String, hint: String| -> Result<()> {
            let text = format!("module {name}: {why}");
            Err(Fault::new(Status::Usage, text).hint(hint).into())
        };
        if !manifest.has(point) {
            let points: Vec<&str> = manifest.points().map(Point::word).collect();
            let hint = format!("it has {}", points.join(", "));
            return refuse(format!("it has no point {point}"), hint);
        }
        let names: Vec<&str> = match point {
            Point::Setup => {
                let hint = format!(
                    "`tickets modules upgrade {name}` sets up its data, and `tickets modules check {name}` tries that \
                     on new data"
                );
                return refuse("`run` does not ask for its setup".to_owned(), hint);
            }
            Point::Job => manifest.jobs().map(|it| it.name.as_str()).collect(),
            Point::Command => manifest.commands.iter().map(|it| &*it.name).collect(),
            Point::Verb => manifest.verbs.iter().map(|it| &*it.name).collect(),
            Point::Page => manifest.pages.iter().map(|it| &*it.path).collect(),
            _ => {
                return self
                    .words
                    .first()
                    .map_or(Ok(()), |odd| self.too_much(name, odd));
            }
        };
        let has = |word: &str| match point {
            Point::Page => names.iter().any(|page| is_of_page(word, page)),
            _ => names.contains(&word),
        };
        match self.words.first() {
            Some(odd) if !has(odd) => refuse(
                format!("it has no {point} {odd:?}"),
                format!("it has {}", names.join(", ")),
            ),
            None if names.is_empty() => {
                let hint = format!("its manifest has no [[{point}]]");
                refuse(format!("it has no {point}"), hint)
            }
            _ => Ok(()),
        }
    }

    /// Says no to a word where none is expected.
    fn too_much(&self, name: &str, odd: &str) -> Result<()> {
        let point = self.point;
        let text =
            format!("module {name}: nothing follows the point {point}, so {odd:?} is too much");
        let fault = Fault::new(Status::Usage, text);
        let hint = format!("it reads a mail on standard input: `<{}`", quoted(odd));
        Err(match point {
            Point::Filter | Point::Observer => fault.hint(hint),
            _ => fault,
        }
        .into())
    }

    /// The mail on standard input, or a made-up one, and whether it is that.
    fn mail(&self, max_size: u64) -> Result<(Vec<u8>, bool)> {
        let mut mail = Vec::new();
        let stdin = std::io::stdin();
        let is_needed = matches!(self.point, Point::Filter | Point::Observer);
        if is_needed && !stdin.is_terminal() {
            stdin.lock().take(max_size).read_to_end(&mut mail)?;
        }
        Ok(match mail.is_empty() {
            true => (PLAIN.into(), is_needed),
            false => (mail, false),
        })
    }

    /// A filter is told what a delivery would tell it, and its answer means what it would mean there.
    fn filter(&self, desk: &mut Desk, module: &Module) -> Result<Result<(), Failure>> {
        let (input, made_up) = self.mail(desk.config.max_size)?;
        let (from_line, raw) = mbox::strip_from_line(&input);
        let message = Message::new(raw);
        let envelope = self.envelope(desk, from_line, &message);
        let incoming = Incoming {
            message: &message,
            envelope: &envelope,
        };
        let head = desk.told_of(incoming)?;
        let request = Request {
            point: self.point,
            head,
            mail: Some(RawMail::Bytes(raw)),
            limit: None,
        };
        let answer = match ask(module, request, made_up)? {
            Ok(answer) => answer,
            Err(why) => return Ok(Err(why)),
        };
        Ok(match desk.what_follows(incoming, &answer)? {
            Ok(then) => {
                show("then", &then)?;
                Ok(())
            }
            Err(why) => Err(Failure::Odd(why)),
        })
    }

    /// The envelope that is given, else that of the mail, else what a mail server would likely say.
    fn envelope(&self, desk: &Desk, from_line: Option<&[u8]>, message: &Message) -> Envelope {
        let addresses = &desk.config.addresses;
        let is_ours = |address: &str| addresses.target(address).is_some();
        let find = |given: &Given| Envelope::find(given, from_line, &|_| None, message, &is_ours);
        let mut given = Given {
            sender: self.sender.clone(),
            recipients: self.recipients.clone(),
        };
        let found = find(&given);
        if found.sender == Sender::Unknown {
            given.sender = message.from().into_iter().next().map(|it| it.address);
        }
        if !found.recipients.iter().any(|it| is_ours(it)) && given.recipients.is_empty() {
            given.recipients.push(addresses.submit());
        }
        find(&given)
    }

    /// A question with a line of JSON, and the mail behind it.
    fn question(&self, module: &Module, max_size: u64) -> Result<Result<(), Failure>> {
        let point = self.point;
        let (mail, made_up) = self.mail(max_size)?;
        let mut head = head(module, point, &mail);
        let mut jobs = module.manifest.jobs();
        let job = match (point, self.words.first()) {
            (Point::Job, Some(name)) => jobs.find(|job| job.name == *name),
            (Point::Job, None) => jobs.next(),
            _ => None,
        };
        if let Some(job) = job {
            head = head.with("job", job.name.as_str());
        }
        let request = Request {
            point,
            head,
            mail: has_mail(module, point).then_some(RawMail::Bytes(&mail)),
            limit: job.map(|job| module.manifest.job_limit(job)),
        };
        let answer = ask(module, request, made_up)?;
        Ok(answer.and_then(|answer| judge(point, &answer).map_err(Failure::Odd)))
    }

    fn page(&self, module: &Module) -> Result<Result<(), Failure>> {
        let first = module.manifest.pages.first();
        let first = first.map_or("/", |page| page.path.as_str());
        let path = self.words.first().map_or(first, String::as_str);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = PageRequest {
            method: "GET",
            path,
            query,
            ..PageRequest::default()
        };
        let (mut said, mut warned) = (String::new(), String::new());
        let page = module.page_heard(&request, |out, err| {
            (said, warned) = (out.to_owned(), err.to_owned());
        });
        if page.is_err() {
            printed(&said)?;
        }
        stderr(&warned)?;
        let page = match page {
            Ok(page) => page,
            Err(why) => return Ok(Err(why)),
        };
        say(format_args!("status  {}", page.status))?;
        for (name, value) in &page.fields {
            show("field", &format!("{name}: {value}"))?;
        }
        let typed = format!("tickets modules run {} page {path}", module.name());
        RawOutput::new(typed).print(&page.body)?;
        Ok(Ok(()))
    }

    fn verb(&self, module: &Module) -> Result<Result<(), Failure>> {
        let (verb, args) = match self.words.split_first() {
            Some((verb, args)) => (verb.as_str(), args),
            None => (
                module.manifest.verbs.first().map_or("", |it| &it.name),
                &[][..],
            ),
        };
        let call = VerbCall {
            verb,
            args,
            ticket: None,
            author: None,
            proof: None,
            role: "admin",
        };
        let answer = match ask(module, call.request(), false)? {
            Ok(answer) => answer,
            Err(why) => return Ok(Err(why)),
        };
        match VerbAnswer::read(&answer) {
            Ok(VerbAnswer::Done(text)) => show("done", &text)?,
            Ok(VerbAnswer::Refused(text)) => show("refused", &text)?,
            Err(why) => return Ok(Err(Failure::Odd(why))),
        }
        Ok(Ok(()))
    }
}

/// True if a browser that asks for `word`, which may have a query, asks for this page or for something below it.
fn is_of_page(word: &str, page: &str) -> bool {
    let path = word.split_once('?').map_or(word, |(path, _)| path);
    let rest = path.strip_prefix(page.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
