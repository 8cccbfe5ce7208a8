//! A Markdown table of the results, with comparisons and goals.

/// One line of the table.
pub struct Row {
    pub what: String,
    pub measured: String,
    pub beside: String,
    /// The goal, and whether it was reached.
    pub goal: Option<(String, bool)>,
}

#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
    remarks: Vec<String>,
}

impl Table {
    pub fn row(&mut self, what: &str, measured: String, beside: String) {
        // Print it now: the whole run may take an hour, and a later part may fail.
        eprintln!("{what}: {measured}; {beside}");
        self.rows.push(Row {
            what: what.into(),
            measured,
            beside,
            goal: None,
        });
    }

    pub fn goal(&mut self, what: &str, measured: String, beside: String, goal: &str, met: bool) {
        self.row(what, measured, beside);
        if let Some(row) = self.rows.last_mut() {
            row.goal = Some((goal.into(), met));
        }
    }

    /// Explains why something is missing from the table.
    pub fn left_out(&mut self, what: &str) {
        if !self.remarks.iter().any(|remark| remark == what) {
            self.remarks.push(what.into());
        }
    }

    pub fn print(&self) {
        println!("| | measured | beside it | goal | |");
        println!("|---|---|---|---|---|");
        for row in &self.rows {
            let (goal, verdict) = match &row.goal {
                Some((goal, true)) => (goal.as_str(), "met"),
                Some((goal, false)) => (goal.as_str(), "**missed**"),
                None => ("", ""),
            };
            println!(
                "| {} | {} | {} | {goal} | {verdict} |",
                row.what, row.measured, row.beside
            );
        }
        for remark in &self.remarks {
            println!("\nLeft out: {remark}.");
        }
    }
}

/// Seconds or milliseconds with three digits, from nanoseconds.
pub fn time(nanoseconds: u64) -> String {
    let ms = nanoseconds as f64 / 1e6;
    match ms {
        0.0..10.0 => format!("{ms:.2} ms"),
        10.0..1000.0 => format!("{ms:.0} ms"),
        1000.0..100_000.0 => format!("{:.1} s", ms / 1e3),
        _ => format!("{:.0} s", ms / 1e3),
    }
}

/// Like `time`, from microseconds.
pub fn cpu(microseconds: u64) -> String {
    time(microseconds * 1000)
}

pub fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// A number with thousands separators.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
