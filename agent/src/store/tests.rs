use std::fs;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;

fn open(dir: &TempDir) -> Store {
    Store::open(dir.path().join("state")).unwrap()
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[track_caller]
fn check_private(directory: &Path) {
    assert_eq!(mode(directory), DIRECTORY_MODE, "{}", directory.display());
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            check_private(&entry);
        } else {
            assert_eq!(mode(&entry), FILE_MODE, "{}", entry.display());
        }
    }
}

#[test]
fn nobody_else_can_read_anything() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("state");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
    let store = open(&dir);
    store.write_status(b"{}").unwrap();
    store.write_last_good("abc", time(0), "text").unwrap();
    store.save_accepted("extras", "text").unwrap();
    store.write_reload_file("text").unwrap();
    check_private(store.path());
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let dir = TempDir::new().unwrap();
    let us = nix::unistd::geteuid();
    // Only root can give a directory away; for everybody else the root directory is somebody else's.
    let path = if us.is_root() { dir.path() } else { Path::new("/") };
    if us.is_root() {
        std::os::unix::fs::chown(path, Some(us.as_raw() + 1), None).unwrap();
    }
    let error = Store::open(path).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { owner, .. } if owner != us.as_raw()), "{error}");
}

#[test]
fn the_second_agent_learns_who_the_first_is() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    let error = Store::open(store.path()).unwrap_err();
    let us = std::process::id();
    assert!(matches!(error, StoreError::Locked { holder: Some(holder), .. } if holder == us), "{error}");
    fs::write(store.path().join("lock"), "no number").unwrap();
    assert!(matches!(Store::open(store.path()).unwrap_err(), StoreError::Locked { holder: None, .. }));
    drop(store);
    open(&dir);
}

#[test]
fn what_a_killed_agent_left_is_removed_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let path = open(&dir).path().to_owned();
    for name in
        [".tmp-0-status.json", "generations/.tmp-1-a.conf", "accepted/.tmp-2-b.conf", "accepted/c.conf"]
    {
        fs::write(path.join(name), "half").unwrap();
    }
    let store = open(&dir);
    assert!(!path.join(".tmp-0-status.json").exists());
    assert_eq!(fs::read_dir(path.join("generations")).unwrap().count(), 0);
    assert_eq!(store.load_accepted("c").unwrap().as_deref(), Some("half"));
}

#[test]
fn accepted_texts_survive_until_they_are_forgotten() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    assert_eq!(store.load_accepted("extras").unwrap(), None);
    store.save_accepted("extras", "one").unwrap();
    store.save_accepted("extras", "two").unwrap();
    drop(store);
    let store = open(&dir);
    assert_eq!(store.load_accepted("extras").unwrap().as_deref(), Some("two"));
    store.forget_accepted("extras").unwrap();
    store.forget_accepted("extras").unwrap();
    assert_eq!(store.load_accepted("extras").unwrap(), None);
}

#[test]
fn names_cannot_lead_out_of_the_directory() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    for name in ["", "..", "../up", "a/b", ".hidden", &"x".repeat(NAME_BYTES_MAX + 1)] {
        assert!(matches!(store.save_accepted(name, ""), Err(StoreError::Name(_))), "{name}");
        assert!(matches!(store.write_generation(name, ""), Err(StoreError::Name(_))), "{name}");
    }
}

#[test]
fn the_last_good_configuration_survives_a_restart() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    assert_eq!(store.load_last_good().unwrap(), None);
    store.write_last_good("aaa", time(1), "one").unwrap();
    store.write_generation("bbb", "two").unwrap();
    drop(store);
    let want = LastGood { generation: "aaa".into(), time: time(1), text: "one".into() };
    assert_eq!(open(&dir).load_last_good().unwrap(), Some(want));
}

