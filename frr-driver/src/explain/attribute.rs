//! Lines of a neighbor that shape its routes beside the filters, and when FRR looks at them.

use super::chain::Way;
use crate::quirks::Versions;

/// When FRR looks at a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before any filter.
    First,
    /// After the lists, before the route-map.
    BeforeMap,
    /// After the route-map.
    Last,
}

/// A line of a neighbor, by its first words behind the neighbor's name.
pub(super) struct Attribute {
    pub(super) way: Way,
    pub(super) stage: Stage,
    /// The line in pattern: its first words; `no` in front = the line that turns it off.
    pub(super) line: &'static str,
    note: &'static str,
    pub(super) versions: Versions,
}

const fn row(way: Way, stage: Stage, line: &'static str, note: &'static str) -> Attribute {
    Attribute { way, stage, line, note, versions: Versions::ALL }
}

const PRIVATE: &str = "private AS numbers are taken off the path";
const OVERRIDE: &str = "the peer's AS in a path becomes ours";

// === impl Attribute ===

impl Attribute {
    const fn on(self, versions: Versions) -> Self {
        Self { versions, ..self }
    }

    /// What is to be known about a line of this kind with these words behind the neighbor's name.
    pub(super) fn note(&self, words: &[&str]) -> String {
        if words.first() != Some(&"maximum-prefix") {
            return self.note.to_owned();
        }
        let counted = if words.contains(&"force") { "received" } else { "accepted" };
        let more = match words {
            words if words.contains(&"warning-only") => "are only logged",
            words if words.contains(&"restart") => "end the session for so many minutes",
            _ => "end the session",
        };
        format!("counts what was {counted}; more {more}")
    }
}

/// In the order in which FRR looks at them (`bgp_update`, `bgp_input_modifier`, `bgp_maximum_prefix_overflow`,
/// `subgroup_announce_check`, `subgroup_default_originate` in bgpd).
pub(super) const ATTRIBUTES: [Attribute; 26] = [
    row(
        Way::In,
        Stage::First,
        "soft-reconfiguration inbound",
        "routes are kept as they came: a new policy needs no refresh",
    ),
    row(
        Way::In,
        Stage::First,
        "enforce-first-as",
        "a path that does not begin with the peer's AS is refused",
    ),
    row(Way::In, Stage::First, "allowas-in", "a path may have our own AS in it"),
    row(Way::In, Stage::First, "accept-own", "our own routes are taken back from a route reflector"),
    row(Way::In, Stage::BeforeMap, "weight", "the route-map may still change it"),
    row(Way::In, Stage::Last, "maximum-prefix", ""),
    row(Way::Out, Stage::First, "maximum-prefix-out", "what comes after that many is not announced"),
    row(Way::Out, Stage::First, "addpath-tx-all-paths", "not the best path alone"),
    row(Way::Out, Stage::First, "addpath-tx-bestpath-per-AS", "not the best path alone"),
    row(Way::Out, Stage::First, "addpath-tx-best-selected", "not the best path alone"),
    row(Way::Out, Stage::First, "capability orf prefix-list", "the peer may send a prefix-list of its own"),
    row(Way::Out, Stage::First, "sender-as-path-loop-detection", "a path with the peer's AS is kept back"),
    row(Way::Out, Stage::First, "route-reflector-client", "routes of internal peers go on to it"),
    row(Way::Out, Stage::First, "route-server-client", "routes of other clients go on to it as they are"),
    row(Way::Out, Stage::BeforeMap, "advertise-map", "these routes go only while the condition holds"),
    row(
        Way::Out,
        Stage::Last,
        "unsuppress-map",
        "in place of the route-map, for what an aggregate suppresses",
    ),
    row(Way::Out, Stage::Last, "soo", "a route with this site of origin is kept back"),
    row(Way::Out, Stage::BeforeMap, "remove-private-AS", PRIVATE).on(Versions::UNTIL_9_1),
    row(Way::Out, Stage::BeforeMap, "as-override", OVERRIDE).on(Versions::UNTIL_9_1),
    row(Way::Out, Stage::Last, "remove-private-AS", PRIVATE).on(Versions::FROM_9_1),
    row(Way::Out, Stage::Last, "as-override", OVERRIDE).on(Versions::FROM_9_1),
    row(Way::Out, Stage::Last, "attribute-unchanged", "what is named goes on as it came"),
    row(Way::Out, Stage::Last, "next-hop-self", "unless the route-map sets a next hop"),
    row(Way::Out, Stage::Last, "graceful-shutdown", "the peer is asked to avoid our routes"),
    row(Way::Out, Stage::Last, "no send-community", "communities of this kind are taken off"),
    row(Way::Out, Stage::Last, "default-originate", "past the lists and the route-map"),
];
