//! The main job: extras that come after the sessions, change, are wrong, and go.

use std::{collections::BTreeMap, time::Duration};

use routelet_tests::lab::{
    Agent, ConfigMapDir, FrrVersion, Lab, Node,
    metallb::{Filter, extras},
    topologies::{TwoGateways, two_gateways},
    wait,
};
use serde_json::Value;

const CONVERGED_WITHIN: Duration = Duration::from_secs(30);

/// A node with its sessions up, and an agent with the base and an empty `ConfigMap`.
struct Story {
    demo: TwoGateways,
    lab: Lab,
    agent: Agent,
    extras: ConfigMapDir,
}

impl Story {
    #[track_caller]
    fn start(version: FrrVersion) -> Self {
        let demo = two_gateways(version);
        let lab = Lab::start(&demo.topology()).unwrap();
        let node = lab.node(TwoGateways::NODE);
        let extras = ConfigMapDir::mount(node, TwoGateways::EXTRAS_PATH).unwrap();
        established(node, &demo);
        let agent = Agent::builder(node)
            .base(TwoGateways::BASE_PATH)
            .extras(TwoGateways::EXTRAS_PATH)
            .args(["--period", "1", "--log", "debug"])
            .start()
            .unwrap();
        let story = Self { demo, lab, agent, extras };
        story.applied();
        story
    }

    fn node(&self) -> &Node {
        self.lab.node(TwoGateways::NODE)
    }

    fn extras(&self, filter: Filter<'_>) -> String {
        extras(&self.demo.base.peers, filter)
    }

    #[track_caller]
    fn applied(&self) {
        wait::until("the first configuration to be applied", CONVERGED_WITHIN, || {
            let status = self.agent.status_json().map_err(|error| error.to_string())?;
            let config = &status["node"]["status"]["config"];
            let is_applied = config["generation"].is_string() && config["generation"] == config["appliedGeneration"];
            if is_applied { Ok(()) } else { Err(format!("{config}")) }
        })
        .unwrap();
    }

    /// Waits until the kernel has exactly these prefixes, each with so many next hops.
    #[track_caller]
    fn routes(&self, want: &[(&str, usize)]) {
        let want: BTreeMap<String, usize> = want.iter().map(|(prefix, hops)| ((*prefix).to_owned(), *hops)).collect();
        let routes = wait::until("the kernel's routes", CONVERGED_WITHIN, || {
            let routes = self.node().kernel_routes().map_err(|error| error.to_string())?;
            let have: BTreeMap<String, usize> =
                routes.iter().map(|(prefix, hops)| (prefix.to_string(), hops.len())).collect();
            if have == want { Ok(()) } else { Err(format!("{have:?}")) }
        });
        if let Err(error) = routes {
            panic!("{error}\n{}", self.agent.log().unwrap());
        }
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

/// `connectionsEstablished` and `connectionsDropped` of every peer.
fn connections(node: &Node) -> BTreeMap<String, (u64, u64)> {
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

const ALL: [(&str, usize); 8] = [
    ("10.100.0.0/24", 2),
    ("10.100.1.0/24", 2),
    ("10.1.0.0/24", 1),
    ("10.2.0.0/24", 1),
    ("2001:db8:100::/64", 2),
    ("2001:db8:101::/64", 2),
    ("2001:db8:1::/64", 1),
    ("2001:db8:2::/64", 1),
];

#[track_caller]
fn the_story(version: FrrVersion) {
    let mut story = Story::start(version);
    story.routes(&[]);
    let before = connections(story.node());

    story.extras.set(&[("extras", story.extras(Filter::Everything))]).unwrap();
    story.routes(&ALL);

    let filter = ["10.100.0.0/16 le 32", "2001:db8:100::/64"];
    story.extras.set(&[("extras", story.extras(Filter::Prefixes(&filter)))]).unwrap();
    let filtered = [("10.100.0.0/24", 2), ("10.100.1.0/24", 2), ("2001:db8:100::/64", 2)];
    story.routes(&filtered);

    let broken = format!("{}router bgp 64512\n", story.extras(Filter::Everything));
    let line = broken.lines().count();
    story.extras.set(&[("extras", broken)]).unwrap();
    wait::until("the refusal", CONVERGED_WITHIN, || {
        let status = story.agent.status_json().map_err(|error| error.to_string())?;
        let errors = status["node"]["status"]["sources"][1]["errors"].clone();
        if errors[0]["line"] == line { Ok(()) } else { Err(format!("{errors}")) }
    })
    .unwrap();
    story.routes(&filtered);

    story.extras.set::<&str>(&[]).unwrap();
    story.routes(&[]);
    assert_eq!(connections(story.node()), before);
    assert_eq!(story.agent.stop().unwrap().code(), Some(0));
}

#[test]
fn extras_come_change_are_refused_and_go_on_7_5_1() {
    the_story(FrrVersion::V7_5_1);
}

#[test]
fn extras_come_change_are_refused_and_go_on_8_4_4() {
    the_story(FrrVersion::V8_4_4);
}

#[test]
fn extras_come_change_are_refused_and_go_on_10_3() {
    the_story(FrrVersion::V10_3);
}

#[test]
fn extras_come_change_are_refused_and_go_on_10_7() {
    the_story(FrrVersion::V10_7);
}
