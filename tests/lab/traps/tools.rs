//! Traps of vtysh, of `clear`, and of frr-reload beside what it is given.

use frr_driver::{
    clear::{self, ClearKind},
    session::{AddressFamily, SessionId},
};

use nix::sys::signal::Signal;
use routelet_tests::lab::{
    FrrVersion, Node,
    metallb::Filter,
    topologies::{TwoGateways, two_gateways},
    wait,
};

use super::{PEER, apply_again, running, with_tail};
use crate::story::{ALL, CONVERGED_WITHIN, Story, connections};

/// Where frr-reload is in a node.
const RELOAD: &str = "/usr/lib/frr/frr-reload.py";

/// A neighbor that never comes: everything may be done to it.
const GHOST: &str = "192.0.2.99";

/// A node with `tail` behind its base, and an agent that leaves every change to frr-reload.
#[track_caller]
fn by_reload(version: FrrVersion, tail: &str, arguments: &[&str]) -> Story {
    let mut demo = two_gateways(version);
    demo.base = demo.base.append(tail);
    let mut story = Story::without_agent(demo);
    story.set_extras(Some(Filter::Everything));
    story.start_agent_with(&[&["--engine", "frr-reload"], arguments].concat());
    story.applied();
    story.routes(&ALL);
    story
}

#[test]
fn t1_an_action_that_changes_takes_effect_both_ways() {
    for version in FrrVersion::ALL {
        let mut story = Story::without_agent(two_gateways(version));
        story.start_agent();
        let before = connections(story.node());
        let deny = story.demo.base.render();
        let permit = deny.replace("-in deny 20", "-in permit 20");
        for (base, want) in [(&permit, &ALL[..]), (&deny, &[]), (&permit, &ALL)] {
            story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
            story.routes(want);
        }
        assert_eq!(connections(story.node()), before, "FRR {version}");
    }
}

#[test]
fn t5_after_a_restart_of_bgpd_every_map_is_there_and_in_effect() {
    for version in FrrVersion::ALL {
        let mut story = with_tail(version, "");
        let node = story.node();
        node.signal_daemon("bgpd", Signal::SIGKILL).unwrap();
        wait::until("bgpd to be gone", CONVERGED_WITHIN, || node.ask("bgpd", "show version").is_err())
            .unwrap();
        node.start_daemon("bgpd").unwrap();
        // As watchfrr does; the agent may be first.
        node.load_config().unwrap();
        // The star says that bgpd found the map; it is a hint, and the routes are the evidence.
        let found = format!("Route map for incoming advertisements is *{PEER}-in");
        wait::until("the map", CONVERGED_WITHIN, || {
            let shown = node.vtysh(&format!("show bgp neighbors {PEER}")).unwrap_or_default();
            if shown.contains("BGP state = Established") && shown.contains(&found) {
                Ok(())
            } else {
                Err(shown)
            }
        })
        .unwrap_or_else(|error| panic!("FRR {version}: {error}"));
        story.routes(&ALL);
        let table = story.node().vtysh("show bgp ipv4 unicast").unwrap();
        assert!(table.contains("10.100.0.0/24"), "FRR {version}: {table}");
    }
}

fn refreshes(node: &Node, peer: &str) -> u64 {
    let neighbor = node.vtysh_json(&format!("show bgp neighbors {peer} json")).unwrap();
    neighbor[peer]["messageStats"]["routeRefreshSent"].as_u64().unwrap()
}

