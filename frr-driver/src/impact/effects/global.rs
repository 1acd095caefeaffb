//! Lines outside `router bgp`: the top level, interfaces, VRFs, BFD.
//!
//! Lists and route-maps are not here: what their change does depends on who refers to them.

use super::{
    super::Effect::{BothAgain, Nothing, Pending, Reset},
    Cell, Row,
    neighbor::{GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE},
    router::{SUPPRESS_FIB, SUPPRESS_FIB_SOURCE, UNMEASURED},
    row, row_since,
};
use crate::quirks::FrrVersion;

/// A router ID that zebra chooses counts for an instance without one of its own and without established sessions.
const ROUTER_ID: &str = "bgpd/bgpd.c bgp_router_id_zebra_bump";

/// Not tried: what the kernel does to the sessions over an interface.
const KERNEL: &str = "not measured: counted as a reset of the sessions over the interface";

pub(super) const ROWS: &[Row] = &[
    row("hostname ...", Nothing),
    row("domainname ...", Nothing),
    row("frr ...", Nothing),
    row("log ...", Nothing),
    row("debug ...", Nothing),
    row("service ...", Nothing),
    row("ip router-id ...", Pending).source(ROUTER_ID),
    row("ipv6 router-id ...", Pending).source(ROUTER_ID),
    row("router-id ...", Pending).source(ROUTER_ID),
    row("ip protocol ...", Nothing).why("only what the kernel gets"),
    row("ipv6 protocol ...", Nothing).why("only what the kernel gets"),
    row("ip nht resolve-via-default", Nothing),
    row("ipv6 nht resolve-via-default", Nothing),
    row("ip route ...", Nothing),
    row("ipv6 route ...", Nothing),
    row("ip prefix-list * description ...", Nothing),
    row("ipv6 prefix-list * description ...", Nothing),
    row("access-list * remark ...", Nothing).source("lib/filter_cli.c"),
    row("ipv6 access-list * remark ...", Nothing).source("lib/filter_cli.c"),
    row("zebra route-map delay-timer ...", Nothing),
    row("bgp route-map delay-timer ...", Nothing),
    row("bgp update-delay ...", Nothing),
    row("bgp no-rib", Reset).source(UNMEASURED),
    row("bgp session-dscp ...", Pending).source("bgpd/bgp_network.c"),
    row("bgp input-queue-limit ...", Nothing).source("bgpd/bgp_vty.c"),
    row("bgp output-queue-limit ...", Nothing).source("bgpd/bgp_vty.c"),
    row("bgp send-extra-data zebra", Nothing).source("bgpd/bgp_zebra.c"),
    row_since("bgp suppress-fib-pending ...", Nothing, SUPPRESS_FIB, SUPPRESS_FIB_SOURCE),
    row_since("bgp graceful-restart", Pending, GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE),
    row_since("bgp graceful-restart-disable", Pending, GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE),
    row("bgp graceful-shutdown", BothAgain).source("bgpd/bgp_vty.c"),
];

/// For the sessions over the interface.
pub(super) const INTERFACE_ROWS: &[Row] = &[
    row("description ...", Nothing),
    row("bandwidth ...", Nothing).source(KERNEL),
    row("link-detect", Nothing).source(KERNEL),
    row("multicast", Nothing).source(KERNEL),
    row("shutdown", Reset).source(KERNEL),
    row("ip address ...", Reset).add(Nothing).source(KERNEL),
    row("ipv6 address ...", Reset).add(Nothing).source(KERNEL),
];

pub(super) const VRF_ROWS: &[Row] = &[
    row("vni ...", Nothing).source("zebra/zebra_vrf.c"),
    row("ip router-id ...", Pending).source(ROUTER_ID),
    row("ipv6 router-id ...", Pending).source(ROUTER_ID),
    row("ip protocol ...", Nothing),
    row("ip nht resolve-via-default", Nothing),
];

/// Of a `profile`, for the sessions that use it; of a `peer`, for the session with it.
pub(super) const BFD_ROWS: &[Row] = &[
    row("shutdown", Nothing)
        .add_cell(Cell::Since(Nothing, &[(FrrVersion(8, 4, 4), Reset), (FrrVersion(10, 7, 1), Nothing)]))
        .why("the peer's BFD sees it go, and its BGP resets the session if it follows BFD"),
    row("detect-multiplier ...", Nothing),
    row("receive-interval ...", Nothing),
    row("transmit-interval ...", Nothing),
    row("echo-interval ...", Nothing),
    row("echo ...", Nothing),
    row("minimum-ttl ...", Nothing),
    row("profile ...", Nothing),
    row("label ...", Nothing),
    row("passive-mode", Nothing),
    row("echo-mode", Nothing),
    row("log-session-changes", Nothing),
];
