//! The policy transaction on real FRR: it leads where it shall, and nobody sees it halfway.
//!
//! `ROUTELET_TRANSACTION_EDITS` and `ROUTELET_TRANSACTION_CHANGES` set how many are tried on each version,
//! `ROUTELET_TRANSACTION_CASE` which.

mod draft;
mod effect;
mod monitor;
mod policy;
mod speaker;

use std::{collections::BTreeMap, net::Ipv4Addr, path::Path, time::Duration};

use frr_driver::{
    config::{Config, load, render},
    quirks,
    reload::{self, complaints, host_lines, running_config},
    transaction::{Transaction, transaction},
    verify::verify,
};
use routelet_tests::lab::{FrrVersion, Lab, Node, NodeSpec, Topology, wait};

use crate::{merge_law::driver_version, rng::Rng};
use draft::{Draft, Writer};
use monitor::Monitor;
use policy::{MAP, Policy};
use speaker::Speaker;

/// Every run tries the same.
const SEED: u64 = 0x007a_6e73;

/// How many edits are applied on each version unless the environment says otherwise.
const EDITS: u64 = 40;

/// How long the sessions may take to come up.
const UP_WITHIN: Duration = Duration::from_secs(40);

/// How many changes are watched on each version unless the environment says otherwise.
const CHANGES: u64 = 12;

/// How many changes are thrown away, one after the other, before one must be a transaction.
const TRIES_MAX: u32 = 4000;

/// Where the node keeps the file that frr-reload loads.
const RELOAD: &str = "/run/transaction/reload";

const ROUTER: Ipv4Addr = Ipv4Addr::new(172, 30, 0, 2);

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// What FRR runs, of all daemons and of bgpd alone.
fn running(node: &Node, version: quirks::FrrVersion) -> [Config; 2] {
    let union = node.vtysh("show running-config").unwrap();
    let bgpd = node.ask("bgpd", "show running-config").unwrap();
    [union, bgpd].map(|text| load("running", running_config(&text), version))
}

/// Sends the transaction to FRR; returns what that says if it complains.
fn send(node: &Node, transaction: &Transaction) -> Result<(), String> {
    node.write_file("/tmp/transaction", transaction.reveal()).unwrap();
    let output = node.exec(["vtysh", "-f", "/tmp/transaction"]).unwrap();
    let text = output.text();
    if output.success() && complaints(&text).is_empty() { Ok(()) } else { Err(text) }
}

// === it leads where it shall ===

/// The sessions of the edited router: everything that judges their routes is edited.
const SESSIONS: &str = "\
bgp route-map delay-timer 1
router bgp 64512
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 172.30.1.3 remote-as 64513
 neighbor 172.30.1.3 timers connect 1
 neighbor 172.30.2.3 remote-as 64513
 neighbor 172.30.2.3 timers connect 1
 address-family ipv4 unicast
  neighbor 172.30.1.3 route-map R in
  neighbor 172.30.1.3 route-map S out
  neighbor 172.30.2.3 prefix-list P in
  neighbor 172.30.2.3 filter-list AP in
  neighbor 172.30.2.3 route-map T out
 exit-address-family
";

const PEER: &str = "\
router bgp 64513
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 172.30.1.2 remote-as 64512
 neighbor 172.30.1.2 timers connect 1
 neighbor 172.30.2.2 remote-as 64512
 neighbor 172.30.2.2 timers connect 1
 address-family ipv4 unicast
  network 10.1.1.0/24
  network 10.2.0.0/16
 exit-address-family
";

fn edited(version: FrrVersion, draft: &Draft) -> Lab {
    let topology = Topology::new()
        .node(NodeSpec::frr("node", version).config(format!("{SESSIONS}{draft}")))
        .node(
            NodeSpec::frr("peer", FrrVersion::NEWEST)
                .daemons(&["mgmtd", "zebra", "bgpd", "staticd"])
                .config(PEER),
        )
        .link(("node", "net1", ["172.30.1.2/24"]), ("peer", "net1", ["172.30.1.3/24"]))
        .link(("node", "net2", ["172.30.2.2/24"]), ("peer", "net2", ["172.30.2.3/24"]));
    Lab::start(&topology).unwrap()
}

/// How often each of the two sessions was established, if both are up.
fn established(node: &Node) -> Option<[u64; 2]> {
    let text = node.ask("bgpd", "show bgp neighbors json").ok()?;
    let neighbors: serde_json::Value = serde_json::from_str(&text).ok()?;
    let mut counts = [0; 2];
    for (count, peer) in counts.iter_mut().zip(["172.30.1.3", "172.30.2.3"]) {
        let peer = &neighbors[peer];
        *count = peer["connectionsEstablished"].as_u64().filter(|_| peer["bgpState"] == "Established")?;
    }
    Some(counts)
}