#[test]
fn t14_a_clear_that_did_nothing_is_known_by_its_words() {
    for version in FrrVersion::ALL {
        let story = Story::without_agent(two_gateways(version));
        let four = AddressFamily::Ipv4Unicast;
        let of_peer = || SessionId::in_default_vrf(PEER.to_string());
        let in_vrf = SessionId { vrf: "nowhere".to_owned(), ..of_peer() };
        let bad = [
            ("an unknown neighbor", SessionId::in_default_vrf(GHOST), four),
            ("an unknown interface", SessionId::in_default_vrf("eth9"), four),
            ("an unknown VRF", in_vrf, four),
            ("another family", of_peer(), AddressFamily::Ipv6Unicast),
        ];
        let ask = |session: &SessionId, family, kind| {
            let command = clear::command(session, family, kind);
            (story.node().ask("bgpd", &command).unwrap(), command)
        };
        for kind in [ClearKind::SoftIn, ClearKind::SoftOut] {
            for (what, session, family) in &bad {
                let (answer, command) = ask(session, *family, kind);
                assert!(clear::judge(&answer).is_err(), "FRR {version}, {what}: {answer:?}");
                let output = story.node().exec(["vtysh", "-c", &command]).unwrap();
                assert!(output.success(), "FRR {version}, {what}: the exit code tells: {}", output.text());
            }
        }
        let sent = refreshes(story.node(), &PEER.to_string());
        let (answer, _) = ask(&of_peer(), four, ClearKind::SoftIn);
        assert_eq!(clear::judge(&answer), Ok(()), "FRR {version}");
        let more = || refreshes(story.node(), &PEER.to_string()) > sent;
        wait::until("the route refresh", CONVERGED_WITHIN, more).unwrap();
    }
}

/// Somebody's vtysh on a terminal of another time.
fn type_latin1(node: &Node) {
    let lines = format!(
        "router bgp 64512\n neighbor {PEER} description caf\u{e9}\n neighbor {GHOST} description na\u{ef}ve\n"
    );
    let bytes: Vec<u8> = lines.chars().map(|c| u8::try_from(c).unwrap()).collect();
    node.write_file("/tmp/typed.conf", bytes).unwrap();
    node.run(["vtysh", "-f", "/tmp/typed.conf"]).unwrap();
    let died = node.exec(["python3", RELOAD, "--test", "--stdout", TwoGateways::BASE_PATH]).unwrap();
    assert!(died.text().contains("UnicodeDecodeError"), "frr-reload can read it: {}", died.text());
}

#[test]
fn t15_what_is_not_utf_8_does_not_stop_the_agent() {
    for version in FrrVersion::ALL {
        let ghost = format!(
            "router bgp 64512\n neighbor {GHOST} remote-as 64999\n neighbor {GHOST} description plain\n"
        );
        let mut story = with_tail(version, &ghost);
        let peers = |story: &Story| {
            let mut all = connections(story.node());
            all.remove(GHOST);
            all
        };
        let before = peers(&story);
        let is_legible = |story: &Story| !running(story).contains('\u{fffd}');

        // It is all that differs: one vtysh does.
        story.agent().signal(Signal::SIGSTOP).unwrap();
        type_latin1(story.node());
        assert!(!is_legible(&story), "FRR {version}");
        story.agent().signal(Signal::SIGCONT).unwrap();
        wait::until("the descriptions to go", CONVERGED_WITHIN, || is_legible(&story)).unwrap();
        assert!(running(&story).contains(&format!("neighbor {GHOST} description plain")), "FRR {version}");
        assert!(!running(&story).contains(&format!("neighbor {PEER} description")), "FRR {version}");

        // Beside a change that frr-reload has to make.
        story.agent().signal(Signal::SIGSTOP).unwrap();
        type_latin1(story.node());
        let base = story.demo.base.render().replace(&ghost, "");
        story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
        story.agent().signal(Signal::SIGCONT).unwrap();
        let is_gone = || is_legible(&story) && !running(&story).contains(GHOST);
        wait::until("the neighbor to go", CONVERGED_WITHIN, is_gone).unwrap();
        story.applied();
        story.routes(&ALL);
        assert_eq!(peers(&story), before, "FRR {version}");
        assert!(!story.agent().log().unwrap().contains("apply failed"), "FRR {version}");
    }
}

