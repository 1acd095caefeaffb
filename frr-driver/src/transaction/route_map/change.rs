//! How an entry of a route-map changes.

use crate::{
    config::{Node, Statement},
    transaction::edit::Line,
};

/// An entry on both sides.
pub(super) struct Change<'a> {
    pub(super) before: Option<&'a Node>,
    pub(super) after: Option<&'a Node>,
    /// Clauses that go.
    gone: Vec<&'a Statement>,
    /// Clauses that come.
    come: Vec<&'a Statement>,
    /// Clauses that get another text: the old one, and the new one.
    over: Vec<(&'a Statement, &'a Statement)>,
}

// === impl Change ===

impl<'a> Change<'a> {
    pub(super) fn new(before: Option<&'a Node>, after: Option<&'a Node>) -> Self {
        let mut change = Self { before, after, gone: Vec::new(), come: Vec::new(), over: Vec::new() };
        let clause = |node: Option<&'a Node>, key: &str| node?.children.get(key).map(|node| &node.statement);
        for (key, node) in before.into_iter().flat_map(|node| node.children.iter()) {
            match clause(after, key) {
                None => change.gone.push(&node.statement),
                Some(new) if new.reveal() != node.statement.reveal() => {
                    change.over.push((&node.statement, new));
                }
                Some(_) => {}
            }
        }
        for (key, node) in after.into_iter().flat_map(|node| node.children.iter()) {
            if clause(before, key).is_none() {
                change.come.push(&node.statement);
            }
        }
        change
    }

    pub(super) fn differs(&self) -> bool {
        self.changes_action() || !(self.gone.is_empty() && self.come.is_empty() && self.over.is_empty())
    }

    /// Whether the entry comes, goes, or gets another action.
    fn changes_action(&self) -> bool {
        let text = |node: Option<&'a Node>| node.map(|node| node.statement.reveal());
        text(self.before) != text(self.after)
    }

    pub(super) fn judges(&self) -> bool {
        self.count() > 0
    }

    /// How many lines of the change may judge routes otherwise.
    pub(super) fn count(&self) -> usize {
        let over = self.over.iter().map(|(_, new)| *new);
        let clauses = self.gone.iter().chain(&self.come).copied().chain(over);
        let judging = clauses.filter(|clause| !clause.reveal().starts_with("description "));
        judging.count() + usize::from(self.changes_action())
    }

    /// Returns whether what goes leaves something behind, unless the entry goes with it: `no match rpki-extcommunity`
    /// is no command, and `no on-match goto` leaves the number (10.7.1 refuses the entry then).
    pub(super) fn clings(&self) -> bool {
        let clings = |clause: &&Statement| {
            matches!(clause.words().as_slice(), ["match", "rpki-extcommunity", ..] | ["on-match", "goto", ..])
        };
        self.gone.iter().any(clings) || self.over.iter().any(|(old, _)| clings(old))
    }

    /// Returns whether FRR makes the new clauses of the old ones within one commit.
    ///
    /// Where the two are different nodes of the data model, FRR may set the one before it takes the other away, and
    /// that takes both (measured on 8.4.4: `set metric +rtt` to `rtt`).
    pub(super) fn is_clean(&self) -> bool {
        self.over.iter().all(|(old, new)| is_one_node(old, new))
    }

    /// Returns the lines that change the clauses, in the block of the entry.
    pub(super) fn clauses(&self) -> Vec<Line> {
        let no = |clause: &&Statement| Line::no(words_of_no(clause), clause, 1);
        let mut lines: Vec<Line> = self.gone.iter().map(no).collect();
        for (old, new) in &self.over {
            if !is_one_node(old, new) {
                lines.push(no(old));
            }
            lines.push(Line::set(new, 1));
        }
        lines.extend(self.come.iter().map(|clause| Line::set(clause, 1)));
        lines
    }
}

/// Returns whether the two clauses, which set the same, are the same node of FRR's data model, with another value.
fn is_one_node(old: &Statement, new: &Statement) -> bool {
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let form = |clause: &Statement| match clause.words().as_slice() {
        ["description", ..] => Some("description"),
        ["call", _] => Some("call"),
        ["match", "ip" | "ipv6", "address" | "next-hop" | "route-source", "prefix-list", _] => Some("list"),
        ["match", "ip" | "ipv6", "address", _] => Some("access-list"),
        ["match", "as-path" | "community" | "large-community" | "extcommunity", _] => Some("name"),
        ["match", "metric" | "tag" | "local-preference", number] if is_number(number) => Some("number"),
        ["match" | "set", "origin", _] => Some("origin"),
        ["set", "metric" | "tag" | "weight" | "local-preference", number] if is_number(number) => {
            Some("number")
        }
        ["set", "community" | "large-community", values @ ..] if !values.contains(&"none") => Some("values"),
        _ => None,
    };
    form(old).is_some() && form(old) == form(new)
}

/// Returns what FRR takes behind `no` for a clause: measured on 7.5.1, 8.4.4, 10.3 and 10.7.1 for each clause that is
/// recorded.
fn words_of_no(clause: &Statement) -> &str {
    match clause.words().as_slice() {
        ["description", ..] => "description",
        ["set", "as-path", "prepend", ..] => "set as-path prepend",
        ["set", "table", ..] => "set table",
        _ => clause.reveal(),
    }
}
