//! `show bgp vrfs json`: which BGP instances there are.

use std::{collections::BTreeMap, net::Ipv4Addr};

use serde::Deserialize;
use serde_json::Value;

use super::{Notes, Parsed, document::documents, field::Field};

/// The command; cheap at any number of routes.
pub const VRFS: &str = "show bgp vrfs json";

/// A BGP instance: `router bgp AS [vrf NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BgpVrf {
    /// The VRF; `default` for the default one.
    pub name: String,
    /// Our router ID there.
    pub router_id: Option<Ipv4Addr>,
    /// How many neighbors are configured.
    pub peers_configured: Option<u64>,
    /// How many of them are established.
    pub peers_established: Option<u64>,
    /// The VRF exists in the kernel; without it nothing is installed.
    pub exists: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireVrfs {
    vrfs: Field<BTreeMap<String, Value>>,
    warning: Field<String>,
}

/// An instance (`bgpd/bgp_vty.c show_bgp_vrfs_vty`, seen from 7.5.1 to 10.7.1).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireVrf {
    router_id: Field<String>,
    num_configured_peers: Field<u64>,
    num_established_peers: Field<u64>,
    /// -1 while the kernel has no such VRF.
    vrf_id: Field<i64>,
}

/// Reads the answer to [`VRFS`]; empty without a BGP instance.
pub fn vrfs(text: &str) -> Parsed<Vec<BgpVrf>> {
    let mut notes = Notes::new(VRFS);
    let mut found = Vec::new();
    for document in documents(text, &mut notes) {
        let wire = match WireVrfs::deserialize(document) {
            Ok(wire) => wire,
            Err(error) => {
                notes.add("text", &error.to_string());
                continue;
            }
        };
        // "No instance" is an answer.
        let _ = wire.warning.get("warning", &mut notes);
        for (name, value) in wire.vrfs.get("vrfs", &mut notes).unwrap_or_default() {
            match WireVrf::deserialize(value) {
                Ok(wire) => found.push(vrf(name, wire, &mut notes)),
                Err(error) => notes.add(name, &error.to_string()),
            }
        }
    }
    notes.with(found)
}

fn vrf(name: String, wire: WireVrf, notes: &mut Notes) -> BgpVrf {
    let at = |field: &str| format!("{name}/{field}");
    BgpVrf {
        router_id: wire.router_id.parse(&at("routerId"), notes),
        peers_configured: wire.num_configured_peers.get(&at("numConfiguredPeers"), notes),
        peers_established: wire.num_established_peers.get(&at("numEstablishedPeers"), notes),
        exists: wire.vrf_id.get(&at("vrfId"), notes).is_none_or(|id| id >= 0),
        name,
    }
}
