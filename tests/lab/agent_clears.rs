//! Clears of sessions whose peer cannot be asked for its routes again: two gateways without route refresh.
//!
//! ```text
//!                  ┌─ net1 ─ gw-1, AS 64513 ─┐  each announces the default route,
//!  node, AS 64512  │                         │  10.1.0.0/24 and 10.2.0.0/24
//!                  └─ net2 ─ gw-2, AS 64513 ─┘
//! ```

use std::{fmt::Write as _, time::Duration};

use nix::sys::signal::Signal;
use routelet_tests::lab::{Agent, FrrVersion, Lab, Node, NodeSpec, Topology, wait};
use serde_json::Value;

const NODE: &str = "node";
const BASE_PATH: &str = "/etc/routelet/base/frr.conf";
const HOLD_PATH: &str = "/etc/routelet/hold";
const DAEMONS: [&str; 4] = ["mgmtd", "zebra", "bgpd", "staticd"];
const PEERS: [&str; 2] = ["172.31.1.3", "172.31.2.3"];
const DEFAULT: &str = "0.0.0.0/0";
const FIRST: &str = "10.1.0.0/24";
const SECOND: &str = "10.2.0.0/24";

/// How long anything may take; a peer tries to connect each second.
const WITHIN: Duration = Duration::from_mins(1);

/// How long a session is waited for, and room.
const GIVEN_UP_WITHIN: Duration = Duration::from_mins(4);

/// Says each 20 ms how many next hops the kernel's default route has.
const WATCH: &str =
    "while :; do ip -4 -o route show default proto bgp | grep -o via | wc -l; sleep 0.02; done";

/// What the node runs: `allowed` comes in from both gateways.
fn base(allowed: &[&str]) -> String {
    let mut text = String::new();
    for (number, prefix) in (1..).zip(allowed) {
        _ = writeln!(text, "ip prefix-list allowed seq {number} permit {prefix}");
    }
    text.push_str("route-map learn permit 10\n match ip address prefix-list allowed\n");
    text.push_str("route-map none deny 10\nrouter bgp 64512\n no bgp ebgp-requires-policy\n");
    text.push_str(" no bgp default ipv4-unicast\n bgp router-id 172.31.0.2\n timers bgp 10 30\n");
    for peer in PEERS {
        _ = writeln!(text, " neighbor {peer} remote-as 64513\n neighbor {peer} timers connect 1");
    }
    text.push_str(" address-family ipv4 unicast\n");
    for peer in PEERS {
        _ = writeln!(text, "  neighbor {peer} activate\n  neighbor {peer} route-map learn in");
        _ = writeln!(text, "  neighbor {peer} route-map none out");
    }
    text + " exit-address-family\n"
}

fn gateway(number: usize, can_refresh: bool) -> NodeSpec {
    let node = format!("172.31.{number}.2");
    let mut text = format!(
        "router bgp 64513\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
         bgp router-id 172.31.{number}.3\n timers bgp 10 30\n neighbor {node} remote-as 64512\n \
         neighbor {node} timers connect 1\n"
    );
    if !can_refresh {
        _ = writeln!(text, " neighbor {node} dont-capability-negotiate");
    }
    text.push_str(" address-family ipv4 unicast\n");
    for prefix in [DEFAULT, FIRST, SECOND] {
        _ = writeln!(text, "  network {prefix}");
    }
    text.push_str(" exit-address-family\n");
    NodeSpec::frr(format!("gw-{number}"), FrrVersion::NEWEST).daemons(&DAEMONS).config(text)
}

/// Two gateways, a node that learns the default route and the first prefix from both, and its agent.
struct Gateways {
    lab: Lab,
    agent: Agent,
}

impl Gateways {
    #[track_caller]
    fn start(version: FrrVersion, arguments: &[&str], hold: &str) -> Self {
        Self::start_with(version, arguments, hold, false)
    }

