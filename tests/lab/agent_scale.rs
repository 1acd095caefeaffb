//! A node with many sessions: a change that concerns one leaves the others as they are.

use std::{fmt::Write as _, time::Duration};

use routelet_tests::lab::{
    Agent, End, FrrVersion, Lab, Node, NodeSpec, Topology, topologies::TwoGateways, wait,
};
use serde_json::Value;

use crate::story::connections;

const NODE: &str = "node";
const GATEWAY: &str = "gateway";
const SESSIONS: usize = 100;

/// A hundred sessions come up one after the other, on a machine that does other things too.
const UP_WITHIN: Duration = Duration::from_mins(2);

fn here(number: usize) -> String {
    format!("10.9.0.{number}")
}

fn there(number: usize) -> String {
    format!("10.9.1.{number}")
}

fn node_conf(sessions: usize) -> String {
    let mut text = "route-map in permit 10\nroute-map out permit 10\n\
                    router bgp 64512\n no bgp default ipv4-unicast\n bgp router-id 10.9.0.1\n"
        .to_owned();
    for number in 1..=sessions {
        let (here, there) = (here(number), there(number));
        _ = write!(
            text,
            " neighbor {there} remote-as 64513\n neighbor {there} update-source {here}\n \
             neighbor {there} timers connect 1\n"
        );
    }
    text.push_str(" address-family ipv4 unicast\n");
    for number in 1..=sessions {
        let there = there(number);
        _ = write!(
            text,
            "  neighbor {there} activate\n  neighbor {there} route-map in in\n  neighbor {there} route-map out out\n"
        );
    }
    text
}

fn gateway_conf() -> String {
    let mut text = "router bgp 64513\n no bgp ebgp-requires-policy\n bgp router-id 10.9.1.1\n".to_owned();
    for number in 1..=SESSIONS + 1 {
        let (here, there) = (here(number), there(number));
        _ = write!(text, " neighbor {here} remote-as 64512\n neighbor {here} update-source {there}\n");
        _ = writeln!(text, " neighbor {here} timers connect 1");
    }
    text
}

fn up(node: &Node) -> usize {
    let neighbors: Value = node.vtysh_json("show bgp neighbors json").unwrap();
    neighbors.as_object().unwrap().values().filter(|peer| peer["bgpState"] == "Established").count()
}

#[track_caller]
fn one_more_of_a_hundred(version: FrrVersion) {
    let end = |node, of: fn(usize) -> String| {
        (1..=SESSIONS + 1)
            .fold(End::new(node, "eth0"), |end, number| end.address(format!("{}/16", of(number))))
    };
    let base = node_conf(SESSIONS);
    let topology = Topology::new()
        .node(NodeSpec::frr(NODE, version).file(TwoGateways::BASE_PATH, &base).config(&base))
        .node(NodeSpec::frr(GATEWAY, FrrVersion::NEWEST).config(gateway_conf()))
        .link(end(NODE, here), end(GATEWAY, there));
    let lab = Lab::start(&topology).unwrap();
    let node = lab.node(NODE);
    wait::until("all sessions", UP_WITHIN, || {
        let up = up(node);
        if up == SESSIONS { Ok(()) } else { Err(format!("{up} are up")) }
    })
    .unwrap();
    let agent = Agent::builder(node).base(TwoGateways::BASE_PATH).args(["--period", "1"]).start().unwrap();
    let before = connections(node);
    assert_eq!(before.len(), SESSIONS);

    node.replace_file(TwoGateways::BASE_PATH, node_conf(SESSIONS + 1)).unwrap();
    wait::until("one more", UP_WITHIN, || up(node) == SESSIONS + 1)
        .unwrap_or_else(|error| panic!("{error}\n{}", agent.log().unwrap()));
    let mut after = connections(node);
    after.remove(&there(SESSIONS + 1));
    assert_eq!(after, before);

    node.replace_file(TwoGateways::BASE_PATH, &base).unwrap();
    wait::until("one less", UP_WITHIN, || connections(node).len() == SESSIONS).unwrap();
    assert_eq!(connections(node), before);
}

#[test]
fn one_session_more_of_a_hundred_leaves_the_others_as_they_are_on_8_4_4() {
    one_more_of_a_hundred(FrrVersion::V8_4_4);
}

#[test]
fn one_session_more_of_a_hundred_leaves_the_others_as_they_are_on_10_7() {
    one_more_of_a_hundred(FrrVersion::V10_7);
}
