//! The figures by which the agent is judged.

use std::{fmt, time::Duration};

use crate::cell::Cell;

/// A ratio of two times, with a name.
#[derive(Clone, Debug)]
pub(crate) struct Ratio {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    /// `None` where nothing was promised.
    pub(crate) target: Option<Target>,
}

/// What a ratio shall be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// So many times as fast, or more.
    AtLeast(f64),
    /// So many times the time, or less.
    AtMost(f64),
}

impl Ratio {
    /// Returns how many times as long `theirs` takes as `ours`.
    pub(crate) fn faster(name: &'static str, theirs: Duration, ours: Duration, least: Option<f64>) -> Self {
        Self { name, value: divide(theirs, ours), target: least.map(Target::AtLeast) }
    }

    /// Returns how many times as long `ours` takes as `theirs`.
    pub(crate) fn slower(name: &'static str, ours: Duration, theirs: Duration, most: f64) -> Self {
        Self { name, value: divide(ours, theirs), target: Some(Target::AtMost(most)) }
    }

    /// Whether the target is met.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::AtLeast(least) => self.value >= least,
            Target::AtMost(most) => self.value <= most,
        })
    }
}

/// How many times as fast a policy change shall be: the fixed cost of frr-reload grows with the neighbors.
pub(crate) fn policy_target(cell: Cell) -> Option<f64> {
    match (cell.neighbors, cell.lines) {
        (3, 0) => Some(5.0),
        (500, 0) => Some(8.0),
        _ => None,
    }
}

/// The same for a hundred deleted lines.
pub(crate) fn delete_target(cell: Cell) -> Option<f64> {
    match cell.neighbors {
        3 => Some(10.0),
        500 => Some(30.0),
        _ => None,
    }
}

/// The same for a list that is numbered anew.
pub(crate) fn insert_target(cell: Cell) -> Option<f64> {
    (cell.version.as_str() == "8.4.4").then_some(50.0)
}

/// Nothing takes less than what the clocks here can tell.
fn divide(one: Duration, other: Duration) -> f64 {
    const LEAST: Duration = Duration::from_micros(100);
    one.as_secs_f64() / other.max(LEAST).as_secs_f64()
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
        }
    }
}
