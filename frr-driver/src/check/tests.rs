use std::collections::BTreeMap;

use super::*;
use crate::config::load;

#[path = "../config/tests/records.rs"]
#[expect(dead_code, clippy::duplicate_mod, reason = "the tests of the configuration read the same records")]
mod records;

const OLD: FrrVersion = FrrVersion(8, 4, 4);
const NEW: FrrVersion = FrrVersion(10, 7, 1);

/// What is found in these lines of `router bgp 64512`, on the newest version: place, text at fault, reason.
#[track_caller]
fn check_bgp(lines: &str, want: &[&str]) {
    check_bgp_on(NEW, lines, want);
}

#[track_caller]
fn check_bgp_on(version: FrrVersion, lines: &str, want: &[&str]) {
    let head = "router bgp 64512\n no bgp default ipv4-unicast\n no bgp ebgp-requires-policy\n";
    let policies = "ip prefix-list P seq 5 permit any\naccess-list A seq 5 permit any\n";
    let found = found(&format!("{head}{lines}{policies}"), version);
    let found: Vec<_> = found.into_iter().filter(|found| !found.contains("used by nobody")).collect();
    assert_eq!(found, want);
}

fn found(text: &str, version: FrrVersion) -> Vec<String> {
    check(&load("b", text, version), version).iter().map(show).collect()
}

fn show(finding: &Finding) -> String {
    let at: String = finding.text.chars().skip(finding.at.start).take(finding.at.len()).collect();
    let severity = if finding.severity == Severity::Error { "" } else { "warning " };
    format!("{severity}{} [{at}] {}", finding.origin, finding.reason)
}

#[test]
fn a_neighbor_is_made_before_it_is_described() {
    check_bgp("neighbor 10.0.0.1 description x\nneighbor 10.0.0.1 remote-as 65001\n", &[]);
    check_bgp("neighbor eth0 interface\nneighbor eth0 description x\nneighbor G peer-group\n", &[]);
    check_bgp(
        "neighbor 10.0.0.1 description x\naddress-family ipv4 unicast\n neighbor 10.0.0.1 activate\n",
        &[
            "b:4 [10.0.0.1] neighbor 10.0.0.1 has no remote-as and no peer-group: FRR refuses this line, and 1 more lines",
        ],
    );
}

#[test]
fn a_name_is_an_address_an_interface_or_a_group() {
    check_bgp("neighbor 999.1.1.1 remote-as 1\n", &["b:4 [999.1.1.1] 999.1.1.1 is not an address"]);
    check_bgp(
        "neighbor eth7 remote-as 1\n",
        &["b:4 [eth7] eth7 is neither an address nor an interface nor a peer-group of this instance"],
    );
}

#[test]
fn a_group_exists_before_it_is_joined() {
    let reason = "[NOPE] there is no peer-group NOPE in this instance";
    check_bgp("neighbor 10.0.0.1 peer-group NOPE\n", &[&format!("b:4 {reason}")]);
    check_bgp("neighbor eth0 interface peer-group NOPE\n", &[&format!("b:4 {reason}")]);
    check_bgp("bgp listen range 10.0.0.0/8 peer-group NOPE\n", &[&format!("b:4 {reason}")]);
    check_bgp(
        "neighbor G peer-group\nbgp listen range 10.0.0.0/8 peer-group G\n",
        &["b:5 [G] peer-group G has no remote-as, and dynamic neighbors have no other AS"],
    );
    check_bgp(
        "neighbor G peer-group\nneighbor G remote-as 1\nbgp listen range 10.0.0.0/8 peer-group G\n",
        &[],
    );
}

#[test]
fn local_as() {
    let text = "neighbor 10.0.0.1 remote-as 65001\nneighbor 10.0.0.1 local-as";
    check_bgp(&format!("{text} 64512\n"), &["b:5 [64512] local-as 64512 is the AS of the instance"]);
    check_bgp(&format!("{text} 65001\n"), &[]);
    check_bgp_on(
        OLD,
        &format!("{text} 65001\n"),
        &["b:5 [65001] FRR 8.4.4 does not take the peer's own AS 65001 for local-as"],
    );
    let internal = "neighbor 10.0.0.1 remote-as internal\nneighbor 10.0.0.1 local-as 65001\n";
    check_bgp(internal, &[]);
    check_bgp_on(
        OLD,
        internal,
        &["b:5 [local-as] FRR 8.4.4 takes local-as for external peers only, and 10.0.0.1 is internal"],
    );
}

