//! Random configurations, one made of the other by a few changes: lists of every kind, route-maps of every clause that
//! is recorded, and what is only added.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use routelet_tests::lab::FrrVersion;

use crate::{
    merge_law::generate::{constructs::Constructs, recorded_as},
    rng::Rng,
};

/// A kind of list, the names that clauses refer to, and what entries may say.
struct Kind {
    words: &'static str,
    /// With `standard` or `expanded` where FRR wants it.
    names: &'static [&'static str],
    contents: &'static [&'static str],
    describes: Option<&'static str>,
}

const KINDS: [Kind; 10] = [
    Kind {
        words: "ip prefix-list",
        names: &["P", "Q"],
        contents: &[
            "10.0.0.0/8",
            "10.0.0.0/8 le 24",
            "10.0.0.0/8 ge 16 le 24",
            "10.1.0.0/16 le 32",
            "10.2.0.0/16",
            "any",
            "0.0.0.0/0 le 32",
            "192.168.0.0/16 ge 24",
        ],
        describes: Some("description"),
    },
    Kind {
        words: "ipv6 prefix-list",
        names: &["P"],
        contents: &["2001:db8::/32", "2001:db8::/32 le 64", "any", "fd00::/8 ge 48", "::/0 le 128"],
        describes: Some("description"),
    },
    Kind {
        words: "access-list",
        names: &["ACL", "A"],
        contents: &["10.0.0.0/8", "10.0.0.0/8 exact-match", "10.1.0.0/16", "any", "172.16.0.0/12"],
        describes: Some("remark"),
    },
    Kind {
        words: "access-list",
        names: &["1"],
        contents: &["10.0.0.0 0.255.255.255", "10.9.9.9", "any", "172.16.0.0 0.0.255.255"],
        describes: None,
    },
    Kind {
        words: "ipv6 access-list",
        names: &["ACL"],
        contents: &["2001:db8::/32", "2001:db8::/32 exact-match", "any"],
        describes: Some("remark"),
    },
    Kind {
        words: "bgp as-path access-list",
        names: &["AP", "A", "B"],
        contents: &["^$", "^65001$", "_65002_", ".*", "^65001_65002$"],
        describes: None,
    },
    Kind {
        words: "bgp community-list",
        names: &["standard C", "1"],
        contents: &["65000:1", "65000:2", "65000:1 65000:2", "no-export", "65000:3"],
        describes: None,
    },
    Kind {
        words: "bgp community-list",
        names: &["expanded D"],
        contents: &["65000:.*", "65001:[0-9]+", "_65002:1_"],
        describes: None,
    },
    Kind {
        words: "bgp large-community-list",
        names: &["standard L", "standard A", "standard B"],
        contents: &["64512:1:1", "64512:2:2", "64512:1:1 64512:2:2"],
        describes: None,
    },
    Kind {
        words: "bgp extcommunity-list",
        names: &["standard E"],
        contents: &["rt 64512:1", "rt 64512:2", "soo 10.0.0.1:1"],
        describes: None,
    },
];

/// Maps that sessions use, maps that `call` names, and one that nobody uses.
const MAPS: [&str; 6] = ["R", "S", "T", "X", "Y", "U"];

/// Clauses that exclude others, and the word that stands for all of them.
const SLOTS: [(&str, &str); 8] = [
    ("set metric", "set metric"),
    ("set as-path prepend", "set as-path prepend"),
    ("set ip next-hop", "set ip next-hop"),
    ("set community", "set community"),
    ("set large-community", "set large-community"),
    ("set extcommunity", "set extcommunity"),
    ("on-match", "exit"),
    ("continue", "exit"),
];

/// What is never printed, what FRR refuses beside other clauses, and what kills bgpd 7.5.1 at a route of a session
/// (`route_match_vrl_source_vrf` asks for the instance of a route that was not imported).
const LEFT_OUT: [&str; 3] = ["forwarding-address", "label-index", "match source-vrf"];

