//! `policy=extras`: prefix-lists, and one `route-map <peer>-in permit 20` per peer.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::{Report, forbidden_in_any_line, numbered};
use crate::{
    config::{Config, Node, load},
    quirks::FrrVersion,
};

/// The index of the entry that the contract gives to the user: `MetalLB` renders `deny 20` there.
pub const EXTRAS_INDEX: u32 = 20;

/// The longest name of a list or a map, in bytes: an address, a VRF and room to spare.
const NAME_BYTES_MAX: usize = 128;

/// Checks `text`, line by line.
pub(super) fn check(text: &str, base: &Config, report: &mut Report) {
    let own = load("", text, FrrVersion::default());
    let mut contract = Contract {
        base,
        own,
        lists: BTreeMap::new(),
        maps: BTreeMap::new(),
        matches: Vec::new(),
        open: None,
    };
    for (number, line) in numbered(text) {
        if let Some(reason) = forbidden_in_any_line(line) {
            report.refuse(number, line, reason, "");
            continue;
        }
        let trimmed = line.trim_matches([' ', '\t']);
        if trimmed.is_empty() || trimmed.starts_with(['!', '#']) {
            continue;
        }
        if let Some(odd) = trimmed.chars().find(|c| !c.is_ascii()) {
            report.refuse(
                number,
                line,
                format!("the character U+{:04X} outside a comment", u32::from(odd)),
                "use plain ASCII; a space that was copied from a web page is often U+00A0",
            );
            continue;
        }
        let words: Vec<&str> = trimmed.split_ascii_whitespace().collect();
        if let Err(refusal) = contract.line(number, &words) {
            report.refuse(number, line, refusal.reason, refusal.fix);
        }
    }
    for (number, family, name) in &contract.matches {
        if !contract.lists.contains_key(&(*family, name.clone())) {
            let other = if *family == "ip" { "ipv6" } else { "ip" };
            let fix = if contract.lists.contains_key(&(other, name.clone())) {
                format!("{name} is an {other} prefix-list: match {other} address prefix-list {name}")
            } else {
                format!("add: {family} prefix-list {name} seq 5 permit …")
            };
            let line = format!("match {family} address prefix-list {name}");
            report.refuse(
                *number,
                &line,
                format!("{family} prefix-list {name} is not defined in this contribution"),
                fix,
            );
        }
    }
}

/// Why a line is refused, and what to write instead.
pub(super) struct Refusal {
    pub(super) reason: String,
    pub(super) fix: String,
}

fn refuse<T>(reason: impl Into<String>, fix: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason: reason.into(), fix: fix.into() })
}

