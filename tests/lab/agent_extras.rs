//! The main job: extras that come after the sessions, change, are wrong, and go.

use nix::sys::signal::Signal;
use routelet_tests::lab::{
    FrrVersion, metallb::Filter, topologies::TwoGateways, topologies::two_gateways, wait,
};

use crate::story::{ALL, CONVERGED_WITHIN, Story, connections};

/// How often extras are put in and taken out.
const EDITS: usize = 20;

#[track_caller]
fn the_story(version: FrrVersion) {
    let mut story = Story::start(version);
    story.routes(&[]);
    let before = connections(story.node());

    story.set_extras(Some(Filter::Everything));
    story.routes(&ALL);

    let filter = ["10.100.0.0/16 le 32", "2001:db8:100::/64"];
    story.set_extras(Some(Filter::Prefixes(&filter)));
    let filtered = [("10.100.0.0/24", 2), ("10.100.1.0/24", 2), ("2001:db8:100::/64", 2)];
    story.routes(&filtered);

    let broken = format!("{}router bgp 64512\n", story.extras_text(Filter::Everything));
    let line = broken.lines().count();
    story.extras.set(&[("extras", broken)]).unwrap();
    story.until_status("the refusal", |status| status["sources"][1]["errors"][0]["line"] == line);
    story.routes(&filtered);

    story.set_extras(None);
    story.routes(&[]);
    assert_eq!(connections(story.node()), before);
    assert_eq!(story.take_agent().stop().unwrap().code(), Some(0));
}

#[test]
fn extras_come_change_are_refused_and_go_on_7_5_1() {
    the_story(FrrVersion::V7_5_1);
}

#[test]
fn extras_come_change_are_refused_and_go_on_8_4_4() {
    the_story(FrrVersion::V8_4_4);
}

#[test]
fn extras_come_change_are_refused_and_go_on_10_3() {
    the_story(FrrVersion::V10_3);
}

#[test]
fn extras_come_change_are_refused_and_go_on_10_7() {
    the_story(FrrVersion::V10_7);
}

/// The action of entry 20 of every inbound map, as FRR runs it.
fn actions(story: &Story) -> Vec<String> {
    let running = story.node().vtysh("show running-config").unwrap();
    let entries = running.lines().filter(|line| {
        line.starts_with("route-map ") && line.ends_with("-in permit 20") || line.ends_with("-in deny 20")
    });
    entries.map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect()
}

#[track_caller]
fn edited_often(version: FrrVersion) {
    let mut story = Story::start(version);
    let before = connections(story.node());
    for edit in 0..EDITS {
        let is_in = edit % 2 == 0;
        story.set_extras(is_in.then_some(Filter::Everything));
        let want = vec![if is_in { "permit" } else { "deny" }; story.demo.base.peers.len()];
        wait::until(&format!("edit {edit}"), CONVERGED_WITHIN, || {
            let have = actions(&story);
            if have == want { Ok(()) } else { Err(format!("{have:?}")) }
        })
        .unwrap();
    }
    story.routes(&[]);
    assert_eq!(connections(story.node()), before);
}

#[test]
fn twenty_edits_reset_no_session_on_7_5_1() {
    edited_often(FrrVersion::V7_5_1);
}

#[test]
fn twenty_edits_reset_no_session_on_8_4_4() {
    edited_often(FrrVersion::V8_4_4);
}

#[test]
fn twenty_edits_reset_no_session_on_10_3() {
    edited_often(FrrVersion::V10_3);
}

#[test]
fn twenty_edits_reset_no_session_on_10_7() {
    edited_often(FrrVersion::V10_7);
}

/// `MetalLB` appends the extras to its file by itself: `deny 20` and `permit 20` of one entry, which frr-reload flips.
#[track_caller]
fn appended_and_applied_again(version: FrrVersion) {
    let mut demo = two_gateways(version);
    let extras = routelet_tests::lab::metallb::extras(&demo.base.peers, Filter::Everything);
    let mut story = Story::without_agent(two_gateways(version));
    demo.base = demo.base.append(&extras);
    story.node().write_file(TwoGateways::BASE_PATH, demo.base.render()).unwrap();
    story.start_agent_with(&["--engine", "frr-reload"]);
    story.applied();
    story.routes(&ALL);
    let generation = story.status()["config"]["generation"].clone();
    for round in 0..10 {
        story.agent().signal(Signal::SIGHUP).unwrap();
        let want = round + 1;
        wait::until("the file to be read again", CONVERGED_WITHIN, || {
            story.agent().log().unwrap().matches("asked to read the sources again").count() == want
        })
        .unwrap();
        assert_eq!(actions(&story), vec!["permit"; demo.base.peers.len()]);
    }
    // frr-reload by hand on what the agent rendered: each object is there once, so nothing flips.
    for _ in 0..3 {
        let reload = ["python3", "/usr/lib/frr/frr-reload.py", "--reload", "--stdout", "--confdir"];
        let dir = "/var/lib/routelet/reload";
        let file = format!("{dir}/frr.conf");
        story.node().run(reload.into_iter().chain([dir, file.as_str()])).unwrap();
        assert_eq!(actions(&story), vec!["permit"; demo.base.peers.len()]);
    }
    story.routes(&ALL);

    story.node().write_file(TwoGateways::BASE_PATH, two_gateways(version).base.render()).unwrap();
    story.set_extras(Some(Filter::Everything));
    story.until_status("base and extras apart", |status| {
        status["sources"][1]["digest"].is_string() && status["sources"][1]["acceptedTime"].is_string()
    });
    story.routes(&ALL);
    assert_eq!(story.status()["config"]["generation"], generation);
}

#[test]
fn appended_extras_are_the_same_as_mounted_ones_on_7_5_1() {
    appended_and_applied_again(FrrVersion::V7_5_1);
}

#[test]
fn appended_extras_are_the_same_as_mounted_ones_on_10_7() {
    appended_and_applied_again(FrrVersion::V10_7);
}

/// One `bgpextras` serves all nodes, and may be there before the peer is.
#[test]
fn an_entry_for_a_peer_waits_until_the_base_has_it() {
    let mut demo = two_gateways(FrrVersion::V8_4_4);
    let peers = demo.base.peers.clone();
    let late = peers.last().unwrap().address.to_string();
    let mut story = Story::without_agent(two_gateways(FrrVersion::V8_4_4));
    demo.base.peers.pop();
    story.node().write_file(TwoGateways::BASE_PATH, demo.base.render()).unwrap();
    story.set_extras(Some(Filter::Everything));
    story.start_agent();
    let without_late: Vec<(&str, usize)> = ALL
        .into_iter()
        .filter(|(prefix, _)| *prefix != "2001:db8:2::/64")
        .map(|(prefix, hops)| (prefix, if prefix.starts_with("2001") { 1 } else { hops }))
        .collect();
    story.routes(&without_late);
    assert!(story.agent().log().unwrap().contains(&format!("the base has no peer {late}")));
    let running = story.node().vtysh("show running-config").unwrap();
    assert!(!running.contains(&format!("route-map {late}-in")), "{running}");

    demo.base.peers = peers;
    story.node().write_file(TwoGateways::BASE_PATH, demo.base.render()).unwrap();
    story.routes(&ALL);
}
