//! What differs between two configurations, object by object, in one pass over both.

use crate::{
    config::{Context, Node, Tree, never_settles},
    quirks::FrrVersion,
};

/// What differs under one key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Difference<'a> {
    pub(crate) key: &'a str,
    pub(crate) before: Option<&'a Node>,
    pub(crate) after: Option<&'a Node>,
}

/// Returns what differs between two trees, by key; a block differs if anything in it does.
pub(crate) fn differences<'a>(
    desired: &'a Tree,
    running: &'a Tree,
    version: FrrVersion,
) -> Vec<Difference<'a>> {
    let mut differences = Vec::new();
    let mut note = |key, before: Option<&'a Node>, after: Option<&'a Node>| {
        let settles = |node: &&Node| settles(node, version);
        if before.iter().chain(&after).all(settles) {
            differences.push(Difference { key, before, after });
        }
    };
    // Both are sorted: one pass, however large they are.
    let (mut desired, mut running) = (desired.iter().peekable(), running.iter().peekable());
    loop {
        match (running.peek(), desired.peek()) {
            (Some((before_key, before)), Some((after_key, after))) if before_key == after_key => {
                if differs(before, after, version) {
                    note(after_key, Some(before), Some(after));
                }
                running.next();
                desired.next();
            }
            (Some((key, before)), other) if other.is_none_or(|(other, _)| key < other) => {
                note(key, Some(before), None);
                running.next();
            }
            (_, Some((key, after))) => {
                note(key, None, Some(after));
                desired.next();
            }
            (_, None) => return differences,
        }
    }
}

/// Two nodes of one key differ if their lines do, or anything in them that settles.
fn differs(before: &Node, after: &Node, version: FrrVersion) -> bool {
    !says_the_same(before, after)
        && (before.statement.reveal() != after.statement.reveal()
            || !differences(&after.children, &before.children, version).is_empty())
}

/// A block of a family that holds only lines that never settle does not settle either.
fn settles(node: &Node, version: FrrVersion) -> bool {
    let is_hollow = matches!(node.opens, Some(Context::Family(_)))
        && !node.children.is_empty()
        && node.children.iter().all(|(_, line)| !settles(line, version));
    !is_hollow && never_settles(&node.statement, version).is_none()
}

fn says_the_same(a: &Node, b: &Node) -> bool {
    a.statement.reveal() == b.statement.reveal()
        && a.children.len() == b.children.len()
        && a.children
            .iter()
            .zip(b.children.iter())
            .all(|((a_key, a), (b_key, b))| a_key == b_key && says_the_same(a, b))
}

/// What differs within a block; of a block that is new or gone, everything.
pub(crate) fn children<'a>(difference: &Difference<'a>, version: FrrVersion) -> Vec<Difference<'a>> {
    match (difference.before, difference.after) {
        (Some(before), Some(after)) => differences(&after.children, &before.children, version),
        (Some(gone), None) => gone
            .children
            .iter()
            .map(|(key, node)| Difference { key, before: Some(node), after: None })
            .collect(),
        (None, Some(new)) => new
            .children
            .iter()
            .map(|(key, node)| Difference { key, before: None, after: Some(node) })
            .collect(),
        (None, None) => Vec::new(),
    }
}
