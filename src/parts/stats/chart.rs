//! Bars made of characters: blocks where the locale has them, else `#`.

use std::env;

/// What bars are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Blocks of Unicode, in steps of an eighth.
    Blocks,
    /// `#`, for locales that are not UTF-8.
    Ascii,
}

const ACROSS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const UPWARDS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
const FULL: char = '█';

impl Ink {
    /// What the locale of this process has; it is named by the first of `LC_ALL`, `LC_CTYPE` and `LANG` that
    /// is set.
    pub(super) fn of_locale() -> Ink {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        Ink::of(locale.as_deref().unwrap_or("C"))
    }

    fn of(locale: &str) -> Ink {
        let charset = locale.split_once('.').map_or("", |(_, charset)| charset);
        let charset = charset.split('@').next().unwrap_or_default();
        match charset.to_lowercase().replace('-', "").as_str() {
            "utf8" => Ink::Blocks,
            _ => Ink::Ascii,
        }
    }

    /// A bar for `value`; that for `most` has `columns` columns. A value that is not 0 can be seen.
    pub(super) fn bar(self, value: u64, most: u64, columns: usize) -> String {
        let steps = self.steps(value, most, columns);
        let (full, rest) = match self {
            Ink::Blocks => (steps / 8, steps % 8),
            Ink::Ascii => (steps, 0),
        };
        let mut bar: String = std::iter::repeat_n(self.full(), full).collect();
        if let Some(at) = rest.checked_sub(1) {
            bar.push(ACROSS[at]);
        }
        bar
    }

    /// Columns side by side, each `width` wide and `gap` blanks apart, as `height` lines from the top.
    pub(super) fn columns(
        self,
        values: &[u64],
        width: usize,
        gap: usize,
        height: usize,
    ) -> Vec<String> {
        let most = values.iter().copied().max().unwrap_or(0);
        let cell = |value: u64, line: usize| {
            let steps = self.steps(value, most, height);
            let below = height - 1 - line;
            match self {
                Ink::Ascii if steps > below => self.full(),
                Ink::Ascii => ' ',
                Ink::Blocks => match steps.saturating_sub(8 * below) {
                    0 => ' ',
                    part @ 1..8 => UPWARDS[part - 1],
                    _ => FULL,
                },
            }
        };
        let line = |line: usize| {
            let cells = values.iter().map(|&value| {
                let cell = cell(value, line);
                std::iter::repeat_n(cell, width).collect::<String>()
            });
            let line = cells.collect::<Vec<_>>().join(&" ".repeat(gap));
            line.trim_end().to_owned()
        };
        (0..height).map(line).collect()
    }

    /// The length of a bar in its finest steps, rounded, if that for `most` has `cells` characters.
    fn steps(self, value: u64, most: u64, cells: usize) -> usize {
        if value == 0 || most == 0 {
            return 0;
        }
        let all = match self {
            Ink::Blocks => cells as u128 * 8,
            Ink::Ascii => cells as u128,
        };
        let (value, most) = (u128::from(value.min(most)), u128::from(most));
        let steps = (2 * value * all + most) / (2 * most);
        usize::try_from(steps).unwrap_or(0).max(1)
    }

    fn full(self) -> char {
        match self {
            Ink::Blocks => FULL,
            Ink::Ascii => '#',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_have_blocks_or_not() {
        for (locale, want) in [
            ("C.UTF-8", Ink::Blocks),
            ("de_DE.utf8", Ink::Blocks),
            ("de_DE.UTF-8@euro", Ink::Blocks),
            ("C", Ink::Ascii),
            ("POSIX", Ink::Ascii),
            ("de_DE", Ink::Ascii),
            ("de_DE@euro", Ink::Ascii),
            ("ja_JP.eucJP", Ink::Ascii),
            ("", Ink::Ascii),
        ] {
            assert_eq!(Ink::of(locale), want, "{locale}");
        }
    }

    #[test]
    fn bars_are_as_long_as_their_share() {
        for (value, most, columns, blocks, ascii) in [
            (0, 10, 4, "", ""),
            (10, 10, 4, "████", "####"),
            (5, 10, 4, "██", "##"),
            (3, 10, 4, "█▎", "#"),
            (1, 1000, 4, "▏", "#"),
            (999, 1000, 4, "████", "####"),
            (31, 32, 4, "███▉", "####"),
            (7, 0, 4, "", ""),
            (20, 10, 4, "████", "####"),
            (u64::MAX, u64::MAX, 2, "██", "##"),
        ] {
            let bars = [Ink::Blocks, Ink::Ascii].map(|ink| ink.bar(value, most, columns));
            assert_eq!(bars, [blocks, ascii], "{value} of {most}");
        }
    }

    #[test]
    fn columns_stand_on_the_same_ground() {
        let values = [0, 1, 4, 8, 6];
        assert_eq!(
            Ink::Blocks.columns(&values, 2, 1, 2),
            ["         ██ ▄▄", "   ▂▂ ██ ██ ██"]
        );
        assert_eq!(
            Ink::Ascii.columns(&values, 1, 1, 2),
            ["      # #", "  # # # #"]
        );
        assert_eq!(Ink::Ascii.columns(&values, 1, 0, 2), ["   ##", " ####"]);
        assert_eq!(Ink::Blocks.columns(&[], 2, 1, 2), ["", ""]);
        assert_eq!(Ink::Blocks.columns(&[0, 0], 2, 1, 1), [""]);
    }
}
