//! What becomes of events for observers.

use super::*;
use std::fs::File;
use std::sync::{Arc, Barrier, Mutex};

/// An observer that notes what it is given.
struct Witness {
    name: &'static str,
    seen: Mutex<Vec<String>>,
    answer: fn(&str) -> Result<(), Uncarried>,
    rests: bool,
    /// Waits there, each time.
    together: Option<Arc<Barrier>>,
}

impl Witness {
    fn new(name: &'static str, answer: fn(&str) -> Result<(), Uncarried>) -> Witness {
        Witness {
            name,
            seen: Mutex::default(),
            answer,
            rests: false,
            together: None,
        }
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

impl Carrier for Witness {
    fn name(&self) -> &str {
        self.name
    }

    fn rests(&self, _now: i64) -> bool {
        self.rests
    }

    fn carry(
        &self,
        content: &File,
        limit: Option<Duration>,
        _now: i64,
    ) -> Result<Released, Uncarried> {
        if let Some(together) = &self.together {
            together.wait();
        }
        assert!(limit.is_none_or(|limit| limit <= PATIENCE), "{limit:?}");
        let line = std::io::read_to_string(content).unwrap();
        let line = line.lines().next().unwrap_or_default().to_owned();
        self.seen.lock().unwrap().push(line.clone());
        (self.answer)(&line).map(|()| Released::default())
    }
}

fn well(_: &str) -> Result<(), Uncarried> {
    Ok(())
}

fn fails(_: &str) -> Result<(), Uncarried> {
    Err(Uncarried::Failed("it hung".into()))
}

fn only<'a>(observers: &'a [&'a dyn Carrier]) -> Carriers<'a> {
    Carriers {
        sendmail: None,
        observers,
        patience: PATIENCE,
    }
}

impl Bench {
    /// Stages what one observer is told of a message of a ticket.
    fn stage_event(&self, ticket: u32, number: u64, observer: &str) -> Staged {
        let key = Key {
            ticket: TicketId::new(ticket).unwrap(),
            // Later ones have names that come first.
            digest: format!("d{}{observer}", 9 - number),
        };
        let line = format!("X-Tickets-Event: {ticket} {number}\n");
        let event = ToObserver {
            observer,
            number,
            line: &line,
            message: None,
        };
        let staged = self.outbox.stage_with_events(&key, &[], &[event], NOW);
        staged.unwrap()
    }

    fn put_event(&self, ticket: u32, number: u64, observer: &str, now: i64) -> Released {
        let staged = self.stage_event(ticket, number, observer);
        self.outbox.release(staged.of_filed_message(), now).unwrap()
    }

    /// The observers and events that wait.
    fn told(&self) -> Vec<String> {
        let waiting = self.outbox.waiting().unwrap().into_iter();
        let told = waiting.filter_map(|mail| {
            let event = mail.event?;
            Some(format!(
                "{} {}.{}",
                event.observer, mail.ticket?, event.number
            ))
        });
        let mut told: Vec<String> = told.collect();
        told.sort();
        told
    }
}

#[test]
fn an_event_waits_as_mail_does_and_is_given_in_the_order_of_its_ticket() {
    // G6
    let bench = Bench::new();
    let sms = Witness::new("sms", |line| match line {
        "X-Tickets-Event: 7 1" => Err(Uncarried::Failed("it hung".into())),
        _ => Ok(()),
    });
    let log = Witness::new("log", well);
    let mut fresh = Released::default();
    for (ticket, number) in [(7, 1), (7, 2), (8, 1)] {
        fresh.append(bench.put_event(ticket, number, "sms", NOW));
    }
    fresh.append(bench.put_event(7, 1, "log", NOW));
    let report = bench.outbox.send(only(&[&sms, &log]), &fresh, NOW).unwrap();
    // 7.2 is not given before 7.1; 8.1 waits for neither.
    let mut seen = sms.seen();
    seen.sort();
    assert_eq!(seen, ["X-Tickets-Event: 7 1", "X-Tickets-Event: 8 1"]);
    assert_eq!(log.seen(), ["X-Tickets-Event: 7 1"]);
    assert_eq!((report.sent.len(), report.waiting.len()), (2, 1));
    assert_eq!(report.waiting[0].1, "it hung");
    assert_eq!(bench.told(), ["sms 7.1", "sms 7.2"]);

    // Not due yet; then it is, and all goes on in its order.
    let sms = Witness::new("sms", well);
    let nothing = Released::default();
    let soon = bench.outbox.send(only(&[&sms]), &nothing, NOW + 2).unwrap();
    assert_eq!((soon.sent.len(), sms.seen()), (0, vec![]));
    let later = bench.outbox.send(only(&[&sms]), &nothing, NOW + 2 * MINUTE);
    assert_eq!(later.unwrap().sent.len(), 2);
    assert_eq!(sms.seen(), ["X-Tickets-Event: 7 1", "X-Tickets-Event: 7 2"]);
    assert_eq!(bench.told(), [""; 0]);
}

#[test]
fn what_may_have_been_filed_before_holds_up_what_came_later() {
    // G6: message 1 is filed, and its delivery has not released it yet, or died.
    let bench = Bench::new();
    let sms = Witness::new("sms", well);
    let first = bench.stage_event(7, 1, "sms");
    let second = bench.put_event(7, 2, "sms", NOW);
    bench.outbox.send(only(&[&sms]), &second, NOW).unwrap();
    bench.outbox.flush(only(&[&sms]), NOW).unwrap();
    assert_eq!(sms.seen(), [""; 0]);
    let first = bench.outbox.release(first.of_filed_message(), NOW).unwrap();
    bench.outbox.send(only(&[&sms]), &first, NOW).unwrap();
    assert_eq!(sms.seen(), ["X-Tickets-Event: 7 1", "X-Tickets-Event: 7 2"]);

    // One that was never filed holds up nothing for long. flush has released what was.
    killed(bench.stage_event(7, 3, "sms"));
    bench.put_event(7, 4, "sms", NOW + 601);
    bench.outbox.flush(only(&[&sms]), NOW + 601).unwrap();
    assert_eq!(sms.seen(), ["X-Tickets-Event: 7 4"]);
}

#[test]
fn observers_work_side_by_side_within_one_limit() {
    // G6: each waits until all five are at work, which they are only if nobody waits for another.
    let bench = Bench::new();
    let together = Arc::new(Barrier::new(5));
    let five: Vec<Witness> = ["a", "b", "c", "d", "e"]
        .map(|name| Witness {
            together: Some(together.clone()),
            ..Witness::new(name, well)
        })
        .into();
    let mut fresh = Released::default();
    for one in &five {
        fresh.append(bench.put_event(7, 1, one.name, NOW));
    }
    let observers: Vec<&dyn Carrier> = five.iter().map(|it| it as &dyn Carrier).collect();
    // Without any time nobody is asked, and nothing is lost.
    let no_time = Carriers {
        patience: Duration::ZERO,
        ..only(&observers)
    };
    let report = bench.outbox.send(no_time, &fresh, NOW).unwrap();
    assert_eq!((report.sent.len(), report.waiting.len()), (0, 0));
    assert_eq!(bench.told().len(), 5);
    let report = bench.outbox.send(only(&observers), &fresh, NOW).unwrap();
    assert_eq!(report.sent.len(), 5);
    assert!(five.iter().all(|it| it.seen() == ["X-Tickets-Event: 7 1"]));
}

#[test]
fn a_resting_observer_is_left_alone_but_for_one_try_of_a_flush() {
    // G6
    let bench = Bench::new();
    let mut sms = Witness::new("sms", fails);
    sms.rests = true;
    for ticket in [7, 8, 9] {
        let fresh = bench.put_event(ticket, 1, "sms", NOW);
        let report = bench.outbox.send(only(&[&sms]), &fresh, NOW).unwrap();
        assert_eq!((report.waiting.len(), sms.seen().len()), (0, 0));
    }
    let report = bench.outbox.flush(only(&[&sms]), NOW + 1).unwrap();
    assert_eq!((report.waiting.len(), sms.seen().len()), (1, 1));
    sms.answer = well;
    let report = bench.outbox.flush(only(&[&sms]), NOW + 2).unwrap();
    assert_eq!((report.sent.len(), sms.seen().len()), (3, 3));
}

#[test]
fn an_event_that_nobody_takes_is_given_up_after_five_days() {
    // G6, C9
    let bench = Bench::new();
    bench.put_event(7, 1, "sms", NOW);
    let path = bench.outbox.waiting().unwrap()[0].path();
    let why = "sms is not switched on, or may not be run";
    for day in 1..5 {
        let report = bench.outbox.flush(only(&[]), NOW + day * DAY).unwrap();
        assert_eq!(report.waiting.len(), 1, "{day}");
        assert_eq!(report.waiting[0].1, why, "{day}");
    }
    assert!(path.exists());
    let report = bench.outbox.flush(only(&[]), NOW + 5 * DAY).unwrap();
    assert_eq!((report.waiting.len(), report.failed.len()), (0, 1));
    assert_eq!(report.failed[0].1, why);
    assert_eq!(
        bench.files(),
        ["failed/new/1732240000.7.d8sms.0.event.1.sms"]
    );
}

#[test]
fn an_event_goes_to_no_sendmail_and_mail_to_no_observer() {
    // G6
    let bench = Bench::new();
    let sms = Witness::new("sms", well);
    let sendmail = bench.sendmail(RECORD);
    let event = ToObserver {
        observer: "sms",
        number: 1,
        line: "X-Tickets-Event: x\n",
        message: Some(b"X-Tickets-Sender: <>\nX-Tickets-Recipient: evil@x\n\nhello\n"),
    };
    let staged = bench
        .outbox
        .stage_with_events(&key(7), &[mail("a@x")], &[event], NOW);
    let fresh = bench
        .outbox
        .release(staged.unwrap().of_filed_message(), NOW);
    let observers: [&dyn Carrier; 1] = [&sms];
    let both = Carriers {
        sendmail: Some(&sendmail),
        ..only(&observers)
    };
    let report = bench.outbox.send(both, &fresh.unwrap(), NOW).unwrap();
    assert_eq!((report.sent.len(), report.waiting.len()), (2, 0));
    let sent: Vec<String> = bench.sent().into_iter().map(|(to, _)| to).collect();
    assert_eq!(
        (sent, sms.seen()),
        (
            vec!["a@x".to_owned()],
            vec!["X-Tickets-Event: x".to_owned()]
        )
    );
    assert_eq!(bench.files(), [""; 0]);
}
