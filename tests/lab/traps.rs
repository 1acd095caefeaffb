//! The traps of FRR's tools that an apply may fall into, by their numbers; each on the versions that have it.

mod canonical;
mod tools;

use std::time::Duration;

use nix::sys::signal::Signal;
use routelet_tests::lab::{
    FrrVersion,
    metallb::Filter,
    topologies::{TwoGateways, two_gateways},
    wait,
};
use serde_json::Value;

use crate::story::{ALL, CONVERGED_WITHIN, Story, connections};

const PEER: std::net::Ipv4Addr = TwoGateways::GATEWAY_ADDRESSES[0].0;

/// A node whose base has `tail` at its end, and extras that let everything in.
#[track_caller]
fn with_tail(version: FrrVersion, tail: &str) -> Story {
    let mut demo = two_gateways(version);
    demo.base = demo.base.append(tail);
    let mut story = Story::without_agent(demo);
    story.set_extras(Some(Filter::Everything));
    story.start_agent();
    story.routes(&ALL);
    story
}

/// Asks the agent to apply again, and waits until it has.
#[track_caller]
fn apply_again(story: &mut Story) -> Value {
    let asked = "asked to read the sources again";
    let before = story.agent().log().unwrap().matches(asked).count();
    story.agent().signal(Signal::SIGHUP).unwrap();
    wait::until("the request", CONVERGED_WITHIN, || {
        story.agent().log().unwrap().matches(asked).count() > before
    })
    .unwrap();
    story.applied();
    story.status()
}

fn running(story: &Story) -> String {
    story.node().vtysh("show running-config").unwrap()
}

/// The extras are in the base already, as `MetalLB` appends them: `deny 20` and `permit 20` of the same map.
fn appended(version: FrrVersion, tail: &str) -> Story {
    let demo = two_gateways(version);
    let extras = routelet_tests::lab::metallb::extras(&demo.base.peers, Filter::Everything);
    with_tail(version, &format!("{tail}{extras}"))
}

#[test]
fn t2_an_entry_that_is_written_twice_does_not_flip() {
    for version in FrrVersion::ALL {
        let mut story = appended(version, "");
        let before = connections(story.node());
        for _ in 0..3 {
            apply_again(&mut story);
            assert!(running(&story).contains(&format!("route-map {PEER}-in permit 20")), "FRR {version}");
            story.routes(&ALL);
        }
        assert_eq!(connections(story.node()), before, "FRR {version}");
    }
}

#[test]
fn t3_a_delay_timer_of_0_keeps_no_session_at_the_old_policy() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V10_7] {
        let mut story = with_tail(version, "bgp route-map delay-timer 0\n");
        let some = [TwoGateways::SHARED[0], TwoGateways::SHARED[2]];
        story.set_extras(Some(Filter::Prefixes(&some)));
        story.routes(&some.map(|prefix| (prefix, 2)));
        story.set_extras(None);
        story.routes(&[]);
    }
}

#[test]
fn t7_a_candidate_that_somebody_poisoned_does_not_stop_the_agent() {
    let mut story = with_tail(FrrVersion::V10_7, "");
    let bad = "ip prefix-list BAD seq 5 permit 10.0.0.0/16 ge 8\n";
    story.node().write_file("/tmp/bad.conf", bad).unwrap();
    story.node().exec(["vtysh", "-f", "/tmp/bad.conf"]).unwrap();
    let good = "ip prefix-list GOOD seq 5 permit 10.0.0.0/16\n";
    story.node().write_file("/tmp/good.conf", good).unwrap();
    let output = story.node().exec(["vtysh", "-f", "/tmp/good.conf"]).unwrap();
    assert!(output.text().contains("Configuration failed"), "it is poisoned: {}", output.text());
    for filter in [Some(Filter::Prefixes(&TwoGateways::SHARED)), None, Some(Filter::Everything)] {
        story.set_extras(filter);
        story.applied();
    }
    story.routes(&ALL);
    let zebra = story.node().run(["vtysh", "-d", "mgmtd", "-c", "show running-config"]).unwrap();
    assert!(zebra.contains(&format!("route-map {PEER}-in permit 20")), "{zebra}");
}

#[test]
fn t8_an_unknown_command_wipes_nothing() {
    let mut story = with_tail(FrrVersion::V7_5_1, "");
    let before = (running(&story), connections(story.node()));
    let bad = format!("{}frobnicate yes\n", story.demo.base.render());
    story.node().replace_file(TwoGateways::BASE_PATH, bad).unwrap();
    story.until_status("the refusal", |status| status["sources"][0]["accepted"] == false);
    assert_eq!((running(&story), connections(story.node())), before);
}

#[test]
fn t9_a_file_that_says_nothing_wipes_nothing() {
    let mut story = with_tail(FrrVersion::V8_4_4, "");
    let before = (running(&story), connections(story.node()));
    story.node().replace_file(TwoGateways::BASE_PATH, "!\n").unwrap();
    story.until_status("the refusal", |status| status["sources"][0]["accepted"] == false);
    assert_eq!((running(&story), connections(story.node())), before);
}

