//! How the lab runs a Kubernetes API server.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::OnceLock,
    thread,
    time::Duration,
};

use routelet_tests::{
    kube::{ApiServer, Kubeconfig, Request},
    lab::{FrrVersion, Lab, NodeSpec, Output, Topology, wait},
};

/// Makes [`holds_a_server_when_asked`] hold one.
const HOLD: &str = "ROUTELET_KUBE_HOLD";

/// What the server, its caches and the kernel may take.
const SOON: Duration = Duration::from_secs(20);

const WIDGETS: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.routelet.io}
spec:
  group: routelet.io
  scope: Cluster
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, maximum: 9}, colour: {type: string, default: red}}}
          status: {type: object, properties: {phase: {type: string}}}
";

/// Lets the service account `painter` in `kube-lab` read and write widgets.
const PAINTER: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: painter}
rules: [{apiGroups: [routelet.io], resources: [widgets], verbs: [get, list, create, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: painter}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: painter}
subjects: [{kind: ServiceAccount, name: painter, namespace: kube-lab}]
";

fn widget(name: &str, size: u32) -> String {
    format!("apiVersion: routelet.io/v1\nkind: Widget\nmetadata: {{name: {name}}}\nspec: {{size: {size}}}\n")
}

/// The server that the tests share that only look, or name what they make after themselves.
///
/// Nobody drops it: it goes with the process.
fn shared() -> &'static ApiServer {
    static SHARED: OnceLock<ApiServer> = OnceLock::new();
    SHARED.get_or_init(|| {
        let server = ApiServer::start().unwrap();
        define_widgets(&server);
        server
    })
}

#[track_caller]
fn define_widgets(server: &ApiServer) {
    server.apply(WIDGETS).unwrap();
    wait::until("the widgets to be served", SOON, || server.kubectl(["get", "widgets"])).unwrap();
}

#[track_caller]
fn refused(output: &Output, why: &str) {
    assert!(!output.success() && output.stderr.contains(why), "{output:?}");
}

#[test]
fn custom_objects_are_checked_and_served() {
    let server = shared();
    server.apply(&widget("served", 3)).unwrap();
    let colour = server.kubectl(["get", "widget", "served", "-o", "jsonpath={.spec.colour}"]).unwrap();
    assert_eq!(colour, "red");
    let error = server.apply(&widget("too-large", 10)).unwrap_err();
    assert!(error.to_string().contains("spec.size"), "{error}");
}

