//! What a plan says of the sessions comes true: each class of impact, on real FRR, through frr-reload.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use frr_driver::{
    clear,
    config::{load, render},
    decide::{self, Action},
    impact::{Class, Impact},
    plan::plan,
    quirks, reload,
    session::Session,
    show::neighbors,
};
use routelet_tests::lab::{FrrVersion, Lab, Node, NodeSpec, Topology, wait};
use serde_json::Value;

/// How long a session may take to come back; both sides call at once, and may collide once or twice.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(45);

/// How long nothing must have happened before the next change: FRR's delay timer is one second here.
const QUIET: Duration = Duration::from_millis(1600);

/// The time of the last establishment is computed anew at each look, and may differ by the rounding.
const SINCE_SECONDS_MAX: u64 = 2;

/// Where frr-reload finds what is wanted.
const FOLDER: &str = "/run/reload";

/// The node: eBGP (1), eBGP with two families (2), two members of a group (3, 4), a dynamic neighbor (5), iBGP (6).
const NODE: &str = "\
bgp route-map delay-timer 1
ip prefix-list PL seq 5 permit 10.99.0.0/16 le 32
route-map RIN permit 10
 match ip address prefix-list PL
route-map RIN permit 20
 set local-preference 150
route-map ROUT permit 10
route-map GIN permit 10
route-map DIN permit 10
router bgp 64512
 bgp router-id 172.30.0.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 neighbor G peer-group
 neighbor G remote-as 64513
 neighbor G timers connect 1
 neighbor D peer-group
 neighbor D remote-as 64513
 bgp listen range 10.0.5.0/24 peer-group D
 neighbor 10.0.1.3 remote-as 64513
 neighbor 10.0.1.3 timers connect 1
 neighbor 10.0.2.3 remote-as 64513
 neighbor 10.0.2.3 timers connect 1
 neighbor 10.0.3.3 peer-group G
 neighbor 10.0.4.3 peer-group G
 neighbor 10.0.6.3 remote-as 64512
 neighbor 10.0.6.3 timers connect 1
 address-family ipv4 unicast
  network 10.50.0.0/24
  neighbor G activate
  neighbor G route-map GIN in
  neighbor D activate
  neighbor D route-map DIN in
  neighbor 10.0.1.3 activate
  neighbor 10.0.1.3 route-map RIN in
  neighbor 10.0.1.3 route-map ROUT out
  neighbor 10.0.2.3 activate
  neighbor 10.0.6.3 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.0.2.3 activate
 exit-address-family
";

/// Old text, new text, and whom it touches.
type Change = (&'static str, &'static str, &'static [(&'static str, Class)]);

/// What is put in the place of what, and the class of each session that is touched; the others must stay.
/// Each is done and taken back.
const CHANGES: &[Change] = &[
    (
        "neighbor 10.0.1.3 timers connect 1\n",
        "neighbor 10.0.1.3 timers connect 1\n neighbor 10.0.1.3 description x\n",
        &[],
    ),
    (
        "neighbor 10.0.1.3 timers connect 1\n",
        "neighbor 10.0.1.3 timers connect 1\n neighbor 10.0.1.3 timers 4 12\n",
        &[],
    ),
    ("  network 10.50.0.0/24\n", "  network 10.50.0.0/24\n  network 10.51.0.0/24\n", &[]),
    ("route-map DIN permit 10\n", "route-map DIN permit 10\nroute-map UNUSED permit 10\n", &[]),
    ("router bgp", "ip route 192.0.2.0/24 blackhole\nrouter bgp", &[]),
    ("local-preference 150", "local-preference 160", &[("10.0.1.3", Class::PolicyIn)]),
    ("le 32\n", "le 32\nip prefix-list PL seq 10 permit 10.98.0.0/16\n", &[("10.0.1.3", Class::PolicyIn)]),
    (
        "route-map ROUT permit 10\n",
        "route-map ROUT permit 10\n set metric 7\n",
        &[("10.0.1.3", Class::PolicyOut)],
    ),
    (
        "route-map GIN permit 10\n",
        "route-map GIN permit 10\n set local-preference 170\n",
        &[("10.0.3.3", Class::PolicyIn), ("10.0.4.3", Class::PolicyIn)],
    ),
    (
        "route-map DIN permit 10\n",
        "route-map DIN permit 10\n set metric 8\n",
        &[("10.0.5.3", Class::PolicyIn)],
    ),
    (
        "10.0.1.3 activate\n",
        "10.0.1.3 activate\n  neighbor 10.0.1.3 weight 10\n",
        &[("10.0.1.3", Class::PolicyIn)],
    ),
    (
        " neighbor 10.0.6.3 remote-as",
        " neighbor 10.0.7.3 remote-as 64513\n neighbor 10.0.6.3 remote-as",
        &[("10.0.7.3", Class::Added)],
    ),
    (
        "neighbor 10.0.1.3 remote-as 64513\n",
        "neighbor 10.0.1.3 remote-as 64513\n neighbor 10.0.1.3 ebgp-multihop 2\n",
        &[("10.0.1.3", Class::Reset)],
    ),
    (
        "neighbor 10.0.2.3 remote-as 64513\n",
        "neighbor 10.0.2.3 remote-as external\n",
        &[("10.0.2.3", Class::Reset)],
    ),
    (
        "  neighbor 10.0.2.3 activate\n exit-address-family\n",
        "  neighbor 10.0.2.3 activate\n  neighbor 10.0.1.3 activate\n exit-address-family\n",
        &[("10.0.1.3", Class::Reset)],
    ),
    (
        "neighbor G timers connect 1\n",
        "neighbor G timers connect 1\n neighbor G passive\n",
        &[("10.0.3.3", Class::Reset), ("10.0.4.3", Class::Reset)],
    ),
    (
        " bgp router-id 172.30.0.1\n",
        " bgp router-id 172.30.0.1\n bgp cluster-id 1.1.1.1\n",
        &[
            ("10.0.1.3", Class::PolicyOut),
            ("10.0.2.3", Class::PolicyOut),
            ("10.0.3.3", Class::PolicyOut),
            ("10.0.4.3", Class::PolicyOut),
            ("10.0.5.3", Class::PolicyOut),
            ("10.0.6.3", Class::Reset),
        ],
    ),
];

