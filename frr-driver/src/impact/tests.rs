use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    config::load,
    plan::{plan, plan_via},
    quirks::FrrVersion,
};

const VERSION: FrrVersion = FrrVersion(8, 4, 4);
const RUNNING: &str = "\
ip prefix-list f seq 5 permit 10.0.0.0/8
ipv6 prefix-list f seq 5 permit 2001:db8::/32
bgp community-list standard f seq 5 permit 1:1
bgp as-path access-list f seq 5 permit ^1$
access-list f seq 5 permit 10.0.0.0/8
route-map a-in deny 20
route-map b-in permit 20
 match ip address prefix-list f
route-map c-in permit 10
 call b-in
route-map d-in permit 10
 match community f
router bgp 64512
 no bgp default ipv4-unicast
 neighbor G peer-group
 neighbor G remote-as 64514
 neighbor 10.0.0.1 remote-as 64513
 neighbor 10.0.0.2 remote-as 64513
 neighbor 10.0.0.3 remote-as 64513
 neighbor 10.0.0.4 peer-group G
 neighbor eth0 interface peer-group G
 neighbor 10.0.0.5 peer-group G
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map a-in in
  neighbor 10.0.0.2 activate
  neighbor 10.0.0.2 route-map b-in in
  neighbor 10.0.0.3 activate
  neighbor 10.0.0.3 route-map x-out out
  neighbor G activate
  neighbor G route-map c-in in
  neighbor 10.0.0.5 route-map d-in in
 exit-address-family
";

/// What a change of `before` does, one line per session that it touches.
fn touched(before: &str, after: &str) -> Vec<String> {
    let [before, after] = [before, after].map(|text| load("test", text, VERSION));
    let impact = plan(&after, &before, VERSION).impact;
    let mut lines = Vec::new();
    let of_groups = impact.groups.iter().map(|((_, group), touch)| (format!("group {group}"), touch));
    let of_ranges = impact.ranges.iter().map(|((_, range), touch)| (format!("range {range}"), touch));
    let of_sessions = impact.sessions.iter().map(|(session, touch)| (session.to_string(), touch));
    for (who, touch) in of_sessions.chain(of_groups).chain(of_ranges) {
        if touch.class() == Class::None {
            continue;
        }
        let mut line = who;
        for class in touch.classes() {
            _ = write!(line, " {}", class.as_str());
        }
        if !touch.left_to_frr.is_empty() {
            line.push_str(" (by FRR)");
        }
        lines.push(line);
    }
    lines
}

#[track_caller]
fn check(replace: &str, by: &str, want: &[&str]) {
    assert!(RUNNING.contains(replace));
    assert_eq!(touched(RUNNING, &RUNNING.replace(replace, by)), want);
}

#[track_caller]
fn check_with(lines: &str, replace: &str, by: &str, want: &[&str]) {
    let before = RUNNING.replace(" exit-address-family\n", &format!("{lines} exit-address-family\n"));
    assert!(before.contains(replace));
    assert_eq!(touched(&before, &before.replace(replace, by)), want);
}

#[test]
fn a_map_touches_the_peers_that_use_it() {
    check("route-map a-in deny 20", "route-map a-in permit 20", &["10.0.0.1 PolicyIn"]);
    check("route-map a-in deny 20", "route-map a-in deny 20\n description x", &[]);
    let users = ["10.0.0.2 PolicyIn", "10.0.0.4 PolicyIn", "eth0 PolicyIn"];
    check("route-map b-in permit 20", "route-map b-in permit 20\n on-match next", &users);
}

#[test]
fn a_list_is_followed_through_match_call_and_peer_group() {
    check(
        "seq 5 permit 10.0.0.0/8\nipv6",
        "seq 5 permit 10.0.0.0/9\nipv6",
        &["10.0.0.2 PolicyIn", "10.0.0.4 PolicyIn", "eth0 PolicyIn"],
    );
}

#[test]
fn a_member_that_has_its_own_map_does_not_follow_its_group() {
    check("permit 1:1", "permit 2:2", &["10.0.0.5 PolicyIn"]);
}

#[test]
fn lists_of_other_kinds_with_the_same_name_are_other_lists() {
    check("2001:db8::/32", "2001:db9::/32", &[]);
    check("permit ^1$", "permit ^2$", &[]);
    check("access-list f seq 5 permit 10.0.0.0/8\n", "", &[]);
}

