//! Why a condition holds or not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a condition holds or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// Everything is as it should be.
    AllGood,
    /// Nobody has looked yet.
    NotObservedYet,
    /// bgpd could not be asked.
    NotObservable,

    /// All sources are in force.
    AllAccepted,
    /// At least one source was refused; its last accepted version stays in force.
    SourceRejected,
    /// The base configuration is not there yet.
    WaitingForBase,

    /// All needed daemons answer.
    DaemonsUp,
    /// A needed daemon does not run.
    DaemonDown,
    /// A needed daemon runs and does not answer.
    DaemonHung,

    /// The running configuration is the desired one.
    Applied,
    /// There is no desired configuration yet.
    NoConfig,
    /// The desired configuration waits, or is on its way.
    Pending,
    /// The desired configuration was refused before anything was changed.
    ConfigRejected,
    /// FRR did not take the desired configuration.
    ApplyFailed,
    /// FRR took a part of the desired configuration.
    PartiallyApplied,
    /// FRR did not take it: the last good configuration runs.
    RolledBack,
    /// It cost sessions that did not come back in time: the last good configuration runs.
    GuardTripped,
    /// It would take more sessions down than it may, and waits for a person.
    Held,
    /// Somebody else changed FRR, which is only reported.
    Drifted,

    /// All are established.
    AllEstablished,
    /// There are none.
    NoneConfigured,
    /// Some are established, some are not.
    SomeDown,
    /// None is established.
    AllDown,

    /// The policies are in effect.
    InEffect,
    /// Nothing tells whether the policies are in effect.
    NotProven,
    /// A policy changed, and its routes were not evaluated again yet.
    ReevaluationPending,
    /// Only a clear that is not allowed would help.
    ClearSuppressed,
    /// Clears did not help.
    GaveUp,

    /// The session is established.
    SessionEstablished,
    /// The session is not established.
    SessionDown,
    /// The session is shut down on purpose.
    AdminDown,

    /// Routes were accepted.
    RoutesReceived,
    /// The peer announced nothing, or the policies refuse everything.
    NoRoutes,
    /// The peer announced routes, and the policies refuse them all.
    AllRefused,
    /// A policy is required and missing (RFC 8212).
    PolicyMissing,
    /// A map or list that is named does not exist, so that every route is refused.
    PolicyUndefined,
    /// An entry of the route-map refuses every route.
    EntryDenies,
    /// What might permit something asks prefix-lists that match none of the routes.
    ListMatchesNothing,
    /// Routes are accepted, and their next hops are unreachable.
    NextHopUnreachable,

    /// The kernel has what bgpd has.
    InSync,
    /// The kernel keeps routes from BGP that bgpd does not have.
    RoutesOrphaned,
}

// === impl Reason ===

impl Reason {
    /// Says it in a sentence, for conditions that have nothing to add.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::AllGood => "everything is as it should be",
            Self::NotObservedYet => "nobody has looked yet",
            Self::NotObservable => "bgpd could not be asked",
            Self::AllAccepted => "all sources are in force",
            Self::SourceRejected => {
                "at least one source was refused; its last accepted version stays in force"
            }
            Self::WaitingForBase => "the base configuration is not there yet",
            Self::DaemonsUp => "all needed daemons answer",
            Self::DaemonDown => "a needed daemon does not run",
            Self::DaemonHung => "a needed daemon runs and does not answer",
            Self::Applied => "the running configuration is the desired one",
            Self::NoConfig => "there is no desired configuration yet",
            Self::Pending => "the desired configuration waits, or is on its way",
            Self::ConfigRejected => "the desired configuration was refused before anything was changed",
            Self::ApplyFailed => "FRR did not take the desired configuration",
            Self::PartiallyApplied => "FRR took a part of the desired configuration",
            Self::RolledBack => "FRR did not take it: the last good configuration runs",
            Self::GuardTripped => {
                "it cost sessions that did not come back in time: the last good configuration runs"
            }
            Self::Held => "it would take more sessions down than it may, and waits for a person",
            Self::Drifted => "somebody else changed FRR, which is only reported",
            Self::AllEstablished => "all sessions are established",
            Self::NoneConfigured => "no session is configured",
            Self::SomeDown => "some sessions are established, some are not",
            Self::AllDown => "no session is established",
            Self::InEffect => "the policies are in effect",
            Self::NotProven => "nothing tells whether the policies are in effect",
            Self::ReevaluationPending => "a policy changed, and its routes were not evaluated again yet",
            Self::ClearSuppressed => "only a clear that is not allowed would help",
            Self::GaveUp => "clears did not help",
            Self::SessionEstablished => "the session is established",
            Self::SessionDown => "the session is not established",
            Self::AdminDown => "the session is shut down on purpose",
            Self::RoutesReceived => "routes were accepted",
            Self::NoRoutes => "the peer announced nothing, or the policies refuse everything",
            Self::AllRefused => "the peer announced routes, and the policies refuse them all",
            Self::PolicyMissing => "a policy is required and missing (RFC 8212)",
            Self::PolicyUndefined => {
                "a map or list that is named does not exist, so that every route is refused"
            }
            Self::EntryDenies => "an entry of the route-map refuses every route",
            Self::ListMatchesNothing => {
                "what might permit something asks prefix-lists that match none of the routes"
            }
            Self::NextHopUnreachable => "routes are accepted, and their next hops are unreachable",
            Self::InSync => "the kernel has what bgpd has",
            Self::RoutesOrphaned => "the kernel keeps routes from BGP that bgpd does not have",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
