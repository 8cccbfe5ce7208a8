//! Mail to the desk that waits in the mail server: it cannot start the program, or is asked to come again (75).

use super::ask::{Asked, ask_for_lines};
use super::diagnosis::{Diagnosis, count};
use super::mend::as_root;
use super::way::Look;
use crate::commands::text::again;
use crate::privilege;
use serde::Deserialize;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A mail that waits for no longer may be on its way, unless the server has tried it already, in seconds.
const ON_ITS_WAY: i64 = 60;

/// One that waits for no longer may have come while something was just being changed, in seconds.
const SOON: i64 = 5 * 60;

/// The machine's own Exim.
const EXIM: &str = "/usr/sbin/exim4";

/// Exim's list of its queue, which root has asked for before it became the desk's user, and nobody has read.
static TOLD_ROOT: Mutex<Option<Asked>> = Mutex::new(None);

/// Asks what only root may ask, while this process is root. It is told nothing of the desk.
pub(super) fn ask_as_root() {
    if privilege::is_root() && Path::new(EXIM).is_file() {
        let asked = ask_for_lines(Path::new(EXIM), &["-bp"]).ok();
        *TOLD_ROOT.lock().unwrap_or_else(PoisonError::into_inner) = asked;
    }
}

/// The mails to the desk that wait for another try.
#[derive(Debug, Default, PartialEq, Eq)]
struct Waiting {
    mails: usize,
    /// The age of the oldest, in seconds.
    oldest: i64,
}

impl Waiting {
    fn add(&mut self, age: i64, was_tried: bool) {
        if was_tried || age >= ON_ITS_WAY {
            self.mails += 1;
            self.oldest = self.oldest.max(age);
        }
    }
}

/// Checks Exim's queue, as far as this user may see it.
pub(super) fn exim(look: &Look) -> Option<Diagnosis> {
    let program = look.program("exim4")?;
    let told = match program == Path::new(EXIM) {
        true => TOLD_ROOT
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(),
        false => None,
    };
    let asked = told.map_or_else(|| ask_for_lines(&program, &["-bp"]), Ok);
    let is_ours = |address: &str| look.desk.config.addresses.target(address).is_some();
    let (mut waiting, mut age) = (Waiting::default(), None);
    let end = asked
        .and_then(|asked| asked.lines(&mut |line| of_exim(line, &mut age, &mut waiting, &is_ours)));
    if matches!(end, Ok(Some(1))) && waiting.mails == 0 {
        let text = "Exim: its queue was not looked at, as only an administrator may";
        return Some(Diagnosis::note(text).mend(as_root(&see(look))));
    }
    let see = ["exim4 -bp", "tail /var/log/exim4/mainlog"];
    judge(look, "Exim", &waiting, &end, see)
}

/// What shows root the queue: this very check, in which root asks Exim before it becomes the desk's user. Where that
/// would be about another desk, the machine's, Exim's own list has to do.
fn see(look: &Look) -> String {
    let machines = look.etc.join("tickets/config.toml");
    let is_it = look.desk.config.file.as_ref() == Some(&machines);
    match privilege::was_root() || machines.exists() && !is_it {
        true => "exim4 -bp".to_owned(),
        false => format!("{} check", again("tickets", look.overrides)),
    }
}

/// Checks Postfix's queue.
pub(super) fn postfix(look: &Look) -> Option<Diagnosis> {
    let asked = ask_for_lines(&look.program("postqueue")?, &["-j"]);
    let is_ours = |address: &str| look.desk.config.addresses.target(address).is_some();
    let (mut waiting, now) = (Waiting::default(), look.desk.now());
    let end = asked
        .and_then(|asked| asked.lines(&mut |line| of_postfix(line, now, &mut waiting, &is_ours)));
    judge(look, "Postfix", &waiting, &end, ["postqueue -p"; 2])
}

/// What the list means that ended like this; the commands show it, and why mail waits.
fn judge(
    look: &Look,
    name: &str,
    waiting: &Waiting,
    end: &io::Result<Option<i32>>,
    [list, see]: [&str; 2],
) -> Option<Diagnosis> {
    let is_whole = matches!(end, Ok(Some(0)));
    if is_whole || waiting.mails > 0 {
        look.queued.set(Some(waiting.mails));
        return late(name, waiting, is_whole).map(|it| it.mend(as_root(see)));
    }
    let why = match end {
        Err(e) => e.to_string(),
        Ok(Some(status)) => format!("it ended with status {status}"),
        Ok(None) => "it was killed".to_owned(),
    };
    let text = format!("{name}: its queue was not looked at: {why}");
    Some(Diagnosis::warn(text).mend(as_root(list)))
}

