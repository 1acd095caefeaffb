//! What came of a policy: the node's routes from a peer, and the peer's from the node.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{peer::Peer, policy::Policy};

/// The routes between the node and one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// The prefixes that the node's kernel routes over the link to the peer.
    pub(crate) kernel: BTreeSet<String>,
    /// The local-preference of the routes from the peer, where it is not the default.
    pub(crate) local_preferences: BTreeMap<String, u32>,
    /// What the peer holds from the node.
    pub(crate) received: BTreeSet<String>,
}

// === impl View ===

impl View {
    /// What must come of `policy`.
    pub(crate) fn of(policy: &Policy, peer: Peer) -> Self {
        let preferred = |(index, preference): (u8, Option<u32>)| Some((peer.prefix(index), preference?));
        Self {
            kernel: policy.learned().map(|(index, _)| peer.prefix(index)).collect(),
            local_preferences: policy.learned().filter_map(preferred).collect(),
            received: policy.announced().map(|index| peer.service(index)).collect(),
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kernel {:?}, ", self.kernel)?;
        if !self.local_preferences.is_empty() {
            write!(f, "local-preference {:?}, ", self.local_preferences)?;
        }
        write!(f, "peer has {:?}", self.received)
    }
}
