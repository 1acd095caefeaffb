//! Entries with a number, of lists and of route-maps: read by number and content, and put under another number.

use std::{fmt, sync::Arc};

use super::{Context, Node, Statement, Tree, list};

/// The numbers of an entry that stands under another one than it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renumbered {
    /// The number under which it stands.
    pub here: u32,
    /// The number under which it was written.
    pub written: u32,
}

/// An entry of a list or of a route-map.
#[derive(Clone, Copy)]
pub(crate) struct Numbered<'a> {
    /// What the keys of all entries of that list or map begin with: `ip prefix-list NAME`, `route-map NAME`.
    pub(crate) object: &'a str,
    /// Its number.
    pub(crate) number: u32,
    /// Its key in the tree.
    key: &'a str,
    /// The words of its line before and after the number.
    pub(crate) words: (&'a str, &'a str),
    /// Its node.
    pub(crate) node: &'a Node,
}

// === impl Renumbered ===

impl fmt::Display for Renumbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seq {} here, written as seq {}", self.here, self.written)
    }
}

// === impl Numbered ===

impl<'a> Numbered<'a> {
    /// Reads the top-level node `key` as an entry; `None` if it is none, or has a number that FRR does not print.
    pub(crate) fn of(key: &'a str, node: &'a Node) -> Option<Self> {
        let (object, digits) = key.rsplit_once(' ')?;
        let number = if digits.len() == 10 { digits.parse().ok()? } else { return None };
        let text = node.statement.reveal();
        let words = match node.opens {
            Some(Context::RouteMap) => (text.rsplit_once(' ')?.0, ""),
            None if list::is_list(object) => around_number(text, digits.trim_start_matches('0'))?,
            _ => return None,
        };
        Some(Self { object, number, key, words, node })
    }

    /// Returns whether it is of a route-map.
    pub(crate) fn is_of_map(&self) -> bool {
        self.node.opens == Some(Context::RouteMap)
    }

    /// Returns `permit` or `deny`.
    pub(crate) fn action(&self) -> &'a str {
        match self.words {
            (before, "") => before.rsplit(' ').next().unwrap_or_default(),
            (_, after) => after.split(' ').next().unwrap_or_default(),
        }
    }

    /// Returns whether the other one is the same, word for word; if not, it may still say the same.
    pub(crate) fn has_text_of(&self, other: &Self) -> bool {
        let clauses = |entry: &Self| entry.node.children.nodes().values();
        let text = |node: &'a Node| node.statement.reveal();
        self.words == other.words && clauses(self).map(text).eq(clauses(other).map(text))
    }

    /// The key and the node of the same entry under `number`.
    fn under(&self, number: u32) -> (String, Node) {
        let text = match self.words {
            (before, "") => format!("{before} {number}"),
            (before, after) => format!("{before} seq {number} {after}"),
        };
        let written = self.node.renumbered.map_or(self.number, |before| before.written);
        let node = Node {
            statement: Statement::new(text, self.node.statement.origin.clone()),
            opens: self.node.opens,
            children: self.node.children.clone(),
            renumbered: (written != number).then_some(Renumbered { here: number, written }),
            position: self.node.position,
        };
        (format!("{} {number:010}", self.object), node)
    }
}

/// The words of a list's line before and after its number.
fn around_number<'a>(text: &'a str, digits: &str) -> Option<(&'a str, &'a str)> {
    let (before, rest) = text.split_once(" seq ")?;
    match rest.split_once(' ')? {
        (found, after) if found == digits => Some((before, after)),
        // The list may be named so.
        _ => text.split_once(&format!(" seq {digits} ")),
    }
}

// === impl Tree ===

impl Tree {
    /// Returns the same nodes with `moves` under other numbers; they come in the order of the tree.
    pub(crate) fn renumbered(&self, moves: &[(Numbered<'_>, u32)]) -> Self {
        if moves.is_empty() {
            return self.clone();
        }
        let mut moves = moves.iter().peekable();
        let nodes = self.nodes().iter().map(|(key, node)| {
            let other = moves.next_if(|(entry, _)| entry.key == key);
            other.map_or_else(|| (key.clone(), node.clone()), |(entry, number)| entry.under(*number))
        });
        Self { nodes: Some(Arc::new(nodes.collect())), made: self.made }
    }
}
