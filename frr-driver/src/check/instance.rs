//! The neighbors of a BGP instance, with what they inherit.

use std::{collections::BTreeMap, net::IpAddr};

use serde::Serialize;

use crate::{
    config::{Config, Context, Node, Origin, Statement},
    session::AddressFamily,
};

/// A `router bgp` block, by neighbor.
pub(crate) struct Instance<'a> {
    /// The VRF's name.
    pub(crate) vrf: &'a str,
    /// The block.
    pub(crate) node: &'a Node,
    /// Its AS number; `None` where the header has none.
    pub(crate) asn: Option<u32>,
    /// By name, as written.
    pub(crate) neighbors: BTreeMap<&'a str, Neighbor<'a>>,
    /// Whether the whole configuration is read with `frr defaults datacenter`.
    is_datacenter: bool,
}

/// Everything that is said about one `neighbor`.
#[derive(Default)]
pub(crate) struct Neighbor<'a> {
    /// The lines of the instance.
    pub(crate) lines: Vec<&'a Statement>,
    /// The lines of each family.
    pub(crate) families: BTreeMap<AddressFamily, Vec<&'a Statement>>,
}

/// On which side of the AS border a neighbor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// In another AS.
    External,
    /// In ours.
    Internal,
    /// In a member AS of our confederation.
    Confederation,
    /// Not said (`remote-as auto`, or a group without an AS).
    Unknown,
}

/// A line, and whether it was said of the neighbor itself or of its peer-group.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) statement: &'a Statement,
    /// The group that said it.
    pub(crate) group: Option<&'a str>,
}

/// Returns every instance of `config`.
pub(crate) fn instances(config: &Config) -> Vec<Instance<'_>> {
    let is_datacenter =
        config.top.iter().any(|(_, node)| node.statement.reveal() == "frr defaults datacenter");
    config.bgp_instances().map(|(vrf, node)| Instance::new(vrf, node, is_datacenter)).collect()
}

/// Returns the words of a statement without a leading `no`, and whether it has none.
pub(crate) fn positive(statement: &Statement) -> (Vec<&str>, bool) {
    let mut words = statement.words();
    let is_positive = words.first() != Some(&"no");
    if !is_positive {
        words.remove(0);
    }
    (words, is_positive)
}

/// Reads an AS number, also in the forms with a dot.
pub(crate) fn as_number(word: &str) -> Option<u32> {
    match word.split_once('.') {
        None => word.parse().ok(),
        Some((high, low)) => {
            Some(u32::from(high.parse::<u16>().ok()?) << 16 | u32::from(low.parse::<u16>().ok()?))
        }
    }
}

// === impl Instance ===

impl<'a> Instance<'a> {
    fn new(vrf: &'a str, node: &'a Node, is_datacenter: bool) -> Self {
        let mut neighbors: BTreeMap<&str, Neighbor<'_>> = BTreeMap::new();
        for (_, child) in node.children.iter() {
            if let Some(name) = neighbor_name(&child.statement) {
                neighbors.entry(name).or_default().lines.push(&child.statement);
            }
            let Some(Context::Family(family)) = child.opens else { continue };
            for (_, line) in child.children.iter() {
                if let Some(name) = neighbor_name(&line.statement) {
                    let lines = &mut neighbors.entry(name).or_default().families;
                    lines.entry(family).or_default().push(&line.statement);
                }
            }
        }
        let words = node.statement.words();
        let asn = words.get(2).and_then(|word| as_number(word));
        Self { vrf, node, asn, neighbors, is_datacenter }
    }

    /// Returns the names of the peer-groups.
    pub(crate) fn is_group(&self, name: &str) -> bool {
        self.neighbors.get(name).is_some_and(Neighbor::is_group)
    }

