//! FRR's configuration as a value: each object once, each statement with its place in its source.
//!
//! [`load`] reads text the way vtysh does (line by line, each line a command in the context that takes it)
//! and holds the result as FRR would: a route-map entry is one object whatever its action, a later
//! `neighbor X remote-as` replaces the earlier one. Two texts that mean the same load to the same [`Config`].

mod canonical;
mod grammar;
mod key;
mod lex;
mod list;
mod load;
mod neighbor;
mod print;

use std::{collections::BTreeMap, fmt, sync::Arc};

pub use grammar::Context;
pub use lex::{Line, lex};
pub use load::{Loader, load};
pub use print::{Rendered, render};

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
        self.text.split(' ').collect()
    }
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

/// Returns `line` with the values of passwords and keys replaced by `<hidden>`.
pub fn redact(line: &str) -> String {
    const SECRET_WORDS: [&str; 7] =
        ["password", "key-string", "md5", "authentication-key", "message-digest-key", "hmac-sha", "secret"];
    let mut hidden = String::with_capacity(line.len());
    for word in line.split_inclusive(char::is_whitespace) {
        hidden.push_str(word);
        if SECRET_WORDS.contains(&word.trim()) && word.len() != line.trim_start().len() {
            hidden.push_str("<hidden>");
            return hidden;
        }
    }
    hidden
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
    /// When it was first said, among its siblings.
    position: u32,
}

/// The lines of one context, by what they set: `neighbor 10.0.0.1 remote-as` is one key, whatever the number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
}

impl Tree {
    /// Iterates over keys and nodes, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(key, node)| (key.as_str(), node))
    }

    /// Returns the node of `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.nodes.get(key)
    }

    /// Iterates over the nodes whose key begins with `prefix`, by key.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Node)> {
        self.nodes
            .range(prefix.to_owned()..)
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, node)| (key.as_str(), node))
    }

    /// Returns whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns the nodes in the order in which they were first said.
    pub fn in_written_order(&self) -> Vec<(&str, &Node)> {
        let mut nodes: Vec<_> = self.iter().collect();
        nodes.sort_by_key(|(_, node)| node.position);
        nodes
    }

    fn set(&mut self, key: String, statement: Statement) -> &mut Node {
        let position = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let node = self.nodes.entry(key).or_insert_with(|| Node {
            statement: statement.clone(),
            opens: None,
            children: Tree::default(),
            position,
        });
        node.statement = statement;
        node
    }

    fn remove(&mut self, key: &str) -> Option<Node> {
        self.nodes.remove(key)
    }

    fn retain(&mut self, mut keep: impl FnMut(&str, &mut Node) -> bool) {
        self.nodes.retain(|key, node| keep(key, node));
    }
}

/// A whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The top level.
    pub top: Tree,
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
