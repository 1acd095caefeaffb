//! Executes configuration text as FRR would, and holds the result.

use super::{
    Config, Line, Node, Origin, Statement, Tree,
    canonical::{self, Dialect, Form},
    grammar::{self, Context},
    key::key,
    lex,
    list::list_line,
    neighbor,
};
use crate::{quirks::FrrVersion, session::AddressFamily};
use std::sync::Arc;

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
    /// The open blocks, outermost first: context and key within the parent.
    open: Vec<(Context, String)>,
    /// How far the last line of an opaque block was indented, and the depth of the block.
    opaque_indent: Vec<usize>,
}

impl Loader {
    /// Returns a loader with nothing loaded.
    pub fn new(version: FrrVersion) -> Self {
        let dialect = Dialect { version, datacenter: false };
        Self { dialect, config: Config::default(), open: Vec::new(), opaque_indent: Vec::new() }
    }

    /// Executes `text` from the top level, after what was loaded before.
    pub fn load(&mut self, source: &str, text: &str) {
        self.close_all();
        for line in lex(&Arc::from(source), text) {
            self.line(&line);
        }
        self.close_all();
    }

    /// Returns what FRR would hold.
    pub fn finish(mut self) -> Config {
        for (key, node) in &mut self.config.top.nodes {
            if key.starts_with("router bgp vrf ") {
                neighbor::settle(&mut node.children);
            }
        }
        self.config.top.retain(|_, node| {
            let vanishes = matches!(node.opens, Some(Context::Interface | Context::Vrf))
                || node.statement.reveal() == "line vty";
            !(vanishes && node.children.is_empty())
        });
        self.config
    }

