use super::*;
use crate::{
    config::{load, patterns},
    impact::{Impact, Touch},
    plan::plan_via,
    session::{AddressFamily, SessionId},
};

const VERSIONS: [FrrVersion; 4] =
    [FrrVersion(7, 5, 1), FrrVersion(8, 4, 4), FrrVersion(10, 3, 0), FrrVersion(10, 7, 1)];

/// Four sessions: eBGP, iBGP, a member of a group, one in both families.
const BEFORE: &str = "\
router bgp 64512
 no bgp default ipv4-unicast
 neighbor G peer-group
 neighbor G remote-as 64514
 neighbor 10.0.0.1 remote-as 64513
 neighbor 10.0.0.2 remote-as 64512
 neighbor 10.0.0.3 peer-group G
 neighbor 10.0.0.4 remote-as external
";
const FAMILIES: &str = "\
 address-family ipv4 unicast
  neighbor G activate
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.2 activate
  neighbor 10.0.0.4 activate
";
const IPV6: &str = " address-family ipv6 unicast\n  neighbor 10.0.0.4 activate\n";

/// One letter for what a touch does.
///
/// `.` nothing, `p` pending, `a` FRR announces, `i` `o` `b` in, out or both by FRR itself, `I` `O` policy in or out,
/// `R` reset, `C` made anew, `+` added, `-` removed.
fn letter(touch: &Touch) -> char {
    let gravest = touch.causes.iter().map(|cause| cause.effect).max().unwrap_or(Effect::Nothing);
    let letter = match gravest {
        Effect::Nothing => '.',
        Effect::Pending => 'p',
        Effect::Announces => 'a',
        Effect::SentAgain => 'o',
        Effect::ReadAgain => 'i',
        Effect::BothAgain => 'b',
        Effect::PolicyOut => 'O',
        Effect::PolicyIn => 'I',
        Effect::Added => '+',
        Effect::Removed => '-',
        Effect::Reset => 'R',
        Effect::Recreated => 'C',
    };
    let class = match letter {
        'p' | 'a' | '.' => "None",
        'o' | 'O' => "PolicyOut",
        'i' | 'b' | 'I' => "PolicyIn",
        '+' => "Added",
        '-' => "Removed",
        _ => "Reset",
    };
    assert_eq!(touch.class().as_str(), class, "{touch:?}");
    letter
}

fn impact_of(before: &str, after: &str, version: FrrVersion, via: Via) -> Impact {
    let [before, after] = [before, after].map(|text| load("test", text, version));
    plan_via(&after, &before, version, via).impact
}

/// What a change does to the sessions, one letter per session, on the four versions.
fn letters(before: &str, after: &str, via: Via) -> [String; 4] {
    VERSIONS.map(|version| {
        let impact = impact_of(before, after, version, via);
        let on = |number| impact.on(&SessionId::in_default_vrf(format!("10.0.0.{number}").as_str()), None);
        (1..=4).map(|number| letter(&on(number))).collect()
    })
}

/// Checks a change of a line against a table: one column per version, bare and through frr-reload.
///
/// `want` is what happens to the session that the line names; all others are left.
#[track_caller]
fn check_place(
    place: impl Fn(&str) -> String,
    before: &str,
    after: &str,
    session: usize,
    bare: &str,
    reload: &str,
) {
    for (via, want) in [(Via::Vtysh, bare), (Via::FrrReload, reload)] {
        let letters = letters(&place(before), &place(after), via);
        let mut seen = String::new();
        for of_version in &letters {
            for (number, letter) in of_version.chars().enumerate() {
                if number + 1 == session {
                    seen.push(letter);
                } else {
                    assert_eq!(letter, '.', "{before:?} to {after:?}, {via:?}: session {}", number + 1);
                }
            }
        }
        assert_eq!(seen, want, "{before:?} to {after:?}, {via:?}");
    }
}

fn with_neighbor_line(name: &str, line: &str) -> String {
    let line = if line.is_empty() { String::new() } else { format!(" neighbor {name} {line}\n") };
    format!("{BEFORE}{line}{FAMILIES}{IPV6}")
}

