//! `tickets modules run`: asks a module once, and shows all of it.

use super::named::named;
use super::sample::{PLAIN, has_mail, head, judge};
use crate::error::{Fault, Status, harmless};
use crate::module::{Failure, Module, PageRequest, Point, Request, VerbAnswer, VerbCall};
use crate::part::Context;
use crate::part::outside::judged;
use crate::screen::{RawOutput, say};
use anyhow::Result;
use serde_json::Value;
use std::io::{IsTerminal, Read};
use std::time::{Duration, Instant};

/// Ask a module once, and print what it is told, what it answers, and how long it takes
///
/// A filter or an observer gets the mail on standard input, or a made-up one. It is asked with its own
/// data and settings; nothing is filed, and a fault is not counted.
///
///   tickets modules run rspamd filter <mail.eml
///   tickets modules run spam page /list
///   tickets modules run spam verb priority high
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RunOnce {
    /// The module
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is asked: one of the points of its manifest
    #[arg(value_name = "POINT", value_parser = point)]
    point: Point,
    /// Of a page, its path; of a verb, the word and what follows it
    #[arg(value_name = "WORDS", allow_hyphen_values = true)]
    words: Vec<String>,
}

fn point(word: &str) -> Result<Point, String> {
    Point::of(word).ok_or_else(|| {
        let words: Vec<&str> = Point::ALL.iter().map(|point| point.word()).collect();
        format!("there are {}", words.join(", "))
    })
}

impl RunOnce {
    pub(super) fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        desk.expect_store()?;
        let module = named(&desk, &self.name)?;
        let (name, point) = (module.name(), self.point);
        let refuse = |why: &str, hint: String| {
            let text = format!("module {name}: {why}");
            Fault::new(Status::Usage, text).hint(hint)
        };
        if !module.manifest.has(point) {
            let points: Vec<&str> = module.manifest.points().map(Point::word).collect();
            let hint = format!("it has {}", points.join(", "));
            return Err(refuse(&format!("it has no point {point}"), hint).into());
        }
        let begun = Instant::now();
        let asked = match point {
            Point::Command => {
                let word = module.manifest.commands.first().map_or(name, |it| &it.name);
                return Err(refuse(
                    "a command is typed as any other",
                    format!("`tickets {word}`"),
                )
                .into());
            }
            Point::Setup => {
                let hint = format!("`tickets modules upgrade {name}`");
                return Err(refuse("its data is set up by another command", hint).into());
            }
            Point::Page => self.page(&module),
            Point::Verb => self.verb(&module),
            Point::Timeline => timeline(&module),
            _ => self.question(&module, desk.config.max_size),
        };
        let told = asked?;
        say(format_args!("time    {} ms", begun.elapsed().as_millis()))?;
        match told {
            Ok(()) => Ok(Status::Ok),
            Err(why) => Err(Fault::new(Status::TempFail, format!("module {name}: {why}")).into()),
        }
    }

    /// How long the job may take that is named, or the first.
    fn job_limit(&self, module: &Module) -> Duration {
        let name = self.words.first();
        let mut jobs = module.manifest.jobs();
        let job = jobs.find(|job| name.is_none_or(|name| *name == job.name));
        job.map_or_else(
            || module.manifest.limit(Point::Job),
            |job| module.manifest.job_limit(job),
        )
    }

    /// A question with a line of JSON, and the mail behind it.
    fn question(&self, module: &Module, max_size: u64) -> Result<Result<(), Failure>> {
        let point = self.point;
        let mut mail = Vec::new();
        let stdin = std::io::stdin();
        if matches!(point, Point::Filter | Point::Observer) && !stdin.is_terminal() {
            stdin.lock().take(max_size).read_to_end(&mut mail)?;
        }
        if mail.is_empty() {
            mail = PLAIN.into();
        }
        let mut head = head(module, point, &mail);
        if let (Point::Job, Some(job)) = (point, self.words.first()) {
            head = crate::module::Head::default()
                .with("job", job.as_str())
                .over(head);
        }
        let request = Request {
            point,
            head,
            mail: has_mail(module, point).then_some(mail.as_slice()),
            limit: (point == Point::Job).then(|| self.job_limit(module)),
        };
        match module.head_line(&request) {
            Ok(line) => show("head", line.trim_end())?,
            Err(why) => return Ok(Err(why)),
        }
        let mut asking = match module.ask(request) {
            Ok(asking) => asking,
            Err(why) => return Ok(Err(why)),
        };
        let answer = asking.wait();
        if let Ok(answer) = &answer {
            show("answer", &Value::Object(answer.clone()).to_string())?;
        }
        stderr(&asking.stderr_text())?;
        Ok(answer.and_then(|answer| judge(point, &answer).map_err(Failure::Odd)))
    }

    fn page(&self, module: &Module) -> Result<Result<(), Failure>> {
        let path = self.words.first().map_or("/", String::as_str);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let page = module.page(&PageRequest {
            method: "GET",
            path,
            query,
            ..PageRequest::default()
        });
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
        match module.carry_out(&call, |_| ()) {
            Ok(VerbAnswer::Done(text)) => show("done", &text)?,
            Ok(VerbAnswer::Refused(text)) => show("refused", &text)?,
            Err(why) => return Ok(Err(why)),
        }
        Ok(Ok(()))
    }
}

/// All its events.
fn timeline(module: &Module) -> Result<Result<(), Failure>> {
    let request = Request {
        point: Point::Timeline,
        head: head(module, Point::Timeline, b""),
        mail: None,
        limit: None,
    };
    match module.head_line(&request) {
        Ok(line) => show("head", line.trim_end())?,
        Err(why) => return Ok(Err(why)),
    }
    let mut lines = match module.ask_for_lines(request, |_| ()) {
        Ok(lines) => lines,
        Err(why) => return Ok(Err(why)),
    };
    let mut last = i64::MAX;
    let ended = loop {
        match lines.next_object() {
            Ok(None) => break Ok(()),
            Err(why) => break Err(why),
            Ok(Some(fields)) => {
                show("event", &Value::Object(fields.clone()).to_string())?;
                match judged(module, &fields, last) {
                    Ok(item) => last = item.at,
                    Err(why) => break Err(Failure::Odd(why)),
                }
            }
        }
    };
    stderr(&lines.stderr_text())?;
    Ok(ended)
}

fn stderr(text: &str) -> Result<()> {
    for line in text.lines() {
        show("stderr", line)?;
    }
    Ok(())
}

/// A line of what is told or answered, which a stranger may have written.
fn show(what: &str, text: &str) -> Result<()> {
    say(format_args!("{what:7} {}", harmless(text)))
}