#[track_caller]
#[expect(clippy::print_stderr, reason = "a measurement, to be seen with --nocapture")]
fn it_leads_where_it_shall(version: FrrVersion) {
    let driver = driver_version(version);
    let mut rng = Rng::of_case(SEED, number("ROUTELET_TRANSACTION_CASE", 0));
    let writer = Writer::new(version);
    let mut draft = writer.first(&mut rng);
    let lab = edited(version, &draft);
    let node = lab.node("node");
    let before = wait::until("both sessions", UP_WITHIN, || established(node)).unwrap();
    let (mut refused, mut lines) = (BTreeMap::<String, u64>::new(), 0);
    let edits = number("ROUTELET_TRANSACTION_EDITS", EDITS);
    let [mut running, bgpd] = self::running(node, driver);
    let is_wrong = |what: &str, draft: &Draft, sent: &str| {
        panic!("FRR {version}: {what}\n--- desired\n{draft}--- sent\n{sent}");
    };
    let first = verify(&load("desired", &format!("{SESSIONS}{draft}"), driver), &running, &bgpd, driver);
    assert!(first.is_settled(), "FRR {version}: {first:#?}\n{draft}");
    for _ in 0..edits {
        let (next, desired, transaction) = loop {
            let next = writer.changed(&draft, &mut rng);
            let desired = load("desired", &format!("{SESSIONS}{next}"), driver);
            match transaction(&desired, &running, driver) {
                Ok(transaction) if !transaction.plan.is_empty() => break (next, desired, transaction),
                Ok(_) => {}
                Err(why) => {
                    let kind = format!("{why:?}");
                    let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
                    *refused.entry(kind).or_default() += 1;
                }
            }
        };
        if let Err(complaint) = send(node, &transaction) {
            is_wrong(&complaint, &next, transaction.reveal());
        }
        let [union, bgpd] = self::running(node, driver);
        let verdict = verify(&desired, &union, &bgpd, driver);
        if !verdict.is_settled() {
            is_wrong(&format!("{verdict:#?}"), &next, transaction.reveal());
        }
        let (held, wanted) = (effect::held(node), effect::wanted(&bgpd));
        let differing: Vec<_> = held.symmetric_difference(&wanted).collect();
        if !differing.is_empty() {
            is_wrong(
                &format!("bgpd does not hold what it prints: {differing:#?}"),
                &next,
                transaction.reveal(),
            );
        }
        if established(node) != Some(before) {
            is_wrong("a session was reset", &next, transaction.reveal());
        }
        lines += transaction.reveal().lines().count();
        (draft, running) = (next, union);
    }
    eprintln!("FRR {version}: {edits} edits of {lines} lines; refused: {refused:?}");
}

#[test]
fn it_leads_where_it_shall_on_7_5_1() {
    it_leads_where_it_shall(FrrVersion::V7_5_1);
}

#[test]
fn it_leads_where_it_shall_on_8_4_4() {
    it_leads_where_it_shall(FrrVersion::V8_4_4);
}

#[test]
fn it_leads_where_it_shall_on_10_3() {
    it_leads_where_it_shall(FrrVersion::V10_3);
}

#[test]
fn it_leads_where_it_shall_on_10_7() {
    it_leads_where_it_shall(FrrVersion::V10_7);
}

// === nobody sees it halfway ===

/// The router of the watched changes, before it knows the speaker.
const ROUTER_ALONE: &str = "\
bgp route-map delay-timer 1
router bgp 64512
 no bgp ebgp-requires-policy
 bgp router-id 172.30.0.2
";

/// The router, with the speaker and `policy`.
fn router(policy: &Policy) -> String {
    format!(
        "{ROUTER_ALONE} neighbor {0} remote-as {1}\n neighbor {0} passive\n neighbor {0} timers 0 0\n \
         address-family ipv4 unicast\n  neighbor {0} soft-reconfiguration inbound\n  \
         neighbor {0} route-map {MAP} in\n exit-address-family\n{policy}",
        speaker::ADDRESS,
        speaker::ASN
    )
}