fn with_family_line(name: &str, line: &str) -> String {
    let line = match line.strip_prefix("no ") {
        _ if line.is_empty() => String::new(),
        Some(line) => format!("  no neighbor {name} {line}\n"),
        None => format!("  neighbor {name} {line}\n"),
    };
    format!("{BEFORE}{FAMILIES}{line}{IPV6}")
}

/// A line of `neighbor 10.0.0.1`, and the same of its group for a member.
#[track_caller]
fn neighbor(before: &str, after: &str, bare: &str, reload: &str) {
    check_place(|line| with_neighbor_line("10.0.0.1", line), before, after, 1, bare, reload);
    check_place(|line| with_neighbor_line("G", line), before, after, 3, bare, reload);
}

#[track_caller]
fn family(before: &str, after: &str, bare: &str, reload: &str) {
    check_place(|line| with_family_line("10.0.0.1", line), before, after, 1, bare, reload);
    check_place(|line| with_family_line("G", line), before, after, 3, bare, reload);
}

/// A line that comes, goes, and gets another text: always the same.
#[track_caller]
fn neighbor_always(one: &str, other: &str, want: &str) {
    for (before, after) in [("", one), (one, ""), (one, other)] {
        if before != after {
            neighbor(before, after, want, want);
        }
    }
}

#[track_caller]
fn family_always(one: &str, other: &str, want: &str) {
    for (before, after) in [("", one), (one, ""), (one, other)] {
        if before != after {
            family(before, after, want, want);
        }
    }
}

#[test]
fn what_is_said_of_a_neighbor() {
    neighbor_always("description one", "description two", "....");
    neighbor_always("timers 3 9", "timers 5 15", "pppp");
    neighbor_always("timers connect 1", "timers connect 2", "pppp");
    neighbor_always("advertisement-interval 1", "advertisement-interval 2", "oooo");
    neighbor_always("password one", "password two", "RRRR");
    neighbor_always("ebgp-multihop 2", "ebgp-multihop 3", "RRRR");
    neighbor_always("ebgp-multihop", "ebgp-multihop 254", "RRRR");
    neighbor_always("update-source 10.0.0.9", "update-source eth0", "RRRR");
    neighbor_always("passive", "passive", "RRRR");
    neighbor_always("disable-connected-check", "disable-connected-check", "RRRR");
    neighbor_always("extended-optional-parameters", "extended-optional-parameters", "RRRR");
    // Of a peer-group, `solo` is not seen before FRR 10.
    check_place(|line| with_neighbor_line("10.0.0.1", line), "", "solo", 1, "oooo", "oooo");
    check_place(|line| with_neighbor_line("G", line), "", "solo", 3, "..oo", "..oo");
    neighbor_always("tcp-mss 500", "tcp-mss 600", "pppp");
    neighbor_always("dont-capability-negotiate", "dont-capability-negotiate", "pppp");
    neighbor_always("override-capability", "override-capability", "pppp");
    neighbor_always("strict-capability-match", "strict-capability-match", "pppp");
    neighbor_always("graceful-shutdown", "graceful-shutdown", "bbbb");
}

#[test]
fn what_differs_by_version() {
    neighbor_always("sender-as-path-loop-detection", "sender-as-path-loop-detection", "...R");
    neighbor_always("local-role peer", "local-role provider", "RRpp");
    neighbor_always("capability dynamic", "capability dynamic", "RRpp");
    neighbor_always("capability extended-nexthop", "capability extended-nexthop", "RRRR");
    neighbor_always("capability software-version", "capability software-version", "pppp");
    neighbor_always("graceful-restart", "graceful-restart", "ppRR");
    neighbor_always("graceful-restart-disable", "graceful-restart-disable", "ppRR");
    neighbor("", "port 1790", "pRRR", "pRRR");
    neighbor("port 1790", "port 1791", "pppp", "pppp");
    neighbor("port 1790", "", "pppp", "pppp");
}

