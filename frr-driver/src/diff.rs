//! What differs between two configurations, object by object, in one pass over both.

use std::{cmp::Ordering, iter::Peekable};

use crate::{
    config::{Context, Node, Tree, never_settles},
    quirks::FrrVersion,
};

/// What differs under one key.
#[derive(Debug)]
pub(crate) struct Difference<'a> {
    pub(crate) key: &'a str,
    pub(crate) before: Option<&'a Node>,
    pub(crate) after: Option<&'a Node>,
    /// What differs within the block; of a block that is new or gone, everything that settles.
    pub(crate) lines: Vec<Difference<'a>>,
}

/// Returns what differs between two trees, by key; a block differs if anything in it does that settles.
pub(crate) fn differences<'a>(
    desired: &'a Tree,
    running: &'a Tree,
    version: FrrVersion,
) -> Vec<Difference<'a>> {
    pairs(desired, running)
        .filter_map(|(key, before, after)| Difference::new(key, (before, running), (after, desired), version))
        .collect()
}

/// Returns what differs of the lines and blocks that `running` has; what it lacks is not looked at.
pub(crate) fn surplus<'a>(desired: &'a Tree, running: &'a Tree, version: FrrVersion) -> Vec<Difference<'a>> {
    pairs(desired, running)
        .filter(|(_, before, _)| before.is_some())
        .filter_map(|(key, before, after)| Difference::new(key, (before, running), (after, desired), version))
        .collect()
}

/// Pairs what both sides have under each key. Both are sorted: one pass, however large they are.
pub(crate) fn pairs<'a>(
    desired: &'a Tree,
    running: &'a Tree,
) -> impl Iterator<Item = (&'a str, Side<'a>, Side<'a>)> {
    let (mut after, mut before) = (desired.iter().peekable(), running.iter().peekable());
    std::iter::from_fn(move || next(&mut after, &mut before))
}

pub(crate) type Side<'a> = Option<&'a Node>;

/// A side, and where it stands or would stand.
type Placed<'a> = (Side<'a>, &'a Tree);

/// Takes the next key, with what both sides have under it.
fn next<'a>(
    desired: &mut Peekable<impl Iterator<Item = (&'a str, &'a Node)>>,
    running: &mut Peekable<impl Iterator<Item = (&'a str, &'a Node)>>,
) -> Option<(&'a str, Side<'a>, Side<'a>)> {
    let order = match (running.peek(), desired.peek()) {
        (Some((before, _)), Some((after, _))) => before.cmp(after),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => return None,
    };
    let before = if order.is_le() { running.next() } else { None };
    let after = if order.is_ge() { desired.next() } else { None };
    let (key, _) = before.or(after)?;
    Some((key, before.map(|(_, node)| node), after.map(|(_, node)| node)))
}

// === impl Difference ===

impl<'a> Difference<'a> {
    fn new(
        key: &'a str,
        (before, running): Placed<'a>,
        (after, desired): Placed<'a>,
        version: FrrVersion,
    ) -> Option<Self> {
        let lines = match (before, after) {
            (Some(before), Some(after)) => {
                let lines = differences(&after.children, &before.children, version);
                if lines.is_empty() && !differs(before, after) {
                    return None;
                }
                lines
            }
            (Some(gone), None) => Self::all(&gone.children, |node| (Some(node), None), version),
            (None, Some(new)) => Self::all(&new.children, |node| (None, Some(node)), version),
            (None, None) => return None,
        };
        let row = |side: Side<'_>, siblings| never_settles(&side?.statement, siblings, version);
        let settles = match (row(before, running), row(after, desired)) {
            (None, None) => true,
            // What is printed now will not be any more.
            (None, Some(after)) => before.is_some() && !after.is_printed(),
            (Some(_), _) => false,
        };
        // A block of a family that holds only lines that never settle does not settle either.
        let is_hollow = |node: &Node| {
            matches!(node.opens, Some(Context::Family(_))) && !node.children.is_empty() && lines.is_empty()
        };
        let is_any_hollow = before.into_iter().chain(after).any(is_hollow);
        (settles && !is_any_hollow).then_some(Self { key, before, after, lines })
    }

    fn all(tree: &'a Tree, sides: fn(&'a Node) -> (Side<'a>, Side<'a>), version: FrrVersion) -> Vec<Self> {
        let both = tree.iter().map(|(key, node)| (key, sides(node)));
        both.filter_map(|(key, (before, after))| Self::new(key, (before, tree), (after, tree), version))
            .collect()
    }

    /// The line or block as it will be, or as it was if it goes.
    pub(crate) fn node(&self) -> Option<&'a Node> {
        self.after.or(self.before)
    }

    /// Whether the line itself differs, apart from what is in its block.
    pub(crate) fn is_of_the_line(&self) -> bool {
        match (self.before, self.after) {
            (Some(before), Some(after)) => differs(before, after),
            _ => true,
        }
    }
}

/// Whether the line itself differs.
fn differs(before: &Node, after: &Node) -> bool {
    before.statement.reveal() != after.statement.reveal()
}
