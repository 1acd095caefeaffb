use super::*;

#[track_caller]
fn check(session: &SessionId, kind: ClearKind, want: &str) {
    assert_eq!(command(session, AddressFamily::Ipv4Unicast, kind), want);
}

#[test]
fn the_default_vrf_is_not_named() {
    let session = SessionId::in_default_vrf("10.0.0.1");
    check(&session, ClearKind::SoftIn, "clear bgp ipv4 unicast 10.0.0.1 soft in");
    check(&session, ClearKind::SoftOut, "clear bgp ipv4 unicast 10.0.0.1 soft out");
    check(&session, ClearKind::Hard, "clear bgp 10.0.0.1");
}

#[test]
fn an_unnumbered_peer_is_the_bare_interface() {
    check(&SessionId::in_default_vrf("net1"), ClearKind::SoftIn, "clear bgp ipv4 unicast net1 soft in");
}

#[test]
fn other_vrfs_come_first() {
    let session = SessionId { vrf: "red".into(), peer: "FD00::1".into() };
    check(&session, ClearKind::Hard, "clear bgp vrf red fd00::1");
    let want = "clear bgp vrf red ipv6 unicast fd00::1 soft in";
    assert_eq!(command(&session, AddressFamily::Ipv6Unicast, ClearKind::SoftIn), want);
}

#[test]
fn a_lone_newline_is_acceptance() {
    assert_eq!(judge(""), Ok(()));
    assert_eq!(judge("\n"), Ok(()));
}

#[test]
fn anything_else_is_a_complaint() {
    for complaint in [
        "Can't find BGP instance nope",
        "% BGP: Unknown neighbor - \"9.9.9.9\"",
        "%BGP: Unknown neighbor - \"9.9.9.9\"",
        "Malformed address or name: TOR",
    ] {
        assert_eq!(judge(&format!("{complaint}\n")), Err(ClearError { complaint: complaint.into() }));
    }
    assert_eq!(judge(&"é".repeat(1000)).unwrap_err().complaint.len(), COMPLAINT_BYTES_MAX);
}
