//! `routelet status --kube`, asking a real API server about objects that no agent wrote.

use std::{collections::BTreeMap, sync::OnceLock, time::Duration};

use frr_driver::{
    session::{AddressFamily, FamilyState, Session, SessionId, SessionState},
    vty_socket::Daemon,
};
use jiff::Timestamp;
use routelet_status::{
    project::project,
    report::{Object, Report},
    snapshot::{ConfigState, DaemonState, FrrState, Snapshot, SourcePolicy, SourceState},
};
use routelet_tests::{
    kube::{ApiServer, Kubeconfig},
    lab::{Agent, Output, wait},
};
use serde::Serialize;
use serde_json::Value;

const ROUTELET: &str = "/usr/local/bin/routelet";
const PLUGIN: &str = "/usr/local/bin/kubectl-routelet";

/// The administrator's kubeconfig, as the server's machine sees it.
const ADMIN: &str = "/etc/kube/admin";

/// What a change may take until it is shown; a list after an outage takes the longest, 5 s.
const SOON: Duration = Duration::from_secs(30);

/// Who may look at sessions, and at nothing else.
const HALF_A_ROLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: half}
rules: [{apiGroups: [routelet.io], resources: [bgpsessions], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: half}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: half}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: half}]
";

/// A server with three nodes: one that is well, one that lost a gateway, and one whose agent is silent.
fn shared() -> &'static ApiServer {
    static SHARED: OnceLock<ApiServer> = OnceLock::new();
    SHARED.get_or_init(|| {
        let server = server();
        report(&server, &told("node-a", &[("10.0.0.1", true), ("10.0.0.2", true)]), 10);
        report(&server, &told("node-b", &[("10.0.0.1", true), ("10.0.0.2", false)]), 10);
        report(&server, &told("node-c", &[("10.0.0.1", true)]), 3600);
        server
    })
}

/// A server that knows the custom resources, with routelet on its machine.
fn server() -> ApiServer {
    let server = bare_server();
    define(&server);
    server
}

fn bare_server() -> ApiServer {
    let server = ApiServer::start().unwrap();
    let machine = server.machine();
    machine.install(&Agent::binary(), ROUTELET).unwrap();
    machine.run(["ln", "-s", ROUTELET, PLUGIN]).unwrap();
    machine.write_file(ADMIN, server.admin().text()).unwrap();
    server
}

#[track_caller]
fn define(server: &ApiServer) {
    server.apply(&server.machine().run([ROUTELET, "crd"]).unwrap()).unwrap();
    for kind in ["bgpnodes", "bgpsessions"] {
        wait::until("the kinds to be served", SOON, || server.kubectl(["get", kind])).unwrap();
    }
}

/// Runs routelet or its plugin on the server's machine, as the administrator.
#[track_caller]
fn run(server: &ApiServer, line: &[&str]) -> Output {
    let environment = ["env", &format!("KUBECONFIG={ADMIN}")].map(str::to_owned);
    server.machine().exec(environment.into_iter().chain(line.iter().map(|&word| word.to_owned()))).unwrap()
}

/// Runs a command that succeeds, and returns what it printed.
#[track_caller]
fn shown(server: &ApiServer, line: &[&str]) -> String {
    let output = run(server, line);
    assert!(output.success() && output.stderr.is_empty(), "{}", output.text());
    output.stdout
}

/// Runs a command that fails, and returns what it complained of.
#[track_caller]
fn complaint(server: &ApiServer, line: &[&str]) -> String {
    let output = run(server, line);
    assert_eq!(output.status.code(), Some(1), "{}", output.text());
    output.stderr
}

