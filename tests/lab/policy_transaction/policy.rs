//! A policy of which it is known what it allows, and how it may change.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use super::{
    monitor::Groups,
    speaker::{ASN, GROUPS},
};
use crate::merge_law::rng::Rng;

/// The name of the map that judges what the speaker sends.
pub(crate) const MAP: &str = "in";

const PREFIX_LISTS: [&str; 3] = ["p0", "p1", "p2"];
const COMMUNITY_LISTS: [&str; 2] = ["c0", "c1"];

/// By number: whether it permits, and what.
type List = BTreeMap<u32, (bool, Match)>;

/// What an entry of a list matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    /// A group.
    Group(u8),
    /// The same, in other words: FRR has traps for lists that name a prefix twice.
    GroupFrom(u8),
    /// Every group.
    Any,
    /// The same, in other words.
    All,
    /// None: the prefix around all of them.
    Around,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    permits: bool,
    prefix_list: Option<&'static str>,
    community_list: Option<&'static str>,
    metric: Option<u32>,
}

/// Lists, and the map that refers to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    prefix_lists: BTreeMap<&'static str, List>,
    community_lists: BTreeMap<&'static str, List>,
    map: BTreeMap<u32, Entry>,
}

impl Policy {
    /// Allows the groups below 4.
    pub(crate) fn new() -> Self {
        let list: List =
            (0..4).map(|group| (u32::from(group) * 5 + 5, (true, Match::Group(group)))).collect();
        let entry =
            Entry { permits: true, prefix_list: Some(PREFIX_LISTS[0]), community_list: None, metric: None };
        Self {
            prefix_lists: BTreeMap::from([(PREFIX_LISTS[0], list)]),
            community_lists: BTreeMap::new(),
            map: BTreeMap::from([(10, entry)]),
        }
    }

    /// The groups that it allows.
    pub(crate) fn allowed(&self) -> Groups {
        (0..GROUPS).filter(|group| self.allows(*group)).collect()
    }

    fn allows(&self, group: u8) -> bool {
        let matches = |lists: &BTreeMap<&'static str, List>, name: Option<&'static str>| {
            let Some(name) = name else { return true };
            let first = lists.get(name).and_then(|list| list.values().find(|(_, what)| what.is(group)));
            first.is_some_and(|(permits, _)| *permits)
        };
        let first = self.map.values().find(|entry| {
            matches(&self.prefix_lists, entry.prefix_list)
                && matches(&self.community_lists, entry.community_list)
        });
        first.is_some_and(|entry| entry.permits)
    }

    /// Returns the policy after some random changes.
    pub(crate) fn changed(&self, rng: &mut Rng) -> Self {
        let mut policy = self.clone();
        for _ in 0..rng.number(1..=4) {
            policy.change(rng);
        }
        policy
    }

    fn change(&mut self, rng: &mut Rng) {
        match rng.below(10) {
            0..=3 => change_list(self.prefix_lists.entry(*rng.pick(&PREFIX_LISTS)).or_default(), true, rng),
            4 => {
                change_list(self.community_lists.entry(*rng.pick(&COMMUNITY_LISTS)).or_default(), false, rng)
            }
            5 => drop(self.map.remove(rng.pick(&[10, 20, 30]))),
            _ => {
                let name = |rng: &mut Rng, names: &[&'static str]| rng.chance(60).then(|| *rng.pick(names));
                let entry = Entry {
                    permits: rng.chance(80),
                    prefix_list: name(rng, &PREFIX_LISTS),
                    community_list: name(rng, &COMMUNITY_LISTS),
                    metric: rng.chance(30).then(|| rng.number(1..=9)),
                };
                self.map.insert(*rng.pick(&[10, 20, 30]), entry);
            }
        }
        // A map without entries is none, and a peer with a map that is none is another matter.
        if self.map.is_empty() {
            self.map = Self::new().map;
        }
        self.prefix_lists.retain(|_, list| !list.is_empty());
        self.community_lists.retain(|_, list| !list.is_empty());
    }
}

fn change_list(list: &mut List, of_prefixes: bool, rng: &mut Rng) {
    let group = u8::try_from(rng.below(usize::from(GROUPS))).unwrap();
    let what = match rng.below(12) {
        0 if of_prefixes => Match::Any,
        1 if of_prefixes => Match::All,
        2 if of_prefixes => Match::Around,
        3 | 4 if of_prefixes => Match::GroupFrom(group),
        _ => Match::Group(group),
    };
    let there = list.iter().find(|(_, (_, other))| *other == what).map(|(seq, _)| *seq);
    match (there, rng.below(4)) {
        (Some(seq), 0) => drop(list.remove(&seq)),
        (Some(seq), 1) => {
            list.entry(seq).and_modify(|entry| entry.0 = !entry.0);
        }
        (there, _) => {
            if let Some(seq) = there {
                list.remove(&seq);
            }
            list.insert(rng.number(1..=12) * 5, (rng.chance(80), what));
        }
    }
}

impl Match {
    fn is(self, group: u8) -> bool {
        match self {
            Self::Group(of) | Self::GroupFrom(of) => of == group,
            Self::Any | Self::All => true,
            Self::Around => false,
        }
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => write!(f, "10.{group}.0.0/16 le 24"),
            Self::GroupFrom(group) => write!(f, "10.{group}.0.0/16 ge 24"),
            Self::Any => f.write_str("any"),
            Self::All => f.write_str("10.0.0.0/8 le 24"),
            Self::Around => f.write_str("10.0.0.0/8"),
        }
    }
}

impl fmt::Display for Policy {
    /// Writes it as configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = |permits: bool| if permits { "permit" } else { "deny" };
        for (name, list) in &self.prefix_lists {
            for (seq, (permits, what)) in list {
                writeln!(f, "ip prefix-list {name} seq {seq} {} {what}", action(*permits))?;
            }
        }
        for (name, list) in &self.community_lists {
            for (seq, (permits, what)) in list {
                let (Match::Group(group) | Match::GroupFrom(group)) = what else { continue };
                let action = action(*permits);
                writeln!(f, "bgp community-list standard {name} seq {seq} {action} {ASN}:{group}")?;
            }
        }
        for (seq, entry) in &self.map {
            let mut text = format!("route-map {MAP} {} {seq}\n", action(entry.permits));
            if let Some(name) = entry.prefix_list {
                writeln!(text, " match ip address prefix-list {name}")?;
            }
            if let Some(name) = entry.community_list {
                writeln!(text, " match community {name}")?;
            }
            if let Some(metric) = entry.metric {
                writeln!(text, " set metric {metric}")?;
            }
            f.write_str(&text)?;
        }
        Ok(())
    }
}
