use std::fs;

use frr_driver::vty_socket::Daemon;
use routelet_status::{
    project::project,
    snapshot::{DaemonState, FrrState, Snapshot},
};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// Writes a report from second 0 and shows it at `second`.
fn show_at(second: i64, format: Format) -> String {
    let frr = FrrState { version: Some("10.7.1".into()), daemons: vec![(Daemon::Bgpd, DaemonState::Up)] };
    let snapshot = Snapshot { frr: Some(frr), ..Snapshot::unknown("node-1", at(0), Duration::from_secs(5)) };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("status.json");
    fs::write(&file, serde_json::to_vec_pretty(&project(&snapshot, None)).unwrap()).unwrap();
    show(&file, format, at(second)).unwrap()
}

/// Shows a file with this content; returns the whole error.
fn error(content: Option<&str>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("status.json");
    if let Some(content) = content {
        fs::write(&file, content).unwrap();
    }
    format!("{:#}", show(&file, Format::Table, at(0)).unwrap_err())
}

#[test]
fn a_report_is_a_table() {
    assert!(show_at(15, Format::Table).starts_with("NODE     READY"));
    assert!(show_at(15, Format::Wide).contains("GENERATION"));
    assert!(show_at(15, Format::Json).starts_with('{'));
    assert!(show_at(15, Format::Yaml).starts_with("apiVersion: routelet.io/v1alpha1\nnode:\n"));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let value = serde_json::json!({ "text": "\u{1b}[2J \u{7f} \u{9b}2J \r" });
    for document in [Document::Json, Document::Yaml] {
        let text = document.text(&value).unwrap();
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&Document::Json.text(&value).unwrap()).unwrap(),
        value
    );
}

#[test]
fn an_old_report_says_that_the_agent_is_gone() {
    assert!(show_at(16, Format::Table).starts_with("The agent is not running: this is from 16s ago."));
    assert!(show_at(16, Format::Json).starts_with('{'));
}

#[test]
fn a_missing_report_says_where_it_should_be() {
    let error = error(None);
    assert!(error.starts_with("no agent has ever reported to /") && error.contains("--state-dir"), "{error}");
}

#[test]
fn an_odd_report_says_what_is_odd() {
    assert!(error(Some("{")).contains("is no report: EOF"));
    let other = show_at(0, Format::Json).replacen("v1alpha1", "v2", 1);
    assert!(error(Some(&other)).contains("is routelet.io/v2, not routelet.io/v1alpha1"));
}

#[test]
fn a_pipe_that_nobody_reads_is_no_error() {
    assert!(print("", false).unwrap());
}
