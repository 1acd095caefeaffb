//! Route-maps and lists: which are defined, which are referred to, and what FRR does where one is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::Ipv6Addr,
};

use super::{Finding, instance::positive};
use crate::{
    config::{Config, Context, Node, Statement, Tree},
    session::AddressFamily,
};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    RouteMap,
    IpPrefixList,
    Ipv6PrefixList,
    AccessList,
    Ipv6AccessList,
    AsPathList,
    CommunityList,
    LargeCommunityList,
    ExtcommunityList,
}

/// A name that a line refers to, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a str,
    pub(crate) usage: Usage,
}

/// How a name is used: that decides what FRR does where it is not defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// A filter or map of a neighbor.
    Filter,
    /// A map that decides on routes on their way into or out of the table.
    Passage,
    /// A `match` clause.
    Match,
    /// A `call` clause.
    Call,
    /// The communities that a `set … delete` takes away.
    Delete,
    /// The maps of a conditional advertisement.
    Condition,
}

/// Lists and maps that are not defined, or that nobody uses.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let defined = definitions(config);
    let mut findings = Vec::new();
    let mut visit = |statement: &Statement, references: Vec<Reference<'_>>| {
        for reference in references {
            if !defined.contains_key(&(reference.kind, reference.name)) {
                findings.push(undefined(statement, reference, &defined));
            }
        }
    };
    for (_, node) in config.top.iter() {
        visit(&node.statement, of_top(&node.statement.words()));
        for (_, child) in node.children.iter() {
            if node.opens == Some(Context::RouteMap) {
                visit(&child.statement, of_clause(&child.statement.words()));
            }
            let Some(Context::Family(family)) = child.opens else { continue };
            for (_, line) in child.children.iter() {
                visit(&line.statement, of_family_line(&positive(&line.statement).0, family));
            }
        }
    }
    findings.extend(config.top.with_prefix("route-map ").filter_map(|(_, entry)| impossible(entry)));
    findings.extend(unused(config, &defined));
    findings
}

/// Every defined map and list, with its first statement.
pub(crate) fn definitions(config: &Config) -> BTreeMap<(Kind, &str), &Statement> {
    let mut defined = BTreeMap::new();
    for (_, node) in config.top.iter() {
        if let Some(definition) = definition(&node.statement.words()) {
            defined.entry(definition).or_insert(&node.statement);
        }
    }
    defined
}

/// The map or list that a top-level line defines a part of.
pub(crate) fn definition<'a>(words: &[&'a str]) -> Option<(Kind, &'a str)> {
    let community = |kind: &str| match kind {
        "community-list" => Some(Kind::CommunityList),
        "large-community-list" => Some(Kind::LargeCommunityList),
        "extcommunity-list" => Some(Kind::ExtcommunityList),
        _ => None,
    };
    match words {
        ["route-map", name, "permit" | "deny", _] => Some((Kind::RouteMap, name)),
        ["ip", "prefix-list", name, _, ..] => Some((Kind::IpPrefixList, name)),
        ["ipv6", "prefix-list", name, _, ..] => Some((Kind::Ipv6PrefixList, name)),
        ["access-list", name, _, ..] | ["ip", "access-list", name, _, ..] => Some((Kind::AccessList, name)),
        ["ipv6", "access-list", name, _, ..] => Some((Kind::Ipv6AccessList, name)),
        ["bgp", "as-path", "access-list", name, _, ..] => Some((Kind::AsPathList, name)),
        ["bgp", kind, "standard" | "expanded", name, _, ..] | ["bgp", kind, name, _, ..] => {
            community(kind).map(|kind| (kind, *name))
        }
        _ => None,
    }
}