    /// Returns the peer-group of `neighbor`, whether it exists or not.
    pub(crate) fn group_of(&self, name: &str) -> Option<&'a str> {
        self.neighbors.get(name)?.lines.iter().find_map(|line| match line.words().as_slice() {
            ["neighbor", _, .., "peer-group", group] => Some(*group),
            _ => None,
        })
    }

    /// The line that gives `name` its AS: its own, or its group's.
    pub(crate) fn remote_as(&self, name: &str) -> Option<&'a str> {
        let own = |name: &str| self.neighbors.get(name)?.remote_as();
        own(name).or_else(|| own(self.group_of(name)?))
    }

    /// On which side of the AS border `name` is.
    pub(crate) fn side(&self, name: &str) -> Side {
        match self.remote_as(name) {
            Some("external") => Side::External,
            Some("internal") => Side::Internal,
            Some(number) => match as_number(number) {
                None => Side::Unknown,
                number if number == self.asn => Side::Internal,
                Some(number) if self.is_confederation_peer(number) => Side::Confederation,
                Some(_) => Side::External,
            },
            None => Side::Unknown,
        }
    }

    fn is_confederation_peer(&self, asn: u32) -> bool {
        self.node
            .children
            .with_prefix("bgp confederation peers")
            .any(|(_, node)| node.statement.words().iter().skip(3).any(|word| as_number(word) == Some(asn)))
    }

    /// Returns the lines of `family` that hold for `name` and that `wanted` picks: its own, else its group's.
    pub(crate) fn family_line(
        &self,
        name: &str,
        family: AddressFamily,
        wanted: impl Fn(&[&str]) -> bool,
    ) -> Option<Said<'a>> {
        let is_wanted = |line: &Statement| wanted(line.words().get(2..).unwrap_or_default());
        self.said(name, |neighbor| neighbor.family(family), is_wanted)
    }

    /// Like [`Self::family_line`], of the lines `no neighbor …`.
    pub(crate) fn family_negation(
        &self,
        name: &str,
        family: AddressFamily,
        wanted: impl Fn(&[&str]) -> bool,
    ) -> Option<Said<'a>> {
        let is_wanted = |line: &Statement| {
            let (words, is_positive) = positive(line);
            !is_positive && wanted(words.get(2..).unwrap_or_default())
        };
        self.said(name, |neighbor| neighbor.family(family), is_wanted)
    }

    /// Returns the line of the instance that holds for `name` and that `wanted` picks: its own, else its group's.
    pub(crate) fn line(&self, name: &str, wanted: impl Fn(&[&str]) -> bool) -> Option<Said<'a>> {
        let is_wanted = |line: &Statement| wanted(line.words().get(2..).unwrap_or_default());
        self.said(name, |neighbor| &neighbor.lines, is_wanted)
    }

    fn said<'s>(
        &'s self,
        name: &str,
        lines: impl Fn(&'s Neighbor<'a>) -> &'s [&'a Statement],
        wanted: impl Fn(&Statement) -> bool,
    ) -> Option<Said<'a>> {
        let find = |name: &str| {
            let lines = lines(self.neighbors.get(name)?);
            lines.iter().find(|line| wanted(line)).copied()
        };
        if let Some(statement) = find(name) {
            return Some(Said { statement, group: None });
        }
        let group = self.group_of(name)?;
        find(group).map(|statement| Said { statement, group: Some(group) })
    }

    /// Whether `family` is active for `name`: said of it, of its group, or FRR's default.
    pub(crate) fn is_active(&self, name: &str, family: AddressFamily) -> bool {
        let said = |name: &str| {
            let lines = self.neighbors.get(name)?.families.get(&family)?;
            lines.iter().find_map(|line| {
                let (words, is_positive) = positive(line);
                matches!(words.as_slice(), ["neighbor", _, "activate"]).then_some(is_positive)
            })
        };
        said(name).or_else(|| said(self.group_of(name)?)).unwrap_or_else(|| self.is_active_by_default(family))
    }

    fn is_active_by_default(&self, family: AddressFamily) -> bool {
        let default = self.node.children.get(&format!("bgp default {}", family.as_str()));
        match default {
            Some(node) => node.statement.words().first() != Some(&"no"),
            None => family == AddressFamily::Ipv4Unicast,
        }
    }

    /// Whether an eBGP session without a policy exchanges nothing (RFC 8212).
    pub(crate) fn requires_policy(&self) -> bool {
        match self.node.children.get("bgp ebgp-requires-policy") {
            Some(node) => node.statement.words().first() != Some(&"no"),
            None => !self.is_datacenter,
        }
    }

    /// The families in which anything is said of `name` or its group, or that are active by default.
    pub(crate) fn families_of(&self, name: &str) -> Vec<AddressFamily> {
        let said =
            |name: &str| self.neighbors.get(name).into_iter().flat_map(|neighbor| neighbor.families.keys());
        let mut families: Vec<AddressFamily> =
            said(name).chain(self.group_of(name).into_iter().flat_map(said)).copied().collect();
        let defaults = self.node.children.with_prefix("bgp default ").filter_map(|(key, _)| {
            AddressFamily::from_config_words(&key.strip_prefix("bgp default ")?.replacen('-', " ", 1))
        });
        let active = [AddressFamily::Ipv4Unicast].into_iter().chain(defaults);
        families.extend(active.filter(|family| self.is_active(name, *family)));
        families.sort();
        families.dedup();
        families
    }

    /// The groups that dynamic neighbors join, with the range of each.
    pub(crate) fn listen_ranges(&self) -> Vec<(&'a Statement, &'a str, &'a str)> {
        let ranges = self.node.children.with_prefix("bgp listen range ");
        ranges
            .filter_map(|(_, node)| match node.statement.words().as_slice() {
                ["bgp", "listen", "range", range, "peer-group", group] => {
                    Some((&node.statement, *range, *group))
                }
                _ => None,
            })
            .collect()
    }
}