/// What an agent tells of a node whose sessions are established or not.
fn told(node: &str, peers: &[(&str, bool)]) -> Report {
    let session = |(peer, is_up): &(&str, bool)| Session {
        state: if *is_up { SessionState::Established } else { SessionState::Active },
        peer_as: Some(64601),
        uptime: is_up.then_some(Duration::from_mins(5)),
        can_route_refresh: true,
        families: BTreeMap::from([(
            AddressFamily::Ipv4Unicast,
            FamilyState { accepted: 12, sent: Some(2), ..FamilyState::default() },
        )]),
        ..Session::unknown(SessionId::in_default_vrf(*peer))
    };
    let base = SourceState {
        name: "base".to_owned(),
        policy: SourcePolicy::Base,
        digest: Some("d1".to_owned()),
        accepted: true,
        accepted_at: Some(Timestamp::now()),
        errors: Vec::new(),
    };
    let snapshot = Snapshot {
        frr: Some(FrrState {
            version: Some("10.7.1".to_owned()),
            daemons: vec![(Daemon::Bgpd, DaemonState::Up)],
        }),
        sources: Some(vec![base]),
        config: ConfigState {
            generation: Some("g1".to_owned()),
            applied_generation: Some("g1".to_owned()),
            ..ConfigState::default()
        },
        sessions: Some(peers.iter().map(session).collect()),
        ..Snapshot::unknown(node, Timestamp::now(), Duration::from_secs(5))
    };
    project(&snapshot, None)
}

/// Writes a report as the agent of the node would have `age` seconds ago.
#[track_caller]
fn report(server: &ApiServer, report: &Report, age: i64) {
    let mut node = report.node.clone();
    node.status.last_heartbeat = Timestamp::from_second(Timestamp::now().as_second() - age).ok();
    node.status.heartbeat_seconds = Some(300);
    write(server, "bgpnodes", &node);
    for session in &report.sessions {
        write(server, "bgpsessions", session);
    }
}

/// Writes an object, and then its status, which has a path of its own.
#[track_caller]
fn write<S: Serialize>(server: &ApiServer, kind: &str, object: &Object<S>) {
    let mut object = serde_json::to_value(object).unwrap();
    for condition in object["status"]["conditions"].as_array_mut().unwrap() {
        // The lab's 1.20, which a newer Go made than its code knows, takes an empty text for none at all.
        if condition["message"] == "" {
            condition["message"] = "-".into();
        }
    }
    let applied = as_admin(server, &object.to_string(), &["apply", "-f", "-", "-o", "json"]);
    let applied: Value = serde_json::from_str(&applied).unwrap();
    object["metadata"] = applied["metadata"].clone();
    let path =
        format!("/apis/routelet.io/v1alpha1/{kind}/{}/status", object["metadata"]["name"].as_str().unwrap());
    as_admin(server, &object.to_string(), &["replace", "--raw", &path, "-f", "-"]);
}

/// Runs kubectl with `input`; it succeeds, and its output is returned.
#[track_caller]
fn as_admin(server: &ApiServer, input: &str, arguments: &[&str]) -> String {
    let output = server.kubectl_with(server.admin(), input, arguments).unwrap();
    assert!(output.success(), "{arguments:?}: {}", output.text());
    output.stdout
}

/// The words of the first line that begins with these.
#[track_caller]
fn row<'a>(text: &'a str, begin: &[&str]) -> Vec<&'a str> {
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.clone().find(|row| row.starts_with(begin)).unwrap_or_else(|| panic!("no {begin:?} in:\n{text}"))
}

#[test]
fn the_cluster_is_one_table_and_what_is_wrong_comes_first() {
    let server = shared();
    let text = shown(server, &[ROUTELET, "status", "--kube"]);
    assert!(
        text.starts_with(
            "Nodes: 1 of 3 ready, 1 agent is silent. Sessions: 3 of 5 established, 1 down, 1 unknown.\n"
        ),
        "{text}"
    );
    let order: Vec<_> =
        text.lines().skip(3).take(3).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(order, ["node-b", "node-c", "node-a"], "{text}");
    assert_eq!(row(&text, &["node-b"])[1..4], ["False", "Applied", "1/2"]);
    assert_eq!(row(&text, &["node-c"])[1], "Silent(60m)");
    assert_eq!(row(&text, &["node-b", "10.0.0.2"])[4], "Active");
    assert_eq!(row(&text, &["node-c", "10.0.0.1"])[4], "Unknown");
    assert_eq!(row(&text, &["node-a", "10.0.0.1"])[4], "Established");
    assert!(
        text.contains("\nnode-b: SessionsEstablished is false (SomeDown): 10.0.0.2 is Active\n"),
        "{text}"
    );
    assert!(text.contains("\nnode-c: the agent is silent"), "{text}");
}

