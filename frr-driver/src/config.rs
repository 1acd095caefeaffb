//! FRR's configuration as a value: each object once, each statement with its place in its source.
//!
//! [`load`] reads text the way vtysh does (line by line, each line a command in the context that takes it)
//! and holds the result as FRR would: a route-map entry is one object whatever its action, a later
//! `neighbor X remote-as` replaces the earlier one. Two texts that mean the same load to the same [`Config`].

mod community;
mod defaults;
mod grammar;
mod instance;
mod key;
mod lex;
mod list;
mod load;
mod neighbor;
mod numbered;
mod print;
mod revision;
mod rewrite;
mod spell;
mod static_route;
mod union;
mod unsettled;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
    ops::Bound,
    sync::Arc,
};

pub use crate::secret::redact;
pub use grammar::Context;
#[cfg(test)]
pub(crate) use key::patterns;
pub use lex::{Line, lex};
pub use load::{Conflict, Loader, load};
pub(crate) use numbered::Numbered;
pub use numbered::Renumbered;
pub(crate) use print::render_for_vtysh;
pub use print::{Rendered, render};
pub use revision::Revision;
pub use union::union;
pub use unsettled::{UNSETTLED, Unsettled, never_settles};

/// Where a statement was written: the source's name and the line in it, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The source: `base`, the name of a contribution, `running`, …; never empty.
    pub source: Arc<str>,
    /// The line, from 1; 0 = the whole source.
    pub line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.source) } else { write!(f, "{}:{}", self.source, self.line) }
    }
}

/// One command of the configuration, in canonical words.
///
/// `Display` and `Debug` hide passwords and keys; [`Statement::reveal`] does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    text: String,
    /// Where it was written.
    pub origin: Origin,
}

impl Statement {
    /// Returns the statement `text`, written at `origin`.
    pub fn new(text: impl Into<String>, origin: Origin) -> Self {
        Self { text: text.into(), origin }
    }

    /// The whole text, secrets included: for FRR alone.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The words of the statement.
    pub fn words(&self) -> Vec<&str> {
        words(&self.text)
    }

    /// The words of the statement, without a leading `no`.
    pub fn words_after_no(&self) -> Vec<&str> {
        words(self.text.strip_prefix("no ").unwrap_or(&self.text))
    }
}

fn words(text: &str) -> Vec<&str> {
    /// Hardly a line has more: one allocation does.
    const USUAL: usize = 10;
    let mut words = Vec::with_capacity(USUAL);
    words.extend(text.split(' '));
    words
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.text))
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", redact(&self.text), self.origin)
    }
}

/// An object or line of the configuration, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The line itself; of a block, its header.
    pub statement: Statement,
    /// `Some` = a block that opens this context, even if it is empty.
    pub opens: Option<Context>,
    /// The lines of the block.
    pub children: Tree,
    /// Its numbers, if it is an entry that stands under another one than it was written.
    pub renumbered: Option<Renumbered>,
    /// When it was first said, among its siblings.
    position: u32,
}

/// The lines of one context, by what they set: `neighbor 10.0.0.1 remote-as` is one key, whatever the number.
///
/// A key may be a whole line, passwords included: `Debug` shows the statements alone.
#[derive(Clone, Default)]
pub struct Tree {
    /// Shared with its clones until one of them changes; `None` = none, as most lines have.
    nodes: Option<Arc<BTreeMap<String, Node>>>,
    /// How many nodes were ever made here.
    made: u32,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.nodes().values()).finish()
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.made == other.made && self.nodes() == other.nodes()
    }
}

impl Eq for Tree {}

// === impl Node ===

impl Node {
    fn new(statement: Statement, position: u32) -> Self {
        Self { statement, opens: None, children: Tree::default(), renumbered: None, position }
    }

    /// Returns the block with other lines.
    pub(crate) fn with(&self, lines: Tree) -> Self {
        Self { statement: self.statement.clone(), children: lines, ..*self }
    }

    /// Returns a line that belongs to no text, behind all others.
    pub(crate) fn line(statement: Statement) -> Self {
        Self::new(statement, u32::MAX)
    }
}

