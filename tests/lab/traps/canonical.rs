//! Traps of FRR's own words: what is written holds otherwise than it reads, or is printed otherwise.
//!
//! Each base is applied once, seen to hold, and left alone at a second look; no session is reset.

use std::collections::BTreeMap;

use routelet_tests::lab::{
    FrrVersion,
    metallb::Filter,
    topologies::{TwoGateways, two_gateways},
    wait,
};

use super::{apply_again, running};
use crate::story::{ALL, CONVERGED_WITHIN, Story, connections};

/// What the agent logs when FRR holds something else than before.
const APPLIED: &str = "configuration applied";

/// A node with an agent, whose base is about to be changed.
struct Canon {
    story: Story,
    version: FrrVersion,
    before: BTreeMap<String, (u64, u64)>,
}

impl Canon {
    #[track_caller]
    fn start(version: FrrVersion, arguments: &[&str]) -> Self {
        let mut story = Story::without_agent(two_gateways(version));
        story.set_extras(Some(Filter::Everything));
        story.start_agent_with(&[&["--log", "debug"], arguments].concat());
        story.applied();
        story.routes(&ALL);
        let before = connections(story.node());
        Self { story, version, before }
    }

    fn changes(&mut self) -> usize {
        self.story.agent().log().unwrap().matches(APPLIED).count()
    }

    /// Writes a base with `head` and `tail`; returns what FRR then runs.
    #[track_caller]
    fn becomes(&mut self, head: &str, tail: &str) -> String {
        let base = format!("{head}{}{tail}", self.story.demo.base.render());
        let changes = self.changes();
        self.story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
        let is_applied = || {
            let log = self.story.agent().log().unwrap();
            if log.matches(APPLIED).count() > changes { Ok(()) } else { Err(log) }
        };
        wait::until("the change", CONVERGED_WITHIN, is_applied).unwrap();
        self.story.applied();
        let changes = self.changes();
        apply_again(&mut self.story);
        let log = self.story.agent().log().unwrap();
        assert_eq!(self.changes(), changes, "FRR {}: it does not settle\n{log}", self.version);
        for bad in ["apply failed", "nobody wants it", "nothing is written"] {
            assert!(!log.contains(bad), "FRR {}: {bad}\n{log}", self.version);
        }
        self.story.routes(&ALL);
        let now = connections(self.story.node());
        for (peer, count) in &self.before {
            assert_eq!(now[peer], *count, "FRR {}: {peer}", self.version);
        }
        running(&self.story)
    }

    fn of_bgpd(&self) -> String {
        self.story.node().ask("bgpd", "show running-config").unwrap()
    }
}

/// The lines of `running` that begin with `words`.
fn lines<'a>(running: &'a str, words: &str) -> Vec<&'a str> {
    running.lines().map(str::trim).filter(|line| line.starts_with(words)).collect()
}

/// The block `header` of `running`, without its header.
fn block<'a>(running: &'a str, header: &str) -> Vec<&'a str> {
    let after = running.lines().skip_while(|line| *line != header).skip(1);
    after.take_while(|line| line.starts_with(' ')).map(str::trim).collect()
}

/// An instance that the agent makes.
const VRF: &str = "router bgp 64512 vrf red";

#[test]
fn c1_the_version_of_another_frr_settles() {
    for version in [FrrVersion::V8_4_4, FrrVersion::V10_3, FrrVersion::V10_7] {
        let mut canon = Canon::start(version, &[]);
        canon.becomes("frr version 7.0\n", &format!("{VRF}\n bgp router-id 1.1.1.1\n"));
        canon.becomes("frr version 8.4\n", &format!("{VRF}\n bgp router-id 1.1.1.2\n"));
    }
}

#[test]
fn c2_defaults_that_come_late_settle() {
    for version in FrrVersion::ALL {
        let mut canon = Canon::start(version, &[]);
        let tail = format!("frr defaults datacenter\n{VRF}\n neighbor 192.0.2.9 remote-as 64999\n");
        canon.becomes("", &tail);
    }
}

