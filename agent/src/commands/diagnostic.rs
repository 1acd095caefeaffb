//! What is wrong with a line, shown as compilers do.

use std::{collections::BTreeMap, fmt::Write as _, ops::Range};

use frr_driver::{
    check::{Finding, Severity},
    config::{Origin, redact},
    merge::Warning,
    reload::SyntaxError,
};
use serde::Serialize;

use super::paint::{BOLD, BOLD_BLUE, BOLD_RED, BOLD_YELLOW, Paint};
use crate::desired::Refusal;

#[cfg(test)]
mod tests;

/// The longest text shown of a line, in columns.
const COLUMNS_MAX: usize = 120;

/// How much is shown before the place at fault in a line that is too long.
const COLUMNS_BEFORE: usize = 40;

/// The text of every file, by label: what the lines are shown from. Holds passwords.
pub(crate) type Texts<'a> = BTreeMap<&'a str, &'a str>;

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Diagnostic {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The label of the file.
    pub(crate) source: String,
    /// The line, from 1; `None` = the whole source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// The line as it is written, with secrets hidden and control characters made visible; at most 120 columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// Which characters of the text are at fault, from 0, without the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Range<usize>>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to write instead; empty where nothing would do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) fix: String,
}

/// A problem before it is found in its source's text.
struct Problem {
    severity: Severity,
    origin: Origin,
    /// The line as whoever found the problem saw it.
    text: String,
    /// Where in that text.
    at: Range<usize>,
    message: String,
    fix: String,
}

/// Returns the diagnostic of a line or source that is refused.
pub(crate) fn of_refusal(refusal: &Refusal, texts: &Texts<'_>) -> Diagnostic {
    let Refusal { origin, text, at, reason, fix } = refusal.clone();
    locate(Problem { severity: Severity::Error, origin, text, at, message: reason, fix }, texts)
}

/// Returns the diagnostic of what FRR's parser cannot tell.
pub(crate) fn of_finding(finding: &Finding, texts: &Texts<'_>) -> Diagnostic {
    let Finding { origin, text, at, reason, fix, severity } = finding.clone();
    locate(Problem { severity, origin, text, at, message: reason, fix }, texts)
}

/// Returns the diagnostic of what the merge noticed.
pub(crate) fn of_warning(warning: &Warning, texts: &Texts<'_>) -> Diagnostic {
    let Warning { origin, message } = warning.clone();
    let problem = Problem {
        severity: Severity::Warning,
        origin,
        text: String::new(),
        at: 0..0,
        message,
        fix: String::new(),
    };
    locate(problem, texts)
}

/// Returns the diagnostic of a line that FRR's parser refuses.
pub(crate) fn of_syntax_error(error: &SyntaxError, version: &str, texts: &Texts<'_>) -> Diagnostic {
    let origin = error.origin.clone().unwrap_or_else(|| Origin { source: "frr".into(), line: 0 });
    let message = format!("FRR {version} refuses this line");
    let fix = format!("FRR says: {}", visible(&error.message));
    locate(Problem { severity: Severity::Error, origin, text: String::new(), at: 0..0, message, fix }, texts)
}

/// Finds the problem in the line as it is written.
fn locate(problem: Problem, texts: &Texts<'_>) -> Diagnostic {
    let Problem { severity, origin, text, at, message, fix } = problem;
    let written = raw_line(&origin, texts).map(|line| visible(&redact(line)));
    let shown = match &written {
        Some(line) => Some((line.as_str(), place(line, &text, at))),
        None if text.is_empty() => None,
        None => Some((text.as_str(), at)),
    };
    let (text, at) = shown.map(|(line, at)| window(line.trim_end(), at)).unzip();
    let line = (origin.line > 0).then_some(origin.line);
    Diagnostic { severity, source: origin.source.to_string(), line, text, at, message, fix }
}

fn raw_line<'a>(origin: &Origin, texts: &Texts<'a>) -> Option<&'a str> {
    let index = usize::try_from(origin.line).ok()?.checked_sub(1)?;
    let line = texts.get(&*origin.source)?.split('\n').nth(index)?;
    Some(line.strip_suffix('\r').unwrap_or(line))
}

