//! A policy of which it is known what it allows, and how it may change.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use routelet_tests::lab::FrrVersion;

use super::{
    monitor::Groups,
    speaker::{ASN, GROUPS, origin_asn},
};
use crate::rng::Rng;

/// The name of the map that judges what the speaker sends.
pub(crate) const MAP: &str = "in";

/// The numbers of its entries.
const ENTRIES: [u32; 3] = [10, 20, 30];

/// A kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Prefix,
    Access,
    Community,
    AsPath,
}

const KINDS: [Kind; 4] = [Kind::Prefix, Kind::Access, Kind::Community, Kind::AsPath];

/// What an entry of a list matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
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

/// By number: whether it permits, and what.
type List = BTreeMap<u32, (bool, What)>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    permits: bool,
    lists: BTreeMap<Kind, &'static str>,
    metric: Option<u32>,
}

/// Lists, and the map that refers to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    version: FrrVersion,
    lists: BTreeMap<(Kind, &'static str), List>,
    map: BTreeMap<u32, Entry>,
}

// === impl Policy ===

impl Policy {
    /// Allows the groups below 4.
    pub(crate) fn new(version: FrrVersion) -> Self {
        let list: List = (0..4).map(|group| (u32::from(group) * 5 + 5, (true, What::Group(group)))).collect();
        let name = Kind::Prefix.names()[0];
        let lists = BTreeMap::from([(Kind::Prefix, name)]);
        let entry = Entry { permits: true, lists, metric: None };
        Self {
            version,
            lists: BTreeMap::from([((Kind::Prefix, name), list)]),
            map: BTreeMap::from([(ENTRIES[0], entry)]),
        }
    }

    /// The groups that it allows.
    pub(crate) fn allowed(&self) -> Groups {
        (0..GROUPS).filter(|group| self.allows(*group)).collect()
    }

    fn allows(&self, group: u8) -> bool {
        let matches = |list: (&Kind, &&'static str)| {
            let first = self
                .lists
                .get(&(*list.0, *list.1))
                .and_then(|entries| entries.values().find(|(_, what)| what.is(group)));
            first.is_some_and(|(permits, _)| *permits)
        };
        let first = self.map.values().find(|entry| entry.lists.iter().all(matches));
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
            0..=4 => {
                let kind = *rng.pick(&KINDS);
                let key = (kind, *rng.pick(kind.names()));
                change_list(self.lists.entry(key).or_default(), kind, rng);
            }
            5 => drop(self.map.remove(rng.pick(&ENTRIES))),
            _ => {
                let mut lists = BTreeMap::new();
                for kind in KINDS {
                    if rng.chance(30) {
                        lists.insert(kind, *rng.pick(kind.names()));
                    }
                }
                let metric = rng.chance(30).then(|| rng.number(1..=9));
                self.map.insert(*rng.pick(&ENTRIES), Entry { permits: rng.chance(80), lists, metric });
            }
        }
        // A map without entries is none, and a peer with a map that is none is another matter.
        if self.map.is_empty() {
            *self = Self::new(self.version);
        }
        self.lists.retain(|_, list| !list.is_empty());
    }
}

fn change_list(list: &mut List, kind: Kind, rng: &mut Rng) {
    let what = kind.any_of(rng);
    let there = list.iter().find(|(_, (_, other))| *other == what).map(|(seq, _)| *seq);
    match (there, rng.below(4)) {
        (Some(seq), 0) => drop(list.remove(&seq)),
        (Some(seq), 1) => {
            list.entry(seq).and_modify(|entry| entry.0 = !entry.0);
        }
        _ => {
            // 7.5.1 does not take a prefix without a range beside itself with one.
            let excludes = |other: What| {
                other == what
                    || matches!((other, what), (What::All, What::Around) | (What::Around, What::All))
            };
            list.retain(|_, (_, other)| !excludes(*other));
            list.insert(rng.number(1..=12) * 5, (rng.chance(80), what));
        }
    }
}

// === impl Kind ===

impl Kind {
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Prefix => &["p0", "p1", "p2"],
            Self::Access => &["a0", "a1"],
            Self::Community => &["c0", "c1"],
            Self::AsPath => &["s0", "s1"],
        }
    }

    fn any_of(self, rng: &mut Rng) -> What {
        let group = u8::try_from(rng.below(usize::from(GROUPS))).unwrap();
        match (self, rng.below(12)) {
            (Self::Prefix | Self::Access | Self::AsPath, 0) => What::Any,
            (Self::Prefix | Self::Access, 1) => What::All,
            (Self::Prefix | Self::Access, 2) => What::Around,
            (Self::Prefix, 3 | 4) => What::GroupFrom(group),
            _ => What::Group(group),
        }
    }

    /// What an entry says for `what`.
    fn content(self, what: What) -> String {
        match (self, what) {
            (Self::Prefix, What::Group(group)) => format!("10.{group}.0.0/16 le 24"),
            (Self::Prefix, What::GroupFrom(group)) => format!("10.{group}.0.0/16 ge 24"),
            (Self::Prefix, What::All) => "10.0.0.0/8 le 24".to_owned(),
            (Self::Prefix, What::Around) | (Self::Access, What::All) => "10.0.0.0/8".to_owned(),
            (Self::Access, What::Group(group) | What::GroupFrom(group)) => format!("10.{group}.0.0/16"),
            (Self::Access, What::Around) => "10.0.0.0/8 exact-match".to_owned(),
            (Self::Community, What::Group(group) | What::GroupFrom(group)) => format!("{ASN}:{group}"),
            (Self::AsPath, What::Group(group) | What::GroupFrom(group)) => {
                format!("^{ASN}_{}$", origin_asn(group))
            }
            (Self::AsPath, What::Any | What::All | What::Around) => ".*".to_owned(),
            (Self::Prefix | Self::Access | Self::Community, _) => "any".to_owned(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Prefix => "ip prefix-list",
            Self::Access => "access-list",
            Self::Community => "bgp community-list standard",
            Self::AsPath => "bgp as-path access-list",
        }
    }

    fn clause(self) -> &'static str {
        match self {
            Self::Prefix => "match ip address prefix-list",
            Self::Access => "match ip address",
            Self::Community => "match community",
            Self::AsPath => "match as-path",
        }
    }
}

// === impl What ===

impl What {
    fn is(self, group: u8) -> bool {
        match self {
            Self::Group(of) | Self::GroupFrom(of) => of == group,
            Self::Any | Self::All => true,
            Self::Around => false,
        }
    }
}

impl fmt::Display for Policy {
    /// Writes it as configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = |permits: bool| if permits { "permit" } else { "deny" };
        for ((kind, name), list) in &self.lists {
            let is_numbered = *kind != Kind::AsPath || self.version != FrrVersion::V7_5_1;
            for (seq, (permits, what)) in list {
                let seq = if is_numbered { format!("seq {seq} ") } else { String::new() };
                writeln!(f, "{} {name} {seq}{} {}", kind.words(), action(*permits), kind.content(*what))?;
            }
        }
        for (seq, entry) in &self.map {
            let mut text = format!("route-map {MAP} {} {seq}\n", action(entry.permits));
            for (kind, name) in &entry.lists {
                writeln!(text, " {} {name}", kind.clause())?;
            }
            if let Some(metric) = entry.metric {
                writeln!(text, " set metric {metric}")?;
            }
            f.write_str(&text)?;
        }
        Ok(())
    }
}
