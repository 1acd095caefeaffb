//! The commands for people, beside a real FRR: what they say comes true, and they change nothing.

use routelet_tests::lab::{FrrVersion, Output, metallb::Filter, topologies::TwoGateways};
use serde_json::Value;

use crate::story::{Story, connections};

/// The agent puts its binary there.
const ROUTELET: &str = "/usr/local/bin/routelet";

/// A base that is tried and never applied.
const TRIED_BASE: &str = "/etc/routelet/tried/frr.conf";

/// Extras that are tried before they are mounted.
const TRIED_EXTRAS: &str = "/etc/routelet/tried/extras";

/// What the extras let in, and what then is in the kernel.
const FILTER: Filter<'_> = Filter::Prefixes(&["10.100.0.0/16 le 32", "2001:db8:100::/64"]);
const FILTERED: [(&str, usize); 3] = [("10.100.0.0/24", 2), ("10.100.1.0/24", 2), ("2001:db8:100::/64", 2)];

/// What no output may hold.
const PASSWORD: &str = "hush-hush";

#[track_caller]
fn routelet(story: &Story, arguments: &[&str]) -> Output {
    let output = story.node().exec(std::iter::once(&ROUTELET).chain(arguments)).unwrap();
    assert!(!output.text().contains(PASSWORD), "{}", output.text());
    output
}

/// Runs a command, which succeeds, and returns its output.
#[track_caller]
fn told(story: &Story, arguments: &[&str]) -> String {
    let output = routelet(story, arguments);
    assert!(output.success(), "{}", output.text());
    output.stdout
}

#[track_caller]
fn json(story: &Story, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["-o", "json"]).collect();
    serde_json::from_str(&routelet(story, &arguments).stdout).unwrap()
}

/// A line whose words nobody but FRR knows to be wrong.
#[track_caller]
fn frrs_parser_is_asked(version: FrrVersion) {
    let story = Story::start(version);
    let base = story.demo.base.render();
    let peer = TwoGateways::GATEWAY_ADDRESSES[0].0;
    let tried = format!(
        "{base}router bgp {}\n  neighbor {peer} password {PASSWORD}\n  neighbor {peer} colour blue\n",
        TwoGateways::NODE_ASN
    );
    let line = tried.lines().count();
    let running = story.node().vtysh("show running-config").unwrap();
    story.node().write_file(TRIED_BASE, &tried).unwrap();

    let good = told(&story, &["validate", "--base", TwoGateways::BASE_PATH, "--frr", "always"]);
    assert!(good.contains("by its own parser too") && good.contains("\nok: base: 4 sessions"), "{good}");

    let refused = routelet(&story, &["validate", "--base", TRIED_BASE]);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.text());
    let place = format!("--> base:{line}");
    assert!(
        refused.stdout.contains(&place) && refused.stdout.contains("refuses this line"),
        "{}",
        refused.text()
    );
    let found = json(&story, &["validate", "--base", TRIED_BASE]);
    let errors: Vec<&Value> =
        found["diagnostics"].as_array().unwrap().iter().filter(|one| one["severity"] == "error").collect();
    assert_eq!((errors.len(), &errors[0]["line"]), (1, &Value::from(line)), "{found:#}");
    told(&story, &["validate", "--base", TRIED_BASE, "--frr", "never"]);

    assert_eq!(story.node().vtysh("show running-config").unwrap(), running);
}

#[test]
fn validate_asks_frrs_parser_on_8_4_4() {
    frrs_parser_is_asked(FrrVersion::V8_4_4);
}

#[test]
fn validate_asks_frrs_parser_on_10_7() {
    frrs_parser_is_asked(FrrVersion::V10_7);
}

#[track_caller]
fn a_plan_comes_true(version: FrrVersion) {
    let mut story = Story::start(version);
    let before = connections(story.node());
    story.node().write_file(TRIED_EXTRAS, story.extras_text(FILTER)).unwrap();
    let plan = ["plan", "--base", TwoGateways::BASE_PATH, "--extras"];
    let with = |extras| plan.into_iter().chain([extras]).collect::<Vec<&str>>();

    let nothing = told(&story, &with(TwoGateways::EXTRAS_PATH));
    assert!(nothing.starts_with("nothing to do: FRR runs generation "), "{nothing}");
    let planned = told(&story, &with(TRIED_EXTRAS));
    assert!(planned.contains("+ ip prefix-list filtered seq 5 permit 10.100.0.0/16 le 32"), "{planned}");
    let last = planned.lines().last().unwrap();
    assert_eq!(last, "by one vtysh: nobody sees the change halfway", "{planned}");
    assert!(planned.contains(" to remove; 4 sessions: inbound policy; nothing resets\n"), "{planned}");
    let machines = json(&story, &with(TRIED_EXTRAS));
    assert_eq!(machines["sessions"].as_array().unwrap().len(), 4, "{machines:#}");
    assert_eq!(story.kernel_routes().len(), 0);

    story.set_extras(Some(FILTER));
    story.routes(&FILTERED);
    story.applied();
    let nothing = told(&story, &with(TwoGateways::EXTRAS_PATH));
    let generation = machines["generation"].as_str().unwrap();
    assert_eq!(nothing, format!("nothing to do: FRR runs generation {generation}\n"));
    assert_eq!(connections(story.node()), before);
}

