use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::super::tests::ConfigMap;
use super::*;

/// Nothing that is going to happen takes longer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Longer than everything a change can be held back.
const NOTHING_COMES: Duration = Duration::from_millis(800);

struct Watched {
    receiver: watch::Receiver<Option<Delivery>>,
    requests: watch::Sender<u64>,
    task: JoinHandle<()>,
}

impl Watched {
    /// Starts to watch, and waits for the first reading.
    async fn new(specs: Vec<SourceSpec>) -> (Self, Delivery) {
        let (requests, asked) = watch::channel(0);
        let (sender, receiver) = watch::channel(None);
        let task = tokio::spawn(watch(specs, asked, sender));
        let mut watched = Self { receiver, requests, task };
        let first = watched.next().await;
        (watched, first)
    }

    async fn next(&mut self) -> Delivery {
        timeout(DEADLINE, self.receiver.changed()).await.expect("something is sent").unwrap();
        self.receiver.borrow_and_update().clone().unwrap()
    }

    async fn nothing(&mut self) {
        let news = timeout(NOTHING_COMES, self.receiver.changed()).await;
        assert!(news.is_err(), "{:?}", self.receiver.borrow());
    }

    /// Waits for the base to be `want`; everything sent before that must pass `allowed`.
    async fn base(&mut self, want: &str, allowed: impl Fn(Option<&str>) -> bool) {
        loop {
            let delivery = self.next().await;
            match text(&delivery, "base") {
                Some(text) if text == want => return,
                other => assert!(allowed(other), "{other:?} on the way to {want:?}"),
            }
        }
    }
}

fn text<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a str> {
    match delivery.sources.reading(name).unwrap() {
        Reading::Present(files) => files.first().map(|file| file.text.as_str()),
        Reading::Missing => None,
        Reading::Unreadable(errors) => panic!("{errors:?}"),
    }
}

fn never(_: Option<&str>) -> bool {
    false
}

fn base(dir: &Path) -> Vec<SourceSpec> {
    vec![SourceSpec::base(dir.join("frr.conf"))]
}

#[tokio::test]
async fn the_first_reading_comes_at_once_even_of_nothing() {
    let dir = TempDir::new().unwrap();
    let start = Instant::now();
    let (_watched, first) = Watched::new(base(dir.path())).await;
    assert_eq!(text(&first, "base"), None);
    assert!(start.elapsed() < SETTLE_MAX, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_swap_is_seen_once() {
    let map = ConfigMap::new(&[("frr.conf", "1")]);
    let (mut watched, first) = Watched::new(base(map.path())).await;
    assert_eq!(text(&first, "base"), Some("1"));
    for version in 2..8 {
        let start = Instant::now();
        map.swap(&[("frr.conf", &version.to_string())]);
        watched.base(&version.to_string(), never).await;
        let elapsed = start.elapsed();
        assert!(elapsed >= SETTLE_QUIET && elapsed < SETTLE_MAX, "{elapsed:?}");
    }
    watched.nothing().await;
}

#[tokio::test]
async fn the_last_of_many_swaps_is_seen_and_never_two_versions() {
    let map = ConfigMap::new(&[("frr.conf", "0"), ("extras", "0")]);
    let specs = vec![SourceSpec::base(map.key("frr.conf")), SourceSpec::extras(map.path())];
    let (mut watched, _) = Watched::new(specs).await;
    let writer = async {
        for version in 1..=20 {
            let version = version.to_string();
            map.swap(&[("frr.conf", &version), ("extras", &version)]);
            sleep(Duration::from_millis(60)).await;
        }
    };
    let reader = async {
        loop {
            let delivery = watched.next().await;
            assert_eq!(text(&delivery, "base"), text(&delivery, "extras"));
            if text(&delivery, "base") == Some("20") {
                return;
            }
        }
    };
    tokio::join!(writer, reader);
    watched.nothing().await;
}

#[tokio::test]
async fn a_key_and_a_whole_mount_may_come_and_go() {
    let map = ConfigMap::new(&[("other", "")]);
    let (mut watched, first) = Watched::new(base(map.path())).await;
    assert_eq!(text(&first, "base"), None);
    map.swap(&[("other", ""), ("frr.conf", "1")]);
    watched.base("1", never).await;
    map.swap(&[("other", "")]);
    assert_eq!(text(&watched.next().await, "base"), None);
}

#[tokio::test]
async fn a_rewrite_in_place_is_seen_whole() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frr.conf");
    fs::write(&path, "before").unwrap();
    let (mut watched, _) = Watched::new(base(dir.path())).await;
    let whole = "! line\n".repeat(8);
    let writer = async {
        let mut file = fs::File::create(&path).unwrap();
        for chunk in whole.as_bytes().chunks(7) {
            sleep(SETTLE_QUIET / 4).await;
            file.write_all(chunk).unwrap();
        }
    };
    tokio::join!(writer, watched.base(&whole, never));
    watched.nothing().await;
}

#[tokio::test]
async fn a_file_that_stays_truncated_for_a_while_is_not_believed() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frr.conf");
    fs::write(&path, "before").unwrap();
    let (mut watched, _) = Watched::new(base(dir.path())).await;
    let writer = async {
        let mut file = fs::File::create(&path).unwrap();
        sleep(SETTLE_QUIET * 3).await;
        file.write_all(b"after").unwrap();
    };
    tokio::join!(writer, watched.base("after", never));
    watched.nothing().await;
}

