//! The manifests of `deploy`: what they are, that an API server takes them, and what they let an agent do.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use routelet_tests::{
    kube::{ApiServer, Kubeconfig},
    lab::Agent,
};
use serde_json::Value;

use crate::kube_story::{AGENT, install};

/// What people apply with `kubectl apply -k`.
const OVERLAYS: [&str; 2] = ["standalone", "node-condition"];

fn deploy() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy"))
}

/// The objects of an overlay, sorted: kubectl's order differs from version to version.
#[track_caller]
fn objects(server: &ApiServer, overlay: &str) -> Vec<Value> {
    let folder = deploy().join(overlay);
    let text = server.kubectl(["kustomize", folder.to_str().unwrap()]).unwrap();
    let mut objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let name = |object: &Value| {
        let metadata = &object["metadata"];
        [&object["kind"], &metadata["namespace"], &metadata["name"]]
            .map(|word| word.as_str().unwrap_or_default().to_owned())
    };
    objects.sort_by_key(name);
    objects.iter_mut().for_each(sort_by_name);
    objects
}

/// Sorts the lists whose entries have names: where a patch puts its entry differs, too.
fn sort_by_name(value: &mut Value) {
    match value {
        Value::Array(entries) => {
            entries.iter_mut().for_each(sort_by_name);
            if entries.iter().all(|entry| entry["name"].is_string()) {
                entries.sort_by_key(|entry| entry["name"].as_str().unwrap_or_default().to_owned());
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(sort_by_name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap()
}

/// The definitions have a golden test of their own.
fn reviewed(objects: &[Value]) -> String {
    let others = objects.iter().filter(|object| kind(object) != "CustomResourceDefinition");
    let texts: Vec<String> = others.map(|object| serde_saphyr::to_string(object).unwrap()).collect();
    texts.join("---\n")
}

#[test]
fn what_is_deployed_is_what_was_reviewed() {
    let server = ApiServer::start().unwrap();
    for overlay in OVERLAYS {
        let golden = deploy().join(overlay).join("golden.yaml");
        let text = reviewed(&objects(&server, overlay));
        if std::env::var_os("ROUTELET_GOLDEN").is_some_and(|value| value == "1") {
            fs::write(&golden, &text).unwrap();
        }
        let committed = fs::read_to_string(&golden).unwrap();
        assert!(committed == text, "{} is not current; ROUTELET_GOLDEN=1 writes it", golden.display());
    }
}

#[test]
fn an_api_server_takes_every_object() {
    let server = ApiServer::start().unwrap();
    install(&server);
    for overlay in OVERLAYS {
        let mut seen = BTreeSet::new();
        for object in objects(&server, overlay) {
            seen.insert(kind(&object).to_owned());
            // This API server is older than these; their expressions are tested apart.
            if kind(&object).starts_with("ValidatingAdmissionPolicy") {
                continue;
            }
            let text = serde_json::to_string(&object).unwrap();
            let arguments = ["apply", "--dry-run=server", "-f", "-"];
            let output = server.kubectl_with(server.admin(), &text, arguments).unwrap();
            assert!(output.success(), "{} {}: {output:?}", kind(&object), object["metadata"]["name"]);
        }
        for kind in
            ["DaemonSet", "ClusterRole", "ServiceAccount", "ConfigMap", "ValidatingAdmissionPolicyBinding"]
        {
            assert!(seen.contains(kind), "{kind} in {seen:?}");
        }
    }
}

/// Whether `user` may do that; `in_namespace` is empty for what has none.
fn may(server: &ApiServer, user: &Kubeconfig, verb: &str, resource: &str, in_namespace: &str) -> bool {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let subresource = format!("--subresource={subresource}");
    let mut arguments = vec!["auth", "can-i", verb, resource, &subresource];
    if !in_namespace.is_empty() {
        arguments.extend(["--namespace", in_namespace]);
    }
    let output = server.kubectl_as(user, arguments).unwrap();
    match output.stdout.trim() {
        "yes" => true,
        answer => {
            assert!(answer.starts_with("no"), "{output:?}");
            false
        }
    }
}

#[test]
fn an_agent_may_do_what_it_needs_and_nothing_else() {
    let server = ApiServer::start().unwrap();
    install(&server);
    let agent = server.service_account(AGENT.0, AGENT.1).unwrap();
    let own = [
        ("get", "bgpnodes.routelet.io", ""),
        ("list", "bgpnodes.routelet.io", ""),
        ("watch", "bgpnodes.routelet.io", ""),
        ("create", "bgpnodes.routelet.io", ""),
        ("patch", "bgpnodes.routelet.io", ""),
        ("patch", "bgpnodes.routelet.io/status", ""),
        ("get", "bgpsessions.routelet.io", ""),
        ("list", "bgpsessions.routelet.io", ""),
        ("create", "bgpsessions.routelet.io", ""),
        ("patch", "bgpsessions.routelet.io", ""),
        ("delete", "bgpsessions.routelet.io", ""),
        ("patch", "bgpsessions.routelet.io/status", ""),
        ("get", "nodes", ""),
        ("create", "events.events.k8s.io", "default"),
        ("patch", "events.events.k8s.io", "default"),
        ("create", "events.events.k8s.io", "routelet-system"),
        ("patch", "events.events.k8s.io", "routelet-system"),
    ];
    let resources = [
        "bgpnodes.routelet.io",
        "bgpnodes.routelet.io/status",
        "bgpsessions.routelet.io",
        "bgpsessions.routelet.io/status",
        "nodes",
        "nodes/status",
        "secrets",
        "configmaps",
        "pods",
        "pods/exec",
        "serviceaccounts/token",
        "events.events.k8s.io",
        "daemonsets.apps",
        "leases.coordination.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "customresourcedefinitions.apiextensions.k8s.io",
    ];
    let verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
    for resource in resources {
        for verb in verbs {
            for namespace in ["", "default", "routelet-system"] {
                // What has no namespace is asked for once.
                let is_namespaced = !resource.contains("routelet.io") && !resource.starts_with("nodes");
                if is_namespaced == namespace.is_empty() {
                    continue;
                }
                let want = own.contains(&(verb, resource, namespace));
                let have = may(&server, &agent, verb, resource, namespace);
                assert_eq!(have, want, "{verb} {resource} {namespace}");
            }
        }
    }
    // Who may view the cluster may see it; without the controller manager, roles are not put together.
    let role = server.kubectl(["get", "clusterrole", "routelet-view", "-o", "json"]).unwrap();
    let role: Value = serde_json::from_str(&role).unwrap();
    assert_eq!(role["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"], "true");
}

#[test]
fn the_manifests_know_the_agents_flags() {
    #[expect(clippy::disallowed_methods, reason = "it prints and ends")]
    let help = Command::new(Agent::binary()).args(["run", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let mut texts = vec![fs::read_to_string(deploy().join("node-condition/agent.yaml")).unwrap()];
    texts.push(fs::read_to_string(deploy().join("standalone/daemonset.yaml")).unwrap());
    let names: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| text.split_whitespace())
        .filter(|word| word.starts_with("ROUTELET_"))
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        assert!(help.contains(&format!("[env: {name}=")), "{name} is no flag");
    }
}