    /// Executes one line.
    pub fn line(&mut self, line: &Line) {
        let words: Vec<&str> = line.text.split(' ').collect();
        match words.as_slice() {
            ["end"] => return self.close_all(),
            ["exit" | "quit"] => return self.close(),
            ["exit-address-family"] => return self.close_if(|context| matches!(context, Context::Family(_))),
            ["exit-vrf"] => return self.close_if(|context| context == Context::Vrf),
            [word] if word.starts_with("exit-") => return self.close(),
            _ => {}
        }
        if canonical::belongs_to_host(&words) && !matches!(words.as_slice(), ["line", "vty"]) {
            self.close_all();
            return;
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
        self.open.last().map_or(Context::Top, |(context, _)| *context)
    }

    fn close_all(&mut self) {
        self.open.clear();
        self.opaque_indent.clear();
    }

    fn close(&mut self) {
        if let Some((Context::Opaque, _)) = self.open.pop() {
            self.opaque_indent.pop();
        }
    }

    fn close_if(&mut self, which: impl Fn(Context) -> bool) {
        if which(self.context()) {
            self.close();
        }
    }

    /// Closes blocks until one takes the line, as vtysh does.
    fn climb(&mut self, words: &[&str], indent: usize) {
        while !self.open.is_empty() && !self.takes(words) {
            self.close();
        }
        // Inside a block that we do not know, only the indentation tells where a line belongs.
        while self.open.len() > 1
            && self.context() == Context::Opaque
            && self.opaque_indent.last().is_some_and(|inner| indent < *inner)
            && self.open.get(self.open.len() - 2).is_some_and(|(outer, _)| *outer == Context::Opaque)
        {
            self.close();
        }
    }

    fn takes(&self, words: &[&str]) -> bool {
        let context = self.context();
        if context == Context::BfdItem && words.first() == Some(&"profile") {
            return self.open.last().is_some_and(|(_, key)| key.starts_with("peer"));
        }
        grammar::takes(context, words)
    }

    fn tree(&mut self) -> &mut Tree {
        descend(&mut self.config.top, &self.open)
    }

    fn set(&mut self, words: &[&str], origin: &Origin, indent: usize) {
        if let Some(opened) = grammar::opens(self.context(), words) {
            let (key, text) = header(opened, words);
            let tree = self.tree();
            let node = tree.set(key.clone(), Statement::new(text, origin.clone()));
            node.opens = Some(opened);
            self.open.push((opened, key));
            if opened == Context::Opaque {
                self.opaque_indent.push(indent + 1);
            }
            return;
        }
        if self.context() == Context::Opaque {
            return self.set_opaque(words, origin, indent);
        }
        if self.context() == Context::Top
            && let Some(list) = list_line(words)
        {
            let tree = &mut self.config.top;
            if let Some(seq) = list.number(tree) {
                tree.set(list.key(seq), Statement::new(list.statement(seq), origin.clone()));
            }
            return;
        }
        if let (Context::BfdItem, ["echo-interval", interval]) = (self.context(), words)
            && self.dialect.version.splits_echo_interval()
        {
            self.set_leaf(&["echo", "transmit-interval", interval], origin);
            return self.set_leaf(&["echo", "receive-interval", interval], origin);
        }
        match words {
            ["debug", "bgp", "updates"] => {
                self.set_leaf(&["debug", "bgp", "updates", "in"], origin);
                return self.set_leaf(&["debug", "bgp", "updates", "out"], origin);
            }
            ["frr", "defaults", "datacenter"] => self.dialect.datacenter = true,
            _ => {}
        }
        if self.context() == Context::Bgp && grammar::is_family_line(words) {
            let family =
                (Context::Family(AddressFamily::Ipv4Unicast), family_key(AddressFamily::Ipv4Unicast));
            let node = self
                .tree()
                .set(family.1.clone(), Statement::new("address-family ipv4 unicast", origin.clone()));
            node.opens = Some(family.0);
            self.open.push(family);
            self.set_leaf(words, origin);
            self.open.pop();
            return;
        }
        self.set_leaf(words, origin);
    }

    fn set_leaf(&mut self, words: &[&str], origin: &Origin) {
        let (context, dialect) = (self.context(), self.dialect);
        let tree = self.tree();
        match canonical::positive(context, words, dialect) {
            Form::Default => {
                let spelled = canonical::spell(context, words);
                let key = key(context, &views(&spelled));
                tree.remove(&key.text);
            }
            Form::Set(canonical) => {
                for line in neighbor::implied(context, &views(&canonical), dialect.version) {
                    let words: Vec<&str> = line.split(' ').collect();
                    tree.set(key(context, &words).text, Statement::new(line.clone(), origin.clone()));
                }
                if context == Context::Bgp {
                    neighbor::replace_bfd(tree, &views(&canonical), dialect.version);
                    neighbor::create(tree, &views(&canonical), origin);
                    if neighbor::set_interface_peer(tree, &views(&canonical), origin) {
                        return;
                    }
                }
                let key = key(context, &views(&canonical));
                tree.set(key.text, Statement::new(canonical.join(" "), origin.clone()));
            }
        }
    }

    /// A line of a block that we do not know: deeper lines belong to the line before.
    fn set_opaque(&mut self, words: &[&str], origin: &Origin, indent: usize) {
        if self.opaque_indent.last().is_some_and(|inner| indent > *inner) {
            let last = self.tree().in_written_order().last().map(|(key, _)| (*key).to_owned());
            if let Some(last) = last {
                if let Some(node) = self.tree().nodes.get_mut(&last) {
                    node.opens = Some(Context::Opaque);
                }
                self.open.push((Context::Opaque, last));
                self.opaque_indent.push(indent);
            }
        }
        if let Some(inner) = self.opaque_indent.last_mut() {
            *inner = indent;
        }
        let text = words.join(" ");
        self.tree().set(text.clone(), Statement::new(text, origin.clone()));
    }

    fn remove(&mut self, words: &[&str], origin: &Origin) {
        let context = self.context();
        let spelled = canonical::spell(context, words);
        let words = &*views(&spelled);
        match (context, words) {
            (Context::Top, ["route-map", name]) => {
                let prefix = format!("route-map {name} ");
                return self.config.top.retain(|key, _| !key.starts_with(&prefix));
            }
            (Context::Bgp, ["neighbor", peer] | ["neighbor", peer, "peer-group"]) => {
                let prefix = format!("neighbor {peer} ");
                return remove_with_prefix(self.tree(), &prefix);
            }
            (Context::Top, _) => {
                if let Some(list) = list_line(words) {
                    return self.remove_from_list(&list);
                }
            }
            _ => {}
        }
        if let Some(opened) = grammar::opens(context, words) {
            let (key, _) = header(opened, words);
            self.tree().remove(&key);
            return;
        }
        if context == Context::Bgp && grammar::is_family_line(words) {
            let family = AddressFamily::Ipv4Unicast;
            if self.tree().get(&family_key(family)).is_some() {
                self.open.push((Context::Family(family), family_key(family)));
                self.remove_leaf(words, origin);
                self.open.pop();
            }
            return;
        }
        self.remove_leaf(words, origin);
    }

    fn remove_leaf(&mut self, words: &[&str], origin: &Origin) {
        let (context, dialect) = (self.context(), self.dialect);
        let key = key(context, words);
        let tree = self.tree();
        let was_there = tree.remove(&key.text).is_some();
        if let Form::Set(form) = canonical::negative(context, words, key.known || was_there, dialect) {
            tree.set(key.text, Statement::new(form.join(" "), origin.clone()));
        }
    }

    fn remove_from_list(&mut self, list: &super::list::ListLine) {
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
            !list.entry.is_empty() && node.statement.reveal() != list.statement(seq)
        });
    }
}

