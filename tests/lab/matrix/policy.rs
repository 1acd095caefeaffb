//! The policies of one neighbor: what they say, and what they let through.

use std::{collections::BTreeMap, fmt::Write as _};

use super::peer::{PREFIXES, Peer, SERVICES};

/// What the node says of a neighbor, in names without the neighbor's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    lists: BTreeMap<&'static str, List>,
    maps: BTreeMap<&'static str, Vec<Entry>>,
    /// `neighbor X prefix-list NAME in`
    pub(crate) list_in: Option<&'static str>,
    /// `neighbor X route-map NAME in`
    pub(crate) map_in: Option<&'static str>,
    /// `neighbor X route-map NAME out`
    pub(crate) map_out: Option<&'static str>,
}

/// The prefixes of a prefix-list, by the number of the entry; all are permitted.
type List = BTreeMap<u32, Prefix>;

/// A prefix as a policy names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// One that the peer announces.
    Learned(u8),
    /// One that the node announces.
    Service(u8),
}

/// An entry of a route-map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    sequence: u32,
    permits: bool,
    matches: Option<&'static str>,
    local_preference: Option<u32>,
}

/// What a route-map says of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Permit { local_preference: Option<u32> },
    Deny,
}

// === impl Policy ===

impl Policy {
    /// Sets the prefix-list `name`, numbered 5, 10, ….
    pub(crate) fn list(mut self, name: &'static str, prefixes: &[Prefix]) -> Self {
        self.lists.insert(name, (1..).map(|number| 5 * number).zip(prefixes.iter().copied()).collect());
        self
    }

    /// Sets the route-map `name`.
    pub(crate) fn map(mut self, name: &'static str, entries: &[Entry]) -> Self {
        self.maps.insert(name, entries.to_vec());
        self
    }

    /// Has the neighbor use the prefix-list `name` for what it announces.
    pub(crate) fn uses_list_in(self, name: &'static str) -> Self {
        Self { list_in: Some(name), ..self }
    }

    /// Has the neighbor use the route-map `name` for what it announces.
    pub(crate) fn uses_map_in(self, name: &'static str) -> Self {
        Self { map_in: Some(name), ..self }
    }

    /// Has the neighbor use the route-map `name` for what is announced to it.
    pub(crate) fn uses_map_out(self, name: &'static str) -> Self {
        Self { map_out: Some(name), ..self }
    }

    /// What is let in of what the peer announces, with the local-preference that it gets.
    pub(crate) fn learned(&self) -> impl Iterator<Item = (u8, Option<u32>)> {
        (0..PREFIXES).filter_map(|index| {
            let prefix = Prefix::Learned(index);
            let is_listed = self.list_in.is_none_or(|name| self.has(name, prefix));
            match self.judge(self.map_in, prefix) {
                Verdict::Permit { local_preference } if is_listed => Some((index, local_preference)),
                Verdict::Permit { .. } | Verdict::Deny => None,
            }
        })
    }

    /// What is announced to the peer.
    pub(crate) fn announced(&self) -> impl Iterator<Item = u8> {
        (0..SERVICES).filter(|&index| self.judge(self.map_out, Prefix::Service(index)) != Verdict::Deny)
    }

    fn has(&self, list: &str, prefix: Prefix) -> bool {
        self.lists.get(list).is_some_and(|list| list.values().any(|listed| *listed == prefix))
    }

    /// What a route-map says of `prefix`.
    ///
    /// No map permits everything; a map that does not exist denies everything, and so does the end of one.
    fn judge(&self, map: Option<&'static str>, prefix: Prefix) -> Verdict {
        let Some(name) = map else { return Verdict::Permit { local_preference: None } };
        let mut entries = self.maps.get(name).into_iter().flatten();
        match entries.find(|entry| entry.matches.is_none_or(|list| self.has(list, prefix))) {
            Some(entry) if entry.permits => Verdict::Permit { local_preference: entry.local_preference },
            Some(_) | None => Verdict::Deny,
        }
    }

    /// The lists and maps, as a base has them.
    pub(crate) fn render_objects(&self, peer: Peer) -> String {
        let (name, mut text) = (peer.policy_name(), String::new());
        let keyword = if peer.is_six() { "ipv6" } else { "ip" };
        for (list, entries) in &self.lists {
            for (sequence, prefix) in entries {
                let prefix = match *prefix {
                    Prefix::Learned(index) => peer.prefix(index),
                    Prefix::Service(index) => peer.service(index),
                };
                _ = writeln!(text, "{keyword} prefix-list {name}-{list} seq {sequence} permit {prefix}");
            }
        }
        for (map, entries) in &self.maps {
            for entry in entries {
                let action = if entry.permits { "permit" } else { "deny" };
                _ = writeln!(text, "route-map {name}-{map} {action} {}", entry.sequence);
                if let Some(list) = entry.matches {
                    _ = writeln!(text, "  match {keyword} address prefix-list {name}-{list}");
                }
                if let Some(local_preference) = entry.local_preference {
                    _ = writeln!(text, "  set local-preference {local_preference}");
                }
            }
        }
        text
    }

    /// The lines of the neighbor that refer to them.
    pub(crate) fn render_references(&self, peer: Peer) -> String {
        let (name, mut text) = (peer.policy_name(), String::new());
        let references = [
            ("prefix-list", self.list_in, "in"),
            ("route-map", self.map_in, "in"),
            ("route-map", self.map_out, "out"),
        ];
        for (kind, object, direction) in references {
            if let Some(object) = object {
                _ = writeln!(text, "    neighbor {name} {kind} {name}-{object} {direction}");
            }
        }
        text
    }
}

// === impl Entry ===

impl Entry {
    pub(crate) fn permit(sequence: u32) -> Self {
        Self { sequence, permits: true, matches: None, local_preference: None }
    }

    pub(crate) fn deny(sequence: u32) -> Self {
        Self { permits: false, ..Self::permit(sequence) }
    }

    pub(crate) fn matching(self, list: &'static str) -> Self {
        Self { matches: Some(list), ..self }
    }

    pub(crate) fn with_local_preference(self, local_preference: u32) -> Self {
        Self { local_preference: Some(local_preference), ..self }
    }
}

#[cfg(test)]
mod tests;
