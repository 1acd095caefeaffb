//! Which cases the property tests try.

use proptest::{prelude::ProptestConfig, test_runner::RngSeed};

/// The same cases in each run, so that a run tells about the change and not about chance; `PROPTEST_RNG_SEED` asks for
/// others.
pub(crate) fn seed() -> RngSeed {
    match ProptestConfig::default().rng_seed {
        RngSeed::Random => RngSeed::Fixed(64512),
        asked @ RngSeed::Fixed(_) => asked,
    }
}