// === the tree ===

pub(super) fn descend<'a>(top: &'a mut Tree, open: &[(Context, String)]) -> &'a mut Tree {
    let mut tree = top;
    for (context, key) in open {
        let position = u32::try_from(tree.nodes.len()).unwrap_or(u32::MAX);
        // The block may have been removed by a `no` line within it; FRR makes it anew then, and so do we.
        let node = tree.nodes.entry(key.clone()).or_insert_with(|| Node {
            statement: Statement::new(key.clone(), Origin { source: Arc::from("base"), line: 0 }),
            opens: Some(*context),
            children: Tree::default(),
            position,
        });
        tree = &mut node.children;
    }
    tree
}

fn views(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

pub(super) fn family_key(family: AddressFamily) -> String {
    format!("address-family {}", family.config_words())
}

/// Returns the key and the canonical text of a block's header.
fn header(opened: Context, words: &[&str]) -> (String, String) {
    match (opened, words) {
        (Context::Bgp, ["router", "bgp", rest @ ..]) => {
            let (vrf, rest) = match rest {
                [rest @ .., "vrf" | "view", name] => (*name, rest),
                _ => ("default", rest),
            };
            let mut text = canonical::join("router bgp", rest);
            if vrf != "default" {
                text.push_str(" vrf ");
                text.push_str(vrf);
            }
            (format!("router bgp vrf {vrf}"), text)
        }
        (Context::RouteMap, ["route-map", name, action, seq]) => {
            let number =
                seq.parse::<u32>().map_or_else(|_| (*seq).to_owned(), |number| format!("{number:010}"));
            let seq = seq.parse::<u32>().map_or_else(|_| (*seq).to_owned(), |number| number.to_string());
            (format!("route-map {name} {number}"), format!("route-map {name} {action} {seq}"))
        }
        (Context::Family(family), _) => (family_key(family), family_key(family)),
        (Context::Interface, ["interface", name, ..]) => {
            (format!("interface {name}"), format!("interface {name}"))
        }
        (Context::BfdItem, ["peer", rest @ .., "vrf", "default"]) => {
            let text = canonical::join("peer", rest);
            (text.clone(), text)
        }
        (Context::BfdItem, _) => {
            let text = canonical::spell(opened, words).join(" ");
            (text.clone(), text)
        }
        _ => (words.join(" "), words.join(" ")),
    }
}

fn remove_with_prefix(tree: &mut Tree, prefix: &str) {
    tree.retain(|key, node| {
        remove_with_prefix(&mut node.children, prefix);
        !key.starts_with(prefix)
    });
}
