//! What the numbers shall be.

use crate::report::{Phase, Report};

/// The largest object; bytes. etcd takes 1.5 MiB: that is for whoever lists all of them.
const OBJECT_BYTES_MAX: usize = 4096;

/// Heartbeats of a node may come a fifth earlier than every five minutes.
const HEARTBEATS_PER_NODE_AND_SECOND_MAX: f64 = 1.0 / 240.0;

/// The largest number of writes of objects in any second, for whatever happens to a whole cluster.
const PEAK_MAX: u64 = 800;

/// Below this number of nodes nothing needs to be spread.
const LARGE: usize = 2000;

/// Returns what was missed, in words.
pub(crate) fn missed(report: &Report) -> Vec<String> {
    let mut missed = Vec::new();
    for phase in &report.phases {
        of_phase(phase, report.nodes, &mut missed);
    }
    for (kind, sizes) in [("BGPNode", report.node_bytes), ("BGPSession", report.session_bytes)] {
        if sizes.max > OBJECT_BYTES_MAX {
            missed.push(format!("a {kind} has {} bytes, more than {OBJECT_BYTES_MAX}", sizes.max));
        }
    }
    if report.without_owner > 0 {
        missed.push(format!("{} objects have no owner", report.without_owner));
    }
    missed
}

#[expect(clippy::cast_precision_loss, reason = "not that many")]
fn of_phase(phase: &Phase, nodes: usize, missed: &mut Vec<String>) {
    let name = phase.name;
    match name {
        "nothing happens, no heartbeats" if phase.written > 0 => {
            missed.push(format!("{name}: {} writes", phase.written));
        }
        "nothing happens, heartbeats" => {
            let most = nodes as f64 * HEARTBEATS_PER_NODE_AND_SECOND_MAX;
            if phase.written_per_second > most {
                missed.push(format!("{name}: {:.1} writes/s, more than {most:.1}", phase.written_per_second));
            }
        }
        "all agents are started again" if phase.written > 0 => {
            missed.push(format!("{name}: {:.2} writes for each", phase.written as f64 / nodes as f64));
        }
        _ => {}
    }
    if phase.wrong > 0 {
        missed.push(format!("{name}: {} objects do not say what is so", phase.wrong));
    }
    if phase.written_peak > PEAK_MAX && nodes >= LARGE {
        missed.push(format!("{name}: {} writes in a second, more than {PEAK_MAX}", phase.written_peak));
    }
}