    /// The same with gateways that can be asked for their routes again, or cannot.
    #[track_caller]
    fn start_with(version: FrrVersion, arguments: &[&str], hold: &str, can_refresh: bool) -> Self {
        let base = base(&[DEFAULT, FIRST]);
        let node = NodeSpec::frr(NODE, version).daemons(&DAEMONS).config(&base);
        let node = node.file(BASE_PATH, &base).file(HOLD_PATH, hold);
        let mut topology =
            Topology::new().node(node).node(gateway(1, can_refresh)).node(gateway(2, can_refresh));
        for number in [1, 2] {
            let (here, there) = (format!("172.31.{number}.2/24"), format!("172.31.{number}.3/24"));
            let (interface, far) = (format!("net{number}"), format!("gw-{number}"));
            topology = topology
                .link((NODE, interface.as_str(), [here.as_str()]), (far.as_str(), "net1", [there.as_str()]));
        }
        let lab = Lab::start(&topology).unwrap();
        let agent =
            Agent::builder(lab.node(NODE)).base(BASE_PATH).args(["--period", "1", "--hold", HOLD_PATH]);
        let agent = agent.args(arguments.iter().copied()).start().unwrap();
        let gateways = Self { lab, agent };
        gateways.learned(FIRST, 2);
        gateways.until("the policies to be known", |status| policies(status)["status"] == "True");
        gateways
    }

    fn node(&self) -> &Node {
        self.lab.node(NODE)
    }

    #[track_caller]
    fn allow(&self, allowed: &[&str]) {
        self.node().replace_file(BASE_PATH, base(allowed)).unwrap();
    }

    /// Waits until the kernel has so many next hops for `prefix`.
    #[track_caller]
    fn learned(&self, prefix: &str, hops: usize) {
        let seen = wait::until(&format!("{hops} next hops for {prefix}"), WITHIN, || {
            let routes = self.node().kernel_routes().unwrap();
            let have = routes.get(prefix).map_or(0, Vec::len);
            if have == hops { Ok(()) } else { Err(format!("{routes:?}")) }
        });
        seen.unwrap_or_else(|error| panic!("{error}\n{}", self.agent.log().unwrap()));
    }

    /// Waits until the node's status is as `is_so` wants; returns the whole report.
    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.until_within(what, WITHIN, is_so)
    }

    #[track_caller]
    fn until_within(&self, what: &str, within: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        let seen = wait::until(what, within, || {
            let status = self.agent.status_json().map_err(|error| error.to_string())?;
            if is_so(&status["node"]["status"]) { Ok(status) } else { Err(status.to_string()) }
        });
        seen.unwrap_or_else(|error| panic!("{error}\n{}", self.agent.log().unwrap()))
    }

    /// How often each session was lost.
    fn dropped(&self) -> [u64; 2] {
        let neighbors = self.node().vtysh_json("show bgp neighbors json").unwrap();
        PEERS.map(|peer| neighbors[peer]["connectionsDropped"].as_u64().unwrap())
    }

    /// `routelet clear` on the node.
    fn clear(&self, arguments: &[&str]) -> (bool, String) {
        let state = self.agent.state_dir().to_str().unwrap().to_owned();
        let command = ["routelet", "clear", "--state-dir", &state];
        let output = self.node().exec(command.into_iter().chain(arguments.iter().copied())).unwrap();
        (output.success(), output.text())
    }
}

fn policies(status: &Value) -> &Value {
    condition(status, "PoliciesInEffect")
}

fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
    let mut conditions = status["conditions"].as_array().into_iter().flatten();
    conditions.find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

/// The status of the session with `peer` in a report.
fn session<'a>(report: &'a Value, peer: &str) -> &'a Value {
    let mut sessions = report["sessions"].as_array().into_iter().flatten();
    &sessions.find(|session| session["status"]["peer"] == peer).unwrap()["status"]
}