/// Which characters of `line` are the ones `at` of `text`: the same line, or one that means the same.
fn place(line: &str, text: &str, at: Range<usize>) -> Range<usize> {
    let indent = line.chars().take_while(|c| c.is_whitespace()).count();
    let whole = indent..line.trim_end().chars().count().max(indent);
    if at.is_empty() {
        return whole;
    }
    let same = line.trim().chars().zip(text.chars()).take(at.end).filter(|(a, b)| a == b).count() >= at.end;
    if same {
        return indent + at.start..indent + at.end;
    }
    let wanted: String = text.chars().skip(at.start).take(at.len()).collect();
    let is_whole = |start: usize, end: usize| {
        let before = line.get(..start).is_none_or(|text| text.is_empty() || text.ends_with(' '));
        before && line.get(end..).is_none_or(|text| text.is_empty() || text.starts_with(' '))
    };
    let found =
        line.match_indices(&wanted).filter(|(start, _)| is_whole(*start, start + wanted.len())).last();
    match found.and_then(|(start, _)| line.get(..start)) {
        Some(before) => {
            let start = before.chars().count();
            start..start + at.len()
        }
        None => whole,
    }
}

/// Makes control characters and odd blanks visible, each as one character.
pub(crate) fn visible(line: &str) -> String {
    let picture = |c: char| match c {
        '\t' => ' ',
        '\u{7f}' => '\u{2421}',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        // What moves, hides or turns the text around it.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
            '\u{fffd}'
        }
        c if c.is_control() => '\u{fffd}',
        c if c.is_whitespace() && c != ' ' => '\u{2423}',
        c => c,
    };
    line.chars().map(picture).collect()
}

/// Cuts a long line to what is around `at`.
fn window(line: &str, at: Range<usize>) -> (String, Range<usize>) {
    let count = line.chars().count();
    let at = at.start.min(count)..at.end.min(count);
    if count <= COLUMNS_MAX {
        return (line.to_owned(), at);
    }
    let start = at.start.saturating_sub(COLUMNS_BEFORE);
    let start = if at.start < COLUMNS_MAX - COLUMNS_BEFORE { 0 } else { start };
    let room = COLUMNS_MAX - usize::from(start > 0) - 1;
    let mut text: String = if start > 0 { "…".to_owned() } else { String::new() };
    text.extend(line.chars().skip(start).take(room));
    if count > start + room {
        text.push('…');
    }
    let shift = |column: usize| (column.saturating_sub(start) + usize::from(start > 0)).min(COLUMNS_MAX - 1);
    (text, shift(at.start)..shift(at.end))
}

// === impl Diagnostic ===

impl Diagnostic {
    /// Returns it over several lines; ends in a newline.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let (name, style) = match self.severity {
            Severity::Error => ("error", BOLD_RED),
            Severity::Warning => ("warning", BOLD_YELLOW),
        };
        let number = self.line.map_or_else(String::new, |line| line.to_string());
        let margin = " ".repeat(number.len());
        let bar = paint.paint(BOLD_BLUE, "|");
        let arrow = paint.paint(BOLD_BLUE, "-->");
        let place = self.line.map_or_else(|| self.source.clone(), |line| format!("{}:{line}", self.source));
        let mut text = format!(
            "{}: {}\n{margin} {arrow} {place}\n",
            paint.paint(style, name),
            paint.paint(BOLD, visible(&self.message))
        );
        if let (Some(line), Some(at)) = (&self.text, &self.at) {
            let number = paint.paint(BOLD_BLUE, number);
            let carets = paint.paint(style, "^".repeat(at.len().max(1)));
            let blanks = " ".repeat(at.start);
            _ = writeln!(text, "{margin}  {bar}\n {number} {bar} {line}\n{margin}  {bar} {blanks}{carets}");
        }
        if !self.fix.is_empty() {
            let equals = paint.paint(BOLD_BLUE, "=");
            _ = writeln!(text, "{margin}  {equals} {}", self.fix);
        }
        text
    }
}

/// Returns how many errors and warnings there are, in words; empty if there are none.
pub(crate) fn count(diagnostics: &[Diagnostic]) -> String {
    let of = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let counted = [(of(Severity::Error), "error"), (of(Severity::Warning), "warning")];
    let counted =
        counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| plural(count, what));
    counted.collect::<Vec<_>>().join(", ")
}

/// Returns `1 error`, `2 errors`.
pub(crate) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
