//! Secrets reach FRR and nobody else.

use routelet_tests::lab::{FrrVersion, topologies::TwoGateways, wait};

use crate::{
    kube_story::{KubeStory, condition},
    story::CONVERGED_WITHIN,
};

/// The word that must not be seen.
const SECRET: &str = "hUsh-9f3";

/// Wherever FRR allows a secret, as a base may have it; the daemons of most are not there, which FRR says of the lines.
fn secrets() -> Vec<String> {
    let lines = [
        "router bgp 64512\n neighbor 192.0.2.99 remote-as 64999\n neighbor 192.0.2.99 password SECRET",
        "password SECRET",
        "enable password SECRET",
        "username ops password SECRET",
        "key chain ring\n key 1\n  key-string SECRET",
        "interface eth-a\n ip ospf message-digest-key 1 md5 SECRET",
        "interface eth-a\n ip ospf authentication-key SECRET",
        "interface eth-a\n ip rip authentication string SECRET",
        "interface eth-a\n isis password md5 SECRET",
        "router isis x\n area-password clear SECRET\n domain-password md5 SECRET",
        "mpls ldp\n neighbor 192.0.2.98 password SECRET",
        "interface eth-a\n ip nhrp authentication SECRET",
        "router ospf\n area 1 virtual-link 192.0.2.97 message-digest-key 1 md5 SECRET",
    ];
    lines.iter().map(|line| line.replace("SECRET", SECRET)).collect()
}

#[track_caller]
fn hidden(what: &str, text: &str) {
    // A token of Kubernetes begins so: {"alg": in base64.
    let is_seen = |line: &&str| line.contains(SECRET) || line.contains("eyJhbGciOi");
    let seen: Vec<&str> = text.lines().filter(is_seen).collect();
    assert!(seen.is_empty(), "{what}: {seen:#?}");
}

/// Looks at everything that leaves the agent, and wants it to be something.
#[track_caller]
fn nothing_is_seen(kube: &mut KubeStory, when: &str) {
    for kind in ["bgpnodes", "bgpsessions", "events", "nodes"] {
        let text = kube.server.kubectl(["get", kind, "--all-namespaces", "-o", "yaml"]).unwrap();
        hidden(&format!("{when}: {kind}"), &text);
    }
    for page in ["/metrics", "/status", "/readyz"] {
        let response = kube.story.agent().http_get(page).unwrap();
        assert!(!response.body.is_empty(), "{page}");
        hidden(&format!("{when}: {page}"), &response.body);
    }
    hidden(&format!("{when}: log"), &kube.story.agent().log().unwrap());
    let table = kube.story.node().run(["routelet", "status", "-o", "wide"]).unwrap();
    hidden(&format!("{when}: table"), &table);
}

#[test]
fn secrets_are_in_no_object_event_log_metric_or_page() {
    let mut kube = KubeStory::start(FrrVersion::NEWEST, &["--log", "trace", "--drift", "report"]);
    kube.until_status("the node", |status| condition(status, "ConfigApplied").0 == "True");
    // As somebody types it.
    let router = format!("router bgp {}", TwoGateways::NODE_ASN);
    let lines =
        ["neighbor 192.0.2.99 remote-as 64999".to_owned(), format!("neighbor 192.0.2.99 password {SECRET}")];
    let said = kube.story.node().vtysh_all(&["configure terminal", &router, &lines[0], &lines[1]]).unwrap();
    assert!(!said.contains('%'), "{said}");
    kube.until_status("the drift", |status| {
        condition(status, "ConfigApplied").1 == "Drifted"
            && status["config"]["drift"].to_string().contains("password")
    });
    kube.until_event("Warning DriftFound: ");
    nothing_is_seen(&mut kube, "drift");

    // As a base or the extras say it; FRR may keep what it cannot take back.
    let good = kube.story.demo.base.render();
    for (number, lines) in secrets().into_iter().enumerate() {
        // As it is, which FRR or the agent takes or not; then with a mistake in the very line.
        for text in [lines.clone(), lines.replace(SECRET, &format!("{SECRET} {SECRET} )("))] {
            let base = format!("{good}{text}\n");
            kube.story.node().write_file(TwoGateways::BASE_PATH, &base).unwrap();
            let done = kube.story.agent().log().unwrap().len();
            wait::until("the agent to look at it", CONVERGED_WITHIN, || {
                kube.story.agent().log().unwrap().len() > done
            })
            .unwrap();
        }
        // And as an extra, which may say nothing of that kind.
        kube.story.extras.set(&[("extras", lines)]).unwrap();
        kube.until_status("the refusal", |status| condition(status, "SourcesAccepted").1 == "SourceRejected");
        nothing_is_seen(&mut kube, &format!("secret {number}"));
    }
}
