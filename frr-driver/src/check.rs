//! What FRR's own parser does not see: lines that bgpd refuses when they are applied, and lines that do something
//! else than they seem to.
//!
//! `vtysh -C` knows the words of a line and nothing of the lines around it; what is refused here was applied to
//! four versions, and refused or dropped by them.

mod conflicts;
pub(crate) mod instance;
mod neighbors;
pub(crate) mod policies;
pub(crate) mod reference;

use std::{fmt, ops::Range};

use serde::Serialize;

use crate::{
    config::{Config, Lost, Node, Origin, Statement},
    policy::check_ranges,
    quirks::FrrVersion,
};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// FRR refuses the line, or drops it in silence.
    Error,
    /// FRR takes the line, and a person should know what it does.
    Warning,
}

/// Something that is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands.
    pub origin: Origin,
    /// The line in canonical words, secrets hidden.
    pub text: String,
    /// Which characters of the text are at fault, from 0; empty = the whole line.
    pub at: Range<usize>,
    /// What is wrong, or what FRR does.
    pub reason: String,
    /// What to write instead; empty where nothing would do.
    pub fix: String,
    /// How bad it is.
    pub severity: Severity,
}

/// Checks a whole configuration; returns every finding, in the order of the lines of each source.
pub fn check(config: &Config, version: FrrVersion) -> Vec<Finding> {
    let mut findings: Vec<Finding> = check_ranges(config)
        .into_iter()
        .map(|rejection| Finding {
            origin: rejection.origin,
            text: rejection.text,
            at: rejection.at,
            reason: rejection.reason,
            fix: rejection.fix,
            severity: Severity::Error,
        })
        .collect();
    findings.extend(config.lost.iter().map(lost));
    findings.extend(config.top.with_prefix("bgp as-path access-list ").filter_map(|(_, node)| as_path(node)));
    for instance in instance::instances(config) {
        findings.extend(without_number(&instance));
        findings.extend(neighbors::check(&instance));
        findings.extend(conflicts::check(&instance, version));
        findings.extend(policies::check(&instance, version));
    }
    findings.extend(reference::check(config));
    findings.sort_by(|a, b| (&a.origin, a.severity).cmp(&(&b.origin, b.severity)));
    findings
}

/// A block whose header FRR refuses, and with it every line.
fn lost(lost: &Lost) -> Finding {
    let words = lost.statement.words();
    let number = if matches!(words.as_slice(), ["router", "bgp", ..]) { words.get(2) } else { None };
    Finding::error(&lost.statement, number.copied().unwrap_or_default(), lost.reason.as_str(), "")
}

/// FRR: "Invalid character in as-path access-list" (`config_bgp_aspath_validate` in `bgp_filter.c`).
fn as_path(entry: &Node) -> Option<Finding> {
    const CHARACTERS: &str = "1234567890_^|[,{}() ]$*+.?-\\";
    let words = entry.statement.words();
    let at = words.iter().position(|word| matches!(*word, "permit" | "deny"))?;
    let expression = words.get(at + 1..)?.join(" ");
    let odd = expression.chars().find(|c| !CHARACTERS.contains(*c))?;
    let reason = format!("FRR takes no `{odd}` in the expression of an as-path list");
    Some(Finding::error(
        &entry.statement,
        &expression,
        reason,
        "write AS numbers and ^ $ _ . * + ? | ( ) [ ]",
    ))
}

/// FRR: "No BGP process is configured".
fn without_number(instance: &instance::Instance<'_>) -> Option<Finding> {
    if instance.asn.is_some() {
        return None;
    }
    let reason = "no block of this instance has an AS number: FRR throws it away";
    Some(Finding::error(&instance.node.statement, "", reason, "write: router bgp AS"))
}

// === impl Finding ===

impl Finding {
    /// Returns an error in `statement`, at the words `at` of it.
    fn error(statement: &Statement, at: &str, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        let text = statement.to_string();
        Self {
            origin: statement.origin.clone(),
            at: words_at(&text, at),
            text,
            reason: reason.into(),
            fix: fix.into(),
            severity: Severity::Error,
        }
    }

    /// Returns a warning about `statement`, at the words `at` of it.
    fn warning(statement: &Statement, at: &str, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(statement, at, reason, fix) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.reason)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "; {}", self.fix) }
    }
}

/// Returns where the whole words `at` stand in `text`, in characters; empty if they do not.
fn words_at(text: &str, at: &str) -> Range<usize> {
    let is_whole = |start: usize| {
        let before = text.get(..start).is_none_or(|text| text.is_empty() || text.ends_with(' '));
        let after = text.get(start + at.len()..).is_none_or(|text| text.is_empty() || text.starts_with(' '));
        before && after
    };
    let found = text.match_indices(at).map(|(start, _)| start).filter(|start| is_whole(*start)).last();
    match found.and_then(|start| text.get(..start)) {
        Some(before) if !at.is_empty() => {
            let start = before.chars().count();
            start..start + at.chars().count()
        }
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests;
