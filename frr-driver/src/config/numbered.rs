//! Entries with a number, of lists and of route-maps: read by number and content, and put under another number.

use std::fmt;

use super::{Context, Node, Tree, list};

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
            None if list::is_list(object) => text.split_once(&format!(" seq {number} "))?,
            _ => return None,
        };
        Some(Self { object, number, words, node })
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

    /// The key and the node of the same entry under `number`.
    fn under(&self, number: u32) -> (String, Node) {
        let text = match self.words {
            (before, "") => format!("{before} {number}"),
            (before, after) => format!("{before} seq {number} {after}"),
        };
        let mut node = self.node.clone();
        let written = node.renumbered.map_or(self.number, |before| before.written);
        node.renumbered = (written != number).then_some(Renumbered { here: number, written });
        node.statement.text = text;
        (format!("{} {number:010}", self.object), node)
    }
}

// === impl Tree ===

impl Tree {
    /// Puts entries under other numbers, all at once; what they leave and what they take may overlap.
    pub(crate) fn renumber(&mut self, moves: &[(Numbered<'_>, u32)]) {
        for (entry, _) in moves {
            self.remove(&format!("{} {:010}", entry.object, entry.number));
        }
        for (entry, number) in moves {
            let (key, node) = entry.under(*number);
            self.put_back(key, node);
        }
    }
}