#[test]
fn t15_a_name_that_is_not_utf_8_is_told() {
    let ghost = format!("router bgp 64512\n neighbor {GHOST} remote-as 64999\n");
    let mut story = with_tail(FrrVersion::V8_4_4, &ghost);
    let mut before = connections(story.node());
    before.remove(GHOST);
    let list = b"bgp as-path access-list caf\xe9 permit 64999\n";
    story.node().write_file("/tmp/typed.conf", list).unwrap();
    story.node().run(["vtysh", "-f", "/tmp/typed.conf"]).unwrap();
    // frr-reload would have to make this one.
    let base = story.demo.base.render().replace(&ghost, "");
    story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
    story.until_status("the reason", |status| {
        let conditions = status["conditions"].to_string();
        conditions.contains("not UTF-8") && conditions.contains("as-path access-list caf\u{fffd}")
    });
    story.routes(&ALL);
    // Somebody who can say its name removes it.
    story.node().write_file("/tmp/typed.conf", [b"no ".as_slice(), list].concat()).unwrap();
    story.node().run(["vtysh", "-f", "/tmp/typed.conf"]).unwrap();
    story.applied();
    assert!(!running(&story).contains(GHOST), "{}", running(&story));
    assert_eq!(connections(story.node()), before);
}

#[test]
fn t17_defaults_that_frr_hides_reset_nobody() {
    for version in FrrVersion::ALL {
        let tail = "router bgp 64512\n bgp graceful-restart restart-time 120\n \
                    bgp graceful-restart stalepath-time 360\n";
        let mut story = by_reload(version, tail, &[]);
        let before = connections(story.node());
        for filter in [None, Some(Filter::Everything)] {
            apply_again(&mut story);
            story.set_extras(filter);
            story.routes(if filter.is_some() { &ALL } else { &[] });
        }
        assert_eq!(connections(story.node()), before, "FRR {version}");
    }
}

/// What the kernel forwards, IPv4 and IPv6.
const FORWARDING: [&str; 2] = ["/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"];

#[test]
fn t17_c16_the_kernels_forwarding_stays_as_it_is() {
    for version in FrrVersion::ALL {
        let mut story = by_reload(version, "", &[]);
        for value in ["0", "1", "0"] {
            for file in FORWARDING {
                story.node().run(["sh", "-c", &format!("echo {value} > {file}")]).unwrap();
            }
            for filter in [None, Some(Filter::Everything)] {
                story.set_extras(filter);
                story.routes(if filter.is_some() { &ALL } else { &[] });
                story.applied();
            }
            for file in FORWARDING {
                // By a process inside: the file shows the network of who reads it.
                let now = story.node().run(["cat", file]).unwrap();
                assert_eq!(now.trim(), value, "FRR {version}: {file}");
            }
        }
    }
}

#[test]
fn t25_what_bgpd_alone_lost_comes_back() {
    for version in FrrVersion::ALL {
        let mut story = with_tail(version, "");
        let map = format!("route-map {PEER}-in permit 20");
        let of_bgpd = |story: &Story| story.node().ask("bgpd", "show running-config").unwrap();
        story.agent().signal(Signal::SIGSTOP).unwrap();
        let lose = format!("no {map}");
        story.node().run(["vtysh", "-d", "bgpd", "-c", "configure terminal", "-c", &lose]).unwrap();
        assert!(!of_bgpd(&story).contains(&map), "FRR {version}: bgpd kept it");
        assert!(running(&story).contains(&map), "FRR {version}: the union does not hide it");
        story.agent().signal(Signal::SIGCONT).unwrap();
        let is_back = || of_bgpd(&story).contains(&map);
        wait::until("the map in bgpd", CONVERGED_WITHIN, is_back).unwrap();
        story.routes(&ALL);
    }
}

/// Lines of which frr-reload's `no …` fails on one version or another.
const STUBBORN: [&str; 4] = [
    " on-match goto 20",
    " set as-path prepend 64512 64512 64512",
    " description some words of it",
    " match ip address prefix-list some",
];

