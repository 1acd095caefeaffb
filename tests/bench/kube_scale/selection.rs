//! What is measured.

use std::time::Duration;

use crate::error::ScaleError;

/// How large the cluster is, and how long it is watched while nothing happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    /// `ROUTELET_SCALE_NODES`.
    pub(crate) nodes: usize,
    /// `ROUTELET_SCALE_STEADY`, in seconds: with heartbeats; half of it without.
    pub(crate) steady: Duration,
}

// === impl Selection ===

impl Selection {
    /// Reads the environment.
    pub(crate) fn read() -> Result<Self, ScaleError> {
        let nodes = number("ROUTELET_SCALE_NODES", 5000)?;
        let steady = number("ROUTELET_SCALE_STEADY", 120)?;
        let nodes = usize::try_from(nodes).ok().filter(|nodes| (1..=20_000).contains(nodes));
        let nodes = nodes.ok_or_else(|| ScaleError::Selection("1 to 20000 nodes".to_owned()))?;
        Ok(Self { nodes, steady: Duration::from_secs(steady) })
    }
}

fn number(name: &str, default: u64) -> Result<u64, ScaleError> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|error: std::num::ParseIntError| {
            ScaleError::Selection(format!("{name}={text}: {error}"))
        }),
        Err(_) => Ok(default),
    }
}