#[track_caller]
fn one_after_the_other(version: FrrVersion) {
    let gateways = Gateways::start(version, &[], "");
    let (_watch, log) = gateways.node().spawn(["sh", "-c", WATCH]).unwrap();
    let ticks = || {
        let text = gateways.node().read_file(&log).unwrap();
        text.lines().map(|line| line.trim().parse::<usize>().unwrap()).collect::<Vec<_>>()
    };
    wait::until("the kernel to be watched", WITHIN, || ticks().len() > 10).unwrap();
    let before = gateways.dropped();
    gateways.allow(&[DEFAULT, FIRST, SECOND]);
    gateways.learned(SECOND, 2);
    gateways.until("both policies in effect", |status| policies(status)["status"] == "True");
    let after = gateways.dropped();
    assert_eq!(after, before.map(|count| count + 1), "FRR {version}: each is reset once");
    let ticks = ticks();
    let log = gateways.agent.log().unwrap();
    assert!(!ticks.contains(&0), "FRR {version}: no default route: {ticks:?}\n{log}");
    assert!(
        ticks.contains(&1),
        "FRR {version}: nobody saw a gateway go, so nobody would see both: {ticks:?}"
    );
    assert!(ticks.len() > 100, "FRR {version}: {} looks in all", ticks.len());
}

#[test]
fn gateways_are_reset_one_after_the_other_on_8_4_4() {
    one_after_the_other(FrrVersion::V8_4_4);
}

#[test]
fn gateways_are_reset_one_after_the_other_on_10_3() {
    one_after_the_other(FrrVersion::V10_3);
}

#[test]
fn gateways_are_reset_one_after_the_other_on_10_7() {
    one_after_the_other(FrrVersion::V10_7);
}

/// 7.5.1 forgets the entry for the default prefix when another comes to its list.
#[test]
fn a_list_that_grows_keeps_the_default_route() {
    for version in FrrVersion::ALL {
        let gateways = Gateways::start_with(version, &[], "", true);
        let before = gateways.dropped();
        gateways.allow(&[DEFAULT, FIRST, SECOND]);
        gateways.learned(SECOND, 2);
        gateways.until("the policies in effect", |status| policies(status)["status"] == "True");
        gateways.learned(DEFAULT, 2);
        gateways.learned(FIRST, 2);
        assert_eq!(gateways.dropped(), before, "FRR {version}");
    }
}

#[test]
fn nobody_is_reset_while_that_is_held_and_the_status_says_why() {
    let gateways = Gateways::start(FrrVersion::V10_7, &[], "fabric A is mended\n");
    let before = gateways.dropped();
    gateways.allow(&[DEFAULT, FIRST, SECOND]);
    let status = gateways.until("the status to say why", |status| {
        policies(status)["message"].as_str().is_some_and(|message| message.contains("fabric A is mended"))
    });
    assert_eq!(policies(&status["node"]["status"])["reason"], "ClearSuppressed");
    assert_eq!(gateways.dropped(), before);
    gateways.node().write_file(HOLD_PATH, "").unwrap();
    gateways.learned(SECOND, 2);
}

#[test]
fn with_never_a_person_decides() {
    let gateways = Gateways::start(FrrVersion::V8_4_4, &["--clear", "never"], "");
    let before = gateways.dropped();
    gateways.allow(&[DEFAULT, FIRST, SECOND]);
    gateways
        .until("the policies not to be in effect", |status| policies(status)["reason"] == "ClearSuppressed");
    let (is_done, told) = gateways.clear(&[PEERS[0]]);
    assert!(!is_done && told.contains("--hard"), "{told}");
    let (is_done, told) = gateways.clear(&["10.9.9.9", "--hard"]);
    assert!(!is_done && told.contains("no session"), "{told}");
    assert_eq!(gateways.dropped(), before);
    let (is_done, told) = gateways.clear(&[PEERS[0], "--hard"]);
    assert!(is_done && told.contains("accepted 2 → 3"), "{told}");
    assert_eq!(gateways.dropped(), [before[0] + 1, before[1]], "the other is left alone");
    let status = gateways.agent.status_json().unwrap();
    let clear = &session(&status, PEERS[0])["lastClear"];
    assert_eq!(
        [&clear["kind"], &clear["prefixesBefore"], &clear["prefixesAfter"]],
        [&Value::from("Hard"), &Value::from(2), &Value::from(3)]
    );
}