// === impl Tree ===

impl Tree {
    fn nodes(&self) -> &BTreeMap<String, Node> {
        static NONE: BTreeMap<String, Node> = BTreeMap::new();
        self.nodes.as_deref().unwrap_or(&NONE)
    }

    fn nodes_mut(&mut self) -> &mut BTreeMap<String, Node> {
        Arc::make_mut(self.nodes.get_or_insert_default())
    }

    /// Iterates over keys and nodes, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes().iter().map(|(key, node)| (key.as_str(), node))
    }

    /// Returns the node of `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.nodes().get(key)
    }

    /// Iterates over the nodes whose key begins with `prefix`, by key.
    pub fn with_prefix<'a>(&'a self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
        self.nodes()
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, node)| (key.as_str(), node))
    }

    /// Returns the number of nodes, without those in blocks.
    pub fn len(&self) -> usize {
        self.nodes().len()
    }

    /// Returns whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.nodes().is_empty()
    }

    /// Returns the nodes in the order in which they were first said.
    pub fn in_written_order(&self) -> Vec<(&str, &Node)> {
        let mut nodes: Vec<_> = self.iter().collect();
        nodes.sort_by_key(|(_, node)| node.position);
        nodes
    }

    /// Returns the node that was made last.
    fn last_written(&self) -> Option<(&str, &Node)> {
        self.iter().max_by_key(|(_, node)| node.position)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.nodes.as_mut().and_then(|nodes| Arc::make_mut(nodes).get_mut(key))
    }

    fn set(&mut self, key: String, statement: Statement) -> &mut Node {
        let made = self.made.saturating_add(1);
        match Arc::make_mut(self.nodes.get_or_insert_default()).entry(key) {
            Entry::Occupied(entry) => {
                let node = entry.into_mut();
                node.statement = statement;
                node
            }
            Entry::Vacant(entry) => {
                self.made = made;
                entry.insert(Node::new(statement, made))
            }
        }
    }

    /// Sets a line that is its own key.
    fn set_line(&mut self, line: String, origin: &Origin) -> &mut Node {
        self.set(line.clone(), Statement::new(line, origin.clone()))
    }

    /// Returns the block `key`, made with the header `statement` if it is not there.
    fn block(&mut self, key: &str, opens: Context, statement: impl FnOnce() -> Statement) -> &mut Node {
        let made = self.made.saturating_add(1);
        let entry = Arc::make_mut(self.nodes.get_or_insert_default()).entry(key.to_owned());
        let node = entry.or_insert_with(|| Node::new(statement(), made));
        self.made = self.made.max(node.position);
        node.opens = Some(opens);
        node
    }

    fn remove(&mut self, key: &str) -> Option<Node> {
        self.nodes.as_mut().and_then(|nodes| Arc::make_mut(nodes).remove(key))
    }

    fn retain(&mut self, mut keep: impl FnMut(&str, &mut Node) -> bool) {
        self.nodes_mut().retain(|key, node| keep(key, node));
    }

    /// Puts a line or block here, at the place that it had elsewhere.
    pub(crate) fn put_back(&mut self, key: String, node: Node) {
        self.made = self.made.max(node.position);
        self.nodes_mut().insert(key, node);
    }

    fn values_mut(&mut self) -> impl Iterator<Item = (&str, &mut Node)> {
        self.nodes_mut().iter_mut().map(|(key, node)| (key.as_str(), node))
    }
}

/// A line that FRR would throw away, with everything in its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The line.
    pub statement: Statement,
    /// Why FRR does not take it.
    pub reason: String,
}

/// A whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The top level.
    pub top: Tree,
    /// What was written, and FRR would not hold.
    pub lost: Vec<Lost>,
}

impl Config {
    /// Iterates over the BGP instances: the VRF's name (`default` for the default one) and the block.
    pub fn bgp_instances(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.top
            .with_prefix("router bgp vrf ")
            .filter_map(|(key, node)| key.strip_prefix("router bgp vrf ").map(|vrf| (vrf, node)))
    }
}

#[cfg(test)]
mod tests;
