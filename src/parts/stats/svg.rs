//! The numbers as charts in one picture, for a report.
//!
//! It holds no name of a customer, since pictures are passed on more easily than lists.

mod axis;
mod canvas;
#[cfg(test)]
mod tests;

use super::count::{DeskStats, Period, Times, Unit, WEEKDAYS};
use crate::screen::{plural, span};
use axis::short;
use canvas::{Anchor, Canvas, Font, GREY, GRID, INK, SMALL, px, rect, width_of};

const WIDTH: f64 = 960.0;
/// Where the charts begin and end; the labels of axes stand on the left of it.
const LEFT: f64 = 78.0;
const RIGHT: f64 = WIDTH - 30.0;

const BLUE: &str = "#0072b2";
const SKY: &str = "#8ecbee";
const ORANGE: &str = "#d55e00";
const PALE: &str = "#fbe3d3";

const HEADING: Font = Font {
    size: 15,
    bold: true,
    colour: INK,
};

/// The charts of the desk `name`.
pub(super) fn draw(name: &str, stats: &DeskStats) -> String {
    let title = format!("{name}, {}", stats.stretch());
    let mut canvas = Canvas::new(WIDTH);
    let font = Font {
        size: 20,
        ..HEADING
    };
    canvas.text((30.0, 42.0), Anchor::Start, font, &title);
    tiles(&mut canvas, stats);
    let mut picture = Picture {
        canvas,
        stats,
        top: 150.0,
    };
    if stats.periods.is_empty() {
        let at = (WIDTH / 2.0, 180.0);
        let nothing = "There are no messages to count.";
        (picture.canvas).text(at, Anchor::Middle, SMALL, nothing);
        return picture.canvas.finish(230.0, &title);
    }
    picture.opened_and_closed();
    picture.open();
    picture.times();
    picture.week();
    let notes = notes(stats);
    let height = picture.top + 18.0 * notes.len() as f64;
    for (at, note) in notes.iter().enumerate() {
        let y = picture.top + 18.0 * at as f64 - 4.0;
        (picture.canvas).text((30.0, y), Anchor::Start, SMALL, note);
    }
    picture.canvas.finish(height + 14.0, &title)
}

/// The large numbers on top.
fn tiles(canvas: &mut Canvas, stats: &DeskStats) {
    let median = |times: &Times| times.median.map_or_else(|| "–".to_owned(), span);
    let total = &stats.total;
    let tiles = [
        ("opened", short(total.opened)),
        ("closed", short(total.closed)),
        ("re-opened", short(total.reopened)),
        ("open at the end", short(stats.open)),
        ("median to first reply", median(&stats.first_reply)),
        ("median to closing", median(&stats.closing)),
    ];
    let large = Font {
        size: 24,
        ..HEADING
    };
    let wide = (WIDTH - 60.0) / tiles.len() as f64;
    for (at, (what, number)) in tiles.iter().enumerate() {
        let x = 30.0 + wide * at as f64;
        canvas.text((x, 88.0), Anchor::Start, large, number);
        canvas.text((x, 108.0), Anchor::Start, SMALL, what);
    }
    canvas.line((30.0, 126.0), (RIGHT, 126.0), GRID);
}

/// What is not in the charts.
fn notes(stats: &DeskStats) -> Vec<String> {
    let mut notes = Vec::new();
    if stats.by_machines > 0 && !stats.automatic {
        let machines = plural(stats.by_machines, "ticket");
        notes.push(format!("Without {machines} that machines opened."));
    }
    let odd = stats.undated + stats.future;
    if odd > 0 {
        let messages = plural(odd, "message");
        notes.push(format!(
            "Without {messages} that have no date or one in the future."
        ));
    }
    notes
}

struct Picture<'a> {
    canvas: Canvas,
    stats: &'a DeskStats,
    /// Where the next chart begins.
    top: f64,
}

