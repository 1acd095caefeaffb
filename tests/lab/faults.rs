//! Random histories of edits with faults in between, on real FRR: in the end FRR is as the last valid sources say, no
//! accepted configuration is lost, and no session was reset that neither a daemon's death nor a silence explains.
//!
//! `ROUTELET_FAULTS` sets how many histories each version goes through, `ROUTELET_FAULTS_SEED` where they begin: a
//! history that failed is the first one with the seed that was printed.

mod edit;
mod fault;
mod history;
mod looping;

use std::time::Duration;

use routelet_tests::lab::{FrrVersion, wait};

use history::History;

use crate::rng::Rng;

/// How many histories each version goes through unless the environment says otherwise.
const HISTORIES: u64 = 5;

const SEED: u64 = 0x000f_a017;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[track_caller]
#[expect(clippy::print_stderr, reason = "progress, to be seen with --nocapture")]
fn survives(version: FrrVersion) {
    let first = number("ROUTELET_FAULTS_SEED").unwrap_or(0);
    let histories = number("ROUTELET_FAULTS").unwrap_or(HISTORIES);
    let mut history = History::start(version);
    let (mut good, mut seed) = (0, first);
    while good < histories {
        assert!(seed - first < 2 * histories, "FRR {version}: only {good} histories that count");
        let (ended, took) = wait::timed(|| history.run(Rng::of_case(SEED, seed), seed));
        let (took, told) = (took.as_secs_f64(), history.told());
        if ended.is_ok() {
            eprintln!("FRR {version}: history {seed} in {took:.1} s: {told}");
            good += 1;
        } else {
            eprintln!("FRR {version}: history {seed} does not count, zebra loops by itself: {told}");
            history = History::start(version);
        }
        seed += 1;
    }
}

/// How long FRR and the agent may take to settle after the last fault: a watchdog of the test alone.
const SETTLED_WITHIN: Duration = Duration::from_mins(2);

#[test]
fn histories_end_well_on_7_5_1() {
    survives(FrrVersion::V7_5_1);
}

#[test]
fn histories_end_well_on_8_4_4() {
    survives(FrrVersion::V8_4_4);
}

#[test]
fn histories_end_well_on_10_7() {
    survives(FrrVersion::V10_7);
}
