//! What the base uses, and a contribution may not touch.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    extras::EXTRAS_INDEX,
    line::Line,
    peer::Peer,
    prefix_list::{self, Entry, Family, List},
};
use crate::config::{Config, Node};

/// The names that the base uses.
pub(super) struct Taken<'a> {
    base: &'a Config,
    /// The prefix-lists that it refers to, entries of the extras apart.
    lists: BTreeSet<&'a str>,
    /// Each inbound route-map with the neighbors that use it, and their VRF.
    maps: BTreeMap<&'a str, Vec<(&'a str, &'a str)>>,
    /// The peer-groups.
    groups: BTreeSet<&'a str>,
}

impl<'a> Taken<'a> {
    pub(super) fn new(base: &'a Config) -> Self {
        let mut taken = Self { base, lists: BTreeSet::new(), maps: BTreeMap::new(), groups: BTreeSet::new() };
        let extras_key = format!("-in {EXTRAS_INDEX:010}");
        for (key, node) in base.top.iter() {
            // MetalLB appends the extras to the base by itself.
            if !(key.starts_with("route-map ") && key.ends_with(&extras_key)) {
                taken.collect_lists(node);
            }
        }
        for (vrf, instance) in base.bgp_instances() {
            taken.collect_neighbors(vrf, instance);
        }
        taken
    }

    fn collect_lists(&mut self, node: &'a Node) {
        let words = node.statement.words();
        let is_definition = matches!(words.as_slice(), ["ip" | "ipv6", "prefix-list", ..]);
        for pair in words.windows(2).filter(|_| !is_definition) {
            if let ["prefix-list", name] = pair {
                self.lists.insert(name);
            }
        }
        for (_, child) in node.children.iter() {
            self.collect_lists(child);
        }
    }

    fn collect_neighbors(&mut self, vrf: &'a str, node: &'a Node) {
        for (_, child) in node.children.iter() {
            match child.statement.words().as_slice() {
                ["neighbor", neighbor, "route-map", map, "in"] => {
                    self.maps.entry(map).or_default().push((neighbor, vrf));
                }
                ["neighbor", group, "peer-group"] => {
                    self.groups.insert(group);
                }
                _ => {}
            }
            self.collect_neighbors(vrf, child);
        }
    }

    /// Returns whether the base matches or filters by a list of this name, of either family.
    pub(super) fn refers_to_list(&self, name: &str) -> bool {
        self.lists.contains(name)
    }

    /// Returns whether the base defines a list of this name, of either family, otherwise than `own` does.
    pub(super) fn defines_otherwise(&self, name: &str, own: &[(Family, &List<'_>)]) -> bool {
        [Family::Ipv4, Family::Ipv6].into_iter().any(|family| {
            let Some(entries) = self.entries(family, name) else { return false };
            let own = own.iter().find(|(own_family, _)| *own_family == family);
            !own.is_some_and(|(_, list)| list.says_the_same(&entries))
        })
    }

    /// The entries of a list of the base by number; `None` if it has no such list.
    fn entries(&self, family: Family, name: &str) -> Option<BTreeMap<u32, Entry>> {
        let head = format!("{} prefix-list {name} ", family.word());
        let nodes: Vec<_> = self.base.top.with_prefix(&head).map(|(_, node)| node).collect();
        let read = |node: &&Node| match prefix_list::entry(&Line::new(0, node.statement.reveal()), family, 3)
        {
            Ok((Some(seq), entry)) => Some((seq, entry)),
            Ok((None, _)) | Err(_) => None,
        };
        (!nodes.is_empty()).then(|| nodes.iter().filter_map(read).collect())
    }

    /// Why the inbound map `name` is not for an entry of `peer`; `None` = it is, or the base does not have it.
    pub(super) fn map_of_another(&self, name: &str, peer: &Peer<'_>) -> Option<String> {
        let users = self.maps.get(name)?;
        if let Some((group, _)) = users.iter().find(|(user, _)| self.groups.contains(user)) {
            return Some(format!("route-map {name} belongs to the base: peer-group {group} uses it"));
        }
        let is_own = users.iter().any(|(neighbor, vrf)| peer.is(neighbor, vrf));
        let (other, _) = users.first().filter(|_| !is_own)?;
        Some(format!("route-map {name} belongs to the base: peer {other} uses it"))
    }

    /// Returns whether the base uses the inbound map `name`.
    pub(super) fn has_map(&self, name: &str) -> bool {
        self.maps.contains_key(name)
    }
}
