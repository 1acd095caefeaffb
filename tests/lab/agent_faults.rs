//! What goes wrong beside the agent, and with it: daemons, files, and the agent itself.

use std::time::Duration;

use nix::sys::signal::Signal;
use routelet_tests::lab::{
    FrrVersion,
    metallb::Filter,
    topologies::{TwoGateways, two_gateways},
    wait,
};

use crate::story::{ALL, CONVERGED_WITHIN, Story, connections};

/// How long an idle agent is watched.
const IDLE: Duration = Duration::from_mins(1);

#[test]
fn an_idle_agent_changes_nothing_and_is_silent() {
    let stories: Vec<Story> = FrrVersion::ALL
        .into_iter()
        .map(|version| {
            let mut story = Story::without_agent(two_gateways(version));
            story.set_extras(Some(Filter::Everything));
            story.start_agent();
            story.routes(&ALL);
            story
        })
        .collect();
    // The look after the last clear is part of the change: idle begins when it is over.
    let mut stories = stories;
    for story in &mut stories {
        story.until_status("every policy in effect", |status| {
            let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
            conditions
                .iter()
                .any(|condition| condition["type"] == "PoliciesInEffect" && condition["status"] == "True")
        });
    }
    // FRR's own delay timer asks the peers once more, 5 s after the change: that is not the agent's doing either.
    for story in &stories {
        wait::until("FRR's own refresh", CONVERGED_WITHIN, || refreshes(story).iter().all(|sent| *sent >= 2))
            .unwrap();
    }
    let before: Vec<_> = stories
        .iter_mut()
        .map(|story| {
            (story.agent().log().unwrap(), connections(story.node()), refreshes(story), written(story))
        })
        .collect();
    let (idle, _) = wait::timed(|| wait::until("a minute to pass", IDLE, || false));
    assert!(idle.is_err());
    for (story, (log, sessions, refreshes_before, written_before)) in stories.iter_mut().zip(before) {
        assert_eq!(story.agent().log().unwrap(), log);
        assert_eq!(connections(story.node()), sessions);
        assert_eq!(refreshes(story), refreshes_before);
        assert_eq!(written(story), written_before);
    }
}

/// `routeRefreshSent` of every peer.
fn refreshes(story: &Story) -> Vec<u64> {
    let neighbors = story.node().vtysh_json("show bgp neighbors json").unwrap();
    let peers = neighbors.as_object().unwrap().values();
    peers.map(|peer| peer["messageStats"]["routeRefreshSent"].as_u64().unwrap()).collect()
}

/// When something for FRR was written last: lines for vtysh, or a file for frr-reload.
fn written(story: &Story) -> String {
    story.node().run(["find", "/var/lib/routelet/reload", "-type", "f", "-printf", "%p %T+\\n"]).unwrap()
}

#[track_caller]
fn killed_and_restarted(version: FrrVersion) {
    let mut story = Story::start(version);
    story.set_extras(Some(Filter::Everything));
    story.routes(&ALL);
    let before = connections(story.node());

    story.take_agent().kill();
    assert_eq!(story.kernel_routes(), ALL.map(|(prefix, hops)| (prefix.to_owned(), hops)).into());
    story.start_agent();
    story.until_status("the running state to be adopted", |status| status["config"]["result"] == "Unchanged");

    // At any time: also in the middle of an apply.
    for pause in [0, 100, 300, 600, 900, 1200, 1600] {
        let is_in = pause % 200 == 0;
        story.set_extras(is_in.then_some(Filter::Everything));
        let paused = wait::until("the moment", Duration::from_millis(pause), || false);
        assert!(paused.is_err());
        story.take_agent().kill();
        story.start_agent();
        let want: &[_] = if is_in { &ALL } else { &[] };
        story.routes(want);
    }
    assert_eq!(connections(story.node()), before);
}

#[test]
fn a_killed_agent_leaves_all_as_it_is_and_adopts_it_on_7_5_1() {
    killed_and_restarted(FrrVersion::V7_5_1);
}

#[test]
fn a_killed_agent_leaves_all_as_it_is_and_adopts_it_on_10_7() {
    killed_and_restarted(FrrVersion::V10_7);
}

#[track_caller]
fn daemon_is_silent(version: FrrVersion, daemon: &str, signal: bool) {
    let mut story = Story::start(version);
    let written_before = written(&story);
    if signal {
        story.node().signal_daemon(daemon, Signal::SIGSTOP).unwrap();
    } else {
        story.node().stop_daemon(daemon).unwrap();
    }
    story.set_extras(Some(Filter::Everything));
    story.until_status("the reason", |status| {
        let conditions = status["conditions"].to_string();
        conditions.contains(daemon) && status["config"]["generation"] != status["config"]["appliedGeneration"]
    });
    assert_eq!(written(&story), written_before, "nothing is written while {daemon} is silent");
    if signal {
        story.node().signal_daemon(daemon, Signal::SIGCONT).unwrap();
    } else {
        story.node().start_daemon(daemon).unwrap();
        story.node().load_config().unwrap();
    }
    story.applied();
    story.routes(&ALL);
}

