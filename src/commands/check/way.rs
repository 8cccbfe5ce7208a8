//! The way of a mail from outside to the desk: what a mail server is asked, and what its answers mean.

use super::diagnosis::Diagnosis;
use super::smtp::{self, Reply};
use crate::config::Overrides;
use crate::desk::Desk;
use crate::files::open_following;
use crate::ticket::address::Verb;
use crate::ticket::policy::UnknownTicket;
use crate::ticket::{State, TicketId};
use std::cell::Cell;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the checks of a mail server look at.
pub(super) struct Look<'a> {
    pub(super) desk: &'a Desk,
    pub(super) overrides: &'a Overrides,
    pub(super) etc: &'a Path,
    /// Where its programs are, if there are any.
    pub(super) programs: Option<PathBuf>,
    /// How many mails to the desk are late in its queue, once that is known.
    pub(super) queued: Cell<Option<usize>>,
}

impl Look<'_> {
    /// One of its programs, if it is there.
    pub(super) fn program(&self, name: &str) -> Option<PathBuf> {
        let program = self.programs.as_ref()?.join(name);
        program.is_file().then_some(program)
    }
}

/// The addresses by which it is tried whether mail is taken.
pub(super) struct Probes {
    pub(super) submit: String,
    /// Of a ticket that is there, if there is any.
    pub(super) ticket: Option<String>,
    /// Of one that is not.
    pub(super) none: Option<String>,
    /// Of somebody elsewhere, for whom it shall take no mail.
    pub(super) elsewhere: Option<String>,
}

impl Probes {
    /// Those of this desk.
    pub(super) fn of(desk: &Desk) -> Probes {
        let addresses = &desk.config.addresses;
        let address = |id| addresses.ticket(id, Verb::Update);
        let ids = |state| desk.store.ids(state).unwrap_or_default();
        let known = [ids(State::Open), ids(State::Closed)].concat();
        // The highest number of all: nobody gets as far.
        let none = TicketId::new(999_999_999).filter(|id| !known.contains(id));
        Probes {
            submit: addresses.submit(),
            ticket: known.into_iter().max().map(address),
            none: none.map(address),
            elsewhere: Some("nobody@elsewhere.invalid".to_owned()),
        }
    }

    pub(super) fn recipients(&self) -> Vec<&str> {
        let others = [&self.ticket, &self.none, &self.elsewhere];
        let others = others.into_iter().flatten().map(String::as_str);
        std::iter::once(&*self.submit).chain(others).collect()
    }

    /// What the `replies` of mail server `name` to a talk about these recipients mean. `reload` mends what a server
    /// does not know that is configured.
    pub(super) fn judge(
        &self,
        name: &str,
        desk: &Desk,
        replies: &[Reply],
        reload: &str,
    ) -> Vec<Diagnosis> {
        let said = match smtp::to_recipients(replies) {
            Ok(said) => said,
            Err(odd) => {
                let said = odd.map_or("nothing", |odd| &odd.text);
                let text = format!("{name}: it would talk to nobody outside: it answered `{said}`");
                return vec![Diagnosis::fail(text).mend(reload)];
            }
        };
        let mut said = said.iter();
        let mut found = Vec::new();
        for address in [Some(&self.submit), self.ticket.as_ref()]
            .into_iter()
            .flatten()
        {
            match said.next() {
                Some(reply) if reply.is_yes() => {}
                Some(reply) => {
                    let text = format!("{name}: to mail for {address} it says `{}`", reply.text);
                    // It may do so with whatever strangers send for the first time.
                    found.push(match reply.is_later() {
                        true => Diagnosis::warn(text),
                        false => Diagnosis::fail(text).mend(reload),
                    });
                }
                None => {
                    let text = format!("{name}: to mail for {address} it says nothing");
                    found.push(Diagnosis::fail(text).mend(reload));
                }
            }
        }
        let reply = self.none.as_ref().and_then(|_| said.next());
        let takes_unknown = desk.config.unknown_ticket == UnknownTicket::Open;
        if let Some(reply) = reply.filter(|reply| !reply.is_later()) {
            if reply.is_yes() && !takes_unknown {
                let text = format!(
                    "{name}: it takes mail for a ticket that does not exist, which then bounces"
                );
                found.push(Diagnosis::warn(text).mend(reload));
            } else if !reply.is_yes() && takes_unknown {
                let text = format!(
                    "{name}: it takes no mail for a ticket that does not exist, in spite of \
                     `unknown_ticket = \"open\"`"
                );
                found.push(Diagnosis::warn(text).mend(reload));
            }
        }
        let reply = self.elsewhere.as_ref().and_then(|_| said.next());
        if reply.is_some_and(Reply::is_yes) {
            let text = format!("{name}: it passes on mail of strangers to anybody (open relay)");
            found.push(Diagnosis::fail(text).mend("see its relay hosts and domains"));
        }
        found
    }
}

