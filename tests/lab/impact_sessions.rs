//! What a plan says of each session, against what real FRR does to it: changes go through frr-reload and the clears
//! that follow from the plan, as the agent does it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    time::Duration,
};

use frr_driver::{
    clear,
    config::{Config, load, render},
    decide::{Decider, Most},
    impact::{Class, Impact},
    plan::plan,
    quirks::FrrVersion as Version,
    reload,
    session::{Session, SessionId},
    show,
};
use routelet_tests::lab::{FrrVersion, Lab, Node, NodeSpec, Topology, wait};
use serde_json::Value;

/// How long sessions may take to come up, and to be quiet.
const SETTLED_WITHIN: Duration = Duration::from_secs(40);

/// How long nothing must have happened: more than the delay timer of 1 s.
const QUIET: Duration = Duration::from_millis(1500);

/// Where the node keeps the file that frr-reload loads.
const RELOAD: &str = "/run/impact/reload";

/// East is the peer of sessions 1 to 10 (one for each link), west that of session 11.
const LINKS: std::ops::RangeInclusive<u8> = 1..=11;

/// Sessions 1 to 6 are plain, 7 is in both families, 8 and 9 are members of a group, 10 is dynamic, 11 is iBGP.
const NODE: &str = "\
bgp route-map delay-timer 1
ip prefix-list L1 seq 5 permit 10.0.0.0/8 le 32
ip prefix-list L2 seq 5 permit 10.0.0.0/8 le 32
ip prefix-list L3 seq 5 permit 10.0.0.0/8 le 32
bgp as-path access-list P1 permit ^$
bgp as-path access-list P2 permit ^64513$
bgp community-list standard C1 seq 5 permit 65000:1
ip route 198.51.100.128/25 blackhole
route-map in-a permit 10
 match ip address prefix-list L1
route-map in-b permit 10
route-map in-c permit 10
route-map in-d deny 10
 match community C1
route-map in-d permit 20
route-map in-g permit 10
 call called
route-map called permit 10
 match ip address prefix-list L2
route-map out-a permit 10
route-map out-b permit 10
 match as-path P1
 set metric 5
route-map out-b permit 20
 set metric 6
route-map net permit 10
router bgp 64512
 bgp router-id 172.30.0.2
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 no bgp network import-check
 timers bgp 3 9
 neighbor G peer-group
 neighbor G remote-as 64513
 neighbor G timers connect 1
 neighbor D peer-group
 neighbor D remote-as 64513
 bgp listen range 172.30.10.0/24 peer-group D
 neighbor 172.30.1.3 remote-as 64513
 neighbor 172.30.1.3 timers connect 1
 neighbor 172.30.2.3 remote-as 64513
 neighbor 172.30.2.3 timers connect 1
 neighbor 172.30.3.3 remote-as 64513
 neighbor 172.30.3.3 timers connect 1
 neighbor 172.30.4.3 remote-as 64513
 neighbor 172.30.4.3 timers connect 1
 neighbor 172.30.4.3 local-as 64999
 neighbor 172.30.5.3 remote-as 64513
 neighbor 172.30.5.3 timers connect 1
 neighbor 172.30.6.3 remote-as 64513
 neighbor 172.30.7.3 remote-as 64513
 neighbor 172.30.7.3 timers connect 1
 neighbor 172.30.8.3 peer-group G
 neighbor 172.30.9.3 peer-group G
 neighbor 172.30.11.3 remote-as 64512
 neighbor 172.30.11.3 timers connect 1
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor G activate
  neighbor G route-map in-g in
  neighbor D activate
  neighbor D route-map in-d in
  neighbor 172.30.1.3 activate
  neighbor 172.30.1.3 route-map in-a in
  neighbor 172.30.2.3 activate
  neighbor 172.30.2.3 route-map in-a in
  neighbor 172.30.3.3 activate
  neighbor 172.30.3.3 route-map out-a out
  neighbor 172.30.4.3 activate
  neighbor 172.30.4.3 route-map in-c in
  neighbor 172.30.5.3 activate
  neighbor 172.30.5.3 filter-list P2 in
  neighbor 172.30.6.3 activate
  neighbor 172.30.7.3 activate
  neighbor 172.30.7.3 prefix-list L3 in
  neighbor 172.30.11.3 activate
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:64::/64
  neighbor 172.30.7.3 activate
 exit-address-family
";

