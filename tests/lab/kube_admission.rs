//! The admission policies of `deploy`, as their expressions decide; the lab's API server is too old to run them.

use cel::{Context, Value, parser::Parser};
use frr_driver::session::SessionId;
use routelet_status::report::session_name;
use serde_json::{Value as Json, json};

const OWN_NODE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/admission/own-node.yaml"));
const NODE_CONDITION: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/node-condition/admission.yaml"));

/// The agent's user.
const AGENT: &str = "system:serviceaccount:routelet-system:routelet";

/// What the API server asks a policy about.
#[derive(Clone)]
struct Review {
    user: &'static str,
    /// The node of the token.
    node: Option<&'static str>,
    operation: &'static str,
    resource: &'static str,
    object: Json,
    old: Json,
}

/// Evaluates `expression`, with what is known.
#[track_caller]
fn evaluate(expression: &str, context: &Context<'_, '_>) -> Value {
    // Optional fields (`.?`) belong to the environment of Kubernetes since 1.29.
    let parser = Parser::new().enable_optional_syntax(true);
    let parsed = parser.parse(expression).unwrap_or_else(|error| panic!("{error}\n{expression}"));
    Value::resolve(&parsed, context).unwrap_or_else(|error| panic!("{error}\n{expression}"))
}

/// Returns why `policy` refuses `review`; `None` = it does not, or does not concern it.
#[track_caller]
fn refusal(policy: &str, review: &Review) -> Option<String> {
    let policy: Vec<Json> = serde_saphyr::from_multiple(policy).unwrap();
    let spec = &policy[0]["spec"];
    let extra = review.node.map(|node| json!({ "authentication.kubernetes.io/node-name": [node] }));
    let mut user = json!({ "username": review.user });
    if let Some(extra) = extra {
        user["extra"] = extra;
    }
    let request = json!({
        "userInfo": user,
        "operation": review.operation,
        "resource": { "resource": review.resource },
    });
    let mut context = Context::default();
    context.add_variable("request", request).unwrap();
    context.add_variable("object", &review.object).unwrap();
    context.add_variable("oldObject", &review.old).unwrap();
    let list = |name: &str| spec[name].as_array().cloned().unwrap();
    let text = |entry: &Json, field: &str| entry[field].as_str().unwrap().to_owned();
    let concerns = list("matchConditions")
        .iter()
        .all(|one| evaluate(&text(one, "expression"), &context) == Value::Bool(true));
    if !concerns {
        return None;
    }
    let mut variables = std::collections::HashMap::new();
    for variable in list("variables") {
        variables.insert(text(&variable, "name"), evaluate(&text(&variable, "expression"), &context));
        context.add_variable_from_value("variables", variables.clone());
    }
    for validation in list("validations") {
        if evaluate(&text(&validation, "expression"), &context) != Value::Bool(true) {
            return Some(text(&validation, "message"));
        }
    }
    None
}

/// A `BGPSession` or `BGPNode` of `node`, as the agent writes it.
fn object(name: &str, node: &str, status: Option<Json>) -> Json {
    let mut object = json!({
        "metadata": {
            "name": name,
            "labels": { "routelet.io/node": node },
            "ownerReferences": [{ "apiVersion": "v1", "kind": "Node", "name": node, "uid": "u" }],
        },
    });
    if let Some(status) = status {
        object["status"] = status;
    }
    object
}

fn session(node: &str) -> Json {
    object(&format!("{node}.default.10.0.0.1"), node, Some(json!({ "node": node })))
}

fn by_agent(operation: &'static str, resource: &'static str, object: Json, old: Json) -> Review {
    Review { user: AGENT, node: Some("a"), operation, resource, object, old }
}

#[track_caller]
fn allowed(policy: &str, review: &Review) {
    assert_eq!(refusal(policy, review), None);
}

#[track_caller]
fn refused(policy: &str, review: &Review, why: &str) {
    let refusal = refusal(policy, review).expect("a refusal");
    assert!(refusal.contains(why), "{refusal}");
}

