//! What must hold for every text.

use std::sync::LazyLock;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};

use super::corpus;
use crate::{
    config::{Config, Context, Node, load},
    merge::{Contribution, merge},
    policy::{Policy, REASONS_MAX, check},
    quirks::FrrVersion,
};

/// Words and what stands between them: of the contract, of FRR, and of those who try to leave the one for the other.
const PIECES: [&str; 64] = [
    "\n",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    " ",
    "\t",
    "\u{b}",
    "\u{a0}",
    "\u{200b}",
    "\0",
    "\\\n",
    "!",
    "#",
    "ip prefix-list ",
    "ip prefix-list a permit any\n",
    "ip prefix-list b seq 5 permit 10.0.0.0/8 le 24\n",
    "ipv6 prefix-list c deny ::/0 le 64\n",
    "route-map 10.0.0.1-in permit 20\n",
    "route-map eth0-in permit 20\n",
    "route-map ",
    "10.0.0.1-in ",
    "10.0.0.1-out ",
    "x-in ",
    "permit ",
    "deny ",
    "permit 20",
    " 20",
    " 10",
    " match ip address prefix-list a\n",
    " match ip address prefix-list b\n",
    " match ipv6 address prefix-list c\n",
    "match ",
    "ip ",
    "ipv6 ",
    "address ",
    "prefix-list ",
    "a ",
    "b ",
    "seq 5 ",
    "seq ",
    "any",
    "10.0.0.0/8",
    "::/0",
    " ge 16",
    " le 24",
    "description x",
    "exit\n",
    "exit-route-map\n",
    "end\n",
    "do ",
    "no ",
    "router bgp 1\n",
    "rou ",
    "set local-preference 5\n",
    "call x\n",
    "on-match next\n",
    "line vty\n",
    "neighbor 10.0.0.1 ",
    "remote-as 1\n",
    "log file /x\n",
    "conf t\n",
];

fn soups() -> impl Strategy<Value = String> {
    let soup = || vec(select(PIECES.as_slice()), 0..24).prop_map(|pieces| pieces.concat());
    let with_anything = (soup(), any::<String>(), soup()).prop_map(|(a, b, c)| format!("{a}{b}{c}"));
    prop_oneof![soup(), with_anything, any::<String>()]
}

/// Texts that keep the contract, in the ways that people write them.
fn contracts() -> impl Strategy<Value = String> {
    const PEERS: [&str; 5] = ["10.0.0.1", "fc00:f853:ccd:e793::5", "eth0", "10.1.0.1-red", "10.99.0.9"];
    let line_end = select(["\n", "\r\n", " \t\n", "\n!\n", "\nexit\n", "\n\n# x\n"].as_slice());
    let layout = (select(["", " ", "  ", "\t"].as_slice()), line_end);
    let entry = (
        0_u8..3,
        8_u8..=32,
        select(["permit", "deny"].as_slice()),
        select(["", " le 32", " ge 32"].as_slice()),
    );
    let lists = vec((entry, any::<bool>(), layout.clone()), 0..6).prop_map(|entries| {
        let entry = |(at, ((list, length, action, range), has_seq, (indent, end))): (u32, _)| {
            let (length, seq): (u8, _) =
                (length, if has_seq { format!("seq {} ", at + 100) } else { String::new() });
            format!("{indent}ip prefix-list l{list} {seq}{action} {}.0.0.0/{length}{range}{end}", at + 10)
        };
        let first = (0..3).map(|list| format!("ip prefix-list l{list} seq 1 permit any\n"));
        first.chain((0..).zip(entries).map(entry)).collect::<String>()
    });
    let maps = vec((0_u8..=3, layout), PEERS.len()).prop_map(|maps| {
        let map = |(peer, (list, (indent, end))): (&&str, (u8, (&str, &str)))| match list {
            3 => format!("{indent}route-map {peer}-in permit 20{end}"),
            _ => format!("{indent}route-map {peer}-in permit 20\n match ip address prefix-list l{list}{end}"),
        };
        PEERS.iter().zip(maps).map(map).collect::<String>()
    });
    (lists, maps, any::<bool>()).prop_map(
        |(lists, maps, lists_first)| {
            if lists_first { lists + &maps } else { maps + &lists }
        },
    )
}

/// Contracts with something put in or left out, somewhere or before a line.
fn slips() -> impl Strategy<Value = String> {
    let slip = (any::<Index>(), any::<bool>(), 0_usize..3, select(PIECES.as_slice()));
    (contracts(), slip).prop_map(|(text, (at, is_anywhere, removed, piece))| {
        let mut chars: Vec<char> = text.chars().collect();
        let starts: Vec<usize> = (0..chars.len()).filter(|at| *at == 0 || chars[at - 1] == '\n').collect();
        let (at, removed) =
            if is_anywhere { (at.index(chars.len()), removed) } else { (starts[at.index(starts.len())], 0) };
        let end = (at + removed).min(chars.len());
        chars.splice(at..end, piece.chars());
        chars.into_iter().collect()
    })
}