#[test]
fn the_release_that_changed_it_counts_where_the_source_tells() {
    let reset = |line: &str, version| {
        let impact = impact_of(
            &with_neighbor_line("10.0.0.1", ""),
            &with_neighbor_line("10.0.0.1", line),
            version,
            Via::Vtysh,
        );
        !impact.sessions.values().all(|touch| touch.life == crate::impact::Life::Stays)
    };
    for (line, version, want) in [
        ("capability dynamic", FrrVersion(10, 0, 5), true),
        ("capability dynamic", FrrVersion(10, 1, 0), false),
        ("local-role peer", FrrVersion(9, 0, 5), true),
        ("local-role peer", FrrVersion(9, 1, 0), false),
        ("port 1790", FrrVersion(8, 3, 1), false),
        ("port 1790", FrrVersion(8, 4, 0), true),
        ("graceful-restart", FrrVersion(10, 1, 4), false),
        ("graceful-restart", FrrVersion(10, 2, 0), true),
        ("sender-as-path-loop-detection", FrrVersion(10, 5, 4), false),
        ("sender-as-path-loop-detection", FrrVersion(10, 6, 0), true),
        ("password x", FrrVersion(6, 0, 0), true),
        ("password x", FrrVersion(11, 0, 0), true),
    ] {
        assert_eq!(reset(line, version), want, "{line} on {version}");
    }
}

#[test]
fn what_frr_reload_makes_of_a_change() {
    neighbor("local-as 1", "local-as 2", "RRpp", "RRRR");
    neighbor("local-as 1", "local-as 2 no-prepend", "RRRR", "RRRR");
    neighbor("local-as 1", "local-as 1 no-prepend replace-as", "RRRR", "RRRR");
    neighbor("ttl-security hops 1", "ttl-security hops 2", "....", "RRRR");
    neighbor("", "ttl-security hops 2", "RRRR", "RRRR");
    neighbor("shutdown", "", "RRRR", "RRRR");
    neighbor("", "shutdown message maintenance", "RRRR", "RRRR");
}

#[test]
fn bfd_of_a_neighbor() {
    neighbor("", "bfd", "....", "....");
    neighbor("bfd", "", "RRRR", "RRRR");
    neighbor("bfd profile one", "bfd profile two", "....", "....");
    let one = "bfd\n neighbor 10.0.0.1 bfd check-control-plane-failure";
    check_place(|line| with_neighbor_line("10.0.0.1", line), "bfd", one, 1, "....", "....");
}

#[test]
fn the_as_of_a_neighbor() {
    let place = |line: &str| BEFORE.replace("10.0.0.1 remote-as 64513", line) + FAMILIES + IPV6;
    check_place(place, "10.0.0.1 remote-as 64513", "10.0.0.1 remote-as external", 1, "RRRR", "CCCC");
    let place = |line: &str| BEFORE.replace("G remote-as 64514", line) + FAMILIES + IPV6;
    check_place(place, "G remote-as 64514", "G remote-as external", 3, "RRRR", "CCRR");
}

#[test]
fn peer_groups_are_joined_and_left() {
    let place = |line: &str| BEFORE.replace("10.0.0.1 remote-as 64513", line) + FAMILIES + IPV6;
    let (own, member) = ("10.0.0.1 remote-as 64513", "10.0.0.1 peer-group G");
    check_place(place, own, member, 1, "CCCC", "CCCC");
    check_place(place, member, own, 1, "CCCC", "CCCC");
    let other = "H peer-group\n neighbor 10.0.0.1 remote-as 64513";
    let joined = "H peer-group\n neighbor 10.0.0.1 remote-as 64513\n neighbor 10.0.0.1 peer-group H";
    check_place(place, other, joined, 1, "RRRR", "RRRR");
}

#[test]
fn unnumbered_peers() {
    let place = |line: &str| format!("{BEFORE} neighbor eth0 interface {line}\n{FAMILIES}");
    for (before, after, bare, reload) in [
        ("remote-as external", "v6only remote-as external", 'R', 'C'),
        ("remote-as 64513", "remote-as external", 'R', 'C'),
        ("remote-as 64513", "peer-group G", 'R', 'C'),
    ] {
        for (via, want) in [(Via::Vtysh, bare), (Via::FrrReload, reload)] {
            let impact = impact_of(&place(before), &place(after), VERSIONS[3], via);
            assert_eq!(
                letter(&impact.on(&SessionId::in_default_vrf("eth0"), None)),
                want,
                "{before} {after}"
            );
        }
    }
}

