//! What it costs when nothing changed.

use std::time::Duration;

use crate::{
    bed::{Bed, timed},
    clock,
    driven::Driven,
    error::BenchError,
    way::{RELOADER_FILE, Sample, Way},
};

/// How often the file is written again: the kernel counts an agent's time in hundredths of a second.
const WRITES: u32 = 40;

/// The pause between two writes: longer than the agent waits for a file to come to rest, so that it sees each.
const WRITE_PAUSE: Duration = Duration::from_millis(250);

/// How often the agent is asked to compare anew, and the pause in between: longer than it takes for 500 neighbors.
const LOOKS: u32 = 10;
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// How often the reloader is run, and for how long at most.
const RELOADS: usize = 5;
const RELOADS_WITHIN: Duration = Duration::from_secs(15);

/// CPU time per event.
#[derive(Debug)]
pub(crate) struct Unchanged {
    /// Of each run of the reloader.
    pub(crate) reloader: Vec<Sample>,
    /// Of the agent for a write, with all that it does besides.
    pub(crate) written: Duration,
    /// Of the agent for a comparison with FRR, with all that it does besides.
    pub(crate) compared: Duration,
}

impl Unchanged {
    pub(crate) const WRITES: u32 = WRITES;
    pub(crate) const LOOKS: u32 = LOOKS;
}

/// Measures a file that is written again as it is.
pub(crate) fn measure(bed: &mut Bed) -> Result<Option<Unchanged>, BenchError> {
    let (Some(shape), Some((command, _))) = (bed.shape(Way::FrrK8s).cloned(), Way::FrrK8s.command()) else {
        return Ok(None);
    };
    let node = bed.node(Way::FrrK8s);
    node.write_file(RELOADER_FILE, shape.render(node.name()))?;
    let (started, mut reloader) = (clock::now(), Vec::new());
    while reloader.is_empty() || reloader.len() < RELOADS && started.elapsed() < RELOADS_WITHIN {
        reloader.push(timed(node, &command)?);
    }

    let text = bed.shape(Way::Routelet).map(|shape| shape.render(Way::Routelet.node())).unwrap_or_default();
    let Some(agent) = bed.agent(Way::Routelet) else { return Ok(None) };
    let written = per_event(agent, WRITES, WRITE_PAUSE, |agent| agent.write_again(&text))?;
    let compared = per_event(agent, LOOKS, LOOK_PAUSE, Driven::look_again)?;
    Ok(Some(Unchanged { reloader, written, compared }))
}

fn per_event(
    agent: &mut Driven,
    times: u32,
    pause: Duration,
    mut event: impl FnMut(&mut Driven) -> Result<(), BenchError>,
) -> Result<Duration, BenchError> {
    let before = agent.cpu()?;
    for _ in 0..times {
        event(agent)?;
        clock::pause(pause);
    }
    Ok(agent.cpu()?.saturating_sub(before) / times)
}
