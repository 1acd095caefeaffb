use std::time::Duration;

use super::*;
use crate::{
    project::{
        project,
        tests::{bad, good},
    },
    snapshot::Snapshot,
};

fn show(snapshot: &Snapshot, width: Width) -> String {
    table(&project(snapshot, None), width, snapshot.now)
}

#[test]
fn golden_good() {
    insta::assert_snapshot!("good", show(&good(), Width::Normal));
    insta::assert_snapshot!("good-wide", show(&good(), Width::Wide));
}

#[test]
fn golden_bad() {
    insta::assert_snapshot!("bad", show(&bad(), Width::Normal));
    insta::assert_snapshot!("bad-wide", show(&bad(), Width::Wide));
}

#[test]
fn golden_unknown() {
    let snapshot = Snapshot::unknown("node-1", good().now, Duration::from_secs(5));
    insta::assert_snapshot!("unknown", show(&snapshot, Width::Normal));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    assert_eq!(columns(&["A"], &[vec!["\u{1b}[2J".into()]]), "A\n?[2J\n");
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let rows = [vec!["long cell".into(), "x".into()], vec!["é".into(), String::new()]];
    assert_eq!(columns(&["A", "B"], &rows), "A           B\nlong cell   x\né\n");
}
