//! The word that somebody meant who misspelt it. Pure.

/// The one of `all` that is nearest to `wrong`, if it is near enough to be meant.
pub fn nearest<'a>(wrong: &str, all: &[&'a str]) -> Option<&'a str> {
    all.iter()
        .map(|&right| (distance(wrong, right), right))
        .min()
        .filter(|(distance, _)| *distance <= 1 + wrong.len() / 3)
        .map(|(_, right)| right)
}

/// How many bytes are to be put in, taken out, replaced, or swapped with the next one, to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let [a, b] = [a.as_bytes(), b.as_bytes()];
    // The row for all of `a` before this byte, and the row before that.
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut higher = above.clone();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(x != y);
            row[j + 1] = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            let is_swapped = i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x;
            if is_swapped {
                row[j + 1] = row[j + 1].min(higher[j - 1] + 1);
            }
        }
        higher = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_costs_one() {
        for (wrong, right, want) in [
            ("filter", "filter", 0),
            ("fliter", "filter", 1),
            ("zoen", "zone", 1),
            ("zoen", "when", 2),
            ("iflter", "filter", 1),
            ("filtre", "filter", 1),
            ("fiter", "filter", 1),
            ("filtter", "filter", 1),
            ("fulter", "filter", 1),
            ("", "job", 3),
            ("job", "", 3),
        ] {
            assert_eq!(distance(wrong, right), want, "{wrong} {right}");
        }
        assert_eq!(nearest("zoen", &["when", "zone", "to"]), Some("zone"));
        assert_eq!(nearest("zzzz", &["when", "zone", "to"]), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
