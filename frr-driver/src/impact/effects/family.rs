//! Lines of an address family.

use super::{
    super::Effect::{Announces, Nothing, Pending, PolicyIn, PolicyOut, ReadAgain, Reset, SentAgain},
    Row, When, row, row_since,
};
use crate::quirks::FrrVersion;

const FLAGS: &str = "bgpd/bgpd.c peer_af_flag_action_list";
const LEAKS: &str = "bgpd/bgp_mplsvpn.c vpn_leak_postchange";

pub(super) const NEIGHBOR_ROWS: &[Row] = &[
    row("neighbor * activate", Reset).when(When::ActiveAlike).add(Nothing),
    row("neighbor * activate", Reset).why("all of its families, also if the peer does not have this one"),
    // What judges.
    row("neighbor * route-map * in", PolicyIn),
    row("neighbor * route-map * out", PolicyOut),
    row("neighbor * prefix-list * in", PolicyIn),
    row("neighbor * prefix-list * out", PolicyOut),
    row("neighbor * filter-list * in", PolicyIn),
    row("neighbor * filter-list * out", PolicyOut),
    row("neighbor * distribute-list * in", PolicyIn),
    row("neighbor * distribute-list * out", PolicyOut),
    // What else changes the routes that are taken.
    row("neighbor * weight ...", ReadAgain),
    row("neighbor * allowas-in ...", ReadAgain),
    row("neighbor * soft-reconfiguration inbound", ReadAgain).remove(Nothing),
    row("neighbor * maximum-prefix ...", Nothing)
        .why("below the number of prefixes received it resets the session, which is not known here"),
    row("neighbor * dampening ...", Nothing).source("bgpd/bgp_damp.c bgp_peer_damp_enable"),
    // What else changes the routes that are sent.
    row("neighbor * unsuppress-map ...", SentAgain),
    row("neighbor * advertise-map ...", SentAgain),
    row("neighbor * default-originate ...", SentAgain),
    row("neighbor * next-hop-self ...", SentAgain),
    row("neighbor * nexthop-local unchanged", SentAgain).source(FLAGS),
    row("neighbor * send-community ...", SentAgain),
    row("neighbor * remove-private-AS ...", SentAgain),
    row("neighbor * as-override", SentAgain),
    row("neighbor * attribute-unchanged ...", SentAgain),
    row("neighbor * encapsulation-srv6 ...", SentAgain).source(FLAGS),
    row_since(
        "neighbor * maximum-prefix-out ...",
        Pending,
        &[(FrrVersion(8, 2, 0), SentAgain)],
        "bgpd/bgpd.c peer_maximum_prefix_out_set; measured",
    ),
    // What is negotiated.
    row("neighbor * addpath-tx-all-paths", Reset),
    row("neighbor * addpath-tx-bestpath-per-AS", Reset),
    row("neighbor * addpath-tx-best-selected ...", Reset)
        .change(Pending)
        .source("bgpd/bgp_addpath.c bgp_addpath_set_peer_type"),
    row("neighbor * addpath-rx-paths-limit ...", Pending).source(FLAGS),
    row("neighbor * disable-addpath-rx", Reset),
    row("neighbor * soo ...", Reset),
    row("neighbor * accept-own", Reset).source(FLAGS),
    row("neighbor * route-reflector-client", Reset),
    row("neighbor * route-server-client", Reset),
    row("neighbor * capability orf ...", Reset),
];

pub(super) const ROWS: &[Row] = &[
    row("network ...", Announces),
    row("aggregate-address ...", Announces),
    row("redistribute ...", Announces),
    row("distance ...", Nothing),
    row("maximum-paths ...", Nothing),
    row("table-map ...", Nothing).why("only what the kernel gets"),
    row("bgp dampening ...", Nothing),
    row("import vrf ...", Nothing).why("a route that is imported is sent like any other"),
    row("rd ...", Announces).source(LEAKS),
    row("rt ...", Announces).source(LEAKS),
    row("label vpn ...", Announces).source(LEAKS),
    row("nexthop vpn ...", Announces).source(LEAKS),
    row("route-map vpn ...", Announces).source(LEAKS),
    row("import vpn", Announces).source(LEAKS),
    row("export vpn", Announces).source(LEAKS),
];
