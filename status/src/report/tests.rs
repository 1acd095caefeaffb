use super::*;

#[track_caller]
fn check(vrf: &str, peer: &str, want: &str) {
    let session = SessionId { vrf: vrf.to_owned(), peer: peer.into() };
    let name = session_name("node-1", &session);
    assert_eq!(name, want);
    assert_eq!(name, session_name("node-1", &session), "the same thing, the same name");
    let label_is_fine = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'))
    };
    assert!(name.len() <= NAME_BYTES_MAX && name.split('.').all(label_is_fine), "{name}");
}

#[test]
fn names_are_readable_where_they_can_be() {
    check("default", "10.0.0.1", "node-1.default.10.0.0.1");
    check("default", "FD00::1", "node-1.default.fd00--1");
    check("red", "::1", "node-1.red.0--1");
    check("red", "fd00::", "node-1.red.fd00--0");
}

#[test]
fn names_that_lose_something_get_a_digest() {
    check("default", "eth_0", "node-1.default.eth-0-44544586");
    check("Red", "10.0.0.1", "node-1.red.10.0.0.1-608ad31c");
    check("default", "eth0.100", "node-1.default.eth0-100-86f3727a");
    let id = |peer: &str| SessionId::in_default_vrf(peer);
    assert_ne!(session_name("n", &id("eth_0")), session_name("n", &id("eth-0")));
    assert_ne!(session_name("n", &id("Eth0")), session_name("n", &id("eth0")));
}

#[test]
fn the_names_of_two_nodes_may_begin_alike() {
    let of = |node: &str, vrf: &str, peer: &str| {
        session_name(node, &SessionId { vrf: vrf.to_owned(), peer: peer.into() })
    };
    assert_ne!(of("a", "b.default", "10.0.0.1"), of("a.b", "default", "10.0.0.1"));
    assert_ne!(of("a", "b", "default.eth0"), of("a.b", "default", "eth0"));
}

#[test]
fn long_names_are_cut_and_kept_apart() {
    let node = "n".repeat(250);
    let (a, b) = (SessionId::in_default_vrf("10.0.0.1"), SessionId::in_default_vrf("10.0.0.2"));
    let (a, b) = (session_name(&node, &a), session_name(&node, &b));
    assert!(a.len() <= NAME_BYTES_MAX);
    assert_ne!(a, b);
}

#[test]
fn label_values_fit() {
    assert_eq!(label_value("fd00::1"), "fd00--1");
    assert!(label_value(&"n".repeat(100)).len() <= LABEL_BYTES_MAX);
}
