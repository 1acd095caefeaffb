//! Lines of `router bgp` that name no neighbor, and are about all sessions of the instance.

use super::{
    super::Effect::{Announces, BothAgain, Nothing, Pending, ReadAgain, Reset, SentAgain},
    Row, When, Whom,
    neighbor::{GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE},
    row, row_since,
};
use crate::quirks::FrrVersion;

/// Best paths are chosen again: nothing is sent but for prefixes whose winner changes.
const BEST_PATH: &str = "sent are only prefixes whose best path changes";

/// FRR takes the line, and nobody tried what it does to sessions.
pub(super) const UNMEASURED: &str = "not measured: counted as a reset";

/// `bgp suppress-fib-pending`, here and at the top level.
pub(super) const SUPPRESS_FIB: &[(FrrVersion, super::Effect)] = &[(FrrVersion(8, 5, 5), Reset)];
pub(super) const SUPPRESS_FIB_SOURCE: &str =
    "bgpd/bgpd.c bgp_suppress_fib_pending_set (8.5.5, 9.0.3, 9.1.1, 10.0); measured";

pub(super) const ROWS: &[Row] = &[
    row("bgp router-id ...", Reset),
    row("bgp cluster-id ...", Reset).whom(Whom::Ibgp).why("clients and others alike"),
    row("bgp cluster-id ...", SentAgain).whom(Whom::Ebgp),
    row("bgp confederation identifier ...", Reset).whom(Whom::Ebgp),
    row("bgp confederation peers ...", Reset)
        .when(When::Confederation)
        .whom(Whom::Ebgp)
        .why("the sessions with that AS")
        .source("bgpd/bgpd.c bgp_confederation_peers_add"),
    row("bgp confederation peers ...", Nothing),
    row("bgp shutdown ...", Reset),
    row("bgp reject-as-sets", Reset),
    row_since("bgp suppress-fib-pending ...", Nothing, SUPPRESS_FIB, SUPPRESS_FIB_SOURCE),
    row_since("bgp graceful-restart", Pending, GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE),
    row_since("bgp graceful-restart-disable", Pending, GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE),
    row_since(
        "bgp graceful-restart restart-time ...",
        Pending,
        &[(FrrVersion(10, 5, 0), Reset)],
        "bgpd/bgp_vty.c bgp_update_graceful_restart_capability; measured",
    )
    .when(When::GracefulRestart),
    row("bgp graceful-restart restart-time ...", Nothing),
    row("bgp graceful-restart ...", Pending),
    row("bgp long-lived-graceful-restart ...", Pending).source("bgpd/bgp_vty.c"),
    row("bgp graceful-shutdown", BothAgain),
    row("bgp default local-preference ...", ReadAgain).why("from every neighbor, eBGP too"),
    row("bgp default ...", Nothing).why("neighbors that are made later"),
    row("bgp disable-ebgp-connected-route-check", ReadAgain).source("bgpd/bgp_vty.c bgp_clear_star_soft_in"),
    row_since(
        "bgp enforce-first-as",
        Nothing,
        &[(FrrVersion(10, 6, 0), ReadAgain)],
        "bgpd/bgp_vty.c bgp_enforce_first_as; measured",
    ),
    row("bgp ebgp-requires-policy", Pending)
        .why("the whole table goes or comes at the next refresh, clear or session"),
    row("bgp network import-check", Announces).why("networks without a route of their own go or come"),
    row("bgp client-to-client reflection", SentAgain),
    row("bgp route-reflector allow-outbound-policy", SentAgain)
        .source("bgpd/bgp_vty.c bgp_clear_star_soft_out"),
    row("bgp max-med administrative ...", SentAgain),
    row("bgp max-med on-startup ...", Pending).source("bgpd/bgp_vty.c"),
    row("timers bgp ...", Pending).why("only neighbors without timers of their own"),
    row("bgp bestpath ...", Nothing).why(BEST_PATH),
    row("bgp always-compare-med", Nothing).why(BEST_PATH),
    row("bgp deterministic-med", Nothing).why(BEST_PATH),
    row("use-underlays-nexthop-weight", Nothing)
        .why("printed with the comparison of MEDs")
        .source("bgpd/bgp_vty.c; measured on 10.7.1"),
    row("bgp suppress-duplicates", Nothing),
    row("bgp allow-martian-nexthop", Reset).source(UNMEASURED),
    row("bgp labeled-unicast ...", Reset).source(UNMEASURED),
    row("bgp ipv6-auto-ra", Reset).source(UNMEASURED),
    row("bgp per-source-nhg", Reset).source(UNMEASURED),
    row("bgp fast-external-failover", Nothing),
    row("bgp fast-convergence", Nothing).source("bgpd/bgp_vty.c"),
    row("bgp hard-administrative-reset", Nothing),
    row("bgp log-neighbor-changes", Nothing),
    row("bgp minimum-holdtime ...", Nothing),
    row("bgp tcp-keepalive ...", Nothing),
    row("bgp listen limit ...", Nothing),
    row("bgp listen range ...", Nothing),
    row("bgp update-delay ...", Nothing),
    row("update-delay ...", Nothing),
    row("bgp coalesce-time ...", Nothing),
    row("coalesce-time ...", Nothing),
    row("bgp conditional-advertisement timer ...", Nothing).source("bgpd/bgp_vty.c"),
    row("bgp default-originate timer ...", Nothing).source("bgpd/bgp_vty.c"),
    row("read-quanta ...", Nothing).source("bgpd/bgp_vty.c"),
    row("write-quanta ...", Nothing).source("bgpd/bgp_vty.c"),
];
