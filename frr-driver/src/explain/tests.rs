use std::fmt::Write as _;

use super::*;
use crate::{config::load, quirks::FrrVersion};

const HEAD: &str = "router bgp 64512\n no bgp ebgp-requires-policy\n neighbor 10.0.0.1 remote-as 65001\n";

fn explained(text: &str, peer: &str) -> Explanation {
    explained_on(FrrVersion::default(), text, peer)
}

fn explained_on(version: FrrVersion, text: &str, peer: &str) -> Explanation {
    explain(&load("b", text, version), &SessionId::in_default_vrf(peer), version).unwrap()
}

/// The chain of the only family, its lines indented.
fn shown(chain: &Chain) -> String {
    fn show(step: &Step, depth: usize, text: &mut String) {
        let source = step.source.as_ref().map_or_else(String::new, |source| format!(" [{source}]"));
        let group = step.inherited_from.as_ref().map_or_else(String::new, |group| format!(" <{group}>"));
        let note = if step.note.is_empty() { String::new() } else { format!(" ({})", step.note) };
        writeln!(text, "{}{}{source}{group}{note}", " ".repeat(depth), step.text).unwrap();
        step.steps.iter().for_each(|inner| show(inner, depth + 1, text));
    }
    let mut text = chain.summary.clone() + "\n";
    chain.steps.iter().for_each(|step| show(step, 1, &mut text));
    text
}

/// Explains 10.0.0.1 with `lines` of its IPv4 family and `policies`.
fn with(lines: &str, policies: &str) -> Family {
    let text = format!("{HEAD} address-family ipv4 unicast\n{lines} exit-address-family\nexit\n{policies}");
    let mut families = explained(&text, "10.0.0.1").families;
    assert_eq!(families.len(), 1);
    families.remove(0)
}

#[track_caller]
fn check_map(entries: &str, want: &str) {
    let policies = format!(
        "ip prefix-list some seq 5 permit 10.0.0.0/8\nip prefix-list all seq 5 permit any\n\
         ip prefix-list none seq 5 deny any\nipv6 prefix-list six seq 5 permit any\n{entries}"
    );
    let chain = with("  neighbor 10.0.0.1 route-map m in\n", &policies).inbound;
    assert_eq!(chain.summary, want, "{entries}\n{}", shown(&chain));
}

