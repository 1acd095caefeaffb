use frr_driver::{
    loss::Loss,
    session::{AddressFamily, Bfd, BfdState, FamilyState, Session, SessionId, SessionState},
    vty_socket::Daemon,
};
use jiff::Timestamp;
use prometheus::proto::MetricType;
use routelet_status::snapshot::{
    ConfigState, DaemonState, Direction, FrrState, Gateway, LearnedRoutes, PolicyFact, PolicyState,
    SourcePolicy, SourceState,
};

use super::*;

/// The metrics, and what they show.
struct Lab(Metrics);

impl Lab {
    fn new() -> Self {
        Self(Metrics::new().unwrap())
    }

    fn text(&self) -> String {
        self.0.text().unwrap()
    }

    #[track_caller]
    fn check(&self, line: &str) {
        assert!(self.text().lines().any(|other| other == line), "no {line} in\n{}", self.text());
    }

    #[track_caller]
    fn check_absent(&self, start: &str) {
        assert!(!self.text().lines().any(|line| line.starts_with(start)), "{start} in\n{}", self.text());
    }

    /// Looks at `session` and expects that many flaps.
    #[track_caller]
    fn see(&self, second: i64, session: Session, flaps: u64) {
        self.0.update(&snapshot(second, vec![session]));
        self.check(&format!(r#"routelet_bgp_session_flaps_total{{peer="10.0.0.1",vrf="default"}} {flaps}"#));
    }
}

fn snapshot(second: i64, sessions: Vec<Session>) -> Snapshot {
    let now = Timestamp::from_second(1_800_000_000 + second).unwrap();
    Snapshot { sessions: Some(sessions), ..Snapshot::unknown("node-1", now, Duration::from_secs(5)) }
}

fn session(state: SessionState, uptime: Option<u64>, dropped: u64) -> Session {
    let family = FamilyState { accepted: 12, sent: Some(2), ..FamilyState::default() };
    Session {
        state,
        uptime: uptime.map(Duration::from_secs),
        connections_dropped: Some(dropped),
        families: [(AddressFamily::Ipv4Unicast, family)].into(),
        bfd: Some(Bfd { state: BfdState::Up, since: None, diagnostic: None }),
        ..Session::unknown(SessionId::in_default_vrf("10.0.0.1"))
    }
}

fn up(uptime: u64, dropped: u64) -> Session {
    session(SessionState::Established, Some(uptime), dropped)
}

fn full() -> Snapshot {
    let session = up(60, 0);
    let family = AddressFamily::Ipv4Unicast;
    let gateway = Gateway { family, next_hop: Some([10, 0, 0, 1].into()), interface: Some("eth0".into()) };
    Snapshot {
        frr: Some(FrrState {
            version: Some("10.7.1".into()),
            daemons: vec![(Daemon::Bgpd, DaemonState::Up), (Daemon::Bfdd, DaemonState::Down)],
        }),
        sources: Some(vec![SourceState {
            name: "base".into(),
            policy: SourcePolicy::Base,
            digest: None,
            accepted_at: None,
            accepted: true,
            errors: Vec::new(),
        }]),
        config: ConfigState {
            generation: Some("new".into()),
            applied_generation: Some("ab12".into()),
            applied_at: Some(Timestamp::from_second(1_700_000_000).unwrap()),
            result: Some(ApplyResult::Failed),
            ..ConfigState::default()
        },
        received_pre_policy: [((session.id.clone(), family), 20)].into(),
        policies: vec![PolicyFact {
            session: session.id.clone(),
            family,
            direction: Direction::In,
            state: PolicyState::Pending,
            why: String::new(),
        }],
        routes: Some(LearnedRoutes { ipv4: 12, ipv6: 0, gateways: [(gateway, 12)].into() }),
        ..snapshot(0, vec![session])
    }
}

#[test]
fn a_loss_is_there_only_while_it_lasts() {
    let lab = Lab::new();
    let up = || session(SessionState::Established, Some(9), 0);
    let mut snapshot = snapshot(0, vec![up()]);
    snapshot.losses.insert((up().id, AddressFamily::Ipv4Unicast), Loss::Unexplained);
    lab.0.update(&snapshot);
    let labels = r#"afi_safi="ipv4-unicast",peer="10.0.0.1",reason="all_refused",vrf="default""#;
    lab.check(&format!("routelet_bgp_routes_lost{{{labels}}} 1"));
    snapshot.losses.clear();
    lab.0.update(&snapshot);
    lab.check_absent("routelet_bgp_routes_lost{");
}

#[test]
fn a_snapshot_becomes_gauges() {
    let lab = Lab::new();
    lab.0.update(&full());
    for line in [
        r#"routelet_bgp_session_up{peer="10.0.0.1",vrf="default"} 1"#,
        r#"routelet_bgp_session_state{peer="10.0.0.1",vrf="default"} 6"#,
        r#"routelet_bgp_session_admin_up{peer="10.0.0.1",vrf="default"} 1"#,
        r#"routelet_bgp_session_established_timestamp_seconds{peer="10.0.0.1",vrf="default"} 1799999940"#,
        r#"routelet_bgp_prefixes_accepted{afi_safi="ipv4-unicast",peer="10.0.0.1",vrf="default"} 12"#,
        r#"routelet_bgp_prefixes_sent{afi_safi="ipv4-unicast",peer="10.0.0.1",vrf="default"} 2"#,
        r#"routelet_bgp_prefixes_received_pre_policy{afi_safi="ipv4-unicast",peer="10.0.0.1",vrf="default"} 20"#,
        r#"routelet_bgp_policy_in_effect{afi_safi="ipv4-unicast",peer="10.0.0.1",vrf="default"} 0"#,
        r#"routelet_bfd_session_up{peer="10.0.0.1",vrf="default"} 1"#,
        r#"routelet_fib_routes{afi_safi="ipv4-unicast"} 12"#,
        r#"routelet_fib_gateway_routes{afi_safi="ipv4-unicast",interface="eth0",next_hop="10.0.0.1"} 12"#,
        r#"routelet_frr_up{daemon="bfdd"} 0"#,
        r#"routelet_frr_info{version="10.7.1"} 1"#,
        r#"routelet_source_accepted{source="base"} 1"#,
        r#"routelet_config_generation_info{generation="ab12"} 1"#,
        "routelet_config_in_sync 0",
        "routelet_config_last_apply_success 0",
        "routelet_config_last_apply_timestamp_seconds 1700000000",
        "routelet_last_observation_timestamp_seconds 1800000000",
    ] {
        lab.check(line);
    }
}

#[test]
fn a_vanished_peer_takes_its_series_along() {
    let lab = Lab::new();
    lab.0.update(&full());
    lab.0.update(&snapshot(5, Vec::new()));
    assert!(!lab.text().contains("peer="), "{}", lab.text());
}

#[test]
fn what_is_not_known_is_absent() {
    let lab = Lab::new();
    lab.0.update(&snapshot(0, vec![session(SessionState::Active, None, 0)]));
    lab.check_absent("routelet_bgp_prefixes_received_pre_policy{");
    lab.check_absent("routelet_bgp_session_established_timestamp_seconds{");
}

#[test]
fn sessions_are_down_while_bgpd_does_not_answer() {
    let lab = Lab::new();
    lab.0.update(&full());
    let mut away = full();
    away.sessions = None;
    lab.0.update(&away);
    lab.check(r#"routelet_bgp_session_up{peer="10.0.0.1",vrf="default"} 0"#);
    lab.check(r#"routelet_bgp_session_state{peer="10.0.0.1",vrf="default"} 0"#);
    lab.check_absent("routelet_bgp_prefixes_accepted{");
}

#[test]
fn a_changed_generation_replaces_the_old_one() {
    let lab = Lab::new();
    lab.0.update(&full());
    let mut next = full();
    next.config.applied_generation = Some("new".into());
    lab.0.update(&next);
    lab.check(r#"routelet_config_generation_info{generation="new"} 1"#);
    lab.check_absent(r#"routelet_config_generation_info{generation="ab12"}"#);
    lab.check("routelet_config_in_sync 1");
}

#[test]
fn a_flap_is_counted_once() {
    let lab = Lab::new();
    lab.see(0, up(100, 0), 0);
    // FRR's seconds do not begin when ours do.
    lab.see(5, up(104, 0), 0);
    lab.see(10, session(SessionState::Idle, None, 1), 1);
    lab.see(15, up(2, 1), 1);
    lab.see(20, up(7, 1), 1);
}

#[test]
fn a_flap_between_two_looks_is_counted() {
    let lab = Lab::new();
    lab.see(0, up(100, 3), 3);
    lab.see(5, up(2, 4), 4);
    lab.see(10, up(7, 4), 4);
}

#[test]
fn a_flap_that_frr_forgot_is_counted() {
    let lab = Lab::new();
    lab.see(0, up(100, 1), 1);
    // bgpd was restarted, or the peer is dynamic.
    lab.see(5, up(2, 0), 2);
    lab.see(10, up(7, 0), 2);
}

#[test]
fn a_flap_is_seen_when_frr_counts_nothing() {
    let lab = Lab::new();
    lab.see(0, up(100, 0), 0);
    lab.see(5, session(SessionState::Idle, None, 0), 0);
    lab.see(10, up(2, 0), 1);
    lab.see(15, up(7, 0), 1);
}

#[test]
fn events_are_counted() {
    let lab = Lab::new();
    lab.check(r#"routelet_config_applies_total{result="rolled_back"} 0"#);
    lab.check("routelet_config_last_apply_success 1");
    lab.0.applied(ApplyResult::Applied, Duration::from_millis(300));
    lab.0.applied(ApplyResult::Failed, Duration::from_secs(3));
    lab.0.cleared(ClearKind::SoftIn, true);
    lab.0.cleared(ClearKind::Hard, false);
    lab.0.rejected("extras");
    for line in [
        r#"routelet_config_applies_total{result="applied"} 1"#,
        r#"routelet_config_applies_total{result="failed"} 1"#,
        r#"routelet_config_apply_duration_seconds_bucket{le="0.5"} 1"#,
        r#"routelet_bgp_clears_total{kind="soft_in",result="sent"} 1"#,
        r#"routelet_bgp_clears_total{kind="hard",result="refused"} 1"#,
        r#"routelet_source_rejections_total{source="extras"} 1"#,
    ] {
        lab.check(line);
    }
}

/// Metrics with every family.
fn all() -> Lab {
    let lab = Lab::new();
    lab.0.update(&full());
    lab.0.cleared(ClearKind::Hard, true);
    lab.0.rejected("extras");
    lab
}

#[test]
fn golden() {
    insta::assert_snapshot!("all", all().text());
}

/// The rules of `promtool check metrics` that a name can break.
#[test]
fn names_follow_the_rules() {
    for family in all().0.registry.gather() {
        let name = family.name();
        assert!(name.starts_with("routelet_") && !family.help().is_empty(), "{name}");
        let is_counter = family.get_field_type() == MetricType::COUNTER;
        assert_eq!(name.ends_with("_total"), is_counter, "{name}");
        assert!(name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_')), "{name}");
        for suffix in ["_ms", "_msec", "_sec", "_min", "_count", "_sum", "_bucket"] {
            assert!(!name.ends_with(suffix), "{name}");
        }
    }
}
