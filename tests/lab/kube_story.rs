//! A node with its sessions up, an API server beside it, and an agent that tells it what happens.

use std::{collections::BTreeMap, time::Duration};

use routelet_tests::{
    kube::{ApiServer, Kubeconfig, Reach, Request},
    lab::{FrrVersion, topologies::two_gateways, wait},
};
use serde_json::Value;

use crate::story::Story;

/// How long it may take until the API server knows what the agent knows.
pub(crate) const TOLD_WITHIN: Duration = Duration::from_secs(10);

/// The name of the node in Kubernetes.
pub(crate) const NODE: &str = "node";

/// Where the agent finds its kubeconfig, inside the node.
const KUBECONFIG: &str = "/etc/routelet/kubeconfig";

/// The definitions of the custom resources, as they are installed.
const DEFINITIONS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/crds/routelet.io.yaml"));

/// The service account of agents, and what lets it do what it does, as it is installed.
pub(crate) const AGENT: (&str, &str) = ("routelet-system", "routelet");
const RIGHTS: [&str; 4] = [
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/standalone/namespace.yaml")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/rbac/agent.yaml")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/rbac/events.yaml")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/rbac/view.yaml")),
];

/// Installs what an administrator installs, but for the agents.
#[track_caller]
pub(crate) fn install(server: &ApiServer) {
    server.apply(DEFINITIONS).unwrap();
    for rights in RIGHTS {
        server.apply(rights).unwrap();
    }
    wait::until("the custom resources to be served", TOLD_WITHIN, || {
        server.kubectl(["get", "bgpnodes,bgpsessions"])
    })
    .unwrap();
}

/// What there is in this story.
pub(crate) struct KubeStory {
    pub(crate) story: Story,
    pub(crate) server: ApiServer,
    pub(crate) reach: Option<Reach>,
}

impl KubeStory {
    /// Starts the routers and the API server, and waits for their sessions and for the definitions to be served.
    #[track_caller]
    pub(crate) fn without_agent(version: FrrVersion) -> Self {
        let (story, server) = std::thread::scope(|scope| {
            let server = scope.spawn(|| ApiServer::start().unwrap());
            let story = Story::without_agent(two_gateways(version));
            (story, server.join().unwrap())
        });
        let reach = Some(server.reachable_from(story.node()).unwrap());
        let this = Self { story, server, reach };
        this.define();
        this
    }

    /// Does that, and starts an agent with further arguments; waits until FRR holds what it says.
    #[track_caller]
    pub(crate) fn start(version: FrrVersion, arguments: &[&str]) -> Self {
        let mut this = Self::without_agent(version);
        this.start_agent(arguments);
        this.story.applied();
        this
    }

    /// Installs what an administrator installs, and the `Node`, as the kubelet registers it.
    #[track_caller]
    pub(crate) fn define(&self) {
        install(&self.server);
        self.server.apply(&format!("apiVersion: v1\nkind: Node\nmetadata: {{name: {NODE}}}\n")).unwrap();
    }

    /// Starts the agent, with the rights that it has in a cluster; waits for nothing.
    #[track_caller]
    pub(crate) fn start_agent(&mut self, arguments: &[&str]) {
        let agent = self.server.service_account(AGENT.0, AGENT.1).unwrap();
        self.start_agent_as(&agent, arguments);
    }

    /// Starts the agent as `user`; waits for nothing.
    #[track_caller]
    pub(crate) fn start_agent_as(&mut self, user: &Kubeconfig, arguments: &[&str]) {
        self.story.node().write_file(KUBECONFIG, user.text()).unwrap();
        let own = ["--kube", "always", "--kubeconfig", KUBECONFIG, "--node-name", NODE];
        let arguments: Vec<&str> = own.into_iter().chain(arguments.iter().copied()).collect();
        self.story.start_agent_with(&arguments);
    }

