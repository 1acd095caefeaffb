//! `show bgp vrf all neighbors json`: every session with its counters, policies and timers, without the table.
//!
//! `show bgp vrf all summary json` adds nothing that is needed to it.

use std::{collections::BTreeMap, net::Ipv4Addr};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Notes, Parsed,
    document::documents,
    field::{AsNumber, Field},
};
use crate::session::{
    AddressFamily, Bfd, BfdState, FamilyState, GracefulRestart, LastReset, PeerId, Policy, Session,
    SessionId, SessionState, VRF_DEFAULT,
};

/// The command; cheap at any number of routes.
pub const NEIGHBORS: &str = "show bgp vrf all neighbors json";

/// A neighbor (`bgpd/bgp_vty.c bgp_show_peer`, seen from 7.5.1 to 10.7.1).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireNeighbor {
    bgp_state: Field<String>,
    local_as: Field<AsNumber>,
    remote_as: Field<AsNumber>,
    peer_group: Field<String>,
    nbr_desc: Field<String>,
    bgp_neighbor_addr: Field<String>,
    remote_router_id: Field<String>,
    admin_shut_down: Field<bool>,
    dynamic_peer: Field<bool>,
    peer_subnet_range_group: Field<String>,
    bgp_timer_up_msec: Field<u64>,
    connections_established: Field<u64>,
    connections_dropped: Field<u64>,
    last_reset_due_to: Field<String>,
    last_reset_timer_msecs: Field<u64>,
    message_stats: Field<WireMessages>,
    neighbor_capabilities: Field<WireCapabilities>,
    address_family_info: Field<BTreeMap<String, Value>>,
    peer_bfd_info: Field<WireBfd>,
    graceful_restart_info: Field<WireGracefulRestart>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireMessages {
    route_refresh_sent: Field<u64>,
    updates_recv: Field<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireCapabilities {
    /// `advertisedAndReceived`, up to 8.4 with `Old`, `New` or `OldNew` behind it; `advertised`, `received`.
    route_refresh: Field<String>,
}

/// An address family of a neighbor (`bgpd/bgp_vty.c bgp_show_peer_afi`).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireFamily {
    accepted_prefix_counter: Field<u64>,
    sent_prefix_counter: Field<u64>,
    prefix_allowed_max: Field<u64>,
    inbound_soft_config_permit: Field<bool>,
    route_map_for_incoming_advertisements: Field<String>,
    route_map_for_outgoing_advertisements: Field<String>,
    incoming_update_prefix_filter_list: Field<String>,
    outgoing_update_prefix_filter_list: Field<String>,
    incoming_update_as_path_filter_list: Field<String>,
    outgoing_update_as_path_filter_list: Field<String>,
    incoming_update_network_filter_list: Field<String>,
    outgoing_update_network_filter_list: Field<String>,
    /// A sentence, there only if everything is discarded.
    inbound_ebgp_requires_policy: Field<String>,
    /// The same for the other direction.
    outbound_ebgp_requires_policy: Field<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireBfd {
    /// `Up`, `Down`, `Admin Down`, `Unknown` (`lib/bfd.c bfd_get_status_str`).
    status: Field<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireGracefulRestart {
    /// With a `*` behind it when inherited.
    local_gr_mode: Field<String>,
    /// `NotApplicable` until negotiated.
    remote_gr_mode: Field<String>,
    /// Up to 10.3, while the peer restarts.
    graceful_restart_timer_msecs: Field<u64>,
    /// The same, from 10.4 on.
    graceful_restart_timer_sec: Field<u64>,
}

/// Reads the answer to [`NEIGHBORS`]; sessions in the order of their ids.
///
/// Takes the answer to `show bgp neighbors json` as well: its sessions are those of the default VRF.
pub fn neighbors(text: &str) -> Parsed<Vec<Session>> {
    let mut notes = Notes::new(NEIGHBORS);
    let mut sessions = Vec::new();
    for document in documents(text, &mut notes) {
        let Value::Object(keys) = document else {
            notes.add("text", &document.to_string());
            continue;
        };
        if is_vrf(&keys) {
            read_vrf(VRF_DEFAULT, keys, &mut sessions, &mut notes);
            continue;
        }
        for (vrf, value) in keys {
            if let Value::Object(keys) = value {
                read_vrf(&vrf, keys, &mut sessions, &mut notes);
            } else if !is_no_answer(&vrf) {
                notes.add(vrf, &value.to_string());
            }
        }
    }
    sessions.sort_by(|a, b| a.id.cmp(&b.id));
    notes.with(sessions)
}

/// Whether these are the neighbors of one VRF, not the VRFs themselves: a neighbor has a state.
fn is_vrf(keys: &Map<String, Value>) -> bool {
    keys.values().any(|value| value.get("bgpState").is_some_and(Value::is_string))
}

/// Whether bgpd says with this key that there is nothing to show: no instance, no such neighbor.
fn is_no_answer(key: &str) -> bool {
    matches!(key, "warning" | "bgpNoSuchNeighbor")
}

fn read_vrf(vrf: &str, keys: Map<String, Value>, sessions: &mut Vec<Session>, notes: &mut Notes) {
    for (peer, value) in keys {
        if value.is_object() {
            let id = SessionId { vrf: vrf.to_owned(), peer: PeerId::from(peer.as_str()) };
            let at = format!("{vrf}/{peer}");
            match WireNeighbor::deserialize(value) {
                Ok(wire) => sessions.push(session(id, wire, &at, notes)),
                Err(error) => {
                    notes.add(at, &error.to_string());
                    sessions.push(Session::unknown(id));
                }
            }
        } else if !matches!(peer.as_str(), "vrfId" | "vrfName") && !is_no_answer(&peer) {
            notes.add(format!("{vrf}/{peer}"), &value.to_string());
        }
    }
}

/// Turns one neighbor into a session; `at` is where it is in the answer.
fn session(id: SessionId, wire: WireNeighbor, at: &str, notes: &mut Notes) -> Session {
    let at = |field: &str| format!("{at}/{field}");
    let state = state(wire.bgp_state, &at("bgpState"), notes);
    let established = state == SessionState::Established;
    let messages = wire.message_stats.get(&at("messageStats"), notes).unwrap_or_default();
    let capabilities = wire.neighbor_capabilities.get(&at("neighborCapabilities"), notes).unwrap_or_default();
    let refresh = capabilities.route_refresh.get(&at("neighborCapabilities/routeRefresh"), notes);
    let range = wire.peer_subnet_range_group.get(&at("peerSubnetRangeGroup"), notes);
    Session {
        state,
        local_as: wire.local_as.get(&at("localAs"), notes).map(|AsNumber(number)| number),
        peer_as: wire.remote_as.get(&at("remoteAs"), notes).map(|AsNumber(number)| number),
        peer_group: wire.peer_group.get(&at("peerGroup"), notes),
        description: wire.nbr_desc.get(&at("nbrDesc"), notes),
        interface: match &id.peer {
            PeerId::Interface(name) => Some(name.clone()),
            PeerId::Address(_) => None,
        },
        remote_address: remote_address(wire.bgp_neighbor_addr, &at("bgpNeighborAddr"), notes),
        remote_router_id: wire
            .remote_router_id
            .parse::<Ipv4Addr>(&at("remoteRouterId"), notes)
            .filter(|id| !id.is_unspecified()),
        admin_down: wire.admin_shut_down.get(&at("adminShutDown"), notes).unwrap_or(false),
        dynamic: range.is_some() || wire.dynamic_peer.get(&at("dynamicPeer"), notes).unwrap_or(false),
        uptime: wire.bgp_timer_up_msec.msec(&at("bgpTimerUpMsec"), notes).filter(|_| established),
        connections_established: wire.connections_established.get(&at("connectionsEstablished"), notes),
        connections_dropped: wire.connections_dropped.get(&at("connectionsDropped"), notes),
        last_reset: last_reset(
            wire.last_reset_due_to.get(&at("lastResetDueTo"), notes),
            wire.last_reset_timer_msecs.msec(&at("lastResetTimerMsecs"), notes),
        ),
        route_refresh_sent: messages.route_refresh_sent.get(&at("messageStats/routeRefreshSent"), notes),
        updates_received: messages.updates_recv.get(&at("messageStats/updatesRecv"), notes),
        can_route_refresh: established
            && refresh.is_some_and(|text| text.starts_with("advertisedAndReceived")),
        families: families(
            wire.address_family_info.get(&at("addressFamilyInfo"), notes),
            established,
            &at("addressFamilyInfo"),
            notes,
        ),
        bfd: wire
            .peer_bfd_info
            .get(&at("peerBfdInfo"), notes)
            .map(|wire| bfd(wire, &at("peerBfdInfo/status"), notes)),
        graceful_restart: wire
            .graceful_restart_info
            .get(&at("gracefulRestartInfo"), notes)
            .map(|wire| graceful_restart(wire, &at("gracefulRestartInfo"), notes)),
        ..Session::unknown(id)
    }
}

fn state(field: Field<String>, at: &str, notes: &mut Notes) -> SessionState {
    let Some(name) = field.get(at, notes) else { return SessionState::Unknown };
    match name.as_str() {
        // The two that RFC 4271 does not have come after the loss of a session (bgpd/bgp_fsm.h).
        "Idle" | "Clearing" | "Deleted" => SessionState::Idle,
        "Connect" => SessionState::Connect,
        "Active" => SessionState::Active,
        "OpenSent" => SessionState::OpenSent,
        "OpenConfirm" => SessionState::OpenConfirm,
        "Established" => SessionState::Established,
        other => {
            notes.add(at, other);
            SessionState::Unknown
        }
    }
}

/// FRR says `none` while the address of an unnumbered peer is not known.
fn remote_address(field: Field<String>, at: &str, notes: &mut Notes) -> Option<std::net::IpAddr> {
    match field {
        Field::Read(text) if text == "none" => None,
        field @ (Field::Absent | Field::Read(_) | Field::Unreadable(_)) => field.parse(at, notes),
    }
}

fn last_reset(reason: Option<String>, ago: Option<std::time::Duration>) -> Option<LastReset> {
    (reason.is_some() || ago.is_some()).then_some(LastReset { reason, ago })
}

fn families(
    wire: Option<BTreeMap<String, Value>>,
    established: bool,
    at: &str,
    notes: &mut Notes,
) -> BTreeMap<AddressFamily, FamilyState> {
    let mut families = BTreeMap::new();
    for (name, value) in wire.unwrap_or_default() {
        let at = format!("{at}/{name}");
        let Some(family) = AddressFamily::from_json_name(&name) else {
            notes.add(at, "unknown address family");
            continue;
        };
        match WireFamily::deserialize(value) {
            Ok(wire) => {
                families.insert(family, family_state(wire, established, &at, notes));
            }
            Err(error) => notes.add(at, &error.to_string()),
        }
    }
    families
}

fn family_state(wire: WireFamily, established: bool, at: &str, notes: &mut Notes) -> FamilyState {
    let at = |field: &str| format!("{at}/{field}");
    // FRR's counter keeps the routes that graceful restart keeps (T21).
    let counted = wire.accepted_prefix_counter.get(&at("acceptedPrefixCounter"), notes).unwrap_or(0);
    let (accepted, stale) = if established { (counted, 0) } else { (0, counted) };
    let missing = |field: Field<String>| !matches!(field, Field::Absent);
    FamilyState {
        accepted,
        stale,
        sent: wire.sent_prefix_counter.get(&at("sentPrefixCounter"), notes).filter(|_| established),
        prefixes_max: wire.prefix_allowed_max.get(&at("prefixAllowedMax"), notes),
        inbound: Policy {
            route_map: wire
                .route_map_for_incoming_advertisements
                .get(&at("routeMapForIncomingAdvertisements"), notes),
            prefix_list: wire
                .incoming_update_prefix_filter_list
                .get(&at("incomingUpdatePrefixFilterList"), notes),
            filter_list: wire
                .incoming_update_as_path_filter_list
                .get(&at("incomingUpdateAsPathFilterList"), notes),
            distribute_list: wire
                .incoming_update_network_filter_list
                .get(&at("incomingUpdateNetworkFilterList"), notes),
            missing: missing(wire.inbound_ebgp_requires_policy),
        },
        outbound: Policy {
            route_map: wire
                .route_map_for_outgoing_advertisements
                .get(&at("routeMapForOutgoingAdvertisements"), notes),
            prefix_list: wire
                .outgoing_update_prefix_filter_list
                .get(&at("outgoingUpdatePrefixFilterList"), notes),
            filter_list: wire
                .outgoing_update_as_path_filter_list
                .get(&at("outgoingUpdateAsPathFilterList"), notes),
            distribute_list: wire
                .outgoing_update_network_filter_list
                .get(&at("outgoingUpdateNetworkFilterList"), notes),
            missing: missing(wire.outbound_ebgp_requires_policy),
        },
        soft_reconfiguration_inbound: wire
            .inbound_soft_config_permit
            .get(&at("inboundSoftConfigPermit"), notes)
            .unwrap_or(false),
    }
}

fn bfd(wire: WireBfd, at: &str, notes: &mut Notes) -> Bfd {
    let state = match wire.status.get(at, notes).as_deref() {
        Some("Up") => BfdState::Up,
        Some("Down") => BfdState::Down,
        Some("Admin Down") => BfdState::AdminDown,
        Some("Unknown") | None => BfdState::Unknown,
        Some(other) => {
            notes.add(at, other);
            BfdState::Unknown
        }
    };
    Bfd { state, since: None, diagnostic: None }
}

fn graceful_restart(wire: WireGracefulRestart, at: &str, notes: &mut Notes) -> GracefulRestart {
    let at = |field: &str| format!("{at}/{field}");
    let msec = wire.graceful_restart_timer_msecs.msec(&at("gracefulRestartTimerMsecs"), notes);
    let sec = wire.graceful_restart_timer_sec.sec(&at("gracefulRestartTimerSec"), notes);
    GracefulRestart {
        local_mode: wire
            .local_gr_mode
            .get(&at("localGrMode"), notes)
            .map(|mode| mode.trim_end_matches('*').to_owned()),
        remote_mode: wire
            .remote_gr_mode
            .get(&at("remoteGrMode"), notes)
            .filter(|mode| !matches!(mode.as_str(), "NotApplicable" | "NotReceived")),
        restarting: msec.or(sec),
    }
}
