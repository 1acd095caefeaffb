//! Whatever is written and whatever runs: the meaning is the written one, and the result stays.

use ipnet::Ipv4Net;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::{
    chance,
    config::{Config, Node},
};

const VERSIONS: [FrrVersion; 3] = [FrrVersion(7, 5, 1), FrrVersion(8, 4, 4), FrrVersion(10, 7, 1)];

/// Few prefixes, so that entries meet.
const NETS: [&str; 6] =
    ["10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.2.0.0/16", "172.16.0.0/12", "0.0.0.0/0"];

/// An entry apart from its number, and how far its number is from the one before.
type Entry = (String, u32);

fn list_entry() -> BoxedStrategy<Entry> {
    let content = (any::<bool>(), select(&NETS[..]), option::of(25_u8..=32)).prop_map(|(permit, net, le)| {
        let action = if permit { "permit" } else { "deny" };
        le.map_or_else(|| format!("{action} {net}"), |le| format!("{action} {net} le {le}"))
    });
    (content, 1_u32..=4).boxed()
}

fn map_entry() -> BoxedStrategy<Entry> {
    let content = (any::<bool>(), 0_u8..6).prop_map(|(permit, metric)| {
        let action = if permit { "permit" } else { "deny" };
        format!("{action}\n match metric {metric}")
    });
    // Never as far as 20, which says more than an order.
    (content, prop_oneof![4 => Just(1_u32), 1 => 30_u32..32]).boxed()
}

/// What runs, and what is written: that with entries taken and added, under other numbers.
fn pair(entry: BoxedStrategy<Entry>) -> impl Strategy<Value = (Vec<Entry>, Vec<Entry>)> {
    vec((entry.clone(), any::<bool>(), 1_u32..=3, option::weighted(0.3, entry.clone())), 0..12).prop_flat_map(
        move |rows| {
            let running = rows.iter().map(|(entry, ..)| entry.clone()).collect();
            let edited: Vec<Entry> = rows
                .into_iter()
                .flat_map(|((content, _), stays, gap, new)| {
                    stays.then_some((content, gap)).into_iter().chain(new)
                })
                .collect();
            (Just(running), prop_oneof![3 => Just(edited), 1 => vec(entry.clone(), 0..12)])
        },
    )
}

fn text(entries: &[Entry], line: impl Fn(u32, &str) -> String) -> String {
    let mut number = 0;
    entries.iter().fold(String::new(), |mut text, (content, gap)| {
        number += gap;
        text.push_str(&line(number, content));
        text
    })
}

fn list(entries: &[Entry]) -> String {
    text(entries, |number, content| format!("ip prefix-list L seq {number} {content}\n"))
}

fn map(entries: &[Entry]) -> String {
    text(entries, |number, content| {
        let (action, clause) = content.split_once('\n').unwrap();
        format!("route-map A {action} {number}\n{clause}\n")
    })
}

/// The contents of the entries in the order of their numbers; a map's with its clauses.
fn contents(config: &Config) -> Vec<String> {
    let mut entries: Vec<(u32, String)> = config
        .top
        .iter()
        .map(|(_, node)| {
            let words = node.statement.words();
            let at = words.iter().position(|word| *word == "seq").map_or(3, |seq| seq + 1);
            let mut content = words.clone();
            content.remove(at);
            let clauses = node.children.iter().map(|(_, clause)| clause.statement.reveal());
            let said: Vec<&str> = content.into_iter().chain(clauses).collect();
            (words[at].parse().unwrap(), said.join(" "))
        })
        .collect();
    assert!(entries.is_sorted_by_key(|(number, _)| *number), "keys are in the order of the numbers");
    entries.drain(..).map(|(_, content)| content).collect()
}

/// What a list does with `prefix`; the first entry that matches decides.
fn permits(config: &Config, prefix: Ipv4Net) -> bool {
    let of = contents(config);
    let first = of.iter().find(|content| {
        let words: Vec<&str> = content.split(' ').skip(4).collect();
        let net: Ipv4Net =
            if words[1] == "any" { "0.0.0.0/0".parse().unwrap() } else { words[1].parse().unwrap() };
        let longest = if words[1] == "any" {
            32
        } else {
            words.get(3).map_or(net.prefix_len(), |length| length.parse().unwrap())
        };
        net.contains(&prefix) && prefix.prefix_len() <= longest
    });
    first.is_some_and(|content| content.contains(" permit "))
}

