//! Line ends: removed when a message is stored, put back when it is read.

use std::fmt;

use memchr::memchr_iter;

/// More changes between CRLF and LF than this are not recorded; then the CRs stay in place.
const MOST_RUNS: usize = 2000;

/// How the lines of a message ended when it came in. A CR without LF is a byte like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ends {
    /// All LF, as they are stored.
    Lf,
    /// All CRLF.
    Crlf,
    /// The lengths of the runs of CRLF lines and LF lines in turn.
    Mixed(Vec<u64>),
    /// Too mixed to record; stored as they were.
    Kept,
}

impl Ends {
    /// Looks at all line ends of `raw`.
    pub(super) fn of(raw: &[u8]) -> Ends {
        let mut runs: Vec<u64> = vec![0];
        for lf in memchr_iter(b'\n', raw) {
            let is_crlf = lf > 0 && raw[lf - 1] == b'\r';
            let counts_crlf = runs.len() % 2 == 1;
            if is_crlf != counts_crlf {
                runs.push(0);
            }
            if let Some(run) = runs.last_mut() {
                *run += 1;
            }
            if runs.len() > MOST_RUNS {
                return Ends::Kept;
            }
        }
        match runs[..] {
            [0] | [0, _] => Ends::Lf,
            [_] => Ends::Crlf,
            _ => Ends::Mixed(runs),
        }
    }

    /// Whether CRs are removed when the message is stored.
    pub(super) fn are_changed(&self) -> bool {
        matches!(self, Ends::Crlf | Ends::Mixed(_))
    }

    /// Whether the last line ended in CRLF.
    pub(super) fn last_is_crlf(&self) -> bool {
        match self {
            Ends::Crlf => true,
            Ends::Mixed(runs) => runs.len() % 2 == 1,
            Ends::Lf | Ends::Kept => false,
        }
    }

    /// For each line in turn, whether a CR belongs before its LF.
    pub(super) fn crs(&self) -> impl Iterator<Item = bool> {
        let (runs, rest) = match self {
            Ends::Mixed(runs) => (&runs[..], false),
            Ends::Crlf => (&[][..], true),
            Ends::Lf | Ends::Kept => (&[][..], false),
        };
        let turns = runs.iter().zip([true, false].into_iter().cycle());
        // A run may be any number, if somebody edited it, so it is never allocated.
        turns
            .flat_map(|(&run, cr)| (0..run).map(move |_| cr))
            .chain(std::iter::repeat(rest))
    }

    /// Reads the value of `eol=`.
    pub(super) fn parse(value: &str) -> Option<Ends> {
        match value {
            "crlf" => Some(Ends::Crlf),
            "kept" => Some(Ends::Kept),
            _ => parse_list(value.strip_prefix("mixed:")?).map(Ends::Mixed),
        }
    }
}

/// The value of `eol=`; empty for LF.
impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ends::Lf => Ok(()),
            Ends::Crlf => f.write_str("crlf"),
            Ends::Kept => f.write_str("kept"),
            Ends::Mixed(runs) => {
                f.write_str("mixed:")?;
                for (nth, run) in runs.iter().enumerate() {
                    write!(f, "{}{run}", if nth == 0 { "" } else { "," })?;
                }
                Ok(())
            }
        }
    }
}

/// Reads numbers with commas between them.
pub(super) fn parse_list(list: &str) -> Option<Vec<u64>> {
    list.split(',').map(|number| number.parse().ok()).collect()
}
