//! Gateways that go and come back.

use nix::sys::signal::Signal;

use super::{
    routelet_way::filtered,
    story::{Outcome, Story},
};
use crate::lab::{LabError, topologies::TwoGateways, wait};

const NAME: &str = TwoGateways::GATEWAYS[0];

/// The daemons of gw-a are killed.
pub(super) fn dies(story: &mut Story) -> Outcome {
    let gateway = story.lab.node(NAME);
    story.screen.command(&format!("kill -KILL {}   # on {NAME}", gateway.daemons().join(" ")));
    let (routes, took) = wait::timed(|| -> Result<_, LabError> {
        // bgpd last: without it, the others could still say goodbye.
        for daemon in gateway.daemons() {
            gateway.signal_daemon(daemon, Signal::SIGKILL)?;
        }
        story.routes(&filtered(1))
    });
    let routes = routes?;
    story.show_routes(&routes);
    Ok(format!("{:.1} s until every route leads to gw-b", took.as_secs_f64()))
}

/// They start again.
pub(super) fn returns(story: &mut Story) -> Outcome {
    let gateway = story.lab.node(NAME);
    story.screen.command(&format!("{}; vtysh -b   # on {NAME}", gateway.daemons().join("; ")));
    let (routes, took) = wait::timed(|| -> Result<_, LabError> {
        for daemon in gateway.daemons() {
            gateway.start_daemon(daemon)?;
        }
        gateway.load_config()?;
        story.routes(&filtered(2))
    });
    let routes = routes?;
    story.show_routes(&routes);
    story.show_summary()?;
    Ok(format!("{:.1} s until both next hops are back", took.as_secs_f64()))
}