/// What a line of an address family refers to.
pub(crate) fn of_family_line<'a>(words: &[&'a str], family: AddressFamily) -> Vec<Reference<'a>> {
    let six = is_ipv6(family);
    let prefix_list = if six { Kind::Ipv6PrefixList } else { Kind::IpPrefixList };
    let access_list = if six { Kind::Ipv6AccessList } else { Kind::AccessList };
    let one = |kind, name, usage| vec![Reference { kind, name, usage }];
    match words {
        ["neighbor", _, "route-map", name, _] | ["neighbor", _, "unsuppress-map", name] => {
            one(Kind::RouteMap, name, Usage::Filter)
        }
        ["neighbor", _, "prefix-list", name, _] => one(prefix_list, name, Usage::Filter),
        ["neighbor", _, "distribute-list", name, _] => one(access_list, name, Usage::Filter),
        ["neighbor", _, "filter-list", name, _] => one(Kind::AsPathList, name, Usage::Filter),
        ["neighbor", _, "advertise-map", map, _, condition] => [map, condition]
            .map(|name| Reference { kind: Kind::RouteMap, name, usage: Usage::Condition })
            .to_vec(),
        [.., "suppress-map", name] | ["table-map", name] | ["route-map", "vpn", _, name] => {
            one(Kind::RouteMap, name, Usage::Passage)
        }
        _ => {
            after(words, "route-map").map_or_else(Vec::new, |name| one(Kind::RouteMap, name, Usage::Passage))
        }
    }
}

/// What a clause of a route-map refers to.
pub(crate) fn of_clause<'a>(words: &[&'a str]) -> Vec<Reference<'a>> {
    let matched = |kind, name| Some(Reference { kind, name, usage: Usage::Match });
    let reference = match words {
        ["call", name] => Some(Reference { kind: Kind::RouteMap, name, usage: Usage::Call }),
        ["match", "ip", _, "prefix-list", name] => matched(Kind::IpPrefixList, name),
        ["match", "ipv6", _, "prefix-list", name] => matched(Kind::Ipv6PrefixList, name),
        ["match", "ip", "address" | "next-hop" | "route-source", name] => matched(Kind::AccessList, name),
        ["match", "ipv6", "address" | "next-hop", name] if name.parse::<Ipv6Addr>().is_err() => {
            matched(Kind::Ipv6AccessList, name)
        }
        ["match", "as-path", name] => matched(Kind::AsPathList, name),
        ["match", "community", name, ..] => matched(Kind::CommunityList, name),
        ["match", "large-community", name, ..] => matched(Kind::LargeCommunityList, name),
        ["match", "extcommunity", name, ..] => matched(Kind::ExtcommunityList, name),
        ["set", kind, name, "delete"] => {
            let kind = match *kind {
                "comm-list" => Some(Kind::CommunityList),
                "large-comm-list" => Some(Kind::LargeCommunityList),
                "extended-comm-list" => Some(Kind::ExtcommunityList),
                _ => None,
            };
            kind.map(|kind| Reference { kind, name, usage: Usage::Delete })
        }
        _ => None,
    };
    reference.into_iter().collect()
}

/// What a line of the top level refers to, lists and maps themselves apart.
fn of_top<'a>(words: &[&'a str]) -> Vec<Reference<'a>> {
    match words {
        ["ip" | "ipv6", "protocol", _, "route-map", name] => {
            vec![Reference { kind: Kind::RouteMap, name, usage: Usage::Passage }]
        }
        _ => Vec::new(),
    }
}

/// Whether the routes of a family are IPv6 routes.
pub(crate) fn is_ipv6(family: AddressFamily) -> bool {
    family.config_words().starts_with("ipv6")
}

fn after<'a>(words: &[&'a str], keyword: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| *word == keyword)?;
    words.get(at + 1).copied()
}

fn undefined(
    statement: &Statement,
    reference: Reference<'_>,
    defined: &BTreeMap<(Kind, &str), &Statement>,
) -> Finding {
    let Reference { kind, name, usage } = reference;
    let reason = format!("{kind} {name} is not defined: {}", usage.without());
    let fix = match kind.other_family().filter(|other| defined.contains_key(&(*other, name))) {
        Some(other) => format!("{name} is an {other}"),
        None => format!("add: {}", kind.example(name)),
    };
    Finding::warning(statement, name, reason, fix)
}

