//! What a process has started, and what that has started: also those in groups of their own, whom no signal to a group
//! reaches.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fs;

/// The processes below one, at one moment.
#[derive(Debug, Default)]
pub(crate) struct Family(Vec<Member>);

/// A process. Its number may be another's later, but not with the same beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Member {
    pid: i32,
    /// When it was started, in ticks since the machine was.
    began: u64,
}

/// What `/proc` says of a process.
#[derive(Clone, Copy, Debug)]
struct Seen {
    member: Member,
    parent: i32,
    group: i32,
    /// It has exited, and nobody has asked how.
    ended: bool,
}

impl Family {
    /// All that live below `pid` and have not been left behind: whose parents live, too. None where `/proc` says nothing.
    pub(crate) fn of(pid: Pid) -> Family {
        let mut children: BTreeMap<i32, Vec<Member>> = BTreeMap::new();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        for entry in processes {
            let pid = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            if let Some(seen) = pid.and_then(look) {
                children.entry(seen.parent).or_default().push(seen.member);
            }
        }
        let mut members = Vec::new();
        let mut parents = vec![pid.as_raw()];
        while let Some(parent) = parents.pop() {
            // Each process has one parent, so none comes twice.
            for child in children.remove(&parent).unwrap_or_default() {
                parents.push(child.pid);
                members.push(child);
            }
        }
        Family(members)
    }

    /// Sends a signal to those that still live.
    pub(crate) fn signal(&self, signal: Signal) {
        for member in self.0.iter().filter(|member| member.is_there().is_some()) {
            // With whoever it has started since, if it leads a group: that number is its own as long as it lives.
            if signal == Signal::SIGKILL {
                let _ = killpg(Pid::from_raw(member.pid), signal);
            }
            let _ = kill(Pid::from_raw(member.pid), signal);
        }
    }

    /// Asks those to end that are not in the process group `group`, which was asked already.
    pub(super) fn ask_others(&self, group: Pid) {
        let is_other = |seen: Seen| seen.group != group.as_raw();
        for member in &self.0 {
            if member.is_there().is_some_and(is_other) {
                let _ = kill(Pid::from_raw(member.pid), Signal::SIGTERM);
            }
        }
    }

    /// True if nobody of it runs any more whom we may end.
    pub(super) fn has_ended(&self) -> bool {
        let runs = |member: &Member| member.is_there().is_some_and(Seen::can_be_ended);
        !self.0.iter().any(runs)
    }
}

/// True as long as the process runs, and may be ended by us.
pub(super) fn runs(pid: Pid) -> bool {
    look(pid.as_raw()).is_some_and(Seen::can_be_ended)
}

impl Member {
    fn is_there(&self) -> Option<Seen> {
        look(self.pid).filter(|now| now.member == *self)
    }
}

impl Seen {
    /// One that is setuid, as Exim is, cannot be signalled: it is no use to wait for it.
    fn can_be_ended(self) -> bool {
        !self.ended && kill(Pid::from_raw(self.member.pid), None) != Err(Errno::EPERM)
    }
}

fn look(pid: i32) -> Option<Seen> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Its name stands in brackets, and may hold any character.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let ended = ["Z", "X"].contains(&fields.next()?);
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let began = fields.nth(16)?.parse().ok()?;
    Some(Seen {
        member: Member { pid, began },
        parent,
        group,
        ended,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    // I3
    #[test]
    fn a_family_is_ended_whatever_groups_it_is_in() {
        let script = "setsid sh -c 'echo $$; exec sleep 1000' & wait";
        let mut parent = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(parent.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let child: i32 = line.trim().parse().unwrap();
        let member = look(child).unwrap().member;
        let family = Family::of(Pid::from_raw(i32::try_from(parent.id()).unwrap()));
        assert!(family.0.contains(&member), "{family:?}");
        family.signal(Signal::SIGKILL);
        // The pipe ends with the last of them.
        line.clear();
        assert_eq!(out.read_line(&mut line).unwrap(), 0);
        parent.wait().unwrap();
        // Nobody else has got its number and is hit.
        family.signal(Signal::SIGKILL);
        assert_eq!(
            look(std::process::id().cast_signed()).map(|it| it.member.pid),
            Some(std::process::id().cast_signed())
        );
    }
}
