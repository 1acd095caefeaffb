//! Ways side by side: each round takes every way once, so that a busy machine is busy for all of them.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    bed::Bed,
    change::Change,
    clock,
    error::BenchError,
    shape::Shape,
    way::{Sample, Way},
};

/// How often a change is measured.
const ROUNDS: usize = 5;

/// How long one change may be measured: slow ones are not measured as often.
const ROUNDS_WITHIN: Duration = Duration::from_secs(20);

/// How often the agent is measured with frr-reload, and for how long: it is shown beside the others, and judged by
/// nothing.
const RELOAD_ROUNDS: usize = 3;
const RELOAD_ROUNDS_WITHIN: Duration = Duration::from_secs(5);

/// What was measured of one change, by way.
pub(crate) type Samples = BTreeMap<Way, Vec<Sample>>;

/// Measures `change` from `base`.
pub(crate) fn measure(bed: &mut Bed, change: Change, base: &Shape) -> Result<Samples, BenchError> {
    let (from, to) = change.ends(base);
    let started = clock::now();
    let mut samples = Samples::new();
    for round in 0..ROUNDS {
        if round > 0 && started.elapsed() > ROUNDS_WITHIN {
            break;
        }
        for &way in change.ways() {
            let is_enough = round >= RELOAD_ROUNDS || started.elapsed() > RELOAD_ROUNDS_WITHIN;
            if way == Way::RouteletReload && round > 0 && is_enough {
                continue;
            }
            for _ in 0..change.runs(way) {
                let is_there = bed.shape(way) == Some(&to);
                if !(is_there && change.is_two_way()) {
                    bed.prepare(way, &from)?;
                }
                let sample = bed.apply(way, if is_there && change.is_two_way() { &from } else { &to })?;
                samples.entry(way).or_default().push(sample);
            }
        }
    }
    Ok(samples)
}

/// Returns the value in the middle; of two in the middle, what is between them.
pub(crate) fn median(mut values: Vec<Duration>) -> Option<Duration> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get(values.len().checked_sub(1)? / 2)?;
    Some((lower + upper) / 2)
}
