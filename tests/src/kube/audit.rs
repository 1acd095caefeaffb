//! What was asked of the server, from its audit log.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use serde::Deserialize;

use super::ApiServer;
use crate::lab::{LabError, wait};

/// What is written down: every write, and reads of what an agent reads.
///
/// Requests for `/readyz` are the marks of [`ApiServer::requests`].
pub(super) const POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, verbs: [create, update, patch, delete, deletecollection]}
- level: Metadata
  resources:
  - {group: routelet.io}
  - {group: events.k8s.io}
  - {group: "", resources: [nodes, nodes/status]}
- {level: Metadata, nonResourceURLs: [/readyz]}
- {level: None}
"#;

/// The log on the server's machine.
pub(super) const LOG: &str = "/srv/kube/audit.log";

/// How long the log may lag behind an answer.
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);

/// A request that the server has answered, or begun to (a watch).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it came.
    pub time: Timestamp,
    /// Whose it was.
    pub user: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// What it was: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind of object, in its plural.
    pub resource: String,
    /// The part of it (`status`); empty for the whole object.
    pub subresource: String,
    /// The namespace; empty if there is none.
    pub namespace: String,
    /// The object; empty for a `create` or a list of all.
    pub name: String,
    /// The HTTP status of the answer.
    pub code: u16,
}

/// A line of the log (`audit.k8s.io/v1` `Event`, 1.20).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "auditID")]
    audit_id: String,
    verb: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    request_received_timestamp: Timestamp,
    user: User,
    /// A client need not say what it is.
    #[serde(default)]
    user_agent: String,
    /// Not there for what is no object (`/readyz`).
    object_ref: Option<ObjectRef>,
    /// Not there if the server panicked.
    response_status: Option<ResponseStatus>,
}

#[derive(Debug, Deserialize)]
struct User {
    username: String,
}

/// What is empty is left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct ResponseStatus {
    code: u16,
}

// === impl Request ===

impl Request {
    /// Tells whether it asked for a change.
    pub fn is_write(&self) -> bool {
        ["create", "update", "patch", "delete", "deletecollection"].contains(&self.verb.as_str())
    }
}

impl From<Line> for Option<Request> {
    fn from(line: Line) -> Self {
        let object = line.object_ref?;
        Some(Request {
            time: line.request_received_timestamp,
            user: line.user.username,
            user_agent: line.user_agent,
            verb: line.verb,
            group: object.api_group,
            resource: object.resource,
            subresource: object.subresource,
            namespace: object.namespace,
            name: object.name,
            code: line.response_status.map_or(0, |status| status.code),
        })
    }
}

// === impl ApiServer ===

impl ApiServer {
    /// Returns all requests since the server was first started, in the order of their answers: every write, and
    /// the reads of nodes, events and objects of routelet.io.
    ///
    /// Those that were answered before this call are among them; the server's own are, too
    /// (`system:apiserver`).
    pub fn requests(&self) -> Result<Vec<Request>, LabError> {
        if !self.answers() {
            return parse(&self.audit_log()?).map(requests);
        }
        // The log is written after the answer, but in order: the others are there when this one is.
        let mark = format!("/readyz?mark={}", self.next_mark());
        self.kubectl(["get", "--raw", &mark])?;
        let lines = wait::until("the mark in the audit log", WRITTEN_WITHIN, || {
            let lines = self.audit_log().and_then(|log| parse(&log)).map_err(|error| error.chain())?;
            let is_marked = lines.iter().any(|line| line.request_uri.starts_with(&mark));
            if is_marked { Ok(lines) } else { Err(format!("{} lines without it", lines.len())) }
        })?;
        Ok(requests(lines))
    }

    /// Returns the [`Self::requests`] that asked for a change.
    pub fn writes(&self) -> Result<Vec<Request>, LabError> {
        Ok(self.requests()?.into_iter().filter(Request::is_write).collect())
    }

    /// Returns the writes of `user` alone, refused ones too.
    pub fn writes_of(&self, user: &str) -> Result<Vec<Request>, LabError> {
        Ok(self.writes()?.into_iter().filter(|write| write.user == user).collect())
    }
}

/// Reads all complete lines.
fn parse(log: &str) -> Result<Vec<Line>, LabError> {
    let complete = log.rsplit_once('\n').map_or("", |(complete, _)| complete);
    let read = |line: &str| {
        serde_json::from_str(line).map_err(|source| LabError::Unreadable {
            command: LOG.to_owned(),
            text: line.to_owned(),
            source,
        })
    };
    complete.lines().map(read).collect()
}

/// Returns each request once: a watch has a line when it begins and one when it ends.
fn requests(lines: Vec<Line>) -> Vec<Request> {
    let mut seen = BTreeSet::new();
    lines.into_iter().filter(|line| seen.insert(line.audit_id.clone())).filter_map(Option::from).collect()
}