#[test]
fn c3_entries_without_a_number_are_there_once() {
    for version in FrrVersion::ALL {
        let mut canon = Canon::start(version, &[]);
        let list = "ip prefix-list c3 permit 10.1.1.1/16\n";
        for more in ["", "ip prefix-list c3 permit 10.2.0.0/16\n"] {
            let running = canon.becomes("", &format!("{list}{list}{more}"));
            assert_eq!(running.matches("c3 seq 5 permit 10.1.0.0/16").count(), 1, "{running}");
            assert_eq!(lines(&running, "ip prefix-list c3").len(), 1 + more.lines().count(), "{running}");
        }
    }
}

#[test]
fn c4_a_range_that_goes_does_not_stay() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V8_4_4] {
        let mut canon = Canon::start(version, &[]);
        for range in [" le 24", "", " ge 16", " ge 16 le 24", ""] {
            let line = format!("ip prefix-list c4 seq 5 permit 10.0.0.0/8{range}");
            let running = canon.becomes("", &format!("{line}\n"));
            assert_eq!(lines(&running, "ip prefix-list c4"), [line], "FRR {version}");
        }
    }
}

#[test]
fn c5_a_prefix_takes_another_number() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V8_4_4, FrrVersion::V10_7] {
        let mut canon = Canon::start(version, &[]);
        for entries in [
            ["seq 5 permit 10.0.0.0/8", "seq 10 deny 11.0.0.0/8"],
            ["seq 5 deny 11.0.0.0/8", "seq 10 permit 10.0.0.0/8"],
            ["seq 7 permit 10.0.0.0/8", "seq 9 deny 11.0.0.0/8"],
        ] {
            let list = entries.map(|entry| format!("ip prefix-list c5 {entry}"));
            let running = canon.becomes("", &format!("{}\n", list.join("\n")));
            // The numbers may be others, the order not.
            let words = |line: &str| line.split(' ').skip(5).collect::<Vec<_>>().join(" ");
            let have: Vec<_> = lines(&running, "ip prefix-list c5").into_iter().map(words).collect();
            let want: Vec<_> = list.iter().map(|line| words(line)).collect();
            assert_eq!(have, want, "FRR {version}\n{running}");
        }
    }
}

#[test]
fn c6_clauses_that_exclude_each_other_lose_no_entry() {
    for version in FrrVersion::ALL {
        let mut canon = Canon::start(version, &[]);
        let tail = "\
route-map c6 permit 10
 set metric 5
 set metric +5
route-map c6 permit 15
 continue 20
 on-match next
route-map c6 permit 20
 set as-path prepend 1
 set as-path prepend last-as 2
";
        let running = canon.becomes("", tail);
        let of_bgpd = canon.of_bgpd();
        for number in [10, 15, 20] {
            let entry = format!("route-map c6 permit {number}");
            assert!(of_bgpd.contains(&entry), "FRR {version}: bgpd lost {entry}\n{of_bgpd}");
        }
        assert_eq!(block(&running, "route-map c6 permit 10"), ["set metric +5"], "FRR {version}\n{running}");
        assert_eq!(block(&running, "route-map c6 permit 15"), ["on-match next"], "FRR {version}\n{running}");
    }
}

#[test]
fn c7_what_is_redistributed_loses_what_is_not_said_any_more() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V8_4_4, FrrVersion::V10_7] {
        let mut canon = Canon::start(version, &[]);
        for arguments in ["", " metric 5", " metric 5 route-map c7", " route-map c7", ""] {
            let line = format!("redistribute static{arguments}");
            let map = "route-map c7 permit 10\n";
            let tail = format!("{map}router bgp 64512\n address-family ipv4 unicast\n  {line}\n");
            let running = canon.becomes("", &tail);
            assert_eq!(lines(&running, "redistribute static"), [line], "FRR {version}\n{running}");
        }
    }
}

#[test]
fn c8_a_default_that_comes_after_the_neighbors_settles() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V10_7] {
        let mut canon = Canon::start(version, &[]);
        let tail = format!(
            "{VRF}\n neighbor 192.0.2.9 remote-as 64999\n no bgp default ipv4-unicast\n \
             neighbor 192.0.2.10 remote-as 64999\n"
        );
        let running = canon.becomes("", &tail);
        assert!(running.contains("neighbor 192.0.2.9 activate"), "FRR {version}\n{running}");
        assert!(!running.contains("neighbor 192.0.2.10 activate"), "FRR {version}\n{running}");
    }
}

