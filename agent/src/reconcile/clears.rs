//! Clears: what the decider of `frr_driver` wants is sent, recorded, and told to whoever asked for it.

use std::time::Duration;

use frr_driver::{
    clear::ClearKind,
    decide::{self, Clear, Decider, Ended, PolicyId, Rules, Standing},
    impact,
    merge::Generation,
    session::SessionId,
};
use jiff::Timestamp;
use routelet_status::snapshot::{ClearFact, ClearOutcome, Direction, PolicyFact, PolicyState};
use tracing::{info, warn};

use super::{Action, Machine, State, Uptime};
use crate::{apply::Taken, observe::Observation};

/// How long a hard clear counts.
const BUDGET_TIME: Duration = Duration::from_hours(1);

/// How many sessions keep the record of their last clear: far more than a node has, and bounded.
const RECORDS_MAX: usize = 4096;

/// A person who waits for what comes of a clear.
#[derive(Debug)]
pub(super) struct Asked {
    ticket: u64,
    session: SessionId,
    ended: Vec<Ended>,
}

// === impl Machine ===

impl Machine {
    /// FRR holds what it shall: the policies that changed are watched from now on.
    pub(super) fn decide(&mut self, generation: &Generation, taken: &Taken, now: Uptime) {
        let Some(version) = self.version else { return };
        let desired = self.judged.as_ref().and_then(|judged| judged.desired.as_ref());
        let timer = desired.and_then(|desired| decide::delay_timer(&desired.config));
        let sessions =
            self.observation.as_ref().and_then(|seen| seen.sessions.as_deref()).unwrap_or_default();
        let open = std::mem::take(&mut self.to_resume);
        self.decider.resume(open, sessions, version, timer, now);
        self.decider.changed(&taken.plan.impact, sessions, version, timer, now);
        let is_known = self.memory.last_good.as_ref() == Some(generation);
        if !std::mem::replace(&mut self.has_applied, true) && !is_known {
            self.decider.adopt(sessions, self.settings.clear, timer, now);
        }
    }

    /// bgpd is another one.
    pub(super) fn forget_policies(&mut self) {
        self.decider.forget_all();
        self.to_resume.clear();
    }

    /// Takes in what the sessions show, and resets one of them if it is its turn.
    pub(super) fn look_at_policies(
        &mut self,
        seen: &Observation,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let Some(sessions) = &seen.sessions else { return };
        self.decider.observed(sessions, now);
        let is_gone = |id: &SessionId| !sessions.iter().any(|session| session.id == *id);
        self.clears.retain(|id, fact| fact.outcome.is_none() || !is_gone(id));
        if self.state != State::Settled {
            return;
        }
        let rules = Rules { most: self.settings.clear, hold: seen.hold.as_deref() };
        let clear = self.decider.hard_clear(rules, sessions, now);
        actions.extend(clear.map(|clear| self.begin_reset(clear, at)));
    }

    /// Sends the soft clears that are due, and tells what came of earlier ones.
    pub(super) fn clear(&mut self, now: Uptime, at: Timestamp, actions: &mut Vec<Action>) {
        let sessions = self.observation.as_ref().and_then(|seen| seen.sessions.as_deref());
        if let Some(sessions) = sessions
            && !matches!(self.state, State::Applying(_))
        {
            let clears = self.decider.soft_clears(self.settings.clear, sessions, now);
            actions.extend(clears.into_iter().map(Action::Clear));
        }
        for ended in self.decider.take_ended() {
            self.ended(&ended, at, now, actions);
        }
        self.answer(now, actions);
        self.resets.retain(|(_, until)| *until > at);
        self.clears_due = self.decider.deadline(now);
    }

    /// A person wants a session to be cleared.
    pub(super) fn clear_asked(
        &mut self,
        ticket: u64,
        session: SessionId,
        is_hard: bool,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let sessions = self.observation.as_ref().and_then(|seen| seen.sessions.as_deref());
        let Some(sessions) = sessions else {
            actions.push(Action::Answer { ticket, answer: Err("bgpd does not answer".to_owned()) });
            return;
        };
        info!(peer = %session, is_hard, "asked to clear");
        match self.decider.ask(&session, is_hard, sessions, now) {
            Ok(clear) => {
                actions.extend(clear.map(|clear| self.begin_reset(clear, at)));
                self.asked.push(Asked { ticket, session, ended: Vec::new() });
            }
            Err(refusal) => actions.push(Action::Answer { ticket, answer: Err(refusal.to_string()) }),
        }
    }

    /// bgpd took a clear, or did not.
    pub(super) fn cleared(
        &mut self,
        clear: &Clear,
        complaint: &str,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let Clear { session, family, kind, reason } = clear;
        let is_sent = complaint.is_empty();
        actions.push(Action::CountClear { kind: *kind, is_sent });
        if is_sent {
            info!(peer = %session, %family, action = kind.as_str(), reason, "session cleared");
        } else {
            warn!(peer = %session, %family, action = kind.as_str(), reason = complaint, "clear was refused");
        }
        let sessions =
            self.observation.as_ref().and_then(|seen| seen.sessions.as_deref()).unwrap_or_default();
        self.decider.answered(clear, complaint, sessions, now);
        let before = decide::prefixes(clear, sessions);
        self.record(ClearFact {
            session: session.clone(),
            family: *family,
            kind: *kind,
            reason: reason.clone(),
            at,
            prefixes_before: before,
            outcome: None,
        });
        actions.push(Action::Observe);
    }

