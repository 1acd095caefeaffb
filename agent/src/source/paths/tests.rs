use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::super::tests::ConfigMap;
use super::*;

/// Compares the watched directories, relative to `root`, with their names (`*` for all).
#[track_caller]
fn check(root: &Path, spec: &str, want: &[(&str, &[&str])]) {
    let root = root.canonicalize().unwrap();
    let spec: SourceSpec = format!("x={}/{spec}", root.display()).parse().unwrap();
    let places = Places::of(&[spec]);
    let got: Vec<(String, Vec<String>)> = places
        .0
        .iter()
        .map(|(dir, place)| {
            let names = match &place.names {
                Names::All => vec!["*".to_owned()],
                Names::Only(names) => names.iter().map(|name| name.to_str().unwrap().to_owned()).collect(),
            };
            (dir.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(), names)
        })
        .collect();
    let want: Vec<(String, Vec<String>)> = want
        .iter()
        .map(|(dir, names)| ((*dir).to_owned(), names.iter().map(|name| (*name).to_owned()).collect()))
        .collect();
    assert_eq!(got, want);
}

#[test]
fn a_file_is_watched_in_its_directory() {
    let dir = TempDir::new().unwrap();
    check(dir.path(), "f", &[("", &["f"])]);
    fs::write(dir.path().join("f"), "").unwrap();
    check(dir.path(), "f", &[("", &["f"])]);
}

#[test]
fn what_does_not_exist_is_watched_where_it_would_begin() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("a")).unwrap();
    check(dir.path(), "a/b/c/f", &[("a", &["b"])]);
}

#[test]
fn a_mount_is_watched_for_its_link_only() {
    let map = ConfigMap::new(&[("extras", "")]);
    check(map.path(), "extras", &[("", &["..data", "extras"])]);
    check(map.path(), "later", &[("", &["..data", "later"])]);
    check(map.path(), "", &[("", &["*"])]);
}

#[test]
fn links_are_watched_where_they_are_and_where_they_lead() {
    let dir = TempDir::new().unwrap();
    for name in ["links", "real"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    symlink("../real", dir.path().join("links/dir")).unwrap();
    symlink(dir.path().canonicalize().unwrap().join("real/f"), dir.path().join("links/f")).unwrap();
    check(dir.path(), "links/dir/f", &[("links", &["dir"]), ("real", &["f"])]);
    check(dir.path(), "links/f", &[("links", &["f"]), ("real", &["f"])]);
    check(dir.path(), "links", &[("links", &["*"]), ("real", &["f"])]);
}

#[test]
fn a_loop_of_links_ends() {
    let dir = TempDir::new().unwrap();
    symlink("b", dir.path().join("a")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    check(dir.path(), "a/f", &[("", &["a", "b"])]);
}
