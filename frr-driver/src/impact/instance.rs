//! A BGP instance on both sides of a change, indexed once: its neighbors, peer-groups and listen ranges.

use std::collections::{BTreeMap, BTreeSet};

use super::Life;
use crate::{
    config::{Config, Node, Statement, Tree},
    session::{AddressFamily, PeerId, SessionId},
};

/// What the lines of one name say, a neighbor's or a peer-group's.
#[derive(Debug, Default)]
struct Neighbor<'a> {
    /// The line that makes it a session.
    session: Option<&'a Statement>,
    is_group: bool,
    group: Option<&'a str>,
    remote_as: Option<&'a str>,
    local_as: Option<&'a str>,
}

/// One side of the change.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) node: &'a Node,
    neighbors: BTreeMap<&'a str, Neighbor<'a>>,
    /// Prefix to peer-group.
    ranges: BTreeMap<&'a str, (&'a str, &'a Statement)>,
}

/// An instance, before and after.
#[derive(Debug)]
pub(super) struct Instance<'a> {
    pub(super) vrf: &'a str,
    pub(super) running: Option<Side<'a>>,
    pub(super) desired: Option<Side<'a>>,
    members: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// Whom a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// A configured session that is there before and after.
    Session(&'a str),
    /// The dynamic neighbors of a peer-group.
    Dynamic(&'a str),
}

/// Returns the instances of both sides.
pub(super) fn instances<'a>(desired: &'a Config, running: &'a Config) -> Vec<Instance<'a>> {
    let mut sides: BTreeMap<&str, [Option<Side<'_>>; 2]> = BTreeMap::new();
    for (vrf, node) in running.bgp_instances() {
        let [of_running, _] = sides.entry(vrf).or_default();
        *of_running = Some(Side::new(node));
    }
    for (vrf, node) in desired.bgp_instances() {
        let [_, of_desired] = sides.entry(vrf).or_default();
        *of_desired = Some(Side::new(node));
    }
    sides.into_iter().map(|(vrf, [running, desired])| Instance::new(vrf, running, desired)).collect()
}

// === impl Side ===

impl<'a> Side<'a> {
    fn new(node: &'a Node) -> Self {
        let mut side = Self { node, neighbors: BTreeMap::new(), ranges: BTreeMap::new() };
        for (_, line) in node.children.with_prefix("neighbor ") {
            side.neighbor(&line.statement);
        }
        for (_, line) in node.children.with_prefix("bgp listen range ") {
            if let [_, _, _, range, "peer-group", group] = line.statement.words().as_slice() {
                side.ranges.insert(range, (group, &line.statement));
            }
        }
        side
    }

    fn neighbor(&mut self, statement: &'a Statement) {
        let words = statement.words();
        let ["neighbor", name, attribute, rest @ ..] = words.as_slice() else { return };
        let is_address = || matches!(PeerId::from(*name), PeerId::Address(_));
        let after = |word: &str| rest.iter().skip_while(|other| **other != word).nth(1).copied();
        match (*attribute, rest) {
            ("interface", _) => {
                let neighbor = self.neighbors.entry(name).or_default();
                neighbor.session = Some(statement);
                neighbor.group = after("peer-group");
                neighbor.remote_as = after("remote-as");
            }
            ("remote-as", [number]) => {
                let is_session = is_address();
                let neighbor = self.neighbors.entry(name).or_default();
                neighbor.remote_as = Some(number);
                neighbor.session = if is_session { Some(statement) } else { neighbor.session };
            }
            ("peer-group", [group]) => {
                let is_session = is_address();
                let neighbor = self.neighbors.entry(name).or_default();
                neighbor.group = Some(group);
                neighbor.session = if is_session { Some(statement) } else { neighbor.session };
            }
            ("peer-group", []) => self.neighbors.entry(name).or_default().is_group = true,
            ("local-as", [number, ..]) => self.neighbors.entry(name).or_default().local_as = Some(number),
            _ => {}
        }
    }

    fn get(&self, name: &str) -> Option<&Neighbor<'a>> {
        self.neighbors.get(name)
    }

    fn has_session(&self, name: &str) -> bool {
        self.get(name).is_some_and(|neighbor| neighbor.session.is_some())
    }

    fn group_of(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.group
    }

    /// Returns the line of `name` with `key` (`neighbor <name> …`), or the one that its peer-group gives it.
    fn effective(&self, tree: &'a Tree, name: &str, attribute: &str) -> Option<&'a Node> {
        let of = |name: &str| tree.get(&format!("neighbor {name} {attribute}"));
        of(name).or_else(|| of(self.group_of(name)?))
    }

    /// Returns whether `family` is active for `name`, by itself, its peer-group or the default.
    pub(super) fn is_active(&self, name: &str, family: AddressFamily) -> bool {
        let words = family.config_words();
        let block = self.node.children.get(&format!("address-family {words}"));
        if let Some(line) = block.and_then(|block| self.effective(&block.children, name, "activate")) {
            return !line.statement.reveal().starts_with("no ");
        }
        // The default is on for IPv4 unicast alone, and its line is there where it differs from that.
        let default = format!("bgp default {}", family.as_str());
        self.node.children.get(&default).is_some() != (family == AddressFamily::Ipv4Unicast)
    }

    /// Returns the families that are active for `name`.
    pub(super) fn families(&self, name: &str) -> Vec<AddressFamily> {
        let mut families: BTreeSet<AddressFamily> = self
            .node
            .children
            .with_prefix("address-family ")
            .filter_map(|(key, _)| AddressFamily::from_config_words(key.strip_prefix("address-family ")?))
            .collect();
        families.extend([AddressFamily::Ipv4Unicast, AddressFamily::Ipv6Unicast]);
        families.into_iter().filter(|family| self.is_active(name, *family)).collect()
    }

    /// Whether the sessions of `name` are with the own AS; `None` if no AS is known.
    fn is_internal(&self, name: &str) -> Option<bool> {
        let group = self.group_of(name);
        let said =
            |of: fn(&Neighbor<'a>) -> Option<&'a str>| of(self.get(name)?).or_else(|| of(self.get(group?)?));
        match said(|neighbor| neighbor.remote_as)? {
            "internal" => Some(true),
            "external" => Some(false),
            number => {
                let words = self.node.statement.words();
                let own = said(|neighbor| neighbor.local_as).or(words.get(2).copied())?;
                Some(as_number(number)? == as_number(own)?)
            }
        }
    }

    /// Returns whether `name` is guarded by BFD with `profile`.
    pub(super) fn uses_profile(&self, name: &str, profile: &str) -> bool {
        self.effective(&self.node.children, name, "bfd profile")
            .is_some_and(|line| line.statement.words().last() == Some(&profile))
    }

    /// Returns whether `name` is guarded by BFD.
    pub(super) fn uses_bfd(&self, name: &str) -> bool {
        self.effective(&self.node.children, name, "bfd").is_some()
    }
}

/// Reads an AS number, `65536` or `1.0`.
fn as_number(text: &str) -> Option<u32> {
    match text.split_once('.') {
        Some((high, low)) => {
            Some(u32::from(high.parse::<u16>().ok()?) << 16 | u32::from(low.parse::<u16>().ok()?))
        }
        None => text.parse().ok(),
    }
}

// === impl Instance ===

impl<'a> Instance<'a> {
    fn new(vrf: &'a str, running: Option<Side<'a>>, desired: Option<Side<'a>>) -> Self {
        let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for side in [&running, &desired].into_iter().flatten() {
            for (name, neighbor) in &side.neighbors {
                if let (Some(group), Some(_)) = (neighbor.group, neighbor.session) {
                    members.entry(group).or_default().insert(name);
                }
            }
        }
        Self { vrf, running, desired, members }
    }

    /// Both sides, what runs first.
    pub(super) fn sides(&self) -> impl Iterator<Item = &Side<'a>> {
        [&self.running, &self.desired].into_iter().flatten()
    }

    /// The sessions that come or go, with the line that says so.
    pub(super) fn coming_and_going(&self) -> Vec<(&'a str, Life, &'a Statement)> {
        let pairs =
            [(&self.desired, &self.running, Life::Added), (&self.running, &self.desired, Life::Removed)];
        let mut sessions = Vec::new();
        for (side, other, life) in pairs {
            for (name, neighbor) in side.iter().flat_map(|side| &side.neighbors) {
                if let Some(line) = neighbor.session
                    && !other.as_ref().is_some_and(|other| other.has_session(name))
                {
                    sessions.push((*name, life, line));
                }
            }
        }
        sessions
    }

    /// The peer-groups with dynamic neighbors that go, with the line that says so.
    pub(super) fn going_groups(&self) -> Vec<(&'a str, &'a Statement)> {
        let Some(running) = &self.running else { return Vec::new() };
        let is_group = |side: &Side<'_>, name: &str| side.get(name).is_some_and(|neighbor| neighbor.is_group);
        let goes = |name: &str| !self.desired.as_ref().is_some_and(|desired| is_group(desired, name));
        let line = |name: &str| running.node.children.get(&format!("neighbor {name} peer-group"));
        self.dynamic_groups()
            .filter(|name| goes(name))
            .filter_map(|name| Some((name, &line(name)?.statement)))
            .collect()
    }

    /// The listen ranges that go, with the line that says so.
    pub(super) fn going_ranges(&self) -> Vec<(&'a str, &'a Statement)> {
        let desired = self.desired.as_ref().map(|desired| &desired.ranges);
        let stays = |range: &str, group: &str| {
            desired.and_then(|ranges| ranges.get(range)).is_some_and(|(other, _)| *other == group)
        };
        let Some(running) = &self.running else { return Vec::new() };
        let going = running.ranges.iter().filter(|(range, (group, _))| !stays(range, group));
        going.map(|(range, (_, line))| (*range, *line)).collect()
    }

    /// The listen ranges that are there after the change.
    pub(super) fn desired_ranges(&self) -> impl Iterator<Item = &'a str> {
        self.desired.iter().flat_map(|desired| desired.ranges.keys().copied())
    }

    /// The peer-groups that have dynamic neighbors now, each once.
    fn dynamic_groups(&self) -> impl Iterator<Item = &'a str> {
        let ranges = self.running.iter().flat_map(|running| running.ranges.values());
        ranges.map(|(group, _)| *group).collect::<BTreeSet<_>>().into_iter()
    }

    fn stays(&self, name: &str) -> bool {
        [&self.running, &self.desired]
            .into_iter()
            .all(|side| side.as_ref().is_some_and(|side| side.has_session(name)))
    }

    /// Returns whether `name` is a peer-group.
    pub(super) fn is_group(&self, name: &str) -> bool {
        self.sides().any(|side| side.get(name).is_some_and(|neighbor| neighbor.is_group))
    }

    /// Everyone who stays: the sessions, and the groups with dynamic neighbors.
    pub(super) fn everyone(&self) -> Vec<Target<'a>> {
        let running = self.running.iter().flat_map(|running| running.neighbors.keys().copied());
        let sessions = running.filter(|name| self.stays(name)).map(Target::Session);
        sessions.chain(self.dynamic_groups().map(Target::Dynamic)).collect()
    }

    /// Everyone who stays and has `family` active, now.
    pub(super) fn everyone_in(&self, family: AddressFamily) -> Vec<Target<'a>> {
        let Some(side) = self.sides().next() else { return Vec::new() };
        self.everyone().into_iter().filter(|target| side.is_active(target.name(), family)).collect()
    }

    /// Whom a line of `neighbor <name> …` is about: the session, or the members of the group but those that
    /// `overrides` names, and its dynamic neighbors.
    pub(super) fn named(&self, name: &'a str, overrides: impl Fn(&str) -> bool) -> Vec<Target<'a>> {
        if !self.is_group(name) {
            return if self.stays(name) { vec![Target::Session(name)] } else { Vec::new() };
        }
        let members = self.members.get(name).into_iter().flatten().copied();
        let members = members.filter(|member| self.stays(member) && !overrides(member));
        let dynamic = self.dynamic_groups().filter(|group| *group == name).map(Target::Dynamic);
        members.map(Target::Session).chain(dynamic).collect()
    }

    /// Members of groups with dynamic neighbors: their own entry must say that the group's is not theirs.
    pub(super) fn members_beside_dynamic(&self) -> impl Iterator<Item = &'a str> {
        self.dynamic_groups()
            .filter_map(|group| self.members.get(group))
            .flatten()
            .copied()
            .filter(|name| self.stays(name))
    }

    /// Whether the sessions of `target` are with the own AS, now; `None` if no AS is known.
    pub(super) fn is_internal(&self, target: Target<'_>) -> Option<bool> {
        self.sides().find_map(|side| side.is_internal(target.name()))
    }

    /// The families that are active for `target`, now.
    pub(super) fn families(&self, target: Target<'_>) -> Vec<AddressFamily> {
        self.sides().next().map(|side| side.families(target.name())).unwrap_or_default()
    }

    /// The session of the neighbor `name`.
    pub(super) fn session(&self, name: &str) -> SessionId {
        SessionId { vrf: self.vrf.to_owned(), peer: PeerId::from(name) }
    }
}

// === impl Target ===

impl<'a> Target<'a> {
    /// The neighbor's or the peer-group's name.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Session(name) | Self::Dynamic(name) => name,
        }
    }
}
