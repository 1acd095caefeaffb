mod corpus;
mod property;

use super::*;
use crate::{config::load, quirks::FrrVersion};

const BASE: &str = "\
route-map 10.0.0.1-in deny 20
ip prefix-list 10.0.0.1-pl-ipv4 seq 1 deny any
route-map 10.0.0.1-out permit 1
  match ip address prefix-list 10.0.0.1-pl-ipv4
router bgp 64512
 no bgp default ipv4-unicast
 neighbor 10.0.0.1 remote-as 64513
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map 10.0.0.1-in in
  neighbor 10.0.0.1 prefix-list named-by-base in
";

fn extras(text: &str) -> Vec<String> {
    let base = load("base", BASE, FrrVersion::default());
    check("extras", text, Policy::Extras, &base).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn accepted(text: &str) {
    assert_eq!(extras(text), Vec::<String>::new(), "{text}");
}

#[track_caller]
fn refused(text: &str, at: &str, why: &str) {
    let reasons = extras(text);
    assert!(
        reasons.iter().any(|reason| reason.starts_with(&format!("extras:{at}: ")) && reason.contains(why)),
        "{text:?}: {reasons:?}"
    );
}

#[test]
fn the_contract_is_accepted() {
    accepted("");
    accepted("! only a comment\n# über\n\n");
    accepted("route-map 10.0.0.1-in permit 20\n");
    accepted("route-map fc00:f853:ccd:e793::5-in permit 20\r\nexit\r\n!\r\n");
    accepted("route-map 10.4.4.255-red-in permit 20\nroute-map eth0-in permit 20\n");
    accepted(
        "ip prefix-list filtered permit 172.16.0.0/16 le 32\nipv6 prefix-list filtered seq 7 deny any\n\
         route-map 10.0.0.1-in permit 20\n  match ip address prefix-list filtered\n\
         \tmatch ipv6 address prefix-list filtered\n",
    );
    accepted("ip prefix-list a permit 10.0.0.0/8 ge 8\nip prefix-list a permit 10.0.0.0/8 le 24 ge 16\n");
}

#[test]
fn every_reason_is_given_with_its_line() {
    let reasons = extras("route-map 10.0.0.1-in permit 10\n\nrouter bgp 1\nip prefix-list a permit x\n");
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[0].starts_with("extras:1: ") && reasons[1].starts_with("extras:3: "));
}

#[test]
fn nothing_but_permit_20_of_an_inbound_map() {
    refused("route-map 10.0.0.1-in permit 10\n", "1", "index 10");
    refused("route-map 10.0.0.1-in permit 020\n", "1", "index 020");
    refused("route-map 10.0.0.1-in deny 20\n", "1", "only `permit`");
    refused("route-map 10.0.0.1-out permit 20\n", "1", "not the inbound route-map");
    refused("route-map -in permit 20\n", "1", "not the inbound route-map");
    refused("route-map permit 20\n", "1", "not a route-map entry");
    refused("route-map 10.0.0.1-in permit 20\nroute-map 10.0.0.1-in permit 20\n", "2", "line 1 has one");
}

#[test]
fn nothing_but_prefix_list_matches() {
    refused("route-map 10.0.0.1-in permit 20\n match ip address prefix-list nosuch\n", "2", "not defined");
    refused("route-map 10.0.0.1-in permit 20\n match ipv4 address prefix-list a\n", "2", "match ip address");
    refused(
        "route-map 10.0.0.1-in permit 20\n set local-preference 5\n",
        "2",
        "not part of the extras contract",
    );
    refused("route-map 10.0.0.1-in permit 20\n call other\n", "2", "not part of the extras contract");
    refused("match ip address prefix-list a\nip prefix-list a permit any\n", "1", "outside a route-map");
    refused(
        "ip prefix-list a permit any\nroute-map 10.0.0.1-in permit 20\n match ipv6 address prefix-list a\n",
        "3",
        "is an ip prefix-list",
    );
}

#[test]
fn the_bases_lists_are_its_own() {
    refused("ip prefix-list 10.0.0.1-pl-ipv4 permit any\n", "1", "belongs to the base");
    refused("ipv6 prefix-list 10.0.0.1-pl-ipv4 permit any\n", "1", "belongs to the base");
    refused("ip prefix-list named-by-base permit any\n", "1", "belongs to the base");
}

