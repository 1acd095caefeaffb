//! Text to lines of words.

use std::{fmt, sync::Arc};

use super::{Origin, redact};

/// A line that says something: its words, with single blanks between them, and how far it was indented.
///
/// `Debug` hides passwords and keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// The words, joined by single blanks; never empty; secrets included.
    pub text: String,
    /// Blanks and tabs before the first word.
    pub indent: usize,
    /// Where it was written.
    pub origin: Origin,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", redact(&self.text), self.origin)
    }
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
        if trimmed.is_empty() || trimmed.starts_with(['!', '#']) {
            continue;
        }
        lines.push(Line {
            text: collapse(trimmed),
            indent: raw.len() - trimmed.len(),
            origin: Origin { source: Arc::clone(source), line: number },
        });
    }
    lines
}

/// Joins the words of `text` by single blanks.
fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split([' ', '\t']).filter(|word| !word.is_empty()) {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}
