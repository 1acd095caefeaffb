//! What the agent does about changes that FRR does not take, that cost sessions, or that somebody else made.

use std::time::Duration;

use nix::sys::signal::Signal;
use routelet_tests::lab::{
    Agent, FrrVersion,
    metallb::Filter,
    topologies::{TwoGateways, two_gateways},
    wait,
};
use serde_json::Value;

use crate::story::{ALL, CONVERGED_WITHIN, Story, connections};

const NODE_CONF: &str = "/etc/frr/frr.conf";

fn reason(status: &Value, condition: &str) -> String {
    let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    let found = conditions.iter().find(|found| found["type"] == condition);
    found.map(|found| found["reason"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

fn started_with(version: FrrVersion, arguments: &[&str]) -> Story {
    let mut story = Story::without_agent(two_gateways(version));
    story.set_extras(Some(Filter::Everything));
    story.start_agent_with(arguments);
    story.applied();
    story.routes(&ALL);
    story
}

/// The parser takes the line, and bgpd does not: the exit code of a check proves nothing.
#[track_caller]
fn a_line_is_refused_late(version: FrrVersion) {
    let mut story = started_with(version, &[]);
    let before = connections(story.node());
    let good = story.demo.base.render();
    let (own, peer) = (TwoGateways::NODE_ADDRESSES[0].0, TwoGateways::GATEWAY_ADDRESSES[0].0);
    let bad = format!(
        "{good}\nrouter bgp 64512\n  neighbor {peer} description half\n  neighbor {own} remote-as 65001\n"
    );
    let line = bad.lines().count();
    story.node().replace_file(TwoGateways::BASE_PATH, bad).unwrap();
    let status = story.until_status("the line to be named", |status| {
        let errors = status["sources"][0]["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().any(|error| error["line"] == line)
    });
    assert_eq!(status["sources"][0]["accepted"], false, "{status}");
    story.until_status("the last good configuration", |status| {
        status["config"]["generation"] == status["config"]["appliedGeneration"]
    });
    let running = story.node().vtysh("show running-config").unwrap();
    assert!(
        !running.contains("description half"),
        "the rest of a change that failed is taken back\n{running}"
    );
    story.routes(&ALL);
    // Other sources go on.
    story.set_extras(None);
    story.routes(&[]);
    story.set_extras(Some(Filter::Everything));
    story.routes(&ALL);
    assert_eq!(connections(story.node()), before);
    story.node().replace_file(TwoGateways::BASE_PATH, good).unwrap();
    story.until_status("the good base", |status| status["sources"][0]["accepted"] == true);
}

#[test]
fn a_line_that_frr_refuses_late_is_taken_back_on_7_5_1() {
    a_line_is_refused_late(FrrVersion::V7_5_1);
}

#[test]
fn a_line_that_frr_refuses_late_is_taken_back_on_8_4_4() {
    a_line_is_refused_late(FrrVersion::V8_4_4);
}

#[test]
fn a_line_that_frr_refuses_late_is_taken_back_on_10_7() {
    a_line_is_refused_late(FrrVersion::V10_7);
}

/// frr-reload, until `/tmp/armed` is there: then it works once more, and fails ever after.
const FAILING: &str = "
import os, subprocess, sys
if os.path.exists('/tmp/broken'):
    sys.exit(1)
if os.path.exists('/tmp/armed'):
    open('/tmp/broken', 'w').close()
sys.exit(subprocess.run([sys.executable, '/usr/lib/frr/frr-reload.py'] + sys.argv[1:]).returncode)
";

/// FRR takes a part, and the way back fails: that is said, and tried again.
#[test]
fn a_change_that_can_neither_be_made_nor_taken_back_is_told_until_it_can() {
    for version in FrrVersion::ALL {
        let mut story = Story::without_agent(two_gateways(version));
        story.set_extras(Some(Filter::Everything));
        story.node().write_file("/tmp/reload.py", FAILING).unwrap();
        story.start_agent_with(&["--reload-script", "/tmp/reload.py"]);
        story.applied();
        story.routes(&ALL);
        let before = connections(story.node());
        story.node().write_file("/tmp/armed", "").unwrap();
        let (own, peer) = (TwoGateways::NODE_ADDRESSES[0].0, TwoGateways::GATEWAY_ADDRESSES[0].0);
        let bad = format!(
            "{}\nrouter bgp 64512\n  neighbor {peer} description half\n  neighbor {own} remote-as 65001\n",
            story.demo.base.render()
        );
        let line = bad.lines().count();
        story.node().replace_file(TwoGateways::BASE_PATH, bad).unwrap();
        let status = story
            .until_status("what is left", |status| reason(status, "ConfigApplied") == "PartiallyApplied");
        assert!(status.to_string().contains("differ from the last good configuration"), "{status}");
        let errors = status["sources"][0]["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().any(|error| error["line"] == line), "FRR {version}: {status}");
        let has_half = |story: &Story| story.node().vtysh("show running-config").unwrap().contains("half");
        assert!(has_half(&story), "FRR {version} took no part of it");
        story.node().run(["rm", "/tmp/armed", "/tmp/broken"]).unwrap();
        wait::until("the way back", CONVERGED_WITHIN, || !has_half(&story)).unwrap();
        story.applied();
        story.routes(&ALL);
        assert_eq!(connections(story.node()), before, "FRR {version}");
    }
}

/// The base with another AS for the gateways: every session is lost.
fn wrong_as(story: &Story) -> String {
    story.demo.base.render().replace("remote-as 64513", "remote-as 64999")
}

#[track_caller]
fn a_guarded_change(version: FrrVersion) {
    let mut story = started_with(version, &["--guard", "4"]);
    is_kept(&story, "permit 20");
    let wrong = wrong_as(&story);
    story.node().replace_file(TwoGateways::BASE_PATH, wrong).unwrap();
    let status =
        story.until_status("the guard to trip", |status| reason(status, "ConfigApplied") == "GuardTripped");
    assert!(status.to_string().contains("did not come back"), "{status}");
    story.routes(&ALL);
    // What cost no session is confirmed, and is then what is gone back to.
    let good = story.demo.base.render();
    story
        .node()
        .replace_file(TwoGateways::BASE_PATH, format!("{good}\nip prefix-list x permit any\n"))
        .unwrap();
    story.applied();
    is_kept(&story, "prefix-list x");
}

/// Waits until the last good configuration on the disk has `words`.
#[track_caller]
fn is_kept(story: &Story, words: &str) {
    let is_there = || {
        let text = story.node().read_file("/var/lib/routelet/last-good.conf").unwrap_or_default();
        text.contains(words)
    };
    wait::until("the change to be confirmed", CONVERGED_WITHIN, is_there).unwrap();
}

#[test]
fn a_guarded_change_that_costs_sessions_is_taken_back_on_8_4_4() {
    a_guarded_change(FrrVersion::V8_4_4);
}

#[test]
fn a_guarded_change_that_costs_sessions_is_taken_back_on_10_7() {
    a_guarded_change(FrrVersion::V10_7);
}

#[test]
fn a_change_that_takes_down_too_many_sessions_waits_for_a_person() {
    let mut story = started_with(FrrVersion::V10_7, &["--max-reset", "3"]);
    let before = connections(story.node());
    let wrong = wrong_as(&story);
    story.node().replace_file(TwoGateways::BASE_PATH, wrong).unwrap();
    let status =
        story.until_status("the change to be held", |status| reason(status, "ConfigApplied") == "Held");
    assert!(status.to_string().contains("4 established sessions"), "{status}");
    assert_eq!(connections(story.node()), before);
    let output = story.node().exec(["routelet", "apply", "--now"]).unwrap();
    assert!(output.success(), "{}", output.text());
    assert!(output.stdout.contains("FRR runs generation"), "{}", output.text());
    story.routes(&[]);
}

/// The steps of the agent's applies so far.
fn steps(story: &mut Story) -> Vec<String> {
    let log = story.agent().log().unwrap();
    let step = |line: &str| Some(line.split("step done step=\"").nth(1)?.split('"').next()?.to_owned());
    log.lines().filter_map(step).collect()
}

#[track_caller]
fn a_policy_is_sent_at_once(version: FrrVersion) {
    let mut story = started_with(version, &["--log", "debug"]);
    let seen = steps(&mut story).len();
    story.set_extras(None);
    story.routes(&[]);
    story.applied();
    let steps = steps(&mut story).split_off(seen);
    assert_eq!(steps.get(..4).unwrap_or(&steps), ["ask", "checkpoint", "send", "read"], "FRR {version}");

    // What somebody typed meanwhile is found afterwards, if not before.
    story.node().vtysh_all(&["configure terminal", "route-map typed permit 10"]).unwrap();
    story.set_extras(Some(Filter::Everything));
    story.routes(&ALL);
    wait::until("what was typed to go", CONVERGED_WITHIN, || {
        !story.node().vtysh("show running-config").unwrap().contains("typed")
    })
    .unwrap();
}

#[test]
fn a_policy_is_sent_to_an_frr_that_was_just_read() {
    for version in [FrrVersion::V8_4_4, FrrVersion::V10_3, FrrVersion::V10_7] {
        a_policy_is_sent_at_once(version);
    }
}

#[track_caller]
fn drift(version: FrrVersion, policy: &str) -> (Story, String) {
    let mut story = started_with(version, &["--drift", policy]);
    story.until_status("every policy in effect", |status| reason(status, "PoliciesInEffect") == "InEffect");
    story.node().vtysh_all(&["configure terminal", "route-map typed permit 10"]).unwrap();
    if policy == "report" {
        story.until_status("the lines", |status| status["config"]["drift"].to_string().contains("typed"));
    }
    let holds = |story: &Story| story.node().vtysh("show running-config").unwrap();
    if policy == "repair" {
        let gone = || !holds(&story).contains("typed");
        wait::until("the repair", CONVERGED_WITHIN, gone).unwrap();
    }
    let running = holds(&story);
    (story, running)
}

#[test]
fn what_somebody_typed_is_repaired() {
    for version in FrrVersion::ALL {
        let (mut story, _) = drift(version, "repair");
        let is_told = || story.agent().log().unwrap().contains("+ route-map typed permit 10");
        wait::until("what was repaired", CONVERGED_WITHIN, is_told).unwrap();
    }
}

#[test]
fn what_somebody_typed_is_reported_and_left() {
    let (mut story, running) = drift(FrrVersion::V10_7, "report");
    assert!(running.contains("typed"));
    // The next change of the sources puts all in order.
    story.set_extras(None);
    story.routes(&[]);
    assert!(!story.node().vtysh("show running-config").unwrap().contains("typed"));
}

#[test]
fn frr_starts_with_the_policy_in_its_own_file() {
    let story = started_with(FrrVersion::V8_4_4, &[]);
    let peer = TwoGateways::GATEWAY_ADDRESSES[0].0;
    let entry = format!("route-map {peer}-in permit 20");
    let is_there = || story.node().read_file(NODE_CONF).unwrap().contains(&entry);
    wait::until("the file for FRR's own start", CONVERGED_WITHIN, is_there).unwrap();
    let owner = story.node().run(["stat", "-c", "%U:%G", NODE_CONF]).unwrap();
    assert_eq!(owner.trim(), "frr:frr");
    // frr-reload's own `write` never comes near it (T10): what it says is what FRR starts with.
    let checked = story.node().exec(["vtysh", "-C", "-f", NODE_CONF]).unwrap();
    assert!(checked.success(), "{}", checked.text());
}

#[test]
fn t12_a_folder_of_frr_that_cannot_be_written_is_told_once_and_harms_nothing() {
    let mut story = Story::without_agent(two_gateways(FrrVersion::V10_7));
    story.node().run(["mount", "-o", "bind,ro", "/etc/frr", "/etc/frr"]).unwrap();
    story.start_agent();
    for filter in [Some(Filter::Everything), None, Some(Filter::Everything)] {
        story.set_extras(filter);
        let want: &[_] = if filter.is_some() { &ALL } else { &[] };
        story.routes(want);
    }
    let log = story.agent().log().unwrap();
    assert_eq!(log.matches("FRR would start without this configuration").count(), 1, "{log}");
}

#[test]
fn t18_a_bgpd_that_hangs_is_known_at_once_and_nothing_waits_for_it() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V8_4_4, FrrVersion::V10_7] {
        let mut story = started_with(version, &[]);
        story.node().signal_daemon("bgpd", Signal::SIGSTOP).unwrap();
        let known = || reason(&story.status(), "FRRReachable") == "DaemonHung";
        let (known, took) = wait::timed(|| wait::until("the daemon that hangs", CONVERGED_WITHIN, known));
        known.unwrap();
        assert!(took < Duration::from_secs(3), "FRR {version}: known after {took:?}");
        let answer = story.agent().http_get("/livez").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(story.status().to_string().contains("bgpd does not answer"));
        story.node().signal_daemon("bgpd", Signal::SIGCONT).unwrap();
        story.until_status("bgpd", |status| reason(status, "FRRReachable") == "DaemonsUp");
        story.routes(&ALL);
    }
}

#[test]
fn t10_a_bgpd_that_dies_is_known_at_once() {
    let mut story = started_with(FrrVersion::V8_4_4, &[]);
    story.node().signal_daemon("bgpd", Signal::SIGKILL).unwrap();
    let known = || reason(&story.status(), "FRRReachable") == "DaemonDown";
    let (known, took) = wait::timed(|| wait::until("the daemon that died", CONVERGED_WITHIN, known));
    known.unwrap();
    assert!(took < Duration::from_secs(2), "known after {took:?}");
    story.node().start_daemon("bgpd").unwrap();
    story.routes(&ALL);
}

#[test]
fn a_second_agent_keeps_off() {
    let mut story = started_with(FrrVersion::V8_4_4, &[]);
    let before = connections(story.node());
    let other = Agent::builder(story.node())
        .base(TwoGateways::BASE_PATH)
        .state_dir("/var/lib/other")
        .args(["--http", "127.0.0.1:7473"])
        .start()
        .unwrap();
    let refused = || other.log().unwrap().contains("another agent (process ");
    wait::until("the second agent to be refused", CONVERGED_WITHIN, refused).unwrap();
    story.routes(&ALL);
    assert_eq!(connections(story.node()), before);
    // It takes over when the first is gone, and has no extras.
    story.take_agent().kill();
    let alone = || story.kernel_routes().is_empty();
    wait::until("the second agent to take over", CONVERGED_WITHIN, alone).unwrap();
}
