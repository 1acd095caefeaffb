use super::*;
use crate::{config::load, plan::plan};

const VERSION: FrrVersion = FrrVersion(8, 4, 4);
const RUNNING: &str = "\
ip prefix-list f seq 5 permit 10.0.0.0/8
route-map a-in deny 20
route-map b-in permit 20
 match ip address prefix-list f
route-map c-in permit 10
 call b-in
router bgp 64512
 no bgp default ipv4-unicast
 neighbor G peer-group
 neighbor G remote-as 64514
 neighbor 10.0.0.1 remote-as 64513
 neighbor 10.0.0.2 remote-as 64513
 neighbor 10.0.0.3 remote-as 64513
 neighbor 10.0.0.4 peer-group G
 neighbor eth0 interface peer-group G
 address-family ipv4 unicast
  neighbor 10.0.0.1 route-map a-in in
  neighbor 10.0.0.2 route-map b-in in
  neighbor 10.0.0.3 route-map x-out out
  neighbor G route-map c-in in
 exit-address-family
";

#[track_caller]
fn check(replace: &str, by: &str, want: &[&str]) {
    assert!(RUNNING.contains(replace));
    let desired = load("desired", &RUNNING.replace(replace, by), VERSION);
    let plan = plan(&desired, &load("running", RUNNING, VERSION), VERSION);
    let mut touched = Vec::new();
    for (session, touch) in &plan.impact.sessions {
        let families = |set: &BTreeSet<AddressFamily>| set.len();
        touched.push(format!(
            "{session} in {} out {} {:?}",
            families(&touch.policy_in),
            families(&touch.policy_out),
            touch.life
        ));
    }
    assert_eq!(touched, want);
}

#[test]
fn a_map_touches_the_peers_that_use_it() {
    check("route-map a-in deny 20", "route-map a-in permit 20", &["10.0.0.1 in 1 out 0 Stays"]);
}

#[test]
fn a_list_is_followed_through_match_call_and_peer_group() {
    check(
        "permit 10.0.0.0/8",
        "permit 10.0.0.0/9",
        &["10.0.0.2 in 1 out 0 Stays", "10.0.0.4 in 1 out 0 Stays", "eth0 in 1 out 0 Stays"],
    );
}

#[test]
fn a_map_that_appears_touches_who_refers_to_it() {
    check(
        "route-map a-in deny",
        "route-map x-out permit 1\nroute-map a-in deny",
        &["10.0.0.3 in 0 out 1 Stays"],
    );
}

#[test]
fn the_reference_itself() {
    check("10.0.0.1 route-map a-in in", "10.0.0.1 route-map b-in in", &["10.0.0.1 in 1 out 0 Stays"]);
}

#[test]
fn sessions_come_go_and_are_reset() {
    check(" neighbor 10.0.0.2 remote-as 64513\n", "", &["10.0.0.2 in 0 out 0 Removed"]);
    check("10.0.0.3 remote-as 64513", "10.0.0.3 remote-as 64599", &["10.0.0.3 in 0 out 0 Reset"]);
    check(
        " neighbor 10.0.0.4",
        " neighbor 10.0.0.9 remote-as 5\n neighbor 10.0.0.4",
        &["10.0.0.9 in 0 out 0 Added"],
    );
    check(" neighbor 10.0.0.4", " neighbor 10.0.0.3 description x\n neighbor 10.0.0.4", &[]);
    check(
        " neighbor 10.0.0.4",
        " neighbor 10.0.0.3 brand-new-word\n neighbor 10.0.0.4",
        &["10.0.0.3 in 0 out 0 Reset"],
    );
}
