//! Route-maps and lists: which of them change, and who refers to them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{CAUSES_MAX, Effect, Sign};
use crate::{
    config::{Config, Origin, Statement},
    diff::Difference,
    session::AddressFamily,
};

/// Lists of different kinds may have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    RouteMap,
    PrefixList(Afi),
    AccessList(Afi),
    AsPathList,
    CommunityList,
    LargeCommunityList,
    ExtCommunityList,
    CommunityAlias,
}

/// What kind of address a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Afi {
    Ipv4,
    Ipv6,
    Mac,
}

/// A route-map, or a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Policy<'a> {
    kind: Kind,
    name: &'a str,
}

/// A line of the change, as causes show it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) text: Arc<str>,
    pub(super) origin: Origin,
    pub(super) sign: Sign,
}

/// The policies that change, each with the lines that make it so; at most 8 each.
pub(super) type Changed<'a> = BTreeMap<Policy<'a>, Vec<Line>>;

// === impl Line ===

impl Line {
    /// Returns the line `statement` within `blocks`.
    pub(super) fn new(blocks: &[&Statement], statement: &Statement, sign: Sign) -> Self {
        let mut text = String::new();
        for block in blocks {
            text.push_str(&block.to_string());
            text.push_str(" | ");
        }
        text.push_str(&statement.to_string());
        Self { text: text.into(), origin: statement.origin.clone(), sign }
    }

    /// Returns the line of a difference: the new one, if there is one.
    pub(super) fn of(blocks: &[&Statement], difference: &Difference<'_>) -> Option<Self> {
        let (node, sign) = match (difference.after, difference.before) {
            (Some(after), _) => (after, Sign::Add),
            (None, before) => (before?, Sign::Remove),
        };
        Some(Self::new(blocks, &node.statement, sign))
    }
}

/// Returns whether a line of the top level belongs to a policy.
pub(super) fn is_policy(statement: &Statement) -> bool {
    Policy::of(statement).is_some()
}

// === what changes ===

/// Policies whose text changes, and those that refer to them, in any number of steps.
pub(super) fn changed<'a>(
    desired: &'a Config,
    running: &'a Config,
    differences: &[Difference<'a>],
) -> Changed<'a> {
    let mut changed = Changed::new();
    for difference in differences {
        let Some(node) = difference.node() else { continue };
        if let Some(policy) = Policy::of(&node.statement) {
            note(&mut changed, policy, difference);
        }
    }
    if changed.is_empty() {
        return changed;
    }
    let mut users: BTreeMap<Policy<'_>, Vec<Policy<'_>>> = BTreeMap::new();
    for config in [desired, running] {
        for (_, entry) in config.top.with_prefix("route-map ") {
            let Some(map) = Policy::of(&entry.statement) else { continue };
            for (_, clause) in entry.children.iter() {
                clause_refers(&clause.statement, |policy| users.entry(policy).or_default().push(map));
            }
        }
    }
    let mut reached: Vec<Policy<'_>> = changed.keys().copied().collect();
    while let Some(policy) = reached.pop() {
        let lines = changed.get(&policy).cloned().unwrap_or_default();
        for user in users.get(&policy).into_iter().flatten() {
            if !changed.contains_key(user) {
                reached.push(*user);
            }
            let of_user = changed.entry(*user).or_default();
            let known = |line: &Line, of_user: &[Line]| of_user.iter().any(|other| other.text == line.text);
            for line in &lines {
                if of_user.len() < CAUSES_MAX && !known(line, of_user) {
                    of_user.push(line.clone());
                }
            }
        }
    }
    changed
}

/// Notes what a difference of the top level says of `policy`; a description alone says nothing.
fn note<'a>(changed: &mut Changed<'a>, policy: Policy<'a>, difference: &Difference<'a>) {
    if changed.get(&policy).is_some_and(|lines| lines.len() >= CAUSES_MAX) {
        return;
    }
    let mut lines: Vec<Line> = Vec::new();
    match (difference.before, difference.after) {
        (Some(_), Some(after)) => {
            if difference.is_of_the_line() {
                lines.extend(Line::of(&[], difference));
            }
            let judging = difference.lines.iter().filter(|clause| !is_description(clause));
            lines.extend(judging.filter_map(|clause| Line::of(&[&after.statement], clause)));
            if lines.is_empty() {
                return;
            }
        }
        _ => lines.extend(Line::of(&[], difference)),
    }
    let known = changed.entry(policy).or_default();
    lines.truncate(CAUSES_MAX.saturating_sub(known.len()));
    known.append(&mut lines);
}