#[test]
fn nothing_is_written_while_bgpd_is_dead() {
    daemon_is_silent(FrrVersion::V8_4_4, "bgpd", false);
}

#[test]
fn nothing_is_written_while_bgpd_hangs() {
    daemon_is_silent(FrrVersion::V10_7, "bgpd", true);
}

#[test]
fn nothing_is_written_while_mgmtd_hangs() {
    daemon_is_silent(FrrVersion::V10_7, "mgmtd", true);
}

#[test]
fn nothing_is_written_while_zebra_hangs() {
    daemon_is_silent(FrrVersion::V7_5_1, "zebra", true);
}

#[track_caller]
fn bgpd_is_restarted_empty(version: FrrVersion) {
    let mut story = Story::start(version);
    story.set_extras(Some(Filter::Everything));
    story.routes(&ALL);
    story.node().stop_daemon("bgpd").unwrap();
    story.node().start_daemon("bgpd").unwrap();
    story.routes(&ALL);
}

#[test]
fn a_bgpd_that_lost_its_configuration_gets_it_back_on_7_5_1() {
    bgpd_is_restarted_empty(FrrVersion::V7_5_1);
}

#[test]
fn a_bgpd_that_lost_its_configuration_gets_it_back_on_10_7() {
    bgpd_is_restarted_empty(FrrVersion::V10_7);
}

/// Bad bases, one after the other; each is named in the status, and nothing moves.
#[test]
fn a_bad_base_is_refused_and_the_last_good_one_stays() {
    let mut story = Story::start(FrrVersion::V10_7);
    story.set_extras(Some(Filter::Everything));
    story.routes(&ALL);
    let before = connections(story.node());
    let good = story.demo.base.render();
    let base = TwoGateways::BASE_PATH;
    let bad: [(&str, Vec<u8>); 5] = [
        ("says nothing", b"! nothing\n\n".to_vec()),
        ("not UTF-8", [good.as_bytes(), b"! \xff\n"].concat()),
        ("NUL byte", [good.as_bytes(), b"! \0\n"].concat()),
        ("larger than 4 MiB", format!("{good}{}", "! filler\n".repeat(600_000)).into_bytes()),
        ("FRR refuses this line", format!("{good}frobnicate yes\n").into_bytes()),
    ];
    for (reason, content) in bad {
        story.node().replace_file(base, content).unwrap();
        let status =
            story.until_status(reason, |status| status["sources"][0]["errors"].to_string().contains(reason));
        assert_eq!(status["sources"][0]["accepted"], false, "{status}");
        story.routes(&ALL);
        story.node().replace_file(base, &good).unwrap();
        story.until_status("the good base", |status| status["sources"][0]["accepted"] == true);
    }
    story.node().run(["rm", base]).unwrap();
    story.until_status("the missing base", |status| {
        status["sources"][0]["errors"].to_string().contains("does not exist")
    });
    story.node().run(["mkdir", base]).unwrap();
    story.until_status("the directory", |status| {
        status["sources"][0]["errors"].to_string().contains("is a directory")
    });
    story.routes(&ALL);
    assert_eq!(connections(story.node()), before);
    assert!(story.agent().log().unwrap().contains("frr.conf is a directory, not a file"));
}

/// A base that was never there: the agent waits, says so, and is ready (there is nothing to apply).
#[test]
fn a_missing_base_is_waited_for() {
    let mut story = Story::without_agent(two_gateways(FrrVersion::V8_4_4));
    let good = story.demo.base.render();
    story.node().run(["rm", TwoGateways::BASE_PATH]).unwrap();
    let before = connections(story.node());
    story.start_agent_with(&[]);
    story.until_status("the reason", |status| {
        status["sources"][0]["errors"].to_string().contains("does not exist")
    });
    assert_eq!(connections(story.node()), before);
    // As MetalLB writes: in place.
    story.node().write_file(TwoGateways::BASE_PATH, good).unwrap();
    story.applied();
    assert_eq!(connections(story.node()), before);
}

/// `ge 8` below the prefix's own length: FRR takes the file, exit code 0, and drops the lines beside it.
#[test]
fn t6_a_range_that_frr_drops_late_is_refused_early() {
    let mut story = Story::start(FrrVersion::V8_4_4);
    let bad = format!("{}ip prefix-list a seq 5 permit 10.0.0.0/16 ge 8\n", story.demo.base.render());
    let line = bad.lines().count();
    story.node().replace_file(TwoGateways::BASE_PATH, bad).unwrap();
    story.until_status("the refusal", |status| status["sources"][0]["errors"][0]["line"] == line);
    let deadline = CONVERGED_WITHIN;
    story.set_extras(Some(Filter::Everything));
    wait::until("the extras beside it", deadline, || story.kernel_routes().len() == ALL.len()).unwrap();
}
