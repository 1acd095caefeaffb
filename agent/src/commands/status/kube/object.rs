//! Objects as the API server has them, read leniently.

use std::{borrow::Cow, collections::BTreeMap, fmt::Debug};

use kube::{Resource, api::ObjectMeta, core::ClusterResourceScope};
use routelet_status::{
    cluster::Seen,
    crd::{BgpNode, BgpSession},
    node::BgpNodeStatus,
    report::LABEL_NODE,
    session::BgpSessionStatus,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// A status that there are objects of.
pub(super) trait Reported: DeserializeOwned + Clone + Debug + Send + 'static {
    /// Their definition.
    type Kind: Resource<DynamicType = ()>;

    /// The node that an object with this metadata is about.
    fn node(metadata: &Metadata) -> &str;
}

/// An object that can always be read: what is not understood is said in its place.
///
/// Of its metadata it holds the name and the version alone: the field managers of an object are as large as it is.
#[derive(Clone, Debug)]
pub(super) struct Object<S> {
    pub(super) metadata: ObjectMeta,
    pub(super) seen: Seen<S>,
}

#[derive(Deserialize)]
struct Wire {
    metadata: Metadata,
    status: Option<serde_json::Value>,
}

/// What counts of an object's metadata.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    name: String,
    resource_version: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

impl Reported for BgpNodeStatus {
    type Kind = BgpNode;

    fn node(metadata: &Metadata) -> &str {
        &metadata.name
    }
}

impl Reported for BgpSessionStatus {
    type Kind = BgpSession;

    fn node(metadata: &Metadata) -> &str {
        // As far as a label can say it.
        metadata.labels.get(LABEL_NODE).unwrap_or(&metadata.name)
    }
}

// === impl Object ===

impl<'de, S: Reported> Deserialize<'de> for Object<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Wire { metadata, status } = Wire::deserialize(deserializer)?;
        let seen = Seen::read(S::node(&metadata), status);
        let metadata = ObjectMeta {
            name: Some(metadata.name),
            resource_version: metadata.resource_version,
            ..ObjectMeta::default()
        };
        Ok(Self { metadata, seen })
    }
}

impl<S> Object<S> {
    /// Its name, which an object without one has lost, and what it says.
    pub(super) fn named(self) -> (String, Seen<S>) {
        (self.metadata.name.unwrap_or_default(), self.seen)
    }
}

impl<S: Reported> Resource for Object<S> {
    type DynamicType = ();
    type Scope = ClusterResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        S::Kind::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        S::Kind::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        S::Kind::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        S::Kind::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