fn is_description(difference: &Difference<'_>) -> bool {
    difference.node().is_some_and(|node| node.statement.words().first() == Some(&"description"))
}

// === impl Policy ===

impl<'a> Policy<'a> {
    fn new(kind: Kind, name: &'a str) -> Self {
        Self { kind, name }
    }

    pub(crate) fn kind(self) -> Kind {
        self.kind
    }

    pub(crate) fn name(self) -> &'a str {
        self.name
    }

    /// The policy that a line of the top level belongs to; descriptions belong to none.
    pub(crate) fn of(statement: &'a Statement) -> Option<Self> {
        let words = statement.words();
        match words.as_slice() {
            ["access-list", _, "remark", ..] | [_, _, _, "description" | "remark", ..] => None,
            ["route-map", map, ..] => Some(Self::new(Kind::RouteMap, map)),
            ["ip", "prefix-list", list, ..] => Some(Self::new(Kind::PrefixList(Afi::Ipv4), list)),
            ["ipv6", "prefix-list", list, ..] => Some(Self::new(Kind::PrefixList(Afi::Ipv6), list)),
            ["access-list", list, ..] | ["ip", "access-list", list, ..] => {
                Some(Self::new(Kind::AccessList(Afi::Ipv4), list))
            }
            ["ipv6", "access-list", list, ..] => Some(Self::new(Kind::AccessList(Afi::Ipv6), list)),
            ["mac", "access-list", list, ..] => Some(Self::new(Kind::AccessList(Afi::Mac), list)),
            ["bgp", "as-path", "access-list", list, ..] => Some(Self::new(Kind::AsPathList, list)),
            ["bgp", "community", "alias", _, alias] => Some(Self::new(Kind::CommunityAlias, alias)),
            ["bgp", kind, "standard" | "expanded", list, ..] | ["bgp", kind, list, ..] => {
                let kind = match *kind {
                    "community-list" => Kind::CommunityList,
                    "large-community-list" => Kind::LargeCommunityList,
                    "extcommunity-list" => Kind::ExtCommunityList,
                    _ => return None,
                };
                Some(Self::new(kind, list))
            }
            _ => None,
        }
    }

    /// The list that a description or remark is about.
    pub(crate) fn described(statement: &'a Statement) -> Option<Self> {
        let (kind, name) = match statement.words().as_slice() {
            ["ip", "prefix-list", name, "description", ..] => (Kind::PrefixList(Afi::Ipv4), *name),
            ["ipv6", "prefix-list", name, "description", ..] => (Kind::PrefixList(Afi::Ipv6), *name),
            ["access-list", name, "remark", ..] => (Kind::AccessList(Afi::Ipv4), *name),
            ["ipv6", "access-list", name, "remark", ..] => (Kind::AccessList(Afi::Ipv6), *name),
            _ => return None,
        };
        Some(Self::new(kind, name))
    }
}

impl fmt::Display for Policy<'_> {
    /// Writes what all lines of the policy begin with, apart from `standard` and `expanded`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.kind {
            Kind::RouteMap => "route-map",
            Kind::PrefixList(Afi::Ipv6) => "ipv6 prefix-list",
            Kind::PrefixList(_) => "ip prefix-list",
            Kind::AccessList(Afi::Ipv4) => "access-list",
            Kind::AccessList(Afi::Ipv6) => "ipv6 access-list",
            Kind::AccessList(Afi::Mac) => "mac access-list",
            Kind::AsPathList => "bgp as-path access-list",
            Kind::CommunityList => "bgp community-list",
            Kind::LargeCommunityList => "bgp large-community-list",
            Kind::ExtCommunityList => "bgp extcommunity-list",
            Kind::CommunityAlias => "bgp community alias",
        };
        write!(f, "{words} {}", self.name)
    }
}