#[test]
fn lists_are_used_without_a_map_too() {
    let lines = "\
  neighbor 10.0.0.1 prefix-list f in
  neighbor 10.0.0.2 filter-list f out
  neighbor 10.0.0.3 distribute-list f in
";
    let list = "ip prefix-list f seq 5 permit 10.0.0.0/8";
    let users = ["10.0.0.1 PolicyIn", "10.0.0.2 PolicyIn", "10.0.0.4 PolicyIn", "eth0 PolicyIn"];
    check_with(lines, list, "ip prefix-list f seq 5 permit 10.0.0.0/9", &users);
    check_with(lines, "permit ^1$", "permit ^2$", &["10.0.0.2 PolicyOut"]);
    check_with(
        lines,
        "\naccess-list f seq 5 permit 10.0.0.0/8",
        "\naccess-list f seq 5 deny any",
        &["10.0.0.3 PolicyIn"],
    );
}

#[test]
fn a_map_that_appears_touches_who_refers_to_it() {
    check("route-map a-in deny", "route-map x-out permit 1\nroute-map a-in deny", &["10.0.0.3 PolicyOut"]);
}

#[test]
fn maps_judge_more_than_what_neighbors_name_them_for() {
    let set = "route-map a-in deny 20\n set metric 5";
    let everyone = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "eth0"];
    let by_frr = everyone.map(|name| match name {
        "10.0.0.1" => "10.0.0.1 PolicyOut PolicyIn (by FRR)".to_owned(),
        _ => format!("{name} PolicyOut (by FRR)"),
    });
    let by_frr: Vec<&str> = by_frr.iter().map(String::as_str).collect();
    for line in [
        "network 10.0.0.0/8 route-map a-in",
        "redistribute static metric 1 route-map a-in",
        "aggregate-address 10.0.0.0/8 suppress-map a-in",
    ] {
        check_with(&format!("  {line}\n"), "route-map a-in deny 20", set, &by_frr);
    }
    for line in [
        "unsuppress-map a-in",
        "default-originate route-map a-in",
        "advertise-map a-in exist-map y",
        "advertise-map y non-exist-map a-in",
    ] {
        let want = ["10.0.0.1 PolicyIn", "10.0.0.3 PolicyOut"];
        check_with(&format!("  neighbor 10.0.0.3 {line}\n"), "route-map a-in deny 20", set, &want);
    }
    for line in ["table-map a-in", "import vrf route-map a-in"] {
        check_with(&format!("  {line}\n"), "route-map a-in deny 20", set, &["10.0.0.1 PolicyIn"]);
    }
}

#[test]
fn the_reference_itself() {
    check("10.0.0.1 route-map a-in in", "10.0.0.1 route-map b-in in", &["10.0.0.1 PolicyIn"]);
    check("10.0.0.1 route-map a-in in", "10.0.0.1 weight 5", &["10.0.0.1 PolicyIn"]);
    check("  neighbor 10.0.0.5 route-map d-in in\n", "", &["10.0.0.5 PolicyIn"]);
    check("G route-map c-in in", "G route-map a-in in", &["10.0.0.4 PolicyIn", "eth0 PolicyIn"]);
}

#[test]
fn sessions_come_go_and_are_reset() {
    check(" neighbor 10.0.0.2 remote-as 64513\n", "", &["10.0.0.2 Removed"]);
    check("10.0.0.3 remote-as 64513", "10.0.0.3 remote-as 64599", &["10.0.0.3 Reset"]);
    check(" neighbor 10.0.0.4", " neighbor 10.0.0.9 remote-as 5\n neighbor 10.0.0.4", &["10.0.0.9 Added"]);
    check(" neighbor 10.0.0.4", " neighbor 10.0.0.3 description x\n neighbor 10.0.0.4", &[]);
    let everyone = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "eth0"];
    let added: Vec<String> = everyone.iter().map(|name| format!("{name} Added")).collect();
    assert_eq!(touched("", RUNNING), added);
    let removed: Vec<String> = everyone.iter().map(|name| format!("{name} Removed")).collect();
    assert_eq!(touched(RUNNING, ""), removed);
}

#[test]
fn an_instance_of_its_own_is_left() {
    let vrf = "router bgp 64512 vrf red\n neighbor 10.0.0.1 remote-as 1\n";
    check("router bgp 64512\n", &format!("{vrf}router bgp 64512\n"), &["10.0.0.1%red Added"]);
    let before = format!("{RUNNING}{vrf}");
    let after = before.replace(
        "neighbor 10.0.0.1 remote-as 1\n",
        "neighbor 10.0.0.1 remote-as 1\n bgp router-id 1.1.1.1\n",
    );
    assert_eq!(touched(&before, &after), ["10.0.0.1%red Reset"]);
}