    /// The policies whose effect is not proven.
    pub(super) fn policy_facts(&self, now: Uptime) -> Vec<PolicyFact> {
        let Some(seen) = &self.observation else { return Vec::new() };
        let rules = Rules { most: self.settings.clear, hold: seen.hold.as_deref() };
        let sessions = seen.sessions.as_deref().unwrap_or_default();
        self.decider
            .standings(rules, sessions, now)
            .map(|(policy, standing)| fact(policy, standing))
            .collect()
    }

    fn begin_reset(&mut self, clear: Clear, at: Timestamp) -> Action {
        self.resets.push((clear.session.clone(), at.checked_add(BUDGET_TIME).unwrap_or(at)));
        Action::Clear(clear)
    }

    fn ended(&mut self, ended: &Ended, at: Timestamp, now: Uptime, actions: &mut Vec<Action>) {
        let Ended { clear, at: sent, took, prefixes: (before, after), failure } = ended;
        let Clear { session, family, kind, reason } = clear;
        let (action, took_ms) = (kind.as_str(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        match failure {
            None => info!(peer = %session, %family, action, before, after, took_ms, "policy is in effect"),
            Some(why) => warn!(peer = %session, %family, action, reason = why, "clear did not help"),
        }
        if failure.is_none() {
            actions.push(Action::TimeClear { kind: *kind, took: *took });
        }
        let since = now.saturating_sub(*sent);
        self.record(ClearFact {
            session: session.clone(),
            family: *family,
            kind: *kind,
            reason: reason.clone(),
            at: at.checked_sub(since).unwrap_or(at),
            prefixes_before: *before,
            outcome: Some(ClearOutcome { prefixes_after: *after, took: *took, failure: failure.clone() }),
        });
        let asked = self.asked.iter_mut().filter(|asked| asked.session == ended.clear.session);
        asked.for_each(|asked| asked.ended.push(ended.clone()));
    }

    fn record(&mut self, fact: ClearFact) {
        if self.last_clear.as_ref().is_none_or(|last| last.at <= fact.at || last.session == fact.session) {
            self.last_clear = Some(fact.clone());
        }
        if self.clears.len() < RECORDS_MAX || self.clears.contains_key(&fact.session) {
            self.clears.insert(fact.session.clone(), fact);
        }
    }

    /// Tells those who asked, as soon as it is known what came of it.
    fn answer(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        if self.asked.is_empty() {
            return;
        }
        let standings = self.policy_facts(now);
        let decider = &self.decider;
        self.asked.retain(|asked| {
            if decider.is_clearing(&asked.session) {
                return true;
            }
            let answer = verdict(asked, decider, &standings);
            actions.push(Action::Answer { ticket: asked.ticket, answer });
            false
        });
    }
}

fn verdict(asked: &Asked, decider: &Decider, standings: &[PolicyFact]) -> Result<String, String> {
    let failed = asked.ended.iter().find_map(|ended| ended.failure.clone());
    let is_late = decider.is_away(&asked.session);
    let is_left = |fact: &&PolicyFact| fact.session == asked.session && fact.state > PolicyState::Unproven;
    if let Some(why) = failed.or_else(|| standings.iter().find(is_left).map(|fact| fact.why.clone())) {
        return Err(format!("{}: {why}", asked.session));
    }
    if is_late {
        return Err(format!("{} was reset, and did not come back in time", asked.session));
    }
    let lines = asked.ended.iter().map(|ended| {
        let Ended { clear, took, prefixes: (before, after), .. } = ended;
        let what = match clear.kind {
            ClearKind::SoftIn => format!("{} in: accepted {before} → {after}", clear.family),
            ClearKind::SoftOut => format!("{} out: sent {before} → {after}", clear.family),
            ClearKind::Hard => format!("reset: accepted {before} → {after}"),
        };
        format!("{} {what} prefixes, in {:.1} s", clear.session, took.as_secs_f64())
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return Ok(format!("{} came up anew: its policies are in effect", asked.session));
    }
    Ok(lines.join("\n"))
}

fn fact(policy: &PolicyId, standing: Standing) -> PolicyFact {
    let (state, why) = match standing {
        Standing::Pending(why) => (PolicyState::Pending, why),
        Standing::Unproven(why) => (PolicyState::Unproven, why),
        Standing::Suppressed(why) => (PolicyState::Suppressed, why),
        Standing::GaveUp(why) => (PolicyState::GaveUp, why),
    };
    let direction = match policy.direction {
        impact::Direction::In => Direction::In,
        impact::Direction::Out => Direction::Out,
    };
    PolicyFact { session: policy.session.clone(), family: policy.family, direction, state, why }
}