#[test]
fn c9_bfd_after_its_profile_settles() {
    for version in FrrVersion::ALL {
        let mut canon = Canon::start(version, &[]);
        let profile = "bfd\n profile fast\n  receive-interval 200\n exit\nexit\n";
        let ghost = "router bgp 64512\n neighbor 192.0.2.99 remote-as 64999\n";
        let tail =
            format!("{profile}{ghost} neighbor 192.0.2.99 bfd profile fast\n neighbor 192.0.2.99 bfd\n");
        canon.becomes("", &tail);
    }
}

#[test]
fn c10_a_regular_expression_that_frr_refuses_is_named() {
    for version in [FrrVersion::V7_5_1, FrrVersion::V10_7] {
        let mut canon = Canon::start(version, &[]);
        let base = format!(
            "{}ip prefix-list c10 seq 5 permit 10.0.0.0/8\nbgp as-path access-list c10 permit abc\n",
            canon.story.demo.base.render()
        );
        let line = base.lines().count();
        canon.story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
        canon.story.until_status("the line", |status| status["sources"][0]["errors"][0]["line"] == line);
        wait::until("the way back", CONVERGED_WITHIN, || !running(&canon.story).contains("c10")).unwrap();
        canon.story.routes(&ALL);
        assert_eq!(connections(canon.story.node()), canon.before, "FRR {version}");
    }
}

#[test]
fn c11_an_entry_that_is_said_again_keeps_its_clauses() {
    for version in FrrVersion::ALL {
        let mut canon = Canon::start(version, &[]);
        let tail = "\
ip prefix-list c11 seq 5 permit 10.0.0.0/8
route-map c11 deny 20
 match ip address prefix-list c11
 set metric 5
route-map c11 permit 20
";
        let running = canon.becomes("", tail);
        let clauses = block(&running, "route-map c11 permit 20");
        assert_eq!(clauses, ["match ip address prefix-list c11", "set metric 5"], "FRR {version}\n{running}");
    }
}

#[test]
fn c12_static_routes_settle() {
    for version in FrrVersion::ALL {
        let mut canon = Canon::start(version, &[]);
        let tail = "\
ip route 10.9.0.0/16 172.30.1.3 tag 7
ip route 10.9.0.0/16 172.30.2.3
ip route 10.8.0.0/16 blackhole
ip route 10.8.0.0/16 Null0
ip route 10.7.0.0/16 172.30.1.3 10
ip route 10.7.0.0/16 172.30.1.3 20
";
        canon.becomes("", tail);
        let running = canon.becomes("", "ip route 10.8.0.0/16 reject\n");
        assert_eq!(lines(&running, "ip route"), ["ip route 10.8.0.0/16 reject"], "FRR {version}\n{running}");
    }
}

#[test]
fn c13_an_instance_of_another_as_is_told_and_costs_nothing_else() {
    for version in [FrrVersion::V8_4_4, FrrVersion::V10_7] {
        let mut canon = Canon::start(version, &[]);
        let list = "ip prefix-list c13 seq 5 permit 10.0.0.0/8";
        let running =
            canon.becomes("", &format!("router bgp 65000\n neighbor 192.0.2.99 remote-as 64999\n{list}\n"));
        assert!(running.contains(list), "FRR {version}\n{running}");
        assert!(!running.contains("192.0.2.99"), "FRR {version}\n{running}");
        let log = canon.story.agent().log().unwrap();
        assert!(log.contains("router bgp 65000"), "FRR {version}: the block is not named\n{log}");
    }
}

#[test]
fn c14_a_line_that_frr_prints_by_mistake_is_not_deleted() {
    for version in [FrrVersion::V10_3, FrrVersion::V10_7] {
        let mut canon = Canon::start(version, &["--engine", "frr-reload"]);
        let med = "router bgp 64512\n bgp always-compare-med\n bgp deterministic-med\n";
        for more in ["", "ip prefix-list c14 seq 5 permit 10.0.0.0/8\n"] {
            canon.becomes("", &format!("{more}{med}"));
            let of_bgpd = canon.of_bgpd();
            for line in ["bgp always-compare-med", "bgp deterministic-med"] {
                assert!(of_bgpd.contains(line), "FRR {version}\n{of_bgpd}");
            }
        }
    }
}
