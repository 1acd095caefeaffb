use std::path::PathBuf;

use clap::Parser;

use super::*;

const RUNNING: &str = "\
frr version 8.4.4
frr defaults traditional
hostname node
!
ip prefix-list filtered seq 5 permit 172.16.0.0/16 le 32
ip prefix-list gone seq 10 permit any
route-map 10.0.0.1-in deny 20
exit
!
route-map old permit 10
 match ip address prefix-list gone
exit
!
router bgp 64512
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor 10.0.0.1 remote-as 64513
 neighbor 10.0.0.2 remote-as 64513
 neighbor 10.0.0.2 password old-hush
 neighbor 10.0.0.3 remote-as 64513
 !
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map 10.0.0.1-in in
  neighbor 10.0.0.2 activate
 exit-address-family
exit
!
end
";
const BASE_TEXT: &str = "\
route-map 10.0.0.1-in deny 20
router bgp 64512
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor 10.0.0.1 remote-as 64513
 neighbor 10.0.0.2 remote-as 64514
 neighbor 10.0.0.2 password new-hush
 neighbor 10.0.0.4 remote-as 64513
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map 10.0.0.1-in in
  neighbor 10.0.0.2 activate
 exit-address-family
";
const EXTRAS: &str = "\
ip prefix-list filtered seq 5 permit 172.16.0.0/16 le 32
ip prefix-list filtered seq 10 permit 172.17.0.0/16
ip prefix-list filtered seq 100 permit 172.18.0.0/16
route-map 10.0.0.1-in permit 20
 match ip address prefix-list filtered
";

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: PlanArgs,
}

/// Plans from `running` to `base` and `extras`, and shows that.
fn planned(running: &str, base: &str, extras: &str) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path: PathBuf = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (running, base, extras) = (write("running", running), write("base", base), write("extras", extras));
    let line = ["test", "--running", &running, "--base", &base, "--extras", &extras];
    let args = Line::try_parse_from(line).unwrap().args;
    let running = block_on(args.running.read(&args.frr)).unwrap().unwrap();
    let inputs = Inputs::read(&args.sources, running.version).unwrap();
    assert!(!inputs.is_refused(), "{}", refused(&inputs.diagnostics(), Paint::Plain));
    Report::new(inputs.judged.desired.as_ref().unwrap(), &running)
}

