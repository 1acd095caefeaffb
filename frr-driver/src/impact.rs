//! Which sessions a change touches, and how.
//!
//! What a statement does is data (`effects`), measured on four versions, bare and through frr-reload. A statement
//! of `router bgp` that is not there counts as a reset, and says so.

mod cause;
mod effects;
mod instance;
mod judge;
pub(crate) mod policies;

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use cause::{Cause, Effect, Sign};
pub(crate) use judge::impact;

use crate::session::{AddressFamily, PeerId, SessionId};

/// How many causes a touch names: enough to see what it is about, few enough for a status field.
const CAUSES_MAX: usize = 8;

/// How the lines of a change reach FRR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Via {
    /// As they are: a changed line is sent as its new text, and FRR overwrites the old one.
    Vtysh,
    /// Through frr-reload: a changed line is taken back before the new one is sent.
    FrrReload,
}

/// Which way routes go, as seen from this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// From the peer.
    In,
    /// To the peer.
    Out,
}

/// How a change touches one session.
///
/// A session's *policy* is what judges its routes: the maps and lists that it refers to, and the attributes that do
/// the same work (`weight`, `next-hop-self`, …). A change of it is `policy_in` or `policy_out`, whether or not FRR
/// notices by itself. What FRR announces (`network`, `redistribute`, `aggregate-address`) is no policy of a session:
/// FRR sends or withdraws the prefixes concerned by itself, and a clear would send everything else too. So these are
/// causes ([`Effect::Announces`]) and touch nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Touch {
    /// Families whose inbound policy changes: the routes that were received must be judged again.
    pub policy_in: BTreeSet<AddressFamily>,
    /// Families whose outbound policy changes: what was sent must be judged again.
    pub policy_out: BTreeSet<AddressFamily>,
    /// Of both, what FRR reads or sends again by itself, completely: a clear would only do it twice.
    ///
    /// Two kinds: attributes, where the command itself does it (measured on four versions), and maps of `network`,
    /// `redistribute` and `aggregate-address`, which FRR runs again at its delay timer; a clear would not run them.
    pub left_to_frr: BTreeSet<(AddressFamily, Direction)>,
    /// Of both, where a route-map is made anew after the neighbor came to refer to it: FRR may bind it late (T29).
    #[serde(skip)]
    pub late: BTreeSet<(AddressFamily, Direction)>,
    /// What becomes of the session itself.
    pub life: Life,
    /// Why; at most 8, the gravest are kept. A touch with causes and nothing else leaves the session as it is.
    pub causes: Vec<Cause>,
}

/// What becomes of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Life {
    /// It stays as it is.
    #[default]
    Stays,
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// It goes down and comes back, as the same neighbor or as one that is made anew.
    Reset,
}

/// A touch in one word, ordered by what it does to the routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Class {
    /// The session stays as it is.
    None,
    /// What was sent is judged again.
    PolicyOut,
    /// What was received is judged again.
    PolicyIn,
    /// The session is new.
    Added,
    /// The session goes.
    Removed,
    /// The session goes down and comes back.
    Reset,
}

/// The sessions that a change touches; a session that is not in it stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// By configured session.
    #[serde(serialize_with = "as_pairs")]
    pub sessions: BTreeMap<SessionId, Touch>,
    /// By peer-group with a listen range, for dynamic neighbors: VRF, name of the group.
    #[serde(serialize_with = "as_pairs")]
    pub groups: BTreeMap<(String, String), Touch>,
    /// By listen range that goes, for the dynamic neighbors in it: VRF, range.
    #[serde(serialize_with = "as_pairs")]
    pub ranges: BTreeMap<(String, String), Touch>,
}

fn as_pairs<K: Serialize, V: Serialize, S: serde::Serializer>(
    map: &BTreeMap<K, V>,
    s: S,
) -> Result<S::Ok, S::Error> {
    s.collect_seq(map)
}

// === impl Impact ===

impl Impact {
    /// Returns how the change touches a session that FRR runs; `group` is its peer-group.
    pub fn on(&self, session: &SessionId, group: Option<&str>) -> Touch {
        if let Some(touch) = self.sessions.get(session) {
            return touch.clone();
        }
        let Some(group) = group else { return Touch::default() };
        let mut touch =
            self.groups.get(&(session.vrf.clone(), group.to_owned())).cloned().unwrap_or_default();
        let PeerId::Address(address) = session.peer else { return touch };
        let mut of_ranges = Life::Stays;
        for ((_, range), of_range) in self.ranges.iter().filter(|((vrf, _), _)| *vrf == session.vrf) {
            if range.parse::<IpNet>().is_ok_and(|range| range.contains(&address)) {
                of_ranges = of_ranges.max(of_range.life);
                for cause in &of_range.causes {
                    touch.push(cause.clone());
                }
            }
        }
        // Whether a range takes the neighbor again decides, whatever else happens to the group.
        if of_ranges != Life::Stays {
            touch.life = of_ranges;
        }
        touch
    }

