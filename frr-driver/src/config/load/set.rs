//! Lines that set something.

use super::{Loader, Open, header};
use crate::{
    config::{
        Lost, Node, Origin, Statement, defaults,
        grammar::{self, Context},
        instance,
        key::key,
        list::list_line,
        neighbor, rewrite,
        spell::spell,
        static_route,
    },
    session::AddressFamily,
};

impl Loader {
    /// Executes `words` in the context that takes it.
    pub(super) fn set(&mut self, words: &[&str], origin: &Origin, indent: usize) {
        let opened = match (self.open.last(), words) {
            (Some(open), ["key", _]) if open.key.starts_with("key chain ") => Some(Context::Opaque),
            _ => grammar::opens(self.context(), words),
        };
        if let Some(opened) = opened {
            return self.open_block(opened, words, origin, indent);
        }
        match self.context() {
            Context::Opaque => self.set_opaque(words, origin, indent),
            Context::Top => self.set_top(words, origin),
            Context::Bgp if grammar::is_family_line(words) => {
                self.in_ipv4_unicast(origin, |loader| loader.set_leaf(words, origin));
            }
            Context::BfdItem => self.set_bfd(words, origin),
            Context::Bgp
            | Context::Family(_)
            | Context::RouteMap
            | Context::Interface
            | Context::Vrf
            | Context::Bfd => self.set_leaf(words, origin),
        }
    }

    fn open_block(&mut self, opened: Context, words: &[&str], origin: &Origin, indent: usize) {
        let (key, mut text) = header::header(opened, words, self.dialect.version);
        if opened == Context::Bgp
            && let Some(there) = self.config.top.get(&key)
        {
            let (asn, other) = (header::asn_of(&there.statement), header::asn_in(&text));
            if other.is_empty() {
                there.statement.reveal().clone_into(&mut text);
            } else if asn != other {
                let reason = format!(
                    "the instance runs as AS {asn} ({}): FRR throws this block away",
                    there.statement.origin
                );
                return self.lose(Statement::new(text, origin.clone()), reason);
            }
        }
        let statement = if self.is_protected(&key, &text, origin) {
            self.tree().get(&key).map(|node| node.statement.clone())
        } else {
            None
        };
        let statement = statement.unwrap_or_else(|| Statement::new(text, origin.clone()));
        self.enter(opened, key, statement, indent);
    }

    /// FRR has one AS number per instance: another header is refused, and the lines of its block with it.
    fn lose(&mut self, statement: Statement, reason: String) {
        self.config.lost.push(Lost { statement: statement.clone(), reason });
        let node = Node { opens: Some(Context::Bgp), ..Node::new(statement, 0) };
        self.open.push(Open { context: Context::Bgp, key: String::new(), node, header_indent: 0, indent: 0 });
    }

    fn set_top(&mut self, words: &[&str], origin: &Origin) {
        let version = self.dialect.version;
        if let Some(list) = list_line(words, version) {
            if let Some(seq) = list.seq
                && self.is_protected(&list.key(seq), &list.statement(seq, version), origin)
            {
                return;
            }
            return self.lists.set(&mut self.config.top, &list, origin, version);
        }
        if let Some(lines) = rewrite::expand(words, version) {
            for line in lines {
                self.config.top.set_line(line, origin);
            }
            return;
        }
        if let Some((vrf, words)) = header::vrf_of(words) {
            let line = format!("vrf {vrf}");
            self.enter(Context::Vrf, line.clone(), Statement::new(line, origin.clone()), 0);
            self.set_leaf(&words, origin);
            return self.close();
        }
        self.set_leaf(words, origin);
    }

    fn set_bfd(&mut self, words: &[&str], origin: &Origin) {
        let version = self.dialect.version;
        let is_profile = self.open.last().is_some_and(|open| open.key.starts_with("profile"));
        match words {
            ["echo-interval", interval] if version.splits_echo_interval() => {
                self.set_leaf(&["echo", "transmit-interval", interval], origin);
                self.set_leaf(&["echo", "receive-interval", interval], origin);
            }
            // 7.5.1 prints `no shutdown`, and not `shutdown`, of a profile.
            ["shutdown"] if version.prints_bfd_no_shutdown() && is_profile => {
                self.tree().remove("shutdown");
            }
            _ => self.set_leaf(words, origin),
        }
    }