/// Changes that are made at once, of different sessions.
struct Step {
    name: &'static str,
    /// Text that is there once, and what takes its place.
    edits: &'static [(&'static str, &'static str)],
}

const STEPS: &[Step] = &[
    Step {
        name: "lines of neighbors",
        edits: &[
            (
                " neighbor 172.30.1.3 timers",
                " neighbor 172.30.1.3 description a peer\n neighbor 172.30.1.3 timers",
            ),
            ("172.30.2.3 route-map in-a in", "172.30.2.3 route-map in-b in"),
            ("172.30.3.3 route-map out-a out", "172.30.3.3 route-map out-b out"),
            (" neighbor 172.30.4.3 timers", " neighbor 172.30.4.3 timers 4 12\n neighbor 172.30.4.3 timers"),
            ("  neighbor 172.30.5.3 filter", "  neighbor 172.30.5.3 weight 10\n  neighbor 172.30.5.3 filter"),
            (
                "  neighbor 172.30.6.3 activate",
                "  neighbor 172.30.6.3 activate\n  neighbor 172.30.6.3 next-hop-self",
            ),
            ("ipv6 unicast\n", "ipv6 unicast\n  neighbor 172.30.7.3 route-map in-b in\n"),
            ("  neighbor D activate", "  neighbor 172.30.8.3 route-map in-b in\n  neighbor D activate"),
            (
                "  neighbor 172.30.11.3 activate",
                "  neighbor 172.30.11.3 activate\n  no neighbor 172.30.11.3 send-community",
            ),
        ],
    },
    Step {
        name: "what lines refer to",
        edits: &[
            ("L1 seq 5 permit 10.0.0.0/8 le 32", "L1 seq 5 permit 10.0.0.0/8 le 24"),
            ("ip prefix-list L2", "ip prefix-list L2 seq 1 deny 10.99.0.0/16\nip prefix-list L2"),
            ("L3 seq 5 permit 10.0.0.0/8 le 32", "L3 seq 5 permit 10.0.0.0/8 le 24"),
            ("P1 permit ^$", "P1 permit ^64599$"),
            ("P2 permit ^64513$", "P2 permit ^64513"),
            ("C1 seq 5 permit 65000:1", "C1 seq 5 permit 65000:2"),
            ("route-map in-c permit 10", "route-map in-c deny 10"),
            ("route-map in-b permit 10", "route-map in-b permit 10\n description only words"),
            ("route-map net permit", "route-map unused permit 5\n set metric 5\nroute-map net permit"),
        ],
    },
    Step {
        name: "sessions that go, or go down",
        edits: &[
            (
                " neighbor 172.30.1.3 timers",
                " neighbor 172.30.1.3 ebgp-multihop 2\n neighbor 172.30.1.3 timers",
            ),
            (
                " neighbor 172.30.2.3 timers",
                " neighbor 172.30.2.3 update-source 172.30.2.2\n neighbor 172.30.2.3 timers",
            ),
            (" neighbor 172.30.3.3 timers", " neighbor 172.30.3.3 passive\n neighbor 172.30.3.3 timers"),
            ("local-as 64999", "local-as 64998"),
            (
                " neighbor 172.30.5.3 timers",
                " neighbor 172.30.5.3 disable-connected-check\n neighbor 172.30.5.3 timers",
            ),
            (" neighbor 172.30.6.3 remote-as 64513\n", ""),
            ("  neighbor 172.30.6.3 activate\n  neighbor 172.30.6.3 next-hop-self\n", ""),
            ("64::/64\n  neighbor 172.30.7.3 activate\n", "64::/64\n"),
            (
                " neighbor 172.30.8.3 peer-group G\n",
                " neighbor 172.30.8.3 peer-group G\n neighbor 172.30.8.3 shutdown\n",
            ),
            (
                " neighbor 172.30.9.3 peer-group G\n",
                " neighbor 172.30.9.3 remote-as 64513\n neighbor 172.30.9.3 timers connect 1\n",
            ),
            ("  neighbor D activate", "  neighbor 172.30.9.3 activate\n  neighbor D activate"),
            (
                "  no neighbor 172.30.11.3",
                "  neighbor 172.30.11.3 route-reflector-client\n  no neighbor 172.30.11.3",
            ),
        ],
    },
    Step {
        name: "sessions that come back",
        edits: &[
            ("172.30.1.3 remote-as 64513", "172.30.1.3 remote-as external"),
            (" neighbor 172.30.2.3 update-source 172.30.2.2\n", " neighbor 172.30.2.3 capability dynamic\n"),
            (
                "  neighbor 172.30.3.3 activate",
                "  neighbor 172.30.3.3 activate\n  neighbor 172.30.3.3 allowas-in 3",
            ),
            (
                " neighbor 172.30.4.3 local-as",
                " neighbor 172.30.4.3 port 1179\n neighbor 172.30.4.3 passive\n neighbor 172.30.4.3 local-as",
            ),
            (
                " neighbor 172.30.5.3 timers",
                " neighbor 172.30.5.3 sender-as-path-loop-detection\n neighbor 172.30.5.3 timers",
            ),
            (
                " neighbor 172.30.7.3 remote-as",
                " neighbor 172.30.6.3 remote-as 64513\n neighbor 172.30.6.3 timers connect 1\n neighbor 172.30.7.3 remote-as",
            ),
            ("  neighbor D activate", "  neighbor 172.30.6.3 activate\n  neighbor D activate"),
            ("64::/64\n", "64::/64\n  neighbor 172.30.7.3 activate\n"),
            (" neighbor 172.30.8.3 shutdown\n", ""),
            (
                " neighbor 172.30.9.3 remote-as 64513\n neighbor 172.30.9.3 timers connect 1\n",
                " neighbor 172.30.9.3 peer-group G\n",
            ),
            ("  neighbor 172.30.9.3 activate\n", ""),
            (" neighbor D remote-as 64513\n", " neighbor D remote-as 64513\n neighbor D ebgp-multihop 2\n"),
        ],
    },
    Step {
        name: "groups, ranges, and what is announced",
        edits: &[
            ("neighbor G remote-as 64513", "neighbor G remote-as external"),
            ("172.30.10.0/24", "172.30.10.0/25"),
            (
                "network 198.51.100.0/24\n",
                "network 198.51.100.0/24 route-map net\n  redistribute static\n  aggregate-address 203.0.113.0/24\n",
            ),
            (" neighbor 172.30.1.3 description a peer", " neighbor 172.30.1.3 description another peer"),
            (" timers bgp 3 9", " timers bgp 4 12\n bgp bestpath as-path multipath-relax"),
            (
                "  neighbor 172.30.11.3 activate",
                "  neighbor 172.30.11.3 activate\n  neighbor 172.30.11.3 maximum-prefix 500",
            ),
        ],
    },
    Step {
        name: "map of a network",
        edits: &[(
            "route-map net permit 10",
            "route-map net permit 10\n set community 65000:77\n set metric 77",
        )],
    },
    Step {
        name: "cluster-id and default local-preference",
        edits: &[(
            " bgp router-id",
            " bgp cluster-id 9.9.9.9\n bgp default local-preference 200\n bgp router-id",
        )],
    },
    Step {
        name: "graceful-restart, and no range any more",
        edits: &[
            (" bgp router-id", " bgp graceful-restart\n bgp router-id"),
            (" bgp listen range 172.30.10.0/25 peer-group D\n", ""),
        ],
    },
    Step { name: "router-id", edits: &[("router-id 172.30.0.2", "router-id 172.30.0.99")] },
];