/// A gateway that does nothing any more is not one to lose the other for.
#[test]
fn who_does_not_come_back_is_given_up_and_nobody_else_is_reset() {
    let gateways = Gateways::start(FrrVersion::V10_7, &[], "");
    let before = gateways.dropped();
    let silent = gateways.lab.node("gw-1");
    silent.signal_daemon("bgpd", Signal::SIGSTOP).unwrap();
    gateways.allow(&[DEFAULT, FIRST, SECOND]);
    let given_up = |status: &Value| {
        let message = policies(status)["message"].as_str().unwrap_or_default();
        policies(status)["reason"] == "GaveUp" && message.contains("did not come back")
    };
    let status = gateways.until_within("the first to be given up", GIVEN_UP_WITHIN, given_up);
    let other = session(&status, PEERS[1]);
    assert_eq!(condition(other, "PolicyInEffect")["reason"], "ClearSuppressed", "{other}");
    assert_eq!(gateways.dropped(), [before[0] + 1, before[1]]);
    gateways.learned(DEFAULT, 1);
    silent.signal_daemon("bgpd", Signal::SIGCONT).unwrap();
    gateways.learned(SECOND, 2);
}

#[test]
fn a_session_is_not_reset_again_at_once() {
    let gateways = Gateways::start(FrrVersion::V10_7, &[], "");
    gateways.allow(&[DEFAULT, FIRST, SECOND]);
    gateways.learned(SECOND, 2);
    gateways.until("both policies in effect", |status| policies(status)["status"] == "True");
    let before = gateways.dropped();
    gateways.allow(&[DEFAULT, FIRST]);
    gateways.until("the status to say why", |status| {
        policies(status)["message"].as_str().is_some_and(|message| message.contains("not long ago"))
    });
    assert_eq!(gateways.dropped(), before);
    assert_eq!(policies(&gateways.agent.status_json().unwrap()["node"]["status"])["status"], "False");
}

/// The extras were added long ago, and nobody restarted anything: FRR says `permit`, and its routes are not there.
#[track_caller]
fn adopted(version: FrrVersion, timer: &str) {
    use routelet_tests::lab::{metallb::Filter, topologies::two_gateways};

    use crate::story::{ALL, Story, connections};

    let mut demo = two_gateways(version);
    demo.base = demo.base.append(timer);
    let mut story = Story::without_agent(demo);
    let before = connections(story.node());
    // An event that is pending would take the change along.
    wait::unchanged("nothing to be pending", Duration::from_secs(6), WITHIN, || {
        Ok::<_, String>(story.kernel_routes())
    })
    .unwrap()
    .unwrap();
    let text = story.extras_text(Filter::Everything);
    story.node().write_file("/tmp/extras", text).unwrap();
    story.node().run(["vtysh", "-f", "/tmp/extras"]).unwrap();
    wait::unchanged("FRR to do nothing", Duration::from_secs(8), WITHIN, || {
        Ok::<_, String>(story.kernel_routes())
    })
    .unwrap()
    .unwrap();
    assert_eq!(story.kernel_routes().len(), 0, "FRR {version}: nothing is to be mended");
    story.set_extras(Some(Filter::Everything));
    story.start_agent();
    story.routes(&ALL);
    assert_eq!(connections(story.node()), before, "FRR {version}");
}

#[test]
fn who_kept_the_old_policy_before_the_agent_came_is_asked_again_on_7_5_1() {
    adopted(FrrVersion::V7_5_1, "");
}

#[test]
fn who_kept_the_old_policy_before_the_agent_came_is_asked_again_on_10_7() {
    adopted(FrrVersion::V10_7, "\nbgp route-map delay-timer 0\n");
}