struct Contract<'a> {
    base: &'a Config,
    /// The contribution as FRR would hold it alone.
    own: Config,
    /// Family and name of the lists defined here.
    lists: BTreeMap<(&'static str, String), u32>,
    /// Name of the maps defined here, with the line.
    maps: BTreeMap<String, u32>,
    /// Line, family and list of every match.
    matches: Vec<(u32, &'static str, String)>,
    /// The map that the next `match` belongs to.
    open: Option<String>,
}

impl Contract<'_> {
    fn line(&mut self, number: u32, words: &[&str]) -> Result<(), Refusal> {
        match words {
            ["exit" | "exit-route-map"] => {
                self.open = None;
                Ok(())
            }
            ["ip", "prefix-list", rest @ ..] => self.prefix_list(number, "ip", rest),
            ["ipv6", "prefix-list", rest @ ..] => self.prefix_list(number, "ipv6", rest),
            ["route-map", rest @ ..] => self.route_map(number, rest),
            ["match", family @ ("ip" | "ipv6"), "address", "prefix-list", name] => {
                self.matches(number, if *family == "ip" { "ip" } else { "ipv6" }, name)
            }
            ["match", "ipv4", "address", "prefix-list", name] => {
                refuse("FRR has no `match ipv4`", format!("write: match ip address prefix-list {name}"))
            }
            ["ipv4", "prefix-list", ..] => refuse("FRR has no `ipv4 prefix-list`", "write: ip prefix-list …"),
            ["match", "ip" | "ipv6", "address", "prefix-list"] => {
                refuse("the name of the prefix-list is missing", "write: match ip address prefix-list NAME")
            }
            ["match" | "set" | "call" | "continue" | "on-match" | "description", ..] => refuse(
                format!("`{}` is not part of the extras contract", words.join(" ")),
                "only `match ip address prefix-list NAME` and `match ipv6 address prefix-list NAME` are; \
                 for more use a contribution with policy=full",
            ),
            [first, ..] => not_allowed(first),
            [] => Ok(()),
        }
    }

    fn prefix_list(&mut self, number: u32, family: &'static str, words: &[&str]) -> Result<(), Refusal> {
        self.open = None;
        let [name, rest @ ..] = words else {
            return refuse(
                "the name of the prefix-list is missing",
                format!("write: {family} prefix-list NAME seq 5 permit PREFIX"),
            );
        };
        check_name(name)?;
        if is_list_of_base(self.base, &self.own, name) {
            return refuse(
                format!("prefix-list {name} belongs to the base configuration"),
                "give your list another name",
            );
        }
        if let ["description", ..] = rest {
            return Ok(());
        }
        let rest = match rest {
            ["seq", seq, rest @ ..] => match seq.parse::<u32>() {
                Ok(1..) => rest,
                Ok(0) | Err(_) => {
                    return refuse(
                        format!("`seq {seq}` is not a number from 1 to 4294967295"),
                        "write: seq 5",
                    );
                }
            },
            rest => rest,
        };
        let ["permit" | "deny", prefix, bounds @ ..] = rest else {
            return refuse(
                "not a prefix-list entry that FRR knows",
                format!("write: {family} prefix-list {name} seq 5 permit PREFIX [ge N] [le N]"),
            );
        };
        check_prefix(family, prefix, bounds)?;
        self.lists.entry((family, (*name).to_owned())).or_insert(number);
        Ok(())
    }

    fn route_map(&mut self, number: u32, words: &[&str]) -> Result<(), Refusal> {
        self.open = None;
        let [name, action, index] = words else {
            return refuse(
                "not a route-map entry",
                format!("write: route-map <peer>-in permit {EXTRAS_INDEX}"),
            );
        };
        check_name(name)?;
        let Some(peer) = name.strip_suffix("-in").filter(|peer| !peer.is_empty()) else {
            return refuse(
                format!("{name} is not the inbound route-map of a peer"),
                format!(
                    "write: route-map <peer>-in permit {EXTRAS_INDEX}, with the peer's address or interface"
                ),
            );
        };
        if *action != "permit" {
            return refuse(
                format!("only `permit` may be said, not `{action}`"),
                format!(
                    "write: route-map {name} permit {EXTRAS_INDEX}; to let nothing in, leave the entry out"
                ),
            );
        }
        if index.parse() != Ok(EXTRAS_INDEX) || *index != "20" {
            return refuse(
                format!("the entry with index {index} is not part of the extras contract"),
                format!("write: route-map {name} permit {EXTRAS_INDEX}"),
            );
        }
        if let Some(line) = self.maps.get(*name) {
            return refuse(
                format!("a second entry for peer {peer}: line {line} has one"),
                "put all matches into one entry",
            );
        }
        self.maps.insert((*name).to_owned(), number);
        self.open = Some((*name).to_owned());
        Ok(())
    }

    fn matches(&mut self, number: u32, family: &'static str, name: &str) -> Result<(), Refusal> {
        if self.open.is_none() {
            return refuse(
                "`match` outside a route-map entry",
                format!("put it under: route-map <peer>-in permit {EXTRAS_INDEX}"),
            );
        }
        check_name(name)?;
        self.matches.push((number, family, name.to_owned()));
        Ok(())
    }
}

/// Words that the contract knows, to name an abbreviation as what it is.
const KEYWORDS: [&str; 8] =
    ["ip", "ipv6", "prefix-list", "route-map", "match", "exit", "exit-route-map", "no"];