/// Where a mail server listens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doors(pub(super) Vec<SocketAddr>);

/// How long a server is left alone before each further look, while it may be restarting: two seconds in all.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_millis(1250),
];

/// What became of a talk.
pub(super) enum Open {
    /// Nothing listens there: why not, at the last of them.
    No(String),
    /// The first that opens does not speak.
    Silent(String),
    /// The server's replies.
    Yes(Vec<Reply>),
}

impl Doors {
    /// True if no other machine can reach any of them.
    pub(super) fn only_inside(&self) -> bool {
        self.0.iter().all(|door| door.ip().is_loopback())
    }

    /// True if it listens where other servers come to.
    pub(super) fn is_usual(&self) -> bool {
        self.0.iter().any(|door| door.port() == 25)
    }

    /// Talks at the first door that opens, if there is a choice by one at which this machine is a stranger. A server that
    /// is just being restarted hangs up, is not there for a moment, or is still the one of before: as long as it does not
    /// answer, or not `as_wanted`, it is tried again for a short while. What was last seen counts.
    pub(super) fn talk(&self, commands: &[String], as_wanted: impl Fn(&[Reply]) -> bool) -> Open {
        self.talk_again_after(&PAUSES, commands, as_wanted)
    }

    fn talk_again_after(
        &self,
        pauses: &[Duration],
        commands: &[String],
        as_wanted: impl Fn(&[Reply]) -> bool,
    ) -> Open {
        let mut pauses = pauses.iter();
        loop {
            let (open, is_settled) = match self.try_to_talk(commands) {
                Ok(Open::Yes(replies)) => {
                    let is_settled = as_wanted(&replies);
                    (Open::Yes(replies), is_settled)
                }
                Ok(open) => (open, true),
                Err(open) => (open, false),
            };
            match pauses.next() {
                Some(pause) if !is_settled => std::thread::sleep(*pause),
                _ => return open,
            }
        }
    }

    /// One try; an error where another one may end otherwise.
    fn try_to_talk(&self, commands: &[String]) -> Result<Open, Open> {
        let mut why = "it listens nowhere".to_owned();
        let mut doors: Vec<SocketAddr> = self.0.iter().flat_map(as_reached).collect();
        doors.sort_by_key(|door| (door.ip().is_loopback(), door.is_ipv6()));
        doors.dedup();
        for door in &doors {
            match smtp::converse(*door, commands) {
                Ok(replies) => return Ok(Open::Yes(replies)),
                Err(e) if e.kind() == ErrorKind::ConnectionRefused => why = format!("{door}: {e}"),
                Err(e) => {
                    let hung_up = matches!(
                        e.kind(),
                        ErrorKind::ConnectionReset
                            | ErrorKind::ConnectionAborted
                            | ErrorKind::UnexpectedEof
                    );
                    let silent = Open::Silent(format!("{door}: {e}"));
                    return if hung_up { Err(silent) } else { Ok(silent) };
                }
            }
        }
        match doors.is_empty() {
            true => Ok(Open::No(why)),
            false => Err(Open::No(why)),
        }
    }
}