fn peer(asn: u32, links: impl Iterator<Item = u8>, routes: &[&str]) -> String {
    let mut text = format!(
        "router bgp {asn}\n no bgp default ipv4-unicast\n no bgp ebgp-requires-policy\n \
         no bgp network import-check\n bgp router-id {}.0.0.1\n timers bgp 3 9\n",
        asn % 200
    );
    let links: Vec<u8> = links.collect();
    for link in &links {
        let kind = if asn == 64512 { "internal" } else { "external" };
        _ = writeln!(
            text,
            " neighbor 172.30.{link}.2 remote-as {kind}\n neighbor 172.30.{link}.2 timers connect 1"
        );
    }
    text.push_str(" address-family ipv4 unicast\n");
    for route in routes {
        _ = writeln!(text, "  network {route}");
    }
    for link in &links {
        _ = writeln!(text, "  neighbor 172.30.{link}.2 activate");
    }
    text.push_str(" exit-address-family\n address-family ipv6 unicast\n  network 2001:db8:1::/64\n");
    if links.contains(&7) {
        text.push_str("  neighbor 172.30.7.2 activate\n");
    }
    text + " exit-address-family\n"
}

fn topology(version: FrrVersion) -> Topology {
    const DAEMONS: [&str; 4] = ["mgmtd", "zebra", "bgpd", "staticd"];
    let (east, west) = (peer(64513, 1..=10, &["10.1.0.0/24", "10.2.0.0/16"]), peer(64512, 11..=11, &[]));
    let newest = FrrVersion::NEWEST;
    let mut topology = Topology::new()
        .node(NodeSpec::frr("node", version).daemons(&DAEMONS).config(NODE))
        .node(NodeSpec::frr("east", newest).daemons(&DAEMONS).config(east))
        .node(NodeSpec::frr("west", newest).daemons(&DAEMONS).config(west));
    for link in LINKS {
        let interface = format!("net{link}");
        let addresses = |host: u8| [format!("172.30.{link}.{host}/24"), format!("fd00:30:{link}::{host}/64")];
        let (here, there) = (addresses(2), addresses(3));
        topology = topology.link(
            ("node", interface.as_str(), here.each_ref().map(String::as_str)),
            (
                if link == 11 { "west" } else { "east" },
                interface.as_str(),
                there.each_ref().map(String::as_str),
            ),
        );
    }
    topology
}

