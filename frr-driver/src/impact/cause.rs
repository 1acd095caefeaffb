//! Why a session is touched: the line, and what it does.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::Serialize;

use crate::config::Origin;

/// A line of the change, and what it does to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The line behind its blocks, as in `router bgp 64512 | neighbor 10.0.0.1 …`; secrets are hidden.
    #[serde(serialize_with = "as_text")]
    pub line: Arc<str>,
    /// Where the line was written.
    #[serde(serialize_with = "as_text")]
    pub origin: Origin,
    /// Whether the line comes or goes; a line that replaces another comes.
    pub sign: Sign,
    /// What it does.
    pub effect: Effect,
    /// What is to be said of it: the reference that leads to the session, or what is special about the statement.
    pub why: Cow<'static, str>,
    /// Where the effect is known from.
    pub source: &'static str,
}

/// Whether a line comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Sign {
    /// It comes, or replaces another.
    Add,
    /// It goes.
    Remove,
}

/// What a changed line does to a session, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// FRR announces or withdraws the prefixes concerned, by itself; the rest is not sent again.
    Announces,
    /// Nothing now; it counts from the next session on.
    Pending,
    /// FRR judges again what it sends to the peer, by itself.
    SentAgain,
    /// FRR asks the peer for everything again (or reads the stored Adj-RIB-In), by itself.
    ///
    /// A peer without route refresh and without a stored Adj-RIB-In is reset instead (`bgpd/bgpd.c
    /// peer_change_action`). From 8.4 on the peer's answer makes FRR send everything again too: nothing changes by it.
    ReadAgain,
    /// Both.
    BothAgain,
    /// What is sent to the peer must be judged again; FRR may notice late, or not at all.
    PolicyOut,
    /// What came from the peer must be judged again; FRR may notice late, or not at all.
    PolicyIn,
    /// The session is new.
    Added,
    /// The session goes.
    Removed,
    /// The session goes down and comes back.
    Reset,
    /// The neighbor is deleted and made anew: its counters begin again.
    Recreated,
}

fn as_text<T: fmt::Display, S: serde::Serializer>(value: &T, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(value)
}

impl fmt::Display for Cause {
    /// Writes `+ base:12 router bgp 64512 | neighbor 10.0.0.1 …: the session goes down and comes back (…)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}: {}", self.sign, self.origin, self.line, self.effect)?;
        if self.why.is_empty() { Ok(()) } else { write!(f, " ({})", self.why) }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Remove => "-",
        })
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Effect {
    /// The effect in plain words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Pending => "counts from the next session on",
            Self::Announces => "FRR announces or withdraws the prefixes concerned",
            Self::SentAgain => "FRR judges again what it sends",
            Self::ReadAgain => "FRR reads the peer's routes again",
            Self::BothAgain => "FRR judges again what it sends, and reads the peer's routes again",
            Self::PolicyOut => "what is sent must be judged again",
            Self::PolicyIn => "what was received must be judged again",
            Self::Added => "the session is new",
            Self::Removed => "the session goes",
            Self::Reset => "the session goes down and comes back",
            Self::Recreated => "the neighbor is deleted and made anew",
        }
    }
}
