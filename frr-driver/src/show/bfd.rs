//! `show bfd peers json`: what bfdd knows of the paths to the peers.

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{Notes, Parsed, document::documents, field::Field};
use crate::session::{Bfd, BfdState, PeerId, Session, VRF_DEFAULT};

/// The command; needs bfdd.
pub const BFD_PEERS: &str = "show bfd peers json";

/// A BFD session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BfdPeer {
    /// The remote address.
    pub peer: IpAddr,
    /// Our address, if it is part of the key.
    pub local: Option<IpAddr>,
    /// The VRF; `default` for the default one.
    pub vrf: String,
    /// The interface, on a single hop.
    pub interface: Option<String>,
    /// More than one hop away.
    pub multihop: bool,
    /// Its state.
    pub bfd: Bfd,
}

/// A session (`bfdd/bfdd_vty.c __display_peer_json`, seen from 7.5.1 to 10.7.1).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WirePeer {
    peer: Field<String>,
    local: Field<String>,
    vrf: Field<String>,
    interface: Field<String>,
    multihop: Field<bool>,
    /// `up`, `down`, `init`, `shutdown`.
    status: Field<String>,
    /// In seconds, while up.
    uptime: Field<u64>,
    /// In seconds, while down.
    downtime: Field<u64>,
    diagnostic: Field<String>,
}

/// Reads the answer to [`BFD_PEERS`].
pub fn bfd_peers(text: &str) -> Parsed<Vec<BfdPeer>> {
    let mut notes = Notes::new(BFD_PEERS);
    let mut peers = Vec::new();
    for document in documents(text, &mut notes) {
        match document {
            Value::Array(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    match WirePeer::deserialize(item) {
                        Ok(wire) => peers.extend(peer(wire, index, &mut notes)),
                        Err(error) => notes.add(index.to_string(), &error.to_string()),
                    }
                }
            }
            Value::Object(keys) if keys.is_empty() => {}
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => {
                notes.add("text", &other.to_string());
            }
        }
    }
    notes.with(peers)
}

/// Gives each of `sessions` that has BFD what bfdd knows more about it than bgpd.
pub fn attach_bfd(sessions: &mut [Session], peers: &[BfdPeer]) {
    for session in sessions {
        let Some(bfd) = &mut session.bfd else { continue };
        let address = match &session.id.peer {
            PeerId::Address(address) => Some(*address),
            PeerId::Interface(_) => session.remote_address,
        };
        let found = peers.iter().find(|peer| {
            Some(peer.peer) == address
                && peer.vrf == session.id.vrf
                && (session.interface.is_none() || peer.interface == session.interface)
        });
        if let Some(peer) = found {
            *bfd = peer.bfd.clone();
        }
    }
}

fn peer(wire: WirePeer, index: usize, notes: &mut Notes) -> Option<BfdPeer> {
    let at = |field: &str| format!("{index}/{field}");
    let state = match wire.status.get(&at("status"), notes).as_deref() {
        Some("up") => BfdState::Up,
        Some("down") => BfdState::Down,
        Some("init") => BfdState::Init,
        Some("shutdown") => BfdState::AdminDown,
        None => BfdState::Unknown,
        Some(other) => {
            notes.add(at("status"), other);
            BfdState::Unknown
        }
    };
    let since = wire.uptime.sec(&at("uptime"), notes).or(wire.downtime.sec(&at("downtime"), notes));
    let diagnostic = wire.diagnostic.get(&at("diagnostic"), notes).filter(|text| text != "ok");
    Some(BfdPeer {
        peer: wire.peer.parse(&at("peer"), notes)?,
        local: wire.local.parse(&at("local"), notes),
        vrf: wire.vrf.get(&at("vrf"), notes).unwrap_or_else(|| VRF_DEFAULT.to_owned()),
        interface: wire.interface.get(&at("interface"), notes),
        multihop: wire.multihop.get(&at("multihop"), notes).unwrap_or(false),
        bfd: Bfd { state, since: since.filter(|since| *since > Duration::ZERO), diagnostic },
    })
}
