//! The decider among sessions that do what real ones do, told by hand.

mod random;
mod resets;
mod soft;

use std::time::Duration;

use super::*;
use crate::{
    impact::{Impact, Touch},
    quirks::FrrVersion,
    session::{FamilyState, LastReset, SessionState},
};

const FAMILY: AddressFamily = AddressFamily::Ipv4Unicast;
const TIMER: Option<Duration> = Some(Duration::from_secs(5));
const VERSION: FrrVersion = FrrVersion(8, 4, 4);
const ALL: Rules<'static> = Rules { most: Most::Hard, hold: None };

/// Gateways, the decider, and a clock.
#[derive(Clone, Debug)]
struct Bench {
    decider: Decider,
    sessions: Vec<Session>,
    now: Duration,
    /// When each session came up.
    up_at: Vec<Duration>,
    rules: Rules<'static>,
    version: FrrVersion,
    timer: Option<Duration>,
}

impl Bench {
    /// Sessions that are established for an hour; they can be asked for their routes again, or cannot.
    fn new(can_refresh: &[bool]) -> Self {
        let session = |(number, can_refresh): (usize, &bool)| {
            let mut session = Session::unknown(id(number));
            session.state = SessionState::Established;
            session.can_route_refresh = *can_refresh;
            session.connections_established = Some(1);
            session.route_refresh_sent = Some(7);
            session.updates_received = Some(3);
            session.families.insert(FAMILY, FamilyState { accepted: 4, ..FamilyState::default() });
            session
        };
        let now = Duration::from_hours(1);
        let mut bench = Self {
            decider: Decider::default(),
            sessions: can_refresh.iter().enumerate().map(session).collect(),
            now,
            up_at: vec![Duration::ZERO; can_refresh.len()],
            rules: ALL,
            version: VERSION,
            timer: TIMER,
        };
        bench.tell_time();
        bench
    }

    /// The inbound policy of the sessions with these numbers changes.
    fn change(&mut self, numbers: &[usize]) {
        self.change_with(numbers, |_| {});
    }

    fn change_with(&mut self, numbers: &[usize], also: impl Fn(&mut Touch)) {
        let mut impact = Impact::default();
        for number in numbers {
            let mut touch = Touch::default();
            touch.policy_in.insert(FAMILY);
            also(&mut touch);
            impact.sessions.insert(id(*number), touch);
        }
        self.decider.changed(&impact, &self.sessions, self.version, self.timer, self.now);
    }

    /// What is sent now, softly and hard.
    fn clears(&mut self) -> Vec<Clear> {
        let mut clears = self.decider.soft_clears(self.rules.most, &self.sessions, self.now);
        clears.extend(self.decider.hard_clear(self.rules, &self.sessions, self.now));
        clears
    }

    /// bgpd takes what is sent, and does it; returns what that was.
    fn obey(&mut self) -> Vec<(usize, ClearKind)> {
        let clears = self.clears();
        for clear in &clears {
            self.decider.answered(clear, "", &self.sessions, self.now);
            let at = number(&clear.session);
            match clear.kind {
                ClearKind::SoftIn => self.refresh(at),
                ClearKind::SoftOut => {}
                ClearKind::Hard => self.goes_down(at),
            }
        }
        clears.iter().map(|clear| (number(&clear.session), clear.kind)).collect()
    }

    fn refresh(&mut self, at: usize) {
        let session = &mut self.sessions[at];
        session.route_refresh_sent = session.route_refresh_sent.map(|sent| sent + 1);
    }

    fn goes_down(&mut self, at: usize) {
        let session = &mut self.sessions[at];
        session.state = SessionState::Active;
        session.uptime = None;
        session.last_reset = Some(LastReset { reason: None, ago: Some(Duration::ZERO) });
    }

    fn comes_up(&mut self, at: usize) {
        let session = &mut self.sessions[at];
        session.state = SessionState::Established;
        session.connections_established = session.connections_established.map(|count| count + 1);
        self.up_at[at] = self.now;
        self.tell_time();
    }

    fn tell_time(&mut self) {
        for (session, up_at) in self.sessions.iter_mut().zip(&self.up_at) {
            let uptime = Duration::from_secs(self.now.saturating_sub(*up_at).as_secs());
            session.uptime = session.is_established().then_some(uptime);
        }
    }

    /// Time passes, with a look at the sessions each second.
    fn pass(&mut self, time: Duration) -> Vec<(usize, ClearKind)> {
        let end = self.now + time;
        let mut sent = Vec::new();
        while self.now < end {
            self.now += Duration::from_secs(1).min(end.saturating_sub(self.now));
            self.tell_time();
            self.decider.observed(&self.sessions, self.now);
            sent.extend(self.obey());
        }
        sent
    }

    /// What people are told of the first session; `None` = its policies are in effect.
    fn standing(&self) -> Option<Standing> {
        self.standing_of(0)
    }

    fn standing_of(&self, at: usize) -> Option<Standing> {
        let mut standings = self.decider.standings(self.rules, &self.sessions, self.now);
        standings.find(|(policy, _)| policy.session == id(at)).map(|(_, standing)| standing)
    }
}

fn id(number: usize) -> SessionId {
    SessionId::in_default_vrf(format!("10.0.0.{}", number + 1).as_str())
}

fn number(session: &SessionId) -> usize {
    (0..100).find(|number| id(*number) == *session).unwrap()
}
