//! What people and machines are told: the table, the metrics, the health of the agent.

use routelet_tests::lab::{FrrVersion, metallb::Filter, topologies::TwoGateways, wait};

use crate::story::{ALL, CONVERGED_WITHIN, Story};

/// A limit for the resident memory of an idle agent, in KiB.
const RSS_KIB_MAX: u64 = 20 << 10;

#[test]
fn table_metrics_and_health_tell_the_same() {
    let mut story = Story::start(FrrVersion::NEWEST);
    story.set_extras(Some(Filter::Everything));
    story.routes(&ALL);
    story.until_status("all sessions with their routes", |status| {
        let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
        let is_ready = conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
        is_ready
            && status["sessions"]["established"] == 4
            && status["routes"]["ipv4"] == 4
            && status["routes"]["ipv6"] == 4
    });
    let table = story.node().run(["routelet", "status"]).unwrap();
    for peer in story.demo.peers() {
        let row = table.lines().find(|line| line.contains(&peer.to_string())).expect("a row for each peer");
        assert!(row.contains("Established") && row.contains("64513"), "{row}");
    }

    for path in ["/livez", "/readyz", "/frr-livez"] {
        assert_eq!(story.agent().http_get(path).unwrap().status, 200, "{path}");
    }
    let metrics = story.agent().http_get("/metrics").unwrap().body;
    let value = |name: &str, labels: &[&str]| {
        let line = metrics.lines().find(|line| {
            line.split(['{', ' ']).next() == Some(name) && labels.iter().all(|label| line.contains(label))
        });
        let line = line.unwrap_or_else(|| panic!("{name} {labels:?}\n{metrics}"));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let is = |name: &str, labels: &[&str], want: f64| {
        let have = value(name, labels);
        assert!((have - want).abs() < f64::EPSILON, "{name} {labels:?}: {have}");
    };
    is("routelet_bgp_session_up", &["peer=\"172.30.1.3\""], 1.0);
    is("routelet_bgp_session_state", &["peer=\"fd00:30:1::3\""], 6.0);
    is("routelet_bgp_prefixes_accepted", &["peer=\"172.30.1.3\"", "ipv4-unicast"], 3.0);
    is("routelet_config_applies_total", &["result=\"applied\""], 1.0);
    // Each session once when the agent came, for nobody knew what its routes went through, and once for the extras.
    is("routelet_bgp_clears_total", &["kind=\"soft_in\""], 8.0);

    let pid = story.node().run(["pidof", "routelet"]).unwrap();
    let status = story.node().read_file(&format!("/proc/{}/status", pid.trim())).unwrap();
    let rss = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    let kib: u64 = rss.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kib < RSS_KIB_MAX, "{rss}");

    // A dead peer is no reason to call the agent unready, and it is told.
    story.lab.node(TwoGateways::GATEWAYS[0]).stop_daemon("bgpd").unwrap();
    wait::until("the lost session", CONVERGED_WITHIN, || {
        let metrics = story.agent().http_get("/metrics").unwrap().body;
        metrics.lines().any(|line| {
            line.starts_with("routelet_bgp_session_up") && line.contains("172.30.1.3") && line.ends_with(" 0")
        })
    })
    .unwrap();
    assert_eq!(story.agent().http_get("/readyz").unwrap().status, 200);

    // A hung bgpd: what it said last is no truth any more.
    story.node().signal_daemon("bgpd", nix::sys::signal::Signal::SIGSTOP).unwrap();
    wait::until("bgpd to be missed", CONVERGED_WITHIN, || {
        story.agent().http_get("/frr-livez").unwrap().status == 503
    })
    .unwrap();
    assert_eq!(story.agent().http_get("/livez").unwrap().status, 200);
}