fn entries_that_stay(config: &Config, running: &Config) -> usize {
    let said = |tree: &Tree| -> Vec<String> {
        tree.iter().map(|(_, node)| node.statement.reveal().to_owned()).collect()
    };
    let stays = |(key, node): (&str, &Node)| {
        running.top.get(key).is_some_and(|there| {
            there.statement.reveal() == node.statement.reveal()
                && said(&there.children) == said(&node.children)
        })
    };
    config.top.iter().filter(|entry| stays(*entry)).count()
}

/// What holds of every pair; returns the result.
fn check_law(written: &str, runs: &str, version: FrrVersion) -> (Config, Config) {
    let (desired, running) = (load("base", written, version), load("running", runs, version));
    let kept = keep_numbers(&desired, &running, version);
    assert_eq!(keep_numbers(&kept, &running, version), kept, "a second time");
    assert!(plan(&kept, &keep_numbers(&kept, &kept, version), version).is_empty());
    assert!(plan(&keep_numbers(&desired, &kept, version), &kept, version).is_empty(), "once it runs");
    let stay = |config| entries_that_stay(config, &running);
    assert!(stay(&kept) >= stay(&desired), "never less than as written");
    let sorted = |config: &Config| {
        let mut contents = contents(config);
        contents.sort();
        contents
    };
    assert_eq!(sorted(&kept), sorted(&desired));
    for (key, node) in kept.top.iter() {
        let origin = &node.statement.origin;
        let of = desired.top.iter().find(|(_, node)| node.statement.origin == *origin);
        let (was, _) = of.expect("each has its origin");
        assert_eq!(node.renumbered.is_some(), was != key, "{was} {key}");
    }
    (desired, kept)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, rng_seed: chance::seed(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_list_means_what_is_written(
        (runs, written) in pair(list_entry()),
        version in select(&VERSIONS[..]),
        prefixes in vec((any::<u16>(), 8_u8..=32), 8),
    ) {
        let (desired, kept) = check_law(&list(&written), &list(&runs), version);
        let near = prefixes.into_iter().map(|(bits, length)| {
            let [high, low] = bits.to_be_bytes();
            Ipv4Net::new([10, high % 4, low % 4, low].into(), length).unwrap().trunc()
        });
        for prefix in near.chain(NETS.map(|net| net.parse().unwrap())) {
            prop_assert_eq!(permits(&kept, prefix), permits(&desired, prefix), "{}", prefix);
        }
    }

    #[test]
    fn a_map_is_what_is_written((runs, written) in pair(map_entry()), version in select(&VERSIONS[..])) {
        let (desired, kept) = check_law(&map(&written), &map(&runs), version);
        prop_assert_eq!(contents(&kept), contents(&desired));
    }

    /// With room everywhere, no larger set of entries could stay.
    #[test]
    fn as_many_entries_stay_as_can((runs, written) in pair(list_entry())) {
        let version = FrrVersion(8, 4, 4);
        let far = |(content, gap): &Entry| (content.clone(), gap * 100);
        let runs: Vec<Entry> = runs.iter().map(far).collect();
        let (desired, running) = (load("base", &list(&written), version), load("running", &list(&runs), version));
        let kept = keep_numbers(&desired, &running, version);
        prop_assert_eq!(entries_that_stay(&kept, &running), most_that_stay(&desired, &running));
    }
}

/// The size of the largest set of entries that run, and whose order the written order allows: by trying every set.
fn most_that_stay(desired: &Config, running: &Config) -> usize {
    let (desired, running) = (contents(desired), contents(running));
    let action = |content: &String| content.contains(" permit ");
    let segment =
        |at: usize| desired[..=at].windows(2).filter(|pair| action(&pair[0]) != action(&pair[1])).count();
    let segments: Vec<usize> = running
        .iter()
        .filter_map(|content| desired.iter().position(|other| other == content).map(segment))
        .collect();
    let sets = 0_u32..1 << segments.len();
    let is_in = |set: u32, at: usize| set & (1 << at) != 0;
    sets.filter(|set| (0..segments.len()).filter(|at| is_in(*set, *at)).map(|at| segments[at]).is_sorted())
        .map(|set| set.count_ones() as usize)
        .max()
        .unwrap_or(0)
}