/// A door as this machine can reach it: by its own address towards the outside, and by that of the loopback.
fn as_reached(door: &SocketAddr) -> Vec<SocketAddr> {
    let port = door.port();
    let (loopback, outside): (IpAddr, _) = match door.ip() {
        ip if !ip.is_unspecified() => return vec![*door],
        // Addresses of examples: nothing is sent to them.
        IpAddr::V4(_) => (Ipv4Addr::LOCALHOST.into(), ("0.0.0.0:0", "192.0.2.1:9")),
        IpAddr::V6(_) => (Ipv6Addr::LOCALHOST.into(), ("[::]:0", "[2001:db8::1]:9")),
    };
    let own = || {
        let socket = UdpSocket::bind(outside.0).ok()?;
        socket.connect(outside.1).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    let own = own().filter(|ip| !ip.is_unspecified());
    let all = own.into_iter().chain([loopback]);
    all.map(|ip| SocketAddr::from((ip, port))).collect()
}

/// True if a macro's or service's command differs from the one that is wanted only in the path of this program, and
/// it is at that one, too.
pub(super) fn is_same_command(has: &str, wanted: &str) -> bool {
    let split = |command: &str| -> (PathBuf, String) {
        let (program, rest) = command.split_once(' ').unwrap_or((command, ""));
        (PathBuf::from(program), rest.to_owned())
    };
    let (program, rest) = split(has);
    has == wanted || program.is_file() && rest == split(wanted).1
}

/// The text of a file; nothing if it cannot be read, or is none.
pub(super) fn read(file: &Path) -> String {
    let mut bytes = Vec::new();
    // What has been read before an error says as much as it says.
    let _ = open_following(file).and_then(|mut it| it.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    /// Two further looks, without a pause.
    const AT_ONCE: [Duration; 2] = [Duration::ZERO; 2];

    /// A server that answers each talk with the next of `words`, and hangs up where that is nothing; then it is gone.
    fn server(words: &'static [&str]) -> (Doors, std::thread::JoinHandle<()>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let doors = Doors(vec![listener.local_addr().unwrap()]);
        let serve = move || {
            for words in words {
                let (mut stream, _) = listener.accept().unwrap();
                if !words.is_empty() {
                    stream.write_all(words.as_bytes()).unwrap();
                    stream.shutdown(std::net::Shutdown::Write).unwrap();
                    let _ = std::io::copy(&mut stream, &mut std::io::sink());
                }
            }
        };
        (doors, std::thread::spawn(serve))
    }

    // E3
    #[test]
    fn a_server_that_is_being_restarted_is_tried_again() {
        const OLD: &str = "220 x\r\n550 no such user\r\n";
        const NEW: &str = "220 x\r\n250 ok\r\n";
        for (words, want) in [
            (&[NEW][..], Some(250)),
            (&["", NEW], Some(250)),
            (&[OLD, NEW], Some(250)),
            (&[OLD, "", NEW], Some(250)),
            // It stays so.
            (&[OLD, OLD, OLD], Some(550)),
            (&["", "", ""], None),
        ] {
            let (doors, server) = server(words);
            let is_yes = |replies: &[Reply]| replies.iter().all(Reply::is_yes);
            let open = doors.talk_again_after(&AT_ONCE, &[], is_yes);
            let last = match &open {
                Open::Yes(replies) => replies.last().map(|reply| reply.code),
                _ => None,
            };
            assert_eq!(last, want, "{words:?}");
            server.join().unwrap();
            let gone = doors.talk_again_after(&AT_ONCE, &[], is_yes);
            assert!(matches!(gone, Open::No(why) if why.contains("refused")));
        }
        let nowhere = Doors(Vec::new()).talk(&[], |_| false);
        assert!(matches!(nowhere, Open::No(why) if why == "it listens nowhere"));
    }
}
