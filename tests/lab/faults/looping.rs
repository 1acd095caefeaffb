//! zebra 7.5.1 can come into a loop of its own when a bgpd dies soon after another: it takes a whole processor, and
//! answers nobody any more. No agent can help that; the agent has to say so, and the history does not count.

use std::time::Duration;

use routelet_tests::lab::{Node, wait};

use super::fault::pause;
use crate::story::Story;

/// How long a daemon may take to answer; a loaded machine has to be told from a loop.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// How long its use of the processor is looked at, and how much of that a loop takes at least.
const LOOKED_AT: Duration = Duration::from_secs(4);
const LOOP_TICKS_MIN: u64 = 150;

/// How long the agent may take to say that it hangs.
const SAID_WITHIN: Duration = Duration::from_secs(30);

/// zebra came into a loop of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looped;

/// Whether zebra answers nobody, and is at work all the time.
pub(super) fn loops(node: &Node) -> bool {
    let asked = ["vtysh", "-d", "zebra", "-c", "show version"];
    if node.exec_within(ANSWERS_WITHIN, asked).is_ok_and(|output| output.success()) {
        return false;
    }
    let Ok(pid) = node.daemon_pid("zebra") else { return false };
    let Some(before) = ticks(node, pid) else { return false };
    pause(LOOKED_AT);
    ticks(node, pid).is_some_and(|after| after - before >= LOOP_TICKS_MIN)
}

/// Waits until the agent says of zebra what is the case.
#[track_caller]
pub(super) fn is_said(story: &mut Story) {
    let said = wait::until("the agent to say that zebra hangs", SAID_WITHIN, || {
        let status = story.status();
        let mut conditions = status["conditions"].as_array().into_iter().flatten();
        let reachable = conditions.find(|condition| condition["type"] == "FRRReachable").cloned();
        let reachable = reachable.unwrap_or_default();
        if reachable["reason"] == "DaemonHung" { Ok(()) } else { Err(reachable.to_string()) }
    });
    said.unwrap_or_else(|error| panic!("{error}\n{}", story.agent().log().unwrap()));
}

/// What the kernel has counted of the processor for `pid`: user and system, in hundredths of a second.
fn ticks(node: &Node, pid: u32) -> Option<u64> {
    let stat = node.read_file(&format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}