#[derive(Clone, Debug, Default)]
struct List {
    entries: BTreeMap<u32, (bool, &'static str)>,
    description: Option<u32>,
}

#[derive(Clone, Debug)]
struct Entry {
    permits: bool,
    clauses: BTreeMap<String, String>,
}

/// A configuration.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    version: FrrVersion,
    /// By kind (its place in the table) and name.
    lists: BTreeMap<(usize, &'static str), List>,
    maps: BTreeMap<(&'static str, u32), Entry>,
    /// Neighbors that were added, and their lines: outside of families, and inside.
    neighbors: BTreeMap<u32, [Vec<&'static str>; 3]>,
    networks: BTreeSet<u32>,
    routes: BTreeSet<u32>,
    profiles: BTreeSet<u32>,
}

/// Changes drafts of one version.
pub(crate) struct Writer {
    version: FrrVersion,
    clauses: Vec<String>,
}

impl Writer {
    pub(crate) fn new(version: FrrVersion) -> Self {
        let constructs = Constructs::of(recorded_as(version));
        let clauses =
            constructs.table("route-map-clause").iter().filter_map(|lines| match lines.as_slice() {
                [line] if !line.starts_with("no ") => Some(line.clone()),
                _ => None,
            });
        let clauses = clauses.filter(|line| !LEFT_OUT.iter().any(|word| line.contains(word))).collect();
        Self { version, clauses }
    }

    /// Returns a draft to begin with.
    pub(crate) fn first(&self, rng: &mut Rng) -> Draft {
        let mut draft = Draft {
            version: self.version,
            lists: BTreeMap::new(),
            maps: BTreeMap::new(),
            neighbors: BTreeMap::new(),
            networks: BTreeSet::new(),
            routes: BTreeSet::new(),
            profiles: BTreeSet::new(),
        };
        for _ in 0..30 {
            draft.change_list(rng);
            draft.change_map(&self.clauses, rng);
        }
        draft
    }

    /// Returns the draft after some random changes.
    pub(crate) fn changed(&self, draft: &Draft, rng: &mut Rng) -> Draft {
        let mut draft = draft.clone();
        for _ in 0..rng.number(1..=5) {
            match rng.below(20) {
                0..=8 => draft.change_list(rng),
                9..=17 => draft.change_map(&self.clauses, rng),
                _ => draft.add(rng),
            }
        }
        draft
    }
}

impl Draft {
    fn change_list(&mut self, rng: &mut Rng) {
        let number = rng.below(KINDS.len());
        let kind = &KINDS[number];
        let key = (number, *rng.pick(kind.names));
        if rng.chance(8) {
            self.lists.remove(&key);
            return;
        }
        let list = self.lists.entry(key).or_default();
        let seq = *rng.pick(&[5, 7, 10, 15, 20, 25]);
        let content = *rng.pick(kind.contents);
        match rng.below(6) {
            0 => drop(list.entries.remove(&seq)),
            1 if kind.describes.is_some() => {
                list.description = rng.chance(70).then(|| rng.number(1..=3));
            }
            2 => {
                list.entries.entry(seq).and_modify(|entry| entry.0 = !entry.0);
            }
            _ => {
                // FRR refuses, or ignores, what a list has already under another number: of access-lists also what
                // differs by `exact-match`, on 7.5.1 also what differs by its range.
                let is_strict = self.version == FrrVersion::V7_5_1 || kind.words.contains("access-list");
                let excludes = |other: &str| {
                    other == content || is_strict && other.split(' ').next() == content.split(' ').next()
                };
                list.entries.retain(|_, (_, other)| !excludes(other));
                list.entries.insert(seq, (rng.chance(70), content));
            }
        }
        // A list that only a description keeps lets everything through: FRR's trap, not ours.
        if list.entries.is_empty() {
            self.lists.remove(&key);
        }
    }

    fn change_map(&mut self, clauses: &[String], rng: &mut Rng) {
        let name = *rng.pick(&MAPS);
        let seq = *rng.pick(&[10, 20, 30]);
        if rng.chance(8) {
            self.maps.remove(&(name, seq));
            return;
        }
        let entry = self
            .maps
            .entry((name, seq))
            .or_insert_with(|| Entry { permits: rng.chance(70), clauses: BTreeMap::new() });
        match rng.below(8) {
            0 => entry.permits = !entry.permits,
            1 | 2 if !entry.clauses.is_empty() => {
                let slots: Vec<String> = entry.clauses.keys().cloned().collect();
                entry.clauses.remove(rng.pick(&slots));
            }
            _ => {
                let clause = rng.pick(clauses);
                let words: Vec<&str> = clause.split_whitespace().collect();
                let target = words.last().and_then(|word| word.parse::<u32>().ok());
                let leads_back = (clause.starts_with("continue") || clause.starts_with("on-match goto"))
                    && target.is_none_or(|target| target <= seq);
                if !(leads_back || clause.starts_with("call") && matches!(name, "X" | "Y")) {
                    entry.clauses.insert(slot(&words), words.join(" "));
                }
            }
        }
        // Only what permits goes on elsewhere.
        if !entry.permits {
            entry.clauses.remove("exit");
        }
    }

    /// Adds something outside of lists and maps.
    fn add(&mut self, rng: &mut Rng) {
        const LINES: [&str; 6] = [
            "description a peer",
            "timers 3 9",
            "ebgp-multihop 2",
            "bfd",
            "advertisement-interval 5",
            "password hush",
        ];
        const FAMILY: [&str; 6] = [
            "route-map R in",
            "route-map U out",
            "prefix-list P in",
            "next-hop-self",
            "soft-reconfiguration inbound",
            "weight 7",
        ];
        let number = rng.number(1..=200);
        match rng.below(5) {
            0 => drop(self.networks.insert(number)),
            1 => drop(self.routes.insert(number)),
            2 => drop(self.profiles.insert(number)),
            _ => {
                let some = |rng: &mut Rng, lines: &[&'static str]| -> Vec<&'static str> {
                    lines.iter().copied().filter(|_| rng.chance(40)).collect()
                };
                let ipv6 = if rng.chance(50) { vec!["activate", "route-map S in"] } else { Vec::new() };
                let lines = [some(rng, &LINES), some(rng, &FAMILY), ipv6];
                self.neighbors.entry(number).or_insert(lines);
            }
        }
    }
}

/// What a clause sets, apart from its value.
fn slot(words: &[&str]) -> String {
    let text = words.join(" ");
    if let Some((_, slot)) = SLOTS.iter().find(|(first, _)| text.starts_with(first)) {
        return (*slot).to_owned();
    }
    let length = match words {
        ["match", "ip" | "ipv6", _, "prefix-list" | "prefix-len" | "type" | "address", ..] => 4,
        ["match", "ip" | "ipv6", ..] | ["set", "ip" | "ipv6" | "ipv4" | "as-path", ..] => 3,
        ["match" | "set", ..] => 2,
        _ => 1,
    };
    let kept = words.get(..length.min(words.len())).unwrap_or(words);
    // Of `set ipv6 next-hop`, each form is its own.
    match words {
        ["set", "ipv6", "next-hop", form, ..] => format!("set ipv6 next-hop {form}"),
        _ => kept.join(" "),
    }
}

impl fmt::Display for Draft {
    /// Writes it as configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = |permits: bool| if permits { "permit" } else { "deny" };
        for ((kind, name), list) in &self.lists {
            let Kind { words, describes, .. } = &KINDS[*kind];
            let is_numbered = *words != "bgp as-path access-list" || self.version != FrrVersion::V7_5_1;
            for (seq, (permits, content)) in &list.entries {
                let seq = if is_numbered { format!("seq {seq} ") } else { String::new() };
                writeln!(f, "{words} {name} {seq}{} {content}", action(*permits))?;
            }
            if let (Some(word), Some(number)) = (describes, list.description) {
                writeln!(f, "{words} {name} {word} text number {number}")?;
            }
        }
        for ((name, seq), entry) in &self.maps {
            writeln!(f, "route-map {name} {} {seq}", action(entry.permits))?;
            entry.clauses.values().try_for_each(|clause| writeln!(f, " {clause}"))?;
        }
        for number in &self.routes {
            writeln!(f, "ip route 10.88.{number}.0/24 blackhole")?;
        }
        if !self.profiles.is_empty() {
            f.write_str("bfd\n")?;
            self.profiles.iter().try_for_each(|number| {
                writeln!(f, " profile p{number}\n  detect-multiplier {}", number % 50 + 4)
            })?;
        }
        let (mut plain, mut ipv4, mut ipv6) = (String::new(), String::new(), String::new());
        for (number, [lines, of_ipv4, of_ipv6]) in &self.neighbors {
            let neighbor = format!("neighbor 172.30.9.{number}");
            writeln!(plain, " {neighbor} remote-as 65001")?;
            for (text, lines) in [(&mut plain, lines), (&mut ipv4, of_ipv4), (&mut ipv6, of_ipv6)] {
                lines.iter().try_for_each(|line| writeln!(text, " {neighbor} {line}"))?;
            }
        }
        self.networks.iter().try_for_each(|number| writeln!(ipv4, " network 10.77.{number}.0/24"))?;
        write!(f, "router bgp 64512\n{plain} address-family ipv4 unicast\n{ipv4} exit-address-family\n")?;
        if !ipv6.is_empty() {
            write!(f, " address-family ipv6 unicast\n{ipv6} exit-address-family\n")?;
        }
        Ok(())
    }
}