#[test]
fn a_plan_comes_true_on_8_4_4() {
    a_plan_comes_true(FrrVersion::V8_4_4);
}

#[test]
fn a_plan_comes_true_on_10_7() {
    a_plan_comes_true(FrrVersion::V10_7);
}

#[track_caller]
fn the_policy_is_named(version: FrrVersion) {
    let mut story = Story::start(version);
    let peer = TwoGateways::GATEWAY_ADDRESSES[0].0.to_string();
    let denied = told(&story, &["explain", &peer]);
    let want = format!("ipv4-unicast in: nothing is accepted: route-map {peer}-in denies every route");
    assert!(denied.contains(&want), "{denied}");

    story.set_extras(Some(FILTER));
    story.routes(&FILTERED);
    let explained = told(&story, &["explain", &peer]);
    for want in [
        format!("ipv4-unicast in: a route is accepted if route-map {peer}-in permits it"),
        format!("route-map {peer}-in permit 20"),
        "ip prefix-list filtered seq 5 permit 10.100.0.0/16 le 32".to_owned(),
        format!("ipv4-unicast out: nothing is announced: route-map {peer}-out denies every route"),
    ] {
        assert!(explained.contains(&want), "{want}: {explained}");
    }
    let sources = ["--base", TwoGateways::BASE_PATH, "--extras", TwoGateways::EXTRAS_PATH];
    let of_sources = told(&story, &["explain", &peer].into_iter().chain(sources).collect::<Vec<_>>());
    let summaries = |text: &str| {
        text.lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(summaries(&of_sources), summaries(&explained));
    assert!(of_sources.contains(" extras:1\n"), "{of_sources}");
    let machines = json(&story, &["explain", &peer]);
    assert_eq!(machines["families"][0]["inbound"]["outcome"], "some", "{machines:#}");
    let unknown = routelet(&story, &["explain", "10.0.0.99"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", unknown.text());
    assert!(unknown.stderr.contains(&peer), "{}", unknown.text());
}

#[test]
fn explain_names_the_policy_on_8_4_4() {
    the_policy_is_named(FrrVersion::V8_4_4);
}

#[test]
fn explain_names_the_policy_on_10_7() {
    the_policy_is_named(FrrVersion::V10_7);
}

/// What FRR prints is nearly canonical, and what is canonical means the same to FRR.
#[track_caller]
fn the_form_is_frrs(version: FrrVersion) {
    let story = Story::start(version);
    let tried = story.demo.base.render()
        + &format!(
            "router bgp {}\n  neighbor {} password {PASSWORD}\n",
            TwoGateways::NODE_ASN,
            TwoGateways::GATEWAY_ADDRESSES[0].0
        );
    story.node().write_file(TRIED_BASE, &tried).unwrap();
    let shown = told(&story, &["fmt", TRIED_BASE]);
    assert!(shown.contains("password <hidden>"), "{shown}");
    let check = routelet(&story, &["fmt", "--check", TRIED_BASE]);
    assert_eq!(check.status.code(), Some(1), "{}", check.text());

    let canonical = told(&story, &["fmt", TwoGateways::BASE_PATH]);
    story.node().write_file(TRIED_BASE, &canonical).unwrap();
    assert_eq!(told(&story, &["fmt", "--check", TRIED_BASE]), "");
    let nothing = told(&story, &["plan", "--base", TRIED_BASE]);
    assert!(nothing.starts_with("nothing to do"), "{nothing}");
}

#[test]
fn the_canonical_form_is_the_same_to_frr_on_8_4_4() {
    the_form_is_frrs(FrrVersion::V8_4_4);
}

#[test]
fn the_canonical_form_is_the_same_to_frr_on_10_7() {
    the_form_is_frrs(FrrVersion::V10_7);
}
