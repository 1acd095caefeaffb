//! Text to lines of words.

use std::sync::Arc;

use super::Origin;

/// A line that says something: its words, with single blanks between them, and how far it was indented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The words, joined by single blanks; never empty.
    pub text: String,
    /// Blanks and tabs before the first word.
    pub indent: usize,
    /// Where it was written.
    pub origin: Origin,
}

/// Splits `text` into lines; blank lines and comments (`!`, `#`) are left out.
///
/// Only the line feed ends a line, as in vtysh; a carriage return before it belongs to the line end.
/// Blanks collapse, as FRR collapses them (also in descriptions).
pub fn lex(source: &Arc<str>, text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, raw) in (1_u32..).zip(text.split('\n')) {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        let trimmed = raw.trim_start_matches([' ', '\t']);
        let words: Vec<&str> = trimmed.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        if words.is_empty() || trimmed.starts_with(['!', '#']) {
            continue;
        }
        lines.push(Line {
            text: words.join(" "),
            indent: raw.len() - trimmed.len(),
            origin: Origin { source: Arc::clone(source), line: number },
        });
    }
    lines
}
