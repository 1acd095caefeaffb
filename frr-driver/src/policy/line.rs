//! A line of a source, in words with their places.

use std::ops::Range;

use super::{LINE_BYTES_MAX, character, refusal::Refusal};
use crate::secret;

/// The most characters of a word that a reason quotes.
const QUOTED_CHARS_MAX: usize = 40;

/// A line, split as vtysh splits it: at blanks and tabs.
#[derive(Clone)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u32,
    /// The whole line, without its end.
    pub(super) text: &'a str,
    pub(super) words: Vec<&'a str>,
    /// The byte at which each word begins.
    starts: Vec<usize>,
    /// The byte at which a secret begins; the length of the text if there is none.
    pub(super) secret_from: usize,
}

/// Returns the lines of `text`; `\r\n` ends a line as `\n` does.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    (1_u32..)
        .zip(text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)))
        .map(|(number, line)| Line::new(number, line))
}

impl<'a> Line<'a> {
    pub(super) fn new(number: u32, text: &'a str) -> Self {
        let (mut words, mut starts, mut at) = (Vec::new(), Vec::new(), 0);
        for word in text.split([' ', '\t']) {
            if !word.is_empty() {
                words.push(word);
                starts.push(at);
            }
            at += word.len() + 1;
        }
        Self { number, text, words, starts, secret_from: secret::start(text).unwrap_or(text.len()) }
    }

    /// Returns whether FRR reads nothing in it: a blank line or a comment.
    pub(super) fn is_silent(&self) -> bool {
        self.words.first().is_none_or(|word| word.starts_with(['!', '#']))
    }

    /// The bytes from the first to the last of `words`; nothing where there are no such words.
    pub(super) fn bytes(&self, words: &Range<usize>) -> Range<usize> {
        let last = words.end.min(self.words.len()).saturating_sub(1);
        match (self.starts.get(words.start), self.starts.get(last), self.words.get(last)) {
            (Some(start), Some(end), Some(word)) if words.start <= last => *start..end + word.len(),
            _ => 0..0,
        }
    }

    /// Word `at` for a reason: printable, bounded, and hidden if it is a secret.
    pub(super) fn quote(&self, at: usize) -> String {
        match (self.words.get(at), self.starts.get(at)) {
            (Some(_), Some(start)) if *start >= self.secret_from => secret::HIDDEN.to_owned(),
            (Some(word), _) => {
                let mut quoted: String =
                    word.chars().take(QUOTED_CHARS_MAX).map(character::printable).collect();
                if word.chars().nth(QUOTED_CHARS_MAX).is_some() {
                    quoted.push('…');
                }
                quoted
            }
            _ => String::new(),
        }
    }

    /// Why no source may hold this line, whatever it says; comments included.
    ///
    /// From word `free_text_from` on, letters of all languages are fine.
    pub(super) fn oddity(&self, free_text_from: usize) -> Option<Refusal> {
        if self.text.len() > LINE_BYTES_MAX {
            let reason = format!("the line has {} bytes, at most {LINE_BYTES_MAX} are read", self.text.len());
            return Some(Refusal::of_line(reason, "break it, also if it is a comment"));
        }
        let text_from = self.starts.get(free_text_from).copied().unwrap_or(self.text.len());
        self.text.char_indices().find_map(|(at, c)| {
            let code = format!("U+{:04X}", u32::from(c));
            let (reason, fix) = match character::forbidden(c) {
                Some((name, fix)) => (format!("the line holds {code}, {name}"), fix),
                None if c.is_ascii() || at >= text_from || self.is_silent() => return None,
                None => (
                    format!(
                        "the line holds `{}` ({code}) outside a comment or description",
                        character::printable(c)
                    ),
                    "write plain ASCII",
                ),
            };
            Some(Refusal::of_bytes(at..at + c.len_utf8(), reason, fix))
        })
    }

    /// Why the last words cannot be meant: FRR has no comments behind a statement, and no continued lines.
    pub(super) fn misread(&self, free_text_from: usize) -> Option<Refusal> {
        let words = self.words.get(..free_text_from.min(self.words.len()))?;
        if let Some(at) = words.iter().position(|word| word.starts_with(['!', '#'])) {
            let reason = "FRR has no comments behind a statement";
            return Some(Refusal::of_words(
                at..self.words.len(),
                reason,
                "put the comment on a line of its own",
            ));
        }
        let last = self.words.len().checked_sub(1)?;
        words.get(last).filter(|word| word.ends_with('\\')).map(|_| {
            let reason = "FRR does not continue a line behind a backslash";
            Refusal::of_words(last..last + 1, reason, "write the statement on one line")
        })
    }
}
