//! A list on one side, and its entries.

use crate::{
    config::{Config, Statement},
    impact::policies::Policy,
    transaction::edit::Line,
};

/// A list as it runs, or as it shall be.
pub(super) struct Side<'a> {
    /// By number.
    pub(super) entries: Vec<Entry<'a>>,
    /// Its description, or remark.
    pub(super) description: Option<&'a Statement>,
}

/// An entry of a list.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) seq: u32,
    pub(super) statement: &'a Statement,
    /// What is before the number, `standard` or `expanded` included; empty if it has none.
    pub(super) head: &'a str,
    /// Action and content.
    pub(super) content: &'a str,
}

// === impl Side ===

impl<'a> Side<'a> {
    pub(super) fn of(config: &'a Config, policy: Policy<'a>) -> Self {
        let prefix = format!("{policy} ");
        let mut side = Self { entries: Vec::new(), description: None };
        for (key, node) in config.top.with_prefix(&prefix) {
            match key.strip_prefix(&prefix).and_then(|seq| seq.parse().ok()) {
                Some(seq) => side.entries.push(Entry::new(seq, &node.statement, &prefix)),
                None => side.description = Some(&node.statement),
            }
        }
        side
    }

    /// Whether only a description keeps the list.
    pub(super) fn is_bare(&self) -> bool {
        self.entries.is_empty() && self.description.is_some()
    }
}

// === impl Entry ===

impl<'a> Entry<'a> {
    fn new(seq: u32, statement: &'a Statement, prefix: &str) -> Self {
        let text = statement.reveal();
        let (head, content) = match text.split_once(&format!(" seq {seq} ")) {
            Some(parts) => parts,
            None => ("", text.strip_prefix(prefix).unwrap_or(text)),
        };
        Self { seq, statement, head, content }
    }

    /// The line that takes the entry away.
    pub(super) fn no(&self) -> Line {
        Line::no(self.statement.reveal(), self.statement, 0)
    }

    /// Returns `seq`, and the entry with that number.
    pub(super) fn at(&self, seq: u32) -> (u32, String) {
        (seq, format!("{} seq {seq} {}", self.head, self.content))
    }

    /// Whether the content has `word`.
    pub(super) fn has(&self, word: &str) -> bool {
        self.content.split(' ').any(|other| other == word)
    }

    /// The prefix of an entry of a prefix-list.
    pub(super) fn prefix(&self) -> &'a str {
        match self.content.split(' ').nth(1).unwrap_or_default() {
            "any" if self.head.starts_with("ipv6 ") => "::/0",
            "any" => "0.0.0.0/0",
            prefix => prefix,
        }
    }

    /// Whether it is an entry of a prefix-list for the prefix that contains all others.
    pub(super) fn is_default(&self) -> bool {
        self.prefix().ends_with("/0")
    }

    /// The content without the action, as far as 7.5.1 looks at it.
    pub(super) fn subject(&self) -> &str {
        self.content.split(' ').nth(1).unwrap_or_default()
    }
}