    /// The status of the `BGPNode`; null until it is there.
    pub(crate) fn status(&self) -> Value {
        let text = self.server.kubectl(["get", "bgpnode", NODE, "-o", "json"]).unwrap_or_default();
        serde_json::from_str::<Value>(&text).map(|object| object["status"].clone()).unwrap_or_default()
    }

    /// The status of each `BGPSession`, by peer.
    pub(crate) fn sessions(&self) -> BTreeMap<String, Value> {
        let text = self.server.kubectl(["get", "bgpsessions", "-o", "json"]).unwrap_or_default();
        let list = serde_json::from_str::<Value>(&text).unwrap_or_default();
        let sessions = list["items"].as_array().cloned().unwrap_or_default();
        let status = |object: Value| {
            (object["status"]["peer"].as_str().unwrap_or_default().to_owned(), object["status"].clone())
        };
        sessions.into_iter().map(status).collect()
    }

    /// `type reason: note` of each event about the node, sorted.
    pub(crate) fn events(&self) -> Vec<String> {
        self.events_of("Node", NODE)
    }

    pub(crate) fn events_of(&self, kind: &str, name: &str) -> Vec<String> {
        let selector = format!("involvedObject.kind={kind},involvedObject.name={name}");
        let arguments = ["get", "events", "--all-namespaces", "-o", "json", "--field-selector", &selector];
        let text = self.server.kubectl(arguments).unwrap_or_default();
        let list = serde_json::from_str::<Value>(&text).unwrap_or_default();
        let events = list["items"].as_array().cloned().unwrap_or_default();
        let word = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let line = |event: &Value| {
            format!("{} {}: {}", word(event, "type"), word(event, "reason"), word(event, "message"))
        };
        let mut lines: Vec<_> = events.iter().map(line).collect();
        lines.sort();
        lines
    }

    /// Waits until the `BGPNode` says what `is_so` wants.
    #[track_caller]
    pub(crate) fn until_status(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let waited = wait::until(what, TOLD_WITHIN, || {
            let status = self.status();
            if is_so(&status) { Ok(status) } else { Err(status.to_string()) }
        });
        waited.unwrap_or_else(|error| panic!("{error}\n{}", self.story.agent().log().unwrap()))
    }

    /// Waits until the sessions say what `is_so` wants.
    #[track_caller]
    pub(crate) fn until_sessions(
        &mut self,
        what: &str,
        is_so: impl Fn(&BTreeMap<String, Value>) -> bool,
    ) -> BTreeMap<String, Value> {
        let waited = wait::until(what, TOLD_WITHIN, || {
            let sessions = self.sessions();
            if is_so(&sessions) { Ok(sessions) } else { Err(format!("{sessions:?}")) }
        });
        waited.unwrap_or_else(|error| panic!("{error}\n{}", self.story.agent().log().unwrap()))
    }

    /// Waits until there is an event about the node that begins so.
    #[track_caller]
    pub(crate) fn until_event(&mut self, begin: &str) -> String {
        let waited = wait::until(begin, TOLD_WITHIN, || {
            let events = self.events();
            let found = events.iter().find(|event| event.starts_with(begin)).cloned();
            found.ok_or_else(|| events.join("\n"))
        });
        waited.unwrap_or_else(|error| panic!("{error}\n{}", self.story.agent().log().unwrap()))
    }

    /// What the agent wrote to custom resources.
    pub(crate) fn writes(&self) -> Vec<Request> {
        let writes = self.server.writes().unwrap();
        writes.into_iter().filter(|write| write.group == "routelet.io" && write.is_write()).collect()
    }
}

/// Status and reason of a condition.
pub(crate) fn condition(status: &Value, kind: &str) -> (String, String) {
    let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    let condition = conditions.into_iter().find(|condition| condition["type"] == kind).unwrap_or_default();
    let word = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    (word("status"), word("reason"))
}

pub(crate) fn is(status: &Value, kind: &str, want: &str) -> bool {
    condition(status, kind).0 == want
}