#[test]
fn ebgp_multihop_and_ttl_security() {
    let reason = "FRR does not take ebgp-multihop and ttl-security for one neighbor: 10.0.0.1 has";
    check_bgp(
        "neighbor 10.0.0.1 remote-as 65001\nneighbor 10.0.0.1 ebgp-multihop 5\nneighbor 10.0.0.1 ttl-security hops 1\n",
        &[&format!("b:6 [ttl-security] {reason} `neighbor 10.0.0.1 ebgp-multihop 5` (b:5)")],
    );
    check_bgp(
        "neighbor 10.0.0.1 remote-as 65001\nneighbor 10.0.0.1 ttl-security hops 1\nneighbor 10.0.0.1 ebgp-multihop 5\n",
        &[&format!("b:6 [ebgp-multihop] {reason} `neighbor 10.0.0.1 ttl-security hops 1` (b:5)")],
    );
    check_bgp(
        "neighbor G peer-group\nneighbor G remote-as 65001\nneighbor G ebgp-multihop 5\n\
         neighbor 10.0.0.1 peer-group G\nneighbor 10.0.0.2 peer-group G\nneighbor 10.0.0.1 ttl-security hops 1\n",
        &[&format!("b:9 [ttl-security] {reason} `neighbor G ebgp-multihop 5` of its peer-group G (b:6)")],
    );
}

#[test]
fn ebgp_multihop_without_effect() {
    check_bgp(
        "neighbor eth0 interface remote-as external\nneighbor eth0 ebgp-multihop 5\n",
        &["b:5 [ebgp-multihop] eth0 is unnumbered: FRR drops ebgp-multihop without a word"],
    );
}

#[test]
fn prefix_list_and_distribute_list() {
    let head = "neighbor 10.0.0.1 remote-as 65001\naddress-family ipv4 unicast\n";
    check_bgp(
        &format!("{head} neighbor 10.0.0.1 prefix-list P in\n neighbor 10.0.0.1 distribute-list A out\n"),
        &[],
    );
    check_bgp(
        &format!("{head} neighbor 10.0.0.1 prefix-list P in\n neighbor 10.0.0.1 distribute-list A in\n"),
        &["b:7 [distribute-list] FRR does not take prefix-list and distribute-list for one neighbor: \
           10.0.0.1 has `neighbor 10.0.0.1 prefix-list P in` (b:6)"],
    );
}

#[test]
fn what_only_an_internal_or_external_neighbor_takes() {
    let family = "address-family ipv4 unicast\n";
    check_bgp(
        &format!("neighbor 10.0.0.1 remote-as 65001\n{family} neighbor 10.0.0.1 route-reflector-client\n"),
        &[
            "b:6 [route-reflector-client] only an internal neighbor can be a route-reflector client, and 10.0.0.1 is external",
        ],
    );
    check_bgp(
        &format!("neighbor G peer-group\n{family} neighbor G route-reflector-client\n"),
        &[
            "b:6 [route-reflector-client] only an internal neighbor can be a route-reflector client, and G has no remote-as",
        ],
    );
    check_bgp(
        &format!("neighbor 10.0.0.1 remote-as internal\n{family} neighbor 10.0.0.1 route-reflector-client\n"),
        &[],
    );
    check_bgp(
        &format!(
            "neighbor 10.0.0.1 remote-as 64512\n{family} neighbor 10.0.0.1 as-override\n neighbor 10.0.0.1 remove-private-AS\n"
        ),
        &[
            "b:6 [as-override] FRR takes as-override for external peers only, and 10.0.0.1 is internal",
            "b:7 [remove-private-AS] FRR takes remove-private-AS for external peers only, and 10.0.0.1 is internal",
        ],
    );
}

#[test]
fn unicast_and_labeled_unicast() {
    check_bgp(
        "neighbor 10.0.0.1 remote-as 65001\naddress-family ipv4 unicast\n neighbor 10.0.0.1 activate\nexit-address-family\n\
         address-family ipv4 labeled-unicast\n neighbor 10.0.0.1 activate\n",
        &["b:9 [activate] 10.0.0.1 is active in ipv4-unicast too, and FRR takes one of the two"],
    );
}

