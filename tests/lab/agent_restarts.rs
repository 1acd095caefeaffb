//! What an agent that was killed leaves to the next one: a change on trial, and what FRR did not take.

use std::time::Duration;

use routelet_tests::lab::{
    FrrVersion,
    metallb::Filter,
    topologies::{TwoGateways, two_gateways},
    wait,
};
use serde_json::Value;

use crate::story::{ALL, CONVERGED_WITHIN, Story, connections};

/// What is held against configurations.
const DOUBTS: &str = "/var/lib/routelet/doubts.json";

fn reason(status: &Value) -> String {
    let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    let found = conditions.iter().find(|found| found["type"] == "ConfigApplied").cloned();
    found.map(|found| found["reason"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

#[track_caller]
fn started_with(version: FrrVersion, arguments: &[&str]) -> Story {
    let mut story = Story::without_agent(two_gateways(version));
    story.set_extras(Some(Filter::Everything));
    story.start_agent_with(arguments);
    story.applied();
    story.routes(&ALL);
    story
}

/// Kills the agent, and starts another one.
#[track_caller]
fn kill_and_start(story: &mut Story, arguments: &[&str]) {
    story.take_agent().kill();
    // The status of the one before is no answer of the next.
    story.node().run(["rm", "-f", "/var/lib/routelet/status.json"]).unwrap();
    story.start_agent_with(arguments);
}

#[track_caller]
fn killed_within_the_guards_time(version: FrrVersion) {
    let arguments = ["--guard", "10"];
    let mut story = started_with(version, &arguments);
    let is_confirmed = || !story.node().exists(DOUBTS);
    wait::until("the extras to be confirmed", CONVERGED_WITHIN, is_confirmed).unwrap();
    // Every session is lost.
    let good = story.demo.base.render();
    let wrong = good.replace("remote-as 64513", "remote-as 64999");
    let before = story.status()["config"]["generation"].clone();
    story.node().replace_file(TwoGateways::BASE_PATH, &wrong).unwrap();
    story.until_status("the change", |status| {
        status["config"]["generation"] != before
            && status["config"]["generation"] == status["config"]["appliedGeneration"]
    });
    assert_eq!(story.node().run(["stat", "-c", "%a", DOUBTS]).unwrap().trim(), "600");
    kill_and_start(&mut story, &arguments);
    let status = story.until_status("the guard to trip", |status| reason(status) == "GuardTripped");
    assert!(status.to_string().contains("did not come back"), "{status}");
    assert!(story.agent().log().unwrap().contains("change is still on trial"));
    story.routes(&ALL);

    // The next one knows it too, and does not try it again.
    let sessions = connections(story.node());
    kill_and_start(&mut story, &arguments);
    story.until_status("what is known", |status| reason(status) == "GuardTripped");
    story.routes(&ALL);
    assert_eq!(connections(story.node()), sessions);
    let log = story.agent().log().unwrap();
    assert!(!log.contains("configuration applied"), "{log}");

    // Another content is another matter.
    story.node().replace_file(TwoGateways::BASE_PATH, &good).unwrap();
    story.applied();
    story.routes(&ALL);
}

#[test]
fn a_guarded_change_is_taken_back_by_the_next_agent_on_7_5_1() {
    killed_within_the_guards_time(FrrVersion::V7_5_1);
}

#[test]
fn a_guarded_change_is_taken_back_by_the_next_agent_on_8_4_4() {
    killed_within_the_guards_time(FrrVersion::V8_4_4);
}

#[test]
fn a_guarded_change_is_taken_back_by_the_next_agent_on_10_3() {
    killed_within_the_guards_time(FrrVersion::V10_3);
}

#[test]
fn a_guarded_change_is_taken_back_by_the_next_agent_on_10_7() {
    killed_within_the_guards_time(FrrVersion::V10_7);
}

#[test]
fn what_frr_did_not_take_is_not_tried_again_by_the_next_agent() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V10_7] {
        let mut story = started_with(version, &[]);
        let good = story.demo.base.render();
        let own = TwoGateways::NODE_ADDRESSES[0].0;
        let bad = format!("{good}\nrouter bgp 64512\n neighbor {own} remote-as 65001\n");
        let line = bad.lines().count();
        let is_named = |status: &Value| {
            let errors = status["sources"][0]["errors"].as_array().cloned().unwrap_or_default();
            errors.iter().any(|error| error["line"] == line)
                && status["config"]["generation"] == status["config"]["appliedGeneration"]
        };
        story.node().replace_file(TwoGateways::BASE_PATH, &bad).unwrap();
        story.until_status("the line to be named", is_named);
        let before = connections(story.node());
        kill_and_start(&mut story, &[]);
        story.until_status("the line to be named again", is_named);
        let log = story.agent().log().unwrap();
        assert!(!log.contains("apply failed"), "FRR {version}: it is tried again\n{log}");
        // Other sources go on.
        story.set_extras(None);
        story.routes(&[]);
        assert_eq!(connections(story.node()), before, "FRR {version}");
        // A person may want to see it again.
        let output = story.node().exec(["routelet", "apply", "--now"]).unwrap();
        assert_eq!(output.status.code(), Some(1), "FRR {version}: {}", output.text());
        assert!(output.text().contains(&format!("base:{line}: ")), "FRR {version}: {}", output.text());
        assert!(story.agent().log().unwrap().contains("apply failed"), "FRR {version}");
        story.node().replace_file(TwoGateways::BASE_PATH, &good).unwrap();
        story.until_status("the good base", |status| status["sources"][0]["accepted"] == true);
    }
}

#[test]
fn a_vtysh_that_waits_for_a_killed_agent_is_let_go() {
    for version in FrrVersion::ALL {
        let mut story = started_with(version, &[]);
        let holds = |story: &Story| story.node().vtysh("show running-config").unwrap();
        let before = holds(&story);
        story.take_agent().kill();
        // As an agent leaves it that is killed while it makes the lines.
        let wait_at_a_pipe = "cd /var/lib/routelet/reload && rm -f lines.conf && mkfifo -m 600 lines.gate && \
                              ln lines.gate lines.conf && exec vtysh -f lines.conf";
        let (mut waiting, _) = story.node().spawn(["sh", "-c", wait_at_a_pipe]).unwrap();
        // It takes far less to load a file.
        wait::pass(Duration::from_secs(1));
        assert!(waiting.is_running(), "FRR {version}: vtysh does not wait");
        story.start_agent_with(&[]);
        waiting.wait(CONVERGED_WITHIN).unwrap();
        story.applied();
        assert_eq!(holds(&story), before, "FRR {version}");
        assert!(!story.node().exists("/var/lib/routelet/reload/lines.gate"), "FRR {version}");
    }
}
