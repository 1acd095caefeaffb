//! Executes configuration text as FRR would, and holds the result.

mod header;
mod remove;
mod set;

use std::{fmt, sync::Arc};

use super::{
    Config, Line, Lost, Node, Origin, Statement, Tree, defaults,
    grammar::{self, Context},
    instance::{self, Dialect},
    lex,
    list::Lists,
    neighbor,
};
use crate::{quirks::FrrVersion, session::AddressFamily};

pub(super) use header::family_key;

/// Loads one text.
pub fn load(source: &str, text: &str, version: FrrVersion) -> Config {
    let mut loader = Loader::new(version);
    loader.load(source, text);
    loader.finish()
}

/// Executes texts one after the other, as FRR would, and keeps each object once.
#[derive(Debug)]
pub struct Loader {
    dialect: Dialect,
    config: Config,
    lists: Lists,
    /// The open blocks, outermost first, taken out of their parents.
    open: Vec<Open>,
    /// Sources whose lines a later source does not change.
    protected: Vec<Arc<str>>,
    conflicts: Vec<Conflict>,
}

/// A line that would have changed what a protected source said, and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The line that is ignored.
    pub ignored: Statement,
    /// What stays.
    pub first: Statement,
}

/// A block that is open: what it holds is not in its parent until it is closed.
struct Open {
    context: Context,
    key: String,
    node: Node,
    /// How far its header was indented.
    header_indent: usize,
    /// How far the last line of an opaque block was indented.
    indent: usize,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

// === impl Loader ===

impl Loader {
    /// Returns a loader with nothing loaded.
    pub fn new(version: FrrVersion) -> Self {
        Self {
            dialect: Dialect::new(version),
            config: Config::default(),
            lists: Lists::default(),
            open: Vec::new(),
            protected: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    /// Executes `text` from the top level, after what was loaded before.
    pub fn load(&mut self, source: &str, text: &str) {
        self.close_all();
        for line in lex(&Arc::from(source), text) {
            self.line(&line);
        }
        self.close_all();
    }

    /// From now on, what `source` said stays: a line of another source that says otherwise is a conflict.
    pub fn protect(&mut self, source: &str) {
        self.protected.push(Arc::from(source));
    }

    /// Returns the conflicts since the last call.
    pub fn take_conflicts(&mut self) -> Vec<Conflict> {
        std::mem::take(&mut self.conflicts)
    }

    /// What was loaded so far, before FRR leaves out what equals its defaults.
    pub fn so_far(&self) -> &Config {
        &self.config
    }

    /// Returns what FRR would hold.
    pub fn finish(mut self) -> Config {
        self.close_all();
        let keeps_vrf = self.dialect.version.prints_empty_vrf();
        let mut imported = Vec::new();
        for (key, node) in self.config.top.values_mut() {
            if !key.starts_with("router bgp vrf ") {
                continue;
            }
            let asn = header::asn_of(&node.statement).to_owned();
            if self.dialect.version.import_makes_instance() {
                imported
                    .extend(imported_vrfs(&node.children).map(|(vrf, origin)| (asn.clone(), vrf, origin)));
            }
            neighbor::settle(&mut node.children, &asn, self.dialect.version);
            instance::settle(&mut node.children, self.dialect);
        }
        for (asn, vrf, origin) in imported {
            self.config.top.block(&format!("router bgp vrf {vrf}"), Context::Bgp, || {
                Statement::new(format!("router bgp {asn} vrf {vrf}"), origin)
            });
        }
        let resolves_via_default = !self.dialect.datacenter;
        defaults::settle(&mut self.config.top, Context::Top, resolves_via_default, self.dialect.version);
        for (_, node) in self.config.top.values_mut().filter(|(_, node)| node.opens == Some(Context::Vrf)) {
            defaults::settle(&mut node.children, Context::Vrf, resolves_via_default, self.dialect.version);
        }
        let lost = self.config.top.values_mut().filter_map(|(_, node)| exit_policy_of_deny(node));
        self.config.lost.extend(lost);
        self.config.top.retain(|_, node| {
            let vanishes = match node.opens {
                Some(Context::Interface) => true,
                Some(Context::Vrf) => !keeps_vrf,
                _ => node.statement.reveal() == "line vty",
            };
            !(vanishes && node.children.is_empty())
        });
        self.config
    }

    /// Executes one line.
    pub fn line(&mut self, line: &Line) {
        let words: Vec<&str> = line.text.split(' ').collect();
        match words.as_slice() {
            // FRR has no `no frr …`.
            ["end"] | ["no", "frr", ..] => return self.close_all(),
            ["exit" | "quit"] => return self.close(),
            ["exit-address-family"] => return self.close_if(|context| matches!(context, Context::Family(_))),
            ["exit-vrf"] => return self.close_if(|context| context == Context::Vrf),
            [word] if word.starts_with("exit-") => return self.close(),
            ["frr", "defaults", profile] => return self.set_profile(profile, &line.origin),
            ["frr", "version", version] => {
                self.close_all();
                let asked: FrrVersion = version.parse().unwrap_or(self.dialect.version);
                self.dialect.written_for = asked.min(self.dialect.version);
                return;
            }
            _ => {}
        }
        if defaults::belongs_to_host(&words) {
            return self.close_all();
        }
        match words.as_slice() {
            ["no", rest @ ..] if !rest.is_empty() => {
                self.climb(rest, line.indent);
                self.remove(rest, &line.origin);
            }
            positive => {
                self.climb(positive, line.indent);
                self.set(positive, &line.origin, line.indent);
            }
        }
    }

    fn context(&self) -> Context {
        self.open.last().map_or(Context::Top, |open| open.context)
    }

    fn tree(&mut self) -> &mut Tree {
        match self.open.last_mut() {
            Some(open) => &mut open.node.children,
            None => &mut self.config.top,
        }
    }

    /// The instance that the open block is, or belongs to.
    fn instance(&mut self) -> Option<&mut Tree> {
        let open = self.open.iter_mut().find(|open| open.context == Context::Bgp)?;
        Some(&mut open.node.children)
    }

    /// Sets `key` in the open block, unless a protected source has.
    fn put(&mut self, key: String, statement: Statement) {
        if !self.is_protected(&key, statement.reveal(), &statement.origin) {
            self.tree().set(key, statement);
        }
    }

    /// Whether a protected source says otherwise than `line` about `key`; if so, that is noted.
    fn is_protected(&mut self, key: &str, line: &str, origin: &Origin) -> bool {
        if self.protected.is_empty() {
            return false;
        }
        let Some(first) = self.tree().get(key).map(|node| node.statement.clone()) else { return false };
        let is_others = first.origin.source != origin.source && self.protected.contains(&first.origin.source);
        // What came with the header of an instance is a default, and nobody said it.
        let is_default = self
            .open
            .last()
            .is_some_and(|open| open.context == Context::Bgp && open.node.statement.origin == first.origin);
        if !is_others || is_default || first.reveal() == line || adds_up(first.reveal(), line) {
            return false;
        }
        self.conflicts.push(Conflict { ignored: Statement::new(line, origin.clone()), first });
        true
    }

    fn enter(&mut self, context: Context, key: String, statement: Statement, indent: usize) {
        let tree = self.tree();
        let is_new = tree.get(&key).is_none();
        let block = tree.block(&key, context, || statement.clone());
        block.statement = statement;
        let Some(mut node) = tree.remove(&key) else { return };
        if is_new && context == Context::Bgp {
            let origin = node.statement.origin.clone();
            instance::create(&mut node.children, self.dialect, &origin);
        }
        self.open.push(Open { context, key, node, header_indent: indent, indent: indent + 1 });
    }

    fn close(&mut self) {
        if let Some(Open { key, mut node, .. }) = self.open.pop()
            && !key.is_empty()
        {
            // Nothing stayed of the deeper lines that made a block of this one.
            if node.children.is_empty() && self.context() == Context::Opaque && !key.starts_with("key ") {
                node.opens = None;
            }
            self.tree().put_back(key, node);
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn close_if(&mut self, which: impl Fn(Context) -> bool) {
        if which(self.context()) {
            self.close();
        }
    }

    /// Closes blocks until one takes the line, as vtysh does.
    fn climb(&mut self, words: &[&str], indent: usize) {
        while !self.open.is_empty() && !self.takes(words, indent) {
            self.close();
        }
        // Inside a block that we do not know, only the indentation tells where a line belongs.
        while let [.., outer, inner] = self.open.as_slice()
            && outer.context == Context::Opaque
            && inner.context == Context::Opaque
            && indent < inner.indent
        {
            self.close();
        }
    }

    fn takes(&self, words: &[&str], indent: usize) -> bool {
        let Some(open) = self.open.last() else { return true };
        match (open.context, words) {
            (Context::BfdItem, ["profile", ..]) => open.key.starts_with("peer"),
            (Context::Family(AddressFamily::Ipv6Unicast), ["redistribute", "table", ..]) => {
                self.dialect.version.redistributes_ipv6_tables()
            }
            (Context::Opaque, ["key", ..]) => open.key.starts_with("key chain "),
            (Context::Opaque, ["address-family", ..]) => !open.key.starts_with("address-family "),
            // `mpls ldp` and others have interfaces of their own; only the indentation tells.
            (Context::Opaque, ["interface", ..]) if indent > open.header_indent => true,
            (context, _) => grammar::takes(context, words),
        }
    }

    fn set_profile(&mut self, profile: &str, origin: &Origin) {
        self.close_all();
        let before = self.dialect;
        self.dialect.datacenter = profile == "datacenter";
        let key = "frr defaults".to_owned();
        if self.dialect.datacenter {
            self.config.top.set(key, Statement::new("frr defaults datacenter", origin.clone()));
        } else {
            self.config.top.remove(&key);
        }
        if before.datacenter != self.dialect.datacenter {
            for (key, node) in self.config.top.values_mut() {
                if key.starts_with("router bgp vrf ") {
                    instance::profile_changes(&mut node.children, before, origin);
                }
            }
        }
    }
}

/// Takes `on-match` from an entry that denies: FRR holds it where the action was changed afterwards, does not use it,
/// and refuses the whole entry when both come in one file (`yang/frr-route-map.yang`).
fn exit_policy_of_deny(node: &mut Node) -> Option<Lost> {
    let is_deny = node.opens == Some(Context::RouteMap) && node.statement.words().get(2) == Some(&"deny");
    let policy = if is_deny { node.children.remove("on-match")? } else { return None };
    Some(Lost { statement: policy.statement, reason: "an entry that denies has no exit policy".to_owned() })
}

/// `redistribute` keeps what was said before beside what is said now.
fn adds_up(before: &str, now: &str) -> bool {
    before.starts_with("redistribute ")
        && before.split(' ').all(|word| now.split(' ').any(|other| other == word))
}

/// The VRFs that an instance imports from: up to 9, FRR makes an instance for each.
fn imported_vrfs(instance: &Tree) -> impl Iterator<Item = (String, Origin)> {
    instance.with_prefix("address-family ").flat_map(|(_, family)| {
        family.children.with_prefix("import vrf ").filter_map(|(_, node)| {
            match node.statement.words().as_slice() {
                ["import", "vrf", vrf] => Some(((*vrf).to_owned(), node.statement.origin.clone())),
                _ => None,
            }
        })
    })
}
