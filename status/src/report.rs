//! Everything that is published, as objects with names.

use std::{collections::BTreeMap, net::Ipv4Addr};

use frr_driver::session::SessionId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{node::BgpNodeStatus, session::BgpSessionStatus};

#[cfg(test)]
mod tests;

/// The group and version of all objects.
pub const API_VERSION: &str = "routelet.io/v1alpha1";

/// The label that says whose object it is.
pub const LABEL_NODE: &str = "routelet.io/node";

/// The label that says with whom a session is.
pub const LABEL_PEER: &str = "routelet.io/peer";

/// The longest name of an object (RFC 1123 subdomain, as Kubernetes has it); bytes.
const NAME_BYTES_MAX: usize = 253;

/// The longest value of a label; bytes.
const LABEL_BYTES_MAX: usize = 63;

/// One report: the content of `status.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`API_VERSION`].
    pub api_version: String,
    /// When it was made.
    pub time: Timestamp,
    /// How long until the next one, while the agent runs.
    pub period_seconds: u64,
    /// The node.
    pub node: Object<BgpNodeStatus>,
    /// Its sessions, by VRF, then peer.
    pub sessions: Vec<Object<BgpSessionStatus>>,
}

/// An object with its status, in the form of a custom resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<S> {
    /// [`API_VERSION`].
    pub api_version: String,
    /// `BGPNode` or `BGPSession`.
    pub kind: String,
    /// Its name and labels.
    pub metadata: Metadata,
    /// What is reported.
    pub status: S,
}

/// The name and labels of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Unique among the objects of its kind, and always the same for the same thing.
    pub name: String,
    /// To select by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Returns the name of the object of a session: `<node>.<vrf>.<peer>`, as far as a DNS name may say that.
///
/// Where it may not (other characters, too long), a digest of what is meant keeps the names apart. Only a node's name
/// and an IPv4 address have dots: what follows `<node>.` tells that it is not of a node `<node>.b`.
pub fn session_name(node: &str, session: &SessionId) -> String {
    let peer = session.peer.to_string();
    let meant = format!("{node}.{}.{peer}", session.vrf);
    let peer_dots = if peer.parse::<Ipv4Addr>().is_ok() { "." } else { "-" };
    let (vrf, said) = (session.vrf.replace('.', "-"), peer.replace('.', peer_dots));
    let is_faithful = is_plain(&meant) && vrf == session.vrf && said == peer;
    fit(format!("{}.{}.{}", dns(node), dns(&vrf), dns(&said)), &meant, is_faithful, NAME_BYTES_MAX)
}

/// Returns a label's value for `meant`.
pub fn label_value(meant: &str) -> String {
    fit(dns(meant), meant, is_plain(meant), LABEL_BYTES_MAX)
}

/// Whether [`dns`] takes nothing from `meant` that keeps it apart from others.
fn is_plain(meant: &str) -> bool {
    meant.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '.' | ':' | '-'))
}

/// Replaces what a DNS name may not have: each label begins and ends with a letter or digit.
fn dns(text: &str) -> String {
    let labels = text.split('.').map(|label| {
        let letters =
            label.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
        let mut label: String = letters.collect();
        if label.is_empty() || label.starts_with('-') {
            label.insert(0, '0');
        }
        if label.ends_with('-') {
            label.push('0');
        }
        label
    });
    labels.collect::<Vec<_>>().join(".")
}

/// Appends a digest to `name` if it does not say all that is `meant`, or is too long.
fn fit(name: String, meant: &str, is_faithful: bool, bytes_max: usize) -> String {
    if is_faithful && name.len() <= bytes_max {
        return name;
    }
    let digest = format!("-{:08x}", fnv1a(meant));
    // `name` is ASCII.
    let head = name.get(..bytes_max.saturating_sub(digest.len()).min(name.len())).unwrap_or_default();
    format!("{}{digest}", head.trim_end_matches(['-', '.']))
}

/// FNV-1a, 32 bits: the same in every build, which `std`'s hashers do not promise.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

// === impl Object ===

impl<S> Object<S> {
    /// Returns an object of `kind`.
    pub(crate) fn new(kind: &str, name: String, status: S) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: kind.to_owned(),
            metadata: Metadata { name, labels: BTreeMap::new() },
            status,
        }
    }
}
