//! What can keep a measurement from being one.

use std::{io, time::Duration};

use routelet_tests::lab::LabError;

/// A measurement that could not be made: the run ends with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The lab failed.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// What shall be measured was not understood.
    #[error("{0}")]
    Selection(String),
    /// Something ran, and FRR does not hold what it should hold then.
    #[error("{node}: FRR does not hold the configuration after {way}: {cause}")]
    NotHeld {
        /// The node.
        node: String,
        /// What was run.
        way: &'static str,
        /// What is missing or too much.
        cause: String,
    },
    /// The agent did not come to an end with a configuration.
    #[error("{node}: the agent did not apply within {within:?}; its status: {status}\n{log}")]
    NotApplied {
        /// The node.
        node: String,
        /// The limit.
        within: Duration,
        /// What it says of the configuration.
        status: String,
        /// The end of its log.
        log: String,
    },
    /// An answer did not have the expected form.
    #[error("{what} says {text:?}")]
    Unreadable {
        /// Who answered.
        what: String,
        /// The answer.
        text: String,
    },
    /// A file of this machine.
    #[error("{path}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl BenchError {
    /// Returns what turns an error of the system into one that names the file.
    pub(crate) fn file(path: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