#[test]
fn extras_that_the_base_repeats_are_no_clash() {
    let text = "ip prefix-list f permit 10.0.0.0/8\nroute-map 10.0.0.1-in permit 20\n match ip address prefix-list f\n";
    let base = load("base", &format!("{BASE}\n{text}"), FrrVersion::default());
    assert_eq!(check("extras", text, Policy::Extras, &base), []);
}

#[test]
fn a_range_that_frr_refuses_late_is_refused_early() {
    refused("ip prefix-list a seq 5 permit 10.0.0.0/16 ge 8\n", "1", "16 <= ge");
    refused("ip prefix-list a seq 5 permit 10.0.0.0/16 ge 24 le 20\n", "1", "16 <= ge");
    refused("ip prefix-list a seq 5 permit 10.0.0.0/16 le 33\n", "1", "prefix length");
    refused("ip prefix-list a seq 5 permit 2001:db8::/32\n", "1", "not an IPv4 prefix");
    refused("ip prefix-list a seq 5 permit 10.0.0.0\n", "1", "not a prefix");
    refused("ip prefix-list a seq 0 permit 10.0.0.0/8\n", "1", "seq 0");
    refused("ip prefix-list a permit any le 24\n", "1", "takes no range");
}

#[test]
fn no_way_out_of_the_contract() {
    for line in [
        "exit\nrouter bgp 64512",
        "rou bgp 64512",
        "router bgp 64512",
        "ip pref a permit any",
        "ip route 0.0.0.0/0 10.0.0.9",
        "do show version",
        "end",
        "configure terminal",
        "no route-map 10.0.0.1-in",
        "interface eth0",
        "line vty",
        "route-map 10.0.0.1-in\u{a0}permit 20",
        "route-map 10.0.0.1-in permit\u{2003}20",
        "route-map 10.0.0.1-in permit 20\u{b}router bgp 1",
        "! comment\rrouter bgp 1",
        "! comment \0",
        "route-map 10.0.0.1-in permit 20 router bgp 1",
        "ip prefix-list a permit any\\",
        "ip prefix-list a;b permit any",
    ] {
        assert!(!extras(&format!("{line}\n")).is_empty(), "{line:?}");
    }
    refused(&format!("! {}\n", "x".repeat(5000)), "1", "bytes");
    refused("route-map 10.0.0.1-in permit\u{a0}20\n", "1", "U+00A0");
    refused("\u{feff}route-map 10.0.0.1-in permit 20\n", "1", "U+FEFF");
}

#[test]
fn full_leaves_the_host_to_the_host() {
    let base = Config::default();
    assert!(check("f", "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n", Policy::Full, &base).is_empty());
    for line in [
        "line vty",
        "log file /x",
        "username a",
        "service integrated-vtysh-config",
        "end",
        "no ip forwarding",
    ] {
        assert_eq!(check("f", line, Policy::Full, &base).len(), 1, "{line}");
    }
}

#[test]
fn the_bases_own_ranges_are_checked_before_frr_meets_them() {
    let text = "router bgp 64512\n!\nip prefix-list a seq 5 permit 10.0.0.0/16 ge 8\n\
        ip prefix-list a description permit any le 24\nip prefix-list a seq 7 permit 10.0.0.0/8 le 24\n\
        ipv6 prefix-list a seq 5 deny 2001:db8::/32 ge 64 le 48\nip prefix-list b permit any le 24\n";
    let blamed = |found: &Rejection| {
        let chars = found.text.chars().skip(found.at.start).take(found.at.len());
        format!("{} {}", found.origin, chars.collect::<String>())
    };
    let found = check_ranges(&load("base", text, FrrVersion::default()));
    assert_eq!(
        found.iter().map(blamed).collect::<Vec<_>>(),
        ["base:3 ge 8", "base:6 ge 64 le 48", "base:7 le 24"]
    );
    assert_eq!(check_ranges(&load("base", BASE, FrrVersion::default())), []);
}