#[test]
fn internal_and_external_members_of_one_group() {
    let text = "neighbor G peer-group\nneighbor 10.0.0.1 remote-as 65001\nneighbor 10.0.0.1 peer-group G\n\
                neighbor 10.0.0.2 remote-as 64512\nneighbor 10.0.0.2 peer-group G\n";
    check_bgp(text, &[]);
    check_bgp_on(
        OLD,
        text,
        &[
            "b:8 [G] the members of a peer-group are all internal or all external, and 10.0.0.1 is not as 10.0.0.2",
        ],
    );
}

#[track_caller]
fn check_text(text: &str, want: &[&str]) {
    assert_eq!(found(text, NEW), want);
}

#[test]
fn a_range_that_frr_checks_too_late() {
    check_text(
        "ip prefix-list a seq 5 permit 10.0.0.0/16 ge 8\nip protocol bgp route-map a\nroute-map a permit 1\n match ip address prefix-list a\n",
        &["b:1 [ge 8] FRR refuses this range: 16 <= ge <= le <= 32 must hold"],
    );
}

#[test]
fn a_character_that_no_as_path_has() {
    check_text(
        "bgp as-path access-list AP seq 5 permit ^65001_.*$\nbgp as-path access-list AP seq 10 permit ^AS65001$\n\
         route-map m permit 10\n match as-path AP\nip protocol bgp route-map m\n",
        &["b:2 [^AS65001$] FRR takes no `A` in the expression of an as-path list"],
    );
}

#[test]
fn ebgp_without_a_policy() {
    let head = "router bgp 64512\n neighbor 10.0.0.1 remote-as 65001\n";
    check_text(
        head,
        &["warning b:2 [10.0.0.1] eBGP without a policy: nothing is accepted from it (ipv4-unicast), \
           nothing is announced to it (ipv4-unicast)"],
    );
    check_text(&format!("{head} no bgp ebgp-requires-policy\n"), &[]);
    check_text(&format!("frr defaults datacenter\n{head}"), &[]);
    check_text(&head.replace("65001", "internal"), &[]);
    check_text(&format!("{head} bgp confederation peers 65001 65002\n"), &[]);
    check_text(
        "router bgp 64512\n no bgp default ipv4-unicast\n neighbor G peer-group\n neighbor G remote-as 65001\n \
         neighbor 10.0.0.1 peer-group G\n address-family ipv6 unicast\n  neighbor G activate\n  neighbor G route-map x in\n \
         route-map x permit 10\n",
        &["warning b:5 [10.0.0.1] eBGP without a policy: nothing is announced to it (ipv6-unicast)"],
    );
}

#[test]
fn names_that_are_not_defined() {
    check_text(
        "router bgp 64512\n no bgp ebgp-requires-policy\n neighbor 10.0.0.1 remote-as 65001\n \
         neighbor 10.0.0.1 route-map x in\n neighbor 10.0.0.1 prefix-list y out\n redistribute static route-map z\n \
         route-map used permit 10\n match ip address prefix-list a\n match community c exact-match\n call d\n \
         set comm-list e delete\n match ipv6 next-hop 2001:db8::1\nip protocol bgp route-map used\n",
        &[
            "warning b:4 [x] route-map x is not defined: FRR denies every route here",
            "warning b:5 [y] ip prefix-list y is not defined: FRR denies every route here",
            "warning b:6 [z] route-map z is not defined: FRR lets no route through here",
            "warning b:8 [a] ip prefix-list a is not defined: this match fails for every route",
            "warning b:9 [c] community-list c is not defined: this match fails for every route",
            "warning b:10 [d] route-map d is not defined: FRR skips the call",
            "warning b:11 [e] community-list e is not defined: nothing is deleted",
        ],
    );
}

#[test]
fn a_list_of_the_other_family_is_named() {
    let text = "ipv6 prefix-list a seq 5 permit any\nroute-map used permit 10\n match ip address prefix-list a\n\
                ip protocol bgp route-map used\n";
    let findings = check(&load("b", text, NEW), NEW);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].fix, "a is an ipv6 prefix-list");
}