#[test]
fn t28_what_frr_reload_fails_to_remove_goes_and_nothing_else() {
    for version in FrrVersion::ALL {
        let ghost = format!("router bgp 64512\n neighbor {GHOST} remote-as 64999\n");
        let head = "ip prefix-list some seq 5 permit 10.0.0.0/8\nroute-map stubborn permit 10\n";
        let tail = "\n set metric 5\nroute-map stubborn permit 15\nroute-map stubborn permit 20\n";
        let mut story =
            by_reload(version, &format!("{head}{}{tail}{ghost}", STUBBORN.join("\n")), &["--log", "debug"]);
        let before = connections(story.node());
        // All at once, beside a neighbor that goes.
        let base = story.demo.base.render().replace(&STUBBORN.join("\n"), "").replace(&ghost, "");
        story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
        wait::until("the neighbor to go", CONVERGED_WITHIN, || !running(&story).contains(GHOST)).unwrap();
        story.applied();
        let (after, log) = (running(&story), story.agent().log().unwrap());
        for line in STUBBORN {
            assert!(
                !after.lines().any(|there| there == line),
                "FRR {version} still has {line}\n{after}\n{log}"
            );
        }
        for entry in ["10", "15", "20"] {
            assert!(after.contains(&format!("route-map stubborn permit {entry}")), "FRR {version}\n{after}");
        }
        assert!(after.contains("set metric 5"), "FRR {version}\n{after}");
        assert!(!log.contains("nobody wants it"), "FRR {version}\n{log}");
        let mut left = before;
        left.remove(GHOST);
        assert_eq!(connections(story.node()), left, "FRR {version}");
    }
}

#[test]
fn t29_a_map_that_comes_after_the_reference_takes_effect() {
    for version in FrrVersion::ALL {
        for timer in ["", "bgp route-map delay-timer 0\n"] {
            let tail = format!(
                "{timer}router bgp 64512\n address-family ipv4 unicast\n  neighbor {PEER} route-map LATE in\n"
            );
            let story = with_tail_alone(version, &tail);
            let from_a = |story: &Story| story.kernel_routes().contains_key("10.1.0.0/24");
            assert!(!from_a(&story), "FRR {version}: a map that does not exist denies");
            let before = connections(story.node());
            let base = story.demo.base.render();
            for (map, is_in) in [("permit", true), ("deny", false), ("permit", true)] {
                let late = format!("{base}exit\nroute-map LATE {map} 10\n");
                story.node().replace_file(TwoGateways::BASE_PATH, late).unwrap();
                let what = format!("FRR {version} {timer:?}: {map}");
                wait::until(&what, CONVERGED_WITHIN, || from_a(&story) == is_in).unwrap();
            }
            story.node().replace_file(TwoGateways::BASE_PATH, &base).unwrap();
            wait::until("the map to go", CONVERGED_WITHIN, || !from_a(&story)).unwrap();
            assert_eq!(connections(story.node()), before, "FRR {version} {timer:?}");
        }
    }
}

/// Like [`with_tail`], where the tail decides what gets in.
#[track_caller]
fn with_tail_alone(version: FrrVersion, tail: &str) -> Story {
    let mut demo = two_gateways(version);
    demo.base = demo.base.append(tail);
    let mut story = Story::without_agent(demo);
    story.set_extras(Some(Filter::Everything));
    story.start_agent();
    story
}

#[test]
fn t31_frrs_own_folder_is_not_touched_by_a_reload() {
    for version in FrrVersion::ALL {
        let mut story = by_reload(version, "", &["--persist", ""]);
        let mark = "! whatever FRR starts with\n";
        story.node().write_file("/etc/frr/frr.conf", mark).unwrap();
        let folder = |story: &Story| {
            story.node().run(["find", "/etc/frr", "-printf", "%p %s %T+ %U:%G %m\\n"]).unwrap()
        };
        let before = folder(&story);
        for filter in [None, Some(Filter::Everything)] {
            story.set_extras(filter);
            story.routes(if filter.is_some() { &ALL } else { &[] });
            story.applied();
        }
        assert_eq!(folder(&story), before, "FRR {version}");
        assert_eq!(story.node().read_file("/etc/frr/frr.conf").unwrap(), mark, "FRR {version}");
    }
}
