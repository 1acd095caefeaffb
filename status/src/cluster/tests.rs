use serde_json::{Value, json};

use super::*;
use crate::{
    project::{
        project,
        tests::{bad, good},
    },
    report::Report,
    snapshot::Snapshot,
};

/// Five minutes, as agents have it.
const HEARTBEAT_SECONDS: u64 = 300;

const SCREEN: View = View { width: Width::Normal, extent: Extent::Screen };
const WIDE: View = View { width: Width::Wide, extent: Extent::Screen };
const ALL: View = View { width: Width::Normal, extent: Extent::All };

fn now() -> Timestamp {
    good().now
}

/// What the agent of `node` wrote `age` seconds ago.
fn reported(node: &str, snapshot: &Snapshot, age: i64) -> Report {
    let mut report = project(&Snapshot { node: node.to_owned(), ..snapshot.clone() }, None);
    report.node.status.last_heartbeat = Timestamp::from_second(now().as_second() - age).ok();
    report.node.status.heartbeat_seconds = Some(HEARTBEAT_SECONDS);
    report
}

impl Cluster {
    fn add(&mut self, report: &Report) {
        let name = &report.node.metadata.name;
        self.add_node(name, serde_json::to_value(&report.node.status).unwrap());
        for session in &report.sessions {
            self.add_session(&session.metadata.name, serde_json::to_value(&session.status).unwrap());
        }
    }

    fn add_node(&mut self, name: &str, status: Value) {
        self.nodes.insert(name.to_owned(), Seen::read(name, Some(status)));
    }

    fn add_session(&mut self, name: &str, status: Value) {
        self.sessions.insert(name.to_owned(), Seen::read("labelled", Some(status)));
    }
}

/// A cluster with one of each.
fn mixed() -> Cluster {
    let mut cluster = Cluster::default();
    cluster.add(&reported("node-1", &good(), 60));
    cluster.add(&reported("node-2", &bad(), 60));
    cluster.add(&reported("node-3", &good(), 2400));
    cluster.nodes.insert("node-4".into(), Seen::read("node-4", None));
    cluster.add_node("node-5", json!({ "conditions": [], "frr": 1 }));
    cluster.add_session("node-1.default.10.0.0.7", json!({ "node": "node-1", "peer": "10.0.0.7" }));
    cluster
}

/// 5,000 nodes with four sessions each; the gateway 10.0.0.1 is gone for every fourth node.
fn large() -> Cluster {
    let mut fine = good();
    let sessions = fine.sessions.as_mut().unwrap();
    for peer in ["10.0.0.3", "10.0.0.4"] {
        let mut session = sessions[0].clone();
        session.id = frr_driver::session::SessionId::in_default_vrf(peer);
        sessions.push(session);
    }
    let mut hit = fine.clone();
    for session in hit.sessions.iter_mut().flatten() {
        if session.id.peer.to_string() == "10.0.0.1" {
            session.state = frr_driver::session::SessionState::Active;
        }
    }
    let mut cluster = Cluster::default();
    for number in 0..5000 {
        let (snapshot, age) = match number {
            0 | 777 => (&fine, 100_000),
            number if number % 4 == 1 => (&hit, 10),
            _ => (&fine, 10),
        };
        cluster.add(&reported(&format!("node-{number:04}"), snapshot, age));
    }
    cluster
}

#[test]
fn golden_mixed() {
    insta::assert_snapshot!("mixed", table(&mixed(), SCREEN, now()));
    insta::assert_snapshot!("mixed-wide", table(&mixed(), WIDE, now()));
}

#[test]
fn golden_large() {
    let cluster = large();
    insta::assert_snapshot!("large", table(&cluster, SCREEN, now()));
    let all = table(&cluster, ALL, now());
    assert!(all.lines().count() > 25_000 && !all.contains("--all"), "{}", all.lines().count());
}

#[test]
fn a_large_cluster_that_is_fine_is_a_few_lines() {
    let mut cluster = large();
    cluster.nodes.retain(|_, seen| node_health(seen, now()) == NodeHealth::Fine);
    let nodes = cluster.nodes.clone();
    cluster.sessions.retain(|_, seen| nodes.contains_key(&seen.node));
    insta::assert_snapshot!("large-fine", table(&cluster, SCREEN, now()));
}

#[test]
fn a_cluster_without_agents_says_so() {
    assert_eq!(table(&Cluster::default(), SCREEN, now()), "No agent has reported to this cluster.\n");
}

