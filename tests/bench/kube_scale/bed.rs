//! The cluster: an API server with its nodes, and a client of the benchmark's own.

use std::{collections::BTreeMap, sync::Arc};

use kube::{
    Api, Client, Config,
    api::{ApiResource, DynamicObject, ListParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig as ClientConfig},
    core::GroupVersionKind,
};
use routelet_status::{node::BgpNodeStatus, report::Report, session::BgpSessionStatus};
use routelet_tests::kube::{ApiServer, Kubeconfig};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::error::ScaleError;

/// Where the pods of the agents are.
pub(crate) const NAMESPACE: &str = "routelet-system";

/// Nodes that are made at the same time.
const AT_A_TIME: usize = 32;

/// Objects that are asked for at a time.
const PAGE: u32 = 500;

const DEFINITIONS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/crds/routelet.io.yaml"));

/// What an agent may do.
const RIGHTS: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: routelet}
rules:
- {apiGroups: [routelet.io], resources: ["*"], verbs: [get, list, watch, create, update, patch, delete]}
- {apiGroups: [""], resources: [nodes], verbs: [get]}
- {apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: routelet}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: routelet}
subjects: [{kind: ServiceAccount, name: routelet, namespace: routelet-system}]
"#;

/// The cluster.
pub(crate) struct Bed {
    pub(crate) server: ApiServer,
    pub(crate) account: Kubeconfig,
    /// In the server's network: no copying of bytes between here and there.
    pub(crate) runtime: Arc<Runtime>,
    client: Client,
}

/// What the API server has.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    nodes: BTreeMap<String, BgpNodeStatus>,
    sessions: BTreeMap<String, BgpSessionStatus>,
    pub(crate) node_bytes: Sizes,
    pub(crate) session_bytes: Sizes,
    pub(crate) without_owner: usize,
}

/// Sizes of objects as JSON, with their metadata; bytes.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(crate) struct Sizes {
    pub(crate) count: usize,
    pub(crate) sum: usize,
    pub(crate) max: usize,
    /// What managed fields take of the sum.
    pub(crate) managed_fields_sum: usize,
}

// === impl Bed ===

impl Bed {
    /// Starts the server with the definitions, the agents' rights and the `Node`s `names`.
    pub(crate) fn start(names: Vec<String>) -> Result<Self, ScaleError> {
        let server = ApiServer::start()?;
        server.apply(DEFINITIONS)?;
        let account = server.service_account(NAMESPACE, "routelet")?;
        server.apply(RIGHTS)?;
        let runtime = server.machine().in_network(|| {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(2).enable_all().build()
        })?;
        let runtime = Arc::new(runtime.map_err(ScaleError::system("to start threads"))?);
        let admin = server.admin().path().to_path_buf();
        let client = runtime.block_on(runtime.spawn(async move {
            let read = ClientConfig::read_from(admin).map_err(kube::Error::from)?;
            let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
            Client::try_from(config.map_err(kube::Error::from)?)
        }))?;
        let client = client.map_err(ScaleError::kube("a client"))?;
        let this = Self { server, account, runtime, client };
        this.make_nodes(names)?;
        Ok(this)
    }

    /// Makes the `Node`s, as kubelets register them.
    fn make_nodes(&self, names: Vec<String>) -> Result<(), ScaleError> {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource("", "v1", "Node"));
        let made = self.runtime.spawn(async move {
            let mut making = JoinSet::new();
            for name in names {
                if making.len() >= AT_A_TIME {
                    making.join_next().await.transpose()?.transpose()?;
                }
                let api = api.clone();
                making.spawn(async move {
                    let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name } });
                    let node = serde_json::from_value(node).map_err(kube::Error::SerdeError);
                    let node: DynamicObject = node.map_err(ScaleError::kube("a Node"))?;
                    api.create(&PostParams::default(), &node)
                        .await
                        .map(drop)
                        .map_err(ScaleError::kube("to make a Node"))
                });
            }
            while let Some(made) = making.join_next().await {
                made??;
            }
            Ok::<_, ScaleError>(())
        });
        self.runtime.block_on(made)?
    }

    /// Reads everything that agents have said.
    pub(crate) fn stored(&self) -> Result<Stored, ScaleError> {
        let client = self.client.clone();
        let read = self.runtime.spawn(async move {
            let mut stored = Stored::default();
            for kind in ["BGPNode", "BGPSession"] {
                let api: Api<DynamicObject> =
                    Api::all_with(client.clone(), &resource("routelet.io", "v1alpha1", kind));
                let mut page = ListParams::default().limit(PAGE);
                loop {
                    let list = api.list(&page).await.map_err(ScaleError::kube("a list of all objects"))?;
                    list.items.iter().for_each(|object| stored.take(kind, object));
                    match list.metadata.continue_.filter(|token| !token.is_empty()) {
                        Some(token) => page = page.continue_token(&token),
                        None => break,
                    }
                }
            }
            Ok(stored)
        });
        self.runtime.block_on(read)?
    }
}

fn resource(group: &str, version: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

// === impl Stored ===

impl Stored {
    fn take(&mut self, kind: &str, object: &DynamicObject) {
        let name = object.metadata.name.clone().unwrap_or_default();
        if object.metadata.owner_references.as_ref().is_none_or(Vec::is_empty) {
            self.without_owner += 1;
        }
        if kind == "BGPNode" {
            self.node_bytes.add(object);
            if let Some(mut status) = status::<BgpNodeStatus>(object) {
                (status.last_heartbeat, status.heartbeat_seconds) = (None, None);
                self.nodes.insert(name, status);
            }
        } else {
            self.session_bytes.add(object);
            status(object).and_then(|status| self.sessions.insert(name, status));
        }
    }

    /// Returns the names of the objects that do not say what is `wanted`, and of those that nobody wants.
    pub(crate) fn wrong(&self, wanted: &[Option<Arc<Report>>]) -> Vec<String> {
        let mut wrong = Vec::new();
        let (mut nodes, mut sessions) = (0, 0);
        for report in wanted {
            let Some(report) = report else {
                wrong.push("an agent that has not begun".to_owned());
                continue;
            };
            nodes += 1;
            if self.nodes.get(&report.node.metadata.name) != Some(&report.node.status) {
                wrong.push(report.node.metadata.name.clone());
            }
            for session in &report.sessions {
                sessions += 1;
                if self.sessions.get(&session.metadata.name) != Some(&session.status) {
                    wrong.push(session.metadata.name.clone());
                }
            }
        }
        if (self.node_bytes.count, self.session_bytes.count) != (nodes, sessions) {
            wrong.push(format!("{} nodes and {} sessions", self.node_bytes.count, self.session_bytes.count));
        }
        wrong
    }
}

fn status<S: DeserializeOwned>(object: &DynamicObject) -> Option<S> {
    serde_json::from_value(object.data.get("status")?.clone()).ok()
}

// === impl Sizes ===

impl Sizes {
    fn add(&mut self, object: &DynamicObject) {
        let bytes = |length: Result<Vec<u8>, serde_json::Error>| length.map_or(0, |text| text.len());
        let size = bytes(serde_json::to_vec(object));
        self.count += 1;
        self.sum += size;
        self.max = self.max.max(size);
        self.managed_fields_sum += bytes(serde_json::to_vec(&object.metadata.managed_fields));
    }
}
