//! Clears a session: asks for its routes again, announces ours again, or resets it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::session::{AddressFamily, SessionId, VRF_DEFAULT};

#[cfg(test)]
mod tests;

/// The longest complaint that is kept; bytes. FRR's have one line.
const COMPLAINT_BYTES_MAX: usize = 256;

/// What is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ClearKind {
    /// Runs the inbound policy again, on the stored Adj-RIB-In or after a ROUTE-REFRESH. The session stays.
    SoftIn,
    /// Runs the outbound policy again and announces everything. The session stays.
    SoftOut,
    /// Resets the session, with all its address families.
    Hard,
}

/// bgpd did not take a clear.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bgpd refused to clear: {complaint}")]
pub struct ClearError {
    /// bgpd's words: an unknown neighbor or VRF, a family that is not activated, ….
    pub complaint: String,
}

/// Returns the command that clears `session`, in the syntax that 7.5.1 to 10.7.1 take.
///
/// `Hard` concerns the whole session: `family` only matters to the soft ones.
pub fn command(session: &SessionId, family: AddressFamily, kind: ClearKind) -> String {
    let vrf = if session.vrf == VRF_DEFAULT { String::new() } else { format!("vrf {} ", session.vrf) };
    let (peer, family) = (&session.peer, family.config_words());
    match kind {
        ClearKind::SoftIn => format!("clear bgp {vrf}{family} {peer} soft in"),
        ClearKind::SoftOut => format!("clear bgp {vrf}{family} {peer} soft out"),
        ClearKind::Hard => format!("clear bgp {vrf}{peer}"),
    }
}

/// Decides from bgpd's answer whether it took the clear: the exit code is 0 either way (T14).
///
/// Taken is not done: look for a grown `route_refresh_sent`.
pub fn judge(output: &str) -> Result<(), ClearError> {
    let output = output.trim();
    if output.is_empty() {
        return Ok(());
    }
    let end = output.floor_char_boundary(COMPLAINT_BYTES_MAX);
    Err(ClearError { complaint: output.get(..end).unwrap_or_default().to_owned() })
}

// === impl ClearKind ===

impl ClearKind {
    /// The name in labels: `soft_in`, `soft_out`, `hard`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SoftIn => "soft_in",
            Self::SoftOut => "soft_out",
            Self::Hard => "hard",
        }
    }
}

impl fmt::Display for ClearKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