#[test]
fn an_agent_writes_what_is_of_its_own_node() {
    let node = object("a", "a", Some(json!({ "conditions": [] })));
    for (resource, object) in [("bgpnodes", node), ("bgpsessions", session("a"))] {
        allowed(OWN_NODE, &by_agent("CREATE", resource, object.clone(), Json::Null));
        allowed(OWN_NODE, &by_agent("UPDATE", resource, object.clone(), object.clone()));
        allowed(OWN_NODE, &by_agent("DELETE", resource, Json::Null, object));
    }
    // It says nothing yet when it is made.
    allowed(
        OWN_NODE,
        &by_agent("CREATE", "bgpsessions", object("a.default.10.0.0.1", "a", None), Json::Null),
    );
}

#[test]
fn an_agent_writes_nothing_of_another_node() {
    for (resource, object) in [("bgpnodes", object("b", "b", None)), ("bgpsessions", session("b"))] {
        for review in [
            by_agent("CREATE", resource, object.clone(), Json::Null),
            by_agent("UPDATE", resource, object.clone(), object.clone()),
            by_agent("DELETE", resource, Json::Null, object.clone()),
        ] {
            refused(OWN_NODE, &review, "not that of an object of the agent's own node");
        }
    }
}

#[test]
fn the_names_of_two_nodes_may_begin_alike() {
    // What is of node "a.b" begins with "a." too.
    let other = session("a.b");
    let name = "not that of an object of the agent's own node";
    refused(OWN_NODE, &by_agent("DELETE", "bgpsessions", Json::Null, other.clone()), name);
    // To take it over, or to be there first.
    let mut mine = session("a");
    mine["metadata"]["name"] = other["metadata"]["name"].clone();
    refused(OWN_NODE, &by_agent("UPDATE", "bgpsessions", mine.clone(), other), name);
    refused(OWN_NODE, &by_agent("CREATE", "bgpsessions", mine, Json::Null), name);
    // The API server would have to let another owner's object have this name.
    let mut owned = session("a");
    owned["metadata"]["ownerReferences"][0]["name"] = json!("a.b");
    refused(OWN_NODE, &by_agent("UPDATE", "bgpsessions", session("a"), owned), "that of another node");
}

#[test]
fn every_name_of_a_session_is_that_of_an_object_of_the_node() {
    for (vrf, peer) in [
        ("default", "10.0.0.1"),
        ("Blue.10", "10.0.0.1"),
        ("default", "fd00::1"),
        ("default", "eth0.100"),
        ("default", "Eth_0"),
    ] {
        for node in ["a", "a.b-c.example.com"] {
            let id = SessionId { vrf: vrf.to_owned(), peer: peer.into() };
            let session = object(&session_name(node, &id), node, Some(json!({ "node": node })));
            let review =
                Review { node: Some(node), ..by_agent("CREATE", "bgpsessions", session, Json::Null) };
            allowed(OWN_NODE, &review);
        }
    }
}

#[test]
fn an_object_says_nothing_about_another_node() {
    let mut status = session("a");
    status["status"]["node"] = json!("b");
    refused(OWN_NODE, &by_agent("UPDATE", "bgpsessions", status, session("a")), "the status");
    let mut label = session("a");
    label["metadata"]["labels"]["routelet.io/node"] = json!("b");
    refused(OWN_NODE, &by_agent("UPDATE", "bgpsessions", label, session("a")), "the label");
    let mut unlabeled = session("a");
    unlabeled["metadata"].as_object_mut().unwrap().remove("labels");
    refused(OWN_NODE, &by_agent("CREATE", "bgpsessions", unlabeled, Json::Null), "the label");
    let mut owners = session("a");
    owners["metadata"]["ownerReferences"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "kind": "Node", "name": "b" }));
    refused(OWN_NODE, &by_agent("UPDATE", "bgpsessions", owners, session("a")), "the owner");
    let mut foreign = session("a");
    foreign["metadata"]["ownerReferences"][0]["apiVersion"] = json!("example.com/v1");
    refused(OWN_NODE, &by_agent("CREATE", "bgpsessions", foreign, Json::Null), "the owner");
    let mut nameless = session("a");
    nameless["status"].as_object_mut().unwrap().remove("node");
    refused(OWN_NODE, &by_agent("UPDATE", "bgpsessions", nameless, session("a")), "the status");
    let mut orphan = session("a");
    orphan["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    refused(OWN_NODE, &by_agent("CREATE", "bgpsessions", orphan.clone(), Json::Null), "the owner");
    // Whose it was, nobody knows.
    refused(OWN_NODE, &by_agent("UPDATE", "bgpsessions", session("a"), orphan), "that of another node");
}