/// Names that stand in no other line; a word that happens to be the same counts as a use.
fn unused(config: &Config, defined: &BTreeMap<(Kind, &str), &Statement>) -> Vec<Finding> {
    let mut used = BTreeSet::new();
    words_of_uses(&config.top, &mut used);
    let is_used = |name: &str| used.contains(name);
    defined
        .iter()
        .filter(|((_, name), _)| !is_used(name))
        .map(|((kind, name), statement)| {
            Finding::warning(
                statement,
                name,
                format!("{kind} {name} is used by nobody"),
                "leave it out, or refer to it",
            )
        })
        .collect()
}

fn words_of_uses<'a>(tree: &'a Tree, used: &mut BTreeSet<&'a str>) {
    for (_, node) in tree.iter() {
        let words = node.statement.words();
        if definition(&words).is_none() {
            used.extend(words);
        }
        words_of_uses(&node.children, used);
    }
}

/// An entry needs all of its matches; `match ip` fails for IPv6 routes, and `match ipv6` for the others
/// (`route_map_apply_match` in lib/routemap.c, `prefix_list_entry_match` in lib/plist.c).
fn impossible(entry: &Node) -> Option<Finding> {
    let of = |family: &str| {
        let mut clauses = entry.children.iter().map(|(_, node)| &node.statement);
        clauses
            .find(|clause| matches!(clause.words().as_slice(), ["match", of, "address", ..] if *of == family))
    };
    let (four, six) = (of("ip")?, of("ipv6")?);
    let line = if four.origin > six.origin { four } else { six };
    Some(Finding::warning(
        line,
        &line.to_string(),
        "no route is IPv4 and IPv6 at once, and an entry needs all of its matches: this entry matches nothing",
        "keep the match of the session's family, or make an entry for each",
    ))
}

// === impl Usage ===

impl Usage {
    /// What FRR does where the name is not defined (measured on four versions, and read in `bgp_routemap.c`).
    pub(crate) fn without(self) -> &'static str {
        match self {
            Self::Filter => "FRR denies every route here",
            Self::Passage => "FRR lets no route through here",
            Self::Match => "this match fails for every route",
            Self::Call => "FRR skips the call",
            Self::Delete => "nothing is deleted",
            Self::Condition => "nothing is advertised by this condition",
        }
    }
}

// === impl Kind ===

impl Kind {
    fn other_family(self) -> Option<Self> {
        match self {
            Self::IpPrefixList => Some(Self::Ipv6PrefixList),
            Self::Ipv6PrefixList => Some(Self::IpPrefixList),
            Self::AccessList => Some(Self::Ipv6AccessList),
            Self::Ipv6AccessList => Some(Self::AccessList),
            Self::RouteMap
            | Self::AsPathList
            | Self::CommunityList
            | Self::LargeCommunityList
            | Self::ExtcommunityList => None,
        }
    }

    /// A line that defines `name`.
    fn example(self, name: &str) -> String {
        match self {
            Self::RouteMap => format!("route-map {name} permit 10"),
            Self::IpPrefixList | Self::Ipv6PrefixList | Self::AccessList | Self::Ipv6AccessList => {
                format!("{self} {name} seq 5 permit PREFIX")
            }
            Self::AsPathList => format!("bgp as-path access-list {name} seq 5 permit REGEX"),
            Self::CommunityList | Self::LargeCommunityList | Self::ExtcommunityList => {
                format!("bgp {self} standard {name} seq 5 permit COMMUNITY")
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RouteMap => "route-map",
            Self::IpPrefixList => "ip prefix-list",
            Self::Ipv6PrefixList => "ipv6 prefix-list",
            Self::AccessList => "access-list",
            Self::Ipv6AccessList => "ipv6 access-list",
            Self::AsPathList => "as-path access-list",
            Self::CommunityList => "community-list",
            Self::LargeCommunityList => "large-community-list",
            Self::ExtcommunityList => "extcommunity-list",
        })
    }
}
