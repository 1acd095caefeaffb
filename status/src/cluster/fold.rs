//! Which rows are shown, and what stands for the others.

use super::Extent;

/// The most rows of a table that are shown without being asked for: a terminal's height.
///
/// A list that is longer shows only what is not fine, and of that no more than this.
const ROWS_MAX: usize = 40;

/// What a table shows of a list.
pub(super) struct Folded<'a, T> {
    /// The rows.
    pub(super) rows: &'a [T],
    /// Stands for the rows that are not shown.
    pub(super) rest: Option<String>,
}

/// Folds `rows`, of which the first `bad` are not fine; `of` is one of them and several, as in `node`, `nodes`.
pub(super) fn fold<'a, T>(rows: &'a [T], bad: usize, of: [&str; 2], extent: Extent) -> Folded<'a, T> {
    if extent == Extent::All || rows.len() <= ROWS_MAX {
        return Folded { rows, rest: None };
    }
    let shown = bad.min(ROWS_MAX);
    let (bad, fine) = (bad - shown, rows.len() - bad);
    let count = |count: usize, are: [&str; 2]| {
        let [of, are] = if count == 1 { [of[0], are[0]] } else { [of[1], are[1]] };
        (count > 0).then(|| format!("{} {of} {are}", number(count)))
    };
    let bad = count(bad, ["that is not fine", "that are not fine"]);
    let fine = count(fine, ["that is fine", "that are fine"]);
    let told: Vec<String> = bad.into_iter().chain(fine).collect();
    let rest = (!told.is_empty()).then(|| {
        let and = if shown == 0 { "" } else { "… and " };
        format!("{and}{}; --all shows them", told.join(", and "))
    });
    Folded { rows: rows.get(..shown).unwrap_or(rows), rest }
}

/// Returns `count` with a comma before each group of three digits.
pub(super) fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
