//! How long things took.

/// The lengths of many spans of time, in short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    /// How many there are.
    pub count: u64,
    /// The median in seconds: the middle one, or the mean of the two in the middle. `None` if there are
    /// none.
    pub median: Option<u64>,
    /// The shortest that 90 % do not exceed, in seconds.
    pub ninety: Option<u64>,
}

impl Times {
    /// Sums up `seconds`, and sorts them.
    pub(super) fn of(seconds: &mut [u32]) -> Times {
        seconds.sort_unstable();
        let nth = |n: usize| seconds.get(n).map(|&s| u64::from(s));
        let count = seconds.len();
        let middle = nth(count / 2);
        let median = match count.is_multiple_of(2) {
            true => nth((count / 2).saturating_sub(1))
                .zip(middle)
                .map(|(a, b)| a.midpoint(b)),
            false => middle,
        };
        // The smallest rank, from 1, that reaches 90 %.
        let rank = (count * 9).div_ceil(10);
        Times {
            count: count as u64,
            median,
            ninety: rank.checked_sub(1).and_then(nth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_nine_tenths() {
        let ten: Vec<u32> = (1..=10).collect();
        let eleven: Vec<u32> = (1..=11).collect();
        for (case, seconds, want) in [
            ("none", &[][..], None),
            ("one", &[7], Some((7, 7))),
            ("two", &[10, 5], Some((7, 10))),
            ("three", &[9, 1, 5], Some((5, 9))),
            ("four", &[4, 1, 3, 2], Some((2, 4))),
            ("ten", &ten, Some((5, 9))),
            ("eleven", &eleven, Some((6, 10))),
            ("the same", &[3, 3, 3, 3], Some((3, 3))),
            (
                "long",
                &[u32::MAX, u32::MAX],
                Some((u64::from(u32::MAX), u64::from(u32::MAX))),
            ),
        ] {
            let got = Times::of(&mut seconds.to_vec());
            assert_eq!(got.median.zip(got.ninety), want, "{case}");
            assert_eq!(got.count, seconds.len() as u64, "{case}");
        }
    }
}
