//! How the lab runs an agent, tried with a stand-in.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use nix::sys::signal::Signal;
use routelet_tests::lab::{Agent, FrrVersion, Lab, NodeSpec, Topology, wait};

const SOON: Duration = Duration::from_secs(20);

/// Prints its arguments, writes a status, serves its state directory, and ends with 7 at SIGTERM.
const STAND_IN: &str = r#"#!/bin/bash
echo "arguments: $*"
mkdir -p /var/lib/routelet
echo '{"ready": true}' >/var/lib/routelet/status.json
python3 -m http.server --bind 127.0.0.1 --directory /var/lib/routelet 7999 &
trap 'echo "asked to end"; kill $!; exit 7' TERM
trap 'echo "hung up"' HUP
while true; do wait; done
"#;

fn start(lab: &Lab) -> Agent {
    let folder = std::env::temp_dir().join(format!("{}-stand-in", lab.label()));
    fs::write(&folder, STAND_IN).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let agent = Agent::builder(lab.node("node"))
        .program(&folder)
        .base("/etc/routelet/base/frr.conf")
        .extras("/etc/routelet/extras")
        .args(["--listen", "127.0.0.1:7999"])
        .http_port(7999)
        .start();
    fs::remove_file(&folder).unwrap();
    agent.unwrap()
}

fn lab() -> Lab {
    Lab::start(&Topology::new().node(NodeSpec::frr("node", FrrVersion::V10_7).daemons(&[]))).unwrap()
}

#[test]
fn an_agent_is_started_asked_and_stopped() {
    let lab = lab();
    let mut agent = start(&lab);
    let status = wait::until("a status", SOON, || agent.status_json()).unwrap();
    assert_eq!(status["ready"], true);
    let answer = wait::until("an answer", SOON, || agent.http_get("/status.json")).unwrap();
    assert_eq!((answer.status, answer.body.trim()), (200, r#"{"ready": true}"#));
    assert_eq!(agent.http_get("/nothing").unwrap().status, 404);
    let want = "arguments: run --state-dir /var/lib/routelet --base /etc/routelet/base/frr.conf \
                --extras /etc/routelet/extras --listen 127.0.0.1:7999";
    assert!(agent.log().unwrap().contains(want), "{}", agent.log().unwrap());

    agent.signal(Signal::SIGHUP).unwrap();
    wait::until("the signal", SOON, || agent.log().unwrap().contains("hung up")).unwrap();
    agent.signal(Signal::SIGSTOP).unwrap();
    agent.signal(Signal::SIGCONT).unwrap();
    assert!(agent.is_running());
    assert_eq!(agent.stop().unwrap().code(), Some(7));
}

#[test]
fn an_agent_is_killed() {
    let lab = lab();
    let agent = start(&lab);
    wait::until("a status", SOON, || agent.status_json()).unwrap();
    agent.kill();
    let left = lab.node("node").exec(["pgrep", "-x", "routelet"]).unwrap();
    assert_eq!(left.text(), "");
}
