//! Smaller cases that fail in the same way.

use super::case::Case;

/// How many smaller cases are tried: each takes a fraction of a second.
const TRIALS_MAX: usize = 80;

/// Returns the smallest case found that `is_broken` tells of, as it does of `case`: parts of the lines are left out, ever
/// smaller ones.
pub(crate) fn shrink(case: &Case, mut is_broken: impl FnMut(&Case) -> bool) -> Case {
    let mut lines = case.lines();
    let mut trials = 0;
    let mut try_lines = |lines: &[(usize, String)]| {
        trials += 1;
        (is_broken(&case.with_lines(lines)), trials < TRIALS_MAX)
    };
    let mut width = lines.len().div_ceil(2);
    while width > 0 {
        let mut at = 0;
        let mut has_shrunk = false;
        while at < lines.len() {
            let mut fewer = lines.clone();
            fewer.drain(at..(at + width).min(lines.len()));
            let (is_same, goes_on) = try_lines(&fewer);
            if is_same {
                lines = fewer;
                has_shrunk = true;
            } else {
                at += width;
            }
            if !goes_on {
                return case.with_lines(&lines);
            }
        }
        if width > 1 || !has_shrunk {
            width /= 2;
        }
    }
    case.with_lines(&lines)
}
