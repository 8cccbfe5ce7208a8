//! `tickets man`: the manual pages, made from what `--help` says and from the commented configuration.

mod keys;
mod synopsis;

use crate::clock;
use crate::error::{self, Fault, Status, quoted_path};
use crate::part::{Context, Run};
use crate::privilege;
use crate::screen;
use anyhow::{Context as _, Result};
use jiff::{Timestamp, tz::TimeZone};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What tickets(1) says besides the options and commands.
const WHOLE: &str = include_str!("man/tickets.roff");

/// How a page of a command ends.
const OF_COMMAND: &str = ".SH EXIT STATUS\nThat of all commands; see\n.BR tickets (1).\n\
                          .SH SEE ALSO\n.BR tickets (1),\n.BR tickets-config (5)\n";

/// The name under which `tickets man` knows tickets-config(5).
const CONFIG: &str = "config";

/// Print a manual page: `tickets man | man -l -`
///
/// With --save, all pages are written below a directory: tickets(1), one page for each command, and
/// tickets-config(5). For everybody on the machine:
///
///   sudo tickets man --save /usr/local/share/man
#[derive(clap::Args)]
pub struct Man {
    /// Command to describe, or `config` for the keys of the configuration [default: tickets itself]
    #[arg(value_name = "COMMAND", conflicts_with = "save")]
    command: Option<String>,
    /// Write all pages into man1 and man5 in this directory
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

impl Run for Man {
    const NAME: &'static str = "man";

    fn run(self, cx: &Context) -> Result<Status> {
        let pages = Pages::new(cx.program.clone());
        if let Some(dir) = &self.save {
            pages.save(dir).map_err(|e| not_by_root(e, dir))?;
            return Ok(Status::Ok);
        }
        let page = match self.command.as_deref() {
            None => pages.whole()?,
            Some(name) => match pages.commands().find(|(own, _)| own == name) {
                Some((_, command)) => pages.of_command(command)?,
                None if name == CONFIG => pages.of_config(),
                None => {
                    let fault = Fault::new(Status::Usage, format!("no command {name:?}"));
                    return Err(fault.hint("`tickets --help` shows the commands").into());
                }
            },
        };
        screen::say(page.trim_end())?;
        Ok(Status::Ok)
    }
}

/// All pages of one program.
struct Pages {
    program: clap::Command,
    /// Day of the pages.
    date: String,
}

impl Pages {
    fn new(program: clap::Command) -> Pages {
        let mut program = program.subcommand_help_heading("COMMANDS");
        program.build();
        // Whoever packages the program wants the same pages every time (reproducible-builds.org).
        let packaged = std::env::var("SOURCE_DATE_EPOCH").ok();
        let packaged = packaged.and_then(|seconds| seconds.parse().ok());
        let date = packaged.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let date = date.unwrap_or_else(clock::now).to_zoned(TimeZone::UTC);
        Pages {
            program,
            date: date.date().to_string(),
        }
    }

    /// The commands with their names, and what stands below them: `modules-enable`.
    fn commands(&self) -> impl Iterator<Item = (String, &clap::Command)> {
        self.program.get_subcommands().flat_map(|command| {
            let name = command.get_name();
            let below = command.get_subcommands();
            let below = below.map(move |it| (format!("{name}-{}", it.get_name()), it));
            std::iter::once((name.to_owned(), command)).chain(below)
        })
    }

    /// tickets(1).
    fn whole(&self) -> Result<String> {
        self.page(&self.program, WHOLE)
    }

    /// The page of a command.
    fn of_command(&self, command: &clap::Command) -> Result<String> {
        self.page(command, OF_COMMAND)
    }

    /// tickets-config(5).
    fn of_config(&self) -> String {
        keys::page(super::init::CONFIG, &self.date, &version())
    }

    fn page(&self, command: &clap::Command, end: &str) -> Result<String> {
        let page = clap_mangen::Man::new(command.clone())
            .date(&self.date)
            .source(version())
            .manual("tickets");
        let mut text = Vec::new();
        page.render_title(&mut text)?;
        // Nobody can copy a path or a command that is broken at a hyphen.
        text.extend(b".nh\n");
        page.render_name_section(&mut text)?;
        text.extend(synopsis::section(command).into_bytes());
        page.render_description_section(&mut text)?;
        page.render_options_section(&mut text)?;
        if command.has_subcommands() {
            page.render_subcommands_section(&mut text)?;
        }
        let text = String::from_utf8_lossy(&text);
        Ok(tidy(&text) + end)
    }

    /// Writes all pages into `man1` and `man5` below `dir`, for everybody to read.
    fn save(&self, dir: &Path) -> Result<()> {
        write(dir, 1, "tickets", &self.whole()?)?;
        for (name, command) in self.commands() {
            write(
                dir,
                1,
                &format!("tickets-{name}"),
                &self.of_command(command)?,
            )?;
        }
        write(dir, 5, "tickets-config", &self.of_config())
    }
}

/// An error in writing below `dir`, with what helps whoever may not.
fn not_by_root(e: anyhow::Error, dir: &Path) -> anyhow::Error {
    if !error::is_denied(&e) || privilege::was_root() {
        return e;
    }
    let fault = Fault::new(error::status(&e), error::line(&e));
    let hint = format!("`sudo tickets man --save {}`", quoted_path(dir));
    fault.hint(hint).into()
}

fn version() -> String {
    concat!("tickets ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// Takes out of what clap_mangen makes what man(1) or mandoc(1) have to complain about: a preamble of its
/// own for each section, blanks at the ends of lines, and two line breaks around an empty line.
fn tidy(page: &str) -> String {
    const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
    let body = page.replace(PREAMBLE, "").replace(".br\n\n.br\n", ".sp\n");
    let mut tidy = PREAMBLE.to_owned();
    for line in body.lines() {
        tidy.push_str(line.trim_end());
        tidy.push('\n');
    }
    tidy
}

fn write(dir: &Path, section: u8, name: &str, text: &str) -> Result<()> {
    let above = dir.join(format!("man{section}"));
    let file = above.join(format!("{name}.{section}"));
    let doing = || format!("cannot write {}", file.display());
    // The umask is for mail. These are for everybody.
    let open = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
    if !above.is_dir() {
        let missing = |dir: &&Path| !dir.as_os_str().is_empty() && !dir.exists();
        let made: Vec<&Path> = above.ancestors().take_while(missing).collect();
        fs::create_dir_all(&above).with_context(doing)?;
        for dir in made {
            open(dir, 0o755).with_context(doing)?;
        }
    }
    // A link or a pipe of that name is replaced, not followed: root writes here.
    let mut made = NamedTempFile::new_in(&above).with_context(doing)?;
    made.write_all(text.as_bytes()).with_context(doing)?;
    open(made.path(), 0o644).with_context(doing)?;
    made.persist(&file).map(drop).with_context(doing)
}