fn not_allowed(first: &str) -> Result<(), Refusal> {
    let full =
        KEYWORDS.iter().find(|keyword| first.len() > 1 && keyword.starts_with(first) && **keyword != first);
    match (first, full) {
        ("ip" | "ipv6", _) => refuse(
            format!("only `{first} prefix-list …` is part of the extras contract, keywords in full"),
            format!("write: {first} prefix-list NAME seq 5 permit PREFIX"),
        ),
        ("no", _) => {
            refuse("`no` removes what others said", "leave the line out; what is not in the file is removed")
        }
        (_, Some(full)) => {
            refuse(format!("abbreviations are not accepted: `{first}`"), format!("write `{full}` in full"))
        }
        (_, None) => refuse(
            format!("`{first}` is not part of the extras contract"),
            "only prefix-lists and route-map <peer>-in permit 20 are; for more use a contribution with policy=full",
        ),
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-/@+%".contains(&b));
    if is_plain && name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    refuse(
        format!("`{name}` is not a name that can be used here"),
        format!("letters, digits and _ . : - up to {NAME_BYTES_MAX} characters"),
    )
}

/// A list is the base's where the base matches on it, or defines it otherwise than the contribution does.
///
/// `MetalLB` appends the extras to the base by itself: the same list in both is no clash.
fn is_list_of_base(base: &Config, own: &Config, name: &str) -> bool {
    let entries = |config: &Config, family: &str| -> Vec<String> {
        let prefix = format!("{family} prefix-list {name} ");
        config.top.with_prefix(&prefix).map(|(_, node)| node.statement.reveal().to_owned()).collect()
    };
    let is_defined_otherwise = ["ip", "ipv6"].iter().any(|family| {
        let of_base = entries(base, family);
        !of_base.is_empty() && of_base != entries(own, family)
    });
    let is_extras_entry = |key: &str| key.starts_with("route-map ") && key.ends_with("-in 0000000020");
    is_defined_otherwise
        || base.top.iter().any(|(key, node)| !is_extras_entry(key) && refers_to_list(node, name))
}

fn refers_to_list(node: &Node, name: &str) -> bool {
    let words = node.statement.words();
    words.windows(2).any(|pair| {
        pair == ["prefix-list", name] && words.first() != Some(&"ip") && words.first() != Some(&"ipv6")
    }) || node.children.iter().any(|(_, child)| refers_to_list(child, name))
}

/// FRR checks the range only when it applies the line, and drops the lines beside it then.
pub(super) fn check_prefix(family: &str, prefix: &str, bounds: &[&str]) -> Result<(), Refusal> {
    let longest: u8 = if family == "ip" { 32 } else { 128 };
    let length = if prefix == "any" {
        0
    } else {
        match prefix.parse::<IpNet>() {
            Ok(net) if net.max_prefix_len() == longest => net.prefix_len(),
            Ok(_) => {
                let other = if family == "ip" { "ipv6" } else { "ip" };
                return refuse(
                    format!("{prefix} is not an {} prefix", if family == "ip" { "IPv4" } else { "IPv6" }),
                    format!("use: {other} prefix-list"),
                );
            }
            Err(_) => return refuse(format!("`{prefix}` is not a prefix"), "write: ADDRESS/LENGTH, or any"),
        }
    };
    let (ge, le) = match bounds {
        [] => (None, None),
        ["ge", ge] => (Some(*ge), None),
        ["le", le] => (None, Some(*le)),
        ["ge", ge, "le", le] | ["le", le, "ge", ge] => (Some(*ge), Some(*le)),
        _ => return refuse(format!("`{}` is not a range", bounds.join(" ")), "write: [ge N] [le N]"),
    };
    let number = |bound: Option<&str>| match bound.map(str::parse::<u8>) {
        None => Ok(None),
        Some(Ok(number)) if number <= longest => Ok(Some(number)),
        Some(Ok(_) | Err(_)) => refuse(
            format!("`{}` is not a prefix length", bound.unwrap_or_default()),
            format!("0 to {longest}"),
        ),
    };
    let (ge, le) = (number(ge)?, number(le)?);
    if prefix == "any" && !bounds.is_empty() {
        return refuse(
            "`any` takes no range",
            format!("write: {} le {longest}", if longest == 32 { "0.0.0.0/0" } else { "::/0" }),
        );
    }
    let lowest = ge.unwrap_or(length);
    if lowest < length || le.is_some_and(|le| le < lowest) {
        return refuse(
            format!("FRR refuses this range: {length} <= ge <= le <= {longest} must hold"),
            format!("e.g. {prefix} le {longest}"),
        );
    }
    Ok(())
}
