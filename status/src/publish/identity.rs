//! Who reports, and by which way.

use std::path::PathBuf;

/// Who the agent is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The node's name.
    pub node: String,
    /// The pod that the agent runs in, if it does.
    pub pod: Option<Pod>,
    /// The file that says how the API server is found; `None` = as kubectl does, or as a pod does.
    pub kubeconfig: Option<PathBuf>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID, by which `kubectl describe` finds its events.
    pub uid: Option<String>,
}
