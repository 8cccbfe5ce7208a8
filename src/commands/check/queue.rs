//! Mail to the desk that waits in the mail server: it cannot start the program, or is asked to come again (75).

use super::ask::ask;
use super::diagnosis::{Diagnosis, count};
use super::mend::as_root;
use super::way::Look;
use crate::privilege;
use serde::Deserialize;
use std::path::Path;
use std::sync::OnceLock;

/// A mail that waits for no longer is on its way.
const SOON: i64 = 5 * 60;

/// The machine's own Exim.
const EXIM: &str = "/usr/sbin/exim4";

/// What Exim told root of its queue, before root became the desk's user.
static TOLD_ROOT: OnceLock<String> = OnceLock::new();

/// Asks what only root may ask, while this process is root. It is told nothing of the desk.
pub(super) fn ask_as_root() {
    if privilege::is_root()
        && Path::new(EXIM).is_file()
        && let Ok(answer) = ask(Path::new(EXIM), &["-bp"], "")
        && answer.status == Some(0)
    {
        let _ = TOLD_ROOT.set(answer.text);
    }
}

/// Checks Exim's queue, as far as this user may see it.
pub(super) fn exim(look: &Look) -> Option<Diagnosis> {
    let program = look.program("exim4")?;
    let told = TOLD_ROOT.get().filter(|_| program == Path::new(EXIM));
    let own = || {
        ask(&program, &["-bp"], "")
            .ok()
            .filter(|it| it.status == Some(0))
    };
    let Some(list) = told.cloned().or_else(|| Some(own()?.text)) else {
        let text = "Exim: its queue was not looked at, as only an administrator may";
        return Some(Diagnosis::note(text).mend(as_root("exim4 -bp")));
    };
    let is_ours = |address: &str| look.desk.config.addresses.target(address).is_some();
    judge(
        "Exim",
        &of_exim(&list, &is_ours),
        "tail /var/log/exim4/mainlog",
    )
}

/// Checks Postfix's queue.
pub(super) fn postfix(look: &Look) -> Option<Diagnosis> {
    let answer = ask(&look.program("postqueue")?, &["-j"], "").ok();
    let Some(answer) = answer.filter(|it| it.status == Some(0)) else {
        let text = "Postfix: its queue was not looked at";
        return Some(Diagnosis::note(text).mend(as_root("postqueue -p")));
    };
    let is_ours = |address: &str| look.desk.config.addresses.target(address).is_some();
    let ages = of_postfix(&answer.text, look.desk.now(), &is_ours);
    judge("Postfix", &ages, "postqueue -p")
}

fn judge(name: &str, ages: &[i64], see: &str) -> Option<Diagnosis> {
    let late: Vec<i64> = ages.iter().copied().filter(|age| *age >= SOON).collect();
    let oldest = late.iter().max()? / 60;
    let mails = count(
        late.len(),
        "mail to the desk waits",
        "mails to the desk wait",
    );
    let text = format!("{name}: {mails} in its queue, for up to {oldest} minutes");
    Some(Diagnosis::warn(text).mend(as_root(see)))
}

/// The age in seconds of each mail to the desk in what `exim4 -bp` prints: a line with age, size, number and sender, and
/// below it the recipients, those that are done with a D before them.
fn of_exim(list: &str, is_ours: &dyn Fn(&str) -> bool) -> Vec<i64> {
    let mut ages = Vec::new();
    let mut age = None;
    for line in list.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words[..] {
            [old, _, _, sender, ..] if sender.starts_with('<') => age = seconds(old),
            [recipient] if is_ours(recipient) => ages.extend(age.take()),
            _ => {}
        }
    }
    ages
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
    arrival_time: i64,
    #[serde(default)]
    recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Recipient {
    address: String,
}

/// The same of what `postqueue -j` prints.
fn of_postfix(list: &str, now: i64, is_ours: &dyn Fn(&str) -> bool) -> Vec<i64> {
    let queued = list
        .lines()
        .filter_map(|it| serde_json::from_str::<Queued>(it).ok());
    queued
        .filter(|mail| mail.recipients.iter().any(|it| is_ours(&it.address)))
        .map(|mail| now.saturating_sub(mail.arrival_time))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn mail_to_the_desk_in_a_queue() {
        let is_ours = |address: &str| address.ends_with("@example.org");
        let list = "25m  2.9K 0t5C7f-0000dT-8d <a@b.example>\n          submit@example.org\n          ticket-1@example.org\n\n\
                    3h   1.1K 0t5C7f-0000dU-8e <> *** frozen ***\n          x@elsewhere.example\n\n\
                    2d   800 0t5C7f-0000dV-8f <x@y> (someone)\n        D submit@example.org\n          z@example.org\n\
                    99999999999999999999d 1 x <y>\n          submit@example.org\n";
        assert_eq!(of_exim(list, &is_ours), [1500, 172_800]);
        assert_eq!(of_exim("exim: permission denied\n", &is_ours), [0_i64; 0]);
        let list = "{\"queue_name\": \"deferred\", \"arrival_time\": 1000, \"recipients\": [{\"address\": \"s@example.org\"}]}\n\
                    {\"arrival_time\": 1100, \"recipients\": [{\"address\": \"x@y\"}]}\n\
                    {\"arrival_time\": 1200, \"recipi";
        assert_eq!(of_postfix(list, 1900, &is_ours), [900]);
        let text = |ages: &[i64]| judge("Exim", ages, "x").map(|it| it.text);
        assert_eq!(text(&[0, 299]), None);
        let want = "Exim: 2 mails to the desk wait in its queue, for up to 25 minutes";
        assert_eq!(text(&[1500, 300, 1]).as_deref(), Some(want));
    }
}