#[test]
fn the_record_decides_which_configuration_is_good() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    store.write_last_good("aaa", time(1), "one").unwrap();
    // Killed between the record and the copy: the copy is the one before.
    store.write_last_good("bbb", time(2), "two").unwrap();
    fs::write(store.path().join("last-good.conf"), "one").unwrap();
    assert_eq!(store.load_last_good().unwrap().unwrap().text, "two");
    // The generation is lost, the copy is there.
    store.write_last_good("bbb", time(2), "two").unwrap();
    fs::write(store.path().join("generations/bbb.conf"), b"\xff").unwrap();
    assert_eq!(store.load_last_good().unwrap().unwrap().text, "two");
    fs::write(store.path().join("last-good.conf"), "junk").unwrap();
    assert!(matches!(store.load_last_good(), Err(StoreError::Damaged { .. })));
    fs::write(store.path().join("last-good.json"), "{").unwrap();
    assert!(matches!(store.load_last_good(), Err(StoreError::Damaged { .. })));
}

#[test]
fn the_latest_generations_and_the_last_good_one_are_kept() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    store.write_last_good("good", time(0), "good").unwrap();
    for number in 0..GENERATIONS_KEPT + 3 {
        let file = store.write_generation(&format!("gen{number}"), "text").unwrap();
        let second = Duration::from_secs(u64::try_from(number).unwrap());
        let file = OpenOptions::new().write(true).open(file).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + second).unwrap();
    }
    let mut names: Vec<String> = fs::read_dir(store.path().join("generations"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["gen3.conf", "gen4.conf", "gen5.conf", "gen6.conf", "gen7.conf", "good.conf"]);
}

#[test]
fn doubts_survive_until_there_are_none() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    assert_eq!(store.load_doubts().unwrap(), Doubts::default());
    let guard = Guarded {
        generation: "abc".into(),
        before: None,
        established: vec![frr_driver::session::SessionId::in_default_vrf("10.0.0.1")],
        until: time(30),
    };
    let error = routelet_status::snapshot::SourceError { line: Some(3), message: "no".into() };
    let refused = [("extras".to_owned(), (crate::source::Digest::of(b"text"), vec![error]))].into();
    let frr = vec![(frr_driver::vty_socket::Daemon::Bgpd, None)];
    let doubts = Doubts { frr, guard: Some(guard), refused, ..Doubts::default() };
    store.write_doubts(&doubts).unwrap();
    check_private(store.path());
    drop(store);
    let store = open(&dir);
    assert_eq!(store.load_doubts().unwrap(), doubts);
    fs::write(store.path().join("doubts.json"), "{").unwrap();
    assert!(matches!(store.load_doubts(), Err(StoreError::Damaged { .. })));
    store.write_doubts(&Doubts::default()).unwrap();
    assert!(!store.path().join("doubts.json").exists());
}

#[test]
fn the_reload_directory_is_one_for_vtysh() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    let file = store.write_reload_file("router bgp 1\n").unwrap();
    assert_eq!(file, store.path().join("reload/frr.conf"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "router bgp 1\n");
    let vtysh = fs::read_to_string(store.path().join("reload/vtysh.conf")).unwrap();
    assert_eq!(vtysh, "service integrated-vtysh-config\n");
}

#[test]
fn a_failed_write_leaves_the_file_and_says_where() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    let status = store.path().join("status.json");
    fs::create_dir(&status).unwrap();
    let error = store.write_status(b"{}").unwrap_err();
    assert!(
        matches!(&error, StoreError::Io { operation: Operation::Replace, path, .. } if *path == status),
        "{error}"
    );
    fs::remove_dir_all(store.path().join("reload")).unwrap();
    let error = store.write_reload_file("").unwrap_err();
    assert!(matches!(error, StoreError::Io { operation: Operation::Write, .. }), "{error}");
    let left = fs::read_dir(store.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.filter(|name| name.to_str().unwrap().starts_with(".tmp")).count(), 0);
}

#[test]
fn a_file_in_the_place_of_the_directory_is_an_error() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("state"), "").unwrap();
    let error = Store::open(dir.path().join("state")).unwrap_err();
    assert!(matches!(error, StoreError::Io { operation: Operation::MakeDirectory, .. }), "{error}");
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let error = atomic::fail(Operation::Write, Path::new("/s/x"))(std::io::ErrorKind::StorageFull.into());
    assert_eq!(error.to_string(), "cannot write /s/x");
}