// === what FRR says ===

/// A session as FRR counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counts {
    is_up: bool,
    established: u64,
    dropped: u64,
    refreshes_sent: u64,
    updates_sent: u64,
    uptime: Duration,
}

type Look = BTreeMap<SessionId, Counts>;

fn look(node: &Node) -> Look {
    let neighbors: Value = node.vtysh_json("show bgp neighbors json").unwrap();
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let peers = neighbors.as_object().unwrap().iter().filter(|(_, peer)| peer.is_object());
    let counts = |peer: &Value| Counts {
        is_up: peer["bgpState"] == "Established",
        established: count(&peer["connectionsEstablished"]),
        dropped: count(&peer["connectionsDropped"]),
        refreshes_sent: count(&peer["messageStats"]["routeRefreshSent"]),
        updates_sent: count(&peer["messageStats"]["updatesSent"]),
        uptime: Duration::from_millis(count(&peer["bgpTimerUpMsec"])),
    };
    peers.map(|(name, peer)| (SessionId::in_default_vrf(name.as_str()), counts(peer))).collect()
}

/// Waits until the sessions are up that are not shut down, and nothing happens any more.
#[track_caller]
fn settled(node: &Node, config: &str) -> Look {
    let is_session = |line: &&str| line.contains(".3 remote-as") || line.contains(".3 peer-group");
    let is_dynamic = config.contains("listen range");
    let wanted = config.lines().filter(is_session).count() + usize::from(is_dynamic);
    let is_down = |id: &SessionId| config.contains(&format!(" neighbor {} shutdown", id.peer));
    wait::until("the sessions to come up", SETTLED_WITHIN, || {
        let now = look(node);
        let other = now.iter().filter(|(id, counts)| counts.is_up == is_down(id)).map(|(id, _)| id);
        let other: Vec<String> = other.map(ToString::to_string).collect();
        if other.is_empty() && now.len() == wanted {
            Ok(())
        } else {
            Err(format!("{other:?} not as wanted, {} of {wanted} there", now.len()))
        }
    })
    .unwrap();
    wait::unchanged("the sessions to be quiet", QUIET, SETTLED_WITHIN, || {
        let now = look(node).into_iter();
        now.map(|(id, counts)| (id, Counts { uptime: Duration::ZERO, ..counts })).collect::<Look>()
    })
    .unwrap();
    look(node)
}

fn running(node: &Node, version: Version) -> (String, Config) {
    let text = node.vtysh("show running-config").unwrap();
    let text = reload::running_config(&text).to_owned();
    let config = load("running", &text, version);
    (text, config)
}

// === what is done ===

/// Brings `desired` into FRR, and clears whom the plan says; returns the plan's impact, and the sessions before.
#[track_caller]
fn apply(node: &Node, desired: &Config, version: Version) -> (Impact, Vec<Session>) {
    let (before, config) = running(node, version);
    let plan = plan(desired, &config, version);
    let sessions = show::neighbors(&node.vtysh(show::NEIGHBORS).unwrap()).value;
    let file = Path::new(RELOAD);
    let rendered = render(desired, &reload::host_lines(&before), version);
    node.write_file(&format!("{RELOAD}/frr.conf"), rendered.reveal()).unwrap();
    node.write_file(&format!("{RELOAD}/vtysh.conf"), "service integrated-vtysh-config\n").unwrap();
    let command = reload::command(Path::new(reload::SCRIPT), file, None, version);
    let output = node.exec_within(command.timeout, command.argv).unwrap();
    let left = frr_driver::plan::plan(desired, &running(node, version).1, version);
    assert!(left.is_empty(), "{left:?}\n{}", output.text());
    let mut decider = Decider::default();
    decider.changed(&plan.impact, &sessions, version, Some(Duration::from_secs(1)), Duration::ZERO);
    for clear in decider.soft_clears(Most::Soft, &sessions, Duration::ZERO) {
        let answer = node.vtysh(&clear::command(&clear.session, clear.family, clear.kind)).unwrap();
        clear::judge(&answer).unwrap();
    }
    (plan.impact, sessions)
}

