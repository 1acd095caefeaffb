use std::time::Duration;

use frr_driver::{
    clear::ClearKind,
    loss::Loss,
    session::{
        AddressFamily, Bfd, BfdState, FamilyState, LastReset, Policy, Session, SessionId, SessionState,
    },
    vty_socket::Daemon,
};

use super::*;
use crate::{
    condition::{Condition, ConditionStatus, ConditionType, Reason},
    message::MESSAGE_BYTES_MAX,
    node::GATEWAYS_MAX,
    snapshot::{
        ApplyResult, ClearFact, ClearOutcome, ConfigState, DaemonState, Direction, Engine, FrrState, Gateway,
        LearnedRoutes, PolicyFact, PolicyState, SourceError, SourcePolicy, SourceState, Trouble,
    },
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn established(peer: &str) -> Session {
    let family = FamilyState {
        accepted: 12,
        sent: Some(2),
        inbound: Policy { route_map: Some(format!("{peer}-in")), ..Policy::default() },
        ..FamilyState::default()
    };
    Session {
        state: SessionState::Established,
        local_as: Some(64512),
        peer_as: Some(64601),
        uptime: Some(Duration::from_secs(303)),
        connections_established: Some(2),
        connections_dropped: Some(1),
        last_reset: Some(LastReset {
            reason: Some("BGP Notification send Cease/BFD Down".into()),
            ago: Some(Duration::from_secs(310)),
        }),
        can_route_refresh: true,
        families: [(AddressFamily::Ipv4Unicast, family)].into(),
        bfd: Some(Bfd { state: BfdState::Up, since: Some(Duration::from_mins(5)), diagnostic: None }),
        ..Session::unknown(SessionId::in_default_vrf(peer))
    }
}

fn down(peer: &str) -> Session {
    Session {
        state: SessionState::Active,
        peer_as: Some(64602),
        connections_established: Some(0),
        connections_dropped: Some(0),
        last_reset: Some(LastReset {
            reason: Some("No path to specified Neighbor".into()),
            ago: Some(Duration::from_mins(15)),
        }),
        families: [(AddressFamily::Ipv6Unicast, FamilyState::default())].into(),
        ..Session::unknown(SessionId::in_default_vrf(peer))
    }
}

/// A node on which all is well.
pub(crate) fn good() -> Snapshot {
    let gateway = |next_hop: &str, interface: &str| Gateway {
        family: AddressFamily::Ipv4Unicast,
        next_hop: Some(next_hop.parse().unwrap()),
        interface: Some(interface.into()),
    };
    Snapshot {
        frr: Some(FrrState {
            version: Some("10.7.1".into()),
            daemons: vec![(Daemon::Zebra, DaemonState::Up), (Daemon::Bgpd, DaemonState::Up)],
        }),
        sources: Some(vec![
            source("base", SourcePolicy::Base, &[]),
            source("extras", SourcePolicy::Extras, &[]),
        ]),
        config: ConfigState {
            generation: Some("3f1c9a0b77aa55dd".into()),
            applied_generation: Some("3f1c9a0b77aa55dd".into()),
            applied_at: Some(at(-60)),
            engine: Some(Engine::FrrReload),
            result: Some(ApplyResult::Applied),
            duration: Some(Duration::from_micros(1_234_567)),
            added: 4,
            removed: 1,
            pending: None,
            trouble: None,
            drift: Vec::new(),
        },
        sessions: Some(vec![established("10.0.0.2"), established("10.0.0.1")]),
        routes: Some(LearnedRoutes {
            ipv4: 20,
            ipv6: 0,
            gateways: [(gateway("10.0.0.1", "eth0"), 8), (gateway("10.0.0.2", "eth1"), 12)].into(),
        }),
        ..Snapshot::unknown("node-1", at(0), Duration::from_secs(5))
    }
}

/// A node on which much is wrong.
pub(crate) fn bad() -> Snapshot {
    let good = good();
    let mut shut = down("10.0.0.9");
    shut.admin_down = true;
    shut.state = SessionState::Idle;
    let mut refused = established("10.0.0.1");
    refused.families.get_mut(&AddressFamily::Ipv4Unicast).unwrap().accepted = 0;
    let id = SessionId::in_default_vrf("10.0.0.1");
    Snapshot {
        frr: Some(FrrState {
            version: Some("8.4.4".into()),
            daemons: vec![(Daemon::Bgpd, DaemonState::Up), (Daemon::Bfdd, DaemonState::Down)],
        }),
        sources: Some(vec![
            source("base", SourcePolicy::Base, &[]),
            source(
                "extras",
                SourcePolicy::Extras,
                &[(Some(3), "match ipv4 address is spelled match ip address"), (None, "not UTF-8")],
            ),
        ]),
        config: ConfigState {
            generation: Some("new".into()),
            result: Some(ApplyResult::RolledBack),
            pending: Some("bgpd refused: neighbor 10.0.0.1 remote-as 0".into()),
            trouble: Some(Trouble::RolledBack),
            ..good.config.clone()
        },
        sessions: Some(vec![refused, down("fd00::1"), shut]),
        received_pre_policy: [((id.clone(), AddressFamily::Ipv4Unicast), 12)].into(),
        policies: vec![PolicyFact {
            session: id.clone(),
            family: AddressFamily::Ipv4Unicast,
            direction: Direction::In,
            state: PolicyState::Suppressed,
            why: "only a hard clear would help, and --clear is soft".into(),
        }],
        losses: [(
            (id.clone(), AddressFamily::Ipv4Unicast),
            Loss::Entry { entry: "route-map 10.0.0.1-in deny 20".into(), invoked: Some(12) },
        )]
        .into(),
        orphaned: vec![AddressFamily::Ipv4Unicast],
        last_clear: Some(ClearFact {
            session: id,
            family: AddressFamily::Ipv4Unicast,
            kind: ClearKind::SoftIn,
            reason: "route-map 10.0.0.1-in changed".into(),
            at: at(-30),
            prefixes_before: 0,
            outcome: Some(ClearOutcome {
                prefixes_after: 12,
                took: Duration::from_millis(1250),
                failure: None,
            }),
        }),
        ..good
    }
}

fn source(name: &str, policy: SourcePolicy, errors: &[(Option<usize>, &str)]) -> SourceState {
    SourceState {
        name: name.into(),
        policy,
        digest: Some("ab12".into()),
        accepted_at: Some(at(-120)),
        accepted: errors.is_empty(),
        errors: errors
            .iter()
            .map(|(line, message)| SourceError { line: *line, message: (*message).into() })
            .collect(),
    }
}

fn condition(report: &Report, kind: ConditionType) -> Condition {
    report.node.status.condition(kind).expect("all conditions are set").clone()
}

#[track_caller]
fn check(snapshot: &Snapshot, kind: ConditionType, status: ConditionStatus, reason: Reason) {
    let condition = condition(&project(snapshot, None), kind);
    assert_eq!((condition.status, condition.reason), (status, reason), "{}", condition.message);
}

fn json(report: &Report) -> String {
    serde_json::to_string_pretty(report).unwrap()
}

#[test]
fn golden_good() {
    insta::assert_snapshot!("good", json(&project(&good(), None)));
}

#[test]
fn golden_bad() {
    insta::assert_snapshot!("bad", json(&project(&bad(), None)));
}

#[test]
fn golden_unknown() {
    let snapshot = Snapshot::unknown("node-1", at(0), Duration::from_secs(5));
    insta::assert_snapshot!("unknown", json(&project(&snapshot, None)));
}

#[test]
fn a_report_survives_its_file() {
    for snapshot in [good(), bad()] {
        let report = project(&snapshot, None);
        assert_eq!(serde_json::from_str::<Report>(&json(&report)).unwrap(), report);
    }
}

#[test]
fn every_condition_is_set_from_the_first_write_on() {
    let report = project(&Snapshot::unknown("node-1", at(0), Duration::from_secs(5)), None);
    let kinds: Vec<_> = report.node.status.conditions.iter().map(|condition| condition.kind).collect();
    assert_eq!(
        kinds,
        [
            ConditionType::Ready,
            ConditionType::SourcesAccepted,
            ConditionType::FrrReachable,
            ConditionType::ConfigApplied,
            ConditionType::SessionsEstablished,
            ConditionType::PoliciesInEffect,
            ConditionType::KernelInSync,
        ]
    );
    assert!(
        report.node.status.conditions.iter().all(|condition| condition.status == ConditionStatus::Unknown)
    );
}

#[test]
fn nothing_changes_while_nothing_happens() {
    let first = project(&good(), None);
    let mut later = good();
    later.now = at(100);
    for session in later.sessions.as_mut().unwrap() {
        // FRR's seconds do not begin when ours do.
        session.uptime = Some(Duration::from_secs(404));
        session.last_reset.as_mut().unwrap().ago = Some(Duration::from_secs(409));
        session.bfd.as_mut().unwrap().since = Some(Duration::from_secs(401));
    }
    let second = project(&later, Some(&first));
    assert_eq!(second.node, first.node);
    assert_eq!(second.sessions, first.sessions);
}

#[test]
fn a_transition_is_dated_only_when_the_status_changes() {
    let kind = ConditionType::SessionsEstablished;
    let first = project(&good(), None);
    let mut snapshot = good();
    snapshot.now = at(10);
    *snapshot.sessions.as_mut().unwrap() = vec![established("10.0.0.1"), down("10.0.0.2")];
    let second = project(&snapshot, Some(&first));
    assert_eq!(condition(&second, kind).last_transition_time, at(10));
    snapshot.now = at(20);
    *snapshot.sessions.as_mut().unwrap() = vec![down("10.0.0.1"), down("10.0.0.2")];
    let third = project(&snapshot, Some(&second));
    assert_eq!(condition(&third, kind).reason, Reason::AllDown);
    assert_eq!(condition(&third, kind).last_transition_time, at(10));
}

#[test]
fn sessions_stay_in_an_unknown_state_while_bgpd_is_away() {
    let first = project(&good(), None);
    let mut snapshot = good();
    snapshot.now = at(5);
    snapshot.sessions = None;
    snapshot.frr.as_mut().unwrap().daemons = vec![(Daemon::Bgpd, DaemonState::Hung)];
    let second = project(&snapshot, Some(&first));
    assert_eq!(second.sessions.len(), 2);
    assert!(second.sessions.iter().all(|object| object.status.session_state == SessionState::Unknown));
    assert_eq!(second.node.status.sessions.summary, "?");
    assert_eq!(condition(&second, ConditionType::FrrReachable).reason, Reason::DaemonHung);
    assert_eq!(condition(&second, ConditionType::SessionsEstablished).status, ConditionStatus::Unknown);
    let third = project(&good(), Some(&second));
    assert_eq!(third.sessions[0].status.last_established, first.sessions[0].status.last_established);
}

#[test]
fn the_configuration_is_applied_or_says_why_not() {
    use ConditionStatus::{False, True, Unknown};
    let kind = ConditionType::ConfigApplied;
    let mut snapshot = good();
    check(&snapshot, kind, True, Reason::Applied);
    snapshot.config.generation = Some("next".into());
    check(&snapshot, kind, False, Reason::Pending);
    for (trouble, reason) in [
        (Trouble::Rejected, Reason::ConfigRejected),
        (Trouble::Failed, Reason::ApplyFailed),
        (Trouble::PartiallyApplied, Reason::PartiallyApplied),
        (Trouble::RolledBack, Reason::RolledBack),
        (Trouble::GuardTripped, Reason::GuardTripped),
        (Trouble::Held, Reason::Held),
    ] {
        snapshot.config.trouble = Some(trouble);
        check(&snapshot, kind, False, reason);
    }
    snapshot.config = ConfigState { trouble: Some(Trouble::Drifted), ..good().config };
    check(&snapshot, kind, False, Reason::Drifted);
    snapshot.config = ConfigState::default();
    check(&snapshot, kind, Unknown, Reason::NoConfig);
}

#[test]
fn a_missing_base_is_waited_for() {
    let mut snapshot = good();
    snapshot.sources = Some(vec![source("extras", SourcePolicy::Extras, &[])]);
    check(&snapshot, ConditionType::SourcesAccepted, ConditionStatus::False, Reason::WaitingForBase);
}

#[test]
fn sessions_shut_down_on_purpose_are_not_missed() {
    let mut shut = down("10.0.0.9");
    shut.admin_down = true;
    let mut snapshot = good();
    snapshot.sessions.as_mut().unwrap().push(shut);
    check(&snapshot, ConditionType::SessionsEstablished, ConditionStatus::True, Reason::AllEstablished);
    snapshot.sessions = Some(Vec::new());
    check(&snapshot, ConditionType::SessionsEstablished, ConditionStatus::True, Reason::NoneConfigured);
}

#[track_caller]
fn check_routes(change: impl FnOnce(&mut Session, &mut Snapshot), status: ConditionStatus, reason: Reason) {
    let (mut snapshot, mut session) = (good(), established("10.0.0.1"));
    change(&mut session, &mut snapshot);
    snapshot.sessions = Some(vec![session]);
    let report = project(&snapshot, None);
    let condition = report.sessions[0].status.condition(ConditionType::RoutesAccepted).unwrap();
    assert_eq!((condition.status, condition.reason), (status, reason), "{}", condition.message);
}

#[test]
fn a_session_without_routes_says_why() {
    use ConditionStatus::{False, True};
    let v4 = AddressFamily::Ipv4Unicast;
    check_routes(|_, _| {}, True, Reason::RoutesReceived);
    check_routes(|session, _| session.state = SessionState::Idle, False, Reason::SessionDown);
    check_routes(
        |session, _| {
            session.families.insert(AddressFamily::Ipv6Unicast, FamilyState::default());
        },
        False,
        Reason::NoRoutes,
    );
    check_routes(
        |session, snapshot| {
            session.families.get_mut(&v4).unwrap().accepted = 0;
            snapshot.received_pre_policy.insert((session.id.clone(), v4), 7);
        },
        False,
        Reason::AllRefused,
    );
    check_routes(
        |session, _| {
            let family = session.families.get_mut(&v4).unwrap();
            (family.accepted, family.inbound.missing) = (0, true);
        },
        False,
        Reason::PolicyMissing,
    );
}

#[test]
fn a_loss_says_which_line_is_in_the_way() {
    let v4 = AddressFamily::Ipv4Unicast;
    let name = || "ip prefix-list gone".to_owned();
    let losses = [
        (Loss::PolicyMissing, Reason::PolicyMissing),
        (
            Loss::Undefined { name: name(), by: "neighbor … prefix-list gone in".into() },
            Reason::PolicyUndefined,
        ),
        (Loss::Entry { entry: "route-map m deny 20".into(), invoked: None }, Reason::EntryDenies),
        (Loss::NoPermit { map: "route-map m".into() }, Reason::EntryDenies),
        (Loss::List { lists: vec![name()], by: "route-map m permit 5".into() }, Reason::ListMatchesNothing),
        (Loss::Unexplained, Reason::AllRefused),
        (Loss::NextHop { next_hops: vec!["203.0.113.9".parse().unwrap()] }, Reason::NextHopUnreachable),
    ];
    for (loss, reason) in losses {
        check_routes(
            |session, snapshot| {
                snapshot.losses.insert((session.id.clone(), v4), loss);
            },
            ConditionStatus::False,
            reason,
        );
    }
}

#[test]
fn a_peer_of_which_nothing_arrives_does_not_make_the_node_unready() {
    let mut snapshot = good();
    let id = SessionId::in_default_vrf("10.0.0.1");
    snapshot.losses.insert((id, AddressFamily::Ipv4Unicast), Loss::Unexplained);
    check(&snapshot, ConditionType::Ready, ConditionStatus::True, Reason::AllGood);
    assert_eq!(project(&snapshot, None).node.status.sessions.without_routes, 1);
    snapshot.routes = None;
    check(&snapshot, ConditionType::Ready, ConditionStatus::True, Reason::AllGood);
    check(&snapshot, ConditionType::KernelInSync, ConditionStatus::Unknown, Reason::NotObservable);
}

#[test]
fn routes_that_only_the_kernel_has_are_a_fault_of_the_node() {
    let mut snapshot = good();
    check(&snapshot, ConditionType::KernelInSync, ConditionStatus::True, Reason::InSync);
    snapshot.orphaned = vec![AddressFamily::Ipv6Unicast];
    check(&snapshot, ConditionType::KernelInSync, ConditionStatus::False, Reason::RoutesOrphaned);
    check(&snapshot, ConditionType::Ready, ConditionStatus::False, Reason::RoutesOrphaned);
}

#[test]
fn everything_is_bounded() {
    let mut snapshot = bad();
    let gateways = (0..1000_u32).map(|number| {
        let next_hop = std::net::Ipv4Addr::from(0x0a00_0000 + number).into();
        (Gateway { family: AddressFamily::Ipv4Unicast, next_hop: Some(next_hop), interface: None }, 1)
    });
    snapshot.routes.as_mut().unwrap().gateways = gateways.collect();
    let error = SourceError { line: Some(1), message: "x".repeat(5000) };
    snapshot.sources.as_mut().unwrap()[1].errors = vec![error; 100];
    snapshot.config.pending = Some("x".repeat(5000));
    snapshot.sessions.as_mut().unwrap()[0].description = Some("x".repeat(5000));
    let report = project(&snapshot, None);
    let status = &report.node.status;
    assert_eq!((status.gateways.len(), status.gateway_count, status.truncated), (GATEWAYS_MAX, 1000, true));
    assert!(status.sources[1].truncated);
    assert!(status.conditions.iter().all(|condition| condition.message.len() <= MESSAGE_BYTES_MAX));
    assert!(json(&report).len() < 60_000);
}