#[track_caller]
fn check_silence(age: i64, heartbeat_seconds: Option<u64>, is_silent: bool) {
    let mut report = reported("node-1", &good(), age);
    report.node.status.heartbeat_seconds = heartbeat_seconds;
    let mut cluster = Cluster::default();
    cluster.add(&report);
    let text = table(&cluster, SCREEN, now());
    assert_eq!(text.contains("1 agent is silent"), is_silent, "{text}");
    assert_eq!(text.contains("Silent("), is_silent, "{text}");
    assert_eq!(text.contains("Established"), !is_silent, "what a silent agent said is not shown: {text}");
}

#[test]
fn an_agent_is_silent_after_two_and_a_half_heartbeats() {
    check_silence(750, Some(300), false);
    check_silence(751, Some(300), true);
    check_silence(-5, Some(300), false);
    check_silence(86_400, None, false);
    check_silence(8, Some(3), true);
}

#[test]
fn clocks_that_differ_are_named() {
    let mut cluster = Cluster::default();
    cluster.add(&reported("node-1", &good(), -61));
    cluster.add(&reported("node-2", &good(), -60));
    let text = table(&cluster, SCREEN, now());
    assert!(text.contains("\nthe clocks of node-1 are ahead of this machine's"), "{text}");
}

#[test]
fn sessions_that_are_shut_down_on_purpose_are_no_problem() {
    let mut cluster = Cluster::default();
    let mut snapshot = good();
    let session = &mut snapshot.sessions.as_mut().unwrap()[0];
    session.admin_down = true;
    session.state = frr_driver::session::SessionState::Idle;
    cluster.add(&reported("node-1", &snapshot, 0));
    let text = table(&cluster, SCREEN, now());
    assert!(text.starts_with("Nodes: 1 of 1 ready. Sessions: 1 of 2 established, 1 shut down on purpose.\n"));
    assert!(text.contains("AdminDown") && !text.contains("PROBLEMS"), "{text}");
}

#[test]
fn what_is_wrong_comes_first_and_the_worst_before() {
    let mut one_down = bad();
    one_down.frr = good().frr;
    let mut cluster = Cluster::default();
    cluster.add(&reported("a", &good(), 0));
    cluster.add(&reported("b", &good(), 9999));
    cluster.add(&reported("c", &one_down, 0));
    cluster.add(&reported("d", &bad(), 0));
    let text = table(&cluster, SCREEN, now());
    let first: Vec<&str> = text.lines().skip(3).take(4).filter_map(|line| line.get(..1)).collect();
    assert_eq!(first, ["d", "c", "b", "a"], "{text}");
    let states: Vec<&str> =
        text.lines().skip(9).take(10).filter_map(|line| line.split_whitespace().nth(4)).collect();
    let want = ["Active", "Active", "Established", "Established", "Unknown", "Unknown"];
    assert_eq!(states[..6], want, "{text}");
}

/// A newer agent may have words that are not known here; what it says still counts.
#[test]
fn unknown_words_are_shown_as_they_are() {
    let mut report = serde_json::to_value(reported("node-1", &good(), 0).node.status).unwrap();
    for condition in report["conditions"].as_array_mut().unwrap() {
        if ["Ready", "ConfigApplied"].contains(&condition["type"].as_str().unwrap()) {
            condition["status"] = "False".into();
            condition["reason"] = "MoonIsFull".into();
            condition["message"] = "wait for the day".into();
        }
    }
    let mut cluster = Cluster::default();
    cluster.add_node("node-1", report);
    let text = table(&cluster, WIDE, now());
    assert!(text.contains("node-1   False   MoonIsFull   2/2"), "{text}");
    assert!(text.contains("   MoonIsFull   0s\n"), "{text}");
    assert!(text.contains("node-1: ConfigApplied is false (MoonIsFull): wait for the day\n"), "{text}");
    assert!(text.starts_with("Nodes: 0 of 1 ready."), "{text}");
}

#[test]
fn sessions_without_their_node_count_as_unknown() {
    let mut cluster = mixed();
    cluster.nodes.remove("node-1");
    let text = table(&cluster, SCREEN, now());
    assert!(text.contains("\nnode-1: there are sessions of it, and no BGPNode\n"), "{text}");
    assert!(text.contains("node-1   10.0.0.1   64601   default   Unknown"), "{text}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let mut cluster = Cluster::default();
    cluster.add_node("a\u{1b}[2J", json!({ "frr": "\u{9b}2J" }));
    cluster.add_session("b\u{7}", json!({ "node": "c\r", "peer": "\u{1b}]0;" }));
    let text = table(&cluster, ALL, now());
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn counts_can_be_read() {
    let numbers = [0, 999, 1000, 20_000, 1_234_567].map(number);
    assert_eq!(numbers, ["0", "999", "1,000", "20,000", "1,234,567"]);
}
