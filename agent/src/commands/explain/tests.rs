use clap::Parser;

use super::*;

const BASE_TEXT: &str = "\
ip prefix-list own seq 5 permit 10.42.0.0/24
route-map 10.0.0.1-in deny 20
route-map out permit 10
  match ip address prefix-list own
  set community no-export additive
  call tag
route-map tag permit 10
  set metric 100
router bgp 64512
  neighbor gw peer-group
  neighbor gw remote-as 64513
  neighbor gw password hush
  neighbor 10.0.0.1 peer-group gw
  neighbor 10.0.0.2 remote-as 64514
  neighbor 10.0.0.2 password hush
  address-family ipv4 unicast
    neighbor gw route-map out out
    neighbor gw soft-reconfiguration inbound
    neighbor 10.0.0.1 route-map 10.0.0.1-in in
    neighbor 10.0.0.1 maximum-prefix 1000
  exit-address-family
";
const EXTRAS: &str = "\
ip prefix-list filtered seq 5 permit 172.16.0.0/16 le 32
ip prefix-list filtered seq 10 permit 172.17.0.0/16
route-map 10.0.0.1-in permit 20
  match ip address prefix-list filtered
";

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: ExplainArgs,
}

fn parsed(arguments: &[&str]) -> ExplainArgs {
    Line::try_parse_from(std::iter::once(&"test").chain(arguments)).unwrap().args
}

fn of(args: &ExplainArgs) -> Explanation {
    let (config, version) = args.config().unwrap().unwrap();
    explain(&config, &SessionId::in_default_vrf(args.peer.as_str()), version).unwrap()
}

/// Explains `peer` of what base and extras are together.
fn explained(peer: &str) -> Explanation {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (base, extras) = (write("base", BASE_TEXT), write("extras", EXTRAS));
    let args = parsed(&[peer, "--base", &base, "--extras", &extras, "--frr-version", "8.4.4"]);
    of(&args)
}

#[test]
fn every_line_that_decides_is_named_with_its_place() {
    insta::assert_snapshot!(render(&explained("10.0.0.1"), Paint::Plain), @r"
    10.0.0.1: external, AS 64513, peer-group gw

    ipv4-unicast in: a route is accepted if route-map 10.0.0.1-in permits it
      neighbor gw soft-reconfiguration inbound                        base:18 (from peer-group gw; routes are kept as they came: a new policy needs no refresh)
      neighbor 10.0.0.1 route-map 10.0.0.1-in in                      base:19
        route-map 10.0.0.1-in permit 20                               extras:3
          match ip address prefix-list filtered                       extras:4
            ip prefix-list filtered seq 5 permit 172.16.0.0/16 le 32  extras:1
            ip prefix-list filtered seq 10 permit 172.17.0.0/16       extras:2
            otherwise: deny
        otherwise: deny
      neighbor 10.0.0.1 maximum-prefix 1000                           base:20 (counts what was accepted; more end the session)

    ipv4-unicast out: a route is announced if route-map out permits it
      neighbor gw route-map out out                       base:17 (from peer-group gw)
        route-map out permit 10                           base:3
          match ip address prefix-list own                base:4
            ip prefix-list own seq 5 permit 10.42.0.0/24  base:1
            otherwise: deny
          set community no-export additive                base:5
          call tag                                        base:6
            route-map tag permit 10                       base:7 (matches every route)
              set metric 100                              base:8
        otherwise: deny
    ");
}

#[test]
fn a_session_without_a_policy() {
    insta::assert_snapshot!(render(&explained("10.0.0.2"), Paint::Plain), @r"
    10.0.0.2: external, AS 64514

    ipv4-unicast in: nothing is accepted: eBGP without a policy, and bgp ebgp-requires-policy is on
      deny: no list and no route-map in this direction

    ipv4-unicast out: nothing is announced: eBGP without a policy, and bgp ebgp-requires-policy is on
      deny: no list and no route-map in this direction
    ");
}

#[test]
fn the_form_for_machines() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&explained("10.0.0.2")).unwrap(), @r#"
    {
      "vrf": "default",
      "peer": "10.0.0.2",
      "subject": "neighbor",
      "side": "external",
      "remoteAs": "64514",
      "families": [
        {
          "family": "ipv4-unicast",
          "active": true,
          "inbound": {
            "summary": "nothing is accepted: eBGP without a policy, and bgp ebgp-requires-policy is on",
            "outcome": "nothing",
            "steps": [
              {
                "kind": "implicit",
                "text": "deny: no list and no route-map in this direction"
              }
            ]
          },
          "outbound": {
            "summary": "nothing is announced: eBGP without a policy, and bgp ebgp-requires-policy is on",
            "outcome": "nothing",
            "steps": [
              {
                "kind": "implicit",
                "text": "deny: no list and no route-map in this direction"
              }
            ]
          }
        }
      ]
    }
    "#);
}

#[test]
fn secrets_are_in_no_form() {
    for peer in ["10.0.0.1", "10.0.0.2", "gw"] {
        let explanation = explained(peer);
        let json = serde_json::to_string_pretty(&explanation).unwrap();
        for text in [render(&explanation, Paint::Colored), json, format!("{explanation:?}")] {
            assert!(!text.contains("hush"), "{text}");
        }
    }
}

#[test]
fn a_print_is_explained_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("running");
    std::fs::write(&path, format!("frr version 8.4.4\n{BASE_TEXT}end\n")).unwrap();
    let args = parsed(&["10.0.0.1", "--running", path.to_str().unwrap()]);
    let explanation = of(&args);
    let text = render(&explanation, Paint::Plain);
    assert!(text.contains("nothing is accepted: route-map 10.0.0.1-in denies every route"), "{text}");
    assert!(text.contains("running:21"), "{text}");
}

#[test]
fn sources_and_a_print_exclude_each_other() {
    let both = ["test", "10.0.0.1", "--base", "a", "--running", "b"];
    assert!(Line::try_parse_from(both).is_err());
    assert!(Line::try_parse_from(["test", "10.0.0.1", "--extras", "a"]).is_err());
}