/// Names the policies that a clause of a route-map refers to.
pub(crate) fn clause_refers<'a>(clause: &'a Statement, mut name: impl FnMut(Policy<'a>)) {
    let afi = |word: &str| if word == "ipv6" { Afi::Ipv6 } else { Afi::Ipv4 };
    let policy = match clause.words().as_slice() {
        ["call", map] => Policy::new(Kind::RouteMap, map),
        ["match", family @ ("ip" | "ipv6"), _, "prefix-list", list] => {
            Policy::new(Kind::PrefixList(afi(family)), list)
        }
        ["match", family @ ("ip" | "ipv6"), "address" | "next-hop" | "route-source", list] => {
            Policy::new(Kind::AccessList(afi(family)), list)
        }
        ["match", "mac", "address", list] => Policy::new(Kind::AccessList(Afi::Mac), list),
        ["match", "as-path", list] | ["set", "as-path", "exclude", "as-path-access-list", list] => {
            Policy::new(Kind::AsPathList, list)
        }
        ["match", "community", list, ..] | ["set", "comm-list", list, ..] => {
            Policy::new(Kind::CommunityList, list)
        }
        ["match", "large-community", list, ..] | ["set", "large-comm-list", list, ..] => {
            Policy::new(Kind::LargeCommunityList, list)
        }
        ["match", "extcommunity", list, ..] | ["set", "extended-comm-list", list, ..] => {
            Policy::new(Kind::ExtCommunityList, list)
        }
        ["match", "alias", alias] => Policy::new(Kind::CommunityAlias, alias),
        _ => return,
    };
    name(policy);
}

// === who refers ===

/// What a line of an address family refers to, and what a change of that does to those whom the line is about.
pub(crate) struct Reference<'a> {
    pub(super) effect: Effect,
    pub(crate) policies: Vec<Policy<'a>>,
}

/// Returns the policies that a line of `family` applies to routes of sessions.
///
/// `table-map` and `import vrf route-map` are not among them: the one is about the kernel, and what the other imports
/// is sent like any other route (measured: nothing on the wire).
pub(crate) fn reference(statement: &Statement, family: AddressFamily) -> Option<Reference<'_>> {
    let way = |word: &str| match word {
        "in" => Some(Effect::PolicyIn),
        "out" => Some(Effect::PolicyOut),
        _ => None,
    };
    let map = |name| Policy::new(Kind::RouteMap, name);
    let afi = if family.config_words().starts_with("ipv6") { Afi::Ipv6 } else { Afi::Ipv4 };
    let words = statement.words();
    let (effect, policies) = match words.as_slice() {
        ["neighbor", _, "route-map", name, direction] => (way(direction)?, vec![map(name)]),
        ["neighbor", _, "prefix-list", name, direction] => {
            (way(direction)?, vec![Policy::new(Kind::PrefixList(afi), name)])
        }
        ["neighbor", _, "distribute-list", name, direction] => {
            (way(direction)?, vec![Policy::new(Kind::AccessList(afi), name)])
        }
        ["neighbor", _, "filter-list", name, direction] => {
            (way(direction)?, vec![Policy::new(Kind::AsPathList, name)])
        }
        ["neighbor", _, "advertise-map", name, "exist-map" | "non-exist-map", condition] => {
            (Effect::PolicyOut, vec![map(name), map(condition)])
        }
        ["neighbor", _, "unsuppress-map", name] | ["neighbor", _, "default-originate", "route-map", name] => {
            (Effect::PolicyOut, vec![map(name)])
        }
        ["neighbor", _, "allowas-in", .., "route-map", name] => (Effect::PolicyIn, vec![map(name)]),
        // FRR runs these maps again at its delay timer, and sends what changes; a clear would not run them.
        ["aggregate-address", _, options @ ..] => {
            let named = options.windows(2).filter_map(|pair| match pair {
                ["route-map" | "suppress-map", name] => Some(map(name)),
                _ => None,
            });
            (Effect::SentAgain, named.collect())
        }
        ["network" | "redistribute", .., "route-map", name] | ["route-map", "vpn", _, name] => {
            (Effect::SentAgain, vec![map(name)])
        }
        _ => return None,
    };
    Some(Reference { effect, policies })
}