#[test]
fn machines_get_the_objects_as_they_are() {
    let server = shared();
    let text = shown(server, &[ROUTELET, "status", "--kube", "-o", "json"]);
    let list: Value = serde_json::from_str(&text).unwrap();
    let items = list["items"].as_array().unwrap();
    assert_eq!((&list["kind"], items.len()), (&Value::from("List"), 8), "{text}");
    assert_eq!((&items[0]["kind"], &items[7]["kind"]), (&"BGPNode".into(), &"BGPSession".into()), "{text}");
    assert_eq!(items[0]["status"]["heartbeatSeconds"], 300);
    assert!(!text.contains("managedFields"), "{text}");
    let yaml = shown(server, &[ROUTELET, "status", "--kube", "-o", "yaml", "--node", "node-b"]);
    assert!(yaml.starts_with("apiVersion: v1\n") && yaml.contains("\n    name: node-b\n"), "{yaml}");
    assert!(!yaml.contains("node-a"), "{yaml}");
    // What it prints is what kubectl takes.
    as_admin(server, &yaml, &["apply", "--dry-run=client", "-f", "-"]);
}

#[test]
fn nodes_and_peers_can_be_chosen() {
    let server = shared();
    let text = shown(server, &[ROUTELET, "status", "--kube", "--node", "node-a", "--node", "node-c"]);
    assert!(text.starts_with("Nodes: 1 of 2 ready") && !text.contains("node-b"), "{text}");
    let text = shown(server, &[ROUTELET, "status", "--kube", "--peer", "10.0.0.2"]);
    assert!(text.starts_with("Nodes: 1 of 2 ready. Sessions: 1 of 2 established, 1 down."), "{text}");
    assert!(!text.contains("node-c") && row(&text, &["node-a", "10.0.0.2"])[4] == "Established", "{text}");
}

#[test]
fn as_a_plugin_of_kubectl_it_shows_the_cluster() {
    let server = shared();
    let want = shown(server, &[ROUTELET, "status", "--kube", "--node", "node-c", "-o", "wide"]);
    assert!(want.contains("HEARTBEAT"), "{want}");
    for line in [&["--node", "node-c", "-o", "wide"][..], &["status", "--node=node-c", "-owide"]] {
        let line: Vec<&str> = std::iter::once(PLUGIN).chain(line.iter().copied()).collect();
        // Nothing of a silent node changes, but how long it has been so; that is in minutes.
        assert_eq!(shown(server, &line), want);
    }
    assert!(shown(server, &[PLUGIN]).starts_with("Nodes: 1 of 3 ready"));
    assert!(shown(server, &[PLUGIN, "crd"]).contains("kind: CustomResourceDefinition"));
}