#[test]
fn what_judges_the_routes_of_a_neighbor() {
    for kind in ["route-map", "prefix-list", "filter-list", "distribute-list"] {
        let line = |name: &str, way: &str| format!("{kind} {name} {way}");
        family_always(&line("one", "in"), &line("two", "in"), "IIII");
        family_always(&line("one", "out"), &line("two", "out"), "OOOO");
    }
    family_always("weight 1", "weight 2", "iiii");
    family_always("allowas-in", "allowas-in origin", "iiii");
    family("", "soft-reconfiguration inbound", "iiii", "iiii");
    family("soft-reconfiguration inbound", "", "....", "....");
    family_always("maximum-prefix 100", "maximum-prefix 200 warning-only", "....");
}

#[test]
fn what_changes_the_routes_sent_to_a_neighbor() {
    for line in [
        "next-hop-self",
        "next-hop-self force",
        "as-override",
        "no send-community large",
        "no send-community",
    ] {
        family("", line, "oooo", "oooo");
        family(line, "", "oooo", "oooo");
    }
    family_always("remove-private-AS", "remove-private-AS all", "oooo");
    family_always("attribute-unchanged", "attribute-unchanged med", "oooo");
    family_always("unsuppress-map one", "unsuppress-map two", "oooo");
    family_always("advertise-map one exist-map two", "advertise-map one non-exist-map two", "oooo");
    family_always("default-originate", "default-originate route-map one", "oooo");
    family_always("maximum-prefix-out 1", "maximum-prefix-out 2", "pooo");
}

#[test]
fn what_a_family_negotiates() {
    for line in
        ["addpath-tx-all-paths", "addpath-tx-bestpath-per-AS", "disable-addpath-rx", "route-reflector-client"]
    {
        family("", line, "RRRR", "RRRR");
        family(line, "", "RRRR", "RRRR");
    }
    family("", "route-server-client", "RRRR", "RRRR");
    family_always("soo 1:1", "soo 2:2", "RRRR");
    let place = |name: &'static str, line: &str| {
        let line = if line.is_empty() { String::new() } else { format!("  neighbor {name} activate\n") };
        format!("{BEFORE}{FAMILIES}{IPV6}{line}")
    };
    for (name, session) in [("10.0.0.1", 1), ("G", 3)] {
        check_place(|line| place(name, line), "", "activate", session, "RRRR", "RRRR");
        check_place(|line| place(name, line), "activate", "", session, "RRRR", "RRRR");
    }
    let without = |family: &str| family.replace("  neighbor 10.0.0.1 activate\n", "");
    let place = |line: &str| {
        let families = if line.is_empty() { without(FAMILIES) } else { FAMILIES.to_owned() };
        format!("{BEFORE}{families}{IPV6}")
    };
    check_place(place, "", "activate", 1, "RRRR", "RRRR");
}

/// A line of the instance: one letter per session (eBGP, iBGP, member, both families).
#[track_caller]
fn router(before: &str, after: &str, want: [&str; 4]) {
    let place = |line: &str| {
        let line = if line.is_empty() { String::new() } else { format!(" {line}\n") };
        format!("{BEFORE}{line}{FAMILIES}{IPV6}")
    };
    for via in [Via::Vtysh, Via::FrrReload] {
        assert_eq!(letters(&place(before), &place(after), via), want, "{before:?} to {after:?}, {via:?}");
    }
}

#[track_caller]
fn router_always(one: &str, other: &str, want: [&str; 4]) {
    for (before, after) in [("", one), (one, ""), (one, other)] {
        if before != after {
            router(before, after, want);
        }
    }
}

