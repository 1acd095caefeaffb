//! `show bgp … neighbors X prefix-counts json`: how many routes came before policy.
//!
//! It walks the whole table: for one peer on demand, never for every peer and period. What it calls `Adj-in`
//! is the number of routes received, but only with `soft-reconfiguration inbound`; 0 without.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Notes, Parsed, document::documents, field::Field};
use crate::session::{AddressFamily, SessionId, VRF_DEFAULT};

/// The command, for messages.
const PREFIX_COUNTS: &str = "show bgp neighbors prefix-counts json";

/// The routes of one peer and address family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrefixCounts {
    /// What the inbound policy let through.
    pub accepted: Option<u64>,
    /// What came, as far as the Adj-RIB-In is stored; 0 where it is not.
    pub adj_rib_in: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireCounts {
    pfx_counter: Field<u64>,
    rib_table_walk_counters: Field<BTreeMap<String, u64>>,
}

/// Returns the command for one peer and address family.
pub fn prefix_counts_command(session: &SessionId, family: AddressFamily) -> String {
    let (peer, family) = (&session.peer, family.config_words());
    if session.vrf == VRF_DEFAULT {
        format!("show bgp {family} neighbors {peer} prefix-counts json")
    } else {
        format!("show bgp vrf {} {family} neighbors {peer} prefix-counts json", session.vrf)
    }
}

/// Reads the answer to [`prefix_counts_command`]; the default if there is no such peer.
pub fn prefix_counts(text: &str) -> Parsed<PrefixCounts> {
    let mut notes = Notes::new(PREFIX_COUNTS);
    let mut counts = PrefixCounts::default();
    for document in documents(text, &mut notes) {
        match WireCounts::deserialize(document) {
            Ok(wire) => {
                counts.accepted = wire.pfx_counter.get("pfxCounter", &mut notes).or(counts.accepted);
                let walked = wire.rib_table_walk_counters.get("ribTableWalkCounters", &mut notes);
                counts.adj_rib_in =
                    walked.and_then(|counters| counters.get("Adj-in").copied()).or(counts.adj_rib_in);
            }
            Err(error) => notes.add("text", &error.to_string()),
        }
    }
    notes.with(counts)
}
