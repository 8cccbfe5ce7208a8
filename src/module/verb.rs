//! Words of control mail that a module carries out (the point `verb`).

use super::ask::{Answer, Request};
use super::failure::Failure;
use super::head::{Head, clean};
use super::manifest::Point;
use super::one::Module;
use mail::decode::Mailbox;
use serde_json::{Value, json};

/// The most bytes of what it says.
const TEXT: usize = 1 << 10;

/// What somebody asks a module to do.
#[derive(Clone, Debug)]
pub struct VerbCall<'a> {
    /// Its word.
    pub verb: &'a str,
    /// What stands behind it.
    pub args: &'a [String],
    /// The ticket that the mail is about.
    pub ticket: Option<u32>,
    /// Who wrote it.
    pub author: Option<&'a Mailbox>,
    /// How it is known that they did.
    pub proof: Option<&'a str>,
    /// What they are to the desk: `admin` or `participant`.
    pub role: &'a str,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerbAnswer {
    /// It is done, and this is what it did.
    Done(String),
    /// It is not, and this is why.
    Refused(String),
}

impl VerbCall<'_> {
    /// What the module is asked.
    pub fn request(&self) -> Request<'static> {
        let author = self
            .author
            .map(|it| json!({"name": it.name, "address": it.address}));
        let head = Head::default()
            .with("verb", self.verb)
            .with("args", self.args)
            .with("ticket", self.ticket)
            .with("author", author)
            .with("proof", self.proof)
            .with("role", self.role);
        Request {
            point: Point::Verb,
            head,
            mail: None,
            limit: None,
        }
    }
}

impl VerbAnswer {
    /// What the answer says.
    ///
    /// # Errors
    /// It says neither that it is done nor that it is refused, or not in words.
    pub fn read(answer: &Answer) -> Result<VerbAnswer, String> {
        let text = |key: &str| match answer.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(clean(text, TEXT))),
            Some(_) => Err(format!("{key} is no text")),
        };
        match (text("done")?, text("refused")?) {
            (Some(done), None) => Ok(VerbAnswer::Done(done)),
            (None, Some(refused)) => Ok(VerbAnswer::Refused(refused)),
            _ => Err("it says neither done nor refused, or both".into()),
        }
    }
}

impl Module {
    /// Has it carry out a word.
    ///
    /// # Errors
    /// It does not answer, or not as it should.
    pub fn carry_out(&self, call: &VerbCall) -> Result<VerbAnswer, Failure> {
        VerbAnswer::read(&self.ask(call.request())?.answer()?).map_err(Failure::Odd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_of_two() {
        let read = |text: &str| VerbAnswer::read(&serde_json::from_str(text).unwrap());
        let odd = || Err("it says neither done nor refused, or both".to_owned());
        assert_eq!(
            read(r#"{"done":"a\nb","more":1}"#),
            Ok(VerbAnswer::Done("a b".into()))
        );
        assert_eq!(
            read(r#"{"refused":"no"}"#),
            Ok(VerbAnswer::Refused("no".into()))
        );
        assert_eq!(read("{}"), odd());
        assert_eq!(read(r#"{"done":"a","refused":"b"}"#), odd());
        assert_eq!(read(r#"{"done":true}"#), Err("done is no text".into()));
    }
}