#[test]
fn what_resets_a_whole_instance() {
    let (none, pending, reset) = ("....", "pppp", "RRRR");
    router_always("bgp router-id 1.1.1.1", "bgp router-id 2.2.2.2", [reset; 4]);
    router_always("bgp cluster-id 1.1.1.1", "bgp cluster-id 2.2.2.2", ["oRoo"; 4]);
    router_always("bgp confederation identifier 1", "bgp confederation identifier 2", ["R.RR"; 4]);
    router_always("bgp shutdown", "bgp shutdown", [reset; 4]);
    router("", "bgp suppress-fib-pending", [none, none, reset, reset]);
    router("bgp suppress-fib-pending", "", [none, none, reset, reset]);
    router("", "bgp graceful-restart", [pending, pending, reset, reset]);
    router("bgp graceful-restart", "", [pending, pending, reset, reset]);
    router("", "bgp graceful-restart-disable", [pending, pending, reset, reset]);
    router("", "bgp graceful-restart restart-time 100", [none; 4]);
    let on = "bgp graceful-restart";
    router(on, &format!("{on}\n {on} restart-time 100"), [pending, pending, pending, reset]);
    router("", "bgp graceful-restart preserve-fw-state", [pending; 4]);
    router("", "bgp graceful-restart stalepath-time 100", [pending; 4]);
    router("", "bgp reject-as-sets", [reset, reset, reset, none]);
    // From 10.4 on it is on by default, and the `no` is said.
    router("", "no bgp reject-as-sets", [none, none, none, reset]);
    router("no bgp reject-as-sets", "", [none, none, none, reset]);
    router("", "bgp confederation peers 64600", [none; 4]);
    let confederation = "bgp confederation identifier 1";
    router(confederation, &format!("{confederation}\n bgp confederation peers 64600"), ["R.RR"; 4]);
}

#[test]
fn what_an_instance_reads_or_sends_again() {
    let none = ["...."; 4];
    router_always("bgp default local-preference 200", "bgp default local-preference 300", ["iiii"; 4]);
    router("", "bgp graceful-shutdown", ["bbbb"; 4]);
    router("", "bgp max-med administrative", ["oooo"; 4]);
    router("", "no bgp client-to-client reflection", ["oooo"; 4]);
    router("", "no bgp network import-check", ["aaaa"; 4]);
    router("", "no bgp enforce-first-as", ["....", "....", "....", "iiii"]);
    router("", "no bgp ebgp-requires-policy", ["pppp"; 4]);
    router_always("timers bgp 5 15", "timers bgp 6 18", ["pppp"; 4]);
    for line in [
        "bgp bestpath as-path multipath-relax",
        "bgp bestpath compare-routerid",
        "bgp always-compare-med",
        "bgp deterministic-med",
        "bgp minimum-holdtime 5",
        "bgp tcp-keepalive 10 10 3",
        "bgp listen limit 50",
        "update-delay 20",
        "coalesce-time 500",
        "bgp log-neighbor-changes",
        "bgp default show-hostname",
        "no bgp fast-external-failover",
        "no bgp hard-administrative-reset",
        "no bgp suppress-duplicates",
        "bgp listen range 10.9.0.0/24 peer-group G",
    ] {
        router("", line, none);
        router(line, "", none);
    }
}

#[test]
fn what_a_family_announces_is_no_policy() {
    let place = |line: &str| format!("{BEFORE}{FAMILIES}{line}{IPV6}");
    for (before, after, want) in [
        ("", "  network 10.0.0.0/8\n", "aaaa"),
        ("  network 10.0.0.0/8\n", "  network 10.0.0.0/8 route-map m\n", "aaaa"),
        ("  aggregate-address 10.0.0.0/8\n", "  aggregate-address 10.0.0.0/8 summary-only\n", "aaaa"),
        ("  redistribute static\n", "  redistribute static route-map m\n", "aaaa"),
        ("  redistribute static\n", "", "aaaa"),
        ("", "  maximum-paths 4\n", "...."),
        ("", "  table-map m\n", "...."),
        ("", "  bgp dampening\n", "...."),
        ("", "  distance bgp 1 2 3\n", "...."),
        ("", "  import vrf red\n", "...."),
        ("", "  frobnicate yes\n", "RRRR"),
    ] {
        for via in [Via::Vtysh, Via::FrrReload] {
            assert_eq!(letters(&place(before), &place(after), via), [want; 4], "{before:?} to {after:?}");
        }
    }
    let ipv6 = format!("{BEFORE}{FAMILIES}{IPV6}  network 2001:db8::/64\n");
    assert_eq!(letters(&place(""), &ipv6, Via::FrrReload), ["...a"; 4]);
}

#[test]
fn another_as_of_the_instance_makes_everything_anew() {
    let before = format!("{BEFORE}{FAMILIES}{IPV6}");
    let after = before.replace("router bgp 64512", "router bgp 64520");
    assert_eq!(letters(&before, &after, Via::FrrReload), ["CCCC"; 4]);
}

