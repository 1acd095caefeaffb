//! What an object says, as far as it can be understood.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// An object of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<S> {
    /// The node that it is about.
    pub(super) node: String,
    /// What it reports.
    pub(super) status: Result<S, Unread>,
    /// Conditions whose words are not known here: agents may be newer. Not in `status`.
    pub(super) odd: Vec<OddCondition>,
}

/// Why an object says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has no status yet.
    NothingYet,
    /// Its status is not understood.
    Unreadable {
        /// What is wrong with it.
        why: String,
        /// With whom the session is, if that can be read.
        peer: Option<String>,
    },
}

/// A condition in words that are not known here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct OddCondition {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) message: String,
}

// === impl Seen ===

impl<S: DeserializeOwned> Seen<S> {
    /// Reads the `status` of the object of a node; for a session, `label` says which node that probably is.
    pub fn read(label: &str, status: Option<Value>) -> Self {
        let Some(mut status) = status.filter(|status| !status.is_null()) else {
            return Self { node: label.to_owned(), status: Err(Unread::NothingYet), odd: Vec::new() };
        };
        let word = |name| status.get(name).and_then(Value::as_str).map(str::to_owned);
        let (node, peer) = (word("node").unwrap_or_else(|| label.to_owned()), word("peer"));
        if let Ok(status) = S::deserialize(&status) {
            return Self { node, status: Ok(status), odd: Vec::new() };
        }
        let odd = take_odd(&mut status);
        let status =
            S::deserialize(status).map_err(|error| Unread::Unreadable { why: error.to_string(), peer });
        Self { node, status, odd }
    }
}

impl<S> Seen<S> {
    /// The condition of that type, if its words are not known here.
    pub(super) fn odd(&self, kind: &str) -> Option<&OddCondition> {
        self.odd.iter().find(|condition| condition.kind == kind)
    }
}

/// Takes the conditions out that are not understood, but are conditions.
fn take_odd(status: &mut Value) -> Vec<OddCondition> {
    let mut odd = Vec::new();
    if let Some(Value::Array(conditions)) = status.get_mut("conditions") {
        conditions.retain(|condition| {
            if crate::condition::Condition::deserialize(condition).is_ok() {
                return true;
            }
            let words = OddCondition::deserialize(condition);
            let is_kept = words.is_err();
            odd.extend(words);
            is_kept
        });
    }
    odd
}

// === impl OddCondition ===

impl OddCondition {
    /// Says in words what is wrong; `None` = nothing.
    pub(super) fn problem(&self) -> Option<String> {
        let Self { kind, status, reason, message } = self;
        let more = if message.is_empty() { String::new() } else { format!(": {message}") };
        (status == "False").then(|| format!("{kind} is false ({reason}){more}"))
    }
}
