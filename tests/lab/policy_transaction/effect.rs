//! What bgpd judges by, told by the structures that it judges with, and not by the configuration that it prints.

use std::collections::BTreeSet;

use frr_driver::config::{Config, Context};
use routelet_tests::lab::Node;

/// The last word of some clauses, which not every version holds.
const UNSAID: &str = " delete";

/// Returns what bgpd holds, one line for each entry and clause.
pub(crate) fn held(node: &Node) -> BTreeSet<String> {
    let ask = |command: &str| node.ask("bgpd", command).unwrap();
    let mut held = BTreeSet::new();
    for words in ["ip prefix-list", "ipv6 prefix-list"] {
        entries(&mut held, words, &ask(&format!("show {words}")));
    }
    clauses(&mut held, &ask("show route-map"));
    held
}

/// Returns what bgpd shall hold.
pub(crate) fn wanted(config: &Config) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    for (_, node) in config.top.iter() {
        let text = node.statement.reveal();
        if text.contains(" prefix-list ") && text.contains(" seq ") {
            wanted.insert(text.to_owned());
        }
        if node.opens == Some(Context::RouteMap) {
            wanted.insert(text.to_owned());
            let clauses = node.children.iter().map(|(_, clause)| clause.statement.reveal());
            let judging = clauses.filter(|clause| clause.starts_with("match ") || clause.starts_with("set "));
            wanted.extend(judging.map(|clause| format!("{text} | {}", clause.trim_end_matches(UNSAID))));
        }
    }
    wanted
}

/// Reads `show ip prefix-list`: `BGP: ip prefix-list A: 2 entries`, and then `   seq 5 permit 10.0.0.0/8`.
fn entries(held: &mut BTreeSet<String>, words: &str, text: &str) {
    let mut name = "";
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("prefix-list ") {
            name = rest.split(':').next().unwrap_or_default();
        } else if line.trim().starts_with("seq ") {
            held.insert(format!("{words} {name} {}", line.trim()));
        }
    }
}

/// Reads `show route-map`: `route-map: R Invoked: 0 …`, ` permit, sequence 10 Invoked 0`, `  Match clauses:`, and
/// then `    ip address prefix-list P`.
fn clauses(held: &mut BTreeSet<String>, text: &str) {
    let (mut name, mut entry, mut verb) = ("", String::new(), "");
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["route-map:", map, ..] => name = map,
            [action @ ("permit," | "deny,"), "sequence", seq, ..] => {
                entry = format!("route-map {name} {} {seq}", action.trim_end_matches(','));
                held.insert(entry.clone());
            }
            ["Match", "clauses:"] => verb = "match",
            ["Set", "clauses:"] => verb = "set",
            ["Call", "clause:", ..] | ["Action:", ..] => verb = "",
            words if !verb.is_empty() && line.starts_with("    ") => {
                // 8.4.4 has a word for a clause without a value.
                let value: Vec<&str> = words.iter().copied().filter(|word| *word != "(null)").collect();
                held.insert(format!("{entry} | {verb} {}", value.join(" ").trim_end_matches(UNSAID)));
            }
            _ => {}
        }
    }
}
