use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    sources: SourceArgs,
}

#[track_caller]
fn specs(arguments: &[&str]) -> Vec<(String, String, Policy)> {
    let line = Line::try_parse_from(std::iter::once(&"test").chain(arguments)).unwrap();
    let specs = line.sources.specs().unwrap();
    specs.into_iter().map(|spec| (spec.name, spec.path.display().to_string(), spec.policy)).collect()
}

#[test]
fn the_base_comes_first_and_the_others_as_given() {
    let all = specs(&["--contribution", "b=/b,policy=full", "--extras", "/e", "--base", "/base"]);
    let want =
        [("base", "/base", Policy::Base), ("extras", "/e/extras", Policy::Extras), ("b", "/b", Policy::Full)];
    assert_eq!(all, want.map(|(name, path, policy)| (name.to_owned(), path.to_owned(), policy)));
    assert_eq!(specs(&[]), []);
}

#[test]
fn extras_are_a_mount_or_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let (mount, file) = (dir.path().display().to_string(), dir.path().join("my.conf"));
    std::fs::write(&file, "").unwrap();
    assert_eq!(specs(&["--base", "/b", "--extras", &mount])[1].1, format!("{mount}/extras"));
    let file = file.display().to_string();
    assert_eq!(specs(&["--base", "/b", "--extras", &file])[1].1, file);
}

#[test]
fn contributions_need_a_base_and_names_of_their_own() {
    assert!(Line::try_parse_from(["test", "--extras", "/e"]).is_err());
    assert!(Line::try_parse_from(["test", "--contribution", "a=/a"]).is_err());
    let twice = ["test", "--base", "/b", "--contribution", "a=/a", "--contribution", "a=/b"];
    let line = Line::try_parse_from(twice).unwrap();
    assert_eq!(line.sources.specs(), Err(SpecError::NameTwice("a".to_owned())));
}