fn watched(version: FrrVersion) -> Lab {
    let topology = Topology::new()
        .node(
            NodeSpec::frr("node", version)
                .daemons(&["mgmtd", "zebra", "bgpd", "staticd"])
                .config(ROUTER_ALONE),
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
    /// Starts a router, and adds the speaker to it by a transaction.
    fn start(version: FrrVersion) -> Self {
        let (policy, driver) = (Policy::new(version), driver_version(version));
        let lab = watched(version);
        let node = lab.node("node");
        let mut monitor = Monitor::start(node);
        monitor.change(&policy.allowed(), &policy.allowed());
        let [running, _] = running(node, driver);
        let first = transaction(&load("desired", &router(&policy), driver), &running, driver).unwrap();
        send(node, &first).unwrap();
        let speaker = Speaker::start(lab.node("peer"), ROUTER);
        monitor.settled(&policy.allowed()).unwrap();
        assert_eq!(monitor.violations, [""; 0]);
        let rng = Rng::of_case(SEED, number("ROUTELET_TRANSACTION_CASE", 0));
        Self { lab, monitor, speaker, policy, rng, kept: 0, closed: 0, lines: 0 }
    }

    /// Makes one change by `send`; returns what was seen and should not have been, and how it came.
    fn change(
        &mut self,
        version: quirks::FrrVersion,
        send: impl FnOnce(&Node, &Config, &Transaction) -> Result<(), String>,
    ) -> Option<String> {
        let [running, _] = running(self.lab.node("node"), version);
        let (desired, config, transaction) = self.next(&running, version);
        let (before, after) = (self.policy.allowed(), desired.allowed());
        self.monitor.change(&before, &after);
        let answer = send(self.lab.node("node"), &config, &transaction);
        let told = |what: &str| {
            format!("{what}\n--- from\n{}--- to\n{desired}--- by\n{}", self.policy, transaction.reveal())
        };
        let settled = answer.and_then(|()| self.monitor.settled(&after).map_err(|error| error.to_string()));
        if let Err(error) = settled {
            panic!("{}", told(&error));
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
    fn next(&mut self, running: &Config, version: quirks::FrrVersion) -> (Policy, Config, Transaction) {
        let before = self.policy.allowed();
        for _ in 0..TRIES_MAX {
            let desired = self.policy.changed(&mut self.rng);
            let after = desired.allowed();
            let is_telling = before != after
                && before.intersection(&after).next().is_some()
                && before.union(&after).count() < usize::from(speaker::GROUPS);
            if !is_telling {
                continue;
            }
            let config = load("desired", &router(&desired), version);
            if let Ok(transaction) = transaction(&config, running, version) {
                return (desired, config, transaction);
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
        let send = |node: &Node, _: &Config, transaction: &Transaction| send(node, transaction);
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

/// The same changes by frr-reload, which deletes before it adds: the monitor sees what that lets through, or loses.
#[track_caller]
#[expect(clippy::print_stderr, reason = "a measurement, to be seen with --nocapture")]
fn frr_reload_is_seen_halfway(version: FrrVersion) {
    let driver = driver_version(version);
    let mut watch = Watch::start(version);
    let reload = |node: &Node, desired: &Config, _: &Transaction| {
        let host = host_lines(&node.vtysh("show running-config").unwrap());
        node.write_file(&format!("{RELOAD}/frr.conf"), render(desired, &host, driver).reveal()).unwrap();
        node.write_file(&format!("{RELOAD}/vtysh.conf"), "service integrated-vtysh-config\n").unwrap();
        let command = reload::command(Path::new(reload::SCRIPT), Path::new(RELOAD), None, driver);
        let output = node.exec_within(command.timeout, command.argv).unwrap();
        if output.success() { Ok(()) } else { Err(output.text()) }
    };
    let most = 5 * number("ROUTELET_TRANSACTION_CHANGES", CHANGES);
    let seen = (1..=most).find(|_| watch.change(driver, reload).is_some());
    watch.speaker.stop();
    eprintln!("FRR {version}: frr-reload is seen at change {seen:?}");
    assert!(seen.is_some(), "FRR {version}: nothing was seen in {most} changes");
}

#[test]
fn t4_nobody_sees_it_halfway_on_7_5_1() {
    nobody_sees_it_halfway(FrrVersion::V7_5_1);
}

#[test]
fn t4_nobody_sees_it_halfway_on_8_4_4() {
    nobody_sees_it_halfway(FrrVersion::V8_4_4);
}

#[test]
fn t4_nobody_sees_it_halfway_on_10_3() {
    nobody_sees_it_halfway(FrrVersion::V10_3);
}

#[test]
fn t4_nobody_sees_it_halfway_on_10_7() {
    nobody_sees_it_halfway(FrrVersion::V10_7);
}

#[test]
fn t4_frr_reload_is_seen_halfway_on_7_5_1() {
    frr_reload_is_seen_halfway(FrrVersion::V7_5_1);
}

#[test]
fn t4_frr_reload_is_seen_halfway_on_10_7() {
    frr_reload_is_seen_halfway(FrrVersion::V10_7);
}
