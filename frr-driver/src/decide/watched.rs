//! One policy that changed: what was done about it, and whether that is proven to have helped.

use std::time::Duration;

use super::{
    Most, PolicyId, Standing,
    evidence::{Quiet, is_younger},
    triage::{Means, means},
};
use crate::{clear::ClearKind, impact::Direction, session::Session};

/// How long after a soft clear bgpd must have asked the peer; doubled each time it did not.
const SOFT_WITHIN: Duration = Duration::from_secs(6);

/// How often a session is cleared softly for one change.
const SOFT_CLEARS_MAX: u32 = 3;

/// After the delay timer, FRR binds the map within this time.
const BINDS_WITHIN: Duration = Duration::from_secs(1);

/// How long after its delay timer FRR may take to read the routes again: 14 s in all were seen on a busy machine.
const FRR_WITHIN: Duration = Duration::from_secs(9);

/// A policy that changed, and whose effect is not proven.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) why: String,
    /// Since when the configuration says so.
    changed_at: Duration,
    /// Since when bgpd judges by it.
    counts_from: Duration,
    /// FRR's delay timer; `None` = it is off.
    timer: Option<Duration>,
    /// A person wants it: what is allowed does not matter.
    is_asked: bool,
    /// `routeRefreshSent` when it changed.
    refresh_sent: Option<u64>,
    pub(super) prefixes_before: u64,
    soft_clears: u32,
    pub(super) stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Something is to be done, at this time.
    Changed { due: Duration },
    /// A soft clear is on its way to bgpd; `routeRefreshSent` before it.
    Sent { refresh_sent: Option<u64> },
    /// bgpd took it.
    SoftCleared(SoftCleared),
    /// Nothing may be done: FRR may do it by itself until then.
    Left { until: Duration, quiet: Option<Quiet> },
    /// Only a new session helps.
    NeedsHard,
    /// It was reset, or is about to be.
    HardCleared,
    /// Nothing more is done, until the session comes up anew.
    Over(Standing),
}

/// A soft clear that bgpd took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SoftCleared {
    at: Duration,
    /// `routeRefreshSent` before it.
    refresh_sent: Option<u64>,
    /// `routeRefreshSent` when it was seen to be out.
    refresh_seen: Option<u64>,
    quiet: Option<Quiet>,
}

/// What one look at a session says of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// It is in effect.
    InEffect,
    /// It is in effect once the session is up.
    Down,
    /// Not yet.
    Open,
}

// === impl Watched ===

impl Watched {
    /// A policy that changed now, because of `why`.
    pub(super) fn new(
        policy: &PolicyId,
        session: &Session,
        why: &str,
        timer: Option<Duration>,
        now: Duration,
    ) -> Self {
        Self {
            why: why.to_owned(),
            changed_at: now,
            counts_from: now,
            timer,
            is_asked: false,
            refresh_sent: session.route_refresh_sent,
            prefixes_before: policy.prefixes(session),
            soft_clears: 0,
            stage: Stage::Changed { due: now },
        }
    }

    /// The same, because a person wants it.
    pub(super) fn asked(self) -> Self {
        Self { is_asked: true, ..self }
    }

    /// The same, where bgpd has no map of that name yet: its delay timer binds it, or, where that is off, nothing has
    /// to (measured on four versions).
    pub(super) fn bound_late(self) -> Self {
        let bound_after = self.timer.map_or(Duration::ZERO, |timer| timer + BINDS_WITHIN);
        Self { counts_from: self.changed_at + bound_after, ..self }
    }

    /// When bgpd uses the new policy for what comes in.
    pub(super) fn counts_from(&self) -> Duration {
        self.counts_from
    }