#[test]
fn who_may_not_look_is_told_what_it_takes() {
    let server = shared();
    let kubeconfig = |user: &Kubeconfig| {
        let path = format!("/etc/kube/{}", user.user());
        server.machine().write_file(&path, user.text()).unwrap();
        path
    };
    let nobody = kubeconfig(&server.user("nobody", &[]).unwrap());
    for line in [&["status", "--kube"][..], &["status", "--kube", "--watch"]] {
        let line: Vec<&str> =
            std::iter::once(ROUTELET).chain(line.iter().copied()).chain(["--kubeconfig", &nobody]).collect();
        let text = complaint(server, &line);
        assert!(text.contains(r#"User "nobody" cannot list resource "#), "{text}");
        assert!(text.contains("ClusterRole with get, list and watch of bgpnodes and bgpsessions"), "{text}");
    }
    server.apply(HALF_A_ROLE).unwrap();
    let half = kubeconfig(&server.user("half", &[]).unwrap());
    wait::until("the role to count", SOON, || {
        let text = complaint(server, &[ROUTELET, "status", "--kube", "--kubeconfig", &half]);
        if text.contains(r#"cannot list resource "bgpnodes""#) { Ok(()) } else { Err(text) }
    })
    .unwrap();
}

#[test]
fn a_cluster_that_is_not_found_is_said_to_be_so() {
    let server = shared();
    let text = complaint(server, &["env", "-i", "HOME=/nonexistent", ROUTELET, "status", "--kube"]);
    assert!(text.contains("no cluster is configured: there is no /nonexistent/.kube/config"), "{text}");
    let text = complaint(server, &[ROUTELET, "status", "--kube", "--context", "other"]);
    assert!(text.contains("the kubeconfig cannot be used") && text.contains("other"), "{text}");
    let text = complaint(server, &[ROUTELET, "status", "--kube", "--kubeconfig", "/no/file"]);
    assert!(text.contains("the kubeconfig cannot be used") && text.contains("/no/file"), "{text}");
    let port = format!(":{}", server.port());
    server.machine().write_file("/etc/kube/closed", server.admin().text().replace(&port, ":1")).unwrap();
    let text = complaint(server, &[ROUTELET, "status", "--kube", "--kubeconfig", "/etc/kube/closed"]);
    assert!(
        text.contains("the API server https://127.0.0.1:1 cannot be reached: Connection refused"),
        "{text}"
    );
    let proof = server.admin().text().find("client-certificate-data").unwrap();
    let stranger = format!("{}token: made-up\n", server.admin().text().get(..proof).unwrap());
    server.machine().write_file("/etc/kube/stranger", stranger).unwrap();
    let text = complaint(server, &[ROUTELET, "status", "--kube", "--kubeconfig", "/etc/kube/stranger"]);
    assert!(text.contains("does not know who asks (401)"), "{text}");
}

/// Someone watches, and the server comes to know the kinds, gets objects, goes away and comes back.
#[test]
fn whoever_watches_sees_what_changes_and_when_nothing_is_known() {
    let mut server = bare_server();
    let text = complaint(&server, &[ROUTELET, "status", "--kube"]);
    assert!(
        text.contains("does not know BGPNode and BGPSession yet: routelet crd | kubectl apply -f -"),
        "{text}"
    );
    define(&server);

    let (mut watcher, log) =
        server.machine().spawn([ROUTELET, "status", "--kube", "--watch", "--kubeconfig", ADMIN]).unwrap();
    let machine = server.machine().clone();
    let until = |what: &str, begin: &str, has: &str| {
        wait::until(what, SOON, || {
            let text = machine.read_file(&log).unwrap();
            let starts = ["\nNodes: ", "\nSTALE ", "\nNo agent "];
            let last = starts.iter().filter_map(|start| text.rfind(start)).max().unwrap_or_default();
            let picture = text.get(last..).unwrap_or_default().trim_start();
            if picture.starts_with(begin) && picture.contains(has) { Ok(()) } else { Err(text) }
        })
        .unwrap();
    };
    until("an empty cluster", "No agent has reported", "");
    report(&server, &told("node-a", &[("10.0.0.1", true)]), 0);
    until("the first node", "Nodes: 1 of 1 ready. Sessions: 1 of 1 established.", "node-a");
    report(&server, &told("node-a", &[("10.0.0.1", false)]), 0);
    until("a change", "Nodes: 0 of 1 ready. Sessions: 0 of 1 established, 1 down.", "10.0.0.1 is Active");

    server.stop();
    wait::until("the outage to be told", SOON, || {
        let text = machine.read_file(&log).unwrap();
        if text.contains("\nSTALE for ") && text.contains("cannot be reached") { Ok(()) } else { Err(text) }
    })
    .unwrap();
    server.start_again().unwrap();
    report(&server, &told("node-b", &[("10.0.0.1", true)]), 0);
    until("what happened after the outage", "Nodes: 1 of 2 ready.", "node-b");
    server.kubectl(["delete", "bgpnode", "node-a"]).unwrap();
    server.kubectl(["delete", "bgpsession", "node-a.default.10.0.0.1"]).unwrap();
    until("what is gone to go", "Nodes: 1 of 1 ready. Sessions: 1 of 1 established.", "node-b");
    assert!(watcher.is_running());
}
