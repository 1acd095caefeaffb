//! What the configuration says of a peer's routes: whether any can get in, and which line is in the way.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::Loss;
use crate::{
    check::reference::{Kind, definition, definitions, is_ipv6, of_clause},
    config::{Config, Node},
    session::{AddressFamily, Policy},
};

/// What the inbound policy of a session and family can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Whether no route whatsoever gets through.
    pub lets_nothing_in: bool,
    /// The line that is in the way if nothing gets in.
    pub suspected: Loss,
    /// The entries of the map that may permit something.
    pub permits: Vec<u32>,
}

/// An entry of a map.
struct Entry<'a> {
    node: &'a Node,
    number: u32,
    is_permit: bool,
    matches: Vec<Vec<&'a str>>,
    /// A `call`, an `on-match`: what it does depends on others.
    is_plain: bool,
}

/// Returns the digest of all maps and lists: another one means that counters may be of another policy.
pub fn fingerprint(config: &Config) -> u64 {
    let mut hasher = DefaultHasher::new();
    let policies = config.top.iter().filter(|(_, node)| definition(&node.statement.words()).is_some());
    for (_, node) in policies {
        node.statement.reveal().hash(&mut hasher);
        node.children.iter().for_each(|(_, clause)| clause.statement.reveal().hash(&mut hasher));
    }
    hasher.finish()
}

/// Judges `policy` by what `config` defines; in the order in which bgpd asks.
pub fn inbound(config: &Config, policy: &Policy, family: AddressFamily) -> Inbound {
    let defined = definitions(config);
    let certain = |suspected| Inbound { lets_nothing_in: true, suspected, permits: Vec::new() };
    let lists: Vec<(&str, Kind, &String)> = [
        ("distribute-list", access_list(family), &policy.distribute_list),
        ("prefix-list", prefix_list(family), &policy.prefix_list),
        ("filter-list", Kind::AsPathList, &policy.filter_list),
    ]
    .into_iter()
    .filter_map(|(word, kind, name)| Some((word, kind, name.as_ref()?)))
    .collect();
    for (word, kind, name) in &lists {
        if !defined.contains_key(&(*kind, name.as_str())) {
            let by = format!("neighbor … {word} {name} in");
            return certain(Loss::Undefined { name: format!("{kind} {name}"), by });
        }
    }
    let Some(name) = &policy.route_map else {
        let suspected = match lists.as_slice() {
            [(word, kind, name)] => Loss::List {
                lists: vec![format!("{kind} {name}")],
                by: format!("neighbor … {word} {name} in"),
            },
            _ => Loss::Unexplained,
        };
        return Inbound { lets_nothing_in: false, suspected, permits: Vec::new() };
    };
    if !defined.contains_key(&(Kind::RouteMap, name.as_str())) {
        let by = format!("neighbor … route-map {name} in");
        return certain(Loss::Undefined { name: format!("route-map {name}"), by });
    }
    let mut verdict =
        map(&entries(config, name), name, family, |kind, name| defined.contains_key(&(kind, name)));
    if !lists.is_empty() && !verdict.lets_nothing_in {
        // The lists before the map may be what is in the way.
        verdict.suspected = Loss::Unexplained;
    }
    verdict
}

/// Judges a map; `is_defined` knows the lists.
fn map(
    entries: &[Entry<'_>],
    name: &str,
    family: AddressFamily,
    is_defined: impl Fn(Kind, &str) -> bool,
) -> Inbound {
    let mut undefined = None;
    let mut permits: Vec<&Entry<'_>> = Vec::new();
    let mut deny = None;
    let mut denies_some = false;
    for entry in entries {
        if !entry.is_permit {
            if entry.matches.is_empty() {
                deny = Some(entry);
                break;
            }
            denies_some = true;
            continue;
        }
        if entry.matches.iter().any(|words| is_of_other_family(words, family)) {
            continue;
        }
        let missing = entry
            .matches
            .iter()
            .flat_map(|words| of_clause(words))
            .find(|list| !is_defined(list.kind, list.name));
        if let Some(list) = missing {
            undefined.get_or_insert_with(|| Loss::Undefined {
                name: format!("{} {}", list.kind, list.name),
                by: entry.node.statement.to_string(),
            });
            continue;
        }
        permits.push(entry);
        if entry.matches.is_empty() {
            break;
        }
    }
    let denied = deny.map(|entry| Loss::Entry { entry: entry.node.statement.to_string(), invoked: None });
    if permits.is_empty() {
        let end = || Loss::NoPermit { map: format!("route-map {name}") };
        let suspected = undefined.or(denied).unwrap_or_else(end);
        return Inbound { lets_nothing_in: true, suspected, permits: Vec::new() };
    }
    // An entry that denies some may be what denies all of these.
    let suspected = lists(&permits).filter(|_| !denies_some).unwrap_or(Loss::Unexplained);
    Inbound { lets_nothing_in: false, suspected, permits: permits.iter().map(|entry| entry.number).collect() }
}

/// The prefix-lists, if nothing else decides whether `permits` let a route through.
fn lists(permits: &[&Entry<'_>]) -> Option<Loss> {
    let list = |entry: &&Entry<'_>| match entry.matches.as_slice() {
        [words] if entry.is_plain => match words.as_slice() {
            ["match", of @ ("ip" | "ipv6"), "address", "prefix-list", name] => {
                Some(format!("{of} prefix-list {name}"))
            }
            _ => None,
        },
        _ => None,
    };
    let mut lists: Vec<String> = permits.iter().map(list).collect::<Option<_>>()?;
    lists.dedup();
    let by = permits.first()?.node.statement.to_string();
    Some(Loss::List { lists, by })
}

/// The entries of a map, in FRR's order.
fn entries<'a>(config: &'a Config, name: &str) -> Vec<Entry<'a>> {
    let nodes = config.top.iter().filter_map(|(_, node)| {
        let words = node.statement.words();
        let ["route-map", of, action, number] = words.as_slice() else { return None };
        (*of == name).then_some((number.parse().ok()?, *action == "permit", node))
    });
    let mut entries: Vec<Entry<'_>> = nodes
        .map(|(number, is_permit, node)| {
            let clauses = || node.children.iter().map(|(_, clause)| clause.statement.words());
            let of = |word: &'static str| move |words: &Vec<&str>| words.first() == Some(&word);
            let is_plain =
                !clauses().any(|words| matches!(words.first(), Some(&("call" | "on-match" | "continue"))));
            Entry { node, number, is_permit, matches: clauses().filter(of("match")).collect(), is_plain }
        })
        .collect();
    entries.sort_by_key(|entry| entry.number);
    entries
}

fn is_of_other_family(words: &[&str], family: AddressFamily) -> bool {
    let other = if is_ipv6(family) { "ip" } else { "ipv6" };
    matches!(words, ["match", of, "address", ..] if *of == other)
}

fn prefix_list(family: AddressFamily) -> Kind {
    if is_ipv6(family) { Kind::Ipv6PrefixList } else { Kind::IpPrefixList }
}

fn access_list(family: AddressFamily) -> Kind {
    if is_ipv6(family) { Kind::Ipv6AccessList } else { Kind::AccessList }
}
