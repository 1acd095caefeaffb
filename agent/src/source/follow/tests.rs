use std::path::PathBuf;

use notify::event::{CreateKind, DataChange, Flag, RemoveKind};
use tempfile::TempDir;

use super::*;

#[track_caller]
fn check(kind: EventKind, name: &str, want: News) {
    let dir = TempDir::new().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let places = Places::of(&[SourceSpec::base(root.join("frr.conf"))]);
    let path = if name.is_empty() { root } else { root.join(name) };
    assert_eq!(news(&Event::new(kind).add_path(path), &places), want, "{kind:?} {name}");
}

const WRITE: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));

#[test]
fn only_our_files_are_news() {
    check(WRITE, "frr.conf", News::Content);
    check(EventKind::Create(CreateKind::File), "frr.conf", News::Content);
    check(EventKind::Remove(RemoveKind::File), "frr.conf", News::Content);
    check(EventKind::Access(AccessKind::Close(AccessMode::Write)), "frr.conf", News::Content);
    check(WRITE, "frr.conf.swp", News::Nothing);
}

#[test]
fn reading_is_no_news() {
    check(EventKind::Access(AccessKind::Open(AccessMode::Any)), "frr.conf", News::Nothing);
    check(EventKind::Access(AccessKind::Close(AccessMode::Read)), "frr.conf", News::Nothing);
}

#[test]
fn a_directory_that_went_away_must_be_looked_up_again() {
    check(EventKind::Remove(RemoveKind::File), "", News::Structure);
    check(WRITE, "", News::Content);
}

#[test]
fn a_lost_event_counts_as_ours() {
    let event = Event::new(EventKind::Other).set_flag(Flag::Rescan);
    assert_eq!(news(&event, &Places::default()), News::Content);
}

#[test]
fn watches_are_kept_while_nothing_moves_and_renewed_when_something_did() {
    let dir = TempDir::new().unwrap();
    let specs = [SourceSpec::base(dir.path().join("a/frr.conf"))];
    let changed = Arc::new(Notify::new());
    let (follower, failure) = arm(None, &specs, &changed);
    assert!(failure.is_none());
    let follower = follower.unwrap();
    assert!(follower.covers(&Places::of(&specs)));
    std::fs::create_dir(dir.path().join("a")).unwrap();
    assert!(!follower.covers(&Places::of(&specs)));
    let (follower, _) = arm(Some(follower), &specs, &changed);
    let follower = follower.unwrap();
    let watched: Vec<&PathBuf> = follower.places.0.keys().collect();
    assert_eq!(watched, [&dir.path().canonicalize().unwrap().join("a")]);
    follower.stale.store(true, Ordering::Relaxed);
    assert!(!follower.covers(&Places::of(&specs)));
}