/// What a session shows of its life.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    state: String,
    established: u64,
    dropped: u64,
    since: u64,
    refreshes: u64,
    updates: u64,
}

struct Router {
    lab: Lab,
    version: quirks::FrrVersion,
}

impl Router {
    fn start(version: FrrVersion) -> Self {
        let mut topology = Topology::new().node(NodeSpec::frr("r", version).config(NODE));
        topology = topology.node(NodeSpec::frr("e", FrrVersion::NEWEST).config(peer(
            64513,
            &[1, 2, 3, 4, 5],
            "10.99",
        )));
        topology = topology.node(NodeSpec::frr("i", FrrVersion::NEWEST).config(peer(64512, &[6], "10.97")));
        for link in 1..=6 {
            let other = if link == 6 { "i" } else { "e" };
            let (here, there) = (format!("10.0.{link}.2/24"), format!("10.0.{link}.3/24"));
            let name = format!("eth{link}");
            topology = topology.link(("r", &*name, [&*here]), (other, &*name, [&*there]));
        }
        let lab = Lab::start(&topology).unwrap();
        let version = lab.node("r").vtysh("show version").unwrap();
        let version = frr_driver::show::version(&version).value.unwrap();
        let router = Self { lab, version };
        for link in 1..=6 {
            router.established(&format!("10.0.{link}.3"));
        }
        router
    }

    fn node(&self) -> &Node {
        self.lab.node("r")
    }

