//! The standard topology: four sessions come up, and policy decides what gets in.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use routelet_tests::lab::{
    FrrVersion, Lab,
    metallb::{Filter, extras},
    topologies::{TwoGateways, two_gateways},
    wait,
};

const CONVERGED_WITHIN: Duration = Duration::from_mins(1);

#[track_caller]
fn check(version: FrrVersion) {
    let demo = two_gateways(version);
    let lab = Lab::start(&demo.topology()).unwrap();
    let node = lab.node(TwoGateways::NODE);
    for peer in demo.peers() {
        wait::until(&format!("a session with {peer}"), CONVERGED_WITHIN, || {
            match node.bgp_state(&peer.to_string()).unwrap().as_deref() {
                Some("Established") => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .unwrap();
    }
    assert_eq!(node.kernel_routes().unwrap().len(), 0, "the base lets nothing in");
    let reload = ["python3", "/usr/lib/frr/frr-reload.py", "--test", "--stdout", TwoGateways::BASE_PATH];
    node.run(reload).unwrap();

    node.write_file("/tmp/extras", extras(&demo.base.peers, Filter::Everything)).unwrap();
    node.run(["vtysh", "-f", "/tmp/extras"]).unwrap();
    for peer in demo.peers() {
        let family = if peer.is_ipv6() { "ipv6" } else { "ipv4" };
        node.vtysh(&format!("clear bgp {family} unicast {peer} soft in")).unwrap();
    }
    let want = TwoGateways::SHARED.len() + TwoGateways::ONLY_A.len() + TwoGateways::ONLY_B.len();
    let routes = wait::until("all routes with all next hops", CONVERGED_WITHIN, || {
        let routes = node.kernel_routes().unwrap();
        let two =
            TwoGateways::SHARED.iter().all(|prefix| routes.get(*prefix).is_some_and(|to| to.len() == 2));
        if two && routes.len() == want { Ok(routes) } else { Err(format!("{routes:?}")) }
    })
    .unwrap();
    for prefix in TwoGateways::SHARED {
        let interfaces: BTreeSet<_> = routes[prefix].iter().map(|hop| hop.interface.as_str()).collect();
        assert_eq!(interfaces, BTreeSet::from(TwoGateways::INTERFACES), "{prefix}");
    }
    let gateways: Vec<_> = routes["10.100.0.0/24"].iter().filter_map(|hop| hop.gateway).collect();
    assert_eq!(gateways, TwoGateways::GATEWAY_ADDRESSES.map(|(four, _)| IpAddr::from(four)));
    assert_eq!(routes["10.1.0.0/24"].len(), 1);
}

#[test]
fn routes_have_two_next_hops_on_7_5_1() {
    check(FrrVersion::V7_5_1);
}

#[test]
fn routes_have_two_next_hops_on_8_4_4() {
    check(FrrVersion::V8_4_4);
}

#[test]
fn routes_have_two_next_hops_on_10_3() {
    check(FrrVersion::V10_3);
}

#[test]
fn routes_have_two_next_hops_on_10_7() {
    check(FrrVersion::V10_7);
}

#[test]
fn extras_with_prefixes_name_the_list_in_each_family() {
    let demo = two_gateways(FrrVersion::V10_7);
    let prefixes = ["10.100.0.0/16 le 32", "2001:db8:100::/48 le 64"];
    let peers = demo.base.peers.iter().take(2);
    let want = "\
ip prefix-list filtered permit 10.100.0.0/16 le 32
ipv6 prefix-list filtered permit 2001:db8:100::/48 le 64
route-map 172.30.1.3-in permit 20
  match ip address prefix-list filtered
route-map fd00:30:1::3-in permit 20
  match ipv6 address prefix-list filtered
";
    assert_eq!(extras(peers, Filter::Prefixes(&prefixes)), want);
}
