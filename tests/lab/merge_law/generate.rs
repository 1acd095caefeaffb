//! Configurations as controllers and people write them, and as nobody would.
//!
//! Every text is one that FRR takes; what it refuses, or what the merge changes by design, is not generated: see
//! `Used`.

pub(crate) mod constructs;
mod extras;
mod free;
mod frr_k8s;
mod metallb;
mod text;
mod used;

use frr_driver::policy::Policy;
use routelet_tests::lab::FrrVersion;

use super::case::Case;
use crate::rng::Rng;
use constructs::Constructs;
use used::Used;

/// The name of the version in the tables of constructs.
pub(crate) fn recorded_as(version: FrrVersion) -> &'static str {
    match version {
        FrrVersion::V7_5_1 => "7.5.1",
        FrrVersion::V8_4_4 => "8.4.4",
        FrrVersion::V10_3 => "10.3",
        FrrVersion::V10_7 => "10.7.1",
    }
}

/// Makes cases for one version.
pub(crate) struct Generator {
    version: FrrVersion,
    constructs: Constructs,
}

/// What the cases of one number have to choose from.
struct Draft<'a> {
    version: FrrVersion,
    constructs: &'a Constructs,
    rng: Rng,
    used: Used,
    /// The number of the text that is being made; 0 = the base.
    text: usize,
    /// Whether entries of lists in this text have numbers.
    is_numbered: bool,
}

/// A neighbor that statements may be made about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Neighbor {
    /// Its VRF; empty = the default.
    vrf: &'static str,
    /// As FRR prints it.
    name: String,
    remote_as: &'static str,
    /// The map for what it sends, where it has one from the start.
    inbound: Option<String>,
}

/// The AS of every instance.
const ASN: u32 = 64512;

impl Generator {
    pub(crate) fn new(version: FrrVersion) -> Self {
        Self { version, constructs: Constructs::of(recorded_as(version)) }
    }

    /// Generates case `number`.
    pub(crate) fn case(&self, seed: u64, number: u64) -> Case {
        let mut draft = Draft {
            version: self.version,
            constructs: &self.constructs,
            rng: Rng::of_case(seed, number),
            used: Used::default(),
            text: 0,
            is_numbered: true,
        };
        let (base, neighbors) = match number % 10 {
            0..=2 => draft.metallb(),
            3 | 4 => draft.frr_k8s(),
            _ => draft.free_base(),
        };
        let mut contributions = Vec::new();
        let with_extras = neighbors.iter().any(|neighbor| neighbor.inbound.is_some());
        let mut base = base;
        if with_extras && draft.rng.chance(75) {
            // MetalLB appends the extras to its own configuration.
            let is_appended = draft.rng.chance(20);
            let text = draft.extras(&neighbors, is_appended);
            if is_appended {
                base.push_str(&text);
            }
            contributions.push((Policy::Extras, text));
        }
        if contributions.is_empty() || draft.rng.chance(60) {
            contributions.push((Policy::Full, draft.free_contribution(&neighbors)));
        }
        // Two contributions that differ are decided otherwise than FRR would: the second keeps to names of its own.
        if draft.rng.chance(15) {
            contributions.push((Policy::Full, draft.apart()));
        }
        if draft.rng.chance(30) {
            contributions.reverse();
        }
        Case { base, contributions }
    }
}

impl Neighbor {
    fn new(vrf: &'static str, name: impl Into<String>, remote_as: &'static str) -> Self {
        Self { vrf, name: name.into(), remote_as, inbound: None }
    }

    fn is_ipv6(&self) -> bool {
        self.name.contains(':')
    }

    fn is_interface(&self) -> bool {
        self.name.starts_with("eth")
    }

    fn is_group(&self) -> bool {
        self.name.starts_with("PG")
    }

    /// The line that makes it.
    fn creation(&self) -> Vec<String> {
        let Self { name, remote_as, .. } = self;
        if self.is_interface() {
            vec![format!("neighbor {name} interface remote-as {remote_as}")]
        } else if self.is_group() {
            vec![format!("neighbor {name} peer-group"), format!("neighbor {name} remote-as {remote_as}")]
        } else {
            vec![format!("neighbor {name} remote-as {remote_as}")]
        }
    }
}

/// The header of the instance of `vrf`.
fn instance(vrf: &str) -> String {
    if vrf.is_empty() { format!("router bgp {ASN}") } else { format!("router bgp {ASN} vrf {vrf}") }
}

/// Where the lines of a neighbor exclude each other.
fn scope(vrf: &str, name: &str) -> String {
    format!("{vrf} {name}")
}
