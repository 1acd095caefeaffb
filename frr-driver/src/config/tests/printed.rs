//! What FRR prints is loaded word for word, and each line of it counts.

use super::{
    super::load,
    lines,
    records::{VERSIONS, fixtures, version},
};

/// Lines of a print that say nothing of the configuration, or that the agent leaves alone on purpose.
fn is_left_out(line: &str) -> bool {
    matches!(line, "" | "!" | "end" | "exit" | "line vty")
        || [
            "exit-",
            "frr version",
            "frr defaults traditional",
            "hostname ",
            "service integrated",
            "no ip forwarding",
            "no ipv6 forwarding",
            "use-underlays-nexthop-weight",
        ]
        .iter()
        .any(|start| line.starts_with(start))
}

/// Name and text of each print of `version`.
fn prints(version: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(fixtures("canonical").join(version))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .filter(|path| path.to_str().unwrap().ends_with(".running.conf"))
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn every_printed_line_is_held_word_for_word() {
    for name in VERSIONS {
        for (file, text) in prints(name) {
            let config = load("printed", &text, version(name));
            let held: Vec<String> = lines(&config.top, "")
                .iter()
                .map(|line| line.rsplit(" | ").next().unwrap().to_owned())
                .collect();
            for line in text.lines().map(str::trim).filter(|line| !is_left_out(line)) {
                assert!(held.iter().any(|held| held == line), "{name} {file}: {line}\n{held:#?}");
            }
        }
    }
}

#[test]
fn deleting_any_printed_line_is_seen() {
    for name in VERSIONS {
        for (file, text) in prints(name) {
            let whole = lines(&load("printed", &text, version(name)).top, "");
            let all: Vec<&str> = text.lines().collect();
            for (at, line) in all.iter().enumerate().filter(|(_, line)| !is_left_out(line.trim())) {
                // Its lines outside the block belong to it all the same.
                if line.trim() == "address-family ipv4 unicast" {
                    continue;
                }
                // FRR prints `bfd` beside `bfd profile`, and holds it for the profile alone.
                if line.ends_with(" bfd") && text.contains(&format!("{} profile", line.trim())) {
                    continue;
                }
                let rest: Vec<&str> =
                    all.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, line)| *line).collect();
                let without = lines(&load("printed", &rest.join("\n"), version(name)).top, "");
                assert_ne!(whole, without, "{name} {file}: {line}");
            }
        }
    }
}
