//! `tickets modules`: the parts of the desk (G1).

use crate::error::Status;
use crate::part::{Context, Part, Run};
use crate::screen;
use anyhow::Result;
use serde::Serialize;

/// List the parts of the desk, and which of them are on
///
/// Parts are what a desk can do without: mail is accepted, filed and answered without any of them.
/// To switch some off, name them in the configuration:
///
///   [parts]
///   off = ["stats", "timeline"]
///
/// Their commands and their lines in the timeline are then gone, and nothing of them runs.
#[allow(rustdoc::broken_intra_doc_links)] // the brackets are part of the help text
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Modules {
    /// Print a JSON object for each part, one a line
    #[arg(long)]
    json: bool,
}

/// A line of `--json`; the fields are a promise to those who read it.
#[derive(Serialize)]
struct PartObject<'a> {
    name: &'a str,
    version: &'a str,
    state: &'a str,
    from: &'a str,
    adds: Vec<String>,
    summary: &'a str,
}

impl Run for Modules {
    const NAME: &'static str = "modules";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.planned_desk()?;
        let mut rows = Vec::new();
        for (part, on) in cx.parts.all() {
            let object = PartObject {
                name: part.name(),
                version: part.version(),
                state: if on { "on" } else { "off" },
                from: "built in",
                adds: adds(part, &desk),
                summary: part.summary(),
            };
            if self.json {
                screen::say(serde_json::to_string(&object)?)?;
            } else {
                rows.push(object);
            }
        }
        let width = |of: fn(&PartObject) -> usize| rows.iter().map(of).max().unwrap_or(0);
        let (name, version) = (width(|o| o.name.len()), width(|o| o.version.len()));
        let adds = width(|o| o.adds.join(", ").len());
        for object in &rows {
            screen::say(format_args!(
                "{:name$}  {:version$}  {:3}  {}  {:adds$}  {}",
                object.name,
                object.version,
                object.state,
                object.from,
                object.adds.join(", "),
                object.summary,
            ))?;
        }
        Ok(Status::Ok)
    }
}

/// What a part adds to the desk.
fn adds(part: &dyn Part, desk: &crate::desk::Desk) -> Vec<String> {
    let commands = part.commands().into_iter();
    let mut adds: Vec<String> = commands.map(|c| format!("command {}", c.name())).collect();
    let events = part.events(desk);
    let kinds: usize = events.iter().map(|provider| provider.kinds().len()).sum();
    if kinds > 0 {
        adds.push(screen::plural(kinds, "timeline event"));
    }
    adds
}
