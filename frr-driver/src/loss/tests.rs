use super::*;
use crate::{
    config::load,
    quirks::FrrVersion,
    session::{FamilyState, Policy, SessionId, SessionState},
    show::RouteMapCounters,
};

const V4: AddressFamily = AddressFamily::Ipv4Unicast;
const OLD: FrrVersion = FrrVersion(7, 5, 1);
const NEW: FrrVersion = FrrVersion(10, 7, 1);

const LISTED: &str = "ip prefix-list l seq 5 permit 192.0.2.0/24\n\
                      route-map m permit 20\n match ip address prefix-list l\n";

fn policy() -> Policy {
    Policy { route_map: Some("m".into()), ..Policy::default() }
}

fn judge(config: &str, policy: &Policy) -> Inbound {
    inbound(&load("running", config, NEW), policy, V4)
}

#[track_caller]
fn check(config: &str, lets_nothing_in: bool, want: &str) {
    let judged = judge(config, &policy());
    assert_eq!(
        (judged.lets_nothing_in, judged.suspected.to_string().contains(want)),
        (lets_nothing_in, true),
        "{judged:?}"
    );
}

#[test]
fn the_line_in_the_way_is_named() {
    check("", true, "route-map m does not exist");
    check("route-map m deny 20\n", true, "refused by route-map m deny 20");
    check("route-map m deny 20\n match as-path a\n", true, "route-map m has no entry that permits");
    check(
        "route-map m permit 10\n match ip address prefix-list gone\nroute-map m deny 20\n",
        true,
        "ip prefix-list gone does not exist",
    );
    check("route-map m permit 10\n match ipv6 address prefix-list l\n", true, "no entry that permits");
    check(LISTED, false, "ip prefix-list l matches none");
    check(&format!("{LISTED}route-map m deny 30\n"), false, "ip prefix-list l matches none");
}

#[test]
fn nothing_is_guessed() {
    let unexplained = Loss::Unexplained.to_string();
    check("route-map m permit 10\n", false, &unexplained);
    check(&format!("{LISTED} match metric 7\n"), false, &unexplained);
    check(&format!("{LISTED}route-map m deny 5\n match metric 7\n"), false, &unexplained);
    check(&format!("{LISTED}route-map m permit 30\n match metric 7\n"), false, &unexplained);
    // Entries behind one that denies everything decide nothing.
    check(&format!("{LISTED}route-map m deny 5\n"), true, "route-map m deny 5");
}

#[test]
fn a_list_of_the_neighbor_that_does_not_exist_is_named() {
    let lists = [
        (Policy { prefix_list: Some("p".into()), ..policy() }, "ip prefix-list p does not exist"),
        (Policy { filter_list: Some("p".into()), ..policy() }, "as-path access-list p does not exist"),
        (Policy { distribute_list: Some("p".into()), ..policy() }, "access-list p does not exist"),
    ];
    for (policy, want) in lists {
        let judged = judge("route-map m permit 10\n", &policy);
        assert!(judged.lets_nothing_in && judged.suspected.to_string().starts_with(want), "{judged:?}");
    }
}

fn session(updates: u64, connections: u64) -> Session {
    let state = FamilyState { inbound: policy(), ..FamilyState::default() };
    Session {
        state: SessionState::Established,
        updates_received: Some(updates),
        connections_established: Some(connections),
        families: [(V4, state)].into(),
        ..Session::unknown(SessionId::in_default_vrf("10.0.0.1"))
    }
}

/// A look at `session` with `config`, the map's counter and that of its entry 20.
struct Look<'a> {
    session: &'a Session,
    config: &'a str,
    counted: Option<(u64, u64)>,
    version: FrrVersion,
}

impl Look<'_> {
    fn read(&self, before: Option<Suspect>) -> (Option<Loss>, Suspect) {
        let config = load("running", self.config, self.version);
        let counters = self
            .counted
            .map(|(map, entry)| RouteMapCounters { invoked: Some(map), entries: [(20, entry)].into() });
        let reading = Reading {
            session: self.session,
            family: V4,
            stored: None,
            counters,
            fingerprint: fingerprint(&config),
            inbound: inbound(&config, &policy(), V4),
            version: self.version,
        };
        read(&reading, before)
    }
}

const DENY: &str = "route-map m deny 20\n";

