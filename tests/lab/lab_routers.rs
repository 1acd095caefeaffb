//! The lab itself: routers start, talk to each other, and can be disturbed.

use std::{net::IpAddr, time::Duration};

use nix::sys::signal::Signal;
use routelet_tests::lab::{End, FrrVersion, Lab, LabError, NodeSpec, Topology, gateway::Gateway, wait};

const CONVERGED_WITHIN: Duration = Duration::from_mins(1);
const PREFIX: &str = "10.10.0.0/24";

fn router(name: &str, version: FrrVersion, host: u8, peers: &[u8]) -> NodeSpec {
    let address = |host: u8| IpAddr::from([172, 30, 0, host]);
    let asn = |host: u8| 64510 + u32::from(host);
    let mut router = Gateway::new(asn(host), [172, 30, 0, host].into());
    for &peer in peers {
        router = router.neighbor(address(peer), asn(peer));
    }
    if host == 3 {
        router = router.announce([PREFIX]);
    }
    NodeSpec::frr(name, version).config(router.render())
}

fn two_routers(version: FrrVersion) -> Topology {
    Topology::new()
        .node(router("r1", version, 2, &[3]))
        .node(router("r2", version, 3, &[2]))
        .link(("r1", "net1", ["172.30.0.2/24"]), ("r2", "net1", ["172.30.0.3/24"]))
}

#[track_caller]
fn wait_for_route(lab: &Lab, node: &str, there: bool) {
    let what = format!("{PREFIX} in the kernel of {node}: {there}");
    wait::until(&what, CONVERGED_WITHIN, || {
        lab.node(node).kernel_routes().unwrap().contains_key(PREFIX) == there
    })
    .unwrap();
}

#[track_caller]
#[expect(clippy::print_stderr, reason = "a measurement, to be seen with --nocapture")]
fn check_route_arrives(version: FrrVersion) {
    let (lab, started) = wait::timed(|| Lab::start(&two_routers(version)).unwrap());
    let ((), converged) = wait::timed(|| wait_for_route(&lab, "r1", true));
    let routes = lab.node("r1").kernel_routes().unwrap();
    assert_eq!(routes[PREFIX][0].gateway, Some(IpAddr::from([172, 30, 0, 3])));
    assert_eq!(routes[PREFIX][0].interface, "net1");
    assert_eq!(lab.node("r1").bgp_state("172.30.0.3").unwrap().as_deref(), Some("Established"));
    let ((), gone) = wait::timed(|| drop(lab));
    eprintln!("FRR {version}: started in {started:?}, route after {converged:?} more, gone in {gone:?}");
}

#[test]
fn two_routers_exchange_a_route_on_7_5_1() {
    check_route_arrives(FrrVersion::V7_5_1);
}

#[test]
fn two_routers_exchange_a_route_on_8_4_4() {
    check_route_arrives(FrrVersion::V8_4_4);
}

#[test]
fn two_routers_exchange_a_route_on_10_3() {
    check_route_arrives(FrrVersion::V10_3);
}

#[test]
fn two_routers_exchange_a_route_on_10_7() {
    check_route_arrives(FrrVersion::V10_7);
}

#[test]
fn a_version_is_what_its_package_says() {
    for version in FrrVersion::ALL {
        let lab = Lab::start(&Topology::new().node(NodeSpec::frr("r1", version))).unwrap();
        let node = lab.node("r1");
        let said = node.vtysh("show version").unwrap();
        assert!(said.contains(&format!("FRRouting {}", version.as_str())), "{said}");
        assert!(node.root().package.starts_with(version.as_str()));
        assert_eq!(version.as_str().parse::<FrrVersion>().unwrap(), version);
        let mgmtd = version >= FrrVersion::V10_3;
        assert_eq!(node.daemons().iter().any(|name| name == "mgmtd"), mgmtd);
        assert_eq!(node.run(["hostname"]).unwrap().trim(), "r1");
    }
}

#[test]
fn a_segment_connects_three_routers() {
    let version = FrrVersion::V10_7;
    let lab = Lab::start(
        &Topology::new()
            .node(router("r1", version, 2, &[3]))
            .node(router("r2", version, 3, &[2, 4]))
            .node(router("r3", version, 4, &[3]))
            .segment([
                End::new("r1", "lan0").address("172.30.0.2/24"),
                End::new("r2", "lan0").address("172.30.0.3/24"),
                End::new("r3", "lan0").address("172.30.0.4/24"),
            ]),
    )
    .unwrap();
    wait_for_route(&lab, "r1", true);
    wait_for_route(&lab, "r3", true);
}