fn neighbor_name(statement: &Statement) -> Option<&str> {
    let (words, _) = positive(statement);
    match words.as_slice() {
        ["neighbor", name, _, ..] => Some(name),
        _ => None,
    }
}

// === impl Neighbor ===

impl<'a> Neighbor<'a> {
    /// Whether it is a peer-group.
    pub(crate) fn is_group(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.words().as_slice(), ["neighbor", _, "peer-group"]))
    }

    /// Whether it is an unnumbered peer.
    pub(crate) fn is_interface(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.words().as_slice(), ["neighbor", _, "interface", ..]))
    }

    fn family(&self, family: AddressFamily) -> &[&'a Statement] {
        self.families.get(&family).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether FRR knows it, so that it may be described.
    pub(crate) fn is_made(&self, name: &str) -> bool {
        let is_address = name.parse::<IpAddr>().is_ok();
        self.lines.iter().any(|line| match line.words().as_slice() {
            ["neighbor", _, "peer-group"] | ["neighbor", _, "interface", ..] => true,
            ["neighbor", _, "remote-as" | "peer-group", _] => is_address,
            _ => false,
        })
    }

    /// The AS in its own lines.
    pub(crate) fn remote_as(&self) -> Option<&'a str> {
        self.lines.iter().find_map(|line| match line.words().as_slice() {
            ["neighbor", _, "remote-as", number] | ["neighbor", _, "interface", .., "remote-as", number] => {
                Some(*number)
            }
            _ => None,
        })
    }

    /// Its lines in all families and outside of them, in the order of their sources' lines.
    pub(crate) fn all_lines(&self) -> Vec<&'a Statement> {
        let mut lines: Vec<&Statement> =
            self.lines.iter().chain(self.families.values().flatten()).copied().collect();
        lines.sort_by(|a, b| place(&a.origin).cmp(&place(&b.origin)));
        lines
    }
}

fn place(origin: &Origin) -> (&str, u32) {
    (&origin.source, origin.line)
}
