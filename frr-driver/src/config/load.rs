//! Executes configuration text as FRR would, and holds the result.

use std::sync::Arc;

use super::{
    Config, Line, Lost, Node, Origin, Statement, Tree, defaults,
    grammar::{self, Context},
    instance::{self, Dialect},
    key::key,
    lex,
    list::{ListLine, Lists, list_line},
    neighbor, rewrite,
    spell::spell,
    static_route,
};
use crate::{quirks::FrrVersion, session::AddressFamily};

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
}

/// A block that is open: what it holds is not in its parent until it is closed.
#[derive(Debug)]
struct Open {
    context: Context,
    key: String,
    node: Node,
    /// How far its header was indented.
    header_indent: usize,
    /// How far the last line of an opaque block was indented.
    indent: usize,
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
        }
    }

    /// Executes `text` from the top level, after what was loaded before.
    pub fn load(&mut self, source: &str, text: &str) {
        self.close_all();
        for line in lex(&Arc::from(source), text) {
            self.line(line);
        }
        self.close_all();
    }

    /// What was loaded so far, before FRR leaves out what equals its defaults.
    pub(crate) fn so_far(&self) -> &Config {
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
            let asn = asn_of(&node.statement).to_owned();
            if self.dialect.version.import_makes_instance() {
                imported
                    .extend(imported_vrfs(&node.children).map(|(vrf, origin)| (asn.clone(), vrf, origin)));
            }
            neighbor::settle(&mut node.children, &asn);
            instance::settle(&mut node.children, self.dialect);
        }
        for (asn, vrf, origin) in imported {
            self.config.top.block(&format!("router bgp vrf {vrf}"), Context::Bgp, || {
                Statement::new(format!("router bgp {asn} vrf {vrf}"), origin)
            });
        }
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
    pub fn line(&mut self, line: Line) {
        let Line { text, indent, origin } = line;
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            ["end"] => return self.close_all(),
            ["exit" | "quit"] => return self.close(),
            ["exit-address-family"] => return self.close_if(|context| matches!(context, Context::Family(_))),
            ["exit-vrf"] => return self.close_if(|context| context == Context::Vrf),
            [word] if word.starts_with("exit-") => return self.close(),
            ["frr", "defaults", profile] => return self.set_profile(profile, &origin),
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
                self.climb(rest, indent);
                self.remove(rest, &origin);
            }
            positive => {
                self.climb(positive, indent);
                self.set(positive, &origin, indent);
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

    // === blocks ===

    fn enter(&mut self, context: Context, key: String, statement: Statement, indent: usize) {
        let tree = self.tree();
        let is_new = tree.get(&key).is_none();
        let block = tree.block(&key, context, || statement.clone());
        block.statement = statement;
        let node = match tree.remove(&key) {
            Some(node) => node,
            None => return,
        };
        self.open.push(Open { context, key, node, header_indent: indent, indent: indent + 1 });
        if is_new && context == Context::Bgp {
            let dialect = self.dialect;
            if let Some(open) = self.open.last_mut() {
                let origin = open.node.statement.origin.clone();
                instance::create(&mut open.node.children, dialect, &origin);
            }
        }
    }

    fn close(&mut self) {
        if let Some(Open { key, node, .. }) = self.open.pop() {
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
            (Context::Opaque, ["key", ..]) => open.key.starts_with("key chain "),
            // `mpls ldp` and others have interfaces of their own; only the indentation tells.
            (Context::Opaque, ["interface", ..]) if indent > open.header_indent => true,
            (context, _) => grammar::takes(context, words),
        }
    }

    // === lines that set something ===

    fn set(&mut self, words: &[&str], origin: &Origin, indent: usize) {
        let opened = match (self.open.last(), words) {
            (Some(open), ["key", _]) if open.key.starts_with("key chain ") => Some(Context::Opaque),
            _ => grammar::opens(self.context(), words),
        };
        if let Some(opened) = opened {
            return self.open_block(opened, words, origin, indent);
        }
        match self.context() {
            Context::Opaque => return self.set_opaque(words, origin, indent),
            Context::Top => return self.set_top(words, origin),
            Context::Bgp if grammar::is_family_line(words) => {
                return self.in_ipv4_unicast(origin, |loader| loader.set_leaf(words, origin));
            }
            Context::BfdItem => {
                if let ["echo-interval", interval] = words
                    && self.dialect.version.splits_echo_interval()
                {
                    self.set_leaf(&["echo", "transmit-interval", interval], origin);
                    return self.set_leaf(&["echo", "receive-interval", interval], origin);
                }
                if words == ["shutdown"] && self.shutdown_is_silent() {
                    self.tree().remove("shutdown");
                    return;
                }
            }
            _ => {}
        }
        self.set_leaf(words, origin);
    }

    fn open_block(&mut self, opened: Context, words: &[&str], origin: &Origin, indent: usize) {
        let (key, mut text) = self.header(opened, words);
        if opened == Context::Bgp
            && let Some(there) = self.config.top.get(&key)
        {
            let (asn, other) = (asn_of(&there.statement), asn_in(&text));
            if other.is_empty() {
                there.statement.reveal().clone_into(&mut text);
            } else if asn != other {
                return self.lose(asn.to_owned(), &there.statement.origin.clone(), text, origin);
            }
        }
        self.enter(opened, key, Statement::new(text, origin.clone()), indent);
    }

    /// FRR has one AS number per instance: another header is refused, and the lines of its block with it.
    fn lose(&mut self, asn: String, there: &Origin, text: String, origin: &Origin) {
        let reason = format!("the instance runs as AS {asn} ({there}): FRR throws this block away");
        let statement = Statement::new(text, origin.clone());
        self.config.lost.push(Lost { statement: statement.clone(), reason });
        let node = Node { statement, opens: Some(Context::Bgp), children: Tree::default(), position: 0 };
        self.open.push(Open { context: Context::Bgp, key: String::new(), node, header_indent: 0, indent: 0 });
    }

    fn set_top(&mut self, words: &[&str], origin: &Origin) {
        let version = self.dialect.version;
        if let Some(list) = list_line(words, version) {
            return self.lists.set(&mut self.config.top, &list, origin, version);
        }
        if let Some(lines) = rewrite::expand(words, version) {
            for line in lines {
                self.config.top.set_line(line, origin);
            }
            return;
        }
        if let Some((vrf, words)) = vrf_of(words) {
            let header = format!("vrf {vrf}");
            self.enter(Context::Vrf, header.clone(), Statement::new(header, origin.clone()), 0);
            self.set_leaf(&words, origin);
            return self.close();
        }
        self.set_leaf(words, origin);
    }

    /// Does `work` in the family that lines of `router bgp` outside a family belong to.
    fn in_ipv4_unicast(&mut self, origin: &Origin, work: impl FnOnce(&mut Self)) {
        let key = family_key(AddressFamily::Ipv4Unicast);
        let statement = match self.tree().get(&key) {
            Some(node) => node.statement.clone(),
            None => Statement::new(key.clone(), origin.clone()),
        };
        self.enter(Context::Family(AddressFamily::Ipv4Unicast), key, statement, 0);
        work(self);
        self.close();
    }

    fn set_leaf(&mut self, words: &[&str], origin: &Origin) {
        let (context, version) = (self.context(), self.dialect.version);
        let spelled = spell(context, words, version);
        let views: Vec<&str>;
        let words = match &spelled {
            Some(spelled) => {
                views = spelled.iter().map(String::as_str).collect();
                &views
            }
            None => words,
        };
        match rewrite::rewrite(context, words, version) {
            Some(line) => self.set_spelled(context, &line.split(' ').collect::<Vec<_>>(), origin),
            None => self.set_spelled(context, words, origin),
        }
    }

    /// Sets a line that is spelled as FRR prints it.
    fn set_spelled(&mut self, context: Context, words: &[&str], origin: &Origin) {
        let version = self.dialect.version;
        let is_switch = context == Context::Bgp && instance::is_switch(words, version);
        if !is_switch && defaults::is_silent(context, words, version) {
            let key = key(context, words, version).text;
            self.tree().remove(&key);
            return;
        }
        if matches!(context, Context::Family(_))
            && let Some(keys) = neighbor::send_community_keys(words)
        {
            keys.iter().for_each(|key| drop(self.tree().remove(key)));
            return;
        }
        if let (Context::Family(_), ["neighbor", _, "addpath-tx-bestpath-per-AS"]) = (context, words)
            && let Some(instance) = self.instance()
        {
            instance.set_line("bgp deterministic-med".to_owned(), origin);
        }
        let tree = self.tree();
        for line in neighbor::implied(context, words, version) {
            let key = key(context, &line.split(' ').collect::<Vec<_>>(), version).text;
            tree.set(key, Statement::new(line, origin.clone()));
        }
        if context == Context::Bgp {
            neighbor::replace_bfd(tree, words, version);
            neighbor::create(tree, words, origin);
            if neighbor::set_interface_peer(tree, words, origin) {
                return;
            }
        }
        let key = key(context, words, version).text;
        let text = match (context, words) {
            (Context::Family(_), ["redistribute", ..]) => {
                rewrite::redistribute(words, tree.get(&key).map(|node| node.statement.reveal()))
            }
            _ => words.join(" "),
        };
        if version.spreads_static_tag() && matches!(context, Context::Top | Context::Vrf) {
            static_route::spread_tag(tree, words, origin);
        }
        tree.set(key, Statement::new(text, origin.clone()));
    }

    /// A line of a block that we do not know: deeper lines belong to the line before.
    fn set_opaque(&mut self, words: &[&str], origin: &Origin, indent: usize) {
        if self.open.last().is_some_and(|open| indent > open.indent) {
            let last = self
                .tree()
                .in_written_order()
                .last()
                .map(|(key, node)| ((*key).to_owned(), node.statement.clone()));
            if let Some((key, statement)) = last {
                self.enter(Context::Opaque, key, statement, indent.saturating_sub(1));
            }
        }
        if let Some(open) = self.open.last_mut() {
            open.indent = indent;
        }
        if !defaults::is_silent(Context::Opaque, words, self.dialect.version) {
            self.tree().set_line(words.join(" "), origin);
        }
    }

    fn set_profile(&mut self, profile: &str, origin: &Origin) {
        self.close_all();
        let before = self.dialect;
        self.dialect.datacenter = profile == "datacenter";
        let line = "frr defaults";
        if self.dialect.datacenter {
            self.config.top.set(line.to_owned(), Statement::new("frr defaults datacenter", origin.clone()));
        } else {
            self.config.top.remove(line);
        }
        if before.datacenter != self.dialect.datacenter {
            for (key, node) in self.config.top.values_mut() {
                if key.starts_with("router bgp vrf ") {
                    instance::profile_changes(&mut node.children, before, origin);
                }
            }
        }
    }

    /// 7.5.1 prints `no shutdown`, and not `shutdown`, of a profile.
    fn shutdown_is_silent(&self) -> bool {
        self.dialect.version.prints_bfd_no_shutdown()
            && self.open.last().is_some_and(|open| open.key.starts_with("profile"))
    }

    /// Returns the key and the canonical text of a block's header.
    fn header(&self, opened: Context, words: &[&str]) -> (String, String) {
        match (opened, words) {
            (Context::Bgp, ["router", "bgp", rest @ ..]) => {
                let (vrf, rest) = match rest {
                    [rest @ .., "vrf" | "view", name] => (*name, rest),
                    _ => ("default", rest),
                };
                let zeroless = rest.first().and_then(|asn| rewrite::without_zeros(asn));
                let mut text = match zeroless {
                    Some(asn) => {
                        rewrite::join(&format!("router bgp {asn}"), rest.get(1..).unwrap_or_default())
                    }
                    None => rewrite::join("router bgp", rest),
                };
                if vrf != "default" {
                    let keyword = if words.contains(&"view") { " view " } else { " vrf " };
                    text.extend([keyword, vrf]);
                }
                (format!("router bgp vrf {vrf}"), text)
            }
            (Context::RouteMap, ["route-map", name, action, seq]) => match seq.parse::<u32>() {
                Ok(seq) => {
                    (format!("route-map {name} {seq:010}"), format!("route-map {name} {action} {seq}"))
                }
                Err(_) => (format!("route-map {name} {seq}"), words.join(" ")),
            },
            (Context::Family(family), _) => (family_key(family), family_key(family)),
            (Context::Interface, ["interface", name, ..]) => {
                (format!("interface {name}"), format!("interface {name}"))
            }
            (Context::BfdItem, _) => {
                let version = self.dialect.version;
                let text =
                    spell(opened, words, version).map_or_else(|| words.join(" "), |words| words.join(" "));
                let words: Vec<&str> = text.split(' ').collect();
                let text = rewrite::rewrite(opened, &words, version).unwrap_or(text);
                (text.clone(), text)
            }
            _ => (words.join(" "), words.join(" ")),
        }
    }

    // === lines that remove something ===

    fn remove(&mut self, words: &[&str], origin: &Origin) {
        let (context, version) = (self.context(), self.dialect.version);
        let spelled = spell(context, words, version).unwrap_or_default();
        let views: Vec<&str> = spelled.iter().map(String::as_str).collect();
        let words = if views.is_empty() { words } else { &views };
        match (context, words) {
            (Context::Top, ["route-map", name]) => {
                let prefix = format!("route-map {name} ");
                return self.config.top.retain(|key, _| !key.starts_with(&prefix));
            }
            (Context::Bgp, ["neighbor", group, "peer-group"]) => {
                let members = neighbor::members(self.tree(), group);
                for peer in members.iter().map(String::as_str).chain([*group]) {
                    remove_with_prefix(self.tree(), &format!("neighbor {peer} "));
                }
                return;
            }
            (
                Context::Bgp,
                ["neighbor", peer] | ["neighbor", peer, "interface" | "remote-as" | "peer-group", ..],
            ) => {
                return remove_with_prefix(self.tree(), &format!("neighbor {peer} "));
            }
            (Context::Bgp, ["neighbor", peer, "bfd"]) => {
                let prefix = format!("neighbor {peer} bfd");
                self.tree().retain(|key, _| !key.starts_with(&prefix));
                return;
            }
            (Context::Top, _) => {
                if let Some(list) = list_line(words, version) {
                    return self.remove_from_list(&list);
                }
                if let Some((vrf, words)) = vrf_of(words) {
                    let header = format!("vrf {vrf}");
                    self.enter(Context::Vrf, header.clone(), Statement::new(header, origin.clone()), 0);
                    self.remove_leaf(&words, origin);
                    return self.close();
                }
            }
            _ => {}
        }
        if let Some(opened) = grammar::opens(context, words) {
            let (key, _) = self.header(opened, words);
            self.tree().remove(&key);
            return;
        }
        if context == Context::Bgp && grammar::is_family_line(words) {
            return self.in_ipv4_unicast(origin, |loader| loader.remove_leaf(words, origin));
        }
        self.remove_leaf(words, origin);
    }

    fn remove_leaf(&mut self, words: &[&str], origin: &Origin) {
        let (context, version) = (self.context(), self.dialect.version);
        let no = |words: &[&str]| Statement::new(rewrite::join("no", words), origin.clone());
        if matches!(context, Context::Family(_))
            && let Some(keys) = neighbor::send_community_keys(words)
        {
            for key in keys {
                let text = format!("no {key}");
                self.tree().set(key, Statement::new(text, origin.clone()));
            }
            return;
        }
        let rewritten = rewrite::rewrite(context, words, version);
        let views: Vec<&str> = rewritten.iter().flat_map(|line| line.split(' ')).collect();
        let words = if views.is_empty() { words } else { &views };
        let key = key(context, words, version);
        let is_on = defaults::is_on(context, words, version)
            || (context == Context::Bgp && instance::is_switch(words, version))
            || (words == ["shutdown"] && context == Context::BfdItem && version.prints_bfd_no_shutdown());
        let restores_bfd = !version.prints_bfd_beside_profile();
        let tree = self.tree();
        let before = tree.remove(&key.text);
        if let (true, Some(_), ["neighbor", peer, "bfd", "profile", ..]) = (restores_bfd, &before, words) {
            tree.set_line(format!("neighbor {peer} bfd"), origin);
        }
        let is_unknown = !key.known && before.is_none() && context != Context::RouteMap;
        if is_on || is_unknown {
            tree.set(key.text, no(words));
        }
    }

    fn remove_from_list(&mut self, list: &ListLine) {
        let version = self.dialect.version;
        self.lists.forget(&list.list);
        let top = &mut self.config.top;
        if let Some(seq) = list.seq {
            top.remove(&list.key(seq));
            return;
        }
        let prefix = format!("{} ", list.list);
        top.retain(|key, node| {
            let Some(seq) = key.strip_prefix(&prefix).and_then(|seq| seq.parse::<u32>().ok()) else {
                return true;
            };
            !list.entry.is_empty() && node.statement.reveal() != list.statement(seq, version)
        });
    }
}

// === words of lines ===

pub(super) fn family_key(family: AddressFamily) -> String {
    format!("address-family {}", family.config_words())
}

fn asn_of(header: &Statement) -> &str {
    asn_in(header.reveal())
}

fn asn_in(header: &str) -> &str {
    header.split(' ').nth(2).filter(|word| *word != "vrf" && *word != "view").unwrap_or_default()
}

/// The VRF in whose block FRR prints a line that names it at its end.
fn vrf_of<'a>(words: &[&'a str]) -> Option<(&'a str, Vec<&'a str>)> {
    match words {
        ["ip" | "ipv6", "router-id", _, "vrf", vrf] => Some((vrf, words.get(..3)?.to_vec())),
        _ => static_route::vrf(words),
    }
}

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

fn remove_with_prefix(tree: &mut Tree, prefix: &str) {
    tree.retain(|key, node| {
        remove_with_prefix(&mut node.children, prefix);
        !key.starts_with(prefix)
    });
}
