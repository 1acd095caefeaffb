//! A node with its sessions up, and an agent beside its FRR: what the agent's tests start from.

use std::{collections::BTreeMap, time::Duration};

use routelet_tests::lab::{
    Agent, ConfigMapDir, FrrVersion, Lab, Node,
    metallb::{Filter, extras},
    topologies::{TwoGateways, two_gateways},
    wait,
};
use serde_json::Value;

/// How long anything may take that the agent does.
pub(crate) const CONVERGED_WITHIN: Duration = Duration::from_secs(30);

/// A node with its sessions up, and an agent with the base and an empty `ConfigMap`.
pub(crate) struct Story {
    pub(crate) demo: TwoGateways,
    pub(crate) lab: Lab,
    pub(crate) extras: ConfigMapDir,
    agent: Option<Agent>,
}

impl Story {
    /// Starts everything, and waits until the agent has found FRR as it should be.
    #[track_caller]
    pub(crate) fn start(version: FrrVersion) -> Self {
        let mut story = Self::without_agent(two_gateways(version));
        story.start_agent();
        story
    }

    /// Starts the routers, and waits for their sessions.
    #[track_caller]
    pub(crate) fn without_agent(demo: TwoGateways) -> Self {
        let lab = Lab::start(&demo.topology()).unwrap();
        let node = lab.node(TwoGateways::NODE);
        let extras = ConfigMapDir::mount(node, TwoGateways::EXTRAS_PATH).unwrap();
        established(node, &demo);
        Self { demo, lab, extras, agent: None }
    }

    /// Starts the agent, and waits until FRR holds what it says.
    #[track_caller]
    pub(crate) fn start_agent(&mut self) {
        self.start_agent_with(&[]);
        self.applied();
    }

    /// Starts the agent with further arguments; waits for nothing.
    #[track_caller]
    pub(crate) fn start_agent_with(&mut self, arguments: &[&str]) {
        let agent = Agent::builder(self.node())
            .base(TwoGateways::BASE_PATH)
            .extras(TwoGateways::EXTRAS_PATH)
            .args(["--period", "1"])
            .args(arguments.iter().copied())
            .start()
            .unwrap();
        self.agent = Some(agent);
    }

    pub(crate) fn agent(&mut self) -> &mut Agent {
        self.agent.as_mut().expect("the agent was started")
    }

    /// Takes over an agent that was started in another way.
    pub(crate) fn set_agent(&mut self, agent: Agent) {
        self.agent = Some(agent);
    }

    pub(crate) fn take_agent(&mut self) -> Agent {
        self.agent.take().expect("the agent was started")
    }

    pub(crate) fn node(&self) -> &Node {
        self.lab.node(TwoGateways::NODE)
    }

    /// What the extras hold: an entry for each peer, with `filter`.
    pub(crate) fn extras_text(&self, filter: Filter<'_>) -> String {
        extras(&self.demo.base.peers, filter)
    }

    /// Swaps the `ConfigMap` for one with an entry for each peer, or for an empty one.
    #[track_caller]
    pub(crate) fn set_extras(&mut self, filter: Option<Filter<'_>>) {
        match filter.map(|filter| self.extras_text(filter)) {
            Some(text) => self.extras.set(&[("extras", text)]).unwrap(),
            None => self.extras.set::<&str>(&[]).unwrap(),
        }
    }

    /// `status` of the node in status.json; null until it is there.
    pub(crate) fn status(&mut self) -> Value {
        self.agent().status_json().map(|status| status["node"]["status"].clone()).unwrap_or_default()
    }

    /// Waits until the status says what `is_so` wants.
    #[track_caller]
    pub(crate) fn until_status(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let waited = wait::until(what, CONVERGED_WITHIN, || {
            let status = self.status();
            if is_so(&status) { Ok(status) } else { Err(status.to_string()) }
        });
        waited.unwrap_or_else(|error| panic!("{error}\n{}", self.agent().log().unwrap()))
    }

    /// Waits until FRR holds what the sources say.
    #[track_caller]
    pub(crate) fn applied(&mut self) {
        self.until_status("the configuration to be applied", |status| {
            let config = &status["config"];
            config["generation"].is_string() && config["generation"] == config["appliedGeneration"]
        });
    }

    /// Waits until the kernel has exactly these prefixes, each with so many next hops.
    #[track_caller]
    pub(crate) fn routes(&mut self, want: &[(&str, usize)]) {
        let want: BTreeMap<String, usize> =
            want.iter().map(|(prefix, hops)| ((*prefix).to_owned(), *hops)).collect();
        let routes = wait::until("the kernel's routes", CONVERGED_WITHIN, || {
            let have = self.kernel_routes();
            if have == want { Ok(()) } else { Err(format!("{have:?}")) }
        });
        routes.unwrap_or_else(|error| panic!("{error}\n{}", self.agent().log().unwrap()));
    }

    /// Prefix and number of next hops of every BGP route in the kernel.
    pub(crate) fn kernel_routes(&self) -> BTreeMap<String, usize> {
        self.node()
            .kernel_routes()
            .unwrap()
            .iter()
            .map(|(prefix, hops)| (prefix.clone(), hops.len()))
            .collect()
    }
}

#[track_caller]
fn established(node: &Node, demo: &TwoGateways) {
    for peer in demo.peers() {
        wait::until(&format!("a session with {peer}"), CONVERGED_WITHIN, || {
            match node.bgp_state(&peer.to_string()).unwrap().as_deref() {
                Some("Established") => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .unwrap();
    }
}

/// Returns `connectionsEstablished` and `connectionsDropped` of every peer.
pub(crate) fn connections(node: &Node) -> BTreeMap<String, (u64, u64)> {
    let neighbors: Value = node.vtysh_json("show bgp neighbors json").unwrap();
    let count = |peer: &Value, field: &str| peer[field].as_u64().unwrap();
    neighbors
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, peer)| {
            (name.clone(), (count(peer, "connectionsEstablished"), count(peer, "connectionsDropped")))
        })
        .collect()
}

/// What both gateways announce, when everything gets in.
pub(crate) const ALL: [(&str, usize); 8] = [
    ("10.100.0.0/24", 2),
    ("10.100.1.0/24", 2),
    ("10.1.0.0/24", 1),
    ("10.2.0.0/24", 1),
    ("2001:db8:100::/64", 2),
    ("2001:db8:101::/64", 2),
    ("2001:db8:1::/64", 1),
    ("2001:db8:2::/64", 1),
];
