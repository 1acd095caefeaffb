//! The definitions of the custom resources `BGPNode` and `BGPSession`.

#![expect(clippy::duplicated_attributes, reason = "every column has a type and a path")]

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use kube::{CustomResource, CustomResourceExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{node::BgpNodeStatus, session::BgpSessionStatus};

#[cfg(test)]
mod tests;

/// What a node does with BGP, as the agent on it reports.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "routelet.io",
    version = "v1alpha1",
    kind = "BGPNode",
    root = "BgpNode",
    plural = "bgpnodes",
    singular = "bgpnode",
    shortname = "bgpn",
    category = "bgp",
    status = "BgpNodeStatus",
    doc = "What a node does with BGP, as the agent on it reports.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Config",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="ConfigApplied")].reason"#
    ),
    printcolumn(
        name = "Sessions",
        type_ = "string",
        description = "Established sessions, and all.",
        json_path = ".status.sessions.summary"
    ),
    printcolumn(name = "IPv4", type_ = "integer", json_path = ".status.routes.ipv4"),
    printcolumn(name = "IPv6", type_ = "integer", json_path = ".status.routes.ipv6"),
    printcolumn(name = "Gateways", type_ = "integer", json_path = ".status.gatewayCount"),
    printcolumn(name = "FRR", type_ = "string", json_path = ".status.frr.version"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Reason",
        type_ = "string",
        priority = 1,
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(
        name = "Generation",
        type_ = "string",
        priority = 1,
        json_path = ".status.config.appliedGeneration"
    ),
    printcolumn(name = "Heartbeat", type_ = "date", priority = 1, json_path = ".status.lastHeartbeat")
)]
pub struct BgpNodeSpec {}

/// A BGP session of a node, as the agent on it reports.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "routelet.io",
    version = "v1alpha1",
    kind = "BGPSession",
    root = "BgpSession",
    plural = "bgpsessions",
    singular = "bgpsession",
    shortname = "bgps",
    category = "bgp",
    status = "BgpSessionStatus",
    doc = "A BGP session of a node, as the agent on it reports.",
    printcolumn(name = "Node", type_ = "string", json_path = ".status.node"),
    printcolumn(name = "Peer", type_ = "string", json_path = ".status.peer"),
    printcolumn(name = "ASN", type_ = "integer", json_path = ".status.peerAS"),
    printcolumn(name = "VRF", type_ = "string", json_path = ".status.vrf"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.sessionState"),
    printcolumn(name = "Since", type_ = "date", json_path = ".status.since"),
    printcolumn(
        name = "Received",
        type_ = "integer",
        description = "Prefixes announced by the peer, where FRR can tell cheaply.",
        json_path = ".status.prefixes.receivedPrePolicy"
    ),
    printcolumn(
        name = "Accepted",
        type_ = "integer",
        description = "Prefixes that the policies let through.",
        json_path = ".status.prefixes.received"
    ),
    printcolumn(name = "Sent", type_ = "integer", json_path = ".status.prefixes.sent"),
    printcolumn(name = "BFD", type_ = "string", json_path = ".status.bfd.state"),
    printcolumn(name = "Last-Reason", type_ = "string", priority = 1, json_path = ".status.lastDown.reason"),
    printcolumn(name = "Flaps", type_ = "integer", priority = 1, json_path = ".status.flaps"),
    printcolumn(
        name = "Policy",
        type_ = "string",
        priority = 1,
        json_path = r#".status.conditions[?(@.type=="PolicyInEffect")].reason"#
    )
)]
pub struct BgpSessionSpec {}

/// Returns the definitions of both resources, as `routelet crd` prints them.
pub fn definitions() -> [CustomResourceDefinition; 2] {
    [BgpNode::crd(), BgpSession::crd()].map(|mut definition| {
        for version in &mut definition.spec.versions {
            let schema = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut());
            if let Some(schema) = schema {
                without_spec(schema);
                with_known_formats(schema);
            }
        }
        definition
    })
}

/// Takes out the specification: nobody asks an agent for anything by these objects.
fn without_spec(schema: &mut JSONSchemaProps) {
    schema.required = None;
    if let Some(properties) = &mut schema.properties {
        properties.remove("spec");
    }
}

/// Takes out the formats that Kubernetes does not know; it would warn of each of them.
fn with_known_formats(schema: &mut JSONSchemaProps) {
    schema.format = match schema.format.take().as_deref() {
        Some("uint" | "uint32" | "uint64") => Some("int64".to_owned()),
        Some("ip") | None => None,
        Some(known) => Some(known.to_owned()),
    };
    schema.properties.iter_mut().flat_map(|properties| properties.values_mut()).for_each(with_known_formats);
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        with_known_formats(items);
    }
}