#[test]
fn an_activation_that_changes_nothing_touches_nobody() {
    let before = "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n";
    let after = "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n no bgp default ipv4-unicast\n";
    assert_eq!(touched(before, after), [""; 0]);
    let deactivated = format!("{before} address-family ipv4 unicast\n  no neighbor 10.0.0.1 activate\n");
    assert_eq!(touched(before, &deactivated), ["10.0.0.1 Reset"]);
    assert_eq!(touched(&deactivated, before), ["10.0.0.1 Reset"]);
}

// === dynamic neighbors ===

const RANGE: &str = " bgp listen range 10.9.0.0/24 peer-group G\n";

fn on_dynamic(before: &str, after: &str, address: &str) -> Class {
    let [before, after] = [before, after].map(|text| load("test", text, VERSION));
    let impact = plan(&after, &before, VERSION).impact;
    impact.on(&SessionId::in_default_vrf(address), Some("G")).class()
}

#[test]
fn dynamic_neighbors_follow_their_group() {
    let before = RUNNING.replace(" neighbor eth0", &format!("{RANGE} neighbor eth0"));
    let change = |replace: &str, by: &str| on_dynamic(&before, &before.replace(replace, by), "10.9.0.7");
    assert_eq!(change("G route-map c-in in", "G route-map d-in in"), Class::PolicyIn);
    assert_eq!(change("seq 5 permit 10.0.0.0/8\nipv6", "seq 5 permit 10.0.0.0/9\nipv6"), Class::PolicyIn);
    assert_eq!(change(" neighbor eth0", " neighbor G password x\n neighbor eth0"), Class::Reset);
    assert_eq!(change(" neighbor eth0", " bgp router-id 1.1.1.1\n neighbor eth0"), Class::Reset);
    assert_eq!(change(" neighbor eth0", " neighbor 10.0.0.4 password x\n neighbor eth0"), Class::None);
    assert_eq!(change("permit 1:1", "permit 2:2"), Class::None);
    assert_eq!(change(" neighbor G peer-group\n", ""), Class::Removed);
}

#[test]
fn a_member_beside_dynamic_neighbors_is_not_taken_for_one() {
    let before = RUNNING.replace(" neighbor eth0", &format!("{RANGE} neighbor eth0"));
    let after = before.replace("G route-map c-in in", "G route-map a-in in");
    assert_eq!(on_dynamic(&before, &after, "10.0.0.4"), Class::PolicyIn);
    assert_eq!(on_dynamic(&before, &after, "10.0.0.5"), Class::None);
}

#[test]
fn a_listen_range_that_goes_takes_its_neighbors() {
    let with = |range: &str| RUNNING.replace(" neighbor eth0", &format!("{range} neighbor eth0"));
    let (before, after) = (with(RANGE), with(""));
    assert_eq!(on_dynamic(&before, &after, "10.9.0.7"), Class::Removed);
    assert_eq!(on_dynamic(&before, &after, "10.8.0.7"), Class::None);
    assert_eq!(on_dynamic(&after, &before, "10.9.0.7"), Class::None);
    // Also where the change resets the sessions that stay.
    let reset = after.replace("bgp 64512\n", "bgp 64512\n bgp router-id 1.1.1.1\n");
    assert_eq!(on_dynamic(&before, &reset, "10.9.0.7"), Class::Removed);
    assert_eq!(on_dynamic(&before, &reset, "10.8.0.7"), Class::Reset);
    let smaller = with(" bgp listen range 10.9.0.0/25 peer-group G\n");
    assert_eq!(on_dynamic(&before, &smaller, "10.9.0.7"), Class::Reset);
    assert_eq!(on_dynamic(&before, &smaller, "10.9.0.200"), Class::Removed);
    assert_eq!(on_dynamic(&smaller, &before, "10.9.0.7"), Class::Reset);
}

// === what is said of it ===

#[test]
fn causes_name_the_line_and_the_reference_and_no_secret() {
    let after = RUNNING
        .replace("permit 10.0.0.0/8\nipv6", "permit 10.0.0.0/9\nipv6")
        .replace(" neighbor eth0", " neighbor 10.0.0.2 password hush\n neighbor eth0");
    let impact = plan(&load("base", &after, VERSION), &load("running", RUNNING, VERSION), VERSION).impact;
    let touch = &impact.sessions[&SessionId::in_default_vrf("10.0.0.2")];
    let causes: Vec<String> = touch.causes.iter().map(ToString::to_string).collect();
    assert_eq!(
        causes,
        [
            "+ base:21 router bgp 64512 | neighbor 10.0.0.2 password <hidden>: the session goes down and comes back",
            "+ base:1 ip prefix-list f seq 5 permit 10.0.0.0/9: what was received must be judged again \
             (neighbor 10.0.0.2 route-map b-in in refers to it)",
        ]
    );
    assert!(!format!("{impact:?} {}", serde_json::to_string(&impact).unwrap()).contains("hush"));
}

