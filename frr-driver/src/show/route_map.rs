//! `show route-map NAME`: how often bgpd asked a map, and each of its entries.
//!
//! The text form: 7.5.1 has no other, and the text is the same on all versions but for the CPU time. The counters count
//! prefixes that were announced, never withdrawals; they begin with bgpd, or with `clear route-map counters`, and they
//! outlive a change of the map.

use std::collections::BTreeMap;

use super::{Notes, Parsed};

/// The command, for messages.
const ROUTE_MAP: &str = "show route-map";

/// How often a map was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteMapCounters {
    /// Prefixes that came to the map; `None` = bgpd has no such map.
    pub invoked: Option<u64>,
    /// Prefixes that came to each entry, by number. Always 0 on 7.5.1.
    pub entries: BTreeMap<u32, u64>,
}

/// Returns the command for one map.
pub fn route_map_command(name: &str) -> String {
    format!("{ROUTE_MAP} {name}")
}

/// Reads what bgpd answers to [`route_map_command`].
pub fn route_map(text: &str) -> Parsed<RouteMapCounters> {
    let mut notes = Notes::new(ROUTE_MAP);
    let mut counters = RouteMapCounters::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["route-map:", name, "Invoked:", count, ..] => {
                counters.invoked = number(count, name, &mut notes).or(counters.invoked);
            }
            ["permit," | "deny,", "sequence", entry, "Invoked", count, ..] => {
                if let Ok(entry) = entry.parse()
                    && let Some(count) = number(count, line, &mut notes)
                {
                    counters.entries.insert(entry, count);
                }
            }
            _ => {}
        }
    }
    notes.with(counters)
}

fn number(word: &str, at: &str, notes: &mut Notes) -> Option<u64> {
    let number = word.parse();
    if number.is_err() {
        notes.add(at, word);
    }
    number.ok()
}
