use std::{fs, path::PathBuf, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::session::{AddressFamily, BfdState, PeerId, Session, SessionId, SessionState};

const VERSIONS: [&str; 4] = ["7.5.1", "8.4.4", "10.3", "10.7.1"];

/// Returns what FRR said, where it was recorded.
fn fixture(version: &str, file: &str) -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    let bytes = fs::read(folder.join(format!("frr-{version}")).join(file)).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Compares what `parse` makes of `file`, in each version that has it, with its snapshot.
fn golden<T: std::fmt::Debug>(file: &str, parse: fn(&str) -> Parsed<T>) {
    let mut seen = 0;
    for version in VERSIONS {
        if let Some(text) = fixture(version, file) {
            let name = format!("{}-{version}", file.replace(['/', '.'], "-"));
            insta::assert_debug_snapshot!(name, parse(&text));
            seen += 1;
        }
    }
    assert!(seen > 0, "no fixture {file}");
}

#[test]
fn golden_neighbors() {
    golden("bgp-vrf-all-neighbors.json", neighbors);
    golden("gr-helper-peer-killed/bgp-neighbors.json", neighbors);
    golden("ecmp-both-up/bgp-neighbors.json", neighbors);
    golden("no-bgp-instance/bgp-vrf-all-neighbors.json", neighbors);
    golden("bgp-neighbor-nosuch.json", neighbors);
}

#[test]
fn golden_vrfs() {
    golden("bgp-vrfs.json", vrfs);
    golden("no-bgp-instance/bgp-vrfs.json", vrfs);
}

#[test]
fn golden_bfd_peers() {
    golden("bfd-peers.json", bfd_peers);
    golden("ecmp-both-up/bfd-peers.json", bfd_peers);
    golden("no-bgp-instance/bfd-peers.json", bfd_peers);
}

#[test]
fn golden_version() {
    golden("show-version.txt", version);
}

#[test]
fn golden_prefix_counts() {
    golden("bgp-neighbor-gw-a-prefix-counts.json", prefix_counts);
    golden("bgp-neighbor-dynamic-prefix-counts.json", prefix_counts);
}

#[test]
fn golden_route_map() {
    golden("route-map.txt", route_map);
}

#[test]
fn golden_next_hops() {
    golden("bgp-nexthop.txt", next_hops);
}

#[test]
fn next_hops_are_told_in_any_vrf() {
    assert_eq!(next_hops_command("default"), "show bgp nexthop");
    assert_eq!(next_hops_command("red"), "show bgp vrf red nexthop");
    assert_eq!(next_hops("% No such BGP instance exist\n").value, []);
}

#[test]
fn a_map_that_does_not_exist_has_no_counters() {
    assert_eq!(route_map("BGP:\nBGP: 'route-map X' not found\n").value, RouteMapCounters::default());
    assert!(!route_map("route-map: X Invoked: many Optimization: enabled").unreadable.is_empty());
}

#[test]
fn a_daemon_that_died_in_the_middle_is_unreadable_not_empty() {
    golden("bgp-neighbors-graceful-restart.json", neighbors);
    for version in ["7.5.1", "8.4.4"] {
        let text = fixture(version, "bgp-neighbors-graceful-restart.json").unwrap();
        assert!(!neighbors(&text).unreadable.is_empty());
    }
}

#[test]
fn an_unknown_command_is_unreadable() {
    golden("bgp-router.json", vrfs);
}

/// Nothing in the recorded answers may go unread: it would be a field that a version renamed or retyped.
#[test]
fn recorded_answers_are_readable() {
    for version in VERSIONS {
        for file in ["bgp-vrf-all-neighbors.json", "gr-helper-peer-killed/bgp-neighbors.json"] {
            assert_eq!(neighbors(&fixture(version, file).unwrap()).unreadable, []);
        }
        let bfd = bfd_peers(&fixture(version, "bfd-peers.json").unwrap());
        assert_eq!(bfd.unreadable, []);
        assert_eq!(vrfs(&fixture(version, "bgp-vrfs.json").unwrap()).unreadable, []);
    }
}

fn recorded(version: &str, file: &str) -> Vec<Session> {
    neighbors(&fixture(version, file).unwrap()).value
}

fn session<'a>(sessions: &'a [Session], peer: &str) -> &'a Session {
    let id = PeerId::from(peer);
    sessions.iter().find(|session| session.id.peer == id).expect("the peer was recorded")
}

#[test]
fn a_stale_peer_has_no_accepted_routes() {
    for (number, version) in (1..).zip(VERSIONS) {
        let sessions = recorded(version, "gr-helper-peer-killed/bgp-neighbors.json");
        let killed = session(&sessions, &format!("10.{number}.2.2"));
        let family = &killed.families[&AddressFamily::Ipv4Unicast];
        assert_ne!(killed.state, SessionState::Established, "{version}");
        assert_eq!((family.accepted, family.stale), (0, 3), "{version}");
        assert!(killed.graceful_restart.as_ref().unwrap().restarting.is_some(), "{version}");
        assert!(!killed.can_route_refresh);
    }
}

#[test]
fn sessions_are_told_apart() {
    for (number, version) in (1..).zip(VERSIONS) {
        let sessions = recorded(version, "bgp-vrf-all-neighbors.json");
        let gateway = session(&sessions, &format!("10.{number}.1.2"));
        assert!(
            gateway.is_established() && gateway.can_route_refresh && gateway.uptime.is_some(),
            "{version}"
        );
        assert_eq!(gateway.description.as_deref(), Some("tor-a \"rack 1\""));
        assert_eq!(gateway.bfd.as_ref().unwrap().state, BfdState::Up);
        let family = &gateway.families[&AddressFamily::Ipv4Unicast];
        assert!(family.soft_reconfiguration_inbound);
        assert_eq!(family.inbound.route_map.as_deref(), Some("gw-in"));
        assert!(session(&sessions, &format!("10.{number}.1.78")).admin_down, "{version}");
        assert!(session(&sessions, &format!("10.{number}.3.2")).dynamic, "{version}");
        let unnumbered = session(&sessions, "eth2");
        assert_eq!(unnumbered.interface.as_deref(), Some("eth2"));
        assert!(unnumbered.remote_address.is_some() && unnumbered.families.len() == 2, "{version}");
    }
}