impl Picture<'_> {
    /// A heading and, on its right, what the colours mean. Returns the top of the chart below.
    fn heading(&mut self, text: &str, legend: &[(&str, &str)]) -> f64 {
        let y = self.top + 14.0;
        self.canvas.text((30.0, y), Anchor::Start, HEADING, text);
        let wide = |(_, text): &(&str, &str)| 37.0 + width_of(text, SMALL.size);
        let mut x = RIGHT + 20.0 - legend.iter().map(wide).sum::<f64>();
        for (colour, text) in legend {
            x = self.canvas.legend((x, y), colour, text);
        }
        self.top + 34.0
    }

    /// Grid lines with their labels. Returns what gives the height of a value.
    fn counts_axis(&mut self, top: f64, height: f64, most: u64) -> impl Fn(u64) -> f64 + use<> {
        let ticks = axis::counts(most, if height < 100.0 { 3 } else { 5 });
        let highest = ticks.last().copied().unwrap_or(1);
        let y = move |n: u64| top + height - height * n as f64 / highest as f64;
        for &tick in &ticks {
            self.tick(y(tick), &short(tick));
        }
        y
    }

    fn tick(&mut self, y: f64, label: &str) {
        self.canvas.line((LEFT, y), (RIGHT, y), GRID);
        let at = (LEFT - 8.0, y + 4.0);
        self.canvas.text(at, Anchor::End, SMALL, label);
    }

    fn band(&self) -> f64 {
        (RIGHT - LEFT) / self.stats.periods.len() as f64
    }

    /// The middle of the `n`th period.
    fn middle(&self, n: usize) -> f64 {
        LEFT + self.band() * (n as f64 + 0.5)
    }

    /// The names of the periods below a chart that ends at `y`; no two of them touch.
    fn periods_axis(&mut self, y: f64) {
        let starts: Vec<_> = self.stats.periods.iter().map(|p| p.start).collect();
        let labels = axis::labels(self.stats.unit, &starts);
        let room = |text: &str| width_of(text, SMALL.size) + 10.0;
        let widest = labels.iter().map(|(l, _)| room(l)).fold(0.0, f64::max);
        let every = ((widest / self.band()).ceil() as usize).max(1);
        // Only these steps look right for months.
        let every = match self.stats.unit {
            Unit::Month => [1, 2, 3, 6, 12].into_iter().find(|&n| n >= every),
            _ => None,
        }
        .unwrap_or(every);
        let mut free = f64::MIN;
        for (n, (label, year)) in labels.iter().enumerate() {
            let x = self.middle(n);
            if n.is_multiple_of(every) {
                (self.canvas).text((x, y + 18.0), Anchor::Middle, SMALL, label);
            }
            if let Some(year) = year
                && x - room(year) / 2.0 > free
            {
                (self.canvas).text((x, y + 34.0), Anchor::Middle, SMALL, year);
                free = x + room(year) / 2.0;
            }
        }
        self.canvas.line((LEFT, y), (RIGHT, y), GREY);
    }

    fn opened_and_closed(&mut self) {
        const HEIGHT: f64 = 170.0;
        let what = format!("Tickets opened and closed, by {}", self.stats.unit.name());
        let top = self.heading(&what, &[(BLUE, "opened"), (SKY, "closed")]);
        let both = |p: &Period| p.counts.opened.max(p.counts.closed);
        let most = self.stats.periods.iter().map(both).max().unwrap_or(0);
        let y = self.counts_axis(top, HEIGHT, most);
        let band = self.band();
        let bars = |x: &dyn Fn(usize) -> f64, wide: f64, of: fn(&Period) -> u64| {
            let values = self.stats.periods.iter().map(of).enumerate();
            let bar = |(n, value)| rect(x(n), y(value), wide, top + HEIGHT - y(value));
            let seen = values.filter(|(_, value)| *value > 0);
            seen.map(bar).collect::<String>()
        };
        let (opened, closed) = if band >= 5.0 {
            let wide = (band * 0.36).min(40.0);
            (
                bars(&|n| self.middle(n) - wide, wide, |p| p.counts.opened),
                bars(&|n| self.middle(n), wide, |p| p.counts.closed),
            )
        } else {
            // Side by side they would be too thin to be seen, so one stands behind the other.
            let behind = |n| self.middle(n) - band / 2.0;
            let point = |(n, p): (usize, &Period)| (self.middle(n), y(p.counts.closed));
            let points: Vec<(f64, f64)> =
                self.stats.periods.iter().enumerate().map(point).collect();
            (bars(&behind, band, |p| p.counts.opened), polyline(&points))
        };
        self.canvas.fill(&opened, BLUE);
        match band >= 5.0 {
            true => self.canvas.fill(&closed, SKY),
            false => self.canvas.stroke(&closed, SKY, 1.0),
        }
        self.periods_axis(top + HEIGHT);
        self.top = top + HEIGHT + 62.0;
    }

    fn open(&mut self) {
        const HEIGHT: f64 = 80.0;
        let what = format!("Open tickets at the end of each {}", self.stats.unit.name());
        let top = self.heading(&what, &[]);
        let most = self.stats.periods.iter().map(|p| p.open).max().unwrap_or(0);
        let y = self.counts_axis(top, HEIGHT, most);
        let point = |n: usize| (self.middle(n), y(self.stats.periods[n].open));
        let points: Vec<(f64, f64)> = (0..self.stats.periods.len()).map(point).collect();
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            let (ground, from) = (px(top + HEIGHT), px(first.0));
            let area = format!(
                "{}L{} {ground}L{from} {ground}z",
                polyline(&points),
                px(last.0)
            );
            self.canvas.fill(&area, PALE);
            self.series(&points, ORANGE);
        }
        self.periods_axis(top + HEIGHT);
        self.top = top + HEIGHT + 62.0;
    }

    /// A line through points, with dots where there is room for them.
    fn series(&mut self, points: &[(f64, f64)], colour: &str) {
        self.canvas.stroke(&polyline(points), colour, 2.0);
        let apart = self.band() >= 9.0;
        let alone = points.len() == 1;
        if apart || alone {
            let dots: String = points.iter().map(|&(x, y)| dot(x, y)).collect();
            self.canvas.fill(&dots, colour);
        }
    }

    fn times(&mut self) {
        const HEIGHT: f64 = 150.0;
        let stats = self.stats;
        let all = |of: fn(&Period) -> &Times| -> Vec<(usize, u64)> {
            let medians = stats.periods.iter().map(move |p| of(p).median);
            medians
                .enumerate()
                .filter_map(|(n, m)| Some((n, m?)))
                .collect()
        };
        let series = [
            (ORANGE, "closing", all(|p| &p.closing)),
            (BLUE, "first reply", all(|p| &p.first_reply)),
        ];
        let medians = series.iter().flat_map(|(_, _, points)| points);
        let medians: Vec<u64> = medians.map(|(_, median)| *median).collect();
        let unit = stats.unit.name();
        let what = format!("Median time to first reply and to closing, by {unit}");
        let legend: Vec<(&str, &str)> = series.iter().rev().map(|(c, t, _)| (*c, *t)).collect();
        let top = self.heading(&what, &legend);
        let least = medians.iter().copied().min().unwrap_or(60);
        let spans = axis::spans(least, medians.iter().copied().max().unwrap_or(86_400));
        let y = |seconds: u64| top + HEIGHT - HEIGHT * axis::share(seconds, spans);
        for (seconds, label) in spans {
            self.tick(y(*seconds), label);
        }
        for (colour, _, points) in &series {
            let points = points.iter().map(|&(n, s)| (self.middle(n), y(s)));
            let points: Vec<(f64, f64)> = points.collect();
            if !points.is_empty() {
                self.series(&points, colour);
            }
        }
        self.periods_axis(top + HEIGHT);
        self.top = top + HEIGHT + 62.0;
    }

    /// The mail of customers: a square for each hour of the week.
    fn week(&mut self) {
        const ROW: f64 = 22.0;
        let top = self.heading("Mail by customers, by weekday and hour", &[]);
        let most = self
            .stats
            .hours
            .iter()
            .flatten()
            .copied()
            .max()
            .unwrap_or(0);
        let wide = (RIGHT - LEFT) / 24.0;
        for (day, hours) in self.stats.hours.iter().enumerate() {
            let (name, y) = (WEEKDAYS[day], top + ROW * day as f64);
            let at = (LEFT - 8.0, y + ROW - 7.0);
            self.canvas.text(at, Anchor::End, SMALL, &name[..3]);
            for (hour, &mail) in hours.iter().enumerate() {
                let x = LEFT + wide * hour as f64;
                let square = rect(x + 1.0, y + 1.0, wide - 2.0, ROW - 2.0);
                self.canvas.fill(&square, &shade(mail, most));
                let font = Font {
                    size: 11,
                    // It must be readable on light and on dark squares.
                    colour: if 5 * mail > 2 * most { "#ffffff" } else { INK },
                    ..SMALL
                };
                let number = short(mail);
                if mail > 0 && width_of(&number, font.size) < wide {
                    let at = (x + wide / 2.0, y + ROW - 7.0);
                    self.canvas.text(at, Anchor::Middle, font, &number);
                }
            }
        }
        let y = top + ROW * WEEKDAYS.len() as f64 + 15.0;
        for hour in 0..24 {
            let x = LEFT + wide * (f64::from(hour) + 0.5);
            (self.canvas).text((x, y), Anchor::Middle, SMALL, &hour.to_string());
        }
        self.top = y + 34.0;
    }
}

fn polyline(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (n, &(x, y)) in points.iter().enumerate() {
        let verb = if n == 0 { 'M' } else { 'L' };
        path += &format!("{verb}{} {}", px(x), px(y));
    }
    path
}

fn dot(x: f64, y: f64) -> String {
    let (x, y) = (px(x - 3.0), px(y));
    format!("M{x} {y}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z")
}

/// From nearly white to blue.
fn shade(n: u64, most: u64) -> String {
    let share = match (n, most) {
        (0, _) | (_, 0) => return "#f3f5f7".to_owned(),
        (n, most) => 0.12 + 0.88 * n as f64 / most as f64,
    };
    let mix = |light: f64, dark: f64| (light + (dark - light) * share).round() as u8;
    let (red, green, blue) = (mix(232.0, 0.0), mix(241.0, 92.0), mix(248.0, 158.0));
    format!("#{red:02x}{green:02x}{blue:02x}")
}