/// What of a contribution FRR would hold beside its own prefix-lists and the users' entries of inbound maps.
fn beyond_the_contract(text: &str) -> Vec<String> {
    let config = load("extras", text, FrrVersion::default());
    let beyond = |(_, node): (&str, &Node)| {
        let is_match = |node: &Node| {
            matches!(node.statement.words().as_slice(), ["match", "ip" | "ipv6", "address", "prefix-list", _])
                && node.children.is_empty()
        };
        let is_fine = match node.statement.words().as_slice() {
            ["ip" | "ipv6", "prefix-list", _, "seq", _, "permit" | "deny", ..]
            | ["ip" | "ipv6", "prefix-list", _, "description", ..] => node.opens.is_none(),
            ["route-map", name, "permit", "20"] => {
                name.ends_with("-in")
                    && node.opens == Some(Context::RouteMap)
                    && node.children.iter().all(|(_, child)| is_match(child))
            }
            _ => false,
        };
        (!is_fine).then(|| format!("{:?}", node.statement))
    };
    config.top.iter().filter_map(beyond).collect()
}

/// What of the base is another after the merge with a contribution, the users' entries of inbound maps apart.
fn changed_in_the_base(text: &str) -> Vec<String> {
    let contribution = Contribution { name: "extras", text, policy: Policy::Extras };
    let merged = merge(BASE_TEXT, &[contribution], FrrVersion::default()).config;
    let is_users = |key: &str| key.starts_with("route-map ") && key.ends_with("-in 0000000020");
    let changed = |(key, node): (&str, &Node)| {
        (!is_users(key) && merged.top.get(key) != Some(node)).then(|| key.to_owned())
    };
    BASE.top.iter().filter_map(changed).collect()
}

const BASE_TEXT: &str = include_str!("../../../fixtures/policy/base.conf");

static BASE: LazyLock<Config> = LazyLock::new(|| load("base", BASE_TEXT, FrrVersion::default()));

/// The security property: whatever is accepted as `extras` sets prefix-lists and the users' own entries alone.
#[track_caller]
fn is_sound(text: &str) {
    for policy in [Policy::Extras, Policy::Full] {
        let rejections = check("x", text, policy, &BASE);
        for rejection in &rejections {
            let count = rejection.text.chars().count();
            assert!(rejection.at.start <= rejection.at.end && rejection.at.end <= count, "{rejection:?}");
            assert!(count <= 120 && !rejection.text.chars().any(char::is_control), "{rejection:?}");
            assert!(
                !rejection.reason.is_empty() && !rejection.reason.contains(char::is_control),
                "{rejection:?}"
            );
        }
        if policy == Policy::Extras && rejections.is_empty() {
            assert_eq!(beyond_the_contract(text), Vec::<String>::new(), "{text:?}");
            assert_eq!(changed_in_the_base(text), Vec::<String>::new(), "{text:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_accepted_keeps_the_contract(text in prop_oneof![soups(), slips()]) {
        is_sound(&text);
    }

    #[test]
    fn whatever_keeps_the_contract_is_accepted(text in contracts()) {
        prop_assert_eq!(check("x", &text, Policy::Extras, &BASE), []);
        is_sound(&text);
    }
}

/// The first property would hold for a check that refuses everything.
#[test]
fn slips_are_of_both_kinds() {
    let mut runner = TestRunner::deterministic();
    let texts = (0..300).map(|_| slips().new_tree(&mut runner).unwrap().current());
    let accepted = texts.filter(|text| check("x", text, Policy::Extras, &BASE).is_empty()).count();
    assert!((30..270).contains(&accepted), "{accepted} of 300");
}

#[test]
fn the_corpora_are_sound() {
    for case in corpus::cases("refused").into_iter().chain(corpus::cases("accepted")) {
        is_sound(&case.text);
    }
}

#[test]
fn secrets_of_a_refused_line_are_not_told() {
    let mut told = 0;
    for case in corpus::cases("refused") {
        for rejection in check("x", &case.text, case.policy, &case.base) {
            assert!(!format!("{rejection:?} {rejection}").contains("hush"), "{}: {rejection:?}", case.name);
            told += 1;
        }
    }
    assert!(told > 300, "{told} rejections");
}

#[test]
fn there_is_an_end_to_the_reasons() {
    let text = "router bgp 1\n".repeat(REASONS_MAX + 7);
    let rejections = check("x", &text, Policy::Extras, &BASE);
    assert_eq!(rejections.len(), REASONS_MAX + 1);
    assert_eq!(rejections.last().unwrap().to_string(), "x: 7 more reasons are not shown");
}
