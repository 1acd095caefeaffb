//! A text of which entries of lists and maps are new or gone: the rest of it need not be loaded again.
//!
//! The change of one entry among ten thousand lines is there after a tenth of the time that loading all of them takes.

use super::{Config, load, union};
use crate::quirks::FrrVersion;

/// What the first line of an entry begins with, as a daemon prints it.
const ENTRIES: [&str; 3] = ["ip prefix-list ", "ipv6 prefix-list ", "route-map "];

/// The entries of lists and maps that differ between two prints of one daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// The keys of what was there, and is gone or is otherwise.
    gone: Vec<String>,
    /// What is new or otherwise.
    new: Config,
}

// === impl Revision ===

impl Revision {
    /// Compares two prints of one daemon; `None` if they differ in more than entries of lists and maps.
    pub fn between(source: &str, was: &str, is: &str, version: FrrVersion) -> Option<Self> {
        let (from, was_to, is_to) = difference(was, is)?;
        let (gone, new) = (was.get(from..was_to)?, is.get(from..is_to)?);
        if !is_entries(gone) || !is_entries(new) {
            return None;
        }
        // The new lines have the numbers that they have there.
        let head: Vec<&str> = frr_lines(is).collect();
        let above = is.get(..from)?.lines().count().checked_sub(head.len())?;
        let head = format!("{}{}", head.concat(), "\n".repeat(above));
        let load = |text| load(source, &format!("{head}{text}"), version);
        let (mut gone, mut new) = (load(gone), load(new));
        for config in [&mut gone, &mut new] {
            config.top.remove("frr defaults");
            if !config.lost.is_empty() || !config.top.iter().all(|(key, _)| is_entry(key)) {
                return None;
            }
        }
        let gone = gone.top.iter().map(|(key, _)| key.to_owned()).collect();
        Some(Self { gone, new })
    }

    /// Returns what is loaded of the second text if `was` was of the first.
    pub fn of(&self, was: &Config) -> Option<Config> {
        let mut config = was.clone();
        for key in &self.gone {
            config.top.remove(key)?;
        }
        for (key, node) in self.new.top.iter() {
            if config.top.get(key).is_some() {
                return None;
            }
            config.top.put_back(key.to_owned(), node.clone());
        }
        Some(config)
    }

    /// Returns the union of `parts` if `was` is what it was before this revision of some of them.
    pub fn of_union<'a>(
        revisions: &[Self],
        was: &Config,
        parts: &(impl Iterator<Item = &'a Config> + Clone),
    ) -> Config {
        let mut config = was.clone();
        let keys = revisions.iter().flat_map(|revision| {
            revision.gone.iter().map(String::as_str).chain(revision.new.top.iter().map(|(key, _)| key))
        });
        for key in keys {
            config.top.remove(key);
            let held: Vec<Config> = parts.clone().filter_map(|part| part.alone(key)).collect();
            if let Some(node) = union(&held).top.remove(key) {
                config.top.put_back(key.to_owned(), node);
            }
        }
        config
    }
}

// === impl Config ===

impl Config {
    /// Returns a configuration of the object `key` alone.
    fn alone(&self, key: &str) -> Option<Self> {
        let mut alone = Self::default();
        alone.top.put_back(key.to_owned(), self.top.get(key)?.clone());
        Some(alone)
    }
}

/// Returns the lines at the begin of `text` that say for which FRR it is, with their line feeds.
fn frr_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split_inclusive('\n');
    let head = lines.take_while(|line| line.starts_with("frr ") || is_inside(line.trim_end()));
    head.filter(|line| line.starts_with("frr "))
}

fn is_entry(line: &str) -> bool {
    ENTRIES.iter().any(|start| line.starts_with(start))
}

/// Whether `text` says nothing but whole entries, all of them with their number.
fn is_entries(text: &str) -> bool {
    text.lines().all(|line| {
        let is_numbered = || line.starts_with("route-map ") || line.contains(" seq ");
        is_inside(line) || is_entry(line) && is_numbered()
    })
}

/// Whether a line belongs to the block before it, or ends it.
fn is_inside(line: &str) -> bool {
    line.is_empty() || line.starts_with([' ', '!']) || line == "exit"
}

/// Returns where two texts differ: from the same byte to one of each; both begin and end with whole blocks.
fn difference(was: &str, is: &str) -> Option<(usize, usize, usize)> {
    let same = was.bytes().zip(is.bytes()).take_while(|(one, other)| one == other).count();
    let begins_inside =
        |text: &str, at: usize| text.get(at..).and_then(|rest| rest.lines().next()).is_some_and(is_inside);
    let line_before =
        |at: usize| is.as_bytes().get(..at).and_then(|head| head.iter().rposition(|byte| *byte == b'\n'));
    let mut from = line_before(same).map_or(0, |end| end + 1);
    while from > 0 && (begins_inside(was, from) || begins_inside(is, from)) {
        from = line_before(from - 1).map_or(0, |end| end + 1);
    }

    let (was_rest, is_rest) = (was.get(from..)?, is.get(from..)?);
    let same =
        was_rest.bytes().rev().zip(is_rest.bytes().rev()).take_while(|(one, other)| one == other).count();
    let tail = is.get(is.len().checked_sub(same)?..).unwrap_or_default();
    let is_line = |text: &str| {
        let before = text.len().checked_sub(same + 1).and_then(|at| text.as_bytes().get(at));
        before.is_none_or(|byte| *byte == b'\n')
    };
    // What is the same may begin within a line.
    let mut skipped = if is_line(was) && is_line(is) { 0 } else { line_end(tail) };
    while tail.get(skipped..).and_then(|rest| rest.lines().next()).is_some_and(is_inside) {
        skipped += line_end(tail.get(skipped..)?);
    }
    let same = same.checked_sub(skipped)?;
    Some((from, was.len().checked_sub(same)?, is.len().checked_sub(same)?))
}

/// Returns where the first line of `text` ends, behind its line feed.
fn line_end(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests;
