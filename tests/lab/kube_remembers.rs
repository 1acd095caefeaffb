//! What outlives an agent, and what a new one makes of it.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use routelet_tests::lab::{FrrVersion, metallb::Filter, topologies::TwoGateways, wait};
use serde_json::Value;

use crate::{
    kube_story::{KubeStory, NODE, condition, is},
    story::{ALL, CONVERGED_WITHIN},
};

/// The rights that this takes.
const NODE_CONDITION: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/node-condition/rbac.yaml"));

/// The pod that the agent says it is in.
const POD: [&str; 6] =
    ["--pod-name", "routelet-x7", "--pod-namespace", "routelet-system", "--pod-uid", "u-1"];

/// Since when each condition of the node and of each session is so.
fn since(kube: &KubeStory) -> BTreeMap<String, String> {
    let mut since = BTreeMap::new();
    let objects = kube.sessions().into_iter().chain([(NODE.to_owned(), kube.status())]);
    for (name, status) in objects {
        for condition in status["conditions"].as_array().cloned().unwrap_or_default() {
            let word = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
            since.insert(format!("{name} {}={}", word("type"), word("status")), word("lastTransitionTime"));
        }
    }
    since
}

/// Waits until everything is well, in the file, and in Kubernetes since `want`.
#[track_caller]
fn well_since(kube: &mut KubeStory, want: &BTreeMap<String, String>) {
    kube.story.until_status("everything to be well", |status| {
        is(status, "Ready", "True") && status["routes"]["ipv4"] == 4
    });
    let waited = wait::until("the same times", CONVERGED_WITHIN, || {
        let have = since(kube);
        if have == *want { Ok(()) } else { Err(format!("{have:#?}")) }
    });
    waited.unwrap_or_else(|error| panic!("{error}\nwanted {want:#?}\n{}", kube.story.agent().log().unwrap()));
    let in_file = kube.story.status()["conditions"].clone();
    assert_eq!(in_file, kube.status()["conditions"], "the file says the same");
}

#[test]
fn since_when_things_are_so_outlives_agent_and_pod() {
    let mut kube = KubeStory::start(FrrVersion::NEWEST, &[]);
    kube.story.set_extras(Some(Filter::Everything));
    kube.story.routes(&ALL);
    kube.until_status("everything to be well", |status| is(status, "Ready", "True"));
    kube.until_sessions("the routes", |sessions| {
        sessions.len() == 4
            && sessions
                .values()
                .all(|session| is(session, "RoutesAccepted", "True") && is(session, "PolicyInEffect", "True"))
    });
    let before = since(&kube);
    // Times have seconds: a new one is another one.
    wait::pass(std::time::Duration::from_secs(2));

    kube.story.take_agent().kill();
    kube.start_agent(&[]);
    well_since(&mut kube, &before);

    // A new pod: its state directory is empty. What it does not know it asks each peer, which is told as it is.
    kube.story.take_agent().stop().unwrap();
    kube.story.node().run(["rm", "-rf", "/var/lib/routelet"]).unwrap();
    kube.start_agent(&["--clear", "never"]);
    kube.story.until_status("the configuration", |status| is(status, "ConfigApplied", "True"));
    let kept = |key: &&String| {
        !key.contains("PoliciesInEffect") && !key.contains("PolicyInEffect") && !key.contains("Ready")
    };
    let want: BTreeMap<_, _> = before.iter().filter(|(key, _)| kept(key)).collect();
    let waited = wait::until("the same times", CONVERGED_WITHIN, || {
        let have = since(&kube);
        let is_so = want.iter().all(|(key, time)| have.get(*key) == Some(time));
        if is_so { Ok(()) } else { Err(format!("{have:#?}")) }
    });
    waited.unwrap_or_else(|error| panic!("{error}\n{}", kube.story.agent().log().unwrap()));
}

#[test]
fn sessions_of_a_bgpd_that_does_not_answer_are_unknown_even_to_a_new_pod() {
    let mut kube = KubeStory::start(FrrVersion::NEWEST, &POD);
    kube.until_sessions("four sessions", |sessions| sessions.len() == 4);
    kube.story.node().signal_daemon("bgpd", Signal::SIGSTOP).unwrap();
    let all_unknown = |sessions: &BTreeMap<String, Value>| {
        sessions.len() == 4
            && sessions.values().all(|session| {
                session["sessionState"] == "Unknown"
                    && condition(session, "Established") == ("Unknown".into(), "NotObservable".into())
            })
    };
    kube.until_sessions("unknown sessions", all_unknown);
    kube.until_status("the node", |status| status["sessions"]["summary"] == "?");
    kube.until_event("Warning FRRNotReachable: bgpd");
    wait::until("the event of the pod", CONVERGED_WITHIN, || {
        let events = kube.events_of("Pod", "routelet-x7");
        if events.iter().any(|event| event.starts_with("Warning FRRNotReachable")) {
            Ok(())
        } else {
            Err(events.join("\n"))
        }
    })
    .unwrap();

    kube.story.take_agent().kill();
    kube.story.node().run(["rm", "-rf", "/var/lib/routelet"]).unwrap();
    kube.start_agent(&[]);
    kube.story.until_status("the hung bgpd", |status| condition(status, "FRRReachable").1 == "DaemonHung");
    kube.until_sessions("sessions that are still unknown", all_unknown);

    kube.story.node().signal_daemon("bgpd", Signal::SIGCONT).unwrap();
    let back = |sessions: &BTreeMap<String, Value>| {
        sessions.len() == 4 && sessions.values().all(|session| is(session, "Established", "True"))
    };
    kube.until_sessions("the sessions", back);
}

#[test]
fn what_is_no_more_is_deleted_and_the_node_has_a_condition() {
    let mut kube = KubeStory::without_agent(FrrVersion::NEWEST);
    kube.server.apply(NODE_CONDITION).unwrap();
    kube.start_agent(&["--node-condition"]);
    kube.until_sessions("four sessions", |sessions| sessions.len() == 4);
    let learned = |kube: &KubeStory| {
        let text = kube.server.kubectl(["get", "node", NODE, "-o", "json"]).unwrap();
        serde_json::from_str::<Value>(&text).map(|node| condition(&node["status"], "RoutesLearned")).unwrap()
    };
    let says = |kube: &KubeStory, status: &str, reason: &str| {
        wait::until(reason, CONVERGED_WITHIN, || {
            let have = learned(kube);
            if have == (status.to_owned(), reason.to_owned()) { Ok(()) } else { Err(format!("{have:?}")) }
        })
        .unwrap();
    };
    says(&kube, "False", "NoRoutes");
    kube.story.set_extras(Some(Filter::Everything));
    says(&kube, "True", "RoutesReceived");

    let gone = "fd00:30:2::3";
    let mut base = kube.story.demo.base.clone();
    base.peers.retain(|peer| peer.address.to_string() != gone);
    kube.story.node().write_file(TwoGateways::BASE_PATH, base.render()).unwrap();
    kube.until_sessions("three sessions", |sessions| sessions.len() == 3 && !sessions.contains_key(gone));
    // What somebody else deletes is there again with its next change.
    kube.server.kubectl(["delete", "bgpnode", NODE]).unwrap();
    kube.story.set_extras(None);
    kube.until_status("the node", |status| status["routes"]["ipv4"] == 0);
    says(&kube, "False", "NoRoutes");
}