#[test]
fn bfdd_knows_more_than_bgpd() {
    for (number, version) in (1..).zip(VERSIONS) {
        let mut sessions = recorded(version, "bgp-vrf-all-neighbors.json");
        let peers = bfd_peers(&fixture(version, "bfd-peers.json").unwrap()).value;
        attach_bfd(&mut sessions, &peers);
        let bfd = session(&sessions, &format!("10.{number}.1.2")).bfd.clone().unwrap();
        assert_eq!(bfd.state, BfdState::Up);
        assert!(bfd.since.is_some_and(|since| since > Duration::from_mins(1)), "{version}");
        assert_eq!(
            session(&sessions, &format!("10.{number}.2.2")).bfd.clone().unwrap().state,
            BfdState::Down
        );
    }
}

#[track_caller]
fn check(text: &str, want: &[&str], unreadable: &[&str]) {
    let parsed = neighbors(text);
    assert_eq!(parsed.value.iter().map(|session| session.id.to_string()).collect::<Vec<_>>(), want);
    assert_eq!(parsed.unreadable.iter().map(|part| part.at.as_str()).collect::<Vec<_>>(), unreadable);
}

#[test]
fn no_instance_is_an_answer() {
    check("{}", &[], &[]);
    check("", &[], &[]);
    check(r#"{"warning":"Default BGP instance not found"}"#, &[], &[]);
    check(r#"{"default":{"vrfId":0,"bgpNoSuchNeighbor":true}}"#, &[], &[]);
}

#[test]
fn text_around_documents_is_noted_and_skipped() {
    let one = r#"{"default":{"10.0.0.1":{"bgpState":"Idle"}}}"#;
    let two = r#"{"red":{"eth0":{"bgpState":"Idle"}}}"#;
    check(&format!("% Can't open vtysh.conf [2]\n{one}\n{two}\n"), &["10.0.0.1", "eth0%red"], &["text"]);
    check(&format!("Warning: {one}"), &["10.0.0.1"], &["text"]);
    check(&format!("{one}bgpd is gone"), &["10.0.0.1"], &["text"]);
    check("bgpd is not running\n", &[], &["text"]);
    check(one.strip_suffix('}').unwrap(), &[], &["text"]);
}

#[test]
fn one_odd_field_does_not_hide_its_session() {
    check(
        r#"{"default":{"10.0.0.1":{"bgpState":"Dreaming","remoteAs":[],"addressFamilyInfo":{"ipv9":{}}}}}"#,
        &["10.0.0.1"],
        &[
            "default/10.0.0.1/bgpState",
            "default/10.0.0.1/remoteAs",
            "default/10.0.0.1/addressFamilyInfo/ipv9",
        ],
    );
}

#[test]
fn as_numbers_come_in_three_notations() {
    let text = r#"{"default":{"10.0.0.1":{"bgpState":"Idle","localAs":"1.10","remoteAs":"64512"}}}"#;
    let session = &neighbors(text).value[0];
    assert_eq!((session.local_as, session.peer_as), (Some(65546), Some(64512)));
}

#[test]
fn unreadable_parts_are_bounded() {
    let odd = "{\"bgpState\":\"x\"},".repeat(200);
    let peers = odd.split_terminator(',').enumerate().map(|(i, odd)| format!("\"p{i}\":{odd}"));
    let text = format!("{{\"default\":{{{}}}}}", peers.collect::<Vec<_>>().join(","));
    let parsed = neighbors(&text);
    assert_eq!((parsed.value.len(), parsed.unreadable.len()), (200, UNREADABLE_MAX));
    assert!(quote(&"é".repeat(1000)).len() <= QUOTE_BYTES_MAX + '…'.len_utf8());
}

#[test]
fn prefix_counts_are_asked_per_vrf() {
    let family = AddressFamily::Ipv6Unicast;
    let session = SessionId { vrf: "red".into(), peer: "fd00::1".into() };
    assert_eq!(
        prefix_counts_command(&session, family),
        "show bgp vrf red ipv6 unicast neighbors fd00::1 prefix-counts json"
    );
    let session = SessionId::in_default_vrf("10.0.0.1");
    let want = "show bgp ipv6 unicast neighbors 10.0.0.1 prefix-counts json";
    assert_eq!(prefix_counts_command(&session, family), want);
}

fn parse_all(text: &str) {
    neighbors(text);
    vrfs(text);
    bfd_peers(text);
    version(text);
    prefix_counts(text);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        parse_all(&text);
    }

    #[test]
    fn arbitrary_json_like_text_never_panics(text in "[\\[\\]{}\",:a0-9.\\n -]{0,200}") {
        parse_all(&text);
    }

    #[test]
    fn truncated_answers_never_panic(version in 0..4_usize, cut in 0.0..1.0_f64, odd in any::<u8>()) {
        let text = fixture(VERSIONS[version], "bgp-vrf-all-neighbors.json").unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a position in a small text")]
        let at = (text.len() as f64 * cut) as usize;
        parse_all(&String::from_utf8_lossy(&text.as_bytes()[..at]));
        let mut bytes = text.into_bytes();
        bytes[at] = odd;
        parse_all(&String::from_utf8_lossy(&bytes));
    }
}
