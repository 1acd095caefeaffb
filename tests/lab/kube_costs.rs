//! What a node costs the API server.

use std::time::Duration;

use routelet_tests::{
    kube::Request,
    lab::{FrrVersion, metallb::Filter, topologies::TwoGateways, wait},
};

use crate::{
    kube_story::{KubeStory, TOLD_WITHIN, condition, is},
    story::{CONVERGED_WITHIN, connections},
};

/// How long the session flaps.
const FLAPPING: Duration = Duration::from_secs(20);

/// Longer than anything waits that has happened.
const QUIET: Duration = Duration::from_secs(3);

/// How long a node is watched that has nothing to say; `ROUTELET_STEADY_SECONDS`, 600 for ten minutes.
fn steady() -> Duration {
    let seconds = std::env::var("ROUTELET_STEADY_SECONDS").map_or(30, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

/// Waits until what is on its way is there.
#[track_caller]
fn until_quiet(kube: &KubeStory) {
    wait::unchanged("the last write", QUIET, TOLD_WITHIN, || kube.writes().len()).unwrap();
}

/// Waits until everything is well and told, then returns what is written while nothing happens.
#[track_caller]
fn written_in_a_steady_state(kube: &mut KubeStory) -> Vec<Request> {
    kube.until_status("everything to be well", |status| {
        is(status, "Ready", "True") && condition(status, "PoliciesInEffect").1 == "InEffect"
    });
    kube.until_sessions("the routes", |sessions| {
        sessions.len() == 4 && sessions.values().all(|session| session["prefixes"]["received"] == 3)
    });
    until_quiet(kube);
    let before = kube.writes().len();
    wait::pass(steady());
    kube.writes().split_off(before)
}

#[test]
fn a_steady_state_costs_nothing_but_heartbeats() {
    let mut kube = KubeStory::start(FrrVersion::NEWEST, &["--heartbeat", "0"]);
    kube.story.set_extras(Some(Filter::Everything));
    assert_eq!(written_in_a_steady_state(&mut kube), [], "without heartbeats");

    kube.story.take_agent().stop().unwrap();
    let before = kube.writes().len();
    kube.start_agent(&[]);
    kube.story.applied();
    let writes = written_in_a_steady_state(&mut kube);
    let beats = steady().as_secs() / (5 * 60 * 4 / 5) + 1;
    assert!(writes.len() as u64 <= beats, "with the default: {writes:?}");
    assert!(writes.iter().all(|write| write.resource == "bgpnodes"), "{writes:?}");
    // A new agent finds what the one before it said, and says little more: its heartbeat, and that it looks.
    let at_start = kube.writes().len() - before - writes.len();
    assert!(at_start <= 6, "{at_start} writes at a restart: {:?}", kube.writes().split_off(before));

    kube.story.take_agent().stop().unwrap();
    kube.start_agent(&["--heartbeat", "10s"]);
    kube.until_status("the period of the new heart", |status| status["heartbeatSeconds"] == 10);
    let first = kube.status()["lastHeartbeat"].clone();
    wait::until("a heartbeat", Duration::from_secs(13), || kube.status()["lastHeartbeat"] != first).unwrap();
}

#[test]
#[expect(clippy::print_stderr, reason = "what people see is worth a look")]
fn a_session_that_flaps_is_told_once_a_second_and_counted_right() {
    let mut kube = KubeStory::start(FrrVersion::NEWEST, &["--heartbeat", "0"]);
    kube.until_sessions("four sessions", |sessions| sessions.len() == 4);
    let (peer, name) = ("172.30.1.3", "node.default.172.30.1.3");
    let gateway = kube.story.lab.node(TwoGateways::GATEWAYS[0]).clone();
    let node_address = TwoGateways::NODE_ADDRESSES[0].0;
    until_quiet(&kube);
    let mut flaps = 0;
    let begin = kube.writes().len();
    let ((), took) = wait::timed(|| {
        wait::until("enough flaps", FLAPPING * 2, || {
            gateway.vtysh(&format!("clear bgp {node_address}")).unwrap();
            flaps += 1;
            wait::pass(Duration::from_secs(1));
            flaps >= FLAPPING.as_secs()
        })
        .unwrap();
    });
    wait::until("the session", CONVERGED_WITHIN, || {
        kube.story.node().bgp_state(peer).unwrap().as_deref() == Some("Established")
    })
    .unwrap();
    let (established, dropped) = connections(kube.story.node())[peer];
    assert!(dropped > 5, "it flapped {dropped} times");
    let sessions = kube.until_sessions("the final state", |sessions| {
        sessions[peer]["flaps"] == dropped && sessions[peer]["sessionState"] == "Established"
    });
    assert_eq!(sessions[peer]["establishedTransitions"], established);

    let writes = kube.writes().split_off(begin);
    let mine: Vec<&Request> = writes.iter().filter(|write| write.name == name).collect();
    assert!(mine.len() as u64 <= took.as_secs() + TOLD_WITHIN.as_secs(), "{} in {took:?}", mine.len());
    for pair in mine.windows(2) {
        let apart = pair[1].time.duration_since(pair[0].time);
        assert!(apart.as_secs_f64() > 0.9, "{apart:?} between {pair:?}");
    }
    let others = writes.iter().filter(|write| write.resource == "bgpsessions" && write.name != name);
    assert_eq!(others.count(), 0, "{writes:?}");
    // Events: one series for each of its two ends, however often.
    let events = kube.events();
    let down = events.iter().filter(|event| event.contains("SessionDown: session with 172.30.1.3")).count();
    assert!((1..=3).contains(&down), "{events:?}");
    eprintln!("{dropped} flaps in {took:?}: {} writes of the session, {} in all", mine.len(), writes.len());
}
