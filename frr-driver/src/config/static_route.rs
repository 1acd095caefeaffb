//! Static routes: `ip route PREFIX NEXTHOP [INTERFACE] [OPTIONS]`.
//!
//! A route is keyed by prefix and next hop; tag, distance and the like are values. FRR prints the options in one
//! order (`staticd/static_vty.c`, `nexthop_cli_show`).

use std::net::Ipv4Addr;

use super::{Origin, Statement, Tree};
use crate::quirks::FrrVersion;

/// Options with a value, in the order of the print; a bare number is the distance, and comes second.
const BEFORE_DISTANCE: &str = "tag";
const AFTER_DISTANCE: [&str; 3] = ["nexthop-vrf", "table", "label"];

/// A route, taken apart.
struct StaticRoute<'a> {
    /// `ip` or `ipv6`, with `route`.
    head: String,
    prefix: String,
    next_hop: Vec<&'a str>,
    tag: Option<&'a str>,
    distance: Option<&'a str>,
    /// The options behind the distance, in the order of the print.
    options: Vec<(&'a str, &'a str)>,
    onlink: bool,
    /// What is not known, as it was written.
    rest: Vec<&'a str>,
}

// === impl StaticRoute ===

impl<'a> StaticRoute<'a> {
    fn read(words: &[&'a str]) -> Option<Self> {
        let [family @ ("ip" | "ipv6"), "route", prefix, words @ ..] = words else { return None };
        let (prefix, words) = with_mask(prefix, words);
        let is_option = |word: &str| {
            word == BEFORE_DISTANCE
                || AFTER_DISTANCE.contains(&word)
                || matches!(word, "onlink" | "color" | "bfd" | "segments" | "vrf")
                || is_number(word)
        };
        let hops = words.iter().position(|word| is_option(word)).unwrap_or(words.len());
        let (next_hop, words) = words.split_at(hops);
        let mut route = Self {
            head: format!("{family} route"),
            prefix,
            next_hop: next_hop.to_vec(),
            tag: None,
            distance: None,
            options: Vec::new(),
            onlink: false,
            rest: Vec::new(),
        };
        route.read_options(words);
        Some(route)
    }

    fn read_options(&mut self, words: &[&'a str]) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "onlink" => self.onlink = true,
                BEFORE_DISTANCE => self.tag = words.next().copied(),
                name if AFTER_DISTANCE.contains(&name) => {
                    self.options.extend(words.next().map(|value| (name, *value)));
                }
                number if is_number(number) && self.rest.is_empty() => self.distance = Some(number),
                other => self.rest.push(other),
            }
        }
        let order = |name: &str| AFTER_DISTANCE.iter().position(|option| *option == name);
        self.options.sort_by_key(|(name, _)| order(name));
    }

    fn text(&self) -> String {
        let mut text = format!("{} {}", self.head, self.prefix);
        let mut push = |word: &str| {
            text.push(' ');
            text.push_str(word);
        };
        for word in &self.next_hop {
            push(if *word == "null0" { "Null0" } else { word });
        }
        for word in self.tag.iter().flat_map(|tag| [BEFORE_DISTANCE, tag]) {
            push(word);
        }
        if let Some(distance) = self.distance.filter(|distance| *distance != "1") {
            push(distance);
        }
        for word in self.options.iter().flat_map(|(name, value)| [*name, *value]) {
            push(word);
        }
        if self.onlink {
            push("onlink");
        }
        self.rest.iter().for_each(|word| push(word));
        text
    }

    fn table(&self) -> Option<&'a str> {
        self.options.iter().find(|(name, _)| *name == "table").map(|(_, table)| *table)
    }

    /// Routes that share prefix, table and distance.
    fn group(&self) -> (&str, Option<&'a str>, &'a str) {
        (&self.prefix, self.table(), self.distance.unwrap_or("1"))
    }

    fn key(&self, version: FrrVersion) -> String {
        let mut key = format!("{} {}", self.head, self.prefix);
        for word in &self.next_hop {
            key.push(' ');
            // One route to nowhere replaces another.
            key.push_str(if is_nowhere(word) { "Null0" } else { word });
        }
        if let Some(table) = self.table() {
            key.extend([" table ", table]);
        }
        if version.keys_static_by_distance()
            && let Some(distance) = self.distance
        {
            key.extend([" distance ", distance]);
        }
        key
    }
}

/// Returns the line that FRR prints for the route `words`, where it is another one.
pub(super) fn rewrite(words: &[&str]) -> Option<String> {
    StaticRoute::read(words).map(|route| route.text())
}

/// Returns what the route `words` sets.
pub(super) fn key(words: &[&str], version: FrrVersion) -> Option<String> {
    StaticRoute::read(words).map(|route| route.key(version))
}

/// The VRF in which a top-level route is printed: `ip route P NH vrf V` stands in the block of V.
pub(super) fn vrf<'a>(words: &[&'a str]) -> Option<(&'a str, Vec<&'a str>)> {
    let (["ip" | "ipv6", "route", ..], at) = (words, words.iter().position(|word| *word == "vrf")?) else {
        return None;
    };
    let vrf = words.get(at + 1)?;
    let rest = words.get(..at)?.iter().chain(words.get(at + 2..)?).copied().collect();
    Some((vrf, rest))
}

/// Up to 10.3 the tag written last counts for every next hop of the prefix and distance.
pub(super) fn spread_tag(tree: &mut Tree, words: &[&str], origin: &Origin) {
    let Some(route) = StaticRoute::read(words) else { return };
    let prefix = format!("{} {} ", route.head, route.prefix);
    let others: Vec<(String, String)> = tree
        .with_prefix(&prefix)
        .filter_map(|(key, node)| {
            let words = node.statement.words();
            let mut other = StaticRoute::read(&words)?;
            if other.group() != route.group() || other.tag == route.tag {
                return None;
            }
            other.tag = route.tag;
            Some((key.to_owned(), other.text()))
        })
        .collect();
    for (key, text) in others {
        tree.set(key, Statement::new(text, origin.clone()));
    }
}

fn with_mask<'a, 'w>(prefix: &str, words: &'w [&'a str]) -> (String, &'w [&'a str]) {
    let mask = words.first().and_then(|word| word.parse::<Ipv4Addr>().ok());
    if let (Ok(address), Some(mask)) = (prefix.parse::<Ipv4Addr>(), mask)
        && let Ok(net) = ipnet::Ipv4Net::with_netmask(address, mask)
    {
        return (net.trunc().to_string(), words.get(1..).unwrap_or_default());
    }
    (prefix.to_owned(), words)
}

fn is_nowhere(word: &str) -> bool {
    matches!(word, "null0" | "Null0" | "blackhole" | "reject")
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}
