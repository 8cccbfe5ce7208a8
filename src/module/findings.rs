//! What a module finds when it is asked whether what it needs is in order (the point `check`).

use super::ask::{Answer, Asking, Request};
use super::failure::Failure;
use super::head::{Head, clean};
use super::manifest::Point;
use super::one::Module;
use serde_json::Value;

/// The most bytes of what a finding says.
const STRING: usize = 1 << 10;

/// The most findings of one module.
const MOST: usize = 20;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingLevel {
    /// All is well.
    Ok,
    /// Something to look at.
    Warn,
    /// What the module is for does not work.
    Bad,
}

/// What a module found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFinding {
    pub level: FindingLevel,
    /// One line.
    pub what: String,
    /// What mends it.
    pub mend: Option<String>,
}

impl Module {
    /// Asks it whether what it needs is in order. Several may be asked at once; [`found`] waits for what one finds.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn ask_for_findings(&self) -> Result<Asking, Failure> {
        self.ask(Request {
            point: Point::Check,
            head: Head::default(),
            mail: None,
            limit: None,
        })
    }
}

/// What a module finds that was asked.
///
/// # Errors
/// It does not answer, or not as it should.
pub fn found(asked: Result<Asking, Failure>) -> Result<Vec<ModuleFinding>, Failure> {
    findings(&asked?.answer()?).map_err(Failure::Odd)
}

/// The findings in an answer.
pub fn findings(answer: &Answer) -> Result<Vec<ModuleFinding>, String> {
    let list = match answer.get("findings") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err("findings is no list".into()),
    };
    list.iter().take(MOST).map(finding).collect()
}

fn finding(value: &Value) -> Result<ModuleFinding, String> {
    let text = |key: &str| {
        let text = value.get(key).and_then(Value::as_str)?;
        Some(clean(text, STRING)).filter(|text| !text.trim().is_empty())
    };
    let level = match value.get("level").and_then(Value::as_str) {
        Some("ok") => FindingLevel::Ok,
        Some("warn") => FindingLevel::Warn,
        Some("bad") => FindingLevel::Bad,
        _ => return Err("the level of a finding is none of ok, warn, bad".into()),
    };
    Ok(ModuleFinding {
        level,
        what: text("what").ok_or("a finding says nothing (what)")?,
        mend: text("mend"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_read_or_refused() {
        let read = |text: &str| {
            let found = findings(&serde_json::from_str(text).unwrap())?;
            let line = |it: &ModuleFinding| format!("{:?} {} {:?}", it.level, it.what, it.mend);
            Ok(found.iter().map(line).collect::<Vec<_>>().join("; "))
        };
        for (text, want) in [
            ("{}", Ok("")),
            (r#"{"findings":[],"more":1}"#, Ok("")),
            (
                r#"{"findings":[{"level":"ok","what":"a\nb"},{"level":"bad","what":"x","mend":"y","more":[]}]}"#,
                Ok("Ok a b None; Bad x Some(\"y\")"),
            ),
            (r#"{"findings":{}}"#, Err("findings is no list")),
            (
                r#"{"findings":[{"level":"worse","what":"x"}]}"#,
                Err("the level of a finding is none of ok, warn, bad"),
            ),
            (
                r#"{"findings":[{"level":"ok","what":""}]}"#,
                Err("a finding says nothing (what)"),
            ),
            (
                r#"{"findings":["x"]}"#,
                Err("the level of a finding is none of ok, warn, bad"),
            ),
        ] {
            let want = want.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(read(text), want, "{text}");
        }
    }
}
