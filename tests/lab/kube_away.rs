//! An API server that is away, lost everything, or refuses: routes do not wait for it, and it is said once.

use std::time::Duration;

use routelet_tests::lab::{FrrVersion, metallb::Filter, wait};
use serde_json::json;

use crate::{
    kube_story::{KubeStory, NODE, TOLD_WITHIN, is},
    story::ALL,
};

/// What the log says when Kubernetes is not told.
const NOT_TOLD: &str = "Kubernetes is not told what happens";

/// How long FRR may take for a change of the extras, with or without an API server.
const APPLIED_WITHIN: Duration = Duration::from_secs(10);

/// How long the API server is away; `ROUTELET_AWAY_SECONDS`.
fn away() -> Duration {
    let seconds = std::env::var("ROUTELET_AWAY_SECONDS").map_or(8, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

/// Gives the node its routes, or takes them, and wants that done in time.
#[track_caller]
fn change_routes(kube: &mut KubeStory, filter: Option<Filter<'_>>) {
    kube.story.set_extras(filter);
    let want: &[(&str, usize)] = if filter.is_some() { &ALL } else { &[] };
    let ((), took) = wait::timed(|| kube.story.routes(want));
    assert!(took < APPLIED_WITHIN, "{took:?}");
}

/// Waits until Kubernetes knows so many IPv4 routes.
#[track_caller]
fn told(kube: &mut KubeStory, routes: u64) {
    kube.until_status("the routes", |status| {
        status["routes"]["ipv4"] == routes && status["sessions"]["established"] == 4
    });
    kube.until_sessions("the sessions", |sessions| {
        sessions.len() == 4 && sessions.values().all(|session| is(session, "Established", "True"))
    });
}

/// Everything that the log says of errors and warnings; else a library might repeat what the agent says once.
fn errors(kube: &mut KubeStory) -> usize {
    let log = kube.story.agent().log().unwrap();
    log.lines().filter(|line| line.contains(" ERROR ") || line.contains(" WARN ")).count()
}

/// How often the log says that Kubernetes is not told, with these words.
fn complaints(kube: &mut KubeStory, words: &str) -> usize {
    let log = kube.story.agent().log().unwrap();
    log.lines().filter(|line| line.contains(NOT_TOLD) && line.contains(words)).count()
}

#[track_caller]
fn complains_once(kube: &mut KubeStory, words: &str) {
    let waited = wait::until(words, TOLD_WITHIN * 3, || complaints(kube, words) > 0);
    waited.unwrap_or_else(|error| panic!("{error}\n{}", kube.story.agent().log().unwrap()));
    let before = errors(kube);
    wait::pass(away());
    assert_eq!(errors(kube), before, "{}", kube.story.agent().log().unwrap());
    assert_eq!(complaints(kube, words), 1, "{}", kube.story.agent().log().unwrap());
}

#[test]
fn routes_do_not_wait_for_an_api_server_that_is_away() {
    let mut kube = KubeStory::without_agent(FrrVersion::NEWEST);
    // A certificate, which is valid for a server that has lost everything, too.
    let admin = kube.server.admin().clone();
    kube.start_agent_as(&admin, &[]);
    told(&mut kube, 0);

    kube.server.stop();
    change_routes(&mut kube, Some(Filter::Everything));
    complains_once(&mut kube, "does not answer");
    kube.story.until_status("the file", |status| status["routes"] == json!({"ipv4": 4, "ipv6": 4}));
    kube.server.start_again().unwrap();
    told(&mut kube, 4);

    // It has lost everything, the definitions too, while the agent has nothing to say.
    kube.server.lose_data().unwrap();
    complains_once(&mut kube, "are not defined");
    kube.define();
    told(&mut kube, 4);

    // Somebody thinks that it is of the past.
    kube.server.kubectl(["delete", "bgpnode", NODE]).unwrap();
    told(&mut kube, 4);

    // It takes connections, and answers none.
    kube.server.hang().unwrap();
    change_routes(&mut kube, None);
    kube.server.go_on().unwrap();
    told(&mut kube, 0);

    // The way to it is cut.
    kube.reach = None;
    change_routes(&mut kube, Some(Filter::Everything));
    kube.reach = Some(kube.server.reachable_from(kube.story.node()).unwrap());
    told(&mut kube, 4);
    assert_eq!(kube.story.agent().http_get("/readyz").unwrap().status, 200);
}

#[test]
fn who_may_not_write_says_so_once_and_goes_on() {
    let mut kube = KubeStory::without_agent(FrrVersion::NEWEST);
    let nobody = kube.server.user("nobody", &["testers"]).unwrap();
    kube.start_agent_as(&nobody, &[]);
    kube.story.applied();
    change_routes(&mut kube, Some(Filter::Everything));
    complains_once(&mut kube, "not allowed");
    let metrics = kube.story.agent().http_get("/metrics").unwrap().body;
    assert!(metrics.contains(r#"routelet_kube_writes_total{result="failed"}"#), "{metrics}");
    kube.story.take_agent().stop().unwrap();

    // A token that nobody gave.
    let text = kube.server.service_account("default", "somebody").unwrap().text().to_owned();
    let line = text.lines().find(|line| line.trim_start().starts_with("token: ")).unwrap();
    let wrong = text.replace(line, "    token: nobody-gave-this");
    kube.start_agent(&[]);
    kube.story.take_agent().stop().unwrap();
    kube.story.node().write_file("/etc/routelet/kubeconfig", &wrong).unwrap();
    let arguments = ["--kube", "always", "--kubeconfig", "/etc/routelet/kubeconfig", "--node-name", NODE];
    kube.story.start_agent_with(&arguments);
    complains_once(&mut kube, "token is not accepted");
    change_routes(&mut kube, None);

    // The right one comes.
    kube.story.node().write_file("/etc/routelet/kubeconfig", kube.server.admin().text()).unwrap();
    wait::until("the status", Duration::from_secs(40), || kube.status()["sessions"]["established"] == 4)
        .unwrap();

    // The agent does not hold that up by making its objects again.
    kube.server
        .kubectl(["delete", "crd", "bgpnodes.routelet.io", "bgpsessions.routelet.io", "--wait=false"])
        .unwrap();
    change_routes(&mut kube, Some(Filter::Everything));
    complains_once(&mut kube, "are not defined");
    kube.define();
    wait::until("the status", Duration::from_secs(40), || kube.status()["routes"]["ipv4"] == 4).unwrap();
}

#[test]
fn who_may_not_write_events_tells_all_else() {
    let mut kube = KubeStory::without_agent(FrrVersion::NEWEST);
    kube.server.kubectl(["delete", "role", "routelet-events", "--namespace", "default"]).unwrap();
    kube.start_agent(&[]);
    told(&mut kube, 0);
    change_routes(&mut kube, Some(Filter::Everything));
    told(&mut kube, 4);
    change_routes(&mut kube, None);
    told(&mut kube, 0);
    let log = kube.story.agent().log().unwrap();
    assert_eq!(log.matches("some events are not written").count(), 1, "{log}");
    assert!(!log.contains(NOT_TOLD), "{log}");
    assert_eq!(kube.events(), Vec::<String>::new());
}
