//! The API server: the only place that holds a client.

use std::{sync::LazyLock, time::Duration};

use jiff::Timestamp;
use kube::{
    Api, Client, Config,
    api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::GroupVersionKind,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    event::{Subject, series, subjects},
    identity::Identity,
    object::{Content, Key, Kind, RoutesLearned, Wanted},
    outbox::{Existing, Verb, Write},
    pace::Pace,
    recorder::EventWrite,
    trouble::Trouble,
    vigil::until_lost,
};
use crate::{
    condition::ConditionStatus,
    project::second,
    report::{API_VERSION, label_value},
};

/// Who writes, in managed fields.
const MANAGER: &str = "routelet";

/// The condition of a `Node`.
const ROUTES_LEARNED: &str = "RoutesLearned";

/// The longest time that a call may take: one that is lost in a restart of the API server must not outlast it.
const CALL_WITHIN: Duration = Duration::from_secs(4);

static BGP_NODE: LazyLock<ApiResource> = LazyLock::new(|| resource("routelet.io", "v1alpha1", "BGPNode"));
static BGP_SESSION: LazyLock<ApiResource> =
    LazyLock::new(|| resource("routelet.io", "v1alpha1", "BGPSession"));
static NODE: LazyLock<ApiResource> = LazyLock::new(|| resource("", "v1", "Node"));
static EVENT: LazyLock<ApiResource> = LazyLock::new(|| resource("events.k8s.io", "v1", "Event"));

/// What the API server has of this node.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) existing: Vec<Existing>,
    /// How many nodes say something.
    pub(crate) nodes: u64,
    /// The `Node` is there.
    pub(crate) has_node: bool,
}

/// A connection to the API server.
pub(crate) struct Cluster {
    identity: Identity,
    client: Option<Client>,
    /// The UID of the `Node`, once it is known.
    uid: Option<String>,
    /// Whether routes are learned, as the `Node` says.
    learned: Option<ConditionStatus>,
}