#[test]
fn users_may_do_what_their_groups_may() {
    let server = shared();
    let nobody = server.user("nobody", &["testers"]).unwrap();
    refused(&server.kubectl_as(&nobody, ["get", "widgets"]).unwrap(), "Forbidden");
    let kubelet = server.user("system:node:node-a", &["system:nodes"]).unwrap();
    let create = |name: &str| {
        let object = format!(r#"{{"apiVersion": "v1", "kind": "Node", "metadata": {{"name": "{name}"}}}}"#);
        server.kubectl_with(&kubelet, &object, ["create", "--raw", "/api/v1/nodes", "-f", "-"]).unwrap()
    };
    assert!(create("node-a").success());
    refused(&create("node-b"), "is not allowed to modify node");
}

#[test]
fn a_service_account_has_the_rights_that_a_role_gives() {
    let server = shared();
    let painter = server.service_account("kube-lab", "painter").unwrap();
    assert_eq!(painter.user(), "system:serviceaccount:kube-lab:painter");
    refused(&server.kubectl_as(&painter, ["get", "widgets"]).unwrap(), "Forbidden");
    server.apply(PAINTER).unwrap();
    wait::until("the role to count", SOON, || {
        let output = server.kubectl_as(&painter, ["get", "widgets"]).unwrap();
        if output.success() { Ok(()) } else { Err(output.stderr) }
    })
    .unwrap();
    refused(&server.kubectl_as(&painter, ["get", "secrets"]).unwrap(), "Forbidden");
}

#[test]
fn writes_are_counted_and_reads_are_not() {
    let server = shared();
    let counted = server.user("counted", &["system:masters"]).unwrap();
    let kubectl = |words: &[&str]| server.kubectl_as(&counted, words).unwrap();
    server.apply(&widget("counted", 1)).unwrap();
    assert!(server.writes_of("counted").unwrap().is_empty());
    for size in ["2", "3"] {
        let patch = format!(r#"{{"spec": {{"size": {size}}}}}"#);
        assert!(kubectl(&["patch", "widget", "counted", "--type=merge", "-p", &patch]).success());
    }
    let too_large = r#"{"spec": {"size": 10}}"#;
    refused(&kubectl(&["patch", "widget", "counted", "--type=merge", "-p", too_large]), "spec.size");
    assert!(kubectl(&["get", "widget", "counted"]).success());
    assert!(kubectl(&["delete", "widget", "counted", "--wait=false"]).success());

    let writes = server.writes_of("counted").unwrap();
    let seen: Vec<_> =
        writes.iter().map(|write| (write.verb.as_str(), write.name.as_str(), write.code)).collect();
    let patch = |code| ("patch", "counted", code);
    assert_eq!(seen, [patch(200), patch(200), patch(422), ("delete", "counted", 200)]);
    assert!(
        writes
            .iter()
            .all(|write| (write.group.as_str(), write.resource.as_str()) == ("routelet.io", "widgets"))
    );
    assert!(writes.is_sorted_by_key(|write| write.time));
    let reads = server.requests().unwrap();
    let is_read =
        |request: &Request| request.user == "counted" && request.verb == "get" && request.name == "counted";
    assert!(reads.iter().any(is_read), "{reads:?}");
}

#[test]
fn a_node_reaches_the_server_until_the_way_is_cut() {
    let server = shared();
    let lab =
        Lab::start(&Topology::new().node(NodeSpec::frr("node", FrrVersion::NEWEST).daemons(&[]))).unwrap();
    let node = lab.node("node");
    let get = || server.kubectl_from(node, server.admin(), ["get", "widgets"]).unwrap();
    refused(&get(), "refused");
    let threads = threads();
    let reach = server.reachable_from(node).unwrap();
    assert!(get().success(), "{:?}", get());
    drop(reach);
    refused(&get(), "refused");
    let again = server.reachable_from(node).unwrap();
    assert!(get().success(), "{:?}", get());
    drop(again);
    wait::until("the threads to go", SOON, || {
        let left: Vec<_> = self::threads().into_iter().filter(|thread| !threads.contains(thread)).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .unwrap();
}

/// The threads of this process that are in the network of the shared server.
fn threads() -> Vec<PathBuf> {
    let network = |path: PathBuf| fs::read_link(path.join("ns/net")).ok();
    let of_server = network(PathBuf::from(format!("/proc/{}", shared().machine().pid())));
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten().map(|entry| entry.path());
    threads.filter(|thread| network(thread.clone()) == of_server).collect()
}

#[test]
fn a_restarted_server_has_its_data_and_one_that_lost_them_has_not() {
    let mut server = ApiServer::start().unwrap();
    let url = server.url();
    let user = server.user("somebody", &["system:masters"]).unwrap();
    let account = server.service_account("kube-lab", "agent").unwrap();
    define_widgets(&server);
    server.apply(&widget("kept", 3)).unwrap();
    let get =
        |server: &ApiServer, user: &Kubeconfig| server.kubectl_as(user, ["get", "widget", "kept"]).unwrap();

    server.stop();
    assert!(!get(&server, &user).success());
    assert_eq!(server.writes_of("admin").unwrap().last().unwrap().name, "kept");
    server.start_again().unwrap();
    assert!(get(&server, &user).success());
    refused(&get(&server, &account), "Forbidden");

    server.hang().unwrap();
    let output = server.kubectl_as(&user, ["get", "widget", "kept", "--request-timeout=2s"]).unwrap();
    assert!(!output.success(), "{output:?}");
    server.go_on().unwrap();
    assert!(get(&server, &user).success());

    server.lose_data().unwrap();
    refused(&get(&server, &user), "the server doesn't have a resource type");
    refused(&get(&server, &account), "must be logged in");
    assert_eq!(server.url(), url);

    let machine = pid_namespace(&server);
    let file = user.path().to_owned();
    assert!(processes(&machine) >= 3, "its init, etcd and kube-apiserver");
    assert!(file.exists());
    drop(server);
    assert_eq!(processes(&machine), 0);
    assert!(!file.exists());
}

#[test]
fn nothing_of_a_server_is_left_after_kill_9() {
    let report = std::env::temp_dir().join(format!("rl-{}-kube", std::process::id()));
    let mut holder = holder(&report);
    let machine = wait::until("the other process to hold a server", Duration::from_mins(2), || {
        fs::read_to_string(&report).ok()?.strip_suffix('\n').map(str::to_owned)
    });
    let _ = fs::remove_file(&report);
    let machine = machine.unwrap();
    assert!(processes(&machine) >= 3, "its init, etcd and kube-apiserver");
    holder.kill().unwrap();
    holder.wait().unwrap();
    wait::until("nothing to be left", SOON, || match processes(&machine) {
        0 => Ok(()),
        left => Err(format!("{left} processes")),
    })
    .unwrap();
}

/// Not a test: the process that the test above kills.
#[test]
fn holds_a_server_when_asked() {
    let Some(report) = std::env::var_os(HOLD) else { return };
    let server = ApiServer::start().unwrap();
    fs::write(&report, format!("{}\n", pid_namespace(&server))).unwrap();
    loop {
        thread::park();
    }
}

#[expect(clippy::disallowed_methods, reason = "starts this very program again")]
fn holder(report: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kube_server::holds_a_server_when_asked", "--nocapture"])
        .env(HOLD, report)
        .process_group(0)
        .spawn()
        .unwrap()
}

/// Returns the name of the namespace that holds all processes of the server.
fn pid_namespace(server: &ApiServer) -> String {
    let link = fs::read_link(format!("/proc/{}/ns/pid", server.machine().pid())).unwrap();
    link.to_string_lossy().into_owned()
}

/// Counts the processes in a pid namespace.
fn processes(namespace: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    processes
        .filter(|process| fs::read_link(process.join("ns/pid")).is_ok_and(|pid| pid == Path::new(namespace)))
        .count()
}
