//! Configurations as people and controllers write them, and as nobody would.

use frr_driver::policy::Policy;
use routelet_tests::lab::{FrrVersion, metallb::{Base, Filter, Peer, extras}};

use super::{case::Case, rng::Rng};

/// Generates case `number` for `version`.
pub(crate) fn generate(version: FrrVersion, seed: u64, number: u64) -> Case {
    let mut rng = Rng::of_case(seed, number);
    let _ = version;
    let mut base = Base::new("r1", 64512, [172, 30, 0, 2].into());
    let mut peers = Vec::new();
    for n in 0..rng.number(1..=4) {
        let peer = Peer::new([172, 30, 0, u8::try_from(n).unwrap() + 3].into(), 64513);
        peers.push(peer.clone());
        base = base.peer(peer);
    }
    Case { base: base.render(), contributions: vec![(Policy::Extras, extras(&peers, Filter::Prefixes(&["10.0.0.0/8"])))] }
}
