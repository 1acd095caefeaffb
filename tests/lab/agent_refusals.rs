//! A session that is up and of which no route arrives: the agent names why, and is silent where nothing was announced.

use std::time::Duration;

use routelet_tests::lab::{
    FrrVersion,
    metallb::Filter,
    topologies::{TwoGateways, two_gateways},
    wait,
};
use serde_json::Value;

use crate::story::{CONVERGED_WITHIN, Story};

/// The peers that announce routes, then those that announce none.
const TELLS: [&str; 2] = ["172.30.1.3", "fd00:30:1::3"];
const SILENT: [&str; 2] = ["172.30.2.3", "fd00:30:2::3"];

/// A few looks of the agent: who is silent now stays so.
const LOOKS: Duration = Duration::from_secs(4);

/// Prefixes that nobody announces.
const NOWHERE: [&str; 2] = ["192.0.2.0/24 le 32", "2001:db8:ffff::/64"];

/// The condition `RoutesAccepted` of the session with `peer`: its reason and its message.
fn accepted(story: &mut Story, peer: &str) -> (String, String) {
    let report = story.agent().status_json().unwrap_or_default();
    let sessions = report["sessions"].as_array().cloned().unwrap_or_default();
    let status = sessions.into_iter().map(|session| session["status"].clone()).find(|s| s["peer"] == peer);
    let conditions = status.map(|status| status["conditions"].clone()).unwrap_or_default();
    let find = |condition: &&Value| condition["type"] == "RoutesAccepted";
    let condition = conditions.as_array().and_then(|all| all.iter().find(find)).cloned().unwrap_or_default();
    let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    (text("reason"), text("message"))
}

/// Waits until the session with `peer` says `reason`, and every one of `words`.
#[track_caller]
fn says(story: &mut Story, peer: &str, reason: &str, words: &[&str]) {
    let said = wait::until(&format!("{reason} of {peer}"), CONVERGED_WITHIN, || {
        let (have, message) = accepted(story, peer);
        let is_so = have == reason && words.iter().all(|word| message.contains(word));
        if is_so { Ok(()) } else { Err(format!("{have}: {message}")) }
    });
    said.unwrap_or_else(|error| panic!("{error}\n{}", story.agent().log().unwrap()));
}

/// Looks for a while whether the sessions with `peers` keep saying that nothing was announced.
#[track_caller]
fn stay_silent(story: &mut Story, peers: &[&str]) {
    for peer in peers {
        says(story, peer, "NoRoutes", &[]);
    }
    let mut seen = Vec::new();
    wait::unchanged("silence", LOOKS, CONVERGED_WITHIN, || {
        let now: Vec<_> = peers.iter().map(|peer| accepted(story, peer).0).collect();
        seen.extend(now.iter().filter(|reason| *reason != "NoRoutes").cloned());
        now
    })
    .unwrap();
    assert_eq!(seen, Vec::<String>::new(), "{peers:?} announce nothing");
}

/// Types lines into the router of gw-a.
#[track_caller]
fn type_at_gateway(story: &Story, lines: &[&str]) {
    let commands: Vec<&str> = ["configure terminal"].into_iter().chain(lines.iter().copied()).collect();
    let said = story.lab.node(TwoGateways::GATEWAYS[0]).vtysh_all(&commands).unwrap();
    assert!(!said.contains('%'), "{said}");
}

/// Announces, with `word` empty, or withdraws, with `no `, everything of gw-a.
#[track_caller]
fn announce(story: &Story, word: &str) {
    let prefixes = story.demo.gateway_a.prefixes.clone();
    for (family, six) in [("ipv4", false), ("ipv6", true)] {
        let networks = prefixes.iter().filter(|prefix| prefix.contains(':') == six);
        let networks: Vec<String> = networks.map(|prefix| format!("{word}network {prefix}")).collect();
        let router = format!("router bgp {}", TwoGateways::GATEWAY_ASN);
        let block = format!("address-family {family} unicast");
        let head = [router.as_str(), block.as_str()];
        let lines: Vec<&str> = head.into_iter().chain(networks.iter().map(String::as_str)).collect();
        type_at_gateway(story, &lines);
    }
}

/// Lets the IPv4 neighbor of gw-a have next hops that nobody knows, or, with `no `, those that it had.
///
/// An IPv6 route has a second next hop, of link-local scope, by which it is reached all the same.
#[track_caller]
fn set_next_hops(story: &Story, word: &str) {
    let (four, _) = TwoGateways::NODE_ADDRESSES[0];
    if word.is_empty() {
        type_at_gateway(story, &["route-map away permit 10", "set ip next-hop 203.0.113.9"]);
    }
    let router = format!("router bgp {}", TwoGateways::GATEWAY_ASN);
    let neighbor = format!("{word}neighbor {four} route-map away out");
    type_at_gateway(story, &[&router, "address-family ipv4 unicast", &neighbor]);
}

