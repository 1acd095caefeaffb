//! The configuration that is measured with: what `MetalLB` renders for peers that never answer.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
};

use routelet_tests::lab::metallb::{Base, Peer};

use crate::cell::Cell;

/// The AS number of the node.
const ASN: u32 = 64512;

/// How many prefixes or entries come and go at once.
const BATCH: usize = 100;

/// The first free number in a map that `MetalLB` renders for announcements.
const FREE_ENTRY: usize = 3;

/// Sorts before all others.
const FIRST: &str = "10.0.0.0/24";

/// Sorts behind all others.
const LAST: &str = "10.99.0.0/24";

/// A configuration, as far as it changes here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    neighbors: usize,
    /// What the list of the first neighbor permits; sorted, and numbered from 1 when it is rendered.
    prefixes: BTreeSet<String>,
    /// How many more entries the map of the first neighbor has.
    entries: usize,
    /// The description of the first neighbor.
    description: &'static str,
}

impl Shape {
    /// Returns the configuration of `cell`.
    pub(crate) fn of(cell: Cell) -> Self {
        let prefix = |number: usize| format!("10.{}.{}.0/24", number / 250 + 1, number % 250);
        Self {
            neighbors: cell.neighbors,
            prefixes: (0..cell.lines.max(1)).map(prefix).collect(),
            entries: 0,
            description: "rack one",
        }
    }

    /// Returns the same with one prefix more, the last of the list.
    pub(crate) fn with_one_more(mut self) -> Self {
        self.prefixes.insert(LAST.to_owned());
        self
    }

    /// Returns the same with one prefix more, the first of the list: all others get a new number.
    pub(crate) fn with_another_first(mut self) -> Self {
        self.prefixes.insert(FIRST.to_owned());
        self
    }

    /// Returns the same with a hundred prefixes more, the last of the list.
    pub(crate) fn with_a_hundred_more(mut self) -> Self {
        self.prefixes.extend((0..BATCH).map(|number| format!("10.98.{number}.0/24")));
        self
    }

    /// Returns the same with a hundred entries more in a map.
    pub(crate) fn with_a_hundred_entries(mut self) -> Self {
        self.entries = BATCH;
        self
    }

    /// Returns the same with another description of a neighbor: no policy.
    pub(crate) fn with_another_description(mut self) -> Self {
        self.description = "rack two";
        self
    }

    /// Returns the `frr.conf` for the node `hostname`.
    pub(crate) fn render(&self, hostname: &str) -> String {
        let mut base = Base::new(hostname, ASN, Ipv4Addr::new(192, 0, 2, 1));
        for number in 0..self.neighbors {
            let peer = Peer::new(peer(number), ASN + 1);
            base = base.peer(if number == 0 {
                peer.option(format!("description {}", self.description))
            } else {
                peer
            });
        }
        // What never answers need not be called every second.
        let text = base.render().replace("timers connect 1\n", "timers connect 10\n");
        let mut lines = String::new();
        self.lines().iter().for_each(|(_, line)| _ = writeln!(lines, "{line}"));
        let text = text.replace(&format!("{} seq 1 deny any\n", list()), &lines);
        let entries: String = (0..self.entries).map(entry).collect();
        text.replacen("\nrouter bgp ", &format!("{entries}\nrouter bgp "), 1)
    }

    /// Returns the fewest lines that make `there` of this.
    pub(crate) fn delta(&self, there: &Self) -> String {
        let (here, wanted) = (self.lines(), there.lines());
        let mut text = String::new();
        here.difference(&wanted).for_each(|(_, line)| _ = writeln!(text, "no {line}"));
        (there.entries..self.entries).for_each(|number| _ = writeln!(text, "no {}", map_entry(number)));
        wanted.difference(&here).for_each(|(_, line)| _ = writeln!(text, "{line}"));
        (self.entries..there.entries).for_each(|number| text.push_str(&entry(number)));
        if self.description != there.description {
            _ = writeln!(text, "router bgp {ASN}\n neighbor {} description {}", peer(0), there.description);
        }
        text
    }

    /// Returns what of this is not in `running`, or too much there; numbers are left to whoever set them.
    pub(crate) fn check(&self, running: &str) -> Result<(), String> {
        let permits = format!("{} seq ", list());
        let prefix =
            |line: &str| line.strip_prefix(&permits)?.split_once(" permit ").map(|(_, it)| it.to_owned());
        let there: BTreeSet<String> = running.lines().map(str::trim).filter_map(prefix).collect();
        let (missing, extra) = (self.prefixes.difference(&there), there.difference(&self.prefixes));
        let has_entry = |number: &usize| running.lines().any(|line| line == map_entry(*number));
        let entries = (0..BATCH).filter(has_entry).count();
        let description = format!("neighbor {} description {}", peer(0), self.description);
        let is_described = running.lines().any(|line| line.trim() == description);
        if there == self.prefixes && entries == self.entries && is_described {
            return Ok(());
        }
        let (missing, extra) = (missing.count(), extra.count());
        Err(format!(
            "{missing} prefixes missing, {extra} too much; {entries} of {} entries in the map; described as wanted: {is_described}",
            self.entries
        ))
    }

    /// The entries of the list, by number.
    fn lines(&self) -> BTreeSet<(usize, String)> {
        let numbered = (1..).zip(&self.prefixes);
        numbered.map(|(seq, prefix)| (seq, format!("{} seq {seq} permit {prefix}", list()))).collect()
    }
}

/// The list of the first neighbor, which its route-map out uses.
fn list() -> String {
    format!("ip prefix-list {}-allowed-ipv4", peer(0))
}

/// Returns the first line of an entry of the first neighbor's map.
fn map_entry(number: usize) -> String {
    format!("route-map {}-out permit {}", peer(0), FREE_ENTRY + number)
}

/// Returns an entry of that map.
fn entry(number: usize) -> String {
    format!("{}\n  match {}\n", map_entry(number), list().replacen("ip ", "ip address ", 1))
}

/// Returns the address of a neighbor, to which there is no route.
fn peer(number: usize) -> IpAddr {
    Ipv4Addr::from_bits(
        Ipv4Addr::new(198, 18, 0, 1).to_bits().saturating_add(u32::try_from(number).unwrap_or(u32::MAX)),
    )
    .into()
}
