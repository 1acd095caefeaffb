//! `show bgp nexthop`: the next hops of the paths that bgpd holds, and whether the kernel can reach them.
//!
//! The text form: 7.5.1 and 8.4.4 have no other, and the lines that count are the same on all versions
//! (`bgpd/bgp_nexthop.c bgp_show_nexthop`). A line for each next hop, none for a path.

use std::net::IpAddr;

use super::{Notes, Parsed};
use crate::session::VRF_DEFAULT;

/// The command, for messages.
const NEXT_HOPS: &str = "show bgp nexthop";

/// A next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// Its address.
    pub address: IpAddr,
    /// A route leads to it.
    pub is_valid: bool,
    /// The paths that have it; 0 for a peer that announces nothing.
    pub paths: u64,
}

/// Returns the command for the next hops of a VRF.
pub fn next_hops_command(vrf: &str) -> String {
    if vrf == VRF_DEFAULT { NEXT_HOPS.to_owned() } else { format!("show bgp vrf {vrf} nexthop") }
}

/// Reads the answer to [`next_hops_command`]; empty if there is no such instance.
pub fn next_hops(text: &str) -> Parsed<Vec<NextHop>> {
    let mut notes = Notes::new(NEXT_HOPS);
    let next_hop = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [address, state, ..] = words.as_slice() else { return None };
        let address = address.parse().ok()?;
        let is_valid = match state.trim_end_matches(',') {
            "valid" => true,
            "invalid" => false,
            _ => return None,
        };
        let Some((_, paths)) = line.split_once("#paths ") else {
            notes.add(words.join(" "), "no number of paths");
            return None;
        };
        let paths = paths.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
        Some(NextHop { address, is_valid, paths })
    };
    let found = text.lines().filter_map(next_hop).collect();
    notes.with(found)
}
