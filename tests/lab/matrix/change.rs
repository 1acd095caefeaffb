//! The changes of policy: what a neighbor has before, and what after.

use super::policy::{
    Entry, Policy,
    Prefix::{Learned, Service},
};

/// One write of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// The extras come after the session: their `permit 20` over the base's `deny 20`.
    ExtrasCome,
    /// The extras go.
    ExtrasGo,
    DenyToPermit,
    PermitToDeny,
    MatchAdded,
    MatchRemoved,
    EntryAdded,
    EntryRemoved,
    /// Another prefix under the same number.
    EntryReplaced,
    /// The list goes, the `match` that names it stays.
    ListDeleted,
    LocalPreference,
    /// A map that the neighbor refers to comes after the reference.
    MapComes,
    /// The neighbor refers to another map.
    MapSwapped,
    /// The list that the neighbor's out-map matches on.
    OutMap,
    /// The list that the neighbor itself refers to: FRR says nothing to its sessions.
    NeighborList,
    /// `bgp route-map delay-timer 0`: FRR never looks again by itself.
    DelayTimerZero,
}

// === impl Change ===

impl Change {
    pub(crate) const ALL: [Self; 16] = [
        Self::ExtrasCome,
        Self::ExtrasGo,
        Self::DenyToPermit,
        Self::PermitToDeny,
        Self::MatchAdded,
        Self::MatchRemoved,
        Self::EntryAdded,
        Self::EntryRemoved,
        Self::EntryReplaced,
        Self::ListDeleted,
        Self::LocalPreference,
        Self::MapComes,
        Self::MapSwapped,
        Self::OutMap,
        Self::NeighborList,
        Self::DelayTimerZero,
    ];

    /// What every run of the tests looks at: the main job, and what FRR leaves to the agent on every version.
    pub(crate) const SAMPLE: [Self; 2] = [Self::ExtrasCome, Self::NeighborList];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ExtrasCome => "extras-come",
            Self::ExtrasGo => "extras-go",
            Self::DenyToPermit => "deny-to-permit",
            Self::PermitToDeny => "permit-to-deny",
            Self::MatchAdded => "match-added",
            Self::MatchRemoved => "match-removed",
            Self::EntryAdded => "entry-added",
            Self::EntryRemoved => "entry-removed",
            Self::EntryReplaced => "entry-replaced",
            Self::ListDeleted => "list-deleted",
            Self::LocalPreference => "local-preference",
            Self::MapComes => "map-comes",
            Self::MapSwapped => "map-swapped",
            Self::OutMap => "out-map",
            Self::NeighborList => "neighbor-list",
            Self::DelayTimerZero => "delay-timer-0",
        }
    }

    /// Whether it is about what is announced to the peers, and so needs nothing of them.
    pub(crate) fn is_outbound(self) -> bool {
        self == Self::OutMap
    }

    /// Whether it changes the action of an entry and nothing else.
    pub(crate) fn is_action_only(self) -> bool {
        matches!(
            self,
            Self::ExtrasCome
                | Self::ExtrasGo
                | Self::DenyToPermit
                | Self::PermitToDeny
                | Self::DelayTimerZero
        )
    }

    /// Whether FRR is told never to look again by itself.
    pub(crate) fn is_without_delay_timer(self) -> bool {
        self == Self::DelayTimerZero
    }

    /// Whether the extras are there, before and after.
    pub(crate) fn extras(self) -> (bool, bool) {
        (self == Self::ExtrasGo, self == Self::ExtrasCome)
    }

    /// What the base says of each neighbor, before and after.
    pub(crate) fn bases(self) -> (Policy, Policy) {
        match self {
            Self::ExtrasCome | Self::ExtrasGo => (denied(), denied()),
            Self::DenyToPermit | Self::DelayTimerZero => (denied(), permitted()),
            Self::PermitToDeny => (permitted(), denied()),
            Self::MatchAdded => (listed(&[0, 1, 2]).map("in", &[Entry::permit(20)]), listed(&[0, 1, 2])),
            Self::MatchRemoved => (listed(&[0, 1, 2]), listed(&[0, 1, 2]).map("in", &[Entry::permit(20)])),
            Self::EntryAdded => (listed(&[0, 1]), listed(&[0, 1, 2])),
            Self::EntryRemoved => (listed(&[0, 1, 2]), listed(&[0, 1])),
            Self::EntryReplaced => (listed(&[0, 1]), listed(&[3, 1])),
            Self::ListDeleted => (listed(&[0, 1]), base().uses_map_in("in").map("in", &[matching()])),
            Self::LocalPreference => (preferring(200), preferring(300)),
            Self::MapComes => {
                let list = base().list("some", &[Learned(0), Learned(1), Learned(2)]).uses_map_in("late");
                (list.clone(), list.map("late", &[matching()]))
            }
            Self::MapSwapped => {
                let maps = listed(&[0, 1, 2]).list("other", &[Learned(2), Learned(3)]);
                let maps = maps.map("other", &[Entry::permit(10).matching("other")]);
                (maps.clone(), maps.uses_map_in("other"))
            }
            Self::OutMap => {
                let after = permitted().list("services", &[Service(0), Service(2)]);
                (permitted(), after)
            }
            Self::NeighborList => {
                let with = |last| base().list("some", &[Learned(0), Learned(last)]).uses_list_in("some");
                (with(1), with(3))
            }
        }
    }

    /// What the neighbors have before and after, whoever says it.
    pub(crate) fn policies(self) -> (Policy, Policy) {
        let with = |base: Policy, has_extras| if has_extras { extras(base) } else { base };
        let ((before, after), (extras_before, extras_after)) = (self.bases(), self.extras());
        (with(before, extras_before), with(after, extras_after))
    }
}

/// What the extras make of a base: `route-map <peer>-in permit 20`.
fn extras(base: Policy) -> Policy {
    base.map("in", &[Entry::permit(20)])
}

/// Lets nothing be told but the first two services.
fn base() -> Policy {
    let out = Entry::permit(1).matching("services");
    Policy::default().list("services", &[Service(0), Service(1)]).map("out", &[out]).uses_map_out("out")
}

/// What `MetalLB` renders.
fn denied() -> Policy {
    base().map("in", &[Entry::deny(20)]).uses_map_in("in")
}

fn permitted() -> Policy {
    base().map("in", &[Entry::permit(20)]).uses_map_in("in")
}

/// Lets in what a list has.
fn listed(prefixes: &[u8]) -> Policy {
    let prefixes: Vec<_> = prefixes.iter().map(|&index| Learned(index)).collect();
    base().list("some", &prefixes).map("in", &[matching()]).uses_map_in("in")
}

fn matching() -> Entry {
    Entry::permit(20).matching("some")
}

fn preferring(local_preference: u32) -> Policy {
    base().map("in", &[Entry::permit(20).with_local_preference(local_preference)]).uses_map_in("in")
}

#[cfg(test)]
mod tests;
