//! One look at all routers: the routes between the node and each peer.

use std::collections::{BTreeMap, BTreeSet};

use routelet_tests::lab::{Lab, Node};
use serde_json::Value;

use super::{
    bed::{BYSTANDER, BYSTANDER_FAR_SESSION, BYSTANDER_LINK, NODE, PEERS},
    peer::{Peer, interface},
    view::View,
};

/// The local-preference of a route that no policy gives one.
const LOCAL_PREFERENCE_DEFAULT: u64 = 100;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    pub(crate) views: BTreeMap<Peer, View>,
    /// The routes between the node and the bystander.
    pub(crate) bystander: View,
}

// === impl Look ===

impl Look {
    pub(crate) fn at(lab: &Lab, peers: &[Peer]) -> Self {
        let (node, far) = (lab.node(NODE), lab.node(PEERS));
        let mut kernel: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (prefix, hops) in node.kernel_routes().unwrap() {
            for hop in hops {
                kernel.entry(hop.interface).or_default().insert(prefix.clone());
            }
        }
        let preferences = local_preferences(node);
        let mut views = BTreeMap::new();
        for &peer in peers {
            let own = peer.prefixes().filter_map(|prefix| preferences.get_key_value(&prefix));
            let view = View {
                kernel: kernel.remove(&peer.interface()).unwrap_or_default(),
                local_preferences: own.map(|(prefix, preference)| (prefix.clone(), *preference)).collect(),
                received: routes_from(far, peer.family(), &peer.far_session()),
            };
            views.insert(peer, view);
        }
        let bystander = View {
            kernel: kernel.remove(&interface(BYSTANDER_LINK)).unwrap_or_default(),
            local_preferences: BTreeMap::new(),
            received: routes_from(lab.node(BYSTANDER), "ipv4", BYSTANDER_FAR_SESSION),
        };
        Self { views, bystander }
    }
}

/// The local-preference of every route of the node that has another than the default.
fn local_preferences(node: &Node) -> BTreeMap<String, u32> {
    let mut preferences = BTreeMap::new();
    for family in ["ipv4", "ipv6"] {
        let table = json(node, &format!("show bgp {family} unicast json"));
        for (prefix, paths) in table["routes"].as_object().into_iter().flatten() {
            let paths = paths.as_array().into_iter().flatten();
            for preference in paths.filter_map(|path| path["locPrf"].as_u64()) {
                if preference != LOCAL_PREFERENCE_DEFAULT {
                    preferences.insert(prefix.clone(), u32::try_from(preference).unwrap());
                }
            }
        }
    }
    preferences
}

/// The prefixes that `node` holds from `session`.
fn routes_from(node: &Node, family: &str, session: &str) -> BTreeSet<String> {
    let table = json(node, &format!("show bgp {family} unicast neighbors {session} routes json"));
    table["routes"].as_object().map(|routes| routes.keys().cloned().collect()).unwrap_or_default()
}

/// What bgpd answers; null if it is no document, as from a session that is not there now.
pub(crate) fn json(node: &Node, command: &str) -> Value {
    serde_json::from_str(&node.ask("bgpd", command).unwrap()).unwrap_or_default()
}
