//! Reads what FRR shows: one file per command, private wire structs in, domain types out.
//!
//! A parser never fails. It returns what it understood and a list of what it did not, because FRR renames,
//! drops and retypes fields between versions (T22), and one odd field must not hide the other sessions.

mod bfd;
mod document;
mod field;
mod neighbors;
mod nexthop;
mod prefix_counts;
mod route_map;
#[cfg(test)]
mod tests;
mod version;
mod vrfs;

pub use self::{
    bfd::{BFD_PEERS, BfdPeer, attach_bfd, bfd_peers},
    neighbors::{NEIGHBORS, neighbors},
    nexthop::{NextHop, next_hops, next_hops_command},
    prefix_counts::{PrefixCounts, prefix_counts, prefix_counts_command},
    route_map::{RouteMapCounters, route_map, route_map_command},
    version::{VERSION, version},
    vrfs::{BgpVrf, VRFS, vrfs},
};

/// How much of an unreadable text is quoted; bytes. A line says what is wrong, a page says no more.
const QUOTE_BYTES_MAX: usize = 200;

/// How many unreadable things are reported for one answer: they tend to have one cause.
const UNREADABLE_MAX: usize = 64;

/// A part of an answer that was not understood. Data, not an error: the rest of the answer counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What was asked.
    pub command: &'static str,
    /// Where in the answer: `default/10.0.0.1/remoteAs`; `text` for what is not JSON.
    pub at: String,
    /// What is wrong with it, shortened.
    pub cause: String,
}

/// What a parser understood, and what it did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed<T> {
    /// What was understood; empty also if there is no BGP instance (T23).
    pub value: T,
    /// What was not.
    pub unreadable: Vec<Unreadable>,
}

/// Collects what is unreadable in the answer to one command.
struct Notes {
    command: &'static str,
    unreadable: Vec<Unreadable>,
}

// === impl Notes ===

impl Notes {
    fn new(command: &'static str) -> Self {
        Self { command, unreadable: Vec::new() }
    }

    fn add(&mut self, at: impl Into<String>, cause: &str) {
        if self.unreadable.len() < UNREADABLE_MAX {
            let cause = quote(cause);
            self.unreadable.push(Unreadable { command: self.command, at: at.into(), cause });
        }
    }

    fn with<T>(self, value: T) -> Parsed<T> {
        Parsed { value, unreadable: self.unreadable }
    }
}

/// Shortens `text` to one line that can be shown.
fn quote(text: &str) -> String {
    let text = text.trim();
    let end = text.floor_char_boundary(QUOTE_BYTES_MAX);
    let (head, cut) = text.split_at_checked(end).unwrap_or((text, ""));
    let line = head.split_whitespace().collect::<Vec<_>>().join(" ");
    if cut.is_empty() { line } else { format!("{line}…") }
}