/// What is wrong with a prediction, if anything.
fn contradiction(
    classes: &[Class],
    before: Option<&Counts>,
    after: Option<&Counts>,
    between: Duration,
) -> Option<&'static str> {
    let (before, after) = match (classes, before, after) {
        ([Class::Added], None, Some(_)) | ([Class::Removed], Some(_), None) => return None,
        ([Class::Added], ..) => return Some("not added"),
        ([Class::Removed], ..) => return Some("not removed"),
        (_, None, _) => return Some("was not there"),
        (_, _, None) => return Some("went"),
        (_, Some(before), Some(after)) => (before, after),
    };
    // A dynamic neighbor that comes back counts from the beginning: only its uptime tells. FRR's is in seconds.
    let restarted = after.uptime + Duration::from_millis(1500) < before.uptime + between;
    let is_same =
        (after.is_up, after.established, after.dropped) == (before.is_up, before.established, before.dropped);
    let was_reset = !is_same || (before.is_up && restarted);
    let refreshed = after.refreshes_sent > before.refreshes_sent;
    if classes == [Class::Reset] {
        return (!was_reset).then_some("not reset");
    }
    if was_reset {
        return Some("reset");
    }
    if refreshed != classes.contains(&Class::PolicyIn) {
        return Some(if refreshed { "was asked for its routes" } else { "was not asked for its routes" });
    }
    let is_sent = after.updates_sent > before.updates_sent;
    (classes.contains(&Class::PolicyOut) && !is_sent).then_some("nothing was sent")
}

#[track_caller]
#[expect(clippy::print_stderr, reason = "a measurement, to be seen with --nocapture")]
fn predictions_are_true(version: FrrVersion) {
    let lab = Lab::start(&topology(version)).unwrap();
    let node = lab.node("node");
    let frr = show::version(&node.vtysh("show version").unwrap()).value.unwrap();
    let mut text = NODE.to_owned();
    let mut before = settled(node, &text);
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for step in STEPS {
        for (find, replace) in step.edits {
            assert_eq!(text.matches(find).count(), 1, "{find}\n{text}");
            text = text.replacen(find, replace, 1);
        }
        let ((impact, sessions, after), between) = wait::timed(|| {
            let (impact, sessions) = apply(node, &load("base", &text, frr), frr);
            (impact, sessions, settled(node, &text))
        });
        let mut row = format!("{version} {}:", step.name);
        for id in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let group = sessions
                .iter()
                .find(|session| session.id == *id)
                .and_then(|session| session.peer_group.as_deref());
            let touch = impact.on(id, group);
            let classes = touch.classes();
            let words: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
            _ = write!(row, " {id} {},", if words.is_empty() { "None".to_owned() } else { words.join("+") });
            seen.insert(touch.class());
            seen.extend(classes.iter().copied());
            if let Some(what) = contradiction(&classes, before.get(id), after.get(id), between) {
                wrong.push(format!(
                    "{}: {id} {words:?}: {what}\n  {:?}\n  {:?}\n  {:?}",
                    step.name,
                    before.get(id),
                    after.get(id),
                    touch.causes
                ));
            }
        }
        eprintln!("{row} in {between:.1?}");
        before = after;
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
    let every = [Class::None, Class::PolicyOut, Class::PolicyIn, Class::Added, Class::Removed, Class::Reset];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), every);
}

#[test]
fn predictions_are_true_on_7_5_1() {
    predictions_are_true(FrrVersion::V7_5_1);
}

#[test]
fn predictions_are_true_on_8_4_4() {
    predictions_are_true(FrrVersion::V8_4_4);
}

#[test]
fn predictions_are_true_on_10_3() {
    predictions_are_true(FrrVersion::V10_3);
}

#[test]
fn predictions_are_true_on_10_7() {
    predictions_are_true(FrrVersion::V10_7);
}