#[test]
fn lines_stand_in_their_blocks_and_sessions_below() {
    insta::assert_snapshot!(planned(RUNNING, BASE_TEXT, EXTRAS).render(Paint::Plain), @r"
    + ip prefix-list filtered seq 10 permit 172.17.0.0/16   extras:2
    + ip prefix-list filtered seq 100 permit 172.18.0.0/16  extras:3
    - ip prefix-list gone seq 10 permit any
    - route-map 10.0.0.1-in deny 20
    + route-map 10.0.0.1-in permit 20                       extras:4
    +   match ip address prefix-list filtered               extras:5
    - route-map old permit 10                               with all its lines
      router bgp 64512
    -   neighbor 10.0.0.2 password <hidden>
    +   neighbor 10.0.0.2 password <hidden>                 base:7
    -   neighbor 10.0.0.2 remote-as 64513
    +   neighbor 10.0.0.2 remote-as 64514                   base:6
    -   neighbor 10.0.0.3 remote-as 64513
    +   neighbor 10.0.0.4 remote-as 64513                   base:8

    SESSION    EFFECT           FAMILIES       BECAUSE OF
    10.0.0.1   inbound policy   ipv4-unicast   route-map 10.0.0.1-in permit 20, and 3 more
    10.0.0.2   reset            -              neighbor 10.0.0.2 remote-as 64514, and 1 more
    10.0.0.3   removed          -              neighbor 10.0.0.3 remote-as 64513
    10.0.0.4   added            -              neighbor 10.0.0.4 remote-as 64513

    7 lines to add, 6 to remove; 1 session: reset; 1 session: removed; 1 session: added; 1 session: inbound policy
    by frr-reload: `router bgp 64512 | neighbor 10.0.0.2 password <hidden>` replaces what runs, and a transaction changes nothing but lists and route-maps
    ");
}

#[test]
fn what_runs_needs_no_plan() {
    let report = planned(RUNNING, RUNNING, "");
    let want = format!("nothing to do: FRR runs generation {}\n", report.generation);
    assert_eq!(report.render(Paint::Plain), want);
}

/// `MetalLB` sorts its prefixes and numbers them from 1.
#[test]
fn what_only_got_another_number_is_no_change() {
    let list = |prefixes: &[&str]| -> String {
        let line = |(seq, prefix)| format!("ip prefix-list allowed seq {seq} permit {prefix}\n");
        (1..).zip(prefixes).map(line).collect()
    };
    let map = |[one, two]: [u32; 2], metric: u32| {
        format!(
            "route-map out permit {one}\n set metric 5\nroute-map out permit {two}\n set metric {metric}\n"
        )
    };
    let (one, two, new) = ("10.1.0.0/16", "10.2.0.0/16", "10.0.0.0/16");
    let running = format!("{RUNNING}{}{}", list(&[one, two]), map([3, 4], 6));
    let base = format!("{RUNNING}{}{}", list(&[new, one, two]), map([1, 2], 7));
    let report = planned(&running, &base, "");
    insta::assert_snapshot!(report.render(Paint::Plain), @r"
    + ip prefix-list allowed seq 7 permit 10.0.0.0/16  base:30 (seq 7 here, written as seq 1)
      route-map out permit 4
    -   set metric 6
    +   set metric 7                                   base:36 (seq 4 here, written as seq 2)

    2 lines to add, 1 to remove; no session is touched
    by one vtysh: nobody sees the change halfway
    ");
    let note = serde_json::to_value(&report).unwrap()["changes"][1]["note"].clone();
    assert_eq!(note, "seq 7 here, written as seq 1");
}

#[test]
fn secrets_are_hidden_in_every_form() {
    let report = planned(RUNNING, BASE_TEXT, EXTRAS);
    let json = serde_json::to_string_pretty(&report).unwrap();
    for text in [report.render(Paint::Colored), json] {
        assert!(!text.contains("-hush") && text.contains("<hidden>"), "{text}");
    }
}

#[test]
fn only_a_change_that_resets_says_so() {
    let list = "ip prefix-list filtered seq 5 permit 172.16.0.0/16 le 32\n";
    let policy = planned(RUNNING, &RUNNING.replace(list, ""), EXTRAS);
    let text = policy.render(Paint::Plain);
    assert!(
        text.ends_with("\n4 lines to add, 1 to remove; 1 session: inbound policy; nothing resets\nby one vtysh: nobody sees the change halfway\n"),
        "{text}"
    );
    let other_as = RUNNING.replace("10.0.0.3 remote-as 64513", "10.0.0.3 remote-as 64599");
    let text = planned(RUNNING, &other_as, "").render(Paint::Colored);
    assert!(text.contains("\x1b[1m\x1b[31mreset\x1b[0m"), "{text}");
}

#[test]
fn what_is_announced_is_named_and_touches_no_session() {
    let base = RUNNING
        .replace("  neighbor 10.0.0.2 activate\n", "  neighbor 10.0.0.2 activate\n  network 10.42.0.0/24\n");
    let text = planned(RUNNING, &base, "").render(Paint::Plain);
    insta::assert_snapshot!(text, @r"
      router bgp 64512
        address-family ipv4 unicast
    +     network 10.42.0.0/24       base:26

    SESSION    EFFECT   FAMILIES   BECAUSE OF
    10.0.0.1   none     -          network 10.42.0.0/24 (FRR announces or withdraws the prefixes concerned)
    10.0.0.2   none     -          network 10.42.0.0/24 (FRR announces or withdraws the prefixes concerned)

    1 line to add, 0 to remove; no session is touched
    by one vtysh: nobody sees the change halfway
    ");
}

#[test]
fn the_form_for_machines() {
    let running = "frr version 8.4.4\nrouter bgp 1\nexit\n";
    let report = planned(running, "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n", "");
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap(), @r#"
    {
      "generation": "5254cfd74993",
      "frrVersion": "8.4.4",
      "engine": "transaction",
      "changes": [
        {
          "action": "add",
          "blocks": [
            "router bgp 1"
          ],
          "text": "neighbor 10.0.0.1 remote-as 2",
          "source": "base:2"
        }
      ],
      "sessions": [
        {
          "peer": "10.0.0.1",
          "vrf": "default",
          "classes": [
            "Added"
          ],
          "families": [],
          "causes": [
            {
              "line": "router bgp 1 | neighbor 10.0.0.1 remote-as 2",
              "origin": "base:2",
              "sign": "Add",
              "effect": "Added",
              "why": "",
              "source": ""
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn the_print_names_the_version() {
    assert_eq!(planned("frr version 7.5.1\n", BASE_TEXT, "").frr_version, "7.5.1");
}
