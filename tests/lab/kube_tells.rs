//! What people see of a node in Kubernetes.

use std::collections::BTreeSet;

use routelet_tests::lab::{Agent, FrrVersion, metallb::Filter, topologies::TwoGateways, wait};
use serde_json::json;

use crate::{
    kube_story::{AGENT, KubeStory, NODE, condition, is},
    story::{ALL, CONVERGED_WITHIN},
};

/// An entry that the contract of the extras does not have.
const FOREIGN: &str = "route-map 172.30.1.3-in permit 30\n";

/// Shuts the sessions of gw-a down, with `word` empty, or brings them up again, with `no `.
#[track_caller]
fn shut_down(kube: &KubeStory, word: &str) {
    let router = format!("router bgp {}", TwoGateways::GATEWAY_ASN);
    let (four, six) = TwoGateways::NODE_ADDRESSES[0];
    let lines = [format!("{word}neighbor {four} shutdown"), format!("{word}neighbor {six} shutdown")];
    let commands = ["configure terminal", &router, &lines[0], &lines[1]];
    let said = kube.story.lab.node(TwoGateways::GATEWAYS[0]).vtysh_all(&commands).unwrap();
    assert!(!said.contains('%'), "{said}");
}

/// The most that an object of a node with four sessions may have, in etcd's words; bytes.
const OBJECT_BYTES_MAX: usize = 4096;

#[track_caller]
#[expect(clippy::print_stderr, reason = "the number is worth a look")]
fn is_small(kube: &KubeStory, object: &str) {
    let path = format!("/apis/routelet.io/v1alpha1/{object}");
    let text = kube.server.kubectl(["get", "--raw", &path]).unwrap();
    eprintln!("{object}: {} bytes", text.len());
    assert!(text.len() <= OBJECT_BYTES_MAX, "{text}");
}

#[expect(clippy::print_stderr, reason = "what people see is worth a look")]
fn the_story_as_kubectl_tells_it(version: FrrVersion) {
    let mut kube = KubeStory::start(version, &[]);
    let show = |kube: &KubeStory, words: &[&str]| {
        let text = kube.server.kubectl(words).unwrap();
        eprintln!("$ kubectl {}\n{text}", words.join(" "));
        text
    };
    kube.until_status("four sessions", |status| status["sessions"]["established"] == 4);
    let wait_ready = ["wait", "--for=condition=Ready", "bgpnode/node", "--timeout=20s"];
    show(&kube, &wait_ready);
    let table = show(&kube, &["get", "bgpnodes,bgpsessions"]);
    for title in
        ["READY", "CONFIG", "SESSIONS", "GATEWAYS", "FRR", "PEER", "ASN", "STATE", "SINCE", "ACCEPTED"]
    {
        assert!(table.contains(title), "{title}");
    }
    let row = table.lines().find(|line| line.contains("bgpnode.routelet.io/node")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells[1..7], ["True", "Applied", "4/4", "0", "0", "0"], "{row}");

    kube.story.set_extras(Some(Filter::Everything));
    kube.story.routes(&ALL);
    kube.until_status("the routes", |status| {
        status["routes"] == json!({"ipv4": 4, "ipv6": 4}) && status["gatewayCount"] == 4
    });
    let sessions = kube.until_sessions("what was let through", |sessions| {
        sessions.len() == 4
            && sessions
                .values()
                .all(|session| session["prefixes"]["received"] == 3 && is(session, "RoutesAccepted", "True"))
    });
    for session in sessions.values() {
        assert_eq!((&session["sessionState"], &session["peerAS"]), (&json!("Established"), &json!(64513)));
        assert_eq!(condition(session, "Established"), ("True".into(), "SessionEstablished".into()));
    }
    show(&kube, &["get", "bgpnodes,bgpsessions"]);
    is_small(&kube, "bgpnodes/node");
    is_small(&kube, "bgpsessions/node.default.172.30.1.3");
    kube.until_event("Normal ConfigApplied: FRR runs generation");
    kube.until_event("Normal SessionCleared: 172.30.1.3 (AS 64513) ipv4-unicast: routes asked for again");

    // What is refused is named, with its line.
    let refused = format!("{}{FOREIGN}", kube.story.extras_text(Filter::Everything));
    let line = refused.lines().count();
    kube.story.extras.set(&[("extras", refused)]).unwrap();
    kube.until_status("the refusal", |status| {
        condition(status, "SourcesAccepted") == ("False".into(), "SourceRejected".into())
    });
    kube.until_event(&format!("Warning ConfigRejected: extras:{line}: "));
    show(&kube, &["get", "bgpnode", NODE, "-o", "wide"]);
    kube.story.set_extras(Some(Filter::Everything));
    kube.until_status("the good extras", |status| is(status, "Ready", "True"));

    shut_down(&kube, "");
    kube.until_sessions("the lost sessions", |sessions| is(&sessions["172.30.1.3"], "Established", "False"));
    let status = kube.until_status("the loss", |status| is(status, "SessionsEstablished", "False"));
    assert_eq!(condition(&status, "Ready").1, "SomeDown");
    kube.until_event("Warning SessionDown: session with 172.30.1.3 (AS 64513) was lost");
    shut_down(&kube, "no ");
    wait::until("the sessions", CONVERGED_WITHIN, || is(&kube.status(), "SessionsEstablished", "True"))
        .unwrap();
    kube.until_event("Normal SessionEstablished: session with 172.30.1.3 (AS 64513) is established");
    show(&kube, &["describe", "bgpnode", NODE]);
    show(&kube, &["describe", "bgpsession", "node.default.172.30.1.3"]);
    show(&kube, &["get", "events", "--sort-by=.eventTime"]);
    eprintln!("{}", kube.events().join("\n"));
}

#[test]
fn the_story_as_kubectl_tells_it_on_8_4_4() {
    the_story_as_kubectl_tells_it(FrrVersion::V8_4_4);
}

#[test]
fn the_story_as_kubectl_tells_it_on_the_newest() {
    the_story_as_kubectl_tells_it(FrrVersion::NEWEST);
}

/// Where the kubelet puts what a pod needs for the API server.
const POD_FILES: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

#[test]
fn in_a_pod_the_agent_finds_the_api_server_by_itself() {
    let mut kube = KubeStory::without_agent(FrrVersion::NEWEST);
    let token = kube.server.token(AGENT.0, AGENT.1).unwrap();
    let node = kube.story.node().clone();
    for (file, text) in
        [("token", token.as_str()), ("ca.crt", kube.server.authority()), ("namespace", AGENT.0)]
    {
        node.write_file(&format!("{POD_FILES}/{file}"), text).unwrap();
    }
    let agent = Agent::builder(&node)
        .base(TwoGateways::BASE_PATH)
        .extras(TwoGateways::EXTRAS_PATH)
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", &kube.server.port().to_string())
        .env("ROUTELET_NODE_NAME", NODE)
        .start()
        .unwrap();
    kube.story.set_agent(agent);
    kube.until_status("four sessions", |status| status["sessions"]["established"] == 4);
    let writers: BTreeSet<String> = kube.writes().into_iter().map(|write| write.user).collect();
    assert_eq!(writers, BTreeSet::from([format!("system:serviceaccount:{}:{}", AGENT.0, AGENT.1)]));
}