    #[track_caller]
    fn established(&self, peer: &str) {
        wait::until(&format!("a session with {peer}"), ESTABLISHED_WITHIN, || match self.seen().get(peer) {
            Some(seen) if seen.state == "Established" => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .unwrap();
    }

    fn seen(&self) -> BTreeMap<String, Seen> {
        let all = self.node().vtysh_json("show bgp neighbors json").unwrap();
        let sessions = all.as_object().unwrap().iter().filter(|(_, peer)| peer.is_object());
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        sessions
            .map(|(name, peer)| {
                let seen = Seen {
                    state: peer["bgpState"].as_str().unwrap_or_default().to_owned(),
                    established: number(&peer["connectionsEstablished"]),
                    dropped: number(&peer["connectionsDropped"]),
                    since: number(&peer["bgpTimerUpEstablishedEpoch"]),
                    refreshes: number(&peer["messageStats"]["routeRefreshSent"]),
                    updates: number(&peer["messageStats"]["updatesSent"]),
                };
                (name.clone(), seen)
            })
            .collect()
    }

    /// The sessions, once nothing happens any more that an earlier change set off.
    fn quiet(&self) -> BTreeMap<String, Seen> {
        wait::unchanged("the sessions to be quiet", QUIET, ESTABLISHED_WITHIN, || {
            let seen = self.seen().into_iter();
            seen.map(|(peer, seen)| (peer, Seen { since: 0, ..seen })).collect::<BTreeMap<_, _>>()
        })
        .unwrap();
        self.seen()
    }

    fn sessions(&self) -> Vec<Session> {
        neighbors(&self.node().vtysh("show bgp vrf all neighbors json").unwrap()).value
    }

    fn running(&self) -> String {
        reload::running_config(&self.node().vtysh("show running-config").unwrap()).to_owned()
    }

    /// Brings `text` into FRR as the agent does, and returns what the plan said.
    #[track_caller]
    fn apply(&self, text: &str) -> Impact {
        let print = self.running();
        let (desired, running) = (load("base", text, self.version), load("running", &print, self.version));
        let plan = plan(&desired, &running, self.version);
        assert!(!plan.is_empty());
        let rendered = render(&desired, &reload::host_lines(&print), self.version);
        self.node().write_file(&format!("{FOLDER}/frr.conf"), rendered.reveal()).unwrap();
        let command = reload::command(Path::new(reload::SCRIPT), Path::new(FOLDER), None, self.version);
        let output = self.node().exec_within(Duration::from_mins(1), command.argv).unwrap();
        let after = load("running", &self.running(), self.version);
        let left = frr_driver::plan::plan(&desired, &after, self.version);
        assert!(left.is_empty(), "{left:?}\n{}", output.text());
        for decision in decide::after_change(&plan.impact, &self.sessions()) {
            if let Action::Clear(kind) = decision.action {
                let command = clear::command(&decision.session, decision.family, kind);
                assert_eq!(self.node().vtysh(&command).unwrap(), "", "{command}");
            }
        }
        plan.impact
    }

    /// Holds what `impact` said against what the sessions show.
    #[track_caller]
    fn hold(
        &self,
        what: &str,
        before: &BTreeMap<String, Seen>,
        impact: &Impact,
        want: &BTreeMap<&str, Class>,
    ) {
        let groups: BTreeMap<String, Option<String>> = self
            .sessions()
            .into_iter()
            .map(|session| (session.id.peer.to_string(), session.peer_group))
            .collect();
        let class_of = |peer: &str| {
            let id = frr_driver::session::SessionId::in_default_vrf(peer);
            let group = groups.get(peer).cloned().flatten();
            impact.on(&id, group.as_deref().or((peer == "10.0.5.3").then_some("D"))).class()
        };
        let mut peers: Vec<&str> = before.keys().map(String::as_str).collect();
        peers.extend(want.keys());
        for peer in peers {
            let class = want.get(peer).copied().unwrap_or(Class::None);
            assert_eq!(class_of(peer), class, "{what}: prediction for {peer}: {impact:#?}");
            wait::until(&format!("{what}: {peer} to show {class:?}"), ESTABLISHED_WITHIN, || {
                let now = self.seen();
                shows(class, before.get(peer), now.get(peer))
            })
            .unwrap();
        }
    }
}

/// Whether a session shows what was predicted of it.
fn shows(class: Class, before: Option<&Seen>, now: Option<&Seen>) -> Result<(), String> {
    let is_so = match (class, before, now) {
        (Class::Added, None, Some(_)) | (Class::Removed, Some(_), None) => true,
        (_, Some(before), Some(now)) => {
            let is_as_long = before.since.abs_diff(now.since) <= SINCE_SECONDS_MAX;
            let stays = (before.established, before.dropped, &before.state)
                == (now.established, now.dropped, &now.state)
                && is_as_long;
            match class {
                Class::None => stays && now.refreshes == before.refreshes,
                Class::PolicyIn => stays && now.refreshes > before.refreshes,
                Class::PolicyOut => stays && now.updates > before.updates,
                Class::Reset => now.state == "Established" && (!is_as_long || now.dropped > before.dropped),
                Class::Added | Class::Removed => false,
            }
        }
        _ => false,
    };
    if is_so { Ok(()) } else { Err(format!("before {before:?}, now {now:?}")) }
}

/// A peer with a network of its own and a session over each of `links`.
fn peer(asn: u32, links: &[u8], net: &str) -> String {
    let mut text = format!(
        "router bgp {asn}\n no bgp ebgp-requires-policy\n no bgp network import-check\n no bgp default ipv4-unicast\n"
    );
    let mut families = String::new();
    for link in links {
        _ = writeln!(
            text,
            " neighbor 10.0.{link}.2 remote-as 64512\n neighbor 10.0.{link}.2 timers connect 1"
        );
        _ = writeln!(families, "  neighbor 10.0.{link}.2 activate");
    }
    let six = if links.contains(&2) {
        " address-family ipv6 unicast\n  neighbor 10.0.2.2 activate\n exit-address-family\n"
    } else {
        ""
    };
    format!(
        "{text} address-family ipv4 unicast\n  network {net}.1.0/24\n{families} exit-address-family\n{six}"
    )
}

#[track_caller]
fn predictions_come_true(version: FrrVersion) {
    let router = Router::start(version);
    router.node().run(["mkdir", "-p", FOLDER]).unwrap();
    router.node().write_file(&format!("{FOLDER}/vtysh.conf"), "service integrated-vtysh-config\n").unwrap();
    for (old, new, touched) in CHANGES {
        assert!(NODE.contains(old), "{old}");
        let changed = NODE.replacen(old, new, 1);
        let there: BTreeMap<&str, Class> = touched.iter().copied().collect();
        let back = there
            .iter()
            .map(|(peer, class)| (*peer, if *class == Class::Added { Class::Removed } else { *class }))
            .collect();
        for (text, want) in [(changed.as_str(), &there), (NODE, &back)] {
            let before = router.quiet();
            let impact = router.apply(text);
            router.hold(new.trim(), &before, &impact, want);
        }
    }
}

#[test]
fn predictions_come_true_on_7_5_1() {
    predictions_come_true(FrrVersion::V7_5_1);
}

#[test]
fn predictions_come_true_on_8_4_4() {
    predictions_come_true(FrrVersion::V8_4_4);
}

#[test]
fn predictions_come_true_on_10_3() {
    predictions_come_true(FrrVersion::V10_3);
}

#[test]
fn predictions_come_true_on_10_7() {
    predictions_come_true(FrrVersion::V10_7);
}