#[tokio::test]
async fn a_file_that_is_truncated_at_the_start_is_not_believed_either() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frr.conf");
    fs::write(&path, "").unwrap();
    let writer = async {
        sleep(SETTLE_QUIET).await;
        fs::write(&path, "whole").unwrap();
    };
    let ((), (_watched, first)) = tokio::join!(writer, Watched::new(base(dir.path())));
    assert_eq!(text(&first, "base"), Some("whole"));
}

#[tokio::test]
async fn a_file_that_was_emptied_for_good_is_believed() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("frr.conf"), "before").unwrap();
    let (mut watched, _) = Watched::new(base(dir.path())).await;
    let start = Instant::now();
    fs::write(dir.path().join("frr.conf"), "").unwrap();
    watched.base("", never).await;
    assert!(start.elapsed() >= EMPTY_QUIET);
    watched.nothing().await;
}

#[tokio::test]
async fn an_editors_rename_is_seen_once() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("frr.conf"), "1").unwrap();
    let (mut watched, _) = Watched::new(base(dir.path())).await;
    // vim with a backup: the old file goes away, the new one is written in its place.
    fs::rename(at("frr.conf"), at("frr.conf~")).unwrap();
    fs::write(at("frr.conf"), "2").unwrap();
    watched.base("2", never).await;
    fs::write(at(".new"), "3").unwrap();
    fs::rename(at(".new"), at("frr.conf")).unwrap();
    watched.base("3", never).await;
    watched.nothing().await;
}

#[tokio::test]
async fn a_directory_may_go_and_come_back_again_and_again() {
    let root = TempDir::new().unwrap();
    let dir = root.path().join("etc/frr");
    let (mut watched, _) = Watched::new(base(&dir)).await;
    for version in 1..4 {
        let version = version.to_string();
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("frr.conf"), &version).unwrap();
        watched.base(&version, never).await;
        fs::remove_dir_all(root.path().join("etc")).unwrap();
        assert_eq!(text(&watched.next().await, "base"), None);
    }
    // Gone and back within one settling, most likely with the same inode.
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("frr.conf"), "4").unwrap();
    watched.base("4", never).await;
    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("frr.conf"), "5").unwrap();
    watched.base("5", never).await;
    fs::write(dir.join("frr.conf"), "6").unwrap();
    watched.base("6", never).await;
}

#[tokio::test]
async fn a_directory_made_step_by_step_is_followed_down() {
    let root = TempDir::new().unwrap();
    let dir = root.path().join("a/b/c");
    let (mut watched, _) = Watched::new(base(&dir)).await;
    for part in ["a", "a/b", "a/b/c"] {
        fs::create_dir(root.path().join(part)).unwrap();
        sleep(SETTLE_QUIET * 2).await;
    }
    fs::write(dir.join("frr.conf"), "1").unwrap();
    watched.base("1", never).await;
}

#[tokio::test]
async fn a_link_to_a_directory_is_followed_to_where_it_leads_now() {
    let root = TempDir::new().unwrap();
    let at = |name: &str| root.path().join(name);
    for name in ["one", "two"] {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("frr.conf"), name).unwrap();
    }
    symlink("one", at("link")).unwrap();
    let (mut watched, first) = Watched::new(base(&at("link"))).await;
    assert_eq!(text(&first, "base"), Some("one"));
    symlink("two", at("link.new")).unwrap();
    fs::rename(at("link.new"), at("link")).unwrap();
    watched.base("two", never).await;
    fs::write(at("two/frr.conf"), "two, changed").unwrap();
    watched.base("two, changed", never).await;
}

#[tokio::test]
async fn what_did_not_change_is_not_sent() {
    let map = ConfigMap::new(&[("frr.conf", "same")]);
    let (mut watched, _) = Watched::new(base(map.path())).await;
    map.swap(&[("frr.conf", "same")]);
    watched.nothing().await;
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("frr.conf"), "same").unwrap();
    let (mut watched, _) = Watched::new(base(dir.path())).await;
    fs::write(dir.path().join("frr.conf"), "same").unwrap();
    fs::write(dir.path().join("neighbour"), "new").unwrap();
    watched.nothing().await;
}

#[tokio::test]
async fn a_request_is_answered_even_if_nothing_changed() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("frr.conf"), "1").unwrap();
    let (mut watched, first) = Watched::new(base(dir.path())).await;
    assert_eq!(first.answers, 0);
    watched.requests.send(1).unwrap();
    let answer = watched.next().await;
    assert_eq!((answer.answers, answer.sources.digest), (1, first.sources.digest));
    // What was written before the request is in the answer, which does not wait for it to settle.
    fs::write(dir.path().join("frr.conf"), "2").unwrap();
    watched.requests.send(2).unwrap();
    let answer = watched.next().await;
    assert_eq!((answer.answers, text(&answer, "base")), (2, Some("2")));
    watched.nothing().await;
}

#[tokio::test]
async fn nobody_needs_to_ask() {
    let dir = TempDir::new().unwrap();
    let (mut watched, _) = Watched::new(base(dir.path())).await;
    watched.requests = watch::channel(0).0;
    fs::write(dir.path().join("frr.conf"), "1").unwrap();
    watched.base("1", never).await;
    watched.nothing().await;
}

#[tokio::test]
async fn watching_ends_when_nobody_listens() {
    let dir = TempDir::new().unwrap();
    let (watched, _) = Watched::new(base(dir.path())).await;
    drop(watched.receiver);
    timeout(DEADLINE, watched.task).await.expect("it ends").unwrap();
}
