//! What a contribution may say.
//!
//! `extras` is the contract of `MetalLB`'s `bgpextras`: prefix-lists of its own, and one
//! `route-map <peer>-in permit 20` per peer that matches on them. A contribution is taken or refused as a
//! whole, and every reason is given with its line.

mod extras;
mod full;

use std::fmt;

use crate::config::{Config, Origin, redact};

pub use extras::EXTRAS_INDEX;

/// The longest line that a contribution may have, in bytes: ten times what its longest statement needs, and
/// far below the 4,000 bytes that every FRR version was seen to read.
pub const LINE_BYTES_MAX: usize = 1024;

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
/// Returns every reason to refuse it, in the order of the lines; empty = accepted.
pub fn check(source: &str, text: &str, policy: Policy, base: &Config) -> Vec<Rejection> {
    let mut report = Report { source: source.into(), rejections: Vec::new() };
    match policy {
        Policy::Extras => extras::check(text, base, &mut report),
        Policy::Full => full::check(text, &mut report),
    }
    report.rejections.sort_by_key(|rejection| rejection.origin.line);
    report.rejections
}

/// Checks the ranges of the prefix-lists in `config`: FRR's own check sees only syntax, and an apply that meets a
/// bad range drops the lines beside it, with exit code 0 on two versions.
pub fn check_ranges(config: &Config) -> Vec<Rejection> {
    let mut rejections = Vec::new();
    for family in ["ip", "ipv6"] {
        for (_, node) in config.top.with_prefix(&format!("{family} prefix-list ")) {
            let words = node.statement.words();
            let [_, _, _, "seq", _, "permit" | "deny", prefix, bounds @ ..] = words.as_slice() else {
                continue;
            };
            if let Err(refusal) = extras::check_prefix(family, prefix, bounds) {
                rejections.push(Rejection {
                    origin: node.statement.origin.clone(),
                    text: node.statement.to_string(),
                    reason: refusal.reason,
                    fix: refusal.fix,
                });
            }
        }
    }
    rejections
}

/// The reasons found so far.
struct Report {
    source: std::sync::Arc<str>,
    rejections: Vec<Rejection>,
}

impl Report {
    fn refuse(&mut self, line: u32, text: &str, reason: impl Into<String>, fix: impl Into<String>) {
        let printable: String = redact(text.trim())
            .chars()
            .take(120)
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        self.rejections.push(Rejection {
            origin: Origin { source: self.source.clone(), line },
            text: printable,
            reason: reason.into(),
            fix: fix.into(),
        });
    }
}

/// Returns the lines of `text` with their numbers; `\r\n` ends a line as `\n` does.
fn numbered(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1_u32..).zip(text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)))
}

/// What no line of any contribution may hold, comments included.
fn forbidden_in_any_line(line: &str) -> Option<String> {
    if line.len() > LINE_BYTES_MAX {
        return Some(format!("the line has {} bytes, at most {LINE_BYTES_MAX} are read", line.len()));
    }
    line.chars().find(|c| c.is_control() && *c != '\t').map(|c| match c {
        '\r' => "a carriage return within the line".to_owned(),
        c => format!("the control character U+{:04X}", u32::from(c)),
    })
}

#[cfg(test)]
mod tests;