    /// Does `work` in the family that lines of `router bgp` outside a family belong to.
    pub(super) fn in_ipv4_unicast(&mut self, origin: &Origin, work: impl FnOnce(&mut Self)) {
        let key = header::family_key(AddressFamily::Ipv4Unicast);
        let there = self.tree().get(&key).map(|node| node.statement.clone());
        let statement = there.unwrap_or_else(|| Statement::new(key.clone(), origin.clone()));
        self.enter(Context::Family(AddressFamily::Ipv4Unicast), key, statement, 0);
        work(self);
        self.close();
    }

    fn set_leaf(&mut self, words: &[&str], origin: &Origin) {
        let (context, version) = (self.context(), self.dialect.version);
        let spelled = spell(context, words, version).unwrap_or_default();
        let views: Vec<&str> = spelled.iter().map(String::as_str).collect();
        let words = if views.is_empty() { words } else { &views };
        match rewrite::rewrite(context, words, version) {
            Some(line) => self.set_spelled(context, &line.split(' ').collect::<Vec<_>>(), origin),
            None => self.set_spelled(context, words, origin),
        }
    }

    /// Sets a line that is spelled as FRR prints it.
    fn set_spelled(&mut self, context: Context, words: &[&str], origin: &Origin) {
        let version = self.dialect.version;
        if matches!(context, Context::Family(_))
            && let Some(keys) = neighbor::send_community_keys(words)
        {
            for key in keys {
                let line = key.clone();
                self.clear_default(&key, &line, origin);
            }
            return;
        }
        let key = key(context, words, version).text;
        let is_switch = context == Context::Bgp && instance::is_switch(words, version);
        if !is_switch && defaults::is_silent(context, words, version) {
            return self.clear_default(&key, &words.join(" "), origin);
        }
        if let (Context::Family(_), ["neighbor", _, "addpath-tx-bestpath-per-AS"]) = (context, words)
            && let Some(instance) = self.instance()
        {
            instance.set_line("bgp deterministic-med".to_owned(), origin);
        }
        self.set_beside(context, words, origin);
        if context == Context::Bgp
            && let Some((key, text)) = neighbor::interface_peer(self.tree(), words)
        {
            return self.put(key, Statement::new(text, origin.clone()));
        }
        let before = self.tree().get(&key).map(|node| node.statement.reveal());
        let text = match (context, words) {
            (Context::Family(_), ["redistribute", ..]) => rewrite::redistribute(words, before),
            (Context::Family(_), ["maximum-paths", "ibgp", _]) if version.keeps_equal_cluster_length() => {
                rewrite::maximum_paths(words, before)
            }
            (Context::Bgp, ["bgp", "bestpath", "med", ..]) => rewrite::bestpath_med(words, before),
            _ => words.join(" "),
        };
        if version.spreads_static_tag() && matches!(context, Context::Top | Context::Vrf) {
            static_route::spread_tag(self.tree(), words, origin);
        }
        self.put(key, Statement::new(text, origin.clone()));
    }

    /// What FRR sets beside the line `words`.
    fn set_beside(&mut self, context: Context, words: &[&str], origin: &Origin) {
        let version = self.dialect.version;
        let tree = self.tree();
        for line in neighbor::implied(tree, context, words, version) {
            let key = key(context, &line.split(' ').collect::<Vec<_>>(), version).text;
            tree.set(key, Statement::new(line, origin.clone()));
        }
        if context == Context::Bgp {
            neighbor::replace_bfd(tree, words, version);
            neighbor::create(tree, words, origin, version);
        }
    }

    /// The line states a default: whatever was set under the key is gone.
    fn clear_default(&mut self, key: &str, line: &str, origin: &Origin) {
        if !self.is_protected(key, line, origin) {
            self.tree().remove(key);
        }
    }

    /// A line of a block that we do not know: deeper lines belong to the line before.
    fn set_opaque(&mut self, words: &[&str], origin: &Origin, indent: usize) {
        if self.open.last().is_some_and(|open| indent > open.indent) {
            let last = self.tree().last_written().map(|(key, node)| (key.to_owned(), node.statement.clone()));
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
}
