mod constructs;
mod identity;
mod merge_cases;
mod printed;
mod records;

use super::*;
use crate::quirks::FrrVersion;

#[track_caller]
fn check_equal(written: &str, printed: &str) {
    check_equal_on(FrrVersion::default(), written, printed);
}

#[track_caller]
fn check_equal_on(version: FrrVersion, written: &str, printed: &str) {
    let (a, b) = (load("written", written, version), load("printed", printed, version));
    assert_eq!(lines(&a.top, ""), lines(&b.top, ""));
}

fn lines(tree: &Tree, outer: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (_, node) in tree.iter() {
        let line = format!("{outer}{}", node.statement.reveal());
        all.extend(lines(&node.children, &format!("{line} | ")));
        all.push(line);
    }
    all
}

#[test]
fn the_later_action_of_a_route_map_entry_wins_and_clauses_stay() {
    check_equal(
        "route-map A deny 20\n match ip address prefix-list x\nroute-map A permit 20\n set metric 5\n",
        "route-map A permit 20\n set metric 5\n match ip address prefix-list x\n",
    );
}

/// Pairs that no rule can make equal, and why.
const UNEQUAL: [(&str, &str); 1] = [
    // 10.3 appends a prefix-list entry without a number again at each load.
    ("10.3", "28-merge-vrf-and-extras"),
];

#[test]
fn what_is_written_loads_as_what_frr_prints() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/canonical");
    let mut compared = 0;
    for version_dir in std::fs::read_dir(&root).unwrap() {
        let dir = version_dir.unwrap().path();
        let version = dir.file_name().unwrap().to_str().unwrap().to_owned();
        for file in std::fs::read_dir(&dir).unwrap() {
            let file = file.unwrap().path();
            let Some(case) = file.file_name().unwrap().to_str().unwrap().strip_suffix(".in.conf") else {
                continue;
            };
            let printed = std::fs::read_to_string(dir.join(format!("{case}.running.conf"))).unwrap();
            let written = std::fs::read_to_string(&file).unwrap();
            let is_equal = {
                let version = version.parse().unwrap();
                let (a, b) = (load("written", &written, version), load("printed", &printed, version));
                lines(&a.top, "") == lines(&b.top, "")
            };
            assert_eq!(is_equal, !UNEQUAL.contains(&(version.as_str(), case)), "{version} {case}");
            compared += 1;
        }
    }
    assert_eq!(compared, 124);
}

#[test]
fn what_is_rendered_loads_as_what_was_rendered() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/canonical/8.4.4");
    for file in std::fs::read_dir(&root).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let version = FrrVersion(8, 4, 4);
        let config = load("written", &text, version);
        let rendered = render(&config, &[], version);
        let again = load("rendered", rendered.reveal(), version);
        assert_eq!(lines(&config.top, ""), lines(&again.top, ""));
    }
}

#[test]
fn no_password_shows_in_any_debug() {
    let text = "password hush\nenable password hush\nkey chain K\n key 1\n  key-string hush\n\
                router bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 password hush\n unknown secret hush\n";
    let mut loader = Loader::new(FrrVersion::default());
    for line in lex(&Arc::from("base"), text) {
        loader.line(&line);
        assert!(!format!("{loader:?} {line:?}").contains("hush"), "{loader:?}");
    }
    let config = loader.finish();
    assert!(!format!("{config:?} {:?}", render(&config, &[], FrrVersion::default())).contains("hush"));
    assert_eq!(render(&config, &[], FrrVersion::default()).reveal().matches("hush").count(), 5);
}