#[test]
fn a_token_that_names_no_node_writes_nothing() {
    let review = Review { node: None, ..by_agent("CREATE", "bgpsessions", session("a"), Json::Null) };
    refused(OWN_NODE, &review, "the token names no node");
    // Its name begins with ".", as every name does after an empty node.
    let nameless = object(".default.10.0.0.1", "", None);
    let review = Review { node: None, ..by_agent("CREATE", "bgpsessions", nameless, Json::Null) };
    refused(OWN_NODE, &review, "the token names no node");
}

#[test]
fn others_are_not_concerned() {
    let review = Review {
        user: "system:serviceaccount:kube-system:generic-garbage-collector",
        node: None,
        ..by_agent("DELETE", "bgpsessions", Json::Null, session("b"))
    };
    allowed(OWN_NODE, &review);
}

/// A `Node` with conditions of these types and reasons.
fn node(name: &str, conditions: &[(&str, &str)]) -> Json {
    let conditions: Vec<Json> =
        conditions.iter().map(|(kind, reason)| json!({ "type": kind, "reason": reason })).collect();
    json!({
        "metadata": { "name": name, "labels": { "zone": "1" } },
        "status": { "conditions": conditions, "capacity": { "cpu": "2" } },
    })
}

#[test]
fn an_agent_changes_one_condition_of_its_own_node() {
    let update = |object: Json, old: Json| by_agent("UPDATE", "nodes", object, old);
    let before = node("a", &[("Ready", "KubeletReady")]);
    let after = node("a", &[("Ready", "KubeletReady"), ("RoutesLearned", "RoutesReceived")]);
    allowed(NODE_CONDITION, &update(after.clone(), before.clone()));
    let changed = node("a", &[("Ready", "KubeletReady"), ("RoutesLearned", "NoRoutes")]);
    allowed(NODE_CONDITION, &update(changed, after));

    let forged = node("a", &[("Ready", "AgentSaysNo")]);
    refused(NODE_CONDITION, &update(forged, before.clone()), "only the condition RoutesLearned");
    let dropped = node("a", &[]);
    refused(NODE_CONDITION, &update(dropped, before.clone()), "only the condition RoutesLearned");
    let other = node("b", &[("Ready", "KubeletReady")]);
    refused(NODE_CONDITION, &update(other.clone(), other), "the token does not name this node");
    let mut labeled = before.clone();
    labeled["metadata"]["labels"]["zone"] = json!("2");
    refused(NODE_CONDITION, &update(labeled, before.clone()), "labels, annotations");
    for (field, value) in [
        ("finalizers", json!(["example.com/never"])),
        ("ownerReferences", json!([{ "apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u" }])),
    ] {
        let mut held = before.clone();
        held["metadata"][field] = value;
        refused(NODE_CONDITION, &update(held, before.clone()), "finalizers and owners");
    }
    for (field, value) in [
        ("capacity", json!({ "cpu": "64" })),
        ("addresses", json!([{ "type": "InternalIP", "address": "192.0.2.1" }])),
        ("runtimeHandlers", json!([{ "name": "runc" }])),
        ("phase", json!("Terminated")),
    ] {
        let mut other = before.clone();
        other["status"][field] = value;
        refused(NODE_CONDITION, &update(other, before.clone()), "nothing else of the status");
    }
}