#[test]
fn the_gravest_causes_are_kept() {
    let lines = (0..20).fold(String::new(), |mut lines, number| {
        _ = writeln!(lines, "  network 10.{number}.0.0/16");
        lines
    });
    let after = RUNNING
        .replace(
            " exit-address-family",
            &format!("{lines}  neighbor 10.0.0.1 weight 5\n exit-address-family"),
        )
        .replace(" neighbor eth0", " neighbor 10.0.0.1 password x\n neighbor eth0");
    let impact = plan(&load("base", &after, VERSION), &load("running", RUNNING, VERSION), VERSION).impact;
    let causes = &impact.sessions[&SessionId::in_default_vrf("10.0.0.1")].causes;
    assert_eq!(causes.len(), CAUSES_MAX);
    let grave: Vec<Effect> =
        causes.iter().map(|cause| cause.effect).filter(|effect| *effect > Effect::Announces).collect();
    assert_eq!(grave, [Effect::ReadAgain, Effect::Reset]);
}

#[test]
fn classes_are_ordered() {
    use Class::{Added, None, PolicyIn, PolicyOut, Removed, Reset};
    let order = [None, PolicyOut, PolicyIn, Added, Removed, Reset];
    assert!(order.is_sorted());
    assert_eq!(order.map(Class::as_str), ["None", "PolicyOut", "PolicyIn", "Added", "Removed", "Reset"]);
    let touch = Touch {
        policy_in: [AddressFamily::Ipv4Unicast].into(),
        policy_out: [AddressFamily::Ipv4Unicast].into(),
        ..Touch::default()
    };
    assert_eq!(touch.classes(), [PolicyOut, PolicyIn]);
    assert_eq!(touch.class(), PolicyIn);
}

// === size ===

/// A node with 500 neighbors, each with maps of its own, and lists of 10,000 lines.
fn large() -> String {
    let mut text = String::new();
    for list in 0..500 {
        for line in 1..=20 {
            _ = writeln!(text, "ip prefix-list L{list} seq {line} permit 10.{}.{}.0/24", list % 250, line);
        }
        for way in ["in", "out"] {
            _ = writeln!(text, "route-map M{list}-{way} permit 10\n match ip address prefix-list L{list}");
        }
    }
    text.push_str("router bgp 64512\n no bgp default ipv4-unicast\n");
    for number in 0..500 {
        _ = writeln!(text, " neighbor 10.1.{}.{} remote-as 64513", number / 250, number % 250);
    }
    text.push_str(" address-family ipv4 unicast\n");
    for number in 0..500 {
        let name = format!("10.1.{}.{}", number / 250, number % 250);
        _ = writeln!(text, "  neighbor {name} activate");
        for way in ["in", "out"] {
            _ = writeln!(text, "  neighbor {name} route-map M{number}-{way} {way}");
        }
    }
    text
}

/// Measured, release build: one line of a list 2.3 ms, the router ID 1.3 ms, a clause of every map 5.8 ms, every line
/// of every list 17 ms.
#[test]
#[expect(clippy::disallowed_methods, reason = "measures real time")]
#[expect(clippy::print_stderr, reason = "a measurement, to be seen with --nocapture")]
fn a_large_node_is_judged_in_milliseconds() {
    let before = large();
    let changes: [(&str, &str, usize); 4] = [
        ("L7 seq 5 permit 10.7.5.0/24", "L7 seq 5 permit 10.7.5.0/25", 1),
        (" permit 10.", " deny 10.", 500),
        (" match ip address", " set metric 5\n match ip address", 500),
        ("router bgp 64512\n", "router bgp 64512\n bgp router-id 1.1.1.1\n", 500),
    ];
    let running = load("running", &before, VERSION);
    for (replace, by, want) in changes {
        let desired = load("base", &before.replace(replace, by), VERSION);
        let mut shortest = Duration::MAX;
        // The shortest of a few: others use the machine too.
        for _ in 0..5 {
            let started = Instant::now();
            let impact = plan(&desired, &running, VERSION).impact;
            shortest = shortest.min(started.elapsed());
            assert_eq!(impact.sessions.values().filter(|touch| touch.class() > Class::None).count(), want);
        }
        eprintln!("{replace:?}: {shortest:?}");
        // Quadratic work would take seconds.
        assert!(shortest < Duration::from_secs(1), "{replace:?}: {shortest:?}");
    }
    assert_eq!(plan_via(&running, &running, VERSION, Via::Vtysh).impact, Impact::default());
}