fn resource(group: &str, version: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

// === impl Cluster ===

impl Cluster {
    /// Returns a connection that is made when it is needed.
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, client: None, uid: None, learned: None }
    }

    /// Makes a new connection next time: the token or the configuration may be another one.
    pub(crate) fn forget_client(&mut self) {
        self.client = None;
    }

    /// Looks at what the API server has of this node.
    pub(crate) async fn look(&mut self, with_node_condition: bool) -> Result<Found, Trouble> {
        let client = self.client().await?;
        let nodes: Api<DynamicObject> = Api::all_with(client.clone(), &*BGP_NODE);
        let sessions: Api<DynamicObject> = Api::all_with(client.clone(), &*BGP_SESSION);
        let core: Api<DynamicObject> = Api::all_with(client, &*NODE);
        let count = count(&nodes).await?;
        let node = call(core.get_opt(&self.identity.node)).await?;
        self.uid = node.as_ref().and_then(|node| node.metadata.uid.clone());
        let mut existing = Vec::new();
        if with_node_condition && let Some(found) = node.as_ref().and_then(node_condition) {
            self.learned = Some(found.status);
            let content = Some(Content::NodeCondition(found));
            existing.push(Existing { key: Key::new(Kind::NodeCondition, &self.identity.node), content });
        }
        if let Some(object) = call(nodes.get_opt(&self.identity.node)).await? {
            let content = self.content(&object).map(|status| Content::Node(Box::new(status)));
            existing.push(Existing { key: Key::new(Kind::Node, &self.identity.node), content });
        }
        for name in self.session_names(&sessions).await? {
            let Some(object) = call(sessions.get_opt(&name)).await? else { continue };
            let content = self.content(&object).map(|status| Content::Session(Box::new(status)));
            existing.push(Existing { key: Key::new(Kind::Session, &name), content });
        }
        Ok(Found { existing, nodes: count, has_node: self.uid.is_some() })
    }

    /// Returns the names of this node's sessions, from the API server's memory.
    ///
    /// Otherwise it reads those of all nodes from etcd to find these, each time that an agent starts. Its memory may
    /// lag behind: what is missing is made again, which changes nothing, and what is gone is not found.
    async fn session_names(&self, sessions: &Api<DynamicObject>) -> Result<Vec<String>, Trouble> {
        let own = format!("routelet.io/node={}", label_value(&self.identity.node));
        // A limit would make it read etcd again.
        let all = ListParams::default().labels(&own).match_any();
        let found = call(sessions.list_metadata(&all)).await?;
        Ok(found.items.into_iter().filter_map(|object| object.metadata.name).collect())
    }

    /// Counts the nodes that say something.
    pub(crate) async fn count(&mut self) -> Result<u64, Trouble> {
        count(&Api::all_with(self.client().await?, &*BGP_NODE)).await
    }

    /// Returns what ends when the object of the node is not there any more.
    pub(crate) async fn vigil(&self, pace: Pace) -> Result<impl Future<Output = ()> + Send + use<>, Trouble> {
        // A watch is silent for as long as nothing happens.
        let client = connect(self.identity.kubeconfig.as_deref(), None).await?;
        Ok(until_lost(Api::all_with(client, &*BGP_NODE), self.identity.node.clone(), pace))
    }

    /// Does a write of the outbox.
    pub(crate) async fn write(&mut self, write: &Write) -> Result<(), Trouble> {
        let client = self.client().await?;
        let resource: &ApiResource = match write.key.kind {
            Kind::NodeCondition => &NODE,
            Kind::Node => &BGP_NODE,
            Kind::Session => &BGP_SESSION,
        };
        let api: Api<DynamicObject> = Api::all_with(client, resource);
        let name = write.key.name.as_str();
        let wanted = match &write.verb {
            Verb::Delete => return call(api.delete(name, &DeleteParams::default())).await.map(|_| ()),
            Verb::Create(wanted) => {
                self.create(&api, resource, name, wanted).await?;
                wanted
            }
            Verb::Update(wanted) => wanted,
        };
        let status = match &wanted.content {
            Content::NodeCondition(condition) => return self.write_condition(&api, name, condition).await,
            Content::Node(status) => to_value(status)?,
            Content::Session(status) => to_value(status)?,
        };
        let mut object = head(resource, &json!({ "name": name }));
        if let Some(fields) = object.as_object_mut() {
            fields.insert("status".to_owned(), status);
        }
        call(api.patch_status(name, &apply(), &Patch::Apply(object))).await.map(|_| ())
    }

    /// Makes an object that says nothing yet; nobody but the kubelet makes a `Node`.
    async fn create(
        &self,
        api: &Api<DynamicObject>,
        resource: &ApiResource,
        name: &str,
        wanted: &Wanted,
    ) -> Result<(), Trouble> {
        if let Content::NodeCondition(_) = wanted.content {
            return Ok(());
        }
        let metadata = json!({ "name": name, "labels": wanted.labels, "ownerReferences": self.owners() });
        call(api.patch(name, &apply(), &Patch::Apply(head(resource, &metadata)))).await.map(|_| ())
    }

    async fn write_condition(
        &mut self,
        api: &Api<DynamicObject>,
        name: &str,
        condition: &RoutesLearned,
    ) -> Result<(), Trouble> {
        let patch = Patch::Strategic(node_condition_patch(condition, self.learned != Some(condition.status)));
        match call(api.patch_status(name, &PatchParams::default(), &patch)).await {
            Ok(_) => self.learned = Some(condition.status),
            Err(Trouble::NotFound(why)) => return Err(Trouble::Invalid(why)),
            Err(trouble) => return Err(trouble),
        }
        Ok(())
    }

    /// Writes an event, on the node and on the pod; tells of the first that was not taken.
    pub(crate) async fn record(&mut self, write: &EventWrite) -> Result<(), Trouble> {
        let client = self.client().await?;
        let mut result = Ok(());
        for subject in subjects(&self.identity) {
            let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &subject.namespace, &*EVENT);
            let written = self.record_about(&api, subject, write).await;
            result = result.and(written);
        }
        result
    }

    async fn record_about(
        &self,
        api: &Api<DynamicObject>,
        subject: Subject,
        write: &EventWrite,
    ) -> Result<(), Trouble> {
        match write {
            EventWrite::New { id, news, at } => {
                let event = |subject: &Subject| from_value(subject.event(&self.identity, *id, news, *at));
                match create(api, event(&subject)?).await {
                    Err(Trouble::Invalid(_)) => create(api, event(&subject.for_an_old_server())?).await,
                    result => result,
                }
            }
            EventWrite::Again { id, count, at } => {
                let patch = Patch::Merge(series(*count, *at));
                call(api.patch(&subject.event_name(*id), &PatchParams::default(), &patch)).await.map(|_| ())
            }
        }
    }

    /// What an object says; `None` if it is not ours as it should be, or of another version.
    fn content<S: DeserializeOwned>(&self, object: &DynamicObject) -> Option<S> {
        let owners = object.metadata.owner_references.as_deref().unwrap_or_default();
        let is_owned = match &self.uid {
            Some(uid) => owners.iter().any(|owner| owner.uid == *uid),
            None => owners.is_empty(),
        };
        let status = object.data.get("status")?;
        serde_json::from_value(status.clone()).ok().filter(|_| is_owned)
    }

    fn owners(&self) -> Value {
        let owner = |uid: &String| json!({ "apiVersion": "v1", "kind": "Node", "name": self.identity.node, "uid": uid });
        self.uid.iter().map(owner).collect()
    }

    async fn client(&mut self) -> Result<Client, Trouble> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = connect(self.identity.kubeconfig.as_deref(), Some(CALL_WITHIN)).await?;
        self.client = Some(client.clone());
        Ok(client)
    }
}

