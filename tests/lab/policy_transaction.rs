//! The policy transaction on real FRR: it leads where it shall, and nobody sees it halfway.
//!
//! `ROUTELET_TRANSACTION_EDITS` and `ROUTELET_TRANSACTION_CHANGES` set how many are tried on each version.

mod monitor;
mod policy;
mod speaker;

use std::net::Ipv4Addr;

use frr_driver::{
    config::{Config, load},
    quirks,
    reload::{complaints, running_config},
    transaction::{Transaction, transaction},
};
use routelet_tests::lab::{FrrVersion, Lab, Node, NodeSpec, Topology};

use crate::merge_law::{driver_version, rng::Rng};
use monitor::Monitor;
use policy::{MAP, Policy};
use speaker::Speaker;

/// Every run tries the same.
const SEED: u64 = 0x007a_6e73;

/// How many changes are watched on each version unless the environment says otherwise.
const CHANGES: u64 = 12;

/// How many changes are thrown away, one after the other, before one must be a transaction.
const TRIES_MAX: u32 = 400;

/// FRR looks at all routes again soon after a change.
const DELAY: &str = "bgp route-map delay-timer 1\n";

const ROUTER: Ipv4Addr = Ipv4Addr::new(172, 30, 0, 2);

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// What FRR runs, of all daemons and of bgpd alone.
fn running(node: &Node, version: quirks::FrrVersion) -> [Config; 2] {
    let of = |argv: &[&str]| {
        let text = node.run(argv).unwrap();
        load("running", running_config(&text), version)
    };
    [of(&["vtysh", "-c", "show running-config"]), of(&["vtysh", "-d", "bgpd", "-c", "show running-config"])]
}

/// Sends the transaction to FRR, which must not complain.
#[track_caller]
fn send(node: &Node, transaction: &Transaction) {
    node.write_file("/tmp/transaction", transaction.reveal()).unwrap();
    let output = node.exec(["vtysh", "-f", "/tmp/transaction"]).unwrap();
    let text = output.text();
    assert!(output.success() && complaints(&text).is_empty(), "{text}\n{}", transaction.reveal());
}

// === nobody sees it halfway ===

/// The router of the watched changes, with `policy`.
fn router(policy: &Policy) -> String {
    format!(
        "{policy}router bgp 64512\n no bgp ebgp-requires-policy\n bgp router-id {ROUTER}\n \
         neighbor {0} remote-as {1}\n neighbor {0} passive\n neighbor {0} timers 0 0\n \
         address-family ipv4 unicast\n  neighbor {0} soft-reconfiguration inbound\n  \
         neighbor {0} route-map {MAP} in\n exit-address-family\n",
        speaker::ADDRESS,
        speaker::ASN
    )
}

fn watched(version: FrrVersion, policy: &Policy) -> Lab {
    let topology = Topology::new()
        .node(
            NodeSpec::frr("node", version)
                .daemons(&["mgmtd", "zebra", "bgpd", "staticd"])
                .config(format!("{DELAY}{}", router(policy))),
        )
        .node(NodeSpec::frr("peer", version).daemons(&[]))
        .link(("node", "net1", ["172.30.0.2/24"]), ("peer", "net1", ["172.30.0.3/24"]));
    Lab::start(&topology).unwrap()
}

/// What is watched: a router, its routes, and a peer that never rests.
struct Watch {
    lab: Lab,
    monitor: Monitor,
    speaker: Speaker,
    policy: Policy,
    rng: Rng,
    /// How many groups every policy had to keep, and to keep out, summed up over all changes.
    kept: usize,
    closed: usize,
    lines: usize,
}

impl Watch {
    fn start(version: FrrVersion) -> Self {
        let policy = Policy::new();
        let lab = watched(version, &policy);
        let mut monitor = Monitor::start(lab.node("node"));
        let speaker = Speaker::start(lab.node("peer"), ROUTER);
        monitor.settled(&policy.allowed()).unwrap();
        Self { lab, monitor, speaker, policy, rng: Rng::of_case(SEED, 0), kept: 0, closed: 0, lines: 0 }
    }