fn late(name: &str, waiting: &Waiting, is_whole: bool) -> Option<Diagnosis> {
    let Waiting { mails, oldest } = *waiting;
    let all = count(mails, "mail to the desk waits", "mails to the desk wait");
    let more = if is_whole { "" } else { "at least " };
    let minutes = oldest / 60;
    let text = format!("{name}: {more}{all} in its queue");
    match (mails, oldest) {
        (0, _) => None,
        (_, ..SOON) => Some(Diagnosis::note(format!("{text} for another try"))),
        _ => Some(Diagnosis::warn(format!(
            "{text}, for up to {minutes} minutes"
        ))),
    }
}

/// Reads a line of what `exim4 -bp` prints: a line with age, size, number and sender, and below it the recipients, those
/// that are done with a D before them. `age` is that of the mail to which the next recipients belong.
fn of_exim(
    line: &str,
    age: &mut Option<i64>,
    waiting: &mut Waiting,
    is_ours: &dyn Fn(&str) -> bool,
) {
    let mut words = line.split_ascii_whitespace();
    match [words.next(), words.next(), words.next(), words.next()] {
        [Some(old), _, _, Some(sender)] if sender.starts_with('<') => *age = seconds(old),
        [Some(recipient), None, ..] if is_ours(recipient) => {
            if let Some(age) = age.take() {
                waiting.add(age, false);
            }
        }
        _ => {}
    }
}

/// `25m`, `3h`, `2d`.
fn seconds(age: &str) -> Option<i64> {
    let unit = age.char_indices().next_back()?;
    let factor = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    age[..unit.0].parse::<i64>().ok()?.checked_mul(factor)
}

/// A line of `postqueue -j`.
#[derive(Deserialize)]
struct Queued {
    #[serde(default)]
    queue_name: String,
    arrival_time: i64,
    #[serde(default)]
    recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Recipient {
    address: String,
}

/// Reads a line of what `postqueue -j` prints.
fn of_postfix(line: &str, now: i64, waiting: &mut Waiting, is_ours: &dyn Fn(&str) -> bool) {
    if let Ok(mail) = serde_json::from_str::<Queued>(line)
        && mail.recipients.iter().any(|it| is_ours(&it.address))
    {
        let was_tried = mail.queue_name == "deferred";
        waiting.add(now.saturating_sub(mail.arrival_time), was_tried);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn mail_to_the_desk_in_a_queue() {
        let is_ours = |address: &str| address.ends_with("@example.org");
        let exim = |list: &str| {
            let (mut waiting, mut age) = (Waiting::default(), None);
            for line in list.lines() {
                of_exim(line, &mut age, &mut waiting, &is_ours);
            }
            (waiting.mails, waiting.oldest)
        };
        let list = "25m  2.9K 0t5C7f-0000dT-8d <a@b.example>\n          submit@example.org\n          ticket-1@example.org\n\n\
                    3h   1.1K 0t5C7f-0000dU-8e <> *** frozen ***\n          x@elsewhere.example\n\n\
                    2d   800 0t5C7f-0000dV-8f <x@y> (someone)\n        D submit@example.org\n          z@example.org\n\
                    99999999999999999999d 1 x <y>\n          submit@example.org\n";
        assert_eq!(exim(list), (2, 172_800));
        assert_eq!(exim("4m 1 x <a@b>\n  s@example.org\n"), (1, 240));
        assert_eq!(exim("0m 1 x <a@b>\n  s@example.org\n"), (0, 0));
        assert_eq!(exim("exim: permission denied\n"), (0, 0));
        let list = "{\"queue_name\": \"active\", \"arrival_time\": 1890, \"recipients\": [{\"address\": \"s@example.org\"}]}\n\
                    {\"queue_name\": \"deferred\", \"arrival_time\": 1890, \"recipients\": [{\"address\": \"s@example.org\"}]}\n\
                    {\"queue_name\": \"active\", \"arrival_time\": 1000, \"recipients\": [{\"address\": \"s@example.org\"}]}\n\
                    {\"arrival_time\": 1100, \"recipients\": [{\"address\": \"x@y\"}]}\n\
                    {\"arrival_time\": 1200, \"recipi";
        let mut waiting = Waiting::default();
        for line in list.lines() {
            of_postfix(line, 1900, &mut waiting, &is_ours);
        }
        assert_eq!((waiting.mails, waiting.oldest), (2, 900));
        let text = |mails, oldest, is_whole| {
            late("Exim", &Waiting { mails, oldest }, is_whole).map(|it| it.text)
        };
        assert_eq!(text(0, 0, true), None);
        let want = "Exim: 2 mails to the desk wait in its queue, for up to 25 minutes";
        assert_eq!(text(2, 1500, true).as_deref(), Some(want));
        let want = "Exim: at least 1 mail to the desk waits in its queue, for up to 5 minutes";
        assert_eq!(text(1, 300, false).as_deref(), Some(want));
        let want = "Exim: 1 mail to the desk waits in its queue for another try";
        assert_eq!(text(1, 299, true).as_deref(), Some(want));
    }
}
