//! Events, as the API server takes them (`events.k8s.io/v1`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::identity::{Identity, Pod};
use crate::{news::News, report::API_VERSION};

/// Who reports.
const CONTROLLER: &str = "routelet.io/agent";

/// Where events about objects without a namespace are.
const NAMESPACE_OF_NODES: &str = "default";

/// The longest name of who reports; characters.
const INSTANCE_CHARS_MAX: usize = 128;

/// The longest part of a name that says what the event is about; a DNS name has 253 characters.
const SUBJECT_CHARS_MAX: usize = 200;

/// What an event is about.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The namespace of the event.
    pub(crate) namespace: String,
    kind: &'static str,
    name: String,
    uid: Option<String>,
    /// The namespace of what it is about.
    regarded_in: Option<String>,
}

/// Returns what the events of an agent are about: its node, and its pod if it has one.
pub(crate) fn subjects(identity: &Identity) -> Vec<Subject> {
    let node = Subject {
        namespace: NAMESPACE_OF_NODES.to_owned(),
        kind: "Node",
        name: identity.node.clone(),
        // As the kubelet writes them: every kubectl finds the events of a node by its name, only newer ones by its UID.
        uid: Some(identity.node.clone()),
        regarded_in: None,
    };
    let pod = identity.pod.clone();
    let pod = pod.map(|Pod { namespace, name, uid }| {
        let regarded_in = Some(namespace.clone());
        Subject { namespace, kind: "Pod", name, uid, regarded_in }
    });
    [node].into_iter().chain(pod).collect()
}

/// Returns the change of an event that happened again: so often now, the last time then.
pub(crate) fn series(count: i32, at: Timestamp) -> Value {
    json!({ "series": { "count": count, "lastObservedTime": micro(at) } })
}

// === impl Subject ===

impl Subject {
    /// Servers before 1.21 want the namespace of the event in there, although a node has none; `kubectl describe node`
    /// then does not find it.
    pub(crate) fn for_an_old_server(mut self) -> Self {
        self.regarded_in.get_or_insert_with(|| self.namespace.clone());
        self
    }

    /// Returns the event of `news`.
    pub(crate) fn event(&self, reporter: &Identity, id: u64, news: &News, at: Timestamp) -> Value {
        let instance = reporter.pod.as_ref().map_or(&reporter.node, |pod| &pod.name);
        let related = news
            .session
            .as_ref()
            .map(|name| json!({ "apiVersion": API_VERSION, "kind": "BGPSession", "name": name }));
        json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": { "name": self.event_name(id), "namespace": self.namespace },
            "eventTime": micro(at),
            "type": if news.is_warning { "Warning" } else { "Normal" },
            "reason": news.reason.as_str(),
            "action": news.reason.action(),
            "note": news.note,
            "regarding": {
                "apiVersion": "v1",
                "kind": self.kind,
                "name": self.name,
                "uid": self.uid,
                "namespace": self.regarded_in,
            },
            "related": related,
            "reportingController": CONTROLLER,
            "reportingInstance": instance.chars().take(INSTANCE_CHARS_MAX).collect::<String>(),
        })
    }

    /// Returns the name of an event: what it is about, and a number.
    pub(crate) fn event_name(&self, id: u64) -> String {
        let subject: String = format!("{}.{}", self.name, self.kind.to_ascii_lowercase());
        let subject: String = subject.chars().take(SUBJECT_CHARS_MAX).collect();
        format!("{}.{id:016x}", subject.trim_end_matches(['.', '-']))
    }
}

/// A time with microseconds, as events have it.
fn micro(at: Timestamp) -> String {
    format!("{at:.6}")
}
