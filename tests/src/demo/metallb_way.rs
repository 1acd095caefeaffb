//! What there is without the agent.

use std::time::Duration;

use super::{
    seen::{self, Prefixes},
    story::{DELAY_TIMER_OVER, Failure, HAPPENS_WITHIN, Outcome, Story},
};
use crate::lab::{
    FrrVersion, LabError, Node,
    metallb::{Filter, extras},
    topologies::TwoGateways,
    wait,
};

/// Where `MetalLB`'s reloader finds what the speaker rendered.
const RENDERED: &str = "/etc/frr_reloader/frr.conf";

/// How long routes are waited for that do not come: longer than FRR's delay timer.
const NEVER: Duration = Duration::from_secs(8);

/// How often the same file is loaded.
const RUNS: usize = 3;

/// Everything that both gateways announce.
pub(super) fn everything() -> Prefixes {
    Prefixes::default()
        .with(&TwoGateways::SHARED, 2)
        .with(&TwoGateways::ONLY_A, 1)
        .with(&TwoGateways::ONLY_B, 1)
}

/// Sessions are up, nothing gets in.
pub(super) fn base(story: &mut Story) -> Outcome {
    let (sessions, took) = wait::timed(|| story.established());
    let sessions = sessions?;
    story.screen.waiting("6 s, so that FRR's own route-map timer (5 s) has run out");
    story.routes_stay(&Prefixes::default(), DELAY_TIMER_OVER)?;
    story.show_summary()?;
    let routes = story.node().kernel_routes()?;
    story.show_routes(&routes);
    let accepted: u64 = story.sessions()?.values().map(|session| session.accepted).sum();
    if accepted > 0 {
        return Err(Failure::Unexpected(format!("{accepted} prefixes were accepted")));
    }
    let (count, took) = (sessions.len(), took.as_secs_f64());
    Ok(format!("{count} of {count} sessions established within {took:.1} s, nothing accepted"))
}

/// The base with the extras appended: the fault.
pub(super) fn appended(story: &mut Story) -> Outcome {
    let appended = extras(&story.net.base.peers, Filter::Everything);
    story.node().write_file(RENDERED, story.net.base.clone().append(&appended).render())?;
    story.screen.command(&format!("grep 'in .* 20' {RENDERED}"));
    let map = format!("{}-in", TwoGateways::GATEWAY_ADDRESSES[0].0);
    story.screen.evidence(&format!("route-map {map} deny 20 … route-map {map} permit 20 …"));

    let mut actions = Vec::new();
    for run in 1..=RUNS {
        let reload = reload(story.node(), RENDERED);
        story
            .screen
            .command(&format!("frr-reload.py --reload --overwrite {RENDERED}   # run {run}, the same file"));
        reload?;
        let running = seen::actions_of_20(story.node())?;
        let action = running.get(&map).cloned().unwrap_or_else(|| "no entry".to_owned());
        let effect = match run {
            1 => first_run(story)?,
            2 => second_run(story)?,
            _ => "",
        };
        story
            .screen
            .evidence(&format!("FRR runs: route-map {map} {} 20{effect}", story.screen.bold(&action)));
        actions.push(action);
    }
    if actions != ["permit", "deny", "permit"] {
        return Err(Failure::Unexpected(format!("entry 20 after each run: {}", actions.join(", "))));
    }
    Ok(if story.version == FrrVersion::V7_5_1 {
        "the fault: the sessions never took the new policy, and the next reload reverts it".to_owned()
    } else {
        "the fault: every second reload of the same file takes all routes away".to_owned()
    })
}

/// `permit 20` runs: FRR 7.5.1 does not look at its routes again, later versions do.
fn first_run(story: &Story) -> Result<&'static str, Failure> {
    if story.version == FrrVersion::V7_5_1 {
        story.screen.waiting("8 s for routes that do not come");
        story.routes_stay(&Prefixes::default(), NEVER)?;
        story.show_summary()?;
        Ok(", and still nothing is accepted: FRR 7.5 forgets to look again")
    } else {
        story.screen.waiting("FRR's timer (5 s); then the routes come");
        story.routes(&everything())?;
        Ok(", 8 routes in the kernel")
    }
}

/// `deny 20` runs.
fn second_run(story: &Story) -> Result<&'static str, Failure> {
    if story.version == FrrVersion::V7_5_1 {
        Ok("")
    } else {
        story.screen.waiting("FRR's timer (5 s) again");
        story.routes(&Prefixes::default())?;
        Ok(", no route in the kernel any more")
    }
}

/// Loads the base again, as it was.
pub(super) fn restore(story: &Story) -> Result<(), LabError> {
    story.screen.command(&format!("frr-reload.py --reload --overwrite {}", TwoGateways::BASE_PATH));
    reload(story.node(), TwoGateways::BASE_PATH)?;
    story.routes(&Prefixes::default()).map(drop)
}

/// Loads `file` as the reloader in `MetalLB`'s speaker pod does (`frr-reloader.sh`, v0.15).
fn reload(node: &Node, file: &str) -> Result<(), LabError> {
    let script = ["python3", "/usr/lib/frr/frr-reload.py", "--reload", "--overwrite", "--stdout", file];
    let output = node.exec_within(HAPPENS_WITHIN, script)?;
    if output.success() {
        return Ok(());
    }
    Err(LabError::CommandFailed { command: script.join(" "), status: output.status, output: output.text() })
}