#[test]
fn a_pulled_cable_takes_the_route_and_gives_it_back() {
    let mut topology = two_routers(FrrVersion::V10_7);
    topology = topology.link(("r1", "net2", ["fd00::2/64"]), ("r2", "net2", ["fd00::3/64"]));
    let lab = Lab::start(&topology).unwrap();
    wait_for_route(&lab, "r1", true);
    lab.node("r2").link_down("net1").unwrap();
    wait_for_route(&lab, "r1", false);
    lab.node("r2").link_up("net1").unwrap();
    wait_for_route(&lab, "r1", true);

    let r1 = lab.node("r1");
    r1.link_down("net2").unwrap();
    r1.link_up("net2").unwrap();
    assert!(r1.ip(&["-6", "address", "show", "dev", "net2"]).unwrap().contains("fd00::2/64"));
    wait::until("IPv6 over net2", CONVERGED_WITHIN, || {
        r1.exec(["bash", "-c", "exec 3<>/dev/tcp/fd00::3/179"]).unwrap().success()
    })
    .unwrap();
}

#[test]
fn a_daemon_is_stopped_started_and_hung() {
    let lab = Lab::start(&two_routers(FrrVersion::V7_5_1)).unwrap();
    let r1 = lab.node("r1");
    wait_for_route(&lab, "r1", true);

    let before = r1.daemon_pid("bgpd").unwrap();
    r1.stop_daemon("bgpd").unwrap();
    assert!(!r1.has_process(before));
    assert!(!r1.exec(["vtysh", "-d", "bgpd", "-c", "show version"]).unwrap().success());
    r1.start_daemon("bgpd").unwrap();
    assert!(!r1.vtysh("show running-config").unwrap().contains("router bgp"));
    r1.load_config().unwrap();
    wait_for_route(&lab, "r1", true);

    r1.signal_daemon("bgpd", Signal::SIGSTOP).unwrap();
    let hung = r1.exec_within(Duration::from_millis(500), ["vtysh", "-d", "bgpd", "-c", "show version"]);
    assert!(matches!(hung, Err(LabError::CommandTimedOut { .. })), "{hung:?}");
    r1.signal_daemon("bgpd", Signal::SIGCONT).unwrap();
    assert!(r1.vtysh("show version").unwrap().contains("FRRouting"));
}

#[test]
fn files_are_those_of_the_node() {
    let lab =
        Lab::start(&Topology::new().node(NodeSpec::frr("r1", FrrVersion::V8_4_4).daemons(&[]))).unwrap();
    let r1 = lab.node("r1");
    r1.write_file("/etc/routelet/a/b", "one").unwrap();
    assert_eq!(r1.run(["cat", "/etc/routelet/a/b"]).unwrap(), "one");
    r1.replace_file("/etc/routelet/a/b", "two").unwrap();
    assert_eq!(r1.read_file("/etc/routelet/a/b").unwrap(), "two");
    r1.write_file("/etc/frr/frr.conf", "!\n").unwrap();
    let owner = r1.run(["stat", "-c", "%U %a", "/etc/frr/frr.conf"]).unwrap();
    assert_eq!(owner.trim(), "frr 640");
    // /var/run is an absolute link: it must lead to the node's /run.
    r1.write_file("/var/run/routelet-lab-file", "x").unwrap();
    assert!(r1.exists("/run/routelet-lab-file"));
    assert!(!std::path::Path::new("/run/routelet-lab-file").exists());
    assert!(!r1.root().path.join("etc/routelet").exists(), "the cached root must stay as it is");
    assert!(r1.read_file("/no/such/file").is_err());
}

#[test]
fn a_bad_topology_is_refused() {
    let node = || NodeSpec::frr("r1", FrrVersion::V10_7);
    let twice = Topology::new().node(node()).node(node());
    assert!(matches!(Lab::start(&twice), Err(LabError::Topology(_))));
    let nobody = Topology::new().node(node()).link(("r1", "a", []), ("r2", "a", []));
    assert!(matches!(Lab::start(&nobody), Err(LabError::Topology(_))));
}

#[test]
fn a_config_that_frr_refuses_is_an_error() {
    let node = NodeSpec::frr("r1", FrrVersion::V10_7).config("frobnicate yes\n");
    let error = Lab::start(&Topology::new().node(node)).unwrap_err();
    assert!(error.chain().contains("frobnicate"), "{}", error.chain());
}