    /// When something is to be done, or to be given up.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Changed { due } => Some(*due),
            Stage::SoftCleared(soft) if soft.quiet.is_none() => Some(self.due(soft)),
            Stage::Left { until, quiet: None } => Some(*until),
            Stage::NeedsHard => Some(self.counts_from()),
            Stage::SoftCleared(_)
            | Stage::Left { .. }
            | Stage::Sent { .. }
            | Stage::HardCleared
            | Stage::Over(_) => None,
        }
    }

    /// Whether something is soon to be seen of it at the session itself.
    pub(super) fn is_moving(&self) -> bool {
        match self.stage {
            Stage::Changed { .. } | Stage::Sent { .. } | Stage::SoftCleared(_) | Stage::Left { .. } => true,
            Stage::NeedsHard | Stage::HardCleared | Stage::Over(_) => false,
        }
    }

    /// What the session shows of it.
    pub(super) fn look(&mut self, policy: &PolicyId, session: Option<&Session>, now: Duration) -> Proof {
        let counts_from = self.counts_from();
        let Some(session) = session
            .filter(|session| session.is_established() && session.families.contains_key(&policy.family))
        else {
            if self.stage == Stage::HardCleared || now < counts_from {
                return Proof::Open;
            }
            return Proof::Down;
        };
        if is_younger(session, counts_from, now) {
            return Proof::InEffect;
        }
        let (asks, sent) = (asks(policy, session), session.route_refresh_sent);
        match &mut self.stage {
            // FRR reads or sends again by itself when its timer binds the map.
            Stage::SoftCleared(soft) if soft.at < counts_from => {
                if !asks {
                    return proof(policy.direction == Direction::Out && now >= counts_from);
                }
                if soft.refresh_seen.is_none() && has_grown(sent, soft.refresh_sent) {
                    soft.refresh_seen = sent;
                }
                let has_asked = has_grown(sent, soft.refresh_seen);
                proof(has_asked && Quiet::look(&mut soft.quiet, session, now))
            }
            Stage::SoftCleared(soft) if !asks => proof(now > soft.at),
            Stage::SoftCleared(soft) => {
                let has_asked = has_grown(sent, soft.refresh_sent);
                proof(has_asked && Quiet::look(&mut soft.quiet, session, now))
            }
            Stage::Left { quiet, .. } => {
                let has_asked = asks && has_grown(sent, self.refresh_sent);
                proof(has_asked && Quiet::look(quiet, session, now))
            }
            Stage::Changed { .. }
            | Stage::Sent { .. }
            | Stage::NeedsHard
            | Stage::HardCleared
            | Stage::Over(_) => Proof::Open,
        }
    }

    /// What is due now; `None` = nothing, or only a reset helps (`stage` says so).
    pub(super) fn act(
        &mut self,
        policy: &PolicyId,
        session: &Session,
        most: Most,
        now: Duration,
    ) -> Option<ClearKind> {
        match &self.stage {
            Stage::Changed { due } if now >= *due => {}
            Stage::SoftCleared(soft) if soft.quiet.is_none() && now >= self.due(soft) => {
                let is_early = soft.at < self.counts_from();
                if !is_early && self.soft_clears >= SOFT_CLEARS_MAX {
                    self.give_up(format!(
                        "{SOFT_CLEARS_MAX} soft clears, and bgpd did not ask the peer again"
                    ));
                    return None;
                }
            }
            Stage::Left { until, quiet: None } if now >= *until => {
                let standing = if asks(policy, session) {
                    Standing::Suppressed(
                        "FRR did not ask the peer again; a soft clear would, and --clear forbids it"
                            .to_owned(),
                    )
                } else {
                    Standing::Unproven("left to FRR, which does not tell whether it did it".to_owned())
                };
                self.stage = Stage::Over(standing);
                return None;
            }
            Stage::Changed { .. }
            | Stage::Sent { .. }
            | Stage::SoftCleared(_)
            | Stage::Left { .. }
            | Stage::NeedsHard
            | Stage::HardCleared
            | Stage::Over(_) => return None,
        }
        // A session that is not up is no case for a clear: it is forgotten at the next look.
        let means = means(session, policy).ok()?;
        let is_left = most == Most::Never && !self.is_asked;
        match (means, self.timer) {
            (Means::Reset, _) => {
                self.stage = Stage::NeedsHard;
                None
            }
            (Means::Soft, Some(timer)) if is_left => {
                let until = self.counts_from().max(self.changed_at + timer) + FRR_WITHIN;
                self.stage = Stage::Left { until, quiet: None };
                None
            }
            (Means::Soft, None) if is_left => {
                let why = "bgp route-map delay-timer is 0: only a soft clear helps, and --clear forbids it";
                self.stage = Stage::Over(Standing::Suppressed(why.to_owned()));
                None
            }
            (Means::Soft, _) => {
                self.stage = Stage::Sent { refresh_sent: session.route_refresh_sent };
                self.soft_clears += 1;
                Some(policy.soft_clear())
            }
        }
    }

    /// What bgpd made of a soft clear.
    pub(super) fn answered(&mut self, complaint: &str, now: Duration) {
        let Stage::Sent { refresh_sent } = self.stage else { return };
        if complaint.contains("neither refresh capability") {
            self.stage = Stage::NeedsHard;
        } else if complaint.is_empty() {
            let (refresh_seen, quiet) = (None, None);
            self.stage = Stage::SoftCleared(SoftCleared { at: now, refresh_sent, refresh_seen, quiet });
        } else if self.soft_clears >= SOFT_CLEARS_MAX {
            self.give_up(complaint.to_owned());
        } else {
            self.stage = Stage::Changed { due: now + self.patience() };
        }
    }

    /// What people are told of it; a policy that needs a reset waits for what the resets say.
    pub(super) fn standing(&self) -> Standing {
        match &self.stage {
            Stage::Over(standing) => standing.clone(),
            Stage::Changed { .. } | Stage::Sent { .. } => Standing::Pending("about to be cleared".to_owned()),
            Stage::SoftCleared(_) => Standing::Pending("cleared, waiting for evidence".to_owned()),
            Stage::Left { .. } => Standing::Pending("left to FRR".to_owned()),
            Stage::NeedsHard => Standing::Pending("needs a hard clear".to_owned()),
            Stage::HardCleared => Standing::Pending("reset, and not back yet".to_owned()),
        }
    }

    /// The time of the soft clear that is looked at, if there is one.
    pub(super) fn soft_cleared_at(&self) -> Option<Duration> {
        match &self.stage {
            Stage::SoftCleared(soft) => Some(soft.at),
            Stage::Changed { .. }
            | Stage::Sent { .. }
            | Stage::Left { .. }
            | Stage::NeedsHard
            | Stage::HardCleared
            | Stage::Over(_) => None,
        }
    }

    fn give_up(&mut self, why: String) {
        self.stage = Stage::Over(Standing::GaveUp(why));
    }

    /// When it is looked at again what came of a soft clear.
    fn due(&self, soft: &SoftCleared) -> Duration {
        let counts_from = self.counts_from();
        if soft.at < counts_from { counts_from } else { soft.at + self.patience() }
    }

    fn patience(&self) -> Duration {
        SOFT_WITHIN * 2_u32.saturating_pow(self.soft_clears.saturating_sub(1)).min(8)
    }
}

/// Whether a clear has bgpd ask the peer: else it runs the policy on what it stores, or on what it sends.
fn asks(policy: &PolicyId, session: &Session) -> bool {
    let is_stored =
        session.families.get(&policy.family).is_some_and(|state| state.soft_reconfiguration_inbound);
    policy.direction == Direction::In && !is_stored
}

/// Whether a counter has grown; one that is not known has not.
fn has_grown(now: Option<u64>, before: Option<u64>) -> bool {
    now.zip(before).is_some_and(|(now, before)| now > before)
}

fn proof(is_proven: bool) -> Proof {
    if is_proven { Proof::InEffect } else { Proof::Open }
}
