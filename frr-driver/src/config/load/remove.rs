//! Lines that begin with `no`.

use super::{Loader, header};
use crate::config::{
    Origin, Statement, Tree, defaults,
    grammar::{self, Context},
    instance,
    key::key,
    list::{ListLine, list_line},
    neighbor, rewrite,
    spell::spell,
};

impl Loader {
    /// Executes `no` + `words` in the context that takes it.
    pub(super) fn remove(&mut self, words: &[&str], origin: &Origin) {
        let (context, version) = (self.context(), self.dialect.version);
        let spelled = spell(context, words, version).unwrap_or_default();
        let views: Vec<&str> = spelled.iter().map(String::as_str).collect();
        let words = if views.is_empty() { words } else { &views };
        match (context, words) {
            (Context::Top, ["route-map", name]) => {
                return self.remove_with_prefix(&format!("route-map {name} "), words, origin);
            }
            (Context::Bgp, ["neighbor", group, "peer-group"]) => {
                for peer in neighbor::members(self.tree(), group).iter().map(String::as_str).chain([*group]) {
                    self.remove_with_prefix(&format!("neighbor {peer} "), words, origin);
                }
                return;
            }
            (
                Context::Bgp,
                ["neighbor", peer] | ["neighbor", peer, "interface" | "remote-as" | "peer-group", ..],
            ) => {
                return self.remove_with_prefix(&format!("neighbor {peer} "), words, origin);
            }
            (Context::Bgp, ["neighbor", peer, "bfd"]) => {
                return self.remove_with_prefix(&format!("neighbor {peer} bfd"), words, origin);
            }
            (Context::Top, _) => {
                if let Some(list) = list_line(words, version) {
                    return self.remove_from_list(&list, words, origin);
                }
                if let Some((vrf, words)) = header::vrf_of(words) {
                    let line = format!("vrf {vrf}");
                    self.enter(Context::Vrf, line.clone(), Statement::new(line, origin.clone()), 0);
                    self.remove_leaf(&words, origin);
                    return self.close();
                }
            }
            _ => {}
        }
        if let Some(opened) = grammar::opens(context, words) {
            let (key, _) = header::header(opened, words, version);
            return self.remove_with_prefix(&key, words, origin);
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
                let line = Statement::new(format!("no {key}"), origin.clone());
                self.put(key, line);
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
        if self.is_protected(&key.text, &format!("no {}", words.join(" ")), origin) {
            return;
        }
        let tree = self.tree();
        if matches!(context, Context::Family(_)) {
            match words {
                ["neighbor", peer, "route-server-client"] => {
                    neighbor::change_again(tree, peer, &["next-hop"], origin);
                }
                ["neighbor", peer, "attribute-unchanged", which @ ..] => {
                    return neighbor::change_again(tree, peer, which, origin);
                }
                _ => {}
            }
        }
        let before = tree.remove(&key.text);
        if let (Some(_), ["neighbor", peer, "bfd", "profile", ..]) = (&before, words)
            && !version.prints_bfd_beside_profile()
        {
            tree.set_line(format!("neighbor {peer} bfd"), origin);
        }
        let is_unknown = !key.known && before.is_none() && context != Context::RouteMap;
        if is_on || is_unknown {
            tree.set(key.text, no(words));
        }
    }

    fn remove_from_list(&mut self, list: &ListLine<'_>, words: &[&str], origin: &Origin) {
        let version = self.dialect.version;
        self.lists.forget(&list.list);
        let prefix = match list.seq {
            Some(seq) => list.key(seq),
            None => format!("{} ", list.list),
        };
        let is_meant = |key: &str, text: &str| {
            let seq = key.strip_prefix(&prefix).and_then(|seq| seq.parse::<u32>().ok());
            list.seq.is_some()
                || seq.is_some_and(|seq| list.entry.is_empty() || text == list.statement(seq, version))
        };
        self.remove_those(&prefix, words, origin, is_meant);
    }

    fn remove_with_prefix(&mut self, prefix: &str, words: &[&str], origin: &Origin) {
        self.remove_those(prefix, words, origin, |_, _| true);
        for (_, block) in self.tree().values_mut() {
            remove_below(&mut block.children, prefix);
        }
    }

    /// Removes the nodes whose key begins with `prefix` and that `is_meant` by key and text, but for those that an
    /// earlier contribution said.
    fn remove_those(
        &mut self,
        prefix: &str,
        words: &[&str],
        origin: &Origin,
        is_meant: impl Fn(&str, &str) -> bool,
    ) {
        let keys: Vec<String> = self
            .tree()
            .with_prefix(prefix)
            .filter(|(key, node)| is_meant(key, node.statement.reveal()))
            .map(|(key, _)| key.to_owned())
            .collect();
        for key in keys {
            if !self.is_protected(&key, &format!("no {}", words.join(" ")), origin) {
                self.tree().remove(&key);
            }
        }
    }
}

/// Lines of a neighbor go from its families too.
fn remove_below(tree: &mut Tree, prefix: &str) {
    tree.retain(|key, node| {
        remove_below(&mut node.children, prefix);
        !key.starts_with(prefix)
    });
}