#[test]
fn a_peer_that_announces_nothing_is_not_blamed() {
    // Two connections, one End-of-RIB marker each; no prefix ever came to the map.
    let session = session(2, 2);
    for (config, version) in [(DENY, OLD), (DENY, NEW), (LISTED, OLD), (LISTED, NEW)] {
        let look = Look { session: &session, config, counted: Some((0, 0)), version };
        let (loss, first) = look.read(None);
        assert_eq!((loss, look.read(Some(first)).0), (None, None), "{config}");
    }
}

#[test]
fn what_was_counted_where_nothing_gets_in_was_refused() {
    let session = session(1, 1);
    let look = |counted, version| Look { session: &session, config: DENY, counted, version }.read(None).0;
    let entry = |invoked| Some(Loss::Entry { entry: "route-map m deny 20".into(), invoked });
    assert_eq!(look(Some((4, 4)), NEW), entry(Some(4)));
    // 7.5.1 counts no entries.
    assert_eq!(look(Some((4, 0)), OLD), entry(None));
    assert_eq!(look(None, NEW), None);
}

#[test]
fn updates_beyond_the_markers_are_evidence_for_one_family_alone() {
    let mut session = session(2, 1);
    let look = |session: &Session| Look { session, config: DENY, counted: None, version: OLD }.read(None).0;
    assert!(look(&session).is_some());
    session.families.insert(AddressFamily::Ipv6Unicast, FamilyState::default());
    assert_eq!(look(&session), None);
}

#[test]
fn routes_that_were_accepted_and_withdrawn_are_no_loss() {
    let session = session(9, 1);
    for version in [OLD, NEW] {
        let look = Look { session: &session, config: LISTED, counted: Some((3, 3)), version };
        let (first, seen) = look.read(None);
        let (second, seen) = look.read(Some(seen));
        assert_eq!((first, second, look.read(Some(seen)).0), (None, None, None), "{version}");
    }
}

#[test]
fn a_new_policy_is_blamed_for_what_comes_after_it() {
    let session = session(9, 1);
    let deny = Look { session: &session, config: DENY, counted: Some((3, 3)), version: OLD };
    let listed = |map| Look { session: &session, config: LISTED, counted: Some((map, 3)), version: OLD };
    let (_, seen) = deny.read(None);
    // Not asked again yet; asked, and perhaps about to be accepted; nothing was accepted.
    let (pending, seen) = listed(3).read(Some(seen));
    let (asked, seen) = listed(6).read(Some(seen));
    let (refused, seen) = listed(6).read(Some(seen));
    assert_eq!((pending, asked), (None, None));
    assert!(matches!(refused, Some(Loss::List { .. })), "{refused:?}");
    // Somebody cleared the counters: what is known stays unknown, not worse.
    let (cleared, seen) = listed(0).read(Some(seen));
    assert_eq!((cleared.is_some(), listed(0).read(Some(seen)).0), (true, None));
}

#[test]
fn a_map_that_never_permitted_is_blamed_at_the_second_look() {
    let session = session(9, 1);
    let look = Look { session: &session, config: LISTED, counted: Some((3, 0)), version: NEW };
    let (first, seen) = look.read(None);
    assert_eq!(first, None);
    assert!(matches!(look.read(Some(seen)).0, Some(Loss::List { .. })));
}

fn hop(address: &str, is_valid: bool, paths: u64) -> NextHop {
    NextHop { address: address.parse().unwrap(), is_valid, paths }
}

#[test]
fn next_hops_are_unreachable_only_if_all_are() {
    let (peer, away) = (hop("10.0.0.2", true, 0), hop("203.0.113.9", false, 4));
    let lost = unreachable(V4, 3, &[peer, away]);
    assert_eq!(lost, Some(Loss::NextHop { next_hops: vec!["203.0.113.9".parse().unwrap()] }));
    assert_eq!(unreachable(AddressFamily::Ipv6Unicast, 3, &[peer, away]), None);
    assert_eq!(unreachable(V4, 3, &[hop("10.0.0.2", true, 1), away]), None);
    assert_eq!(unreachable(V4, 5, &[hop("fe80::2", true, 1), away]), None);
    assert_eq!(unreachable(V4, 3, &[peer]), None);
}

#[test]
fn the_kernel_keeps_what_nobody_accepted() {
    let mut session = session(1, 1);
    assert_eq!(orphaned(std::slice::from_ref(&session), [V4]), [V4]);
    session.families.insert(AddressFamily::L2vpnEvpn, FamilyState { accepted: 1, ..FamilyState::default() });
    assert_eq!(orphaned(std::slice::from_ref(&session), [V4]), []);
    session.families.clear();
    session.state = SessionState::Idle;
    assert_eq!(orphaned(&[session], [V4]), [], "graceful restart may keep them");
}