#[test]
fn what_nobody_uses() {
    check_text(
        "ip prefix-list a seq 5 permit any\nip prefix-list b seq 5 permit any\nroute-map m permit 10\n match ip address prefix-list a\n",
        &[
            "warning b:2 [b] ip prefix-list b is used by nobody",
            "warning b:3 [m] route-map m is used by nobody",
        ],
    );
}

#[test]
fn an_entry_that_no_route_can_match() {
    let text = "ip prefix-list a seq 5 permit any\nipv6 prefix-list a seq 5 permit any\nip protocol bgp route-map m\n\
                route-map m permit 10\n match ip address prefix-list a\n match ipv6 address prefix-list a\n";
    let found = found(text, NEW);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("warning b:6 [match ipv6 address prefix-list a] no route is IPv4 and IPv6"));
}

#[test]
fn one_instance_has_one_as() {
    let two = "router bgp 64512\nrouter bgp 64513 vrf red\nrouter bgp 64512\nrouter bgp\n";
    check_text(two, &[]);
    check_text(
        "router bgp 64512\nrouter bgp 64513\n neighbor 999.1.1.1 remote-as 5\n",
        &["b:2 [64513] the instance runs as AS 64512 (b:1): FRR throws this block away"],
    );
    check_text("router bgp\n", &["b:1 [] no block of this instance has an AS number: FRR throws it away"]);
}

#[test]
fn passwords_are_hidden() {
    let text = "router bgp 64512\n neighbor 10.0.0.1 password hush\n";
    let findings = check(&load("b", text, NEW), NEW);
    assert_eq!(findings.len(), 1);
    assert!(!format!("{findings:?}").contains("hush"));
}

#[test]
fn a_finding_is_told_in_one_line() {
    let findings = check(&load("base", "router bgp\n", NEW), NEW);
    let want = "base:1: no block of this instance has an AS number: FRR throws it away; write: router bgp AS";
    assert_eq!(findings[0].to_string(), want);
}

/// What FRR took, and what it prints of that: an error there would refuse what works.
#[test]
fn nothing_that_frr_takes_is_an_error() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/canonical");
    let mut checked = BTreeMap::new();
    for version_dir in std::fs::read_dir(&root).unwrap() {
        let dir = version_dir.unwrap().path();
        let version: FrrVersion = dir.file_name().unwrap().to_str().unwrap().parse().unwrap();
        for file in std::fs::read_dir(&dir).unwrap() {
            let path = file.unwrap().path();
            let name = path.to_str().unwrap();
            let kinds = ["in.conf", "bgpd.running.conf", "running.conf"];
            let kind = kinds.into_iter().find(|kind| name.ends_with(kind)).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let findings = check(&load(name, &text, version), version);
            let errors: Vec<_> =
                findings.iter().filter(|f| f.severity == Severity::Error).map(show).collect();
            assert_eq!(errors, [""; 0]);
            *checked.entry(kind).or_insert(0) += 1;
        }
    }
    assert_eq!(
        checked,
        BTreeMap::from([("in.conf", 124), ("bgpd.running.conf", 124), ("running.conf", 124)])
    );
}

/// Where the constructs of a table were written.
fn context(table: &str) -> &'static str {
    match table {
        "bgp-global" | "neighbor" => "router bgp 64512\nneighbor 192.0.2.1 remote-as 65001\n",
        "af-ipv4" => "router bgp 64512\nneighbor 192.0.2.1 remote-as 65001\naddress-family ipv4 unicast\n",
        "af-ipv6" => "router bgp 64512\nneighbor 2001:db8::1 remote-as 65001\naddress-family ipv6 unicast\n",
        "route-map-clause" => "route-map R permit 10\n",
        _ => "",
    }
}

#[test]
fn no_construct_that_frr_takes_is_an_error() {
    let mut checked = 0;
    for file in std::fs::read_dir(records::fixtures("constructs")).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        for record in records::read(&format!("constructs/{file}")) {
            let written = context(file.trim_end_matches(".txt")).to_owned() + &record.text("written");
            for name in records::VERSIONS.into_iter().filter(|name| record.is_accepted(name)) {
                let version = name.parse().unwrap();
                let mut findings = check(&load("b", &written, version), version);
                findings.retain(|finding| finding.severity == Severity::Error);
                assert_eq!(findings, [], "{name}: {written}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 2652);
}
