use super::*;
use crate::config::load;

const VERSION: FrrVersion = FrrVersion(8, 4, 4);
const BASE_TEXT: &str = "\
route-map 10.0.0.1-in deny 20
router bgp 64512
 no bgp default ipv4-unicast
 neighbor 10.0.0.1 remote-as 64513
 neighbor fc00::5 remote-as 64513
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map 10.0.0.1-in in
 exit-address-family
 address-family ipv6 unicast
  neighbor fc00::5 activate
  neighbor fc00::5 route-map fc00:0::5-in in
";
const EXTRAS: &str = "ip prefix-list f permit 10.0.0.0/8 le 32\nroute-map 10.0.0.1-in permit 20\n match ip address prefix-list f\n";

fn extras(text: &str) -> Contribution<'_> {
    Contribution { name: "extras", text, policy: Policy::Extras }
}

#[test]
fn the_entry_is_one_object_and_the_contribution_wins() {
    let desired = merge(BASE_TEXT, &[extras(EXTRAS)], VERSION);
    let entry = desired.config.top.get("route-map 10.0.0.1-in 0000000020").unwrap();
    assert_eq!(entry.statement.reveal(), "route-map 10.0.0.1-in permit 20");
    assert_eq!(entry.statement.origin.to_string(), "extras:2");
    assert_eq!(desired.warnings, []);
}

#[test]
fn extras_appended_to_the_base_mean_the_same_as_extras_beside_it() {
    let apart = merge(BASE_TEXT, &[extras(EXTRAS)], VERSION);
    let appended = merge(&format!("{BASE_TEXT}\n{EXTRAS}"), &[], VERSION);
    assert_eq!(apart.generation, appended.generation);
    let both = merge(&format!("{BASE_TEXT}\n{EXTRAS}"), &[extras(EXTRAS)], VERSION);
    assert_eq!(apart.generation, both.generation);
}

#[test]
fn an_entry_for_a_peer_that_the_base_lacks_waits_for_it() {
    let text =
        "route-map 10.9.9.9-in permit 20\n match ip address prefix-list f\nip prefix-list f permit any\n";
    let desired = merge(BASE_TEXT, &[extras(text)], VERSION);
    assert!(desired.config.top.with_prefix("route-map 10.9.9.9-in ").next().is_none());
    assert!(desired.config.top.get("ip prefix-list f 0000000005").is_some());
    assert_eq!(desired.warnings[0].origin.to_string(), "extras:1");
    assert!(desired.warnings[0].message.contains("no peer 10.9.9.9"));
}

#[test]
fn an_entry_with_another_spelling_of_the_map_is_told_the_right_one() {
    let desired = merge(BASE_TEXT, &[extras("route-map fc00::5-in permit 20\n")], VERSION);
    assert!(
        desired.warnings[0].message.contains("write route-map fc00:0::5-in permit 20"),
        "{:?}",
        desired.warnings
    );
}

#[test]
fn of_two_contributions_that_differ_the_first_stays() {
    let full = |name, text| Contribution { name, text, policy: Policy::Full };
    let first = "route-map X permit 10\n set metric 5\n";
    let second = "route-map X permit 10\n set metric 6\n set local-preference 7\n";
    let desired = merge(BASE_TEXT, &[full("a", first), full("b", second)], VERSION);
    let entry = desired.config.top.get("route-map X 0000000010").unwrap();
    assert_eq!(entry.children.get("set metric").unwrap().statement.reveal(), "set metric 5");
    assert!(entry.children.get("set local-preference").is_some());
    assert_eq!(desired.warnings.len(), 1);
    assert_eq!(desired.warnings[0].origin.to_string(), "b:2");
    assert!(desired.warnings[0].message.contains("a:2"));
}

#[test]
fn the_sessions_of_a_configuration() {
    let peers: Vec<String> =
        sessions(&load("b", BASE_TEXT, VERSION)).iter().map(ToString::to_string).collect();
    assert_eq!(peers, ["10.0.0.1", "fc00::5"]);
}
