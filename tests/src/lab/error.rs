//! What can go wrong in a lab.

use std::{io, time::Duration};

/// A failure of the lab, or of something that a test asked it to do.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A program could not be started.
    #[error("cannot start {program}")]
    Spawn {
        /// The program, as it was called.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A command did not end in time and was killed.
    #[error("`{command}` did not end within {after:?}")]
    CommandTimedOut {
        /// The command with its arguments.
        command: String,
        /// The limit.
        after: Duration,
    },
    /// A command ended with a failure.
    #[error("`{command}` failed with {status}: {output}")]
    CommandFailed {
        /// The command with its arguments.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// Its output and its complaints.
        output: String,
    },
    /// A condition did not come true in time.
    #[error("{what}: not within {after:?}; last seen: {last}")]
    NotInTime {
        /// The condition, in the words of the test.
        what: String,
        /// The limit.
        after: Duration,
        /// What the last look saw.
        last: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file, as seen from inside the node if it is there.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An answer was not in the expected form.
    #[error("cannot read the answer of `{command}`: {text}")]
    Unreadable {
        /// What was asked.
        command: String,
        /// The beginning of the answer.
        text: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// A node did not start.
    #[error("node {node} did not start: {cause}")]
    Start {
        /// The node.
        node: String,
        /// What it said.
        cause: String,
    },
    /// The topology refers to something that it does not have.
    #[error("bad topology: {0}")]
    Topology(String),
    /// A connection into a node failed.
    #[error("{what} failed")]
    Connection {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl LabError {
    /// Wraps a failure to `action` the file `path`.
    pub(crate) fn file(action: &'static str, path: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    /// Returns this error with its causes in one line, as a test prints it.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
