//! The numbers for people, on a terminal.

use super::chart::Ink;
use super::count::{Counts, DeskStats, Period, Times, WEEKDAYS};
use crate::screen::{Width, cut, fit, hang, person, plural, size, span};
use anstyle::Style;
use mail::decode::clean;

/// The columns where nobody counts them.
const USUAL: usize = 80;

/// The columns of the longest bar, on a terminal of any width.
const LONGEST: usize = 60;

/// So many empty periods, or more, are one line.
const GAP: usize = 7;

/// The numbers of the desk `name`, in lines that fit `width`.
pub(super) fn text(name: &str, stats: &DeskStats, width: Option<usize>, ink: Ink) -> String {
    let page = StatsPage {
        stats,
        width: width.unwrap_or(USUAL),
        counted: width.is_some(),
        ink,
    };
    let title = format!("{}, {}", clean(name), stats.stretch());
    let mut out = page.heading(&title);
    out.push('\n');
    out.push_str(&page.periods());
    out.push_str(&page.remarks());
    out.push('\n');
    out.push_str(&page.sums());
    if stats.total.mail > 0 {
        out.push_str(&page.hours());
        out.push_str(&page.weekdays());
    }
    out.push_str(&page.submitters());
    out.push_str(&page.largest());
    out
}

struct StatsPage<'a> {
    stats: &'a DeskStats,
    width: usize,
    /// The width is that of a terminal, and no line may exceed it.
    counted: bool,
    ink: Ink,
}

