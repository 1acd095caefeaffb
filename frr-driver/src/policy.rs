//! What a contribution may say.
//!
//! `extras` is the contract of `MetalLB`'s `bgpextras`: prefix-lists of its own, and one
//! `route-map <peer>-in permit 20` per peer that matches on them. A contribution is taken or refused as a
//! whole, and every reason is given with its line.

mod character;
mod extras;
mod foreign;
mod full;
mod line;
mod peer;
mod prefix_list;
mod refusal;
mod taken;
mod words;

use std::{fmt, ops::Range};

use crate::config::{Config, Origin};
use line::Line;
use prefix_list::Family;
use refusal::{Refusal, Report};

pub use extras::EXTRAS_INDEX;

/// The longest line that a contribution may have, in bytes: ten times what its longest statement needs.
///
/// What is longer than 4,095 bytes FRR takes for two lines (tried on 7.5.1, 8.4.4 and 10.3; beyond 8,191 on 10.7), so
/// that the end of a comment would be a statement.
pub const LINE_BYTES_MAX: usize = 1024;

/// The most lines of a contribution: more entries than anybody writes by hand, and few enough to be merged at once.
pub const LINES_MAX: usize = 10_000;

/// The most reasons that are reported: nobody reads more, and each is kept in the status.
pub const REASONS_MAX: usize = 1000;

/// Which statements a contribution may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// The contract of `bgpextras`.
    Extras,
    /// Everything but what belongs to the agent or the host.
    Full,
}

/// A line that a contribution may not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Where it stands.
    pub origin: Origin,
    /// The line, secrets hidden, at most 120 characters.
    pub text: String,
    /// The characters of `text` that are at fault, counted from 0; empty = the whole line.
    pub at: Range<usize>,
    /// Why it is refused.
    pub reason: String,
    /// What to write instead; empty where nothing would do.
    pub fix: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.reason)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "; {}", self.fix) }
    }
}

/// Checks the contribution `source` against its policy; `base` tells which names are taken.
///
/// Returns every reason to refuse it, in the order of the lines; empty = accepted. Of more than [`REASONS_MAX`] the
/// last one tells how many there are (line 0), and of more than [`LINES_MAX`] lines nothing else is told.
pub fn check(source: &str, text: &str, policy: Policy, base: &Config) -> Vec<Rejection> {
    let mut report = Report::new(source);
    let count = text.lines().count();
    if let Some(first) = line::lines(text).nth(LINES_MAX).filter(|_| count > LINES_MAX) {
        let reason = format!("the contribution has {count} lines, at most {LINES_MAX} are read");
        report.refuse(&first, Refusal::of_line(reason, "leave out what is not needed, or make two of it"));
        return report.finish();
    }
    match policy {
        Policy::Extras => extras::check(text, base, &mut report),
        Policy::Full => full::check(text, &mut report),
    }
    report.finish()
}

/// Checks the ranges of the prefix-lists in `config`: FRR's own check sees only syntax, and an apply that meets a
/// bad range drops the lines beside it, with exit code 0 on two versions.
pub fn check_ranges(config: &Config) -> Vec<Rejection> {
    let mut rejections = Vec::new();
    for family in [Family::Ipv4, Family::Ipv6] {
        let head = format!("{} prefix-list ", family.word());
        for (_, node) in config.top.with_prefix(&head) {
            let origin = &node.statement.origin;
            let line = Line::new(origin.line, node.statement.reveal());
            if let [_, _, _, "seq", _, "permit" | "deny", _, ..] = line.words.as_slice()
                && let Err(refusal) = prefix_list::prefix_and_range(&line, family, 6)
            {
                rejections.push(refusal.at(origin.clone(), &line));
            }
        }
    }
    rejections.sort_by_key(|rejection| rejection.origin.line);
    rejections
}

#[cfg(test)]
mod tests;
