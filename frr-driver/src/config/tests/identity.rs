//! What is rendered loads as what was rendered, and rendering it again gives the same text; nothing panics.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    super::{load, render},
    lines,
    records::{VERSIONS, fixtures, read, version},
};
use crate::{merge::Generation, quirks::FrrVersion};

/// Renders `text` and loads that again.
#[track_caller]
fn survives(what: &str, text: &str, version: FrrVersion) {
    let config = load("written", text, version);
    let rendered = render(&config, &[], version);
    let again = load("rendered", rendered.reveal(), version);
    assert_eq!(lines(&config.top, ""), lines(&again.top, ""), "{version} {what}: {text}");
    assert_eq!(Generation::of(&config), Generation::of(&again));
    assert_eq!(rendered.reveal(), render(&again, &[], version).reveal(), "{version} {what}");
}

#[test]
fn every_recorded_configuration_survives() {
    let mut tried = 0;
    for name in VERSIONS {
        for file in std::fs::read_dir(fixtures("canonical").join(name)).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            survives(path.to_str().unwrap(), &text, version(name));
            tried += 1;
        }
    }
    assert_eq!(tried, 4 * 31 * 3);
}

#[test]
fn every_recorded_construct_survives() {
    for file in std::fs::read_dir(fixtures("constructs")).unwrap() {
        let file = file.unwrap().file_name();
        for record in read(&format!("constructs/{}", file.to_str().unwrap())) {
            for name in VERSIONS {
                survives("construct", &record.text("written"), version(name));
            }
        }
    }
}

/// Every line that was recorded, whatever its context.
fn recorded_lines() -> Vec<String> {
    let mut all = Vec::new();
    for file in std::fs::read_dir(fixtures("constructs")).unwrap() {
        let file = file.unwrap().file_name();
        for record in read(&format!("constructs/{}", file.to_str().unwrap())) {
            all.extend(record.text("written").lines().map(str::to_owned));
        }
    }
    all.sort();
    all.dedup();
    all
}

fn some_version() -> impl Strategy<Value = FrrVersion> {
    select(VERSIONS.map(version).to_vec())
}

/// Recorded lines in any order, some with `no`, some odd words among them, any indentation.
fn some_text() -> impl Strategy<Value = String> {
    let recorded = select(recorded_lines());
    let block = select(vec![
        "router bgp 64512",
        "router bgp 64513 vrf red",
        " address-family ipv4 unicast",
        " address-family ipv6 unicast",
        "route-map R permit 10",
        "bfd",
        " profile fast",
        "interface eth1",
        "vrf red",
        "mpls ldp",
        "key chain K",
        "exit",
        "end",
        "!",
    ]);
    let line = prop_oneof![
        6 => recorded.clone(),
        3 => block.prop_map(str::to_owned),
        2 => recorded.prop_map(|line| format!("no {line}")),
        1 => "[ a-z0-9:/.]{0,24}",
        1 => "\\PC{0,12}",
    ];
    vec((line, 0..4_usize), 0..24).prop_map(|lines| {
        let lines = lines.into_iter().map(|(line, indent)| " ".repeat(indent) + &line);
        lines.collect::<Vec<_>>().join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_configuration_survives(text in some_text(), version in some_version()) {
        survives("generated", &text, version);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(text in "[ \t\r\n!#a-z0-9.:/%\u{0}\u{a0}ü-]{0,160}", words in vec(select(WORDS.to_vec()), 0..24), version in some_version()) {
        let text = format!("{text}\n{}", words.join(" ").replace(" ; ", "\n"));
        let config = load("fuzz", &text, version);
        let _ = render(&config, &[], version);
    }
}

/// Words that lead deep into the grammar.
const WORDS: [&str; 36] = [
    ";",
    ";",
    ";",
    ";",
    "no",
    "router",
    "bgp",
    "64512",
    "vrf",
    "red",
    "neighbor",
    "192.0.2.1",
    "remote-as",
    "peer-group",
    "address-family",
    "ipv4",
    "unicast",
    "route-map",
    "permit",
    "10",
    "match",
    "ip",
    "prefix-list",
    "seq",
    "access-list",
    "standard",
    "community-list",
    "interface",
    "exit",
    "end",
    "ip route",
    "tag",
    "le",
    "redistribute",
    "key chain",
    "set community",
];