#[track_caller]
fn write_base(story: &Story, text: &str) {
    story.node().write_file(TwoGateways::BASE_PATH, text).unwrap();
}

#[track_caller]
fn every_loss_is_named(version: FrrVersion) {
    let mut demo = two_gateways(version);
    demo.gateway_b.prefixes.clear();
    let mut story = Story::without_agent(demo);
    story.start_agent();

    // MetalLB's base, without extras.
    let counted: &[&str] = if version == FrrVersion::V7_5_1 { &[] } else { &["invoked "] };
    for peer in TELLS {
        says(&mut story, peer, "EntryDenies", &[&format!("route-map {peer}-in deny 20")]);
        says(&mut story, peer, "EntryDenies", counted);
    }
    stay_silent(&mut story, &SILENT);
    let status = story.status();
    assert_eq!(status["sessions"]["withoutRoutes"], 2, "{status}");
    let conditions = status["conditions"].as_array().unwrap();
    assert!(conditions.iter().all(|condition| condition["status"] == "True"), "{status}");
    let table = story.node().run(["routelet", "status"]).unwrap();
    let told =
        "172.30.1.3: RoutesAccepted is false (EntryDenies): ipv4-unicast: refused by route-map 172.30.1.3-in";
    assert!(table.contains(told), "{table}");
    assert!(!table.contains("172.30.2.3: "), "{table}");
    let metrics = story.agent().http_get("/metrics").unwrap().body;
    let lost: Vec<&str> =
        metrics.lines().filter(|line| line.starts_with("routelet_bgp_routes_lost{")).collect();
    assert_eq!(lost.len(), 2, "{lost:?}");
    assert!(lost.iter().all(|line| line.contains("reason=\"entry_denies\"")), "{lost:?}");

    // A list that matches nothing.
    story.set_extras(Some(Filter::Prefixes(&NOWHERE)));
    says(&mut story, TELLS[0], "ListMatchesNothing", &["ip prefix-list filtered"]);
    says(&mut story, TELLS[1], "ListMatchesNothing", &["ipv6 prefix-list filtered"]);
    stay_silent(&mut story, &SILENT);

    // A list that does not exist.
    let base = story.demo.base.render();
    write_base(
        &story,
        &base
            .replace("172.30.1.3-in in\n", "172.30.1.3-in in\n    neighbor 172.30.1.3 prefix-list gone in\n"),
    );
    says(&mut story, TELLS[0], "PolicyUndefined", &["ip prefix-list gone does not exist"]);
    write_base(&story, &base);

    // Everything gets in; then the next hops lead nowhere.
    story.set_extras(Some(Filter::Everything));
    for peer in TELLS {
        says(&mut story, peer, "RoutesReceived", &[]);
    }
    set_next_hops(&story, "");
    says(&mut story, TELLS[0], "NextHopUnreachable", &["203.0.113.9"]);
    says(&mut story, TELLS[1], "RoutesReceived", &[]);
    stay_silent(&mut story, &SILENT);
    set_next_hops(&story, "no ");
    for peer in TELLS {
        says(&mut story, peer, "RoutesReceived", &[]);
    }

    // Accepted, then withdrawn: nothing was refused.
    announce(&story, "no ");
    story.routes(&[]);
    stay_silent(&mut story, &TELLS);
    announce(&story, "");

    // A map that does not exist.
    write_base(&story, &base.replace("route-map 172.30.1.3-in in\n", "route-map nosuch in\n"));
    says(&mut story, TELLS[0], "PolicyUndefined", &["route-map nosuch does not exist"]);
    says(&mut story, TELLS[1], "RoutesReceived", &[]);

    // No policy where one is required.
    let required = base
        .replace("  no bgp ebgp-requires-policy\n", "")
        .replace("    neighbor 172.30.1.3 route-map 172.30.1.3-in in\n", "");
    write_base(&story, &required);
    says(&mut story, TELLS[0], "PolicyMissing", &["bgp ebgp-requires-policy"]);
    write_base(&story, &base);
    says(&mut story, TELLS[0], "RoutesReceived", &[]);
}

#[test]
fn every_loss_is_named_on_7_5_1() {
    every_loss_is_named(FrrVersion::V7_5_1);
}

#[test]
fn every_loss_is_named_on_8_4_4() {
    every_loss_is_named(FrrVersion::V8_4_4);
}

#[test]
fn every_loss_is_named_on_10_3() {
    every_loss_is_named(FrrVersion::V10_3);
}

#[test]
fn every_loss_is_named_on_10_7() {
    every_loss_is_named(FrrVersion::V10_7);
}
