//! Bases as people write them: applied once, seen to hold, and left alone ever after.

use nix::sys::signal::Signal;
use routelet_tests::lab::{
    FrrVersion,
    metallb::Filter,
    topologies::{TwoGateways, two_gateways},
    wait,
};

use crate::story::{ALL, CONVERGED_WITHIN, Story, connections};

/// Lines that frr-reload cannot settle by itself, or that FRR prints in another way than they are written.
const RICH: &str = "\
ip prefix-list unnumbered permit 10.1.2.3/8 le 24
ip prefix-list unnumbered permit 10.9.0.0/16
ipv6 prefix-list long permit 2001:0DB8:0000::/32 le 64
bgp community-list standard shop permit 65000:20 65000:10
route-map tag permit 10
 set community 65000:30 65000:20 additive
 set local-preference 200
route-map tag permit 20
ip route 192.0.2.0/24 blackhole
router bgp 64512
 timers bgp 60 180
 bgp graceful-restart restart-time 120
 neighbor 192.0.2.99 remote-as 64999
 neighbor 192.0.2.99 ebgp-multihop
 neighbor 192.0.2.99 description a peer that never comes
 neighbor 192.0.2.99 password not-for-logs
 neighbor 192.0.2.99 bfd
 neighbor GROUP peer-group
 neighbor GROUP remote-as 64998
 neighbor 192.0.2.98 peer-group GROUP
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor 192.0.2.99 activate
  neighbor 192.0.2.99 route-map tag out
  neighbor GROUP activate
 exit-address-family
bfd
 profile slow
  receive-interval 500
 profile fast
  detect-multiplier 3
  transmit-interval 150
";

#[track_caller]
fn settles(version: FrrVersion) {
    let mut story = Story::without_agent(two_gateways(version));
    let before = connections(story.node());
    // The extras behind an unclosed `bfd` block, as MetalLB renders them.
    let extras = story.extras_text(Filter::Everything);
    let base = format!("{}{RICH}{extras}", story.demo.base.render());
    story.node().write_file(TwoGateways::BASE_PATH, base).unwrap();
    story.start_agent_with(&["--log", "debug"]);
    story.applied();
    story.routes(&ALL);
    let log = story.agent().log().unwrap();
    assert!(!log.contains("apply failed") && !log.contains("nobody wants it"), "{log}");
    assert!(!log.contains("not-for-logs"));

    let writes = |story: &mut Story| story.agent().log().unwrap().matches("frr-reload ended").count();
    let written = writes(&mut story);
    let looked =
        |story: &mut Story| story.agent().log().unwrap().matches("holds the configuration already").count();
    let seen = looked(&mut story);
    story.agent().signal(Signal::SIGHUP).unwrap();
    wait::until("a second look", CONVERGED_WITHIN, || looked(&mut story) > seen).unwrap();
    assert_eq!(writes(&mut story), written, "{}", story.agent().log().unwrap());

    let after = connections(story.node());
    for (peer, count) in before {
        assert_eq!(after[&peer], count, "{peer}");
    }
}

#[test]
fn a_rich_base_settles_on_7_5_1() {
    settles(FrrVersion::V7_5_1);
}

#[test]
fn a_rich_base_settles_on_8_4_4() {
    settles(FrrVersion::V8_4_4);
}

#[test]
fn a_rich_base_settles_on_10_3() {
    settles(FrrVersion::V10_3);
}

#[test]
fn a_rich_base_settles_on_10_7() {
    settles(FrrVersion::V10_7);
}
