//! The lab itself: does it start, and does it leave nothing behind.

use std::time::Duration;

use routelet_tests::lab::{FrrVersion, Lab, NodeSpec, Topology, wait};

const CONVERGED_WITHIN: Duration = Duration::from_secs(60);

fn two_routers(version: FrrVersion) -> Topology {
    Topology::new()
        .node(NodeSpec::frr("r1", version).config(
            "router bgp 64512\n no bgp ebgp-requires-policy\n neighbor 172.30.0.3 remote-as 64513\n neighbor 172.30.0.3 timers 3 9\n neighbor 172.30.0.3 timers connect 1\nexit\n",
        ))
        .node(NodeSpec::frr("r2", version).config(
            "router bgp 64513\n no bgp ebgp-requires-policy\n no bgp network import-check\n neighbor 172.30.0.2 remote-as 64512\n neighbor 172.30.0.2 timers 3 9\n neighbor 172.30.0.2 timers connect 1\n address-family ipv4 unicast\n  network 10.10.0.0/24\n exit-address-family\nexit\n",
        ))
        .link(("r1", "net1", ["172.30.0.2/24"]), ("r2", "net1", ["172.30.0.3/24"]))
}

#[track_caller]
fn check_route_arrives(version: FrrVersion) {
    let (lab, started) = wait::timed(|| Lab::start(two_routers(version)).unwrap());
    let ((), converged) = wait::timed(|| {
        wait::until("10.10.0.0/24 in the kernel", CONVERGED_WITHIN, || {
            lab.node("r1").kernel_routes().unwrap().contains_key("10.10.0.0/24")
        })
        .unwrap();
    });
    eprintln!("{version}: started in {started:?}, route after {converged:?} more");
}

#[test]
fn two_routers_exchange_a_route_on_7_5_1() {
    check_route_arrives(FrrVersion::V7_5_1);
}

#[test]
fn two_routers_exchange_a_route_on_10_7() {
    check_route_arrives(FrrVersion::V10_7);
}