impl StatsPage<'_> {
    fn fitted(&self, line: &str) -> String {
        match self.counted {
            true => cut(line, self.width),
            false => line.to_owned(),
        }
    }

    fn heading(&self, text: &str) -> String {
        let bold = Style::new().bold();
        format!("{bold}{}{bold:#}\n", self.fitted(text))
    }

    /// Lines that end in a bar, which takes what is left of the width. The titles of the columns stand
    /// above them, and `note` below.
    fn bars(&self, titles: Option<(&str, &str)>, rows: &[(String, u64)], note: &str) -> String {
        let heads = rows.iter().map(|(head, _)| head.as_str());
        let heads = heads.chain(titles.map(|(head, _)| head));
        let before = heads.map(Width::width).max().unwrap_or(0) + 2;
        let room = self.width.saturating_sub(before).min(LONGEST);
        let most = rows.iter().map(|(_, value)| *value).max().unwrap_or(0);
        let line = |head: &str, bar: &str| {
            let line = format!("{}{bar}", fit(head, before));
            self.fitted(line.trim_end()) + "\n"
        };
        let mut out = String::new();
        if let Some((head, what)) = titles {
            let what = if what.width() <= room && most > 0 {
                what
            } else {
                ""
            };
            out.push_str(&line(head, what));
        }
        for (head, value) in rows {
            let bar = match room {
                // Shorter bars say nothing.
                ..4 => String::new(),
                _ => self.ink.bar(*value, most, room),
            };
            out.push_str(&line(head, &bar));
        }
        out + note
    }

    fn periods(&self) -> String {
        let stats = self.stats;
        let periods = &stats.periods;
        let name = stats.unit.name();
        let head = format!(
            "{name:<10} opened  closed  re-opened  open  {:<8} {:<8}",
            "reply", "closing"
        );
        let mut rows = Vec::new();
        let mut at = 0;
        while at < periods.len() {
            let quiet = |it: &&Period| it.counts == Counts::default();
            let gap = periods[at..].iter().take_while(quiet).count();
            if gap >= GAP {
                let what = plural(gap, name);
                let dots = self.dots();
                rows.push((format!("{dots} {what} without a message"), 0));
                at += gap;
                continue;
            }
            let it = &periods[at];
            let label = stats.unit.label(it.start);
            let row = line(&label, &it.counts, it.open, &it.first_reply, &it.closing);
            rows.push((row, it.counts.opened));
            at += 1;
        }
        let mut out = self.bars(Some((&head, "opened")), &rows, "");
        if periods.len() > 1 {
            let (first, closing) = (&stats.first_reply, &stats.closing);
            let all = line("all", &stats.total, stats.open, first, closing);
            let bold = Style::new().bold();
            out.push_str(&format!("{bold}{}{bold:#}\n", self.fitted(all.trim_end())));
        }
        out
    }

    /// Stands for more of the same.
    fn dots(&self) -> &'static str {
        match self.ink {
            Ink::Blocks => "…",
            Ink::Ascii => "...",
        }
    }

    /// What is not in the table.
    fn remarks(&self) -> String {
        let stats = self.stats;
        let mut lines = Vec::new();
        if stats.by_machines > 0 {
            let n = stats.by_machines;
            let them = if n == 1 { "it" } else { "them" };
            lines.push(match stats.automatic {
                true => format!("Machines opened {n} of these tickets."),
                false => format!("Machines opened {n} more: --automatic counts {them}."),
            });
        }
        let undated = (stats.undated > 0)
            .then(|| format!("{} without a date", plural(stats.undated, "message")));
        let future = (stats.future > 0)
            .then(|| format!("{} from the future", plural(stats.future, "message")));
        let odd: Vec<String> = undated.into_iter().chain(future).collect();
        if !odd.is_empty() {
            lines.push(format!("Left out: {}.", odd.join(", ")));
        }
        let dim = Style::new().dimmed();
        let styled = |line: &String| format!("{dim}{}{dim:#}\n", self.fitted(line));
        lines.iter().map(styled).collect()
    }

    fn sums(&self) -> String {
        let stats = self.stats;
        let total = &stats.total;
        let waiting = match stats.unanswered {
            0 => String::new(),
            1 => "1 waits for one".to_owned(),
            n => format!("{n} wait for one"),
        };
        let times = |times: &Times| match (times.median, times.ninety) {
            (Some(median), Some(ninety)) => vec![
                format!("half within {}, ", span(median)),
                format!("90 % within {} ", span(ninety)),
                format!("({})", plural(times.count, "ticket")),
            ],
            _ => vec!["none".to_owned()],
        };
        let mut first_reply = times(&stats.first_reply);
        if let (false, Some(last)) = (waiting.is_empty(), first_reply.last_mut()) {
            last.push_str("; ");
            first_reply.push(waiting);
        }
        let bytes = size(usize::try_from(stats.bytes).unwrap_or(usize::MAX));
        let lines = [
            ("First reply  ", first_reply),
            ("Closing      ", times(&stats.closing)),
            (
                "Messages     ",
                vec![
                    format!(
                        "{} in {}: ",
                        total.messages(),
                        plural(stats.tickets, "ticket")
                    ),
                    format!("{} by customers, ", total.mail),
                    format!("{} replies, ", total.replies),
                    format!("{} by machines", total.automatic),
                ],
            ),
            (
                "Size         ",
                vec![format!(
                    "{bytes}, {}",
                    plural(stats.attachments, "attachment")
                )],
            ),
        ];
        let lines = lines.iter().flat_map(|(head, text)| match self.counted {
            // A number that is cut would read as another number.
            true => hang(head, text.iter().map(String::as_str), self.width),
            false => vec![format!("{head}{}", text.concat())],
        });
        lines.map(|line| self.fitted(&line) + "\n").collect()
    }

    /// A column for each hour.
    fn hours(&self) -> String {
        const HEIGHT: usize = 6;
        let hours = self.stats.by_hour();
        let most = hours.iter().copied().max().unwrap_or(0);
        let busiest = hours.iter().position(|&n| n == most).unwrap_or(0);
        let total = self.stats.total.mail;
        let title = format!("Customers write at (most at {busiest}:00: {most} of {total})");
        let mut out = format!("\n{}", self.heading(&title));
        // Each hour has two columns and a gap, or less if there is no room.
        let (wide, gap, step) = match self.width {
            72.. => (2, 1, 1),
            47.. => (1, 1, 3),
            _ => (1, 0, 3),
        };
        for line in self.ink.columns(&hours, wide, gap, HEIGHT) {
            out.push_str(&format!("{}\n", self.fitted(&line)));
        }
        let room = step * (wide + gap);
        let labels = (0..24).step_by(step).map(|hour| format!("{hour:<room$}"));
        let labels: String = labels.collect();
        out + &format!("{}\n", self.fitted(labels.trim_end()))
    }

    fn weekdays(&self) -> String {
        let days = self.stats.by_weekday();
        let digits = width_of_numbers(&days);
        let named = |(day, n): (&str, u64)| (format!("{day:<9}  {n:>digits$}"), n);
        let rows: Vec<(String, u64)> = WEEKDAYS.into_iter().zip(days).map(named).collect();
        format!(
            "\n{}{}",
            self.heading("Customers write on"),
            self.bars(None, &rows, "")
        )
    }

    fn submitters(&self) -> String {
        let stats = self.stats;
        if stats.top.is_empty() {
            return String::new();
        }
        let numbers: Vec<u64> = stats.top.iter().map(|it| it.tickets).collect();
        let digits = width_of_numbers(&numbers);
        let names: Vec<String> = stats.top.iter().map(|it| person(&it.who)).collect();
        // Half of the line is enough to recognize somebody.
        let most = match self.counted {
            true => (self.width / 2).saturating_sub(digits + 2).max(8),
            false => 60,
        };
        let widest = names.iter().map(|n| n.width()).max().unwrap_or(0).min(most);
        let rows: Vec<(String, u64)> = (numbers.iter().zip(&names))
            .map(|(&n, name)| (format!("{n:>digits$}  {}", fit(name, widest)), n))
            .collect();
        let more = stats.submitters.saturating_sub(stats.top.len() as u64);
        let dots = self.dots();
        let note = match more {
            0 => String::new(),
            more => self.fitted(&format!("{dots} and {more} more")) + "\n",
        };
        format!(
            "\n{}{}",
            self.heading("Most tickets are from"),
            self.bars(None, &rows, &note)
        )
    }

    fn largest(&self) -> String {
        let largest = &self.stats.largest;
        if largest.is_empty() {
            return String::new();
        }
        let numbers: Vec<u64> = largest.iter().map(|it| it.ticket.get().into()).collect();
        let messages: Vec<u64> = largest.iter().map(|it| it.messages).collect();
        let (digits, most) = (width_of_numbers(&numbers), width_of_numbers(&messages));
        let mut out = format!("\n{}", self.heading("Largest tickets"));
        for it in largest {
            let bytes = size(usize::try_from(it.bytes).unwrap_or(usize::MAX));
            let word = if it.messages == 1 {
                "message "
            } else {
                "messages"
            };
            let line = format!(
                "{:>digits$}  {bytes:>7}  {:>most$} {word}  {}",
                it.ticket.get(),
                it.messages,
                clean(&it.subject)
            );
            out.push_str(&format!("{}\n", self.fitted(line.trim_end())));
        }
        out
    }
}

/// A row of the table, up to its bar.
fn line(label: &str, counts: &Counts, open: u64, reply: &Times, closing: &Times) -> String {
    let median = |times: &Times| times.median.map(span).unwrap_or_default();
    format!(
        "{label:<10} {:>6}  {:>6}  {:>9}  {open:>4}  {:<8} {:<8}",
        counts.opened,
        counts.closed,
        counts.reopened,
        median(reply),
        median(closing),
    )
}

fn width_of_numbers(numbers: &[u64]) -> usize {
    numbers.iter().max().map_or(1, |n| n.to_string().len())
}