#[test]
fn lists_come_before_the_map_and_attributes_where_frr_looks_at_them() {
    let lines = "\
  neighbor 10.0.0.1 maximum-prefix 100 80
  neighbor 10.0.0.1 route-map m in
  neighbor 10.0.0.1 weight 10
  neighbor 10.0.0.1 filter-list ap in
  neighbor 10.0.0.1 prefix-list p in
  neighbor 10.0.0.1 soft-reconfiguration inbound
";
    let policies = "\
ip prefix-list p seq 5 deny 10.1.0.0/16
ip prefix-list p seq 10 permit any
bgp as-path access-list ap seq 5 permit ^65001_
route-map m permit 10
 match ip address prefix-list p
 set local-preference 200
 match metric 5
";
    insta::assert_snapshot!(shown(&with(lines, policies).inbound), @r"
    a route is accepted if prefix-list p and then filter-list ap and then route-map m permit it
     neighbor 10.0.0.1 soft-reconfiguration inbound [b:10] (routes are kept as they came: a new policy needs no refresh)
     neighbor 10.0.0.1 prefix-list p in [b:9]
      ip prefix-list p seq 5 deny 10.1.0.0/16 [b:13]
      ip prefix-list p seq 10 permit any [b:14]
     neighbor 10.0.0.1 filter-list ap in [b:8]
      bgp as-path access-list ap seq 5 permit ^65001_ [b:15]
      otherwise: deny
     neighbor 10.0.0.1 weight 10 [b:7] (the route-map may still change it)
     neighbor 10.0.0.1 route-map m in [b:6]
      route-map m permit 10 [b:16]
       match ip address prefix-list p [b:17] (as above)
       match metric 5 [b:19]
       set local-preference 200 [b:18]
      otherwise: deny
     neighbor 10.0.0.1 maximum-prefix 100 80 [b:5] (counts what was accepted; more end the session)
    ");
}

#[test]
fn outbound() {
    let lines = "\
  neighbor 10.0.0.1 default-originate route-map d
  neighbor 10.0.0.1 route-map m out
  neighbor 10.0.0.1 distribute-list a out
  neighbor 10.0.0.1 next-hop-self
  neighbor 10.0.0.1 unsuppress-map u
  no neighbor 10.0.0.1 send-community large
";
    let policies = "access-list a seq 5 permit 10.0.0.0/8\nroute-map m permit 10\nroute-map d permit 10\n";
    insta::assert_snapshot!(shown(&with(lines, policies).outbound), @r"
    a route is announced if distribute-list a permits it; and a default route, if route-map d permits any route of the table
     neighbor 10.0.0.1 distribute-list a out [b:7]
      access-list a seq 5 permit 10.0.0.0/8 [b:13]
      otherwise: deny
     neighbor 10.0.0.1 route-map m out [b:6]
      route-map m permit 10 [b:14] (matches every route)
     neighbor 10.0.0.1 unsuppress-map u [b:9] (in place of the route-map, for what an aggregate suppresses; route-map u is not defined: FRR denies every route here)
     neighbor 10.0.0.1 next-hop-self [b:8] (unless the route-map sets a next hop)
     no neighbor 10.0.0.1 send-community large [b:10] (communities of this kind are taken off)
     neighbor 10.0.0.1 default-originate route-map d [b:5] (past the lists and the route-map)
      route-map d permit 10 [b:15] (matches every route)
    ");
}

/// Where `remove-private-AS` stands among the lines, and what is announced to an external peer with `unsuppress-map`.
#[track_caller]
fn check_outbound_on(version: FrrVersion, want: [&str; 3], outcome: Outcome) {
    let lines = " neighbor 10.0.0.1 remove-private-AS\n neighbor 10.0.0.1 unsuppress-map m\n";
    let map = " neighbor 10.0.0.1 route-map m out\n";
    let head = HEAD.replace(" no bgp ebgp-requires-policy\n", "");
    let text = |map: &str| format!("{head} address-family ipv4 unicast\n{lines}{map}route-map m permit 10\n");
    let of = |map: &str| explained_on(version, &text(map), "10.0.0.1").families.remove(0).outbound;
    let with_map = of(map);
    let words: Vec<&str> = with_map.steps.iter().filter_map(|step| step.text.split(' ').nth(2)).collect();
    assert_eq!((words.as_slice(), of("").outcome), (&want[..], outcome), "{version}");
}

#[test]
fn what_differs_by_version() {
    let before = ["remove-private-AS", "route-map", "unsuppress-map"];
    check_outbound_on(FrrVersion(7, 5, 1), before, Outcome::Nothing);
    check_outbound_on(FrrVersion(8, 4, 4), before, Outcome::Nothing);
    let after = ["route-map", "unsuppress-map", "remove-private-AS"];
    check_outbound_on(FrrVersion(10, 3, 0), after, Outcome::Everything);
    check_outbound_on(FrrVersion(10, 7, 1), after, Outcome::Everything);
}

#[test]
fn maps_that_call_maps() {
    let policies = "\
ip prefix-list p seq 5 permit 10.0.0.0/8
route-map m permit 10
 description first
 match ip address prefix-list p
 call n
 on-match next
route-map m permit 20
 match ip address prefix-list p
 on-match goto 40
route-map m deny 30
route-map m permit 40
 call gone
route-map m permit 50
route-map n permit 10
 call m
";
    insta::assert_snapshot!(shown(&with("  neighbor 10.0.0.1 route-map m in\n", policies).inbound), @r"
    a route is accepted if route-map m permits it
     neighbor 10.0.0.1 route-map m in [b:5]
      route-map m permit 10 [b:9]
       match ip address prefix-list p [b:11]
        ip prefix-list p seq 5 permit 10.0.0.0/8 [b:8]
        otherwise: deny
       call n [b:12]
        route-map n permit 10 [b:21] (matches every route)
         call m [b:22] (calls itself: after 10 calls FRR denies the route)
       on-match next [b:13] (what matches goes on there, and is denied if nothing there matches)
      route-map m permit 20 [b:14]
       match ip address prefix-list p [b:15] (as above)
       on-match goto 40 [b:16] (what matches goes on there, and is denied if nothing there matches)
      route-map m deny 30 [b:17] (matches every route)
      route-map m permit 40 [b:18] (matches every route)
       call gone [b:19] (route-map gone is not defined: FRR skips the call)
      route-map m permit 50 [b:20] (never reached)
    ");
}

#[test]
fn what_a_map_comes_to() {
    check_map("", "nothing is accepted: route-map m is not defined");
    check_map("route-map m permit 10\n", "everything is accepted: route-map m permits every route");
    check_map("route-map m deny 20\n", "nothing is accepted: route-map m denies every route");
    let of = |list: &str| format!("route-map m permit 10\n match ip address prefix-list {list}\n");
    check_map(&of("some"), "a route is accepted if route-map m permits it");
    check_map(&of("all"), "everything is accepted: route-map m permits every route");
    check_map(&of("none"), "nothing is accepted: route-map m denies every route");
    check_map(&of("gone"), "nothing is accepted: route-map m denies every route");
    let six = "route-map m permit 10\n match ipv6 address prefix-list six\n";
    check_map(six, "nothing is accepted: route-map m denies every route");
    let next_hop = "route-map m permit 10\n match ip next-hop prefix-list all\n";
    check_map(next_hop, "a route is accepted if route-map m permits it");
    let denied = "route-map m deny 10\n match ip address prefix-list some\nroute-map m permit 20\n";
    check_map(denied, "a route is accepted if route-map m permits it");
}

#[test]
fn what_comes_after_a_match() {
    let next = "route-map m permit 10\n on-match next\n";
    check_map(next, "everything is accepted: route-map m permits every route");
    let rest = format!("{next}route-map m permit 20\n match ip address prefix-list none\n");
    check_map(&rest, "nothing is accepted: route-map m denies every route");
    let goto = "route-map m permit 10\n on-match goto 30\nroute-map m deny 20\nroute-map m permit 30\n";
    check_map(goto, "everything is accepted: route-map m permits every route");
    let deny = "route-map m deny 10\n on-match next\nroute-map m permit 20\n";
    check_map(deny, "nothing is accepted: route-map m denies every route");
}

#[test]
fn what_a_call_comes_to() {
    let call = "route-map m permit 10\n call n\n";
    check_map(call, "everything is accepted: route-map m permits every route");
    check_map(&format!("{call}route-map n deny 10\n"), "nothing is accepted: route-map m denies every route");
    check_map(&call.replace(" n\n", " m\n"), "nothing is accepted: route-map m denies every route");
}

#[test]
fn what_a_list_comes_to() {
    let of = |list: &str| with("  neighbor 10.0.0.1 prefix-list p in\n", list).inbound.summary;
    assert_eq!(of(""), "nothing is accepted: prefix-list p is not defined");
    let described = "ip prefix-list p description x\n";
    assert_eq!(of(described), "everything is accepted: prefix-list p permits every route");
    assert_eq!(of("ip prefix-list p permit 10.0.0.0/8\n"), "a route is accepted if prefix-list p permits it");
    let all = "ip prefix-list p permit 0.0.0.0/0 le 32\nip prefix-list p deny any\n";
    assert_eq!(of(all), "everything is accepted: prefix-list p permits every route");
}

#[test]
fn a_long_list_is_cut() {
    let entry = |number| format!("ip prefix-list p seq {number} permit 10.{number}.0.0/16");
    let list = (1..=120).map(entry).collect::<Vec<_>>().join("\n");
    let chain = with("  neighbor 10.0.0.1 prefix-list p in\n", &list).inbound;
    let steps = &chain.steps[0].steps;
    assert_eq!((steps.len(), steps[100].text.as_str()), (102, "… and 20 more entries"));
}

#[test]
fn a_group_says_what_its_members_do_not() {
    let text = "\
router bgp 64512
 no bgp default ipv4-unicast
 neighbor G peer-group
 neighbor G remote-as 65001
 neighbor 10.0.0.1 peer-group G
 bgp listen range 10.9.0.0/16 peer-group G
 address-family ipv6 unicast
  neighbor G activate
  neighbor G route-map m in
  neighbor G weight 5
  neighbor 10.0.0.1 weight 6
route-map m permit 10
";
    let explanation = explained(text, "10.0.0.1");
    assert_eq!((explanation.subject, explanation.group.as_deref()), (Subject::Neighbor, Some("G")));
    assert_eq!((explanation.side, explanation.remote_as.as_deref()), (Side::External, Some("65001")));
    insta::assert_snapshot!(shown(&explanation.families[0].inbound), @r"
    everything is accepted: route-map m permits every route
     neighbor 10.0.0.1 weight 6 [b:11] (the route-map may still change it)
     neighbor G route-map m in [b:9] <G>
      route-map m permit 10 [b:12] (matches every route)
    ");
    let dynamic = explained(text, "10.9.1.1");
    assert_eq!(dynamic.subject, Subject::Dynamic("10.9.0.0/16".to_owned()));
    assert_eq!(dynamic.group.as_deref(), Some("G"));
    assert_eq!(explained(text, "G").subject, Subject::Group);
}

#[test]
fn sessions_through_which_nothing_goes() {
    let of = |text: &str| {
        let mut families = explained(text, "10.0.0.1").families;
        let family = families.remove(0);
        (family.inbound.summary, family.outbound.summary)
    };
    let neighbor = "router bgp 64512\n neighbor 10.0.0.1 remote-as 65001\n";
    let (inbound, outbound) = of(neighbor);
    assert_eq!(inbound, "nothing is accepted: eBGP without a policy, and bgp ebgp-requires-policy is on");
    assert_eq!(outbound, "nothing is announced: eBGP without a policy, and bgp ebgp-requires-policy is on");
    let (inbound, _) = of(&format!("{neighbor} no bgp ebgp-requires-policy\n"));
    assert_eq!(inbound, "everything is accepted: nothing filters");
    let (inbound, _) = of(&format!("{HEAD} neighbor 10.0.0.1 shutdown\n"));
    assert_eq!(inbound, "nothing is accepted: the session is shut down");
    let inactive = "address-family ipv4 unicast\n no neighbor 10.0.0.1 activate\n";
    assert_eq!(of(&format!("{HEAD} {inactive}")).0, "nothing is accepted: ipv4-unicast is not active");
    let default = " address-family ipv4 unicast\n  neighbor 10.0.0.1 default-originate\n";
    let (_, outbound) = of(&format!("{neighbor}{default}"));
    assert!(outbound.ends_with(" is on; and a default route, whatever that says"), "{outbound}");
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let config = load(
        "b",
        "router bgp 1\n neighbor 10.0.0.1 remote-as 2\nrouter bgp 1 vrf red\n neighbor eth0 interface remote-as 2\n",
        FrrVersion::default(),
    );
    let error = |vrf: &str, peer: &str| {
        let session = SessionId { vrf: vrf.to_owned(), peer: PeerId::from(peer) };
        explain(&config, &session, FrrVersion::default()).unwrap_err().to_string()
    };
    assert_eq!(error("blue", "eth0"), "there is no BGP instance in VRF blue; there are: default, red");
    let want = "eth0 is no neighbor in VRF default (but in VRF red); there are: 10.0.0.1";
    assert_eq!(error("default", "eth0"), want);
}

/// Every recorded configuration can be explained, session by session.
#[test]
fn every_recorded_session_is_explained() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/canonical");
    let mut sessions = 0;
    for dir in std::fs::read_dir(root).unwrap() {
        let dir = dir.unwrap().path();
        let version: FrrVersion = dir.file_name().unwrap().to_str().unwrap().parse().unwrap();
        for file in std::fs::read_dir(&dir).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let config = load("b", &text, version);
            for session in crate::merge::sessions(&config) {
                let explanation = explain(&config, &session, version).unwrap();
                assert_eq!(explanation.session, session);
                sessions += 1;
            }
        }
    }
    assert!(sessions > 500, "{sessions}");
}
