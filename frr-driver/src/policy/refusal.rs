//! Why a line is refused, and how that is told.

use std::{ops::Range, sync::Arc};

use super::{REASONS_MAX, Rejection, character::printable, line::Line};
use crate::{config::Origin, secret::HIDDEN};

/// The most characters of a line that are shown: a line of a terminal and a half.
pub(super) const TEXT_CHARS_MAX: usize = 120;

/// How many characters are shown before the fault where the line is too long to be shown from its start.
const CONTEXT_CHARS: usize = 40;

/// Why a line is refused, and what to write instead.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: String,
    fix: String,
    blame: Blame,
}

/// What of the line is at fault.
#[derive(Debug)]
enum Blame {
    Line,
    Words(Range<usize>),
    Bytes(Range<usize>),
}

impl Refusal {
    pub(super) fn of_line(reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into(), blame: Blame::Line }
    }

    pub(super) fn of_words(at: Range<usize>, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into(), blame: Blame::Words(at) }
    }

    pub(super) fn of_word(at: usize, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of_words(at..at + 1, reason, fix)
    }

    pub(super) fn of_bytes(at: Range<usize>, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into(), blame: Blame::Bytes(at) }
    }

    /// The rejection of `line`, which stands at `origin`.
    pub(super) fn at(self, origin: Origin, line: &Line<'_>) -> Rejection {
        let bytes = match self.blame {
            Blame::Line => 0..0,
            Blame::Words(words) => line.bytes(&words),
            Blame::Bytes(bytes) => bytes,
        };
        let (text, at) = show(line, &bytes);
        Rejection { origin, text, at, reason: self.reason, fix: self.fix }
    }
}

/// The reasons found so far.
pub(super) struct Report {
    source: Arc<str>,
    rejections: Vec<Rejection>,
}

impl Report {
    pub(super) fn new(source: &str) -> Self {
        Self { source: source.into(), rejections: Vec::new() }
    }

    pub(super) fn refuse(&mut self, line: &Line<'_>, refusal: Refusal) {
        let origin = Origin { source: self.source.clone(), line: line.number };
        self.rejections.push(refusal.at(origin, line));
    }

    /// The reasons in the order of the lines; where there are too many, the last one tells how many more.
    pub(super) fn finish(mut self) -> Vec<Rejection> {
        self.rejections.sort_by_key(|rejection| rejection.origin.line);
        let more = self.rejections.len().saturating_sub(REASONS_MAX);
        self.rejections.truncate(REASONS_MAX);
        if more > 0 {
            self.rejections.push(Rejection {
                origin: Origin { source: self.source, line: 0 },
                text: String::new(),
                at: 0..0,
                reason: format!("{more} more reasons are not shown"),
                fix: String::new(),
            });
        }
        self.rejections
    }
}

/// The line as it is shown (secret hidden, printable, bounded), and which characters of that `bytes` are.
fn show(line: &Line<'_>, bytes: &Range<usize>) -> (String, Range<usize>) {
    let lead = line.text.len() - line.text.trim_start_matches([' ', '\t']).len();
    let open = line.text.get(lead..line.secret_from).unwrap_or_default();
    let is_hidden = line.secret_from < line.text.len();
    let mut shown: Vec<char> = open.chars().map(printable).collect();
    if is_hidden {
        shown.extend(HIDDEN.chars());
    } else {
        let kept = open.trim_end_matches([' ', '\t']).chars().count();
        shown.truncate(kept);
    }
    let place = |byte: usize| {
        if byte > line.secret_from {
            return shown.len();
        }
        line.text.get(lead..byte.max(lead)).map_or(0, |before| before.chars().count()).min(shown.len())
    };
    let at = if bytes.is_empty() {
        0..0
    } else if is_hidden && bytes.start >= line.secret_from {
        open.chars().count()..shown.len()
    } else {
        place(bytes.start)..place(bytes.end)
    };
    cut(&shown, at)
}

/// The part of `shown` around `at`, at most [`TEXT_CHARS_MAX`] characters.
fn cut(shown: &[char], at: Range<usize>) -> (String, Range<usize>) {
    if shown.len() <= TEXT_CHARS_MAX {
        return (shown.iter().collect(), at);
    }
    let skipped = if at.end < TEXT_CHARS_MAX { 0 } else { at.start.saturating_sub(CONTEXT_CHARS) };
    let mut text: Vec<char> = shown.iter().skip(skipped).take(TEXT_CHARS_MAX).copied().collect();
    let is_cut = skipped + text.len() < shown.len();
    if let (true, Some(first)) = (skipped > 0, text.first_mut()) {
        *first = '…';
    }
    if let (true, Some(last)) = (is_cut, text.last_mut()) {
        *last = '…';
    }
    let inside = |place: usize| place.saturating_sub(skipped).min(text.len());
    let at = inside(at.start)..inside(at.end);
    (text.into_iter().collect(), at)
}
