//! `neighbor …` lines of `router bgp`, outside the address families.

use super::{
    super::Effect::{BothAgain, Nothing, Pending, ReadAgain, Recreated, Reset, SentAgain},
    Cell, Row, When, row, row_since,
};
use crate::quirks::FrrVersion;

const FLAGS: &str = "bgpd/bgpd.c peer_flag_action_list; measured";

pub(super) const ROWS: &[Row] = &[
    // What makes a neighbor.
    row("neighbor * remote-as ...", Reset)
        .when(When::PeerGroup)
        .remove_cell(GROUP_AS_REMOVED)
        .replace_cell(GROUP_AS_REMOVED)
        .source("bgpd/bgpd.c peer_group_remote_as_delete; measured"),
    row("neighbor * remote-as ...", Reset)
        .remove(Recreated)
        .why("also from a number to `external`; frr-reload deletes the neighbor first"),
    row("neighbor * interface ...", Reset).add(Recreated).remove(Recreated),
    row("neighbor * peer-group", Nothing),
    row("neighbor * peer-group ...", Reset)
        .change(Recreated)
        .remove(Recreated)
        .why("leaving a peer-group deletes the neighbor, also if it has its own remote-as"),
    // What is said of it.
    row("neighbor * description ...", Nothing),
    row("neighbor * timers ...", Pending),
    row("neighbor * advertisement-interval ...", SentAgain),
    row("neighbor * local-as ...", Reset)
        .when(When::OnlyWord(3))
        .change_cell(Cell::Since(Reset, &[(FrrVersion(8, 5, 0), Pending)]))
        .source("bgpd/bgpd.c peer_local_as_set; measured"),
    row("neighbor * local-as ...", Reset),
    row("neighbor * password ...", Reset),
    row("neighbor * ebgp-multihop ...", Reset),
    row("neighbor * ttl-security hops ...", Reset).change(Nothing).why("the hop count is a socket option"),
    row("neighbor * update-source ...", Reset).why("also to the address that is in use"),
    row("neighbor * port ...", Pending)
        .add_cell(Cell::Since(Pending, &[(FrrVersion(8, 4, 0), Reset)]))
        .replace(Pending)
        .why("only the first one in a neighbor's life resets it")
        .source(FLAGS),
    row("neighbor * shutdown ...", Reset).change(Nothing),
    row("neighbor * passive", Reset),
    row("neighbor * disable-connected-check", Reset),
    row("neighbor * extended-optional-parameters", Reset).why("stays down if the peer does not know them"),
    row("neighbor * enforce-first-as", Nothing),
    row_since("neighbor * sender-as-path-loop-detection", Nothing, &[(FrrVersion(10, 6, 0), Reset)], FLAGS),
    row_since("neighbor * local-role ...", Reset, &[(FrrVersion(9, 1, 0), Pending)], FLAGS),
    row("neighbor * solo", SentAgain),
    row("neighbor * tcp-mss ...", Pending),
    row("neighbor * dont-capability-negotiate", Pending),
    row("neighbor * override-capability", Pending),
    row("neighbor * strict-capability-match", Pending),
    row_since("neighbor * capability dynamic", Reset, &[(FrrVersion(10, 1, 0), Pending)], FLAGS),
    row("neighbor * capability extended-nexthop", Reset),
    row("neighbor * capability software-version", Pending),
    row("neighbor * capability fqdn", Pending).source(FLAGS),
    row("neighbor * capability link-local", Pending).source(FLAGS),
    row("neighbor * capability orf ...", Reset),
    row("neighbor * capability *", Reset).why("not known: counted as a reset").source(""),
    row_since("neighbor * graceful-restart", Pending, GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE),
    row_since("neighbor * graceful-restart-helper", Pending, GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE),
    row_since("neighbor * graceful-restart-disable", Pending, GRACEFUL_RESTART, GRACEFUL_RESTART_SOURCE),
    row("neighbor * graceful-shutdown", BothAgain),
    row("neighbor * path-attribute discard ...", ReadAgain).source("bgpd/bgp_attr.c"),
    row("neighbor * path-attribute treat-as-withdraw ...", ReadAgain).source("bgpd/bgp_attr.c"),
    row("neighbor * aigp", Pending).source(FLAGS),
    row("neighbor * disable-link-bw-encoding-ieee", Pending).source(FLAGS),
    row("neighbor * extended-link-bandwidth", Pending).source(FLAGS),
    row("neighbor * send-nexthop-characteristics", Pending).source(FLAGS),
    row("neighbor * rpki strict", Pending).source(FLAGS),
    row("neighbor * ip-transparent", Reset).source(FLAGS),
    // Liveness.
    row("neighbor * bfd profile ...", Nothing),
    row("neighbor * bfd check-control-plane-failure", Nothing),
    row("neighbor * bfd strict", Nothing).source(FLAGS),
    row("neighbor * bfd ...", Nothing)
        .remove(Reset)
        .why("the peer's BFD sees it go, and its BGP resets the session if it follows BFD"),
];

const GROUP_AS_REMOVED: Cell = Cell::Since(Recreated, &[(FrrVersion(9, 1, 0), Reset)]);

/// Also for the lines of the whole instance.
pub(super) const GRACEFUL_RESTART: &[(FrrVersion, super::Effect)] = &[(FrrVersion(10, 2, 0), Reset)];
pub(super) const GRACEFUL_RESTART_SOURCE: &str = "bgpd/bgp_fsm.c bgp_gr_lookup_n_update_all_peer; measured";