    /// Makes one change by `send`; returns what was seen and should not have been, and how it came.
    fn change(
        &mut self,
        version: quirks::FrrVersion,
        send: impl FnOnce(&Node, &Transaction),
    ) -> Option<String> {
        let [running, _] = running(self.lab.node("node"), version);
        let (desired, transaction) = self.next(&running, version);
        let (before, after) = (self.policy.allowed(), desired.allowed());
        self.monitor.change(&before, &after);
        send(self.lab.node("node"), &transaction);
        let told = |what: &str| {
            format!("{what}\n--- from\n{}--- to\n{desired}--- by\n{}", self.policy, transaction.reveal())
        };
        if let Err(error) = self.monitor.settled(&after) {
            panic!("{}", told(&error.to_string()));
        }
        let seen = std::mem::take(&mut self.monitor.violations);
        let told = (!seen.is_empty()).then(|| told(&format!("{seen:#?}")));
        self.kept += before.intersection(&after).count();
        self.closed += usize::from(speaker::GROUPS) - before.union(&after).count();
        self.lines += transaction.reveal().lines().count();
        self.policy = desired;
        told
    }

    /// Returns the next policy, and the transaction that leads there.
    fn next(&mut self, running: &Config, version: quirks::FrrVersion) -> (Policy, Transaction) {
        let before = self.policy.allowed();
        for _ in 0..TRIES_MAX {
            let desired = self.policy.changed(&mut self.rng);
            let after = desired.allowed();
            let is_telling = before != after
                && before.intersection(&after).next().is_some()
                && before.union(&after).count() < usize::from(speaker::GROUPS);
            let text = format!("{DELAY}{}", router(&desired));
            if is_telling
                && let Ok(transaction) = transaction(&load("desired", &text, version), running, version)
            {
                return (desired, transaction);
            }
        }
        panic!("no transaction leads from\n{}", self.policy);
    }
}

#[track_caller]
#[expect(clippy::print_stderr, reason = "a measurement, to be seen with --nocapture")]
fn nobody_sees_it_halfway(version: FrrVersion) {
    let mut watch = Watch::start(version);
    let changes = number("ROUTELET_TRANSACTION_CHANGES", CHANGES);
    for _ in 0..changes {
        if let Some(seen) = watch.change(driver_version(version), send) {
            panic!("FRR {version}: {seen}");
        }
    }
    let Watch { speaker, kept, closed, lines, monitor, .. } = watch;
    let rounds = speaker.stop();
    let messages = monitor.messages;
    eprintln!(
        "FRR {version}: {changes} changes of {lines} lines, {kept} groups kept and {closed} kept out, \
         {rounds} rounds, {messages} messages"
    );
    assert!(rounds > changes);
}

/// The lines of a transaction, each for itself: what that lets through, or loses, the monitor sees.
#[track_caller]
#[expect(clippy::print_stderr, reason = "a measurement, to be seen with --nocapture")]
fn line_by_line_is_seen(version: FrrVersion) {
    let mut watch = Watch::start(version);
    let by_line = |node: &Node, transaction: &Transaction| {
        let lines: Vec<&str> = transaction.reveal().lines().map(str::trim).collect();
        node.vtysh_all(&[&["configure terminal"], lines.as_slice()].concat()).unwrap();
    };
    let most = number("ROUTELET_TRANSACTION_CHANGES", CHANGES) * 10;
    let seen = (1..=most).find(|_| watch.change(quirks::FrrVersion(8, 4, 4), by_line).is_some());
    watch.speaker.stop();
    eprintln!("FRR {version}: seen at change {seen:?}");
    assert!(seen.is_some(), "FRR {version}: nothing was seen in {most} changes");
}

#[test]
fn nobody_sees_it_halfway_on_7_5_1() {
    nobody_sees_it_halfway(FrrVersion::V7_5_1);
}

#[test]
fn nobody_sees_it_halfway_on_8_4_4() {
    nobody_sees_it_halfway(FrrVersion::V8_4_4);
}

#[test]
fn nobody_sees_it_halfway_on_10_3() {
    nobody_sees_it_halfway(FrrVersion::V10_3);
}

#[test]
fn nobody_sees_it_halfway_on_10_7() {
    nobody_sees_it_halfway(FrrVersion::V10_7);
}

#[test]
fn line_by_line_is_seen_on_7_5_1() {
    line_by_line_is_seen(FrrVersion::V7_5_1);
}

#[test]
fn line_by_line_is_seen_on_10_7() {
    line_by_line_is_seen(FrrVersion::V10_7);
}
