//! Lines that bring one policy from running to desired.

use crate::config::{Node, Origin, Rendered, Statement};

/// A line for FRR.
#[derive(Clone)]
pub(super) struct Line {
    depth: usize,
    text: String,
    origin: Origin,
}

/// A change of one policy that nobody sees halfway.
#[derive(Default)]
pub(super) struct Edit {
    /// What goes, before anything comes: FRR ignores content that a list holds under another number.
    pub(super) removals: Vec<Line>,
    /// What comes.
    pub(super) sets: Vec<Line>,
    /// What follows in a commit of its own, and judges no route otherwise.
    pub(super) later: Vec<Line>,
}

/// A change of one policy, each line of which is seen at once.
pub(super) struct Sight {
    /// The lines, in order.
    pub(super) lines: Vec<Line>,
    /// Whether some route is judged otherwise afterwards; no route is judged otherwise twice.
    pub(super) judges: bool,
}

// === impl Line ===

impl Line {
    /// Returns the line `statement`, in a block or not.
    pub(super) fn set(statement: &Statement, depth: usize) -> Self {
        Self { depth, text: statement.reveal().to_owned(), origin: statement.origin.clone() }
    }

    /// Returns the line that takes `statement` back with `words` behind `no`.
    pub(super) fn no(words: &str, statement: &Statement, depth: usize) -> Self {
        Self { depth, text: format!("no {words}"), origin: statement.origin.clone() }
    }

    /// Returns the line of the top level `text`, for what `statement` says.
    pub(super) fn top(text: String, statement: &Statement) -> Self {
        Self { depth: 0, text, origin: statement.origin.clone() }
    }

    /// Returns the lines of a block, which the next line of the top level closes.
    pub(super) fn block(node: &Node) -> impl Iterator<Item = Self> {
        let lines = node.children.iter().map(|(_, line)| Self::set(&line.statement, 1));
        std::iter::once(Self::set(&node.statement, 0)).chain(lines)
    }

    pub(super) fn write(self, rendered: &mut Rendered) {
        rendered.push(self.depth, &self.text, Some(self.origin));
    }
}
