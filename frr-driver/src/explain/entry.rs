//! Entries of a route-map: which of them a route can reach, and how the map may end (`route_map_apply_ext`).

use super::{Step, ends::Ends};
use crate::config::Node;

/// What an entry of a map does where it matches.
pub(super) struct Entry<'a> {
    pub(super) number: u32,
    pub(super) matches: Ends,
    /// How it ends for a route that it matches, before `on-match`.
    pub(super) action: Ends,
    /// The number that goes on deciding.
    pub(super) goes_on_at: Option<u32>,
    pub(super) node: &'a Node,
    pub(super) steps: Vec<Step>,
}

/// The number from which entries go on deciding.
pub(super) fn goes_on_at(words: &[&str], number: u32) -> u32 {
    match words {
        ["on-match", "goto", at] | ["continue", at] => at.parse().unwrap_or(u32::MAX),
        _ => number.saturating_add(1),
    }
}

/// Where in `entries` it goes on: the first that has at least that number; past the end, the route is permitted.
pub(super) fn target(entries: &[Entry<'_>], at: u32) -> usize {
    entries.iter().position(|entry| entry.number >= at).unwrap_or(entries.len())
}

/// Which entries any route can reach.
pub(super) fn reached(entries: &[Entry<'_>]) -> Vec<bool> {
    let mut reached = vec![false; entries.len() + 1];
    let mark = |index: usize, reached: &mut Vec<bool>| {
        if let Some(is_reached) = reached.get_mut(index) {
            *is_reached = true;
        }
    };
    mark(0, &mut reached);
    for (index, entry) in entries.iter().enumerate() {
        if reached.get(index) != Some(&true) {
            continue;
        }
        if entry.matches.deny {
            mark(index + 1, &mut reached);
        }
        if let Some(at) = entry.goes_on_at.filter(|_| entry.matches.permit && entry.action.permit) {
            mark(target(entries, at), &mut reached);
        }
    }
    reached.truncate(entries.len());
    reached
}

/// How a map may end; read from its last entry to its first.
pub(super) fn ends(entries: &[Entry<'_>]) -> Ends {
    let mut later: Vec<Ends> = vec![Ends::DENY; entries.len() + 1];
    for (index, entry) in entries.iter().enumerate().rev() {
        let from = |index: usize| later.get(index).copied().unwrap_or(Ends::DENY);
        let mut ends = Ends::NEVER;
        if entry.matches.permit {
            let matched = match entry.goes_on_at.map(|at| target(entries, at)) {
                Some(target) if target < entries.len() => entry.action.and(from(target)),
                Some(_) | None => entry.action,
            };
            ends = ends.or(matched);
        }
        if entry.matches.deny {
            ends = ends.or(from(index + 1));
        }
        if let Some(slot) = later.get_mut(index) {
            *slot = ends;
        }
    }
    later.first().copied().unwrap_or(Ends::DENY)
}
