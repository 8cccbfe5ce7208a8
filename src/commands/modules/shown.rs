//! What a module is told and answers, for whoever asks it once.

use super::sample::{head, unknown_fields};
use crate::error::harmless;
use crate::module::{Answer, Failure, Module, Point, Request};
use crate::part::outside::judged;
use crate::screen::say;
use anyhow::Result;
use serde_json::Value;

/// The most lines that are shown of what is no answer.
const PRINTED: usize = 20;

/// Asks, and shows the question, the answer and what was written to standard error; its mail may have been `made_up`.
pub(super) fn ask(
    module: &Module,
    request: Request,
    made_up: bool,
) -> Result<Result<Answer, Failure>> {
    match module.head_line(&request) {
        Ok(line) => show("head", line.trim_end())?,
        Err(why) => return Ok(Err(why)),
    }
    if made_up {
        show("mail", "made up, since standard input had none")?;
    }
    let point = request.point;
    let mut asking = match module.ask(request) {
        Ok(asking) => asking,
        Err(why) => return Ok(Err(why)),
    };
    let answer = asking.wait();
    let said = asking.said_text();
    match &answer {
        Ok(_) if said.trim().is_empty() => show("answer", "nothing")?,
        Ok(answer) => show("answer", &Value::Object(answer.clone()).to_string())?,
        Err(_) => printed(&said)?,
    }
    stderr(&asking.stderr_text())?;
    let odd = answer
        .as_ref()
        .ok()
        .and_then(|it| unknown_fields(point, it));
    if let Some(odd) = odd {
        show("remark", &odd)?;
    }
    Ok(answer)
}

/// All its events.
pub(super) fn timeline(module: &Module) -> Result<Result<(), Failure>> {
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
    let mut first_wrong = None;
    let ended = loop {
        match lines.next_object() {
            Ok(None) => break first_wrong.map_or(Ok(()), |why| Err(Failure::Odd(why))),
            Err(why) => break Err(why),
            Ok(Some(fields)) => {
                show("event", &Value::Object(fields.clone()).to_string())?;
                match judged(module, &fields, last) {
                    Ok(item) => last = item.at,
                    Err(why) => {
                        show("wrong", &why)?;
                        first_wrong.get_or_insert(why);
                    }
                }
            }
        }
    };
    stderr(&lines.stderr_text())?;
    Ok(ended)
}

/// The beginning of what was printed and cannot be read.
pub(super) fn printed(text: &str) -> Result<()> {
    for line in text.lines().take(PRINTED) {
        show("printed", line)?;
    }
    if text.lines().nth(PRINTED).is_some() {
        show("printed", "... and more")?;
    }
    Ok(())
}

/// What was written to standard error.
pub(super) fn stderr(text: &str) -> Result<()> {
    for line in text.lines() {
        show("stderr", line)?;
    }
    Ok(())
}

/// A line of what is told or answered, which a stranger may have written.
pub(super) fn show(what: &str, text: &str) -> Result<()> {
    say(format_args!("{what:7} {}", harmless(text)))
}