/// Makes a client; nobody may be silent for longer than `silence_max`.
async fn connect(
    kubeconfig: Option<&std::path::Path>,
    silence_max: Option<Duration>,
) -> Result<Client, Trouble> {
    let mut config = match kubeconfig {
        Some(path) => {
            let read = Kubeconfig::read_from(path).map_err(kube::Error::from)?;
            Config::from_custom_kubeconfig(read, &KubeConfigOptions::default())
                .await
                .map_err(kube::Error::from)?
        }
        None => Config::infer().await.map_err(kube::Error::InferConfig)?,
    };
    // The outbox chooses when to try again, and slows down: each try of its own times the client's would keep a busy
    // API server busy with refusing.
    config.default_retry = false;
    config.connect_timeout = Some(CALL_WITHIN);
    config.read_timeout = silence_max;
    config.write_timeout = Some(CALL_WITHIN);
    Ok(Client::try_from(config)?)
}

/// Ends a call that takes too long.
async fn call<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Trouble> {
    match timeout(CALL_WITHIN, call).await {
        Ok(result) => result.map_err(Trouble::from),
        Err(_) => Err(Trouble::TimedOut(CALL_WITHIN)),
    }
}

/// Counts objects: asks for one, and how many more there are.
async fn count(api: &Api<DynamicObject>) -> Result<u64, Trouble> {
    let first = call(api.list(&ListParams::default().limit(1))).await?;
    Ok(u64::try_from(first.metadata.remaining_item_count.unwrap_or(0)).unwrap_or(0) + 1)
}

/// Makes an event; it is there already if the answer to a try before this one was lost.
async fn create(api: &Api<DynamicObject>, event: DynamicObject) -> Result<(), Trouble> {
    match call(api.create(&PostParams::default(), &event)).await {
        Ok(_) | Err(Trouble::Exists) => Ok(()),
        Err(trouble) => Err(trouble),
    }
}

fn apply() -> PatchParams {
    PatchParams::apply(MANAGER).force()
}

fn head(resource: &ApiResource, metadata: &Value) -> Value {
    json!({ "apiVersion": API_VERSION, "kind": resource.kind, "metadata": metadata })
}

fn from_value(value: Value) -> Result<DynamicObject, Trouble> {
    serde_json::from_value(value).map_err(|error| Trouble::Invalid(error.to_string()))
}

fn to_value(status: &impl Serialize) -> Result<Value, Trouble> {
    serde_json::to_value(status).map_err(|error| Trouble::Invalid(error.to_string()))
}

fn node_condition(node: &DynamicObject) -> Option<RoutesLearned> {
    let conditions = node.data.pointer("/status/conditions")?.as_array()?;
    let condition =
        conditions.iter().find(|condition| condition.get("type") == Some(&json!(ROUTES_LEARNED)))?;
    serde_json::from_value(condition.clone()).ok()
}

/// A merge by `type`: the kubelet's conditions stay (server-side apply would take them all on old servers).
fn node_condition_patch(condition: &RoutesLearned, is_transition: bool) -> Value {
    let now = second(Timestamp::now());
    let mut patch = json!({
        "type": ROUTES_LEARNED,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "lastHeartbeatTime": now,
    });
    if is_transition && let Some(fields) = patch.as_object_mut() {
        fields.insert("lastTransitionTime".to_owned(), json!(now));
    }
    json!({ "status": { "conditions": [patch] } })
}
