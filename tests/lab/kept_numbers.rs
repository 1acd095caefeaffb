//! Lists and maps that were sorted and renumbered, on real FRR: only what is new is written, under a number that is
//! free there, and FRR decides as it is written.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use frr_driver::{
    config::{Config, load},
    numbers::keep_numbers,
    plan::{Plan, plan},
    quirks::FrrVersion as Version,
    reload::running_config,
};
use routelet_tests::lab::{FrrVersion, Lab, Node, NodeSpec, Topology, wait};

/// How long FRR may take to hold what it was given.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);

/// How many entries the long list has: 8.4.4 takes a minute for a thousand.
const ENTRIES: u8 = 200;

/// What is written: hosts that the two lists permit, the second of which denies the rest by a line; metrics of a map.
#[derive(Clone)]
struct Written {
    long: Vec<u8>,
    closed: Vec<u8>,
    metrics: Vec<u8>,
}

/// What is asked of FRR: prefix, and what the lists do with it.
type Question<'a> = (&'a str, &'a str, &'a str);

impl Written {
    /// As `MetalLB` writes it: sorted, numbered from 1.
    fn render(&self) -> String {
        let mut text = String::new();
        for (name, hosts) in [("long", &self.long), ("closed", &self.closed)] {
            for (seq, host) in (1..).zip(hosts) {
                _ = writeln!(text, "ip prefix-list {name} seq {seq} permit 10.0.0.{host}/32");
            }
        }
        _ = writeln!(text, "ip prefix-list closed seq {} deny any", self.closed.len() + 1);
        for (number, metric) in (1..).zip(&self.metrics) {
            _ = writeln!(
                text,
                "route-map out permit {number}\n match ip address prefix-list long\n set metric {metric}"
            );
        }
        text
    }
}

fn printed(node: &Node, argv: &[&str], version: Version) -> Config {
    load("running", running_config(&node.run(argv).unwrap()), version)
}

/// The plan from what all daemons together run, and from what bgpd does.
fn plans(node: &Node, desired: &Config, version: Version) -> [Plan; 2] {
    let show = ["-c", "show running-config"];
    let union = printed(node, &[&["vtysh"], &show[..]].concat(), version);
    let bgpd = printed(node, &[&["vtysh", "-d", "bgpd"], &show[..]].concat(), version);
    let kept = keep_numbers(desired, &union, version);
    [plan(&kept, &union, version), plan(&kept, &bgpd, version)]
}

/// The lines of a plan for vtysh: what goes first.
fn script(plan: &Plan) -> String {
    let mut text = String::new();
    for line in &plan.removes {
        _ = writeln!(text, "no {}", line.statement.reveal());
    }
    for line in &plan.adds {
        for line in line.blocks.iter().map(String::as_str).chain([line.statement.reveal()]) {
            _ = writeln!(text, "{line}");
        }
    }
    text
}

/// Writes what the plan says, and nothing else.
#[track_caller]
#[expect(clippy::print_stderr, reason = "a measurement, to be seen with --nocapture")]
fn apply(node: &Node, written: &Written, version: Version, want: &[&str]) {
    let desired = load("base", &written.render(), version);
    let [change, of_bgpd] = plans(node, &desired, version);
    let script = script(&change);
    assert_eq!(script.lines().collect::<Vec<_>>(), want);
    assert_eq!(of_bgpd.adds, change.adds);
    node.write_file("/tmp/change", &script).unwrap();
    let (output, took) = wait::timed(|| node.exec(["vtysh", "-f", "/tmp/change"]).unwrap());
    eprintln!("FRR {version}: {} lines in {took:?}", want.len());
    assert!(output.success(), "{}", output.text());
    wait::until("nothing left to do", TAKEN_WITHIN, || {
        let left = plans(node, &desired, version);
        if left.iter().all(Plan::is_empty) { Ok(()) } else { Err(format!("{left:?}\n{}", output.text())) }
    })
    .unwrap();
}

/// Asks each daemon what its lists do with a prefix.
#[track_caller]
fn check_decides(node: &Node, questions: &[Question<'_>]) {
    for (prefix, long, closed) in questions {
        for (list, want) in BTreeMap::from([("long", long), ("closed", closed)]) {
            let answer = node.vtysh(&format!("debug prefix-list {list} match {prefix}")).unwrap();
            let decided: Vec<&str> = answer.lines().filter(|line| line.contains(" yields ")).collect();
            let is_wanted = |line: &&str| line.contains(&format!("yields {want} "));
            assert!(!decided.is_empty() && decided.iter().all(is_wanted), "{list} {prefix}: {answer}");
        }
    }
}

/// 7.5.1 cannot be asked what a list decides; there only what bgpd holds is compared.
#[track_caller]
fn only_what_is_new_is_written(version: FrrVersion) {
    let driver: Version = version.as_str().parse().unwrap();
    let mut written =
        Written { long: (1..=ENTRIES).collect(), closed: (1..=20).collect(), metrics: vec![51, 52, 53] };
    let node = NodeSpec::frr("r1", version).daemons(&["mgmtd", "zebra", "bgpd"]).config(written.render());
    let lab = Lab::start(&Topology::new().node(node)).unwrap();
    let node = lab.node("r1");
    let ask = |questions: &[Question<'_>]| {
        if version > FrrVersion::V7_5_1 {
            check_decides(node, questions);
        }
    };
    ask(&[("10.0.0.0/32", "DENY", "DENY"), ("10.0.0.1/32", "PERMIT", "PERMIT")]);

    written.long.insert(0, 0);
    apply(node, &written, driver, &["ip prefix-list long seq 205 permit 10.0.0.0/32"]);
    ask(&[("10.0.0.0/32", "PERMIT", "DENY"), ("10.0.0.1/32", "PERMIT", "PERMIT")]);

    // No number is free before the line that denies the rest.
    written.closed.insert(0, 0);
    let want = [
        "no ip prefix-list closed seq 21 deny any",
        "ip prefix-list closed seq 25 permit 10.0.0.0/32",
        "ip prefix-list closed seq 30 deny any",
    ];
    apply(node, &written, driver, &want);
    ask(&[("10.0.0.0/32", "PERMIT", "PERMIT"), ("10.0.0.99/32", "PERMIT", "DENY")]);

    written.long.remove(100);
    written.metrics.remove(0);
    let want = ["no ip prefix-list long seq 100 permit 10.0.0.100/32", "no route-map out permit 1"];
    apply(node, &written, driver, &want);
    ask(&[("10.0.0.100/32", "DENY", "DENY"), ("10.0.0.101/32", "PERMIT", "DENY")]);

    let entry = "route-map out permit 1";
    written.metrics.insert(0, 58);
    let want = [entry, entry, "match ip address prefix-list long", entry, "set metric 58"];
    apply(node, &written, driver, &want);
}

#[test]
fn only_what_is_new_is_written_on_7_5_1() {
    only_what_is_new_is_written(FrrVersion::V7_5_1);
}

#[test]
fn only_what_is_new_is_written_on_8_4_4() {
    only_what_is_new_is_written(FrrVersion::V8_4_4);
}

#[test]
fn only_what_is_new_is_written_on_10_3() {
    only_what_is_new_is_written(FrrVersion::V10_3);
}

#[test]
fn only_what_is_new_is_written_on_10_7() {
    only_what_is_new_is_written(FrrVersion::V10_7);
}
