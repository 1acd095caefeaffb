//! The digest of what FRR runs: whether it is still what was verified.

use sha2::{Digest as _, Sha256};

/// The digest of what all daemons say, in the order of the daemons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunningDigest([u8; 32]);

// === impl RunningDigest ===

impl RunningDigest {
    /// Returns the digest of what the daemons say.
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update(text);
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }
}
