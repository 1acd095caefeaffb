//! `doubts.json`: what is held against configurations, so that a restarted agent does not trust them.

use std::{collections::BTreeMap, path::PathBuf};

use frr_driver::{
    decide::Left,
    session::SessionId,
    vty_socket::{Daemon, Incarnation},
};
use jiff::Timestamp;
use routelet_status::snapshot::{SourceError, Trouble};
use serde::{Deserialize, Serialize};

use super::{
    Operation, Store, StoreError,
    atomic::{fail, read_text, remove, write},
};
use crate::source::Digest;

/// What is held against configurations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doubts {
    /// Which FRR showed it: another one may be of another mind.
    pub(crate) frr: Vec<(Daemon, Option<Incarnation>)>,
    /// The change that is not confirmed yet, or that is being made.
    pub(crate) guard: Option<Guarded>,
    /// What is being taken back.
    pub(crate) undo: Option<Undo>,
    /// The generation that FRR did not take, or that cost sessions.
    pub(crate) known_bad: Option<KnownBad>,
    /// The version of each source that FRR refused, and what of it.
    pub(crate) refused: BTreeMap<String, (Digest, Vec<SourceError>)>,
    /// The policies whose effect is not proven.
    #[serde(default)]
    pub(crate) policies: Vec<Left>,
    /// The hard clears of the last hour: whose, and until when each counts.
    #[serde(default)]
    pub(crate) resets: Vec<(SessionId, Timestamp)>,
}

/// A change that counts as good when the sessions are there in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Guarded {
    /// What the change leads to.
    pub(crate) generation: String,
    /// What ran before it.
    pub(crate) before: Option<String>,
    /// Sessions that were established before it.
    pub(crate) established: Vec<SessionId>,
    /// When it is decided.
    pub(crate) until: Timestamp,
}

/// A generation that is being taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undo {
    /// Which.
    pub(crate) generation: String,
    /// Why, for people.
    pub(crate) why: String,
}

/// A generation that is not tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownBad {
    /// Which.
    pub(crate) generation: String,
    /// What came of it, and in words for people.
    pub(crate) trouble: Option<(Trouble, String)>,
    /// What runs in its place, as far as is known.
    pub(crate) runs: Option<String>,
}

// === impl Doubts ===

impl Doubts {
    /// Returns whether nothing is held against anything.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { frr: _, guard, undo, known_bad, refused, policies, resets } = self;
        let is_of_configurations =
            guard.is_some() || undo.is_some() || known_bad.is_some() || !refused.is_empty();
        !is_of_configurations && policies.is_empty() && resets.is_empty()
    }
}

// === impl Store ===

impl Store {
    /// Replaces the doubts; there is no file where there are none.
    pub(crate) fn write_doubts(&self, doubts: &Doubts) -> Result<(), StoreError> {
        let path = self.doubts();
        if doubts.is_empty() {
            return remove(&path);
        }
        let json = serde_json::to_vec_pretty(doubts);
        write(&path, &json.map_err(|error| fail(Operation::Write, &path)(error.into()))?)
    }

    /// The doubts of the agent before this one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if they cannot be read.
    pub(crate) fn load_doubts(&self) -> Result<Doubts, StoreError> {
        let path = self.doubts();
        let Some(json) = read_text(&path)? else { return Ok(Doubts::default()) };
        // Nobody edits it: where in the file it is damaged is of no use.
        match serde_json::from_str(&json) {
            Ok(doubts) => Ok(doubts),
            Err(_) => Err(StoreError::Damaged { path, what: "it is not the JSON that was written" }),
        }
    }

    fn doubts(&self) -> PathBuf {
        self.path.join("doubts.json")
    }
}
