//! Where the law does not hold, by name.

use routelet_tests::lab::FrrVersion::{self, V7_5_1, V8_4_4, V10_3, V10_7};

use super::case::{Breach, Case};

/// A construct after which FRR itself holds something else than what was said, or does not say what it holds.
#[derive(Debug)]
pub(crate) struct Exception {
    /// A line of the case has one of these in it.
    construct: &'static [&'static str],
    versions: &'static [FrrVersion],
    /// What is excused: parts of what a breach tells.
    tells: &'static [&'static str],
    pub(crate) reason: &'static str,
}

const ALL: &[FrrVersion] = &[V7_5_1, V8_4_4, V10_3, V10_7];

pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        construct: &["prefix-list"],
        versions: &[V7_5_1],
        tells: &["prefix-list"],
        reason: "keeps ge and le of an entry that is written over",
    },
    Exception {
        construct: &["prefix-list"],
        versions: &[V10_3],
        tells: &["prefix-list"],
        reason: "appends entries without seq at each load",
    },
    Exception {
        construct: &["prefix-list"],
        versions: &[V10_7],
        tells: &["prefix-list"],
        reason: "appends entries without seq whose prefix has host bits at each load",
    },
    Exception {
        construct: &["bgp confederation identifier"],
        versions: ALL,
        tells: &["ebgp-multihop"],
        reason: "a neighbor of the own AS that stands before the confederation is printed with ebgp-multihop",
    },
    Exception {
        construct: &["on-match"],
        versions: ALL,
        tells: &["on-match next", "no exit policy"],
        reason: "an entry that is written over with deny keeps its exit policy, which no file can say: the merge drops it",
    },
    Exception {
        construct: &[" vrf red"],
        versions: &[V10_3, V10_7],
        tells: &["bgpd alone | vrf red"],
        reason: "a block of a VRF is bgpd's too, a line with `vrf` at its end is not",
    },
    Exception {
        construct: &["rd vpn export"],
        versions: &[V7_5_1, V8_4_4],
        tells: &["rd vpn export", "rt vpn "],
        reason: "a later router-id is written over the administrator of what is exported",
    },
    Exception {
        construct: &["enforce-first-as"],
        versions: &[V10_3, V10_7],
        tells: &["enforce-first-as"],
        reason: "what neighbors that exist enforce is turned around with the default of the instance",
    },
    Exception {
        construct: &[
            "bgp default software-version-capability",
            "bgp default dynamic-capability",
            "bgp default link-local-capability",
        ],
        versions: &[V10_3, V10_7],
        tells: &["capability software-version", "capability dynamic", "capability link-local"],
        reason: "members of a peer-group that exist are printed without a new default",
    },
    Exception {
        construct: &["set ip next-hop unchanged"],
        versions: &[V7_5_1],
        tells: &["set ip next-hop"],
        reason: "a next hop that takes its place leaves it printed by zebra, and is printed twice by bgpd",
    },
    Exception {
        construct: &["route-server-client"],
        versions: ALL,
        tells: &["attribute-unchanged"],
        reason: "a client whose next hop is changed all the same is what no file can say",
    },
    Exception {
        construct: &["bgp reject-as-sets"],
        versions: &[V7_5_1, V8_4_4, V10_3],
        tells: &["aggregate-address"],
        reason: "an aggregate that stands before the line keeps its as-set",
    },
    Exception {
        construct: &["frr defaults datacenter"],
        versions: &[V7_5_1],
        tells: &["timers bgp"],
        reason: "timers of which one is the default of the profile are not printed",
    },
];

impl Exception {
    fn covers(&self, case: &Case, version: FrrVersion, told: &str) -> bool {
        self.versions.contains(&version)
            && self.tells.iter().any(|part| told.contains(part))
            && case.lines().iter().any(|(_, line)| self.construct.iter().any(|word| line.contains(word)))
    }
}

/// Returns the exceptions that excuse all of `breach`, by their place in the table.
pub(crate) fn excuse(case: &Case, version: FrrVersion, breach: &Breach) -> Option<Vec<usize>> {
    let mut used: Vec<usize> = breach
        .to_string()
        .lines()
        .map(|told| EXCEPTIONS.iter().position(|exception| exception.covers(case, version, told)))
        .collect::<Option<_>>()?;
    used.sort_unstable();
    used.dedup();
    Some(used)
}
