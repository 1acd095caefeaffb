//! One change at one peer: what came of it, how, and what is wrong with that.

use std::{fmt, time::Duration};

use super::{
    change::Change,
    clears::{self, Must},
    counters::End,
    peer::Peer,
    view::View,
};

/// Before FRR's delay timer (5 s, with room for a busy machine) only a clear, or the change itself, has an effect.
const DELAY_TIMER_AT: Duration = Duration::from_millis(4700);

/// What brought the policy into effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// FRR did: with the change, or by its delay timer.
    Itself,
    Soft,
    Hard,
}

/// What became of a cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) change: Change,
    pub(crate) peer: Peer,
    pub(crate) must: Must,
    pub(crate) want: View,
    pub(crate) have: View,
    /// From the write of the file until everything was right, and stayed so; `None` if it is wrong.
    pub(crate) right_after: Option<Duration>,
    /// Whether the session was reset.
    pub(crate) was_reset: bool,
    /// How often the node asked the peer for its routes; not counted over a reset.
    pub(crate) refreshes: u64,
    /// What the agent's status says: that the policy is in effect; `None` if nothing is asked of it.
    pub(crate) reported: Option<bool>,
    /// How often the agent had cleared softly before the delay timer, and until this cell was right; all sessions.
    clears: [u64; 2],
}

// === impl How ===

impl How {
    fn as_str(self) -> &'static str {
        match self {
            Self::Itself => "itself",
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

// === impl Cell ===

impl Cell {
    /// A cell of which nothing was seen yet.
    pub(crate) fn new(change: Change, peer: Peer, must: Must, want: View) -> Self {
        let (have, right_after, was_reset) = (View::default(), None, false);
        Self {
            change,
            peer,
            must,
            want,
            have,
            right_after,
            was_reset,
            refreshes: 0,
            reported: None,
            clears: [0; 2],
        }
    }

    /// Takes over what was seen `at` this time after the change, when the agent had cleared softly so often.
    pub(crate) fn see(&mut self, have: View, at: Duration, clears: u64) {
        if at < DELAY_TIMER_AT {
            self.clears[0] = clears;
        }
        if self.right_after.is_none() {
            self.clears[1] = clears;
        }
        self.right_after = (have == self.want).then(|| self.right_after.unwrap_or(at));
        self.have = have;
    }

    /// Takes over the counters of both ends, the node's first.
    pub(crate) fn count(&mut self, before: &[End; 2], after: &[End; 2], between: Duration) {
        self.was_reset = after.iter().zip(before).any(|(after, before)| after.was_reset(before, between));
        self.refreshes = after[0].refreshes_sent.saturating_sub(before[0].refreshes_sent);
    }

    /// What brought the policy into effect; `None` if nothing did.
    ///
    /// FRR counts resets for each session, the agent clears for all sessions together: a cell that was right before
    /// the delay timer, with clears, is the work of these; a later one only if clears came later too.
    pub(crate) fn how(&self) -> Option<How> {
        let after = self.right_after?;
        if self.was_reset {
            return Some(How::Hard);
        }
        let [early, until_right] = self.clears;
        let is_cleared = until_right > if after < DELAY_TIMER_AT { 0 } else { early };
        Some(if is_cleared { How::Soft } else { How::Itself })
    }

    /// What is wrong with it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let Self { want, have, .. } = self;
        if self.was_reset && !clears::needs_reset(self.change, self.peer) {
            return Some("the session was reset, though it can do without".to_owned());
        }
        if self.was_reset && self.must == Must::StayWrong {
            return Some("the session was reset, though that is not allowed".to_owned());
        }
        if self.right_after.is_none() && self.reported == Some(true) {
            return Some(format!(
                "wrong, and the agent's status says that the policy is in effect\n  wanted: {want}\n  seen:   {have}"
            ));
        }
        match (self.must, self.right_after) {
            (Must::BeRight, None) => Some(format!("wrong\n  wanted: {want}\n  seen:   {have}")),
            (Must::StayWrong, Some(after)) => Some(format!(
                "right after {:.1} s, though nothing that is allowed can do that: either this is better now than \
                 this test knows, or the test does not see what it should",
                after.as_secs_f64()
            )),
            (Must::BeRight, Some(_)) | (Must::StayWrong, None) | (Must::BeSeen, _) => None,
        }
    }

    /// How to run this cell alone.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.change.as_str(), self.peer)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.how(), self.right_after) {
            (Some(how), Some(after)) => write!(f, "{} {:.1} s", how.as_str(), after.as_secs_f64())?,
            (_, _) => f.write_str("**wrong**")?,
        }
        // One request is what it takes; what comes on top costs the peer its table once more.
        if self.refreshes > 1 && !self.was_reset { write!(f, " ({})", self.refreshes) } else { Ok(()) }
    }
}
