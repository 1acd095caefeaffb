use clap::Parser;
use routelet_status::duration::human;
use serde_json::json;

use super::{follow::Change, object::Reported, *};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: KubeArgs,
}

const VIEW: View = View { width: Width::Normal, extent: Extent::Screen };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

#[track_caller]
fn check_labels(line: &str, nodes: Option<&str>, sessions: Option<&str>) {
    let args = Line::parse_from(["status", "--kube"].into_iter().chain(line.split_whitespace())).args;
    assert_eq!(args.node_labels().as_deref(), nodes);
    assert_eq!(args.session_labels().as_deref(), sessions);
}

#[test]
fn nodes_and_peers_are_selected_by_their_labels() {
    check_labels("", None, None);
    let nodes = "routelet.io/node in (a,b)";
    check_labels("--node a --node b", Some(nodes), Some(nodes));
    check_labels("--peer FD00::1", None, Some("routelet.io/peer in (fd00--1)"));
    let both = "routelet.io/node in (a),routelet.io/peer in (10.0.0.1)";
    check_labels("--node a --peer 10.0.0.1", Some("routelet.io/node in (a)"), Some(both));
}

#[test]
fn a_list_is_one_document() {
    let items = [json!({ "kind": "A", "text": "a\nb" }), json!({ "kind": "B" })];
    for document in [Document::Json, Document::Yaml] {
        let texts: Vec<String> = items.iter().map(|item| document.text(item).unwrap()).collect();
        for count in 0..=2 {
            let text = document.list(&texts[..count]);
            let list: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
            let want = json!({ "apiVersion": "v1", "kind": "List", "items": items[..count] });
            assert_eq!(list, want, "{text}");
        }
    }
}

fn object<S: Reported>(value: serde_json::Value) -> Object<S> {
    serde_json::from_value(value).unwrap()
}

#[test]
fn an_object_that_is_not_understood_does_not_hide_the_others() {
    let list: kube::core::ObjectList<Object<BgpNodeStatus>> = serde_json::from_value(json!({
        "metadata": { "resourceVersion": "7" },
        "items": [
            { "metadata": { "name": "a", "resourceVersion": "1", "managedFields": [{ "manager": "x" }] } },
            { "metadata": { "name": "b" }, "status": { "conditions": 3 } },
        ],
    }))
    .unwrap();
    let nodes: std::collections::BTreeMap<_, _> = list.items.into_iter().map(Object::named).collect();
    let text = table(&Cluster { nodes, ..Cluster::default() }, VIEW, at(0));
    assert!(text.contains("\na: has reported nothing yet\n"), "{text}");
    assert!(text.contains("\nb: BGPNode is not readable: invalid type: integer `3`"), "{text}");
}

#[test]
fn a_session_that_is_not_understood_is_that_of_its_label() {
    let session = object::<BgpSessionStatus>(json!({
        "metadata": { "name": "n.default.p", "labels": { "routelet.io/node": "n" } },
        "status": { "peer": "p" },
    }));
    let sessions = [("n.default.p".to_owned(), session.seen)].into();
    let text = table(&Cluster { sessions, ..Cluster::default() }, VIEW, at(0));
    assert!(text.contains("\nn      p      -     -     Unreadable"), "{text}");
}

/// A screen that shows one node, whose agent was there at second 0 and will be silent after 750.
fn screen() -> Screen {
    let seen = object::<BgpNodeStatus>(json!({
        "metadata": { "name": "node-1" },
        "status": {
            "conditions": [],
            "frr": { "daemons": [] },
            "sources": [],
            "config": { "addedLines": 0, "removedLines": 0 },
            "sessions": { "total": 0, "established": 0, "summary": "0/0" },
            "gateways": [],
            "gatewayCount": 0,
            "lastHeartbeat": at(0).to_string(),
            "heartbeatSeconds": 300,
        },
    }));
    let mut screen = Screen::default();
    let nodes = [("node-1".to_owned(), seen.seen)].into();
    screen.take(News::Node(Change::All(nodes)), at(0)).unwrap();
    screen
}

fn unreachable() -> ClusterError {
    ClusterError::Unreachable { url: "https://api".into(), why: "Connection refused".into() }
}

#[test]
fn nothing_is_shown_before_everything_was_listed() {
    let mut screen = screen();
    assert_eq!(screen.text(VIEW, false, at(0)), None);
    screen.take(News::Session(Change::All([].into())), at(0)).unwrap();
    assert!(screen.text(VIEW, false, at(0)).unwrap().starts_with("Nodes: 0 of 1 ready."));
    assert!(screen.text(VIEW, false, at(751)).unwrap().contains("Silent("));
}

#[test]
fn while_the_api_server_is_away_all_stays_and_is_said_to_be_old() {
    let mut screen = screen();
    screen.take(News::Session(Change::All([].into())), at(0)).unwrap();
    screen.take(News::Node(Change::Lost(unreachable())), at(100)).unwrap();
    screen.take(News::Session(Change::Lost(unreachable())), at(101)).unwrap();
    screen.take(News::Node(Change::Lost(unreachable())), at(105)).unwrap();
    let text = screen.text(VIEW, false, at(4000)).unwrap();
    let ago = human(3900);
    let want = format!(
        "STALE for {ago}: the API server https://api cannot be reached: Connection refused; trying again. \
         This is how it was before; FRR goes on without it.\n\nNodes: 0 of 1 ready."
    );
    assert!(text.starts_with(&want) && !text.contains("Silent"), "{text}");

    screen.take(News::Session(Change::All([].into())), at(4000)).unwrap();
    assert!(screen.text(VIEW, false, at(4000)).unwrap().starts_with("STALE"), "the nodes are not back yet");
    screen.take(News::Node(Change::All([].into())), at(4000)).unwrap();
    assert_eq!(screen.text(VIEW, false, at(4000)).unwrap(), "No agent has reported to this cluster.\n");
}

#[test]
fn who_waited_for_an_answer_in_vain_says_since_when() {
    let mut screen = screen();
    screen.take(News::Session(Change::All([].into())), at(0)).unwrap();
    let error = ClusterError::TimedOut { url: "https://api".into(), after: Duration::from_secs(50) };
    screen.take(News::Node(Change::Lost(error)), at(100)).unwrap();
    assert!(screen.text(VIEW, false, at(110)).unwrap().starts_with("STALE for 60s: "));
}

#[test]
fn what_a_person_must_mend_ends_the_watch_before_anything_was_shown() {
    let forbidden = || ClusterError::Forbidden { message: "no".into() };
    let mut screen = Screen::default();
    screen.take(News::Node(Change::Lost(unreachable())), at(0)).unwrap();
    let text = screen.text(VIEW, false, at(0)).unwrap();
    assert_eq!(text, "the API server https://api cannot be reached: Connection refused; trying again\n");
    assert!(screen.take(News::Node(Change::Lost(forbidden())), at(0)).is_err());
    screen.take(News::Session(Change::All([].into())), at(0)).unwrap();
    screen.take(News::Session(Change::Lost(forbidden())), at(0)).unwrap();
}