#[test]
fn a_statement_that_is_not_known_counts_as_a_reset_and_says_so() {
    neighbor("", "brand-new-word", "RRRR", "RRRR");
    router("", "brand-new-word", ["RRRR"; 4]);
    router("", "bgp brand-new-word", ["RRRR"; 4]);
    let after = with_neighbor_line("10.0.0.1", "brand-new-word");
    let impact = impact_of(&with_neighbor_line("10.0.0.1", ""), &after, VERSIONS[3], Via::FrrReload);
    let cause = &impact.sessions[&SessionId::in_default_vrf("10.0.0.1")].causes[0];
    assert_eq!(
        cause.to_string(),
        "+ test:9 router bgp 64512 | neighbor 10.0.0.1 brand-new-word: the session goes down and comes back \
         (not known: counted as a reset)"
    );
}

#[test]
fn lines_of_the_top_level() {
    let base = format!("{BEFORE}{FAMILIES}{IPV6}");
    for line in [
        "hostname other",
        "log syslog",
        "debug bgp updates",
        "ip route 192.0.2.0/24 blackhole",
        "ip nht resolve-via-default",
        "bgp route-map delay-timer 1",
        "interface eth0\n description x",
        "ip prefix-list unused seq 5 permit any",
        "route-map unused permit 10\n set metric 5",
        "bfd\n profile unused\n  shutdown",
        "ip protocol bgp route-map m",
        "router ospf\n network 10.0.0.0/8 area 0",
    ] {
        let with = format!("{line}\n{base}");
        assert_eq!(letters(&base, &with, Via::FrrReload), ["...."; 4], "{line}");
        assert_eq!(letters(&with, &base, Via::FrrReload), ["...."; 4], "{line}");
    }
    for (line, want) in
        [("bgp suppress-fib-pending", ["....", "....", "RRRR", "RRRR"]), ("bgp brand-new-word", ["RRRR"; 4])]
    {
        assert_eq!(letters(&base, &format!("{line}\n{base}"), Via::FrrReload), want, "{line}");
    }
}

#[test]
fn an_address_that_goes_takes_the_sessions_on_its_link() {
    let base = format!("{BEFORE}{FAMILIES}{IPV6}");
    let with = |lines: &str| format!("interface eth0\n{lines}{base}");
    let address = with(" ip address 10.0.0.9/31\n ip address 10.0.0.6/29\n");
    assert_eq!(letters(&base, &address, Via::FrrReload), ["...."; 4]);
    assert_eq!(letters(&address, &with(" ip address 10.0.0.9/31\n"), Via::FrrReload), ["RRRR"; 4]);
    let (before, after) = (with(" ip address 10.0.0.3/31\n"), with(" description x\n"));
    assert_eq!(letters(&before, &after, Via::FrrReload), [".RR."; 4]);
}

#[test]
fn a_bfd_profile_acts_on_those_who_use_it() {
    let place = |profile: &str, user: &str| {
        format!("bfd\n profile P\n{profile}{BEFORE} neighbor {user} bfd profile P\n{FAMILIES}{IPV6}")
    };
    for (user, reset) in [("10.0.0.1", "R..."), ("G", "..R.")] {
        let (before, after) = (place("", user), place("  shutdown\n", user));
        assert_eq!(letters(&before, &after, Via::FrrReload), ["....", reset, reset, "...."]);
        assert_eq!(letters(&after, &before, Via::FrrReload), ["...."; 4]);
        let faster = place("  transmit-interval 50\n  passive-mode\n  detect-multiplier 5\n", user);
        assert_eq!(letters(&before, &faster, Via::FrrReload), ["...."; 4]);
    }
}

/// So that a form that `config` learns is not forgotten here.
#[test]
fn every_form_that_is_known_has_a_row() {
    let contexts = [
        Context::Top,
        Context::Bgp,
        Context::Family(AddressFamily::Ipv4Unicast),
        Context::Interface,
        Context::Vrf,
        Context::BfdItem,
    ];
    for context in contexts {
        for pattern in patterns(context) {
            let line = pattern.replace(['*', '?'], "x").replace("...", "value");
            let words: Vec<&str> = line.split_whitespace().collect();
            let row = rows(context, &words).iter().find(|row| is_form(row.pattern, &words));
            assert!(row.is_some(), "{context:?}: {pattern}");
        }
    }
}
