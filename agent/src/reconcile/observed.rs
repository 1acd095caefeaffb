//! What FRR shows: a daemon that came, went or hangs, and a configuration that is no longer the one that was verified.

use frr_driver::{session::SessionId, vty_socket::Daemon};
use jiff::Timestamp;
use routelet_status::{
    news::{News, NewsReason},
    snapshot::DaemonState,
};
use tracing::{debug, info};

use super::{Action, Machine, State, Uptime};
use crate::observe::{Observation, Pulse};

// === impl Machine ===

impl Machine {
    pub(super) fn observed(
        &mut self,
        observation: Box<Observation>,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let before = self.observation.take();
        log_changes(before.as_deref(), &observation);
        if let Some(version) = observation.version
            && self.version != Some(version)
        {
            self.version = Some(version);
            self.judge_sources(at, actions);
        }
        self.tell_restarts(&observation, actions);
        let was_ready = before.as_ref().is_some_and(|before| before.is_ready());
        let restarted = before.as_ref().is_some_and(|before| {
            let is_other_set = !before.speakers.is_empty()
                && !observation.speakers.is_empty()
                && before.speakers != observation.speakers;
            before.incarnations != observation.incarnations || is_other_set
        });
        if before.as_ref().is_some_and(|before| is_other_bgpd(before, &observation)) {
            self.forget_policies();
        }
        if observation.is_ready() && (!was_ready || restarted) {
            self.wants_apply = true;
            self.is_anew = true;
            // Whatever failed may work with the daemons that are there now.
            if restarted {
                self.forget_refusals();
                self.judge_sources(at, actions);
            }
            if let State::BackingOff { .. } = self.state {
                self.settle();
            }
        }
        if observation.is_ready() {
            self.recall(&observation, now, at, actions);
        }
        let is_other = observation.running.is_some() && observation.running != self.verified;
        if self.state == State::Settled && self.applied.is_some() && is_other {
            debug!("running configuration is not the one that was verified");
            self.wants_apply = true;
        }
        self.look_at_policies(&observation, now, at, actions);
        self.observation = Some(observation);
        self.look_at_held();
        self.keep_again(actions);
        self.decide_guard(now, actions);
    }

    /// Tells of each daemon that is another process than the one that was seen last.
    fn tell_restarts(&mut self, observation: &Observation, actions: &mut Vec<Action>) {
        for (daemon, incarnation) in &observation.incarnations {
            let Some(incarnation) = incarnation else { continue };
            let before = self.incarnations.insert(*daemon, *incarnation);
            if before.is_some_and(|before| before != *incarnation) {
                let note = format!("{} was started anew: it gets its configuration again", daemon.name());
                actions.push(Action::Tell(News::warning(NewsReason::FrrRestarted, &note)));
            }
        }
    }

    /// A session that is down already is not taken down: what is held may go on then.
    fn look_at_held(&mut self) {
        let (Some((_, sessions)), Some(observation)) = (&self.held, &self.observation) else { return };
        let Some(seen) = &observation.sessions else { return };
        let is_up = |id: &SessionId| seen.iter().any(|session| session.id == *id && session.is_established());
        if !sessions.iter().all(is_up) {
            self.held = None;
            self.wants_apply = true;
        }
    }

    /// A daemon that stopped, hangs, came back or is another one is known before the next observation is due.
    pub(super) fn felt(&mut self, pulse: &Pulse, actions: &mut Vec<Action>) {
        let Some(observation) = &mut self.observation else { return };
        if observation.has(pulse) {
            return;
        }
        log_daemons(&observation.frr.daemons, &pulse.daemons);
        observation.take(pulse);
        actions.push(Action::Observe);
    }
}

/// Whether the bgpd that is there now has not the sessions of the one before.
fn is_other_bgpd(before: &Observation, now: &Observation) -> bool {
    let bgpd = |seen: &Observation| {
        seen.incarnations.iter().find(|(daemon, _)| *daemon == Daemon::Bgpd).and_then(|(_, which)| *which)
    };
    bgpd(now).is_some() && bgpd(before) != bgpd(now)
}

/// Logs what changed between two observations: an idle agent is silent.
fn log_changes(before: Option<&Observation>, now: &Observation) {
    log_daemons(before.map_or(&[], |before| &before.frr.daemons), &now.frr.daemons);
    let (Some(sessions), Some(sessions_before)) =
        (&now.sessions, before.and_then(|before| before.sessions.as_ref()))
    else {
        return;
    };
    for session in sessions {
        let state_before = sessions_before.iter().find(|s| s.id == session.id).map(|s| s.state);
        let was_up = state_before == Some(frr_driver::session::SessionState::Established);
        if was_up != session.is_established() {
            let reason =
                session.last_reset.as_ref().and_then(|reset| reset.reason.as_deref()).unwrap_or_default();
            let state_before = state_before.map_or("none", |state| state.as_str());
            info!(peer = %session.id, state = %session.state, state_before, reason, "session changed");
        }
    }
}

fn log_daemons(before: &[(Daemon, DaemonState)], now: &[(Daemon, DaemonState)]) {
    for (daemon, state) in now {
        let state_before = before.iter().find(|(other, _)| other == daemon).map(|(_, state)| state);
        if state_before.is_some_and(|before| before != state) {
            info!(daemon = daemon.name(), ?state, "FRR daemon changed");
        }
    }
}