#[test]
fn t11_lines_of_a_daemon_that_is_off_are_named() {
    for version in [FrrVersion::V8_4_4, FrrVersion::V10_7] {
        let mut story = with_tail(version, "");
        story.node().stop_daemon("bfdd").unwrap();
        let good = story.demo.base.render();
        let base = format!("{good}\nbfd\n  profile fast\n    receive-interval 200\n");
        let line = base.lines().count();
        story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
        let status = story.until_status("the line", |status| {
            let errors = status["sources"][0]["errors"].as_array().cloned().unwrap_or_default();
            errors.iter().any(|error| error["line"] == line || error["line"] == line - 1)
        });
        assert!(status.to_string().contains("profile fast"), "{status}");
        story.routes(&ALL);
    }
}

/// Holds mgmtd's lock for some seconds, as another vtysh does that reads a file.
const HOLD: &str = "
import socket, time
s = socket.socket(socket.AF_UNIX)
s.connect('/var/run/frr/mgmtd.vty')
for command in ('enable', 'conf term file-lock'):
    s.sendall(command.encode() + b'\\0')
    time.sleep(0.1)
    s.recv(4096)
print('held', flush=True)
time.sleep(2)
";

#[test]
fn t13_c15_a_lock_that_somebody_holds_is_waited_for() {
    for version in [FrrVersion::V10_3, FrrVersion::V10_7] {
        let mut story = with_tail(version, "");
        let (mut holder, log) = story.node().spawn(["python3", "-c", HOLD]).unwrap();
        let held = || story.node().read_file(&log).unwrap_or_default().contains("held");
        wait::until("the lock to be held", CONVERGED_WITHIN, held).unwrap();
        story.set_extras(None);
        story.routes(&[]);
        story.applied();
        holder.wait(Duration::from_secs(10)).unwrap();
    }
}

#[test]
fn t16_what_metallb_writes_settles() {
    for version in FrrVersion::ALL {
        let mut story = with_tail(version, "");
        let before = connections(story.node());
        for _ in 0..2 {
            let applies = |story: &Story| {
                let text =
                    story.node().http_get(std::net::SocketAddr::from(([127, 0, 0, 1], 7472)), "/metrics");
                let text = text.unwrap().body;
                let line = text.lines().find(|line| line.contains("applies_total{result=\"applied\"}"));
                line.unwrap_or_default().to_owned()
            };
            let changes = applies(&story);
            apply_again(&mut story);
            assert_eq!(applies(&story), changes, "FRR {version}: nothing is to be done");
        }
        assert_eq!(connections(story.node()), before, "FRR {version}");
    }
}

#[test]
fn t26_what_comes_after_a_bfd_block_is_not_its_child() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V8_4_4] {
        let tail = "\nbfd\n  profile fast\n    receive-interval 200\n    transmit-interval 200\n\
                    ip prefix-list only seq 5 permit 10.100.0.0/24\n";
        let mut demo = two_gateways(version);
        demo.base = demo.base.append(tail);
        for peer in demo.peers() {
            let entry = format!("route-map {peer}-in permit 20\n  match ip address prefix-list only\n");
            demo.base = demo.base.append(&entry);
        }
        let mut story = Story::without_agent(demo);
        story.start_agent();
        story.routes(&[("10.100.0.0/24", 2)]);
    }
}

#[test]
fn t27_entries_without_numbers_are_there_once() {
    let mut story = with_tail(FrrVersion::V10_3, "ip prefix-list plain permit 10.1.0.0/16\n");
    for _ in 0..3 {
        apply_again(&mut story);
        assert_eq!(running(&story).matches("prefix-list plain").count(), 1, "{}", running(&story));
    }
}

#[test]
fn t30_a_list_that_a_neighbor_refers_to_itself_takes_effect() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V10_7] {
        let tail = format!(
            "ip prefix-list direct seq 5 permit 10.100.0.0/24\nrouter bgp 64512\n  \
             address-family ipv4 unicast\n    neighbor {PEER} prefix-list direct in\n  exit-address-family\n"
        );
        let mut demo = two_gateways(version);
        demo.base = demo.base.append(&tail);
        let mut story = Story::without_agent(demo);
        story.set_extras(Some(Filter::Everything));
        story.start_agent();
        let base = story.demo.base.render();
        let wider = base.replace("10.100.0.0/24", "10.0.0.0/8 le 32");
        let from_a = |story: &Story| story.kernel_routes().contains_key("10.1.0.0/24");
        assert!(!from_a(&story));
        story.node().replace_file(TwoGateways::BASE_PATH, wider).unwrap();
        wait::until("the wider list", CONVERGED_WITHIN, || from_a(&story)).unwrap();
        story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
        wait::until("the narrow list", CONVERGED_WITHIN, || !from_a(&story)).unwrap();
    }
}
