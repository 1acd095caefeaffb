//! The lab with the node and its gateways, and what all steps do with it.

use std::time::Duration;

use serde_json::Value;

use super::{
    interrupt::Interrupt,
    screen::Screen,
    seen::{self, Prefixes, Sessions},
};
use crate::lab::{
    Agent, ConfigMapDir, FrrVersion, KernelRoutes, Lab, LabError, Node,
    topologies::{TwoGateways, two_gateways},
    wait,
};

/// How long anything may take that is expected to happen.
pub(super) const HAPPENS_WITHIN: Duration = Duration::from_secs(25);

/// FRR waits 5 s after a change of a route-map before it looks at routes again (`bgp route-map delay-timer`);
/// after this long, no timer that still runs can do what the agent should do.
pub(super) const DELAY_TIMER_OVER: Duration = Duration::from_secs(6);

/// The last lines of the agent's log that a failed step shows.
const LOG_TAIL_LINES: usize = 8;

/// What a step found out, in a line; or what went wrong.
pub(super) type Outcome = Result<String, Failure>;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Something did not happen, or could not be looked at.
    #[error("{}", .0.chain())]
    Lab(#[from] LabError),
    /// Something is not as it should be.
    #[error("{0}")]
    Unexpected(String),
}

/// The lab as the steps leave it to each other.
pub(super) struct Story {
    pub(super) screen: Screen,
    pub(super) version: FrrVersion,
    pub(super) net: TwoGateways,
    pub(super) lab: Lab,
    pub(super) extras: ConfigMapDir,
    pub(super) agent: Option<Agent>,
}

impl Story {
    /// Starts the routers, all with FRR `version`: so that one root file system is enough.
    pub(super) fn start(
        screen: Screen,
        version: FrrVersion,
        interrupt: &Interrupt,
    ) -> Result<Self, LabError> {
        let mut net = two_gateways(version);
        net.gateway_version = version;
        let (lab, took) = wait::timed(|| Lab::start(&net.topology()));
        let lab = lab?;
        interrupt.removes(&lab);
        let package = &lab.node(TwoGateways::NODE).root().package;
        screen.plain(&format!(
            "{}: FRR {package}, lab up in {:.1} s",
            screen.bold("routelet demo"),
            took.as_secs_f64()
        ));
        draw(screen);
        let extras = ConfigMapDir::mount(lab.node(TwoGateways::NODE), TwoGateways::EXTRAS_PATH)?;
        Ok(Self { screen, version, net, lab, extras, agent: None })
    }

    pub(super) fn node(&self) -> &Node {
        self.lab.node(TwoGateways::NODE)
    }

    /// Returns the agent that an earlier step started.
    pub(super) fn agent(&self) -> Result<&Agent, Failure> {
        self.agent.as_ref().ok_or_else(|| Failure::Unexpected("no agent runs".to_owned()))
    }

    pub(super) fn sessions(&self) -> Result<Sessions, LabError> {
        seen::sessions(self.node())
    }

    /// Waits until all sessions are established.
    pub(super) fn established(&self) -> Result<Sessions, LabError> {
        let want = self.net.peers().len();
        wait::until("all sessions established", HAPPENS_WITHIN, || {
            let sessions = self.sessions().map_err(|error| error.chain())?;
            let up = sessions.values().filter(|session| session.is_established()).count();
            if up == want { Ok(sessions) } else { Err(format!("{up} of {want}")) }
        })
    }

    /// Waits until the kernel has exactly the routes `want`.
    pub(super) fn routes(&self, want: &Prefixes) -> Result<KernelRoutes, LabError> {
        wait::until(&format!("{} BGP routes in the kernel", want.len()), HAPPENS_WITHIN, || {
            let routes = self.node().kernel_routes().map_err(|error| error.chain())?;
            let have = Prefixes::of(&routes);
            if have == *want { Ok(routes) } else { Err(have.to_string()) }
        })
    }

    /// Fails if the kernel's routes become other than `want` within `time`.
    pub(super) fn routes_stay(&self, want: &Prefixes, time: Duration) -> Result<(), Failure> {
        let changed = wait::until("a change", time, || {
            let have = Prefixes::of(&self.node().kernel_routes().ok()?);
            (have != *want).then_some(have)
        });
        match changed {
            Ok(have) => Err(Failure::Unexpected(format!("the kernel's routes did not stay: {have}"))),
            Err(_) => Ok(()),
        }
    }

    /// Waits until the agent's `status.json` is as `look` wants it.
    pub(super) fn status(&self, what: &str, look: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
        let agent = self.agent()?;
        let found = wait::until(what, HAPPENS_WITHIN, || {
            let status = agent.status_json().map_err(|error| error.chain())?;
            let is_found = look(&status);
            if is_found { Ok(status) } else { Err(seen::text_at(&status, "/node/status/sources")) }
        });
        Ok(found?)
    }

    /// Shows the peers' lines of `show bgp summary`.
    pub(super) fn show_summary(&self) -> Result<(), LabError> {
        self.screen.command("vtysh -c 'show bgp summary'");
        seen::summary(self.node())?.iter().for_each(|line| self.screen.evidence(line));
        Ok(())
    }

    /// Shows the kernel's routes.
    pub(super) fn show_routes(&self, routes: &KernelRoutes) {
        self.screen.command("ip -4 route show proto bgp; ip -6 route show proto bgp");
        let lines = seen::table(routes);
        for line in &lines {
            self.screen.evidence(line);
        }
        if lines.is_empty() {
            self.screen.evidence(&self.screen.dim("(nothing)"));
        }
    }

    /// Shows what a failed step left, as far as it can be asked.
    pub(super) fn show_what_is_there(&self) {
        if let Err(error) = self.show_summary() {
            self.screen.evidence(&error.chain());
        }
        match self.node().kernel_routes() {
            Ok(routes) => self.show_routes(&routes),
            Err(error) => self.screen.evidence(&error.chain()),
        }
        let Some(log) = self.agent.as_ref().and_then(|agent| agent.log().ok()) else { return };
        let lines: Vec<_> = log.lines().collect();
        self.screen.command("tail <the agent's log>");
        lines
            .iter()
            .skip(lines.len().saturating_sub(LOG_TAIL_LINES))
            .for_each(|line| self.screen.evidence(line));
    }

    /// Stops the agent and removes the lab.
    pub(super) fn end(self) {
        if let Some(Err(error)) = self.agent.map(Agent::stop) {
            self.screen.evidence(&error.chain());
        }
    }
}

/// Draws the network.
fn draw(screen: Screen) {
    let (shared, own_a) = (TwoGateways::SHARED.join(" "), TwoGateways::ONLY_A.join(" "));
    let own_b = TwoGateways::ONLY_B.join(" ");
    screen.plain(&format!(
        "
                 ┌─ eth-a ──── {} AS 64513, announces {own_a}
  {} AS 64512 ─┤                             both {shared}
                 └─ eth-b ──── {} AS 64513, announces {own_b}",
        screen.bold("gw-a"),
        screen.bold("node"),
        screen.bold("gw-b"),
    ));
}