    /// Adds what `other` does to policies, and why.
    pub(crate) fn add_policies(&mut self, other: Self) {
        for (session, touch) in other.sessions {
            self.sessions.entry(session).or_default().add_policies(touch);
        }
        for (group, touch) in other.groups {
            self.groups.entry(group).or_default().add_policies(touch);
        }
    }
}

// === impl Touch ===

impl Touch {
    fn add_policies(&mut self, other: Self) {
        let families = [(other.policy_in, Direction::In), (other.policy_out, Direction::Out)];
        for (families, direction) in families {
            for family in families {
                self.judge_again(family, direction, other.left_to_frr.contains(&(family, direction)));
            }
        }
        self.late.extend(other.late);
        for cause in other.causes {
            self.push(cause);
        }
    }

    /// The touch in one word: the gravest of [`Self::classes`].
    pub fn class(&self) -> Class {
        self.classes().last().copied().unwrap_or(Class::None)
    }

    /// The touch in the words of the status: what becomes of the session, or else its policies that change. Empty if
    /// it stays as it is; in order, the gravest last.
    pub fn classes(&self) -> Vec<Class> {
        match self.life {
            Life::Added => vec![Class::Added],
            Life::Removed => vec![Class::Removed],
            Life::Reset => vec![Class::Reset],
            Life::Stays => {
                let policies = [(&self.policy_out, Class::PolicyOut), (&self.policy_in, Class::PolicyIn)];
                policies
                    .into_iter()
                    .filter(|(families, _)| !families.is_empty())
                    .map(|(_, class)| class)
                    .collect()
            }
        }
    }

    /// Returns whether FRR itself makes the routes of `family` judged again.
    pub fn is_left_to_frr(&self, family: AddressFamily, direction: Direction) -> bool {
        self.left_to_frr.contains(&(family, direction))
    }

    /// Returns whether FRR may not use the map of this policy yet.
    pub fn is_late(&self, family: AddressFamily, direction: Direction) -> bool {
        self.late.contains(&(family, direction))
    }

    /// Notes what `cause` does to the session, in `families` as far as it is about families.
    fn record(&mut self, families: &[AddressFamily], cause: Cause) {
        use Direction::{In, Out};
        for (direction, by_frr) in match cause.effect {
            Effect::PolicyIn => &[(In, false)][..],
            Effect::PolicyOut => &[(Out, false)],
            Effect::ReadAgain => &[(In, true)],
            Effect::SentAgain => &[(Out, true)],
            Effect::BothAgain => &[(In, true), (Out, true)],
            Effect::Nothing
            | Effect::Pending
            | Effect::Announces
            | Effect::Added
            | Effect::Removed
            | Effect::Reset
            | Effect::Recreated => &[],
        } {
            for family in families {
                self.judge_again(*family, *direction, *by_frr);
            }
        }
        match cause.effect {
            Effect::Nothing => return,
            Effect::Added => self.life = Life::Added,
            Effect::Removed => self.life = Life::Removed,
            Effect::Reset | Effect::Recreated if self.life == Life::Stays => self.life = Life::Reset,
            Effect::Reset
            | Effect::Recreated
            | Effect::Pending
            | Effect::Announces
            | Effect::SentAgain
            | Effect::ReadAgain
            | Effect::BothAgain
            | Effect::PolicyOut
            | Effect::PolicyIn => {}
        }
        self.push(cause);
    }

    fn judge_again(&mut self, family: AddressFamily, direction: Direction, by_frr: bool) {
        let families = match direction {
            Direction::In => &mut self.policy_in,
            Direction::Out => &mut self.policy_out,
        };
        let is_new = families.insert(family);
        if !by_frr {
            self.left_to_frr.remove(&(family, direction));
        } else if is_new {
            self.left_to_frr.insert((family, direction));
        }
    }

    /// Keeps `cause`, unless its line is there already or there are enough that are as grave.
    fn push(&mut self, cause: Cause) {
        let is_known = |known: &Cause| {
            (known.effect, known.sign, &known.line) == (cause.effect, cause.sign, &cause.line)
        };
        if self.causes.iter().any(is_known) {
            return;
        }
        if self.causes.len() >= CAUSES_MAX {
            let lightest = self.causes.iter().enumerate().rev().min_by_key(|(_, cause)| cause.effect);
            let Some((at, _)) = lightest.filter(|(_, lightest)| lightest.effect < cause.effect) else {
                return;
            };
            self.causes.remove(at);
        }
        self.causes.push(cause);
    }
}

// === impl Class ===

impl Class {
    /// The word in status, plans and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::PolicyOut => "PolicyOut",
            Self::PolicyIn => "PolicyIn",
            Self::Added => "Added",
            Self::Removed => "Removed",
            Self::Reset => "Reset",
        }
    }
}

#[cfg(test)]
mod tests;
